/* Columns of a second table: who is found, who is not, and what is refused. */
#include "populations.h"

TestSuite(join, .init = set_up, .fini = tear_down, .timeout = 60);

/* Six rows at two times: agents 7, 3 and 5, then 5, 7 and 9. */
static throng_population *crowd_by_number(void) {
    throng_table *table = make_table(6);
    static const double state[] = {1, 2, 3, 4, 5, 6};
    static const int64_t id[] = {7, 3, 5, 5, 7, 9}, time[] = {1, 1, 1, 2, 2, 2};
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error));
    expect_ok(throng_table_add_view(table, "time", THRONG_TYPE_INT64, time, &error));
    return populate(table, PARTS(.id = "id", .time = "time"));
}

static throng_population *crowd_by_name(void) {
    throng_table *table = make_table(3);
    static const double state[] = {1, 2, 3};
    expect_ok(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error));
    text(table, "id", "ann", "bob", "cid");
    return populate(table, PARTS(.id = "id"));
}

/* The cohort's name in every row. */
static const char *cohorts_by_row(const throng_population *population, const double *cuts, int n_cuts) {
    static char line[1024];
    size_t used = 0;
    throng_cohorts *cohorts = NULL;
    expect_ok(throng_cohorts_create(population, &(throng_cohorts_def){cuts, n_cuts}, &cohorts, &error));
    for (int64_t row = 0; row < throng_population_rows(population); row++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", row ? " " : "",
                                 throng_cohorts_name(cohorts, throng_cohorts_view(cohorts)[row]));
    throng_cohorts_free(cohorts);
    return line;
}

/* ---- who is found ---------------------------------------------------------------------------------------------- */

/* In any order, at all times; rows of others play no part, not even twice. */
Test(join, by_number) {
    throng_population *population = crowd_by_number();
    cr_expect_eq(throng_population_unlisted(population), -1);
    throng_table *table = make_table(7);
    view(table, "who", INT64, 9, 1, 3, 1, 7, 5, 4);
    view(table, "term", INT32, 4, 0, 2, 0, 1, 3, 0);
    text(table, "party", "x", "odd", "y", "odd", "x", "y", "odd");
    expect_ok(throng_population_join(population, table, &(throng_members_def){"who", {"party", "term"}, 0}, &error));
    cr_expect_eq(throng_population_unlisted(population), 0);
    cr_expect_str_eq(cohorts_by_row(population, NULL, 0), "x/1 y/2 y/3 y/3 x/1 x/4");
    throng_population_free(population);
}

Test(join, by_name) {
    throng_population *population = crowd_by_name();
    throng_table *table = make_table(4);
    text(table, "name", "cid", "dan", "ann", "bob");
    view(table, "age", FLOAT64, 60.5, 1000, 20, 40);
    expect_ok(throng_population_join(population, table, &(throng_members_def){"name", {"age"}, 0}, &error));
    cr_expect_str_eq(cohorts_by_row(population, (double[]){0.34}, 1), "below above above");
    throng_population_free(population);
}

/* Not in the table, or there without a value: both are "(none)". */
Test(join, unlisted_agents) {
    static const float numbers[] = {8, NAN};
    for (int way = 0; way < 3; way++) {
        throng_population *population = crowd_by_name();
        throng_table *table = make_table(2);
        text(table, "name", "ann", "cid");
        if (way == 0)
            text(table, "party", "y", "x");
        if (way == 1)
            text(table, "party", "(none)", "x");
        if (way == 2)
            expect_ok(throng_table_add_view(table, "party", THRONG_TYPE_FLOAT32, numbers, &error));
        throng_members_def def = {"name", {"party"}, THRONG_UNLISTED_NONE};
        expect_ok(throng_population_join(population, table, &def, &error));
        cr_expect_eq(throng_population_unlisted(population), 1);
        cr_expect_str_eq(cohorts_by_row(population, NULL, 0), way == 0   ? "y (none) x"
                                                              : way == 1 ? "(none) (none) x"
                                                                         : "8 (none) (none)");
        throng_population_free(population);
    }
}

/* A table without anybody. */
Test(join, nobody_is_listed) {
    throng_population *population = crowd_by_name();
    throng_table *table = make_table(0);
    void *memory = NULL;
    expect_ok(throng_table_add(table, "name", THRONG_TYPE_INT64, &memory, &error));
    expect_ok(throng_table_add(table, "party", THRONG_TYPE_FLOAT64, &memory, &error));
    throng_members_def def = {"name", {"party"}, THRONG_UNLISTED_NONE};
    expect_ok(throng_population_join(population, table, &def, &error));
    cr_expect_eq(throng_population_unlisted(population), 3);
    cr_expect_str_eq(cohorts_by_row(population, NULL, 0), "(none) (none) (none)");
    throng_population_free(population);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void refuse_join(throng_population *population, throng_table *table, throng_members_def def,
                        throng_status expected, const char *message) {
    throng_status status = throng_population_join(population, table, &def, &error);
    cr_expect_eq(status, expected, "%s: %s", throng_status_name(status), error.message);
    cr_expect_str_eq(error.message, message);
    cr_expect_eq(throng_population_unlisted(population), -1);
    cr_expect_str_eq(cohorts_by_row(population, NULL, 0),
                     throng_population_rows(population) == 3 ? "everyone everyone everyone"
                                                             : "everyone everyone everyone everyone everyone everyone");
    throng_population_free(population);
    cr_expect_eq(throng_context_bytes(context), idle_bytes);
}

static throng_table *named(const char *a, const char *b, const char *c, const char *d) {
    throng_table *table = make_table(4);
    text(table, "name", a, b, c, d);
    text(table, "party", "x", "y", "x", "y");
    return table;
}

Test(join, missing_agents) {
    refuse_join(
        crowd_by_name(), named("dan", "ann", "eva", "cid"), (throng_members_def){"name", {"party"}, 0}, THRONG_E_COHORT,
        "1 of 3 agents is not in the cohort table, bob the first: no row has it in column \"name\". Make them a "
        "cohort of their own with --cohort-missing none.");
}

Test(join, an_agent_twice) {
    refuse_join(crowd_by_name(), named("bob", "ann", "cid", "bob"), (throng_members_def){"name", {"party"}, 1},
                THRONG_E_DUPLICATE_AGENT,
                "Row 4 of the cohort table: name \"bob\" is there already, in row 1. An agent has one cohort.");
    throng_table *table = make_table(4);
    view(table, "who", INT32, 5, 7, 7, 5);
    view(table, "term", INT32, 5, 7, 7, 5);
    refuse_join(crowd_by_number(), table, (throng_members_def){"who", {"term"}, 1}, THRONG_E_DUPLICATE_AGENT,
                "Row 3 of the cohort table: who 7 is there already, in row 2. An agent has one cohort.");
}

Test(join, ids_of_another_kind) {
    refuse_join(crowd_by_number(), named("1", "2", "3", "4"), (throng_members_def){"name", {"party"}, 1},
                THRONG_E_COLUMN,
                "Column \"name\" of the cohort table holds text, but the agents' ids are whole numbers: they cannot be "
                "the same.");
    throng_table *table = make_table(1);
    view(table, "name", FLOAT64, 1);
    text(table, "party", "x");
    refuse_join(crowd_by_name(), table, (throng_members_def){"name", {"party"}, 1}, THRONG_E_COLUMN,
                "Column \"name\" is of type float64, but it is matched with ids of agents: whole numbers or text.");
}

Test(join, columns_that_are_not_there_or_cannot_be) {
    refuse_join(crowd_by_name(), named("ann", "bob", "cid", "dan"), (throng_members_def){"nam", {"party"}, 0},
                THRONG_E_COLUMN, "The table has no column \"nam\". Did you mean \"name\"?");
    refuse_join(crowd_by_name(), named("ann", "bob", "cid", "dan"), (throng_members_def){"name", {"party", "term"}, 0},
                THRONG_E_COLUMN, "The table has no column \"term\". Known: name, party.");
    throng_table *table = named("ann", "bob", "cid", "dan");
    view(table, "born", DATE, 1, 2, 3, 4);
    refuse_join(crowd_by_name(), table, (throng_members_def){"name", {"party", "born"}, 0}, THRONG_E_COLUMN,
                "Column \"born\" is of type date, but the cohort needs numbers or text.");
}

Test(join, definitions_that_say_too_little) {
    refuse_join(crowd_by_name(), named("ann", "bob", "cid", "dan"), (throng_members_def){"name", {NULL}, 0},
                THRONG_E_ARGUMENT,
                "A second table needs the names of a column with ids and of a column that forms cohorts.");
    refuse_join(crowd_by_name(), named("ann", "bob", "cid", "dan"), (throng_members_def){"name", {"party"}, 7},
                THRONG_E_ARGUMENT, "unlisted must be error or none.");
}

Test(join, a_crowd_without_ids_or_with_cohorts) {
    throng_table *table = make_table(1);
    view(table, "state", FLOAT64, 1);
    throng_population *population = populate(table, PARTS());
    throng_status status = throng_population_join(population, named("a", "b", "c", "d"),
                                                  &(throng_members_def){"name", {"party"}, 1}, &error);
    cr_expect_eq(status, THRONG_E_ARGUMENT);
    cr_expect_str_eq(error.message, "A second table is matched by ids, but the population has no id column.");
    throng_population_free(population);
    table = make_table(1);
    view(table, "state", FLOAT64, 1);
    text(table, "id", "a");
    population = populate(table, PARTS(.id = "id", .cohort = "id"));
    status = throng_population_join(population, named("a", "b", "c", "d"), &(throng_members_def){"name", {"party"}, 1},
                                    &error);
    cr_expect_eq(status, THRONG_E_ARGUMENT);
    cr_expect_str_eq(error.message, "The population has the cohort column \"id\" already.");
    throng_population_free(population);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static throng_status join_once(void) {
    static const double state[] = {1, 2, 3}, age[] = {1, 2, 3};
    static const char *const names[] = {"ann", "bob", "cid"};
    throng_table *crowd = NULL, *members = NULL;
    throng_population *population = NULL;
    throng_status status = throng_table_create(context, 3, &crowd, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(crowd, "state", THRONG_TYPE_FLOAT64, state, &error);
    if (status == THRONG_OK)
        status = throng_table_add_text(crowd, "id", names, &error);
    if (status != THRONG_OK) {
        throng_table_free(crowd);
        return status;
    }
    throng_population_def def = PARTS(.id = "id");
    status = throng_population_create(context, crowd, &def, &population, &error);
    if (status == THRONG_OK)
        status = throng_table_create(context, 3, &members, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(members, "age", THRONG_TYPE_FLOAT64, age, &error);
    if (status == THRONG_OK)
        status = throng_table_add_text(members, "name", names, &error);
    if (status == THRONG_OK) {
        status = throng_population_join(population, members, &(throng_members_def){"name", {"name", "age"}, 0}, &error);
        members = NULL;
    }
    throng_table_free(members);
    throng_population_free(population);
    return status;
}

Test(join, every_allocation_may_fail) {
    cr_expect_gt(fail_every_allocation(join_once), 25);
}
