/* A world and an indicator as a value function. */
#include "throng/dynamics.h"

#include "attribution/outcome.h"
#include "attribution/over.h"
#include "attribution/world_run.h"
#include "world/world.h"

#include <math.h>
#include <string.h>

struct throng_dynamics {
    throng_simulation *simulation;
    throng_i_outcome outcome;
    throng_i_over over;
    int column;       /* of the world, that the indicator looks at */
    double *series;   /* [THRONG_I_LANES_MAX][steps + 1] the indicator at every step */
    double *slope;    /* the same: how much the number moves with it */
    double magnitude; /* of the terms that values are made of; 0: unknown */
    bool per_step;
    bool keeps_shares; /* of several ranks: credits of other ranks' agents are not wanted */
    double *credit;    /* [steps or 1][n] of the last path integral */
    double *before;    /* [n] phi of the last rule, kept for the next one's comparison */
    int before_nodes;  /* 0: none */
    /* Credit of each behaviour, of the last path integral; NULL: not told apart, and not kept step by step. */
    double *behaviour[THRONG_WORLD_MESSAGES_MAX];       /* [n] */
    double *behaviour_steps[THRONG_WORLD_MESSAGES_MAX]; /* [steps][n] */
    throng_i_scratch scratch;
    const int32_t *group; /* [n] NULL: none */
    int n_groups;
    double *by_group; /* [steps][n_groups][behaviours] of the last path integral */
    double *so_far;   /* [2][n_groups][behaviours] sums of all steps taken back, before and after the last */
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_dynamics_def throng_dynamics_default(void) {
    return (throng_dynamics_def){.indicator = "variance", .over = "final"};
}

static throng_status find_column(throng_dynamics *self, const char *name, throng_error *err) {
    const throng_world *world = self->simulation->world;
    const char *names[THRONG_WORLD_COLUMNS_MAX];
    char tail[300];
    for (int c = 0; c < world->n_columns; c++) {
        names[c] = world->columns[c].name;
        if (!name || strcmp(name, names[c]) == 0) {
            self->column = c;
            return THRONG_OK;
        }
    }
    throng_suggest(name, names, world->n_columns, tail, sizeof tail);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "The world %s has no column \"%.60s\".%s", world->about.name, name, tail);
}

/* Slopes that depend on nothing are known at once. */
static void set_slopes(throng_dynamics *self) {
    int64_t steps = self->simulation->def.steps;
    for (int l = 0; l < THRONG_I_LANES_MAX; l++)
        throng_i_over_value(&self->over, self->series, steps, self->slope + l * (steps + 1));
}

throng_status throng_dynamics_create(throng_simulation *simulation, const throng_dynamics_def *def,
                                     throng_dynamics **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_dynamics *self = NULL;
    throng_context *context = simulation->context;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->simulation = simulation;
    self->per_step = def->per_step;
    int64_t n = THRONG_I_LANES_MAX * (simulation->def.steps + 1);
    THRONG_TRY(throng_i_over_parse(def->over, &self->over, err));
    THRONG_TRY(find_column(self, def->column, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->series, &self->series, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->slope, &self->slope, err));
    THRONG_TRY(throng_i_outcome_init(context, def->indicator, simulation->n, simulation->state, def->weight,
                                     &self->outcome, err));
    if (self->over.linear) { /* numbers that are as large as the indicator */
        set_slopes(self);
        THRONG_TRY(throng_i_outcome_magnitude(&self->outcome, simulation->state, &self->magnitude, err));
    }
    self->group = def->group;
    self->n_groups = def->n_groups;
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
    throng_i_scratch_clear(context, &self->scratch);
    throng_i_free(context, self->series);
    throng_i_free(context, self->slope);
    throng_i_free(context, self->credit);
    throng_i_free(context, self->before);
    throng_i_free(context, self->by_group);
    throng_i_free(context, self->so_far);
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX; b++) {
        throng_i_free(context, self->behaviour[b]);
        throng_i_free(context, self->behaviour_steps[b]);
    }
    throng_i_free(context, self);
}

const double *throng_dynamics_steps(const throng_dynamics *self) {
    return self->per_step && self->before_nodes > 0 ? self->credit : NULL;
}

int throng_dynamics_behaviours(const throng_dynamics *self) {
    const throng_world *world = self->simulation->world;
    bool influence = self->simulation->def.participation == THRONG_PARTICIPATION_INFLUENCE;
    return influence && world->behaviours ? world->n_messages : 1;
}

const char *throng_dynamics_behaviour_name(const throng_dynamics *self, int behaviour) {
    bool influence = self->simulation->def.participation == THRONG_PARTICIPATION_INFLUENCE;
    if (behaviour < 0 || behaviour >= throng_dynamics_behaviours(self))
        return NULL;
    if (throng_dynamics_behaviours(self) > 1)
        return self->simulation->world->behaviours[behaviour];
    return influence ? "influence" : "innate state";
}

const double *throng_dynamics_behaviour(const throng_dynamics *self, int behaviour) {
    bool known = self->before_nodes > 0 && behaviour >= 0 && behaviour < throng_dynamics_behaviours(self);
    return known ? self->behaviour[behaviour] : NULL;
}

const double *throng_dynamics_by_group(const throng_dynamics *self) {
    return self->before_nodes > 0 ? self->by_group : NULL;
}

const double *throng_dynamics_behaviour_steps(const throng_dynamics *self, int behaviour) {
    return throng_dynamics_behaviour(self, behaviour) ? self->behaviour_steps[behaviour] : NULL;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* The indicator in each lane; where it is undefined the message says after which step. */
static throng_status indicator_at(throng_dynamics *self, int64_t step, int lanes, const double *const *state,
                                  double *value, throng_error *err) {
    throng_error reason = {0};
    throng_status status = throng_i_outcome_value(&self->outcome, lanes, state[self->column], value, &reason);
    if (status == THRONG_E_DEGENERATE && step > 0)
        return THRONG_FAIL(err, E_DEGENERATE, "%s, after step %lld: %.300s", self->simulation->world->about.name,
                           (long long)step, reason.message);
    if (status != THRONG_OK && err)
        *err = reason;
    return status;
}

static throng_status add_value(void *user, int64_t step, int lanes, const double *const *state, throng_error *err) {
    throng_dynamics *self = user;
    double value[THRONG_I_LANES_MAX];
    int64_t row = self->simulation->def.steps + 1;
    if (self->over.linear && self->slope[step] == 0.0)
        return THRONG_OK; /* it does not count */
    throng_status status = indicator_at(self, step, lanes, state, value, err);
    for (int l = 0; status == THRONG_OK && l < lanes; l++)
        self->series[l * row + step] = value[l];
    return status;
}

static throng_status number_of(const throng_dynamics *self, const double *series, double *slope, double *out,
                               throng_error *err) {
    *out = throng_i_over_value(&self->over, series, self->simulation->def.steps, slope);
    if (isfinite(*out))
        return THRONG_OK;
    return THRONG_FAIL(err, E_DEGENERATE, "The number read off %s is undefined: %s.",
                       self->outcome.indicator.descriptor->about.name, throng_i_over_undefined(&self->over));
}

throng_status throng_dynamics_number(throng_dynamics *self, const double *series, double *number, throng_error *err) {
    return number_of(self, series, self->slope, number, err);
}

throng_status throng_dynamics_indicator(throng_dynamics *self, int64_t step, const double *const *state, double *value,
                                        throng_error *err) {
    return indicator_at(self, step, 1, state, value, err);
}

/* Runs as a piece of work that comes to a series [n]. */
static throng_status run_series(const throng_dynamics *self, throng_i_taking_part part, throng_i_record_fn record,
                                void *user, double *series, int64_t n, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->simulation->context;
    throng_i_work work = {.name = "run", .result = {series, n * (int64_t)sizeof *series}};
    throng_i_work_add(&work, series, work.result.bytes);
    THRONG_TRY(throng_i_work_begin(context, &work, err));
    if (work.done)
        goto out;
    if (work.resumed)
        THRONG_TRY(throng_i_work_load(context, work.part, work.n_parts, err));
    THRONG_TRY(throng_i_run(self->simulation, part, record, user, &work, err));
    THRONG_TRY(throng_i_work_end(context, &work, err));
out:
    return status;
}

/* Runs, and sets series, slopes and out[lanes]. */
static throng_status value_of(throng_dynamics *self, throng_i_taking_part part, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t steps = self->simulation->def.steps;
    THRONG_TRY(run_series(self, part, add_value, self, self->series, part.lanes * (steps + 1), err));
    for (int l = 0; l < part.lanes; l++) {
        int64_t row = l * (steps + 1);
        THRONG_TRY(number_of(self, self->series + row, self->slope + row, &out[l], err));
    }
out:
    return status;
}

static throng_status value(void *user, const double *alpha, double *out, throng_error *err) {
    return value_of(user, (throng_i_taking_part){.lanes = 1, .each = alpha}, out, err);
}

static throng_status ray_value(void *user, double t, double *out, throng_error *err) {
    return value_of(user, (throng_i_taking_part){.lanes = 1, .lane = {t}}, out, err);
}

/* ---- series ---------------------------------------------------------------------------------------------------- */

typedef struct series_job {
    throng_dynamics *dynamics;
    double *series;
} series_job;

static throng_status put_value(void *user, int64_t step, int lanes, const double *const *state, throng_error *err) {
    const series_job *job = user;
    throng_dynamics *self = job->dynamics;
    throng_status status = indicator_at(self, step, lanes, state, job->series + step, err);
    if (status == THRONG_OK)
        throng_i_series(self->simulation->context, step, job->series[step]);
    return status;
}

throng_status throng_dynamics_series(throng_dynamics *self, double t, double *series, throng_error *err) {
    series_job job = {self, series};
    return run_series(self, (throng_i_taking_part){.lanes = 1, .lane = {t}}, put_value, &job, series,
                      self->simulation->def.steps + 1, err);
}

/* ---- credits --------------------------------------------------------------------------------------------------- */

static throng_status add_seed(void *user, int64_t step, int lanes, const double *const *state, double *const *of,
                              throng_error *err) {
    throng_dynamics *self = user;
    double scale[THRONG_I_LANES_MAX];
    int64_t row = self->simulation->def.steps + 1;
    bool counts = false;
    for (int l = 0; l < lanes; l++) {
        scale[l] = self->slope[l * row + step];
        counts = counts || scale[l] != 0.0;
    }
    if (!counts)
        return THRONG_OK;
    return throng_i_outcome_seed(&self->outcome, lanes, state[self->column], scale, of[self->column], err);
}

/* Where slopes depend on the run, it is made once to know them. */
static throng_status find_slopes(throng_dynamics *self, throng_i_taking_part part, throng_error *err) {
    double value[THRONG_I_LANES_MAX];
    return self->over.linear ? THRONG_OK : value_of(self, part, value, err);
}

static throng_status gradient(void *user, const double *alpha, double *out, throng_error *err) {
    throng_dynamics *self = user;
    const double one = 1.0;
    throng_i_taking_part part = {.lanes = 1, .each = alpha};
    memset(out, 0, (size_t)self->simulation->n * sizeof *out);
    throng_status status = find_slopes(self, part, err);
    if (status == THRONG_OK)
        status = throng_i_sweep(self->simulation, part, &one, add_seed, NULL, self, false, out, NULL, false,
                                &self->scratch, NULL, err);
    if (status == THRONG_OK)
        status = throng_i_share_gather(self->simulation->context, self->simulation->n, sizeof *out, out, err);
    return status;
}

/* Step by step if all credits that are kept so fit into the memory that recorded states may take. */
static bool keeps_behaviour_steps(const throng_dynamics *self) {
    const throng_simulation *simulation = self->simulation;
    double bytes = (1.0 + throng_dynamics_behaviours(self)) * (double)simulation->n * (double)simulation->def.steps *
                   (double)sizeof(double);
    return self->per_step && simulation->def.steps > 0 && bytes <= (double)simulation->def.memory;
}

/* Zeros for this rank's agents in so many rows. */
static throng_status clear_numbers(throng_dynamics *self, int64_t rows, double **numbers, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = self->simulation->n;
    throng_i_share mine = throng_i_share_mine(self->simulation->context, n);
    if (!*numbers)
        status = throng_i_resize(self->simulation->context, numbers, rows * n, sizeof(double), err);
    for (int64_t row = 0; status == THRONG_OK && row < rows; row++)
        memset(*numbers + row * n + mine.begin, 0, (size_t)(mine.end - mine.begin) * sizeof(double));
    return status;
}

/* Room for credits by behaviour, where a world tells them apart and participation is about what agents do. */
static throng_status clear_behaviours(throng_dynamics *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = throng_dynamics_behaviours(self);
    for (int b = 0; n > 1 && b < n; b++) {
        THRONG_TRY(clear_numbers(self, 1, &self->behaviour[b], err));
        if (keeps_behaviour_steps(self))
            THRONG_TRY(clear_numbers(self, self->simulation->def.steps, &self->behaviour_steps[b], err));
    }
out:
    return status;
}

/* Room for credits by group, where there are groups, and credits come step by step or behaviour by behaviour. */
static throng_status clear_groups(throng_dynamics *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->simulation->context;
    int64_t row = (int64_t)self->n_groups * throng_dynamics_behaviours(self), steps = self->simulation->def.steps;
    if (!self->group || !(self->behaviour[0] || self->per_step))
        return THRONG_OK;
    if (!self->by_group)
        THRONG_TRY(throng_i_alloc(context, steps * row, sizeof(double), &self->by_group, err));
    if (!self->so_far)
        THRONG_TRY(throng_i_alloc(context, 2 * row, sizeof(double), &self->so_far, err));
    memset(self->by_group, 0, (size_t)(steps * row) * sizeof(double));
    memset(self->so_far, 0, (size_t)(2 * row) * sizeof(double));
out:
    return status;
}

typedef struct group_job {
    const throng_dynamics *dynamics;
    const double *credit[THRONG_WORLD_MESSAGES_MAX]; /* [n] each */
    int behaviours;
} group_job;

static void group_chunk(void *user, throng_chunk chunk, double *sums) {
    const group_job *job = user;
    for (int b = 0; b < job->behaviours; b++) {
        const double *credit = job->credit[b];
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            sums[job->dynamics->group[i] * job->behaviours + b] += credit[i];
    }
}

/* What a step that was taken back adds to each group. Behaviours that are not kept step by step add up over all steps,
 * so that it is a difference. */
static throng_status add_step(void *user, int64_t step, throng_error *err) {
    throng_dynamics *self = user;
    int behaviours = throng_dynamics_behaviours(self), row = self->n_groups * behaviours;
    double *out = self->by_group + step * row, *before = self->so_far, *now = self->so_far + row;
    bool adds_up = behaviours > 1 && !self->behaviour_steps[0];
    group_job job = {.dynamics = self, .behaviours = behaviours};
    for (int b = 0; b < behaviours; b++)
        job.credit[b] = adds_up
                            ? self->behaviour[b]
                            : (behaviours > 1 ? self->behaviour_steps[b] : self->credit) + step * self->simulation->n;
    throng_status status =
        throng_i_share_sum(self->simulation->context, self->simulation->n, row, group_chunk, &job, NULL, now, err);
    for (int r = 0; status == THRONG_OK && r < row; r++) {
        out[r] = adds_up ? out[r] + (now[r] - before[r]) : now[r];
        before[r] = now[r];
    }
    return status;
}

/* behaviour[b] = the sum over steps */
static void add_behaviour_steps(void *user, throng_chunk chunk) {
    const throng_dynamics *self = user;
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX && self->behaviour_steps[b]; b++)
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            for (int64_t step = 0; step < self->simulation->def.steps; step++)
                self->behaviour[b][i] += self->behaviour_steps[b][step * self->simulation->n + i];
}

/* Room for all credits, which are 0 then. */
static throng_status clear_credits(throng_dynamics *self, int64_t *n, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t rows = self->per_step && self->simulation->def.steps > 0 ? self->simulation->def.steps : 1;
    *n = rows * self->simulation->n;
    THRONG_TRY(clear_numbers(self, rows, &self->credit, err));
    THRONG_TRY(clear_behaviours(self, err));
    THRONG_TRY(clear_groups(self, err));
out:
    return status;
}

/* All that a path integral has so far, for checkpoints; `before` is what it will be compared with, or NULL. */
static void add_parts(throng_dynamics *self, int64_t n, const double *before, throng_i_work *work) {
    int64_t agents = self->simulation->n, steps = self->simulation->def.steps, size = (int64_t)sizeof(double);
    int64_t groups = (int64_t)self->n_groups * throng_dynamics_behaviours(self);
    throng_i_work_add_crowd(work, self->credit, n / agents, agents);
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX; b++) {
        throng_i_work_add_crowd(work, self->behaviour[b], 1, agents);
        throng_i_work_add_crowd(work, self->behaviour_steps[b], steps, agents);
    }
    throng_i_work_add(work, self->by_group, steps * groups * size);
    throng_i_work_add(work, self->so_far, 2 * groups * size);
    throng_i_work_add_crowd(work, before ? self->before : NULL, 1, agents);
}

/* self->credit = sum over nodes of weight * gradient, several nodes at a time. */
static throng_status integrate(throng_dynamics *self, const throng_nodes *nodes, const double *before,
                               throng_i_work *work, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = 0;
    THRONG_TRY(clear_credits(self, &n, err));
    add_parts(self, n, before, work);
    if (work->resumed)
        THRONG_TRY(throng_i_work_load(self->simulation->context, work->part, work->n_parts, err));
    bool by_step = self->behaviour_steps[0];
    double *const *apart = by_step ? self->behaviour_steps : self->behaviour[0] ? self->behaviour : NULL;
    for (int q = work->resumed ? (int)work->at[0] : 0; q < nodes->n;) {
        throng_i_taking_part part = {.lanes = throng_i_sweep_lanes(nodes->n - q)};
        memcpy(part.lane, nodes->t + q, (size_t)part.lanes * sizeof *part.lane);
        work->at[0] = q;
        THRONG_TRY(find_slopes(self, part, err));
        THRONG_TRY(throng_i_sweep(self->simulation, part, nodes->weight + q, add_seed, self->by_group ? add_step : NULL,
                                  self, self->per_step, self->credit, apart, by_step, &self->scratch, work, err));
        q += part.lanes;
    }
    if (by_step)
        THRONG_TRY(
            throng_i_share_for(self->simulation->context, self->simulation->n, add_behaviour_steps, self, NULL, err));
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
        throng_i_share_sum(self->simulation->context, self->simulation->n, SUMS, total_chunk, &job, NULL, sums, err);
    *out = (throng_credit_sums){sums[PHI], sums[ABSOLUTE], sums[CHANGE]};
    if (status == THRONG_OK && phi && !self->keeps_shares)
        status = throng_i_share_gather(self->simulation->context, self->simulation->n, sizeof *phi, phi, err);
    return status;
}

void throng_i_dynamics_keep_shares(throng_dynamics *self, bool keep) {
    self->keeps_shares = keep;
}

static void add_credits(void *user, throng_i_share rows, void *state) {
    const double *credit = user;
    double *sums = state; /* and of sizes */
    for (int64_t i = rows.begin; i < rows.end; i++) {
        sums[0] += credit[i];
        sums[1] += fabs(credit[i]);
    }
}

throng_status throng_i_dynamics_add_up(const throng_dynamics *self, const double *credit, double *sum, double *size,
                                       throng_error *err) {
    double sums[2] = {0.0, 0.0};
    int64_t n = self->simulation->n;
    throng_status status = THRONG_OK;
    void *numbers = NULL;
    memcpy(&numbers, &credit, sizeof credit);
    if (self->keeps_shares)
        status = throng_i_share_in_turn(self->simulation->context, n, add_credits, numbers, sums, sizeof sums, err);
    else
        add_credits(numbers, (throng_i_share){0, n}, sums);
    *sum = sums[0];
    *size = sums[1];
    return status;
}

throng_status throng_i_dynamics_sum(const throng_dynamics *self, int width, throng_i_sum_fn body, void *user,
                                    double *out, throng_error *err) {
    const throng_simulation *simulation = self->simulation;
    return self->keeps_shares
               ? throng_i_share_sum(simulation->context, simulation->n, width, body, user, NULL, out, err)
               : throng_i_sum_over(simulation->context, simulation->n, width, body, user, NULL, out, err);
}

static throng_status gather(const throng_dynamics *self, double *credit, throng_error *err) {
    throng_context *context = self->simulation->context;
    return self->keeps_shares ? throng_i_share_collect(context, self->simulation->n, sizeof *credit, credit, err)
                              : throng_i_share_gather(context, self->simulation->n, sizeof *credit, credit, err);
}

throng_status throng_i_dynamics_gather(throng_dynamics *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->simulation->context;
    int64_t n = self->simulation->n, steps = self->simulation->def.steps;
    if (throng_ranks_count(context) == 1 || self->before_nodes == 0)
        return THRONG_OK;
    for (int64_t step = 0; self->per_step && step < steps; step++)
        THRONG_TRY(gather(self, self->credit + step * n, err));
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX && self->behaviour[b]; b++) {
        if (!self->keeps_shares)
            THRONG_TRY(gather(self, self->behaviour[b], err));
        for (int64_t step = 0; self->behaviour_steps[b] && step < steps; step++)
            THRONG_TRY(gather(self, self->behaviour_steps[b] + step * n, err));
    }
out:
    return status;
}

/* A path integral, and its sums over agents, as a piece of work. @param before [n] to compare with; NULL: nothing */
static throng_status credit_of(throng_dynamics *self, const throng_nodes *nodes, const double *before, double *phi,
                               throng_credit_sums *sums, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->simulation->context;
    throng_i_work work = {.name = "credit", .result = {sums, (int64_t)sizeof *sums}, .leaves_more = true};
    THRONG_TRY(throng_i_work_begin(context, &work, err));
    if (work.done)
        goto out; /* and its credits were gone past: those of a later rule are in the checkpoint */
    THRONG_TRY(integrate(self, nodes, before, &work, err));
    THRONG_TRY(total(self, before, phi, sums, err));
    THRONG_TRY(throng_i_work_end(context, &work, err));
out:
    return status;
}

/* A method that doubles its nodes asks for each rule twice, first as the fine one: it is kept. */
static throng_status ray_credit(void *user, const throng_nodes *fine, const throng_nodes *coarse, double *phi,
                                throng_credit_sums *sums, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_dynamics *self = user;
    throng_context *context = self->simulation->context;
    int64_t n = self->simulation->n;
    throng_i_share mine = throng_i_share_mine(context, n);
    if (!self->before)
        THRONG_TRY(clear_numbers(self, 1, &self->before, err));
    if (coarse && self->before_nodes != coarse->n)
        THRONG_TRY(credit_of(self, coarse, NULL, self->before, sums, err));
    self->before_nodes = 0;
    THRONG_TRY(credit_of(self, fine, coarse ? self->before : NULL, phi, sums, err));
    if (phi) {
        memcpy(self->before + mine.begin, phi + mine.begin, (size_t)(mine.end - mine.begin) * sizeof *phi);
        self->before_nodes = fine->n;
    }
out:
    return status;
}

throng_value_function throng_dynamics_function(throng_dynamics *self) {
    bool smooth =
        throng_simulation_smooth(self->simulation) && self->outcome.indicator.descriptor->form != THRONG_FORM_HISTOGRAM;
    return (throng_value_function){.self = self,
                                   .n_agents = self->simulation->n,
                                   .value = value,
                                   .ray_value = ray_value,
                                   .gradient = smooth ? gradient : NULL,
                                   .ray_credit = smooth ? ray_credit : NULL,
                                   .magnitude = self->magnitude};
}
