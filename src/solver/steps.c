/* What several solvers do at every information set of a player, or in every row of a problem. */
#include "game/tree.h"
#include "throng/preference.h"
#include "throng/simplex.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

/* Less likely than this is never: quotients of numbers so small have no digits left. */
#define NEVER 1e-200

#define SAMPLES 0x7061697273u /* "pairs" */

throng_status throng_solver_weights(double beta, double step, throng_log_linear *out, throng_error *err) {
    double pull = beta * step;
    if (!(pull <= 1.0 + 1e-12))
        return THRONG_FAIL(err, E_ARGUMENT,
                           "A step of %g is too large for a beta of %g: the weight of the reference, which is their "
                           "product, must be at most 1.",
                           step, beta);
    *out = (throng_log_linear){.keep = fmax(1.0 - pull, 0.0), .pull = pull, .step = step};
    return THRONG_OK;
}

void throng_solver_evaluate(throng_solver_state *state, const double *strategy) {
    state->problem->kind->worth(state->problem->game, strategy, state->plan, state->worth, state->reach);
    state->evaluations++;
}

void throng_solver_log_linear(const throng_solver_state *state, int player, throng_log_linear weights,
                              const double *centre, double *logs, double *strategy) {
    for (int64_t r = 0; r < state->n_rows; r++) {
        const throng_problem_row *row = &state->rows[r];
        double per = weights.counterfactual ? 1.0 : state->reach[r];
        if (row->player != player)
            continue;
        for (int64_t a = row->first; a < row->first + row->n_actions; a++)
            logs[a] = !(per > NEVER) ? centre[a]
                                     : weights.keep * centre[a] + weights.pull * state->log_reference[a] +
                                           weights.step * (state->worth[a] / per);
        if (per > NEVER)
            throng_simplex_softmax(row->n_actions, logs + row->first, strategy + row->first);
    }
}

void throng_solver_sampled(throng_solver_state *state, throng_log_linear weights, int64_t samples, uint64_t draw,
                           const double *opponent, const double *centre, double *logs, double *strategy) {
    const throng_preference *game = state->problem->game;
    const throng_random random = {state->seed, SAMPLES};
    int n = throng_preference_count(game);
    double each = 0.5 * n / (double)samples, four[4];
    memset(state->worth, 0, (size_t)n * sizeof *state->worth);
    for (int64_t s = 0; s < samples; s++) {
        throng_random_uniforms(random, (uint64_t)state->iteration, (uint64_t)s, draw, four);
        int y = (int)(four[0] * n), z = (int)(four[1] * n), other = throng_i_pick(opponent, n, four[2]);
        double won = throng_preference_wins(game, y, other) - throng_preference_wins(game, z, other);
        double above = centre[y] - state->log_reference[y] - centre[z] + state->log_reference[z];
        double miss = weights.step * won - weights.pull * above;
        state->worth[y] += each * miss;
        state->worth[z] -= each * miss;
    }
    for (int i = 0; i < n; i++)
        logs[i] = centre[i] + state->worth[i];
    throng_simplex_softmax(n, logs, strategy);
    state->evaluations += 2 * samples;
}

throng_status throng_solver_begin_sampled(throng_solver_state *state, int64_t samples, throng_error *err) {
    if (samples > 0 && state->problem->kind->form != THRONG_GAME_FORM_PREFERENCE)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "Steps from samples are for games of preferences, and \"%.60s\" is none: leave samples out.",
                           state->problem->kind->name(state->problem->game));
    return throng_solver_begin_at_reference(state, err);
}

/* A step of everybody from where they stand by what is worth what against `opponent`. */
static void step_against(throng_solver_state *state, const throng_log_linear *weights, int64_t samples, uint64_t draw,
                         const double *opponent, double *logs, double *out) {
    if (samples > 0) {
        throng_solver_sampled(state, weights[0], samples, draw, opponent, state->kept, logs, out);
        return;
    }
    throng_solver_evaluate(state, opponent);
    for (int p = 0; p < state->problem->kind->players(state->problem->game); p++)
        throng_solver_log_linear(state, p, weights[p], state->kept, logs, out);
}

void throng_solver_extragradient(throng_solver_state *state, const throng_log_linear *weights, int64_t samples) {
    double *half = state->average;
    memcpy(half, state->strategy, (size_t)state->problem->kind->numbers(state->problem->game) * sizeof *half);
    step_against(state, weights, samples, 0, state->strategy, state->plan, half);
    step_against(state, weights, samples, 1, half, state->kept, state->strategy);
}

void throng_solver_begin_at_strategy(throng_solver_state *state) {
    for (int64_t r = 0; r < state->n_rows; r++)
        for (int64_t a = state->rows[r].first; a < state->rows[r].first + state->rows[r].n_actions; a++)
            state->kept[a] = log(state->strategy[a]);
}

throng_status throng_solver_begin_at_reference(throng_solver_state *state, throng_error *err) {
    size_t bytes = (size_t)state->problem->kind->numbers(state->problem->game) * sizeof *state->kept;
    (void)err;
    memcpy(state->strategy, state->reference, bytes);
    memcpy(state->kept, state->log_reference, bytes);
    return THRONG_OK;
}

void throng_solver_add_plan(throng_solver_state *state, bool last) {
    int64_t n = state->problem->kind->numbers(state->problem->game);
    for (int64_t i = 0; i < n; i++)
        state->average[i] = last ? state->plan[i] : state->average[i] + state->plan[i];
}

/* What the best change of a row would gain. @param logs [actions] room */
static double row_gain(const throng_solver_state *state, int64_t index, double beta, const double *strategy,
                       double *logs) {
    const throng_problem_row *row = &state->rows[index];
    const double *policy = strategy + row->first, *reference = state->reference + row->first;
    double got = 0.0;
    for (int a = 0; a < row->n_actions; a++) {
        double worth = state->worth[row->first + a] / state->reach[index];
        logs[a] = state->log_reference[row->first + a] + worth / beta;
        got += policy[a] * worth;
    }
    return beta * throng_simplex_log_sum_exp(row->n_actions, logs) -
           (got - beta * throng_simplex_kl(row->n_actions, policy, reference));
}

double throng_solver_regularised_gain(const throng_solver_state *state, double beta, const double *strategy) {
    double gain = 0.0;
    for (int64_t r = 0; r < state->n_rows; r++)
        if (state->reach[r] > NEVER)
            gain += row_gain(state, r, beta, strategy, state->plan + state->rows[r].first);
    /* in a game of preferences both players' policy is its row */
    return state->problem->kind->form == THRONG_GAME_FORM_PREFERENCE ? 2.0 * gain : gain;
}

throng_status throng_solver_regularised_gap(const throng_solver_state *state, double beta, const double *strategy,
                                            double *gap, throng_error *err) {
    const throng_problem *problem = state->problem;
    (void)err;
    problem->kind->worth(problem->game, strategy, state->plan, state->worth, state->reach);
    *gap = throng_solver_regularised_gain(state, beta, strategy);
    return THRONG_OK;
}

void throng_solver_match_regrets(const throng_tree *tree, int player, const double *worth, bool floor, double *regrets,
                                 double *strategy) {
    for (int i = 0; i < tree->n_sets; i++) {
        const throng_i_set *set = &tree->sets[i];
        double value = 0.0, sum = 0.0, *regret = regrets + set->first, *play = strategy + set->first;
        if (set->player != player)
            continue;
        for (int a = 0; a < set->n_actions; a++)
            value += play[a] * worth[set->first + a];
        for (int a = 0; a < set->n_actions; a++) {
            regret[a] += worth[set->first + a] - value;
            if (floor)
                regret[a] = fmax(regret[a], 0.0);
            sum += fmax(regret[a], 0.0);
        }
        for (int a = 0; a < set->n_actions; a++)
            play[a] = sum > 0.0 ? fmax(regret[a], 0.0) / sum : 1.0 / set->n_actions;
    }
}

void throng_solver_note_down(throng_solver_state *state, const char *name, double value) {
    int at = 0;
    while (at < state->n_notes && strcmp(state->notes[at].name, name) != 0)
        at++;
    if (at == THRONG_SOLVER_NOTES_MAX)
        return;
    state->notes[at] = (throng_solver_note){name, value};
    state->n_notes = at < state->n_notes ? state->n_notes : at + 1;
}
