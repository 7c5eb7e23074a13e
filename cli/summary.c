/* The short summary of a report on the terminal: the answer in a sentence, the tables, the certificate in words. */
#include "cli/summary.h"

#include "cli/command.h"

#include <math.h>
#include <string.h>

/* ---- the answer ------------------------------------------------------------------------------------------------ */

/* "day 14", "2024-11-05" or, without a time column, "" */
static throng_phrase time_name(const json_t *report, const char *label) {
    const char *column = cli_json_text(report, "columns.time");
    throng_phrase out = {""};
    char text[128];
    if (!*label)
        return out;
    const char *digits = label + (*label == '-');
    bool number = strspn(digits, "0123456789") == strlen(digits);
    snprintf(text, sizeof text, "%s%s%s", number ? column : "", number ? " " : "", label);
    return throng_phrase_clip(text, 40);
}

static void print_in(const char *style, const char *plain, const char *text, int width) {
    fputs(style, stdout);
    cli_print_wrapped(stdout, text, 0, width);
    fputs(plain, stdout);
}

void cli_summary_answer(const cli_style *style, const json_t *report, const char *which) {
    const char *text = cli_json_text(report, which);
    if (*text)
        print_in(style->bold, style->plain, text, style->width);
    else
        print_in(style->dim, style->plain, "(This run was made by an older throng and has no answer in words.)",
                 style->width);
}

void cli_summary_about(const cli_style *style, const json_t *report) {
    const char *text = cli_json_text(report, "answer.about");
    if (*text)
        print_in(style->dim, style->plain, text, style->width);
}

/* ---- who, when, how -------------------------------------------------------------------------------------------- */

#define SPARKS_MAX 60

/* Values of all times, thinned out to what fits; *lowest and *highest are their places in by_time. */
static int collect_values(const json_t *by_time, double *out, size_t *lowest, size_t *highest) {
    size_t n = json_array_size(by_time), shown = n < SPARKS_MAX ? n : SPARKS_MAX;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double value = cli_json_number(json_array_get(by_time, i), "indicator.observed");
        out[i * shown / n] = value;
        if (value < low) {
            low = value;
            *lowest = i;
        }
        if (value > high) {
            high = value;
            *highest = i;
        }
    }
    return (int)shown;
}

static void print_extreme(const char *word, const json_t *report, const json_t *entry) {
    printf("  %s %s (%s)", word, throng_phrase_value(cli_json_number(entry, "indicator.observed")).text,
           time_name(report, cli_json_text(entry, "time")).text);
}

static void print_times(const cli_style *style, const json_t *report) {
    const json_t *by_time = cli_json_get(report, "by_time");
    double values[SPARKS_MAX];
    size_t lowest = 0, highest = 0;
    if (json_array_size(by_time) < 3)
        return;
    int n = collect_values(by_time, values, &lowest, &highest);
    printf("\nby %s  %s", throng_phrase_clip(cli_json_text(report, "columns.time"), 20).text, style->bar);
    cli_print_sparkline(values, n);
    printf("%s", style->plain);
    print_extreme("lowest", report, json_array_get(by_time, lowest));
    print_extreme("highest", report, json_array_get(by_time, highest));
    printf("\n");
}

/* ---- certificate, timings, remarks ----------------------------------------------------------------------------- */

void cli_summary_certificate(const cli_style *style, const json_t *report, const char *which) {
    const char *text = cli_json_text(report, which);
    printf("\n%scertificate%s ", style->bold, style->plain);
    cli_print_wrapped(stdout, *text ? text : "(of an older throng, not in words: see report.json)", 12, style->width);
}

/* "2.1 s: read 1.2 s, population 120 ms, ..."; stages below a thousandth of the total are left out, but for the one
 * that people ask about. */
static void print_timings(const cli_style *style, const json_t *report) {
    json_t *timings = cli_json_get(report, "timings"), *value = NULL;
    const char *key = NULL;
    char text[500];
    bool first = true;
    double total = cli_json_number(timings, "total_seconds");
    int used = snprintf(text, sizeof text, "%s", cli_duration(total).text);
    json_object_foreach(timings, key, value) {
        double seconds = json_number_value(value);
        size_t length = strlen(key) - strlen("_seconds");
        bool asked = strcmp(key, "attribute_seconds") == 0;
        if (strcmp(key, "total_seconds") == 0 || (seconds <= 1e-3 * total && !asked))
            continue;
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%.*s %s", first ? ": " : ", ",
                         (int)(length < 30 ? length : 30), key, cli_duration(seconds).text);
        first = false;
    }
    printf("%stime%s        ", style->bold, style->plain);
    cli_print_wrapped(stdout, text, 12, style->width);
}

static void print_remarks(const cli_style *style, const json_t *report, const char *out) {
    const json_t *notes = cli_json_get(report, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        printf("%s%s%s        ", style->bold, "note", style->plain);
        const char *note = json_string_value(json_array_get(notes, i));
        cli_print_wrapped(stdout, note ? note : "", 12, style->width);
    }
    cli_summary_graph_remark(style, report);
    bool agents = strcmp(cli_json_text(report, "players"), "cohorts") != 0;
    if (out)
        printf("%swritten%s     %s: report.json, %s%s%s%scohorts.parquet, study.yaml\n", style->bold, style->plain, out,
               agents ? "attribution.parquet, " : "", agents && cli_report_is_change(report) ? "change.parquet, " : "",
               json_is_true(cli_json_get(report, "world.steps_table")) ? "steps.parquet, " : "",
               json_object_get(json_array_get(cli_json_get(report, "policy.personas"), 0), "behaviours")
                   ? "personas.parquet, "
                   : "");
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

int cli_summary_show(const json_t *report, cli_summary_kind kind, const char *out) {
    cli_style style = cli_style_of(stdout);
    if (cli_json_get(report, "shard")) {
        cli_summary_shard(&style, report, out);
        return CLI_OK;
    }
    if (cli_json_get(report, "solution")) {
        cli_summary_solution(&style, report);
        print_timings(&style, report);
        return CLI_OK;
    }
    if (cli_json_get(report, "cascades")) {
        cli_summary_cascades(&style, report);
        return CLI_OK;
    }
    if (cli_json_get(report, "sweep") || cli_json_get(report, "trajectory") || cli_json_get(report, "intervention")) {
        if (cli_json_get(report, "sweep"))
            cli_summary_sweep(&style, report, out);
        else if (cli_json_get(report, "intervention"))
            cli_summary_intervention(&style, report, out);
        else
            cli_summary_simulation(&style, report, out);
        return CLI_OK;
    }
    bool corrected = cli_json_get(report, "aggregates") != NULL;
    if (corrected) {
        cli_summary_answer(&style, report, "answer.text");
        cli_summary_about(&style, report);
        cli_summary_cohorts(&style, report);
        cli_summary_comparison(&style, report);
        cli_summary_top(&style, report);
    } else if (kind == CLI_SUMMARY_PANEL) {
        cli_summary_answer(&style, report, "answer.panel");
        cli_summary_about(&style, report);
        cli_summary_panel(&style, report);
        cli_summary_comparison(&style, report);
    } else {
        cli_summary_answer(&style, report, "answer.text");
        cli_summary_about(&style, report);
        if (cli_json_get(report, "world"))
            cli_summary_course(&style, report);
        print_times(&style, report);
        cli_summary_cohorts(&style, report);
        cli_summary_concentration(&style, report);
        if (cli_json_get(report, "panel")) {
            cli_summary_panel(&style, report);
            cli_summary_comparison(&style, report);
        }
        cli_summary_top(&style, report);
        cli_summary_policy(&style, report);
    }
    if (corrected)
        printf("\n");
    else
        cli_summary_certificate(
            &style, report, kind == CLI_SUMMARY_PANEL ? "answer.panel_certificate.text" : "answer.certificate.text");
    print_timings(&style, report);
    print_remarks(&style, report, out);
    return CLI_OK;
}

int cli_summary_print(const char *text, cli_summary_kind kind, const char *out) {
    json_error_t reason;
    json_t *report = json_loads(text, 0, &reason);
    if (!report)
        return cli_fail(CLI_FAILURE, "the report cannot be read: %s.", reason.text);
    int code = cli_summary_show(report, kind, out);
    json_decref(report);
    return code;
}
