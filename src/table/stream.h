/* A table as an Arrow C stream, the form in which DuckDB takes columns without copying them. */
#ifndef THRONG_SRC_TABLE_STREAM_H
#define THRONG_SRC_TABLE_STREAM_H

#include "table/duckdb_api.h"
#include "table/table.h"

/* Rows of one batch. It is what DuckDB writes as one row group, so that batches can be packed in parallel and still
 * make the same file for any number of threads. */
#define THRONG_I_STREAM_ROWS 122880

typedef struct throng_i_stream throng_i_stream;

/* The table's columns are called c0, c1, ... The table must not change while the stream lives. */
THRONG_MUST_USE throng_status throng_i_stream_create(const throng_table *table, throng_i_stream **out,
                                                     throng_error *err);

/* To be freed only after the database that read it is closed. */
void throng_i_stream_free(throng_i_stream *stream);

/* What duckdb_arrow_scan takes. It can be read once. */
duckdb_arrow_stream throng_i_stream_handle(throng_i_stream *stream);

/* Rows handed out so far, for progress. */
const _Atomic int64_t *throng_i_stream_done(const throng_i_stream *stream);

#endif
