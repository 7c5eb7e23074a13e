/* Agents of a population: from ids of every kind to numbers, nobody twice at a time, the first row of each. */
#include "populations.h"

TestSuite(agents, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- ids to agents --------------------------------------------------------------------------------------------- */

/* Agents are numbered as they come in the table, before rows are put into the order of time. */
Test(agents, order_of_first_appearance) {
    throng_table *table = make_table(5);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5);
    view(table, "id", INT64, 70, 20, 70, 5, 20);
    view(table, "time", INT64, 2, 2, 1, 1, 1);
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
    cr_expect_eq(population->n_agents, 3);
    cr_expect(population->ids.values[0] == 70 && population->ids.values[1] == 20 && population->ids.values[2] == 5);
    const throng_agent expected[] = {0, 2, 1, 0, 1};
    for (int row = 0; row < 5; row++)
        cr_expect_eq(throng_population_agent(population, row), expected[row]);
    throng_population_free(population);
}

Test(agents, extreme_ids) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, 6);
    view(table, "id", INT64, INT64_MAX, INT64_MIN, -1, 0, INT64_MIN, INT64_MAX);
    view(table, "time", INT32, 0, 0, 0, 0, 1, 1);
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
    cr_expect_eq(population->n_agents, 4);
    cr_expect_str_eq(rows_of(population), "1=9223372036854775807@0 2=-9223372036854775808@0 3=-1@0 4=0@0 "
                                          "5=-9223372036854775808@1 6=9223372036854775807@1");
    throng_population_free(population);
}

/* Narrow columns: one whose codes do not fit in its place, and one whose ids rise. */
Test(agents, bytes_as_ids) {
    for (int rising = 0; rising < 2; rising++) {
        throng_table *table = make_table(3);
        own(table, "id", THRONG_TYPE_UINT8, rising ? (uint8_t[]){1, 9, 200} : (uint8_t[]){200, 9, 1});
        view(table, "state", FLOAT64, 1, 2, 3);
        throng_population *population = populate(table, PARTS(.id = "id"));
        cr_expect_null(population->agents);
        cr_expect_eq(population->ids.type, THRONG_TYPE_INT64);
        cr_expect_str_eq(rows_of(population), rising ? "1=1 2=9 3=200" : "1=200 2=9 3=1");
        throng_population_free(population);
    }
}

/* Ids that would all fall into one place of a careless hash table. */
Test(agents, ids_with_a_pattern) {
    enum {
        N = 1 << 18
    };
    const int64_t steps[] = {1, 64, 1 << 20, INT64_C(1) << 40, INT64_C(0x9e3779b97f4a7c15 >> 1)};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        throng_table *table = make_table(2 * N);
        void *id = NULL, *time = NULL, *state = NULL;
        expect_ok(throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &error));
        expect_ok(throng_table_add(table, "time", THRONG_TYPE_UINT8, &time, &error));
        expect_ok(throng_table_add(table, "state", THRONG_TYPE_UINT8, &state, &error));
        for (int64_t i = 0; i < N; i++) {
            uint64_t value = (uint64_t)(N - i) * (uint64_t)steps[s];
            memcpy((int64_t *)id + i, &value, sizeof value);
            memcpy((int64_t *)id + 2 * N - 1 - i, &value, sizeof value);
            ((uint8_t *)time)[N + i] = 1;
        }
        throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
        cr_assert_eq(population->n_agents, N);
        for (int64_t i = 0; i < N; i++) {
            cr_assert_eq(population->agents[i], i);
            cr_assert_eq(population->agents[2 * N - 1 - i], i);
            cr_assert_eq((uint64_t)population->ids.values[i], (uint64_t)(N - i) * (uint64_t)steps[s]);
        }
        throng_population_free(population);
    }
}

/* Ids rise up to the last row of a chunk, and fall at the first of the next: not everybody is new. */
Test(agents, fall_between_chunks) {
    enum {
        N = 2 * THRONG_CHUNK_ROWS
    };
    static int32_t id[N];
    for (int i = 0; i < N; i++)
        id[i] = i < THRONG_CHUNK_ROWS ? i : i - 1;
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT32, id, &error));
    refuse(table, (throng_population_def){.state = "id", .id = "id"}, THRONG_E_DUPLICATE_AGENT,
           "Row 4,097: agent 4095 (column \"id\") has a row already; 1 of 8,192 rows repeats an agent. "
           "If an agent has a row for every time, name the time column (--time).");
}

/* A dictionary whose words are not all in use, and not in the order of the rows: agents are dense all the same. */
Test(agents, dictionary_of_another_order) {
    throng_table *table = make_table(4);
    int32_t *codes = NULL;
    const char *words[] = {"nobody", "a", "never", "b", "c"};
    expect_ok(throng_table_add_codes(table, "id", 5, words, &codes, &error));
    memcpy(codes, (int32_t[]){3, 1, 3, 4}, 16);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "time", INT64, 1, 1, 2, 2);
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
    cr_expect_eq(population->n_agents, 3);
    cr_expect_eq(population->ids.type, THRONG_TYPE_TEXT);
    cr_expect_str_eq(rows_of(population), "1=b@1 2=a@1 3=b@2 4=c@2");
    throng_population_free(population);
}

Test(agents, code_without_a_word) {
    const int32_t wrong[] = {-1, 2};
    for (int i = 0; i < 2; i++)
        for (int as_time = 0; as_time < 2; as_time++) {
            throng_table *table = make_table(3);
            int32_t *codes = NULL;
            const char *words[] = {"a", "b"};
            expect_ok(throng_table_add_codes(table, "x", 2, words, &codes, &error));
            codes[1] = wrong[i];
            view(table, "state", FLOAT64, 1, 2, 3);
            refuse(table, PARTS(.id = as_time ? NULL : "x", .time = as_time ? "x" : NULL), THRONG_E_COLUMN,
                   i == 0 ? "Column \"x\" has the code -1 in row 2, but 2 words."
                          : "Column \"x\" has the code 2 in row 2, but 2 words.");
        }
}

/* ---- nobody twice ---------------------------------------------------------------------------------------------- */

Test(agents, repeated) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, 6);
    text(table, "user", "ann", "bob", "cy", "bob", "ann", "bob");
    refuse(table, PARTS(.id = "user"), THRONG_E_DUPLICATE_AGENT,
           "Row 4: agent bob (column \"user\") has a row already; 3 of 6 rows repeat an agent. "
           "If an agent has a row for every time, name the time column (--time).");
}

Test(agents, repeated_at_a_time) {
    throng_table *table = make_table(5);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5);
    view(table, "user", INT64, 1, 2, 1, 2, 1);
    view(table, "day", DATE, 0, 0, 1, 1, 1);
    refuse(table, PARTS(.id = "user", .time = "day"), THRONG_E_DUPLICATE_AGENT,
           "Row 5: agent 1 (column \"user\") has a row at time 1970-01-02 already; 1 of 5 rows repeats an agent. "
           "An agent may have one row at each time.");
}

/* Days in order, and the last of them without fault. */
Test(agents, repeated_at_an_early_time) {
    throng_table *table = make_table(7);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, 6, 7);
    view(table, "user", INT64, 1, 2, 8, 8, 1, 1, 8);
    view(table, "wave", INT64, 1, 1, 1, 1, 2, 2, 3);
    refuse(table, PARTS(.id = "user", .time = "wave"), THRONG_E_DUPLICATE_AGENT,
           "Row 4: agent 8 (column \"user\") has a row at time 1 already; 2 of 7 rows repeat an agent. "
           "An agent may have one row at each time.");
}

/* The row named is the first in the table, though its time is the last and rows before it are left out. */
Test(agents, repeated_in_disorder) {
    throng_table *table = make_table(8);
    view(table, "state", FLOAT64, 1, NAN, 3, 4, 5, 6, 7, 8);
    view(table, "user", INT64, 1, 1, 2, 1, 1, 3, 3, 3);
    view(table, "time", INT64, 9, 9, 9, 1, 9, 1, 1, 1);
    refuse(table, PARTS(.id = "user", .time = "time", .missing = THRONG_MISSING_DROP), THRONG_E_DUPLICATE_AGENT,
           "Row 5: agent 1 (column \"user\") has a row at time 9 already; 3 of 7 rows repeat an agent. "
           "An agent may have one row at each time.");
}

/* Random crowds with and without a second row, against a look at all pairs. */
Test(agents, repeats_by_brute_force) {
    enum {
        N = 200
    };
    for (uint64_t seed = 0; seed < 300; seed++) {
        static double state[N];
        static int64_t id[N], time[N];
        int first = -1, n_repeats = 0;
        for (int i = 0; i < N; i++) {
            id[i] = (int64_t)(test_uniform(seed, 2 * (uint64_t)i) * 2000);
            time[i] = (int64_t)(test_uniform(seed, 2 * (uint64_t)i + 1) * 10);
            int j = 0;
            while (j < i && (id[j] != id[i] || time[j] != time[i]))
                j++;
            if (j < i && n_repeats++ == 0)
                first = i;
        }
        throng_table *table = make_table(N);
        throng_population *population = NULL;
        throng_population_def def = PARTS(.id = "id", .time = "time");
        expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
        expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error));
        expect_ok(throng_table_add_view(table, "time", THRONG_TYPE_INT64, time, &error));
        throng_status status = throng_population_create(context, table, &def, &population, &error);
        throng_population_free(population);
        cr_assert_eq(status, n_repeats > 0 ? THRONG_E_DUPLICATE_AGENT : THRONG_OK);
        char expected[64];
        snprintf(expected, sizeof expected, "Row %d: agent %lld ", first + 1, first < 0 ? 0LL : (long long)id[first]);
        if (n_repeats > 0)
            cr_assert(strncmp(error.message, expected, strlen(expected)) == 0, "%s, but expected %s", error.message,
                      expected);
        snprintf(expected, sizeof expected, "already; %d of 200 rows", n_repeats);
        if (n_repeats > 0)
            cr_assert(strstr(error.message, expected), "%s, but expected %s", error.message, expected);
    }
}

/* ---- the first row of everybody -------------------------------------------------------------------------------- */

Test(agents, first_rows) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, 6);
    text(table, "id", "a", "b", "c", "a", "b", "d");
    view(table, "time", INT64, 3, 2, 1, 2, 1, 2);
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
    cr_expect_str_eq(rows_of(population), "3=c@1 5=b@1 2=b@2 4=a@2 6=d@2 1=a@3");
    int64_t *first = NULL;
    expect_ok(throng_i_population_first_rows(population, &first, &error));
    cr_expect(first[0] == 3 && first[1] == 1 && first[2] == 0 && first[3] == 4);
    throng_i_free(context, first);
    throng_population_free(population);
}

Test(agents, first_rows_of_a_single_time) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 1, 2);
    view(table, "id", INT64, 5, 3);
    throng_population *population = populate(table, PARTS(.id = "id"));
    int64_t *first = (int64_t[]){0};
    expect_ok(throng_i_population_first_rows(population, &first, &error));
    cr_expect_null(first, "everybody's first row is their own");
    throng_population_free(population);
}
