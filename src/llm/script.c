/* Answers from a rule, in this process: what the stand-in server would say to the same texts. */
#include "llm/llm.h"
#include "llm/rule.h"

#include <xxhash.h>

typedef struct script {
    throng_llm head;
    throng_i_rule *rule;
    uint64_t seed;
} script;

static throng_status answer(const script *self, const throng_llm_request *request, int64_t index, throng_llm_take take,
                            void *user, throng_error *err) {
    throng_i_text prompt = {.context = self->head.context}, text = prompt;
    throng_llm_answer it;
    throng_i_llm_key key;
    throng_status status = THRONG_OK;
    throng_i_text_print(&prompt, "%s%s%s", request->system ? request->system : "", request->system ? "\n" : "",
                        request->prompt);
    THRONG_REQUIRE(!prompt.failed, E_MEMORY, "Out of memory for a prompt.");
    THRONG_TRY(throng_i_llm_key_of(&self->head, request, &key, err));
    THRONG_TRY(throng_i_rule_answer(self->rule, prompt.bytes, request->temperature, (throng_random){self->seed, 0},
                                    key.low, (uint64_t)request->sample, &text, &it, err));
    if (it.n_top > request->top_logprobs)
        it.n_top = request->top_logprobs;
    status = take(user, index, &it, err);
out:
    throng_i_text_clear(&prompt);
    throng_i_text_clear(&text);
    return status;
}

static throng_status ask_script(throng_llm *head, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                                void *user, throng_error *err) {
    throng_progress progress = {.stage = "asking", .unit = "answers", .total = n};
    throng_status status = THRONG_OK;
    for (; status == THRONG_OK && progress.done < n; progress.done++) {
        status = answer((const script *)head, &requests[progress.done], progress.done, take, user, err);
        if (status == THRONG_OK)
            status = throng_i_progress(head->context, &progress, err);
    }
    return status;
}

static void clear_script(throng_llm *head) {
    throng_i_rule_free(((script *)head)->rule);
}

static const throng_i_llm_class script_class = {.ask = ask_script, .clear = clear_script};

throng_status throng_llm_script_create(throng_context *context, const char *path, uint64_t seed, throng_llm **out,
                                       throng_error *err) {
    throng_i_rule *rule = NULL;
    script *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_rule_load(context, path, &rule, err));
    THRONG_TRY(throng_i_llm_create(context, &script_class, sizeof *self, throng_i_rule_model(rule), &self, err));
    self->rule = rule;
    self->seed = seed;
    rule = NULL;
    *out = &self->head;
out:
    throng_i_rule_free(rule);
    return status;
}
