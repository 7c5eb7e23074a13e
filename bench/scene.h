/* Crowds, indicators and methods for the benchmarks of attribution: what bench/oceanic, bench/shapley and bench/agents
 * share. Crowds have standard normal states (exponentials of them where states must be positive) and Pareto(1.2)
 * weights: an account in a hundred thousand weighs as much as fifteen thousand others. */
#ifndef THRONG_BENCH_SCENE_H
#define THRONG_BENCH_SCENE_H

#include "attribution/crowd.h"
#include "throng/throng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL_IF(condition, what)                                                                                       \
    do {                                                                                                               \
        if (condition) {                                                                                               \
            fprintf(stderr, "bench: %s\n", what);                                                                      \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* ---- an indicator far from quadratic --------------------------------------------------------------------------- */

static double bent_value(const throng_setting *setting, const double *m) {
    (void)setting;
    return tanh(3.0 * m[2]) * exp(-m[1]);
}

static void bent_gradient(const throng_setting *setting, const double *m, double *out) {
    (void)setting;
    double t = tanh(3.0 * m[2]), e = exp(-m[1]);
    out[0] = 0.0;
    out[1] = -t * e;
    out[2] = 3.0 * (1.0 - t * t) * e;
}

static const throng_indicator bent = {
    .about = {.struct_size = sizeof(throng_indicator),
              .name = "tanh-exp",
              .summary = "tanh(3 m2) exp(-m1).",
              .details = "For benchmarks.",
              .reference = "none"},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = 3,
    .flags = THRONG_INDICATOR_WEIGHTED,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .value = bent_value,
    .gradient = bent_gradient,
};

/* ---- crowds ---------------------------------------------------------------------------------------------------- */

typedef struct scene {
    throng_context *context;
    int64_t n;
    double *state, *weight, *phi;
    throng_population *population;
    throng_i_indicator indicator;
    throng_i_crowd crowd;
    throng_value_function function;
} scene;

static inline void *numbers(int64_t n) {
    void *out = calloc((size_t)n, sizeof(double));
    FAIL_IF(!out, "out of memory");
    return out;
}

static inline void scene_open(scene *self, throng_context *context, int64_t n, bool positive) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population_def def = throng_population_default();
    *self = (scene){.context = context, .n = n, .state = numbers(n), .weight = numbers(n), .phi = numbers(n)};
    for (int64_t i = 0; i < n; i++) {
        double u[4], z[4];
        throng_random_normals((throng_random){3, 0}, (uint64_t)i, 0, 0, z);
        throng_random_uniforms((throng_random){3, 1}, (uint64_t)i, 0, 0, u);
        self->state[i] = positive ? exp(z[0]) : z[0];
        self->weight[i] = pow(u[0], -1.0 / 1.2);
    }
    def.state = "state";
    def.weight = "weight";
    FAIL_IF(throng_table_create(context, n, &table, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, self->state, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, self->weight, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_population_create(context, table, &def, &self->population, &err) != THRONG_OK, err.message);
}

static inline void scene_close(scene *self) {
    throng_population_free(self->population);
    free(self->state);
    free(self->weight);
    free(self->phi);
}

/* The value function of an indicator by its default path and baseline: the first pass. */
static inline void scene_look(scene *self, const char *spec) {
    throng_error err = {0};
    FAIL_IF(throng_i_indicator_init(self->context, spec, &self->indicator, &err) != THRONG_OK, err.message);
    const throng_indicator *descriptor = self->indicator.descriptor;
    if (descriptor->form == THRONG_FORM_HISTOGRAM)
        FAIL_IF(throng_i_indicator_set_range(&self->indicator, -3.0, 3.0, &err) != THRONG_OK, err.message);
    bool mean = strcmp(descriptor->baseline, "mean") == 0;
    throng_i_crowd_def def = {.population = self->population,
                              .indicator = &self->indicator,
                              .path = descriptor->path,
                              .baseline = mean ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL,
                              .progress = {"attributing", "agents", 0, 0}};
    FAIL_IF(throng_i_crowd_init(self->context, &def, &self->crowd, &err) != THRONG_OK, err.message);
    self->function = throng_i_crowd_function(&self->crowd);
}

/* Solves into self->phi; error (may be NULL) [n] takes standard errors. Says why if it cannot. */
static inline bool scene_solve(scene *self, const char *method, double *error, throng_certificate *certificate) {
    throng_error err = {0};
    throng_method_options options = throng_method_options_default();
    options.standard_error = error;
    throng_status status =
        throng_attribute_function(self->context, &self->function, method, &options, self->phi, certificate, &err);
    if (status != THRONG_OK)
        printf("  %s: %s\n", method, err.message);
    return status == THRONG_OK;
}

/* A context that knows tanh-exp as well. */
static inline throng_context *scene_context(void) {
    throng_context *context = NULL;
    throng_error err = {0};
    FAIL_IF(throng_context_create(&context, NULL) != THRONG_OK, "no context");
    FAIL_IF(throng_context_register(context, THRONG_KIND_INDICATOR, &bent.about, &err) != THRONG_OK, err.message);
    return context;
}

#endif
