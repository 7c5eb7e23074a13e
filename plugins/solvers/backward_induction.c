/* Backward induction: from the ends back, everybody does what is best for them. */
#include "throng/solver.h"

static throng_status step(throng_solver_state *state, throng_error *err) {
    return throng_tree_backward(state->tree, state->strategy, err);
}

extern const throng_solver throng_solver_backward_induction;
const throng_solver throng_solver_backward_induction = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "backward-induction",
              .summary =
                  "any number of players and any sums, where everybody sees all that is done: from the ends back",
              .details =
                  "At every node who chooses there takes the action that gives them most, given what all choose "
                  "afterwards; the first of several that are alike. The result is an equilibrium of the game and of "
                  "every part of it that begins at a node. Information sets of two nodes are refused: somebody does "
                  "not know where they are.",
              .reference = "Zermelo 1913; Selten 1965, Spieltheoretische Behandlung eines Oligopolmodells mit "
                           "Nachfragetraegheit, Zeitschrift fuer die gesamte Staatswissenschaft 121"},
    .last = true,
    .once = true,
    .step = step,
};
