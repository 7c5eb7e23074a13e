/* Aversion to risk: projections, concave programs and equilibria, against plain definitions and published numbers. */
#include "suite.h"

#include <stdio.h>

#define MOST 5

TestSuite(risk, .init = set_up, .fini = tear_down, .timeout = 120);

static double gaussian(uint64_t seed, uint64_t i) {
    return sqrt(-2.0 * log(test_uniform(seed, 2 * i))) * cos(6.283185307179586 * test_uniform(seed, 2 * i + 1));
}

/* ---- projection and program ------------------------------------------------------------------------------------ */

/* What is nearest has one excess wherever it is positive, and less where it is 0. */
Test(risk, projection) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        int n = 1 + (int)(seed % 8);
        double x[8], out[8], sum = 0.0, excess = NAN, scale = seed % 3 == 0 ? 1e6 : 1.0;
        for (int i = 0; i < n; i++)
            x[i] = seed % 5 == 0 ? floor(3.0 * test_uniform(seed, i)) : scale * gaussian(seed, i);
        throng_simplex_project(n, x, out);
        for (int i = 0; i < n; i++) {
            cr_expect_geq(out[i], 0.0);
            sum += out[i];
            if (out[i] > 0.0)
                excess = x[i] - out[i];
        }
        cr_expect_float_eq(sum, 1.0, 1e-9 * scale);
        for (int i = 0; i < n; i++)
            if (out[i] > 0.0)
                cr_expect_float_eq(x[i] - out[i], excess, 1e-9 * scale);
            else
                cr_expect_leq(x[i], excess + 1e-9 * scale);
    }
}

static double worth(int n, const double *curvature, const double *slope, const double *x) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += slope[i] * x[i];
        for (int j = 0; j < n; j++)
            sum -= 0.5 * x[i] * curvature[i * n + j] * x[j];
    }
    return sum;
}

/* Where the gradient is equal on a set of actions and others are 0; false if that is no distribution. */
static bool solve_support(int n, const double *curvature, const double *slope, int support, double *x) {
    double a[MOST + 1][MOST + 2] = {{0}};
    int at[MOST], m = 0;
    for (int i = 0; i < n; i++)
        if (support & 1 << i)
            at[m++] = i;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++)
            a[i][j] = curvature[at[i] * n + at[j]];
        a[i][m] = a[m][i] = 1.0;
        a[i][m + 1] = slope[at[i]];
    }
    a[m][m + 1] = 1.0;
    for (int c = 0; c <= m; c++) {
        int pivot = c;
        for (int r = c + 1; r <= m; r++)
            pivot = fabs(a[r][c]) > fabs(a[pivot][c]) ? r : pivot;
        if (fabs(a[pivot][c]) < 1e-12)
            return false;
        for (int k = 0; k <= m + 1; k++) {
            double swap = a[c][k];
            a[c][k] = a[pivot][k];
            a[pivot][k] = swap;
        }
        for (int r = 0; r <= m; r++)
            for (int k = m + 1; r != c && k >= c; k--)
                a[r][k] -= a[r][c] / a[c][c] * a[c][k];
    }
    memset(x, 0, (size_t)n * sizeof *x);
    for (int i = 0; i < m; i++) {
        x[at[i]] = a[i][m + 1] / a[i][i];
        if (x[at[i]] < 0.0)
            return false;
    }
    return true;
}

Test(risk, program_against_all_supports) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        int n = 2 + (int)(seed % 4);
        double root[MOST * MOST], curvature[MOST * MOST] = {0}, slope[MOST], x[MOST], room[3 * MOST], best = -INFINITY;
        for (int i = 0; i < n * n; i++)
            root[i] = gaussian(seed, i);
        for (int i = 0; i < n * n; i++)
            for (int k = 0; k < n; k++)
                curvature[i] += root[i / n * n + k] * root[i % n * n + k];
        for (int i = 0; i < n; i++) {
            slope[i] = 2.0 * gaussian(seed, 100 + i);
            x[i] = 1.0 / n;
        }
        for (int support = 1; support < 1 << n; support++) {
            double candidate[MOST];
            if (solve_support(n, curvature, slope, support, candidate))
                best = fmax(best, worth(n, curvature, slope, candidate));
        }
        double missing = throng_simplex_quadratic(n, curvature, slope, 3000, 1e-10, x, room);
        cr_expect_leq(missing, 1e-7, "%g", missing);
        cr_expect_float_eq(worth(n, curvature, slope, x), best, 1e-7);
        cr_expect_leq(best, worth(n, curvature, slope, x) + missing + 1e-12);
    }
    const double nothing[4] = {0}, slope[2] = {1.0, 1.0};
    double x[2] = {0.3, 0.7}, room[6];
    cr_expect_eq(throng_simplex_quadratic(2, nothing, slope, 10, 0.0, x, room), 0.0);
    cr_expect(x[0] == 1.0 && x[1] == 0.0, "the first of several best");
}

/* ---- utility --------------------------------------------------------------------------------------------------- */

static throng_tree *random_game(int n_players, const int *n_actions, uint64_t seed, bool zero_sum) {
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    cr_assert_eq(throng_normal_form_create(context, "random", n_players, n_actions, &game, &error), THRONG_OK);
    for (int64_t i = 0; i < throng_normal_form_profiles(game); i++) {
        double payoffs[3];
        for (int p = 0; p < n_players; p++)
            payoffs[p] = zero_sum && p == 1 ? -payoffs[0] : 2.0 * test_uniform(seed, 8 * i + p) - 1.0;
        cr_assert_eq(throng_normal_form_set_payoffs(game, i, payoffs, &error), THRONG_OK);
    }
    cr_assert_eq(throng_tree_from_normal_form(context, game, &tree, &error), THRONG_OK);
    throng_normal_form_free(game);
    return tree;
}

/* The utility of the middle player of three, by its definition: over all that the others may do. */
static double plain_utility(const double *strategy, uint64_t seed, double gamma, double tremble, const double *x) {
    static const int n[3] = {2, 3, 4};
    double mean = 0.0, square = 0.0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            double chance = (tremble / 2 + (1 - tremble) * strategy[1 + i]) *
                            (tremble / 4 + (1 - tremble) * strategy[1 + 2 + 3 + k]);
            double payoff = 0.0;
            for (int a = 0; a < 3; a++)
                payoff += x[a] * (2.0 * test_uniform(seed, 8 * (i + n[0] * (a + n[1] * k)) + 1) - 1.0);
            mean += chance * payoff;
            square += chance * payoff * payoff;
        }
    return mean - gamma * (square - mean * mean);
}

Test(risk, best_of_three_players) {
    static const int n_actions[3] = {2, 3, 4};
    for (uint64_t seed = 0; seed < 10; seed++) {
        throng_tree *tree = random_game(3, n_actions, seed, false);
        throng_risk *risk = NULL;
        double strategy[10] = {1, .3, .7, .2, .5, .3, .1, .2, .3, .4}, best[10], missing, gamma = 0.5 * (double)seed;
        memcpy(best, strategy, sizeof best);
        cr_assert_eq(throng_risk_create(context, tree, gamma, 0.1, &risk, &error), THRONG_OK, "%s", error.message);
        throng_risk_best(risk, 1, strategy, best, &missing);
        double found = plain_utility(strategy, seed, gamma, 0.1, best + 3);
        cr_expect_float_eq(found - plain_utility(strategy, seed, gamma, 0.1, strategy + 3), missing, 1e-7);
        for (int a = 0; a <= 20; a++)
            for (int b = 0; a + b <= 20; b++) {
                const double x[3] = {a / 20.0, b / 20.0, (20 - a - b) / 20.0};
                cr_expect_leq(plain_utility(strategy, seed, gamma, 0.1, x), found + 1e-9);
            }
        cr_expect(memcmp(best + 1, strategy + 1, 2 * sizeof *best) == 0, "others are left alone");
        throng_risk_free(risk);
        throng_tree_free(tree);
    }
}

/* ---- equilibria ------------------------------------------------------------------------------------------------ */

static double first_action(const char *game, const char *solver, int64_t iterations, double *gap) {
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = -1.0};
    cr_assert_eq(throng_problem_open(context, game, &problem, &error), THRONG_OK, "%s", error.message);
    cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK, "%s", error.message);
    double play = throng_solution_strategy(solution)[1];
    cr_expect_str_eq(throng_solution_gap_name(solution), "risk-averse gap");
    cr_expect_float_eq(throng_solution_strategy(solution)[3], play, 1e-12, "symmetric");
    if (gap)
        *gap = throng_solution_gap(solution);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
    return play;
}

Test(risk, stag_hunts) {
    static const char *const games[2] = {"hunt", "hunt:stag=5,alone=-3,hare=3,hares=2"};
    char solver[80];
    for (int g = 0; g < 2; g++)
        for (int start = 5; start <= 9; start += start == 5 ? 2 : 1) {
            snprintf(solver, sizeof solver, "rae:gamma=0,tremble=0.1,start=0.%d", start);
            double stag = first_action(games[g], solver, 400, NULL);
            cr_expect(start >= 8 ? stag > 0.99 : stag < 0.01, "%s from 0.%d: %g", games[g], start, stag);
            snprintf(solver, sizeof solver, "rae:gamma=0.2,tremble=0.1,start=0.%d", start);
            stag = first_action(games[g], solver, 400, NULL);
            cr_expect_lt(stag, 0.05, "averse, %s from 0.%d: %g", games[g], start, stag);
        }
}

/* Probability that both go, for one gamma after the other. */
Test(risk, crashes_become_rare) {
    static const double gammas[6] = {0, .02, .05, .1, .2, .5}, both[6] = {.0285, .0252, .0216, .0178, .0135, .0084};
    char solver[80];
    for (int i = 0; i < 6; i++) {
        double gap;
        snprintf(solver, sizeof solver, "rae:gamma=%g,tremble=0.05", gammas[i]);
        double go = first_action("crash", solver, 1500, &gap);
        cr_expect_float_eq(go * go, both[i], 5e-5, "gamma %g: %g", gammas[i], go * go);
        cr_expect_leq(gap, 3e-3);
    }
    /* without trembles, the mixed equilibrium */
    cr_expect_float_eq(first_action("crash", "rae:gamma=0,tremble=0", 1500, NULL), 2.5 / 13.5, 1e-3);
}

Test(risk, random_games_have_small_gaps) {
    static const int n_actions[2] = {5, 5};
    static const char *const solvers[2] = {"rae:gamma=0.1", "rae:gamma=0.5"};
    for (uint64_t seed = 0; seed < 6; seed++) {
        throng_tree *tree = random_game(2, n_actions, seed, true);
        throng_problem problem = throng_tree_problem(tree);
        for (int s = 0; s < 2; s++) {
            throng_solution *solution = NULL;
            throng_solve_def def = {.solver = solvers[s], .iterations = 1500, .tolerance = -1.0};
            cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK);
            printf("# %s, seed %d: gap %g\n", solvers[s], (int)seed, throng_solution_gap(solution));
            cr_expect_leq(throng_solution_gap(solution), 3e-3, "%g", throng_solution_gap(solution));
            throng_solution_free(solution);
        }
        throng_tree_free(tree);
    }
}

Test(risk, what_is_refused) {
    static const char *const games[] = {"kuhn", "leduc"};
    for (int g = 0; g < 2; g++) {
        throng_problem problem = {0};
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = "rae"};
        cr_assert_eq(throng_problem_open(context, games[g], &problem, &error), THRONG_OK);
        cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_UNSUPPORTED);
        cr_expect_neq(strstr(error.message, "everybody chooses once"), NULL, "%s", error.message);
        throng_problem_clear(&problem);
    }
    static const int many[2] = {129, 128};
    throng_risk *risk = NULL;
    throng_tree *tree = random_game(2, many, 1, true);
    cr_expect_eq(throng_risk_create(context, tree, 0.1, 0.1, &risk, &error), THRONG_E_UNSUPPORTED);
    cr_expect_eq(throng_risk_create(context, tree, -0.1, 0.1, &risk, &error), THRONG_E_ARGUMENT);
    throng_tree_free(tree);
}

/* A game as a tree and back, with chance and a player who is not always asked. */
Test(risk, trees_as_normal_forms) {
    static const char text[] = "EFG 2 R \"t\" { \"A\" \"B\" } c \"\" 1 \"\" { \"l\" 1/4 \"r\" 3/4 } 0\n"
                               "p \"\" 1 1 \"\" { \"out\" \"in\" } 0 t \"\" 1 \"\" { 4 8 }\n"
                               "p \"\" 2 1 \"\" { \"x\" \"y\" } 0 t \"\" 2 \"\" { 0 4 } t \"\" 3 \"\" { 8 0 }\n"
                               "t \"\" 4 \"\" { 1 2 }";
    const double expected[4][2] = {{1.75, 3.5}, {0.75, 2.5}, {1.75, 3.5}, {2.75, 1.5}}; /* out x, in x, out y, in y */
    throng_tree *tree = NULL;
    throng_normal_form *game = NULL;
    throng_risk *risk = NULL;
    cr_assert_eq(throng_tree_parse(context, "t", text, (int64_t)sizeof text - 1, &tree, &error), THRONG_OK, "%s",
                 error.message);
    cr_assert_eq(throng_tree_normal_form(context, tree, &game, &error), THRONG_OK, "%s", error.message);
    for (int i = 0; i < 4; i++)
        for (int p = 0; p < 2; p++)
            cr_expect_float_eq(throng_normal_form_payoffs(game, i)[p], expected[i][p], 1e-15);
    cr_expect_str_eq(throng_normal_form_action_name(game, 0, 1), "in");
    cr_expect_str_eq(throng_normal_form_player_name(game, 1), "B");
    cr_expect_eq(throng_risk_create(context, tree, 0.1, 0.1, &risk, &error), THRONG_E_UNSUPPORTED);
    cr_expect_neq(strstr(error.message, "without chance"), NULL, "%s", error.message);
    throng_normal_form_free(game);
    throng_tree_free(tree);
    cr_assert_eq(throng_normal_form_open(context, "crash:crash=-7", &game, &error), THRONG_OK, "%s", error.message);
    cr_expect_eq(throng_normal_form_payoffs(game, 0)[1], -7.0);
    cr_expect_eq(throng_normal_form_payoffs(game, 1)[1], 3.0, "who goes while the other waits");
    throng_normal_form_free(game);
    game = NULL;
    cr_expect_eq(throng_normal_form_open(context, "kuhn", &game, &error), THRONG_E_UNSUPPORTED);
    cr_expect_eq(throng_normal_form_open(context, "public-goods", &game, &error), THRONG_E_UNSUPPORTED);
    cr_expect_null(game);
}

/* ---- policies of trees ----------------------------------------------------------------------------------------- */

/* Chance may gamble: 1 for sure, or 0 or 2.4; 0.5 is paid on the way. */
static throng_tree *gamble(void) {
    static const double half[2] = {0.5, 0.5}, before[2] = {0.5, 0.0};
    static const double ends[3][2] = {{0.5, 0.0}, {-0.5, 0.0}, {1.9, 1.0}};
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_create(context, "gamble", 2, &tree, &error), THRONG_OK);
    cr_assert_eq(throng_tree_add_decision(tree, 1, "wait", 1, NULL, &error), THRONG_OK);
    cr_assert_eq(throng_tree_pay(tree, before, &error), THRONG_OK);
    cr_assert_eq(throng_tree_add_decision(tree, 0, "", 2, NULL, &error), THRONG_OK);
    cr_assert_eq(throng_tree_add_end(tree, ends[0], &error), THRONG_OK);
    cr_assert_eq(throng_tree_add_chance(tree, 2, half, NULL, &error), THRONG_OK);
    for (int i = 1; i < 3; i++)
        cr_assert_eq(throng_tree_add_end(tree, ends[i], &error), THRONG_OK);
    cr_assert_eq(throng_tree_finish(tree, &error), THRONG_OK);
    return tree;
}

static double square(void *user, int player, double total) {
    *(int *)user += player;
    return total * total;
}

static double wild(void *user, int player, double total) {
    (void)user;
    (void)player;
    return total / 0.0;
}

Test(risk, other_utilities) {
    throng_tree *tree = gamble(), *squares = NULL, *none = NULL;
    int seconds = 0;
    double strategy[4] = {1, 0, 1, 1}, plan[4], worth[4];
    cr_assert_eq(throng_tree_revalue(tree, square, &seconds, &squares, &error), THRONG_OK);
    cr_expect_eq(seconds, 3);
    cr_assert_eq(throng_tree_sequences(squares), 4);
    throng_tree_uniform(squares, strategy);
    throng_tree_plan(squares, strategy, plan);
    throng_tree_worth(squares, 0, plan, strategy, worth);
    cr_expect_float_eq(worth[0], 0.5 * 1.0 + 0.25 * 2.4 * 2.4, 1e-12);
    throng_tree_worth(squares, 1, plan, strategy, worth);
    cr_expect_float_eq(worth[0], 0.25, 1e-12);
    cr_expect_eq(throng_tree_revalue(tree, wild, NULL, &none, &error), THRONG_E_ARGUMENT);
    cr_expect_null(none);
    throng_tree_free(squares);
    throng_tree_free(tree);
}

/* Of mean 1.2 and variance 1.44, against 1 for sure: gamma of 0.2 / 1.44 is where one changes. */
Test(risk, what_chance_makes_counts) {
    throng_problem problem = throng_tree_problem(gamble());
    static const char *const solvers[2] = {"psro:gamma=0.13", "psro:gamma=0.15"};
    for (int s = 0; s < 2; s++) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = solvers[s]};
        cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK, "%s", error.message);
        cr_expect(throng_solution_converged(solution));
        cr_expect_float_eq(throng_solution_value(solution, 0), s == 0 ? 1.2 : 1.0, 2e-3, "%g",
                           throng_solution_value(solution, 0));
        throng_solution_free(solution);
    }
    throng_problem_clear(&problem);
}

/* The same with both policies there: 1.2 of variance 1.44, and 1, against one who has no choice. */
Test(risk, variances_of_profiles) {
    static const int n_actions[2] = {2, 1};
    static const double payoffs[4] = {1.2, 0.0, 1.0, 0.0}, variances[4] = {1.44, 0.0, 0.0, 0.0};
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    cr_assert_eq(throng_normal_form_create(context, "gamble", 2, n_actions, &game, &error), THRONG_OK);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(throng_normal_form_set_payoffs(game, i, payoffs + 2 * i, &error), THRONG_OK);
    cr_assert_eq(throng_tree_from_normal_form(context, game, &tree, &error), THRONG_OK);
    for (int k = 0; k < 2; k++) {
        double strategy[4] = {1.0, 0.5, 0.5, 1.0}, best[4] = {1.0, 0.5, 0.5, 1.0}, gamma = k ? 0.15 : 0.13, missing;
        throng_risk *risk = NULL;
        cr_assert_eq(throng_risk_create(context, tree, gamma, 0.0, &risk, &error), THRONG_OK);
        cr_assert_eq(throng_risk_set_variances(risk, variances, &error), THRONG_OK);
        throng_risk_best(risk, 0, strategy, best, &missing);
        cr_expect_float_eq(best[1], k ? 0.0 : 1.0, 1e-9);
        cr_expect_float_eq(missing, 0.5 * fabs(0.2 - gamma * 1.44), 1e-9);
        throng_risk_free(risk);
    }
    throng_tree_free(tree);
    throng_normal_form_free(game);
}

/* As rae where policies are actions; an equilibrium of poker; and the gap is the game's own without aversion. */
Test(risk, policies_are_learnt) {
    static const double gammas[3] = {0.05, 0.1, 0.5}, both[3] = {0.0216, 0.0178, 0.0084};
    for (int k = 0; k < 3; k++) {
        char solver[60];
        snprintf(solver, sizeof solver, "psro:gamma=%g,tremble=0.05,steps=5000", gammas[k]);
        double go = first_action("crash", solver, 10, NULL);
        cr_expect_float_eq(go * go, both[k], 2e-4, "gamma %g: %g", gammas[k], go * go);
    }
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = "psro:steps=10000", .iterations = 20, .tolerance = -1.0};
    cr_assert_eq(throng_problem_open(context, "kuhn", &problem, &error), THRONG_OK);
    cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK, "%s", error.message);
    cr_expect_float_eq(throng_solution_value(solution, 0), -1.0 / 18.0, 1e-3);
    cr_expect_leq(throng_solution_gap(solution), 0.01, "%g", throng_solution_gap(solution));
    cr_expect_float_eq(throng_solution_gap(solution), throng_solution_game_gap(solution), 1e-12);
    cr_expect_lt(throng_solution_iterations(solution), 15, "there is nothing to learn any more");
    throng_solution_free(solution);
    def.solver = "psro:policies=2"; /* no room: the gap says so */
    cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK, "%s", error.message);
    cr_expect_gt(throng_solution_gap(solution), 0.1);
    cr_expect_float_eq(throng_solution_gap(solution), throng_solution_game_gap(solution), 1e-12);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
    cr_assert_eq(throng_problem_open(context, "random:players=3,actions=2", &problem, &error), THRONG_OK);
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_UNSUPPORTED);
    cr_expect_not_null(strstr(error.message, "two players"), "%s", error.message);
    throng_problem_clear(&problem);
}

Test(risk, memory_that_runs_out) {
    test_solving averse = {"crash", "rae", NULL}, oracle = {"crash", "psro:gamma=0.1,steps=5", NULL};
    expect_survives(open_and_solve, &averse, 1000);
    expect_survives(open_and_solve, &oracle, 1000);
}
