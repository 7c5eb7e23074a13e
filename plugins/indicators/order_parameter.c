/* How far phases agree: the length of the mean of unit vectors. */
#include "throng/indicator.h"

#include <math.h>

enum {
    HARMONIC
};

/* m[0] + i m[1] = mean of exp(i harmonic x). */
static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    return hypot(m[0], m[1]);
}

/* At 0 there is no direction: the slopes of the two parts are 0 there. */
static void gradient(const throng_setting *setting, const double *m, double *out) {
    double length = hypot(m[0], m[1]);
    (void)setting;
    out[0] = length > 0.0 ? m[0] / length : 0.0;
    out[1] = length > 0.0 ? m[1] / length : 0.0;
}

static void features(const throng_setting *setting, double x, double *g, double *slope) {
    double harmonic = setting->param[HARMONIC], angle = harmonic * x;
    g[0] = cos(angle);
    g[1] = sin(angle);
    slope[0] = -harmonic * g[1];
    slope[1] = harmonic * g[0];
}

static const throng_param params[] = {
    [HARMONIC] = {"harmonic", THRONG_PARAM_INTEGER, 1, 1, 1000, "", "1: one cluster; q: q clusters evenly apart"},
    THRONG_PARAM_WEIGHTED,
    {0}};

const throng_indicator throng_indicator_order_parameter = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "order-parameter",
         .summary = "How far phases agree: Kuramoto's order parameter.",
         .details =
             "Formula: M = |sum_i p_i exp(i q x_i)|, x_i in radians, q = harmonic, p_i = 1/N, or w_i/W if "
             "weighted. No unit; from 0, spread evenly round the circle, to 1, all the same. Headings of a flock "
             "have its polarisation.\n"
             "Edges: always defined; where it is 0 its slope is not, and 0 is taken. One agent: 1.\n"
             "Taking part: an absent agent has its baseline phase: with the neutral baseline a crowd of nobody is "
             "in perfect step at phase 0. The modulus is not linear in the crowd: path and Shapley value differ, and a "
             "path on which it passes through 0 has a kink there that quadrature may not get over.\n"
             "Defaults: presence path from the neutral baseline, phase 0.",
         .reference = "Kuramoto 1975, doi 10.1007/BFb0013365; harmonics: Daido 1996, doi "
                      "10.1016/0167-2789(95)00260-X",
         .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 2,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
    .features = features,
};
