/* throng audit-dice: can this model be trusted to draw random numbers? */
#define _POSIX_C_SOURCE 200809L
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TALLEST 0.2 /* share of a twentieth that fills its bar: four times the fair one */

typedef struct request {
    const char *protocol, *alpha, *table, *reference;
    int64_t numbers;
    bool quiet, json;
    cli_llm llm;
} request;

static const char *const protocols[] = {"batch", "independent"};

static void print_audit(const throng_llm_audit *audit, const char *protocol) {
    double cells[THRONG_LLM_DICE_CELLS];
    printf("%s: %s\n", protocol,
           strcmp(protocol, "batch") == 0   ? "all numbers in one answer"
           : strcmp(protocol, "table") == 0 ? "numbers that were drawn before"
                                            : "a request for every number");
    printf("  %-17s %4s %7s %9s %9s %11s  law's twentieths\n", "distribution", "tier", "numbers", "statistic", "p",
           "Wasserstein");
    for (int i = 0; i < THRONG_LLM_DICE; i++) {
        const throng_llm_die_result *die = &audit->dice[i];
        for (int k = 0; k < THRONG_LLM_DICE_CELLS; k++)
            cells[k] = fmin(die->cells[k], TALLEST);
        printf("  %-17s %4d %7s %9.4g %9.3g %11.4g  ", die->name, die->tier, throng_phrase_count(die->got).text,
               die->statistic, die->p, die->wasserstein);
        cli_print_sparkline_between(cells, THRONG_LLM_DICE_CELLS, 0.0, TALLEST);
        printf("  %s\n", die->passed ? "passes" : "fails");
    }
    printf("  %d of %d pass; a fair sampler passes %d or more, but for %s of the time: %s\n\n", audit->passed,
           THRONG_LLM_DICE, audit->needed, throng_phrase_share(audit->false_alarm).text,
           audit->fair ? "nothing speaks against it" : "it cannot sample so");
}

static json_t *pack_audit(const throng_llm_audit *audit) {
    json_t *dice = json_array();
    for (int i = 0; i < THRONG_LLM_DICE; i++) {
        const throng_llm_die_result *die = &audit->dice[i];
        json_array_append_new(dice, json_pack("{s:s, s:i, s:b, s:I, s:f, s:f, s:f, s:b}", "name", die->name, "tier",
                                              die->tier, "discrete", (int)die->discrete, "numbers",
                                              (json_int_t)die->got, "statistic", die->statistic, "p", die->p,
                                              "wasserstein", die->wasserstein, "passed", (int)die->passed));
    }
    return json_pack("{s:o, s:i, s:i, s:f, s:b}", "dice", dice, "passed", audit->passed, "needed", audit->needed,
                     "false_alarm", audit->false_alarm, "fair", (int)audit->fair);
}

static int audit(throng_llm *llm, const request *wanted, throng_context *context, throng_llm_audit_def def) {
    throng_error err = {0};
    throng_llm_audit found[2];
    cli_progress progress;
    json_t *document = json_object();
    int64_t calls = 0;
    bool asked[2], plain = !wanted->json && !wanted->quiet;
    throng_status status = THRONG_OK;
    for (int i = 0; i < 2; i++) {
        asked[i] = !wanted->protocol || strcmp(wanted->protocol, protocols[i]) == 0;
        def.protocol = (throng_llm_protocol)i;
        int64_t more = 0;
        status = throng_llm_audit_calls(&def, &more, &err);
        if (status != THRONG_OK) {
            json_decref(document);
            return cli_fail_error(&err);
        }
        calls += asked[i] ? more : 0;
    }
    if (plain)
        printf("%s answers of \"%s\" are needed\n\n", throng_phrase_count(calls).text, throng_llm_model(llm));
    fflush(stdout);
    cli_progress_attach(&progress, context, wanted->quiet);
    for (int i = 0; status == THRONG_OK && i < 2; i++) {
        def.protocol = (throng_llm_protocol)i;
        if (!asked[i])
            continue;
        status = throng_llm_audit_dice(llm, &def, &found[i], &err);
        cli_progress_clear(&progress);
        if (status == THRONG_OK && plain)
            print_audit(&found[i], protocols[i]);
        if (status == THRONG_OK)
            json_object_set_new(document, protocols[i], pack_audit(&found[i]));
    }
    json_object_set_new(document, "usage", cli_llm_pack_usage(llm));
    if (status == THRONG_OK && plain)
        cli_llm_print_usage(llm);
    if (status == THRONG_OK && wanted->json)
        return cli_json_print(document);
    json_decref(document);
    return status == THRONG_OK ? cli_finish_output() : cli_fail_error(&err);
}

/* Numbers of a table; nobody is asked. */
static int audit_table(throng_context *context, const request *wanted, double alpha) {
    throng_error err = {0};
    throng_llm_audit found;
    if (throng_llm_audit_table(context, wanted->table, wanted->reference, alpha, &found, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (wanted->json)
        return cli_json_print(json_pack("{s:o}", "table", pack_audit(&found)));
    if (!wanted->quiet)
        print_audit(&found, "table");
    return cli_finish_output();
}

static int start(const cli_options *options, throng_context *context, void *job) {
    const request *wanted = job;
    throng_llm *llm = NULL;
    throng_llm_audit_def def = {.numbers = (int)wanted->numbers};
    if (options->n_positional > 0)
        return cli_fail(CLI_USAGE, "audit-dice takes options only, got \"%.60s\".", options->positional[0]);
    if (wanted->protocol && strcmp(wanted->protocol, protocols[0]) != 0 && strcmp(wanted->protocol, protocols[1]) != 0)
        return cli_fail(CLI_USAGE, "--protocol is batch or independent, got \"%.40s\".", wanted->protocol);
    if (!cli_llm_read_real("--alpha", wanted->alpha, &def.alpha))
        return CLI_USAGE;
    if (wanted->reference && !wanted->table)
        return cli_fail(CLI_USAGE, "--reference goes with --table.");
    if (wanted->table && (wanted->protocol || wanted->llm.endpoint || wanted->llm.script || wanted->llm.replay))
        return cli_fail(CLI_USAGE, "--table holds numbers already: nobody is to be asked.");
    if (wanted->table)
        return audit_table(context, wanted, def.alpha);
    int code = cli_llm_open(&wanted->llm, context, &llm);
    if (code == CLI_OK)
        code = audit(llm, wanted, context, def);
    throng_llm_free(llm);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--protocol", "KIND", &wanted.protocol, "batch or independent (default: both)");
    cli_options_count(&options, "--numbers", "N", &wanted.numbers, 20, 100000,
                      "numbers from each distribution (default: 200)");
    cli_options_text(&options, "--alpha", "X", &wanted.alpha, "level of a single test (default: 0.01)");
    cli_options_text(&options, "--table", "FILE", &wanted.table,
                     "judge numbers that were drawn before: columns distribution and value");
    cli_options_text(&options, "--reference", "FILE", &wanted.reference,
                     "compare them with the samples of this table, not with the exact laws");
    cli_llm_options(&options, &wanted.llm);
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, start, &wanted);
}

const cli_command cli_command_audit_dice = {
    .name = "audit-dice",
    .synopsis = "--endpoint URL --model NAME [--protocol KIND] [options]",
    .summary = "Tests whether a language model can draw random numbers.",
    .details =
        "Asks for numbers from fifteen distributions, all at once and one by one, and tests them against the exact\n"
        "laws. Every random choice of throng is drawn by throng itself; this shows why.\n"
        "\n"
        "  throng audit-dice --endpoint http://127.0.0.1:8000/v1 --model llama3 --numbers 1000 --cache dice.cache",
    .run = run,
};
