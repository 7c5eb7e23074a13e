/* Probabilities from logs, their divergence and mixtures. */
#include "throng/simplex.h"
#include "throng/math.h"

#include <math.h>

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
