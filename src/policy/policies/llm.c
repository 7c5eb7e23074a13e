/* A language model that is asked: every agent, at every step. */
#include "policy/policy.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#define ACTIONS THRONG_WORLD_ACTIONS_MAX

/* What was asked and answered before in this run: equal questions of different agents are one. */
typedef struct memo {
    XXH128_hash_t key;
    bool used;
    double p[ACTIONS];
} memo;

/* A question whose answer is not known yet. */
typedef struct pending {
    XXH128_hash_t key;
    char *system, *prompt;
} pending;

/* How far the answer to a question counts for a slot. */
typedef struct part {
    int64_t slot;
    double weight;
    XXH128_hash_t key;
} part;

typedef struct asker {
    throng_i_prompt *prompt;
    memo *memo; /* [cap] open addressing, cap a power of 2 */
    int64_t n_memo, cap;
    pending *pending; /* [n_pending] */
    int64_t n_pending, pending_cap;
    int64_t questions;
    throng_llm_choose_counts counts;
} asker;

/* ---- what is known --------------------------------------------------------------------------------------------- */

static memo *find(const asker *self, XXH128_hash_t key) {
    uint64_t mask = (uint64_t)self->cap - 1, at = key.low64 & mask;
    while (self->memo[at].used && !XXH128_isEqual(self->memo[at].key, key))
        at = (at + 1) & mask;
    return &self->memo[at];
}

/* Room for one more, of which half stays free. */
static throng_status make_room(throng_context *context, asker *self, throng_error *err) {
    asker larger = {.cap = self->cap > 0 ? 2 * self->cap : 1024};
    if (2 * (self->n_memo + 1) <= self->cap)
        return THRONG_OK;
    throng_status status = throng_i_alloc(context, larger.cap, sizeof *larger.memo, &larger.memo, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < self->cap; i++)
        if (self->memo[i].used)
            *find(&larger, self->memo[i].key) = self->memo[i];
    throng_i_free(context, self->memo);
    self->memo = larger.memo;
    self->cap = larger.cap;
    return THRONG_OK;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_status copy_question(throng_policy_player *player, XXH128_hash_t key, const char *system,
                                   const char *prompt, throng_error *err) {
    throng_status status = THRONG_OK;
    asker *self = player->self;
    if (self->n_pending == self->pending_cap) {
        int64_t cap = 2 * self->pending_cap + 64;
        THRONG_TRY(throng_i_resize(player->context, &self->pending, cap, sizeof *self->pending, err));
        self->pending_cap = cap;
    }
    pending *it = &self->pending[self->n_pending];
    *it = (pending){.key = key};
    self->n_pending++;
    if (system)
        THRONG_TRY(throng_i_copy_text(player->context, system, &it->system, err));
    THRONG_TRY(throng_i_copy_text(player->context, prompt, &it->prompt, err));
out:
    return status;
}

static void forget_questions(throng_policy_player *player) {
    asker *self = player->self;
    for (int64_t i = 0; i < self->n_pending; i++) {
        throng_i_free(player->context, self->pending[i].system);
        throng_i_free(player->context, self->pending[i].prompt);
    }
    self->n_pending = 0;
}

/* Remembers a question, to be asked if no equal one was. */
static throng_status ask_about(throng_policy_player *player, const throng_situations *at, int64_t slot, int last,
                               part *out, throng_error *err) {
    throng_status status = THRONG_OK;
    asker *self = player->self;
    const char *system = NULL, *prompt = NULL;
    double sight[THRONG_WORLD_SIGHTS_MAX];
    int persona = player->def.persona ? player->def.persona[at->agent + slot / at->lanes] : 0;
    for (int s = 0; s < player->def.world->n_sights; s++)
        sight[s] = at->sight[s][slot];
    THRONG_TRY(throng_i_prompt_fill(self->prompt, persona, last, sight, &system, &prompt, err));
    out->key = XXH3_128bits_withSeed(prompt, strlen(prompt), system ? XXH3_64bits(system, strlen(system)) : 0);
    self->questions++;
    THRONG_TRY(make_room(player->context, self, err));
    memo *known = find(self, out->key);
    if (known->used)
        goto out;
    *known = (memo){.key = out->key, .used = true};
    self->n_memo++;
    THRONG_TRY(copy_question(player, out->key, system, prompt, err));
out:
    return status;
}

static void add_counts(throng_llm_choose_counts *to, const throng_llm_choose_counts *from) {
    to->by_logprobs += from->by_logprobs;
    to->by_samples += from->by_samples;
    for (int i = 0; i < THRONG_LLM_RUNG_COUNT; i++)
        to->rungs[i] += from->rungs[i];
    to->refusals += from->refusals;
    to->defaulted += from->defaulted;
    to->least_covered = fmin(to->least_covered, from->least_covered);
    to->is_void = to->is_void || from->is_void;
}

/* Asks what is pending, and remembers the answers. */
static throng_status settle(throng_policy_player *player, throng_error *err) {
    throng_status status = THRONG_OK;
    asker *self = player->self;
    const throng_world *world = player->def.world;
    throng_llm_question *questions = NULL;
    throng_llm_choose_counts counts;
    double *p = NULL;
    throng_llm_choose_def def = {.options = world->actions,
                                 .n_options = world->n_actions,
                                 .samples = player->def.samples,
                                 .orders = player->def.orders,
                                 .seed = player->def.seed};
    THRONG_TRY(throng_i_alloc(player->context, self->n_pending, sizeof *questions, &questions, err));
    THRONG_TRY(throng_i_alloc(player->context, self->n_pending * world->n_actions, sizeof *p, &p, err));
    for (int64_t i = 0; i < self->n_pending; i++)
        questions[i] = (throng_llm_question){.system = self->pending[i].system, .prompt = self->pending[i].prompt};
    THRONG_TRY(throng_llm_choose(player->def.llm, &def, questions, self->n_pending, p, &counts, err));
    add_counts(&self->counts, &counts);
    THRONG_REQUIRE(!counts.is_void, E_FORMAT,
                   "VOID: %.3g %% of the model's answers could not be read: what it decides is not known.",
                   100.0 * counts.unreadable);
    for (int64_t i = 0; i < self->n_pending; i++)
        memcpy(find(self, self->pending[i].key)->p, p + i * world->n_actions, (size_t)world->n_actions * sizeof *p);
out:
    throng_i_free(player->context, questions);
    throng_i_free(player->context, p);
    return status;
}

/* The parts of which everybody's decision is the mean: one, or one for every last action that was done at all. */
static throng_status collect(throng_policy_player *player, const throng_situations *at, part **parts, int64_t *n_parts,
                             throng_error *err) {
    throng_status status = THRONG_OK;
    int actions = player->def.world->n_actions - 1;
    THRONG_TRY(throng_i_alloc(player->context, at->n * player->lasts, sizeof **parts, parts, err));
    for (int64_t k = 0; k < at->n; k++) {
        double left = 1.0;
        for (int l = 0; l < player->lasts; l++) {
            double weight = l < player->lasts - 1 ? at->last[l][k] : left;
            left -= weight;
            part one = {k, weight, {0}};
            if (!(weight > 0.0))
                continue;
            THRONG_TRY(ask_about(player, at, k, player->lasts > 1 ? l : actions, &one, err));
            (*parts)[(*n_parts)++] = one;
        }
    }
out:
    return status;
}

static throng_status ask(throng_policy_player *player, const throng_situations *situations, double *const *p,
                         throng_error *err) {
    throng_status status = THRONG_OK;
    asker *self = player->self;
    int n_actions = player->def.world->n_actions;
    part *parts = NULL;
    int64_t n_parts = 0;
    THRONG_TRY(collect(player, situations, &parts, &n_parts, err));
    if (self->n_pending > 0)
        THRONG_TRY(settle(player, err));
    for (int a = 0; a < n_actions; a++)
        memset(p[a], 0, (size_t)situations->n * sizeof **p);
    for (int64_t i = 0; i < n_parts; i++) {
        const memo *known = find(self, parts[i].key);
        for (int a = 0; a < n_actions; a++)
            p[a][parts[i].slot] += parts[i].weight * known->p[a];
    }
out:
    forget_questions(player);
    throng_i_free(player->context, parts);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status create(throng_policy_player *player, throng_error *err) {
    throng_status status = THRONG_OK;
    asker *self = NULL;
    THRONG_REQUIRE(player->def.llm, E_PARAMETER,
                   "llm asks a language model: say which with model.endpoint and model.name, model.script or "
                   "model.replay.");
    THRONG_TRY(throng_i_alloc(player->context, 1, sizeof *self, &self, err));
    player->self = self;
    self->counts.least_covered = 1.0;
    THRONG_TRY(throng_i_prompt_load(player->context, player->def.prompt, player->def.world, player->def.personas,
                                    &self->prompt, err));
    if (!throng_i_prompt_says_last(self->prompt))
        player->lasts = 1;
out:
    return status;
}

static void clear(throng_policy_player *player) {
    asker *self = player->self;
    if (!self)
        return;
    forget_questions(player);
    throng_i_prompt_free(self->prompt);
    throng_i_free(player->context, self->memo);
    throng_i_free(player->context, self->pending);
    throng_i_free(player->context, self);
}

static bool asked(const throng_policy_player *player, int64_t *questions, int64_t *different,
                  throng_llm_choose_counts *counts) {
    const asker *self = player->self;
    *questions = self->questions;
    *different = self->n_memo;
    *counts = self->counts;
    return true;
}

const throng_policy_spec throng_policy_llm = {
    .about = {.struct_size = sizeof(throng_policy_spec),
              .name = "llm",
              .summary = "Asks a language model what every agent does at every step: for small worlds.",
              .details =
                  "policy.prompt is a template: its slots are traits of the personas, what agents of the world see, to "
                  "two decimals, persona (its name) and last, the action in the step before. Everybody's question is "
                  "asked at every step, for the distribution over the world's actions; questions that are equal to the "
                  "letter are one, within a run and, with model.cache, beyond it. With --play likely a question is "
                  "asked for every last action that was done at all, and their mean is taken.\n"
                  "Not smooth: sampling methods only, each coalition of which asks anew. For anything large distil the "
                  "model (throng distill), and play llm-archetype.",
              .reference = "throng's construction"},
    .create = create,
    .clear = clear,
    .ask = ask,
    .asked = asked,
};
