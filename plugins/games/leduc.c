/* Leduc hold'em: six cards of three ranks, two rounds of betting, one card for all between them. */
#include "throng/problem.h"

#include <string.h>

enum {
    SUITS,
    RAISES,
    BLINDS
};

static const throng_param params[] = {
    [SUITS] = {"suits", THRONG_PARAM_INTEGER, 2, 2, 4, "cards", "how many cards there are of each rank"},
    [RAISES] = {"raises", THRONG_PARAM_INTEGER, 2, 1, 4, "raises", "how many raises there may be in a round"},
    [BLINDS] = {"blinds", THRONG_PARAM_FLAG, 0, 0, 1, "",
                "the first pays 1 and the second 2 before they see their cards, in place of 1 each"},
    {0}};

typedef struct hand {
    throng_tree *tree;
    int suits, raises_most;
    int cards[2], common; /* ranks; common -1: not dealt */
    int paid[2];
    char history[32]; /* f, c, r and / between the rounds */
} hand;

/* What happened in the round that is on. */
typedef struct betting {
    int length; /* of the history */
    int mover, raises;
    bool checked; /* the first may pass on without ending the round */
} betting;

static throng_status play(hand *self, betting now, throng_error *err);

static int strength(const hand *self, int player) {
    return self->cards[player] == self->common ? 10 : self->cards[player];
}

static throng_status finish(const hand *self, int folded, throng_error *err) {
    int lead = folded >= 0 ? (folded == 0 ? -1 : 1) : strength(self, 0) - strength(self, 1);
    double won = lead > 0 ? self->paid[1] : lead < 0 ? -self->paid[0] : 0;
    const double payoffs[2] = {won, -won};
    return throng_tree_add_end(self->tree, payoffs, err);
}

static throng_status deal_common(hand *self, betting now, throng_error *err) {
    static const char *const names[3] = {"J", "Q", "K"};
    const char *dealt[3];
    double probabilities[3];
    int ranks[3], n = 0;
    for (int rank = 0; rank < 3; rank++) {
        int left = self->suits - (self->cards[0] == rank) - (self->cards[1] == rank);
        if (left == 0)
            continue;
        ranks[n] = rank;
        dealt[n] = names[rank];
        probabilities[n++] = (double)left / (3 * self->suits - 2);
    }
    throng_status status = throng_tree_add_chance(self->tree, n, probabilities, dealt, err);
    self->history[now.length] = '/';
    for (int k = 0; k < n && status == THRONG_OK; k++) {
        self->common = ranks[k];
        status = play(self, (betting){.length = now.length + 1}, err);
    }
    self->common = -1;
    return status;
}

static throng_status fold(hand *self, betting now, throng_error *err) {
    return finish(self, now.mover, err);
}

static throng_status call(hand *self, betting now, throng_error *err) {
    int before = self->paid[now.mover];
    bool ends = now.raises > 0 || now.checked;
    self->history[now.length] = 'c';
    self->paid[now.mover] = self->paid[1 - now.mover];
    now.length++;
    throng_status status;
    if (!ends)
        status = play(self, (betting){now.length, 1 - now.mover, 0, true}, err);
    else
        status = self->common < 0 ? deal_common(self, now, err) : finish(self, -1, err);
    self->paid[now.mover] = before;
    return status;
}

static throng_status raise(hand *self, betting now, throng_error *err) {
    int before = self->paid[now.mover];
    self->history[now.length] = 'r';
    self->paid[now.mover] = self->paid[1 - now.mover] + (self->common < 0 ? 2 : 4);
    throng_status status = play(self, (betting){now.length + 1, 1 - now.mover, now.raises + 1, now.checked}, err);
    self->paid[now.mover] = before;
    return status;
}

static throng_status play(hand *self, betting now, throng_error *err) {
    static const char *const names[3] = {"fold", "call", "raise"};
    static throng_status (*const acts[3])(hand *, betting, throng_error *) = {fold, call, raise};
    /* Nobody folds unless there is a bet; beyond the last raise one folds or calls. */
    int first = self->paid[now.mover] < self->paid[1 - now.mover] ? 0 : 1;
    int last = now.raises < self->raises_most ? 2 : 1;
    char set[40];
    int n = 0;
    set[n++] = "JQK"[self->cards[now.mover]];
    if (self->common >= 0)
        set[n++] = "JQK"[self->common];
    set[n++] = ':';
    memcpy(set + n, self->history, (size_t)now.length);
    set[n + now.length] = '\0';
    throng_status status = throng_tree_add_decision(self->tree, now.mover, set, last - first + 1, names + first, err);
    for (int a = first; a <= last && status == THRONG_OK; a++)
        status = acts[a](self, now, err);
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    static const char *const deals[9] = {"JJ", "JQ", "JK", "QJ", "QQ", "QK", "KJ", "KQ", "KK"};
    double probabilities[9];
    int suits = (int)param[SUITS], cards = 3 * suits;
    for (int k = 0; k < 9; k++)
        probabilities[k] = (double)(suits * (suits - (k / 3 == k % 3))) / (cards * (cards - 1));
    throng_status status = throng_tree_add_chance(tree, 9, probabilities, deals, err);
    for (int k = 0; k < 9 && status == THRONG_OK; k++) {
        hand one = {tree, suits, (int)param[RAISES], {k / 3, k % 3}, -1, {1, param[BLINDS] != 0.0 ? 2 : 1}, ""};
        status = play(&one, (betting){0}, err);
    }
    return status;
}

extern const throng_game throng_game_leduc;
const throng_game throng_game_leduc = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "leduc",
              .summary = "Leduc hold'em: six cards, two rounds, one common card",
              .details = "Everybody pays 1 and gets a card. A round of betting, raises of 2; a common card; a round "
                         "with raises of 4. Who pairs the common card wins, else the higher rank; equal ranks share. "
                         "Suits do not matter, so that cards of a rank are one: 288 information sets. Worth "
                         "-0.085606 to the first player; with blinds 0.0167.",
              .reference = "Southey et al. 2005, Bayes' bluff, UAI; rules as in OpenSpiel",
              .params = params},
    .n_players = 2,
    .build = build,
};
