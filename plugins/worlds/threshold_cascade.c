/* Thresholds: one joins when enough of those one watches have joined. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    THRESHOLD,
    SPREAD,
    SOFTNESS
};

static const throng_param params[] = {
    [THRESHOLD] = {"threshold", THRONG_PARAM_REAL, 0.3, -1e6, 1e6, "", "mean share of the active at which one joins"},
    [SPREAD] = {"spread", THRONG_PARAM_REAL, 0.1, 0, 1e6, "", "standard deviation of thresholds between agents"},
    [SOFTNESS] = {"softness", THRONG_PARAM_REAL, 0.02, 1e-6, 1e6, "",
                  "width of the step from not joining to joining; small is hard"},
    {0}};

static const throng_world_column columns[] = {{"active", "", "how far the agent has joined, 0 to 1", 0, 0, 1}};

/* Keeps the draw of a threshold apart from draws of a step. */
#define THRESHOLD_STEP UINT64_MAX

static void draw(const throng_slots *slots, double *const *trait) {
    for (int64_t k = 0; k < slots->n; k++) {
        double normal[4];
        throng_random_normals(slots->random, (uint64_t)(slots->agent + k), THRESHOLD_STEP, 0, normal);
        trait[0][k] = slots->param[THRESHOLD] + slots->param[SPREAD] * normal[0];
    }
}

static inline double pressure(double threshold, double share, double softness) {
    return 1.0 / (1.0 + throng_exp((threshold - share) / softness));
}

/* Who has joined stays: what is left to join shrinks by the pressure. */
THRONG_WIDE static void move(const throng_slots *slots, double *const *next) {
    const double *state = slots->state[0], *heard = slots->heard[0], *threshold = slots->trait[0];
    double softness = slots->param[SOFTNESS], *out = next[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        out[k] = state[k] + (1.0 - state[k]) * pressure(threshold[k], heard[k], softness);
}

THRONG_WIDE static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    const double *x = slots->state[0], *heard = slots->heard[0], *threshold = slots->trait[0], *of = adjoint->of[0];
    double softness = slots->param[SOFTNESS], *state = adjoint->state[0], *back = adjoint->heard[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double p = pressure(threshold[k], heard[k], softness);
        state[k] += of[k] * (1.0 - p);
        back[k] += of[k] * (1.0 - x[k]) * p * (1.0 - p) / softness;
    }
}

const throng_world throng_world_threshold_cascade = {
    .about = {.struct_size = sizeof(throng_world),
              .name = "threshold-cascade",
              .summary = "Granovetter's thresholds with a smooth step: joining spreads when enough have joined.",
              .details =
                  "Update, all agents at once: x_i' = x_i + (1 - x_i) s((share_i - threshold_i) / softness), s the "
                  "logistic function, share_i = sum_j w_ij alpha_j x_j / W_i; thresholds are normal, drawn once an "
                  "agent. "
                  "Softness to 0 is the hard threshold: active once the share exceeds it, and for ever.\n"
                  "Silence: a silent agent is seen as inactive.\n"
                  "Path integrals through steps much harder than the shares' own spread need many nodes; sampling "
                  "methods do not mind.",
              .reference = "Granovetter 1978, Threshold models of collective behavior, American Journal of Sociology "
                           "83(6), doi 10.1086/226707; Watts 2002, doi 10.1073/pnas.082090499; smooth step: throng's "
                           "construction",
              .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
    .move_adjoint = move_adjoint,
    .draw = draw,
    .n_traits = 1,
};
