/*
 * Worlds: running them, and the reverse sweep through them, beside the plain loops that one would write by hand. Each
 * figure is a ratio of times measured in turn in this run, the fastest of RUNS each; what both compute is compared.
 *
 *   contest   nonlinear-opinion, phi by 8 nodes: against a plain sweep, and SciPy's sparse products (worlds_scipy.py)
 *   pairs     bounded-confidence, phi by 8 nodes: against a plain sweep
 *   gather    a step of friedkin-johnsen: against a bare sum over the same neighbours, on the same threads
 *   sweep     a gradient, its run forward included: against the run forward alone, in one lane and in eight
 *   steps     steps of worlds, in agents a second: against plain loops on the same threads, and against NumPy, SciPy
 *             and graph-tool (worlds_others.py), where they are installed (apt: python3-scipy, python3-graph-tool)
 *   memory    phi by 8 nodes, all states kept: bytes held at most, and how they grow with agents, edges and steps
 *
 * Plain sweeps are one thread, one node at a time: what is heard, then its adjoint scattered back along each edge.
 * Graphs are uniformly random, the worst case for a cache.
 *
 * bench/worlds [contest|pairs|gather|sweep|steps|memory ...]    default: all
 */
#define _DEFAULT_SOURCE
#include "throng/throng.h"
#include "world/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS  3
#define NODES 8

/* The defaults of the worlds' descriptors. */
#define PRIOR     0.3
#define ATTENTION 0.9
#define RATE      0.3
#define SHARP     2.0 /* 1 / (2 confidence^2) */
#define OTHERS    0.8 /* friedkin-johnsen's susceptibility */
#define SOFTNESS  0.02

#define FAIL_IF(condition, what)                                                                                       \
    do {                                                                                                               \
        if (condition) {                                                                                               \
            fprintf(stderr, "bench: %s\n", what);                                                                      \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static void *numbers(int64_t n) {
    void *out = calloc((size_t)n, sizeof(double));
    FAIL_IF(!out, "out of memory");
    return out;
}

/* ---- crowds ---------------------------------------------------------------------------------------------------- */

typedef struct crowd {
    throng_context *context;
    throng_graph *graph;
    throng_adjacency in;
    int64_t n, edges;
    double *state; /* [n] in (-1, 1) */
    double *phi, *plain_phi;
} crowd;

static throng_graph *connect(throng_context *context, int64_t n, int64_t edges, const throng_agent *source,
                             const throng_agent *target) {
    throng_error err = {0};
    throng_graph *out = NULL;
    FAIL_IF(throng_graph_create_from(context, n, edges, source, target, NULL, &out, &err) != THRONG_OK, err.message);
    return out;
}

static crowd crowd_make(int64_t n, int64_t edges) {
    crowd self = {.n = n, .state = numbers(n), .phi = numbers(n), .plain_phi = numbers(n)};
    throng_error err = {0};
    throng_agent *source = numbers(edges), *target = source + edges;
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){5, 1}, (uint64_t)i, 0, 0, u);
        self.state[i] = 2.0 * u[0] - 1.0;
    }
    for (int64_t e = 0; e < edges; e++) {
        double u[4];
        throng_random_uniforms((throng_random){5, 2}, (uint64_t)e, 0, 0, u);
        source[e] = (throng_agent)((double)n * u[0]);
        target[e] = (throng_agent)((double)n * u[1]);
    }
    FAIL_IF(throng_context_create(&self.context, &err) != THRONG_OK, err.message);
    self.graph = connect(self.context, n, edges, source, target);
    /* Pairs that were drawn twice now weigh 2. Given once each, all weigh 1, as edges without weights mostly do. */
    self.edges = throng_graph_edges(self.graph);
    self.in = throng_graph_in(self.graph);
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = self.in.offsets[i]; e < self.in.offsets[i + 1]; e++) {
            source[e] = self.in.neighbours[e];
            target[e] = (throng_agent)i;
        }
    throng_graph_free(self.graph);
    self.graph = connect(self.context, n, self.edges, source, target);
    self.in = throng_graph_in(self.graph);
    free(source);
    return self;
}

static void crowd_clear(crowd *self) {
    throng_graph_free(self->graph);
    throng_context_free(self->context);
    free(self->state);
    free(self->phi);
    free(self->plain_phi);
}

static throng_simulation *simulate(const crowd *self, const char *world, int64_t steps) {
    throng_error err = {0};
    throng_simulation *out = NULL;
    throng_simulation_def def = throng_simulation_default();
    def.memory = (int64_t)720 << 20; /* with the graph and what else is held, 1 GB in all */
    def.world = world;
    def.steps = steps;
    def.seed = 7;
    FAIL_IF(throng_simulation_create(self->context, self->graph, self->n, self->state, NULL, &def, &out, &err) !=
                THRONG_OK,
            err.message);
    return out;
}

static throng_dynamics *watch(throng_simulation *simulation) {
    throng_error err = {0};
    throng_dynamics *out = NULL;
    throng_dynamics_def def = throng_dynamics_default();
    FAIL_IF(throng_dynamics_create(simulation, &def, &out, &err) != THRONG_OK, err.message);
    return out;
}

/* Eight Gauss-Legendre nodes on [0, 1]. */
static throng_nodes gauss(void) {
    static double t[NODES], weight[NODES];
    static const double x[] = {0.18343464249564980494, 0.52553240991632898582, 0.79666647741362673959,
                               0.96028985649753623168};
    static const double w[] = {0.36268378337836198297, 0.31370664587788728734, 0.22238103445337447054,
                               0.10122853629037625915};
    for (int q = 0; q < NODES / 2; q++) {
        t[2 * q] = 0.5 - 0.5 * x[q];
        t[2 * q + 1] = 0.5 + 0.5 * x[q];
        weight[2 * q] = weight[2 * q + 1] = 0.5 * w[q];
    }
    return (throng_nodes){NODES, t, weight};
}

/* ---- timing ---------------------------------------------------------------------------------------------------- */

/* Wall seconds and processor seconds of all threads. */
typedef struct seconds {
    double wall, processor;
} seconds;

static seconds now(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (seconds){throng_i_seconds(), (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                                             1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec)};
}

typedef void (*timed_fn)(void *user);

/* The fastest of several runs. */
static seconds fastest(int runs, timed_fn body, void *user) {
    seconds best = {INFINITY, INFINITY};
    for (int run = 0; run < runs; run++) {
        seconds start = now();
        body(user);
        seconds end = now();
        best.wall = fmin(best.wall, end.wall - start.wall);
        best.processor = fmin(best.processor, end.processor - start.processor);
    }
    return best;
}

static void print_time(const char *what, seconds time) {
    printf("  %-44s %8.3f s, %8.3f s of processors\n", what, time.wall, time.processor);
    fflush(stdout);
}

/* ---- plain sweeps ---------------------------------------------------------------------------------------------- */

typedef struct plain {
    const crowd *crowd;
    int64_t steps;
    double *states, *of, *back; /* [steps + 1][n], [n], [n] */
} plain;

static void plain_tanh_forward(const crowd *c, double t, const double *x, double *next) {
    for (int64_t i = 0; i < c->n; i++) {
        double sum = 0.0;
        for (int64_t e = c->in.offsets[i]; e < c->in.offsets[i + 1]; e++)
            sum += x[c->in.neighbours[e]];
        int64_t degree = c->in.offsets[i + 1] - c->in.offsets[i];
        next[i] = tanh(PRIOR * t * c->state[i] + ATTENTION * (degree > 0 ? sum / (double)degree : 0.0));
    }
}

static void plain_tanh_back(const crowd *c, double weight, const double *next, const double *of, double *back,
                            double *credit) {
    for (int64_t i = 0; i < c->n; i++) {
        double slope = (1.0 - next[i] * next[i]) * of[i];
        credit[i] += weight * PRIOR * c->state[i] * slope;
        int64_t degree = c->in.offsets[i + 1] - c->in.offsets[i];
        double answer = degree > 0 ? ATTENTION * slope / (double)degree : 0.0;
        for (int64_t e = c->in.offsets[i]; e < c->in.offsets[i + 1]; e++)
            back[c->in.neighbours[e]] += answer;
    }
}

static void plain_pair_forward(const crowd *c, double t, const double *x, double *next) {
    for (int64_t i = 0; i < c->n; i++) {
        double sum = 0.0;
        for (int64_t e = c->in.offsets[i]; e < c->in.offsets[i + 1]; e++) {
            double d = x[c->in.neighbours[e]] - x[i];
            sum += d * exp(-SHARP * d * d);
        }
        int64_t degree = c->in.offsets[i + 1] - c->in.offsets[i];
        next[i] = x[i] + (degree > 0 ? RATE * t * sum / (double)degree : 0.0);
    }
}

static void plain_pair_back(const crowd *c, double t, double weight, const double *x, const double *of, double *back,
                            double *credit) {
    for (int64_t i = 0; i < c->n; i++) {
        int64_t degree = c->in.offsets[i + 1] - c->in.offsets[i];
        double answer = degree > 0 ? RATE * of[i] / (double)degree : 0.0;
        back[i] += of[i];
        for (int64_t e = c->in.offsets[i]; e < c->in.offsets[i + 1]; e++) {
            int64_t j = c->in.neighbours[e];
            double d = x[j] - x[i], near = exp(-SHARP * d * d), slope = t * answer * near * (1.0 - 2.0 * SHARP * d * d);
            back[i] -= slope;
            back[j] += slope;
            credit[j] += weight * answer * d * near;
        }
    }
}

/* phi += weight * gradient of the last state's variance at participation t. */
static void plain_sweep(plain *self, bool pairs, double t, double weight, double *phi) {
    const crowd *c = self->crowd;
    int64_t n = c->n;
    double mean = 0.0;
    for (int64_t i = 0; i < n; i++)
        self->states[i] = pairs ? c->state[i] : t * c->state[i];
    for (int64_t s = 0; s < self->steps; s++)
        (pairs ? plain_pair_forward : plain_tanh_forward)(c, t, self->states + s * n, self->states + (s + 1) * n);
    const double *last = self->states + self->steps * n;
    for (int64_t i = 0; i < n; i++)
        mean += last[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        self->of[i] = 2.0 * (last[i] - mean) / (double)n;
    for (int64_t s = self->steps - 1; s >= 0; s--) {
        memset(self->back, 0, (size_t)n * sizeof *self->back);
        if (pairs)
            plain_pair_back(c, t, weight, self->states + s * n, self->of, self->back, phi);
        else
            plain_tanh_back(c, weight, self->states + (s + 1) * n, self->of, self->back, phi);
        double *swap = self->of;
        self->of = self->back;
        self->back = swap;
    }
    for (int64_t i = 0; !pairs && i < n; i++)
        phi[i] += weight * c->state[i] * self->of[i];
}

typedef struct integral {
    crowd *crowd;
    throng_dynamics *dynamics;
    throng_nodes nodes;
    int64_t steps;
    bool pairs;
} integral;

static void integrate_plain(void *user) {
    integral *self = user;
    int64_t n = self->crowd->n;
    plain sweep = {self->crowd, self->steps, numbers((self->steps + 1) * n), numbers(n), numbers(n)};
    memset(self->crowd->plain_phi, 0, (size_t)n * sizeof(double));
    for (int q = 0; q < self->nodes.n; q++)
        plain_sweep(&sweep, self->pairs, self->nodes.t[q], self->nodes.weight[q], self->crowd->plain_phi);
    free(sweep.states);
    free(sweep.of);
    free(sweep.back);
}

static void integrate_throng(void *user) {
    integral *self = user;
    throng_error err = {0};
    throng_credit_sums sums;
    throng_value_function v = throng_dynamics_function(self->dynamics);
    FAIL_IF(v.ray_credit(v.self, &self->nodes, NULL, self->crowd->phi, &sums, &err) != THRONG_OK, err.message);
}

/* Largest difference, by the largest number. */
static double apart(const double *a, const double *b, int64_t n) {
    double worst = 0.0, most = 0.0;
    for (int64_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs(a[i] - b[i]));
        most = fmax(most, fabs(b[i]));
    }
    return worst / most;
}

/* ---- contest and pairs ----------------------------------------------------------------------------------------- */

static void save(const char *folder, const char *name, const void *from, size_t bytes) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    FAIL_IF(!file || fwrite(from, 1, bytes, file) != bytes || fclose(file) != 0, "a file could not be written");
}

/* The graph and states, for a program that is not ours. */
static void save_crowd(const crowd *c, char *folder) {
    FAIL_IF(!mkdtemp(folder), "no temporary folder");
    save(folder, "offsets", c->in.offsets, (size_t)(c->n + 1) * sizeof(int64_t));
    save(folder, "neighbours", c->in.neighbours, (size_t)c->edges * sizeof(throng_agent));
    save(folder, "state", c->state, (size_t)c->n * sizeof(double));
}

static void remove_folder(const char *folder) {
    char command[256];
    snprintf(command, sizeof command, "rm -r %s", folder);
    FAIL_IF(system(command) != 0, "the temporary folder stays");
}

/* What worlds_others.py measures of the same steps. */
static void print_others(const crowd *c, int64_t steps) {
    char folder[] = "/tmp/throng-bench-XXXXXX", command[1024];
    const char *source = getenv("SOURCE");
    save_crowd(c, folder);
    snprintf(command, sizeof command, "/usr/bin/python3 %s/bench/worlds_others.py %s %lld", source ? source : ".",
             folder, (long long)steps);
    fflush(stdout);
    if (system(command) != 0)
        printf("  NumPy, SciPy and graph-tool: skipped (python3 with numpy is needed)\n");
    remove_folder(folder);
}

/* The same by SciPy, in a process of its own, which prints what it took. */
static void scipy(const integral *self, double own) {
    crowd *c = self->crowd;
    char folder[] = "/tmp/throng-bench-XXXXXX", command[1024], steps[32];
    const char *source = getenv("SOURCE");
    double one = 0.0, two = 0.0;
    save_crowd(c, folder);
    save(folder, "nodes", self->nodes.t, NODES * sizeof(double));
    save(folder, "weights", self->nodes.weight, NODES * sizeof(double));
    snprintf(steps, sizeof steps, "%lld", (long long)self->steps);
    snprintf(command, sizeof command, "/usr/bin/python3 %s/bench/worlds_scipy.py %s %s", source ? source : ".", folder,
             steps);
    FILE *pipe = popen(command, "r");
    bool ran = pipe && fscanf(pipe, "%lf %lf", &one, &two) == 2;
    if (pipe)
        ran = pclose(pipe) == 0 && ran;
    if (ran) {
        double *phi = numbers(c->n);
        char path[512];
        snprintf(path, sizeof path, "%s/phi", folder);
        FILE *file = fopen(path, "rb");
        FAIL_IF(!file || fread(phi, sizeof *phi, (size_t)c->n, file) != (size_t)c->n, "SciPy wrote no phi");
        fclose(file);
        printf("  %-44s %8.3f s, on two %.3f s\n", "SciPy, one thread, node by node", one, two);
        printf("  SciPy / throng: %.1f, on two threads %.1f; phi apart by %.0e\n", one / own, two / own,
               apart(phi, c->phi, c->n));
        free(phi);
    } else {
        printf("  SciPy: skipped (python3 with numpy and scipy is needed)\n");
    }
    remove_folder(folder);
}

static void compete(const char *world, int64_t n, int64_t edges, int64_t steps, bool pairs) {
    crowd c = crowd_make(n, edges);
    throng_simulation *simulation = simulate(&c, world, steps);
    throng_dynamics *dynamics = watch(simulation);
    integral self = {&c, dynamics, gauss(), steps, pairs};
    printf("\n%s, %lld agents, %lld edges, %lld steps, %d nodes\n", world, (long long)n, (long long)c.edges,
           (long long)steps, NODES);
    seconds own = fastest(RUNS, integrate_throng, &self);
    double bytes = (double)throng_context_bytes_peak(c.context);
    print_time("throng", own);
    printf("  %-44s %8.0f MB: %.0f bytes an agent, %.1f an edge\n", "most held at a time", 1e-6 * bytes,
           bytes / (double)n, bytes / (double)c.edges);
    seconds other = fastest(1, integrate_plain, &self);
    print_time("plain loops, one thread, node by node", other);
    printf("  plain loops / throng: %.1f; phi apart by %.0e\n", other.wall / own.wall, apart(c.phi, c.plain_phi, n));
    if (!pairs)
        scipy(&self, own.wall);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    crowd_clear(&c);
}

/* ---- steps forward --------------------------------------------------------------------------------------------- */

typedef struct run {
    crowd *crowd;
    throng_simulation *simulation;
    throng_dynamics *dynamics;
    throng_chunk_fn step; /* plain */
    int64_t steps;
    const double *threshold;
    double *now, *next, *alpha; /* alpha: each agent's participation; NULL: 1 */
} run;

static void run_throng(void *user) {
    run *self = user;
    throng_error err = {0};
    FAIL_IF(throng_simulation_run(self->simulation, self->alpha, NULL, NULL, &err) != THRONG_OK, err.message);
}

static void sweep_throng(void *user) {
    run *self = user;
    throng_error err = {0};
    throng_value_function v = throng_dynamics_function(self->dynamics);
    FAIL_IF(v.gradient(v.self, self->alpha, self->crowd->phi, &err) != THRONG_OK, err.message);
}

/* Forward in as many lanes as a path has nodes. */
static void run_lanes(void *user) {
    const run *self = user;
    throng_error err = {0};
    throng_nodes nodes = gauss();
    throng_i_taking_part part = {.lanes = NODES};
    memcpy(part.lane, nodes.t, sizeof part.lane);
    FAIL_IF(throng_i_run(self->simulation, part, NULL, NULL, NULL, &err) != THRONG_OK, err.message);
}

static void sweep_lanes(void *user) {
    const run *self = user;
    integral path = {self->crowd, self->dynamics, gauss(), self->steps, false};
    integrate_throng(&path);
}

static void run_plain(void *user) {
    run *self = user;
    throng_error err = {0};
    memcpy(self->now, self->crowd->state, (size_t)self->crowd->n * sizeof(double));
    for (int64_t s = 0; s < self->steps; s++) {
        FAIL_IF(throng_chunks_for(self->crowd->context, self->crowd->n, self->step, self, NULL, &err) != THRONG_OK,
                err.message);
        double *swap = self->now;
        self->now = self->next;
        self->next = swap;
    }
}

static double mean_of(const run *self, int64_t i) {
    throng_adjacency in = self->crowd->in;
    double sum = 0.0;
    for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++)
        sum += self->now[in.neighbours[e]];
    return in.offsets[i + 1] > in.offsets[i] ? sum / (double)(in.offsets[i + 1] - in.offsets[i]) : 0.0;
}

static void gather_chunk(void *user, throng_chunk chunk) {
    const run *self = user;
    throng_adjacency in = self->crowd->in;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double sum = 0.0;
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++)
            sum += self->now[in.neighbours[e]];
        self->next[i] = sum;
    }
}

static void degroot_chunk(void *user, throng_chunk chunk) {
    const run *self = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        self->next[i] = (1.0 - OTHERS) * self->crowd->state[i] + OTHERS * mean_of(self, i);
}

static void confidence_chunk(void *user, throng_chunk chunk) {
    const run *self = user;
    throng_adjacency in = self->crowd->in;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double sum = 0.0;
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            double d = self->now[in.neighbours[e]] - self->now[i];
            sum += d * exp(-SHARP * d * d);
        }
        int64_t degree = in.offsets[i + 1] - in.offsets[i];
        self->next[i] = self->now[i] + (degree > 0 ? RATE * sum / (double)degree : 0.0);
    }
}

static void threshold_chunk(void *user, throng_chunk chunk) {
    const run *self = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        self->next[i] =
            self->now[i] + (1.0 - self->now[i]) / (1.0 + exp((self->threshold[i] - mean_of(self, i)) / SOFTNESS));
}

static run run_make(crowd *c, const char *world, int64_t steps) {
    run self = {.crowd = c, .steps = steps, .now = numbers(c->n), .next = numbers(c->n)};
    self.simulation = simulate(c, world, steps);
    self.dynamics = watch(self.simulation);
    return self;
}

static void run_clear(run *self) {
    throng_dynamics_free(self->dynamics);
    throng_simulation_free(self->simulation);
    free(self->now);
    free(self->next);
}

static void gather(void) {
    crowd c = crowd_make(1671587, 50000000);
    run self = run_make(&c, "friedkin-johnsen", 5);
    printf("\nfriedkin-johnsen forward, %lld agents, %lld edges, %lld steps\n", (long long)c.n, (long long)c.edges,
           (long long)self.steps);
    self.step = gather_chunk;
    seconds own = fastest(RUNS, run_throng, &self), other = fastest(RUNS, run_plain, &self);
    print_time("throng", own);
    print_time("bare sums over neighbours", other);
    printf("  rate of throng / rate of bare sums: %.2f\n", other.wall / own.wall);
    run_clear(&self);
    crowd_clear(&c);
}

static void sweep(void) {
    static const char *const worlds[] = {"friedkin-johnsen", "bounded-confidence", "nonlinear-opinion", "kuramoto"};
    crowd c = crowd_make(1000000, 5000000);
    double *alpha = numbers(c.n);
    for (int64_t i = 0; i < c.n; i++)
        alpha[i] = 0.5;
    printf("\nA gradient against its run forward, %lld agents, %lld edges, 10 steps\n", (long long)c.n,
           (long long)c.edges);
    for (int w = 0; w < 4; w++) {
        run self = run_make(&c, worlds[w], 10);
        self.alpha = alpha;
        seconds forward = fastest(RUNS, run_throng, &self), both = fastest(RUNS, sweep_throng, &self);
        seconds lanes = fastest(RUNS, run_lanes, &self), path = fastest(RUNS, sweep_lanes, &self);
        printf("  %-20s %.3f s and %.3f s: %.2f; in %d lanes %.3f s and %.3f s: %.2f", worlds[w], both.wall,
               forward.wall, both.wall / forward.wall, NODES, path.wall, lanes.wall, path.wall / lanes.wall);
        printf(" (of processors %.2f; %.2f)\n", both.processor / forward.processor, path.processor / lanes.processor);
        run_clear(&self);
    }
    free(alpha);
    crowd_clear(&c);
}

static void steps(void) {
    static const struct {
        const char *world;
        throng_chunk_fn plain;
    } cases[] = {{"friedkin-johnsen", degroot_chunk},
                 {"bounded-confidence", confidence_chunk},
                 {"threshold-cascade", threshold_chunk},
                 {"voter:rate=1", NULL},
                 {"kuramoto", NULL}};
    crowd c = crowd_make(1000000, 5000000);
    double *threshold = numbers(c.n);
    for (int64_t i = 0; i < c.n; i++) {
        double z[4];
        throng_random_normals((throng_random){7, 3}, (uint64_t)i, 0, 0, z);
        threshold[i] = 0.3 + 0.1 * z[0];
        c.state[i] = fabs(c.state[i]);
    }
    printf("\nSteps forward, %lld agents, %lld edges: million agents a second\n", (long long)c.n, (long long)c.edges);
    for (size_t w = 0; w < sizeof cases / sizeof *cases; w++) {
        run self = {.crowd = &c, .steps = 20, .now = numbers(c.n), .next = numbers(c.n)};
        self.simulation = simulate(&c, cases[w].world, self.steps);
        self.threshold = threshold;
        self.step = cases[w].plain;
        double moves = 1e-6 * (double)(c.n * self.steps);
        seconds own = fastest(RUNS, run_throng, &self);
        printf("  throng, %-36s %7.2f", cases[w].world, moves / own.wall);
        if (self.step) {
            seconds other = fastest(RUNS, run_plain, &self);
            printf(", plain loop %.2f: %.2f", moves / other.wall, other.wall / own.wall);
        }
        printf("\n");
        run_clear(&self);
    }
    print_others(&c, 20);
    free(threshold);
    crowd_clear(&c);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Bytes held at most while a crowd is attributed: the graph with what making it took, states, working memory. */
static double peak_of(const char *world, int64_t n, int64_t edges, int64_t steps) {
    crowd c = crowd_make(n, edges);
    throng_simulation *simulation = simulate(&c, world, steps);
    throng_dynamics *dynamics = watch(simulation);
    integral self = {&c, dynamics, gauss(), steps, false};
    integrate_throng(&self);
    double peak = (double)throng_context_bytes_peak(c.context);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    crowd_clear(&c);
    return peak;
}

static void memory(void) {
    static const char *const worlds[] = {"friedkin-johnsen", "bounded-confidence", "nonlinear-opinion", "kuramoto"};
    const int64_t n = 100000, edges = 500000, steps = 12;
    printf("\nBytes held at most, phi by %d nodes, %lld agents, %lld edges, %lld steps\n", NODES, (long long)n,
           (long long)edges, (long long)steps);
    for (int w = 0; w < 4; w++) {
        double all = peak_of(worlds[w], n, edges, steps);
        printf("  %-20s %5.0f MB; one more agent %4.0f, one more edge %4.1f, one more step and agent %4.0f\n",
               worlds[w], 1e-6 * all, (peak_of(worlds[w], 2 * n, edges, steps) - all) / (double)n,
               (peak_of(worlds[w], n, 2 * edges, steps) - all) / (double)edges,
               (peak_of(worlds[w], n, edges, 2 * steps) - all) / (double)(n * steps));
        fflush(stdout);
    }
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void contest(void) {
    compete("nonlinear-opinion", 1000000, 10000000, 20, false);
}

static void pairs(void) {
    compete("bounded-confidence", 1000000, 6000000, 10, true);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"contest", contest}, {"pairs", pairs}, {"gather", gather},
                 {"sweep", sweep},     {"steps", steps}, {"memory", memory}};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        bool wanted = argc < 2;
        for (int a = 1; a < argc; a++)
            wanted = wanted || strcmp(argv[a], parts[p].name) == 0;
        if (wanted)
            parts[p].run();
    }
    return 0;
}
