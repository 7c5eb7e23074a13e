/* Smooth games and bent gradients: derivatives against differences, rules against matrices, and published numbers. */
#include "suite.h"

#include <stdio.h>

TestSuite(smooth, .init = set_up, .fini = tear_down, .timeout = 120);

static double gaussian(uint64_t seed, uint64_t i) {
    return sqrt(-2.0 * log(test_uniform(seed, 2 * i))) * cos(6.283185307179586 * test_uniform(seed, 2 * i + 1));
}

static throng_solution *solve(const throng_problem *problem, const char *solver, int64_t iterations, uint64_t seed) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = -1.0, .seed = seed};
    cr_assert_eq(throng_solve(context, problem, &def, &solution, &error), THRONG_OK, "%s: %s", solver, error.message);
    return solution;
}

/* ---- derivatives ----------------------------------------------------------------------------------------------- */

#define MOST 32

/* All games that are built in: losses, gradients and second derivatives agree. */
Test(smooth, derivatives) {
    static const char *const games[] = {"public-goods:players=3,factor=2", "mixed-motives", "quadratic:players=3",
                                        "cleanup:players=3,waste=2,apples=2"};
    const double h = 1e-5;
    for (int g = 0; g < 4; g++) {
        throng_problem problem = {0};
        cr_assert_eq(throng_problem_open(context, games[g], &problem, &error), THRONG_OK, "%s", error.message);
        const throng_smooth *game = problem.game;
        int n = throng_smooth_parameters(game), players = throng_smooth_players(game);
        double at[MOST], direction[MOST], own[2][MOST], all[2][MOST], curve[MOST], room[MOST], loss[2][MOST], sum[MOST];
        for (int i = 0; i < n; i++) {
            at[i] = 0.7 * gaussian(g, i);
            direction[i] = gaussian(g, 100 + i);
        }
        throng_smooth_gradients(game, at, own[0], all[0], room);
        memcpy(room, at, sizeof room);
        for (int i = 0; i < n; i++) {
            double slope = 0.0;
            int owner = 0;
            while (i >= throng_smooth_first(game, owner + 1))
                owner++;
            for (int k = 0; k < 2; k++) {
                room[i] = at[i] + (k ? h : -h);
                throng_smooth_losses(game, room, loss[k]);
            }
            room[i] = at[i];
            for (int p = 0; p < players; p++)
                slope += (loss[1][p] - loss[0][p]) / (2.0 * h);
            cr_expect_float_eq(all[0][i], slope, 1e-7, "%s, parameter %d", games[g], i);
            cr_expect_float_eq(own[0][i], (loss[1][owner] - loss[0][owner]) / (2.0 * h), 1e-7, "%s, %d", games[g], i);
        }
        for (int k = 0; k < 2; k++) {
            double moved[MOST];
            for (int i = 0; i < n; i++)
                moved[i] = at[i] + (k ? h : -h) * direction[i];
            throng_smooth_gradients(game, moved, own[k], all[k], room);
        }
        memset(sum, 0, sizeof sum);
        for (int p = 0; p < players; p++) {
            throng_smooth_curve(game, p, at, direction, curve);
            for (int i = 0; i < n; i++) {
                sum[i] += curve[i];
                if (i >= throng_smooth_first(game, p) && i < throng_smooth_first(game, p + 1))
                    cr_expect_float_eq(curve[i], (own[1][i] - own[0][i]) / (2.0 * h), 1e-6, "%s, %d", games[g], i);
            }
        }
        for (int i = 0; i < n; i++)
            cr_expect_float_eq(sum[i], (all[1][i] - all[0][i]) / (2.0 * h), 1e-6, "%s, parameter %d", games[g], i);
        throng_problem_clear(&problem);
    }
}

/* ---- parabolas of the test's own -------------------------------------------------------------------------------- */

#define N 4

/* Two players of two parameters each: loss p = x'A_p x / 2 + b_p.x. */
typedef struct parabolas {
    double a[2][N][N], b[2][N];
} parabolas;

static void parabola_curve(const void *data, int player, const double *at, const double *direction, double *out) {
    const parabolas *self = data;
    (void)at;
    for (int i = 0; i < N; i++) {
        out[i] = 0.0;
        for (int j = 0; j < N; j++)
            out[i] += self->a[player][i][j] * direction[j];
    }
}

static void parabola_gradient(const void *data, int player, const double *at, double *out) {
    parabola_curve(data, player, at, at, out);
    for (int i = 0; i < N; i++)
        out[i] += ((const parabolas *)data)->b[player][i];
}

static void parabola_losses(const void *data, const double *at, double *out) {
    for (int p = 0; p < 2; p++) {
        double bent[N];
        parabola_curve(data, p, at, at, bent);
        out[p] = 0.0;
        for (int i = 0; i < N; i++)
            out[p] += (0.5 * bent[i] + ((const parabolas *)data)->b[p][i]) * at[i];
    }
}

static throng_problem open_parabolas(const parabolas *it, const double *start, double low, double high) {
    static const int two[2] = {2, 2};
    throng_smooth *game = NULL;
    const throng_smooth_def def = {.name = "parabolas",
                                   .n_players = 2,
                                   .n_parameters = two,
                                   .start = start,
                                   .low = low,
                                   .high = high,
                                   .data = it,
                                   .bytes = sizeof *it,
                                   .losses = parabola_losses,
                                   .gradient = parabola_gradient,
                                   .curve = parabola_curve};
    cr_assert_eq(throng_smooth_create(context, &def, &game, &error), THRONG_OK, "%s", error.message);
    return throng_smooth_problem(game);
}

static parabolas random_parabolas(uint64_t seed) {
    parabolas it;
    for (int p = 0; p < 2; p++)
        for (int i = 0; i < N; i++) {
            it.b[p][i] = gaussian(seed, 100 + N * p + i);
            for (int j = 0; j <= i; j++)
                it.a[p][i][j] = it.a[p][j][i] = gaussian(seed, N * (N * p + i) + j);
        }
    return it;
}

static double dot(const double *x, const double *y) {
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += x[i] * y[i];
    return sum;
}

/* The bent gradient at the start, read off one step of length 1. */
static void bent_gradient(const throng_problem *problem, const double *start, const char *rule, double *out) {
    char solver[80];
    snprintf(solver, sizeof solver, "aga:step=1,%s", rule);
    throng_solution *solution = solve(problem, solver, 1, 0);
    for (int i = 0; i < N; i++)
        out[i] = start[i] - throng_solution_strategy(solution)[i];
    throng_solution_free(solution);
}

/* Every rule, as matrices say it. */
Test(smooth, rules_as_matrices) {
    static const char *const rules[] = {"rule=simul-ind",      "rule=simul-co",        "rule=cga,lambda=0.3",
                                        "rule=sga,lambda=0.3", "rule=mix,share=0.3",   "rule=svo,angle=30",
                                        "lambda=0.3",          "lambda=0.3,align=none"};
    int turned = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        parabolas it = random_parabolas(seed);
        double at[N], own[N], all[N], along[N], jt[N] = {0}, j[N] = {0}, sine = sin(acos(-1.0) / 6.0);
        for (int i = 0; i < N; i++)
            at[i] = gaussian(seed, 200 + i);
        throng_problem problem = open_parabolas(&it, at, 0.0, 0.0);
        for (int i = 0; i < N; i++) {
            double g[2] = {it.b[0][i], it.b[1][i]};
            for (int k = 0; k < N; k++)
                for (int p = 0; p < 2; p++)
                    g[p] += it.a[p][i][k] * at[k];
            own[i] = g[i / 2];
            all[i] = g[0] + g[1];
        }
        for (int i = 0; i < N; i++) {
            along[i] = 0.0;
            for (int k = 0; k < N; k++) {
                along[i] += (it.a[0][i][k] + it.a[1][i][k]) * all[k];
                j[i] += it.a[i / 2][i][k] * own[k]; /* J is A of the row's owner */
                jt[i] += it.a[k / 2][k][i] * own[k];
            }
        }
        double sign = dot(all, along) * (dot(own, along) + dot(along, along)) < 0.0 ? -1.0 : 1.0;
        turned += sign < 0.0;
        for (int r = 0; r < 8; r++) {
            double found[N];
            bent_gradient(&problem, at, rules[r], found);
            for (int i = 0; i < N; i++) {
                double other = all[i] - own[i];
                const double expected[8] = {own[i],
                                            all[i],
                                            own[i] + 0.3 * jt[i],
                                            own[i] + 0.15 * (jt[i] - j[i]),
                                            0.7 * own[i] + 0.3 * all[i],
                                            sqrt(0.75) * own[i] + sine * other,
                                            all[i] + 0.3 * sign * (own[i] + along[i]),
                                            all[i] + 0.3 * (own[i] + along[i])};
                cr_expect_float_eq(found[i], expected[r], 1e-11, "%s, seed %d", rules[r], (int)seed);
            }
        }
        throng_problem_clear(&problem);
    }
    cr_expect(turned > 2 && turned < 18, "%d of 20 signs turned", turned);
}

/* ---- published ------------------------------------------------------------------------------------------------- */

static double angle_cosine(const double *x, const double *y) {
    return dot(x, y) / sqrt(dot(x, x) * dot(y, y));
}

/* Near a fixed point of the collective loss: the bent gradient turns to where the slope's size grows if the point is
 * stable, and away from there if it is not. */
static int count_turns(int kind, const char *rule) {
    int wrong = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        parabolas it = random_parabolas(seed);
        double root[N][N], at[N], all[N] = {0}, along[N] = {0}, found[N];
        for (int i = 0; i < N * N; i++)
            root[i / N][i % N] = gaussian(seed, 300 + i);
        /* the sum of losses is a definite parabola around 0 */
        for (int i = 0; i < N; i++) {
            it.b[1][i] = -it.b[0][i];
            at[i] = 1e-2 * gaussian(seed, 400 + i);
            for (int k = 0; k < N; k++) {
                double curve = 0.0;
                for (int m = 0; m < N; m++)
                    curve += root[i][m] * root[k][m];
                it.a[1][i][k] = (kind ? -curve : curve) - it.a[0][i][k];
            }
        }
        throng_problem problem = open_parabolas(&it, at, 0.0, 0.0);
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                all[i] += (it.a[0][i][k] + it.a[1][i][k]) * at[k];
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                along[i] += (it.a[0][i][k] + it.a[1][i][k]) * all[k];
        bent_gradient(&problem, at, rule, found);
        double before = angle_cosine(all, along), after = angle_cosine(found, along);
        wrong += kind ? after > before + 1e-13 : after < before - 1e-13;
        throng_problem_clear(&problem);
    }
    return wrong;
}

Test(smooth, turns_to_stable_points) {
    for (int kind = 0; kind < 2; kind++) {
        int angle = count_turns(kind, "lambda=1e-7,align=angle"), sign = count_turns(kind, "lambda=1e-7");
        printf("# %s: %d of 1000 turn the wrong way, by the published sign %d\n", kind ? "unstable" : "stable", angle,
               sign);
        cr_expect_eq(angle, 0);
        cr_expect_lt(sign, 500, "a part of the derivative has its sign more often than not: %d", sign);
    }
}

/* Means over 50 starts of 100 steps. */
static void play_goods(const char *rule, double *welfare, double *equality) {
    char solver[80];
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, "public-goods", &problem, &error), THRONG_OK);
    snprintf(solver, sizeof solver, "aga:spread=1,%s", rule);
    *welfare = *equality = 0.0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        throng_solution *solution = solve(&problem, solver, 100, seed);
        *welfare += throng_solution_welfare(solution) / 50.0;
        *equality += throng_solution_equality(solution) / 50.0;
        throng_solution_free(solution);
    }
    throng_problem_clear(&problem);
}

Test(smooth, public_goods) {
    static const struct {
        const char *rule;
        double welfare, equality;
    } cases[] = {{"rule=simul-ind", 2.13, NAN},
                 {"rule=cga", 2.13, NAN},
                 {"rule=sga", 2.13, NAN},
                 {"rule=simul-co", 2.94, NAN},
                 {"lambda=0.1", 2.942, 0.995},
                 {"lambda=1", 2.962, 0.998},
                 {"lambda=10", 2.993, 1.0},
                 {"lambda=0.1,align=none", 2.935, NAN},
                 {"lambda=1,align=none", 2.858, NAN},
                 {"lambda=10,align=none", 2.010, NAN}};
    double welfare, equality;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        play_goods(cases[i].rule, &welfare, &equality);
        printf("# %s: welfare %.3f, equality %.4f\n", cases[i].rule, welfare, equality);
        cr_expect_float_eq(welfare, cases[i].welfare, 0.015, "%s: %g", cases[i].rule, welfare);
        if (!isnan(cases[i].equality))
            cr_expect_float_eq(equality, cases[i].equality, 0.0015, "%s: %g", cases[i].rule, equality);
    }
    play_goods("align=angle", &welfare, &equality);
    cr_expect_float_eq(welfare, 2.893, 0.01, "by the angle: %g", welfare);
}

/* One unit of waste and one place for an apple, which grows at once on a clean river: values by hand. */
Test(smooth, cleanup_by_hand) {
    const double each = 0.95 / 0.05; /* an apple in every step but the first */
    /* states w0a0, w0a1, w1a0, w1a1; 40 is to clean, -40 to pick */
    static const double at[3][8] = {{-40, -40, -40, -40, -40, -40, -40, -40},
                                    {40, 40, 40, 40, -40, -40, -40, -40},
                                    {-40, -40, 40, 40, -40, -40, 40, 40}};
    const double values[3][2] = {{0.0, 0.0}, {0.0, each}, {0.5 * each, 0.5 * each}};
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, "cleanup:players=2,waste=1,apples=1,spill=0,growth=1", &problem, &error),
                 THRONG_OK);
    for (int c = 0; c < 3; c++) {
        double lost[2];
        throng_smooth_losses(problem.game, at[c], lost);
        for (int p = 0; p < 2; p++)
            cr_expect_float_eq(-lost[p], values[c][p], 1e-9, "case %d, player %d: %g", c, p, -lost[p]);
    }
    cr_expect_str_eq(problem.kind->action_name(problem.game, 0, 3), "w1a1");
    throng_problem_clear(&problem);
}

/* ---- bounds, welfare, errors --------------------------------------------------------------------------------------
 */

Test(smooth, boxes_hold) {
    parabolas it = {.a = {{{0}}}, .b = {{-1.0, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.5, 0.0}}};
    throng_problem problem = open_parabolas(&it, NULL, -1.0, 2.0);
    throng_solution *solution = solve(&problem, "aga:rule=simul-ind", 100, 0);
    const double *found = throng_solution_strategy(solution);
    cr_expect(found[0] == 2.0 && found[1] == 0.0 && found[2] == -1.0 && found[3] == 0.0);
    cr_expect_eq(throng_solution_gap(solution), 0.0, "the bounds hold what is left");
    cr_expect_eq(throng_solution_game_gap(solution), 0.0);
    cr_expect_float_eq(throng_solution_value(solution, 0), 2.0, 1e-15);
    cr_expect_float_eq(throng_solution_value(solution, 1), 0.5, 1e-15);
    cr_expect_float_eq(throng_solution_welfare(solution), 2.5, 1e-15);
    cr_expect_float_eq(throng_solution_equality(solution), 1.0 - 1.5 / 5.0, 1e-15);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* One gradient and one product with second derivatives against one gradient. */
Test(smooth, passes) {
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, "quadratic", &problem, &error), THRONG_OK);
    throng_solution *bent = solve(&problem, "aga:step=0.01", 10, 0);
    throng_solution *plain = solve(&problem, "aga:step=0.01,rule=simul-co", 10, 0);
    cr_expect_eq(throng_solution_evaluations(bent), 20);
    cr_expect_eq(throng_solution_evaluations(plain), 10);
    throng_solution_free(bent);
    throng_solution_free(plain);
    throng_problem_clear(&problem);
}

Test(smooth, what_is_refused) {
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    cr_expect_eq(throng_problem_open(context, "mixed-motives:first=3", &problem, &error), THRONG_E_ARGUMENT);
    cr_expect_neq(strstr(error.message, "[-2, 2]"), NULL, "%s", error.message);
    cr_assert_eq(throng_problem_open(context, "public-goods", &problem, &error), THRONG_OK);
    throng_solve_def def = {.solver = "aga:rule=sgd"};
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_PARAMETER);
    cr_expect_neq(strstr(error.message, "one of: aga simul-ind"), NULL, "%s", error.message);
    def.solver = "cfr-plus";
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_UNSUPPORTED);
    throng_problem_clear(&problem);
    cr_assert_eq(throng_problem_open(context, "quadratic:convex=-5", &problem, &error), THRONG_OK);
    def = (throng_solve_def){.solver = "aga:rule=simul-ind"};
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_NOT_CONVERGED);
    cr_expect_neq(strstr(error.message, "take smaller steps"), NULL, "%s", error.message);
    throng_problem_clear(&problem);
    const int none[1] = {0};
    throng_smooth *game = NULL;
    const throng_smooth_def empty = {.name = "x", .n_players = 1, .n_parameters = none};
    cr_expect_eq(throng_smooth_create(context, &empty, &game, &error), THRONG_E_ARGUMENT);
    const throng_smooth_def nobody = {.name = "x"};
    cr_expect_eq(throng_smooth_create(context, &nobody, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_null(game);
}

Test(smooth, memory_that_runs_out) {
    test_solving what = {"mixed-motives", "aga", NULL};
    expect_survives(open_and_solve, &what, 1000);
}
