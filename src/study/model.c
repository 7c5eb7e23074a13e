/* The language model that a study names. */
#include "study/deciding.h"

#include <stdlib.h>
#include <string.h>

static const char *text(const throng_study *study, const char *key) {
    return throng_study_text(study, key, 0);
}

static int64_t count(const throng_study *study, const char *key) {
    const char *value = text(study, key);
    return value ? strtoll(value, NULL, 10) : 0;
}

static throng_status open_source(const throng_study *study, throng_i_model_budget budget, throng_llm **out,
                                 throng_error *err) {
    const char *script = text(study, "model.script"), *replay = text(study, "model.replay");
    const char *name = text(study, "model.name"), *endpoint = text(study, "model.endpoint");
    uint64_t seed = (uint64_t)count(study, "run.seed");
    throng_status status = THRONG_OK;
    THRONG_REQUIRE((endpoint != NULL) + (script != NULL) + (replay != NULL) == 1, E_PARAMETER,
                   "Whom to ask? Give one of model.endpoint, model.script and model.replay.");
    THRONG_REQUIRE(script || name, E_PARAMETER, "Which model is it? Name it with model.name.");
    if (replay)
        return throng_llm_replay_create(study->context, replay, name, out, err);
    if (script)
        return throng_llm_script_create(study->context, strcmp(script, "-") == 0 ? NULL : script, seed, out, err);
    throng_llm_endpoint_def def = {.url = endpoint,
                                   .model = name,
                                   .api = strcmp(text(study, "model.api"), "chat") == 0 ? THRONG_LLM_CHAT
                                                                                        : THRONG_LLM_COMPLETIONS,
                                   .key_variable = text(study, "model.key-variable"),
                                   .key_file = text(study, "model.key-file"),
                                   .concurrency = (int)count(study, "model.concurrency"),
                                   .timeout = strtod(text(study, "model.timeout"), NULL),
                                   .retries = (int)count(study, "model.retries"),
                                   .no_seed = strcmp(text(study, "model.seed"), "omit") == 0,
                                   .seed = seed,
                                   .max_calls = budget.calls > 0 ? budget.calls : count(study, "model.max-calls"),
                                   .max_tokens = count(study, "model.max-total-tokens"),
                                   .max_cost = budget.cost,
                                   .prompt_price = budget.prompt_price,
                                   .completion_price = budget.completion_price};
    return throng_llm_endpoint_create(study->context, &def, out, err);
out:
    return status;
}

throng_status throng_i_model_open(const throng_study *study, throng_i_model_budget budget, throng_llm **out,
                                  throng_error *err) {
    const char *cache = text(study, "model.cache"), *mode = text(study, "model.cache-mode");
    const char *transcript = text(study, "model.transcript");
    throng_llm_cache_mode kind = strcmp(mode, "read") == 0     ? THRONG_LLM_CACHE_READ
                                 : strcmp(mode, "strict") == 0 ? THRONG_LLM_CACHE_STRICT
                                                               : THRONG_LLM_CACHE_WRITE;
    throng_llm *llm = NULL;
    throng_status status = THRONG_OK;
    *out = NULL;
    if (!text(study, "model.endpoint") && !text(study, "model.script") && !text(study, "model.replay"))
        return THRONG_OK;
    THRONG_REQUIRE(cache || strcmp(mode, "strict") != 0, E_PARAMETER,
                   "model.cache-mode strict takes all answers from a file: name it with model.cache.");
    THRONG_TRY(open_source(study, budget, &llm, err));
    if (cache && strcmp(mode, "off") != 0)
        THRONG_TRY(throng_llm_cache_create(llm, cache, kind, &llm, err));
    if (transcript)
        THRONG_TRY(throng_llm_transcript_create(llm, transcript, &llm, err));
    *out = llm;
    llm = NULL;
out:
    throng_llm_free(llm);
    return status;
}
