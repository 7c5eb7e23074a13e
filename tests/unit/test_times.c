/* Times of a population: their order, how they are written, and that there may be many. */
#include "populations.h"

TestSuite(times, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- order ----------------------------------------------------------------------------------------------------- */

Test(times, whole_numbers) {
    throng_table *table = make_table(5);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5);
    view(table, "round", INT64, INT64_MAX, -7, INT64_MIN, -7, 10);
    throng_population *population = populate(table, PARTS(.time = "round"));
    cr_expect_str_eq(rows_of(population), "3=3@-9223372036854775808 2=2@-7 4=4@-7 5=5@10 1=1@9223372036854775807");
    cr_expect_eq(population->times.type, THRONG_TYPE_INT64);
    throng_population_free(population);
}

Test(times, bytes) {
    throng_table *table = make_table(3);
    view(table, "state", FLOAT64, 1, 2, 3);
    view(table, "round", UINT8, 200, 0, 200);
    throng_population *population = populate(table, PARTS(.time = "round"));
    cr_expect_str_eq(rows_of(population), "2=2@0 1=1@200 3=3@200");
    throng_population_free(population);
}

/* Alphabetical means by bytes: capitals first, "10" before "9". */
Test(times, text) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, 6);
    text(table, "wave", "b", "9", "10", "B", "", "b");
    throng_population *population = populate(table, PARTS(.time = "wave"));
    cr_expect_str_eq(rows_of(population), "5=5 3=3@10 2=2@9 4=4@B 1=1@b 6=6@b");
    cr_expect_eq(population->times.type, THRONG_TYPE_TEXT);
    throng_population_free(population);
}

/* Rows that are in the order of time stay where they are, also in memory. */
Test(times, order_is_kept) {
    double state[] = {1, 2, 3, 4};
    throng_table *table = make_table(4);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    view(table, "day", DATE, -1, 0, 0, 5);
    throng_population *population = populate(table, PARTS(.time = "day"));
    cr_expect_eq(population->state.data, state);
    cr_expect_str_eq(rows_of(population), "1=1@1969-12-31 2=2@1970-01-01 3=3@1970-01-01 4=4@1970-01-06");
    throng_population_free(population);
}

/* A time all of whose rows are left out is no time. */
Test(times, emptied) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, NAN, NAN, 4);
    text(table, "wave", "a", "b", "b", "c");
    throng_population *population = populate(table, PARTS(.time = "wave", .missing = THRONG_MISSING_DROP));
    cr_expect_eq(throng_population_times(population), 2);
    cr_expect_str_eq(rows_of(population), "1=1@a 4=4@c");
    throng_population_free(population);
}

/* Each row a time of its own, in disorder: would take hours if anything were quadratic. */
Test(times, many) {
    enum {
        N = 1 << 20
    };
    throng_table *table = make_table(N);
    void *time = NULL, *state = NULL;
    expect_ok(throng_table_add(table, "time", THRONG_TYPE_TIMESTAMP, &time, &error));
    expect_ok(throng_table_add(table, "state", THRONG_TYPE_FLOAT32, &state, &error));
    for (int64_t i = 0; i < N; i++) {
        ((int64_t *)time)[i] = i * 40503 % N;
        ((float *)state)[i] = (float)(i * 40503 % N);
    }
    throng_population *population = populate(table, PARTS(.time = "time"));
    cr_assert_eq(throng_population_times(population), N);
    for (int64_t i = 0; i < N; i++) {
        cr_assert_eq(population->times.values[i], i);
        cr_assert_eq(population->offsets[i + 1], i + 1);
        cr_assert_eq(throng_population_state(population, i), (double)i);
    }
    throng_population_free(population);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static const char *printed(throng_type type, int64_t value) {
    static char out[64];
    throng_i_key_print(&(throng_i_keys){.type = type, .n = 1, .values = &value}, 0, out, sizeof out);
    return out;
}

Test(times, dates) {
    const struct {
        int64_t days;
        const char *text;
    } cases[] = {{0, "1970-01-01"},        {-1, "1969-12-31"},      {19782, "2024-02-29"},   {19783, "2024-03-01"},
                 {11016, "2000-02-29"},    {-25508, "1900-03-01"},  {-25509, "1900-02-28"},  {47541, "2100-03-01"},
                 {47540, "2100-02-28"},    {-719162, "0001-01-01"}, {-719163, "0000-12-31"}, {-719528, "0000-01-01"},
                 {-719529, "-0001-12-31"}, {2932896, "9999-12-31"}, {2932897, "10000-01-01"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(printed(THRONG_TYPE_DATE, cases[i].days), cases[i].text);
    cr_expect_str_eq(printed(THRONG_TYPE_DATE, INT32_MAX), "5881580-07-11");
    cr_expect_str_eq(printed(THRONG_TYPE_DATE, INT32_MIN), "-5877641-06-23");
}

/* Every day of eight centuries follows the one before, as a calendar on paper has it. */
Test(times, every_day) {
    const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1600, month = 1, day = 1;
    char expected[32];
    for (int64_t days = -135140; year < 2400; days++) {
        snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
        cr_assert_str_eq(printed(THRONG_TYPE_DATE, days), expected);
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > lengths[month - 1] + (month == 2 && leap)) {
            day = 1;
            year += month == 12;
            month = month % 12 + 1;
        }
    }
}

Test(times, timestamps) {
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, 0), "1970-01-01 00:00:00");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, INT64_C(1730810096) * 1000000), "2024-11-05 12:34:56");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, INT64_C(1730810096500000)), "2024-11-05 12:34:56.5");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, INT64_C(1730810096000007)), "2024-11-05 12:34:56.000007");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, -1), "1969-12-31 23:59:59.999999");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, INT64_MAX), "294247-01-10 04:00:54.775807");
    cr_expect_str_eq(printed(THRONG_TYPE_TIMESTAMP, INT64_MIN), "-290308-12-21 19:59:05.224192");
}

/* A text that does not fit is cut between characters, never within one. */
Test(times, cut) {
    const char *word = "aé€😀";
    const char *expected[] = {"", "", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€", "aé€😀", "aé€😀"};
    for (size_t size = 1; size < 13; size++) {
        char out[16] = "untouched";
        throng_i_key_print(&(throng_i_keys){.type = THRONG_TYPE_TEXT, .n = 1, .words = &word}, 0, out, size);
        cr_expect_str_eq(out, expected[size], "%zu bytes", size);
    }
    char out[4] = "abc";
    throng_i_key_print(&(throng_i_keys){.type = THRONG_TYPE_TEXT, .n = 1, .words = &word}, 0, out, 0);
    cr_expect_str_eq(out, "abc");
}

Test(times, counts) {
    char out[THRONG_I_COUNT_LENGTH];
    cr_expect_str_eq(throng_i_count_print(0, out), "0");
    cr_expect_str_eq(throng_i_count_print(999, out), "999");
    cr_expect_str_eq(throng_i_count_print(1000, out), "1,000");
    cr_expect_str_eq(throng_i_count_print(-123456, out), "-123,456");
    cr_expect_str_eq(throng_i_count_print(INT64_MIN, out), "-9,223,372,036,854,775,808");
}
