/**
 * Strategies by name: what players of a game do who follow a script, a table, a solver, or the best there is against
 * the others. Who plays so, and who wants to know what a solved strategy is worth beside another, names both so.
 */
#ifndef THRONG_STRATEGY_H
#define THRONG_STRATEGY_H

#include "throng/hands.h"
#include "throng/solver.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Fills rows of a strategy as a policy says:
 *
 *     uniform                every action alike
 *     always:ACTION[|OTHER]  ACTION wherever there is such an action, else OTHER, and so on
 *     solver:NAME[:...][@N]  what a solver finds, in at most N iterations; whether it converged or not
 *     best-response          to what the rows of the other players say already; trees
 *     FILE or DIR            a table with columns set and action (ACTION|OTHER, as above), and, if they are there,
 * player and probability; DIR/strategy.parquet if it is a folder, as throng solve --out writes it
 *     memory:NAME            such a table that was offered (throng_table_offer)
 *
 * In a table `set` may hold the wildcards * and ?. For an information set the rows with its own name hold, else those
 * of the first set that matches, divided by their sum.
 *
 * @param player    whose rows, -1: everybody's
 * @param strategy  [numbers] in and out
 * @return THRONG_E_UNKNOWN_NAME: no such policy; THRONG_E_ARGUMENT: an action that is nowhere, an information set that
 * a table says nothing about, or nothing that it can do; THRONG_E_FORMAT, and what solvers and readers return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_fill(throng_context *context, const throng_problem *problem,
                                                              const char *policy, int player, uint64_t seed,
                                                              double *strategy, throng_error *err);

/** A player of repeated games in normal form that draws from such a strategy anew in each round. That a policy cannot
 * be played at a game is told when it is first met. */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_player(throng_context *context, const char *policy,
                                                                uint64_t seed, throng_player *out, throng_error *err);

/** A player of repeated games by any name: what throng_strategy_player knows if it begins with "solver:" or "memory:",
 *  is "uniform" or a file that is there, else what throng_player_scripted knows. */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_open_player(throng_context *context, const char *name,
                                                                     uint64_t seed, throng_player *out,
                                                                     throng_error *err);

/** How a language model is asked what it plays. Zero means the default everywhere. */
typedef struct throng_strategy_ask_def {
    throng_llm *llm;              /* required */
    throng_llm_template *wording; /* slots rules, player, set; NULL: plain English */
    const char *rules;            /* of the game; NULL: the descriptor's details of a plug-in, else the game's name */
    double temperature;           /* 0: the most probable action; else the distribution at that temperature */
    bool no_logprobs;
    int samples, orders; /* as in throng_llm_choose_def */
    uint64_t seed;
} throng_strategy_ask_def;

/**
 * Fills rows with what a model says: it is asked once about each information set, all of one kind at once.
 * @param player  whose rows, -1: everybody's  @param counts [1] in and out, begins with least_covered 1; how its
 * answers came about, added up
 * @return what throng_llm_choose returns; THRONG_E_ARGUMENT: a slot that there is not, more than 26 actions.
 */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_ask(throng_context *context, const throng_problem *problem,
                                                             const throng_strategy_ask_def *def, int player,
                                                             double *strategy, throng_llm_choose_counts *counts,
                                                             throng_error *err);

/**
 * Policies of a match at a tree (throng/hands.h) by their names: those above, "random", another name of uniform,
 * "best-reply", which learns, "llm", and at most one "best-response", the best on each seat against the others.
 * @param names     [n] as many as there are players, or one for all
 * @param ask       whom "llm" stands for; NULL: nobody
 * @param policies  [players] in: each with room for a strategy; out
 * @param counts    [1] as in throng_strategy_ask; may be NULL if ask is
 * @return THRONG_E_ARGUMENT: a number of names that is not one of these, a second best-response, "llm" where nobody is
 * asked; THRONG_E_UNSUPPORTED: the game is no tree; what throng_strategy_fill and throng_strategy_ask return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_hands(throng_context *context, const throng_problem *problem,
                                                               const char *const *names, int n, uint64_t seed,
                                                               const throng_strategy_ask_def *ask,
                                                               throng_hands_policy *policies,
                                                               throng_llm_choose_counts *counts, throng_error *err);

/** Writes a table that reads as the same strategy: columns player, set, action, probability. @return THRONG_E_WRITE */
THRONG_API THRONG_MUST_USE throng_status throng_strategy_write(throng_context *context, const throng_problem *problem,
                                                               const double *strategy, const char *path, bool force,
                                                               throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
