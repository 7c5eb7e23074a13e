/*
 * An indicator of your own, in a shared object: the chance that the crowd passes a motion, which follows its mean
 * stance along a logistic curve. Build it, load it, use it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_indicator.c $(pkg-config --cflags throng) -o plugin_indicator.so
 *     throng describe indicator vote --plugin ./plugin_indicator.so
 */
#include "throng/plugin.h"

#include <math.h>

enum {
    QUORUM,
    WIDTH
};

static double chance(const throng_setting *setting, const double *m) {
    return 1.0 / (1.0 + exp(-(m[1] - setting->param[QUORUM]) / setting->param[WIDTH]));
}

static void chance_gradient(const throng_setting *setting, const double *m, double *out) {
    double passed = chance(setting, m);
    out[0] = 0.0;
    out[1] = passed * (1.0 - passed) / setting->param[WIDTH];
}

static const throng_param params[] = {
    [QUORUM] = {"quorum", THRONG_PARAM_REAL, 0.0, -1e300, 1e300, "state", "mean stance at which the vote is open"},
    [WIDTH] = {"width", THRONG_PARAM_REAL, 0.1, 1e-6, 1e300, "state", "how uncertain the vote is around the quorum"},
    {0}};

static const throng_indicator vote = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "vote",
              .summary = "Chance that the crowd passes a motion.",
              .details = "M = 1 / (1 + exp(-(m - quorum) / width)) with m the mean stance; always defined. Credit of "
                         "an agent is p_i (x_i - b_i) times one factor for all, because M depends on one aggregate.",
              .reference = "Example of throng, 2026",
              .params = params},
    .form = THRONG_FORM_MOMENTS, /* m[0] = 1, m[1] = mean state */
    .n_aggregates = 2,
    .path = THRONG_PATH_STATE,
    .baseline = "neutral",
    .value = chance,
    .gradient = chance_gradient,
};

static const throng_about *const indicators[] = {&vote.about, NULL};
THRONG_PLUGIN(.indicators = indicators);
