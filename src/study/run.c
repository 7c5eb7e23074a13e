/* A run: the whole line from table to report, one stage after the other. */
#define _POSIX_C_SOURCE 200809L
#include "study/run.h"
#include "attribution/attribution.h"
#include "core/checkpoint.h"
#include "core/ranks.h"
#include "population/graph_cache.h"
#include "table/content.h"
#include "throng/generator.h"
#include "throng/graph_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

void throng_i_run_stage_done(throng_run *self, const char *stage) {
    double now = throng_i_seconds();
    self->timings[self->n_timings++] = (throng_timing){stage, now - self->since};
    self->since = now;
}

throng_status throng_i_run_begin(throng_context *context, throng_run **out, throng_error *err) {
    throng_run *self = NULL;
    throng_status status = throng_i_alloc(context, 1, sizeof *self, &self, err);
    if (status != THRONG_OK)
        return status;
    self->context = context;
    self->started = self->since = throng_i_seconds();
    *out = self;
    return THRONG_OK;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static throng_status copy_sources(throng_run *self, const throng_source *sources, int n, throng_error *err) {
    return throng_i_sources_add(self->context, &self->sources, &self->n_sources, sources, n, err);
}

static throng_status copy_table_sources(throng_run *self, const throng_table *table, throng_error *err) {
    int n = 0;
    const throng_source *sources = throng_table_sources(table, &n);
    return copy_sources(self, sources, n, err);
}

/* A file that decides what comes out without being a table that is read in one go: its content is recorded, too. */
static throng_status add_source(throng_run *self, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_source source = {.path = path};
    int file = -1;
    if (!path)
        return THRONG_OK;
    file = open(path, O_RDONLY | O_CLOEXEC);
    THRONG_REQUIRE(file >= 0, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_TRY(
        throng_i_content_read(self->context, file, path, THRONG_I_COMPRESSION_NONE, &source.bytes, source.hash, err));
    THRONG_TRY(copy_sources(self, &source, 1, err));
out:
    if (file >= 0)
        close(file);
    return status;
}

static throng_status add_policy(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_deciding_settings *it = &settings->deciding;
    THRONG_TRY(throng_i_deciding_create(self->context, settings, self->population, &self->deciding, err));
    self->world.decider = throng_policy_decider(self->deciding.player);
    bool asks = self->world.decider->ask; /* then a file is not played, and else nobody is told anything */
    THRONG_TRY(add_source(self, asks ? it->prompt : it->file, err));
    THRONG_TRY(add_source(self, it->personas, err));
    throng_i_run_stage_done(self, "policy");
out:
    return status;
}

static void free_sources(throng_run *self) {
    throng_i_sources_free(self->context, self->sources, self->n_sources);
    self->sources = NULL;
    self->n_sources = 0;
}

/* Each agent's weight, for graph models that draw by it; NULL for others, and without weights. */
static throng_status agent_weights(const throng_run *self, const char *model, double **out, throng_error *err) {
    const throng_population *population = self->population;
    double *weight = NULL;
    throng_i_share here = throng_i_population_here(population);
    throng_i_plugin_use use;
    throng_status status = throng_i_plugin_parse(self->context, THRONG_KIND_GRAPH, model, &use, err);
    if (status != THRONG_OK || !population->weight.name ||
        !((const throng_graph_model *)(const void *)use.about)->expected)
        return status;
    status = throng_i_resize(self->context, &weight, population->n_agents, sizeof *weight, err);
    for (int64_t row = here.begin; status == THRONG_OK && row < here.end; row++)
        weight[throng_population_agent(population, row)] = throng_population_weight(population, row);
    if (status == THRONG_OK && population->shared)
        status = throng_i_share_gather(self->context, population->n_agents, sizeof *weight, weight, err);
    *out = weight;
    return status;
}

static throng_status draw_graph(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    double *weight = NULL;
    THRONG_TRY(agent_weights(self, settings->graph_model, &weight, err));
    THRONG_TRY(throng_graph_draw(self->context, settings->graph_model, self->population->n_agents, weight,
                                 settings->seed, &self->graph, err));
    throng_i_run_stage_done(self, "graph");
out:
    throng_i_free(self->context, weight);
    return status;
}

/* Whether edges may weigh less than 0 is up to the world: the message names it. */
static void name_world(const char *world, throng_error *err) {
    size_t used = err ? strlen(err->message) : 0;
    if (used > 0)
        snprintf(err->message + used - 1, sizeof err->message - used + 1, " in the world %.*s.",
                 (int)strcspn(world, ":"), world);
}

static throng_status make_graph(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    throng_column_request requests[3] = {{settings->graph.source, THRONG_ROLE_KEY},
                                         {settings->graph.target, THRONG_ROLE_KEY},
                                         {settings->graph.weight, THRONG_ROLE_NUMBER}};
    throng_i_table_part part = {throng_ranks_mine(self->context), throng_ranks_count(self->context)};
    THRONG_TRY(throng_i_table_read_part(self->context, settings->edges, settings->n_edges, requests,
                                        settings->graph.weight ? 3 : 2, NULL, &part, &table, err));
    THRONG_TRY(copy_table_sources(self, table, err));
    THRONG_TRY(throng_i_population_gather_ids(self->population, err));
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_i_graph_create_part(self->population, consumed, &part, &settings->graph, &self->graph, err));
    THRONG_TRY(throng_i_population_drop_ids(self->population, err));
out:
    if (status == THRONG_E_WEIGHT && settings->world.world)
        name_world(settings->world.world, err);
    throng_table_free(table);
    return status;
}

/* The graph from where it is kept; if it is not there, or cannot be used, it is made and then kept. */
static throng_status find_graph(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_graph_cache cache = {0};
    throng_i_graph_kept kept = {0};
    THRONG_TRY(throng_i_ranks_refuse(self->context, "--graph-cache (graph.cache)",
                                     "each rank has the edges of its share only", err));
    THRONG_TRY(throng_i_graph_cache_open(self->population, settings->edges, settings->n_edges, &settings->graph,
                                         settings->graph_cache, &cache, err));
    THRONG_TRY(throng_i_graph_cache_read(&cache, &self->graph, &kept, err));
    if (self->graph) {
        THRONG_TRY(copy_sources(self, cache.sources, cache.n_sources, err));
    } else {
        int before = self->n_sources;
        THRONG_TRY(make_graph(self, settings, err));
        THRONG_TRY(throng_i_graph_cache_write(&cache, self->graph, self->sources + before, &kept, err));
    }
    self->graph->kept = kept;
out:
    throng_i_graph_cache_clear(&cache);
    return status;
}

static throng_status read_graph(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = settings->graph_cache ? find_graph(self, settings, err) : make_graph(self, settings, err);
    throng_i_run_stage_done(self, "graph");
    return status;
}

/* The second table, by which cohorts are formed. */
static throng_status read_members(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    throng_column_request requests[1 + THRONG_COHORT_LEVELS_MAX] = {{settings->membership.key, THRONG_ROLE_KEY}};
    int n = 1;
    for (int i = 0; i < THRONG_COHORT_LEVELS_MAX && settings->membership.by[i]; i++)
        if (strcmp(settings->membership.by[i], settings->membership.key) != 0) /* ids will do as labels */
            requests[n++] = (throng_column_request){settings->membership.by[i], THRONG_ROLE_LABEL};
    THRONG_TRY(
        throng_table_read(self->context, settings->members, settings->n_members, requests, n, NULL, &table, err));
    THRONG_TRY(copy_table_sources(self, table, err));
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_population_join(self->population, consumed, &settings->membership, err));
    throng_i_run_stage_done(self, "join");
out:
    throng_table_free(table);
    return status;
}

/* Worlds of recorded states go through all times of the table. */
static throng_status fold_times(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    THRONG_TRY(throng_i_plugin_parse(self->context, THRONG_KIND_WORLD, settings->world.world, &use, err));
    if (!(((const throng_world *)(const void *)use.about)->flags & THRONG_WORLD_RECORDED))
        goto out;
    int64_t steps = throng_population_times(self->population) - 1;
    THRONG_REQUIRE(!settings->steps_given || settings->world.steps == steps, E_PARAMETER,
                   "%s makes a step from each time to the next, %lld here: leave --steps (world.steps) out.",
                   use.about->name, (long long)steps);
    THRONG_TRY(throng_population_fold(self->population, err));
out:
    return status;
}

/* Whether ranks need no more than their share of the rows, if there is one time and the graph is there. */
static bool shares_crowd(const throng_run *self, const throng_i_settings *settings) {
    return !settings->deciding.policy && settings->panel.size == 0 && !settings->aggregates &&
           throng_i_attribution_by_share(self->context, &settings->attribution);
}

/* A rank's share of the crowd, if that can be read by itself. Else there is no population afterwards; a table is the
 * whole one. */
static throng_status read_share(throng_run *self, const throng_i_settings *settings, throng_table **table,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_i_table_part part = {throng_ranks_mine(self->context), throng_ranks_count(self->context),
                                .unit = THRONG_CHUNK_ROWS};
    if (settings->generator || settings->population.time || settings->n_members > 0 || !shares_crowd(self, settings))
        return THRONG_OK;
    status = throng_i_table_read_part(self->context, settings->paths, settings->n_paths, settings->requests,
                                      settings->n_requests, settings->condition, &part, table, &reason);
    if ((status == THRONG_E_CANCELLED || status == THRONG_E_MEMORY) && err)
        *err = reason;
    if (status == THRONG_E_CANCELLED || status == THRONG_E_MEMORY)
        return status;
    bool whole = *table && !part.taken; /* what is wrong with a part is said of the whole, which is read then */
    THRONG_TRY(throng_i_ranks_any(self->context, &whole, err));
    if (*table)
        THRONG_TRY(copy_table_sources(self, *table, err));
    if (whole)
        goto out;
    throng_table *consumed = *table;
    *table = NULL;
    THRONG_TRY(throng_i_population_create_share(self->context, consumed, &part, &settings->population,
                                                &self->population, err));
    if (!self->population)
        free_sources(self);
out:
    return status;
}

static throng_status read_whole(throng_run *self, const throng_i_settings *settings, throng_table **table,
                                throng_error *err) {
    if (settings->generator)
        return throng_generate(self->context, settings->generator, settings->n_agents, 1, settings->seed, table, err);
    throng_status status = throng_table_read(self->context, settings->paths, settings->n_paths, settings->requests,
                                             settings->n_requests, settings->condition, table, err);
    return status == THRONG_OK ? copy_table_sources(self, *table, err) : status;
}

throng_status throng_i_run_read_crowd(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    THRONG_TRY(read_share(self, settings, &table, err));
    if (!self->population && !table)
        THRONG_TRY(read_whole(self, settings, &table, err));
    throng_i_run_stage_done(self, "read");
    throng_table *consumed = table;
    table = NULL;
    if (!self->population)
        THRONG_TRY(throng_population_create(self->context, consumed, &settings->population, &self->population, err));
    if (settings->world.world)
        THRONG_TRY(fold_times(self, settings, err));
    throng_i_run_stage_done(self, "population");
    if (settings->n_members > 0)
        THRONG_TRY(read_members(self, settings, err));
    if (settings->n_edges > 0)
        THRONG_TRY(read_graph(self, settings, err));
    else if (settings->graph_model)
        THRONG_TRY(draw_graph(self, settings, err));
    self->world = settings->world;
    if (settings->deciding.policy)
        THRONG_TRY(add_policy(self, settings, err));
    if (throng_population_times(self->population) == 1 && shares_crowd(self, settings))
        THRONG_TRY(throng_i_population_keep_share(self->population, err));
out:
    throng_table_free(table);
    return status;
}

throng_attribution_def throng_i_run_what(const throng_run *self, const throng_i_settings *settings) {
    throng_attribution_def what = settings->attribution;
    what.graph = self->graph;
    if (what.world)
        what.world = &self->world;
    what.group = self->deciding.persona;
    what.n_groups = self->deciding.persona ? throng_personas_count(self->deciding.personas) : 0;
    return what;
}

/* ---- attributing ----------------------------------------------------------------------------------------------- */

throng_status throng_i_run_attribute(throng_run *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cohorts_def cohorts = {settings->n_cuts ? settings->cuts : NULL, settings->n_cuts};
    THRONG_TRY(throng_cohorts_create(self->population, &cohorts, &self->cohorts, err));
    throng_i_run_stage_done(self, "cohorts");
    throng_attribution_def what = throng_i_run_what(self, settings);
    what.cohorts = self->cohorts;
    status = throng_attribute(self->context, self->population, &what, &self->attribution, err);
    throng_i_run_stage_done(self, "attribute");
    if (status != THRONG_OK)
        goto out;
    if (settings->panel.size > 0) {
        THRONG_TRY(
            throng_panel_create(self->context, self->attribution, self->cohorts, &settings->panel, &self->panel, err));
        throng_i_run_stage_done(self, "panel");
    }
out:
    return status;
}

/* The table is a panel: its agents are credited as in the crowd that the aggregates are of. */
static throng_status correct_panel(throng_run *self, const throng_study *study, const throng_i_settings *settings,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_cohorts_def cohorts = {settings->n_cuts ? settings->cuts : NULL, settings->n_cuts};
    THRONG_TRY(throng_aggregates_load(self->context, settings->aggregates, &self->aggregates, err));
    THRONG_TRY(throng_i_settings_match(study, settings, self->aggregates, err));
    THRONG_TRY(throng_cohorts_create(self->population, &cohorts, &self->cohorts, err));
    throng_i_run_stage_done(self, "cohorts");
    THRONG_TRY(
        throng_panel_correct(self->context, self->aggregates, self->population, &self->attribution, &self->panel, err));
    throng_i_run_stage_done(self, "attribute");
out:
    return status;
}

/* ---- reporting ------------------------------------------------------------------------------------------------- */

static throng_status make_report(throng_run *self, const throng_i_settings *settings, const char *command,
                                 throng_error *err) {
    throng_report_def def = throng_report_default();
    def.top = settings->top;
    def.command = command;
    def.seed = settings->attribution.seed;
    def.sources = self->sources;
    def.n_sources = self->n_sources;
    def.timings = self->timings;
    def.n_timings = self->n_timings;
    def.aggregates = self->aggregates;
    def.panel = self->panel ? throng_panel_look(self->panel) : NULL;
    throng_status status =
        throng_i_report_make(self->context, self->attribution, self->cohorts, &def, &self->document, err);
    throng_i_run_stage_done(self, "report");
    return status;
}

static throng_status finish_report(throng_run *self, throng_error *err) {
    throng_timing *total = &self->timings[self->n_timings++];
    *total = (throng_timing){"total", throng_i_seconds() - self->started};
    throng_status status = throng_i_report_finish(self->document, self->timings, self->n_timings, err);
    if (status != THRONG_OK)
        return status;
    return throng_i_json_text(self->context, self->document, &self->report, err);
}

/* The study with everything that was left to defaults spelled out. */
static throng_status resolved_yaml(const throng_run *self, const throng_study *study, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    THRONG_TRY(throng_i_study_copy(study, &copy, err));
    THRONG_TRY(throng_i_settings_resolve(copy, throng_attribution_resolved(self->attribution), err));
    THRONG_TRY(throng_study_yaml(copy, out, err));
out:
    throng_study_free(copy);
    return status;
}

/* The tables are written before the report is finished, so that it can say how long they took. */
static throng_status write_directory(throng_run *self, const throng_study *study, const char *path, bool force,
                                     throng_error *err) {
    throng_i_run_directory directory = {0};
    char *yaml = NULL;
    bool shared = self->population->shared, failed = false;
    throng_status status = shared ? throng_i_run_directory_begin_together(self->context, path, force, &directory, err)
                                  : throng_i_run_directory_begin(self->context, path, force, &directory, err);
    if (status != THRONG_OK)
        return status;
    THRONG_TRY(throng_i_run_directory_tables(&directory, self->attribution, self->cohorts, err));
    if (shared) /* and waits until all have written */
        THRONG_TRY(throng_i_ranks_any(self->context, &failed, err));
    if (directory.lent)
        goto out;
    if (self->deciding.player)
        THRONG_TRY(throng_i_deciding_table(&self->deciding, self->attribution, directory.draft, err));
    throng_i_run_stage_done(self, "write");
    THRONG_TRY(finish_report(self, err));
    THRONG_TRY(resolved_yaml(self, study, &yaml, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", self->report, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "study.yaml", yaml, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    throng_text_free(self->context, yaml);
    throng_i_run_directory_clear(&directory);
    return status;
}

/* ---- checkpoints ----------------------------------------------------------------------------------------------- */

throng_status throng_i_study_checkpoint_at(throng_study *study, const char *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_running *how = &study->running;
    size_t length = out ? strlen(out) : 0;
    if (study->checkpoint)
        return THRONG_OK;
    bool asked = how->checkpoint_seconds > 0.0 || how->checkpoint_steps > 0 || how->resume;
    THRONG_REQUIRE(out || !asked, E_PARAMETER,
                   "Checkpoints stand beside the run that is being made: say where it goes with --out.");
    while (length > 1 && out[length - 1] == '/')
        length--;
    if (out)
        THRONG_TRY(throng_i_print(study->context, &study->checkpoint, err, "%.*s.checkpoint", (int)length, out));
out:
    return status;
}

throng_status throng_i_study_limit_memory(const throng_study *study, const char *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *megabytes = throng_study_text(study, "run.memory", 0), *slash = out ? strrchr(out, '/') : NULL;
    char *folder = NULL;
    if (!megabytes)
        return THRONG_OK;
    if (slash)
        THRONG_TRY(throng_i_print(study->context, &folder, err, "%.*s", slash == out ? 1 : (int)(slash - out), out));
    THRONG_TRY(throng_context_set_memory(study->context, strtoll(megabytes, NULL, 10) << 20, folder, err));
out:
    throng_i_free(study->context, folder);
    return status;
}

void throng_i_study_checkpoint_drop(const throng_study *study) {
    char draft[4096]; /* of one that was being written when the run was killed */
    if (!study->checkpoint)
        return;
    snprintf(draft, sizeof draft, "%s.new", study->checkpoint);
    unlink(draft);
    unlink(study->checkpoint);
}

throng_status throng_i_run_checkpoint(const throng_run *self, const throng_study *study, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_running *how = &study->running;
    char *yaml = NULL, mark[20];
    if (!study->checkpoint)
        return THRONG_OK;
    THRONG_TRY(throng_study_yaml(study, &yaml, err));
    XXH64_hash_t hash = XXH3_64bits(yaml, strlen(yaml));
    for (int i = 0; i < self->n_sources; i++)
        hash = XXH3_64bits_withSeed(self->sources[i].hash, sizeof self->sources[i].hash, hash);
    snprintf(mark, sizeof mark, "%016llx", (unsigned long long)hash);
    throng_i_checkpoint_def def = {.path = study->checkpoint,
                                   .mark = mark,
                                   .seconds = how->checkpoint_seconds,
                                   .steps = how->checkpoint_steps,
                                   .required = how->resume};
    THRONG_TRY(throng_i_checkpoint_open(self->context, &def, err));
out:
    throng_text_free(self->context, yaml);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

throng_status throng_i_study_load_plugins(const throng_study *study, throng_error *err) {
    const char *path = NULL;
    for (int i = 0; (path = throng_study_text(study, "run.plugins", i)); i++) {
        throng_status status = throng_context_load_plugin(study->context, path, err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}

throng_status throng_study_run(throng_study *study, const char *command, const char *out, bool force, throng_run **run,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_settings settings = {0};
    throng_run *self = NULL;
    bool stopped = false, writes = throng_ranks_mine(study->context) == 0;
    THRONG_TRY(throng_i_run_begin(study->context, &self, err));
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    THRONG_TRY(throng_i_settings_init(study, &settings, err));
    if (settings.panel.size == 0 && !settings.aggregates)
        THRONG_TRY(throng_i_settings_check_no_draw(study, "none is drawn here: give --size (panel.size), too", err));
    if (out && writes)
        THRONG_TRY(throng_run_directory_check(study->context, out, force, err));
    THRONG_TRY(throng_i_study_limit_memory(study, out, err));
    if (settings.world.world)
        THRONG_TRY(throng_i_study_checkpoint_at(study, out, err));
    THRONG_TRY(throng_i_run_read_crowd(self, &settings, err));
    THRONG_TRY(throng_i_run_checkpoint(self, study, err));
    if (settings.aggregates)
        THRONG_TRY(correct_panel(self, study, &settings, err));
    else
        status = throng_i_run_attribute(self, &settings, err);
    throng_i_checkpoint_close(self->context);
    stopped = status == THRONG_E_CANCELLED && self->attribution;
    if (status != THRONG_OK && !stopped)
        goto out;
    throng_error *then = stopped ? NULL : err; /* why it was stopped is what is said, even if the report fails */
    if (!stopped && self->deciding.player)
        THRONG_TRY(throng_i_deciding_refit(self, &settings, err));
    bool shared = self->population->shared; /* then all are asked for what goes into the report */
    if (writes || shared)
        THRONG_TRY(make_report(self, &settings, command, then));
    if (writes && self->deciding.player)
        THRONG_TRY(throng_i_deciding_report(&self->deciding, self->attribution, self->document, then));
    if (stopped) {
        THRONG_TRY(finish_report(self, then));
        *run = self;
        self = NULL;
        goto out;
    }
    if (out && (writes || shared))
        THRONG_TRY(write_directory(self, study, out, force, err));
    else if (writes)
        THRONG_TRY(finish_report(self, err));
    if (out && writes)
        throng_i_study_checkpoint_drop(study);
    *run = self;
    self = NULL;
out:
    throng_i_checkpoint_close(study->context);
    throng_i_settings_clear(study, &settings);
    throng_run_free(self);
    return stopped ? THRONG_E_CANCELLED : status;
}

throng_status throng_i_study_crowd(throng_study *study, throng_run **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_settings settings = {0};
    throng_run *self = NULL;
    THRONG_TRY(throng_i_run_begin(study->context, &self, err));
    THRONG_TRY(throng_i_settings_init(study, &settings, err));
    THRONG_TRY(throng_i_run_read_crowd(self, &settings, err));
    *out = self;
    self = NULL;
out:
    throng_i_settings_clear(study, &settings);
    throng_run_free(self);
    return status;
}

throng_status throng_study_aggregates(throng_study *study, throng_aggregates **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_settings settings = {0};
    throng_run *self = NULL;
    THRONG_TRY(throng_i_run_begin(study->context, &self, err));
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    THRONG_TRY(throng_i_settings_init(study, &settings, err));
    THRONG_TRY(throng_i_settings_check_no_draw(study, "aggregates are of the whole crowd: leave it out", err));
    THRONG_REQUIRE(settings.n_edges == 0, E_PARAMETER,
                   "A network indicator is not a function of sums over agents: it has no aggregates.");
    THRONG_REQUIRE(settings.attribution.players == THRONG_PLAYERS_AGENTS, E_PARAMETER,
                   "Aggregates credit a panel agent by agent: leave out --players cohorts (attribution.players).");
    THRONG_REQUIRE(!settings.aggregates, E_PARAMETER, "Aggregates are made from a crowd: leave out --aggregates.");
    THRONG_TRY(throng_i_study_limit_memory(study, NULL, err));
    THRONG_TRY(throng_i_run_read_crowd(self, &settings, err));
    THRONG_TRY(throng_attribute(self->context, self->population, &settings.attribution, &self->attribution, err));
    int64_t last = throng_population_times(self->population) - 1;
    THRONG_TRY(throng_aggregates_create(self->context, self->attribution, last, out, err));
out:
    throng_i_settings_clear(study, &settings);
    throng_run_free(self);
    return status;
}

void throng_run_free(throng_run *self) {
    if (!self)
        return;
    throng_panel_free(self->panel);
    throng_aggregates_free(self->aggregates);
    throng_attribution_free(self->attribution);
    throng_i_deciding_clear(&self->deciding);
    throng_cohorts_free(self->cohorts);
    throng_graph_free(self->graph);
    throng_population_free(self->population);
    free_sources(self);
    json_decref(self->document);
    throng_i_free(self->context, self->report);
    throng_i_free(self->context, self);
}

const char *throng_run_report(const throng_run *self) {
    return self->report;
}

const throng_population *throng_run_population(const throng_run *self) {
    return self->population;
}

const throng_attribution *throng_run_attribution(const throng_run *self) {
    return self->attribution;
}

const throng_cohorts *throng_run_cohorts(const throng_run *self) {
    return self->cohorts;
}
