/* Bounded confidence: one listens to those who think nearly alike, here with a smooth edge. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    RATE,
    CONFIDENCE
};

static const throng_param params[] = {
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.3, 0, 1, "", "how far one moves in a step"},
    [CONFIDENCE] = {"confidence", THRONG_PARAM_REAL, 0.5, 1e-6, 1e6, "state",
                    "distance at which an opinion counts exp(-1/2) of what a near one does"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

/* The pull of one opinion on another: d exp(-d^2 / (2 c^2)). */
THRONG_WIDE static void pair(const throng_pairs *pairs, double *const *message) {
    double c = pairs->param[CONFIDENCE], sharp = 0.5 / (c * c);
    const double *self = pairs->self[0], *other = pairs->other[0];
    double *out = message[0];
    THRONG_APART
    for (int64_t k = 0; k < pairs->n; k++) {
        double d = other[k] - self[k];
        out[k] = d * throng_decay(sharp * d * d);
    }
}

THRONG_WIDE static void pair_adjoint(const throng_pairs *pairs, const double *const *of, double *const *message,
                                     double *const *self, double *const *other) {
    double c = pairs->param[CONFIDENCE], sharp = 0.5 / (c * c);
    const double *x = pairs->self[0], *y = pairs->other[0], *weight = of[0];
    double *out = message[0], *back_x = self[0], *back_y = other[0];
    THRONG_APART
    for (int64_t k = 0; k < pairs->n; k++) {
        double d = y[k] - x[k], near = throng_decay(sharp * d * d);
        double slope = weight[k] * (near - 2.0 * sharp * d * (d * near));
        out[k] = d * near;
        back_x[k] = -slope;
        back_y[k] = slope;
    }
}

THRONG_WIDE static void move(const throng_slots *slots, double *const *next) {
    double rate = slots->param[RATE], *out = next[0];
    const double *x = slots->state[0], *heard = slots->heard[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        out[k] = x[k] + rate * heard[k];
}

THRONG_WIDE static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double rate = slots->param[RATE], *state = adjoint->state[0], *heard = adjoint->heard[0];
    const double *of = adjoint->of[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        state[k] += of[k];
        heard[k] += rate * of[k];
    }
}

const throng_world throng_world_bounded_confidence = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "bounded-confidence",
         .summary = "Opinions move towards those that are near: Hegselmann-Krause with a smooth edge.",
         .details =
             "Update, all agents at once: x_i' = x_i + rate sum_j w_ij alpha_j d exp(-d^2 / (2 confidence^2)) / W_i "
             "with "
             "d = x_j - x_i and W_i the sum of the agent's in-weights. Hegselmann and Krause listen to all within a "
             "distance and to nobody beyond it; the smooth edge is throng's, so that path integrals exist. The "
             "default confidence makes the kernel exp(-2 d^2).\n"
             "Silence: a silent agent pulls nobody.\n"
             "Edges: an agent that hears nobody stays where it is.",
         .reference = "Hegselmann and Krause 2002, Opinion dynamics and bounded confidence, JASSS 5(3) 2; smooth "
                      "kernel: throng's construction",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_DEAF_ADJOINT,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .pair = pair,
    .pair_adjoint = pair_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
};
