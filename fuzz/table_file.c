/* libFuzzer: files of tables.
 *
 *     fuzz/build table_file && build-fuzz/table_file -max_total_time=600 -max_len=4096 CORPUS fuzz/seeds/table_file
 *
 * What must hold besides not crashing: a file is read, or refused with one line, no memory stays behind, and what was
 * read can be looked at: codes are of words that there are, and times are finite. */
#define _GNU_SOURCE
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_odd(const throng_column_view *view, int64_t row) {
    switch (view->type) {
    case THRONG_TYPE_TEXT: {
        int32_t code = ((const int32_t *)view->data)[row];
        return code < 0 || code >= view->n_words || !view->words[code];
    }
    case THRONG_TYPE_DATE:
        return ((const int32_t *)view->data)[row] == INT32_MAX;
    case THRONG_TYPE_TIMESTAMP:
        return ((const int64_t *)view->data)[row] == INT64_MAX;
    default:
        return false;
    }
}

static void check(const throng_table *table) {
    for (int c = 0; c < throng_table_columns(table); c++) {
        throng_column_view view = throng_table_column(table, c);
        for (int64_t row = 0; row < view.n_rows; row++)
            if (is_odd(&view, row))
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const throng_column_request requests[] = {{"id", THRONG_ROLE_KEY},
                                                     {"x", THRONG_ROLE_NUMBER},
                                                     {"t", THRONG_ROLE_MOMENT},
                                                     {"g", THRONG_ROLE_LABEL}};
    char path[64];
    const char *const paths[] = {path};
    throng_error err = {0};
    throng_table *table = NULL;
    int64_t before = throng_context_bytes(context);
    int file = memfd_create("table", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    throng_status status = throng_table_read(context, paths, 1, requests, 4, NULL, &table, &err);
    if ((status == THRONG_OK) != (table != NULL) || (status != THRONG_OK && !err.message[0]) ||
        strchr(err.message, '\n'))
        abort();
    if (table)
        check(table);
    throng_table_free(table);
    close(file);
    if (throng_context_bytes(context) != before)
        abort();
    return 0;
}
