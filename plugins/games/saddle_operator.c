/* Two players whose costs add up to 0 and who are not bound by anything: a saddle, as a mean of components. */
#include "throng/operator.h"

#include <math.h>

enum {
    COMPONENTS,
    NUMBERS,
    SEED
};

static const throng_param params[] = {
    [COMPONENTS] = {"n", THRONG_PARAM_INTEGER, 400, 1, 1e7, "", "how many components"},
    [NUMBERS] = {"d", THRONG_PARAM_INTEGER, 10, 1, 1e5, "", "how many numbers each of both chooses"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of what is drawn"},
    {0}};

static double product(const double *a, const double *b, int d) {
    double sum = 0.0;
    for (int j = 0; j < d; j++)
        sum += a[j] * b[j];
    return sum;
}

/* Data: for each component its a, of length d, and a'x and a'y at the solution; behind all, F(0). */
static void add(const double *data, int n_numbers, int64_t i, const double *u, double weight, double *out) {
    int d = n_numbers / 2;
    const double *a = data + i * (d + 2);
    double x = product(a, u, d) - a[d], y = product(a, u + d, d) - a[d + 1];
    for (int j = 0; j < d; j++) {
        out[j] += weight * y * a[j];
        out[d + j] -= weight * x * a[j];
    }
}

/* A normal vector, its j-th number divided by j; of length 1. */
static void draw(throng_random random, uint64_t row, int d, double *out) {
    double four[4], length = 0.0;
    for (int j = 0; j < d; j++) {
        if (j % 4 == 0)
            throng_random_normals(random, row, (uint64_t)j / 4, 0, four);
        out[j] = four[j % 4] / (1.0 + j);
        length += out[j] * out[j];
    }
    for (int j = 0; j < d; j++)
        out[j] /= sqrt(length);
}

/* Solution: x has the same number everywhere, y the opposite; F(0) has length 1. */
static void fill(double *data, int64_t n, int d, uint64_t seed) {
    double *zero = data + n * (d + 2), size = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double *a = data + i * (d + 2), sum = 0.0;
        draw((throng_random){seed, 1}, (uint64_t)i, d, a);
        for (int j = 0; j < d; j++)
            sum += a[j];
        a[d] = sum;
        a[d + 1] = -sum;
        for (int j = 0; j < d; j++)
            zero[j] += sum * a[j] / (double)n;
    }
    for (int j = 0; j < d; j++) /* twice: x and y alike */
        size += 2.0 * zero[j] * zero[j];
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            data[i * (d + 2) + d + k] /= sqrt(size);
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    int64_t n = (int64_t)param[COMPONENTS];
    int d = (int)param[NUMBERS];
    throng_operator *self = NULL;
    double *data = NULL;
    throng_operator_def def = {
        .name = name, .n_components = n, .n_numbers = 2 * d, .lipschitz = 1.0, .n_data = n * (d + 2) + d, .add = add};
    throng_status status = throng_operator_create(context, &def, &data, &self, err);
    if (status != THRONG_OK)
        return status;
    fill(data, n, d, (uint64_t)param[SEED]);
    *out = throng_operator_problem(self);
    return THRONG_OK;
}

extern const throng_game throng_game_saddle_operator;
const throng_game throng_game_saddle_operator = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "saddle-operator",
              .summary = "a bilinear saddle as an operator: the mean of n components of Lipschitz constant 1",
              .details =
                  "The first player's x is to make the mean of (a_i'x - c_i)(a_i'y - e_i) small, the second's y "
                  "to make it large; F_i has the first's gradient and the second's with its sign changed. a_i is "
                  "normal, its j-th number divided by j, and of length 1; c_i and e_i are such that at the "
                  "solution all numbers of x are the same and those of y the opposite, and |F(0)| = 1. Monotone, "
                  "not cocoercive.",
              .reference = "Cai, Song, Guzman and Diakonikolas 2024, Variance reduced Halpern iteration for finite-sum "
                           "monotone inclusions, ICLR; arXiv 2310.02987",
              .params = params},
    .open = open,
};
