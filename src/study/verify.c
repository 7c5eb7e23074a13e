/*
 * Verifying a run directory: its study is run again, and what comes out is held against its files.
 *
 * Whatever is wrong with a file is a verdict. Where the inputs are gone, attribution.parquet takes their place: it has
 * ids, times, states, weights and baselines, in the order in which they were attributed. Where that will not do either
 * (a network without its edges), report.json and the credits are held against each other.
 */
#define _POSIX_C_SOURCE 200809L
#include "study/verify.h"

#include "population/population.h"
#include "study/run.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void throng_i_verify_say(throng_i_verify *self, const char *name, throng_verdict verdict, const char *format, ...) {
    char text[THRONG_MESSAGE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throng_verification_add(self->out, name, verdict, (double)NAN, (double)NAN, text);
}

/* ---- reading the directory ------------------------------------------------------------------------------------- */

static throng_status find_files(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    THRONG_REQUIRE(stat(self->path, &facts) == 0, E_FILE, "%s cannot be read: %s.", self->path, strerror(errno));
    THRONG_REQUIRE(S_ISDIR(facts.st_mode), E_FILE, "%s is not a directory: name the one that --out made.", self->path);
    THRONG_TRY(throng_i_print(self->context, &self->report_file, err, "%s/report.json", self->path));
    THRONG_TRY(throng_i_print(self->context, &self->study_file, err, "%s/study.yaml", self->path));
    THRONG_TRY(throng_i_print(self->context, &self->table_file, err, "%s/attribution.parquet", self->path));
    THRONG_TRY(throng_i_print(self->context, &self->change_file, err, "%s/change.parquet", self->path));
    THRONG_TRY(throng_i_print(self->context, &self->cohorts_file, err, "%s/cohorts.parquet", self->path));
    THRONG_TRY(throng_i_print(self->context, &self->steps_file, err, "%s/steps.parquet", self->path));
    bool readable = access(self->report_file, R_OK) == 0;
    THRONG_REQUIRE(readable || errno != ENOENT, E_FILE, "%s is not a run directory: it has no report.json.",
                   self->path);
    THRONG_REQUIRE(readable, E_FILE, "%s cannot be read: %s.", self->report_file, strerror(errno));
out:
    return status;
}

/* What a report is of that is no attribution; NULL: it is one, or nothing known. */
static const char *other_work(const json_t *report) {
    return json_object_get(report, "solution")       ? "a solved game"
           : json_object_get(report, "sweep")        ? "a sweep"
           : json_object_get(report, "intervention") ? "an intervention"
           : json_object_get(report, "trajectory")   ? "a simulation"
           : json_object_get(report, "cascades")     ? "cascades"
                                                     : NULL;
}

static throng_status read_report(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    json_t *report = json_load_file(self->report_file, 0, &reason);
    const json_t *schema = json_object_get(report, "schema");
    const char *other = other_work(report);
    THRONG_REQUIRE(!other, E_UNSUPPORTED, "%s is of %s: only attributions can be verified.", self->path, other);
    if (!report)
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "%s is not a report of throng's: line %d: %.200s",
                            self->report_file, reason.line, reason.text);
    else if (!json_is_integer(schema) || !json_is_object(json_object_get(report, "certificate")))
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "%s is not a report of throng's: it has no %s",
                            self->report_file, json_is_integer(schema) ? "certificate" : "schema");
    else {
        THRONG_REQUIRE(json_integer_value(schema) == THRONG_REPORT_SCHEMA, E_FORMAT,
                       "%s is of another version of throng (schema %lld, expected %d).", self->report_file,
                       (long long)json_integer_value(schema), THRONG_REPORT_SCHEMA);
        self->report = report;
        report = NULL;
    }
out:
    json_decref(report);
    return status;
}

static throng_status read_study(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_study *study = NULL;
    THRONG_TRY(throng_study_create(self->context, &study, err));
    throng_status loaded = throng_study_load(study, self->study_file, &reason);
    THRONG_TRY(throng_i_verify_ends(loaded, &reason, err));
    if (loaded != THRONG_OK) {
        throng_i_verify_say(self, "files", THRONG_VERDICT_FAILS, "%s", reason.message);
        goto out;
    }
    THRONG_REQUIRE(!throng_study_text(study, "panel.aggregates", 0), E_UNSUPPORTED,
                   "%s is a corrected panel: its credits are those of a crowd that is not here. Verify the crowd's "
                   "run.",
                   self->path);
    self->study = study;
    study = NULL;
out:
    throng_study_free(study);
    return status;
}

/* ---- running it again ------------------------------------------------------------------------------------------ */

static void clear_key(throng_study *study, const char *key) {
    throng_i_study_clear(study, throng_i_study_key_index(key));
}

/* Cohorts by the weight, or none. */
static void clear_cohorts(throng_study *study) {
    static const char *const keys[] = {"cohorts.by", "cohorts.table", "cohorts.key", "cohorts.missing"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        clear_key(study, keys[i]);
}

/* Makes the study one of attribution.parquet, whose columns have names of their own. */
static throng_status use_table(throng_i_verify *self, throng_study *study, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *baseline = throng_study_text(study, "attribution.baseline", 0);
    bool column =
        baseline && strcmp(baseline, "neutral") != 0 && strcmp(baseline, "mean") != 0 && strcmp(baseline, "first") != 0;
    clear_key(study, "population.table");
    clear_key(study, "population.generate");
    clear_key(study, "population.where");
    clear_cohorts(study);
    THRONG_TRY(throng_study_set(study, "population.table", self->table_file, err));
    THRONG_TRY(throng_study_set(study, "population.state", "state", err));
    THRONG_TRY(throng_study_set(study, "population.id", "id", err));
    if (throng_study_text(study, "population.time", 0))
        THRONG_TRY(throng_study_set(study, "population.time", "time", err));
    if (throng_study_text(study, "population.weight", 0))
        THRONG_TRY(throng_study_set(study, "population.weight", "weight", err));
    if (column)
        THRONG_TRY(throng_study_set(study, "attribution.baseline", "column:baseline", err));
out:
    return status;
}

static throng_status run_from_table(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    self->from_table = true;
    THRONG_TRY(throng_i_study_copy(self->study, &copy, err));
    THRONG_TRY(use_table(self, copy, err));
    THRONG_TRY(throng_study_run(copy, NULL, NULL, false, &self->run, err));
out:
    throng_study_free(copy);
    return status;
}

static throng_status run_from_inputs(throng_i_verify *self, throng_error *err) {
    throng_status status = throng_i_study_load_plugins(self->study, err);
    const char *table = throng_study_text(self->study, "population.table", 0);
    if (status != THRONG_OK)
        return status;
    clear_key(self->study, "run.plugins"); /* once for all runs */
    clear_key(self->study, "graph.cache"); /* the edges themselves are what is looked at */
    if (table && strcmp(table, "-") == 0)
        return THRONG_FAIL(err, E_FILE, "The table came through standard input.");
    return throng_study_run(self->study, NULL, NULL, false, &self->run, err);
}

/* Whether a run fails for want of a file; what is there but will not do has been changed. */
static throng_verdict blame(throng_status status) {
    return status == THRONG_E_FILE || status == THRONG_E_PLUGIN ? THRONG_VERDICT_NOT_APPLICABLE : THRONG_VERDICT_FAILS;
}

/* Runs the study again; from attribution.parquet if the inputs are gone, or are no longer what they were. */
static throng_status run_again(throng_i_verify *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_status made = run_from_inputs(self, &reason);
    THRONG_TRY(throng_i_verify_ends(made, &reason, err));
    if (made == THRONG_OK)
        return THRONG_OK;
    throng_i_verify_say(self, "inputs", blame(made), "the run cannot be done again from its inputs. %.400s",
                        reason.message);
    self->out->partial = true;
    if (made != THRONG_E_PLUGIN && self->agents) /* without its plug-in nothing helps */
        made = run_from_table(self, &reason);
    THRONG_TRY(throng_i_verify_ends(made, &reason, err));
    if (made != THRONG_OK)
        throng_i_verify_say(self, "repeat", blame(made), "the run cannot be done again%s. %.400s",
                            self->from_table ? " from attribution.parquet either"
                            : self->agents   ? ""
                                             : ": without credits of agents there is no attribution.parquet",
                            reason.message);
out:
    return status;
}

/* ---- activity -------------------------------------------------------------------------------------------------- */

/* A column of the inputs in the order of the run's rows: *crowd owns it, as its cohort column; *activity [rows]. */
static throng_status read_activity(throng_i_verify *self, const char *column, throng_run **crowd, double **activity,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    THRONG_TRY(throng_i_study_copy(self->study, &copy, err));
    clear_cohorts(copy);
    THRONG_TRY(throng_study_set(copy, "cohorts.by", column, err));
    THRONG_TRY(throng_i_study_crowd(copy, crowd, err));
    const throng_column_view *view = &throng_run_population(*crowd)->cohort[0];
    int64_t n = throng_population_rows(throng_run_population(self->run));
    THRONG_REQUIRE(view->type != THRONG_TYPE_TEXT && view->type != THRONG_TYPE_DATE &&
                       view->type != THRONG_TYPE_TIMESTAMP && view->n_rows == n,
                   E_COLUMN, "--activity %s: activity is a number, but the column is of type %s.", column,
                   throng_type_name(view->type));
    THRONG_TRY(throng_i_resize(self->context, activity, n, sizeof **activity, err));
    for (int64_t row = 0; row < n; row++) {
        double scratch[1];
        (*activity)[row] = *throng_i_column_block(view, row, 1, scratch);
    }
out:
    throng_study_free(copy);
    return status;
}

/* ---- the checks ------------------------------------------------------------------------------------------------ */

static throng_status check_credits(throng_i_verify *self, const double *phi, const char *column, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_run *crowd = NULL;
    double *activity = NULL;
    const throng_attribution *again = throng_run_attribution(self->run);
    throng_verify_def def = {.seed = throng_attribution_resolved(again).seed};
    if (column && self->from_table)
        throng_i_verify_say(self, "activity", THRONG_VERDICT_NOT_APPLICABLE,
                            "%s is a column of the inputs: there is no order by activity without them", column);
    else if (column)
        THRONG_TRY(read_activity(self, column, &crowd, &activity, err));
    def.activity = activity;
    THRONG_TRY(throng_attribution_verify(self->context, again, phi, &def, self->out, err));
out:
    throng_i_free(self->context, activity);
    throng_run_free(crowd);
    return status;
}

static throng_status check_against_run(throng_i_verify *self, const double *phi, const char *activity,
                                       throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    json_t *again = json_loads(throng_run_report(self->run), 0, &reason);
    THRONG_REQUIRE(again, E_MEMORY, "Out of memory: the report could not be compared.");
    if (phi)
        THRONG_TRY(check_credits(self, phi, activity, err));
    if (activity && !self->agents)
        throng_i_verify_say(self, "activity", THRONG_VERDICT_NOT_APPLICABLE,
                            "the players are cohorts: agents are in no order");
    if (self->agents && throng_population_times(throng_run_population(self->run)) > 1)
        THRONG_TRY(throng_i_verify_change(self, err));
    THRONG_TRY(throng_i_verify_cohorts(self, err));
    if (self->agents)
        THRONG_TRY(throng_i_verify_steps(self, err));
    if (self->report)
        throng_i_verify_report(self, again);
    if (self->report && !self->from_table)
        throng_i_verify_inputs(self, again);
out:
    json_decref(again);
    return status;
}

/* Whether the credits are as many as report.json says: what a run from attribution.parquet would not notice. */
static void check_count(throng_i_verify *self, int64_t rows) {
    json_int_t wanted = json_integer_value(json_object_get(self->report, "rows"));
    if (self->report && rows != wanted)
        throng_i_verify_say(self, "table", THRONG_VERDICT_FAILS,
                            "attribution.parquet has %lld rows, report.json says %lld", (long long)rows,
                            (long long)wanted);
}

/* By the study, or, if that is damaged, by the report. */
static bool has_agents(const throng_i_verify *self) {
    const char *players = self->study ? throng_study_text(self->study, "attribution.players", 0)
                                      : json_string_value(json_object_get(self->report, "players"));
    return !players || strcmp(players, throng_players_name(THRONG_PLAYERS_COHORTS)) != 0;
}

static throng_status check_all(throng_i_verify *self, const char *activity, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    const double *phi = NULL;
    THRONG_TRY(find_files(self, err));
    THRONG_TRY(read_report(self, err));
    THRONG_TRY(read_study(self, err));
    self->agents = has_agents(self);
    if (self->study)
        THRONG_TRY(run_again(self, err));
    if (self->agents)
        THRONG_TRY(throng_i_verify_table(self, &table, &phi, err));
    if (table && (self->from_table || !self->run))
        check_count(self, throng_table_rows(table));
    if (self->run)
        THRONG_TRY(check_against_run(self, phi, activity, err));
    else if (phi && self->report)
        throng_i_verify_certificate(self, throng_table_rows(table), phi, 0);
    else if (!self->agents && self->report)
        THRONG_TRY(throng_i_verify_cohort_sums(self, err));
out:
    throng_table_free(table);
    return status;
}

throng_status throng_study_verify(throng_context *context, const char *path, const char *activity,
                                  throng_verification *out, throng_error *err) {
    throng_verification result = throng_verification_default();
    throng_i_verify self = {.context = context, .path = path, .out = &result};
    throng_status status = check_all(&self, activity, err);
    if (status == THRONG_OK)
        *out = result;
    throng_run_free(self.run);
    throng_study_free(self.study);
    json_decref(self.report);
    throng_i_free(context, self.report_file);
    throng_i_free(context, self.study_file);
    throng_i_free(context, self.table_file);
    throng_i_free(context, self.change_file);
    throng_i_free(context, self.cohorts_file);
    throng_i_free(context, self.steps_file);
    return status;
}
