/* What all sub-commands share: see command.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/command.h"

#include "cli/progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- failing --------------------------------------------------------------------------------------------------- */

static bool silent;

void cli_fail_silently(void) {
    silent = true;
}

static void print_line(const char *text) {
    if (silent)
        return;
    char line[2 * THRONG_MESSAGE_LENGTH];
    size_t n = 0;
    for (; *text && n + 1 < sizeof line; text++) {
        unsigned char c = (unsigned char)*text;
        line[n++] = c < 0x20 || c == 0x7F ? ' ' : (char)c; /* names of files and columns may hold anything */
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    fprintf(stderr, "throng: %s\n", line);
}

int cli_fail(int code, const char *format, ...) {
    char text[2 * THRONG_MESSAGE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_line(text);
    return code;
}

int cli_fail_error(const throng_error *err) {
    int signal = cli_interrupted();
    if (signal)
        return cli_fail(128 + signal, "stopped; nothing was left half-written.");
    print_line(err->message[0] ? err->message : throng_status_text(err->status));
    switch (err->status) {
    case THRONG_E_UNKNOWN_NAME:
    case THRONG_E_PARAMETER:
    case THRONG_E_ARGUMENT:
        return CLI_USAGE;
    default:
        return CLI_FAILURE;
    }
}

int cli_finish_output(void) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_OK;
    if (errno == 0) { /* it failed earlier: failing once more tells the reason */
        clearerr(stdout);
        putchar('\n');
        fflush(stdout);
    }
    if (errno == EPIPE) /* whoever read has seen enough */
        return CLI_OK;
    return cli_fail(CLI_FAILURE, "standard output cannot be written: %s.", errno ? strerror(errno) : "unknown reason");
}

/* ---- did you mean ---------------------------------------------------------------------------------------------- */

#define COMPARED_MAX 48

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Levenshtein distance; swapped neighbours count as one error. */
static int typing_errors(const char *a, const char *b) {
    int n = (int)strnlen(a, COMPARED_MAX), m = (int)strnlen(b, COMPARED_MAX);
    int row[COMPARED_MAX + 1][COMPARED_MAX + 1];
    for (int i = 0; i <= n; i++)
        for (int j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                row[i][j] = i + j;
                continue;
            }
            row[i][j] = least(least(row[i - 1][j], row[i][j - 1]) + 1, row[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1);
        }
    return row[n][m];
}

void cli_suggest(const char *wrong, const char *const *names, int n, char *out, size_t size) {
    int best = 1 + (int)strlen(wrong) / 3;
    out[0] = '\0';
    for (int i = 0; i < n; i++) {
        int errors = typing_errors(wrong, names[i]);
        if (strlen(wrong) >= 4 && strncmp(names[i], wrong, strlen(wrong)) == 0)
            errors = 1; /* the beginning of a name */
        if (errors < best) {
            best = errors;
            snprintf(out, size, " Did you mean \"%s\"?", names[i]);
        }
    }
}
