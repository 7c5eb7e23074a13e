/* Variance of the states as the crowd sees them: every agent counts by its weight, such as its number of followers. */
#include "throng/indicator.h"

/* Equal states may come out below 0 by this part of the second moment. What is further below belongs to no crowd, only
 * to methods that feel their way around one: for them f has to stay smooth. */
static const double rounding = 1e-12;

static double value(const throng_setting *setting, const double *m) {
    (void)setting;
    double variance = m[2] - m[1] * m[1];
    return variance < 0.0 && variance > -rounding * m[2] ? 0.0 : variance;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    out[0] = 0.0;
    out[1] = -2.0 * m[1];
    out[2] = 1.0;
}

const throng_indicator throng_indicator_weighted_variance = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "weighted-variance",
         .summary = "Variance of the states weighted by visibility: polarisation as it is seen.",
         .details =
             "Formula: M = sum_i p_i x_i^2 - (sum_i p_i x_i)^2 with p_i = w_i/W: the spread of what a reader meets "
             "who meets agents in proportion to their weight. In squared units of the state.\n"
             "Edges: always defined. Without weights it is the indicator \"variance\". One agent, or equal states "
             "wherever the weight is not 0: 0. An agent of weight 0 gets no credit.\n"
             "Taking part: an absent agent keeps its mass and has its baseline state. From baseline 0 both paths "
             "give phi_i = p_i (x_i^2 - m x_i), where m is the weighted mean; from the weighted mean as baseline "
             "phi_i = p_i (x_i - m)^2. One agent of large weight moves m, and with it everybody's credit.\n"
             "Defaults: state path from the neutral baseline 0, the opinion of somebody without one.",
         .reference = "DiMaggio, Evans and Bryson 1996, Have Americans' social attitudes become more polarized?, "
                      "American Journal of Sociology 102(3):690-755, doi 10.1086/230995 (the variance; weighting "
                      "by visibility is throng's construction)"},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 3,
    .flags = THRONG_INDICATOR_WEIGHTED | THRONG_INDICATOR_SHIFT_INVARIANT,
    .path = THRONG_PATH_STATE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
};
