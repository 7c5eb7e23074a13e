/* Blocks of slots, shared by the step forward (passage.c), the step back (back.c) and pair functions (pairs.c). */
#ifndef THRONG_SRC_WORLD_PASSAGE_H
#define THRONG_SRC_WORLD_PASSAGE_H

#include "world/world.h"

/* Slots in a block: its arrays stay in the nearest cache. */
#define THRONG_I_SLOTS 512

/* Numbers of one kind for every slot of a block, one row a message or trait. */
typedef double throng_i_rows[THRONG_WORLD_MESSAGES_MAX][THRONG_I_SLOTS + 8];
/* The same with a row a column. */
typedef double throng_i_column_rows[THRONG_WORLD_COLUMNS_MAX][THRONG_I_SLOTS + 8];

/* A step that is being made or taken back. */
typedef struct throng_i_step_job {
    throng_i_passage *passage;
    int64_t step;
    const double *const *state; /* [columns][slots] */
    double *const *next;        /* forward: [columns][slots] */
    const double *const *led;   /* back: [columns][slots] what next was */
    double *const *of;          /* back: d result / d next, then d result / d state */
    double *slope;              /* [throng_i_slope_rows][slots], forward: out, back: in; NULL: not recorded */
    const double *weight;       /* back: [lanes] */
    double *credit;             /* back: [n] */
    bool heard;                 /* somebody will hear what is said */
    int64_t *diverged;          /* forward: [chunks] first agent whose state is not finite, -1 */
    double *const *sight;       /* [sights][slots] what everybody sees, where all are asked at once; else NULL */
    double *const *decided;     /* [actions][slots] what they answered; else NULL */
} throng_i_step_job;

/* What a block's functions see: arrays of slots for agents begin..end-1. The rows are used where numbers are not at
 * hand as they are. */
typedef struct throng_i_block {
    int64_t begin, end;
    throng_slots slots;
    throng_i_rows heard, trait, sight, action;
    double present[THRONG_I_SLOTS], innate[THRONG_I_SLOTS];
} throng_i_block;

/* What agents say at this step: message, and if somebody will hear it, spoken and everyone. */
THRONG_MUST_USE throng_status throng_i_passage_speak(throng_i_step_job *job, bool heard, throng_error *err);

/* The states of a rank's ghosts, for pair functions. */
THRONG_MUST_USE throng_status throng_i_fetch_states(throng_i_ghosts *ghosts, const throng_i_step_job *job,
                                                    throng_error *err);

/* State, innate and traits. */
void throng_i_block_init(const throng_i_step_job *job, int64_t begin, int64_t end, throng_i_block *block);

/* Adds present, and with `heard` what is heard. */
void throng_i_block_hear(const throng_i_step_job *job, bool heard, throng_i_block *block);

/* What the block's agents decide, from what they hear: see decide.c. Nothing where agents decide nothing. */
void throng_i_block_decide(const throng_i_step_job *job, throng_i_block *block);
/* With adjoint->action from move_adjoint: adds to the other parts of adjoint. */
void throng_i_block_decide_back(const throng_i_step_job *job, const throng_i_block *block,
                                const throng_slots_adjoint *adjoint);
/* Asks the whole crowd at once, where the decider is one that is asked; job->decided is then set until
 * throng_i_asked_clear. */
THRONG_MUST_USE throng_status throng_i_ask_everybody(throng_i_step_job *job, throng_error *err);
void throng_i_asked_clear(throng_i_step_job *job);

/* block->heard by the world's pair function. */
void throng_i_pairs_hear(const throng_i_step_job *job, throng_i_block *block);

/* With what the agents begin..end-1 answer, which stands in the passage: of their own states. */
void throng_i_pairs_back_self(const throng_i_step_job *job, int64_t begin, int64_t end);

/* Of those agents as the ones whom others hear.
 * @param moved [messages][slots of the block] += what taking part moves by each; they may be one array */
void throng_i_pairs_back_other(const throng_i_step_job *job, int64_t begin, int64_t end, double *const *moved);

/* block->heard and present of those who are near, after everybody was found. */
void throng_i_near_hear(const throng_i_step_job *job, throng_i_block *block);
THRONG_MUST_USE throng_status throng_i_near_find(const throng_i_step_job *job, throng_error *err);

/* Where the agents of a chunk are at step 0. */
void throng_i_near_start(const throng_i_step_job *job, throng_chunk chunk);

THRONG_MUST_USE throng_status throng_i_cells_init(const throng_simulation *simulation, throng_i_cells *out,
                                                  throng_error *err);
void throng_i_cells_clear(throng_context *context, throng_i_cells *cells);

/* block->heard of public messages. */
void throng_i_public_hear(const throng_i_passage *passage, throng_i_block *block);

/* True of the last messages, those that everybody hears. */
static inline bool throng_i_is_public(const throng_world *world, int message) {
    return message >= world->n_messages - world->n_public && message < world->n_messages;
}

/* True if what everybody says is added up: they hear each other, or some messages are public. */
static inline bool throng_i_adds_up(const throng_simulation *simulation) {
    return simulation->complete || simulation->world->n_public > 0;
}

/* What agents come with: at the start or, in worlds of recorded states, after a step. */
static inline const double *throng_i_came_with(const throng_simulation *simulation, int64_t step) {
    return simulation->world->flags & THRONG_WORLD_RECORDED ? simulation->def.recorded + step * simulation->n
                                                            : simulation->state;
}

/* What the sum of a message is multiplied by before the agent hears it. */
static inline double throng_i_hearing_scale(const throng_simulation *simulation, int message, int64_t agent) {
    if (throng_i_is_public(simulation->world, message))
        return 1.0 / (double)simulation->n;
    return simulation->loudness ? simulation->loudness[agent] : 1.0;
}

/* What agents say in column or message m, before participation. */
static inline const double *throng_i_message(const throng_i_step_job *job, int m) {
    return job->passage->message[m] ? job->passage->message[m] : job->state[m];
}

/* Asks for the memory of numbers that are needed soon, a cache line at a time. Blocks are short and lie far apart in
 * time, so the processor does not see by itself that they follow each other. NULL: nothing. */
static inline void throng_i_fetch(const double *from, int64_t n) {
    for (int64_t k = 0; from && k < n; k += 8)
        __builtin_prefetch(from + k);
}

/* An agent's participation in a lane, 1 if messages do not depend on it. */
static inline double throng_i_loud(const throng_i_passage *passage, int64_t agent, int lane) {
    if (!passage->influence)
        return 1.0;
    return passage->part.each ? passage->part.each[agent] : passage->part.lane[lane];
}

#endif
