/* Interventions on a study's world: the least influence that has to be taken from its crowd. */
#define _POSIX_C_SOURCE 200809L
#include "throng/intervene.h"
#include "attribution/attribution.h"
#include "study/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct intervention_job {
    throng_run *run;
    throng_i_settings settings;
    throng_dynamics *dynamics; /* of run->attribution, which gives the order by credit */
    throng_intervention_def def;
    throng_rival rivals[THRONG_RIVALS_MAX];
    double *scores;         /* [THRONG_RIVALS_MAX][agents] */
    double *alpha;          /* [agents] */
    double *before, *after; /* [steps + 1] the indicator without and with the intervention */
    throng_intervention found;
    const char *target; /* as it was given */
} intervention_job;

/* ---- the target ------------------------------------------------------------------------------------------------ */

/* "indicator -20%", "-20%" of what it is, or "0.25", what it is to be. */
static throng_status read_target(const intervention_job *self, const char *text, double now, double *out,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = self->run->attribution->indicator.descriptor->about.name, *begin = text;
    size_t length = strcspn(text, " ");
    if (text[length] && ((length == strlen("indicator") && strncmp(text, "indicator", length) == 0) ||
                         (length == strlen(name) && strncmp(text, name, length) == 0)))
        begin = text + length + 1;
    char *end = NULL;
    double number = strtod(begin, &end);
    bool relative = end != begin && strcmp(end, "%") == 0;
    THRONG_REQUIRE(end != begin && (relative || *end == '\0') && isfinite(number), E_PARAMETER,
                   "--target (intervene.target) must be a change such as \"-20%%\" or a value such as \"0.25\", got "
                   "\"%.60s\".",
                   text);
    *out = relative ? now + fabs(now) * number / 100.0 : number;
    THRONG_REQUIRE(*out != now, E_PARAMETER, "The target is what %s is already, %g: say what it should be.", name, now);
out:
    return status;
}

/* ---- orders to compare with ------------------------------------------------------------------------------------- */

static double *add_rival(intervention_job *self, const char *name) {
    double *score = self->scores + self->def.n_rivals * self->run->population->n_agents;
    self->rivals[self->def.n_rivals++] = (throng_rival){name, score};
    return score;
}

static void set_rivals(intervention_job *self, double side) {
    const throng_population *population = self->run->population;
    const double *phi = throng_attribution_phi(self->run->attribution);
    int64_t n = population->n_agents;
    throng_random random = {self->settings.seed, 0x72616e6b};
    double mean = 0.0, uniform[4];
    double *credit = add_rival(self, "of largest credit");
    double *listeners = self->run->graph ? add_rival(self, "most heard") : NULL;
    double *weight = population->weight.name ? add_rival(self, "of largest weight") : NULL;
    double *extreme = add_rival(self, "most extreme"), *chance = add_rival(self, "drawn at random");
    for (int64_t row = 0; row < n; row++)
        mean += throng_population_state(population, row) / (double)n;
    for (int64_t row = 0; row < n; row++) {
        int64_t agent = throng_population_agent(population, row);
        credit[agent] = side * phi[row];
        extreme[agent] = fabs(throng_population_state(population, row) - mean);
        if (weight)
            weight[agent] = throng_population_weight(population, row);
        throng_random_uniforms(random, (uint64_t)agent, 0, 0, uniform);
        chance[agent] = uniform[0];
    }
    throng_adjacency out = self->run->graph ? throng_graph_out(self->run->graph) : (throng_adjacency){0};
    for (int64_t i = 0; listeners && i < n; i++)
        listeners[i] = (double)(out.offsets[i + 1] - out.offsets[i]);
    self->def.rivals = self->rivals;
}

/* ---- the work -------------------------------------------------------------------------------------------------- */

static throng_status prepare(intervention_job *self, const throng_study *study, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *budget = throng_study_text(study, "intervene.budget", 0);
    self->target = throng_study_text(study, "intervene.target", 0);
    THRONG_REQUIRE(self->target, E_PARAMETER,
                   "Which target? Say what should become of the indicator with --target (intervene.target), such as "
                   "\"-20%%\".");
    THRONG_TRY(throng_i_settings_init(study, &self->settings, err));
    THRONG_REQUIRE(self->settings.world.world, E_PARAMETER,
                   "Which world? An intervention takes influence from agents of a world: name one with --world "
                   "(world.name).");
    THRONG_REQUIRE(self->settings.world.participation != THRONG_PARTICIPATION_INNATE, E_PARAMETER,
                   "An intervention takes influence away: leave out --participation innate.");
    THRONG_REQUIRE(self->settings.attribution.players == THRONG_PLAYERS_AGENTS, E_PARAMETER,
                   "An intervention is about single agents: leave out --players cohorts.");
    self->settings.world.participation = THRONG_PARTICIPATION_INFLUENCE;
    self->def = throng_intervention_default();
    self->def.budget = strtod(budget, NULL);
    self->def.silence = strcmp(throng_study_text(study, "intervene.by", 0), "silencing") == 0;
out:
    return status;
}

static throng_status record_series(void *user, int64_t step, const double *const *state, throng_error *err) {
    const intervention_job *self = user;
    return throng_dynamics_indicator(self->dynamics, step, state, &self->after[step], err);
}

static throng_status search(intervention_job *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_run *run = self->run;
    int64_t steps = self->settings.world.steps;
    THRONG_TRY(throng_i_run_read_crowd(run, &self->settings, err));
    THRONG_TRY(throng_i_run_attribute(run, &self->settings, err));
    int64_t n = run->population->n_agents;
    self->dynamics = run->attribution->world->dynamics;
    THRONG_TRY(throng_i_alloc(run->context, THRONG_RIVALS_MAX * n, sizeof(double), &self->scores, err));
    THRONG_TRY(throng_i_alloc(run->context, n, sizeof(double), &self->alpha, err));
    THRONG_TRY(throng_i_alloc(run->context, steps + 1, sizeof(double), &self->before, err));
    THRONG_TRY(throng_i_alloc(run->context, steps + 1, sizeof(double), &self->after, err));
    memcpy(self->before, run->attribution->world->series, (size_t)(steps + 1) * sizeof(double));
    double now = throng_attribution_certificate(run->attribution, 0).everybody;
    THRONG_TRY(read_target(self, self->target, now, &self->def.target, err));
    set_rivals(self, self->def.target < now ? 1.0 : -1.0);
    throng_value_function function = throng_dynamics_function(self->dynamics);
    THRONG_TRY(throng_intervene(run->context, &function, &self->def, self->alpha, &self->found, err));
    /* What it comes to is simulated once more, alone. */
    THRONG_TRY(throng_simulation_run(run->attribution->world->simulation, self->alpha, record_series, self, err));
    throng_i_run_stage_done(run, "intervene");
out:
    return status;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

static json_t *intervention(bool *failed, const intervention_job *self) {
    const throng_intervention *it = &self->found;
    double n = (double)self->run->population->n_agents;
    json_t *object = json_object();
    throng_i_json_put(failed, object, "reached", json_boolean(it->reached));
    throng_i_json_put(failed, object, "target", throng_i_json_real(self->def.target));
    throng_i_json_put(failed, object, "asked", throng_i_json_string(self->target));
    throng_i_json_put(failed, object, "by", json_string(self->def.silence ? "silencing" : "dampening"));
    throng_i_json_put(failed, object, "budget", throng_i_json_real(self->def.budget));
    throng_i_json_put(failed, object, "before", throng_i_json_real(it->before));
    throng_i_json_put(failed, object, "value", throng_i_json_real(it->value));
    throng_i_json_put(failed, object, "amount", throng_i_json_real(it->amount));
    throng_i_json_put(failed, object, "share", throng_i_json_real(it->amount / n));
    throng_i_json_put(failed, object, "agents", json_integer(it->n_touched));
    throng_i_json_put(failed, object, "evaluations", json_integer(it->evaluations));
    return object;
}

static json_t *rivals(bool *failed, const intervention_job *self) {
    json_t *list = json_array();
    for (int r = 0; r < self->def.n_rivals; r++) {
        json_t *one = json_object();
        throng_i_json_put(failed, one, "name", throng_i_json_string(self->rivals[r].name));
        throng_i_json_put(failed, one, "value", throng_i_json_real(self->found.rival[r].value));
        throng_i_json_put(failed, one, "amount", throng_i_json_real(self->found.rival[r].amount));
        throng_i_json_put(failed, one, "share",
                          throng_i_json_real(self->found.rival[r].amount / (double)self->run->population->n_agents));
        throng_i_json_append(failed, list, one);
    }
    return list;
}

static json_t *course(bool *failed, const intervention_job *self) {
    json_t *list = json_array();
    for (int64_t step = 0; step <= self->settings.world.steps; step++) {
        json_t *one = json_object();
        throng_i_json_put(failed, one, "step", json_integer(step));
        throng_i_json_put(failed, one, "indicator", throng_i_json_real(self->before[step]));
        throng_i_json_put(failed, one, "intervened", throng_i_json_real(self->after[step]));
        throng_i_json_append(failed, list, one);
    }
    return list;
}

static throng_status make_report(intervention_job *self, const char *command, throng_error *err) {
    throng_report_def def = throng_report_default();
    throng_run *run = self->run;
    bool failed = false;
    def.top = self->settings.top;
    def.command = command;
    def.seed = self->settings.seed;
    def.sources = run->sources;
    def.n_sources = run->n_sources;
    def.timings = run->timings;
    def.n_timings = run->n_timings;
    throng_status status =
        throng_i_report_make(run->context, run->attribution, run->cohorts, &def, &run->document, err);
    if (status != THRONG_OK)
        return status;
    throng_i_json_put(&failed, run->document, "intervention", intervention(&failed, self));
    throng_i_json_put(&failed, run->document, "rivals", rivals(&failed, self));
    throng_i_json_put(&failed, run->document, "course", course(&failed, self));
    return failed ? THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.") : THRONG_OK;
}

static throng_status write_directory(intervention_job *self, const throng_study *study, const char *out, bool force,
                                     char **report, throng_error *err) {
    throng_i_run_directory directory = {0};
    throng_run *run = self->run;
    throng_study *copy = NULL;
    char *path = NULL, *yaml = NULL;
    throng_status status = throng_i_run_directory_begin(run->context, out, force, &directory, err);
    if (status != THRONG_OK)
        return status;
    THRONG_TRY(throng_i_print(run->context, &path, err, "%s/intervention.parquet", directory.draft));
    THRONG_TRY(throng_i_write_intervention(run->context, run->attribution, self->alpha, path, err));
    throng_i_run_stage_done(run, "write");
    THRONG_TRY(throng_i_report_finish(run->document, run->timings, run->n_timings, err));
    THRONG_TRY(throng_i_json_text(run->context, run->document, report, err));
    THRONG_TRY(throng_i_study_copy(study, &copy, err));
    THRONG_TRY(throng_i_settings_resolve(copy, throng_attribution_resolved(run->attribution), err));
    THRONG_TRY(throng_study_yaml(copy, &yaml, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", *report, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "study.yaml", yaml, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    throng_study_free(copy);
    throng_i_free(run->context, path);
    throng_text_free(run->context, yaml);
    throng_i_run_directory_clear(&directory);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static void clear(intervention_job *self, const throng_study *study) {
    if (self->run) {
        throng_context *context = self->run->context;
        throng_i_free(context, self->scores);
        throng_i_free(context, self->alpha);
        throng_i_free(context, self->before);
        throng_i_free(context, self->after);
    }
    throng_run_free(self->run);
    throng_i_settings_clear(study, &self->settings);
}

/* The best that was found within the budget, in one sentence. */
static throng_status fail_unreached(const intervention_job *self, throng_error *err) {
    const throng_intervention *it = &self->found;
    return THRONG_FAIL(err, E_NOT_CONVERGED,
                       "The target was not reached: with %.3g %% of everybody's influence %s goes from %.4g to %.4g at "
                       "best, not to %.4g. Raise --budget, or ask for less.",
                       100.0 * self->def.budget, self->run->attribution->indicator.descriptor->about.name, it->before,
                       it->value, self->def.target);
}

throng_status throng_study_intervene(throng_study *study, const char *command, const char *out, bool force,
                                     char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    intervention_job self = {0};
    *report = NULL;
    THRONG_REQUIRE(!throng_study_is_sweep(study), E_PARAMETER,
                   "An intervention is searched for one setting: leave out --sweep and --repetitions.");
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    THRONG_TRY(throng_i_run_begin(study->context, &self.run, err));
    THRONG_TRY(prepare(&self, study, err));
    if (out)
        THRONG_TRY(throng_run_directory_check(study->context, out, force, err));
    THRONG_TRY(search(&self, err));
    THRONG_TRY(make_report(&self, command, err));
    if (out) {
        THRONG_TRY(write_directory(&self, study, out, force, report, err));
    } else {
        THRONG_TRY(throng_i_report_finish(self.run->document, self.run->timings, self.run->n_timings, err));
        THRONG_TRY(throng_i_json_text(study->context, self.run->document, report, err));
    }
    if (!self.found.reached)
        status = fail_unreached(&self, err);
out:
    clear(&self, study);
    return status;
}
