/* Magnetic mirror descent: the last strategy converges. */
#include "throng/solver.h"

#include <math.h>

enum {
    ALPHA,
    STEP
};

static const throng_param params[] = {
    [ALPHA] = {"alpha", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "payoff",
               "how strongly play is drawn to uniform; auto: range / (4 sqrt(iteration))"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "of the descent; auto: 4 / (range sqrt(iteration))"},
    {0}};

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    double annealed = 1.0 / sqrt((double)state->iteration);
    (void)err;
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int p = 0; p < throng_tree_players(tree); p++) {
        double range = throng_tree_range(tree, p), unit = range > 0.0 ? range / 4.0 : 1.0;
        double alpha = isnan(state->param[ALPHA]) ? unit * annealed : state->param[ALPHA];
        double eta = isnan(state->param[STEP]) ? annealed / unit : state->param[STEP];
        double keep = 1.0 / (1.0 + eta * alpha);
        throng_tree_worth(tree, p, state->plan, state->strategy, state->worth);
        throng_tree_reach(tree, p, state->plan, state->reach);
        throng_solver_log_linear(tree, p, keep, eta * keep, state->worth, state->reach, state->kept, state->strategy);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_mmd;
const throng_solver throng_solver_mmd = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "mmd",
              .summary = "magnetic mirror descent; the last strategy is the answer",
              .details = "The log of each probability becomes (log p + step * q) / (1 + step * alpha), where q is an "
                         "action's worth given that its information set is reached. With alpha fixed it goes to the "
                         "quantal response equilibrium, softmax(q / alpha); with alpha and step that shrink, to an "
                         "equilibrium. Range is a player's largest payoff less the smallest: 4 in Kuhn's poker, where "
                         "the automatic schedule is 1 / sqrt(iteration).",
              .reference = "Sokota et al. 2023, A unified approach to reinforcement learning, quantal response "
                           "equilibria, and two-player zero-sum games, ICLR; arXiv 2304.13138",
              .params = params},
    .last = true,
    .step = step,
};
