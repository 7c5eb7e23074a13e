/* A batch of lines on its way into DuckDB: an Arrow stream whose rows are made when they are asked for. */
#ifndef THRONG_SRC_INGEST_BATCH_H
#define THRONG_SRC_INGEST_BATCH_H

#include "ingest/lines.h"
#include "ingest/platform.h"
#include "table/arrow.h"

typedef struct throng_i_batch {
    arrow_stream arrow;
    const throng_i_platform *platform;
    throng_i_lines *lines;
    int64_t line;             /* number of the last line read */
    bool is_silent;           /* the pipe was silent for as long as a batch may wait */
    double patience;          /* seconds after which it ends if a pipe falls silent */
    const _Atomic bool *stop; /* set from outside: end at once */
    bool is_finished;         /* the file has ended */

    /* of this batch */
    int64_t n_rows, n_blank, n_bytes; /* n_blank: of the rows */
    double began;
    arrow_schema columns[THRONG_I_PLATFORM_FIELDS + 2], *column_pointers[THRONG_I_PLATFORM_FIELDS + 2];
} throng_i_batch;

/* Makes batch->arrow ready to be read. Columns: line BIGINT, broken VARCHAR (NULL: the line is JSON; '': it is blank;
 * else why it is none), and the platform's fields. */
void throng_i_batch_begin(throng_i_batch *batch);

#endif
