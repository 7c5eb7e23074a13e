/* Verifying a run directory: its study is run again, and what comes out is held against its files. */
#include "throng/verify.h"
#include "report/json.h"
#include "study/study.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------------------------- */

static throng_status read_report(const char *path, json_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    json_t *report = json_load_file(path, 0, &reason);
    THRONG_REQUIRE(report, E_FORMAT, "%s is not a report of throng's: %s.", path, reason.text);
    json_int_t schema = json_integer_value(json_object_get(report, "schema"));
    THRONG_REQUIRE(schema == THRONG_REPORT_SCHEMA, E_FORMAT,
                   "%s is of another version of throng (schema %lld, expected %d).", path, (long long)schema,
                   THRONG_REPORT_SCHEMA);
    *out = report;
    return THRONG_OK;
out:
    json_decref(report);
    return status;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

/* The same but for the last bits of numbers: another C library may round otherwise. */
#define SAME 1e-9

static double scale_of(const json_t *one, const json_t *other) {
    return fmax(fabs(json_number_value(one)), fabs(json_number_value(other)));
}

/* Whether two documents say the same; if not, where goes the place of the first difference. */
static bool same(const json_t *one, json_t *other, double floor, char *where, size_t size) {
    const char *key = NULL;
    json_t *item = NULL;
    char below[120] = "";
    if (json_is_number(one) && json_is_number(other)) {
        double apart = fabs(json_number_value(one) - json_number_value(other));
        return apart <= SAME * scale_of(one, other) + floor;
    }
    if (!one || !other || json_typeof(one) != json_typeof(other))
        return false;
    if (json_is_array(one)) {
        for (size_t i = 0; i < json_array_size(one) && i < json_array_size(other); i++)
            if (!same(json_array_get(one, i), json_array_get(other, i), floor, below, sizeof below)) {
                snprintf(where, size, "[%zu]%s", i, below);
                return false;
            }
        return json_array_size(one) == json_array_size(other);
    }
    if (!json_is_object(one))
        return json_equal(one, other);
    json_object_foreach(other, key, item) {
        if (!same(json_object_get(one, key), item, floor, below, sizeof below)) {
            snprintf(where, size, ".%s%s", key, below);
            return false;
        }
    }
    return json_object_size(one) == json_object_size(other);
}

/* What a report says of the numbers, part by part; certificates are checked where they are made. */
static void check_report(const json_t *file, const json_t *again, throng_verification *out) {
    static const char *const parts[] = {"agents",      "rows",          "times", "indicator", "cohorts",
                                        "certificate", "concentration", "top",   "by_time",   "panel"};
    char where[200], text[300];
    /* residuals and error estimates are relative, and may be rounding */
    const double rounding = 1e-9;
    double floor = 1e-12 * fabs(json_number_value(json_object_get(json_object_get(again, "certificate"), "everybody")));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *there = json_object_get(file, parts[i]);
        json_t *here = json_object_get(again, parts[i]);
        where[0] = '\0';
        if ((!there && !here) ||
            same(there, here, strcmp(parts[i], "certificate") == 0 ? rounding : floor, where, sizeof where))
            continue;
        snprintf(text, sizeof text, "report.json and the run done again differ at %s%.150s", parts[i], where);
        throng_verification_add(out, "report", THRONG_VERDICT_FAILS, (double)NAN, (double)NAN, text);
        return;
    }
    throng_verification_add(out, "report", THRONG_VERDICT_HOLDS, 0.0, SAME,
                            "the numbers in report.json come out again");
}

static void check_inputs(const json_t *file, const json_t *again, throng_verification *out) {
    const json_t *there = json_object_get(json_object_get(file, "provenance"), "inputs");
    const json_t *here = json_object_get(json_object_get(again, "provenance"), "inputs");
    bool equal = json_array_size(there) == json_array_size(here);
    for (size_t i = 0; equal && i < json_array_size(here); i++)
        equal = json_equal(json_object_get(json_array_get(there, i), "hash"),
                           json_object_get(json_array_get(here, i), "hash"));
    throng_verification_add(out, "inputs", equal ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS, (double)NAN,
                            (double)NAN,
                            equal ? "the files that were read have the content that the report names"
                                  : "a file that was read has changed since: its content is not what the report names");
}

/* The second table of runs with several times. */
static throng_status check_change(const throng_run *run, const throng_table *table, throng_verification *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view view;
    const double *again = throng_attribution_change_phi(throng_run_attribution(run));
    int64_t n = throng_population_agents(throng_run_population(run));
    double most = 0.0, largest = 0.0;
    THRONG_TRY(throng_table_find(table, "phi", &view, err));
    THRONG_REQUIRE(throng_table_rows(table) == n && view.type == THRONG_TYPE_FLOAT64, E_FORMAT,
                   "change.parquet has %lld rows, but there are %lld agents: it is not of this run.",
                   (long long)throng_table_rows(table), (long long)n);
    const double *phi = view.data;
    for (int64_t i = 0; i < n; i++) {
        double apart = fabs(phi[i] - again[i]);
        most = isnan(most) || apart <= most ? most : apart; /* NaN is kept */
        largest = fmax(largest, fabs(again[i]));
    }
    bool same = most <= 1e-12 * largest;
    throng_verification_add(out, "change", same ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS, most, 1e-12 * largest,
                            "largest difference of a credit in change.parquet from the same computed again");
out:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status compare(throng_context *context, const throng_run *run, const json_t *report,
                             const throng_table *table, const throng_table *change, uint64_t seed,
                             throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view phi;
    json_error_t reason;
    json_t *again = json_loads(throng_run_report(run), 0, &reason);
    const throng_population *population = throng_run_population(run);
    THRONG_REQUIRE(again, E_MEMORY, "Out of memory: the report could not be compared.");
    THRONG_REQUIRE(throng_table_rows(table) == throng_population_rows(population), E_FORMAT,
                   "attribution.parquet has %lld rows, but the run done again has %lld: it is not of this run, or rows "
                   "were taken away.",
                   (long long)throng_table_rows(table), (long long)throng_population_rows(population));
    THRONG_TRY(throng_table_find(table, "phi", &phi, err));
    THRONG_REQUIRE(phi.type == THRONG_TYPE_FLOAT64, E_FORMAT, "The column phi of attribution.parquet is not float64.");
    THRONG_TRY(throng_attribution_verify(context, throng_run_attribution(run), phi.data, seed, out, err));
    if (change)
        THRONG_TRY(check_change(run, change, out, err));
    check_report(report, again, out);
    check_inputs(report, again, out);
out:
    json_decref(again);
    return status;
}

throng_status throng_study_verify(throng_context *context, const char *path, throng_verification *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *study = NULL;
    throng_run *run = NULL;
    throng_table *table = NULL, *change = NULL;
    json_t *report = NULL;
    char *files[4] = {NULL};
    static const char *const names[] = {"report.json", "study.yaml", "attribution.parquet", "change.parquet"};
    const throng_column_request request = {"phi", THRONG_ROLE_NUMBER};
    for (int i = 0; i < 4; i++)
        THRONG_TRY(throng_i_print(context, &files[i], err, "%s/%s", path, names[i]));
    THRONG_TRY(read_report(files[0], &report, err));
    THRONG_TRY(throng_study_create(context, &study, err));
    THRONG_TRY(throng_study_load(study, files[1], err));
    THRONG_REQUIRE(
        !throng_study_text(study, "panel.aggregates", 0), E_UNSUPPORTED,
        "%s is a corrected panel: its credits are those of a crowd that is not here. Verify the crowd's run.", path);
    const char *const table_path = files[2];
    THRONG_TRY(throng_table_read(context, &table_path, 1, &request, 1, NULL, &table, err));
    THRONG_TRY(throng_study_run(study, NULL, NULL, false, &run, err));
    const char *const change_path = files[3];
    if (throng_population_times(throng_run_population(run)) > 1)
        THRONG_TRY(throng_table_read(context, &change_path, 1, &request, 1, NULL, &change, err));
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(json_object_get(report, "provenance"), "seed"));
    THRONG_TRY(compare(context, run, report, table, change, seed, out, err));
out:
    throng_run_free(run);
    throng_study_free(study);
    throng_table_free(table);
    throng_table_free(change);
    json_decref(report);
    for (int i = 0; i < 4; i++)
        throng_i_free(context, files[i]);
    return status;
}
