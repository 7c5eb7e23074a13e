/**
 * Attribution of a solved game: what each player's going over from a reference strategy to the solved one adds to what
 * all get, or to what one gets, by Shapley values over the sets of players who go over.
 */
#ifndef THRONG_GAME_CREDIT_H
#define THRONG_GAME_CREDIT_H

#include "throng/attribution.h"
#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Of what, if not what one player gets. */
#define THRONG_GAME_WELFARE   -1 /* the sum of what all players get */
#define THRONG_GAME_SHORTFALL -2 /* the most that they could get together, if all knew everything, less that; trees */

/** What a text says is split: "welfare", "shortfall", a player's name, case ignored, or number from 1.
 *  @param of out, for throng_game_credit_def  @return THRONG_E_ARGUMENT */
THRONG_API THRONG_MUST_USE throng_status throng_game_credit_of(const throng_problem *problem, const char *text, int *of,
                                                               throng_error *err);

/** Zero means the default where that is said. */
typedef struct throng_game_credit_def {
    const double *strategy;  /* [numbers] of all players */
    const double *reference; /* [numbers] what those play who do not play that; NULL: the problem's start, uniform */
    int of;                  /* a player, 0.., or one of the above */
    const char *method;      /* NULL: "shapley-exact" */
    uint64_t seed;           /* of methods that draw */
} throng_game_credit_def;

/**
 * @param phi             [players] out
 * @param standard_error  [players] out, may be NULL; 0 for methods that do not sample
 * @return THRONG_E_ARGUMENT: no such player; THRONG_E_UNSUPPORTED: shortfall of a game that is no tree, or a game or
 *         method that cannot; and what methods return.
 * Cost: shapley-exact works out what everybody gets 2^players times.
 */
THRONG_API THRONG_MUST_USE throng_status throng_game_credit(throng_context *context, const throng_problem *problem,
                                                            const throng_game_credit_def *def, double *phi,
                                                            double *standard_error, throng_certificate *certificate,
                                                            throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
