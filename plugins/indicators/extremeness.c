/* Share of the crowd beyond a threshold on either side, with a smooth edge. */
#include "throng/indicator.h"

#include <math.h>

enum {
    THRESHOLD,
    WIDTH
};

/* 1 / (1 + exp(-u)) and its derivative, without overflow for any u. */
static double logistic(double u, double *slope) {
    double small = exp(-fabs(u)), tail = small / (1.0 + small);
    *slope = tail / (1.0 + small);
    return u < 0.0 ? tail : 1.0 - tail;
}

/* One edge on each side: the edge of |x| alone would have a kink at 0, just where the neutral baseline is. */
static void features(const throng_setting *setting, double x, double *g, double *slope) {
    double threshold = setting->param[THRESHOLD], width = setting->param[WIDTH];
    double right_slope = 0.0, left_slope = 0.0;
    double right = logistic((x - threshold) / width, &right_slope);
    double left = logistic((-x - threshold) / width, &left_slope);
    g[0] = right + left;
    slope[0] = (right_slope - left_slope) / width;
}

static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    return m[0];
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    (void)m;
    out[0] = 1.0;
}

static const throng_param params[] = {
    [THRESHOLD] = {"threshold", THRONG_PARAM_REAL, 0.5, 0.0, 1e300, "state", "distance from 0 where half is extreme"},
    [WIDTH] = {"width", THRONG_PARAM_REAL, 0.05, 1e-9, 1e300, "state", "softness of the edge: 5 widths are all of it"},
    THRONG_PARAM_WEIGHTED,
    {0}};

const throng_indicator throng_indicator_extremeness = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "extremeness",
              .summary = "Share of the crowd beyond a threshold on either side, with a smooth edge.",
              .details =
                  "Formula: M = sum_i p_i g(x_i), g(x) = s((x - threshold) / width) + s((-x - threshold) / width), "
                  "s(u) = 1 / (1 + exp(-u)), p_i = 1/N, or w_i/W if weighted. As width goes to 0 this is the share of "
                  "agents with |x| > threshold. No unit; in [0, 1].\n"
                  "Edges: always defined. One agent: g of its state. An agent at the threshold counts half.\n"
                  "Taking part: an absent agent counts as much as its baseline does. M adds up over agents, so both "
                  "paths give phi_i = p_i (g(x_i) - g(b_i)), exactly.\n"
                  "Defaults: presence path, which needs one node where the state path has to follow the edge; neutral "
                  "baseline 0, itself extreme by the little that is g(0) = 2 s(-threshold / width).",
              .reference =
                  "Deffuant, Amblard, Weisbuch and Faure 2002, How can extremism prevail? A study based on the "
                  "relative agreement interaction model, Journal of Artificial Societies and Social "
                  "Simulation 5(4):1 (the share of extremists; the smooth edge is throng's construction)",
              .params = params},
    .form = THRONG_FORM_FEATURES,
    .n_aggregates = 1,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
    .features = features,
};
