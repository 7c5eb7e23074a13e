/* The one allocator. A small header in front of each block holds its size, so that the context can count bytes. */
#include "core/context.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the size, and a multiple of the strictest fundamental alignment. */
#define HEADER 64

static void count_bytes(throng_context *context, int64_t change) {
    int64_t now = atomic_fetch_add(&context->bytes, change) + change;
    int64_t peak = context->bytes_peak;
    while (now > peak && !atomic_compare_exchange_weak(&context->bytes_peak, &peak, now)) {
    }
}

/* realloc with the header; NULL on failure, when the old block is untouched. */
static void *change_block(throng_context *context, void *pointer, size_t size) {
    char *block = pointer ? (char *)pointer - HEADER : NULL;
    size_t before = 0;
    if (block)
        memcpy(&before, block, sizeof before);
    char *fresh = context->realloc_fn(context->realloc_user, block, size + HEADER);
    if (!fresh)
        return NULL;
    memcpy(fresh, &size, sizeof size);
    count_bytes(context, (int64_t)size - (int64_t)before);
    return fresh + HEADER;
}

throng_status throng_i_resize(throng_context *context, void *pointer, int64_t count, size_t size, throng_error *err) {
    void *old = NULL;
    memcpy(&old, pointer, sizeof old);
    void *fresh = NULL;
    if (count >= 0 && (size == 0 || (uint64_t)count <= (SIZE_MAX / 2 - HEADER) / size))
        fresh = change_block(context, old, (size_t)count * size);
    if (!fresh)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: %.1f MB more were needed (%.1f MB in use).",
                           (double)count * (double)size / 1e6, (double)context->bytes / 1e6);
    memcpy(pointer, &fresh, sizeof fresh);
    return THRONG_OK;
}

throng_status throng_i_alloc(throng_context *context, int64_t count, size_t size, void *out, throng_error *err) {
    void *fresh = NULL;
    throng_status status = throng_i_resize(context, &fresh, count, size, err);
    if (status != THRONG_OK)
        return status;
    memset(fresh, 0, (size_t)count * size);
    memcpy(out, &fresh, sizeof fresh);
    return THRONG_OK;
}

void throng_i_free(throng_context *context, void *pointer) {
    if (!pointer)
        return;
    char *block = (char *)pointer - HEADER;
    size_t size = 0;
    memcpy(&size, block, sizeof size);
    count_bytes(context, -(int64_t)size);
    context->realloc_fn(context->realloc_user, block, 0);
}

throng_status throng_i_copy_text(throng_context *context, const char *text, char **out, throng_error *err) {
    return throng_i_print(context, out, err, "%s", text);
}

throng_status throng_i_print(throng_context *context, char **out, throng_error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return THRONG_FAIL(err, E_INTERNAL, "A text could not be formatted; please report this.");
    char *text = NULL;
    throng_status status = throng_i_alloc(context, (int64_t)length + 1, 1, &text, err);
    if (status != THRONG_OK)
        return status;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    *out = text;
    return THRONG_OK;
}
