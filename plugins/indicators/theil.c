/* Theil's T: inequality as the entropy that the shares of the total lack. */
#include "throng/indicator.h"

#include <math.h>

/* Equal states may come out below 0 by this much. What is further below belongs to no crowd, only to methods that feel
 * their way around one: for them f has to stay smooth. */
static const double rounding = 1e-12;

/* m[0] = mean, m[1] = mean of x ln x. */
static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    if (!(m[0] > 0.0))
        return nan("");
    double theil = m[1] / m[0] - log(m[0]);
    return theil < 0.0 && theil > -rounding ? 0.0 : theil;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    out[0] = -(m[1] / m[0] + 1.0) / m[0];
    out[1] = 1.0 / m[0];
}

/* 0 ln 0 = 0. There the true slope is infinite, but a path is at 0 only where an agent stays at 0, or where the last
 * node is rounded to the end, with hardly any weight: of all finite values 0 does the least harm. */
static void features(const throng_setting *setting, double x, double *g, double *slope) {
    (void)setting;
    double logarithm = x > 0.0 ? log(x) : 0.0;
    g[0] = x;
    g[1] = x * logarithm;
    slope[0] = 1.0;
    slope[1] = x > 0.0 ? logarithm + 1.0 : 0.0;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_theil = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "theil",
         .summary = "Theil's T index of inequality.",
         .details =
             "Formula: M = sum_i p_i (x_i / m) ln(x_i / m), m the mean, p_i = 1/N, or w_i/W if weighted; "
             "0 ln 0 = 0. No unit; 0 if all states are equal, ln N if one of N equal agents has everything. "
             "Sensitive to the top.\n"
             "Edges: states must not be negative; undefined when all states are 0. One agent: 0.\n"
             "Taking part: an absent agent has its baseline state. Only ratios matter: with everybody at 0 there are "
             "none, and throng refuses the neutral baseline. On the presence path from the mean one node is exact. On "
             "the state path an agent with nothing comes to 0 at the very end, where the slope of x ln x is infinite: "
             "nodes crowd there, and it takes a hundred of them.\n"
             "Defaults: presence path, for that reason, from the mean: perfect equality, and the same total.",
         .reference = "Theil 1967, Economics and Information Theory, North-Holland",
         .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 2,
    .flags = THRONG_INDICATOR_SCALE_INVARIANT | THRONG_INDICATOR_NONNEGATIVE | THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "mean",
    .undefined = "all states are 0",
    .value = value,
    .gradient = gradient,
    .features = features,
};
