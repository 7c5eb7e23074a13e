/* Progress on a terminal, and stopping on Ctrl-C. */
#ifndef THRONG_CLI_PROGRESS_H
#define THRONG_CLI_PROGRESS_H

#include "throng/serve.h"

/* What the progress line remembers between calls. */
typedef struct cli_progress {
    bool shown;            /* stderr is a terminal, and nobody asked for quiet */
    bool visible;          /* there is a line to wipe */
    char stage[32];        /* whose time is counted */
    int64_t done;          /* at the last call: less means that the stage begins anew */
    double began;          /* when the stage began */
    double created;        /* when the work began */
    throng_server *server; /* is told, too; NULL: there is none */
} cli_progress;

/* Sets up the callback: it shows progress unless quiet, and stops the work after a signal. */
void cli_progress_attach(cli_progress *self, throng_context *context, bool quiet);

/* Wipes the line: before anything else is printed. */
void cli_progress_clear(cli_progress *self);

/* SIGINT and SIGTERM ask the work to stop; a second one ends the program at once. */
void cli_signals_install(void);

/* The signal that asked to stop, or 0. */
int cli_interrupted(void);

/* Seconds on a clock that never goes back. */
double cli_now(void);

#endif
