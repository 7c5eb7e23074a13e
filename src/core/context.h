/* The context's insides, shared by the files of src/core only. */
#ifndef THRONG_SRC_CORE_CONTEXT_H
#define THRONG_SRC_CORE_CONTEXT_H

#include "core/core.h"

typedef struct throng_i_registry {
    const throng_about **entries; /* in alphabetical order */
    int n_entries, entries_cap;
} throng_i_registry;

typedef struct throng_i_checkpoint throng_i_checkpoint;

struct throng_context {
    throng_realloc_fn realloc_fn;
    void *realloc_user;
    _Atomic int64_t bytes, bytes_peak; /* allocations come from several threads */
    _Atomic int64_t bytes_in_files;    /* of these, not in memory */
    int64_t memory_limit;              /* bytes from which on large arrays are in files; 0: none are */
    char *memory_folder;               /* where */
    int threads;
    throng_progress_fn progress;
    void *progress_user;
    double progress_next; /* throng_i_seconds() before which no report is made */
    throng_series_fn series;
    void *series_user;
    throng_i_checkpoint *checkpoint; /* NULL: none are kept */
    throng_i_registry registry[THRONG_KIND_COUNT];
    void **libraries; /* shared objects of plug-ins, closed last */
    int n_libraries;
    void *kept; /* what a later stage keeps with the context, freed before all else; NULL: nothing */
    void (*free_kept)(throng_context *context, void *kept);
};

/* The allocator of contexts that are given none. */
void *throng_i_realloc(void *user, void *pointer, size_t size);

#endif
