/* Populations: which columns they are made of, what moves and what stays, what is refused. */
#include "populations.h"
#include "table/table.h"

TestSuite(population, .init = set_up, .fini = tear_down, .timeout = 120);

/* ---- making ---------------------------------------------------------------------------------------------------- */

Test(population, one_row) {
    throng_table *table = make_table(1);
    view(table, "state", FLOAT64, 2.5);
    throng_population *population = populate(table, PARTS());
    cr_expect_eq(throng_population_rows(population), 1);
    cr_expect_eq(throng_population_agents(population), 1);
    cr_expect_eq(throng_population_times(population), 1);
    cr_expect_eq(throng_population_dropped(population), 0);
    cr_expect_eq(throng_population_weight(population, 0), 1.0);
    cr_expect_null(population->weight.name);
    cr_expect_null(population->cohort[0].name);
    cr_expect_null(population->ids.name);
    cr_expect_str_eq(rows_of(population), "2.5=1");
    throng_population_free(population);
    throng_population_free(NULL);
}

Test(population, everything_at_once) {
    throng_table *table = make_table(4);
    text(table, "who", "b", "a", "b", "a");
    view(table, "day", DATE, 19000, 19000, 18999, 18999);
    view(table, "state", FLOAT32, 1.0f, 2.0f, 3.0f, 4.0f);
    view(table, "followers", INT64, 10, 20, 30, 0);
    view(table, "before", UINT8, 5, 6, 7, 8);
    throng_population *population =
        populate(table, PARTS(.id = "who", .time = "day", .weight = "followers", .baseline = "before"));
    cr_expect_eq(throng_population_agents(population), 2);
    cr_expect_str_eq(rows_of(population), "3=b@2022-01-07 4=a@2022-01-07 1=b@2022-01-08 2=a@2022-01-08");
    cr_expect_eq(throng_population_weight(population, 0), 30.0);
    cr_expect_eq(throng_population_weight(population, 2), 10.0);
    double scratch[4];
    const double *before = throng_i_column_block(&population->baseline, 0, 4, scratch);
    cr_expect(before[0] == 7 && before[1] == 8 && before[2] == 5 && before[3] == 6);
    cr_expect_str_eq(population->weight.name, "followers");
    cr_expect_str_eq(population->ids.name, "who");
    cr_expect_str_eq(population->times.name, "day");
    cr_expect_eq(population->times.type, THRONG_TYPE_DATE);
    cr_expect_eq(population->times.values[1], 19000);
    throng_population_free(population);
}

/* Any type of number can be the state and is read as double; its column keeps the type. */
Test(population, types_of_numbers) {
    const struct {
        throng_type type;
        const void *data;
    } columns[] = {{THRONG_TYPE_FLOAT32, (float[]){1, 2, 200}},
                   {THRONG_TYPE_FLOAT64, (double[]){1, 2, 200}},
                   {THRONG_TYPE_INT32, (int32_t[]){1, 2, 200}},
                   {THRONG_TYPE_INT64, (int64_t[]){1, 2, 200}},
                   {THRONG_TYPE_UINT8, (uint8_t[]){1, 2, 200}}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        throng_table *table = make_table(3);
        own(table, "state", columns[i].type, columns[i].data);
        throng_population *population = populate(table, PARTS(.weight = "state"));
        cr_expect_eq(population->state.type, columns[i].type);
        cr_expect_str_eq(rows_of(population), "1=1 2=2 200=3");
        cr_expect_eq(throng_population_weight(population, 2), 200.0);
        throng_population_free(population);
    }
}

/* ---- what is copied, and what is not --------------------------------------------------------------------------- */

Test(population, views_stay_views) {
    float state[] = {1, 2, 3};
    double weight[] = {4, 5, 6};
    int64_t id[] = {7, 8, 10};
    throng_table *table = make_table(3);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT32, state, &error));
    expect_ok(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, weight, &error));
    expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error));
    throng_population *population = populate(table, PARTS(.weight = "weight", .id = "id"));
    cr_expect_eq(population->state.data, state);
    cr_expect_eq(population->weight.data, weight);
    cr_expect_eq(population->ids.values, id, "rising ids are the list of agents");
    cr_expect_null(population->agents);
    double scratch[1];
    cr_expect_eq(throng_i_column_block(&population->weight, 1, 1, scratch), weight + 1, "no copy of doubles");
    throng_population_free(population);
}

Test(population, own_columns_move) {
    throng_table *table = make_table(4);
    float *state = own(table, "state", THRONG_TYPE_FLOAT32, (float[]){1, 2, 3, 4});
    int64_t *id = own(table, "id", THRONG_TYPE_INT64, (int64_t[]){-1, 2, 3, 40});
    own(table, "unused", THRONG_TYPE_FLOAT64, (double[]){1, 2, 3, 4});
    throng_population *population = populate(table, PARTS(.id = "id"));
    cr_expect_eq(population->state.data, state);
    cr_expect_eq(population->ids.values, id);
    cr_expect_str_eq(rows_of(population), "1=-1 2=2 3=3 4=40");
    throng_population_free(population);
}

/* Codes of text are dense already: they become the agents where they stand. */
Test(population, text_ids_move) {
    throng_table *table = make_table(4);
    text(table, "id", "x", "y", "x", "y");
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "time", INT64, 1, 1, 2, 2);
    throng_column_view ids;
    expect_ok(throng_table_find(table, "id", &ids, &error));
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time"));
    cr_expect_eq((const void *)population->agents, ids.data);
    cr_expect_eq(population->ids.words, ids.words);
    throng_population_free(population);
}

/* Views are the caller's: they are never written to, even where ids become codes in place and rows move. */
Test(population, views_are_not_changed) {
    double state[] = {1, 2, NAN, 4, 5};
    int64_t id[] = {9, 9, 7, 7, 5}, time[] = {3, 1, 1, 3, 1};
    throng_table *table = make_table(5);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error));
    expect_ok(throng_table_add_view(table, "time", THRONG_TYPE_INT64, time, &error));
    throng_population *population = populate(table, PARTS(.id = "id", .time = "time", .missing = THRONG_MISSING_DROP));
    cr_expect_str_eq(rows_of(population), "2=9@1 5=5@1 1=9@3 4=7@3");
    cr_expect(state[0] == 1 && state[1] == 2 && isnan(state[2]) && state[3] == 4 && state[4] == 5);
    cr_expect(id[0] == 9 && id[1] == 9 && id[2] == 7 && id[3] == 7 && id[4] == 5);
    cr_expect(time[0] == 3 && time[1] == 1 && time[2] == 1 && time[3] == 3 && time[4] == 1);
    throng_population_free(population);
}

/* One column may play several parts: none of them may spoil it for the others. Ids that rise and ids that repeat take
 * different ways, and so do columns of our own and of the caller's. */
Test(population, one_column_for_several_parts) {
    const int64_t repeated[] = {4, 2, 2, 4, 1, 1}, rising[] = {1, 2, 3, 4, 5, 6};
    for (int way = 0; way < 8; way++) {
        const int64_t *data = way & 1 ? rising : repeated;
        throng_table *table = make_table(6);
        if (way & 2)
            own(table, "x", THRONG_TYPE_INT64, data);
        else
            expect_ok(throng_table_add_view(table, "x", THRONG_TYPE_INT64, data, &error));
        view(table, "time", INT64, 2, 1, 2, 1, 2, 1);
        view(table, "none", FLOAT64, 0, 0, 0, way & 4 ? NAN : 0, 0, 0);
        throng_population *population = populate(table, (throng_population_def){.state = "x",
                                                                                .weight = "x",
                                                                                .id = "x",
                                                                                .cohort = "x",
                                                                                .time = "time",
                                                                                .baseline = "none",
                                                                                .missing = THRONG_MISSING_DROP});
        const char *expected[] = {"2=2@1 4=4@1 1=1@1 4=4@2 2=2@2 1=1@2", "2=2@1 4=4@1 6=6@1 1=1@2 3=3@2 5=5@2",
                                  "2=2@1 1=1@1 4=4@2 2=2@2 1=1@2", "2=2@1 6=6@1 1=1@2 3=3@2 5=5@2"};
        cr_expect_str_eq(rows_of(population), expected[(way & 1) + (way & 4) / 2]);
        cr_expect_eq(population->state.data, population->cohort[0].data);
        cr_expect_eq(population->n_columns, 3);
        throng_population_free(population);
    }
}

/* The time column as cohort: the labels survive that times become slices. */
Test(population, time_as_cohort) {
    throng_table *table = make_table(3);
    text(table, "wave", "second", "first", "second");
    view(table, "state", FLOAT64, 1, 2, 3);
    throng_population *population = populate(table, PARTS(.time = "wave", .cohort = "wave"));
    cr_expect_str_eq(rows_of(population), "2=2@first 1=1@second 3=3@second");
    const int32_t *codes = population->cohort[0].data;
    cr_expect_str_eq(population->cohort[0].words[codes[0]], "first");
    cr_expect_str_eq(population->cohort[0].words[codes[2]], "second");
    throng_population_free(population);
}

/* A reader gives a column that was asked for under two spellings twice, with one memory: whichever is used, the other
 * must not take the memory away. */
Test(population, columns_that_share_memory) {
    for (int way = 0; way < 3; way++) {
        throng_table *table = make_table(3);
        void *memory = own(table, "Id", THRONG_TYPE_INT64, (int64_t[]){5, 3, 4});
        throng_i_table_column alias = {.view = {.type = THRONG_TYPE_INT64, .data = memory}};
        expect_ok(throng_i_table_put_column(table, "id", &alias, &error));
        view(table, "state", FLOAT64, 1, 2, 3);
        throng_population_def def = PARTS(.id = way == 1 ? "Id" : "id", .cohort = way == 2 ? "Id" : "id");
        throng_population *population = populate(table, def);
        cr_expect_str_eq(rows_of(population), "1=5 2=3 3=4");
        double scratch[3];
        const double *cohort = throng_i_column_block(&population->cohort[0], 0, 3, scratch);
        cr_expect(cohort[0] == 5 && cohort[1] == 3 && cohort[2] == 4);
        throng_population_free(population);
    }
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Bytes a row: how a crowd of n agents on 14 days costs while it is made, and afterwards, on top of state and weight
 * (8 bytes). `shuffle` puts the days in disorder; n_days 1 makes every row another agent. */
static void cost(int64_t n_agents, int32_t n_days, bool shuffle, double *peak, double *after) {
    int64_t n = n_agents * n_days;
    throng_table *table = make_table(n);
    void *id = NULL, *day = NULL, *state = NULL, *weight = NULL;
    expect_ok(throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &error));
    expect_ok(throng_table_add(table, "day", THRONG_TYPE_INT32, &day, &error));
    expect_ok(throng_table_add(table, "state", THRONG_TYPE_FLOAT32, &state, &error));
    expect_ok(throng_table_add(table, "weight", THRONG_TYPE_FLOAT32, &weight, &error));
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)id)[i] = (i % n_agents * 7919 + 13) % 1000003;
        ((int32_t *)day)[i] = (int32_t)(shuffle ? (i / n_agents * 5 + 3) % n_days : i / n_agents);
        ((float *)weight)[i] = 1.0f;
    }
    throng_population *population = populate(table, PARTS(.weight = "weight", .id = "id", .time = "day"));
    cr_assert_eq(throng_population_agents(population), n_agents);
    cr_assert_eq(throng_population_times(population), n_days);
    *peak = (double)(throng_context_bytes_peak(context) - idle_bytes) / (double)n;
    *after = (double)(throng_context_bytes(context) - idle_bytes) / (double)n;
    throng_population_free(population);
}

/* id 8, day 4, state 4, weight 4 make 20 bytes a row that come from the table. */
Test(population, memory_of_days_in_order) {
    double peak = 0.0, after = 0.0;
    cost(50000, 14, false, &peak, &after);
    cr_expect_lt(peak, 20.1, "%.2f bytes a row", peak);
    cr_expect_lt(after, 8 + 4 + 8.0 / 14 + 0.1, "%.2f bytes a row", after);
}

Test(population, memory_of_days_in_disorder) {
    double peak = 0.0, after = 0.0;
    cost(50000, 14, true, &peak, &after);
    cr_expect_lt(peak, 22.0, "%.2f bytes a row", peak);
    cr_expect_lt(after, 8 + 4 + 8.0 / 14 + 0.1, "%.2f bytes a row", after);
}

Test(population, memory_of_one_day) {
    double peak = 0.0, after = 0.0;
    cost(700000, 1, false, &peak, &after);
    cr_expect_lt(peak, 31.0, "%.2f bytes a row", peak);
    cr_expect_lt(after, 8 + 8 + 0.1, "%.2f bytes a row", after);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

Test(population, unknown_column) {
    throng_table *table = make_table(1);
    view(table, "stance", FLOAT64, 1);
    refuse(table, (throng_population_def){.state = "stanse"}, THRONG_E_COLUMN,
           "The table has no column \"stanse\". Did you mean \"stance\"?");
}

Test(population, wrong_types) {
    const struct {
        const char *part, *column, *message;
    } cases[] = {
        {"state", "text", "Column \"text\" is of type text, but the state needs numbers."},
        {"state", "date", "Column \"date\" is of type date, but the state needs numbers."},
        {"weight", "text", "Column \"text\" is of type text, but the weight needs numbers."},
        {"baseline", "timestamp", "Column \"timestamp\" is of type timestamp, but the baseline needs numbers."},
        {"cohort", "date", "Column \"date\" is of type date, but the cohort needs numbers or text."},
        {"id", "real", "Column \"real\" is of type float64, but the id needs whole numbers or text."},
        {"id", "date", "Column \"date\" is of type date, but the id needs whole numbers or text."},
        {"time", "real",
         "Column \"real\" is of type float64, but the time needs whole numbers, dates, timestamps or text."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_table *table = make_table(1);
        view(table, "real", FLOAT64, 1);
        view(table, "date", DATE, 1);
        view(table, "timestamp", TIMESTAMP, 1);
        text(table, "text", "a");
        throng_population_def def = {.state = "real"};
        const char **part = strcmp(cases[i].part, "state") == 0      ? &def.state
                            : strcmp(cases[i].part, "weight") == 0   ? &def.weight
                            : strcmp(cases[i].part, "baseline") == 0 ? &def.baseline
                            : strcmp(cases[i].part, "cohort") == 0   ? &def.cohort
                            : strcmp(cases[i].part, "id") == 0       ? &def.id
                                                                     : &def.time;
        *part = cases[i].column;
        refuse(table, def, THRONG_E_COLUMN, cases[i].message);
    }
}

Test(population, no_state) {
    throng_table *table = make_table(1);
    refuse(table, throng_population_default(), THRONG_E_ARGUMENT,
           "The population needs the name of the column with the state.");
}

Test(population, no_such_policy) {
    throng_table *table = make_table(1);
    view(table, "state", FLOAT64, 1);
    refuse(table, PARTS(.missing = (throng_missing)7), THRONG_E_ARGUMENT, "missing must be error or drop.");
}

Test(population, another_context) {
    throng_context *usual = context, *other = test_context(1);
    context = other;
    throng_table *table = make_table(1);
    view(table, "state", FLOAT64, 1);
    context = usual;
    refuse(table, PARTS(), THRONG_E_ARGUMENT, "The table was made with another context.");
    throng_context_free(other);
}

Test(population, no_rows) {
    throng_table *table = make_table(0);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, NULL, &error));
    refuse(table, PARTS(), THRONG_E_EMPTY, "The table has no rows.");
}

/* The rows are not looked at: there are none. */
Test(population, more_agents_than_numbers) {
    throng_table *table = make_table((int64_t)INT32_MAX + 1);
    view(table, "state", FLOAT64, 1);
    refuse(table, PARTS(), THRONG_E_ARGUMENT,
           "Without ids every row is an agent, but there are more rows than throng can count agents, 2^31 - 1.");
}

/* ---- no number of threads, no lack of memory and no interruption does harm ------------------------------------- */

/* A crowd that goes every way: ids that repeat, times in disorder, rows to be left out, text, several chunks. */
static throng_status make_busy(int64_t n, throng_population **out) {
    throng_table *table = NULL;
    throng_status status = throng_table_create(context, n, &table, &error);
    if (status != THRONG_OK)
        return status;
    void *id = NULL, *time = NULL, *state = NULL, *weight = NULL;
    int32_t *camp = NULL;
    const char *camps[] = {"left", "right", "(none)"};
    const bool made = (status = throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &error)) == THRONG_OK &&
                      (status = throng_table_add(table, "time", THRONG_TYPE_INT32, &time, &error)) == THRONG_OK &&
                      (status = throng_table_add(table, "state", THRONG_TYPE_FLOAT32, &state, &error)) == THRONG_OK &&
                      (status = throng_table_add(table, "weight", THRONG_TYPE_FLOAT64, &weight, &error)) == THRONG_OK &&
                      (status = throng_table_add_codes(table, "camp", 3, camps, &camp, &error)) == THRONG_OK;
    if (!made) {
        throng_table_free(table);
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)id)[i] = (i / 5 * 7919) % 1000003;
        ((int32_t *)time)[i] = (int32_t)(i % 5 * 3 % 5);
        ((float *)state)[i] = i % 97 == 50 ? NAN : (float)test_uniform(1, (uint64_t)i);
        ((double *)weight)[i] = test_uniform(2, (uint64_t)i);
        camp[i] = (int32_t)(i % 3);
    }
    throng_population_def def =
        PARTS(.weight = "weight", .id = "id", .time = "time", .cohort = "camp", .missing = THRONG_MISSING_DROP);
    return throng_population_create(context, table, &def, out, &error);
}

static uint64_t fingerprint(const throng_population *population) {
    size_t n = (size_t)population->n_rows;
    return test_hash(population->state.data, n * 4) ^ 3 * test_hash(population->weight.data, n * 8) ^
           5 * test_hash(population->cohort[0].data, n * 4) ^ 7 * test_hash(population->agents, n * 4) ^
           11 * test_hash(population->ids.values, (size_t)population->n_agents * 8) ^
           13 * test_hash(population->offsets, (size_t)(population->n_times + 1) * 8);
}

Test(population, same_for_every_number_of_threads) {
    const int threads[] = {1, 2, 3, 8};
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        throng_population *population = NULL;
        cr_assert_eq(throng_context_set_threads(context, threads[i], &error), THRONG_OK);
        cr_assert_eq(make_busy(60000, &population), THRONG_OK, "%s", error.message);
        uint64_t now = fingerprint(population);
        first = i == 0 ? now : first;
        cr_expect_eq(now, first, "%d threads", threads[i]);
        throng_population_free(population);
    }
}

static throng_status busy_work(void) {
    throng_population *population = NULL;
    int64_t *first_rows = NULL;
    throng_status status = make_busy(9000, &population);
    if (status == THRONG_OK)
        status = throng_i_population_first_rows(population, &first_rows, &error);
    if (status == THRONG_OK)
        status = throng_population_fold(population, &error);
    throng_i_free(context, first_rows);
    throng_population_free(population);
    return status;
}

Test(population, every_allocation_may_fail) {
    int n = fail_every_allocation(busy_work);
    cr_expect_gt(n, 40, "%d allocations: the crowd is not busy enough", n);
}

/* The same where every row is another agent and ids move along, and where rows are numbered. */
static throng_status quiet_work(const char *id) {
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_status status = throng_table_create(context, 3, &table, &error);
    if (status != THRONG_OK)
        return status;
    static const double state[] = {1, 2, 3};
    static const int32_t ids[] = {1, 2, 3}, times[] = {2, 1, 2};
    const bool made =
        (status = throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error)) == THRONG_OK &&
        (status = throng_table_add_view(table, "id", THRONG_TYPE_INT32, ids, &error)) == THRONG_OK &&
        (status = throng_table_add_view(table, "time", THRONG_TYPE_INT32, times, &error)) == THRONG_OK;
    if (!made) {
        throng_table_free(table);
        return status;
    }
    throng_population_def def = PARTS(.id = id, .time = "time");
    status = throng_population_create(context, table, &def, &population, &error);
    throng_population_free(population);
    return status;
}

static throng_status rising_work(void) {
    return quiet_work("id");
}

static throng_status numbered_work(void) {
    return quiet_work(NULL);
}

Test(population, every_allocation_may_fail_in_a_quiet_crowd) {
    fail_every_allocation(rising_work);
    fail_every_allocation(numbered_work);
}

/* The k-th report asks to stop. */
static bool stop_later(void *user, const throng_progress *progress) {
    int *countdown = user;
    cr_expect(progress->stage && progress->unit);
    cr_expect_leq(progress->done, progress->total);
    return (*countdown)-- > 0;
}

Test(population, can_be_stopped) {
    throng_population *population = NULL;
    int countdown = 0;
    throng_context_set_progress(context, stop_later, &countdown);
    cr_expect_eq(make_busy(60000, &population), THRONG_E_CANCELLED);
    cr_expect_null(population);
    cr_expect_eq(throng_context_bytes(context), idle_bytes);
    throng_context_set_progress(context, NULL, NULL);
}
