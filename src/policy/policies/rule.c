/* A rule: logits as sums of products of what is seen, read from a JSON file. */
#include "policy/policy.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TERMS_MAX   64
#define FACTORS_MAX 3
#define SIGHTS      THRONG_WORLD_SIGHTS_MAX

/* One entry of the file: for some people, after some actions, so much for each action times what is seen. */
typedef struct term {
    int sights[FACTORS_MAX], n_sights;
    int persona, last; /* -1: all */
    double add[THRONG_WORLD_ACTIONS_MAX];
} term;

typedef struct rule {
    int n;
    term terms[TERMS_MAX];
} rule;

/* ---- reading --------------------------------------------------------------------------------------------------- */

static int find_word(const char *const *words, int n, const char *word) {
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* A factor: "opinion", "last post", "persona ana". */
static throng_status read_factor(const throng_policy_player *player, const char *key, const char *word, term *out,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    const char *names[SIGHTS];
    char hint[300];
    for (int s = 0; s < world->n_sights; s++)
        names[s] = world->sights[s].name;
    if (strncmp(word, "last ", 5) == 0) {
        out->last = find_word(world->actions, world->n_actions, word + 5);
        throng_suggest(word + 5, world->actions, world->n_actions, hint, sizeof hint);
        THRONG_REQUIRE(out->last >= 0 && player->lasts > 1, E_FORMAT, "%s: \"%.60s\": %s has no action \"%.40s\".%s",
                       player->def.file, key, world->about.name, word + 5, hint);
    } else if (strncmp(word, "persona ", 8) == 0) {
        out->persona = throng_i_persona_find(player->def.personas, word + 8);
        THRONG_REQUIRE(out->persona >= 0, E_FORMAT, "%s: \"%.60s\": there is no persona \"%.40s\".", player->def.file,
                       key, word + 8);
    } else {
        int s = find_word(names, world->n_sights, word);
        throng_suggest(word, names, world->n_sights, hint, sizeof hint);
        THRONG_REQUIRE(s >= 0 && out->n_sights < FACTORS_MAX, E_FORMAT,
                       "%s: \"%.60s\" must be always, or a product of at most %d sights, \"last ACTION\" and "
                       "\"persona NAME\" with * between them; \"%.40s\" is none.%s",
                       player->def.file, key, FACTORS_MAX, word, hint);
        out->sights[out->n_sights++] = s;
    }
out:
    return status;
}

static throng_status read_term(const throng_policy_player *player, const char *key, json_t *adds, term *out,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = player->def.world;
    char text[300], *next = text, hint[300];
    const char *action = NULL;
    json_t *value = NULL;
    *out = (term){.persona = -1, .last = -1};
    THRONG_REQUIRE(strlen(key) < sizeof text && json_is_object(adds), E_FORMAT,
                   "%s: \"%.60s\" must be an object of numbers by action, such as {\"%s\": 0.5}.", player->def.file,
                   key, world->actions[0]);
    snprintf(text, sizeof text, "%s", key);
    while (next && strcmp(key, "always") != 0) {
        char *word = next + strspn(next, " "), *end = strchr(next, '*');
        next = end ? end + 1 : NULL;
        end = end ? end : word + strlen(word);
        while (end > word && end[-1] == ' ')
            end--;
        *end = '\0';
        THRONG_TRY(read_factor(player, key, word, out, err));
    }
    json_object_foreach(adds, action, value) {
        int a = find_word(world->actions, world->n_actions, action);
        throng_suggest(action, world->actions, world->n_actions, hint, sizeof hint);
        THRONG_REQUIRE(a >= 0 && json_is_number(value), E_FORMAT,
                       "%s: \"%.60s\": \"%.40s\" is no action of %s, or has no number.%s", player->def.file, key,
                       action, world->about.name, a < 0 ? hint : "");
        out->add[a] = json_number_value(value);
    }
out:
    return status;
}

static throng_status create(throng_policy_player *player, throng_error *err) {
    throng_status status = THRONG_OK;
    rule *self = NULL;
    json_error_t why;
    json_t *document = NULL, *value = NULL;
    const char *key = NULL;
    THRONG_REQUIRE(player->def.file, E_PARAMETER,
                   "rule plays a rule in a file: name it with --policy-file (policy.file); see throng describe policy "
                   "rule.");
    THRONG_TRY(throng_i_alloc(player->context, 1, sizeof *self, &self, err));
    player->self = self;
    document = json_load_file(player->def.file, JSON_REJECT_DUPLICATES, &why);
    THRONG_REQUIRE(document || why.line >= 0, E_FILE, "%s cannot be read: %s.", player->def.file, why.text);
    THRONG_REQUIRE(document, E_FORMAT, "%s:%d: this is not JSON: %s.", player->def.file, why.line, why.text);
    THRONG_REQUIRE(json_is_object(document), E_FORMAT, "%s: a rule is a JSON object, {...}.", player->def.file);
    json_object_foreach(document, key, value) {
        THRONG_REQUIRE(self->n < TERMS_MAX, E_FORMAT, "%s has more than %d entries.", player->def.file, TERMS_MAX);
        THRONG_TRY(read_term(player, key, value, &self->terms[self->n], err));
        self->n++;
    }
    bool last = false;
    for (int t = 0; t < self->n; t++)
        last = last || self->terms[t].last >= 0;
    if (!last)
        player->lasts = 1;
out:
    json_decref(document);
    return status;
}

static void clear(throng_policy_player *player) {
    throng_i_free(player->context, player->self);
}

/* ---- playing --------------------------------------------------------------------------------------------------- */

/* [n] what a term multiplies its numbers with, leaving out one factor (-1: none): for slopes. */
static void multiply(const term *it, const throng_faced *faced, int without, double *out) {
    for (int64_t k = 0; k < faced->n; k++)
        out[k] = it->persona < 0 || it->persona == faced->persona[k] ? 1.0 : 0.0;
    for (int f = 0; f < it->n_sights; f++)
        for (int64_t k = 0; f != without && k < faced->n; k++)
            out[k] *= faced->sight[it->sights[f]][k];
}

/* What a term adds to action a's logit; all are against the last action. */
static double add_of(const term *it, int a, int actions) {
    return it->add[a] - it->add[actions];
}

static void logits(const throng_policy_player *player, const throng_faced *faced, double *const *logit) {
    const rule *self = player->self;
    int actions = player->def.world->n_actions - 1;
    double factor[THRONG_FACED_MAX];
    for (int r = 0; r < player->lasts * actions; r++)
        memset(logit[r], 0, (size_t)faced->n * sizeof **logit);
    for (int t = 0; t < self->n; t++) {
        const term *it = &self->terms[t];
        multiply(it, faced, -1, factor);
        for (int r = 0; r < player->lasts * actions; r++) {
            double add = it->last < 0 || it->last == r / actions ? add_of(it, r % actions, actions) : 0.0;
            for (int64_t k = 0; add != 0.0 && k < faced->n; k++)
                logit[r][k] += add * factor[k];
        }
    }
}

static void logits_adjoint(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                           double *const *sight) {
    const rule *self = player->self;
    int actions = player->def.world->n_actions - 1;
    double factor[THRONG_FACED_MAX];
    for (int t = 0; t < self->n; t++)
        for (int f = 0; f < self->terms[t].n_sights; f++) {
            const term *it = &self->terms[t];
            double *back = sight[it->sights[f]];
            multiply(it, faced, f, factor);
            for (int r = 0; r < player->lasts * actions; r++) {
                double add = it->last < 0 || it->last == r / actions ? add_of(it, r % actions, actions) : 0.0;
                for (int64_t k = 0; add != 0.0 && k < faced->n; k++)
                    back[k] += of[r][k] * add * factor[k];
            }
        }
}

const throng_policy_spec throng_policy_rule = {
    .about = {.struct_size = sizeof(throng_policy_spec),
              .name = "rule",
              .summary = "Plays a rule: each action's logit is a sum of products of what is seen.",
              .details =
                  "--policy-file (policy.file) is a JSON object. Each entry adds to logits of actions, and "
                  "probabilities are exp(logit) over their sum: {\"always\": {\"post\": -1}, \"opinion*opinion\": "
                  "{\"post\": 2}, \"opinion*feed\": {\"share\": 1.5}, \"last post\": {\"post\": 0.5}, \"persona "
                  "activist\": {\"post\": 1}}. The entry's name says what its numbers are multiplied with: always (1), "
                  "or a product of at most three sights of the world, \"last ACTION\" (1 if that was done in the step "
                  "before, else 0) and \"persona NAME\" (1 for them, else 0).\n"
                  "What was done last is known as far as it was done: probabilities are the mean over last actions.",
              .reference =
                  "multinomial logit: McFadden 1974, Conditional logit analysis of qualitative choice behavior"},
    .create = create,
    .clear = clear,
    .logits = logits,
    .logits_adjoint = logits_adjoint,
};
