/* throng serve: run directories in the browser, until Ctrl-C. */
#define _POSIX_C_SOURCE 200809L
#include "cli/serve.h"

#include "cli/progress.h"
#include "cli/terminal.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern char **environ;

/* ---- what --serve shares --------------------------------------------------------------------------------------- */

void cli_serve_options(cli_options *self, cli_serve *serve) {
    cli_options_count(self, "--port", "P", &serve->port, 0, 65535,
                      "port to serve at; 0, the default, takes a free one");
    cli_options_text(self, "--bind", "ADDRESS", &serve->address,
                     "address to serve at, 0.0.0.0 for all of this machine's; anyone who has the printed address can "
                     "then look (default: 127.0.0.1, this machine alone)");
    cli_options_text(self, "--host", "NAME", &serve->host, "name by which browsers call this machine");
    cli_options_switch(self, "--open", &serve->open, "open the page in the browser");
}

/* Opens the address with whatever the desktop has for it. */
static void open_page(const char *url) {
    const char *browser = getenv("BROWSER");
    char program[200], address[400];
    pid_t child;
    snprintf(program, sizeof program, "%s", browser && *browser ? browser : "xdg-open");
    snprintf(address, sizeof address, "%s", url);
    char *arguments[] = {program, address, NULL};
    if (posix_spawnp(&child, program, NULL, NULL, arguments, environ) != 0)
        cli_fail(CLI_FAILURE, "%s cannot be started: open the address yourself.", program);
}

int cli_serve_start(throng_context *context, const cli_serve *wanted, const throng_server_def *def, bool beside_report,
                    throng_server **out) {
    throng_error err = {0};
    throng_server_def all = *def;
    all.port = (int)wanted->port;
    all.address = wanted->address;
    all.host = wanted->host;
    all.graphs = wanted->graphs;
    *out = NULL;
    if (throng_server_start(context, &all, out, &err) != THRONG_OK)
        return cli_fail_error(&err);
    fprintf(beside_report ? stderr : stdout, "%s\n", throng_server_url(*out));
    const char *problem;
    for (int i = 0; (problem = throng_server_problem(*out, i)); i++)
        fprintf(stderr, "throng: left out: %s\n", problem);
    int code = cli_finish_output();
    if (code != CLI_OK) {
        throng_server_stop(*out);
        *out = NULL;
    } else if (wanted->open) {
        open_page(throng_server_url(*out));
    }
    return code;
}

void cli_serve_wait(void) {
    while (!cli_interrupted()) {
        struct timespec pause = {.tv_nsec = 20000000};
        nanosleep(&pause, NULL); /* a signal ends it early */
    }
}

/* ---- throng serve ---------------------------------------------------------------------------------------------- */

typedef struct request {
    cli_serve serve;
    cli_common common;
} request;

static int serve(const cli_options *options, throng_context *context, void *job) {
    const request *wanted = job;
    const throng_server_def def = {.paths = options->positional, .n_paths = options->n_positional};
    throng_server *server = NULL;
    if (options->n_positional == 0)
        return cli_fail(CLI_USAGE, "serve needs a run directory: throng serve RUN-DIR.");
    int code = cli_serve_start(context, &wanted->serve, &def, false, &server);
    if (code != CLI_OK)
        return code;
    if (!wanted->common.quiet)
        fprintf(stderr, "Ctrl-C ends it.\n");
    cli_serve_wait();
    int64_t requests = throng_server_requests(server);
    throng_server_stop(server);
    if (!wanted->common.quiet)
        printf("%s requests\n", throng_phrase_count(requests).text);
    return cli_finish_output();
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_serve_options(&options, &wanted.serve);
    cli_options_switch(&options, "--graph", &wanted.serve.graphs,
                       "read again the files that runs were made from, to show who hears whom");
    cli_options_common(&options, &wanted.common, false);
    return cli_options_run(&options, argc, argv, serve, &wanted);
}

const cli_command cli_command_serve = {
    .name = "serve",
    .synopsis = "RUN-DIR... [--port P] [--open] [options]",
    .summary = "Shows run directories in the browser: search, filter, select.",
    .details =
        "Prints the address of a page on this machine and serves it until Ctrl-C. Reads the directories, changes\n"
        "nothing, and takes requests of this machine only; with --bind of others too, if they know the token in\n"
        "the address. docs/explorer-api.md describes what scripts can ask for.\n"
        "\n"
        "  throng attribute crowd.parquet --state state --id id --weight followers --out results\n"
        "  throng serve results --open",
    .run = run,
};
