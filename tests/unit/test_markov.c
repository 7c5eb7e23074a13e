/* Markov games against dense algebra and enumeration, their solvers against exact values, files whole and broken. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(markov, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_markov *open_game(const char *name, throng_problem *problem) {
    cr_assert_eq(throng_problem_open(context, name, problem, &error), THRONG_OK, "%s: %s", name, error.message);
    return problem->game;
}

static throng_solution *solve(const throng_problem *problem, const char *solver, int64_t iterations, double tolerance) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = tolerance};
    cr_assert_eq(throng_solve(context, problem, &def, &solution, &error), THRONG_OK, "%s: %s", solver, error.message);
    return solution;
}

/* ---- the slow, obvious way ------------------------------------------------------------------------------------- */

#define STATES_MOST 12

/* How likely all actions of a cell are; a player's action in it. */
static int action_in(const throng_markov *game, int s, int64_t place, int player) {
    for (int p = 0; p < player; p++)
        place /= throng_markov_actions(game, s, p);
    return (int)(place % throng_markov_actions(game, s, player));
}

static double chance(const throng_markov *game, int s, int64_t cell, const double *strategy) {
    double product = 1.0;
    for (int p = 0; p < throng_markov_players(game); p++)
        product *=
            strategy[throng_markov_first(game, s, p) + action_in(game, s, cell - throng_markov_first_cell(game, s), p)];
    return product;
}

/* Solves (1 - discount P) v = r by elimination. */
static void dense_values(const throng_markov *game, int player, const double *strategy, double *values) {
    double m[STATES_MOST][STATES_MOST + 1] = {{0}};
    int n = throng_markov_states(game);
    for (int s = 0; s < n; s++) {
        m[s][s] += 1.0;
        for (int64_t c = throng_markov_first_cell(game, s); c < throng_markov_first_cell(game, s + 1); c++) {
            throng_markov_cell cell = throng_markov_cell_at(game, c);
            double p = chance(game, s, c, strategy);
            m[s][n] += p * cell.rewards[player];
            for (int i = 0; i < cell.n; i++)
                if (cell.next[i] != THRONG_MARKOV_END)
                    m[s][cell.next[i]] -= throng_markov_discount(game) * p * cell.probabilities[i];
        }
    }
    for (int k = 0; k < n; k++)
        for (int r = 0; r < n; r++) {
            double factor = r == k ? 0.0 : m[r][k] / m[k][k];
            for (int c = k; c <= n; c++)
                m[r][c] -= factor * m[k][c];
        }
    for (int s = 0; s < n; s++)
        values[s] = m[s][n] / m[s][s];
}

static void draw_strategy(const throng_markov *game, uint64_t seed, double *strategy) {
    for (int s = 0; s < throng_markov_states(game); s++)
        for (int p = 0; p < throng_markov_players(game); p++) {
            double sum = 0.0, *row = strategy + throng_markov_first(game, s, p);
            int n = throng_markov_actions(game, s, p);
            for (int a = 0; a < n; a++)
                sum += row[a] = test_uniform(seed, (uint64_t)(row - strategy) + a);
            for (int a = 0; a < n; a++)
                row[a] /= sum;
        }
}

/* Three players, actions that differ by state, an end, and payoffs of all kinds. */
static throng_markov *mixed_game(void) {
    static const int n_actions[4 * 3] = {2, 3, 1, 1, 2, 2, 3, 1, 2, 1, 1, 1};
    throng_markov *game = NULL;
    cr_assert_eq(throng_markov_create(context, "mixed", 3, 4, n_actions, 0.95, &game, &error), THRONG_OK);
    for (int s = 0, k = 0; s < 4; s++)
        for (int64_t c = throng_markov_first_cell(game, s); c < throng_markov_first_cell(game, s + 1); c++, k += 8) {
            double p = test_uniform(5, k), q = (1.0 - p) * test_uniform(5, k + 1);
            const int next[3] = {(s + 1) % 4, s, c % 3 == 0 ? THRONG_MARKOV_END : 2};
            const double probabilities[3] = {p, q, 1.0 - p - q};
            const double rewards[3] = {test_uniform(5, k + 2), test_uniform(5, k + 3) - 1, test_uniform(5, k + 4)};
            cr_assert_eq(throng_markov_add_cell(game, 3, next, probabilities, rewards, &error), THRONG_OK, "%s",
                         error.message);
        }
    cr_assert_eq(throng_markov_finish(game, &error), THRONG_OK);
    return game;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

Test(markov, values_are_those_of_dense_algebra) {
    throng_markov *game = mixed_game();
    double strategy[64], values[STATES_MOST], dense[STATES_MOST];
    for (uint64_t seed = 0; seed < 20; seed++) {
        draw_strategy(game, seed, strategy);
        for (int p = 0; p < 3; p++) {
            cr_assert_eq(throng_markov_evaluate(game, p, strategy, values, &error), THRONG_OK);
            dense_values(game, p, strategy, dense);
            for (int s = 0; s < 4; s++)
                cr_expect_float_eq(values[s], dense[s], 1e-11, "player %d state %d", p, s);
        }
    }
    throng_markov_free(game);
}

/* A best response is the best, in every state, of all the pure ones. */
Test(markov, best_responses_are_those_of_enumeration) {
    throng_markov *game = mixed_game();
    double strategy[64], pure[64], values[STATES_MOST], best[64], one[STATES_MOST], gap, gains[STATES_MOST] = {0};
    draw_strategy(game, 3, strategy);
    for (int p = 0; p < 3; p++) {
        double most[STATES_MOST] = {-1e9, -1e9, -1e9, -1e9};
        int total = 1;
        for (int s = 0; s < 4; s++)
            total *= throng_markov_actions(game, s, p);
        for (int k = 0; k < total; k++) {
            memcpy(pure, strategy, sizeof pure);
            for (int s = 0, rest = k; s < 4; rest /= throng_markov_actions(game, s, p), s++)
                for (int a = 0; a < throng_markov_actions(game, s, p); a++)
                    pure[throng_markov_first(game, s, p) + a] = a == rest % throng_markov_actions(game, s, p);
            dense_values(game, p, pure, one);
            for (int s = 0; s < 4; s++)
                most[s] = fmax(most[s], one[s]);
        }
        memcpy(best, strategy, sizeof best);
        cr_assert_eq(throng_markov_best(game, p, strategy, values, best, &error), THRONG_OK);
        dense_values(game, p, best, one);
        dense_values(game, p, strategy, pure);
        for (int s = 0; s < 4; s++) {
            cr_expect_float_eq(values[s], most[s], 1e-11, "player %d state %d", p, s);
            cr_expect_float_eq(one[s], most[s], 1e-11, "player %d state %d", p, s);
            gains[s] += most[s] - pure[s];
        }
    }
    cr_assert_eq(throng_markov_gap(game, strategy, one, &gap, &error), THRONG_OK);
    cr_expect_float_eq(gap, fmax(fmax(gains[0], gains[1]), fmax(gains[2], gains[3])), 1e-10);
    dense_values(game, 1, strategy, values);
    cr_expect_float_eq(one[1], (values[0] + values[1] + values[2] + values[3]) / 4.0, 1e-11);
    throng_markov_free(game);
}

/* Steps that are counted: backward induction, which needs no discount. */
Test(markov, a_horizon_is_backward_induction) {
    throng_problem problem, endless;
    throng_markov *game = open_game("random-mdp:horizon=5,discount=1,seed=4", &problem);
    throng_markov *once = open_game("random-mdp:seed=4", &endless);
    double values[10] = {0}, before[10], found[50], *best = calloc(1000, sizeof *best);
    cr_expect_eq(throng_markov_states(game), 50);
    cr_expect_str_eq(throng_markov_state_name(game, 0), "1, 5 left");
    cr_assert_eq(throng_markov_best(game, 0, best, found, NULL, &error), THRONG_OK, "%s", error.message);
    for (int left = 1; left <= 5; left++) {
        memcpy(before, values, sizeof before);
        for (int s = 0; s < 10; s++) {
            values[s] = -1.0;
            for (int64_t c = throng_markov_first_cell(once, s); c < throng_markov_first_cell(once, s + 1); c++) {
                throng_markov_cell cell = throng_markov_cell_at(once, c);
                double sum = cell.rewards[0];
                for (int i = 0; i < cell.n; i++)
                    sum += cell.probabilities[i] * before[cell.next[i]];
                values[s] = fmax(values[s], sum);
            }
            cr_expect_float_eq(found[(5 - left) * 10 + s], values[s], 1e-12, "%d left, state %d", left, s);
        }
    }
    free(best);
    throng_problem_clear(&endless);
    throng_problem_clear(&problem);
}

Test(markov, without_an_end_there_must_be_a_discount) {
    throng_problem problem;
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = "value-iteration"};
    open_game("random-mdp:states=2,actions=1,discount=1", &problem);
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_NOT_CONVERGED);
    cr_expect_not_null(strstr(error.message, "discount below 1"), "%s", error.message);
    throng_problem_clear(&problem);
}

/* ---- matrices -------------------------------------------------------------------------------------------------- */

/* Nobody gains by another action, which is what a solution is; and the sequence form finds the same value. */
Test(markov, matrices_are_solved) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        const int n[2] = {1 + (int)(seed % 7), 1 + (int)(seed / 7)};
        double payoffs[63], row[7], column[9], value, most = -1e9, least = 1e9, size = seed % 3 ? 1.0 : 1e-9;
        for (int i = 0; i < n[0] * n[1]; i++)
            payoffs[i] = size * floor(seed % 2 ? 5 * test_uniform(seed, i) : 1e6 * test_uniform(seed, i)) + 3 * size;
        cr_assert_eq(throng_solver_matrix_game(context, n[0], n[1], payoffs, row, column, &value, &error), THRONG_OK);
        for (int r = 0; r < n[0]; r++) {
            double sum = 0.0;
            for (int c = 0; c < n[1]; c++)
                sum += column[c] * payoffs[r + n[0] * c];
            most = fmax(most, sum);
        }
        for (int c = 0; c < n[1]; c++) {
            double sum = 0.0;
            for (int r = 0; r < n[0]; r++)
                sum += row[r] * payoffs[r + n[0] * c];
            least = fmin(least, sum);
        }
        cr_expect_float_eq(most, value, 1e-11 * fabs(most), "%d x %d: %.17g %.17g", n[0], n[1], most, value);
        cr_expect_float_eq(least, value, 1e-11 * fabs(most), "%d x %d: %.17g %.17g", n[0], n[1], least, value);
    }
}

/* A little less than a saddle: 1 + dust / 2, by mixing, where the pure ones are sure of 1 only. */
Test(markov, matrices_that_nearly_have_a_saddle) {
    for (double dust = 1.0; dust > 1e-9; dust /= 10.0) {
        const double payoffs[4] = {1.0 + dust, 1.0, 1.0, 1.0 + dust};
        double row[2], column[2], value;
        cr_assert_eq(throng_solver_matrix_game(context, 2, 2, payoffs, row, column, &value, &error), THRONG_OK);
        cr_expect_float_eq(row[0], 0.5, 1e-6, "%g", dust);
        cr_expect_float_eq(column[0], 0.5, 1e-6, "%g", dust);
        cr_expect_float_eq(value, 1.0 + dust / 2.0, 1e-6 * dust, "%g", dust);
    }
}

/* Entries beside 0, as rounding leaves them, once led to prices of 0. */
Test(markov, matrices_with_dust) {
    static const double payoffs[25] = {0.34745226433303883,
                                       0.058165135681049612,
                                       0.24964722245226789,
                                       0.16973043511219241,
                                       0.16973043511219241,
                                       0.058369373223439804,
                                       0.3414431653758998,
                                       0.21680590403054753,
                                       0.17368568626888448,
                                       0.17368568626888448,
                                       0.33424172758289089,
                                       0.33424172758287335,
                                       0.72994990143010452,
                                       0.72994990143010452,
                                       0.72994990143010452,
                                       1.7629735276206971e-14,
                                       0,
                                       1,
                                       0.05835003643372863,
                                       0.05835003643372863,
                                       0.12551002293335667,
                                       0.12551002293334088,
                                       0.27464015807496267,
                                       0.29027415271098694,
                                       0.29027415271098694};
    double row[5], column[5], value, sum = 0.0;
    cr_assert_eq(throng_solver_matrix_game(context, 5, 5, payoffs, row, column, &value, &error), THRONG_OK);
    for (int i = 0; i < 5; i++)
        sum += row[i] + column[i];
    cr_expect_float_eq(sum, 2.0, 1e-12);
    cr_expect_gt(value, 0.1);
}

/* ---- solvers --------------------------------------------------------------------------------------------------- */

Test(markov, value_iteration_and_policy_iteration_agree) {
    static const char *const games[] = {"random-mdp:seed=1", "random-markov:seed=1", "random-markov:discount=0.95",
                                        "hard-chain:lead=0.5", "random-markov:states=1,actions=9,horizon=2"};
    for (int g = 0; g < 5; g++) {
        throng_problem problem;
        throng_markov *game = open_game(games[g], &problem);
        throng_solution *slow = solve(&problem, "value-iteration", 0, 1e-9);
        throng_solution *fast = solve(&problem, "value-iteration:policy=true", 0, 1e-9);
        cr_expect(throng_solution_converged(slow), "%s: %g", games[g], throng_solution_gap(slow));
        cr_expect(throng_solution_converged(fast), "%s: %g", games[g], throng_solution_gap(fast));
        cr_expect_leq(throng_solution_iterations(fast), throng_solution_iterations(slow));
        cr_expect_float_eq(throng_solution_value(fast, 0), throng_solution_value(slow, 0), 1e-8, "%s", games[g]);
        double *strategy = calloc((size_t)throng_markov_numbers(game), sizeof *strategy), gap;
        double *values = calloc((size_t)throng_markov_states(game), sizeof *values);
        cr_assert_eq(throng_solver_markov_plan(context, game, strategy, values, &error), THRONG_OK);
        cr_assert_eq(throng_markov_gap(game, strategy, NULL, &gap, &error), THRONG_OK);
        cr_expect_leq(gap, 1e-9, "%s: %g", games[g], gap);
        free(strategy);
        free(values);
        throng_solution_free(slow);
        throng_solution_free(fast);
        throng_problem_clear(&problem);
    }
}

/* p of hard-chain makes a loop worth 3 / (4 (1 - discount)). */
Test(markov, loops_are_worth_what_they_should) {
    throng_problem problem;
    open_game("hard-chain:discount=0.95", &problem);
    throng_solution *solution = solve(&problem, "value-iteration", 0, 1e-9);
    cr_expect_float_eq(throng_solution_value(solution, 0), 15.0, 1e-10);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* Turned by half a round, with the players exchanged, it is the same game: values change their signs. */
Test(markov, soccer_is_fair) {
    throng_problem problem;
    throng_markov *game = open_game("soccer:columns=3,rows=2", &problem);
    int n = throng_markov_states(game);
    double *strategy = calloc((size_t)throng_markov_numbers(game), sizeof *strategy), most = 0.0;
    double *values = calloc((size_t)n, sizeof *values);
    cr_assert_eq(throng_solver_markov_plan(context, game, strategy, values, &error), THRONG_OK);
    for (int s = 0; s < n; s++) {
        const char *name = throng_markov_state_name(game, s);
        char other[16];
        const char *b = strchr(name, ' ') + 1;
        snprintf(other, sizeof other, "%c%d%s %c%d%s", 'a' + 'c' - b[0], '3' - b[1], b[2] ? "*" : "",
                 'a' + 'c' - name[0], '3' - name[1], name[2] == '*' ? "*" : "");
        int t = 0;
        while (t < n && strcmp(throng_markov_state_name(game, t), other) != 0)
            t++;
        cr_assert_lt(t, n, "%s has no mirror image %s", name, other);
        cr_expect_float_eq(values[s], -values[t], 1e-9, "%s and %s", name, other);
        most = fmax(most, values[s]);
    }
    cr_expect_gt(most, 0.5);
    free(values);
    free(strategy);
    throng_problem_clear(&problem);
}

/* ---- draws ----------------------------------------------------------------------------------------------------- */

Test(markov, a_sample_is_the_frequencies_of_draws) {
    throng_problem problem;
    throng_markov *game = open_game("random-markov:states=5,actions=3", &problem), *drawn = NULL, *again = NULL;
    throng_context *alone = test_context(1);
    cr_assert_eq(throng_markov_sample(game, 37, 9, &drawn, &error), THRONG_OK);
    cr_assert_eq(throng_context_set_threads(context, 3, &error), THRONG_OK);
    cr_assert_eq(throng_markov_sample(game, 37, 9, &again, &error), THRONG_OK);
    for (int64_t c = 0; c < throng_markov_cells(game); c++) {
        throng_markov_cell cell = throng_markov_cell_at(drawn, c);
        double counts[5] = {0.0};
        for (uint64_t k = 0; k < 37; k++)
            counts[throng_markov_draw(game, c, 9, k)] += 1.0;
        cr_assert_eq(cell.n, 5);
        for (int i = 0; i < 5; i++)
            cr_expect_float_eq(37.0 * cell.probabilities[i], counts[cell.next[i]], 1e-9);
        cr_expect_eq(memcmp(cell.probabilities, throng_markov_cell_at(again, c).probabilities, 5 * sizeof(double)), 0);
        cr_expect_eq(cell.rewards[0], throng_markov_cell_at(game, c).rewards[0]);
    }
    throng_markov_free(drawn);
    throng_markov_free(again);
    throng_context_free(alone);
    throng_problem_clear(&problem);
}

/* 40,000 draws: each frequency within 5 standard deviations. */
Test(markov, draws_follow_the_probabilities) {
    throng_problem problem;
    throng_markov *game = open_game("random-mdp:states=6,actions=2", &problem), *drawn = NULL;
    const double n = 40000;
    cr_assert_eq(throng_markov_sample(game, 40000, 1, &drawn, &error), THRONG_OK);
    for (int64_t c = 0; c < throng_markov_cells(game); c++)
        for (int i = 0; i < 6; i++) {
            double p = throng_markov_cell_at(game, c).probabilities[i];
            double q = throng_markov_cell_at(drawn, c).probabilities[i];
            cr_expect_float_eq(q, p, 5.0 * sqrt(p * (1.0 - p) / n) + 1e-4, "cell %lld, %d: %g, %g", (long long)c, i, p,
                               q);
        }
    throng_markov_free(drawn);
    throng_problem_clear(&problem);
}

/* |V of the drawn game - V| <= discount / (1 - discount) * most of |(drawn P - P) V|: never violated. Without the
 * discount's share it is, so the draws do test it. */
Test(markov, simulation_lemma) {
    int tight = 0;
    for (int seed = 0; seed < 200; seed++) {
        char name[64];
        throng_problem problem;
        throng_markov *drawn = NULL;
        double strategy[64], values[8], other[8], most = 0.0, off = 0.0;
        snprintf(name, sizeof name, "random-markov:states=4,actions=2,seed=%d,discount=%g", seed, 0.5 + 0.002 * seed);
        throng_markov *game = open_game(name, &problem);
        double discount = throng_markov_discount(game);
        problem.kind->start(game, strategy);
        cr_assert_eq(throng_markov_sample(game, 1 + seed % 9, (uint64_t)seed, &drawn, &error), THRONG_OK);
        cr_assert_eq(throng_solver_markov_plan(context, game, strategy, values, &error), THRONG_OK);
        cr_assert_eq(throng_solver_markov_plan(context, drawn, strategy, other, &error), THRONG_OK);
        for (int64_t c = 0; c < throng_markov_cells(game); c++)
            most = fmax(most, fabs(throng_markov_worth(drawn, c, 0, values) - throng_markov_worth(game, c, 0, values)));
        for (int s = 0; s < 4; s++)
            off = fmax(off, fabs(values[s] - other[s]));
        cr_expect_leq(off, most / (1.0 - discount) + 1e-10, "%s: %g > %g", name, off, most / (1.0 - discount));
        tight += off > 0.5 * most;
        throng_markov_free(drawn);
        throng_problem_clear(&problem);
    }
    cr_expect_gt(tight, 20, "%d", tight);
}

/* The matrix of worths of one state, and smooth play in it. */
static throng_markov *smoothed(uint64_t seed, int n, double temperature, double *payoffs, double *play) {
    throng_markov *game = NULL;
    const int both[2] = {n, n}, end = THRONG_MARKOV_END;
    const double certain = 1.0, none = 0.0;
    cr_assert_eq(throng_markov_create_even(context, "matrix", 2, 1, both, 0.9, &game, &error), THRONG_OK);
    for (int c = 0; c < n * n; c++) {
        payoffs[c] = 10.0 + test_uniform(seed, (uint64_t)c);
        const double rewards[2] = {payoffs[c], -payoffs[c]};
        cr_assert_eq(throng_markov_add_cell(game, 1, &end, &certain, rewards, &error), THRONG_OK);
    }
    cr_assert_eq(throng_markov_finish(game, &error), THRONG_OK);
    cr_assert_eq(throng_solver_markov_smooth(context, game, &none, temperature, play, &error), THRONG_OK, "%s",
                 error.message);
    return game;
}

/* Each plays softmax(worth / temperature) against the other, loses no more than the entropies, and moves no more than
 * 2 / temperature times the worths: exact play jumps. */
Test(markov, smooth_play) {
    enum {
        n = 4
    };
    for (uint64_t seed = 0; seed < 20; seed++) {
        double temperature = seed % 2 ? 0.02 : 0.5, payoffs[n * n], others[n * n], play[2 * n], moved[2 * n],
               plain[2 * n];
        double gap, far = 0.0, apart = 0.0;
        throng_markov *game = smoothed(seed, n, temperature, payoffs, play);
        for (int p = 0; p < 2; p++) {
            double worths[n] = {0.0};
            for (int c = 0; c < n * n; c++)
                worths[p ? c / n : c % n] += (p ? -payoffs[c] : payoffs[c]) / temperature * play[p ? c % n : n + c / n];
            throng_simplex_softmax(n, worths, plain + p * n);
        }
        for (int a = 0; a < 2 * n; a++)
            cr_expect_float_eq(play[a], plain[a], 1e-5, "%g, not %g", play[a], plain[a]);
        cr_assert_eq(throng_markov_gap(game, play, NULL, &gap, &error), THRONG_OK);
        cr_expect_leq(gap, 2.0 * temperature * log(n));
        cr_expect_gt(gap, 0.0);
        throng_markov_free(game);
        throng_markov_free(smoothed(seed + 1000, n, temperature, others, moved));
        for (int c = 0; c < n * n; c++)
            far = fmax(far, fabs(payoffs[c] - others[c]));
        for (int a = 0; a < 2 * n; a++)
            apart += fabs(play[a] - moved[a]);
        cr_expect_leq(apart, 2.0 * far / temperature);
        cr_expect_gt(apart, 1e-3);
    }
}

Test(markov, smooth_play_of_one_and_what_is_too_cold) {
    throng_problem problem;
    throng_markov *game = open_game("random-mdp:states=1,actions=3", &problem);
    double play[8], none = 0.0, payoffs[4], ratio;
    cr_assert_eq(throng_solver_markov_smooth(context, game, &none, 0.3, play, &error), THRONG_OK);
    ratio = exp((throng_markov_cell_at(game, 0).rewards[0] - throng_markov_cell_at(game, 1).rewards[0]) / 0.3);
    cr_expect_float_eq(play[0] / play[1], ratio, 1e-12 * ratio);
    cr_expect_eq(throng_solver_markov_smooth(context, game, &none, 0.0, play, &error), THRONG_E_ARGUMENT);
    throng_problem_clear(&problem);
    game = smoothed(3, 2, 1.0, payoffs, play);
    for (int c = 0; c < 4; c++)
        throng_markov_set_reward(game, c, 0, c == 2); /* only the first row against the second column is paid */
    cr_expect_not(throng_markov_zero_sum(game));
    cr_expect_eq(throng_solver_markov_smooth(context, game, &none, 1.0, play, &error), THRONG_E_UNSUPPORTED);
    for (int c = 0; c < 4; c++)
        throng_markov_set_reward(game, c, 1, c == 2 ? -1.0 : 0.0);
    cr_expect(throng_markov_zero_sum(game));
    cr_expect_eq(throng_solver_markov_smooth(context, game, &none, 1e-9, play, &error), THRONG_E_NOT_CONVERGED);
    cr_expect_not_null(strstr(error.message, "too low to smooth"), "%s", error.message);
    throng_markov_free(game);
}

static double note_of(const throng_solution *solution, const char *name) {
    for (int i = 0; throng_solution_note(solution, i).name; i++)
        if (strcmp(throng_solution_note(solution, i).name, name) == 0)
            return throng_solution_note(solution, i).value;
    cr_assert_fail("there is no %s", name);
    return NAN;
}

/* Actions that are equal to the last bit: a perturbation tells them apart, in 100 of 100 samples. */
Test(markov, perturbation_leaves_no_ties) {
    throng_markov *game = NULL;
    const int n_actions = 4;
    cr_assert_eq(throng_markov_create_even(context, "twins", 1, 10, &n_actions, 0.9, &game, &error), THRONG_OK);
    for (int c = 0; c < 40; c++) {
        const int next = (c / 4 + 1) % 10;
        const double certain = 1.0, reward = c / 4;
        cr_assert_eq(throng_markov_add_cell(game, 1, &next, &certain, &reward, &error), THRONG_OK);
    }
    cr_assert_eq(throng_markov_finish(game, &error), THRONG_OK);
    throng_problem problem = throng_markov_problem(game);
    for (uint64_t seed = 0; seed < 100; seed++) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = "generative-model:draws=3", .iterations = 1, .tolerance = -1.0, .seed = seed};
        cr_assert_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_OK, "%s", error.message);
        cr_expect_gt(note_of(solution, "least_lead"), 1e-12);
        cr_expect_leq(note_of(solution, "perturbed_by"), 1e-6 / (1.0 - 0.9));
        cr_expect_gt(note_of(solution, "perturbed_by"), 1e-7);
        cr_expect_eq(throng_solution_evaluations(solution), 120);
        throng_solution_free(solution);
    }
    throng_solution *solution = solve(&problem, "generative-model:perturbation=0", 1, 1e-9);
    cr_expect_eq(note_of(solution, "least_lead"), 0.0);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* Iterations double the draws, up to `most`; twice the draws of one half are those of the other. */
Test(markov, more_iterations_draw_more) {
    throng_problem problem;
    open_game("random-markov:seed=3", &problem);
    throng_solution *at_once = solve(&problem, "model-based-ne:draws=256", 1, -1.0);
    throng_solution *bit_by_bit = solve(&problem, "model-based-ne:draws=32", 4, -1.0);
    throng_solution *bounded = solve(&problem, "model-based-ne:draws=32,most=100", 0, -1.0);
    cr_expect_float_eq(throng_solution_gap(at_once), throng_solution_gap(bit_by_bit), 1e-9);
    cr_expect_eq(throng_solution_evaluations(at_once), 256 * 128);
    cr_expect_eq(throng_solution_iterations(bounded), 3);
    cr_expect_eq(throng_solution_evaluations(bounded), 100 * 128);
    cr_expect_eq(throng_solution_trace(bit_by_bit), 4);
    cr_expect_lt(throng_solution_gap(at_once), throng_solution_trace_gap(bit_by_bit, 0));
    throng_solution_free(at_once);
    throng_solution_free(bit_by_bit);
    throng_solution_free(bounded);
    throng_problem_clear(&problem);
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static throng_status read_text(const char *text, throng_markov **out) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/test_markov_%ld.csv", (long)getpid());
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    throng_status status = throng_markov_read(context, path, 0.5, out, &error);
    remove(path);
    return status;
}

Test(markov, one_player_from_a_file) {
    throng_markov *game = NULL;
    double values[2], gap;
    cr_assert_eq(read_text("state,action,next,probability,reward\nhome,stay,home,1,1\naway,return,home,0.25,4\n"
                           "home,leave,away,1,0\naway,return,,0.75,8\n",
                           &game),
                 THRONG_OK, "%s", error.message);
    cr_expect_eq(throng_markov_states(game), 2);
    cr_expect_str_eq(throng_markov_state_name(game, 1), "away");
    cr_expect_eq(throng_markov_actions(game, 0, 0), 2);
    cr_expect_eq(throng_markov_actions(game, 1, 0), 1);
    const double strategy[3] = {0.0, 1.0, 1.0}; /* home: leave; away: return */
    cr_assert_eq(throng_markov_evaluate(game, 0, strategy, values, &error), THRONG_OK);
    /* away = 7 + 0.125 home, home = 0.5 away */
    cr_expect_float_eq(values[1], 7.0 / (1.0 - 0.0625), 1e-12);
    cr_expect_float_eq(values[0], 3.5 / (1.0 - 0.0625), 1e-12);
    cr_assert_eq(throng_markov_gap(game, strategy, NULL, &gap, &error), THRONG_OK);
    cr_expect_float_eq(gap, 0.0, 1e-12);
    throng_markov_free(game);
}

Test(markov, two_players_from_a_file) {
    throng_markov *game = NULL;
    cr_assert_eq(read_text("state,action1,action2,next,probability,reward1\n1,h,h,1,1,3\n1,t,h,1,1,-1\n1,h,t,1,1,-1\n"
                           "1,t,t,1,1,1\n",
                           &game),
                 THRONG_OK, "%s", error.message);
    cr_expect(throng_markov_zero_sum(game));
    throng_problem problem = throng_markov_problem(game);
    throng_solution *solution = solve(&problem, "value-iteration", 0, 1e-9);
    cr_expect_float_eq(throng_solution_value(solution, 0), 2.0 / 3.0, 1e-9); /* 1/3 a step, discount 1/2 */
    cr_expect_float_eq(throng_solution_strategy(solution)[0], 1.0 / 3.0, 1e-9);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
    cr_assert_eq(read_text("state,action1,action2,next,probability,reward1,reward2\n1,a,a,,1,3,3\n1,b,a,,1,0,5\n"
                           "1,a,b,,1,5,0\n1,b,b,,1,1,1\n",
                           &game),
                 THRONG_OK, "%s", error.message);
    problem = throng_markov_problem(game);
    throng_solution *none = NULL;
    throng_solve_def def = {.solver = "value-iteration"};
    cr_expect_eq(throng_solve(context, &problem, &def, &none, &error), THRONG_E_UNSUPPORTED);
    cr_expect_not_null(strstr(error.message, "one pays what the other gets"), "%s", error.message);
    throng_problem_clear(&problem);
}

Test(markov, broken_files) {
    static const struct {
        const char *rows, *says;
        throng_status status;
    } cases[] = {
        {"", "no rows", THRONG_E_FORMAT},
        {"a,x,a,0.5,1\n", "state \"a\", action \"x\" add up to 0.5, not to 1", THRONG_E_FORMAT},
        {"a,x,b,1,1\n", "row 1: the next state \"b\" has no rows", THRONG_E_FORMAT},
        {"a,x,a,-1,1\na,x,a,2,1\n", "finite and not negative; after state \"a\", action \"x\" one is -1",
         THRONG_E_FORMAT},
        {"a,x,a,1,\n", "row 1: reward must be a finite number", THRONG_E_FORMAT},
        {"a,x,a,nan,1\n", "row 1: probability must be a finite number", THRONG_E_FORMAT},
        {"a,x,a,1,inf\n", "row 1: reward must be a finite number", THRONG_E_FORMAT},
    };
    throng_markov *game = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        snprintf(text, sizeof text, "state,action,next,probability,reward\n%s", cases[i].rows);
        cr_expect_eq(read_text(text, &game), cases[i].status, "%s", cases[i].rows);
        cr_expect_not_null(strstr(error.message, cases[i].says), "%s: %s", cases[i].rows, error.message);
    }
    cr_expect_eq(read_text("state,action1,action2,next,probability,reward1\na,x,u,a,1,1\na,y,w,a,1,1\n", &game),
                 THRONG_E_FORMAT);
    cr_expect_not_null(strstr(error.message, "after state \"a\", actions \"y\", \"u\""), "%s", error.message);
    cr_expect_eq(read_text("state,next,probability,reward\na,a,1,1\n", &game), THRONG_E_COLUMN);
    cr_expect_null(game);
}

Test(markov, what_is_refused) {
    throng_markov *game = NULL;
    const int n_actions = 1, none = 0;
    const int there = 0, nowhere = 1;
    const double certain = 1.0, wild = INFINITY;
    cr_expect_eq(throng_markov_create_even(context, "x", 0, 1, &n_actions, 0.5, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_create_even(context, "x", 1, 0, &n_actions, 0.5, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_create_even(context, "x", 1, 1, &none, 0.5, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_create_even(context, "x", 1, 1, &n_actions, 1.5, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_create_even(context, "x", 1, 1, &n_actions, NAN, &game, &error), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_markov_create_even(context, "x", 1, 1, &n_actions, 0.5, &game, &error), THRONG_OK);
    cr_expect_eq(throng_markov_finish(game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_add_cell(game, 0, &there, &certain, &certain, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_add_cell(game, 1, &nowhere, &certain, &certain, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_add_cell(game, 1, &there, &certain, &wild, &error), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_markov_add_cell(game, 1, &there, &certain, &certain, &error), THRONG_OK);
    cr_expect_eq(throng_markov_add_cell(game, 1, &there, &certain, &certain, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_markov_start_in(game, 1, &error), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_markov_finish(game, &error), THRONG_OK);
    cr_expect_eq(throng_markov_set_state_name(game, 0, "late", &error), THRONG_E_ARGUMENT);
    throng_markov_free(game);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static throng_status draw_and_solve(throng_context *own, int64_t turn, void *user) {
    static const char *const games[] = {"random-markov:states=2,actions=2", "random-mdp:states=2,horizon=2",
                                        "hard-chain:chains=2", "soccer:columns=2,rows=1"};
    static const char *const solvers[] = {"value-iteration", "model-based-ne:draws=2,smooth=0.1",
                                          "generative-model:draws=2", "value-iteration:policy=true"};
    throng_status status = THRONG_OK;
    (void)turn;
    (void)user;
    for (int k = 0; k < 4 && status == THRONG_OK; k++) {
        throng_problem problem = {0};
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = solvers[(k + 1) % 4], .iterations = 1};
        status = throng_problem_open(own, games[k], &problem, &error);
        if (status == THRONG_OK)
            status = throng_solve(own, &problem, &def, &solution, &error);
        throng_solution_free(solution);
        throng_problem_clear(&problem);
    }
    return status;
}

Test(markov, memory_that_runs_out) {
    expect_survives(draw_and_solve, NULL, 3000);
}

/* Tables in memory have columns of any type. */
Test(markov, tables_in_memory) {
    static const char *const texts[2] = {"1", "x"};
    for (int wrong = 0; wrong < 2; wrong++) {
        void *state, *action, *next, *reward, *probability;
        throng_table *table = NULL;
        throng_markov *game = NULL;
        cr_assert_eq(throng_table_create(context, 2, &table, &error), THRONG_OK);
        cr_assert_eq(throng_table_add(table, "state", THRONG_TYPE_INT32, &state, &error), THRONG_OK);
        cr_assert_eq(throng_table_add(table, "action", THRONG_TYPE_UINT8, &action, &error), THRONG_OK);
        cr_assert_eq(throng_table_add(table, "next", THRONG_TYPE_INT64, &next, &error), THRONG_OK);
        cr_assert_eq(throng_table_add(table, "reward", THRONG_TYPE_INT32, &reward, &error), THRONG_OK);
        if (wrong)
            cr_assert_eq(throng_table_add_text(table, "probability", texts, &error), THRONG_OK);
        else
            cr_assert_eq(throng_table_add(table, "probability", THRONG_TYPE_INT32, &probability, &error), THRONG_OK);
        for (int r = 0; r < 2; r++) {
            ((int32_t *)state)[r] = 7 + r;
            ((uint8_t *)action)[r] = 3;
            ((int64_t *)next)[r] = r ? INT64_MIN : 8;
            ((int32_t *)reward)[r] = 5 * r;
            if (!wrong)
                ((int32_t *)probability)[r] = 1;
        }
        cr_assert_eq(throng_table_offer(context, "game", table, &error), THRONG_OK);
        throng_status status = throng_markov_read(context, "memory:game", 0.5, &game, &error);
        if (wrong) {
            cr_expect_eq(status, THRONG_E_FORMAT);
            cr_expect(strstr(error.message, "row 1: probability must be a finite number"), "%s", error.message);
        } else {
            double values[2], strategy[2] = {1.0, 1.0};
            cr_assert_eq(status, THRONG_OK, "%s", error.message);
            cr_expect_str_eq(throng_markov_state_name(game, 1), "8");
            cr_expect_eq(throng_markov_evaluate(game, 0, strategy, values, &error), THRONG_OK);
            cr_expect(values[0] == 2.5 && values[1] == 5.0, "%g %g", values[0], values[1]);
        }
        throng_markov_free(game);
        cr_assert_eq(throng_table_offer(context, "game", NULL, &error), THRONG_OK);
    }
}

/* Steering a herd: what is known of it, and that who wants people to be right values information: convexity. */
Test(markov, herds_are_steered) {
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, "herd:beliefs=101,levels=51", &problem, &error), THRONG_OK);
    const throng_markov *game = problem.game;
    int64_t n = throng_markov_numbers(game);
    double *strategy = calloc((size_t)n, sizeof *strategy), values[101];
    problem.kind->start(game, strategy);
    cr_assert_eq(throng_solver_markov_plan(context, game, strategy, values, &error), THRONG_OK);
    cr_expect_float_eq(values[50], -0.5 * (1.0 - 0.7), 1e-12);
    cr_expect_float_eq(values[0], 0.0, 1e-12);
    for (int b = 1; b < 100; b++) {
        cr_expect_geq(values[b - 1] + values[b + 1], 2.0 * values[b] - 1e-12, "%d", b);
        cr_expect_float_eq(values[b], values[100 - b], 1e-12, "%d", b);
    }
    free(strategy);
    throng_problem_clear(&problem);
    cr_expect_eq(throng_problem_open(context, "herd:beliefs=4", &problem, &error), THRONG_E_ARGUMENT);
    cr_expect_str_eq(error.message, "herd: beliefs is 4; it must be odd, for 1/2 to be one.");
}
