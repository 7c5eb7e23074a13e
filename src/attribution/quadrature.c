/* Gauss-Legendre rules on (0, 1). Press et al., Numerical Recipes, 3rd ed. 2007, section 4.6, for the recurrence. */
#include "attribution/quadrature.h"

#include <math.h>

#define PI 3.14159265358979323846

/* P_n(x) and its derivative by the three-term recurrence. */
static double legendre(int n, double x, double *derivative) {
    double before = 1.0, value = x;
    for (int k = 2; k <= n; k++) {
        double next = x * value + (1.0 - 1.0 / k) * (x * value - before);
        before = value;
        value = next;
    }
    *derivative = n * (x * value - before) / (x * x - 1.0);
    return value;
}

static double legendre_root(int n, int i) {
    double x = cos(PI * (i + 0.75) / (n + 0.5));
    for (int round = 0; round < 100; round++) {
        double derivative = 0.0, step = legendre(n, x, &derivative) / derivative;
        x -= step;
        if (fabs(step) < 1e-15)
            break;
    }
    return x;
}

/* The smoothstep t = S(u) = u^4 (35 - 84 u + 70 u^2 - 20 u^3), and its derivative. */
static double smoothstep(double u, double *derivative) {
    double v = 1.0 - u;
    *derivative = 140.0 * u * u * u * v * v * v;
    return u * u * u * u * (35.0 + u * (-84.0 + u * (70.0 - 20.0 * u)));
}

throng_status throng_i_rule_init(throng_context *context, int n, bool graded, throng_i_rule *rule, throng_error *err) {
    *rule = (throng_i_rule){0};
    double *storage = NULL;
    throng_status status = throng_i_alloc(context, 2 * (int64_t)n, sizeof *storage, &storage, err);
    if (status != THRONG_OK)
        return status;
    for (int i = 0; i < n; i++) {
        /* Roots are symmetric about 0; the middle one of an odd rule is exactly 0. */
        int mirror = i < n - 1 - i ? i : n - 1 - i;
        double root = 2 * mirror + 1 == n ? 0.0 : legendre_root(n, mirror), derivative = 0.0;
        legendre(n, root, &derivative);
        double u = 0.5 * (1.0 + (i == mirror ? -root : root));
        double weight = 1.0 / ((1.0 - root * root) * derivative * derivative);
        double stretch = 1.0;
        /* Crowded nodes may round to an end, where what they are crowded for is infinite. */
        storage[i] = fmin(graded ? smoothstep(u, &stretch) : u, 1.0 - 0x1p-53);
        storage[n + i] = weight * stretch;
    }
    rule->storage = storage;
    rule->nodes = (throng_nodes){n, storage, storage + n};
    return THRONG_OK;
}

void throng_i_rule_clear(throng_context *context, throng_i_rule *rule) {
    throng_i_free(context, rule->storage);
    *rule = (throng_i_rule){0};
}
