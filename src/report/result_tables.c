/* attribution.parquet, change.parquet and cohorts.parquet. The first two are tables whose columns are views of what the
 * run holds anyway. Ids, times and cohorts are kept once per agent, time and cohort; they are spread over the rows only
 * while these are written. */
#include "report/report.h"

#include "attribution/attribution.h"
#include "report/recording.h"
#include "table/table.h"

#include <math.h>
#include <string.h>

#define SPREADS_MAX 3 /* id, time, cohort */

/* A column that is looked up: row r has the value that its code stands for. How a code is found is the first of these
 * that is given; without any of them the code is the row. */
typedef struct spread {
    const throng_agent *agents; /* codes by row */
    const int64_t *offsets;     /* code c has rows offsets[c] .. offsets[c + 1] - 1 */
    const uint8_t *bytes;       /* codes by row, or, if there are `rows`, by the row that they name */
    const int64_t *rows;        /* -1: none, which is the code `absent` */
    int64_t absent;
    int64_t period; /* code = row % period, or with `labels` labels[row / period] */
    const int64_t *labels;
    const throng_i_keys *keys; /* what codes stand for; NULL: codes are wanted */
    throng_type type;          /* of the column */
    int64_t first;             /* row that the table begins with */
} spread;

/* A table in the making, with what its columns borrow. It has as many rows from `first` on as are here. */
typedef struct result_table {
    throng_table *table;
    int64_t first;
    spread spreads[SPREADS_MAX];
    int n_spreads;
    const char *cohorts[THRONG_COHORTS_MAX + 1];
} result_table;

static int64_t code_of(const spread *self, int64_t row) {
    if (self->agents)
        return self->agents[row];
    if (self->period)
        return self->labels ? self->labels[row / self->period] : row % self->period;
    if (!self->bytes)
        return row;
    if (self->rows)
        row = self->rows[row];
    return row < 0 ? self->absent : self->bytes[row];
}

/* The code whose rows include this one. */
static int64_t find_code(const int64_t *offsets, int64_t row) {
    int64_t code = 0;
    while (row >= offsets[code + 1])
        code++;
    return code;
}

static void fill_rows(const void *user, int64_t begin, int64_t n, void *out) {
    const spread *self = user;
    const int64_t *values = self->keys ? self->keys->values : NULL;
    bool narrow = throng_type_size(self->type) == sizeof(int32_t);
    begin += self->first;
    int64_t code = self->offsets ? find_code(self->offsets, begin) : 0;
    for (int64_t i = 0; i < n; i++) {
        if (!self->offsets)
            code = code_of(self, begin + i);
        while (self->offsets && begin + i >= self->offsets[code + 1])
            code++;
        int64_t value = !self->keys ? code : values ? values[code] : code + 1;
        if (narrow)
            ((int32_t *)out)[i] = (int32_t)value;
        else
            ((int64_t *)out)[i] = value;
    }
}

/* Adds a column that is looked up. TEXT: words [n_words] are what the codes stand for. */
static throng_status add_spread(result_table *self, const char *name, spread how, const char *const *words,
                                int64_t n_words, throng_error *err) {
    spread *kept = &self->spreads[self->n_spreads++];
    *kept = how;
    kept->first = self->first;
    throng_i_table_column column = {
        .view = {.type = how.type, .n_rows = throng_table_rows(self->table), .n_words = n_words, .words = words},
        .fill = fill_rows,
        .fill_user = kept};
    return throng_i_table_put_column(self->table, name, &column, err);
}

/* Adds a column that is there already, under another name. */
static throng_status add_view(result_table *self, const char *name, const throng_column_view *view, throng_error *err) {
    throng_i_table_column column = {.view = *view};
    column.view.data = (const char *)view->data + (size_t)self->first * throng_type_size(view->type);
    return throng_i_table_put_column(self->table, name, &column, err);
}

static throng_status add_reals(result_table *self, const char *name, const double *values, throng_error *err) {
    throng_column_view view = {.type = THRONG_TYPE_FLOAT64, .n_rows = throng_table_rows(self->table), .data = values};
    return add_view(self, name, &view, err);
}

/* ---- the columns of the results -------------------------------------------------------------------------------- */

/* The id of each row's agent; with agents NULL row r is agent r. */
static throng_status add_ids(result_table *self, const throng_i_keys *ids, const throng_agent *agents,
                             throng_error *err) {
    bool text = ids->type == THRONG_TYPE_TEXT;
    spread how = {.agents = agents, .keys = text ? NULL : ids, .type = ids->type};
    return add_spread(self, "id", how, text ? ids->words : NULL, text ? ids->n : 0, err);
}

static throng_status add_times(result_table *self, const throng_population *population, throng_error *err) {
    const throng_i_keys *times = &population->times;
    bool text = times->type == THRONG_TYPE_TEXT;
    spread how = {.offsets = population->offsets, .keys = text ? NULL : times, .type = times->type};
    return add_spread(self, "time", how, text ? times->words : NULL, text ? times->n : 0, err);
}

/* The cohort of each row; with rows, of the row that they name: an agent that is absent at both ends has none. */
static throng_status add_cohorts(result_table *self, const throng_cohorts *cohorts, const int64_t *rows,
                                 throng_error *err) {
    if (!cohorts)
        return THRONG_OK;
    int n = throng_cohorts_count(cohorts);
    for (int i = 0; i < n; i++)
        self->cohorts[i] = throng_cohorts_name(cohorts, i);
    self->cohorts[n] = "(absent)";
    spread how = {.bytes = throng_cohorts_view(cohorts), .rows = rows, .absent = n, .type = THRONG_TYPE_TEXT};
    return add_spread(self, "cohort", how, self->cohorts, n + 1, err);
}

/* ---- the two tables -------------------------------------------------------------------------------------------- */

const double *throng_i_behaviour_column(const throng_attribution *attribution, int behaviour, char name[120]) {
    const throng_i_world_run *run = attribution->world;
    if (!run || behaviour >= throng_dynamics_behaviours(run->dynamics))
        return NULL;
    snprintf(name, 120, "phi of %.100s", throng_dynamics_behaviour_name(run->dynamics, behaviour));
    return throng_dynamics_behaviour(run->dynamics, behaviour);
}

const double *throng_i_behaviour_steps(const throng_attribution *attribution, int behaviour, char name[120]) {
    bool there = throng_i_behaviour_column(attribution, behaviour, name);
    return there ? throng_dynamics_behaviour_steps(attribution->world->dynamics, behaviour) : NULL;
}

static throng_status add_behaviours(result_table *self, const throng_attribution *attribution, bool by_step,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    char name[120];
    for (int b = 0; b < THRONG_WORLD_MESSAGES_MAX; b++) {
        const double *credit =
            by_step ? throng_i_behaviour_steps(attribution, b, name) : throng_i_behaviour_column(attribution, b, name);
        if (credit)
            THRONG_TRY(add_reals(self, name, credit, err));
    }
out:
    return status;
}

throng_status throng_i_write_attribution(throng_context *context, const throng_attribution *attribution,
                                         const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    const throng_population *population = attribution->population;
    throng_i_share here = throng_i_population_here(population);
    result.first = here.begin;
    THRONG_TRY(throng_table_create(context, here.end - here.begin, &result.table, err));
    THRONG_TRY(add_ids(&result, &population->ids, population->agents, err));
    if (population->times.name)
        THRONG_TRY(add_times(&result, population, err));
    THRONG_TRY(add_view(&result, "state", &population->state, err));
    if (population->weight.name)
        THRONG_TRY(add_view(&result, "weight", &population->weight, err));
    if (attribution->def.baseline == THRONG_BASELINE_COLUMN && population->baseline.data)
        THRONG_TRY(add_view(&result, "baseline", &population->baseline, err));
    THRONG_TRY(add_cohorts(&result, cohorts, NULL, err));
    THRONG_TRY(add_reals(&result, "phi", attribution->phi, err));
    if (attribution->standard_error)
        THRONG_TRY(add_reals(&result, "standard_error", attribution->standard_error, err));
    THRONG_TRY(add_behaviours(&result, attribution, false, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}

throng_status throng_i_write_change(throng_context *context, const throng_attribution *attribution,
                                    const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    const throng_population *population = attribution->population;
    THRONG_TRY(throng_table_create(context, population->n_agents, &result.table, err));
    THRONG_TRY(add_ids(&result, &population->ids, NULL, err));
    THRONG_TRY(add_cohorts(&result, cohorts, attribution->change_row, err));
    THRONG_TRY(add_reals(&result, "phi", attribution->change_phi, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

#define CHANGE "(change)"

/* What cohorts.parquet is made of: a row a branch and time, then the change's. */
typedef struct cohort_table {
    const throng_attribution *attribution;
    const throng_cohorts *cohorts;
    int n;             /* branches */
    int64_t n_periods; /* times, and the change */
    throng_table *table;
    throng_cohort_credit *credit; /* [n] */
    int64_t *agents, *depth;
    double *phi, *share, *absolute_share, *per_agent, *error;
} cohort_table;

static throng_status add_column(cohort_table *self, const char *name, throng_type type, void *out, throng_error *err) {
    void *memory = NULL;
    throng_status status = throng_table_add(self->table, name, type, &memory, err);
    if (status == THRONG_OK)
        *(void **)out = memory;
    return status;
}

/* What a time is called, as people write it; `label` is room for it. */
static const char *name_of_time(const cohort_table *self, int64_t time, char label[80]) {
    const throng_i_keys *times = &self->attribution->population->times;
    if (times->type == THRONG_TYPE_TEXT)
        return times->words[time];
    throng_population_time_label(self->attribution->population, time, label, 80);
    return label;
}

/* The columns of text. Names need not be different: "a/b" may be a cohort, and "b" within "a". */
static throng_status add_words(cohort_table *self, throng_context *context, throng_error *err) {
    throng_status status = THRONG_OK;
    const char **words = NULL; /* [rows] */
    char(*labels)[80] = NULL;
    int64_t n_rows = throng_table_rows(self->table);
    THRONG_TRY(throng_i_resize(context, &words, n_rows, sizeof *words, err));
    THRONG_TRY(throng_i_resize(context, &labels, self->n_periods, sizeof *labels, err));
    for (int64_t row = 0; self->n_periods > 1 && row < n_rows; row++) {
        int64_t period = row / self->n;
        words[row] = period == self->n_periods - 1 ? CHANGE : name_of_time(self, period, labels[period]);
    }
    if (self->n_periods > 1)
        THRONG_TRY(throng_table_add_text(self->table, "time", words, err));
    for (int64_t row = 0; row < n_rows; row++)
        words[row] = throng_cohorts_branch(self->cohorts, (int)(row % self->n)).name;
    THRONG_TRY(throng_table_add_text(self->table, "cohort", words, err));
out:
    throng_i_free(context, words);
    throng_i_free(context, labels);
    return status;
}

/* Whether the method could tell the standard errors of these cohorts. */
static bool knows_errors(const cohort_table *self) {
    throng_attribution_branches(self->attribution, self->cohorts, 0, self->credit);
    return self->n > 0 && !isnan(self->credit[0].standard_error);
}

static throng_status add_numbers(cohort_table *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(add_column(self, "depth", THRONG_TYPE_INT64, &self->depth, err));
    THRONG_TRY(add_column(self, "agents", THRONG_TYPE_INT64, &self->agents, err));
    THRONG_TRY(add_column(self, "phi", THRONG_TYPE_FLOAT64, &self->phi, err));
    THRONG_TRY(add_column(self, "share", THRONG_TYPE_FLOAT64, &self->share, err));
    THRONG_TRY(add_column(self, "absolute_share", THRONG_TYPE_FLOAT64, &self->absolute_share, err));
    THRONG_TRY(add_column(self, "per_agent", THRONG_TYPE_FLOAT64, &self->per_agent, err));
    if (knows_errors(self))
        THRONG_TRY(add_column(self, "standard_error", THRONG_TYPE_FLOAT64, &self->error, err));
out:
    return status;
}

/* The rows of one time, or of the change. */
static void fill_period(cohort_table *self, int64_t period) {
    int64_t time = self->n_periods > 1 && period == self->n_periods - 1 ? -1 : period;
    const throng_i_reporter reporter = {
        .attribution = self->attribution, .population = self->attribution->population, .cohorts = self->cohorts};
    throng_attribution_branches(self->attribution, self->cohorts, time, self->credit);
    double total = throng_i_report_total(&reporter, time), absolute = throng_i_report_absolute(&reporter, self->credit);
    for (int i = 0; i < self->n; i++) {
        const throng_cohort_credit *it = &self->credit[i];
        int64_t row = period * self->n + i;
        self->depth[row] = throng_cohorts_branch(self->cohorts, i).depth;
        self->agents[row] = it->n_agents;
        self->phi[row] = it->phi;
        self->share[row] = total != 0.0 ? it->phi / total : (double)NAN;
        self->absolute_share[row] = absolute != 0.0 ? it->absolute / absolute : (double)NAN;
        self->per_agent[row] = it->n_agents > 0 ? it->phi / (double)it->n_agents : (double)NAN;
        if (self->error)
            self->error[row] = it->standard_error;
    }
}

throng_status throng_i_cohorts_table(throng_context *context, const throng_attribution *attribution,
                                     const throng_cohorts *cohorts, throng_table **out, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_times = attribution->population->n_times;
    cohort_table self = {.attribution = attribution,
                         .cohorts = cohorts,
                         .n = throng_cohorts_branches(cohorts),
                         .n_periods = n_times > 1 ? n_times + 1 : 1};
    THRONG_TRY(throng_table_create(context, self.n * self.n_periods, &self.table, err));
    THRONG_TRY(throng_i_resize(context, &self.credit, self.n, sizeof *self.credit, err));
    THRONG_TRY(add_words(&self, context, err));
    THRONG_TRY(add_numbers(&self, err));
    for (int64_t period = 0; period < self.n_periods; period++)
        fill_period(&self, period);
    *out = self.table;
    self.table = NULL;
out:
    throng_i_free(context, self.credit);
    throng_table_free(self.table);
    return status;
}

throng_status throng_i_write_cohorts(throng_context *context, const throng_attribution *attribution,
                                     const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_table *table = NULL;
    throng_status status = throng_i_cohorts_table(context, attribution, cohorts, &table, err);
    if (status == THRONG_OK && throng_ranks_mine(context) == 0)
        status = throng_table_write(table, path, false, err);
    throng_table_free(table);
    return status;
}

/* ---- worlds ------------------------------------------------------------------------------------------------------ */

bool throng_i_has_steps(const throng_attribution *attribution) {
    const throng_i_world_run *run = attribution->world;
    return run && run->resolved.steps > 0 && throng_dynamics_steps(run->dynamics) &&
           run->resolved.steps * attribution->population->n_agents <= THRONG_I_STEP_ROWS_MAX;
}

/* Columns id and step of a table with all agents at one step after the other. */
static throng_status add_agents_and_steps(result_table *self, const throng_i_keys *ids, int64_t n_agents,
                                          const int64_t *steps, throng_error *err) {
    throng_status status = THRONG_OK;
    bool text = ids->type == THRONG_TYPE_TEXT;
    spread agent = {.period = n_agents, .keys = text ? NULL : ids, .type = ids->type};
    spread step = {.period = n_agents, .labels = steps, .type = THRONG_TYPE_INT64};
    THRONG_TRY(add_spread(self, "id", agent, text ? ids->words : NULL, text ? ids->n : 0, err));
    THRONG_TRY(add_spread(self, "step", step, NULL, 0, err));
out:
    return status;
}

/* Of a shared crowd: rank 0 gets all ids that are numbers; NULL if they are not. */
static throng_status collect_ids(throng_context *context, const throng_population *population, int64_t **out,
                                 throng_error *err) {
    const throng_i_keys *ids = &population->ids;
    throng_i_share here = throng_i_population_here(population);
    if (!ids->values)
        return THRONG_OK;
    throng_status status = throng_i_resize(context, out, ids->n, sizeof **out, err);
    if (status != THRONG_OK)
        return status;
    memcpy(*out + here.begin, ids->values + here.begin, (size_t)(here.end - here.begin) * sizeof **out);
    return throng_i_share_collect(context, ids->n, sizeof **out, *out, err);
}

throng_status throng_i_write_steps(throng_context *context, const throng_attribution *attribution,
                                   const throng_cohorts *cohorts, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    int64_t *labels = NULL, n = attribution->population->n_agents, steps = attribution->world->resolved.steps;
    throng_i_keys ids = attribution->population->ids;
    int64_t *all_ids = NULL;
    (void)cohorts;
    if (attribution->population->shared) {
        THRONG_TRY(throng_i_dynamics_gather(attribution->world->dynamics, err));
        THRONG_TRY(collect_ids(context, attribution->population, &all_ids, err));
        ids.values = all_ids;
        if (throng_ranks_mine(context) > 0)
            goto out;
    }
    THRONG_TRY(throng_i_alloc(context, steps, sizeof *labels, &labels, err));
    for (int64_t t = 0; t < steps; t++)
        labels[t] = t;
    THRONG_TRY(throng_table_create(context, steps * n, &result.table, err));
    THRONG_TRY(add_agents_and_steps(&result, &ids, n, labels, err));
    THRONG_TRY(add_reals(&result, "phi", throng_dynamics_steps(attribution->world->dynamics), err));
    THRONG_TRY(add_behaviours(&result, attribution, true, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    throng_i_free(context, labels);
    throng_i_free(context, all_ids);
    return status;
}

/* One state column of all steps that were kept, gathered while it is written. */
typedef struct state_column {
    const throng_i_recording *recording;
    int column, n_columns;
} state_column;

static void fill_states(const void *user, int64_t begin, int64_t n, void *out) {
    const state_column *self = user;
    int64_t agents = self->recording->population->n_agents;
    for (int64_t i = 0; i < n; i++) {
        int64_t kept = (begin + i) / agents, agent = (begin + i) % agents;
        ((double *)out)[i] = self->recording->states[(kept * self->n_columns + self->column) * agents + agent];
    }
}

throng_status throng_i_write_states(const throng_i_recording *it, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    state_column columns[THRONG_WORLD_COLUMNS_MAX];
    const throng_world *world = throng_simulation_world(it->simulation);
    int64_t n = it->population->n_agents;
    THRONG_TRY(throng_table_create(it->context, it->n_kept * n, &result.table, err));
    THRONG_TRY(add_agents_and_steps(&result, &it->population->ids, n, it->kept, err));
    for (int c = 0; c < world->n_columns; c++) {
        columns[c] = (state_column){it, c, world->n_columns};
        throng_i_table_column column = {.view = {.type = THRONG_TYPE_FLOAT64, .n_rows = it->n_kept * n},
                                        .fill = fill_states,
                                        .fill_user = &columns[c]};
        THRONG_TRY(throng_i_table_put_column(result.table, world->columns[c].name, &column, err));
    }
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}

/* What every agent is left with, by row. */
typedef struct alpha_column {
    const throng_population *population;
    const double *alpha;
} alpha_column;

static void fill_alpha(const void *user, int64_t begin, int64_t n, void *out) {
    const alpha_column *self = user;
    for (int64_t i = 0; i < n; i++)
        ((double *)out)[i] = self->alpha[throng_population_agent(self->population, begin + i)];
}

throng_status throng_i_write_intervention(throng_context *context, const throng_attribution *attribution,
                                          const double *alpha, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    result_table result = {0};
    const throng_population *population = attribution->population;
    alpha_column left = {population, alpha};
    throng_i_table_column column = {
        .view = {.type = THRONG_TYPE_FLOAT64, .n_rows = population->n_rows}, .fill = fill_alpha, .fill_user = &left};
    THRONG_TRY(throng_table_create(context, population->n_rows, &result.table, err));
    THRONG_TRY(add_ids(&result, &population->ids, population->agents, err));
    THRONG_TRY(add_view(&result, "state", &population->state, err));
    if (population->weight.name)
        THRONG_TRY(add_view(&result, "weight", &population->weight, err));
    THRONG_TRY(throng_i_table_put_column(result.table, "alpha", &column, err));
    THRONG_TRY(throng_table_write(result.table, path, false, err));
out:
    throng_table_free(result.table);
    return status;
}
