/* Attributing a population: every time on its own, then the change from the first to the last. */
#include "attribution/attribution.h"
#include "attribution/by_cohort.h"
#include "attribution/crowd.h"
#include "attribution/relative.h"
#include "core/ranks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const char *const path_names[THRONG_PATH_COUNT] = {
    [THRONG_PATH_STATE] = "state", [THRONG_PATH_PRESENCE] = "presence"};
static const char *const baseline_names[THRONG_BASELINE_COUNT] = {[THRONG_BASELINE_NEUTRAL] = "neutral",
                                                                  [THRONG_BASELINE_MEAN] = "mean",
                                                                  [THRONG_BASELINE_FIRST] = "first",
                                                                  [THRONG_BASELINE_COLUMN] = "column"};

const char *throng_path_name(throng_path path) {
    return (int)path >= 0 && path < THRONG_PATH_COUNT ? path_names[path] : NULL;
}

const char *throng_baseline_name(throng_baseline baseline) {
    return (int)baseline >= 0 && baseline < THRONG_BASELINE_COUNT ? baseline_names[baseline] : NULL;
}

const char *throng_players_name(throng_players players) {
    static const char *const names[THRONG_PLAYERS_COUNT] = {"agents", "cohorts"};
    return (int)players >= 0 && players < THRONG_PLAYERS_COUNT ? names[players] : NULL;
}

throng_attribution_def throng_attribution_default(void) {
    return (throng_attribution_def){
        .indicator = "variance", .method = "aumann-shapley", .tolerance = 1e-10, .nodes_max = 1024};
}

/* ---- methods --------------------------------------------------------------------------------------------------- */

static throng_status check_options(double tolerance, int nodes_max, throng_error *err) {
    if (!(tolerance > 0.0 && tolerance < 1.0))
        return THRONG_FAIL(err, E_PARAMETER, "tolerance must lie between 0 and 1, got %g.", tolerance);
    if (nodes_max < 2 || nodes_max > 8192)
        return THRONG_FAIL(err, E_PARAMETER, "nodes-max must lie in 2..8192, got %d.", nodes_max);
    return THRONG_OK;
}

throng_method_options throng_method_options_default(void) {
    throng_attribution_def def = throng_attribution_default();
    return (throng_method_options){.tolerance = def.tolerance, .nodes_max = def.nodes_max, .seed = def.seed};
}

/* Groups and sums must be there; errors are unknown until a method says otherwise. */
static throng_status prepare_sums(const throng_group_sums *sums, int64_t n_agents, throng_error *err) {
    for (int64_t i = 0; i < n_agents; i++)
        if (sums->group[i] < 0 || sums->group[i] >= sums->n_groups)
            return THRONG_FAIL(err, E_ARGUMENT, "Agent %lld is in group %d, but groups are 0 to %d.", (long long)i,
                               (int)sums->group[i], sums->n_groups - 1);
    for (int s = 0; s < sums->n_sums; s++) {
        if (sums->first[s] < 0 || sums->count[s] < 0 || sums->first[s] > sums->n_groups - sums->count[s])
            return THRONG_FAIL(err, E_ARGUMENT, "Sum %d is over %d groups from %d on, but groups are 0 to %d.", s,
                               (int)sums->count[s], (int)sums->first[s], sums->n_groups - 1);
        sums->standard_error[s] = (double)NAN;
    }
    return THRONG_OK;
}

static throng_status pass_value(void *self, const double *alpha, double *out, throng_error *err) {
    const throng_value_function *function = self;
    return function->value(function->self, alpha, out, err);
}

static throng_status pass_value_at(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    const throng_value_function *function = self;
    return function->value_at(function->self, alpha, draw, out, err);
}

static void pass_rehearse(void *self, bool on) {
    const throng_value_function *function = self;
    function->rehearse(function->self, on);
}

static throng_status pass_answer(void *self, int64_t *n, throng_error *err) {
    const throng_value_function *function = self;
    return function->answer(function->self, n, err);
}

/* Slopes are asked for alone, and not in a rehearsal. */
static throng_status flat(void *self, const double *alpha, double *out, throng_error *err) {
    const throng_value_function *function = self;
    (void)alpha, (void)err;
    memset(out, 0, (size_t)function->n_agents * sizeof *out);
    return THRONG_OK;
}

/* Runs the method until it asks for nothing that is not known, and finds out what is not. How it ends is for the run
 * itself to say, unless it was told to stop. */
static throng_status foresee(throng_context *context, const throng_value_function *function,
                             const throng_i_plugin_use *use, const throng_method_options *options, double *phi,
                             throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_method_options resolved = *options;
    throng_value_function rehearsed = {.self = (throng_value_function *)(uintptr_t)function,
                                       .n_agents = function->n_agents,
                                       .value = pass_value,
                                       .n_draws = function->n_draws,
                                       .value_at = function->value_at ? pass_value_at : NULL,
                                       .rehearse = pass_rehearse,
                                       .answer = pass_answer,
                                       .gradient = function->gradient ? flat : NULL,
                                       .magnitude = function->magnitude,
                                       .singular_ends = function->singular_ends};
    throng_error ended = {0};
    int64_t n = 1;
    resolved.param = use->param;
    resolved.n_group_sums = 0;
    while (n > 0) {
        function->rehearse(function->self, true);
        const throng_method *method = (const throng_method *)(const void *)use->about;
        status = method->attribute(context, &rehearsed, &resolved, phi, certificate, &ended);
        if (status == THRONG_E_CANCELLED || status == THRONG_E_MEMORY)
            break;
        THRONG_TRY(function->answer(function->self, &n, err));
    }
    if (n > 0 && err)
        *err = ended;
    status = n > 0 ? status : THRONG_OK;
out:
    function->rehearse(function->self, false);
    memset(phi, 0, (size_t)function->n_agents * sizeof *phi);
    *certificate = (throng_certificate){0};
    return status;
}

throng_status throng_attribute_function(throng_context *context, const throng_value_function *function,
                                        const char *method, const throng_method_options *options, double *phi,
                                        throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    throng_method_options resolved = *options;
    THRONG_TRY(check_options(options->tolerance, options->nodes_max, err));
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_METHOD, method, &use, err));
    THRONG_REQUIRE(function->n_agents > 0, E_EMPTY, "The value function has no agents.");
    if (function->rehearse)
        THRONG_TRY(foresee(context, function, &use, options, phi, certificate, err));
    for (int i = 0; i < options->n_group_sums; i++)
        THRONG_TRY(prepare_sums(&options->group_sums[i], function->n_agents, err));
    const throng_method *found = (const throng_method *)(const void *)use.about;
    resolved.param = use.param;
    THRONG_TRY(found->attribute(context, function, &resolved, phi, certificate, err));
out:
    return status;
}

/* ---- states and baselines: range and domain -------------------------------------------------------------------- */

typedef struct range_job {
    const throng_population *population;
    bool baseline;
    double *low, *high; /* [chunks] */
} range_job;

static void range_chunk(void *user, throng_chunk chunk) {
    const range_job *job = user;
    const throng_column_view *columns[2] = {&job->population->state, &job->population->baseline};
    double low = (double)INFINITY, high = -(double)INFINITY, scratch[THRONG_I_BLOCK];
    for (int c = 0; c < (job->baseline ? 2 : 1); c++)
        for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
            int64_t n = at + THRONG_I_BLOCK < chunk.end ? THRONG_I_BLOCK : chunk.end - at;
            const double *x = throng_i_column_block(columns[c], at, n, scratch);
            for (int64_t i = 0; i < n; i++) {
                low = x[i] < low ? x[i] : low;
                high = x[i] > high ? x[i] : high;
            }
        }
    job->low[chunk.index] = low;
    job->high[chunk.index] = high;
}

static void add_ranges(void *user, throng_i_share rows, void *state) {
    const range_job *job = user;
    double *ends = state; /* lowest, highest */
    for (int64_t i = rows.begin / THRONG_CHUNK_ROWS; i < throng_i_chunk_count(rows.end); i++) {
        ends[0] = fmin(ends[0], job->low[i]);
        ends[1] = fmax(ends[1], job->high[i]);
    }
}

static throng_status find_range(throng_context *context, const throng_population *population, throng_baseline baseline,
                                double *low, double *high, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_chunks = throng_i_chunk_count(population->n_rows);
    range_job job = {.population = population, .baseline = baseline == THRONG_BASELINE_COLUMN};
    double ends[2] = {(double)INFINITY, -(double)INFINITY};
    if (baseline == THRONG_BASELINE_NEUTRAL)
        ends[0] = ends[1] = 0.0;
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof *job.low, &job.low, err));
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof *job.high, &job.high, err));
    THRONG_TRY(throng_i_population_for(population, range_chunk, &job, NULL, err));
    THRONG_TRY(throng_i_population_in_turn(population, add_ranges, &job, ends, sizeof ends, err));
    *low = ends[0];
    *high = ends[1];
out:
    throng_i_free(context, job.low);
    throng_i_free(context, job.high);
    return status;
}

/* Names the first row whose state or baseline the indicator does not allow. Of several ranks the first that has such a
 * row says so; the others hear of it when they next talk. */
static throng_status fail_domain(const throng_attribution *self, bool positive, throng_error *err) {
    const throng_population *population = self->population;
    const throng_column_view *columns[2] = {&population->state, &population->baseline};
    throng_i_share here = throng_i_population_here(population);
    bool lost = true;
    for (int64_t row = here.begin; row < here.end; row++)
        for (int c = 0; c < (self->def.baseline == THRONG_BASELINE_COLUMN ? 2 : 1); c++) {
            double scratch[1], x = *throng_i_column_block(columns[c], row, 1, scratch);
            char id[80];
            throng_population_id(population, throng_population_agent(population, row), id, sizeof id);
            if (x < 0.0 || (positive && x <= 0.0))
                return THRONG_FAIL(err, E_DOMAIN, "%s needs %s values: agent %s has %s = %g.",
                                   self->indicator.descriptor->about.name, positive ? "positive" : "non-negative", id,
                                   columns[c]->name, x);
        }
    throng_status status = throng_i_ranks_any(self->context, &lost, err);
    return status != THRONG_OK
               ? status
               : THRONG_FAIL(err, E_INTERNAL, "A value outside the domain was lost; please report this.");
}

static throng_status check_states(throng_attribution *self, throng_error *err) {
    const throng_indicator *descriptor = self->indicator.descriptor;
    bool bounded = descriptor->flags & (THRONG_INDICATOR_NONNEGATIVE | THRONG_INDICATOR_POSITIVE);
    if (!bounded && descriptor->form != THRONG_FORM_HISTOGRAM)
        return THRONG_OK;
    double low = 0.0, high = 0.0;
    throng_status status = find_range(self->context, self->population, self->def.baseline, &low, &high, err);
    if (status != THRONG_OK)
        return status;
    bool positive = descriptor->flags & THRONG_INDICATOR_POSITIVE;
    if (bounded && (low < 0.0 || (positive && low <= 0.0)))
        return fail_domain(self, positive, err);
    if (descriptor->form == THRONG_FORM_HISTOGRAM)
        return throng_i_indicator_set_range(&self->indicator, low, high, err);
    return THRONG_OK;
}

/* ---- one time -------------------------------------------------------------------------------------------------- */

/* "at time 3" or "" */
static void where(const throng_population *population, int64_t time, char *out, size_t size) {
    char label[64];
    throng_population_time_label(population, time, label, sizeof label);
    snprintf(out, size, "%s%s", *label ? " at time " : "", label);
}

/* Says in the indicator's own words why a time could not be attributed. */
static throng_status explain(const throng_attribution *self, const throng_value_function *function, int64_t time,
                             throng_status status, throng_error *err) {
    char place[80];
    where(self->population, time, place, sizeof place);
    double nobody = 0.0, everybody = 0.0;
    if (status == THRONG_E_DEGENERATE && function->ray_value(function->self, 0.0, &nobody, NULL) == THRONG_OK &&
        function->ray_value(function->self, 1.0, &everybody, NULL) == THRONG_OK &&
        !(isfinite(nobody) && isfinite(everybody))) {
        const throng_indicator *indicator = self->indicator.descriptor;
        return THRONG_FAIL(err, E_DEGENERATE, "%s is undefined%s%s: %s.", indicator->about.name, place,
                           isfinite(everybody) ? " for the crowd at its baseline" : "",
                           indicator->undefined ? indicator->undefined : "its value is not finite");
    }
    if (status == THRONG_E_NOT_CONVERGED && err && *place) {
        char message[THRONG_MESSAGE_LENGTH];
        snprintf(message, sizeof message, "%s", err->message);
        return THRONG_FAIL(err, E_NOT_CONVERGED, "%s (%s)", message, place + 1);
    }
    return status;
}

/* Credits of a time's players, agents or cohorts, by the method. */
static throng_status attribute_players(throng_attribution *self, int64_t time, const throng_value_function *function,
                                       throng_error *err) {
    int64_t begin = 0, end = 0;
    throng_i_by_cohort groups;
    throng_population_slice(self->population, time, &begin, &end);
    throng_status status = throng_i_by_cohort_init(self, time, &groups, err);
    throng_method_options options = {.tolerance = self->def.tolerance,
                                     .nodes_max = self->def.nodes_max,
                                     .seed = self->def.seed,
                                     .standard_error = self->standard_error ? self->standard_error + begin : NULL,
                                     .group_sums = groups.sums,
                                     .n_group_sums = groups.n_sums};
    if (status == THRONG_OK && self->cohort_phi)
        status = throng_i_by_cohort_attribute(self, time, function, &options, &groups, err);
    else if (status == THRONG_OK)
        status = throng_attribute_function(self->context, function, self->method_spec, &options, self->phi + begin,
                                           &self->certificates[time], err);
    throng_i_by_cohort_clear(&groups);
    return status;
}

static throng_status attribute_world(throng_attribution *self, throng_error *err) {
    throng_value_function function;
    throng_status status = throng_i_world_run_function(self->world, &function, err);
    if (status == THRONG_OK) {
        self->magnitude = function.magnitude;
        status = attribute_players(self, 0, &function, err);
    }
    if (status == THRONG_E_UNSUPPORTED && !function.gradient)
        return THRONG_FAIL(
            err, E_UNSUPPORTED,
            "%.*s has no derivative (its world or indicator is not smooth), which %.*s needs: take --method "
            "shapley-sampled or owen-sampled; or only run it: throng simulate.",
            (int)strcspn(self->def.world->world, ":"), self->def.world->world, (int)strcspn(self->method_spec, ":"),
            self->method_spec);
    if (status == THRONG_OK && !self->population->shared)
        status = throng_i_dynamics_gather(self->world->dynamics, err);
    return status;
}

static throng_status attribute_time(throng_attribution *self, const int64_t *first_row, int64_t time,
                                    throng_error *err) {
    throng_i_crowd crowd;
    int64_t begin = 0, end = 0;
    throng_population_slice(self->population, time, &begin, &end);
    throng_i_crowd_def def = {.population = self->population,
                              .indicator = &self->indicator,
                              .path = self->def.path,
                              .baseline = self->def.baseline,
                              .first_row = first_row,
                              .graph = self->def.graph,
                              .time = time,
                              .progress = {"attributing", "agents", 2 * begin, 2 * self->population->n_rows}};
    throng_status status = throng_i_crowd_init(self->context, &def, &crowd, err);
    if (status != THRONG_OK)
        return status;
    throng_value_function function = throng_i_crowd_function(&crowd);
    self->magnitude = fmax(self->magnitude, function.magnitude);
    status = attribute_players(self, time, &function, err);
    if (status != THRONG_OK)
        status = explain(self, &function, time, status, err);
    throng_i_crowd_clear(&crowd);
    return status;
}

/* ---- the change ------------------------------------------------------------------------------------------------ */

static void change_of_one_time(throng_attribution *self) {
    const throng_certificate *only = &self->certificates[0];
    self->change = (throng_change){.before = only->nobody,
                                   .after = only->everybody,
                                   .sum_phi = only->sum_phi,
                                   .efficiency_residual = only->efficiency_residual};
}

/* Draws at the first and the last time are not independent: their errors are added. */
static throng_status add_errors(throng_attribution *self, throng_error *err) {
    const throng_population *population = self->population;
    int64_t last = population->n_times - 1, begin = 0, end = 0;
    throng_status status =
        throng_i_alloc(self->context, population->n_agents, sizeof(double), &self->change_error, err);
    if (status != THRONG_OK)
        return status;
    for (int pass = last == 0 ? 1 : 0; pass < 2; pass++) {
        throng_population_slice(population, pass ? last : 0, &begin, &end);
        for (int64_t row = begin; row < end; row++)
            self->change_error[throng_population_agent(population, row)] += self->standard_error[row];
    }
    return THRONG_OK;
}

throng_status throng_i_attribution_find_change(throng_attribution *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->population;
    int64_t last = population->n_times - 1, begin = 0, end = 0;
    if (last == 0)
        change_of_one_time(self);
    if (self->standard_error)
        THRONG_TRY(add_errors(self, err));
    if (self->def.cohorts)
        throng_i_by_cohort_find_change(self);
    if (self->cohort_phi)
        goto out;
    if (last == 0 && !population->agents) {
        self->change_phi = self->phi;
        goto out;
    }
    THRONG_TRY(throng_i_alloc(self->context, population->n_agents, sizeof(double), &self->change_phi, err));
    THRONG_TRY(throng_i_alloc(self->context, population->n_agents, sizeof(int64_t), &self->change_row, err));
    for (int64_t agent = 0; agent < population->n_agents; agent++)
        self->change_row[agent] = -1;
    /* Last minus first; with one time there is nothing to subtract. */
    for (int pass = last == 0 ? 1 : 0; pass < 2; pass++) {
        throng_population_slice(population, pass ? last : 0, &begin, &end);
        for (int64_t row = begin; row < end; row++) {
            throng_agent agent = throng_population_agent(population, row);
            self->change_phi[agent] += pass ? self->phi[row] : -self->phi[row];
            self->change_row[agent] = row;
        }
    }
    if (last == 0)
        goto out;
    const throng_certificate *from = &self->certificates[0], *to = &self->certificates[last];
    double absolute = 0.0, sum = 0.0;
    for (int64_t agent = 0; agent < population->n_agents; agent++) {
        sum += self->change_phi[agent];
        absolute += fabs(self->change_phi[agent]);
    }
    self->change = (throng_change){
        .before = from->everybody, .after = to->everybody, .baseline_shift = to->nobody - from->nobody, .sum_phi = sum};
    double moved = self->change.after - self->change.before - self->change.baseline_shift;
    self->change.efficiency_residual = throng_i_relative(sum - moved, moved, throng_i_moved(absolute, self->magnitude));
out:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status check_graph(const throng_attribution *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_indicator *descriptor = self->indicator.descriptor;
    bool network = descriptor->form == THRONG_FORM_NETWORK;
    if (self->def.world)
        return THRONG_OK; /* worlds say themselves what they need */
    THRONG_REQUIRE(!network || self->def.graph, E_ARGUMENT,
                   "%s looks at who is joined to whom: it needs a graph (--graph EDGES --source COL --target COL).",
                   descriptor->about.name);
    THRONG_REQUIRE(network || !self->def.graph, E_ARGUMENT,
                   "%s does not look at a graph: leave --graph out, or take a network indicator (throng list "
                   "indicators).",
                   descriptor->about.name);
    THRONG_REQUIRE(!network || throng_graph_agents(self->def.graph) == self->population->n_agents, E_ARGUMENT,
                   "The graph has %lld agents, the crowd %lld.",
                   network ? (long long)throng_graph_agents(self->def.graph) : 0LL,
                   (long long)self->population->n_agents);
out:
    return status;
}

static throng_status hand_to_world(throng_attribution *self, throng_error *err) {
    self->def.path = THRONG_PATH_DEFAULT; /* there is none */
    throng_status status = throng_i_world_run_create(self->context, self->population, &self->def,
                                                     self->indicator.weighted, &self->world, err);
    if (status == THRONG_OK)
        self->def.world = &self->world->resolved;
    return status;
}

static throng_status resolve(throng_attribution *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->population;
    throng_i_plugin_use method;
    THRONG_TRY(check_options(self->def.tolerance, self->def.nodes_max, err));
    THRONG_TRY(throng_i_indicator_init(self->context, self->def.indicator, &self->indicator, err));
    THRONG_TRY(throng_i_plugin_parse(self->context, THRONG_KIND_METHOD, self->def.method, &method, err));
    throng_i_plugin_print(&method, self->method_spec, sizeof self->method_spec);
    self->samples = ((const throng_method *)(const void *)method.about)->samples;
    THRONG_REQUIRE(throng_players_name(self->def.players), E_ARGUMENT, "Unknown players (%d).", (int)self->def.players);
    THRONG_REQUIRE(self->def.players == THRONG_PLAYERS_AGENTS || self->def.cohorts, E_ARGUMENT,
                   "The players are cohorts, but there are none.");
    if (self->samples && self->def.players == THRONG_PLAYERS_AGENTS)
        THRONG_TRY(throng_i_resize(self->context, &self->standard_error, population->n_rows,
                                   sizeof *self->standard_error, err));
    self->def.method = self->method_spec;
    const throng_indicator *descriptor = self->indicator.descriptor;
    THRONG_REQUIRE(!self->def.world || self->def.path == THRONG_PATH_DEFAULT, E_PARAMETER,
                   "With a world, taking part is what its participation says: leave out --path, see --participation.");
    if (self->def.path == THRONG_PATH_DEFAULT)
        self->def.path = descriptor->path;
    if (self->def.baseline == THRONG_BASELINE_DEFAULT && self->def.world)
        self->def.baseline = THRONG_BASELINE_NEUTRAL;
    if (self->def.baseline == THRONG_BASELINE_DEFAULT)
        self->def.baseline = strcmp(descriptor->baseline, "mean") == 0 ? THRONG_BASELINE_MEAN : THRONG_BASELINE_NEUTRAL;
    THRONG_REQUIRE(throng_path_name(self->def.path) && throng_baseline_name(self->def.baseline), E_ARGUMENT,
                   "Unknown path (%d) or baseline (%d).", (int)self->def.path, (int)self->def.baseline);
    THRONG_REQUIRE(self->def.baseline != THRONG_BASELINE_COLUMN || population->baseline.data, E_ARGUMENT,
                   "The baseline is a column, but the population has none.");
    THRONG_REQUIRE(self->def.baseline != THRONG_BASELINE_FIRST ||
                       ((population->n_times > 1 || population->n_course > 1) && population->ids.name),
                   E_ARGUMENT,
                   "The baseline \"first\" is an agent's own first state: it needs an id column and a time column with "
                   "at least two times.");
    THRONG_TRY(check_graph(self, err));
    throng_i_plugin_print(&self->indicator.use, self->indicator_spec, sizeof self->indicator_spec);
    self->def.indicator = self->indicator_spec;
    if (self->def.world) {
        THRONG_TRY(hand_to_world(self, err));
        goto out;
    }
    THRONG_TRY(throng_i_crowd_check(descriptor, self->def.path, self->def.baseline, err));
    THRONG_TRY(check_states(self, err));
    throng_i_plugin_print(&self->indicator.use, self->indicator_spec, sizeof self->indicator_spec);
out:
    return status;
}

bool throng_i_attribution_by_share(const throng_context *context, const throng_attribution_def *def) {
    throng_i_plugin_use indicator, method, world;
    if (throng_ranks_count(context) == 1 || def->players != THRONG_PLAYERS_AGENTS ||
        def->baseline == THRONG_BASELINE_FIRST ||
        throng_i_plugin_parse(context, THRONG_KIND_INDICATOR, def->indicator, &indicator, NULL) != THRONG_OK ||
        throng_i_plugin_parse(context, THRONG_KIND_METHOD, def->method, &method, NULL) != THRONG_OK ||
        (def->world && throng_i_plugin_parse(context, THRONG_KIND_WORLD, def->world->world, &world, NULL) != THRONG_OK))
        return false;
    throng_form form = ((const throng_indicator *)(const void *)indicator.about)->form;
    bool sums =
        form == THRONG_FORM_MOMENTS || form == THRONG_FORM_FEATURES || (form == THRONG_FORM_HISTOGRAM && !def->world);
    bool moves = !def->world || !(((const throng_world *)(const void *)world.about)->flags & THRONG_WORLD_RECORDED);
    return sums && moves && ((const throng_method *)(const void *)method.about)->by_share;
}

/* Whether a method that was stopped left something to look at. */
static bool is_estimate(const throng_attribution *self, throng_status status) {
    return status == THRONG_E_CANCELLED && self->samples && throng_ranks_count(self->context) == 1 &&
           self->population->n_times == 1 && self->certificates[0].evaluations > 0;
}

throng_status throng_attribute(throng_context *context, const throng_population *population,
                               const throng_attribution_def *def, throng_attribution **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_attribution *self = NULL;
    int64_t *first_row = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->population = population;
    self->def = *def;
    THRONG_TRY(resolve(self, err));
    if (self->def.baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(population, &first_row, err));
    THRONG_TRY(throng_i_by_cohort_reserve(self, err));
    /* phi is written before it is read: no need to zero it. */
    if (!self->cohort_phi)
        THRONG_TRY(throng_i_resize(context, &self->phi, population->n_rows, sizeof *self->phi, err));
    THRONG_TRY(throng_i_alloc(context, population->n_times, sizeof *self->certificates, &self->certificates, err));
    for (int64_t time = 0; time < population->n_times; time++) {
        status = self->world ? attribute_world(self, err) : attribute_time(self, first_row, time, err);
        self->stopped = is_estimate(self, status);
        if (status != THRONG_OK && !self->stopped)
            goto out;
    }
    throng_status change = throng_i_attribution_find_change(self, self->stopped ? NULL : err);
    if (change != THRONG_OK && !self->stopped)
        status = change;
    if (change != THRONG_OK)
        goto out;
    *out = self;
    self = NULL;
out:
    throng_i_free(context, first_row);
    throng_attribution_free(self);
    return status;
}

void throng_attribution_free(throng_attribution *self) {
    if (!self)
        return;
    if (self->change_phi != self->phi)
        throng_i_free(self->context, self->change_phi);
    throng_i_free(self->context, self->change_row);
    throng_i_free(self->context, self->phi);
    throng_i_free(self->context, self->cohort_phi);
    throng_i_free(self->context, self->cohort_error);
    throng_i_free(self->context, self->standard_error);
    throng_i_free(self->context, self->change_error);
    throng_i_free(self->context, self->certificates);
    throng_i_world_run_free(self->world);
    throng_i_indicator_clear(self->context, &self->indicator);
    throng_i_free(self->context, self);
}

const double *throng_attribution_phi(const throng_attribution *self) {
    return self->phi;
}

throng_certificate throng_attribution_certificate(const throng_attribution *self, int64_t time) {
    return time >= 0 && time < self->population->n_times ? self->certificates[time] : (throng_certificate){0};
}

throng_attribution_def throng_attribution_resolved(const throng_attribution *self) {
    return self->def;
}

const throng_indicator *throng_attribution_indicator(const throng_attribution *self) {
    return self->indicator.descriptor;
}

bool throng_attribution_weighted(const throng_attribution *self) {
    return self->indicator.weighted;
}

bool throng_attribution_reference_crowd(const throng_attribution *self) {
    return !self->world && throng_i_crowd_has_reference(self->indicator.descriptor, self->def.path, self->def.baseline);
}

const throng_simulation *throng_attribution_simulation(const throng_attribution *self) {
    return self->world ? self->world->simulation : NULL;
}

const throng_dynamics *throng_attribution_dynamics(const throng_attribution *self) {
    return self->world ? self->world->dynamics : NULL;
}

bool throng_attribution_complete(const throng_attribution *self) {
    return !self->stopped;
}

const double *throng_attribution_standard_error(const throng_attribution *self) {
    return self->standard_error;
}

double throng_attribution_change_error(const throng_attribution *self, throng_agent agent) {
    return self->change_error ? self->change_error[agent] : 0.0;
}

throng_change throng_attribution_change(const throng_attribution *self) {
    return self->change;
}

const double *throng_attribution_change_phi(const throng_attribution *self) {
    return self->change_phi;
}
