/* Skewness of the states: does the crowd lean, with a long tail on one side? */
#include "throng/indicator.h"

#include <math.h>

/* Moments are sums with rounding errors: a variance smaller than this part of the second moment is nothing else. */
static const double rounding = 1e-12;

/* Second and third central moment. */
static void centre(const double *m, double *second, double *third) {
    *second = m[2] - m[1] * m[1];
    *third = m[3] - 3.0 * m[1] * m[2] + 2.0 * m[1] * m[1] * m[1];
}

static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    double second = 0.0, third = 0.0;
    centre(m, &second, &third);
    if (!(second > rounding * m[2]))
        return nan("");
    return third / (second * sqrt(second));
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    double second = 0.0, third = 0.0;
    centre(m, &second, &third);
    double by_third = 1.0 / (second * sqrt(second));
    double by_second = -1.5 * third * by_third / second;
    out[0] = 0.0;
    out[1] = by_third * (6.0 * m[1] * m[1] - 3.0 * m[2]) - by_second * 2.0 * m[1];
    out[2] = by_second - by_third * 3.0 * m[1];
    out[3] = by_third;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_skewness = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "skewness",
              .summary = "Skewness of the states: which side has the long tail.",
              .details =
                  "Formula: M = c3 / c2^1.5 with the central moments c_k = sum_i p_i (x_i - m)^k, m the mean, p_i = "
                  "1/N, or w_i/W if weighted. Population moments, without a finite-sample correction (g1 of the "
                  "reference). No unit; 0 for a symmetric crowd, negative if the tail is on the left.\n"
                  "Edges: undefined when all states are equal, hence for one agent; 0 for two agents of equal mass.\n"
                  "Taking part: presence path. A crowd at one point has no shape, so an absent agent is not put at a "
                  "baseline: its mass goes to a reference crowd, a normal distribution with the observed mean and "
                  "spread, whose skewness is 0. With z_i = (x_i - m) / sqrt(c2) this gives "
                  "phi_i = p_i (z_i^3 - 3 z_i - 0.75 M (z_i^2 - 1)). On the state path M is the same at every t > 0 if "
                  "all start from one baseline: throng refuses that; baselines that differ between agents will do.\n"
                  "Defaults: presence path; the reference crowd stands at the observed mean.",
              .reference = "Joanes and Gill 1998, Comparing measures of sample skewness and kurtosis, The Statistician "
                           "47(1):183-189, doi 10.1111/1467-9884.00122",
              .params = params},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 4,
    .flags = THRONG_INDICATOR_SHIFT_INVARIANT | THRONG_INDICATOR_SCALE_INVARIANT,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "mean",
    .undefined = "all states are equal",
    .value = value,
    .gradient = gradient,
};
