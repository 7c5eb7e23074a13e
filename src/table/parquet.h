/* A Parquet file, or a folder with the parts of one, that is looked at column by column: columns are read when they are
 * first asked for, and stay.
 *
 * Files are opened once, following no symbolic link, and everything is read through those descriptors: what another
 * process puts in their place meanwhile changes nothing. One thread at a time. */
#ifndef THRONG_SRC_TABLE_PARQUET_H
#define THRONG_SRC_TABLE_PARQUET_H

#include "core/core.h"
#include "throng/table.h"

typedef struct throng_i_parquet_column {
    char *name;
    throng_type type;    /* that the file says; whole numbers with gaps turn out to be FLOAT64 */
    throng_role role;    /* that it is read as */
    double min, max;     /* of numbers, by the file's statistics; NaN: they do not say */
    throng_table *table; /* NULL: not read yet */
} throng_i_parquet_column;

/* A file by its descriptor. */
typedef struct throng_i_parquet_part {
    int descriptor;
    char path[32]; /* of the descriptor */
} throng_i_parquet_part;

typedef struct throng_i_parquet {
    throng_context *context;
    const char *shown;            /* borrowed */
    throng_i_parquet_part *parts; /* [n_parts] */
    int n_parts;
    int64_t n_rows, bytes;
    throng_i_parquet_column *columns; /* [n_columns] those of a type that throng writes */
    int n_columns;
} throng_i_parquet;

/* Opens a regular file in a folder, or all files *.parquet in a folder of that name, in their order. `shown` is its
 * name for messages, and must live as long as *out. E_FILE: it is not there, or no regular file; E_FORMAT: not a
 * Parquet file. */
THRONG_MUST_USE throng_status throng_i_parquet_open(throng_context *context, int folder, const char *name,
                                                    const char *shown, throng_i_parquet *out, throng_error *err);
void throng_i_parquet_close(throng_i_parquet *self);

/* Index of a column by its name, -1 if there is none; `nearly`: also if only the case of letters differs. */
int throng_i_parquet_find(const throng_i_parquet *self, const char *name, bool nearly);

/* Reads a column unless it was read before; the view is valid until the file is closed. */
THRONG_MUST_USE throng_status throng_i_parquet_column_view(throng_i_parquet *self, int index, throng_column_view *out,
                                                           throng_error *err);

#endif
