/**
 * Matches at games that are played move by move: the same deals for everybody, with everybody on every seat, so that
 * luck falls on all alike and what is left is how well they play.
 */
#ifndef THRONG_HANDS_H
#define THRONG_HANDS_H

#include "throng/tree.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Whether a game of that name is played so, deal by deal: plug-ins and files GAME.efg; others are in normal form and
 *  are played round by round (throng_match). */
THRONG_API bool throng_hands_is_game(const throng_context *context, const char *name);

/** Somebody who plays: see throng/strategy.h for strategies by name. */
typedef struct throng_hands_policy {
    double *strategy; /* [sequences] of all players; it plays those of the seat that it has */
    bool learns;      /* begins as `strategy`, then plays the best against how often the others did what so far at each
                         of their information sets, which it sees after each deal; `strategy` is what it ends with */
} throng_hands_policy;

typedef struct throng_hands_def {
    const throng_hands_policy *policies; /* [players of the game] */
    int64_t deals;                       /* >= 1 */
    uint64_t seed;
    bool fixed_seats; /* policy k has seat k; otherwise each deal is played once for each turn of the policies around
                         the seats, with the same luck of chance */
} throng_hands_def;

/**
 * Plays. The same seed gives the same deals, whoever plays.
 * @param scores [deals][players] out: what each policy got in a deal, its mean over the seats it had
 * @return THRONG_E_ARGUMENT; THRONG_E_UNSUPPORTED: somebody learns, and somebody forgets.
 * Cost: O(deals * depth); without anybody who learns on all threads.
 */
THRONG_API THRONG_MUST_USE throng_status throng_hands_play(throng_context *context, const throng_tree *tree,
                                                           const throng_hands_def *def, double *scores,
                                                           throng_error *err);

/** The mean score of a policy. @param half out: half the width of a 95 % interval; NaN for one deal */
THRONG_API double throng_hands_score(const double *scores, int64_t deals, int players, int policy, double *half);

/** What each policy gets on average, worked out, not played: for policies that do not learn.
 *  @param values [players] out @return THRONG_E_UNSUPPORTED: somebody forgets; THRONG_E_MEMORY */
THRONG_API THRONG_MUST_USE throng_status throng_hands_expected(throng_context *context, const throng_tree *tree,
                                                               const throng_hands_def *def, double *values,
                                                               throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
