/* SQL on the crowd: see statements.h. All SQL that is more than a line is in ingest/. */
#include "ingest/statements.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What DuckDB says about a file, as a failure to write it. */
static throng_status explain(const throng_i_store *store, const char *failure, throng_error *err) {
    char sentence[THRONG_I_SENTENCE_LENGTH];
    const char *reason = failure;
    for (const char *found = strstr(failure, "\": "); found; found = strstr(reason, "\": "))
        reason = found + strlen("\": ");
    throng_i_database_sentence(reason, sentence);
    return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s What is in it stays; the same command goes on.",
                       store->def->out, sentence);
}

throng_status throng_i_store_run(throng_i_store *store, const char *sql, throng_error *err) {
    char *failure = NULL;
    throng_status status = throng_i_database_run(&store->database, sql, &failure, err);
    if (status == THRONG_E_QUERY && failure &&
        (strstr(failure, "IO Error") || strstr(failure, "FATAL") || strstr(failure, "ould not write")))
        status = explain(store, failure, err);
    throng_i_free(store->context, failure);
    return status;
}

throng_status throng_i_store_run_format(throng_i_store *store, throng_error *err, const char *format, ...) {
    char sql[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof sql)
        return THRONG_FAIL(err, E_INTERNAL, "A statement is too long; please report this.");
    return throng_i_store_run(store, sql, err);
}

throng_status throng_i_store_run_text(throng_i_store *store, const char *name, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_TRY(throng_i_copy_text(store->context, throng_i_platform_text_of(name), &copy, err));
    for (char *at = copy; at;) {
        char *end = strstr(at, ";\n");
        if (end)
            *end = '\0';
        THRONG_TRY(throng_i_store_run(store, at, err));
        at = end ? end + 2 : NULL;
    }
out:
    throng_i_free(store->context, copy);
    return status;
}

static throng_status take_numbers(void *user, const char *const *cells, int n, throng_error *err) {
    throng_i_numbers *to = user;
    (void)err;
    for (int i = 0; i < n; i++)
        to->at[i] = cells[i] ? strtoll(cells[i], NULL, 10) : 0;
    to->n_rows++;
    return THRONG_OK;
}

throng_status throng_i_store_ask(throng_i_store *store, const char *sql, throng_i_numbers *out, throng_error *err) {
    throng_i_sql query = {.context = store->context};
    throng_status status = THRONG_OK;
    *out = (throng_i_numbers){.n_rows = 0};
    throng_i_sql_add(&query, "SELECT COLUMNS(*)::VARCHAR FROM (%s)", sql);
    THRONG_TRY(throng_i_sql_check(&query, err));
    THRONG_TRY(throng_i_database_rows(&store->database, query.text, take_numbers, out, NULL, err));
out:
    throng_i_sql_clear(&query);
    return status;
}

throng_status throng_i_take_text(void *user, const char *const *cells, int n, throng_error *err) {
    char *to = user;
    (void)err;
    (void)n;
    snprintf(to, 200, "%s", cells[0] ? cells[0] : "");
    return THRONG_OK;
}
