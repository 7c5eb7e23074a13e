/**
 * Tables: named, typed columns, borrowed from the caller or read from files through DuckDB.
 */
#ifndef THRONG_TABLE_H
#define THRONG_TABLE_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a column holds. Text is dictionary-coded: an int32 code a row into a list of distinct strings. */
typedef enum throng_type {
    THRONG_TYPE_FLOAT32,
    THRONG_TYPE_FLOAT64,
    THRONG_TYPE_INT32,
    THRONG_TYPE_INT64,
    THRONG_TYPE_UINT8,
    THRONG_TYPE_DATE,      /* int32, days since 1970-01-01 */
    THRONG_TYPE_TIMESTAMP, /* int64, microseconds since 1970-01-01 UTC */
    THRONG_TYPE_TEXT,      /* int32 codes, 0.. */
    THRONG_TYPE_COUNT
} throng_type;

/** Bytes a row takes in a column of this type, and its name ("float64"). */
THRONG_API size_t throng_type_size(throng_type type);
THRONG_API const char *throng_type_name(throng_type type);

typedef struct throng_table throng_table;

/** A look at one column. Valid until the table is changed or freed. */
typedef struct throng_column_view {
    const char *name;
    throng_type type;
    int64_t n_rows;
    const void *data;         /* [n_rows] of the type's size */
    int64_t n_words;          /* TEXT: number of distinct strings */
    const char *const *words; /* TEXT: [n_words] the strings */
} throng_column_view;

/** An empty table of n_rows rows. @return THRONG_E_ARGUMENT if n_rows < 0. */
THRONG_API THRONG_MUST_USE throng_status throng_table_create(throng_context *context, int64_t n_rows,
                                                             throng_table **out, throng_error *err);
THRONG_API void throng_table_free(throng_table *table);

/**
 * Adds a column that stays the caller's: no copy is made, and `data` must live as long as the table and whatever was
 * made from it. Any type but TEXT.
 * @param data [n_rows] of the type's size
 * @return THRONG_E_COLUMN if the name is taken.
 */
THRONG_API THRONG_MUST_USE throng_status throng_table_add_view(throng_table *table, const char *name, throng_type type,
                                                               const void *data, throng_error *err);

/** Adds a column of text: [n_rows] strings, which are copied. NULL entries are refused (THRONG_E_MISSING_VALUE). */
THRONG_API THRONG_MUST_USE throng_status throng_table_add_text(throng_table *table, const char *name,
                                                               const char *const *strings, throng_error *err);

/**
 * Adds a column of text whose dictionary is given, and gives the memory of its codes to fill: for columns made row by
 * row, where throng_table_add_text would need a pointer for each.
 * @param words  [n_words] distinct strings, n_words >= 1; copied
 * @param codes  [n_rows] out, zeroed: 0..n_words - 1, an index into words
 * @return THRONG_E_COLUMN if the name is taken; THRONG_E_ARGUMENT if there are no words, or more than 2^31 - 1.
 */
THRONG_API THRONG_MUST_USE throng_status throng_table_add_codes(throng_table *table, const char *name, int64_t n_words,
                                                                const char *const *words, int32_t **codes,
                                                                throng_error *err);

/** Adds a column of the table's own, zeroed, and gives its memory to fill. Any type but TEXT. */
THRONG_API THRONG_MUST_USE throng_status throng_table_add(throng_table *table, const char *name, throng_type type,
                                                          void **data, throng_error *err);

THRONG_API int64_t throng_table_rows(const throng_table *table);
THRONG_API int throng_table_columns(const throng_table *table);

/** The index-th column; a view with name NULL outside 0..columns-1. */
THRONG_API throng_column_view throng_table_column(const throng_table *table, int index);

/** Finds a column by name. @return THRONG_E_COLUMN with the nearest name in the message. */
THRONG_API THRONG_MUST_USE throng_status throng_table_find(const throng_table *table, const char *name,
                                                           throng_column_view *out, throng_error *err);

/* ---- files ----------------------------------------------------------------------------------------------------- */

/** What a reader wants to do with a column: decides its type in the table. */
typedef enum throng_role {
    THRONG_ROLE_NUMBER, /* FLOAT32 if the file has it so, else FLOAT64; NULL becomes NaN. Text is an error. */
    THRONG_ROLE_KEY,    /* INT64 for whole numbers, else TEXT. NULL is an error. */
    THRONG_ROLE_TIME,   /* INT64, DATE, TIMESTAMP or TEXT. NULL is an error. */
    THRONG_ROLE_LABEL,  /* as the file has it: FLOAT64, INT64 or TEXT; NULL becomes NaN, or the text "(none)";
                           a whole-number column with NULLs becomes FLOAT64 */
    THRONG_ROLE_LINK,   /* as KEY, but NULL is allowed: it becomes INT64_MIN, or the text "" */
    THRONG_ROLE_MOMENT, /* as TIME, but NULL is allowed: it becomes INT64_MIN, of a DATE INT32_MIN, or the text "" */
    THRONG_ROLE_COUNT
} throng_role;

typedef struct throng_column_request {
    const char *column; /* name as in the file; matched exactly, else ignoring case if that is unambiguous */
    throng_role role;
} throng_column_request;

/** A file that was read: what provenance records. */
typedef struct throng_source {
    const char *path; /* as given, "-" for standard input */
    int64_t bytes;
    char hash[33]; /* XXH3-128 of the content, hexadecimal */
} throng_source;

/**
 * Reads columns of one or more files as one table.
 *
 * A path is a Parquet file, CSV or TSV (also .gz, .zst), NDJSON (.ndjson, .jsonl, .json, also .gz, .zst), a DuckDB
 * file with `#table` at the end, a glob of these, a folder called *.parquet with Parquet files, "-" for CSV or NDJSON
 * on standard input, or a table that the program offers (see throng_table_offer; alone, and without a condition);
 * several paths must be of one format and have the wanted columns. The table's columns are named as requested and stand
 * in the order of the requests; rows keep the files' order.
 *
 * @param paths      [n_paths]
 * @param requests   [n_requests] a column may be requested twice, with the same role
 * @param condition  SQL expression over the file's columns that rows must fulfil; NULL: all rows
 * @return THRONG_E_FILE (missing, unreadable, a directory), THRONG_E_FORMAT (empty, truncated, ragged),
 *         THRONG_E_COLUMN (unknown column, duplicate column names, text where numbers are wanted, an infinite time:
 *         file, row and value are in the message), THRONG_E_MISSING_VALUE (NULL key or time), THRONG_E_QUERY,
 *         THRONG_E_CANCELLED.
 *
 * Cost: one pass over the files; memory is the columns plus the reader's buffers.
 */
THRONG_API THRONG_MUST_USE throng_status throng_table_read(throng_context *context, const char *const *paths,
                                                           int n_paths, const throng_column_request *requests,
                                                           int n_requests, const char *condition, throng_table **out,
                                                           throng_error *err);

/** How the path of a table begins that is in memory. */
#define THRONG_MEMORY_PATH "memory:"

/**
 * Offers a table to whatever reads files through this context: the path "memory:NAME" stands for it from now on, for
 * throng_table_read and in the keys of a study. Nothing is copied: what is read are views of its columns, and none of
 * it may outlive the table, which lives until the name is offered anew or the context is freed.
 * @param name   of at most 100 characters, not empty
 * @param table  consumed, also on failure; NULL takes the offer back
 * @return THRONG_E_ARGUMENT, THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_table_offer(throng_context *context, const char *name,
                                                            throng_table *table, throng_error *err);

/** The files a table was read from, with size and content hash: n and a borrowed array (NULL, 0 if it was not read). */
THRONG_API const throng_source *throng_table_sources(const throng_table *table, int *n_sources);

/**
 * Writes a table as Parquet (zstd), CSV (.csv) or NDJSON (.ndjson, .jsonl), chosen by the path's ending. The file
 * appears whole or not at all: it is written aside and renamed.
 * @param force replace an existing file; otherwise THRONG_E_EXISTS
 * @return THRONG_E_WRITE (directory missing, not writable, disk full), THRONG_E_ARGUMENT (unknown ending),
 *         THRONG_E_CANCELLED.
 */
THRONG_API THRONG_MUST_USE throng_status throng_table_write(const throng_table *table, const char *path, bool force,
                                                            throng_error *err);

/** What throng_table_write would refuse, before there is anything to write: THRONG_E_ARGUMENT, E_EXISTS, E_WRITE. */
THRONG_API THRONG_MUST_USE throng_status throng_table_check_output(const char *path, bool force, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
