/* Markov games that are drawn. */
#include "game/markov.h"

#include <math.h>

enum {
    TRANSITIONS = 0x6d6b72, /* streams */
    REWARDS
};

#define NEXT_MOST 2e8 /* some gigabytes */

/* Uniform among all distributions over n: exponentials divided by their sum. */
static void draw_distribution(throng_random random, int64_t cell, int n, double *out) {
    double sum = 0.0, uniforms[4];
    for (int i = 0; i < n; i++) {
        if (i % 4 == 0)
            throng_random_uniforms(random, (uint64_t)cell, (uint64_t)i / 4, 0, uniforms);
        sum += out[i] = -log(uniforms[i % 4]);
    }
    for (int i = 0; i < n; i++)
        out[i] /= sum;
}

static throng_status add_cells(throng_markov *game, const throng_markov_random_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = game->n_states, *next = NULL;
    double *probabilities = NULL;
    THRONG_TRY(throng_i_alloc(game->context, n, sizeof *next, &next, err));
    THRONG_TRY(throng_i_alloc(game->context, n, sizeof *probabilities, &probabilities, err));
    for (int s = 0; s < n; s++)
        next[s] = s;
    for (int64_t c = 0; c < game->first_cell[n]; c++) {
        double uniforms[4];
        draw_distribution((throng_random){def->seed, TRANSITIONS}, c, n, probabilities);
        throng_random_uniforms((throng_random){def->seed, REWARDS}, (uint64_t)c, def->relabel, 0, uniforms);
        double reward = game->n_players == 1 ? uniforms[0] : 2.0 * uniforms[0] - 1.0;
        const double rewards[2] = {reward, -reward};
        THRONG_TRY(throng_markov_add_cell(game, n, next, probabilities, rewards, err));
    }
    THRONG_TRY(throng_markov_finish(game, err));
out:
    throng_i_free(game->context, probabilities);
    throng_i_free(game->context, next);
    return status;
}

throng_status throng_markov_random(throng_context *context, const char *name, const throng_markov_random_def *def,
                                   throng_markov **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_markov *made = NULL, *unrolled = NULL;
    int n_actions = def->n_actions ? def->n_actions : 4;
    const int both[2] = {n_actions, n_actions};
    THRONG_REQUIRE(def->n_players >= 0 && def->n_players <= 2, E_ARGUMENT, "A random game has 1 or 2 players, got %d.",
                   def->n_players);
    int n_players = def->n_players ? def->n_players : 1, n_states = def->n_states ? def->n_states : 10;
    double n_next = (double)n_states * n_states * pow(n_actions, n_players) * (def->horizon ? def->horizon : 1);
    THRONG_REQUIRE(n_next <= NEXT_MOST, E_ARGUMENT,
                   "%d states with %d actions a player would take %.3g probabilities; at most %.3g are drawn.",
                   n_states, n_actions, n_next, NEXT_MOST);
    THRONG_TRY(throng_markov_create_even(context, name, n_players, n_states, both,
                                         def->discount != 0.0 ? def->discount : 0.9, &made, err));
    THRONG_TRY(add_cells(made, def, err));
    if (def->horizon) {
        THRONG_TRY(throng_markov_unroll(made, def->horizon, &unrolled, err));
        throng_markov_free(made);
        made = unrolled;
    }
    *out = made;
    made = NULL;
out:
    throng_markov_free(made);
    return status;
}

throng_status throng_markov_open_random(throng_context *context, const char *name, int n_players, const double *param,
                                        throng_problem *out, throng_error *err) {
    throng_markov *game = NULL;
    const throng_markov_random_def def = {n_players,     (int)param[0],      (int)param[1],     param[2],
                                          (int)param[3], (uint64_t)param[4], (uint64_t)param[5]};
    throng_status status = throng_markov_random(context, name, &def, &game, err);
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    return status;
}
