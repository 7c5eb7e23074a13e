/*
 * How near the kernels come to the memory's own speed, and which layouts were tried to come nearer.
 *
 * The roof is a triad, out = x + k w, over arrays far larger than the caches, on as many threads as the rest. A
 * kernel's share is its least traffic (what it cannot do without reading or writing once) a second over the triad's.
 * Gathers also move whole cache lines for what lies at random: that traffic is given beside it.
 *
 * Layouts are tried on plain loops that differ in one thing each, all sums of eight numbers over in-neighbours as the
 * step forward makes them; the first row is how the library does it. Times are the processors', divided by their
 * number; the fastest run counts.
 *
 * bench/roofline [agents [degree]]     default: 4000000 10
 */
#define _GNU_SOURCE
#include "attribution/quadrature.h"
#include "scene.h"
#include "throng/math.h"
#include "world/world.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RUNS  5
#define LANES 8
#define LINE  64.0

typedef double eight __attribute__((vector_size(LANES * sizeof(double))));

/* Of the processor, on all threads. */
static double busy(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int threads;

/* Seconds by the processors' time, which others on the machine do not add to as they do to the clock's. */
static double fastest(int runs, void (*body)(void *), void *user) {
    double best = 1e9;
    for (int r = 0; r < runs; r++) {
        double start = busy();
        body(user);
        best = fmin(best, (busy() - start) / threads);
    }
    return best;
}

static void chunks(throng_context *context, int64_t n, throng_chunk_fn body, void *user) {
    FAIL_IF(throng_chunks_for(context, n, body, user, NULL, NULL) != THRONG_OK, "a loop failed");
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Fresh memory in large pages, or in small ones; munmap it. */
static void *pages(size_t bytes, bool large) {
    void *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FAIL_IF(out == MAP_FAILED, "out of memory");
    (void)madvise(out, bytes, large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return out;
}

/* ---- the roof -------------------------------------------------------------------------------------------------- */

typedef struct triad_job {
    throng_context *context;
    int64_t n;
    double *out, *x, *w;
} triad_job;

static void triad_chunk(void *user, throng_chunk chunk) {
    const triad_job *job = user;
    const double *restrict x = job->x, *restrict w = job->w;
    double *restrict out = job->out;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        out[i] = x[i] + 3.0 * w[i];
}

static void run_triad(void *user) {
    const triad_job *job = user;
    chunks(job->context, job->n, triad_chunk, user);
}

/* Bytes a second. */
static double find_roof(throng_context *context) {
    triad_job job = {context, 40000000, numbers(40000000), numbers(40000000), numbers(40000000)};
    double seconds = fastest(2 * RUNS, run_triad, &job);
    free(job.out);
    free(job.x);
    free(job.w);
    return 24.0 * (double)job.n / seconds;
}

static void kernel(const char *name, double units, const char *unit, double bytes, double lines, double seconds,
                   double roof) {
    char moved[40] = "";
    if (lines > 0.0)
        snprintf(moved, sizeof moved, "%.0f %%", 100.0 * lines * units / seconds / roof);
    printf("| %s | %.3g %s | %.1f | %.2f ns | %.1f GB/s | %.0f %% | %s |\n", name, units, unit, bytes,
           1e9 * seconds / units, 1e-9 * bytes * units / seconds, 100.0 * bytes * units / seconds / roof, moved);
    fflush(stdout);
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

typedef struct table_job {
    scene *crowd;
    const char *spec, *method;
} table_job;

static void run_table(void *user) {
    const table_job *job = user;
    throng_certificate certificate;
    scene_look(job->crowd, job->spec);
    FAIL_IF(!scene_solve(job->crowd, job->method, NULL, &certificate), "attribution failed");
    throng_i_crowd_clear(&job->crowd->crowd);
}

/* The same crowd with float32 columns. */
static throng_population *narrow(const scene *from, float **state) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population *out = NULL;
    throng_population_def def = throng_population_default();
    *state = numbers((from->n + 1) / 2);
    for (int64_t i = 0; i < from->n; i++)
        (*state)[i] = (float)from->state[i];
    def.state = "state";
    FAIL_IF(throng_table_create(from->context, from->n, &table, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT32, *state, &err) != THRONG_OK, err.message);
    FAIL_IF(throng_population_create(from->context, table, &def, &out, &err) != THRONG_OK, err.message);
    return out;
}

static void tables(throng_context *context, double roof) {
    static const struct {
        const char *name, *spec, *method;
        double bytes;
    } rows[] = {{"variance, float64", "variance", "aumann-shapley", 24},
                {"weighted-variance, float64", "weighted-variance", "aumann-shapley", 40},
                {"bimodality, float64", "bimodality", "aumann-shapley", 24},
                {"bimodality, oceanic", "bimodality", "oceanic", 32}};
    scene self;
    float *state = NULL;
    scene_open(&self, context, 20000000, false);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        table_job job = {&self, rows[r].spec, rows[r].method};
        kernel(rows[r].name, (double)self.n, "agents", rows[r].bytes, 0.0, fastest(RUNS, run_table, &job), roof);
    }
    throng_population *wide = self.population;
    self.population = narrow(&self, &state);
    table_job job = {&self, "variance", "aumann-shapley"};
    kernel("variance, float32", (double)self.n, "agents", 16, 0.0, fastest(RUNS, run_table, &job), roof);
    throng_population_free(self.population);
    self.population = wide;
    free(state);
    scene_close(&self);
}

/* ---- worlds ---------------------------------------------------------------------------------------------------- */

typedef struct world_job {
    throng_simulation *simulation;
    throng_dynamics *dynamics;
    double *phi;
    int lanes;
} world_job;

static void run_forward(void *user) {
    const world_job *job = user;
    throng_error err = {0};
    throng_i_taking_part part = {.lanes = job->lanes};
    for (int l = 0; l < job->lanes; l++)
        part.lane[l] = (l + 0.5) / job->lanes;
    FAIL_IF(throng_i_run(job->simulation, part, NULL, NULL, NULL, &err) != THRONG_OK, err.message);
}

static void run_both(void *user) {
    const world_job *job = user;
    throng_error err = {0};
    throng_i_rule rule = {0};
    throng_credit_sums sums;
    throng_value_function v = throng_dynamics_function(job->dynamics);
    FAIL_IF(throng_i_rule_init(job->simulation->context, job->lanes, false, &rule, &err) != THRONG_OK, err.message);
    FAIL_IF(v.ray_credit(v.self, &rule.nodes, NULL, job->phi, &sums, &err) != THRONG_OK, err.message);
    throng_i_rule_clear(job->simulation->context, &rule);
}

/* Least bytes of an edge: its neighbour's number, and a lane's share of all agents' numbers, each read once. */
static void worlds(throng_context *context, int64_t n, double degree, double roof) {
    const int64_t steps = 4;
    throng_error err = {0};
    throng_graph *graph = NULL;
    char model[64], name[80];
    world_job job = {.phi = numbers(n)};
    double *state = numbers(n);
    for (int64_t i = 0; i < n; i++) {
        double u[4];
        throng_random_uniforms((throng_random){1, 1}, (uint64_t)i, 0, 0, u);
        state[i] = 2.0 * u[0] - 1.0;
    }
    snprintf(model, sizeof model, "erdos-renyi:degree=%.12g", degree);
    FAIL_IF(throng_graph_draw(context, model, n, NULL, 1, &graph, &err) != THRONG_OK, err.message);
    throng_simulation_def def = throng_simulation_default();
    throng_dynamics_def what = throng_dynamics_default();
    def.world = "friedkin-johnsen";
    def.steps = steps;
    def.memory = (int64_t)4 << 30;
    FAIL_IF(throng_simulation_create(context, graph, n, state, NULL, &def, &job.simulation, &err) != THRONG_OK,
            err.message);
    FAIL_IF(throng_dynamics_create(job.simulation, &what, &job.dynamics, &err) != THRONG_OK, err.message);
    double edges = (double)throng_graph_edges(graph), units = edges * (double)steps;
    for (job.lanes = 1; job.lanes <= LANES; job.lanes *= 8) {
        double numbers_of = 8.0 * job.lanes * (double)n / edges;
        double forward = fastest(RUNS, run_forward, &job), both = fastest(RUNS, run_both, &job);
        snprintf(name, sizeof name, "step forward, %d lane%s", job.lanes, job.lanes > 1 ? "s" : "");
        kernel(name, units, "edges", 4.0 + 3.0 * numbers_of, 4.0 + LINE + 2.0 * numbers_of, forward, roof);
        snprintf(name, sizeof name, "step back, %d lane%s", job.lanes, job.lanes > 1 ? "s" : "");
        kernel(name, units, "edges", 4.0 + 5.0 * numbers_of, 4.0 + LINE + 4.0 * numbers_of, fmax(both - forward, 1e-9),
               roof);
    }
    throng_dynamics_free(job.dynamics);
    throng_simulation_free(job.simulation);
    throng_graph_free(graph);
    free(state);
    free(job.phi);
}

/* ---- layouts --------------------------------------------------------------------------------------------------- */

typedef struct net {
    int64_t n, m;
    int64_t *first;       /* [n + 1] */
    throng_agent *who;    /* [m + AHEAD_MAX] */
    int64_t *first_short; /* [n + 1] places in: */
    uint16_t *shorts;     /* neighbours as differences; 0xffff: the next two have it whole */
} net;

#define AHEAD_MAX 1024

typedef struct gather_job {
    throng_context *context;
    const net *net;
    const double *from;
    double *to;
    int lanes;
} gather_job;

THRONG_WIDE static void gather(const gather_job *job, int64_t begin, int64_t end, int ahead) {
    const throng_agent *who = job->net->who;
    for (int64_t i = begin; i < end; i++) {
        eight sum = {0.0}, one;
        for (int64_t e = job->net->first[i]; e < job->net->first[i + 1]; e++) {
            if (ahead)
                THRONG_I_FETCH(job->from + (int64_t)who[e + ahead] * LANES);
            memcpy(&one, job->from + (int64_t)who[e] * LANES, sizeof one);
            sum += one;
        }
        memcpy(job->to + i * LANES, &sum, sizeof sum);
    }
}

#define GATHER(distance)                                                                                               \
    static void gather_##distance(void *user, throng_chunk chunk) {                                                    \
        gather(user, chunk.begin, chunk.end, distance);                                                                \
    }
GATHER(0)
GATHER(16)
GATHER(128)
GATHER(1024)

/* The same sums in fewer lanes: as many passes as it takes for eight. */
static void gather_one(void *user, throng_chunk chunk) {
    const gather_job *job = user;
    const throng_agent *who = job->net->who;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double sum = 0.0;
        for (int64_t e = job->net->first[i]; e < job->net->first[i + 1]; e++) {
            THRONG_I_FETCH(job->from + who[e + 128]);
            sum += job->from[who[e]];
        }
        job->to[i] = sum;
    }
}

static throng_agent next_short(const uint16_t *at, int64_t *place, throng_agent last) {
    uint16_t gap = at[(*place)++];
    if (gap != 0xffff)
        return last + (throng_agent)gap;
    uint32_t whole = (uint32_t)at[*place] | (uint32_t)at[*place + 1] << 16;
    *place += 2;
    return (throng_agent)whole;
}

/* Neighbours as differences; asked for ahead within the chunk by a second reader. */
THRONG_WIDE static void gather_short(void *user, throng_chunk chunk) {
    const gather_job *job = user;
    const net *it = job->net;
    int64_t ahead_place = it->first_short[chunk.begin], ahead_row = chunk.begin, asked = 0, made = 0;
    throng_agent ahead_last = 0;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        eight sum = {0.0}, one;
        throng_agent last = 0;
        for (int64_t place = it->first_short[i]; place < it->first_short[i + 1]; made++) {
            for (; asked < made + 128 && ahead_row < chunk.end; asked++) {
                while (ahead_row < chunk.end && ahead_place == it->first_short[ahead_row + 1]) {
                    ahead_row++;
                    ahead_last = 0;
                }
                if (ahead_row == chunk.end)
                    break;
                ahead_last = next_short(it->shorts, &ahead_place, ahead_last);
                THRONG_I_FETCH(job->from + (int64_t)ahead_last * LANES);
            }
            last = next_short(it->shorts, &place, last);
            memcpy(&one, job->from + (int64_t)last * LANES, sizeof one);
            sum += one;
        }
        memcpy(job->to + i * LANES, &sum, sizeof sum);
    }
}

typedef struct timed {
    gather_job job;
    throng_chunk_fn body;
    int passes;
} timed;

static void run_gather(void *user) {
    timed *it = user;
    for (int p = 0; p < it->passes; p++)
        chunks(it->job.context, it->job.net->n, it->body, &it->job);
}

/* ---- orders ---------------------------------------------------------------------------------------------------- */

static net net_alloc(int64_t n, int64_t m) {
    return (net){.n = n,
                 .m = m,
                 .first = pages((size_t)(n + 1) * sizeof(int64_t), true),
                 .who = pages((size_t)(m + AHEAD_MAX) * sizeof(throng_agent), true)};
}

static void net_free(net *self) {
    munmap(self->first, (size_t)(self->n + 1) * sizeof(int64_t));
    munmap(self->who, (size_t)(self->m + AHEAD_MAX) * sizeof(throng_agent));
    free(self->first_short);
    free(self->shorts);
}

static int by_number(const void *a, const void *b) {
    throng_agent x = *(const throng_agent *)a, y = *(const throng_agent *)b;
    return (x > y) - (x < y);
}

/* The graph with agent i called number[i]. */
static net renumber(const net *from, const throng_agent *number) {
    net out = net_alloc(from->n, from->m);
    for (int64_t i = 0; i < from->n; i++)
        out.first[number[i] + 1] = from->first[i + 1] - from->first[i];
    for (int64_t i = 0; i < from->n; i++)
        out.first[i + 1] += out.first[i];
    for (int64_t i = 0; i < from->n; i++) {
        throng_agent *to = out.who + out.first[number[i]];
        int64_t k = 0;
        for (int64_t e = from->first[i]; e < from->first[i + 1]; e++)
            to[k++] = number[from->who[e]];
        qsort(to, (size_t)k, sizeof *to, by_number);
    }
    return out;
}

static void shuffle(const net *it, throng_agent *number) {
    for (int64_t i = 0; i < it->n; i++)
        number[i] = (throng_agent)i;
    for (int64_t i = it->n - 1; i > 0; i--) {
        double u[4];
        throng_random_uniforms((throng_random){1, 9}, (uint64_t)i, 0, 0, u);
        int64_t j = (int64_t)(u[0] * (double)(i + 1));
        throng_agent swap = number[i];
        number[i] = number[j];
        number[j] = swap;
    }
}

/* Those with most neighbours first. */
static void order_by_degree(const net *it, throng_agent *number) {
    enum {
        MOST = 4096
    };
    static int64_t place[MOST + 2];
    memset(place, 0, sizeof place);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < it->n; i++) {
            int64_t degree = it->first[i + 1] - it->first[i], key = MOST - (degree < MOST ? degree : MOST);
            if (pass == 0)
                place[key + 1]++;
            else
                number[i] = (throng_agent)place[key]++;
        }
        for (int k = 0; pass == 0 && k <= MOST; k++)
            place[k + 1] += place[k];
    }
}

/* Breadth first, as Cuthill and McKee: neighbours near each other. */
static void order_by_nearness(const net *it, throng_agent *number) {
    throng_agent *queue = numbers(it->n / 2 + 1), *seen = number;
    int64_t head = 0, tail = 0;
    memset(seen, 0xff, (size_t)it->n * sizeof *seen);
    for (int64_t root = 0; root < it->n; root++) {
        if (seen[root] >= 0)
            continue;
        seen[root] = (throng_agent)tail;
        queue[tail++] = (throng_agent)root;
        for (; head < tail; head++)
            for (int64_t e = it->first[queue[head]]; e < it->first[queue[head] + 1]; e++)
                if (seen[it->who[e]] < 0) {
                    seen[it->who[e]] = (throng_agent)tail;
                    queue[tail++] = it->who[e];
                }
    }
    free(queue);
}

/* Each agent takes the label that most of its neighbours have, a few times; those of a label are numbered together. */
static void order_by_community(const net *it, throng_agent *number) {
    throng_agent *label = numbers(it->n / 2 + 1), seen[64];
    int64_t *place = numbers(it->n + 1);
    for (int64_t i = 0; i < it->n; i++)
        label[i] = (throng_agent)i;
    for (int round = 0; round < 8; round++)
        for (int64_t i = 0; i < it->n; i++) {
            int k = 0, best = 0;
            throng_agent found = label[i];
            for (int64_t e = it->first[i]; e < it->first[i + 1] && k < 64; e++)
                seen[k++] = label[it->who[e]];
            qsort(seen, (size_t)k, sizeof *seen, by_number);
            for (int a = 0, b = 0; a < k; a = b) {
                while (b < k && seen[b] == seen[a])
                    b++;
                if (b - a > best) {
                    best = b - a;
                    found = seen[a];
                }
            }
            label[i] = found;
        }
    for (int64_t i = 0; i < it->n; i++)
        place[label[i] + 1]++;
    for (int64_t i = 0; i < it->n; i++)
        place[i + 1] += place[i];
    for (int64_t i = 0; i < it->n; i++)
        number[i] = (throng_agent)place[label[i]]++;
    free(label);
    free(place);
}

/* ---- the contest ----------------------------------------------------------------------------------------------- */

static void make_shorts(net *self) {
    int64_t used = 0;
    self->first_short = numbers(self->n + 1);
    self->shorts = numbers((3 * self->m) / 4 + 2);
    for (int64_t i = 0; i < self->n; i++) {
        throng_agent last = 0;
        for (int64_t e = self->first[i]; e < self->first[i + 1]; e++) {
            uint32_t gap = (uint32_t)(self->who[e] - last);
            if (gap < 0xffff) {
                self->shorts[used++] = (uint16_t)gap;
            } else {
                self->shorts[used++] = 0xffff;
                self->shorts[used++] = (uint16_t)self->who[e];
                self->shorts[used++] = (uint16_t)((uint32_t)self->who[e] >> 16);
            }
            last = self->who[e];
        }
        self->first_short[i + 1] = used;
    }
}

static void option(const char *name, const char *graph, timed it, double base, double *out) {
    double seconds = fastest(RUNS, run_gather, &it), edge = 1e9 * seconds / (double)it.job.net->m;
    printf("| %s | %s | %.2f ns | %.2f |\n", name, graph, edge, base > 0.0 ? base / edge : 1.0);
    fflush(stdout);
    if (out)
        *out = edge;
}

typedef struct order_try {
    const char *name;
    void (*find)(const net *it, throng_agent *number);
} order_try;

static void orders(timed it, const net *drawn, const char *graph, double base) {
    static const order_try tries[] = {{"agents in order of degree", order_by_degree},
                                      {"agents in order of nearness (breadth first)", order_by_nearness},
                                      {"agents in order of community (label propagation)", order_by_community}};
    throng_agent *number = numbers(drawn->n / 2 + 1);
    char name[120];
    for (int t = 0; t < 3; t++) {
        double start = throng_i_seconds(), made = 0.0;
        tries[t].find(drawn, number);
        net other = renumber(drawn, number);
        made = throng_i_seconds() - start;
        it.job.net = &other;
        snprintf(name, sizeof name, "%s; made in %.1f s", tries[t].name, made);
        option(name, graph, it, base, NULL);
        if (t == 2) {
            make_shorts(&other);
            it.body = gather_short;
            snprintf(name, sizeof name, "the same, neighbours as 16-bit differences, %.1f bytes each",
                     2.0 * (double)other.first_short[other.n] / (double)other.m);
            option(name, graph, it, base, NULL);
        }
        net_free(&other);
    }
    free(number);
}

static net draw_shuffled(throng_context *context, const char *model, int64_t n) {
    throng_error err = {0};
    throng_graph *graph = NULL;
    FAIL_IF(throng_graph_draw(context, model, n, NULL, 1, &graph, &err) != THRONG_OK, err.message);
    throng_adjacency in = throng_graph_in(graph);
    net drawn = net_alloc(n, throng_graph_edges(graph));
    memcpy(drawn.first, in.offsets, (size_t)(n + 1) * sizeof *drawn.first);
    memcpy(drawn.who, in.neighbours, (size_t)drawn.m * sizeof *drawn.who);
    throng_graph_free(graph);
    throng_agent *number = numbers(n / 2 + 1);
    shuffle(&drawn, number);
    net out = renumber(&drawn, number);
    net_free(&drawn);
    free(number);
    return out;
}

static void layouts(throng_context *context, const char *model, const char *graph, int64_t n) {
    size_t bytes = (size_t)n * LANES * sizeof(double);
    net it = draw_shuffled(context, model, n);
    double *large = pages(bytes, true), *small = pages(bytes, false), *to = pages(bytes, true), base = 0.0;
    for (int64_t i = 0; i < n * LANES; i++)
        large[i] = small[i] = (double)(i % 1000);
    timed plain = {{context, &it, large, to, LANES}, gather_128, 1}, other = plain;
    option("as it is: lines asked for 128 edges ahead, large pages, eight nodes a pass", graph, plain, 0.0, &base);
    other.body = gather_0;
    option("nothing asked for ahead", graph, other, base, NULL);
    other.body = gather_16;
    option("16 edges ahead", graph, other, base, NULL);
    other.body = gather_1024;
    option("1,024 edges ahead", graph, other, base, NULL);
    other = plain;
    other.job.from = small;
    option("small pages", graph, other, base, NULL);
    other = plain;
    other.body = gather_one;
    other.passes = LANES;
    option("one node a pass, eight passes", graph, other, base, NULL);
    make_shorts(&it);
    other = plain;
    other.body = gather_short;
    option("neighbours as 16-bit differences", graph, other, base, NULL);
    orders(plain, &it, graph, base);
    munmap(large, bytes);
    munmap(small, bytes);
    munmap(to, bytes);
    net_free(&it);
}

int main(int argc, char **argv) {
    /* Threads that wait must not count as busy; the run-time library reads this once, before main. */
    if (!getenv("OMP_WAIT_POLICY")) {
        setenv("OMP_WAIT_POLICY", "passive", 1);
        execv("/proc/self/exe", argv);
    }
    int64_t n = argc > 1 ? (int64_t)strtod(argv[1], NULL) : 4000000;
    double degree = argc > 2 ? strtod(argv[2], NULL) : 10.0;
    char model[100];
    FAIL_IF(n < 10000 || degree < 1.0, "at least 10,000 agents with a neighbour each, please");
    throng_context *context = scene_context();
    threads = throng_context_threads(context);
    double roof = find_roof(context);
    printf("The roof: %.1f GB/s, a triad on %d threads.\n\n", 1e-9 * roof, throng_context_threads(context));
    printf("| kernel | of | least bytes | time | bandwidth | share of the roof | with whole lines |\n"
           "|---|---|---|---|---|---|---|\n");
    tables(context, roof);
    worlds(context, n, degree, roof);
    printf("\n| layout | graph | an edge | speed |\n|---|---|---|---|\n");
    snprintf(model, sizeof model, "erdos-renyi:degree=%.12g", degree);
    layouts(context, model, "random", n);
    snprintf(model, sizeof model, "stochastic-block:blocks=%lld,degree=%.12g,inside=0.95", (long long)(n / 1000),
             degree);
    layouts(context, model, "communities", n);
    snprintf(model, sizeof model, "chung-lu:degree=%.12g", degree);
    layouts(context, model, "few popular", n);
    throng_context_free(context);
    return 0;
}
