/* Options of every command that asks a language model: see llm.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/llm.h"

#include "cli/terminal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_llm_options(cli_options *options, cli_llm *self) {
    cli_options_text(options, "--endpoint", "URL", &self->endpoint,
                     "server to ask, with the version: http://127.0.0.1:8000/v1");
    cli_options_text(options, "--model", "NAME", &self->model, "model, as the server calls it");
    cli_options_text(options, "--api", "KIND", &self->api, "chat (default) or completions");
    cli_options_text(options, "--key-variable", "NAME", &self->key_variable, "environment variable that holds the key");
    cli_options_text(options, "--key-file", "FILE", &self->key_file, "file that holds the key");
    cli_options_count(options, "--concurrency", "N", &self->concurrency, 1, 1024,
                      "requests under way at once (default: 16)");
    cli_options_text(options, "--timeout", "SECONDS", &self->timeout, "longest wait for one answer (default: 120)");
    cli_options_count(options, "--retries", "N", &self->retries, 1, 100,
                      "further attempts for one request (default: 5)");
    cli_options_count(options, "--max-calls", "N", &self->max_calls, 1, 1e15, "stop before more answers than that");
    cli_options_count(options, "--max-total-tokens", "N", &self->max_tokens, 1, 1e15,
                      "stop before more tokens than that, prompts included");
    cli_options_text(options, "--max-cost", "X", &self->max_cost, "stop before it costs more; needs the prices");
    cli_options_text(options, "--price-in", "X", &self->price_in, "price of a million tokens of prompts");
    cli_options_text(options, "--price-out", "X", &self->price_out, "price of a million tokens of answers");
    cli_options_switch(options, "--no-seed", &self->no_seed, "send no seed, for servers that refuse it");
    cli_options_count(options, "--seed", "S", &self->seed, 0, 9007199254740991.0,
                      "seed of all that is drawn (default: 0)");
    cli_options_text(options, "--script", "FILE", &self->script, "ask the rule in FILE, or - for none, and no model");
    cli_options_text(options, "--replay", "FILE", &self->replay,
                     "take answers from a transcript or a table, and ask nobody");
    cli_options_text(options, "--cache", "FILE", &self->cache, "keep answers in FILE, and take them from there");
    cli_options_text(options, "--cache-mode", "MODE", &self->cache_mode,
                     "write (default), read, strict (a missing answer is an error) or off");
    cli_options_text(options, "--transcript", "FILE", &self->transcript, "add every question and answer to FILE");
}

void cli_llm_choice_options(cli_options *options, cli_llm *self, const char *temperature) {
    cli_options_text(options, "--temperature", "X", &self->temperature, temperature);
    cli_options_count(options, "--samples", "N", &self->samples, 1, 1e6,
                      "answers to a question without log-probabilities (default: 20)");
    cli_options_count(options, "--orders", "N", &self->orders, 1, 64,
                      "orders of the options that log-probabilities are averaged over (default: 2)");
    cli_options_switch(options, "--no-logprobs", &self->no_logprobs, "sample always");
}

bool cli_llm_read_real(const char *name, const char *text, double *out) {
    char *end = NULL;
    *out = text ? strtod(text, &end) : 0.0;
    if (!text || (end > text && *end == '\0' && isfinite(*out) && *out >= 0.0))
        return true;
    cli_fail(CLI_USAGE, "%s takes a number not below 0, got \"%.40s\".", name, text);
    return false;
}

bool cli_llm_read_positive(const char *name, const char *text, double *out) {
    if (!cli_llm_read_real(name, text, out))
        return false;
    if (text && *out == 0.0)
        cli_fail(CLI_USAGE, "%s must be above 0; leave it out for the default.", name);
    return !text || *out > 0.0;
}

bool cli_llm_read_share(const char *name, const char *text, double *out) {
    if (!cli_llm_read_real(name, text, out))
        return false;
    if (*out > 1.0) {
        cli_fail(CLI_USAGE, "%s takes a share from 0 to 1, got \"%.40s\".", name, text);
        return false;
    }
    *out = text && *out == 0.0 ? DBL_MIN : *out;
    return true;
}

/* The place of a word in a list; -1: it is not there, which has been printed. NULL is the first. */
static int choose_word(const char *option, const char *given, const char *const *words, int n) {
    char hint[120];
    for (int i = 0; i < n; i++)
        if (!given || strcmp(given, words[i]) == 0)
            return i;
    cli_suggest(given, words, n, hint, sizeof hint);
    cli_fail(CLI_USAGE, "%s cannot be \"%.40s\".%s", option, given, hint);
    return -1;
}

/* Whether a file to replay is a table, not a transcript. */
static bool is_table(const char *path) {
    static const char *const endings[] = {".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (length > strlen(endings[i]) && strcmp(path + length - strlen(endings[i]), endings[i]) == 0)
            return true;
    return false;
}

static int open_source(const cli_llm *self, throng_context *context, throng_llm **out) {
    static const char *const apis[] = {"chat", "completions"};
    throng_error err = {0};
    throng_status status;
    if ((self->endpoint != NULL) + (self->script != NULL) + (self->replay != NULL) != 1)
        return cli_fail(CLI_USAGE, "whom to ask? Give one of --endpoint URL, --script FILE and --replay FILE.");
    if ((self->endpoint || self->replay) && !self->model)
        return cli_fail(CLI_USAGE, "--model is missing: which model is it?");
    if (self->replay && is_table(self->replay)) {
        status = throng_llm_published_create(context, self->replay, self->model, out, &err);
    } else if (self->replay) {
        status = throng_llm_replay_create(context, self->replay, self->model, out, &err);
    } else if (self->script) {
        status = throng_llm_script_create(context, strcmp(self->script, "-") == 0 ? NULL : self->script,
                                          (uint64_t)self->seed, out, &err);
    } else {
        int api = choose_word("--api", self->api, apis, 2);
        throng_llm_endpoint_def def = {.url = self->endpoint,
                                       .model = self->model,
                                       .api = (throng_llm_api)api,
                                       .key_variable = self->key_variable,
                                       .key_file = self->key_file,
                                       .concurrency = (int)self->concurrency,
                                       .retries = (int)self->retries,
                                       .no_seed = self->no_seed,
                                       .seed = (uint64_t)self->seed,
                                       .max_calls = self->max_calls,
                                       .max_tokens = self->max_tokens};
        if (api < 0 || !cli_llm_read_positive("--timeout", self->timeout, &def.timeout) ||
            !cli_llm_read_positive("--max-cost", self->max_cost, &def.max_cost) ||
            !cli_llm_read_real("--price-in", self->price_in, &def.prompt_price) ||
            !cli_llm_read_real("--price-out", self->price_out, &def.completion_price))
            return CLI_USAGE;
        status = throng_llm_endpoint_create(context, &def, out, &err);
    }
    return status == THRONG_OK ? CLI_OK : cli_fail_error(&err);
}

int cli_llm_open(const cli_llm *self, throng_context *context, throng_llm **out) {
    static const char *const modes[] = {"write", "read", "strict", "off"};
    static const throng_llm_cache_mode kinds[] = {THRONG_LLM_CACHE_WRITE, THRONG_LLM_CACHE_READ,
                                                  THRONG_LLM_CACHE_STRICT};
    throng_error err = {0};
    throng_llm *llm = NULL;
    throng_status status = THRONG_OK;
    int mode = choose_word("--cache-mode", self->cache_mode, modes, 4);
    if (mode < 0)
        return CLI_USAGE;
    if (self->cache_mode && !self->cache)
        return cli_fail(CLI_USAGE, "--cache-mode needs --cache FILE.");
    int code = open_source(self, context, &llm);
    if (code != CLI_OK)
        return code;
    if (self->cache && mode < 3)
        status = throng_llm_cache_create(llm, self->cache, kinds[mode], &llm, &err);
    if (status == THRONG_OK && self->transcript)
        status = throng_llm_transcript_create(llm, self->transcript, &llm, &err);
    if (status != THRONG_OK) {
        throng_llm_free(llm);
        return cli_fail_error(&err);
    }
    *out = llm;
    return CLI_OK;
}

int cli_llm_split_options(const char *text, char **copy, const char **options, int *n) {
    *n = 0;
    *copy = text ? strdup(text) : NULL;
    for (char *at = *copy; at;) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        while (*at == ' ')
            at++;
        if (*n == THRONG_LLM_OPTIONS_MAX)
            return cli_fail(CLI_USAGE, "--options takes at most %d.", THRONG_LLM_OPTIONS_MAX);
        options[(*n)++] = at;
        at = comma ? comma + 1 : NULL;
    }
    return CLI_OK;
}

void cli_llm_print_counts(const throng_llm_choose_counts *counts) {
    if (counts->by_logprobs > 0)
        printf("%s by log-probabilities, which cover at least %s\n", throng_phrase_count(counts->by_logprobs).text,
               throng_phrase_share(counts->least_covered).text);
    if (counts->by_samples > 0) {
        printf("%s by samples: ", throng_phrase_count(counts->by_samples).text);
        for (int i = 0, shown = 0; i < THRONG_LLM_RUNG_COUNT; i++)
            if (counts->rungs[i] > 0)
                printf("%s%s %s", shown++ ? ", " : "", throng_phrase_count(counts->rungs[i]).text,
                       i == THRONG_LLM_RUNG_NONE ? "unreadable" : throng_llm_rung_name((throng_llm_rung)i));
        printf("; %s refusals, %s given up\n", throng_phrase_count(counts->refusals).text,
               throng_phrase_count(counts->defaulted).text);
    }
}

json_t *cli_llm_pack_counts(const throng_llm_choose_counts *counts) {
    json_t *rungs = json_object();
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        json_object_set_new(rungs, throng_llm_rung_name((throng_llm_rung)i), json_integer(counts->rungs[i]));
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:f, s:f, s:b}", "by_logprobs", (json_int_t)counts->by_logprobs,
                     "by_samples", (json_int_t)counts->by_samples, "rungs", rungs, "refusals",
                     (json_int_t)counts->refusals, "defaulted", (json_int_t)counts->defaulted, "unreadable",
                     counts->unreadable, "least_covered", counts->least_covered, "void", (int)counts->is_void);
}

int cli_llm_fail_void(const throng_llm_choose_counts *counts) {
    return cli_fail(CLI_FAILURE, "VOID: %s of the answers could not be read, and were taken for all options alike.",
                    throng_phrase_share(counts->unreadable).text);
}

void cli_llm_print_usage(const throng_llm *llm) {
    throng_llm_usage usage = throng_llm_usage_so_far(llm);
    printf("%s calls in %s attempts", throng_phrase_count(usage.calls).text, throng_phrase_count(usage.attempts).text);
    if (usage.rate_limited > 0)
        printf(", %s refused as too many", throng_phrase_count(usage.rate_limited).text);
    if (usage.broken > 0)
        printf(", %s lost", throng_phrase_count(usage.broken).text);
    printf(", %s tokens%s", throng_phrase_count(usage.prompt_tokens + usage.completion_tokens).text,
           usage.guessed > 0 ? " (guessed)" : "");
    if (usage.cost > 0.0)
        printf(", cost %s", throng_phrase_value(usage.cost).text);
    if (usage.cache_hits + usage.cache_misses > 0)
        printf(", %s answers from the file", throng_phrase_count(usage.cache_hits).text);
    if (usage.cache_damaged > 0)
        printf(", %s damaged lines in it passed over", throng_phrase_count(usage.cache_damaged).text);
    if (usage.repaired > 0)
        printf(", %s answers were not UTF-8", throng_phrase_count(usage.repaired).text);
    printf("\n");
}

json_t *cli_llm_pack_usage(const throng_llm *llm) {
    throng_llm_usage usage = throng_llm_usage_so_far(llm);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I}", "calls", (json_int_t)usage.calls,
                     "attempts", (json_int_t)usage.attempts, "rate_limited", (json_int_t)usage.rate_limited, "broken",
                     (json_int_t)usage.broken, "prompt_tokens", (json_int_t)usage.prompt_tokens, "completion_tokens",
                     (json_int_t)usage.completion_tokens, "guessed", (json_int_t)usage.guessed, "cost", usage.cost,
                     "cache_hits", (json_int_t)usage.cache_hits, "cache_misses", (json_int_t)usage.cache_misses,
                     "cache_damaged", (json_int_t)usage.cache_damaged, "repaired", (json_int_t)usage.repaired);
}
