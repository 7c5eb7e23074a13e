/* Two players and constant sum, exactly. */
#include "throng/preference.h"
#include "throng/solver.h"

#include <string.h>

/* What is sure for one player is for the other: the game is the same for both. */
static throng_status solve_preferences(throng_solver_state *state, throng_error *err) {
    const throng_preference *game = state->problem->game;
    throng_normal_form *pairs = NULL;
    throng_tree *tree = NULL;
    throng_status status = throng_preference_normal_form(state->context, game, &pairs, err);
    if (status == THRONG_OK)
        status = throng_tree_from_normal_form(state->context, pairs, &tree, err);
    if (status == THRONG_OK)
        status = throng_solver_linear_program(tree, state->more, err);
    if (status == THRONG_OK)
        memcpy(state->strategy, state->more + throng_tree_set_at(tree, 0).first,
               (size_t)throng_preference_count(game) * sizeof *state->strategy);
    throng_tree_free(tree);
    throng_normal_form_free(pairs);
    return status;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    return state->tree ? throng_solver_linear_program(state->tree, state->strategy, err)
                       : solve_preferences(state, err);
}

extern const throng_solver throng_solver_lp;
const throng_solver throng_solver_lp = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "lp",
              .summary = "two players, constant sum: exactly, as a linear program",
              .details = "Maximises what the first player is sure of, over plans; the second player's plan is the "
                         "prices of the program. CLP solves it. Thousands of sequences take seconds; beyond that take "
                         "cfr-plus.",
              .reference = "von Stengel 1996, Efficient computation of behavior strategies, Games and Economic "
                           "Behavior 14, doi 10.1006/game.1996.0050"},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .last = true,
    .n_more = 3, /* a number for each choice of two players, and one for the tree's first sequence */
    .once = true,
    .step = step,
};
