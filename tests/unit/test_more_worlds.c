/*
 * Worlds beyond their gradients: lanes, threads, numbering, ranges and public messages. Their steps agent by agent:
 * tests/reference. Their known limits: test_world_limits.c.
 */
#include "scenes.h"

#include <stdio.h>

/* ---- adjoints --------------------------------------------------------------------------------------------------- */

/* Where defaults leave a parameter's part of a slope out, or small. */
Test(more_worlds, gradients_agree_away_from_defaults) {
    scene self = scene_make(23, 5, 21);
    const char *specs[] = {"biased-assimilation:bias=0,own=4",
                           "biased-assimilation:bias=0.6,own=0.5",
                           "biased-assimilation:bias=2.5,own=8",
                           "commons:growth=0.9,catch=0.8,cost=0.1,speed=1.5,norm=0.5",
                           "commons:norm=1",
                           "echo-chamber:coupling=1.5,controversy=0.8,homophily=1.2,nearness=0.5,time-step=0.4",
                           "echo-chamber:homophily=0",
                           "market-herding:herding=1.2,trend=-3,value=0.4,impact=0.6,noise=0.8",
                           "repulsion:rate=0.2,tolerance=0.4",
                           "repulsion:tolerance=3",
                           "vicsek:noise=4,own=6",
                           "vicsek:noise=0,own=0"};
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++)
        for (int p = THRONG_PARTICIPATION_INFLUENCE; p < THRONG_PARTICIPATION_COUNT; p++) {
            check_gradient(&self, specs[s], (throng_participation)p, true, "weighted-variance", "final");
            check_gradient(&self, specs[s], (throng_participation)p, true, "mean", "mean");
        }
    scene_clear(&self);
}

/* A path integral runs eight nodes side by side and one alone; the gradient knows each agent's own participation. */
static void check_lanes(const scene *self, const char *world, throng_participation participation, bool graph) {
    throng_error err = {0};
    double t[9], weight[9], phi[40], alpha[40], gradient[40], sum[40] = {0}, size = 0.0;
    throng_nodes nodes = {9, t, weight};
    throng_credit_sums sums;
    throng_simulation *simulation = simulate(self, world, participation, 6, graph);
    throng_dynamics *dynamics = watch(self, simulation, "weighted-variance", "mean", false);
    throng_value_function v = throng_dynamics_function(dynamics);
    for (int q = 0; q < 9; q++) {
        t[q] = (q + 0.5) / 9.0;
        weight[q] = 0.1 + 0.05 * q;
        for (int i = 0; i < 40; i++)
            alpha[i] = t[q];
        cr_assert_eq(v.gradient(v.self, alpha, gradient, &err), THRONG_OK, "%s: %s", world, err.message);
        for (int i = 0; i < 40; i++)
            sum[i] += weight[q] * gradient[i];
    }
    cr_assert_eq(v.ray_credit(v.self, &nodes, NULL, phi, &sums, &err), THRONG_OK, "%s: %s", world, err.message);
    for (int i = 0; i < 40; i++)
        size = fmax(size, fabs(sum[i]));
    for (int i = 0; i < 40; i++)
        cr_expect_float_eq(phi[i], sum[i], 1e-11 * size, "%s, agent %d: %.17g in lanes, %.17g alone", world, i, phi[i],
                           sum[i]);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
}

Test(more_worlds, lanes_agree_with_one_alone) {
    scene self = scene_make(40, 4, 22);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        if (!(world->flags & THRONG_WORLD_SMOOTH))
            continue;
        for (int p = THRONG_PARTICIPATION_INFLUENCE; p < THRONG_PARTICIPATION_COUNT; p++) {
            check_lanes(&self, world->about.name, (throng_participation)p, true);
            if (world->flags & THRONG_WORLD_COMPLETE)
                check_lanes(&self, world->about.name, (throng_participation)p, false);
        }
    }
    scene_clear(&self);
}

/* ---- what holds for all ----------------------------------------------------------------------------------------- */

/* States that every world allows and in which it moves: stages, spins. */
static void set_spins(scene *self) {
    for (int64_t i = 0; i < self->n; i++)
        self->state[i] = i % 3 == 0;
}

Test(more_worlds, bits_of_every_run_do_not_depend_on_threads) {
    enum {
        N = 9001,
        T = 4
    };
    scene self = scene_make(N, 4, 23);
    throng_error err = {0};
    double *alpha = malloc(N * 8);
    set_spins(&self);
    for (int i = 0; i < N; i++)
        alpha[i] = test_uniform(24, i);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        for (int c = 0; c < world->n_columns; c++) {
            double *one = NULL;
            for (int threads = 1; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
                cr_assert_eq(throng_context_set_threads(self.context, threads, &err), THRONG_OK);
                double *x = trajectory_of(&self, world->about.name, c, T, true, alpha);
                if (!one) {
                    one = x;
                    continue;
                }
                cr_expect_eq(memcmp(one, x, N * (T + 1) * 8), 0, "%s, column %d, %d threads", world->about.name, c,
                             threads);
                free(x);
            }
            free(one);
        }
    }
    free(alpha);
    scene_clear(&self);
}

/* Agents numbered the other way round end in the same states: a sweep that updates in place does not. */
Test(more_worlds, numbering_does_not_matter) {
    enum {
        N = 50,
        T = 6
    };
    const char *specs[] = {"biased-assimilation", "bounded-confidence",        "commons",
                           "echo-chamber",        "friedkin-johnsen",          "kuramoto:spread=0",
                           "repulsion",           "market-herding:noise=0",    "nonlinear-opinion",
                           "vicsek:noise=0",      "threshold-cascade:spread=0"};
    scene one = scene_make(N, 5, 25), other = scene_make(N, 5, 25);
    throng_adjacency in = throng_graph_in(one.graph);
    int64_t edges = in.offsets[N];
    throng_agent *source = malloc((size_t)edges * sizeof *source), *target = malloc((size_t)edges * sizeof *target);
    for (int i = 0; i < N; i++) {
        other.state[i] = one.state[N - 1 - i];
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            source[e] = (throng_agent)(N - 1) - in.neighbours[e];
            target[e] = (throng_agent)(N - 1 - i);
        }
    }
    scene_join(&other, edges, source, target, in.weights);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        double *x = trajectory(&one, specs[s], T, true, NULL), *y = trajectory(&other, specs[s], T, true, NULL);
        for (int i = 0; i < N; i++)
            cr_expect_float_eq(x[T * N + i], y[T * N + N - 1 - i], 1e-12, "%s, agent %d", specs[s], i);
        free(x);
        free(y);
    }
    free(source);
    free(target);
    scene_clear(&one);
    scene_clear(&other);
}

/* Each parameter a bit beyond what it may be, and not a number, gets a sentence that names it. */
Test(more_worlds, parameters_out_of_range_are_named) {
    scene self = scene_make(12, 3, 26);
    set_spins(&self);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        for (int p = 0; world->about.params && world->about.params[p].name; p++)
            for (int k = 0; k < 3; k++) {
                const throng_param *param = &world->about.params[p];
                char spec[200];
                throng_error err = {0};
                throng_simulation *simulation = NULL;
                throng_simulation_def def = throng_simulation_default();
                if (k < 2)
                    snprintf(spec, sizeof spec, "%s:%s=%.17g", world->about.name, param->name,
                             k == 0 ? param->minimum - 1.0 : param->maximum + fmax(1.0, 1e-3 * param->maximum));
                else
                    snprintf(spec, sizeof spec, "%s:%s=much", world->about.name, param->name);
                def.world = spec;
                cr_expect_eq(throng_simulation_create(self.context, self.graph, self.n, self.state, NULL, &def,
                                                      &simulation, &err),
                             THRONG_E_PARAMETER, "%s", spec);
                cr_expect(strstr(err.message, param->name) && !strchr(err.message, '\n'), "%s: %s", spec, err.message);
            }
    }
    scene_clear(&self);
}

static void refuse_state(scene *self, const char *world, double state, const char *message) {
    throng_error err = {0};
    throng_simulation *simulation = NULL;
    throng_simulation_def def = throng_simulation_default();
    def.world = world;
    self->state[4] = state;
    cr_expect_eq(
        throng_simulation_create(self->context, self->graph, self->n, self->state, NULL, &def, &simulation, &err),
        THRONG_E_DOMAIN);
    cr_expect_str_eq(err.message, message);
}

Test(more_worlds, states_out_of_range_are_refused) {
    scene self = scene_make(12, 3, 27);
    refuse_state(&self, "biased-assimilation", -0.1,
                 "biased-assimilation: opinion must lie in [0, 1], but agent 5 starts at -0.1.");
    refuse_state(&self, "commons", -1, "commons: effort must lie in [0, inf], but agent 5 starts at -1.");
    set_spins(&self);
    refuse_state(&self, "independent-cascade", 0.25,
                 "independent-cascade: stage must be a whole number from 0 to 2, but agent 5 starts at 0.25.");
    refuse_state(&self, "independent-cascade", 3,
                 "independent-cascade: stage must lie in [0, 2], but agent 5 starts at 3.");
    refuse_state(&self, "ising", 2, "ising: spin must lie in [-1, 1], but agent 5 starts at 2.");
    refuse_state(&self, "market-herding", 1.5,
                 "market-herding: action must lie in [-1, 1], but agent 5 starts at 1.5.");
    refuse_state(&self, "repulsion", -2, "repulsion: opinion must lie in [-1, 1], but agent 5 starts at -2.");
    scene_clear(&self);
}

/* ---- public messages -------------------------------------------------------------------------------------------- */

static void say_squares(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++) {
        message[0][k] = slots->state[0][k];
        message[1][k] = slots->state[0][k] * slots->state[0][k];
    }
}

static void take_public(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        next[0][k] = slots->heard[1][k];
        next[1][k] = slots->heard[0][k];
    }
}

static const throng_world_column two_columns[] = {{"size", "", "how large", 0, -INFINITY, INFINITY},
                                                  {"seen", "", "what was heard", 0, -INFINITY, INFINITY}};

static throng_world public_world(throng_hearing hearing) {
    static const char *const names[] = {"squares", "squares-in-sums", "squares-picked"};
    return (throng_world){.about = {.struct_size = sizeof(throng_world),
                                    .name = names[hearing],
                                    .summary = "Everybody takes the mean square.",
                                    .details = "Formula: x' = mean square.",
                                    .reference = "this test"},
                          .flags = hearing == THRONG_HEARING_PICK ? 0 : THRONG_WORLD_COMPLETE,
                          .columns = two_columns,
                          .n_columns = 2,
                          .n_messages = 2,
                          .n_public = 1,
                          .hearing = hearing,
                          .participation = THRONG_PARTICIPATION_INFLUENCE,
                          .send = say_squares,
                          .move = take_public};
}

static void check_public(const scene *self, const throng_world *world, bool graph, const double *alpha) {
    int64_t n = self->n;
    double mean = 0.0, sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double part = alpha ? alpha[i] : 1.0;
        mean += part * self->state[i] * self->state[i] / n;
        sum += part * self->state[i];
    }
    double *x = trajectory(self, world->about.name, 1, graph, alpha);
    double *heard = trajectory_of(self, world->about.name, 1, 1, graph, alpha);
    for (int64_t i = 0; i < n; i++) {
        cr_assert_float_eq(x[n + i], mean, 1e-13, "agent %lld hears %g, not %g", (long long)i, x[n + i], mean);
        if (!graph)
            cr_assert_float_eq(heard[n + i], world->hearing == THRONG_HEARING_SUM ? sum : sum / n, 1e-9);
    }
    free(x);
    free(heard);
}

/* Whatever the graph, and however neighbours are heard, the mean is over everybody; the other message is not touched.
 */
Test(more_worlds, public_messages_are_means_over_everybody) {
    enum {
        N = 5000
    };
    static throng_world worlds[THRONG_HEARING_PICK + 1];
    scene self = scene_make(N, 3, 28);
    throng_error err = {0};
    double *alpha = malloc(N * 8);
    for (int i = 0; i < N; i++)
        alpha[i] = test_uniform(29, i);
    for (int hearing = 0; hearing <= THRONG_HEARING_PICK; hearing++) {
        throng_world *world = &worlds[hearing];
        *world = public_world((throng_hearing)hearing);
        cr_assert_eq(throng_context_register(self.context, THRONG_KIND_WORLD, &world->about, &err), THRONG_OK);
        for (int partly = 0; partly < 2; partly++) {
            check_public(&self, world, true, partly ? alpha : NULL);
            if (hearing != THRONG_HEARING_PICK)
                check_public(&self, world, false, partly ? alpha : NULL);
        }
    }
    free(alpha);
    scene_clear(&self);
}

static void refuse_world(const scene *self, throng_world world, const char *message) {
    throng_error err = {0};
    cr_expect_eq(throng_context_register(self->context, THRONG_KIND_WORLD, &world.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, message);
}

static void pair_nothing(const throng_pairs *pairs, double *const *message) {
    memset(message[0], 0, (size_t)pairs->n * sizeof(double));
}

Test(more_worlds, public_messages_that_cannot_be_are_refused) {
    scene self = scene_make(12, 3, 30);
    throng_world world = public_world(THRONG_HEARING_MEAN);
    world.n_public = 3;
    refuse_world(&self, world, "squares has 2 messages: between 0 and so many can be public, got 3.");
    world.n_public = -1;
    refuse_world(&self, world, "squares has 2 messages: between 0 and so many can be public, got -1.");
    world.n_public = 1;
    world.send = NULL;
    world.pair = pair_nothing;
    refuse_world(&self, world, "squares has public messages, which no pair function can make: use send.");
    scene_clear(&self);
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

/* The scene's edges again, every third negative, or all of no weight. */
static void reweigh(scene *self, bool none) {
    throng_adjacency in = throng_graph_in(self->graph);
    int64_t edges = throng_graph_edges(self->graph);
    throng_agent *source = malloc((size_t)edges * sizeof *source), *target = malloc((size_t)edges * sizeof *target);
    double *w = malloc((size_t)edges * sizeof *w);
    for (int64_t i = 0; i < self->n; i++)
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            source[e] = in.neighbours[e];
            target[e] = (throng_agent)i;
            w[e] = none ? 0.0 : e % 3 == 1 ? -in.weights[e] : in.weights[e];
        }
    scene_join(self, edges, source, target, w);
    free(source);
    free(target);
    free(w);
}

/* Prepares a world over the scene's graph. */
static throng_status prepare(const scene *self, const char *world, throng_error *err) {
    throng_simulation *simulation = NULL;
    throng_simulation_def def = throng_simulation_default();
    def.world = world;
    def.decider = scene_decider_for(self->context, world);
    throng_status status = throng_simulation_create(self->context, self->graph, self->n, self->state, self->baseline,
                                                    &def, &simulation, err);
    throng_simulation_free(simulation);
    return status;
}

/* An edge of negative weight next to one that it does not change the sum of is seen all the same. */
Test(more_worlds, negative_weights_are_seen_however_small) {
    scene self = scene_make(3, 2, 32);
    throng_error err = {0};
    const throng_agent source[] = {0, 2}, target[] = {1, 1};
    const double weight[] = {1.0, -1e-20};
    scene_join(&self, 2, source, target, weight);
    cr_expect_eq(prepare(&self, "voter", &err), THRONG_E_WEIGHT);
    cr_expect_str_eq(err.message, "voter: the edge from agent 3 to agent 2 weighs -1e-20, but in this world weights of "
                                  "edges must not be negative.");
    scene_clear(&self);
}

Test(more_worlds, negative_weights_are_for_worlds_that_know_them) {
    scene self = scene_make(23, 5, 31);
    throng_error err = {0};
    set_spins(&self);
    reweigh(&self, false);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        if (world->n_messages == 0 || throng_i_world_meets(world))
            continue;
        throng_status status = prepare(&self, world->about.name, &err);
        cr_expect_eq(status, world->flags & THRONG_WORLD_SIGNED ? THRONG_OK : THRONG_E_WEIGHT, "%s: %s",
                     world->about.name, err.message);
        if (status == THRONG_OK && world->flags & THRONG_WORLD_SMOOTH)
            check_gradient(&self, world->about.name, THRONG_PARTICIPATION_INFLUENCE, true, "weighted-variance", "mean");
    }
    throng_adjacency in = throng_graph_in(self.graph);
    char expected[200];
    int64_t agent = 0;
    while (in.offsets[agent + 1] <= 1)
        agent++;
    snprintf(expected, sizeof expected,
             "voter: the edge from agent %d to agent %d weighs %g, but in this world weights of edges must not be "
             "negative.",
             in.neighbours[1] + 1, (int)agent + 1, in.weights[1]);
    cr_expect_eq(prepare(&self, "voter", &err), THRONG_E_WEIGHT);
    cr_expect_str_eq(err.message, expected);
    reweigh(&self, true);
    cr_expect_eq(prepare(&self, "voter", &err), THRONG_E_WEIGHT);
    cr_expect_str_eq(err.message, "voter: all edges weigh 0: nobody hears anybody.");
    scene_clear(&self);
}

/* An antagonist pushes as hard as a friend pulls: two who hear each other with a negative weight part, up to the
 * tolerance. */
Test(more_worlds, hostile_ties_turn_influence_round) {
    scene self = scene_make(2, 1, 32);
    const throng_agent source[] = {0, 1}, target[] = {1, 0};
    const double w[] = {-2.0, -2.0};
    scene_join(&self, 2, source, target, w);
    self.state[0] = 0.4;
    self.state[1] = 0.1;
    double *x = trajectory(&self, "repulsion", 200, true, NULL);
    double d = -0.3, pull = d * (1.0 - d * d) / (1.0 + d * d);
    cr_expect_float_eq(x[2], 0.4 - 0.25 * (1.0 - 0.16) * pull, 1e-15); /* over |-2|, not over -2 */
    cr_expect_float_eq(x[2 * 200] - x[2 * 200 + 1], 1.0, 1e-6);
    free(x);
    scene_clear(&self);
}

/* ---- behaviours ------------------------------------------------------------------------------------------------- */

/* phi of a path integral over 8 nodes, and each behaviour's part; returns how many there are. */
static int credits_of(scene *self, const char *world, bool by_step, double *phi,
                      double parts[THRONG_WORLD_MESSAGES_MAX][40]) {
    throng_error err = {0};
    throng_certificate certificate;
    throng_method_options options = throng_method_options_default();
    throng_simulation *simulation = simulate(self, world, THRONG_PARTICIPATION_INFLUENCE, 5, true);
    throng_dynamics *dynamics = watch(self, simulation, "variance", "final", by_step);
    throng_value_function function = throng_dynamics_function(dynamics);
    options.tolerance = 1e-3;
    cr_expect_null(throng_dynamics_behaviour(dynamics, 0), "nothing was attributed yet");
    cr_assert_eq(
        throng_attribute_function(self->context, &function, "aumann-shapley", &options, phi, &certificate, &err),
        THRONG_OK, "%s: %s", world, err.message);
    int n = throng_dynamics_behaviours(dynamics);
    for (int b = 0; b < n && n > 1; b++) {
        cr_expect(throng_dynamics_behaviour_name(dynamics, b));
        memcpy(parts[b], throng_dynamics_behaviour(dynamics, b), (size_t)self->n * sizeof(double));
    }
    cr_expect_eq(!throng_dynamics_behaviour_steps(dynamics, 0), !by_step || n == 1);
    const double *all = throng_dynamics_steps(dynamics);
    for (int k = 0; k < 5 * 40 && by_step && n > 1; k++) {
        double sum = 0.0;
        for (int b = 0; b < n; b++)
            sum += throng_dynamics_behaviour_steps(dynamics, b)[k];
        cr_expect_float_eq(sum, all[k], 1e-15, "%s: agent %d in step %d", world, k % 40, k / 40);
    }
    cr_expect_null(throng_dynamics_behaviour_name(dynamics, n));
    cr_expect_null(throng_dynamics_behaviour(dynamics, n));
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    return n;
}

Test(more_worlds, behaviours_share_out_each_agents_credit) {
    static const struct {
        const char *world;
        int silent; /* the behaviour that does nothing; -1: both do something */
    } cases[] = {{"market-herding", -1},          {"market-herding:herding=0", 0},
                 {"market-herding:impact=0", 1},  {"commons", -1},
                 {"commons:norm=0", 0},           {"commons:catch=0", 1},
                 {"repulsion:tolerance=0.4", -1}, {"repulsion:tolerance=2", 1}};
    scene self = scene_make(40, 4, 61);
    double phi[40], parts[THRONG_WORLD_MESSAGES_MAX][40];
    double again[THRONG_WORLD_MESSAGES_MAX][40];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double sizes[2] = {0.0, 0.0};
        cr_assert_eq(credits_of(&self, cases[c].world, true, phi, again), 2, "%s", cases[c].world);
        cr_assert_eq(credits_of(&self, cases[c].world, false, phi, parts), 2, "%s", cases[c].world);
        for (int i = 0; i < 40; i++) {
            cr_expect_float_eq(parts[0][i], again[0][i], 1e-15, "%s: agent %d by steps", cases[c].world, i);
            cr_expect_float_eq(parts[0][i] + parts[1][i], phi[i], 1e-15, "%s: agent %d", cases[c].world, i);
            sizes[0] += fabs(parts[0][i]);
            sizes[1] += fabs(parts[1][i]);
        }
        for (int b = 0; b < 2; b++)
            cr_expect_eq(sizes[b] > 1e-9, b != cases[c].silent, "%s: behaviour %d has %g", cases[c].world, b, sizes[b]);
    }
    cr_expect_eq(credits_of(&self, "friedkin-johnsen", true, phi, parts), 1);
    scene_clear(&self);
}
