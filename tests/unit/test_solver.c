/* Solvers against published values, and against each other. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(solver, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_tree *open_tree(const char *name) {
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_open(context, name, &tree, &error), THRONG_OK, "%s: %s", name, error.message);
    return tree;
}

/* Until the next call. */
static const throng_problem *seen(throng_tree *tree) {
    static throng_problem problem;
    problem = throng_tree_problem(tree);
    return &problem;
}

static throng_solution *solve(throng_tree *tree, const char *solver, int64_t iterations, double tolerance) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = tolerance};
    cr_assert_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_OK, "%s: %s", solver,
                 error.message);
    return solution;
}

/* Those have no guarantee where two are against each other, and do not see each other's cards. */
static bool is_for_other_games(const char *name) {
    return strcmp(name, "mds") == 0 || strcmp(name, "best-replies") == 0 || strcmp(name, "backward-induction") == 0;
}

Test(solver, kuhn_by_every_solver) {
    throng_tree *tree = open_tree("kuhn");
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_SOLVER); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_SOLVER, i);
        const throng_solver *plugin = (const throng_solver *)(const void *)about;
        const char *name = about->name;
        if ((plugin->forms && !(plugin->forms & THRONG_GAME_FORM_TREE)) || plugin->gap || is_for_other_games(name))
            continue;
        /* the automatic step of hedge is that of its bound, for one choice only */
        throng_solution *solution = solve(tree, strcmp(name, "hedge") == 0 ? "hedge:step=1" : name, 20000, 0.01);
        cr_expect(throng_solution_converged(solution), "%s: gap %g", name, throng_solution_gap(solution));
        cr_expect_float_eq(throng_solution_value(solution, 0), -1.0 / 18.0, 0.01, "%s", name);
        cr_expect_geq(throng_solution_gap(solution), -1e-12, "%s", name);
        int64_t last = throng_solution_trace(solution) - 1;
        cr_expect_eq(throng_solution_trace_iteration(solution, last), throng_solution_iterations(solution));
        cr_expect_eq(throng_solution_trace_gap(solution, last), throng_solution_gap(solution));
        throng_solution_free(solution);
    }
    throng_tree_free(tree);
}

Test(solver, leduc_by_cfr_plus) {
    throng_tree *tree = open_tree("leduc");
    throng_solution *solution = solve(tree, "cfr-plus", 10000, 4e-4);
    cr_expect(throng_solution_converged(solution), "gap %g", throng_solution_gap(solution));
    cr_expect_leq(throng_solution_iterations(solution), 2000, "%lld", (long long)throng_solution_iterations(solution));
    cr_expect_float_eq(throng_solution_value(solution, 0), -0.085606, 2e-4);
    throng_solution_free(solution);
    throng_tree_free(tree);
}

/* Quantal response: published sums of gains at fixed alpha. */
Test(solver, mmd_at_fixed_alpha) {
    static const struct {
        const char *spec;
        int64_t iterations;
        double gap;
    } cases[] = {{"mmd:alpha=0.2,step=0.2", 2000, 0.0872}, {"mmd:alpha=0.05,step=0.05", 6000, 0.0144}};
    throng_tree *tree = open_tree("kuhn");
    int n = throng_tree_sequences(tree);
    double *room = calloc(3 * (size_t)n, sizeof *room), *plan = room, *worth = room + n, *reach = room + 2 * n;
    for (int c = 0; c < 2; c++) {
        throng_solution *solution = solve(tree, cases[c].spec, cases[c].iterations, 1e-9);
        cr_expect_float_eq(throng_solution_gap(solution), cases[c].gap, 1e-3);
        cr_expect_not(throng_solution_converged(solution));
        cr_expect_eq(throng_solution_iterations(solution), cases[c].iterations);
        const double *strategy = throng_solution_strategy(solution);
        throng_tree_plan(tree, strategy, plan);
        for (int p = 0; c == 0 && p < 2; p++) {
            throng_tree_worth(tree, p, plan, strategy, worth);
            throng_tree_reach(tree, p, plan, reach);
            for (int i = 0; i < throng_tree_sets(tree); i++) {
                throng_tree_set set = throng_tree_set_at(tree, i);
                double odds = exp((worth[set.first + 1] - worth[set.first]) / reach[i] / 0.2);
                if (set.player == p)
                    cr_expect_float_eq(strategy[set.first + 1], odds / (1.0 + odds), 1e-10, "%s", set.name);
            }
        }
        throng_solution_free(solution);
    }
    free(room);
    throng_tree_free(tree);
}

/* Where the others come with a probability that underflows in time. */
Test(solver, mmd_for_long) {
    throng_tree *tree = open_tree("leduc");
    throng_solution *solution = solve(tree, "mmd", 20000, 1e-6);
    cr_expect_lt(throng_solution_gap(solution), 0.1, "%g", throng_solution_gap(solution));
    throng_solution_free(solution);
    throng_tree_free(tree);
}

Test(solver, annealed_mmd_beats_cfr) {
    throng_tree *tree = open_tree("kuhn");
    throng_solution *mmd = solve(tree, "mmd", 1000, 1e-9), *cfr = solve(tree, "cfr", 1000, 1e-9);
    cr_expect_leq(throng_solution_gap(mmd), 0.012);
    cr_expect_lt(throng_solution_gap(mmd), throng_solution_gap(cfr));
    throng_solution_free(mmd);
    throng_solution_free(cfr);
    throng_tree_free(tree);
}

/* arXiv 2401.04056 on a cycle of preferences: the average's gap, and that the last strategy is not the answer. */
Test(solver, hedge_within_its_bound) {
    static const double wins[3][3] = {{.5, .9, .2}, {.1, .5, .7}, {.8, .3, .5}};
    const int n_actions[2] = {3, 3};
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    cr_assert_eq(throng_normal_form_create(context, "cycle", 2, n_actions, &game, &error), THRONG_OK);
    for (int i = 0; i < 9; i++) {
        const int actions[2] = {i / 3, i % 3};
        const double payoffs[2] = {wins[i / 3][i % 3], 1.0 - wins[i / 3][i % 3]};
        cr_assert_eq(throng_normal_form_set_payoffs(game, throng_normal_form_profile(game, actions), payoffs, &error),
                     THRONG_OK);
    }
    cr_assert_eq(throng_tree_from_normal_form(context, game, &tree, &error), THRONG_OK);
    for (int64_t t = 100; t <= 10000; t *= 10) {
        throng_solution *solution = solve(tree, "hedge", t, 1e-12);
        cr_expect_leq(throng_solution_gap(solution), 2.0 * sqrt(log(3.0) / (2.0 * (double)t)), "%lld", (long long)t);
        cr_expect_gt(throng_solution_gap(solution), 1e-6);
        throng_solution_free(solution);
    }
    throng_normal_form_free(game);
    throng_tree_free(tree);
}

Test(solver, linear_programs) {
    throng_tree *kuhn = open_tree("kuhn"), *leduc = open_tree("leduc"), *dilemma = open_tree("prisoners-dilemma");
    throng_solution *solution = solve(kuhn, "lp", 0, 1e-9);
    cr_expect(throng_solution_converged(solution), "gap %g", throng_solution_gap(solution));
    cr_expect_float_eq(throng_solution_value(solution, 0), -1.0 / 18.0, 1e-10);
    cr_expect_eq(throng_solution_iterations(solution), 1);
    throng_solution_free(solution);
    solution = solve(leduc, "lp", 0, 1e-6);
    cr_expect(throng_solution_converged(solution), "gap %g", throng_solution_gap(solution));
    cr_expect_float_eq(throng_solution_value(solution, 0), -0.085606, 1e-6);
    throng_solution_free(solution);
    solution = NULL;
    throng_solve_def def = {.solver = "lp"};
    cr_expect_eq(throng_solve(context, seen(dilemma), &def, &solution, &error), THRONG_E_UNSUPPORTED);
    throng_tree_free(kuhn);
    throng_tree_free(leduc);
    throng_tree_free(dilemma);
}

/* What is exact is so in any unit of payoffs: of 3 -1 / -1 1 it is 1/3 of the time the first action. */
Test(solver, linear_programs_in_any_unit) {
    static const double units[] = {1e-300, 1e-10, 1.0, 1e12, 1e300};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        char text[200];
        throng_problem pennies = {0};
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = "lp"};
        double x = units[u];
        snprintf(text, sizeof text, "%g %g,%g %g\n%g %g,%g %g\n", 3 * x, -3 * x, -x, x, -x, x, x, -x);
        cr_assert_eq(throng_problem_parse_csv(context, "p.csv", text, (int64_t)strlen(text), &pennies, &error),
                     THRONG_OK, "%s", error.message);
        cr_assert_eq(throng_solve(context, &pennies, &def, &solution, &error), THRONG_OK, "%s", error.message);
        for (int p = 0; p < 2; p++)
            cr_expect_float_eq(throng_solution_strategy(solution)[1 + 2 * p], 1.0 / 3.0, 1e-9, "%g", x);
        throng_solution_free(solution);
        throng_problem_clear(&pennies);
    }
}

/* The values that are listed for Gambit's games of constant sum. */
Test(solver, values_of_gambits_games) {
    const char *shared = getenv("SHARED");
    char path[2048], line[1024];
    snprintf(path, sizeof path, "%s/data/games/EXPECTED_nfg.tsv", shared ? shared : "");
    FILE *expected = fopen(path, "r");
    if (!expected)
        cr_skip_test("no games in SHARED");
    int n = 0;
    while (fgets(line, sizeof line, expected)) {
        char *yes = strstr(line, "\tyes\t");
        if (*line == '#' || !yes)
            continue;
        double value = atof(yes + 5);
        line[strcspn(line, "\t")] = '\0';
        snprintf(path, sizeof path, "%s/data/games/gambit/%s", shared, line);
        throng_tree *tree = open_tree(path);
        throng_solution *solution = solve(tree, "lp", 0, 1e-9);
        cr_expect(throng_solution_converged(solution), "%s: gap %g", line, throng_solution_gap(solution));
        cr_expect_float_eq(throng_solution_value(solution, 0), value, 1e-9, "%s: %g", line,
                           throng_solution_value(solution, 0));
        throng_solution_free(solution);
        throng_tree_free(tree);
        n++;
    }
    fclose(expected);
    cr_expect_geq(n, 8);
}

Test(solver, what_is_refused) {
    throng_tree *tree = open_tree("kuhn");
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = "cfr-pluss"};
    cr_expect_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_E_UNKNOWN_NAME);
    def.solver = "mmd:alpha=-1";
    cr_expect_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_E_PARAMETER);
    def = (throng_solve_def){.solver = "cfr", .iterations = -1};
    cr_expect_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_E_ARGUMENT);
    cr_expect_null(solution);
    def = (throng_solve_def){.iterations = 1};
    cr_assert_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_OK);
    cr_expect_str_eq(throng_solution_solver(solution), "cfr-plus", "what trees name, if nobody else does");
    throng_solution_free(solution);
    throng_tree_free(tree);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Reads both kinds of files and solves: all allocations in turn fail. */
static throng_status read_and_solve(throng_context *own, int64_t turn, void *user) {
    static const char matrix[] =
        "NFG 1 R \"t\" { \"A\" \"B\" } { { \"x\" \"x\" } { \"y\" \"\" } } { { \"o\" 1 -1 } } 1 0 0 1";
    static const char moves[] = "EFG 2 R \"t\" { \"A\" \"B\" } c \"\" 1 \"\" { \"l\" 1/2 \"r\" 1/2 } 0\n"
                                "p \"\" 1 1 \"\" { \"x\" \"y\" } 0 t \"\" 1 \"\" { 1 -1 } t \"\" 0\n"
                                "p \"\" 2 1 \"\" { \"x\" \"y\" } 0 t \"\" 1 t \"\" 2 \"\" { -2 2 }";
    throng_normal_form *game = NULL;
    throng_tree *trees[2] = {NULL, NULL};
    throng_status status = throng_normal_form_parse(own, "m", matrix, (int64_t)sizeof matrix - 1, &game, &error);
    (void)turn;
    (void)user;
    if (status == THRONG_OK)
        status = throng_tree_from_normal_form(own, game, &trees[0], &error);
    if (status == THRONG_OK)
        status = throng_tree_parse(own, "e", moves, (int64_t)sizeof moves - 1, &trees[1], &error);
    for (int k = 0; k < 4 && status == THRONG_OK; k++) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = k % 2 ? "lp" : "cfr-plus", .iterations = 3};
        status = throng_solve(own, seen(trees[k / 2]), &def, &solution, &error);
        throng_solution_free(solution);
    }
    throng_normal_form_free(game);
    throng_tree_free(trees[0]);
    throng_tree_free(trees[1]);
    return status;
}

Test(solver, memory_that_runs_out) {
    expect_survives(read_and_solve, NULL, 1000);
}

/* ---- from the ends back, and replies in turn ----------------------------------------------------------------------
 */

/* Information sets of files are called by their numbers. */
static double probability_at(const throng_tree *tree, const throng_solution *solution, int player, const char *set,
                             int action) {
    double found = NAN;
    for (int i = 0; i < throng_tree_sets(tree); i++) {
        throng_tree_set here = throng_tree_set_at(tree, i);
        if (here.player == player && strcmp(here.name, set) == 0)
            found = throng_solution_strategy(solution)[here.first + action];
    }
    return found;
}

/* Worked out by hand: B is indifferent where it chooses and takes the first; chance pays 2 or 6 for A's second. Off the
 * way, where it would cost nothing, A still takes the larger payoff. */
Test(solver, backward_induction_by_hand) {
    static const char text[] = "EFG 2 R \"t\" { \"A\" \"B\" }\n"
                               "p \"\" 1 1 \"start\" { \"l\" \"r\" } 0\n"
                               "p \"\" 2 1 \"answer\" { \"x\" \"y\" } 0\n"
                               "t \"\" 1 \"\" { 3, 1 }\n"
                               "p \"\" 1 2 \"never\" { \"u\" \"d\" } 0\n"
                               "t \"\" 2 \"\" { 8, 0 }\n"
                               "t \"\" 3 \"\" { 9, 1 }\n"
                               "c \"\" 1 \"coin\" { \"h\" 1/4 \"t\" 3/4 } 0\n"
                               "t \"\" 4 \"\" { 2, 0 }\n"
                               "t \"\" 5 \"\" { 6, 4 }\n";
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_parse(context, "text", text, sizeof text - 1, &tree, &error), THRONG_OK, "%s",
                 error.message);
    throng_solution *solution = solve(tree, "backward-induction", 1, 1e-12);
    cr_expect_float_eq(throng_solution_value(solution, 0), 5.0, 1e-12);
    cr_expect_float_eq(throng_solution_value(solution, 1), 3.0, 1e-12);
    cr_expect_eq(throng_solution_gap(solution), 0.0);
    cr_expect_eq(probability_at(tree, solution, 0, "1", 1), 1.0);
    cr_expect_eq(probability_at(tree, solution, 1, "1", 0), 1.0);
    cr_expect_eq(probability_at(tree, solution, 0, "2", 1), 1.0);
    throng_solution_free(solution);
    throng_tree_free(tree);
}

/* What the game of MAC-SPGG comes to, and who is refused. */
Test(solver, backward_induction) {
    throng_tree *tree = open_tree("sequential-public-goods");
    throng_solution *solution = solve(tree, "backward-induction", 1, 1e-9);
    double welfare = 0.0;
    for (int p = 0; p < 3; p++)
        welfare += throng_solution_value(solution, p);
    cr_expect_float_eq(welfare, 2.888, 1e-12);
    cr_expect_eq(throng_solution_strategy(solution)[throng_tree_set_at(tree, 0).first + 18], 1.0, "0.9");
    throng_solution_free(solution);
    throng_tree_free(tree);
    tree = open_tree("kuhn");
    throng_solve_def def = {.solver = "backward-induction"};
    cr_expect_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_E_UNSUPPORTED);
    cr_expect_str_eq(error.message,
                     "At \"J\" Player 1 does not know all that was done before: backward induction needs "
                     "information sets of one node each.");
    throng_tree_free(tree);
}

/* The known bounds of Levine's hats; nobody alone can do better; and another seed draws other starts. */
Test(solver, best_replies_find_hats) {
    static const struct {
        const char *game, *solver;
        double value;
    } cases[] = {{"hats:height=1", "best-replies:starts=10", 1.0 / 4.0},
                 {"hats:height=2", "best-replies:starts=20", 5.0 / 16.0},
                 {"hats", "best-replies:starts=200", 11.0 / 32.0},
                 {"hats:pass=0.35", "best-replies:starts=300", 7.0 / 20.0},
                 {"hats:pass=0.34", "best-replies:starts=300", 21.0 / 64.0 + 0.34 / 16.0},
                 {"hats:height=2,black=0", "best-replies", 0.0},
                 {"hats:height=2,black=1", "best-replies", 1.0}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        throng_tree *tree = open_tree(cases[c].game);
        throng_solution *solution = solve(tree, cases[c].solver, 1, 1e-9);
        cr_expect_float_eq(throng_solution_value(solution, 0), cases[c].value, 1e-12, "%s: %.12g", cases[c].game,
                           throng_solution_value(solution, 0));
        cr_expect_eq(throng_solution_value(solution, 0), throng_solution_value(solution, 1));
        cr_expect_leq(throng_solution_gap(solution), 1e-12);
        throng_solution_free(solution);
        throng_tree_free(tree);
    }
    throng_tree *tree = open_tree("hats");
    double least = 1.0, most = 0.0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = "best-replies:starts=1", .tolerance = 1e-9, .seed = seed};
        cr_assert_eq(throng_solve(context, seen(tree), &def, &solution, &error), THRONG_OK);
        least = fmin(least, throng_solution_value(solution, 0));
        most = fmax(most, throng_solution_value(solution, 0));
        throng_solution_free(solution);
    }
    cr_expect_lt(least, most);
    throng_tree_free(tree);
}
