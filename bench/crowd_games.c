/*
 * One who decides for a crowd, and smooth games.
 *
 * Learning a table for k = 8, 16, 32 and 60 agents: seconds, rows, iterations. Acting on k = 16 of a thousand and of a
 * million agents, and moving the crowd: nanoseconds a step, which must not grow with the number. A step of aga against
 * one of simul-co: the ratio, for one product with second derivatives more.
 *
 * bench/crowd_games [seconds]    for each line of steps; default: 1
 */
#define _POSIX_C_SOURCE 200809L
#include "core/core.h"
#include "throng/throng.h"

#include <stdio.h>
#include <stdlib.h>

static void must(throng_status status, const throng_error *err) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "crowd_games: %s\n", err->message);
    exit(1);
}

static throng_problem open_game(throng_context *context, const char *name) {
    throng_error err = {0};
    throng_problem problem = {0};
    must(throng_problem_open(context, name, &problem, &err), &err);
    return problem;
}

static void learn(throng_context *context, int k) {
    throng_error err = {0};
    throng_problem problem = open_game(context, "majority-tracking:rollouts=2");
    throng_solution *solution = NULL;
    char solver[64];
    snprintf(solver, sizeof solver, "subsample-q:k=%d", k);
    throng_solve_def def = {.solver = solver, .tolerance = 1e-6};
    double began = throng_i_seconds();
    must(throng_solve(context, &problem, &def, &solution, &err), &err);
    printf("learn %-20s%10.4f s%10lld rows%6lld iterations\n", solver, throng_i_seconds() - began,
           (long long)problem.kind->rows(problem.game), (long long)throng_solution_iterations(solution));
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

/* Nanoseconds of an action, and of a step of the crowd. */
static void act(throng_context *context, const char *name, double seconds) {
    throng_error err = {0};
    throng_problem problem = open_game(context, name);
    throng_aggregative *game = problem.game;
    int64_t agents = throng_aggregative_agents(game), counts[3] = {agents / 2, agents / 4, 0};
    must(throng_aggregative_look(game, 16, &err), &err);
    double *strategy = calloc((size_t)problem.kind->numbers(game), sizeof *strategy), took[2];
    if (!strategy)
        exit(1);
    problem.kind->start(game, strategy);
    counts[2] = agents - counts[0] - counts[1];
    for (int moves = 0; moves < 2; moves++) {
        double began = throng_i_seconds();
        uint64_t steps = 0;
        do {
            for (int i = 0; i < 1024; i++, steps++)
                if (moves)
                    throng_aggregative_move(game, 0, (throng_random){1, 2}, 0, steps, counts);
                else
                    throng_aggregative_act(game, strategy, 0, counts, (throng_random){1, 3}, 0, steps);
            took[moves] = throng_i_seconds() - began;
        } while (took[moves] < seconds);
        took[moves] *= 1e9 / (double)steps;
    }
    printf("%lld agents, k = 16: an action %.0f ns, a step of the crowd %.0f ns\n", (long long)agents, took[0],
           took[1]);
    free(strategy);
    throng_problem_clear(&problem);
}

static double time_steps(throng_context *context, const throng_problem *problem, const char *solver, double seconds) {
    throng_error err = {0};
    for (int64_t iterations = 1024;; iterations *= 2) {
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

static void bend(throng_context *context, const char *name, double seconds) {
    throng_problem problem = open_game(context, name);
    double plain = time_steps(context, &problem, "aga:rule=simul-co,step=0.0001", seconds);
    double bent = time_steps(context, &problem, "aga:step=0.0001", seconds);
    printf("%s: a step of simul-co %.0f ns, of aga %.0f ns, %.2f times as long\n", name, 1e9 * plain, 1e9 * bent,
           bent / plain);
    throng_problem_clear(&problem);
}

int main(int argc, char **argv) {
    throng_error err = {0};
    throng_context *context = NULL;
    double seconds = argc > 1 ? atof(argv[1]) : 1.0;
    must(throng_context_create(&context, &err), &err);
    for (int k = 8; k <= 64; k *= 2)
        learn(context, k > 60 ? 60 : k);
    act(context, "majority-tracking:agents=1000", seconds);
    act(context, "majority-tracking:agents=1000000", seconds);
    bend(context, "public-goods:players=16", seconds);
    bend(context, "quadratic:players=4,parameters=4,convex=20", seconds);
    throng_context_free(context);
    return 0;
}
