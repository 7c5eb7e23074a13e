/* throng merge: the shards of a sweep put together. */
#include "cli/options.h"
#include "cli/summary.h"

#include <stdio.h>

static int merge(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const cli_common *common = job;
    char *report = NULL;
    int code = CLI_OK;
    if (options->n_positional == 0)
        return cli_fail(CLI_USAGE, "merge needs the folders of the shards: throng merge SHARDS... --out DIR.");
    if (throng_study_merge(context, options->positional, options->n_positional, options->command_line, common->out,
                           common->force, &report, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (common->json)
        fputs(report, stdout);
    else if (!common->quiet)
        code = cli_summary_print(report, CLI_SUMMARY_FULL, common->out);
    throng_text_free(context, report);
    return code == CLI_OK ? cli_finish_output() : code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_common common;
    cli_options_init(&options, self);
    cli_options_common(&options, &common, true);
    return cli_options_run(&options, argc, argv, merge, &common);
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
