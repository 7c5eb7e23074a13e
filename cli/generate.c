/* throng generate: makes a crowd and writes it as a table. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <sys/stat.h>

typedef struct request {
    const char *generator, *out;
    int64_t agents, days, seed;
    cli_common common;
    const char *plugin;
} request;

static void print_result(const request *wanted, int64_t rows, int columns, double seconds) {
    struct stat facts;
    printf("%s: %s rows of %d columns, %s agents", wanted->out, throng_phrase_count(rows).text, columns,
           throng_phrase_count(wanted->agents).text);
    if (wanted->days > 1)
        printf(" on %s days", throng_phrase_count(wanted->days).text);
    if (stat(wanted->out, &facts) == 0)
        printf(", %s", cli_bytes((double)facts.st_size).text);
    printf(", in %s\n", cli_duration(seconds).text);
}

static int generate(throng_context *context, const request *wanted) {
    throng_error err = {0};
    throng_table *table = NULL;
    cli_progress progress;
    double began = cli_now();
    cli_progress_attach(&progress, context, wanted->common.quiet);
    throng_status status = throng_generate(context, wanted->generator, wanted->agents, (int32_t)wanted->days,
                                           (uint64_t)wanted->seed, &table, &err);
    if (status == THRONG_OK)
        status = throng_table_write(table, wanted->out, wanted->common.force, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK) {
        throng_table_free(table);
        return cli_fail_error(&err);
    }
    if (!wanted->common.quiet)
        print_result(wanted, throng_table_rows(table), throng_table_columns(table), cli_now() - began);
    throng_table_free(table);
    return cli_finish_output();
}

static int work(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    request *wanted = job;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "generate needs one generator, got %d: see throng list generators.",
                        options->n_positional);
    wanted->generator = options->positional[0];
    if (wanted->agents == 0)
        return cli_fail(CLI_USAGE, "--agents is missing: how many agents should there be?");
    if (!wanted->out)
        return cli_fail(CLI_USAGE, "--out is missing: name the file to write, such as crowd.parquet.");
    if ((wanted->plugin && throng_context_load_plugin(context, wanted->plugin, &err) != THRONG_OK) ||
        throng_table_check_output(wanted->out, wanted->common.force, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return generate(context, wanted);
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {.days = 1};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_count(&options, "--agents", "N", &wanted.agents, 1, 2147483647.0, "how many agents (required)");
    cli_options_count(&options, "--days", "D", &wanted.days, 1, 36525, "how many days (default: 1)");
    cli_options_count(&options, "--seed", "S", &wanted.seed, 0, 9007199254740991.0,
                      "seed of the random numbers (default: 0)");
    cli_options_text(&options, "--out", "FILE", &wanted.out, "file to write: .parquet, .csv or .ndjson (required)");
    cli_options_common(&options, &wanted.common, false);
    cli_options_switch(&options, "--force", &wanted.common.force, "replace FILE if it exists");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load generators from a shared object");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_generate = {
    .name = "generate",
    .synopsis = "NAME[:KEY=VALUE,...] --agents N --out FILE [options]",
    .summary = "Makes a crowd from random numbers and writes it as a table.",
    .details = "The same seed gives the same table on any machine and any number of threads. Generators are listed by\n"
               "throng list generators, their parameters and columns by throng describe generator NAME.\n"
               "\n"
               "  throng generate bluesky --agents 1_671_587 --days 14 --seed 1 --out crowd.parquet",
    .run = run,
};
