/*
 * How near oceanic comes to the Shapley value, beside aumann-shapley, and what it costs.
 *
 * Crowds of standard normal states (exponentials of them for indicators of positive states) with Pareto(1.2) weights.
 * N = 20: relative L2 error against all 2^20 coalitions. N = 1000: against permutations with their reverses; two
 * independent halves of them, a and b, make sum (a - phi)(b - phi), from which their noise drops out; errors below the
 * noise that is left ("floor") cannot be told from it. Times: attributing 1,671,587 agents in place with 32 atoms and
 * with 10, the methods in turns, the fastest of each counts; wanted is at most 20 times the path with 32, for moment
 * indicators.
 *
 * bench/oceanic [pairs [agents]]    default: 1000 pairs of permutations, 1671587 agents; 0 pairs: times only; 0 agents:
 * none
 */
#define _POSIX_C_SOURCE 200809L
#include "scene.h"

#include <time.h>

/* ---- references ------------------------------------------------------------------------------------------------ */

/* All coalitions. */
static void enumerate(const scene *self, double *phi) {
    int n = (int)self->n, k = self->function.n_aggregates;
    double *steps = numbers((int64_t)n * k), *values = numbers((int64_t)1 << n), *m = numbers(2 * (int64_t)k),
           share[32];
    self->function.aggregate_origin(self->function.self, m + k);
    self->function.aggregate_steps(self->function.self, 0, n, steps);
    for (int S = 0; S < 1 << n; S++) {
        memcpy(m, m + k, (size_t)k * sizeof *m);
        for (int i = 0; i < n; i++)
            for (int j = 0; (S >> i & 1) && j < k; j++)
                m[j] += steps[i * k + j];
        values[S] = self->function.aggregate_value(self->function.self, m);
    }
    share[0] = 1.0 / n;
    for (int s = 1; s < n; s++)
        share[s] = share[s - 1] * s / (n - s);
    for (int i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (int S = 0; S < 1 << n; S++)
            if (!(S >> i & 1))
                phi[i] += share[__builtin_popcount((unsigned)S)] * (values[S | 1 << i] - values[S]);
    }
    free(steps);
    free(values);
    free(m);
}

/* Pairs of a permutation and its reverse. */
static void sample(const scene *self, uint64_t stream, int pairs, double *phi) {
    int64_t n = self->n;
    int k = self->function.n_aggregates, *order = malloc((size_t)n * sizeof *order);
    double *steps = numbers(n * k), *m = numbers(2 * (int64_t)k), u[4];
    FAIL_IF(!order, "out of memory");
    self->function.aggregate_origin(self->function.self, m + k);
    self->function.aggregate_steps(self->function.self, 0, n, steps);
    for (int p = 0; p < pairs; p++) {
        for (int i = 0; i < (int)n; i++) {
            throng_random_uniforms((throng_random){17, stream}, (uint64_t)p, (uint64_t)i, 0, u);
            int other = (int)(u[0] * (i + 1));
            order[i] = order[other];
            order[other] = i;
        }
        for (int reverse = 0; reverse < 2; reverse++) {
            memcpy(m, m + k, (size_t)k * sizeof *m);
            double before = self->function.aggregate_value(self->function.self, m);
            for (int64_t i = 0; i < n; i++) {
                int who = order[reverse ? n - 1 - i : i];
                for (int j = 0; j < k; j++)
                    m[j] += steps[(int64_t)who * k + j];
                double after = self->function.aggregate_value(self->function.self, m);
                phi[who] += 0.5 / pairs * (after - before);
                before = after;
            }
        }
    }
    free(order);
    free(steps);
    free(m);
}

/* Relative L2 error from two references (the same twice: plain); *floor is what their noise leaves. */
static double error_of(const scene *self, const double *a, const double *b, double *floor) {
    double product = 0.0, norm = 0.0, noise = 0.0;
    for (int64_t i = 0; i < self->n; i++) {
        product += (a[i] - self->phi[i]) * (b[i] - self->phi[i]);
        norm += a[i] * b[i];
        noise += (a[i] - b[i]) * (a[i] - b[i]) * (a[i] - b[i]) * (a[i] - b[i]) / 4.0;
    }
    *floor = sqrt(sqrt(noise) / norm);
    return sqrt(fabs(product) / norm);
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *spec;
    bool positive, moments;
} cases[] = {{"mean", false, true},
             {"variance", false, true},
             {"weighted-variance", false, true},
             {"tanh-exp", false, true},
             {"skewness", false, true},
             {"skewness:weighted=true", false, true},
             {"bimodality", false, true},
             {"bimodality:weighted=true", false, true},
             {"theil", true, false},
             {"theil:weighted=true", true, false},
             {"atkinson", true, false},
             {"atkinson:weighted=true", true, false},
             {"extremeness:weighted=true", false, false},
             {"entropy", false, false},
             {"entropy:weighted=true", false, false},
             {"esteban-ray", false, false},
             {"esteban-ray:weighted=true", false, false}};

#define N_CASES (int)(sizeof cases / sizeof *cases)

static void accuracy(throng_context *context, int c, int64_t n, int pairs) {
    scene self;
    throng_certificate path = {0}, ocean = {0};
    double floor = 0.0, error[2] = {0.0, 0.0};
    scene_open(&self, context, n, cases[c].positive);
    scene_look(&self, cases[c].spec);
    double *a = numbers(n), *b = numbers(n);
    if (n <= 20) {
        enumerate(&self, a);
        memcpy(b, a, (size_t)n * sizeof *a);
    } else {
        sample(&self, 1, pairs / 2, a);
        sample(&self, 2, pairs / 2, b);
    }
    if (scene_solve(&self, "aumann-shapley", NULL, &path))
        error[0] = error_of(&self, a, b, &floor);
    double start = throng_i_seconds();
    if (scene_solve(&self, "oceanic", NULL, &ocean))
        error[1] = error_of(&self, a, b, &floor);
    double seconds = throng_i_seconds() - start;
    printf("%-26s %5lld  %9.1e  %9.1e  %9.1e  %9.1e  %9.1e  %8.1f  %9lld  %8.2f ms\n", cases[c].spec, (long long)n,
           error[0], error[1], floor, ocean.error_estimate, ocean.efficiency_residual, error[0] / error[1],
           (long long)ocean.evaluations, 1e3 * seconds);
    fflush(stdout);
    free(a);
    free(b);
    throng_i_crowd_clear(&self.crowd);
    scene_close(&self);
}

static double processor_seconds(void) {
    struct timespec now;
    FAIL_IF(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0, "no clock");
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void speed(scene *self, const char *spec) {
    throng_certificate certificate = {0};
    double best[3] = {1e9, 1e9, 1e9};
    const char *methods[3] = {"aumann-shapley", "oceanic:atoms=32", "oceanic:atoms=10"};
    for (int run = 0; run < 25; run++)
        for (int m = 0; m < 3; m++) {
            double start = processor_seconds();
            scene_look(self, spec);
            if (!scene_solve(self, methods[m], NULL, &certificate))
                return;
            best[m] = fmin(best[m], processor_seconds() - start);
            throng_i_crowd_clear(&self->crowd);
        }
    printf("%-26s %8lld  %8.2f ms  %8.2f ms %5.1f  %8.2f ms %5.1f   %9.1e  %9.1e\n", spec, (long long)self->n,
           1e3 * best[0], 1e3 * best[1], best[1] / best[0], 1e3 * best[2], best[2] / best[0],
           certificate.error_estimate, certificate.efficiency_residual);
    fflush(stdout);
}

int main(int argc, char **argv) {
    throng_context *context = scene_context();
    int pairs = argc > 1 ? atoi(argv[1]) : 1000;
    int64_t n = argc > 2 ? atoll(argv[2]) : 1671587;
    printf("Relative L2 error against the Shapley value; %d pairs of permutations at N = 1000\n\n", pairs);
    printf("%-26s %5s  %9s  %9s  %9s  %9s  %9s  %8s  %9s  %11s\n", "indicator", "N", "path", "oceanic", "floor",
           "estimate", "residual", "ratio", "evals of f", "time");
    for (int64_t size = 20; pairs > 0 && size <= 1000; size *= 50)
        for (int c = 0; c < N_CASES; c++)
            accuracy(context, c, size, pairs);
    if (n > 0) {
        scene self;
        printf("\nTimes on %d threads\n\n%-26s %8s  %11s  %17s  %17s   %9s  %9s\n", throng_context_threads(context),
               "indicator", "agents", "path", "oceanic:atoms=32", "oceanic:atoms=10", "estimate", "residual");
        scene_open(&self, context, n, false);
        for (int c = 0; c < N_CASES; c++)
            if (cases[c].moments)
                speed(&self, cases[c].spec);
        scene_close(&self);
    }
    throng_context_free(context);
    return 0;
}
