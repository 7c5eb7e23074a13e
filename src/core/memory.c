/*
 * The one allocator. Arrays start at a cache line, so that eight numbers that belong together never lie in two. A small
 * header in front of each holds its size, by which the context counts bytes, and where its block starts.
 */
#define _DEFAULT_SOURCE
#include "core/context.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE 64 /* bytes of a cache line */

typedef struct header {
    size_t size;  /* that was asked for */
    size_t ahead; /* bytes of the block in front of the array, this header included: LINE..2 LINE - 1 */
} header;

/* Bytes of a block beyond its array: the header's line, and what it takes to get to the next line. */
#define EXTRA (2 * LINE)

static header header_of(const void *array) {
    header out;
    memcpy(&out, (const char *)array - LINE, sizeof out);
    return out;
}

/* From here on an array may be read at random; then most of the time goes into finding pages, unless they are large. */
#define LARGE ((size_t)4 << 20)

static void use_large_pages(const throng_context *context, char *block, size_t size) {
#ifdef MADV_HUGEPAGE
    const size_t page = 4096;
    if (context->realloc_fn != throng_i_realloc || size < LARGE)
        return;
    size_t into = (page - (uintptr_t)block % page) % page;
    /* A wish: without large pages everything works. */
    (void)madvise(block + into, (size - into) / page * page, MADV_HUGEPAGE);
#else
    (void)context, (void)block, (void)size;
#endif
}

static void count_bytes(throng_context *context, int64_t change) {
    int64_t now = atomic_fetch_add(&context->bytes, change) + change;
    int64_t peak = context->bytes_peak;
    while (now > peak && !atomic_compare_exchange_weak(&context->bytes_peak, &peak, now)) {
    }
}

/* realloc with the header; NULL on failure, when the old array is untouched. */
static void *change_block(throng_context *context, void *array, size_t size) {
    header before = array ? header_of(array) : (header){0};
    char *block = array ? (char *)array - before.ahead : NULL;
    char *fresh = context->realloc_fn(context->realloc_user, block, size + EXTRA);
    if (!fresh)
        return NULL;
    use_large_pages(context, fresh, size + EXTRA);
    header after = {size, LINE + (LINE - (uintptr_t)fresh % LINE) % LINE};
    if (array && after.ahead != before.ahead)
        memmove(fresh + after.ahead, fresh + before.ahead, size < before.size ? size : before.size);
    memcpy(fresh + after.ahead - LINE, &after, sizeof after);
    count_bytes(context, (int64_t)size - (int64_t)before.size);
    return fresh + after.ahead;
}

throng_status throng_i_resize(throng_context *context, void *pointer, int64_t count, size_t size, throng_error *err) {
    void *old = NULL;
    memcpy(&old, pointer, sizeof old);
    void *fresh = NULL;
    if (count >= 0 && (size == 0 || (uint64_t)count <= (SIZE_MAX / 2 - EXTRA) / size))
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
    header before = header_of(pointer);
    count_bytes(context, -(int64_t)before.size);
    context->realloc_fn(context->realloc_user, (char *)pointer - before.ahead, 0);
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
