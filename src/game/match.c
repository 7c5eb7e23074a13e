/* Repeated play: all matches go on together, round by round, and each player is asked once a round about all its seats.
 */
#include "core/core.h"
#include "core/tails.h"
#include "throng/game.h"

#include <math.h>
#include <string.h>

throng_status throng_match_init(throng_context *context, const throng_normal_form *game, throng_player *const *players,
                                int64_t number, int64_t rounds, throng_match *out, throng_error *err) {
    throng_match it = {.game = game, .players = players, .number = number, .rounds = rounds};
    int n = throng_normal_form_players(game);
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(rounds >= 1 && rounds <= 1000000, E_ARGUMENT, "A match has 1 to 1,000,000 rounds, got %lld.",
                   (long long)rounds);
    THRONG_TRY(throng_i_alloc(context, rounds * n, sizeof *it.actions, &it.actions, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *it.totals, &it.totals, err));
    *out = it;
    it = (throng_match){0};
out:
    throng_match_clear(context, &it);
    return status;
}

void throng_match_clear(throng_context *context, throng_match *match) {
    throng_i_free(context, match->actions);
    throng_i_free(context, match->totals);
    *match = (throng_match){0};
}

/* What one call of throng_match_play works with. */
typedef struct table {
    throng_match *matches;
    int64_t n, n_seats; /* matches; seats of all matches */
    throng_player **players;
    int64_t n_players; /* different ones */
    throng_seat *seats;
    int *actions; /* what the seats chose */
} table;

/* Every different player once, in the order of seats. Few of them play many matches, so a list is searched. */
static void gather_players(table *self) {
    for (int64_t m = 0; m < self->n; m++)
        for (int p = 0; p < throng_normal_form_players(self->matches[m].game); p++) {
            throng_player *player = self->matches[m].players[p];
            int64_t at = self->n_players;
            while (at > 0 && self->players[at - 1] != player)
                at--;
            if (at == 0)
                self->players[self->n_players++] = player;
        }
}

static throng_status let_act(table *self, throng_player *player, throng_error *err) {
    int64_t n = 0;
    throng_status status = THRONG_OK;
    for (int64_t m = 0; m < self->n; m++)
        for (int p = 0; p < throng_normal_form_players(self->matches[m].game); p++)
            if (self->matches[m].players[p] == player && self->matches[m].played < self->matches[m].rounds)
                self->seats[n++] = (throng_seat){&self->matches[m], p};
    if (n == 0)
        return THRONG_OK;
    THRONG_TRY(player->act(player->self, self->seats, n, self->actions, err));
    for (int64_t i = 0; i < n; i++) {
        const throng_seat *seat = &self->seats[i];
        int n_actions = throng_normal_form_actions(seat->match->game, seat->player), action = self->actions[i];
        THRONG_REQUIRE(action >= 0 && action < n_actions, E_ARGUMENT,
                       "\"%.60s\" chose action %d, and player %d of \"%.40s\" has %d.", player->name, action + 1,
                       seat->player + 1, throng_normal_form_name(seat->match->game), n_actions);
        seat->match->actions[seat->match->played * throng_normal_form_players(seat->match->game) + seat->player] =
            action;
    }
out:
    return status;
}

static void settle(throng_match *match) {
    int n = throng_normal_form_players(match->game);
    if (match->played == match->rounds)
        return;
    const int *actions = match->actions + match->played * n;
    const double *payoffs = throng_normal_form_payoffs(match->game, throng_normal_form_profile(match->game, actions));
    for (int p = 0; p < n; p++)
        match->totals[p] += payoffs[p];
    match->played++;
}

throng_status throng_match_play(throng_context *context, throng_match *matches, int64_t n, throng_error *err) {
    table it = {.matches = matches, .n = n};
    int64_t rounds = 0;
    throng_status status = THRONG_OK;
    for (int64_t m = 0; m < n; m++) {
        it.n_seats += throng_normal_form_players(matches[m].game);
        rounds = matches[m].rounds > rounds ? matches[m].rounds : rounds;
    }
    THRONG_TRY(throng_i_alloc(context, it.n_seats, sizeof(throng_player *), &it.players, err));
    THRONG_TRY(throng_i_alloc(context, it.n_seats, sizeof *it.seats, &it.seats, err));
    THRONG_TRY(throng_i_alloc(context, it.n_seats, sizeof *it.actions, &it.actions, err));
    gather_players(&it);
    for (int64_t r = 0; r < rounds; r++) {
        throng_progress progress = {.stage = "playing", .unit = "rounds", .done = r, .total = rounds};
        THRONG_TRY(throng_i_progress(context, &progress, err));
        for (int64_t i = 0; i < it.n_players; i++)
            THRONG_TRY(let_act(&it, it.players[i], err));
        for (int64_t m = 0; m < n; m++)
            settle(&matches[m]);
    }
out:
    throng_i_free(context, it.players);
    throng_i_free(context, it.seats);
    throng_i_free(context, it.actions);
    return status;
}

/* NaN where there is nothing to get: a share of it says nothing, of less than nothing the opposite. */
static double score_of(const throng_match *match, int player) {
    double largest = throng_normal_form_largest(match->game, player);
    return largest > 0.0 ? match->totals[player] / ((double)match->played * largest) : (double)NAN;
}

double throng_match_score(const throng_match *const *matches, int64_t n, int player, double *half) {
    double sum = 0.0, squares = 0.0;
    for (int64_t m = 0; m < n; m++)
        sum += score_of(matches[m], player);
    double mean = sum / (double)n;
    for (int64_t m = 0; m < n; m++) {
        double off = score_of(matches[m], player) - mean;
        squares += off * off;
    }
    if (half)
        *half = n > 1
                    ? throng_i_student_quantile(0.975, (double)n - 1.0) * sqrt(squares / ((double)n - 1.0) / (double)n)
                    : (double)NAN;
    return mean;
}
