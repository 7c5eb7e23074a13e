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

static double own_sin(double x) {
    double sine, cosine;
    throng_sin_cos(x, &sine, &cosine);
    return sine;
}

static double own_cos(double x) {
    double sine, cosine;
    throng_sin_cos(x, &sine, &cosine);
    return cosine;
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

/* The same: up to 1e6, and up to 4e8. */
#define SIN_COS_ULPS     1.6
#define FAR_SIN_COS_ULPS 2.4

Test(math, errors_of_angles_are_as_documented) {
    const double ends[] = {1e-9, 1e-3, 0.785, 1.6, 10, 1000, 1e6, 4e8};
    for (size_t r = 0; r < sizeof ends / sizeof *ends; r++) {
        double s = worst(own_sin, sinl, -ends[r], ends[r]), c = worst(own_cos, cosl, -ends[r], ends[r]);
        double allowed = ends[r] <= 1e6 ? SIN_COS_ULPS : FAR_SIN_COS_ULPS;
        cr_expect(s <= allowed, "sin up to %g is off by %g ulp", ends[r], s);
        cr_expect(c <= allowed, "cos up to %g is off by %g ulp", ends[r], c);
    }
}

/* There all but a few bits of the argument cancel. */
Test(math, angles_next_to_quarters_of_a_turn_keep_their_precision) {
    for (int64_t k = 1; k < 600000; k += 7) {
        double x = (double)((long double)k * 1.57079632679489661923132169163975144L);
        double s = ulps(own_sin(x), sinl(x)), c = ulps(own_cos(x), cosl(x));
        cr_assert(s <= SIN_COS_ULPS && c <= SIN_COS_ULPS, "at %.17g sin is off by %g ulp, cos by %g", x, s, c);
    }
}

Test(math, angles_end_where_none_are_left) {
    cr_expect_float_eq(own_sin(1e12), sin(1e12), 1e-3);
    cr_expect_float_eq(own_cos(-1e12), cos(1e12), 1e-3);
    cr_expect_eq(own_sin(0.0), 0.0);
    cr_expect_eq(own_cos(0.0), 1.0);
    const double none[] = {0x1p50, -0x1p50, 1e300, INFINITY, -INFINITY, NAN};
    for (int k = 0; k < 6; k++)
        cr_expect(isnan(own_sin(none[k])) && isnan(own_cos(none[k])), "at %g", none[k]);
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

Test(math, decay_is_the_exponential_of_what_is_not_positive) {
    for (double x = 0.0; x < 708.0; x += 0.0137) {
        volatile double at = x;
        double decayed = throng_decay(at), e = throng_exp(-at);
        cr_assert(memcmp(&decayed, &e, sizeof e) == 0, "at %.17g: %.17g, not %.17g", x, decayed, e);
    }
    cr_expect_eq(throng_decay(708.0), 0.0);
    cr_expect_eq(throng_decay((double)INFINITY), 0.0);
    cr_expect(isnan(throng_decay((double)NAN)));
}

THRONG_WIDE static void side_by_side(const double *x, int n, double *e, double *t) {
    THRONG_APART
    for (int k = 0; k < n; k++) {
        e[k] = throng_exp(x[k]);
        t[k] = throng_tanh(x[k]);
    }
}

/* A loop that became vector code, for whatever processor this is, gives the bits of single calls. */
THRONG_WIDE static void angles_side_by_side(const double *x, int64_t n, double *sine, double *cosine) {
    THRONG_APART
    for (int64_t k = 0; k < n; k++)
        throng_sin_cos(x[k], &sine[k], &cosine[k]);
}

Test(math, vectors_of_angles_have_the_same_bits) {
    enum {
        N = 4099
    };
    static double x[N], s[N], c[N];
    for (int k = 0; k < N; k++)
        x[k] = k % 17 == 0 ? 1e7 * k : -20.0 + 0.01 * k;
    angles_side_by_side(x, N, s, c);
    for (int k = 0; k < N; k++) {
        volatile double at = x[k];
        double sine = own_sin(at), cosine = own_cos(at);
        cr_assert(memcmp(&s[k], &sine, sizeof sine) == 0, "sin(%.17g): %.17g and %.17g", at, s[k], sine);
        cr_assert(memcmp(&c[k], &cosine, sizeof cosine) == 0, "cos(%.17g): %.17g and %.17g", at, c[k], cosine);
    }
}

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
