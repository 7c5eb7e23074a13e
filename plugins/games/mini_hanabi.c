/* Hanabi of few cards, one in each hand: who holds a card does not see it, and the other does. */
#include "throng/problem.h"

#include <stdio.h>
#include <string.h>

enum {
    COLOURS,
    RANKS,
    COPIES,
    HINTS
};

#define COLOURS_MAX 3
#define KINDS_MAX   9 /* colours times ranks */

#define CARDS_AND_HINTS_MAX 7 /* with one more of either a tree has millions of nodes */

static const throng_param params[] = {
    [COLOURS] = {"colours", THRONG_PARAM_INTEGER, 2, 1, COLOURS_MAX, "", "of cards"},
    [RANKS] = {"ranks", THRONG_PARAM_INTEGER, 2, 1, 3, "", "of cards, from 1 on; each colour is to be laid in order"},
    [COPIES] = {"copies", THRONG_PARAM_INTEGER, 1, 1, 2, "cards", "how many there are of each colour and rank"},
    [HINTS] = {"hints", THRONG_PARAM_INTEGER, 1, 1, 3, "hints", "that may be given; a card thrown away gives one back"},
    {0}};

typedef struct table {
    throng_tree *tree;
    int colours, ranks, hints_most, hints;
    int left[KINDS_MAX], n_left; /* cards of each kind that are not dealt */
    int laid[COLOURS_MAX];       /* the highest rank of each colour */
    int hand[2];                 /* kinds; -1: none */
    int turns;                   /* that are left once the last card is dealt; before: 2 */
    char seen[2][200];           /* what each player saw so far */
} table;

static throng_status take_turn(table *self, int mover, throng_error *err);

static void see(table *self, int player, char what, int kind) {
    size_t length = strlen(self->seen[player]);
    snprintf(self->seen[player] + length, sizeof self->seen[player] - length, "%c%c%d", what, "RGB"[kind / self->ranks],
             kind % self->ranks + 1);
}

static int score(const table *self) {
    int sum = 0;
    for (int c = 0; c < self->colours; c++)
        sum += self->laid[c];
    return sum;
}

static throng_status finish(const table *self, int points, throng_error *err) {
    const double payoffs[2] = {points, points};
    return throng_tree_add_end(self->tree, payoffs, err);
}

/* Deals a card, which the other player sees, and goes on with `then`, who moves next. */
static throng_status deal(table *self, int player, int then, throng_error *err) {
    const table before = *self;
    double probabilities[KINDS_MAX] = {0.0};
    int kinds[KINDS_MAX], n = 0;
    for (int k = 0; k < self->colours * self->ranks; k++)
        if (self->left[k] > 0) {
            probabilities[n] = (double)self->left[k] / self->n_left;
            kinds[n++] = k;
        }
    throng_status status = throng_tree_add_chance(self->tree, n, probabilities, NULL, err);
    for (int i = 0; i < n && status == THRONG_OK; i++) {
        self->hand[player] = kinds[i];
        self->left[kinds[i]]--;
        self->n_left--;
        see(self, 1 - player, ' ', kinds[i]);
        status = self->hand[1 - player] < 0 && then < 0 ? deal(self, 1 - player, 0, err) : take_turn(self, then, err);
        *self = before;
    }
    return status;
}

/* After a card is gone: another, if there is one; else everybody has one turn left. */
static throng_status go_on(table *self, int mover, throng_error *err) {
    self->hand[mover] = -1;
    return self->n_left > 0 ? deal(self, mover, 1 - mover, err) : take_turn(self, 1 - mover, err);
}

static throng_status play(table *self, int mover, throng_error *err) {
    int kind = self->hand[mover], colour = kind / self->ranks;
    if (self->laid[colour] != kind % self->ranks)
        return finish(self, 0, err);
    self->laid[colour]++;
    see(self, 0, 'p', kind);
    see(self, 1, 'p', kind);
    return score(self) == self->colours * self->ranks ? finish(self, score(self), err) : go_on(self, mover, err);
}

static throng_status discard(table *self, int mover, throng_error *err) {
    self->hints++;
    see(self, 0, 'd', self->hand[mover]);
    see(self, 1, 'd', self->hand[mover]);
    return go_on(self, mover, err);
}

/* Who is told learns one of two, who tells knows both. */
static throng_status tell(table *self, int mover, char what, throng_error *err) {
    int kind = self->hand[1 - mover];
    size_t at[2] = {strlen(self->seen[0]), strlen(self->seen[1])};
    self->hints--;
    see(self, 0, what, kind);
    see(self, 1, what, kind);
    self->seen[1 - mover][at[1 - mover] + (what == 'c' ? 2 : 1)] = '?';
    return take_turn(self, 1 - mover, err);
}

static throng_status act(table *self, int mover, int action, throng_error *err) {
    return action == 0   ? play(self, mover, err)
           : action == 1 ? discard(self, mover, err)
                         : tell(self, mover, action == 2 ? 'c' : 'r', err);
}

static throng_status take_turn(table *self, int mover, throng_error *err) {
    static const char *const names[4] = {"play", "discard", "tell colour", "tell rank"};
    const table before = *self;
    const char *offered[4];
    int actions[4], n = 0;
    if (self->n_left == 0 && self->turns-- == 0)
        return finish(self, score(self), err);
    for (int a = 0; a < 4; a++) {
        bool can = a == 0   ? self->hand[mover] >= 0
                   : a == 1 ? self->hand[mover] >= 0 && self->hints < self->hints_most
                            : self->hand[1 - mover] >= 0 && self->hints > 0;
        if (can) {
            offered[n] = names[a];
            actions[n++] = a;
        }
    }
    if (n == 0)
        return finish(self, score(self), err);
    const table here = *self;
    throng_status status = throng_tree_add_decision(self->tree, mover, self->seen[mover], n, offered, err);
    for (int i = 0; i < n && status == THRONG_OK; i++) {
        *self = here;
        status = act(self, mover, actions[i], err);
    }
    *self = before;
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    table self = {.tree = tree,
                  .colours = (int)param[COLOURS],
                  .ranks = (int)param[RANKS],
                  .hints_most = (int)param[HINTS],
                  .hints = (int)param[HINTS],
                  .hand = {-1, -1},
                  .turns = 2};
    for (int k = 0; k < self.colours * self.ranks; k++)
        self.n_left += self.left[k] = (int)param[COPIES];
    if (self.n_left < 2)
        return THRONG_FAIL(err, E_ARGUMENT, "mini-hanabi needs two cards at least, one for each hand.");
    if (self.n_left + self.hints > CARDS_AND_HINTS_MAX)
        return THRONG_FAIL(err, E_ARGUMENT,
                           "mini-hanabi: %d cards and %d hints make too large a tree; together at most %d are allowed.",
                           self.n_left, self.hints, CARDS_AND_HINTS_MAX);
    return deal(&self, 0, -1, err);
}

extern const throng_game throng_game_mini_hanabi;
const throng_game throng_game_mini_hanabi = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "mini-hanabi",
              .summary = "a team of two, each seeing the other's card and not their own",
              .details =
                  "Everybody holds a card that only the other sees. In turn they play it, throw it away, or tell "
                  "the other the colour or the rank of theirs, which takes a hint; a card thrown away gives one "
                  "back, up to where they began. Colours are laid in order of rank: a card that does not fit "
                  "loses everything. Once the last card is dealt everybody has one turn. Both get the number of "
                  "cards laid: at most 17/6 on average with two colours, two ranks and one hint, 10/3 with "
                  "two hints, found by going through what both know. Cards and hints are at most 7.",
              .reference = "rules after Bard et al. 2020, The Hanabi challenge, Artificial Intelligence 280, doi "
                           "10.1016/j.artint.2019.103216; small as in the tests of arXiv 2304.13138",
              .params = params},
    .n_players = 2,
    .build = build,
};
