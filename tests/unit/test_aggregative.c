/* One who decides for a crowd: histograms, draws, models and roll-outs, against plain definitions. */
#include "suite.h"

#include <stdio.h>

#define LOCALS 3

TestSuite(aggregative, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_problem open_game(const char *name) {
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, name, &problem, &error), THRONG_OK, "%s: %s", name, error.message);
    return problem;
}

static throng_solution *solve(const throng_problem *problem, const char *solver, double tolerance) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .tolerance = tolerance};
    cr_assert_eq(throng_solve(context, problem, &def, &solution, &error), THRONG_OK, "%s: %s", solver, error.message);
    return solution;
}

/* A game of two global states, three kinds and two actions, all of whose numbers are random. */
static throng_aggregative *random_game(int64_t agents, uint64_t seed) {
    double global_chances[2][2][2], local_chances[2][LOCALS][LOCALS], global_reward[4], local_reward[2 * LOCALS];
    throng_aggregative *game = NULL;
    for (int i = 0; i < 4; i++) {
        global_chances[i / 2][i % 2][0] = test_uniform(seed, i);
        global_chances[i / 2][i % 2][1] = 1.0 - global_chances[i / 2][i % 2][0];
        global_reward[i] = test_uniform(seed, 10 + i);
    }
    for (int i = 0; i < 2 * LOCALS; i++) {
        double *row = local_chances[i / LOCALS][i % LOCALS], sum = 0.0;
        for (int s = 0; s < LOCALS; s++)
            sum += row[s] = test_uniform(seed, 20 + LOCALS * i + s);
        for (int s = 0; s < LOCALS; s++)
            row[s] /= sum;
        local_reward[i] = 3.0 * test_uniform(seed, 50 + i);
    }
    const throng_aggregative_def def = {.name = "random",
                                        .n_globals = 2,
                                        .n_locals = LOCALS,
                                        .n_actions = 2,
                                        .agents = agents,
                                        .discount = 0.8,
                                        .global_chances = &global_chances[0][0][0],
                                        .local_chances = &local_chances[0][0][0],
                                        .global_reward = global_reward,
                                        .local_reward = local_reward,
                                        .rollouts = 100};
    cr_assert_eq(throng_aggregative_create(context, &def, &game, &error), THRONG_OK, "%s", error.message);
    return game;
}

/* ---- histograms ------------------------------------------------------------------------------------------------ */

static double choose(int n, int k) {
    double out = 1.0;
    for (int i = 1; i <= k; i++)
        out = out * (n - k + i) / i;
    return round(out);
}

/* The sum over the sorted sample, as it is written. */
static int64_t plain_rank(const int *counts, int locals) {
    double rank = 0.0;
    int i = 0;
    for (int s = 0; s < locals; s++)
        for (int k = 0; k < counts[s]; k++, i++)
            rank += s == 0 ? 0.0 : choose(s + i, i + 1);
    return (int64_t)rank;
}

Test(aggregative, histograms_are_numbered) {
    throng_problem problems[2] = {open_game("majority-tracking"), open_game("demand-response")};
    for (int g = 0; g < 2; g++) {
        throng_aggregative *game = problems[g].game;
        int locals = throng_aggregative_locals(game), most = g == 0 ? 20 : 5;
        for (int k = 1; k <= most; k++) {
            cr_assert_eq(throng_aggregative_look(game, k, &error), THRONG_OK);
            int64_t n = throng_aggregative_histograms(game);
            cr_expect_eq(n, (int64_t)choose(k + locals - 1, locals - 1));
            cr_expect_eq(problems[g].kind->numbers(game), n * 9, "three global states, three actions");
            for (int64_t rank = 0; rank < n; rank++) {
                int counts[9], sum = 0;
                throng_aggregative_histogram(game, rank, counts);
                for (int s = 0; s < locals; s++)
                    sum += counts[s];
                cr_expect_eq(sum, k);
                cr_expect_eq(throng_aggregative_rank(game, counts), rank);
                cr_expect_eq(plain_rank(counts, locals), rank);
            }
        }
        throng_problem_clear(&problems[g]);
    }
}

Test(aggregative, rows_say_what_is_seen) {
    throng_problem problem = open_game("majority-tracking");
    cr_assert_eq(throng_aggregative_look(problem.game, 12, &error), THRONG_OK);
    const int counts[3] = {3, 0, 9};
    int64_t row = throng_aggregative_histograms(problem.game) + throng_aggregative_rank(problem.game, counts);
    cr_expect_str_eq(problem.kind->row(problem.game, row).name, "2 | 3 0 9");
    throng_problem_clear(&problem);
}

/* ---- draws ----------------------------------------------------------------------------------------------------- */

/* Where crowds of three sizes go, each by another way of drawing: first and second moments, within 4.5 deviations. */
Test(aggregative, crowds_move_as_they_should) {
    static const int64_t sizes[4] = {5, 40, 400, 1000000};
    enum {
        DRAWS = 4000
    };
    throng_aggregative *game = random_game(3000000, 7);
    double row[LOCALS], sum = 0.0;
    for (int s = 0; s < LOCALS; s++)
        sum += row[s] = test_uniform(7, 20 + LOCALS * (LOCALS + 1) + s); /* global 1, kind 1 */
    for (int c = 0; c < 4; c++) {
        double first[LOCALS] = {0}, second[LOCALS] = {0}, n = (double)sizes[c];
        for (int i = 0; i < DRAWS; i++) {
            int64_t counts[LOCALS] = {0, sizes[c], 0};
            throng_aggregative_move(game, 1, (throng_random){11, 12}, i, 0, counts);
            cr_expect_eq(counts[0] + counts[1] + counts[2], sizes[c]);
            for (int s = 0; s < LOCALS; s++) {
                double off = (double)counts[s] - n * row[s] / sum;
                first[s] += off / DRAWS;
                second[s] += off * off / DRAWS;
            }
        }
        for (int s = 0; s < LOCALS; s++) {
            double p = row[s] / sum, variance = n * p * (1.0 - p);
            cr_expect_leq(fabs(first[s]), 4.5 * sqrt(variance / DRAWS), "n %g, kind %d: %g", n, s, first[s]);
            cr_expect_leq(fabs(second[s] / variance - 1.0), 4.5 * sqrt(2.2 / DRAWS), "n %g, kind %d: %g of %g", n, s,
                          second[s], variance);
        }
    }
    throng_aggregative_free(game);
}

/* The binomial where it is drawn by rejection, value by value: chi-square. */
Test(aggregative, binomials_have_their_shape) {
    enum {
        DRAWS = 20000,
        N = 60
    };
    throng_aggregative *game = random_game(N, 7);
    double row[LOCALS], sum = 0.0, found[N + 1] = {0}, chi = 0.0;
    int cells = 0;
    for (int s = 0; s < LOCALS; s++)
        sum += row[s] = test_uniform(7, 20 + s); /* global 0, kind 0 */
    double p = row[0] / sum, chance = pow(1.0 - p, N);
    for (int i = 0; i < DRAWS; i++) {
        int64_t counts[LOCALS] = {N, 0, 0};
        throng_aggregative_move(game, 0, (throng_random){3, 4}, i, 9, counts);
        found[counts[0]]++;
    }
    for (int k = 0; k <= N; k++) {
        double expected = DRAWS * chance;
        if (expected >= 10.0) {
            chi += (found[k] - expected) * (found[k] - expected) / expected;
            cells++;
        }
        chance *= p / (1.0 - p) * (N - k) / (k + 1);
    }
    cr_expect_gt(cells, 10);
    cr_expect_leq(chi, cells + 4.5 * sqrt(2.0 * cells), "chi-square %g of %d", chi, cells);
    throng_aggregative_free(game);
}

/* Who looks at all sees all; who looks at some sees them without putting any back. */
Test(aggregative, looking) {
    throng_aggregative *game = random_game(10, 1);
    const int64_t crowd[LOCALS] = {5, 2, 3};
    cr_assert_eq(throng_aggregative_look(game, 10, &error), THRONG_OK);
    int64_t n = throng_aggregative_histograms(game);
    double *strategy = calloc(4 * n, sizeof *strategy);
    const int all[LOCALS] = {5, 2, 3};
    for (int64_t i = 0; i < 2 * n; i++)
        strategy[2 * i + (i != n + throng_aggregative_rank(game, all))] = 1.0;
    for (int i = 0; i < 50; i++)
        cr_expect_eq(throng_aggregative_act(game, strategy, 1, crowd, (throng_random){1, 2}, i, 0), 0);
    /* of two, both of the rarest kind: 2/10 times 1/9 */
    cr_assert_eq(throng_aggregative_look(game, 2, &error), THRONG_OK);
    n = throng_aggregative_histograms(game);
    const int rare[LOCALS] = {0, 2, 0};
    memset(strategy, 0, 4 * n * sizeof *strategy);
    for (int64_t i = 0; i < 2 * n; i++)
        strategy[2 * i + (i != throng_aggregative_rank(game, rare))] = 1.0;
    double share = 0.0;
    for (int i = 0; i < 20000; i++)
        share += (1 - throng_aggregative_act(game, strategy, 0, crowd, (throng_random){1, 2}, i, 0)) / 20000.0;
    cr_expect_float_eq(share, 1.0 / 45.0, 4.5 * sqrt(1.0 / 45.0 / 20000.0), "%g", share);
    free(strategy);
    throng_aggregative_free(game);
}

/* ---- learning -------------------------------------------------------------------------------------------------- */

/* Value iteration for n agents one by one, who can be told apart: [2][3^n][2] numbers. */
static double *plain_iteration(const throng_aggregative *game, uint64_t seed, int n) {
    int crowds = (int)pow(LOCALS, n);
    double *worth = calloc(4 * crowds, sizeof *worth), *next = calloc(4 * crowds, sizeof *next);
    for (int iteration = 0; iteration < 130; iteration++) {
        for (int at = 0; at < 2 * crowds; at++) {
            int g = at / crowds, digits[8];
            int64_t counts[LOCALS] = {0};
            double ahead[2] = {0.0, 0.0};
            for (int i = 0, left = at % crowds; i < n; i++, left /= LOCALS)
                counts[digits[i] = left % LOCALS]++;
            for (int to = 0; to < crowds; to++) {
                double chance = 1.0;
                for (int i = 0, left = to; i < n; i++, left /= LOCALS) {
                    uint64_t row = 20 + LOCALS * (LOCALS * g + digits[i]);
                    chance *= test_uniform(seed, row + left % LOCALS) /
                              (test_uniform(seed, row) + test_uniform(seed, row + 1) + test_uniform(seed, row + 2));
                }
                for (int h = 0; h < 2; h++)
                    ahead[h] += chance * fmax(worth[2 * (h * crowds + to)], worth[2 * (h * crowds + to) + 1]);
            }
            for (int a = 0; a < 2; a++) {
                double stay = test_uniform(seed, 2 * g + a);
                next[2 * at + a] =
                    throng_aggregative_reward(game, g, a, counts) + 0.8 * (stay * ahead[0] + (1.0 - stay) * ahead[1]);
            }
        }
        memcpy(worth, next, 4 * crowds * sizeof *worth);
    }
    free(next);
    return worth;
}

static double *iterate_model(throng_aggregative *game, int64_t samples, uint64_t seed) {
    throng_aggregative_model *model = NULL;
    int64_t n = 4 * throng_aggregative_histograms(game);
    double *worth = calloc(n, sizeof *worth), *next = calloc(n, sizeof *next), change = 1.0;
    cr_assert_eq(throng_aggregative_model_create(game, samples, seed, &model, &error), THRONG_OK, "%s", error.message);
    while (change > 1e-11) {
        change = throng_aggregative_model_backup(model, worth, next);
        memcpy(worth, next, n * sizeof *worth);
    }
    throng_aggregative_model_free(model);
    free(next);
    return worth;
}

/* k = n is value iteration for all agents, who need not be told apart. */
Test(aggregative, looking_at_all_is_exact) {
    enum {
        N = 4
    };
    for (uint64_t seed = 1; seed <= 2; seed++) {
        throng_aggregative *game = random_game(N, seed);
        cr_assert_eq(throng_aggregative_look(game, N, &error), THRONG_OK);
        double *plain = plain_iteration(game, seed, N), *table = iterate_model(game, 0, 0);
        int crowds = (int)pow(LOCALS, N);
        for (int at = 0; at < 2 * crowds; at++) {
            int counts[LOCALS] = {0};
            for (int i = 0, left = at % crowds; i < N; i++, left /= LOCALS)
                counts[left % LOCALS]++;
            int64_t row = at / crowds * throng_aggregative_histograms(game) + throng_aggregative_rank(game, counts);
            cr_expect_float_eq(table[2 * row], plain[2 * at], 1e-9);
            cr_expect_float_eq(table[2 * row + 1], plain[2 * at + 1], 1e-9);
        }
        free(plain);
        free(table);
        throng_aggregative_free(game);
    }
}

/* The noise of m samples falls like their root. */
Test(aggregative, more_samples_less_noise) {
    static const int64_t samples[4] = {8, 32, 128, 512};
    double noise[4] = {0}, mx = 0.0, my = 0.0, sxy = 0.0, sxx = 0.0;
    throng_aggregative *game = random_game(100, 3);
    cr_assert_eq(throng_aggregative_look(game, 6, &error), THRONG_OK);
    int64_t n = 4 * throng_aggregative_histograms(game);
    double *exact = iterate_model(game, 0, 0);
    for (int c = 0; c < 4; c++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            double *found = iterate_model(game, samples[c], seed), most = 0.0;
            for (int64_t i = 0; i < n; i++)
                most = fmax(most, fabs(found[i] - exact[i]));
            noise[c] += most / 8.0;
            free(found);
        }
    for (int c = 0; c < 4; c++) {
        mx += log(samples[c]) / 4.0;
        my += log(noise[c]) / 4.0;
    }
    for (int c = 0; c < 4; c++) {
        sxy += (log(samples[c]) - mx) * (log(noise[c]) - my);
        sxx += (log(samples[c]) - mx) * (log(samples[c]) - mx);
    }
    printf("# noise %.4g %.4g %.4g %.4g, slope %.3f\n", noise[0], noise[1], noise[2], noise[3], sxy / sxx);
    cr_expect_float_eq(sxy / sxx, -0.5, 0.1, "slope %g", sxy / sxx);
    free(exact);
    throng_aggregative_free(game);
}

/* ---- solving --------------------------------------------------------------------------------------------------- */

/* What is learned for k agents of any crowd is the same table; more seen is more won. */
Test(aggregative, subsample_q) {
    throng_problem problem = open_game("majority-tracking:agents=60,rollouts=2000");
    double value[3], half = 0.0;
    static const char *const solvers[3] = {"subsample-q:k=4", "subsample-q:k=12", "subsample-q:k=32"};
    for (int i = 0; i < 3; i++) {
        throng_solution *solution = solve(&problem, solvers[i], 1e-6);
        cr_expect(throng_solution_converged(solution));
        cr_expect_str_eq(throng_solution_gap_name(solution), "Bellman residual");
        cr_expect(isnan(throng_solution_game_gap(solution)), "nobody knows");
        value[i] = throng_solution_value(solution, 0);
        half = throng_solution_value_half(solution, 0);
        cr_expect(half > 0.01 && half < 0.2, "%g", half);
        /* the residual shrinks by the discount */
        int64_t last = throng_solution_trace(solution) - 1;
        double rate = log(throng_solution_trace_gap(solution, last) / throng_solution_trace_gap(solution, last - 1)) /
                      (double)(throng_solution_trace_iteration(solution, last) -
                               throng_solution_trace_iteration(solution, last - 1));
        cr_expect_leq(rate, log(0.9) + 1e-9);
        throng_solution_free(solution);
    }
    cr_expect(value[0] < value[1] - 0.1 && value[1] < value[2] - 0.1, "%g %g %g", value[0], value[1], value[2]);
    throng_problem_clear(&problem);
}

Test(aggregative, the_crowd_may_be_large) {
    throng_problem small = open_game("majority-tracking:agents=1000,rollouts=100");
    throng_problem large = open_game("majority-tracking:agents=1000000000,rollouts=100");
    throng_solution *one = solve(&small, "subsample-q:k=8", 1e-3), *two = solve(&large, "subsample-q:k=8", 1e-3);
    size_t bytes = (size_t)small.kind->numbers(small.game) * sizeof(double);
    cr_expect_eq(memcmp(throng_solution_strategy(one), throng_solution_strategy(two), bytes), 0);
    cr_expect_float_eq(throng_solution_value(one, 0), throng_solution_value(two, 0), 0.6);
    throng_solution_free(one);
    throng_solution_free(two);
    throng_problem_clear(&small);
    throng_problem_clear(&large);
}

/* Of two and three roll-outs, whose first two are the same. */
Test(aggregative, intervals_of_few) {
    double mean[2], half[2], strategy[4096];
    for (int i = 0; i < 2; i++) {
        throng_problem problem = open_game(i ? "majority-tracking:rollouts=3" : "majority-tracking:rollouts=2");
        int64_t n = problem.kind->numbers(problem.game);
        cr_assert_leq(n, 4096);
        for (int64_t a = 0; a < n; a++)
            strategy[a] = 1.0 / throng_aggregative_actions(problem.game);
        cr_assert_eq(throng_aggregative_value(problem.game, strategy, &mean[i], &half[i], &error), THRONG_OK);
        throng_problem_clear(&problem);
    }
    double of_two = 2.0 * pow(half[0] / 12.706204736, 2.0), apart = 3.0 * (mean[1] - mean[0]);
    double expected = 4.302652730 * sqrt((of_two + 2.0 / 3.0 * apart * apart) / 6.0);
    cr_expect_gt(half[0], 0.0);
    cr_expect_float_eq(half[1], expected, 1e-6 * expected, "%g, not %g", half[1], expected);
}

Test(aggregative, same_bits_for_any_threads) {
    double values[3];
    for (int t = 0; t < 3; t++) {
        cr_assert_eq(throng_context_set_threads(context, 1 + 2 * t, &error), THRONG_OK);
        throng_problem problem = open_game("demand-response:rollouts=700");
        throng_solution *solution = solve(&problem, "subsample-q:k=3,m=5", 1e-3);
        values[t] = throng_solution_value(solution, 0);
        throng_solution_free(solution);
        throng_problem_clear(&problem);
    }
    cr_expect(values[0] == values[1] && values[1] == values[2]);
    cr_expect_float_eq(values[0], 156.5, 1.5, "%g", values[0]);
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static void expect_refused(const char *game, const char *solver, throng_status status, const char *why) {
    throng_problem problem = open_game(game);
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver};
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), status, "%s", error.message);
    cr_expect_neq(strstr(error.message, why), NULL, "%s", error.message);
    throng_problem_clear(&problem);
}

Test(aggregative, what_is_refused) {
    expect_refused("majority-tracking:agents=1000000", "subsample-q:k=100000", THRONG_E_ARGUMENT, "look at fewer");
    expect_refused("majority-tracking:agents=1000", "subsample-q:k=900,m=0", THRONG_E_ARGUMENT, "take samples");
    expect_refused("majority-tracking", "subsample-q:k=32,m=1000000", THRONG_E_ARGUMENT, "take fewer");
    expect_refused("majority-tracking", "cfr-plus", THRONG_E_UNSUPPORTED, "see throng list solvers");
    expect_refused("kuhn", "subsample-q", THRONG_E_UNSUPPORTED, "see throng list solvers");
    const double one = 1.0, bad = 0.5, reward = 0.0, endless = INFINITY;
    throng_aggregative *game = NULL;
    throng_aggregative_def good = {"x", 1, 1, 1, 1, 0.5, NULL, NULL, &one, &one, &reward, &reward, NULL, 10}, def;
#define REFUSED(field, value)                                                                                          \
    def = good;                                                                                                        \
    def.field = value;                                                                                                 \
    cr_expect_eq(throng_aggregative_create(context, &def, &game, &error), THRONG_E_ARGUMENT, #field)
    REFUSED(n_globals, 0);
    REFUSED(n_locals, THRONG_AGGREGATIVE_LOCALS_MAX + 1);
    REFUSED(n_actions, -1);
    REFUSED(agents, 0);
    REFUSED(discount, 1.0);
    REFUSED(discount, (double)NAN);
    REFUSED(rollouts, 1);
    REFUSED(global_chances, &bad);
    REFUSED(local_chances, &bad);
    REFUSED(start, &bad);
    REFUSED(global_reward, &endless);
    REFUSED(local_reward, &endless);
    cr_expect_null(game);
    game = random_game(60, 1);
    cr_expect_eq(throng_aggregative_look(game, 61, &error), THRONG_E_ARGUMENT);
    cr_expect_neq(strstr(error.message, "1 to 60 agents, got 61"), NULL, "%s", error.message);
    cr_expect_eq(throng_aggregative_looked(game), 1);
    throng_aggregative_free(game);
    cr_assert_eq(throng_aggregative_create(context, &good, &game, &error), THRONG_OK);
    throng_aggregative_free(game);
    double value, half;
    good.discount = 0.99999;
    cr_assert_eq(throng_aggregative_create(context, &good, &game, &error), THRONG_OK);
    cr_expect_eq(throng_aggregative_value(game, &one, &value, &half, &error), THRONG_E_ARGUMENT);
    cr_expect_not_null(strstr(error.message, "at most 0.999988"), "%s", error.message);
    throng_aggregative_free(game);
}

Test(aggregative, memory_that_runs_out) {
    test_solving what = {"majority-tracking:rollouts=2", "subsample-q:k=3", "subsample-q:k=3,m=0"};
    expect_survives(open_and_solve, &what, 1000);
}
