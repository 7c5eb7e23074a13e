/* From the texts of a study to what the stages take: roles of columns, definitions, and checks that need no data. */
#define _POSIX_C_SOURCE 200809L
#include "study/settings.h"

#include "attribution/aggregates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const throng_study *study, const char *key) {
    return throng_study_text(study, key, 0);
}

/* A number that the table of keys has checked; 0 if it is not set. */
static double number(const throng_study *study, const char *key) {
    const char *value = text(study, key);
    return value ? strtod(value, NULL) : 0.0;
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

/* Asks for a column once, whatever parts it plays. The first part says how it is read: whole numbers that are ids or
 * times will do as states, and numbers as cohorts, but not the other way round. */
static void request(throng_i_settings *self, const char *column, throng_role role) {
    if (!column)
        return;
    for (int i = 0; i < self->n_requests; i++)
        if (strcmp(self->requests[i].column, column) == 0)
            return;
    self->requests[self->n_requests++] = (throng_column_request){column, role};
}

static void set_columns(const throng_study *study, throng_i_settings *self) {
    self->population = throng_population_default();
    self->population.state = text(study, "population.state");
    if (!self->population.state && self->generator)
        self->population.state = "state";
    self->population.weight = text(study, "population.weight");
    self->population.id = text(study, "population.id");
    self->population.time = text(study, "population.time");
    self->population.missing =
        strcmp(text(study, "population.missing"), "drop") == 0 ? THRONG_MISSING_DROP : THRONG_MISSING_ERROR;
    if (self->attribution.baseline == THRONG_BASELINE_COLUMN)
        self->population.baseline = self->baseline_column;
    request(self, self->population.id, THRONG_ROLE_KEY);
    request(self, self->population.time, THRONG_ROLE_TIME);
    request(self, self->population.state, THRONG_ROLE_NUMBER);
    request(self, self->population.weight, THRONG_ROLE_NUMBER);
    request(self, self->population.baseline, THRONG_ROLE_NUMBER);
    if (self->n_members > 0)
        return;
    self->population.cohort = throng_study_text(study, "cohorts.by", 0);
    request(self, self->population.cohort, THRONG_ROLE_LABEL);
    for (int i = 1; self->population.cohort && i < THRONG_COHORT_LEVELS_MAX; i++) {
        self->population.nested[i - 1] = throng_study_text(study, "cohorts.by", i);
        request(self, self->population.nested[i - 1], THRONG_ROLE_LABEL);
    }
}

/* ---- cohorts of a second table ---------------------------------------------------------------------------------- */

static void set_members(const throng_study *study, throng_i_settings *self) {
    const char *key = text(study, "cohorts.key");
    if (strcmp(text(study, "cohorts.missing"), "none") == 0)
        self->membership.unlisted = THRONG_UNLISTED_NONE;
    self->membership.key = key ? key : self->population.id;
    for (int i = 0; i < THRONG_COHORT_LEVELS_MAX; i++)
        self->membership.by[i] = throng_study_text(study, "cohorts.by", i);
}

static throng_status check_members(const throng_study *study, const throng_i_settings *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(!throng_study_text(study, "cohorts.by", THRONG_COHORT_LEVELS_MAX), E_PARAMETER,
                   "--cohort-by (cohorts.by) may name at most %d columns.", THRONG_COHORT_LEVELS_MAX);
    for (int i = 1; self->membership.by[0] && i < THRONG_COHORT_LEVELS_MAX && self->membership.by[i]; i++)
        for (int before = 0; before < i; before++)
            THRONG_REQUIRE(strcmp(self->membership.by[i], self->membership.by[before]) != 0, E_PARAMETER,
                           "--cohort-by (cohorts.by) names the column \"%.100s\" twice.", self->membership.by[i]);
    THRONG_REQUIRE(self->n_members > 0 || !text(study, "cohorts.key"), E_PARAMETER,
                   "--cohort-key (cohorts.key) is a column of a second table: name it with --cohort-table.");
    THRONG_REQUIRE(self->n_members > 0 || self->membership.unlisted == THRONG_UNLISTED_ERROR, E_PARAMETER,
                   "--cohort-missing (cohorts.missing) is about a second table: name it with --cohort-table.");
    THRONG_REQUIRE(self->n_members == 0 || self->membership.by[0], E_PARAMETER,
                   "--cohort-table needs --cohort-by (cohorts.by): its column that divides agents into cohorts.");
    THRONG_REQUIRE(self->n_members == 0 || self->population.id, E_PARAMETER,
                   "--cohort-table is matched by ids: it needs --id (population.id), the agents' ids.");
out:
    return status;
}

/* ---- attribution ----------------------------------------------------------------------------------------------- */

static void set_baseline(const throng_study *study, throng_i_settings *self) {
    const char *value = text(study, "attribution.baseline");
    if (!value)
        return;
    for (int baseline = THRONG_BASELINE_NEUTRAL; baseline <= THRONG_BASELINE_FIRST; baseline++)
        if (strcmp(value, throng_baseline_name((throng_baseline)baseline)) == 0) {
            self->attribution.baseline = (throng_baseline)baseline;
            return;
        }
    self->attribution.baseline = THRONG_BASELINE_COLUMN;
    self->baseline_column = strncmp(value, "column:", 7) == 0 ? value + 7 : value;
}

static void set_attribution(const throng_study *study, throng_i_settings *self) {
    const char *path = text(study, "attribution.path");
    self->attribution = throng_attribution_default();
    self->attribution.indicator = text(study, "attribution.indicator");
    self->attribution.method = text(study, "attribution.method");
    for (int i = THRONG_PATH_DEFAULT + 1; path && i < THRONG_PATH_COUNT; i++)
        if (strcmp(path, throng_path_name((throng_path)i)) == 0)
            self->attribution.path = (throng_path)i;
    for (int i = 0; i < THRONG_PLAYERS_COUNT; i++)
        if (strcmp(text(study, "attribution.players"), throng_players_name((throng_players)i)) == 0)
            self->attribution.players = (throng_players)i;
    self->attribution.tolerance = number(study, "attribution.tolerance");
    self->attribution.nodes_max = (int)number(study, "attribution.nodes-max");
    self->attribution.seed = self->seed;
    set_baseline(study, self);
}

static void set_panel(const throng_study *study, throng_i_settings *self) {
    const char *bias = text(study, "panel.bias");
    self->panel = throng_panel_default();
    self->panel.size = (int)number(study, "panel.size");
    self->panel.draws = (int)number(study, "panel.draws");
    self->panel.seed = self->attribution.seed;
    self->aggregates = text(study, "panel.aggregates");
    for (int i = 0; i < THRONG_PANEL_BIAS_COUNT; i++)
        if (strcmp(bias, throng_panel_bias_name((throng_panel_bias)i)) == 0)
            self->panel.bias = (throng_panel_bias)i;
}

/* ---- the graph ------------------------------------------------------------------------------------------------- */

static void set_graph(const throng_study *study, throng_i_settings *self) {
    const char *loops = text(study, "graph.self-loops");
    self->graph = throng_graph_default();
    self->graph.source = text(study, "graph.source");
    self->graph.target = text(study, "graph.target");
    self->graph.weight = text(study, "graph.weight");
    self->graph_model = text(study, "graph.model");
    self->graph_cache = text(study, "graph.cache");
    if (strcmp(text(study, "graph.missing"), "drop") == 0)
        self->graph.missing = THRONG_EDGES_DROP;
    if (strcmp(loops, "error") != 0)
        self->graph.loops = strcmp(loops, "drop") == 0 ? THRONG_EDGES_DROP : THRONG_EDGES_KEEP;
}

static throng_status check_columns(const throng_i_settings *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(self->n_edges > 0 || (!self->graph.source && !self->graph.target && !self->graph.weight),
                   E_PARAMETER, "--source, --target and --edge-weight are columns of a graph: name it with --graph.");
    THRONG_REQUIRE(self->n_edges == 0 || (self->graph.source && self->graph.target), E_PARAMETER,
                   "--graph needs --source and --target (graph.source, graph.target): the columns that say where edges "
                   "come from and go to.");
    THRONG_REQUIRE(self->n_edges > 0 || !self->graph_cache, E_PARAMETER,
                   "--graph-cache (graph.cache) keeps the graph of a table: name it with --graph (graph.edges).");
out:
    return status;
}

static throng_status check_graph(const throng_i_settings *self, const throng_indicator *indicator, throng_error *err) {
    throng_status status = THRONG_OK;
    bool network = indicator->form == THRONG_FORM_NETWORK;
    THRONG_REQUIRE(self->n_edges == 0 || !self->graph_model, E_PARAMETER,
                   "--graph (graph.edges) reads a graph and --graph-model (graph.model) draws one: leave one out.");
    if (self->world.world || (network && self->graph_model))
        return check_columns(self, err);
    THRONG_REQUIRE(
        !network || self->n_edges > 0, E_PARAMETER,
        "%s looks at who is joined to whom: name a table of edges with --graph EDGES (graph.edges), --source "
        "COL and --target COL.",
        indicator->about.name);
    THRONG_REQUIRE(network || (self->n_edges == 0 && !self->graph_model), E_PARAMETER,
                   "%s does not look at a graph: leave out --graph (graph.edges) and --graph-model (graph.model), take "
                   "a network indicator such as assortativity, or a world (--world).",
                   indicator->about.name);
    THRONG_REQUIRE(self->n_edges == 0 || (self->panel.size == 0 && !self->aggregates), E_PARAMETER,
                   "A panel cuts a network apart: %s has no panel.", indicator->about.name);
    THRONG_TRY(check_columns(self, err));
out:
    return status;
}

/* ---- the world ------------------------------------------------------------------------------------------------- */

static void set_world(const throng_study *study, throng_i_settings *self) {
    const char *participation = text(study, "world.participation");
    self->world = throng_simulation_default();
    self->world.world = text(study, "world.name");
    self->world.steps = (int64_t)number(study, "world.steps");
    self->steps_given = throng_i_study_given(study, "world.steps");
    self->world.seed = self->seed;
    self->record_every = (int64_t)number(study, "world.record-every");
    if (text(study, "run.memory"))
        self->world.memory = (int64_t)number(study, "run.memory") << 20;
    if (text(study, "world.memory"))
        self->world.memory = (int64_t)number(study, "world.memory") << 20;
    for (int i = THRONG_PARTICIPATION_DEFAULT + 1; participation && i < THRONG_PARTICIPATION_COUNT; i++)
        if (strcmp(participation, throng_participation_name((throng_participation)i)) == 0)
            self->world.participation = (throng_participation)i;
    if (!self->world.world)
        return;
    self->attribution.world = &self->world;
    self->attribution.over = text(study, "world.over");
    self->attribution.column = text(study, "world.column");
}

static throng_status check_world(const throng_study *study, throng_i_settings *self, throng_error *err) {
    static const char *const keys[] = {"world.participation", "world.column"};
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    if (self->world.world) {
        THRONG_REQUIRE(self->panel.size == 0 && !self->aggregates, E_PARAMETER,
                       "A panel cut out of a world is another world: with --world (world.name) there is no panel.");
        THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_WORLD, self->world.world, &use, err));
        const throng_world *world = (const throng_world *)(const void *)use.about;
        self->graph.signed_weights = world->flags & THRONG_WORLD_SIGNED;
        return THRONG_OK;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        THRONG_REQUIRE(!text(study, keys[i]), E_PARAMETER, "%s is about a world: name one with --world (world.name).",
                       keys[i]);
    THRONG_REQUIRE(strcmp(text(study, "world.over"), "final") == 0, E_PARAMETER,
                   "--over (world.over) is about the steps of a world: name one with --world (world.name).");
out:
    return status;
}

/* ---- deciding --------------------------------------------------------------------------------------------------- */

static void set_deciding(const throng_study *study, throng_i_settings *self) {
    self->deciding = (throng_i_deciding_settings){.policy = text(study, "policy.name"),
                                                  .file = text(study, "policy.file"),
                                                  .personas = text(study, "policy.personas"),
                                                  .persona = text(study, "policy.persona"),
                                                  .prompt = text(study, "policy.prompt"),
                                                  .drawn = strcmp(text(study, "policy.play"), "drawn") == 0,
                                                  .samples = (int)number(study, "policy.samples"),
                                                  .orders = (int)number(study, "policy.orders"),
                                                  .refits = (int)number(study, "policy.refits")};
    self->world.drawn = self->deciding.drawn;
}

static throng_status check_deciding(const throng_study *study, const throng_i_settings *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    const throng_i_deciding_settings *it = &self->deciding;
    if (!it->policy) {
        THRONG_REQUIRE(!it->file && !it->drawn, E_PARAMETER,
                       "--policy-file and --play (policy.file, policy.play) are about how agents decide: name a policy "
                       "with --policy (policy.name).");
        goto out;
    }
    THRONG_REQUIRE(self->world.world, E_PARAMETER,
                   "--policy (policy.name) is how agents of a world decide: name one with --world (world.name).");
    THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_POLICY, it->policy, &use, err));
    THRONG_REQUIRE(!it->persona || (it->personas && self->n_paths > 0), E_PARAMETER,
                   "--persona (policy.persona) is a column of the crowd's table with names of personas: it needs a "
                   "table, and --personas (policy.personas).");
out:
    return status;
}

/* ---- the panel: no option is ignored ---------------------------------------------------------------------------- */

throng_status throng_i_settings_check_no_draw(const throng_study *study, const char *why, throng_error *err) {
    static const char *const keys[] = {"panel.size", "panel.bias", "panel.draws"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const throng_study_key *key = throng_study_key_at(throng_i_study_key_index(keys[i]));
        const char *value = text(study, keys[i]);
        /* Study files that throng writes spell defaults out. */
        if (value && (!key->fallback || strcmp(value, key->fallback) != 0))
            return THRONG_FAIL(err, E_PARAMETER, "%s (%s) says how a panel is drawn, but %s.", key->option, key->key,
                               why);
    }
    return THRONG_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* Numbers of whole runs have names that are easily taken for indicators': then it says what they are. */
static throng_status find_indicator(const throng_study *study, const char *spec, throng_i_indicator *out,
                                    throng_error *err) {
    throng_error reason = {0};
    throng_status status = throng_i_indicator_init(study->context, spec, out, &reason);
    size_t length = strcspn(spec, ":");
    for (int i = 0; status == THRONG_E_UNKNOWN_NAME && i < throng_over_count(); i++) {
        const throng_over_about *over = throng_over_at(i);
        if (strcspn(over->name, ":") == length && strncmp(over->name, spec, length) == 0)
            return THRONG_FAIL(err, E_UNKNOWN_NAME,
                               "There is no indicator \"%.*s\": that is what --over %s (world.over) makes of an "
                               "indicator in a world: %s.",
                               (int)length, spec, over->name, over->doc);
    }
    if (status != THRONG_OK && err)
        *err = reason;
    return status;
}

/* Also says whether edges may weigh less than 0, which is up to the world. */
static throng_status check(const throng_study *study, throng_i_settings *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    throng_i_indicator indicator = {0};
    THRONG_REQUIRE(self->n_paths > 0 || self->generator, E_PARAMETER,
                   "No table was given: name a Parquet, CSV or NDJSON file, or have a crowd made with --generate "
                   "(population.generate).");
    THRONG_REQUIRE(self->n_paths == 0 || !self->generator, E_PARAMETER,
                   "--generate (population.generate) makes a crowd, but a table was given, too: leave one out.");
    THRONG_REQUIRE(self->population.state, E_PARAMETER,
                   "--state (population.state) is missing: name the column with each agent's state.");
    THRONG_TRY(find_indicator(study, self->attribution.indicator, &indicator, err));
    THRONG_TRY(check_members(study, self, err));
    THRONG_TRY(check_graph(self, indicator.descriptor, err));
    THRONG_TRY(check_world(study, self, err));
    THRONG_TRY(check_deciding(study, self, err));
    THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_METHOD, self->attribution.method, &use, err));
    if (self->generator)
        THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_GENERATOR, self->generator, &use, err));
    if (self->graph_model)
        THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_GRAPH, self->graph_model, &use, err));
    if (self->aggregates)
        THRONG_TRY(throng_i_settings_check_no_draw(
            study, "with --aggregates (panel.aggregates) the table is the panel: leave it out", err));
    THRONG_REQUIRE(self->panel.size == 0 || self->panel.bias != THRONG_PANEL_TOP || self->population.weight,
                   E_PARAMETER, "--bias top (panel.bias) takes the agents of largest weight: it needs --weight.");
    THRONG_REQUIRE(self->attribution.players == THRONG_PLAYERS_AGENTS || (self->panel.size == 0 && !self->aggregates),
                   E_PARAMETER,
                   "A panel is credited agent by agent: leave out --players cohorts (attribution.players).");
    THRONG_REQUIRE(self->attribution.baseline != THRONG_BASELINE_FIRST ||
                       (self->population.id && self->population.time),
                   E_PARAMETER,
                   "The baseline \"first\" is an agent's own first state: it needs --id and --time (population.id, "
                   "population.time).");
out:
    throng_i_indicator_clear(study->context, &indicator);
    return status;
}

throng_status throng_i_settings_init(const throng_study *study, throng_i_settings *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_settings self = {.study = study};
    while (throng_study_text(study, "population.table", self.n_paths))
        self.n_paths++;
    while (throng_study_text(study, "graph.edges", self.n_edges))
        self.n_edges++;
    while (throng_study_text(study, "cohorts.table", self.n_members))
        self.n_members++;
    while (throng_study_text(study, "cohorts.cuts", self.n_cuts))
        self.n_cuts++;
    THRONG_TRY(throng_i_alloc(study->context, self.n_paths, sizeof *self.paths, &self.paths, err));
    THRONG_TRY(throng_i_alloc(study->context, self.n_members, sizeof *self.members, &self.members, err));
    THRONG_TRY(throng_i_alloc(study->context, self.n_edges, sizeof *self.edges, &self.edges, err));
    THRONG_TRY(throng_i_alloc(study->context, self.n_cuts, sizeof *self.cuts, &self.cuts, err));
    for (int i = 0; i < self.n_paths; i++)
        self.paths[i] = throng_study_text(study, "population.table", i);
    for (int i = 0; i < self.n_members; i++)
        self.members[i] = throng_study_text(study, "cohorts.table", i);
    for (int i = 0; i < self.n_edges; i++)
        self.edges[i] = throng_study_text(study, "graph.edges", i);
    for (int i = 0; i < self.n_cuts; i++)
        self.cuts[i] = strtod(throng_study_text(study, "cohorts.cuts", i), NULL);
    self.condition = text(study, "population.where");
    self.generator = text(study, "population.generate");
    self.n_agents = (int64_t)number(study, "population.agents");
    self.seed = (uint64_t)number(study, "run.seed");
    self.top = (int)number(study, "report.top");
    set_attribution(study, &self);
    set_columns(study, &self);
    set_members(study, &self);
    set_panel(study, &self);
    set_graph(study, &self);
    set_world(study, &self);
    set_deciding(study, &self);
    THRONG_TRY(check(study, &self, err));
    *out = self;
    if (out->attribution.world)
        out->attribution.world = &out->world;
    return THRONG_OK;
out:
    throng_i_settings_clear(study, &self);
    return status;
}

void throng_i_settings_clear(const throng_study *study, throng_i_settings *self) {
    throng_i_free(study->context, self->paths);
    throng_i_free(study->context, self->members);
    throng_i_free(study->context, self->edges);
    throng_i_free(study->context, self->cuts);
    *self = (throng_i_settings){0};
}

throng_status throng_i_settings_resolve(throng_study *study, throng_attribution_def resolved, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_study_set(study, "attribution.indicator", resolved.indicator, err));
    THRONG_TRY(throng_study_set(study, "attribution.method", resolved.method, err));
    if (resolved.world) {
        THRONG_TRY(throng_study_set(study, "world.name", resolved.world->world, err));
        THRONG_TRY(throng_study_set(study, "world.participation",
                                    throng_participation_name(resolved.world->participation), err));
        char steps[30];
        snprintf(steps, sizeof steps, "%lld", (long long)resolved.world->steps); /* recorded states know them */
        THRONG_TRY(throng_study_set(study, "world.steps", steps, err));
    } else {
        THRONG_TRY(throng_study_set(study, "attribution.path", throng_path_name(resolved.path), err));
    }
    if (resolved.baseline != THRONG_BASELINE_COLUMN)
        THRONG_TRY(throng_study_set(study, "attribution.baseline", throng_baseline_name(resolved.baseline), err));
out:
    return status;
}

/* ---- beside aggregates ----------------------------------------------------------------------------------------- */

/* Whether an indicator is meant as it was for the crowd: bins left to auto are the crowd's. */
static bool same_indicator(const throng_i_plugin_use *wanted, const throng_i_plugin_use *published) {
    if (wanted->about != published->about)
        return false;
    for (int i = 0; wanted->about->params && wanted->about->params[i].name; i++) {
        if (wanted->about->params[i].kind == THRONG_PARAM_TEXT) {
            if (strcmp(throng_i_plugin_text(wanted, i), throng_i_plugin_text(published, i)) != 0)
                return false;
        } else if (!isnan(wanted->param[i]) && wanted->param[i] != published->param[i]) {
            return false;
        }
    }
    return true;
}

throng_status throng_i_settings_match(const throng_study *study, const throng_i_settings *self,
                                      const throng_aggregates *aggregates, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_attribution_def *wanted = &self->attribution;
    const char *file = self->aggregates;
    throng_i_plugin_use mine = {0}, theirs = {0};
    bool own = aggregates->baseline == THRONG_BASELINE_FIRST || aggregates->baseline == THRONG_BASELINE_COLUMN;
    THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_INDICATOR, wanted->indicator, &mine, err));
    THRONG_TRY(throng_i_plugin_parse(study->context, THRONG_KIND_INDICATOR, aggregates->indicator, &theirs, err));
    THRONG_REQUIRE(!throng_i_study_given(study, "attribution.indicator") || same_indicator(&mine, &theirs), E_PARAMETER,
                   "%s is about %.150s, not about %.150s: leave out --indicator, or take other aggregates.", file,
                   aggregates->indicator, wanted->indicator);
    THRONG_REQUIRE(strcmp(wanted->method, "aumann-shapley") == 0, E_PARAMETER,
                   "%s was made by aumann-shapley, not by %.100s: leave out --method.", file, wanted->method);
    THRONG_REQUIRE(wanted->path == THRONG_PATH_DEFAULT || wanted->path == aggregates->path, E_PARAMETER,
                   "%s is about the %s path, not the %s path: leave out --path.", file,
                   throng_path_name(aggregates->path), throng_path_name(wanted->path));
    THRONG_REQUIRE(wanted->baseline == THRONG_BASELINE_DEFAULT || wanted->baseline == aggregates->baseline ||
                       (own && wanted->baseline == THRONG_BASELINE_COLUMN),
                   E_PARAMETER, "%s starts from the baseline \"%s\", not \"%s\": leave out --baseline.", file,
                   throng_baseline_name(aggregates->baseline), throng_baseline_name(wanted->baseline));
out:
    return status;
}
