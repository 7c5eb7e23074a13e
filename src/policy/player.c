/* Playing a policy: probabilities of logits, forward and back. */
#include "policy/policy.h"

#include "throng/math.h"

#include <math.h>
#include <string.h>

/* exp of it and a few like it is still a number, and whatever is beyond is as good as certain. */
#define LOGIT_MAX 300.0

/* ---- probabilities --------------------------------------------------------------------------------------------- */

static void face(const throng_policy *self, const throng_situations *from, int64_t at, throng_i_faced *out) {
    out->n = from->n - at < THRONG_I_FACED_MAX ? from->n - at : THRONG_I_FACED_MAX;
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
THRONG_WIDE static void soften(double (*logit)[THRONG_I_FACED_MAX], int actions, int64_t n, double *restrict rest) {
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
    const throng_policy *self = user;
    int n_actions = self->def.world->n_actions, actions = n_actions - 1;
    throng_i_faced faced;
    throng_i_logits logit;
    double weight[THRONG_I_FACED_MAX], rest[THRONG_I_FACED_MAX];
    for (int64_t at = 0; at < situations->n; at += faced.n) {
        face(self, situations, at, &faced);
        self->policy->logits(self, &faced, logit);
        for (int a = 0; a < n_actions; a++)
            memset(p[a] + at, 0, (size_t)faced.n * sizeof **p);
        for (int l = 0; l < self->lasts; l++) {
            soften(logit + l * actions, actions, faced.n, rest);
            weigh_last(situations, at, faced.n, l, n_actions, self->lasts, weight);
            for (int a = 0; a < actions; a++)
                add_weighed(weight, logit[l * actions + a], faced.n, p[a] + at);
            add_weighed(weight, rest, faced.n, p[actions] + at);
        }
    }
}

/* From how much a result moves with the probabilities of one last action to how much with their logits, in place.
 * @param inner [n] out: how much it moves with the weight of that last action */
THRONG_WIDE static void harden(double (*p)[THRONG_I_FACED_MAX], const double *rest, const double *weight,
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
    const throng_policy *self = user;
    int n_actions = self->def.world->n_actions, actions = n_actions - 1;
    throng_i_faced faced;
    throng_i_logits logit;
    double weight[THRONG_I_FACED_MAX], rest[THRONG_I_FACED_MAX], inner[THRONG_WORLD_ACTIONS_MAX][THRONG_I_FACED_MAX];
    for (int64_t at = 0; at < situations->n; at += faced.n) {
        double *back[THRONG_WORLD_SIGHTS_MAX];
        face(self, situations, at, &faced);
        self->policy->logits(self, &faced, logit);
        for (int l = 0; l < self->lasts; l++) {
            soften(logit + l * actions, actions, faced.n, rest);
            weigh_last(situations, at, faced.n, l, n_actions, self->lasts, weight);
            harden(logit + l * actions, rest, weight, of, at, actions, faced.n, inner[l]);
        }
        for (int a = 0; last && self->lasts > 1 && a < actions; a++)
            for (int64_t k = 0; k < faced.n; k++)
                last[a][at + k] += inner[a][k] - inner[actions][k];
        for (int s = 0; s < self->def.world->n_sights; s++)
            back[s] = sight[s] + at;
        self->policy->logits_adjoint(self, &faced, logit, back);
    }
}

void throng_i_player_at(const throng_policy *self, int persona, int last, const double *sight, double *p) {
    int actions = self->def.world->n_actions - 1;
    throng_i_faced faced = {.n = 1, .persona = {persona}};
    throng_i_logits logit;
    for (int s = 0; s < self->def.world->n_sights; s++)
        faced.sight[s] = sight + s;
    self->policy->logits(self, &faced, logit);
    int row = self->lasts > 1 ? last * actions : 0;
    soften(logit + row, actions, 1, p + actions);
    for (int a = 0; a < actions; a++)
        p[a] = logit[row + a][0];
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status ask(void *user, const throng_situations *situations, double *const *p, throng_error *err) {
    throng_policy *self = user;
    return self->policy->ask(self, situations, p, err);
}

throng_status throng_policy_create(throng_context *context, const throng_policy_def *def, throng_policy **out,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    throng_policy *self = NULL;
    throng_i_plugin_use use;
    THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_POLICY, def->policy, &use, err));
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (throng_policy){.context = context,
                            .policy = (const throng_i_policy *)(const void *)use.about,
                            .def = *def,
                            .lasts = def->world->last > 0 ? def->world->n_actions : 1};
    self->decider = (throng_decider){.self = self,
                                     .decide = self->policy->logits ? decide : NULL,
                                     .decide_adjoint = self->policy->logits_adjoint ? decide_adjoint : NULL,
                                     .ask = self->policy->ask ? ask : NULL};
    THRONG_TRY(self->policy->create(self, err));
    *out = self;
    self = NULL;
out:
    throng_policy_free(self);
    return status;
}

void throng_policy_free(throng_policy *self) {
    if (!self)
        return;
    self->policy->clear(self);
    throng_i_free(self->context, self);
}

const throng_decider *throng_policy_decider(const throng_policy *self) {
    return &self->decider;
}

bool throng_policy_fit(const throng_policy *self, throng_fit *out) {
    return self->policy->logits == throng_i_table_logits && throng_i_table_fit(self, out);
}

bool throng_policy_asked(const throng_policy *self, int64_t *questions, int64_t *different,
                         throng_llm_choose_counts *counts) {
    return self->policy->asked && self->policy->asked(self, questions, different, counts);
}
