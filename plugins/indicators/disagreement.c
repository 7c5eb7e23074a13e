/* Disagreement: how far apart those are who are joined. */
#include "throng/indicator.h"

#include <math.h>

enum {
    TOTAL
};

/* Weight of all edges; without any there is nobody to disagree with. */
static throng_status observe(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err) {
    (void)setting;
    (void)err;
    int64_t edges = network->out.offsets[network->n];
    for (int64_t e = 0; e < edges; e++)
        constant[TOTAL] += network->out.weights ? network->out.weights[e] : 1.0;
    return THRONG_OK;
}

static throng_status value(const throng_setting *setting, const throng_network *network, const double *alpha,
                           double *out, double *d_alpha, double *d_state, throng_error *err) {
    (void)setting;
    (void)err;
    const throng_adjacency *sides[2] = {&network->out, &network->in};
    const double *x = network->state, total = network->constant[TOTAL];
    *out = total > 0.0 ? 0.0 : (double)NAN;
    for (int64_t i = 0; i < network->n; i++) {
        double apart = 0.0, slope = 0.0;
        for (int side = 0; side < 2; side++) {
            for (int64_t e = sides[side]->offsets[i]; e < sides[side]->offsets[i + 1]; e++) {
                int64_t j = sides[side]->neighbours[e];
                double w = (sides[side]->weights ? sides[side]->weights[e] : 1.0) / total, d = x[i] - x[j];
                apart += w * alpha[j] * d * d;
                slope += 2.0 * w * alpha[j] * d;
            }
            if (side == 0)
                *out += alpha[i] * apart;
        }
        if (d_alpha)
            d_alpha[i] = apart;
        if (d_state)
            d_state[i] = alpha[i] * slope;
    }
    return THRONG_OK;
}

const throng_indicator throng_indicator_disagreement = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "disagreement",
              .summary = "Mean squared difference of states across the edges of a graph.",
              .details = "Formula: M = sum over edges w_ij (x_i - x_j)^2 / W, W the weight of all edges.\n"
                         "Edges: undefined without edges of positive weight. Loops add nothing. 0 for a crowd of one "
                         "opinion.\n"
                         "Taking part: on the presence path an edge counts alpha_i alpha_j, with W as observed; on the "
                         "state path states move from their baseline. Both are quadratic: aumann-shapley is exact, and "
                         "on the presence path each edge's part is shared by its two ends, as the Shapley value does.\n"
                         "Defaults: presence path; the state path starts from the neutral baseline 0.",
              .reference = "Musco, Musco and Tsourakakis 2018, Minimizing polarization and disagreement in social "
                           "networks, WWW, doi 10.1145/3178876.3186103; the mean instead of the sum: throng's "
                           "construction"},
    .form = THRONG_FORM_NETWORK,
    .flags = THRONG_INDICATOR_SHIFT_INVARIANT,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .undefined = "there is no edge of positive weight",
    .network = value,
    .observe = observe,
};
