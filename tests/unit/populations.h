/* Small tables and populations for the tests of src/population, column by column. */
#ifndef THRONG_TESTS_POPULATIONS_H
#define THRONG_TESTS_POPULATIONS_H

#include "population/population.h"
#include "suite.h"

#include <stdio.h>

static inline void expect_ok(throng_status status) {
    cr_assert_eq(status, THRONG_OK, "%s", error.message);
}

static inline throng_table *make_table(int64_t n_rows) {
    throng_table *table = NULL;
    expect_ok(throng_table_create(context, n_rows, &table, &error));
    return table;
}

/* A column that stays the test's: view(table, "state", FLOAT64, 1.0, 2.0) with as many values as the table has rows.
 * They live as long as the block around; within an assertion they would not. */
#define view(table, name, type, ...)                                                                                   \
    expect_ok(throng_table_add_view(table, name, THRONG_TYPE_##type, (TYPE_##type[]){__VA_ARGS__}, &error))
#define TYPE_FLOAT32   float
#define TYPE_FLOAT64   double
#define TYPE_INT32     int32_t
#define TYPE_INT64     int64_t
#define TYPE_UINT8     uint8_t
#define TYPE_DATE      int32_t
#define TYPE_TIMESTAMP int64_t

#define text(table, name, ...) expect_ok(throng_table_add_text(table, name, (const char *[]){__VA_ARGS__}, &error))

/* A column that becomes the table's own: a copy of [rows] data. Gives its memory. */
static inline void *own(throng_table *table, const char *name, throng_type type, const void *data) {
    void *memory = NULL;
    expect_ok(throng_table_add(table, name, type, &memory, &error));
    memcpy(memory, data, (size_t)throng_table_rows(table) * throng_type_size(type));
    return memory;
}

#define PARTS(...) ((throng_population_def){.state = "state", __VA_ARGS__})

static inline throng_population *populate(throng_table *table, throng_population_def def) {
    throng_population *population = NULL;
    expect_ok(throng_population_create(context, table, &def, &population, &error));
    return population;
}

/* The table is refused with this status and exactly this message; and nothing is left behind. */
static inline void refuse(throng_table *table, throng_population_def def, throng_status expected, const char *message) {
    throng_population *population = NULL;
    throng_status status = throng_population_create(context, table, &def, &population, &error);
    cr_assert_eq(status, expected, "%s instead of %s: %s", throng_status_name(status), throng_status_name(expected),
                 error.message);
    cr_expect_str_eq(error.message, message);
    cr_expect_eq(error.status, expected);
    cr_expect_null(population);
    cr_expect_eq(throng_context_bytes(context), idle_bytes);
}

/* States, ids and times of all rows, as one line: "1=a@2024-01-01 2=b@2024-01-01". */
static inline const char *rows_of(const throng_population *population) {
    static char line[4096];
    size_t used = 0;
    line[0] = '\0';
    for (int64_t time = 0; time < throng_population_times(population); time++) {
        int64_t begin = 0, end = 0;
        char label[64], id[64];
        throng_population_time_label(population, time, label, sizeof label);
        throng_population_slice(population, time, &begin, &end);
        for (int64_t row = begin; row < end && used < sizeof line - 200; row++) {
            throng_population_id(population, throng_population_agent(population, row), id, sizeof id);
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%g=%s%s%s", row > 0 ? " " : "",
                                     throng_population_state(population, row), id, *label ? "@" : "", label);
        }
    }
    return line;
}

/* An allocator whose countdown-th call fails, as do all that follow; freeing always works. */
static inline void *failing_realloc(void *user, void *pointer, size_t size) {
    int *countdown = user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return (*countdown)-- > 0 ? realloc(pointer, size) : NULL;
}

/* Runs `work` in a context whose k-th allocation fails, for every k until it gets through. Each failure must be
 * THRONG_E_MEMORY and leave nothing behind. Gives how many allocations `work` makes. */
static inline int fail_every_allocation(throng_status (*work)(void)) {
    for (int k = 0; k < 10000; k++) {
        int countdown = 100000;
        throng_context *usual = context, *failing = NULL;
        cr_assert_eq(throng_context_create_with(failing_realloc, &countdown, &failing, &error), THRONG_OK);
        int64_t idle = throng_context_bytes(failing);
        context = failing;
        countdown = k;
        throng_status status = work();
        cr_expect_eq(throng_context_bytes(failing), idle, "allocation %d: bytes leak", k);
        throng_context_free(failing);
        context = usual;
        if (status == THRONG_OK)
            return k;
        cr_assert_eq(status, THRONG_E_MEMORY, "allocation %d: %s", k, error.message);
    }
    cr_assert_fail("never gets through");
    return -1;
}

#endif
