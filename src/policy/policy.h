/*
 * Inside policies: what a descriptor gives, and what those of them that are played share.
 *
 * A policy that is played gives logits: for slot k, last action l and action a the logarithm of how much likelier a is
 * than the last action of the world. The stage makes probabilities of them, and their mean over what was done last:
 * p_a = sum_l last_l exp(logit_la) / sum_b exp(logit_lb). So whatever a policy computes is a policy.
 */
#ifndef THRONG_SRC_POLICY_H
#define THRONG_SRC_POLICY_H

#include "core/core.h"
#include "throng/policy.h"

#define THRONG_I_FACED_MAX  128 /* slots at a time */
#define THRONG_I_BINS_MAX   16  /* values of a sight in a table */
#define THRONG_I_LOGITS_MAX (THRONG_WORLD_ACTIONS_MAX * (THRONG_WORLD_ACTIONS_MAX - 1))

/* What slots 0..n-1 see, and whose they are. */
typedef struct throng_i_faced {
    int64_t n;                                    /* 1..THRONG_I_FACED_MAX */
    const double *sight[THRONG_WORLD_SIGHTS_MAX]; /* [n] each */
    int32_t persona[THRONG_I_FACED_MAX];
} throng_i_faced;

/* One row a last action and action but the last: logit[l * (actions - 1) + a]. */
typedef double throng_i_logits[THRONG_I_LOGITS_MAX][THRONG_I_FACED_MAX];

/* A policy. Unused functions are NULL: `logits` and its adjoint, or `ask`. */
typedef struct throng_i_policy {
    throng_about about;
    /* Reads what it needs from player->def and sets player->self; player->lasts is 1 if what was done last does not
     * matter. */
    throng_status (*create)(throng_policy *player, throng_error *err);
    void (*clear)(throng_policy *player);
    void (*logits)(const throng_policy *player, const throng_i_faced *faced, throng_i_logits logit);
    /* sight[s][k] += d logit / d sight, times of. */
    void (*logits_adjoint)(const throng_policy *player, const throng_i_faced *faced, throng_i_logits of,
                           double *const *sight);
    throng_status (*ask)(throng_policy *player, const throng_situations *situations, double *const *p,
                         throng_error *err);
    /* What asking met: see throng_policy_asked. */
    bool (*asked)(const throng_policy *player, int64_t *questions, int64_t *different,
                  throng_llm_choose_counts *counts);
} throng_i_policy;

struct throng_policy {
    throng_context *context;
    const throng_i_policy *policy;
    throng_policy_def def;
    throng_decider decider;
    int lasts; /* last actions that are told apart: the world's actions, or 1 */
    void *self;
};

static inline int throng_i_personas(const throng_personas *personas) {
    return personas ? throng_personas_count(personas) : 1;
}

/* "everybody" without personas. */
const char *throng_i_persona_name(const throng_personas *personas, int persona);

/* The persona of that name, -1 if there is none. */
int throng_i_persona_find(const throng_personas *personas, const char *name);

/* Index of a trait, -1; and what it is for a persona. */
int throng_i_persona_trait(const throng_personas *personas, const char *trait);
const char *throng_i_persona_value(const throng_personas *personas, int persona, int trait);

/* The answer at one place, as it is played. @param p [actions] out */
void throng_i_player_at(const throng_policy *player, int persona, int last, const double *sight, double *p);

/* ---- tables (table.c) -------------------------------------------------------------------------------------------- */

throng_status throng_i_table_create(throng_policy *player, throng_error *err);
void throng_i_table_clear(throng_policy *player);
void throng_i_table_logits(const throng_policy *player, const throng_i_faced *faced, throng_i_logits logit);
void throng_i_table_logits_adjoint(const throng_policy *player, const throng_i_faced *faced, throng_i_logits of,
                                   double *const *sight);
bool throng_i_table_fit(const throng_policy *player, throng_fit *out);

/* ---- prompts (prompt.c) ----------------------------------------------------------------------------------------- */

/* A template whose slots are bound to traits, sights and what was done last. */
typedef struct throng_i_prompt throng_i_prompt;

throng_status throng_i_prompt_load(throng_context *context, const char *path, const throng_world *world,
                                   const throng_personas *personas, throng_i_prompt **out, throng_error *err);
void throng_i_prompt_free(throng_i_prompt *self);

/* Whether it says what was done last. */
bool throng_i_prompt_says_last(const throng_i_prompt *self);

/* Fills it; the texts live until the next fill. */
throng_status throng_i_prompt_fill(throng_i_prompt *self, int persona, int last, const double *sight,
                                   const char **system, const char **prompt, throng_error *err);

/* ---- columns of small tables ------------------------------------------------------------------------------------- */

/* A value as a number (NaN if it is text) and as text. */
double throng_i_cell_number(const throng_column_view *column, int64_t row);
void throng_i_cell_text(const throng_column_view *column, int64_t row, char *out, size_t size);

/* Whether a file has such a column. */
bool throng_i_has_column(throng_context *context, const char *path, const char *column);

#endif
