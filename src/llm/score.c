/* A number from -1 to 1 for each of many texts: see throng_llm_score. */
#include "llm/parse.h"
#include "llm/text.h"
#include "throng/llm.h"

#include "core/core.h"

#include <math.h>

#define SYSTEM "You rate texts. Answer with one number from -1 to 1, and nothing else."

/* Long enough for a number with a word before it. */
#define MOST_TOKENS 16

/* Requests that are made at once: many enough to keep an endpoint busy, few enough to lie in memory. */
#define TOGETHER 1024

typedef struct job {
    double *out; /* [of the requests under way] */
} job;

static throng_status take(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    const job *self = user;
    double numbers[2] = {0.0};
    (void)err;
    /* "0.5", "Rating: -1"; of several numbers nobody knows which is meant */
    bool is_one = throng_i_parse_numbers(answer->text, numbers, 2) == 1 && numbers[0] >= -1.0 && numbers[0] <= 1.0;
    self->out[index] = is_one ? numbers[0] : (double)NAN;
    return THRONG_OK;
}

static void print_prompt(throng_i_text *to, const char *about, const char *text) {
    if (about)
        throng_i_text_print(
            to,
            "How does the author of this text stand on \"%s\"? -1: fully against it, 0: neither, or the "
            "text is not about it, 1: fully for it.",
            about);
    else
        throng_i_text_print(to,
                            "What is the tone of this text? -1: as hostile as can be, 0: neither, 1: as kind as can "
                            "be.");
    throng_i_text_print(to, "\n\nText:\n%s\n\nNumber:", text);
}

/* At most TOGETHER texts. */
static throng_status score(throng_context *context, throng_llm *llm, const char *about, const char *const *texts,
                           int64_t n, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_llm_request *requests = NULL;
    int64_t *begins = NULL;
    throng_i_text prompts = {.context = context};
    job self = {out};
    THRONG_TRY(throng_i_alloc(context, n, sizeof *requests, &requests, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *begins, &begins, err));
    for (int64_t i = 0; i < n; i++) {
        begins[i] = (int64_t)prompts.n;
        print_prompt(&prompts, about, texts[i]);
        throng_i_text_put(&prompts, "", 1);
    }
    THRONG_REQUIRE(!prompts.failed, E_MEMORY, "Out of memory for %lld questions.", (long long)n);
    for (int64_t i = 0; i < n; i++)
        requests[i] =
            (throng_llm_request){.system = SYSTEM, .prompt = prompts.bytes + begins[i], .max_tokens = MOST_TOKENS};
    THRONG_TRY(throng_llm_ask(llm, requests, n, take, &self, err));
out:
    throng_i_text_clear(&prompts);
    throng_i_free(context, begins);
    throng_i_free(context, requests);
    return status;
}

throng_status throng_llm_score(throng_context *context, throng_llm *llm, const char *about, const char *const *texts,
                               int64_t n, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t done = 0; done < n; done += TOGETHER)
        THRONG_TRY(
            score(context, llm, about, texts + done, n - done < TOGETHER ? n - done : TOGETHER, out + done, err));
out:
    return status;
}
