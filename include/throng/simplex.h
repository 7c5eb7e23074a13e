/**
 * Probabilities of n things: from logs, their divergence, and mixtures. Solvers and games share these; each is written
 * so that no number overflows, and gives the same bits everywhere that the C library's log does.
 */
#ifndef THRONG_SIMPLEX_H
#define THRONG_SIMPLEX_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** log(sum over i of exp(logs[i])); -infinity if all are. @param logs [n] n >= 1 */
THRONG_API double throng_simplex_log_sum_exp(int64_t n, const double *logs);

/** Probabilities in proportion to exp(logs[i]). @param logs [n] of which one is finite, n >= 1
 *  @param out [n] may be `logs` */
THRONG_API void throng_simplex_softmax(int64_t n, const double *logs, double *out);

/** sum over i of p[i] log(p[i] / q[i]), where 0 log 0 is 0; infinite if q lacks what p has. @param p, q [n] */
THRONG_API double throng_simplex_kl(int64_t n, const double *p, const double *q);

/** The geometric mixture, in proportion to p[i]^(1 - weight) q[i]^weight. What either lacks the mixture lacks, too,
 *  unless its weight is 0. @param weight in [0, 1]  @param out [n] may be p or q; something must be in both */
THRONG_API void throng_simplex_mix(int64_t n, const double *p, const double *q, double weight, double *out);

/** The nearest probabilities, by Euclid: max(x[i] - t, 0), with the t that makes them add up to 1. Exact, in at most n
 *  passes. @param x [n] finite  @param out [n] may be `x` */
THRONG_API void throng_simplex_project(int64_t n, const double *x, double *out);

/**
 * Makes slope.x - x'curvature x / 2 as large as it gets for probabilities x: FISTA (Beck and Teboulle 2009) that starts
 * anew when it turns back.
 * @param curvature [n][n] symmetric, positive semidefinite  @param slope [n]
 * @param steps     the most  @param tolerance  what may be missing at the end
 * @param x         [n] in: where to start; out: the best found. Without curvature the first of several best
 * @param room      [3 n]
 * @return how much may be missing at most
 */
THRONG_API double throng_simplex_quadratic(int64_t n, const double *curvature, const double *slope, int64_t steps,
                                           double tolerance, double *x, double *room);

#ifdef __cplusplus
}
#endif
#endif
