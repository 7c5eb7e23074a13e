/* attribution.parquet and change.parquet: tables whose big columns are views of what the run holds anyway. Ids, times
 * and cohorts are kept once per agent, time and cohort; here they are spread over the rows. */
#include "report/report.h"

#include "attribution/attribution.h"
#include "table/table.h"

/* ---- columns that are looked up, row by row -------------------------------------------------------------------- */

/* out[row] = values[code(row)], where the code is given as it is kept. */
typedef struct spread_job {
    const throng_agent *agents; /* codes by row, or */
    const uint8_t *bytes;       /* codes by row, or */
    const int64_t *offsets;     /* rows of code c are offsets[c] .. offsets[c + 1] - 1, or */
    const int64_t *rows;        /* the row of which the byte is taken, or -1; NULL: the same row */
    int absent;                 /* the code for a row of -1 */
    int64_t n_codes;            /* of offsets */
    const throng_i_keys *keys;  /* what codes stand for; NULL: codes are wanted */
    throng_type type;           /* of the column */
    void *out;
} spread_job;

static int64_t code_of(const spread_job *job, int64_t row) {
    if (job->agents)
        return job->agents[row];
    if (job->rows && job->rows[row] < 0)
        return job->absent;
    return job->bytes ? job->bytes[job->rows ? job->rows[row] : row] : row;
}

static void store(const spread_job *job, int64_t row, int64_t code) {
    int64_t value = code;
    if (job->keys)
        value = job->keys->values ? job->keys->values[code] : code + 1;
    if (throng_type_size(job->type) == sizeof(int32_t))
        ((int32_t *)job->out)[row] = (int32_t)value;
    else
        ((int64_t *)job->out)[row] = value;
}

static void spread_chunk(void *user, throng_chunk chunk) {
    const spread_job *job = user;
    int64_t code = 0;
    for (int64_t row = chunk.begin; row < chunk.end; row++) {
        if (job->offsets) {
            while (code + 1 < job->n_codes && row >= job->offsets[code + 1])
                code++;
        } else {
            code = code_of(job, row);
        }
        store(job, row, code);
    }
}

/* Adds a column that `job` fills. TEXT: words [n_words] are what the codes stand for, and are borrowed. */
static throng_status add_spread(throng_context *context, throng_table *table, const char *name, spread_job job,
                                const char *const *words, int64_t n_words, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = throng_table_rows(table);
    throng_i_table_column column = {.view = {.type = job.type, .n_rows = n, .n_words = n_words, .words = words}};
    void *memory = NULL;
    THRONG_TRY(throng_i_resize(context, &memory, n, throng_type_size(job.type), err));
    job.out = memory;
    THRONG_TRY(throng_chunks_for(context, n, spread_chunk, &job, NULL, err));
    column.view.data = column.memory = memory;
    THRONG_TRY(throng_i_table_put_column(table, name, &column, err));
    memory = NULL;
out:
    throng_i_free(context, memory);
    return status;
}

/* Adds a column that is there already, under another name. */
static throng_status add_view(throng_table *table, const char *name, const throng_column_view *view,
                              throng_error *err) {
    throng_i_table_column column = {.view = *view};
    return throng_i_table_put_column(table, name, &column, err);
}

static throng_status add_reals(throng_table *table, const char *name, const double *values, throng_error *err) {
    throng_column_view view = {.type = THRONG_TYPE_FLOAT64, .n_rows = throng_table_rows(table), .data = values};
    return add_view(table, name, &view, err);
}

/* ---- the columns of the results -------------------------------------------------------------------------------- */

/* The id of each row's agent; with agents NULL row r is agent r. */
static throng_status add_ids(throng_context *context, throng_table *table, const throng_population *population,
                             const throng_agent *agents, throng_error *err) {
    const throng_i_keys *ids = &population->ids;
    throng_column_view view = {.type = ids->type, .n_rows = throng_table_rows(table)};
    if (ids->type == THRONG_TYPE_TEXT) {
        view.n_words = ids->n;
        view.words = ids->words;
        view.data = agents; /* agents are the codes of their ids */
        if (agents)
            return add_view(table, "id", &view, err);
        return add_spread(context, table, "id", (spread_job){.type = THRONG_TYPE_TEXT}, ids->words, ids->n, err);
    }
    view.data = ids->values;
    if (!agents && ids->values && throng_type_size(ids->type) == sizeof *ids->values)
        return add_view(table, "id", &view, err);
    return add_spread(context, table, "id", (spread_job){.agents = agents, .keys = ids, .type = ids->type}, NULL, 0,
                      err);
}

static throng_status add_times(throng_context *context, throng_table *table, const throng_population *population,
                               throng_error *err) {
    const throng_i_keys *times = &population->times;
    bool text = times->type == THRONG_TYPE_TEXT;
    spread_job job = {.offsets = population->offsets,
                      .n_codes = population->n_times,
                      .keys = text ? NULL : times,
                      .type = times->type};
    return add_spread(context, table, "time", job, text ? times->words : NULL, text ? times->n : 0, err);
}

/* The cohort of each row; with rows, of the row that they name: an agent that is absent at both ends has none. */
static throng_status add_cohorts(throng_context *context, throng_table *table, const throng_cohorts *cohorts,
                                 const int64_t *rows, throng_error *err) {
    const char *names[THRONG_COHORTS_MAX + 1];
    int32_t *codes = NULL;
    int n = throng_cohorts_count(cohorts);
    for (int i = 0; i < n; i++)
        names[i] = throng_cohorts_name(cohorts, i);
    names[n] = "(absent)";
    throng_status status = throng_table_add_codes(table, "cohort", rows ? n + 1 : n, names, &codes, err);
    if (status != THRONG_OK)
        return status;
    spread_job job = {
        .bytes = throng_cohorts_view(cohorts), .rows = rows, .absent = n, .type = THRONG_TYPE_TEXT, .out = codes};
    return throng_chunks_for(context, throng_table_rows(table), spread_chunk, &job, NULL, err);
}

/* ---- the two tables -------------------------------------------------------------------------------------------- */

throng_status throng_i_write_attribution(throng_context *context, const throng_attribution *attribution,
                                         const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    const throng_population *population = attribution->population;
    THRONG_TRY(throng_table_create(context, population->n_rows, &table, err));
    THRONG_TRY(add_ids(context, table, population, population->agents, err));
    if (population->times.name)
        THRONG_TRY(add_times(context, table, population, err));
    THRONG_TRY(add_view(table, "state", &population->state, err));
    if (population->weight.name)
        THRONG_TRY(add_view(table, "weight", &population->weight, err));
    THRONG_TRY(add_cohorts(context, table, cohorts, NULL, err));
    THRONG_TRY(add_reals(table, "phi", attribution->phi, err));
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    return status;
}

throng_status throng_i_write_change(throng_context *context, const throng_attribution *attribution,
                                    const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    const throng_population *population = attribution->population;
    THRONG_TRY(throng_table_create(context, population->n_agents, &table, err));
    THRONG_TRY(add_ids(context, table, population, NULL, err));
    THRONG_TRY(add_cohorts(context, table, cohorts, attribution->change_row, err));
    THRONG_TRY(add_reals(table, "phi", attribution->change_phi, err));
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    return status;
}
