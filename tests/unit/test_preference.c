/* Preference games and the log-linear family of solvers, against the plain definitions and the published bounds. */
#include "suite.h"

#include <stdio.h>

TestSuite(preference, .init = set_up, .fini = tear_down, .timeout = 120);

#define MOST 100 /* responses */

static throng_problem open_problem(const char *name) {
    throng_problem problem = {0};
    cr_assert_eq(throng_problem_open(context, name, &problem, &error), THRONG_OK, "%s: %s", name, error.message);
    return problem;
}

static throng_solution *solve(const throng_problem *problem, const char *solver, int64_t iterations, double tolerance) {
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = tolerance};
    cr_assert_eq(throng_solve(context, problem, &def, &solution, &error), THRONG_OK, "%s: %s", solver, error.message);
    return solution;
}

/* The regularised equilibrium, as near as doubles come. @param out [n] */
static void equilibrium(const throng_problem *problem, double beta, double *out) {
    char solver[60];
    snprintf(solver, sizeof solver, "nash-mp:beta=%g", beta);
    throng_solution *solution = solve(problem, solver, 4000, -1.0);
    memcpy(out, throng_solution_strategy(solution), (size_t)throng_preference_count(problem->game) * sizeof *out);
    throng_solution_free(solution);
}

/* What a test solver sees after each of its iterations: the policy after k iterations is that of a run of k. */
static void policy_after(const throng_problem *problem, const char *solver, int64_t iterations, double *out) {
    if (iterations == 0) {
        memcpy(out, throng_preference_reference(problem->game),
               (size_t)throng_preference_count(problem->game) * sizeof *out);
        return;
    }
    throng_solution *solution = solve(problem, solver, iterations, -1.0);
    memcpy(out, throng_solution_strategy(solution), (size_t)throng_preference_count(problem->game) * sizeof *out);
    throng_solution_free(solution);
}

/* ---- the game -------------------------------------------------------------------------------------------------- */

Test(preference, what_it_computes) {
    throng_problem problem = open_problem("condorcet-cycle");
    const double mix[3] = {0.2, 0.3, 0.5}, best[3] = {2. / 9., 3. / 9., 4. / 9.};
    double out[3], gap, value;
    throng_preference_against(problem.game, 0, mix, out);
    cr_expect_float_eq(out[0], .2 * .5 + .3 * .9 + .5 * .2, 1e-15);
    cr_expect_float_eq(out[1], .2 * .1 + .3 * .5 + .5 * .7, 1e-15);
    cr_expect_float_eq(out[2], .2 * .8 + .3 * .3 + .5 * .5, 1e-15);
    cr_expect_float_eq(throng_preference_gap(problem.game, mix, out), 2 * (0.52 - 0.5), 1e-15);
    cr_expect_float_eq(throng_preference_gap(problem.game, best, out), 0.0, 1e-15);
    cr_assert_eq(problem.kind->gap(problem.game, mix, &value, &gap, &error), THRONG_OK);
    cr_expect_float_eq(gap, 0.04, 1e-15);
    throng_preference_against(problem.game, 1, throng_preference_reference(problem.game), out);
    cr_expect_float_eq(value, .2 * out[0] + .3 * out[1] + .5 * out[2], 1e-15);
    throng_problem_clear(&problem);
}

/* As a normal form, both playing alike, NashConv is the gap; the linear program finds a policy without one. */
Test(preference, is_a_game_of_two_players) {
    throng_problem problem = open_problem("preference:n=7,seed=3");
    throng_normal_form *pairs = NULL;
    throng_tree *tree = NULL;
    double strategy[15] = {1.0}, room[7], values[2], gap;
    cr_assert_eq(throng_preference_normal_form(context, problem.game, &pairs, &error), THRONG_OK);
    cr_assert_eq(throng_tree_from_normal_form(context, pairs, &tree, &error), THRONG_OK);
    for (int i = 0; i < 7; i++)
        strategy[1 + i] = strategy[8 + i] = throng_preference_reference(problem.game)[i];
    cr_assert_eq(throng_tree_gap(tree, strategy, values, &gap, &error), THRONG_OK);
    cr_expect_float_eq(gap, throng_preference_gap(problem.game, strategy + 1, room), 1e-13);
    cr_expect_float_eq(values[0], 0.5, 1e-14);
    throng_solution *exact = solve(&problem, "lp", 0, 1e-9);
    cr_expect(throng_solution_converged(exact), "gap %g", throng_solution_gap(exact));
    throng_solution_free(exact);
    throng_tree_free(tree);
    throng_normal_form_free(pairs);
    throng_problem_clear(&problem);
}

Test(preference, groups) {
    const double wins[8] = {.5, .9, .1, .5, .5, .3, .7, .5}, even[2] = {0.5, 0.5};
    throng_preference_def def = {.n = 2, .groups = 2, .wins = wins};
    double out[2];
    for (def.group = 0; def.group <= 2; def.group++) {
        static const double expected[3] = {0.55, 0.7, 0.4};
        throng_preference *game = NULL;
        cr_assert_eq(throng_preference_create(context, &def, &game, &error), THRONG_OK, "%s", error.message);
        throng_preference_against(game, 0, even, out);
        cr_expect_float_eq(out[0], expected[def.group], 1e-15);
        throng_preference_against(game, 2, even, out);
        cr_expect_float_eq(out[0], 0.4, 1e-15);
        throng_preference_free(game);
    }
}

static void refuse(throng_preference_def def, const char *says) {
    throng_preference *game = NULL;
    cr_expect_eq(throng_preference_create(context, &def, &game, &error), THRONG_E_ARGUMENT, "%s", says);
    cr_expect_not_null(strstr(error.message, says), "%s: %s", says, error.message);
    cr_expect_null(game);
}

Test(preference, what_is_refused) {
    const double good[4] = {.5, .7, .3, .5}, sum[4] = {.5, .7, .2, .5}, own[4] = {.4, .7, .3, .5},
                 far[4] = {.5, 1.7, -.7, .5}, none[4] = {.5, NAN, .3, .5}, weights[2] = {1.0, 0.0};
    refuse((throng_preference_def){.n = 2, .wins = sum}, "Row 2, column 1");
    refuse((throng_preference_def){.n = 2, .wins = own}, "Row 1, column 1");
    refuse((throng_preference_def){.n = 2, .wins = far}, "Row 1, column 2");
    refuse((throng_preference_def){.n = 2, .wins = none}, "Row 1, column 2");
    refuse((throng_preference_def){.n = 2, .wins = good, .reference = weights}, "reference");
    refuse((throng_preference_def){.n = 2, .wins = good, .group = 2}, "group");
    refuse((throng_preference_def){.n = 0, .wins = good}, "responses");
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static throng_status parse(const char *text, throng_problem *out) {
    return throng_problem_parse_csv(context, "x.csv", text, (int64_t)strlen(text), out, &error);
}

Test(preference, matrices_in_files) {
    static const char *const same[] = {
        "0.5,0.9,.2\n.1,1/2,.7\n0.8,.3,0.5", ",A,B,C\r\nA,0.5,0.9,.2\r\nB, .1 ,1/2,.7\r\nC,0.8,.3,0.5\r\n\r\n",
        "\xef\xbb\xbf\"A\",B,\"C\"\n0.5,0.9,.2\n.1,1/2,.7\n0.8,.3,0.5\nreference,3,3,3\n",
        "\nA,0.5,0.9,.2\nB,.1,1/2,.7\nC,0.8,.3,0.5\n"};
    throng_problem cycle = open_problem("condorcet-cycle");
    const double mix[3] = {0.2, 0.3, 0.5};
    double out[3], expected[3];
    throng_preference_against(cycle.game, 0, mix, expected);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        throng_problem problem = {0};
        cr_assert_eq(parse(same[i], &problem), THRONG_OK, "%zu: %s", i, error.message);
        throng_preference_against(problem.game, 0, mix, out);
        for (int k = 0; k < 3; k++) {
            cr_expect_eq(out[k], expected[k], "%zu", i);
            cr_expect_float_eq(throng_preference_reference(problem.game)[k], 1. / 3., 1e-15);
            cr_expect_eq(*problem.kind->action_name(problem.game, 0, k), (i ? "ABC" : "123")[k], "%zu", i);
        }
        throng_problem_clear(&problem);
    }
    throng_problem_clear(&cycle);
}

Test(preference, groups_and_references_in_files) {
    throng_problem problem = {0};
    const double even[2] = {0.5, 0.5};
    double out[2];
    cr_assert_eq(parse(".5,.9\n.1,.5\n\n\n.5,.3\n.7,.5\n\nreference,1,3\n", &problem), THRONG_OK, "%s", error.message);
    cr_expect_eq(throng_preference_groups(problem.game), 2);
    throng_preference_against(problem.game, 2, even, out);
    cr_expect_float_eq(out[0], 0.4, 1e-15);
    cr_expect_float_eq(throng_preference_reference(problem.game)[1], 0.75, 1e-15);
    throng_problem_clear(&problem);
}

Test(preference, payoffs_in_files) {
    throng_problem problem = {0};
    cr_assert_eq(parse(",x,y,z\nup,3 -3,0 1/2,1 1\ndown,2 2,0 0,1e1 -1\n", &problem), THRONG_OK, "%s", error.message);
    const throng_tree *tree = problem.game;
    cr_assert_eq(problem.kind->form, THRONG_GAME_FORM_TREE);
    cr_expect_eq(throng_tree_sets(tree), 2);
    cr_expect_str_eq(throng_tree_action_name(tree, 0, 1), "down");
    cr_expect_str_eq(throng_tree_action_name(tree, 1, 2), "z");
    const double corner[6] = {1, 0, 1, 0, 0, 1};
    double values[2], gap;
    cr_assert_eq(throng_tree_gap(tree, corner, values, &gap, &error), THRONG_OK);
    cr_expect_eq(values[0], 10.0);
    cr_expect_eq(values[1], -1.0);
    const double other[6] = {1, 1, 0, 0, 1, 0};
    cr_assert_eq(throng_tree_gap(tree, other, values, &gap, &error), THRONG_OK);
    cr_expect_eq(values[1], 0.5, "up and y");
    throng_problem_clear(&problem);
}

Test(preference, broken_files) {
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "empty"},
        {"\n\n", "no numbers"},
        {"a,b\n", "no numbers"},
        {"a,b,c,d\n.5,.5\n.5,.5", "4 columns have a name"},
        {"x\n.5\ny\n", "this row has 0 entries, those above it 1"},
        {"a,b\nx\n", "a name and no number"},
        {".5,.5\n.5", "line 2: this row has 1 entries, those above it 2"},
        {".5,.5\n.5,nan", "line 2, column 2"},
        {".5,.5\n.5,", "found \"\""},
        {".5,x\n.5,.5", "line 1, column 2"},
        {".5,.5,.5\n.5,.5,.5", "square"},
        {".5,.5\n.5,.5\n\n.5,.5", "a group has 1 rows"},
        {".5,2\n-1,.5", "[0, 1]"},
        {"1 1,2\n3,4", "two payoffs"},
        {"1 1,2 2\n\n3 3,4 4", "one matrix"},
        {".5,.5\n.5,.5\nreference,1", "needs 2 weights"},
        {".5,.5\n.5,.5\nreference,1,-1", "weight above 0"},
        {"reference,1,1\n.5,.5\n.5,.5", "below the preferences"},
        {".5,.5\n.5,.5\nreference,1,1\nreference,1,1", "already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_problem problem = {0};
        error.message[0] = '\0';
        cr_expect_eq(parse(cases[i].text, &problem), THRONG_E_FORMAT, "%s", cases[i].text);
        cr_expect_not_null(strstr(error.message, cases[i].says), "%s: %s", cases[i].text, error.message);
        cr_expect_null(problem.game);
    }
    throng_problem problem = {0};
    cr_expect_eq(throng_problem_parse_csv(context, "x.csv", ".5\0", 3, &problem, &error), THRONG_E_FORMAT);
}

/* ---- solvers against the plain formulas ------------------------------------------------------------------------ */

/* theta = keep log p + pull log mu + step P opponent, normalised: the row of the table, written out. */
static void plain_step(const throng_problem *problem, double keep, const double *p, double pull, double step,
                       const double *opponent, double *out) {
    int n = throng_preference_count(problem->game);
    const double *mu = throng_preference_reference(problem->game);
    double wins[MOST], sum = 0.0;
    throng_preference_against(problem->game, 0, opponent, wins);
    for (int i = 0; i < n; i++)
        sum += wins[i] = pow(p[i], keep) * pow(mu[i], pull) * exp(step * wins[i]);
    for (int i = 0; i < n; i++)
        out[i] = wins[i] / sum;
}

static void expect_policy(const throng_problem *problem, const char *solver, int64_t iterations, const double *p) {
    double got[MOST];
    policy_after(problem, solver, iterations, got);
    for (int i = 0; i < throng_preference_count(problem->game); i++)
        cr_expect_float_eq(got[i], p[i], 1e-12, "%s after %lld: %g, not %g", solver, (long long)iterations, got[i],
                           p[i]);
}

Test(preference, steps_are_those_of_the_table) {
    throng_problem problem = open_problem("preference:n=6,seed=1");
    const double *mu = throng_preference_reference(problem.game), beta = 0.3, eta = 0.7;
    double md[6], mp[6], egpo[6], inpo[6], half[6], hedge[6];
    for (int i = 0; i < 6; i++) {
        md[i] = mp[i] = egpo[i] = inpo[i] = mu[i];
        hedge[i] = 1.0 / 6.0;
    }
    for (int64_t t = 1; t <= 4; t++) {
        plain_step(&problem, 1.0 - eta * beta, md, eta * beta, 0.0, md, half);
        plain_step(&problem, 1.0, half, 0.0, eta, half, md);
        expect_policy(&problem, "nash-md:beta=0.3,step=0.7", t, md);
        plain_step(&problem, 1.0 / 1.7, mp, 0.7 / 1.7, 0.7 / 0.3 / 1.7, mp, half);
        plain_step(&problem, 1.0 / 1.7, mp, 0.7 / 1.7, 0.7 / 0.3 / 1.7, half, mp);
        expect_policy(&problem, "nash-mp:beta=0.3,step=0.7", t, mp);
        plain_step(&problem, 1.0 - eta * beta, egpo, eta * beta, eta, egpo, half);
        plain_step(&problem, 1.0 - eta * beta, egpo, eta * beta, eta, half, egpo);
        expect_policy(&problem, "egpo:beta=0.3,step=0.7", t, egpo);
        expect_policy(&problem, "inpo:beta=0.3,step=0.7,last=true", t, inpo);
        plain_step(&problem, 1.0 - eta * beta, inpo, eta * beta, eta, inpo, inpo);
        expect_policy(&problem, "mnpo:beta=0.3,step=0.7", t, inpo); /* one opponent: inpo, which tells one step later */
        expect_policy(&problem, "hedge:step=0.7,last=true", t, hedge);
        plain_step(&problem, 1.0, hedge, 0.0, 0.7, hedge, hedge);
    }
    throng_problem_clear(&problem);
}

/* Histories by hand: (1 - rho) (0.7 log h1 + 0.2 log h2 + 0.1 log h3) and the mean of what is won against them. */
Test(preference, opponents_of_the_past) {
    throng_problem problem = open_problem("preference:n=5,seed=2");
    const double *mu = throng_preference_reference(problem.game), weights[3] = {0.7, 0.2, 0.1}, rho = 0.4;
    double past[3][5], wins[5], next[5], sum;
    for (int j = 0; j < 3; j++)
        memcpy(past[j], mu, sizeof past[j]);
    for (int64_t t = 1; t <= 6; t++) {
        double logs[5] = {0};
        for (int j = 0; j < 3; j++) {
            throng_preference_against(problem.game, 0, past[j], wins);
            for (int i = 0; i < 5; i++)
                logs[i] += weights[j] * ((1.0 - rho) * log(past[j][i]) + 2.0 * wins[i]);
        }
        sum = 0.0;
        for (int i = 0; i < 5; i++)
            sum += next[i] = exp(logs[i] + rho * log(mu[i]));
        for (int i = 0; i < 5; i++)
            next[i] /= sum;
        memmove(past[1], past[0], 2 * sizeof past[0]);
        memcpy(past[0], next, sizeof next);
        expect_policy(&problem, "mnpo:beta=0.2,step=2,second=0.2,third=0.1", t, next);
    }
    throng_problem_clear(&problem);
}

/* Opponents whom groups of their own judge: at rest it is the game of the groups' weighted mean. */
Test(preference, opponents_with_judges) {
    throng_problem problem = open_problem("preference:n=4,groups=3,seed=6");
    const double weights[3] = {0.5, 0.2, 0.3};
    double wins[16] = {0.0}, unit[4], column[4], sought[4];
    for (int j = 0; j < 4; j++)
        for (int g = 0; g < 3; g++) {
            for (int i = 0; i < 4; i++)
                unit[i] = i == j;
            throng_preference_against(problem.game, g + 1, unit, column);
            for (int i = 0; i < 4; i++)
                wins[i * 4 + j] += weights[g] * column[i];
        }
    const throng_preference_def def = {
        .n = 4, .wins = wins, .reference = throng_preference_reference(problem.game), .name = "mean"};
    throng_preference *mean = NULL;
    cr_assert_eq(throng_preference_create(context, &def, &mean, &error), THRONG_OK, "%s", error.message);
    throng_problem plain = throng_preference_problem(mean);
    equilibrium(&plain, 0.3, sought);
    throng_solution *solution = solve(&problem, "mnpo:beta=0.3,second=0.2,third=0.3,judges=true", 2000, 1e-13);
    cr_expect(throng_solution_converged(solution), "%g", throng_solution_gap(solution));
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(throng_solution_strategy(solution)[i], sought[i], 1e-6);
    throng_solution_free(solution);
    solution = solve(&problem, "mnpo:beta=0.3,second=0.2,third=0.3", 2000, 1e-13); /* all groups alike */
    cr_expect_gt(fabs(throng_solution_strategy(solution)[0] - sought[0]), 1e-3);
    throng_solution_free(solution);
    throng_problem_clear(&plain);
    throng_problem_clear(&problem);
}

/* A step from many samples is the exact one, nearly; other seeds draw others; and it takes as many as it says. */
Test(preference, steps_from_samples) {
    static const char *const solvers[] = {"egpo:beta=0.3,step=0.7", "inpo:beta=0.3,step=0.7,last=true",
                                          "nash-mp:beta=0.3,step=0.7"};
    throng_problem problem = open_problem("preference:n=5,seed=4"), tree = open_problem("kuhn");
    for (size_t s = 0; s < sizeof solvers / sizeof *solvers; s++) {
        char spec[80];
        throng_solution *exact = solve(&problem, solvers[s], 2, -1.0), *other = NULL, *refused = NULL;
        throng_solve_def def = {.solver = spec, .iterations = 2, .tolerance = -1.0, .seed = 1};
        snprintf(spec, sizeof spec, "%s,samples=200000", solvers[s]);
        throng_solution *many = solve(&problem, spec, 2, -1.0);
        cr_assert_eq(throng_solve(context, &problem, &def, &other, &error), THRONG_OK);
        for (int i = 0; i < 5; i++) {
            cr_expect_float_eq(throng_solution_strategy(many)[i], throng_solution_strategy(exact)[i], 4e-3, "%s", spec);
            cr_expect_neq(throng_solution_strategy(many)[i], throng_solution_strategy(other)[i]);
        }
        cr_expect_eq(throng_solution_evaluations(many), s == 1 ? 800000 : 1600000);
        cr_expect_eq(throng_solve(context, &tree, &def, &refused, &error), THRONG_E_UNSUPPORTED);
        cr_expect_not_null(strstr(error.message, "games of preferences"), "%s", error.message);
        throng_solution_free(many);
        throng_solution_free(other);
        throng_solution_free(exact);
    }
    throng_problem_clear(&problem);
    throng_problem_clear(&tree);
}

/* The gap by its definition: the best response to the regularised game, found on a grid of one number. */
Test(preference, regularised_gap_is_the_best_gain) {
    const double wins[4] = {.5, .8, .2, .5}, weights[2] = {1.0, 3.0}, beta = 0.2, wanted = 0.6;
    const throng_preference_def def = {.n = 2, .wins = wins, .reference = weights};
    throng_preference *game = NULL;
    cr_assert_eq(throng_preference_create(context, &def, &game, &error), THRONG_OK);
    throng_problem problem = throng_preference_problem(game);
    double start[2] = {wanted, 1.0 - wanted}, most = -INFINITY, own = 0.0, beaten[2];
    const double mu[2] = {0.25, 0.75};
    /* one step of a fixed-point iteration gives a policy whose gap the solver tells */
    throng_solution *solution = solve(&problem, "inpo:beta=0.2,step=1,last=true", 2, -1.0);
    memcpy(start, throng_solution_strategy(solution), sizeof start);
    throng_preference_against(game, 0, start, beaten);
    for (int k = 0; k <= 100000; k++) {
        const double x[2] = {k / 100000.0, 1.0 - k / 100000.0};
        double got = x[0] * beaten[0] + x[1] * beaten[1] - beta * throng_simplex_kl(2, x, mu);
        most = fmax(most, got);
    }
    own = start[0] * beaten[0] + start[1] * beaten[1] - beta * throng_simplex_kl(2, start, mu);
    cr_expect_float_eq(throng_solution_gap(solution), 2.0 * (most - own), 1e-8);
    cr_expect_gt(throng_solution_gap(solution), 1e-3);
    cr_expect_str_eq(throng_solution_gap_name(solution), "regularised gap");
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* ---- published bounds ------------------------------------------------------------------------------------------ */

static const char *const standard[] = {"preference:n=3,seed=0", "preference:n=10,seed=0", "preference:n=100,seed=0"};

/* arXiv 2505.19731 and 2503.08942: the divergence shrinks by 1 + 2 beta, and by 1 - eta beta, in each iteration. */
static void expect_linear(const char *solver, double beta, double factor, int64_t most, double *worst) {
    char spec[60];
    double sought[MOST], policy[MOST];
    snprintf(spec, sizeof spec, "%s:beta=%g", solver, beta);
    for (int g = 0; g < 3; g++) {
        throng_problem problem = open_problem(standard[g]);
        int n = throng_preference_count(problem.game);
        equilibrium(&problem, beta, sought);
        double first = throng_simplex_kl(n, sought, throng_preference_reference(problem.game));
        for (int64_t k = 1; k <= most; k += 1 + k / 3) {
            policy_after(&problem, spec, k, policy);
            double left = throng_simplex_kl(n, sought, policy), bound = pow(factor, (double)k) * first;
            cr_expect(left <= bound || left < 1e-12, "%s, %s, %lld: %g > %g", spec, standard[g], (long long)k, left,
                      bound);
            if (left >= 1e-12)
                *worst = fmax(*worst, left / bound);
        }
        throng_problem_clear(&problem);
    }
}

Test(preference, linear_rates) {
    static const double betas[3] = {0.01, 0.1, 0.5};
    double worst = 0.0;
    for (int b = 0; b < 3; b++)
        expect_linear("nash-mp", betas[b], 1.0 / (1.0 + 2.0 * betas[b]), 2000, &worst);
    cr_expect_gt(worst, 0.2, "the bound is said to be nearly met, and %g is the most", worst);
    worst = 0.0;
    for (int b = 0; b < 3; b++)
        expect_linear("egpo", betas[b], 1.0 - betas[b] / (betas[b] + 3.0), 4000, &worst);
    cr_expect_gt(worst, 0.2, "the bound is said to be nearly met, and %g is the most", worst);
}

/* One implementation, two ways to say the step. */
Test(preference, mirror_prox_is_extragradient) {
    throng_problem problem = open_problem("preference:n=10,seed=4");
    double policy[MOST];
    policy_after(&problem, "egpo:beta=0.1,step=1.25", 9, policy); /* 0.1428... / 0.114... = eta / (beta (1 + eta)) */
    expect_policy(&problem, "nash-mp:beta=0.1,step=0.14285714285714285", 9, policy);
    throng_problem_clear(&problem);
}

/* arXiv 2312.00886: KL(p*, p') <= (1 - eta tau) KL(p*, p) + 2 eta^2, from many places. */
Test(preference, mirror_descent_inequality) {
    static const double taus[2] = {0.05, 0.5}, etas[3] = {0.02, 0.3, 1.5};
    char game[60], spec[60];
    double sought[MOST], before[MOST], after[MOST];
    for (int seed = 0; seed < 5; seed++)
        for (int c = 0; c < 6; c++) {
            double tau = taus[c % 2], eta = etas[c / 2];
            snprintf(game, sizeof game, "preference:seed=%d", seed);
            snprintf(spec, sizeof spec, "nash-md:beta=%g,step=%g", tau, eta);
            throng_problem problem = open_problem(game);
            equilibrium(&problem, tau, sought);
            policy_after(&problem, spec, 0, before);
            for (int64_t t = 1; t <= 30; t++) {
                policy_after(&problem, spec, t, after);
                double bound = (1.0 - eta * tau) * throng_simplex_kl(10, sought, before) + 2.0 * eta * eta;
                cr_expect_leq(throng_simplex_kl(10, sought, after), bound, "%s %s %lld", game, spec, (long long)t);
                memcpy(before, after, sizeof before);
            }
            throng_problem_clear(&problem);
        }
}

/* arXiv 2407.00617: the step is the best answer to a squared loss on pairs, whose winner is drawn by the game. */
Test(preference, step_minimises_the_loss_on_pairs) {
    throng_problem problem = open_problem("preference:n=5,seed=7");
    const double tau = 0.3, step = 0.8, nudge = 1e-4;
    const double *mu = throng_preference_reference(problem.game);
    double now[5], wins[5], next[5], least = INFINITY;
    policy_after(&problem, "mnpo:beta=0.3,step=0.8", 3, now);
    policy_after(&problem, "mnpo:beta=0.3,step=0.8", 4, next);
    throng_preference_against(problem.game, 0, now, wins);
    for (int k = 0; k <= 10; k++) { /* the minimiser, and places around it */
        double loss = 0.0, theta[5];
        for (int i = 0; i < 5; i++)
            theta[i] = log(next[i]) + (k > 0 && (k - 1) / 2 == i ? (k % 2 ? nudge : -nudge) : 0.0);
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++)
                for (int rival = 0; rival < 5; rival++) {
                    /* y and y' against the same rival: what either wins more often is what its log should gain */
                    double pick[5] = {0}, own[5];
                    pick[rival] = 1.0;
                    throng_preference_against(problem.game, 0, pick, own);
                    double h = theta[i] - theta[j] - tau * step * log(mu[i] / mu[j]) -
                               (1.0 - tau * step) * log(now[i] / now[j]);
                    double miss = h - step * (own[i] - own[j]);
                    loss += now[i] * now[j] * now[rival] * miss * miss;
                }
        if (k == 0)
            least = loss;
        else
            cr_expect_gt(loss, least, "moved %d: %.17g, not above %.17g", k, loss, least);
    }
    throng_problem_clear(&problem);
}

/* arXiv 2503.08942: one gradient step of size l of the loss (IPO) on all pairs is a step of 4 l / (beta n). */
Test(preference, gradient_of_the_loss_is_the_step) {
    enum {
        n = 6
    };
    throng_problem problem = open_problem("preference:n=6,seed=5");
    const double beta = 0.2, rate = 0.09, eta = 4.0 * rate / (beta * n);
    const double *mu = throng_preference_reference(problem.game);
    double wins[n], now[n], next[n], theta[n], spec_step[n];
    char spec[80];
    snprintf(spec, sizeof spec, "mnpo:beta=%.17g,step=%.17g", beta, eta);
    policy_after(&problem, spec, 2, now);
    policy_after(&problem, spec, 3, next);
    throng_preference_against(problem.game, 0, now, wins);
    for (int k = 0; k < n; k++) { /* derivative of (1/n^2) sum ((r - r') - (q - q') / beta)^2, by central differences */
        double loss[2] = {0.0, 0.0}, h = 1e-4;
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++) {
                    double moved = ((i == k) - (j == k)) * (side ? h : -h);
                    double miss = log(now[i] / mu[i]) - log(now[j] / mu[j]) + moved - (wins[i] - wins[j]) / beta;
                    loss[side] += miss * miss / (n * n);
                }
        theta[k] = log(now[k]) - rate * (loss[1] - loss[0]) / (2.0 * h);
    }
    throng_simplex_softmax(n, theta, spec_step);
    for (int k = 0; k < n; k++)
        cr_expect_float_eq(spec_step[k], next[k], 1e-10);
    throng_problem_clear(&problem);
}

/* arXiv 2401.04056: the average is within its bound, and the last strategy does not converge. */
Test(preference, average_of_self_play) {
    static const char *const games[] = {"condorcet-cycle", "preference:n=10,seed=0", "preference:n=50,seed=0"};
    for (int g = 0; g < 3; g++) {
        throng_problem problem = open_problem(games[g]);
        double n = throng_preference_count(problem.game);
        for (int64_t t = 100; t <= 10000; t *= 10) {
            throng_solution *average = solve(&problem, "hedge", t, -1.0);
            cr_expect_leq(throng_solution_gap(average), 2.0 * sqrt(log(n) / (2.0 * (double)t)), "%s %lld", games[g],
                          (long long)t);
            throng_solution_free(average);
        }
        throng_solution *last = solve(&problem, "hedge:last=true", 10000, -1.0);
        cr_expect_geq(throng_solution_gap(last), 0.05, "%s: %g", games[g], throng_solution_gap(last));
        throng_solution_free(last);
        throng_problem_clear(&problem);
    }
}

/* Whole trajectories and step by step are one game; numbers of steps beat each other in a circle. */
Test(preference, trajectories) {
    throng_problem paths = open_problem("trajectories:steps=3"),
                   moves = open_problem("trajectories:steps=3,moves=true");
    double plain = 1.0 / (1.0 + exp(0.5 - 2.0)), plans[15 + 15 - 1], values[2], gap;
    cr_expect_float_eq(throng_preference_wins(paths.game, 0, 1), plain, 1e-12); /* LLL: one step less than RLL */
    cr_expect_float_eq(throng_preference_wins(paths.game, 1, 3), plain, 1e-12);
    cr_expect_float_eq(throng_preference_wins(paths.game, 3, 0), 1.0 / (1.0 + exp(-1.0 - 2.0)), 1e-12);
    cr_expect_float_eq(throng_preference_wins(paths.game, 7, 0), 1.0 / (1.0 + exp(-1.5)), 1e-12); /* three more: none */
    cr_assert_eq(throng_tree_sequences(moves.game), 29);
    throng_tree_uniform(moves.game, plans);
    cr_assert_eq(throng_tree_gap(moves.game, plans, values, &gap, &error), THRONG_OK);
    cr_expect_float_eq(values[0], 0.5, 1e-12);
    double uniform[8] = {0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125}, room[8];
    cr_expect_float_eq(throng_preference_gap(paths.game, uniform, room), gap, 1e-12);
    cr_expect_gt(gap, 0.1);
    throng_problem_clear(&paths);
    throng_problem_clear(&moves);
}

/* Per information set: every solver of the family goes to softmax(log reference + q / beta) on a tree, too. */
Test(preference, the_family_on_trees) {
    static const char *const solvers[] = {"nash-mp:beta=0.2", "egpo:beta=0.2", "inpo:beta=0.2,step=0.2,last=true",
                                          "mnpo:beta=0.2,step=0.2,second=0.3,third=0.2"};
    throng_problem problem = open_problem("kuhn");
    throng_solution *mmd = solve(&problem, "mmd:alpha=0.2,step=0.2", 3000, -1.0);
    int n = throng_tree_sequences(problem.game);
    for (size_t s = 0; s < sizeof solvers / sizeof *solvers; s++) {
        throng_solution *solution = solve(&problem, solvers[s], 3000, 1e-12);
        cr_expect(throng_solution_converged(solution), "%s: %g", solvers[s], throng_solution_gap(solution));
        for (int i = 0; i < n; i++)
            cr_expect_float_eq(throng_solution_strategy(solution)[i], throng_solution_strategy(mmd)[i], 1e-5, "%s",
                               solvers[s]);
        cr_expect_float_eq(throng_solution_game_gap(solution), 0.0872, 1e-3, "%s", solvers[s]);
        throng_solution_free(solution);
    }
    throng_solution_free(mmd);
    throng_problem_clear(&problem);
}

Test(preference, steps_too_large_are_refused) {
    throng_problem problem = open_problem("condorcet-cycle");
    static const char *const specs[] = {"egpo:beta=0.5,step=3",      "inpo:beta=0.5,step=3",
                                        "nash-md:beta=0.5,step=3",   "mnpo:beta=0.5,step=3",
                                        "mnpo:second=0.7,third=0.7", "mnpo:second=0.3,judges=true"};
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = specs[s]};
        cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_ARGUMENT, "%s", specs[s]);
        cr_expect_null(solution);
    }
    throng_solve_def def = {.solver = "cfr"};
    throng_solution *solution = NULL;
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_UNSUPPORTED);
    cr_expect_not_null(strstr(error.message, "trees"));
    throng_problem_clear(&problem);
}

/* ---- search ---------------------------------------------------------------------------------------------------- */

/* What a team of random types gets after each of `rounds`, and its gap in the end. */
static void search(int seed, double step, int rounds, double *got, double *gap) {
    char game[60], solver[60];
    snprintf(game, sizeof game, "bayesian-team:seed=%d", seed);
    snprintf(solver, sizeof solver, "mds:step=%g", step);
    throng_problem problem = open_problem(game);
    for (int k = 1; k <= rounds; k++) {
        throng_solution *solution = solve(&problem, solver, k, -1.0);
        got[k - 1] = throng_solution_value(solution, 0);
        throng_solution_free(solution);
    }
    throng_solution *last = solve(&problem, solver, 200, -1.0);
    *gap = throng_solution_gap(last);
    throng_solution_free(last);
    throng_problem_clear(&problem);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* arXiv 2304.13138: what a team gets never falls, unless steps are very large; nobody alone can do better in the end.
 */
Test(preference, search_improves_teams) {
    enum {
        games = 200,
        rounds = 12
    };
    static const double steps[4] = {0.5, 2.0, 10.0, 50.0};
    double got[rounds], gaps[games];
    for (int s = 0; s < 4; s++) {
        int better = 0;
        for (int g = 0; g < games; g++) {
            bool fell = false;
            search(g, steps[s], rounds, got, &gaps[g]);
            for (int k = 1; k < rounds; k++)
                fell = fell || got[k] < got[k - 1] - 1e-12;
            better += !fell;
        }
        qsort(gaps, games, sizeof *gaps, compare);
        if (steps[s] < 50.0)
            cr_expect_eq(better, games, "step %g: %d of %d games", steps[s], better, games);
        else
            cr_expect(better < games && better > games * 9 / 10, "step %g: %d of %d games", steps[s], better, games);
        if (steps[s] == 2.0)
            cr_expect_leq(gaps[games / 2], 1e-8, "median gap %g", gaps[games / 2]);
    }
}

/* Values of uniform play and the best there is, from a program of its own that goes through public beliefs. */
Test(preference, mini_hanabi) {
    static const struct {
        const char *game;
        double uniform, best;
    } cases[] = {{"mini-hanabi:colours=1", 0.5, 1.5},
                 {"mini-hanabi:colours=1,ranks=3", 0.3287037037037037, 11.0 / 6.0},
                 {"mini-hanabi", 0.6832561728395061, 17.0 / 6.0},
                 {"mini-hanabi:hints=2", 0.6506076388888888, 10.0 / 3.0}};
    throng_problem none = {0};
    for (int g = 0; g < 4; g++) {
        throng_problem problem = open_problem(cases[g].game);
        double *uniform = calloc((size_t)throng_tree_sequences(problem.game), sizeof *uniform), values[2], gap;
        throng_tree_uniform(problem.game, uniform);
        cr_expect_null(throng_tree_forgotten(problem.game));
        cr_assert_eq(throng_tree_gap(problem.game, uniform, values, &gap, &error), THRONG_OK);
        cr_expect_float_eq(values[0], cases[g].uniform, 1e-14, "%s: %.17g", cases[g].game, values[0]);
        cr_expect_eq(values[0], values[1]);
        throng_solution *solution = solve(&problem, "mds:step=1", 1000, 1e-8);
        cr_expect_float_eq(throng_solution_value(solution, 0), cases[g].best, 1e-6, "%s: %.17g", cases[g].game,
                           throng_solution_value(solution, 0));
        throng_solution_free(solution);
        throng_problem_clear(&problem);
        free(uniform);
    }
    cr_expect_eq(throng_problem_open(context, "mini-hanabi:colours=1,ranks=1", &none, &error), THRONG_E_ARGUMENT);
    cr_expect_not_null(strstr(error.message, "two cards"), "%s", error.message);
    cr_expect_eq(throng_problem_open(context, "mini-hanabi:ranks=3,hints=2", &none, &error), THRONG_E_ARGUMENT);
    cr_expect_not_null(strstr(error.message, "at most 7"), "%s", error.message);
}

/* At one set everything else stays, and nobody is worse off, however large the step; q is worth over reach. */
Test(preference, search_at_one_set) {
    throng_problem problem = open_problem("kuhn");
    const throng_tree *tree = problem.game;
    throng_solution *solution = solve(&problem, "mds:step=1.5,alpha=0.4,set=3", 1, -1.0);
    const double *strategy = throng_solution_strategy(solution);
    enum {
        numbers = 25,
        sets = 12
    };
    double uniform[numbers], plan[numbers], worth[numbers], reach[sets];
    throng_tree_uniform(tree, uniform);
    throng_tree_plan(tree, uniform, plan);
    throng_tree_set searched = throng_tree_set_at(tree, 2);
    throng_tree_worth(tree, searched.player, plan, uniform, worth);
    throng_tree_reach(tree, searched.player, plan, reach);
    double odds = exp(1.5 / 1.6 * (worth[searched.first + 1] - worth[searched.first]) / reach[2]);
    cr_expect_float_eq(strategy[searched.first + 1], odds / (1.0 + odds), 1e-14);
    cr_expect(fabs(odds - 1.0) > 0.1);
    for (int i = 0; i < numbers; i++)
        if (i != searched.first && i != searched.first + 1)
            cr_expect_eq(strategy[i], uniform[i]);
    throng_solution_free(solution);
    solution = NULL;
    throng_solve_def def = {.solver = "mds:set=13"};
    cr_expect_eq(throng_solve(context, &problem, &def, &solution, &error), THRONG_E_ARGUMENT);
    throng_problem_clear(&problem);
}

/* Rollouts are right on average, and the same for the same seed; what a search with them plays is what they say. */
Test(preference, rollouts) {
    enum {
        samples = 20000
    };
    static const char *const games[] = {"kuhn", "leduc:raises=1", "bayesian-team"};
    for (int g = 0; g < 3; g++) {
        throng_problem problem = open_problem(games[g]);
        const throng_tree *tree = problem.game;
        int n = throng_tree_sequences(tree);
        double *strategy = calloc(3 * (size_t)n + (size_t)throng_tree_sets(tree), sizeof *strategy),
               *plan = strategy + n, *worth = plan + n, *reach = worth + n, drawn[8], again[8];
        throng_tree_uniform(tree, strategy);
        for (int i = 0; i < throng_tree_sets(tree); i++) { /* not uniform, so that beliefs are not, either */
            throng_tree_set set = throng_tree_set_at(tree, i);
            strategy[set.first] += 0.5 * strategy[set.first + 1];
            strategy[set.first + 1] *= 0.5;
        }
        throng_tree_plan(tree, strategy, plan);
        throng_tree_worth(tree, THRONG_TREE_ALL, plan, strategy, worth);
        throng_tree_reach(tree, THRONG_TREE_ALL, plan, reach);
        throng_rollouts *rollouts = NULL;
        int differ = 0;
        cr_assert_eq(throng_rollouts_create(context, tree, &rollouts, &error), THRONG_OK);
        for (int i = 0; i < throng_tree_sets(tree); i += 1 + throng_tree_sets(tree) / 6) {
            throng_tree_set set = throng_tree_set_at(tree, i);
            /* a payoff differs from its mean by half its range at most; 5 deviations: one in 3 million */
            double far = 5.0 * 0.5 * throng_tree_range(tree, set.player) / sqrt(samples);
            cr_assert(throng_rollouts_worth(rollouts, i, strategy, samples, 1, 2, drawn));
            for (int a = 0; a < set.n_actions; a++)
                cr_expect_float_eq(drawn[a], worth[set.first + a] / reach[i], far, "%s, %s", games[g], set.name);
            throng_rollouts_worth(rollouts, i, strategy, 50, 1, 2, drawn);
            throng_rollouts_worth(rollouts, i, strategy, 50, 1, 2, again);
            cr_expect_arr_eq(drawn, again, (size_t)set.n_actions * sizeof *drawn);
            throng_rollouts_worth(rollouts, i, strategy, 50, 1, 3, again);
            differ += memcmp(drawn, again, (size_t)set.n_actions * sizeof *drawn) != 0;
        }
        cr_expect_geq(differ, 2, "%s: other draws in another step", games[g]);
        throng_rollouts_free(rollouts);
        free(strategy);
        throng_problem_clear(&problem);
    }
}

Test(preference, search_by_rollouts_and_from_a_blueprint) {
    throng_problem problem = open_problem("bayesian-team:seed=4");
    throng_solution *exact = solve(&problem, "mds", 3, -1.0), *drawn = solve(&problem, "mds:samples=20000", 3, -1.0);
    for (int i = 0; i < throng_tree_sequences(problem.game); i++)
        cr_expect_float_eq(throng_solution_strategy(exact)[i], throng_solution_strategy(drawn)[i], 0.02);
    cr_expect_neq(throng_solution_value(exact, 0), throng_solution_value(drawn, 0));
    throng_solution *more = NULL, *whole = solve(&problem, "mds", 5, -1.0), *refused = NULL;
    throng_solve_def def = {
        .solver = "mds", .iterations = 2, .start = throng_solution_strategy(exact), .tolerance = -1};
    cr_assert_eq(throng_solve(context, &problem, &def, &more, &error), THRONG_OK, "%s", error.message);
    cr_expect_float_eq(throng_solution_value(more, 0), throng_solution_value(whole, 0), 1e-13, "3 + 2 = 5 rounds");
    def.solver = "cfr";
    cr_expect_eq(throng_solve(context, &problem, &def, &refused, &error), THRONG_E_UNSUPPORTED);
    double wrong[19] = {0.0};
    def.solver = "mds";
    def.start = wrong;
    cr_expect_eq(throng_solve(context, &problem, &def, &refused, &error), THRONG_E_ARGUMENT);
    cr_expect_null(refused);
    throng_solution_free(exact);
    throng_solution_free(drawn);
    throng_solution_free(more);
    throng_solution_free(whole);
    throng_problem_clear(&problem);
}

/* ---- memory, and other games ----------------------------------------------------------------------------------- */

/* Reads a matrix and solves it: all allocations in turn fail. */
static throng_status read_and_solve(throng_context *own, int64_t turn, void *user) {
    static const char *const texts[] = {",A,B\nA,.5,.9\nB,.1,.5\nreference,1,2\n", "x,1 -1,2 2\ny,3 4,0 0"};
    throng_status status = THRONG_OK;
    (void)turn;
    (void)user;
    for (int k = 0; k < 2 && status == THRONG_OK; k++) {
        throng_problem problem = {0};
        throng_solution *solution = NULL;
        status = throng_problem_parse_csv(own, "x.csv", texts[k], (int64_t)strlen(texts[k]), &problem, &error);
        for (int s = 0; s < 2 && status == THRONG_OK; s++) {
            throng_solve_def def = {.solver = s ? "mnpo" : k ? "mds:samples=5" : "lp", .iterations = 3};
            status = throng_solve(own, &problem, &def, &solution, &error);
            throng_solution_free(solution);
            solution = NULL;
        }
        throng_problem_clear(&problem);
    }
    return status;
}

Test(preference, memory_that_runs_out) {
    expect_survives(read_and_solve, NULL, 1000);
}

Test(preference, random_games) {
    throng_problem problem = open_problem("random:actions=6,seed=2"), other = open_problem("random:actions=6,seed=3"),
                   three = open_problem("random:players=3,actions=2,zero-sum=false");
    cr_expect(throng_tree_constant_sum(problem.game));
    throng_solution *exact = solve(&problem, "lp", 0, 1e-9), *differs = solve(&other, "lp", 0, 1e-9);
    cr_expect(throng_solution_converged(exact) && throng_solution_converged(differs));
    cr_expect_neq(throng_solution_value(exact, 0), throng_solution_value(differs, 0));
    cr_expect_eq(throng_tree_players(three.game), 3);
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_open(context, "random:actions=6,seed=2", &tree, &error), THRONG_OK);
    cr_expect_eq(throng_tree_nodes(tree), 1 + 6 + 36);
    cr_expect_eq(throng_tree_open(context, "condorcet-cycle", &tree, &error), THRONG_E_UNSUPPORTED);
    throng_tree_free(tree);
    throng_solution_free(exact);
    throng_solution_free(differs);
    throng_problem_clear(&problem);
    throng_problem_clear(&other);
    throng_problem_clear(&three);
}
