/**
 * A game of any form, as solvers, the command line and reports see it: rows of numbers to be found, and a gap that says
 * how good they are. Each form of game (throng/tree.h is one) says how it is seen so; nothing else knows all forms.
 */
#ifndef THRONG_PROBLEM_H
#define THRONG_PROBLEM_H

#include "throng/tree.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers that belong together, such as the probabilities of the actions of an information set. */
typedef struct throng_problem_row {
    int player;
    int n_actions;
    int64_t first;    /* its numbers in a strategy are first .. first + n_actions - 1 */
    const char *name; /* "Jpb"; lives as long as the game, or until another row is asked for */
} throng_problem_row;

/** How games of one form are seen. `game` is what throng_problem.game holds. */
typedef struct throng_problem_kind {
    throng_game_form form;
    const char *solver; /* which to take where none is named */
    const char *(*name)(const void *game);
    int (*players)(const void *game);
    const char *(*player_name)(const void *game, int player);
    int64_t (*numbers)(const void *game); /* in a strategy, those that belong to no row included */
    int64_t (*rows)(const void *game);
    throng_problem_row (*row)(const void *game, int64_t row);
    const char *(*action_name)(const void *game, int64_t row, int action);
    /** Writes "55 nodes, 12 information sets". */
    void (*describe)(const void *game, char *text, size_t size);
    /** What solvers begin with: uniform play. @param strategy [numbers] out */
    void (*start)(const void *game, double *strategy);
    /** What regularised solvers are drawn to. NULL: `start`. @param strategy [numbers] out */
    void (*reference)(const void *game, double *strategy);
    /**
     * What mirror descent goes by; NULL: the form has no such thing, as `range`. What each action is worth to who
     * chooses it, all playing `strategy`, times how likely the others and chance get to its row; and how likely.
     * @param plan [numbers] out: what is to be added up for an average  @param worth [numbers] out
     * @param reach [rows] out, may be NULL
     */
    void (*worth)(const void *game, const double *strategy, double *plan, double *worth, double *reach);
    /** The largest payoff of a player less the smallest. */
    double (*range)(const void *game, int player);
    /** From what a solver added up to a strategy. NULL: each row is divided by its sum. May be in place. */
    void (*average)(const void *game, const double *sums, double *strategy);
    /** How far a strategy is from what is sought, 0 being there. NaN: nobody knows, a solver must measure it.
     *  @param values [2 * players] out, may be NULL: what everybody gets; where that is estimated, behind it half the
     *                widths of 95 % intervals, which are 0 before
     *  @param gap out; NULL: only values are wanted, which may cost less */
    throng_status (*gap)(const void *game, const double *strategy, double *values, double *gap, throng_error *err);
    void (*free)(void *game);
    bool plain; /* the numbers of a row are no probabilities */
} throng_problem_kind;

typedef struct throng_problem {
    const throng_problem_kind *kind;
    void *game;
} throng_problem;

/** A tree seen as a problem, which frees it when it is cleared. */
THRONG_API throng_problem throng_tree_problem(throng_tree *tree);

/**
 * Opens any game there is, as throng_tree_open does, and those of other forms.
 * @return THRONG_E_UNKNOWN_NAME and what the readers return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_problem_open(throng_context *context, const char *name,
                                                             throng_problem *out, throng_error *err);

/**
 * Reads a matrix in CSV: preferences (throng/preference.h) if there is one number in each cell, the payoffs of two
 * players in normal form if there are two, "3 -3". Names of columns and rows may be given, or not; a row called
 * "reference" has the weights of that; matrices of several groups stand one below the other with an empty line between.
 * @return THRONG_E_FORMAT: what is wrong, and where; THRONG_E_ARGUMENT: preferences that do not add up to 1.
 */
THRONG_API THRONG_MUST_USE throng_status throng_problem_parse_csv(throng_context *context, const char *origin,
                                                                  const char *text, int64_t length, throng_problem *out,
                                                                  throng_error *err);
THRONG_API void throng_problem_clear(throng_problem *self);

/** For `open` of a game plug-in: the value of a parameter that is text. @param name as it was asked for
 *  @param param of the descriptor, by index @param out [size] cut if it is longer */
THRONG_API THRONG_MUST_USE throng_status throng_game_text(const throng_context *context, const char *name, int param,
                                                          char *out, size_t size, throng_error *err);

/** Rows divided by their sums; uniform where nothing was added. May be in place. */
THRONG_API void throng_problem_average(const throng_problem *self, const double *sums, double *strategy);

/** A game plug-in: plugins/games/NAME.c and a line in games.def. It has one of `build` and `open`. */
typedef struct throng_game {
    throng_about about;
    int n_players; /* of `build` */
    /** Adds all nodes of a tree. @param param the descriptor's parameters, in its order */
    throng_status (*build)(throng_tree *tree, const double *param, throng_error *err);
    /** Makes a game of another form. @param name as it was asked for, with parameters */
    throng_status (*open)(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err);
} throng_game;

#ifdef __cplusplus
}
#endif
#endif
