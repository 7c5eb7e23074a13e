/* Mean state. Linear, hence the control of every attribution: each agent's credit is known beforehand. */
#include "throng/indicator.h"

static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    return m[1];
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    (void)m;
    out[0] = 0.0;
    out[1] = 1.0;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_mean = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "mean",
              .summary = "Mean state of the crowd.",
              .details =
                  "Formula: M = sum_i p_i x_i, where the masses p_i are 1/N, or w_i/W if weighted. In units of the "
                  "state.\n"
                  "Edges: always defined. One agent: its state.\n"
                  "Taking part: an absent agent keeps its mass and has its baseline state b_i. M is linear, so both "
                  "paths give phi_i = p_i (x_i - b_i), with one node.\n"
                  "Defaults: state path from the neutral baseline 0. Use it as a control: a panel's credits always "
                  "differ from the crowd's by one factor.",
              .reference = "DeGroot 1974, Reaching a consensus, Journal of the American Statistical Association "
                           "69(345):118-121, doi 10.1080/01621459.1974.10480137 (the mean opinion)",
              .params = params},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 2,
    .path = THRONG_PATH_STATE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
};
