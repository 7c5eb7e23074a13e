/* The insides of a Markov game, shared by the files that build, read and compute with it. */
#ifndef THRONG_SRC_GAME_MARKOV_H
#define THRONG_SRC_GAME_MARKOV_H

#include "core/core.h"
#include "throng/markov.h"

struct throng_markov {
    throng_context *context;
    char *name, *player_names[THRONG_GAME_PLAYERS_MAX];
    int n_players, n_states;
    double discount;
    int *n_actions;      /* [states][players] */
    int64_t *first;      /* [states * players + 1] numbers of a strategy; the last: how many there are */
    int64_t *first_cell; /* [states + 1] */
    int64_t n_cells;     /* that were added */
    int64_t *first_next; /* [cells + 1] */
    int *next;           /* [first_next[n_cells]] */
    double *probability; /* the same */
    int64_t next_cap;    /* of both */
    double *rewards;     /* [cells][players] */
    double *start;       /* [states] where play begins */
    char **state_names;  /* [states] NULL: its number, until it is finished */
    char **action_names; /* [numbers] */
    bool finished;
};

/* A player's action in a cell: where the cell stands in its state, counted in all actions of the players before. */
static inline int throng_i_markov_action(const throng_markov *self, int state, int64_t place, int player) {
    const int *n_actions = self->n_actions + (int64_t)state * self->n_players;
    for (int p = 0; p < player; p++)
        place /= n_actions[p];
    return (int)(place % n_actions[player]);
}

#endif
