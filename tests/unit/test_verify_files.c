/*
 * Verifying run directories whose files were tampered with: each change is found by the checks that should find it, and
 * by no other. Tables are read, changed and written again; nothing in throng knows of it.
 */
#define _GNU_SOURCE
#include "crowds.h"
#include "folder.h"
#include "study/study.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- runs ------------------------------------------------------------------------------------------------------ */

#define AGENTS 60
#define SAME   10 /* and the next: two agents that are alike */
#define IDLE   5  /* at the baseline */

/* A crowd of so many days as crowd.parquet. Later days come first in the table, so that its order is not that of time;
 * agent 3 is not there on the first day. */
static void write_crowd(throng_context *context, int days) {
    throng_error err = {0};
    throng_table *table = NULL;
    int64_t n = (int64_t)AGENTS * days - (days > 1), row = 0, *id = NULL, *day = NULL;
    double *state = NULL, *weight = NULL, *start = NULL;
    cr_assert_eq(throng_table_create(context, n, &table, &err), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "who", THRONG_TYPE_INT64, (void **)&id, &err), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "day", THRONG_TYPE_INT64, (void **)&day, &err), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "x", THRONG_TYPE_FLOAT64, (void **)&state, &err), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "w", THRONG_TYPE_FLOAT64, (void **)&weight, &err), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "start", THRONG_TYPE_FLOAT64, (void **)&start, &err), THRONG_OK);
    for (int d = days; d > 0; d--)
        for (int i = 0; i < AGENTS; i++) {
            if (days > 1 && d == 1 && i == 3)
                continue;
            int like = i == SAME + 1 ? SAME : i;
            id[row] = 100 + i;
            day[row] = d;
            state[row] = i == IDLE ? 0.0 : 2.0 * test_uniform((uint64_t)d, (uint64_t)like) - 0.5;
            weight[row] = 1.0 + like;
            start[row++] = i == IDLE ? 0.0 : 0.25;
        }
    cr_assert_eq(row, n);
    cr_assert_eq(throng_table_write(table, "crowd.parquet", true, &err), THRONG_OK, "%s", err.message);
    throng_table_free(table);
}

/* Attributes crowd.parquet into the directory "run". more: pairs of key and value, up to NULL. */
static void make_run(throng_context *context, const char *const *more) {
    throng_error err = {0};
    throng_study *study = NULL;
    throng_run *run = NULL;
    const char *usual[] = {"population.table",
                           "crowd.parquet",
                           "population.state",
                           "x",
                           "population.id",
                           "who",
                           "population.weight",
                           "w",
                           "report.top",
                           "5",
                           "attribution.indicator",
                           "weighted-variance",
                           NULL};
    cr_assert_eq(throng_study_create(context, &study, &err), THRONG_OK);
    for (int pass = 0; pass < 2; pass++)
        for (const char *const *at = pass ? more : usual; at && *at; at += 2)
            cr_assert_eq(throng_study_set(study, at[0], at[1], &err), THRONG_OK, "%s", err.message);
    cr_assert_eq(throng_study_run(study, "a test", "run", true, &run, &err), THRONG_OK, "%s", err.message);
    throng_run_free(run);
    throng_study_free(study);
}

/* ---- tampering ------------------------------------------------------------------------------------------------- */

typedef void (*tamper_fn)(throng_table *table);

static double *reals(const throng_table *table, const char *name) {
    throng_column_view view;
    cr_assert_eq(throng_table_find(table, name, &view, NULL), THRONG_OK, "no column %s", name);
    cr_assert_eq(view.type, THRONG_TYPE_FLOAT64);
    return (double *)(uintptr_t)view.data;
}

/* Reads a table whose columns are these ("id phi ..."), without row `gone` (-1: with all) and with row `twice` twice,
 * lets it be changed and writes it again. */
static void rewrite(throng_context *context, const char *path, const char *columns, int64_t gone, int64_t twice,
                    tamper_fn tamper) {
    throng_error err = {0};
    throng_table *read = NULL, *made = NULL;
    throng_column_request requests[8];
    char names[120];
    int n = 0;
    snprintf(names, sizeof names, "%s", columns);
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " "))
        requests[n++] = (throng_column_request){name, strcmp(name, "id") == 0       ? THRONG_ROLE_KEY
                                                      : strcmp(name, "step") == 0   ? THRONG_ROLE_KEY
                                                      : strcmp(name, "time") == 0   ? THRONG_ROLE_TIME
                                                      : strcmp(name, "cohort") == 0 ? THRONG_ROLE_LABEL
                                                                                    : THRONG_ROLE_NUMBER};
    cr_assert_eq(throng_table_read(context, &path, 1, requests, n, NULL, &read, &err), THRONG_OK, "%s", err.message);
    int64_t rows = throng_table_rows(read) - (gone >= 0) + (twice >= 0);
    cr_assert_eq(throng_table_create(context, rows, &made, &err), THRONG_OK);
    for (int c = 0; c < n; c++) {
        throng_column_view view = throng_table_column(read, c);
        size_t size = throng_type_size(view.type);
        char *data = NULL;
        cr_assert_eq(view.type == THRONG_TYPE_TEXT
                         ? throng_table_add_codes(made, view.name, view.n_words, view.words, (int32_t **)&data, &err)
                         : throng_table_add(made, view.name, view.type, (void **)&data, &err),
                     THRONG_OK);
        for (int64_t row = 0; row < view.n_rows; row++)
            for (int copies = row == gone ? 0 : row == twice ? 2 : 1; copies > 0; copies--) {
                memcpy(data, (const char *)view.data + (size_t)row * size, size);
                data += size;
            }
    }
    if (tamper)
        tamper(made);
    cr_assert_eq(throng_table_write(made, path, true, &err), THRONG_OK, "%s", err.message);
    throng_table_free(read);
    throng_table_free(made);
}

/* ---- what verification says ------------------------------------------------------------------------------------ */

static throng_verification verified(throng_context *context) {
    throng_error err = {0};
    throng_verification it;
    cr_assert_eq(throng_study_verify(context, "run", NULL, &it, &err), THRONG_OK, "%s", err.message);
    return it;
}

/* Exactly these checks fail, in the order of checks: "repeat efficiency"; "" for none. The first that fails says this.
 */
static void expect_failures(throng_context *context, const char *what, const char *names, const char *said) {
    throng_verification it = verified(context);
    char failed[200] = "";
    const char *text = "";
    for (int i = 0; i < it.n_checks; i++) {
        if (it.check[i].verdict != THRONG_VERDICT_FAILS)
            continue;
        if (!*failed)
            text = it.check[i].text;
        strcat(strcat(failed, *failed ? " " : ""), it.check[i].name);
    }
    cr_expect_str_eq(failed, names, "%s: [%s] fail instead of [%s]", what, failed, names);
    cr_expect_eq(it.holds, !*names, "%s", what);
    cr_expect(strstr(text, said), "%s says: %s", what, text);
}

#define ONE_TIME "id state weight cohort phi"

static void one_credit(throng_table *table) {
    reals(table, "phi")[20] *= 1.5;
}
static void two_swapped(throng_table *table) {
    double *phi = reals(table, "phi"), other = phi[20];
    phi[20] = phi[21];
    phi[21] = other;
}
static void all_scaled(throng_table *table) {
    for (int i = 0; i < AGENTS; i++)
        reals(table, "phi")[i] *= 1.001;
}
static void no_number(throng_table *table) {
    reals(table, "phi")[30] = NAN;
}
static void unequal_pair(throng_table *table) {
    double *phi = reals(table, "phi"), some = 0.01 * phi[SAME];
    phi[SAME] += some;
    phi[SAME + 1] -= some;
}
static void idle_credited(throng_table *table) {
    double *phi = reals(table, "phi");
    phi[IDLE] = 0.1 * phi[20];
    phi[20] -= phi[IDLE];
}
static void state_altered(throng_table *table) {
    reals(table, "state")[7] = 0.5;
    reals(table, "state")[9] = 0.5;
}
static void weight_altered(throng_table *table) {
    reals(table, "weight")[8] = 99.0;
}
static void id_altered(throng_table *table) {
    throng_column_view view = throng_table_column(table, 0);
    ((int64_t *)(uintptr_t)view.data)[12] = 7;
}
static void cohort_altered(throng_table *table) {
    throng_column_view view = throng_table_column(table, 3);
    int32_t *codes = (int32_t *)(uintptr_t)view.data;
    codes[2] = codes[2] ? 0 : 1;
}

Test(verify_files, every_lie_is_found_by_the_check_that_should, .init = enter_folder, .fini = leave_folder) {
    static const struct {
        const char *what, *columns;
        int64_t gone, twice;
        tamper_fn tamper;
        const char *failures, *said;
    } lies[] = {
        {"nothing", ONE_TIME, -1, -1, NULL, "", ""},
        {"one credit", ONE_TIME, -1, -1, one_credit, "repeat efficiency", "the file credits agent 120 with"},
        {"two swapped", ONE_TIME, -1, -1, two_swapped, "repeat", "the file credits agent 12"},
        {"all scaled", ONE_TIME, -1, -1, all_scaled, "repeat efficiency", "credits agent"},
        {"not a number", ONE_TIME, -1, -1, no_number, "repeat efficiency", "credits agent 130 with nan"},
        {"clones", ONE_TIME, -1, -1, unequal_pair, "repeat alike", "credits agent 11"},
        {"a dummy", ONE_TIME, -1, -1, idle_credited, "repeat idle", "credits agent 1"},
        {"a state", ONE_TIME, -1, -1, state_altered, "table", "state of agent 107 is 0.5, in the run it is "},
        {"a weight", ONE_TIME, -1, -1, weight_altered, "table",
         "attribution.parquet: weight of agent 108 is 99, in the run it is 9 (1 row differs)"},
        {"an id", ONE_TIME, -1, -1, id_altered, "table", "row 13 is of agent 7, in the run it is agent 112"},
        {"a cohort", ONE_TIME, -1, -1, cohort_altered, "table", "cohort of agent 102 is \""},
        {"a row gone", ONE_TIME, 17, -1, NULL, "table",
         "attribution.parquet has 59 of 60 agents; first missing: agent 117"},
        {"the last row gone", ONE_TIME, 59, -1, NULL, "table", "59 of 60 agents; first missing: agent 159"},
        {"a row twice", ONE_TIME, -1, 17, NULL, "table",
         "attribution.parquet has 61 agents, the run 60; first that is not of it: agent 117"},
        {"no credits", "id state weight cohort", -1, -1, NULL, "files", "phi"},
        {"no weights", "id state cohort phi", -1, -1, NULL, "files", "weight"},
    };
    throng_context *context = test_context(2);
    write_crowd(context, 1);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        make_run(context, NULL);
        rewrite(context, "run/attribution.parquet", lies[i].columns, lies[i].gone, lies[i].twice, lies[i].tamper);
        expect_failures(context, lies[i].what, lies[i].failures, lies[i].said);
    }
    throng_context_free(context);
}

static void error_altered(throng_table *table) {
    reals(table, "standard_error")[4] *= 0.5;
}
static void baseline_altered(throng_table *table) {
    reals(table, "baseline")[4] = 0.26;
}

Test(verify_files, columns_that_only_some_runs_have, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(2);
    write_crowd(context, 1);
    make_run(context, (const char *[]){"attribution.method", "shapley-sampled:permutations=400",
                                       "attribution.indicator", "formula:expr=tanh(3*m2)*exp(-m1)", NULL});
    expect_failures(context, "sampled", "", "");
    rewrite(context, "run/attribution.parquet", ONE_TIME " standard_error", -1, -1, error_altered);
    expect_failures(context, "standard error", "table", "standard_error of agent 104 is");
    make_run(context, (const char *[]){"attribution.baseline", "start", NULL});
    expect_failures(context, "own baselines", "", "");
    rewrite(context, "run/attribution.parquet", "id state weight baseline cohort phi", -1, -1, baseline_altered);
    expect_failures(context, "a baseline", "table", "baseline of agent 104 is 0.26, in the run it is 0.25");
    throng_context_free(context);
}

/* ---- cohorts, steps --------------------------------------------------------------------------------------------- */

#define COHORTS "cohort depth agents phi share absolute_share per_agent"

static void share_altered(throng_table *table) {
    reals(table, "share")[1] += 1e-6;
}
static void agents_altered(throng_table *table) {
    reals(table, "agents")[0] += 1.0;
}
static void names_swapped(throng_table *table) {
    throng_column_view view = throng_table_column(table, 0);
    int32_t *codes = (int32_t *)(uintptr_t)view.data, first = codes[0];
    codes[0] = codes[1];
    codes[1] = first;
}
static void undefined_share(throng_table *table) {
    reals(table, "per_agent")[2] = NAN;
}

Test(verify_files, lies_about_cohorts, .init = enter_folder, .fini = leave_folder) {
    TEST_NOT_SANITIZED();
    static const struct {
        const char *what;
        int64_t gone;
        tamper_fn tamper;
        const char *said;
    } lies[] = {
        {"a share", -1, share_altered, "cohorts.parquet: share in row 2 is "},
        {"a count", -1, agents_altered, "cohorts.parquet: agents in row 1 is "},
        {"names", -1, names_swapped, "cohorts.parquet: cohort in row 1 is \""},
        {"undefined", -1, undefined_share, "cohorts.parquet: per_agent in row 3 is nan, in the run it is "},
        {"a row gone", 1, NULL, "cohorts.parquet has 2 rows, the run 3"},
    };
    const char *const players[] = {"attribution.players", "cohorts", NULL};
    throng_context *context = test_context(2);
    write_crowd(context, 1);
    for (size_t i = 0; i < 2 * (sizeof lies / sizeof *lies); i++) {
        make_run(context, i % 2 ? players : NULL);
        rewrite(context, "run/cohorts.parquet", COHORTS, -1, -1, NULL);
        expect_failures(context, "nothing", "", "");
        rewrite(context, "run/cohorts.parquet", COHORTS, lies[i / 2].gone, -1, lies[i / 2].tamper);
        expect_failures(context, lies[i / 2].what, "cohorts", lies[i / 2].said);
    }
    throng_context_free(context);
}

static void step_credit(throng_table *table) {
    reals(table, "phi")[70] *= 1.001;
}

static void step_altered(throng_table *table) {
    throng_column_view view = throng_table_column(table, 1);
    ((int64_t *)(uintptr_t)view.data)[70] = 2;
}

Test(verify_files, lies_about_steps, .init = enter_folder, .fini = leave_folder) {
    const char *const world[] = {"world.name",  "bounded-confidence", "world.steps", "3",
                                 "graph.model", "watts-strogatz",     NULL};
    throng_context *context = test_context(2);
    write_crowd(context, 1);
    make_run(context, world);
    expect_failures(context, "nothing", "", "");
    rewrite(context, "run/steps.parquet", "id step phi", -1, -1, step_credit);
    expect_failures(context, "a credit", "steps", "largest difference of a credit in steps.parquet");
    make_run(context, world);
    rewrite(context, "run/steps.parquet", "id step phi", -1, -1, id_altered);
    expect_failures(context, "an id", "steps", "does not have every agent");
    make_run(context, world);
    rewrite(context, "run/steps.parquet", "id step phi", -1, -1, step_altered);
    expect_failures(context, "a step", "steps", "does not have every agent");
    make_run(context, world);
    rewrite(context, "run/steps.parquet", "id step phi", 61, -1, NULL);
    expect_failures(context, "a row gone", "steps", "does not have every agent");
    throng_context_free(context);
}

static void behaviour_altered(throng_table *table) {
    reals(table, "phi of moving the price")[4] *= 1.01;
}

Test(verify_files, lies_about_behaviours, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(2);
    throng_error err = {0};
    const char *path = "run/attribution.parquet";
    throng_table *read = NULL;
    static const throng_column_request columns[] = {{"id", THRONG_ROLE_KEY},
                                                    {"state", THRONG_ROLE_NUMBER},
                                                    {"weight", THRONG_ROLE_NUMBER},
                                                    {"cohort", THRONG_ROLE_LABEL},
                                                    {"phi", THRONG_ROLE_NUMBER},
                                                    {"phi of being copied", THRONG_ROLE_NUMBER},
                                                    {"phi of moving the price", THRONG_ROLE_NUMBER}};
    write_crowd(context, 1);
    make_run(context, (const char *[]){"world.name", "market-herding", "world.steps", "3", "graph.model",
                                       "watts-strogatz", "population.where", "abs(x) <= 1", NULL});
    expect_failures(context, "nothing", "", "");
    cr_assert_eq(throng_table_read(context, &path, 1, columns, 7, NULL, &read, &err), THRONG_OK, "%s", err.message);
    behaviour_altered(read);
    cr_assert_eq(throng_table_write(read, path, true, &err), THRONG_OK, "%s", err.message);
    expect_failures(context, "a behaviour", "table", "phi of moving the price of agent 1");
    throng_table_free(read);
    throng_context_free(context);
}

/* ---- several times --------------------------------------------------------------------------------------------- */

static void change_credit(throng_table *table) {
    reals(table, "phi")[6] *= 1.01;
}

Test(verify_files, several_times, .init = enter_folder, .fini = leave_folder) {
    throng_context *context = test_context(2);
    const char *const times[] = {"population.time", "day", NULL};
    write_crowd(context, 3);
    make_run(context, times);
    expect_failures(context, "nothing", "", "");
    rewrite(context, "run/change.parquet", "id cohort phi", -1, -1, change_credit);
    expect_failures(context, "a change", "change", "largest difference");
    make_run(context, times);
    rewrite(context, "run/change.parquet", "id cohort phi", 8, -1, NULL);
    expect_failures(context, "a change gone", "change",
                    "change.parquet has 59 agents, the run 60; first that is missing: agent 108");
    make_run(context, times);
    rewrite(context, "run/attribution.parquet", "id time state weight cohort phi", 59 + 30, -1, NULL);
    expect_failures(context, "a row gone", "table",
                    "attribution.parquet has 178 of 179 rows; first missing: agent 130 at time 2");
    make_run(context, times);
    cr_assert_eq(remove("run/change.parquet"), 0);
    expect_failures(context, "no changes", "files", "run/change.parquet cannot be read");
    throng_context_free(context);
}

/* ---- without the inputs ---------------------------------------------------------------------------------------- */

static throng_verdict verdict_of(const throng_verification *it, const char *name) {
    for (int i = 0; i < it->n_checks; i++)
        if (strcmp(it->check[i].name, name) == 0)
            return it->check[i].verdict;
    cr_assert_fail("no check %s", name);
    return THRONG_VERDICT_COUNT;
}

Test(verify_files, attribution_parquet_takes_the_place_of_inputs_that_are_gone, .init = enter_folder,
     .fini = leave_folder) {
    static const char *const settings[][7] = {
        {"report.top", "60", NULL},
        {"population.time", "day", "attribution.baseline", "first", "population.where", "day < 3", NULL},
        {"attribution.baseline", "start", "cohorts.by", "day", NULL},
        {"attribution.method", "shapley-sampled:permutations=200", "panel.size", "20", NULL},
    };
    throng_context *context = test_context(2);
    for (int i = 0; i < 4; i++) {
        write_crowd(context, i == 1 ? 3 : 1);
        make_run(context, settings[i]);
        cr_assert_eq(remove("crowd.parquet"), 0);
        throng_verification it = verified(context);
        for (int c = 0; c < it.n_checks; c++)
            cr_expect_neq(it.check[c].verdict, THRONG_VERDICT_FAILS, "%d: %s: %s", i, it.check[c].name,
                          it.check[c].text);
        cr_expect(it.holds && it.partial, "%d", i);
        cr_expect_eq(verdict_of(&it, "inputs"), THRONG_VERDICT_NOT_APPLICABLE);
        cr_expect_eq(verdict_of(&it, "table"), THRONG_VERDICT_NOT_APPLICABLE);
        cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_HOLDS);
        cr_expect_eq(verdict_of(&it, "report"), THRONG_VERDICT_HOLDS);
        cr_expect_gt(it.n_deletions, 0);
    }
    write_crowd(context, 1);
    make_run(context, NULL);
    cr_assert_eq(remove("crowd.parquet"), 0);
    rewrite(context, "run/attribution.parquet", ONE_TIME, -1, -1, one_credit);
    expect_failures(context, "one credit", "repeat efficiency", "credits agent 120");
    rewrite(context, "run/attribution.parquet", ONE_TIME, -1, -1, state_altered);
    throng_verification it = verified(context);
    cr_expect_eq(verdict_of(&it, "repeat"), THRONG_VERDICT_FAILS);
    cr_expect_eq(verdict_of(&it, "report"), THRONG_VERDICT_FAILS);
    throng_context_free(context);
}

/* ---- damaged files --------------------------------------------------------------------------------------------- */

Test(verify_files, damaged_files_are_verdicts, .init = enter_folder, .fini = leave_folder) {
    static const char *const files[] = {"run/attribution.parquet", "run/cohorts.parquet", "run/report.json",
                                        "run/study.yaml"};
    throng_context *context = test_context(2);
    throng_error err = {0};
    throng_verification it;
    write_crowd(context, 1);
    for (int i = 0; i < 4; i++)
        for (int size = 0; size <= 200; size += 200) {
            make_run(context, NULL);
            cr_assert_eq(truncate(files[i], size), 0);
            int64_t idle = throng_context_bytes(context);
            it = verified(context);
            cr_expect_not(it.holds, "%s of %d bytes", files[i], size);
            cr_expect_eq(verdict_of(&it, "files"), THRONG_VERDICT_FAILS, "%s of %d bytes", files[i], size);
            cr_expect_eq(throng_context_bytes(context), idle);
        }
    make_run(context, NULL);
    cr_assert_eq(remove("run/report.json"), 0);
    cr_expect_eq(throng_study_verify(context, "run", NULL, &it, &err), THRONG_E_FILE);
    cr_expect_str_eq(err.message, "run is not a run directory: it has no report.json.");
    cr_expect_eq(throng_study_verify(context, "crowd.parquet", NULL, &it, &err), THRONG_E_FILE);
    cr_expect_eq(throng_study_verify(context, "nowhere", NULL, &it, &err), THRONG_E_FILE);
    cr_expect_str_eq(err.message, "nowhere cannot be read: No such file or directory.");
    throng_context_free(context);
}

Test(verify_files, survives_every_failing_allocation, .init = enter_folder, .fini = leave_folder) {
    throng_context *usual = test_context(1);
    bool finished = false;
    write_crowd(usual, 2);
    make_run(usual, (const char *[]){"population.time", "day", NULL});
    throng_context_free(usual);
    for (int64_t k = 1; !finished; k += k < 60 ? 3 : 37) {
        test_faults faults = {0, 0};
        throng_context *context = NULL;
        throng_error err = {0};
        throng_verification it;
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &context, &err), THRONG_OK);
        cr_assert_eq(throng_context_set_threads(context, 1, &err), THRONG_OK);
        int64_t idle = throng_context_bytes(context);
        faults.fail_at = faults.calls + k;
        throng_status status = throng_study_verify(context, "run", NULL, &it, &err);
        finished = status == THRONG_OK && faults.calls < faults.fail_at;
        cr_assert(finished || status == THRONG_E_MEMORY, "allocation %lld: %d %s", (long long)k, status, err.message);
        cr_assert_eq(throng_context_bytes(context), idle, "allocation %lld leaks", (long long)k);
        throng_context_free(context);
    }
}
