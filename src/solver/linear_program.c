/*
 * Two players, constant sum: what to play as a linear program over plans (von Stengel 1996,
 * doi 10.1006/game.1996.0050).
 *
 * Player 1 chooses a plan x, and numbers v for the information sets of player 2 and for the whole game, so as to make
 * the game's v large. v is what player 1 gets when player 2 does their worst from there on:
 *
 *     for each sequence s of player 2:  v(set of s) - sum of v over the sets that come right after s
 *                                         <= sum over sequences r of player 1 of payoff(r, s) x(r)
 *     for each set of player 1:         the x of its actions add up to the x that leads there;  x(nothing yet) = 1
 *
 * The rows' prices are player 2's plan.
 */
#include "game/tree.h"
#include "throng/solver.h"

#include <coin/Clp_C_Interface.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define PLAYER 0 /* whose plan is x */
#define OTHER  1

/* The program: columns are sequences of PLAYER, then v of the game, then v of sets of OTHER; rows are sequences of
 * OTHER, then sets of PLAYER. Sequence 0 is both players'. */
typedef struct program {
    const throng_tree *tree;
    throng_context *context;
    int *place;     /* [sequences] column or row of a sequence, of whose it is; place[0] is 0 for both */
    int *set_place; /* [sets] row or column of a set */
    int n_columns, n_rows, v;
    int64_t n_entries, cap;
    int *row, *column;
    double *entry;
    /* by columns, as CLP takes it */
    CoinBigIndex *start;
    int *index;
    double *value, *low, *high, *row_low, *row_high, *objective;
} program;

static void lay_out(program *self) {
    const throng_tree *tree = self->tree;
    int n[2] = {1, 1};
    for (int i = 0; i < tree->n_sets; i++)
        for (int a = 0; a < tree->sets[i].n_actions; a++)
            self->place[tree->sets[i].first + a] = n[tree->sets[i].player]++;
    self->v = n[PLAYER];
    self->n_columns = self->v + 1;
    self->n_rows = n[OTHER];
    for (int i = 0; i < tree->n_sets; i++)
        self->set_place[i] = tree->sets[i].player == OTHER ? self->n_columns++ : self->n_rows++;
}

static void put(program *self, int row, int column, double value) {
    self->row[self->n_entries] = row;
    self->column[self->n_entries] = column;
    self->entry[self->n_entries++] = value;
}

/* Payoffs are scaled to about 1, which changes no strategy: what CLP takes for 0 is not for it to say. By a power of 2,
 * which rounds nothing. */
static void write_entries(program *self) {
    const throng_tree *tree = self->tree;
    double largest = DBL_MIN;
    for (int64_t i = 0; i < tree->paid.n; i++)
        largest = fmax(largest, fabs(tree->paid_amount[2 * i + PLAYER]));
    double scale = exp2(-ilogb(largest));
    put(self, 0, self->v, 1.0);
    for (int i = 0; i < tree->n_sets; i++) {
        const throng_i_set *set = &tree->sets[i];
        int at = self->set_place[i], before = self->place[set->before];
        if (set->player == OTHER)
            put(self, before, at, -1.0);
        else
            put(self, at, before, -1.0);
        for (int a = 0; a < set->n_actions; a++) {
            int place = self->place[set->first + a];
            if (set->player == OTHER)
                put(self, place, at, 1.0);
            else
                put(self, at, place, 1.0);
        }
    }
    for (int64_t i = 0; i < tree->paid.n; i++)
        put(self, self->place[tree->paid.sequence[2 * i + OTHER]], self->place[tree->paid.sequence[2 * i + PLAYER]],
            -scale * tree->paid_amount[2 * i + PLAYER]);
}

/* By columns; payoffs of the same pair of sequences, which come at several nodes, are added up. */
static throng_status sort_entries(program *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int *seen = NULL;
    int64_t *next = NULL, *order = NULL;
    int n = self->n_columns;
    THRONG_TRY(throng_i_alloc(self->context, self->n_rows, sizeof *seen, &seen, err));
    THRONG_TRY(throng_i_alloc(self->context, n + 1, sizeof *next, &next, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_entries, sizeof *order, &order, err));
    for (int64_t k = 0; k < self->n_entries; k++)
        next[self->column[k] + 1]++;
    for (int c = 0; c < n; c++)
        next[c + 1] += next[c];
    for (int64_t k = 0; k < self->n_entries; k++)
        order[next[self->column[k]]++] = k;
    int used = 0;
    int64_t k = 0;
    for (int c = 0; c < n; c++) {
        self->start[c] = used;
        for (; k < next[c]; k++) {
            int row = self->row[order[k]];
            if (seen[row] <= self->start[c]) { /* where it is in this column, plus 1 */
                self->index[used] = row;
                seen[row] = ++used;
            }
            self->value[seen[row] - 1] += self->entry[order[k]];
        }
    }
    self->start[n] = used;
out:
    throng_i_free(self->context, seen);
    throng_i_free(self->context, next);
    throng_i_free(self->context, order);
    return status;
}

static void set_bounds(program *self) {
    for (int c = 0; c < self->n_columns; c++) {
        self->low[c] = c < self->v ? 0.0 : -DBL_MAX;
        self->high[c] = c == 0 ? 1.0 : DBL_MAX;
    }
    self->low[0] = 1.0;
    self->objective[self->v] = 1.0;
    int others = 1;
    for (int i = 0; i < self->tree->n_sets; i++)
        others += self->tree->sets[i].player == OTHER ? self->tree->sets[i].n_actions : 0;
    for (int r = 0; r < others; r++)
        self->row_low[r] = -DBL_MAX; /* the rest, sets of PLAYER, are 0 = ... = 0 */
}

static void set_up(Clp_Simplex *model) {
    Clp_setLogLevel(model, 0);
    Clp_setObjSense(model, -1.0);
    Clp_setPrimalTolerance(model, 1e-9);
    Clp_setDualTolerance(model, 1e-9);
}

/* Plans from the program's solution; what is a hair below 0 is 0. */
static throng_status run(program *self, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_tree *tree = self->tree;
    Clp_Simplex *model = Clp_newModel();
    THRONG_REQUIRE(model, E_MEMORY, "No memory for the linear program.");
    Clp_loadProblem(model, self->n_columns, self->n_rows, self->start, self->index, self->value, self->low, self->high,
                    self->objective, self->row_low, self->row_high);
    set_up(model);
    int result = Clp_initialSolve(model);
    THRONG_REQUIRE(result == 0 && Clp_status(model) == 0, E_NOT_CONVERGED,
                   "The linear program of \"%.60s\" was not solved (CLP's status %d).", tree->name, Clp_status(model));
    const double *x = Clp_primalColumnSolution(model), *price = Clp_dualRowSolution(model);
    for (int i = 0; i < tree->n_sets; i++)
        for (int s = tree->sets[i].first; s < tree->sets[i].first + tree->sets[i].n_actions; s++) {
            double plan = tree->sets[i].player == PLAYER ? x[self->place[s]] : fabs(price[self->place[s]]);
            strategy[s] = plan > 1e-12 ? plan : 0.0;
        }
    throng_tree_strategy(tree, strategy, strategy);
out:
    if (model)
        Clp_deleteModel(model);
    return status;
}

static throng_status allocate(program *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    const throng_tree *tree = self->tree;
    THRONG_TRY(throng_i_alloc(context, tree->n_sequences, sizeof(int), &self->place, err));
    THRONG_TRY(throng_i_alloc(context, tree->n_sets, sizeof(int), &self->set_place, err));
    lay_out(self);
    self->cap = 1 + tree->n_sets + tree->n_sequences + tree->paid.n;
    THRONG_REQUIRE(self->cap < INT32_MAX, E_UNSUPPORTED, "\"%.60s\" is too large for a linear program: take cfr-plus.",
                   tree->name);
    THRONG_TRY(throng_i_alloc(context, self->cap, sizeof(int), &self->row, err));
    THRONG_TRY(throng_i_alloc(context, self->cap, sizeof(int), &self->column, err));
    THRONG_TRY(throng_i_alloc(context, self->cap, sizeof(double), &self->entry, err));
    THRONG_TRY(throng_i_alloc(context, self->n_columns + 1, sizeof(CoinBigIndex), &self->start, err));
    THRONG_TRY(throng_i_alloc(context, self->cap, sizeof(int), &self->index, err));
    THRONG_TRY(throng_i_alloc(context, self->cap, sizeof(double), &self->value, err));
    THRONG_TRY(throng_i_alloc(context, self->n_columns, sizeof(double), &self->low, err));
    THRONG_TRY(throng_i_alloc(context, self->n_columns, sizeof(double), &self->high, err));
    THRONG_TRY(throng_i_alloc(context, self->n_columns, sizeof(double), &self->objective, err));
    THRONG_TRY(throng_i_alloc(context, self->n_rows, sizeof(double), &self->row_low, err));
    THRONG_TRY(throng_i_alloc(context, self->n_rows, sizeof(double), &self->row_high, err));
out:
    return status;
}

static void clear(program *self) {
    void *const all[] = {self->place,     self->set_place, self->row,     self->column, self->entry,
                         self->start,     self->index,     self->value,   self->low,    self->high,
                         self->objective, self->row_low,   self->row_high};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        throng_i_free(self->context, all[i]);
}

throng_status throng_solver_linear_program(const throng_tree *tree, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    program it = {.tree = tree, .context = tree->context};
    THRONG_REQUIRE(tree->n_players == 2 && tree->constant_sum && tree->forgotten < 0, E_UNSUPPORTED,
                   "A linear program solves games of two players, constant sum and perfect recall: \"%.60s\" is none. "
                   "Take cfr-plus or fictitious-play.",
                   tree->name);
    THRONG_TRY(allocate(&it, err));
    write_entries(&it);
    THRONG_TRY(sort_entries(&it, err));
    set_bounds(&it);
    THRONG_TRY(run(&it, strategy, err));
out:
    clear(&it);
    return status;
}

/* ---- one matrix ------------------------------------------------------------------------------------------------ */

#define ROUNDING 1e-14 /* of the largest payoff */

/* Whether nobody gains by mixing: the best of the rows' worst is the best of the columns'. */
static bool find_saddle(int n_rows, int n_columns, const double *payoffs, int *row, int *column) {
    double surely = -DBL_MAX, at_most = DBL_MAX, largest = 0.0;
    for (int r = 0; r < n_rows; r++) {
        double least = DBL_MAX;
        for (int c = 0; c < n_columns; c++)
            least = fmin(least, payoffs[r + n_rows * c]);
        if (least > surely) {
            surely = least;
            *row = r;
        }
    }
    for (int c = 0; c < n_columns; c++) {
        double most = -DBL_MAX;
        for (int r = 0; r < n_rows; r++) {
            most = fmax(most, payoffs[r + n_rows * c]);
            largest = fmax(largest, fabs(payoffs[r + n_rows * c]));
        }
        if (most < at_most) {
            at_most = most;
            *column = c;
        }
    }
    return at_most - surely <= ROUNDING * largest;
}

/* What is a hair below 0 is 0; the rest adds up to 1. */
static void normalise(const double *from, int n, double *out) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += out[i] = fabs(from[i]) > 1e-12 ? fabs(from[i]) : 0.0;
    for (int i = 0; i < n; i++)
        out[i] /= sum;
}

/* To 1..2, which changes no strategy: entries beside 0, which rounding leaves, lead CLP astray. */
static void scale(int64_t n, const double *payoffs, double *out) {
    double least = DBL_MAX, most = -DBL_MAX;
    for (int64_t i = 0; i < n; i++) {
        least = fmin(least, payoffs[i]);
        most = fmax(most, payoffs[i]);
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = 1.0 + (payoffs[i] - least) / (most - least);
}

/* Columns of the program are the first player's actions, then what they are sure of; its rows are the second player's,
 * then that the first's add up to 1. */
static throng_status mix(int n_rows, int n_columns, const double *payoffs, double *room, int *index, double *row,
                         double *column, throng_error *err) {
    throng_status status = THRONG_OK;
    double *value = room, *low = value + (n_rows + 1) * (n_columns + 1), *high = low + n_rows + 1;
    double *objective = high + n_rows + 1, *row_low = objective + n_rows + 1, *row_high = row_low + n_columns + 1;
    CoinBigIndex *start = index + (n_rows + 1) * (n_columns + 1);
    Clp_Simplex *model = Clp_newModel();
    THRONG_REQUIRE(model, E_MEMORY, "No memory for the linear program.");
    for (int r = 0; r <= n_rows; r++) {
        start[r] = r * (n_columns + 1);
        low[r] = r < n_rows ? 0.0 : -DBL_MAX;
        high[r] = DBL_MAX;
        objective[r] = r < n_rows ? 0.0 : 1.0;
        for (int c = 0; c <= n_columns; c++) {
            index[start[r] + c] = c;
            value[start[r] + c] = r == n_rows     ? (c < n_columns ? 1.0 : 0.0)
                                  : c < n_columns ? -payoffs[r + n_rows * c]
                                                  : 1.0;
        }
    }
    start[n_rows + 1] = (n_rows + 1) * (n_columns + 1);
    for (int c = 0; c <= n_columns; c++) {
        row_low[c] = c < n_columns ? -DBL_MAX : 1.0;
        row_high[c] = c < n_columns ? 0.0 : 1.0;
    }
    Clp_loadProblem(model, n_rows + 1, n_columns + 1, start, index, value, low, high, objective, row_low, row_high);
    set_up(model);
    Clp_scaling(model, 0);
    THRONG_REQUIRE(Clp_primal(model, 0) == 0 && Clp_status(model) == 0, E_NOT_CONVERGED,
                   "The linear program of a matrix of %d x %d payoffs was not solved (CLP's status %d).", n_rows,
                   n_columns, Clp_status(model));
    normalise(Clp_primalColumnSolution(model), n_rows, row);
    normalise(Clp_dualRowSolution(model), n_columns, column);
out:
    if (model)
        Clp_deleteModel(model);
    return status;
}

throng_status throng_solver_matrix_game(throng_context *context, int n_rows, int n_columns, const double *payoffs,
                                        double *row, double *column, double *value, throng_error *err) {
    throng_status status = THRONG_OK;
    int pure[2] = {0, 0}, *index = NULL;
    double *room = NULL, *scaled = NULL, worth = 0.0;
    if (find_saddle(n_rows, n_columns, payoffs, &pure[0], &pure[1])) {
        for (int r = 0; r < n_rows; r++)
            row[r] = r == pure[0] ? 1.0 : 0.0;
        for (int c = 0; c < n_columns; c++)
            column[c] = c == pure[1] ? 1.0 : 0.0;
        *value = payoffs[pure[0] + n_rows * pure[1]];
        return THRONG_OK;
    }
    int64_t entries = (int64_t)(n_rows + 1) * (n_columns + 1);
    THRONG_REQUIRE(entries < INT32_MAX / 2, E_UNSUPPORTED, "A matrix of %d x %d payoffs is too large.", n_rows,
                   n_columns);
    THRONG_TRY(throng_i_alloc(context, entries + 3 * (int64_t)(n_rows + 1) + 2 * (int64_t)(n_columns + 1), sizeof *room,
                              &room, err));
    THRONG_TRY(throng_i_alloc(context, entries, sizeof *scaled, &scaled, err));
    THRONG_TRY(throng_i_alloc(context, entries + n_rows + 2, sizeof *index, &index, err));
    scale((int64_t)n_rows * n_columns, payoffs, scaled);
    THRONG_TRY(mix(n_rows, n_columns, scaled, room, index, row, column, err));
    for (int c = 0; c < n_columns; c++)
        for (int r = 0; r < n_rows; r++)
            worth += row[r] * column[c] * payoffs[r + n_rows * c];
    *value = worth;
out:
    throng_i_free(context, index);
    throng_i_free(context, scaled);
    throng_i_free(context, room);
    return status;
}
