/**
 * Worlds: how a crowd moves from one step to the next. All a plug-in author needs to know is in this file.
 *
 * A world is its equations and nothing else. Agents have state columns; at every step each agent hears from its
 * in-neighbours (whoever has an edge to it) and moves:
 *
 *     heard_i[m] = sum_j w_ij alpha_j send_m(x_j)      or      sum_j w_ij alpha_j pair_m(x_i, x_j)
 *     heard_i[m] = sum_j alpha_j send_m(x_j) / N       for public messages: over everybody, the same for all
 *     heard_i[m] = alpha_j send_m(x_j)                 if one picks j
 *     x_i'       = move(x_i, heard_i, present_i, innate_i)
 *
 * throng owns the loops over agents, edges and time, the random numbers, recording, and the reverse sweep; a world
 * gives send or pair, move and, if it is smooth, their adjoints. Its functions work on **slots**: arrays of n numbers
 * that are independent of each other. One agent fills several slots when throng runs the same crowd at several
 * participations at once, so a function must treat slot k from the k-th numbers alone.
 *
 * Loops over slots are where a run spends what it does not spend on memory. They become vector code if parameters and
 * arrays are in local variables, nothing in them is a call, and the compiler is told that no array which throng hands
 * out to be written overlaps another: throng/math.h has THRONG_APART for that, and functions that can be inlined.
 */
#ifndef THRONG_WORLD_H
#define THRONG_WORLD_H

#include "throng/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THRONG_WORLD_COLUMNS_MAX  24
#define THRONG_WORLD_MESSAGES_MAX 8
#define THRONG_WORLD_TRAITS_MAX   4
#define THRONG_WORLD_ACTIONS_MAX  4
#define THRONG_WORLD_SIGHTS_MAX   3

/** One number that every agent carries. The first column starts at the population's state, the others at `start`. */
typedef struct throng_world_column {
    const char *name;
    const char *unit;
    const char *doc;        /* one line */
    double start;           /* value at step 0; unused for the first column */
    double lowest, highest; /* states a run may start from; -INFINITY and INFINITY: any */
    bool whole;             /* these are stages: only whole numbers */
} throng_world_column;

/** One thing that an agent sees before it decides what to do: what policies and prompts are about. */
typedef struct throng_world_sight {
    const char *name; /* lower case with dashes */
    const char *doc;  /* one line */
    double lowest, highest;
} throng_world_sight;

/** How what the neighbours send becomes one number. */
typedef enum throng_hearing {
    THRONG_HEARING_MEAN, /* divided by the sum of the agent's in-weights, silent neighbours included; 0 without any */
    THRONG_HEARING_SUM,  /* as it is */
    THRONG_HEARING_PICK, /* what one in-neighbour sends, drawn by weight at every step anew; not smooth */
    /* The next two know no graph, and are not smooth. */
    THRONG_HEARING_NEAR,  /* the sum over those who are within a radius of where the agent is at this step */
    THRONG_HEARING_CROWD, /* whatever `move` makes of it: agents meet one after another, and it sees everybody at once.
                             No messages; slots are all agents, one each */
    THRONG_HEARING_COUNT
} throng_hearing;

/** What it means that an agent takes part with intensity alpha. Nobody is ever deleted: the silent still hear. */
typedef enum throng_participation {
    THRONG_PARTICIPATION_DEFAULT,   /* what the world's descriptor says */
    THRONG_PARTICIPATION_INFLUENCE, /* what others hear of it is multiplied by alpha, at every step */
    THRONG_PARTICIPATION_INNATE, /* the state it came with is b + alpha (x - b), at the start and wherever `move` uses
                                    innate; b is its baseline */
    THRONG_PARTICIPATION_COUNT
} throng_participation;

/** "influence", "innate"; NULL for the default and unknown values. */
THRONG_API const char *throng_participation_name(throng_participation participation);

/** What a world's functions look at, for slots 0..n-1. Columns and messages are in the descriptor's order. */
typedef struct throng_slots {
    int64_t n;
    const double *param;                            /* the descriptor's parameters, in its order */
    int64_t step;                                   /* 0..: the step that is being made */
    const double *state[THRONG_WORLD_COLUMNS_MAX];  /* [n] each: now */
    const double *heard[THRONG_WORLD_MESSAGES_MAX]; /* [n] each; move and move_adjoint only */
    const double *present;                          /* [n] sum_j w_ij alpha_j, treated as heard is: how much of its
                                                       neighbourhood takes part; move and move_adjoint only.
                                                       HEARING_CROWD: alpha of each agent itself */
    const double *innate;                           /* [n] the first column at step 0; in worlds of recorded states
                                                       the state recorded for after this step. HEARING_CROWD: NULL */
    int64_t agent;                                  /* agent of slot 0 ... */
    int lanes;                                      /* ... and how many slots each agent has */
    throng_random random;                           /* draw with (agent, step): the same at any participation */
    const double *trait[THRONG_WORLD_TRAITS_MAX];   /* [n] each: what throng_world.draw drew; not in draw itself */
    const double *next[THRONG_WORLD_COLUMNS_MAX];   /* [n] each: what move made of it; move_adjoint only */
    const double *action[THRONG_WORLD_ACTIONS_MAX]; /* [n] each: how far it was decided to do this, adding up to 1: a
                                                       probability, or drawn, 0 or 1; move and move_adjoint only */
    double side;                                    /* HEARING_NEAR: of the square in which everybody is; else 0 */
} throng_slots;

/** Pairs of slots for `pair`: an agent and one of its in-neighbours each. */
typedef struct throng_pairs {
    int64_t n;
    const double *param;
    int64_t step;
    const double *self[THRONG_WORLD_COLUMNS_MAX];  /* [n] each */
    const double *other[THRONG_WORLD_COLUMNS_MAX]; /* [n] each */
} throng_pairs;

/** How much the result moves with each input: throng fills `of`, an adjoint adds to the others (+=). */
typedef struct throng_slots_adjoint {
    const double *of[THRONG_WORLD_COLUMNS_MAX]; /* [n] each, in: d result / d x' */
    double *state[THRONG_WORLD_COLUMNS_MAX];    /* [n] each, out: d result / d x */
    double *heard[THRONG_WORLD_MESSAGES_MAX];   /* [n] each, out */
    double *present;                            /* [n] out */
    double *innate;                             /* [n] out */
    double *action[THRONG_WORLD_ACTIONS_MAX];   /* [n] each, out */
} throng_slots_adjoint;

enum {
    THRONG_WORLD_SMOOTH = 1 << 0,       /* differentiable, and the adjoints are given: path methods work */
    THRONG_WORLD_RANDOM = 1 << 1,       /* uses random numbers */
    THRONG_WORLD_COMPLETE = 1 << 2,     /* without a graph everybody hears everybody, itself included, in O(agents) */
    THRONG_WORLD_DEAF_ADJOINT = 1 << 3, /* move_adjoint does without heard, which is NULL there: a sweep then visits
                                          each edge once on its way back instead of twice */
    THRONG_WORLD_RECORDED = 1 << 4, /* states were recorded: nobody is heard, and taking part is innate at every step */
    THRONG_WORLD_SIGNED = 1 << 5    /* edges may have negative weights; means are then over the sum of their sizes */
};

/** A world plug-in. Unused functions are NULL. */
typedef struct throng_world {
    throng_about about;
    unsigned flags;                     /* THRONG_WORLD_... */
    const throng_world_column *columns; /* [n_columns] */
    int n_columns, n_messages;          /* 1..THRONG_WORLD_COLUMNS_MAX, 0..THRONG_WORLD_MESSAGES_MAX */
    int n_public; /* 0..n_messages: the last so many are heard by everybody as the mean over all agents, silent ones
                     included, whatever the graph: a price, a stock; not with pair */
    throng_hearing hearing;             /* of the other messages */
    throng_participation participation; /* the default */

    /** message[m][k] = send_m(state of slot k). NULL, and no pair: message 0 is the first column. */
    void (*send)(const throng_slots *slots, double *const *message);
    /** state[c][k] += d message / d state of slot k, times of[m][k]. */
    void (*send_adjoint)(const throng_slots *slots, const double *const *of, double *const *state);

    /** message[m][k] = pair_m(self and other of pair k); instead of send. */
    void (*pair)(const throng_pairs *pairs, double *const *message);
    /** message as pair gives it; self[c][k], other[c][k] = d message / d self and other, times of[m][k]. Unlike
     *  elsewhere these are set, not added to: also to 0, for columns that no message depends on. */
    void (*pair_adjoint)(const throng_pairs *pairs, const double *const *of, double *const *message,
                         double *const *self, double *const *other);

    /** next[c][k] = the state of slot k after this step. Required. */
    void (*move)(const throng_slots *slots, double *const *next);
    void (*move_adjoint)(const throng_slots *slots, const throng_slots_adjoint *adjoint);

    /** trait[t][k] = what slot k's agent keeps for the whole run, such as a threshold of its own. Called once, before
     *  the first step, with one slot an agent, whose state is the population's. */
    void (*draw)(const throng_slots *slots, double *const *trait);
    int n_traits; /* 0..THRONG_WORLD_TRAITS_MAX */

    /** [n_messages] what an agent does by saying each message, so that its credit can be told apart: "moving the
     * price". NULL: all it does is one thing. Being there at all (present) counts with the first. */
    const char *const *behaviours;

    /** What agents choose from at every step, if they decide: a policy gives the probabilities, and move sees them in
     *  slots->action. The last is what is left when nothing else is done. */
    const char *const *actions; /* [n_actions] lower case; NULL: agents decide nothing */
    int n_actions;              /* 0, or 2..THRONG_WORLD_ACTIONS_MAX */
    int last;                   /* the first of n_actions - 1 columns that keep how far each action but the last was
                                   done in the step before; 0: a policy does not learn it */
    const throng_world_sight *sights; /* [n_sights] what agents see before they decide */
    int n_sights;                     /* 1..THRONG_WORLD_SIGHTS_MAX, if agents decide */
    /** sight[s][k] = what slot k sees: from state, heard, present and innate, as in move. */
    void (*observe)(const throng_slots *slots, double *const *sight);
    /** adjoint's state, heard, present and innate += d sight / d them, times of[s][k]. */
    void (*observe_adjoint)(const throng_slots *slots, const double *const *of, const throng_slots_adjoint *adjoint);

    /** HEARING_NEAR: agents are in a square with N / density of area, whose opposite sides are joined. `place` is the
     *  column of the first of two coordinates, not 0, which start anywhere in [0, side) and which `move` must keep
     *  there; `density` and `radius` are which parameters say how many there are in a unit of area, and how far one
     *  hears. */
    int place, density, radius;
} throng_world;

/* ---- deciding -------------------------------------------------------------------------------------------------- */

/** What those who have to decide see, for slots 0..n-1; throng/policy.h makes deciders. */
typedef struct throng_situations {
    int64_t n, step;
    int64_t agent;                                /* of slot 0 ... */
    int lanes;                                    /* ... and how many slots each agent has */
    const double *sight[THRONG_WORLD_SIGHTS_MAX]; /* [n] each */
    const double *last[THRONG_WORLD_ACTIONS_MAX]; /* [n] each: how far each action but the last was done in the step
                                                     before; NULL: not known */
} throng_situations;

/** How agents decide. Either `decide`, which many threads call on slots of their own, or `ask`. */
typedef struct throng_decider {
    void *self;
    /** p[a][k] = how far slot k does action a: not negative, adding up to 1. */
    void (*decide)(void *self, const throng_situations *situations, double *const *p);
    /** sight[s][k], last[a][k] += d p / d them, times of[a][k]; last is NULL if it is not known. NULL: not smooth. */
    void (*decide_adjoint)(void *self, const throng_situations *situations, const double *const *of,
                           double *const *sight, double *const *last);
    /** As decide, for the whole crowd of a step at once: it may take long, and fail. */
    throng_status (*ask)(void *self, const throng_situations *situations, double *const *p, throng_error *err);
} throng_decider;

/* ---- running a world ------------------------------------------------------------------------------------------- */

/** What to run. Start from throng_simulation_default(). */
typedef struct throng_simulation_def {
    const char *world;                  /* "friedkin-johnsen:susceptibility=0.8" */
    throng_participation participation; /* what silence means; default: the world's */
    int64_t steps;                      /* >= 0; default 10 */
    uint64_t seed;
    int64_t memory; /* bytes that states kept for a reverse sweep may take, default 2^30; beyond it they are computed
                       again */
    const double *recorded; /* [steps][agents] borrowed, for worlds of recorded states only: the first column after each
                               step */
    const throng_decider *decider; /* borrowed; required where agents decide, NULL elsewhere */
    bool drawn; /* actions are drawn, by numbers of the agent and the step alone; else done as far as is likely */
} throng_simulation_def;

THRONG_API throng_simulation_def throng_simulation_default(void);

typedef struct throng_simulation throng_simulation;

/**
 * Prepares a world over n agents: checks parameters, starting states and the graph.
 * @param graph     over the same agents; NULL: everybody hears everybody, if the world can
 * @param state     [n] in, borrowed: the first column at step 0
 * @param baseline  [n] in, borrowed: what an agent's own state is without it; NULL: 0
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER; THRONG_E_DOMAIN (a state the world does not allow, which agent);
 *         THRONG_E_WEIGHT (an edge of negative weight in a world that knows none, which edge; all weigh 0);
 *         THRONG_E_UNSUPPORTED (no graph; recorded states: missing, or taking part is influence); THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_simulation_create(throng_context *context, const throng_graph *graph,
                                                                  int64_t n, const double *state,
                                                                  const double *baseline,
                                                                  const throng_simulation_def *def,
                                                                  throng_simulation **out, throng_error *err);
THRONG_API void throng_simulation_free(throng_simulation *simulation);

THRONG_API const throng_world *throng_simulation_world(const throng_simulation *simulation);
/** The definition with everything spelled out; its texts live as long as the simulation. */
THRONG_API throng_simulation_def throng_simulation_resolved(const throng_simulation *simulation);
THRONG_API int64_t throng_simulation_agents(const throng_simulation *simulation);

/** Whether its steps are differentiable: the world is smooth, and so is how agents decide. */
THRONG_API bool throng_simulation_smooth(const throng_simulation *simulation);

/** Called with the states at a step, 0..steps, before the next one is made: state[c] is [n]. Anything but THRONG_OK
 *  ends the run with that. */
typedef throng_status (*throng_simulation_fn)(void *user, int64_t step, const double *const *state, throng_error *err);

/**
 * Runs all steps with everybody taking part by alpha.
 * @param alpha  [n] in, in [0, 1]; NULL: everybody fully
 * @return THRONG_E_DIVERGED (a state is not finite: which agent, at which step); THRONG_E_CANCELLED; what `record`
 * says. Cost: O(steps (agents + edges)); memory two states and what is heard.   The result does not depend on threads.
 */
THRONG_API THRONG_MUST_USE throng_status throng_simulation_run(throng_simulation *simulation, const double *alpha,
                                                               throng_simulation_fn record, void *user,
                                                               throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
