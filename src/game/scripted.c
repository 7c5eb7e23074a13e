/* Players that follow a script: one function a kind, which sees a seat. */
#include "core/core.h"
#include "throng/game.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define STREAM_PLAYER 400

typedef struct scripted {
    throng_context *context;
    const struct kind *kind;
    char *spec;
    const char *given; /* what stands behind the colon; NULL: nothing */
    uint64_t seed;
} scripted;

typedef struct kind {
    const char *name;
    bool takes; /* something behind the colon */
    throng_status (*act)(const scripted *self, throng_seat seat, int *out, throng_error *err);
} kind;

/* What a player did in a round. */
static int done(throng_seat seat, int64_t round, int player) {
    return seat.match->actions[round * throng_normal_form_players(seat.match->game) + player];
}

static throng_status find(const scripted *self, throng_seat seat, int otherwise, int *out, throng_error *err) {
    const throng_normal_form *game = seat.match->game;
    int n = throng_normal_form_actions(game, seat.player);
    *out = self->given ? throng_normal_form_find_action(game, seat.player, self->given) : otherwise;
    if (*out < 0 || *out >= n)
        return THRONG_FAIL(err, E_ARGUMENT, "\"%.60s\": player %d of \"%.40s\" has no such action; it has %d.",
                           self->spec, seat.player + 1, throng_normal_form_name(game), n);
    return THRONG_OK;
}

static throng_status always(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    return find(self, seat, 0, out, err);
}

static throng_status once(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    throng_status status = find(self, seat, 1, out, err);
    if (seat.match->played > 0)
        *out = 0;
    return status;
}

static throng_status alternate(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    throng_status status = find(self, seat, 0, out, err);
    *out = (int)((*out + seat.match->played) % throng_normal_form_actions(seat.match->game, seat.player));
    return status;
}

static throng_status tit_for_tat(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    const throng_normal_form *game = seat.match->game;
    throng_status status = THRONG_OK;
    (void)self;
    THRONG_REQUIRE(throng_normal_form_players(game) == 2, E_ARGUMENT,
                   "tit-for-tat is for two players, and \"%.40s\" has %d.", throng_normal_form_name(game),
                   throng_normal_form_players(game));
    *out = seat.match->played > 0 ? done(seat, seat.match->played - 1, 1 - seat.player) : 0;
out:
    return status;
}

/* How often the others together did what is in a profile, as if each chose by itself. */
static double likelihood(throng_seat seat, int64_t profile) {
    const throng_match *match = seat.match;
    double p = 1.0;
    for (int other = 0; other < throng_normal_form_players(match->game); other++) {
        int action = throng_normal_form_action_in(match->game, profile, other);
        int64_t times = 0;
        for (int64_t r = 0; r < match->played; r++)
            times += done(seat, r, other) == action;
        p *= other == seat.player ? 1.0 : (double)times;
    }
    return p;
}

static throng_status best_reply(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    const throng_normal_form *game = seat.match->game;
    double *expected = NULL;
    throng_status status = THRONG_OK;
    *out = 0;
    if (seat.match->played == 0)
        return THRONG_OK;
    THRONG_TRY(
        throng_i_alloc(self->context, throng_normal_form_actions(game, seat.player), sizeof *expected, &expected, err));
    for (int64_t i = 0; i < throng_normal_form_profiles(game); i++)
        expected[throng_normal_form_action_in(game, i, seat.player)] +=
            likelihood(seat, i) * throng_normal_form_payoffs(game, i)[seat.player];
    for (int a = 1; a < throng_normal_form_actions(game, seat.player); a++)
        *out = expected[a] > expected[*out] ? a : *out;
out:
    throng_i_free(self->context, expected);
    return status;
}

static throng_status at_random(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    int n = throng_normal_form_actions(seat.match->game, seat.player);
    double u[4];
    (void)err;
    throng_random_uniforms((throng_random){self->seed, STREAM_PLAYER}, (uint64_t)seat.match->number,
                           (uint64_t)seat.match->played, (uint64_t)seat.player, u);
    *out = (int)fmin(n - 1.0, floor(u[0] * n));
    return THRONG_OK;
}

static throng_status sequence(const scripted *self, throng_seat seat, int *out, throng_error *err) {
    const throng_match *match = seat.match;
    int64_t last = (int64_t)strlen(self->given) - 1;
    const char letter[2] = {self->given[match->played < last ? match->played : last], '\0'};
    *out = throng_normal_form_find_action(match->game, seat.player, letter);
    if (*out < 0)
        return THRONG_FAIL(err, E_ARGUMENT, "\"%.60s\": \"%s\" is no action of player %d of \"%.40s\".", self->spec,
                           letter, seat.player + 1, throng_normal_form_name(match->game));
    return THRONG_OK;
}

static const kind kinds[] = {
    {"always", true, always},
    {"alternate", true, alternate},
    {"once", true, once},
    {"tit-for-tat", false, tit_for_tat},
    {"best-reply", false, best_reply},
    {"random", false, at_random},
    {"sequence", true, sequence},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static throng_status act(void *user, const throng_seat *seats, int64_t n, int *actions, throng_error *err) {
    const scripted *self = user;
    for (int64_t i = 0; i < n; i++) {
        throng_status status = self->kind->act(self, seats[i], &actions[i], err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}

static void free_scripted(void *user) {
    scripted *self = user;
    throng_i_free(self->context, self->spec);
    throng_i_free(self->context, self);
}

throng_status throng_player_scripted(throng_context *context, const char *spec, uint64_t seed, throng_player *out,
                                     throng_error *err) {
    const char *names[KINDS + 1];
    char hint[200], word[60];
    size_t length = strcspn(spec, ":");
    scripted *self = NULL;
    const kind *found = NULL;
    throng_status status = THRONG_OK;
    for (int i = 0; i < KINDS; i++) {
        names[i] = kinds[i].name;
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, spec, length) == 0)
            found = &kinds[i];
    }
    names[KINDS] = "llm"; /* known to the command line */
    memcpy(word, spec, length < sizeof word ? length : sizeof word - 1);
    word[length < sizeof word ? length : sizeof word - 1] = '\0';
    throng_suggest(word, names, KINDS + 1, hint, sizeof hint);
    THRONG_REQUIRE(found, E_UNKNOWN_NAME, "There is no policy \"%s\".%s", word, hint);
    const char *given = spec[length] ? spec + length + 1 : NULL;
    THRONG_REQUIRE(!given || (*given && found->takes), E_UNKNOWN_NAME, "\"%.60s\": %s", spec,
                   found->takes ? "nothing stands behind the colon." : "nothing may stand behind its name.");
    THRONG_REQUIRE(given || found->act != sequence, E_UNKNOWN_NAME, "\"sequence\" needs actions: sequence:JJFF.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (scripted){.context = context, .kind = found, .seed = seed};
    THRONG_TRY(throng_i_copy_text(context, spec, &self->spec, err));
    self->given = given ? self->spec + length + 1 : NULL;
    *out = (throng_player){.self = self, .name = self->spec, .act = act, .free = free_scripted};
    self = NULL;
out:
    if (self)
        free_scripted(self);
    return status;
}

void throng_player_clear(throng_player *player) {
    if (player->free)
        player->free(player->self);
    *player = (throng_player){0};
}
