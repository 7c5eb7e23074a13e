/**
 * Attribution through dynamics: a world, an indicator of its states, and what the crowd would have become had some
 * taken part less. It is a value function like any other: every method works on it.
 */
#ifndef THRONG_DYNAMICS_H
#define THRONG_DYNAMICS_H

#include "throng/attribution.h"
#include "throng/world.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A number that can be read off an indicator's values at steps 0..T. */
typedef struct throng_over_about {
    const char *name; /* "final", "ewma:PAST" */
    const char *doc;  /* one line */
} throng_over_about;

/** How many such numbers there are, and the index-th (NULL outside). */
THRONG_API int throng_over_count(void);
THRONG_API const throng_over_about *throng_over_at(int index);

/** Which number of a run is attributed. Start from throng_dynamics_default(). */
typedef struct throng_dynamics_def {
    const char *indicator; /* of one column at each step; default "variance" */
    const char *column;    /* which: a name of the world's columns; NULL: the first */
    const char *over;     /* see throng_over_at; default "final". Path integrals of numbers with kinks (max, min, times,
                             drawdown, price-crash) need not converge, and then say so: sampling methods always work */
    const double *weight; /* [agents] borrowed: for weighted indicators; NULL: everyone counts alike */
    bool per_step;        /* keep every agent's credit step by step: 8 bytes an agent and step */
    const int32_t
        *group; /* [agents] borrowed: 0..n_groups - 1, kinds of agents whose credits are added up; NULL: none */
    int n_groups;
} throng_dynamics_def;

THRONG_API throng_dynamics_def throng_dynamics_default(void);

typedef struct throng_dynamics throng_dynamics;

/**
 * @param simulation  must outlive the dynamics
 * @return THRONG_E_UNKNOWN_NAME (indicator, column or number), THRONG_E_PARAMETER, THRONG_E_WEIGHT, THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_dynamics_create(throng_simulation *simulation,
                                                                const throng_dynamics_def *def, throng_dynamics **out,
                                                                throng_error *err);
THRONG_API void throng_dynamics_free(throng_dynamics *dynamics);

/**
 * v(alpha): the number that comes out if agent i takes part with intensity alpha_i from the first step to the last. The
 * gradient is one reverse sweep; a path integral runs up to eight nodes in one sweep. Worlds that are not smooth have
 * no gradient: sampling methods then see the same random numbers in every run. It borrows the dynamics.
 */
THRONG_API throng_value_function throng_dynamics_function(throng_dynamics *dynamics);

/**
 * The indicator at every step, with everybody taking part by t.
 * @param series  [steps + 1] out   @return what a run returns. Cost: one run.
 */
THRONG_API THRONG_MUST_USE throng_status throng_dynamics_series(throng_dynamics *dynamics, double t, double *series,
                                                                throng_error *err);

/** The indicator of the states that a run's recorder is shown. THRONG_E_DEGENERATE says after which step. */
THRONG_API THRONG_MUST_USE throng_status throng_dynamics_indicator(throng_dynamics *dynamics, int64_t step,
                                                                   const double *const *state, double *value,
                                                                   throng_error *err);

/** The number (`over`) of a series. @param series  [steps + 1]   @return THRONG_E_DEGENERATE if it is undefined. */
THRONG_API THRONG_MUST_USE throng_status throng_dynamics_number(throng_dynamics *dynamics, const double *series,
                                                                double *number, throng_error *err);

/** [steps][agents] what each agent did in each step, of the last path integral; NULL unless per_step and one was made.
 *  Its sum over steps is phi. */
THRONG_API const double *throng_dynamics_steps(const throng_dynamics *dynamics);

/** Behaviours: what agents do that is told apart, 1 if nothing is; their names, NULL outside. */
THRONG_API int throng_dynamics_behaviours(const throng_dynamics *dynamics);
THRONG_API const char *throng_dynamics_behaviour_name(const throng_dynamics *dynamics, int behaviour);

/** [agents] each agent's credit for one of several behaviours, in all steps of the last path integral; NULL if there is
 *  one, or no path integral was made. Over behaviours they add up to phi. */
THRONG_API const double *throng_dynamics_behaviour(const throng_dynamics *dynamics, int behaviour);

/** [steps][n_groups][behaviours] what each group did in each step by each behaviour, of the last path integral; NULL
 *  without groups, or if credits came neither step by step nor behaviour by behaviour. */
THRONG_API const double *throng_dynamics_by_group(const throng_dynamics *dynamics);

/** [steps][agents] the same step by step; NULL also if throng_dynamics_steps is, or there is no memory for it. */
THRONG_API const double *throng_dynamics_behaviour_steps(const throng_dynamics *dynamics, int behaviour);

/** When a path integral's credits arose. The caller gives the arrays. */
typedef struct throng_course {
    double *phi;        /* [steps] out: sum of the credits of what was done in each step */
    double *absolute;   /* [steps] out: sum of their absolute values */
    double latency;     /* share of the steps that were left when nine tenths of |phi| had arisen: near 1 is early */
    double instability; /* Pearson's correlation of an agent's |phi| with the spread of its credits over steps; NaN
                           if either is constant */
    double synchronisation; /* mean over steps of |sum of phi| / sum of |phi|: 1 if all pull the same way */
} throng_course;

/**
 * The course of the last path integral, by the measures of arXiv 2601.20538.
 * @param n_agents, steps  of the simulation
 * @return THRONG_E_UNSUPPORTED if credits were not kept per step, or there is no step.   Cost: O(steps agents).
 */
THRONG_API THRONG_MUST_USE throng_status throng_dynamics_course(throng_context *context,
                                                                const throng_dynamics *dynamics, int64_t n_agents,
                                                                int64_t steps, throng_course *out, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
