/* Smooth games: losses, their derivatives, bounds, and how they are seen as problems. */
#include "throng/smooth.h"
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct throng_smooth {
    throng_context *context;
    char *name, **names; /* [n_parameters] */
    int n_players, n_parameters;
    int first[THRONG_GAME_PLAYERS_MAX + 1];
    double low, high;
    double *start, *room; /* [n_parameters], [2][n_parameters] */
    char player_names[THRONG_GAME_PLAYERS_MAX][16];
    void *data;
    throng_smooth_def calls;
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status read_sizes(throng_smooth *self, const throng_smooth_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = 0;
    THRONG_REQUIRE(def->n_players >= 1 && def->n_players <= THRONG_GAME_PLAYERS_MAX, E_ARGUMENT,
                   "A game has 1 to %d players, got %d.", THRONG_GAME_PLAYERS_MAX, def->n_players);
    THRONG_REQUIRE(def->low <= def->high, E_ARGUMENT, "\"%.40s\": parameters cannot lie between %g and %g.", def->name,
                   def->low, def->high);
    for (int p = 0; p < def->n_players; p++) {
        THRONG_REQUIRE(def->n_parameters[p] >= 1 && n + def->n_parameters[p] <= THRONG_SMOOTH_PARAMETERS_MAX,
                       E_ARGUMENT, "\"%.40s\": players must have 1 to %d parameters together, got %d of player %d.",
                       def->name, THRONG_SMOOTH_PARAMETERS_MAX, def->n_parameters[p], p + 1);
        snprintf(self->player_names[p], sizeof self->player_names[p], "Player %d", p + 1);
        n += def->n_parameters[p];
        self->first[p + 1] = (int)n;
    }
    self->n_players = def->n_players;
    self->n_parameters = (int)n;
    bool bounded = def->low != 0.0 || def->high != 0.0;
    self->low = bounded ? def->low : -INFINITY;
    self->high = bounded ? def->high : INFINITY;
out:
    return status;
}

static throng_status name_parameters(throng_smooth *self, const char *const *names, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, self->n_parameters, sizeof *self->names, &self->names, err));
    for (int p = 0; p < self->n_players; p++)
        for (int i = self->first[p]; i < self->first[p + 1]; i++) {
            if (names)
                THRONG_TRY(throng_i_copy_text(self->context, names[i], &self->names[i], err));
            else
                THRONG_TRY(throng_i_print(self->context, &self->names[i], err, "%d", i - self->first[p] + 1));
        }
out:
    return status;
}

throng_status throng_smooth_create(throng_context *context, const throng_smooth_def *def, throng_smooth **out,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_smooth *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(read_sizes(self, def, err));
    THRONG_TRY(throng_i_copy_text(context, def->name, &self->name, err));
    THRONG_TRY(name_parameters(self, def->parameters, err));
    THRONG_TRY(throng_i_alloc(context, self->n_parameters, sizeof *self->start, &self->start, err));
    THRONG_TRY(throng_i_alloc(context, 2 * (int64_t)self->n_parameters, sizeof *self->room, &self->room, err));
    THRONG_TRY(throng_i_alloc(context, (int64_t)def->bytes, 1, &self->data, err));
    if (def->bytes > 0)
        memcpy(self->data, def->data, def->bytes);
    for (int i = 0; def->start && i < self->n_parameters; i++) {
        THRONG_REQUIRE(isfinite(def->start[i]) && def->start[i] >= self->low && def->start[i] <= self->high, E_ARGUMENT,
                       "\"%.40s\": parameter %d starts at %g, which must be finite and lie in [%g, %g].", self->name,
                       i + 1, def->start[i], self->low, self->high);
        self->start[i] = def->start[i];
    }
    self->calls = *def;
    throng_smooth_clip(self, self->start);
    *out = self;
    self = NULL;
out:
    throng_smooth_free(self);
    return status;
}

void throng_smooth_free(throng_smooth *self) {
    if (!self)
        return;
    for (int i = 0; self->names && i < self->n_parameters; i++)
        throng_i_free(self->context, self->names[i]);
    throng_i_free(self->context, self->names);
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->start);
    throng_i_free(self->context, self->room);
    throng_i_free(self->context, self->data);
    throng_i_free(self->context, self);
}

/* ---- what it is ------------------------------------------------------------------------------------------------ */

const char *throng_smooth_name(const throng_smooth *self) {
    return self->name;
}

int throng_smooth_players(const throng_smooth *self) {
    return self->n_players;
}

int throng_smooth_parameters(const throng_smooth *self) {
    return self->n_parameters;
}

int throng_smooth_first(const throng_smooth *self, int player) {
    return self->first[player];
}

void throng_smooth_losses(const throng_smooth *self, const double *at, double *out) {
    self->calls.losses(self->data, at, out);
}

void throng_smooth_gradients(const throng_smooth *self, const double *at, double *own, double *collective,
                             double *room) {
    int n = self->n_parameters;
    if (collective)
        memset(collective, 0, (size_t)n * sizeof *collective);
    for (int p = 0; p < self->n_players; p++) {
        self->calls.gradient(self->data, p, at, room);
        memcpy(own + self->first[p], room + self->first[p],
               (size_t)(self->first[p + 1] - self->first[p]) * sizeof *own);
        for (int i = 0; collective && i < n; i++)
            collective[i] += room[i];
    }
}

void throng_smooth_curve(const throng_smooth *self, int player, const double *at, const double *direction,
                         double *out) {
    self->calls.curve(self->data, player, at, direction, out);
}

void throng_smooth_clip(const throng_smooth *self, double *at) {
    for (int i = 0; i < self->n_parameters; i++)
        at[i] = at[i] < self->low ? self->low : at[i] > self->high ? self->high : at[i];
}

double throng_smooth_steepest(const throng_smooth *self, const double *at, const double *slope) {
    double most = 0.0;
    for (int i = 0; i < self->n_parameters; i++) {
        bool held = (at[i] <= self->low && slope[i] > 0.0) || (at[i] >= self->high && slope[i] < 0.0);
        if (isnan(slope[i]))
            return (double)NAN;
        most = held ? most : fmax(most, fabs(slope[i]));
    }
    return most;
}

/* ---- as a problem ---------------------------------------------------------------------------------------------- */

static const char *problem_name(const void *game) {
    return throng_smooth_name(game);
}

static int problem_players(const void *game) {
    return throng_smooth_players(game);
}

static const char *problem_player_name(const void *game, int player) {
    const throng_smooth *self = game;
    return self->player_names[player];
}

static int64_t problem_numbers(const void *game) {
    return throng_smooth_parameters(game);
}

static int64_t problem_rows(const void *game) {
    return throng_smooth_players(game);
}

static throng_problem_row problem_row(const void *game, int64_t row) {
    const throng_smooth *self = game;
    return (throng_problem_row){.player = (int)row,
                                .n_actions = self->first[row + 1] - self->first[row],
                                .first = self->first[row],
                                .name = ""};
}

static const char *problem_action_name(const void *game, int64_t row, int action) {
    const throng_smooth *self = game;
    return self->names[self->first[row] + action];
}

static void problem_describe(const void *game, char *text, size_t size) {
    const throng_smooth *self = game;
    snprintf(text, size, "%d parameter%s of %d player%s", self->n_parameters, self->n_parameters == 1 ? "" : "s",
             self->n_players, self->n_players == 1 ? "" : "s");
}

static void problem_start(const void *game, double *strategy) {
    const throng_smooth *self = game;
    memcpy(strategy, self->start, (size_t)self->n_parameters * sizeof *strategy);
}

static throng_status problem_gap(const void *game, const double *strategy, double *values, double *gap,
                                 throng_error *err) {
    const throng_smooth *self = game;
    (void)err;
    if (gap) {
        throng_smooth_gradients(self, strategy, self->room, NULL, self->room + self->n_parameters);
        *gap = throng_smooth_steepest(self, strategy, self->room);
    }
    if (values) {
        throng_smooth_losses(self, strategy, values);
        for (int p = 0; p < self->n_players; p++)
            values[p] = 0.0 - values[p];
    }
    return THRONG_OK;
}

static void problem_free(void *game) {
    throng_smooth_free(game);
}

throng_problem throng_smooth_problem(throng_smooth *self) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_SMOOTH,
        .solver = "aga",
        .name = problem_name,
        .players = problem_players,
        .player_name = problem_player_name,
        .numbers = problem_numbers,
        .rows = problem_rows,
        .row = problem_row,
        .action_name = problem_action_name,
        .describe = problem_describe,
        .start = problem_start,
        .gap = problem_gap,
        .free = problem_free,
        .plain = true,
    };
    return (throng_problem){&kind, self};
}
