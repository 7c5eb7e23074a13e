/**
 * Interventions: the least influence that has to be taken from a crowd for an outcome to reach a target.
 */
#ifndef THRONG_INTERVENE_H
#define THRONG_INTERVENE_H

#include "throng/attribution.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THRONG_RIVALS_MAX 8

/** An order of agents to compare with: the first are silenced. */
typedef struct throng_rival {
    const char *name;    /* "most followed" */
    const double *score; /* [agents] the largest come first; equal ones in the order of agents */
} throng_rival;

/** What is wanted. Start from throng_intervention_default(). */
typedef struct throng_intervention_def {
    double target;   /* that v is to reach, from the side on which v(1) lies; finite */
    double budget;   /* in (0, 1]: most influence that may be taken, as a share of everybody's; default 0.01 */
    bool silence;    /* agents are silenced or left alone, as few as possible; false: dampened, as little as possible */
    int iterations;  /* steps of projected gradient for every amount tried, >= 1; default 20 */
    double accuracy; /* of the amount found, relative, in (0, 1); default 0.02 */
    const throng_rival *rivals; /* [n_rivals] */
    int n_rivals;               /* 0..THRONG_RIVALS_MAX */
} throng_intervention_def;

THRONG_API throng_intervention_def throng_intervention_default(void);

/** What an order of agents achieves. */
typedef struct throng_rival_result {
    double value;  /* v with as much influence taken, from the first of the order */
    double amount; /* influence to take for the target, in agents; NaN: the whole budget does not reach it */
} throng_rival_result;

typedef struct throng_intervention {
    bool reached;         /* false: alpha is the best that was found within the budget */
    double before, value; /* v(1) and v(alpha) */
    double amount;        /* sum of 1 - alpha, in agents */
    int64_t n_touched;    /* agents with alpha < 1 */
    int64_t evaluations;  /* of v, gradients included */
    throng_rival_result rival[THRONG_RIVALS_MAX];
} throng_intervention;

/**
 * Finds participation alpha in [0, 1]^N with v(alpha) at the target and the smallest sum of 1 - alpha.
 *
 * For an amount A, v is moved towards the target as far as possible by projected gradient steps with backtracking, over
 * 0 <= 1 - alpha <= 1 and sum (1 - alpha) <= A, from the agents of largest slope; with `silence` the slopes at the last
 * set give the next one as long as that helps. Bisection over A then finds the least that suffices. v need not be
 * convex: what is found is a local optimum, and its value is v itself, computed anew at alpha.
 *
 * @param function  with a gradient; where alpha acts on influence this takes influence away
 * @param alpha     [agents] out
 * @return THRONG_OK also if the target was not reached: see out->reached. THRONG_E_PARAMETER (bounds above);
 *         THRONG_E_UNSUPPORTED (no gradient); what the function returns.
 * Cost: about `iterations` gradients for each of about log2(1 / accuracy) amounts, and as many values a rival.
 * Source: projected gradient: Bertsekas 1976, doi 10.1109/TAC.1976.1101194; the rest is throng's construction.
 */
THRONG_API THRONG_MUST_USE throng_status throng_intervene(throng_context *context,
                                                          const throng_value_function *function,
                                                          const throng_intervention_def *def, double *alpha,
                                                          throng_intervention *out, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
