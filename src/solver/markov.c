/* Markov games of one player, or of two and zero sum: sweeps and the exact plan. */
#include "core/core.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

#define ROUNDS_MOST 1000 /* of Hoffman and Karp; a dozen is many */
#define SETTLED     1e-12

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
