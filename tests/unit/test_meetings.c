/*
 * Worlds whose agents meet without a graph: who is matched with whom, and who is near. Their steps agent by agent:
 * tests/reference.
 */
#include "scenes.h"

#include <stdio.h>

/* Chance is allowed this many standard deviations, as in test_world_limits.c. */
#define DEVIATIONS 4.5

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

static const throng_param stay[] = {{"stay", THRONG_PARAM_INTEGER, 3, 1, 1e9, "steps", "how long pairs stay"}, {0}};
static const throng_world_column two_columns[] = {{"name", "", "who one is", 0, -INFINITY, INFINITY},
                                                  {"partner", "", "whom one met", -1, -INFINITY, INFINITY}};

static void say_name(const throng_slots *slots, double *const *message) {
    memcpy(message[0], slots->state[0], (size_t)slots->n * sizeof(double));
}

static void keep_partner(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        next[0][k] = slots->state[0][k];
        next[1][k] = slots->present[k] > 0.0 ? slots->heard[0][k] / slots->present[k] : -1.0;
    }
}

static throng_world pairs_world(void) {
    return (throng_world){.about = {.struct_size = sizeof(throng_world),
                                    .name = "pairs",
                                    .summary = "Remembers the partner.",
                                    .details = "Formula: partner' = who one met.",
                                    .reference = "this test",
                                    .params = stay},
                          .columns = two_columns,
                          .n_columns = 2,
                          .n_messages = 1,
                          .hearing = THRONG_HEARING_MATCH,
                          .participation = THRONG_PARTICIPATION_INFLUENCE,
                          .send = say_name,
                          .move = keep_partner};
}

/* Partners are each other's, stay together, and one waits of an odd crowd; all others are met equally often. */
static void check_pairs(int n) {
    enum {
        STAY = 3,
        MATCHES = 4000
    };
    scene self = scene_make(n, 2, 61);
    throng_error err = {0};
    static throng_world world;
    world = pairs_world();
    cr_assert_eq(throng_context_register(self.context, THRONG_KIND_WORLD, &world.about, &err), THRONG_OK, "%s",
                 err.message);
    for (int i = 0; i < n; i++)
        self.state[i] = i;
    double *x = trajectory_of(&self, "pairs", 1, STAY * MATCHES, true, NULL);
    int *met = calloc((size_t)(n * n), sizeof *met), circle = n % 2 ? n : n - 1;
    for (int t = 1; t <= STAY * MATCHES; t++) {
        int waiting = 0;
        for (int i = 0; i < n; i++) {
            int j = (int)x[t * n + i];
            waiting += j < 0;
            cr_assert(j < 0 || (j != i && x[t * n + j] == i), "%d of %d met %d", i, n, j);
            cr_assert(t % STAY == 1 || x[(t - 1) * n + i] == j, "%d left %d at step %d", i, j, t);
            met[i * n + (j < 0 ? i : j)] += t % STAY == 1;
        }
        cr_assert_eq(waiting, n % 2);
    }
    double often = (double)MATCHES / circle, spread = sqrt(often * (1.0 - 1.0 / circle));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            cr_expect_float_eq(met[i * n + j], i == j && n % 2 == 0 ? 0.0 : often, DEVIATIONS * spread + 1e-9,
                               "of %d, %d met %d %d times", n, i, j, met[i * n + j]);
    free(met);
    free(x);
    scene_clear(&self);
}

Test(meetings, everybody_meets_everybody) {
    for (int n = 2; n < 9; n++)
        check_pairs(n);
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static double order_of(const double *angle, int64_t n) {
    double re = 0.0, im = 0.0;
    for (int64_t i = 0; i < n; i++) {
        re += cos(angle[i]);
        im += sin(angle[i]);
    }
    return hypot(re, im) / (double)n;
}

/* Mean order of the last half of a run that starts with headings all around. */
static double order_at(scene *self, const char *spec, int64_t steps) {
    for (int64_t i = 0; i < self->n; i++)
        self->state[i] = 6.283185307179586 * test_uniform(62, i);
    double *x = trajectory(self, spec, steps, false, NULL), sum = 0.0;
    for (int64_t t = steps / 2; t < steps; t++)
        sum += order_of(x + (t + 1) * self->n, self->n);
    free(x);
    return sum / (double)(steps - steps / 2);
}

/* Where everybody sees everybody the order is known; complete noise leaves that of chance, sqrt(pi / N) / 2. In
 * between, as in Vicsek's figure 2a of 400 particles at density 4, it falls from 1. */
Test(meetings, particles_flock_unless_noise_scatters_them) {
    enum {
        N = 400
    };
    scene self = scene_make(N, 1, 63);
    char spec[80];
    for (int c = 1; c < 5; c++) {
        double noise = 1.2 * c;
        snprintf(spec, sizeof spec, "vicsek-particles:noise=%g,radius=8", noise);
        double order = order_at(&self, spec, 40);
        cr_expect_float_eq(order, 2.0 * sin(0.5 * noise) / noise, DEVIATIONS / sqrt(2.0 * N * 20.0), "%s: %g", spec,
                           order);
    }
    double alone = 0.5 * sqrt(3.14159265358979 / N);
    cr_expect_float_eq(order_at(&self, "vicsek-particles:noise=6.2831853,speed=0.3", 400), alone, 0.3 * alone);
    cr_expect_gt(order_at(&self, "vicsek-particles:noise=0.1,speed=0.3", 300), 0.99);
    cr_expect_gt(order_at(&self, "vicsek-particles:noise=1,speed=0.3", 300), 0.9);
    cr_expect_lt(order_at(&self, "vicsek-particles:noise=5,speed=0.3", 300), 0.25);
    scene_clear(&self);
}

/* The sparser the crowd, the less noise it takes. */
Test(meetings, sparse_particles_lose_order_sooner) {
    scene self = scene_make(400, 1, 64);
    double dense = order_at(&self, "vicsek-particles:noise=2.5,speed=0.3,density=4", 300);
    double sparse = order_at(&self, "vicsek-particles:noise=2.5,speed=0.3,density=0.25", 300);
    cr_expect_gt(dense, sparse + 0.2, "%g and %g", dense, sparse);
    scene_clear(&self);
}

/* They never leave the square, though they start at its edges and go fast; cells of every size find the same
 * neighbours: with everybody within reach or in one cell the headings are those of the world that hears everybody. */
Test(meetings, particles_stay_in_their_square) {
    enum {
        N = 1000,
        T = 30
    };
    scene self = scene_make(N, 1, 65);
    double side = sqrt(N / 2.0);
    for (int c = 1; c <= 2; c++) {
        double *x = trajectory_of(&self, "vicsek-particles:density=2,speed=7.3", c, T, false, NULL);
        for (int64_t k = 0; k < N * (T + 1); k++)
            cr_assert(x[k] >= 0.0 && x[k] < side, "%.17g", x[k]);
        free(x);
    }
    double *near = trajectory(&self, "vicsek-particles:density=2,radius=16,noise=0", T, false, NULL);
    double *all = trajectory(&self, "vicsek:noise=0,own=0", T, false, NULL); /* in which everybody hears itself, too */
    for (int i = 0; i < N; i++)
        cr_expect_float_eq(near[T * N + i], all[T * N + i], 1e-9, "particle %d", i);
    free(near);
    free(all);
    scene_clear(&self);
}

Test(meetings, survive_every_failing_allocation) {
    bool finished = false;
    for (int64_t k = 1; !finished; k++) {
        test_faults faults = {0, 0};
        throng_context *context = NULL;
        throng_simulation *simulation = NULL;
        throng_error err = {0};
        const double state[] = {0.1, 0.7, 0.4};
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        int64_t idle = throng_context_bytes(context);
        throng_simulation_def def = throng_simulation_default();
        def.world = "vicsek-particles";
        faults.fail_at = faults.calls + k;
        throng_status status = throng_simulation_create(context, NULL, 3, state, NULL, &def, &simulation, &err);
        if (status == THRONG_OK)
            status = throng_simulation_run(simulation, NULL, NULL, NULL, &err);
        finished = status == THRONG_OK;
        cr_assert(finished || status == THRONG_E_MEMORY, "allocation %lld: %s", (long long)k, err.message);
        throng_simulation_free(simulation);
        cr_assert_eq(throng_context_bytes(context), idle, "allocation %lld leaks", (long long)k);
        throng_context_free(context);
    }
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void refuse_world(const scene *self, throng_world world, const char *message) {
    throng_error err = {0};
    cr_expect_eq(throng_context_register(self->context, THRONG_KIND_WORLD, &world.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, message);
}

Test(meetings, say_what_cannot_be) {
    scene self = scene_make(12, 2, 66);
    throng_world world = pairs_world();
    world.rounds = 1;
    refuse_world(&self, world, "pairs must name the parameter that says how long partners stay together.");
    world = pairs_world();
    world.hearing = THRONG_HEARING_NEAR;
    refuse_world(&self, world,
                 "pairs must have two columns of places after the first, and name its parameters of density and "
                 "radius.");
    world = pairs_world();
    world.n_public = 1;
    refuse_world(&self, world,
                 "In pairs agents meet without a graph: it cannot be smooth, use pair or have public messages.");
    const char *names[] = {"direct-punishment", "vicsek-particles"};
    const char *why[] = {"direct-punishment takes no graph: everybody meets everybody, in pairs.",
                         "vicsek-particles takes no graph: agents hear who is near, wherever they go."};
    for (int w = 0; w < 2; w++) {
        throng_simulation *simulation = NULL;
        throng_simulation_def def = throng_simulation_default();
        throng_error err = {0};
        def.world = names[w];
        cr_expect_eq(throng_simulation_create(self.context, self.graph, self.n, self.state, self.baseline, &def,
                                              &simulation, &err),
                     THRONG_E_UNSUPPORTED);
        cr_expect_str_eq(err.message, why[w]);
    }
    scene_clear(&self);
}
