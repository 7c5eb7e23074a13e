/* throng report: a run as one HTML file. */
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

static int save(throng_context *context, const char *run, const char *path, const cli_common *common, bool force) {
    throng_error err = {0};
    cli_progress progress;
    cli_progress_attach(&progress, context, common->quiet);
    throng_status status = throng_run_page_save(context, run, path, force, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    struct stat facts = {0};
    if (!common->quiet && stat(path, &facts) == 0)
        printf("%s: %s, open it in a browser\n", path, cli_bytes((double)facts.st_size).text);
    return cli_finish_output();
}

static int report(const cli_options *options, const char *out, const cli_common *common, bool force) {
    throng_error err = {0};
    throng_context *context = NULL;
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "report needs one run directory, got %d: throng report RUN-DIR.",
                        options->n_positional);
    const char *run = options->positional[0];
    char *place = out ? NULL : default_place(run);
    int code = CLI_OK;
    if (!out && !place)
        code = cli_fail(CLI_FAILURE, "out of memory.");
    else if (throng_context_create(&context, &err) != THRONG_OK ||
             throng_context_set_threads(context, (int)common->threads, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    else /* a page in the run directory is that run's, and made anew */
        code = save(context, run, out ? out : place, common, !out || force);
    throng_context_free(context);
    free(place);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_common common = {0};
    const char *out = NULL;
    bool force = false, proceed = false;
    cli_options_init(&options, self);
    cli_options_text(&options, "--out", "FILE", &out, "file to write, also -o (default: RUN-DIR/report.html)");
    cli_options_switch(&options, "--force", &force, "replace FILE if it exists");
    cli_options_common(&options, &common, false);
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (proceed)
        code = report(&options, out, &common, force);
    cli_options_clear(&options);
    return code;
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
