/* throng run: runs a study file. */
#include "cli/study.h"

static int prepare(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "run needs one study file, got %d: throng run STUDY.yaml.", options->n_positional);
    if (throng_study_load(study, options->positional[0], &err) != THRONG_OK ||
        cli_options_apply(options, study, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

static int run(const cli_command *self, int argc, char **argv) {
    const cli_study_job job = {.command = self, .prepare = prepare, .summary = CLI_SUMMARY_FULL};
    return cli_study_run(&job, argc, argv);
}

const cli_command cli_command_run = {
    .name = "run",
    .synopsis = "STUDY.yaml [options]",
    .summary = "Runs a study file: all settings of a run in one place.",
    .details =
        "Every run directory has a study.yaml that repeats the run bit for bit. Options given here replace what\n"
        "the file says.\n"
        "\n"
        "  throng generate planted --agents 5000 --out crowd.parquet\n"
        "  throng attribute crowd.parquet --state state --id id --out first\n"
        "  throng run first/study.yaml --out again",
    .run = run,
    .on_ranks = true,
};
