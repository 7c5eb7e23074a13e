/* Mechanisms against slow, obvious ones; that what they promise holds, and that the search finds what does not. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(mechanism, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_rule *open_rule(const char *name) {
    throng_rule *rule = NULL;
    cr_assert_eq(throng_rule_open(context, name, &rule, &error), THRONG_OK, "%s: %s", name, error.message);
    return rule;
}

static throng_outcome decide(const throng_rule *rule, const double *reports, int n, double *payments) {
    throng_outcome outcome;
    cr_assert_eq(throng_rule_decide(rule, reports, n, &outcome, payments, &error), THRONG_OK, "%s", error.message);
    return outcome;
}

static double place(const char *name, const double *reports, int n) {
    throng_rule *rule = open_rule(name);
    double *payments = malloc((size_t)n * sizeof *payments);
    double at = decide(rule, reports, n, payments).place;
    free(payments);
    throng_rule_free(rule);
    return at;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle one of the reports and the phantoms. */
static double slow(const double *reports, const double *phantoms, int n, int n_phantoms) {
    double *all = malloc((size_t)(n + n_phantoms) * sizeof *all);
    memcpy(all, reports, (size_t)n * sizeof *all);
    memcpy(all + n, phantoms, (size_t)n_phantoms * sizeof *all);
    qsort(all, (size_t)(n + n_phantoms), sizeof *all, compare);
    double middle = all[(n + n_phantoms) / 2];
    free(all);
    return middle;
}

Test(mechanism, phantoms_are_a_median) {
    static double reports[5000], phantoms[5001];
    for (int k = 0; k < 400; k++) {
        int n = k < 390 ? throng_mechanism_profile(k, k % 7 == 0 ? 1 + k % 9 : 0, 5, reports) : 4000 + 100 * (k - 390);
        for (int i = 0; n > 200 && i < n; i++) /* spread, or all in one bin, or many alike */
            reports[i] = k % 3 == 0   ? test_uniform((uint64_t)k, (uint64_t)i)
                         : k % 3 == 1 ? 0.3 + 1e-5 * test_uniform((uint64_t)k, (uint64_t)i)
                                      : floor(8.0 * test_uniform((uint64_t)k, (uint64_t)i)) / 8.0;
        for (int i = 1; i < n; i++)
            phantoms[i - 1] = (double)i / n;
        cr_expect_eq(place("uniform-phantom", reports, n), slow(reports, phantoms, n, n - 1), "profile %d of %d", k, n);
        for (int i = 1; i < n; i++)
            phantoms[i - 1] = 0.3;
        cr_expect_eq(place("phantom:at=0.3", reports, n), slow(reports, phantoms, n, n - 1), "profile %d of %d", k, n);
        cr_expect_eq(place("quantile", reports, n), place("median", reports, n));
        qsort(reports, (size_t)n, sizeof *reports, compare);
        cr_expect_eq(place("median", reports, n), reports[(n - 1) / 2], "profile %d of %d", k, n);
        cr_expect_eq(place("quantile:share=0", reports, n), reports[0]);
        cr_expect_eq(place("quantile:share=1", reports, n), reports[n - 1]);
        cr_expect_eq(place("quantile:share=0.25", reports, n), reports[(int)ceil(0.25 * n) - 1]);
    }
}

Test(mechanism, a_million_reports) {
    enum {
        N = 1000000
    };
    double *reports = malloc(2 * N * sizeof *reports), *payments = reports + N;
    int64_t below = 0, above = 0;
    for (int i = 0; i < N; i++)
        reports[i] = pow(test_uniform(3, (uint64_t)i), 3.0);
    throng_rule *rule = open_rule("uniform-phantom");
    double at = decide(rule, reports, N, payments).place;
    for (int i = 0; i < N; i++) {
        below += reports[i] < at;
        above += reports[i] > at;
    }
    /* of 2 N - 1 reports and phantoms neither more than half are below, nor above */
    cr_expect_leq(below + (int64_t)ceil(at * N) - 1, N - 1);
    cr_expect_leq(above + N - 1 - (int64_t)floor(at * N), N - 1);
    throng_rule_free(rule);
    free(reports);
}

Test(mechanism, auctions) {
    static const double bids[4] = {0.2, 0.7, 0.7, 0.5};
    double payments[4];
    throng_rule *first = open_rule("first-price"), *second = open_rule("second-price");
    throng_outcome outcome = decide(first, bids, 4, payments);
    cr_expect_eq(outcome.winner, 1);
    cr_expect_eq(payments[1], 0.7);
    cr_expect_eq(payments[2], 0.0);
    outcome = decide(second, bids + 2, 2, payments);
    cr_expect_eq(outcome.winner, 0);
    cr_expect_eq(payments[0], 0.5);
    cr_expect_float_eq(throng_rule_utility(second, outcome, 0, 0.7, payments[0]), 0.2, 1e-15);
    cr_expect_eq(throng_rule_utility(second, outcome, 1, 0.5, payments[1]), 0.0);
    decide(second, bids, 1, payments);
    cr_expect_eq(payments[0], 0.0, "nobody else bids");
    throng_rule_free(first);
    throng_rule_free(second);
}

/* ---- axioms ---------------------------------------------------------------------------------------------------- */

static throng_mechanism_check *check(const char *name, int64_t profiles, int agents) {
    throng_mechanism_check *found = malloc(sizeof *found);
    throng_rule *rule = open_rule(name);
    cr_assert_eq(throng_rule_check(rule, profiles, agents, 1, found, &error), THRONG_OK, "%s", error.message);
    throng_rule_free(rule);
    return found;
}

/* Every mechanism there is keeps what it promises, and the search finds what those here do not promise. */
Test(mechanism, promises_hold) {
    static const struct {
        const char *name;
        throng_axiom breaks[4];
        int n;
    } broken[] = {
        {"median",
         {THRONG_AXIOM_INDIVIDUAL_FAIR_SHARE, THRONG_AXIOM_UNANIMOUS_FAIR_SHARE, THRONG_AXIOM_PROPORTIONAL,
          THRONG_AXIOM_PROPORTIONALLY_FAIR},
         4},
        {"average", {THRONG_AXIOM_STRATEGYPROOF}, 1},
        {"dictator", {THRONG_AXIOM_ANONYMOUS, THRONG_AXIOM_PROPORTIONAL}, 2},
        {"phantom", {THRONG_AXIOM_UNANIMOUS_FAIR_SHARE, THRONG_AXIOM_PROPORTIONAL}, 2},
        {"first-price", {THRONG_AXIOM_STRATEGYPROOF}, 1},
    };
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_MECHANISM); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_MECHANISM, i);
        const throng_mechanism *mechanism = (const throng_mechanism *)(const void *)about;
        throng_mechanism_check *found = check(about->name, 2000, 0);
        for (int a = 0; a < THRONG_AXIOM_COUNT; a++) {
            bool applies = throng_axiom_applies((throng_axiom)a, mechanism->domain);
            cr_expect_eq(found->axioms[a].tried > 0, applies, "%s, %s", about->name,
                         throng_axiom_name((throng_axiom)a));
            cr_expect(applies || !(mechanism->axioms & (1u << a)), "%s", about->name);
            if (mechanism->axioms & (1u << a))
                cr_expect_eq(found->axioms[a].broken, 0, "%s, %s: %g", about->name, throng_axiom_name((throng_axiom)a),
                             found->axioms[a].worst);
        }
        for (size_t b = 0; b < sizeof broken / sizeof *broken; b++)
            for (int k = 0; strcmp(broken[b].name, about->name) == 0 && k < broken[b].n; k++) {
                cr_expect_gt(found->axioms[broken[b].breaks[k]].broken, 0, "%s, %s", about->name,
                             throng_axiom_name(broken[b].breaks[k]));
                cr_expect_leq(found->axioms[broken[b].breaks[k]].n, 3, "small examples are found");
            }
        free(found);
    }
}

/* The example that is kept does break the axiom. */
Test(mechanism, examples_are_real) {
    throng_mechanism_check *found = check("average", 500, 5);
    throng_axiom_finding *one = &found->axioms[THRONG_AXIOM_STRATEGYPROOF];
    double payments[5], truth = place("average", one->example, one->n), type = one->example[one->agent];
    throng_rule *rule = open_rule("average");
    cr_assert_eq(one->n, 5);
    one->example[one->agent] = one->instead;
    cr_expect_gt(fabs(truth - type), fabs(decide(rule, one->example, 5, payments).place - type) + 1e-9);
    throng_rule_free(rule);
    free(found);
}

/* Groups of all sizes, one by one. */
static double slow_unfair(const double *types, int n, double at) {
    double sorted[200], worst = -INFINITY;
    memcpy(sorted, types, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++)
            for (int i = a; i <= b; i++)
                worst = fmax(worst, (double)(b - a + 1) / n - (sorted[b] - sorted[a]) - 1.0 + fabs(sorted[i] - at));
    return worst;
}

Test(mechanism, proportional_fairness_over_all_groups) {
    double types[THRONG_MECHANISM_CHECK_AGENTS];
    static const char *const names[] = {"median", "uniform-phantom", "dictator"};
    for (int m = 0; m < 3; m++) {
        throng_mechanism_check *found = check(names[m], 60, 9);
        double worst = -INFINITY;
        int64_t broken = 0;
        for (int k = 0; k < 60; k++) {
            int n = throng_mechanism_profile(k, 9, 1, types);
            double amount = slow_unfair(types, n, place(names[m], types, n));
            worst = fmax(worst, amount);
            broken += amount > 1e-9;
        }
        cr_expect_float_eq(found->axioms[THRONG_AXIOM_PROPORTIONALLY_FAIR].worst, worst, 1e-14, "%s", names[m]);
        cr_expect_eq(found->axioms[THRONG_AXIOM_PROPORTIONALLY_FAIR].broken, broken, "%s", names[m]);
        free(found);
    }
}

/* The worst there is in welfare: k of n at 0, the others at 1. */
Test(mechanism, ratios) {
    static const int sizes[] = {3, 10, 41};
    for (int s = 0; s < 3; s++) {
        int n = sizes[s];
        double most = 1.0;
        for (int k = 0; k <= n; k++)
            most = fmax(most, (double)(2 * k > n ? k : n - k) * n / (k * k + (n - k) * (n - k)));
        throng_mechanism_check *found = check("uniform-phantom", 1000, n);
        cr_expect_float_eq(found->welfare.worst, most, 1e-12, "%d agents", n);
        cr_expect_float_eq(found->cost.worst, n - 1.0, 1e-6, "%d agents", n);
        free(found);
        found = check("median", 1000, n);
        cr_expect_float_eq(found->welfare.worst, 1.0, 1e-12);
        cr_expect_float_eq(found->cost.worst, 1.0, 1e-12);
        free(found);
    }
}

Test(mechanism, best_replies_to_the_average) {
    throng_rule *rule = open_rule("average");
    double types[THRONG_MECHANISM_CHECK_AGENTS], reports[THRONG_MECHANISM_CHECK_AGENTS],
        payments[THRONG_MECHANISM_CHECK_AGENTS];
    for (int k = 0; k < 100; k++) {
        int n = throng_mechanism_profile(k, 10, 1, types);
        int64_t made;
        throng_outcome outcome;
        cr_assert_eq(throng_rule_best_replies(rule, types, n, 1000, reports, &outcome, payments, &made, &error),
                     THRONG_OK);
        cr_expect_leq(made, 1000);
        cr_expect_float_eq(outcome.place, place("uniform-phantom", types, n), 1e-9, "profile %d", k);
        cr_expect_eq(outcome.place, place("average", reports, n));
    }
    throng_rule_free(rule);
    rule = open_rule("uniform-phantom"); /* the truth is best from the start */
    int64_t made;
    throng_outcome outcome;
    int n = throng_mechanism_profile(3, 10, 1, types);
    cr_assert_eq(throng_rule_best_replies(rule, types, n, 5, reports, &outcome, payments, &made, &error), THRONG_OK);
    cr_expect_eq(made, 1);
    cr_expect_arr_eq(reports, types, (size_t)n * sizeof *types);
    throng_rule_free(rule);
}

Test(mechanism, what_is_refused) {
    throng_rule *rule = NULL;
    throng_outcome outcome;
    double reports[2] = {0.5, 1.5}, payments[2], said[2];
    int64_t made;
    throng_mechanism_check *found = malloc(sizeof *found);
    cr_expect_eq(throng_rule_open(context, "medain", &rule, &error), THRONG_E_UNKNOWN_NAME);
    cr_expect(strstr(error.message, "Did you mean \"median\""), "%s", error.message);
    cr_expect_eq(throng_rule_open(context, "phantom:at=2", &rule, &error), THRONG_E_PARAMETER);
    rule = open_rule("median");
    cr_expect_eq(throng_rule_decide(rule, reports, 2, &outcome, payments, &error), THRONG_E_ARGUMENT);
    cr_expect(strstr(error.message, "agent 2 is 1.5"), "%s", error.message);
    reports[1] = NAN;
    cr_expect_eq(throng_rule_decide(rule, reports, 2, &outcome, payments, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_rule_decide(rule, reports, 0, &outcome, payments, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_rule_check(rule, 0, 0, 0, found, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_rule_check(rule, 1, 201, 0, found, &error), THRONG_E_ARGUMENT);
    throng_rule_free(rule);
    rule = open_rule("first-price");
    reports[1] = 0.5;
    cr_expect_eq(throng_rule_best_replies(rule, reports, 2, 5, said, &outcome, payments, &made, &error),
                 THRONG_E_UNSUPPORTED);
    throng_rule_free(rule);
    free(found);
}
