/* Tests of the solver @NAME@: games whose values are known. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static throng_error err;

static void must(throng_status status) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "failed: %s\n", err.message);
    exit(EXIT_FAILURE);
}

static void check(const char *what, double found, double wanted, double tolerance) {
    if (fabs(found - wanted) <= tolerance)
        return;
    fprintf(stderr, "failed: %s is %.12g, not %.12g\n", what, found, wanted);
    exit(EXIT_FAILURE);
}

/* The gap, as long as it is above 0, says how far off a value can be. */
static void solve(throng_context *context, const char *game, double value, double tolerance) {
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    throng_solve_def how = {.solver = "@NAME@", .iterations = 10000, .tolerance = tolerance};
    must(throng_problem_open(context, game, &problem, &err));
    must(throng_solve(context, &problem, &how, &solution, &err));
    check("the gap", throng_solution_gap(solution), 0.0, tolerance);
    check("the first player's value", throng_solution_value(solution, 0), value, tolerance);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    solve(context, "kuhn", -1.0 / 18.0, 0.005);
    solve(context, "leduc", -0.0856, 0.05);
    throng_context_free(context);
    printf("@NAME@: values are those that are known\n");
    return EXIT_SUCCESS;
}
