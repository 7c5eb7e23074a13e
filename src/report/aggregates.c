/* Aggregates as a file: what a platform could publish. docs/scaling-bias.md describes its keys. */
#define _POSIX_C_SOURCE 200809L
#include "attribution/aggregates.h"
#include "report/report.h"
#include "table/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIND   "throng-aggregates"
#define SCHEMA 1 /* raised when a key changes its meaning or goes */

/* ---- writing --------------------------------------------------------------------------------------------------- */

static json_t *numbers(bool *failed, int64_t n, const double *values) {
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++)
        throng_i_json_append(failed, list, throng_i_json_real(values[i]));
    return list;
}

static json_t *sums(bool *failed, const throng_aggregates *self) {
    json_t *object = json_object();
    throng_i_json_put(failed, object, "origin", throng_i_json_real(self->origin));
    throng_i_json_put(failed, object, "origin_baseline", throng_i_json_real(self->origin_baseline));
    throng_i_json_put(failed, object, "baseline_state", throng_i_json_real(self->baseline_state));
    throng_i_json_put(failed, object, "reference_spread", throng_i_json_real(self->reference_spread));
    throng_i_json_put(failed, object, "observed", numbers(failed, self->k, self->observed));
    throng_i_json_put(failed, object, "absent", numbers(failed, self->k, self->absent));
    if (self->mixed)
        throng_i_json_put(failed, object, "mixed", numbers(failed, (int64_t)self->k * self->k, self->mixed));
    return object;
}

static json_t *certificate(bool *failed, throng_certificate it) {
    json_t *object = json_object();
    throng_i_json_put(failed, object, "nobody", throng_i_json_real(it.nobody));
    throng_i_json_put(failed, object, "everybody", throng_i_json_real(it.everybody));
    throng_i_json_put(failed, object, "sum_phi", throng_i_json_real(it.sum_phi));
    throng_i_json_put(failed, object, "efficiency_residual", throng_i_json_real(it.efficiency_residual));
    throng_i_json_put(failed, object, "rule_change", throng_i_json_real(it.rule_change));
    throng_i_json_put(failed, object, "tolerance", throng_i_json_real(it.tolerance));
    throng_i_json_put(failed, object, "quadrature_nodes", json_integer(it.quadrature_nodes));
    return object;
}

/* Hash of everything else in the document, whatever the order and spacing of its keys. */
static throng_status hash_document(const json_t *document, char hash[THRONG_I_HASH_LENGTH], throng_error *err) {
    json_t *copy = json_copy((json_t *)(uintptr_t)document);
    if (copy)
        json_object_del(copy, "hash");
    char *text = copy ? json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(copy);
    if (!text)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the aggregates could not be written down.");
    throng_i_hash_bytes(text, strlen(text), hash);
    free(text);
    return THRONG_OK;
}

throng_status throng_aggregates_json(throng_context *context, const throng_aggregates *self, char **json,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    bool failed = false;
    char hash[THRONG_I_HASH_LENGTH];
    json_t *document = json_object();
    throng_i_json_put(&failed, document, "kind", json_string(KIND));
    throng_i_json_put(&failed, document, "schema", json_integer(SCHEMA));
    throng_i_json_put(&failed, document, "version", json_string(throng_version()));
    throng_i_json_put(&failed, document, "indicator", throng_i_json_string(self->indicator));
    throng_i_json_put(&failed, document, "method", throng_i_json_string(self->method));
    throng_i_json_put(&failed, document, "path", json_string(throng_path_name(self->path)));
    throng_i_json_put(&failed, document, "baseline_kind", json_string(throng_baseline_name(self->baseline)));
    throng_i_json_put(&failed, document, "state", throng_i_json_string(self->state));
    throng_i_json_put(&failed, document, "weight", throng_i_json_string(self->weight));
    throng_i_json_put(&failed, document, "time", throng_i_json_string(self->time));
    throng_i_json_put(&failed, document, "agents", json_integer(self->n_agents));
    throng_i_json_put(&failed, document, "mass", throng_i_json_real(self->mass));
    throng_i_json_put(&failed, document, "aggregates", sums(&failed, self));
    throng_i_json_put(&failed, document, "certificate", certificate(&failed, self->certificate));
    THRONG_REQUIRE(!failed, E_MEMORY, "Out of memory: the aggregates could not be written down.");
    THRONG_TRY(hash_document(document, hash, err));
    throng_i_json_put(&failed, document, "hash", json_string(hash));
    THRONG_REQUIRE(!failed, E_MEMORY, "Out of memory: the aggregates could not be written down.");
    THRONG_TRY(throng_i_json_text(context, document, json, err));
out:
    json_decref(document);
    return status;
}

throng_status throng_aggregates_save(const throng_aggregates *self, const char *path, bool force, throng_error *err) {
    throng_status status = THRONG_OK;
    char *json = NULL;
    THRONG_TRY(throng_aggregates_json(self->context, self, &json, err));
    THRONG_TRY(throng_i_save_text(self->context, path, json, force, err));
out:
    throng_text_free(self->context, json);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* What a document says, borrowed from it. */
typedef struct parsed {
    const char *kind, *version, *indicator, *method, *path, *baseline, *state, *weight, *time, *hash;
    int schema, nodes;
    json_int_t agents;
    double mass, origin, origin_baseline, baseline_state, spread;
    json_t *observed, *absent, *mixed;
    throng_certificate certificate;
} parsed;

static throng_status parse(const char *file, json_t *document, parsed *out, throng_error *err) {
    json_error_t reason;
    throng_certificate *it = &out->certificate;
    if (json_unpack_ex(document, &reason, 0, "{s:s, s:i}", "kind", &out->kind, "schema", &out->schema) != 0 ||
        strcmp(out->kind, KIND) != 0)
        return THRONG_FAIL(err, E_FORMAT, "%s holds no aggregates: throng aggregates writes them.", file);
    if (out->schema != SCHEMA)
        return THRONG_FAIL(err, E_FORMAT,
                           "%s has aggregates of format %d, and this throng reads format %d: write them "
                           "anew with throng aggregates.",
                           file, out->schema, SCHEMA);
    if (json_unpack_ex(document, &reason, 0,
                       "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:F,"
                       " s:{s:F, s:F, s:F, s:F, s:o, s:o, s?o}, s:{s:F, s:F, s:F, s:F, s:F, s:F, s:i}}",
                       "version", &out->version, "indicator", &out->indicator, "method", &out->method, "path",
                       &out->path, "baseline_kind", &out->baseline, "state", &out->state, "weight", &out->weight,
                       "time", &out->time, "hash", &out->hash, "agents", &out->agents, "mass", &out->mass, "aggregates",
                       "origin", &out->origin, "origin_baseline", &out->origin_baseline, "baseline_state",
                       &out->baseline_state, "reference_spread", &out->spread, "observed", &out->observed, "absent",
                       &out->absent, "mixed", &out->mixed, "certificate", "nobody", &it->nobody, "everybody",
                       &it->everybody, "sum_phi", &it->sum_phi, "efficiency_residual", &it->efficiency_residual,
                       "rule_change", &it->rule_change, "tolerance", &it->tolerance, "quadrature_nodes",
                       &out->nodes) != 0)
        return THRONG_FAIL(err, E_FORMAT, "%s is damaged: %s.", file, reason.text);
    return THRONG_OK;
}

static bool copy_numbers(const json_t *list, int64_t n, double *out) {
    if (!json_is_array(list) || (int64_t)json_array_size(list) != n)
        return false;
    for (int64_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_number(item))
            return false;
        out[i] = json_number_value(item);
    }
    return true;
}

static bool find_names(const parsed *in, throng_path *path, throng_baseline *baseline) {
    *path = THRONG_PATH_DEFAULT;
    *baseline = THRONG_BASELINE_DEFAULT;
    for (int i = THRONG_PATH_DEFAULT + 1; i < THRONG_PATH_COUNT; i++)
        if (strcmp(in->path, throng_path_name((throng_path)i)) == 0)
            *path = (throng_path)i;
    for (int i = THRONG_BASELINE_DEFAULT + 1; i < THRONG_BASELINE_COUNT; i++)
        if (strcmp(in->baseline, throng_baseline_name((throng_baseline)i)) == 0)
            *baseline = (throng_baseline)i;
    return *path != THRONG_PATH_DEFAULT && *baseline != THRONG_BASELINE_DEFAULT;
}

/* A document that passed its hash can still be of another hand: nothing in it is believed. */
static throng_status fill(throng_context *context, const char *file, const parsed *in, throng_aggregates **out,
                          throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_aggregates *self = NULL;
    throng_i_indicator indicator = {0};
    throng_path path;
    throng_baseline baseline;
    status = throng_i_indicator_init(context, in->indicator, &indicator, &reason);
    if (status != THRONG_OK)
        return throng_error_set(err, status, reason.file, reason.line, "%s: %.400s", file, reason.message);
    int k = indicator.n_aggregates;
    bool known = find_names(in, &path, &baseline);
    bool mixed = known && throng_i_aggregates_mixed(indicator.descriptor, path, baseline);
    bool edges = indicator.descriptor->form != THRONG_FORM_HISTOGRAM || (isfinite(indicator.low + indicator.high));
    THRONG_TRY(throng_i_aggregates_alloc(context, k, mixed, &self, err));
    bool whole = known && edges && indicator.descriptor->form != THRONG_FORM_DISTRIBUTION && in->agents > 0 &&
                 in->mass > 0.0 && in->nodes >= 1 && in->nodes <= 8192 &&
                 copy_numbers(in->observed, k, self->observed) && copy_numbers(in->absent, k, self->absent) &&
                 (!mixed || copy_numbers(in->mixed, (int64_t)k * k, self->mixed));
    THRONG_REQUIRE(whole, E_FORMAT, "%s is damaged: its numbers are not those that %s needs.", file, in->indicator);
    snprintf(self->indicator, sizeof self->indicator, "%s", in->indicator);
    snprintf(self->method, sizeof self->method, "%s", in->method);
    snprintf(self->state, sizeof self->state, "%s", in->state);
    snprintf(self->weight, sizeof self->weight, "%s", in->weight);
    snprintf(self->time, sizeof self->time, "%s", in->time);
    self->path = path;
    self->baseline = baseline;
    self->n_agents = in->agents;
    self->mass = in->mass;
    self->origin = in->origin;
    self->origin_baseline = in->origin_baseline;
    self->baseline_state = in->baseline_state;
    self->reference_spread = in->spread;
    self->certificate = in->certificate;
    self->certificate.quadrature_nodes = in->nodes;
    self->certificate.error_estimate = in->certificate.rule_change;
    self->certificate.converged = true;
    *out = self;
    self = NULL;
out:
    throng_i_indicator_clear(context, &indicator);
    throng_aggregates_free(self);
    return status;
}

throng_status throng_aggregates_load(throng_context *context, const char *path, throng_aggregates **out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    json_t *document = NULL;
    parsed in = {0};
    char hash[THRONG_I_HASH_LENGTH];
    THRONG_REQUIRE(access(path, R_OK) == 0, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    document = json_load_file(path, JSON_REJECT_DUPLICATES, &reason);
    THRONG_REQUIRE(document, E_FORMAT, "%s holds no aggregates: line %d: %s.", path, reason.line, reason.text);
    THRONG_TRY(parse(path, document, &in, err));
    THRONG_TRY(hash_document(document, hash, err));
    THRONG_REQUIRE(strcmp(hash, in.hash) == 0, E_FORMAT,
                   "%s is damaged: its content does not match its hash. Fetch it again.", path);
    THRONG_TRY(fill(context, path, &in, out, err));
out:
    json_decref(document);
    return status;
}
