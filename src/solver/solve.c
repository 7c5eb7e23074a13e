/* The loop of every solver: iterations, the gap and its trace, stopping. */
#include "core/core.h"
#include "game/tree.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

#define ITERATIONS 100000
#define TOLERANCE  1e-3

typedef struct point {
    int64_t iteration;
    double gap;
} point;

struct throng_solution {
    throng_context *context;
    char solver[THRONG_I_SPEC_LENGTH];
    int64_t iterations;
    double tolerance, gap, values[THRONG_GAME_PLAYERS_MAX];
    double *strategy; /* [sequences] */
    point *trace;
    int64_t n_trace, trace_cap;
};

static throng_status make_state(throng_context *context, const throng_tree *tree, throng_solver_state *state,
                                double **room, throng_error *err) {
    int64_t n = tree->n_sequences;
    throng_status status = throng_i_alloc(context, 5 * n + tree->n_sets, sizeof **room, room, err);
    if (status != THRONG_OK)
        return status;
    state->tree = tree;
    state->strategy = *room;
    state->average = *room + n;
    state->kept = *room + 2 * n;
    state->plan = *room + 3 * n;
    state->worth = *room + 4 * n;
    state->reach = *room + 5 * n;
    throng_tree_uniform(tree, state->strategy);
    return THRONG_OK;
}

/* Measures what the solver has found so far, and adds it to the trace. */
static throng_status measure(throng_solution *self, const throng_solver *solver, const throng_solver_state *state,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_tree *tree = state->tree;
    if (solver->last)
        memcpy(self->strategy, state->strategy, (size_t)tree->n_sequences * sizeof *self->strategy);
    else
        throng_tree_strategy(tree, state->average, self->strategy);
    THRONG_TRY(throng_tree_gap(tree, self->strategy, self->values, &self->gap, err));
    THRONG_REQUIRE(isfinite(self->gap), E_NOT_CONVERGED,
                   "%s: the gap stopped being a number in iteration %lld: take smaller steps.", self->solver,
                   (long long)state->iteration);
    if (self->n_trace == self->trace_cap) {
        int64_t cap = 2 * self->trace_cap + 64;
        THRONG_TRY(throng_i_resize(self->context, &self->trace, cap, sizeof *self->trace, err));
        self->trace_cap = cap;
    }
    self->trace[self->n_trace++] = (point){state->iteration, self->gap};
out:
    return status;
}

static throng_status iterate(throng_solution *self, const throng_solver *solver, throng_solver_state *state, bool every,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    throng_progress progress = {"solving", "iterations", 0, state->iterations};
    int64_t next = 1; /* when to look at the gap */
    for (state->iteration = 1; state->iteration <= state->iterations; state->iteration++) {
        int64_t at = state->iteration;
        THRONG_TRY(solver->step(state, err));
        self->iterations = at;
        if (every || at >= next || at == state->iterations) {
            THRONG_TRY(measure(self, solver, state, err));
            if (self->gap <= self->tolerance)
                break;
            next = at + 1 + at / 20;
        }
        progress.done = at;
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
out:
    return status;
}

throng_status throng_solve(throng_context *context, const throng_tree *tree, const throng_solve_def *def,
                           throng_solution **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    throng_solution *self = NULL;
    throng_solver_state state = {0};
    double *room = NULL;
    THRONG_REQUIRE(def->solver, E_ARGUMENT, "No solver was named.");
    THRONG_REQUIRE(def->iterations >= 0, E_ARGUMENT, "iterations must not be negative, got %lld.",
                   (long long)def->iterations);
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_SOLVER, def->solver, &use, err));
    const throng_solver *solver = (const throng_solver *)(const void *)use.about;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->tolerance = def->tolerance != 0.0 ? fmax(def->tolerance, 0.0) : TOLERANCE;
    throng_i_plugin_print(&use, self->solver, sizeof self->solver);
    THRONG_TRY(throng_i_alloc(context, tree->n_sequences, sizeof *self->strategy, &self->strategy, err));
    THRONG_TRY(make_state(context, tree, &state, &room, err));
    /* Before any iteration: games that have no gap are refused. */
    THRONG_TRY(throng_tree_gap(tree, state.strategy, NULL, &self->gap, err));
    state.param = use.param;
    state.iterations = solver->once ? 1 : def->iterations > 0 ? def->iterations : ITERATIONS;
    THRONG_TRY(iterate(self, solver, &state, def->every, err));
    *out = self;
    self = NULL;
out:
    throng_i_free(context, room);
    throng_solution_free(self);
    return status;
}

void throng_solution_free(throng_solution *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->strategy);
    throng_i_free(self->context, self->trace);
    throng_i_free(self->context, self);
}

const char *throng_solution_solver(const throng_solution *self) {
    return self->solver;
}

int64_t throng_solution_iterations(const throng_solution *self) {
    return self->iterations;
}

double throng_solution_gap(const throng_solution *self) {
    return self->gap;
}

double throng_solution_tolerance(const throng_solution *self) {
    return self->tolerance;
}

bool throng_solution_converged(const throng_solution *self) {
    return self->gap <= self->tolerance;
}

double throng_solution_value(const throng_solution *self, int player) {
    return self->values[player];
}

const double *throng_solution_strategy(const throng_solution *self) {
    return self->strategy;
}

int64_t throng_solution_trace(const throng_solution *self) {
    return self->n_trace;
}

int64_t throng_solution_trace_iteration(const throng_solution *self, int64_t index) {
    return self->trace[index].iteration;
}

double throng_solution_trace_gap(const throng_solution *self, int64_t index) {
    return self->trace[index].gap;
}
