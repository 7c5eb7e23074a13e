/* Tails and quantiles of distributions: see tails.h. */
#include "core/tails.h"

#include <math.h>

/* A series left of a + 1, Lentz's continued fraction right of it. */
double throng_i_gamma_p(double a, double x) {
    if (x <= 0.0)
        return 0.0;
    double front = exp(-x + a * log(x) - lgamma(a));
    if (x < a + 1.0) {
        double term = 1.0 / a, sum = term;
        for (int n = 1; n < 1000 && term > sum * 1e-16; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return front * sum;
    }
    double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, h = d;
    for (int n = 1; n < 1000; n++) {
        double an = -n * (n - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        double change = c * d;
        h *= change;
        if (fabs(change - 1.0) < 1e-15)
            break;
    }
    return 1.0 - front * h;
}

/* The continued fraction of the incomplete beta function, for x below (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    double c = 1.0, d = 1.0 / (1.0 - (a + b) * x / (a + 1.0)), h = d;
    for (int m = 1; m < 1000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 / (1.0 + even * d);
        c = 1.0 + even / c;
        h *= c * d;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / (1.0 + odd * d);
        c = 1.0 + odd / c;
        h *= c * d;
        if (fabs(c * d - 1.0) < 1e-15)
            break;
    }
    return h;
}

double throng_i_beta_i(double a, double b, double x) {
    if (x <= 0.0)
        return 0.0;
    if (x >= 1.0)
        return 1.0;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1.0) / (a + b + 2.0))
        return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double throng_i_chi_square_tail(double x, double k) {
    return k > 0.0 ? 1.0 - throng_i_gamma_p(k / 2.0, x / 2.0) : 1.0;
}

double throng_i_student_tail(double x, double k) {
    return 0.5 * throng_i_beta_i(k / 2.0, 0.5, k / (k + x * x));
}

double throng_i_student_quantile(double p, double k) {
    double low = 0.0, high = 1.0;
    while (throng_i_student_tail(high, k) > 1.0 - p && high < 1e300)
        high *= 2.0;
    while (high - low > 1e-12 * high) {
        double middle = 0.5 * (low + high);
        if (throng_i_student_tail(middle, k) > 1.0 - p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double throng_i_kolmogorov_tail(double distance, double n) {
    double root = sqrt(n), l = distance * (root + 0.12 + 0.11 / root), sum = 0.0;
    if (l < 0.2)
        return 1.0; /* to fourteen digits; the series is slow there */
    for (int k = 1; k <= 100; k++)
        sum += (k % 2 ? 2.0 : -2.0) * exp(-2.0 * k * k * l * l);
    return fmin(1.0, fmax(0.0, sum));
}
