/* Progress on a terminal, and stopping on Ctrl-C: see progress.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/progress.h"

#include "cli/terminal.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- signals --------------------------------------------------------------------------------------------------- */

/* The only global of the program: a signal handler has no other way to say something. */
static volatile sig_atomic_t stop_signal = 0;

static void on_signal(int signal) {
    if (stop_signal)
        _exit(128 + signal); /* what is half-written has a temporary name */
    stop_signal = signal;
}

void cli_signals_install(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A file that grows past a limit is an error to report, not a reason to die. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGXFSZ, &action, NULL);
}

int cli_interrupted(void) {
    return (int)stop_signal;
}

/* ---- the line -------------------------------------------------------------------------------------------------- */

#define SHOW_AFTER 0.5  /* seconds: short work shows nothing */
#define RATE_AFTER 0.15 /* of a stage, before which its rate is a guess */

double cli_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* "attributing 12,000,000 of 23,000,000 agents, 310 M/s, 1 s left" */
static void show(const cli_progress *self, const throng_progress *progress, double now) {
    char line[200], rest[80] = "";
    double elapsed = now - self->began, rate = elapsed > 0.0 ? (double)progress->done / elapsed : 0.0;
    int used = snprintf(line, sizeof line, "%s %s", progress->stage, throng_phrase_count(progress->done).text);
    if (progress->total > 0)
        used += snprintf(line + used, sizeof line - (size_t)used, " of %s", throng_phrase_count(progress->total).text);
    snprintf(line + used, sizeof line - (size_t)used, " %s", progress->unit);
    if (elapsed > RATE_AFTER && rate > 0.0) {
        snprintf(rest, sizeof rest, ", %s/s", cli_amount(rate).text);
        if (progress->total > progress->done) {
            size_t at = strlen(rest);
            snprintf(rest + at, sizeof rest - at, ", %s left",
                     cli_duration(ceil((double)(progress->total - progress->done) / rate)).text);
        }
    }
    fprintf(stderr, "\r%.*s%s\033[K", 78 - (int)strlen(rest), line, rest);
    fflush(stderr);
}

static bool on_progress(void *user, const throng_progress *progress) {
    cli_progress *self = user;
    if (stop_signal)
        return false;
    if (self->server)
        throng_server_progress(self->server, progress);
    if (!self->shown)
        return true;
    double now = cli_now();
    if (strncmp(self->stage, progress->stage, sizeof self->stage - 1) != 0 || progress->done < self->done) {
        snprintf(self->stage, sizeof self->stage, "%s", progress->stage);
        self->began = now;
    }
    self->done = progress->done;
    if (now - self->created > SHOW_AFTER) {
        show(self, progress, now);
        self->visible = true;
    }
    return true;
}

void cli_progress_attach(cli_progress *self, throng_context *context, bool quiet) {
    *self = (cli_progress){.shown = !quiet && isatty(STDERR_FILENO), .created = cli_now()};
    throng_context_set_progress(context, on_progress, self);
}

void cli_progress_clear(cli_progress *self) {
    if (self->visible)
        fprintf(stderr, "\r\033[K");
    self->visible = false;
}
