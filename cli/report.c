/* throng report: a run as one HTML file. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "RUN-DIR/report.html", to be freed. */
static char *default_place(const char *run) {
    size_t size = strlen(run) + sizeof "/report.html";
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/report.html", run);
    return path;
}

static int save(const cli_options *options, throng_context *context, void *job) {
    throng_error err = {0};
    const cli_common *common = job;
    cli_progress progress;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "report needs one run directory, got %d: throng report RUN-DIR.",
                        options->n_positional);
    const char *run = options->positional[0];
    char *place = common->out ? strdup(common->out) : default_place(run);
    if (!place)
        return cli_fail(CLI_FAILURE, "out of memory.");
    cli_progress_attach(&progress, context, common->quiet);
    /* A page in the run directory is that run's, and made anew. */
    throng_status status = throng_run_page_save(context, run, place, !common->out || common->force, &err);
    cli_progress_clear(&progress);
    struct stat facts = {0};
    if (status == THRONG_OK && !common->quiet && stat(place, &facts) == 0)
        printf("%s: %s, open it in a browser\n", place, cli_bytes((double)facts.st_size).text);
    free(place);
    return status == THRONG_OK ? cli_finish_output() : cli_fail_error(&err);
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_common common;
    cli_options_init(&options, self);
    cli_options_common(&options, &common, false);
    cli_options_text(&options, "--out", "FILE", &common.out, "file to write, also -o (default: RUN-DIR/report.html)");
    cli_options_switch(&options, "--force", &common.force, "replace FILE if it exists");
    return cli_options_run(&options, argc, argv, save, &common);
}

const cli_command cli_command_report = {
    .name = "report",
    .synopsis = "RUN-DIR [-o FILE] [options]",
    .summary = "Writes a run as one HTML file to look at, to print, or to send to a colleague.",
    .details =
        "The page opens with the answer in a sentence. Then come the charts, each with a line on how to read it and "
        "its\n"
        "data to download, the certificate, where everything comes from, how to cite it and the command that repeats\n"
        "it. It needs no network, and is made from the files of the run directory alone: after throng verify it\n"
        "also has the deletion curves.\n"
        "\n"
        "  throng generate bluesky --agents 20000 --days 14 --out crowd.parquet\n"
        "  throng attribute crowd.parquet --state state --id id --time day --weight followers --out run\n"
        "  throng verify run\n"
        "  throng report run -o report.html",
    .run = run,
};
