/*
 * How near attribution comes to the memory's own speed.
 *
 * A moment indicator reads state (and weight) twice and writes phi once. The yardstick is a triad, phi = x + k w (or a
 * copy, phi = x, for unweighted indicators), on the same arrays and threads. Both are given as bytes moved per second,
 * counting what the algorithm must move: 40 bytes an agent for weighted attribution and 24 for the triad, 24 and 16
 * without weights. The ratio of the two is the figure; runs alternate, the fastest of each counts.
 *
 * "in place" writes into an array that exists; "fresh" makes a new result each time, as throng_attribute does, and is
 * compared with a triad into fresh memory: there the kernel's page faults are most of the time.
 *
 * bench/attribution [agents ...]    default: 1671587 100000000
 */
#define _POSIX_C_SOURCE 200809L
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

typedef struct arrays {
    int64_t n;
    double *state, *weight, *phi;
} arrays;

typedef struct triad_job {
    const arrays *data;
    double *out;
    bool weighted;
} triad_job;

static void triad_chunk(void *user, throng_chunk chunk) {
    const triad_job *job = user;
    const double *restrict x = job->data->state, *restrict w = job->data->weight;
    double *restrict out = job->out;
    if (job->weighted) {
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            out[i] = x[i] + 3.0 * w[i];
    } else {
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            out[i] = x[i];
    }
}

static double triad(throng_context *context, const arrays *data, bool weighted, bool fresh) {
    double start = throng_i_seconds();
    triad_job job = {data, fresh ? malloc((size_t)data->n * sizeof(double)) : data->phi, weighted};
    FAIL_IF(!job.out, "out of memory");
    FAIL_IF(throng_chunks_for(context, data->n, triad_chunk, &job, NULL, NULL) != THRONG_OK, "triad failed");
    double seconds = throng_i_seconds() - start;
    if (fresh)
        free(job.out);
    return seconds;
}

/* Aggregates, quadrature and phi into an existing array. */
static double attribute_in_place(throng_context *context, const throng_population *population, const arrays *data,
                                 const char *name, throng_certificate *certificate) {
    throng_error err = {0};
    throng_i_indicator indicator;
    FAIL_IF(throng_i_indicator_init(context, name, &indicator, &err) != THRONG_OK, err.message);
    double start = throng_i_seconds();
    throng_i_crowd crowd;
    throng_i_crowd_def def = {.population = population,
                              .indicator = &indicator,
                              .path = indicator.descriptor->path,
                              .baseline = THRONG_BASELINE_NEUTRAL,
                              .progress = {"attributing", "agents", 0, 0}};
    FAIL_IF(throng_i_crowd_init(context, &def, &crowd, &err) != THRONG_OK, err.message);
    throng_value_function function = throng_i_crowd_function(&crowd);
    throng_method_options options = throng_method_options_default();
    FAIL_IF(throng_attribute_function(context, &function, "aumann-shapley", &options, data->phi, certificate, &err) !=
                THRONG_OK,
            err.message);
    double seconds = throng_i_seconds() - start;
    throng_i_crowd_clear(&crowd);
    return seconds;
}

static double attribute_fresh(throng_context *context, const throng_population *population, const char *name) {
    throng_error err = {0};
    throng_attribution *result = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = name;
    double start = throng_i_seconds();
    FAIL_IF(throng_attribute(context, population, &def, &result, &err) != THRONG_OK, err.message);
    double seconds = throng_i_seconds() - start;
    throng_attribution_free(result);
    return seconds;
}

static arrays make_arrays(int64_t n) {
    arrays data = {n, malloc((size_t)n * 8), malloc((size_t)n * 8), malloc((size_t)n * 8)};
    FAIL_IF(!data.state || !data.weight || !data.phi, "out of memory");
    throng_random random = {1, 1};
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms(random, (uint64_t)i, 0, 0, u);
        data.state[i] = 2.0 * u[0] - 1.0 + 0.2 * u[2];
        data.weight[i] = pow(u[1], -1.0 / 1.3);
        data.phi[i] = 0.0;
    }
    return data;
}

static throng_population *make_population(throng_context *context, const arrays *data) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_population_def def = throng_population_default();
    def.state = "state";
    def.weight = "weight";
    FAIL_IF(throng_table_create(context, data->n, &table, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, data->state, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, data->weight, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_population_create(context, table, &def, &population, &err) != THRONG_OK, err.message);
    return population;
}

static void bench(throng_context *context, const throng_population *population, const arrays *data, const char *name) {
    throng_i_indicator indicator;
    throng_certificate certificate;
    FAIL_IF(throng_i_indicator_init(context, name, &indicator, NULL) != THRONG_OK, "no such indicator");
    bool weighted = indicator.weighted;
    double bytes = weighted ? 40 : 24, triad_bytes = weighted ? 24 : 16;
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    int runs = data->n > 20000000 ? 10 : 30;
    for (int run = 0; run < runs; run++) {
        best[0] = fmin(best[0], triad(context, data, weighted, false));
        best[1] = fmin(best[1], attribute_in_place(context, population, data, name, &certificate));
    }
    for (int run = 0; run < runs / 3; run++) {
        best[2] = fmin(best[2], triad(context, data, weighted, true));
        best[3] = fmin(best[3], attribute_fresh(context, population, name));
    }
    double speed = bytes * (double)data->n / best[1] / 1e9, yardstick = triad_bytes * (double)data->n / best[0] / 1e9;
    printf("%-18s %11lld  %8.2f ms %7.1f GB/s   %8.2f ms %7.1f GB/s   %5.2f   %8.2f ms %8.2f ms  %9.1e\n", name,
           (long long)data->n, 1e3 * best[1], speed, 1e3 * best[0], yardstick, speed / yardstick, 1e3 * best[3],
           1e3 * best[2], certificate.efficiency_residual);
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *names[] = {"mean", "variance", "weighted-variance", "skewness", "bimodality"};
    const char *defaults[] = {"1671587", "100000000"};
    throng_context *context = NULL;
    FAIL_IF(throng_context_create(&context, NULL) != THRONG_OK, "no context");
    printf(
        "aumann-shapley on %d threads, float64 columns; ratio = its bandwidth / the triad's, at least 0.5 wanted\n\n",
        throng_context_threads(context));
    printf("%-18s %11s  %25s   %25s   %5s   %11s %11s  %9s\n", "indicator", "agents", "attribution, in place", "triad",
           "ratio", "fresh", "fresh triad", "residual");
    int n_sizes = argc > 1 ? argc - 1 : 2;
    for (int s = 0; s < n_sizes; s++) {
        arrays data = make_arrays(atoll(argc > 1 ? argv[s + 1] : defaults[s]));
        throng_population *population = make_population(context, &data);
        for (int i = 0; i < 5; i++)
            bench(context, population, &data, names[i]);
        throng_population_free(population);
        free(data.state);
        free(data.weight);
        free(data.phi);
    }
    throng_context_free(context);
    return 0;
}
