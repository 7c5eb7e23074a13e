/**
 * Functions for the inner loops of plug-ins: exp, tanh, sin and cos, written so that compilers turn loops over slots
 * into vector code, which they cannot do with calls of the C library.
 *
 * They use additions, multiplications, divisions and the bits of a double alone, in an order that is part of the
 * source. throng is built with -ffp-contract=off, so no product is fused with a sum, and every processor and width of
 * vectors gives the same bits. Build plug-ins of your own with -O3 -ffp-contract=off -fno-trapping-math (the last lets
 * both sides of a choice be computed, which changes no value).
 */
#ifndef THRONG_MATH_H
#define THRONG_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** In front of a function: it is compiled for AVX-512, AVX2 and any processor, and the fitting version chosen when the
 *  program starts. With gcc on x86-64; clang 14 cannot link versions into a shared library, and sanitizers are not up
 *  yet when the choice is made. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&               \
    !defined(__SANITIZE_THREAD__)
#define THRONG_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define THRONG_WIDE
#endif

/** In front of a loop over slots: what it writes does not overlap anything else in it. */
#if defined(__clang__)
#define THRONG_APART _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define THRONG_APART _Pragma("GCC ivdep")
#else
#define THRONG_APART
#endif

/* Adding it rounds to a whole number, which then stands in the lowest bits. */
#define THRONG_I_ROUND 6755399441055744.0 /* 1.5 * 2^52 */

/* 2^k for a whole k in -1022..1023. */
static inline double throng_i_power_of_2(double k) {
    double biased = k + (THRONG_I_ROUND + 1023.0), out;
    uint64_t bits;
    memcpy(&bits, &biased, sizeof bits);
    bits <<= 52;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* x = k ln 2 + r with a whole k and |r| <= ln 2 / 2: gives k and exp(r) - 1. */
static inline double throng_i_reduced_expm1(double x, double *k) {
    *k = (x * 1.4426950408889634 + THRONG_I_ROUND) - THRONG_I_ROUND;
    /* ln 2 in two parts, of which the first times k is exact */
    double r = (x - *k * 0.6931471803691238) - *k * 1.9082149292705877e-10;
    /* the exponential series, odd and even powers apart so that two chains run side by side; the rest is below 2e-17 r
     */
    double rr = r * r, odd = 1.0 / 6227020800.0, even = 1.0 / 479001600.0;
    odd = odd * rr + 1.0 / 39916800.0;
    even = even * rr + 1.0 / 3628800.0;
    odd = odd * rr + 1.0 / 362880.0;
    even = even * rr + 1.0 / 40320.0;
    odd = odd * rr + 1.0 / 5040.0;
    even = even * rr + 1.0 / 720.0;
    odd = odd * rr + 1.0 / 120.0;
    even = even * rr + 1.0 / 24.0;
    odd = odd * rr + 1.0 / 6.0;
    even = even * rr + 0.5;
    return (even + r * odd) * rr + r;
}

/** exp(x), off by at most 1.1 ulp (1.01 is the most that was found at 4e6 random points in each of seven ranges). 0 and
 *  infinity beyond the range of doubles; NaN stays NaN. */
static inline double throng_exp(double x) {
    double k;
    x = x > 710.0 ? 710.0 : x;
    x = x < -746.0 ? -746.0 : x;
    double near_one = 1.0 + throng_i_reduced_expm1(x, &k);
    /* in two steps, for 2^k itself may be out of range */
    double half = (0.5 * k + THRONG_I_ROUND) - THRONG_I_ROUND;
    return near_one * throng_i_power_of_2(half) * throng_i_power_of_2(k - half);
}

/** exp(-x) for x >= 0, as throng_exp gives it, in fewer steps; 0 from x = 708 on, where that is below 4e-308. NaN stays
 *  NaN. */
static inline double throng_decay(double x) {
    double k;
    double near_one = 1.0 + throng_i_reduced_expm1(x > 708.0 ? -708.0 : -x, &k);
    return x >= 708.0 ? 0.0 : near_one * throng_i_power_of_2(k);
}

/** tanh(x), off by at most 2.7 ulp (2.58 is the most that was found, as above, near 0.22). Odd to the bit; 1 and -1
 * from |x| = 22 on; NaN stays NaN. */
static inline double throng_tanh(double x) {
    uint64_t bits, sign;
    double size, k, out;
    memcpy(&bits, &x, sizeof bits);
    sign = bits & (UINT64_C(1) << 63);
    bits ^= sign;
    memcpy(&size, &bits, sizeof size);
    size = size > 22.0 ? 22.0 : size;
    /* (e^2x - 1) / (e^2x + 1), of which nothing cancels */
    double grown = throng_i_reduced_expm1(2.0 * size, &k), scale = throng_i_power_of_2(k);
    grown = scale * grown + (scale - 1.0);
    out = grown / (grown + 2.0);
    memcpy(&bits, &out, sizeof bits);
    bits |= sign;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* 1 / (pi / 2), and pi / 2 in parts of 25 bits, so that the first three times a whole number below 2^28 are exact. */
#define THRONG_I_QUARTERS  0.6366197723675814
#define THRONG_I_QUARTER_1 (26353589.0 / 16777216.0)
#define THRONG_I_QUARTER_2 (17894214.0 / 16777216.0 / 67108864.0)
#define THRONG_I_QUARTER_3 (18506339.0 / 16777216.0 / 18014398509481984.0)
#define THRONG_I_QUARTER_4 (6934483320648778.0 / 4503599627370496.0 / 2417851639229258349412352.0)

/** sin(x) and cos(x), each off by at most 1.6 ulp for |x| <= 1e6 and 2.4 ulp for |x| <= 4e8 (1.50 and 2.30 are the most
 *  that was found, at 2e6 random points in each of eight ranges and next to multiples of pi / 2). Further out as at an
 *  argument some units in the last place away; NaN for infinity, and from 2^50 on, where doubles are a quarter apart.
 */
static inline void throng_sin_cos(double x, double *sine, double *cosine) {
    uint64_t quarter, bits;
    x = x < 1125899906842624.0 && x > -1125899906842624.0 ? x : (double)NAN;
    double shifted = x * THRONG_I_QUARTERS + THRONG_I_ROUND, k = shifted - THRONG_I_ROUND;
    double r = ((x - k * THRONG_I_QUARTER_1) - k * THRONG_I_QUARTER_2) - k * THRONG_I_QUARTER_3;
    r -= k * THRONG_I_QUARTER_4;
    /* both series on [-pi/4, pi/4] */
    double rr = r * r, s = 1.0 / 355687428096000.0, c = 1.0 / 20922789888000.0;
    s = s * rr - 1.0 / 1307674368000.0;
    c = c * rr - 1.0 / 87178291200.0;
    s = s * rr + 1.0 / 6227020800.0;
    c = c * rr + 1.0 / 479001600.0;
    s = s * rr - 1.0 / 39916800.0;
    c = c * rr - 1.0 / 3628800.0;
    s = s * rr + 1.0 / 362880.0;
    c = c * rr + 1.0 / 40320.0;
    s = s * rr - 1.0 / 5040.0;
    c = c * rr - 1.0 / 720.0;
    s = s * rr + 1.0 / 120.0;
    c = c * rr + 1.0 / 24.0;
    s = r + r * rr * (s * rr - 1.0 / 6.0);
    c = 1.0 - rr * (0.5 - c * rr);
    /* each quarter of a turn swaps them, each half changes their signs */
    memcpy(&quarter, &shifted, sizeof quarter);
    double one = quarter & 1 ? c : s, other = quarter & 1 ? s : c;
    memcpy(&bits, &one, sizeof bits);
    bits ^= (quarter & 2) << 62;
    memcpy(sine, &bits, sizeof bits);
    memcpy(&bits, &other, sizeof bits);
    bits ^= ((quarter + 1) & 2) << 62;
    memcpy(cosine, &bits, sizeof bits);
}

#ifdef __cplusplus
}
#endif
#endif
