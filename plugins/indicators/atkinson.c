/* Atkinson's index: the share of the total that a society averse to inequality would give up for equality. */
#include "throng/indicator.h"

#include <math.h>

enum {
    EPSILON
};

/* Equal states may come out below 0 by this much, magnified by the root. What is further below belongs to no crowd,
 * only to methods that feel their way around one: for them f has to stay smooth. */
static const double rounding = 1e-12;

/* What everybody would need to have for the same welfare: the power mean of order 1 - epsilon. m[0] = mean,
 * m[1] = mean of x^(1 - epsilon), or of ln x at epsilon = 1. */
static double equal_state(const throng_setting *setting, const double *m) {
    double order = 1.0 - setting->param[EPSILON];
    return order == 0.0 ? exp(m[1]) : pow(m[1], 1.0 / order);
}

static double value(const throng_setting *setting, const double *m) {
    if (!(m[0] > 0.0))
        return nan("");
    double atkinson = 1.0 - equal_state(setting, m) / m[0];
    double order = fabs(1.0 - setting->param[EPSILON]);
    double magnified = order > 0.0 && order < 1.0 ? rounding / order : rounding;
    return atkinson < 0.0 && atkinson > -magnified ? 0.0 : atkinson;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    double order = 1.0 - setting->param[EPSILON], equal = equal_state(setting, m);
    out[0] = equal / (m[0] * m[0]);
    out[1] = -equal / (order == 0.0 ? m[0] : order * m[1] * m[0]);
}

/* At x = 0 and epsilon < 1 the true slope is infinite, but a path is at 0 only where an agent stays at 0, or where the
 * last node is rounded to the end, with hardly any weight: of all finite values 0 does the least harm. With
 * epsilon >= 1 welfare itself is not finite there: NaN makes the value undefined. */
static void features(const throng_setting *setting, double x, double *g, double *slope) {
    double order = 1.0 - setting->param[EPSILON];
    g[0] = x;
    slope[0] = 1.0;
    if (x > 0.0) {
        g[1] = order == 0.0 ? log(x) : pow(x, order);
        slope[1] = order == 0.0 ? 1.0 / x : order * g[1] / x;
    } else {
        g[1] = slope[1] = order > 0.0 ? 0.0 : nan("");
    }
}

static const throng_param params[] = {[EPSILON] = {"epsilon", THRONG_PARAM_REAL, 0.5, 0.01, 10.0, "",
                                                   "aversion to inequality: the larger, the more the bottom counts"},
                                      THRONG_PARAM_WEIGHTED,
                                      {0}};

const throng_indicator throng_indicator_atkinson = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "atkinson",
         .summary = "Atkinson's index of inequality: the share of the total that inequality wastes.",
         .details =
             "Formula: M = 1 - (sum_i p_i x_i^(1-epsilon))^(1/(1-epsilon)) / m, m the mean, p_i = 1/N, or w_i/W "
             "if weighted; at epsilon = 1 M = 1 - exp(sum_i p_i ln x_i) / m. No unit; in [0, 1), 0 if all states "
             "are equal. Near, but not at, epsilon = 1 digits are lost: about 1e-16 / |1 - epsilon|.\n"
             "Edges: states must not be negative, and with epsilon >= 1 they must be positive; undefined "
             "otherwise, and when all states are 0. One agent: 0.\n"
             "Taking part: an absent agent has its baseline state. Only ratios matter: with everybody at 0 there are "
             "none, and throng refuses the neutral baseline. On the presence path M is smooth and few nodes do. On "
             "the state path an agent with nothing comes to 0 at the very end, where the slope of x^(1-epsilon) "
             "is infinite: nodes crowd there, which helps less the closer epsilon is to 1, and the tolerance may "
             "be out of reach.\n"
             "Defaults: presence path, for that reason, from the mean: perfect equality, and the same total.",
         .reference = "Atkinson 1970, On the measurement of inequality, Journal of Economic Theory 2(3):244-263, "
                      "doi 10.1016/0022-0531(70)90039-6",
         .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 2,
    .flags = THRONG_INDICATOR_SCALE_INVARIANT | THRONG_INDICATOR_NONNEGATIVE | THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "mean",
    .undefined = "all states are 0, or, with epsilon of 1 or more, some state is 0",
    .value = value,
    .gradient = gradient,
    .features = features,
};
