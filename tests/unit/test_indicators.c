/*
 * Every built-in indicator against formulas written out as in the textbook, its gradient against differences, its flags
 * and its documentation against the rules. What indicators.def lists is checked without a word here, but for its value:
 * that takes a long-hand formula and a line in `cases`. The checkers are themselves tested on wrong indicators.
 */
#include "prepared.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The example to copy is not built in; compiling it here keeps it right. */
#include "plugins/indicators/hello.c"

#define CROWD_MAX  400
#define PARAMS_MAX 16

/* Rounding in sums of a few hundred terms, and what cancellation in moments makes of it. */
static const double same_value = 1e-11;

/* Differences are good to 1e-8 or better; a wrong term shows as 1e-4 or more. */
static const double same_slope = 1e-7;

/* Relative where numbers are large, absolute where they are small. Two values that do not exist are the same. */
static bool agree(double a, double b, double tolerance) {
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return fabs(a - b) <= tolerance * fmax(1.0, fmax(fabs(a), fabs(b)));
}

/* ---- crowds ---------------------------------------------------------------------------------------------------- */

typedef struct test_crowd {
    int n;
    double x[CROWD_MAX], p[CROWD_MAX];
} test_crowd;

typedef enum test_domain {
    DOMAIN_ANY,         /* both signs */
    DOMAIN_NONNEGATIVE, /* heavy-tailed, a third of them 0 */
    DOMAIN_POSITIVE,    /* heavy-tailed */
    DOMAIN_TIED         /* few different states, all positive */
} test_domain;

/* From which domain to which: the later ones are part of the earlier. */
#define ON_ANY         DOMAIN_ANY, DOMAIN_TIED
#define ON_NONNEGATIVE DOMAIN_NONNEGATIVE, DOMAIN_TIED
#define ON_POSITIVE    DOMAIN_POSITIVE, DOMAIN_TIED

/* A crowd from random numbers: n agents, masses equal or heavy-tailed. */
static test_crowd crowd_draw(test_domain domain, int n, bool weighted, uint64_t seed) {
    test_crowd crowd = {.n = n};
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){seed, 1}, (uint64_t)i, 0, 0, u);
        double heavy = pow(u[0], -1.0 / 1.7);
        crowd.x[i] = domain == DOMAIN_ANY                        ? 2.2 * u[0] - 1.0
                     : domain == DOMAIN_TIED                     ? 1.0 + floor(4.0 * u[0])
                     : domain == DOMAIN_NONNEGATIVE && u[2] < .3 ? 0.0
                                                                 : heavy;
        crowd.p[i] = weighted ? pow(u[1], -1.0 / 1.2) : 1.0;
        sum += crowd.p[i];
    }
    for (int i = 0; i < n; i++)
        crowd.p[i] /= sum;
    return crowd;
}

static test_crowd crowd_of(int n, const double *x, const double *p) {
    test_crowd crowd = {.n = n};
    for (int i = 0; i < n; i++) {
        crowd.x[i] = x[i];
        crowd.p[i] = p ? p[i] : 1.0 / n;
    }
    return crowd;
}

/* The same crowd with every state multiplied and moved. */
static test_crowd crowd_moved(test_crowd crowd, double factor, double shift) {
    for (int i = 0; i < crowd.n; i++)
        crowd.x[i] = factor * crowd.x[i] + shift;
    return crowd;
}

static double mean_of(const test_crowd *crowd) {
    double sum = 0.0;
    for (int i = 0; i < crowd->n; i++)
        sum += crowd->p[i] * crowd->x[i];
    return sum;
}

/* ---- indicators in use ----------------------------------------------------------------------------------------- */

/* A parameter by name, as a user gives it. */
typedef struct given_param {
    const char *name;
    double setting;
} given_param;

typedef struct indicator_use {
    const throng_indicator *indicator;
    double param[PARAMS_MAX];
    double shift;           /* MOMENTS are about this point: near the mean if the indicator allows, as throng does */
    throng_setting setting; /* setting.param is set when it is needed: a use may be copied */
} indicator_use;

static throng_context *context_create(void) {
    throng_context *context = NULL;
    throng_error err = {0};
    cr_assert_eq(throng_context_create(&context, &err), THRONG_OK, "%s", err.message);
    return context;
}

static const throng_indicator *find_in(const throng_context *context, const char *name) {
    throng_error err = {0};
    const throng_about *about = NULL;
    cr_assert_eq(throng_context_find(context, THRONG_KIND_INDICATOR, name, &about, &err), THRONG_OK, "%s", err.message);
    return (const throng_indicator *)(const void *)about;
}

/* A built-in indicator, or hello. Descriptors have static storage, so that they outlive the context. */
static const throng_indicator *find(const char *name) {
    if (strcmp(name, "hello") == 0)
        return &throng_indicator_hello;
    throng_context *context = context_create();
    const throng_indicator *indicator = find_in(context, name);
    throng_context_free(context);
    return indicator;
}

static int param_index(const throng_indicator *indicator, const char *name) {
    for (int i = 0; indicator->about.params && indicator->about.params[i].name; i++)
        if (strcmp(indicator->about.params[i].name, name) == 0)
            return i;
    return -1;
}

static double param(const indicator_use *use, const char *name) {
    return use->param[param_index(use->indicator, name)];
}

/* For a crowd: defaults, then what is given, a list of at most 4. */
static indicator_use use_of(const throng_indicator *indicator, const given_param *given, const test_crowd *crowd) {
    indicator_use use = {.indicator = indicator};
    for (int i = 0; indicator->about.params && indicator->about.params[i].name; i++)
        use.param[i] = indicator->about.params[i].fallback;
    for (int i = 0; given && i < 4 && given[i].name; i++) {
        int index = param_index(indicator, given[i].name);
        cr_assert_geq(index, 0, "%s has no parameter %s", indicator->about.name, given[i].name);
        use.param[index] = given[i].setting;
    }
    use.shift = indicator->flags & THRONG_INDICATOR_SHIFT_INVARIANT ? (float)mean_of(crowd) : 0.0;
    use.setting.n_agents = crowd->n;
    use.setting.n_aggregates = indicator->n_aggregates;
    use.setting.state = test_prepared(indicator, use.param, &use.setting.n_aggregates);
    if (indicator->form == THRONG_FORM_HISTOGRAM) {
        use.setting.n_aggregates = (int)param(&use, "bins");
        use.setting.low = param(&use, "low");
        use.setting.width = (param(&use, "high") - use.setting.low) / use.setting.n_aggregates;
    }
    return use;
}

/* What the functions of a descriptor look at. */
static const throng_setting *setting_of(indicator_use *use) {
    use->setting.param = use->param;
    return &use->setting;
}

/* What an agent adds to each aggregate per unit of its mass, and the slopes of that where there are any. */
static void contribution(indicator_use *use, double x, double *g, double *slope) {
    switch (use->indicator->form) {
    case THRONG_FORM_MOMENTS:
        for (int j = 0; j < use->setting.n_aggregates; j++) {
            g[j] = pow(x - use->shift, j);
            slope[j] = j == 0 ? 0.0 : j * pow(x - use->shift, j - 1);
        }
        return;
    case THRONG_FORM_HISTOGRAM: {
        int bins = use->setting.n_aggregates;
        double place = floor((x - use->setting.low) / use->setting.width);
        int bin = place < 0.0 ? 0 : place >= bins ? bins - 1 : (int)place;
        for (int j = 0; j < bins; j++)
            g[j] = j == bin;
        return;
    }
    default:
        use->indicator->features(setting_of(use), x, g, slope);
    }
}

/* The aggregates of a crowd, and what they would be if every contribution were positive: the scale of each. */
static void aggregate(indicator_use *use, const test_crowd *crowd, double *m, double *scale) {
    double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
    memset(m, 0, (size_t)use->setting.n_aggregates * sizeof *m);
    memset(scale, 0, (size_t)use->setting.n_aggregates * sizeof *scale);
    for (int i = 0; i < crowd->n; i++) {
        contribution(use, crowd->x[i], g, slope);
        for (int j = 0; j < use->setting.n_aggregates; j++) {
            m[j] += crowd->p[i] * g[j];
            scale[j] += crowd->p[i] * fabs(g[j]);
        }
    }
}

static double evaluate(indicator_use *use, const test_crowd *crowd) {
    double m[THRONG_AGGREGATES_MAX], scale[THRONG_AGGREGATES_MAX];
    int64_t order[CROWD_MAX];
    if (use->indicator->form == THRONG_FORM_DISTRIBUTION)
        return use->indicator->distribution(setting_of(use), crowd->n, crowd->x, crowd->p, order, NULL, NULL);
    aggregate(use, crowd, m, scale);
    return use->indicator->value(setting_of(use), m);
}

/* ---- formulas written out -------------------------------------------------------------------------------------- */

static double central_moment(const test_crowd *crowd, int order) {
    double sum = 0.0, centre = mean_of(crowd);
    for (int i = 0; i < crowd->n; i++)
        sum += crowd->p[i] * pow(crowd->x[i] - centre, order);
    return sum;
}

static bool all_equal(const test_crowd *crowd) {
    int i = 1;
    while (i < crowd->n && crowd->x[i] == crowd->x[0])
        i++;
    return i >= crowd->n;
}

static double hello_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    return central_moment(crowd, 2) + mean_of(crowd) * mean_of(crowd);
}

static double mean_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    return mean_of(crowd);
}

/* Half the mean squared difference of two agents. */
static double variance_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    double sum = 0.0;
    for (int i = 0; i < crowd->n; i++)
        for (int j = 0; j < crowd->n; j++)
            sum += 0.5 * crowd->p[i] * crowd->p[j] * pow(crowd->x[i] - crowd->x[j], 2.0);
    return sum;
}

static double skewness_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    return all_equal(crowd) ? NAN : central_moment(crowd, 3) / pow(central_moment(crowd, 2), 1.5);
}

static double bimodality_longhand(const indicator_use *use, const test_crowd *crowd) {
    double kurtosis = central_moment(crowd, 4) / pow(central_moment(crowd, 2), 2.0);
    return all_equal(crowd) ? NAN : (pow(skewness_longhand(use, crowd), 2.0) + 1.0) / kurtosis;
}

/* Mass between two edges; the outer bins are open. */
static double bin_mass(const indicator_use *use, const test_crowd *crowd, int bin) {
    int bins = (int)param(use, "bins");
    double width = (param(use, "high") - param(use, "low")) / bins, mass = 0.0;
    double left = bin == 0 ? -INFINITY : param(use, "low") + bin * width;
    double right = bin == bins - 1 ? INFINITY : param(use, "low") + (bin + 1) * width;
    for (int i = 0; i < crowd->n; i++)
        if (left <= crowd->x[i] && crowd->x[i] < right)
            mass += crowd->p[i];
    return mass;
}

static double esteban_ray_longhand(const indicator_use *use, const test_crowd *crowd) {
    int bins = (int)param(use, "bins");
    double width = (param(use, "high") - param(use, "low")) / bins, sum = 0.0;
    for (int k = 0; k < bins; k++)
        for (int l = 0; l < bins; l++)
            sum +=
                pow(bin_mass(use, crowd, k), 1.0 + param(use, "alpha")) * bin_mass(use, crowd, l) * width * abs(k - l);
    return sum;
}

static double entropy_longhand(const indicator_use *use, const test_crowd *crowd) {
    double sum = 0.0;
    for (int k = 0; k < (int)param(use, "bins"); k++) {
        double mass = bin_mass(use, crowd, k);
        sum -= mass > 0.0 ? mass * log(mass) : 0.0;
    }
    return sum;
}

/* The logistic function of (x - threshold) / width. */
static double beyond(const indicator_use *use, double x) {
    return 0.5 * (1.0 + tanh(0.5 * (x - param(use, "threshold")) / param(use, "width")));
}

static double extremeness_longhand(const indicator_use *use, const test_crowd *crowd) {
    double sum = 0.0;
    for (int i = 0; i < crowd->n; i++)
        sum += crowd->p[i] * (beyond(use, crowd->x[i]) + beyond(use, -crowd->x[i]));
    return sum;
}

static double cascade_size_longhand(const indicator_use *use, const test_crowd *crowd) {
    double sum = 0.0;
    for (int i = 0; i < crowd->n; i++)
        sum += crowd->n * crowd->p[i] * beyond(use, crowd->x[i]);
    return sum;
}

static double theil_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    double sum = 0.0, centre = mean_of(crowd);
    for (int i = 0; i < crowd->n; i++)
        if (crowd->x[i] > 0.0)
            sum += crowd->p[i] * crowd->x[i] / centre * log(crowd->x[i] / centre);
    return centre > 0.0 ? sum : NAN;
}

static double atkinson_longhand(const indicator_use *use, const test_crowd *crowd) {
    double order = 1.0 - param(use, "epsilon"), centre = mean_of(crowd), product = 1.0, sum = 0.0;
    for (int i = 0; i < crowd->n; i++) {
        if (crowd->x[i] <= 0.0 && order <= 0.0)
            return NAN;
        product *= pow(crowd->x[i] / centre, crowd->p[i]);
        sum += crowd->p[i] * pow(crowd->x[i] / centre, order);
    }
    return centre > 0.0 ? 1.0 - (order == 0.0 ? product : pow(sum, 1.0 / order)) : NAN;
}

static double gini_longhand(const indicator_use *use, const test_crowd *crowd) {
    (void)use;
    double sum = 0.0, centre = mean_of(crowd);
    for (int i = 0; i < crowd->n; i++)
        for (int j = 0; j < crowd->n; j++)
            sum += crowd->p[i] * crowd->p[j] * fabs(crowd->x[i] - crowd->x[j]);
    return centre > 0.0 ? sum / (2.0 * centre) : NAN;
}

/* ---- the cases ------------------------------------------------------------------------------------------------- */

static const struct indicator_case {
    const char *name;
    double (*longhand)(const indicator_use *use, const test_crowd *crowd);
    test_domain from, to; /* crowds it is defined on */
    given_param given[4];
} cases[] = {
    {"atkinson", atkinson_longhand, ON_NONNEGATIVE, {{0}}},
    {"atkinson", atkinson_longhand, ON_NONNEGATIVE, {{"epsilon", 0.01}}},
    {"atkinson", atkinson_longhand, ON_POSITIVE, {{"epsilon", 1.0}}},
    {"atkinson", atkinson_longhand, ON_POSITIVE, {{"epsilon", 2.5}}},
    {"atkinson", atkinson_longhand, ON_POSITIVE, {{"epsilon", 10.0}}},
    {"bimodality", bimodality_longhand, ON_ANY, {{0}}},
    {"cascade-size", cascade_size_longhand, ON_ANY, {{0}}},
    {"cascade-size", cascade_size_longhand, ON_ANY, {{"threshold", -0.3}, {"width", 0.7}}},
    {"entropy", entropy_longhand, ON_ANY, {{"low", -1.23}, {"high", 4.56}}},
    {"entropy", entropy_longhand, ON_ANY, {{"low", -0.123}, {"high", 1.23}, {"bins", 2}}},
    {"esteban-ray", esteban_ray_longhand, ON_ANY, {{"low", -1.23}, {"high", 4.56}}},
    {"esteban-ray", esteban_ray_longhand, ON_ANY, {{"alpha", 0.37}, {"low", -0.12}, {"high", 1.23}, {"bins", 2}}},
    {"esteban-ray", esteban_ray_longhand, ON_ANY, {{"alpha", 1.6}, {"low", -0.123}, {"high", 1.23}, {"bins", 50}}},
    {"extremeness", extremeness_longhand, ON_ANY, {{0}}},
    {"extremeness", extremeness_longhand, ON_ANY, {{"threshold", 0.1}, {"width", 0.3}}},
    {"gini", gini_longhand, ON_NONNEGATIVE, {{0}}},
    {"hello", hello_longhand, ON_ANY, {{0}}},
    {"mean", mean_longhand, ON_ANY, {{0}}},
    {"skewness", skewness_longhand, ON_ANY, {{0}}},
    {"theil", theil_longhand, ON_NONNEGATIVE, {{0}}},
    {"variance", variance_longhand, ON_ANY, {{0}}},
    {"weighted-variance", variance_longhand, ON_ANY, {{0}}},
};
#define N_CASES ((int)(sizeof cases / sizeof *cases))

static const int sizes[] = {1, 2, 3, 10, 57, CROWD_MAX};
#define N_SIZES ((int)(sizeof sizes / sizeof *sizes))

/* Runs check on every case and every crowd it is defined on; what it says goes into the message of a failure. */
typedef void (*case_fn)(indicator_use *use, const test_crowd *crowd, const struct indicator_case *at, const char *what);

static void for_all(case_fn check, int n_from, int n_to) {
    for (int c = 0; c < N_CASES; c++)
        for (test_domain domain = cases[c].from; domain <= cases[c].to; domain++)
            for (int s = 0; s < N_SIZES; s++)
                for (int weighted = 0; weighted < 2; weighted++) {
                    if (sizes[s] < n_from || sizes[s] > n_to)
                        continue;
                    test_crowd crowd = crowd_draw(domain, sizes[s], weighted, (uint64_t)(100 * c + s));
                    indicator_use use = use_of(find(cases[c].name), cases[c].given, &crowd);
                    char what[200];
                    snprintf(what, sizeof what, "case %d, %s, domain %d, n %d, %s masses", c, cases[c].name, domain,
                             crowd.n, weighted ? "heavy" : "equal");
                    check(&use, &crowd, &cases[c], what);
                }
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static void check_value(indicator_use *use, const test_crowd *crowd, const struct indicator_case *at,
                        const char *what) {
    double got = evaluate(use, crowd), expected = at->longhand(use, crowd);
    cr_assert(agree(got, expected, same_value), "%s: got %.17g, expected %.17g", what, got, expected);
    cr_assert(!isnan(got) || use->indicator->undefined, "%s: undefined, but does not say when", what);
}

Test(indicators, values_are_those_of_the_textbook) {
    for_all(check_value, 1, CROWD_MAX);
}

Test(indicators, the_comparison_of_values_sees_a_small_error) {
    cr_assert(agree(3.0, 3.0 * (1.0 + 1e-12), same_value));
    cr_assert_not(agree(3.0, 3.0 * (1.0 + 1e-10), same_value));
    cr_assert_not(agree(3.0, NAN, same_value));
    cr_assert_not(agree(NAN, 3.0, same_value));
}

static void check_permutation(indicator_use *use, const test_crowd *crowd, const struct indicator_case *at,
                              const char *what) {
    (void)at;
    test_crowd permuted = *crowd;
    for (int i = 0; i < crowd->n; i++) {
        int from = (crowd->n - 1 - i + crowd->n / 3) % crowd->n;
        permuted.x[i] = crowd->x[from];
        permuted.p[i] = crowd->p[from];
    }
    double before = evaluate(use, crowd), after = evaluate(use, &permuted);
    cr_assert(agree(before, after, same_value), "%s: %.17g, permuted %.17g", what, before, after);
}

Test(indicators, the_order_of_agents_does_not_matter) {
    for_all(check_permutation, 2, CROWD_MAX);
}

/* An invariance that is declared holds for every crowd; one that is not fails for some. */
static void check_invariance(unsigned flag, double factor, double shift) {
    for (int c = 0; c < N_CASES; c++) {
        const throng_indicator *indicator = find(cases[c].name);
        bool holds = true;
        for (uint64_t seed = 0; seed < 5; seed++) {
            test_crowd before = crowd_draw(cases[c].from, 30, true, seed), after = crowd_moved(before, factor, shift);
            indicator_use use = use_of(indicator, cases[c].given, &before);
            holds = holds && agree(evaluate(&use, &before), evaluate(&use, &after), 1e-9);
        }
        cr_assert_eq(holds, (indicator->flags & flag) != 0, "%s: invariance %s, flag %s", cases[c].name,
                     holds ? "holds" : "does not hold", holds ? "missing" : "set");
    }
}

Test(indicators, flags_tell_what_changes_nothing) {
    check_invariance(THRONG_INDICATOR_SHIFT_INVARIANT, 1.0, 0.7);
    check_invariance(THRONG_INDICATOR_SCALE_INVARIANT, 1.8, 0.0);
}

static const struct known_value {
    const char *name;
    given_param given[4];
    int n;
    double x[5], p[5]; /* p all 0: equal masses */
    double expected;
} known_values[] = {
    {"mean", {{0}}, 3, {1, 2, 6}, {0}, 3.0},
    {"mean", {{0}}, 2, {1, 2}, {0.25, 0.75}, 1.75},
    {"variance", {{0}}, 2, {-1, 1}, {0}, 1.0},
    {"variance", {{0}}, 2, {5, 8}, {0}, 2.25},
    {"weighted-variance", {{0}}, 2, {0, 1}, {0.25, 0.75}, 0.1875},
    {"skewness", {{0}}, 4, {0, 0, 0, 1}, {0}, 1.1547005383792515},
    {"skewness", {{0}}, 4, {7, 5, 7, 7}, {0}, -1.1547005383792515},
    {"bimodality", {{0}}, 2, {3, 4}, {0}, 1.0},
    {"bimodality", {{0}}, 2, {3, 4}, {0.1, 0.9}, 1.0},
    {"esteban-ray", {{"low", -1}, {"high", 1}, {"bins", 2}}, 2, {-1, 1}, {0}, 0.25},
    {"esteban-ray", {{"low", 0}, {"high", 4}, {"bins", 4}, {"alpha", 1.6}}, 2, {0, 4}, {0}, 3 * 0.16493848884661177},
    {"esteban-ray", {{"low", -1}, {"high", 1}, {"bins", 3}}, 3, {0.1, -0.1, 0.2}, {0}, 0.0},
    {"entropy", {{"low", 0}, {"high", 4}, {"bins", 4}}, 4, {0.5, 1.5, 2.5, 3.5}, {0}, 1.3862943611198906},
    {"entropy", {{"low", 0}, {"high", 4}, {"bins", 4}}, 4, {0.5, 1.5, -9, 99}, {0}, 1.0397207708399179},
    {"entropy", {{"low", 0}, {"high", 1}}, 3, {0.5, 0.5, 0.5}, {0}, 0.0},
    {"extremeness", {{"threshold", 0.5}, {"width", 1e-3}}, 4, {-1, 0, 0.5, 0.9}, {0}, 0.625},
    {"cascade-size", {{"threshold", 0.5}, {"width", 1e-3}}, 4, {-1, 0, 0.5, 0.9}, {0}, 1.5},
    {"theil", {{0}}, 3, {5, 5, 5}, {0}, 0.0},
    {"theil", {{0}}, 4, {0, 0, 7, 0}, {0}, 1.3862943611198906},
    {"atkinson", {{0}}, 2, {1, 4}, {0}, 0.1},
    {"atkinson", {{"epsilon", 1}}, 2, {1, 4}, {0}, 0.2},
    {"atkinson", {{"epsilon", 2}}, 2, {1, 4}, {0}, 0.36},
    {"atkinson", {{0}}, 4, {0, 0, 7, 0}, {0}, 0.75},
    {"atkinson", {{"epsilon", 1}}, 2, {1, 0}, {0}, NAN},
    {"atkinson", {{"epsilon", 3}}, 2, {1, 0}, {0}, NAN},
    {"gini", {{0}}, 2, {0, 1}, {0}, 0.5},
    {"gini", {{0}}, 4, {4, 2, 1, 3}, {0}, 0.25},
    {"gini", {{0}}, 4, {0, 0, 7, 0}, {0}, 0.75},
    {"gini", {{0}}, 2, {0, 1}, {0.9, 0.1}, 0.9},
    {"gini", {{0}}, 3, {-0.0, 0, 1}, {0}, 2.0 / 3.0},
    {"gini", {{0}}, 3, {0.1, 0.1, 0.1}, {0}, 0.0},
    {"theil", {{0}}, 2, {0, 0}, {0}, NAN},
    {"atkinson", {{0}}, 2, {0, 0}, {0}, NAN},
    {"gini", {{0}}, 2, {0, 0}, {0}, NAN},
};

Test(indicators, values_that_are_known) {
    for (size_t k = 0; k < sizeof known_values / sizeof *known_values; k++) {
        const struct known_value *at = &known_values[k];
        test_crowd crowd = crowd_of(at->n, at->x, at->p[0] == 0.0 ? NULL : at->p);
        indicator_use use = use_of(find(at->name), at->given, &crowd);
        double got = evaluate(&use, &crowd);
        cr_assert(agree(got, at->expected, 1e-14), "line %zu, %s: got %.17g, expected %.17g", k, at->name, got,
                  at->expected);
    }
}

/* n states at equal distances have kurtosis 3/5 (3n^2 - 7) / (n^2 - 1). */
Test(indicators, bimodality_of_uniform_and_normal_crowds) {
    test_crowd uniform = {.n = CROWD_MAX};
    for (int i = 0; i < CROWD_MAX; i++) {
        uniform.x[i] = 2.0 * (i + 0.5) / CROWD_MAX - 1.0;
        uniform.p[i] = 1.0 / CROWD_MAX;
    }
    indicator_use bimodality = use_of(find("bimodality"), NULL, &uniform);
    double n = CROWD_MAX, coefficient = evaluate(&bimodality, &uniform);
    cr_assert(agree(coefficient, 5.0 / 3.0 * (n * n - 1.0) / (3.0 * n * n - 7.0), 1e-13), "%.17g", coefficient);
    cr_assert(agree(coefficient, 5.0 / 9.0, 1e-4));

    static const double normal[] = {1.0, 0.0, 1.0, 0.0, 3.0};
    cr_assert(agree(bimodality.indicator->value(setting_of(&bimodality), normal), 1.0 / 3.0, 1e-15));
    cr_assert_eq(find("skewness")->value(setting_of(&bimodality), normal), 0.0);
}

/* n states at equal distances d from the smallest, 1, have G = d (n^2 - 1) / (6 n m). Large enough to go through every
 * branch of the sort, with runs of ties and with states that differ in their last bits only. */
Test(indicators, gini_of_large_crowds) {
    static const struct {
        int64_t tied;
        double distance;
    } ladders[] = {{1, 1.0}, {10, 1.0}, {1000, 1.0}, {50000, 1.0}, {100000, 1.0}, {1, 0x1p-52}, {10, 0x1p-1000}};
    const throng_indicator *gini = find("gini");
    const int64_t n = 100000;
    double *x = malloc(4 * (size_t)n * sizeof *x), *p = x + n, *d_state = p + n, *d_mass = d_state + n;
    int64_t *order = malloc((size_t)n * sizeof *order);
    cr_assert(x && order);
    for (size_t k = 0; k < sizeof ladders / sizeof *ladders; k++) {
        double levels = (double)(n / ladders[k].tied), distance = ladders[k].distance, by_state = 0.0;
        double first = distance < 1e-100 ? 0.0 : 1.0, mean = first + distance * (levels - 1.0) / 2.0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = first + distance * (double)(i * 7919 % n / ladders[k].tied);
            p[i] = 1.0 / (double)n;
        }
        double got = gini->distribution(NULL, n, x, p, order, d_state, d_mass);
        double expected = distance * (levels * levels - 1.0) / (6.0 * levels * mean);
        cr_assert(fabs(got - expected) <= 1e-12 * expected, "ladder %zu: %.17g, not %.17g", k, got, expected);
        for (int64_t i = 0; i < n; i++)
            by_state += d_state[i] * x[i];
        cr_assert(agree(by_state, 0.0, 1e-12), "ladder %zu: the degree in the states is not 0: %g", k, by_state);
    }
    free(x);
    free(order);
}

/* ---- gradients ------------------------------------------------------------------------------------------------- */

/* What varies while the rest stays. */
typedef enum variable {
    VARY_AGGREGATE,
    VARY_STATE,
    VARY_MASS,
    VARY_FEATURE
} variable;

typedef struct value_line {
    indicator_use *use;
    variable kind;
    int n, index;                       /* points; which aggregate, state, mass or feature */
    const double *fixed;                /* masses while a state varies, states while a mass does */
    double vary[THRONG_AGGREGATES_MAX]; /* FEATURE: vary[0] is the state */
} value_line;

static double along_line(const value_line *line, double step) {
    value_line moved = *line;
    const throng_indicator *indicator = moved.use->indicator;
    const throng_setting *setting = setting_of(moved.use);
    double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
    int64_t order[CROWD_MAX];
    moved.vary[moved.kind == VARY_FEATURE ? 0 : moved.index] += step;
    switch (moved.kind) {
    case VARY_STATE:
        return indicator->distribution(setting, moved.n, moved.vary, moved.fixed, order, NULL, NULL);
    case VARY_MASS:
        return indicator->distribution(setting, moved.n, moved.fixed, moved.vary, order, NULL, NULL);
    case VARY_FEATURE:
        indicator->features(setting, moved.vary[0], g, slope);
        return g[moved.index];
    default:
        return indicator->value(setting, moved.vary);
    }
}

/* Derivative along the line: differences at three steps, extrapolated to 0 so that errors of first and second order in
 * the step cancel. At ties the Gini coefficient has the first, through |step| times step. */
static double difference(const value_line *line, double step) {
    double slope[3];
    for (int k = 0; k < 3; k++, step /= 2.0)
        slope[k] = (along_line(line, step) - along_line(line, -step)) / (2.0 * step);
    return (8.0 * slope[2] - 6.0 * slope[1] + slope[0]) / 3.0;
}

/* The largest error of out[k] = d value / d vary[k], each times the scale of its variable, relative to the largest
 * such term. Variables of scale 0 (empty bins) are left out. */
static double largest_error(value_line *line, int n, const double *scale, double step, const double *out) {
    double error = 0.0, largest = 1e-300;
    for (line->index = 0; line->index < n; line->index++) {
        if (scale[line->index] == 0.0)
            continue;
        double expected = difference(line, step * scale[line->index]) * scale[line->index];
        double got = out[line->index] * scale[line->index];
        error = fmax(error, isfinite(got) ? fabs(got - expected) : INFINITY);
        largest = fmax(largest, fabs(expected));
    }
    return error / largest;
}

/* Gini: steps of a state must not reach another state. Tied states may be stepped: differences to both sides give the
 * mean of both slopes, which is what the gradient means there. */
static double distribution_error(indicator_use *use, const test_crowd *crowd) {
    double d_state[CROWD_MAX], d_mass[CROWD_MAX], scale[CROWD_MAX], gap = 1.0;
    int64_t order[CROWD_MAX];
    use->indicator->distribution(setting_of(use), crowd->n, crowd->x, crowd->p, order, d_state, d_mass);
    for (int i = 0; i < crowd->n; i++)
        for (int j = 0; j < i; j++)
            if (crowd->x[i] != crowd->x[j])
                gap = fmin(gap, fabs(crowd->x[i] - crowd->x[j]));
    for (int i = 0; i < crowd->n; i++)
        scale[i] = 1.0;
    value_line line = {.use = use, .kind = VARY_STATE, .n = crowd->n, .fixed = crowd->p};
    memcpy(line.vary, crowd->x, sizeof crowd->x);
    double error = largest_error(&line, crowd->n, scale, 0.4 * fmin(gap, 1e-3), d_state);
    line.fixed = crowd->x;
    line.kind = VARY_MASS;
    memcpy(line.vary, crowd->p, sizeof crowd->p);
    return fmax(error, largest_error(&line, crowd->n, crowd->p, 1e-3, d_mass));
}

static double gradient_error(indicator_use *use, const test_crowd *crowd) {
    if (use->indicator->form == THRONG_FORM_DISTRIBUTION)
        return distribution_error(use, crowd);
    double out[THRONG_AGGREGATES_MAX], scale[THRONG_AGGREGATES_MAX];
    value_line line = {.use = use};
    aggregate(use, crowd, line.vary, scale);
    use->indicator->gradient(setting_of(use), line.vary, out);
    return largest_error(&line, use->setting.n_aggregates, scale, 1e-4, out);
}

/* The largest error of the slopes at the crowd's states, relative to slopes above 1. States of 0 are left out: there
 * is nothing to the left of them. */
static double slope_error(indicator_use *use, const test_crowd *crowd) {
    double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX], error = 0.0;
    for (int i = 0; use->indicator->form == THRONG_FORM_FEATURES && i < crowd->n; i++) {
        double x = crowd->x[i];
        if (x == 0.0)
            continue;
        use->indicator->features(setting_of(use), x, g, slope);
        for (int j = 0; j < use->indicator->n_aggregates; j++) {
            value_line line = {.use = use, .kind = VARY_FEATURE, .index = j, .vary = {x}};
            double expected = difference(&line, 1e-3 * fmin(1.0, fabs(x)));
            error = fmax(error, isfinite(slope[j]) ? fabs(slope[j] - expected) / fmax(1.0, fabs(expected)) : INFINITY);
        }
    }
    return error;
}

/* At the crowd's own aggregates, and away from them, as they are all along a path. */
static void check_gradient(indicator_use *use, const test_crowd *crowd, const struct indicator_case *at,
                           const char *what) {
    static const double shifts[] = {0.0, 0.3, 1.0}; /* in standard deviations */
    (void)at;
    for (int s = 0; s < 3 && !isnan(evaluate(use, crowd)); s++) {
        test_crowd moved = crowd_moved(*crowd, 1.0, shifts[s] * sqrt(central_moment(crowd, 2)));
        double error = gradient_error(use, &moved), slope = slope_error(use, &moved);
        cr_assert(error <= same_slope, "%s, moved by %g: gradient wrong by %g of the largest term", what, shifts[s],
                  error);
        cr_assert(slope <= same_slope, "%s, moved by %g: slope of a feature wrong by %g", what, shifts[s], slope);
    }
}

Test(indicators, gradients_are_slopes_of_the_value) {
    for_all(check_gradient, 3, 57);
}

Test(indicators, gini_gives_equals_the_same) {
    static const double x[] = {2.0, 1.0, 2.0, 5.0, 2.0}, p[] = {0.1, 0.2, 0.1, 0.5, 0.1};
    double d_state[5], d_mass[5];
    int64_t order[5];
    find("gini")->distribution(NULL, 5, x, p, order, d_state, d_mass);
    cr_assert(d_state[0] == d_state[2] && d_state[2] == d_state[4] && d_state[0] != d_state[1]);
    cr_assert(d_mass[0] == d_mass[2] && d_mass[2] == d_mass[4] && d_mass[0] != d_mass[1]);
}

/* Wrong in one place by one part in 10^4, as a wrong sign or factor is by far more. */
static void wrong_gradient(const throng_setting *setting, const double *m, double *out) {
    find("variance")->gradient(setting, m, out);
    out[2] *= 1.0001;
}

static void wrong_features(const throng_setting *setting, double x, double *g, double *slope) {
    find("theil")->features(setting, x, g, slope);
    slope[1] += 1e-4;
}

static double wrong_states(const throng_setting *setting, int64_t n, const double *x, const double *p, int64_t *order,
                           double *d_state, double *d_mass) {
    double got = find("gini")->distribution(setting, n, x, p, order, d_state, d_mass);
    if (d_state)
        d_state[0] *= 1.0001;
    return got;
}

static double wrong_masses(const throng_setting *setting, int64_t n, const double *x, const double *p, int64_t *order,
                           double *d_state, double *d_mass) {
    double got = find("gini")->distribution(setting, n, x, p, order, d_state, d_mass);
    if (d_mass)
        d_mass[n - 1] *= 1.0001;
    return got;
}

Test(indicators, the_check_of_gradients_sees_a_wrong_one) {
    test_crowd crowd = crowd_moved(crowd_draw(DOMAIN_POSITIVE, 10, true, 1), 1.0, 0.5);
    throng_indicator indicators[] = {*find("variance"), *find("theil"), *find("gini"), *find("gini")};
    for (int wrong = 0; wrong < 2; wrong++) {
        for (int k = 0; k < 4; k++) {
            indicator_use use = use_of(&indicators[k], NULL, &crowd);
            double error = fmax(gradient_error(&use, &crowd), slope_error(&use, &crowd));
            cr_assert(wrong ? error > 10.0 * same_slope : error <= same_slope, "%d, %d: %g", k, wrong, error);
        }
        indicators[0].gradient = wrong_gradient;
        indicators[1].features = wrong_features;
        indicators[2].distribution = wrong_states;
        indicators[3].distribution = wrong_masses;
    }
}

/* ---- edges ----------------------------------------------------------------------------------------------------- */

/* Moments about 0 leave some rounding where there is no variance: it must be neither negative nor a shape. */
Test(indicators, equal_states_stay_equal_under_rounding) {
    static const char *const names[] = {"variance", "weighted-variance", "theil",     "atkinson",
                                        "gini",     "skewness",          "bimodality"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int n = 1; n < 200; n++) {
            double x[CROWD_MAX];
            for (int i = 0; i < n; i++)
                x[i] = (n % 2 ? 1e6 : 0.0) + 0.1 * n;
            test_crowd crowd = crowd_of(n, x, NULL);
            indicator_use use = use_of(find(names[k]), NULL, &crowd);
            use.shift = n % 3 ? 0.0 : use.shift;
            double got = evaluate(&use, &crowd);
            bool shape = k >= 5;
            cr_assert(shape ? isnan(got) : got >= 0.0 && got <= 1e-13 * fmax(1.0, x[0] * x[0]),
                      "%s of %d equal states: %g", names[k], n, got);
        }
}

Test(indicators, empty_bins_and_states_of_0_have_finite_slopes) {
    static const char *const histograms[] = {"entropy", "esteban-ray"};
    static const given_param bins[][4] = {{{"bins", 4}, {"low", 0}, {"high", 1}},
                                          {{"bins", 4}, {"low", 0}, {"high", 1}, {"alpha", 1.3}}};
    test_crowd nobody = {0};
    for (int k = 0; k < 2; k++) {
        indicator_use use = use_of(find(histograms[k]), bins[k], &nobody);
        double m[] = {0.5, 0.0, 0.5, -1e-18}, out[4];
        cr_assert(isfinite(use.indicator->value(setting_of(&use), m)));
        use.indicator->gradient(setting_of(&use), m, out);
        for (int j = 0; j < 4; j++)
            cr_assert(isfinite(out[j]), "%s, bin %d: %g", histograms[k], j, out[j]);
    }
    static const char *const inequalities[] = {"theil", "atkinson"};
    for (int k = 0; k < 2; k++) {
        indicator_use use = use_of(find(inequalities[k]), NULL, &nobody);
        double g[2], slope[2];
        use.indicator->features(setting_of(&use), 0.0, g, slope);
        cr_assert(g[0] == 0.0 && g[1] == 0.0 && slope[0] == 1.0 && slope[1] == 0.0, "%s", inequalities[k]);
    }
}

Test(indicators, edges_far_away_do_not_overflow) {
    static const char *const names[] = {"extremeness", "cascade-size"};
    static const double states[] = {-1e300, -1e3, 0.0, 1e3, 1e300};
    test_crowd nobody = {0};
    for (int k = 0; k < 2; k++)
        for (int s = 0; s < 5; s++) {
            indicator_use use = use_of(find(names[k]), (given_param[4]){{"width", 1e-9}}, &nobody);
            double g = NAN, slope = NAN;
            use.indicator->features(setting_of(&use), states[s], &g, &slope);
            cr_assert(g >= 0.0 && g <= 1.0 && isfinite(slope), "%s at %g: %g, slope %g", names[k], states[s], g, slope);
        }
}

/* ---- credit: what the details say about it --------------------------------------------------------------------- */

/* d value / d alpha_i at t = 1/2, which is the whole integral where the gradient is linear in t. Paths end at the crowd
 * and begin at `start`: aggregates of nobody, contribution of nobody. */
static void credit_on_presence_path(indicator_use *use, const test_crowd *crowd, const double *start, double *phi) {
    double m[THRONG_AGGREGATES_MAX], scale[THRONG_AGGREGATES_MAX], out[THRONG_AGGREGATES_MAX];
    aggregate(use, crowd, m, scale);
    for (int j = 0; j < use->setting.n_aggregates; j++)
        m[j] = 0.5 * (m[j] + start[j]);
    use->indicator->gradient(setting_of(use), m, out);
    for (int i = 0; i < crowd->n; i++) {
        double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
        contribution(use, crowd->x[i], g, slope);
        phi[i] = 0.0;
        for (int j = 0; j < use->setting.n_aggregates; j++)
            phi[i] += crowd->p[i] * out[j] * (g[j] - start[j]);
    }
}

static void credit_on_state_path(indicator_use *use, const test_crowd *crowd, double baseline, double *phi) {
    test_crowd half = *crowd;
    double m[THRONG_AGGREGATES_MAX], scale[THRONG_AGGREGATES_MAX], out[THRONG_AGGREGATES_MAX], d_mass[CROWD_MAX];
    int64_t order[CROWD_MAX];
    for (int i = 0; i < crowd->n; i++)
        half.x[i] = 0.5 * (baseline + crowd->x[i]);
    if (use->indicator->form == THRONG_FORM_DISTRIBUTION) {
        use->indicator->distribution(setting_of(use), crowd->n, half.x, half.p, order, phi, d_mass);
    } else {
        aggregate(use, &half, m, scale);
        use->indicator->gradient(setting_of(use), m, out);
        for (int i = 0; i < crowd->n; i++) {
            double g[THRONG_AGGREGATES_MAX], slope[THRONG_AGGREGATES_MAX];
            contribution(use, half.x[i], g, slope);
            phi[i] = 0.0;
            for (int j = 0; j < use->setting.n_aggregates; j++)
                phi[i] += crowd->p[i] * out[j] * slope[j];
        }
    }
    for (int i = 0; i < crowd->n; i++)
        phi[i] *= crowd->x[i] - baseline;
}

static void assert_credit(const test_crowd *crowd, const double *phi, const double *expected, const char *what) {
    for (int i = 0; i < crowd->n; i++)
        cr_assert(agree(phi[i], expected[i], 1e-12), "%s, agent %d: %.17g, the details say %.17g", what, i, phi[i],
                  expected[i]);
}

Test(indicators, variance_credits_are_as_documented) {
    test_crowd crowd = crowd_draw(DOMAIN_ANY, 40, true, 5);
    indicator_use use = use_of(find("weighted-variance"), NULL, &crowd);
    use.shift = 0.0; /* where nobody is, on the paths from 0 */
    double phi[CROWD_MAX], neutral[CROWD_MAX], centred[CROWD_MAX], mean = mean_of(&crowd);
    for (int i = 0; i < crowd.n; i++) {
        neutral[i] = crowd.p[i] * (crowd.x[i] * crowd.x[i] - mean * crowd.x[i]);
        centred[i] = crowd.p[i] * pow(crowd.x[i] - mean, 2.0);
    }
    credit_on_state_path(&use, &crowd, 0.0, phi);
    assert_credit(&crowd, phi, neutral, "state path from 0");
    credit_on_presence_path(&use, &crowd, (double[]){1.0, 0.0, 0.0}, phi);
    assert_credit(&crowd, phi, neutral, "presence path from 0");
    credit_on_state_path(&use, &crowd, mean, phi);
    assert_credit(&crowd, phi, centred, "state path from the mean");
    credit_on_presence_path(&use, &crowd, (double[]){1.0, mean, mean * mean}, phi);
    assert_credit(&crowd, phi, centred, "presence path from the mean");
}

Test(indicators, skewness_credit_is_as_documented) {
    test_crowd crowd = crowd_draw(DOMAIN_ANY, 40, true, 6);
    indicator_use use = use_of(find("skewness"), NULL, &crowd);
    double phi[CROWD_MAX], expected[CROWD_MAX] = {0}, whole = evaluate(&use, &crowd);
    crowd = crowd_moved(crowd, 1.0, -mean_of(&crowd));
    use.shift = 0.0;
    double spread = central_moment(&crowd, 2);
    for (int i = 0; i < crowd.n; i++) {
        double z = crowd.x[i] / sqrt(spread);
        expected[i] = crowd.p[i] * (z * z * z - 3.0 * z - 0.75 * whole * (z * z - 1.0));
    }
    credit_on_presence_path(&use, &crowd, (double[]){1.0, 0.0, spread, 0.0}, phi);
    assert_credit(&crowd, phi, expected, "presence path from the reference crowd");
}

Test(indicators, gini_credit_is_as_documented) {
    test_crowd crowd = crowd_draw(DOMAIN_TIED, 40, true, 7);
    indicator_use use = use_of(find("gini"), NULL, &crowd);
    double phi[CROWD_MAX], expected[CROWD_MAX] = {0}, whole = evaluate(&use, &crowd), mean = mean_of(&crowd), sum = 0.0;
    for (int i = 0; i < crowd.n; i++) {
        double below = 0.0, above = 0.0;
        for (int j = 0; j < crowd.n; j++) {
            below += crowd.x[j] < crowd.x[i] ? crowd.p[j] : 0.0;
            above += crowd.x[j] > crowd.x[i] ? crowd.p[j] : 0.0;
        }
        expected[i] = crowd.p[i] * (crowd.x[i] - mean) * (below - above - whole / 2.0) / mean;
        sum += expected[i];
    }
    credit_on_state_path(&use, &crowd, mean, phi);
    assert_credit(&crowd, phi, expected, "state path from the mean");
    cr_assert(agree(sum, whole, 1e-13), "credits add up to %g of %g", sum, whole);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

static bool has_year(const char *text) {
    for (const char *c = text; *c; c++)
        if (strspn(c, "0123456789") == 4 && (strncmp(c, "19", 2) == 0 || strncmp(c, "20", 2) == 0))
            return true;
    return false;
}

/* What is wrong with a descriptor's documentation and functions, or NULL. Registration checks the rest. */
static const char *fault(const throng_indicator *indicator) {
    const throng_about *about = &indicator->about;
    bool histogram = indicator->form == THRONG_FORM_HISTOGRAM, features = indicator->form == THRONG_FORM_FEATURES;
    bool distribution = indicator->form == THRONG_FORM_DISTRIBUTION;
    bool own = distribution || indicator->form == THRONG_FORM_NETWORK;
    static const char *const chapters[] = {"Formula: ", "\nEdges: ", "\nTaking part: ", "\nDefaults: "};
    for (int k = 0; k < 4; k++)
        if (!strstr(about->details, chapters[k]))
            return chapters[k];
    if (strlen(about->summary) > 100 || strchr(about->summary, '\n'))
        return "the summary is not one line of at most 100 characters";
    if (about->summary[strlen(about->summary) - 1] != '.')
        return "the summary is not a sentence";
    if (!has_year(about->reference))
        return "the reference has no year";
    for (int i = 0; about->params && about->params[i].name; i++)
        if (about->params[i].kind < THRONG_PARAM_AUTO && !(about->params[i].fallback >= about->params[i].minimum &&
                                                           about->params[i].fallback <= about->params[i].maximum))
            return "a default is out of its range";
    if (distribution != (indicator->distribution != NULL) || own == (indicator->value != NULL) ||
        own == (indicator->gradient != NULL) || features != (indicator->features != NULL))
        return "the functions are not those of the form";
    if ((histogram || own) != (indicator->n_aggregates == 0))
        return "n_aggregates is not that of the form";
    if (histogram && indicator->path != THRONG_PATH_PRESENCE)
        return "states cannot move smoothly between bins";
    if ((indicator->flags & THRONG_INDICATOR_SCALE_INVARIANT) && strcmp(indicator->baseline, "mean") != 0)
        return "on the way from 0 nothing changes";
    if (indicator->undefined && (indicator->undefined[0] < 'a' || indicator->undefined[0] > 'z'))
        return "`undefined` is not a clause";
    return NULL;
}

/* The names in indicators.def, as users type them. */
static const char *const listed[] = {
#define THRONG_INDICATOR(name) #name,
#include "plugins/indicators/indicators.def"
#undef THRONG_INDICATOR
};
#define N_LISTED ((int)(sizeof listed / sizeof *listed))

/* What every indicator is held to, one without a case of its own too. */
Test(indicators, all_are_listed_documented_and_differentiable) {
    static const given_param range[4] = {{"low", -1.23}, {"high", 1.56}};
    const unsigned not_below_0 = THRONG_INDICATOR_NONNEGATIVE | THRONG_INDICATOR_POSITIVE;
    throng_context *context = context_create();
    cr_assert_eq(throng_context_plugin_count(context, THRONG_KIND_INDICATOR), N_LISTED);
    for (int i = 0; i < N_LISTED; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", listed[i]);
        for (char *c = name; *c; c++)
            *c = *c == '_' ? '-' : *c;
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
        cr_assert_str_eq(about->name, name, "indicators.def is not in alphabetical order");
        const throng_indicator *indicator = (const throng_indicator *)(const void *)about;
        cr_assert_null(fault(indicator), "%s: %s", name, fault(indicator));
        if (indicator->form == THRONG_FORM_NETWORK) /* test_network.c */
            continue;
        test_crowd crowd = crowd_draw(indicator->flags & not_below_0 ? DOMAIN_POSITIVE : DOMAIN_ANY, 20, true, 9);
        indicator_use use = use_of(indicator, indicator->form == THRONG_FORM_HISTOGRAM ? range : NULL, &crowd);
        check_permutation(&use, &crowd, NULL, name);
        check_gradient(&use, &crowd, NULL, name);
    }
    cr_assert_eq(throng_context_register(context, THRONG_KIND_INDICATOR, &throng_indicator_hello.about, NULL),
                 THRONG_OK);
    throng_context_free(context);
}

Test(indicators, the_check_of_descriptors_sees_faults) {
    throng_indicator wrong[5];
    for (int k = 0; k < 5; k++)
        wrong[k] = throng_indicator_hello;
    cr_assert_null(fault(&wrong[0]));
    wrong[0].about.reference = "A well-known fact";
    wrong[1].about.summary = "Two\nlines.";
    wrong[2].about.details = "Formula: M = 1.";
    wrong[3].gradient = NULL;
    wrong[4].flags = THRONG_INDICATOR_SCALE_INVARIANT;
    for (int k = 0; k < 5; k++)
        cr_assert_not_null(fault(&wrong[k]), "fault %d", k);
}

/* examples/plugin_indicator.c, as a shared object where the build made one. */
Test(indicators, the_example_plugin_is_right) {
    char path[1000];
    snprintf(path, sizeof path, "%s/examples/plugin_indicator.so", getenv("BUILD") ? getenv("BUILD") : ".");
    if (access(path, R_OK) != 0)
        cr_skip("no %s", path);
    throng_context *context = context_create();
    throng_error err = {0};
    cr_assert_eq(throng_context_load_plugin(context, path, &err), THRONG_OK, "%s", err.message);
    test_crowd crowd = crowd_draw(DOMAIN_ANY, 10, true, 8);
    indicator_use use = use_of(find_in(context, "vote"), NULL, &crowd);
    cr_assert(agree(evaluate(&use, &crowd), 1.0 / (1.0 + exp(-10.0 * mean_of(&crowd))), 1e-13));
    cr_assert(gradient_error(&use, &crowd) <= same_slope);
    throng_context_free(context);
}
