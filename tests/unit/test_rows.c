/* Rows of a population: missing values, weights, rows left out, rows put into the order of time. */
#include "populations.h"

TestSuite(rows, .init = set_up, .fini = tear_down, .timeout = 120);

/* ---- missing values -------------------------------------------------------------------------------------------- */

Test(rows, nan_is_refused) {
    throng_table *table = make_table(5);
    view(table, "stance", FLOAT64, 1, 2, NAN, 4, NAN);
    refuse(table, (throng_population_def){.state = "stance"}, THRONG_E_MISSING_VALUE,
           "Row 3: column \"stance\" is NaN or NULL; 2 of 5 rows have a missing or infinite value. "
           "Set missing to drop (--missing drop) to leave such rows out.");
}

Test(rows, infinity_is_refused) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT32, 1, 2, -INFINITY, 4);
    refuse(table, PARTS(), THRONG_E_MISSING_VALUE,
           "Row 3: column \"state\" is infinite; 1 of 4 rows has a missing or infinite value. "
           "Set missing to drop (--missing drop) to leave such rows out.");
}

/* The first row in the table's order is named, whatever its column, and a row counts once. */
Test(rows, all_columns_are_looked_at) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, 2, 3, NAN);
    view(table, "weight", FLOAT32, 1, 2, NAN, NAN);
    view(table, "base", FLOAT64, 1, INFINITY, NAN, 4);
    refuse(table, PARTS(.weight = "weight", .baseline = "base"), THRONG_E_MISSING_VALUE,
           "Row 2: column \"base\" is infinite; 3 of 4 rows have a missing or infinite value. "
           "Set missing to drop (--missing drop) to leave such rows out.");
}

/* Cohorts may have gaps: they are no reason to refuse or to leave out. */
Test(rows, cohort_may_be_missing) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 1, 2);
    view(table, "cohort", FLOAT64, NAN, INFINITY);
    throng_population *population = populate(table, PARTS(.cohort = "cohort", .missing = THRONG_MISSING_DROP));
    cr_expect_eq(throng_population_dropped(population), 0);
    throng_population_free(population);
}

/* Far into the table, so that several chunks add up; with a comma in large numbers. */
Test(rows, counts_over_chunks) {
    enum {
        N = 5 * THRONG_CHUNK_ROWS + 17
    };
    static double state[N];
    for (int i = 9999; i < N; i += 2)
        state[i] = NAN;
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    refuse(table, PARTS(), THRONG_E_MISSING_VALUE,
           "Row 10,000: column \"state\" is NaN or NULL; 5,249 of 20,497 rows have a missing or infinite value. "
           "Set missing to drop (--missing drop) to leave such rows out.");
}

Test(rows, dropped) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, NAN, 2, 3, 4, 5, INFINITY);
    view(table, "weight", FLOAT64, 1, 2, 3, NAN, 5, 6);
    text(table, "id", "gone", "b", "c", "gone too", "b2", "gone");
    view(table, "cohort", UINT8, 1, 2, 3, 4, 5, 6);
    throng_population *population =
        populate(table, PARTS(.weight = "weight", .id = "id", .cohort = "cohort", .missing = THRONG_MISSING_DROP));
    cr_expect_eq(throng_population_dropped(population), 3);
    cr_expect_eq(throng_population_rows(population), 3);
    cr_expect_eq(throng_population_agents(population), 3, "those who are gone are no agents");
    cr_expect_str_eq(rows_of(population), "2=b 3=c 5=b2");
    cr_expect_eq(throng_population_weight(population, 2), 5.0);
    cr_expect_eq(((const uint8_t *)population->cohort[0].data)[2], 5);
    throng_population_free(population);
}

/* Without ids an agent is called by its row in the table, also when rows before it are gone or stand elsewhere. */
Test(rows, numbers_are_those_of_the_table) {
    throng_table *table = make_table(5);
    view(table, "state", FLOAT64, 10, NAN, 30, 40, 50);
    view(table, "time", INT64, 2, 2, 1, 2, 1);
    throng_population *population = populate(table, PARTS(.time = "time", .missing = THRONG_MISSING_DROP));
    cr_expect_str_eq(rows_of(population), "30=3@1 50=5@1 10=1@2 40=4@2");
    throng_population_free(population);
}

Test(rows, nobody_left) {
    throng_table *table = make_table(3);
    view(table, "state", FLOAT64, 1, 2, NAN);
    view(table, "weight", FLOAT64, -INFINITY, NAN, 3);
    refuse(table, PARTS(.weight = "weight", .missing = THRONG_MISSING_DROP), THRONG_E_EMPTY,
           "Nobody is left: each of the 3 rows has a missing or infinite value; in the first, column \"weight\" is "
           "infinite.");
}

/* Rows of the table from rows that were kept, for rows at the edges of the words in which they are noted. */
Test(rows, table_row_of_a_kept_row) {
    enum {
        N = 300
    };
    uint64_t bits[N / 64 + 1] = {0};
    throng_i_dropped dropped = {.bits = bits, .n_rows = N};
    for (int row = 0; row < N; row++)
        if (row < 3 || row == 63 || row == 64 || (row >= 128 && row < 256) || row == N - 1) {
            bits[row / 64] |= UINT64_C(1) << (row % 64);
            dropped.n_dropped++;
        }
    int64_t kept = 0;
    for (int64_t row = 0; row < N; row++)
        if (!throng_i_dropped_has(&dropped, row))
            cr_expect_eq(throng_i_dropped_row(&dropped, kept++), row + 1);
    cr_expect_eq(kept, N - dropped.n_dropped);
    cr_expect_eq(throng_i_dropped_row(&(throng_i_dropped){.n_rows = 5}, 3), 4);
}

/* ---- weights --------------------------------------------------------------------------------------------------- */

Test(rows, negative_weight) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "followers", FLOAT64, 1, -2.5, 3, -1);
    refuse(table, PARTS(.weight = "followers"), THRONG_E_WEIGHT,
           "Row 2: column \"followers\" is -2.5, but a weight must not be negative; 2 of 4 rows have a negative "
           "weight.");
}

Test(rows, negative_whole_weight) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 1, 2);
    view(table, "w", INT32, -1, 0);
    refuse(table, PARTS(.weight = "w"), THRONG_E_WEIGHT,
           "Row 1: column \"w\" is -1, but a weight must not be negative; 1 of 2 rows has a negative weight.");
}

/* What is left out is not judged. */
Test(rows, negative_weight_of_a_dropped_row) {
    throng_table *table = make_table(3);
    view(table, "state", FLOAT64, 1, NAN, 3);
    view(table, "w", FLOAT64, 1, -1, -0.0);
    throng_population *population = populate(table, PARTS(.weight = "w", .missing = THRONG_MISSING_DROP));
    cr_expect_eq(throng_population_rows(population), 2);
    throng_population_free(population);
}

Test(rows, no_weight_at_all) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 1, 2);
    view(table, "w", FLOAT64, 0, 0);
    refuse(table, PARTS(.weight = "w"), THRONG_E_WEIGHT,
           "All weights (column \"w\") are 0; somebody must weigh more than 0.");
}

Test(rows, no_weight_at_one_time) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "w", UINT8, 0, 1, 0, 1);
    view(table, "day", DATE, 20000, 20001, 20000, 20001);
    refuse(table, PARTS(.weight = "w", .time = "day"), THRONG_E_WEIGHT,
           "All weights (column \"w\") are 0 at time 2024-10-04; somebody must weigh more than 0.");
}

/* Somebody who weighs something may stand at the end of a long slice. */
Test(rows, weight_in_the_last_row) {
    enum {
        N = 2 * THRONG_CHUNK_ROWS + 1
    };
    static float weight[N];
    weight[N - 1] = 1e-30f;
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT32, weight, &error));
    expect_ok(throng_table_add_view(table, "w", THRONG_TYPE_FLOAT32, weight, &error));
    throng_population_free(populate(table, PARTS(.weight = "w")));
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

Test(rows, blocks) {
    const int32_t data[] = {5, -6, 7, 8};
    double scratch[2] = {0};
    int64_t whole[2] = {0};
    throng_column_view column = {.name = "x", .type = THRONG_TYPE_INT32, .n_rows = 4, .data = data};
    const double *block = throng_i_column_block(&column, 1, 2, scratch);
    cr_expect(block == scratch && block[0] == -6.0 && block[1] == 7.0);
    const int64_t *numbers = throng_i_column_whole(&column, 2, 2, whole);
    cr_expect(numbers == whole && numbers[0] == 7 && numbers[1] == 8);
    column.type = THRONG_TYPE_DATE;
    cr_expect_eq(throng_i_column_whole(&column, 1, 1, whole)[0], -6);
}

/* ---- grouping: compared with a plain stable sort --------------------------------------------------------------- */

typedef struct person {
    int place; /* row of the table */
    int agent, time;
    float state; /* NaN: to be left out */
    double weight;
    int32_t baseline;
    uint8_t cohort;
} person;

enum {
    NO_ID,
    RISING_ID,
    WHOLE_ID,
    TEXT_ID,
    ID_WAYS
};
enum {
    NO_TIME,
    WHOLE_TIME,
    DATE_TIME,
    TEXT_TIME,
    TIME_WAYS
};

static int by_time_and_place(const void *a, const void *b) {
    const person *left = a, *right = b;
    return left->time != right->time ? left->time - right->time : left->place - right->place;
}

/* Agents are there at some of the times, in random order; gives how many rows that makes. */
static int random_people(person *people, int n_agents, int n_times, bool gaps, uint64_t seed) {
    int n = 0;
    for (int agent = 0; agent < n_agents; agent++)
        for (int time = 0; time < n_times; time++) {
            uint64_t draw = 10 * ((uint64_t)agent * 100 + (uint64_t)time);
            if (n > 0 && test_uniform(seed, draw) < 0.3)
                continue;
            int place = (int)(test_uniform(seed, draw + 1) * (n + 1));
            people[n++] = people[place];
            people[place] = (person){.agent = agent,
                                     .time = time,
                                     .state = (float)test_uniform(seed, draw + 2),
                                     .weight = test_uniform(seed, draw + 3),
                                     .baseline = (int32_t)(1000 * test_uniform(seed, draw + 4)),
                                     .cohort = (uint8_t)(agent % 200)};
            if (gaps && n > 1 && test_uniform(seed, draw + 5) < 0.1)
                people[place].state = NAN;
        }
    for (int i = 0; i < n; i++)
        people[i].place = i;
    return n;
}

/* The id and the time as the population should print them. */
static void print_id(const person *who, int way, char *out, size_t size) {
    if (way == TEXT_ID)
        snprintf(out, size, "u%d", who->agent * 7);
    else
        snprintf(out, size, "%d",
                 way == WHOLE_ID    ? -who->agent * 1001
                 : way == RISING_ID ? who->place - 3
                                    : who->place + 1);
}

static void print_time(const person *who, int way, char *out, size_t size) {
    if (way == NO_TIME)
        snprintf(out, size, "%s", "");
    else
        snprintf(out, size,
                 way == WHOLE_TIME  ? "%d"
                 : way == DATE_TIME ? "1970-01-%02d"
                                    : "wave %c",
                 way == WHOLE_TIME  ? 5 * who->time
                 : way == DATE_TIME ? who->time + 1
                                    : 'a' + who->time);
}

static throng_table *people_table(const person *people, int n, int id_way, int time_way) {
    throng_table *table = make_table(n);
    void *state, *weight, *baseline, *cohort, *id, *time;
    char(*ids)[32] = malloc((size_t)n * sizeof *ids), (*times)[32] = malloc((size_t)n * sizeof *times);
    const char **id_list = malloc((size_t)n * sizeof *id_list), **time_list = malloc((size_t)n * sizeof *time_list);
    expect_ok(throng_table_add(table, "state", THRONG_TYPE_FLOAT32, &state, &error));
    expect_ok(throng_table_add(table, "weight", THRONG_TYPE_FLOAT64, &weight, &error));
    expect_ok(throng_table_add(table, "baseline", THRONG_TYPE_INT32, &baseline, &error));
    expect_ok(throng_table_add(table, "cohort", THRONG_TYPE_UINT8, &cohort, &error));
    expect_ok(throng_table_add(table, "whole", THRONG_TYPE_INT64, &id, &error));
    expect_ok(
        throng_table_add(table, "day", time_way == DATE_TIME ? THRONG_TYPE_DATE : THRONG_TYPE_INT32, &time, &error));
    for (int i = 0; i < n; i++) {
        ((float *)state)[i] = people[i].state;
        ((double *)weight)[i] = people[i].weight;
        ((int32_t *)baseline)[i] = people[i].baseline;
        ((uint8_t *)cohort)[i] = people[i].cohort;
        print_id(&people[i], id_way, ids[i], sizeof ids[i]);
        print_time(&people[i], time_way, times[i], sizeof times[i]);
        id_list[i] = ids[i];
        time_list[i] = times[i];
        ((int64_t *)id)[i] = atoll(ids[i]);
        ((int32_t *)time)[i] = time_way == WHOLE_TIME ? atoi(times[i]) : people[i].time;
    }
    expect_ok(throng_table_add_text(table, "name", id_list, &error));
    expect_ok(throng_table_add_text(table, "wave", time_list, &error));
    free(ids);
    free(times);
    free(id_list);
    free(time_list);
    return table;
}

/* Every row is the one that a stable sort by time puts there. */
static void compare(const throng_population *population, const person *people, int n, int id_way, int time_way) {
    char id[64], label[64], expected[64];
    double scratch[1];
    int64_t time = 0, begin = 0, end = 0;
    cr_assert_eq(throng_population_rows(population), n);
    throng_population_slice(population, 0, &begin, &end);
    for (int row = 0; row < n; row++) {
        const person *who = &people[row];
        if (row == end)
            throng_population_slice(population, ++time, &begin, &end);
        cr_assert_eq(throng_population_state(population, row), (double)who->state, "row %d", row);
        cr_assert_eq(throng_population_weight(population, row), who->weight, "row %d", row);
        cr_assert_eq(*throng_i_column_block(&population->baseline, row, 1, scratch), (double)who->baseline);
        cr_assert_eq(((const uint8_t *)population->cohort[0].data)[row], who->cohort);
        throng_population_id(population, throng_population_agent(population, row), id, sizeof id);
        print_id(who, id_way, expected, sizeof expected);
        cr_assert_str_eq(id, expected, "row %d", row);
        throng_population_time_label(population, time, label, sizeof label);
        print_time(who, time_way, expected, sizeof expected);
        cr_assert_str_eq(label, expected, "row %d", row);
    }
    cr_assert_eq(end, n);
    cr_assert_eq(time, throng_population_times(population) - 1);
}

static void group_and_compare(int n_agents, int n_times, int id_way, int time_way, bool gaps, uint64_t seed) {
    static person people[40000];
    if (time_way == NO_TIME)
        n_times = 1;
    int n = random_people(people, n_agents, n_times, gaps, seed), n_left = 0;
    throng_population *population = populate(people_table(people, n, id_way, time_way),
                                             PARTS(.weight = "weight", .baseline = "baseline", .cohort = "cohort",
                                                   .id = id_way == NO_ID     ? NULL
                                                         : id_way == TEXT_ID ? "name"
                                                                             : "whole",
                                                   .time = time_way == NO_TIME     ? NULL
                                                           : time_way == TEXT_TIME ? "wave"
                                                                                   : "day",
                                                   .missing = THRONG_MISSING_DROP));
    for (int i = 0; i < n; i++)
        if (!isnan(people[i].state))
            people[n_left++] = people[i];
    cr_assert_eq(throng_population_dropped(population), n - n_left);
    if (time_way != NO_TIME)
        qsort(people, (size_t)n_left, sizeof *people, by_time_and_place);
    compare(population, people, n_left, id_way, time_way);
    throng_population_free(population);
}

Test(rows, grouped_as_by_a_stable_sort) {
    const int sizes[] = {1, 2, 7, 150, 3000};
    for (int size = 0; size < 5; size++)
        for (int id_way = 0; id_way < ID_WAYS; id_way++)
            for (int time_way = 0; time_way < TIME_WAYS; time_way++)
                for (int gaps = 0; gaps < 2; gaps++)
                    group_and_compare(sizes[size], 1 + (size + id_way) % 4 * 3, id_way, time_way, gaps,
                                      (uint64_t)(1000 * size + 100 * id_way + 10 * time_way + gaps));
}
