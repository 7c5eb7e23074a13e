/* The report of a simulation, and its tables. */
#include "report/recording.h"

#include <math.h>
#include <string.h>

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

static json_t *indicator(throng_i_reporter *self, const throng_i_recording *it) {
    json_t *object = json_object();
    put(self, object, "name", throng_i_json_string(it->indicator->about.name));
    put(self, object, "spec", throng_i_json_string(it->indicator_spec));
    put(self, object, "summary", throng_i_json_string(it->indicator->about.summary));
    put(self, object, "reference", throng_i_json_string(it->indicator->about.reference));
    put(self, object, "column", throng_i_json_string(it->column));
    put(self, object, "over", throng_i_json_string(it->over));
    put(self, object, "value", throng_i_json_real(it->number));
    return object;
}

static json_t *trajectory(throng_i_reporter *self, const throng_i_recording *it) {
    json_t *list = json_array();
    for (int64_t step = 0; step <= it->done; step++) {
        json_t *one = json_object();
        put(self, one, "step", json_integer(step));
        put(self, one, "indicator", throng_i_json_real(it->series[step]));
        throng_i_json_append(&self->failed, list, one);
    }
    return list;
}

static json_t *rate(throng_i_reporter *self, const throng_i_recording *it) {
    json_t *object = json_object();
    double steps = (double)(it->done - it->resumed) / it->seconds;
    put(self, object, "seconds", throng_i_json_real(it->seconds));
    put(self, object, "steps_per_second", throng_i_json_real(steps));
    put(self, object, "node_updates_per_second", throng_i_json_real(steps * (double)it->population->n_agents));
    if (it->graph)
        put(self, object, "edges_per_second", throng_i_json_real(steps * (double)throng_graph_edges(it->graph)));
    return object;
}

static json_t *citations(throng_i_reporter *self, const throng_i_recording *it) {
    json_t *list = json_array();
    throng_i_report_cite_about(self, list, "world", &throng_simulation_world(it->simulation)->about);
    throng_i_report_cite_about(self, list, "indicator", &it->indicator->about);
    return throng_i_report_cite_throng(self, list);
}

throng_status throng_i_recording_report(const throng_i_recording *it, const throng_report_def *def, json_t **out,
                                        throng_error *err) {
    throng_i_reporter reporter = {.context = it->context, .population = it->population, .graph = it->graph, .def = def};
    throng_i_reporter *self = &reporter;
    json_t *document = json_object();
    put(self, document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    put(self, document, "throng", throng_i_report_program(self));
    put(self, document, "complete", json_boolean(!it->stopped));
    if (it->stopped)
        put(self, document, "stopped", throng_i_json_string(it->stopped));
    put(self, document, "agents", json_integer(it->population->n_agents));
    put(self, document, "columns", throng_i_report_columns(self));
    if (it->graph)
        put(self, document, "graph", throng_i_report_graph(self));
    put(self, document, "world", throng_i_report_simulation(&self->failed, it->simulation));
    put(self, document, "indicator", indicator(self, it));
    put(self, document, "trajectory", trajectory(self, it));
    put(self, document, "rate", rate(self, it));
    put(self, document, "timings", json_object());
    put(self, document, "provenance", throng_i_report_provenance(self));
    put(self, document, "cite", citations(self, it));
    if (self->failed) {
        json_decref(document);
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.");
    }
    *out = document;
    return THRONG_OK;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static throng_status write_trajectory(const throng_i_recording *it, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    void *steps = NULL;
    THRONG_TRY(throng_table_create(it->context, it->done + 1, &table, err));
    THRONG_TRY(throng_table_add(table, "step", THRONG_TYPE_INT64, &steps, err));
    for (int64_t step = 0; step <= it->done; step++)
        ((int64_t *)steps)[step] = step;
    THRONG_TRY(throng_table_add_view(table, "indicator", THRONG_TYPE_FLOAT64, it->series, err));
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    return status;
}

throng_status throng_i_recording_tables(const throng_i_recording *it, throng_i_run_directory *directory,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    char *path = NULL;
    THRONG_TRY(throng_i_print(it->context, &path, err, "%s/trajectory.parquet", directory->draft));
    THRONG_TRY(write_trajectory(it, path, err));
    throng_i_free(it->context, path);
    path = NULL;
    THRONG_TRY(throng_i_print(it->context, &path, err, "%s/states.parquet", directory->draft));
    THRONG_TRY(throng_i_write_states(it, path, err));
out:
    throng_i_free(it->context, path);
    return status;
}
