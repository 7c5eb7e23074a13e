/* The loop of every solver: iterations, the gap and its trace, stopping. */
#include "core/core.h"
#include "throng/solver.h"

#include <math.h>
#include <stdio.h>
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
    const char *gap_name;
    int64_t iterations, evaluations;
    bool ended; /* by the solver itself: more iterations would change nothing */
    double tolerance, gap, game_gap, values[2 * THRONG_GAME_PLAYERS_MAX]; /* and half widths */
    int n_players;
    throng_solver_note notes[THRONG_SOLVER_NOTES_MAX + 1]; /* the last has no name */
    double *strategy;                                      /* [numbers] */
    point *trace;
    int64_t n_trace, trace_cap;
};

static throng_status make_state(throng_context *context, const throng_problem *problem, int n_more,
                                throng_solver_state *state, double **room, throng_problem_row **rows,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = problem->kind;
    int64_t n = kind->numbers(problem->game), n_rows = kind->rows(problem->game);
    THRONG_TRY(throng_i_alloc(context, (7 + n_more) * n + n_rows, sizeof **room, room, err));
    THRONG_TRY(throng_i_alloc(context, n_rows, sizeof **rows, rows, err));
    for (int64_t r = 0; r < n_rows; r++)
        (*rows)[r] = kind->row(problem->game, r);
    state->context = context;
    state->problem = problem;
    state->tree = kind->form == THRONG_GAME_FORM_TREE ? problem->game : NULL;
    state->strategy = *room;
    state->average = *room + n;
    state->kept = *room + 2 * n;
    state->plan = *room + 3 * n;
    state->worth = *room + 4 * n;
    state->reference = *room + 5 * n;
    state->log_reference = *room + 6 * n;
    state->more = *room + 7 * n;
    state->reach = *room + (7 + n_more) * n;
    state->rows = *rows;
    state->n_rows = n_rows;
    kind->start(problem->game, state->strategy);
    (kind->reference ? kind->reference : kind->start)(problem->game, *room + 5 * n);
    for (int64_t i = 0; kind->worth && i < n; i++)
        (*room)[6 * n + i] = log(state->reference[i]);
out:
    return status;
}

/* Measures what the solver has found so far, and adds it to the trace. */
static throng_status measure(throng_solution *self, const throng_solver *solver, const throng_solver_state *state,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem *problem = state->problem;
    if (solver->last)
        memcpy(self->strategy, state->strategy, (size_t)problem->kind->numbers(problem->game) * sizeof *self->strategy);
    else
        throng_problem_average(problem, state->average, self->strategy);
    if (solver->gap)
        THRONG_TRY(solver->gap(state, self->strategy, &self->gap, err));
    else
        THRONG_TRY(problem->kind->gap(problem->game, self->strategy, NULL, &self->gap, err));
    THRONG_REQUIRE(isfinite(self->gap), E_NOT_CONVERGED,
                   "%s: the %s stopped being a number in iteration %lld: take smaller steps.", self->solver,
                   self->gap_name, (long long)state->iteration);
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
        if (every || at >= next || at == state->iterations || state->done) {
            THRONG_TRY(measure(self, solver, state, err));
            if (self->gap <= self->tolerance || state->done)
                break;
            next = at + 1 + at / 20;
        }
        progress.done = at;
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
out:
    return status;
}

static throng_status require_served(const throng_solver *solver, const throng_problem *problem, throng_error *err) {
    static const struct {
        throng_game_form form;
        const char *name;
    } all[] = {{THRONG_GAME_FORM_TREE, "trees"},
               {THRONG_GAME_FORM_MARKOV, "Markov games"},
               {THRONG_GAME_FORM_AGGREGATIVE, "games of one who decides for a crowd"},
               {THRONG_GAME_FORM_SMOOTH, "smooth games"},
               {THRONG_GAME_FORM_OPERATOR, "operators"},
               {THRONG_GAME_FORM_PREFERENCE, "games of preferences"}};
    unsigned forms = solver->forms ? solver->forms : THRONG_GAME_FORM_TREE;
    char served[240] = "", own[64] = "of another form";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t length = strlen(served);
        if (forms & all[i].form)
            snprintf(served + length, sizeof served - length, "%s%s", length ? " or " : "", all[i].name);
        if (problem->kind->form == all[i].form)
            snprintf(own, sizeof own, "one of the %s", all[i].name);
    }
    if (forms & problem->kind->form)
        return THRONG_OK;
    return THRONG_FAIL(err, E_UNSUPPORTED, "%s solves %s, and %.60s is %s: see throng list solvers.",
                       solver->about.name, served, problem->kind->name(problem->game), own);
}

/* A strategy that is given must be one. */
static throng_status take_start(const throng_solver_state *state, const double *start, throng_error *err) {
    for (int64_t r = 0; r < state->n_rows; r++) {
        const throng_problem_row *row = &state->rows[r];
        double sum = 0.0;
        for (int64_t a = row->first; a < row->first + row->n_actions; a++) {
            if (!(start[a] >= 0.0))
                return THRONG_FAIL(err, E_ARGUMENT, "A probability must not be below 0, got %g at \"%.60s\".", start[a],
                                   row->name);
            state->strategy[a] = start[a];
            sum += start[a];
        }
        if (!(fabs(sum - 1.0) <= 1e-6))
            return THRONG_FAIL(err, E_ARGUMENT, "The probabilities at \"%.60s\" add up to %.9g, not to 1.", row->name,
                               sum);
    }
    return THRONG_OK;
}

throng_status throng_solve(throng_context *context, const throng_problem *problem, const throng_solve_def *def,
                           throng_solution **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_plugin_use use;
    throng_solution *self = NULL;
    throng_solver_state state = {.seed = def->seed};
    const throng_solver *solver = NULL;
    double *room = NULL;
    throng_problem_row *rows = NULL;
    bool began = false;
    const char *name = def->solver ? def->solver : problem->kind->solver;
    THRONG_REQUIRE(name, E_ARGUMENT, "No solver was named.");
    THRONG_REQUIRE(def->iterations >= 0, E_ARGUMENT, "iterations must not be negative, got %lld.",
                   (long long)def->iterations);
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_SOLVER, name, &use, err));
    solver = (const throng_solver *)(const void *)use.about;
    THRONG_TRY(require_served(solver, problem, err));
    if (solver->prepare)
        THRONG_TRY(solver->prepare(problem, use.param, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_players = problem->kind->players(problem->game);
    self->tolerance = def->tolerance != 0.0 ? fmax(def->tolerance, 0.0) : TOLERANCE;
    self->gap_name = solver->gap ? solver->gap_name : "gap";
    throng_i_plugin_print(&use, self->solver, sizeof self->solver);
    THRONG_TRY(
        throng_i_alloc(context, problem->kind->numbers(problem->game), sizeof *self->strategy, &self->strategy, err));
    THRONG_REQUIRE(!def->start || solver->starts, E_UNSUPPORTED,
                   "%s cannot start with a given strategy: take mds or mmd.", solver->about.name);
    THRONG_TRY(make_state(context, problem, solver->n_more, &state, &room, &rows, err));
    if (def->start)
        THRONG_TRY(take_start(&state, def->start, err));
    /* Before any iteration: games that have no gap are refused. */
    THRONG_TRY(problem->kind->gap(problem->game, state.strategy, NULL, &self->gap, err));
    state.param = use.param;
    state.iterations = solver->once ? 1 : def->iterations > 0 ? def->iterations : ITERATIONS;
    began = true;
    if (solver->begin)
        THRONG_TRY(solver->begin(&state, err));
    THRONG_TRY(iterate(self, solver, &state, def->every, err));
    THRONG_TRY(problem->kind->gap(problem->game, self->strategy, self->values, &self->game_gap, err));
    self->ended = state.done || solver->once;
    self->evaluations = state.evaluations;
    memcpy(self->notes, state.notes, (size_t)state.n_notes * sizeof *self->notes);
    *out = self;
    self = NULL;
out:
    if (began && solver->end)
        solver->end(&state);
    throng_i_free(context, room);
    throng_i_free(context, rows);
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

const char *throng_solution_gap_name(const throng_solution *self) {
    return self->gap_name;
}

double throng_solution_game_gap(const throng_solution *self) {
    return self->game_gap;
}

int64_t throng_solution_evaluations(const throng_solution *self) {
    return self->evaluations;
}

double throng_solution_tolerance(const throng_solution *self) {
    return self->tolerance;
}

bool throng_solution_converged(const throng_solution *self) {
    return self->gap <= self->tolerance;
}

void throng_solution_advise(const throng_solution *self, char *text, size_t size) {
    int n = snprintf(text, size, "%s did not converge: after %lld iteration%s the %s is %g, and the tolerance %g. ",
                     self->solver, (long long)self->iterations, self->iterations == 1 ? "" : "s", self->gap_name,
                     self->gap, self->tolerance);
    if (n < 0 || (size_t)n >= size)
        return;
    if (self->ended)
        snprintf(text + n, size - (size_t)n,
                 "It has come to its end, not to that of its iterations: give it other parameters (throng describe "
                 "solver %.*s), another solver or a larger tolerance.",
                 (int)strcspn(self->solver, ":"), self->solver);
    else
        snprintf(text + n, size - (size_t)n, "Give more iterations, another solver or a larger tolerance.");
}

double throng_solution_value(const throng_solution *self, int player) {
    return self->values[player];
}

double throng_solution_value_half(const throng_solution *self, int player) {
    return self->values[self->n_players + player];
}

double throng_solution_welfare(const throng_solution *self) {
    double sum = 0.0;
    for (int p = 0; p < self->n_players; p++)
        sum += self->values[p];
    return sum;
}

double throng_solution_equality(const throng_solution *self) {
    double apart = 0.0, welfare = throng_solution_welfare(self);
    for (int p = 0; p < self->n_players; p++) {
        if (self->values[p] < 0.0)
            return (double)NAN;
        for (int q = 0; q < self->n_players; q++)
            apart += fabs(self->values[p] - self->values[q]);
    }
    return welfare > 0.0 ? 1.0 - apart / (2.0 * self->n_players * welfare) : (double)NAN;
}

throng_solver_note throng_solution_note(const throng_solution *self, int index) {
    bool known = index >= 0 && index < THRONG_SOLVER_NOTES_MAX;
    return known ? self->notes[index] : (throng_solver_note){0};
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
