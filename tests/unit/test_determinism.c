/* The same bits for 1, 2, 3 and 8 threads, and one golden value that gcc and clang reach at -O0 and -O2. */
#include "crowds.h"

static uint64_t hash_of(const char *indicator, throng_path path, throng_baseline baseline, int threads,
                        const test_crowd *crowd) {
    throng_context *context = test_context(threads);
    throng_population *population = crowd_population(context, crowd);
    throng_attribution *result = NULL;
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.path = path;
    def.baseline = baseline;
    cr_assert_eq(throng_attribute(context, population, &def, &result, &err), THRONG_OK, "%s: %s", indicator,
                 err.message);
    uint64_t hash = test_hash(throng_attribution_phi(result), (size_t)crowd->n * sizeof(double));
    throng_certificate certificate = throng_attribution_certificate(result, 0);
    hash ^= test_hash(&certificate.sum_phi, sizeof(double)) ^ test_hash(&certificate.everybody, sizeof(double));
    throng_attribution_free(result);
    throng_population_free(population);
    throng_context_free(context);
    return hash;
}

/* Several times of several chunks each, none of them whole. */
#define ROWS 39999

Test(determinism, threads_change_no_bit_of_any_indicator) {
    test_crowd crowd = crowd_make(ROWS, 3, 97);
    throng_context *context = test_context(1);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_INDICATOR); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_INDICATOR, i);
        const char *name = about->name;
        if (((const throng_indicator *)(const void *)about)->form == THRONG_FORM_NETWORK)
            continue; /* one thread */
        uint64_t one = hash_of(name, THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, 1, &crowd);
        int threads[] = {2, 3, 8};
        for (int k = 0; k < 3; k++)
            cr_assert_eq(hash_of(name, THRONG_PATH_DEFAULT, THRONG_BASELINE_DEFAULT, threads[k], &crowd), one,
                         "%s on %d threads", name, threads[k]);
    }
    throng_context_free(context);
    crowd_clear(&crowd);
}

Test(determinism, another_crowd_gives_other_bits) {
    test_crowd crowd = crowd_make(ROWS, 3, 97);
    uint64_t one = hash_of("weighted-variance", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, 2, &crowd);
    crowd.state[ROWS - 1] = nextafter(crowd.state[ROWS - 1], 9.0);
    cr_assert_neq(hash_of("weighted-variance", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, 2, &crowd), one);
    crowd_clear(&crowd);
}

/* Only + - * / and square roots are at work here, so no C library can change it. A new value needs a line in the
 * changelog that says why every user's numbers changed. */
#define GOLDEN 0x9fd4648bc122587aULL

Test(determinism, golden) {
    test_crowd crowd = crowd_make(ROWS, 3, 97);
    uint64_t hash = hash_of("weighted-variance", THRONG_PATH_STATE, THRONG_BASELINE_NEUTRAL, 2, &crowd) ^
                    3 * hash_of("bimodality", THRONG_PATH_PRESENCE, THRONG_BASELINE_MEAN, 2, &crowd) ^
                    5 * hash_of("variance", THRONG_PATH_STATE, THRONG_BASELINE_COLUMN, 3, &crowd);
    cr_assert_eq(hash, GOLDEN, "the golden value is now 0x%llxULL", (unsigned long long)hash);
    crowd_clear(&crowd);
}
