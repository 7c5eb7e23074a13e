/* One who decides for a crowd: the game, its histograms, and how it is seen as a problem. */
#include "game/aggregative.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GLOBALS_MAX 1024

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status copy_names(throng_aggregative *self, const char *const *names, int n, char ***out,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof **out, out, err));
    for (int i = 0; i < n; i++) {
        if (names)
            THRONG_TRY(throng_i_copy_text(self->context, names[i], &(*out)[i], err));
        else
            THRONG_TRY(throng_i_print(self->context, &(*out)[i], err, "%d", i + 1));
    }
out:
    return status;
}

static throng_status copy_numbers(throng_aggregative *self, const double *numbers, int64_t n, double **out,
                                  const char *what, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, n, sizeof **out, out, err));
    for (int64_t i = 0; i < n; i++) {
        THRONG_REQUIRE(isfinite(numbers[i]), E_ARGUMENT, "\"%.40s\": number %lld of %s is not finite.", self->name,
                       (long long)i + 1, what);
        (*out)[i] = numbers[i];
    }
out:
    return status;
}

/* Rows of probabilities. */
static throng_status copy_chances(throng_aggregative *self, const double *chances, int64_t n_rows, int n, double **out,
                                  const char *what, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(copy_numbers(self, chances, n_rows * n, out, what, err));
    for (int64_t i = 0; i < n_rows; i++) {
        double sum = 0.0;
        for (int j = 0; j < n; j++) {
            THRONG_REQUIRE(chances[i * n + j] >= 0.0, E_ARGUMENT, "\"%.40s\": a probability in row %lld of %s is %g.",
                           self->name, (long long)i + 1, what, chances[i * n + j]);
            sum += chances[i * n + j];
        }
        THRONG_REQUIRE(fabs(sum - 1.0) <= 1e-9, E_ARGUMENT, "\"%.40s\": row %lld of %s adds up to %.12g, not to 1.",
                       self->name, (long long)i + 1, what, sum);
    }
out:
    return status;
}

static throng_status require_sizes(const throng_aggregative_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(def->n_globals >= 1 && def->n_globals <= GLOBALS_MAX && def->n_actions >= 1 &&
                       def->n_actions <= GLOBALS_MAX,
                   E_ARGUMENT, "\"%.40s\" must have 1 to %d global states and actions, got %d and %d.", def->name,
                   GLOBALS_MAX, def->n_globals, def->n_actions);
    THRONG_REQUIRE(def->n_locals >= 1 && def->n_locals <= THRONG_AGGREGATIVE_LOCALS_MAX, E_ARGUMENT,
                   "\"%.40s\" must have 1 to %d states of an agent, got %d.", def->name, THRONG_AGGREGATIVE_LOCALS_MAX,
                   def->n_locals);
    THRONG_REQUIRE(def->agents >= 1 && def->agents <= INT64_C(1000000000000), E_ARGUMENT,
                   "\"%.40s\" must have 1 to 1e12 agents, got %lld.", def->name, (long long)def->agents);
    THRONG_REQUIRE(def->discount >= 0.0 && def->discount < 1.0, E_ARGUMENT,
                   "\"%.40s\": the discount must lie in [0, 1), got %g.", def->name, def->discount);
    THRONG_REQUIRE(def->rollouts >= 2 && def->rollouts <= 1000000000, E_ARGUMENT,
                   "\"%.40s\": 2 to 1e9 roll-outs value a strategy, got %lld.", def->name, (long long)def->rollouts);
out:
    return status;
}

throng_status throng_aggregative_create(throng_context *context, const throng_aggregative_def *def,
                                        throng_aggregative **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_aggregative *self = NULL;
    int64_t globals = def->n_globals, locals = def->n_locals;
    THRONG_TRY(require_sizes(def, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_globals = def->n_globals;
    self->n_locals = def->n_locals;
    self->n_actions = def->n_actions;
    self->agents = def->agents;
    self->rollouts = def->rollouts;
    self->discount = def->discount;
    THRONG_TRY(throng_i_copy_text(context, def->name, &self->name, err));
    THRONG_TRY(copy_names(self, def->global_names, def->n_globals, &self->global_names, err));
    THRONG_TRY(copy_names(self, def->action_names, def->n_actions, &self->action_names, err));
    THRONG_TRY(copy_chances(self, def->global_chances, globals * def->n_actions, def->n_globals, &self->global_chances,
                            "global_chances", err));
    THRONG_TRY(copy_chances(self, def->local_chances, globals * locals, def->n_locals, &self->local_chances,
                            "local_chances", err));
    THRONG_TRY(
        copy_numbers(self, def->global_reward, globals * def->n_actions, &self->global_reward, "global_reward", err));
    THRONG_TRY(copy_numbers(self, def->local_reward, globals * locals, &self->local_reward, "local_reward", err));
    if (def->start)
        THRONG_TRY(copy_chances(self, def->start, 1, def->n_locals, &self->start, "start", err));
    THRONG_TRY(throng_i_alloc(context, THRONG_I_ROW_NAME, 1, &self->row_name, err));
    THRONG_TRY(throng_aggregative_look(self, 1, err));
    *out = self;
    self = NULL;
out:
    throng_aggregative_free(self);
    return status;
}

void throng_aggregative_free(throng_aggregative *self) {
    if (!self)
        return;
    throng_context *context = self->context;
    for (int i = 0; self->global_names && i < self->n_globals; i++)
        throng_i_free(context, self->global_names[i]);
    for (int i = 0; self->action_names && i < self->n_actions; i++)
        throng_i_free(context, self->action_names[i]);
    void *all[] = {self->name,          self->global_names,  self->action_names, self->global_chances,
                   self->local_chances, self->global_reward, self->local_reward, self->start,
                   self->choose,        self->row_name};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        throng_i_free(context, all[i]);
    throng_i_free(context, self);
}

/* ---- what it is ------------------------------------------------------------------------------------------------ */

const char *throng_aggregative_name(const throng_aggregative *self) {
    return self->name;
}

int throng_aggregative_globals(const throng_aggregative *self) {
    return self->n_globals;
}

int throng_aggregative_locals(const throng_aggregative *self) {
    return self->n_locals;
}

int throng_aggregative_actions(const throng_aggregative *self) {
    return self->n_actions;
}

int64_t throng_aggregative_agents(const throng_aggregative *self) {
    return self->agents;
}

double throng_aggregative_discount(const throng_aggregative *self) {
    return self->discount;
}

double throng_aggregative_reward(const throng_aggregative *self, int global, int action, const int64_t *counts) {
    double sum = 0.0;
    int64_t n = 0;
    for (int s = 0; s < self->n_locals; s++) {
        sum += (double)counts[s] * self->local_reward[(int64_t)global * self->n_locals + s];
        n += counts[s];
    }
    return self->global_reward[(int64_t)global * self->n_actions + action] + sum / (double)n;
}

/* ---- histograms ------------------------------------------------------------------------------------------------ */

throng_status throng_aggregative_look(throng_aggregative *self, int64_t looked, throng_error *err) {
    throng_status status = THRONG_OK;
    double *choose = NULL;
    int locals = self->n_locals;
    THRONG_REQUIRE(looked >= 1 && looked <= self->agents, E_ARGUMENT,
                   "\"%.60s\": one looks at 1 to %lld agents, got %lld.", self->name, (long long)self->agents,
                   (long long)looked);
    double n = 1.0; /* C(looked + locals - 1, locals - 1), as far as doubles say whether it is too large */
    for (int s = 1; s < locals; s++)
        n *= (double)(looked + s) / s;
    double numbers = n * self->n_globals * self->n_actions;
    THRONG_REQUIRE(numbers <= (double)THRONG_AGGREGATIVE_NUMBERS_MAX, E_ARGUMENT,
                   "\"%.60s\": a table for %lld agents of %d kinds would have %.3g numbers, of which at most %lld are "
                   "allowed: look at fewer.",
                   self->name, (long long)looked, locals, numbers, (long long)THRONG_AGGREGATIVE_NUMBERS_MAX);
    int64_t width = looked + 1;
    THRONG_TRY(throng_i_alloc(self->context, locals * width, sizeof *choose, &choose, err));
    for (int s = 0; s < locals; s++)
        for (int64_t b = 0; b < width; b++)
            choose[s * width + b] = s == 0 || b == 0 ? 1.0 : choose[s * width + b - 1] + choose[(s - 1) * width + b];
    throng_i_free(self->context, self->choose);
    self->choose = choose;
    self->looked = (int)looked;
    self->n_histograms = (int64_t)choose[locals * width - 1];
out:
    return status;
}

int throng_aggregative_looked(const throng_aggregative *self) {
    return self->looked;
}

int64_t throng_aggregative_histograms(const throng_aggregative *self) {
    return self->n_histograms;
}

/* The agents of state s stand at places a..b-1 of the sorted sample, where C(s + i, i + 1) adds up to
 * C(s + b, b) - C(s + a, a). */
int64_t throng_aggregative_rank(const throng_aggregative *self, const int *counts) {
    double rank = 0.0;
    int64_t a = 0, width = self->looked + 1;
    for (int s = 0; s < self->n_locals; s++) {
        int64_t b = a + counts[s];
        rank += self->choose[s * width + b] - self->choose[s * width + a];
        a = b;
    }
    return (int64_t)rank;
}

void throng_i_histogram(const throng_aggregative *self, int total, int64_t rank, int *counts) {
    int64_t width = self->looked + 1;
    int64_t at = total; /* agents that are left */
    double left = (double)rank;
    for (int s = self->n_locals - 1; s >= 0; s--) {
        counts[s] = 0;
        /* C(s + at - 1, at) is what an agent of state s at the last place counts */
        while (at > 0 && s > 0 && self->choose[(s - 1) * width + at] <= left) {
            left -= self->choose[(s - 1) * width + at];
            counts[s]++;
            at--;
        }
    }
    counts[0] += (int)at;
}

void throng_aggregative_histogram(const throng_aggregative *self, int64_t rank, int *counts) {
    throng_i_histogram(self, self->looked, rank, counts);
}

/* ---- as a problem ---------------------------------------------------------------------------------------------- */

static const char *problem_name(const void *game) {
    return throng_aggregative_name(game);
}

static int problem_players(const void *game) {
    (void)game;
    return 1;
}

static const char *problem_player_name(const void *game, int player) {
    (void)game;
    (void)player;
    return "Decision maker";
}

static int64_t problem_rows(const void *game) {
    const throng_aggregative *self = game;
    return self->n_globals * self->n_histograms;
}

static int64_t problem_numbers(const void *game) {
    const throng_aggregative *self = game;
    return problem_rows(game) * self->n_actions;
}

/* "2 | 3 0 13" */
static throng_problem_row problem_row(const void *game, int64_t row) {
    const throng_aggregative *self = game;
    int counts[THRONG_AGGREGATIVE_LOCALS_MAX];
    throng_aggregative_histogram(self, row % self->n_histograms, counts);
    size_t used =
        (size_t)snprintf(self->row_name, THRONG_I_ROW_NAME, "%.30s |", self->global_names[row / self->n_histograms]);
    for (int s = 0; s < self->n_locals && used < THRONG_I_ROW_NAME - 12; s++)
        used += (size_t)snprintf(self->row_name + used, THRONG_I_ROW_NAME - used, " %d", counts[s]);
    return (throng_problem_row){
        .player = 0, .n_actions = self->n_actions, .first = row * self->n_actions, .name = self->row_name};
}

static const char *problem_action_name(const void *game, int64_t row, int action) {
    const throng_aggregative *self = game;
    (void)row;
    return self->action_names[action];
}

static void problem_describe(const void *game, char *text, size_t size) {
    const throng_aggregative *self = game;
    snprintf(text, size, "%lld agents of %d kinds, %d looked at: %lld rows", (long long)self->agents, self->n_locals,
             self->looked, (long long)problem_rows(game));
}

static void problem_start(const void *game, double *strategy) {
    const throng_aggregative *self = game;
    int64_t n = problem_numbers(game);
    for (int64_t i = 0; i < n; i++)
        strategy[i] = 1.0 / self->n_actions;
}

static throng_status problem_gap(const void *game, const double *strategy, double *values, double *gap,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    if (values)
        THRONG_TRY(throng_aggregative_value(game, strategy, &values[0], &values[1], err));
    if (gap)
        *gap = (double)NAN;
out:
    return status;
}

static void problem_free(void *game) {
    throng_aggregative_free(game);
}

throng_problem throng_aggregative_problem(throng_aggregative *self) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_AGGREGATIVE,
        .solver = "subsample-q",
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
