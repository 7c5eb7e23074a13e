/* A batch of lines on its way into DuckDB: a source whose rows are made when they are asked for. */
#ifndef THRONG_SRC_INGEST_BATCH_H
#define THRONG_SRC_INGEST_BATCH_H

#include "ingest/lines.h"
#include "ingest/platform.h"
#include "table/database.h"

#include <pthread.h>

#define THRONG_I_BATCH_COLUMNS (THRONG_I_PLATFORM_FIELDS + 2)

typedef struct throng_i_batch {
    const throng_i_platform *platform;
    double patience;          /* seconds after which it ends if lines come from a pipe */
    const _Atomic bool *stop; /* set from outside: end at once */
    int64_t most_rows;        /* after which it ends */
    pthread_mutex_t taking;   /* whose holder may use what follows */
    throng_i_lines *lines;
    int64_t line;     /* number of the last line read */
    bool is_finished; /* the file has ended */

    /* of this batch */
    int64_t n_rows, n_bytes;
    double began;
    _Atomic int64_t n_blank; /* of the rows; whoever finds them */
} throng_i_batch;

/* Makes the source "line_source", which reads from *current. Columns: line BIGINT, broken VARCHAR (NULL: the line is
 * JSON; '': it is blank; else why it is none), and the platform's fields. The caller says on how many threads. */
void throng_i_batch_source(const throng_i_platform *platform, throng_i_batch **current,
                           throng_i_source_column columns[THRONG_I_BATCH_COLUMNS], throng_i_source *out);

/* Before each reading. */
void throng_i_batch_begin(throng_i_batch *batch);

#endif
