/* Times folded into a course: whose row is kept, and what states stand in the gaps. */
#include "populations.h"

TestSuite(fold, .init = set_up, .fini = tear_down);

/* ben comes at the second time, cai is away at it, ana leaves after it; rows in no order. */
static throng_population *three(throng_table *table) {
    view(table, "state", FLOAT32, 31, 12, 11, 32, 22, 33);
    text(table, "id", "ana", "ana", "cai", "ben", "ben", "cai");
    view(table, "day", INT32, 1, 2, 1, 2, 3, 3);
    view(table, "w", UINT8, 1, 2, 3, 4, 5, 6);
    return populate(table, PARTS(.id = "id", .time = "day", .weight = "w", .cohort = "w"));
}

Test(fold, keeps_last_rows_and_fills_gaps) {
    throng_population *population = three(make_table(6));
    const double *course = NULL;
    char id[20], day[70];
    static const char *const who[] = {"ana", "cai", "ben"};
    static const double states[3][3] = {{31, 11, 32}, {12, 11, 32}, {12, 33, 22}}, weights[] = {2, 6, 5};
    cr_expect_eq(throng_population_course(population, &course), 0);
    expect_ok(throng_population_fold(population, &error));
    cr_assert_eq(throng_population_course(population, &course), 3);
    cr_assert_eq(throng_population_times(population), 1);
    cr_assert_eq(throng_population_rows(population), 3);
    cr_assert_eq(throng_population_agents(population), 3);
    for (int row = 0; row < 3; row++) {
        throng_agent agent = throng_population_agent(population, row);
        cr_expect_eq(agent, row);
        throng_population_id(population, agent, id, sizeof id);
        cr_expect_str_eq(id, who[row]);
        cr_expect_eq(throng_population_state(population, row), states[2][row]);
        cr_expect_eq(throng_population_weight(population, row), weights[row]);
        cr_expect_eq(((const uint8_t *)population->cohort[0].data)[row], weights[row], "one column, two parts");
        for (int t = 0; t < 3; t++)
            cr_expect_eq(course[t * 3 + row], states[t][row], "%s at time %d: %g", who[row], t, course[t * 3 + row]);
    }
    throng_population_time_label(population, 0, day, sizeof day);
    cr_expect_str_eq(day, "3");
    cr_expect_eq(throng_population_fold(population, &error), THRONG_E_ARGUMENT);
    throng_population_free(population);
}

Test(fold, one_time_is_a_course_of_one) {
    throng_table *table = make_table(2);
    const double *course = NULL;
    view(table, "state", FLOAT64, 4, 5);
    throng_population *population = populate(table, PARTS(0));
    expect_ok(throng_population_fold(population, &error));
    cr_assert_eq(throng_population_course(population, &course), 1);
    cr_expect(course[0] == 4 && course[1] == 5 && throng_population_state(population, 1) == 5);
    throng_population_free(population);
}

Test(fold, refuses_what_it_cannot_follow) {
    throng_table *table = make_table(2);
    view(table, "state", FLOAT64, 4, 5);
    view(table, "day", INT32, 1, 2);
    throng_population *population = populate(table, PARTS(.time = "day"));
    cr_expect_eq(throng_population_fold(population, &error), THRONG_E_UNSUPPORTED);
    cr_expect_str_eq(error.message, "Who is at one time the same as at another? That takes a column with ids (--id).");
    throng_population_free(population);
}
