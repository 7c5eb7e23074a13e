/* Parallel loops over fixed chunks, sums in a fixed order, the clock and progress. The only code that knows OpenMP. */
#define _POSIX_C_SOURCE 200809L
#include "core/context.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

double throng_i_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#define PROGRESS_INTERVAL 0.1

throng_status throng_i_progress(throng_context *context, const throng_progress *progress, throng_error *err) {
    if (!context->progress)
        return THRONG_OK;
    double now = throng_i_seconds();
    bool finished = progress->total >= 0 && progress->done >= progress->total;
    if (now < context->progress_next && !finished)
        return THRONG_OK;
    context->progress_next = now + PROGRESS_INTERVAL;
    if (context->progress(context->progress_user, progress))
        return THRONG_OK;
    return THRONG_FAIL(err, E_CANCELLED, "Stopped while %s.", progress->stage);
}

typedef struct chunk_run {
    int64_t first, last; /* chunks first .. last - 1 */
} chunk_run;

/* The next run of chunks for a thread, empty at the end. Runs are long at first, so that a thread walks through memory
 * in one direction, then ever shorter, so that all end together although chunks and processors differ. Which thread
 * runs a chunk changes nothing in it. */
static chunk_run claim(_Atomic int64_t *claimed, int64_t n_chunks, int threads) {
    int64_t first = *claimed, length;
    do {
        if (first >= n_chunks)
            return (chunk_run){n_chunks, n_chunks};
        length = (n_chunks - first + 2 * threads - 1) / (2 * threads);
    } while (!atomic_compare_exchange_weak(claimed, &first, first + length));
    return (chunk_run){first, first + length};
}

throng_status throng_i_chunks_between(throng_context *context, int64_t first_chunk, int64_t n_chunks, int64_t n,
                                      throng_chunk_fn body, void *user, const throng_progress *progress,
                                      throng_error *err) {
    int threads = n_chunks < context->threads ? (int)n_chunks : context->threads;
    threads = threads > 0 ? threads : 1;
    bool watched = progress && context->progress;
    atomic_bool stop = false;
    throng_status status = THRONG_OK;
    /* The first chunk runs on the calling thread, whose body may therefore report progress. */
    int64_t share = (n_chunks + 2 * threads - 1) / (2 * threads);
    _Atomic int64_t done = 0, claimed = share;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        int thread = omp_get_thread_num();
        chunk_run run = thread == 0 ? (chunk_run){0, share} : claim(&claimed, n_chunks, threads);
        for (; run.first < run.last && !stop; run = claim(&claimed, n_chunks, threads))
            for (int64_t i = run.first; i < run.last && !stop; i++) {
                int64_t index = first_chunk + i;
                throng_chunk chunk = {index, index * THRONG_CHUNK_ROWS, (index + 1) * THRONG_CHUNK_ROWS};
                if (chunk.end > n)
                    chunk.end = n;
                body(user, chunk);
                if (!watched)
                    continue;
                int64_t total = atomic_fetch_add(&done, chunk.end - chunk.begin) + (chunk.end - chunk.begin);
                if (thread == 0) {
                    throng_progress report = *progress;
                    report.done += total;
                    report.total = progress->total ? progress->total : n;
                    status = throng_i_progress(context, &report, err);
                    stop = status != THRONG_OK;
                }
            }
    }
    return status;
}

throng_status throng_chunks_for(throng_context *context, int64_t n, throng_chunk_fn body, void *user,
                                const throng_progress *progress, throng_error *err) {
    return throng_i_chunks_between(context, 0, throng_i_chunk_count(n), n, body, user, progress, err);
}

void throng_i_sum_rows(double *rows, int64_t n_rows, int width, double *out) {
    for (int64_t step = 1; step < n_rows; step *= 2)
        for (int64_t i = 0; i + step < n_rows; i += 2 * step)
            for (int j = 0; j < width; j++)
                rows[i * width + j] += rows[(i + step) * width + j];
    for (int j = 0; j < width; j++)
        out[j] = n_rows > 0 ? rows[j] : 0.0;
}

typedef struct sum_job {
    throng_i_sum_fn body;
    void *user;
    double *rows; /* of the chunks from `first` on */
    int64_t first;
    int width;
} sum_job;

static void sum_chunk(void *user, throng_chunk chunk) {
    const sum_job *job = user;
    double *sums = job->rows + (chunk.index - job->first) * job->width;
    memset(sums, 0, (size_t)job->width * sizeof *sums);
    job->body(job->user, chunk, sums);
}

throng_status throng_i_chunk_sums(throng_context *context, int64_t first_chunk, int64_t n_chunks, int64_t n, int width,
                                  throng_i_sum_fn body, void *user, const throng_progress *progress, double *rows,
                                  throng_error *err) {
    sum_job job = {body, user, rows, first_chunk, width};
    return throng_i_chunks_between(context, first_chunk, n_chunks, n, sum_chunk, &job, progress, err);
}

throng_status throng_i_sum_over(throng_context *context, int64_t n, int width, throng_i_sum_fn body, void *user,
                                const throng_progress *progress, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_chunks = throng_i_chunk_count(n), batch = throng_i_sum_batch(width);
    double *rows = NULL, *batch_sum = NULL;
    throng_progress report = {0};
    if (progress)
        report = *progress;
    if (report.total == 0)
        report.total = n;
    THRONG_TRY(throng_i_alloc(context, (n_chunks < batch ? n_chunks : batch) * width, sizeof(double), &rows, err));
    THRONG_TRY(throng_i_alloc(context, width, sizeof(double), &batch_sum, err));
    memset(out, 0, (size_t)width * sizeof *out);
    for (int64_t first = 0; first < n_chunks; first += batch) {
        int64_t chunks = n_chunks - first < batch ? n_chunks - first : batch;
        THRONG_TRY(
            throng_i_chunk_sums(context, first, chunks, n, width, body, user, progress ? &report : NULL, rows, err));
        report.done += chunks * THRONG_CHUNK_ROWS;
        throng_i_sum_rows(rows, chunks, width, batch_sum);
        for (int j = 0; j < width; j++)
            out[j] += batch_sum[j];
    }
out:
    throng_i_free(context, rows);
    throng_i_free(context, batch_sum);
    return status;
}
