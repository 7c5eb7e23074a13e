/*
 * Worlds: every registered one against its own differences, at every number of lanes, threads and recorded states; a
 * plain step of each written down again; known limits; and how they fail.
 */
#include "scenes.h"
#include "suite.h"

/* A world with parameters for which states still move at the end: thresholds of which everybody has joined by then
 * would leave nothing to compare. */
static const char *lively(const throng_world *world) {
    return strcmp(world->about.name, "threshold-cascade") == 0 ? "threshold-cascade:threshold=1.2,softness=0.5"
                                                               : world->about.name;
}

/* ---- every smooth world ---------------------------------------------------------------------------------------- */

Test(worlds, gradients_agree_with_differences) {
    scene self = scene_make(23, 5, 1);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        const char *spec = lively(world);
        if (!(world->flags & THRONG_WORLD_SMOOTH))
            continue;
        for (int p = THRONG_PARTICIPATION_INFLUENCE; p < THRONG_PARTICIPATION_COUNT; p++) {
            check_gradient(&self, spec, (throng_participation)p, true, "weighted-variance", "final");
            check_gradient(&self, spec, (throng_participation)p, true, "variance", "mean");
            check_gradient(&self, spec, (throng_participation)p, true, "variance", "ewma:0.7");
            if (world->flags & THRONG_WORLD_COMPLETE)
                check_gradient(&self, spec, (throng_participation)p, false, "variance", "final");
        }
    }
    scene_clear(&self);
}

static void same_bits(const double *a, const double *b, int64_t n, const char *what) {
    for (int64_t i = 0; i < n; i++)
        cr_assert(memcmp(&a[i], &b[i], sizeof *a) == 0, "%s: number %lld is %.17g and %.17g", what, (long long)i, a[i],
                  b[i]);
}

/* phi by nine nodes, which make lanes of 8 and 1, with so much memory and so many threads. */
static double *integrate(const scene *self, const char *world, bool graph, int threads, int64_t memory) {
    throng_error err = {0};
    double t[9], weight[9], *phi = malloc((size_t)self->n * 8);
    throng_nodes nodes = {9, t, weight};
    throng_credit_sums sums;
    for (int q = 0; q < 9; q++) {
        t[q] = (q + 0.5) / 9.0;
        weight[q] = 1.0 / 9.0;
    }
    cr_assert_eq(throng_context_set_threads(self->context, threads, &err), THRONG_OK);
    throng_simulation *simulation = simulate(self, world, THRONG_PARTICIPATION_DEFAULT, 7, graph);
    simulation->def.memory = memory;
    throng_dynamics *dynamics = watch(self, simulation, "variance", "mean", false);
    throng_value_function v = throng_dynamics_function(dynamics);
    cr_assert_eq(v.ray_credit(v.self, &nodes, NULL, phi, &sums, &err), THRONG_OK, "%s", err.message);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    return phi;
}

Test(worlds, bits_do_not_depend_on_threads_or_memory) {
    scene self = scene_make(4501, 4, 2);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        if (!(world->flags & THRONG_WORLD_SMOOTH))
            continue;
        double *one = integrate(&self, world->about.name, true, 1, INT64_MAX);
        for (int threads = 2; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
            double *other = integrate(&self, world->about.name, true, threads, INT64_MAX);
            same_bits(one, other, self.n, world->about.name);
            free(other);
        }
        /* so little memory that stretches are run again */
        double *stretch = integrate(&self, world->about.name, true, 2, 1000);
        same_bits(one, stretch, self.n, "stretches");
        free(one);
        free(stretch);
    }
    scene_clear(&self);
}

/* Lane q of so many against the gradient at the same participation. */
static void check_lane(const scene *self, const char *world, throng_participation participation, bool graph, int lanes,
                       int q) {
    throng_error err = {0};
    throng_credit_sums sums;
    double t[8], weight[8], *alpha = malloc((size_t)self->n * 8), *phi = malloc((size_t)self->n * 8),
                            *gradient = malloc((size_t)self->n * 8), worst = 0.0, size = 0.0;
    throng_simulation *simulation = simulate(self, world, participation, 5, graph);
    throng_dynamics *dynamics = watch(self, simulation, "skewness:weighted=true", "mean", false);
    throng_value_function v = throng_dynamics_function(dynamics);
    for (int l = 0; l < lanes; l++) {
        t[l] = (l + 1.0) / lanes; /* the last takes part fully */
        weight[l] = l == q;
    }
    for (int64_t i = 0; i < self->n; i++)
        alpha[i] = t[q];
    throng_nodes nodes = {lanes, t, weight};
    cr_assert_eq(v.ray_credit(v.self, &nodes, NULL, phi, &sums, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(v.gradient(v.self, alpha, gradient, &err), THRONG_OK, "%s", err.message);
    for (int64_t i = 0; i < self->n; i++) {
        worst = fmax(worst, fabs(phi[i] - gradient[i]));
        size = fmax(size, fabs(gradient[i]));
    }
    cr_expect(worst <= 1e-11 * size && size > 0.0, "%s, participation %d, %s, lane %d of %d: off by %g of %g", world,
              (int)participation, graph ? "graph" : "everybody", q, lanes, worst, size);
    free(alpha);
    free(phi);
    free(gradient);
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
}

/* Lanes side by side are what each is alone: nodes of which one counts give the gradient at that participation. */
Test(worlds, lanes_do_not_mix) {
    scene self = scene_make(301, 5, 21);
    for (int w = 0; w < world_count(&self); w++) {
        const throng_world *world = world_at(&self, w);
        if (!(world->flags & THRONG_WORLD_SMOOTH))
            continue;
        for (int p = THRONG_PARTICIPATION_INFLUENCE; p < THRONG_PARTICIPATION_COUNT; p++)
            for (int lanes = 2; lanes <= 8; lanes *= 2)
                for (int q = 0; q < lanes; q++)
                    for (int graph = world->flags & THRONG_WORLD_COMPLETE ? 0 : 1; graph <= 1; graph++)
                        check_lane(&self, lively(world), (throng_participation)p, graph, lanes, q);
    }
    scene_clear(&self);
}

/* The sum over steps of what agents did in each is what they did. */
Test(worlds, credits_by_step_add_up) {
    scene self = scene_make(200, 5, 3);
    throng_error err = {0};
    throng_method_options options = throng_method_options_default();
    options.tolerance = 1e-9;
    const char *names[] = {"friedkin-johnsen", "bounded-confidence", "nonlinear-opinion"};
    for (int w = 0; w < 3; w++) {
        throng_simulation *simulation = simulate(&self, names[w], THRONG_PARTICIPATION_DEFAULT, 8, true);
        throng_dynamics *dynamics = watch(&self, simulation, "variance", "final", true);
        throng_value_function v = throng_dynamics_function(dynamics);
        throng_certificate certificate;
        double *phi = malloc((size_t)self.n * 8);
        cr_assert_eq(throng_attribute_function(self.context, &v, "aumann-shapley", &options, phi, &certificate, &err),
                     THRONG_OK, "%s: %s", names[w], err.message);
        cr_expect_leq(certificate.efficiency_residual, 1e-9);
        const double *steps = throng_dynamics_steps(dynamics);
        cr_assert_not_null(steps);
        for (int64_t i = 0; i < self.n; i++) {
            double sum = 0.0;
            for (int t = 0; t < 8; t++)
                sum += steps[t * self.n + i];
            cr_expect_float_eq(sum, phi[i], 1e-15);
        }
        free(phi);
        throng_dynamics_free(dynamics);
        throng_simulation_free(simulation);
    }
    scene_clear(&self);
}

/* ---- agreement with Shapley ------------------------------------------------------------------------------------ */

static void correlate(const double *a, const double *b, int64_t n, double *pearson, double *apart) {
    double ma = 0.0, mb = 0.0, aa = 0.0, bb = 0.0, ab = 0.0, l1 = 0.0, size = 0.0;
    for (int64_t i = 0; i < n; i++) {
        ma += a[i] / n;
        mb += b[i] / n;
    }
    for (int64_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
        l1 += fabs(a[i] - b[i]);
        size += fabs(b[i]);
    }
    *pearson = ab / sqrt(aa * bb);
    *apart = l1 / size;
}

/* Card of the method: Pearson at least 0.99 and relative L1 at most 0.06 against the Shapley value. */
Test(worlds, path_integral_agrees_with_shapley) {
    TEST_NOT_SANITIZED();
    throng_error err = {0};
    const struct {
        int64_t n;
        const char *rival;
    } cases[] = {{10, "shapley-exact"}, {50, "shapley-sampled:permutations=1500"}};
    for (int c = 0; c < 2; c++) {
        scene self = scene_make(cases[c].n, 6, 5);
        throng_simulation *simulation = simulate(&self, "bounded-confidence", THRONG_PARTICIPATION_DEFAULT, 10, true);
        throng_dynamics *dynamics = watch(&self, simulation, "variance", "final", false);
        throng_value_function v = throng_dynamics_function(dynamics);
        throng_method_options options = throng_method_options_default();
        throng_certificate certificate;
        double phi[50], rival[50], pearson = 0.0, apart = 0.0;
        options.tolerance = 1e-8;
        cr_assert_eq(throng_attribute_function(self.context, &v, "aumann-shapley", &options, phi, &certificate, &err),
                     THRONG_OK, "%s", err.message);
        cr_assert_eq(throng_attribute_function(self.context, &v, cases[c].rival, &options, rival, &certificate, &err),
                     THRONG_OK, "%s", err.message);
        correlate(phi, rival, self.n, &pearson, &apart);
        cr_expect(pearson >= 0.99 && apart <= 0.06, "%lld agents: Pearson %g, apart %g", (long long)self.n, pearson,
                  apart);
        throng_dynamics_free(dynamics);
        throng_simulation_free(simulation);
        scene_clear(&self);
    }
}

/* ---- a plain step of each -------------------------------------------------------------------------------------- */

/* Mean over in-neighbours j of f(x_i, x_j), weights w alpha_j / W_i. */
static double mean_heard(const scene *self, const double *x, const double *alpha, int64_t i,
                         double (*f)(double self, double other)) {
    throng_adjacency in = throng_graph_in(self->graph);
    double sum = 0.0, weight = 0.0;
    for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
        sum += in.weights[e] * (alpha ? alpha[in.neighbours[e]] : 1.0) * f(x[i], x[in.neighbours[e]]);
        weight += in.weights[e];
    }
    return weight > 0.0 ? sum / weight : 0.0;
}

static double gap(double self, double other) {
    return other - self;
}

static double near_gap(double self, double other) {
    return (other - self) * exp(-2.0 * (other - self) * (other - self));
}

static double other_one(double self, double other) {
    (void)self;
    return other;
}

static double plain_step(const char *world, const scene *self, const double *x, const double *alpha, int64_t i) {
    if (strcmp(world, "friedkin-johnsen") == 0)
        return 0.2 * self->state[i] + 0.8 * (x[i] + mean_heard(self, x, alpha, i, gap));
    if (strcmp(world, "bounded-confidence") == 0)
        return x[i] + 0.3 * mean_heard(self, x, alpha, i, near_gap);
    double part = alpha ? alpha[i] : 1.0;
    return tanh(0.3 * (self->baseline[i] + part * (self->state[i] - self->baseline[i])) +
                0.9 * mean_heard(self, x, NULL, i, other_one));
}

/* All agents move at once, each from what was before: a sweep that updates in place fails here. */
Test(worlds, steps_are_what_their_pages_say) {
    scene self = scene_make(60, 5, 8);
    const char *names[] = {"friedkin-johnsen", "bounded-confidence", "nonlinear-opinion"};
    double alpha[60];
    for (int i = 0; i < 60; i++)
        alpha[i] = test_uniform(4, i);
    for (int w = 0; w < 3; w++)
        for (int partly = 0; partly < 2; partly++) {
            double *x = trajectory(&self, names[w], 3, true, partly ? alpha : NULL);
            for (int t = 0; t < 3; t++)
                for (int i = 0; i < 60; i++)
                    cr_expect_float_eq(x[(t + 1) * 60 + i],
                                       plain_step(names[w], &self, x + t * 60, partly ? alpha : NULL, i), 1e-14,
                                       "%s, step %d, agent %d", names[w], t, i);
            free(x);
        }
    scene_clear(&self);
}

/* Everybody hears everybody: DeGroot is at its consensus, the mean, after one step. */
Test(worlds, degroot_agrees_on_the_mean) {
    scene self = scene_make(5000, 1, 9);
    double *x = trajectory(&self, "friedkin-johnsen:susceptibility=1", 1, false, NULL), mean = 0.0;
    for (int i = 0; i < 5000; i++)
        mean += self.state[i] / 5000;
    for (int i = 0; i < 5000; i++)
        cr_assert_float_eq(x[5000 + i], mean, 1e-12);
    free(x);
    scene_clear(&self);
}

/* Fixed point of Friedkin and Johnsen by elimination: (I - s P) x = (1 - s) x(0). */
Test(worlds, friedkin_johnsen_reaches_its_fixed_point) {
    enum {
        N = 30
    };
    scene self = scene_make(N, 5, 10);
    throng_adjacency in = throng_graph_in(self.graph);
    double *x = trajectory(&self, "friedkin-johnsen:susceptibility=0.7", 200, true, NULL), a[N][N + 1];
    for (int i = 0; i < N; i++) {
        double weight = 0.0;
        memset(a[i], 0, sizeof a[i]);
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++)
            weight += in.weights[e];
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++)
            a[i][in.neighbours[e]] -= 0.7 * in.weights[e] / weight;
        if (weight == 0.0)
            a[i][i] -= 0.7;
        a[i][i] += 1.0;
        a[i][N] = 0.3 * self.state[i];
    }
    for (int p = 0; p < N; p++)
        for (int i = 0; i < N; i++) {
            double f = i == p ? 0.0 : a[i][p] / a[p][p];
            for (int j = p; j <= N; j++)
                a[i][j] -= f * a[p][j];
        }
    for (int i = 0; i < N; i++)
        cr_expect_float_eq(x[200 * N + i], a[i][N] / a[i][i], 1e-12);
    free(x);
    scene_clear(&self);
}

/* Order of everybody with everybody, coupling 4, spread 1: sqrt(1 - 2/4); below the critical coupling 2: none. */
Test(worlds, kuramoto_synchronises_beyond_its_critical_coupling) {
    enum {
        N = 6000,
        T = 150
    };
    scene self = scene_make(N, 1, 11);
    const char *specs[] = {"kuramoto:coupling=4,time-step=0.1", "kuramoto:coupling=1,time-step=0.1"};
    const double expected[] = {0.70710678, 0.0};
    for (int64_t i = 0; i < N; i++)
        self.state[i] = 6.283185307 * test_uniform(12, i);
    for (int c = 0; c < 2; c++) {
        double *x = trajectory(&self, specs[c], T, false, NULL), re = 0.0, im = 0.0;
        for (int i = 0; i < N; i++) {
            re += cos(x[T * N + i]) / N;
            im += sin(x[T * N + i]) / N;
        }
        cr_expect_float_eq(hypot(re, im), expected[c], 0.04, "%s: order %g", specs[c], hypot(re, im));
        free(x);
    }
    scene_clear(&self);
}

/* K in-neighbours each: an infected one transmits at all with chance p = b / (b + g - b g), so the share r that is ever
 * infected solves 1 - r = (1 - r0) (1 - p r)^K. */
Test(worlds, sir_reaches_its_final_size) {
    enum {
        N = 8000,
        K = 40,
        T = 300
    };
    scene self = scene_make(N, 1, 13);
    throng_error err = {0};
    throng_agent *source = malloc(sizeof *source * N * K), *target = malloc(sizeof *target * N * K);
    for (int64_t e = 0; e < N * K; e++) {
        source[e] = (throng_agent)(N * test_uniform(14, e));
        target[e] = (throng_agent)(e / K);
    }
    throng_graph_free(self.graph);
    cr_assert_eq(throng_graph_create_from(self.context, N, N * K, source, target, NULL, &self.graph, &err), THRONG_OK);
    for (int64_t i = 0; i < N; i++)
        self.state[i] = i < 80;
    double *x = trajectory(&self, "sir:infection=0.005,recovery=0.1", T, true, NULL), left = 0.0, r = 0.5;
    const double p = 0.005 / (0.005 + 0.1 - 0.0005);
    for (int i = 0; i < N; i++)
        left += x[T * N + i] == 0.0;
    for (int k = 0; k < 200; k++)
        r = 1.0 - 0.99 * pow(1.0 - p * r, K);
    /* a standard deviation of epidemics of this size is about 0.006 */
    cr_expect_float_eq(1.0 - left / N, r, 0.02, "final size %g, expected %g", 1.0 - left / N, r);
    free(x);
    free(source);
    free(target);
    scene_clear(&self);
}

/* The voter model keeps the mean opinion on average, and consensus takes longer in a larger crowd. */
Test(worlds, voters_copy_one_neighbour) {
    enum {
        N = 4000,
        K = 20
    };
    scene self = scene_make(N, K, 15);
    for (int64_t i = 0; i < N; i++)
        self.state[i] = i % 2;
    double *x = trajectory(&self, "voter", 20, true, NULL), moved = 0.0, mean = 0.0;
    for (int i = 0; i < N; i++) {
        cr_assert(x[20 * N + i] == 0.0 || x[20 * N + i] == 1.0);
        moved += x[N + i] != x[i];
        mean += x[20 * N + i] / N;
    }
    /* In a step half of the crowd looks around and half of those see the other opinion; one in seven hears nobody. */
    cr_expect_float_eq(moved / N, 0.25 * 6.0 / 7.0, 0.03, "%g moved", moved / N);
    cr_expect_float_eq(mean, 0.5, 0.1);
    free(x);
    scene_clear(&self);
}

/* ---- groups of agents as players ------------------------------------------------------------------------------- */

/* With a derivative a group gets what its members get; without one a few groups can be asked about exactly, where
 * agents would be too many. */
Test(worlds, groups_are_players_like_any_other) {
    TEST_NOT_SANITIZED();
    enum {
        N = 60,
        GROUPS = 6
    };
    static const char *const worlds[] = {"bounded-confidence", "friedkin-johnsen", "kuramoto", "voter", "sir"};
    int32_t group[N];
    for (int w = 0; w < 5; w++) {
        throng_error err = {0};
        scene self = scene_make(N, 6, 21);
        for (int i = 0; i < N; i++) {
            group[i] = (int32_t)(GROUPS * test_uniform(22, (uint64_t)i));
            self.state[i] = w >= 3 ? i % 3 == 0 : self.state[i];
        }
        throng_simulation *simulation = simulate(&self, worlds[w], THRONG_PARTICIPATION_DEFAULT, 8, true);
        throng_dynamics *dynamics = watch(&self, simulation, "variance", "mean", false);
        throng_value_function v = throng_dynamics_function(dynamics);
        throng_grouped *grouped = NULL;
        cr_assert_eq(throng_grouped_create(self.context, &v, group, GROUPS, &grouped, &err), THRONG_OK);
        throng_value_function players = throng_grouped_function(grouped);
        throng_method_options options = throng_method_options_default();
        throng_certificate it;
        double phi[N], of_group[GROUPS], exact[GROUPS], spread[GROUPS], sum[GROUPS] = {0.0};
        options.tolerance = 1e-8;
        bool smooth = v.gradient || v.ray_credit;
        cr_expect_eq(smooth, w < 3);
        if (smooth) {
            cr_assert_eq(throng_attribute_function(self.context, &v, "aumann-shapley", &options, phi, &it, &err),
                         THRONG_OK, "%s: %s", worlds[w], err.message);
            cr_assert_eq(
                throng_attribute_function(self.context, &players, "aumann-shapley", &options, of_group, &it, &err),
                THRONG_OK, "%s: %s", worlds[w], err.message);
            for (int i = 0; i < N; i++)
                sum[group[i]] += phi[i];
            for (int g = 0; g < GROUPS; g++)
                cr_expect_float_eq(of_group[g], sum[g], 1e-12, "%s, group %d: %g", worlds[w], g, of_group[g] - sum[g]);
        } else {
            cr_expect_eq(
                throng_attribute_function(self.context, &players, "aumann-shapley", &options, of_group, &it, &err),
                THRONG_E_UNSUPPORTED);
        }
        cr_assert_eq(throng_attribute_function(self.context, &players, "shapley-exact", &options, exact, &it, &err),
                     THRONG_OK, "%s: %s", worlds[w], err.message);
        options.standard_error = spread;
        for (int m = 0; m < 2; m++) {
            const char *method = m ? "owen-sampled:draws=40" : "shapley-sampled:permutations=400";
            cr_assert_eq(throng_attribute_function(self.context, &players, method, &options, of_group, &it, &err),
                         THRONG_OK, "%s: %s", worlds[w], err.message);
            for (int g = 0; g < GROUPS; g++)
                cr_expect_leq(fabs(of_group[g] - exact[g]), 5.0 * spread[g] + 1e-12, "%s by %s, group %d", worlds[w],
                              method, g);
        }
        throng_grouped_free(grouped);
        throng_dynamics_free(dynamics);
        throng_simulation_free(simulation);
        scene_clear(&self);
    }
}

/* ---- how they fail --------------------------------------------------------------------------------------------- */

static void refuse(const scene *self, const throng_graph *graph, throng_simulation_def def, throng_status expected,
                   const char *message) {
    throng_error err = {0};
    throng_simulation *simulation = NULL;
    throng_status status =
        throng_simulation_create(self->context, graph, self->n, self->state, self->baseline, &def, &simulation, &err);
    cr_expect_eq(status, expected, "%s", throng_status_name(status));
    cr_expect_str_eq(err.message, message);
    cr_expect_null(simulation);
}

Test(worlds, say_what_they_cannot_run) {
    scene self = scene_make(12, 2, 16), other = scene_make(13, 2, 17);
    throng_simulation_def def = throng_simulation_default();
    def.world = "replay";
    refuse(&self, NULL, def, THRONG_E_UNSUPPORTED, "replay goes through recorded states, but there are none.");
    def.recorded = self.recorded;
    self.recorded[4 * 12 + 7] = (double)NAN;
    refuse(&self, NULL, def, THRONG_E_DOMAIN,
           "replay: the state recorded for agent 8 after step 5 is not a finite number.");
    def.participation = THRONG_PARTICIPATION_INFLUENCE;
    refuse(&self, NULL, def, THRONG_E_UNSUPPORTED,
           "replay goes through recorded states, which show nobody's influence on others: taking part can only be "
           "innate.");
    def = throng_simulation_default();
    def.world = "bounded-confidence";
    refuse(&self, NULL, def, THRONG_E_UNSUPPORTED, "bounded-confidence needs a graph: say who hears whom.");
    refuse(&self, other.graph, def, THRONG_E_ARGUMENT, "The graph has 13 agents, the crowd 12.");
    def.steps = -1;
    refuse(&self, self.graph, def, THRONG_E_PARAMETER, "steps must not be negative, got -1.");
    def.steps = 2;
    def.world = "votre";
    refuse(&self, self.graph, def, THRONG_E_UNKNOWN_NAME, "There is no world \"votre\". Did you mean \"voter\"?");
    def.world = "sir";
    for (int i = 0; i < 12; i++)
        self.state[i] = i % 3;
    self.state[3] = 0.5;
    refuse(&self, self.graph, def, THRONG_E_DOMAIN,
           "sir: stage must be a whole number from 0 to 2, but agent 4 starts at 0.5.");
    self.state[3] = 2.5;
    refuse(&self, self.graph, def, THRONG_E_DOMAIN, "sir: stage must lie in [0, 2], but agent 4 starts at 2.5.");
    self.state[3] = NAN;
    refuse(&self, self.graph, def, THRONG_E_DOMAIN, "sir: the state of agent 4 is not a finite number.");
    scene_clear(&self);
    scene_clear(&other);
}

static void explode(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++)
        next[0][k] = slots->state[0][k] * 1e200;
}

static const throng_world_column one_column[] = {{"size", "", "how large", 0, -INFINITY, INFINITY}};

static throng_world own_world(const char *name) {
    return (throng_world){.about = {.struct_size = sizeof(throng_world),
                                    .name = name,
                                    .summary = "Grows.",
                                    .details = "Formula: x' = 1e200 x.",
                                    .reference = "this test"},
                          .columns = one_column,
                          .n_columns = 1,
                          .participation = THRONG_PARTICIPATION_INNATE,
                          .move = explode};
}

/* However it hears: in a crowd that meets all are moved at once. */
static void check_explosion(throng_hearing hearing, bool graph) {
    scene self = scene_make(12, 2, 18);
    throng_error err = {0};
    throng_world world = own_world("explosion");
    world.hearing = hearing;
    cr_assert_eq(throng_context_register(self.context, THRONG_KIND_WORLD, &world.about, &err), THRONG_OK, "%s",
                 err.message);
    for (int i = 0; i < 12; i++)
        self.state[i] = i == 7 ? 1.0 : 0.0;
    throng_simulation *simulation = simulate(&self, "explosion", THRONG_PARTICIPATION_DEFAULT, 3, graph);
    cr_expect_eq(throng_simulation_run(simulation, NULL, NULL, NULL, &err), THRONG_E_DIVERGED);
    cr_expect_str_eq(err.message, "explosion: the state of agent 8 is not a finite number after step 2. Take smaller "
                                  "steps or milder parameters.");
    throng_simulation_free(simulation);
    scene_clear(&self);
}

Test(worlds, say_where_a_state_stops_being_a_number) {
    check_explosion(THRONG_HEARING_MEAN, true);
    check_explosion(THRONG_HEARING_CROWD, false);
}

static void refuse_world(const scene *self, throng_world world, const char *message) {
    throng_error err = {0};
    cr_expect_eq(throng_context_register(self->context, THRONG_KIND_WORLD, &world.about, &err), THRONG_E_PLUGIN);
    cr_expect_str_eq(err.message, message);
}

Test(worlds, are_refused_if_incomplete) {
    scene self = scene_make(12, 2, 20);
    throng_world world = own_world("mine");
    world.move = NULL;
    refuse_world(&self, world, "mine has no move function.");
    world = own_world("mine");
    world.flags = THRONG_WORLD_SMOOTH;
    refuse_world(&self, world, "mine says that it is smooth, but has not all adjoints, or picks neighbours.");
    world = own_world("mine");
    world.n_messages = 2;
    refuse_world(&self, world, "mine has 2 messages, but neither send nor pair makes them.");
    world = own_world("mine");
    world.n_columns = 0;
    refuse_world(&self, world, "mine must have 1 to 24 state columns, got 0.");
    world = own_world("mine");
    world.n_traits = 1;
    refuse_world(&self, world, "mine must have draw and 1 to 4 traits, or neither, got 1.");
    scene_clear(&self);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static throng_status attribute_world(throng_context *in, int64_t turn, void *user) {
    const throng_agent source[] = {0, 1, 2}, target[] = {1, 2, 0};
    const double state[] = {0.1, 0.7, 0.4};
    double phi[3];
    throng_graph *graph = NULL;
    throng_simulation *simulation = NULL;
    throng_dynamics *dynamics = NULL;
    throng_simulation_def def = throng_simulation_default();
    throng_dynamics_def what = throng_dynamics_default();
    throng_method_options options = throng_method_options_default();
    throng_certificate certificate;
    def.world = user;
    options.tolerance = 1e-6;
    (void)turn;
    throng_status status = throng_graph_create_from(in, 3, 3, source, target, NULL, &graph, &error);
    if (status == THRONG_OK)
        status = throng_simulation_create(in, graph, 3, state, NULL, &def, &simulation, &error);
    if (status == THRONG_OK)
        status = throng_dynamics_create(simulation, &what, &dynamics, &error);
    if (status == THRONG_OK) {
        throng_value_function v = throng_dynamics_function(dynamics);
        status = throng_attribute_function(in, &v, "aumann-shapley", &options, phi, &certificate, &error);
    }
    throng_dynamics_free(dynamics);
    throng_simulation_free(simulation);
    throng_graph_free(graph);
    return status;
}

Test(worlds, survive_every_failing_allocation) {
    char names[][20] = {"friedkin-johnsen", "bounded-confidence", "kuramoto", "market-herding"};
    for (int w = 0; w < 4; w++)
        expect_survives(attribute_world, names[w], 1000);
}

Test(worlds, one_agent_and_no_step) {
    scene self = scene_make(1, 0, 19);
    const throng_agent none[1] = {0};
    throng_error err = {0};
    throng_graph_free(self.graph);
    cr_assert_eq(throng_graph_create_from(self.context, 1, 0, none, none, NULL, &self.graph, &err), THRONG_OK);
    for (int w = 0; w < world_count(&self); w++)
        for (int64_t steps = 0; steps < 3; steps++) {
            self.state[0] = 1.0;
            double *x = trajectory(&self, world_at(&self, w)->about.name, steps, true, NULL);
            cr_expect_eq(x[0], 1.0);
            cr_expect(isfinite(x[steps]));
            free(x);
        }
    scene_clear(&self);
}
