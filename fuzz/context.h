/* The context of fuzz targets that need no more: made once, with one thread, so that a run costs little. */
#ifndef THRONG_FUZZ_CONTEXT_H
#define THRONG_FUZZ_CONTEXT_H

#include "throng/throng.h"

#include <stdlib.h>

static throng_context *context;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    if (throng_context_create(&context, NULL) != THRONG_OK ||
        throng_context_set_threads(context, 1, NULL) != THRONG_OK)
        abort();
    return 0;
}

#endif
