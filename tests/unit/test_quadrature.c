/* Gauss-Legendre rules: exactness where it is promised, and convergence at singular ends. */
#include "attribution/quadrature.h"
#include "crowds.h"

static double integrate(int n, bool graded, double (*f)(double, int), int power) {
    throng_context *context = test_context(1);
    throng_i_rule rule;
    cr_assert_eq(throng_i_rule_init(context, n, graded, &rule, NULL), THRONG_OK);
    double sum = 0.0;
    for (int q = 0; q < n; q++) {
        cr_assert(rule.nodes.t[q] > 0.0 && rule.nodes.t[q] < 1.0, "node %d of %d at %g", q, n, rule.nodes.t[q]);
        sum += rule.nodes.weight[q] * f(rule.nodes.t[q], power);
    }
    throng_i_rule_clear(context, &rule);
    throng_context_free(context);
    return sum;
}

static double monomial(double t, int power) {
    return pow(t, power);
}

static double logarithm(double t, int end) {
    return log(end ? 1.0 - t : t);
}

static double smooth(double t, int unused) {
    (void)unused;
    return exp(t);
}

Test(quadrature, exact_for_polynomials_up_to_twice_the_nodes) {
    for (int n = 1; n <= 40; n++)
        for (int power = 0; power <= 2 * n - 1; power++)
            cr_assert_float_eq(integrate(n, false, monomial, power), 1.0 / (power + 1), 2e-15, "n %d, power %d", n,
                               power);
}

Test(quadrature, not_exact_one_degree_further) {
    for (int n = 1; n <= 6; n++)
        cr_assert(fabs(integrate(n, false, monomial, 2 * n) - 1.0 / (2 * n + 1)) > 1e-9);
}

Test(quadrature, large_rules_are_still_exact) {
    for (int n = 256; n <= 4096; n *= 4) {
        cr_assert_float_eq(integrate(n, false, monomial, 100), 1.0 / 101, 1e-15);
        cr_assert_float_eq(integrate(n, false, smooth, 0), 1.718281828459045, 5e-15);
    }
}

/* On the plain rule a logarithm converges like 1/n^2; crowded nodes reach full accuracy. */
Test(quadrature, crowded_nodes_tame_singular_ends) {
    for (int end = 0; end < 2; end++) {
        cr_assert(fabs(integrate(64, false, logarithm, end) + 1.0) > 1e-5);
        cr_assert(fabs(integrate(64, true, logarithm, end) + 1.0) < 1e-11);
        cr_assert(fabs(integrate(256, true, logarithm, end) + 1.0) < 1e-13);
        cr_assert(fabs(integrate(1024, true, logarithm, end) + 1.0) < 1e-13);
    }
    cr_assert_float_eq(integrate(16, true, monomial, 0), 1.0, 1e-14);
}
