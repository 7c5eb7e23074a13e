/* The explorer's server on the command line: throng serve, and --serve of commands that run a study. */
#ifndef THRONG_CLI_SERVE_H
#define THRONG_CLI_SERVE_H

#include "cli/options.h"

typedef struct cli_serve {
    bool on;     /* --serve was given */
    bool open;   /* in the browser */
    bool graphs; /* --graph */
    int64_t port;
    const char *address, *host;
} cli_serve;

/* --port, --bind, --host and --open. */
void cli_serve_options(cli_options *self, cli_serve *serve);

/* Starts the server and prints its address, on stdout or, beside a report, on stderr. Returns the exit code; *out is
 * NULL if it is not CLI_OK. */
int cli_serve_start(throng_context *context, const cli_serve *wanted, const throng_server_def *def, bool beside_report,
                    throng_server **out);

/* Serves until Ctrl-C. */
void cli_serve_wait(void);

#endif
