/* Sub-commands and what they share: failing in one line, exit codes, a context that can be interrupted. */
#ifndef THRONG_CLI_COMMAND_H
#define THRONG_CLI_COMMAND_H

#include "throng/throng.h"

enum {
    CLI_OK = 0,
    CLI_FAILURE = 1, /* the work could not be done */
    CLI_USAGE = 2    /* the command line alone shows that something is wrong */
};

/* A sub-command: argv[0] is its name. Returns the exit code. */
typedef struct cli_command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *summary;  /* one line */
    const char *details;  /* for its help: what it does, and an example that works */
    int (*run)(const struct cli_command *self, int argc, char **argv);
    bool on_ranks; /* mpirun may start several of it */
} cli_command;

#define CLI_COMMAND(name) extern const cli_command cli_command_##name;
#include "cli/commands.def"
#undef CLI_COMMAND

/* Prints "throng: ..." on one line of stderr and returns `code`. */
int cli_fail(int code, const char *format, ...) THRONG_PRINTF(2, 3);

/* The same with the library's message; the exit code follows from the status. */
int cli_fail_error(const throng_error *err);

/* Of several ranks one alone says what fails. */
void cli_fail_silently(void);

/* Prints everything that is on its way to stdout, and fails if it does not arrive (full disk). */
int cli_finish_output(void);

/* Of n names the one that was most likely meant: ` Did you mean "list"?`, or "" if none is near. */
void cli_suggest(const char *wrong, const char *const *names, int n, char *out, size_t size);

#endif
