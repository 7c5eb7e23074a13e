/* A growing text in the context's memory, and what answers of strangers need: valid UTF-8, words without case. */
#ifndef THRONG_SRC_LLM_TEXT_H
#define THRONG_SRC_LLM_TEXT_H

#include "core/core.h"

#include <jansson.h>

/* Starts as {.context = context}. Once memory ran out, `failed` is set and everything further is left out: look at it
 * once, at the end. */
typedef struct throng_i_text {
    throng_context *context;
    char *bytes; /* ends with a zero; NULL while empty */
    size_t n, cap;
    bool failed;
} throng_i_text;

void throng_i_text_put(throng_i_text *self, const char *bytes, size_t n);
void throng_i_text_print(throng_i_text *self, const char *format, ...) THRONG_PRINTF(2, 3);
void throng_i_text_clear(throng_i_text *self);

/* The document on one line with sorted keys and 17 digits: the same bytes for the same content. Takes the document
 * over; NULL is what jansson gives without memory. */
void throng_i_text_put_json(throng_i_text *self, json_t *document);

/* Overwrites bytes that are not UTF-8, and zeros, with '?'; says how many. */
size_t throng_i_text_repair(char *bytes, size_t n);

/* Whether two words are the same but for the case of their ASCII letters, over n bytes. */
bool throng_i_text_same(const char *one, const char *other, size_t n);

/* The whole file, not above `most` bytes. E_FILE. */
THRONG_MUST_USE throng_status throng_i_text_read_file(throng_i_text *self, const char *path, size_t most,
                                                      throng_error *err);

#endif
