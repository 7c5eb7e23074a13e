/* Operators and Halpern's iteration: against the solution, and the count of what was asked. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(operator, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_solution *solve(const throng_problem *problem, const char *solver, int64_t iterations, double tolerance) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = tolerance};
    cr_assert_eq(throng_solve(context, problem, &def, &solution, &error), THRONG_OK, "%s: %s", solver, error.message);
    return solution;
}

static throng_problem open_operator(const char *name) {
    throng_problem problem;
    cr_assert_eq(throng_problem_open(context, name, &problem, &error), THRONG_OK, "%s", error.message);
    return problem;
}

/* One dimension: F(u) = u - 1 from each of nine components. */
static void add_shift(const double *data, int n, int64_t i, const double *u, double weight, double *out) {
    (void)n;
    (void)i;
    out[0] += weight * (u[0] - data[0]);
}

static void keep_below(const double *data, int n, double *u) {
    (void)data;
    (void)n;
    u[0] = fmin(u[0], 0.25);
}

static throng_problem shift(bool bounded, bool cocoercive) {
    throng_operator_def def = {.name = "shift",
                               .n_components = 9,
                               .n_numbers = 1,
                               .lipschitz = 1.0,
                               .cocoercive = cocoercive,
                               .n_data = 1,
                               .add = add_shift,
                               .project = bounded ? keep_below : NULL};
    throng_operator *self = NULL;
    double *data = NULL;
    cr_assert_eq(throng_operator_create(context, &def, &data, &self, &error), THRONG_OK);
    *data = 1.0;
    return throng_operator_problem(self);
}

/* Behind the rows of the data stands the solution, before it was scaled to |F(0)| = 1. */
Test(operator, every_rule_finds_the_zero) {
    static const char *const rules[] = {"page", "full", "classic", "forward", "extragradient"};
    throng_problem problem = open_operator("linear-operator:n=60,d=3,seed=2");
    double zero[3] = {0.0}, size;
    cr_assert_eq(throng_operator_residual(problem.game, zero, &size, &error), THRONG_OK);
    cr_expect_float_eq(size, 1.0, 1e-12);
    double first[3] = {0.0};
    for (int r = 0; r < 5; r++) {
        char solver[40];
        snprintf(solver, sizeof solver, "halpern:rule=%s", rules[r]);
        throng_solution *solution = solve(&problem, solver, 300000, 1e-4);
        cr_expect(throng_solution_converged(solution), "%s: %g", solver, throng_solution_gap(solution));
        const double *u = throng_solution_strategy(solution);
        for (int j = 0; j < 3; j++) {
            first[j] = r == 0 ? u[j] : first[j];
            cr_expect_float_eq(u[j], first[j], 1e-2, "%s", solver);
        }
        throng_solution_free(solution);
    }
    throng_problem_clear(&problem);
}

/* At the solution x is the same everywhere and y the opposite; both loops get there, page does not try. */
Test(operator, a_saddle_is_found) {
    throng_problem problem = open_operator("saddle-operator:n=30,d=3,seed=1");
    static const char *const solvers[] = {"halpern:rule=resolvent", "halpern:rule=extragradient"};
    for (int r = 0; r < 2; r++) {
        throng_solution *solution = solve(&problem, solvers[r], 300000, 1e-3);
        cr_expect(throng_solution_converged(solution), "%s: %g", solvers[r], throng_solution_gap(solution));
        const double *u = throng_solution_strategy(solution);
        for (int j = 1; j < 6; j++)
            cr_expect_float_eq(u[j] * (j < 3 ? 1.0 : -1.0) / u[0], 1.0, 0.1, "%s: %d: %g", solvers[r], j, u[j] / u[0]);
        throng_solution_free(solution);
    }
    throng_problem_clear(&problem);
}

/* The resolvent of a shift by hand: w + 3 (w - 1) = u, then a quarter of the way, a third, ... back to 0. */
Test(operator, outer_steps_are_those_of_the_formula) {
    throng_problem problem = shift(false, false);
    double w = 0.0;
    for (int64_t k = 0; k < 6; k++) {
        throng_solution *solution = solve(&problem, "halpern:rule=resolvent", k + 1, -1.0);
        w = ((1.0 - 1.0 / (k + 1.0)) * w + 3.0) / 4.0;
        cr_expect_float_eq(throng_solution_strategy(solution)[0], w, 3.0 / (k + 2.0) / (k + 2.0) + 1e-12, "%lld",
                           (long long)k);
        throng_solution_free(solution);
    }
    throng_problem_clear(&problem);
}

/* The true solution has a residual of 0: all b are a'x for one x. */
Test(operator, components_vanish_at_one_point) {
    throng_problem problem = open_operator("linear-operator:n=5,d=40,seed=3");
    throng_solution *solution = solve(&problem, "halpern:rule=forward", 20000, 1e-10);
    double out[40], most = 0.0;
    for (int64_t i = 0; i < 5; i++) {
        memset(out, 0, sizeof out);
        throng_operator_add(problem.game, i, throng_solution_strategy(solution), 1.0, out, NULL);
        for (int j = 0; j < 40; j++)
            most = fmax(most, fabs(out[j]));
    }
    cr_expect_lt(most, 1e-8, "%g", most);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* full: n a step; extragradient: 2 n; page: n in the first step, then with p = 4 / (min(k, sqrt n) + 5) n, else 2 sqrt
 * n. */
Test(operator, what_is_asked_is_counted) {
    throng_problem problem = open_operator("linear-operator:n=400,d=5");
    throng_solution *full = solve(&problem, "halpern:rule=full", 7, -1.0);
    throng_solution *twice = solve(&problem, "halpern:rule=extragradient", 7, -1.0);
    throng_solution *page = solve(&problem, "halpern", 20000, -1.0);
    cr_expect_eq(throng_solution_evaluations(full), 7 * 400);
    cr_expect_eq(throng_solution_evaluations(twice), 14 * 400);
    double expected = 400.0;
    for (int k = 1; k < 20000; k++) {
        double p = 4.0 / (fmin(k, 20.0) + 5.0);
        expected += p * 400.0 + (1.0 - p) * 40.0;
    }
    cr_expect_float_eq((double)throng_solution_evaluations(page), expected, 0.02 * expected);
    throng_solution_free(full);
    throng_solution_free(twice);
    throng_solution_free(page);
    throng_problem_clear(&problem);
}

/* The first steps by hand. */
Test(operator, steps_are_those_of_the_formula) {
    throng_problem problem = shift(false, true);
    for (int64_t steps = 1; steps <= 6; steps++) {
        double u = 0.0, v = 0.0, w = 0.0;
        throng_solution *page = solve(&problem, "halpern", steps, -1.0);
        throng_solution *full = solve(&problem, "halpern:rule=full", steps, -1.0);
        throng_solution *classic = solve(&problem, "halpern:rule=classic", steps, -1.0);
        for (int k = 0; k < steps; k++) { /* the estimate is exact where all components are the same */
            u = (1.0 - 2.0 / (k + 4.0)) * u - 0.25 * (u - 1.0);
            v = (1.0 - 2.0 / (k + 4.0)) * (v - (v - 1.0));
            w = (1.0 - 1.0 / (k + 2.0)) * (w - (w - 1.0));
        }
        cr_expect_float_eq(throng_solution_strategy(page)[0], u, 1e-14, "%lld", (long long)steps);
        cr_expect_float_eq(throng_solution_strategy(full)[0], v, 1e-14, "%lld", (long long)steps);
        cr_expect_float_eq(throng_solution_strategy(classic)[0], w, 1e-14, "%lld", (long long)steps);
        throng_solution_free(page);
        throng_solution_free(full);
        throng_solution_free(classic);
    }
    throng_problem_clear(&problem);
}

Test(operator, constraints_and_what_is_refused) {
    throng_problem bounded = shift(true, true), monotone = shift(false, false);
    throng_solution *solution = solve(&bounded, "halpern:rule=full", 100000, 1e-4);
    cr_expect(throng_solution_converged(solution));
    cr_expect_float_eq(throng_solution_strategy(solution)[0], 0.25, 1e-3);
    throng_solution_free(solution);
    throng_solve_def def = {.solver = "halpern"};
    solution = NULL;
    cr_expect_eq(throng_solve(context, &monotone, &def, &solution, &error), THRONG_E_UNSUPPORTED);
    cr_expect_not_null(strstr(error.message, "extragradient"), "%s", error.message);
    def.solver = "cfr-plus";
    cr_expect_eq(throng_solve(context, &monotone, &def, &solution, &error), THRONG_E_UNSUPPORTED);
    throng_problem_clear(&bounded);
    throng_problem_clear(&monotone);
}

Test(operator, memory_that_runs_out) {
    test_solving what = {"linear-operator:n=4,d=2", "halpern", NULL};
    expect_survives(open_and_solve, &what, 300);
}
