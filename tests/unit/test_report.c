/*
 * Reports: report.json says exactly what the library's accessors say, for one time and for several; the run directory
 * appears whole or not at all, replaces only runs, and its tables hold what the run holds.
 */
#define _GNU_SOURCE
#include "crowds.h"
#include "folder.h"
#include "report/report.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A crowd with all that a report needs. */
typedef struct fixture {
    throng_context *context;
    test_crowd crowd;
    throng_population *population;
    throng_attribution *attribution;
    throng_cohorts *cohorts;
    throng_report_def def;
} fixture;

static void attribute(fixture *f, const char *indicator) {
    throng_error err = {0};
    throng_attribution_def def = throng_attribution_default();
    throng_cohorts_def cohorts = {0};
    def.indicator = indicator;
    cr_assert_eq(throng_attribute(f->context, f->population, &def, &f->attribution, &err), THRONG_OK, "%s",
                 err.message);
    cr_assert_eq(throng_cohorts_create(f->population, &cohorts, &f->cohorts, &err), THRONG_OK, "%s", err.message);
    f->def = throng_report_default();
}

static fixture fixture_make(throng_context *context, int64_t n, int64_t times, const char *indicator) {
    fixture f = {.context = context, .crowd = crowd_make(n, times, 7)};
    f.population = crowd_population(context, &f.crowd);
    attribute(&f, indicator);
    return f;
}

static void fixture_clear(fixture *f) {
    throng_cohorts_free(f->cohorts);
    throng_attribution_free(f->attribution);
    throng_population_free(f->population);
    if (f->crowd.n)
        crowd_clear(&f->crowd);
}

static json_t *report_of(const fixture *f) {
    throng_error err = {0};
    char *text = NULL;
    cr_assert_eq(throng_report_json(f->context, f->attribution, f->cohorts, &f->def, &text, &err), THRONG_OK, "%s",
                 err.message);
    json_error_t reason;
    json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, &reason);
    cr_assert(report, "line %d: %s", reason.line, reason.text);
    throng_text_free(f->context, text);
    return report;
}

/* "indicator.observed", "cohorts.0.name" */
static const json_t *get(const json_t *object, const char *path) {
    char name[64];
    while (object && *path) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        object = json_is_array(object) ? json_array_get(object, (size_t)atoi(name)) : json_object_get(object, name);
        path += path[n] ? n + 1 : n;
    }
    return object;
}

static void expect_real(const json_t *report, const char *path, double wanted) {
    const json_t *item = get(report, path);
    cr_assert(json_is_real(item), "%s is no real", path);
    cr_assert_eq(json_real_value(item), wanted, "%s is %.17g, expected %.17g", path, json_real_value(item), wanted);
}

static void expect_count(const json_t *report, const char *path, int64_t wanted) {
    const json_t *item = get(report, path);
    cr_assert(json_is_integer(item) && json_integer_value(item) == wanted, "%s is %lld, expected %lld", path,
              (long long)json_integer_value(item), (long long)wanted);
}

static void expect_text(const json_t *report, const char *path, const char *wanted) {
    const json_t *item = get(report, path);
    cr_assert(json_is_string(item) && strcmp(json_string_value(item), wanted) == 0, "%s is %s, expected %s", path,
              json_is_string(item) ? json_string_value(item) : "(no text)", wanted);
}

/* Whether some note has these words. */
static bool noted(const json_t *report, const char *words) {
    const json_t *notes = get(report, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        if (strstr(json_string_value(json_array_get(notes, i)), words))
            return true;
    return false;
}

/* ---- report.json ----------------------------------------------------------------------------------------------- */

Test(report, numbers_are_null_where_json_has_none) {
    json_t *item = throng_i_json_real((double)NAN);
    cr_assert(json_is_null(item));
    item = throng_i_json_real((double)INFINITY);
    cr_assert(json_is_null(item));
    item = throng_i_json_share(1.0, 0.0);
    cr_assert(json_is_null(item));
    item = throng_i_json_share(1.0, 4.0);
    cr_assert_eq(json_real_value(item), 0.25);
    json_decref(item);
}

Test(report, text_that_is_not_utf8_is_repaired) {
    static const char *const cases[][2] = {{"caf\xE9", "caf\xEF\xBF\xBD"},
                                           {"\xC3\xA9", "\xC3\xA9"},
                                           {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
                                           {"a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
                                           {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *item = throng_i_json_string(cases[i][0]);
        cr_assert_str_eq(json_string_value(item), cases[i][1], "case %zu", i);
        json_decref(item);
    }
}

Test(report, one_time_says_what_the_accessors_say) {
    throng_context *context = test_context(2);
    fixture f = fixture_make(context, 3000, 1, "weighted-variance");
    throng_timing timings[] = {{"read", 0.25}, {"attribute", 0.5}};
    f.def.timings = timings;
    f.def.n_timings = 2;
    f.def.command = "throng attribute x --where 'a > \"b\"'";
    f.def.seed = 42;
    throng_source source = {.path = "x.csv", .bytes = 17, .hash = "0123456789abcdef0123456789abcdef"};
    f.def.sources = &source;
    f.def.n_sources = 1;
    json_t *report = report_of(&f);
    throng_certificate it = throng_attribution_certificate(f.attribution, 0);
    expect_count(report, "schema", THRONG_REPORT_SCHEMA);
    expect_text(report, "throng.version", throng_version());
    expect_count(report, "agents", 3000);
    expect_count(report, "rows", 3000);
    expect_count(report, "times", 1);
    expect_text(report, "indicator.name", "weighted-variance");
    expect_text(report, "indicator.baseline_kind", "neutral");
    expect_real(report, "indicator.baseline", it.nobody);
    expect_real(report, "indicator.observed", it.everybody);
    expect_real(report, "certificate.efficiency_residual", it.efficiency_residual);
    expect_real(report, "certificate.sum_phi", it.sum_phi);
    expect_count(report, "certificate.quadrature_nodes", it.quadrature_nodes);
    cr_assert(json_is_true(get(report, "certificate.converged")));
    cr_assert(json_is_true(get(report, "indicator.weighted")));
    cr_assert(json_is_null(get(report, "by_time.0.time")));
    cr_assert(json_equal((json_t *)get(report, "by_time.0.cohorts"), (json_t *)get(report, "cohorts")));
    cr_assert(json_equal((json_t *)get(report, "by_time.0.top"), (json_t *)get(report, "top")));
    expect_real(report, "timings.read_seconds", 0.25);
    expect_real(report, "timings.total_seconds", 0.75);
    expect_text(report, "provenance.command", f.def.command);
    expect_count(report, "provenance.seed", 42);
    expect_text(report, "provenance.inputs.0.hash", source.hash);
    expect_count(report, "provenance.inputs.0.bytes", 17);
    expect_count(report, "provenance.machine.threads", 2);
    expect_text(report, "columns.state", "state");
    cr_assert(strstr(json_string_value(get(report, "cite.1.reference")), "2605.11404"));
    cr_assert_null(get(report, "panel"));
    json_decref(report);
    fixture_clear(&f);
    throng_context_free(context);
}

Test(report, cohorts_and_top_agents_are_those_of_the_attribution) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 3000, 1, "variance");
    f.def.top = 5;
    json_t *report = report_of(&f);
    throng_cohort_credit credit[THRONG_COHORTS_MAX];
    throng_top_agent top[5];
    throng_attribution_cohorts(f.attribution, f.cohorts, 0, credit);
    double total = throng_attribution_certificate(f.attribution, 0).sum_phi, shares = 0.0, absolute = 0.0;
    cr_assert_eq(json_array_size(get(report, "cohorts")), 3);
    for (int i = 0; i < 3; i++) {
        const json_t *cohort = json_array_get(get(report, "cohorts"), (size_t)i);
        expect_text(cohort, "name", throng_cohorts_name(f.cohorts, i));
        expect_count(cohort, "agents", credit[i].n_agents);
        expect_real(cohort, "phi", credit[i].phi);
        expect_real(cohort, "share", credit[i].phi / total);
        shares += json_real_value(get(cohort, "share"));
        absolute += json_real_value(get(cohort, "absolute_share"));
    }
    cr_assert_float_eq(shares, 1.0, 1e-9);
    cr_assert_float_eq(absolute, 1.0, 1e-9);
    cr_assert_eq(throng_attribution_top(f.attribution, 0, 5, top), 5);
    cr_assert_eq(json_array_size(get(report, "top")), 5);
    for (int i = 0; i < 5; i++) {
        const json_t *one = json_array_get(get(report, "top"), (size_t)i);
        expect_count(one, "rank", i + 1);
        expect_count(one, "id", top[i].row + 1);
        expect_real(one, "phi", top[i].phi);
        expect_real(one, "state", f.crowd.state[top[i].row]);
        expect_real(one, "weight", f.crowd.weight[top[i].row]);
    }
    cr_assert(noted(report, "counts everyone equally: weight only forms the cohorts"));
    json_decref(report);
    fixture_clear(&f);
    throng_context_free(context);
}

/* Checks one indicator; returns whether the worst residual is neither the first time's nor the last's. With `same`, the
 * last time is the first again, so that the change itself has no residual. */
static bool expect_change(throng_context *context, const char *name, bool same) {
    fixture f = {.context = context, .crowd = crowd_make(5000, 5, 7)};
    if (same) {
        memcpy(f.crowd.state + 4000, f.crowd.state, 1000 * sizeof(double));
        memcpy(f.crowd.weight + 4000, f.crowd.weight, 1000 * sizeof(double));
    }
    f.population = crowd_population(context, &f.crowd);
    attribute(&f, name);
    json_t *report = report_of(&f);
    throng_change change = throng_attribution_change(f.attribution);
    expect_count(report, "times", 5);
    expect_count(report, "agents", 1000);
    expect_count(report, "rows", 5000);
    expect_real(report, "indicator.baseline", change.before);
    expect_real(report, "indicator.observed", change.after);
    expect_text(report, "indicator.change_from", "1");
    expect_text(report, "indicator.change_to", "5");
    expect_real(report, "indicator.baseline_shift", change.baseline_shift);
    expect_real(report, "certificate.sum_phi", change.sum_phi);
    double worst = change.efficiency_residual, rule = 0.0;
    int nodes = 0, at = -1;
    cr_assert_eq(json_array_size(get(report, "by_time")), 5);
    for (int i = 0; i < 5; i++) {
        throng_certificate it = throng_attribution_certificate(f.attribution, i);
        const json_t *entry = json_array_get(get(report, "by_time"), (size_t)i);
        char label[8];
        snprintf(label, sizeof label, "%d", i + 1);
        expect_text(entry, "time", label);
        expect_count(entry, "agents", 1000);
        expect_real(entry, "indicator.observed", it.everybody);
        expect_real(entry, "certificate.efficiency_residual", it.efficiency_residual);
        at = it.efficiency_residual > worst ? i : at;
        worst = fmax(worst, it.efficiency_residual);
        rule = fmax(rule, it.rule_change);
        nodes = it.quadrature_nodes > nodes ? it.quadrature_nodes : nodes;
    }
    expect_real(report, "certificate.efficiency_residual", worst);
    expect_real(report, "certificate.rule_change", rule);
    expect_count(report, "certificate.quadrature_nodes", nodes);
    cr_assert_eq(noted(report, "not differentiable where states tie"), strcmp(name, "gini") == 0);
    json_decref(report);
    fixture_clear(&f);
    return at > 0 && at < 4;
}

Test(report, several_times_report_the_change) {
    static const char *const names[] = {"variance", "gini", "theil", "entropy", "bimodality", "skewness", "atkinson"};
    throng_context *context = test_context(1);
    int telling = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        telling += expect_change(context, names[i], false) + expect_change(context, names[i], true);
    cr_assert_gt(telling, 0, "some worst time is neither the first nor the last");
    throng_context_free(context);
}

Test(report, shares_of_nothing_are_null) {
    throng_context *context = test_context(1);
    static const double state[] = {1.0, -1.0};
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population_def parts = throng_population_default();
    parts.state = "x";
    fixture f = {.context = context};
    cr_assert_eq(throng_table_create(context, 2, &table, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, state, &err), THRONG_OK);
    cr_assert_eq(throng_population_create(context, table, &parts, &f.population, &err), THRONG_OK);
    attribute(&f, "mean");
    json_t *report = report_of(&f);
    cr_assert(json_is_null(get(report, "top.0.share")));
    cr_assert(json_is_null(get(report, "cohorts.0.share")));
    expect_text(report, "cohorts.0.name", "everyone");
    expect_real(report, "cohorts.0.absolute_share", 1.0);
    cr_assert(json_is_null(get(report, "columns.weight")));
    cr_assert(noted(report, "exactly 0"));
    json_decref(report);
    /* Without cohorts, and with more agents asked for than there are. */
    throng_cohorts_free(f.cohorts);
    f.cohorts = NULL;
    f.def.top = 100;
    report = report_of(&f);
    cr_assert_eq(json_array_size(get(report, "cohorts")), 0);
    cr_assert_eq(json_array_size(get(report, "top")), 2);
    cr_assert(json_is_null(get(report, "top.0.cohort")));
    json_decref(report);
    f.def.top = 0;
    report = report_of(&f);
    cr_assert_eq(json_array_size(get(report, "top")), 0);
    json_decref(report);
    f.def.top = -1;
    char *text = NULL;
    cr_assert_eq(throng_report_json(context, f.attribution, NULL, &f.def, &text, &err), THRONG_E_ARGUMENT);
    fixture_clear(&f);
    throng_context_free(context);
}

Test(report, a_panel_stands_beside_the_crowd) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 3000, 1, "variance");
    /* The panel is the crowd's last 1000 rows, as a population of their own. */
    test_crowd few = crowd_make(1000, 1, 1);
    int64_t rows[1000];
    for (int i = 0; i < 1000; i++) {
        rows[i] = 2000 + i;
        few.state[i] = f.crowd.state[rows[i]];
        few.weight[i] = f.crowd.weight[rows[i]];
    }
    fixture panel = {.context = context, .crowd = few, .population = crowd_population(context, &few)};
    attribute(&panel, "variance");
    throng_panel_view view = {.attribution = panel.attribution, .rows = rows, .n = 1000};
    f.def.panel = &view;
    f.def.top = 3;
    json_t *report = report_of(&f);
    expect_count(report, "panel.size", 1000);
    expect_text(report, "panel.drawn", "by weight");
    expect_real(report, "panel.indicator.observed", throng_attribution_certificate(panel.attribution, 0).everybody);
    expect_real(report, "panel.indicator.crowd_observed", throng_attribution_certificate(f.attribution, 0).everybody);
    double shares = 0.0;
    int64_t members = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *cohort = json_array_get(get(report, "panel.cohorts"), i);
        const json_t *whole = json_array_get(get(report, "cohorts"), i);
        expect_real(cohort, "crowd_share", json_real_value(get(whole, "share")));
        expect_count(cohort, "crowd_agents", json_integer_value(get(whole, "agents")));
        shares += json_real_value(get(cohort, "share"));
        members += json_integer_value(get(cohort, "agents"));
    }
    cr_assert_float_eq(shares, 1.0, 1e-9);
    cr_assert_eq(members, 1000);
    const json_t *first = get(report, "panel.top.0");
    int64_t row = json_integer_value(get(first, "id")) - 1;
    expect_real(first, "phi", throng_attribution_phi(panel.attribution)[row - 2000]);
    expect_real(first, "crowd_phi", throng_attribution_phi(f.attribution)[row]);
    json_decref(report);
    fixture_clear(&panel);
    fixture_clear(&f);
    throng_context_free(context);
}

/* ---- running out of memory ------------------------------------------------------------------------------------- */

Test(report, every_failing_allocation_is_reported_and_nothing_leaks) {
    test_scarce memory = {-1};
    throng_context *context = NULL;
    cr_assert_eq(throng_context_create_with(test_scarce_realloc, &memory, &context, NULL), THRONG_OK);
    cr_assert_eq(throng_context_set_threads(context, 1, NULL), THRONG_OK);
    fixture f = fixture_make(context, 300, 3, "variance");
    int64_t before = throng_context_bytes(context);
    int failures = 0;
    for (;; failures++) {
        throng_error err = {0};
        char *text = NULL;
        memory.left = failures;
        throng_status status = throng_report_json(context, f.attribution, f.cohorts, &f.def, &text, &err);
        memory.left = -1;
        if (status == THRONG_OK) {
            throng_text_free(context, text);
            break;
        }
        cr_assert_eq(status, THRONG_E_MEMORY, "%s", err.message);
        cr_assert_null(text);
        cr_assert_eq(throng_context_bytes(context), before, "allocation %d", failures);
    }
    cr_assert_gt(failures, 2, "the test did make allocations fail");
    fixture_clear(&f);
    throng_context_free(context);
}

/* ---- the run directory ----------------------------------------------------------------------------------------- */

/* A fresh folder to work in; each test is a process of its own. */
/* Names in the current folder, without dots. */
static int entries(void) {
    int n = 0;
    DIR *folder = opendir(".");
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return n;
}

static void put_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static bool has_text(const char *path, const char *wanted) {
    char text[200] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return strcmp(text, wanted) == 0;
}

static throng_status write_run(const fixture *f, const char *path, const char *text, bool force, throng_error *err) {
    throng_run_file files[] = {{"report.json", text}, {"study.yaml", "x"}};
    return throng_run_directory_write(f->context, path, f->attribution, f->cohorts, files, 2, force, err);
}

Test(run_directory, holds_what_the_run_holds, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(2);
    fixture f = fixture_make(context, 3000, 3, "variance");
    throng_error err = {0};
    cr_assert_eq(write_run(&f, "run", "{}", false, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(entries(), 1);
    cr_assert(has_text("run/report.json", "{}"));
    const char *path = "run/attribution.parquet";
    throng_column_request columns[] = {{"id", THRONG_ROLE_KEY},       {"time", THRONG_ROLE_TIME},
                                       {"state", THRONG_ROLE_NUMBER}, {"weight", THRONG_ROLE_NUMBER},
                                       {"cohort", THRONG_ROLE_LABEL}, {"phi", THRONG_ROLE_NUMBER}};
    throng_table *table = NULL;
    cr_assert_eq(throng_table_read(context, &path, 1, columns, 6, NULL, &table, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_table_rows(table), 3000);
    const int64_t *id = throng_table_column(table, 0).data, *time = throng_table_column(table, 1).data;
    const double *state = throng_table_column(table, 2).data, *weight = throng_table_column(table, 3).data;
    throng_column_view cohort = throng_table_column(table, 4);
    const double *phi = throng_table_column(table, 5).data;
    for (int64_t row = 0; row < 3000; row++) {
        cr_assert_eq(id[row], f.crowd.id[row]);
        cr_assert_eq(time[row], f.crowd.time[row]);
        cr_assert_eq(state[row], f.crowd.state[row]);
        cr_assert_eq(weight[row], f.crowd.weight[row]);
        cr_assert_eq(phi[row], throng_attribution_phi(f.attribution)[row]);
        cr_assert_str_eq(cohort.words[((const int32_t *)cohort.data)[row]],
                         throng_cohorts_name(f.cohorts, throng_cohorts_view(f.cohorts)[row]));
    }
    throng_table_free(table);
    path = "run/change.parquet";
    columns[1] = columns[5];
    cr_assert_eq(throng_table_read(context, &path, 1, columns, 2, NULL, &table, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_table_rows(table), 1000);
    id = throng_table_column(table, 0).data;
    phi = throng_table_column(table, 1).data;
    for (int64_t agent = 0; agent < 1000; agent++) {
        cr_assert_eq(id[agent], agent + 1);
        cr_assert_eq(phi[agent], throng_attribution_change_phi(f.attribution)[agent]);
    }
    throng_table_free(table);
    fixture_clear(&f);
    throng_context_free(context);
}

/* An agent that is only there in the middle has no part in the change and no cohort in it; ids may be text. */
Test(run_directory, agents_that_come_and_go, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(1);
    static const char *const id[] = {"ann", "bob", "mid", "bob", "ann", "new"};
    static const int64_t time[] = {1, 1, 2, 2, 3, 3};
    static const double state[] = {1.0, -2.0, 5.0, 1.0, 0.5, 2.0};
    throng_error err = {0};
    throng_table *table = NULL;
    throng_population_def parts = throng_population_default();
    parts.state = "x";
    parts.id = "who";
    parts.time = "t";
    fixture f = {.context = context};
    cr_assert_eq(throng_table_create(context, 6, &table, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, state, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "t", THRONG_TYPE_INT64, time, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_text(table, "who", id, &err), THRONG_OK);
    cr_assert_eq(throng_population_create(context, table, &parts, &f.population, &err), THRONG_OK, "%s", err.message);
    attribute(&f, "variance");
    json_t *report = report_of(&f);
    expect_count(report, "agents", 4);
    cr_assert(noted(report, "2 agents are there at only one of the two times"));
    cr_assert(noted(report, "1 agent is there at neither"));
    cr_assert(json_is_string(get(report, "top.0.id")));
    expect_text(report, "columns.id", "who");
    json_decref(report);
    cr_assert_eq(write_run(&f, "run", "{}", false, &err), THRONG_OK, "%s", err.message);
    const char *path = "run/change.parquet";
    throng_column_request columns[] = {
        {"id", THRONG_ROLE_KEY}, {"cohort", THRONG_ROLE_LABEL}, {"phi", THRONG_ROLE_NUMBER}};
    cr_assert_eq(throng_table_read(context, &path, 1, columns, 3, NULL, &table, &err), THRONG_OK, "%s", err.message);
    throng_column_view ids = throng_table_column(table, 0), cohorts = throng_table_column(table, 1);
    static const char *const who[] = {"ann", "bob", "mid", "new"};
    for (int i = 0; i < 4; i++) {
        cr_assert_str_eq(ids.words[((const int32_t *)ids.data)[i]], who[i]);
        cr_assert_str_eq(cohorts.words[((const int32_t *)cohorts.data)[i]], i == 2 ? "(absent)" : "everyone");
    }
    cr_assert_eq(((const double *)throng_table_column(table, 2).data)[2], 0.0);
    throng_table_free(table);
    fixture_clear(&f);
    throng_context_free(context);
}

Test(run_directory, replaces_runs_and_nothing_else, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 50, 1, "variance");
    throng_error err = {0};
    cr_assert_eq(write_run(&f, "run", "first", false, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(write_run(&f, "run", "second", false, &err), THRONG_E_EXISTS);
    cr_assert(strstr(err.message, "--force"), "%s", err.message);
    cr_assert(has_text("run/report.json", "first"));
    cr_assert_eq(write_run(&f, "run/", "second", true, &err), THRONG_OK, "%s", err.message);
    cr_assert(has_text("run/report.json", "second"));
    cr_assert_eq(entries(), 1, "the old run is gone");
    /* A directory with anything else in it is never touched. */
    put_file("run/notes.txt", "mine");
    cr_assert_eq(write_run(&f, "run", "third", true, &err), THRONG_E_EXISTS);
    cr_assert(strstr(err.message, "notes.txt"), "%s", err.message);
    cr_assert(has_text("run/notes.txt", "mine") && has_text("run/report.json", "second"));
    cr_assert_eq(unlink("run/notes.txt"), 0);
    cr_assert_eq(unlink("run/report.json"), 0);
    cr_assert_eq(write_run(&f, "run", "third", true, &err), THRONG_E_EXISTS);
    cr_assert(strstr(err.message, "report.json"), "%s", err.message);
    /* Neither is a file; an empty directory will do. */
    put_file("file", "mine");
    cr_assert_eq(write_run(&f, "file", "x", true, &err), THRONG_E_EXISTS);
    cr_assert(has_text("file", "mine"));
    cr_assert_eq(mkdir("empty", 0777), 0);
    cr_assert_eq(write_run(&f, "empty", "x", false, &err), THRONG_E_EXISTS);
    cr_assert_eq(write_run(&f, "empty", "x", true, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(entries(), 3);
    fixture_clear(&f);
    throng_context_free(context);
}

Test(run_directory, a_link_stays_a_link, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 50, 1, "variance");
    throng_error err = {0};
    struct stat facts;
    cr_assert_eq(write_run(&f, "run", "first", false, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(symlink("run", "latest"), 0);
    cr_assert_eq(write_run(&f, "latest", "second", true, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(lstat("latest", &facts), 0);
    cr_assert(S_ISLNK(facts.st_mode));
    cr_assert(has_text("run/report.json", "second"));
    fixture_clear(&f);
    throng_context_free(context);
}

Test(run_directory, a_failed_write_leaves_nothing_and_keeps_the_old, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 50, 1, "variance");
    throng_error err = {0};
    cr_assert_eq(write_run(&f, "run", "first", false, &err), THRONG_OK, "%s", err.message);
    throng_run_file files[] = {{"report.json", "second"}, {"../escape", "x"}};
    cr_assert_eq(throng_run_directory_write(context, "run", f.attribution, f.cohorts, files, 2, true, &err),
                 THRONG_E_ARGUMENT);
    cr_assert(has_text("run/report.json", "first"));
    cr_assert_eq(entries(), 1);
    cr_assert_eq(write_run(&f, "no/such/run", "x", false, &err), THRONG_E_WRITE);
    cr_assert_eq(write_run(&f, "", "x", false, &err), THRONG_E_WRITE);
    cr_assert_eq(write_run(&f, "run/report.json/x", "x", false, &err), THRONG_E_WRITE);
    cr_assert_eq(throng_run_directory_check(context, "run", false, &err), THRONG_E_EXISTS);
    cr_assert_eq(throng_run_directory_check(context, "run", true, &err), THRONG_OK);
    cr_assert_eq(throng_run_directory_check(context, "other", false, &err), THRONG_OK);
    cr_assert_eq(entries(), 1, "checking makes nothing");
    fixture_clear(&f);
    throng_context_free(context);
}

/* Somebody puts a file into the place between the check and the end. */
Test(run_directory, what_appears_meanwhile_is_kept, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(1);
    fixture f = fixture_make(context, 50, 1, "variance");
    throng_error err = {0};
    throng_i_run_directory directory = {0};
    cr_assert_eq(throng_i_run_directory_begin(context, "run", false, &directory, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_i_run_directory_text(&directory, "report.json", "x", &err), THRONG_OK);
    cr_assert_eq(mkdir("run", 0777), 0);
    put_file("run/mine", "mine");
    cr_assert_eq(throng_i_run_directory_commit(&directory, &err), THRONG_E_EXISTS);
    throng_i_run_directory_clear(&directory);
    cr_assert(has_text("run/mine", "mine"));
    cr_assert_eq(entries(), 1);
    fixture_clear(&f);
    throng_context_free(context);
}
