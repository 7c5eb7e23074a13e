/* throng panel: what a small sample by visibility would have said, beside what the crowd says. */
#include "cli/study.h"

static int prepare(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    int code = cli_study_tables(options, study);
    if (code != CLI_OK)
        return code;
    throng_status status = cli_options_apply(options, study, &err);
    bool draw = !throng_study_text(study, "panel.aggregates", 0) && !throng_study_text(study, "panel.size", 0);
    if (status == THRONG_OK && draw)
        status = throng_study_set(study, "panel.size", "100", &err);
    if (status != THRONG_OK)
        code = cli_fail_error(&err);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    const cli_study_job job = {.command = self, .prepare = prepare, .summary = CLI_SUMMARY_PANEL};
    return cli_study_run(&job, argc, argv);
}

const cli_command cli_command_panel = {
    .name = "panel",
    .synopsis = "TABLE... --state COL --weight COL [options]",
    .summary = "Draws a panel of a few agents, attributes it alone, and says how far it is from the crowd.",
    .details = "A panel of 100 is drawn unless --size says otherwise, from the last time if there are several.\n"
               "Its members keep the cohorts that they have in the crowd. Further panels say how much of the\n"
               "difference is chance. All options of attribute work here too.\n"
               "\n"
               "With --aggregates the table is a panel from elsewhere, and its agents are credited as in the crowd\n"
               "that the aggregates are of.\n"
               "\n"
               "  throng generate bluesky --agents 20000 --out crowd.parquet\n"
               "  throng panel crowd.parquet --id id --state state --weight followers --seed 7",
    .run = run,
};
