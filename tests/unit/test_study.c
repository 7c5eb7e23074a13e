/*
 * Studies: the table of keys, values that are taken and refused, study files with their line numbers, and that what is
 * written can be read again. Running a study is tested in tests/cli, against real files.
 */
#include "crowds.h"
#include "study/settings.h"
#include "study/study.h"

#include <stdio.h>
#include <unistd.h>

static throng_study *new_study(throng_context *context) {
    throng_study *study = NULL;
    cr_assert_eq(throng_study_create(context, &study, NULL), THRONG_OK);
    return study;
}

/* A file with this content in the current folder; the caller removes it. */
static const char *write_file(const char *content) {
    static char path[64];
    snprintf(path, sizeof path, "test_study_%ld.yaml", (long)getpid());
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(content, file);
    fclose(file);
    return path;
}

static void expect_text(const throng_study *study, const char *key, int index, const char *wanted) {
    const char *text = throng_study_text(study, key, index);
    cr_assert(wanted ? text && strcmp(text, wanted) == 0 : !text, "%s[%d] is %s, expected %s", key, index,
              text ? text : "(not set)", wanted ? wanted : "(not set)");
}

/* ---- the table of keys ----------------------------------------------------------------------------------------- */

Test(study, keys_are_documented_and_unique) {
    cr_assert_gt(throng_study_key_count(), 0);
    cr_assert_null(throng_study_key_at(-1));
    cr_assert_null(throng_study_key_at(throng_study_key_count()));
    for (int i = 0; i < throng_study_key_count(); i++) {
        const throng_study_key *key = throng_study_key_at(i);
        cr_assert(key->key && strchr(key->key, '.') && key->doc && *key->doc && key->placeholder, "%d", i);
        cr_assert_eq(key->kind == THRONG_KEY_CHOICE, key->choices != NULL, "%s", key->key);
        for (int j = 0; j < i; j++) {
            const throng_study_key *other = throng_study_key_at(j);
            cr_assert_str_neq(key->key, other->key);
            cr_assert(!key->option || !other->option || strcmp(key->option, other->option) != 0, "%s", key->key);
        }
    }
}

Test(study, defaults_pass_their_own_check) {
    for (int i = 0; i < throng_study_key_count(); i++) {
        const throng_study_key *key = throng_study_key_at(i);
        char text[64];
        throng_error err = {0};
        if (key->fallback)
            cr_assert_eq(throng_i_study_key_check(key, key->fallback, text, sizeof text, &err), THRONG_OK, "%s",
                         err.message);
    }
}

Test(study, defaults_agree_with_the_stages) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    throng_attribution_def def = throng_attribution_default();
    expect_text(study, "attribution.indicator", 0, def.indicator);
    expect_text(study, "attribution.method", 0, def.method);
    cr_assert_eq(strtod(throng_study_text(study, "attribution.tolerance", 0), NULL), def.tolerance);
    cr_assert_eq(atoi(throng_study_text(study, "attribution.nodes-max", 0)), def.nodes_max);
    cr_assert_eq(atoi(throng_study_text(study, "report.top", 0)), throng_report_default().top);
    expect_text(study, "population.state", 0, NULL);
    expect_text(study, "no.such-key", 0, NULL);
    throng_study_free(study);
    throng_context_free(context);
}

/* ---- setting --------------------------------------------------------------------------------------------------- */

typedef struct value_case {
    const char *key, *value;
    const char *stored; /* NULL: refused */
} value_case;

Test(study, values_are_checked) {
    static const value_case cases[] = {
        {"run.seed", "17", "17"},
        {"run.seed", "1_671_587", "1671587"},
        {"run.seed", "1.6e6", "1600000"},
        {"run.seed", "-1", NULL},
        {"run.seed", "1.5", NULL},
        {"run.seed", "1__0", NULL},
        {"run.seed", "0x10", NULL},
        {"run.seed", "nan", NULL},
        {"run.seed", "", NULL},
        {"run.seed", "9007199254740991", "9007199254740991"},
        {"run.seed", "9007199254740993", NULL},
        {"report.top", "0", "0"},
        {"attribution.nodes-max", "1", NULL},
        {"attribution.nodes-max", "9999", NULL},
        {"attribution.tolerance", "1e-12", "1e-12"},
        {"attribution.tolerance", "0", NULL},
        {"attribution.tolerance", "1", NULL},
        {"attribution.tolerance", "inf", NULL},
        {"attribution.tolerance", "1e-10x", NULL},
        {"attribution.path", "presence", "presence"},
        {"attribution.path", "pres", NULL},
        {"attribution.path", "state|presence", NULL},
        {"population.missing", "drop", "drop"},
        {"population.missing", "", NULL},
        {"population.state", "a b\"c", "a b\"c"},
        {"population.state", "", NULL},
        {"population.state", "\xC3\xA9tat", "\xC3\xA9tat"},
        {"population.state", "\xFF", NULL},
        {"population.state", "\xED\xA0\x80", NULL}, /* a surrogate */
        {"population.state", "bell\a", NULL},
        {"cohorts.cuts", "0.5", "0.5"},
        {"cohorts.cuts", "0", NULL},
        {"cohorts.cuts", "1", NULL},
        {"cohorts.cuts", "0.9,0.5", NULL},
        {"cohorts.cuts", "0.5,0.5", NULL},
        {"cohorts.cuts", "0.5,,0.9", NULL},
        {"cohorts.cuts", "0.5,x", NULL},
    };
    throng_context *context = test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_error err = {0};
        throng_study *study = new_study(context);
        throng_status status = throng_study_set(study, cases[i].key, cases[i].value, &err);
        cr_assert_eq(status, cases[i].stored ? THRONG_OK : THRONG_E_PARAMETER, "%s = %s: %s", cases[i].key,
                     cases[i].value, err.message);
        if (cases[i].stored)
            expect_text(study, cases[i].key, 0, cases[i].stored);
        else
            cr_assert(strstr(err.message, cases[i].key), "the message names the key: %s", err.message);
        throng_study_free(study);
    }
    throng_context_free(context);
}

Test(study, a_refused_value_leaves_the_old_one) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    cr_assert_eq(throng_study_set(study, "cohorts.cuts", "0.5,0.9", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "cohorts.cuts", "0.7,0.6", NULL), THRONG_E_PARAMETER);
    cr_assert_eq(throng_study_set(study, "run.seed", "5", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "run.seed", "x", NULL), THRONG_E_PARAMETER);
    expect_text(study, "cohorts.cuts", 0, "0.5");
    expect_text(study, "cohorts.cuts", 1, "0.9");
    expect_text(study, "cohorts.cuts", 2, NULL);
    expect_text(study, "run.seed", 0, "5");
    throng_study_free(study);
    throng_context_free(context);
}

Test(study, lists_grow_and_scalars_are_replaced) {
    throng_context *context = test_context(1);
    int64_t before = throng_context_bytes(context);
    throng_study *study = new_study(context);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.csv", i);
        cr_assert_eq(throng_study_set(study, "population.table", name, NULL), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "population.state", name, NULL), THRONG_OK);
        expect_text(study, "population.table", i, name);
        expect_text(study, "population.table", i + 1, NULL);
        expect_text(study, "population.state", 0, name);
        expect_text(study, "population.state", 1, NULL);
    }
    throng_study_free(study);
    cr_assert_eq(throng_context_bytes(context), before, "everything was given back");
    throng_context_free(context);
}

Test(study, an_unknown_key_gets_the_nearest) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    throng_error err = {0};
    cr_assert_eq(throng_study_set(study, "population.stat", "x", &err), THRONG_E_UNKNOWN_NAME);
    cr_assert(strstr(err.message, "Did you mean \"population.state\"?"), "%s", err.message);
    throng_study_free(study);
    throng_context_free(context);
}

/* ---- study files ----------------------------------------------------------------------------------------------- */

typedef struct file_case {
    const char *content;
    const char *message; /* part of what is said */
} file_case;

Test(study, broken_files_are_refused_with_their_line) {
    static const file_case cases[] = {
        {"", "empty"},
        {"# only a remark\n", "empty"},
        {"just text\n", ":1: A study file consists of sections"},
        {"- a\n- b\n", ":1: A study file consists of sections"},
        {"population:\n  state: x\n  stat: y\n", ":3: There is no setting \"population.stat\". Did you mean"},
        {"population:\n  state: x\npopulation:\n  id: y\n", ":3: The section population is given twice"},
        {"population:\n  state: x\n  state: y\n", ":3: population.state is given twice"},
        {"world:\n  name: sirr\n  steps: 3\n", ":2: There is no world \"sirr\". Did you mean \"sir\"?"},
        {"graph:\n  model: ring\n\nattribution:\n  indicator: entropy:bins=0\n", ":5: entropy: bins must be"},
        {"populaton:\n  state: x\n", ":1: There is no section \"populaton\". Did you mean \"population\""},
        {"state: x\n", ":1: state belongs into the section population"},
        {"population: x\n", ":1: population is a section"},
        {"population:\n  state: [a, b]\n", ":2: population.state must be a single value, not a list"},
        {"population:\n  state:\n    a: b\n", ":3: population.state must be a single value, not a section"},
        {"population:\n  table: [a, [b]]\n", ":2: population.table must be a single value, not a list"},
        {"population:\n  state: &a x\n  id: *a\n", ":3: population.id is an alias"},
        {"attribution:\n  tolerance: high\n", ":2: --tolerance (attribution.tolerance) must be a number from"},
        {"attribution:\n  path: sideways\n", ":2: --path (attribution.path) must be one of state, presence"},
        {"cohorts:\n  cuts: [0.9, 0.5]\n", ":2: --cuts (cohorts.cuts) must be ascending"},
        {"population:\n  state: \"x\n", "not valid YAML"},
        {"population:\n\tstate: x\n", ":2: not valid YAML"},
        {"population:\n  state: x\n---\npopulation:\n", ":3: A second document"},
        {"\xFF\xFE\xFD", "not a YAML file"},
        {"population:\n  state: \"a\\0b\"\n", ":2: population.state must be text"},
    };
    throng_context *context = test_context(1);
    int64_t before = throng_context_bytes(context);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_error err = {0};
        throng_study *study = new_study(context);
        const char *path = write_file(cases[i].content);
        throng_status status = throng_study_load(study, path, &err);
        unlink(path);
        cr_assert_eq(status, THRONG_E_STUDY, "case %zu gave %d: %s", i, (int)status, err.message);
        cr_assert(strstr(err.message, cases[i].message), "case %zu says: %s", i, err.message);
        cr_assert(strncmp(err.message, path, strlen(path)) == 0, "case %zu names the file: %s", i, err.message);
        throng_study_free(study);
    }
    cr_assert_eq(throng_context_bytes(context), before, "everything was given back");
    throng_context_free(context);
}

Test(study, files_that_cannot_be_read) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    throng_error err = {0};
    cr_assert_eq(throng_study_load(study, "no/such/study.yaml", &err), THRONG_E_FILE);
    cr_assert(strstr(err.message, "no/such/study.yaml"));
    cr_assert_eq(throng_study_load(study, "/", &err), THRONG_E_FILE);
    cr_assert(strstr(err.message, "directory"), "%s", err.message);
    throng_study_free(study);
    throng_context_free(context);
}

Test(study, a_file_is_understood) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    throng_error err = {0};
    const char *path = write_file("population:\n"
                                  "  table: crowd.csv\n"
                                  "  state: 'stance of the day'\n"
                                  "  weight: ~\n"
                                  "  id:\n"
                                  "  time: 'null'\n"
                                  "attribution: {indicator: \"esteban-ray:alpha=1.3\", nodes-max: 1_000}\n"
                                  "cohorts:\n"
                                  "  cuts: [0.5, 0.9]\n"
                                  "panel:\n"
                                  "run:\n"
                                  "  plugins:\n"
                                  "    - a.so\n"
                                  "    - b.so\n");
    /* What was set before is replaced by the file, also where that is a list. */
    cr_assert_eq(throng_study_set(study, "population.table", "other.csv", NULL), THRONG_OK);
    cr_assert_eq(throng_study_load(study, path, &err), THRONG_OK, "%s", err.message);
    unlink(path);
    expect_text(study, "population.table", 0, "crowd.csv");
    expect_text(study, "population.table", 1, NULL);
    expect_text(study, "population.state", 0, "stance of the day");
    expect_text(study, "population.weight", 0, NULL);
    expect_text(study, "population.id", 0, NULL);
    expect_text(study, "population.time", 0, "null");
    expect_text(study, "attribution.indicator", 0, "esteban-ray:alpha=1.3");
    expect_text(study, "attribution.nodes-max", 0, "1000");
    expect_text(study, "cohorts.cuts", 1, "0.9");
    expect_text(study, "run.plugins", 1, "b.so");
    throng_study_free(study);
    throng_context_free(context);
}

Test(study, what_is_written_is_read_again) {
    static const char *const awkward[] = {
        "plain",       "with space",   "~",     "null",   "true",     "12",  "-",   "a: b", "# no", "'q'",
        "\"q\"",       "two\nlines\n", " lead", "trail ", "\xC3\xA9", "[x]", "{x}", "*x",   "&x",   "!x",
        "%x",          "@x",           "`x",    "a\tb",   "|",        ">",   "? x", "- x",  "1e5",  "2024-11-05",
        "x > 3 AND y", "\n",           "no",    "0x1F",   "=",        "<<"};
    throng_context *context = test_context(1);
    int64_t before = throng_context_bytes(context);
    for (size_t i = 0; i < sizeof awkward / sizeof *awkward; i++) {
        throng_study *study = new_study(context), *again = new_study(context);
        throng_error err = {0};
        char *yaml = NULL, *second = NULL;
        cr_assert_eq(throng_study_set(study, "population.state", awkward[i], &err), THRONG_OK, "%s", err.message);
        cr_assert_eq(throng_study_set(study, "population.where", awkward[i], &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "cohorts.cuts", "0.25,0.75", &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "population.table", "/data/a b.csv", &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "population.table", "-", &err), THRONG_OK);
        cr_assert_eq(throng_study_yaml(study, &yaml, &err), THRONG_OK, "%s", err.message);
        const char *path = write_file(yaml);
        cr_assert_eq(throng_study_load(again, path, &err), THRONG_OK, "%s in\n%s", err.message, yaml);
        unlink(path);
        expect_text(again, "population.state", 0, awkward[i]);
        expect_text(again, "population.where", 0, awkward[i]);
        expect_text(again, "population.table", 0, "/data/a b.csv");
        expect_text(again, "population.table", 1, "-");
        expect_text(again, "cohorts.cuts", 1, "0.75");
        cr_assert_eq(throng_study_yaml(again, &second, &err), THRONG_OK);
        cr_assert_str_eq(yaml, second);
        throng_text_free(context, yaml);
        throng_text_free(context, second);
        throng_study_free(study);
        throng_study_free(again);
    }
    cr_assert_eq(throng_context_bytes(context), before, "everything was given back");
    throng_context_free(context);
}

Test(study, file_names_become_absolute) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    char *yaml = NULL, here[1024], wanted[1100];
    cr_assert_not_null(getcwd(here, sizeof here));
    cr_assert_eq(throng_study_set(study, "population.table", "./crowd*.csv", NULL), THRONG_OK);
    cr_assert_eq(throng_study_yaml(study, &yaml, NULL), THRONG_OK);
    snprintf(wanted, sizeof wanted, "%s/crowd*.csv", here);
    cr_assert(strstr(yaml, wanted), "%s", yaml);
    throng_text_free(context, yaml);
    throng_study_free(study);
    throng_context_free(context);
}

/* ---- running out of memory ------------------------------------------------------------------------------------- */

/* Sets, reads and writes a study. */
static throng_status use_study(throng_context *context, const char *path, throng_error *err) {
    throng_study *study = NULL;
    char *yaml = NULL;
    throng_status status = throng_study_create(context, &study, err);
    if (status == THRONG_OK)
        status = throng_study_set(study, "cohorts.cuts", "0.25,0.75", err);
    if (status == THRONG_OK)
        status = throng_study_load(study, path, err);
    if (status == THRONG_OK)
        status = throng_study_yaml(study, &yaml, err);
    throng_text_free(context, yaml);
    throng_study_free(study);
    return status;
}

Test(study, every_failing_allocation_is_reported_and_nothing_leaks) {
    test_scarce memory = {-1};
    throng_context *context = NULL;
    cr_assert_eq(throng_context_create_with(test_scarce_realloc, &memory, &context, NULL), THRONG_OK);
    const char *path = write_file("population: {table: [a.csv, b.csv], state: x}\ncohorts: {cuts: [0.1, 0.2]}\n");
    int64_t before = throng_context_bytes(context);
    throng_status status = THRONG_E_MEMORY;
    int failures = 0;
    for (; status != THRONG_OK; failures++) {
        throng_error err = {0};
        memory.left = failures;
        status = use_study(context, path, &err);
        memory.left = -1;
        cr_assert(status == THRONG_OK || status == THRONG_E_MEMORY, "%s", err.message);
        cr_assert_eq(throng_context_bytes(context), before, "allocation %d", failures);
    }
    unlink(path);
    cr_assert_gt(failures, 10, "the test did make allocations fail");
    throng_context_free(context);
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

Test(study, a_column_is_asked_for_once) {
    throng_context *context = test_context(1);
    throng_study *study = new_study(context);
    throng_i_settings settings = {0};
    throng_error err = {0};
    cr_assert_eq(throng_study_set(study, "population.table", "x.csv", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "population.state", "w", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "population.weight", "w", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "cohorts.by", "w", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "population.id", "i", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "attribution.baseline", "column:mean", NULL), THRONG_OK);
    cr_assert_eq(throng_i_settings_init(study, &settings, &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(settings.n_requests, 3);
    cr_assert_str_eq(settings.requests[0].column, "i");
    cr_assert_eq(settings.requests[0].role, THRONG_ROLE_KEY);
    cr_assert_str_eq(settings.requests[1].column, "w");
    cr_assert_eq(settings.requests[1].role, THRONG_ROLE_NUMBER);
    cr_assert_str_eq(settings.requests[2].column, "mean");
    cr_assert_eq(settings.requests[2].role, THRONG_ROLE_NUMBER);
    cr_assert_eq(settings.attribution.baseline, THRONG_BASELINE_COLUMN);
    throng_i_settings_clear(study, &settings);
    throng_study_free(study);
    throng_context_free(context);
}

Test(study, what_needs_no_data_is_refused_before_reading) {
    static const struct {
        const char *key, *value;
        throng_status status;
    } cases[] = {
        {"attribution.indicator", "varience", THRONG_E_UNKNOWN_NAME},
        {"attribution.indicator", "variance:x=1", THRONG_E_UNKNOWN_NAME},
        {"attribution.indicator", "esteban-ray:alpha=99", THRONG_E_PARAMETER},
        {"attribution.method", "shapley", THRONG_E_UNKNOWN_NAME},
        {"attribution.baseline", "first", THRONG_E_PARAMETER},
        {"run.plugins", "/no/such/plugin.so", THRONG_E_PLUGIN},
    };
    throng_context *context = test_context(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_study *study = new_study(context);
        throng_run *run = NULL;
        throng_error err = {0};
        cr_assert_eq(throng_study_set(study, "population.table", "/no/such/table.csv", NULL), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "population.state", "x", NULL), THRONG_OK);
        cr_assert_eq(throng_study_set(study, cases[i].key, cases[i].value, NULL), THRONG_OK);
        cr_assert_eq(throng_study_run(study, NULL, NULL, false, &run, &err), cases[i].status, "case %zu: %s", i,
                     err.message);
        cr_assert_null(run);
        throng_study_free(study);
    }
    throng_context_free(context);
}

/* ---- stopping -------------------------------------------------------------------------------------------------- */

typedef struct stopper {
    test_faults faults;
    int64_t fail_at; /* allocation after sampling began */
    int reports;     /* of progress, since then */
} stopper;

/* Stops sampling when it has something to show; from then on an allocation fails. */
static bool stop_sampling(void *user, const throng_progress *progress) {
    stopper *self = user;
    if (strcmp(progress->stage, "sampling") != 0)
        return true;
    if (self->reports++ == 0)
        self->faults.fail_at = self->faults.calls + self->fail_at;
    return self->reports < 6;
}

static void *stopper_realloc(void *user, void *pointer, size_t size) {
    return test_faulty_realloc(&((stopper *)user)->faults, pointer, size);
}

/* A run that is stopped leaves the estimate so far; without memory for its report it leaves nothing, and the message
 * still says why it ended. */
Test(stopping, survives_every_failing_allocation, .timeout = 120) {
    char table[64], text[24];
    snprintf(table, sizeof table, "test_study_%ld.csv", (long)getpid());
    FILE *file = fopen(table, "wb");
    cr_assert_not_null(file);
    fputs("x,side\n", file);
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%d,%d\n", i * i % 97, i % 3);
        fputs(text, file);
    }
    fclose(file);
    bool finished = false;
    for (int64_t k = 1; !finished; k++) {
        stopper it = {.fail_at = k};
        throng_context *context = NULL;
        throng_error err = {0};
        throng_run *run = NULL;
        cr_assert_eq(throng_context_create_with(stopper_realloc, &it, &context, &err), THRONG_OK);
        cr_assert_eq(throng_context_set_threads(context, 1, &err), THRONG_OK);
        throng_study *study = new_study(context);
        cr_assert_eq(throng_study_set(study, "population.table", table, &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "population.state", "x", &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "cohorts.by", "side", &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "attribution.indicator", "bimodality", &err), THRONG_OK);
        cr_assert_eq(throng_study_set(study, "attribution.method", "shapley-sampled:permutations=1e9", &err),
                     THRONG_OK);
        throng_context_set_progress(context, stop_sampling, &it);
        int64_t bytes = throng_context_bytes(context);
        throng_status status = throng_study_run(study, NULL, NULL, false, &run, &err);
        finished = it.faults.calls < it.faults.fail_at;
        cr_expect(status == THRONG_E_CANCELLED || (status == THRONG_E_MEMORY && !finished), "allocation %lld: %s",
                  (long long)k, throng_status_name(status));
        cr_expect_eq(err.status, status, "allocation %lld: %s", (long long)k, err.message);
        cr_expect(run || !finished);
        if (run)
            cr_expect(strstr(throng_run_report(run), "\"complete\": false") &&
                      strstr(throng_run_report(run), "\"sampled_unit\": \"permutations\""));
        throng_run_free(run);
        cr_expect_eq(throng_context_bytes(context), bytes, "allocation %lld leaks", (long long)k);
        throng_study_free(study);
        throng_context_free(context);
        cr_assert_lt(k, 300);
    }
    remove(table);
}
