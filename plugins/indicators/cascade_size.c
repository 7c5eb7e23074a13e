/* Number of agents that a cascade has reached: those above a threshold, with a smooth edge. */
#include "throng/indicator.h"

#include <math.h>

enum {
    THRESHOLD,
    WIDTH
};

/* 1 / (1 + exp(-u)) and its derivative, without overflow for any u. */
static void features(const throng_setting *setting, double x, double *g, double *slope) {
    double u = (x - setting->param[THRESHOLD]) / setting->param[WIDTH];
    double small = exp(-fabs(u)), tail = small / (1.0 + small);
    g[0] = u < 0.0 ? tail : 1.0 - tail;
    slope[0] = tail / (1.0 + small) / setting->param[WIDTH];
}

/* Masses add up to 1: m[0] is the share that was reached. */
static double value(const throng_setting *setting, const double *m) {
    return setting->n_agents * m[0];
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)m;
    out[0] = setting->n_agents;
}

static const throng_param params[] = {
    [THRESHOLD] = {"threshold", THRONG_PARAM_REAL, 0.5, -1e300, 1e300, "state", "state where half is reached"},
    [WIDTH] = {"width", THRONG_PARAM_REAL, 0.05, 1e-9, 1e300, "state", "softness of the edge: 5 widths are all of it"},
    {0}};

const throng_indicator throng_indicator_cascade_size = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "cascade-size",
              .summary = "Number of agents whose state is above a threshold, with a smooth edge.",
              .details =
                  "Formula: M = sum_i g(x_i), g(x) = 1 / (1 + exp(-(x - threshold) / width)). As width goes to 0 this "
                  "is the number of agents above the threshold. In agents; every agent counts once, whatever its "
                  "weight.\n"
                  "Edges: always defined. One agent: g of its state. An agent at the threshold counts half. Crowds of "
                  "different size have different M: see extremeness for a share.\n"
                  "Taking part: an absent agent counts as much as its baseline does. M adds up over agents, so both "
                  "paths give phi_i = g(x_i) - g(b_i), exactly.\n"
                  "Over a run: --over cascade-reach is how much larger than at the start it becomes in a world.\n"
                  "Defaults: presence path, which needs one node where the state path has to follow the edge; neutral "
                  "baseline 0, where nobody is reached but for N g(0): keep the threshold several widths above 0.",
              .reference = "Watts 2002, A simple model of global cascades on random networks, Proceedings of the "
                           "National Academy of Sciences 99(9):5766-5771, doi 10.1073/pnas.082090499 (the size of a "
                           "cascade; the smooth edge is throng's construction)",
              .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 1,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
    .features = features,
};
