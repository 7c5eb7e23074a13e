/**
 * Games of one who decides for a crowd: a global state and action, n agents of few kinds who move alike and apart from
 * each other given the global state, and a reward that is a mean over them. Agents cannot be told apart, so what is
 * known of them is a histogram: how many are of each kind.
 *
 *     global' ~ P(. | global, action)      local_i' ~ P(. | local_i, global), each by itself
 *     reward  = global_reward(global, action) + mean over i of local_reward(global, local_i)
 *
 * Policies here look at a few agents drawn anew at each step, so that a strategy is a table of their histograms.
 */
#ifndef THRONG_AGGREGATIVE_H
#define THRONG_AGGREGATIVE_H

#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THRONG_AGGREGATIVE_LOCALS_MAX  64
#define THRONG_AGGREGATIVE_NUMBERS_MAX ((int64_t)1 << 24) /* in a strategy */

typedef struct throng_aggregative throng_aggregative;

typedef struct throng_aggregative_def {
    const char *name;
    int n_globals, n_locals, n_actions;
    int64_t agents;
    double discount;                 /* 0 <= discount < 1 */
    const char *const *global_names; /* [n_globals]; NULL: "1", "2", ... */
    const char *const *action_names; /* [n_actions] */
    const double *global_chances;    /* [n_globals][n_actions][n_globals] of the next global state */
    const double *local_chances;     /* [n_globals][n_locals][n_locals] of an agent's next state */
    const double *global_reward;     /* [n_globals][n_actions] */
    const double *local_reward;      /* [n_globals][n_locals] */
    const double *start;             /* [n_locals] shares among the agents a roll-out begins with; NULL: another
                                        random point of the simplex each time. Global states are equally likely */
    int64_t rollouts;                /* by which strategies are valued; 2..1e9 */
} throng_aggregative_def;

/** Copies all of it. @return THRONG_E_ARGUMENT: sizes, numbers that are not finite, probabilities that do not add up to
 * 1 within 1e-9 */
THRONG_API THRONG_MUST_USE throng_status throng_aggregative_create(throng_context *context,
                                                                   const throng_aggregative_def *def,
                                                                   throng_aggregative **out, throng_error *err);
THRONG_API void throng_aggregative_free(throng_aggregative *self);

/** The game seen as a problem, which frees it when it is cleared. A row is a global state with a histogram of the
 * agents looked at, its numbers the probabilities of the actions. It has no gap of its own; values are means of
 * roll-outs. */
THRONG_API throng_problem throng_aggregative_problem(throng_aggregative *self);

THRONG_API const char *throng_aggregative_name(const throng_aggregative *self);
THRONG_API int throng_aggregative_globals(const throng_aggregative *self);
THRONG_API int throng_aggregative_locals(const throng_aggregative *self);
THRONG_API int throng_aggregative_actions(const throng_aggregative *self);
THRONG_API int64_t throng_aggregative_agents(const throng_aggregative *self);
THRONG_API double throng_aggregative_discount(const throng_aggregative *self);

/* ---- looking at some ------------------------------------------------------------------------------------------- */

/**
 * How many agents a policy looks at; at first 1. Strategies made before are no longer this problem's.
 * @return THRONG_E_ARGUMENT: not 1..agents, or a strategy would have more than THRONG_AGGREGATIVE_NUMBERS_MAX numbers
 */
THRONG_API THRONG_MUST_USE throng_status throng_aggregative_look(throng_aggregative *self, int64_t looked,
                                                                 throng_error *err);
THRONG_API int throng_aggregative_looked(const throng_aggregative *self);

/** How many histograms of the agents looked at there are: C(looked + locals - 1, locals - 1). Row `global *
 *  histograms + rank` of a strategy stands for both. */
THRONG_API int64_t throng_aggregative_histograms(const throng_aggregative *self);

/** Rank of a histogram in the combinatorial number system: the sum of C(s_i + i, i + 1) over the sorted states s_0 <=
 *  s_1 <= ... of the agents looked at. @param counts [locals] of sum `looked` */
THRONG_API int64_t throng_aggregative_rank(const throng_aggregative *self, const int *counts);
THRONG_API void throng_aggregative_histogram(const throng_aggregative *self, int64_t rank, int *counts);

/** Global reward, and the mean of local ones. @param counts [locals] of any sum > 0 */
THRONG_API double throng_aggregative_reward(const throng_aggregative *self, int global, int action,
                                            const int64_t *counts);

/** Where the crowd goes in one step. (random, key, step) is this draw's own. @param counts [locals] in and out */
THRONG_API void throng_aggregative_move(const throng_aggregative *self, int global, throng_random random, uint64_t key,
                                        uint64_t step, int64_t *counts);

/** What a strategy does: draws `looked` of the agents, all subsets being equally likely, and looks up what it says for
 *  them. O(looked), however many there are. @param counts [locals] of all agents */
THRONG_API int throng_aggregative_act(const throng_aggregative *self, const double *strategy, int global,
                                      const int64_t *counts, throng_random random, uint64_t key, uint64_t step);

/** Mean discounted reward of roll-outs from the start, and half its 95 % interval, Student's t. Roll-outs end where
 *  discounting leaves at most 1e-5 of the weight. The same seeds move the crowd alike for every strategy, as far as it
 *  is not moved by it.
 *  @return THRONG_E_ARGUMENT: a discount above 0.999988, as that takes more than 1,000,000 steps; THRONG_E_MEMORY,
 *          THRONG_E_CANCELLED */
THRONG_API THRONG_MUST_USE throng_status throng_aggregative_value(const throng_aggregative *self,
                                                                  const double *strategy, double *value, double *half,
                                                                  throng_error *err);

/* ---- the game of those looked at ------------------------------------------------------------------------------- */

/** The same game with as many agents as are looked at, whose next states are known by samples that stay the same, or by
 *  their probabilities. */
typedef struct throng_aggregative_model throng_aggregative_model;

/**
 * @param samples next states drawn for each row and action; the crowd's are common to all actions. 0: probabilities, by
 *                convolution, for at most 2^26 pairs of rows
 * @return THRONG_E_ARGUMENT: more than 2^28 samples or 2^26 pairs, THRONG_E_MEMORY
 */
THRONG_API THRONG_MUST_USE throng_status throng_aggregative_model_create(const throng_aggregative *self,
                                                                         int64_t samples, uint64_t seed,
                                                                         throng_aggregative_model **out,
                                                                         throng_error *err);
THRONG_API void throng_aggregative_model_free(throng_aggregative_model *self);

/** One step of value iteration: out = reward + discount * mean over next rows of the best of `worth` there.
 *  @param worth [numbers]  @param out [numbers]
 *  @return the largest change of a number: the Bellman residual of `worth` */
THRONG_API double throng_aggregative_model_backup(throng_aggregative_model *self, const double *worth, double *out);

#ifdef __cplusplus
}
#endif
#endif
