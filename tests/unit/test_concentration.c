/* Concentration of credit against plain sorting, and what standard errors the results carry. */
#include "attribution/attribution.h"
#include "population/population.h"
#include "suite.h"

TestSuite(concentration, .init = set_up, .fini = tear_down);
TestSuite(standard_errors, .init = set_up, .fini = tear_down);

static int ascending(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

static throng_attribution *attribute(const throng_population *population, const char *method) {
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "weighted-variance";
    def.path = THRONG_PATH_PRESENCE;
    def.method = method;
    cr_assert_eq(throng_attribute(context, population, &def, &out, &error), THRONG_OK, "%s", error.message);
    return out;
}

/* By the definitions, on sorted |phi|. */
static void compare(const double *phi, int64_t n, const throng_concentration *it) {
    double *sorted = malloc((size_t)n * 8), total = 0.0, below = 0.0, mean_gap = 0.0, above = 0.0;
    int64_t half = 0;
    for (int64_t i = 0; i < n; i++)
        total += sorted[i] = fabs(phi[i]);
    qsort(sorted, (size_t)n, 8, ascending);
    for (int64_t i = 0; i < n; i++)
        mean_gap += (2.0 * (double)(i + 1) - (double)n - 1.0) * sorted[i];
    cr_expect_float_eq(it->gini, mean_gap / ((double)n * total), 1e-6);
    while (above < 0.5 * total)
        above += sorted[n - 1 - half++];
    cr_expect_eq(it->half, half);
    for (int64_t i = 0, point = 0; i <= n; i++) {
        for (; point <= 100 && point * n <= 100 * i; point++) {
            double into = point / 100.0 * (double)n - (double)(i - 1);
            double at = i == 0 ? 0.0 : below - sorted[i - 1] + into * sorted[i - 1];
            cr_expect_float_eq(it->lorenz[point], at / total, 1e-6, "point %lld", (long long)point);
        }
        below += i < n ? sorted[i] : 0.0;
    }
    below = 0.0;
    for (int64_t i = n - (n >= 10 ? n / 10 : 1); i < n; i++)
        below += sorted[i];
    cr_expect_float_eq(it->top_tenth, below / total, 1e-6);
    free(sorted);
}

Test(concentration, agrees_with_its_definition) {
    const int64_t sizes[] = {2, 7, 10, 999, 5003};
    for (int s = 0; s < 5; s++) {
        test_crowd crowd = crowd_make(sizes[s], 1, 31 + s);
        throng_population *population = crowd_population(context, &crowd);
        throng_attribution *result = attribute(population, "aumann-shapley");
        throng_concentration it;
        for (int64_t time = -1; time < 1; time++) {
            cr_assert_eq(throng_attribution_concentration(result, time, &it, &error), THRONG_OK);
            compare(throng_attribution_phi(result), sizes[s], &it);
        }
        throng_attribution_free(result);
        throng_population_free(population);
        crowd_clear(&crowd);
    }
}

/* Everybody alike, nobody anything, and one with all of it. */
Test(concentration, knows_its_ends) {
    test_crowd crowd = crowd_make(100, 1, 5);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = attribute(population, "aumann-shapley");
    throng_concentration it;
    for (int i = 0; i < 100; i++)
        result->phi[i] = -3.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &error), THRONG_OK);
    cr_expect_float_eq(it.gini, 0.0, 1e-12);
    cr_expect_eq(it.half, 50);
    cr_expect_float_eq(it.lorenz[30], 0.3, 1e-12);
    for (int i = 0; i < 100; i++)
        result->phi[i] = i == 17 ? 1e-300 : 0.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &error), THRONG_OK);
    cr_expect_float_eq(it.gini, 0.99, 1e-12);
    cr_expect_eq(it.half, 1);
    cr_expect_eq(it.top_thousandth, 1.0);
    result->phi[17] = 0.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &error), THRONG_OK);
    cr_expect(it.gini == 0.0 && it.half == 0 && it.lorenz[50] == 0.5 && it.top_tenth == 0.0);
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
}

/* Credits in a change, without a crowd behind them. */
typedef struct made_by_hand {
    throng_population population;
    throng_attribution attribution;
} made_by_hand;

static void make_by_hand(made_by_hand *out, throng_context *in, int64_t n, double *phi, int64_t *row) {
    out->population = (throng_population){.context = in, .n_agents = n, .n_rows = n, .n_times = 1};
    out->attribution =
        (throng_attribution){.context = in, .population = &out->population, .change_phi = phi, .change_row = row};
}

/* Any number of parts and threads gives what plain sorting gives, and the same bits: with a heavy tail, ties, nothing,
 * everything in one bucket, and agents who have no part. */
Test(concentration, is_the_same_however_it_is_sorted) {
    const int64_t n = 1200000; /* two parts */
    double *phi = malloc((size_t)n * 8), *listed = malloc((size_t)n * 8);
    int64_t *row = malloc((size_t)n * 8);
    for (int kind = 0; kind < 3; kind++) {
        throng_concentration first, it;
        int64_t n_listed = 0;
        for (int64_t i = 0; i < n; i++) {
            double u[4];
            throng_random_uniforms((throng_random){7, 1}, (uint64_t)i, 0, 0, u);
            phi[i] = kind == 0   ? (i % 5 ? pow(u[0], -0.9) : 0.0)
                     : kind == 1 ? -floor(9.0 * u[0])
                                 : 1e-300 * (99.0 + u[0]);
            row[i] = i % 7 == 3 ? -1 : i;
            if (row[i] >= 0)
                listed[n_listed++] = phi[i];
        }
        for (int threads = 1; threads <= 3; threads += 2) {
            throng_context *own = test_context(threads);
            made_by_hand made;
            make_by_hand(&made, own, n, phi, row);
            cr_assert_eq(throng_attribution_concentration(&made.attribution, -1, &it, &error), THRONG_OK, "%s",
                         error.message);
            if (threads == 1)
                compare(listed, n_listed, &it);
            else
                cr_expect(memcmp(&first, &it, sizeof it) == 0, "kind %d, %d threads", kind, threads);
            first = it;
            throng_context_free(own);
        }
    }
    free(phi);
    free(listed);
    free(row);
}

static throng_status concentrate(throng_context *in, int64_t turn, void *user) {
    throng_concentration it = {.half = -7};
    throng_top_agent top[5];
    made_by_hand made;
    (void)turn;
    make_by_hand(&made, in, 500, user, NULL);
    throng_status status = throng_attribution_concentration(&made.attribution, -1, &it, &error);
    cr_expect(status == THRONG_OK ? it.half > 0 : it.half == -7, "a failure leaves the result as it was");
    cr_expect_eq(throng_attribution_top(&made.attribution, -1, 5, top), 5, "lists of top agents need no memory");
    return status;
}

Test(concentration, survives_failing_allocations) {
    double phi[500];
    for (int i = 0; i < 500; i++)
        phi[i] = i;
    expect_survives(concentrate, phi, 10);
}

Test(standard_errors, come_with_methods_that_sample) {
    test_crowd crowd = crowd_make(40, 2, 3);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *path = attribute(population, "aumann-shapley");
    cr_expect_null(throng_attribution_standard_error(path));
    cr_expect_eq(throng_attribution_change_error(path, 0), 0.0);
    cr_expect_eq(throng_attribution_certificate(path, 0).interval, 0.0);
    throng_attribution *sampled = attribute(population, "shapley-sampled:antithetic=false,permutations=50");
    const double *errors = throng_attribution_standard_error(sampled);
    cr_assert_not_null(errors);
    int inside = 0;
    double interval = throng_attribution_certificate(sampled, 0).interval;
    cr_expect_float_eq(interval, 2.0096, 1e-3); /* Student's t, 49 degrees of freedom */
    for (int i = 0; i < 40; i++)
        inside +=
            fabs(throng_attribution_phi(sampled)[i] - throng_attribution_phi(path)[i]) <= 1.5 * interval * errors[i];
    cr_expect_geq(inside, 38, "only %d of 40 within one and a half intervals", inside);
    cr_expect_eq(throng_attribution_change_error(sampled, 3), errors[3] + errors[23]);
    cr_expect(throng_attribution_complete(sampled));
    throng_attribution_free(path);
    throng_attribution_free(sampled);
    throng_population_free(population);
    crowd_clear(&crowd);
}

static bool stop_soon(void *user, const throng_progress *progress) {
    int *left = user;
    (void)progress;
    return --*left > 0;
}

Test(standard_errors, an_estimate_is_left_when_sampling_is_stopped) {
    for (int times = 1; times <= 2; times++) {
        throng_context *own = test_context(1);
        test_crowd crowd = crowd_make(3000, times, 3);
        throng_population *population = crowd_population(own, &crowd);
        throng_attribution *out = NULL;
        throng_attribution_def def = throng_attribution_default();
        int64_t idle = throng_context_bytes(own);
        int left = 4;
        def.indicator = "bimodality";
        def.method = "shapley-sampled:permutations=1000000000";
        throng_context_set_progress(own, stop_soon, &left);
        cr_expect_eq(throng_attribute(own, population, &def, &out, &error), THRONG_E_CANCELLED);
        cr_assert_eq(out != NULL, times == 1);
        if (out) {
            throng_certificate it = throng_attribution_certificate(out, 0);
            cr_expect_not(throng_attribution_complete(out));
            cr_expect(it.parts >= 4 && it.parts < it.parts_planned && it.parts_planned == 1000000000 &&
                      strcmp(it.parts_name, "permutations") == 0);
            cr_expect(it.evaluations > 0 && it.interval > 1.9 && !it.converged && it.efficiency_residual < 1e-9);
        }
        throng_attribution_free(out);
        cr_expect_eq(throng_context_bytes(own), idle);
        throng_population_free(population);
        throng_context_free(own);
        crowd_clear(&crowd);
    }
}
