/* Simulating alone: the crowd through its world, without asking who caused it. */
#include "study/simulate.h"

#include "study/sweep.h"
#include "world/world.h"

#include <math.h>
#include <string.h>

/* ---- recording ------------------------------------------------------------------------------------------------- */

typedef struct recorder {
    throng_i_simulated *self;
    int64_t every, n; /* 0: the last step alone */
    int64_t room;     /* for so many steps' states */
    bool keep, began; /* something was recorded */
} recorder;

static bool is_kept(const recorder *it, int64_t step) {
    int64_t steps = it->self->world->resolved.steps;
    return it->keep && (step == steps || (it->every > 0 && step % it->every == 0));
}

static throng_status record(void *user, int64_t step, const double *const *state, throng_error *err) {
    recorder *it = user;
    throng_i_simulated *self = it->self;
    throng_i_recording *recording = &self->recording;
    int columns = throng_simulation_world(self->world->simulation)->n_columns;
    throng_status status = throng_dynamics_indicator(self->world->dynamics, step, state, &self->series[step], err);
    if (status != THRONG_OK)
        return status;
    throng_i_series(self->run->context, step, self->series[step]);
    it->began = true;
    recording->done = step;
    if (!is_kept(it, step))
        return THRONG_OK;
    for (int c = 0; c < columns; c++)
        memcpy(self->states + (recording->n_kept * columns + c) * it->n, state[c], (size_t)it->n * sizeof(double));
    self->kept[recording->n_kept++] = step;
    return THRONG_OK;
}

static throng_status make_room(throng_i_simulated *self, recorder *it, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->run->context;
    int64_t steps = self->world->resolved.steps, kept = 0;
    int columns = throng_simulation_world(self->world->simulation)->n_columns;
    for (int64_t step = 0; step <= steps; step++)
        kept += is_kept(it, step);
    it->room = kept;
    THRONG_TRY(throng_i_alloc(context, steps + 1, sizeof *self->series, &self->series, err));
    THRONG_TRY(throng_i_alloc(context, kept + 1, sizeof *self->kept, &self->kept, err));
    THRONG_TRY(throng_i_alloc(context, kept * columns * it->n, sizeof *self->states, &self->states, err));
out:
    return status;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static throng_status describe(throng_i_simulated *self, const throng_i_settings *settings, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    throng_i_recording *it = &self->recording;
    THRONG_TRY(
        throng_i_plugin_parse(self->run->context, THRONG_KIND_INDICATOR, settings->attribution.indicator, &use, err));
    throng_i_plugin_print(&use, self->indicator_spec, sizeof self->indicator_spec);
    it->context = self->run->context;
    it->population = self->run->population;
    it->graph = self->run->graph;
    it->simulation = self->world->simulation;
    it->indicator = (const throng_indicator *)(const void *)use.about;
    it->indicator_spec = self->indicator_spec;
    it->over = settings->attribution.over;
    it->column = settings->attribution.column;
    if (!it->column)
        it->column = throng_simulation_world(it->simulation)->columns[0].name;
    it->series = self->series;
    it->states = self->states;
    it->kept = self->kept;
    it->number = (double)NAN;
out:
    return status;
}

/* The run as a piece of work, which has what was recorded so far. */
static throng_status run_steps(throng_i_simulated *self, recorder *it, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->run->context;
    const throng_simulation *simulation = self->world->simulation;
    throng_i_recording *recording = &self->recording;
    int64_t steps = self->world->resolved.steps, size = (int64_t)sizeof(double);
    throng_i_work work = {.name = "simulate", .leaves_more = true};
    throng_i_work_add(&work, self->series, (steps + 1) * size);
    throng_i_work_add(&work, self->kept, (it->room + 1) * (int64_t)sizeof *self->kept);
    throng_i_work_add(&work, &recording->n_kept, (int64_t)sizeof recording->n_kept);
    throng_i_work_add(&work, self->states, it->room * throng_simulation_world(simulation)->n_columns * it->n * size);
    THRONG_TRY(throng_i_work_begin(context, &work, err));
    if (work.resumed)
        THRONG_TRY(throng_i_work_load(context, work.part, work.n_parts, err));
    for (int64_t step = 0; work.resumed && step <= work.at[0]; step++)
        throng_i_series(context, step, self->series[step]);
    recording->done = recording->resumed = work.at[0];
    it->began = work.resumed;
    THRONG_TRY(throng_i_run_everybody(simulation, record, it, &work, err));
    THRONG_TRY(throng_i_work_end(context, &work, err));
out:
    return status;
}

static throng_status run_world(throng_i_simulated *self, recorder *it, throng_error *err) {
    throng_i_recording *recording = &self->recording;
    throng_error reason = {0};
    double began = throng_i_seconds();
    throng_status status = run_steps(self, it, &reason);
    recording->seconds = throng_i_seconds() - began;
    throng_i_run_stage_done(self->run, "simulate");
    if (status == THRONG_OK)
        return throng_dynamics_number(self->world->dynamics, self->series, &recording->number, err);
    bool undefined = status == THRONG_E_DEGENERATE && it->began;
    if (status == THRONG_E_DIVERGED || status == THRONG_E_CANCELLED || undefined) {
        snprintf(self->why, sizeof self->why, "%s", reason.message);
        recording->stopped = self->why;
    }
    if (err)
        *err = reason;
    return status;
}

throng_status throng_i_simulate(throng_context *context, const throng_i_settings *settings, bool keep,
                                throng_i_simulated *out, throng_error *err) {
    throng_status status = THRONG_OK;
    *out = (throng_i_simulated){0};
    recorder it = {.self = out, .every = settings->record_every, .keep = keep};
    THRONG_REQUIRE(settings->world.world, E_PARAMETER,
                   "Which world? Name one with --world (world.name): see throng list worlds.");
    THRONG_TRY(throng_i_run_begin(context, &out->run, err));
    THRONG_TRY(throng_i_run_read_crowd(out->run, settings, err));
    throng_attribution_def def = throng_i_run_what(out->run, settings);
    THRONG_TRY(throng_i_world_run_create(context, out->run->population, &def, false, &out->world, err));
    it.n = out->run->population->n_agents;
    THRONG_TRY(make_room(out, &it, err));
    THRONG_TRY(describe(out, settings, err));
    THRONG_TRY(throng_i_run_checkpoint(out->run, settings->study, err));
    THRONG_TRY(run_world(out, &it, err));
out:
    throng_i_checkpoint_close(context);
    if (status != THRONG_OK && !out->recording.stopped)
        throng_i_simulated_clear(out);
    return status;
}

void throng_i_simulated_clear(throng_i_simulated *self) {
    if (!self->run)
        return;
    throng_context *context = self->run->context;
    throng_i_world_run_free(self->world);
    throng_i_free(context, self->series);
    throng_i_free(context, self->states);
    throng_i_free(context, self->kept);
    throng_run_free(self->run);
    *self = (throng_i_simulated){0};
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status make_report(throng_i_simulated *self, const char *command, uint64_t seed, json_t **out,
                                 throng_error *err) {
    throng_report_def def = throng_report_default();
    def.command = command;
    def.seed = seed;
    def.sources = self->run->sources;
    def.n_sources = self->run->n_sources;
    def.timings = self->run->timings;
    def.n_timings = self->run->n_timings;
    throng_status status = throng_i_recording_report(&self->recording, &def, out, err);
    if (status == THRONG_OK && self->run->deciding.player)
        status = throng_i_deciding_report(&self->run->deciding, NULL, *out, err);
    return status;
}

static throng_status resolved_yaml(const throng_i_simulated *self, const throng_study *study, char **out,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    throng_attribution_def resolved = {.indicator = self->indicator_spec,
                                       .method = throng_study_text(study, "attribution.method", 0),
                                       .baseline = THRONG_BASELINE_COLUMN, /* stays as it is */
                                       .world = &self->world->resolved};
    THRONG_TRY(throng_i_study_copy(study, &copy, err));
    THRONG_TRY(throng_i_settings_resolve(copy, resolved, err));
    THRONG_TRY(throng_study_yaml(copy, out, err));
out:
    throng_study_free(copy);
    return status;
}

static throng_status write_directory(throng_i_simulated *self, const throng_study *study, json_t *document,
                                     const char *path, bool force, char **report, throng_error *err) {
    throng_i_run_directory directory = {0};
    throng_run *run = self->run;
    char *yaml = NULL;
    throng_status status = throng_i_run_directory_begin(run->context, path, force, &directory, err);
    if (status != THRONG_OK)
        return status;
    THRONG_TRY(throng_i_recording_tables(&self->recording, &directory, err));
    throng_i_run_stage_done(run, "write");
    THRONG_TRY(throng_i_report_finish(document, run->timings, run->n_timings, err));
    THRONG_TRY(throng_i_json_text(run->context, document, report, err));
    THRONG_TRY(resolved_yaml(self, study, &yaml, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", *report, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "study.yaml", yaml, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    if (status != THRONG_OK) {
        throng_text_free(run->context, *report);
        *report = NULL;
    }
    throng_text_free(run->context, yaml);
    throng_i_run_directory_clear(&directory);
    return status;
}

throng_status throng_study_simulate(throng_study *study, const char *command, const char *out, bool force,
                                    char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_settings settings = {0};
    throng_i_simulated simulated = {0};
    json_t *document = NULL;
    *report = NULL;
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    if (throng_study_is_sweep(study))
        return throng_i_sweep_study(study, THRONG_I_SWEEP_SIMULATE, command, out, force, report, err);
    THRONG_TRY(throng_i_settings_init(study, &settings, err));
    if (out)
        THRONG_TRY(throng_run_directory_check(study->context, out, force, err));
    THRONG_TRY(throng_i_study_limit_memory(study, out, err));
    THRONG_TRY(throng_i_study_checkpoint_at(study, out, err));
    throng_status done = throng_i_simulate(study->context, &settings, out != NULL, &simulated, err);
    if (done != THRONG_OK && !simulated.recording.stopped) {
        status = done;
        goto out;
    }
    throng_error *then = done == THRONG_OK ? err : NULL; /* why it was stopped is what is said */
    THRONG_TRY(make_report(&simulated, command, settings.seed, &document, then));
    if (out && done != THRONG_E_CANCELLED) {
        THRONG_TRY(write_directory(&simulated, study, document, out, force, report, then));
        throng_i_study_checkpoint_drop(study);
    } else {
        THRONG_TRY(throng_i_report_finish(document, simulated.run->timings, simulated.run->n_timings, then));
        THRONG_TRY(throng_i_json_text(study->context, document, report, then));
    }
    status = done;
out:
    json_decref(document);
    throng_i_simulated_clear(&simulated);
    throng_i_settings_clear(study, &settings);
    return status;
}
