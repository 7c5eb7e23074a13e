/* Reading an answer that should have been one of a few options, or a number, and may be anything. */
#ifndef THRONG_SRC_LLM_PARSE_H
#define THRONG_SRC_LLM_PARSE_H

#include "throng/llm.h"

/* Which option the text chooses; -1: none that could be told. Options are lettered from A on, in the order given.
 * @param rung out: how it was found, NONE for -1 */
int throng_i_parse_option(const char *text, const char *const *options, int n, throng_llm_rung *rung);

/* Which option a first token belongs to; -1: none, or more than one. */
int throng_i_parse_token(const char *token, const char *const *options, int n);

/* Every number of the text, in order, what stands in <think> left out; gives how many there are, at most `most` of
 * which are stored. */
int64_t throng_i_parse_numbers(const char *text, double *out, int64_t most);

/* Whether a text that chooses nothing is a model declining to answer. */
bool throng_i_parse_refusal(const char *text);

#endif
