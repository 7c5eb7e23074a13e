/* Scenes for tests of worlds: a crowd, who hears whom, and what became of them. */
#ifndef THRONG_TESTS_SCENES_H
#define THRONG_TESTS_SCENES_H

#include "crowds.h"
#include "throng/dynamics.h"
#include "world/world.h"

#include <stdio.h>

typedef struct scene {
    throng_context *context;
    throng_graph *graph;
    int64_t n;
    uint64_t seed; /* of runs */
    double *state, *baseline, *weight;
    double *recorded; /* [SCENE_STEPS][n] for worlds of recorded states */
} scene;

#define SCENE_STEPS 64

/* A random graph with about `degree` in-neighbours an agent, some with none, weighted; states in (0, 1). */
static inline scene scene_make(int64_t n, int degree, uint64_t seed) {
    scene self = {.n = n, .seed = 7};
    throng_error err = {0};
    int64_t edges = n * degree, used = 0;
    throng_agent *source = malloc((size_t)edges * sizeof *source), *target = malloc((size_t)edges * sizeof *target);
    double *w = malloc((size_t)edges * sizeof *w);
    self.state = malloc((size_t)n * 8);
    self.baseline = malloc((size_t)n * 8);
    self.weight = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) {
        self.state[i] = test_uniform(seed, 3 * i);
        self.baseline[i] = 0.5 * test_uniform(seed, 3 * i + 1);
        self.weight[i] = 1.0 / (0.05 + test_uniform(seed, 3 * i + 2));
    }
    self.recorded = malloc((size_t)(SCENE_STEPS * n) * 8);
    for (int64_t k = 0; k < SCENE_STEPS * n; k++)
        self.recorded[k] = test_uniform(seed + 2, k);
    for (int64_t e = 0; e < edges; e++) {
        throng_agent from = (throng_agent)(n * test_uniform(seed + 1, 3 * e)),
                     to = (throng_agent)(n * test_uniform(seed + 1, 3 * e + 1));
        if (from == to || to % 7 == 5)
            continue;
        source[used] = from;
        target[used] = to;
        w[used++] = 0.2 + test_uniform(seed + 1, 3 * e + 2);
    }
    cr_assert_eq(throng_context_create(&self.context, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_graph_create_from(self.context, n, used, source, target, w, &self.graph, &err), THRONG_OK, "%s",
                 err.message);
    free(source);
    free(target);
    free(w);
    return self;
}

static inline void scene_clear(scene *self) {
    throng_graph_free(self->graph);
    throng_context_free(self->context);
    free(self->state);
    free(self->baseline);
    free(self->weight);
    free(self->recorded);
}

/* Other edges: who hears whom is up to the test. */
static inline void scene_join(scene *self, int64_t edges, const throng_agent *source, const throng_agent *target,
                              const double *w) {
    throng_error err = {0};
    throng_graph_free(self->graph);
    self->graph = NULL;
    cr_assert_eq(throng_graph_create_from(self->context, self->n, edges, source, target, w, &self->graph, &err),
                 THRONG_OK, "%s", err.message);
}

/* Everybody hears `degree` others drawn at random, with repetition. */
static inline void scene_join_at_random(scene *self, int degree, uint64_t seed) {
    int64_t edges = self->n * degree;
    throng_agent *source = malloc((size_t)edges * sizeof *source), *target = malloc((size_t)edges * sizeof *target);
    for (int64_t e = 0; e < edges; e++) {
        source[e] = (throng_agent)(self->n * test_uniform(seed, e));
        target[e] = (throng_agent)(e / degree);
    }
    scene_join(self, edges, source, target, NULL);
    free(source);
    free(target);
}

/* Those who decide, in worlds that ask: the logit of action a is a / 3 + (1 + a / 2) x + 0.4 y - 0.3 x y + 0.8 of what
 * was done of it last. */
static inline double scene_weight(int a, double x, double y, double last) {
    return exp(a / 3.0 + (1.0 + a / 2.0) * x + 0.4 * y - 0.3 * x * y + 0.8 * last);
}

static inline void scene_decide(void *user, const throng_situations *at, double *const *p) {
    (void)user;
    for (int64_t k = 0; k < at->n; k++) {
        double sum = 1.0, x = at->sight[0][k], y = at->sight[1][k];
        for (int a = 0; a < 2; a++)
            sum += p[a][k] = scene_weight(a, x, y, at->last[a][k]);
        for (int a = 0; a < 2; a++)
            p[a][k] /= sum;
        p[2][k] = 1.0 / sum;
    }
}

static inline void scene_decide_back(void *user, const throng_situations *at, const double *const *of,
                                     double *const *sight, double *const *last) {
    (void)user;
    for (int64_t k = 0; k < at->n; k++) {
        double p[3], sum = 1.0, mean = 0.0, x = at->sight[0][k], y = at->sight[1][k];
        for (int a = 0; a < 2; a++)
            sum += p[a] = scene_weight(a, x, y, at->last[a][k]);
        p[2] = 1.0;
        for (int a = 0; a < 3; a++)
            mean += of[a][k] * (p[a] /= sum);
        for (int a = 0; a < 2; a++) {
            double of_logit = p[a] * (of[a][k] - mean);
            sight[0][k] += of_logit * (1.0 + a / 2.0 - 0.3 * y);
            sight[1][k] += of_logit * (0.4 - 0.3 * x);
            last[a][k] += of_logit * 0.8;
        }
    }
}

static const throng_decider scene_decider = {.decide = scene_decide, .decide_adjoint = scene_decide_back};

/* What a world of so many actions is given. */
static inline const throng_decider *scene_decider_for(throng_context *context, const char *world) {
    const throng_about *about = NULL;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(world, ":"), world);
    if (throng_context_find(context, THRONG_KIND_WORLD, name, &about, NULL) != THRONG_OK)
        return NULL;
    return ((const throng_world *)(const void *)about)->n_actions > 0 ? &scene_decider : NULL;
}

static inline int world_count(const scene *self) {
    return throng_context_plugin_count(self->context, THRONG_KIND_WORLD);
}

static inline const throng_world *world_at(const scene *self, int index) {
    return (const throng_world *)(const void *)throng_context_plugin(self->context, THRONG_KIND_WORLD, index);
}

/* Whether a world, with or without parameters behind its name, has anything to do with a graph. */
static inline bool takes_graph(const scene *self, const char *world) {
    size_t length = strcspn(world, ":");
    for (int w = 0; w < world_count(self); w++) {
        const char *name = world_at(self, w)->about.name;
        if (strlen(name) == length && strncmp(name, world, length) == 0)
            return !throng_i_world_meets(world_at(self, w));
    }
    return true;
}

/* In worlds that take no graph there is none. */
static inline throng_simulation *simulate(const scene *self, const char *world, throng_participation participation,
                                          int64_t steps, bool graph) {
    throng_error err = {0};
    throng_simulation *out = NULL;
    throng_simulation_def def = throng_simulation_default();
    def.world = world;
    def.participation = participation;
    def.steps = steps;
    def.seed = self->seed;
    def.decider = scene_decider_for(self->context, world);
    if (strcmp(world, "replay") == 0) { /* all that worlds promise holds for it in the one way that it can be run */
        cr_assert_leq(steps, SCENE_STEPS);
        def.recorded = self->recorded;
        def.participation = THRONG_PARTICIPATION_INNATE;
    }
    graph = graph && takes_graph(self, world);
    cr_assert_eq(throng_simulation_create(self->context, graph ? self->graph : NULL, self->n, self->state,
                                          self->baseline, &def, &out, &err),
                 THRONG_OK, "%s: %s", world, err.message);
    return out;
}

static inline throng_dynamics *watch(const scene *self, throng_simulation *simulation, const char *indicator,
                                     const char *over, bool per_step) {
    throng_error err = {0};
    throng_dynamics *out = NULL;
    throng_dynamics_def def = {.indicator = indicator, .over = over, .weight = self->weight, .per_step = per_step};
    cr_assert_eq(throng_dynamics_create(simulation, &def, &out, &err), THRONG_OK, "%s", err.message);
    return out;
}

typedef struct recorder {
    int64_t n;
    int column;
    double *states; /* [steps + 1][n] */
} recorder;

static inline throng_status keep(void *user, int64_t step, const double *const *state, throng_error *err) {
    recorder *self = user;
    (void)err;
    memcpy(self->states + step * self->n, state[self->column], (size_t)self->n * 8);
    return THRONG_OK;
}

/* [steps + 1][n] of one column. */
static inline double *trajectory_of(const scene *self, const char *world, int column, int64_t steps, bool graph,
                                    const double *alpha) {
    throng_error err = {0};
    recorder record = {self->n, column, malloc((size_t)(self->n * (steps + 1)) * 8)};
    throng_simulation *simulation = simulate(self, world, THRONG_PARTICIPATION_DEFAULT, steps, graph);
    cr_assert_eq(throng_simulation_run(simulation, alpha, keep, &record, &err), THRONG_OK, "%s", err.message);
    throng_simulation_free(simulation);
    return record.states;
}

static inline double *trajectory(const scene *self, const char *world, int64_t steps, bool graph, const double *alpha) {
    return trajectory_of(self, world, 0, steps, graph, alpha);
}

/* Central differences of v at a point inside the cube; what they cannot resolve is far below this. */
#define DIFFERENCES 1e-6
/* What rounding of values about 1 makes of them, where everybody agrees in the end and little is left to move. */
#define ROUNDING 1e-11

static inline void check_gradient(const scene *self, const char *world, throng_participation participation, bool graph,
                                  const char *indicator, const char *over) {
    throng_error err = {0};
    throng_simulation *simulation = simulate(self, world, participation, 6, graph);
    throng_dynamics *dynamics = watch(self, simulation, indicator, over, false);
    throng_value_function v = throng_dynamics_function(dynamics);
    double *alpha = malloc((size_t)self->n * 8), *gradient = malloc((size_t)self->n * 8), worst = 0.0, size = 0.0;
    for (int64_t i = 0; i < self->n; i++)
        alpha[i] = 0.2 + 0.6 * test_uniform(99, i);
    cr_assert_eq(v.gradient(v.self, alpha, gradient, &err), THRONG_OK, "%s: %s", world, err.message);
    for (int64_t i = 0; i < self->n; i++) {
        const double step = 1e-4;
        double at = alpha[i], f[4];
        for (int k = 0; k < 4; k++) {
            alpha[i] = at + step * (k < 2 ? k - 2 : k - 1);
            cr_assert_eq(v.value(v.self, alpha, &f[k], &err), THRONG_OK);
        }
        alpha[i] = at;
        double slope = (f[0] - 8.0 * f[1] + 8.0 * f[2] - f[3]) / (12.0 * step);
        worst = fmax(worst, fabs(slope - gradient[i]));
        size = fmax(size, fabs(slope));
    }
    cr_expect(worst <= DIFFERENCES * size + ROUNDING && size > 0.0, "%s, participation %d, %s over %s: off by %g of %g",
              world, (int)participation, indicator, over, worst, size);
    free(alpha);
    free(gradient);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
}

#endif
