/* Passes over the steps of a value function in aggregate form: by its own fast ones if it has them. */
#ifndef THRONG_SRC_ATTRIBUTION_STEPS_H
#define THRONG_SRC_ATTRIBUTION_STEPS_H

#include "core/core.h"
#include "throng/attribution.h"

/* As aggregate_summary and aggregate_quadratic of throng_value_function. E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_steps_summary(throng_context *context, const throng_value_function *function,
                                                     double *origin, double *sum, double *squares, throng_error *err);
THRONG_MUST_USE throng_status throng_i_steps_quadratic(throng_context *context, const throng_value_function *function,
                                                       const double *linear, const double *square, double *out,
                                                       throng_credit_sums *sums, throng_error *err);

/* sum[k], squares[k][k] and, unless NULL, cubes[k][k][k] of all agents but those listed, one by one: exact where
 * subtracting those from all would leave rounding only. */
THRONG_MUST_USE throng_status throng_i_steps_rest(throng_context *context, const throng_value_function *function,
                                                  const int64_t *without, int n_without, double *sum, double *squares,
                                                  double *cubes, throng_error *err);

/* out[i] += cubic[k][k][k] three times on step_i; *sum += what that adds up to. */
THRONG_MUST_USE throng_status throng_i_steps_add_cubic(throng_context *context, const throng_value_function *function,
                                                       const double *cubic, double *out, double *sum,
                                                       throng_error *err);

/* The `count` <= n agents with the largest sizes[n], largest first, ties to the earlier; *cubes = sum of size^3. */
THRONG_MUST_USE throng_status throng_i_steps_heaviest(throng_context *context, int64_t n, const double *sizes,
                                                      int count, int64_t *heaviest, double *cubes, throng_error *err);

#endif
