/* Strategies by name, and tables of them. */
#include "throng/strategy.h"
#include "core/core.h"
#include "table/offer.h"
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- one row --------------------------------------------------------------------------------------------------- */

/* The first of "raise|call" that a row has; -1: none. */
static int find_action(const throng_problem *problem, int64_t row, const char *wanted) {
    const throng_problem_kind *kind = problem->kind;
    int n = kind->row(problem->game, row).n_actions;
    for (const char *at = wanted; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        size_t length = strcspn(at, "|");
        for (int a = 0; a < n; a++) {
            const char *name = kind->action_name(problem->game, row, a);
            if (strlen(name) == length && strncmp(name, at, length) == 0)
                return a;
        }
    }
    return -1;
}

static throng_status fail_action(const throng_problem *problem, int64_t index, const char *wanted, throng_error *err) {
    const throng_problem_kind *kind = problem->kind;
    throng_problem_row row = kind->row(problem->game, index);
    const char *names[32];
    char hint[200];
    int n = 0;
    for (; n < row.n_actions && n < 32; n++)
        names[n] = kind->action_name(problem->game, index, n);
    throng_suggest(wanted, names, n, hint, sizeof hint);
    return THRONG_FAIL(err, E_ARGUMENT,
                       "At \"%.40s\" %.40s has no action \"%.60s\".%s Others may follow it: %.40s|%.40s.", row.name,
                       kind->player_name(problem->game, row.player), wanted, hint, wanted, names[0]);
}

static throng_status fill_always(const throng_problem *problem, const char *action, int player, double *strategy,
                                 throng_error *err) {
    const throng_problem_kind *kind = problem->kind;
    for (int64_t i = 0; i < kind->rows(problem->game); i++) {
        throng_problem_row row = kind->row(problem->game, i);
        if (player >= 0 && row.player != player)
            continue;
        int chosen = find_action(problem, i, action);
        if (chosen < 0)
            return fail_action(problem, i, action, err);
        for (int a = 0; a < row.n_actions; a++)
            strategy[row.first + a] = a == chosen ? 1.0 : 0.0;
    }
    return THRONG_OK;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

typedef struct policy_table {
    const char *path;
    int64_t n;
    throng_column_view set, action, probability, player; /* the last two have name NULL if they are not there */
} policy_table;

/* Whether a name is what a pattern with * and ? says. */
static bool fits(const char *pattern, const char *name) {
    const char *star = NULL, *from = NULL; /* where to go on if what follows the last * does not fit */
    while (*name)
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* Whether a row of the table speaks of an information set, by its name or by a pattern. */
static bool speaks_of(const policy_table *self, int64_t at, const throng_problem_row *row, bool pattern) {
    char number[32];
    const char *set = throng_i_cell_word(&self->set, at, number);
    if (self->player.name && throng_i_cell_number(&self->player, at) != row->player + 1.0)
        return false;
    return pattern ? fits(set, row->name) : strcmp(set, row->name) == 0;
}

/* The first row that does: by its name, from `from` on and then from the start, else by a pattern. */
static int64_t find_rows(const policy_table *self, const throng_problem_row *row, int64_t from) {
    for (int64_t k = 0; k < self->n; k++)
        if (speaks_of(self, (from + k) % self->n, row, false))
            return (from + k) % self->n;
    int64_t at = 0;
    while (at < self->n && !speaks_of(self, at, row, true))
        at++;
    return at;
}

/* Adds up what the table's rows for `set`, from `first` on, say of an information set. @param last out: behind them */
static throng_status add_rows(const policy_table *self, const throng_problem *problem, int64_t index, int64_t first,
                              double *strategy, int64_t *last, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_problem_row row = problem->kind->row(problem->game, index);
    char one[32], other[32], number[32];
    double sum = 0.0;
    const char *set = throng_i_cell_word(&self->set, first, one);
    for (int a = 0; a < row.n_actions; a++)
        strategy[row.first + a] = 0.0;
    for (*last = first; *last < self->n && strcmp(throng_i_cell_word(&self->set, *last, other), set) == 0; ++*last) {
        if (!speaks_of(self, *last, &row, true)) /* of another player */
            break;
        const char *action = throng_i_cell_word(&self->action, *last, number);
        double probability = self->probability.name ? throng_i_cell_number(&self->probability, *last) : 1.0;
        int a = find_action(problem, index, action);
        THRONG_REQUIRE(probability >= 0.0 && probability <= 1e300, E_FORMAT,
                       "%s, row %lld: a probability must not be below 0, got %g.", self->path, (long long)*last + 1,
                       probability);
        if (a < 0)
            THRONG_TRY(fail_action(problem, index, action, err));
        strategy[row.first + a] += probability;
        sum += probability;
    }
    THRONG_REQUIRE(sum > 0.0, E_FORMAT, "%s: the probabilities at \"%.60s\" are all 0.", self->path, set);
    for (int a = 0; a < row.n_actions; a++)
        strategy[row.first + a] /= sum;
out:
    return status;
}

static throng_status fill_rows(const policy_table *self, const throng_problem *problem, int player, double *strategy,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = problem->kind;
    int64_t next = 0; /* where tables that were written here go on */
    for (int64_t i = 0; i < kind->rows(problem->game); i++) {
        throng_problem_row row = kind->row(problem->game, i);
        if (player >= 0 && row.player != player)
            continue;
        int64_t at = find_rows(self, &row, next);
        THRONG_REQUIRE(at < self->n, E_ARGUMENT, "%s says nothing about what %.40s does at \"%.60s\".", self->path,
                       kind->player_name(problem->game, row.player), row.name);
        THRONG_TRY(add_rows(self, problem, i, at, strategy, &next, err));
    }
out:
    return status;
}

static throng_status fill_from_table(throng_context *context, const throng_problem *problem, const char *path,
                                     int player, double *strategy, throng_error *err) {
    static const throng_column_request requests[] = {{"set", THRONG_ROLE_LINK},
                                                     {"action", THRONG_ROLE_KEY},
                                                     {"probability", THRONG_ROLE_NUMBER},
                                                     {"player", THRONG_ROLE_NUMBER}};
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    policy_table self = {.path = path};
    int n = 5;
    do /* the last two need not be there */
        status = throng_table_read(context, &path, 1, requests, --n, NULL, &table, err);
    while (status == THRONG_E_COLUMN && n > 2);
    if (status != THRONG_OK)
        goto out;
    self.n = throng_table_rows(table);
    self.set = throng_table_column(table, 0);
    self.action = throng_table_column(table, 1);
    self.probability = throng_table_column(table, 2); /* name NULL beyond the last */
    self.player = throng_table_column(table, 3);
    THRONG_TRY(fill_rows(&self, problem, player, strategy, err));
out:
    throng_table_free(table);
    return status;
}

/* ---- solvers and best responses -------------------------------------------------------------------------------- */

static void copy_rows(const throng_problem *problem, const double *from, int player, double *to) {
    for (int64_t i = 0; i < problem->kind->rows(problem->game); i++) {
        throng_problem_row row = problem->kind->row(problem->game, i);
        if (player < 0 || row.player == player)
            memcpy(to + row.first, from + row.first, (size_t)row.n_actions * sizeof *to);
    }
}

static throng_status fill_solved(throng_context *context, const throng_problem *problem, const char *spec, int player,
                                 uint64_t seed, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_solution *solution = NULL;
    char solver[THRONG_I_SPEC_LENGTH], *at, *end = NULL;
    throng_solve_def def = {.solver = solver, .seed = seed};
    int64_t before = problem->kind->numbers(problem->game);
    THRONG_REQUIRE(strlen(spec) < sizeof solver, E_ARGUMENT, "The solver is longer than %d characters.",
                   THRONG_I_SPEC_LENGTH - 1);
    strcpy(solver, spec);
    at = strchr(solver, '@');
    if (at) {
        *at++ = '\0';
        def.iterations = strtoll(at, &end, 10);
        def.tolerance = -1.0; /* so many, not until it is good */
        THRONG_REQUIRE(end != at && !*end && def.iterations >= 1, E_ARGUMENT,
                       "solver:%.60s: behind @ stands how many iterations, got \"%.40s\".", solver, at);
    }
    THRONG_TRY(throng_solve(context, problem, &def, &solution, err));
    int64_t n = problem->kind->numbers(problem->game);
    THRONG_REQUIRE(n == before, E_UNSUPPORTED,
                   "solver:%.60s looks at %.60s in its own way, by %lld numbers, and there are %lld: take it as the "
                   "solver, or one that looks at as many agents.",
                   solver, problem->kind->name(problem->game), (long long)n, (long long)before);
    copy_rows(problem, throng_solution_strategy(solution), player, strategy);
out:
    throng_solution_free(solution);
    return status;
}

static throng_status fill_best(throng_context *context, const throng_problem *problem, int player, double *strategy,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    double *room = NULL;
    const throng_tree *tree = problem->kind->form == THRONG_GAME_FORM_TREE ? problem->game : NULL;
    THRONG_REQUIRE(tree, E_UNSUPPORTED, "best-response is for games that are trees, which %.60s is not.",
                   problem->kind->name(problem->game));
    THRONG_REQUIRE(player >= 0, E_ARGUMENT, "best-response is against the others: not everybody can play it.");
    int64_t n = throng_tree_sequences(tree);
    THRONG_TRY(throng_i_alloc(context, 3 * n, sizeof *room, &room, err));
    double *plan = room, *worth = room + n, *best = room + 2 * n;
    throng_tree_uniform(tree, best);
    copy_rows(problem, best, player, strategy);
    THRONG_TRY(throng_tree_gap(tree, strategy, NULL, NULL, err)); /* refuses trees where somebody forgets */
    throng_tree_plan(tree, strategy, plan);
    throng_tree_best(tree, player, plan, worth, best);
    copy_rows(problem, best, player, strategy);
out:
    throng_i_free(context, room);
    return status;
}

/* ---- by name --------------------------------------------------------------------------------------------------- */

static throng_status fail_policy(const char *policy, throng_error *err) {
    static const char *const names[] = {"uniform", "always:ACTION", "solver:cfr-plus", "best-response"};
    char hint[200];
    throng_suggest(policy, names, 4, hint, sizeof hint);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no policy \"%.100s\", and no file of that name.%s", policy, hint);
}

throng_status throng_strategy_fill(throng_context *context, const throng_problem *problem, const char *policy,
                                   int player, uint64_t seed, double *strategy, throng_error *err) {
    throng_status status = THRONG_OK;
    char *path = NULL;
    double *uniform = NULL;
    struct stat is;
    if (strcmp(policy, "uniform") == 0) {
        THRONG_TRY(throng_i_alloc(context, problem->kind->numbers(problem->game), sizeof *uniform, &uniform, err));
        problem->kind->start(problem->game, uniform);
        copy_rows(problem, uniform, player, strategy);
    } else if (strncmp(policy, "always:", 7) == 0) {
        status = fill_always(problem, policy + 7, player, strategy, err);
    } else if (strncmp(policy, "solver:", 7) == 0) {
        status = fill_solved(context, problem, policy + 7, player, seed, strategy, err);
    } else if (strcmp(policy, "best-response") == 0) {
        status = fill_best(context, problem, player, strategy, err);
    } else if (throng_i_is_offered(policy)) {
        status = fill_from_table(context, problem, policy, player, strategy, err);
    } else if (stat(policy, &is) == 0) {
        THRONG_TRY(throng_i_print(context, &path, err, "%s%s", policy, S_ISDIR(is.st_mode) ? "/strategy.parquet" : ""));
        status = fill_from_table(context, problem, path, player, strategy, err);
    } else {
        status = fail_policy(policy, err);
    }
out:
    throng_i_free(context, path);
    throng_i_free(context, uniform);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

throng_status throng_strategy_write(throng_context *context, const throng_problem *problem, const double *strategy,
                                    const char *path, bool force, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = problem->kind;
    throng_table *table = NULL;
    const char **names = NULL;
    void *players = NULL, *probabilities = NULL;
    int64_t n = 0, at = 0;
    for (int64_t i = 0; i < kind->rows(problem->game); i++)
        n += kind->row(problem->game, i).n_actions;
    THRONG_TRY(throng_i_alloc(context, 2 * n, sizeof *names, &names, err));
    THRONG_TRY(throng_table_create(context, n, &table, err));
    THRONG_TRY(throng_table_add(table, "player", THRONG_TYPE_INT32, &players, err));
    for (int64_t i = 0; i < kind->rows(problem->game); i++) {
        throng_problem_row row = kind->row(problem->game, i);
        for (int a = 0; a < row.n_actions; a++, at++) {
            ((int32_t *)players)[at] = row.player + 1;
            names[at] = row.name;
            names[n + at] = kind->action_name(problem->game, i, a);
        }
    }
    THRONG_TRY(throng_table_add_text(table, "set", names, err));
    THRONG_TRY(throng_table_add_text(table, "action", names + n, err));
    THRONG_TRY(throng_table_add(table, "probability", THRONG_TYPE_FLOAT64, &probabilities, err));
    at = 0;
    for (int64_t i = 0; i < kind->rows(problem->game); i++) {
        throng_problem_row row = kind->row(problem->game, i);
        memcpy((double *)probabilities + at, strategy + row.first, (size_t)row.n_actions * sizeof *strategy);
        at += row.n_actions;
    }
    THRONG_TRY(throng_table_write(table, path, force, err));
out:
    throng_table_free(table);
    throng_i_free(context, names);
    return status;
}
