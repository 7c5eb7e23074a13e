/* Fifteen distributions, exactly: see dice.h. Draws are by inversion, or from normals; none loops without bound. */
#include "llm/dice.h"

#include "core/tails.h"

#include <math.h>

#define PI 3.14159265358979323846

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static double uniform(throng_random random, uint64_t key, uint64_t index, uint64_t draw) {
    double out[4];
    throng_random_uniforms(random, key, index, draw, out);
    return out[0];
}

static double normal(throng_random random, uint64_t key, uint64_t index, uint64_t draw) {
    double out[4];
    throng_random_normals(random, key, index, draw, out);
    return out[0];
}

/* Chi-square with k degrees of freedom, as k squared normals: draws from..from + k - 1. */
static double chi_square(throng_random random, uint64_t key, uint64_t index, uint64_t from, int k) {
    double sum = 0.0;
    for (int i = 0; i < k; i++) {
        double z = normal(random, key, index, from + (uint64_t)i);
        sum += z * z;
    }
    return sum;
}

/* ---- the dice -------------------------------------------------------------------------------------------------- */

#define CDF(name)  static double name##_cdf(double x, double a, double b)
#define DRAW(name) static double name##_draw(throng_random random, uint64_t key, uint64_t index, double a, double b)

CDF(uniform) {
    return fmin(1.0, fmax(0.0, (x - a) / (b - a)));
}
DRAW(uniform) {
    return a + (b - a) * uniform(random, key, index, 0);
}
CDF(gaussian) {
    return 0.5 * erfc(-(x - a) / (b * sqrt(2.0)));
}
DRAW(gaussian) {
    return a + b * normal(random, key, index, 0);
}
CDF(bernoulli) {
    (void)b;
    return x < 0.0 ? 0.0 : x < 1.0 ? 1.0 - a : 1.0;
}
DRAW(bernoulli) {
    (void)b;
    return uniform(random, key, index, 0) < a ? 1.0 : 0.0;
}
CDF(beta) {
    return throng_i_beta_i(a, b, x);
}
/* Of whole a and b: a ratio of sums of exponentials. */
DRAW(beta) {
    double one = 0.0, other = 0.0;
    for (int i = 0; i < (int)a; i++)
        one -= log(uniform(random, key, index, (uint64_t)i));
    for (int i = 0; i < (int)b; i++)
        other -= log(uniform(random, key, index, (uint64_t)(100 + i)));
    return one / (one + other);
}
CDF(binomial) {
    x = floor(x);
    return x < 0.0 ? 0.0 : x >= a ? 1.0 : throng_i_beta_i(a - x, x + 1.0, 1.0 - b);
}
DRAW(binomial) {
    double sum = 0.0;
    for (int i = 0; i < (int)a; i++)
        sum += uniform(random, key, index, (uint64_t)i) < b ? 1.0 : 0.0;
    return sum;
}
CDF(poisson) {
    (void)b;
    return x < 0.0 ? 0.0 : 1.0 - throng_i_gamma_p(floor(x) + 1.0, a);
}
DRAW(poisson) {
    double u = uniform(random, key, index, 0), p = exp(-a), sum = p;
    int k = 0;
    (void)b;
    while (u > sum && k < 1000) {
        k++;
        p *= a / k;
        sum += p;
    }
    return k;
}
CDF(exponential) {
    (void)b;
    return x <= 0.0 ? 0.0 : -expm1(-a * x);
}
DRAW(exponential) {
    (void)b;
    return -log(uniform(random, key, index, 0)) / a;
}
CDF(cauchy) {
    return 0.5 + atan((x - a) / b) / PI;
}
DRAW(cauchy) {
    return a + b * tan(PI * (uniform(random, key, index, 0) - 0.5));
}
CDF(student) {
    (void)b;
    double tail = throng_i_student_tail(x, a);
    return x > 0.0 ? 1.0 - tail : tail;
}
DRAW(student) {
    (void)b;
    return normal(random, key, index, 0) / sqrt(chi_square(random, key, index, 1, (int)a) / a);
}
CDF(chi_square) {
    (void)b;
    return throng_i_gamma_p(a / 2.0, x / 2.0);
}
DRAW(chi_square) {
    (void)b;
    return chi_square(random, key, index, 0, (int)a);
}
CDF(fisher) {
    return x <= 0.0 ? 0.0 : throng_i_beta_i(a / 2.0, b / 2.0, a * x / (a * x + b));
}
DRAW(fisher) {
    return (chi_square(random, key, index, 0, (int)a) / a) / (chi_square(random, key, index, 100, (int)b) / b);
}
CDF(gamma) {
    return throng_i_gamma_p(a, x / b);
}
DRAW(gamma) {
    double sum = 0.0;
    for (int i = 0; i < (int)a; i++)
        sum -= log(uniform(random, key, index, (uint64_t)i));
    return b * sum;
}
CDF(weibull) {
    return x <= 0.0 ? 0.0 : -expm1(-pow(x / b, a));
}
DRAW(weibull) {
    return b * pow(-log(uniform(random, key, index, 0)), 1.0 / a);
}
CDF(laplace) {
    double z = (x - a) / b;
    return z < 0.0 ? 0.5 * exp(z) : 1.0 - 0.5 * exp(-z);
}
DRAW(laplace) {
    double u = uniform(random, key, index, 0) - 0.5;
    return a - b * copysign(log1p(-2.0 * fabs(u)), u);
}
CDF(logistic) {
    return 1.0 / (1.0 + exp(-(x - a) / b));
}
DRAW(logistic) {
    double u = uniform(random, key, index, 0);
    return a + b * log(u / (1.0 - u));
}

#define DIE(shown, about, in_tier, whole, one, two, top, law)                                                          \
    {                                                                                                                  \
        .name = shown, .words = about, .tier = in_tier, .discrete = whole, .a = one, .b = two, .mode = top,            \
        .cdf = law##_cdf, .draw = law##_draw                                                                           \
    }

const throng_i_die throng_i_dice[THRONG_I_DICE] = {
    DIE("Uniform(0, 1)", "uniform between 0 and 1", 1, false, 0, 1, 0.5, uniform),
    DIE("Gaussian(0, 1)", "normal with mean 0 and standard deviation 1", 1, false, 0, 1, 0, gaussian),
    DIE("Bernoulli(0.7)", "1 with probability 0.7, else 0", 1, true, 0.7, 0, 1, bernoulli),
    DIE("Beta(2, 2)", "beta with both shapes 2", 2, false, 2, 2, 0.5, beta),
    DIE("Binomial(10, 0.5)", "heads in 10 tosses of a fair coin", 2, true, 10, 0.5, 5, binomial),
    DIE("Poisson(5)", "Poisson with mean 5", 2, true, 5, 0, 5, poisson),
    DIE("Exponential(1)", "exponential with rate 1", 2, false, 1, 0, 0, exponential),
    DIE("Cauchy(0, 1)", "Cauchy with location 0 and scale 1", 3, false, 0, 1, 0, cauchy),
    DIE("Student t(3)", "Student's t with 3 degrees of freedom", 3, false, 3, 0, 0, student),
    DIE("Chi-square(5)", "chi-square with 5 degrees of freedom", 3, false, 5, 0, 3, chi_square),
    DIE("F(5, 10)", "F with 5 and 10 degrees of freedom", 3, false, 5, 10, 0.5, fisher),
    DIE("Gamma(2, 2)", "gamma with shape 2 and scale 2", 3, false, 2, 2, 2, gamma),
    DIE("Weibull(1.5, 1)", "Weibull with shape 1.5 and scale 1", 3, false, 1.5, 1, 0.4807, weibull),
    DIE("Laplace(0, 1)", "Laplace with location 0 and scale 1", 3, false, 0, 1, 0, laplace),
    DIE("Logistic(0, 1)", "logistic with location 0 and scale 1", 3, false, 0, 1, 0, logistic),
};
