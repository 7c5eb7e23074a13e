/* Markov games: building them cell by cell, looking at them, and how solvers see them. */
#include "game/markov.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of probabilities that should add up to 1: what files round off. */
#define SUM_TOLERANCE 1e-6

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status count_cells(throng_markov *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t numbers = 0, cells = 0;
    for (int s = 0; s < self->n_states; s++) {
        int64_t of_state = 1;
        self->first_cell[s] = cells;
        for (int p = 0; p < self->n_players; p++) {
            int64_t row = (int64_t)s * self->n_players + p;
            int n = self->n_actions[row];
            THRONG_REQUIRE(n >= 1, E_ARGUMENT, "Every player has an action in every state, but player %d none in %d.",
                           p + 1, s + 1);
            of_state = of_state > INT_MAX ? of_state : of_state * n;
            self->first[row] = numbers;
            numbers += n;
        }
        cells += of_state;
        THRONG_REQUIRE(cells <= INT_MAX, E_ARGUMENT, "The game has more than %d cells (states with all actions).",
                       INT_MAX);
    }
    self->first[(int64_t)self->n_states * self->n_players] = numbers;
    self->first_cell[self->n_states] = cells;
out:
    return status;
}

static throng_status allocate(throng_markov *self, const int *n_actions, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    int64_t rows = (int64_t)self->n_states * self->n_players;
    THRONG_TRY(throng_i_alloc(context, rows, sizeof(int), &self->n_actions, err));
    memcpy(self->n_actions, n_actions, (size_t)rows * sizeof *n_actions);
    THRONG_TRY(throng_i_alloc(context, rows + 1, sizeof(int64_t), &self->first, err));
    THRONG_TRY(throng_i_alloc(context, self->n_states + 1, sizeof(int64_t), &self->first_cell, err));
    THRONG_TRY(throng_i_alloc(context, self->n_states, sizeof(char *), &self->state_names, err));
    THRONG_TRY(throng_i_alloc(context, self->n_states, sizeof(double), &self->start, err));
    THRONG_TRY(count_cells(self, err));
    THRONG_TRY(throng_i_alloc(context, self->first[rows], sizeof(char *), &self->action_names, err));
    THRONG_TRY(throng_i_alloc(context, self->first_cell[self->n_states] + 1, sizeof(int64_t), &self->first_next, err));
    THRONG_TRY(throng_i_alloc(context, self->first_cell[self->n_states] * self->n_players, sizeof(double),
                              &self->rewards, err));
    for (int s = 0; s < self->n_states; s++)
        self->start[s] = 1.0 / self->n_states;
    for (int p = 0; p < self->n_players; p++)
        THRONG_TRY(throng_i_print(context, &self->player_names[p], err, "Player %d", p + 1));
out:
    return status;
}

throng_status throng_markov_create(throng_context *context, const char *name, int n_players, int n_states,
                                   const int *n_actions, double discount, throng_markov **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_markov *self = NULL;
    THRONG_REQUIRE(n_players >= 1 && n_players <= THRONG_GAME_PLAYERS_MAX, E_ARGUMENT,
                   "A game has 1 to %d players, got %d.", THRONG_GAME_PLAYERS_MAX, n_players);
    THRONG_REQUIRE(n_states >= 1, E_ARGUMENT, "A game has at least one state, got %d.", n_states);
    THRONG_REQUIRE(discount > 0.0 && discount <= 1.0, E_ARGUMENT, "discount must be above 0 and at most 1, got %g.",
                   discount);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_players = n_players;
    self->n_states = n_states;
    self->discount = discount;
    THRONG_TRY(throng_i_copy_text(context, name, &self->name, err));
    THRONG_TRY(allocate(self, n_actions, err));
    *out = self;
    self = NULL;
out:
    throng_markov_free(self);
    return status;
}

throng_status throng_markov_create_even(throng_context *context, const char *name, int n_players, int n_states,
                                        const int *n_actions, double discount, throng_markov **out, throng_error *err) {
    throng_status status = THRONG_OK;
    int *all = NULL;
    int64_t n = (int64_t)(n_states > 0 ? n_states : 0) * (n_players > 0 ? n_players : 0);
    THRONG_TRY(throng_i_alloc(context, n, sizeof *all, &all, err));
    for (int64_t i = 0; i < n; i++)
        all[i] = n_actions[i % n_players];
    THRONG_TRY(throng_markov_create(context, name, n_players, n_states, all, discount, out, err));
out:
    throng_i_free(context, all);
    return status;
}

static void free_names(throng_context *context, char **names, int64_t n) {
    for (int64_t i = 0; names && i < n; i++)
        throng_i_free(context, names[i]);
    throng_i_free(context, names);
}

void throng_markov_free(throng_markov *self) {
    if (!self)
        return;
    throng_context *context = self->context;
    if (self->action_names)
        free_names(context, self->action_names, throng_markov_numbers(self));
    free_names(context, self->state_names, self->n_states);
    for (int p = 0; p < self->n_players; p++)
        throng_i_free(context, self->player_names[p]);
    throng_i_free(context, self->name);
    throng_i_free(context, self->n_actions);
    throng_i_free(context, self->first);
    throng_i_free(context, self->first_cell);
    throng_i_free(context, self->first_next);
    throng_i_free(context, self->next);
    throng_i_free(context, self->probability);
    throng_i_free(context, self->rewards);
    throng_i_free(context, self->start);
    throng_i_free(context, self);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static throng_status set_name(throng_markov *self, char **place, const char *name, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_REQUIRE(!self->finished, E_ARGUMENT, "The game \"%.40s\" is finished.", self->name);
    THRONG_TRY(throng_i_copy_text(self->context, name, &copy, err));
    throng_i_free(self->context, *place);
    *place = copy;
out:
    return status;
}

throng_status throng_markov_set_state_name(throng_markov *self, int state, const char *name, throng_error *err) {
    if (state < 0 || state >= self->n_states)
        return THRONG_FAIL(err, E_ARGUMENT, "The game \"%.40s\" has no state %d.", self->name, state + 1);
    return set_name(self, &self->state_names[state], name, err);
}

throng_status throng_markov_set_action_name(throng_markov *self, int state, int player, int action, const char *name,
                                            throng_error *err) {
    if (state < 0 || state >= self->n_states || player < 0 || player >= self->n_players || action < 0 ||
        action >= throng_markov_actions(self, state, player))
        return THRONG_FAIL(err, E_ARGUMENT, "The game \"%.40s\" has no action %d of player %d in state %d.", self->name,
                           action + 1, player + 1, state + 1);
    return set_name(self, &self->action_names[throng_markov_first(self, state, player) + action], name, err);
}

/* The state that a cell belongs to. */
static int state_of(const throng_markov *self, int64_t cell) {
    int low = 0, high = self->n_states - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (self->first_cell[middle] <= cell)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

typedef struct place_name {
    char text[160];
} place_name;

/* "state \"home\", actions \"left\", \"up\"". */
static place_name name_cell(const throng_markov *self, int64_t cell) {
    place_name out;
    int state = state_of(self, cell);
    const char *name = self->state_names[state];
    char number[16];
    snprintf(number, sizeof number, "%d", state + 1);
    int used = snprintf(out.text, sizeof out.text, "state \"%.40s\"", name ? name : number);
    for (int p = 0; p < self->n_players && used < (int)sizeof out.text; p++) {
        int action = throng_i_markov_action(self, state, cell - self->first_cell[state], p);
        const char *called = self->action_names[throng_markov_first(self, state, p) + action];
        snprintf(number, sizeof number, "%d", action + 1);
        used += snprintf(out.text + used, sizeof out.text - (size_t)used, "%s \"%.30s\"",
                         p > 0                  ? ","
                         : self->n_players == 1 ? ", action"
                                                : ", actions",
                         called ? called : number);
    }
    return out;
}

static throng_status check_cell(const throng_markov *self, int n, const int *next, const double *probabilities,
                                const double *rewards, double *sum, throng_error *err) {
    throng_status status = THRONG_OK;
    place_name where = name_cell(self, self->n_cells);
    THRONG_REQUIRE(n >= 1, E_ARGUMENT, "Nothing comes after %s: say what does, or that it ends.", where.text);
    *sum = 0.0;
    for (int i = 0; i < n; i++) {
        THRONG_REQUIRE(next[i] >= THRONG_MARKOV_END && next[i] < self->n_states, E_ARGUMENT,
                       "After %s comes a state %d that there is not.", where.text, next[i] + 1);
        THRONG_REQUIRE(probabilities[i] >= 0.0 && isfinite(probabilities[i]), E_ARGUMENT,
                       "Probabilities must be finite and not negative; after %s one is %g.", where.text,
                       probabilities[i]);
        *sum += probabilities[i];
    }
    THRONG_REQUIRE(fabs(*sum - 1.0) <= SUM_TOLERANCE, E_ARGUMENT,
                   "The probabilities of what comes after %s add up to %.9g, not to 1.", where.text, *sum);
    for (int p = 0; p < self->n_players; p++)
        THRONG_REQUIRE(isfinite(rewards[p]), E_ARGUMENT, "Rewards must be finite; in %s player %d gets %g.", where.text,
                       p + 1, rewards[p]);
out:
    return status;
}

throng_status throng_markov_add_cell(throng_markov *self, int n, const int *next, const double *probabilities,
                                     const double *rewards, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t cell = self->n_cells, used = self->first_next[cell];
    double sum = 1.0;
    THRONG_REQUIRE(!self->finished && cell < self->first_cell[self->n_states], E_ARGUMENT,
                   "The game \"%.40s\" has no place for another cell.", self->name);
    THRONG_TRY(check_cell(self, n, next, probabilities, rewards, &sum, err));
    if (used + n > self->next_cap) {
        int64_t cap = 2 * self->next_cap + n;
        THRONG_TRY(throng_i_resize(self->context, &self->next, cap, sizeof *self->next, err));
        THRONG_TRY(throng_i_resize(self->context, &self->probability, cap, sizeof *self->probability, err));
        self->next_cap = cap;
    }
    for (int i = 0; i < n; i++) {
        self->next[used + i] = next[i];
        self->probability[used + i] = probabilities[i] / sum;
    }
    memcpy(self->rewards + cell * self->n_players, rewards, (size_t)self->n_players * sizeof *rewards);
    self->first_next[cell + 1] = used + n;
    self->n_cells++;
out:
    return status;
}

throng_status throng_markov_start_in(throng_markov *self, int state, throng_error *err) {
    if (state < 0 || state >= self->n_states)
        return THRONG_FAIL(err, E_ARGUMENT, "The game \"%.40s\" has no state %d.", self->name, state + 1);
    for (int s = 0; s < self->n_states; s++)
        self->start[s] = s == state ? 1.0 : 0.0;
    return THRONG_OK;
}

/* Numbers where there is no name yet. */
static throng_status name_rest(throng_markov *self, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int s = 0; s < self->n_states; s++) {
        if (!self->state_names[s])
            THRONG_TRY(throng_i_print(self->context, &self->state_names[s], err, "%d", s + 1));
        for (int p = 0; p < self->n_players; p++) {
            char **names = self->action_names + throng_markov_first(self, s, p);
            for (int a = 0; a < throng_markov_actions(self, s, p); a++)
                if (!names[a])
                    THRONG_TRY(throng_i_print(self->context, &names[a], err, "%d", a + 1));
        }
    }
out:
    return status;
}

throng_status throng_markov_finish(throng_markov *self, throng_error *err) {
    throng_status status = THRONG_OK;
    if (self->finished)
        return THRONG_OK;
    THRONG_REQUIRE(self->n_cells == self->first_cell[self->n_states], E_ARGUMENT,
                   "The game \"%.40s\" misses %lld of %lld cells (states with all actions).", self->name,
                   (long long)(self->first_cell[self->n_states] - self->n_cells),
                   (long long)self->first_cell[self->n_states]);
    THRONG_TRY(name_rest(self, err));
    self->finished = true;
out:
    return status;
}

void throng_markov_set_reward(throng_markov *self, int64_t cell, int player, double reward) {
    self->rewards[cell * self->n_players + player] = reward;
}

/* ---- a number of steps ----------------------------------------------------------------------------------------- */

/* The states with `left` steps left, which come before those with fewer. */
static throng_status add_layer(const throng_markov *self, int layer, int left, throng_markov *out, throng_error *err) {
    throng_status status = THRONG_OK;
    char name[200];
    int *next = NULL, most = 1;
    for (int64_t c = 0; c < self->n_cells; c++)
        most = (int)fmax(most, (double)(self->first_next[c + 1] - self->first_next[c]));
    THRONG_TRY(throng_i_alloc(self->context, most, sizeof *next, &next, err));
    for (int s = 0; s < self->n_states; s++) {
        int copy = layer * self->n_states + s;
        snprintf(name, sizeof name, "%.150s, %d left", self->state_names[s], left);
        THRONG_TRY(throng_markov_set_state_name(out, copy, name, err));
        for (int p = 0; p < self->n_players; p++)
            for (int a = 0; a < throng_markov_actions(self, s, p); a++)
                THRONG_TRY(throng_markov_set_action_name(out, copy, p, a,
                                                         self->action_names[throng_markov_first(self, s, p) + a], err));
    }
    for (int64_t c = 0; c < self->n_cells; c++) {
        throng_markov_cell cell = throng_markov_cell_at(self, c);
        for (int i = 0; i < cell.n; i++)
            next[i] = left == 1 || cell.next[i] < 0 ? THRONG_MARKOV_END : cell.next[i] + (layer + 1) * self->n_states;
        THRONG_TRY(throng_markov_add_cell(out, cell.n, next, cell.probabilities, cell.rewards, err));
    }
out:
    throng_i_free(self->context, next);
    return status;
}

throng_status throng_markov_unroll(const throng_markov *self, int horizon, throng_markov **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    throng_markov *made = NULL;
    int *n_actions = NULL;
    size_t rows = (size_t)self->n_states * (size_t)self->n_players;
    THRONG_REQUIRE(horizon >= 1, E_ARGUMENT, "horizon must be at least 1, got %d.", horizon);
    THRONG_REQUIRE((int64_t)horizon * self->n_states <= INT_MAX, E_ARGUMENT,
                   "%d states in %d steps are more than %d: take a shorter horizon.", self->n_states, horizon, INT_MAX);
    THRONG_TRY(throng_i_alloc(context, horizon * (int64_t)rows, sizeof *n_actions, &n_actions, err));
    for (int layer = 0; layer < horizon; layer++)
        memcpy(n_actions + (size_t)layer * rows, self->n_actions, rows * sizeof *n_actions);
    THRONG_TRY(throng_markov_create(context, self->name, self->n_players, horizon * self->n_states, n_actions,
                                    self->discount, &made, err));
    for (int layer = 0; layer < horizon; layer++)
        THRONG_TRY(add_layer(self, layer, horizon - layer, made, err));
    memset(made->start, 0, (size_t)made->n_states * sizeof *made->start);
    memcpy(made->start, self->start, (size_t)self->n_states * sizeof *self->start);
    THRONG_TRY(throng_markov_finish(made, err));
    *out = made;
    made = NULL;
out:
    throng_markov_free(made);
    throng_i_free(context, n_actions);
    return status;
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

const char *throng_markov_name(const throng_markov *self) {
    return self->name;
}

int throng_markov_players(const throng_markov *self) {
    return self->n_players;
}

int throng_markov_states(const throng_markov *self) {
    return self->n_states;
}

double throng_markov_discount(const throng_markov *self) {
    return self->discount;
}

const char *throng_markov_state_name(const throng_markov *self, int state) {
    return self->state_names[state];
}

int throng_markov_actions(const throng_markov *self, int state, int player) {
    return self->n_actions[(int64_t)state * self->n_players + player];
}

int64_t throng_markov_first(const throng_markov *self, int state, int player) {
    return self->first[(int64_t)state * self->n_players + player];
}

int64_t throng_markov_numbers(const throng_markov *self) {
    return self->first[(int64_t)self->n_states * self->n_players];
}

int64_t throng_markov_cells(const throng_markov *self) {
    return self->n_cells;
}

int64_t throng_markov_first_cell(const throng_markov *self, int state) {
    return self->first_cell[state];
}

throng_markov_cell throng_markov_cell_at(const throng_markov *self, int64_t cell) {
    int64_t at = self->first_next[cell];
    return (throng_markov_cell){(int)(self->first_next[cell + 1] - at), self->next + at, self->probability + at,
                                self->rewards + cell * self->n_players};
}

bool throng_markov_zero_sum(const throng_markov *self) {
    bool zero = self->n_players == 2;
    for (int64_t c = 0; c < self->n_cells && zero; c++)
        zero = self->rewards[2 * c] == -self->rewards[2 * c + 1];
    return zero;
}

/* ---- as a problem ---------------------------------------------------------------------------------------------- */

static const char *problem_name(const void *game) {
    return throng_markov_name(game);
}

static int problem_players(const void *game) {
    return throng_markov_players(game);
}

static const char *problem_player_name(const void *game, int player) {
    return ((const throng_markov *)game)->player_names[player];
}

static int64_t problem_numbers(const void *game) {
    return throng_markov_numbers(game);
}

static int64_t problem_rows(const void *game) {
    const throng_markov *self = game;
    return (int64_t)self->n_states * self->n_players;
}

static throng_problem_row problem_row(const void *game, int64_t row) {
    const throng_markov *self = game;
    return (throng_problem_row){.player = (int)(row % self->n_players),
                                .n_actions = self->n_actions[row],
                                .first = self->first[row],
                                .name = self->state_names[row / self->n_players]};
}

static const char *problem_action_name(const void *game, int64_t row, int action) {
    const throng_markov *self = game;
    return self->action_names[self->first[row] + action];
}

static void problem_describe(const void *game, char *text, size_t size) {
    const throng_markov *self = game;
    snprintf(text, size, "%d state%s, %lld cell%s, discount %g", self->n_states, self->n_states == 1 ? "" : "s",
             (long long)self->n_cells, self->n_cells == 1 ? "" : "s", self->discount);
}

static void problem_start(const void *game, double *strategy) {
    const throng_markov *self = game;
    for (int64_t row = 0; row < problem_rows(self); row++)
        for (int a = 0; a < self->n_actions[row]; a++)
            strategy[self->first[row] + a] = 1.0 / self->n_actions[row];
}

static throng_status problem_gap(const void *game, const double *strategy, double *values, double *gap,
                                 throng_error *err) {
    return throng_markov_gap(game, strategy, values, gap, err);
}

static void problem_free(void *game) {
    throng_markov_free(game);
}

throng_problem throng_markov_problem(throng_markov *self) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_MARKOV,
        .solver = "value-iteration",
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
    };
    return (throng_problem){&kind, self};
}
