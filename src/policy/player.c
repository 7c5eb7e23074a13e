/* Playing a policy: probabilities of logits, forward and back. */
#include "policy/policy.h"

#include "throng/math.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* exp of it and a few like it is still a number, and whatever is beyond is as good as certain. */
#define LOGIT_MAX 300.0

struct throng_policy {
    throng_policy_player player;
    throng_decider decider;
    double param[THRONG_I_PARAMS_MAX];
};

/* Rows of logits, and where each is. */
typedef struct logit_rows {
    double number[THRONG_I_LOGITS_MAX][THRONG_FACED_MAX];
    double *row[THRONG_I_LOGITS_MAX];
} logit_rows;

static void ask_logits(const throng_policy_player *player, const throng_faced *faced, logit_rows *out) {
    for (int r = 0; r < THRONG_I_LOGITS_MAX; r++)
        out->row[r] = out->number[r];
    player->spec->logits(player, faced, out->row);
}

/* ---- probabilities --------------------------------------------------------------------------------------------- */

static void face(const throng_policy_player *self, const throng_situations *from, int64_t at, throng_faced *out) {
    out->n = from->n - at < THRONG_FACED_MAX ? from->n - at : THRONG_FACED_MAX;
    for (int s = 0; s < self->def.world->n_sights; s++)
        out->sight[s] = from->sight[s] + at;
    for (int64_t k = 0; k < out->n; k++)
        out->persona[k] = self->def.persona ? self->def.persona[from->agent + (at + k) / from->lanes] : 0;
}

/* How much each last action weighs: what was done, the last one being what is left. */
THRONG_WIDE static void weigh_last(const throng_situations *from, int64_t at, int64_t n, int last, int n_actions,
                                   int lasts, double *out) {
    if (lasts > 1 && last < n_actions - 1) {
        memcpy(out, from->last[last] + at, (size_t)n * sizeof *out);
        return;
    }
    for (int64_t k = 0; k < n; k++)
        out[k] = 1.0;
    for (int a = 0; lasts > 1 && a < n_actions - 1; a++)
        for (int64_t k = 0; k < n; k++)
            out[k] -= from->last[a][at + k];
}

/* Logits of one last action become probabilities; `rest` is that of the last action of the world. */
THRONG_WIDE static void soften(double (*logit)[THRONG_FACED_MAX], int actions, int64_t n, double *restrict rest) {
    for (int64_t k = 0; k < n; k++)
        rest[k] = 1.0;
    for (int a = 0; a < actions; a++) {
        double *row = logit[a];
        THRONG_APART
        for (int64_t k = 0; k < n; k++) {
            double z = row[k] > LOGIT_MAX ? LOGIT_MAX : row[k] < -LOGIT_MAX ? -LOGIT_MAX : row[k];
            row[k] = throng_exp(z);
            rest[k] += row[k];
        }
    }
    THRONG_APART
    for (int64_t k = 0; k < n; k++)
        rest[k] = 1.0 / rest[k];
    for (int a = 0; a < actions; a++) {
        double *row = logit[a];
        THRONG_APART
        for (int64_t k = 0; k < n; k++)
            row[k] *= rest[k];
    }
}

THRONG_WIDE static void add_weighed(const double *restrict weight, const double *restrict from, int64_t n,
                                    double *restrict out) {
    for (int64_t k = 0; k < n; k++)
        out[k] += weight[k] * from[k];
}

static void decide(void *user, const throng_situations *situations, double *const *p) {
    const throng_policy_player *self = user;
    int n_actions = self->def.world->n_actions, actions = n_actions - 1;
    throng_faced faced;
    logit_rows logit;
    double weight[THRONG_FACED_MAX], rest[THRONG_FACED_MAX];
    for (int64_t at = 0; at < situations->n; at += faced.n) {
        face(self, situations, at, &faced);
        ask_logits(self, &faced, &logit);
        for (int a = 0; a < n_actions; a++)
            memset(p[a] + at, 0, (size_t)faced.n * sizeof **p);
        for (int l = 0; l < self->lasts; l++) {
            soften(logit.number + l * actions, actions, faced.n, rest);
            weigh_last(situations, at, faced.n, l, n_actions, self->lasts, weight);
            for (int a = 0; a < actions; a++)
                add_weighed(weight, logit.number[l * actions + a], faced.n, p[a] + at);
            add_weighed(weight, rest, faced.n, p[actions] + at);
        }
    }
}

/* From how much a result moves with the probabilities of one last action to how much with their logits, in place.
 * @param inner [n] out: how much it moves with the weight of that last action */
THRONG_WIDE static void harden(double (*p)[THRONG_FACED_MAX], const double *rest, const double *weight,
                               const double *const *of, int64_t at, int actions, int64_t n, double *inner) {
    for (int64_t k = 0; k < n; k++)
        inner[k] = of[actions][at + k] * rest[k];
    for (int a = 0; a < actions; a++)
        for (int64_t k = 0; k < n; k++)
            inner[k] += of[a][at + k] * p[a][k];
    for (int a = 0; a < actions; a++)
        for (int64_t k = 0; k < n; k++)
            p[a][k] *= weight[k] * (of[a][at + k] - inner[k]);
}

static void decide_adjoint(void *user, const throng_situations *situations, const double *const *of,
                           double *const *sight, double *const *last) {
    const throng_policy_player *self = user;
    int n_actions = self->def.world->n_actions, actions = n_actions - 1;
    throng_faced faced;
    logit_rows logit;
    double weight[THRONG_FACED_MAX], rest[THRONG_FACED_MAX], inner[THRONG_WORLD_ACTIONS_MAX][THRONG_FACED_MAX];
    for (int64_t at = 0; at < situations->n; at += faced.n) {
        double *back[THRONG_WORLD_SIGHTS_MAX];
        face(self, situations, at, &faced);
        ask_logits(self, &faced, &logit);
        for (int l = 0; l < self->lasts; l++) {
            soften(logit.number + l * actions, actions, faced.n, rest);
            weigh_last(situations, at, faced.n, l, n_actions, self->lasts, weight);
            harden(logit.number + l * actions, rest, weight, of, at, actions, faced.n, inner[l]);
        }
        for (int a = 0; last && self->lasts > 1 && a < actions; a++)
            for (int64_t k = 0; k < faced.n; k++)
                last[a][at + k] += inner[a][k] - inner[actions][k];
        for (int s = 0; s < self->def.world->n_sights; s++)
            back[s] = sight[s] + at;
        self->spec->logits_adjoint(self, &faced, logit.row, back);
    }
}

void throng_i_player_at(const throng_policy_player *self, int persona, int last, const double *sight, double *p) {
    int actions = self->def.world->n_actions - 1;
    throng_faced faced = {.n = 1, .persona = {persona}};
    logit_rows logit;
    for (int s = 0; s < self->def.world->n_sights; s++)
        faced.sight[s] = sight + s;
    ask_logits(self, &faced, &logit);
    int row = self->lasts > 1 ? last * actions : 0;
    soften(logit.number + row, actions, 1, p + actions);
    for (int a = 0; a < actions; a++)
        p[a] = logit.number[row + a][0];
}

/* ---- registering ----------------------------------------------------------------------------------------------- */

static bool are_named(const char *const *names, int n, int most) {
    for (int i = 0; i < n && n <= most; i++)
        if (!names[i] || !*names[i])
            return false;
    return n >= 0 && n <= most;
}

throng_status throng_i_policy_register(throng_context *context, const throng_policy_spec *policy, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = policy->about.name ? policy->about.name : "?";
    THRONG_REQUIRE(policy->about.struct_size == sizeof *policy, E_PLUGIN,
                   "The policy %s was built for another version of throng: compile it again.", name);
    THRONG_REQUIRE(!policy->logits != !policy->ask, E_PLUGIN, "The policy %s must have one of logits and ask.", name);
    THRONG_REQUIRE(policy->logits || !policy->logits_adjoint, E_PLUGIN,
                   "The policy %s has logits_adjoint, but no logits.", name);
    THRONG_REQUIRE((!policy->actions || are_named(policy->actions, policy->n_actions, THRONG_WORLD_ACTIONS_MAX)) &&
                       (!policy->sights || are_named(policy->sights, policy->n_sights, THRONG_WORLD_SIGHTS_MAX)),
                   E_PLUGIN, "The policy %s must name all actions and sights of the worlds that it plays.", name);
    status = throng_i_context_register(context, THRONG_KIND_POLICY, &policy->about, sizeof *policy, err);
out:
    return status;
}

/* Appends "a, b" to what a world is said to have or to lack. */
static void list_names(const char *const *names, int n, char *out, size_t size) {
    out[0] = '\0';
    for (int i = 0; i < n; i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%.40s", i > 0 ? ", " : "", names[i]);
}

static throng_status check_names(const char *policy, const char *world, const char *what, const char *const *wanted,
                                 int n_wanted, const char *const *found, int n_found, throng_error *err) {
    bool same = n_wanted == n_found;
    char wants[200], has[200];
    for (int i = 0; same && i < n_wanted; i++)
        same = strcmp(wanted[i], found[i]) == 0;
    if (same || !wanted)
        return THRONG_OK;
    list_names(wanted, n_wanted, wants, sizeof wants);
    list_names(found, n_found, has, sizeof has);
    return THRONG_FAIL(err, E_PARAMETER, "%s plays worlds whose %s are %s; those of %s are %s.", policy, what, wants,
                       world, has);
}

static throng_status check_world(const throng_policy_spec *spec, const throng_world *world, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *sights[THRONG_WORLD_SIGHTS_MAX];
    for (int s = 0; s < world->n_sights; s++)
        sights[s] = world->sights[s].name;
    THRONG_TRY(check_names(spec->about.name, world->about.name, "actions", spec->actions, spec->n_actions,
                           world->actions, world->n_actions, err));
    THRONG_TRY(check_names(spec->about.name, world->about.name, "sights", spec->sights, spec->n_sights, sights,
                           world->n_sights, err));
out:
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status ask(void *user, const throng_situations *situations, double *const *p, throng_error *err) {
    throng_policy_player *self = user;
    return self->spec->ask(self, situations, p, err);
}

throng_status throng_policy_create(throng_context *context, const throng_policy_def *def, throng_policy **out,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_policy *self = NULL;
    throng_i_plugin_use use;
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_POLICY, def->policy, &use, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    memcpy(self->param, use.param, sizeof use.param);
    const throng_policy_spec *spec = (const throng_policy_spec *)(const void *)use.about;
    self->player = (throng_policy_player){.context = context,
                                          .spec = spec,
                                          .def = *def,
                                          .param = self->param,
                                          .lasts = def->world->last > 0 ? def->world->n_actions : 1};
    self->decider = (throng_decider){.self = &self->player,
                                     .decide = spec->logits ? decide : NULL,
                                     .decide_adjoint = spec->logits_adjoint ? decide_adjoint : NULL,
                                     .ask = spec->ask ? ask : NULL};
    THRONG_TRY(check_world(spec, def->world, err));
    if (spec->create)
        THRONG_TRY(spec->create(&self->player, err));
    *out = self;
    self = NULL;
out:
    throng_policy_free(self);
    return status;
}

void throng_policy_free(throng_policy *self) {
    if (!self)
        return;
    if (self->player.spec->clear)
        self->player.spec->clear(&self->player);
    throng_i_free(self->player.context, self);
}

const throng_decider *throng_policy_decider(const throng_policy *self) {
    return &self->decider;
}

bool throng_policy_fit(const throng_policy *self, throng_fit *out) {
    return self->player.spec->logits == throng_i_table_logits && throng_i_table_fit(&self->player, out);
}

bool throng_policy_asked(const throng_policy *self, int64_t *questions, int64_t *different,
                         throng_llm_choose_counts *counts) {
    const throng_policy_player *player = &self->player;
    return player->spec->asked && player->spec->asked(player, questions, different, counts);
}
