/**
 * Mechanisms: rules that turn what agents report into one outcome for all, and what each has to pay. A mechanism says
 * which axioms it promises; throng looks for reports that break them.
 */
#ifndef THRONG_MECHANISM_H
#define THRONG_MECHANISM_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is decided. Agents know a number of their own in [0, 1], their type, and report one. */
typedef enum throng_mechanism_domain {
    THRONG_MECHANISM_PLACE, /* a place in [0, 1]: to an agent at x it is worth 1 - |x - place| */
    THRONG_MECHANISM_GOOD,  /* who gets the one good there is: worth x to that agent, 0 to others */
} throng_mechanism_domain;

/** Axioms: bit k of throng_mechanism.axioms promises axiom k. What each says: throng_axiom_doc. */
typedef enum throng_axiom {
    THRONG_AXIOM_STRATEGYPROOF,
    THRONG_AXIOM_ANONYMOUS,
    THRONG_AXIOM_EFFICIENT,
    THRONG_AXIOM_UNANIMOUS,
    THRONG_AXIOM_INDIVIDUAL_FAIR_SHARE,
    THRONG_AXIOM_UNANIMOUS_FAIR_SHARE,
    THRONG_AXIOM_PROPORTIONAL,
    THRONG_AXIOM_PROPORTIONALLY_FAIR,
    THRONG_AXIOM_RATIONAL,
    THRONG_AXIOM_NO_DEFICIT,
    THRONG_AXIOM_COUNT
} throng_axiom;

/** "strategyproof", and what it says in a line. */
THRONG_API const char *throng_axiom_name(throng_axiom axiom);
THRONG_API const char *throng_axiom_doc(throng_axiom axiom);

/** Whether it says something about mechanisms that decide this. */
THRONG_API bool throng_axiom_applies(throng_axiom axiom, throng_mechanism_domain domain);

/** What was decided. */
typedef struct throng_outcome {
    double place;   /* PLACE */
    int64_t winner; /* GOOD: an agent; -1: nobody */
} throng_outcome;

/** A mechanism plug-in: plugins/mechanisms/NAME.c and a line in mechanisms.def. It has one of `phantom` and `decide`;
 *  what it decides may depend on its arguments alone. `param` is the descriptor's parameters, in its order. */
typedef struct throng_mechanism {
    throng_about about;
    throng_mechanism_domain domain;
    unsigned axioms; /* that it promises: 1u << THRONG_AXIOM_... */
    /**
     * The place where k of n agents say 1 and the others 0; does not fall with k. It says all: the outcome is the
     * median of the reports and the phantoms for k = 0..n (Moulin 1980), and the mechanism strategyproof and anonymous.
     */
    double (*phantom)(const double *param, int64_t k, int64_t n);
    /** Any other. @param reports [n] in [0, 1], n >= 1  @param out begins as {0, -1}  @param payments [n] begin as 0 */
    throng_status (*decide)(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err);
} throng_mechanism;

/* ---- deciding -------------------------------------------------------------------------------------------------- */

/** A mechanism with its parameters. */
typedef struct throng_rule throng_rule;

/** @param mechanism "uniform-phantom", "phantom:at=0.3"  @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER */
THRONG_API THRONG_MUST_USE throng_status throng_rule_open(throng_context *context, const char *mechanism,
                                                          throng_rule **out, throng_error *err);
THRONG_API void throng_rule_free(throng_rule *self);
THRONG_API const char *throng_rule_name(const throng_rule *self); /**< with every parameter */
THRONG_API const throng_mechanism *throng_rule_mechanism(const throng_rule *self);

/**
 * Decides.
 * @param reports  [n] in [0, 1], n >= 1; their order matters only to rules that are not anonymous
 * @param payments [n] out, what each agent pays
 * @return THRONG_E_ARGUMENT: nobody, or a report that is not in [0, 1].
 * Cost: phantoms: O(n), one pass over the reports and one over those near the outcome; no copy.
 */
THRONG_API THRONG_MUST_USE throng_status throng_rule_decide(const throng_rule *self, const double *reports, int64_t n,
                                                            throng_outcome *out, double *payments, throng_error *err);

/** What an agent of a type makes of an outcome for which it pays. */
THRONG_API double throng_rule_utility(const throng_rule *self, throng_outcome outcome, int64_t agent, double type,
                                      double payment);

/** How good a place is for all: the sum of 1 - |x - place|, and what that of the best place (a median) is. */
typedef struct throng_place_welfare {
    double welfare, best_welfare;
    double cost, best_cost; /* the sums of |x - place| */
} throng_place_welfare;

/** @param types [n] @return THRONG_E_MEMORY */
THRONG_API THRONG_MUST_USE throng_status throng_place_welfare_of(throng_context *context, const double *types,
                                                                 int64_t n, double place, throng_place_welfare *out,
                                                                 throng_error *err);

/* ---- looking for what breaks it -------------------------------------------------------------------------------- */

#define THRONG_MECHANISM_CHECK_AGENTS 200

/** What was found out about an axiom. */
typedef struct throng_axiom_finding {
    int64_t tried, broken; /* reports, or misreports, it said something about; and that broke it */
    double worst;          /* by how much at most: utility, or place. Beyond 1e-9 is broken; NaN: never tried */
    int n;                 /* agents of the smallest example that was found; 0: none */
    int agent;             /* strategyproof: who gains in it by reporting: */
    double instead;
    double example[THRONG_MECHANISM_CHECK_AGENTS]; /* [n] the types, truthfully reported but for that */
} throng_axiom_finding;

/** The worst there was of a ratio >= 1, to what is best. */
typedef struct throng_ratio_finding {
    double worst;
    int n;
    double example[THRONG_MECHANISM_CHECK_AGENTS];
} throng_ratio_finding;

typedef struct throng_mechanism_check {
    throng_axiom_finding axioms[THRONG_AXIOM_COUNT];
    throng_ratio_finding welfare, cost; /* PLACE: best welfare to welfare, cost to least cost */
} throng_mechanism_check;

/**
 * Searches for types at which an axiom is broken, whether promised or not. Types are uniform, in camps at the ends or
 * anywhere, near each other, or one apart from all others; misreports are drawn, or are the ends, others' reports,
 * and what would move a mean. It finds, it does not prove.
 * @param profiles how often types are drawn  @param agents 1..THRONG_MECHANISM_CHECK_AGENTS; 0: 2 to that, drawn
 * @param out [1] about 20 kB
 */
THRONG_API THRONG_MUST_USE throng_status throng_rule_check(const throng_rule *self, int64_t profiles, int agents,
                                                           uint64_t seed, throng_mechanism_check *out,
                                                           throng_error *err);

/** The types that throng_rule_check draws for a profile. @param types [THRONG_MECHANISM_CHECK_AGENTS] out
 *  @return how many agents there are */
THRONG_API int throng_mechanism_profile(int64_t profile, int agents, uint64_t seed, double *types);

/** The most agents for whom best replies are worked out. */
#define THRONG_MECHANISM_REPLIERS 10000

/**
 * What is reported where truth does not pay: from the truth on, one agent after the other reports what serves it best
 * given the others' reports, until nobody can gain more than 1e-12, or `rounds` times. For places that do not fall when
 * a report rises.
 * @param types [n], n <= THRONG_MECHANISM_REPLIERS  @param reports [n] out  @param payments [n] out
 * @param made  out: rounds that were made; rounds + 1 if it did not come to rest
 */
THRONG_API THRONG_MUST_USE throng_status throng_rule_best_replies(const throng_rule *self, const double *types,
                                                                  int64_t n, int64_t rounds, double *reports,
                                                                  throng_outcome *out, double *payments, int64_t *made,
                                                                  throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
