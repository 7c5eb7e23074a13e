/* Cleanup without places: a river to clean, apples to pick, and policies whose gradients are exact. */
#include "throng/math.h"
#include "throng/smooth.h"

#include <stdio.h>

#define PLAYERS_MAX 4
#define WASTE_MAX   7
#define APPLES_MAX  3
#define STATES_MAX  ((WASTE_MAX + 1) * (APPLES_MAX + 1))
#define JOINT_MAX   (1 << PLAYERS_MAX)

enum {
    PLAYERS,
    WASTE,
    APPLES,
    SPILL,
    GROWTH,
    DISCOUNT
};

static const throng_param params[] = {
    [PLAYERS] = {"players", THRONG_PARAM_INTEGER, 4, 2, PLAYERS_MAX, "players", "how many there are"},
    [WASTE] = {"waste", THRONG_PARAM_INTEGER, 5, 1, WASTE_MAX, "units", "the most that the river holds"},
    [APPLES] = {"apples", THRONG_PARAM_INTEGER, 3, 1, APPLES_MAX, "apples", "the most that hang"},
    [SPILL] = {"spill", THRONG_PARAM_REAL, 0.5, 0, 1, "", "probability of a unit of waste more in each step"},
    [GROWTH] = {"growth", THRONG_PARAM_REAL, 0.5, 0, 1, "",
                "probability that an apple grows at an empty place, if the river is clean"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.95, 0, 0.999, "", "of an apple one step later"},
    {0}};

/* Who cleans is a bit of a joint action; a policy is the logit of cleaning in each state of waste and apples. */
typedef struct river {
    int n_players, n_states, n_joint, start;
    double discount;
    double next[STATES_MAX][JOINT_MAX][STATES_MAX];
    double picked[STATES_MAX][JOINT_MAX]; /* by each of those who pick */
} river;

/* ---- the river ------------------------------------------------------------------------------------------------- */

/* How likely k of n places grow an apple. */
static double grown(int n, int k, double p) {
    double chance = 1.0;
    for (int i = 0; i < k; i++)
        chance *= p * (n - i) / (i + 1);
    for (int i = k; i < n; i++)
        chance *= 1.0 - p;
    return chance;
}

/* Apples are picked and waste is cleaned; then apples grow by the waste that is left, and some waste comes. */
static void fill_state(river *self, const double *param, int waste, int apples) {
    int most = (int)param[WASTE], places = (int)param[APPLES], state = waste * (places + 1) + apples;
    for (int joint = 0; joint < self->n_joint; joint++) {
        int cleaners = 0;
        for (int p = 0; p < self->n_players; p++)
            cleaners += joint >> p & 1;
        int pickers = self->n_players - cleaners, taken = apples < pickers ? apples : pickers;
        int left = waste > cleaners ? waste - cleaners : 0, hanging = apples - taken;
        double rate = param[GROWTH] * fmax(1.0 - (double)left / most / 0.4, 0.0);
        self->picked[state][joint] = pickers > 0 ? (double)taken / pickers : 0.0;
        for (int k = 0; k <= places - hanging; k++)
            for (int more = 0; more < 2; more++) {
                int after = left + more < most ? left + more : most;
                self->next[state][joint][after * (places + 1) + hanging + k] +=
                    grown(places - hanging, k, rate) * (more ? param[SPILL] : 1.0 - param[SPILL]);
            }
    }
}

/* ---- values and their derivatives ------------------------------------------------------------------------------ */

/* A number and its derivative along a direction, so that a gradient computed with them brings its own along. */
typedef struct dual {
    double v, d;
} dual;

static dual plus(dual x, dual y) {
    return (dual){x.v + y.v, x.d + y.d};
}

static dual minus(dual x, dual y) {
    return (dual){x.v - y.v, x.d - y.d};
}

static dual times(dual x, dual y) {
    return (dual){x.v * y.v, x.v * y.d + x.d * y.v};
}

static dual scaled(double x, dual y) {
    return (dual){x * y.v, x * y.d};
}

static dual over(dual x, dual y) {
    return (dual){x.v / y.v, (x.d - x.v / y.v * y.d) / y.v};
}

typedef struct policies {
    dual cleans[PLAYERS_MAX][STATES_MAX];
    dual moves[STATES_MAX][STATES_MAX];
} policies;

/* Solves (1 - discount moves) x = x in place, or the transposed system. No pivot is small, for rows of moves add up
 * to 1. */
static void solve(const river *self, const policies *it, bool transposed, dual *x) {
    dual a[STATES_MAX][STATES_MAX];
    int n = self->n_states;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            a[i][j] =
                minus((dual){i == j, 0.0}, scaled(self->discount, transposed ? it->moves[j][i] : it->moves[i][j]));
    for (int c = 0; c < n; c++)
        for (int r = c + 1; r < n; r++) {
            dual factor = over(a[r][c], a[c][c]);
            for (int j = c; j < n; j++)
                a[r][j] = minus(a[r][j], times(factor, a[c][j]));
            x[r] = minus(x[r], times(factor, x[c]));
        }
    for (int r = n - 1; r >= 0; r--) {
        for (int j = r + 1; j < n; j++)
            x[r] = minus(x[r], times(a[r][j], x[j]));
        x[r] = over(x[r], a[r][r]);
    }
}

/* Probability of a joint action; `but` is a player whose own part is left out, -1 nobody. */
static dual chance_of(const river *self, const policies *it, int state, int joint, int but) {
    dual chance = {1.0, 0.0};
    for (int p = 0; p < self->n_players; p++)
        if (p != but)
            chance =
                times(chance, joint >> p & 1 ? it->cleans[p][state] : minus((dual){1.0, 0.0}, it->cleans[p][state]));
    return chance;
}

static double reward(const river *self, int player, int state, int joint) {
    return joint >> player & 1 ? 0.0 : self->picked[state][joint];
}

/* @param direction NULL: derivatives are 0 */
static void look(const river *self, const double *at, const double *direction, policies *it) {
    int n = self->n_states;
    for (int p = 0; p < self->n_players; p++)
        for (int s = 0; s < n; s++) {
            double a = 0.5 + 0.5 * throng_tanh(0.5 * at[p * n + s]);
            it->cleans[p][s] = (dual){a, direction ? a * (1.0 - a) * direction[p * n + s] : 0.0};
        }
    for (int s = 0; s < n; s++) {
        for (int t = 0; t < n; t++)
            it->moves[s][t] = (dual){0.0, 0.0};
        for (int joint = 0; joint < self->n_joint; joint++) {
            dual chance = chance_of(self, it, s, joint, -1);
            for (int t = 0; t < n; t++)
                it->moves[s][t] = plus(it->moves[s][t], scaled(self->next[s][joint][t], chance));
        }
    }
}

/* What a player gets from each state on. */
static void find_value(const river *self, const policies *it, int player, dual *value) {
    for (int s = 0; s < self->n_states; s++) {
        value[s] = (dual){0.0, 0.0};
        for (int joint = 0; joint < self->n_joint; joint++)
            value[s] = plus(value[s], scaled(reward(self, player, s, joint), chance_of(self, it, s, joint, -1)));
    }
    solve(self, it, false, value);
}

static void losses(const void *data, const double *at, double *out) {
    const river *self = data;
    policies it;
    dual value[STATES_MAX];
    look(self, at, NULL, &it);
    for (int p = 0; p < self->n_players; p++) {
        find_value(self, &it, p, value);
        out[p] = -value[self->start].v;
    }
}

/* Of a player's loss: by how often a state comes, and by what cleaning there instead of picking changes. */
static void slopes(const river *self, int player, const double *at, const double *direction, double *out) {
    policies it;
    dual value[STATES_MAX], often[STATES_MAX] = {{0.0, 0.0}};
    int n = self->n_states;
    look(self, at, direction, &it);
    find_value(self, &it, player, value);
    often[self->start].v = 1.0;
    solve(self, &it, true, often);
    for (int s = 0; s < n; s++) {
        dual worth[JOINT_MAX];
        for (int joint = 0; joint < self->n_joint; joint++) {
            dual ahead = {0.0, 0.0};
            for (int t = 0; t < n; t++)
                ahead = plus(ahead, scaled(self->next[s][joint][t], value[t]));
            worth[joint] = plus((dual){reward(self, player, s, joint), 0.0}, scaled(self->discount, ahead));
        }
        for (int p = 0; p < self->n_players; p++) {
            dual a = it.cleans[p][s], gain = {0.0, 0.0};
            for (int joint = 0; joint < self->n_joint; joint++)
                gain = plus(
                    gain, scaled(joint >> p & 1 ? 1.0 : -1.0, times(chance_of(self, &it, s, joint, p), worth[joint])));
            dual slope = times(times(often[s], times(a, minus((dual){1.0, 0.0}, a))), gain);
            out[p * n + s] = direction ? -slope.d : -slope.v;
        }
    }
}

static void gradient(const void *data, int player, const double *at, double *out) {
    slopes(data, player, at, NULL, out);
}

static void curve(const void *data, int player, const double *at, const double *direction, double *out) {
    slopes(data, player, at, direction, out);
}

/* ---- the game -------------------------------------------------------------------------------------------------- */

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    static const river empty;
    river it = empty;
    int waste = (int)param[WASTE], apples = (int)param[APPLES], each[PLAYERS_MAX];
    char words[STATES_MAX][32];
    const char *names[PLAYERS_MAX * STATES_MAX];
    throng_smooth *game = NULL;
    it.n_players = (int)param[PLAYERS];
    it.n_states = (waste + 1) * (apples + 1);
    it.n_joint = 1 << it.n_players;
    it.start = waste * (apples + 1);
    it.discount = param[DISCOUNT];
    for (int w = 0; w <= waste; w++)
        for (int a = 0; a <= apples; a++) {
            fill_state(&it, param, w, a);
            snprintf(words[w * (apples + 1) + a], sizeof words[0], "w%da%d", w, a);
        }
    for (int p = 0; p < it.n_players; p++) {
        each[p] = it.n_states;
        for (int s = 0; s < it.n_states; s++)
            names[p * it.n_states + s] = words[s];
    }
    const throng_smooth_def def = {.name = name,
                                   .n_players = it.n_players,
                                   .n_parameters = each,
                                   .parameters = names,
                                   .data = &it,
                                   .bytes = sizeof it,
                                   .losses = losses,
                                   .gradient = gradient,
                                   .curve = curve};
    throng_status status = throng_smooth_create(context, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_smooth_problem(game);
    return status;
}

extern const throng_game throng_game_cleanup;
const throng_game throng_game_cleanup = {
    .about =
        {.struct_size = sizeof(throng_game),
         .name = "cleanup",
         .summary = "a river to clean and apples to pick, without places",
         .details =
             "In each step everybody picks or cleans. Who cleans takes a unit of waste; who picks shares the apples "
             "that hang, one each at most, with others who pick. Then an apple grows at each empty place with "
             "probability growth * max(1 - waste share / 0.4, 0), and a unit of waste comes with probability spill. "
             "It begins with a full river and no apples. Cleaning pays all, picking oneself. Parameters are logits of "
             "cleaning, one for each state: w2a1 is two units of waste and one apple. Values, their gradients and "
             "second derivatives are exact: no play is drawn. Solver: aga.",
         .reference = "Hughes et al. 2018, Inequity aversion improves cooperation in intertemporal social dilemmas, "
                      "arXiv 1803.08884 (rates of the grid; the reduction is ours)",
         .params = params},
    .open = open_game,
};
