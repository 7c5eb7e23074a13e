/*
 * The inner loops of moments.c. Everything else about moments is algebra on five numbers; here the bytes are.
 *
 * Eight sums stand side by side in a vector type that gcc and clang map to whatever the processor has (two, four or
 * eight doubles an instruction). The order of additions is part of the source, and products are never fused with sums
 * (-ffp-contract=off), so every mapping gives the same bits. Cost of degree 2 with weights: adding reads 16 bytes an
 * agent and does 6 operations, crediting reads 16, writes 8 and does 16.
 */
#include "attribution/moments_kernel.h"

#include "throng/math.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef double lanes __attribute__((vector_size(THRONG_I_LANES * sizeof(double))));
typedef int64_t lane_bits __attribute__((vector_size(THRONG_I_LANES * sizeof(int64_t))));

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS lanes load(const double *from) {
    lanes values;
    memcpy(&values, from, sizeof values);
    return values;
}

ALWAYS lanes magnitude(lanes values) {
    return (lanes)((lane_bits)values & INT64_MAX);
}

ALWAYS double sum_of(lanes values) {
    return ((values[0] + values[1]) + (values[2] + values[3])) + ((values[4] + values[5]) + (values[6] + values[7]));
}

static const double ones[THRONG_I_LANES] = {1, 1, 1, 1, 1, 1, 1, 1};

/* The last, incomplete group: the missing lanes get `fill`. */
ALWAYS lanes load_some(const double *from, int64_t n, double fill) {
    lanes values = (lanes){0} + fill;
    for (int64_t i = 0; i < n; i++)
        values[i] = from[i];
    return values;
}

/* ---- pass one -------------------------------------------------------------------------------------------------- */

/* Written out rather than looped: at -O2 compilers do not unroll, and sums that are indexed live in memory. */
ALWAYS void add_group(int degree, lanes x, lanes term, double shift, lanes *acc) {
    lanes u = x - shift;
    acc[0] += term;
    acc[1] += (term *= u);
    if (degree >= 2)
        acc[2] += (term *= u);
    if (degree >= 3)
        acc[3] += (term *= u);
    if (degree >= 4)
        acc[4] += (term *= u);
}

ALWAYS void add(int degree, bool weighted, int64_t n, const double *x, const double *w, double shift, double *sums) {
    lanes acc[5] = {{0}};
    int64_t i = 0;
    for (; i + THRONG_I_LANES <= n; i += THRONG_I_LANES)
        add_group(degree, load(x + i), weighted ? load(w + i) : load(ones), shift, acc);
    if (i < n) /* lanes of weight 0 add nothing */
        add_group(degree, load_some(x + i, n - i, shift),
                  weighted ? load_some(w + i, n - i, 0) : load_some(ones, n - i, 0), shift, acc);
    sums[0] += sum_of(acc[0]);
    sums[1] += sum_of(acc[1]);
    if (degree >= 2)
        sums[2] += sum_of(acc[2]);
    if (degree >= 3)
        sums[3] += sum_of(acc[3]);
    if (degree >= 4)
        sums[4] += sum_of(acc[4]);
}

/* Constant degrees let the compiler unroll and keep all sums in registers. */
THRONG_WIDE static void add_any(int degree, int64_t n, const double *x, const double *w, double shift, double *sums) {
    switch (2 * degree + (w != NULL)) {
    case 2:
        add(1, false, n, x, w, shift, sums);
        break;
    case 3:
        add(1, true, n, x, w, shift, sums);
        break;
    case 4:
        add(2, false, n, x, w, shift, sums);
        break;
    case 5:
        add(2, true, n, x, w, shift, sums);
        break;
    case 6:
        add(3, false, n, x, w, shift, sums);
        break;
    case 7:
        add(3, true, n, x, w, shift, sums);
        break;
    case 8:
        add(4, false, n, x, w, shift, sums);
        break;
    default:
        add(4, true, n, x, w, shift, sums);
        break;
    }
}

void throng_i_moments_add(int degree, int64_t n, const double *x, const double *w, double shift, double *sums) {
    add_any(degree, n, x, w, shift, sums);
}

/* ---- pass two -------------------------------------------------------------------------------------------------- */

/* base + d R(u). */
ALWAYS lanes line(int degree, const throng_i_credit_line *from, lanes u, lanes d) {
    lanes value = (lanes){0} + from->R[degree];
    if (degree >= 3)
        value = from->R[2] + u * value;
    if (degree >= 2)
        value = from->R[1] + u * value;
    if (degree >= 1)
        value = from->R[0] + u * value;
    return from->base + d * value;
}

typedef struct credit_sums {
    lanes phi, absolute, change;
} credit_sums;

ALWAYS lanes credit_group(int degree, const throng_i_credit_rule *rule, lanes x, lanes p, credit_sums *acc) {
    lanes u = x - rule->ref, d = x - rule->baseline;
    lanes phi = p * line(degree, &rule->fine, u, d);
    acc->phi += phi;
    acc->absolute += magnitude(phi);
    acc->change += magnitude(p * line(degree, &rule->change, u, d));
    return phi;
}

ALWAYS void credit(int degree, bool weighted, const throng_i_credit_rule *rule, int64_t n, const double *restrict x,
                   const double *restrict w, double *restrict phi, double *restrict sums) {
    lanes scale = (lanes){0} + rule->scale, out;
    credit_sums acc = {{0}, {0}, {0}};
    int64_t i = 0;
    for (; i + THRONG_I_LANES <= n; i += THRONG_I_LANES) {
        out = credit_group(degree, rule, load(x + i), weighted ? load(w + i) * scale : scale, &acc);
        memcpy(phi + i, &out, sizeof out);
    }
    if (i < n) {
        lanes p = weighted ? load_some(w + i, n - i, 0) : load_some(ones, n - i, 0);
        out = credit_group(degree, rule, load_some(x + i, n - i, rule->ref), p * scale, &acc);
        for (int64_t l = 0; i + l < n; l++)
            phi[i + l] = out[l];
    }
    sums[0] += sum_of(acc.phi);
    sums[1] += sum_of(acc.absolute);
    sums[2] += sum_of(acc.change);
}

THRONG_WIDE static void credit_any(const throng_i_credit_rule *rule, int64_t n, const double *x, const double *w,
                                   double *phi, double *sums) {
    switch (2 * rule->degree + (w != NULL)) {
    case 0:
        credit(0, false, rule, n, x, w, phi, sums);
        break;
    case 1:
        credit(0, true, rule, n, x, w, phi, sums);
        break;
    case 2:
        credit(1, false, rule, n, x, w, phi, sums);
        break;
    case 3:
        credit(1, true, rule, n, x, w, phi, sums);
        break;
    case 4:
        credit(2, false, rule, n, x, w, phi, sums);
        break;
    case 5:
        credit(2, true, rule, n, x, w, phi, sums);
        break;
    case 6:
        credit(3, false, rule, n, x, w, phi, sums);
        break;
    default:
        credit(3, true, rule, n, x, w, phi, sums);
        break;
    }
}

void throng_i_moments_credit(const throng_i_credit_rule *rule, int64_t n, const double *x, const double *w, double *phi,
                             double *sums) {
    credit_any(rule, n, x, w, phi, sums);
}

/* ---- the aggregate form ---------------------------------------------------------------------------------------- */

ALWAYS void add_square_group(int degree, lanes x, lanes w, double shift, lanes *acc) {
    lanes u = x - shift, term = w * w;
    acc[0] += term;
    acc[1] += (term *= u);
    acc[2] += (term *= u);
    if (degree >= 2) {
        acc[3] += (term *= u);
        acc[4] += (term *= u);
    }
    if (degree >= 3) {
        acc[5] += (term *= u);
        acc[6] += (term *= u);
    }
    if (degree >= 4) {
        acc[7] += (term *= u);
        acc[8] += (term *= u);
    }
}

ALWAYS void add_squares(int degree, bool weighted, int64_t n, const double *x, const double *w, double shift,
                        double *sums) {
    lanes acc[9] = {{0}};
    int64_t i = 0;
    for (; i + THRONG_I_LANES <= n; i += THRONG_I_LANES)
        add_square_group(degree, load(x + i), weighted ? load(w + i) : load(ones), shift, acc);
    if (i < n)
        add_square_group(degree, load_some(x + i, n - i, shift),
                         weighted ? load_some(w + i, n - i, 0) : load_some(ones, n - i, 0), shift, acc);
    for (int k = 0; k <= 2 * degree; k++)
        sums[k] += sum_of(acc[k]);
}

THRONG_WIDE static void add_squares_any(int degree, int64_t n, const double *x, const double *w, double shift,
                                        double *sums) {
    switch (2 * degree + (w != NULL)) {
    case 2:
        add_squares(1, false, n, x, w, shift, sums);
        break;
    case 3:
        add_squares(1, true, n, x, w, shift, sums);
        break;
    case 4:
        add_squares(2, false, n, x, w, shift, sums);
        break;
    case 5:
        add_squares(2, true, n, x, w, shift, sums);
        break;
    case 6:
        add_squares(3, false, n, x, w, shift, sums);
        break;
    case 7:
        add_squares(3, true, n, x, w, shift, sums);
        break;
    case 8:
        add_squares(4, false, n, x, w, shift, sums);
        break;
    default:
        add_squares(4, true, n, x, w, shift, sums);
        break;
    }
}

void throng_i_moments_add_squares(int degree, int64_t n, const double *x, const double *w, double shift, double *sums) {
    add_squares_any(degree, n, x, w, shift, sums);
}

/* base + d R(u), R of the given degree 0..7. */
ALWAYS lanes long_line(int degree, const throng_i_quadratic_line *from, lanes u, lanes d) {
    lanes value = (lanes){0} + from->R[degree];
    if (degree >= 7)
        value = from->R[6] + u * value;
    if (degree >= 6)
        value = from->R[5] + u * value;
    if (degree >= 5)
        value = from->R[4] + u * value;
    if (degree >= 4)
        value = from->R[3] + u * value;
    if (degree >= 3)
        value = from->R[2] + u * value;
    if (degree >= 2)
        value = from->R[1] + u * value;
    if (degree >= 1)
        value = from->R[0] + u * value;
    return from->base + d * value;
}

ALWAYS lanes form_group(int degree, const throng_i_quadratic_rule *rule, lanes x, lanes p, lanes *acc) {
    lanes u = x - rule->ref, d = x - rule->baseline;
    lanes linear = long_line(degree - 1, &rule->linear, u, d);
    lanes square = long_line(2 * degree - 1, &rule->square, u, d);
    lanes out = p * (linear + p * square);
    acc[0] += out;
    acc[1] += magnitude(out);
    return out;
}

ALWAYS void form(int degree, bool weighted, const throng_i_quadratic_rule *rule, int64_t n, const double *restrict x,
                 const double *restrict w, double *restrict phi, double *restrict sums) {
    lanes scale = (lanes){0} + rule->scale, out, acc[2] = {{0}, {0}};
    int64_t i = 0;
    for (; i + THRONG_I_LANES <= n; i += THRONG_I_LANES) {
        out = form_group(degree, rule, load(x + i), weighted ? load(w + i) * scale : scale, acc);
        memcpy(phi + i, &out, sizeof out);
    }
    if (i < n) {
        lanes p = weighted ? load_some(w + i, n - i, 0) : load_some(ones, n - i, 0);
        out = form_group(degree, rule, load_some(x + i, n - i, rule->ref), p * scale, acc);
        for (int64_t l = 0; i + l < n; l++)
            phi[i + l] = out[l];
    }
    sums[0] += sum_of(acc[0]);
    sums[1] += sum_of(acc[1]);
}

THRONG_WIDE static void form_any(const throng_i_quadratic_rule *rule, int64_t n, const double *x, const double *w,
                                 double *out, double *sums) {
    switch (2 * rule->degree + (w != NULL)) {
    case 2:
        form(1, false, rule, n, x, w, out, sums);
        break;
    case 3:
        form(1, true, rule, n, x, w, out, sums);
        break;
    case 4:
        form(2, false, rule, n, x, w, out, sums);
        break;
    case 5:
        form(2, true, rule, n, x, w, out, sums);
        break;
    case 6:
        form(3, false, rule, n, x, w, out, sums);
        break;
    case 7:
        form(3, true, rule, n, x, w, out, sums);
        break;
    case 8:
        form(4, false, rule, n, x, w, out, sums);
        break;
    default:
        form(4, true, rule, n, x, w, out, sums);
        break;
    }
}

void throng_i_moments_form(const throng_i_quadratic_rule *rule, int64_t n, const double *x, const double *w,
                           double *out, double *sums) {
    form_any(rule, n, x, w, out, sums);
}
