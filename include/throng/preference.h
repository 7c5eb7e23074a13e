/**
 * Preference games: how often each of n responses is preferred to each other. Two players choose a response, the one
 * whose response is preferred wins; both are the same policy, so that a strategy is one row of n probabilities.
 *
 * Several groups may prefer differently: a policy then plays against the mean of them, or one that is chosen.
 */
#ifndef THRONG_PREFERENCE_H
#define THRONG_PREFERENCE_H

#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_preference throng_preference;

/** Zero means the default everywhere. */
typedef struct throng_preference_def {
    const char *name;
    int n, groups;            /* responses, >= 1; groups, 1 */
    const double *wins;       /* [groups][n][n] how often the row is preferred to the column: in [0, 1], 1/2 on the
                                 diagonal, and what stands across it adds up to 1 within 1e-6 */
    const double *reference;  /* [n] > 0, in any scale: what regularised solvers are drawn to; uniform */
    const char *const *names; /* [n] of the responses; "1", "2", ... */
    int group;                /* whose preferences count, from 1; 0: the mean of all groups */
} throng_preference_def;

/** Everything is copied. @return THRONG_E_ARGUMENT: what is wrong in which row and column; THRONG_E_MEMORY. */
THRONG_API THRONG_MUST_USE throng_status throng_preference_create(throng_context *context,
                                                                  const throng_preference_def *def,
                                                                  throng_preference **out, throng_error *err);
THRONG_API void throng_preference_free(throng_preference *self);

THRONG_API int throng_preference_count(const throng_preference *self); /**< n, the responses */
THRONG_API int throng_preference_groups(const throng_preference *self);

/** [n] probabilities; lives as long as the game. */
THRONG_API const double *throng_preference_reference(const throng_preference *self);

/** How often each response is preferred to one of a policy: by a group, from 1, or for 0 by whom the game is played.
 *  @param policy [n]  @param out [n], not `policy`  Cost: O(n^2). */
THRONG_API void throng_preference_against(const throng_preference *self, int group, const double *policy, double *out);

/** How often a response is preferred to another by whom the game is played. */
THRONG_API double throng_preference_wins(const throng_preference *self, int response, int other);

/** How far a policy is from one that no response beats: 2 (max of throng_preference_against(policy) - 1/2), which is
 *  NashConv if both play it. @param room [n] */
THRONG_API double throng_preference_gap(const throng_preference *self, const double *policy, double *room);

/** The same game for two players, each with a choice of their own, who get 1 for a win. */
THRONG_API THRONG_MUST_USE throng_status throng_preference_normal_form(throng_context *context,
                                                                       const throng_preference *self,
                                                                       throng_normal_form **out, throng_error *err);

/** The game seen as a problem, which frees it when it is cleared. What it is worth (the value) is how often the policy
 *  is preferred to the reference, by the group that likes it least. */
THRONG_API throng_problem throng_preference_problem(throng_preference *self);

#ifdef __cplusplus
}
#endif
#endif
