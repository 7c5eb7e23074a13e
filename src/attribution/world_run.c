/* A population handed to a world. Agents of a simulation stand in the order of the population's agents, as those of its
 * graph do; rows may stand in another. */
#include "attribution/world_run.h"

#include "population/population.h"

#include <string.h>

/* ---- preparing ------------------------------------------------------------------------------------------------- */

/* A column by agent. */
static throng_status by_agent(throng_context *context, const throng_population *population,
                              const throng_column_view *column, double **out, throng_error *err) {
    double *values = NULL, scratch[512];
    throng_status status = throng_i_resize(context, &values, population->n_agents, sizeof *values, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t at = 0; at < population->n_rows; at += 512) {
        int64_t n = at + 512 < population->n_rows ? 512 : population->n_rows - at;
        const double *x = throng_i_column_block(column, at, n, scratch);
        for (int64_t i = 0; i < n; i++)
            values[throng_population_agent(population, at + i)] = x[i];
    }
    *out = values;
    return THRONG_OK;
}

static throng_status mean_baseline(throng_i_world_run *self, int64_t n, bool weighted, throng_error *err) {
    double sum = 0.0, mass = 0.0;
    const double *weight = weighted ? self->weight : NULL;
    for (int64_t i = 0; i < n; i++) {
        sum += (weight ? weight[i] : 1.0) * self->state[i];
        mass += weight ? weight[i] : 1.0;
    }
    throng_status status = throng_i_resize(self->context, &self->baseline, n, sizeof *self->baseline, err);
    for (int64_t i = 0; status == THRONG_OK && i < n; i++)
        self->baseline[i] = sum / mass;
    return status;
}

static throng_status read_columns(throng_i_world_run *self, const throng_population *population,
                                  const throng_attribution_def *def, bool weighted, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(by_agent(self->context, population, &population->state, &self->state, err));
    if (population->weight.name)
        THRONG_TRY(by_agent(self->context, population, &population->weight, &self->weight, err));
    if (def->baseline == THRONG_BASELINE_COLUMN)
        THRONG_TRY(by_agent(self->context, population, &population->baseline, &self->baseline, err));
    if (def->baseline == THRONG_BASELINE_MEAN)
        THRONG_TRY(mean_baseline(self, population->n_agents, weighted, err));
out:
    return status;
}

throng_status throng_i_world_run_create(throng_context *context, const throng_population *population,
                                        const throng_attribution_def *def, bool weighted, throng_i_world_run **out,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_world_run *self = NULL;
    int64_t n = population->n_agents, steps = def->world->steps;
    THRONG_REQUIRE(population->n_times == 1, E_UNSUPPORTED,
                   "A world starts from one time, but the table has %lld: choose one with --where.",
                   (long long)population->n_times);
    THRONG_REQUIRE(def->baseline != THRONG_BASELINE_FIRST, E_UNSUPPORTED,
                   "A world starts from one time: there is no first state to come from.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(read_columns(self, population, def, weighted, err));
    THRONG_TRY(throng_simulation_create(context, def->graph, n, self->state, self->baseline, def->world,
                                        &self->simulation, err));
    self->resolved = throng_simulation_resolved(self->simulation);
    throng_dynamics_def what = {.indicator = def->indicator,
                                .column = def->column,
                                .over = def->over ? def->over : "final",
                                .weight = self->weight,
                                .per_step = n * steps * (int64_t)sizeof(double) <= def->world->memory};
    THRONG_TRY(throng_dynamics_create(self->simulation, &what, &self->dynamics, err));
    THRONG_TRY(throng_i_alloc(context, steps + 1, sizeof *self->series, &self->series, err));
    *out = self;
    self = NULL;
out:
    throng_i_world_run_free(self);
    return status;
}

void throng_i_world_run_free(throng_i_world_run *self) {
    if (!self)
        return;
    throng_dynamics_free(self->dynamics);
    throng_simulation_free(self->simulation);
    throng_i_free(self->context, self->state);
    throng_i_free(self->context, self->weight);
    throng_i_free(self->context, self->baseline);
    throng_i_free(self->context, self->series);
    throng_i_free(self->context, self);
}

/* ---- attributing ----------------------------------------------------------------------------------------------- */

/* From the order of agents to that of rows, in place. */
static throng_status to_rows(throng_context *context, const throng_population *population, double *values,
                             throng_error *err) {
    double *agents = NULL;
    if (!population->agents || !values)
        return THRONG_OK;
    throng_status status = throng_i_resize(context, &agents, population->n_agents, sizeof *agents, err);
    if (status != THRONG_OK)
        return status;
    memcpy(agents, values, (size_t)population->n_agents * sizeof *agents);
    for (int64_t row = 0; row < population->n_rows; row++)
        values[row] = agents[throng_population_agent(population, row)];
    throng_i_free(context, agents);
    return THRONG_OK;
}

throng_status throng_i_world_run_attribute(throng_i_world_run *self, const throng_population *population,
                                           const char *method, const throng_method_options *options, double *phi,
                                           throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_value_function function = throng_dynamics_function(self->dynamics);
    THRONG_TRY(throng_dynamics_series(self->dynamics, 1.0, self->series, err));
    throng_status done = throng_attribute_function(self->context, &function, method, options, phi, certificate, err);
    if (done == THRONG_E_UNSUPPORTED && !function.gradient)
        return THRONG_FAIL(
            err, E_UNSUPPORTED,
            "%.80s has no derivative (its world is not smooth, or the indicator counts bins), which %.60s "
            "needs: take --method shapley-sampled or owen-sampled.",
            self->resolved.world, method);
    if (done != THRONG_OK && done != THRONG_E_CANCELLED)
        return done;
    THRONG_TRY(to_rows(self->context, population, phi, done == THRONG_OK ? err : NULL));
    THRONG_TRY(to_rows(self->context, population, options->standard_error, done == THRONG_OK ? err : NULL));
    return done;
out:
    return status;
}
