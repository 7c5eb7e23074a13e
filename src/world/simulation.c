/* Preparing a world over a crowd, and running it forward. */
#include "world/world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- registering ----------------------------------------------------------------------------------------------- */

static throng_status check_deciding(const throng_world *world, const char *name, throng_error *err) {
    throng_status status = THRONG_OK;
    if (world->n_actions == 0)
        goto out;
    THRONG_REQUIRE(world->actions && world->n_actions >= 2 && world->n_actions <= THRONG_WORLD_ACTIONS_MAX, E_PLUGIN,
                   "%s: those who decide have 2 to %d actions, got %d.", name, THRONG_WORLD_ACTIONS_MAX,
                   world->n_actions);
    THRONG_REQUIRE(world->last >= 0 && (world->last == 0 || world->last + world->n_actions - 1 <= world->n_columns),
                   E_PLUGIN, "%s keeps the last action in columns that it does not have.", name);
    THRONG_REQUIRE(world->sights && world->n_sights >= 1 && world->n_sights <= THRONG_WORLD_SIGHTS_MAX, E_PLUGIN,
                   "%s: those who decide see 1 to %d things, got %d.", name, THRONG_WORLD_SIGHTS_MAX, world->n_sights);
    for (int s = 0; s < world->n_sights; s++)
        THRONG_REQUIRE(world->sights[s].name && world->sights[s].doc &&
                           world->sights[s].lowest < world->sights[s].highest,
                       E_PLUGIN, "%s: sight %d needs a name, a line of documentation and a range.", name, s);
    THRONG_REQUIRE(world->observe && (world->observe_adjoint || !(world->flags & THRONG_WORLD_SMOOTH)), E_PLUGIN,
                   "%s has actions, but not observe or, being smooth, its adjoint.", name);
    THRONG_REQUIRE(!(world->flags & THRONG_WORLD_DEAF_ADJOINT) && !world->pair, E_PLUGIN,
                   "%s has actions: it can have neither a deaf adjoint nor a pair function.", name);
out:
    return status;
}

/* What worlds must have whose agents meet without a graph. */
static throng_status check_meetings(const throng_world *world, const char *name, throng_error *err) {
    throng_status status = THRONG_OK;
    int n_params = 0;
    while (world->about.params && world->about.params[n_params].name)
        n_params++;
    THRONG_REQUIRE(!(world->flags & THRONG_WORLD_SMOOTH) && !world->pair && world->n_public == 0, E_PLUGIN,
                   "In %s agents meet without a graph: it cannot be smooth, use pair or have public messages.", name);
    if (world->hearing == THRONG_HEARING_CROWD)
        THRONG_REQUIRE(world->n_messages == 0 && world->n_actions == 0, E_PLUGIN,
                       "%s moves the whole crowd at once: it can have neither messages nor actions.", name);
    else
        THRONG_REQUIRE(world->place >= 1 && world->place + 1 < world->n_columns && world->density >= 0 &&
                           world->density < n_params && world->radius >= 0 && world->radius < n_params,
                       E_PLUGIN,
                       "%s must have two columns of places after the first, and name its parameters of density and "
                       "radius.",
                       name);
out:
    return status;
}

static throng_status check_world(const throng_world *world, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = world->about.name ? world->about.name : "?";
    bool smooth = world->flags & THRONG_WORLD_SMOOTH;
    THRONG_REQUIRE(world->about.struct_size == sizeof *world, E_PLUGIN,
                   "The world %s was built for another version of throng: compile it again.", name);
    THRONG_REQUIRE(world->columns && world->n_columns >= 1 && world->n_columns <= THRONG_WORLD_COLUMNS_MAX, E_PLUGIN,
                   "%s must have 1 to %d state columns, got %d.", name, THRONG_WORLD_COLUMNS_MAX, world->n_columns);
    THRONG_REQUIRE(world->n_messages >= 0 && world->n_messages <= THRONG_WORLD_MESSAGES_MAX, E_PLUGIN,
                   "%s must have 0 to %d messages, got %d.", name, THRONG_WORLD_MESSAGES_MAX, world->n_messages);
    THRONG_REQUIRE(world->n_traits >= 0 && world->n_traits <= THRONG_WORLD_TRAITS_MAX &&
                       !world->n_traits == !world->draw,
                   E_PLUGIN, "%s must have draw and 1 to %d traits, or neither, got %d.", name, THRONG_WORLD_TRAITS_MAX,
                   world->n_traits);
    for (int c = 0; c < world->n_columns; c++)
        THRONG_REQUIRE(world->columns[c].name && world->columns[c].unit && world->columns[c].doc, E_PLUGIN,
                       "%s: state column %d needs a name, a unit and a line of documentation.", name, c);
    THRONG_REQUIRE(world->move, E_PLUGIN, "%s has no move function.", name);
    THRONG_REQUIRE(!(world->send && world->pair), E_PLUGIN, "%s has both send and pair: one of them must go.", name);
    THRONG_REQUIRE(world->n_messages <= 1 || world->send || world->pair, E_PLUGIN,
                   "%s has %d messages, but neither send nor pair makes them.", name, world->n_messages);
    THRONG_REQUIRE(world->n_public >= 0 && world->n_public <= world->n_messages, E_PLUGIN,
                   "%s has %d messages: between 0 and so many can be public, got %d.", name, world->n_messages,
                   world->n_public);
    THRONG_REQUIRE(!world->pair || world->n_public == 0, E_PLUGIN,
                   "%s has public messages, which no pair function can make: use send.", name);
    for (int m = 0; world->behaviours && m < world->n_messages; m++)
        THRONG_REQUIRE(world->behaviours[m] && *world->behaviours[m], E_PLUGIN, "%s: behaviour %d has no name.", name,
                       m);
    THRONG_REQUIRE(!smooth || (world->move_adjoint && !world->send == !world->send_adjoint &&
                               !world->pair == !world->pair_adjoint && world->hearing != THRONG_HEARING_PICK),
                   E_PLUGIN, "%s says that it is smooth, but has not all adjoints, or picks neighbours.", name);
    THRONG_REQUIRE(!(world->flags & THRONG_WORLD_RECORDED) ||
                       (world->n_messages == 0 && world->participation == THRONG_PARTICIPATION_INNATE),
                   E_PLUGIN, "%s has recorded states: it can have no messages, and participation must be innate.",
                   name);
    THRONG_REQUIRE(!(world->flags & THRONG_WORLD_COMPLETE) || (!world->pair && world->hearing <= THRONG_HEARING_SUM),
                   E_PLUGIN, "Everybody can hear everybody in %s only if it hears means or sums, without pair.", name);
    THRONG_TRY(check_deciding(world, name, err));
    if (throng_i_world_meets(world))
        THRONG_TRY(check_meetings(world, name, err));
out:
    return status;
}

throng_status throng_i_world_register(throng_context *context, const throng_world *world, throng_error *err) {
    throng_status status = check_world(world, err);
    return status == THRONG_OK
               ? throng_i_context_register(context, THRONG_KIND_WORLD, &world->about, sizeof *world, err)
               : status;
}

const char *throng_participation_name(throng_participation participation) {
    static const char *const names[THRONG_PARTICIPATION_COUNT] = {
        [THRONG_PARTICIPATION_INFLUENCE] = "influence", [THRONG_PARTICIPATION_INNATE] = "innate"};
    return (int)participation >= 0 && participation < THRONG_PARTICIPATION_COUNT ? names[participation] : NULL;
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

throng_simulation_def throng_simulation_default(void) {
    return (throng_simulation_def){.steps = 10, .memory = (int64_t)1 << 30};
}

/* What is found out about edges: a chunk's first agent with one of negative weight, -1, and whether any weighs. */
typedef struct measure_job {
    throng_simulation *simulation;
    int64_t *negative;
    bool *weighs;
} measure_job;

/* Sum of the agent's in-weights, and of their sizes. Gives whether one of them is negative. */
static bool add_weights(const throng_simulation *self, int64_t agent, double *sum, double *size) {
    bool negative = false;
    *sum = *size = self->complete ? (double)self->n : 0.0;
    for (int64_t e = self->in.offsets ? self->in.offsets[agent] : 0;
         self->in.offsets && e < self->in.offsets[agent + 1]; e++) {
        double weight = self->in.weights ? self->in.weights[e] : 1.0;
        *sum += weight;
        *size += fabs(weight);
        negative = negative || weight < 0.0;
    }
    return negative;
}

/* Each agent's in-weight: what it hears is divided by it, or it is how much there is to hear. */
static void measure_chunk(void *user, throng_chunk chunk) {
    const measure_job *job = user;
    throng_simulation *self = job->simulation;
    bool is_sum = self->world->hearing == THRONG_HEARING_SUM;
    job->negative[chunk.index] = -1;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double sum = 0.0, size = 0.0;
        if (add_weights(self, i, &sum, &size) && job->negative[chunk.index] < 0)
            job->negative[chunk.index] = i;
        job->weighs[chunk.index] = job->weighs[chunk.index] || size > 0.0;
        double share = sum < size ? sum / size : 1.0;
        self->around[i] = is_sum ? sum : size > 0.0 ? share : 0.0;
        if (self->loudness)
            self->loudness[i] = size > 0.0 ? 1.0 / size : 0.0;
    }
}

/* Says which edge has a negative weight. */
static throng_status fail_negative(const throng_simulation *self, int64_t agent, throng_error *err) {
    int64_t e = self->in.offsets[agent];
    while (!(self->in.weights[e] < 0.0))
        e++;
    return THRONG_FAIL(err, E_WEIGHT,
                       "%s: the edge from agent %lld to agent %lld weighs %g, but in this world weights of edges must "
                       "not be negative.",
                       self->world->about.name, (long long)self->in.neighbours[e] + 1, (long long)agent + 1,
                       self->in.weights[e]);
}

static throng_status measure(throng_simulation *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_chunks = throng_i_chunk_count(self->n);
    measure_job job = {.simulation = self};
    bool weighs = false;
    THRONG_TRY(throng_i_alloc(self->context, n_chunks, sizeof *job.negative, &job.negative, err));
    THRONG_TRY(throng_i_alloc(self->context, n_chunks, sizeof *job.weighs, &job.weighs, err));
    THRONG_TRY(throng_i_share_for(self->context, self->n, measure_chunk, &job, NULL, err));
    throng_i_share mine = throng_i_share_mine(self->context, self->n);
    for (int64_t c = mine.begin / THRONG_CHUNK_ROWS; c < throng_i_chunk_count(mine.end); c++) {
        weighs = weighs || job.weighs[c];
        if (job.negative[c] >= 0 && !(self->world->flags & THRONG_WORLD_SIGNED)) {
            status = fail_negative(self, job.negative[c], err);
            goto out;
        }
    }
    THRONG_TRY(throng_i_ranks_any(self->context, &weighs, err));
    THRONG_REQUIRE(weighs || self->edges == 0, E_WEIGHT, "%s: all edges weigh 0: nobody hears anybody.",
                   self->world->about.name);
out:
    throng_i_free(self->context, job.negative);
    throng_i_free(self->context, job.weighs);
    return status;
}

static void draw_chunk(void *user, throng_chunk chunk) {
    throng_simulation *self = user;
    double *trait[THRONG_WORLD_TRAITS_MAX] = {NULL};
    throng_slots slots = {.n = chunk.end - chunk.begin,
                          .param = self->use.param,
                          .state = {self->state + chunk.begin},
                          .innate = self->state + chunk.begin,
                          .agent = chunk.begin,
                          .lanes = 1,
                          .random = {self->def.seed, THRONG_I_WORLD_STREAM}};
    for (int t = 0; t < self->world->n_traits; t++)
        trait[t] = self->trait[t] + chunk.begin;
    self->world->draw(&slots, trait);
}

static throng_status check_states(const throng_simulation *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world_column *column = &self->world->columns[0];
    throng_i_share mine = throng_i_share_mine(self->context, self->n);
    for (int64_t i = mine.begin; i < mine.end; i++) {
        double x = self->state[i], b = self->baseline ? self->baseline[i] : 0.0;
        THRONG_REQUIRE(isfinite(x) && isfinite(b), E_DOMAIN, "%s: the %s of agent %lld is not a finite number.",
                       self->world->about.name, isfinite(x) ? "baseline" : "state", (long long)i + 1);
        THRONG_REQUIRE(x >= column->lowest && x <= column->highest, E_DOMAIN,
                       "%s: %s must lie in [%g, %g], but agent %lld starts at %g.", self->world->about.name,
                       column->name, column->lowest, column->highest, (long long)i + 1, x);
        THRONG_REQUIRE(!column->whole || x == floor(x), E_DOMAIN,
                       "%s: %s must be a whole number from %g to %g, but agent %lld starts at %g.",
                       self->world->about.name, column->name, column->lowest, column->highest, (long long)i + 1, x);
    }
out:
    return status;
}

static throng_status check_recorded(const throng_simulation *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = self->world->about.name;
    THRONG_REQUIRE(self->def.participation == THRONG_PARTICIPATION_INNATE, E_UNSUPPORTED,
                   "%s goes through recorded states, which show nobody's influence on others: taking part can only be "
                   "innate.",
                   name);
    THRONG_REQUIRE(self->def.recorded || self->def.steps == 0, E_UNSUPPORTED,
                   "%s goes through recorded states, but there are none.", name);
    for (int64_t k = 0; k < self->def.steps * self->n; k++)
        THRONG_REQUIRE(isfinite(self->def.recorded[k]), E_DOMAIN,
                       "%s: the state recorded for agent %lld after step %lld is not a finite number.", name,
                       (long long)(k % self->n) + 1, (long long)(k / self->n) + 1);
out:
    return status;
}

/* What a rank cannot do with its share alone. */
static throng_status check_ranks(const throng_simulation *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_decider *decider = self->def.decider;
    if (throng_i_world_meets(self->world))
        THRONG_TRY(
            throng_i_ranks_refuse(self->context, self->world->about.name, "its agents meet without a graph", err));
    if (decider && decider->ask)
        THRONG_TRY(throng_i_ranks_refuse(self->context, "a policy that asks a model", "one process asks", err));
out:
    return status;
}

static throng_status find_ghosts(throng_simulation *self, throng_error *err) {
    throng_status status = throng_i_ghosts_create(self->context, self->n, &self->in, &self->heard_from, err);
    return status == THRONG_OK ? throng_i_ghosts_create(self->context, self->n, &self->out, &self->answered_by, err)
                               : status;
}

static throng_status prepare(throng_simulation *self, const throng_graph *graph, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = self->world->about.name;
    bool meets = throng_i_world_meets(self->world);
    self->complete = !graph && !meets;
    THRONG_REQUIRE(self->n >= 1, E_EMPTY, "%s needs at least one agent.", name);
    THRONG_REQUIRE(graph || meets || self->world->n_messages == 0 || (self->world->flags & THRONG_WORLD_COMPLETE),
                   E_UNSUPPORTED, "%s needs a graph: say who hears whom.", name);
    THRONG_REQUIRE(!graph || !meets, E_UNSUPPORTED, "%s takes no graph: %s.", name,
                   self->world->hearing == THRONG_HEARING_CROWD ? "anybody may meet anybody"
                                                                : "agents hear who is near, wherever they go");
    THRONG_REQUIRE(!graph || throng_graph_agents(graph) == self->n, E_ARGUMENT,
                   "The graph has %lld agents, the crowd %lld.", graph ? (long long)throng_graph_agents(graph) : 0LL,
                   (long long)self->n);
    THRONG_REQUIRE(self->def.steps >= 0, E_PARAMETER, "steps must not be negative, got %lld.",
                   (long long)self->def.steps);
    THRONG_REQUIRE(self->def.decider || self->world->n_actions == 0, E_PARAMETER,
                   "%s: who decides? Name a policy with --policy (policy.name): see throng list policies.", name);
    THRONG_REQUIRE(!self->def.decider || self->world->n_actions > 0, E_PARAMETER,
                   "%s leaves agents nothing to decide: leave out --policy (policy.name).", name);
    THRONG_TRY(check_ranks(self, err));
    THRONG_TRY(check_states(self, err));
    if (self->world->flags & THRONG_WORLD_RECORDED)
        THRONG_TRY(check_recorded(self, err));
    if (self->world->hearing == THRONG_HEARING_NEAR)
        self->side = sqrt((double)self->n / self->use.param[self->world->density]);
    if (graph) {
        self->in = throng_graph_in(graph);
        self->out = throng_graph_out(graph);
        self->edges = throng_graph_edges(graph);
        self->in_edges = self->in.offsets[throng_i_share_mine(self->context, self->n).end];
        self->out_edges = self->out.offsets[throng_i_share_mine(self->context, self->n).end];
        THRONG_TRY(find_ghosts(self, err));
    }
    THRONG_TRY(throng_i_resize(self->context, &self->around, self->n, sizeof(double), err));
    if (self->world->hearing == THRONG_HEARING_MEAN)
        THRONG_TRY(throng_i_resize(self->context, &self->loudness, self->n, sizeof(double), err));
    THRONG_TRY(measure(self, err));
    for (int t = 0; t < self->world->n_traits; t++)
        THRONG_TRY(throng_i_resize(self->context, &self->trait[t], self->n, sizeof(double), err));
    if (self->world->n_traits > 0)
        THRONG_TRY(throng_i_share_for(self->context, self->n, draw_chunk, self, NULL, err));
out:
    return status;
}

throng_status throng_simulation_create(throng_context *context, const throng_graph *graph, int64_t n,
                                       const double *state, const double *baseline, const throng_simulation_def *def,
                                       throng_simulation **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_simulation *self = NULL;
    THRONG_REQUIRE(def->world, E_ARGUMENT, "No world was named.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n = n;
    self->state = state;
    self->baseline = baseline;
    self->def = *def;
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_WORLD, def->world, &self->use, err));
    self->world = (const throng_world *)(const void *)self->use.about;
    throng_i_plugin_print(&self->use, self->spec, sizeof self->spec);
    self->def.world = self->spec;
    if (self->def.participation == THRONG_PARTICIPATION_DEFAULT)
        self->def.participation = self->world->participation;
    THRONG_TRY(prepare(self, graph, err));
    *out = self;
    self = NULL;
out:
    throng_simulation_free(self);
    return status;
}

void throng_simulation_free(throng_simulation *self) {
    if (!self)
        return;
    throng_i_ghosts_free(self->heard_from);
    throng_i_ghosts_free(self->answered_by);
    throng_i_free(self->context, self->around);
    throng_i_free(self->context, self->loudness);
    for (int t = 0; t < THRONG_WORLD_TRAITS_MAX; t++)
        throng_i_free(self->context, self->trait[t]);
    throng_i_free(self->context, self);
}

const throng_world *throng_simulation_world(const throng_simulation *self) {
    return self->world;
}

throng_simulation_def throng_simulation_resolved(const throng_simulation *self) {
    return self->def;
}

int64_t throng_simulation_agents(const throng_simulation *self) {
    return self->n;
}

bool throng_simulation_smooth(const throng_simulation *self) {
    bool decided = self->world->n_actions == 0 || (self->def.decider->decide_adjoint && !self->def.drawn);
    return (self->world->flags & THRONG_WORLD_SMOOTH) && decided;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

/* States of all slots as a part of a checkpoint. */
static throng_i_part part_of_states(double *states, int64_t n, int64_t slots) {
    return (throng_i_part){.data = states, .bytes = slots * (int64_t)sizeof *states, .rows = 1, .n = n};
}

/* Leaves a checkpoint after a step that ended with `status`: if it is time to, or if the run is being stopped. */
static throng_status keep_states(const throng_simulation *self, throng_i_work *work, int64_t step, int64_t slots,
                                 double *const *now, throng_status status, throng_error *err) {
    throng_i_part states[THRONG_WORLD_COLUMNS_MAX];
    bool due = false;
    throng_status ended = throng_i_work_stopped(self->context, work, &status, err);
    if (ended == THRONG_OK)
        ended = throng_i_work_due(self->context, work, &due, err);
    bool stopped = status == THRONG_E_CANCELLED && throng_i_work_kept(self->context, work);
    if (!stopped && !due)
        return ended;
    for (int c = 0; c < self->world->n_columns; c++)
        states[c] = part_of_states(now[c], self->n, slots);
    work->at[0] = step;
    throng_status kept = throng_i_work_save(self->context, work, states, self->world->n_columns, stopped ? NULL : err);
    return stopped ? status : kept;
}

/* The states that a run starts from, or goes on from. */
static throng_status first_states(const throng_i_passage *passage, throng_i_work *work, double *const *now,
                                  int64_t *step, throng_error *err) {
    const throng_simulation *self = passage->simulation;
    throng_status status = THRONG_OK;
    *step = 0;
    if (!work || !work->resumed)
        return throng_i_passage_start(passage, now, err);
    *step = work->at[0];
    for (int c = 0; c < self->world->n_columns && status == THRONG_OK; c++) {
        throng_i_part states = part_of_states(now[c], self->n, passage->slots);
        status = throng_i_work_load(self->context, &states, 1, err);
    }
    return status;
}

throng_status throng_i_run(const throng_simulation *self, throng_i_taking_part part, throng_i_record_fn record,
                           void *user, throng_i_work *work, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_passage passage = {0};
    throng_progress progress = {"simulating", "steps", 0, self->def.steps};
    double *states = NULL, *now[THRONG_WORLD_COLUMNS_MAX] = {NULL}, *next[THRONG_WORLD_COLUMNS_MAX] = {NULL};
    const double *seen[THRONG_WORLD_COLUMNS_MAX] = {NULL};
    int columns = self->world->n_columns;
    int64_t step = 0;
    bool recorded = work && work->resumed; /* what is gone on from was */
    THRONG_TRY(throng_i_passage_init(self, part, false, &passage, err));
    THRONG_TRY(throng_i_resize(self->context, &states, 2 * columns * passage.slots, sizeof *states, err));
    for (int c = 0; c < columns; c++) {
        now[c] = states + c * passage.slots;
        next[c] = states + (columns + c) * passage.slots;
    }
    THRONG_TRY(first_states(&passage, work, now, &step, err));
    for (;; step++) {
        memcpy(seen, now, sizeof now);
        if (record && !recorded)
            THRONG_TRY(record(user, step, part.lanes, seen, err));
        recorded = false;
        progress.done = step;
        status = throng_i_progress(self->context, &progress, err);
        THRONG_TRY(keep_states(self, work, step, passage.slots, now, status, err));
        if (step == self->def.steps)
            break;
        THRONG_TRY(throng_i_passage_step(&passage, step, seen, next, NULL, err));
        memcpy(now, next, sizeof now);
        memcpy(next, seen, sizeof now);
    }
out:
    throng_i_free(self->context, states);
    throng_i_passage_clear(&passage);
    return status;
}

typedef struct one_lane {
    const throng_simulation *simulation;
    throng_simulation_fn record;
    void *user;
    double *whole; /* [columns][n] states of all ranks; NULL: there is one */
} one_lane;

static throng_status record_lane(void *user, int64_t step, int lanes, const double *const *state, throng_error *err) {
    throng_status status = THRONG_OK;
    const one_lane *self = user;
    const double *whole[THRONG_WORLD_COLUMNS_MAX] = {NULL};
    int64_t n = self->simulation->n;
    throng_i_share mine = throng_i_share_mine(self->simulation->context, n);
    (void)lanes;
    for (int c = 0; self->whole && c < self->simulation->world->n_columns; c++) {
        double *column = self->whole + c * n;
        memcpy(column + mine.begin, state[c] + mine.begin, (size_t)(mine.end - mine.begin) * sizeof *column);
        THRONG_TRY(throng_i_share_gather(self->simulation->context, n, sizeof *column, column, err));
        whole[c] = column;
    }
    if (self->record)
        status = self->record(self->user, step, self->whole ? whole : state, err);
out:
    return status;
}

static throng_status run_one_lane(const throng_simulation *self, const double *alpha, throng_simulation_fn record,
                                  void *user, throng_i_work *work, throng_error *err) {
    throng_status status = THRONG_OK;
    one_lane lane = {self, record, user, NULL};
    if (record && throng_ranks_count(self->context) > 1)
        THRONG_TRY(throng_i_alloc(self->context, self->world->n_columns * self->n, sizeof(double), &lane.whole, err));
    status = throng_i_run(self, (throng_i_taking_part){.lanes = 1, .lane = {1.0}, .each = alpha}, record_lane, &lane,
                          work, err);
out:
    throng_i_free(self->context, lane.whole);
    return status;
}

throng_status throng_i_run_everybody(const throng_simulation *self, throng_simulation_fn record, void *user,
                                     throng_i_work *work, throng_error *err) {
    return run_one_lane(self, NULL, record, user, work, err);
}

throng_status throng_simulation_run(throng_simulation *self, const double *alpha, throng_simulation_fn record,
                                    void *user, throng_error *err) {
    return run_one_lane(self, alpha, record, user, NULL, err);
}
