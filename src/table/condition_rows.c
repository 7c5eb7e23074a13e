/* Evaluating a condition that was found harmless, in a database that could not do harm either: see condition.h. */
#include "table/condition.h"
#include "table/database.h"
#include "table/stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Somebody's columns as a table: nothing is copied. */
static throng_status borrow_columns(throng_context *context, const throng_column_view *columns, int n_columns,
                                    int64_t n, throng_table **out, throng_error *err) {
    throng_status status = throng_table_create(context, n, out, err);
    for (int i = 0; i < n_columns && status == THRONG_OK; i++) {
        char name[16];
        throng_i_table_column column = {.view = columns[i]};
        snprintf(name, sizeof name, "c%d", i);
        status = throng_i_table_put_column(*out, name, &column, err);
    }
    return status;
}

/* Whether some number of a column is NaN, and has to become NULL. */
static bool has_gaps(const throng_column_view *column) {
    int64_t gaps = 0;
    if (column->type == THRONG_TYPE_FLOAT64)
        for (int64_t i = 0; i < column->n_rows; i++)
            gaps += isnan(((const double *)column->data)[i]) != 0;
    if (column->type == THRONG_TYPE_FLOAT32)
        for (int64_t i = 0; i < column->n_rows; i++)
            gaps += isnan(((const float *)column->data)[i]) != 0;
    return gaps > 0;
}

static void write_query(throng_i_sql *sql, const throng_i_condition *condition, const throng_column_view *columns) {
    throng_i_sql_add(sql, "SELECT coalesce(CAST((%s\n) AS BOOLEAN), false) FROM (SELECT ", condition->text);
    for (int i = 0; i < condition->n_columns; i++) {
        throng_i_sql_add(sql, has_gaps(&columns[i]) ? "%snullif(c%d, 'nan') AS " : "%sc%d AS ", i ? ", " : "", i);
        throng_i_sql_name(sql, condition->columns[i]);
    }
    throng_i_sql_add(sql, condition->n_columns ? " FROM throng_rows)" : "c0 FROM throng_rows)");
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

typedef struct deadline {
    double until;
    const _Atomic bool *stop;
} deadline;

static bool is_in_time(void *user, const throng_progress *progress) {
    const deadline *self = user;
    (void)progress;
    return throng_i_seconds() < self->until && !(self->stop && *self->stop);
}

throng_status throng_i_condition_lock(throng_i_database *database, const throng_i_condition_limits *limits,
                                      throng_error *err) {
    static const char *const settings[] = {"SET enable_external_access = false",
                                           "SET allow_community_extensions = false", "SET lock_configuration = true"};
    char memory[48];
    snprintf(memory, sizeof memory, "SET memory_limit = '%lldMB'", (long long)limits->megabytes);
    throng_status status = throng_i_database_run(database, memory, NULL, err);
    for (size_t i = 0; i < sizeof settings / sizeof *settings && status == THRONG_OK; i++)
        status = throng_i_database_run(database, settings[i], NULL, err);
    return status;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static void take_chunk(duckdb_data_chunk chunk, int64_t at, uint8_t *bits) {
    const bool *values = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    int64_t n = (int64_t)duckdb_data_chunk_get_size(chunk);
    for (int64_t i = 0; i < n; i++)
        bits[(at + i) >> 3] |= (uint8_t)(values[i] << ((at + i) & 7));
}

static throng_status collect(throng_i_database *database, const char *sql, int64_t n, uint8_t *bits,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_query *query = NULL;
    int64_t at = 0;
    THRONG_TRY(throng_i_query_open(database, sql, &query, err));
    for (;;) {
        duckdb_data_chunk chunk = NULL;
        THRONG_TRY(throng_i_query_next(query, &chunk, err));
        if (!chunk)
            break;
        int64_t size = (int64_t)duckdb_data_chunk_get_size(chunk);
        if (at + size <= n)
            take_chunk(chunk, at, bits);
        at += size;
        duckdb_destroy_data_chunk(&chunk);
    }
    THRONG_REQUIRE(at == n, E_INTERNAL, "A condition gave %lld answers for %lld rows.", (long long)at, (long long)n);
out:
    throng_i_query_close(query);
    return status;
}

static throng_status evaluate(const throng_i_condition *condition, const throng_column_view *columns, int n_columns,
                              int64_t n, const throng_i_condition_limits *limits, uint8_t *bits, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *own = NULL;
    throng_table *table = NULL;
    throng_i_stream *stream = NULL;
    throng_i_database database = {0};
    throng_i_sql sql = {.context = condition->context};
    deadline clock = {throng_i_seconds() + limits->seconds, limits->stop};
    /* A context of its own: this may be called from any thread, and is stopped by its own clock. */
    THRONG_TRY(throng_i_context_create(NULL, NULL, &own, err));
    THRONG_TRY(throng_context_set_threads(own, limits->threads, err));
    throng_context_set_progress(own, is_in_time, &clock);
    THRONG_TRY(borrow_columns(own, columns, n_columns, n, &table, err));
    THRONG_TRY(throng_i_stream_create(table, &stream, err));
    THRONG_TRY(throng_i_database_open(own, "filtering", &database, err));
    THRONG_TRY(
        throng_i_database_scan(&database, "throng_rows", (struct arrow_stream *)throng_i_stream_handle(stream), err));
    THRONG_TRY(throng_i_condition_lock(&database, limits, err));
    write_query(&sql, condition, columns);
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(collect(&database, sql.text, n, bits, err));
out:
    if (status == THRONG_E_CANCELLED)
        status = THRONG_FAIL(err, E_CANCELLED, "The condition took longer than %.0f seconds and was stopped.",
                             limits->seconds);
    throng_i_database_close(&database);
    throng_i_stream_free(stream);
    throng_table_free(table);
    throng_i_sql_clear(&sql);
    throng_context_free(own);
    return status;
}

/* A condition on one column of text is looked up by word, of which there are fewer than rows. */
static throng_status evaluate_words(const throng_i_condition *condition, const throng_column_view *column, int64_t n,
                                    const throng_i_condition_limits *limits, uint8_t *bits, throng_error *err) {
    throng_status status = THRONG_OK;
    int32_t *codes = NULL;
    uint8_t *words = NULL;
    throng_column_view dictionary = *column;
    THRONG_TRY(throng_i_alloc(condition->context, column->n_words, sizeof *codes, &codes, err));
    THRONG_TRY(throng_i_alloc(condition->context, (column->n_words + 7) / 8, 1, &words, err));
    for (int64_t i = 0; i < column->n_words; i++)
        codes[i] = (int32_t)i;
    dictionary.data = codes;
    dictionary.n_rows = column->n_words;
    THRONG_TRY(evaluate(condition, &dictionary, 1, column->n_words, limits, words, err));
    const int32_t *code = column->data;
    for (int64_t i = 0; i < n; i++)
        bits[i >> 3] |= (uint8_t)((words[code[i] >> 3] >> (code[i] & 7) & 1) << (i & 7));
out:
    throng_i_free(condition->context, codes);
    throng_i_free(condition->context, words);
    return status;
}

throng_status throng_i_condition_rows(const throng_i_condition *condition, const throng_column_view *columns, int64_t n,
                                      const throng_i_condition_limits *limits, uint8_t *bits, throng_error *err) {
    memset(bits, 0, (size_t)(n + 7) / 8);
    if (n == 0)
        return THRONG_OK;
    if (condition->n_columns == 1 && columns[0].type == THRONG_TYPE_TEXT && columns[0].n_words < n)
        return evaluate_words(condition, columns, n, limits, bits, err);
    if (condition->n_columns > 0)
        return evaluate(condition, columns, condition->n_columns, n, limits, bits, err);
    /* The same for all rows: one is asked about. */
    const uint8_t nothing = 0;
    const throng_column_view row = {.name = "c0", .type = THRONG_TYPE_UINT8, .n_rows = 1, .data = &nothing};
    throng_status status = evaluate(condition, &row, 1, 1, limits, bits, err);
    if (status == THRONG_OK && bits[0]) {
        memset(bits, 0xFF, (size_t)(n + 7) / 8);
        if (n % 8 > 0)
            bits[n / 8] = (uint8_t)((1 << n % 8) - 1);
    }
    return status;
}
