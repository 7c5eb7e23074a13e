/* A population handed to a world: what an attribution through dynamics keeps. */
#ifndef THRONG_SRC_ATTRIBUTION_WORLD_RUN_H
#define THRONG_SRC_ATTRIBUTION_WORLD_RUN_H

#include "core/core.h"
#include "throng/dynamics.h"

typedef struct throng_i_world_run {
    throng_context *context;
    throng_simulation *simulation;
    throng_simulation_def resolved;
    throng_dynamics *dynamics;
    double *state, *weight, *baseline; /* [agents]; NULL: 1, 0 */
    double *series;                    /* [steps + 1] the indicator with everybody taking part */
} throng_i_world_run;

/* Prepares simulation and dynamics over the population's one time. @param def  resolved but for `world`; its baseline
 * is that of participation "innate". E_UNSUPPORTED (several times), and what simulations and dynamics return. */
THRONG_MUST_USE throng_status throng_i_world_run_create(throng_context *context, const throng_population *population,
                                                        const throng_attribution_def *def, bool weighted,
                                                        throng_i_world_run **out, throng_error *err);
void throng_i_world_run_free(throng_i_world_run *self);

/* Of several ranks: whether credits stay with those whose agents they are, or all get all of them. */
void throng_i_dynamics_keep_shares(throng_dynamics *dynamics, bool keep);

/* Sums over agents wherever their credits are: by chunks, as throng_i_sum_over; and of one number an agent [n] and of
 * its size, in the order of agents. */
THRONG_MUST_USE throng_status throng_i_dynamics_sum(const throng_dynamics *dynamics, int width, throng_i_sum_fn body,
                                                    void *user, double *out, throng_error *err);
THRONG_MUST_USE throng_status throng_i_dynamics_add_up(const throng_dynamics *dynamics, const double *credit,
                                                       double *sum, double *size, throng_error *err);

/* Of several ranks: what is told apart by steps and behaviours, of everybody. Where shares are kept, rank 0 alone gets
 * it, and only what is by step. Nothing with one. */
THRONG_MUST_USE throng_status throng_i_dynamics_gather(throng_dynamics *dynamics, throng_error *err);

/* The value function, after a run with everybody, which fills `series`. */
THRONG_MUST_USE throng_status throng_i_world_run_function(throng_i_world_run *self, throng_value_function *out,
                                                          throng_error *err);

#endif
