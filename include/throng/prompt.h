/**
 * Which parts of a prompt move a model's answer: Shapley values with the parts as players and the probability of an
 * answer as what they are worth. A part that says nothing about the question and moves the answer all the same is token
 * noise (arXiv 2404.01332).
 */
#ifndef THRONG_PROMPT_H
#define THRONG_PROMPT_H

#include "throng/attribution.h"
#include "throng/llm.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THRONG_PROMPT_PARTS_MAX 256

/** What is attributed. Zero means the default everywhere but for choose, and one of prompt and parts_of. */
typedef struct throng_prompt_def {
    const char *prompt;            /* a text: its words are the parts, with the punctuation that clings to them */
    throng_llm_template *parts_of; /* or a template: its sections are, all of whose slots must be such */
    const char *absent;            /* stands in place of a word that is left out; NULL: nothing does */
    const char *const *noise;      /* [n_noise] parts that carry no information; none: English function words such as
                                      "the" and "of", and sections whose names begin with "noise" */
    int n_noise;
    const throng_llm_choose_def *choose; /* the options, and how they are asked for */
    int option;                          /* whose probability is split: a place in choose->options */
    const char *method; /* any that needs only values; NULL: "shapley-exact" up to ten parts, else "shapley-sampled"
                           with 200 permutations */
    uint64_t seed;      /* of what the method draws */
} throng_prompt_def;

/** One part. */
typedef struct throng_prompt_part {
    const char *name; /* the word as it stands in the text, or the section's name */
    bool noise;
    double phi;            /* what it adds to the probability of the option */
    double standard_error; /* of sampled answers or permutations; NaN if it is not known */
} throng_prompt_part;

typedef struct throng_prompt_attribution throng_prompt_attribution;

/**
 * Splits p(option | whole prompt) - p(option | nothing of it) over its parts.
 *
 * The method is run twice: first to learn which prompts it will ask about, which are then asked many at a time and each
 * once, then with the answers. So calls are the different prompts times the orders or samples of `choose`; one that
 * ends early for having seen enough has asked about a few in vain. What sampled answers leave open is in the standard
 * errors: for shapley-exact by formula, else by running the method again with answers that could as well have come.
 * @return THRONG_E_NOT_CONVERGED if the method promised a precision that it did not reach (documented exception: the
 *         result is there all the same); THRONG_E_ARGUMENT (no parts, more than THRONG_PROMPT_PARTS_MAX, a slot that is
 * no section, a name in noise that is no part, more than a million prompts); what the model, the method and
 * throng_llm_choose return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_prompt_attribute(throng_context *context, throng_llm *llm,
                                                                 const throng_prompt_def *def,
                                                                 throng_prompt_attribution **out, throng_error *err);

/** How many prompts that would ask about: before anything is paid for. */
THRONG_API THRONG_MUST_USE throng_status throng_prompt_plan(throng_context *context, const throng_prompt_def *def,
                                                            int64_t *prompts, int *parts, throng_error *err);

THRONG_API void throng_prompt_attribution_free(throng_prompt_attribution *self);

/** What came of it. */
typedef struct throng_prompt_summary {
    int parts;
    int64_t prompts;    /* different ones that were asked about */
    double noise_share; /* sum of |phi| over parts that are noise / over all; 0 if nothing moves anything */
    double noise_floor; /* what chance alone would make of it if those parts did nothing: sqrt(2 / pi) standard errors
                           each; NaN if those are not known */
    const char *method; /* with its parameters; lives as long as the result */
    throng_certificate certificate;
    throng_llm_choose_counts counts; /* over all prompts; void if they are */
} throng_prompt_summary;

THRONG_API throng_prompt_summary throng_prompt_attribution_summary(const throng_prompt_attribution *self);

/** @param index 0..parts-1, in the order of the prompt */
THRONG_API throng_prompt_part throng_prompt_attribution_part(const throng_prompt_attribution *self, int index);

#ifdef __cplusplus
}
#endif
#endif
