/* How much of the crowd's activity is common to all. */
#include "throng/indicator.h"

#include <math.h>

/* m[0] = mean, m[1] = mean square. */
static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    return m[1] > 0.0 ? m[0] * m[0] / m[1] : nan("");
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    out[0] = 2.0 * m[0] / m[1];
    out[1] = -m[0] * m[0] / (m[1] * m[1]);
}

static void features(const throng_setting *setting, double x, double *g, double *slope) {
    (void)setting;
    g[0] = x;
    g[1] = x * x;
    slope[0] = 1.0;
    slope[1] = 2.0 * x;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_synchrony = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "synchrony",
         .summary = "How much of the crowd's activity is common: square of the mean over the mean square.",
         .details =
             "Formula: M = m^2 / sum_i p_i x_i^2, m = sum_i p_i x_i, p_i = 1/N, or w_i/W if weighted. No unit; 0 "
             "if states cancel out, 1 if all are the same: trades, moves or spins that pull together. Of phases "
             "take order-parameter.\n"
             "Edges: undefined when all states are 0, and, from the baseline of the mean, when that is 0. One agent: "
             "1.\n"
             "Taking part: an absent agent has its baseline state. Only ratios matter: with everybody at 0 there "
             "are none, and throng refuses the neutral baseline.\n"
             "Defaults: presence path from the mean: everybody does the same.",
         .reference = "Golomb 2007, Neuronal synchrony measures, doi 10.4249/scholarpedia.1347, across agents "
                      "instead of over time: throng's construction",
         .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 2,
    .flags = THRONG_INDICATOR_SCALE_INVARIANT | THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "mean",
    .undefined = "all states are 0",
    .value = value,
    .gradient = gradient,
    .features = features,
};
