/* throng aggregates: the few numbers with which anybody's panel can be corrected. */
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/study.h"
#include "cli/terminal.h"

static int write_aggregates(const cli_common *common, throng_context *context, throng_study *study) {
    throng_error err = {0};
    throng_aggregates *aggregates = NULL;
    cli_progress progress;
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

static int run(const cli_command *self, int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    throng_study *study = NULL;
    cli_options options;
    cli_common common;
    bool proceed = false;
    cli_options_init(&options, self);
    cli_options_study(&options);
    cli_options_common(&options, &common, false);
    cli_options_text(&options, "--out", "FILE", &common.out, "file to write, such as aggregates.json (required)");
    cli_options_switch(&options, "--force", &common.force, "replace FILE if it exists");
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (!proceed)
        goto out;
    if (!common.out) {
        code = cli_fail(CLI_USAGE, "--out is missing: name the file to write, such as aggregates.json.");
        goto out;
    }
    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_context_set_threads(context, (int)common.threads, &err) != THRONG_OK ||
        throng_study_create(context, &study, &err) != THRONG_OK) {
        code = cli_fail_error(&err);
        goto out;
    }
    code = cli_study_tables(&options, study);
    if (code == CLI_OK && cli_options_apply(&options, study, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    if (code == CLI_OK)
        code = write_aggregates(&common, context, study);
out:
    throng_study_free(study);
    throng_context_free(context);
    cli_options_clear(&options);
    return code;
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
