/* Esteban and Ray's polarisation: groups that feel alike inside and alien to each other. */
#include "throng/indicator.h"

#include <math.h>

enum {
    ALPHA
};

/* Rounding may leave a bin with less than nothing, where a power does not exist. */
static double power(double mass, double exponent) {
    return mass > 0.0 ? pow(mass, exponent) : 0.0;
}

/* out[k] = sum_j mass[j] |j - k|. Sums of positive terms only, so no digits are lost; O(n). */
static void distances(int n, const double *mass, double *out) {
    double passed = 0.0, distance = 0.0;
    for (int k = 0; k < n; k++) {
        out[k] = distance;
        passed += mass[k];
        distance += passed;
    }
    passed = distance = 0.0;
    for (int k = n - 1; k >= 0; k--) {
        out[k] += distance;
        passed += mass[k];
        distance += passed;
    }
}

static double value(const throng_setting *setting, const double *m) {
    double alienation[THRONG_AGGREGATES_MAX], sum = 0.0;
    distances(setting->n_aggregates, m, alienation);
    for (int k = 0; k < setting->n_aggregates; k++)
        sum += power(m[k], 1.0 + setting->param[ALPHA]) * alienation[k];
    return setting->width * sum;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    double alpha = setting->param[ALPHA];
    double alienation[THRONG_AGGREGATES_MAX], felt[THRONG_AGGREGATES_MAX] = {0.0};
    for (int k = 0; k < setting->n_aggregates; k++)
        felt[k] = power(m[k], 1.0 + alpha);
    distances(setting->n_aggregates, m, alienation);
    distances(setting->n_aggregates, felt, out);
    for (int k = 0; k < setting->n_aggregates; k++)
        out[k] = setting->width * (out[k] + (1.0 + alpha) * power(m[k], alpha) * alienation[k]);
}

static const throng_param params[] = {
    [ALPHA] = {"alpha", THRONG_PARAM_REAL, 1.0, 0.01, 1.6, "",
               "how much identification with one's own group counts; towards 0 only inequality is left"},
    THRONG_PARAMS_HISTOGRAM,
    THRONG_PARAM_WEIGHTED,
    {0}};

const throng_indicator throng_indicator_esteban_ray = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "esteban-ray",
              .summary = "Polarisation after Esteban and Ray: identification within and alienation between groups.",
              .details =
                  "Formula: M = sum_k sum_l m_k^(1+alpha) m_l |y_k - y_l| over the bins of a histogram, with m_k the "
                  "mass in bin k (of agents, or of weight if weighted) and y_k its centre; the reference's constant K "
                  "is 1. In units of the state. Largest for two camps of equal size in the outer bins: "
                  "2^-(1+alpha) times their distance.\n"
                  "Edges: always defined; 0 if all agents are in one bin, hence for one agent. Bins are groups: how "
                  "many there are is part of the question, and crowds are only comparable with the same bins.\n"
                  "Taking part: presence path, on which an agent's mass moves from its baseline's bin to its own; an "
                  "agent in its baseline's bin gets no credit. The state path is refused: a small move within a bin "
                  "changes nothing.\n"
                  "Defaults: presence path from the neutral baseline 0, where everybody is in one group and M is 0. "
                  "Nodes crowd at the ends of the path, where m^alpha is not smooth in an empty bin.",
              .reference = "Esteban and Ray 1994, On the measurement of polarization, Econometrica 62(4):819-851, "
                           "doi 10.2307/2951734",
              .params = params},
    .form = THRONG_FORM_HISTOGRAM,
    .flags = THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
};
