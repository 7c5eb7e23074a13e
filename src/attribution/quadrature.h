/* Gauss-Legendre rules on (0, 1), plain or with nodes crowded at the ends. */
#ifndef THRONG_SRC_ATTRIBUTION_QUADRATURE_H
#define THRONG_SRC_ATTRIBUTION_QUADRATURE_H

#include "core/core.h"
#include "throng/attribution.h"

/* A rule that owns its arrays; rule.nodes is what value functions take. */
typedef struct throng_i_rule {
    throng_nodes nodes;
    double *storage; /* [2 n]: t, then weight */
} throng_i_rule;

/*
 * n-point rule on (0, 1), exact for polynomials of degree 2n-1.
 *
 * With `graded`, t = S(u) with the smoothstep S of S' = 140 u^3 (1-u)^3 replaces the variable: an integrand with a
 * logarithm or a power at t = 0 or 1 becomes smooth enough in u for fast convergence.
 * Legendre roots by Newton's method from Tricomi's approximation; O(n^2), n <= 10^4. E_MEMORY.
 */
THRONG_MUST_USE throng_status throng_i_rule_init(throng_context *context, int n, bool graded, throng_i_rule *rule,
                                                 throng_error *err);
void throng_i_rule_clear(throng_context *context, throng_i_rule *rule);

#endif
