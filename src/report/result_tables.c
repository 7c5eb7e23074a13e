/* attribution.parquet and change.parquet: tables whose columns are views of what the run holds anyway. Ids, times and
 * cohorts are kept once per agent, time and cohort; they are spread over the rows only while these are written. */
#include "report/report.h"

#include "attribution/attribution.h"
#include "table/table.h"

#define SPREADS_MAX 3 /* id, time, cohort */

/* A column that is looked up: row r has the value that its code stands for. How a code is found is the first of these
 * that is given; without any of them the code is the row. */
typedef struct spread {
    const throng_agent *agents; /* codes by row */
    const int64_t *offsets;     /* code c has rows offsets[c] .. offsets[c + 1] - 1 */
    const uint8_t *bytes;       /* codes by row, or, if there are `rows`, by the row that they name */
    const int64_t *rows;        /* -1: none, which is the code `absent` */
    int64_t absent;
    const throng_i_keys *keys; /* what codes stand for; NULL: codes are wanted */
    throng_type type;          /* of the column */
} spread;

/* A table in the making, with what its columns borrow. */
typedef struct result_table {
    throng_table *table;
    spread spreads[SPREADS_MAX];
    int n_spreads;
    const char *cohorts[THRONG_COHORTS_MAX + 1];
} result_table;

static int64_t code_of(const spread *self, int64_t row) {
    if (self->agents)
        return self->agents[row];
    if (!self->bytes)
        return row;
    if (self->rows)
        row = self->rows[row];
    return row < 0 ? self->absent : self->bytes[row];
}

/* The code whose rows include this one. */
static int64_t find_code(const int64_t *offsets, int64_t row) {
    int64_t code = 0;
    while (row >= offsets[code + 1])
        code++;
    return code;
}

static void fill_rows(const void *user, int64_t begin, int64_t n, void *out) {
    const spread *self = user;
    const int64_t *values = self->keys ? self->keys->values : NULL;
    bool narrow = throng_type_size(self->type) == sizeof(int32_t);
    int64_t code = self->offsets ? find_code(self->offsets, begin) : 0;
    for (int64_t i = 0; i < n; i++) {
        if (!self->offsets)
            code = code_of(self, begin + i);
        while (self->offsets && begin + i >= self->offsets[code + 1])
            code++;
        int64_t value = !self->keys ? code : values ? values[code] : code + 1;
        if (narrow)
            ((int32_t *)out)[i] = (int32_t)value;
        else
            ((int64_t *)out)[i] = value;
    }
}

/* Adds a column that is looked up. TEXT: words [n_words] are what the codes stand for. */
static throng_status add_spread(result_table *self, const char *name, spread how, const char *const *words,
                                int64_t n_words, throng_error *err) {
    spread *kept = &self->spreads[self->n_spreads++];
    *kept = how;
    throng_i_table_column column = {
        .view = {.type = how.type, .n_rows = throng_table_rows(self->table), .n_words = n_words, .words = words},
        .fill = fill_rows,
        .fill_user = kept};
    return throng_i_table_put_column(self->table, name, &column, err);
}

/* Adds a column that is there already, under another name. */
static throng_status add_view(result_table *self, const char *name, const throng_column_view *view, throng_error *err) {
    throng_i_table_column column = {.view = *view};
    return throng_i_table_put_column(self->table, name, &column, err);
}

static throng_status add_reals(result_table *self, const char *name, const double *values, throng_error *err) {
    throng_column_view view = {.type = THRONG_TYPE_FLOAT64, .n_rows = throng_table_rows(self->table), .data = values};
    return add_view(self, name, &view, err);
}

/* ---- the columns of the results -------------------------------------------------------------------------------- */

/* The id of each row's agent; with agents NULL row r is agent r. */
static throng_status add_ids(result_table *self, const throng_i_keys *ids, const throng_agent *agents,
                             throng_error *err) {
    bool text = ids->type == THRONG_TYPE_TEXT;
    spread how = {.agents = agents, .keys = text ? NULL : ids, .type = ids->type};
    return add_spread(self, "id", how, text ? ids->words : NULL, text ? ids->n : 0, err);
}

static throng_status add_times(result_table *self, const throng_population *population, throng_error *err) {
    const throng_i_keys *times = &population->times;
    bool text = times->type == THRONG_TYPE_TEXT;
    spread how = {.offsets = population->offsets, .keys = text ? NULL : times, .type = times->type};
    return add_spread(self, "time", how, text ? times->words : NULL, text ? times->n : 0, err);
}

/* The cohort of each row; with rows, of the row that they name: an agent that is absent at both ends has none. */
static throng_status add_cohorts(result_table *self, const throng_cohorts *cohorts, const int64_t *rows,
                                 throng_error *err) {
    if (!cohorts)
        return THRONG_OK;
    int n = throng_cohorts_count(cohorts);
    for (int i = 0; i < n; i++)
        self->cohorts[i] = throng_cohorts_name(cohorts, i);
    self->cohorts[n] = "(absent)";
    spread how = {.bytes = throng_cohorts_view(cohorts), .rows = rows, .absent = n, .type = THRONG_TYPE_TEXT};
    return add_spread(self, "cohort", how, self->cohorts, n + 1, err);
}

/* ---- the two tables -------------------------------------------------------------------------------------------- */

throng_status throng_i_write_attribution(throng_context *context, const throng_attribution *attribution,
                                         const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    const throng_population *population = attribution->population;
    THRONG_TRY(throng_table_create(context, population->n_rows, &result.table, err));
    THRONG_TRY(add_ids(&result, &population->ids, population->agents, err));
    if (population->times.name)
        THRONG_TRY(add_times(&result, population, err));
    THRONG_TRY(add_view(&result, "state", &population->state, err));
    if (population->weight.name)
        THRONG_TRY(add_view(&result, "weight", &population->weight, err));
    THRONG_TRY(add_cohorts(&result, cohorts, NULL, err));
    THRONG_TRY(add_reals(&result, "phi", attribution->phi, err));
    if (attribution->standard_error)
        THRONG_TRY(add_reals(&result, "standard_error", attribution->standard_error, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}

throng_status throng_i_write_change(throng_context *context, const throng_attribution *attribution,
                                    const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    const throng_population *population = attribution->population;
    THRONG_TRY(throng_table_create(context, population->n_agents, &result.table, err));
    THRONG_TRY(add_ids(&result, &population->ids, NULL, err));
    THRONG_TRY(add_cohorts(&result, cohorts, attribution->change_row, err));
    THRONG_TRY(add_reals(&result, "phi", attribution->change_phi, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}
