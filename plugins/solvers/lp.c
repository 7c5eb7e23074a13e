/* Two players and constant sum, exactly. */
#include "throng/solver.h"

static throng_status step(throng_solver_state *state, throng_error *err) {
    return throng_solver_linear_program(state->tree, state->strategy, err);
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
    .last = true,
    .once = true,
    .step = step,
};
