/* Assortativity: whether those who are joined are alike, compared with edges thrown at random. */
#include "throng/indicator.h"

#include <math.h>

enum {
    TOTAL,
    SOURCE_MEAN,
    TARGET_MEAN,
    SPREAD /* product of the standard deviations at sources and at targets */
};

static double weight_of(const throng_adjacency *side, int64_t edge) {
    return side->weights ? side->weights[edge] : 1.0;
}

static throng_status observe(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err) {
    (void)setting;
    (void)err;
    const throng_adjacency *sides[2] = {&network->out, &network->in}; /* sources, targets */
    double mean[2] = {0.0, 0.0}, squares[2] = {0.0, 0.0}, total = 0.0;
    for (int64_t e = 0; e < network->out.offsets[network->n]; e++)
        total += weight_of(&network->out, e);
    for (int pass = 0; pass < 2; pass++)
        for (int side = 0; side < 2; side++)
            for (int64_t i = 0; i < network->n; i++) {
                double at = network->state[i] - (pass ? mean[side] : 0.0), weight = 0.0;
                for (int64_t e = sides[side]->offsets[i]; e < sides[side]->offsets[i + 1]; e++)
                    weight += weight_of(sides[side], e) / total;
                if (pass)
                    squares[side] += weight * at * at;
                else
                    mean[side] += weight * at;
            }
    constant[TOTAL] = total;
    constant[SOURCE_MEAN] = mean[0];
    constant[TARGET_MEAN] = mean[1];
    constant[SPREAD] = sqrt(squares[0] * squares[1]);
    return THRONG_OK;
}

static throng_status value(const throng_setting *setting, const throng_network *network, const double *alpha,
                           double *out, double *d_alpha, double *d_state, throng_error *err) {
    (void)setting;
    (void)d_state;
    (void)err;
    const double *constant = network->constant, *x = network->state;
    double whole = constant[TOTAL] * constant[SPREAD];
    *out = whole > 0.0 ? 0.0 : (double)NAN;
    for (int64_t i = 0; i < network->n; i++) {
        double towards = 0.0, from = 0.0;
        for (int64_t e = network->out.offsets[i]; e < network->out.offsets[i + 1]; e++) {
            int64_t j = network->out.neighbours[e];
            towards += weight_of(&network->out, e) / whole * alpha[j] * (x[j] - constant[TARGET_MEAN]);
        }
        for (int64_t e = network->in.offsets[i]; d_alpha && e < network->in.offsets[i + 1]; e++) {
            int64_t j = network->in.neighbours[e];
            from += weight_of(&network->in, e) / whole * alpha[j] * (x[j] - constant[SOURCE_MEAN]);
        }
        towards *= x[i] - constant[SOURCE_MEAN];
        *out += alpha[i] * towards;
        if (d_alpha)
            d_alpha[i] = towards + from * (x[i] - constant[TARGET_MEAN]);
    }
    return THRONG_OK;
}

const throng_indicator throng_indicator_assortativity = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "assortativity",
              .summary = "Correlation of states across the edges of a graph: 1 alike, 0 at random, negative unlike.",
              .details =
                  "Formula: M = sum over edges w_ij (x_i - m_s) (x_j - m_t) / (W s_s s_t), with the means m and "
                  "standard deviations s of states at the sources and at the targets of edges, and W the weight of "
                  "all edges.\n"
                  "Edges: undefined if all states at the sources, or at the targets, are equal, or there are no "
                  "edges.\n"
                  "Taking part: an edge counts alpha_i alpha_j; means, deviations and W stay those of the observed "
                  "crowd, for a correlation over those present would not change while everybody leaves alike. "
                  "Quadratic: aumann-shapley is the Shapley value, and each edge's part is shared by its two ends.\n"
                  "Defaults: presence path; the baseline plays no part in it.",
              .reference = "Newman 2003, Mixing patterns in networks, Physical Review E 67 026126, doi "
                           "10.1103/PhysRevE.67.026126, eq. (21); participation: throng's construction"},
    .form = THRONG_FORM_NETWORK,
    .flags = THRONG_INDICATOR_PRESENCE_ONLY,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .undefined = "all states at the sources or at the targets of edges are equal, or there are no edges",
    .network = value,
    .observe = observe,
};
