/* Random quadratic games: every loss is a parabola of all parameters. */
#include "throng/smooth.h"

#define PLAYERS_MAX 8
#define EACH_MAX    8
#define ALL_MAX     (PLAYERS_MAX * EACH_MAX)

enum {
    PLAYERS,
    EACH,
    CONVEX,
    SEED
};

static const throng_param params[] = {
    [PLAYERS] = {"players", THRONG_PARAM_INTEGER, 2, 1, PLAYERS_MAX, "players", "how many there are"},
    [EACH] = {"parameters", THRONG_PARAM_INTEGER, 2, 1, EACH_MAX, "parameters", "of each player"},
    [CONVEX] = {"convex", THRONG_PARAM_REAL, 6, -1e6, 1e6, "", "added to the second derivative of every loss"},
    [SEED] = {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of the random numbers"},
    {0}};

/* loss p = x'curve x / 2 + slope.x */
typedef struct parabola {
    double curve[ALL_MAX][ALL_MAX], slope[ALL_MAX];
} parabola;

typedef struct game {
    int n_players, n;
    parabola loss[PLAYERS_MAX];
} game;

static double product(const double *x, const double *y, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void curve(const void *data, int player, const double *at, const double *direction, double *out) {
    const game *self = data;
    (void)at;
    for (int i = 0; i < self->n; i++)
        out[i] = product(self->loss[player].curve[i], direction, self->n);
}

static void gradient(const void *data, int player, const double *at, double *out) {
    const game *self = data;
    curve(data, player, at, at, out);
    for (int i = 0; i < self->n; i++)
        out[i] += self->loss[player].slope[i];
}

static void losses(const void *data, const double *at, double *out) {
    const game *self = data;
    double bent[ALL_MAX];
    for (int p = 0; p < self->n_players; p++) {
        curve(data, p, at, at, bent);
        out[p] = 0.5 * product(bent, at, self->n) + product(self->loss[p].slope, at, self->n);
    }
}

static void fill(game *self, double convex, uint64_t seed) {
    for (int p = 0; p < self->n_players; p++)
        for (int i = 0; i < self->n; i++) {
            double z[4];
            for (int j = 0; j < i; j++) {
                throng_random_normals((throng_random){seed, (uint64_t)p}, (uint64_t)i, (uint64_t)j, 0, z);
                self->loss[p].curve[i][j] = self->loss[p].curve[j][i] = z[0];
            }
            throng_random_normals((throng_random){seed, (uint64_t)p}, (uint64_t)i, (uint64_t)i, 0, z);
            self->loss[p].curve[i][i] = z[0] + convex;
            self->loss[p].slope[i] = z[1];
        }
}

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    int each[PLAYERS_MAX];
    static const game empty;
    game it = empty;
    throng_smooth *made = NULL;
    it.n_players = (int)param[PLAYERS];
    it.n = it.n_players * (int)param[EACH];
    for (int p = 0; p < it.n_players; p++)
        each[p] = (int)param[EACH];
    fill(&it, param[CONVEX], (uint64_t)param[SEED]);
    const throng_smooth_def def = {.name = name,
                                   .n_players = it.n_players,
                                   .n_parameters = each,
                                   .data = &it,
                                   .bytes = sizeof it,
                                   .losses = losses,
                                   .gradient = gradient,
                                   .curve = curve};
    throng_status status = throng_smooth_create(context, &def, &made, err);
    if (status == THRONG_OK)
        *out = throng_smooth_problem(made);
    return status;
}

extern const throng_game throng_game_quadratic;
const throng_game throng_game_quadratic = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "quadratic",
              .summary = "a random smooth game whose losses are parabolas",
              .details =
                  "Player p loses x'A x / 2 + b.x, where x are all players' parameters, b and the entries of the "
                  "symmetric A are standard normal, and convex is added to A's diagonal. Where convex is large "
                  "there is one equilibrium and one collective best; where it is small, losses have no bound.",
              .reference =
                  "Balduzzi et al. 2018, The mechanics of n-player differentiable games, ICML; arXiv 1802.05642",
              .params = params},
    .open = open_game,
};
