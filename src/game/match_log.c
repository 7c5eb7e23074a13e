/* Matches that were played and published elsewhere, as matches: their payoffs are worked out anew, and compared. */
#include "core/core.h"
#include "table/table.h"
#include "throng/game.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    GAME,
    ROUND,
    PLAYER1,
    PLAYER2,
    ANSWER1,
    ANSWER2,
    OPTION1,
    OPTION2,
    POINTS1,
    POINTS2,
    COLUMNS
};

static const throng_column_request requests[COLUMNS] = {
    {"game_number", THRONG_ROLE_NUMBER},   {"round", THRONG_ROLE_NUMBER},         {"player1", THRONG_ROLE_LABEL},
    {"player2", THRONG_ROLE_LABEL},        {"answer1", THRONG_ROLE_LABEL},        {"answer2", THRONG_ROLE_LABEL},
    {"choice_option1", THRONG_ROLE_LABEL}, {"choice_option2", THRONG_ROLE_LABEL}, {"points1", THRONG_ROLE_NUMBER},
    {"points2", THRONG_ROLE_NUMBER},
};

struct throng_match_log {
    throng_context *context;
    throng_table *table;
    throng_column_view columns[COLUMNS];
    throng_normal_form *games[THRONG_GAME_ORDINAL]; /* those that are played */
    throng_match *matches;
    throng_player *players; /* [2 n] with names only */
    throng_player **seats;  /* [2 n] */
    int64_t n;
};

static double number_at(const throng_match_log *self, int column, int64_t row) {
    return throng_i_cell_number(&self->columns[column], row);
}

static const char *word_at(const throng_match_log *self, int column, int64_t row) {
    const throng_column_view *view = &self->columns[column];
    return view->words[((const int32_t *)view->data)[row]];
}

static throng_status find_game(throng_match_log *self, int64_t row, int *out, throng_error *err) {
    double number = number_at(self, GAME, row);
    throng_status status = THRONG_OK;
    char name[32];
    THRONG_REQUIRE(number >= 1.0 && number <= THRONG_GAME_ORDINAL && number == floor(number), E_FORMAT,
                   "Row %lld: there is no ordinal game %g, only 1 to %d.", (long long)row + 1, number,
                   THRONG_GAME_ORDINAL);
    *out = (int)number - 1;
    snprintf(name, sizeof name, "ordinal:%d", *out + 1);
    if (!self->games[*out])
        THRONG_TRY(throng_game_builtin(self->context, name, &self->games[*out], err));
out:
    return status;
}

/* The rounds of a match stand together, and count up from 1. */
static int64_t rounds_from(const throng_match_log *self, int64_t row) {
    int64_t to = row + 1;
    while (to < throng_table_rows(self->table) && number_at(self, ROUND, to) == (double)(to - row + 1))
        to++;
    return to - row;
}

static throng_status read_action(const throng_match_log *self, int64_t row, int player, int *out, throng_error *err) {
    const char *answer = word_at(self, ANSWER1 + player, row);
    throng_status status = THRONG_OK;
    *out = strcmp(answer, word_at(self, OPTION1, row)) == 0 ? 0 : 1;
    THRONG_REQUIRE(strcmp(answer, word_at(self, OPTION1 + *out, row)) == 0, E_FORMAT,
                   "Row %lld: the answer \"%.40s\" is neither \"%.40s\" nor \"%.40s\".", (long long)row + 1, answer,
                   word_at(self, OPTION1, row), word_at(self, OPTION2, row));
out:
    return status;
}

static throng_status read_round(throng_match_log *self, throng_match *match, int64_t row, throng_error *err) {
    int *actions = match->actions + 2 * match->played;
    throng_status status = THRONG_OK;
    for (int p = 0; p < 2; p++) {
        THRONG_TRY(read_action(self, row, p, &actions[p], err));
        THRONG_REQUIRE(strcmp(word_at(self, PLAYER1 + p, row), match->players[p]->name) == 0, E_FORMAT,
                       "Row %lld: \"%.40s\" plays round %lld of a match of \"%.40s\".", (long long)row + 1,
                       word_at(self, PLAYER1 + p, row), (long long)match->played + 1, match->players[p]->name);
    }
    const double *payoffs = throng_normal_form_payoffs(match->game, throng_normal_form_profile(match->game, actions));
    for (int p = 0; p < 2; p++) {
        THRONG_REQUIRE(number_at(self, POINTS1 + p, row) == payoffs[p], E_FORMAT,
                       "Row %lld: %g points of player %d are not what \"%.40s\" gives, %g.", (long long)row + 1,
                       number_at(self, POINTS1 + p, row), p + 1, throng_normal_form_name(match->game), payoffs[p]);
        match->totals[p] += payoffs[p];
    }
    match->played++;
out:
    return status;
}

static throng_status read_match(throng_match_log *self, int64_t row, int64_t *next, throng_error *err) {
    int game = 0;
    throng_match *match = &self->matches[self->n];
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(number_at(self, ROUND, row) == 1.0, E_FORMAT,
                   "Row %lld: a match begins with round 1, and its rounds count up, got %g.", (long long)row + 1,
                   number_at(self, ROUND, row));
    THRONG_TRY(find_game(self, row, &game, err));
    for (int p = 0; p < 2; p++) {
        self->players[2 * self->n + p].name = word_at(self, PLAYER1 + p, row);
        self->seats[2 * self->n + p] = &self->players[2 * self->n + p];
    }
    THRONG_TRY(throng_match_init(self->context, self->games[game], &self->seats[2 * self->n], self->n,
                                 rounds_from(self, row), match, err));
    self->n++;
    for (int64_t r = 0; r < match->rounds; r++) {
        THRONG_REQUIRE(number_at(self, GAME, row + r) == (double)game + 1.0, E_FORMAT,
                       "Row %lld: the game changes within a match.", (long long)(row + r) + 1);
        THRONG_TRY(read_round(self, match, row + r, err));
    }
    *next = row + match->rounds;
out:
    return status;
}

throng_status throng_match_log_read(throng_context *context, const char *const *paths, int n_paths,
                                    throng_match_log **out, throng_error *err) {
    throng_match_log *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(throng_table_read(context, paths, n_paths, requests, COLUMNS, NULL, &self->table, err));
    for (int c = 0; c < COLUMNS; c++)
        self->columns[c] = throng_table_column(self->table, c);
    int64_t n = 0, rows = throng_table_rows(self->table);
    for (int64_t row = 0; row < rows; row++)
        n += number_at(self, ROUND, row) == 1.0;
    THRONG_REQUIRE(n > 0, E_FORMAT, "%s holds no match: no row is round 1.", paths[0]);
    for (int c = 0; c < COLUMNS; c++)
        THRONG_REQUIRE(requests[c].role == THRONG_ROLE_NUMBER || self->columns[c].type == THRONG_TYPE_TEXT, E_FORMAT,
                       "%s: the column %s must hold words.", paths[0], requests[c].column);
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->matches, &self->matches, err));
    THRONG_TRY(throng_i_alloc(context, 2 * n, sizeof *self->players, &self->players, err));
    THRONG_TRY(throng_i_alloc(context, 2 * n, sizeof(throng_player *), &self->seats, err));
    for (int64_t row = 0; row < rows;)
        THRONG_TRY(read_match(self, row, &row, err));
    *out = self;
    self = NULL;
out:
    throng_match_log_free(self);
    return status;
}

void throng_match_log_free(throng_match_log *self) {
    if (!self)
        return;
    for (int64_t i = 0; i < self->n; i++)
        throng_match_clear(self->context, &self->matches[i]);
    for (int g = 0; g < THRONG_GAME_ORDINAL; g++)
        throng_normal_form_free(self->games[g]);
    throng_i_free(self->context, self->matches);
    throng_i_free(self->context, self->players);
    throng_i_free(self->context, self->seats);
    throng_table_free(self->table);
    throng_i_free(self->context, self);
}

int64_t throng_match_log_count(const throng_match_log *self) {
    return self->n;
}

const throng_match *throng_match_log_match(const throng_match_log *self, int64_t index) {
    return &self->matches[index];
}
