/*
 * Worlds whose agents meet without a graph: who is matched with whom, who is near, and what learners make of it. Their
 * steps agent by agent: tests/reference.
 */
#include "scenes.h"
#include "suite.h"

#include <stdio.h>

/* Chance is allowed this many standard deviations, as in test_world_limits.c. */
#define DEVIATIONS 4.5

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

/* Whom an agent plays with: if nobody else takes part, its partner alone does not wait, and is paid at least 1. */
static void find_partners(const scene *self, int agent, int64_t steps, int *partner) {
    const char *spec = "direct-punishment:punishment=none,rounds=3,sucker=1";
    double *alpha = calloc((size_t)self->n, sizeof *alpha);
    alpha[agent] = 1.0;
    double *payoff = trajectory_of(self, spec, 1, steps, false, alpha);
    for (int64_t t = 0; t < steps; t++) {
        const double *paid = payoff + (t + 1) * self->n;
        partner[t] = -1;
        for (int i = 0; i < self->n; i++) {
            cr_assert(paid[i] == 0.0 || (i != agent && partner[t] < 0), "of %d: %d", agent, i);
            partner[t] = paid[i] > 0.0 ? i : partner[t];
        }
    }
    free(alpha);
    free(payoff);
}

/* Partners are each other's, stay together, and one waits of an odd crowd; all others are met equally often. */
static void check_pairs(int n) {
    enum {
        STAY = 3,
        MATCHES = 1000,
        STEPS = STAY * MATCHES
    };
    scene self = scene_make(n, 2, 61);
    int *partner = calloc((size_t)(n * STEPS), sizeof *partner), circle = n % 2 ? n : n - 1;
    int *met = calloc((size_t)(n * n), sizeof *met);
    for (int i = 0; i < n; i++)
        find_partners(&self, i, STEPS, partner + i * STEPS);
    for (int t = 0; t < STEPS; t++) {
        int waiting = 0;
        for (int i = 0; i < n; i++) {
            int j = partner[i * STEPS + t];
            waiting += j < 0;
            cr_assert(j < 0 || (j != i && partner[j * STEPS + t] == i), "%d of %d met %d", i, n, j);
            cr_assert(t % STAY == 0 || partner[i * STEPS + t - 1] == j, "%d left %d at step %d", i, j, t);
            met[i * n + (j < 0 ? i : j)] += t % STAY == 0;
        }
        cr_assert_eq(waiting, n % 2);
    }
    double often = (double)MATCHES / circle, spread = sqrt(often * (1.0 - 1.0 / circle));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            cr_expect_float_eq(met[i * n + j], i == j && n % 2 == 0 ? 0.0 : often, DEVIATIONS * spread + 1e-9,
                               "of %d, %d met %d %d times", n, i, j, met[i * n + j]);
    free(met);
    free(partner);
    scene_clear(&self);
}

Test(meetings, everybody_meets_everybody) {
    for (int n = 2; n < 9; n++)
        check_pairs(n);
}

/* ---- learners --------------------------------------------------------------------------------------------------- */

/* Who alone takes part is met by everybody and meets nobody: it knows at the end what it knew at the start. */
Test(meetings, nobody_chooses_the_silent) {
    enum {
        N = 6,
        ALONE = 2,
        STEPS = 40
    };
    const char *spec = "direct-punishment:punishment=both,selection=true,sucker=1,fine=0,wrong=0";
    scene self = scene_make(N, 2, 68);
    double alpha[N] = {0};
    alpha[ALONE] = 1.0;
    const throng_world *world = NULL;
    for (int w = 0; w < world_count(&self); w++)
        if (strcmp(world_at(&self, w)->about.name, "direct-punishment") == 0)
            world = world_at(&self, w);
    cr_assert(world);
    for (int c = 0; c < world->n_columns; c++) {
        double *x = trajectory_of(&self, spec, c, STEPS, false, alpha);
        for (int t = 1; t <= STEPS; t++)
            cr_assert_eq(x[t * N + ALONE], x[ALONE], "%s at step %d", world->columns[c].name, t);
        for (int i = 0; i < N && strcmp(world->columns[c].name, "payoff") == 0; i++)
            cr_assert(i == ALONE || (x[STEPS * N + i] >= 1.0), "%d got %g", i, x[STEPS * N + i]);
        for (int i = 0; i < N && strcmp(world->columns[c].name, "reputation") == 0; i++)
            cr_assert_eq(x[STEPS * N + i], 0.0, "nobody saw what %d did", i);
        free(x);
    }
    scene_clear(&self);
}

/* Choosers find whom they would if they looked at everybody, which gave these numbers, also where those who take part
 * are counted by twos. */
Test(meetings, choosing_by_counts_is_choosing_from_everybody) {
    enum {
        N = 5003,
        STEPS = 3
    };
    const char *spec =
        "direct-punishment:punishment=both,selection=true,sucker=1,rounds=2,repute-just=1,explore-last=0.3,"
        "explore-steps=2";
    static const struct {
        int column;
        uint64_t hash;
    } found[] = {{1, UINT64_C(0xdc34a449f74a4d1e)},
                 {2, UINT64_C(0x116e19e3aa4498c9)},
                 {18, UINT64_C(0x4caf5e25963c1806)},
                 {19, UINT64_C(0x8dfeab2d4ecb6a49)},
                 {20, UINT64_C(0x1be2fdba0684cead)}};
    scene self = scene_make(N, 2, 70);
    double *alpha = malloc(N * sizeof *alpha);
    for (int i = 0; i < N; i++)
        alpha[i] = i % 3 == 0 ? 0.0 : i % 3 == 1 ? 1.0 : 0.5;
    for (size_t k = 0; k < sizeof found / sizeof *found; k++) {
        double *x = trajectory_of(&self, spec, found[k].column, STEPS, false, alpha);
        uint64_t hash = test_hash(x, (size_t)(STEPS + 1) * N * sizeof *x);
        cr_expect_eq(hash, found[k].hash, "column %d: %#llx", found[k].column, (unsigned long long)hash);
        free(x);
    }
    free(alpha);
    scene_clear(&self);
}

/* What sampling finds is as near to what all coalitions say as it thinks, whatever the threads. */
Test(meetings, learners_are_credited_for_cooperation) {
    enum {
        N = 5
    };
    scene self = scene_make(N, 2, 69);
    throng_error err = {0};
    throng_simulation *simulation = simulate(&self, "direct-punishment:punishment=both,selection=true,explore-steps=50",
                                             THRONG_PARTICIPATION_DEFAULT, 150, false);
    throng_dynamics *dynamics = watch(&self, simulation, "mean", "mean", false);
    throng_value_function v = throng_dynamics_function(dynamics);
    throng_method_options options = throng_method_options_default();
    throng_certificate certificate;
    const char *sampled = "shapley-sampled:permutations=64";
    double exact[N], one[N], three[N], size = 0.0, apart = 0.0, sum = 0.0;
    cr_assert_eq(throng_attribute_function(self.context, &v, "shapley-exact", &options, exact, &certificate, &err),
                 THRONG_OK, "%s", err.message);
    double change = certificate.everybody - certificate.nobody;
    cr_assert_eq(throng_context_set_threads(self.context, 1, &err), THRONG_OK);
    cr_assert_eq(throng_attribute_function(self.context, &v, sampled, &options, one, &certificate, &err), THRONG_OK);
    cr_assert_eq(throng_context_set_threads(self.context, 3, &err), THRONG_OK);
    cr_assert_eq(throng_attribute_function(self.context, &v, sampled, &options, three, &certificate, &err), THRONG_OK);
    for (int i = 0; i < N; i++) {
        apart += (one[i] - exact[i]) * (one[i] - exact[i]);
        size += exact[i] * exact[i];
        sum += exact[i];
    }
    cr_expect_eq(memcmp(one, three, sizeof one), 0);
    cr_expect_float_eq(sum, change, 1e-12);
    cr_expect(sqrt(size) > 0.01 && certificate.error_estimate < 0.5, "%g", size);
    cr_expect(sqrt(apart / size) < 2.0 * certificate.error_estimate, "%g apart, thinks %g", sqrt(apart / size),
              certificate.error_estimate);
    cr_expect_eq(throng_attribute_function(self.context, &v, "aumann-shapley", &options, one, &certificate, &err),
                 THRONG_E_UNSUPPORTED);
    cr_expect_str_eq(err.message, "aumann-shapley needs a gradient, and this value function has none.");
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    scene_clear(&self);
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

static throng_status run_world(throng_context *in, int64_t turn, void *user) {
    const double state[] = {0.1, 0.7, 0.4};
    throng_simulation *simulation = NULL;
    throng_simulation_def def = throng_simulation_default();
    def.world = user;
    (void)turn;
    throng_status status = throng_simulation_create(in, NULL, 3, state, NULL, &def, &simulation, &error);
    if (status == THRONG_OK)
        status = throng_simulation_run(simulation, NULL, NULL, NULL, &error);
    throng_simulation_free(simulation);
    return status;
}

Test(meetings, survive_every_failing_allocation) {
    char particles[] = "vicsek-particles", learners[] = "direct-punishment";
    expect_survives(run_world, particles, 1000);
    expect_survives(run_world, learners, 1000);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void refuse_world(const scene *self, throng_world world, const char *message) {
    throng_error err = {0};
    cr_expect_eq(throng_context_register(self->context, THRONG_KIND_WORLD, &world.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, message);
}

static void stay(const throng_slots *slots, double *const *next) {
    memcpy(next[0], slots->state[0], (size_t)slots->n * sizeof(double));
}

static throng_world own_world(void) {
    static const throng_world_column column[] = {{"name", "", "who one is", 0, -INFINITY, INFINITY}};
    return (throng_world){.about = {.struct_size = sizeof(throng_world),
                                    .name = "mine",
                                    .summary = "Stays.",
                                    .details = "Formula: x' = x.",
                                    .reference = "this test"},
                          .columns = column,
                          .n_columns = 1,
                          .n_messages = 1,
                          .hearing = THRONG_HEARING_CROWD,
                          .participation = THRONG_PARTICIPATION_INFLUENCE,
                          .move = stay};
}

Test(meetings, say_what_cannot_be) {
    scene self = scene_make(12, 2, 66);
    throng_world world = own_world();
    refuse_world(&self, world, "mine moves the whole crowd at once: it can have neither messages nor actions.");
    world.hearing = THRONG_HEARING_NEAR;
    refuse_world(&self, world,
                 "mine must have two columns of places after the first, and name its parameters of density and "
                 "radius.");
    world.n_public = 1;
    refuse_world(&self, world,
                 "In mine agents meet without a graph: it cannot be smooth, use pair or have public messages.");
    const char *names[] = {"direct-punishment", "vicsek-particles"};
    const char *why[] = {"direct-punishment takes no graph: anybody may meet anybody.",
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
