/* What every test of a suite starts with and gives back: a context that has forgotten nothing; and memory that runs
 * out. For TestSuite(name, .init = set_up, .fini = tear_down). */
#ifndef THRONG_TESTS_SUITE_H
#define THRONG_TESTS_SUITE_H

#include "crowds.h"

static throng_context *context;
static throng_error error;
static int64_t idle_bytes;

static inline void set_up(void) {
    context = test_context(2);
    idle_bytes = throng_context_bytes(context);
}

static inline void tear_down(void) {
    int64_t left = throng_context_bytes(context) - idle_bytes;
    cr_expect_eq(left, 0, "%lld bytes leak", (long long)left);
    throng_context_free(context);
}

/* Uses `in` for something, writes into `error` what went wrong, and gives all back. @param turn 1, 2, ... */
typedef throng_status (*test_use_fn)(throng_context *in, int64_t turn, void *user);

/* Every allocation fails in turn, each in a context of its own: the status says so, and nothing stays behind. It ends
 * with the first turn in which none fails, of at most `most`. */
static inline void expect_survives(test_use_fn use, void *user, int64_t most) {
    bool finished = false;
    for (int64_t turn = 1; !finished; turn++) {
        test_faults faults = {0};
        throng_context *own = NULL;
        cr_assert_eq(throng_context_create_with(test_faulty_realloc, &faults, &own, &error), THRONG_OK);
        int64_t idle = throng_context_bytes(own);
        faults.fail_at = faults.calls + turn;
        throng_status status = use(own, turn, user);
        finished = faults.calls < faults.fail_at;
        cr_assert_eq(status, finished ? THRONG_OK : THRONG_E_MEMORY, "allocation %lld: %s", (long long)turn,
                     error.message);
        cr_assert_eq(throng_context_bytes(own), idle, "allocation %lld leaks", (long long)turn);
        throng_context_free(own);
        cr_assert_lt(turn, most);
    }
}

/* A use: a game, opened and solved for three iterations, by two solvers in turn if there are two. */
typedef struct test_solving {
    const char *game, *solver, *other_solver;
} test_solving;

static inline throng_status open_and_solve(throng_context *in, int64_t turn, void *user) {
    const test_solving *what = user;
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    throng_solve_def def = {.solver = what->other_solver && turn % 2 ? what->other_solver : what->solver,
                            .iterations = 3};
    throng_status status = throng_problem_open(in, what->game, &problem, &error);
    if (status == THRONG_OK)
        status = throng_solve(in, &problem, &def, &solution, &error);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
    return status;
}

#endif
