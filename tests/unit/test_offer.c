/* Tables that a program offers under a name, and the layout by which bindings check themselves. */
#include "throng/throng.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

static const double state[] = {0.5, -1.0, 2.0};
static throng_context *context;
static throng_error err;

static void open_context(void) {
    cr_assert_eq(throng_context_create(&context, NULL), THRONG_OK);
}

static void close_context(void) {
    throng_context_free(context);
}

TestSuite(offer, .init = open_context, .fini = close_context);

static throng_table *make(void) {
    throng_table *table = NULL;
    const char *const names[] = {"a", "b", "a"};
    cr_assert_eq(throng_table_create(context, 3, &table, NULL), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, NULL), THRONG_OK);
    cr_assert_eq(throng_table_add_text(table, "kind", names, NULL), THRONG_OK);
    return table;
}

static throng_status read_column(const char *path, const char *column, const char *condition, throng_table **out) {
    throng_column_request request = {column, THRONG_ROLE_NUMBER};
    return throng_table_read(context, &path, 1, &request, 1, condition, out, &err);
}

Test(offer, is_read_without_a_copy) {
    throng_table *read = NULL;
    cr_assert_eq(throng_table_offer(context, "crowd", make(), NULL), THRONG_OK);
    cr_assert_eq(read_column("memory:crowd", "state", NULL, &read), THRONG_OK);
    cr_assert_eq(throng_table_column(read, 0).data, state);
    cr_assert_eq(throng_table_rows(read), 3);
    int n = -1;
    cr_assert_null(throng_table_sources(read, &n));
    cr_assert_eq(n, 0);
    throng_table_free(read);
    cr_assert_eq(read_column("memory:crowd", "kind", NULL, &read), THRONG_OK);
    cr_assert_str_eq(throng_table_column(read, 0).words[1], "b");
    throng_table_free(read);
}

Test(offer, what_cannot_be_read_is_said) {
    throng_table *read = NULL;
    const char *two[] = {"memory:crowd", "other.csv"};
    throng_column_request request = {"state", THRONG_ROLE_NUMBER};
    cr_assert_eq(throng_table_offer(context, "crowd", make(), NULL), THRONG_OK);
    cr_assert_eq(read_column("memory:cowd", "state", NULL, &read), THRONG_E_FILE);
    cr_assert(strstr(err.message, "memory:cowd"));
    cr_assert_eq(read_column("memory:crowd", "stat", NULL, &read), THRONG_E_COLUMN);
    cr_assert(strstr(err.message, "Did you mean \"state\""));
    cr_assert_eq(read_column("memory:crowd", "state", "state > 0", &read), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_table_read(context, two, 2, &request, 1, NULL, &read, &err), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_table_offer(context, "", make(), &err),
                 THRONG_E_ARGUMENT); /* the table is freed all the same */
}

Test(offer, is_replaced_and_taken_back) {
    throng_table *read = NULL, *other = NULL;
    int64_t bytes = throng_context_bytes(context);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(throng_table_offer(context, "crowd", make(), NULL), THRONG_OK);
        cr_assert_eq(throng_table_offer(context, "edges", make(), NULL), THRONG_OK);
    }
    cr_assert_eq(throng_table_create(context, 0, &other, NULL), THRONG_OK);
    cr_assert_eq(throng_table_offer(context, "crowd", other, NULL), THRONG_OK);
    cr_assert_eq(read_column("memory:crowd", "state", NULL, &read), THRONG_E_COLUMN);
    cr_assert_eq(read_column("memory:edges", "state", NULL, &read), THRONG_OK);
    throng_table_free(read);
    cr_assert_eq(throng_table_offer(context, "crowd", NULL, NULL), THRONG_OK);
    cr_assert_eq(throng_table_offer(context, "edges", NULL, NULL), THRONG_OK);
    cr_assert_eq(throng_table_offer(context, "nobody", NULL, NULL), THRONG_OK);
    cr_assert_eq(throng_context_bytes(context), bytes);
}

Test(offer, serves_a_study) {
    throng_study *study = NULL;
    throng_run *run = NULL;
    cr_assert_eq(throng_table_offer(context, "crowd", make(), NULL), THRONG_OK);
    cr_assert_eq(throng_study_create(context, &study, NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "population.table", "memory:crowd", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "population.state", "state", NULL), THRONG_OK);
    cr_assert_eq(throng_study_set(study, "cohorts.by", "kind", NULL), THRONG_OK);
    cr_assert_eq(throng_study_run(study, NULL, NULL, false, &run, &err), THRONG_OK, "%s", err.message);
    cr_assert_float_eq(throng_attribution_phi(throng_run_attribution(run))[1], 0.5, 1e-15); /* -1 (-1 - 1/2) / 3 */
    char *yaml = NULL;
    cr_assert_eq(throng_study_yaml(study, &yaml, NULL), THRONG_OK);
    cr_assert(strstr(yaml, "memory:crowd") && !strstr(yaml, "/memory:crowd"));
    throng_text_free(context, yaml);
    throng_run_free(run);
    throng_study_free(study);
}

Test(layouts, are_the_compilers) {
    int n = 0, found = 0;
    const throng_layout *layouts = throng_layouts(&n);
    for (int i = 0; i < n; i++) {
        if (strcmp(layouts[i].name, "throng_error") == 0)
            found += layouts[i].bytes == sizeof(throng_error);
        if (strcmp(layouts[i].name, "throng_error.message") == 0)
            found += layouts[i].bytes == offsetof(throng_error, message);
    }
    cr_assert_eq(found, 2);
    cr_assert(n > 300);
}
