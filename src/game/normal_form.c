/* The normal form, and the games that are built in. */
#include "core/core.h"
#include "game/matrix_file.h"
#include "throng/tree.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAYOFFS_MAX ((int64_t)1 << 27)

struct throng_normal_form {
    throng_context *context;
    char *name, *family;
    char *player_names[THRONG_GAME_PLAYERS_MAX];
    int n_players;
    int n_actions[THRONG_GAME_PLAYERS_MAX];
    char **action_names[THRONG_GAME_PLAYERS_MAX]; /* [player][action] */
    int64_t n_profiles;
    double *payoffs; /* [n_profiles][n_players] */
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static throng_status name_actions(throng_normal_form *self, int player, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(self->context, self->n_actions[player], sizeof **self->action_names,
                              &self->action_names[player], err));
    for (int a = 0; a < self->n_actions[player]; a++)
        THRONG_TRY(throng_i_print(self->context, &self->action_names[player][a], err, "%d", a + 1));
out:
    return status;
}

throng_status throng_normal_form_create(throng_context *context, const char *name, int n_players, const int *n_actions,
                                        throng_normal_form **out, throng_error *err) {
    throng_normal_form *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(n_players >= 1 && n_players <= THRONG_GAME_PLAYERS_MAX, E_ARGUMENT,
                   "A game has 1 to %d players, got %d.", THRONG_GAME_PLAYERS_MAX, n_players);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_players = n_players;
    self->n_profiles = 1;
    for (int p = 0; p < n_players; p++) {
        THRONG_REQUIRE(n_actions[p] >= 1, E_ARGUMENT, "Player %d must have actions, got %d.", p + 1, n_actions[p]);
        THRONG_REQUIRE(self->n_profiles <= PAYOFFS_MAX / n_players / n_actions[p], E_ARGUMENT,
                       "The game \"%.40s\" has more than %lld payoffs.", name, (long long)PAYOFFS_MAX);
        self->n_profiles *= n_actions[p];
        self->n_actions[p] = n_actions[p];
    }
    THRONG_TRY(throng_i_copy_text(context, name, &self->name, err));
    for (int p = 0; p < n_players; p++) {
        THRONG_TRY(name_actions(self, p, err));
        THRONG_TRY(throng_i_print(context, &self->player_names[p], err, "Player %d", p + 1));
    }
    THRONG_TRY(throng_i_alloc(context, self->n_profiles * n_players, sizeof *self->payoffs, &self->payoffs, err));
    *out = self;
    self = NULL;
out:
    throng_normal_form_free(self);
    return status;
}

void throng_normal_form_free(throng_normal_form *self) {
    if (!self)
        return;
    for (int p = 0; p < self->n_players; p++) {
        for (int a = 0; self->action_names[p] && a < self->n_actions[p]; a++)
            throng_i_free(self->context, self->action_names[p][a]);
        throng_i_free(self->context, self->action_names[p]);
        throng_i_free(self->context, self->player_names[p]);
    }
    throng_i_free(self->context, self->name);
    throng_i_free(self->context, self->family);
    throng_i_free(self->context, self->payoffs);
    throng_i_free(self->context, self);
}

/* ---- what it is ------------------------------------------------------------------------------------------------ */

throng_status throng_normal_form_set_action_name(throng_normal_form *self, int player, int action, const char *name,
                                                 throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_REQUIRE(player >= 0 && player < self->n_players && action >= 0 && action < self->n_actions[player] && *name,
                   E_ARGUMENT, "The game \"%.40s\" has no action %d of player %d, or the name is empty.", self->name,
                   action + 1, player + 1);
    for (int a = 0; a < self->n_actions[player]; a++)
        THRONG_REQUIRE(a == action || strcasecmp(self->action_names[player][a], name) != 0, E_ARGUMENT,
                       "Two actions of player %d are called \"%.40s\".", player + 1, name);
    THRONG_TRY(throng_i_copy_text(self->context, name, &copy, err));
    throng_i_free(self->context, self->action_names[player][action]);
    self->action_names[player][action] = copy;
out:
    return status;
}

/* How many of the names before this one are the same. */
static int count_same(const char *const *names, int at) {
    int n = 0;
    for (int a = 0; a < at; a++)
        n += strcasecmp(names[a], names[at]) == 0;
    return n;
}

throng_status throng_normal_form_set_action_names(throng_normal_form *self, int player, const char *const *names,
                                                  throng_error *err) {
    throng_status status = THRONG_OK;
    char *name = NULL;
    for (int a = 0; a < self->n_actions[player]; a++) {
        int same = count_same(names, a);
        if (!*names[a])
            THRONG_TRY(throng_i_print(self->context, &name, err, "%d", a + 1));
        else if (same > 0)
            THRONG_TRY(throng_i_print(self->context, &name, err, "%s (%d)", names[a], same + 1));
        else
            THRONG_TRY(throng_i_copy_text(self->context, names[a], &name, err));
        throng_i_free(self->context, self->action_names[player][a]);
        self->action_names[player][a] = name;
    }
out:
    return status;
}

throng_status throng_normal_form_set_player_name(throng_normal_form *self, int player, const char *name,
                                                 throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    THRONG_REQUIRE(player >= 0 && player < self->n_players, E_ARGUMENT, "The game \"%.40s\" has no player %d.",
                   self->name, player + 1);
    THRONG_TRY(throng_i_copy_text(self->context, name, &copy, err));
    throng_i_free(self->context, self->player_names[player]);
    self->player_names[player] = copy;
out:
    return status;
}

throng_status throng_normal_form_set_payoffs(throng_normal_form *self, int64_t profile, const double *payoffs,
                                             throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(profile >= 0 && profile < self->n_profiles, E_ARGUMENT, "There is no profile %lld.",
                   (long long)profile);
    for (int p = 0; p < self->n_players; p++)
        THRONG_REQUIRE(isfinite(payoffs[p]), E_ARGUMENT,
                       "The payoff of player %d in profile %lld of \"%.40s\" is not a number.", p + 1,
                       (long long)profile, self->name);
    memcpy(self->payoffs + profile * self->n_players, payoffs, (size_t)self->n_players * sizeof *payoffs);
out:
    return status;
}

const char *throng_normal_form_name(const throng_normal_form *self) {
    return self->name;
}

const char *throng_normal_form_family(const throng_normal_form *self) {
    return self->family ? self->family : "";
}

int throng_normal_form_players(const throng_normal_form *self) {
    return self->n_players;
}

const char *throng_normal_form_player_name(const throng_normal_form *self, int player) {
    return self->player_names[player];
}

int throng_normal_form_actions(const throng_normal_form *self, int player) {
    return self->n_actions[player];
}

const char *throng_normal_form_action_name(const throng_normal_form *self, int player, int action) {
    return self->action_names[player][action];
}

int throng_normal_form_find_action(const throng_normal_form *self, int player, const char *name) {
    char *end = NULL;
    for (int a = 0; a < self->n_actions[player]; a++)
        if (strcasecmp(self->action_names[player][a], name) == 0)
            return a;
    long number = strtol(name, &end, 10);
    return isdigit((unsigned char)*name) && *end == '\0' && number >= 1 && number <= self->n_actions[player]
               ? (int)number - 1
               : -1;
}

int64_t throng_normal_form_profiles(const throng_normal_form *self) {
    return self->n_profiles;
}

int64_t throng_normal_form_profile(const throng_normal_form *self, const int *actions) {
    int64_t at = 0;
    for (int p = self->n_players - 1; p >= 0; p--)
        at = at * self->n_actions[p] + actions[p];
    return at;
}

int throng_normal_form_action_in(const throng_normal_form *self, int64_t profile, int player) {
    for (int p = 0; p < player; p++)
        profile /= self->n_actions[p];
    return (int)(profile % self->n_actions[player]);
}

const double *throng_normal_form_payoffs(const throng_normal_form *self, int64_t profile) {
    return self->payoffs + profile * self->n_players;
}

double throng_normal_form_largest(const throng_normal_form *self, int player) {
    double largest = -INFINITY;
    for (int64_t i = 0; i < self->n_profiles; i++)
        largest = fmax(largest, self->payoffs[i * self->n_players + player]);
    return largest;
}

double throng_normal_form_regret(const throng_normal_form *self, int64_t profile) {
    double regret = 0.0;
    int64_t stride = 1; /* between profiles that differ by one in a player's action */
    for (int p = 0; p < self->n_players; stride *= self->n_actions[p++]) {
        int64_t first = profile - (profile / stride % self->n_actions[p]) * stride;
        double got = self->payoffs[profile * self->n_players + p];
        for (int a = 0; a < self->n_actions[p]; a++)
            regret = fmax(regret, self->payoffs[(first + a * stride) * self->n_players + p] - got);
    }
    return regret;
}

/* ---- built in -------------------------------------------------------------------------------------------------- */

/* A 2x2 game: payoffs at JJ, JF, FJ, FF. */
typedef struct builtin {
    const char *name, *family;
    int first[4], second[4];
} builtin;

#define DIGITS(n)                                                                                                      \
    { (n) / 1000, (n) / 100 % 10, (n) / 10 % 10, (n) % 10 }
#define THRONG_ORDINAL(number, name, family, first, second)                                                            \
    [(number)-1] = {"" name, "" family, DIGITS(first), DIGITS(second)},
static const builtin ordinal[THRONG_GAME_ORDINAL] = {
#include "game/ordinal.def"
};

static const builtin named[] = {
    {"prisoners-dilemma", "PD", {8, 0, 10, 5}, {8, 10, 0, 5}},
    {"battle-of-the-sexes", "Biased", {10, 0, 0, 7}, {7, 0, 0, 10}},
    {"stag-hunt", "Win-win", {4, 1, 3, 2}, {4, 3, 1, 2}},
};
#define NAMED ((int)(sizeof named / sizeof *named))

const char *throng_game_builtin_name(int index) {
    return index >= 0 && index < NAMED ? named[index].name : NULL;
}

static throng_status make(throng_context *context, const char *name, const builtin *from, throng_normal_form **out,
                          throng_error *err) {
    static const int two[2] = {2, 2};
    throng_normal_form *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_normal_form_create(context, name, 2, two, &self, err));
    THRONG_TRY(throng_i_copy_text(context, from->family, &self->family, err));
    for (int p = 0; p < 2; p++) {
        THRONG_TRY(throng_normal_form_set_action_name(self, p, 0, "J", err));
        THRONG_TRY(throng_normal_form_set_action_name(self, p, 1, "F", err));
    }
    for (int k = 0; k < 4; k++) {
        const int actions[2] = {k / 2, k % 2};
        const double payoffs[2] = {from->first[k], from->second[k]};
        THRONG_TRY(throng_normal_form_set_payoffs(self, throng_normal_form_profile(self, actions), payoffs, err));
    }
    *out = self;
    self = NULL;
out:
    throng_normal_form_free(self);
    return status;
}

throng_status throng_game_builtin(throng_context *context, const char *name, throng_normal_form **out,
                                  throng_error *err) {
    const char *names[NAMED + 1];
    char hint[160], title[120], *end = NULL;
    for (int i = 0; i < NAMED; i++) {
        names[i] = named[i].name;
        if (strcmp(name, named[i].name) == 0)
            return make(context, name, &named[i], out, err);
    }
    if (strncmp(name, "ordinal:", 8) == 0) {
        long number = strtol(name + 8, &end, 10);
        if (!isdigit((unsigned char)name[8]) || *end || number < 1 || number > THRONG_GAME_ORDINAL)
            return THRONG_FAIL(err, E_UNKNOWN_NAME, "The ordinal games are ordinal:1 to ordinal:%d, got \"%.40s\".",
                               THRONG_GAME_ORDINAL, name);
        const builtin *it = &ordinal[number - 1];
        snprintf(title, sizeof title, "%ld %s", number, it->name);
        return make(context, title, it, out, err);
    }
    names[NAMED] = "ordinal:1";
    throng_suggest(name, names, NAMED + 1, hint, sizeof hint);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no game \"%.60s\".%s", name, hint);
}

throng_status throng_normal_form_open(throng_context *context, const char *name, throng_normal_form **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *tree = NULL;
    size_t length = strlen(name), head = strcspn(name, ":");
    if (length > 4 && strcmp(name + length - 4, ".csv") == 0)
        return throng_i_matrix_normal_form(context, name, out, err);
    if (length > 4 && strcmp(name + length - 4, ".nfg") == 0)
        return throng_normal_form_read(context, name, out, err);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_GAME) && !tree; i++) {
        const char *plugin = throng_context_plugin(context, THRONG_KIND_GAME, i)->name;
        if (strlen(plugin) == head && strncmp(plugin, name, head) == 0)
            THRONG_TRY(throng_tree_open(context, name, &tree, err));
    }
    if (tree)
        THRONG_TRY(throng_tree_normal_form(context, tree, out, err));
    else
        THRONG_TRY(throng_game_builtin(context, name, out, err));
out:
    throng_tree_free(tree);
    return status;
}
