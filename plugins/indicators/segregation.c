/* Segregation: how many fewer edges cross between groups than at random. */
#include "throng/indicator.h"

#include <math.h>
#include <string.h>

enum {
    TOTAL,
    EXPECTED /* share of the weight that would cross if ends were drawn at random */
};

static double weight_of(const throng_adjacency *side, int64_t edge) {
    return side->weights ? side->weights[edge] : 1.0;
}

/* Sorts rows by state: a heap, for the plug-in has no memory of its own. */
static void sort_by_state(const double *state, int64_t n, int64_t *order) {
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t start = n / 2, end = n; end > 1;) {
        if (start > 0) {
            start--;
        } else {
            int64_t swap = order[--end];
            order[end] = order[0];
            order[0] = swap;
        }
        for (int64_t at = start, child; (child = 2 * at + 1) < end; at = child) {
            if (child + 1 < end && state[order[child]] < state[order[child + 1]])
                child++;
            if (state[order[at]] >= state[order[child]])
                break;
            int64_t swap = order[at];
            order[at] = order[child];
            order[child] = swap;
        }
    }
}

static throng_status observe(const throng_setting *setting, const throng_network *network, double *constant,
                             throng_error *err) {
    (void)setting;
    (void)err;
    double total = 0.0, same = 0.0;
    for (int64_t e = 0; e < network->out.offsets[network->n]; e++)
        total += weight_of(&network->out, e);
    sort_by_state(network->state, network->n, network->order);
    for (int64_t first = 0, next; first < network->n; first = next) {
        double source = 0.0, target = 0.0;
        for (next = first;
             next < network->n && network->state[network->order[next]] == network->state[network->order[first]];
             next++) {
            int64_t i = network->order[next];
            for (int64_t e = network->out.offsets[i]; e < network->out.offsets[i + 1]; e++)
                source += weight_of(&network->out, e) / total;
            for (int64_t e = network->in.offsets[i]; e < network->in.offsets[i + 1]; e++)
                target += weight_of(&network->in, e) / total;
        }
        same += source * target;
    }
    constant[TOTAL] = total;
    /* What rounding leaves of a crowd of one group is none. */
    constant[EXPECTED] = same < 1.0 - 1e-12 ? 1.0 - same : 0.0;
    return THRONG_OK;
}

static throng_status value(const throng_setting *setting, const throng_network *network, const double *alpha,
                           double *out, double *d_alpha, double *d_state, throng_error *err) {
    (void)setting;
    (void)d_state;
    (void)err;
    const throng_adjacency *sides[2] = {&network->out, &network->in};
    double total = network->constant[TOTAL], expected = network->constant[EXPECTED];
    *out = total > 0.0 && expected > 0.0 ? 0.0 : (double)NAN;
    for (int64_t i = 0; i < network->n; i++) {
        double sum = 0.0;
        for (int side = 0; side < (d_alpha ? 2 : 1); side++) {
            for (int64_t e = sides[side]->offsets[i]; e < sides[side]->offsets[i + 1]; e++) {
                int64_t j = sides[side]->neighbours[e];
                bool crosses = network->state[i] != network->state[j];
                sum += weight_of(sides[side], e) / total * alpha[j] * (crosses ? 1.0 - 1.0 / expected : 1.0);
            }
            if (side == 0)
                *out += alpha[i] * sum;
        }
        if (d_alpha)
            d_alpha[i] = sum;
    }
    return THRONG_OK;
}

const throng_indicator throng_indicator_segregation = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "segregation",
              .summary = "Missing ties between groups: 1 when no edge crosses, 0 when as many cross as at random.",
              .details =
                  "Formula: M = 1 - C / (W E): C the weight of edges between different groups, W of all edges, E = 1 "
                  "- sum_g s_g t_g the share that would cross if ends were drawn at random, s_g and t_g the groups' "
                  "shares of sources and targets. Groups are the different values of the state.\n"
                  "Edges: undefined without edges, or if everybody with an edge is in one group. Negative if more "
                  "cross than at random.\n"
                  "Taking part: an edge counts alpha_i alpha_j (1 - [crosses] / E) / W with W and E as observed. "
                  "Quadratic: aumann-shapley is the Shapley value. An edge within a group is to the credit of both "
                  "ends, one across is held against them.\n"
                  "Defaults: presence path; the baseline plays no part in it.",
              .reference =
                  "Freeman 1978, Segregation in social networks, Sociological Methods & Research 6(4), doi "
                  "10.1177/004912417800600401, with chance as in Newman 2003, doi 10.1103/PhysRevE.67.026126, eq. "
                  "(2); participation: throng's construction"},
    .form = THRONG_FORM_NETWORK,
    .flags = THRONG_INDICATOR_PRESENCE_ONLY,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .undefined = "there are no edges, or everybody with an edge is in one group",
    .network = value,
    .observe = observe,
};
