/* Markov games of one player, or of two and zero sum: sweeps and the exact plan. */
#include "core/core.h"
#include "throng/simplex.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

#define ROUNDS_MOST 1000 /* of Hoffman and Karp; a dozen is many */
#define SETTLED     1e-12

#define SMOOTH_STEPS 1000000 /* of a matrix with entropy */
#define SMOOTH_GAP   1e-13   /* of the range of its payoffs */

static throng_status require_solvable(const throng_markov *game, throng_error *err) {
    if (throng_markov_players(game) == 1 || throng_markov_zero_sum(game))
        return THRONG_OK;
    return THRONG_FAIL(err, E_UNSUPPORTED,
                       "Only Markov games of one player, or of two of whom one pays what the other gets, are solved: "
                       "\"%.60s\" is none.",
                       throng_markov_name(game));
}

static int64_t most_cells(const throng_markov *game) {
    int64_t most = 1;
    for (int s = 0; s < throng_markov_states(game); s++) {
        int64_t n = throng_markov_first_cell(game, s + 1) - throng_markov_first_cell(game, s);
        most = n > most ? n : most;
    }
    return most;
}

/* The best action of one player, the first of several. */
static double choose(int n, const double *worths, double *strategy) {
    int best = 0;
    for (int a = 1; a < n; a++)
        if (worths[a] > worths[best])
            best = a;
    for (int a = 0; a < n; a++)
        strategy[a] = a == best ? 1.0 : 0.0;
    return worths[best];
}

static throng_status sweep(throng_context *context, const throng_markov *game, const double *values, double *worths,
                           double *out, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    bool two = throng_markov_players(game) == 2;
    for (int s = 0; s < throng_markov_states(game); s++) {
        int64_t first = throng_markov_first_cell(game, s), end = throng_markov_first_cell(game, s + 1);
        for (int64_t c = first; c < end; c++)
            worths[c - first] = throng_markov_worth(game, c, 0, values);
        if (two)
            THRONG_TRY(throng_solver_matrix_game(
                context, throng_markov_actions(game, s, 0), throng_markov_actions(game, s, 1), worths,
                strategy + throng_markov_first(game, s, 0), strategy + throng_markov_first(game, s, 1), &out[s], err));
        else
            out[s] = choose((int)(end - first), worths, strategy + throng_markov_first(game, s, 0));
    }
out:
    return status;
}

throng_status throng_solver_markov_sweep(throng_context *context, const throng_markov *game, double *values,
                                         double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    double *worths = NULL;
    int64_t most = most_cells(game);
    int n = throng_markov_states(game);
    THRONG_TRY(require_solvable(game, err));
    THRONG_TRY(throng_i_alloc(context, most + n, sizeof *worths, &worths, err));
    THRONG_TRY(sweep(context, game, values, worths, worths + most, strategy, err));
    memcpy(values, worths + most, (size_t)n * sizeof *values);
out:
    throng_i_free(context, worths);
    return status;
}

throng_status throng_solver_markov_plan(throng_context *context, const throng_markov *game, double *strategy,
                                        double *values, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = throng_markov_states(game);
    double *before = NULL, changed = HUGE_VAL, largest = 0.0;
    THRONG_TRY(require_solvable(game, err));
    if (throng_markov_players(game) == 1) /* nobody to respond to: the best there is */
        return throng_markov_best(game, 0, strategy, values, strategy, err);
    THRONG_TRY(throng_i_alloc(context, n, sizeof *before, &before, err));
    THRONG_TRY(throng_markov_best(game, 0, strategy, values, NULL, err));
    for (int round = 0; round < ROUNDS_MOST && changed > SETTLED * largest; round++) {
        memcpy(before, values, (size_t)n * sizeof *values);
        THRONG_TRY(throng_solver_markov_sweep(context, game, values, strategy, err));
        THRONG_TRY(throng_markov_best(game, 0, strategy, values, NULL, err));
        changed = largest = 0.0;
        for (int s = 0; s < n; s++) {
            changed = fmax(changed, fabs(values[s] - before[s]));
            largest = fmax(largest, fabs(values[s]));
        }
    }
    /* The strategies are those of the last matrices, both. */
    THRONG_TRY(throng_solver_markov_sweep(context, game, values, strategy, err));
out:
    throng_i_free(context, before);
    return status;
}

/* ---- with entropy ---------------------------------------------------------------------------------------------- */

/* One state's matrix, the first player's action changing fastest. Arrays have the first player's actions, then the
 * second's: policies, their logs, what actions are worth, and room. */
typedef struct stage {
    int n[2];
    double temperature, low, range; /* of the payoffs */
    const double *payoffs;
    double *play, *logs, *worths, *room;
} stage;

static void find_worths(const stage *it) {
    int rows = it->n[0];
    memset(it->worths, 0, (size_t)(rows + it->n[1]) * sizeof *it->worths);
    for (int c = 0; c < it->n[1]; c++)
        for (int r = 0; r < rows; r++) {
            double payoff = it->payoffs[r + (int64_t)c * rows] - it->low;
            it->worths[r] += it->play[rows + c] * payoff;
            it->worths[rows + c] -= it->play[r] * payoff;
        }
}

/* From the logs, by the worths, to new logs and play. @param out the logs, or room */
static void move(const stage *it, double *out) {
    double eta = 2.0 * it->temperature / it->range, keep = 1.0 / (1.0 + eta);
    for (int a = 0; a < it->n[0] + it->n[1]; a++)
        out[a] = keep * (it->logs[a] + eta / it->temperature * it->worths[a]);
    throng_simplex_softmax(it->n[0], out, it->play);
    throng_simplex_softmax(it->n[1], out + it->n[0], it->play + it->n[0]);
}

/* What both would gain by the best they could do against the other's play, entropies counted. */
static double gain_in(const stage *it) {
    double sum = 0.0;
    for (int p = 0, first = 0; p < 2; first += it->n[p++]) {
        for (int a = first; a < first + it->n[p]; a++) {
            it->room[a] = it->worths[a] / it->temperature;
            sum += it->play[a] > 0.0 ? it->play[a] * (log(it->play[a]) - it->room[a]) : 0.0;
        }
        sum += throng_simplex_log_sum_exp(it->n[p], it->room + first);
    }
    return it->temperature * sum;
}

/* Mirror prox, from uniform play: the gain shrinks by 1 + 4 temperature / range, or more, in each step. */
static bool settle(const stage *it) {
    memset(it->logs, 0, (size_t)(it->n[0] + it->n[1]) * sizeof *it->logs);
    throng_simplex_softmax(it->n[0], it->logs, it->play);
    throng_simplex_softmax(it->n[1], it->logs + it->n[0], it->play + it->n[0]);
    for (int64_t step = 0; step < SMOOTH_STEPS && it->range > 0.0; step++) {
        find_worths(it);
        if (gain_in(it) <= SMOOTH_GAP * it->range)
            return true;
        move(it, it->room);
        find_worths(it);
        move(it, it->logs);
    }
    return it->range <= 0.0;
}

static throng_status smooth_matrix(const throng_markov *game, int state, double temperature, double *worths,
                                   double *strategy, throng_error *err) {
    int64_t n = throng_markov_first_cell(game, state + 1) - throng_markov_first_cell(game, state);
    double high = -HUGE_VAL;
    stage it = {.n = {throng_markov_actions(game, state, 0), throng_markov_actions(game, state, 1)},
                .temperature = temperature,
                .low = HUGE_VAL,
                .payoffs = worths,
                .play = worths + n};
    int both = it.n[0] + it.n[1];
    it.logs = it.play + both;
    it.worths = it.logs + both;
    it.room = it.worths + both;
    for (int64_t c = 0; c < n; c++) {
        it.low = fmin(it.low, worths[c]);
        high = fmax(high, worths[c]);
    }
    it.range = high - it.low;
    if (!settle(&it))
        return THRONG_FAIL(err, E_NOT_CONVERGED,
                           "State \"%.40s\": a temperature of %g is too low to smooth worths from %g to %g.",
                           throng_markov_state_name(game, state), temperature, it.low, high);
    for (int p = 0; p < 2; p++)
        memcpy(strategy + throng_markov_first(game, state, p), it.play + (p ? it.n[0] : 0),
               (size_t)it.n[p] * sizeof *strategy);
    return THRONG_OK;
}

/* @param room [cells + 4 (actions of both)], of the state */
static throng_status smooth_state(const throng_markov *game, int state, const double *values, double temperature,
                                  double *room, double *strategy, throng_error *err) {
    int64_t first = throng_markov_first_cell(game, state), n = throng_markov_first_cell(game, state + 1) - first;
    for (int64_t c = 0; c < n; c++)
        room[c] = throng_markov_worth(game, first + c, 0, values);
    if (throng_markov_players(game) == 2)
        return smooth_matrix(game, state, temperature, room, strategy, err);
    for (int64_t a = 0; a < n; a++)
        room[a] /= temperature;
    throng_simplex_softmax(n, room, strategy + throng_markov_first(game, state, 0));
    return THRONG_OK;
}

throng_status throng_solver_markov_smooth(throng_context *context, const throng_markov *game, const double *values,
                                          double temperature, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t most = most_cells(game);
    double *room = NULL;
    THRONG_TRY(require_solvable(game, err));
    THRONG_REQUIRE(temperature > 0.0 && isfinite(temperature), E_ARGUMENT, "A temperature must be above 0, got %g.",
                   temperature);
    /* rows + columns <= rows * columns + 1 */
    THRONG_TRY(throng_i_alloc(context, most + 4 * (most + 1), sizeof *room, &room, err));
    for (int s = 0; s < throng_markov_states(game); s++)
        THRONG_TRY(smooth_state(game, s, values, temperature, room, strategy, err));
out:
    throng_i_free(context, room);
    return status;
}
