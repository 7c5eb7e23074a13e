/*
 * Attribution against sampled Shapley values at equal accuracy, in one run.
 *
 * aumann-shapley and oceanic are not the Shapley value but come within some distance of it. For each crowd and
 * indicator the rival, shapley-sampled, is given as many permutations as it needs to be as near (relative L2), and the
 * two times are divided.
 *
 * Errors: oceanic's is its own estimate, which on crowds that can be enumerated is above the true error more often than
 * not (docs/oceanic.md). aumann-shapley's is its distance from oceanic; where the sampler can see it, its distance from
 * the sampler, freed of the sampler's noise, stands beside it. The sampler's is measured: standard errors of all agents
 * from PILOT pairs of permutations. Its error falls as one over the root of the permutations, so the pilot says how
 * many it takes. If that takes at most RUN_SECONDS, exactly so many are run and timed, and the figure is marked "m";
 * otherwise it is the pilot's time stretched to so many, marked "x".
 *
 * Two samplers: with incremental aggregates, O(k) a step, which few implementations have, and one that adds up every
 * coalition, as an implementation that takes any value function must. The second is timed up to SCRATCH_MAX agents; the
 * law c N^a through those points, which are printed, stretches it further.
 *
 * bench/shapley [--plot FILE.svg] [agents ...]    default: 100 1000 10000 100000 1671587
 */
#define _POSIX_C_SOURCE 200809L
#include "plot.h"
#include "scene.h"

#define PILOT_SECONDS 0.5 /* spent on finding the sampler's standard error, at least ... */
#define PILOT_MIN     32  /* ... and at most so many permutations */
#define PILOT_MAX     20000
#define RUN_SECONDS   3.0
#define SCRATCH_MAX   20000
#define RUNS          9
#define SIZES_MAX     8

static const char *const specs[] = {"tanh-exp", "bimodality:weighted=true", "skewness:weighted=true", "skewness",
                                    "variance"};
#define N_SPECS (int)(sizeof specs / sizeof *specs)

/* Seconds of the fastest, the middle and the slowest of several runs. */
typedef struct spread {
    double fastest, median, slowest;
} spread;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static spread spread_of(double *seconds, int n) {
    qsort(seconds, (size_t)n, sizeof *seconds, by_size);
    return (spread){seconds[0], seconds[n / 2], seconds[n - 1]};
}

/* Time of a method, the first pass over the agents included; its phi stay in self->phi. */
static spread time_method(scene *self, const char *spec, const char *method, int runs, throng_certificate *out) {
    double seconds[RUNS];
    for (int run = 0; run < runs; run++) {
        throng_i_crowd_clear(&self->crowd);
        double start = throng_i_seconds();
        scene_look(self, spec);
        FAIL_IF(!scene_solve(self, method, NULL, out), "a method failed");
        seconds[run] = throng_i_seconds() - start;
    }
    return spread_of(seconds, runs);
}

/* ---- the sampler ----------------------------------------------------------------------------------------------- */

static double sample(scene *self, double permutations, double *error, throng_certificate *out) {
    char method[96];
    snprintf(method, sizeof method, "shapley-sampled:permutations=%.0f", permutations);
    double start = throng_i_seconds();
    FAIL_IF(!scene_solve(self, method, error, out), "sampling failed");
    return throng_i_seconds() - start;
}

/* What sampling costs and how wrong it is, for one crowd and indicator. */
typedef struct sampler {
    double each;     /* seconds a permutation */
    double wrong;    /* relative L2 standard error times the root of the permutations */
    double distance; /* of aumann-shapley, as far as the sampler can see; 0: it cannot */
    double exact;    /* seconds to the exact value, if one pair and its reverse have it; else 0 */
} sampler;

/* path[n]: phi by aumann-shapley. */
static sampler look_at_sampler(scene *self, const double *path) {
    throng_certificate certificate = {0};
    double *error = numbers(self->n), permutations = PILOT_MIN,
           seconds = sample(self, permutations, error, &certificate);
    if (certificate.error_estimate < 1e-8) {
        free(error);
        return (sampler){.exact = seconds};
    }
    permutations = fmin(fmax(permutations * PILOT_SECONDS / seconds, PILOT_MIN), PILOT_MAX);
    seconds = sample(self, permutations, error, &certificate);
    double apart = 0.0, noise = 0.0, norm = 0.0;
    for (int64_t i = 0; i < self->n; i++) {
        apart += (self->phi[i] - path[i]) * (self->phi[i] - path[i]);
        noise += error[i] * error[i];
        norm += self->phi[i] * self->phi[i];
    }
    free(error);
    bool seen = apart > 4.0 * noise;
    return (sampler){.each = seconds / permutations,
                     .wrong = sqrt(noise / norm * permutations),
                     .distance = seen ? sqrt((apart - noise) / norm) : 0.0};
}

/* ---- every coalition from scratch ------------------------------------------------------------------------------ */

#define SCRATCH_POINTS 5

/* Seconds a permutation = c N^a, through points[0..n_points - 1]. */
typedef struct law {
    int n_points;
    double agents[SCRATCH_POINTS], seconds[SCRATCH_POINTS], c, a, worst;
} law;

static void fit(law *self) {
    double n = self->n_points, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (int p = 0; p < self->n_points; p++) {
        double u = log(self->agents[p]), v = log(self->seconds[p]);
        x += u;
        y += v;
        xx += u * u;
        xy += u * v;
    }
    self->a = (n * xy - x * y) / (n * xx - x * x);
    self->c = exp((y - self->a * x) / n);
    for (int p = 0; p < self->n_points; p++)
        self->worst = fmax(self->worst, fabs(self->seconds[p] / (self->c * pow(self->agents[p], self->a)) - 1.0));
}

static law measure_scratch(throng_context *context, const char *spec) {
    static const int64_t sizes[SCRATCH_POINTS] = {1000, 2000, 5000, 10000, SCRATCH_MAX};
    law self = {.n_points = SCRATCH_POINTS};
    for (int p = 0; p < self.n_points; p++) {
        scene crowd;
        throng_certificate certificate = {0};
        scene_open(&crowd, context, sizes[p], false);
        scene_look(&crowd, spec);
        double start = throng_i_seconds(), permutations = sizes[p] < 3000 ? 64.0 : 8.0;
        char method[96];
        snprintf(method, sizeof method, "shapley-sampled:permutations=%.0f,incremental=false", permutations);
        FAIL_IF(!scene_solve(&crowd, method, NULL, &certificate), "sampling failed");
        self.agents[p] = (double)sizes[p];
        /* A game that is found out to be quadratic stops after two pairs. */
        if (certificate.error_estimate < 1e-8)
            permutations = 4.0;
        self.seconds[p] = (throng_i_seconds() - start) / permutations;
        throng_i_crowd_clear(&crowd.crowd);
        scene_close(&crowd);
    }
    fit(&self);
    printf("\nFrom scratch, %s: seconds a permutation %.3g N^%.2f, off by at most %.0f %% at", spec, self.c, self.a,
           100.0 * self.worst);
    for (int p = 0; p < self.n_points; p++)
        printf("%s %.0f agents (%.3g s)", p ? "," : "", self.agents[p], self.seconds[p]);
    printf(".\n\n");
    return self;
}

/* ---- equal accuracy -------------------------------------------------------------------------------------------- */

/* One rival: its error and time; what sampling takes to be as near. */
typedef struct contest {
    double error, seconds, permutations, incremental, scratch;
    bool measured; /* `incremental` was: else it is the pilot's time, stretched */
} contest;

typedef struct row {
    const char *spec;
    int64_t n;
    double seen; /* distance of aumann-shapley from the sampler's phi, 0 if it cannot be seen */
    contest path, ocean;
} row;

/* The middle of several runs where they are short. */
static double sample_often(scene *self, double permutations, double expected) {
    throng_certificate certificate = {0};
    double seconds[RUNS];
    int runs = expected < 0.1 * RUN_SECONDS ? RUNS : 1;
    for (int run = 0; run < runs; run++)
        seconds[run] = sample(self, permutations, NULL, &certificate);
    return spread_of(seconds, runs).median;
}

/* Fills in what sampling takes. */
static void compete(scene *self, const sampler *sampling, const law *scratch, contest *out) {
    double agents = (double)self->n, each = scratch->c * pow(agents, scratch->a);
    if (sampling->exact > 0.0) {
        *out = (contest){out->error, out->seconds, 4.0, sampling->exact, 4.0 * each, true};
        return;
    }
    double ratio = sampling->wrong / fmax(out->error, 1e-16), expected = 0.0;
    out->permutations = fmax(ceil(ratio * ratio / 2.0) * 2.0, 2.0);
    expected = out->permutations * sampling->each;
    out->measured = expected <= RUN_SECONDS && out->permutations >= 4.0;
    out->incremental = out->measured ? sample_often(self, out->permutations, expected) : expected;
    out->scratch = out->permutations * each;
}

static row measure(throng_context *context, const char *spec, int64_t n, const law *scratch) {
    scene self;
    throng_certificate certificate = {0};
    scene_open(&self, context, n, false);
    double *path = numbers(n), apart = 0.0, norm = 0.0;
    row out = {.spec = spec, .n = n};
    out.path.seconds = time_method(&self, spec, "aumann-shapley", RUNS, &certificate).median;
    memcpy(path, self.phi, (size_t)n * sizeof *path);
    out.ocean.seconds = time_method(&self, spec, "oceanic", n > 1000 ? RUNS : 3, &certificate).median;
    out.ocean.error = certificate.error_estimate;
    for (int64_t i = 0; i < n; i++) {
        apart += (self.phi[i] - path[i]) * (self.phi[i] - path[i]);
        norm += self.phi[i] * self.phi[i];
    }
    out.path.error = sqrt(apart / norm);
    sampler sampling = look_at_sampler(&self, path);
    out.seen = sampling.distance;
    compete(&self, &sampling, scratch, &out.path);
    compete(&self, &sampling, scratch, &out.ocean);
    throng_i_crowd_clear(&self.crowd);
    scene_close(&self);
    free(path);
    return out;
}

static void print_contest(const char *rival, const row *it, const contest *c) {
    printf("| %s | %lld | %s | %.1e", it->spec, (long long)it->n, rival, c->error);
    if (c == &it->path && it->seen > 0.0)
        printf(" (%.1e)", it->seen);
    printf(" | %.3g ms | %.2g | %.3g s %s | **%.1e** | %.3g s | **%.1e** |\n", 1e3 * c->seconds, c->permutations,
           c->incremental, c->measured ? "m" : "x", c->incremental / c->seconds, c->scratch, c->scratch / c->seconds);
    fflush(stdout);
}

/* ---- orientation ----------------------------------------------------------------------------------------------- */

/* Variance, where sampling is cheap: what shapley-sampled takes alone. */
static void orientation(throng_context *context, int64_t n) {
    scene self;
    throng_certificate certificate = {0};
    scene_open(&self, context, n, false);
    scene_look(&self, "variance");
    spread path = time_method(&self, "variance", "aumann-shapley", RUNS, &certificate);
    double *exact = numbers(n), apart = 0.0, norm = 0.0;
    memcpy(exact, self.phi, (size_t)n * sizeof *exact);
    spread sampled = time_method(&self, "variance", "shapley-sampled", RUNS, &certificate);
    for (int64_t i = 0; i < n; i++) {
        apart += (self.phi[i] - exact[i]) * (self.phi[i] - exact[i]);
        norm += exact[i] * exact[i];
    }
    printf("| %lld | %.3g ms | %.3g ms | %.3g ms | %.1e | %.3g ms |\n", (long long)n, 1e3 * sampled.fastest,
           1e3 * sampled.median, 1e3 * sampled.slowest, sqrt(apart / norm), 1e3 * path.median);
    fflush(stdout);
    throng_i_crowd_clear(&self.crowd);
    scene_close(&self);
    free(exact);
}

/* ---- the plot -------------------------------------------------------------------------------------------------- */

static void draw(const char *path, const row *rows, int n_sizes) {
    static const char *const colours[N_SPECS] = {"#b2182b", "#1b7837", "#2166ac", "#762a83", "#666666"};
    plot self;
    plot_open(&self, path, "aumann-shapley against sampling at equal accuracy: times as fast", "agents", 2.0, 6.5, 0.0,
              10.0);
    plot_band(&self, 4.0, 5.0, "four to five orders");
    for (int s = 0; s < N_SPECS; s++) {
        double x[SIZES_MAX], incremental[SIZES_MAX], scratch[SIZES_MAX];
        for (int i = 0; i < n_sizes; i++) {
            const row *it = &rows[s * n_sizes + i];
            x[i] = log10((double)it->n);
            incremental[i] = log10(it->path.incremental / it->path.seconds);
            scratch[i] = log10(it->path.scratch / it->path.seconds);
        }
        plot_line(&self, n_sizes, x, incremental, colours[s], false);
        plot_line(&self, n_sizes, x, scratch, colours[s], true);
        plot_legend(&self, s, specs[s], colours[s]);
    }
    plot_note(&self, "solid: incremental aggregates; dashed: every coalition from scratch");
    plot_close(&self);
}

int main(int argc, char **argv) {
    static row rows[N_SPECS * SIZES_MAX];
    int64_t sizes[SIZES_MAX] = {100, 1000, 10000, 100000, 1671587};
    int n_sizes = 0, first = 1;
    const char *plot_path = NULL;
    throng_context *context = scene_context();
    if (argc > 2 && strcmp(argv[1], "--plot") == 0) {
        plot_path = argv[2];
        first = 3;
    }
    for (int i = first; i < argc && n_sizes < SIZES_MAX; i++)
        sizes[n_sizes++] = atoll(argv[i]);
    n_sizes = n_sizes > 0 ? n_sizes : 5;
    printf(
        "Sampled Shapley at the accuracy of its rivals, %d threads. Times: median of %d, first pass included; m: as "
        "many\npermutations were run, x: the time of fewer, stretched by their number. In brackets: the distance from "
        "the sampler.\n",
        throng_context_threads(context), RUNS);
    for (int s = 0; s < N_SPECS; s++) {
        law scratch = measure_scratch(context, specs[s]);
        printf(
            "| indicator | agents | rival | its error | its time | permutations | incremental | ratio | from scratch "
            "| ratio |\n|---|---|---|---|---|---|---|---|---|---|\n");
        for (int i = 0; i < n_sizes; i++) {
            row *it = &rows[s * n_sizes + i];
            *it = measure(context, specs[s], sizes[i], &scratch);
            print_contest("aumann-shapley", it, &it->path);
            print_contest("oceanic", it, &it->ocean);
        }
    }
    printf("\nshapley-sampled by itself, variance\n\n| agents | fastest | median | slowest | error | aumann-shapley "
           "|\n|---|---|---|---|---|---|\n");
    orientation(context, 10000);
    orientation(context, 1000000);
    if (plot_path)
        draw(plot_path, rows, n_sizes);
    throng_context_free(context);
    return 0;
}
