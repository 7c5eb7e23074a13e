/* Counterfactual regret minimisation. */
#include "throng/solver.h"

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    (void)err;
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->average[i] += state->plan[i];
    for (int p = 0; p < throng_tree_players(tree); p++) {
        throng_tree_worth(tree, p, state->plan, state->strategy, state->worth);
        throng_solver_match_regrets(tree, p, state->worth, false, state->kept, state->strategy);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_cfr;
const throng_solver throng_solver_cfr = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "cfr",
              .summary = "counterfactual regret minimisation",
              .details = "Plays each action in proportion to what it would have gained so far, where that is positive; "
                         "all players at once. The average plan converges for two players and constant sum, like "
                         "1 / sqrt(iterations) or better. With one information set each: regret matching.",
              .reference = "Zinkevich, Johanson, Bowling and Piccione 2007, Regret minimization in games with "
                           "incomplete information, NIPS 20"},
    .step = step,
};
