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
    struct throng_i_ranks *ranks; /* NULL: the process is alone; see ranks.h */
    void *kept;                   /* what a later stage keeps with the context, freed before all else; NULL: nothing */
    void (*free_kept)(throng_context *context, void *kept);
};

/* The allocator of contexts that are given none. */
void *throng_i_realloc(void *user, void *pointer, size_t size);

/* throng_chunks_for over chunks first_chunk .. first_chunk + n_chunks - 1 of n rows. */
THRONG_MUST_USE throng_status throng_i_chunks_between(throng_context *context, int64_t first_chunk, int64_t n_chunks,
                                                      int64_t n, throng_chunk_fn body, void *user,
                                                      const throng_progress *progress, throng_error *err);

/* What each of those chunks adds to a sum. @param rows [n_chunks][width] out */
THRONG_MUST_USE throng_status throng_i_chunk_sums(throng_context *context, int64_t first_chunk, int64_t n_chunks,
                                                  int64_t n, int width, throng_i_sum_fn body, void *user,
                                                  const throng_progress *progress, double *rows, throng_error *err);

/* Rows of partial sums are made and added up in batches of so many chunks, so that wide sums (bins) over many chunks
 * stay small. */
static inline int64_t throng_i_sum_batch(int width) {
    return width < 1024 ? 65536 / width : 64;
}

#endif
