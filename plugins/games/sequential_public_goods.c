/* A public good to which one gives after the other, each seeing what was given. */
#include "throng/problem.h"

#include <stdio.h>
#include <string.h>

enum {
    LEVELS,
    RETURN,
    SYNERGY,
    BAR,
    PENALTY,
    COST,
    STEEPER
};

#define N 3 /* players */

static const throng_param params[] = {
    [LEVELS] = {"levels", THRONG_PARAM_INTEGER, 21, 2, 51, "", "of what can be given, evenly from 0 to 1"},
    [RETURN] = {"return", THRONG_PARAM_REAL, 1.5, 0, 1000, "", "what is given is multiplied by it, and shared by all"},
    [SYNERGY] = {"synergy", THRONG_PARAM_REAL, 0.3, 0, 1000, "",
                 "what one gives brings one so many times what was given before"},
    [BAR] = {"bar", THRONG_PARAM_REAL, 2.9, 0, 1000, "", "if less is given in all, everybody pays the penalty"},
    [PENALTY] = {"penalty", THRONG_PARAM_REAL, 2, 0, 1000, "", "for each if the bar is missed"},
    [COST] = {"cost", THRONG_PARAM_REAL, 0.6, 0, 1000, "", "giving c costs cost c + steeper c^2 / 2"},
    [STEEPER] = {"steeper", THRONG_PARAM_REAL, 0.4, 0, 1000, "", "see cost"},
    {0}};

/* Those who gave so far. */
typedef struct gifts {
    throng_tree *tree;
    const double *param;
    int n, level[N];
    char seen[5 * N]; /* "0.50 1.00" */
    char name[51][8];
    const char *names[51];
} gifts;

static double given(const gifts *self, int player) {
    return self->level[player] / (self->param[LEVELS] - 1.0);
}

static throng_status pay(const gifts *self, throng_error *err) {
    const double *param = self->param;
    double sum = 0.0, payoffs[N];
    for (int i = 0; i < N; i++) {
        double c = given(self, i);
        payoffs[i] = param[SYNERGY] * c * sum - param[COST] * c - param[STEEPER] * c * c / 2.0;
        sum += c;
    }
    for (int i = 0; i < N; i++)
        payoffs[i] += param[RETURN] / N * sum - (sum < param[BAR] - 1e-9 ? param[PENALTY] : 0.0);
    return throng_tree_add_end(self->tree, payoffs, err);
}

static throng_status give(gifts *self, throng_error *err) {
    int levels = (int)self->param[LEVELS], player = self->n;
    size_t length = strlen(self->seen);
    if (player == N)
        return pay(self, err);
    throng_status status = throng_tree_add_decision(self->tree, player, self->seen, levels, self->names, err);
    self->n++;
    for (int a = 0; a < levels && status == THRONG_OK; a++) {
        self->level[player] = a;
        snprintf(self->seen + length, sizeof self->seen - length, "%s%.4s", length > 0 ? " " : "", self->name[a]);
        status = give(self, err);
    }
    self->n--;
    self->seen[length] = '\0';
    return status;
}

static throng_status build(throng_tree *tree, const double *param, throng_error *err) {
    gifts self = {.tree = tree, .param = param};
    for (int a = 0; a < (int)param[LEVELS]; a++) {
        snprintf(self.name[a], sizeof self.name[a], "%.2f", a / (param[LEVELS] - 1.0));
        self.names[a] = self.name[a];
    }
    return give(&self, err);
}

extern const throng_game throng_game_sequential_public_goods;
const throng_game throng_game_sequential_public_goods = {
    .about =
        {.struct_size = sizeof(throng_game),
         .name = "sequential-public-goods",
         .summary = "three give to a public good one after the other, each seeing what was given",
         .details =
             "Each gives c between 0 and 1, one of `levels`. With S the sum, who gave c after others gave s gets "
             "return S / 3 + synergy c s - cost c - steeper c^2 / 2, less `penalty` if S is below `bar`. Without "
             "synergy and penalty nobody gives, for a unit given costs more than the third of it that comes back; a "
             "penalty for missing a high bar makes giving the equilibrium, and one that is too weak lets the first "
             "ride free. `backward-induction` finds it.",
         .reference = "the game of MAC-SPGG, github.com/YunhaoLiang/MAC-SPGG; payoffs are throng's reading",
         .params = params},
    .n_players = N,
    .build = build,
};
