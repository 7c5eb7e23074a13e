/* Tests of the world @NAME@: one step against its equation written out once more, and its derivative against small
 * differences. Change `expected` together with the equation. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N     12
#define STEPS 4

static const double rate = 0.3; /* the parameters' defaults */
static throng_error err;

static void must(throng_status status) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "failed: %s\n", err.message);
    exit(EXIT_FAILURE);
}

static void check(const char *what, double found, double wanted, double tolerance) {
    if (fabs(found - wanted) <= tolerance * (1.0 + fabs(wanted)))
        return;
    fprintf(stderr, "failed: %s is %.12g, not %.12g\n", what, found, wanted);
    exit(EXIT_FAILURE);
}

/* A ring: agent i hears i - 1 and i + 1. */
static throng_graph *ring(throng_context *context) {
    throng_agent source[2 * N], target[2 * N];
    throng_graph *graph = NULL;
    for (int i = 0; i < N; i++) {
        source[2 * i] = (i + 1) % N;
        source[2 * i + 1] = (i + N - 1) % N;
        target[2 * i] = target[2 * i + 1] = i;
    }
    must(throng_graph_create_from(context, N, 2 * N, source, target, NULL, &graph, &err));
    return graph;
}

/* The state of agent i after one step, everybody taking part. */
static double expected(const double *x, int i) {
    double heard = (x[(i + 1) % N] + x[(i + N - 1) % N]) / 2.0;
    return tanh(x[i] + rate * (heard - x[i]));
}

static throng_status see(void *user, int64_t step, const double *const *state, throng_error *error) {
    (void)error;
    for (int i = 0; step == 1 && i < N; i++)
        check("a state after one step", state[0][i], expected(user, i), 1e-12);
    return THRONG_OK;
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_simulation *simulation = NULL;
    throng_dynamics *dynamics = NULL;
    double x[N], alpha[N], slope[N];
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    throng_graph *graph = ring(context);
    for (int i = 0; i < N; i++) {
        x[i] = sin(1.7 * i + 0.3);
        alpha[i] = 0.4 + 0.05 * i;
    }
    throng_simulation_def what = throng_simulation_default();
    what.world = "@NAME@";
    what.steps = STEPS;
    must(throng_simulation_create(context, graph, N, x, NULL, &what, &simulation, &err));
    must(throng_simulation_run(simulation, NULL, see, x, &err));

    throng_dynamics_def which = throng_dynamics_default();
    must(throng_dynamics_create(simulation, &which, &dynamics, &err));
    throng_value_function v = throng_dynamics_function(dynamics);
    must(v.gradient(v.self, alpha, slope, &err));
    for (int i = 0; i < N; i++) {
        double up = 0.0, down = 0.0, at = alpha[i], h = 1e-5;
        alpha[i] = at + h;
        must(v.value(v.self, alpha, &up, &err));
        alpha[i] = at - h;
        must(v.value(v.self, alpha, &down, &err));
        alpha[i] = at;
        check("a derivative", slope[i], (up - down) / (2.0 * h), 1e-7);
    }
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    throng_graph_free(graph);
    throng_context_free(context);
    printf("@NAME@: one step and all derivatives are right\n");
    return EXIT_SUCCESS;
}
