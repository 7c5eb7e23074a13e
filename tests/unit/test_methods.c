/*
 * Methods on coalitions: exact enumeration against the definition, sampled ones against exact values within their own
 * intervals, what they find out by themselves, determinism, and how they fail.
 */
#include "attribution/crowd.h"
#include "crowds.h"

#include <stdio.h>

/* ---- games ----------------------------------------------------------------------------------------------------- */

#define PLAYERS_MAX 24

/* A game of the test's own, asked through value() alone. */
typedef struct game {
    int n, calls;
    double (*of)(const double *alpha, int n);
} game;

static throng_status game_value(void *self, const double *alpha, double *out, throng_error *err) {
    (void)err;
    game *g = self;
    g->calls++;
    *out = g->of(alpha, g->n);
    return THRONG_OK;
}

static throng_value_function game_function(game *g) {
    return (throng_value_function){.self = g, .n_agents = g->n, .value = game_value};
}

/* Agents differ in size, and every fourth does nothing; cubic, so that pairs of permutations are not exact. */
static double weight_of(int i) {
    return i % 4 == 3 ? 0.0 : 0.2 + 0.1 * (i % 3);
}

static double cubic(const double *alpha, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += alpha[i] * weight_of(i);
    return 3.0 + sum * sum * sum - sum;
}

static double rough(const double *alpha, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += alpha[i] * (1.0 + i * i);
    return sin(3.0 * sum) + 0.1 * sum;
}

static double quadratic(const double *alpha, int n) {
    double sum = 0.0, other = 0.0;
    for (int i = 0; i < n; i++) {
        sum += alpha[i] * weight_of(i);
        other += alpha[i] * (i - 2.5);
    }
    return 1.0 + 2.0 * sum * other - 0.3 * other * other + sum;
}

static double larger_of_two(const double *alpha, int n) {
    (void)n;
    return fmax(alpha[0], alpha[1]);
}

/* Two of three: in every permutation the middle one decides, so that pairs often agree without being exact. */
static double majority(const double *alpha, int n) {
    (void)n;
    return alpha[0] + alpha[1] + alpha[2] >= 2.0;
}

/* One agent with any other: nearly every pair gives the first all credit. */
static double chief(const double *alpha, int n) {
    double others = 0.0;
    for (int i = 1; i < n; i++)
        others += alpha[i];
    return alpha[0] * (others > 0.0);
}

/* Three agents far apart: all or nothing. */
static double three_of_seventy(const double *alpha, int n) {
    (void)n;
    return alpha[0] * alpha[1] * alpha[64];
}

static double combination(const double *alpha, int n) {
    return 2.0 * cubic(alpha, n) - 5.0 * rough(alpha, n);
}

/* The same as majority() in aggregate form. */
static void head_count_origin(void *self, double *m) {
    (void)self;
    m[0] = 0.0;
}

static void head_count_steps(void *self, int64_t begin, int64_t end, double *steps) {
    (void)self;
    for (int64_t i = begin; i < end; i++)
        steps[i - begin] = 1.0;
}

static double head_count_value(void *self, const double *m) {
    (void)self;
    return m[0] >= 2.0;
}

/* ---- crowds as games ------------------------------------------------------------------------------------------- */

typedef struct fixture {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_i_indicator indicator;
    throng_i_crowd value;
    throng_value_function function;
} fixture;

static void fixture_init(fixture *f, int threads, const char *indicator, throng_path path, throng_baseline baseline,
                         int64_t n, uint64_t seed) {
    *f = (fixture){.context = test_context(threads), .crowd = crowd_make(n, 1, seed)};
    throng_error err = {0};
    f->population = crowd_population(f->context, &f->crowd);
    cr_assert_eq(throng_i_indicator_init(f->context, indicator, &f->indicator, &err), THRONG_OK, "%s", err.message);
    if (f->indicator.descriptor->form == THRONG_FORM_HISTOGRAM)
        cr_assert_eq(throng_i_indicator_set_range(&f->indicator, 0.0, 2.0, &err), THRONG_OK);
    throng_i_crowd_def def = {
        .population = f->population, .indicator = &f->indicator, .path = path, .baseline = baseline};
    cr_assert_eq(throng_i_crowd_init(f->context, &def, &f->value, &err), THRONG_OK, "%s", err.message);
    f->function = throng_i_crowd_function(&f->value);
}

static void fixture_clear(fixture *f) {
    throng_i_crowd_clear(&f->value);
    throng_i_indicator_clear(f->context, &f->indicator);
    throng_population_free(f->population);
    crowd_clear(&f->crowd);
    throng_context_free(f->context);
}

/* ---- running methods ------------------------------------------------------------------------------------------- */

static throng_status run(throng_context *context, const throng_value_function *function, const char *method,
                         uint64_t seed, double *phi, double *error, throng_certificate *certificate,
                         throng_error *err) {
    throng_method_options options = throng_method_options_default();
    options.seed = seed;
    options.standard_error = error;
    return throng_attribute_function(context, function, method, &options, phi, certificate, err);
}

static throng_certificate must(throng_context *context, const throng_value_function *function, const char *method,
                               uint64_t seed, double *phi, double *error) {
    throng_error err = {0};
    throng_certificate certificate;
    throng_status status = run(context, function, method, seed, phi, error, &certificate, &err);
    cr_assert_eq(status, THRONG_OK, "%s: %s", method, err.message);
    cr_assert(certificate.converged);
    return certificate;
}

/* Shapley or Banzhaf by definition, through value() alone. */
static void by_definition(const throng_value_function *function, bool banzhaf, double *phi) {
    int n = (int)function->n_agents;
    double *value = malloc(sizeof(double) << n), alpha[PLAYERS_MAX];
    for (int set = 0; set < 1 << n; set++) {
        for (int i = 0; i < n; i++)
            alpha[i] = set >> i & 1;
        cr_assert_eq(function->value(function->self, alpha, &value[set], NULL), THRONG_OK);
    }
    for (int i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (int set = 0; set < 1 << n; set++) {
            int size = __builtin_popcount((unsigned)set);
            double weight = banzhaf ? ldexp(1.0, 1 - n) : tgamma(size + 1) * tgamma(n - size) / tgamma(n + 1);
            if (!(set >> i & 1))
                phi[i] += weight * (value[set | 1 << i] - value[set]);
        }
    }
    free(value);
}

/* Relative L2 distance. */
static double apart(const double *a, const double *b, int64_t n) {
    double distance = 0.0, length = 0.0;
    for (int64_t i = 0; i < n; i++) {
        distance += (a[i] - b[i]) * (a[i] - b[i]);
        length += b[i] * b[i];
    }
    return sqrt(distance / length);
}

/* Every agent within so many standard errors, and standard errors neither 0 nor absurd. */
static void agrees(const double *phi, const double *error, const double *exact, int64_t n, double errors,
                   const char *what) {
    for (int64_t i = 0; i < n; i++)
        cr_assert(fabs(phi[i] - exact[i]) <= errors * error[i] + 1e-12, "%s, agent %d: %g, exact %g, error %g", what,
                  (int)i, phi[i], exact[i], error[i]);
}

/* ---- exact ----------------------------------------------------------------------------------------------------- */

Test(exact, is_the_definition_on_own_functions) {
    throng_context *context = test_context(2);
    double (*games[])(const double *, int) = {cubic, rough, quadratic, larger_of_two, chief};
    for (size_t k = 0; k < sizeof games / sizeof *games; k++)
        for (int n = 2; n <= 13; n += k == 1 ? 1 : 5) { /* 13: two chunks */
            game g = {n, 0, games[k]};
            throng_value_function function = game_function(&g);
            double phi[PLAYERS_MAX], expected[PLAYERS_MAX];
            throng_certificate certificate = must(context, &function, "shapley-exact", 0, phi, NULL);
            cr_assert_eq(certificate.evaluations, (int64_t)1 << n);
            cr_assert_leq(g.calls, (1 << n) + 2);
            cr_assert(certificate.efficient && certificate.efficiency_residual <= 1e-12);
            by_definition(&function, false, expected);
            cr_assert_lt(apart(phi, expected, n), 1e-12, "game %d, %d agents", (int)k, n);
        }
    throng_context_free(context);
}

Test(exact, is_the_definition_on_crowds) {
    const struct {
        const char *indicator;
        throng_path path;
        throng_baseline baseline;
    } cases[] = {{"variance", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN},
                 {"weighted-variance", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL},
                 {"bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN},
                 {"theil", THRONG_PATH_STATE, THRONG_BASELINE_MEAN},
                 {"entropy:bins=5", THRONG_PATH_PRESENCE, THRONG_BASELINE_COLUMN},
                 {"esteban-ray", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN},
                 {"cascade-size", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL},
                 {"gini", THRONG_PATH_STATE, THRONG_BASELINE_MEAN}}; /* no aggregates */
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int n = 9; n <= 13; n += 4) {
            fixture f;
            fixture_init(&f, 2, cases[k].indicator, cases[k].path, cases[k].baseline, n, 5 + k);
            double phi[PLAYERS_MAX], expected[PLAYERS_MAX];
            must(f.context, &f.function, "shapley-exact", 0, phi, NULL);
            by_definition(&f.function, false, expected);
            cr_assert_lt(apart(phi, expected, n), 1e-11, "%s: %g", cases[k].indicator, apart(phi, expected, n));
            fixture_clear(&f);
        }
}

Test(exact, keeps_the_axioms) {
    throng_context *context = test_context(1);
    game a = {11, 0, cubic}, b = {11, 0, rough}, c = {11, 0, combination};
    throng_value_function fa = game_function(&a), fb = game_function(&b), fc = game_function(&c);
    double phi[3][11];
    must(context, &fa, "shapley-exact", 0, phi[0], NULL);
    must(context, &fb, "shapley-exact", 0, phi[1], NULL);
    must(context, &fc, "shapley-exact", 0, phi[2], NULL);
    for (int i = 0; i < 11; i++) {
        cr_assert_float_eq(phi[2][i], 2.0 * phi[0][i] - 5.0 * phi[1][i], 1e-12); /* linear */
        if (weight_of(i) == 0.0)
            cr_assert_float_eq(phi[0][i], 0.0, 1e-14); /* dummy */
        for (int j = 0; j < i; j++)
            if (weight_of(i) == weight_of(j))
                cr_assert_float_eq(phi[0][i], phi[0][j], 1e-13); /* symmetric */
    }
    throng_context_free(context);
}

/* The acceptance: heavy-tailed weights, quadratic indicator, presence path. */
Test(exact, is_aumann_shapley_for_quadratic_indicators) {
    for (int n = 3; n <= 14; n++) {
        fixture f;
        fixture_init(&f, 1, "weighted-variance", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL, n, 31);
        double path[PLAYERS_MAX], exact[PLAYERS_MAX];
        must(f.context, &f.function, "aumann-shapley", 0, path, NULL);
        must(f.context, &f.function, "shapley-exact", 0, exact, NULL);
        cr_assert_lt(apart(path, exact, n), 1e-12, "%d agents: %g", n, apart(path, exact, n));
        fixture_clear(&f);
    }
}

/* ---- sampled against exact ------------------------------------------------------------------------------------- */

static const struct {
    const char *method;
    bool banzhaf;
} samplers[] = {
    {"shapley-sampled:permutations=4000", false},
    {"shapley-sampled:permutations=4000,antithetic=false", false},
    {"shapley-sampled:permutations=4000,stratified=true", false},
    {"shapley-sampled:permutations=4000,stratified=true,antithetic=false", false},
    {"owen-sampled:draws=300", false},
    {"owen-sampled:draws=2000,nodes=1", false},
    {"banzhaf-sampled:draws=2000", true},
    {"banzhaf-sampled:draws=4000,reuse=true", true},
};

/* 5 standard errors: passed by chance in all but one of 10^5 seeds. */
Test(sampled, agrees_with_exact_values_within_its_interval) {
    for (size_t k = 0; k < sizeof samplers / sizeof *samplers; k++) {
        fixture f;
        fixture_init(&f, 2, "bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10, 41);
        game g = {10, 0, rough};
        throng_value_function own = game_function(&g);
        const throng_value_function *functions[] = {&f.function, &own};
        for (int which = 0; which < 2; which++) {
            double phi[10], error[10], exact[10];
            by_definition(functions[which], samplers[k].banzhaf, exact);
            throng_certificate certificate = must(f.context, functions[which], samplers[k].method, 7, phi, error);
            agrees(phi, error, exact, 10, 5.0, samplers[k].method);
            cr_assert_gt(certificate.error_estimate, 0.2 * apart(phi, exact, 10), "%s", samplers[k].method);
            cr_assert_lt(certificate.error_estimate, 0.2, "%s: %g", samplers[k].method, certificate.error_estimate);
            cr_assert_gt(certificate.evaluations, 1000);
            bool additive = strncmp(samplers[k].method, "shapley", 7) == 0;
            cr_assert_eq(certificate.efficient, additive);
            if (additive)
                cr_assert_lt(certificate.efficiency_residual, 1e-12);
        }
        fixture_clear(&f);
    }
}

/* More agents than bits in a word, which must all be drawn independently. */
Test(sampled, many_agents_are_drawn_independently) {
    throng_context *context = test_context(1);
    game g = {70, 0, three_of_seventy};
    throng_value_function function = game_function(&g);
    const struct {
        const char *method;
        double exact;
    } cases[] = {{"shapley-sampled:permutations=2000", 1.0 / 3.0},
                 {"owen-sampled:draws=60", 1.0 / 3.0},
                 {"banzhaf-sampled:draws=20000", 0.25}};
    for (int k = 0; k < 3; k++) {
        double phi[70], error[70], exact[70] = {0.0};
        exact[0] = exact[1] = exact[64] = cases[k].exact;
        must(context, &function, cases[k].method, 11, phi, error);
        agrees(phi, error, exact, 70, 5.0, cases[k].method);
        cr_assert_lt(error[64], 0.05);
    }
    throng_context_free(context);
}

Test(sampled, seeds_reproduce_and_differ) {
    throng_context *context = test_context(1);
    game g = {9, 0, rough};
    throng_value_function function = game_function(&g);
    const char *methods[] = {"shapley-sampled:permutations=20", "owen-sampled:draws=4", "banzhaf-sampled:draws=20"};
    for (int k = 0; k < 3; k++) {
        double a[9], b[9], c[9];
        must(context, &function, methods[k], 3, a, NULL);
        must(context, &function, methods[k], 3, b, NULL);
        must(context, &function, methods[k], 4, c, NULL);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
        cr_assert_gt(apart(a, c, 9), 1e-3);
    }
    throng_context_free(context);
}

/* Root mean square error over 40 seeds, from 2^4 to 2^12 permutations. */
Test(sampled, converges_at_the_monte_carlo_rate) {
    fixture f;
    fixture_init(&f, 1, "bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10, 43);
    double exact[10], x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    by_definition(&f.function, false, exact);
    for (int power = 4; power <= 12; power++) {
        char method[64];
        double squares = 0.0;
        snprintf(method, sizeof method, "shapley-sampled:permutations=%d", 1 << power);
        for (uint64_t seed = 0; seed < 40; seed++) {
            double phi[10];
            must(f.context, &f.function, method, seed * 16 + (uint64_t)power, phi, NULL);
            squares += pow(apart(phi, exact, 10), 2.0);
        }
        double error = 0.5 * log2(squares / 40.0);
        x += power;
        y += error;
        xx += power * power;
        xy += power * error;
    }
    double slope = (xy - x * y / 9.0) / (xx - x * x / 9.0);
    cr_assert(fabs(slope + 0.5) <= 0.05, "slope %g", slope);
    fixture_clear(&f);
}

/* 1000 seeds x 8 agents; the interval that the documentation promises: Student's t on independent units. */
Test(sampled, intervals_cover_as_often_as_they_say) {
    throng_context *context = test_context(1);
    game g = {7, 0, rough};
    throng_value_function function = game_function(&g);
    const char *methods[] = {"shapley-sampled:permutations=80", "shapley-sampled:permutations=480,stratified=true",
                             "owen-sampled:draws=40,nodes=2", "banzhaf-sampled:draws=60"};
    const double t[] = {2.0227, 2.0452, 2.0227, 2.0010}; /* 39, 29, 39, 59 degrees of freedom */
    for (int k = 0; k < 4; k++) {
        double exact[7];
        int covered = 0;
        by_definition(&function, k == 3, exact);
        for (uint64_t seed = 0; seed < 1000; seed++) {
            double phi[7], error[7];
            must(context, &function, methods[k], seed, phi, error);
            for (int i = 0; i < 7; i++)
                covered += fabs(phi[i] - exact[i]) <= t[k] * error[i];
        }
        cr_assert(fabs(covered / 7000.0 - 0.95) <= 0.02, "%s: %g", methods[k], covered / 7000.0);
    }
    throng_context_free(context);
}

Test(sampled, half_width_is_reached_or_missed_loudly) {
    throng_context *context = test_context(1);
    game g = {9, 0, cubic};
    throng_value_function function = game_function(&g);
    double phi[9], error[9], exact[9], most = 0.0, largest = 0.0;
    by_definition(&function, false, exact);
    throng_certificate certificate =
        must(context, &function, "shapley-sampled:permutations=1000000,half-width=0.005", 1, phi, error);
    for (int i = 0; i < 9; i++) {
        most = fmax(most, error[i]);
        largest = fmax(largest, fabs(phi[i]));
    }
    cr_assert(1.96 * most <= 0.005 * largest && 1.96 * most >= 0.004 * largest, "%g", 1.96 * most / largest);
    cr_assert_eq(certificate.tolerance, 0.005);
    cr_assert_lt(certificate.evaluations, 1000000);
    agrees(phi, error, exact, 9, 5.0, "half-width");

    throng_error err = {0};
    cr_assert_eq(
        run(context, &function, "shapley-sampled:permutations=100,half-width=1e-5", 1, phi, error, &certificate, &err),
        THRONG_E_NOT_CONVERGED);
    cr_assert(strstr(err.message, "half-width 1e-05"), "%s", err.message);
    cr_assert(!certificate.converged && certificate.evaluations == 800);
    agrees(phi, error, exact, 9, 6.0, "the last iterate");
    throng_context_free(context);
}

/* ---- shapley-sampled ------------------------------------------------------------------------------------------- */

/* One pair is exact for quadratic games; the method finds out after the second and stops. */
Test(permutations, quadratic_games_are_found_out) {
    throng_context *context = test_context(1);
    game g = {12, 0, quadratic};
    throng_value_function function = game_function(&g);
    double phi[12], exact[12];
    by_definition(&function, false, exact);
    g.calls = 0;
    throng_certificate certificate = must(context, &function, "shapley-sampled", 1, phi, NULL);
    cr_assert_lt(apart(phi, exact, 12), 1e-12);
    cr_assert_lt(certificate.error_estimate, 1e-12);
    cr_assert_eq(certificate.evaluations, 4 * 11 + 2 * 12); /* two pairs, then both ends for every agent */
    cr_assert_eq(g.calls, certificate.evaluations + 2);
    throng_context_free(context);

    const char *quadratics[] = {"variance", "weighted-variance"};
    for (int k = 0; k < 2; k++) {
        const int64_t n = 20000;
        fixture f;
        fixture_init(&f, 2, quadratics[k], THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL, n, 47);
        double *sampled = malloc(2 * n * sizeof *sampled), *path = sampled + n;
        must(f.context, &f.function, "aumann-shapley", 1, path, NULL);
        certificate = must(f.context, &f.function, "shapley-sampled", 1, sampled, NULL);
        cr_assert_lt(apart(sampled, path, n), 1e-10, "%s: %g", quadratics[k], apart(sampled, path, n));
        cr_assert_eq(certificate.evaluations, 4 * (n - 1) + 2 * n);
        cr_assert_lt(certificate.error_estimate, 1e-10);
        free(sampled);
        fixture_clear(&f);
    }
}

/* Pairs that agree by luck do not count: all seeds must keep sampling. */
Test(permutations, luck_is_not_taken_for_exactness) {
    throng_context *context = test_context(1);
    game two_of_three = {3, 0, majority}, first = {200, 0, chief};
    game *games[] = {&two_of_three, &first, &two_of_three};
    for (int k = 0; k < 3; k++)
        for (uint64_t seed = 0; seed < 50; seed++) {
            throng_value_function function = game_function(games[k]);
            if (k == 2) {
                function.n_aggregates = 1;
                function.aggregate_origin = head_count_origin;
                function.aggregate_steps = head_count_steps;
                function.aggregate_value = head_count_value;
            }
            double phi[200];
            throng_certificate certificate =
                must(context, &function, "shapley-sampled:permutations=8", seed, phi, NULL);
            cr_assert_geq(certificate.evaluations, 8 * (games[k]->n - 1), "game %d, seed %d", k, (int)seed);
        }
    throng_context_free(context);
}

Test(permutations, from_scratch_is_the_same_to_rounding) {
    const char *indicators[] = {"bimodality", "entropy:bins=30"}; /* rows kept whole, and entries alone */
    for (int k = 0; k < 2; k++) {
        fixture f;
        fixture_init(&f, 2, indicators[k], THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 200, 53);
        double a[200], b[200], c[200];
        must(f.context, &f.function, "shapley-sampled:permutations=20", 5, a, NULL);
        must(f.context, &f.function, "shapley-sampled:permutations=20,incremental=false", 5, b, NULL);
        throng_value_function plain = {
            .self = f.function.self, .n_agents = f.function.n_agents, .value = f.function.value};
        must(f.context, &plain, "shapley-sampled:permutations=20", 5, c, NULL);
        cr_assert(apart(a, b, 200) < 1e-11 && apart(a, b, 200) > 0.0, "%s: %g", indicators[k], apart(a, b, 200));
        cr_assert_lt(apart(c, b, 200), 1e-11, "%s: %g", indicators[k], apart(c, b, 200));
        fixture_clear(&f);
    }
}

Test(permutations, aggregates_alone_are_enough) {
    fixture f;
    fixture_init(&f, 1, "bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 10, 59);
    double exact[10], phi[10], error[10];
    by_definition(&f.function, false, exact);
    f.function.value = NULL;
    must(f.context, &f.function, "shapley-exact", 0, phi, NULL);
    cr_assert_lt(apart(phi, exact, 10), 1e-11);
    must(f.context, &f.function, "shapley-sampled", 0, phi, error);
    agrees(phi, error, exact, 10, 5.0, "aggregates");
    fixture_clear(&f);
}

Test(sampled, threads_change_no_bit) {
    const struct {
        const char *indicator, *method;
        int64_t n;
    } cases[] = {
        {"bimodality", "shapley-sampled:permutations=30,stratified=true", 9000},
        {"bimodality", "shapley-sampled:permutations=600,half-width=0.2", 300},
        {"weighted-variance", "shapley-sampled", 9000},
        {"entropy", "owen-sampled:draws=5,nodes=2", 5000},
        {"skewness", "banzhaf-sampled:draws=20", 5000},
        {"bimodality", "shapley-exact", 15},
        {"entropy", "leave-one-out", 9000},
        {"variance", "gradient-input", 9000},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint64_t hash = 0;
        const int threads[] = {1, 2, 3, 8};
        for (int t = 0; t < 4; t++) {
            fixture f;
            fixture_init(&f, threads[t], cases[k].indicator, THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, cases[k].n,
                         61);
            double *phi = malloc(2 * cases[k].n * sizeof *phi);
            throng_certificate certificate = must(f.context, &f.function, cases[k].method, 9, phi, phi + cases[k].n);
            uint64_t now = test_hash(phi, 2 * cases[k].n * sizeof *phi) ^ test_hash(&certificate.error_estimate, 8);
            cr_assert(t == 0 || now == hash, "%s with %d threads", cases[k].method, threads[t]);
            hash = now;
            free(phi);
            fixture_clear(&f);
        }
    }
}

/* ---- not additive ---------------------------------------------------------------------------------------------- */

Test(leave_one_out, gives_redundant_agents_nothing_where_shapley_gives_half) {
    throng_context *context = test_context(1);
    game g = {5, 0, larger_of_two};
    throng_value_function function = game_function(&g);
    const char *fair[] = {"shapley-exact", "shapley-sampled"};
    double phi[5];
    throng_certificate certificate = must(context, &function, "leave-one-out", 0, phi, NULL);
    cr_assert(!certificate.efficient && certificate.efficiency_residual == 1.0 && certificate.evaluations == 7);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(phi[i], 0.0);
    for (int k = 0; k < 2; k++) {
        must(context, &function, fair[k], 0, phi, NULL);
        for (int i = 0; i < 5; i++)
            cr_assert_float_eq(phi[i], i < 2 ? 0.5 : 0.0, 1e-15);
    }
    throng_context_free(context);
}

Test(leave_one_out, is_the_definition_on_crowds) {
    const char *indicators[] = {"bimodality", "entropy", "gini"};
    for (int k = 0; k < 3; k++) {
        fixture f;
        fixture_init(&f, 2, indicators[k], THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 300, 67);
        double phi[300], error[300], alpha[300], all = 0.0, without = 0.0;
        for (int i = 0; i < 300; i++)
            alpha[i] = error[i] = 1.0;
        cr_assert_eq(f.function.value(f.function.self, alpha, &all, NULL), THRONG_OK);
        must(f.context, &f.function, "leave-one-out", 0, phi, error);
        for (int i = 0; i < 300; i += 7) {
            alpha[i] = 0.0;
            cr_assert_eq(f.function.value(f.function.self, alpha, &without, NULL), THRONG_OK);
            alpha[i] = 1.0;
            cr_assert_float_eq(phi[i], all - without, 1e-13, "%s", indicators[k]);
            cr_assert_eq(error[i], 0.0);
        }
        fixture_clear(&f);
    }
}

Test(gradient_input, is_the_gradient_where_everybody_takes_part) {
    const struct {
        const char *indicator;
        throng_path path;
    } cases[] = {{"bimodality", THRONG_PATH_PRESENCE}, {"theil", THRONG_PATH_STATE}, {"gini", THRONG_PATH_STATE}};
    for (int k = 0; k < 3; k++) {
        fixture f;
        fixture_init(&f, 1, cases[k].indicator, cases[k].path, THRONG_BASELINE_MEAN, 50, 71);
        double phi[50], same[50], gradient[50], alpha[50];
        for (int i = 0; i < 50; i++)
            alpha[i] = 1.0;
        cr_assert_eq(f.function.gradient(f.function.self, alpha, gradient, NULL), THRONG_OK);
        throng_certificate certificate = must(f.context, &f.function, "gradient-input", 0, phi, NULL);
        cr_assert(!certificate.efficient);
        /* Gini is linear on this path, the others bend. */
        cr_assert_eq(certificate.efficiency_residual > 1e-3, k < 2, "%s", cases[k].indicator);
        cr_assert_lt(apart(phi, gradient, 50), 1e-10, "%s: %g", cases[k].indicator, apart(phi, gradient, 50));
        f.function.ray_credit = NULL;
        must(f.context, &f.function, "gradient-input", 0, same, NULL);
        cr_assert_lt(apart(same, gradient, 50), 1e-15);
        fixture_clear(&f);
    }
}

/* ---- failures -------------------------------------------------------------------------------------------------- */

Test(failure, what_a_method_cannot_serve_is_one_sentence) {
    throng_context *context = test_context(1);
    game g = {25, 0, cubic};
    throng_value_function value = game_function(&g), nothing = {.self = &g, .n_agents = 25};
    fixture f, empty_bin;
    fixture_init(&f, 1, "variance", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL, 1000, 73);
    /* Nobody stays in the narrow bin where all begin. */
    fixture_init(&empty_bin, 1, "entropy:bins=1000", THRONG_PATH_PRESENCE, THRONG_BASELINE_NEUTRAL, 100, 73);
    const struct {
        const throng_value_function *function;
        const char *method;
        throng_status status;
        const char *says[3];
    } cases[] = {
        {&value, "shapley-exact", THRONG_E_UNSUPPORTED, {"stops at 24 agents", "for 25", "shapley-sampled."}},
        {&f.function, "shapley-exact", THRONG_E_UNSUPPORTED, {"for 1000", "years", "or oceanic"}},
        {&nothing, "shapley-exact", THRONG_E_UNSUPPORTED, {"needs values", "", ""}},
        {&nothing, "shapley-sampled", THRONG_E_UNSUPPORTED, {"needs values", "", ""}},
        {&nothing, "owen-sampled", THRONG_E_UNSUPPORTED, {"needs values", "", ""}},
        {&nothing, "banzhaf-sampled", THRONG_E_UNSUPPORTED, {"needs values", "", ""}},
        {&nothing, "leave-one-out", THRONG_E_UNSUPPORTED, {"needs values", "", ""}},
        {&value, "gradient-input", THRONG_E_UNSUPPORTED, {"needs a gradient", "", ""}},
        {&empty_bin.function, "gradient-input", THRONG_E_DEGENERATE, {"infinite", "leave-one-out", ""}},
        {&value, "shapley-sampled:permutations=0", THRONG_E_PARAMETER, {"permutations", "", ""}},
        {&value, "shapley-sampled:half-width=-1", THRONG_E_PARAMETER, {"half-width", "", ""}},
        {&value, "owen-sampled:nodes=0", THRONG_E_PARAMETER, {"nodes", "", ""}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double phi[1000];
        throng_certificate certificate;
        throng_error err = {0};
        cr_assert_eq(run(context, cases[k].function, cases[k].method, 0, phi, NULL, &certificate, &err),
                     cases[k].status, "%s: %s", cases[k].method, err.message);
        for (int s = 0; s < 3; s++)
            cr_assert(strstr(err.message, cases[k].says[s]), "%s: %s", cases[k].method, err.message);
    }
    fixture_clear(&empty_bin);
    fixture_clear(&f);
    throng_context_free(context);
}

/* Not finite for some coalitions only. */
static double hole(const double *alpha, int n) {
    return cubic(alpha, n) / (alpha[1] != alpha[2]);
}

static double hole_in_the_middle(const double *alpha, int n) {
    return alpha[1] != alpha[2] ? (double)NAN : cubic(alpha, n);
}

static throng_status refusing_value(void *self, const double *alpha, double *out, throng_error *err) {
    game *g = self;
    *out = cubic(alpha, g->n);
    return ++g->calls > 40 ? THRONG_FAIL(err, E_DOMAIN, "Call %d is refused.", g->calls) : THRONG_OK;
}

Test(failure, values_that_fail_or_are_not_finite_stop_every_method) {
    throng_context *context = test_context(1);
    const char *methods[] = {"shapley-exact", "shapley-sampled", "owen-sampled", "banzhaf-sampled", "leave-one-out"};
    for (int k = 0; k < 5; k++) {
        double phi[10];
        throng_certificate certificate;
        throng_error err = {0};
        game ends = {10, 0, hole}, middle = {10, 0, hole_in_the_middle}, refusing = {10, k == 4 ? 35 : 0, NULL};
        throng_value_function function = game_function(&ends);
        cr_assert_eq(run(context, &function, methods[k], 0, phi, NULL, &certificate, &err), THRONG_E_DEGENERATE);
        cr_assert(strstr(err.message, "nobody"), "%s: %s", methods[k], err.message);
        function = game_function(&middle);
        cr_assert_eq(run(context, &function, methods[k], 0, phi, NULL, &certificate, &err), THRONG_E_DEGENERATE);
        function = game_function(&refusing);
        function.value = refusing_value;
        cr_assert_eq(run(context, &function, methods[k], 0, phi, NULL, &certificate, &err), THRONG_E_DOMAIN);
        cr_assert_str_eq(err.message, "Call 41 is refused.", "%s: %s", methods[k], err.message);
    }
    throng_context_free(context);
}

/* A watcher that stops at its second look once coalitions are visited. */
static bool second_look(void *user, const throng_progress *progress) {
    return strcmp(progress->stage, "preparing") == 0 || ++*(int *)user < 2;
}

Test(failure, cancelling_in_the_middle_leaves_the_estimate_so_far) {
    const struct {
        const char *indicator, *method;
        int64_t n;
        bool estimate;
    } cases[] = {
        {"bimodality", "shapley-sampled:permutations=100000000", 100, true},
        {"bimodality", "owen-sampled:draws=100000000", 100, true},
        {"bimodality", "banzhaf-sampled:draws=100000000", 100, true},
        {"gini", "shapley-sampled:permutations=100000000", 10, true},       /* value() */
        {"bimodality", "shapley-sampled:incremental=false", 300000, false}, /* within a permutation */
        {"gini", "shapley-exact", 24, false},
        {"bimodality", "shapley-exact", 24, false},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        fixture f;
        fixture_init(&f, 2, cases[k].indicator, THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, cases[k].n, 79);
        double *phi = malloc(3 * cases[k].n * sizeof *phi), *error = phi + cases[k].n, *longer = error + cases[k].n;
        throng_certificate certificate = {0};
        throng_error err = {0};
        int looks = 0;
        throng_context_set_progress(f.context, second_look, &looks);
        int64_t bytes = throng_context_bytes(f.context);
        cr_assert_eq(run(f.context, &f.function, cases[k].method, 0, phi, error, &certificate, &err),
                     THRONG_E_CANCELLED, "%s", cases[k].method);
        cr_assert_eq(throng_context_bytes(f.context), bytes);
        throng_context_set_progress(f.context, NULL, NULL);
        if (cases[k].estimate) {
            cr_assert(!certificate.converged && certificate.evaluations > 0 && certificate.error_estimate > 0.0);
            must(f.context, &f.function,
                 strncmp(cases[k].method, "banzhaf", 7) ? "shapley-sampled:permutations=4000"
                                                        : "banzhaf-sampled:draws=4000",
                 1, longer, NULL);
            cr_assert_lt(apart(phi, longer, cases[k].n), 0.5 + 5.0 * certificate.error_estimate);
            cr_assert_lt(certificate.error_estimate, 1.0);
        } else {
            cr_assert_eq(certificate.evaluations, 0);
        }
        free(phi);
        fixture_clear(&f);
    }
}

Test(failure, every_failing_allocation_is_survived) {
    const struct {
        const char *indicator, *method;
    } cases[] = {{"entropy:bins=30", "shapley-sampled:permutations=8"},
                 {"bimodality", "shapley-sampled:permutations=8"},
                 {"gini", "shapley-sampled:permutations=8"},
                 {"bimodality", "owen-sampled:draws=2"},
                 {"bimodality", "banzhaf-sampled:draws=2"},
                 {"bimodality", "shapley-exact"},
                 {"gini", "leave-one-out"},
                 {"entropy", "leave-one-out"},
                 {"variance", "gradient-input"}};
    test_crowd crowd = crowd_make(10, 1, 83);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        throng_attribution_def def = throng_attribution_default();
        def.indicator = cases[k].indicator;
        def.method = cases[k].method;
        def.baseline = THRONG_BASELINE_MEAN;
        crowd_survives_failing_allocations(&crowd, &def, 1);
    }
    crowd_clear(&crowd);
}
