/* Sarle's bimodality coefficient: has the crowd split into two camps? */
#include "throng/indicator.h"

#include <math.h>

/* Moments are sums with rounding errors: a variance smaller than this part of the second moment is nothing else. */
static const double rounding = 1e-12;

typedef struct shape {
    double variance, deviation; /* deviation^2 = variance */
    double skewness, kurtosis;  /* kurtosis of a normal crowd: 3 */
} shape;

static shape shape_of(const double *m) {
    double mean = m[1], square = mean * mean;
    double variance = m[2] - square, deviation = sqrt(variance);
    double third = m[3] - 3.0 * mean * m[2] + 2.0 * mean * square;
    double fourth = m[4] - 4.0 * mean * m[3] + 6.0 * square * m[2] - 3.0 * square * square;
    return (shape){variance, deviation, third / (variance * deviation), fourth / (variance * variance)};
}

static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    if (!(m[2] - m[1] * m[1] > rounding * m[2]))
        return nan("");
    shape at = shape_of(m);
    return (at.skewness * at.skewness + 1.0) / at.kurtosis;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    shape at = shape_of(m);
    double mean = m[1];
    double by_second[] = {0.0, -2.0 * mean, 1.0, 0.0, 0.0};
    double by_third[] = {0.0, 6.0 * mean * mean - 3.0 * m[2], -3.0 * mean, 1.0, 0.0};
    double by_fourth[] = {0.0, 12.0 * mean * (m[2] - mean * mean) - 4.0 * m[3], 6.0 * mean * mean, -4.0 * mean, 1.0};
    double coefficient = (at.skewness * at.skewness + 1.0) / at.kurtosis;
    for (int k = 0; k < 5; k++) {
        double relative = by_second[k] / at.variance;
        double skewness = by_third[k] / (at.variance * at.deviation) - 1.5 * at.skewness * relative;
        double kurtosis = by_fourth[k] / (at.variance * at.variance) - 2.0 * at.kurtosis * relative;
        out[k] = (2.0 * at.skewness * skewness - coefficient * kurtosis) / at.kurtosis;
    }
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_bimodality = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "bimodality",
              .summary = "Sarle's bimodality coefficient: how far the crowd has split into two camps.",
              .details =
                  "Formula: M = (skewness^2 + 1) / kurtosis from the population moments (kurtosis of a normal crowd: "
                  "3), p_i = 1/N, or w_i/W if weighted. The finite-sample correction of the reference is left out: it "
                  "has no meaning for masses and vanishes as N grows. No unit; in (0, 1]: 1 for two points, 5/9 for "
                  "a uniform and 1/3 for a normal crowd. A skewed crowd with one peak can exceed 5/9 as well.\n"
                  "Edges: undefined when all states are equal, hence for one agent; 1 for two agents.\n"
                  "Taking part: presence path. A crowd at one point has no shape, so an absent agent is not put at a "
                  "baseline: its mass goes to a reference crowd, a normal distribution with the observed mean and "
                  "spread, whose coefficient is 1/3. Credit adds up to M - 1/3. On the state path M is the same at "
                  "every t > 0 if all start from one baseline: throng refuses that; baselines that differ between "
                  "agents will do.\n"
                  "Defaults: presence path; the reference crowd stands at the observed mean.",
              .reference = "Pfister, Schwarz, Janczyk, Dale and Freeman 2013, Good things peak in pairs: a note on the "
                           "bimodality coefficient, Frontiers in Psychology 4:700, doi 10.3389/fpsyg.2013.00700",
              .params = params},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 5,
    .flags = THRONG_INDICATOR_SHIFT_INVARIANT | THRONG_INDICATOR_SCALE_INVARIANT,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "mean",
    .undefined = "all states are equal",
    .value = value,
    .gradient = gradient,
};
