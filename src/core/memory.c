/*
 * The one allocator. Arrays start at a cache line, so that eight numbers that belong together never lie in two. A small
 * header in front of each holds its size, by which the context counts bytes, and where its block starts.
 *
 * With a limit, large arrays beyond it are mapped files without a name: passes over them read and write the disk as
 * they go, and what the system has of memory is a cache of them. Their space is taken beforehand, so that a disk that
 * is full is an error here, and nothing is left over however the program ends.
 */
#define _GNU_SOURCE /* mremap, O_TMPFILE */
#include "core/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE 64 /* bytes of a cache line */

typedef struct header {
    size_t size;  /* that was asked for */
    size_t ahead; /* bytes of the block in front of the array, this header included: LINE..2 LINE - 1 */
    int file;     /* of a mapped block; 0: it is memory */
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

/* ---- arrays in files ------------------------------------------------------------------------------------------- */

/* Smaller ones are never in files. */
#define FILE_LEAST ((size_t)32 << 20)

/* A file without a name, which is gone with its last descriptor. */
static int open_nameless(const char *folder) {
    char path[4096];
#ifdef O_TMPFILE
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file > 0)
        return file;
#endif
    snprintf(path, sizeof path, "%.4000s/throng-memory-XXXXXX", folder);
    int named = mkstemp(path);
    if (named > 0)
        unlink(path);
    return named;
}

/* Makes or grows a file's block; NULL with errno on failure, when the old one is as it was. */
static char *change_file(int file, char *block, size_t before, size_t size) {
    int reason = size > before ? posix_fallocate(file, 0, (off_t)size) : ftruncate(file, (off_t)size) ? errno : 0;
    if (reason) {
        errno = reason;
        return NULL;
    }
    void *fresh = block ? mremap(block, before, size, MREMAP_MAYMOVE)
                        : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return fresh == MAP_FAILED ? NULL : fresh;
}

static bool goes_to_file(const throng_context *context, size_t size, size_t before) {
    int64_t after = context->bytes - context->bytes_in_files + (int64_t)size - (int64_t)before;
    return context->memory_limit > 0 && size >= FILE_LEAST && after > context->memory_limit;
}

/* Grows or shrinks an array in a file, or makes one and moves what there was of it in memory there. */
static void *change_in_file(throng_context *context, void *array, header before, size_t size) {
    bool moves = !before.file;
    char *old = array ? (char *)array - before.ahead : NULL;
    int file = moves ? open_nameless(context->memory_folder) : before.file;
    char *fresh = file > 0 ? change_file(file, moves ? NULL : old, before.size + LINE, size + LINE) : NULL;
    if (!fresh) {
        if (moves && file > 0)
            close(file);
        return NULL;
    }
    header after = {size, LINE, file};
    if (moves && array) {
        memcpy(fresh + LINE, array, size < before.size ? size : before.size);
        context->realloc_fn(context->realloc_user, old, 0);
    }
    memcpy(fresh, &after, sizeof after);
    atomic_fetch_add(&context->bytes_in_files, (int64_t)size - (moves ? 0 : (int64_t)before.size));
    count_bytes(context, (int64_t)size - (int64_t)before.size);
    return fresh + LINE;
}

/* ---- allocating ------------------------------------------------------------------------------------------------ */

/* realloc with the header; NULL on failure, when the old array is untouched. */
static void *change_block(throng_context *context, void *array, size_t size) {
    header before = array ? header_of(array) : (header){0};
    if (before.file || goes_to_file(context, size, before.size))
        return change_in_file(context, array, before, size);
    char *block = array ? (char *)array - before.ahead : NULL;
    char *fresh = context->realloc_fn(context->realloc_user, block, size + EXTRA);
    if (!fresh)
        return NULL;
    use_large_pages(context, fresh, size + EXTRA);
    header after = {size, LINE + (LINE - (uintptr_t)fresh % LINE) % LINE, 0};
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
    if (!fresh && context->memory_limit > 0 && (double)count * (double)size >= (double)FILE_LEAST)
        return THRONG_FAIL(
            err, E_MEMORY,
            "Out of memory: %.0f MB more were needed; %.0f MB of the %.0f MB allowed are in use, %.0f MB "
            "more in files, and %.200s has no room for another: %s.",
            (double)count * (double)size / 1e6, (double)(context->bytes - context->bytes_in_files) / 1e6,
            (double)context->memory_limit / 1e6, (double)context->bytes_in_files / 1e6, context->memory_folder,
            strerror(errno));
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
    if (!header_of(fresh).file) /* files begin as zeros */
        memset(fresh, 0, (size_t)count * size);
    memcpy(out, &fresh, sizeof fresh);
    return THRONG_OK;
}

void throng_i_free(throng_context *context, void *pointer) {
    if (!pointer)
        return;
    header before = header_of(pointer);
    count_bytes(context, -(int64_t)before.size);
    if (before.file) {
        atomic_fetch_add(&context->bytes_in_files, -(int64_t)before.size);
        munmap((char *)pointer - LINE, before.size + LINE);
        close(before.file);
        return;
    }
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
