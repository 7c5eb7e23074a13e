/* Preference games, and how solvers see them: one row, which both players play. */
#include "throng/preference.h"
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS_MAX ((int64_t)1 << 27)
#define ACROSS      1e-6 /* what wins and losses may miss 1 by: files are rounded */

struct throng_preference {
    throng_context *context;
    char *name, **names; /* [n] */
    int n, groups;
    /* [groups + 1][n][n]: first by whom it is played, then each group. By columns, so that one policy's product is a
     * sum of whole columns, which compilers vectorise without changing its order. */
    double *wins;
    double *reference; /* [n] */
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status check_pair(const throng_preference *self, const double *wins, int group, int i, int j,
                                throng_error *err) {
    double one = wins[(int64_t)i * self->n + j], other = wins[(int64_t)j * self->n + i];
    char whose[40] = "";
    if (self->groups > 1)
        snprintf(whose, sizeof whose, " of group %d", group + 1);
    if (!(one >= 0.0 && one <= 1.0))
        return THRONG_FAIL(err, E_ARGUMENT,
                           "Row %d, column %d%s of \"%.60s\": a preference must lie in [0, 1], got %g.", i + 1, j + 1,
                           whose, self->name, one);
    if (i == j && !(fabs(one - 0.5) <= ACROSS))
        return THRONG_FAIL(err, E_ARGUMENT,
                           "Row %d, column %d%s of \"%.60s\": a response is preferred to itself half of the time, 0.5, "
                           "got %g.",
                           i + 1, j + 1, whose, self->name, one);
    if (j < i && !(fabs(one + other - 1.0) <= ACROSS))
        return THRONG_FAIL(err, E_ARGUMENT,
                           "Row %d, column %d%s of \"%.60s\": this and row %d, column %d must add up to 1, got %g and "
                           "%g.",
                           i + 1, j + 1, whose, self->name, j + 1, i + 1, one, other);
    return THRONG_OK;
}

/* One group's: what is below the diagonal counts, so that wins and losses add up to 1 to the last bit. */
static throng_status take_group(throng_preference *self, const double *wins, int group, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = self->n;
    double *mine = self->wins + (int64_t)(group + 1) * n * n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            THRONG_TRY(check_pair(self, wins, group, i, j, err));
    for (int i = 0; i < n; i++) {
        mine[(int64_t)i * n + i] = 0.5;
        for (int j = 0; j < i; j++) {
            double one = wins[(int64_t)i * n + j];
            mine[(int64_t)j * n + i] = one;
            mine[(int64_t)i * n + j] = 1.0 - one;
        }
    }
out:
    return status;
}

static void choose_group(throng_preference *self, int group) {
    int64_t size = (int64_t)self->n * self->n;
    for (int64_t k = 0; k < size; k++) {
        double sum = 0.0;
        for (int g = 1; g <= self->groups; g++)
            sum += self->wins[g * size + k];
        self->wins[k] = group > 0 ? self->wins[group * size + k] : sum / self->groups;
    }
}

static throng_status take_reference(throng_preference *self, const double *reference, throng_error *err) {
    throng_status status = THRONG_OK;
    double sum = 0.0;
    for (int i = 0; i < self->n; i++) {
        self->reference[i] = reference ? reference[i] : 1.0;
        THRONG_REQUIRE(self->reference[i] > 0.0 && isfinite(self->reference[i]), E_ARGUMENT,
                       "The reference of \"%.60s\" must be positive, got %g for response %d.", self->name,
                       self->reference[i], i + 1);
        sum += self->reference[i];
    }
    THRONG_REQUIRE(isfinite(sum), E_ARGUMENT, "The reference of \"%.60s\" is too large.", self->name);
    for (int i = 0; i < self->n; i++)
        self->reference[i] /= sum;
out:
    return status;
}

static throng_status name_responses(throng_preference *self, const char *const *names, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *self->names, &self->names, err));
    for (int i = 0; i < self->n; i++) {
        if (names && *names[i])
            THRONG_TRY(throng_i_copy_text(self->context, names[i], &self->names[i], err));
        else
            THRONG_TRY(throng_i_print(self->context, &self->names[i], err, "%d", i + 1));
    }
out:
    return status;
}

throng_status throng_preference_create(throng_context *context, const throng_preference_def *def,
                                       throng_preference **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_preference *self = NULL;
    int groups = def->groups > 0 ? def->groups : 1;
    int64_t size = (int64_t)def->n * def->n;
    THRONG_REQUIRE(def->n >= 1 && def->wins, E_ARGUMENT, "A game of preferences has responses, got %d.", def->n);
    THRONG_REQUIRE(size <= NUMBERS_MAX / (groups + 1), E_ARGUMENT,
                   "%d responses and %d groups are more than %lld preferences.", def->n, groups,
                   (long long)NUMBERS_MAX);
    THRONG_REQUIRE(def->group >= 0 && def->group <= groups, E_ARGUMENT,
                   "There are %d groups: group must lie in [0, %d], got %d.", groups, groups, def->group);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n = def->n;
    self->groups = groups;
    THRONG_TRY(throng_i_copy_text(context, def->name ? def->name : "preferences", &self->name, err));
    THRONG_TRY(name_responses(self, def->names, err));
    THRONG_TRY(throng_i_alloc(context, (groups + 1) * size, sizeof *self->wins, &self->wins, err));
    THRONG_TRY(throng_i_alloc(context, self->n, sizeof *self->reference, &self->reference, err));
    for (int g = 0; g < groups; g++)
        THRONG_TRY(take_group(self, def->wins + g * size, g, err));
    choose_group(self, def->group);
    THRONG_TRY(take_reference(self, def->reference, err));
    *out = self;
    self = NULL;
out:
    throng_preference_free(self);
    return status;
}

void throng_preference_free(throng_preference *self) {
    if (!self)
        return;
    for (int i = 0; self->names && i < self->n; i++)
        throng_i_free(self->context, self->names[i]);
    throng_i_free(self->context, self->names);
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->wins);
    throng_i_free(self->context, self->reference);
    throng_i_free(self->context, self);
}

/* ---- computing with it ----------------------------------------------------------------------------------------- */

int throng_preference_count(const throng_preference *self) {
    return self->n;
}

int throng_preference_groups(const throng_preference *self) {
    return self->groups;
}

const double *throng_preference_reference(const throng_preference *self) {
    return self->reference;
}

void throng_preference_against(const throng_preference *self, int group, const double *policy, double *out) {
    int64_t n = self->n;
    const double *column = self->wins + group * n * n;
    memset(out, 0, (size_t)n * sizeof *out);
    for (int64_t j = 0; j < n; j++, column += n) {
        double weight = policy[j];
        for (int64_t i = 0; i < n; i++)
            out[i] += weight * column[i];
    }
}

double throng_preference_wins(const throng_preference *self, int response, int other) {
    return self->wins[(int64_t)other * self->n + response];
}

double throng_preference_gap(const throng_preference *self, const double *policy, double *room) {
    double most = 0.5; /* what a policy wins against itself: a hair below is rounding */
    throng_preference_against(self, 0, policy, room);
    for (int i = 0; i < self->n; i++)
        most = room[i] <= most ? most : room[i]; /* NaN stays */
    return 2.0 * (most - 0.5);
}

throng_status throng_preference_normal_form(throng_context *context, const throng_preference *self,
                                            throng_normal_form **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_normal_form *game = NULL;
    const int n_actions[2] = {self->n, self->n};
    THRONG_TRY(throng_normal_form_create(context, self->name, 2, n_actions, &game, err));
    for (int p = 0; p < 2; p++)
        THRONG_TRY(throng_normal_form_set_action_names(game, p, (const char *const *)self->names, err));
    for (int i = 0; i < self->n; i++)
        for (int j = 0; j < self->n; j++) {
            double won = self->wins[(int64_t)j * self->n + i];
            THRONG_TRY(
                throng_normal_form_set_payoffs(game, i + (int64_t)j * self->n, (const double[]){won, 1.0 - won}, err));
        }
    *out = game;
    game = NULL;
out:
    throng_normal_form_free(game);
    return status;
}

/* ---- as a problem ---------------------------------------------------------------------------------------------- */

static const char *kind_name(const void *game) {
    return ((const throng_preference *)game)->name;
}

static int kind_players(const void *game) {
    (void)game;
    return 1;
}

static const char *kind_player_name(const void *game, int player) {
    (void)game;
    (void)player;
    return "policy";
}

static int64_t kind_numbers(const void *game) {
    return ((const throng_preference *)game)->n;
}

static int64_t kind_rows(const void *game) {
    (void)game;
    return 1;
}

static throng_problem_row kind_row(const void *game, int64_t row) {
    (void)row;
    return (throng_problem_row){.n_actions = ((const throng_preference *)game)->n, .name = ""};
}

static const char *kind_action_name(const void *game, int64_t row, int action) {
    (void)row;
    return ((const throng_preference *)game)->names[action];
}

static void kind_describe(const void *game, char *text, size_t size) {
    const throng_preference *self = game;
    int n = snprintf(text, size, "preferences between %d response%s", self->n, self->n == 1 ? "" : "s");
    if (self->groups > 1 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, " of %d groups", self->groups);
}

static void kind_start(const void *game, double *strategy) {
    const throng_preference *self = game;
    for (int i = 0; i < self->n; i++)
        strategy[i] = 1.0 / self->n;
}

static void kind_reference(const void *game, double *strategy) {
    const throng_preference *self = game;
    memcpy(strategy, self->reference, (size_t)self->n * sizeof *strategy);
}

/* There is one place, and one always gets there. */
static void kind_worth(const void *game, const double *strategy, double *plan, double *worth, double *reach) {
    const throng_preference *self = game;
    memcpy(plan, strategy, (size_t)self->n * sizeof *plan);
    throng_preference_against(self, 0, strategy, worth);
    if (reach)
        reach[0] = 1.0;
}

static double kind_range(const void *game, int player) {
    (void)game;
    (void)player;
    return 1.0;
}

static double win_rate(const throng_preference *self, int group, const double *policy, double *room) {
    double sum = 0.0;
    throng_preference_against(self, group, self->reference, room);
    for (int i = 0; i < self->n; i++)
        sum += policy[i] * room[i];
    return sum;
}

static throng_status kind_gap(const void *game, const double *strategy, double *values, double *gap,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_preference *self = game;
    double *room = NULL;
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *room, &room, err));
    if (gap)
        *gap = throng_preference_gap(self, strategy, room);
    if (values) {
        values[0] = INFINITY;
        for (int g = 1; g <= self->groups; g++)
            values[0] = fmin(values[0], win_rate(self, g, strategy, room));
    }
out:
    throng_i_free(self->context, room);
    return status;
}

static void kind_free(void *game) {
    throng_preference_free(game);
}

throng_problem throng_preference_problem(throng_preference *self) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_PREFERENCE,
        .solver = "nash-mp",
        .name = kind_name,
        .players = kind_players,
        .player_name = kind_player_name,
        .numbers = kind_numbers,
        .rows = kind_rows,
        .row = kind_row,
        .action_name = kind_action_name,
        .describe = kind_describe,
        .start = kind_start,
        .reference = kind_reference,
        .worth = kind_worth,
        .range = kind_range,
        .gap = kind_gap,
        .free = kind_free,
    };
    return (throng_problem){&kind, self};
}
