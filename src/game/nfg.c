/* Gambit's files of games in normal form: payoffs one by one, or outcomes and which of them each profile has. */
#define _POSIX_C_SOURCE 200809L
#include "game/lexer.h"
#include "throng/game.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct reading {
    throng_i_lexer lexer;
    throng_context *context;
    char *title, **players, **actions[THRONG_GAME_PLAYERS_MAX]; /* actions NULL: numbers */
    int n_players, n_named[THRONG_GAME_PLAYERS_MAX], n_actions[THRONG_GAME_PLAYERS_MAX];
    throng_normal_form *game;
    double *outcomes; /* [n_outcomes][n_players] */
    int n_outcomes, outcomes_cap;
} reading;

static throng_status read_head(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    static const char *const head[] = {"NFG", "1"};
    for (int i = 0; i < 2; i++) {
        if (lexer->token != THRONG_I_TOKEN_WORD || strcmp(lexer->text, head[i]) != 0)
            return throng_i_lexer_fail(lexer, err, "NFG 1, as a Gambit file of a normal form begins");
        THRONG_TRY(throng_i_lexer_next(lexer, err));
    }
    if (lexer->token != THRONG_I_TOKEN_WORD || (strcmp(lexer->text, "R") != 0 && strcmp(lexer->text, "D") != 0))
        return throng_i_lexer_fail(lexer, err, "R or D");
    THRONG_TRY(throng_i_lexer_next(lexer, err));
    THRONG_TRY(throng_i_lexer_take_text(lexer, "the title", &self->title, err));
    THRONG_TRY(throng_i_lexer_take_texts(lexer, "the list of players", &self->players, &self->n_players, err));
    THRONG_REQUIRE(self->n_players >= 1 && self->n_players <= THRONG_GAME_PLAYERS_MAX, E_FORMAT,
                   "%s: a game has 1 to %d players, got %d.", lexer->origin, THRONG_GAME_PLAYERS_MAX, self->n_players);
out:
    return status;
}

/* How many actions everybody has, or what they are called. */
static throng_status read_actions(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    double profiles = 1.0;
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_OPEN, "the numbers of actions", err));
    bool named = lexer->token == THRONG_I_TOKEN_OPEN;
    for (int p = 0; p < self->n_players; p++) {
        if (named) {
            THRONG_TRY(throng_i_lexer_take_texts(lexer, "a list of actions for each player", &self->actions[p],
                                                 &self->n_named[p], err));
            self->n_actions[p] = self->n_named[p];
        } else {
            THRONG_TRY(throng_i_lexer_take_whole(lexer, "a number of actions for each player, at least 1", 1, 1 << 27,
                                                 &self->n_actions[p], err));
        }
        profiles *= self->n_actions[p];
    }
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_CLOSE, "} after the actions of every player", err));
    if (lexer->token == THRONG_I_TOKEN_TEXT)
        THRONG_TRY(throng_i_lexer_next(lexer, err));
    /* Before any memory is taken for them: a profile takes a character at least, but for the one read ahead. */
    THRONG_REQUIRE(profiles <= (double)(lexer->end - lexer->at) + 64.0, E_FORMAT,
                   "%s ends too early: it has %.0f profiles, and %lld characters for them.", lexer->origin, profiles,
                   (long long)(lexer->end - lexer->at));
out:
    return status;
}

static throng_status name_all(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int p = 0; p < self->n_players; p++) {
        THRONG_TRY(throng_normal_form_set_player_name(self->game, p, self->players[p], err));
        if (self->actions[p])
            THRONG_TRY(throng_normal_form_set_action_names(self->game, p, (const char *const *)self->actions[p], err));
    }
out:
    return status;
}

static throng_status read_payoffs(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    double payoffs[THRONG_GAME_PLAYERS_MAX];
    for (int64_t i = 0; i < throng_normal_form_profiles(self->game); i++) {
        for (int p = 0; p < self->n_players; p++)
            THRONG_TRY(throng_i_lexer_take_number(&self->lexer, "a payoff", &payoffs[p], err));
        THRONG_TRY(throng_normal_form_set_payoffs(self->game, i, payoffs, err));
    }
out:
    return status;
}

static throng_status read_outcomes(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    int n = self->n_players, outcome;
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_OPEN, "payoffs or outcomes", err));
    for (; lexer->token == THRONG_I_TOKEN_OPEN; self->n_outcomes++) {
        THRONG_TRY(throng_i_lexer_next(lexer, err));
        THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_TEXT, "an outcome's name", err));
        if (self->n_outcomes == self->outcomes_cap) {
            int cap = 2 * self->outcomes_cap + 16;
            THRONG_TRY(throng_i_resize(self->context, &self->outcomes, (int64_t)cap * n, sizeof *self->outcomes, err));
            self->outcomes_cap = cap;
        }
        for (int p = 0; p < n; p++)
            THRONG_TRY(throng_i_lexer_take_number(lexer, "a payoff for each player",
                                                  &self->outcomes[(int64_t)self->n_outcomes * n + p], err));
        THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_CLOSE, "} after the payoffs of an outcome", err));
    }
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_CLOSE, "an outcome or }", err));
    for (int64_t i = 0; i < throng_normal_form_profiles(self->game); i++) {
        THRONG_TRY(throng_i_lexer_take_whole(lexer, "the number of an outcome, which there is", 0, self->n_outcomes,
                                             &outcome, err));
        if (outcome > 0)
            THRONG_TRY(throng_normal_form_set_payoffs(self->game, i, self->outcomes + (int64_t)(outcome - 1) * n, err));
    }
out:
    return status;
}

throng_status throng_normal_form_parse(throng_context *context, const char *origin, const char *text, int64_t length,
                                       throng_normal_form **out, throng_error *err) {
    throng_status status = THRONG_OK;
    reading it = {.context = context};
    THRONG_TRY(throng_i_lexer_open(context, origin, text, length, &it.lexer, err));
    THRONG_TRY(read_head(&it, err));
    THRONG_TRY(read_actions(&it, err));
    THRONG_TRY(
        throng_normal_form_create(context, *it.title ? it.title : origin, it.n_players, it.n_actions, &it.game, err));
    THRONG_TRY(name_all(&it, err));
    THRONG_TRY(it.lexer.token == THRONG_I_TOKEN_OPEN ? read_outcomes(&it, err) : read_payoffs(&it, err));
    if (it.lexer.token != THRONG_I_TOKEN_END)
        THRONG_TRY(throng_i_lexer_fail(&it.lexer, err, "the end, for every profile has its payoffs"));
    *out = it.game;
    it.game = NULL;
out:
    throng_normal_form_free(it.game);
    for (int p = 0; p < it.n_players && p < THRONG_GAME_PLAYERS_MAX; p++)
        throng_i_free_texts(context, it.actions[p], it.n_named[p]);
    throng_i_free_texts(context, it.players, it.n_players);
    throng_i_free(context, it.title);
    throng_i_free(context, it.outcomes);
    throng_i_lexer_close(&it.lexer);
    return status;
}

throng_status throng_normal_form_read(throng_context *context, const char *path, throng_normal_form **out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    int64_t length = 0;
    THRONG_TRY(throng_i_read_text(context, path, &text, &length, err));
    THRONG_TRY(throng_normal_form_parse(context, path, text, length, out, err));
out:
    throng_i_free(context, text);
    return status;
}

throng_status throng_normal_form_write(const throng_normal_form *self, const char *path, throng_error *err) {
    int n = throng_normal_form_players(self);
    FILE *file = fopen(path, "wb");
    if (!file)
        return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
    fprintf(file, "NFG 1 R ");
    throng_i_write_quoted(file, throng_normal_form_name(self));
    fprintf(file, " {");
    for (int p = 0; p < n; p++)
        throng_i_write_quoted(file, throng_normal_form_player_name(self, p));
    fprintf(file, " }\n\n{");
    for (int p = 0; p < n; p++) {
        fprintf(file, " {");
        for (int a = 0; a < throng_normal_form_actions(self, p); a++)
            throng_i_write_quoted(file, throng_normal_form_action_name(self, p, a));
        fprintf(file, " }\n");
    }
    fprintf(file, "}\n\n");
    for (int64_t i = 0; i < throng_normal_form_profiles(self); i++)
        for (int p = 0; p < n; p++)
            fprintf(file, "%.17g%c", throng_normal_form_payoffs(self, i)[p], p == n - 1 ? '\n' : ' ');
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
    return THRONG_OK;
}
