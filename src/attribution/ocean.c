/*
 * The Gaussian ocean: its principal directions, rules for expectations over it, and E f, E grad f, E Hess f.
 *
 * One identity carries the method. For a symmetric rule with nodes z and M(t) = base + t m + s(t) L z, s =
 * sqrt(t(1-t)),
 *
 *     d/dt sum w f(M) = sum w grad f . m  +  (1 - 2t)/(2s) sum w (L z) . grad f,
 *
 * and the second term is the trace of (1/2 - t) C times sum w (L z)(grad f)^T C^-1 / s, which is the Hessian by
 * Gaussian integration by parts (Stein 1981). Taking that as the Hessian, the credits of all agents of the ocean add up
 * to the change of the discrete expectation, whatever rule: efficiency does not depend on how good the rule is.
 */
#include "attribution/ocean.h"

#include <math.h>
#include <string.h>

#define STREAM    0x6f6365616eULL /* "ocean" */
#define REACH_MIN 0.01            /* closer to the mean than this nodes are put onto it */

/* ---- principal directions -------------------------------------------------------------------------------------- */

/* One Jacobi rotation that makes a[p][q] zero; rows of `vectors` follow. */
static void rotate(int k, double *a, double *vectors, int p, int q) {
    if (a[p * k + q] == 0.0)
        return;
    double theta = (a[q * k + q] - a[p * k + p]) / (2.0 * a[p * k + q]);
    double t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
    double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
    for (int j = 0; j < k; j++) {
        double x = a[j * k + p], y = a[j * k + q];
        a[j * k + p] = c * x - s * y;
        a[j * k + q] = s * x + c * y;
    }
    for (int j = 0; j < k; j++) {
        double x = a[p * k + j], y = a[q * k + j];
        a[p * k + j] = c * x - s * y;
        a[q * k + j] = s * x + c * y;
        x = vectors[p * k + j];
        y = vectors[q * k + j];
        vectors[p * k + j] = c * x - s * y;
        vectors[q * k + j] = s * x + c * y;
    }
}

/* Eigenvalues of a symmetric matrix onto its diagonal, eigenvectors into the rows of `vectors`; Jacobi's method. */
static void diagonalise(int k, double *a, double *vectors) {
    memset(vectors, 0, (size_t)k * (size_t)k * sizeof *vectors);
    for (int i = 0; i < k; i++)
        vectors[i * k + i] = 1.0;
    for (int sweep = 0; sweep < 50; sweep++) {
        double off = 0.0;
        for (int p = 0; p < k; p++)
            for (int q = p + 1; q < k; q++)
                off = fmax(off, fabs(a[p * k + q]));
        if (off < 1e-17)
            break;
        for (int p = 0; p < k; p++)
            for (int q = p + 1; q < k; q++)
                rotate(k, a, vectors, p, q);
    }
}

/* spread and white from squares, through the correlation matrix: aggregates have very different units. */
static throng_status factor(throng_i_ocean *ocean, double noise, throng_error *err) {
    throng_status status = THRONG_OK;
    int k = ocean->k;
    double *a = NULL, *vectors = NULL, scale[THRONG_I_OCEAN_AGGREGATES_MAX];
    THRONG_TRY(throng_i_alloc(ocean->context, (int64_t)k * k, sizeof *a, &a, err));
    THRONG_TRY(throng_i_alloc(ocean->context, (int64_t)k * k, sizeof *a, &vectors, err));
    for (int i = 0; i < k; i++) {
        double own = ocean->squares[i * k + i];
        scale[i] = own > 0.0 ? sqrt(own) : 0.0;
    }
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            a[i * k + j] = scale[i] > 0.0 && scale[j] > 0.0 ? ocean->squares[i * k + j] / (scale[i] * scale[j]) : 0.0;
    diagonalise(k, a, vectors);
    for (int i = 0; i < k; i++) {
        double value = a[i * k + i];
        if (!(value > noise))
            continue;
        for (int j = 0; j < k; j++) {
            double along = vectors[i * k + j];
            ocean->spread[ocean->rank * k + j] = sqrt(value) * along * scale[j];
            ocean->white[ocean->rank * k + j] = scale[j] > 0.0 ? along / (sqrt(value) * scale[j]) : 0.0;
        }
        ocean->rank++;
    }
out:
    throng_i_free(ocean->context, a);
    throng_i_free(ocean->context, vectors);
    return status;
}

/* out[a][b][c] = sum of rows[a][i] rows[b][j] rows[c][l] in[i][j][l]; `back`: from white coordinates to R^k. */
static void transform(int k, int d, const double *rows, bool back, const double *in, double *out) {
    int n = back ? d : k, m = back ? k : d;
    for (int a = 0; a < m; a++)
        for (int b = 0; b < m; b++)
            for (int c = 0; c < m; c++) {
                double sum = 0.0;
                for (int i = 0; i < n; i++)
                    for (int j = 0; j < n; j++)
                        for (int l = 0; l < n; l++) {
                            double factor = back ? rows[i * k + a] * rows[j * k + b] * rows[l * k + c]
                                                 : rows[a * k + i] * rows[b * k + j] * rows[c * k + l];
                            sum += factor * in[(i * n + j) * n + l];
                        }
                out[(a * m + b) * m + c] = sum;
            }
}

throng_status throng_i_ocean_init(throng_context *context, const throng_value_function *function, const double *mean,
                                  const double *squares, const double *cubes, double noise, throng_i_ocean *ocean,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    int k = function->n_aggregates;
    size_t row = (size_t)k * sizeof(double);
    *ocean = (throng_i_ocean){.context = context, .function = function, .k = k};
    THRONG_TRY(
        throng_i_alloc(context, k + (int64_t)k * k * (cubes ? 3 + 2 * k : 3), sizeof(double), &ocean->mean, err));
    ocean->squares = ocean->mean + k;
    ocean->spread = ocean->squares + k * k;
    ocean->white = ocean->spread + k * k;
    memcpy(ocean->mean, mean, row);
    memcpy(ocean->squares, squares, row * (size_t)k);
    THRONG_TRY(factor(ocean, noise, err));
    if (cubes && ocean->rank <= THRONG_I_OCEAN_CUBIC_RANK) {
        ocean->cubes = ocean->white + k * k;
        ocean->third = ocean->cubes + k * k * k;
        memcpy(ocean->cubes, cubes, row * (size_t)k * (size_t)k);
        transform(k, ocean->rank, ocean->white, false, cubes, ocean->third);
    }
out:
    if (status != THRONG_OK)
        throng_i_ocean_clear(ocean);
    return status;
}

void throng_i_ocean_clear(throng_i_ocean *ocean) {
    throng_i_free(ocean->context, ocean->mean);
    throng_i_free(ocean->context, ocean->z);
    ocean->mean = ocean->z = NULL;
}

/* ---- Gaussian rules -------------------------------------------------------------------------------------------- */

#define TENSOR_RANK_MAX 4 /* above: random rotations */

int64_t throng_i_ocean_level_nodes(const throng_i_ocean *ocean, int level) {
    int64_t d = ocean->rank, n = 1;
    if (d == 0)
        return 1;
    if (d > TENSOR_RANK_MAX)
        return (4 * d) << (2 * level);
    if (level < 2)
        return level == 0 ? 2 * d : 2 * d * d + 1;
    for (int j = 0; j < d; j++)
        n *= level == 2 ? 5 : 7;
    return n;
}

/* The points +-r e_j. */
static int put_axes(int d, double radius, double weight, double *z, double *weights) {
    for (int n = 0; n < 2 * d; n++) {
        z[n * d + n / 2] = n % 2 ? -radius : radius;
        weights[n] = weight;
    }
    return 2 * d;
}

/* Degree 5 with 2 d^2 + 1 nodes: McNamee and Stenger 1967. */
static void degree_five(int d, double *z, double *weights) {
    double radius = sqrt(d + 2.0);
    weights[0] = 2.0 / (d + 2.0);
    int n = 1 + put_axes(d, radius, (4.0 - d) / (2.0 * (d + 2.0) * (d + 2.0)), z + d, weights + 1);
    for (int i = 0; i < d; i++)
        for (int j = i + 1; j < d; j++)
            for (int sign = 0; sign < 4; sign++, n++) {
                z[n * d + i] = sign & 1 ? -radius * sqrt(0.5) : radius * sqrt(0.5);
                z[n * d + j] = (sign & 1) ^ (sign >> 1) ? -radius * sqrt(0.5) : radius * sqrt(0.5);
                weights[n] = 1.0 / ((d + 2.0) * (d + 2.0));
            }
}

/* Products of Gauss-Hermite rules, degree 9 (5 points a direction) or 13 (7). */
static void tensor(int d, int points, double *z, double *weights) {
    static const double five[2][5] = {
        {-2.8569700138728056, -1.3556261799742659, 0.0, 1.3556261799742659, 2.8569700138728056},
        {0.011257411327720689, 0.22207592200561264, 0.53333333333333333, 0.22207592200561264, 0.011257411327720689}};
    static const double seven[2][7] = {{-3.7504397177257423, -2.3667594107345413, -1.1544053947399681, 0.0,
                                        1.1544053947399681, 2.3667594107345413, 3.7504397177257423},
                                       {5.4826885597221789e-04, 0.030757123967586500, 0.24012317860501271,
                                        0.45714285714285713, 0.24012317860501271, 0.030757123967586500,
                                        5.4826885597221789e-04}};
    const double *at = points == 5 ? five[0] : seven[0], *share = points == 5 ? five[1] : seven[1];
    int digit[TENSOR_RANK_MAX] = {0};
    for (int n = 0;; n++) {
        weights[n] = 1.0;
        for (int j = 0; j < d; j++) {
            z[n * d + j] = at[digit[j]];
            weights[n] *= share[digit[j]];
        }
        int j = 0;
        while (j < d && ++digit[j] == points)
            digit[j++] = 0;
        if (j == d)
            return;
    }
}

/* Many directions: +-r times randomly turned axes at two radii, exact to degree 3 and in the radius to degree 5 (in the
 * manner of Genz and Monahan 1998). The axes are counter-based normals made orthogonal. */
static void rotations(int d, int n, uint64_t seed, double *z, double *weights) {
    throng_random random = {seed, STREAM};
    for (int first = 0; first < n; first += 2 * d) {
        int turn = first / (2 * d);
        double radius = sqrt(d + (turn % 2 ? -1.0 : 1.0) * sqrt(2.0 * d));
        for (int axis = 0; axis < d; axis++) {
            double *row = z + (int64_t)(first + 2 * axis) * d, draw[4] = {0}, norm = 0.0;
            for (int j = 0; j < d; j++) {
                if (j % 4 == 0)
                    throng_random_normals(random, (uint64_t)turn, (uint64_t)axis, (uint64_t)j, draw);
                row[j] = draw[j % 4];
            }
            for (int other = 0; other < axis; other++) {
                const double *before = z + (int64_t)(first + 2 * other) * d;
                double along = 0.0;
                for (int j = 0; j < d; j++)
                    along += row[j] * before[j] / (radius * radius);
                for (int j = 0; j < d; j++)
                    row[j] -= along * before[j];
            }
            for (int j = 0; j < d; j++)
                norm += row[j] * row[j];
            for (int j = 0; j < d; j++) {
                row[j] *= radius / sqrt(norm);
                row[d + j] = -row[j];
            }
            weights[first + 2 * axis] = weights[first + 2 * axis + 1] = 1.0 / n;
        }
    }
}

/* Hermite polynomials of several variables. */
static double hermite_two(const double *z, int a, int b) {
    return z[a] * z[b] - (a == b);
}

static double hermite_three(const double *z, int a, int b, int c) {
    return z[a] * z[b] * z[c] - (a == b) * z[c] - (a == c) * z[b] - (b == c) * z[a];
}

static void set_tilt(throng_i_ocean *ocean) {
    int d = ocean->rank;
    for (int node = 0; node < ocean->n_nodes; node++) {
        const double *z = ocean->z + (int64_t)node * d;
        for (int a = 0; a < d; a++)
            for (int b = 0; b < d; b++)
                for (int c = 0; c < d; c++) {
                    double third = ocean->third[(a * d + b) * d + c];
                    ocean->tilt[node] += third * hermite_three(z, a, b, c) / 6.0;
                    ocean->lean[node * d + a] += third * hermite_two(z, b, c) / 2.0;
                }
    }
}

throng_status throng_i_ocean_set_level(throng_i_ocean *ocean, int level, uint64_t seed, throng_error *err) {
    int d = ocean->rank, k = ocean->k;
    int64_t n = throng_i_ocean_level_nodes(ocean, level);
    double *storage = NULL;
    throng_status status = throng_i_alloc(ocean->context, n * (2 * d + 2 + k), sizeof *storage, &storage, err);
    if (status != THRONG_OK)
        return status;
    throng_i_free(ocean->context, ocean->z);
    ocean->n_nodes = (int)n;
    ocean->z = storage;
    ocean->weight = ocean->z + n * d;
    ocean->offset = ocean->weight + n;
    ocean->tilt = ocean->offset + n * k;
    ocean->lean = ocean->tilt + n;
    if (d == 0)
        ocean->weight[0] = 1.0;
    else if (d > TENSOR_RANK_MAX)
        rotations(d, (int)n, seed, ocean->z, ocean->weight);
    else if (level == 0)
        put_axes(d, sqrt((double)d), 0.5 / d, ocean->z, ocean->weight);
    else if (level == 1)
        degree_five(d, ocean->z, ocean->weight);
    else
        tensor(d, level == 2 ? 5 : 7, ocean->z, ocean->weight);
    for (int64_t node = 0; node < n; node++)
        for (int i = 0; i < d; i++)
            for (int j = 0; j < k; j++)
                ocean->offset[node * k + j] += ocean->z[node * d + i] * ocean->spread[i * k + j];
    if (ocean->third)
        set_tilt(ocean);
    return THRONG_OK;
}

/* ---- expectations ---------------------------------------------------------------------------------------------- */

/* Central differences for functions without a gradient of their own. */
static void differences(const throng_value_function *function, const double *m, double *out) {
    double near[THRONG_I_OCEAN_AGGREGATES_MAX];
    int k = function->n_aggregates;
    memcpy(near, m, (size_t)k * sizeof *m);
    for (int i = 0; i < k; i++) {
        double step = 6e-6 * fmax(1.0, fabs(m[i]));
        near[i] = m[i] + step;
        double above = function->aggregate_value(function->self, near);
        near[i] = m[i] - step;
        out[i] = (above - function->aggregate_value(function->self, near)) / (2.0 * step);
        near[i] = m[i];
    }
}

/* f and, if asked for, its gradient; NaN if any of it is not finite. */
static double evaluate(const throng_value_function *function, const double *m, double *gradient) {
    double value = function->aggregate_value(function->self, m);
    if (!isfinite(value))
        return (double)NAN;
    if (!gradient)
        return value;
    if (function->aggregate_gradient)
        function->aggregate_gradient(function->self, m, gradient);
    else
        differences(function, m, gradient);
    for (int j = 0; j < function->n_aggregates; j++)
        if (!isfinite(gradient[j]))
            return (double)NAN;
    return value;
}

/* f, and its gradient if asked for, at all nodes, `spread` times as far from the centre as they belong. */
static bool evaluate_nodes(const throng_i_ocean *ocean, const double *centre, double spread, bool gradients,
                           throng_i_ocean_sum *sum) {
    double m[THRONG_I_OCEAN_AGGREGATES_MAX];
    int k = ocean->k;
    for (int node = 0; node < ocean->n_nodes; node++) {
        for (int j = 0; j < k; j++)
            m[j] = centre[j] + spread * ocean->offset[(int64_t)node * k + j];
        sum->evaluations++;
        sum->values[node] = evaluate(ocean->function, m, gradients ? sum->gradients + (int64_t)node * k : NULL);
        if (isnan(sum->values[node]))
            return false;
    }
    return true;
}

throng_status throng_i_ocean_sum_init(const throng_i_ocean *ocean, throng_i_ocean_sum *sum, throng_error *err) {
    int64_t n = ocean->n_nodes, k = ocean->k;
    throng_status status = throng_i_alloc(ocean->context, n * (3 * k + 2), sizeof(double), &sum->storage, err);
    if (status != THRONG_OK)
        return status;
    sum->cross = sum->storage;
    sum->bend = sum->cross + n * k;
    sum->gradients = sum->bend + n * k;
    sum->height = sum->gradients + n * k;
    sum->values = sum->height + n;
    return status;
}

/* Adds a node's part of everything; factor = 1 + tau tilt. */
static void collect(const throng_i_ocean *ocean, int node, double t, double share, double factor, double reach,
                    throng_i_ocean_sum *sum) {
    int64_t k = ocean->k;
    const double *gradient = sum->gradients + node * k;
    double sigma = sqrt(t * (1.0 - t)), turn = share * reach * (0.5 - t) / sigma;
    double bend = -turn * (1.0 - 2.0 * t) / sigma;
    for (int j = 0; j < k; j++) {
        sum->linear[j] += share * factor * gradient[j];
        sum->cross[node * k + j] += turn * factor * gradient[j];
        sum->bend[node * k + j] += bend * gradient[j];
    }
    sum->height[node] -= share * sum->values[node] / (12.0 * sigma * sigma * sigma);
}

double throng_i_ocean_expect(const throng_i_ocean *ocean, const double *base, double t, double weight,
                             throng_i_ocean_sum *sum) {
    double centre[THRONG_I_OCEAN_AGGREGATES_MAX];
    double sigma = sqrt(t * (1.0 - t)), expected = 0.0, reach = 1.0;
    for (int j = 0; j < ocean->k; j++)
        centre[j] = base[j] + t * ocean->mean[j];
    /* All nodes are drawn in alike: then the credits still add up. */
    while (!evaluate_nodes(ocean, centre, reach * sigma, weight != 0.0, sum)) {
        if (reach == 0.0)
            return (double)NAN;
        reach = reach > REACH_MIN ? 0.5 * reach : 0.0;
    }
    sum->clipped += reach < 1.0 ? ocean->n_nodes : 0;
    for (int node = 0; node < ocean->n_nodes; node++) {
        double factor = 1.0 + (1.0 - 2.0 * t) / sigma * ocean->tilt[node];
        expected += ocean->weight[node] * factor * sum->values[node];
        if (weight != 0.0)
            collect(ocean, node, t, weight * ocean->weight[node], factor, reach, sum);
    }
    return expected;
}

/* spread gradient: a gradient in white coordinates. */
static void along(const throng_i_ocean *ocean, const double *gradient, double *out) {
    for (int j = 0; j < ocean->rank; j++) {
        out[j] = 0.0;
        for (int l = 0; l < ocean->k; l++)
            out[j] += ocean->spread[j * ocean->k + l] * gradient[l];
    }
}

/* In white coordinates: sum of z cross + lean bend, made symmetric, and sum of -bend He2 / 2 + height He3. */
static void white_forms(const throng_i_ocean *ocean, const throng_i_ocean_sum *sum, double *square, double *cubic) {
    int d = ocean->rank;
    double cross[THRONG_I_OCEAN_AGGREGATES_MAX], bend[THRONG_I_OCEAN_AGGREGATES_MAX];
    for (int node = 0; node < ocean->n_nodes; node++) {
        const double *z = ocean->z + (int64_t)node * d, *lean = ocean->lean + (int64_t)node * d;
        along(ocean, sum->cross + (int64_t)node * ocean->k, cross);
        along(ocean, sum->bend + (int64_t)node * ocean->k, bend);
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++)
                square[i * d + j] +=
                    0.5 * (z[i] * cross[j] + z[j] * cross[i]) + 0.5 * (lean[i] * bend[j] + lean[j] * bend[i]);
        for (int a = 0; ocean->third && a < d; a++)
            for (int b = 0; b < d; b++)
                for (int c = 0; c < d; c++)
                    cubic[(a * d + b) * d + c] +=
                        -0.5 * bend[a] * hermite_two(z, b, c) + sum->height[node] * hermite_three(z, a, b, c);
    }
}

throng_status throng_i_ocean_forms(const throng_i_ocean *ocean, const throng_i_ocean_sum *sum, double *square,
                                   double *cubic, throng_error *err) {
    int d = ocean->rank, k = ocean->k;
    double *form = NULL;
    throng_status status =
        throng_i_alloc(ocean->context, (int64_t)d * (d + k + (ocean->third ? d * d : 0)), sizeof *form, &form, err);
    if (status != THRONG_OK)
        return status;
    double *half = form + d * d, *white_cubic = half + d * k;
    white_forms(ocean, sum, form, white_cubic);
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++)
            for (int q = 0; q < k; q++)
                half[i * k + q] += form[i * d + j] * ocean->white[j * k + q];
    memset(square, 0, (size_t)k * (size_t)k * sizeof *square);
    for (int i = 0; i < d; i++)
        for (int p = 0; p < k; p++)
            for (int q = 0; q < k; q++)
                square[p * k + q] += ocean->white[i * k + p] * half[i * k + q];
    if (ocean->third)
        transform(k, d, ocean->white, true, white_cubic, cubic);
    throng_i_free(ocean->context, form);
    return THRONG_OK;
}
