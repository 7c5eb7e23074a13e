/* What attribute, panel and run have in common: a study is run and its report is printed. */
#ifndef THRONG_CLI_STUDY_H
#define THRONG_CLI_STUDY_H

#include "cli/options.h"
#include "cli/summary.h"

/* How a command turns its arguments into a study. */
typedef struct cli_study_job {
    const cli_command *command;
    /* Sets the study from the options, which are parsed. Returns an exit code; it has printed what is wrong. */
    int (*prepare)(const cli_options *options, throng_study *study);
    cli_summary_kind summary;
    void (*declare)(cli_options *options); /* options of this command alone; NULL: none */
    /* What makes the report: throng_study_simulate; NULL: throng_study_run, or for a sweep throng_study_sweep. */
    throng_status (*make)(throng_study *study, const char *command, const char *out, bool force, char **report,
                          throng_error *err);
    bool single; /* it makes one run, whatever a study says about sweeps */
} cli_study_job;

/* The table's files from the positional arguments, for `prepare`. Returns an exit code. */
int cli_study_tables(const cli_options *options, throng_study *study);

/* Parses, prepares, runs and prints. Returns the exit code. */
int cli_study_run(const cli_study_job *job, int argc, char **argv);

#endif
