/*
 * Iterations per second of solvers on poker, with the gap measured ever more rarely.
 *
 * For each solver: iterations per second, sequences times iterations per second, and how many times a bare evaluation
 * of both players' worths (the least that an iteration must do) it takes. Then preferences between 1,000 responses; and
 * a 100 x 100 game of random payoffs is solved by linear program once. Then Markov games and operators: what one
 * iteration takes, draws from cells a second, and components a second.
 *
 * bench/solve [seconds]    for each line; default: 1
 */
#define _POSIX_C_SOURCE 200809L
#include "core/core.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>

static void must(throng_status status, const throng_error *err) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "solve: %s\n", err->message);
    exit(1);
}

/* Seconds of one evaluation of every player's worths. */
static double time_bare(const throng_tree *tree, double seconds) {
    size_t n = (size_t)throng_tree_sequences(tree);
    double *room = calloc(3 * n, sizeof *room), began = throng_i_seconds(), took;
    int64_t rounds = 0;
    if (!room)
        exit(1);
    throng_tree_uniform(tree, room);
    do {
        for (int k = 0; k < 64; k++, rounds++) {
            throng_tree_plan(tree, room, room + n);
            for (int p = 0; p < throng_tree_players(tree); p++)
                throng_tree_worth(tree, p, room + n, room, room + 2 * n);
        }
        took = throng_i_seconds() - began;
    } while (took < seconds);
    free(room);
    return took / (double)rounds;
}

static double time_solver(throng_context *context, const throng_problem *problem, const char *solver, double seconds) {
    throng_error err = {0};
    for (int64_t iterations = 256;; iterations *= 2) {
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = solver, .iterations = iterations, .tolerance = -1.0};
        double began = throng_i_seconds();
        must(throng_solve(context, problem, &def, &solution, &err), &err);
        double took = throng_i_seconds() - began;
        throng_solution_free(solution);
        if (took >= seconds)
            return took / (double)iterations;
    }
}

static void run_game(throng_context *context, const char *name, double seconds) {
    static const char *const solvers[] = {"cfr", "cfr-plus", "mmd", "hedge", "fictitious-play"};
    throng_error err = {0};
    throng_tree *tree = NULL;
    must(throng_tree_open(context, name, &tree, &err), &err);
    throng_problem problem = throng_tree_problem(tree);
    double bare = time_bare(tree, seconds);
    printf("%-8s%-18s%12.0f /s\n", name, "worths alone", 1.0 / bare);
    for (size_t s = 0; s < sizeof solvers / sizeof *solvers; s++) {
        double one = time_solver(context, &problem, solvers[s], seconds);
        printf("%-8s%-18s%12.0f /s%14.3g sequences/s%8.2f times worths alone\n", name, solvers[s], 1.0 / one,
               throng_tree_sequences(tree) / one, one / bare);
    }
    throng_tree_free(tree);
}

static void run_matrix(throng_context *context, int n) {
    throng_error err = {0};
    throng_normal_form *game = NULL;
    throng_tree *tree = NULL;
    throng_solution *solution = NULL;
    const int n_actions[2] = {n, n};
    must(throng_normal_form_create(context, "random", 2, n_actions, &game, &err), &err);
    for (int64_t i = 0; i < throng_normal_form_profiles(game); i++) {
        double u[4];
        throng_random_uniforms((throng_random){1, 2}, (uint64_t)i, 0, 0, u);
        const double payoffs[2] = {u[0], -u[0]};
        must(throng_normal_form_set_payoffs(game, i, payoffs, &err), &err);
    }
    double began = throng_i_seconds();
    throng_solve_def def = {.solver = "lp", .tolerance = 1e-9};
    must(throng_tree_from_normal_form(context, game, &tree, &err), &err);
    throng_problem problem = throng_tree_problem(tree);
    must(throng_solve(context, &problem, &def, &solution, &err), &err);
    printf("%d x %d, lp: %.4f s, gap %.2g\n", n, n, throng_i_seconds() - began, throng_solution_gap(solution));
    throng_solution_free(solution);
    throng_tree_free(tree);
    throng_normal_form_free(game);
}

/* Each iteration looks at every preference once. */
static void run_preferences(throng_context *context, const char *name, double seconds) {
    throng_error err = {0};
    throng_problem problem = {0};
    must(throng_problem_open(context, name, &problem, &err), &err);
    double one = time_solver(context, &problem, "nash-mp:beta=0.001", seconds),
           n = throng_preference_count(problem.game);
    printf("%s, nash-mp: %.0f /s, %.3g preferences/s\n", name, 1.0 / one, n * n / one);
    throng_problem_clear(&problem);
}

/* Iterations of solvers of states and of operators, and of what they ask for a second. */
static void run_others(throng_context *context, double seconds) {
    static const struct {
        const char *game, *solver, *asked;
    } cases[] = {{"soccer", "value-iteration", ""},
                 {"soccer", "value-iteration:policy=true", ""},
                 {"random-mdp:states=1000", "value-iteration", ""},
                 {"random-markov:states=100", "model-based-ne:draws=10000,most=10000", "draws"},
                 {"linear-operator:n=6400", "halpern", "components"},
                 {"linear-operator:n=6400", "halpern:rule=full", "components"}};
    throng_error err = {0};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        throng_problem problem = {0};
        throng_solution *solution = NULL;
        throng_solve_def def = {.solver = cases[c].solver, .tolerance = -1.0};
        double took = 0.0;
        must(throng_problem_open(context, cases[c].game, &problem, &err), &err);
        for (def.iterations = 1; took < seconds; def.iterations *= 2) {
            throng_solution_free(solution);
            double began = throng_i_seconds();
            must(throng_solve(context, &problem, &def, &solution, &err), &err);
            took = throng_i_seconds() - began;
            if (throng_solution_iterations(solution) < def.iterations) /* it is done */
                break;
        }
        printf("%-25s%-40s%10.4g /s", cases[c].game, cases[c].solver,
               (double)throng_solution_iterations(solution) / took);
        if (*cases[c].asked)
            printf("%12.3g %s/s", (double)throng_solution_evaluations(solution) / took, cases[c].asked);
        printf("\n");
        throng_solution_free(solution);
        throng_problem_clear(&problem);
    }
}

int main(int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    double seconds = argc > 1 ? atof(argv[1]) : 1.0;
    must(throng_context_create(&context, &err), &err);
    run_game(context, "kuhn", seconds);
    run_game(context, "leduc", seconds);
    run_preferences(context, "preference:n=1000", seconds);
    for (int k = 0; k < 3; k++)
        run_matrix(context, 100);
    run_others(context, seconds);
    throng_context_free(context);
    return 0;
}
