/* throng distill: asks a language model what each kind of person does in each kind of situation. */
#define _POSIX_C_SOURCE 200809L
#include "cli/json.h"
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <stdio.h>

typedef struct request {
    int64_t calls;
    const char *held_out, *void_share, *price_in, *price_out, *max_cost;
    bool no_logprobs, no_seed, plan;
    double prices[2];
    cli_common common;
} request;

/* ---- the plan -------------------------------------------------------------------------------------------------- */

static void print_way(const request *self, const char *how, int64_t calls, const throng_distill_plan *plan) {
    double asked = (double)calls * plan->prompt_tokens, said = (double)calls * plan->answer_tokens;
    fprintf(stderr, "%s: %s calls, about %s tokens of prompts, at most %s of answers", how,
            throng_phrase_count(calls).text, cli_amount(asked).text, cli_amount(said).text);
    if (self->prices[0] + self->prices[1] > 0.0)
        fprintf(stderr, ", cost at most %s",
                throng_phrase_value(1e-6 * (asked * self->prices[0] + said * self->prices[1])).text);
    fprintf(stderr, "\n");
}

/* On stderr, beside the progress: what is found goes to stdout. */
static throng_status print_plan(void *user, const throng_distill_plan *plan, throng_error *err) {
    const request *self = user;
    if (!self->common.quiet) {
        fprintf(stderr, "%s questions: %s personas, %d last action%s, situations",
                throng_phrase_count(plan->cells + plan->held_out).text, throng_phrase_count(plan->personas).text,
                plan->lasts, plan->lasts == 1 ? "" : "s");
        for (int s = 0; s < THRONG_WORLD_SIGHTS_MAX && plan->bins[s] > 0; s++)
            fprintf(stderr, "%s%d", s > 0 ? " x " : " ", plan->bins[s]);
        fprintf(stderr, "; %s of them only to measure the fit\n", throng_phrase_count(plan->held_out).text);
        if (!self->no_logprobs)
            print_way(self, "with log-probabilities", plan->calls_logprobs, plan);
        print_way(self, "by samples", plan->calls_samples < self->calls ? plan->calls_samples : self->calls, plan);
    }
    return self->plan ? THRONG_FAIL(err, E_CANCELLED, "Nobody was asked.") : THRONG_OK;
}

/* ---- what was found -------------------------------------------------------------------------------------------- */

static void print_fit(const json_t *report) {
    double error = cli_json_number(report, "fit.error"), noise = cli_json_number(report, "fit.noise");
    double flat = cli_json_number(report, "fit.flat"); /* what is rounding alone is nothing */
    double most = cli_json_number(report, "fit.largest");
    if (cli_json_count(report, "fit.held_out") == 0)
        return;
    printf("fit      %s of decisions would be others in situations that were held out (%s; the worst %s)",
           throng_phrase_share(error < 1e-9 ? 0.0 : error).text,
           throng_phrase_count(cli_json_count(report, "fit.held_out")).text,
           throng_phrase_share(most < 1e-9 ? 0.0 : most).text);
    if (noise > 0.0)
        printf(", of which chance in samples explains %s", throng_phrase_share(noise).text);
    printf("\n         %s would be, if everybody always did what is done on average\n",
           throng_phrase_share(flat < 1e-9 ? 0.0 : flat).text);
}

static int print_report(const request *self, const char *text) {
    if (self->common.json) {
        fputs(text, stdout);
        return cli_finish_output();
    }
    json_t *report = json_loads(text, 0, NULL);
    if (report && !self->common.quiet) {
        printf("%s asked in %s situations, personas included\n", cli_json_text(report, "model"),
               throng_phrase_count(cli_json_count(report, "fit.cells")).text);
        printf("asked    %s questions: %s calls, %s answers from the file, %s tokens",
               throng_phrase_count(cli_json_count(report, "plan.questions")).text,
               throng_phrase_count(cli_json_count(report, "asked.calls")).text,
               throng_phrase_count(cli_json_count(report, "asked.cache_hits")).text,
               throng_phrase_count(cli_json_count(report, "asked.tokens")).text);
        if (cli_json_count(report, "asked.by_samples") > 0)
            printf("; %s samples a question, %s given up",
                   throng_phrase_count(cli_json_count(report, "asked.samples")).text,
                   throng_phrase_count(cli_json_count(report, "asked.defaulted")).text);
        printf("\n");
        print_fit(report);
        printf("written  %s\n", cli_json_text(report, "file"));
    }
    json_decref(report);
    return cli_finish_output();
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static bool read_reals(request *self, throng_study_distill_def *def) {
    if (!cli_llm_read_positive("--max-cost", self->max_cost, &def->max_cost) ||
        !cli_llm_read_real("--held-out", self->held_out, &def->held_out))
        return false;
    if (self->held_out && def->held_out == 0.0)
        def->held_out = -1.0; /* none */
    return cli_llm_read_share("--void-above", self->void_share, &def->void_share) &&
           cli_llm_read_real("--price-in", self->price_in, &self->prices[0]) &&
           cli_llm_read_real("--price-out", self->price_out, &self->prices[1]);
}

static int distill(const cli_options *options, throng_context *context, throng_study *study, request *self) {
    throng_error err = {0};
    cli_progress progress;
    char *report = NULL;
    throng_study_distill_def def = {
        .calls = self->calls, .no_logprobs = self->no_logprobs, .planned = print_plan, .user = self};
    if (options->n_positional != 1)
        return cli_fail(CLI_USAGE, "distill needs one study file, got %d: throng distill STUDY.yaml --out FILE.",
                        options->n_positional);
    if (!self->common.out)
        return cli_fail(CLI_USAGE, "--out is missing: the file that the table of answers goes to.");
    if (!read_reals(self, &def))
        return CLI_USAGE;
    def.prompt_price = self->prices[0];
    def.completion_price = self->prices[1];
    if (throng_study_load(study, options->positional[0], &err) != THRONG_OK ||
        cli_options_apply(options, study, &err) != THRONG_OK ||
        (self->no_seed && throng_study_set(study, "model.seed", "omit", &err) != THRONG_OK))
        return cli_fail_error(&err);
    cli_progress_attach(&progress, context, self->common.quiet);
    throng_status status = throng_study_distill(study, &def, self->common.out, self->common.force, &report, &err);
    cli_progress_clear(&progress);
    int code = CLI_OK;
    if (status == THRONG_OK)
        code = print_report(self, report);
    else if (!(self->plan && status == THRONG_E_CANCELLED))
        code = cli_fail_error(&err);
    throng_text_free(context, report);
    return code;
}

static void declare(cli_options *options, request *self) {
    cli_options_count(options, "--calls", "N", &self->calls, 1, 1e9, "most calls (default: 5,000)");
    cli_options_text(options, "--held-out", "SHARE", &self->held_out,
                     "share of the questions that only measure the fit (default: 0.2)");
    cli_options_switch(options, "--no-logprobs", &self->no_logprobs, "sample always");
    cli_options_text(options, "--void-above", "SHARE", &self->void_share,
                     "share of unreadable answers above which nothing is written (default: 0.05)");
    cli_options_text(options, "--price-in", "X", &self->price_in, "price of a million tokens of prompts");
    cli_options_text(options, "--price-out", "X", &self->price_out, "price of a million tokens of answers");
    cli_options_text(options, "--max-cost", "X", &self->max_cost, "stop before it costs more; needs the prices");
    cli_options_switch(options, "--plan", &self->plan, "say what it would cost, and ask nobody");
    cli_options_key(options, "--endpoint", "model.endpoint");
    cli_options_key(options, "--model", "model.name");
    cli_options_key(options, "--api", "model.api");
    cli_options_key(options, "--key-variable", "model.key-variable");
    cli_options_key(options, "--key-file", "model.key-file");
    cli_options_key(options, "--script", "model.script");
    cli_options_key(options, "--replay", "model.replay");
    cli_options_key(options, "--cache", "model.cache");
    cli_options_key(options, "--cache-mode", "model.cache-mode");
    cli_options_key(options, "--transcript", "model.transcript");
    cli_options_key(options, "--concurrency", "model.concurrency");
    cli_options_key(options, "--timeout", "model.timeout");
    cli_options_key(options, "--retries", "model.retries");
    cli_options_key(options, "--max-total-tokens", "model.max-total-tokens");
    cli_options_switch(options, "--no-seed", &self->no_seed, "send no seed, for servers that refuse it");
    cli_options_key(options, "--samples", "policy.samples");
    cli_options_key(options, "--orders", "policy.orders");
    cli_options_key(options, "--seed", "run.seed");
    cli_options_common(options, &self->common, false);
    cli_options_text(options, "--out", "FILE", &self->common.out, "write the table of answers: Parquet, CSV or NDJSON");
    cli_options_switch(options, "--force", &self->common.force, "replace FILE if it exists");
    cli_options_switch(options, "--json", &self->common.json, "print what was found as JSON");
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    throng_error err = {0};
    throng_study *study = NULL;
    int code = throng_study_create(context, &study, &err) == THRONG_OK ? distill(options, context, study, wanted)
                                                                       : cli_fail_error(&err);
    throng_study_free(study);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {.calls = 5000};
    cli_options options;
    cli_options_init(&options, self);
    declare(&options, &wanted);
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_distill = {
    .name = "distill",
    .synopsis = "STUDY.yaml --calls N --out FILE [--endpoint URL --model NAME] [options]",
    .summary = "Asks a language model what each kind of person does, for millions to play.",
    .details =
        "The study file says which world, which personas (policy.personas) and what the model is told\n"
        "(policy.prompt). What it will take is printed before the first call. Answers are kept as they come, in\n"
        "FILE.answers or --cache: started again after it was stopped or killed, none is paid for twice. FILE is then\n"
        "played by the policy llm-archetype. docs/language-models.md begins without a model.\n"
        "\n"
        "  throng distill study.yaml --calls 5000 --out policy.parquet \\\n"
        "      --endpoint http://127.0.0.1:8000/v1 --model llama3",
    .run = run,
};
