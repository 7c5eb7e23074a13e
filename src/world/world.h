/*
 * A world prepared over a crowd, and one step of it for several participations side by side.
 *
 * A passage is the same crowd at L participations (lanes): slot i * L + l is agent i in lane l, so the numbers of one
 * agent lie in one cache line and an edge is followed once for all lanes. Neighbours' numbers are reached through two
 * functions alone, throng_i_hear and, along the other edges, the same again. Of several ranks each makes its share of a
 * step, once it has fetched the numbers of its ghosts (ghosts.h).
 */
#ifndef THRONG_SRC_WORLD_H
#define THRONG_SRC_WORLD_H

#include "core/checkpoint.h"
#include "core/ranks.h"
#include "throng/world.h"
#include "world/ghosts.h"

#include <string.h>

#define THRONG_I_LANES_MAX 8

/* Asks for a cache line that is needed soon, in the second cache: many more requests for it can be under way there than
 * in the first one, which makes random access twice as fast. */
#define THRONG_I_FETCH(address) __builtin_prefetch(address, 0, 2)

/* Keeps the draws of worlds apart from every other use of the same seed. */
#define THRONG_I_WORLD_STREAM 0x776f726c64ULL

struct throng_simulation {
    throng_context *context;
    const throng_world *world;
    throng_i_plugin_use use;
    throng_simulation_def def; /* resolved */
    char spec[THRONG_I_SPEC_LENGTH];
    int64_t n;
    bool complete;                             /* everybody hears everybody */
    throng_adjacency in, out;                  /* empty if complete */
    int64_t edges;                             /* in all */
    int64_t in_edges, out_edges;               /* in the rows that are here: of several ranks, of this one's share */
    throng_i_ghosts *heard_from, *answered_by; /* of several ranks, neighbours in `in` and `out` that others have */
    double side;                               /* of the square of HEARING_NEAR */
    double *loudness;                          /* [n] what heard is divided by, inverted; NULL: 1 */
    double *around;                            /* [n] `present` when everybody takes part */
    double *trait[THRONG_WORLD_TRAITS_MAX];    /* [n] each: drawn once */
    const double *state;                       /* [n] */
    const double *baseline;                    /* [n]; NULL: 0 */
};

/* Registers a world after checking that the descriptor is complete. E_PLUGIN. */
THRONG_MUST_USE throng_status throng_i_world_register(throng_context *context, const throng_world *world,
                                                      throng_error *err);

/* f(lanes, ...) with the number of lanes as a constant, so that f, which must be inlined, has no loop over lanes left.
 */
#define THRONG_I_WITH_LANES(lanes, f, ...)                                                                             \
    do {                                                                                                               \
        switch (lanes) {                                                                                               \
        case 1:                                                                                                        \
            f(1, __VA_ARGS__);                                                                                         \
            break;                                                                                                     \
        case 2:                                                                                                        \
            f(2, __VA_ARGS__);                                                                                         \
            break;                                                                                                     \
        case 4:                                                                                                        \
            f(4, __VA_ARGS__);                                                                                         \
            break;                                                                                                     \
        default:                                                                                                       \
            f(8, __VA_ARGS__);                                                                                         \
        }                                                                                                              \
    } while (0)
#define THRONG_I_ALWAYS static inline __attribute__((always_inline))

/* Four lanes side by side; with fewer the rest is 0. Memory holds `lanes` numbers. */
typedef double throng_i_four __attribute__((vector_size(4 * sizeof(double))));

THRONG_I_ALWAYS throng_i_four throng_i_load(const double *from, const int lanes) {
    if (lanes < 4) /* no copy of a part: it would go through memory */
        return (throng_i_four){from[0], lanes == 2 ? from[1] : 0.0, 0.0, 0.0};
    throng_i_four out;
    memcpy(&out, from, sizeof out);
    return out;
}

THRONG_I_ALWAYS void throng_i_store(double *to, throng_i_four numbers, const int lanes) {
    memcpy(to, &numbers, (size_t)(lanes < 4 ? lanes : 4) * sizeof(double));
}

/* True of worlds in which who hears whom is not a graph's business. */
static inline bool throng_i_world_meets(const throng_world *world) {
    return world->hearing == THRONG_HEARING_NEAR || world->hearing == THRONG_HEARING_CROWD;
}

/* True if `present` is known only once somebody is heard, at every step anew. */
static inline bool throng_i_world_finds_present(const throng_world *world) {
    return throng_i_world_meets(world) || world->hearing == THRONG_HEARING_PICK;
}

/* Everybody in the square cells of HEARING_NEAR: those of cell c, in their order, stand from first[c] to first[c + 1].
 */
typedef struct throng_i_cells {
    int64_t across;                          /* cells along a side: 1, or 3 and more */
    int64_t *first;                          /* [across * across + 1] */
    throng_agent *cell, *who;                /* [n] of each agent; agents by cell */
    double *at;                              /* [n][2] where they are, by cell */
    double *said[THRONG_WORLD_MESSAGES_MAX]; /* [n] messages as loud as they are, by cell */
    double *loud;                            /* [n] participation, by cell */
    double *present;                         /* [n] what each agent hears, and how much is present, by agent */
    double *heard[THRONG_WORLD_MESSAGES_MAX];
} throng_i_cells;

/* How everybody takes part in each lane. */
typedef struct throng_i_taking_part {
    int lanes;                       /* 1, 2, 4 or 8 */
    double lane[THRONG_I_LANES_MAX]; /* everybody's in that lane, if: */
    const double *each;              /* [n] NULL; else each agent's own, and there is one lane */
} throng_i_taking_part;

/* Working memory of a run in lanes. */
typedef struct throng_i_passage {
    const throng_simulation *simulation;
    throng_i_taking_part part;
    int64_t slots;                              /* n * lanes */
    bool influence;                             /* participation acts on messages; else on what is innate */
    double *present;                            /* [n] sum_j w_ij each_j, heard as messages are; NULL: around * lane */
    double *message[THRONG_WORLD_MESSAGES_MAX]; /* [slots] what agents would say; NULL: the first column */
    double
        *shown[THRONG_WORLD_COLUMNS_MAX]; /* [slots] states with the ghosts', for pair functions; NULL: as they are */
    double *spoken[THRONG_WORLD_MESSAGES_MAX]; /* [slots] times each agent's own participation; NULL: as message */
    double *answer[THRONG_WORLD_MESSAGES_MAX]; /* [slots] d result / d heard, divided as heard is; sweeps only */
    double *absent;                            /* [n] the same of present, lanes added up by weight; sweeps only */
    double *const *apart;                      /* [messages][n] credit of saying each of them; NULL: not told apart */
    throng_i_cells cells;                      /* HEARING_NEAR */
    _Atomic bool missed;                       /* absent is not 0 everywhere: many worlds do not look at present */
    double everyone[THRONG_WORLD_MESSAGES_MAX * THRONG_I_LANES_MAX]; /* sum of what is spoken, if complete or public */
    double answers[(THRONG_WORLD_MESSAGES_MAX + 1) *
                   THRONG_I_LANES_MAX]; /* sums of answer, likewise; then that of absent */
} throng_i_passage;

THRONG_MUST_USE throng_status throng_i_passage_init(const throng_simulation *simulation, throng_i_taking_part part,
                                                    bool sweep, throng_i_passage *out, throng_error *err);
void throng_i_passage_clear(throng_i_passage *passage);

/* States at step 0. @param state [columns][slots] out */
THRONG_MUST_USE throng_status throng_i_passage_start(const throng_i_passage *passage, double *const *state,
                                                     throng_error *err);

/* Rows of slots that a step records for its way back, besides states: how much what agents hear moves with their own
 * columns, in worlds of pairs. */
int throng_i_slope_rows(const throng_world *world);

/* One step: next from state. E_DIVERGED names agent and step. @param slope [slope rows][slots] out; NULL: not wanted */
THRONG_MUST_USE throng_status throng_i_passage_step(throng_i_passage *passage, int64_t step, const double *const *state,
                                                    double *const *next, double *slope, throng_error *err);

/*
 * One step back, which led from state to next.
 * @param slope what the step recorded
 * @param of [columns][slots] in: d result / d next, out: d result / d state
 * @param credit [n] += sum over lanes of weight[lane] * d result / d alpha_i in this step
 */
THRONG_MUST_USE throng_status throng_i_passage_back(throng_i_passage *passage, int64_t step, const double *const *state,
                                                    const double *const *next, double *slope, double *const *of,
                                                    const double *weight, double *credit, throng_error *err);

/* The start's part: credit[i] += sum over lanes of weight * d x_i(0) / d alpha_i * of. */
THRONG_MUST_USE throng_status throng_i_passage_back_start(const throng_i_passage *passage, const double *const *of,
                                                          const double *weight, double *credit, throng_error *err);

/* ---- the exchange ---------------------------------------------------------------------------------------------- */

/* Whose numbers are heard. Hearing goes along in-edges, answering along out-edges. */
typedef struct throng_i_listening {
    throng_adjacency along;
    int64_t edges; /* in its rows */
    int lanes;
    const double *source; /* [n * lanes] */
    const double *scale;  /* [n]; NULL: 1 */
    const double *factor; /* [lanes]; NULL: 1 */
} throng_i_listening;

/* out[(i - begin) * lanes + l] = sum over the neighbours j of agent i of w_ij source[j * lanes + l], times scale[i]
 * and factor[l], for agents begin..end-1. */
void throng_i_hear(const throng_i_listening *listening, int64_t begin, int64_t end, double *out);

/* ---- runs ------------------------------------------------------------------------------------------------------- */

/* Called with the states [slots] of every column at a step, 0..steps. */
typedef throng_status (*throng_i_record_fn)(void *user, int64_t step, int lanes, const double *const *state,
                                            throng_error *err);

/* Runs all steps in lanes. @param work that this is, begun and, if it is resumed, loaded but for the states; NULL: none
 */
THRONG_MUST_USE throng_status throng_i_run(const throng_simulation *simulation, throng_i_taking_part part,
                                           throng_i_record_fn record, void *user, throng_i_work *work,
                                           throng_error *err);

/* throng_simulation_run for everybody, as a piece of work. */
THRONG_MUST_USE throng_status throng_i_run_everybody(const throng_simulation *simulation, throng_simulation_fn record,
                                                     void *user, throng_i_work *work, throng_error *err);

/* ---- trajectories and sweeps ------------------------------------------------------------------------------------ */

/* Asked at every step from the last to 0: of[c][slots] += d result / d state at this step. */
typedef throng_status (*throng_i_seed_fn)(void *user, int64_t step, int lanes, const double *const *state,
                                          double *const *of, throng_error *err);

/* Called after each step back, with what `credit` and `apart` have by then. */
typedef throng_status (*throng_i_after_fn)(void *user, int64_t step, throng_error *err);

/* Where a sweep records: kept from one sweep to the next, for fresh memory costs about as much as a step over it.
 * Starts as {0}. */
typedef struct throng_i_scratch {
    double *numbers;
    int64_t n;
} throng_i_scratch;

void throng_i_scratch_clear(throng_context *context, throng_i_scratch *scratch);

/*
 * Runs forward recording states, then back. credit[step][n] += sum over lanes of weight * d result / d alpha_i in that
 * step; a start's part goes to step 0. Recorded states take at most the memory of the simulation's definition, if about
 * sqrt(2 steps) of them fit: beyond it only some are kept, and the others are run again, once, which changes no bit.
 * @param credit [steps or 1][n]: if `per_step` is false all steps add to one array
 * @param apart  [messages][steps or 1][n] the same message by message; NULL: not wanted. `apart_per_step` as per_step
 * @param after  with `user`; NULL: nobody
 * @param work   whose at[0] says which sweep this is; one that is resumed goes on behind step at[1], or from the
 *               beginning if that is -1. What was run forward is run again. NULL: none
 */
THRONG_MUST_USE throng_status throng_i_sweep(const throng_simulation *simulation, throng_i_taking_part part,
                                             const double *weight, throng_i_seed_fn seed, throng_i_after_fn after,
                                             void *user, bool per_step, double *credit, double *const *apart,
                                             bool apart_per_step, throng_i_scratch *scratch, throng_i_work *work,
                                             throng_error *err);

/* How many of so many nodes go into one sweep: 8, 4, 2 or 1. Memory has no say, for the order of sums depends on it. */
int throng_i_sweep_lanes(int wanted);

#endif
