/* The equilibrium of the game as draws show it. */
#include "throng/solver.h"

#include <math.h>

enum {
    DRAWS,
    MOST,
    SMOOTH
};

static const throng_param params[] = {
    [DRAWS] = {"draws", THRONG_PARAM_INTEGER, 64, 1, 1e9, "", "from each cell in iteration 1; then twice as many, ..."},
    [MOST] = {"most", THRONG_PARAM_INTEGER, 1048576, 1, 1e9, "", "draws from a cell: iterations end there"},
    [SMOOTH] = {"smooth", THRONG_PARAM_REAL, 0, 0, 1e6, "payoff",
                "temperature of play, which entropy makes change smoothly with what is drawn; 0: exact play"},
    {0}};

/* The true values stand in state->plan: only to say how far off the drawn ones are. */
static throng_status begin(throng_solver_state *state, throng_error *err) {
    return throng_solver_markov_plan(state->context, state->problem->game, state->strategy, state->plan, err);
}

/* Values of the drawn game, in state->kept, can be off by no more than the most that its transitions get the next
 * step's values wrong, over and over again. */
static void note_errors(throng_solver_state *state, const throng_markov *drawn) {
    const throng_markov *game = state->problem->game;
    double off = 0.0, step = 0.0, discount = throng_markov_discount(game);
    for (int s = 0; s < throng_markov_states(game); s++)
        off = fmax(off, fabs(state->kept[s] - state->plan[s]));
    for (int64_t c = 0; c < throng_markov_cells(game); c++)
        step = fmax(step,
                    fabs(throng_markov_worth(drawn, c, 0, state->plan) - throng_markov_worth(game, c, 0, state->plan)));
    throng_solver_note_down(state, "value_error", off);
    if (discount < 1.0)
        throng_solver_note_down(state, "value_error_bound", step / (1.0 - discount));
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_markov *game = state->problem->game;
    throng_markov *drawn = NULL;
    double draws = fmin(state->param[DRAWS] * exp2((double)state->iteration - 1.0), state->param[MOST]);
    throng_status status = throng_markov_sample(game, (int64_t)draws, state->seed, &drawn, err);
    if (status == THRONG_OK)
        status = throng_solver_markov_plan(state->context, drawn, state->strategy, state->kept, err);
    if (status == THRONG_OK && state->param[SMOOTH] > 0.0)
        status =
            throng_solver_markov_smooth(state->context, drawn, state->kept, state->param[SMOOTH], state->strategy, err);
    throng_solver_note_down(state, "draws_per_cell", draws);
    if (status == THRONG_OK)
        note_errors(state, drawn);
    throng_markov_free(drawn);
    state->evaluations = (int64_t)draws * throng_markov_cells(game);
    state->done = draws >= state->param[MOST];
    return status;
}

extern const throng_solver throng_solver_model_based_ne;
const throng_solver throng_solver_model_based_ne = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "model-based-ne",
              .summary = "solves a Markov game from draws of what comes next",
              .details =
                  "Draws n times from each cell (a state with actions), takes frequencies for probabilities and "
                  "solves that game exactly; the gap is that of its strategies in the true game, about 1 / "
                  "sqrt(n). Draws do not depend on the rewards, so one sample serves all of them. Iterations "
                  "double n, keeping what was drawn; with --iterations 1 n is draws. evaluations counts draws. "
                  "Notes: value_error, how far the drawn game's values are from the true ones, and the bound of "
                  "the simulation lemma for it. The bound on policies wants them to change little with the draws, "
                  "which an exact plan, whose play may jump, does not: with smooth, play in each state is the "
                  "equilibrium of its matrix of worths with smooth times the entropy added for both. Policies "
                  "then move at most 2 / smooth times what worths do, and lose at most smooth log(actions), "
                  "added up, a step. Zero sum, or one player.",
              .reference = "Zhang, Kakade, Basar and Yang 2020, Model-based multi-agent RL in zero-sum Markov games "
                           "with near-optimal sample complexity, NeurIPS; arXiv 2007.07461",
              .params = params},
    .forms = THRONG_GAME_FORM_MARKOV,
    .last = true,
    .begin = begin,
    .step = step,
};
