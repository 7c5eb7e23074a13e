/* A population handed to a world. With one time agent a has row a, in the simulation as in its graph. */
#include "attribution/world_run.h"

#include "population/population.h"

#include <string.h>

/* ---- preparing ------------------------------------------------------------------------------------------------- */

static throng_status copy_column(throng_context *context, const throng_population *population,
                                 const throng_column_view *column, double **out, throng_error *err) {
    double *values = NULL, scratch[512];
    throng_status status = throng_i_resize(context, &values, population->n_rows, sizeof *values, err);
    if (status != THRONG_OK)
        return status;
    throng_i_share here = throng_i_population_here(population);
    for (int64_t at = here.begin; at < here.end; at += 512) {
        int64_t n = at + 512 < here.end ? 512 : here.end - at;
        memcpy(values + at, throng_i_column_block(column, at, n, scratch), (size_t)n * sizeof *values);
    }
    *out = values;
    return THRONG_OK;
}

/* What a mean is made of, agent by agent. */
typedef struct mean_job {
    const double *state, *weight; /* weight NULL: 1 */
} mean_job;

typedef struct mean {
    double sum, mass;
} mean;

static void add_to_mean(void *user, throng_i_share rows, void *state) {
    const mean_job *job = user;
    mean *out = state;
    for (int64_t i = rows.begin; i < rows.end; i++) {
        out->sum += (job->weight ? job->weight[i] : 1.0) * job->state[i];
        out->mass += job->weight ? job->weight[i] : 1.0;
    }
}

static throng_status mean_baseline(throng_i_world_run *self, const throng_population *population, bool weighted,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    mean_job job = {self->state, weighted ? self->weight : NULL};
    mean all = {0};
    throng_i_share here = throng_i_population_here(population);
    THRONG_TRY(throng_i_population_in_turn(population, add_to_mean, &job, &all, sizeof all, err));
    THRONG_TRY(throng_i_resize(self->context, &self->baseline, population->n_rows, sizeof *self->baseline, err));
    for (int64_t i = here.begin; i < here.end; i++)
        self->baseline[i] = all.sum / all.mass;
out:
    return status;
}

/* The states that a world starts from, and a course of recorded ones that it goes through. */
static throng_status read_states(throng_i_world_run *self, const throng_population *population,
                                 throng_simulation_def *def, throng_error *err) {
    throng_i_plugin_use use;
    throng_status status = throng_i_plugin_parse(self->context, THRONG_KIND_WORLD, def->world, &use, err);
    if (status != THRONG_OK)
        return status;
    if (!(((const throng_world *)(const void *)use.about)->flags & THRONG_WORLD_RECORDED))
        return copy_column(self->context, population, &population->state, &self->state, err);
    if (!population->course)
        return THRONG_FAIL(err, E_UNSUPPORTED, "%s goes through the times of a population: fold them into a course.",
                           use.about->name);
    def->steps = population->n_course - 1;
    def->recorded = population->course + population->n_agents;
    status = throng_i_resize(self->context, &self->state, population->n_agents, sizeof *self->state, err);
    if (status == THRONG_OK)
        memcpy(self->state, population->course, (size_t)population->n_agents * sizeof *self->state);
    return status;
}

/* Where a course starts. */
static throng_status first_baseline(throng_i_world_run *self, const throng_population *population, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = population->n_agents;
    THRONG_REQUIRE(population->course, E_UNSUPPORTED,
                   "A world starts from one time: there is no first state to come from.");
    THRONG_TRY(throng_i_resize(self->context, &self->baseline, n, sizeof *self->baseline, err));
    memcpy(self->baseline, population->course, (size_t)n * sizeof *self->baseline);
out:
    return status;
}

static throng_status read_columns(throng_i_world_run *self, const throng_population *population,
                                  const throng_attribution_def *def, bool weighted, throng_error *err) {
    throng_status status = THRONG_OK;
    if (population->weight.name)
        THRONG_TRY(copy_column(self->context, population, &population->weight, &self->weight, err));
    if (def->baseline == THRONG_BASELINE_COLUMN)
        THRONG_TRY(copy_column(self->context, population, &population->baseline, &self->baseline, err));
    if (def->baseline == THRONG_BASELINE_MEAN)
        THRONG_TRY(mean_baseline(self, population, weighted, err));
    if (def->baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(first_baseline(self, population, err));
out:
    return status;
}

throng_status throng_i_world_run_create(throng_context *context, const throng_population *population,
                                        const throng_attribution_def *def, bool weighted, throng_i_world_run **out,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_world_run *self = NULL;
    int64_t n = population->n_agents;
    throng_simulation_def what_runs = *def->world;
    THRONG_REQUIRE(
        population->n_times == 1, E_UNSUPPORTED,
        "A world starts from one time, but the table has %lld: choose one with --where, or --world replay goes "
        "through them.",
        (long long)population->n_times);
    THRONG_REQUIRE(n == population->n_rows && !population->agents, E_INTERNAL,
                   "Agents of one time are not its rows; please report this.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(read_states(self, population, &what_runs, err));
    THRONG_TRY(read_columns(self, population, def, weighted, err));
    THRONG_TRY(throng_simulation_create(context, def->graph, n, self->state, self->baseline, &what_runs,
                                        &self->simulation, err));
    self->resolved = throng_simulation_resolved(self->simulation);
    throng_dynamics_def what = {.indicator = def->indicator,
                                .column = def->column,
                                .over = def->over ? def->over : "final",
                                .weight = self->weight,
                                .group = def->group,
                                .n_groups = def->n_groups,
                                .per_step = n * what_runs.steps * (int64_t)sizeof(double) <= what_runs.memory};
    THRONG_TRY(throng_dynamics_create(self->simulation, &what, &self->dynamics, err));
    throng_i_dynamics_keep_shares(self->dynamics, population->shared);
    THRONG_TRY(throng_i_alloc(context, what_runs.steps + 1, sizeof *self->series, &self->series, err));
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

throng_status throng_i_world_run_function(throng_i_world_run *self, throng_value_function *out, throng_error *err) {
    *out = throng_dynamics_function(self->dynamics);
    return throng_dynamics_series(self->dynamics, 1.0, self->series, err);
}
