/*
 * Your first indicator: copy this file, rename what says "hello", and add one line to indicators.def. `make check` then
 * compares its gradient with differences; give it a plain formula in tests/unit/test_indicators.c to check its value.
 *
 * An indicator is a function f of a few sums over the crowd. Say which sums you need (the form), write f and its
 * gradient, and describe both: throng does the rest, from the loop over a million agents to the reference page.
 * This one is the second moment, sum_i p_i x_i^2: how loud the crowd is, whichever way it leans.
 */
#include "throng/indicator.h"

/* f(m). With THRONG_FORM_MOMENTS m[j] is the mean of x^j, so m[0] is 1, m[1] the mean and m[2] what we are after. */
static double value(const throng_setting *setting, const double *m) {
    (void)setting; /* holds the parameters, if we had any of our own: setting->param[0], ... */
    return m[2];
}

/* df/dm, one number for every aggregate. Tests compare it with differences of value. */
static void gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    (void)m;
    out[0] = 0.0;
    out[1] = 0.0;
    out[2] = 1.0;
}

/* The parameters that users may set; the table ends with {0}. This one is throng's: agents count by their weight. */
static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

/* The only symbol a plug-in exports: throng_indicator_ and the name of the file. */
const throng_indicator throng_indicator_hello = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "hello",                                       /* what users type; dashes, not underscores */
              .summary = "Second moment of the states: an example.", /* one line, at most 100 characters */
              .details = "Formula: M = sum_i p_i x_i^2 with p_i = 1/N, or w_i/W if weighted. In squared units of the "
                         "state.\n"
                         "Edges: always defined. One agent: its state squared.\n"
                         "Taking part: an absent agent keeps its mass and has its baseline state b_i. Both paths give "
                         "phi_i = p_i (x_i^2 - b_i^2).\n"
                         "Defaults: state path from the neutral baseline 0.",
              .reference = "Kolmogorov 1933, Grundbegriffe der Wahrscheinlichkeitsrechnung, Springer, chapter 4",
              .params = params},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 3, /* m[0], m[1], m[2] */
    .path = THRONG_PATH_STATE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
    /* Left out, hence 0 or NULL: flags, undefined (f always exists), features, distribution. */
};
