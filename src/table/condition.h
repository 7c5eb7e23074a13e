/* Rows of a table that fulfil a condition written by a stranger, such as whoever can reach the explorer.
 *
 * Three fences stand one behind the other. The text must be one expression, and every node of its syntax tree one of
 * those that compute with the row at hand (condition.c has the list): no subquery, table function, setting or statement
 * gets through, nor a function whose cost is not in proportion to its arguments. What passes runs in a database in
 * memory of its own that holds a view of the columns and nothing else, may not touch files, loads no extensions, has a
 * limit of memory, and whose configuration is locked. And it is stopped when its time is over. */
#ifndef THRONG_SRC_TABLE_CONDITION_H
#define THRONG_SRC_TABLE_CONDITION_H

#include "core/core.h"
#include "throng/table.h"

/* Bytes of a condition, and of a pattern in it. */
#define THRONG_I_CONDITION_BYTES 4096
#define THRONG_I_PATTERN_BYTES   200

/* Wildcards % in a pattern: DuckDB tries all ways to place them. */
#define THRONG_I_PATTERN_WILDCARDS 4

/* Columns that a condition may use. */
#define THRONG_I_CONDITION_COLUMNS 16

typedef struct throng_i_condition {
    throng_context *context;
    char *text;
    int n_columns;
    char *columns[THRONG_I_CONDITION_COLUMNS]; /* [n_columns] as they are written, each once */
} throng_i_condition;

/* Takes a text apart. E_QUERY: it is not one expression, or holds what is not allowed. */
THRONG_MUST_USE throng_status throng_i_condition_parse(throng_context *context, const char *text,
                                                       throng_i_condition *out, throng_error *err);
void throng_i_condition_clear(throng_i_condition *self);

/* What evaluating may take. */
typedef struct throng_i_condition_limits {
    double seconds;
    const _Atomic bool *stop; /* ends it once it is true; NULL: nothing does */
    int64_t megabytes;        /* of DuckDB */
    int threads;
} throng_i_condition_limits;

/* The second fence: takes files, extensions and settings from a database. */
struct throng_i_database;
THRONG_MUST_USE throng_status throng_i_condition_lock(struct throng_i_database *database,
                                                      const throng_i_condition_limits *limits, throng_error *err);

/**
 * Evaluates a condition; NaN in a column counts as NULL, and a row for which it is NULL does not fulfil it.
 * @param columns  [condition->n_columns] the columns in that order, all of n rows
 * @param bits     [(n + 7) / 8] out: row i is bit i % 8 of byte i / 8; what lies beyond n is 0
 * @return E_QUERY with what is wrong (types that do not go together, a number that does not convert); E_CANCELLED: it
 *         took too long; E_MEMORY.
 */
THRONG_MUST_USE throng_status throng_i_condition_rows(const throng_i_condition *condition,
                                                      const throng_column_view *columns, int64_t n,
                                                      const throng_i_condition_limits *limits, uint8_t *bits,
                                                      throng_error *err);

#endif
