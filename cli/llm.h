/* Options of every command that asks a language model, and the model that they describe. */
#ifndef THRONG_CLI_LLM_H
#define THRONG_CLI_LLM_H

#include "cli/json.h"
#include "cli/options.h"

typedef struct cli_llm {
    const char *endpoint, *model, *api, *key_variable, *key_file;
    const char *script, *replay, *cache, *cache_mode, *transcript;
    const char *max_cost, *price_in, *price_out, *timeout;
    int64_t concurrency, retries, max_calls, max_tokens, seed;
    bool no_seed;
    /* Of cli_llm_choice_options: */
    const char *temperature;
    int64_t samples, orders;
    bool no_logprobs;
} cli_llm;

void cli_llm_options(cli_options *options, cli_llm *self);

/* Those of a model that chooses among options, too; what its temperature means is for the command to say. */
void cli_llm_choice_options(cli_options *options, cli_llm *self, const char *temperature);

/* Makes what was described: an endpoint, a script or a replay, behind a cache and a transcript if they are named.
 * Returns an exit code; it has printed what is wrong. */
int cli_llm_open(const cli_llm *self, throng_context *context, throng_llm **out);

/* "40 calls in 43 attempts (3 refused as too many), 1,240 tokens"; and the same for --json. */
void cli_llm_print_usage(const throng_llm *llm);
json_t *cli_llm_pack_usage(const throng_llm *llm);

/* The options in "post, share": texts in *copy, which the caller frees. NULL: none. Returns an exit code. */
int cli_llm_split_options(const char *text, char **copy, const char **options, int *n);

/* How answers came about, for people and for --json; and the failure of a study that is void. */
void cli_llm_print_counts(const throng_llm_choose_counts *counts);
json_t *cli_llm_pack_counts(const throng_llm_choose_counts *counts);
int cli_llm_fail_void(const throng_llm_choose_counts *counts);

/* A real number of an option, 0 if it was not given. false: it is none, or negative; that has been printed. */
bool cli_llm_read_real(const char *name, const char *text, double *out);

/* The same of a number for which 0 would mean the default: it is refused. */
bool cli_llm_read_positive(const char *name, const char *text, double *out);

/* The same of a share, whose default 0 stands for: 0 itself becomes less than any share that there is. */
bool cli_llm_read_share(const char *name, const char *text, double *out);

#endif
