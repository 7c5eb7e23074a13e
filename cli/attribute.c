/* throng attribute: the main job. */
#include "cli/attribute_game.h"
#include "cli/study.h"

static int prepare(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    int code = cli_study_tables(options, study);
    if (code == CLI_OK && cli_options_apply(options, study, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    if (cli_attribute_game_is_meant(argc, argv))
        return cli_attribute_game(argc, argv);
    const cli_study_job job = {
        .command = self, .prepare = prepare, .declare = cli_attribute_game_declare, .summary = CLI_SUMMARY_FULL};
    return cli_study_run(&job, argc, argv);
}

const cli_command cli_command_attribute = {
    .name = "attribute",
    .synopsis = "TABLE... --state COL [options]",
    .summary = "Splits a macro indicator of a crowd over its agents, exactly additive and with a certificate.",
    .details = "TABLE has a row per agent, or per agent and time: Parquet, CSV or TSV, NDJSON (also .gz, .zst), a\n"
               "DuckDB file with #table, a glob of these, a folder X.parquet of Parquet files, or - for CSV or\n"
               "NDJSON on standard input. Several files are one table. With --game GAME it is what the players of\n"
               "a solved game get that is split over them.\n"
               "\n"
               "  throng generate bluesky --agents 20000 --days 7 --out crowd.parquet\n"
               "  throng attribute crowd.parquet --id id --time day --state state --weight followers \\\n"
               "      --indicator weighted-variance --out run",
    .run = run,
    .on_ranks = true,
};
