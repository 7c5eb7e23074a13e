/* Personas: read from a table of them, or made from marginals. */
#include "policy/policy.h"
#include "table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT_LENGTH     512
#define PERSONAS_STREAM 0x706572736f6eULL

struct throng_personas {
    throng_context *context;
    int n, n_traits;
    char **name;   /* [n] */
    double *share; /* [n] adding up to 1 */
    char **trait;  /* [n_traits] */
    char **value;  /* [n][n_traits] */
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status make(throng_context *context, int n, int n_traits, throng_personas **out, throng_error *err) {
    throng_personas *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (throng_personas){.context = context, .n = n, .n_traits = n_traits};
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->name, &self->name, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->share, &self->share, err));
    THRONG_TRY(throng_i_alloc(context, n_traits, sizeof *self->trait, &self->trait, err));
    THRONG_TRY(throng_i_alloc(context, (int64_t)n * n_traits, sizeof *self->value, &self->value, err));
    *out = self;
    self = NULL;
out:
    throng_personas_free(self);
    return status;
}

void throng_personas_free(throng_personas *self) {
    if (!self)
        return;
    for (int i = 0; self->name && i < self->n; i++)
        throng_i_free(self->context, self->name[i]);
    for (int t = 0; self->trait && t < self->n_traits; t++)
        throng_i_free(self->context, self->trait[t]);
    for (int v = 0; self->value && v < self->n * self->n_traits; v++)
        throng_i_free(self->context, self->value[v]);
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->share);
    throng_i_free(self->context, self->trait);
    throng_i_free(self->context, self->value);
    throng_i_free(self->context, self);
}

int throng_personas_count(const throng_personas *self) {
    return self->n;
}

const char *throng_personas_name(const throng_personas *self, int persona) {
    return persona >= 0 && persona < self->n ? self->name[persona] : NULL;
}

double throng_personas_share(const throng_personas *self, int persona) {
    return persona >= 0 && persona < self->n ? self->share[persona] : 0.0;
}

const char *throng_i_persona_name(const throng_personas *personas, int persona) {
    return personas ? personas->name[persona] : "everybody";
}

int throng_i_persona_find(const throng_personas *personas, const char *name) {
    for (int i = 0; i < throng_i_personas(personas); i++)
        if (strcmp(throng_i_persona_name(personas, i), name) == 0)
            return i;
    return -1;
}

int throng_i_persona_trait(const throng_personas *personas, const char *trait) {
    for (int t = 0; personas && t < personas->n_traits; t++)
        if (strcmp(personas->trait[t], trait) == 0)
            return t;
    return -1;
}

const char *throng_i_persona_value(const throng_personas *personas, int persona, int trait) {
    return personas->value[persona * personas->n_traits + trait];
}

/* ---- checking -------------------------------------------------------------------------------------------------- */

/* Shares become those of a whole. */
static throng_status finish(throng_personas *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    double sum = 0.0;
    for (int i = 0; i < self->n; i++) {
        THRONG_REQUIRE(isfinite(self->share[i]) && self->share[i] >= 0.0, E_FORMAT,
                       "%s: the share of \"%.60s\" must not be negative, got %g.", path, self->name[i], self->share[i]);
        for (int j = 0; j < i; j++)
            THRONG_REQUIRE(strcmp(self->name[i], self->name[j]) != 0, E_FORMAT, "%s: there are two personas \"%.60s\".",
                           path, self->name[i]);
        sum += self->share[i];
    }
    THRONG_REQUIRE(sum > 0.0, E_FORMAT, "%s: the shares of all personas are 0.", path);
    for (int i = 0; i < self->n; i++)
        self->share[i] /= sum;
out:
    return status;
}

/* ---- a row a persona ------------------------------------------------------------------------------------------- */

static throng_status load_rows(throng_context *context, const char *path, const char *const *traits, int n_traits,
                               throng_personas **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    throng_personas *self = NULL;
    throng_column_request *requests = NULL;
    char text[TEXT_LENGTH];
    bool shares = throng_i_has_column(context, path, "share");
    THRONG_TRY(throng_i_alloc(context, n_traits + 2, sizeof *requests, &requests, err));
    requests[0] = (throng_column_request){"persona", THRONG_ROLE_KEY};
    for (int t = 0; t < n_traits; t++)
        requests[1 + t] = (throng_column_request){traits[t], THRONG_ROLE_LABEL};
    requests[1 + n_traits] = (throng_column_request){"share", THRONG_ROLE_NUMBER};
    THRONG_TRY(throng_table_read(context, &path, 1, requests, 1 + n_traits + shares, NULL, &table, err));
    int64_t n = throng_table_rows(table);
    THRONG_REQUIRE(n >= 1 && n <= THRONG_PERSONAS_MAX, E_FORMAT, "%s: there can be 1 to %d personas, got %lld.", path,
                   THRONG_PERSONAS_MAX, (long long)n);
    THRONG_TRY(make(context, (int)n, n_traits, &self, err));
    for (int c = 0; c <= n_traits; c++) {
        throng_column_view column = throng_table_column(table, c);
        if (c > 0)
            THRONG_TRY(throng_i_copy_text(context, traits[c - 1], &self->trait[c - 1], err));
        for (int i = 0; i < self->n; i++) {
            throng_i_cell_text(&column, i, text, sizeof text);
            THRONG_TRY(
                throng_i_copy_text(context, text, c == 0 ? &self->name[i] : &self->value[i * n_traits + c - 1], err));
        }
    }
    throng_column_view share = throng_table_column(table, 1 + n_traits);
    for (int i = 0; i < self->n; i++)
        self->share[i] = shares ? throng_i_cell_number(&share, i) : 1.0;
    THRONG_TRY(finish(self, path, err));
    *out = self;
    self = NULL;
out:
    throng_table_free(table);
    throng_i_free(context, requests);
    throng_personas_free(self);
    return status;
}

/* ---- marginals ------------------------------------------------------------------------------------------------- */

#define TRAITS_MAX 16

typedef struct marginals {
    throng_column_view trait, value, share;
    int64_t rows;
    int n_traits;
    int64_t first[TRAITS_MAX]; /* a row of each trait */
    double sum[TRAITS_MAX];    /* of its shares */
    int values[TRAITS_MAX];    /* how many it has */
} marginals;

static throng_status find_traits(marginals *it, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    char one[TEXT_LENGTH], other[TEXT_LENGTH];
    for (int64_t row = 0; row < it->rows; row++) {
        int t = 0;
        double share = throng_i_cell_number(&it->share, row);
        throng_i_cell_text(&it->trait, row, one, sizeof one);
        for (; t < it->n_traits; t++) {
            throng_i_cell_text(&it->trait, it->first[t], other, sizeof other);
            if (strcmp(one, other) == 0)
                break;
        }
        THRONG_REQUIRE(t < TRAITS_MAX, E_FORMAT, "%s: there can be %d traits.", path, TRAITS_MAX);
        THRONG_REQUIRE(isfinite(share) && share >= 0.0, E_FORMAT, "%s: row %lld: a share must not be negative.", path,
                       (long long)row + 1);
        if (t == it->n_traits)
            it->first[it->n_traits++] = row;
        it->sum[t] += share;
        it->values[t]++;
    }
out:
    return status;
}

/* The row with the v-th value of a trait. */
static int64_t row_of(const marginals *it, int trait, int v) {
    char one[TEXT_LENGTH], other[TEXT_LENGTH];
    throng_i_cell_text(&it->trait, it->first[trait], one, sizeof one);
    for (int64_t row = it->first[trait]; row < it->rows; row++) {
        throng_i_cell_text(&it->trait, row, other, sizeof other);
        if (strcmp(one, other) == 0 && v-- == 0)
            return row;
    }
    return it->first[trait];
}

/* The i-th combination: its values, its name and how frequent it is. */
static throng_status combine(const marginals *it, throng_personas *self, int i, throng_error *err) {
    throng_status status = THRONG_OK;
    char text[TEXT_LENGTH], name[TEXT_LENGTH] = "";
    size_t used = 0;
    int left = i;
    self->share[i] = 1.0;
    for (int t = it->n_traits - 1; t >= 0; t--) {
        int64_t row = row_of(it, t, left % it->values[t]);
        left /= it->values[t];
        throng_i_cell_text(&it->value, row, text, sizeof text);
        self->share[i] *= throng_i_cell_number(&it->share, row) / it->sum[t];
        THRONG_TRY(throng_i_copy_text(self->context, text, &self->value[i * self->n_traits + t], err));
    }
    for (int t = 0; t < it->n_traits && used < sizeof name; t++)
        used += (size_t)snprintf(name + used, sizeof name - used, "%s%s", t > 0 ? ", " : "",
                                 self->value[i * self->n_traits + t]);
    THRONG_TRY(throng_i_copy_text(self->context, name, &self->name[i], err));
out:
    return status;
}

static throng_status load_marginals(throng_context *context, const char *path, throng_table *table,
                                    throng_personas **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_personas *self = NULL;
    char text[TEXT_LENGTH];
    int64_t n = 1;
    marginals it = {throng_table_column(table, 0), throng_table_column(table, 1), throng_table_column(table, 2),
                    .rows = throng_table_rows(table)};
    THRONG_TRY(find_traits(&it, path, err));
    for (int t = 0; t < it.n_traits; t++) {
        THRONG_REQUIRE(it.sum[t] > 0.0, E_FORMAT, "%s: all shares of a trait are 0.", path);
        n *= it.values[t];
        THRONG_REQUIRE(n <= THRONG_PERSONAS_MAX, E_FORMAT,
                       "%s: the traits have more than %d combinations, each of which would be a persona.", path,
                       THRONG_PERSONAS_MAX);
    }
    THRONG_TRY(make(context, (int)n, it.n_traits, &self, err));
    for (int t = 0; t < it.n_traits; t++) {
        throng_i_cell_text(&it.trait, it.first[t], text, sizeof text);
        THRONG_TRY(throng_i_copy_text(context, text, &self->trait[t], err));
    }
    for (int i = 0; i < self->n; i++)
        THRONG_TRY(combine(&it, self, i, err));
    THRONG_TRY(finish(self, path, err));
    *out = self;
    self = NULL;
out:
    throng_personas_free(self);
    return status;
}

throng_status throng_personas_load(throng_context *context, const char *path, const char *const *traits, int n_traits,
                                   throng_personas **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    throng_personas *self = NULL;
    const throng_column_request requests[] = {
        {"trait", THRONG_ROLE_KEY}, {"value", THRONG_ROLE_KEY}, {"share", THRONG_ROLE_NUMBER}};
    if (throng_table_read(context, &path, 1, requests, 3, NULL, &table, NULL) != THRONG_OK)
        return load_rows(context, path, traits, n_traits, out, err);
    THRONG_TRY(load_marginals(context, path, table, &self, err));
    for (int t = 0; t < n_traits; t++)
        THRONG_REQUIRE(throng_i_persona_trait(self, traits[t]) >= 0, E_COLUMN, "%s has no trait \"%.60s\".", path,
                       traits[t]);
    *out = self;
    self = NULL;
out:
    throng_personas_free(self);
    throng_table_free(table);
    return status;
}

void throng_personas_draw(const throng_personas *self, uint64_t seed, int64_t n, int32_t *persona) {
    for (int64_t agent = 0; agent < n; agent++) {
        double uniform[4];
        int chosen = 0;
        throng_random_uniforms((throng_random){seed, PERSONAS_STREAM}, (uint64_t)agent, 0, 0, uniform);
        for (double left = uniform[0] - self->share[0]; left >= 0.0 && chosen + 1 < self->n;)
            left -= self->share[++chosen];
        persona[agent] = chosen;
    }
}
