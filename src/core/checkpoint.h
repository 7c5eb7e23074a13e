/*
 * Checkpoints: what a long run leaves on the disk so that it can go on after it was killed.
 *
 * A run is a sequence of pieces of work, the same whenever it is run: the world forward for everybody, for nobody, a
 * sweep back, ... A checkpoint has the results of those that are done, which are a few numbers each, and all that the
 * one in hand has so far. Run again, the former are answered from the checkpoint, and the latter goes on. Nothing else
 * is kept, for it is computed again to the same bits.
 *
 * The file is written aside, flushed and renamed, and ends with a checksum: it is there whole, or the one before it is.
 * Of several ranks the first writes it, and brings together what lies over the crowd; each reads its share. So it is
 * the same file for any number of ranks, and any number can go on from it. Without a checkpoint in the context all of
 * this does nothing.
 */
#ifndef THRONG_SRC_CORE_CHECKPOINT_H
#define THRONG_SRC_CORE_CHECKPOINT_H

#include "core/core.h"

#define THRONG_I_PARTS_MAX 48

typedef struct throng_i_checkpoint_def {
    const char *path;
    const char *mark; /* what must be the same for a checkpoint to be of this run */
    double seconds;   /* how often one is written: so many seconds, or steps, after the last; 0 and 0: never, */
    int64_t steps;    /* but one that is there is gone on with */
    bool required;    /* there must be one */
} throng_i_checkpoint_def;

/* Reads the checkpoint that is there, if any, and has the context keep more. E_STUDY: of another run, or version of
 * throng; E_FORMAT: damaged, cut off; E_FILE. */
THRONG_MUST_USE throng_status throng_i_checkpoint_open(throng_context *context, const throng_i_checkpoint_def *def,
                                                       throng_error *err);

/* From here on no more are kept, and the file stays. */
void throng_i_checkpoint_close(throng_context *context);

/* Memory that belongs to a piece of work: all ranks have all of it, or it is a table [rows][n] of something over a
 * crowd of n agents, of whose rows each rank has its share. */
typedef struct throng_i_part {
    void *data;
    int64_t bytes;
    int64_t rows, n; /* rows 0: all have all of it */
} throng_i_part;

/* A piece of work: name, result and what is kept of it are set before it begins, the rest is 0. */
typedef struct throng_i_work {
    const char *name;
    throng_i_part result;                   /* what it comes to: a few numbers */
    bool leaves_more;                       /* its parts are needed after it, too */
    throng_i_part part[THRONG_I_PARTS_MAX]; /* [n_parts] what it has so far */
    int n_parts;
    bool watched;  /* it can be kept; not so within another one */
    bool done;     /* it was done before: the result is there */
    bool resumed;  /* it was begun before: its parts are to be loaded, and it goes on ... */
    int64_t at[2]; /* ... from here, in its own words */
} throng_i_work;

/* Adds to the parts; nothing if data is NULL. */
void throng_i_work_add(throng_i_work *work, void *data, int64_t bytes);

/* The same for doubles [rows][n] over the crowd. */
void throng_i_work_add_crowd(throng_i_work *work, double *data, int64_t rows, int64_t n);

/* E_FORMAT: the checkpoint is of another course of work. */
THRONG_MUST_USE throng_status throng_i_work_begin(throng_context *context, throng_i_work *work, throng_error *err);

/* Loads what the work had, part by part in the order of saving: all of them, in one or more calls. E_FORMAT, E_FILE. */
THRONG_MUST_USE throng_status throng_i_work_load(throng_context *context, const throng_i_part *part, int n_parts,
                                                 throng_error *err);

/* After a step that ended with *ended: ranks that might write a checkpoint stop together, with E_CANCELLED in *ended of
 * all if it is there on any. *ended is given back too, unless the ranks could not agree. */
THRONG_MUST_USE throng_status throng_i_work_stopped(throng_context *context, const throng_i_work *work,
                                                    throng_status *ended, throng_error *err);

/* *due = whether one is to be written after the step that was made just now: on all ranks or on none. */
THRONG_MUST_USE throng_status throng_i_work_due(throng_context *context, const throng_i_work *work, bool *due,
                                                throng_error *err);

/* Writes a checkpoint: the work's parts, and `more` behind them. All ranks call it. E_WRITE. */
THRONG_MUST_USE throng_status throng_i_work_save(throng_context *context, const throng_i_work *work,
                                                 const throng_i_part *more, int n_more, throng_error *err);

/* Whether any are written at all: whoever is stopped may then leave one. */
bool throng_i_work_kept(const throng_context *context, const throng_i_work *work);

/* The work is done and has its result. */
THRONG_MUST_USE throng_status throng_i_work_end(throng_context *context, throng_i_work *work, throng_error *err);

#endif
