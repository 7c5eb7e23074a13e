/* The fault injector: spoils answers of what it stands in front of, the same ones whenever it is asked the same. */
#include "llm/llm.h"

#define STREAM_FAULTY 400

typedef struct faulty {
    throng_llm head;
    throng_llm_faults faults;
} faulty;

typedef struct spoiling {
    faulty *self;
    const throng_llm_request *requests;
    throng_llm_take take;
    void *user;
} spoiling;

/* What comes in place of the answer; NULL: nothing does. The shares follow each other in one draw. */
static const char *spoiled(const throng_llm_faults *faults, double u) {
    const double shares[] = {faults->refuse, faults->wrong, faults->garbage, faults->empty};
    const char *const texts[] = {"I'm sorry, but I can't help with that.", "Z", "{\"answer\": ", ""};
    for (int i = 0; i < 4; u -= shares[i], i++)
        if (u < shares[i])
            return texts[i];
    return NULL;
}

static throng_status spoil(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    spoiling *it = user;
    throng_llm_answer changed = *answer;
    throng_i_llm_key key;
    double u[4];
    throng_status status = throng_i_llm_key_of(&it->self->head, &it->requests[index], &key, err);
    if (status != THRONG_OK)
        return status;
    throng_random_uniforms((throng_random){it->self->faults.seed, STREAM_FAULTY}, key.low, (uint64_t)key.sample, 0, u);
    const char *instead = spoiled(&it->self->faults, u[0]);
    if (instead)
        changed.text = instead;
    if (instead || it->self->faults.no_logprobs)
        changed.n_top = 0;
    return it->take(it->user, index, &changed, err);
}

static throng_status ask_faulty(throng_llm *head, const throng_llm_request *requests, int64_t n, throng_llm_take take,
                                void *user, throng_error *err) {
    spoiling it = {.self = (faulty *)head, .requests = requests, .take = take, .user = user};
    return throng_llm_ask(head->inner, requests, n, spoil, &it, err);
}

static const throng_i_llm_class faulty_class = {.ask = ask_faulty};

throng_status throng_llm_faulty_create(throng_llm *inner, const throng_llm_faults *faults, throng_llm **out,
                                       throng_error *err) {
    faulty *self = NULL;
    throng_status status = THRONG_OK;
    double least = faults->refuse, sum = faults->refuse + faults->wrong + faults->garbage + faults->empty;
    least = faults->wrong < least ? faults->wrong : least;
    least = faults->garbage < least ? faults->garbage : least;
    least = faults->empty < least ? faults->empty : least;
    THRONG_REQUIRE(least >= 0.0 && sum <= 1.0, E_ARGUMENT,
                   "Shares of spoiled answers may not be negative, nor above 1 together; their sum is %g.", sum);
    THRONG_TRY(throng_i_llm_wrap(inner, &faulty_class, sizeof *self, &self, err));
    self->faults = *faults;
    *out = &self->head;
out:
    return status;
}
