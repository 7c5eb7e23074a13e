/* Insides of verification: the parts that verify.c calls one after the other. */
#ifndef THRONG_SRC_ATTRIBUTION_VERIFY_H
#define THRONG_SRC_ATTRIBUTION_VERIFY_H

#include "attribution/attribution.h"
#include "throng/verify.h"

/* Differences that are rounding; and those that a quadrature leaves between two ways to write down one game. */
#define THRONG_I_ROUNDING  1e-9
#define THRONG_I_SAME_GAME 1e-6

/* Two hundred normal deviates are all within so many standard errors in 999 of 1000 cases. */
#define THRONG_I_SIGMAS 4.6

/* A finished run: what a file says, and the same computed again. */
typedef struct throng_i_finished {
    throng_context *context;
    const throng_attribution *again;
    const double *phi;        /* [rows] the file's */
    const int64_t *first_row; /* [agents] of baseline "first"; NULL: an agent's baseline needs none */
    throng_verify_def def;
} throng_i_finished;

/* Adds a check that holds if number <= limit; a number that is none fails. */
void throng_i_judge(throng_verification *out, const char *name, double number, double limit, const char *text);

/* Adds a check that does not apply, and why. */
void throng_i_skip(throng_verification *out, const char *name, const char *why);

/* The larger of two numbers; one that is none wins. */
double throng_i_worse(double one, double other);

/* How far a credit may be off by the method's own word: near-exact methods say how near they are. 0 for exact ones, and
 * for those that sample, which have standard errors. @param phi [n] */
double throng_i_allowance(const throng_certificate *certificate, const double *phi, int64_t n);

/* The state that a row's agent is compared with; 0 for the baselines "neutral" and "mean". */
double throng_i_finished_baseline(const throng_i_finished *self, int64_t row);

/* Axioms and agreement with sampling, on a subsample of the last time: verify_sample.c. */
THRONG_MUST_USE throng_status throng_i_verify_sample(const throng_i_finished *self, throng_verification *out,
                                                     throng_error *err);

/* Deletion curves of the last time: deletion.c. */
THRONG_MUST_USE throng_status throng_i_verify_deletion(const throng_i_finished *self, throng_verification *out,
                                                       throng_error *err);

#endif
