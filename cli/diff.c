/* throng diff: what changed between two runs. A document is made of both reports first; the text is printed from it. */
#include "cli/diff.h"
#include "cli/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Settings and circumstances that are compared, by their place in report.json. */
static const char *const compared[] = {"throng.version",
                                       "agents",
                                       "rows",
                                       "times",
                                       "players",
                                       "columns.state",
                                       "columns.weight",
                                       "columns.time",
                                       "columns.cohort",
                                       "graph.edges",
                                       "world.spec",
                                       "world.steps",
                                       "world.participation",
                                       "world.over",
                                       "indicator.spec",
                                       "indicator.path",
                                       "indicator.baseline_kind",
                                       "certificate.method",
                                       "provenance.seed",
                                       "intervention.asked"};

/* ---- the document ---------------------------------------------------------------------------------------------- */

static json_t *both(json_t *a, json_t *b) {
    json_t *object = json_object();
    json_object_set_new(object, "a", a ? json_incref(a) : json_null());
    json_object_set_new(object, "b", b ? json_incref(b) : json_null());
    return object;
}

json_t *cli_diff_settings(const json_t *a, const json_t *b, const char *const *keys, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one = cli_json_get(a, keys[i]), *other = cli_json_get(b, keys[i]);
        bool none = (!one || json_is_null(one)) && (!other || json_is_null(other));
        if (none || (one && other && json_equal(one, other)))
            continue;
        json_t *entry = both(one, other);
        json_object_set_new(entry, "key", json_string(keys[i]));
        json_array_append_new(list, entry);
    }
    return list;
}

json_t *cli_diff_numbers(const json_t *a, const json_t *b, const char *path) {
    json_t *entry = both(cli_json_get(a, path), cli_json_get(b, path));
    double change = cli_json_number(b, path) - cli_json_number(a, path);
    json_object_set_new(entry, "change", isfinite(change) ? json_real(change) : json_null());
    return entry;
}

/* What the run's number is called: attributions have `observed`, simulations `value`. */
static const char *number_of(const json_t *report) {
    return cli_json_get(report, "sweep")             ? "" /* it has one a point */
           : cli_json_get(report, "intervention")    ? "intervention.value"
           : cli_json_get(report, "indicator.value") ? "indicator.value"
                                                     : "indicator.observed";
}

static json_t *find(const json_t *list, const char *key, const json_t *value) {
    json_t *one = NULL;
    size_t i = 0;
    json_array_foreach(list, i, one) if (value && json_equal(cli_json_get(one, key), value)) return one;
    return NULL;
}

static json_t *cohort_entry(json_t *name, const json_t *one, const json_t *other) {
    json_t *entry = json_object();
    json_object_set(entry, "cohort", name);
    json_object_set_new(entry, "share", cli_diff_numbers(one, other, "share"));
    json_object_set_new(entry, "phi", cli_diff_numbers(one, other, "phi"));
    json_object_set_new(entry, "agents", cli_diff_numbers(one, other, "agents"));
    return entry;
}

static json_t *point_entry(json_t *settings, const json_t *one, const json_t *other) {
    json_t *entry = json_object();
    json_object_set(entry, "settings", settings);
    json_object_set_new(entry, "value", cli_diff_numbers(one, other, "value.mean"));
    return entry;
}

static json_t *agent_entry(json_t *id, const json_t *one, const json_t *other) {
    json_t *entry = json_object();
    json_object_set(entry, "id", id);
    json_object_set_new(entry, "rank", cli_diff_numbers(one, other, "rank"));
    json_object_set_new(entry, "phi", cli_diff_numbers(one, other, "phi"));
    json_object_set_new(entry, "share", cli_diff_numbers(one, other, "share"));
    return entry;
}

/* The entries of both lists, matched by a key: b's in their order, then those that only a has. */
static json_t *matched(const json_t *a, const json_t *b, const char *list, const char *key,
                       json_t *(*entry)(json_t *name, const json_t *one, const json_t *other)) {
    json_t *out = json_array(), *one = NULL;
    const json_t *first = cli_json_get(a, list), *second = cli_json_get(b, list);
    size_t i = 0;
    json_array_foreach(second, i, one) {
        json_t *name = cli_json_get(one, key);
        if (name)
            json_array_append_new(out, entry(name, find(first, key, name), one));
    }
    json_array_foreach(first, i, one) {
        json_t *name = cli_json_get(one, key);
        if (name && !find(second, key, name))
            json_array_append_new(out, entry(name, one, NULL));
    }
    return out;
}

static json_t *make(const json_t *a, const json_t *b) {
    json_t *document = json_object(), *indicator = json_object();
    json_object_set_new(document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    json_object_set_new(document, "settings", cli_diff_settings(a, b, compared, sizeof compared / sizeof *compared));
    json_t *observed = both(cli_json_get(a, number_of(a)), cli_json_get(b, number_of(b)));
    double change = cli_json_number(observed, "b") - cli_json_number(observed, "a");
    json_object_set_new(observed, "change", isfinite(change) ? json_real(change) : json_null());
    json_object_set_new(indicator, "name", both(cli_json_get(a, "indicator.name"), cli_json_get(b, "indicator.name")));
    json_object_set_new(indicator, "observed", observed);
    json_object_set_new(indicator, "baseline", cli_diff_numbers(a, b, "indicator.baseline"));
    json_object_set_new(document, "indicator", indicator);
    json_object_set_new(document, "sum_phi", cli_diff_numbers(a, b, "certificate.sum_phi"));
    json_object_set_new(document, "gini", cli_diff_numbers(a, b, "concentration.gini"));
    json_object_set_new(document, "points", matched(a, b, "sweep.points", "settings", point_entry));
    json_object_set_new(document, "cohorts", matched(a, b, "cohorts", "name", cohort_entry));
    json_object_set_new(document, "top", matched(a, b, "top", "id", agent_entry));
    return document;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

#define LISTED_MAX 20

static throng_phrase word_of(const json_t *value) {
    char text[64];
    if (json_is_string(value))
        return throng_phrase_clip(json_string_value(value), 40);
    if (json_is_integer(value))
        return throng_phrase_count(json_integer_value(value));
    if (json_is_number(value))
        return throng_phrase_value(json_number_value(value));
    snprintf(text, sizeof text, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-");
    return throng_phrase_clip(text, 40);
}

/* "-" where there is no number. */
static void print_number(double x, bool percent, int width) {
    cli_print_right(!isfinite(x) ? "-" : percent ? throng_phrase_share(x).text : throng_phrase_value(x).text, width);
}

/* A change with its sign, "" where it is none. */
static void print_change(double x, bool percent, int width) {
    char text[72];
    snprintf(text, sizeof text, "%s%s", x > 0.0 ? "+" : "",
             percent ? throng_phrase_share(x).text : throng_phrase_value(x).text);
    if (percent) /* a difference of percentages is not one itself */
        text[strcspn(text, "%")] = '\0';
    cli_print_right(!isfinite(x) ? "" : x == 0.0 ? "=" : text, width);
}

void cli_diff_print_row(const json_t *it, const char *path, bool percent) {
    const json_t *pair = cli_json_get(it, path);
    print_number(cli_json_number(pair, "a"), percent, 14);
    print_number(cli_json_number(pair, "b"), percent, 14);
    print_change(cli_json_number(pair, "change"), percent, 14);
}

void cli_diff_print_head(const cli_style *style, const char *what, int width, const char *difference) {
    printf("\n%s", style->bold);
    cli_print_left(what, width);
    cli_print_right("A", 14);
    cli_print_right("B", 14);
    cli_print_right(difference, 14);
    printf("%s", style->plain);
}

void cli_diff_print_settings(const cli_style *style, const json_t *list) {
    const json_t *one = NULL;
    size_t i = 0;
    if (json_array_size(list) == 0) {
        printf("Settings and crowd are described alike.\n");
        return;
    }
    printf("%swhat differs%s\n", style->bold, style->plain);
    json_array_foreach(list, i, one) {
        cli_print_left(cli_json_text(one, "key"), 26);
        printf("%s -> ", word_of(cli_json_get(one, "a")).text);
        printf("%s\n", word_of(cli_json_get(one, "b")).text);
    }
}

static void print_numbers(const cli_style *style, const json_t *it) {
    char name[160];
    const json_t *pair = cli_json_get(it, "indicator.name");
    bool same = strcmp(cli_json_text(pair, "a"), cli_json_text(pair, "b")) == 0;
    snprintf(name, sizeof name, "%s%s%s", throng_phrase_clip(cli_json_text(pair, "a"), 16).text, same ? "" : " / ",
             same ? "" : throng_phrase_clip(cli_json_text(pair, "b"), 16).text);
    bool any = false;
    static const char *const rows[][2] = {{"", "indicator.observed"},
                                          {"baseline", "indicator.baseline"},
                                          {"sum of credits", "sum_phi"},
                                          {"Gini of |phi|", "gini"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!isfinite(cli_json_number(cli_json_get(it, rows[i][1]), "a")) &&
            !isfinite(cli_json_number(cli_json_get(it, rows[i][1]), "b")))
            continue;
        if (!any) {
            cli_diff_print_head(style, "", 26, "B - A");
            printf("\n");
        }
        any = true;
        cli_print_left(*rows[i][0] ? rows[i][0] : name, 26);
        cli_diff_print_row(it, rows[i][1], false);
        printf("\n");
    }
}

/* "confidence=0.2 steps=5" */
static void write_settings(const json_t *settings, char *out, size_t size) {
    const char *key = NULL;
    json_t *value = NULL;
    size_t used = 0;
    out[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)settings, key, value) {
        const char *dot = strrchr(key, '.');
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s=%s", used ? " " : "", dot ? dot + 1 : key,
                                     json_is_string(value) ? json_string_value(value) : "?");
    }
}

static void print_points(const cli_style *style, const json_t *list) {
    const json_t *one = NULL;
    size_t i = 0;
    char text[200];
    if (json_array_size(list) == 0)
        return;
    cli_diff_print_head(style, "mean for the settings", 30, "B - A");
    printf("\n");
    json_array_foreach(list, i, one) {
        write_settings(cli_json_get(one, "settings"), text, sizeof text);
        cli_print_left(throng_phrase_clip(text, 29).text, 30);
        cli_diff_print_row(one, "value", false);
        printf("\n");
    }
}

static void print_cohorts(const cli_style *style, const json_t *list) {
    const json_t *one = NULL;
    double low = 0.0, high = 0.0;
    size_t i = 0;
    if (json_array_size(list) < 2)
        return;
    json_array_foreach(list, i, one) {
        low = fmin(low, cli_json_number(one, "share.change"));
        high = fmax(high, cli_json_number(one, "share.change"));
    }
    cli_bars bars = cli_bars_for(low, high, style->width - 26 - 3 * 14 - 2);
    cli_diff_print_head(style, "shares of cohorts", 26, "points");
    printf("\n");
    json_array_foreach(list, i, one) {
        if (i == LISTED_MAX)
            break;
        cli_print_left(throng_phrase_clip(cli_json_text(one, "cohort"), 25).text, 26);
        cli_diff_print_row(one, "share", true);
        printf("  ");
        cli_print_bar(style, &bars, cli_json_number(one, "share.change"), false);
        printf("\n");
    }
    if (json_array_size(list) > LISTED_MAX)
        printf("... and %s more\n", throng_phrase_count((int64_t)json_array_size(list) - LISTED_MAX).text);
}

static void print_top(const cli_style *style, const json_t *list) {
    const json_t *one = NULL;
    size_t i = 0;
    if (json_array_size(list) == 0)
        return;
    printf("\n%s", style->bold);
    cli_print_left("top agents", 26);
    cli_print_right("rank in A", 14);
    cli_print_right("in B", 14);
    cli_print_right("phi in A", 14);
    cli_print_right("in B", 14);
    printf("%s\n", style->plain);
    json_array_foreach(list, i, one) {
        if (i == LISTED_MAX)
            break;
        const json_t *id = cli_json_get(one, "id");
        char text[40];
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(id));
        cli_print_left(throng_phrase_clip(json_is_string(id) ? json_string_value(id) : text, 25).text, 26);
        print_number(cli_json_number(one, "rank.a"), false, 14);
        print_number(cli_json_number(one, "rank.b"), false, 14);
        print_number(cli_json_number(one, "phi.a"), false, 14);
        print_number(cli_json_number(one, "phi.b"), false, 14);
        printf("\n");
    }
    if (json_array_size(list) > LISTED_MAX)
        printf("... and %s more that are listed in one of the two\n",
               throng_phrase_count((int64_t)json_array_size(list) - LISTED_MAX).text);
}

static void print_text(const char *const *runs, const json_t *it, bool solved) {
    cli_style style = cli_style_of(stdout);
    printf("A %s\nB %s\n\n", throng_phrase_clip(runs[0], 60).text, throng_phrase_clip(runs[1], 60).text);
    if (solved) {
        cli_diff_print_solutions(&style, it);
        return;
    }
    cli_diff_print_settings(&style, cli_json_get(it, "settings"));
    print_numbers(&style, it);
    print_points(&style, cli_json_get(it, "points"));
    print_cohorts(&style, cli_json_get(it, "cohorts"));
    print_top(&style, cli_json_get(it, "top"));
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int diff(const cli_options *options, throng_context *context, void *json) {
    const char *const *runs = options->positional;
    (void)context;
    if (options->n_positional != 2)
        return cli_fail(CLI_USAGE, "diff needs two run directories, got %d: throng diff RUN RUN.",
                        options->n_positional);
    json_t *a = NULL, *b = NULL, *document = NULL;
    int code = cli_run_read(runs[0], "report.json", true, &a);
    if (code == CLI_OK)
        code = cli_run_read(runs[1], "report.json", true, &b);
    bool solved = cli_json_get(a, "solution") != NULL;
    if (code == CLI_OK && solved != (cli_json_get(b, "solution") != NULL))
        code = cli_fail(CLI_FAILURE, "%s is a solved game and %s is not: diff compares runs of one kind.",
                        runs[solved ? 0 : 1], runs[solved ? 1 : 0]);
    else if (code == CLI_OK && solved)
        code = cli_diff_solutions(runs, a, b, &document);
    else if (code == CLI_OK)
        document = make(a, b);
    if (code == CLI_OK && *(bool *)json) {
        code = cli_json_print(json_incref(document));
    } else if (code == CLI_OK) {
        print_text(runs, document, solved);
        code = cli_finish_output();
    }
    json_decref(document);
    json_decref(a);
    json_decref(b);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    bool json = false;
    cli_options_init(&options, self);
    cli_options_switch(&options, "--json", &json, "print the comparison as one JSON document");
    return cli_options_run(&options, argc, argv, diff, &json);
}

const cli_command cli_command_diff = {
    .name = "diff",
    .synopsis = "RUN-A RUN-B [options]",
    .summary = "Says what changed between two runs: settings, indicator, shares of cohorts, ranks of top agents.",
    .details = "It reads both report.json and computes nothing but differences. Ranks are those in the lists of top\n"
               "agents, which --top makes longer. Of two solved games: values, gap, and where play differs most.\n"
               "\n"
               "  throng generate planted --agents 5000 --out crowd.parquet\n"
               "  throng attribute crowd.parquet --state state --id id --weight followers --out first\n"
               "  throng attribute crowd.parquet --state state --id id --weight followers --baseline mean --out other\n"
               "  throng diff first other",
    .run = run,
};
