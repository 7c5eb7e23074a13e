/* Deletion curves against plain evaluation, and verification: what it sees in credits that are wrong, and how it fails.
 */
#include "attribution/attribution.h"
#include "crowds.h"

#include <stdio.h>

/* ---- deletion curves ------------------------------------------------------------------------------------------- */

static throng_status square(void *user, const double *alpha, double *out, throng_error *err) {
    const double *size = user;
    double sum = 0.0;
    (void)err;
    for (int i = 0; i < 5; i++)
        sum += alpha[i] * size[i];
    *out = 3.0 + sum * sum;
    return THRONG_OK;
}

Test(deletion, is_what_is_left_of_the_value) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    double size[5] = {1, 2, 3, 4, 5}, left[6];
    const int64_t order[] = {4, 0, 3, 1, 2};
    const double there[] = {15, 10, 9, 5, 3, 0};
    throng_value_function function = {.self = size, .n_agents = 5, .value = square};
    cr_assert_eq(throng_deletion_curve(context, &function, order, 6, left, &err), THRONG_OK, "%s", err.message);
    for (int i = 0; i < 6; i++)
        cr_expect_float_eq(left[i], there[i] * there[i] / 225.0, 1e-14, "point %d", i);
    cr_assert_eq(throng_deletion_curve(context, &function, order, 3, left, &err), THRONG_OK);
    cr_expect_float_eq(left[1], 81.0 / 225.0, 1e-14); /* half of five is two */
    cr_expect_eq(throng_deletion_curve(context, &function, order, 1, left, &err), THRONG_E_ARGUMENT);
    const int64_t twice[] = {4, 0, 4, 1, 2}, outside[] = {4, 0, 5, 1, 2};
    cr_expect_eq(throng_deletion_curve(context, &function, twice, 3, left, &err), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_deletion_curve(context, &function, outside, 3, left, &err), THRONG_E_ARGUMENT);
    cr_expect_str_eq(err.message, "An order of deletion names every agent 0..4 once; place 2 has 5.");
    memset(size, 0, sizeof size);
    cr_expect_eq(throng_deletion_curve(context, &function, order, 3, left, &err), THRONG_E_DEGENERATE);
    cr_expect_str_eq(err.message, "The indicator is the same with everybody and with nobody: nothing can be undone.");
    throng_context_free(context);
}

/* ---- verification ---------------------------------------------------------------------------------------------- */

static throng_attribution *attribute(throng_context *context, const throng_population *population,
                                     const char *indicator) {
    throng_error err = {0};
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    cr_assert_eq(throng_attribute(context, population, &def, &out, &err), THRONG_OK, "%s: %s", indicator, err.message);
    return out;
}

static throng_verdict verdict_of(const throng_verification *it, const char *name) {
    for (int i = 0; i < it->n_checks; i++)
        if (strcmp(it->check[i].name, name) == 0)
            return it->check[i].verdict;
    cr_assert_fail("no check %s", name);
    return THRONG_VERDICT_COUNT;
}

/* Honest credits of every indicator hold; the same with one of them moved do not. */
Test(verify, every_indicator_and_a_wrong_credit) {
    throng_context *context = test_context(2);
    throng_error err = {0};
    test_crowd crowd = crowd_make(900, 2, 8);
    throng_population *population = crowd_population(context, &crowd);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_INDICATOR); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
        const char *name = about->name;
        throng_verification it;
        if (((const throng_indicator *)(const void *)about)->form == THRONG_FORM_NETWORK)
            continue; /* tests/cli/test_verify.py */
        throng_attribution *again = attribute(context, population, name);
        double *phi = malloc(900 * 8);
        memcpy(phi, again->phi, 900 * 8);
        cr_assert_eq(throng_attribution_verify(context, again, phi, 1, &it, &err), THRONG_OK, "%s: %s", name,
                     err.message);
        for (int c = 0; c < it.n_checks; c++)
            cr_expect_neq(it.check[c].verdict, THRONG_VERDICT_FAILS, "%s: %s is %g of %g", name, it.check[c].name,
                          it.check[c].number, it.check[c].limit);
        cr_expect(it.holds);
        double whole = again->certificates[1].everybody - again->certificates[1].nobody;
        phi[700] += 1e-3 * fabs(whole);
        cr_assert_eq(throng_attribution_verify(context, again, phi, 1, &it, &err), THRONG_OK);
        cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_FAILS, "%s", name);
        cr_expect_eq(verdict_of(&it, "efficiency"), THRONG_VERDICT_FAILS, "%s", name);
        cr_expect_not(it.holds);
        phi[700] = NAN;
        cr_assert_eq(throng_attribution_verify(context, again, phi, 1, &it, &err), THRONG_OK);
        cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_FAILS, "%s with NaN", name);
        free(phi);
        throng_attribution_free(again);
    }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* Credits turned round are slower than chance at undoing the indicator. */
Test(verify, deletion_sees_credits_that_are_turned_round) {
    throng_context *context = test_context(2);
    throng_error err = {0};
    test_crowd crowd = crowd_make(500, 1, 9);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *again = attribute(context, population, "weighted-variance");
    throng_verification it;
    double phi[500];
    for (int i = 0; i < 500; i++)
        phi[i] = -again->phi[i];
    cr_assert_eq(throng_attribution_verify(context, again, phi, 1, &it, &err), THRONG_OK);
    cr_expect_eq(verdict_of(&it, "deletion"), THRONG_VERDICT_FAILS);
    throng_attribution_free(again);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

Test(verify, survives_every_failing_allocation) {
    bool finished = false;
    for (int64_t k = 1; !finished; k += k < 40 ? 1 : 17) {
        test_faults faults = {0, 0};
        throng_context *context = NULL;
        throng_error err = {0};
        test_crowd crowd = crowd_make(20, 1, 10);
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        throng_population *population = crowd_population(context, &crowd);
        throng_attribution *again = attribute(context, population, "variance");
        throng_verification it;
        int64_t idle = throng_context_bytes(context);
        faults.fail_at = faults.calls + k;
        throng_status status = throng_attribution_verify(context, again, again->phi, 1, &it, &err);
        finished = status == THRONG_OK;
        cr_assert(finished || status == THRONG_E_MEMORY, "allocation %lld: %s", (long long)k, err.message);
        cr_assert_eq(throng_context_bytes(context), idle, "allocation %lld leaks", (long long)k);
        throng_attribution_free(again);
        throng_population_free(population);
        throng_context_free(context);
        crowd_clear(&crowd);
    }
}
