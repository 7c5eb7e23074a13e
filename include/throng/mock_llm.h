/**
 * A stand-in for a language-model server: it speaks the OpenAI protocol over HTTP on this machine and answers from a
 * rule in a file, with log-probabilities, deterministically by seed; and it can be told to misbehave. For trying
 * everything without a model, and for tests. docs/language-models.md describes the file.
 */
#ifndef THRONG_MOCK_LLM_H
#define THRONG_MOCK_LLM_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_mock_llm throng_mock_llm;

/** What the stand-in is to be. Zero means the default everywhere. */
typedef struct throng_mock_llm_def {
    int port;                 /* 0: any free one */
    const char *script;       /* file with the rule; NULL: all choices are equally likely, dice are fair */
    uint64_t seed;            /* answers depend on it, the request and the request's own seed */
    const char *faults;       /* "drop=0.1,latency_ms=20": in place of what the script says; NULL: none */
    const char *key_variable; /* environment variable with the key that requests must show; NULL: none */
} throng_mock_llm_def;

/**
 * Starts serving on 127.0.0.1, in threads of its own, and returns at once. POST /v1/chat/completions and
 * /v1/completions, GET /v1/models.
 *
 * Log-probabilities are exact for the first token of an answer; later tokens are given as certain. A request without a
 * seed is numbered instead, so that its answer depends on the order of arrival.
 * @return THRONG_E_ENDPOINT if the port cannot be had; THRONG_E_FILE, THRONG_E_FORMAT for the script;
 * THRONG_E_ARGUMENT.
 */
THRONG_API THRONG_MUST_USE throng_status throng_mock_llm_start(throng_context *context, const throng_mock_llm_def *def,
                                                               throng_mock_llm **out, throng_error *err);

THRONG_API int throng_mock_llm_port(const throng_mock_llm *self);

/** The model's name that requests must give. */
THRONG_API const char *throng_mock_llm_model(const throng_mock_llm *self);

/** Requests that came in, and those that got a whole answer. */
THRONG_API void throng_mock_llm_counts(const throng_mock_llm *self, int64_t *requests, int64_t *answers);

/** Stops serving, waits for what is under way, and frees. */
THRONG_API void throng_mock_llm_stop(throng_mock_llm *self);

#ifdef __cplusplus
}
#endif
#endif
