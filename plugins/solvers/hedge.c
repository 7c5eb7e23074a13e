/* Hedge, or self-play by multiplicative weights. */
#include "throng/solver.h"

#include <math.h>

enum {
    STEP,
    LAST
};

static const throng_param params[] = {
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "how much a payoff moves the log of a probability; auto: sqrt(8 ln n / iterations) / range"},
    [LAST] = {"last", THRONG_PARAM_FLAG, 0, 0, 1, "", "the last strategy instead of the average: it may circle"},
    {0}};

/* n: the most actions that the player has anywhere. */
static double step_of(const throng_solver_state *state, int player) {
    double range = state->problem->kind->range(state->problem->game, player);
    int most = 2;
    if (!isnan(state->param[STEP]))
        return state->param[STEP];
    for (int64_t r = 0; r < state->n_rows; r++)
        if (state->rows[r].player == player && state->rows[r].n_actions > most)
            most = state->rows[r].n_actions;
    return sqrt(8.0 * log(most) / (double)state->iterations) / (range > 0.0 ? range : 1.0);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    int players = state->problem->kind->players(state->problem->game);
    (void)err;
    throng_solver_evaluate(state, state->strategy);
    throng_solver_add_plan(state, state->param[LAST] != 0.0);
    for (int p = 0; p < players; p++)
        throng_solver_log_linear(state, p,
                                 (throng_log_linear){.keep = 1.0, .step = step_of(state, p), .counterfactual = true},
                                 state->kept, state->kept, state->strategy);
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
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .step = step,
};
