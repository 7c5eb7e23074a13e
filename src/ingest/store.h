/* The crowd's database while it is filled: opened, batches written whole, tables made. */
#ifndef THRONG_SRC_INGEST_STORE_H
#define THRONG_SRC_INGEST_STORE_H

#include "ingest/batch.h"
#include "ingest/secret.h"
#include "ingest/stance.h"
#include "ingest/texts.h"
#include "table/database.h"
#include "throng/ingest.h"

/* A file as the crowd knows it. */
typedef struct throng_i_store_file {
    int64_t number, offset, lines, bytes;
    bool is_known, is_finished;
} throng_i_store_file;

typedef struct throng_i_store {
    throng_context *context;
    const throng_ingest_def *def;
    const throng_i_platform *platform;
    throng_i_secret secret;
    throng_i_stance stance;
    throng_i_database database;
    _Atomic bool stop;
    throng_i_texts labels;  /* kinds, languages, statuses, reasons, of which the first */
    int64_t n_saved_labels; /* are in the crowd */
    throng_i_texts texts;   /* of the batch, if they are judged from outside */
    throng_i_function pseudonym, label, is_did, score, judged;
    throng_i_source source;
    throng_i_source_column columns[THRONG_I_BATCH_COLUMNS];
    throng_i_batch *batch; /* that `source` reads */
    char *spill;           /* folder for what does not fit into memory */
    char *key;             /* file of the key */
    bool made_key;         /* by this run */
    bool is_open;
    bool is_empty; /* the crowd was made by this run, and nothing is in it yet */
} throng_i_store;

/* Opens or makes the crowd, and checks that it was begun with the same settings. *store must not move afterwards. */
THRONG_MUST_USE throng_status throng_i_store_open(throng_context *context, const throng_ingest_def *def,
                                                  const throng_i_platform *platform, throng_i_store *store,
                                                  throng_error *err);

/* Writes the labels that the crowd does not have yet. */
THRONG_MUST_USE throng_status throng_i_store_save_labels(throng_i_store *store, throng_error *err);

/* Looks a file up, and makes it known if it is not. */
THRONG_MUST_USE throng_status throng_i_store_find(throng_i_store *store, const char *path, throng_i_store_file *out,
                                                  throng_error *err);

/* Reads one batch and writes its rows, its rejects and how far the file has been read, all or nothing. */
THRONG_MUST_USE throng_status throng_i_store_add(throng_i_store *store, throng_i_store_file *file, const char *path,
                                                 throng_i_batch *batch, throng_error *err);

/* The same for a CSV or Parquet file of so many bytes, which is one batch. */
THRONG_MUST_USE throng_status throng_i_store_add_table(throng_i_store *store, throng_i_store_file *file,
                                                       const char *path, int64_t bytes, throng_error *err);

/* Reads a table of follows (source, target) or of follower counts (id, followers), in place of earlier ones.
 * THRONG_E_FORMAT, THRONG_E_COLUMN. */
THRONG_MUST_USE throng_status throng_i_store_follow(throng_i_store *store, const char *path, throng_error *err);

/* Makes the four tables if there is anything new, and counts. */
THRONG_MUST_USE throng_status throng_i_store_finish(throng_i_store *store, throng_ingest_counts *counts,
                                                    throng_error *err);

void throng_i_store_close(throng_i_store *store);

#endif
