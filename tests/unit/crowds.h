/* Crowds for tests: small scenario builders shared by all of them. */
#ifndef THRONG_TESTS_CROWDS_H
#define THRONG_TESTS_CROWDS_H

#include "throng/throng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For tests of numbers that take long: under sanitizers the same code is run by quicker ones. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifdef TEST_SANITIZED
#define TEST_NOT_SANITIZED() cr_skip_test("takes long under sanitizers")
#else
#define TEST_NOT_SANITIZED() ((void)0)
#endif

/* A crowd in arrays of the test's own; n rows. Free with crowd_clear. */
typedef struct test_crowd {
    int64_t n;
    double *state, *weight, *baseline;
    int64_t *id, *time;
} test_crowd;

/* A number in (0, 1) that no C library has a say in: splitmix64 of two integers. */
static inline double test_uniform(uint64_t seed, uint64_t index) {
    uint64_t z = seed * 0x9e3779b97f4a7c15ULL + index + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

/* States in (0, 2) with two camps, weights with a heavy tail, baselines in (0.5, 1); n_times equal groups of rows, in
 * each of which the agents are 1..n / n_times. Everything positive, so that every indicator accepts it. */
static inline test_crowd crowd_make(int64_t n, int64_t n_times, uint64_t seed) {
    test_crowd crowd = {n,
                        malloc((size_t)n * 8),
                        malloc((size_t)n * 8),
                        malloc((size_t)n * 8),
                        malloc((size_t)n * 8),
                        malloc((size_t)n * 8)};
    for (int64_t i = 0; i < n; i++) {
        double u = test_uniform(seed, 4 * (uint64_t)i), v = test_uniform(seed, 4 * (uint64_t)i + 1);
        crowd.state[i] = u < 0.4 ? 0.05 + v : 0.9 + 1.1 * v;
        double w = test_uniform(seed, 4 * (uint64_t)i + 2);
        crowd.weight[i] = 1.0 / (0.01 + w * w);
        crowd.baseline[i] = 0.5 + 0.5 * test_uniform(seed, 4 * (uint64_t)i + 3);
        crowd.id[i] = 1 + i % (n / n_times);
        crowd.time[i] = 1 + i / (n / n_times);
    }
    return crowd;
}

static inline void crowd_clear(test_crowd *crowd) {
    free(crowd->state);
    free(crowd->weight);
    free(crowd->baseline);
    free(crowd->id);
    free(crowd->time);
}

/* The population of a crowd, borrowing its arrays; with ids and times if there is more than one time. */
static inline throng_population *crowd_population(throng_context *context, const test_crowd *crowd) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_population_def def = throng_population_default();
    def.state = "state";
    def.weight = "weight";
    def.baseline = "baseline";
    cr_assert_eq(throng_table_create(context, crowd->n, &table, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, crowd->state, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, crowd->weight, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "baseline", THRONG_TYPE_FLOAT64, crowd->baseline, &err), THRONG_OK);
    if (crowd->time[crowd->n - 1] > 1) {
        cr_assert_eq(throng_table_add_view(table, "id", THRONG_TYPE_INT64, crowd->id, &err), THRONG_OK);
        cr_assert_eq(throng_table_add_view(table, "time", THRONG_TYPE_INT64, crowd->time, &err), THRONG_OK);
        def.id = "id";
        def.time = "time";
    }
    throng_status status = throng_population_create(context, table, &def, &population, &err);
    cr_assert_eq(status, THRONG_OK, "%s", err.message);
    return population;
}

static inline throng_context *test_context(int threads) {
    throng_context *context = NULL;
    throng_error err = {0};
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK);
    cr_assert_eq(throng_context_set_threads(context, threads, &err), THRONG_OK);
    return context;
}

/* An allocator that fails at the k-th call. */
typedef struct test_faults {
    int64_t calls, fail_at;
} test_faults;

static inline void *test_faulty_realloc(void *user, void *pointer, size_t size) {
    test_faults *faults = user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return ++faults->calls == faults->fail_at ? NULL : realloc(pointer, size);
}

/* An allocator all of whose calls fail once it has made those that are left; negative: none fails. */
typedef struct test_scarce {
    int left;
} test_scarce;

static inline void *test_scarce_realloc(void *user, void *pointer, size_t size) {
    test_scarce *self = user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    if (self->left == 0)
        return NULL;
    if (self->left > 0)
        self->left--;
    return realloc(pointer, size);
}

/* Attributes the crowd with every `stride`-th allocation failing in turn: each failure is THRONG_E_MEMORY and leaks
 * nothing. */
static inline void crowd_survives_failing_allocations(const test_crowd *crowd, const throng_attribution_def *def,
                                                      int stride) {
    bool finished = false;
    for (int64_t fail_at = 1; !finished; fail_at += stride) {
        test_faults faults = {0, 0};
        throng_context *context = NULL;
        throng_attribution *result = NULL;
        throng_error err = {0};
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        throng_population *population = crowd_population(context, crowd);
        int64_t bytes = throng_context_bytes(context);
        faults.fail_at = faults.calls + fail_at;
        throng_status status = throng_attribute(context, population, def, &result, &err);
        finished = status == THRONG_OK;
        if (!finished) {
            cr_assert_eq(status, THRONG_E_MEMORY, "%s by %s, allocation %lld: %s", def->indicator, def->method,
                         (long long)fail_at, err.message);
            cr_assert_eq(throng_context_bytes(context), bytes, "%s by %s leaks at allocation %lld", def->indicator,
                         def->method, (long long)fail_at);
        }
        throng_attribution_free(result);
        throng_population_free(population);
        throng_context_free(context);
        cr_assert_lt(fail_at, 3000);
    }
}

/* FNV-1a over the bytes of an array: for golden values. */
static inline uint64_t test_hash(const void *data, size_t bytes) {
    const unsigned char *at = data;
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ at[i]) * 1099511628211ULL;
    return hash;
}

#endif
