/* Interventions: on outcomes whose best answer is known, against every subset of a small crowd, and what is refused. */
#include "populations.h"
#include "throng/intervene.h"

#define N 12

/* v = sum of gain_i alpha_i + pull (sum of alpha)^2 */
typedef struct outcome {
    double gain[N], pull;
} outcome;

static throng_status value(void *self, const double *alpha, double *out, throng_error *err) {
    const outcome *it = self;
    double sum = 0.0, linear = 0.0;
    (void)err;
    for (int i = 0; i < N; i++) {
        linear += it->gain[i] * alpha[i];
        sum += alpha[i];
    }
    *out = linear + it->pull * sum * sum;
    return THRONG_OK;
}

static throng_status gradient(void *self, const double *alpha, double *out, throng_error *err) {
    const outcome *it = self;
    double sum = 0.0;
    (void)err;
    for (int i = 0; i < N; i++)
        sum += alpha[i];
    for (int i = 0; i < N; i++)
        out[i] = it->gain[i] + 2.0 * it->pull * sum;
    return THRONG_OK;
}

static throng_value_function function_of(outcome *it) {
    return (throng_value_function){.self = it, .n_agents = N, .value = value, .gradient = gradient};
}

/* Gains 1, 2, ..., 12: 78 in all. */
static outcome line(double pull) {
    outcome it = {.pull = pull};
    for (int i = 0; i < N; i++)
        it.gain[i] = i + 1;
    return it;
}

Test(intervene, a_linear_outcome_loses_its_largest_parts, .init = set_up, .fini = tear_down) {
    outcome it = line(0.0);
    throng_value_function function = function_of(&it);
    throng_intervention_def def = throng_intervention_default();
    throng_intervention found;
    double alpha[N];
    def.target = 78.0 - 12.0 - 11.0 - 5.0; /* 12 and 11 wholly, 10 by half */
    def.budget = 0.5;
    def.accuracy = 1e-9;
    expect_ok(throng_intervene(context, &function, &def, alpha, &found, &error));
    cr_expect(found.reached);
    cr_expect_eq(found.before, 78.0);
    cr_expect_float_eq(found.amount, 2.5, 1e-8, "%.12g", found.amount);
    cr_expect_leq(found.value, def.target + 1e-12);
    cr_expect_float_eq(alpha[11], 0.0, 1e-12);
    cr_expect_float_eq(alpha[10], 0.0, 1e-12);
    cr_expect_float_eq(alpha[9], 0.5, 1e-7);
    cr_expect_eq(found.n_touched, 3);
    cr_expect_gt(found.evaluations, 2);
}

Test(intervene, an_outcome_can_be_raised, .init = set_up, .fini = tear_down) {
    outcome it = line(0.0);
    for (int i = 0; i < N; i++)
        it.gain[i] -= 6.5; /* half of them pull it down: -5.5 ... 5.5, 0 in all */
    throng_value_function function = function_of(&it);
    throng_intervention_def def = throng_intervention_default();
    throng_intervention found;
    double alpha[N];
    def.target = 10.0;
    def.budget = 0.3;
    def.silence = true;
    expect_ok(throng_intervene(context, &function, &def, alpha, &found, &error));
    cr_expect(found.reached && found.amount == 2.0 && alpha[0] == 0.0 && alpha[1] == 0.0, "%g", found.amount);
    def.target = 30.0; /* more than there is */
    def.budget = 1.0;
    expect_ok(throng_intervene(context, &function, &def, alpha, &found, &error));
    cr_expect_not(found.reached);
    cr_expect_float_eq(found.value, 18.0, 1e-12, "all that pull down are silent, and nobody else: %g", found.value);
    cr_expect_eq(found.n_touched, 6);
}

/* The fewest agents whose silence reaches the target, by trying all sets. */
static int fewest(outcome *it, double target) {
    int best = N + 1;
    for (int set = 0; set < 1 << N; set++) {
        double alpha[N], there = 0.0;
        int count = 0;
        for (int i = 0; i < N; i++) {
            alpha[i] = (set >> i) & 1 ? 0.0 : 1.0;
            count += alpha[i] == 0.0;
        }
        expect_ok(value(it, alpha, &there, &error));
        if (there <= target && count < best)
            best = count;
    }
    return best;
}

Test(intervene, silences_as_few_as_any_set_does, .init = set_up, .fini = tear_down) {
    outcome it = line(0.25);
    throng_value_function function = function_of(&it);
    throng_intervention_def def = throng_intervention_default();
    def.budget = 1.0;
    def.silence = true;
    for (double target = 5.0; target < 110.0; target += 9.0) {
        throng_intervention found;
        double alpha[N], there = 0.0;
        def.target = target;
        expect_ok(throng_intervene(context, &function, &def, alpha, &found, &error));
        cr_expect(found.reached);
        cr_expect_eq((int)found.amount, fewest(&it, target), "target %g: %g agents, %d suffice", target, found.amount,
                     fewest(&it, target));
        expect_ok(value(&it, alpha, &there, &error));
        cr_expect_eq(there, found.value, "the value is that of alpha");
    }
}

Test(intervene, rivals_are_measured_by_the_same_yardstick, .init = set_up, .fini = tear_down) {
    outcome it = line(0.0);
    throng_value_function function = function_of(&it);
    throng_intervention_def def = throng_intervention_default();
    throng_intervention found;
    double alpha[N], best[N], worst[N];
    for (int i = 0; i < N; i++) {
        best[i] = i;
        worst[i] = -i;
    }
    throng_rival rivals[] = {{"best", best}, {"worst", worst}};
    def.rivals = rivals;
    def.n_rivals = 2;
    def.target = 78.0 - 23.0;
    def.budget = 1.0;
    def.accuracy = 1e-6;
    expect_ok(throng_intervene(context, &function, &def, alpha, &found, &error));
    cr_expect_float_eq(found.rival[0].amount, 2.0, 1e-4);
    cr_expect_float_eq(found.rival[0].value, 55.0, 1e-3);
    cr_expect_float_eq(found.rival[1].amount, 6.0 + 2.0 / 7.0, 1e-4, "1 to 6, and 2 of 7: %g", found.rival[1].amount);
    cr_expect_float_eq(found.rival[1].value, 78.0 - 3.0, 1e-3);
}

Test(intervene, refuses_what_makes_no_sense, .init = set_up, .fini = tear_down) {
    outcome it = line(0.0);
    double alpha[N];
    throng_intervention found;
    throng_intervention_def good = throng_intervention_default();
    good.target = 70.0;
    struct {
        throng_intervention_def def;
        const char *says;
    } cases[] = {{good, "budget"}, {good, "budget"}, {good, "finite"}, {good, "not even one"}, {good, "iterations"}};
    cases[0].def.budget = 0.0;
    cases[1].def.budget = 1.5;
    cases[2].def.target = (double)NAN;
    cases[3].def.silence = true;
    cases[4].def.iterations = 0;
    throng_value_function function = function_of(&it);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        cr_expect_eq(throng_intervene(context, &function, &cases[c].def, alpha, &found, &error), THRONG_E_PARAMETER);
        cr_expect(strstr(error.message, cases[c].says), "%s", error.message);
    }
    function.gradient = NULL;
    cr_expect_eq(throng_intervene(context, &function, &good, alpha, &found, &error), THRONG_E_UNSUPPORTED);
}
