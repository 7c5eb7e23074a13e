/**
 * Monotone operators that are means of many components: F(u) = (1/n) sum of F_i(u), of which a zero is sought, or,
 * under constraints, a solution of the variational inequality. Gradients of losses over data are such, and the two
 * players' gradients of a saddle. What is counted is how often a component is asked.
 */
#ifndef THRONG_OPERATOR_H
#define THRONG_OPERATOR_H

#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_operator throng_operator;

/** What an operator is. */
typedef struct throng_operator_def {
    const char *name;
    int64_t n_components; /* >= 1 */
    int n_numbers;        /* of u, >= 1 */
    double lipschitz;     /* of every component: |F_i(u) - F_i(v)| <= lipschitz |u - v|; > 0 */
    bool cocoercive;      /* every <F_i(u) - F_i(v), u - v> >= |F_i(u) - F_i(v)|^2 / lipschitz; else monotone only */
    int64_t n_data;       /* numbers that the components are made of */
    /** Adds `weight` times component i at u to out. @param data [n_data]  @param u, out [n_numbers] */
    void (*add)(const double *data, int n_numbers, int64_t i, const double *u, double weight, double *out);
    /** Moves u to the nearest point that is allowed. NULL: all are. */
    void (*project)(const double *data, int n_numbers, double *u);
} throng_operator_def;

/** @param data out: [n_data] zeros, to be filled before anything is asked
 *  @return THRONG_E_ARGUMENT, THRONG_E_MEMORY. */
THRONG_API THRONG_MUST_USE throng_status throng_operator_create(throng_context *context, const throng_operator_def *def,
                                                                double **data, throng_operator **out,
                                                                throng_error *err);
THRONG_API void throng_operator_free(throng_operator *self);

/** The operator as solvers see it, which frees it when it is cleared. Its gap is the residual. */
THRONG_API throng_problem throng_operator_problem(throng_operator *self);

/** What it was made of; lives as long as it. */
THRONG_API const throng_operator_def *throng_operator_about(const throng_operator *self);

/** Adds `weight` times component i at u to out. @param calls counts 1; may be NULL */
THRONG_API void throng_operator_add(const throng_operator *self, int64_t i, const double *u, double weight, double *out,
                                    int64_t *calls);

/** F(u). @param calls counts n_components; may be NULL  @param out [n_numbers] */
THRONG_API void throng_operator_full(const throng_operator *self, const double *u, double *out, int64_t *calls);
THRONG_API void throng_operator_project(const throng_operator *self, double *u);

/** How far u is from a solution: |F(u)|, or lipschitz times the way from u to the projection of u - F(u) / lipschitz.
 */
THRONG_API THRONG_MUST_USE throng_status throng_operator_residual(const throng_operator *self, const double *u,
                                                                  double *out, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
