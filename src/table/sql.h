/* SQL text, put together piece by piece with everything foreign in it quoted. */
#ifndef THRONG_SRC_TABLE_SQL_H
#define THRONG_SRC_TABLE_SQL_H

#include "core/core.h"

/* Zeroed, with the context set, it is an empty text. A failure is remembered until throng_i_sql_check. */
typedef struct throng_i_sql {
    throng_context *context;
    char *text; /* never NULL after a successful check */
    int64_t length, size;
    throng_status status;
} throng_i_sql;

void throng_i_sql_add(throng_i_sql *sql, const char *format, ...) THRONG_PRINTF(2, 3);

/* Adds "name" with inner quotes doubled; 'text' likewise. */
void throng_i_sql_name(throng_i_sql *sql, const char *name);
void throng_i_sql_literal(throng_i_sql *sql, const char *text);

/* Adds 'path' such that DuckDB takes it for just that file: no home directory, no URL, and, where it expands patterns,
 * no pattern. */
void throng_i_sql_path(throng_i_sql *sql, const char *path, bool expands_patterns);

/* THRONG_E_MEMORY if anything went wrong so far. */
THRONG_MUST_USE throng_status throng_i_sql_check(throng_i_sql *sql, throng_error *err);

/* Makes the text empty again, keeping its memory. */
void throng_i_sql_reset(throng_i_sql *sql);
void throng_i_sql_clear(throng_i_sql *sql);

#endif
