/* Nonlinear opinions: attention saturates, so a crowd can tip by itself. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    PRIOR,
    ATTENTION
};

static const throng_param params[] = {
    [PRIOR] = {"prior", THRONG_PARAM_REAL, 0.3, -1e6, 1e6, "", "weight of what the agent came with"},
    [ATTENTION] = {"attention", THRONG_PARAM_REAL, 0.9, -1e6, 1e6, "",
                   "weight of the mean of whom it hears; above 1 a crowd without priors leaves neutrality"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

THRONG_WIDE static void move(const throng_slots *slots, double *const *next) {
    double a = slots->param[PRIOR], b = slots->param[ATTENTION];
    const double *innate = slots->innate, *heard = slots->heard[0];
    double *out = next[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        out[k] = throng_tanh(a * innate[k] + b * heard[k]);
}

/* tanh' = 1 - tanh^2, and tanh is where the step led. */
THRONG_WIDE static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double a = slots->param[PRIOR], b = slots->param[ATTENTION];
    const double *y = slots->next[0], *of = adjoint->of[0];
    double *innate = adjoint->innate, *heard = adjoint->heard[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double slope = (1.0 - y[k] * y[k]) * of[k];
        innate[k] += a * slope;
        heard[k] += b * slope;
    }
}

const throng_world throng_world_nonlinear_opinion = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "nonlinear-opinion",
         .summary = "Opinions saturate: x' = tanh(prior x(0) + attention times the mean of whom one hears).",
         .details =
             "Update, all agents at once: x_i' = tanh(prior x_i(0) + attention sum_j w_ij alpha_j x_j / W_i), W_i the "
             "sum of the agent's in-weights: the map of steps of length 1 of the continuous model with unit damping "
             "and "
             "saturated attention.\n"
             "Silence: a silent agent counts as one at the neutral opinion 0; with participation innate, an agent's "
             "x(0) moves from its baseline.\n"
             "Limits: without priors the neutral crowd is stable for attention below 1 and splits above it (a "
             "pitchfork).",
         .reference = "Bizyaeva, Franci and Leonard 2022, Nonlinear opinion dynamics with tunable sensitivity, IEEE "
                      "Transactions on Automatic Control 68(3), doi 10.1109/TAC.2022.3159527",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_COMPLETE | THRONG_WORLD_DEAF_ADJOINT | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INNATE,
    .move = move,
    .move_adjoint = move_adjoint,
};
