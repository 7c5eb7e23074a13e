/*
 * Known limits of worlds: closed forms, thresholds and exact distributions. An update in place, one agent a step, or a
 * draw that depends on others misses them. Steps agent by agent: tests/reference.
 */
#include "scenes.h"

#include <stdio.h>

/* Chance is allowed this many standard deviations: one false alarm in about 100,000 numbers, and seeds are fixed. */
#define DEVIATIONS 4.5

/* ---- opinions --------------------------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Groups of at least 5 % of the crowd, more than `gap` apart. */
static int count_groups(double *x, int64_t n, double gap) {
    int groups = 0;
    int64_t first = 0;
    qsort(x, (size_t)n, sizeof *x, compare_doubles);
    for (int64_t i = 1; i <= n; i++)
        if (i == n || x[i] - x[i - 1] > gap) {
            groups += 20 * (i - first) >= n;
            first = i;
        }
    return groups;
}

/* Large groups: the whole part of 1 / (2 confidence) or one of its neighbours, and exactly so where theory is sharp. */
Test(world_limits, deffuant_ends_in_about_half_the_inverse_confidence_groups) {
    enum {
        N = 2000,
        T = 200
    };
    const struct {
        double confidence;
        int least, most;
    } cases[] = {{0.5, 1, 1}, {0.35, 1, 1}, {0.2, 2, 2}, {0.15, 3, 3}, {0.1, 4, 5}, {0.08, 5, 7}};
    scene self = scene_make(N, 1, 31);
    scene_join_at_random(&self, 100, 32);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char spec[64];
        snprintf(spec, sizeof spec, "deffuant:confidence=%g", cases[c].confidence);
        double *x = trajectory(&self, spec, T, true, NULL);
        int groups = count_groups(x + T * N, N, 0.3 * cases[c].confidence);
        cr_expect(groups >= cases[c].least && groups <= cases[c].most, "%s: %d groups", spec, groups);
        free(x);
    }
    scene_clear(&self);
}

/* All meet somebody in every step: of those who hear anybody about P(|d| < c) = 2 c - c^2 move in the first. */
Test(world_limits, deffuant_is_a_meeting_for_everybody) {
    enum {
        N = 8000
    };
    scene self = scene_make(N, 1, 33);
    scene_join_at_random(&self, 10, 34);
    double *x = trajectory(&self, "deffuant:confidence=0.3", 1, true, NULL), moved = 0.0;
    for (int i = 0; i < N; i++)
        moved += x[N + i] != x[i];
    cr_expect_float_eq(moved / N, 0.51, DEVIATIONS * sqrt(0.25 / N) + 1e-3, "%g moved", moved / N);
    free(x);
    scene_clear(&self);
}

/* Two islands of `size`, each agent hearing `own` of its island and `cross` of the other, at x and away. */
static void make_islands(scene *self, int size, int own, int cross, double x, double away) {
    int64_t edges = 0;
    throng_agent *source = malloc(sizeof *source * 2 * size * (own + cross));
    throng_agent *target = malloc(sizeof *target * 2 * size * (own + cross));
    *self = scene_make(2 * size, 1, 35);
    for (int i = 0; i < 2 * size; i++) {
        int here = i / size * size, there = size - here;
        self->state[i] = here == 0 ? x : away;
        for (int k = 1; k <= own + cross; k++) {
            source[edges] = (throng_agent)(k <= own ? here + (i - here + k) % size : there + (i - here + k) % size);
            target[edges++] = (throng_agent)i;
        }
    }
    scene_join(self, edges, source, target, NULL);
    free(source);
    free(target);
}

/* The two islands' distance after T steps. */
static double islands_apart(const char *world, double x, double away, int steps) {
    scene self;
    make_islands(&self, 20, 9, 3, x, away);
    double *states = trajectory(&self, world, steps, true, NULL);
    double apart = states[steps * 40] - states[steps * 40 + 39];
    free(states);
    scene_clear(&self);
    return apart;
}

/* Homophily 9 / 3 = 3: agreement below a bias of 2 / (3 + 1), persistent disagreement up to 1, then all and nothing.
 * In between the state y of the upper island is where what it hears for and against itself balance. */
Test(world_limits, biased_assimilation_polarises_from_its_threshold_on) {
    cr_expect_lt(islands_apart("biased-assimilation:bias=0", 0.7, 0.3, 60), 1e-6);
    cr_expect_lt(islands_apart("biased-assimilation:bias=0.45", 0.7, 0.3, 400), 1e-6);
    double apart = islands_apart("biased-assimilation:bias=0.7", 0.7, 0.3, 100), y = 0.5 + 0.5 * apart;
    double pro = 9.0 * y + 3.0 * (1.0 - y), con = 12.0 - pro;
    cr_expect(apart > 0.5 && apart < 0.99, "%g apart", apart);
    cr_expect_float_eq(pow(y, 0.7) * pro * (1.0 - y), pow(1.0 - y, 0.7) * con * y, 1e-9, "no balance at %g", y);
    cr_expect_gt(islands_apart("biased-assimilation:bias=1", 0.7, 0.3, 400), 1.0 - 1e-9);
    cr_expect_gt(islands_apart("biased-assimilation:bias=1.5", 0.6, 0.4, 400), 1.0 - 1e-9);
}

/* A bias of 0 is DeGroot's average, one's own opinion included. */
Test(world_limits, biased_assimilation_without_bias_is_an_average) {
    scene self = scene_make(40, 5, 36);
    throng_adjacency in = throng_graph_in(self.graph);
    double *x = trajectory(&self, "biased-assimilation:bias=0,own=2", 1, true, NULL);
    for (int i = 0; i < 40; i++) {
        double sum = 2.0 * x[i], weight = 2.0;
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            sum += in.weights[e] * x[in.neighbours[e]];
            weight += in.weights[e];
        }
        cr_expect_float_eq(x[40 + i], sum / weight, 1e-14);
    }
    free(x);
    scene_clear(&self);
}

Test(world_limits, repulsion_parts_whom_more_than_the_tolerance_divides) {
    cr_expect_lt(islands_apart("repulsion", 0.49, -0.49, 2000), 1e-6);
    cr_expect_gt(islands_apart("repulsion", 0.51, -0.51, 2000), 2.0 - 1e-6);
    cr_expect_lt(islands_apart("repulsion:tolerance=0.5", 0.24, -0.24, 2000), 1e-6);
    cr_expect_gt(islands_apart("repulsion:tolerance=0.5", 0.26, -0.26, 2000), 2.0 - 1e-6);
    /* nobody is ever beyond the ends, even at the greatest rate and next to them */
    scene self;
    make_islands(&self, 20, 9, 3, 0.999, -0.999);
    double *x = trajectory(&self, "repulsion:tolerance=0.01", 200, true, NULL);
    for (int k = 0; k < 201 * 40; k++)
        cr_assert(fabs(x[k]) <= 1.0, "%.17g", x[k]);
    free(x);
    scene_clear(&self);
}

static double share_of_extremes(const scene *self, const char *world, int steps) {
    double *x = trajectory(self, world, steps, true, NULL), extreme = 0.0;
    for (int64_t i = 0; i < self->n; i++)
        extreme += fabs(x[steps * self->n + i]) > 0.95;
    free(x);
    return extreme / self->n;
}

Test(world_limits, repulsion_polarises_a_crowd_and_attraction_does_not) {
    scene self = scene_make(1000, 1, 37);
    scene_join_at_random(&self, 20, 38);
    for (int i = 0; i < 1000; i++)
        self.state[i] = 2.0 * self.state[i] - 1.0;
    cr_expect_gt(share_of_extremes(&self, "repulsion:tolerance=0.7", 1000), 0.99);
    cr_expect_eq(share_of_extremes(&self, "repulsion:tolerance=2", 1000), 0.0);
    scene_clear(&self);
}

/* Radical: |x| = 3 tanh(3 |x|) = 3 - 9e-8. Homophily decides between one side and two; little coupling keeps neutral.
 */
Test(world_limits, echo_chambers_hold_two_camps) {
    enum {
        N = 300,
        T = 400
    };
    const struct {
        const char *spec;
        double least, most, radical;
    } cases[] = {{"echo-chamber:homophily=0", 0.0, 0.0, 3.0},
                 {"echo-chamber:homophily=3", 0.3, 0.5, 3.0},
                 {"echo-chamber:coupling=0.5,controversy=0.5", 0.0, 0.5, 0.0}};
    scene self = scene_make(N, 1, 39);
    scene_join_at_random(&self, 20, 40);
    for (int i = 0; i < N; i++)
        self.state[i] = 2.0 * self.state[i] - 1.0;
    for (int c = 0; c < 3; c++) {
        double *x = trajectory(&self, cases[c].spec, T, true, NULL), up = 0.0;
        for (int i = 0; i < N; i++) {
            up += x[T * N + i] > 0.0;
            cr_expect_float_eq(fabs(x[T * N + i]), cases[c].radical, 0.02, "%s: %g", cases[c].spec, x[T * N + i]);
        }
        double minority = fmin(up, N - up) / N;
        cr_expect(minority >= cases[c].least && minority <= cases[c].most, "%s: %g", cases[c].spec, minority);
        free(x);
    }
    scene_clear(&self);
}

/* ---- copying: the voter model's time to consensus --------------------------------------------------------------- */

/* Chance that of n agents who switch with chance p each, k do. */
static double binomial(int n, int k, double p) {
    if (p <= 0.0 || p >= 1.0)
        return p <= 0.0 ? k == 0 : k == n;
    return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) + (n - k) * log1p(-p));
}

/* Expected steps to consensus from half and half among n agents that all hear each other: a chain on the number of
 * ones, in which every agent looks around with chance `rate` in a step. (I - P) T = 1 by elimination. */
static double expected_consensus(int n, double rate) {
    enum {
        MOST = 40
    };
    static double a[MOST + 1][MOST + 2];
    memset(a, 0, sizeof a);
    for (int k = 1; k < n; k++) {
        a[k][k] = a[k][n] = 1.0;
        for (int lost = 0; lost <= k; lost++)
            for (int won = 0; won <= n - k; won++)
                if (k - lost + won > 0 && k - lost + won < n)
                    a[k][k - lost + won] -=
                        binomial(k, lost, rate * (n - k) / (n - 1.0)) * binomial(n - k, won, rate * k / (n - 1.0));
    }
    for (int p = 1; p < n; p++)
        for (int k = 1; k < n; k++) {
            double f = k == p ? 0.0 : a[k][p] / a[p][p];
            for (int j = p; j <= n; j++)
                a[k][j] -= f * a[p][j];
        }
    return a[n / 2][n] / a[n / 2][n / 2];
}

typedef struct consensus {
    int64_t n, steps;
} consensus;

static throng_status await_consensus(void *user, int64_t step, const double *const *state, throng_error *err) {
    consensus *self = user;
    double ones = 0.0;
    (void)err;
    for (int64_t i = 0; i < self->n; i++)
        ones += state[0][i];
    self->steps = step;
    return ones == 0.0 || ones == (double)self->n ? THRONG_E_CANCELLED : THRONG_OK;
}

/* A step that moves one agent instead of all takes n times as long; one with the draws of another step is quicker. */
Test(world_limits, voters_agree_in_the_time_they_should) {
    TEST_NOT_SANITIZED();
    enum {
        RUNS = 1500
    };
    for (int n = 10; n <= 40; n *= 2) {
        scene self = scene_make(n, 1, 41);
        throng_agent source[40 * 39], target[40 * 39];
        int64_t edges = 0;
        double sum = 0.0, squares = 0.0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (i != j) {
                    source[edges] = (throng_agent)j;
                    target[edges++] = (throng_agent)i;
                }
        scene_join(&self, edges, source, target, NULL);
        for (int i = 0; i < n; i++)
            self.state[i] = i % 2;
        for (int run = 0; run < RUNS; run++) {
            consensus found = {n, 0};
            throng_error err = {0};
            self.seed = (uint64_t)(1000 * n + run);
            throng_simulation *simulation = simulate(&self, "voter", THRONG_PARTICIPATION_DEFAULT, 100000, true);
            cr_assert_eq(throng_simulation_run(simulation, NULL, await_consensus, &found, &err), THRONG_E_CANCELLED);
            throng_simulation_free(simulation);
            sum += (double)found.steps;
            squares += (double)found.steps * (double)found.steps;
        }
        double mean = sum / RUNS, error = sqrt((squares / RUNS - mean * mean) / RUNS);
        cr_expect_float_eq(mean, expected_consensus(n, 0.5), DEVIATIONS * error, "%d voters: %g steps, expected %g", n,
                           mean, expected_consensus(n, 0.5));
        scene_clear(&self);
    }
    /* in proportion to the crowd */
    cr_expect_float_eq(expected_consensus(40, 0.5) / expected_consensus(20, 0.5), 2.0, 0.1);
}

/* ---- cascades --------------------------------------------------------------------------------------------------- */

/* Agents reached from agent 0 along the kept edges, as bits. */
static unsigned reached(const throng_agent *source, const throng_agent *target, int edges, unsigned kept) {
    unsigned all = 1, before = 0;
    while (all != before) {
        before = all;
        for (int e = 0; e < edges; e++)
            if ((kept >> e & 1u) && (all >> source[e] & 1u))
                all |= 1u << target[e];
    }
    return all;
}

/* Every set that a cascade can reach comes out as often as coins of the edges' own say: 2^9 graphs of kept edges. */
Test(world_limits, independent_cascade_is_exact_in_distribution) {
    enum {
        N = 6,
        EDGES = 9,
        RUNS = 40000
    };
    const throng_agent source[EDGES] = {0, 0, 1, 2, 1, 3, 4, 2, 5}, target[EDGES] = {1, 2, 2, 1, 3, 4, 5, 4, 3};
    const double w[EDGES] = {1, 2, 1, 0.5, 1, 1.5, 1, 1, 0.7};
    double expected[1 << N] = {0}, seen[1 << N] = {0};
    for (unsigned kept = 0; kept < 1u << EDGES; kept++) {
        double chance = 1.0;
        for (int e = 0; e < EDGES; e++) {
            double p = 1.0 - pow(0.6, w[e]);
            chance *= kept >> e & 1u ? p : 1.0 - p;
        }
        expected[reached(source, target, EDGES, kept)] += chance;
    }
    scene self = scene_make(N, 1, 42);
    scene_join(&self, EDGES, source, target, w);
    for (int i = 0; i < N; i++)
        self.state[i] = i == 0;
    for (int run = 0; run < RUNS; run++) {
        unsigned set = 0;
        self.seed = (uint64_t)run;
        double *x = trajectory(&self, "independent-cascade:chance=0.4", N + 1, true, NULL);
        for (int i = 0; i < N; i++)
            set |= (x[(N + 1) * N + i] > 0.0 ? 1u : 0u) << i;
        seen[set] += 1.0 / RUNS;
        free(x);
    }
    for (int set = 0; set < 1 << N; set++)
        cr_expect_float_eq(seen[set], expected[set], DEVIATIONS * sqrt(expected[set] / RUNS), "set %x: %g, expected %g",
                           set, seen[set], expected[set]);
    scene_clear(&self);
}

/* Random graph with 4 out-edges an agent on average: no cascade is large at chance 0.8 / 4; at 1.5 / 4 a share r of
 * them is, each reaching r of the crowd, r = 1 - exp(-1.5 r) = 0.583. */
Test(world_limits, independent_cascade_percolates_at_its_threshold) {
    TEST_NOT_SANITIZED();
    enum {
        N = 4000,
        T = 60,
        RUNS = 40
    };
    scene self = scene_make(N, 1, 43);
    throng_agent *source = malloc(sizeof *source * 4 * N), *target = malloc(sizeof *target * 4 * N);
    double large = 0.0, r = 0.5;
    for (int64_t e = 0; e < 4 * N; e++) {
        source[e] = (throng_agent)(N * test_uniform(44, 2 * e));
        target[e] = (throng_agent)(N * test_uniform(44, 2 * e + 1));
    }
    scene_join(&self, 4 * N, source, target, NULL);
    for (int k = 0; k < 200; k++)
        r = 1.0 - exp(-1.5 * r);
    for (int run = 0; run < 2 * RUNS; run++) {
        double share = 0.0;
        for (int i = 0; i < N; i++)
            self.state[i] = i == 17 * run;
        double *x = trajectory(
            &self, run < RUNS ? "independent-cascade:chance=0.2" : "independent-cascade:chance=0.375", T, true, NULL);
        for (int i = 0; i < N; i++)
            share += (x[T * N + i] > 0.0) / (double)N;
        free(x);
        if (run < RUNS) {
            cr_expect_lt(share, 0.05);
        } else if (share > 0.1) {
            large += 1.0 / RUNS;
            cr_expect_float_eq(share, r, 0.06, "%g of the crowd, expected %g", share, r);
        }
    }
    cr_expect_float_eq(large, r, DEVIATIONS * sqrt(0.25 / RUNS), "%g of the cascades are large", large);
    free(source);
    free(target);
    scene_clear(&self);
}

/* ---- physics ---------------------------------------------------------------------------------------------------- */

static double mean_over(const double *x, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* m = tanh(K m + h) for everybody with everybody; fluctuations of m are about sqrt(chi / N) < 0.04. */
Test(world_limits, ising_agrees_with_curie_and_weiss) {
    enum {
        N = 3000,
        T = 300
    };
    const struct {
        double coupling, field, rate;
    } cases[] = {{0.5, 0.0, 1.0}, {1.5, 0.0, 1.0}, {1.5, 0.0, 0.3}, {0.5, 0.2, 1.0}};
    scene self = scene_make(N, 1, 45);
    for (int i = 0; i < N; i++)
        self.state[i] = 1.0;
    for (int c = 0; c < 4; c++) {
        char spec[120];
        double m = 1.0;
        for (int k = 0; k < 1000; k++)
            m = tanh(cases[c].coupling * m + cases[c].field);
        snprintf(spec, sizeof spec, "ising:coupling=%.17g,field=%g,rate=%g", cases[c].coupling / N, cases[c].field,
                 cases[c].rate);
        double *x = trajectory(&self, spec, T, false, NULL), mean = mean_over(x + 100 * N, (T - 99) * N);
        cr_expect_float_eq(mean, m, 0.02, "%s: %g, expected %g", spec, mean, m);
        free(x);
    }
    scene_clear(&self);
}

/* A lattice of width columns and height rows that closes on itself; height 1 is a ring. Spins at random. */
static scene make_lattice(int width, int height) {
    int64_t n = (int64_t)width * height, edges = 0;
    throng_agent *source = malloc((size_t)(4 * n) * sizeof *source), *target = malloc((size_t)(4 * n) * sizeof *target);
    scene self = scene_make(n, 1, 46);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = i / width, column = i % width;
        const int64_t around[] = {row * width + (column + 1) % width, row * width + (column + width - 1) % width,
                                  (row + 1) % height * width + column, (row + height - 1) % height * width + column};
        for (int k = 0; k < (height > 1 ? 4 : 2); k++) {
            source[edges] = (throng_agent)around[k];
            target[edges++] = (throng_agent)i;
        }
        self.state[i] = self.state[i] < 0.5 ? -1.0 : 1.0;
    }
    scene_join(&self, edges, source, target, NULL);
    free(source);
    free(target);
    return self;
}

/* Mean product of neighbours in the second half of a run. */
static double neighbours_product(const scene *self, const char *spec, int steps) {
    throng_adjacency in = throng_graph_in(self->graph);
    double *x = trajectory(self, spec, steps, true, NULL), sum = 0.0;
    for (int t = steps / 2 + 1; t <= steps; t++)
        for (int64_t i = 0; i < self->n; i++)
            for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++)
                sum += x[t * self->n + i] * x[t * self->n + in.neighbours[e]];
    free(x);
    return sum / (double)(in.offsets[self->n] * (steps - steps / 2));
}

/* Exactly tanh(J) on a ring with turns; without turns and all at once the two halves of the ring do not see each other
 * at the same time, and their product is that of strangers. */
Test(world_limits, ising_on_a_ring_is_exact_with_turns) {
    TEST_NOT_SANITIZED();
    scene self = make_lattice(4000, 1);
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.7,rate=1,width=1", 600), tanh(0.7), 0.006);
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.3,rate=1,width=1", 600), tanh(0.3), 0.006);
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.7,rate=1", 600), 0.0, 0.02);
    /* the figures on its page */
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.7,rate=0.5", 600), 0.50, 0.01);
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.7,rate=0.1", 1000), 0.59, 0.01);
    scene_clear(&self);
}

/* Onsager's energy: -2 u = (1 + (2 / pi) (2 tanh^2(2 J) - 1) K(k)) / tanh(2 J), k = 2 sinh(2 J) / cosh^2(2 J); the
 * complete elliptic integral K(k) = pi / (2 agm(1, sqrt(1 - k^2))). */
static double onsager_product(double coupling) {
    double k = 2.0 * sinh(2.0 * coupling) / (cosh(2.0 * coupling) * cosh(2.0 * coupling)), a = 1.0,
           g = sqrt(1.0 - k * k), t = tanh(2.0 * coupling);
    for (int i = 0; i < 30; i++) {
        double mean = 0.5 * (a + g);
        g = sqrt(a * g);
        a = mean;
    }
    return 0.5 / t * (1.0 + (2.0 * t * t - 1.0) / a);
}

Test(world_limits, ising_on_a_square_lattice_has_onsagers_energy) {
    scene self = make_lattice(64, 64);
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.3,rate=1,width=64", 600), onsager_product(0.3),
                       0.006);
    /* beyond log(1 + sqrt(2)) / 2, from all alike: two steps a sweep */
    for (int64_t i = 0; i < self.n; i++)
        self.state[i] = 1.0;
    cr_expect_float_eq(neighbours_product(&self, "ising:coupling=0.5,rate=1,width=64", 600), onsager_product(0.5),
                       0.006);
    scene_clear(&self);
}

static double order_of(const double *angle, int64_t n) {
    double re = 0.0, im = 0.0;
    for (int64_t i = 0; i < n; i++) {
        re += cos(angle[i]);
        im += sin(angle[i]);
    }
    return hypot(re, im) / (double)n;
}

/* All align with the mean, and noise scatters them: 2 sin(noise / 2) / noise. Order falls with noise, on sparse graphs
 * to nothing before noise is complete; sums over more neighbours stand more. */
Test(world_limits, vicsek_order_falls_with_noise) {
    enum {
        N = 4000,
        T = 100
    };
    const double noises[] = {0.5, 1.0, 2.0, 4.0, 6.0};
    double before = 1.0;
    scene self = scene_make(N, 1, 47);
    scene_join_at_random(&self, 5, 48);
    for (int c = 0; c < 5; c++) {
        char spec[40];
        snprintf(spec, sizeof spec, "vicsek:noise=%g", noises[c]);
        double *x = trajectory(&self, spec, 3, false, NULL), order = order_of(x + 3 * N, N);
        cr_expect_float_eq(order, 2.0 * sin(0.5 * noises[c]) / noises[c], DEVIATIONS / sqrt(2.0 * N), "%s: %g", spec,
                           order);
        free(x);
        x = trajectory(&self, spec, T, true, NULL);
        double sparse = order_of(x + T * N, N);
        cr_expect(sparse < order + 0.01 && sparse < before, "%s: %g", spec, sparse);
        before = sparse;
        free(x);
    }
    cr_expect_lt(before, 0.08); /* at 6; 1 / sqrt(N) = 0.016 is no order */
    scene_clear(&self);
}

/* With nobody to hear it is a walk: the variance of headings grows by noise^2 / 12 a step. */
Test(world_limits, vicsek_alone_is_a_random_walk) {
    enum {
        N = 4000,
        T = 20
    };
    scene self = scene_make(N, 1, 49);
    const throng_agent none[1] = {0};
    scene_join(&self, 0, none, none, NULL);
    for (int i = 0; i < N; i++)
        self.state[i] = 0.0;
    double *x = trajectory(&self, "vicsek:noise=0.6", T, true, NULL), squares = 0.0;
    for (int i = 0; i < N; i++)
        squares += x[T * N + i] * x[T * N + i] / N;
    double expected = T * 0.36 / 12.0;
    cr_expect_float_eq(squares, expected, DEVIATIONS * expected * sqrt(2.0 / N), "%g, expected %g", squares, expected);
    free(x);
    scene_clear(&self);
}

/* Critical coupling 2 spread: order sqrt(1 - 2 spread / coupling) a bit above, none a bit below. */
Test(world_limits, kuramoto_is_critical_at_twice_the_spread) {
    enum {
        N = 4000,
        T = 500
    };
    const struct {
        const char *spec;
        double order;
    } cases[] = {{"kuramoto:coupling=0.8,spread=0.5,time-step=0.1", 0.0},
                 {"kuramoto:coupling=1.25,spread=0.5,time-step=0.1", 0.4472135955},
                 {"kuramoto:coupling=3,spread=0.5,time-step=0.1", 0.8164965809}};
    scene self = scene_make(N, 1, 50);
    for (int c = 0; c < 3; c++) {
        double *x = trajectory(&self, cases[c].spec, T, false, NULL), order = 0.0;
        for (int t = T - 100; t < T; t++)
            order += order_of(x + t * N, N) / 100;
        cr_expect_float_eq(order, cases[c].order, 0.06, "%s: %g", cases[c].spec, order);
        free(x);
    }
    scene_clear(&self);
}

/* ---- a market and a commons ------------------------------------------------------------------------------------- */

/* The largest |price| in the second half of a run of 800 steps, and how long a swing takes there. */
static double market_swings(const scene *self, const char *spec, bool graph, double *period) {
    double *price = trajectory_of(self, spec, 1, 800, graph, NULL), largest = 0.0, first = -1.0, last = -1.0;
    int64_t n = self->n, ups = 0;
    for (int t = 400; t <= 800; t++) {
        double before = price[(t - 1) * n], now = price[t * n];
        largest = fmax(largest, fabs(now));
        for (int64_t i = 1; i < n; i++)
            cr_assert_eq(price[t * n + i], now, "agent %lld sees another price", (long long)i);
        if (before < 0.0 && now >= 0.0) {
            last = t - now / (now - before);
            first = ups++ == 0 ? last : first;
        }
    }
    *period = ups > 1 ? (last - first) / (double)(ups - 1) : 0.0;
    free(price);
    return largest;
}

Test(world_limits, markets_swing_beyond_their_threshold) {
    scene self = scene_make(200, 8, 51);
    double period;
    for (int64_t i = 0; i < self.n; i++)
        self.state[i] *= 0.1;
    /* g = herding + trend impact = 0.9: back to worth */
    cr_expect_lt(market_swings(&self, "market-herding:herding=0.4,noise=0", false, &period), 1e-6);
    /* 1.02: bubbles and panics, as long as small ones should be */
    cr_expect_gt(market_swings(&self, "market-herding:herding=0.52,noise=0", false, &period), 0.03);
    cr_expect_float_eq(period, 6.283185307179586 / acos(1.0 - 0.05), 0.5, "%g steps", period);
    /* the figure on its page, and the same with neighbours and news */
    cr_expect_gt(market_swings(&self, "market-herding:noise=0", false, &period), 0.3);
    cr_expect_float_eq(period, 24.0, 0.5, "%g steps", period);
    cr_expect_gt(market_swings(&self, "market-herding", true, &period), 0.2);
    scene_clear(&self);
}

/* Without value a bubble is for ever, if herding and trend are strong enough: a = tanh(g a). */
Test(world_limits, bubbles_never_end_without_value) {
    scene self = scene_make(100, 1, 52);
    const char *specs[] = {"market-herding:herding=0.4,value=0,noise=0", "market-herding:herding=1,value=0,noise=0"};
    const double g[] = {0.9, 1.5};
    for (int c = 0; c < 2; c++) {
        double *x = trajectory(&self, specs[c], 400, false, NULL), a = 1.0;
        for (int k = 0; k < 2000; k++)
            a = tanh(g[c] * a);
        for (int i = 0; i < 100; i++)
            cr_assert_float_eq(x[400 * 100 + i], a, 1e-9);
        free(x);
    }
    scene_clear(&self);
}

/* The price moves by what all trade, silent agents' part not. */
Test(world_limits, the_silent_do_not_trade) {
    scene self = scene_make(50, 4, 53);
    double alpha[50], sum = 0.0;
    for (int i = 0; i < 50; i++) {
        alpha[i] = i % 3 == 0 ? 0.0 : test_uniform(54, i);
        sum += alpha[i] * self.state[i];
    }
    double *price = trajectory_of(&self, "market-herding:impact=0.3", 1, 1, true, alpha);
    cr_expect_float_eq(price[50], 0.3 * sum / 50.0, 1e-15);
    free(price);
    scene_clear(&self);
}

static double last_stock(const scene *self, const char *spec, int steps) {
    double *stock = trajectory_of(self, spec, 1, steps, false, NULL), last = stock[steps * self->n];
    free(stock);
    return last;
}

/* Efforts that stay: L = 1 - (exp(catch E) - 1) / growth is left of the stock, and nothing from catch E = log(1 +
 * growth) = 0.405 on. */
Test(world_limits, commons_collapse_beyond_what_grows_back) {
    scene self = scene_make(100, 1, 55);
    for (int i = 0; i < 100; i++)
        self.state[i] = 2.0 * (i % 2); /* mean 1 */
    double left = 1.0 - (exp(0.38) - 1.0) / 0.5;
    cr_expect_float_eq(last_stock(&self, "commons:catch=0.38,speed=0,norm=0", 3000), left * exp(0.38), 1e-9);
    cr_expect_lt(last_stock(&self, "commons:catch=0.43,speed=0,norm=0", 3000), 1e-9);
    scene_clear(&self);
}

/* Open access: profit drives effort until the stock pays nobody; too quick a crowd never comes to rest. Linearised:
 * S' = a S - b log e, log e' = log e + speed S, unstable from speed = (1 - a) / b on. */
Test(world_limits, commons_come_to_rest_where_nobody_profits) {
    scene self = scene_make(100, 1, 56);
    const double growth = 0.5, cost = 0.3;
    double left = ((1.0 + growth) - sqrt((1.0 + growth) * (1.0 + growth) - 4.0 * growth * cost)) / (2.0 * growth);
    double slope = 1.0 + growth - 2.0 * growth * left, rate = log(cost / left);
    double critical = (1.0 - slope * left / cost) / (slope * left * rate);
    char slow[80], quick[80];
    snprintf(slow, sizeof slow, "commons:norm=0,speed=%g", 0.9 * critical);
    snprintf(quick, sizeof quick, "commons:norm=0,speed=%g", 1.1 * critical);
    cr_expect_float_eq(critical, 0.845, 0.0005); /* the figure on its page */
    cr_expect_float_eq(last_stock(&self, "commons", 3000), cost, 1e-6);
    cr_expect_float_eq(last_stock(&self, slow, 6000), cost, 1e-6);
    double *stock = trajectory_of(&self, quick, 1, 6000, false, NULL), lowest = 1.0, highest = 0.0;
    for (int t = 5000; t <= 6000; t++) {
        lowest = fmin(lowest, stock[t * 100]);
        highest = fmax(highest, stock[t * 100]);
    }
    cr_expect(highest - lowest > 0.1, "between %g and %g", lowest, highest);
    free(stock);
    scene_clear(&self);
}
