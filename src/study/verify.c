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
    static const char *const parts[] = {"agents",      "rows",          "times", "players", "indicator", "cohorts",
                                        "certificate", "concentration", "top",   "by_time", "panel"};
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

/* A column of credits in a table of the run directory against the same computed again. */
static throng_status check_credits(const throng_table *table, const char *file, const char *name, const double *again,
                                   int64_t n, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view view;
    char text[160];
    double most = 0.0, largest = 0.0;
    THRONG_TRY(throng_table_find(table, "phi", &view, err));
    THRONG_REQUIRE(throng_table_rows(table) == n && view.type == THRONG_TYPE_FLOAT64, E_FORMAT,
                   "%s has %lld rows, but the run done again has %lld: it is not of this run.", file,
                   (long long)throng_table_rows(table), (long long)n);
    const double *phi = view.data;
    for (int64_t i = 0; i < n; i++) {
        double apart = fabs(phi[i] - again[i]);
        most = isnan(most) || apart <= most ? most : apart; /* NaN is kept */
        largest = fmax(largest, fabs(again[i]));
    }
    bool same = most <= 1e-12 * largest;
    snprintf(text, sizeof text, "largest difference of a credit in %s from the same computed again", file);
    throng_verification_add(out, name, same ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS, most, 1e-12 * largest, text);
out:
    return status;
}

/* Runs with several times. */
static throng_status check_change(const throng_run *run, const throng_table *table, throng_verification *out,
                                  throng_error *err) {
    return check_credits(table, "change.parquet", "change", throng_attribution_change_phi(throng_run_attribution(run)),
                         throng_population_agents(throng_run_population(run)), out, err);
}

/* A row a branch and time, then, with several times, the change's. */
static throng_status check_cohorts(throng_context *context, const throng_run *run, const throng_table *table,
                                   throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_cohorts *cohorts = throng_run_cohorts(run);
    int n = throng_cohorts_branches(cohorts);
    int64_t n_times = throng_population_times(throng_run_population(run)), periods = n_times > 1 ? n_times + 1 : 1;
    throng_cohort_credit *credit = NULL;
    double *phi = NULL;
    THRONG_TRY(throng_i_alloc(context, n, sizeof *credit, &credit, err));
    THRONG_TRY(throng_i_alloc(context, n * periods, sizeof *phi, &phi, err));
    for (int64_t period = 0; period < periods; period++) {
        throng_attribution_branches(throng_run_attribution(run), cohorts, period < n_times ? period : -1, credit);
        for (int i = 0; i < n; i++)
            phi[period * n + i] = credit[i].phi;
    }
    THRONG_TRY(check_credits(table, "cohorts.parquet", "cohorts", phi, n * periods, out, err));
out:
    throng_i_free(context, credit);
    throng_i_free(context, phi);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* The tables of a run directory. */
typedef struct tables {
    throng_table *attribution, *change; /* NULL: there is none, as the players are cohorts or there is one time */
    throng_table *cohorts;
} tables;

static throng_status read_table(throng_context *context, const char *path, const char *name, throng_table **out,
                                throng_error *err) {
    static const throng_column_request request = {"phi", THRONG_ROLE_NUMBER};
    char *file = NULL;
    throng_status status = throng_i_print(context, &file, err, "%s/%s", path, name);
    if (status == THRONG_OK) {
        const char *const borrowed = file;
        status = throng_table_read(context, &borrowed, 1, &request, 1, NULL, out, err);
    }
    throng_i_free(context, file);
    return status;
}

static throng_status check_agents(throng_context *context, const throng_run *run, const throng_table *table,
                                  uint64_t seed, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_column_view phi;
    const throng_population *population = throng_run_population(run);
    THRONG_REQUIRE(throng_table_rows(table) == throng_population_rows(population), E_FORMAT,
                   "attribution.parquet has %lld rows, but the run done again has %lld: it is not of this run, or rows "
                   "were taken away.",
                   (long long)throng_table_rows(table), (long long)throng_population_rows(population));
    THRONG_TRY(throng_table_find(table, "phi", &phi, err));
    THRONG_REQUIRE(phi.type == THRONG_TYPE_FLOAT64, E_FORMAT, "The column phi of attribution.parquet is not float64.");
    THRONG_TRY(throng_attribution_verify(context, throng_run_attribution(run), phi.data, seed, out, err));
out:
    return status;
}

static throng_status compare(throng_context *context, const throng_run *run, const json_t *report, const tables *files,
                             throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    json_t *again = json_loads(throng_run_report(run), 0, &reason);
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(json_object_get(report, "provenance"), "seed"));
    *out = (throng_verification){.holds = true};
    THRONG_REQUIRE(again, E_MEMORY, "Out of memory: the report could not be compared.");
    if (files->attribution)
        THRONG_TRY(check_agents(context, run, files->attribution, seed, out, err));
    if (files->change)
        THRONG_TRY(check_change(run, files->change, out, err));
    THRONG_TRY(check_cohorts(context, run, files->cohorts, out, err));
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
    tables files = {.attribution = NULL};
    json_t *report = NULL;
    char *names[2] = {NULL};
    THRONG_TRY(throng_i_print(context, &names[0], err, "%s/report.json", path));
    THRONG_TRY(throng_i_print(context, &names[1], err, "%s/study.yaml", path));
    THRONG_TRY(read_report(names[0], &report, err));
    THRONG_TRY(throng_study_create(context, &study, err));
    THRONG_TRY(throng_study_load(study, names[1], err));
    THRONG_REQUIRE(
        !throng_study_text(study, "panel.aggregates", 0), E_UNSUPPORTED,
        "%s is a corrected panel: its credits are those of a crowd that is not here. Verify the crowd's run.", path);
    bool agents = strcmp(throng_study_text(study, "attribution.players", 0), "agents") == 0;
    if (agents)
        THRONG_TRY(read_table(context, path, "attribution.parquet", &files.attribution, err));
    THRONG_TRY(read_table(context, path, "cohorts.parquet", &files.cohorts, err));
    THRONG_TRY(throng_study_run(study, NULL, NULL, false, &run, err));
    if (agents && throng_population_times(throng_run_population(run)) > 1)
        THRONG_TRY(read_table(context, path, "change.parquet", &files.change, err));
    THRONG_TRY(compare(context, run, report, &files, out, err));
out:
    throng_run_free(run);
    throng_study_free(study);
    throng_table_free(files.attribution);
    throng_table_free(files.change);
    throng_table_free(files.cohorts);
    json_decref(report);
    throng_i_free(context, names[0]);
    throng_i_free(context, names[1]);
    return status;
}
