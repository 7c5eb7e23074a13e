/**
 * Policies: how agents decide among the actions of a world. A rule, a table of what somebody answered, or a language
 * model that is asked; and `distilling`: asking a model what each kind of person does in each kind of situation, so
 * that a table of its answers can be played by millions.
 */
#ifndef THRONG_POLICY_H
#define THRONG_POLICY_H

#include "throng/llm.h"
#include "throng/table.h"
#include "throng/world.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- personas -------------------------------------------------------------------------------------------------- */

/** Kinds of people: a name, a share of the crowd, and traits that prompts tell. */
typedef struct throng_personas throng_personas;

/** Most personas. */
#define THRONG_PERSONAS_MAX 4096

/**
 * Reads personas from a table (any that throng_table_read takes). Either a row a persona: column `persona` with its
 * name, `share` if they are not equally many, and a column for every trait that is wanted. Or marginals: columns
 * `trait`, `value` and `share`, a row a value; the personas are then all combinations, each as frequent as its values
 * drawn independently, and named "value, value".
 * @param traits [n_traits] columns that are wanted beside these
 * @return THRONG_E_COLUMN (a trait is missing), THRONG_E_FORMAT (too many, a name twice, shares that are no shares).
 */
THRONG_API THRONG_MUST_USE throng_status throng_personas_load(throng_context *context, const char *path,
                                                              const char *const *traits, int n_traits,
                                                              throng_personas **out, throng_error *err);
THRONG_API void throng_personas_free(throng_personas *self);

THRONG_API int throng_personas_count(const throng_personas *self);
THRONG_API const char *throng_personas_name(const throng_personas *self, int persona);
THRONG_API double throng_personas_share(const throng_personas *self, int persona);

/** Draws everybody's persona by the shares: from seed and agent alone. @param persona [n] out */
THRONG_API void throng_personas_draw(const throng_personas *self, uint64_t seed, int64_t n, int32_t *persona);

/* ---- what to play ---------------------------------------------------------------------------------------------- */

/** What to play. Texts and what is borrowed must live as long as the player. */
typedef struct throng_policy_def {
    const char *policy;              /* "table": see throng list policies */
    const throng_world *world;       /* has actions */
    const throng_personas *personas; /* NULL: everybody is alike */
    const int32_t *persona;          /* [agents] each one's; NULL: the first */
    const char *file;                /* a rule or a table; NULL: none */
    throng_llm *llm;                 /* whom to ask; NULL: nobody */
    const char *prompt;              /* file of the template to ask with; NULL: none */
    int samples, orders;             /* as in throng_llm_choose_def */
    uint64_t seed;
    uint64_t refit; /* not 0: a table's answers are moved by errors drawn from those of its held-out answers, other ones
                       for every number */
} throng_policy_def;

/* ---- policies of your own -------------------------------------------------------------------------------------- */

/** Slots that a policy is shown at a time. */
#define THRONG_FACED_MAX 128

/** What slots 0..n-1 see, and whose they are. */
typedef struct throng_faced {
    int64_t n;                                    /* 1..THRONG_FACED_MAX */
    const double *sight[THRONG_WORLD_SIGHTS_MAX]; /* [n] each, in the world's order */
    int32_t persona[THRONG_FACED_MAX];            /* which kind of person; 0 without personas */
} throng_faced;

typedef struct throng_policy_spec throng_policy_spec;

/** What is being played: the functions of a policy look at it, and `create` may fill `self` and lower `lasts`. */
typedef struct throng_policy_player {
    throng_context *context;
    const throng_policy_spec *spec;
    throng_policy_def def; /* the world, the personas, the file */
    const double *param;   /* the descriptor's parameters, in its order */
    int lasts;  /* last actions that are told apart: the world's actions, or 1 where what was done in the step
                   before is not known, or does not matter */
    void *self; /* the policy's own */
} throng_policy_player;

/**
 * A policy plug-in. Unused functions are NULL; one of `logits` and `ask` is required.
 *
 * A policy that is played gives logits: for slot k, last action l and action a the logarithm of how much likelier a is
 * than the last action of the world. throng makes probabilities of them, and their mean over what was done last:
 * p_a = sum_l last_l exp(logit_la) / sum_b exp(logit_lb). So whatever a policy computes is a policy.
 */
struct throng_policy_spec {
    throng_about about;

    /** What a world must have for it: its actions and what its agents see, all of them, in this order. NULL: the policy
     *  plays any world. */
    const char *const *actions; /* [n_actions] */
    const char *const *sights;  /* [n_sights] */
    int n_actions, n_sights;

    /** Prepares: reads player->def.file, say. Fails with what is wrong. */
    throng_status (*create)(throng_policy_player *player, throng_error *err);
    /** Frees player->self, NULL too: also after a `create` that failed. */
    void (*clear)(throng_policy_player *player);

    /** logit[l * (actions - 1) + a][k] for l < player->lasts and every action a but the last. Called by many threads on
     *  slots of their own, each to be treated from its own numbers alone. */
    void (*logits)(const throng_policy_player *player, const throng_faced *faced, double *const *logit);
    /** sight[s][k] += d logit / d sight, times of[l * (actions - 1) + a][k]. NULL: not smooth, sampling methods only.
     */
    void (*logits_adjoint)(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                           double *const *sight);

    /** Instead of logits: as throng_decider.ask. */
    throng_status (*ask)(throng_policy_player *player, const throng_situations *situations, double *const *p,
                         throng_error *err);
    /** What asking met: see throng_policy_asked. */
    bool (*asked)(const throng_policy_player *player, int64_t *questions, int64_t *different,
                  throng_llm_choose_counts *counts);
};

/* ---- playing --------------------------------------------------------------------------------------------------- */

typedef struct throng_policy throng_policy;

/** @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER (what the policy needs is missing), THRONG_E_FORMAT and what
 *  reading gives (the file). */
THRONG_API THRONG_MUST_USE throng_status throng_policy_create(throng_context *context, const throng_policy_def *def,
                                                              throng_policy **out, throng_error *err);
THRONG_API void throng_policy_free(throng_policy *self);

/** For throng_simulation_def; lives as long as the player. */
THRONG_API const throng_decider *throng_policy_decider(const throng_policy *self);

/** How well a table says what was answered where it was not made from it: questions held out when distilling. */
typedef struct throng_fit {
    int64_t cells;     /* kinds of situations, personas included */
    int64_t held_out;  /* questions; 0: none, and nothing is known */
    double mean, most; /* distance between what is played and what was answered: the share of decisions that would be
                          others, half the sum of the differences of probabilities */
    double noise;      /* of the mean, what chance in answers by samples makes of a perfect fit, about */
    double flat;       /* the mean if the crowd's mean answer were played everywhere: what there is to know */
} throng_fit;

/** False if the policy is no table. */
THRONG_API bool throng_policy_fit(const throng_policy *self, throng_fit *out);

/** What asking met, of a policy that asks. False if it does not. */
THRONG_API bool throng_policy_asked(const throng_policy *self, int64_t *questions, int64_t *different,
                                    throng_llm_choose_counts *counts);

/* ---- distilling ------------------------------------------------------------------------------------------------ */

typedef struct throng_distill_def {
    const throng_world *world;
    const throng_personas *personas;   /* NULL: everybody is alike */
    const char *prompt;                /* file of the template */
    int bins[THRONG_WORLD_SIGHTS_MAX]; /* values of each sight that are asked about, 1..16; 0: as many as can be paid */
    int64_t calls;                     /* most calls */
    double held_out;                   /* share of the questions that are kept to measure the fit with, 0..0.9 */
    int samples;                       /* answers to a question without log-probabilities; 0: 20, or what can be paid */
    int orders;                        /* as in throng_llm_choose_def */
    bool no_logprobs;
    double void_share;
    uint64_t seed;
} throng_distill_def;

/** What distilling will ask. */
typedef struct throng_distill_plan {
    int bins[THRONG_WORLD_SIGHTS_MAX];
    int personas, lasts;                   /* kinds of people; last actions that are told apart */
    int64_t cells, held_out;               /* questions */
    int64_t calls_logprobs, calls_samples; /* as the one and as the other */
    int samples;
    double prompt_tokens; /* of a call, about: a quarter of its bytes */
    int answer_tokens;    /* of a call, at most */
} throng_distill_plan;

/** What distilling found. */
typedef struct throng_distill_result {
    throng_distill_plan plan;
    throng_llm_choose_counts counts;
    bool by_samples;
    int samples;
} throng_distill_result;

typedef struct throng_distill throng_distill;

/** Reads the template, chooses bins and counts calls; nobody is asked. @return THRONG_E_BUDGET if the calls do not
 *  suffice for the bins given, or for two of each; THRONG_E_FORMAT, THRONG_E_COLUMN (template, personas). */
THRONG_API THRONG_MUST_USE throng_status throng_distill_create(throng_context *context, const throng_distill_def *def,
                                                               throng_distill **out, throng_error *err);
THRONG_API void throng_distill_free(throng_distill *self);
THRONG_API throng_distill_plan throng_distill_planned(const throng_distill *self);

/**
 * Asks, and makes the table of the answers: a row a question, with columns persona, last, the sights, a probability
 * for each action, held_out (1: only to measure the fit), answers (how many; 0: by log-probabilities) and model. The
 * policies `table` and `llm-archetype` read it. A result that is void is THRONG_OK: look at counts.is_void.
 * @return as throng_llm_ask; THRONG_E_BUDGET also if there are no log-probabilities, and samples cannot be paid.
 */
THRONG_API THRONG_MUST_USE throng_status throng_distill_run(throng_distill *self, throng_llm *llm, throng_table **out,
                                                            throng_distill_result *result, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
