/* Many runs of one study: values of settings, and repetitions. */
#ifndef THRONG_SRC_STUDY_SWEEP_H
#define THRONG_SRC_STUDY_SWEEP_H

#include "study/grid.h"
#include "study/journal.h"

typedef enum throng_i_sweep_kind {
    THRONG_I_SWEEP_SIMULATE, /* numbers of a run: value */
    THRONG_I_SWEEP_ATTRIBUTE /* value, nobody, gini, and the cohorts' shares */
} throng_i_sweep_kind;

/* Many runs while they are made, or put together from shards. */
typedef struct throng_i_sweep_job {
    throng_context *context;
    throng_study *study;
    throng_i_sweep_kind kind;
    throng_i_grid grid;
    json_t **numbers; /* [points * repetitions] an object of numbers; NULL: not run yet */
    json_t *about;    /* of the first run: world, indicator, agents, graph */
    throng_i_journal journal;
    int64_t resumed; /* runs that the journal had */
} throng_i_sweep_job;

/* Room for the runs of self->study; context, study and kind are set, the rest is 0. E_PARAMETER, E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_sweep_begin(throng_i_sweep_job *self, throng_error *err);
void throng_i_sweep_clear(throng_i_sweep_job *self);

/* Takes a run from a journal: a throng_i_journal_fn. Runs that are not of the study's shard are left out. */
void throng_i_sweep_take(void *self, int64_t run, json_t *numbers, json_t *about);

/* Report and directory from the numbers of all runs. */
THRONG_MUST_USE throng_status throng_i_sweep_finish(const throng_i_sweep_job *self, const char *command, double seconds,
                                                    const char *out, bool force, char **report, throng_error *err);

/* What must be the same for runs to be of one sweep, and the study that it is made from. */
THRONG_MUST_USE throng_status throng_i_sweep_mark(const throng_study *study, throng_i_sweep_kind kind, char **yaml,
                                                  char out[THRONG_I_MARK_LENGTH], throng_error *err);

/*
 * Makes all runs, or those of the study's shard. With `out` each run's numbers go to a journal beside it (OUT.journal)
 * as soon as it is done, and runs that a journal of the same study holds are not made again; it is removed when the
 * directory is there.
 * @param report  out: report.json as text
 * @return what a run returns, naming its settings; E_STUDY: the journal is of another study; E_WRITE.
 */
THRONG_MUST_USE throng_status throng_i_sweep_study(throng_study *study, throng_i_sweep_kind kind, const char *command,
                                                   const char *out, bool force, char **report, throng_error *err);

#endif
