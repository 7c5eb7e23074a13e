/* libFuzzer: a file, plain or packed, through the reader of throng ingest.
 *
 *     fuzz/build ingest_file && build-fuzz/ingest_file -max_total_time=600 -max_len=65536 CORPUS
 *
 * A corpus with some small .gz and .zst files in it finds more. What must hold besides not crashing: lines are no longer
 * than allowed and hold no line end; and reading that begins at the end of any line goes on with the next one. */
#define _GNU_SOURCE
#include "ingest/lines.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIMIT 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of a file from a place on. */
typedef struct rest {
    int64_t n_lines, n_long, n_broken, bytes;
} rest;

/* Reads from `from` to the end; *middle is where the line number `stop` ended. */
static rest read_from(const char *path, int64_t from, int64_t stop, int64_t *middle) {
    throng_i_lines *lines = NULL;
    rest it = {0};
    if (throng_i_lines_open(path, LIMIT, &lines, NULL) != THRONG_OK || !throng_i_lines_skip(lines, from))
        abort();
    for (;;) {
        char *line = NULL;
        int64_t length = 0;
        throng_i_lines_result result = throng_i_lines_next(lines, &line, &length);
        if (result == THRONG_I_LINES_END)
            break;
        if (result == THRONG_I_LINES_LINE && (length > LIMIT || memchr(line, '\n', (size_t)length)))
            abort();
        it.n_broken += result == THRONG_I_LINES_BROKEN;
        it.n_long += result == THRONG_I_LINES_LONG;
        it.n_lines += result != THRONG_I_LINES_BROKEN;
        if (result != THRONG_I_LINES_BROKEN && it.n_lines == stop)
            *middle = throng_i_lines_offset(lines);
    }
    it.bytes = throng_i_lines_offset(lines);
    throng_i_lines_close(lines);
    return it;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    int64_t middle = 0;
    int file = memfd_create("events", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    rest all = read_from(path, 0, -1, &middle);
    int64_t half = (all.n_lines + 1) / 2;
    rest again = read_from(path, 0, half, &middle);
    rest second = read_from(path, middle, -1, &middle);
    if (memcmp(&all, &again, sizeof all) != 0 || second.n_lines != all.n_lines - half || second.bytes != all.bytes ||
        second.n_broken != all.n_broken)
        abort();
    close(file);
    return 0;
}
