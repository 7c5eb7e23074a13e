/* Probabilities from logs, their divergence and mixtures; projections, and the best of a concave function. */
#include "throng/simplex.h"
#include "throng/math.h"

#include <math.h>
#include <string.h>

#define CHECK_EVERY 8 /* steps of FISTA */

static double largest(int64_t n, const double *x) {
    double most = x[0];
    for (int64_t i = 1; i < n; i++)
        most = fmax(most, x[i]);
    return most;
}

double throng_simplex_log_sum_exp(int64_t n, const double *logs) {
    double most = largest(n, logs), sum = 0.0;
    if (isinf(most))
        return most;
    for (int64_t i = 0; i < n; i++)
        sum += throng_exp(logs[i] - most);
    return most + log(sum);
}

void throng_simplex_softmax(int64_t n, const double *logs, double *out) {
    double most = largest(n, logs), sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += out[i] = throng_exp(logs[i] - most);
    for (int64_t i = 0; i < n; i++)
        out[i] /= sum;
}

double throng_simplex_kl(int64_t n, const double *p, const double *q) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (p[i] > 0.0)
            sum += q[i] > 0.0 ? p[i] * log(p[i] / q[i]) : INFINITY;
    return sum;
}

/* 0 times the log of 0 is 0 here. */
static double part(double weight, double p) {
    return weight == 0.0 ? 0.0 : weight * log(p);
}

void throng_simplex_mix(int64_t n, const double *p, const double *q, double weight, double *out) {
    for (int64_t i = 0; i < n; i++)
        out[i] = part(1.0 - weight, p[i]) + part(weight, q[i]);
    throng_simplex_softmax(n, out, out);
}

/* ---- nearest and best ------------------------------------------------------------------------------------------ */

/* What lies below the mean excess of those left is 0, and those left become fewer, until all are above it (Michelot
 * 1986). */
void throng_simplex_project(int64_t n, const double *x, double *out) {
    double threshold = -INFINITY;
    for (int64_t left = 0, before = -1; left != before;) {
        double sum = 0.0;
        before = left;
        left = 0;
        for (int64_t i = 0; i < n; i++)
            if (x[i] > threshold) {
                sum += x[i];
                left++;
            }
        if (left == 0) /* rounded down to nobody: the last threshold stands */
            break;
        threshold = (sum - 1.0) / (double)left;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = fmax(x[i] - threshold, 0.0);
}

static void gradient(int64_t n, const double *curvature, const double *slope, const double *x, double *out) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++)
            sum += curvature[i * n + j] * x[j];
        out[i] = slope[i] - sum;
    }
}

/* No point is better by more than the best vertex is along the gradient. */
static double missing(int64_t n, const double *grows, const double *x) {
    double most = grows[0], here = 0.0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, grows[i]);
        here += grows[i] * x[i];
    }
    return fmax(most - here, 0.0);
}

/* Above the largest eigenvalue: neither the trace nor a row's sum of sizes lies below it. */
static double bound_curvature(int64_t n, const double *curvature) {
    double trace = 0.0, most = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++)
            sum += fabs(curvature[i * n + j]);
        trace += curvature[i * n + i];
        most = fmax(most, sum);
    }
    return fmin(trace, most);
}

double throng_simplex_quadratic(int64_t n, const double *curvature, const double *slope, int64_t steps,
                                double tolerance, double *x, double *room) {
    double *ahead = room, *grows = room + n, *next = room + 2 * n, bound = bound_curvature(n, curvature), pace = 1.0;
    if (!(bound > 0.0)) {
        int64_t best = 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = 0.0;
            best = slope[i] > slope[best] ? i : best;
        }
        x[best] = 1.0;
        return 0.0;
    }
    memcpy(ahead, x, (size_t)n * sizeof *x);
    for (int64_t step = 0; step < steps; step++) {
        double turned = 0.0, quicker = 0.5 * (1.0 + sqrt(1.0 + 4.0 * pace * pace));
        gradient(n, curvature, slope, ahead, grows);
        for (int64_t i = 0; i < n; i++)
            next[i] = ahead[i] + grows[i] / bound;
        throng_simplex_project(n, next, next);
        for (int64_t i = 0; i < n; i++)
            turned += (ahead[i] - next[i]) * (next[i] - x[i]);
        if (turned > 0.0)
            quicker = pace = 1.0;
        for (int64_t i = 0; i < n; i++)
            ahead[i] = next[i] + (pace - 1.0) / quicker * (next[i] - x[i]);
        pace = quicker;
        memcpy(x, next, (size_t)n * sizeof *x);
        if (step % CHECK_EVERY == 0) {
            gradient(n, curvature, slope, x, grows);
            if (missing(n, grows, x) <= tolerance)
                break;
        }
    }
    gradient(n, curvature, slope, x, grows);
    return missing(n, grows, x);
}
