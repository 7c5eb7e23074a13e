/* A world and an indicator as a value function. */
#define _POSIX_C_SOURCE 200809L
#include "throng/dynamics.h"

#include "attribution/outcome.h"
#include "world/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct throng_dynamics {
    throng_simulation *simulation;
    throng_i_outcome outcome;
    double *share; /* [steps + 1] how much the indicator at each step counts */
    bool per_step;
    double *credit;   /* [steps or 1][n] of the last path integral */
    double *before;   /* [n] phi of the last rule, kept for the next one's comparison */
    int before_nodes; /* 0: none */
    double value[THRONG_I_LANES_MAX];
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_dynamics_def throng_dynamics_default(void) {
    return (throng_dynamics_def){.indicator = "variance", .over = "final"};
}

/* How much each step counts: weights that add up to 1. */
static throng_status set_shares(throng_dynamics *self, const char *over, throng_error *err) {
    int64_t steps = self->simulation->def.steps;
    char *end = NULL;
    if (strcmp(over, "final") == 0) {
        self->share[steps] = 1.0;
        return THRONG_OK;
    }
    if (strcmp(over, "mean") == 0) {
        for (int64_t t = 0; t <= steps; t++)
            self->share[t] = 1.0 / (double)(steps + 1);
        return THRONG_OK;
    }
    double past = strncmp(over, "ewma:", 5) == 0 ? strtod(over + 5, &end) : (double)NAN;
    if (!(past >= 0.0 && past < 1.0) || *end != '\0' || end == over + 5)
        return THRONG_FAIL(
            err, E_PARAMETER,
            "over must be final, mean or ewma:X with X, the weight of the past, in [0, 1), got \"%.60s\".", over);
    for (int64_t t = 0; t <= steps; t++)
        self->share[t] = pow(past, (double)(steps - t)) * (t > 0 ? 1.0 - past : 1.0);
    return THRONG_OK;
}

throng_status throng_dynamics_create(throng_simulation *simulation, const throng_dynamics_def *def,
                                     throng_dynamics **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_dynamics *self = NULL;
    throng_context *context = simulation->context;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->simulation = simulation;
    self->per_step = def->per_step;
    THRONG_TRY(throng_i_alloc(context, simulation->def.steps + 1, sizeof *self->share, &self->share, err));
    THRONG_TRY(set_shares(self, def->over, err));
    THRONG_TRY(throng_i_outcome_init(context, def->indicator, simulation->n, simulation->state, def->weight,
                                     &self->outcome, err));
    *out = self;
    self = NULL;
out:
    throng_dynamics_free(self);
    return status;
}

void throng_dynamics_free(throng_dynamics *self) {
    if (!self)
        return;
    throng_context *context = self->simulation->context;
    throng_i_outcome_clear(&self->outcome);
    throng_i_free(context, self->share);
    throng_i_free(context, self->credit);
    throng_i_free(context, self->before);
    throng_i_free(context, self);
}

const double *throng_dynamics_steps(const throng_dynamics *self) {
    return self->per_step && self->before_nodes > 0 ? self->credit : NULL;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static throng_status add_value(void *user, int64_t step, int lanes, const double *const *state, throng_error *err) {
    throng_dynamics *self = user;
    double value[THRONG_I_LANES_MAX];
    if (self->share[step] == 0.0)
        return THRONG_OK;
    throng_status status = throng_i_outcome_value(&self->outcome, lanes, state[0], value, err);
    for (int l = 0; status == THRONG_OK && l < lanes; l++)
        self->value[l] += self->share[step] * value[l];
    return status;
}

static throng_status value_of(throng_dynamics *self, throng_i_taking_part part, double *out, throng_error *err) {
    memset(self->value, 0, sizeof self->value);
    throng_status status = throng_i_run(self->simulation, part, add_value, self, err);
    if (status == THRONG_OK)
        memcpy(out, self->value, (size_t)part.lanes * sizeof *out);
    return status;
}

static throng_status value(void *user, const double *alpha, double *out, throng_error *err) {
    return value_of(user, (throng_i_taking_part){.lanes = 1, .each = alpha}, out, err);
}

static throng_status ray_value(void *user, double t, double *out, throng_error *err) {
    return value_of(user, (throng_i_taking_part){.lanes = 1, .lane = {t}}, out, err);
}

/* ---- credits --------------------------------------------------------------------------------------------------- */

static throng_status add_seed(void *user, int64_t step, int lanes, const double *const *state, double *const *of,
                              throng_error *err) {
    throng_dynamics *self = user;
    if (self->share[step] == 0.0)
        return THRONG_OK;
    return throng_i_outcome_seed(&self->outcome, lanes, state[0], self->share[step], of[0], err);
}

static throng_status gradient(void *user, const double *alpha, double *out, throng_error *err) {
    throng_dynamics *self = user;
    const double one = 1.0;
    memset(out, 0, (size_t)self->simulation->n * sizeof *out);
    return throng_i_sweep(self->simulation, (throng_i_taking_part){.lanes = 1, .each = alpha}, &one, add_seed, self,
                          false, out, err);
}

/* self->credit = sum over nodes of weight * gradient, several nodes at a time. */
static throng_status integrate(throng_dynamics *self, const throng_nodes *nodes, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t rows = self->per_step && self->simulation->def.steps > 0 ? self->simulation->def.steps : 1;
    int64_t n = rows * self->simulation->n;
    if (!self->credit)
        THRONG_TRY(throng_i_alloc(self->simulation->context, n, sizeof *self->credit, &self->credit, err));
    memset(self->credit, 0, (size_t)n * sizeof *self->credit);
    for (int q = 0; q < nodes->n;) {
        throng_i_taking_part part = {.lanes = throng_i_sweep_lanes(nodes->n - q)};
        memcpy(part.lane, nodes->t + q, (size_t)part.lanes * sizeof *part.lane);
        THRONG_TRY(throng_i_sweep(self->simulation, part, nodes->weight + q, add_seed, self, self->per_step,
                                  self->credit, err));
        q += part.lanes;
    }
out:
    return status;
}

typedef struct total_job {
    const throng_dynamics *dynamics;
    double *phi;
    const double *before; /* NULL: not compared */
} total_job;

enum {
    PHI,
    ABSOLUTE,
    CHANGE,
    SUMS
};

static void total_chunk(void *user, throng_chunk chunk, double *sums) {
    const total_job *job = user;
    const throng_simulation *simulation = job->dynamics->simulation;
    int64_t rows = job->dynamics->per_step ? simulation->def.steps : 1;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double phi = 0.0;
        for (int64_t row = 0; row < rows || row == 0; row++)
            phi += job->dynamics->credit[row * simulation->n + i];
        sums[PHI] += phi;
        sums[ABSOLUTE] += fabs(phi);
        sums[CHANGE] += job->before ? fabs(phi - job->before[i]) : 0.0;
        if (job->phi)
            job->phi[i] = phi;
    }
}

static throng_status total(throng_dynamics *self, const double *before, double *phi, throng_credit_sums *out,
                           throng_error *err) {
    total_job job = {self, phi, before};
    double sums[SUMS];
    throng_status status =
        throng_i_sum_over(self->simulation->context, self->simulation->n, SUMS, total_chunk, &job, NULL, sums, err);
    *out = (throng_credit_sums){sums[PHI], sums[ABSOLUTE], sums[CHANGE]};
    return status;
}

/* A method that doubles its nodes asks for each rule twice, first as the fine one: it is kept. */
static throng_status ray_credit(void *user, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                                throng_credit_sums *sums, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_dynamics *self = user;
    throng_context *context = self->simulation->context;
    int64_t n = self->simulation->n;
    if (!self->before)
        THRONG_TRY(throng_i_alloc(context, n, sizeof *self->before, &self->before, err));
    if (coarse && self->before_nodes != coarse->n) {
        THRONG_TRY(integrate(self, coarse, err));
        THRONG_TRY(total(self, NULL, self->before, sums, err));
    }
    self->before_nodes = 0;
    THRONG_TRY(integrate(self, fine, err));
    THRONG_TRY(total(self, coarse ? self->before : NULL, phi, sums, err));
    if (phi) {
        memcpy(self->before, phi, (size_t)n * sizeof *phi);
        self->before_nodes = fine->n;
    }
out:
    return status;
}

throng_value_function throng_dynamics_function(throng_dynamics *self) {
    bool smooth = (self->simulation->world->flags & THRONG_WORLD_SMOOTH) &&
                  self->outcome.indicator.descriptor->form != THRONG_FORM_HISTOGRAM;
    return (throng_value_function){.self = self,
                                   .n_agents = self->simulation->n,
                                   .value = value,
                                   .ray_value = ray_value,
                                   .gradient = smooth ? gradient : NULL,
                                   .ray_credit = smooth ? ray_credit : NULL};
}
