/* Operators that are means of components, and how solvers see them. */
#include "throng/operator.h"
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct throng_operator {
    throng_context *context;
    throng_operator_def def;
    char *name;
    double *data;
};

throng_status throng_operator_create(throng_context *context, const throng_operator_def *def, double **data,
                                     throng_operator **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_operator *self = NULL;
    THRONG_REQUIRE(def->n_components >= 1 && def->n_numbers >= 1, E_ARGUMENT,
                   "An operator has at least one component and one number, got %lld and %d.",
                   (long long)def->n_components, def->n_numbers);
    THRONG_REQUIRE(def->lipschitz > 0.0 && isfinite(def->lipschitz), E_ARGUMENT,
                   "The Lipschitz constant must be positive and finite, got %g.", def->lipschitz);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->def = *def;
    THRONG_TRY(throng_i_copy_text(context, def->name, &self->name, err));
    self->def.name = self->name;
    THRONG_TRY(throng_i_alloc(context, def->n_data, sizeof *self->data, &self->data, err));
    *data = self->data;
    *out = self;
    self = NULL;
out:
    throng_operator_free(self);
    return status;
}

void throng_operator_free(throng_operator *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->data);
    throng_i_free(self->context, self);
}

const throng_operator_def *throng_operator_about(const throng_operator *self) {
    return &self->def;
}

void throng_operator_add(const throng_operator *self, int64_t i, const double *u, double weight, double *out,
                         int64_t *calls) {
    self->def.add(self->data, self->def.n_numbers, i, u, weight, out);
    if (calls)
        ++*calls;
}

void throng_operator_full(const throng_operator *self, const double *u, double *out, int64_t *calls) {
    int64_t n = self->def.n_components;
    memset(out, 0, (size_t)self->def.n_numbers * sizeof *out);
    for (int64_t i = 0; i < n; i++)
        throng_operator_add(self, i, u, 1.0 / (double)n, out, calls);
}

void throng_operator_project(const throng_operator *self, double *u) {
    if (self->def.project)
        self->def.project(self->data, self->def.n_numbers, u);
}

throng_status throng_operator_residual(const throng_operator *self, const double *u, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double *f = NULL, *to = NULL, sum = 0.0;
    int n = self->def.n_numbers;
    THRONG_TRY(throng_i_alloc(self->context, 2 * (int64_t)n, sizeof *f, &f, err));
    to = f + n;
    throng_operator_full(self, u, f, NULL);
    for (int j = 0; j < n; j++)
        to[j] = u[j] - f[j] / self->def.lipschitz;
    throng_operator_project(self, to);
    for (int j = 0; j < n; j++) {
        double way = self->def.project ? self->def.lipschitz * (u[j] - to[j]) : f[j];
        sum += way * way;
    }
    *out = sqrt(sum);
out:
    throng_i_free(self->context, f);
    return status;
}

/* ---- as a problem ---------------------------------------------------------------------------------------------- */

static const char *problem_name(const void *game) {
    return throng_operator_about(game)->name;
}

static int problem_players(const void *game) {
    (void)game;
    return 0;
}

static const char *problem_player_name(const void *game, int player) {
    (void)game;
    (void)player;
    return "";
}

static int64_t problem_numbers(const void *game) {
    return throng_operator_about(game)->n_numbers;
}

static int64_t problem_rows(const void *game) {
    (void)game;
    return 1;
}

static throng_problem_row problem_row(const void *game, int64_t row) {
    (void)row;
    return (throng_problem_row){.n_actions = throng_operator_about(game)->n_numbers, .name = "u"};
}

static const char *problem_action_name(const void *game, int64_t row, int action) {
    (void)game;
    (void)row;
    (void)action;
    return "";
}

static void problem_describe(const void *game, char *text, size_t size) {
    const throng_operator_def *def = throng_operator_about(game);
    snprintf(text, size, "%s, %lld components, %d numbers", def->cocoercive ? "cocoercive" : "monotone",
             (long long)def->n_components, def->n_numbers);
}

static void problem_start(const void *game, double *strategy) {
    memset(strategy, 0, (size_t)throng_operator_about(game)->n_numbers * sizeof *strategy);
    throng_operator_project(game, strategy);
}

static throng_status problem_gap(const void *game, const double *strategy, double *values, double *gap,
                                 throng_error *err) {
    (void)values;
    return gap ? throng_operator_residual(game, strategy, gap, err) : THRONG_OK;
}

static void problem_average(const void *game, const double *sums, double *strategy) {
    memmove(strategy, sums, (size_t)throng_operator_about(game)->n_numbers * sizeof *strategy);
}

static void problem_free(void *game) {
    throng_operator_free(game);
}

throng_problem throng_operator_problem(throng_operator *self) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_OPERATOR,
        .solver = "halpern",
        .name = problem_name,
        .players = problem_players,
        .player_name = problem_player_name,
        .numbers = problem_numbers,
        .rows = problem_rows,
        .row = problem_row,
        .action_name = problem_action_name,
        .describe = problem_describe,
        .start = problem_start,
        .average = problem_average,
        .gap = problem_gap,
        .free = problem_free,
        .plain = true,
    };
    return (throng_problem){&kind, self};
}
