/* Repulsion: who is near attracts, who is far pushes away. */
#include "throng/world.h"

#include <math.h>

enum {
    RATE,
    TOLERANCE
};

static const throng_param params[] = {
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.25, 0, 0.25, "",
              "how far one moves in a step; beyond 1/4 one could overshoot"},
    [TOLERANCE] = {"tolerance", THRONG_PARAM_REAL, 1, 1e-6, 1e6, "state",
                   "distance at which attraction turns into repulsion; from 2 on nobody repels"},
    {0}};

static const throng_world_column columns[] = {{"opinion", "", "what the agent thinks, -1 to 1", 0, -1, 1}};

/* Influence d w(d), w = (1 - q) / (1 + q) with q = (d / tolerance)^2: 1 for the nearest, 0 at the tolerance, -1 far
 * off. It is one message or the other, which an agent hears as their sum: only credit tells them apart. */
enum {
    ATTRACTION,
    REPULSION,
    MESSAGES
};

static void say(double influence, bool repels, int64_t k, double *const *message) {
    message[ATTRACTION][k] = repels ? 0.0 : influence;
    message[REPULSION][k] = repels ? influence : 0.0;
}

static void pair(const throng_pairs *pairs, double *const *message) {
    double sharp = 1.0 / (pairs->param[TOLERANCE] * pairs->param[TOLERANCE]);
    for (int64_t k = 0; k < pairs->n; k++) {
        double d = pairs->other[0][k] - pairs->self[0][k], q = sharp * d * d;
        say(d * (1.0 - q) / (1.0 + q), q > 1.0, k, message);
    }
}

static void pair_adjoint(const throng_pairs *pairs, const double *const *of, double *const *message,
                         double *const *self, double *const *other) {
    double sharp = 1.0 / (pairs->param[TOLERANCE] * pairs->param[TOLERANCE]);
    for (int64_t k = 0; k < pairs->n; k++) {
        double d = pairs->other[0][k] - pairs->self[0][k], q = sharp * d * d;
        double answer = of[q > 1.0 ? REPULSION : ATTRACTION][k];
        double slope = answer * (1.0 - 4.0 * q - q * q) / ((1.0 + q) * (1.0 + q));
        say(d * (1.0 - q) / (1.0 + q), q > 1.0, k, message);
        self[0][k] = -slope;
        other[0][k] = slope;
    }
}

static double influence(const throng_slots *slots, int64_t k) {
    return slots->heard[ATTRACTION][k] + slots->heard[REPULSION][k];
}

/* Extremes move less, so that -1 and 1 are never passed. */
static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k];
        next[0][k] = x + slots->param[RATE] * (1.0 - x * x) * influence(slots, k);
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double rate = slots->param[RATE];
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k], of = adjoint->of[0][k];
        adjoint->state[0][k] += of * (1.0 - 2.0 * rate * x * influence(slots, k));
        for (int m = 0; m < MESSAGES; m++)
            adjoint->heard[m][k] += of * rate * (1.0 - x * x);
    }
}

static const char *const behaviours[] = {"attracting", "repelling"};

const throng_world throng_world_repulsion = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "repulsion",
         .summary = "Signed influence: near opinions attract, far ones repel, and the crowd falls into two camps.",
         .details =
             "Update, all agents at once: x_i' = x_i + rate (1 - x_i^2) sum_j w_ij alpha_j d w(d) / W_i with d = x_j - "
             "x_i, w(d) = (tolerance^2 - d^2) / (tolerance^2 + d^2) and W_i the sum of the agent's in-weights. Flache "
             "and Macy weigh by 1 - |d| and damp by 1 - |x_i|; these forms with the same signs at the same places "
             "have slopes everywhere and are throng's, so that path integrals exist.\n"
             "Silence: a silent agent neither attracts nor repels. Credit is split by which of the two an agent did.\n"
             "Edges: opinions stay in [-1, 1], whose ends are for ever; an agent that hears nobody stays where it is.\n"
             "Limits: two camps that hear each other agree if they are nearer than the tolerance and part to -1 and 1 "
             "if they are farther; a tolerance of 2 or more ends in agreement.",
         .reference = "Flache and Macy 2011, Small worlds and cultural polarization, Journal of Mathematical Sociology "
                      "35, doi 10.1080/0022250X.2010.532261; Jager and Amblard 2005, doi 10.1007/s10588-005-6282-2; "
                      "smooth kernel: throng's construction",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 1,
    .n_messages = MESSAGES,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .pair = pair,
    .pair_adjoint = pair_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
    .behaviours = behaviours,
};
