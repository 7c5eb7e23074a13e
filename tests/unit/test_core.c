/* The allocator and parallel loops: what every other stage takes for granted. */
#include "core/core.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---------------------------------------------------------------------------------------------------- */

#define SHIFTS 5

/* Hands out blocks at ever other distances from a cache line, as an allocator may; user counts the calls. */
static void *shifting_realloc(void *user, void *pointer, size_t size) {
    int *calls = user;
    char *old = pointer;
    size_t before = 0, shift = 0;
    if (old) {
        memcpy(&shift, old - 16, sizeof shift);
        memcpy(&before, old - 8, sizeof before);
    }
    char *fresh = NULL;
    if (size > 0) {
        size_t next = 16 + 16 * (size_t)(++*calls % SHIFTS);
        char *block = malloc(size + next);
        fresh = block + next;
        memcpy(fresh - 16, &next, sizeof next);
        memcpy(fresh - 8, &size, sizeof size);
        if (old)
            memcpy(fresh, old, before < size ? before : size);
    }
    free(old ? old - shift : NULL);
    return fresh;
}

Test(core, arrays_start_at_a_cache_line_wherever_blocks_lie) {
    throng_context *context = NULL;
    throng_error err = {0};
    int calls = 0;
    cr_assert_eq(throng_context_create_with(shifting_realloc, &calls, &context, &err), THRONG_OK);
    int64_t idle = throng_context_bytes(context);
    unsigned char *bytes = NULL;
    const int64_t sizes[] = {1, 100, 63, 64, 65, 5000, 4999, 200000, 10};
    int64_t held = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int again = 0; again < SHIFTS; again++) {
            cr_assert_eq(throng_i_resize(context, &bytes, sizes[s], 1, &err), THRONG_OK);
            cr_assert_eq((uintptr_t)bytes % 64, 0);
            cr_assert_eq(throng_context_bytes(context), idle + sizes[s]);
            for (int64_t i = 0; i < sizes[s]; i++) {
                cr_assert(i >= held || bytes[i] == (unsigned char)(i * 7), "byte %lld of %lld", (long long)i,
                          (long long)sizes[s]);
                bytes[i] = (unsigned char)(i * 7);
            }
            held = sizes[s];
        }
    throng_i_free(context, bytes);
    cr_assert_eq(throng_context_bytes(context), idle);
    throng_context_free(context);
}

/* ---- chunks ---------------------------------------------------------------------------------------------------- */

typedef struct visits {
    atomic_int *of_chunk;
    int64_t n;
    pthread_t caller;
    atomic_bool wrong;
} visits;

static void visit(void *user, throng_chunk chunk) {
    visits *self = user;
    int64_t end = (chunk.index + 1) * THRONG_CHUNK_ROWS < self->n ? (chunk.index + 1) * THRONG_CHUNK_ROWS : self->n;
    self->of_chunk[chunk.index]++;
    if (chunk.begin != chunk.index * THRONG_CHUNK_ROWS || chunk.end != end ||
        (chunk.index == 0 && !pthread_equal(pthread_self(), self->caller)))
        self->wrong = true;
}

Test(core, every_chunk_is_run_once_and_the_first_by_the_caller) {
    throng_context *context = NULL;
    throng_error err = {0};
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK);
    const int64_t chunks[] = {0, 1, 2, 3, 7, 16, 17, 100, 1001};
    for (int threads = 1; threads <= 9; threads++)
        for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
            visits self = {calloc(1001, sizeof *self.of_chunk), chunks[c] * THRONG_CHUNK_ROWS, pthread_self(), false};
            self.n -= chunks[c] > 0; /* the last chunk is not full */
            cr_assert_eq(throng_context_set_threads(context, threads, &err), THRONG_OK);
            cr_assert_eq(throng_chunks_for(context, self.n, visit, &self, NULL, &err), THRONG_OK);
            cr_expect(!self.wrong, "%d threads, %lld chunks", threads, (long long)chunks[c]);
            for (int64_t i = 0; i < 1001; i++)
                cr_assert_eq(self.of_chunk[i], i < chunks[c], "%d threads, chunk %lld of %lld", threads, (long long)i,
                             (long long)chunks[c]);
            free((void *)self.of_chunk);
        }
    throng_context_free(context);
}
