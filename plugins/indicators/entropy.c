/* Shannon entropy of the distribution of states: how many different opinions there are, in effect. */
#include "throng/indicator.h"

#include <math.h>

/* All mass in one bin may come out below 0 by this much. What is further below belongs to no crowd, only to methods
 * that feel their way around one: for them f has to stay smooth. */
static const double rounding = 1e-12;

static double value(const throng_setting *setting, const double *m) {
    double sum = 0.0;
    for (int k = 0; k < setting->n_aggregates; k++)
        if (m[k] > 0.0) /* 0 log 0 = 0 */
            sum -= m[k] * log(m[k]);
    return sum < 0.0 && sum > -rounding ? 0.0 : sum;
}

/* At an empty bin the true slope is infinite. Inside the path a bin is empty only if no agent has its baseline or its
 * state there, so that the slope is multiplied by 0; any finite value will do. */
static void gradient(const throng_setting *setting, const double *m, double *out) {
    for (int k = 0; k < setting->n_aggregates; k++)
        out[k] = m[k] > 0.0 ? -log(m[k]) - 1.0 : 0.0;
}

static const throng_param params[] = {THRONG_PARAMS_HISTOGRAM, THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_entropy = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "entropy",
              .summary = "Shannon entropy of the histogram of states: diversity of opinions.",
              .details =
                  "Formula: M = -sum_k m_k ln m_k over the bins of a histogram, with m_k the mass in bin k (of agents, "
                  "or of weight if weighted) and 0 ln 0 = 0. In nats; exp(M) is the effective number of filled bins.\n"
                  "Edges: always defined; 0 if all agents are in one bin, hence for one agent; at most ln(bins). "
                  "Crowds are only comparable with the same bins.\n"
                  "Taking part: presence path, on which an agent's mass moves from its baseline's bin to its own; an "
                  "agent in its baseline's bin gets no credit. The state path is refused: a small move within a bin "
                  "changes nothing.\n"
                  "Defaults: presence path from the neutral baseline 0, where everybody is in one bin and M is 0. The "
                  "gradient -ln m - 1 is infinite at an empty bin, which the path meets at its ends only: nodes crowd "
                  "there. At an empty bin itself 0 is returned in its place.",
              .reference = "Shannon 1948, A mathematical theory of communication, Bell System Technical Journal "
                           "27(3):379-423, doi 10.1002/j.1538-7305.1948.tb01338.x",
              .params = params},
    .form = THRONG_FORM_HISTOGRAM,
    .flags = THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = value,
    .gradient = gradient,
};
