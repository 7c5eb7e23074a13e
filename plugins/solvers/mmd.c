/* Magnetic mirror descent: the last strategy converges. */
#include "throng/solver.h"

#include <math.h>

enum {
    ALPHA,
    STEP
};

static const throng_param params[] = {
    [ALPHA] = {"alpha", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "payoff",
               "how strongly play is drawn to the reference, in trees uniform; auto: range / (4 sqrt(iteration))"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "of the descent; auto: 4 / (range sqrt(iteration))"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    (void)err;
    throng_solver_begin_at_strategy(state);
    return THRONG_OK;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_problem *problem = state->problem;
    double annealed = 1.0 / sqrt((double)state->iteration);
    (void)err;
    throng_solver_evaluate(state, state->strategy);
    for (int p = 0; p < problem->kind->players(problem->game); p++) {
        double range = problem->kind->range(problem->game, p), unit = range > 0.0 ? range / 4.0 : 1.0;
        double alpha = isnan(state->param[ALPHA]) ? unit * annealed : state->param[ALPHA];
        double eta = isnan(state->param[STEP]) ? annealed / unit : state->param[STEP];
        double keep = 1.0 / (1.0 + eta * alpha);
        throng_log_linear weights = {.keep = keep, .pull = eta * alpha * keep, .step = eta * keep};
        throng_solver_log_linear(state, p, weights, state->kept, state->kept, state->strategy);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_mmd;
const throng_solver throng_solver_mmd = {
    .about =
        {.struct_size = sizeof(throng_solver),
         .name = "mmd",
         .summary = "magnetic mirror descent; the last strategy is the answer",
         .details =
             "The log of each probability becomes (log p + step * alpha log reference + step * q) / (1 + step * "
             "alpha), where q is an "
             "action's worth given that its information set is reached. With alpha fixed it goes to the "
             "quantal response equilibrium, softmax(log reference + q / alpha); with alpha and step that shrink, to an "
             "equilibrium. Range is a player's largest payoff less the smallest: 4 in Kuhn's poker, where "
             "the automatic schedule is 1 / sqrt(iteration).",
         .reference = "Sokota et al. 2023, A unified approach to reinforcement learning, quantal response "
                      "equilibria, and two-player zero-sum games, ICLR; arXiv 2304.13138",
         .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .starts = true,
    .begin = begin,
    .step = step,
};
