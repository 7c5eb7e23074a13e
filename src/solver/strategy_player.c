/* A player of repeated games that draws from a strategy with a name. */
#define _POSIX_C_SOURCE 200809L
#include "core/core.h"
#include "table/offer.h"
#include "throng/strategy.h"

#include <string.h>
#include <unistd.h>

#define STREAM_DRAWER 421

/* What is played at a game: worked out when it is first met. */
typedef struct known_game {
    const throng_normal_form *game;
    throng_problem problem;
    double *strategy;
} known_game;

typedef struct drawer {
    throng_context *context;
    char *policy;
    uint64_t seed;
    known_game *games;
    int64_t n_games, games_cap;
} drawer;

static throng_status add_game(drawer *self, const throng_normal_form *game, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *tree = NULL;
    if (self->n_games == self->games_cap) {
        THRONG_TRY(throng_i_resize(self->context, &self->games, 2 * self->games_cap + 4, sizeof *self->games, err));
        self->games_cap = 2 * self->games_cap + 4;
    }
    THRONG_TRY(throng_tree_from_normal_form(self->context, game, &tree, err));
    known_game *it = &self->games[self->n_games++];
    *it = (known_game){game, throng_tree_problem(tree), NULL};
    THRONG_TRY(throng_i_alloc(self->context, throng_tree_sequences(tree), sizeof *it->strategy, &it->strategy, err));
    throng_tree_uniform(tree, it->strategy);
    THRONG_TRY(throng_strategy_fill(self->context, &it->problem, self->policy, -1, self->seed, it->strategy, err));
out:
    return status;
}

static throng_status find_game(drawer *self, const throng_normal_form *game, const known_game **out,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t at = 0;
    while (at < self->n_games && self->games[at].game != game)
        at++;
    if (at == self->n_games)
        THRONG_TRY(add_game(self, game, err));
    *out = &self->games[at];
out:
    return status;
}

static int draw(const drawer *self, const known_game *it, throng_seat seat) {
    double u[4];
    int set = 0;
    while (throng_tree_set_at(it->problem.game, set).player != seat.player)
        set++;
    throng_tree_set row = throng_tree_set_at(it->problem.game, set);
    throng_random_uniforms((throng_random){self->seed, STREAM_DRAWER}, (uint64_t)seat.match->number,
                           (uint64_t)seat.match->played, (uint64_t)seat.player, u);
    return throng_i_pick(it->strategy + row.first, row.n_actions, u[0]);
}

static throng_status act(void *user, const throng_seat *seats, int64_t n, int *actions, throng_error *err) {
    drawer *self = user;
    throng_status status = THRONG_OK;
    for (int64_t i = 0; i < n; i++) {
        const known_game *it = NULL;
        THRONG_TRY(find_game(self, seats[i].match->game, &it, err));
        actions[i] = draw(self, it, seats[i]);
    }
out:
    return status;
}

static void free_drawer(void *user) {
    drawer *self = user;
    for (int64_t i = 0; i < self->n_games; i++) {
        throng_i_free(self->context, self->games[i].strategy);
        throng_problem_clear(&self->games[i].problem);
    }
    throng_i_free(self->context, self->games);
    throng_i_free(self->context, self->policy);
    throng_i_free(self->context, self);
}

throng_status throng_strategy_player(throng_context *context, const char *policy, uint64_t seed, throng_player *out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    drawer *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (drawer){.context = context, .seed = seed};
    THRONG_TRY(throng_i_copy_text(context, policy, &self->policy, err));
    *out = (throng_player){.self = self, .name = self->policy, .act = act, .free = free_drawer};
    self = NULL;
out:
    if (self)
        free_drawer(self);
    return status;
}

throng_status throng_strategy_open_player(throng_context *context, const char *name, uint64_t seed, throng_player *out,
                                          throng_error *err) {
    bool strategy = strncmp(name, "solver:", 7) == 0 || throng_i_is_offered(name) || strcmp(name, "uniform") == 0 ||
                    access(name, F_OK) == 0;
    return strategy ? throng_strategy_player(context, name, seed, out, err)
                    : throng_player_scripted(context, name, seed, out, err);
}
