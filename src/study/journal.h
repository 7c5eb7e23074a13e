/*
 * The journal of a sweep: the numbers of each run, on the disk as soon as they are known.
 *
 * The first line says whose runs these are, then comes a line a run, and when all are there a last line with a checksum
 * of what is before it. A sweep that is started again goes on behind the last whole line; the journals of a sweep's
 * shards, put together, are the sweep.
 */
#ifndef THRONG_SRC_STUDY_JOURNAL_H
#define THRONG_SRC_STUDY_JOURNAL_H

#include "report/json.h"
#include "study/study.h"

#include <stdio.h>
#include <xxhash.h>

#define THRONG_I_MARK_LENGTH 20 /* of a study's fingerprint, with the zero at its end */

/* Whose runs a journal has. */
typedef struct throng_i_journal_head {
    char study[THRONG_I_MARK_LENGTH]; /* fingerprint of its settings */
    int kind;                         /* throng_i_sweep_kind */
    int shard, shards;                /* 1 and 1: all runs */
} throng_i_journal_head;

/* A run's line; `about` is NULL but for run 0. */
typedef void (*throng_i_journal_fn)(void *user, int64_t run, json_t *numbers, json_t *about);

/* Starts as {0}. */
typedef struct throng_i_journal {
    throng_context *context;
    char *path;
    FILE *file;        /* NULL: there is no journal */
    XXH64_hash_t hash; /* of the lines so far */
    int64_t runs;      /* lines of runs so far */
    bool complete;     /* it has its last line */
} throng_i_journal;

/*
 * Opens a journal to go on with, or begins one; nobody else can have it open then.
 * @param yaml  the study, for whoever puts shards together; NULL: it is no shard
 * @param take  called with each run that it has already
 * @return E_STUDY: it is of another study or version; E_EXISTS: another process writes it; E_FORMAT, E_WRITE.
 */
THRONG_MUST_USE throng_status throng_i_journal_open(throng_context *context, const char *path,
                                                    const throng_i_journal_head *head, const char *yaml,
                                                    throng_i_journal_fn take, void *user, throng_i_journal *out,
                                                    throng_error *err);

/* Adds a run. E_WRITE. */
THRONG_MUST_USE throng_status throng_i_journal_add(throng_i_journal *self, int64_t run, json_t *numbers, json_t *about,
                                                   throng_error *err);

/* Adds the last line. E_WRITE. */
THRONG_MUST_USE throng_status throng_i_journal_finish(throng_i_journal *self, throng_error *err);

/* Closes it; the file stays. */
void throng_i_journal_close(throng_i_journal *self);

/* The head of a journal, and the study in it (throng_text_free; NULL: not wanted). E_FILE, E_FORMAT, E_STUDY. */
THRONG_MUST_USE throng_status throng_i_journal_look(throng_context *context, const char *path,
                                                    throng_i_journal_head *head, char **yaml, throng_error *err);

/* Reads a journal that is not to be written to. *complete says whether it has its last line. E_FILE, E_FORMAT. */
THRONG_MUST_USE throng_status throng_i_journal_read(throng_context *context, const char *path, throng_i_journal_fn take,
                                                    void *user, bool *complete, throng_error *err);

#endif
