/* Statements on the crowd's database, and what they answer. */
#ifndef THRONG_SRC_INGEST_STATEMENTS_H
#define THRONG_SRC_INGEST_STATEMENTS_H

#include "ingest/store.h"

/* Runs one statement; a failure of the disk becomes a sentence about the crowd's file. THRONG_E_WRITE, THRONG_E_QUERY
 * and what throng_i_query_next returns. */
THRONG_MUST_USE throng_status throng_i_store_run(throng_i_store *store, const char *sql, throng_error *err);
THRONG_MUST_USE throng_status throng_i_store_run_format(throng_i_store *store, throng_error *err, const char *format,
                                                        ...) THRONG_PRINTF(3, 4);

/* Runs the statements of a text in ingest/, which are separated by a semicolon at the end of a line. */
THRONG_MUST_USE throng_status throng_i_store_run_text(throng_i_store *store, const char *name, throng_error *err);

/* Numbers in the only row of a result. */
typedef struct throng_i_numbers {
    int64_t at[THRONG_I_CELLS];
    int64_t n_rows;
} throng_i_numbers;

/* Runs a query of whole numbers, NULL counting as 0. */
THRONG_MUST_USE throng_status throng_i_store_ask(throng_i_store *store, const char *sql, throng_i_numbers *out,
                                                 throng_error *err);

/* For throng_i_database_rows: copies the first cell of the last row to a char[200]. */
throng_status throng_i_take_text(void *user, const char *const *cells, int n, throng_error *err);

#endif
