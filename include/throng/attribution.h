/**
 * Attribution: splits a macro indicator over the agents that made it, exactly additive, with a certificate.
 */
#ifndef THRONG_ATTRIBUTION_H
#define THRONG_ATTRIBUTION_H

#include "throng/indicator.h"
#include "throng/world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- value functions: what every method sees ------------------------------------------------------------------- */

/** Gauss-Legendre nodes on the ray from nobody (t = 0) to everybody (t = 1). */
typedef struct throng_nodes {
    int n;
    const double *t;      /* [n] in (0, 1) */
    const double *weight; /* [n] */
} throng_nodes;

/** What a pass over all agents gave. */
typedef struct throng_credit_sums {
    double phi;      /* sum of phi */
    double absolute; /* sum of |phi| */
    double change;   /* sum of |phi - phi by the coarser rule| */
} throng_credit_sums;

/**
 * The indicator as a function of participation alpha in [0,1]^N. A caller's own fills in self, n_agents, value and,
 * for methods that need it, gradient; the rest is optional and makes things fast.
 * Every function returns THRONG_OK or fails with a message; a value that is not finite is an error of throng's.
 */
typedef struct throng_value_function {
    void *self;
    int64_t n_agents;

    /** *out = v(alpha). @param alpha [n_agents] */
    throng_status (*value)(void *self, const double *alpha, double *out, throng_error *err);

    /** out[i] = dv/dalpha_i at alpha. @param out [n_agents] */
    throng_status (*gradient)(void *self, const double *alpha, double *out, throng_error *err);

    /** *out = v(t, ..., t). NULL: value is called. */
    throng_status (*ray_value)(void *self, double t, double *out, throng_error *err);

    /** *out = d/dt v(t, ..., t), if that is much cheaper than ray_credit; NULL otherwise. */
    throng_status (*ray_slope)(void *self, double t, double *out, throng_error *err);

    /** phi[i] = sum_q weight_q dv/dalpha_i(t_q, ..., t_q), and what it adds up to. `coarse` is the rule that
     * sums->change is measured against; NULL: change is not computed. phi NULL: only sums are wanted. NULL: gradient is
     * called. */
    throng_status (*ray_credit)(void *self, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                                throng_credit_sums *sums, throng_error *err);

    /** The aggregate form, if there is one: for coalitions, alpha_i = 0 or 1, v = f(m0 + sum over members of step_i)
     * with m0 and step_i in R^k. Methods that visit many coalitions then change k numbers instead of asking for v. On
     * the presence path it holds for every alpha. n_aggregates = 0: there is none, and the functions are NULL.
     * They may be called from several threads at once; value and gradient are called from one. */
    int n_aggregates;                                /* k, 1..THRONG_AGGREGATES_MAX */
    bool aggregates_linear;                          /* it holds for every alpha in [0,1]^N */
    void (*aggregate_origin)(void *self, double *m); /* m[k] = m0: nobody takes part. Cost O(n_agents k) */
    void (*aggregate_steps)(void *self, int64_t begin, int64_t end, double *steps); /* steps[end - begin][k] */
    double (*aggregate_value)(void *self, const double *m);                         /* f(m), NaN where undefined */
    void (*aggregate_gradient)(void *self, const double *m, double *out);           /* out[k] = df/dm_k */

    /** Two passes over all steps that cost much less than asking for the steps, if there are such; NULL: they are asked
     * for. summary: origin[k] = m0, sum[k] = sum of step_i, squares[k][k] = sum of step_i step_i^T.
     * quadratic: out[i] = linear . step_i + step_i^T square step_i with a symmetric square[k][k], and what that adds up
     * to (sums->change is 0). */
    throng_status (*aggregate_summary)(void *self, double *origin, double *sum, double *squares, throng_error *err);
    throng_status (*aggregate_quadratic)(void *self, const double *linear, const double *square, double *out,
                                         throng_credit_sums *sums, throng_error *err);

    /** v may be a mean over random draws 0..n_draws-1, of which value_at gives one; value gives their mean. Sampling
     * methods then make every draw an independent unit with an equal part of the permutations (or coalitions), so that
     * standard errors hold what the draws leave. 0: v is not random. */
    int64_t n_draws;
    throng_status (*value_at)(void *self, const double *alpha, int64_t draw, double *out, throng_error *err);

    /** For a v that is quicker with many coalitions at once: a method is then run on what is known already, again and
     * again, to see what it will ask for. From rehearse(true) on value and value_at answer what they do not know with
     * any number and write the question down, THRONG_E_BUDGET when they have enough; `answer` finds out all that was
     * written down, *n of them. rehearse(false) ends it and forgets what was not answered. NULL: one at a time. */
    void (*rehearse)(void *self, bool on);
    throng_status (*answer)(void *self, int64_t *n, throng_error *err);

    /** Size of the terms that v is made of, 0 if unknown: differences far below it are rounding, not credit. */
    double magnitude;

    /** The gradient may be singular at t = 0 and t = 1: methods place nodes accordingly. */
    bool singular_ends;

    /** On several ranks (throng/ranks.h): value can answer without the other ranks, so that each may ask for coalitions
     * of its own. false: all ranks ask for the same ones, together. Aggregates are always asked by each rank alone. */
    bool apart;
} throng_value_function;

/* ---- methods --------------------------------------------------------------------------------------------------- */

/** The proof that comes with an attribution. */
typedef struct throng_certificate {
    double nobody, everybody;   /* v(0) and v(1), in the indicator's unit */
    double sum_phi;             /* sum of phi, same unit */
    double efficiency_residual; /* |sum phi - (v(1) - v(0))| / max(|v(1) - v(0)|, 1e-4 moved), where moved is the
                                   largest of sum |phi|, the integral of |dv/dt| along the ray and a tenth of the
                                   function's magnitude, as far as they are known */
    double rule_change;         /* sum |phi - phi of the rule with half the nodes| / max(sum |phi|, 1e-4 moved) */
    double tolerance;           /* what the method was asked to reach */
    int quadrature_nodes;       /* nodes of the last rule; 0 for methods without one */
    int64_t evaluations;        /* coalitions that were evaluated; 0 for methods on the ray */
    double error_estimate;      /* the method's own estimate of the relative L2 error of phi against what it estimates;
                                   0 for methods that are exact */
    double interval;            /* half-width of a 95 % interval in standard errors (Student's t); 0 for methods that do
                                   not sample */
    int64_t parts, parts_planned; /* permutations or draws that were made, of at most so many; 0 for methods that do not
                                     sample */
    const char *parts_name;       /* "permutations", "draws"; NULL for those */
    bool efficient;               /* whether the method promises that phi adds up to v(1) - v(0) */
    bool converged;               /* whether it kept what it promises */
} throng_certificate;

/** Sums of phi over groups of agents, whose standard errors are wanted beside those of single agents: estimates of
 * agents are not independent, so that errors of groups cannot be made of theirs. A sum is over a run of groups, so that
 * sums can be nested. */
typedef struct throng_group_sums {
    const int32_t *group; /* [n_agents] 0..n_groups-1 */
    int n_groups;
    int n_sums;
    const int32_t *first, *count; /* [n_sums] sum s is over the groups first[s] .. first[s] + count[s] - 1 */
    double *standard_error;       /* [n_sums] out; NaN if the method does not sample, or cannot tell */
} throng_group_sums;

typedef struct throng_method_options {
    double tolerance; /* in (0, 1) */
    int nodes_max;    /* >= 2 */
    uint64_t seed;
    const double *param;    /* the descriptor's parameters, in its order */
    double *standard_error; /* [n_agents] out, may be NULL: of each phi; methods that do not sample set 0 */
    const throng_group_sums *group_sums; /* [n_group_sums] */
    int n_group_sums;
} throng_method_options;

/** A method plug-in. */
typedef struct throng_method {
    throng_about about;
    /** Fills phi [n_agents] and the certificate. THRONG_E_NOT_CONVERGED (a promise was not kept) (documented exception:
     * phi and certificate hold the last iterate), THRONG_E_UNSUPPORTED with one sentence why. The standard errors of
     * group_sums are NaN already: a method that can tell fills them. */
    throng_status (*attribute)(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err);
    bool samples;  /* it draws, and fills standard_error */
    bool by_share; /* of several ranks, each fills phi of its share of the agents, and looks at no others' */
} throng_method;

/** tolerance 1e-10, nodes_max 1024, seed 0, no standard errors. */
THRONG_API throng_method_options throng_method_options_default(void);

/**
 * Attributes a caller's own value function.
 * @param method   "aumann-shapley", with parameters if it has any: "name:key=value"
 * @param options  from throng_method_options_default(); param is set from `method`
 * @param phi      [function->n_agents] out
 * @return what the method returns; THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER, THRONG_E_EMPTY; THRONG_E_ARGUMENT: a
 *         group or a sum of group_sums that there is not.
 */
THRONG_API THRONG_MUST_USE throng_status throng_attribute_function(throng_context *context,
                                                                   const throng_value_function *function,
                                                                   const char *method,
                                                                   const throng_method_options *options, double *phi,
                                                                   throng_certificate *certificate, throng_error *err);

/* ---- black boxes ----------------------------------------------------------------------------------------------- */

/** A value function of which only values are known: a simulation, a model, a market. Start from
 *  throng_black_box_default(). */
typedef struct throng_black_box_def {
    int64_t n_agents; /* >= 1 */
    void *self;       /* handed to value */

    /** *out = what happens if the agents with alpha[i] = 1 take part and those with 0 do not. Randomness must depend on
     * `draw` alone, as throng_random_* keyed by it does: then all coalitions see the same luck (common random numbers).
     * Called from the context's own thread. @param alpha [n_agents] @return THRONG_OK, or a status and a message. */
    throng_status (*value)(void *self, const double *alpha, int64_t draw, double *out, throng_error *err);

    /** The same for n <= batch coalitions at once, for what is quicker so: a model on a graphics card, an array
     * program. Instead of value. Each out[b] must depend on its own coalition and draw alone: what stands in a batch
     * together is not promised. @param alpha [n][n_agents] @param draw [n] @param out [n] */
    throng_status (*values)(void *self, int64_t n, const double *alpha, const int64_t *draw, double *out,
                            throng_error *err);
    int64_t batch; /* default 1024 */

    int64_t draws;       /* v is the mean over draw = 0..draws-1; default 1: value is not random */
    int64_t cache_bytes; /* how much memory values that are known may take; default 64 MiB, 0: none */
    int64_t calls_max;   /* of value; default 0: any number. Sampling methods then end with the estimate so far, others
                            fail with THRONG_E_BUDGET */
} throng_black_box_def;

THRONG_API throng_black_box_def throng_black_box_default(void);

typedef struct throng_black_box throng_black_box;

/**
 * Makes a value function of a callback, for throng_attribute_function and every method that needs only `value`.
 *
 * Values of coalitions are kept and looked up by the whole coalition and draw, so that two are never mistaken for each
 * other; when the memory is full, new ones take the places of old ones. What is kept serves later attributions, too.
 * With `values` the method is rehearsed to find out what it will ask for, and results are the same bits as with
 * `value`; where it stops early, a batch or a quarter of all values may be asked for in vain. What no longer fits into
 * cache_bytes is asked for alone. The `seconds` of sampling methods knows only the time of the method itself then.
 *
 * The callback's own failure ends the attribution with its status and message; a value that is not finite is
 * THRONG_E_DEGENERATE. One box serves one context, from one thread at a time.
 *
 * @return THRONG_E_ARGUMENT (no agents, no callback or both, no draws, negative limits), THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_black_box_create(throng_context *context,
                                                                 const throng_black_box_def *def,
                                                                 throng_black_box **out, throng_error *err);
THRONG_API void throng_black_box_free(throng_black_box *box);

/** The value function; it borrows the box. */
THRONG_API throng_value_function throng_black_box_function(throng_black_box *box);

/** How many values were asked for, in how many calls of `values`, and how often the cache had the answer. */
typedef struct throng_black_box_counts {
    int64_t calls, batches, hits;
} throng_black_box_counts;
THRONG_API throng_black_box_counts throng_black_box_count(const throng_black_box *box);

/* ---- groups as players ----------------------------------------------------------------------------------------- */

typedef struct throng_grouped throng_grouped;

/**
 * Makes a value function whose players are groups of another's agents: the members of a group take part together, with
 * the group's intensity. Every method then credits groups, and shapley-exact takes a crowd in up to 24 groups.
 *
 * Everything that the agents' function can do the groups' can: values, draws, gradient and passes on the ray are those
 * of the agents, summed over groups; steps of an aggregate form are added up once, here. By the chain rule
 * aumann-shapley's (and gradient-input's) credit of a group is the sum of its members' credits; Shapley values have no
 * such rule: that of a group is not the sum of its members'. A group without members is a player that changes nothing.
 *
 * On the ray, `absolute` and `change` of throng_credit_sums are sums over the agents, which bound those over groups:
 * the same quadrature rule serves both.
 *
 * @param function  the agents'; copied, but what it points to must outlive the result
 * @param group     [function->n_agents] in 0..n_groups-1; copied
 * @param n_groups  >= 1
 * @return THRONG_E_ARGUMENT (a group that there is not), THRONG_E_EMPTY, THRONG_E_MEMORY.
 *
 * Cost: O(n_agents k) once, 20 bytes an agent; then what the agents' function costs.
 */
THRONG_API THRONG_MUST_USE throng_status throng_grouped_create(throng_context *context,
                                                               const throng_value_function *function,
                                                               const int32_t *group, int64_t n_groups,
                                                               throng_grouped **out, throng_error *err);
THRONG_API void throng_grouped_free(throng_grouped *grouped);

/** The value function over groups; it borrows `grouped`. */
THRONG_API throng_value_function throng_grouped_function(throng_grouped *grouped);

/* ---- attributing a population ---------------------------------------------------------------------------------- */

/** From where the path starts. */
typedef enum throng_baseline {
    THRONG_BASELINE_DEFAULT, /* what the indicator's descriptor says */
    THRONG_BASELINE_NEUTRAL, /* 0 */
    THRONG_BASELINE_MEAN,    /* the (weighted, if the indicator is) mean state of the agent's time */
    THRONG_BASELINE_FIRST,   /* the agent's own state at the first time it is there */
    THRONG_BASELINE_COLUMN,  /* the population's baseline column */
    THRONG_BASELINE_COUNT
} throng_baseline;

/** "state", "presence"; "neutral", "mean", "first", "column"; NULL for the defaults and unknown values. */
THRONG_API const char *throng_path_name(throng_path path);
THRONG_API const char *throng_baseline_name(throng_baseline baseline);

/** Who gets credit. */
typedef enum throng_players {
    THRONG_PLAYERS_AGENTS,
    THRONG_PLAYERS_COHORTS, /* all members of a cohort take part together; no agent gets credit of its own */
    THRONG_PLAYERS_COUNT
} throng_players;

/** "agents", "cohorts"; NULL for unknown values. */
THRONG_API const char *throng_players_name(throng_players players);

/** What to attribute, and how. Start from throng_attribution_default(). */
typedef struct throng_attribution_def {
    const char *indicator; /* default "variance"; "esteban-ray:alpha=1.3" gives parameters */
    const char *method;    /* default "aumann-shapley" */
    throng_path path;
    throng_baseline baseline;
    double tolerance;          /* default 1e-10 */
    int nodes_max;             /* default 1024 */
    uint64_t seed;             /* default 0; for methods that draw */
    const throng_graph *graph; /* over the population's agents, must outlive the attribution; for network indicators,
                                  which need one, and for worlds; NULL for all others */
    const throng_cohorts *cohorts; /* of the population, must outlive the attribution: their sums get standard errors if
                                      the method samples; NULL: none */
    throng_players players; /* default agents; cohorts needs `cohorts`, every one a player (see throng_grouped) */

    /** What becomes of the states before the indicator is taken; NULL: nothing, they are what was observed. With a
     * world the value function is that of dynamics.h: `path` must be the default (the world's participation says what
     * taking part means), `baseline` is that of participation "innate" (default: neutral), and there is one time. */
    const throng_simulation_def *world;
    const char *over;     /* with a world: which number of the run, see throng_over_at; NULL: "final" */
    const char *column;   /* with a world: which of its columns; NULL: the first */
    const int32_t *group; /* [agents] with a world, borrowed: see throng_dynamics_def; NULL: none */
    int n_groups;
} throng_attribution_def;

THRONG_API throng_attribution_def throng_attribution_default(void);

typedef struct throng_attribution throng_attribution;

/**
 * Attributes an indicator of a population to its agents, at each time, and its change from the first time to the last.
 *
 * phi[row] is what the row's agent contributed to v(1) - v(0) at its time. The change of the indicator is the value
 * function v_last - v_first, so by linearity an agent's part in it is phi(last) - phi(first), 0 where it is absent.
 * An absent agent is silent, not deleted: it keeps its mass and contributes what the baseline does, so the path never
 * divides by an empty crowd. Shape indicators (shift and scale invariant) take, on the presence path, a normal
 * reference crowd with the observed mean and spread in place of a point: see the descriptor.
 *
 * @param population  must outlive the attribution
 * @param out  also set with THRONG_E_CANCELLED (documented exception) if there is one time and a sampling method had at
 *             least two draws: the estimate so far, see throng_attribution_complete
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER; THRONG_E_DOMAIN (a state the indicator does not allow);
 *         THRONG_E_DEGENERATE (undefined value, or constant path); THRONG_E_NOT_CONVERGED; THRONG_E_CANCELLED.
 *
 * Cost: two passes over the rows for moment indicators (bound by memory bandwidth); 8 bytes a row for phi.
 * Source: Aumann and Shapley 1974; arXiv 2605.11404. Paths, baselines and reference crowds are throng's construction.
 */
THRONG_API THRONG_MUST_USE throng_status throng_attribute(throng_context *context, const throng_population *population,
                                                          const throng_attribution_def *def, throng_attribution **out,
                                                          throng_error *err);
THRONG_API void throng_attribution_free(throng_attribution *attribution);

/** What ran, and its credits step by step; NULL without a world. Valid until the attribution is freed. */
struct throng_dynamics;
THRONG_API const throng_simulation *throng_attribution_simulation(const throng_attribution *attribution);
THRONG_API const struct throng_dynamics *throng_attribution_dynamics(const throng_attribution *attribution);

/** [rows] phi in the order of the population's rows; NULL if the players are cohorts. */
THRONG_API const double *throng_attribution_phi(const throng_attribution *attribution);

/** Whether the work was done to its end; false for the estimate of a method that was stopped. */
THRONG_API bool throng_attribution_complete(const throng_attribution *attribution);

/** [rows] the standard error of each phi; NULL if the method does not sample, or the players are cohorts. phi plus or
 * minus the certificate's `interval` times this is a 95 % interval. */
THRONG_API const double *throng_attribution_standard_error(const throng_attribution *attribution);

/** An upper bound of the standard error of an agent's part in the change: draws at the two times are not independent,
 * so the two standard errors are added. With one time it is that of phi. 0 if the method does not sample. */
THRONG_API double throng_attribution_change_error(const throng_attribution *attribution, throng_agent agent);

/** The certificate of the index-th time. */
THRONG_API throng_certificate throng_attribution_certificate(const throng_attribution *attribution, int64_t time);

/** What was resolved: indicator and method with all parameters, path and baseline. Strings live as long as self. */
THRONG_API throng_attribution_def throng_attribution_resolved(const throng_attribution *attribution);

/** The descriptor of the indicator, and whether it counts agents by their weight. */
THRONG_API const throng_indicator *throng_attribution_indicator(const throng_attribution *attribution);
THRONG_API bool throng_attribution_weighted(const throng_attribution *attribution);

/** Whether the absent are a normal reference crowd with the observed mean and spread, not agents at a baseline. */
THRONG_API bool throng_attribution_reference_crowd(const throng_attribution *attribution);

/** The change from the first time to the last. With one time: from baseline to observed. */
typedef struct throng_change {
    double before, after;       /* the indicator at the first and at the last time; with one time v(0) and v(1) */
    double baseline_shift;      /* how much v(0) differs between the two times: no agent is credited with it */
    double sum_phi;             /* sum over agents */
    double efficiency_residual; /* |sum_phi - (after - before - baseline_shift)|, relative as in a certificate */
} throng_change;
THRONG_API throng_change throng_attribution_change(const throng_attribution *attribution);

/** [agents] each agent's part in the change. With one time it is phi by agent. NULL if the players are cohorts. */
THRONG_API const double *throng_attribution_change_phi(const throng_attribution *attribution);

/** One cohort's part: its agents, the sum of their phi and of |phi|. A cohort that is a player has one phi, its own. */
typedef struct throng_cohort_credit {
    int64_t n_agents;
    double phi, absolute;
    double standard_error; /* of phi; NaN if the method does not sample or cannot tell, or if the cohorts are not those
                              of the attribution's def. In the change an upper bound, as for agents */
} throng_cohort_credit;

/** Credits of all cohorts at one time, or, with time -1, in the change: an agent is in the cohort it has at the last
 *  time, or at the first if it is gone. Cohorts that are players change as a whole, from their credit at the first time
 *  to that at the last, whoever is in them. Their credits are known for the cohorts of the attribution's def only, and
 *  NaN for others. @param out [throng_cohorts_count] */
THRONG_API void throng_attribution_cohorts(const throng_attribution *attribution, const throng_cohorts *cohorts,
                                           int64_t time, throng_cohort_credit *out);

/** The same for the branches of the tree that nested cohorts form: a branch is, bit for bit, the sum of the branches
 *  right within it, in their order. @param out [throng_cohorts_branches] */
THRONG_API void throng_attribution_branches(const throng_attribution *attribution, const throng_cohorts *cohorts,
                                            int64_t time, throng_cohort_credit *out);

#define THRONG_LORENZ_POINTS 101

/** How unevenly |phi| is spread over agents. */
typedef struct throng_concentration {
    double gini;                         /* of |phi|: 0 everybody alike, towards 1 one agent has all; 0 if all are 0 */
    int64_t half;                        /* smallest number of agents that hold half of all |phi| */
    double lorenz[THRONG_LORENZ_POINTS]; /* share of all |phi| that the least concerned i percent hold, i = 0..100 */
    double top_thousandth, top_hundredth,
        top_tenth; /* share of the largest 0.1, 1 and 10 percent, at least one agent */
} throng_concentration;

/**
 * Concentration of |phi| at one time, or, with time -1, in the change, over all agents that are there (in the change:
 * at either end). |phi| is rounded to 24 bits for sorting.
 * @return THRONG_E_MEMORY; THRONG_E_UNSUPPORTED if the players are cohorts.
 *
 * Cost: a radix sort of 4 bytes an agent.   Threads: yes; the result does not depend on their number.
 */
THRONG_API THRONG_MUST_USE throng_status throng_attribution_concentration(const throng_attribution *attribution,
                                                                          int64_t time, throng_concentration *out,
                                                                          throng_error *err);

/** One entry of a list of top agents. */
typedef struct throng_top_agent {
    throng_agent agent;
    int64_t row; /* its row at the time, or at the last (else first) time for the change */
    double phi;
} throng_top_agent;

/** The agents with the largest |phi| at one time, or, with time -1, in the change; ties go to the earlier agent.
 *  @param out [n] @return how many there are, <= n; 0 if the players are cohorts. */
THRONG_API int throng_attribution_top(const throng_attribution *attribution, int64_t time, int n,
                                      throng_top_agent *out);

#ifdef __cplusplus
}
#endif
#endif
