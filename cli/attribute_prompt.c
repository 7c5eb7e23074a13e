/* throng attribute-prompt: which parts of a prompt move a model's answer. */
#define _POSIX_C_SOURCE 200809L
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_WIDTH 20
#define TINY       1e-9 /* rounding of exact answers, not worth printing */

typedef struct request {
    const char *prompt, *options_text, *option, *absent, *noise, *method, *void_share;
    bool plan, quiet, json;
    cli_llm llm;
} request;

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const request *wanted;
    throng_context *context;
    throng_llm *llm;
    throng_llm_template *template;
    throng_prompt_attribution *result;
    throng_llm_choose_def choose;
    throng_prompt_def def;
    char *options_copy, *noise_copy;
    const char *options[THRONG_LLM_OPTIONS_MAX], *noise[THRONG_PROMPT_PARTS_MAX];
    int n_options;
} job;

/* ---- what is wanted -------------------------------------------------------------------------------------------- */

static int choose_option(job *self) {
    char hint[120];
    for (int k = 0; self->wanted->option && k < self->n_options; k++)
        if (strcasecmp(self->wanted->option, self->options[k]) == 0) {
            self->def.option = k;
            return CLI_OK;
        }
    if (!self->wanted->option)
        return CLI_OK;
    cli_suggest(self->wanted->option, self->options, self->n_options, hint, sizeof hint);
    return cli_fail(CLI_USAGE, "--option must be one of --options, got \"%.60s\".%s", self->wanted->option, hint);
}

static int split_noise(job *self) {
    self->noise_copy = self->wanted->noise ? strdup(self->wanted->noise) : NULL;
    char *rest = NULL;
    for (char *at = self->noise_copy ? strtok_r(self->noise_copy, ", ", &rest) : NULL; at;
         at = strtok_r(NULL, ", ", &rest)) {
        if (self->def.n_noise == THRONG_PROMPT_PARTS_MAX)
            return cli_fail(CLI_USAGE, "--noise takes at most %d names.", THRONG_PROMPT_PARTS_MAX);
        self->noise[self->def.n_noise++] = at;
    }
    return CLI_OK;
}

static int prepare(job *self, const cli_options *options) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    self->choose = (throng_llm_choose_def){.options = self->options,
                                           .samples = (int)wanted->llm.samples,
                                           .orders = (int)wanted->llm.orders,
                                           .no_logprobs = wanted->llm.no_logprobs,
                                           .seed = (uint64_t)wanted->llm.seed};
    self->def = (throng_prompt_def){.prompt = wanted->prompt,
                                    .absent = wanted->absent,
                                    .noise = self->noise,
                                    .choose = &self->choose,
                                    .method = wanted->method,
                                    .seed = (uint64_t)wanted->llm.seed};
    if ((wanted->prompt != NULL) + (options->n_positional > 0) != 1 || options->n_positional > 1)
        return cli_fail(CLI_USAGE, "which prompt? Give one template file with sections, or --prompt TEXT.");
    if (!wanted->options_text)
        return cli_fail(CLI_USAGE, "--options is missing: which answers are possible?");
    if (wanted->absent && !wanted->prompt)
        return cli_fail(CLI_USAGE, "--absent goes with --prompt; in a template write {{^part}}...{{/part}}.");
    if (!cli_llm_read_share("--void-above", wanted->void_share, &self->choose.void_share) ||
        !cli_llm_read_real("--temperature", wanted->llm.temperature, &self->choose.temperature))
        return CLI_USAGE;
    if (wanted->llm.temperature && self->choose.temperature == 0.0)
        return cli_fail(CLI_USAGE, "--temperature must be above 0: at 0 there is no distribution.");
    int code = cli_llm_split_options(wanted->options_text, &self->options_copy, self->options, &self->n_options);
    self->choose.n_options = self->n_options;
    if (code == CLI_OK)
        code = choose_option(self);
    if (code == CLI_OK)
        code = split_noise(self);
    if (code == CLI_OK && !wanted->prompt) {
        if (throng_llm_template_load(self->context, options->positional[0], &self->template, &err) != THRONG_OK)
            return cli_fail_error(&err);
        self->def.parts_of = self->template;
    }
    return code;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static int plan(const job *self) {
    throng_error err = {0};
    int64_t prompts = 0, samples = self->wanted->llm.samples ? self->wanted->llm.samples : 20;
    int64_t orders = self->wanted->llm.orders ? self->wanted->llm.orders : 2;
    int parts = 0;
    if (throng_prompt_plan(self->context, &self->def, &prompts, &parts, &err) != THRONG_OK)
        return cli_fail_error(&err);
    printf("%d parts, %s prompts", parts, throng_phrase_count(prompts).text);
    if (!self->wanted->llm.no_logprobs)
        printf("; with log-probabilities: %s calls", throng_phrase_count(prompts * orders).text);
    printf("; by samples: %s calls\n", throng_phrase_count(prompts * samples).text);
    return cli_finish_output();
}

static void print_parts(const job *self, const throng_prompt_summary *summary) {
    cli_style style = cli_style_of(stdout);
    double least = 0.0, most = 0.0;
    for (int i = 0; i < summary->parts; i++) {
        double phi = throng_prompt_attribution_part(self->result, i).phi;
        least = fmin(least, phi);
        most = fmax(most, phi);
    }
    cli_bars bars = cli_bars_for(least, most, style.width - NAME_WIDTH - 34);
    for (int i = 0; i < summary->parts; i++) {
        throng_prompt_part part = throng_prompt_attribution_part(self->result, i);
        double phi = fabs(part.phi) < TINY ? 0.0 : part.phi;
        char error[80] = "";
        if (part.standard_error > 0.0)
            snprintf(error, sizeof error, "± %s", throng_phrase_share(1.96 * part.standard_error).text);
        printf("  ");
        cli_print_left(throng_phrase_clip(part.name, NAME_WIDTH).text, NAME_WIDTH);
        cli_print_right(throng_phrase_share(phi).text, 10);
        printf("  ");
        cli_print_left(error, 10);
        cli_print_bar(&style, &bars, phi, part.noise);
        printf("%s\n", part.noise ? " noise" : "");
    }
}

static void print_summary(const job *self) {
    throng_prompt_summary summary = throng_prompt_attribution_summary(self->result);
    const char *option = self->options[self->def.option];
    printf("\"%s\": %s with nothing of the prompt, %s with all of it\n", option,
           throng_phrase_share(summary.certificate.nobody).text,
           throng_phrase_share(summary.certificate.everybody).text);
    print_parts(self, &summary);
    printf("token noise: %s of what moves the answer",
           throng_phrase_share(summary.noise_share < TINY ? 0.0 : summary.noise_share).text);
    if (isnan(summary.noise_floor))
        printf("; how much of it is chance is not known");
    else if (summary.noise_floor > 0.0)
        printf("; chance alone would make it %s", throng_phrase_share(summary.noise_floor).text);
    printf("\n%s over %s prompts; parts add up to within %s\n", summary.method,
           throng_phrase_count(summary.prompts).text,
           throng_phrase_value(
               fabs(summary.certificate.sum_phi - summary.certificate.everybody + summary.certificate.nobody))
               .text);
    cli_llm_print_counts(&summary.counts);
    cli_llm_print_usage(self->llm);
}

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pack_result(const job *self) {
    throng_prompt_summary summary = throng_prompt_attribution_summary(self->result);
    const throng_certificate *proof = &summary.certificate;
    json_t *parts = json_array();
    for (int i = 0; i < summary.parts; i++) {
        throng_prompt_part part = throng_prompt_attribution_part(self->result, i);
        json_array_append_new(parts, json_pack("{s:s, s:b, s:f, s:o}", "name", part.name, "noise", (int)part.noise,
                                               "phi", part.phi, "standard_error", number(part.standard_error)));
    }
    return json_pack("{s:s, s:s, s:s, s:f, s:f, s:o, s:f, s:o, s:I, s:{s:f, s:f, s:f, s:b}, s:o, s:o}", "model",
                     throng_llm_model(self->llm), "option", self->options[self->def.option], "method", summary.method,
                     "nothing", proof->nobody, "everything", proof->everybody, "parts", parts, "noise_share",
                     summary.noise_share, "noise_floor", number(summary.noise_floor), "prompts",
                     (json_int_t)summary.prompts, "certificate", "sum_phi", proof->sum_phi, "efficiency_residual",
                     proof->efficiency_residual, "error_estimate", proof->error_estimate, "converged",
                     (int)proof->converged, "counts", cli_llm_pack_counts(&summary.counts), "usage",
                     cli_llm_pack_usage(self->llm));
}

static int report(const job *self) {
    throng_prompt_summary summary = throng_prompt_attribution_summary(self->result);
    int code = CLI_OK;
    if (self->wanted->json)
        code = cli_json_print(pack_result(self));
    else if (!self->wanted->quiet)
        print_summary(self);
    if (code == CLI_OK)
        code = cli_finish_output();
    return summary.counts.is_void ? cli_llm_fail_void(&summary.counts) : code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int attribute(job *self, const cli_options *options) {
    throng_error err = {0};
    cli_progress progress;
    int code = prepare(self, options);
    if (code == CLI_OK && self->wanted->plan)
        return plan(self);
    if (code == CLI_OK)
        code = cli_llm_open(&self->wanted->llm, self->context, &self->llm);
    if (code != CLI_OK)
        return code;
    cli_progress_attach(&progress, self->context, self->wanted->quiet);
    throng_status status = throng_prompt_attribute(self->context, self->llm, &self->def, &self->result, &err);
    cli_progress_clear(&progress);
    code = self->result ? report(self) : CLI_OK;
    return status == THRONG_OK ? code : cli_fail_error(&err);
}

static void clear(job *self) {
    free(self->options_copy);
    free(self->noise_copy);
    throng_prompt_attribution_free(self->result);
    throng_llm_template_free(self->template);
    throng_llm_free(self->llm);
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    job it = {.wanted = wanted, .context = context};
    int code = attribute(&it, options);
    clear(&it);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--prompt", "TEXT", &wanted.prompt,
                     "a text whose words are the parts, in place of a template");
    cli_options_text(&options, "--options", "A,B,...", &wanted.options_text, "possible answers");
    cli_options_text(&options, "--option", "A", &wanted.option,
                     "whose probability is split over the parts (default: the first)");
    cli_options_text(&options, "--absent", "TEXT", &wanted.absent,
                     "stands in place of a word that is left out (default: nothing)");
    cli_options_text(&options, "--noise", "NAMES", &wanted.noise,
                     "parts that carry no information (default: function words; sections called noise...)");
    cli_options_text(&options, "--method", "NAME[:KEY=VALUE,...]", &wanted.method,
                     "how to split (default: shapley-exact up to ten parts, else shapley-sampled)");
    cli_options_text(&options, "--void-above", "SHARE", &wanted.void_share,
                     "share of unreadable answers above which the result is void (default: 0.05)");
    cli_options_switch(&options, "--plan", &wanted.plan, "say how many calls it would take, and ask nobody");
    cli_llm_choice_options(&options, &wanted.llm, "of the answers (default: 1)");
    cli_llm_options(&options, &wanted.llm);
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_attribute_prompt = {
    .name = "attribute-prompt",
    .synopsis = "TEMPLATE|--prompt TEXT --options A,B,... --endpoint URL --model NAME [options]",
    .summary = "Says which parts of a prompt move a model's answer.",
    .details =
        "Parts are the sections of a template, {{#price}}It costs 90.{{/price}}, or the words of a text. Each gets "
        "its\n"
        "Shapley value of the probability of an option; what moves the answer without saying anything is noise.\n"
        "\n"
        "  throng attribute-prompt --prompt 'Kindly take the cheap flight' --options yes,no --cache answers.cache \\\n"
        "      --endpoint http://127.0.0.1:8000/v1 --model llama3",
    .run = run,
};
