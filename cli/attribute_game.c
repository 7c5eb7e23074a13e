/* throng attribute --game: what each player's solved strategy adds to what all get. */
#include "cli/attribute_game.h"

#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH 18
#define TINY       1e-12 /* rounding of what cancels, not worth printing */

typedef struct request {
    const char *game, *plugin, *solver, *tolerance, *policy, *reference, *of, *method;
    int64_t iterations, seed;
    bool quiet, json;
} request;

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const request *wanted;
    throng_context *context;
    throng_problem problem;
    throng_solution *solution; /* NULL: a policy says what is played */
    double *strategy, *reference, tolerance;
    int of;
    double phi[THRONG_GAME_PLAYERS_MAX], standard_error[THRONG_GAME_PLAYERS_MAX];
    throng_certificate certificate;
} job;

/* ---- the work -------------------------------------------------------------------------------------------------- */

/* Everybody plays as the game begins. @return NULL: out of memory */
static double *make_strategy(const job *self) {
    const throng_problem_kind *kind = self->problem.kind;
    double *strategy = calloc((size_t)kind->numbers(self->problem.game), sizeof *strategy);
    if (strategy)
        kind->start(self->problem.game, strategy);
    return strategy;
}

static int solve(job *self) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    throng_solve_def def = {.solver = wanted->solver,
                            .iterations = wanted->iterations,
                            .tolerance = self->tolerance,
                            .seed = (uint64_t)wanted->seed};
    if (wanted->tolerance && def.tolerance == 0.0)
        def.tolerance = -1.0; /* all iterations, where 0 in a def is the default */
    return throng_solve(self->context, &self->problem, &def, &self->solution, &err) == THRONG_OK ? CLI_OK
                                                                                                 : cli_fail_error(&err);
}

/* The solver comes before room is made: some say how many numbers a strategy has. */
static int find_strategy(job *self) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    int code = wanted->policy ? CLI_OK : solve(self);
    if (code != CLI_OK)
        return code;
    self->strategy = make_strategy(self);
    self->reference = make_strategy(self);
    if (!self->strategy || !self->reference)
        return cli_fail(CLI_FAILURE, "out of memory.");
    if (self->solution)
        memcpy(self->strategy, throng_solution_strategy(self->solution),
               (size_t)self->problem.kind->numbers(self->problem.game) * sizeof *self->strategy);
    else if (throng_strategy_fill(self->context, &self->problem, wanted->policy, -1, (uint64_t)wanted->seed,
                                  self->strategy, &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

static int attribute(job *self) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    if (throng_game_credit_of(&self->problem, wanted->of, &self->of, &err) != THRONG_OK)
        return cli_fail_error(&err);
    int code = find_strategy(self);
    if (code != CLI_OK)
        return code;
    if (throng_strategy_fill(self->context, &self->problem, wanted->reference, -1, (uint64_t)wanted->seed,
                             self->reference, &err) != THRONG_OK)
        return cli_fail_error(&err);
    throng_game_credit_def def = {.strategy = self->strategy,
                                  .reference = self->reference,
                                  .of = self->of,
                                  .method = wanted->method,
                                  .seed = (uint64_t)wanted->seed};
    if (throng_game_credit(self->context, &self->problem, &def, self->phi, self->standard_error, &self->certificate,
                           &err) != THRONG_OK)
        return cli_fail_error(&err);
    return CLI_OK;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static const char *of_name(const job *self) {
    return self->of == THRONG_GAME_WELFARE     ? "welfare"
           : self->of == THRONG_GAME_SHORTFALL ? "shortfall"
                                               : self->problem.kind->player_name(self->problem.game, self->of);
}

static const char *strategy_name(const job *self) {
    return self->solution ? throng_solution_solver(self->solution) : self->wanted->policy;
}

static throng_phrase value_of(double x) {
    return throng_phrase_value(fabs(x) < TINY ? 0.0 : x);
}

static void print_result(const job *self) {
    const throng_problem_kind *kind = self->problem.kind;
    const throng_certificate *certificate = &self->certificate;
    int n = kind->players(self->problem.game);
    cli_style style = cli_style_of(stdout);
    double low = 0.0, high = TINY;
    cli_find_range(self->phi, n, &low, &high);
    cli_bars bars = cli_bars_for(low, high, style.width - NAME_WIDTH - 36);
    printf("%s, %s", kind->name(self->problem.game), self->of >= 0 ? "what " : "");
    printf("%s%s: %s ", of_name(self), self->of >= 0 ? " gets" : "", value_of(certificate->nobody).text);
    printf("if all play %s, ", self->wanted->reference);
    printf("%s if all play %s\n", value_of(certificate->everybody).text, strategy_name(self));
    for (int p = 0; p < n; p++) {
        char error[80] = "";
        if (self->standard_error[p] > 0.0)
            snprintf(error, sizeof error, "± %s",
                     throng_phrase_value(certificate->interval * self->standard_error[p]).text);
        printf("  ");
        cli_print_left(throng_phrase_clip(kind->player_name(self->problem.game, p), NAME_WIDTH - 2).text, NAME_WIDTH);
        cli_print_right(value_of(self->phi[p]).text, 12);
        printf("  ");
        cli_print_left(error, 14);
        cli_print_bar(&style, &bars, fabs(self->phi[p]) < TINY ? 0.0 : self->phi[p], false);
        printf("\n");
    }
    if (self->of == THRONG_GAME_WELFARE && kind->form == THRONG_GAME_FORM_TREE &&
        throng_tree_constant_sum(self->problem.game)) {
        printf("what one gains another loses: --of NUMBER splits what a player gets\n");
        return;
    }
    printf("adds up to %s, ", value_of(certificate->sum_phi).text);
    printf("off by %s of it; %s sets of players\n", value_of(certificate->efficiency_residual).text,
           throng_phrase_count(certificate->evaluations).text);
}

static int print_json(const job *self) {
    const throng_problem_kind *kind = self->problem.kind;
    const throng_certificate *certificate = &self->certificate;
    json_t *players = json_array();
    for (int p = 0; p < kind->players(self->problem.game); p++)
        json_array_append_new(players, json_pack("{s:s, s:f, s:f}", "player", kind->player_name(self->problem.game, p),
                                                 "phi", self->phi[p], "standard_error", self->standard_error[p]));
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:{s:f, s:f, s:f, s:f, s:I, s:b}}", "game",
                  kind->name(self->problem.game), "strategy", strategy_name(self), "reference", self->wanted->reference,
                  "of", of_name(self), "method", self->wanted->method, "players", players, "certificate", "nobody",
                  certificate->nobody, "everybody", certificate->everybody, "sum_phi", certificate->sum_phi,
                  "efficiency_residual", certificate->efficiency_residual, "evaluations",
                  (json_int_t)certificate->evaluations, "converged", certificate->converged);
    if (document && self->solution)
        json_object_set_new(document, "gap", json_real(throng_solution_gap(self->solution)));
    return cli_json_print(document);
}

static int report(const job *self) {
    int code = CLI_OK;
    if (self->wanted->json)
        code = print_json(self);
    else if (!self->wanted->quiet)
        print_result(self);
    if (code == CLI_OK)
        code = cli_finish_output();
    if (code == CLI_OK && self->solution && !throng_solution_converged(self->solution)) {
        char advice[THRONG_SOLUTION_ADVICE];
        throng_solution_advise(self->solution, advice, sizeof advice);
        code = cli_fail(CLI_FAILURE, "what is split is what was found so far: %s", advice);
    }
    return code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int start(job *self, const cli_options *options) {
    throng_error err = {0};
    const request *wanted = self->wanted;
    if (options->n_positional > 0)
        return cli_fail(CLI_USAGE, "with --game nothing else is attributed, got \"%.60s\".", options->positional[0]);
    if (wanted->policy && (wanted->solver || wanted->tolerance || wanted->iterations))
        return cli_fail(CLI_USAGE, "--policy says what is played, so that nothing is solved: leave out --solver, "
                                   "--iterations and --tolerance.");
    if (!cli_llm_read_real("--tolerance", wanted->tolerance, &self->tolerance))
        return CLI_USAGE;
    if (wanted->plugin && throng_context_load_plugin(self->context, wanted->plugin, &err) != THRONG_OK)
        return cli_fail_error(&err);
    cli_progress progress;
    cli_progress_attach(&progress, self->context, wanted->quiet);
    throng_status status = throng_problem_open(self->context, wanted->game, &self->problem, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    int code = attribute(self);
    cli_progress_clear(&progress);
    return code == CLI_OK ? report(self) : code;
}

static const char *const of_game[][3] = {
    {"--solver", "NAME[:...]", "finds what is played: see throng list solvers (default: one that serves the game)"},
    {"--reference", "POLICY", "what those play who do not play that (default: uniform)"},
    {"--of", "WHAT", "what is split: welfare, the default; shortfall, from the most there is; or a player"},
};

void cli_attribute_game_declare(cli_options *options) {
    static const char *ignored; /* with --game the command has become cli_attribute_game by then */
    cli_options_text(options, "--game", "GAME", &ignored,
                     "split what the players of a solved game get instead: throng attribute --game GAME --help");
    for (size_t i = 0; i < sizeof of_game / sizeof *of_game; i++)
        cli_options_elsewhere(options, of_game[i][0], of_game[i][1], of_game[i][2],
                              "is about a game: say which with --game GAME");
}

static const cli_command command = {
    .name = "attribute",
    .synopsis = "--game GAME [--solver NAME] [--reference POLICY] [options]",
    .summary = "Splits what the players of a game get over them, by who plays a solved strategy.",
    .details = "Shapley values over the sets of players who play it, while the others play the reference.\n"
               "\n"
               "  throng attribute --game stag-hunt --solver fictitious-play\n"
               "  throng attribute --game kuhn --of 1 --reference always:pass",
};

static int work(const cli_options *options, throng_context *context, void *wanted) {
    job it = {.wanted = wanted, .context = context};
    int code = start(&it, options);
    throng_solution_free(it.solution);
    throng_problem_clear(&it.problem);
    free(it.strategy);
    free(it.reference);
    return code;
}

int cli_attribute_game(int argc, char **argv) {
    request wanted = {.reference = "uniform", .of = "welfare", .method = "shapley-exact"};
    const char **texts[] = {&wanted.solver, &wanted.reference, &wanted.of};
    cli_options options;
    cli_options_init(&options, &command);
    cli_options_text(&options, "--game", "GAME", &wanted.game, "see throng list games, or a file GAME.efg or GAME.nfg");
    for (size_t i = 0; i < sizeof of_game / sizeof *of_game; i++)
        cli_options_text(&options, of_game[i][0], of_game[i][1], texts[i], of_game[i][2]);
    cli_options_count(&options, "--iterations", "N", &wanted.iterations, 1, 1e12, "the most (default: 100,000)");
    cli_options_text(&options, "--tolerance", "X", &wanted.tolerance, "gap that is good enough (default: 0.001)");
    cli_options_text(&options, "--policy", "POLICY", &wanted.policy,
                     "what is played instead: uniform, always:ACTION, solver:NAME, a table or what solve --out wrote");
    cli_options_text(&options, "--method", "NAME[:...]", &wanted.method,
                     "how: see throng list methods (default: shapley-exact)");
    cli_options_count(&options, "--seed", "N", &wanted.seed, 0, 1e15, "of what is drawn (default: 0)");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load games and solvers from a shared object");
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

bool cli_attribute_game_is_meant(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--game") == 0 || strncmp(argv[i], "--game=", 7) == 0)
            return true;
    return false;
}
