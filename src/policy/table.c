/*
 * A table of answers, played between them: polynomials of logits that pass through what was answered over a grid of
 * what agents see, one for every persona and last action.
 *
 * They have all slopes everywhere, so path integrals converge as fast as with a rule. Over Chebyshev's points, which
 * distilling asks about, they do not ring; other grids are refused if they would. Beyond the grid its edge is taken.
 */
#include "table/table.h"
#include "policy/policy.h"

#include "throng/math.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BINS_MAX THRONG_I_BINS_MAX
/* How much larger than an error in what was answered that of a polynomial may be along one sight. */
#define RINGING_MAX 8.0
#define SIGHTS      THRONG_WORLD_SIGHTS_MAX
#define ACTIONS     THRONG_WORLD_ACTIONS_MAX
/* Least probability that an answer by log-probabilities is taken for. */
#define PROBABILITY_MIN 1e-6
#define REFIT_STREAM    0x7265666974ULL
#define TEXT_LENGTH     512

typedef struct answer {
    double sight[SIGHTS], p[ACTIONS];
    double answers; /* 0: by log-probabilities */
    int persona, last;
} answer;

typedef struct answers_table {
    int n_sights, n_actions, personas;
    int bins[SIGHTS];
    double value[SIGHTS][BINS_MAX];             /* of the grid, ascending */
    double middle[SIGHTS], half[SIGHTS];        /* it reaches from middle - half to middle + half */
    double inverse[SIGHTS][BINS_MAX][BINS_MAX]; /* from values at the grid to coefficients */
    int64_t cells;                              /* of one persona and last action */
    int row;             /* numbers a place: last actions times actions but one, rounded up to 4 */
    double *coefficient; /* [personas][cells][row] of products of Chebyshev's polynomials */
    answer *asked;       /* [n_asked] those of the grid */
    int64_t n_asked, n_held_out;
    answer *held_out; /* [n_held_out] */
} answers_table;

/* ---- reading --------------------------------------------------------------------------------------------------- */

enum {
    PERSONA,
    LAST,
    HELD_OUT,
    ANSWERS,
    WORDS
};

/* Columns of the file: sights, actions, then those of WORDS that it has. */
typedef struct file_columns {
    throng_column_request request[SIGHTS + ACTIONS + WORDS];
    int n, place[WORDS]; /* -1: not there */
} file_columns;

static throng_status read_file(throng_policy_player *player, file_columns *out, throng_table **table,
                               throng_error *err) {
    static const char *const words[WORDS] = {"persona", "last", "held_out", "answers"};
    static const throng_role roles[WORDS] = {THRONG_ROLE_LABEL, THRONG_ROLE_LABEL, THRONG_ROLE_NUMBER,
                                             THRONG_ROLE_NUMBER};
    const throng_world *world = player->def.world;
    throng_status status = THRONG_OK;
    const char *path = player->def.file;
    *out = (file_columns){0};
    THRONG_REQUIRE(path, E_PARAMETER,
                   "%s plays a table of answers: name its file with --policy-file (policy.file); throng distill makes "
                   "one.",
                   player->spec->about.name);
    for (int s = 0; s < world->n_sights; s++)
        out->request[out->n++] = (throng_column_request){world->sights[s].name, THRONG_ROLE_NUMBER};
    for (int a = 0; a < world->n_actions; a++)
        out->request[out->n++] = (throng_column_request){world->actions[a], THRONG_ROLE_NUMBER};
    for (int w = 0; w < WORDS; w++) {
        out->place[w] = throng_i_has_column(player->context, path, words[w]) ? out->n : -1;
        if (out->place[w] >= 0)
            out->request[out->n++] = (throng_column_request){words[w], roles[w]};
    }
    THRONG_TRY(throng_table_read(player->context, &path, 1, out->request, out->n, NULL, table, err));
out:
    return status;
}

static throng_status read_names(throng_policy_player *player, const throng_table *table, const file_columns *columns,
                                int64_t row, answer *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    char text[TEXT_LENGTH], hint[300];
    *out = (answer){0};
    if (columns->place[PERSONA] >= 0 && player->def.personas) {
        throng_column_view column = throng_table_column(table, columns->place[PERSONA]);
        throng_i_cell_text(&column, row, text, sizeof text);
        out->persona = throng_i_persona_find(player->def.personas, text);
        THRONG_REQUIRE(out->persona >= 0, E_FORMAT, "%s: row %lld is about a persona \"%.60s\" that there is not.",
                       player->def.file, (long long)row + 1, text);
    }
    if (player->lasts == 1)
        goto out;
    throng_column_view column = throng_table_column(table, columns->place[LAST]);
    throng_i_cell_text(&column, row, text, sizeof text);
    while (out->last < world->n_actions && strcmp(world->actions[out->last], text) != 0)
        out->last++;
    throng_suggest(text, world->actions, world->n_actions, hint, sizeof hint);
    THRONG_REQUIRE(out->last < world->n_actions, E_FORMAT, "%s: row %lld: \"%.60s\" is no action of %s.%s",
                   player->def.file, (long long)row + 1, text, world->about.name, hint);
out:
    return status;
}

static throng_status read_numbers(throng_policy_player *player, const throng_table *table, const file_columns *columns,
                                  int64_t row, answer *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    double sum = 0.0;
    for (int s = 0; s < world->n_sights; s++) {
        throng_column_view column = throng_table_column(table, s);
        out->sight[s] = throng_i_cell_number(&column, row);
        THRONG_REQUIRE(isfinite(out->sight[s]), E_FORMAT, "%s: row %lld has no number in %s.", player->def.file,
                       (long long)row + 1, world->sights[s].name);
    }
    for (int a = 0; a < world->n_actions; a++) {
        throng_column_view column = throng_table_column(table, world->n_sights + a);
        out->p[a] = throng_i_cell_number(&column, row);
        THRONG_REQUIRE(out->p[a] >= 0.0 && out->p[a] <= 1.0, E_FORMAT,
                       "%s: row %lld: the probability of \"%s\" must lie in [0, 1].", player->def.file,
                       (long long)row + 1, world->actions[a]);
        sum += out->p[a];
    }
    THRONG_REQUIRE(fabs(sum - 1.0) < 1e-3, E_FORMAT, "%s: row %lld: the probabilities add up to %g, not to 1.",
                   player->def.file, (long long)row + 1, sum);
    if (columns->place[ANSWERS] >= 0) {
        throng_column_view column = throng_table_column(table, columns->place[ANSWERS]);
        out->answers = throng_i_cell_number(&column, row);
        THRONG_REQUIRE(out->answers >= 0.0, E_FORMAT, "%s: row %lld: answers must not be negative.", player->def.file,
                       (long long)row + 1);
    }
out:
    return status;
}

static throng_status read_answers(throng_policy_player *player, answers_table *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    file_columns columns;
    THRONG_TRY(read_file(player, &columns, &table, err));
    int64_t n = throng_table_rows(table);
    if (columns.place[LAST] < 0)
        player->lasts = 1;
    THRONG_REQUIRE(columns.place[PERSONA] >= 0 || !player->def.personas, E_FORMAT,
                   "%s has no column persona, but there are personas: leave out policy.personas.", player->def.file);
    THRONG_TRY(throng_i_alloc(player->context, n, sizeof *self->asked, &self->asked, err));
    THRONG_TRY(throng_i_alloc(player->context, n, sizeof *self->held_out, &self->held_out, err));
    for (int64_t row = 0; row < n; row++) {
        answer one;
        THRONG_TRY(read_names(player, table, &columns, row, &one, err));
        THRONG_TRY(read_numbers(player, table, &columns, row, &one, err));
        bool held_out = false;
        if (columns.place[HELD_OUT] >= 0) {
            throng_column_view column = throng_table_column(table, columns.place[HELD_OUT]);
            held_out = throng_i_cell_number(&column, row) != 0.0;
        }
        if (held_out)
            self->held_out[self->n_held_out++] = one;
        else
            self->asked[self->n_asked++] = one;
    }
out:
    throng_table_free(table);
    return status;
}

/* ---- the grid -------------------------------------------------------------------------------------------------- */

/* Chebyshev's polynomials at x in [-1, 1]. */
static void chebyshev(double x, int n, double *t) {
    t[0] = 1.0;
    for (int i = 1; i < n; i++)
        t[i] = i == 1 ? x : 2.0 * x * t[i - 1] - t[i - 2];
}

/* Where a value lies on the grid, from -1 to 1; beyond its edges these. */
static inline double on_grid(const answers_table *self, int s, double value, bool *inside) {
    double x = (value - self->middle[s]) / self->half[s];
    *inside = x >= -1.0 && x <= 1.0;
    return x < -1.0 ? -1.0 : x > 1.0 ? 1.0 : x;
}

/* Inverts the matrix of polynomials at the grid's values: Gauss and Jordan, with the largest pivots. */
static void invert(answers_table *self, int s) {
    int n = self->bins[s];
    double work[BINS_MAX][2 * BINS_MAX] = {{0}};
    bool inside;
    for (int i = 0; i < n; i++) {
        chebyshev(on_grid(self, s, self->value[s][i], &inside), n, work[i]);
        work[i][n + i] = 1.0;
    }
    for (int c = 0; c < n; c++) {
        int best = c;
        for (int i = c + 1; i < n; i++)
            best = fabs(work[i][c]) > fabs(work[best][c]) ? i : best;
        for (int j = 0; j < 2 * n; j++) {
            double kept = work[c][j];
            work[c][j] = work[best][j];
            work[best][j] = kept;
        }
        for (int i = 0; i < n; i++)
            for (int j = 2 * n - 1; i != c && j >= c; j--)
                work[i][j] -= work[c][j] * work[i][c] / work[c][c];
        for (int j = 2 * n - 1; j >= c; j--)
            work[c][j] /= work[c][c];
    }
    for (int i = 0; i < n; i++)
        memcpy(self->inverse[s][i], work[i] + n, (size_t)n * sizeof(double));
}

/* The most that the polynomial through answers of size 1 can reach between them: Lebesgue's constant. */
static double ringing(const answers_table *self, int s) {
    double most = 0.0, t[BINS_MAX];
    int n = self->bins[s];
    for (int k = 0; k <= 1000; k++) {
        double sum = 0.0;
        chebyshev(-1.0 + 0.002 * k, n, t);
        for (int i = 0; i < n; i++) {
            double part = 0.0;
            for (int c = 0; c < n; c++)
                part += t[c] * self->inverse[s][c][i];
            sum += fabs(part);
        }
        most = fmax(most, sum);
    }
    return most;
}

/* The different values of a sight. */
static throng_status find_bins(const throng_policy_player *player, answers_table *self, int s, throng_error *err) {
    throng_status status = THRONG_OK;
    double *value = self->value[s];
    int n = 0;
    const char *name = player->def.world->sights[s].name;
    for (int64_t i = 0; i < self->n_asked; i++) {
        int at = 0;
        double one = self->asked[i].sight[s];
        while (at < n && value[at] < one)
            at++;
        if (at < n && value[at] == one)
            continue;
        THRONG_REQUIRE(n < BINS_MAX, E_FORMAT, "%s: %s has more than %d different values.", player->def.file, name,
                       BINS_MAX);
        memmove(value + at + 1, value + at, (size_t)(n - at) * sizeof *value);
        value[at] = one;
        n++;
    }
    self->bins[s] = n;
    self->middle[s] = 0.5 * (value[0] + value[n - 1]);
    self->half[s] = n > 1 ? 0.5 * (value[n - 1] - value[0]) : 1.0;
    invert(self, s);
    THRONG_REQUIRE(ringing(self, s) <= RINGING_MAX, E_FORMAT,
                   "%s: a smooth curve through these %d values of %s would swing between them: take at most 8 evenly "
                   "spaced ones, or Chebyshev's, as throng distill does.",
                   player->def.file, n, name);
out:
    return status;
}

static int bin_of(const answers_table *self, const answer *one, int s) {
    int bin = 0;
    while (self->value[s][bin] < one->sight[s])
        bin++;
    return bin;
}

/* Where a situation stands on the grid. */
static int64_t place(const answers_table *self, const answer *one) {
    int64_t at = 0;
    for (int s = 0; s < self->n_sights; s++)
        at = at * self->bins[s] + bin_of(self, one, s);
    return at;
}

static throng_status check_whole(const throng_policy_player *player, const answers_table *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    int64_t wanted = self->cells * self->personas * player->lasts, cell = 0;
    bool *there = NULL;
    THRONG_TRY(throng_i_alloc(player->context, wanted, sizeof *there, &there, err));
    for (int64_t i = 0; i < self->n_asked; i++) {
        const answer *one = &self->asked[i];
        cell = ((int64_t)one->persona * player->lasts + one->last) * self->cells + place(self, one);
        THRONG_REQUIRE(!there[cell], E_FORMAT, "%s: the same situation of \"%.60s\" is there twice.", player->def.file,
                       throng_i_persona_name(player->def.personas, one->persona));
        there[cell] = true;
    }
    for (cell = 0; cell < wanted && there[cell];)
        cell++;
    int64_t who = cell / self->cells;
    THRONG_REQUIRE(cell == wanted, E_FORMAT,
                   "%s is not whole: of \"%.60s\" after \"%s\" it has not every combination of what is seen.",
                   player->def.file, throng_i_persona_name(player->def.personas, (int)(who / player->lasts)),
                   world->actions[player->lasts > 1 ? who % player->lasts : world->n_actions - 1]);
out:
    throng_i_free(player->context, there);
    return status;
}

/* The logarithm of how much likelier action a is than the last one. */
static double logit_of(const answer *one, int a, int n_actions) {
    double p = one->p[a], rest = one->p[n_actions - 1];
    if (one->answers > 0.0) /* what nobody chose in n answers is not impossible */
        return log((p * one->answers + 0.5) / (rest * one->answers + 0.5));
    return log(fmax(p, PROBABILITY_MIN) / fmax(rest, PROBABILITY_MIN));
}

/* ---- polynomials ------------------------------------------------------------------------------------------------ */

/* Values at the grid become coefficients, along each sight in turn. */
static void transform(const answers_table *self, double *persona) {
    int64_t stride = self->row;
    for (int s = self->n_sights - 1; s >= 0; s--) {
        int n = self->bins[s];
        for (int64_t block = 0; block < self->cells * self->row; block += stride * n)
            for (int64_t at = block; at < block + stride; at++) {
                double out[BINS_MAX] = {0};
                for (int c = 0; c < n; c++)
                    for (int i = 0; i < n; i++)
                        out[c] += self->inverse[s][c][i] * persona[at + i * stride];
                for (int c = 0; c < n; c++)
                    persona[at + c * stride] = out[c];
            }
        stride *= n;
    }
}

/* Half of the errors the other way round, so that their mean is none. */
static void move_by_error(const throng_policy_player *player, const answers_table *self, int64_t cell, double *logit) {
    double uniform[4], p[ACTIONS];
    int actions = self->n_actions - 1;
    if (player->def.refit == 0 || self->n_held_out == 0)
        return;
    throng_random_uniforms((throng_random){player->def.seed, REFIT_STREAM}, (uint64_t)cell, player->def.refit, 0,
                           uniform);
    const answer *one = &self->held_out[(int64_t)(uniform[0] * (double)self->n_held_out)];
    throng_i_player_at(player, one->persona, one->last, one->sight, p);
    for (int a = 0; a < actions; a++) {
        double error = logit_of(one, a, self->n_actions) - log(p[a] / p[actions]);
        logit[a] += uniform[1] < 0.5 ? error : -error;
    }
}

/* Coefficients for the answers; of a refit, for answers moved by errors of those that stood there before. */
static throng_status fit(throng_policy_player *player, answers_table *self, throng_error *err) {
    throng_status status = THRONG_OK;
    double *coefficient = NULL;
    int actions = self->n_actions - 1;
    int64_t n = self->cells * self->row;
    THRONG_TRY(throng_i_alloc(player->context, n * self->personas, sizeof *coefficient, &coefficient, err));
    for (int64_t i = 0; i < self->n_asked; i++) {
        const answer *one = &self->asked[i];
        double *logit = coefficient + one->persona * n + place(self, one) * self->row + one->last * actions;
        for (int a = 0; a < actions; a++)
            logit[a] = logit_of(one, a, self->n_actions);
        if (self->coefficient)
            move_by_error(player, self, i, logit);
    }
    for (int persona = 0; persona < self->personas; persona++)
        transform(self, coefficient + persona * n);
    throng_i_free(player->context, self->coefficient);
    self->coefficient = coefficient;
out:
    return status;
}

throng_status throng_i_table_create(throng_policy_player *player, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    answers_table *self = NULL;
    THRONG_TRY(throng_i_alloc(player->context, 1, sizeof *self, &self, err));
    player->self = self;
    self->n_sights = world->n_sights;
    self->n_actions = world->n_actions;
    self->personas = throng_i_personas(player->def.personas);
    THRONG_TRY(read_answers(player, self, err));
    THRONG_REQUIRE(self->n_asked > 0, E_FORMAT, "%s has no answers to play.", player->def.file);
    self->cells = 1;
    for (int s = 0; s < self->n_sights; s++) {
        THRONG_TRY(find_bins(player, self, s, err));
        self->cells *= self->bins[s];
    }
    self->row = (player->lasts * (world->n_actions - 1) + 3) / 4 * 4;
    THRONG_TRY(check_whole(player, self, err));
    THRONG_TRY(fit(player, self, err));
    if (player->def.refit > 0)
        THRONG_TRY(fit(player, self, err));
out:
    return status;
}

void throng_i_table_clear(throng_policy_player *player) {
    answers_table *self = player->self;
    if (!self)
        return;
    throng_i_free(player->context, self->coefficient);
    throng_i_free(player->context, self->asked);
    throng_i_free(player->context, self->held_out);
    throng_i_free(player->context, self);
}

/* ---- playing --------------------------------------------------------------------------------------------------- */

/* Slots of one persona are played side by side. */
#define WIDE   8
#define ALWAYS static inline __attribute__((always_inline))
typedef double wide __attribute__((vector_size(WIDE * sizeof(double))));

/* Up to WIDE slots of one persona. Sights that a world has not come first, and are 1. */
typedef struct slot_group {
    const double *coefficient;
    int n[SIGHTS], rows, row, slots;
    int64_t slot[WIDE]; /* the last one stands for those that are missing */
    wide x[SIGHTS], inside[SIGHTS];
    wide t[SIGHTS][BINS_MAX], slope[SIGHTS][BINS_MAX]; /* polynomials, and their slopes where they are wanted */
} slot_group;

/* Slots in the order of their personas. @param order [n] out */
static void sort_slots(const throng_faced *faced, int personas, int16_t *order) {
    int16_t first[THRONG_PERSONAS_MAX + 1];
    memset(first, 0, ((size_t)personas + 1) * sizeof *first);
    for (int64_t k = 0; k < faced->n; k++)
        first[faced->persona[k] + 1]++;
    for (int p = 0; p < personas; p++)
        first[p + 1] = (int16_t)(first[p + 1] + first[p]);
    for (int64_t k = 0; k < faced->n; k++)
        order[first[faced->persona[k]]++] = (int16_t)k;
}

/* The slots from order[at] on that have its persona, and where they stand. */
static void gather(const throng_policy_player *player, const throng_faced *faced, const int16_t *order, int64_t at,
                   slot_group *out) {
    const answers_table *self = player->self;
    int32_t persona = faced->persona[order[at]];
    out->coefficient = self->coefficient + persona * self->cells * self->row;
    out->rows = player->lasts * (self->n_actions - 1);
    out->row = self->row;
    out->slots = 0;
    for (int w = 0; w < WIDE; w++) {
        if (at + w < faced->n && faced->persona[order[at + w]] == persona)
            out->slots++;
        out->slot[w] = order[at + out->slots - 1];
    }
    for (int s = 0; s < SIGHTS; s++) {
        int from = s - (SIGHTS - self->n_sights);
        out->n[s] = from >= 0 ? self->bins[from] : 1;
        for (int w = 0; w < WIDE; w++) {
            bool inside = false;
            out->x[s][w] = from >= 0 ? on_grid(self, from, faced->sight[from][out->slot[w]], &inside) : 0.0;
            out->inside[s][w] = inside ? 1.0 / self->half[from] : 0.0;
        }
    }
}

/* Chebyshev's polynomials at x. */
ALWAYS void polynomials(wide x, int n, wide *t) {
    t[0] = (wide){1, 1, 1, 1, 1, 1, 1, 1};
    t[1] = x;
    for (int i = 2; i < n; i++)
        t[i] = 2.0 * x * t[i - 1] - t[i - 2];
}

/* Their slopes, times a scale. */
ALWAYS void polynomial_slopes(wide x, wide scale, int n, const wide *t, wide *slope) {
    slope[0] = (wide){0};
    slope[1] = scale;
    for (int i = 2; i < n; i++)
        slope[i] = 2.0 * scale * t[i - 1] + 2.0 * x * slope[i - 1] - slope[i - 2];
}

/* rows is a constant to the compiler, which keeps the sums in registers. */
ALWAYS void blend_rows(const int rows, const slot_group *at, wide *out) {
    const double *from = at->coefficient;
    wide sum[THRONG_I_LOGITS_MAX];
    for (int r = 0; r < rows; r++)
        out[r] = (wide){0};
    for (int h = 0; h < at->n[0]; h++)
        for (int i = 0; i < at->n[1]; i++) {
            for (int r = 0; r < rows; r++)
                sum[r] = (wide){0};
            for (int j = 0; j < at->n[2]; j++, from += at->row)
#pragma GCC unroll 12
                for (int r = 0; r < rows; r++)
                    sum[r] += from[r] * at->t[2][j];
            for (int r = 0; r < rows; r++)
                out[r] += at->t[0][h] * at->t[1][i] * sum[r];
        }
}

ALWAYS void blend_back_rows(const int rows, const slot_group *at, const wide *of, wide *back) {
    const double *from = at->coefficient;
    for (int h = 0; h < at->n[0]; h++)
        for (int i = 0; i < at->n[1]; i++) {
            wide value = {0}, slope = {0};
            for (int j = 0; j < at->n[2]; j++, from += at->row) {
                wide sum = {0};
#pragma GCC unroll 12
                for (int r = 0; r < rows; r++)
                    sum += from[r] * of[r];
                value += sum * at->t[2][j];
                slope += sum * at->slope[2][j];
            }
            back[0] += value * at->slope[0][h] * at->t[1][i];
            back[1] += value * at->t[0][h] * at->slope[1][i];
            back[2] += slope * at->t[0][h] * at->t[1][i];
        }
}

/* Three actions, with the last one known or not, are what worlds have; others take a moment longer. */
THRONG_WIDE static void blend(slot_group *at, wide *out) {
    for (int s = 0; s < SIGHTS; s++)
        polynomials(at->x[s], at->n[s], at->t[s]);
    if (at->rows == 6)
        blend_rows(6, at, out);
    else if (at->rows == 2)
        blend_rows(2, at, out);
    else
        blend_rows(at->rows, at, out);
}

/* @param of [rows] how much a result moves with each logit  @param back [SIGHTS] out */
THRONG_WIDE static void blend_back(slot_group *at, const wide *of, wide *back) {
    for (int s = 0; s < SIGHTS; s++) {
        polynomials(at->x[s], at->n[s], at->t[s]);
        polynomial_slopes(at->x[s], at->inside[s], at->n[s], at->t[s], at->slope[s]);
        back[s] = (wide){0};
    }
    if (at->rows == 6)
        blend_back_rows(6, at, of, back);
    else if (at->rows == 2)
        blend_back_rows(2, at, of, back);
    else
        blend_back_rows(at->rows, at, of, back);
}

void throng_i_table_logits(const throng_policy_player *player, const throng_faced *faced, double *const *logit) {
    const answers_table *self = player->self;
    int16_t order[THRONG_FACED_MAX];
    wide out[THRONG_I_LOGITS_MAX];
    slot_group group;
    sort_slots(faced, self->personas, order);
    for (int64_t at = 0; at < faced->n; at += group.slots) {
        gather(player, faced, order, at, &group);
        blend(&group, out);
        for (int r = 0; r < group.rows; r++)
            for (int w = 0; w < group.slots; w++)
                logit[r][group.slot[w]] = out[r][w];
    }
}

void throng_i_table_logits_adjoint(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                                   double *const *sight) {
    const answers_table *self = player->self;
    int16_t order[THRONG_FACED_MAX];
    wide mine[THRONG_I_LOGITS_MAX], back[SIGHTS];
    slot_group group;
    sort_slots(faced, self->personas, order);
    for (int64_t at = 0; at < faced->n; at += group.slots) {
        gather(player, faced, order, at, &group);
        for (int r = 0; r < group.rows; r++)
            for (int w = 0; w < WIDE; w++)
                mine[r][w] = of[r][group.slot[w]];
        blend_back(&group, mine, back);
        for (int s = 0; s < self->n_sights; s++)
            for (int w = 0; w < group.slots; w++)
                sight[s][group.slot[w]] += back[SIGHTS - self->n_sights + s][w];
    }
}

/* ---- how well it fits ------------------------------------------------------------------------------------------ */

static double distance(const double *p, const double *q, int n) {
    double sum = 0.0;
    for (int a = 0; a < n; a++)
        sum += 0.5 * fabs(p[a] - q[a]);
    return sum;
}

bool throng_i_table_fit(const throng_policy_player *player, throng_fit *out) {
    const answers_table *self = player->self;
    double mean[ACTIONS] = {0}, p[ACTIONS];
    *out = (throng_fit){.cells = self->n_asked, .held_out = self->n_held_out};
    for (int64_t i = 0; i < self->n_asked; i++)
        for (int a = 0; a < self->n_actions; a++)
            mean[a] += self->asked[i].p[a] / (double)self->n_asked;
    for (int64_t i = 0; i < self->n_held_out; i++) {
        const answer *one = &self->held_out[i];
        throng_i_player_at(player, one->persona, one->last, one->sight, p);
        double error = distance(p, one->p, self->n_actions), chance = 0.0;
        for (int a = 0; one->answers > 0.0 && a < self->n_actions; a++) /* mean size of a normal: sqrt(2 / pi) */
            chance += 0.5 * sqrt(2.0 / 3.14159265358979 * p[a] * (1.0 - p[a]) / one->answers);
        out->mean += error / (double)self->n_held_out;
        out->most = fmax(out->most, error);
        out->noise += chance / (double)self->n_held_out;
        out->flat += distance(mean, one->p, self->n_actions) / (double)self->n_held_out;
    }
    return true;
}
