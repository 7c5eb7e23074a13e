/* How agents decided, in the report and as a table. */
#include "attribution/attribution.h"
#include "attribution/coalition.h"
#include "study/deciding.h"

#include <math.h>
#include <string.h>

json_t *throng_i_fit_pack(bool *failed, const throng_fit *fit) {
    json_t *object = json_object();
    throng_i_json_put(failed, object, "cells", json_integer(fit->cells));
    throng_i_json_put(failed, object, "held_out", json_integer(fit->held_out));
    if (fit->held_out > 0) {
        throng_i_json_put(failed, object, "error", throng_i_json_real(fit->mean));
        throng_i_json_put(failed, object, "largest", throng_i_json_real(fit->most));
        throng_i_json_put(failed, object, "noise", throng_i_json_real(fit->noise));
        throng_i_json_put(failed, object, "flat", throng_i_json_real(fit->flat));
    }
    return object;
}

/* Half the width of a 95 % interval for the number of one more such policy: Student's t times the spread. */
static json_t *pack_refits(bool *failed, const throng_i_refits *refits, double value) {
    json_t *object = json_object();
    double half = refits->n > 1 ? throng_i_interval(refits->n) * refits->deviation : (double)NAN;
    throng_i_json_put(failed, object, "refits", json_integer(refits->n));
    throng_i_json_put(failed, object, "mean", throng_i_json_real(refits->mean));
    throng_i_json_put(failed, object, "deviation", throng_i_json_real(refits->deviation));
    throng_i_json_put(failed, object, "low", throng_i_json_real(value - half));
    throng_i_json_put(failed, object, "high", throng_i_json_real(value + half));
    throng_i_json_put(failed, object, "phi_moved", throng_i_json_real(refits->moved));
    throng_i_json_put(failed, object, "phi_rank_correlation", throng_i_json_real(refits->rank_correlation));
    return object;
}

static json_t *pack_asked(bool *failed, const throng_i_deciding *self, int64_t questions, int64_t different,
                          const throng_llm_choose_counts *counts) {
    json_t *object = json_object();
    throng_llm_usage usage = throng_llm_usage_so_far(self->llm);
    throng_i_json_put(failed, object, "model", throng_i_json_string(throng_llm_model(self->llm)));
    throng_i_json_put(failed, object, "questions", json_integer(questions));
    throng_i_json_put(failed, object, "different", json_integer(different));
    throng_i_json_put(failed, object, "by_logprobs", json_integer(counts->by_logprobs));
    throng_i_json_put(failed, object, "by_samples", json_integer(counts->by_samples));
    throng_i_json_put(failed, object, "defaulted", json_integer(counts->defaulted));
    throng_i_json_put(failed, object, "calls", json_integer(usage.calls));
    throng_i_json_put(failed, object, "cache_hits", json_integer(usage.cache_hits));
    return object;
}

/* ---- by persona ------------------------------------------------------------------------------------------------ */

/* What a persona did by each behaviour, of all steps. */
static json_t *pack_behaviours(bool *failed, const throng_dynamics *dynamics, int64_t steps, int personas, int persona,
                               double total) {
    const double *by_group = throng_dynamics_by_group(dynamics);
    int n = throng_dynamics_behaviours(dynamics);
    json_t *list = json_array();
    for (int b = 0; b < n; b++) {
        double phi = 0.0;
        json_t *one = json_object();
        for (int64_t step = 0; step < steps; step++)
            phi += by_group[(step * personas + persona) * n + b];
        throng_i_json_put(failed, one, "name", throng_i_json_string(throng_dynamics_behaviour_name(dynamics, b)));
        throng_i_json_put(failed, one, "phi", throng_i_json_real(phi));
        throng_i_json_put(failed, one, "share", throng_i_json_share(phi, total));
        throng_i_json_append(failed, list, one);
    }
    return list;
}

static json_t *pack_personas(bool *failed, const throng_i_deciding *self, const throng_attribution *attribution) {
    const double *phi = attribution ? throng_attribution_phi(attribution) : NULL;
    const throng_dynamics *dynamics = attribution ? attribution->world->dynamics : NULL;
    int n = throng_personas_count(self->personas);
    double total = 0.0;
    json_t *list = json_array();
    for (int64_t i = 0; phi && i < self->n; i++)
        total += phi[i];
    for (int p = 0; p < n; p++) {
        double sum = 0.0;
        int64_t agents = 0;
        json_t *one = json_object();
        for (int64_t i = 0; i < self->n; i++)
            if (self->persona[i] == p) {
                agents++;
                sum += phi ? phi[i] : 0.0;
            }
        throng_i_json_put(failed, one, "name", throng_i_json_string(throng_personas_name(self->personas, p)));
        throng_i_json_put(failed, one, "agents", json_integer(agents));
        if (phi) {
            throng_i_json_put(failed, one, "phi", throng_i_json_real(sum));
            throng_i_json_put(failed, one, "share", throng_i_json_share(sum, total));
        }
        if (dynamics && throng_dynamics_by_group(dynamics))
            throng_i_json_put(failed, one, "behaviours",
                              pack_behaviours(failed, dynamics, attribution->world->resolved.steps, n, p, total));
        throng_i_json_append(failed, list, one);
    }
    return list;
}

throng_status throng_i_deciding_report(const throng_i_deciding *self, const throng_attribution *attribution,
                                       json_t *document, throng_error *err) {
    json_t *object = json_object();
    bool failed = false;
    throng_fit fit;
    throng_llm_choose_counts counts;
    int64_t questions = 0, different = 0;
    throng_i_json_put(&failed, object, "name", throng_i_json_string(self->def.policy));
    if (self->def.file && !throng_policy_decider(self->player)->ask)
        throng_i_json_put(&failed, object, "file", throng_i_json_string(self->def.file));
    throng_i_json_put(&failed, object, "play", throng_i_json_string(self->drawn ? "drawn" : "likely"));
    if (throng_policy_fit(self->player, &fit))
        throng_i_json_put(&failed, object, "fit", throng_i_fit_pack(&failed, &fit));
    if (self->refits.n > 0)
        throng_i_json_put(
            &failed, object, "within_fit",
            pack_refits(&failed, &self->refits, throng_attribution_certificate(attribution, 0).everybody));
    if (throng_policy_asked(self->player, &questions, &different, &counts))
        throng_i_json_put(&failed, object, "asked", pack_asked(&failed, self, questions, different, &counts));
    if (self->personas)
        throng_i_json_put(&failed, object, "personas", pack_personas(&failed, self, attribution));
    throng_i_json_put(&failed, document, "policy", object);
    return failed ? THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.") : THRONG_OK;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

/* Rows in the order of step, persona, behaviour. */
static throng_status fill_table(const throng_i_deciding *self, const throng_dynamics *dynamics, int64_t rows,
                                throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    int personas = throng_personas_count(self->personas), behaviours = throng_dynamics_behaviours(dynamics);
    const char *names[THRONG_WORLD_MESSAGES_MAX], **words = NULL;
    int32_t *code = NULL;
    void *steps = NULL;
    THRONG_TRY(throng_i_alloc(self->context, personas, sizeof *words, &words, err));
    for (int p = 0; p < personas; p++)
        words[p] = throng_personas_name(self->personas, p);
    for (int b = 0; b < behaviours; b++)
        names[b] = throng_dynamics_behaviour_name(dynamics, b);
    THRONG_TRY(throng_table_add(table, "step", THRONG_TYPE_INT64, &steps, err));
    for (int64_t row = 0; row < rows; row++)
        ((int64_t *)steps)[row] = row / behaviours / personas;
    THRONG_TRY(throng_table_add_codes(table, "persona", personas, words, &code, err));
    for (int64_t row = 0; row < rows; row++)
        code[row] = (int32_t)(row / behaviours % personas);
    THRONG_TRY(throng_table_add_codes(table, "behaviour", behaviours, names, &code, err));
    for (int64_t row = 0; row < rows; row++)
        code[row] = (int32_t)(row % behaviours);
    THRONG_TRY(throng_table_add_view(table, "phi", THRONG_TYPE_FLOAT64, throng_dynamics_by_group(dynamics), err));
out:
    throng_i_free(self->context, words);
    return status;
}

throng_status throng_i_deciding_table(const throng_i_deciding *self, const throng_attribution *attribution,
                                      const char *folder, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    char *path = NULL;
    const throng_dynamics *dynamics = attribution->world->dynamics;
    if (!self->personas || !throng_dynamics_by_group(dynamics))
        return THRONG_OK;
    int64_t rows = attribution->world->resolved.steps * throng_personas_count(self->personas) *
                   throng_dynamics_behaviours(dynamics);
    THRONG_TRY(throng_table_create(self->context, rows, &table, err));
    THRONG_TRY(fill_table(self, dynamics, rows, table, err));
    THRONG_TRY(throng_i_print(self->context, &path, err, "%s/personas.parquet", folder));
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    throng_i_free(self->context, path);
    return status;
}
