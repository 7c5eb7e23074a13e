/* report.json: the document as a whole. Its keys are described in docs/report.md. */
#include "report/report.h"

#include "attribution/attribution.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

throng_report_def throng_report_default(void) {
    return (throng_report_def){.top = 20};
}

void throng_text_free(throng_context *context, char *text) {
    throng_i_free(context, text);
}

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

void throng_i_report_fail(throng_i_reporter *self) {
    throng_error err = {0};
    self->failed = true;
    throng_status status = THRONG_FAIL(&err, E_MEMORY, "Out of memory: the report could not be made.");
    if (self->population->shared)
        (void)throng_i_ranks_fail(self->context, status, &err);
}

json_t *throng_i_report_time(const throng_i_reporter *self, int64_t time) {
    char label[256];
    throng_population_time_label(self->population, time, label, sizeof label);
    return label[0] ? throng_i_json_string(label) : json_null();
}

double throng_i_report_total(const throng_i_reporter *self, int64_t time) {
    return time < 0 ? throng_attribution_change(self->attribution).sum_phi
                    : throng_attribution_certificate(self->attribution, time).sum_phi;
}

/* ---- certificate ----------------------------------------------------------------------------------------------- */

/* The change is the difference of two value functions: it is as good as the worst of all times and of itself. */
static throng_certificate change_certificate(const throng_attribution *attribution, int64_t n_times) {
    throng_change change = throng_attribution_change(attribution);
    throng_certificate worst = throng_attribution_certificate(attribution, 0);
    for (int64_t time = 1; time < n_times; time++) {
        throng_certificate one = throng_attribution_certificate(attribution, time);
        worst.efficiency_residual = fmax(worst.efficiency_residual, one.efficiency_residual);
        worst.rule_change = fmax(worst.rule_change, one.rule_change);
        if (one.quadrature_nodes > worst.quadrature_nodes)
            worst.quadrature_nodes = one.quadrature_nodes;
        worst.error_estimate = fmax(worst.error_estimate, one.error_estimate);
        worst.evaluations += one.evaluations;
        worst.parts += one.parts;
        worst.parts_planned += one.parts_planned;
        worst.efficient = worst.efficient && one.efficient;
        worst.converged = worst.converged && one.converged;
    }
    worst.efficiency_residual = fmax(worst.efficiency_residual, change.efficiency_residual);
    if (worst.quadrature_nodes > 0) /* the tolerance of other methods is not about this */
        worst.converged = worst.converged && change.efficiency_residual <= worst.tolerance;
    worst.nobody = change.baseline_shift;
    worst.everybody = change.after - change.before;
    worst.sum_phi = change.sum_phi;
    return worst;
}

json_t *throng_i_report_certificate(throng_i_reporter *self, const throng_attribution *attribution, int64_t time) {
    throng_certificate it = time < 0 ? change_certificate(attribution, self->population->n_times)
                                     : throng_attribution_certificate(attribution, time);
    json_t *object = json_object();
    put(self, object, "efficiency_residual", throng_i_json_real(it.efficiency_residual));
    put(self, object, "rule_change", throng_i_json_real(it.rule_change));
    put(self, object, "tolerance", throng_i_json_real(it.tolerance));
    put(self, object, "quadrature_nodes", json_integer(it.quadrature_nodes));
    put(self, object, "evaluations", json_integer(it.evaluations));
    put(self, object, "error_estimate", throng_i_json_real(it.error_estimate));
    if (it.interval > 0.0)
        put(self, object, "interval", throng_i_json_real(it.interval));
    if (it.parts_name) {
        put(self, object, "sampled", json_integer(it.parts));
        put(self, object, "sampled_at_most", json_integer(it.parts_planned));
        put(self, object, "sampled_unit", throng_i_json_string(it.parts_name));
    }
    put(self, object, "efficient", json_boolean(it.efficient));
    put(self, object, "converged", json_boolean(it.converged));
    put(self, object, "nobody", throng_i_json_real(it.nobody));
    put(self, object, "everybody", throng_i_json_real(it.everybody));
    put(self, object, "sum_phi", throng_i_json_real(it.sum_phi));
    put(self, object, "method", throng_i_json_string(throng_attribution_resolved(attribution).method));
    return object;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

json_t *throng_i_report_program(throng_i_reporter *self) {
    json_t *object = json_object();
    put(self, object, "version", json_string(throng_version()));
    put(self, object, "revision", json_string(throng_revision()));
    return object;
}

static json_t *indicator(throng_i_reporter *self) {
    throng_attribution_def resolved = throng_attribution_resolved(self->attribution);
    const throng_indicator *descriptor = throng_attribution_indicator(self->attribution);
    throng_change change = throng_attribution_change(self->attribution);
    json_t *object = json_object();
    put(self, object, "name", throng_i_json_string(descriptor->about.name));
    put(self, object, "spec", throng_i_json_string(resolved.indicator));
    put(self, object, "summary", throng_i_json_string(descriptor->about.summary));
    put(self, object, "reference", throng_i_json_string(descriptor->about.reference));
    put(self, object, "path", throng_i_json_string(throng_path_name(resolved.path)));
    put(self, object, "baseline_kind", throng_i_json_string(throng_baseline_name(resolved.baseline)));
    put(self, object, "weighted", json_boolean(throng_attribution_weighted(self->attribution)));
    put(self, object, "baseline", throng_i_json_real(change.before));
    put(self, object, "observed", throng_i_json_real(change.after));
    if (self->population->n_times > 1) {
        put(self, object, "change_from", throng_i_report_time(self, 0));
        put(self, object, "change_to", throng_i_report_time(self, self->population->n_times - 1));
        put(self, object, "baseline_shift", throng_i_json_real(change.baseline_shift));
    }
    return object;
}

/* "party/chamber", null without any. */
static json_t *cohort_columns(const throng_population *population) {
    char names[1024] = "";
    size_t used = 0;
    for (int i = 0; i < population->n_cohort_levels && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? "/" : "", population->cohort[i].name);
    return throng_i_json_string(population->n_cohort_levels > 0 ? names : NULL);
}

json_t *throng_i_report_columns(throng_i_reporter *self) {
    const throng_population *population = self->population;
    json_t *object = json_object();
    put(self, object, "state", throng_i_json_string(population->state.name));
    put(self, object, "id", throng_i_json_string(population->ids.name));
    put(self, object, "time", throng_i_json_string(population->times.name));
    put(self, object, "weight", throng_i_json_string(population->weight.name));
    put(self, object, "baseline", throng_i_json_string(population->baseline.name));
    put(self, object, "cohort", cohort_columns(population));
    return object;
}

json_t *throng_i_report_graph(throng_i_reporter *self) {
    throng_graph_counts counts = throng_graph_counted(self->graph);
    json_t *object = json_object();
    put(self, object, "edges", json_integer(counts.edges));
    put(self, object, "given", json_integer(counts.given));
    put(self, object, "missing", json_integer(counts.missing));
    put(self, object, "self_loops", json_integer(counts.loops));
    put(self, object, "repeated", json_integer(counts.repeated));
    return object;
}

/* Who has how much of it: cohorts, and if the players are agents, those. */
static void put_credit(throng_i_reporter *self, json_t *object, int64_t time) {
    put(self, object, "cohorts", throng_i_report_cohorts(self, time));
    if (self->attribution->cohort_phi)
        return;
    put(self, object, "concentration", throng_i_report_concentration(self, time));
    put(self, object, "top", throng_i_report_top(self, time));
}

/* @param whole the report so far: with one time, what it says of the whole crowd is about that time */
static json_t *one_time(throng_i_reporter *self, json_t *whole, int64_t time) {
    static const char *const parts[] = {"cohorts", "concentration", "top"};
    int64_t begin = 0, end = 0;
    throng_population_slice(self->population, time, &begin, &end);
    throng_certificate certificate = throng_attribution_certificate(self->attribution, time);
    json_t *object = json_object(), *values = json_object();
    put(self, values, "baseline", throng_i_json_real(certificate.nobody));
    put(self, values, "observed", throng_i_json_real(certificate.everybody));
    put(self, object, "time", throng_i_report_time(self, time));
    put(self, object, "agents", json_integer(end - begin));
    put(self, object, "indicator", values);
    put(self, object, "certificate", throng_i_report_certificate(self, self->attribution, time));
    if (self->population->n_times > 1)
        put_credit(self, object, time);
    for (int i = 0; i < 3 && self->population->n_times == 1; i++)
        if (json_object_get(whole, parts[i]))
            put(self, object, parts[i], json_deep_copy(json_object_get(whole, parts[i])));
    return object;
}

static json_t *by_time(throng_i_reporter *self, json_t *whole) {
    json_t *list = json_array();
    for (int64_t time = 0; time < self->population->n_times; time++)
        throng_i_json_append(&self->failed, list, one_time(self, whole, time));
    return list;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

throng_status throng_i_report_make(throng_context *context, const throng_attribution *attribution,
                                   const throng_cohorts *cohorts, const throng_report_def *def, json_t **out,
                                   throng_error *err) {
    const throng_population *population = attribution->population;
    throng_i_reporter reporter = {.context = context,
                                  .attribution = attribution,
                                  .population = population,
                                  .cohorts = cohorts,
                                  .def = def,
                                  .graph = throng_attribution_resolved(attribution).graph};
    throng_i_reporter *self = &reporter;
    int64_t whole = population->n_times > 1 ? -1 : 0; /* the change, or the only time there is */
    if (def->top < 0)
        return THRONG_FAIL(err, E_ARGUMENT, "top must not be negative, got %d.", def->top);
    json_t *document = json_object();
    put(self, document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    put(self, document, "throng", throng_i_report_program(self));
    put(self, document, "complete", json_boolean(throng_attribution_complete(attribution)));
    put(self, document, "agents", json_integer(population->n_agents));
    put(self, document, "rows", json_integer(population->n_rows));
    put(self, document, "rows_dropped", json_integer(population->n_dropped));
    put(self, document, "times", json_integer(population->n_times));
    if (throng_population_unlisted(population) >= 0)
        put(self, document, "agents_unlisted", json_integer(throng_population_unlisted(population)));
    put(self, document, "players", json_string(throng_players_name(throng_attribution_resolved(attribution).players)));
    put(self, document, "columns", throng_i_report_columns(self));
    if (self->graph)
        put(self, document, "graph", throng_i_report_graph(self));
    if (attribution->world)
        put(self, document, "world", throng_i_report_world(self));
    put(self, document, "indicator", indicator(self));
    put(self, document, "certificate", throng_i_report_certificate(self, attribution, whole));
    put_credit(self, document, whole);
    put(self, document, "by_time", by_time(self, document));
    if (def->aggregates)
        put(self, document, "aggregates", throng_i_report_aggregates(self));
    if (def->panel)
        put(self, document, "panel", throng_i_report_panel(self));
    put(self, document, "timings", json_object());
    put(self, document, "provenance", throng_i_report_provenance(self));
    put(self, document, "cite", throng_i_report_cite(self));
    put(self, document, "notes", throng_i_report_notes(self));
    if (self->failed) {
        json_decref(document);
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.");
    }
    *out = document;
    return THRONG_OK;
}

throng_status throng_i_report_finish(json_t *document, const throng_timing *timings, int n_timings, throng_error *err) {
    json_t *object = json_object();
    double sum = 0.0, total = NAN;
    bool failed = false;
    for (int i = 0; i < n_timings; i++) {
        char key[80];
        if (strcmp(timings[i].stage, "total") == 0) {
            total = timings[i].seconds;
            continue;
        }
        snprintf(key, sizeof key, "%s_seconds", timings[i].stage);
        throng_i_json_put(&failed, object, key, throng_i_json_real(timings[i].seconds));
        sum += timings[i].seconds;
    }
    if (isnan(total))
        total = sum;
    throng_i_json_put(&failed, object, "total_seconds", throng_i_json_real(total));
    throng_i_json_put(&failed, document, "timings", object);
    if (!failed)
        return throng_i_report_answer(document, err);
    return THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.");
}

throng_status throng_report_json(throng_context *context, const throng_attribution *attribution,
                                 const throng_cohorts *cohorts, const throng_report_def *def, char **json,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *document = NULL;
    THRONG_TRY(throng_i_report_make(context, attribution, cohorts, def, &document, err));
    THRONG_TRY(throng_i_report_finish(document, def->timings, def->n_timings, err));
    THRONG_TRY(throng_i_json_text(context, document, json, err));
out:
    json_decref(document);
    return status;
}
