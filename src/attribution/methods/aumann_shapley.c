/*
 * Aumann-Shapley: phi_i = integral over t of dv/dalpha_i on the ray (t, ..., t).
 *
 * The number of nodes doubles until two things hold: the parts add up to the whole (efficiency), and the rule with half
 * the nodes gives the same parts (the sum alone could be right by luck). Where the slope of v along the ray is cheap,
 * rules that cannot succeed are skipped without looking at a single agent.
 */
#include "attribution/quadrature.h"
#include "attribution/relative.h"

#include <math.h>
#include <string.h>

static throng_status ray_value(const throng_value_function *function, double t, double *alpha, double *out,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    if (function->ray_value) {
        status = function->ray_value(function->self, t, out, err);
    } else {
        for (int64_t i = 0; i < function->n_agents; i++)
            alpha[i] = t;
        status = function->value(function->self, alpha, out, err);
    }
    if (status == THRONG_OK && !isfinite(*out))
        status =
            THRONG_FAIL(err, E_DEGENERATE,
                        "The value function is not finite when everybody takes part with %g: it gave %g.", t, *out);
    return status;
}

/* ray_credit for value functions that only have a gradient: one gradient a node. scratch is [3 n_agents]. */
static throng_status credit_by_gradient(const throng_value_function *function, const throng_nodes *nodes,
                                        double *scratch, double *phi, throng_error *err) {
    int64_t n = function->n_agents;
    double *alpha = scratch, *gradient = scratch + n;
    memset(phi, 0, (size_t)n * sizeof *phi);
    for (int q = 0; q < nodes->n; q++) {
        for (int64_t i = 0; i < n; i++)
            alpha[i] = nodes->t[q];
        throng_status status = function->gradient(function->self, alpha, gradient, err);
        if (status != THRONG_OK)
            return status;
        for (int64_t i = 0; i < n; i++)
            phi[i] += nodes->weight[q] * gradient[i];
    }
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(phi[i]))
            return THRONG_FAIL(err, E_DEGENERATE, "The gradient of the value function is not finite for agent %lld.",
                               (long long)i);
    return THRONG_OK;
}

static throng_status ray_credit(const throng_value_function *function, const throng_nodes *fine,
                                const throng_nodes *coarse, double *scratch, double *phi, throng_credit_sums *sums,
                                throng_error *err) {
    if (function->ray_credit)
        return function->ray_credit(function->self, fine, coarse, phi, sums, err);
    int64_t n = function->n_agents;
    double *before = scratch + 2 * n;
    throng_status status = credit_by_gradient(function, coarse, scratch, before, err);
    if (status == THRONG_OK)
        status = credit_by_gradient(function, fine, scratch, phi, err);
    *sums = (throng_credit_sums){0};
    for (int64_t i = 0; status == THRONG_OK && i < n; i++) {
        sums->phi += phi[i];
        sums->absolute += fabs(phi[i]);
        sums->change += fabs(phi[i] - before[i]);
    }
    return status;
}

/* Whether the two rules already disagree along the ray, so that agents need not be asked; *moved is the integral of
 * |dv/dt|, 0 where slopes are not cheap. */
static throng_status hopeless(const throng_value_function *function, const throng_nodes *fine,
                              const throng_nodes *coarse, double whole, double tolerance, bool *out, double *moved,
                              throng_error *err) {
    const throng_nodes *rules[2] = {fine, coarse};
    double sums[2] = {0.0, 0.0};
    *out = false;
    *moved = 0.0;
    if (!function->ray_slope)
        return THRONG_OK;
    for (int r = 0; r < 2; r++)
        for (int q = 0; q < rules[r]->n; q++) {
            double slope = 0.0;
            throng_status status = function->ray_slope(function->self, rules[r]->t[q], &slope, err);
            if (status != THRONG_OK)
                return status;
            sums[r] += rules[r]->weight[q] * slope;
            *moved += 0.5 * rules[r]->weight[q] * fabs(slope);
        }
    /* Sums over agents may cancel: only a clear miss counts. */
    double miss = 20.0 * tolerance * fmax(*moved + fabs(whole), 1e-4 * throng_i_moved(0.0, function->magnitude));
    *out = fabs(sums[0] - whole) > miss || fabs(sums[0] - sums[1]) > miss;
    return THRONG_OK;
}

static throng_status try_rule(const throng_value_function *function, const throng_nodes *fine,
                              const throng_nodes *coarse, bool last, double *scratch, double *phi,
                              throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_credit_sums sums = {0};
    double whole = certificate->everybody - certificate->nobody, moved = 0.0;
    bool skip = false;
    THRONG_TRY(hopeless(function, fine, coarse, whole, certificate->tolerance, &skip, &moved, err));
    certificate->quadrature_nodes = fine->n;
    if (skip && !last)
        goto out;
    THRONG_TRY(ray_credit(function, fine, coarse, scratch, phi, &sums, err));
    certificate->sum_phi = sums.phi;
    moved = throng_i_moved(moved, function->magnitude);
    certificate->efficiency_residual = throng_i_relative(sums.phi - whole, whole, fmax(sums.absolute, moved));
    certificate->rule_change = throng_i_relative(sums.change, sums.absolute, moved);
    certificate->converged = certificate->efficiency_residual <= certificate->tolerance &&
                             certificate->rule_change <= certificate->tolerance;
out:
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    double *scratch = NULL;
    throng_i_rule fine = {0}, coarse = {0};
    throng_certificate result = {.tolerance = options->tolerance, .efficient = true};
    THRONG_REQUIRE(function->gradient || function->ray_credit, E_UNSUPPORTED,
                   "aumann-shapley needs a gradient, and this value function has none.");
    if (!function->ray_credit || !function->ray_value)
        THRONG_TRY(throng_i_alloc(context, 3 * function->n_agents, sizeof *scratch, &scratch, err));
    THRONG_TRY(ray_value(function, 0.0, scratch, &result.nobody, err));
    THRONG_TRY(ray_value(function, 1.0, scratch, &result.everybody, err));
    THRONG_TRY(throng_i_rule_init(context, 1, function->singular_ends, &coarse, err));
    for (int n = 2; n <= options->nodes_max && !result.converged; n *= 2) {
        THRONG_TRY(throng_i_rule_init(context, n, function->singular_ends, &fine, err));
        THRONG_TRY(
            try_rule(function, &fine.nodes, &coarse.nodes, n > options->nodes_max / 2, scratch, phi, &result, err));
        throng_i_rule_clear(context, &coarse);
        coarse = fine;
        fine = (throng_i_rule){0};
    }
    result.error_estimate = result.rule_change;
    *certificate = result;
    if (options->standard_error)
        memset(options->standard_error, 0, (size_t)function->n_agents * sizeof *options->standard_error);
    THRONG_REQUIRE(
        result.converged, E_NOT_CONVERGED,
        "The tolerance %g was not reached with %d nodes: efficiency residual %.3g, change from half the nodes "
        "%.3g. Raise --nodes-max or --tolerance, or take another path or baseline.",
        result.tolerance, result.quadrature_nodes, result.efficiency_residual, result.rule_change);
out:
    throng_i_rule_clear(context, &fine);
    throng_i_rule_clear(context, &coarse);
    throng_i_free(context, scratch);
    return status;
}

const throng_method throng_method_aumann_shapley = {
    .about =
        {
            .struct_size = sizeof(throng_method),
            .name = "aumann-shapley",
            .summary =
                "Path integral of the gradient from nobody to everybody: exactly additive, any number of agents.",
            .details =
                "phi_i = integral from 0 to 1 of dv/dalpha_i (t, ..., t) dt, by Gauss-Legendre quadrature whose number "
                "of "
                "nodes doubles until the efficiency residual and the change between successive rules are both within "
                "the "
                "tolerance. Efficiency, symmetry, dummy and linearity hold for every smooth v. Equal to the Shapley "
                "value "
                "when v is multilinear or quadratic in the aggregates on the presence path. The cost does not depend "
                "on "
                "the number of agents beyond one gradient a node; moment indicators take two passes over the crowd.",
            .reference = "Aumann and Shapley, Values of Non-Atomic Games, Princeton 1974; for populations of agents "
                         "arXiv 2605.11404",
        },
    .by_share = true,
    .attribute = attribute,
};
