/* Verifying report.json: every number against the same in the report of the run done again. */
#include "study/verify.h"

#include "attribution/relative.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- comparing documents --------------------------------------------------------------------------------------- */

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

/* Takes a key out of a document, wherever it is. */
static void take_out(json_t *document, const char *unwanted) {
    const char *key = NULL;
    json_t *item = NULL;
    json_object_del(document, unwanted);
    json_object_foreach(document, key, item) take_out(item, unwanted);
    for (size_t i = 0; i < json_array_size(document); i++)
        take_out(json_array_get(document, i), unwanted);
}

/* ---- report.json ----------------------------------------------------------------------------------------------- */

/* What attribution.parquet does not hold: the column that cohorts are formed by, and in which order agents first came,
 * by which ties and draws go. Gives a sentence about it, "" if nothing is missing. */
static const char *forget(const throng_i_verify *self, json_t *file, json_t *again) {
    bool several = throng_population_times(throng_run_population(self->run)) > 1;
    bool cohorts = throng_study_text(self->study, "cohorts.by", 0);
    json_t *documents[2] = {file, again};
    for (int i = 0; i < 2 && self->from_table; i++) {
        take_out(documents[i], "meaning"); /* it names the inputs' column */
        if (cohorts) {
            take_out(documents[i], "cohorts");
            take_out(documents[i], "cohort");
            json_object_del(documents[i], "agents_unlisted");
        }
        if (several) {
            json_object_del(documents[i], "top");
            json_object_del(documents[i], "panel");
        }
    }
    return !self->from_table || !(cohorts || several) ? ""
           : cohorts && several                       ? ", but for cohorts, top agents of the change and panel"
           : cohorts                                  ? ", but for cohorts"
                                                      : ", but for top agents of the change and panel";
}

void throng_i_verify_report(throng_i_verify *self, const json_t *again) {
    static const char *const parts[] = {"agents",  "rows",      "times",   "agents_unlisted", "players",       "graph",
                                        "world",   "indicator", "cohorts", "certificate",     "concentration", "top",
                                        "by_time", "panel"};
    char where[200] = "";
    /* residuals and error estimates are relative, and may be rounding */
    const double rounding = 1e-9;
    double floor = 1e-12 * fabs(json_number_value(json_object_get(json_object_get(again, "certificate"), "everybody")));
    json_t *file = json_deep_copy(self->report), *other = json_deep_copy(again);
    const char *forgotten = forget(self, file, other);
    size_t i = 0, n = sizeof parts / sizeof *parts;
    for (; i < n; i++) {
        const json_t *there = json_object_get(file, parts[i]);
        json_t *here = json_object_get(other, parts[i]);
        bool certificate = strcmp(parts[i], "certificate") == 0;
        if ((there || here) && !same(there, here, certificate ? rounding : floor, where, sizeof where))
            break;
    }
    if (i < n)
        throng_i_verify_say(self, "report", THRONG_VERDICT_FAILS,
                            "report.json and the run done again differ at %s%.150s", parts[i], where);
    else
        throng_i_verify_say(self, "report", THRONG_VERDICT_HOLDS, "the numbers in report.json come out again%s",
                            forgotten);
    json_decref(file);
    json_decref(other);
}

/* ---- inputs ---------------------------------------------------------------------------------------------------- */

void throng_i_verify_inputs(throng_i_verify *self, const json_t *again) {
    const json_t *there = json_object_get(json_object_get(self->report, "provenance"), "inputs");
    const json_t *here = json_object_get(json_object_get(again, "provenance"), "inputs");
    if (json_array_size(there) != json_array_size(here)) {
        throng_i_verify_say(self, "inputs", THRONG_VERDICT_FAILS, "%zu files were read, but report.json names %zu",
                            json_array_size(here), json_array_size(there));
        return;
    }
    for (size_t i = 0; i < json_array_size(here); i++) {
        const json_t *one = json_array_get(there, i), *other = json_array_get(here, i);
        if (json_equal(json_object_get(one, "hash"), json_object_get(other, "hash")))
            continue;
        throng_i_verify_say(self, "inputs", THRONG_VERDICT_FAILS,
                            "%s has changed since: its content is not what report.json names",
                            json_string_value(json_object_get(other, "path")));
        return;
    }
    throng_i_verify_say(self, "inputs", THRONG_VERDICT_HOLDS,
                        json_array_size(here) > 0 ? "the files that were read have the content that report.json names"
                                                  : "no file was read: the crowd is made, not found");
}

/* ---- without a run --------------------------------------------------------------------------------------------- */

void throng_i_verify_certificate(throng_i_verify *self, int64_t rows, const double *phi, int64_t per_time) {
    const json_t *times = json_object_get(self->report, "by_time");
    double worst = 0.0, allowed = SAME;
    int64_t row = 0;
    for (size_t i = 0; i < json_array_size(times); i++) {
        const json_t *time = json_array_get(times, i), *it = json_object_get(time, "certificate");
        int64_t n = per_time > 0 ? per_time : json_integer_value(json_object_get(time, "agents"));
        double sum = 0.0, absolute = 0.0;
        double whole =
            json_number_value(json_object_get(it, "everybody")) - json_number_value(json_object_get(it, "nobody"));
        if (!json_is_true(json_object_get(it, "efficient"))) {
            throng_i_verify_say(self, "efficiency", THRONG_VERDICT_NOT_APPLICABLE,
                                "the method does not promise that credits add up");
            return;
        }
        for (int64_t end = row + n; row < end && row < rows; row++) {
            sum += phi[row];
            absolute += fabs(phi[row]);
        }
        double off = throng_i_relative(sum - whole, whole, absolute);
        worst = isnan(worst) || off <= worst ? worst : off; /* NaN is kept */
        if (json_integer_value(json_object_get(it, "quadrature_nodes")) > 0)
            allowed = fmax(allowed, json_number_value(json_object_get(it, "tolerance")));
    }
    throng_verification_add(self->out, "efficiency", worst <= allowed ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS,
                            worst, allowed,
                            "credits in the file against what report.json says of the indicator, the worst of all "
                            "times");
}
