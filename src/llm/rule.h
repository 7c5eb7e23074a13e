/* The rule that the stand-in server and the scripted back end answer from: choices by a logit law over words in the
 * prompt, dice by exact draws. docs/language-models.md describes the file. */
#ifndef THRONG_SRC_LLM_RULE_H
#define THRONG_SRC_LLM_RULE_H

#include "llm/text.h"
#include "throng/llm.h"

/* What a server does wrong on purpose; the scripted back end has no server and knows none of it. Shares are 0..1. */
typedef struct throng_i_rule_faults {
    double latency_ms;
    double rate_limit, retry_after; /* share of 429; seconds that it says */
    double error, drop, malformed, html, huge, wrong, refuse, invalid_utf8;
    double huge_bytes;
    double no_logprobs; /* 0 or 1 */
    double newer_api;   /* 0 or 1: max_tokens is refused, max_completion_tokens is not */
    double die_after;   /* answers; every connection after them is dropped; 0: never */
} throng_i_rule_faults;

typedef struct throng_i_rule throng_i_rule;

/* The rule in a file, or without one. E_FILE; E_FORMAT with file and line, or with the entry at fault. */
THRONG_MUST_USE throng_status throng_i_rule_load(throng_context *context, const char *path, throng_i_rule **out,
                                                 throng_error *err);
void throng_i_rule_free(throng_i_rule *self);

const char *throng_i_rule_model(const throng_i_rule *self);
const throng_i_rule_faults *throng_i_rule_faults_of(const throng_i_rule *self);

/* Sets one fault by name, as --fault does. false: no such name, or the value is out of range. */
bool throng_i_rule_set_fault(throng_i_rule *self, const char *name, double value);

/* Says why that was false. */
void throng_i_rule_explain_fault(const char *name, char *out, size_t size);

#define THRONG_I_RULE_TOKEN 4 /* bytes of the rule's tokens */

/* Answers a prompt. May be called from several threads; `text` is where the answer's text goes and what it points to.
 * @param temperature 0: the likeliest choice; log-probabilities are those of temperature 1, as servers give them */
THRONG_MUST_USE throng_status throng_i_rule_answer(const throng_i_rule *self, const char *prompt, double temperature,
                                                   throng_random random, uint64_t key, uint64_t sample,
                                                   throng_i_text *text, throng_llm_answer *out, throng_error *err);

/* The first token of a text, and how many it has. */
void throng_i_rule_first_token(const char *text, char out[THRONG_LLM_TOKEN_BYTES]);
int64_t throng_i_rule_tokens(const char *text);

#endif
