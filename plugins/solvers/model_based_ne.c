/* The equilibrium of the game as draws show it. */
#include "throng/solver.h"

#include <math.h>

enum {
    DRAWS,
    MOST
};

static const throng_param params[] = {
    [DRAWS] = {"draws", THRONG_PARAM_INTEGER, 64, 1, 1e9, "", "from each cell in iteration 1; then twice as many, ..."},
    [MOST] = {"most", THRONG_PARAM_INTEGER, 1048576, 1, 1e9, "", "draws from a cell: iterations end there"},
    {0}};

/* The values of the plan in the drawn game stand in state->kept. */
static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_markov *game = state->problem->game;
    throng_markov *drawn = NULL;
    double draws = fmin(state->param[DRAWS] * exp2((double)state->iteration - 1.0), state->param[MOST]);
    throng_status status = throng_markov_sample(game, (int64_t)draws, state->seed, &drawn, err);
    if (status == THRONG_OK)
        status = throng_solver_markov_plan(state->context, drawn, state->strategy, state->kept, err);
    throng_markov_free(drawn);
    state->evaluations = (int64_t)draws * throng_markov_cells(game);
    state->done = draws >= state->param[MOST];
    throng_solver_note_down(state, "draws_per_cell", draws);
    return status;
}

extern const throng_solver throng_solver_model_based_ne;
const throng_solver throng_solver_model_based_ne = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "model-based-ne",
              .summary = "solves a Markov game from draws of what comes next",
              .details = "Draws n times from each cell (a state with actions), takes frequencies for probabilities and "
                         "solves that game exactly; the gap is that of its strategies in the true game, about 1 / "
                         "sqrt(n). Draws do not depend on the rewards, so one sample serves all of them. Iterations "
                         "double n, keeping what was drawn; with --iterations 1 n is draws. evaluations counts draws. "
                         "Zero sum, or one player.",
              .reference = "Zhang, Kakade, Basar and Yang 2020, Model-based multi-agent RL in zero-sum Markov games "
                           "with near-optimal sample complexity, NeurIPS; arXiv 2007.07461",
              .params = params},
    .forms = THRONG_GAME_FORM_MARKOV,
    .last = true,
    .step = step,
};
