/* Concentration of credit against plain sorting, and what standard errors the results carry. */
#include "attribution/attribution.h"
#include "crowds.h"

static int ascending(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

static throng_attribution *attribute(throng_context *context, const throng_population *population, const char *method) {
    throng_error err = {0};
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "weighted-variance";
    def.path = THRONG_PATH_PRESENCE;
    def.method = method;
    cr_assert_eq(throng_attribute(context, population, &def, &out, &err), THRONG_OK, "%s", err.message);
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
    throng_context *context = test_context(2);
    throng_error err = {0};
    const int64_t sizes[] = {2, 7, 10, 999, 5003};
    for (int s = 0; s < 5; s++) {
        test_crowd crowd = crowd_make(sizes[s], 1, 31 + s);
        throng_population *population = crowd_population(context, &crowd);
        throng_attribution *result = attribute(context, population, "aumann-shapley");
        throng_concentration it;
        for (int64_t time = -1; time < 1; time++) {
            cr_assert_eq(throng_attribution_concentration(result, time, &it, &err), THRONG_OK);
            compare(throng_attribution_phi(result), sizes[s], &it);
        }
        throng_attribution_free(result);
        throng_population_free(population);
        crowd_clear(&crowd);
    }
    throng_context_free(context);
}

/* Everybody alike, nobody anything, and one with all of it. */
Test(concentration, knows_its_ends) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    test_crowd crowd = crowd_make(100, 1, 5);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = attribute(context, population, "aumann-shapley");
    throng_concentration it;
    for (int i = 0; i < 100; i++)
        result->phi[i] = -3.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &err), THRONG_OK);
    cr_expect_float_eq(it.gini, 0.0, 1e-12);
    cr_expect_eq(it.half, 50);
    cr_expect_float_eq(it.lorenz[30], 0.3, 1e-12);
    for (int i = 0; i < 100; i++)
        result->phi[i] = i == 17 ? 1e-300 : 0.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &err), THRONG_OK);
    cr_expect_float_eq(it.gini, 0.99, 1e-12);
    cr_expect_eq(it.half, 1);
    cr_expect_eq(it.top_thousandth, 1.0);
    result->phi[17] = 0.0;
    cr_assert_eq(throng_attribution_concentration(result, 0, &it, &err), THRONG_OK);
    cr_expect(it.gini == 0.0 && it.half == 0 && it.lorenz[50] == 0.5 && it.top_tenth == 0.0);
    throng_attribution_free(result);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* Failing memory leaves the result as it was, and nothing behind; lists of top agents need none. */
Test(concentration, survives_failing_allocations) {
    test_faults faults = {0, 0};
    throng_context *context = NULL;
    throng_error err = {0};
    test_crowd crowd = crowd_make(500, 2, 7);
    cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = attribute(context, population, "aumann-shapley");
    int64_t bytes = throng_context_bytes(context);
    for (int64_t time = -1; time < 2; time++) {
        int64_t k = 1;
        for (throng_status status = THRONG_E_MEMORY; status != THRONG_OK; k++) {
            throng_concentration it = {.half = -7};
            faults.fail_at = faults.calls + k;
            status = throng_attribution_concentration(result, time, &it, &err);
            cr_assert(status == THRONG_OK ? it.half > 0 : status == THRONG_E_MEMORY && it.half == -7);
            cr_expect_eq(throng_context_bytes(context), bytes);
        }
        cr_expect_eq(k, 3, "one allocation, and none left");
        throng_top_agent top[5];
        faults.fail_at = faults.calls + 1;
        cr_expect_eq(throng_attribution_top(result, time, 5, top), 5);
    }
    faults.fail_at = 0;
    throng_attribution_free(result);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

Test(standard_errors, come_with_methods_that_sample) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(40, 2, 3);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *path = attribute(context, population, "aumann-shapley");
    cr_expect_null(throng_attribution_standard_error(path));
    cr_expect_eq(throng_attribution_change_error(path, 0), 0.0);
    cr_expect_eq(throng_attribution_certificate(path, 0).interval, 0.0);
    throng_attribution *sampled = attribute(context, population, "shapley-sampled:antithetic=false,permutations=50");
    const double *error = throng_attribution_standard_error(sampled);
    cr_assert_not_null(error);
    int inside = 0;
    double interval = throng_attribution_certificate(sampled, 0).interval;
    cr_expect_float_eq(interval, 2.0096, 1e-3); /* Student's t, 49 degrees of freedom */
    for (int i = 0; i < 40; i++)
        inside +=
            fabs(throng_attribution_phi(sampled)[i] - throng_attribution_phi(path)[i]) <= 1.5 * interval * error[i];
    cr_expect_geq(inside, 38, "only %d of 40 within one and a half intervals", inside);
    cr_expect_eq(throng_attribution_change_error(sampled, 3), error[3] + error[23]);
    cr_expect(throng_attribution_complete(sampled));
    throng_attribution_free(path);
    throng_attribution_free(sampled);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

static bool stop_soon(void *user, const throng_progress *progress) {
    int *left = user;
    (void)progress;
    return --*left > 0;
}

Test(standard_errors, an_estimate_is_left_when_sampling_is_stopped) {
    for (int times = 1; times <= 2; times++) {
        throng_context *context = test_context(1);
        throng_error err = {0};
        test_crowd crowd = crowd_make(3000, times, 3);
        throng_population *population = crowd_population(context, &crowd);
        throng_attribution *out = NULL;
        throng_attribution_def def = throng_attribution_default();
        int64_t idle = throng_context_bytes(context);
        int left = 4;
        def.indicator = "bimodality";
        def.method = "shapley-sampled:permutations=1000000000";
        throng_context_set_progress(context, stop_soon, &left);
        cr_expect_eq(throng_attribute(context, population, &def, &out, &err), THRONG_E_CANCELLED);
        cr_assert_eq(out != NULL, times == 1);
        if (out) {
            throng_certificate it = throng_attribution_certificate(out, 0);
            cr_expect_not(throng_attribution_complete(out));
            cr_expect(it.parts >= 4 && it.parts < it.parts_planned && it.parts_planned == 1000000000 &&
                      strcmp(it.parts_name, "permutations") == 0);
            cr_expect(it.evaluations > 0 && it.interval > 1.9 && !it.converged && it.efficiency_residual < 1e-9);
        }
        throng_attribution_free(out);
        cr_expect_eq(throng_context_bytes(context), idle);
        throng_population_free(population);
        throng_context_free(context);
        crowd_clear(&crowd);
    }
}
