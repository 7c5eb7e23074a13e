/* The context: creation, threads, progress, memory. */
#define _POSIX_C_SOURCE 200809L
#include "core/context.h"
#include "core/ranks.h"

#include "core/checkpoint.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 1024

void *throng_i_realloc(void *user, void *pointer, size_t size) {
    (void)user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

throng_status throng_i_context_create(throng_realloc_fn realloc_fn, void *user, throng_context **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    if (!realloc_fn)
        realloc_fn = throng_i_realloc;
    throng_context *context = realloc_fn(user, NULL, sizeof *context);
    if (!context)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: no context could be made.");
    memset(context, 0, sizeof *context);
    context->realloc_fn = realloc_fn;
    context->realloc_user = user;
    THRONG_TRY(throng_context_set_threads(context, 0, err));
    *out = context;
    return THRONG_OK;
out:
    throng_context_free(context);
    return status;
}

void throng_context_free(throng_context *context) {
    if (!context)
        return;
    if (context->free_kept)
        context->free_kept(context, context->kept);
    throng_i_checkpoint_close(context);
    for (int kind = 0; kind < THRONG_KIND_COUNT; kind++)
        throng_i_free(context, context->registry[kind].entries);
    for (int i = 0; i < context->n_libraries; i++)
        dlclose(context->libraries[i]);
    throng_i_free(context, context->libraries);
    throng_i_free(context, context->memory_folder);
    context->realloc_fn(context->realloc_user, context, 0);
}

throng_status throng_context_set_threads(throng_context *context, int threads, throng_error *err) {
    if (threads < 0 || threads > THREADS_MAX)
        return THRONG_FAIL(err, E_ARGUMENT, "threads must lie in 0..%d (0: one per processor), got %d.", THREADS_MAX,
                           threads);
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        if (context->ranks)
            processors /= context->ranks->near;
        threads = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (int)processors;
    }
    context->threads = threads;
    return THRONG_OK;
}

int throng_context_threads(const throng_context *context) {
    return context->threads;
}

void throng_context_set_progress(throng_context *context, throng_progress_fn progress, void *user) {
    context->progress = progress;
    context->progress_user = user;
    context->progress_next = 0.0;
}

void throng_context_set_series(throng_context *context, throng_series_fn series, void *user) {
    context->series = series;
    context->series_user = user;
}

void throng_i_series(const throng_context *context, int64_t step, double value) {
    if (context->series)
        context->series(context->series_user, step, value);
}

throng_status throng_context_set_memory(throng_context *context, int64_t bytes, const char *folder, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_REQUIRE(bytes >= 0, E_ARGUMENT, "memory must not be negative, got %lld bytes.", (long long)bytes);
    if (folder || !context->memory_folder) {
        THRONG_TRY(throng_i_copy_text(context, folder ? folder : ".", &copy, err));
        throng_i_free(context, context->memory_folder);
        context->memory_folder = copy;
    }
    context->memory_limit = bytes;
out:
    return status;
}

int64_t throng_context_bytes_in_files(const throng_context *context) {
    return context->bytes_in_files;
}

int64_t throng_context_bytes(const throng_context *context) {
    return context->bytes;
}

int64_t throng_context_bytes_peak(const throng_context *context) {
    return context->bytes_peak;
}

void *throng_i_context_kept(const throng_context *context) {
    return context->kept;
}

void throng_i_context_keep(throng_context *context, void *kept, void (*free_kept)(throng_context *, void *)) {
    context->kept = kept;
    context->free_kept = free_kept;
}
