/* DuckDB behind a small door: an in-memory database, and queries that report progress and can be stopped. */
#ifndef THRONG_SRC_TABLE_DATABASE_H
#define THRONG_SRC_TABLE_DATABASE_H

#include "core/core.h"
#include "table/duckdb_api.h"
#include "table/sql.h"

typedef struct throng_i_database {
    throng_context *context;
    duckdb_database handle;
    duckdb_connection connection;
    throng_progress progress;    /* what is reported while a query is waited for */
    const _Atomic int64_t *done; /* if set, progress.done is read from here */
    _Atomic bool *stop;          /* if set, becomes true when a running query is to end: for streams that wait */
    bool finishes;     /* a query is not broken off when its user cancels: *stop lets it end by itself, soon */
    bool is_cancelled; /* a user has cancelled a query that finishes */
} throng_i_database;

/* Opens an empty database in memory with the context's number of threads, for work of that name. It keeps rows in
 * order, counts time in UTC, writes no temporary files and never looks for extensions on disk or network. */
THRONG_MUST_USE throng_status throng_i_database_open(throng_context *context, const char *stage, throng_i_database *out,
                                                     throng_error *err);

/* Gives all its memory back. Legal on a zeroed struct. */
void throng_i_database_close(throng_i_database *database);

/* A running query. DuckDB works on threads of its own; the calling thread waits, reports progress and takes chunks. */
typedef struct throng_i_query throng_i_query;

/* Starts one statement. `sql` must live until the query is closed. */
THRONG_MUST_USE throng_status throng_i_query_open(throng_i_database *database, const char *sql, throng_i_query **out,
                                                  throng_error *err);

/* Waits for the next chunk, which the caller destroys; *chunk is NULL at the end.
 * THRONG_E_CANCELLED; THRONG_E_MEMORY; THRONG_E_QUERY if DuckDB fails: then its words are in throng_i_query_failure. */
THRONG_MUST_USE throng_status throng_i_query_next(throng_i_query *query, duckdb_data_chunk *chunk, throng_error *err);

/* The columns of the result, once throng_i_query_next has returned a chunk or the end. */
duckdb_result *throng_i_query_result(throng_i_query *query);

/* What DuckDB said when it failed, valid until the query is closed; NULL if it did not. */
const char *throng_i_query_failure(const throng_i_query *query);

/* Stops the query if it still runs, and frees it. NULL is legal. */
void throng_i_query_close(throng_i_query *query);

/* Runs a statement to its end and forgets the result. `failure` (may be NULL) receives a copy of what DuckDB says if it
 * fails, to be freed. */
THRONG_MUST_USE throng_status throng_i_database_run(throng_i_database *database, const char *sql, char **failure,
                                                    throng_error *err);

/* Takes one row of a result: [n_cells] texts, NULL for NULL, valid during the call. */
typedef throng_status (*throng_i_row_fn)(void *user, const char *const *cells, int n_cells, throng_error *err);

/* Runs a query whose columns are all VARCHAR and hands over its rows, the first THRONG_I_CELLS columns of them;
 * take_row NULL: nothing is handed over. `failure` as above. Statuses as throng_i_query_next, or the callback's. */
#define THRONG_I_CELLS 24
THRONG_MUST_USE throng_status throng_i_database_rows(throng_i_database *database, const char *sql,
                                                     throng_i_row_fn take_row, void *user, char **failure,
                                                     throng_error *err);

/* Whether a text is one expression: THRONG_E_QUERY with the parser's words if it is not. */
THRONG_MUST_USE throng_status throng_i_database_check_expression(throng_i_database *database, const char *expression,
                                                                 throng_error *err);

/* Makes an Arrow stream (table/arrow.h) a view of that name, in place of an earlier one. It can be read once, and must
 * outlive the query that reads it. */
struct arrow_stream;
THRONG_MUST_USE throng_status throng_i_database_scan(throng_i_database *database, const char *name,
                                                     struct arrow_stream *stream, throng_error *err);

/* Computes a number from a text, on any thread. False: it has none, which is NULL. */
typedef bool (*throng_i_text_fn)(const void *user, const char *text, int64_t length, double *out);
typedef uint64_t (*throng_i_hash_fn)(const void *user, const char *text, int64_t length);
typedef bool (*throng_i_test_fn)(const char *text, int64_t length);

/* Adds a function of one VARCHAR to SQL, to DOUBLE, UBIGINT or BOOLEAN: which of the three is set. *function must live
 * as long as the database. */
typedef struct throng_i_function {
    const char *name;
    throng_i_text_fn number;
    throng_i_hash_fn hash;
    throng_i_test_fn test;
    const void *user;
} throng_i_function;
THRONG_MUST_USE throng_status throng_i_database_function(throng_i_database *database, const throng_i_function *function,
                                                         throng_error *err);

/* A table that is made while a query reads it, by several of DuckDB's threads at once and so in any order. */
typedef struct throng_i_source_column {
    const char *name;
    bool is_number; /* BIGINT, else VARCHAR */
} throng_i_source_column;

/* Rows in the making: each value of each row is put once; row < THRONG_I_SOURCE_ROWS. Texts are UTF-8, and stay where
 * they are until `fill` returns. */
typedef struct throng_i_source_rows throng_i_source_rows;
#define THRONG_I_SOURCE_ROWS 2048
void throng_i_source_put_number(throng_i_source_rows *to, int column, int64_t row, int64_t number);
void throng_i_source_put_text(throng_i_source_rows *to, int column, int64_t row, const char *text, int64_t length);
void throng_i_source_put_null(throng_i_source_rows *to, int column, int64_t row);

typedef struct throng_i_source {
    const char *name;
    void *user;
    const throng_i_source_column *columns;
    int n_columns;
    int n_threads;             /* at most so many read at once */
    void *(*open)(void *user); /* what a thread works with; NULL: there is no memory */
    void (*close)(void *part);
    /* Makes some rows and returns their number, 0 at the end, -1 without memory. */
    int64_t (*fill)(void *part, throng_i_source_rows *out);
} throng_i_source;

/* Adds "FROM name()" to SQL. *source must live as long as the database. */
THRONG_MUST_USE throng_status throng_i_database_source(throng_i_database *database, const throng_i_source *source,
                                                       throng_error *err);

/* One plain sentence out of what DuckDB said: without its kind of error, SQL and advice. */
#define THRONG_I_SENTENCE_LENGTH 256
void throng_i_database_sentence(const char *words, char out[THRONG_I_SENTENCE_LENGTH]);

/* Whether row i of a vector has a value; `validity` as duckdb_vector_get_validity gives it. */
static inline bool throng_i_is_valid(const uint64_t *validity, int64_t i) {
    return !validity || (validity[i / 64] >> (i % 64) & 1);
}

/* Bytes and length of a string in a vector. */
static inline const char *throng_i_string(const duckdb_string_t *string, int64_t *length) {
    *length = string->value.inlined.length;
    return *length <= DUCKDB_STRING_INLINE ? string->value.inlined.data : string->value.pointer.data;
}

#endif
