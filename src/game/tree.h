/* The insides of a tree, shared by the files that build, read, write and compute with it. */
#ifndef THRONG_SRC_GAME_TREE_H
#define THRONG_SRC_GAME_TREE_H

#include "core/core.h"
#include "throng/tree.h"

/* Where a player or chance chooses: an information set, or one node of chance. */
typedef struct throng_i_set {
    char *name;
    int player, n_actions, first, before;
    char **actions;        /* [n_actions] */
    double *probabilities; /* [n_actions]; NULL: not chance */
    int next;              /* in the same bucket of names */
} throng_i_set;

typedef struct throng_i_node {
    int parent, action; /* of the parent, which led here; the root has parent -1 */
    int player;         /* THRONG_I_END, THRONG_TREE_CHANCE, or who chooses */
    int set;            /* among `sets` or `chances`; -1 at the end */
} throng_i_node;

#define THRONG_I_END     -2
#define THRONG_I_BUCKETS 4096

/* Payoffs, or an information set, that sequences of all players and chance lead to. */
typedef struct throng_i_leaves {
    int64_t n;
    int *sequence; /* [n][players] */
} throng_i_leaves;

struct throng_tree {
    throng_context *context;
    char *name, *player_names[THRONG_GAME_PLAYERS_MAX];
    int n_players;
    throng_i_node *nodes; /* [n_nodes] in the order of drawing */
    double *payoffs;      /* [n_nodes][players] due at the node */
    int n_nodes, nodes_cap;
    int open, open_action; /* where the next node goes: below this one; -1: nowhere */
    throng_i_set *sets, *chances;
    int n_sets, sets_cap, n_chances, chances_cap;
    int buckets[THRONG_I_BUCKETS]; /* first set of the bucket, plus 1 */

    /* Once finished: */
    bool finished, constant_sum;
    int n_sequences, forgotten; /* forgotten: a set, -1 none */
    double range[THRONG_GAME_PLAYERS_MAX];
    throng_i_leaves paid, chosen; /* where something is paid; nodes where somebody chooses */
    double *paid_amount;          /* [paid.n][players] payoffs times the probability of chance */
    double *chosen_chance;        /* [chosen.n] the probability of chance */
    int *chosen_set;              /* [chosen.n] */
};

#endif
