/**
 * Finite Markov games: everybody chooses at once, is paid, and a state that depends on it comes next, for ever or until
 * it ends. With one player: a Markov decision process.
 *
 * A cell is a state with an action of each player: what is paid and what comes next belongs to cells. In their order,
 * states come one after the other, and in each the first player's action changes fastest. A strategy has a probability
 * for each action of each player in each state, states one after the other, in each player after player.
 */
#ifndef THRONG_MARKOV_H
#define THRONG_MARKOV_H

#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_markov throng_markov;

#define THRONG_MARKOV_END -1 /* in place of a next state: nothing comes, nothing more is paid */

/* ---- building -------------------------------------------------------------------------------------------------- */

/**
 * Begins a game whose cells are to be added. Players are called "Player 1", ..., states and actions "1", "2", ...
 * @param n_players 1..THRONG_GAME_PLAYERS_MAX
 * @param n_actions [n_states][n_players] each >= 1
 * @param discount  what is paid a step later counts so much; above 0 and at most 1. With 1 every way to play must end.
 * @return THRONG_E_ARGUMENT, also if there are more than 2^31 - 1 cells; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_create(throng_context *context, const char *name, int n_players,
                                                              int n_states, const int *n_actions, double discount,
                                                              throng_markov **out, throng_error *err);

/** The same with as many actions in every state. @param n_actions [n_players] */
THRONG_API THRONG_MUST_USE throng_status throng_markov_create_even(throng_context *context, const char *name,
                                                                   int n_players, int n_states, const int *n_actions,
                                                                   double discount, throng_markov **out,
                                                                   throng_error *err);
THRONG_API void throng_markov_free(throng_markov *self);

/** Before it is finished. @param name copied */
THRONG_API THRONG_MUST_USE throng_status throng_markov_set_state_name(throng_markov *self, int state, const char *name,
                                                                      throng_error *err);
THRONG_API THRONG_MUST_USE throng_status throng_markov_set_action_name(throng_markov *self, int state, int player,
                                                                       int action, const char *name, throng_error *err);

/**
 * Adds the next cell in their order.
 * @param next          [n] states or THRONG_MARKOV_END, n >= 1; one may come several times
 * @param probabilities [n] >= 0, of sum 1 within 1e-6
 * @param rewards       [n_players] finite
 * @return THRONG_E_ARGUMENT: what is wrong, in which state and for which actions.
 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_add_cell(throng_markov *self, int n, const int *next,
                                                                const double *probabilities, const double *rewards,
                                                                throng_error *err);

/** Says where play begins; otherwise it begins in all states alike. What players get is the mean over it. */
THRONG_API THRONG_MUST_USE throng_status throng_markov_start_in(throng_markov *self, int state, throng_error *err);

/** After the last cell; it does not change any more but for its rewards. @return THRONG_E_ARGUMENT: cells are missing.
 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_finish(throng_markov *self, throng_error *err);
THRONG_API void throng_markov_set_reward(throng_markov *self, int64_t cell, int player, double reward);

/** The game of so many steps: a state for each step that is left, "NAME, 3 left". It begins with all of them.
 *  @param horizon >= 1 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_unroll(const throng_markov *self, int horizon,
                                                              throng_markov **out, throng_error *err);

/** The game as solvers see it, which frees it when it is cleared. */
THRONG_API throng_problem throng_markov_problem(throng_markov *self);

/* ---- looking ----------------------------------------------------------------------------------------------------- */

THRONG_API const char *throng_markov_name(const throng_markov *self);
THRONG_API int throng_markov_players(const throng_markov *self);
THRONG_API int throng_markov_states(const throng_markov *self);
THRONG_API double throng_markov_discount(const throng_markov *self);
THRONG_API const char *throng_markov_state_name(const throng_markov *self, int state);
THRONG_API int throng_markov_actions(const throng_markov *self, int state, int player);

/** Where a player's probabilities of a state begin in a strategy; how many numbers that has. */
THRONG_API int64_t throng_markov_first(const throng_markov *self, int state, int player);
THRONG_API int64_t throng_markov_numbers(const throng_markov *self);

/** All cells; the first of a state, that of `states` being their number. */
THRONG_API int64_t throng_markov_cells(const throng_markov *self);
THRONG_API int64_t throng_markov_first_cell(const throng_markov *self, int state);

/** A look at a cell, valid until the game is freed. */
typedef struct throng_markov_cell {
    int n;
    const int *next;             /* [n] */
    const double *probabilities; /* [n] */
    const double *rewards;       /* [players] */
} throng_markov_cell;

THRONG_API throng_markov_cell throng_markov_cell_at(const throng_markov *self, int64_t cell);

/** Whether there are two players, and what one gets the other pays: looks at all cells, as rewards may change. */
THRONG_API bool throng_markov_zero_sum(const throng_markov *self);

/* ---- computing --------------------------------------------------------------------------------------------------- */

/*
 * Values are what a player gets from each state on, [states]. They are found by sweeps over the states until nothing
 * changes beyond 1e-14 of the largest: exact to about 1e-14 / (1 - discount) of it. With a discount of 1 they fail with
 * THRONG_E_NOT_CONVERGED if play need not end.
 */

/** What a player gets in a cell and after it. @param values [states] of that player */
THRONG_API double throng_markov_worth(const throng_markov *self, int64_t cell, int player, const double *values);

/** What a player gets if all play a strategy. @param values [states] out */
THRONG_API THRONG_MUST_USE throng_status throng_markov_evaluate(const throng_markov *self, int player,
                                                                const double *strategy, double *values,
                                                                throng_error *err);

/** What a player gets by a best response to the others, everywhere. @param values [states] out
 *  @param best [numbers] out, may be NULL: 1 for the action that is best (the first of several), 0 for the player's
 *  other actions; other players' are left alone. May be `strategy`. */
THRONG_API THRONG_MUST_USE throng_status throng_markov_best(const throng_markov *self, int player,
                                                            const double *strategy, double *values, double *best,
                                                            throng_error *err);

/**
 * How far from an equilibrium a strategy is: what the players would gain by best responses, added up, in the state
 * where that is most; 0 at an equilibrium that is one wherever play begins. With one player it is what the strategy
 * lacks.
 * @param values [players] out, what everybody gets, mean over where play begins; may be NULL
 * @param gap    out; NULL: not wanted, which saves best responses
 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_gap(const throng_markov *self, const double *strategy,
                                                           double *values, double *gap, throng_error *err);

/* ---- at random --------------------------------------------------------------------------------------------------- */

/** A game that is drawn. Zero means the default everywhere. */
typedef struct throng_markov_random_def {
    int n_players;           /* 1, or 2 of whom one pays what the other gets; 1 */
    int n_states, n_actions; /* 10, 4 each */
    double discount;         /* 0.9 */
    int horizon;             /* steps; 0: for ever */
    uint64_t seed;
    uint64_t relabel; /* other rewards with the same transitions */
} throng_markov_random_def;

/** What comes next is uniform among all distributions; rewards are uniform in 0..1 of one player, in -1..1 of two. */
THRONG_API THRONG_MUST_USE throng_status throng_markov_random(throng_context *context, const char *name,
                                                              const throng_markov_random_def *def, throng_markov **out,
                                                              throng_error *err);

/** What a game plug-in that draws one can be told, with its own defaults; and its `open`, for these parameters. */
#define THRONG_MARKOV_RANDOM_PARAMS(states, discount)                                                                  \
    {"states", THRONG_PARAM_INTEGER, states, 1, 1e4, "", "how many states"},                                           \
        {"actions", THRONG_PARAM_INTEGER, 4, 1, 1e4, "", "how many actions each player has in each"},                  \
        {"discount", THRONG_PARAM_REAL, discount, 1e-6, 1, "", "what a reward one step later counts"},                 \
        {"horizon", THRONG_PARAM_INTEGER, 0, 0, 1e4, "steps", "after so many it ends; 0: never"},                      \
        {"seed", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "of what is drawn"}, {                                          \
        "relabel", THRONG_PARAM_INTEGER, 0, 0, 1e15, "", "other rewards with the same transitions"                     \
    }
THRONG_API THRONG_MUST_USE throng_status throng_markov_open_random(throng_context *context, const char *name,
                                                                   int n_players, const double *param,
                                                                   throng_problem *out, throng_error *err);

/* ---- a generative model ------------------------------------------------------------------------------------------ */

/** Draws what comes after a cell. The draw-th one depends on the seed, the cell and `draw` alone. */
THRONG_API int throng_markov_draw(const throng_markov *self, int64_t cell, uint64_t seed, uint64_t draw);

/** The game as it looks to somebody who knows the rewards and drew `draws` times from each cell: probabilities are
 *  frequencies. The first draws are the same whatever their number. */
THRONG_API THRONG_MUST_USE throng_status throng_markov_sample(const throng_markov *self, int64_t draws, uint64_t seed,
                                                              throng_markov **out, throng_error *err);

/* ---- files ------------------------------------------------------------------------------------------------------- */

/**
 * Reads a game from a table (CSV, Parquet, ...: see throng_table_read) with a row for each state that may come next,
 * and columns
 *
 *     state, action, next, probability, reward       one player
 *     state, action1, action2, next, probability, reward1, reward2      two; without reward2 it is -reward1
 *
 * A `next` that is empty is the end. Rewards belong to rows; what counts is their mean over what comes next. Rows may
 * stand in any order; states and actions are in that of their first row. Each state needs all combinations of the
 * actions that it has.
 * @return what throng_table_read returns; THRONG_E_FORMAT: what is wrong, with state and actions.
 */
THRONG_API THRONG_MUST_USE throng_status throng_markov_read(throng_context *context, const char *path, double discount,
                                                            throng_markov **out, throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
