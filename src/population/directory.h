/* Agents by their ids: what other tables (edges, cohorts) are matched with. */
#ifndef THRONG_SRC_POPULATION_DIRECTORY_H
#define THRONG_SRC_POPULATION_DIRECTORY_H

#include "population/population.h"

/* A hash table over a population's ids. Whole numbers that are 1..n need none. */
typedef struct throng_i_directory {
    throng_context *context;
    const throng_i_keys *ids; /* borrowed */
    int32_t *slots;           /* [mask + 1], or [listed]: an agent, or -1; NULL: ids are 1, 2, ... */
    uint64_t mask;            /* hashed, where ids have wide gaps or are text */
    uint64_t listed;          /* else slot k is that of the id low + k; 0: hashed */
    int64_t low;
} throng_i_directory;

/* How messages and progress speak of the table that is matched. */
typedef struct throng_i_directory_use {
    const char *stage, *unit; /* "matching edges", "edges" */
    const char *table;        /* "edges" */
    const char *purpose;      /* "edges go between ids" */
} throng_i_directory_use;

THRONG_MUST_USE throng_status throng_i_directory_init(throng_context *context, const throng_i_keys *ids,
                                                      throng_i_directory *out, throng_error *err);
void throng_i_directory_clear(throng_i_directory *self);

/* The agent of every row of a column of ids, -1 where there is none: [rows], to be given back with throng_i_free.
 * E_COLUMN if the column cannot hold these ids. */
THRONG_MUST_USE throng_status throng_i_directory_match(const throng_i_directory *agents,
                                                       const throng_column_view *column,
                                                       const throng_i_directory_use *use, throng_agent **out,
                                                       throng_error *err);

/* An id in such a column as people wrote it; text in quotes. */
void throng_i_directory_cell(const throng_column_view *column, int64_t row, char *out, size_t size);

#endif
