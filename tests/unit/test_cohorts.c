/* Cohorts: quantiles against a sorted copy, values, text, names, and what is refused. */
#include "populations.h"

TestSuite(cohorts, .init = set_up, .fini = tear_down, .timeout = 60);

static throng_cohorts *divide(const throng_population *population, int n_cuts, const double *cuts) {
    throng_cohorts *cohorts = NULL;
    expect_ok(throng_cohorts_create(population, &(throng_cohorts_def){cuts, n_cuts}, &cohorts, &error));
    return cohorts;
}

/* "0 0 1 | head: top 10 % by x | middle: ..." : the cohorts of the rows, names and meanings. Frees both. */
static const char *described(throng_population *population, throng_cohorts *cohorts) {
    static char line[4096];
    size_t used = 0;
    for (int64_t row = 0; row < throng_population_rows(population) && row < 100; row++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%d ", throng_cohorts_view(cohorts)[row]);
    for (int i = 0; i < throng_cohorts_count(cohorts); i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "| %s: %s ", throng_cohorts_name(cohorts, i),
                                 throng_cohorts_meaning(cohorts, i));
    line[used - 1] = '\0';
    throng_cohorts_free(cohorts);
    throng_population_free(population);
    return line;
}

/* A population with states 1, 2, ... and a cohort column. */
#define COHORTED(n, type, ...)                                                                                         \
    throng_table *table = make_table(n);                                                                               \
    static const double state[n];                                                                                      \
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));                              \
    view(table, "x", type, __VA_ARGS__);                                                                               \
    throng_population *population = populate(table, PARTS(.cohort = "x"))

/* ---- quantiles ------------------------------------------------------------------------------------------------- */

Test(cohorts, two_cuts) {
    COHORTED(10, FLOAT64, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1.5);
    cr_expect_str_eq(described(population, divide(population, 2, (double[]){0.5, 0.9})),
                     "0 1 1 1 1 2 2 2 2 2 | head: top 10 % by x | middle: next 40 % by x | "
                     "long tail: the other 50 % by x");
}

Test(cohorts, usual_cuts) {
    enum {
        N = 2000
    };
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = (i * 7 + 3) % N + 0.5;
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "followers", THRONG_TYPE_FLOAT64, x, &error));
    throng_population *population =
        populate(table, (throng_population_def){.state = "followers", .cohort = "followers"});
    throng_cohorts *cohorts = NULL;
    expect_ok(throng_cohorts_create(population, NULL, &cohorts, &error));
    for (int i = 0; i < N; i++)
        cr_assert_eq(throng_cohorts_view(cohorts)[i], x[i] > 1998 ? 0 : x[i] > 1800 ? 1 : 2);
    cr_expect_str_eq(throng_cohorts_name(cohorts, 0), "head");
    cr_expect_str_eq(throng_cohorts_meaning(cohorts, 0), "top 0.1 % by followers");
    cr_expect_str_eq(throng_cohorts_meaning(cohorts, 1), "next 9.9 % by followers");
    cr_expect_str_eq(throng_cohorts_meaning(cohorts, 2), "the other 90 % by followers");
    cr_expect_str_eq(throng_cohorts_name(cohorts, 3), "");
    cr_expect_str_eq(throng_cohorts_meaning(cohorts, -1), "");
    throng_cohorts_free(cohorts);
    throng_cohorts_free(NULL);
    throng_population_free(population);
}

Test(cohorts, one_cut) {
    COHORTED(4, FLOAT32, 4, 3, 2, 1);
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.75})),
                     "0 1 1 1 | above: top 25 % by x | below: the other 75 % by x");
}

Test(cohorts, three_cuts) {
    COHORTED(4, INT64, 1, 2, 3, 4);
    cr_expect_str_eq(described(population, divide(population, 3, (double[]){0.25, 0.5, 0.995})),
                     "3 2 1 0 | 99.5–100 %: top 0.5 % by x | 50–99.5 %: next 49.5 % by x | "
                     "25–50 %: next 25 % by x | 0–25 %: the other 25 % by x");
}

/* Nobody exceeds a value that all share: they are the long tail, and the other cohorts stay, empty. */
Test(cohorts, all_equal) {
    COHORTED(5, FLOAT64, 0.5, 0.5, 0.5, 0.5, 0.5);
    cr_expect_str_eq(described(population, divide(population, 0, NULL)),
                     "2 2 2 2 2 | head: top 0.1 % by x | middle: next 9.9 % by x | long tail: the other 90 % by x");
}

Test(cohorts, ties_fall_below) {
    COHORTED(6, FLOAT64, 1, 2, 2, 2, 2, 3);
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.5})),
                     "1 1 1 1 1 0 | above: top 50 % by x | below: the other 50 % by x");
}

Test(cohorts, one_agent) {
    COHORTED(1, FLOAT64, 0.3);
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.5})),
                     "1 | above: top 50 % by x | below: the other 50 % by x");
}

/* Infinite values have their place at the ends. */
Test(cohorts, infinite) {
    COHORTED(4, FLOAT64, INFINITY, 1e300, -INFINITY, 0);
    cr_expect_str_eq(described(population, divide(population, 2, (double[]){0.25, 0.75})),
                     "0 1 2 1 | head: top 25 % by x | middle: next 50 % by x | long tail: the other 25 % by x");
}

Test(cohorts, without_a_value) {
    COHORTED(5, FLOAT32, NAN, 0.1f, 0.2f, NAN, 0.3f);
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.67})),
                     "2 1 1 2 0 | above: top 33 % by x | below: the other 67 % by x | (none): x is missing");
}

Test(cohorts, of_weights) {
    throng_table *table = make_table(3);
    view(table, "state", FLOAT64, 1, 2, 3);
    view(table, "followers", UINT8, 7, 7, 9);
    throng_population *population = populate(table, PARTS(.weight = "followers"));
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.5})),
                     "1 1 0 | above: top 50 % by followers | below: the other 50 % by followers");
}

Test(cohorts, of_nothing) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 1, 2);
    throng_population *population = populate(table, PARTS());
    cr_expect_str_eq(described(population, divide(population, 0, NULL)), "0 0 | everyone: all agents");
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* What the header says, word for word: sort the values of the time, look up the ranks, compare. */
static uint8_t by_definition(const double *x, int64_t begin, int64_t end, int64_t row, const double *cuts, int n_cuts) {
    static double sorted[20000];
    int64_t n = 0;
    for (int64_t i = begin; i < end; i++)
        if (!isnan(x[i]))
            sorted[n++] = x[i];
    if (isnan(x[row]))
        return (uint8_t)(n_cuts + 1);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    int above = 0;
    for (int i = 0; i < n_cuts; i++) {
        int64_t rank = (int64_t)floor(cuts[i] * (double)n);
        above += x[row] > sorted[rank < 1 ? 0 : rank - 1];
    }
    return (uint8_t)(n_cuts - above);
}

/* Random values with and without ties and gaps, times of very different lengths. */
Test(cohorts, quantiles_by_brute_force) {
    static double x[20000], state[20000];
    static int64_t time[20000];
    const double cuts[] = {0.05, 0.3, 0.5, 0.9, 0.999};
    for (uint64_t seed = 0; seed < 60; seed++) {
        int64_t n = seed % 20 == 0 ? 9000 : 1 + (int64_t)(test_uniform(seed, 0) * 150), begin = 0, end = 0;
        int n_times = 1 + (int)(seed % 4), n_cuts = 1 + (int)(seed % 5);
        double grain = seed % 3 == 0 ? 5.0 : 1e9;
        for (int64_t i = 0; i < n; i++) {
            double u = test_uniform(seed, (uint64_t)i + 10);
            x[i] = seed % 2 && u < 0.1 ? (double)NAN : floor(u * u * grain) + 0.25;
            time[i] = (int64_t)(sqrt((double)i / (double)n) * n_times);
        }
        throng_table *table = make_table(n);
        expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
        expect_ok(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, x, &error));
        expect_ok(throng_table_add_view(table, "time", THRONG_TYPE_INT64, time, &error));
        throng_population *population = populate(table, PARTS(.cohort = "x", .time = "time"));
        throng_cohorts *cohorts = divide(population, n_cuts, cuts);
        int64_t step = n > 1000 ? 997 : 1;
        for (int64_t t = 0; t < throng_population_times(population); t++) {
            throng_population_slice(population, t, &begin, &end);
            for (int64_t row = begin; row < end; row += step)
                cr_assert_eq(throng_cohorts_view(cohorts)[row], by_definition(x, begin, end, row, cuts, n_cuts),
                             "seed %d, row %lld", (int)seed, (long long)row);
        }
        throng_cohorts_free(cohorts);
        throng_population_free(population);
    }
}

/* Orders that make a careless selection quadratic. */
Test(cohorts, hard_orders) {
    enum {
        N = 1 << 20
    };
    static float x[N];
    for (int order = 0; order < 4; order++) {
        for (int i = 0; i < N; i++)
            x[i] = (float)(order == 0 ? i : order == 1 ? N - i : order == 2 ? (i < N / 2 ? i : N - i) : i % 2);
        throng_table *table = make_table(N);
        expect_ok(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT32, x, &error));
        throng_population *population = populate(table, (throng_population_def){.state = "x", .cohort = "x"});
        throng_cohorts *cohorts = divide(population, 2, (double[]){0.5, 0.75});
        int64_t count[3] = {0};
        for (int i = 0; i < N; i++)
            count[throng_cohorts_view(cohorts)[i]]++;
        int64_t head = order < 3 ? N / 4 : 0, middle = order < 3 ? N / 4 : N / 2;
        /* Up and down, values tie in pairs: half of the pair at the cut falls below. */
        cr_expect_leq(llabs(count[0] - head), order == 2 ? 1 : 0, "order %d: %lld", order, (long long)count[0]);
        cr_expect_leq(llabs(count[1] - middle), order == 2 ? 2 : 0, "order %d: %lld", order, (long long)count[1]);
        throng_cohorts_free(cohorts);
        throng_population_free(population);
    }
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

Test(cohorts, whole_numbers) {
    COHORTED(6, INT32, 3, -1, 10, 3, 0, 10);
    cr_expect_str_eq(described(population, divide(population, 0, NULL)),
                     "2 0 3 2 1 3 | -1: x is -1 | 0: x is 0 | 3: x is 3 | 10: x is 10");
}

/* The reader makes real numbers of whole ones where some are missing. */
Test(cohorts, whole_numbers_with_gaps) {
    COHORTED(5, FLOAT64, 3, NAN, -0.0, 0.0, NAN);
    cr_expect_str_eq(described(population, divide(population, 0, NULL)),
                     "1 2 0 0 2 | 0: x is 0 | 3: x is 3 | (none): x is missing");
}

Test(cohorts, no_value_at_all) {
    COHORTED(2, FLOAT64, NAN, NAN);
    cr_expect_str_eq(described(population, divide(population, 0, NULL)), "0 0 | (none): x is missing");
}

/* Cuts that are asked for are made, labels or not. */
Test(cohorts, whole_numbers_with_cuts) {
    COHORTED(4, INT64, 1, 2, 1, 2);
    cr_expect_str_eq(described(population, divide(population, 1, (double[]){0.5})),
                     "1 0 1 0 | above: top 50 % by x | below: the other 50 % by x");
}

/* 32 different whole numbers are labels, 33 are amounts; so is anything that is not whole, or beyond 2^53. */
Test(cohorts, labels_or_amounts) {
    for (int kind = 0; kind < 5; kind++) {
        enum {
            N = 100
        };
        static double x[N];
        for (int i = 0; i < N; i++)
            x[i] = i % (kind == 0 ? 32 : kind == 1 ? 33 : 31);
        if (kind >= 2)
            x[N - 1] = kind == 2 ? 0.5 : kind == 3 ? (double)INFINITY : 0x1p60;
        throng_table *table = make_table(N);
        expect_ok(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, x, &error));
        throng_population *population = NULL;
        static double state[N];
        expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
        population = populate(table, PARTS(.cohort = "x"));
        throng_cohorts *cohorts = divide(population, 0, NULL);
        cr_expect_eq(throng_cohorts_count(cohorts), kind == 0 ? 32 : 3, "kind %d", kind);
        throng_cohorts_free(cohorts);
        throng_population_free(population);
    }
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

Test(cohorts, words) {
    throng_table *table = make_table(6);
    view(table, "state", FLOAT64, 1, 2, 3, 4, 5, NAN);
    text(table, "language", "ja", "(none)", "en", "ja", "de", "gone");
    throng_population *population = populate(table, PARTS(.cohort = "language", .missing = THRONG_MISSING_DROP));
    cr_expect_str_eq(described(population, divide(population, 2, (double[]){0.1, 0.2})),
                     "2 3 1 2 0 | de: language is de | en: language is en | ja: language is ja | "
                     "(none): language is missing");
}

static throng_population *worded(int n_words) {
    static char words[300][16];
    const char *list[300];
    throng_table *table = make_table(300);
    static double state[300];
    for (int i = 0; i < 300; i++) {
        snprintf(words[i], sizeof words[i], "w%03d", i % n_words);
        list[i] = words[i];
    }
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_text(table, "camp", list, &error));
    return populate(table, PARTS(.cohort = "camp"));
}

Test(cohorts, as_many_words_as_there_may_be) {
    throng_population *population = worded(256);
    throng_cohorts *cohorts = divide(population, 0, NULL);
    cr_expect_eq(throng_cohorts_count(cohorts), 256);
    cr_expect_eq(throng_cohorts_view(cohorts)[255], 255);
    cr_expect_str_eq(throng_cohorts_name(cohorts, 255), "w255");
    throng_cohorts_free(cohorts);
    throng_population_free(population);
}

/* ---- nested ---------------------------------------------------------------------------------------------------- */

/* "Labour[0,2) Labour/Commons[0,1) ...": depth as indentation. */
static const char *tree_of(const throng_cohorts *cohorts) {
    static char line[4096];
    size_t used = 0;
    line[0] = '\0';
    for (int i = 0; i < throng_cohorts_branches(cohorts); i++) {
        throng_cohort_branch it = throng_cohorts_branch(cohorts, i);
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%.*s%s[%d,%d)", i ? " " : "", 2 * it.depth,
                                 "........", it.name, it.first, it.first + it.n);
    }
    return line;
}

static throng_table *members_table(void) {
    throng_table *table = make_table(6);
    static const double state[6], age[] = {30, 40, 50, 60, 70, 80.5};
    static const int32_t term[] = {2, 1, 1, 1, 2, 1};
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_view(table, "age", THRONG_TYPE_FLOAT64, age, &error));
    expect_ok(throng_table_add_view(table, "term", THRONG_TYPE_INT32, term, &error));
    text(table, "party", "Tory", "Labour", "Tory", "(none)", "Labour", "Tory");
    text(table, "chamber", "Lords", "Commons", "Commons", "Lords", "Commons", "Lords");
    return table;
}

/* Only what occurs is formed, in the order of both levels. */
Test(cohorts, nested) {
    throng_population *population = populate(members_table(), PARTS(.cohort = "party", .nested = {"chamber"}));
    throng_cohorts *cohorts = divide(population, 0, NULL);
    cr_expect_str_eq(tree_of(cohorts), "Labour[0,1) ..Labour/Commons[0,1) Tory[1,3) ..Tory/Commons[1,2) "
                                       "..Tory/Lords[2,3) (none)[3,4) ..(none)/Lords[3,4)");
    throng_cohort_branch nothing = throng_cohorts_branch(cohorts, 7);
    cr_expect(!nothing.name && nothing.n == 0 && !throng_cohorts_branch(cohorts, -1).name);
    cr_expect_str_eq(throng_cohorts_branch(cohorts, 2).meaning, "party is Tory");
    cr_expect_str_eq(described(population, cohorts),
                     "2 0 1 3 0 2 | Labour/Commons: party is Labour, chamber is Commons "
                     "| Tory/Commons: party is Tory, chamber is Commons | Tory/Lords: party is Tory, chamber is Lords "
                     "| (none)/Lords: party is missing, chamber is Lords");
}

Test(cohorts, four_levels_and_cuts_of_amounts_only) {
    throng_population *population =
        populate(members_table(), PARTS(.cohort = "term", .nested = {"chamber", "age", "party"}));
    throng_cohorts *cohorts = divide(population, 1, (double[]){0.5});
    cr_expect_str_eq(tree_of(cohorts),
                     "1[0,4) ..1/Commons[0,2) ....1/Commons/below[0,2) ......1/Commons/below/Labour[0,1) "
                     "......1/Commons/below/Tory[1,2) ..1/Lords[2,4) ....1/Lords/above[2,4) "
                     "......1/Lords/above/Tory[2,3) ......1/Lords/above/(none)[3,4) 2[4,6) ..2/Commons[4,5) "
                     "....2/Commons/above[4,5) ......2/Commons/above/Labour[4,5) ..2/Lords[5,6) "
                     "....2/Lords/below[5,6) ......2/Lords/below/Tory[5,6)");
    throng_cohorts_free(cohorts);
    throng_population_free(population);
}

Test(cohorts, without_nesting_branches_are_the_cohorts) {
    throng_population *population = populate(members_table(), PARTS(.cohort = "chamber"));
    throng_cohorts *cohorts = divide(population, 0, NULL);
    cr_expect_str_eq(tree_of(cohorts), "Commons[0,1) Lords[1,2)");
    throng_cohorts_free(cohorts);
    throng_population_free(population);
}

Test(cohorts, nothing_to_divide_again) {
    refuse(members_table(), PARTS(.nested = {"party"}), THRONG_E_ARGUMENT,
           "Column \"party\" divides cohorts again, but no column forms them.");
}

/* Outer branches are the sums of what is right within them, to the last bit; and all rows are in the right place. */
Test(cohorts, sums_of_branches) {
    enum {
        N = 5000
    };
    static double state[N], x[N];
    static int32_t a[N], b[N];
    for (int i = 0; i < N; i++) {
        state[i] = test_uniform(3, (uint64_t)i) - 0.4;
        x[i] = test_uniform(4, (uint64_t)i);
        a[i] = (int)(5 * test_uniform(5, (uint64_t)i));
        b[i] = (int)(7 * test_uniform(6, (uint64_t)i));
    }
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, x, &error));
    expect_ok(throng_table_add_view(table, "a", THRONG_TYPE_INT32, a, &error));
    expect_ok(throng_table_add_view(table, "b", THRONG_TYPE_INT32, b, &error));
    throng_population *population = populate(table, PARTS(.cohort = "a", .nested = {"b", "x"}));
    throng_cohorts *cohorts = divide(population, 0, NULL);
    throng_attribution *attribution = NULL;
    throng_attribution_def def = throng_attribution_default();
    expect_ok(throng_attribute(context, population, &def, &attribution, &error));
    throng_cohort_credit credit[THRONG_COHORTS_MAX * 3], leaves[THRONG_COHORTS_MAX];
    throng_attribution_branches(attribution, cohorts, 0, credit);
    throng_attribution_cohorts(attribution, cohorts, 0, leaves);
    int n = throng_cohorts_branches(cohorts);
    cr_assert_gt(n, 5 * 7 + 5 + 20);
    for (int i = 0; i < n; i++) {
        throng_cohort_branch it = throng_cohorts_branch(cohorts, i);
        throng_cohort_credit sum = {.n_agents = 0};
        bool innermost = it.depth == 2;
        for (int j = i + 1; j < n && throng_cohorts_branch(cohorts, j).depth > it.depth; j++)
            if (throng_cohorts_branch(cohorts, j).depth == it.depth + 1) {
                sum.n_agents += credit[j].n_agents;
                sum.phi += credit[j].phi;
                sum.absolute += credit[j].absolute;
            }
        sum = innermost ? leaves[it.first] : sum;
        cr_assert(credit[i].n_agents == sum.n_agents && credit[i].phi == sum.phi &&
                      credit[i].absolute == sum.absolute && isnan(credit[i].standard_error),
                  "%s", it.name);
    }
    double by_a[5] = {0.0}, of_a = 0.0;
    for (int i = 0; i < N; i++)
        by_a[a[i]] += throng_attribution_phi(attribution)[i];
    for (int i = 0; i < n; i++)
        if (throng_cohorts_branch(cohorts, i).depth == 0) {
            of_a = by_a[atoi(throng_cohorts_branch(cohorts, i).name)];
            cr_expect_float_eq(credit[i].phi, of_a, 1e-13 * fabs(of_a));
        }
    throng_attribution_free(attribution);
    throng_cohorts_free(cohorts);
    throng_population_free(population);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void refuse_cohorts(const throng_population *population, int n_cuts, const double *cuts, throng_status expected,
                           const char *message) {
    throng_cohorts *cohorts = NULL;
    int64_t before = throng_context_bytes(context);
    throng_status status = throng_cohorts_create(population, &(throng_cohorts_def){cuts, n_cuts}, &cohorts, &error);
    cr_expect_eq(status, expected, "%s", throng_status_name(status));
    cr_expect_str_eq(error.message, message);
    cr_expect_null(cohorts);
    cr_expect_eq(throng_context_bytes(context), before);
}

Test(cohorts, too_many_pairs) {
    enum {
        N = 20 * 15
    };
    static double state[N];
    static int32_t a[N], b[N];
    for (int i = 0; i < N; i++) {
        a[i] = i % 20;
        b[i] = i / 20;
    }
    throng_table *table = make_table(N);
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_view(table, "a", THRONG_TYPE_INT32, a, &error));
    expect_ok(throng_table_add_view(table, "b", THRONG_TYPE_INT32, b, &error));
    throng_population *population = populate(table, PARTS(.cohort = "a", .nested = {"b"}));
    refuse_cohorts(population, 0, NULL, THRONG_E_COHORT,
                   "\"b\" within \"a\" makes 300 cohorts, but there may be at most 256.");
    throng_population_free(population);
}

Test(cohorts, too_many_words) {
    throng_population *population = worded(257);
    refuse_cohorts(population, 0, NULL, THRONG_E_COHORT,
                   "Column \"camp\" has 257 different texts, but there may be at most 256 cohorts.");
    throng_population_free(population);
}

Test(cohorts, code_without_a_word) {
    throng_table *table = make_table(1);
    int32_t *codes = NULL;
    const char *words[] = {"a", "b"};
    view(table, "state", FLOAT64, 1);
    expect_ok(throng_table_add_codes(table, "camp", 2, words, &codes, &error));
    codes[0] = 1 << 30;
    throng_population *population = populate(table, PARTS(.cohort = "camp"));
    refuse_cohorts(population, 0, NULL, THRONG_E_COLUMN, "Column \"camp\" has the code 1073741824, but 2 words.");
    throng_population_free(population);
}

Test(cohorts, wrong_cuts) {
    COHORTED(2, FLOAT64, NAN, 2);
    static double many[256];
    for (int i = 0; i < 256; i++)
        many[i] = (i + 1) / 300.0;
    refuse_cohorts(population, 0, many, THRONG_E_COHORT, "There must be at least one cut, got 0.");
    refuse_cohorts(population, 1, (double[]){0.0}, THRONG_E_COHORT, "A cut must lie between 0 and 1, got 0.");
    refuse_cohorts(population, 1, (double[]){1.0}, THRONG_E_COHORT, "A cut must lie between 0 and 1, got 1.");
    refuse_cohorts(population, 1, (double[]){NAN}, THRONG_E_COHORT, "A cut must lie between 0 and 1, got nan.");
    refuse_cohorts(population, 2, (double[]){0.9, 0.5}, THRONG_E_COHORT, "Cuts must ascend, but 0.5 comes after 0.9.");
    refuse_cohorts(population, 2, (double[]){0.5, 0.5}, THRONG_E_COHORT, "Cuts must ascend, but 0.5 comes after 0.5.");
    refuse_cohorts(population, 256, many, THRONG_E_COHORT, "There may be at most 255 cuts, got 256.");
    refuse_cohorts(population, 255, many, THRONG_E_COHORT, "There may be at most 254 cuts, got 255.");
    throng_cohorts *cohorts = divide(population, 254, many);
    cr_expect_eq(throng_cohorts_count(cohorts), 256);
    cr_expect_eq(throng_cohorts_view(cohorts)[0], 255);
    throng_cohorts_free(cohorts);
    throng_population_free(population);
}

/* ---- threads and lack of memory -------------------------------------------------------------------------------- */

static uint64_t cohorts_hash(throng_population *population, int n_cuts, const double *cuts) {
    throng_cohorts *cohorts = divide(population, n_cuts, cuts);
    uint64_t hash = test_hash(throng_cohorts_view(cohorts), (size_t)throng_population_rows(population));
    throng_cohorts_free(cohorts);
    return hash;
}

Test(cohorts, same_for_every_number_of_threads) {
    test_crowd crowd = crowd_make(60000, 2, 9);
    const int threads[] = {1, 2, 3, 8};
    uint64_t first[2] = {0};
    throng_population *population = crowd_population(context, &crowd);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        expect_ok(throng_context_set_threads(context, threads[i], &error));
        uint64_t usual = cohorts_hash(population, 0, NULL);
        uint64_t five = cohorts_hash(population, 5, (double[]){0.1, 0.2, 0.5, 0.6, 0.99});
        first[0] = i == 0 ? usual : first[0];
        first[1] = i == 0 ? five : first[1];
        cr_expect(usual == first[0] && five == first[1], "%d threads", threads[i]);
    }
    throng_population_free(population);
    crowd_clear(&crowd);
}

static throng_status all_ways(void) {
    static const double state[] = {1, 2, 3}, gaps[] = {0.5, NAN, 2}, whole[] = {1, NAN, 2};
    static const char *const words[] = {"a", "(none)", "b"}, *const columns[] = {NULL, "gaps", "whole", "words"};
    throng_status status = THRONG_OK;
    for (int way = 0; way < 5 && status == THRONG_OK; way++) {
        throng_table *table = NULL;
        throng_population *population = NULL;
        throng_cohorts *cohorts = NULL;
        status = throng_table_create(context, 3, &table, &error);
        if (status != THRONG_OK)
            return status;
        const bool made =
            (status = throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error)) == THRONG_OK &&
            (status = throng_table_add_view(table, "gaps", THRONG_TYPE_FLOAT64, gaps, &error)) == THRONG_OK &&
            (status = throng_table_add_view(table, "whole", THRONG_TYPE_FLOAT64, whole, &error)) == THRONG_OK &&
            (status = throng_table_add_text(table, "words", words, &error)) == THRONG_OK;
        if (!made) {
            throng_table_free(table);
            return status;
        }
        throng_population_def def = PARTS(.cohort = columns[way % 4]);
        if (way == 4)
            def = PARTS(.cohort = "words", .nested = {"gaps", "whole"});
        status = throng_population_create(context, table, &def, &population, &error);
        if (status == THRONG_OK)
            status = throng_cohorts_create(population, NULL, &cohorts, &error);
        throng_cohorts_free(cohorts);
        throng_population_free(population);
    }
    return status;
}

Test(cohorts, every_allocation_may_fail) {
    cr_expect_gt(fail_every_allocation(all_ways), 60);
}
