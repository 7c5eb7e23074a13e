/* Generators: what their tables hold, that nothing but seed and parameters decides it, and that the crowds are what
 * their descriptors promise. Figures of Bluesky: docs/generators-calibration.md. */
#include "table/table.h"
#include "throng/generator.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENTS 200000

typedef struct crowd {
    throng_context *context;
    throng_table *table;
    int64_t n_rows;
    const int64_t *id;
    const int32_t *day, *followers, *activity, *language;
    const float *state;
    const uint8_t *planted;
} crowd;

static const void *column(const throng_table *table, const char *name) {
    throng_column_view view;
    return throng_table_find(table, name, &view, NULL) == THRONG_OK ? view.data : NULL;
}

static crowd crowd_make(const char *generator, int64_t n_agents, int32_t n_days, uint64_t seed, int threads) {
    crowd made = {0};
    throng_error err = {0};
    cr_assert_eq(throng_context_create(&made.context, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_context_set_threads(made.context, threads, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_generate(made.context, generator, n_agents, n_days, seed, &made.table, &err), THRONG_OK, "%s",
                 err.message);
    made.n_rows = throng_table_rows(made.table);
    made.id = column(made.table, "id");
    made.day = column(made.table, "day");
    made.followers = column(made.table, "followers");
    made.activity = column(made.table, "activity");
    made.language = column(made.table, "language");
    made.state = column(made.table, "state");
    made.planted = column(made.table, "planted");
    return made;
}

static void crowd_free(crowd *made) {
    throng_table_free(made->table);
    throng_context_free(made->context);
}

/* Row at which a day starts; n_rows for a day after the last. */
static int64_t day_start(const crowd *made, int32_t day) {
    int64_t row = 0;
    while (row < made->n_rows && made->day[row] < day)
        row++;
    return row;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, int64_t n, double share) {
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return values[(int64_t)(share * (double)n)];
}

static double *numbers(int64_t n) {
    double *fresh = calloc((size_t)n, sizeof *fresh);
    cr_assert(fresh);
    return fresh;
}

static double correlation(const double *x, const double *y, int64_t n) {
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (int64_t i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        syy += y[i] * y[i];
        sxy += x[i] * y[i];
    }
    return (sxy - sx * sy / n) / sqrt((sxx - sx * sx / n) * (syy - sy * sy / n));
}

/* ---- form ------------------------------------------------------------------------------------------------------ */

static void check_columns(const crowd *made, int n, const char *const *names, const throng_type *types) {
    cr_assert_eq(throng_table_columns(made->table), n);
    for (int i = 0; i < n; i++) {
        throng_column_view view = throng_table_column(made->table, i);
        cr_expect_str_eq(view.name, names[i]);
        cr_expect_eq(view.type, types[i], "%s is %s", view.name, throng_type_name(view.type));
    }
}

Test(bluesky, has_its_columns) {
    crowd made = crowd_make("bluesky", 10, 3, 1, 1);
    check_columns(&made, 6, (const char *const[]){"id", "day", "state", "followers", "activity", "language"},
                  (const throng_type[]){THRONG_TYPE_INT64, THRONG_TYPE_INT32, THRONG_TYPE_FLOAT32, THRONG_TYPE_INT32,
                                        THRONG_TYPE_INT32, THRONG_TYPE_TEXT});
    throng_column_view language = throng_table_column(made.table, 5);
    cr_expect_eq(language.n_words, 10);
    cr_expect_str_eq(language.words[0], "en");
    crowd_free(&made);
}

Test(planted, has_its_columns_and_no_day_if_there_is_one) {
    crowd made = crowd_make("planted", 10, 2, 1, 1);
    check_columns(&made, 5, (const char *const[]){"id", "day", "state", "followers", "planted"},
                  (const throng_type[]){THRONG_TYPE_INT64, THRONG_TYPE_INT32, THRONG_TYPE_FLOAT32, THRONG_TYPE_INT32,
                                        THRONG_TYPE_UINT8});
    crowd_free(&made);
    made = crowd_make("planted", 10, 1, 1, 1);
    cr_expect_eq(throng_table_columns(made.table), 4);
    cr_expect_null(made.day);
    crowd_free(&made);
}

/* Strictly rising by (day, id), which excludes duplicates; values in range; everybody there at least once. */
static void check_rows(const char *generator, int64_t n_agents, int32_t n_days) {
    crowd made = crowd_make(generator, n_agents, n_days, 7, 2);
    char *seen = calloc((size_t)n_agents, 1);
    int64_t n_seen = 0;
    for (int64_t row = 0; row < made.n_rows; row++) {
        int64_t id = made.id[row];
        int32_t day = made.day ? made.day[row] : 1;
        cr_assert(id >= 0 && id < n_agents && day >= 1 && day <= n_days);
        if (row > 0) {
            int32_t before = made.day ? made.day[row - 1] : 1;
            cr_assert(before < day || (before == day && made.id[row - 1] < id), "row %lld", (long long)row);
        }
        cr_assert(made.state[row] > -1.0f && made.state[row] < 1.0f);
        cr_assert_geq(made.followers[row], 0);
        cr_assert(!made.activity || made.activity[row] >= 1);
        cr_assert(!made.language || (made.language[row] >= 0 && made.language[row] < 10));
        cr_assert(!made.planted || made.planted[row] <= 1);
        n_seen += !seen[id];
        seen[id] = 1;
    }
    cr_expect_eq(n_seen, n_agents, "%s: %lld of %lld agents", generator, (long long)n_seen, (long long)n_agents);
    if (n_days == 1 || made.planted)
        cr_expect_eq(made.n_rows, n_agents * n_days);
    free(seen);
    crowd_free(&made);
}

Test(generators, rows_are_ordered_unique_and_in_range) {
    static const char *const generators[] = {"bluesky", "planted", "bluesky:separation=3,drift=1,noise=2,slant=1",
                                             "planted:strength=5,consensus=5,share=0.5", "bluesky:tail=1.05"};
    for (int i = 0; i < 5; i++) {
        check_rows(generators[i], 9000, 9); /* three chunks, the last one short; days that fill no draw */
        check_rows(generators[i], 4096, 1);
        check_rows(generators[i], 1, 14);
        check_rows(generators[i], 1, 1);
    }
}

static void check_refused(const char *generator, int64_t n_agents, int32_t n_days, throng_status wanted) {
    throng_context *context = NULL;
    throng_error err = {0};
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK);
    throng_table *const untouched = (throng_table *)&context;
    throng_table *table = untouched;
    throng_status status = throng_generate(context, generator, n_agents, n_days, 1, &table, &err);
    cr_expect_eq(status, wanted, "%s, %lld agents, %d days: %s", generator ? generator : "(none)", (long long)n_agents,
                 n_days, throng_status_name(status));
    cr_expect_eq(table, untouched);
    cr_expect_eq(err.status, wanted);
    cr_expect(strlen(err.message) > 10);
    throng_context_free(context);
}

Test(generators, impossible_crowds_are_refused) {
    check_refused("bluesky", 0, 1, THRONG_E_ARGUMENT);
    check_refused("bluesky", -1, 1, THRONG_E_ARGUMENT);
    check_refused("planted", (int64_t)1 << 31, 1, THRONG_E_ARGUMENT);
    check_refused("bluesky", 10, 0, THRONG_E_ARGUMENT);
    check_refused("bluesky", 10, INT32_MAX, THRONG_E_ARGUMENT);
    check_refused("blusky", 10, 1, THRONG_E_UNKNOWN_NAME);
    check_refused("bluesky:tails=2", 10, 1, THRONG_E_UNKNOWN_NAME);
    check_refused("bluesky:tail=1", 10, 1, THRONG_E_PARAMETER);
    check_refused("planted:share", 10, 1, THRONG_E_PARAMETER);
    check_refused(NULL, 10, 1, THRONG_E_ARGUMENT);
}

static bool stop_at(void *user, const throng_progress *progress) {
    return strcmp(progress->stage, user) != 0;
}

/* On one thread the end of a stage is always reported, so that even a small crowd can be stopped. */
static void check_cancelled(const char *generator, const char *stage) {
    throng_context *context = NULL;
    char wanted[40];
    throng_table *table = NULL;
    cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
    cr_assert_eq(throng_context_set_threads(context, 1, NULL), THRONG_OK);
    int64_t before = throng_context_bytes(context);
    throng_context_set_progress(context, stop_at, strcpy(wanted, stage));
    throng_status status = throng_generate(context, generator, 10000, 4, 1, &table, NULL);
    cr_expect_eq(status, THRONG_E_CANCELLED, "%s, %s: %s", generator, stage, throng_status_name(status));
    cr_expect_null(table);
    cr_expect_eq(throng_context_bytes(context), before);
    throng_context_free(context);
}

Test(generators, cancelling_leaves_nothing) {
    check_cancelled("bluesky", "counting");
    check_cancelled("bluesky", "generating");
    check_cancelled("planted", "generating");
}

/* An allocator that refuses the k-th request. */
static void *refuse_kth(void *user, void *pointer, size_t size) {
    int *left = user;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return --*left == 0 ? NULL : realloc(pointer, size);
}

Test(generators, every_failing_allocation_is_reported_and_leaks_nothing) {
    for (int i = 0; i < 2; i++) {
        int left = 0, failures = 0;
        throng_context *context = NULL;
        cr_assert_eq(throng_context_create_with(refuse_kth, &left, &context, NULL), THRONG_OK);
        int64_t before = throng_context_bytes(context);
        for (throng_status status = THRONG_E_MEMORY; status != THRONG_OK; failures++) {
            throng_table *table = NULL;
            left = failures + 1;
            status = throng_generate(context, i ? "planted" : "bluesky", 100, 2, 1, &table, NULL);
            cr_assert(status == THRONG_OK || (status == THRONG_E_MEMORY && !table), "allocation %d: %s", failures + 1,
                      throng_status_name(status));
            throng_table_free(table);
            cr_assert_eq(throng_context_bytes(context), before);
        }
        cr_expect_gt(failures, 6);
        throng_context_free(context);
    }
}

/* ---- the same bits --------------------------------------------------------------------------------------------- */

static bool same_tables(const throng_table *a, const throng_table *b) {
    bool same = throng_table_rows(a) == throng_table_rows(b) && throng_table_columns(a) == throng_table_columns(b);
    for (int i = 0; same && i < throng_table_columns(a); i++) {
        throng_column_view left = throng_table_column(a, i), right = throng_table_column(b, i);
        same = memcmp(left.data, right.data, (size_t)left.n_rows * throng_type_size(left.type)) == 0;
    }
    return same;
}

Test(generators, threads_change_no_bit) {
    for (int i = 0; i < 2; i++) {
        const char *generator = i ? "planted" : "bluesky";
        crowd one = crowd_make(generator, 50000, 5, 11, 1);
        for (int threads = 2; threads <= 8; threads += threads == 2 ? 1 : 5) {
            crowd more = crowd_make(generator, 50000, 5, 11, threads);
            cr_expect(same_tables(one.table, more.table), "%s with %d threads", generator, threads);
            crowd_free(&more);
        }
        crowd_free(&one);
    }
}

/* An agent's state, followers and activity, summed over its days, and the number of its days: [4][AGENTS]. */
static double *agent_sums(const char *generator, int32_t n_days, uint64_t seed) {
    crowd made = crowd_make(generator, AGENTS, n_days, seed, 2);
    double *sums = numbers(4 * AGENTS);
    for (int64_t row = 0; row < made.n_rows; row++) {
        double *sum = sums + made.id[row];
        sum[0] += made.state[row];
        sum[AGENTS] += log(1.0 + made.followers[row]);
        sum[2 * AGENTS] += made.activity ? log(made.activity[row]) : 0.0;
        sum[3 * AGENTS] += 1.0;
    }
    crowd_free(&made);
    return sums;
}

/* What is the same under two seeds shows as a correlation: every stream must use the seed. */
static void check_unrelated(const char *generator, int32_t n_days) {
    double *one = agent_sums(generator, n_days, 11), *other = agent_sums(generator, n_days, 12);
    double five_sigma = 5.0 / sqrt(AGENTS);
    for (int i = 0; i < 4; i++) {
        double related = correlation(one + i * AGENTS, other + i * AGENTS, AGENTS);
        cr_expect(!(fabs(related) > five_sigma), "%s, column %d: %g", generator, i, related); /* constant: NaN */
    }
    free(one);
    free(other);
}

Test(generators, seeds_change_everything) {
    check_unrelated("bluesky", 1);
    check_unrelated("bluesky", 6);
    check_unrelated("planted", 1);
    check_unrelated("planted:share=0", 1);
}

/* The rows that a small crowd has as well must be those of the small crowd, in order. */
static void check_begins_with(const char *generator, int32_t small_days, int32_t large_days) {
    crowd small = crowd_make(generator, 5000, small_days, 3, 2), large = crowd_make(generator, 9000, large_days, 3, 2);
    int64_t next = 0;
    for (int64_t row = 0; row < large.n_rows; row++) {
        if (large.id[row] >= 5000 || large.day[row] > small_days)
            continue;
        cr_assert_lt(next, small.n_rows);
        cr_assert(small.id[next] == large.id[row] && small.day[next] == large.day[row]);
        cr_assert(small.state[next] == large.state[row] && small.followers[next] == large.followers[row]);
        cr_assert(!small.activity || small.activity[next] == large.activity[row]);
        cr_assert(!small.language || small.language[next] == large.language[row]);
        cr_assert(!small.planted || small.planted[next] == large.planted[row]);
        next++;
    }
    cr_expect_eq(next, small.n_rows);
    crowd_free(&small);
    crowd_free(&large);
}

Test(generators, a_larger_crowd_begins_with_the_same_agents) {
    check_begins_with("bluesky", 6, 6);
    check_begins_with("planted", 6, 11);
}

/* ---- calibration ----------------------------------------------------------------------------------------------- */

/* Sampling moves a percentile of 200,000 accounts by about 1 %; the rest is misfit of a model with six constants. */
#define PERCENTILE_TOLERANCE 0.15
/* Small counts move in whole steps. */
#define STEP_TOLERANCE 1.0

static void check_percentiles(const char *what, double *values, int n, const double published[][2]) {
    for (int i = 0; i < n; i++) {
        double value = quantile(values, AGENTS, published[i][0]), wanted = published[i][1];
        cr_expect(fabs(value - wanted) <= fmax(PERCENTILE_TOLERANCE * wanted, STEP_TOLERANCE),
                  "%s, percentile %g: %g, published %g", what, 100 * published[i][0], value, wanted);
    }
}

Test(bluesky, activity_is_that_of_april_2026) {
    crowd made = crowd_make("bluesky", AGENTS, 8, 1, 2);
    double *days = numbers(AGENTS), *events = numbers(AGENTS), *pace = numbers(AGENTS);
    for (int64_t row = 0; row < made.n_rows; row++) {
        days[made.id[row]] += 1.0;
        events[made.id[row]] += made.activity[row];
    }
    for (int64_t i = 0; i < AGENTS; i++)
        pace[i] = events[i] / days[i];
    check_percentiles("active days", days, 4, (const double[][2]){{0.25, 1}, {0.5, 3}, {0.75, 6}, {0.9, 8}});
    check_percentiles("events", events, 6,
                      (const double[][2]){{0.25, 3}, {0.5, 8}, {0.75, 39}, {0.9, 159}, {0.95, 341}, {0.99, 1185}});
    check_percentiles("events per active day", pace, 6,
                      (const double[][2]){{0.1, 1}, {0.25, 1.5}, {0.5, 3}, {0.75, 8.8}, {0.9, 26.8}, {0.99, 167.9}});
    free(days);
    free(events);
    free(pace);
    crowd_free(&made);
}

/* Hill's estimate of the tail exponent over the k largest: relative standard error 1 / sqrt(k). */
static double hill(double *values, int64_t n, int64_t k) {
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    double sum = 0.0;
    for (int64_t i = n - k; i < n; i++)
        sum += log(values[i] / values[n - k - 1]);
    return (double)k / sum;
}

/* With a tail of 1.5 the mean converges like n^(-1/3), and one giant can lift it: over seeds 1..20 it lay between -5 %
 * and +10 % at 200,000 accounts. The seed is fixed. */
#define MEAN_TOLERANCE 0.1

Test(bluesky, followers_have_the_published_mean_and_the_stated_tail) {
    crowd made = crowd_make("bluesky", AGENTS, 1, 1, 2);
    crowd thin = crowd_make("bluesky:tail=3,mean-followers=500", AGENTS, 1, 1, 2);
    double *followers = numbers(AGENTS), *thinner = numbers(AGENTS), *seen = numbers(AGENTS), *busy = numbers(AGENTS);
    double mean = 0.0, mean_thin = 0.0;
    for (int64_t i = 0; i < AGENTS; i++) {
        followers[i] = made.followers[i];
        thinner[i] = thin.followers[i];
        mean += followers[i] / AGENTS;
        mean_thin += thinner[i] / AGENTS;
        seen[i] = log(1.0 + followers[i]);
        busy[i] = log(made.activity[i]);
    }
    cr_expect_float_eq(mean, 53.3, MEAN_TOLERANCE * 53.3, "mean %g", mean);
    cr_expect_float_eq(mean_thin, 500.0, MEAN_TOLERANCE * 500.0, "mean %g", mean_thin);
    /* 400 accounts: three standard errors are 15 %. */
    cr_expect_float_eq(hill(followers, AGENTS, 400), 1.5, 0.225, "tail %g", hill(followers, AGENTS, 400));
    cr_expect_gt(hill(thinner, AGENTS, 100), 2.0, "tail %g", hill(thinner, AGENTS, 100));
    double together = correlation(seen, busy, AGENTS);
    cr_expect(together > 0.18 && together < 0.35, "followers and activity correlate by %g", together);
    free(followers);
    free(thinner);
    free(seen);
    free(busy);
    crowd_free(&made);
    crowd_free(&thin);
}

Test(bluesky, languages_have_the_observed_shares) {
    static const double published[10] = {0.757, 0.1351, 0.0505, 0.0099, 0.0092, 0.0057, 0.0054, 0.0045, 0.0042, 0.0185};
    crowd made = crowd_make("bluesky", AGENTS, 1, 1, 2);
    double count[10] = {0};
    for (int64_t i = 0; i < AGENTS; i++)
        count[made.language[i]] += 1.0;
    for (int i = 0; i < 10; i++) {
        double five_sigma = 5.0 * sqrt(published[i] * (1.0 - published[i]) / AGENTS);
        cr_expect_float_eq(count[i] / AGENTS, published[i], five_sigma, "language %d: %g", i, count[i] / AGENTS);
    }
    crowd_free(&made);
}

/* ---- what the crowd is for ------------------------------------------------------------------------------------- */

/* Attribution of the variance of rows, weighted by followers, against a neutral baseline; returns the variance. */
static double variance_split(const int32_t *weight, const float *state, int64_t n, double *phi) {
    double total = 0.0, mean = 0.0, variance = 0.0;
    for (int64_t i = 0; i < n; i++) {
        total += weight[i];
        mean += weight[i] * (double)state[i];
    }
    mean /= total;
    for (int64_t i = 0; i < n; i++) {
        phi[i] = weight[i] * ((double)state[i] * state[i] - mean * state[i]) / total;
        variance += phi[i];
    }
    return variance;
}

static double day_variance(const crowd *made, int32_t day) {
    int64_t begin = day_start(made, day), n = day_start(made, day + 1) - begin;
    double *phi = numbers(n);
    double variance = variance_split(made->followers + begin, made->state + begin, n, phi);
    free(phi);
    return variance;
}

Test(bluesky, polarisation_rises_by_drift_and_by_nothing_else) {
    crowd made = crowd_make("bluesky", AGENTS, 14, 1, 2), still = crowd_make("bluesky:drift=0", AGENTS, 14, 1, 2);
    double rise = day_variance(&made, 14) / day_variance(&made, 1);
    double rise_still = day_variance(&still, 14) / day_variance(&still, 1);
    cr_expect_gt(rise, 1.4, "with drift it rises by the factor %g", rise);
    cr_expect(rise_still > 0.8 && rise_still < 1.2, "without drift by %g", rise_still);
    crowd_free(&made);
    crowd_free(&still);
}

static int32_t head_cut(const crowd *made) {
    double *followers = numbers(made->n_rows);
    for (int64_t i = 0; i < made->n_rows; i++)
        followers[i] = made->followers[i];
    double cut = quantile(followers, made->n_rows, 0.999);
    free(followers);
    return (int32_t)cut;
}

#define PANEL 100

/* Draws a panel without replacement, each next member with probability proportional to its share of `rising`. */
static void panel_draw(const double *rising, int64_t n, uint64_t panel, int64_t member[PANEL]) {
    int chosen = 0;
    for (uint64_t draw = 0; chosen < PANEL; draw++) {
        double uniform[4];
        throng_random_uniforms((throng_random){99, 99}, panel, 0, draw, uniform);
        int64_t low = 0, high = n;
        while (high - low > 1) {
            int64_t middle = (low + high) / 2;
            *(rising[middle] <= uniform[0] * rising[n] ? &low : &high) = middle;
        }
        bool again = false;
        for (int i = 0; i < chosen; i++)
            again = again || member[i] == low;
        if (!again)
            member[chosen++] = low;
    }
}

/* The panel's own attribution: the share of its magnitude that goes to accounts of the crowd's head, and what the best
 * rescaling of the crowd's attribution leaves of it. */
static void panel_judge(const crowd *made, const int64_t member[PANEL], int32_t cut, const double *phi,
                        double *head_share, double *residual) {
    int32_t weight[PANEL];
    float state[PANEL];
    double own[PANEL], head = 0.0, all = 0.0, dot = 0.0, square = 0.0, own_square = 0.0;
    for (int i = 0; i < PANEL; i++) {
        weight[i] = made->followers[member[i]];
        state[i] = made->state[member[i]];
    }
    variance_split(weight, state, PANEL, own);
    for (int i = 0; i < PANEL; i++) {
        all += fabs(own[i]);
        head += weight[i] > cut ? fabs(own[i]) : 0.0;
        dot += own[i] * phi[member[i]];
        square += phi[member[i]] * phi[member[i]];
        own_square += own[i] * own[i];
    }
    *head_share = head / all;
    *residual = sqrt(fmax(own_square - dot * dot / square, 0.0) / own_square);
}

/* Medians over panels drawn by followers, or uniformly. */
static void panels(const crowd *made, const double *phi, bool by_followers, double *head_share, double *residual) {
    enum {
        PANELS = 500
    };
    double shares[PANELS], residuals[PANELS], *rising = numbers(made->n_rows + 1);
    for (int64_t i = 0; i < made->n_rows; i++)
        rising[i + 1] = rising[i] + (by_followers ? made->followers[i] : 1.0);
    int32_t cut = head_cut(made);
    for (int panel = 0; panel < PANELS; panel++) {
        int64_t member[PANEL];
        panel_draw(rising, made->n_rows, (uint64_t)panel, member);
        panel_judge(made, member, cut, phi, &shares[panel], &residuals[panel]);
    }
    *head_share = quantile(shares, PANELS, 0.5);
    *residual = quantile(residuals, PANELS, 0.5);
    free(rising);
}

Test(bluesky, the_many_carry_the_crowd_but_the_few_carry_a_panel) {
    crowd made = crowd_make("bluesky", AGENTS, 1, 1, 2);
    double *phi = numbers(AGENTS), head = 0.0, share = 0.0, residual = 0.0;
    double variance = variance_split(made.followers, made.state, AGENTS, phi);
    int32_t cut = head_cut(&made);
    for (int64_t i = 0; i < AGENTS; i++)
        head += made.followers[i] > cut ? phi[i] : 0.0;
    cr_expect_gt(1.0 - head / variance, 0.6, "middle and tail carry %g", 1.0 - head / variance);
    cr_expect_gt(head / variance, 0.1, "the head carries %g", head / variance);
    panels(&made, phi, true, &share, &residual);
    cr_expect_gt(share, 0.8, "of a panel drawn by followers the head has %g", share);
    cr_expect_gt(residual, 0.2, "rescaling leaves %g", residual);
    panels(&made, phi, false, &share, &residual);
    cr_expect_lt(share, 0.2, "of a panel drawn uniformly the head has %g", share);
    free(phi);
    crowd_free(&made);
}

/* Area under the curve: how often a planted agent has the larger value. Continuous values, so ties need no care. */
static double planted_auc(const crowd *made, const double *value) {
    typedef struct {
        double value, planted;
    } pair;
    int64_t n = made->n_rows, n_planted = 0;
    pair *pairs = calloc((size_t)n, sizeof *pairs);
    for (int64_t i = 0; i < n; i++)
        pairs[i] = (pair){value[i], made->planted[i]};
    qsort(pairs, (size_t)n, sizeof *pairs, compare_doubles); /* by value, which comes first */
    double ranks = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (pairs[i].planted > 0.0) {
            ranks += (double)(i + 1);
            n_planted++;
        }
    free(pairs);
    return (ranks - 0.5 * n_planted * (n_planted + 1.0)) / ((double)n_planted * (n - n_planted));
}

static void planted_aucs(const char *generator, double *weighted, double *unweighted, double *followers) {
    crowd made = crowd_make(generator, AGENTS, 1, 5, 2);
    double *value = numbers(AGENTS);
    int32_t *ones = calloc(AGENTS, sizeof *ones);
    for (int64_t i = 0; i < AGENTS; i++)
        ones[i] = 1;
    variance_split(made.followers, made.state, AGENTS, value);
    *weighted = planted_auc(&made, value);
    variance_split(ones, made.state, AGENTS, value);
    *unweighted = planted_auc(&made, value);
    for (int64_t i = 0; i < AGENTS; i++)
        value[i] = made.followers[i];
    *followers = planted_auc(&made, value);
    free(value);
    free(ones);
    crowd_free(&made);
}

Test(planted, attribution_finds_them_and_followers_do_not) {
    double weighted = 0.0, unweighted = 0.0, followers = 0.0;
    planted_aucs("planted", &weighted, &unweighted, &followers);
    cr_expect_gt(weighted, 0.99, "weighted variance: %g", weighted);
    cr_expect_gt(unweighted, 0.99, "variance: %g", unweighted);
    cr_expect(followers > 0.55 && followers < 0.7, "followers: %g", followers);
    planted_aucs("planted:strength=0,consensus=0,reach=0", &weighted, &unweighted, &followers);
    cr_expect_float_eq(weighted, 0.5, 0.05, "with nothing planted: %g", weighted);
    cr_expect_float_eq(unweighted, 0.5, 0.05, "with nothing planted: %g", unweighted);
    cr_expect_float_eq(followers, 0.5, 0.05, "with nothing planted: %g", followers);
}

Test(planted, share_is_the_share_and_lasts) {
    crowd made = crowd_make("planted:share=0.05", AGENTS, 2, 1, 2);
    int64_t n_planted = 0;
    for (int64_t i = 0; i < AGENTS; i++) {
        n_planted += made.planted[i];
        cr_assert_eq(made.planted[i], made.planted[AGENTS + i]);
        cr_assert_eq(made.followers[i], made.followers[AGENTS + i]);
    }
    double five_sigma = 5.0 * sqrt(0.05 * 0.95 / AGENTS);
    cr_expect_float_eq((double)n_planted / AGENTS, 0.05, five_sigma, "%lld planted", (long long)n_planted);
    crowd_free(&made);
}

/* A crowd that was made up says so in its file, and others do not. */
Test(generators, files_say_that_they_are_made_up) {
    throng_error err = {0};
    char origin[THRONG_I_ORIGIN_LENGTH];
    crowd made = crowd_make("uniform:low=-1", 50, 1, 9, 1);
    cr_assert_eq(throng_table_write(made.table, "test_generators.parquet", true, &err), THRONG_OK, "%s", err.message);
    throng_i_table_read_origin(made.context, "test_generators.parquet", origin);
    cr_expect_str_eq(origin, "throng generate uniform:low=-1, seed 9");
    cr_assert_eq(throng_table_write(made.table, "test_generators.csv", true, &err), THRONG_OK, "%s", err.message);
    throng_i_table_read_origin(made.context, "test_generators.csv", origin);
    cr_expect_str_eq(origin, "");
    throng_i_table_read_origin(made.context, "not-there.parquet", origin);
    cr_expect_str_eq(origin, "");
    remove("test_generators.parquet");
    remove("test_generators.csv");
    crowd_free(&made);
}
