/*
 * Attribution: every indicator on every path and baseline against the plain definition, then the axioms, closed forms,
 * the exact Shapley value where it must agree, times, certificates and failures.
 */
#include "attribution/crowd.h"
#include "crowds.h"

#include <stdio.h>

/* Relative to the largest entry: sums of 40 agents carry a few roundings. */
#define AGREE 1e-11
/* Central differences with step 1e-5 are good to about 1e-9 of the value's scale. */
#define DIFFERENCES 2e-6

typedef struct case_def {
    const throng_indicator *descriptor;
    throng_path path;
    throng_baseline baseline;
} case_def;

/* All indicator x path x baseline that throng accepts. */
static int all_cases(throng_context *context, case_def *out) {
    int n = 0;
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_INDICATOR); i++)
        for (int path = THRONG_PATH_STATE; path < THRONG_PATH_COUNT; path++)
            for (int baseline = THRONG_BASELINE_NEUTRAL; baseline < THRONG_BASELINE_COUNT; baseline++) {
                const throng_indicator *descriptor =
                    (const void *)throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
                if (descriptor->form != THRONG_FORM_NETWORK && /* see test_network.c */
                    throng_i_crowd_check(descriptor, path, baseline, NULL) == THRONG_OK)
                    out[n++] = (case_def){descriptor, path, baseline};
            }
    return n;
}

#define CASES_MAX 400

typedef struct fixture {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_i_indicator indicator;
    int64_t *first_row;
    throng_i_crowd value;
    throng_value_function function;
} fixture;

/* The second of two times, so that first states exist. */
static void fixture_init(fixture *f, throng_context *context, const case_def *one, int64_t n, uint64_t seed) {
    *f = (fixture){.context = context, .crowd = crowd_make(2 * n, 2, seed)};
    throng_error err = {0};
    f->population = crowd_population(context, &f->crowd);
    cr_assert_eq(throng_i_indicator_init(context, one->descriptor->about.name, &f->indicator, &err), THRONG_OK);
    if (one->descriptor->form == THRONG_FORM_HISTOGRAM)
        cr_assert_eq(throng_i_indicator_set_range(&f->indicator, 0.0, 2.0, &err), THRONG_OK);
    cr_assert_eq(throng_i_population_first_rows(f->population, &f->first_row, &err), THRONG_OK);
    throng_i_crowd_def def = {.population = f->population,
                              .indicator = &f->indicator,
                              .path = one->path,
                              .baseline = one->baseline,
                              .first_row = f->first_row,
                              .time = 1,
                              .progress = {"testing", "agents", 0, 0}};
    cr_assert_eq(throng_i_crowd_init(context, &def, &f->value, &err), THRONG_OK, "%s", err.message);
    f->function = throng_i_crowd_function(&f->value);
}

static void fixture_clear(fixture *f) {
    throng_i_indicator_clear(f->context, &f->indicator);
    throng_i_crowd_clear(&f->value);
    throng_i_free(f->context, f->first_row);
    throng_population_free(f->population);
    crowd_clear(&f->crowd);
}

static const char *describe(const case_def *one) {
    static char text[120];
    snprintf(text, sizeof text, "%s, %s path, baseline %s", one->descriptor->about.name, throng_path_name(one->path),
             throng_baseline_name(one->baseline));
    return text;
}

static double largest(const double *x, int64_t n) {
    double most = 0.0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

#define N 40

Test(crowd, there_are_cases_for_every_form) {
    throng_context *context = test_context(1);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases), seen[THRONG_FORM_COUNT] = {0};
    for (int c = 0; c < n; c++)
        seen[cases[c].descriptor->form]++;
    cr_assert_geq(n, 50);
    for (int form = 0; form < THRONG_FORM_COUNT; form++)
        cr_assert(seen[form] > 1 || form == THRONG_FORM_NETWORK, "form %d", form);
    throng_context_free(context);
}

Test(crowd, value_on_the_ray_is_the_definition) {
    throng_context *context = test_context(2);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    for (int c = 0; c < n; c++) {
        fixture f;
        fixture_init(&f, context, &cases[c], N, 7);
        for (int step = 0; step <= 4; step++) {
            double alpha[N], ray = 0.0, plain = 0.0, t = step / 4.0;
            for (int i = 0; i < N; i++)
                alpha[i] = t;
            cr_assert_eq(f.function.ray_value(f.function.self, t, &ray, NULL), THRONG_OK);
            cr_assert_eq(f.function.value(f.function.self, alpha, &plain, NULL), THRONG_OK);
            cr_assert(fabs(ray - plain) <= AGREE * (1.0 + fabs(plain)), "%s at t = %g: %.17g, defined %.17g",
                      describe(&cases[c]), t, ray, plain);
        }
        fixture_clear(&f);
    }
    throng_context_free(context);
}

Test(crowd, gradient_of_the_definition_is_its_derivative) {
    throng_context *context = test_context(1);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    for (int c = 0; c < n; c++) {
        fixture f;
        fixture_init(&f, context, &cases[c], N, 11);
        double alpha[N], gradient[N], scale;
        for (int i = 0; i < N; i++)
            alpha[i] = 0.2 + 0.6 * test_uniform(5, (uint64_t)i);
        cr_assert_eq(f.function.gradient(f.function.self, alpha, gradient, NULL), THRONG_OK);
        scale = largest(gradient, N);
        for (int i = 0; i < N; i++) {
            double above = 0.0, below = 0.0, at = alpha[i], step = 1e-5;
            alpha[i] = at + step;
            cr_assert_eq(f.function.value(f.function.self, alpha, &above, NULL), THRONG_OK);
            alpha[i] = at - step;
            cr_assert_eq(f.function.value(f.function.self, alpha, &below, NULL), THRONG_OK);
            alpha[i] = at;
            cr_assert(fabs((above - below) / (2 * step) - gradient[i]) <= DIFFERENCES * (scale + 1e-3),
                      "%s, agent %d: %.12g, by differences %.12g", describe(&cases[c]), i, gradient[i],
                      (above - below) / (2 * step));
        }
        fixture_clear(&f);
    }
    throng_context_free(context);
}

/* One node of weight 1 makes credit the gradient at that node. */
Test(crowd, credit_on_the_ray_is_the_gradient_of_the_definition) {
    throng_context *context = test_context(2);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    for (int c = 0; c < n; c++) {
        fixture f;
        fixture_init(&f, context, &cases[c], N, 13);
        double t = 0.37, weight = 1.0, alpha[N], gradient[N], phi[N], slope = 0.0, sum = 0.0;
        throng_nodes node = {1, &t, &weight};
        throng_credit_sums sums;
        for (int i = 0; i < N; i++)
            alpha[i] = t;
        cr_assert_eq(f.function.gradient(f.function.self, alpha, gradient, NULL), THRONG_OK);
        cr_assert_eq(f.function.ray_credit(f.function.self, &node, NULL, phi, &sums, NULL), THRONG_OK);
        for (int i = 0; i < N; i++) {
            sum += gradient[i];
            cr_assert(fabs(phi[i] - gradient[i]) <= AGREE * (largest(gradient, N) + 1e-6), "%s, agent %d: %.17g, %.17g",
                      describe(&cases[c]), i, phi[i], gradient[i]);
        }
        cr_assert_float_eq(sums.phi, sum, 1e-10 * N * (largest(gradient, N) + 1e-6));
        if (f.function.ray_slope) {
            cr_assert_eq(f.function.ray_slope(f.function.self, t, &slope, NULL), THRONG_OK);
            cr_assert(fabs(slope - sum) <= 1e-10 * N * (largest(gradient, N) + 1e-6), "%s: slope %.17g, sum %.17g",
                      describe(&cases[c]), slope, sum);
        }
        fixture_clear(&f);
    }
    throng_context_free(context);
}

/* Coalitions by adding up steps against the definition; on the presence path any alpha. */
Test(crowd, aggregate_form_is_the_definition) {
    throng_context *context = test_context(1);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    for (int c = 0; c < n; c++) {
        fixture f;
        fixture_init(&f, context, &cases[c], N, 17);
        int k = f.function.n_aggregates;
        cr_assert_eq(k == 0, cases[c].descriptor->form == THRONG_FORM_DISTRIBUTION);
        for (int draw = 0; draw < 4 && k > 0; draw++) {
            double m[64], steps[N * 64], alpha[N], plain = 0.0;
            f.function.aggregate_origin(f.function.self, m);
            f.function.aggregate_steps(f.function.self, 0, N, steps);
            for (int i = 0; i < N; i++) {
                double u = test_uniform(19, (uint64_t)(draw * N + i));
                alpha[i] = f.function.aggregates_linear && draw % 2 ? u : u < 0.5;
                for (int j = 0; j < k; j++)
                    m[j] += alpha[i] * steps[i * k + j];
            }
            cr_assert_eq(f.function.value(f.function.self, alpha, &plain, NULL), THRONG_OK);
            double sum = f.function.aggregate_value(f.function.self, m);
            cr_assert(fabs(sum - plain) <= AGREE * (1.0 + fabs(plain)), "%s: %.17g, defined %.17g", describe(&cases[c]),
                      sum, plain);
        }
        fixture_clear(&f);
    }
    throng_context_free(context);
}

/* ---- certificates ---------------------------------------------------------------------------------------------- */

/* Path integrals that a kink or an infinite slope at an end keeps from 1e-10; their failure is loud, see below. */
static bool hard(const case_def *one) {
    return one->descriptor->form == THRONG_FORM_DISTRIBUTION && one->baseline != THRONG_BASELINE_MEAN &&
           one->path == THRONG_PATH_STATE;
}

Test(attribution, every_case_converges_and_adds_up) {
    throng_context *context = test_context(2);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    test_crowd crowd = crowd_make(2 * 300, 2, 3);
    throng_population *population = crowd_population(context, &crowd);
    for (int c = 0; c < n; c++) {
        if (hard(&cases[c]))
            continue;
        throng_error err = {0};
        throng_attribution *result = NULL;
        throng_attribution_def def = throng_attribution_default();
        def.indicator = cases[c].descriptor->about.name;
        def.path = cases[c].path;
        def.baseline = cases[c].baseline;
        cr_assert_eq(throng_attribute(context, population, &def, &result, &err), THRONG_OK, "%s: %s",
                     describe(&cases[c]), err.message);
        for (int time = 0; time < 2; time++) {
            throng_certificate certificate = throng_attribution_certificate(result, time);
            double sum = 0.0;
            for (int i = 0; i < 300; i++)
                sum += throng_attribution_phi(result)[300 * time + i];
            double whole = certificate.everybody - certificate.nobody;
            cr_assert(certificate.converged && certificate.efficiency_residual <= 1e-10 &&
                          certificate.rule_change <= 1e-10,
                      "%s", describe(&cases[c]));
            cr_assert(fabs(sum - whole) <= 2e-10 * fabs(whole) + 1e-13, "%s: sum %.15g, whole %.15g",
                      describe(&cases[c]), sum, whole);
        }
        throng_change change = throng_attribution_change(result);
        cr_assert_lt(change.efficiency_residual, 1e-9, "%s: change %.3g", describe(&cases[c]),
                     change.efficiency_residual);
        throng_attribution_free(result);
    }
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* ---- helpers for what follows ---------------------------------------------------------------------------------- */

static throng_attribution *attribute(throng_context *context, const throng_population *population,
                                     const char *indicator, throng_path path, throng_baseline baseline) {
    throng_error err = {0};
    throng_attribution *result = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.path = path;
    def.baseline = baseline;
    throng_status status = throng_attribute(context, population, &def, &result, &err);
    cr_assert_eq(status, THRONG_OK, "%s: %s", indicator, err.message);
    return result;
}

static throng_status attribute_fails(const test_crowd *crowd, const throng_attribution_def *def, throng_error *err) {
    throng_context *context = test_context(1);
    throng_population *population = crowd_population(context, crowd);
    throng_attribution *result = NULL;
    throng_status status = throng_attribute(context, population, def, &result, err);
    cr_assert_null(result);
    throng_population_free(population);
    throng_context_free(context);
    return status;
}

static throng_status attribute_function(throng_context *context, const throng_value_function *function,
                                        const char *method, double tolerance, int nodes_max, double *phi,
                                        throng_certificate *certificate, throng_error *err) {
    throng_method_options options = {.tolerance = tolerance, .nodes_max = nodes_max};
    return throng_attribute_function(context, function, method, &options, phi, certificate, err);
}

/* ---- closed forms ---------------------------------------------------------------------------------------------- */

/* Variance, silent baseline: phi_i = p_i (x_i^2 - m x_i), on both paths. */
Test(closed_form, variance_and_weighted_variance) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(5000, 1, 17);
    throng_population *population = crowd_population(context, &crowd);
    for (int weighted = 0; weighted < 2; weighted++) {
        double mass = 0.0, mean = 0.0;
        for (int i = 0; i < 5000; i++) {
            mass += weighted ? crowd.weight[i] : 1.0;
            mean += (weighted ? crowd.weight[i] : 1.0) * crowd.state[i];
        }
        mean /= mass;
        for (int path = THRONG_PATH_STATE; path <= THRONG_PATH_PRESENCE; path++) {
            throng_attribution *result = attribute(context, population, weighted ? "weighted-variance" : "variance",
                                                   path, THRONG_BASELINE_NEUTRAL);
            for (int i = 0; i < 5000; i++) {
                double p = (weighted ? crowd.weight[i] : 1.0) / mass, x = crowd.state[i];
                cr_assert_float_eq(throng_attribution_phi(result)[i], p * (x * x - mean * x), 1e-12 * p);
            }
            cr_assert_leq(throng_attribution_certificate(result, 0).efficiency_residual, 1e-12);
            throng_attribution_free(result);
        }
    }
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

static double tanh_value(const throng_setting *setting, const double *m) {
    (void)setting;
    return tanh(3.0 * m[1]);
}

static double sum_value(const throng_setting *setting, const double *m) {
    (void)setting;
    return 2.0 * (m[2] - m[1] * m[1]) - 5.0 * m[1];
}

static const throng_indicator own_indicators[2] = {
    {.about = {sizeof(throng_indicator), "tanh-mean", "tanh of three times the mean.", "f of one linear aggregate.",
               "this test", NULL},
     .form = THRONG_FORM_MOMENTS,
     .n_aggregates = 2,
     .path = THRONG_PATH_STATE,
     .baseline = "neutral",
     .value = tanh_value},
    {.about = {sizeof(throng_indicator), "combination", "2 variance - 5 mean.", "A linear combination.", "this test",
               NULL},
     .form = THRONG_FORM_MOMENTS,
     .n_aggregates = 3,
     .path = THRONG_PATH_STATE,
     .baseline = "neutral",
     .value = sum_value}};

/* One linear aggregate, M = f(s), s = sum p x: phi_i = p_i x_i (f(s) - f(0)) / s, whatever f. */
Test(closed_form, one_linear_aggregate) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(500, 1, 19);
    throng_population *population = crowd_population(context, &crowd);
    cr_assert_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &own_indicators[0].about, NULL), THRONG_OK);
    throng_error err = {0};
    throng_attribution *result = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "tanh-mean";
    def.tolerance = 1e-8; /* the gradient comes from differences */
    cr_assert_eq(throng_attribute(context, population, &def, &result, &err), THRONG_OK, "%s", err.message);
    double mean = 0.0;
    for (int i = 0; i < 500; i++)
        mean += crowd.state[i] / 500;
    for (int i = 0; i < 500; i++)
        cr_assert_float_eq(throng_attribution_phi(result)[i], crowd.state[i] / 500 * tanh(3 * mean) / mean, 1e-11);
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* Shape indicators against a normal reference crowd, phi in z = (x - m) / sd: the formula in their descriptors. */
Test(closed_form, skewness_against_a_normal_crowd) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(200, 1, 23);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result =
        attribute(context, population, "skewness", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    double mean = 0.0, sd = 0.0, skewness = 0.0;
    for (int i = 0; i < 200; i++)
        mean += crowd.state[i] / 200;
    for (int i = 0; i < 200; i++)
        sd += (crowd.state[i] - mean) * (crowd.state[i] - mean) / 200;
    sd = sqrt(sd);
    for (int i = 0; i < 200; i++)
        skewness += pow((crowd.state[i] - mean) / sd, 3) / 200;
    throng_certificate certificate = throng_attribution_certificate(result, 0);
    cr_assert_float_eq(certificate.everybody, skewness, 1e-12);
    cr_assert_float_eq(certificate.nobody, 0.0, 1e-12);
    for (int i = 0; i < 200; i++) {
        double z = (crowd.state[i] - mean) / sd;
        cr_assert_float_eq(throng_attribution_phi(result)[i], (z * z * z - 3 * z - 0.75 * skewness * (z * z - 1)) / 200,
                           1e-12);
    }
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* ---- axioms ---------------------------------------------------------------------------------------------------- */

Test(axioms, agents_at_their_baseline_get_exactly_nothing) {
    throng_context *context = test_context(1);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    test_crowd crowd = crowd_make(2 * N, 2, 29);
    for (int i = 0; i < 5; i++) {
        crowd.baseline[N + i] = crowd.state[N + i]; /* for COLUMN */
        crowd.state[i] = crowd.state[N + i];        /* for FIRST */
    }
    throng_population *population = crowd_population(context, &crowd);
    for (int c = 0; c < n; c++)
        if (cases[c].baseline >= THRONG_BASELINE_FIRST && !hard(&cases[c])) {
            throng_attribution *result =
                attribute(context, population, cases[c].descriptor->about.name, cases[c].path, cases[c].baseline);
            for (int i = 0; i < 5; i++)
                cr_assert(throng_attribution_phi(result)[N + i] == 0.0, "%s: agent %d got %g", describe(&cases[c]), i,
                          throng_attribution_phi(result)[N + i]);
            throng_attribution_free(result);
        }
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(axioms, clones_get_the_same_bits) {
    throng_context *context = test_context(2);
    case_def cases[CASES_MAX];
    int n = all_cases(context, cases);
    test_crowd crowd = crowd_make(2 * N, 2, 31);
    for (int time = 0; time < 2; time++)
        for (int clone = 1; clone < 4; clone++) {
            int from = time * N + 2, to = time * N + 9 * clone;
            crowd.state[to] = crowd.state[from];
            crowd.weight[to] = crowd.weight[from];
            crowd.baseline[to] = crowd.baseline[from];
        }
    throng_population *population = crowd_population(context, &crowd);
    for (int c = 0; c < n; c++) {
        if (hard(&cases[c]))
            continue;
        throng_attribution *result =
            attribute(context, population, cases[c].descriptor->about.name, cases[c].path, cases[c].baseline);
        const double *phi = throng_attribution_phi(result);
        for (int clone = 1; clone < 4; clone++)
            cr_assert(phi[2] == phi[9 * clone], "%s", describe(&cases[c]));
        throng_attribution_free(result);
    }
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(axioms, linear_in_the_indicator) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(300, 1, 37);
    throng_population *population = crowd_population(context, &crowd);
    cr_assert_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &own_indicators[1].about, NULL), THRONG_OK);
    throng_attribution *parts[3] = {
        attribute(context, population, "variance", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN),
        attribute(context, population, "mean", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN),
        attribute(context, population, "combination", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN)};
    for (int i = 0; i < 300; i++)
        cr_assert_float_eq(throng_attribution_phi(parts[2])[i],
                           2.0 * throng_attribution_phi(parts[0])[i] - 5.0 * throng_attribution_phi(parts[1])[i],
                           1e-11); /* the combination's gradient comes from differences */
    for (int i = 0; i < 3; i++)
        throng_attribution_free(parts[i]);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* Shapley by enumeration of all coalitions, by definition. */
static void shapley_exact(const throng_value_function *function, double *phi) {
    int n = (int)function->n_agents;
    double value[1 << 10], alpha[10];
    for (int set = 0; set < 1 << n; set++) {
        for (int i = 0; i < n; i++)
            alpha[i] = set >> i & 1;
        cr_assert_eq(function->value(function->self, alpha, &value[set], NULL), THRONG_OK);
    }
    for (int i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (int set = 0; set < 1 << n; set++) {
            if (set >> i & 1)
                continue;
            int size = __builtin_popcount((unsigned)set);
            double weight = tgamma(size + 1) * tgamma(n - size) / tgamma(n + 1);
            phi[i] += weight * (value[set | 1 << i] - value[set]);
        }
    }
}

/* Aumann-Shapley is Shapley for quadratic indicators on the presence path; for others they differ. */
Test(axioms, equals_shapley_for_quadratic_indicators_only) {
    throng_context *context = test_context(1);
    const char *names[] = {"variance", "weighted-variance", "mean", "bimodality"};
    for (int k = 0; k < 4; k++) {
        const throng_about *about = NULL;
        cr_assert_eq(throng_context_find(context, THRONG_KIND_INDICATOR, names[k], &about, NULL), THRONG_OK);
        case_def one = {(const void *)about, THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL};
        fixture f;
        fixture_init(&f, context, &one, 10, 41);
        double shapley[10], phi[10], apart = 0.0;
        throng_certificate certificate;
        throng_error err = {0};
        cr_assert_eq(attribute_function(context, &f.function, "aumann-shapley", 1e-10, 1024, phi, &certificate, &err),
                     THRONG_OK, "%s", err.message);
        shapley_exact(&f.function, shapley);
        for (int i = 0; i < 10; i++)
            apart = fmax(apart, fabs(phi[i] - shapley[i]) / largest(shapley, 10));
        if (k < 3)
            cr_assert_lt(apart, 1e-12, "%s: %g", names[k], apart);
        else
            cr_assert_gt(apart, 1e-6, "%s: %g", names[k], apart);
        fixture_clear(&f);
    }
    throng_context_free(context);
}

/* ---- numbers that are hard ------------------------------------------------------------------------------------- */

/* States far from 0 must not cost digits: indicators that do not see a shift are computed near the mean. */
Test(attribution, states_far_from_zero_keep_their_digits) {
    throng_context *context = test_context(1);
    test_crowd near = crowd_make(2000, 1, 43), far = crowd_make(2000, 1, 43);
    for (int i = 0; i < 2000; i++) { /* shifting by a power of two loses no bits of these states */
        near.state[i] = (double)(float)near.state[i];
        far.state[i] = near.state[i] + 1048576.0;
    }
    const char *names[] = {"variance", "weighted-variance", "skewness", "bimodality"};
    for (int k = 0; k < 4; k++) {
        throng_population *here = crowd_population(context, &near), *there = crowd_population(context, &far);
        throng_attribution *a = attribute(context, here, names[k], THRONG_PATH_DEFAULT, THRONG_BASELINE_MEAN);
        throng_attribution *b = attribute(context, there, names[k], THRONG_PATH_DEFAULT, THRONG_BASELINE_MEAN);
        double scale = largest(throng_attribution_phi(a), 2000);
        for (int i = 0; i < 2000; i++)
            cr_assert_float_eq(throng_attribution_phi(a)[i], throng_attribution_phi(b)[i], 1e-9 * scale, "%s",
                               names[k]);
        throng_attribution_free(a);
        throng_attribution_free(b);
        throng_population_free(here);
        throng_population_free(there);
    }
    crowd_clear(&near);
    crowd_clear(&far);
    throng_context_free(context);
}

Test(attribution, one_agent_and_equal_agents) {
    throng_context *context = test_context(1);
    test_crowd one = crowd_make(1, 1, 5), equal = crowd_make(50, 1, 5);
    for (int i = 0; i < 50; i++)
        equal.state[i] = 1.25;
    throng_population *alone = crowd_population(context, &one), *same = crowd_population(context, &equal);
    throng_attribution *mean = attribute(context, alone, "mean", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    cr_assert_float_eq(throng_attribution_phi(mean)[0], one.state[0], 1e-15);
    throng_attribution *variance = attribute(context, same, "variance", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    throng_attribution *gini = attribute(context, same, "gini", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    throng_attribution *entropy = attribute(context, same, "entropy", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(throng_attribution_phi(variance)[i], 0.0);
        cr_assert_float_eq(throng_attribution_phi(gini)[i], 0.0, 1e-15);
    }
    throng_attribution_free(mean);
    throng_attribution_free(variance);
    throng_attribution_free(gini);
    throng_attribution_free(entropy);
    throng_population_free(alone);
    throng_population_free(same);
    crowd_clear(&one);
    crowd_clear(&equal);
    throng_context_free(context);
}

/* ---- times ----------------------------------------------------------------------------------------------------- */

Test(change, is_last_minus_first_by_agent) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(3 * 100, 3, 47);
    for (int i = 0; i < 20; i++) /* twenty newcomers replace the first twenty */
        crowd.id[200 + i] = 1000 + i;
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result =
        attribute(context, population, "weighted-variance", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    const double *phi = throng_attribution_phi(result), *change = throng_attribution_change_phi(result);
    for (int64_t agent = 0; agent < throng_population_agents(population); agent++) {
        char text[32];
        throng_population_id(population, (throng_agent)agent, text, sizeof text);
        int64_t id = atoll(text);
        double expected = 0.0;
        for (int64_t row = 0; row < 300; row++)
            if (crowd.id[row] == id)
                expected += row >= 200 ? phi[row] : row < 100 ? -phi[row] : 0.0;
        cr_assert_eq(change[agent], expected, "agent %s", text);
    }
    throng_change whole = throng_attribution_change(result);
    cr_assert_float_eq(whole.sum_phi, whole.after - whole.before, 1e-12);
    cr_assert_eq(whole.baseline_shift, 0.0);
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* With own first states as baseline the first time has nothing to credit, and v(0) moves with who is there. */
Test(change, baseline_that_moves_is_reported) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(2 * 100, 2, 53);
    for (int i = 0; i < 30; i++)
        crowd.id[100 + i] = 1000 + i;
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = attribute(context, population, "variance", THRONG_PATH_STATE, THRONG_BASELINE_FIRST);
    throng_change whole = throng_attribution_change(result);
    cr_assert_neq(whole.baseline_shift, 0.0);
    cr_assert_float_eq(whole.sum_phi + whole.baseline_shift, whole.after - whole.before, 1e-12);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(throng_attribution_phi(result)[i], 0.0);
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(summary, top_and_cohorts_are_what_sorting_and_summing_give) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(2 * 500, 2, 59);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result =
        attribute(context, population, "weighted-variance", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    throng_cohorts *cohorts = NULL;
    cr_assert_eq(throng_cohorts_create(population, &(throng_cohorts_def){0}, &cohorts, NULL), THRONG_OK);
    const double *phi = throng_attribution_phi(result);
    for (int64_t time = -1; time < 2; time++) {
        const double *all = time < 0 ? throng_attribution_change_phi(result) : phi + 500 * time;
        throng_top_agent top[7];
        cr_assert_eq(throng_attribution_top(result, time, 7, top), 7);
        for (int k = 0; k < 7; k++) {
            int ahead = 0;
            for (int i = 0; i < 500; i++)
                ahead += fabs(all[i]) > fabs(top[k].phi);
            cr_assert_eq(ahead, k);
            cr_assert_eq(all[top[k].agent], top[k].phi);
            cr_assert_eq(throng_population_agent(population, top[k].row), top[k].agent);
        }
        throng_cohort_credit credit[8];
        throng_attribution_cohorts(result, cohorts, time, credit);
        double sum = 0.0, whole = 0.0;
        int64_t agents = 0;
        for (int k = 0; k < throng_cohorts_count(cohorts); k++) {
            sum += credit[k].phi;
            agents += credit[k].n_agents;
        }
        for (int i = 0; i < 500; i++)
            whole += all[i];
        cr_assert_float_eq(sum, whole, 1e-12);
        cr_assert_eq(agents, 500);
    }
    throng_top_agent few[600];
    cr_assert_eq(throng_attribution_top(result, 0, 600, few), 500);
    for (int k = 1; k < 500; k++)
        cr_assert_geq(fabs(few[k - 1].phi), fabs(few[k].phi));
    throng_cohorts_free(cohorts);
    throng_attribution_free(result);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* Automatic bins are said as numbers once they are known, so that a part of the crowd can be given the same ones. */
Test(summary, resolved_bins_give_the_same_bits) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(300, 1, 97);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *first = attribute(context, population, "entropy", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    const char *resolved = throng_attribution_resolved(first).indicator;
    cr_assert(!strstr(resolved, "auto"), "%s", resolved);
    throng_attribution *again = attribute(context, population, resolved, THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT);
    cr_assert_arr_eq(throng_attribution_phi(first), throng_attribution_phi(again), 300 * sizeof(double));
    throng_attribution_free(first);
    throng_attribution_free(again);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

Test(failure, paths_that_lead_nowhere_are_refused_with_the_reason) {
    test_crowd crowd = crowd_make(20, 1, 61);
    const struct {
        const char *indicator;
        throng_path path;
        throng_baseline baseline;
        throng_status status;
        const char *says;
    } cases[] = {
        {"theil", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, THRONG_E_DEGENERATE, "--baseline mean"},
        {"gini", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL, THRONG_E_DEGENERATE, "--baseline mean"},
        {"skewness", THRONG_PATH_STATE, THRONG_BASELINE_MEAN, THRONG_E_DEGENERATE, "--path presence"},
        {"entropy", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, THRONG_E_DEGENERATE, "--path presence"},
        {"variance", THRONG_PATH_STATE, THRONG_BASELINE_FIRST, THRONG_E_ARGUMENT, "two times"},
        {"varience", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, THRONG_E_UNKNOWN_NAME, "\"variance\""},
        {"entropy:bims=3", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, THRONG_E_UNKNOWN_NAME, "\"bins\""},
        {"entropy:bins=1", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, THRONG_E_PARAMETER, "from 2 to 1024"},
        {"entropy:low=3,high=1", THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, THRONG_E_PARAMETER, "below"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        throng_error err = {0};
        throng_attribution_def def = throng_attribution_default();
        def.indicator = cases[k].indicator;
        def.path = cases[k].path;
        def.baseline = cases[k].baseline;
        cr_assert_eq(attribute_fails(&crowd, &def, &err), cases[k].status, "%s: %s", cases[k].indicator, err.message);
        cr_assert(strstr(err.message, cases[k].says), "%s: %s", cases[k].indicator, err.message);
    }
    crowd_clear(&crowd);
}

Test(failure, states_outside_the_domain_and_undefined_values) {
    test_crowd crowd = crowd_make(20, 1, 67);
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    crowd.state[7] = -0.5;
    def.indicator = "theil";
    cr_assert_eq(attribute_fails(&crowd, &def, &err), THRONG_E_DOMAIN);
    cr_assert(strstr(err.message, "agent 8 has state = -0.5"), "%s", err.message);
    for (int i = 0; i < 20; i++)
        crowd.state[i] = 3.0;
    def.indicator = "bimodality";
    cr_assert_eq(attribute_fails(&crowd, &def, &err), THRONG_E_DEGENERATE);
    cr_assert(strstr(err.message, "all states are equal"), "%s", err.message);
    crowd_clear(&crowd);
}

/* A kink on the path, few nodes, a demanding tolerance: loud, with the numbers and what to try. */
Test(failure, tolerance_not_reached_is_an_error) {
    test_crowd crowd = crowd_make(60, 1, 71);
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "gini";
    def.baseline = THRONG_BASELINE_COLUMN;
    def.nodes_max = 8;
    cr_assert_eq(attribute_fails(&crowd, &def, &err), THRONG_E_NOT_CONVERGED);
    cr_assert(strstr(err.message, "8 nodes") && strstr(err.message, "residual"), "%s", err.message);
    def.nodes_max = 1;
    cr_assert_eq(attribute_fails(&crowd, &def, &err), THRONG_E_PARAMETER);
    def.nodes_max = 8;
    def.tolerance = NAN;
    cr_assert_eq(attribute_fails(&crowd, &def, &err), THRONG_E_PARAMETER);
    crowd_clear(&crowd);
}

static bool refuse(void *user, const throng_progress *progress) {
    ++*(int *)user;
    return progress->done < 100000;
}

Test(failure, cancelling_stops_the_work) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(400000, 1, 73);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *result = NULL;
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    int calls = 0;
    throng_context_set_progress(context, refuse, &calls);
    def.indicator = "theil"; /* on the state path long enough for a second report */
    def.path = THRONG_PATH_STATE;
    cr_assert_eq(throng_attribute(context, population, &def, &result, &err), THRONG_E_CANCELLED);
    cr_assert_null(result);
    cr_assert_gt(calls, 0);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(failure, every_failing_allocation_is_survived) {
    const char *names[] = {"weighted-variance", "entropy", "extremeness", "gini"};
    test_crowd crowd = crowd_make(2 * 50, 2, 79);
    for (int k = 0; k < 4; k++) {
        throng_attribution_def def = throng_attribution_default();
        def.indicator = names[k];
        crowd_survives_failing_allocations(&crowd, &def, 1);
    }
    crowd_clear(&crowd);
}

/* ---- a caller's own value function ----------------------------------------------------------------------------- */

typedef struct product {
    int calls;
    double gain[6];
} product;

/* v = product of (1 + alpha_i gain_i): multilinear, so Aumann-Shapley is Shapley. */
static throng_status product_value(void *self, const double *alpha, double *out, throng_error *err) {
    (void)err;
    product *p = self;
    *out = 1.0;
    for (int i = 0; i < 6; i++)
        *out *= 1.0 + alpha[i] * p->gain[i];
    return THRONG_OK;
}

static throng_status product_gradient(void *self, const double *alpha, double *out, throng_error *err) {
    product *p = self;
    p->calls++;
    for (int i = 0; i < 6; i++) {
        double whole = 0.0;
        product_value(self, alpha, &whole, err);
        out[i] = whole / (1.0 + alpha[i] * p->gain[i]) * p->gain[i];
    }
    return THRONG_OK;
}

Test(own_function, gradient_alone_is_enough) {
    throng_context *context = test_context(1);
    product p = {0, {0.5, -0.3, 0.0, 2.0, 0.1, 0.5}};
    throng_value_function function = {.self = &p, .n_agents = 6, .value = product_value, .gradient = product_gradient};
    throng_certificate certificate;
    double phi[6], shapley[6];
    cr_assert_eq(attribute_function(context, &function, "aumann-shapley", 1e-12, 64, phi, &certificate, NULL),
                 THRONG_OK);
    shapley_exact(&function, shapley);
    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(phi[i], shapley[i], 1e-12);
    cr_assert_eq(phi[2], 0.0);
    cr_assert_eq(phi[0], phi[5]);
    cr_assert_leq(certificate.quadrature_nodes, 8); /* a polynomial of degree 5 in t */
    throng_context_free(context);
}

static throng_status broken_value(void *self, const double *alpha, double *out, throng_error *err) {
    (void)self, (void)err;
    *out = alpha[0] > 0.5 ? NAN : 0.0;
    return THRONG_OK;
}

Test(own_function, what_it_lacks_or_breaks_is_said) {
    throng_context *context = test_context(1);
    product p = {0};
    double phi[6];
    throng_certificate certificate;
    throng_error err = {0};
    throng_value_function no_gradient = {.self = &p, .n_agents = 6, .value = product_value};
    cr_assert_eq(attribute_function(context, &no_gradient, "aumann-shapley", 1e-9, 64, phi, &certificate, &err),
                 THRONG_E_UNSUPPORTED);
    throng_value_function broken = {.self = &p, .n_agents = 6, .value = broken_value, .gradient = product_gradient};
    cr_assert_eq(attribute_function(context, &broken, "aumann-shapley", 1e-9, 64, phi, &certificate, &err),
                 THRONG_E_DEGENERATE);
    throng_value_function empty = {.self = &p, .n_agents = 0, .value = product_value, .gradient = product_gradient};
    cr_assert_eq(attribute_function(context, &empty, "aumann-shapley", 1e-9, 64, phi, &certificate, &err),
                 THRONG_E_EMPTY);
    cr_assert_eq(attribute_function(context, &broken, "aumann-shapely", 1e-9, 64, phi, &certificate, &err),
                 THRONG_E_UNKNOWN_NAME);
    cr_assert(strstr(err.message, "\"aumann-shapley\""), "%s", err.message);
    throng_context_free(context);
}

/* ---- panels ---------------------------------------------------------------------------------------------------- */

/* Two agents of weights 3 and 1: the first draw is the heavy one three times in four. 4000 draws put the share within
 * 0.03 of 0.75 but for one seed in 10^5. */
Test(panel, draws_in_proportion_to_weight_without_repetition) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(3, 1, 83);
    crowd.weight[0] = 1.0;
    crowd.weight[1] = 3.0;
    crowd.weight[2] = 0.0;
    throng_population *population = crowd_population(context, &crowd);
    int heavy = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        int64_t rows[3];
        int drawn = 0;
        cr_assert_eq(throng_panel_draw(context, population, 0, 3, seed, rows, &drawn, NULL), THRONG_OK);
        cr_assert_eq(drawn, 2); /* nobody sees the third */
        cr_assert_eq(rows[0] + rows[1], 1);
        heavy += rows[0] == 1;
    }
    cr_assert_float_eq(heavy / 4000.0, 0.75, 0.03);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}

Test(panel, is_the_head_of_the_order_of_all_keys) {
    throng_context *context = test_context(1);
    test_crowd crowd = crowd_make(1000, 1, 89);
    throng_population *population = crowd_population(context, &crowd);
    int64_t all[1000], some[37];
    int n_all = 0, n_some = 0;
    cr_assert_eq(throng_panel_draw(context, population, 0, 1000, 5, all, &n_all, NULL), THRONG_OK);
    cr_assert_eq(throng_panel_draw(context, population, 0, 37, 5, some, &n_some, NULL), THRONG_OK);
    cr_assert_eq(n_all, 1000);
    cr_assert_eq(n_some, 37);
    for (int i = 0; i < 37; i++)
        cr_assert_eq(some[i], all[i]);
    cr_assert_eq(throng_panel_draw(context, population, 0, 0, 5, some, &n_some, NULL), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_panel_draw(context, population, 1, 5, 5, some, &n_some, NULL), THRONG_E_ARGUMENT);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
}
