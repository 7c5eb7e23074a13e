/* Functions that plug-ins inline: how far they are from the C library's long double, and what they make of the ends. */
#include "throng/math.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Units in the last place of the nearest double between a value and what it should be. */
static double ulps(double got, long double wanted) {
    int exponent = 0;
    (void)frexpl(wanted, &exponent);
    if (exponent < DBL_MIN_EXP)
        exponent = DBL_MIN_EXP;
    return (double)(fabsl(got - wanted) / ldexpl(1.0L, exponent - DBL_MANT_DIG));
}

typedef double (*function)(double x);
typedef long double (*reference)(long double x);

static double own_exp(double x) {
    return throng_exp(x);
}

static double own_tanh(double x) {
    return throng_tanh(x);
}

/* The largest error at many points between low and high, evenly spread and then jittered. */
static double worst(function f, reference g, double low, double high) {
    double out = 0.0;
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        double x = low + (high - low) * ((i + (double)(state >> 11) * 0x1p-53) / 200000);
        out = fmax(out, ulps(f(x), g(x)));
    }
    return out;
}

/* What throng/math.h promises. */
#define EXP_ULPS  1.1
#define TANH_ULPS 2.7

Test(math, errors_are_as_documented) {
    const double ranges[][2] = {{-1e-9, 1e-9}, {-1e-3, 1e-3}, {-0.4, 0.4}, {-1, 1},     {-5, 5},
                                {-21, 23},     {-100, 100},   {-708, 709}, {-745, -708}};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        double e = worst(own_exp, expl, ranges[r][0], ranges[r][1]),
               t = worst(own_tanh, tanhl, ranges[r][0], ranges[r][1]);
        cr_expect(e <= EXP_ULPS, "exp in [%g, %g] is off by %g ulp", ranges[r][0], ranges[r][1], e);
        cr_expect(t <= TANH_ULPS, "tanh in [%g, %g] is off by %g ulp", ranges[r][0], ranges[r][1], t);
    }
}

Test(math, ends_are_those_of_the_c_library) {
    const double x[] = {0.0,
                        INFINITY,
                        1e300,
                        710.0,
                        DBL_MIN,
                        DBL_TRUE_MIN,
                        22.0,
                        709.782712893384,
                        709.7827128933841,
                        745.1332191019411,
                        745.1332191019412,
                        1e-310,
                        DBL_MAX};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double at = sign * x[i], e = exp(at), t = tanh(at);
            cr_expect(throng_exp(at) == e || ulps(throng_exp(at), e) <= EXP_ULPS, "exp(%g) is %g", at, throng_exp(at));
            cr_expect(throng_tanh(at) == t || ulps(throng_tanh(at), t) <= TANH_ULPS, "tanh(%g) is %g", at,
                      throng_tanh(at));
            cr_expect_eq(signbit(throng_tanh(at)), signbit(at));
            cr_expect_eq(isinf(throng_exp(at)), isinf(e), "exp(%.17g) is %g", at, throng_exp(at));
        }
    cr_expect(isnan(throng_exp(NAN)) && isnan(throng_tanh(NAN)) && isnan(throng_exp(-NAN)) && isnan(throng_tanh(-NAN)));
    cr_expect_eq(throng_exp(0.0), 1.0);
    cr_expect_eq(throng_tanh(40.0), 1.0);
}

THRONG_WIDE static void side_by_side(const double *x, int n, double *e, double *t) {
    THRONG_APART
    for (int k = 0; k < n; k++) {
        e[k] = throng_exp(x[k]);
        t[k] = throng_tanh(x[k]);
    }
}

/* A loop that became vector code, for whatever processor this is, gives the bits of single calls. */
Test(math, vectors_have_the_same_bits) {
    enum {
        N = 4099
    };
    static double x[N], e[N], t[N];
    for (int k = 0; k < N; k++)
        x[k] = k % 17 == 0 ? NAN : k % 19 == 0 ? INFINITY : -750.0 + 0.37 * k;
    side_by_side(x, N, e, t);
    for (int k = 0; k < N; k++) {
        volatile double at = x[k];
        double one = throng_exp(at), other = throng_tanh(at);
        cr_assert(memcmp(&e[k], &one, sizeof one) == 0 || isnan(one), "exp(%.17g): %.17g and %.17g", at, e[k], one);
        cr_assert(memcmp(&t[k], &other, sizeof other) == 0 || isnan(other), "tanh(%.17g): %.17g, %.17g", at, t[k],
                  other);
        cr_assert_eq(isnan(e[k]), isnan(one));
        cr_assert_eq(isnan(t[k]), isnan(other));
    }
}
