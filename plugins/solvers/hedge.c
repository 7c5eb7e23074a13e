/* Hedge, or self-play by multiplicative weights. */
#include "throng/solver.h"

#include <math.h>

enum {
    STEP
};

static const throng_param params[] = {
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "how much a payoff moves the log of a probability; auto: sqrt(8 ln n / iterations) / range"},
    {0}};

/* n: the most actions that the player has anywhere. */
static double step_of(const throng_solver_state *state, int player) {
    double range = throng_tree_range(state->tree, player);
    int most = 2;
    if (!isnan(state->param[STEP]))
        return state->param[STEP];
    for (int i = 0; i < throng_tree_sets(state->tree); i++) {
        throng_tree_set set = throng_tree_set_at(state->tree, i);
        if (set.player == player && set.n_actions > most)
            most = set.n_actions;
    }
    return sqrt(8.0 * log(most) / (double)state->iterations) / (range > 0.0 ? range : 1.0);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    (void)err;
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->average[i] += state->plan[i];
    for (int p = 0; p < throng_tree_players(tree); p++) {
        throng_tree_worth(tree, p, state->plan, state->strategy, state->worth);
        throng_solver_log_linear(tree, p, 1.0, step_of(state, p), state->worth, NULL, state->kept, state->strategy);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_hedge;
const throng_solver throng_solver_hedge = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "hedge",
              .summary = "self-play by multiplicative weights; the average is the answer",
              .details = "Each probability is multiplied by exp(step * worth), all players at once. In one symmetric "
                         "game of preferences this is SPO, whose average has a gap of at most 2 sqrt(ln n / (2 T)) "
                         "after T iterations with the automatic step; the last strategy need not converge.",
              .reference = "Freund and Schapire 1999, doi 10.1006/game.1999.0738; Swamy et al. 2024, A minimaximalist "
                           "approach to RLHF, arXiv 2401.04056",
              .params = params},
    .step = step,
};
