/* The inner loops of moments.c, for states and weights in plain arrays. */
#ifndef THRONG_SRC_ATTRIBUTION_MOMENTS_KERNEL_H
#define THRONG_SRC_ATTRIBUTION_MOMENTS_KERNEL_H

#include <stdint.h>

#define THRONG_I_LANES 8

/* Adds sum over i of w_i (x_i - shift)^k to sums[k], k = 0..degree, degree 1..4; w NULL: all 1. */
void throng_i_moments_add(int degree, int64_t n, const double *x, const double *w, double shift, double *sums);

/* phi_i = w_i scale (base + (x_i - baseline) R(x_i - ref)), R of the given degree 0..3; the same with the coefficients
 * of `change` is only summed up. */
typedef struct throng_i_credit_line {
    double base, R[4];
} throng_i_credit_line;

typedef struct throng_i_credit_rule {
    int degree;
    double scale, baseline, ref;
    throng_i_credit_line fine, change;
} throng_i_credit_rule;

/* Writes phi [n] and adds sum phi, sum |phi|, sum |change| to sums[3]. */
void throng_i_moments_credit(const throng_i_credit_rule *rule, int64_t n, const double *x, const double *w, double *phi,
                             double *sums);

/* Adds sum over i of w_i^2 (x_i - shift)^k to sums[k], k = 0..2 degree, degree 1..4; w NULL: all 1. */
void throng_i_moments_add_squares(int degree, int64_t n, const double *x, const double *w, double shift, double *sums);

/* out_i = p_i (linear + p_i square) with p_i = w_i scale and two lines base + (x_i - baseline) R(x_i - ref), R of
 * degree degree - 1 and 2 degree - 1. */
typedef struct throng_i_quadratic_line {
    double base, R[8];
} throng_i_quadratic_line;

typedef struct throng_i_quadratic_rule {
    int degree; /* 1..4 */
    double scale, baseline, ref;
    throng_i_quadratic_line linear, square;
} throng_i_quadratic_rule;

/* Writes out [n] and adds sum out, sum |out| to sums[2]. */
void throng_i_moments_form(const throng_i_quadratic_rule *rule, int64_t n, const double *x, const double *w,
                           double *out, double *sums);

#endif
