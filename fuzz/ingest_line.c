/* libFuzzer: one event line through the check and the scan that throng ingest gives it, with the fields of Bluesky.
 *
 *     fuzz/build ingest_line && build-fuzz/ingest_line -max_total_time=600 -max_len=4096
 *
 * What must hold besides not crashing: texts lie inside the line, and a line that passes is passed again. */
#include "ingest/json.h"
#include "ingest/platform.h"
#include "throng/throng.h"

#include <stdlib.h>
#include <string.h>

static throng_i_platform platform;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    throng_context *context = NULL;
    (void)argc;
    (void)argv;
    if (throng_context_create(&context, NULL) != THRONG_OK ||
        throng_i_platform_open(context, "bluesky", NULL, &platform, NULL) != THRONG_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    throng_i_json_value values[THRONG_I_JSON_NODES], again[THRONG_I_JSON_NODES];
    char *line = malloc(size ? size : 1), *copy = malloc(size ? size : 1);
    memcpy(line, data, size);
    memcpy(copy, data, size);
    if (throng_i_is_utf8(line, (int64_t)size)) {
        const char *reason = throng_i_json_scan(&platform.paths, line, (int64_t)size, values);
        const char *second = throng_i_json_scan(&platform.paths, copy, (int64_t)size, again);
        if (reason != second)
            abort();
        for (int i = 0; i < platform.paths.n_slots && !reason; i++) {
            if (values[i].shape != again[i].shape || values[i].length != again[i].length)
                abort();
            if (values[i].text && (values[i].text < line || values[i].text + values[i].length > line + size ||
                                   !throng_i_is_utf8(values[i].text, values[i].length)))
                abort();
        }
    }
    free(line);
    free(copy);
    return 0;
}
