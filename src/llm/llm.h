/* Inside the language-model stage: what a back end is, and the name of a question. */
#ifndef THRONG_SRC_LLM_LLM_H
#define THRONG_SRC_LLM_LLM_H

#include "core/core.h"
#include "llm/text.h"
#include "throng/llm.h"

/* What a kind of back end does. `ask` gets requests that were checked. */
typedef struct throng_i_llm_class {
    throng_status (*ask)(throng_llm *self, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                         void *user, throng_error *err);
    void (*usage)(const throng_llm *self, throng_llm_usage *add_to); /* NULL: none */
    void (*clear)(throng_llm *self);                                 /* frees what it holds, not `inner` */
} throng_i_llm_class;

/* The head of every back end's own struct. */
struct throng_llm {
    const throng_i_llm_class *class;
    throng_context *context;
    throng_llm *inner; /* what it stands in front of, owned; NULL: it answers itself */
    char *model;       /* owned by whatever answers; layers in front share it */
};

/* A back end of `size` bytes, zero but for its head, with a copy of `model`; or in front of `inner`. */
THRONG_MUST_USE throng_status throng_i_llm_create(throng_context *context, const throng_i_llm_class *class, size_t size,
                                                  const char *model, void *out, throng_error *err);
THRONG_MUST_USE throng_status throng_i_llm_wrap(throng_llm *inner, const throng_i_llm_class *class, size_t size,
                                                void *out, throng_error *err);

/* Frees a back end without what it stands in front of: for a constructor that fails half-way. */
void throng_i_llm_drop(throng_llm *self);

/* The request as a document: model, texts and numbers, not the sample and not the label. NULL without memory. */
json_t *throng_i_llm_document(const char *model, const throng_llm_request *request);

/* The name of a question: a 128-bit hash of that document, and the sample. */
typedef struct throng_i_llm_key {
    uint64_t high, low;
    int64_t sample;
} throng_i_llm_key;

THRONG_MUST_USE throng_status throng_i_llm_key_of(const throng_llm *self, const throng_llm_request *request,
                                                  throng_i_llm_key *out, throng_error *err);

/* An answer as a document and back. A document that is none gives false. Texts stay the document's. */
json_t *throng_i_llm_answer_pack(const throng_llm_answer *answer);
bool throng_i_llm_answer_unpack(const json_t *document, throng_llm_answer *out);

/* Where answers lie in a file, by key: what cache and replay share. */
typedef struct throng_i_llm_index {
    throng_context *context;
    struct throng_i_llm_place {
        throng_i_llm_key key;
        int64_t offset, length; /* length 0: a free slot */
    } * slots;
    int64_t n, cap; /* cap is 0 or a power of two */
} throng_i_llm_index;

THRONG_MUST_USE throng_status throng_i_llm_index_put(throng_i_llm_index *self, throng_i_llm_key key, int64_t offset,
                                                     int64_t length, throng_error *err);
const struct throng_i_llm_place *throng_i_llm_index_find(const throng_i_llm_index *self, throng_i_llm_key key);

#endif
