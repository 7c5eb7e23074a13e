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

/** Which number of a run is attributed. Start from throng_dynamics_default(). */
typedef struct throng_dynamics_def {
    const char *indicator; /* of the first column at each step; default "variance" */
    const char *over;      /* "final", "mean" (of steps 0..T) or "ewma:0.94" (weight of the past); default "final" */
    const double *weight;  /* [agents] borrowed: for weighted indicators; NULL: everyone counts alike */
    bool per_step;         /* keep every agent's credit step by step: 8 bytes an agent and step */
} throng_dynamics_def;

THRONG_API throng_dynamics_def throng_dynamics_default(void);

typedef struct throng_dynamics throng_dynamics;

/**
 * @param simulation  must outlive the dynamics
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER, THRONG_E_WEIGHT, THRONG_E_MEMORY.
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

/** [steps][agents] what each agent did in each step, of the last path integral; NULL unless per_step and one was made.
 *  Its sum over steps is phi. */
THRONG_API const double *throng_dynamics_steps(const throng_dynamics *dynamics);

#ifdef __cplusplus
}
#endif
#endif
