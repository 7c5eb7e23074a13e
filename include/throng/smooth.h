/**
 * Smooth games: each player sets parameters of its own, and has a loss that is a differentiable function of all of
 * them, with gradients and products with second derivatives that are exact.
 */
#ifndef THRONG_SMOOTH_H
#define THRONG_SMOOTH_H

#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THRONG_SMOOTH_PARAMETERS_MAX (1 << 20)

typedef struct throng_smooth throng_smooth;

typedef struct throng_smooth_def {
    const char *name;
    int n_players;
    const int *n_parameters;       /* [n_players] each >= 1; all together at most THRONG_SMOOTH_PARAMETERS_MAX */
    const char *const *parameters; /* [parameters] names; NULL: "1", "2", ... of each player */
    const double *start;           /* [parameters]; NULL: 0 */
    double low, high;              /* every parameter stays there; may be infinite. 0 and 0: no bounds */
    const void *data;              /* copied, and given to: */
    size_t bytes;
    /** @param at [parameters]  @param out [n_players] */
    void (*losses)(const void *data, const double *at, double *out);
    /** Of one player's loss in everybody's parameters. @param out [parameters] */
    void (*gradient)(const void *data, int player, const double *at, double *out);
    /** Second derivatives of one player's loss times a direction. @param direction, out [parameters] */
    void (*curve)(const void *data, int player, const double *at, const double *direction, double *out);
} throng_smooth_def;

/** @return THRONG_E_ARGUMENT: sizes, a start that is not finite or out of bounds */
THRONG_API THRONG_MUST_USE throng_status throng_smooth_create(throng_context *context, const throng_smooth_def *def,
                                                              throng_smooth **out, throng_error *err);
THRONG_API void throng_smooth_free(throng_smooth *self);

/** The game seen as a problem, which frees it when it is cleared. A row is a player with its parameters; values are
 * what is lost, negated. The gap is the largest derivative of a player's loss in a parameter of its own, where bounds
 * do not hold it: 0 where nobody can gain by a small change alone. */
THRONG_API throng_problem throng_smooth_problem(throng_smooth *self);

THRONG_API const char *throng_smooth_name(const throng_smooth *self);
THRONG_API int throng_smooth_players(const throng_smooth *self);
THRONG_API int throng_smooth_parameters(const throng_smooth *self); /**< of all together */
THRONG_API int throng_smooth_first(const throng_smooth *self,
                                   int player); /**< parameter; of player n: how many all have */
THRONG_API void throng_smooth_losses(const throng_smooth *self, const double *at, double *out);

/** @param own        [parameters] out: of each player's loss in its own parameters
 *  @param collective [parameters] out: of the sum of losses; may be NULL  @param room [parameters] */
THRONG_API void throng_smooth_gradients(const throng_smooth *self, const double *at, double *own, double *collective,
                                        double *room);

/** Second derivatives of one player's loss times a direction. @param out [parameters] */
THRONG_API void throng_smooth_curve(const throng_smooth *self, int player, const double *at, const double *direction,
                                    double *out);

/** Keeps every parameter within its bounds. */
THRONG_API void throng_smooth_clip(const throng_smooth *self, double *at);

/** The largest part of a slope against which no bound holds: of going from `at` along -slope. */
THRONG_API double throng_smooth_steepest(const throng_smooth *self, const double *at, const double *slope);

#ifdef __cplusplus
}
#endif
#endif
