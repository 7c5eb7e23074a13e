/* Shapley's iteration: values of states from the values of what comes next. */
#include "throng/solver.h"

#include <string.h>

enum {
    POLICY
};

static const throng_param params[] = {
    [POLICY] = {"policy", THRONG_PARAM_FLAG, 0, 0, 0, "",
                "after each sweep, work out what the strategies found are worth: few, dearer iterations"},
    {0}};

/* Values stand in state->kept: there are at least as many numbers as states. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_markov *game = state->problem->game;
    size_t n = (size_t)throng_markov_states(game);
    memcpy(state->worth, state->kept, n * sizeof *state->worth);
    throng_status status = throng_solver_markov_sweep(state->context, game, state->kept, state->strategy, err);
    state->done = status == THRONG_OK && memcmp(state->worth, state->kept, n * sizeof *state->worth) == 0;
    if (status != THRONG_OK || state->param[POLICY] == 0.0)
        return status;
    return throng_markov_players(game) == 1 ? throng_markov_evaluate(game, 0, state->strategy, state->kept, err)
                                            : throng_markov_best(game, 0, state->strategy, state->kept, NULL, err);
}

extern const throng_solver throng_solver_value_iteration;
const throng_solver throng_solver_value_iteration = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "value-iteration",
              .summary = "decision processes, and Markov games of two players and zero sum",
              .details =
                  "Values begin with 0. In every iteration each state's becomes max over actions of r + discount "
                  "* sum of P V, with two players the value of the matrix game of these numbers, which is solved "
                  "by linear program unless a choice without mixing does; the strategies are those choices. "
                  "Errors shrink by the discount. policy: values are then those of the strategy (Howard's "
                  "iteration), with two players of a best response to the second's (Hoffman and Karp).",
              .reference = "Shapley 1953, Stochastic games, PNAS 39, doi 10.1073/pnas.39.10.1095; Howard 1960, Dynamic "
                           "programming and Markov processes; Hoffman and Karp 1966, doi 10.1287/mnsc.12.5.359",
              .params = params},
    .forms = THRONG_GAME_FORM_MARKOV,
    .last = true,
    .step = step,
};
