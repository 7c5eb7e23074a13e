/* throng merge: the shards of a sweep put together. */
#include "cli/options.h"
#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>

static int merge(throng_context *context, const cli_options *options, const cli_common *common, const char *command) {
    throng_error err = {0};
    char *report = NULL;
    int code = CLI_OK;
    if (throng_study_merge(context, options->positional, options->n_positional, command, common->out, common->force,
                           &report, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (common->json)
        fputs(report, stdout);
    else if (!common->quiet)
        code = cli_summary_print(report, CLI_SUMMARY_FULL, common->out);
    throng_text_free(context, report);
    return code == CLI_OK ? cli_finish_output() : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    char *command_line = NULL;
    cli_options options;
    cli_common common;
    bool proceed = false;
    cli_options_init(&options, self);
    cli_options_common(&options, &common, true);
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (!proceed)
        goto out;
    if (options.n_positional == 0) {
        code = cli_fail(CLI_USAGE, "merge needs the folders of the shards: throng merge SHARDS... --out DIR.");
        goto out;
    }
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_context_set_threads(context, (int)common.threads, &err) != THRONG_OK) {
        code = cli_fail_error(&err);
        goto out;
    }
    command_line = cli_command_line(self->name, argc, argv);
    code = merge(context, &options, &common, command_line);
out:
    free(command_line);
    throng_context_free(context);
    cli_options_clear(&options);
    return code;
}

const cli_command cli_command_merge = {
    .name = "merge",
    .synopsis = "SHARDS... [--out DIR] [options]",
    .summary = "Puts the shards of a sweep together to the run that it would have been in one go.",
    .details =
        "SHARDS are folders that --shard wrote into, or files in them. Shards that are missing, there twice, not\n"
        "finished or of another study are told by their numbers. The tables, the study and the numbers of the report\n"
        "are those of a sweep without shards, bit for bit.\n"
        "\n"
        "  throng run study.yaml --shard 1/2 --out shards\n"
        "  throng run study.yaml --shard 2/2 --out shards\n"
        "  throng merge shards --out run",
    .run = run,
};
