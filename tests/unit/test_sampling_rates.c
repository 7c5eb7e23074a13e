/*
 * What sampling promises, held by every sampler with every option that changes how it draws: errors fall with the root
 * of the number of independent units, and 95 % intervals hold the exact value 95 times in 100.
 */
#include "crowds.h"

#include <stdio.h>

/* ---- a game ---------------------------------------------------------------------------------------------------- */

#define AGENTS 6

/* Far from quadratic and from symmetric: neither pairs of permutations nor strata make it exact. */
static throng_status rough(void *self, const double *alpha, double *out, throng_error *err) {
    (void)self;
    (void)err;
    double sum = 0.0;
    for (int i = 0; i < AGENTS; i++)
        sum += alpha[i] * (1.0 + i * i);
    *out = sin(3.0 * sum) + 0.1 * sum;
    return THRONG_OK;
}

static const throng_value_function game = {.n_agents = AGENTS, .value = rough};

/* Shapley or Banzhaf value by definition. */
static void by_definition(bool banzhaf, double *phi) {
    double value[1 << AGENTS], alpha[AGENTS];
    for (int set = 0; set < 1 << AGENTS; set++) {
        for (int i = 0; i < AGENTS; i++)
            alpha[i] = set >> i & 1;
        cr_assert_eq(rough(NULL, alpha, &value[set], NULL), THRONG_OK);
    }
    for (int i = 0; i < AGENTS; i++) {
        phi[i] = 0.0;
        for (int set = 0; set < 1 << AGENTS; set++) {
            int size = __builtin_popcount((unsigned)set);
            double weight = tgamma(size + 1) * tgamma(AGENTS - size) / tgamma(AGENTS + 1);
            if (!(set >> i & 1))
                phi[i] += (banzhaf ? ldexp(1.0, 1 - AGENTS) : weight) * (value[set | 1 << i] - value[set]);
        }
    }
}

/* ---- samplers -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *method, *options; /* the number of samples comes between them */
    int per_unit;                 /* samples in an independent unit */
    bool banzhaf;
} samplers[] = {
    {"shapley-sampled:permutations=", ",antithetic=false", 1, false},
    {"shapley-sampled:permutations=", "", 2, false},
    {"shapley-sampled:permutations=", ",stratified=true,antithetic=false", 8, false},
    {"shapley-sampled:permutations=", ",stratified=true", 16, false},
    {"owen-sampled:draws=", "", 1, false},
    {"owen-sampled:draws=", ",nodes=1", 1, false},
    {"banzhaf-sampled:draws=", "", 1, true},
    {"banzhaf-sampled:draws=", ",reuse=true", 1, true},
};

#define N_SAMPLERS (int)(sizeof samplers / sizeof *samplers)

static void sample(throng_context *context, int sampler, int units, uint64_t seed, double *phi, double *error) {
    char method[96];
    throng_error err = {0};
    throng_certificate certificate;
    throng_method_options options = throng_method_options_default();
    options.seed = seed;
    options.standard_error = error;
    snprintf(method, sizeof method, "%s%d%s", samplers[sampler].method, units * samplers[sampler].per_unit,
             samplers[sampler].options);
    throng_status status = throng_attribute_function(context, &game, method, &options, phi, &certificate, &err);
    cr_assert_eq(status, THRONG_OK, "%s: %s", method, err.message);
}

/* ---- promises -------------------------------------------------------------------------------------------------- */

#define SEEDS      300
#define FIRST      4 /* from 2^4 ... */
#define POWERS     6 /* ... to 2^9 units */
#define SLOPE_NEAR 0.05

/* The slope of log error, root mean square over seeds and agents, in log units. */
static double rate_of(throng_context *context, int sampler) {
    double exact[AGENTS], x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    by_definition(samplers[sampler].banzhaf, exact);
    for (int power = FIRST; power < FIRST + POWERS; power++) {
        double squares = 0.0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            double phi[AGENTS];
            sample(context, sampler, 1 << power, seed * 16 + (uint64_t)power, phi, NULL);
            for (int i = 0; i < AGENTS; i++)
                squares += (phi[i] - exact[i]) * (phi[i] - exact[i]);
        }
        double error = 0.5 * log2(squares);
        x += power;
        y += error;
        xx += power * power;
        xy += power * error;
    }
    return (xy - x * y / POWERS) / (xx - x * x / POWERS);
}

Test(sampling_rates, errors_fall_with_the_root_of_the_samples) {
    TEST_NOT_SANITIZED();
    throng_context *context = test_context(1);
    for (int s = 0; s < N_SAMPLERS; s++) {
        double slope = rate_of(context, s);
        cr_expect(fabs(slope + 0.5) <= SLOPE_NEAR, "%s..%s: slope %g", samplers[s].method, samplers[s].options, slope);
    }
    throng_context_free(context);
}

#define REPETITIONS 1000
#define UNITS       40
#define STUDENT     2.0227 /* of 39 degrees of freedom */
#define COVER_NEAR  0.02

Test(sampling_rates, intervals_hold_the_exact_value_95_times_in_100) {
    TEST_NOT_SANITIZED();
    throng_context *context = test_context(1);
    for (int s = 0; s < N_SAMPLERS; s++) {
        double exact[AGENTS];
        int covered = 0;
        by_definition(samplers[s].banzhaf, exact);
        for (uint64_t seed = 0; seed < REPETITIONS; seed++) {
            double phi[AGENTS], error[AGENTS];
            sample(context, s, UNITS, seed, phi, error);
            for (int i = 0; i < AGENTS; i++)
                covered += fabs(phi[i] - exact[i]) <= STUDENT * error[i];
        }
        double share = covered / (double)(REPETITIONS * AGENTS);
        cr_expect(fabs(share - 0.95) <= COVER_NEAR, "%s..%s: %g", samplers[s].method, samplers[s].options, share);
    }
    throng_context_free(context);
}
