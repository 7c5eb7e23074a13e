/* The OpenAI protocol as text: requests written, replies read. No network here. */
#ifndef THRONG_SRC_LLM_WIRE_H
#define THRONG_SRC_LLM_WIRE_H

#include "llm/text.h"
#include "throng/llm.h"

/* The body of a request. seed -1: none is sent. newer: the longest answer is max_completion_tokens. */
void throng_i_wire_write(throng_i_text *out, const char *model, throng_llm_api api, const throng_llm_request *request,
                         int64_t seed, bool newer);

/* What a reply with status 200 says. The answer's texts are the document's.
 * @param guessed whether its tokens were counted by us, from its bytes
 * @return NULL if it was read, else what is wrong with it: "is not JSON" */
const char *throng_i_wire_read(const json_t *document, throng_llm_api api, const throng_llm_request *request,
                               throng_llm_answer *out, bool *guessed);

/* The server's own words about an error, or the beginning of what it sent; on one line, cut to the room there is. */
void throng_i_wire_complaint(const throng_i_text *reply, char *out, size_t size);

/* Tokens of a text, guessed from its bytes. */
int64_t throng_i_wire_guess(const char *text);

#endif
