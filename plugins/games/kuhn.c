/* Kuhn's poker: three cards, one chip to bet. */
#include "throng/problem.h"

#include <stdio.h>

typedef struct hand {
    throng_tree *tree;
    int cards[2];
    char history[4];
} hand;

static throng_status showdown(const hand *self, int stake, throng_error *err) {
    double won = self->cards[0] > self->cards[1] ? stake : -stake;
    const double payoffs[2] = {won, -won};
    return throng_tree_add_end(self->tree, payoffs, err);
}

/* p passes (or folds), b bets (or calls). */
static throng_status play(hand *self, int n, throng_error *err) {
    static const char *const actions[2] = {"pass", "bet"};
    const char *h = self->history;
    char set[16];
    if (n >= 2 && h[n - 1] == 'b' && h[n - 2] == 'b')
        return showdown(self, 2, err);
    if (n == 2 && h[0] == 'p' && h[1] == 'p')
        return showdown(self, 1, err);
    if (n >= 2 && h[n - 1] == 'p') { /* folded by the player who moved last */
        double won = (n - 1) % 2 == 0 ? -1.0 : 1.0;
        const double payoffs[2] = {won, -won};
        return throng_tree_add_end(self->tree, payoffs, err);
    }
    snprintf(set, sizeof set, "%c%.*s", "JQK"[self->cards[n % 2]], n, h);
    throng_status status = throng_tree_add_decision(self->tree, n % 2, set, 2, actions, err);
    for (int a = 0; status == THRONG_OK && a < 2; a++) {
        self->history[n] = "pb"[a];
        status = play(self, n + 1, err);
    }
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    static const char *const deals[6] = {"JQ", "JK", "QJ", "QK", "KJ", "KQ"};
    static const double probabilities[6] = {1. / 6., 1. / 6., 1. / 6., 1. / 6., 1. / 6., 1. / 6.};
    (void)param;
    throng_status status = throng_tree_add_chance(tree, 6, probabilities, deals, err);
    for (int first = 0; first < 3; first++)
        for (int second = 0; second < 3; second++) {
            hand one = {tree, {first, second}, ""};
            if (first != second && status == THRONG_OK)
                status = play(&one, 0, err);
        }
    return status;
}

extern const throng_game throng_game_kuhn;
const throng_game throng_game_kuhn = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "kuhn",
              .summary = "Kuhn's poker: three cards, two players, one bet",
              .details = "Everybody pays 1 and gets one of the cards J, Q, K. The first passes or bets 1; then the "
                         "other passes (folds, after a bet) or bets (calls); after pass and bet the first folds or "
                         "calls. The higher card wins. 12 information sets; worth -1/18 to the first player.",
              .reference = "Kuhn 1950, A simplified two-person poker, Annals of Mathematics Studies 24"},
    .n_players = 2,
    .build = build,
};
