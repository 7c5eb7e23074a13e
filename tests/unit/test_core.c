/* The allocator and parallel loops: what every other stage takes for granted. */
#include "core/core.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

#define MANY (6 << 20) /* doubles: 48 MB */

static void fill(double *numbers, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
        numbers[i] = (double)i;
}

static void expect_filled(const double *numbers, int64_t n) {
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; i++)
        wrong += numbers[i] != (double)i;
    cr_expect_eq(wrong, 0, "%lld of %lld numbers were lost", (long long)wrong, (long long)n);
    cr_expect_eq((uintptr_t)numbers % 64, 0);
}

/* Beyond the limit large arrays are in files: they begin as zeros, grow and shrink like others, and are counted. */
Test(core, arrays_beyond_the_memory_allowed_are_in_files) {
    throng_context *context = NULL;
    throng_error err = {0};
    double *first = NULL, *second = NULL;
    char *small = NULL;
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK);
    int64_t idle = throng_context_bytes(context);
    cr_assert_eq(throng_context_set_memory(context, 64 << 20, NULL, &err), THRONG_OK);
    idle = throng_context_bytes(context);
    cr_assert_eq(throng_i_resize(context, &first, MANY, sizeof *first, &err), THRONG_OK);
    cr_expect_eq(throng_context_bytes_in_files(context), 0);
    fill(first, 0, MANY);
    cr_assert_eq(throng_i_alloc(context, MANY, sizeof *second, &second, &err), THRONG_OK, "%s", err.message);
    cr_expect_eq(throng_context_bytes_in_files(context), (int64_t)MANY * 8);
    cr_expect(second[0] == 0.0 && second[MANY - 1] == 0.0);
    fill(second, 0, MANY);
    cr_assert_eq(throng_i_resize(context, &second, 2 * MANY, sizeof *second, &err), THRONG_OK);
    fill(second, MANY, 2 * MANY);
    expect_filled(second, 2 * MANY);
    cr_assert_eq(throng_i_resize(context, &second, 1000, sizeof *second, &err), THRONG_OK);
    expect_filled(second, 1000);
    cr_assert_eq(throng_i_resize(context, &first, 2 * MANY, sizeof *first, &err), THRONG_OK); /* moves to a file */
    cr_expect_eq(throng_context_bytes_in_files(context), (int64_t)MANY * 16 + 8000);
    fill(first, MANY, 2 * MANY);
    expect_filled(first, 2 * MANY);
    cr_assert_eq(throng_i_alloc(context, 1000, 1, &small, &err), THRONG_OK);
    cr_expect_eq(throng_context_bytes_in_files(context), (int64_t)MANY * 16 + 8000, "small ones never are");
    throng_i_free(context, first);
    throng_i_free(context, second);
    throng_i_free(context, small);
    cr_expect_eq(throng_context_bytes(context), idle);
    cr_expect_eq(throng_context_bytes_in_files(context), 0);
    throng_context_free(context);
}

/* A disk without room is told before anything is computed, and what there was stays. */
Test(core, files_that_find_no_room_are_out_of_memory) {
    throng_context *context = NULL;
    throng_error err = {0};
    double *numbers = NULL;
    const struct rlimit least = {60 << 20, 60 << 20};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &least), 0);
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK);
    cr_assert_eq(throng_context_set_memory(context, 1 << 20, ".", &err), THRONG_OK);
    cr_assert_eq(throng_i_resize(context, &numbers, MANY, sizeof *numbers, &err), THRONG_OK, "%s", err.message);
    fill(numbers, 0, MANY);
    cr_expect_eq(throng_i_resize(context, &numbers, 2 * MANY, sizeof *numbers, &err), THRONG_E_MEMORY);
    cr_expect(strstr(err.message, "101 MB more were needed") && strstr(err.message, ". has no room"), "%s",
              err.message);
    expect_filled(numbers, MANY);
    throng_i_free(context, numbers);
    numbers = NULL;
    cr_assert_eq(throng_context_set_memory(context, 1 << 20, "nowhere/at/all", &err), THRONG_OK);
    cr_expect_eq(throng_i_resize(context, &numbers, MANY, sizeof *numbers, &err), THRONG_E_MEMORY);
    cr_expect_null(numbers);
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

/* ---- drawing --------------------------------------------------------------------------------------------------- */

Test(pick, by_shares_and_never_by_none) {
    static const double shares[] = {0.0, 0.25, 0.0, 0.75 - 1e-6, 0.0};
    cr_expect_eq(throng_i_pick(shares, 5, 0.0), 1);
    cr_expect_eq(throng_i_pick(shares, 5, 0.2499), 1);
    cr_expect_eq(throng_i_pick(shares, 5, 0.25), 3);
    cr_expect_eq(throng_i_pick(shares, 5, 1.0 - 1e-7), 3,
                 "what is missing to 1 is nobody's, so the last one's who has any");
    cr_expect_eq(throng_i_pick(shares, 1, 0.5), 0);
}
