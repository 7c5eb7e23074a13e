/* Runs a study and prints its report: what attribute, panel and run have in common. */
#define _POSIX_C_SOURCE 200809L
#include "cli/study.h"

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The report on stdout, as JSON or as a summary made from that JSON. */
static int print_report(const cli_study_job *job, const cli_common *common, const char *report) {
    int code = CLI_OK;
    if (common->json)
        fputs(report, stdout);
    else if (!common->quiet)
        code = cli_summary_print(report, job->summary, common->out);
    return code == CLI_OK ? cli_finish_output() : code;
}

/* One run, attributed: the report lives with it. */
static throng_status attribute(throng_study *study, const char *command, const char *out, bool force, char **report,
                               throng_error *err) {
    throng_run *run = NULL;
    throng_status status = throng_study_run(study, command, out, force, &run, err);
    *report = run ? strdup(throng_run_report(run)) : NULL;
    throng_run_free(run);
    return status;
}

static int run_study(const cli_study_job *job, const cli_common *common, throng_context *context, throng_study *study,
                     const char *command_line) {
    throng_error err = {0};
    char *report = NULL;
    cli_progress progress;
    bool sweep = throng_study_is_sweep(study), ours = !job->make && !sweep;
    cli_progress_attach(&progress, context, common->quiet);
    throng_status status = ours ? attribute(study, command_line, common->out, common->force, &report, &err)
                           : job->make
                               ? job->make(study, command_line, common->out, common->force, &report, &err)
                               : throng_study_sweep(study, command_line, common->out, common->force, &report, &err);
    cli_progress_clear(&progress);
    int code = report ? print_report(job, common, report) : CLI_OK;
    if (ours)
        free(report);
    else
        throng_text_free(context, report);
    return status == THRONG_OK ? code : cli_fail_error(&err);
}

int cli_study_tables(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    const char *command = options->command->name;
    bool made = false; /* the crowd is made, not read */
    for (int i = 0; i < options->n_assignments; i++)
        made = made || strcmp(options->assignments[i].key->key, "population.generate") == 0;
    if (options->n_positional == 0 && !made)
        return cli_fail(CLI_USAGE, "%s needs a table: throng %s TABLE --state COL.", command, command);
    for (int i = 0; i < options->n_positional; i++)
        if (throng_study_set(study, "population.table", options->positional[i], &err) != THRONG_OK)
            return cli_fail_error(&err);
    return CLI_OK;
}

int cli_study_run(const cli_study_job *job, int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    throng_study *study = NULL;
    char *command_line = NULL;
    cli_options options;
    cli_common common;
    bool proceed = false;
    cli_options_init(&options, job->command);
    if (job->declare)
        job->declare(&options);
    cli_options_study(&options);
    cli_options_common(&options, &common, true);
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (!proceed)
        goto out;
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_context_set_threads(context, (int)common.threads, &err) != THRONG_OK ||
        throng_study_create(context, &study, &err) != THRONG_OK) {
        code = cli_fail_error(&err);
        goto out;
    }
    command_line = cli_command_line(job->command->name, argc, argv);
    code = job->prepare(&options, study);
    if (code == CLI_OK)
        code = run_study(job, &common, context, study, command_line);
out:
    free(command_line);
    throng_study_free(study);
    throng_context_free(context);
    cli_options_clear(&options);
    return code;
}
