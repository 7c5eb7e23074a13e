/* Fictitious play: the best against what the others did on average. */
#include "throng/solver.h"

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_tree *tree = state->tree;
    const double *others = state->average;
    (void)err;
    if (state->iteration == 1) {
        throng_tree_plan(tree, state->strategy, state->kept);
        others = state->kept;
    }
    for (int p = 0; p < throng_tree_players(tree); p++)
        throng_tree_best(tree, p, others, state->worth, state->strategy);
    throng_tree_plan(tree, state->strategy, state->plan);
    for (int i = 0; i < throng_tree_sequences(tree); i++)
        state->average[i] += state->plan[i];
    return THRONG_OK;
}

extern const throng_solver throng_solver_fictitious_play;
const throng_solver throng_solver_fictitious_play = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "fictitious-play",
              .summary = "everybody plays the best against the others' average so far",
              .details = "All at once, the first of several best actions; first against uniform play. Averages are of "
                         "plans, so that games of many moves converge as those in normal form do: slowly. It may "
                         "circle for ever outside constant-sum and potential games.",
              .reference = "Brown 1951, Iterative solution of games by fictitious play; Heinrich, Lanctot and Silver "
                           "2015, Fictitious self-play in extensive-form games, ICML"},
    .step = step,
};
