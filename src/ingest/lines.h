/* The lines of an event file: plain, gzip or zstd, told by content; also standard input. */
#ifndef THRONG_SRC_INGEST_LINES_H
#define THRONG_SRC_INGEST_LINES_H

#include "core/core.h"

#include <stdatomic.h>

typedef struct throng_i_lines throng_i_lines;

typedef enum throng_i_lines_result {
    THRONG_I_LINES_LINE,
    THRONG_I_LINES_LONG,   /* a line beyond the limit was passed over: it has no text */
    THRONG_I_LINES_BROKEN, /* the file goes on, but cannot be read or unpacked: the last result before the end */
    THRONG_I_LINES_PAUSE,  /* a pipe has nothing to read at the moment */
    THRONG_I_LINES_END
} throng_i_lines_result;

/* Opens "-" or a path. Lines of more than `limit` bytes are passed over. THRONG_E_FILE, THRONG_E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_lines_open(const char *path, int64_t limit, throng_i_lines **out,
                                                  throng_error *err);

/* May be called from any thread, one at a time; takes its memory from malloc, as the context's belongs to its thread.
 * *line may be changed and lives until the next call; there is no line end in it. BROKEN: *line is the reason. */
throng_i_lines_result throng_i_lines_next(throng_i_lines *lines, char **line, int64_t *length);

/* Passes over the first bytes of the content, unpacked. False if there are fewer. */
bool throng_i_lines_skip(throng_i_lines *lines, int64_t bytes);

/* Bytes of the unpacked content up to the end of the last line; bytes read of the file itself, and its size or -1. */
int64_t throng_i_lines_offset(const throng_i_lines *lines);
const _Atomic int64_t *throng_i_lines_read(const throng_i_lines *lines);
int64_t throng_i_lines_size(const throng_i_lines *lines);

void throng_i_lines_close(throng_i_lines *lines);

#endif
