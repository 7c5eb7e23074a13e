/* What all back ends share: see llm.h. */
#include "llm/llm.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_i_llm_create(throng_context *context, const throng_i_llm_class *class, size_t size,
                                  const char *model, void *out, throng_error *err) {
    throng_llm *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, size, &self, err));
    self->class = class;
    self->context = context;
    THRONG_TRY(throng_i_copy_text(context, model, &self->model, err));
    memcpy(out, &self, sizeof self);
    self = NULL;
out:
    throng_i_free(context, self);
    return status;
}

throng_status throng_i_llm_wrap(throng_llm *inner, const throng_i_llm_class *class, size_t size, void *out,
                                throng_error *err) {
    throng_llm *self = NULL;
    throng_status status = throng_i_alloc(inner->context, 1, size, &self, err);
    if (status != THRONG_OK)
        return status;
    self->class = class;
    self->context = inner->context;
    self->inner = inner;
    self->model = inner->model;
    memcpy(out, &self, sizeof self);
    return THRONG_OK;
}

void throng_i_llm_drop(throng_llm *self) {
    if (!self)
        return;
    if (self->class->clear)
        self->class->clear(self);
    if (!self->inner)
        throng_i_free(self->context, self->model);
    throng_i_free(self->context, self);
}

void throng_llm_free(throng_llm *self) {
    while (self) {
        throng_llm *inner = self->inner;
        throng_i_llm_drop(self);
        self = inner;
    }
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_status check(const throng_llm_request *request, int64_t at, throng_error *err) {
    throng_status status = THRONG_OK;
    long long place = (long long)at + 1;
    THRONG_REQUIRE(request->prompt, E_ARGUMENT, "Request %lld has no prompt.", place);
    THRONG_REQUIRE(isfinite(request->temperature) && request->temperature >= 0.0 && request->temperature <= 100.0,
                   E_ARGUMENT, "Request %lld: the temperature must lie in [0, 100], got %g.", place,
                   request->temperature);
    THRONG_REQUIRE(request->max_tokens >= 1 && request->max_tokens <= 1000000, E_ARGUMENT,
                   "Request %lld: the longest answer must have 1 to 1,000,000 tokens, got %d.", place,
                   request->max_tokens);
    THRONG_REQUIRE(request->top_logprobs >= 0 && request->top_logprobs <= THRONG_LLM_TOP_MAX, E_ARGUMENT,
                   "Request %lld: 0 to %d log-probabilities can be asked for, got %d.", place, THRONG_LLM_TOP_MAX,
                   request->top_logprobs);
    THRONG_REQUIRE(request->sample >= 0, E_ARGUMENT, "Request %lld: samples count from 0, got %lld.", place,
                   (long long)request->sample);
out:
    return status;
}

throng_status throng_llm_ask(throng_llm *self, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                             void *user, throng_error *err) {
    for (int64_t i = 0; i < n; i++) {
        throng_status status = check(&requests[i], i, err);
        if (status != THRONG_OK)
            return status;
    }
    return n > 0 ? self->class->ask(self, requests, n, take, user, err) : THRONG_OK;
}

throng_llm_usage throng_llm_usage_so_far(const throng_llm *self) {
    throng_llm_usage usage = {0};
    for (; self; self = self->inner)
        if (self->class->usage)
            self->class->usage(self, &usage);
    return usage;
}

const char *throng_llm_model(const throng_llm *self) {
    return self->model;
}

/* ---- documents and keys ---------------------------------------------------------------------------------------- */

json_t *throng_i_llm_document(const char *model, const throng_llm_request *request) {
    return json_pack("{s:s, s:s?, s:s, s:f, s:i, s:i}", "model", model, "system", request->system, "prompt",
                     request->prompt, "temperature", request->temperature, "max_tokens", request->max_tokens,
                     "top_logprobs", request->top_logprobs);
}

throng_status throng_i_llm_key_of(const throng_llm *self, const throng_llm_request *request, throng_i_llm_key *out,
                                  throng_error *err) {
    throng_i_text text = {.context = self->context};
    throng_status status = THRONG_OK;
    json_t *document = throng_i_llm_document(self->model, request);
    THRONG_REQUIRE(document, E_ARGUMENT,
                   "A question cannot be written down: its texts must be UTF-8. It begins \"%.40s\".", request->prompt);
    throng_i_text_put_json(&text, document);
    THRONG_REQUIRE(!text.failed, E_MEMORY, "Out of memory for the key of a question.");
    XXH128_hash_t hash = XXH3_128bits(text.bytes, text.n);
    *out = (throng_i_llm_key){.high = hash.high64, .low = hash.low64, .sample = request->sample};
out:
    throng_i_text_clear(&text);
    return status;
}

json_t *throng_i_llm_answer_pack(const throng_llm_answer *answer) {
    json_t *top = json_array();
    for (int i = 0; i < answer->n_top; i++)
        json_array_append_new(top, json_pack("[s, f]", answer->top[i].text, answer->top[i].logprob));
    return json_pack("{s:s, s:s, s:o, s:I, s:I}", "text", answer->text, "finish", answer->finish, "top", top,
                     "prompt_tokens", (json_int_t)answer->prompt_tokens, "completion_tokens",
                     (json_int_t)answer->completion_tokens);
}

bool throng_i_llm_answer_unpack(const json_t *document, throng_llm_answer *out) {
    const json_t *top = json_object_get(document, "top");
    const char *text = json_string_value(json_object_get(document, "text"));
    const char *finish = json_string_value(json_object_get(document, "finish"));
    size_t n = json_array_size(top);
    if (!text || !finish || !json_is_array(top) || n > THRONG_LLM_TOP_MAX)
        return false;
    *out = (throng_llm_answer){.text = text, .finish = finish, .n_top = (int)n};
    out->prompt_tokens = json_integer_value(json_object_get(document, "prompt_tokens"));
    out->completion_tokens = json_integer_value(json_object_get(document, "completion_tokens"));
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(top, i);
        const char *token = json_string_value(json_array_get(pair, 0));
        if (!token)
            return false;
        strncpy(out->top[i].text, token, THRONG_LLM_TOKEN_BYTES - 1);
        out->top[i].logprob = json_number_value(json_array_get(pair, 1));
    }
    return true;
}

/* ---- the index ------------------------------------------------------------------------------------------------- */

static bool same_key(throng_i_llm_key a, throng_i_llm_key b) {
    return a.high == b.high && a.low == b.low && a.sample == b.sample;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct throng_i_llm_place *slot_of(const throng_i_llm_index *self, throng_i_llm_key key) {
    uint64_t mask = (uint64_t)self->cap - 1;
    uint64_t at = key.low + (uint64_t)key.sample * 0x9E3779B97F4A7C15u;
    at = (at ^ at >> 32) & mask;
    while (self->slots[at].length > 0 && !same_key(self->slots[at].key, key))
        at = (at + 1) & mask;
    return &self->slots[at];
}

static throng_status grow(throng_i_llm_index *self, throng_error *err) {
    throng_i_llm_index larger = {.context = self->context, .n = self->n, .cap = self->cap ? 2 * self->cap : 1024};
    throng_status status = throng_i_alloc(self->context, larger.cap, sizeof *larger.slots, &larger.slots, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < self->cap; i++)
        if (self->slots[i].length > 0)
            *slot_of(&larger, self->slots[i].key) = self->slots[i];
    throng_i_free(self->context, self->slots);
    *self = larger;
    return THRONG_OK;
}

throng_status throng_i_llm_index_put(throng_i_llm_index *self, throng_i_llm_key key, int64_t offset, int64_t length,
                                     throng_error *err) {
    throng_status status = 2 * (self->n + 1) > self->cap ? grow(self, err) : THRONG_OK;
    if (status != THRONG_OK)
        return status;
    struct throng_i_llm_place *slot = slot_of(self, key);
    self->n += slot->length == 0;
    *slot = (struct throng_i_llm_place){.key = key, .offset = offset, .length = length};
    return THRONG_OK;
}

const struct throng_i_llm_place *throng_i_llm_index_find(const throng_i_llm_index *self, throng_i_llm_key key) {
    if (self->cap == 0)
        return NULL;
    const struct throng_i_llm_place *slot = slot_of(self, key);
    return slot->length > 0 ? slot : NULL;
}
