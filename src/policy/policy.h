/* Inside policies: what those of them that are built in share. What a descriptor gives is in throng/policy.h. */
#ifndef THRONG_SRC_POLICY_H
#define THRONG_SRC_POLICY_H

#include "core/core.h"
#include "throng/policy.h"

#define THRONG_I_BINS_MAX   16 /* values of a sight in a table */
#define THRONG_I_LOGITS_MAX (THRONG_WORLD_ACTIONS_MAX * (THRONG_WORLD_ACTIONS_MAX - 1))

/* Registers a policy after checking that it is complete. E_PLUGIN. */
THRONG_MUST_USE throng_status throng_i_policy_register(throng_context *context, const throng_policy_spec *policy,
                                                       throng_error *err);

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
void throng_i_player_at(const throng_policy_player *player, int persona, int last, const double *sight, double *p);

/* ---- tables (table.c) -------------------------------------------------------------------------------------------- */

throng_status throng_i_table_create(throng_policy_player *player, throng_error *err);
void throng_i_table_clear(throng_policy_player *player);
void throng_i_table_logits(const throng_policy_player *player, const throng_faced *faced, double *const *logit);
void throng_i_table_logits_adjoint(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                                   double *const *sight);
bool throng_i_table_fit(const throng_policy_player *player, throng_fit *out);

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

#endif
