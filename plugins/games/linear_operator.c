/* The gradient of a least squares fit, a row of data a component. */
#include "throng/operator.h"

#include <math.h>

enum {
    COMPONENTS,
    NUMBERS,
    SEED
};

static const throng_param params[] = {
    [COMPONENTS] = {"n", THRONG_PARAM_INTEGER, 400, 1, 1e7, "", "how many components"},
    [NUMBERS] = {"d", THRONG_PARAM_INTEGER, 50, 1, 1e5, "", "how many numbers are sought"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of what is drawn"},
    {0}};

/* Data: for each component its row a of length d, then its b; behind all, the solution and F(0). */
static void add(const double *data, int d, int64_t i, const double *u, double weight, double *out) {
    const double *a = data + i * (d + 1);
    double sums[4] = {-a[d], 0.0, 0.0, 0.0}; /* side by side: one alone would wait for itself */
    int j = 0;
    for (; j + 4 <= d; j += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += a[j + k] * u[j + k];
    for (; j < d; j++)
        sums[0] += a[j] * u[j];
    weight *= (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (j = 0; j < d; j++)
        out[j] += weight * a[j];
}

static void draw_normals(throng_random random, uint64_t row, int n, double *out) {
    double four[4];
    for (int j = 0; j < n; j++) {
        if (j % 4 == 0)
            throng_random_normals(random, row, (uint64_t)j / 4, 0, four);
        out[j] = four[j % 4];
    }
}

static void fill(double *data, int64_t n, int d, uint64_t seed, const double *solution) {
    for (int64_t i = 0; i < n; i++) {
        double *a = data + i * (d + 1), length = 0.0;
        draw_normals((throng_random){seed, 1}, (uint64_t)i, d, a);
        for (int j = 0; j < d; j++) {
            a[j] /= 1.0 + j;
            length += a[j] * a[j];
        }
        length = sqrt(length);
        for (int j = 0; j < d; j++) {
            a[j] /= length;
            a[d] += a[j] * solution[j];
        }
    }
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    int64_t n = (int64_t)param[COMPONENTS];
    int d = (int)param[NUMBERS];
    throng_operator *self = NULL;
    double *data = NULL, size = 0.0;
    throng_operator_def def = {.name = name,
                               .n_components = n,
                               .n_numbers = d,
                               .lipschitz = 1.0,
                               .cocoercive = true,
                               .n_data = n * (d + 1) + 2 * (int64_t)d,
                               .add = add};
    throng_status status = throng_operator_create(context, &def, &data, &self, err);
    if (status != THRONG_OK)
        return status;
    double *solution = data + n * (d + 1), *zero = solution + d;
    draw_normals((throng_random){(uint64_t)param[SEED], 2}, 0, d, solution);
    fill(data, n, d, (uint64_t)param[SEED], solution);
    for (int64_t i = 0; i < n; i++)
        for (int j = 0; j < d; j++)
            zero[j] -= data[i * (d + 1) + d] * data[i * (d + 1) + j] / (double)n;
    for (int j = 0; j < d; j++)
        size += zero[j] * zero[j];
    for (int64_t i = 0; i < n; i++)
        data[i * (d + 1) + d] /= sqrt(size);
    *out = throng_operator_problem(self);
    return THRONG_OK;
}

extern const throng_game throng_game_linear_operator;
const throng_game throng_game_linear_operator = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "linear-operator",
              .summary = "a least squares fit as an operator: the mean of n components of Lipschitz constant 1",
              .details = "F_i(u) = a_i (a_i'u - b_i), the gradient of half the squared error of a row of data. a_i is "
                         "normal, its j-th number divided by j, and of length 1; b_i = a_i'x with x normal, all scaled "
                         "so that |F(0)| = 1. So the residual, which is the gap, is that relative to the start. The "
                         "solution depends on the seed alone, not on n.",
              .reference = "Cai, Song, Guzman and Diakonikolas 2024, Variance reduced Halpern iteration for finite-sum "
                           "monotone inclusions, ICLR; arXiv 2310.02987",
              .params = params},
    .open = open,
};
