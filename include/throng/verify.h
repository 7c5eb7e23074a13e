/**
 * Verifying a finished run from its files: does it add up, does it come out again, does it treat doubles and bystanders
 * as it promises, does it agree with sampling, and does silencing its top agents undo the indicator?
 */
#ifndef THRONG_VERIFY_H
#define THRONG_VERIFY_H

#include "throng/attribution.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum throng_verdict {
    THRONG_VERDICT_HOLDS,
    THRONG_VERDICT_FAILS,
    THRONG_VERDICT_NOT_APPLICABLE,
    THRONG_VERDICT_COUNT
} throng_verdict;

/** "holds", "fails", "not applicable". */
THRONG_API const char *throng_verdict_name(throng_verdict verdict);

/** One check. */
typedef struct throng_check {
    const char *name; /* "efficiency" */
    throng_verdict verdict;
    double number, limit;             /* what was found and what is allowed, NaN without */
    char text[THRONG_MESSAGE_LENGTH]; /* what it means, or why it does not apply */
} throng_check;

#define THRONG_CHECKS_MAX      20
#define THRONG_DELETIONS_MAX   6
#define THRONG_DELETION_POINTS 21

/** What is left of an indicator while agents are silenced in some order. "random" is the mean of several orders, with
 *  the least and the most of them; for the others these are the curve itself. */
typedef struct throng_deletion {
    const char *order;                   /* "phi", "weight", "degree", "listeners" (in a world), "activity", "random" */
    double left[THRONG_DELETION_POINTS]; /* share of v(1) - v(0) left after a share of i / (points - 1) of the agents */
    double area;                         /* mean of left: smaller means that the order finds those who matter */
    double low[THRONG_DELETION_POINTS], high[THRONG_DELETION_POINTS];
    double area_low, area_high;
} throng_deletion;

typedef struct throng_verification {
    throng_check check[THRONG_CHECKS_MAX];
    int n_checks;
    throng_deletion deletion[THRONG_DELETIONS_MAX]; /* phi's first, random's last */
    int n_deletions;                                /* 0: not applicable */
    bool holds;                                     /* no check fails */
    bool partial; /* something could not be checked because a file that the run was made from is gone */
} throng_verification;

/**
 * What is left of v while agents are silenced in an order.
 * @param order  [function->n_agents] a permutation: who is silenced first
 * @param left   [points] out: (v(those still there) - v(0)) / (v(1) - v(0)) after floor(i n / (points - 1)) agents, i =
 * 0..
 * @param points >= 2
 * @return THRONG_E_ARGUMENT: no permutation; THRONG_E_DEGENERATE if v(1) = v(0) or a value is not finite; what value()
 * returns. Cost: O(n k) with aggregates, else `points` calls of value().
 */
THRONG_API THRONG_MUST_USE throng_status throng_deletion_curve(throng_context *context,
                                                               const throng_value_function *function,
                                                               const int64_t *order, int points, double *left,
                                                               throng_error *err);

/** A verification without checks: it holds. Checks are added to it. */
THRONG_API throng_verification throng_verification_default(void);

/** What else a verification may use. Zeroed: seed 0, no order by activity. */
typedef struct throng_verify_def {
    uint64_t seed;          /* of random orders */
    const double *activity; /* [rows] how much each row's agent did, for an order of deletion; NULL: unknown */
} throng_verify_def;

/**
 * Checks the credits of an attribution that was computed again against those that a file holds.
 * @param again  the attribution, computed again from the run's table and settings
 * @param phi    [rows] what the file says, in the population's order
 * @param out    checks are added, and deletion curves
 * @return THRONG_E_UNSUPPORTED if the players are cohorts, whose agents have no credits.
 * Cost: some attributions of 200 agents, a sort of the rows, and for the deletion curves O(agents) steps. With a world
 * parts of the crowd cannot be checked, and every point of a curve but the ends is a run.
 */
THRONG_API THRONG_MUST_USE throng_status throng_attribution_verify(throng_context *context,
                                                                   const throng_attribution *again, const double *phi,
                                                                   const throng_verify_def *def,
                                                                   throng_verification *out, throng_error *err);

/** Adds a check. For those who check what throng_attribution_verify cannot see, such as report.json. */
THRONG_API void throng_verification_add(throng_verification *verification, const char *name, throng_verdict verdict,
                                        double number, double limit, const char *text);

#ifdef __cplusplus
}
#endif
#endif
