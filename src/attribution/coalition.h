/*
 * Coalitions: what the methods share that ask a value function about some agents taking part and others not.
 *
 * A game is a value function prepared for that: with an aggregate form every agent's step in a few numbers, so that an
 * agent joins or leaves in O(k); without one, value() is asked. A coalition is a set of agents being changed. Sampling
 * draws independent units, each an unbiased estimate for all agents, and keeps means and standard errors.
 */
#ifndef THRONG_SRC_ATTRIBUTION_COALITION_H
#define THRONG_SRC_ATTRIBUTION_COALITION_H

#include "core/core.h"
#include "throng/attribution.h"

#include <stdatomic.h>
#include <string.h>

/* ---- games ----------------------------------------------------------------------------------------------------- */

typedef struct throng_i_coalition_game {
    throng_context *context;
    const throng_value_function *function;
    int64_t n;
    int k;                    /* aggregates; 0: value() is asked, from the context's own thread only */
    double nobody, everybody; /* v of no and of all agents */
    double *origin, *total;   /* [k] aggregates of no and of all agents */
    double *steps;            /* [n][k], or if most entries are 0: */
    int64_t *first;           /* [n + 1] an agent's entries are first[i]..first[i + 1] - 1 of */
    int *place;               /* which aggregate */
    double *entry;            /* by how much */
} throng_i_coalition_game;

/* Bytes that steps may take. */
#define THRONG_I_STEPS_BYTES_MAX ((int64_t)4 << 30)

/* Prepares a value function. `method` is for messages; without `steps` only origin, total and the two values are made.
 * E_UNSUPPORTED if it has neither value nor aggregates, or if steps would take more than the limit; E_DEGENERATE if v
 * of nobody or everybody is not finite. */
THRONG_MUST_USE throng_status throng_i_coalition_game_init(throng_context *context,
                                                           const throng_value_function *function, const char *method,
                                                           bool steps, throng_i_coalition_game *game,
                                                           throng_error *err);
void throng_i_coalition_game_clear(throng_i_coalition_game *game);

/* Walks through the steps of all agents, or those of this rank's share, in blocks, in parallel: body gets
 * steps[end - begin][k]. The steps are not kept: memory does not grow. */
typedef void (*throng_i_steps_fn)(void *user, int64_t begin, int64_t end, const double *steps);
THRONG_MUST_USE throng_status throng_i_coalition_game_walk(const throng_i_coalition_game *game, bool share,
                                                           throng_i_steps_fn body, void *user,
                                                           const throng_progress *progress, throng_error *err);

/* Whether there are several ranks, and each can look at coalitions of its own: not if value() takes all of them. */
bool throng_i_coalition_game_shared(const throng_i_coalition_game *game);

/* m += sign * the agent's step */
static inline void throng_i_coalition_game_move(const throng_i_coalition_game *game, double *m, int64_t agent,
                                                double sign) {
    if (game->first) {
        for (int64_t at = game->first[agent]; at < game->first[agent + 1]; at++)
            m[game->place[at]] += sign * game->entry[at];
        return;
    }
    const double *step = game->steps + agent * game->k;
    for (int j = 0; j < game->k; j++)
        m[j] += sign * step[j];
}

/* Fails for a value that is not finite. */
THRONG_MUST_USE throng_status throng_i_coalition_game_undefined(const throng_i_coalition_game *game, double value,
                                                                throng_error *err);

/* ---- coalitions ------------------------------------------------------------------------------------------------ */

/* One of several workers on a game. */
typedef struct throng_i_lane {
    const throng_i_coalition_game *game;
    const throng_progress *progress; /* NULL: this lane is not on the context's own thread and cannot report */
    atomic_bool *stop;               /* set by the lane that was told to stop */
    int64_t evaluations, work;
    double *scratch;
    bool at_draw; /* asks for one draw of a random v, not for the mean: */
    int64_t draw;
    double nobody, everybody; /* v of no and of all agents, at that draw; set while sampling */
} throng_i_lane;

/* Reports progress now and then and finds out whether to stop: E_CANCELLED. `work` in agents touched. */
THRONG_MUST_USE throng_status throng_i_lane_tick(throng_i_lane *lane, int64_t work, throng_error *err);

typedef struct throng_i_coalition {
    throng_i_lane *lane;
    double *m, *probe; /* [k] aggregates now, and with one agent changed */
    double *alpha;     /* [n] if there are no aggregates */
} throng_i_coalition;

/* Doubles of scratch that a coalition needs. */
static inline int64_t throng_i_coalition_doubles(const throng_i_coalition_game *game) {
    return game->k > 0 ? 2 * (int64_t)game->k : game->n;
}

static inline throng_i_coalition throng_i_coalition_in(throng_i_lane *lane, double *scratch) {
    bool sums = lane->game->k > 0;
    return (throng_i_coalition){lane, sums ? scratch : NULL, sums ? scratch + lane->game->k : NULL,
                                sums ? NULL : scratch};
}

/* Makes it nobody, or everybody. */
static inline void throng_i_coalition_reset(throng_i_coalition *coalition, bool everybody) {
    const throng_i_coalition_game *game = coalition->lane->game;
    if (game->k > 0)
        memcpy(coalition->m, everybody ? game->total : game->origin, (size_t)game->k * sizeof *coalition->m);
    for (int64_t i = 0; game->k == 0 && i < game->n; i++)
        coalition->alpha[i] = everybody;
}

/* The agent joins or leaves; whether it was in or out before is the caller's to know. */
static inline void throng_i_coalition_change(throng_i_coalition *coalition, int64_t agent, bool join) {
    if (coalition->m)
        throng_i_coalition_game_move(coalition->lane->game, coalition->m, agent, join ? 1.0 : -1.0);
    else
        coalition->alpha[agent] = join;
}

/* v of the coalition by value(); reports progress. */
THRONG_MUST_USE throng_status throng_i_coalition_ask(throng_i_coalition *coalition, double *out, throng_error *err);

/* *out = v of the coalition. E_DEGENERATE if it is not finite, E_CANCELLED, what value() returns. */
THRONG_MUST_USE static inline throng_status throng_i_coalition_value(throng_i_coalition *coalition, double *out,
                                                                     throng_error *err) {
    const throng_i_coalition_game *game = coalition->lane->game;
    if (!coalition->m)
        return throng_i_coalition_ask(coalition, out, err);
    coalition->lane->evaluations++;
    *out = game->function->aggregate_value(game->function->self, coalition->m);
    return *out - *out == 0.0 ? THRONG_OK : throng_i_coalition_game_undefined(game, *out, err);
}

/* *out = v of the coalition with the agent added or taken away; the coalition stays. */
THRONG_MUST_USE throng_status throng_i_coalition_value_with(throng_i_coalition *coalition, int64_t agent, bool join,
                                                            double *out, throng_error *err);

/* out[i] += scale * (v(S and i) - v(S without i)) for all agents, S = those whose member[i] is `in`. */
THRONG_MUST_USE throng_status throng_i_coalition_marginals(throng_i_coalition *coalition, const unsigned char *member,
                                                           unsigned char in, double scale, double *out,
                                                           throng_error *err);

/* ---- certificates ---------------------------------------------------------------------------------------------- */

/* Largest efficiency residual of a method that is additive by construction: rounding. */
#define THRONG_I_ADDS_UP 1e-9

/* Fills nobody, everybody, sum_phi, efficiency_residual and, from standard errors (NULL: none), error_estimate. */
THRONG_MUST_USE throng_status throng_i_certify(const throng_i_coalition_game *game, const double *phi,
                                               const double *standard_error, throng_certificate *certificate,
                                               throng_error *err);

/* ---- sampling -------------------------------------------------------------------------------------------------- */

/* Parameters that all sampling methods list first, after their number of draws. */
#define THRONG_I_PARAM_HALF_WIDTH                                                                                      \
    {                                                                                                                  \
        "half-width", THRONG_PARAM_REAL, 0, 0, 1, "",                                                                  \
            "stop when the widest 95 % interval is at most this to either side, relative to the largest |phi|; 0: do " \
            "all draws"                                                                                                \
    }

/* And one they list last. */
#define THRONG_I_PARAM_SECONDS                                                                                         \
    {                                                                                                                  \
        "seconds", THRONG_PARAM_REAL, 0, 0, 1e9, "s",                                                                  \
            "refuse early if what is asked for would take longer; 0: no limit. A run that fits is never cut short"     \
    }

/* Before this many units a half-width is not trusted: few draws may agree by luck. */
#define THRONG_I_UNITS_TRUSTED 16

/* What to sample. Units are independent and numbered: unit u gives the same bits on any lane. */
typedef struct throng_i_plan {
    /* out[n] += an unbiased estimate of phi */
    throng_status (*draw)(throng_i_lane *lane, const void *user, int64_t unit, double *out, throng_error *err);
    /* After two units that agree to rounding: whether phi is exact. NULL: never. */
    throng_status (*exact)(throng_i_lane *lane, const void *user, const double *phi, double rounding, bool *out,
                           throng_error *err);
    const void *user;
    int64_t scratch;   /* doubles a lane needs */
    int64_t units;     /* at most this many; two are always done */
    const char *parts; /* what users count, "permutations" */
    int64_t n_parts;   /* in a unit */
    double half_width;
    double seconds; /* allowed; 0: any */
    bool efficient; /* every unit adds up to v(N) - v(0) */
} throng_i_plan;

/*
 * phi = mean of the units, standard errors into options->standard_error.
 *
 * Units run in parallel where there are aggregates; means are taken in the order of the units, and when to look at
 * half-widths depends on their number alone: the number of threads changes no bit.
 * If v is random (n_draws), a unit is one of its draws, and the plan's units are dealt out to them.
 * A budget of calls that is used up (E_BUDGET from value) ends with the estimate so far; E_BUDGET if there is none, or
 * if what is asked for would not fit into the seconds allowed. E_NOT_CONVERGED (half-width not reached) and E_CANCELLED
 * leave the estimate so far in phi, standard errors and certificate; certificate->evaluations 0: there is none yet, or
 * less than two units.
 */
THRONG_MUST_USE throng_status throng_i_sample(const throng_i_coalition_game *game, const throng_i_plan *plan,
                                              const throng_method_options *options, double *phi,
                                              throng_certificate *certificate, throng_error *err);

/* "0.2 s", "35 seconds", "3 days", "10^9 years" for 10^power seconds. */
void throng_i_say_seconds(double power, char *out, size_t size);

/* Half-width of a 95 % interval in standard errors, from so many independent units: Student's t. */
double throng_i_interval(int64_t units);

#endif
