/* Many runs of one study: values of settings, and repetitions. */
#ifndef THRONG_SRC_STUDY_SWEEP_H
#define THRONG_SRC_STUDY_SWEEP_H

#include "study/study.h"

typedef enum throng_i_sweep_kind {
    THRONG_I_SWEEP_SIMULATE, /* numbers of a run: value */
    THRONG_I_SWEEP_ATTRIBUTE /* value, nobody, gini, and the cohorts' shares */
} throng_i_sweep_kind;

/*
 * Makes all runs. With `out` each run's numbers go to a journal beside it (OUT.journal) as soon as it is done, and runs
 * that a journal of the same study holds are not made again; it is removed when the directory is there.
 * @param report  out: report.json as text
 * @return what a run returns, naming its settings; E_STUDY: the journal is of another study; E_WRITE.
 */
THRONG_MUST_USE throng_status throng_i_sweep_study(throng_study *study, throng_i_sweep_kind kind, const char *command,
                                                   const char *out, bool force, char **report, throng_error *err);

#endif
