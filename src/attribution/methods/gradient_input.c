/* Gradient times input: the slope of the value function in each agent's participation where everybody takes part. */
#include "attribution/coalition.h"

#include <math.h>

/* Nodes of a rule lie below 1: the last double there, and one a little further down. */
#define AT_THE_END   (1.0 - 0x1p-53)
#define NEAR_THE_END (1.0 - 0x1p-43)
/* Slopes that differ by so much between the two have no limit. */
#define SAME 1e-3

static throng_status value_at(const throng_value_function *function, double t, double *alpha, double *out,
                              throng_error *err) {
    for (int64_t i = 0; i < function->n_agents; i++)
        alpha[i] = t;
    throng_status status = function->ray_value ? function->ray_value(function->self, t, out, err)
                                               : function->value(function->self, alpha, out, err);
    if (status == THRONG_OK && !isfinite(*out))
        status = THRONG_FAIL(err, E_DEGENERATE, "The value function is not finite when %s takes part: it gave %g.",
                             t > 0.0 ? "everybody" : "nobody", *out);
    return status;
}

static throng_status slope_by_ray(const throng_value_function *function, double t, double *phi, throng_error *err) {
    const double weight = 1.0;
    throng_credit_sums unused;
    return function->ray_credit(function->self, &(throng_nodes){1, &t, &weight}, NULL, phi, &unused, err);
}

/* scratch [n_agents] */
static throng_status slopes(const throng_value_function *function, double *scratch, double *phi, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = function->n_agents;
    double apart = 0.0, most = 0.0;
    if (!function->ray_credit) {
        for (int64_t i = 0; i < n; i++)
            scratch[i] = 1.0;
        THRONG_TRY(function->gradient(function->self, scratch, phi, err));
    } else {
        THRONG_TRY(slope_by_ray(function, AT_THE_END, phi, err));
    }
    for (int64_t i = 0; i < n; i++)
        THRONG_REQUIRE(isfinite(phi[i]), E_DEGENERATE,
                       "The gradient of the value function is not finite for agent %lld.", (long long)i);
    if (!function->ray_credit || !function->singular_ends)
        goto out;
    THRONG_TRY(slope_by_ray(function, NEAR_THE_END, scratch, err));
    for (int64_t i = 0; i < n; i++) {
        apart = fmax(apart, fabs(phi[i] - scratch[i]));
        most = fmax(most, fabs(phi[i]));
    }
    THRONG_REQUIRE(apart <= SAME * most, E_DEGENERATE,
                   "The slope of the value function is infinite where everybody takes part: gradient-input has no "
                   "value. Take leave-one-out or aumann-shapley, or another baseline.");
out:
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_certificate result = {.tolerance = options->tolerance, .converged = true};
    throng_i_coalition_game ends = {.context = context, .function = function, .n = function->n_agents};
    double *scratch = NULL;
    THRONG_REQUIRE(function->gradient || function->ray_credit, E_UNSUPPORTED,
                   "gradient-input needs a gradient, and this value function has none.");
    THRONG_REQUIRE(function->value || function->ray_value, E_UNSUPPORTED,
                   "gradient-input compares credits with the value of everybody, and this value function has no "
                   "`value`.");
    THRONG_TRY(throng_i_alloc(context, function->n_agents, sizeof *scratch, &scratch, err));
    THRONG_TRY(value_at(function, 0.0, scratch, &ends.nobody, err));
    THRONG_TRY(value_at(function, 1.0, scratch, &ends.everybody, err));
    THRONG_TRY(slopes(function, scratch, phi, err));
    THRONG_TRY(throng_i_certify(&ends, phi, NULL, &result, err));
    *certificate = result;
    if (options->standard_error)
        memset(options->standard_error, 0, (size_t)function->n_agents * sizeof *options->standard_error);
out:
    throng_i_free(context, scratch);
    return status;
}

const throng_method throng_method_gradient_input = {
    .about =
        {.struct_size = sizeof(throng_method),
         .name = "gradient-input",
         .summary =
             "Slope of the indicator in each agent's participation, at the observed crowd: quickest, not additive.",
         .details =
             "Formula: phi_i = dv/dalpha_i where everybody takes part. The input is in alpha: on the state path this "
             "is "
             "the gradient in the state times the way from the baseline.\n"
             "Limits: a first-order effect. Credits do not add up to v(everybody) - v(nobody) unless v is linear; for "
             "a v "
             "that saturates they vanish where the Shapley value does not. Refused where the slope is infinite, as for "
             "an entropy whose bin has just emptied.\n"
             "Cost: one gradient, as one node of aumann-shapley.",
         .reference = "Baehrens, Schroeter, Harmeling, Kawanabe, Hansen and Mueller 2010, How to explain individual "
                      "classification decisions, Journal of Machine Learning Research 11 (the gradient as an "
                      "explanation)"},
    .attribute = attribute,
};
