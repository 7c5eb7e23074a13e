/* Reach: how many hear it from at least one of those who speak. */
#include "throng/indicator.h"

#include <math.h>

static throng_status observe(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err) {
    (void)setting;
    (void)constant;
    for (int64_t e = 0; network->out.weights && e < network->out.offsets[network->n]; e++)
        if (network->out.weights[e] > 1.0)
            return THRONG_FAIL(
                err, E_DOMAIN,
                "reach takes weights of edges for probabilities, but one is %g: scale them to [0, 1], or "
                "leave the weight out. (Repeated edges add up.)",
                network->out.weights[e]);
    return THRONG_OK;
}

/* The chance that nobody reaches j: the product over those who may, apart from zeros, which are counted. */
static double missed(const throng_network *network, const double *alpha, int64_t j, int64_t *zeros) {
    double product = 1.0;
    *zeros = 0;
    for (int64_t e = network->in.offsets[j]; e < network->in.offsets[j + 1]; e++) {
        double p = network->in.weights ? network->in.weights[e] : 1.0;
        double miss = 1.0 - alpha[network->in.neighbours[e]] * p;
        if (miss == 0.0)
            ++*zeros;
        else
            product *= miss;
    }
    return product;
}

static throng_status value(const throng_setting *setting, const throng_network *network, const double *alpha,
                           double *out, double *d_alpha, double *d_state, throng_error *err) {
    (void)setting;
    (void)d_state;
    (void)err;
    *out = 0.0;
    for (int64_t i = 0; d_alpha && i < network->n; i++)
        d_alpha[i] = 0.0;
    for (int64_t j = 0; j < network->n; j++) {
        int64_t zeros = 0;
        double product = missed(network, alpha, j, &zeros);
        *out += network->mass[j] * (zeros > 0 ? 1.0 : 1.0 - product);
        for (int64_t e = network->in.offsets[j]; d_alpha && e < network->in.offsets[j + 1]; e++) {
            int64_t i = network->in.neighbours[e];
            double p = network->in.weights ? network->in.weights[e] : 1.0, miss = 1.0 - alpha[i] * p;
            /* what is missed without i */
            double others = zeros == 0 ? product / miss : zeros == 1 && miss == 0.0 ? product : 0.0;
            d_alpha[i] += network->mass[j] * p * others;
        }
    }
    return THRONG_OK;
}

static const throng_param params[] = {THRONG_PARAM_WEIGHTED, {0}};

const throng_indicator throng_indicator_reach = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "reach",
              .summary = "Share of the crowd that hears from at least one of those who take part.",
              .details =
                  "Formula: M = sum_j p_j (1 - product over sources i of j of (1 - alpha_i w_ij)), p_j = 1/N, or the "
                  "agent's share of the weights if weighted. Weights of edges are probabilities; without a weight "
                  "column every edge reaches for certain. The state plays no part.\n"
                  "Edges: 0 without edges; who speaks is not reached by itself unless it has a loop.\n"
                  "Taking part: alpha_i is the probability that i speaks. The formula is the game's multilinear "
                  "extension itself, a polynomial in t: aumann-shapley is the Shapley value, exact once there are "
                  "half as many nodes as the largest number of sources.\n"
                  "Weights above 1 are an error.\n"
                  "Defaults: presence path; the baseline plays no part in it.",
              .reference = "Kempe, Kleinberg and Tardos 2003, Maximizing the spread of influence through a social "
                           "network, KDD, doi 10.1145/956750.956769 (one step of independent cascade); Owen 1972, doi "
                           "10.1287/mnsc.18.5.64",
              .params = params},
    .form = THRONG_FORM_NETWORK,
    .flags = THRONG_INDICATOR_PRESENCE_ONLY,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .network = value,
    .observe = observe,
};
