/* CFR+: regrets that never fall below 0, players in turn, later iterations count more. */
#include "throng/solver.h"

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    (void)err;
    for (int p = 0; p < throng_tree_players(tree); p++) {
        throng_tree_plan(tree, state->strategy, state->plan);
        throng_tree_worth(tree, p, state->plan, state->strategy, state->worth);
        throng_solver_match_regrets(tree, p, state->worth, true, state->kept, state->strategy);
    }
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->average[i] += (double)state->iteration * state->plan[i];
    return THRONG_OK;
}

extern const throng_solver throng_solver_cfr_plus;
const throng_solver throng_solver_cfr_plus = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "cfr-plus",
              .summary = "counterfactual regret minimisation, the fast variant",
              .details = "As cfr, but what would have been lost is forgotten at once, players move in turn, and "
                         "iteration t counts t times in the average. Usually the one to take for poker.",
              .reference = "Tammelin 2014, Solving large imperfect information games using CFR+, arXiv 1407.5042"},
    .step = step,
};
