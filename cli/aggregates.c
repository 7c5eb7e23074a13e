/* throng aggregates: the few numbers with which anybody's panel can be corrected. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/study.h"
#include "cli/terminal.h"

static int write_aggregates(const cli_options *options, throng_context *context, throng_study *study,
                            const cli_common *common) {
    throng_error err = {0};
    throng_aggregates *aggregates = NULL;
    cli_progress progress;
    int code = cli_study_tables(options, study);
    if (code != CLI_OK)
        return code;
    if (cli_options_apply(options, study, &err) != THRONG_OK)
        return cli_fail_error(&err);
    cli_progress_attach(&progress, context, common->quiet);
    throng_status status = throng_study_aggregates(study, &aggregates, &err);
    if (status == THRONG_OK)
        status = throng_aggregates_save(aggregates, common->out, common->force, &err);
    cli_progress_clear(&progress);
    if (status == THRONG_OK && !common->quiet)
        printf("%s: %d aggregates of %s agents\n", common->out, throng_aggregates_count(aggregates),
               throng_phrase_count(throng_aggregates_agents(aggregates)).text);
    throng_aggregates_free(aggregates);
    return status == THRONG_OK ? cli_finish_output() : cli_fail_error(&err);
}

static int work(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const cli_common *common = job;
    throng_study *study = NULL;
    if (!common->out)
        return cli_fail(CLI_USAGE, "--out is missing: name the file to write, such as aggregates.json.");
    int code = throng_study_create(context, &study, &err) == THRONG_OK
                   ? write_aggregates(options, context, study, common)
                   : cli_fail_error(&err);
    throng_study_free(study);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_common common;
    cli_options_init(&options, self);
    cli_options_study(&options);
    cli_options_common(&options, &common, false);
    cli_options_text(&options, "--out", "FILE", &common.out, "file to write, such as aggregates.json (required)");
    cli_options_switch(&options, "--force", &common.force, "replace FILE if it exists");
    return cli_options_run(&options, argc, argv, work, &common);
}

const cli_command cli_command_aggregates = {
    .name = "aggregates",
    .synopsis = "TABLE... --state COL --out FILE [options]",
    .summary = "Writes the few sums over a crowd with which anybody can correct a panel of it.",
    .details = "A platform can publish the file: it holds no agent, only what the indicator is a function of. With\n"
               "several times it is about the last. throng panel PANEL --aggregates FILE reads it.\n"
               "\n"
               "  throng generate bluesky --agents 20000 --out crowd.parquet\n"
               "  throng aggregates crowd.parquet --state state --weight followers \\\n"
               "      --indicator weighted-variance --out aggregates.json",
    .run = run,
};
