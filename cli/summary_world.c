/* What a world did, in the summary: the answer, the course of the indicator, and when it was caused. */
#include "cli/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void cli_summary_graph_remark(const cli_style *style, const json_t *report) {
    const char *remark = json_string_value(cli_json_get(report, "provenance.graph_cache.remark"));
    if (!remark)
        return;
    printf("%snote%s        ", style->bold, style->plain);
    cli_print_wrapped(stdout, remark, 12, style->width);
}

#define SPARKS_MAX 60

/* One number of every step, thinned out to what fits; how many. */
static int collect(const json_t *by_step, const char *key, size_t n, double *out) {
    size_t shown = n < SPARKS_MAX ? n : SPARKS_MAX;
    for (size_t i = 0; i < n; i++)
        out[i * shown / n] = cli_json_number(json_array_get(by_step, i), key);
    return (int)shown;
}

/* By which behaviour, where there are several. */
static void print_behaviours(const json_t *report) {
    const json_t *list = cli_json_get(report, "world.behaviours"), *one = NULL;
    size_t i = 0;
    if (json_array_size(list) < 2 || !cli_json_get(json_array_get(list, 0), "phi"))
        return;
    printf("by           ");
    json_array_foreach(list, i, one)
        printf("%s %s %s", i > 0 ? "," : "", throng_phrase_clip(cli_json_text(one, "name"), 40).text,
               throng_phrase_share(cli_json_number(one, "share")).text);
    printf("\n");
}

void cli_summary_course(const cli_style *style, const json_t *report) {
    const json_t *by_step = cli_json_get(report, "world.by_step");
    size_t n = json_array_size(by_step);
    double values[SPARKS_MAX];
    if (n < 3)
        return;
    int shown = collect(by_step, "indicator", n, values);
    printf("\nstep by step  %s", style->bar);
    cli_print_sparkline(values, shown);
    printf("%s  from %s to %s\n", style->plain,
           throng_phrase_value(cli_json_number(json_array_get(by_step, 0), "indicator")).text,
           throng_phrase_value(cli_json_number(json_array_get(by_step, n - 1), "indicator")).text);
    if (!cli_json_get(report, "world.latency") || !(fabs(cli_json_number(report, "certificate.sum_phi")) > 0.0))
        return;
    shown = collect(by_step, "share", n - 1, values);
    printf("caused        %s", style->bar);
    cli_print_sparkline(values, shown);
    printf("%s  ", style->plain);
    for (size_t step = 0; step + 1 < n; step++)
        if (fabs(cli_json_number(json_array_get(by_step, step), "share_so_far")) >= 0.5) {
            printf(" half of it by step %zu", step + 1);
            break;
        }
    printf("\n");
    print_behaviours(report);
}

/* ---- a simulation alone ---------------------------------------------------------------------------------------- */

/* "12.3 million" */
static throng_phrase millions(double number) {
    throng_phrase out;
    if (number >= 1e6)
        snprintf(out.text, sizeof out.text, "%.3g million", number / 1e6);
    else
        snprintf(out.text, sizeof out.text, "%.0f", number);
    return out;
}

static void print_files(const cli_style *style, const char *out, const char *files) {
    if (out)
        printf("%swritten%s  %s: report.json, study.yaml, %s\n", style->bold, style->plain, out, files);
}

void cli_summary_simulation(const cli_style *style, const json_t *report, const char *out) {
    const json_t *trajectory = cli_json_get(report, "trajectory");
    size_t n = json_array_size(trajectory);
    double values[SPARKS_MAX];
    cli_summary_answer(style, report, "answer.text");
    cli_summary_about(style, report);
    int shown = collect(trajectory, "indicator", n, values);
    printf("\n%s", style->bar);
    cli_print_sparkline(values, shown);
    printf("%s\n", style->plain);
    if (strcmp(cli_json_text(report, "indicator.over"), "final") != 0)
        printf("%s: %s\n", cli_json_text(report, "indicator.over"),
               throng_phrase_value(cli_json_number(report, "indicator.value")).text);
    cli_summary_policy(style, report);
    printf("\n%srate%s     %s agents a second", style->bold, style->plain,
           millions(cli_json_number(report, "rate.node_updates_per_second")).text);
    if (cli_json_get(report, "rate.edges_per_second"))
        printf(", %s edges", millions(cli_json_number(report, "rate.edges_per_second")).text);
    printf(": %s for all steps\n", cli_duration(cli_json_number(report, "rate.seconds")).text);
    cli_summary_graph_remark(style, report);
    print_files(style, out, "trajectory.parquet, states.parquet");
}

/* ---- sweeps ---------------------------------------------------------------------------------------------------- */

static const char *setting_name(const json_t *name) {
    return json_is_string(name) ? json_string_value(name) : "";
}

/* "world.confidence=0.2  world.steps=10" in columns of their own. */
static void print_settings(const json_t *names, const json_t *point) {
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(names, i, name) {
        const char *key = setting_name(name);
        const char *value = json_string_value(json_object_get(json_object_get(point, "settings"), key));
        size_t width = strlen(key);
        cli_print_left(value ? value : "", (int)(width > 8 ? width : 8) + 2);
    }
}

static void value_range(const json_t *points, double *low, double *high) {
    size_t i = 0;
    const json_t *point = NULL;
    *low = 0.0;
    *high = 0.0;
    json_array_foreach(points, i, point) {
        double value = cli_json_number(point, "value.mean");
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

#define BAR_MAX 40

static void print_point(const cli_style *style, const json_t *names, const json_t *point, double low, double high) {
    double value = cli_json_number(point, "value.mean"), to = cli_json_number(point, "value.high");
    int length = high > low && isfinite(value) ? (int)lround(BAR_MAX * fabs(value) / (high - low)) : 0;
    char text[80];
    print_settings(names, point);
    snprintf(text, sizeof text, "%s", throng_phrase_value(value).text);
    cli_print_left(text, 12);
    if (isfinite(to)) {
        snprintf(text, sizeof text, "± %s", throng_phrase_value(to - value).text);
        cli_print_left(text, 14);
    }
    printf("%s", style->bar);
    for (int i = 0; i < length; i++)
        fputs("█", stdout);
    printf("%s\n", style->plain);
}

void cli_summary_sweep(const cli_style *style, const json_t *report, const char *out) {
    const json_t *names = cli_json_get(report, "sweep.settings"), *points = cli_json_get(report, "sweep.points");
    const json_t *point = NULL, *name = NULL;
    int64_t repetitions = cli_json_count(report, "sweep.repetitions"),
            resumed = cli_json_count(report, "sweep.resumed");
    double low = 0.0, high = 0.0;
    size_t i = 0;
    cli_summary_answer(style, report, "answer.text");
    printf("\n");
    json_array_foreach(names, i, name) {
        size_t width = strlen(setting_name(name));
        cli_print_left(setting_name(name), (int)(width > 8 ? width : 8) + 2);
    }
    cli_print_left(cli_json_text(report, "indicator.name"), 12);
    printf("\n");
    value_range(points, &low, &high);
    json_array_foreach(points, i, point) print_point(style, names, point, low, high);
    printf("\n");
    if (repetitions > 1)
        printf("± is the half-width of a 95 %% interval of the mean.\n");
    if (resumed > 0)
        printf("%s runs were there from before.\n", throng_phrase_count(resumed).text);
    printf("%stime%s     %s\n", style->bold, style->plain,
           cli_duration(cli_json_number(report, "timings.total_seconds")).text);
    cli_summary_graph_remark(style, report);
    print_files(style, out, "sweep.parquet");
}

/* ---- interventions --------------------------------------------------------------------------------------------- */

static void print_course(const cli_style *style, const json_t *report) {
    const json_t *course = cli_json_get(report, "course");
    size_t n = json_array_size(course);
    double values[2 * SPARKS_MAX];
    if (n < 3)
        return;
    int shown = collect(course, "indicator", n, values);
    collect(course, "intervened", n, values + shown);
    double low = values[0], high = values[0];
    cli_find_range(values, 2 * shown, &low, &high);
    printf("\nwithout  %s", style->bar);
    cli_print_sparkline_between(values, shown, low, high);
    printf("%s\nwith     %s", style->plain, style->bar);
    cli_print_sparkline_between(values + shown, shown, low, high);
    printf("%s\n", style->plain);
}

void cli_summary_intervention(const cli_style *style, const json_t *report, const char *out) {
    const json_t *rivals = cli_json_get(report, "rivals"), *one = NULL;
    size_t i = 0;
    char text[80];
    cli_summary_answer(style, report, "answer.text");
    cli_summary_about(style, report);
    print_course(style, report);
    printf("\n");
    cli_print_left("silencing those", 20);
    cli_print_left(cli_json_text(report, "indicator.name"), 14);
    printf("influence to take for the target\n");
    json_array_foreach(rivals, i, one) {
        double share = cli_json_number(one, "share");
        cli_print_left(cli_json_text(one, "name"), 20);
        snprintf(text, sizeof text, "%s", throng_phrase_value(cli_json_number(one, "value")).text);
        cli_print_left(text, 14);
        printf("%s\n", isfinite(share) ? throng_phrase_share(share).text : "all of it does not suffice");
    }
    printf("\n%stime%s     %s, %s simulations\n", style->bold, style->plain,
           cli_duration(cli_json_number(report, "timings.total_seconds")).text,
           throng_phrase_count(cli_json_count(report, "intervention.evaluations")).text);
    print_files(style, out, "intervention.parquet");
}

void cli_summary_shard(const cli_style *style, const json_t *report, const char *out) {
    char text[400];
    int64_t resumed = cli_json_count(report, "shard.resumed");
    int used = snprintf(text, sizeof text, "Shard %s of %s: its %s of %s runs are done.",
                        throng_phrase_count(cli_json_count(report, "shard.number")).text,
                        throng_phrase_count(cli_json_count(report, "shard.of")).text,
                        throng_phrase_count(cli_json_count(report, "shard.runs")).text,
                        throng_phrase_count(cli_json_count(report, "shard.all")).text);
    if (resumed > 0)
        snprintf(text + used, sizeof text - (size_t)used, " %s were there from before.",
                 throng_phrase_count(resumed).text);
    fputs(style->bold, stdout);
    cli_print_wrapped(stdout, text, 0, style->width);
    printf("%s\n%stime%s     %s\n", style->plain, style->bold, style->plain,
           cli_duration(cli_json_number(report, "timings.total_seconds")).text);
    printf("%swritten%s  %s\n", style->bold, style->plain, cli_json_text(report, "shard.file"));
    if (out)
        printf("When all shards are there: throng merge %s --out RUN\n", out);
}
