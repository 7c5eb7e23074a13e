/* Iterative Nash policy optimisation: mirror descent in self-play, without a half step. */
#include "throng/solver.h"

#include <math.h>
#include <string.h>

enum {
    BETA,
    STEP,
    LAST,
    SAMPLES
};

static const throng_param params[] = {
    [BETA] = {"beta", THRONG_PARAM_REAL, 0.1, 1e-6, 1e6, "payoff", "tau, how strongly play is drawn to the reference"},
    [STEP] = {"step", THRONG_PARAM_AUTO, NAN, 1e-9, 1e6, "1 / payoff",
              "1 / eta, at most 1 / beta; auto: sqrt(ln n / iterations) / max(beta B, range), where B is the largest "
              "-log of the reference"},
    [LAST] = {"last", THRONG_PARAM_FLAG, 0, 0, 1, "", "the last strategy instead of the average"},
    [SAMPLES] = {"samples", THRONG_PARAM_INTEGER, 0, 0, 1e9, "",
                 "pairs of responses, drawn uniformly, that each step is made of, in games of preferences; 0: exact"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    return throng_solver_begin_sampled(state, (int64_t)state->param[SAMPLES], err);
}

/* n: the most actions that the player has anywhere. */
static double step_of(const throng_solver_state *state, int player) {
    double range = state->problem->kind->range(state->problem->game, player), least = 0.0;
    int most = 2;
    if (!isnan(state->param[STEP]))
        return state->param[STEP];
    for (int64_t r = 0; r < state->n_rows; r++) {
        const throng_problem_row *row = &state->rows[r];
        if (row->player == player && row->n_actions > most)
            most = row->n_actions;
        for (int a = 0; row->player == player && a < row->n_actions; a++)
            least = fmin(least, state->log_reference[row->first + a]);
    }
    double scale = fmax(-least * state->param[BETA], range > 0.0 ? range : 1.0);
    return fmin(sqrt(log(most) / (double)state->iterations) / scale, 1.0 / state->param[BETA]);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    int players = state->problem->kind->players(state->problem->game);
    int64_t samples = (int64_t)state->param[SAMPLES];
    throng_status status = THRONG_OK;
    if (samples == 0)
        throng_solver_evaluate(state, state->strategy);
    else
        memcpy(state->plan, state->strategy, (size_t)state->rows[0].n_actions * sizeof *state->plan);
    throng_solver_add_plan(state, state->param[LAST] != 0.0);
    for (int p = 0; status == THRONG_OK && p < players; p++) {
        throng_log_linear weights;
        status = throng_solver_weights(state->param[BETA], step_of(state, p), &weights, err);
        if (status == THRONG_OK && samples > 0)
            throng_solver_sampled(state, weights, samples, 0, state->strategy, state->kept, state->kept,
                                  state->strategy);
        else if (status == THRONG_OK)
            throng_solver_log_linear(state, p, weights, state->kept, state->kept, state->strategy);
    }
    return status;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    return throng_solver_regularised_gap(state, state->param[BETA], strategy, out, err);
}

extern const throng_solver throng_solver_inpo;
const throng_solver throng_solver_inpo = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "inpo",
              .summary = "mirror descent in self-play on the regularised game; the average is the answer",
              .details = "log p becomes (1 - tau / eta) log p + tau / eta log reference + q / eta, where beta is tau "
                         "and step 1 / eta. With the automatic step the average's regularised gap is at most "
                         "max(beta B, 1) sqrt(ln n / T) after T iterations, in games of preferences; the last strategy "
                         "goes to the equilibrium, p in proportion to reference exp(q / beta), if the step is small "
                         "enough for beta. The same step is the best answer to a loss on pairs of responses, so that "
                         "how often each wins need not be known: samples makes each step of the gradient of such a "
                         "loss (IPO) on so many pairs. Begins at the reference.",
              .reference = "Zhang et al. 2024, Iterative Nash policy optimization, arXiv 2407.00617",
              .params = params},
    .forms = THRONG_GAME_FORM_TREE | THRONG_GAME_FORM_PREFERENCE,
    .begin = begin,
    .step = step,
    .gap = gap,
    .gap_name = "regularised gap",
};
