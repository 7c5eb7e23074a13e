/* The OpenAI protocol as text: see wire.h. */
#include "llm/wire.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t throng_i_wire_guess(const char *text) {
    return text ? (int64_t)(strlen(text) + 3) / 4 : 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static json_t *write_messages(const throng_llm_request *request) {
    json_t *user = json_pack("{s:s, s:s}", "role", "user", "content", request->prompt);
    return request->system ? json_pack("[{s:s, s:s}, o]", "role", "system", "content", request->system, user)
                           : json_pack("[o]", user);
}

void throng_i_wire_write(throng_i_text *out, const char *model, throng_llm_api api, const throng_llm_request *request,
                         int64_t seed, bool newer) {
    bool chat = api == THRONG_LLM_CHAT;
    json_t *body = json_pack("{s:s, s:f, s:i}", "model", model, "temperature", request->temperature,
                             newer ? "max_completion_tokens" : "max_tokens", request->max_tokens);
    int failed = body ? 0 : -1;
    if (chat)
        failed |= json_object_set_new(body, "messages", write_messages(request));
    else if (request->system)
        failed |= json_object_set_new(body, "prompt", json_sprintf("%s\n\n%s", request->system, request->prompt));
    else
        failed |= json_object_set_new(body, "prompt", json_string(request->prompt));
    if (request->top_logprobs > 0) {
        failed |= json_object_set_new(body, "logprobs", chat ? json_true() : json_integer(request->top_logprobs));
        if (chat)
            failed |= json_object_set_new(body, "top_logprobs", json_integer(request->top_logprobs));
    }
    if (seed >= 0)
        failed |= json_object_set_new(body, "seed", json_integer(seed));
    if (failed)
        out->failed = true;
    throng_i_text_put_json(out, body);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void add_token(throng_llm_answer *out, const char *text, const json_t *logprob) {
    if (!text || !json_is_number(logprob) || out->n_top >= THRONG_LLM_TOP_MAX)
        return;
    throng_llm_token *token = &out->top[out->n_top++];
    snprintf(token->text, sizeof token->text, "%s", text);
    throng_i_text_repair(token->text, strlen(token->text)); /* a character may have been cut */
    token->logprob = fmin(0.0, json_number_value(logprob));
}

static bool is_blank(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return *text == '\0';
}

/* The alternatives at the first token that is not just space. */
static void read_chat_logprobs(const json_t *choice, throng_llm_answer *out) {
    size_t i, j;
    const json_t *entry, *other;
    json_array_foreach(json_object_get(json_object_get(choice, "logprobs"), "content"), i, entry) {
        const char *token = json_string_value(json_object_get(entry, "token"));
        if (!token || is_blank(token))
            continue;
        const json_t *top = json_object_get(entry, "top_logprobs");
        json_array_foreach(top, j, other)
            add_token(out, json_string_value(json_object_get(other, "token")), json_object_get(other, "logprob"));
        if (out->n_top == 0)
            add_token(out, token, json_object_get(entry, "logprob"));
        return;
    }
}

static void read_completion_logprobs(const json_t *choice, throng_llm_answer *out) {
    size_t i;
    const json_t *token, *value;
    const char *name;
    const json_t *logprobs = json_object_get(choice, "logprobs");
    json_array_foreach(json_object_get(logprobs, "tokens"), i, token) {
        if (!json_is_string(token) || is_blank(json_string_value(token)))
            continue;
        json_object_foreach(json_array_get(json_object_get(logprobs, "top_logprobs"), i), name, value)
            add_token(out, name, value);
        return;
    }
}

static int64_t read_count(const json_t *usage, const char *name, const char *text, bool *guessed) {
    const json_t *given = json_object_get(usage, name);
    if (json_is_integer(given) && json_integer_value(given) >= 0)
        return json_integer_value(given);
    *guessed = true;
    return throng_i_wire_guess(text);
}

const char *throng_i_wire_read(const json_t *document, throng_llm_api api, const throng_llm_request *request,
                               throng_llm_answer *out, bool *guessed) {
    const json_t *choice = json_array_get(json_object_get(document, "choices"), 0);
    const json_t *message = json_object_get(choice, "message");
    const json_t *content =
        api == THRONG_LLM_CHAT ? json_object_get(message, "content") : json_object_get(choice, "text");
    const json_t *usage = json_object_get(document, "usage");
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    if (!document)
        return "is not JSON";
    if (!json_is_object(choice))
        return "has no \"choices\"";
    if (json_is_null(content)) /* an answer that the model declined to give */
        content = json_object_get(message, "refusal");
    else if (!json_is_string(content))
        return "has a choice without text";
    *guessed = false;
    *out = (throng_llm_answer){.finish = finish ? finish : "", .origin = THRONG_LLM_FROM_ENDPOINT};
    out->text = json_is_string(content) ? json_string_value(content) : "";
    out->prompt_tokens = read_count(usage, "prompt_tokens", request->prompt, guessed);
    out->completion_tokens = read_count(usage, "completion_tokens", out->text, guessed);
    if (api == THRONG_LLM_CHAT)
        read_chat_logprobs(choice, out);
    else
        read_completion_logprobs(choice, out);
    return NULL;
}

void throng_i_wire_complaint(const throng_i_text *reply, char *out, size_t size) {
    json_t *document = reply->n > 0 ? json_loadb(reply->bytes, reply->n, 0, NULL) : NULL;
    const json_t *error = json_object_get(document, "error");
    const char *said = json_string_value(json_is_string(error) ? error : json_object_get(error, "message"));
    if (!said) /* vLLM */
        said = json_string_value(json_object_get(document, "message"));
    if (!said)
        said = reply->n > 0 ? reply->bytes : "nothing";
    size_t used = 0;
    bool space = false;
    for (; *said && used + 1 < size; said++) {
        space = (unsigned char)*said <= ' ';
        if (!space || (used > 0 && out[used - 1] != ' '))
            out[used++] = space ? ' ' : *said;
    }
    out[used] = '\0';
    throng_i_text_repair(out, used);
    json_decref(document);
}
