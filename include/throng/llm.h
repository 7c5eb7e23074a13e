/**
 * Language models: asking one endpoint many questions, within a budget, without paying for an answer twice.
 *
 * A `throng_llm` answers requests. Four kinds do so themselves: an endpoint (a server that speaks the OpenAI protocol),
 * a script (a rule in a file, no model at all), a replay (answers recorded earlier). Three stand in front of another
 * one and do one thing each: a cache, a transcript, a fault injector. All have this one interface, so what asks never
 * knows which it got:
 *
 *     throng_llm_endpoint_create(context, &def, &llm, &err);
 *     throng_llm_cache_create(llm, "answers.cache", THRONG_LLM_CACHE_WRITE, &llm, &err);
 *     throng_llm_ask(llm, requests, n, take_answer, user, &err);
 *
 * A key is read from the environment or a file. It is held in memory only, sent to the endpoint's own host only
 * (redirects are not followed), and blotted out of every message and answer, should a server repeat it.
 */
#ifndef THRONG_LLM_H
#define THRONG_LLM_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Something that answers requests. */
typedef struct throng_llm throng_llm;

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/** One request. Two requests with the same model, texts and numbers below `sample` are the same question: `sample`
 *  tells repeated answers to it apart; the seed that is sent to the endpoint is made from both. */
typedef struct throng_llm_request {
    const char *system; /* instructions; NULL: none */
    const char *prompt; /* what is asked */
    double temperature; /* >= 0; 1 is the model's own distribution */
    int max_tokens;     /* longest answer, 1..1,000,000 */
    int top_logprobs;   /* 0..20: log-probabilities of how many first tokens to ask for */
    int64_t sample;     /* 0.. */
    const char *label;  /* who asks, for the transcript: "agent 12, step 3"; no part of the question; NULL: none */
    const char *bare; /* the prompt without what was added to it, such as lettered options, as a published table has it;
                         no part of the question either; NULL: prompt */
} throng_llm_request;

#define THRONG_LLM_TOP_MAX     20
#define THRONG_LLM_TOKEN_BYTES 48

/** A token that the answer could have begun with. */
typedef struct throng_llm_token {
    char text[THRONG_LLM_TOKEN_BYTES]; /* longer ones are cut */
    double logprob;
} throng_llm_token;

/** Where an answer came from. */
typedef enum throng_llm_origin {
    THRONG_LLM_FROM_ENDPOINT,
    THRONG_LLM_FROM_CACHE,
    THRONG_LLM_FROM_REPLAY,
    THRONG_LLM_FROM_SCRIPT,
    THRONG_LLM_ORIGIN_COUNT
} throng_llm_origin;

/** One answer; it lives while the callback runs. */
typedef struct throng_llm_answer {
    const char *text;   /* UTF-8; bytes that were not are '?' */
    const char *finish; /* "stop", "length" (cut at max_tokens), or what the endpoint said; "" if nothing */
    int n_top;          /* 0: the endpoint gave no log-probabilities */
    throng_llm_token top[THRONG_LLM_TOP_MAX];
    int64_t prompt_tokens, completion_tokens; /* as the endpoint counted them, else one for every four bytes */
    throng_llm_origin origin;
} throng_llm_answer;

/** Takes the answer to requests[index]; called on the asking thread, once a request, in the order of arrival. Anything
 *  but THRONG_OK stops the asking with that status; `err` is then the callback's to fill. */
typedef throng_status (*throng_llm_take)(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err);

/**
 * Asks n requests, many at a time where the back end can. After a failure no further request is sent, but answers that
 * are under way are waited for and delivered: they are paid for.
 * @return THRONG_OK when every request was answered; THRONG_E_ENDPOINT if the endpoint failed for good; THRONG_E_BUDGET
 *         if the budget would not do; THRONG_E_CACHE_MISS from a strict cache or a replay; THRONG_E_CANCELLED;
 *         THRONG_E_ARGUMENT for a request out of range.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_ask(throng_llm *self, const throng_llm_request *requests, int64_t n,
                                                        throng_llm_take take, void *user, throng_error *err);

/** What asking has used up and met so far, over all layers. */
typedef struct throng_llm_usage {
    int64_t calls;        /* answers that the endpoint gave and will charge for */
    int64_t attempts;     /* requests that were sent, retries included */
    int64_t rate_limited; /* of them, refused with "too many requests" */
    int64_t broken;       /* of them, lost to dropped connections, timeouts, errors and unreadable answers */
    int64_t prompt_tokens, completion_tokens; /* of the calls */
    int64_t guessed;                          /* calls whose tokens the endpoint did not count */
    double cost;                              /* in the currency of the prices given */
    int64_t cache_hits, cache_misses;
    int64_t cache_damaged; /* lines of the cache that could not be read and were passed over */
    int64_t repaired;      /* answers with bytes that were not UTF-8 */
} throng_llm_usage;

THRONG_API throng_llm_usage throng_llm_usage_so_far(const throng_llm *self);

/** The model's name, as requests, cache and transcripts have it. */
THRONG_API const char *throng_llm_model(const throng_llm *self);

/** Frees it and everything that it stands in front of. */
THRONG_API void throng_llm_free(throng_llm *self);

/* ---- endpoint -------------------------------------------------------------------------------------------------- */

/** Which of the protocol's two calls to use. */
typedef enum throng_llm_api {
    THRONG_LLM_CHAT,        /* /chat/completions */
    THRONG_LLM_COMPLETIONS, /* /completions: system text and prompt are joined by an empty line */
    THRONG_LLM_API_COUNT
} throng_llm_api;

/** An endpoint. Zero means the default everywhere but for url and model, which are required. */
typedef struct throng_llm_endpoint_def {
    const char *url;   /* up to and with the version: "http://127.0.0.1:8000/v1" */
    const char *model; /* as the endpoint calls it */
    throng_llm_api api;
    const char
        *key_variable;    /* environment variable that holds the key; NULL: none. An empty or unset one is an error */
    const char *key_file; /* file that holds the key and nothing else; NULL: none */
    int concurrency;      /* requests under way at once, 1..1024 (default 16) */
    double timeout;       /* seconds for one answer (default 120); connecting may take 10 */
    int retries;          /* further attempts for one request (default 5; -1: none) */
    double backoff;       /* seconds before the first further attempt, doubled each time, up to 60 (default 0.5) */
    int64_t answer_bytes; /* longest answer that is taken (default 8 MB) */
    bool no_seed;         /* do not send `seed`: for endpoints that refuse it */
    uint64_t seed;        /* hashed with question and sample into the seed that is sent; also of the jitter */
    int64_t max_calls;    /* budget; 0: no limit */
    int64_t max_tokens;   /* of prompts and answers together; 0: no limit */
    double max_cost;      /* in the currency of the prices; 0: no limit */
    double prompt_price, completion_price; /* for a million tokens */
} throng_llm_endpoint_def;

/**
 * Makes an endpoint; nothing is sent before the first question.
 *
 * Tried again, with growing pauses and jitter: lost connections, timeouts, 408, 425, 429 and 5xx (after Retry-After, if
 * it is given), and answers that are not what the protocol says. Not tried again: other 4xx, an answer that is too
 * long, and a first connection that cannot be made. A budget counts what is under way at its worst, so it is never
 * exceeded by more than the error of guessing a prompt's tokens from its bytes.
 * @return THRONG_OK; THRONG_E_ARGUMENT; THRONG_E_FILE if there is no key where one should be; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_endpoint_create(throng_context *context,
                                                                    const throng_llm_endpoint_def *def,
                                                                    throng_llm **out, throng_error *err);

/* ---- script ---------------------------------------------------------------------------------------------------- */

/**
 * Answers from the rule in a file, as the stand-in server does (docs/language-models.md has the format), without any
 * server. Every answer depends on seed, request and sample alone.
 * @param path NULL: the rule without a file: choices are equally likely, dice are fair
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_script_create(throng_context *context, const char *path,
                                                                  uint64_t seed, throng_llm **out, throng_error *err);

/* ---- cache, transcript, replay, faults ------------------------------------------------------------------------- */

typedef enum throng_llm_cache_mode {
    THRONG_LLM_CACHE_READ,   /* answers that are there are taken, new ones are not kept */
    THRONG_LLM_CACHE_WRITE,  /* and new ones are kept */
    THRONG_LLM_CACHE_STRICT, /* a question without an answer is an error: nothing is ever sent */
    THRONG_LLM_CACHE_MODE_COUNT
} throng_llm_cache_mode;

/**
 * Puts a cache in front of `inner`: one file of lines that are only ever added, each with a checksum, so that a process
 * killed at any moment costs at most the answer it was writing. Several processes may share it. Key: a hash of model,
 * texts, temperature, longest answer, number of log-probabilities, and sample; not the URL, nor the budget.
 * @param path  made in mode WRITE; E_FILE in the others if it is missing
 * @param inner taken over on success only
 * @param out   may be where `inner` was read from
 * @return THRONG_E_FORMAT if the file is no cache, or one of another version.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_cache_create(throng_llm *inner, const char *path,
                                                                 throng_llm_cache_mode mode, throng_llm **out,
                                                                 throng_error *err);

/** Writes every question and answer that passes to the end of an NDJSON file; taking over as above. */
THRONG_API THRONG_MUST_USE throng_status throng_llm_transcript_create(throng_llm *inner, const char *path,
                                                                      throng_llm **out, throng_error *err);

/** Answers from a transcript, as the model that is named; what it does not hold is THRONG_E_CACHE_MISS. */
THRONG_API THRONG_MUST_USE throng_status throng_llm_replay_create(throng_context *context, const char *path,
                                                                  const char *model, throng_llm **out,
                                                                  throng_error *err);

/**
 * Answers from a table that was published elsewhere, in any format that throng_table_read knows: columns `prompt` and
 * `answer`, and, if they are there, `system` and `model`, of which rows other than the model's are left out. The k-th
 * row of a prompt is its k-th sample; what the table does not hold is THRONG_E_CACHE_MISS. Options that throng adds to
 * a prompt in an order of its own are no part of it, so answers must name an option, not its letter.
 * @return THRONG_E_FORMAT if no row is the model's; what throng_table_read returns.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_published_create(throng_context *context, const char *path,
                                                                     const char *model, throng_llm **out,
                                                                     throng_error *err);

/** Shares of answers that a fault injector spoils, each 0..1. What is spoiled depends on seed, request and sample. */
typedef struct throng_llm_faults {
    uint64_t seed;
    double refuse;    /* "I'm sorry, but I can't help with that." */
    double wrong;     /* an option that was not offered */
    double garbage;   /* half a JSON object */
    double empty;     /* nothing */
    bool no_logprobs; /* log-probabilities are taken away from all answers */
} throng_llm_faults;

/** Spoils answers of `inner`, for finding out what a study does with them; taking over as above. */
THRONG_API THRONG_MUST_USE throng_status throng_llm_faulty_create(throng_llm *inner, const throng_llm_faults *faults,
                                                                  throng_llm **out, throng_error *err);

/* ---- choices --------------------------------------------------------------------------------------------------- */

/** How an option was read out of an answer, from the strictest form down. */
typedef enum throng_llm_rung {
    THRONG_LLM_RUNG_JSON,    /* {"answer": "B"} */
    THRONG_LLM_RUNG_TAG,     /* <answer>B</answer> */
    THRONG_LLM_RUNG_PATTERN, /* "my answer is B" */
    THRONG_LLM_RUNG_LETTER,  /* "B", "(b)", "B) post", "post": what was asked for */
    THRONG_LLM_RUNG_NAME,    /* the only option that is named: "I would rather post that." */
    THRONG_LLM_RUNG_NONE,    /* it could not be read */
    THRONG_LLM_RUNG_COUNT
} throng_llm_rung;

/** "json", "tag", ... */
THRONG_API const char *throng_llm_rung_name(throng_llm_rung rung);

/** The option that a text chooses, or -1. Options are lettered A, B, ... in the order given; what stands between
 * <think> and </think> does not count. @param options [n], n <= 26  @param rung out; may be NULL */
THRONG_API int throng_llm_read_option(const char *text, const char *const *options, int n, throng_llm_rung *rung);

/** Every number of a text in order, decimal points and signs understood, what stands in <think> left out: how many
 * there are, of which the first `most` are stored. @param out [most] */
THRONG_API int64_t throng_llm_read_numbers(const char *text, double *out, int64_t most);

#define THRONG_LLM_OPTIONS_MAX 26

/** A question with a few possible answers. They are listed below the prompt in an order of their own, lettered. */
typedef struct throng_llm_question {
    const char *system; /* NULL: none */
    const char *prompt;
    const char *label; /* for the transcript; NULL: none */
} throng_llm_question;

/** How to ask. Zero means the default. */
typedef struct throng_llm_choose_def {
    const char *const *options; /* [n_options] required: 2..26 different texts of one line */
    int n_options;
    int samples;        /* answers to a question that log-probabilities do not settle (default 20) */
    int orders;         /* orders of the options that log-probabilities are averaged over (default 2) */
    bool no_logprobs;   /* sample always */
    double temperature; /* > 0 (default 1): also of log-probabilities, which endpoints give at 1 */
    int max_tokens;     /* of an answer (default 16) */
    int retries;        /* further answers in place of one that cannot be read (default 2; -1: none) */
    double void_share;  /* of answers that cannot be read, above which the whole is void (default 0.05) */
    uint64_t seed;      /* of the orders */
} throng_llm_choose_def;

/** What was met on the way: every departure from a plain answer is counted. */
typedef struct throng_llm_choose_counts {
    int64_t by_logprobs, by_samples;      /* questions */
    int64_t rungs[THRONG_LLM_RUNG_COUNT]; /* sampled answers by how they were read; NONE was asked again */
    int64_t refusals;                     /* of NONE, those that decline */
    int64_t defaulted;                    /* answers that stayed unreadable and count as all options alike */
    double least_covered;                 /* least total probability of the options among all tokens; 1 without any */
    double unreadable;                    /* defaulted / answers wanted; of questions by log-probabilities, none */
    bool is_void;                         /* unreadable > void_share */
} throng_llm_choose_counts;

/**
 * Asks for the distribution over the options of each question: read off the log-probabilities of the first token where
 * the endpoint gives them and they cover at least half, else counted over samples. The order of the options is drawn
 * for every request from seed, question and sample, since models favour places; the prompt in the transcript shows it.
 * @param p [n][n_options] out, rows sum to 1; in the order of def->options
 * @return as throng_llm_ask. A result that is void is THRONG_OK: look at counts->is_void.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_choose(throng_llm *llm, const throng_llm_choose_def *def,
                                                           const throng_llm_question *questions, int64_t n, double *p,
                                                           throng_llm_choose_counts *counts, throng_error *err);

/* ---- a law of answers ------------------------------------------------------------------------------------------ */

/** The line ln(p / (1 - p)) = intercept + slope x, with 95 % intervals. */
typedef struct throng_llm_line {
    double intercept, intercept_low, intercept_high;
    double slope, slope_low, slope_high;
    double residual;    /* largest |p - p of the line| */
    double lack_of_fit; /* how likely so bad a fit is if the line is true, by deviance; NaN without samples */
} throng_llm_line;

/**
 * Fits a line to the log-odds of an answer by maximum likelihood: how much what stands in the prompt moves it, and how
 * much it leans by itself. For agents that say yes or no and x, the sum of their neighbours' -1 and +1, that is the law
 * of Ising's model: coupling = slope / 2, field = intercept / 2.
 * @param x       [n] the number that stood in each prompt, n >= 3, at least two different
 * @param p       [n] share of the answers, in [0, 1]
 * @param samples answers that each share was counted over; 0: probabilities, whose distances from the line make the
 *                intervals (Student's t with n - 2 degrees of freedom)
 * @return THRONG_E_ARGUMENT; THRONG_E_DEGENERATE if there is no such line: all answers alike, or split by a value of x.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_fit_line(const double *x, const double *p, int64_t n, int samples,
                                                             throng_llm_line *out, throng_error *err);

/* ---- templates ------------------------------------------------------------------------------------------------- */

/** A prompt with places to fill. */
typedef struct throng_llm_template throng_llm_template;

/**
 * Reads a template. In its text
 *
 *     {{age}}                        is the value of the slot `age`
 *     {{history:5}}                  its last five lines: a window on something that grows
 *     {{#mood}} ... {{/mood}}        stands there if `mood` is neither empty nor 0 nor false; may be nested
 *     {{^mood}} ... {{/mood}}        stands there if it is
 *     {{>cards/fisher.txt}}          is another file, looked for beside this one: a role card, say
 *
 * and a line `[system]` or `[prompt]` alone says which of the two texts begins; before any, it is the prompt.
 * @return THRONG_E_FILE; THRONG_E_FORMAT, which begins with file and line.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_template_load(throng_context *context, const char *path,
                                                                  throng_llm_template **out, throng_error *err);
THRONG_API void throng_llm_template_free(throng_llm_template *self);

/** Its slots, in the order in which they come first: how many, the name of one, and where it stands ("ask.txt:3"). */
THRONG_API int throng_llm_template_slots(const throng_llm_template *self);
THRONG_API const char *throng_llm_template_slot(const throng_llm_template *self, int index, const char **place);

/** Whether a slot decides about sections only, {{#slot}} and {{^slot}}, and its value is never shown. */
THRONG_API bool throng_llm_template_is_section(const throng_llm_template *self, int index);

/**
 * Fills the slots. Spaces and empty lines at both ends of the texts are left out.
 * @param values [slots] texts; none may be NULL
 * @param system out, borrowed until the next fill; NULL if the template has no such part
 * @param prompt out, borrowed until the next fill
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_template_fill(throng_llm_template *self, const char *const *values,
                                                                  const char **system, const char **prompt,
                                                                  throng_error *err);

/* ---- can it roll dice? ----------------------------------------------------------------------------------------- */

#define THRONG_LLM_DICE       15
#define THRONG_LLM_DICE_CELLS 20

/** How the numbers are asked for. */
typedef enum throng_llm_protocol {
    THRONG_LLM_BATCH,       /* all in one answer */
    THRONG_LLM_INDEPENDENT, /* one each, by requests that know nothing of each other */
    THRONG_LLM_PROTOCOL_COUNT
} throng_llm_protocol;

typedef struct throng_llm_audit_def {
    throng_llm_protocol protocol;
    int numbers;  /* from each distribution, 20..100,000 (default 200) */
    double alpha; /* of a single test, 1e-6..0.5 (default 0.01) */
} throng_llm_audit_def;

/** One distribution. */
typedef struct throng_llm_die_result {
    const char *name; /* "Gaussian(0, 1)"; static */
    int tier;         /* 1..3, of the paper */
    bool discrete;
    int64_t got;        /* numbers that could be read; fewer than 20 fail */
    double statistic;   /* Kolmogorov-Smirnov distance to the exact law; discrete: chi-square over its cells */
    double p;           /* of the statistic; 0 if a number is impossible */
    double wasserstein; /* mean distance between the sorted numbers and the law's quantiles, clipped at +-1000 */
    bool passed;        /* p > alpha */
    double cells[THRONG_LLM_DICE_CELLS]; /* shares of numbers by the law's twentieths: 0.05 each if it is fair */
} throng_llm_die_result;

typedef struct throng_llm_audit {
    throng_llm_die_result dice[THRONG_LLM_DICE];
    int passed, needed; /* a fair sampler passes `needed` but for: */
    double false_alarm; /* the probability that a fair sampler is called unfair, at most 1e-3 */
    bool fair;          /* passed >= needed */
} throng_llm_audit;

/** Calls that the audit will make: for a cost estimate. @return THRONG_E_ARGUMENT if it would refuse to begin. */
THRONG_API THRONG_MUST_USE throng_status throng_llm_audit_calls(const throng_llm_audit_def *def, int64_t *calls,
                                                                throng_error *err);

/**
 * Asks for random numbers from fifteen named distributions and tests whether they are (Zhao et al. 2026, arXiv
 * 2601.05414). The tests are against the exact laws, not, as in the paper, against a reference sample.
 * @return as throng_llm_ask.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_audit_dice(throng_llm *llm, const throng_llm_audit_def *def,
                                                               throng_llm_audit *out, throng_error *err);

/**
 * The same tests for numbers that were drawn before: a table with the columns `distribution` ("Gaussian(0, 1)", "beta":
 * letters alone count, and what stands in parentheses must agree) and `value`, whichever model they are of.
 * @param reference a table of the same form with a sample of each continuous law, which the numbers are compared with
 * by the two-sample test with its limit law, as the paper does; NULL: the exact laws
 * @param alpha     of a single test; 0: 0.01
 * @return THRONG_E_FORMAT: a distribution that there is not, a value that is no number, nothing in the reference; what
 *         throng_table_read returns.
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_audit_table(throng_context *context, const char *path,
                                                                const char *reference, double alpha,
                                                                throng_llm_audit *out, throng_error *err);

/* ---- rating texts ---------------------------------------------------------------------------------------------- */

/**
 * Asks for a number from -1 to 1 for each text, once, at temperature 0: how its author stands on something, or its
 * tone.
 *
 * The texts are part of the prompts, so a text may talk a model into a number.
 * @param about  "a carbon tax": -1 is against it, 1 is for it; NULL: the tone, from hostile to kind
 * @param out    [n] out, NaN where the answer is not one number from -1 to 1
 * @return as throng_llm_ask
 */
THRONG_API THRONG_MUST_USE throng_status throng_llm_score(throng_context *context, throng_llm *llm, const char *about,
                                                          const char *const *texts, int64_t n, double *out,
                                                          throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
