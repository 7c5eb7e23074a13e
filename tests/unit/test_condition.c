/* Conditions of strangers: they select what a plain loop selects, and nothing else gets through any of the fences. */
#define _GNU_SOURCE
#include "table/condition.h"
#include "table/database.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 20011

static throng_context *context;
static throng_error error;
static int64_t idle_bytes;
static double phi[ROWS];
static float state[ROWS];
static int64_t number[ROWS];
static int32_t cohort[ROWS], day[ROWS];
static const char *const words[] = {"head", "it's <b>", "tail"};

static void set_up(void) {
    cr_assert_eq(throng_context_create(&context, &error), THRONG_OK);
    idle_bytes = throng_context_bytes(context);
    for (int64_t i = 0; i < ROWS; i++) {
        phi[i] = i % 97 == 0 ? NAN : (double)(i * 7919 % 1009) / 500.0 - 1.0;
        state[i] = (float)(i % 100) / 100.0f;
        number[i] = i;
        cohort[i] = (int32_t)(i * i % 3);
        day[i] = (int32_t)(20000 + i / 5000);
    }
}

static void tear_down(void) {
    cr_expect_eq(throng_context_bytes(context), idle_bytes);
    throng_context_free(context);
}

TestSuite(condition, .init = set_up, .fini = tear_down, .timeout = 120);

static const throng_i_condition_limits plenty = {.seconds = 60.0, .megabytes = 1000, .threads = 2};

/* A look at a column by name; data NULL: there is none. */
static throng_column_view look(const char *name, int64_t n) {
    if (strcmp(name, "phi") == 0)
        return (throng_column_view){"phi", THRONG_TYPE_FLOAT64, n, phi, 0, NULL};
    if (strcmp(name, "state") == 0)
        return (throng_column_view){"state", THRONG_TYPE_FLOAT32, n, state, 0, NULL};
    if (strcmp(name, "number") == 0)
        return (throng_column_view){"number", THRONG_TYPE_INT64, n, number, 0, NULL};
    if (strcmp(name, "day") == 0)
        return (throng_column_view){"day", THRONG_TYPE_DATE, n, day, 0, NULL};
    if (strcmp(name, "cohort") == 0 || strcmp(name, "a \"b\" c") == 0)
        return (throng_column_view){"cohort", THRONG_TYPE_TEXT, n, cohort, 3, words};
    return (throng_column_view){0};
}

static throng_status run(const char *text, int64_t n, const throng_i_condition_limits *limits, uint8_t *bits) {
    throng_i_condition condition = {0};
    throng_column_view columns[THRONG_I_CONDITION_COLUMNS];
    error = (throng_error){0};
    throng_status status = throng_i_condition_parse(context, text, &condition, &error);
    for (int i = 0; i < condition.n_columns; i++) {
        columns[i] = look(condition.columns[i], n);
        cr_assert(columns[i].data, "no column %s", condition.columns[i]);
    }
    if (status == THRONG_OK)
        status = throng_i_condition_rows(&condition, columns, n, limits, bits, &error);
    throng_i_condition_clear(&condition);
    return status;
}

static int64_t count(const uint8_t *bits, int64_t bytes) {
    int64_t n = 0;
    for (int64_t i = 0; i < bytes; i++)
        n += __builtin_popcount(bits[i]);
    return n;
}

/* ---- what they select ------------------------------------------------------------------------------------------ */

#define SELECTS(text, predicate)                                                                                       \
    do {                                                                                                               \
        uint8_t bits[ROWS / 8 + 1];                                                                                    \
        cr_assert_eq(run(text, ROWS, &plenty, bits), THRONG_OK, "%s: %s", text, error.message);                        \
        int64_t wanted = 0;                                                                                            \
        for (int64_t i = 0; i < ROWS; i++) {                                                                           \
            bool is = (predicate);                                                                                     \
            wanted += is;                                                                                              \
            cr_assert_eq(bits[i / 8] >> i % 8 & 1, is, "%s: row %lld", text, (long long)i);                            \
        }                                                                                                              \
        cr_assert_eq(count(bits, sizeof bits), wanted, "%s", text);                                                    \
    } while (0)

Test(condition, selects_what_a_loop_selects) {
    SELECTS("phi > 0.5", phi[i] > 0.5); /* NaN is NULL, not the largest number */
    SELECTS("phi IS NULL", isnan(phi[i]));
    SELECTS("NOT (phi > 0.5)", phi[i] <= 0.5);
    SELECTS("state >= 0.5 AND phi < 0", state[i] >= 0.5f && phi[i] < 0);
    SELECTS("cohort = 'head'", cohort[i] == 0);
    SELECTS("cohort = 'it''s <b>' -- a comment", cohort[i] == 1);
    SELECTS("cohort <> 'head' AND number BETWEEN 10 AND 5000", cohort[i] != 0 && number[i] >= 10 && number[i] <= 5000);
    SELECTS("cohort LIKE '%a%' OR number IN (1, 2, 3)", cohort[i] != 1 || (i >= 1 && i <= 3));
    SELECTS("\"a \"\"b\"\" c\" = 'tail' AND state > 0", cohort[i] == 2 && state[i] > 0);
    SELECTS("day >= DATE '2024-10-05' AND day::DATE < '2024-10-06'", day[i] == 20001);
    SELECTS("CASE WHEN number % 7 = 0 THEN true ELSE false END", number[i] % 7 == 0);
    SELECTS("coalesce(phi, 5) > 4", isnan(phi[i]));
    SELECTS("regexp_matches(cohort, '^t')", cohort[i] == 2);
    SELECTS("upper(left(cohort, 1)) = 'H' AND abs(phi) > 0.1", cohort[i] == 0 && fabs(phi[i]) > 0.1);
    SELECTS("1 = 1", true);
    SELECTS("false", false);
    SELECTS("NULL", false);
    SELECTS("extract(year FROM day) = 2024", true);
}

Test(condition, does_not_depend_on_threads) {
    uint8_t one[ROWS / 8 + 1], many[ROWS / 8 + 1];
    throng_i_condition_limits limits = plenty;
    limits.threads = 1;
    cr_assert_eq(run("phi * state > 0.1", ROWS, &limits, one), THRONG_OK);
    limits.threads = 5;
    cr_assert_eq(run("phi * state > 0.1", ROWS, &limits, many), THRONG_OK);
    cr_assert_eq(memcmp(one, many, sizeof one), 0);
    cr_assert_gt(count(one, sizeof one), 0);
    cr_assert_eq(run("phi > 0", 0, &plenty, one), THRONG_OK); /* no rows are no problem */
}

Test(condition, says_what_is_wrong_with_values) {
    uint8_t bits[ROWS / 8 + 1];
    cr_assert_eq(run("cohort::INTEGER = 1", ROWS, &plenty, bits), THRONG_E_QUERY);
    cr_assert(strstr(error.message, "head"), "%s", error.message);
    cr_assert_eq(run("cohort > phi AND state > 0", ROWS, &plenty, bits), THRONG_E_QUERY);
    cr_assert_eq(run("regexp_matches(cohort, '(a{900}){900}{900}')", ROWS, &plenty, bits), THRONG_E_QUERY);
}

/* ---- what gets through no fence -------------------------------------------------------------------------------- */

/* Each with a word of the reason. */
static const char *const refused[][2] = {
    {"", "empty"},
    {" \n", "empty"},
    {"phi >", "not complete"},
    {"phi > 0)", "syntax"},
    {"1; DROP TABLE throng_rows", "syntax"},
    {"1); DROP TABLE throng_rows; SELECT (1", "expression"},
    {"1) FROM read_text('/etc/passwd') WHERE (1", "expression"},
    {"1 FROM read_csv('/etc/passwd')", "expression"},
    {"1, 2", "function row"},
    {"1 /*", "comment"},
    {"(SELECT content FROM read_text('/etc/passwd')) = ''", "query of its own"},
    {"phi > (SELECT max(phi) FROM throng_rows)", "query of its own"},
    {"EXISTS (FROM read_csv('/etc/passwd'))", "query of its own"},
    {"phi IN (SELECT 1)", "query of its own"},
    {"phi > ANY (SELECT 1)", "query of its own"},
    {"phi = ALL (FROM glob('/etc/*'))", "query of its own"},
    {"read_csv('/etc/passwd')", "read_csv"},
    {"read_text('/etc/passwd') = ''", "read_text"},
    {"read_blob('/etc/passwd') = ''", "read_blob"},
    {"glob('/etc/*')", "glob"},
    {"COPY phi TO '/tmp/x'", "syntax"},
    {"ATTACH '/tmp/x.db'", "cast"},
    {"INSTALL httpfs", "syntax"},
    {"LOAD httpfs", "syntax"},
    {"PRAGMA database_list", "syntax"},
    {"SET memory_limit = '1TB'", "syntax"},
    {"getenv('HOME') = ''", "getenv"},
    {"current_setting('home_directory') = ''", "current_setting"},
    {"query('SELECT 1')", "query"},
    {"arrow_scan(1, 2, 3)", "arrow_scan"},
    {"nextval('x') > 0", "nextval"},
    {"random() > 0.5", "random"},
    {"sleep_ms(10000)", "sleep_ms"},
    {"repeat(cohort, 1000000000) = ''", "repeat"},
    {"lpad(cohort, 1000000000, 'x') = ''", "lpad"},
    {"replace(cohort, 'a', 'aaaa') = ''", "replace"},
    {"printf('%1000000000d', 1) = ''", "printf"},
    {"list_sum(range(1000000000)) > 0", "list_sum"},
    {"len([x FOR x IN range(10)]) > 0", "len"},
    {"list_filter([1], x -> x > 0) = [1]", "list_filter"},
    {"count(*) > 1", "count"},
    {"sum(phi) OVER () > 1", "window"},
    {"row_number() OVER () < 3", "window"},
    {"abs(DISTINCT phi) > 0", "abs"},
    {"other.main.abs(phi) > 0", "abs"},
    {"throng_rows.phi > 0", "dot"},
    {"COLUMNS(*) > 0", "star"},
    {"phi > ?", "parameters"},
    {"phi > $1", "parameters"},
    {"phi::BLOB = ''", "cast"},
    {"phi::VARCHAR[] = []", "cast"},
    {"{'a': 1} = {'a': 1}", "struct_pack"},
    {"cohort LIKE '%a%a%a%a%a%'", "pattern"},
    {"cohort LIKE cohort", "pattern"},
    {"regexp_matches(cohort, cohort)", "pattern"},
    {"cohort GLOB '*'", "~~~"},
    {"cohort LIKE 'x' ESCAPE '!'", "like_escape"},
    {"cohort SIMILAR TO 'x' || cohort", "pattern"},
};

Test(condition, refuses_all_else) {
    throng_i_condition condition = {0};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        error = (throng_error){0};
        throng_status status = throng_i_condition_parse(context, refused[i][0], &condition, &error);
        cr_assert_eq(status, THRONG_E_QUERY, "%s: %d", refused[i][0], status);
        cr_assert(strcasestr(error.message, refused[i][1]), "%s: %s", refused[i][0], error.message);
    }
}

Test(condition, refuses_what_is_too_long_or_too_deep) {
    throng_i_condition condition = {0};
    char text[THRONG_I_CONDITION_BYTES + 2];
    memset(text, ' ', sizeof text);
    text[0] = '1';
    text[sizeof text - 1] = '\0';
    cr_assert_eq(throng_i_condition_parse(context, text, &condition, &error), THRONG_E_QUERY);
    memset(text, '(', sizeof text - 2);
    text[sizeof text - 2] = '\0';
    cr_assert_eq(throng_i_condition_parse(context, text, &condition, &error), THRONG_E_QUERY);
    /* 2000 brackets around a number, and as many minus signs, may be too deep for DuckDB but for nothing else */
    size_t half = 2000;
    memset(text, '(', half);
    text[half] = '1';
    memset(text + half + 1, ')', half);
    text[2 * half + 1] = '\0';
    if (throng_i_condition_parse(context, text, &condition, &error) == THRONG_OK)
        throng_i_condition_clear(&condition);
    for (size_t i = 0; i + 1 < sizeof text - 2; i += 2)
        memcpy(text + i, "- ", 2);
    memcpy(text + sizeof text - 4, "1", 2);
    if (throng_i_condition_parse(context, text, &condition, &error) == THRONG_OK)
        throng_i_condition_clear(&condition);
    cr_assert_eq(throng_i_condition_parse(context, "\xff\xfe", &condition, &error), THRONG_E_QUERY);
}

/* ---- the second fence, on its own ------------------------------------------------------------------------------ */

Test(condition, the_locked_database_does_no_harm_either) {
    static const char *const tried[] = {
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/throng-condition-test.csv'",
        "ATTACH '/tmp/throng-condition-test.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "PRAGMA threads = 7",
        "SET memory_limit = '100GB'",
        "EXPORT DATABASE '/tmp/throng-condition-test'",
    };
    throng_i_database database = {0};
    cr_assert_eq(throng_i_database_open(context, "testing", &database, &error), THRONG_OK);
    cr_assert_eq(throng_i_database_run(&database, "SELECT * FROM read_text('/etc/passwd')", NULL, &error), THRONG_OK);
    cr_assert_eq(throng_i_condition_lock(&database, &plenty, &error), THRONG_OK);
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
        cr_assert_neq(throng_i_database_run(&database, tried[i], NULL, &error), THRONG_OK, "%s", tried[i]);
    throng_i_database_close(&database);
}

/* ---- the third ------------------------------------------------------------------------------------------------- */

Test(condition, is_stopped_when_its_time_is_over) {
    const int64_t n = 3000000;
    const throng_i_condition_limits hurry = {.seconds = 0.0, .megabytes = 1000, .threads = 2};
    double *many = calloc((size_t)n, sizeof *many);
    uint8_t *bits = malloc((size_t)n / 8 + 1);
    throng_i_condition condition = {0};
    const throng_column_view column = {"phi", THRONG_TYPE_FLOAT64, n, many, 0, NULL};
    char text[2000] = "false";
    for (int i = 0; i < 30; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " OR regexp_matches((phi + %d)::VARCHAR, '(a|b|1)*x%d')", i, i);
    }
    cr_assert(many && bits);
    for (int64_t i = 0; i < n; i++)
        many[i] = (double)i;
    cr_assert_eq(throng_i_condition_parse(context, text, &condition, &error), THRONG_OK, "%s", error.message);
    cr_assert_eq(throng_i_condition_rows(&condition, &column, n, &hurry, bits, &error), THRONG_E_CANCELLED);
    cr_assert(strstr(error.message, "stopped"), "%s", error.message);
    throng_i_condition_clear(&condition);
    free(many);
    free(bits);
}
