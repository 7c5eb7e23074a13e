/* The report of a solved game, and its run directory: the strategy and how the gap went. */
#include "report/report.h"
#include "throng/strategy.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 1000 /* of a strategy in a run directory: strategy.parquet has all */

typedef struct solved {
    throng_i_reporter reporter;
    const throng_problem *problem;
    const throng_solution *solution;
    int64_t rows_max;
} solved;

static void put(solved *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->reporter.failed, object, key, item);
}

static void append(solved *self, json_t *list, json_t *item) {
    throng_i_json_append(&self->reporter.failed, list, item);
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

static json_t *pack_row(solved *self, int64_t index) {
    const throng_problem_kind *kind = self->problem->kind;
    const void *game = self->problem->game;
    throng_problem_row row = kind->row(game, index);
    const double *strategy = throng_solution_strategy(self->solution) + row.first;
    json_t *object = json_object(), *actions = json_array(), *probabilities = json_array();
    for (int a = 0; a < row.n_actions; a++) {
        append(self, actions, throng_i_json_string(kind->action_name(game, index, a)));
        append(self, probabilities, throng_i_json_real(strategy[a]));
    }
    put(self, object, "player", json_integer(row.player + 1));
    put(self, object, "set", throng_i_json_string(row.name));
    put(self, object, "actions", actions);
    put(self, object, kind->plain ? "numbers" : "probabilities", probabilities);
    return object;
}

static json_t *pack_trace(solved *self) {
    json_t *trace = json_array();
    for (int64_t i = 0; i < throng_solution_trace(self->solution); i++) {
        json_t *point = json_object();
        put(self, point, "iteration", json_integer(throng_solution_trace_iteration(self->solution, i)));
        put(self, point, "gap", throng_i_json_real(throng_solution_trace_gap(self->solution, i)));
        append(self, trace, point);
    }
    return trace;
}

static json_t *pack_solution(solved *self) {
    const throng_problem_kind *kind = self->problem->kind;
    const void *game = self->problem->game;
    const throng_solution *solution = self->solution;
    json_t *object = json_object(), *players = json_array(), *values = json_array(), *rows = json_array();
    json_t *halves = json_array(), *notes = json_object();
    char size[100];
    int64_t n = kind->rows(game);
    kind->describe(game, size, sizeof size);
    for (int p = 0; p < kind->players(game); p++) {
        append(self, players, throng_i_json_string(kind->player_name(game, p)));
        append(self, values, throng_i_json_real(throng_solution_value(solution, p)));
        append(self, halves, throng_i_json_real(throng_solution_value_half(solution, p)));
    }
    for (int64_t i = 0; i < n && i < self->rows_max; i++)
        append(self, rows, pack_row(self, i));
    put(self, object, "game", throng_i_json_string(kind->name(game)));
    put(self, object, "size", throng_i_json_string(size));
    put(self, object, "players", players);
    put(self, object, "solver", throng_i_json_string(throng_solution_solver(solution)));
    put(self, object, "iterations", json_integer(throng_solution_iterations(solution)));
    put(self, object, "evaluations", json_integer(throng_solution_evaluations(solution)));
    put(self, object, "value", values);
    put(self, object, "value_half", halves);
    put(self, object, "welfare", throng_i_json_real(throng_solution_welfare(solution)));
    put(self, object, "equality", throng_i_json_real(throng_solution_equality(solution)));
    put(self, object, "measure", throng_i_json_string(throng_solution_gap_name(solution)));
    put(self, object, "gap", throng_i_json_real(throng_solution_gap(solution)));
    put(self, object, "game_gap", throng_i_json_real(throng_solution_game_gap(solution)));
    put(self, object, "tolerance", throng_i_json_real(throng_solution_tolerance(solution)));
    put(self, object, "converged", json_boolean(throng_solution_converged(solution)));
    put(self, object, "sets", json_integer(n));
    put(self, object, "strategy", rows);
    put(self, object, "trace", pack_trace(self));
    for (int i = 0; throng_solution_note(solution, i).name; i++)
        put(self, notes, throng_solution_note(solution, i).name,
            throng_i_json_real(throng_solution_note(solution, i).value));
    put(self, object, "notes", notes);
    return object;
}

static json_t *citations(throng_i_reporter *self, const char *game, const char *solver) {
    json_t *list = json_array();
    throng_i_report_cite_about(self, list, "game", throng_i_report_plugin(self, THRONG_KIND_GAME, game));
    throng_i_report_cite_about(self, list, "solver", throng_i_report_plugin(self, THRONG_KIND_SOLVER, solver));
    return throng_i_report_cite_throng(self, list);
}

static throng_status make_document(solved *self, json_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_report_def *def = self->reporter.def;
    json_t *document = json_object();
    put(self, document, "schema", json_integer(THRONG_REPORT_SCHEMA));
    put(self, document, "throng", throng_i_report_program(&self->reporter));
    put(self, document, "complete", json_true());
    put(self, document, "solution", pack_solution(self));
    put(self, document, "timings", json_object());
    put(self, document, "provenance", throng_i_report_provenance(&self->reporter));
    put(self, document, "cite",
        citations(&self->reporter, self->problem->kind->name(self->problem->game),
                  throng_solution_solver(self->solution)));
    THRONG_REQUIRE(!self->reporter.failed, E_MEMORY, "Out of memory: the report could not be made.");
    THRONG_TRY(throng_i_report_finish(document, def->timings, def->n_timings, err));
    *out = json_incref(document);
out:
    json_decref(document);
    return status;
}

static throng_status make_text(throng_context *context, const throng_problem *problem, const throng_solution *solution,
                               const throng_report_def *def, int64_t rows_max, char **json, throng_error *err) {
    throng_status status = THRONG_OK;
    solved self = {{.context = context, .def = def}, problem, solution, rows_max};
    json_t *document = NULL;
    THRONG_TRY(make_document(&self, &document, err));
    THRONG_TRY(throng_i_json_text(context, document, json, err));
out:
    json_decref(document);
    return status;
}

throng_status throng_solution_json(throng_context *context, const throng_problem *problem,
                                   const throng_solution *solution, const throng_report_def *def, char **json,
                                   throng_error *err) {
    return make_text(context, problem, solution, def, INT64_MAX, json, err);
}

/* ---- the run directory ----------------------------------------------------------------------------------------- */

static throng_status write_trace(throng_context *context, const throng_solution *solution, const char *path,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    void *iterations = NULL, *gaps = NULL;
    int64_t n = throng_solution_trace(solution);
    THRONG_TRY(throng_table_create(context, n, &table, err));
    THRONG_TRY(throng_table_add(table, "iteration", THRONG_TYPE_INT64, &iterations, err));
    THRONG_TRY(throng_table_add(table, "gap", THRONG_TYPE_FLOAT64, &gaps, err));
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)iterations)[i] = throng_solution_trace_iteration(solution, i);
        ((double *)gaps)[i] = throng_solution_trace_gap(solution, i);
    }
    THRONG_TRY(throng_table_write(table, path, false, err));
out:
    throng_table_free(table);
    return status;
}

throng_status throng_solution_save(throng_context *context, const throng_problem *problem,
                                   const throng_solution *solution, const throng_report_def *def, const char *path,
                                   bool force, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_run_directory directory = {.context = context};
    char *json = NULL, *strategy = NULL, *trace = NULL;
    THRONG_TRY(make_text(context, problem, solution, def, ROWS_MAX, &json, err));
    THRONG_TRY(throng_i_run_directory_begin(context, path, force, &directory, err));
    THRONG_TRY(throng_i_print(context, &strategy, err, "%s/strategy.parquet", directory.draft));
    THRONG_TRY(throng_i_print(context, &trace, err, "%s/trace.parquet", directory.draft));
    THRONG_TRY(throng_strategy_write(context, problem, throng_solution_strategy(solution), strategy, false, err));
    THRONG_TRY(write_trace(context, solution, trace, err));
    THRONG_TRY(throng_i_run_directory_text(&directory, "report.json", json, err));
    THRONG_TRY(throng_i_run_directory_commit(&directory, err));
out:
    throng_i_run_directory_clear(&directory);
    throng_i_free(context, json);
    throng_i_free(context, strategy);
    throng_i_free(context, trace);
    return status;
}
