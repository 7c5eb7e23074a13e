/*
 * One run over several processes. Started alone it has one rank; mpirun gives it more:
 *
 *   mpirun -n 2 build/bench/ranks volume     bytes that a step forward and a step back exchange, for three kinds of
 * graph mpirun -n 2 build/bench/ranks time       seconds of such a step, RUNS times; bench/ranks.py compares ranks with
 * threads mpirun -n 2 build/bench/ranks same       a hash of the credits of several worlds, indicators and methods: the
 * same for any number of ranks and threads, as tests/cli/test_ranks.py holds
 *
 * bench/ranks [volume|time|same] [AGENTS] [THREADS]    default: volume, 10^6 agents, a thread; same: one and two
 */
#include "core/ranks.h"
#include "throng/throng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS 7

#define FAIL_IF(condition, what)                                                                                       \
    do {                                                                                                               \
        if (condition) {                                                                                               \
            fprintf(stderr, "bench: %s\n", what);                                                                      \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

typedef struct scene {
    const char *name, *graph, *world, *indicator, *method; /* graph, world NULL: none */
    int64_t steps;
    double tolerance;
    int64_t n; /* 0: as many as are asked for */
} scene;

static double *states(int64_t n) {
    double *out = calloc((size_t)n, sizeof *out);
    FAIL_IF(!out, "out of memory");
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){5, 1}, (uint64_t)i, 0, 0, u);
        out[i] = u[0];
    }
    return out;
}

static throng_graph *draw(throng_context *context, const char *model, int64_t n) {
    throng_error err = {0};
    throng_graph *out = NULL;
    FAIL_IF(model && throng_graph_draw(context, model, n, NULL, 1, &out, &err) != THRONG_OK, err.message);
    return out;
}

/* ---- the same bits --------------------------------------------------------------------------------------------- */

static uint64_t hash(const void *data, size_t size) {
    const unsigned char *byte = data;
    uint64_t out = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        out = (out ^ byte[i]) * UINT64_C(1099511628211);
    return out;
}

static void attribute(throng_context *context, const scene *it, int64_t n, const double *state) {
    throng_error err = {0};
    n = it->n > 0 ? it->n : n;
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_attribution *attribution = NULL;
    throng_population_def who = throng_population_default();
    throng_simulation_def world = throng_simulation_default();
    throng_attribution_def what = throng_attribution_default();
    who.state = "state";
    world.world = it->world;
    world.steps = it->steps;
    what.indicator = it->indicator;
    what.method = it->method;
    what.tolerance = it->tolerance;
    what.world = it->world ? &world : NULL;
    throng_graph *graph = draw(context, it->graph, n);
    what.graph = graph;
    FAIL_IF(throng_table_create(context, n, &table, &err) != THRONG_OK ||
                throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &err) != THRONG_OK ||
                throng_population_create(context, table, &who, &population, &err) != THRONG_OK ||
                throng_attribute(context, population, &what, &attribution, &err) != THRONG_OK,
            err.message);
    const double *of[] = {throng_attribution_phi(attribution), throng_attribution_standard_error(attribution)};
    for (int k = 0; k < 2 && throng_ranks_mine(context) == 0; k++)
        if (of[k])
            printf("%s%s %016llx\n", it->name, k ? ", errors" : "",
                   (unsigned long long)hash(of[k], (size_t)n * sizeof(double)));
    throng_attribution_free(attribution);
    throng_population_free(population);
    throng_graph_free(graph);
}

/* ---- the same tables and reports ------------------------------------------------------------------------------- */

#define CROWD "ranks-crowd.parquet"
#define RUN   "ranks-run"

/* A study of that crowd: settings as "key=value". */
typedef struct errand {
    const char *name, *settings[16];
} errand;

static void make_crowd(throng_context *context, int64_t n) {
    throng_error err = {0};
    throng_table *table = NULL;
    int64_t ready = 0;
    if (throng_ranks_mine(context) == 0)
        FAIL_IF(throng_generate(context, "bluesky", n, 1, 1, &table, &err) != THRONG_OK ||
                    throng_table_write(table, CROWD, true, &err) != THRONG_OK,
                err.message);
    throng_table_free(table);
    FAIL_IF(throng_i_ranks_total(context, &ready, &err) != THRONG_OK, err.message);
}

static uint64_t hash_column(const throng_table *table, int index) {
    throng_column_view view = throng_table_column(table, index);
    uint64_t out = hash(view.data, (size_t)view.n_rows * throng_type_size(view.type));
    for (int64_t word = 0; word < view.n_words; word++)
        out = out * 31 + hash(view.words[word], strlen(view.words[word]));
    return out;
}

/* Prints what is in the table of credits, in one file or in parts, and what the report says of the crowd. */
static void print_run(throng_context *context, const char *name, const throng_run *run) {
    static const throng_column_request requests[] = {{"id", THRONG_ROLE_KEY},
                                                     {"state", THRONG_ROLE_NUMBER},
                                                     {"cohort", THRONG_ROLE_LABEL},
                                                     {"phi", THRONG_ROLE_NUMBER}};
    const char *path = RUN "/attribution.parquet", *report = throng_run_report(run);
    throng_error err = {0};
    throng_table *table = NULL;
    FAIL_IF(throng_table_read(context, &path, 1, requests, 4, NULL, &table, &err) != THRONG_OK, err.message);
    printf("%s:", name);
    for (int i = 0; i < 4; i++)
        printf(" %016llx", (unsigned long long)hash_column(table, i));
    printf(" %016llx\n", (unsigned long long)hash(report, (size_t)(strstr(report, "\"timings\"") - report)));
    throng_table_free(table);
}

static void run_errand(throng_context *context, const errand *it) {
    throng_error err = {0};
    throng_study *study = NULL;
    throng_run *run = NULL;
    FAIL_IF(throng_study_create(context, &study, &err) != THRONG_OK, err.message);
    for (int i = 0; it->settings[i]; i++) {
        char key[64];
        const char *value = strchr(it->settings[i], '=') + 1;
        snprintf(key, sizeof key, "%.*s", (int)(value - it->settings[i]) - 1, it->settings[i]);
        FAIL_IF(throng_study_set(study, key, value, &err) != THRONG_OK, err.message);
    }
    FAIL_IF(throng_study_run(study, "bench/ranks", RUN, true, &run, &err) != THRONG_OK, err.message);
    if (throng_ranks_mine(context) == 0)
        print_run(context, it->name, run);
    throng_run_free(run);
    throng_study_free(study);
}

static void run_errands(throng_context *context) {
    static const errand errands[] = {
        {"table by words and amounts",
         {"population.table=" CROWD, "population.state=activity", "population.id=id", "population.weight=followers",
          "cohorts.by=language", "cohorts.by=followers", "attribution.baseline=followers"}},
        {"world of edges",
         {"population.table=" CROWD, "population.state=state", "population.id=id", "population.weight=followers",
          "graph.edges=" CROWD, "graph.source=id", "graph.target=followers", "graph.missing=drop",
          "graph.self-loops=drop", "world.name=market-herding", "world.steps=1", "attribution.baseline=mean",
          "attribution.tolerance=1e-1"}},
    };
    for (size_t i = 0; i < sizeof errands / sizeof *errands; i++)
        run_errand(context, &errands[i]);
}

static void same(throng_context *context, int64_t n, const double *state) {
    static const scene scenes[] = {
        {"moments", NULL, NULL, "variance", "aumann-shapley", 0, 1e-10, 0},
        {"features", NULL, NULL, "esteban-ray", "aumann-shapley", 0, 1e-10, 0},
        {"distribution", NULL, NULL, "gini", "aumann-shapley", 0, 1e-2, 0},
        {"oceanic", NULL, NULL, "variance", "oceanic", 0, 1e-10, 0},
        {"network", "ring", NULL, "disagreement", "gradient-input", 0, 1e-3, 0},
        {"friedkin-johnsen", "stochastic-block", "friedkin-johnsen", "variance", "aumann-shapley", 4, 1e-6, 0},
        {"bounded-confidence", "watts-strogatz", "bounded-confidence", "variance", "aumann-shapley", 3, 1e-2, 0},
        {"kuramoto", "chung-lu", "kuramoto", "variance", "aumann-shapley", 3, 1e-2, 0},
        {"everybody", NULL, "kuramoto", "variance", "aumann-shapley", 3, 1e-2, 0},
        {"public", "ring", "market-herding", "variance", "aumann-shapley", 2, 1e-2, 0},
        {"permutations", NULL, NULL, "skewness", "shapley-sampled:permutations=14", 0, 1e-2, 3000},
        {"permutations of bins", NULL, NULL, "entropy", "shapley-sampled:permutations=6", 0, 1e-2, 1000},
        {"permutations, half-width", NULL, NULL, "skewness", "shapley-sampled:half-width=0.5", 0, 1e-2, 100},
        {"permutations without aggregates", NULL, NULL, "gini", "shapley-sampled:permutations=14", 0, 1e-2, 60},
        {"permutations in a network", "ring", NULL, "disagreement", "shapley-sampled:permutations=6", 0, 1e-2, 60},
        {"permutations of a world", "ring", "voter", "variance", "shapley-sampled:permutations=2", 2, 1e-2, 30},
        {"multilinear", NULL, NULL, "skewness", "owen-sampled:draws=3,nodes=2", 0, 1e-2, 3000},
        {"halves", NULL, NULL, "skewness", "banzhaf-sampled:draws=3", 0, 1e-2, 3000},
        {"one out", NULL, NULL, "skewness", "leave-one-out", 0, 1e-2, 0},
        {"one out without aggregates", NULL, NULL, "gini", "leave-one-out", 0, 1e-2, 70},
        {"coalitions", NULL, NULL, "skewness", "shapley-exact", 0, 1e-2, 16},
        {"coalitions without aggregates", NULL, NULL, "gini", "shapley-exact", 0, 1e-2, 14},
    };
    make_crowd(context, n);
    for (int threads = 1; threads <= 2; threads++) {
        throng_error err = {0};
        FAIL_IF(throng_context_set_threads(context, threads, &err) != THRONG_OK, err.message);
        for (size_t s = 0; s < sizeof scenes / sizeof *scenes; s++)
            attribute(context, &scenes[s], n, state);
        run_errands(context);
    }
}

/* ---- volume and time ------------------------------------------------------------------------------------------- */

typedef struct run {
    throng_simulation *simulation;
    throng_dynamics *dynamics;
} run;

/* friedkin-johnsen: every message is one number, and on its way back its answer and who was there. */
static run begin(throng_context *context, const throng_graph *graph, int64_t n, const double *state, int64_t steps) {
    throng_error err = {0};
    run self = {0};
    throng_simulation_def def = throng_simulation_default();
    throng_dynamics_def what = throng_dynamics_default();
    def.world = "friedkin-johnsen";
    def.steps = steps;
    def.memory = (int64_t)4 << 30;
    FAIL_IF(throng_simulation_create(context, graph, n, state, NULL, &def, &self.simulation, &err) != THRONG_OK ||
                throng_dynamics_create(self.simulation, &what, &self.dynamics, &err) != THRONG_OK,
            err.message);
    return self;
}

static void end(run self) {
    throng_dynamics_free(self.dynamics);
    throng_simulation_free(self.simulation);
}

/* Forward with everybody, or the credits of so many nodes, forward and back. */
static void go(const run *self, int n_nodes, double *phi) {
    static const double t[] = {0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9},
                        weight[8] = {0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125};
    throng_error err = {0};
    throng_credit_sums sums;
    double value = 0.0;
    throng_value_function function = throng_dynamics_function(self->dynamics);
    throng_nodes nodes = {n_nodes, t, weight};
    throng_status status = n_nodes == 0 ? function.ray_value(function.self, 1.0, &value, &err)
                                        : function.ray_credit(function.self, &nodes, NULL, phi, &sums, &err);
    FAIL_IF(status != THRONG_OK, err.message);
}

/* Bytes of neighbours' numbers that this rank gives in a step. */
static int64_t given(throng_context *context, const throng_graph *graph, int64_t n, const double *state, int n_nodes) {
    int64_t bytes[2];
    double *phi = calloc((size_t)n, sizeof *phi);
    FAIL_IF(!phi, "out of memory");
    for (int extra = 0; extra < 2; extra++) {
        run self = begin(context, graph, n, state, 1 + extra);
        int64_t before = throng_i_ranks_given(context);
        go(&self, n_nodes, phi);
        bytes[extra] = throng_i_ranks_given(context) - before;
        end(self);
    }
    free(phi);
    return bytes[1] - bytes[0];
}

/* The most and the sum of what all ranks have. */
static void over_ranks(throng_context *context, int64_t mine, double *most, double *sum) {
    throng_error err = {0};
    int size = throng_ranks_count(context);
    int64_t *all = calloc(2 * (size_t)size, sizeof *all);
    FAIL_IF(!all, "out of memory");
    for (int rank = 0; rank < size; rank++)
        all[rank] = all[size + rank] = mine;
    FAIL_IF(size > 1 && throng_i_ranks_counts(context, all, all + size, &err) != THRONG_OK, err.message);
    *most = *sum = 0.0;
    for (int rank = 0; rank < size; rank++) {
        *most = fmax(*most, (double)all[size + rank]);
        *sum += (double)all[size + rank];
    }
    free(all);
}

static void volume(throng_context *context, int64_t n, const double *state) {
    static const char *const models[] = {"ring:degree=20", "stochastic-block:degree=20,blocks=64",
                                         "chung-lu:degree=20"};
    bool first = throng_ranks_mine(context) == 0;
    if (first)
        printf("%-38s %12s %6s %22s %22s\n", "bytes a step and lane", "edges", "ranks", "forward, all (most)",
               "back, all (most)");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        throng_graph *graph = draw(context, models[m], n);
        double most[2], sum[2];
        int64_t forward = given(context, graph, n, state, 0), both = given(context, graph, n, state, 1);
        over_ranks(context, forward, &most[0], &sum[0]);
        over_ranks(context, both - forward, &most[1], &sum[1]);
        if (first)
            printf("%-38s %12lld %6d %10.0f (%9.0f) %10.0f (%9.0f)\n", models[m], (long long)throng_graph_edges(graph),
                   throng_ranks_count(context), sum[0], most[0], sum[1], most[1]);
        throng_graph_free(graph);
    }
}

static void time_steps(throng_context *context, int64_t n, const double *state) {
    throng_graph *graph = draw(context, "stochastic-block:degree=20,blocks=64", n);
    run self = begin(context, graph, n, state, 4);
    double *phi = calloc((size_t)n, sizeof *phi);
    FAIL_IF(!phi, "out of memory");
    go(&self, 8, phi); /* memory is fresh */
    for (int r = 0; r < RUNS; r++) {
        double began = throng_i_seconds();
        go(&self, 8, phi);
        if (throng_ranks_mine(context) == 0)
            printf("%.6f\n", (throng_i_seconds() - began) / 4.0);
    }
    free(phi);
    end(self);
    throng_graph_free(graph);
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_error err = {0};
    const char *mode = argc > 1 ? argv[1] : "volume";
    int64_t n = argc > 2 ? atoll(argv[2]) : 1000000;
    FAIL_IF(throng_context_create(&context, &err) != THRONG_OK || throng_ranks_join(context, &err) != THRONG_OK ||
                throng_context_set_threads(context, argc > 3 ? atoi(argv[3]) : 1, &err) != THRONG_OK,
            err.message);
    double *state = states(n);
    if (strcmp(mode, "same") == 0)
        same(context, n, state);
    else if (strcmp(mode, "time") == 0)
        time_steps(context, n, state);
    else
        volume(context, n, state);
    free(state);
    FAIL_IF(throng_ranks_leave(context, THRONG_OK, &err) != THRONG_OK, err.message);
    throng_context_free(context);
    return 0;
}
