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

#ifdef __cplusplus
}
#endif
#endif
