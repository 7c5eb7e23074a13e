/* throng simulate: the crowd through a world, without asking who caused what; throng intervene: what would change it.
 */
#include "cli/study.h"

#include <string.h>

static bool is_study_file(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int prepare(const cli_options *options, throng_study *study) {
    throng_error err = {0};
    int code = CLI_OK;
    if (options->n_positional == 1 && is_study_file(options->positional[0])) {
        if (throng_study_load(study, options->positional[0], &err) != THRONG_OK)
            code = cli_fail_error(&err);
    } else {
        code = cli_study_tables(options, study);
    }
    if (code == CLI_OK && cli_options_apply(options, study, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    return code;
}

/* A study file may say these all the same: it is the one that throng run reads. */
static void declare_simulate(cli_options *options) {
    static const char *const credits[] = {"attribution.method",
                                          "attribution.players",
                                          "attribution.path",
                                          "attribution.baseline",
                                          "attribution.tolerance",
                                          "attribution.nodes-max",
                                          "world.participation",
                                          "report.top",
                                          "cohorts.",
                                          "panel.",
                                          NULL};
    cli_options_leave_out(options, credits,
                          "is about who gets credit, and simulate gives none: it is for throng attribute and run");
}

static int simulate(const cli_command *self, int argc, char **argv) {
    const cli_study_job job = {
        .command = self, .prepare = prepare, .declare = declare_simulate, .make = throng_study_simulate};
    return cli_study_run(&job, argc, argv);
}

/* --target is the goal here: a graph's column of that name is said in a study file. */
static void declare_intervene(cli_options *options) {
    cli_options_key(options, "--target", "intervene.target");
    cli_options_key(options, "--budget", "intervene.budget");
    cli_options_key(options, "--by", "intervene.by");
}

static int intervene(const cli_command *self, int argc, char **argv) {
    const cli_study_job job = {.command = self,
                               .prepare = prepare,
                               .declare = declare_intervene,
                               .make = throng_study_intervene,
                               .single = true};
    return cli_study_run(&job, argc, argv);
}

const cli_command cli_command_simulate = {
    .name = "simulate",
    .synopsis = "[TABLE... | STUDY.yaml] --world NAME[:KEY=VALUE,...] [options]",
    .summary = "Runs a crowd through a world: opinions, epidemics, cascades, markets.",
    .details =
        "The crowd comes from a table, is made with --generate, or both are said in a study file. Who hears whom\n"
        "comes from --graph EDGES or --graph-model NAME; some worlds do without. The indicator is taken at every\n"
        "step. --sweep and --repetitions run it many times; with --out a sweep that was stopped goes on where it was.\n"
        "\n"
        "  throng simulate --generate uniform --agents 10000 --graph-model watts-strogatz \\\n"
        "      --world bounded-confidence:confidence=0.2 --steps 50\n"
        "  throng simulate --generate uniform --agents 2000 --graph-model watts-strogatz \\\n"
        "      --world bounded-confidence --steps 30 --sweep world.confidence=0.05:0.5:6 --repetitions 3",
    .run = simulate,
};

const cli_command cli_command_intervene = {
    .name = "intervene",
    .synopsis = "[TABLE... | STUDY.yaml] --world NAME --target CHANGE [--budget SHARE] [options]",
    .summary = "Finds the least influence to take from agents of a world for its outcome to reach a target.",
    .details =
        "Projected gradient on everybody's influence finds the cheapest dampening, or with --by silencing the\n"
        "smallest set of agents; it is simulated once more, and compared with silencing those of largest credit,\n"
        "the most heard, the most extreme and random agents. Exit code 1 if the budget does not suffice; the best\n"
        "that was found is printed all the same.\n"
        "\n"
        "  throng intervene --generate uniform --agents 2000 --graph-model chung-lu \\\n"
        "      --world nonlinear-opinion --target -10% --budget 0.05",
    .run = intervene,
};
