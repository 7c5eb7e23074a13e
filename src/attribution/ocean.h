/*
 * The ocean of `oceanic`: the many small agents of a crowd, whose sum is Gaussian when each of them takes part with
 * probability t: mean t m, covariance t (1 - t) C, with m and C the sums of their steps and of step step^T.
 *
 * Everything here lives in R^k and does not know how many agents there are.
 */
#ifndef THRONG_SRC_ATTRIBUTION_OCEAN_H
#define THRONG_SRC_ATTRIBUTION_OCEAN_H

#include "core/core.h"
#include "throng/attribution.h"

#define THRONG_I_OCEAN_AGGREGATES_MAX 128
#define THRONG_I_OCEAN_LEVELS         4 /* Gaussian rules 0..3, each several times as dear as the one before */

typedef struct throng_i_ocean {
    throng_context *context;
    const throng_value_function *function;
    int k, rank;     /* directions in which the ocean spreads */
    double *mean;    /* [k] m */
    double *squares; /* [k][k] C */
    double *spread;  /* [rank][k] C = sum of row row^T */
    double *white;   /* [rank][k] inverse: a step g has the coordinates y = white g, and all y y^T add up to 1 */
    double *cubes;   /* [k][k][k] sum of step step step, or NULL: the sum is taken for Gaussian */
    double *third;   /* [rank][rank][rank] the same in white coordinates */

    /* The Gaussian rule, symmetric about 0 and exact at least to degree 3. */
    int n_nodes;
    double *z;      /* [n_nodes][rank] */
    double *weight; /* [n_nodes] */
    double *offset; /* [n_nodes][k] z in R^k */
    double *tilt;   /* [n_nodes] third : He3(z) / 6, the first term of the Edgeworth series; 0 without cubes */
    double *lean;   /* [n_nodes][rank] its gradient in z */
} throng_i_ocean;

/* What evaluating f over the ocean collects, with s = sqrt(t (1 - t)), tau = (1 - 2 t) / s: */
typedef struct throng_i_ocean_sum {
    double *linear;             /* [k] integral of E grad f */
    double *storage;            /* the rest, a row a node: */
    double *cross;              /* [n_nodes][k] (1/2 - t) / s (1 + tau tilt) grad f */
    double *bend;               /* [n_nodes][k] -(1/2 - t) / s tau grad f */
    double *height;             /* [n_nodes] -f / (12 s^3) */
    double *values, *gradients; /* scratch: f [n_nodes] and grad f [n_nodes][k] at the nodes */
    int64_t evaluations, clipped;
} throng_i_ocean_sum;

#define THRONG_I_OCEAN_CUBIC_RANK 4 /* cubes are used up to this rank and number of aggregates: */
#define THRONG_I_OCEAN_CUBIC_K    8

/* Takes over nothing: mean, squares and cubes (may be NULL) are copied. Directions that hold less than `noise` of the
 * variance an aggregate has are dropped. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_ocean_init(throng_context *context, const throng_value_function *function,
                                                  const double *mean, const double *squares, const double *cubes,
                                                  double noise, throng_i_ocean *ocean, throng_error *err);
void throng_i_ocean_clear(throng_i_ocean *ocean);

/* Makes the Gaussian rule of a level 0..THRONG_I_OCEAN_LEVELS - 1. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_ocean_set_level(throng_i_ocean *ocean, int level, uint64_t seed,
                                                       throng_error *err);

/* Number of nodes a level has. */
int64_t throng_i_ocean_level_nodes(const throng_i_ocean *ocean, int level);

/* E f(base + ocean at t); with weight != 0 also adds weight times the integrands to *sum. NaN where f has no value even
 * at the ocean's mean. If f has no value at some node, all are drawn towards the mean, and counted. */
double throng_i_ocean_expect(const throng_i_ocean *ocean, const double *base, double t, double weight,
                             throng_i_ocean_sum *sum);

/* Room for what an evaluation collects, but for linear. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_ocean_sum_init(const throng_i_ocean *ocean, throng_i_ocean_sum *sum,
                                                      throng_error *err);

/* An agent's credits of second and third order: step^T square step, and cubic[k][k][k] three times on its step; cubic
 * is NULL or 0 without cubes. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_ocean_forms(const throng_i_ocean *ocean, const throng_i_ocean_sum *sum,
                                                   double *square, double *cubic, throng_error *err);

#endif
