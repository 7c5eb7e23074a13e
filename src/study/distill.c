/* Distilling a study's model: from its settings to the table of answers, and a report of how well it fits. */
#define _POSIX_C_SOURCE 200809L
#include "study/run.h"
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS    5000
#define HELD_OUT 0.2

typedef struct distill_job {
    throng_study *study;
    const throng_world *world;
    throng_personas *personas;
    throng_distill_def def;
    throng_distill *distill;
    throng_llm *llm;
    throng_table *table;
    throng_distill_result result;
    throng_fit fit;
} distill_job;

/* ---- settings -------------------------------------------------------------------------------------------------- */

/* "opinion=5" */
static throng_status read_bins(distill_job *self, const char *text, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *equals = strchr(text, '='), *names[THRONG_WORLD_SIGHTS_MAX];
    char name[64], hint[300], *end = NULL;
    int s = 0;
    THRONG_REQUIRE(equals && equals - text < (long)sizeof name, E_PARAMETER,
                   "policy.bins must be like \"%s=5\", got \"%.60s\".", self->world->sights[0].name, text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    for (int i = 0; i < self->world->n_sights; i++)
        names[i] = self->world->sights[i].name;
    while (s < self->world->n_sights && strcmp(names[s], name) != 0)
        s++;
    throng_suggest(name, names, self->world->n_sights, hint, sizeof hint);
    THRONG_REQUIRE(s < self->world->n_sights, E_UNKNOWN_NAME, "policy.bins: agents of %s do not see \"%.60s\".%s",
                   self->world->about.name, name, hint);
    long bins = strtol(equals + 1, &end, 10);
    THRONG_REQUIRE(end != equals + 1 && *end == '\0' && bins >= 1 && bins <= 16, E_PARAMETER,
                   "policy.bins: %s takes 1 to 16 values, got \"%.40s\".", name, equals + 1);
    self->def.bins[s] = (int)bins;
out:
    return status;
}

static throng_status prepare(distill_job *self, const throng_study_distill_def *wanted, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    const char *world = throng_study_text(self->study, "world.name", 0), *bins = NULL;
    const char *samples = throng_study_text(self->study, "policy.samples", 0);
    THRONG_REQUIRE(world, E_PARAMETER, "Which world? Its agents decide: name one with world.name.");
    THRONG_TRY(throng_i_plugin_parse(self->study->context, THRONG_KIND_WORLD, world, &use, err));
    self->world = (const throng_world *)(const void *)use.about;
    throng_i_deciding_settings deciding = {.personas = throng_study_text(self->study, "policy.personas", 0),
                                           .prompt = throng_study_text(self->study, "policy.prompt", 0)};
    THRONG_TRY(throng_i_deciding_personas(self->study->context, &deciding, self->world, &self->personas, err));
    self->def = (throng_distill_def){.world = self->world,
                                     .personas = self->personas,
                                     .prompt = deciding.prompt,
                                     .calls = wanted->calls > 0 ? wanted->calls : CALLS,
                                     .held_out = wanted->held_out < 0.0   ? 0.0
                                                 : wanted->held_out > 0.0 ? wanted->held_out
                                                                          : HELD_OUT,
                                     .samples = samples ? atoi(samples) : 0,
                                     .orders = atoi(throng_study_text(self->study, "policy.orders", 0)),
                                     .no_logprobs = wanted->no_logprobs,
                                     .void_share = wanted->void_share,
                                     .seed = strtoull(throng_study_text(self->study, "run.seed", 0), NULL, 10)};
    for (int i = 0; self->world->n_actions > 0 && (bins = throng_study_text(self->study, "policy.bins", i)); i++)
        THRONG_TRY(read_bins(self, bins, err));
    THRONG_TRY(throng_distill_create(self->study->context, &self->def, &self->distill, err));
out:
    return status;
}

/* The model, with a cache: a study without one gets OUT.answers. */
static throng_status open_model(distill_job *self, const throng_study_distill_def *wanted, const char *out,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_model_budget budget = {self->def.calls, wanted->max_cost, wanted->prompt_price, wanted->completion_price};
    char *path = NULL;
    if (!throng_study_text(self->study, "model.cache", 0)) {
        THRONG_TRY(throng_i_print(self->study->context, &path, err, "%s.answers", out));
        THRONG_TRY(throng_study_set(self->study, "model.cache", path, err));
    }
    THRONG_TRY(throng_i_model_open(self->study, budget, &self->llm, err));
    THRONG_REQUIRE(self->llm, E_PARAMETER,
                   "Whom to ask? Give one of model.endpoint, model.script and model.replay (--endpoint URL --model "
                   "NAME, --script FILE, --replay FILE --model NAME).");
out:
    throng_i_free(self->study->context, path);
    return status;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

static json_t *pack_plan(bool *failed, const distill_job *self) {
    const throng_distill_plan *plan = &self->result.plan;
    json_t *object = json_object(), *bins = json_object();
    for (int s = 0; s < self->world->n_sights; s++)
        throng_i_json_put(failed, bins, self->world->sights[s].name, json_integer(plan->bins[s]));
    throng_i_json_put(failed, object, "personas", json_integer(plan->personas));
    throng_i_json_put(failed, object, "last_actions", json_integer(plan->lasts));
    throng_i_json_put(failed, object, "bins", bins);
    throng_i_json_put(failed, object, "questions", json_integer(plan->cells + plan->held_out));
    throng_i_json_put(failed, object, "calls_by_logprobs", json_integer(plan->calls_logprobs));
    throng_i_json_put(failed, object, "calls_by_samples", json_integer(plan->calls_samples));
    return object;
}

static json_t *pack_counts(bool *failed, const distill_job *self) {
    const throng_llm_choose_counts *counts = &self->result.counts;
    throng_llm_usage usage = throng_llm_usage_so_far(self->llm);
    json_t *object = json_object();
    throng_i_json_put(failed, object, "by_logprobs", json_integer(counts->by_logprobs));
    throng_i_json_put(failed, object, "by_samples", json_integer(counts->by_samples));
    if (counts->by_samples > 0)
        throng_i_json_put(failed, object, "samples", json_integer(self->result.samples));
    throng_i_json_put(failed, object, "refusals", json_integer(counts->refusals));
    throng_i_json_put(failed, object, "defaulted", json_integer(counts->defaulted));
    throng_i_json_put(failed, object, "unreadable", throng_i_json_real(counts->unreadable));
    throng_i_json_put(failed, object, "least_covered", throng_i_json_real(counts->least_covered));
    throng_i_json_put(failed, object, "calls", json_integer(usage.calls));
    throng_i_json_put(failed, object, "attempts", json_integer(usage.attempts));
    throng_i_json_put(failed, object, "tokens", json_integer(usage.prompt_tokens + usage.completion_tokens));
    throng_i_json_put(failed, object, "cost", throng_i_json_real(usage.cost));
    throng_i_json_put(failed, object, "cache_hits", json_integer(usage.cache_hits));
    throng_i_json_put(failed, object, "cache_damaged", json_integer(usage.cache_damaged));
    return object;
}

static throng_status make_report(const distill_job *self, const char *out, char **report, throng_error *err) {
    bool failed = false;
    json_t *document = json_object();
    throng_i_json_put(&failed, document, "file", throng_i_json_string(out));
    throng_i_json_put(&failed, document, "model", throng_i_json_string(throng_llm_model(self->llm)));
    throng_i_json_put(&failed, document, "world", throng_i_json_string(self->world->about.name));
    throng_i_json_put(&failed, document, "plan", pack_plan(&failed, self));
    throng_i_json_put(&failed, document, "asked", pack_counts(&failed, self));
    throng_i_json_put(&failed, document, "fit", throng_i_fit_pack(&failed, &self->fit));
    throng_status status = failed ? THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.")
                                  : throng_i_json_text(self->study->context, document, report, err);
    json_decref(document);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* Reads the table back as it will be played. */
static throng_status measure(distill_job *self, const char *out, throng_error *err) {
    throng_policy *player = NULL;
    throng_policy_def def = {
        .policy = "table", .world = self->world, .personas = self->personas, .file = out, .seed = self->def.seed};
    throng_status status = throng_policy_create(self->study->context, &def, &player, err);
    if (status == THRONG_OK)
        throng_policy_fit(player, &self->fit);
    throng_policy_free(player);
    return status;
}

throng_status throng_study_distill(throng_study *study, const throng_study_distill_def *def, const char *out,
                                   bool force, char **report, throng_error *err) {
    throng_status status = THRONG_OK;
    distill_job self = {.study = study};
    *report = NULL;
    THRONG_TRY(throng_table_check_output(out, force, err));
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    THRONG_TRY(prepare(&self, def, err));
    throng_distill_plan plan = throng_distill_planned(self.distill);
    if (def->planned)
        THRONG_TRY(def->planned(def->user, &plan, err));
    THRONG_TRY(open_model(&self, def, out, err));
    THRONG_TRY(throng_distill_run(self.distill, self.llm, &self.table, &self.result, err));
    THRONG_REQUIRE(!self.result.counts.is_void, E_FORMAT,
                   "VOID: %.3g %% of the answers could not be read, and nothing is written; they are kept in the "
                   "cache.",
                   100.0 * self.result.counts.unreadable);
    THRONG_TRY(throng_table_write(self.table, out, force, err));
    THRONG_TRY(measure(&self, out, err));
    THRONG_TRY(make_report(&self, out, report, err));
out:
    throng_table_free(self.table);
    throng_llm_free(self.llm);
    throng_distill_free(self.distill);
    throng_personas_free(self.personas);
    return status;
}
