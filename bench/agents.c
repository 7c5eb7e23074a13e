/*
 * oceanic agent by agent, in a crowd that is too large to sample all of: the 200 heaviest and 200 random agents.
 *
 * A draw gives every agent a random time of arrival. At NODES Gauss-Legendre times t, S is who has arrived, and each of
 * the chosen agents i is asked for f(S and i) - f(S without i): S without i is independent of i's own arrival, so the
 * rule's sum is an unbiased estimate of phi_i but for its quadrature. The same times mirrored, 1 - u, serve a second
 * time: a draw is the mean of the two. That is shapley-sampled, but for asking about 400 agents instead of all, at
 * all times instead of one place. The 99.9 % interval is Student's from the spread of the draws.
 *
 * For every agent: is oceanic's phi inside the interval, and how many times narrower is the interval's half than the
 * distance from oceanic to aumann-shapley? Wanted is inside, at ten times. Draws go on until that holds for 95 of
 * 100 agents, or the seconds are used up.
 *
 * bench/agents [seconds [agents]]    seconds for each indicator; default: 20 1671587
 */
#define _POSIX_C_SOURCE 200809L
#include "attribution/quadrature.h"
#include "scene.h"

#define HEAVY      200
#define CHOSEN     400
#define NODES      16
#define AGGREGATES 5
#define BATCH      32 /* draws between looks */
#define WANTED     10.0

static const char *const methods[] = {"oceanic:atoms=32", "oceanic:atoms=12"}; /* the first by itself, too */
#define N_METHODS (int)(sizeof methods / sizeof *methods)

static const char *const specs[] = {"tanh-exp", "bimodality:weighted=true", "bimodality", "skewness:weighted=true",
                                    "skewness"};

/* ---- choosing -------------------------------------------------------------------------------------------------- */

typedef struct sampler {
    const scene *crowd;
    const throng_nodes *nodes;
    int k;
    double *steps, origin[AGGREGATES], total[AGGREGATES]; /* [n][k] */
    int64_t chosen[CHOSEN];
    int64_t first; /* draw of the batch */
    double draws[BATCH][CHOSEN];
} sampler;

static const double *weights_to_sort;

static int by_weight(const void *a, const void *b) {
    double x = weights_to_sort[*(const int64_t *)a], y = weights_to_sort[*(const int64_t *)b];
    return (x < y) - (x > y);
}

/* The heaviest agents, then random others. */
static void choose(const scene *crowd, int64_t *chosen) {
    int64_t *order = numbers(crowd->n);
    for (int64_t i = 0; i < crowd->n; i++)
        order[i] = i;
    weights_to_sort = crowd->weight;
    qsort(order, (size_t)crowd->n, sizeof *order, by_weight);
    memcpy(chosen, order, HEAVY * sizeof *order);
    for (int c = HEAVY; c < CHOSEN; c++) {
        double u[4];
        throng_random_uniforms((throng_random){11, 4}, (uint64_t)c, 0, 0, u);
        chosen[c] = order[HEAVY + (int64_t)(u[0] * (double)(crowd->n - HEAVY))];
    }
    free(order);
}

static void open_sampler(sampler *self, const scene *crowd, const throng_nodes *nodes, const int64_t *chosen) {
    const throng_value_function *f = &crowd->function;
    *self = (sampler){.crowd = crowd, .nodes = nodes, .k = f->n_aggregates};
    memcpy(self->chosen, chosen, sizeof self->chosen);
    self->steps = numbers(crowd->n * self->k);
    f->aggregate_origin(f->self, self->origin);
    f->aggregate_steps(f->self, 0, crowd->n, self->steps);
    memcpy(self->total, self->origin, sizeof self->total);
    for (int64_t i = 0; i < crowd->n; i++)
        for (int j = 0; j < self->k; j++)
            self->total[j] += self->steps[i * self->k + j];
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static double arrival(uint64_t agent, uint64_t draw) {
    double u[4];
    throng_random_uniforms((throng_random){11, 5}, agent / 4, draw, 0, u);
    return u[agent % 4];
}

/* arrived[q][k]: origin and the steps of all who are there at node q. */
static void arrive(const sampler *self, uint64_t draw, double arrived[NODES][AGGREGATES]) {
    double between[NODES + 1][AGGREGATES] = {{0.0}}, u[4] = {0.0};
    for (int64_t i = 0; i < self->crowd->n; i++) {
        int late = 0;
        if (i % 4 == 0)
            throng_random_uniforms((throng_random){11, 5}, (uint64_t)i / 4, draw, 0, u);
        for (int q = 0; q < NODES; q++)
            late += u[i % 4] > self->nodes->t[q];
        for (int j = 0; j < self->k; j++)
            between[late][j] += self->steps[i * self->k + j];
    }
    for (int q = 0; q < NODES; q++)
        for (int j = 0; j < self->k; j++)
            arrived[q][j] = (q ? arrived[q - 1][j] : self->origin[j]) + between[q][j];
}

/* f with the agent minus f without it, at aggregates that have it or not. */
static double marginal(const sampler *self, const double *m, const double *step, bool in) {
    const throng_value_function *f = &self->crowd->function;
    double with[AGGREGATES], without[AGGREGATES];
    for (int j = 0; j < self->k; j++) {
        with[j] = in ? m[j] : m[j] + step[j];
        without[j] = in ? m[j] - step[j] : m[j];
    }
    return f->aggregate_value(f->self, with) - f->aggregate_value(f->self, without);
}

static void draw_one(void *user, throng_chunk chunk) {
    sampler *self = user;
    double arrived[NODES][AGGREGATES], mirrored[AGGREGATES], *out = self->draws[chunk.index];
    uint64_t draw = (uint64_t)(self->first + chunk.index);
    arrive(self, draw, arrived);
    memset(out, 0, sizeof self->draws[0]);
    for (int q = 0; q < NODES; q++) {
        const double *there = arrived[q];
        for (int j = 0; j < self->k; j++)
            mirrored[j] = self->total[j] - (there[j] - self->origin[j]);
        for (int c = 0; c < CHOSEN; c++) {
            int64_t agent = self->chosen[c];
            const double *step = self->steps + agent * self->k;
            bool in = arrival((uint64_t)agent, draw) <= self->nodes->t[q];
            /* Those who are not there at t are there at 1 - t once times are mirrored; both nodes weigh the same. */
            out[c] +=
                0.5 * self->nodes->weight[q] * (marginal(self, there, step, in) + marginal(self, mirrored, step, !in));
        }
    }
}

/* ---- judging --------------------------------------------------------------------------------------------------- */

typedef struct estimate {
    double mean[CHOSEN], squares[CHOSEN];
    int64_t draws;
} estimate;

static void add_batch(const sampler *from, estimate *to) {
    for (int d = 0; d < BATCH; d++) {
        to->draws++;
        for (int c = 0; c < CHOSEN; c++) {
            double apart = from->draws[d][c] - to->mean[c];
            to->mean[c] += apart / (double)to->draws;
            to->squares[c] += apart * (from->draws[d][c] - to->mean[c]);
        }
    }
}

/* Half of the 99.9 % interval: Student's t by Cornish and Fisher's expansion, good to a percent from 31 degrees on. */
static double half_width(const estimate *it, int c) {
    const double z = 3.2905267314919255, freedom = (double)(it->draws - 1);
    double t =
        z + z * (z * z + 1.0) / (4.0 * freedom) + z * ((5.0 * z * z + 16.0) * z * z + 3.0) / (96.0 * freedom * freedom);
    return t * sqrt(it->squares[c] / ((double)it->draws * freedom));
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distance of the two methods in half-widths, of agents from..to-1, in order. */
static void margins(const estimate *it, const double *path, const double *ocean, int from, int to, double *out) {
    for (int c = from; c < to; c++)
        out[c - from] = fabs(path[c] - ocean[c]) / half_width(it, c);
    qsort(out, (size_t)(to - from), sizeof *out, by_size);
}

static void judge(const char *spec, const char *method, const char *whom, const estimate *it, const double *path,
                  const double *ocean, int from) {
    double margin[HEAVY];
    int inside = 0, fine = 0, n = HEAVY;
    for (int c = from; c < from + n; c++)
        inside += fabs(ocean[c] - it->mean[c]) <= half_width(it, c);
    margins(it, path, ocean, from, from + n, margin);
    for (int c = 0; c < n; c++)
        fine += margin[c] >= WANTED;
    printf("| %s | %s | %s | %lld | %d of %d | %.1f | %.1f | %d |\n", spec, method, whom, (long long)it->draws, inside,
           n, margin[n / 20], margin[n / 2], fine);
    fflush(stdout);
}

static void keep(const scene *self, const int64_t *chosen, double *out) {
    for (int c = 0; c < CHOSEN; c++)
        out[c] = self->phi[chosen[c]];
}

static void examine(scene *self, const char *spec, const int64_t *chosen, double seconds, const throng_nodes *nodes) {
    static sampler draws;
    static estimate it;
    double path[CHOSEN], ocean[N_METHODS][CHOSEN], margin[CHOSEN];
    throng_certificate certificate = {0};
    scene_look(self, spec);
    FAIL_IF(!scene_solve(self, "aumann-shapley", NULL, &certificate), "aumann-shapley failed");
    keep(self, chosen, path);
    for (int m = 0; m < N_METHODS; m++) {
        FAIL_IF(!scene_solve(self, methods[m], NULL, &certificate), "oceanic failed");
        keep(self, chosen, ocean[m]);
    }
    open_sampler(&draws, self, nodes, chosen);
    it = (estimate){.draws = 0};
    double start = throng_i_seconds();
    do {
        draws.first = it.draws;
        FAIL_IF(throng_chunks_for(self->context, (int64_t)BATCH * THRONG_CHUNK_ROWS, draw_one, &draws, NULL, NULL) !=
                    THRONG_OK,
                "drawing failed");
        add_batch(&draws, &it);
        margins(&it, path, ocean[0], 0, CHOSEN, margin);
    } while (margin[CHOSEN / 20] < WANTED && throng_i_seconds() - start < seconds);
    for (int m = 0; m < N_METHODS; m++) {
        judge(spec, methods[m], "heaviest", &it, path, ocean[m], 0);
        judge(spec, methods[m], "random", &it, path, ocean[m], HEAVY);
    }
    free(draws.steps);
    throng_i_crowd_clear(&self->crowd);
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 20.0;
    int64_t n = argc > 2 ? atoll(argv[2]) : 1671587, chosen[CHOSEN];
    FAIL_IF(n < 2 * CHOSEN, "at least 800 agents, please");
    throng_context *context = scene_context();
    throng_error err = {0};
    throng_i_rule rule = {0};
    scene self;
    FAIL_IF(throng_i_rule_init(context, NODES, false, &rule, &err) != THRONG_OK, err.message);
    scene_open(&self, context, n, false);
    choose(&self, chosen);
    printf("A crowd of %lld. Distance: oceanic from aumann-shapley, in halves of the 99.9 %% interval of sampled "
           "Shapley values,\nat the worst twentieth and the middle of the agents; ten or more is wanted.\n\n",
           (long long)n);
    printf("| indicator | method | agents | draws | inside | distance, 5 %% | distance, 50 %% | ten or more |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++)
        examine(&self, specs[s], chosen, seconds, &rule.nodes);
    scene_close(&self);
    throng_i_rule_clear(context, &rule);
    throng_context_free(context);
    return 0;
}
