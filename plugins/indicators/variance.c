/* Variance of the states: polarisation as spread. See weighted_variance.c for agents that count by their weight. */
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

const throng_indicator throng_indicator_variance = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "variance",
              .summary = "Variance of the states, every agent counting equally: polarisation as spread.",
              .details =
                  "Formula: M = sum_i p_i x_i^2 - (sum_i p_i x_i)^2 with p_i = 1/N: the population variance, without "
                  "a finite-sample correction. In squared units of the state. At most R^2/4 for states in a range R: "
                  "two camps of equal size at its ends.\n"
                  "Edges: always defined. One agent or equal states: 0.\n"
                  "Taking part: an absent agent keeps its mass and has its baseline state. From baseline 0 both paths "
                  "give phi_i = p_i (x_i^2 - m x_i), where m is the crowd's mean: an agent between 0 and m holds the "
                  "crowd together and gets negative credit. From the crowd's mean as baseline both give "
                  "phi_i = p_i (x_i - m)^2, which is never negative.\n"
                  "Defaults: state path from the neutral baseline 0, the opinion of somebody without one. This is what "
                  "throng takes for the polarisation of arXiv 2605.11404.",
              .reference = "DiMaggio, Evans and Bryson 1996, Have Americans' social attitudes become more polarized?, "
                           "American Journal of Sociology 102(3):690-755, doi 10.1086/230995"},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 3,
    .flags = THRONG_INDICATOR_SHIFT_INVARIANT,
    .path = THRONG_PATH_STATE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
};
