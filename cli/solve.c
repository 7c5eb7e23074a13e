/* throng solve: what everybody should play in a game, and how far that is from an equilibrium. */
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 24 /* information sets that are printed */

typedef struct request {
    const char *solver, *tolerance, *write;
    int64_t iterations;
    bool every, quiet, json;
} request;

/* ---- results --------------------------------------------------------------------------------------------------- */

static void print_set(const throng_tree *tree, int index, const double *strategy) {
    throng_tree_set set = throng_tree_set_at(tree, index);
    printf("  ");
    cli_print_left(cli_clip(throng_tree_player_name(tree, set.player), 16).text, 18);
    cli_print_left(cli_clip(set.name, 14).text, 16);
    for (int a = 0; a < set.n_actions; a++)
        if (strategy[set.first + a] >= 0.0005)
            printf("%s %s  ", cli_clip(throng_tree_action_name(tree, index, a), 20).text,
                   cli_percent(strategy[set.first + a]).text);
    printf("\n");
}

static void print_result(const throng_tree *tree, const throng_solution *solution) {
    int n = throng_tree_sets(tree);
    printf("%s: %s nodes, %s information sets\n", throng_tree_name(tree), cli_count(throng_tree_nodes(tree)).text,
           cli_count(n).text);
    printf("%s, %s iteration%s: gap %s (tolerance %s)\n\n", throng_solution_solver(solution),
           cli_count(throng_solution_iterations(solution)).text, throng_solution_iterations(solution) == 1 ? "" : "s",
           cli_value(throng_solution_gap(solution)).text, cli_value(throng_solution_tolerance(solution)).text);
    for (int p = 0; p < throng_tree_players(tree); p++) {
        printf("  ");
        cli_print_left(cli_clip(throng_tree_player_name(tree, p), 16).text, 18);
        printf("gets %s\n", cli_value(throng_solution_value(solution, p)).text);
    }
    printf("\n");
    for (int i = 0; i < n && i < SHOWN; i++)
        print_set(tree, i, throng_solution_strategy(solution));
    if (n > SHOWN)
        printf("  ... and %s more: --json has them all\n", cli_count(n - SHOWN).text);
}

static json_t *pack_set(const throng_tree *tree, int index, const double *strategy) {
    throng_tree_set set = throng_tree_set_at(tree, index);
    json_t *actions = json_array(), *probabilities = json_array();
    for (int a = 0; a < set.n_actions; a++) {
        json_array_append_new(actions, json_string(throng_tree_action_name(tree, index, a)));
        json_array_append_new(probabilities, json_real(strategy[set.first + a]));
    }
    return json_pack("{s:i, s:s, s:o, s:o}", "player", set.player + 1, "set", set.name, "actions", actions,
                     "probabilities", probabilities);
}

static int print_json(const throng_tree *tree, const throng_solution *solution) {
    json_t *values = json_array(), *names = json_array(), *sets = json_array(), *trace = json_array();
    for (int p = 0; p < throng_tree_players(tree); p++) {
        json_array_append_new(values, json_real(throng_solution_value(solution, p)));
        json_array_append_new(names, json_string(throng_tree_player_name(tree, p)));
    }
    for (int i = 0; i < throng_tree_sets(tree); i++)
        json_array_append_new(sets, pack_set(tree, i, throng_solution_strategy(solution)));
    for (int64_t i = 0; i < throng_solution_trace(solution); i++)
        json_array_append_new(trace, json_pack("{s:I, s:f}", "iteration",
                                               (json_int_t)throng_solution_trace_iteration(solution, i), "gap",
                                               throng_solution_trace_gap(solution, i)));
    json_t *document = json_pack("{s:s, s:o, s:s, s:I, s:o, s:f, s:f, s:b, s:o, s:o}", "game", throng_tree_name(tree),
                                 "players", names, "solver", throng_solution_solver(solution), "iterations",
                                 (json_int_t)throng_solution_iterations(solution), "value", values, "gap",
                                 throng_solution_gap(solution), "tolerance", throng_solution_tolerance(solution),
                                 "converged", throng_solution_converged(solution), "strategy", sets, "trace", trace);
    if (!document)
        return cli_fail(CLI_FAILURE, "the result cannot be written as JSON: a name is not UTF-8.");
    json_dumpf(document, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(document);
    return CLI_OK;
}

static int report(const request *wanted, const throng_tree *tree, const throng_solution *solution) {
    int code = CLI_OK;
    if (wanted->json)
        code = print_json(tree, solution);
    else if (!wanted->quiet)
        print_result(tree, solution);
    if (code == CLI_OK)
        code = cli_finish_output();
    if (code == CLI_OK && !throng_solution_converged(solution))
        code = cli_fail(CLI_FAILURE,
                        "%s did not converge: after %lld iterations the gap is %g, and the tolerance %g. Give more "
                        "--iterations, another --solver or a larger --tolerance.",
                        throng_solution_solver(solution), (long long)throng_solution_iterations(solution),
                        throng_solution_gap(solution), throng_solution_tolerance(solution));
    return code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int solve(const request *wanted, const char *name, throng_context *context, throng_tree **tree,
                 throng_solution **solution) {
    throng_error err = {0};
    throng_solve_def def = {.solver = wanted->solver, .iterations = wanted->iterations, .every = wanted->every};
    if (!cli_llm_read_real("--tolerance", wanted->tolerance, &def.tolerance))
        return CLI_USAGE;
    if (wanted->tolerance && def.tolerance == 0.0)
        def.tolerance = -1.0; /* all iterations, where 0 in a def is the default */
    if (throng_tree_open(context, name, tree, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (wanted->write && throng_tree_write(*tree, wanted->write, &err) != THRONG_OK)
        return cli_fail_error(&err);
    cli_progress progress;
    cli_progress_attach(&progress, context, wanted->quiet);
    throng_status status = throng_solve(context, *tree, &def, solution, &err);
    cli_progress_clear(&progress);
    return status == THRONG_OK ? report(wanted, *tree, *solution) : cli_fail_error(&err);
}

static int run(const cli_command *self, int argc, char **argv) {
    throng_error err = {0};
    request wanted = {.solver = "cfr-plus", .iterations = 100000};
    cli_options options;
    bool proceed = false;
    cli_options_init(&options, self);
    cli_options_text(&options, "--solver", "NAME[:...]", &wanted.solver,
                     "how: see throng list solvers (default: cfr-plus)");
    cli_options_count(&options, "--iterations", "N", &wanted.iterations, 1, 1e12, "the most (default: 100,000)");
    cli_options_text(&options, "--tolerance", "X", &wanted.tolerance,
                     "gap that is good enough, what all players together could gain (default: 0.001)");
    cli_options_switch(&options, "--every", &wanted.every, "measure the gap in every iteration");
    cli_options_text(&options, "--write", "FILE.efg", &wanted.write, "write the game, as a tree of Gambit's");
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    int code = cli_options_parse(&options, argc, argv, &proceed);
    if (proceed && options.n_positional != 1) {
        code = cli_fail(CLI_USAGE, "which game? Name one: see throng list games, or give a file GAME.efg or GAME.nfg.");
        proceed = false;
    }
    throng_context *context = NULL;
    throng_tree *tree = NULL;
    throng_solution *solution = NULL;
    if (proceed && throng_context_create(&context, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    if (context)
        code = solve(&wanted, options.positional[0], context, &tree, &solution);
    throng_solution_free(solution);
    throng_tree_free(tree);
    throng_context_free(context);
    cli_options_clear(&options);
    return code;
}

const cli_command cli_command_solve = {
    .name = "solve",
    .synopsis = "GAME [--solver NAME] [options]",
    .summary = "Finds what everybody should play, and how far that is from an equilibrium.",
    .details =
        "Games: throng list games, prisoners-dilemma, battle-of-the-sexes, stag-hunt, ordinal:1 to ordinal:144,\n"
        "Gambit files GAME.efg and GAME.nfg. The gap is NashConv: what the players would gain, added up, if each\n"
        "alone changed to a best response. Exits with 1 if it stays above the tolerance.\n"
        "\n"
        "  throng solve kuhn\n"
        "  throng solve leduc --solver cfr-plus --tolerance 0.01 --json > leduc.json",
    .run = run,
};
