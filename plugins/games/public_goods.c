/* Public goods: what is given grows, and is shared by all. */
#include "throng/math.h"
#include "throng/smooth.h"

enum {
    PLAYERS,
    FACTOR
};

static const throng_param params[] = {
    [PLAYERS] = {"players", THRONG_PARAM_INTEGER, 2, 2, THRONG_GAME_PLAYERS_MAX, "players", "how many there are"},
    [FACTOR] = {"factor", THRONG_PARAM_REAL, 1.5, 0, 1e6, "", "by which what is given grows"},
    {0}};

typedef struct goods {
    int n;
    double share; /* of what one gives that each gets back */
} goods;

static double given(double logit) {
    return 0.5 + 0.5 * throng_tanh(0.5 * logit);
}

static void losses(const void *data, const double *at, double *out) {
    const goods *self = data;
    double sum = 0.0;
    for (int i = 0; i < self->n; i++)
        sum += given(at[i]);
    for (int i = 0; i < self->n; i++)
        out[i] = given(at[i]) - 1.0 - self->share * sum;
}

static void gradient(const void *data, int player, const double *at, double *out) {
    const goods *self = data;
    for (int i = 0; i < self->n; i++) {
        double a = given(at[i]);
        out[i] = a * (1.0 - a) * ((i == player) - self->share);
    }
}

static void curve(const void *data, int player, const double *at, const double *direction, double *out) {
    const goods *self = data;
    for (int i = 0; i < self->n; i++) {
        double a = given(at[i]);
        out[i] = a * (1.0 - a) * (1.0 - 2.0 * a) * ((i == player) - self->share) * direction[i];
    }
}

static throng_status open_game(throng_context *context, const char *name, const double *param, throng_problem *out,
                               throng_error *err) {
    goods it = {(int)param[PLAYERS], param[FACTOR] / param[PLAYERS]};
    int ones[THRONG_GAME_PLAYERS_MAX];
    const char *names[THRONG_GAME_PLAYERS_MAX];
    throng_smooth *game = NULL;
    for (int i = 0; i < it.n; i++) {
        ones[i] = 1;
        names[i] = "logit";
    }
    const throng_smooth_def def = {.name = name,
                                   .n_players = it.n,
                                   .n_parameters = ones,
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

extern const throng_game throng_game_public_goods;
const throng_game throng_game_public_goods = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "public-goods",
              .summary = "what is given grows and is shared by all",
              .details =
                  "Player i has 1 and gives a_i = 1 / (1 + exp(-logit)) of it; all that is given is multiplied by "
                  "factor and shared alike: it gets 1 - a_i + factor / players * sum of a. With 1 < factor < "
                  "players nobody gains by giving, and all together gain most if all give all: 2 and 3 for two "
                  "players as it stands. Solver: aga.",
              .reference = "Li et al. 2024, Aligning individual and collective objectives in multi-agent cooperation, "
                           "NeurIPS; arXiv 2402.12416",
              .params = params},
    .open = open_game,
};
