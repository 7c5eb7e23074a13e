/* Groups of agents as players: a value function around another. */
#include "core/core.h"
#include "throng/attribution.h"

#include <string.h>

struct throng_grouped {
    throng_context *context;
    throng_value_function agents;
    int64_t n_groups;
    int32_t *group; /* [agents] */
    double *alpha;  /* [agents] */
    double *credit; /* [agents] */
    double *steps;  /* [n_groups][k] of the aggregate form */
};

/* ---- from groups to agents and back ---------------------------------------------------------------------------- */

static const double *spread(throng_grouped *self, const double *alpha) {
    for (int64_t i = 0; i < self->agents.n_agents; i++)
        self->alpha[i] = alpha[self->group[i]];
    return self->alpha;
}

static void gather(const throng_grouped *self, double *out) {
    memset(out, 0, (size_t)self->n_groups * sizeof *out);
    for (int64_t i = 0; i < self->agents.n_agents; i++)
        out[self->group[i]] += self->credit[i];
}

/* ---- the functions --------------------------------------------------------------------------------------------- */

static throng_status value(void *user, const double *alpha, double *out, throng_error *err) {
    throng_grouped *self = user;
    return self->agents.value(self->agents.self, spread(self, alpha), out, err);
}

static throng_status value_at(void *user, const double *alpha, int64_t draw, double *out, throng_error *err) {
    throng_grouped *self = user;
    return self->agents.value_at(self->agents.self, spread(self, alpha), draw, out, err);
}

static void rehearse(void *user, bool on) {
    const throng_grouped *self = user;
    self->agents.rehearse(self->agents.self, on);
}

static throng_status answer(void *user, int64_t *n, throng_error *err) {
    const throng_grouped *self = user;
    return self->agents.answer(self->agents.self, n, err);
}

static throng_status gradient(void *user, const double *alpha, double *out, throng_error *err) {
    throng_grouped *self = user;
    throng_status status = self->agents.gradient(self->agents.self, spread(self, alpha), self->credit, err);
    if (status == THRONG_OK)
        gather(self, out);
    return status;
}

static throng_status ray_value(void *user, double t, double *out, throng_error *err) {
    throng_grouped *self = user;
    return self->agents.ray_value(self->agents.self, t, out, err);
}

static throng_status ray_slope(void *user, double t, double *out, throng_error *err) {
    throng_grouped *self = user;
    return self->agents.ray_slope(self->agents.self, t, out, err);
}

static throng_status ray_credit(void *user, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                                throng_credit_sums *sums, throng_error *err) {
    throng_grouped *self = user;
    throng_status status =
        self->agents.ray_credit(self->agents.self, fine, coarse, phi ? self->credit : NULL, sums, err);
    if (status == THRONG_OK && phi)
        gather(self, phi);
    return status;
}

static void aggregate_origin(void *user, double *m) {
    const throng_grouped *self = user;
    self->agents.aggregate_origin(self->agents.self, m);
}

static void aggregate_steps(void *user, int64_t begin, int64_t end, double *steps) {
    const throng_grouped *self = user;
    int64_t k = self->agents.n_aggregates;
    memcpy(steps, self->steps + begin * k, (size_t)((end - begin) * k) * sizeof *steps);
}

static double aggregate_value(void *user, const double *m) {
    const throng_grouped *self = user;
    return self->agents.aggregate_value(self->agents.self, m);
}

static void aggregate_gradient(void *user, const double *m, double *out) {
    const throng_grouped *self = user;
    self->agents.aggregate_gradient(self->agents.self, m, out);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

#define STEPS_BLOCK 8192 /* doubles */

/* In the order of agents, on one thread: a group's steps are the same bits on any number of threads. */
static throng_status add_up_steps(throng_grouped *self, throng_error *err) {
    double block[STEPS_BLOCK];
    const throng_value_function *agents = &self->agents;
    int64_t k = agents->n_aggregates, rows = STEPS_BLOCK / k;
    throng_progress progress = {"grouping", "agents", 0, agents->n_agents};
    throng_status status = throng_i_alloc(self->context, self->n_groups * k, sizeof(double), &self->steps, err);
    for (int64_t at = 0; status == THRONG_OK && at < agents->n_agents; at += rows) {
        int64_t end = at + rows < agents->n_agents ? at + rows : agents->n_agents;
        agents->aggregate_steps(agents->self, at, end, block);
        for (int64_t i = at; i < end; i++)
            for (int64_t j = 0; j < k; j++)
                self->steps[self->group[i] * k + j] += block[(i - at) * k + j];
        progress.done = end;
        status = throng_i_progress(self->context, &progress, err);
    }
    return status;
}

throng_status throng_grouped_create(throng_context *context, const throng_value_function *function,
                                    const int32_t *group, int64_t n_groups, throng_grouped **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_grouped *self = NULL;
    int64_t n = function->n_agents;
    THRONG_REQUIRE(n > 0, E_EMPTY, "The value function has no agents.");
    THRONG_REQUIRE(n_groups >= 1 && n_groups <= INT32_MAX, E_ARGUMENT, "There must be 1 to 2^31 - 1 groups, got %lld.",
                   (long long)n_groups);
    for (int64_t i = 0; i < n; i++)
        THRONG_REQUIRE(group[i] >= 0 && group[i] < n_groups, E_ARGUMENT,
                       "Agent %lld is in group %d, but groups are 0 to %lld.", (long long)i, (int)group[i],
                       (long long)n_groups - 1);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->agents = *function;
    self->n_groups = n_groups;
    THRONG_TRY(throng_i_resize(context, &self->group, n, sizeof *self->group, err));
    THRONG_TRY(throng_i_resize(context, &self->alpha, n, sizeof *self->alpha, err));
    THRONG_TRY(throng_i_resize(context, &self->credit, n, sizeof *self->credit, err));
    memcpy(self->group, group, (size_t)n * sizeof *group);
    if (function->n_aggregates > 0)
        THRONG_TRY(add_up_steps(self, err));
    *out = self;
    self = NULL;
out:
    throng_grouped_free(self);
    return status;
}

void throng_grouped_free(throng_grouped *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->group);
    throng_i_free(self->context, self->alpha);
    throng_i_free(self->context, self->credit);
    throng_i_free(self->context, self->steps);
    throng_i_free(self->context, self);
}

throng_value_function throng_grouped_function(throng_grouped *self) {
    const throng_value_function *agents = &self->agents;
    bool aggregates = agents->n_aggregates > 0;
    return (throng_value_function){
        .self = self,
        .n_agents = self->n_groups,
        .value = agents->value ? value : NULL,
        .gradient = agents->gradient ? gradient : NULL,
        .ray_value = agents->ray_value ? ray_value : NULL,
        .ray_slope = agents->ray_slope ? ray_slope : NULL,
        .ray_credit = agents->ray_credit ? ray_credit : NULL,
        .n_aggregates = agents->n_aggregates,
        .aggregates_linear = agents->aggregates_linear,
        .aggregate_origin = aggregates ? aggregate_origin : NULL,
        .aggregate_steps = aggregates ? aggregate_steps : NULL,
        .aggregate_value = aggregates ? aggregate_value : NULL,
        .aggregate_gradient = aggregates ? aggregate_gradient : NULL,
        .n_draws = agents->n_draws,
        .value_at = agents->value_at ? value_at : NULL,
        .rehearse = agents->rehearse ? rehearse : NULL,
        .answer = agents->rehearse ? answer : NULL,
        .magnitude = agents->magnitude,
        .singular_ends = agents->singular_ends,
        .apart = agents->apart,
    };
}
