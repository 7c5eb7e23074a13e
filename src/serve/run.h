/* Run directories as the server holds them: the report as text, tables column by column, times as ranges of rows.
 * Everything that handlers call may be called from any thread. */
#ifndef THRONG_SRC_SERVE_RUN_H
#define THRONG_SRC_SERVE_RUN_H

#include "core/core.h"
#include "table/parquet.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#define THRONG_I_TABLES_MAX 16

/* What a column is to throng. */
typedef enum throng_i_part {
    THRONG_I_PART_ID,
    THRONG_I_PART_TIME,
    THRONG_I_PART_STEP,
    THRONG_I_PART_STATE,
    THRONG_I_PART_WEIGHT,
    THRONG_I_PART_BASELINE,
    THRONG_I_PART_COHORT,
    THRONG_I_PART_PHI,
    THRONG_I_PART_ALPHA,
    THRONG_I_PART_ERROR,
    THRONG_I_PART_COUNT
} throng_i_part;

/* "id", "time", ..., as columns are called. */
const char *throng_i_part_name(throng_i_part part);

/* A table of a run. */
typedef struct throng_i_run_table {
    throng_context *context; /* its own: reading a column reports progress to nobody, and is one thread's at a time */
    const char *name;        /* "attribution" */
    char *shown;             /* "results/a/attribution.parquet" */
    throng_i_parquet file;
    int part[THRONG_I_PART_COUNT]; /* index of the column, -1: there is none */
    pthread_mutex_t lock;          /* of what follows */
    int64_t *begins;               /* [n_frames + 1] first rows of the frames; NULL: not looked for yet */
    int64_t n_frames;
    double (*sums)[2]; /* [chunks of rows] of phi and |phi|; NULL: not added up yet */
    int32_t *agents;   /* [n_rows] NULL: not numbered yet, or the codes of the id column will do */
    int64_t n_agents;
} throng_i_run_table;

typedef enum throng_i_run_state {
    THRONG_I_RUN_RUNNING,
    THRONG_I_RUN_COMPLETE,
    THRONG_I_RUN_FAILED
} throng_i_run_state;

typedef struct throng_i_run {
    throng_context *context;
    int index;
    char *name, *path;
    bool is_live;                /* it was started by this server's process */
    const atomic_bool *stopping; /* ends the reading of columns; borrowed, NULL: nothing does */
    atomic_int state;            /* all below may be looked at only once it is COMPLETE, and never changes after */
    char *report;
    size_t report_bytes;
    char *command, *message; /* NULL: none */
    const char *kind;
    int folder;                 /* descriptor, -1 */
    throng_i_run_table *tables; /* [n_tables] those that could be opened */
    int n_tables;
    char *problems[THRONG_I_TABLES_MAX]; /* [n_problems] what is wrong with the others */
    int n_problems;
    pthread_mutex_t lock; /* of: */
    char *figures;        /* the tables as the report draws them; NULL: nobody asked yet */
} throng_i_run;

/* A run that is going on: no folder yet. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_run_expect(throng_context *context, const char *path, throng_i_run *out,
                                                  throng_error *err);

/* Opens the directory, once; the state becomes COMPLETE at the end. A table that cannot be opened is left out, and
 * `problems` says so. E_FILE, E_FORMAT: there is no report. */
THRONG_MUST_USE throng_status throng_i_run_open(throng_i_run *self, const char *path, throng_error *err);
void throng_i_run_close(throng_i_run *self);

/* There is nothing to show of this run, and why; without memory for it, there is no message. */
void throng_i_run_fail(throng_i_run *self, const char *message);

/* Reads what most requests need of a complete run's agents, so that the first of them need not wait. */
void throng_i_run_read_ahead(throng_i_run *self);

/* The tables as the report draws them, as JSON that lives as long as the run. */
THRONG_MUST_USE throng_status throng_i_run_figures(throng_i_run *self, const char **out, throng_error *err);

/* As in api/v1/runs. */
json_t *throng_i_run_pack(const throng_i_run *self);

/* The first table of agents; of what is not about agents, the first. NULL: there is none. */
throng_i_run_table *throng_i_run_first(const throng_i_run *self);
throng_i_run_table *throng_i_run_find(const throng_i_run *self, const char *table);

/* The names of files that a run directory may have: NULL after the last. */
const char *throng_i_run_file(int index);

/* Opens one of those files, if it is a regular one: its descriptor, or -1. */
int throng_i_run_open_file(const throng_i_run *self, const char *name, int64_t *bytes);

/* ---- tables ---------------------------------------------------------------------------------------------------- */

/* A column, read if it was not yet. */
THRONG_MUST_USE throng_status throng_i_run_column(throng_i_run_table *self, int index, throng_column_view *out,
                                                  throng_error *err);

/* Ranges of rows of one time each: *begins [*n + 1]. One frame if rows are not ordered by time. */
THRONG_MUST_USE throng_status throng_i_run_frames(throng_i_run_table *self, const int64_t **begins, int64_t *n,
                                                  throng_error *err);

/* Every row's agent, numbered 0.. as they first appear; E_ARGUMENT without an id column. */
THRONG_MUST_USE throng_status throng_i_run_agents(throng_i_run_table *self, const int32_t **agents, int64_t *n,
                                                  throng_error *err);

/* Adds phi and |phi| of rows from..to-1 to out[0] and out[1]; missing ones are 0. The same range gives the same bits.
 */
THRONG_MUST_USE throng_status throng_i_run_sums(throng_i_run_table *self, int64_t from, int64_t to, double out[2],
                                                throng_error *err);

/* A value as JSON: a date as "2025-01-31", what is missing as null. */
json_t *throng_i_cell(const throng_column_view *column, int64_t row);

/* A column's value as a number, NaN if it is text. */
static inline double throng_i_number(const throng_column_view *column, int64_t row) {
    switch (column->type) {
    case THRONG_TYPE_FLOAT64:
        return ((const double *)column->data)[row];
    case THRONG_TYPE_FLOAT32:
        return (double)((const float *)column->data)[row];
    case THRONG_TYPE_INT64:
    case THRONG_TYPE_TIMESTAMP:
        return (double)((const int64_t *)column->data)[row];
    case THRONG_TYPE_UINT8:
        return (double)((const uint8_t *)column->data)[row];
    default:
        return (double)((const int32_t *)column->data)[row];
    }
}

#endif
