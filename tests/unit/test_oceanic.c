/*
 * oceanic: against exact enumeration where that can be done, against aumann-shapley where the two must agree or differ,
 * against long samples for a thousand agents; threads, dummies, clones, undefined values and refusals.
 */
#include "attribution/crowd.h"
#include "attribution/ocean.h"
#include "attribution/steps.h"
#include "crowds.h"

#include <stdio.h>

/* ---- indicators that are far from quadratic --------------------------------------------------------------------- */

/* Smooth everywhere. */
#define BENT "formula:expr=tanh(3*m2)*exp(-m1)"

/* No value where the second moment is negative: no crowd gets there, but Gaussian nodes do. */
static double holed_value(const throng_setting *setting, const double *m) {
    (void)setting;
    return m[2] * sqrt(m[2]) * exp(-m[1]);
}

static void holed_gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    double e = exp(-m[1]), root = sqrt(m[2]);
    out[0] = 0.0;
    out[1] = -m[2] * root * e;
    out[2] = 1.5 * root * e;
}

#define TEST_INDICATOR(id, label)                                                                                      \
    static const throng_indicator id = {                                                                               \
        .about = {.struct_size = sizeof(throng_indicator),                                                             \
                  .name = label,                                                                                       \
                  .summary = "For tests.",                                                                             \
                  .details = "For tests.",                                                                             \
                  .reference = "none"},                                                                                \
        .form = THRONG_FORM_MOMENTS,                                                                                   \
        .n_aggregates = 3,                                                                                             \
        .flags = THRONG_INDICATOR_WEIGHTED,                                                                            \
        .path = THRONG_PATH_PRESENCE,                                                                                  \
        .baseline = "neutral",                                                                                         \
        .value = id##_value,                                                                                           \
        .gradient = id##_gradient,                                                                                     \
    }

TEST_INDICATOR(holed, "holed");

/* ---- crowds ---------------------------------------------------------------------------------------------------- */

/* Standard normal states, Pareto(1.2) weights. */
static test_crowd heavy_crowd(int64_t n, uint64_t seed) {
    test_crowd crowd = crowd_make(n, 1, seed);
    for (int64_t i = 0; i < n; i++) {
        double u = test_uniform(seed + 1000, 3 * (uint64_t)i), v = test_uniform(seed + 1000, 3 * (uint64_t)i + 1);
        crowd.state[i] = sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
        crowd.weight[i] = pow(test_uniform(seed + 1000, 3 * (uint64_t)i + 2), -1.0 / 1.2);
    }
    return crowd;
}

typedef struct fixture {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_i_indicator indicator;
    throng_i_crowd value;
    throng_value_function function;
    double *phi, *other;
    throng_certificate certificate;
} fixture;

static void fixture_open(fixture *f, int threads, test_crowd crowd, const char *indicator, throng_path path,
                         throng_baseline baseline) {
    throng_error err = {0};
    *f = (fixture){.context = test_context(threads), .crowd = crowd};
    cr_assert_eq(throng_context_register(f->context, THRONG_KIND_INDICATOR, &holed.about, &err), THRONG_OK);
    f->population = crowd_population(f->context, &f->crowd);
    cr_assert_eq(throng_i_indicator_init(f->context, indicator, &f->indicator, &err), THRONG_OK);
    if (f->indicator.descriptor->form == THRONG_FORM_HISTOGRAM)
        cr_assert_eq(throng_i_indicator_set_range(&f->indicator, -3.0, 3.0, &err), THRONG_OK);
    throng_i_crowd_def def = {.population = f->population,
                              .indicator = &f->indicator,
                              .path = path != THRONG_PATH_DEFAULT ? path : f->indicator.descriptor->path,
                              .baseline = baseline,
                              .progress = {"testing", "agents", 0, 0}};
    cr_assert_eq(throng_i_crowd_init(f->context, &def, &f->value, &err), THRONG_OK, "%s", err.message);
    f->function = throng_i_crowd_function(&f->value);
    f->phi = calloc((size_t)crowd.n, sizeof(double));
    f->other = calloc((size_t)crowd.n, sizeof(double));
}

static void fixture_close(fixture *f) {
    throng_i_indicator_clear(f->context, &f->indicator);
    throng_i_crowd_clear(&f->value);
    throng_population_free(f->population);
    throng_context_free(f->context);
    crowd_clear(&f->crowd);
    free(f->phi);
    free(f->other);
}

static void solve(fixture *f, const char *method, double *phi) {
    throng_error err = {0};
    throng_method_options options = throng_method_options_default();
    cr_assert_eq(throng_attribute_function(f->context, &f->function, method, &options, phi, &f->certificate, &err),
                 THRONG_OK, "%s: %s", method, err.message);
}

static double distance(const double *a, const double *b, int64_t n) {
    double change = 0.0, norm = 0.0;
    for (int64_t i = 0; i < n; i++) {
        change += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return norm > 0.0 ? sqrt(change / norm) : sqrt(change);
}

#define EXACT_MAX 20

/* The Shapley value by its definition: every coalition once. */
static void enumerate(const throng_value_function *function, double *phi) {
    int n = (int)function->n_agents, k = function->n_aggregates;
    double steps[EXACT_MAX * 32], origin[32], m[32], share[EXACT_MAX];
    double *values = malloc(((size_t)1 << n) * sizeof *values);
    function->aggregate_origin(function->self, origin);
    function->aggregate_steps(function->self, 0, n, steps);
    for (int S = 0; S < 1 << n; S++) {
        memcpy(m, origin, (size_t)k * sizeof *m);
        for (int i = 0; i < n; i++)
            for (int j = 0; (S >> i & 1) && j < k; j++)
                m[j] += steps[i * k + j];
        values[S] = function->aggregate_value(function->self, m);
    }
    share[0] = 1.0 / n; /* 1 / (n choose(n - 1, s)) */
    for (int s = 1; s < n; s++)
        share[s] = share[s - 1] * s / (n - s);
    for (int i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (int S = 0; S < 1 << n; S++)
            if (!(S >> i & 1))
                phi[i] += share[__builtin_popcount((unsigned)S)] * (values[S | 1 << i] - values[S]);
    }
    free(values);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* ---- accuracy -------------------------------------------------------------------------------------------------- */

#define SEEDS 20

Test(oceanic, six_atoms_come_near_the_exact_value) {
    double error[SEEDS], path[SEEDS];
    int honest = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        fixture f;
        fixture_open(&f, 1, heavy_crowd(14, (uint64_t)seed), BENT, THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL);
        double exact[14];
        enumerate(&f.function, exact);
        solve(&f, "aumann-shapley", f.other);
        path[seed] = distance(f.other, exact, 14);
        solve(&f, "oceanic:atoms=6", f.phi);
        error[seed] = distance(f.phi, exact, 14);
        honest += 3.0 * f.certificate.error_estimate >= error[seed];
        cr_assert_leq(f.certificate.efficiency_residual, 1e-9, "seed %d", seed);
        if (getenv("VERBOSE"))
            printf("seed %d: path %.1e oceanic %.1e estimate %.1e residual %.1e nodes %d evals %lld\n", seed,
                   path[seed], error[seed], f.certificate.error_estimate, f.certificate.efficiency_residual,
                   f.certificate.quadrature_nodes, (long long)f.certificate.evaluations);
        fixture_close(&f);
    }
    qsort(error, SEEDS, sizeof *error, by_size);
    qsort(path, SEEDS, sizeof *path, by_size);
    cr_expect_leq(error[SEEDS - 1], 1e-3);
    cr_expect_leq(error[SEEDS / 2], 1e-4);
    cr_expect_geq(path[SEEDS / 2], 1e-2);
    cr_expect_geq(honest, SEEDS - 2);
}

Test(oceanic, quadratic_indicators_are_exact) {
    const char *indicators[] = {"mean", "variance", "weighted-variance"};
    const char *methods[] = {"oceanic", "oceanic:atoms=0", "oceanic:atoms=5", "oceanic:atoms=20"};
    for (int c = 0; c < 3; c++)
        for (int64_t n = 14; n <= 5000; n = n == 14 ? 300 : n == 300 ? 5000 : 5001) {
            fixture f;
            fixture_open(&f, 2, heavy_crowd(n, 5), indicators[c], THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL);
            solve(&f, "aumann-shapley", f.other);
            for (int m = 0; m < 4; m++) {
                solve(&f, methods[m], f.phi);
                cr_expect_leq(distance(f.phi, f.other, n), 1e-10, "%s, %s, %lld: %g", indicators[c], methods[m],
                              (long long)n, distance(f.phi, f.other, n));
                cr_expect_leq(f.certificate.error_estimate, 1e-9);
                cr_expect_leq(f.certificate.efficiency_residual, 1e-10);
            }
            fixture_close(&f);
        }
}

Test(oceanic, a_dozen_agents_are_exact) {
    const char *indicators[] = {BENT, "weighted-variance", "skewness", "bimodality:weighted=true"};
    for (int c = 0; c < 4; c++)
        for (int64_t n = 1 + (c > 1); n <= 12; n += 5) {
            fixture f;
            double exact[12];
            fixture_open(&f, 1, heavy_crowd(n, 77), indicators[c], THRONG_PATH_PRESENCE,
                         c > 1 ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL);
            enumerate(&f.function, exact);
            solve(&f, "oceanic", f.phi);
            cr_expect_leq(distance(f.phi, exact, n), 1e-10, "%s, %lld: %g", indicators[c], (long long)n,
                          distance(f.phi, exact, n));
            fixture_close(&f);
        }
}

/* Atoms beyond the twelve whose coalitions are visited come one at a time. */
Test(oceanic, more_atoms_come_nearer_and_say_how_near) {
    TEST_NOT_SANITIZED();
    const char *indicators[] = {BENT, "skewness:weighted=true", "bimodality"};
    for (int c = 0; c < 3; c++) {
        fixture f;
        double exact[18], twelve;
        fixture_open(&f, 1, heavy_crowd(18, 3), indicators[c], THRONG_PATH_PRESENCE,
                     c > 0 ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL);
        enumerate(&f.function, exact);
        solve(&f, "oceanic:atoms=12", f.phi);
        twelve = distance(f.phi, exact, 18);
        solve(&f, "oceanic:atoms=18", f.phi);
        double all = distance(f.phi, exact, 18);
        cr_expect(5.0 * all <= twelve, "%s: %g, twelve atoms %g", indicators[c], all, twelve);
        cr_expect_leq(all, 3.0 * f.certificate.error_estimate, "%s: %g, estimated %g", indicators[c], all,
                      f.certificate.error_estimate);
        cr_expect_leq(f.certificate.efficiency_residual, 1e-9, "%g", f.certificate.efficiency_residual);
        fixture_close(&f);
    }
}

/* ---- agent by agent -------------------------------------------------------------------------------------------- */

#define AGENTS 400
#define STRATA 8

/* The heaviest agents, and others. */
static void choose_agents(const test_crowd *crowd, int64_t *chosen) {
    double *sorted = malloc((size_t)crowd->n * sizeof *sorted);
    memcpy(sorted, crowd->weight, (size_t)crowd->n * sizeof *sorted);
    qsort(sorted, (size_t)crowd->n, sizeof *sorted, by_size);
    double least = sorted[crowd->n - AGENTS / 2];
    int n = 0;
    for (int64_t i = 0; i < crowd->n; i++)
        if (crowd->weight[i] >= least)
            chosen[n++] = i;
    for (int64_t i = 0; n < AGENTS; i++)
        if (crowd->weight[i] < least)
            chosen[n++] = i;
    free(sorted);
}

/* A draw of what the chosen agents add to a random coalition, at a random time in each stratum: unbiased. */
static void draw_marginals(const throng_value_function *function, const double *steps, const int64_t *chosen,
                           uint64_t draw, double *out) {
    int k = function->n_aggregates;
    double there[8], with[8], without[8], *arrival = malloc((size_t)function->n_agents * sizeof *arrival);
    for (int64_t i = 0; i < function->n_agents; i++)
        arrival[i] = test_uniform(900 + draw, (uint64_t)i);
    memset(out, 0, AGENTS * sizeof *out);
    for (int q = 0; q < STRATA; q++) {
        double t = (q + test_uniform(901, draw * STRATA + (uint64_t)q)) / STRATA;
        function->aggregate_origin(function->self, there);
        for (int64_t i = 0; i < function->n_agents; i++)
            for (int j = 0; arrival[i] <= t && j < k; j++)
                there[j] += steps[i * k + j];
        for (int c = 0; c < AGENTS; c++) {
            const double *step = steps + chosen[c] * k;
            for (int j = 0; j < k; j++) {
                with[j] = there[j] + (arrival[chosen[c]] <= t ? 0.0 : step[j]);
                without[j] = with[j] - step[j];
            }
            out[c] +=
                (function->aggregate_value(function->self, with) - function->aggregate_value(function->self, without)) /
                STRATA;
        }
    }
    free(arrival);
}

/* 99.9 % intervals: four of 4000 agents are outside by chance; draws are the same every time. */
Test(oceanic, many_atoms_stay_inside_sampled_intervals) {
    TEST_NOT_SANITIZED();
    const char *indicators[] = {BENT, "skewness:weighted=true", "bimodality:weighted=true"};
    const int64_t n = 3000;
    const int draws = 500;
    for (int c = 0; c < 3; c++) {
        fixture f;
        int64_t chosen[AGENTS];
        double mean[AGENTS] = {0.0}, squares[AGENTS] = {0.0}, one[AGENTS];
        int inside = 0;
        fixture_open(&f, 2, heavy_crowd(n, 21), indicators[c], THRONG_PATH_PRESENCE,
                     c > 0 ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL);
        double *steps = malloc((size_t)(n * f.function.n_aggregates) * sizeof *steps);
        f.function.aggregate_steps(f.function.self, 0, n, steps);
        choose_agents(&f.crowd, chosen);
        for (int d = 0; d < draws; d++) {
            draw_marginals(&f.function, steps, chosen, (uint64_t)d, one);
            for (int i = 0; i < AGENTS; i++) {
                double apart = one[i] - mean[i];
                mean[i] += apart / (d + 1);
                squares[i] += apart * (one[i] - mean[i]);
            }
        }
        solve(&f, "oceanic:atoms=32", f.phi);
        for (int i = 0; i < AGENTS; i++)
            inside += fabs(f.phi[chosen[i]] - mean[i]) <= 3.31 * sqrt(squares[i] / ((double)draws * (draws - 1)));
        cr_expect_geq(inside, AGENTS - 2, "%s: %d", indicators[c], inside);
        free(steps);
        fixture_close(&f);
    }
}

Test(oceanic, small_crowds_of_every_indicator_beat_the_path) {
    TEST_NOT_SANITIZED();
    const struct {
        const char *indicator;
        throng_path path;
        throng_baseline baseline;
        double ratio;
    } cases[] = {{"skewness", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10},
                 {"bimodality:weighted=true", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10},
                 {"theil", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10},
                 {"atkinson:weighted=true", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10},
                 {"skewness", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN, 2}};
    for (int c = 0; c < 5; c++) {
        fixture f;
        double exact[16];
        fixture_open(&f, 1, crowd_make(16, 1, 9), cases[c].indicator, cases[c].path, cases[c].baseline);
        enumerate(&f.function, exact);
        solve(&f, "aumann-shapley", f.other);
        solve(&f, "oceanic", f.phi);
        double path = distance(f.other, exact, 16), ocean = distance(f.phi, exact, 16);
        cr_expect(ocean * cases[c].ratio <= path, "%s: %g, by the path %g", cases[c].indicator, ocean, path);
        fixture_close(&f);
    }
}

/* Permutations with their reverses: an independent estimate of everybody's value. */
static void sample(const throng_value_function *function, uint64_t seed, int pairs, double *phi) {
    int n = (int)function->n_agents, k = function->n_aggregates, *order = malloc((size_t)n * sizeof *order);
    double *steps = malloc((size_t)n * (size_t)k * sizeof *steps), m[8], origin[8];
    function->aggregate_origin(function->self, origin);
    function->aggregate_steps(function->self, 0, n, steps);
    memset(phi, 0, (size_t)n * sizeof *phi);
    for (int p = 0; p < pairs; p++) {
        for (int i = 0; i < n; i++) {
            int other = (int)(test_uniform(seed, (uint64_t)(p * n + i)) * (i + 1));
            order[i] = order[other];
            order[other] = i;
        }
        for (int reverse = 0; reverse < 2; reverse++) {
            memcpy(m, origin, sizeof m);
            double before = function->aggregate_value(function->self, m);
            for (int i = 0; i < n; i++) {
                int who = order[reverse ? n - 1 - i : i];
                for (int j = 0; j < k; j++)
                    m[j] += steps[who * k + j];
                double after = function->aggregate_value(function->self, m);
                phi[who] += 0.5 / pairs * (after - before);
                before = after;
            }
        }
    }
    free(order);
    free(steps);
}

/* The noise of two independent samples drops out of the product of their errors. */
static double hidden_distance(const double *phi, const double *a, const double *b, int64_t n) {
    double product = 0.0, norm = 0.0;
    for (int64_t i = 0; i < n; i++) {
        product += (a[i] - phi[i]) * (b[i] - phi[i]);
        norm += a[i] * b[i];
    }
    return sqrt(fabs(product) / norm);
}

Test(oceanic, a_thousand_agents_are_ten_times_nearer_than_the_path) {
    const char *indicators[] = {"skewness", "bimodality", "skewness:weighted=true"};
    for (int c = 0; c < 3; c++) {
        fixture f;
        double *a = malloc(8000), *b = malloc(8000);
        fixture_open(&f, 2, heavy_crowd(1000, 21), indicators[c], THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN);
        sample(&f.function, 1, 3000, a);
        sample(&f.function, 2, 3000, b);
        solve(&f, "aumann-shapley", f.phi);
        double path = hidden_distance(f.phi, a, b, 1000);
        solve(&f, "oceanic", f.phi);
        double ocean = hidden_distance(f.phi, a, b, 1000);
        cr_expect_geq(path, 3e-4, "%s: %g", indicators[c], path);
        cr_expect(10.0 * ocean <= path, "%s: %g, by the path %g", indicators[c], ocean, path);
        fixture_close(&f);
        free(a);
        free(b);
    }
}

/* ---- axioms ---------------------------------------------------------------------------------------------------- */

Test(oceanic, dummies_get_nothing_and_clones_the_same) {
    for (int64_t n = 40; n <= 6000; n *= 150) {
        test_crowd crowd = heavy_crowd(n, 31);
        fixture f;
        crowd.state[3] = 0.0;                    /* at the baseline */
        crowd.state[11] = crowd.state[12] = 0.4; /* two small ones */
        crowd.weight[11] = crowd.weight[12] = 1.5;
        crowd.state[20] = crowd.state[21] = -0.7; /* two giants */
        crowd.weight[20] = crowd.weight[21] = 2.0 * (double)n;
        fixture_open(&f, 2, crowd, BENT, THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL);
        solve(&f, "oceanic", f.phi);
        cr_expect_eq(f.phi[3], 0.0, "%g", f.phi[3]);
        cr_expect_float_eq(f.phi[11], f.phi[12], 1e-12 * fabs(f.phi[11]));
        cr_expect_float_eq(f.phi[20], f.phi[21], 1e-12 * fabs(f.phi[20]));
        fixture_close(&f);
    }
}

/* ---- the passes ------------------------------------------------------------------------------------------------ */

Test(oceanic, fast_passes_are_the_slow_ones) {
    const char *indicators[] = {"variance", BENT, "skewness:weighted=true", "bimodality"};
    for (int c = 0; c < 4; c++)
        for (int path = THRONG_PATH_STATE; path < THRONG_PATH_COUNT; path++)
            for (int mean = 0; mean < 2; mean++) {
                fixture f;
                if (c > 1 && path == THRONG_PATH_STATE)
                    continue;
                fixture_open(&f, 2, crowd_make(9001, 1, 41), indicators[c], path,
                             mean ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL);
                cr_assert_not_null(f.function.aggregate_summary);
                int k = f.function.n_aggregates;
                double origin[2][5], sum[2][5], squares[2][25], linear[5], square[25];
                throng_credit_sums sums[2];
                for (int i = 0; i < k; i++) {
                    linear[i] = 1.0 - 0.3 * i;
                    for (int j = 0; j < k; j++)
                        square[i * k + j] = 100.0 / (1.0 + i + j);
                }
                for (int slow = 0; slow < 2; slow++) {
                    cr_assert_eq(
                        throng_i_steps_summary(f.context, &f.function, origin[slow], sum[slow], squares[slow], NULL),
                        THRONG_OK);
                    cr_assert_eq(throng_i_steps_quadratic(f.context, &f.function, linear, square,
                                                          slow ? f.other : f.phi, &sums[slow], NULL),
                                 THRONG_OK);
                    f.function.aggregate_summary = NULL;
                    f.function.aggregate_quadratic = NULL;
                }
                for (int i = 0; i < k; i++) {
                    cr_expect_float_eq(origin[0][i], origin[1][i], 1e-12 * (1.0 + fabs(origin[1][i])));
                    cr_expect_float_eq(sum[0][i], sum[1][i], 1e-12 * (1.0 + fabs(sum[1][i])));
                    for (int j = 0; j < k; j++)
                        cr_expect_float_eq(squares[0][i * k + j], squares[1][i * k + j],
                                           1e-11 * (1e-4 + fabs(squares[1][i * k + j])));
                }
                cr_expect_leq(distance(f.phi, f.other, 9001), 1e-11, "%s", indicators[c]);
                cr_expect_float_eq(sums[0].phi, sums[1].phi, 1e-11 * sums[1].absolute);
                fixture_close(&f);
            }
}

Test(oceanic, threads_change_no_bit) {
    const char *indicators[] = {BENT, "bimodality", "theil:weighted=true"};
    const char *methods[] = {"oceanic", "oceanic:atoms=20"};
    for (int c = 0; c < 3; c++)
        for (int m = 0; m < 2; m++) {
            uint64_t hash[3];
            int threads[3] = {1, 2, 8};
            for (int t = 0; t < 3; t++) {
                fixture f;
                fixture_open(&f, threads[t], crowd_make(20001, 1, 51), indicators[c], THRONG_PATH_PRESENCE,
                             c ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL);
                solve(&f, methods[m], f.phi);
                hash[t] =
                    test_hash(f.phi, 20001 * sizeof(double)) ^ test_hash(&f.certificate.error_estimate, sizeof(double));
                fixture_close(&f);
            }
            cr_expect_eq(hash[0], hash[1]);
            cr_expect_eq(hash[0], hash[2]);
        }
}

/* ---- trouble --------------------------------------------------------------------------------------------------- */

static throng_status try(fixture *f, const char *method, throng_error *err) {
    throng_method_options options = throng_method_options_default();
    return throng_attribute_function(f->context, &f->function, method, &options, f->phi, &f->certificate, err);
}

Test(oceanic, nodes_without_a_value_are_drawn_in_and_counted) {
    fixture f;
    throng_error err = {0};
    double exact[16];
    fixture_open(&f, 1, heavy_crowd(16, 8), "holed", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL);
    enumerate(&f.function, exact);
    cr_assert_eq(try(&f, "oceanic:atoms=4", &err), THRONG_OK, "%s", err.message);
    double apart = distance(f.phi, exact, 16);
    cr_expect_leq(apart, 0.05, "%g", apart);
    cr_expect_geq(f.certificate.error_estimate, 1e-4, "%g", f.certificate.error_estimate);
    fixture_close(&f);
}

static double half_value(void *self, const double *m) {
    (void)self;
    return m[0] > 0.0 && m[0] < 0.5 ? nan("") : m[0];
}

static void half_origin(void *self, double *m) {
    (void)self;
    *m = 0.0;
}

static void half_steps(void *self, int64_t begin, int64_t end, double *steps) {
    (void)self;
    for (int64_t i = begin; i < end; i++)
        steps[i - begin] = 0.2;
}

Test(oceanic, coalitions_without_a_value_and_forms_without_sums_are_refused) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    double phi[5];
    throng_certificate certificate;
    throng_method_options options = throng_method_options_default();
    throng_value_function function = {.n_agents = 5,
                                      .n_aggregates = 1,
                                      .aggregate_origin = half_origin,
                                      .aggregate_steps = half_steps,
                                      .aggregate_value = half_value};
    cr_expect_eq(throng_attribute_function(context, &function, "oceanic", &options, phi, &certificate, &err),
                 THRONG_E_DEGENERATE);
    function.n_aggregates = 200;
    cr_expect_eq(throng_attribute_function(context, &function, "oceanic", &options, phi, &certificate, &err),
                 THRONG_E_UNSUPPORTED);
    cr_expect(strstr(err.message, "200"), "%s", err.message);
    function.n_aggregates = 0;
    cr_expect_eq(throng_attribute_function(context, &function, "oceanic", &options, phi, &certificate, &err),
                 THRONG_E_UNSUPPORTED);
    cr_expect(strstr(err.message, "shapley-sampled"), "%s", err.message);
    throng_context_free(context);
}

/* A gradient is not needed: differences stand in for it. */
static double cube_value(void *self, const double *m) {
    (void)self;
    return m[0] * m[0] * m[0];
}

Test(oceanic, a_value_of_sums_alone_is_enough) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    double phi[30], sum = 0.0;
    throng_certificate certificate;
    throng_method_options options = throng_method_options_default();
    throng_value_function function = {.n_agents = 30,
                                      .n_aggregates = 1,
                                      .aggregate_origin = half_origin,
                                      .aggregate_steps = half_steps,
                                      .aggregate_value = cube_value};
    cr_assert_eq(throng_attribute_function(context, &function, "oceanic", &options, phi, &certificate, &err), THRONG_OK,
                 "%s", err.message);
    for (int i = 0; i < 30; i++) {
        sum += phi[i];
        cr_expect_float_eq(phi[i], 7.2, 1e-6);
    }
    cr_expect_float_eq(sum, 216.0, 1e-6);
    throng_context_free(context);
}

static bool refuse(void *user, const throng_progress *progress) {
    (void)progress;
    return --*(int *)user > 0;
}

Test(oceanic, can_be_stopped_at_any_time) {
    const char *methods[] = {"oceanic:atoms=12", "oceanic:atoms=20"};
    for (int m = 0; m < 2; m++)
        for (int calls = 1; calls <= 3; calls++) {
            fixture f;
            throng_error err = {0};
            int left = calls;
            fixture_open(&f, 2, heavy_crowd(300, 61), "bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN);
            int64_t bytes = throng_context_bytes(f.context);
            throng_context_set_progress(f.context, refuse, &left);
            cr_expect_eq(try(&f, methods[m], &err), THRONG_E_CANCELLED, "%s after %d", methods[m], calls);
            cr_expect_eq(throng_context_bytes(f.context), bytes);
            fixture_close(&f);
        }
}

Test(oceanic, every_failing_allocation_is_survived) {
    const char *methods[] = {"oceanic:atoms=4", "oceanic:atoms=0", "oceanic:atoms=14"};
    const char *indicators[] = {"bimodality", "theil", "variance"};
    test_crowd crowd = crowd_make(80, 1, 79); /* more than 64: few stand together, and games are cheap */
    for (int c = 0; c < 3; c++) {
        throng_attribution_def def = throng_attribution_default();
        def.indicator = indicators[c];
        def.method = methods[c];
        crowd_survives_failing_allocations(&crowd, &def, c == 0 ? 7 : 1);
    }
    crowd_clear(&crowd);
}
