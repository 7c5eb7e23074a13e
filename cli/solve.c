/* throng solve: what everybody should play in a game, and how far that is from an equilibrium. */
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHOWN         24 /* information sets that are printed */
#define SHOWN_NUMBERS 8  /* of a row that has no actions, only numbers */
#define SHOWN_ACTIONS 12
#define NEVER         0.0005

typedef struct request {
    const char *solver, *tolerance, *write, *start, *out, *plugin;
    int64_t iterations, seed;
    bool every, quiet, json, force;
} request;

/* ---- results --------------------------------------------------------------------------------------------------- */

/* The SHOWN_ACTIONS largest probabilities are not below this. @param play [n] */
static double least_shown(const double *play, int n) {
    double largest[SHOWN_ACTIONS] = {0.0};
    for (int a = 0; a < n; a++) {
        int at = SHOWN_ACTIONS;
        for (; at > 0 && play[a] > largest[at - 1]; at--)
            if (at < SHOWN_ACTIONS)
                largest[at] = largest[at - 1];
        if (at < SHOWN_ACTIONS)
            largest[at] = play[a];
    }
    return fmax(largest[SHOWN_ACTIONS - 1], NEVER);
}

static void print_row(const throng_problem *problem, int64_t index, const double *strategy) {
    const throng_problem_kind *kind = problem->kind;
    throng_problem_row row = kind->row(problem->game, index);
    printf("  ");
    cli_print_left(throng_phrase_clip(kind->player_name(problem->game, row.player), 16).text, 18);
    cli_print_left(throng_phrase_clip(row.name, 14).text, 16);
    const double *numbers = strategy + row.first;
    double least = least_shown(numbers, row.n_actions);
    int hidden = 0;
    for (int a = 0; a < row.n_actions; a++) {
        bool shown = kind->plain ? a < SHOWN_NUMBERS : numbers[a] >= least;
        if (shown)
            printf("%s %s  ", throng_phrase_clip(kind->action_name(problem->game, index, a), 20).text,
                   kind->plain ? throng_phrase_value(numbers[a]).text : throng_phrase_share(numbers[a]).text);
        else
            hidden += kind->plain || numbers[a] >= NEVER;
    }
    if (hidden)
        printf(kind->plain ? "and %d more" : "and %d smaller", hidden);
    printf("\n");
}

/* "value_error" with a space. */
static void print_note(throng_solver_note note) {
    throng_phrase name;
    snprintf(name.text, sizeof name.text, "%s", note.name);
    for (char *c = name.text; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    printf("  ");
    cli_print_left(name.text, 18);
    printf("%s\n", throng_phrase_value(note.value).text);
}

static void print_result(const throng_problem *problem, const throng_solution *solution) {
    const throng_problem_kind *kind = problem->kind;
    int64_t n = kind->rows(problem->game);
    char size[100];
    kind->describe(problem->game, size, sizeof size);
    printf("%s: %s\n", kind->name(problem->game), size);
    printf("%s, %s iteration%s: %s %s (tolerance %s)\n", throng_solution_solver(solution),
           throng_phrase_count(throng_solution_iterations(solution)).text,
           throng_solution_iterations(solution) == 1 ? "" : "s", throng_solution_gap_name(solution),
           throng_phrase_value(throng_solution_gap(solution)).text,
           throng_phrase_value(throng_solution_tolerance(solution)).text);
    if (isfinite(throng_solution_game_gap(solution)) &&
        throng_solution_gap(solution) != throng_solution_game_gap(solution))
        printf("in the game itself: gap %s\n", throng_phrase_value(throng_solution_game_gap(solution)).text);
    printf("\n");
    for (int p = 0; p < kind->players(problem->game); p++) {
        printf("  ");
        cli_print_left(throng_phrase_clip(kind->player_name(problem->game, p), 16).text, 18);
        printf("gets %s", throng_phrase_value(throng_solution_value(solution, p)).text);
        if (throng_solution_value_half(solution, p) > 0.0)
            printf(" (+- %s)", throng_phrase_value(throng_solution_value_half(solution, p)).text);
        printf("\n");
    }
    if (kind->players(problem->game) > 1 && !isnan(throng_solution_equality(solution)))
        printf("  all together      get %s, equality %s\n", throng_phrase_value(throng_solution_welfare(solution)).text,
               throng_phrase_value(throng_solution_equality(solution)).text);
    for (int i = 0; throng_solution_note(solution, i).name; i++)
        print_note(throng_solution_note(solution, i));
    printf("\n");
    for (int64_t i = 0; i < n && i < SHOWN; i++)
        print_row(problem, i, throng_solution_strategy(solution));
    if (n > SHOWN)
        printf("  ... and %s more: --json has them all\n", throng_phrase_count(n - SHOWN).text);
}

static int print_json(throng_context *context, const throng_problem *problem, const throng_solution *solution) {
    throng_error err = {0};
    throng_report_def def = throng_report_default();
    char *text = NULL;
    if (throng_solution_json(context, problem, solution, &def, &text, &err) != THRONG_OK)
        return cli_fail_error(&err);
    json_t *document = json_loads(text, 0, NULL);
    throng_text_free(context, text);
    int code = cli_json_print(json_incref(json_object_get(document, "solution")));
    json_decref(document);
    return code;
}

static int report(const request *wanted, throng_context *context, const throng_problem *problem,
                  const throng_solution *solution) {
    int code = CLI_OK;
    if (wanted->json)
        code = print_json(context, problem, solution);
    else if (!wanted->quiet)
        print_result(problem, solution);
    if (code == CLI_OK)
        code = cli_finish_output();
    if (code == CLI_OK && !throng_solution_converged(solution)) {
        char advice[THRONG_SOLUTION_ADVICE];
        throng_solution_advise(solution, advice, sizeof advice);
        code = cli_fail(CLI_FAILURE, "%s", advice);
    }
    return code;
}

static double seconds_now(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int save(const request *wanted, throng_context *context, const throng_problem *problem,
                const throng_solution *solution, const char *command, double began) {
    throng_error err = {0};
    throng_timing timing = {"solve", seconds_now() - began};
    throng_report_def def = throng_report_default();
    def.command = command;
    def.seed = (uint64_t)wanted->seed;
    def.timings = &timing;
    def.n_timings = 1;
    if (throng_solution_save(context, problem, solution, &def, wanted->out, wanted->force, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

/* ---- a strategy to begin with ---------------------------------------------------------------------------------- */

/* One row of an earlier result; false: it is not of this game. */
static bool read_row(const json_t *from, throng_problem_row row, double *start) {
    const json_t *play = json_object_get(from, "probabilities");
    if (json_array_size(play) != (size_t)row.n_actions)
        return false;
    for (int a = 0; a < row.n_actions; a++) {
        if (!json_is_number(json_array_get(play, (size_t)a)))
            return false;
        start[row.first + a] = json_number_value(json_array_get(play, (size_t)a));
    }
    return true;
}

/* The strategy in a file that --json wrote. @param out freed by the caller */
static int read_start(const char *path, const throng_problem *problem, double **out) {
    json_error_t why;
    json_t *document = json_load_file(path, 0, &why);
    const json_t *rows = json_object_get(document, "strategy");
    int64_t n = problem->kind->rows(problem->game), numbers = problem->kind->numbers(problem->game);
    int code = CLI_OK;
    if (!document)
        return cli_fail(CLI_FAILURE, "%s cannot be read as JSON: %s.", path, why.text);
    bool good = json_array_size(rows) == (size_t)n;
    *out = calloc((size_t)numbers, sizeof **out);
    for (int64_t r = 0; *out && good && r < n; r++)
        good = read_row(json_array_get(rows, (size_t)r), problem->kind->row(problem->game, r), *out);
    if (!*out || !good)
        code =
            cli_fail(CLI_FAILURE, "%s has no strategy for this game: it must be what solve --json wrote for it.", path);
    json_decref(document);
    return code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int solve(const request *wanted, const cli_options *options, throng_context *context, throng_problem *problem,
                 throng_solution **solution) {
    throng_error err = {0};
    double began = seconds_now();
    throng_solve_def def = {.solver = wanted->solver,
                            .iterations = wanted->iterations,
                            .seed = (uint64_t)wanted->seed,
                            .every = wanted->every};
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE,
                        "which game? Name one: see throng list games, or give a file GAME.efg, GAME.nfg or GAME.csv.");
    const char *name = options->positional[0];
    if (!cli_llm_read_real("--tolerance", wanted->tolerance, &def.tolerance))
        return CLI_USAGE;
    if (wanted->tolerance && def.tolerance == 0.0)
        def.tolerance = -1.0; /* all iterations, where 0 in a def is the default */
    if (wanted->plugin && throng_context_load_plugin(context, wanted->plugin, &err) != THRONG_OK)
        return cli_fail_error(&err);
    cli_progress progress;
    cli_progress_attach(&progress, context, wanted->quiet);
    throng_status status = throng_problem_open(context, name, problem, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    if (wanted->write && problem->kind->form != THRONG_GAME_FORM_TREE)
        return cli_fail(CLI_USAGE, "%s is not played move by move: it cannot be written as a tree.", name);
    if (wanted->write && throng_tree_write(problem->game, wanted->write, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (wanted->out && throng_run_directory_check(context, wanted->out, wanted->force, &err) != THRONG_OK)
        return cli_fail_error(&err);
    double *start = NULL;
    int code = wanted->start ? read_start(wanted->start, problem, &start) : CLI_OK;
    if (code != CLI_OK) {
        free(start);
        return code;
    }
    def.start = start;
    status = throng_solve(context, problem, &def, solution, &err);
    cli_progress_clear(&progress);
    free(start);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    code = wanted->out ? save(wanted, context, problem, *solution, options->command_line, began) : CLI_OK;
    return code == CLI_OK ? report(wanted, context, problem, *solution) : code;
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    throng_problem problem = {0};
    throng_solution *solution = NULL;
    int code = solve(wanted, options, context, &problem, &solution);
    throng_solution_free(solution);
    throng_problem_clear(&problem);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {.iterations = 100000};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--solver", "NAME[:...]", &wanted.solver,
                     "how: see throng list solvers (default: one that serves the game)");
    cli_options_count(&options, "--iterations", "N", &wanted.iterations, 1, 1e12, "the most (default: 100,000)");
    cli_options_text(&options, "--tolerance", "X", &wanted.tolerance,
                     "gap that is good enough, what all players together could gain (default: 0.001)");
    cli_options_count(&options, "--seed", "N", &wanted.seed, 0, 1e15, "of solvers that draw (default: 0)");
    cli_options_switch(&options, "--every", &wanted.every, "measure the gap in every iteration");
    cli_options_text(&options, "--start", "FILE.json", &wanted.start,
                     "begin with the strategy of an earlier --json, as mds and mmd can");
    cli_options_text(&options, "--write", "FILE.efg", &wanted.write, "write the game, as a tree of Gambit's");
    cli_options_text(&options, "--out", "DIR", &wanted.out,
                     "write a run directory: report, strategy and trace, for throng show, report and serve");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load games and solvers from a shared object");
    cli_options_switch(&options, "--force", &wanted.force, "replace DIR if it holds an earlier run");
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_solve = {
    .name = "solve",
    .synopsis = "GAME [--solver NAME] [options]",
    .summary = "Finds what everybody should play, and how far that is from an equilibrium.",
    .details =
        "Games: throng list games, prisoners-dilemma, battle-of-the-sexes, stag-hunt, ordinal:1 to ordinal:144,\n"
        "Gambit files GAME.efg and GAME.nfg, matrices GAME.csv: how often the row is preferred to the column, or "
        "payoffs\n"
        "of both players in each cell, \"3 -3\". The gap is NashConv: what the players would gain, added up, if each\n"
        "alone changed to a best response; solvers drawn to a reference have a gap of their own. Exits with 1 if it\n"
        "stays above the tolerance.\n"
        "\n"
        "  throng solve kuhn\n"
        "  throng solve leduc --solver cfr-plus --tolerance 0.01 --json > leduc.json",
    .run = run,
};
