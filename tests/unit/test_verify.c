/* Deletion curves against plain evaluation, and verification: what it sees in credits that are wrong, and how it fails.
 */
#include "attribution/attribution.h"
#include "scenes.h"

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

static throng_attribution *attribute_by(throng_context *context, const throng_population *population,
                                        const char *indicator, const char *method) {
    throng_error err = {0};
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.method = method;
    cr_assert_eq(throng_attribute(context, population, &def, &out, &err), THRONG_OK, "%s: %s", indicator, err.message);
    return out;
}

static throng_attribution *attribute(throng_context *context, const throng_population *population,
                                     const char *indicator) {
    return attribute_by(context, population, indicator, "aumann-shapley");
}

static throng_verification verified(throng_context *context, const throng_attribution *again, const double *phi) {
    throng_error err = {0};
    throng_verification it = throng_verification_default();
    throng_verify_def def = {.seed = 1};
    cr_assert_eq(throng_attribution_verify(context, again, phi, &def, &it, &err), THRONG_OK, "%s: %s",
                 again->def.indicator, err.message);
    return it;
}

static const throng_check *check_of(const throng_verification *it, const char *name) {
    for (int i = 0; i < it->n_checks; i++)
        if (strcmp(it->check[i].name, name) == 0)
            return &it->check[i];
    cr_assert_fail("no check %s", name);
    return NULL;
}

static throng_verdict verdict_of(const throng_verification *it, const char *name) {
    return check_of(it, name)->verdict;
}

/* Honest credits of every indicator hold; the same with one of them moved do not. */
Test(verify, every_indicator_and_a_wrong_credit) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(900, 2, 8);
    throng_population *population = crowd_population(context, &crowd);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_INDICATOR); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
        const char *name = about->name;
        if (((const throng_indicator *)(const void *)about)->form == THRONG_FORM_NETWORK)
            continue; /* tests/cli/test_verify.py */
        throng_attribution *again = attribute(context, population, name);
        double *phi = malloc(900 * 8);
        memcpy(phi, again->phi, 900 * 8);
        throng_verification it = verified(context, again, phi);
        for (int c = 0; c < it.n_checks; c++)
            cr_expect_neq(it.check[c].verdict, THRONG_VERDICT_FAILS, "%s: %s is %g of %g", name, it.check[c].name,
                          it.check[c].number, it.check[c].limit);
        cr_expect(it.holds);
        double whole = again->certificates[1].everybody - again->certificates[1].nobody;
        phi[700] += 1e-3 * fabs(whole);
        it = verified(context, again, phi);
        cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_FAILS, "%s", name);
        cr_expect_eq(verdict_of(&it, "efficiency"), THRONG_VERDICT_FAILS, "%s", name);
        cr_expect_not(it.holds);
        phi[700] = NAN;
        it = verified(context, again, phi);
        cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_FAILS, "%s with NaN", name);
        cr_expect_eq(verdict_of(&it, "efficiency"), THRONG_VERDICT_FAILS, "%s with NaN", name);
        free(phi);
        throng_attribution_free(again);
    }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* At a kink, where states tie, credits are one choice among several: all games of a subsample must make the same. */
Test(verify, ties_at_a_kink_are_no_failure) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    test_crowd crowd = crowd_make(300, 1, 12);
    for (int i = 0; i < 300; i++) {
        crowd.state[i] = floor(5.0 * test_uniform(1, (uint64_t)i)) + 1.0;
        crowd.baseline[i] = floor(3.0 * test_uniform(2, (uint64_t)i)) + 1.0;
    }
    throng_population *population = crowd_population(context, &crowd);
    for (int i = 0; i < 2; i++) {
        throng_attribution *again = NULL;
        throng_attribution_def def = throng_attribution_default();
        def.indicator = "gini";
        def.method = i ? "leave-one-out" : "gradient-input";
        def.baseline = THRONG_BASELINE_COLUMN;
        cr_assert_eq(throng_attribute(context, population, &def, &again, &err), THRONG_OK, "%s", err.message);
        throng_verification it = verified(context, again, again->phi);
        for (int c = 0; c < it.n_checks; c++)
            cr_expect_neq(it.check[c].verdict, THRONG_VERDICT_FAILS, "%s: %s is %g of %g", def.method, it.check[c].name,
                          it.check[c].number, it.check[c].limit);
        throng_attribution_free(again);
    }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* Credits turned round are slower than chance at undoing the indicator. */
Test(verify, deletion_sees_credits_that_are_turned_round) {
    throng_context *context = test_context(2);
    test_crowd crowd = crowd_make(500, 1, 9);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *again = attribute(context, population, "weighted-variance");
    double phi[500];
    for (int i = 0; i < 500; i++)
        phi[i] = -again->phi[i];
    throng_verification it = verified(context, again, phi);
    cr_expect_eq(verdict_of(&it, "deletion"), THRONG_VERDICT_FAILS);
    throng_attribution_free(again);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* Whoever has no activity on record falls silent last, and the order by activity is what throng_deletion_curve says. */
Test(verify, order_by_activity) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    test_crowd crowd = crowd_make(40, 1, 9);
    throng_population *population = crowd_population(context, &crowd);
    throng_attribution *again = attribute(context, population, "mean");
    throng_verification it = throng_verification_default();
    double activity[40], sum = 0.0, left = 0.0;
    for (int i = 0; i < 40; i++) {
        activity[i] = i == 0 ? NAN : i;
        sum += crowd.state[i];
    }
    throng_verify_def def = {.activity = activity};
    cr_assert_eq(throng_attribution_verify(context, again, again->phi, &def, &it, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(it.n_deletions, 4);
    cr_assert_str_eq(it.deletion[2].order, "activity");
    for (int i = 0; i < 2; i++)
        left += crowd.state[i];
    cr_expect_float_eq(it.deletion[2].left[19], left / sum, 1e-12, "38 of 40 are silent: agents 0 and 1 are left");
    throng_attribution_free(again);
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* ---- methods that break a promise, registered as anybody's would be ---------------------------------------------- */

/* aumann-shapley, whose credits are then spoiled; they still add up. */
static throng_status honest(throng_context *context, const throng_value_function *function,
                            const throng_method_options *options, double *phi, throng_certificate *certificate,
                            throng_error *err) {
    return throng_attribute_function(context, function, "aumann-shapley", options, phi, certificate, err);
}

#define METHOD(name_, spoil)                                                                                           \
    static throng_status name_(throng_context *context, const throng_value_function *function,                         \
                               const throng_method_options *options, double *phi, throng_certificate *certificate,     \
                               throng_error *err) {                                                                    \
        throng_status status = honest(context, function, options, phi, certificate, err);                              \
        if (status == THRONG_OK)                                                                                       \
            spoil(phi, function->n_agents, certificate->everybody - certificate->nobody);                              \
        return status;                                                                                                 \
    }

/* The first agent gets more than its share at the cost of all. */
static void favour(double *phi, int64_t n, double whole) {
    for (int64_t i = 0; i < n; i++)
        phi[i] -= 0.1 * whole / (double)n;
    phi[0] += 0.1 * whole;
}

/* A tenth is for all alike, whatever they do. */
static void share_out(double *phi, int64_t n, double whole) {
    for (int64_t i = 0; i < n; i++)
        phi[i] = 0.9 * phi[i] + 0.1 * whole / (double)n;
}

/* In proportion to the cubes of what they should be. */
static void cube(double *phi, int64_t n, double whole) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += phi[i] * phi[i] * phi[i];
    for (int64_t i = 0; i < n; i++)
        phi[i] = phi[i] * phi[i] * phi[i] * whole / sum;
}

/* Everybody gives the one with the most credit a part that depends on how many there are. */
static void crowd_out(double *phi, int64_t n, double whole) {
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        most = phi[i] > phi[most] ? i : most;
        whole -= phi[i] - phi[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++)
        phi[i] -= phi[i] / (double)n;
    phi[most] += whole;
}

METHOD(favouring, favour)
METHOD(crowding, crowd_out)
METHOD(sharing, share_out)
METHOD(cubing, cube)

#define DESCRIPTOR(name_, attribute_)                                                                                  \
    {                                                                                                                  \
        .about = {.struct_size = sizeof(throng_method),                                                                \
                  .name = name_,                                                                                       \
                  .summary = "breaks a promise",                                                                       \
                  .details = "for tests",                                                                              \
                  .reference = "none"},                                                                                \
        .attribute = attribute_                                                                                        \
    }

static const throng_method favouring_method = DESCRIPTOR("favouring", favouring);
static const throng_method crowding_method = DESCRIPTOR("crowding", crowding);
static const throng_method sharing_method = DESCRIPTOR("sharing", sharing);
static const throng_method cubing_method = DESCRIPTOR("cubing", cubing);
static const throng_method shapley_method = DESCRIPTOR("shapley-by-path", honest);

/* Every promise that is broken is found by the check that should; what comes out again, and adds up, holds. */
Test(verify, methods_that_break_a_promise) {
    static const struct {
        const throng_method *method;
        const char *fails, *holds;
    } cases[] = {{&favouring_method, "alike clones", "repeat efficiency"},
                 {&crowding_method, "unmoved", "repeat efficiency alike idle dummies"},
                 {&sharing_method, "idle dummies unmoved", "repeat efficiency alike clones"},
                 {&cubing_method, "linearity", "repeat efficiency alike idle clones dummies unmoved"},
                 {&shapley_method, "shapley", "repeat efficiency alike idle clones dummies unmoved linearity"}};
    throng_context *context = test_context(2);
    throng_error err = {0};
    test_crowd crowd = crowd_make(60, 1, 11);
    crowd.state[1] = crowd.state[0]; /* alike */
    crowd.weight[1] = crowd.weight[0];
    crowd.state[2] = 0.0; /* at the baseline */
    throng_population *population = crowd_population(context, &crowd);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cases[i].method->about.name;
        char names[200];
        cr_assert_eq(throng_context_register(context, THRONG_KIND_METHOD, &cases[i].method->about, &err), THRONG_OK,
                     "%s", err.message);
        throng_attribution *again = attribute_by(context, population, "formula:expr=tanh(3*m2)*exp(-m1)", name);
        throng_verification it = verified(context, again, again->phi);
        cr_expect_not(it.holds);
        for (int want = 0; want < 2; want++) {
            snprintf(names, sizeof names, "%s", want ? cases[i].holds : cases[i].fails);
            for (char *one = strtok(names, " "); one; one = strtok(NULL, " "))
                cr_expect_eq(verdict_of(&it, one), want ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS,
                             "%s: %s: %g of %g, %s", name, one, check_of(&it, one)->number, check_of(&it, one)->limit,
                             check_of(&it, one)->text);
        }
        throng_attribution_free(again);
    }
    throng_population_free(population);
    throng_context_free(context);
    crowd_clear(&crowd);
}

/* ---- worlds, cohorts ------------------------------------------------------------------------------------------- */

static throng_population *people_of(const scene *self) {
    int64_t *once = calloc((size_t)self->n, sizeof *once);
    const test_crowd crowd = {
        .n = self->n, .time = once, .state = self->state, .weight = self->weight, .baseline = self->baseline};
    throng_population *out = crowd_population(self->context, &crowd);
    free(once);
    return out;
}

/* v with everybody but the `silent` agents that most others hear; by a run of its own. */
static double without_the_loudest(const scene *self, throng_dynamics *dynamics, int64_t silent) {
    const int64_t *go = throng_graph_out(self->graph).offsets;
    throng_value_function function = throng_dynamics_function(dynamics);
    double *alpha = malloc((size_t)self->n * sizeof *alpha), value = 0.0;
    for (int64_t i = 0; i < self->n; i++) {
        int64_t before = 0;
        for (int64_t j = 0; j < self->n; j++) {
            int64_t more = (go[j + 1] - go[j]) - (go[i + 1] - go[i]);
            before += more > 0 || (more == 0 && j < i);
        }
        alpha[i] = before < silent ? 0.0 : 1.0;
    }
    cr_assert_eq(function.value(function.self, alpha, &value, NULL), THRONG_OK);
    free(alpha);
    return value;
}

Test(verify, curves_of_a_world_are_runs_of_it) {
    scene self = scene_make(47, 4, 3);
    throng_error err = {0};
    throng_verification it = throng_verification_default();
    throng_attribution *again = NULL;
    throng_population *people = people_of(&self);
    throng_simulation_def world = throng_simulation_default();
    world.world = "bounded-confidence";
    world.steps = 4;
    world.seed = self.seed;
    throng_attribution_def def = throng_attribution_default();
    def.graph = self.graph;
    def.world = &world;
    cr_assert_eq(throng_attribute(self.context, people, &def, &again, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_attribution_verify(self.context, again, throng_attribution_phi(again), &(throng_verify_def){0},
                                           &it, &err),
                 THRONG_OK, "%s", err.message);
    cr_expect(it.holds);
    cr_assert_eq(it.n_deletions, 5);
    cr_expect_str_eq(it.deletion[0].order, "phi");
    cr_expect_str_eq(it.deletion[1].order, "weight");
    cr_expect_str_eq(it.deletion[2].order, "listeners");
    cr_expect_str_eq(it.deletion[3].order, "least phi");
    cr_expect_str_eq(it.deletion[4].order, "random");
    double *turned = malloc((size_t)self.n * 8);
    for (int64_t i = 0; i < self.n; i++)
        turned[i] = -throng_attribution_phi(again)[i];
    throng_verification other = throng_verification_default();
    cr_assert_eq(throng_attribution_verify(self.context, again, turned, &(throng_verify_def){0}, &other, &err),
                 THRONG_OK, "%s", err.message);
    cr_expect_eq(verdict_of(&it, "deletion"), THRONG_VERDICT_HOLDS);
    cr_expect_eq(verdict_of(&other, "deletion"), THRONG_VERDICT_FAILS, "credits that are turned round");
    free(turned);
    throng_simulation *simulation = simulate(&self, "bounded-confidence", THRONG_PARTICIPATION_DEFAULT, 4, true);
    throng_dynamics *dynamics = watch(&self, simulation, "variance", "final", false);
    double everybody = without_the_loudest(&self, dynamics, 0), nobody = without_the_loudest(&self, dynamics, self.n);
    for (int i = 0; i < THRONG_DELETION_POINTS; i++) {
        double value = without_the_loudest(&self, dynamics, self.n * i / (THRONG_DELETION_POINTS - 1));
        cr_expect_float_eq(it.deletion[2].left[i], (value - nobody) / (everybody - nobody), 1e-12, "point %d", i);
    }
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    throng_attribution_free(again);
    throng_population_free(people);
    scene_clear(&self);
}

Test(verify, cohorts_as_players_have_no_credits_of_agents) {
    throng_context *context = test_context(1);
    throng_error err = {0};
    throng_verification it = throng_verification_default();
    throng_attribution *again = NULL;
    throng_cohorts *cohorts = NULL;
    test_crowd crowd = crowd_make(50, 1, 3);
    throng_population *population = crowd_population(context, &crowd);
    cr_assert_eq(throng_cohorts_create(population, &(throng_cohorts_def){0}, &cohorts, &err), THRONG_OK);
    throng_attribution_def def = throng_attribution_default();
    def.cohorts = cohorts;
    def.players = THRONG_PLAYERS_COHORTS;
    cr_assert_eq(throng_attribute(context, population, &def, &again, &err), THRONG_OK, "%s", err.message);
    cr_expect_eq(throng_attribution_verify(context, again, crowd.state, &(throng_verify_def){0}, &it, &err),
                 THRONG_E_UNSUPPORTED);
    cr_expect_str_eq(err.message, "The players are cohorts: there are no credits of agents to check.");
    throng_attribution_free(again);
    throng_cohorts_free(cohorts);
    throng_population_free(population);
    crowd_clear(&crowd);
    throng_context_free(context);
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
        throng_verification it = throng_verification_default();
        throng_verify_def def = {.seed = 1};
        int64_t idle = throng_context_bytes(context);
        faults.fail_at = faults.calls + k;
        throng_status status = throng_attribution_verify(context, again, again->phi, &def, &it, &err);
        finished = status == THRONG_OK;
        cr_assert(finished || status == THRONG_E_MEMORY, "allocation %lld: %s", (long long)k, err.message);
        cr_assert_eq(throng_context_bytes(context), idle, "allocation %lld leaks", (long long)k);
        throng_attribution_free(again);
        throng_population_free(population);
        throng_context_free(context);
        crowd_clear(&crowd);
    }
}
