/* A step forward: what agents say, what each hears, how it moves. */
#include "world/passage.h"

#include "throng/math.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Keeps the draws of neighbours apart from every other use of the same seed. */
#define PICK_STREAM 0x7069636bULL

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void measure_present(void *user, throng_chunk chunk) {
    const throng_i_passage *passage = user;
    const throng_simulation *simulation = passage->simulation;
    throng_i_listening listening = {simulation->in,     simulation->in_edges, 1,
                                    passage->part.each, simulation->loudness, NULL};
    throng_i_hear(&listening, chunk.begin, chunk.end, passage->present + chunk.begin);
}

/* In worlds of a crowd it is how far each takes part itself. */
static throng_status find_parts(throng_i_passage *passage, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = passage->simulation;
    THRONG_TRY(throng_i_resize(simulation->context, &passage->present, simulation->n, sizeof(double), err));
    for (int64_t i = 0; i < simulation->n; i++)
        passage->present[i] = throng_i_loud(passage, i, 0);
out:
    return status;
}

static void add_each(void *user, throng_chunk chunk, double *sums) {
    const throng_i_passage *passage = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        sums[0] += passage->part.each[i];
}

/* How much of everybody's neighbourhood takes part, if each agent has a participation of its own. */
static throng_status find_present(throng_i_passage *passage, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = passage->simulation;
    throng_context *context = simulation->context;
    double sum = 0.0;
    THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof(double), &passage->present, err));
    if (throng_i_world_finds_present(simulation->world))
        goto out;
    if (!simulation->complete) {
        THRONG_TRY(throng_i_share_for(context, simulation->n, measure_present, passage, NULL, err));
        goto out;
    }
    THRONG_TRY(throng_i_share_sum(context, simulation->n, 1, add_each, passage, NULL, &sum, err));
    throng_i_share mine = throng_i_share_mine(context, simulation->n);
    for (int64_t i = mine.begin; i < mine.end; i++)
        passage->present[i] = simulation->loudness ? sum * simulation->loudness[i] : sum;
out:
    return status;
}

throng_status throng_i_passage_init(const throng_simulation *simulation, throng_i_taking_part part, bool sweep,
                                    throng_i_passage *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_world *world = simulation->world;
    throng_context *context = simulation->context;
    throng_i_passage self = {.simulation = simulation,
                             .part = part,
                             .slots = simulation->n * part.lanes,
                             .influence = simulation->def.participation == THRONG_PARTICIPATION_INFLUENCE};
    for (int m = 0; m < world->n_messages; m++) {
        if (world->send || (simulation->heard_from && !world->pair)) /* ghosts have no place among states */
            THRONG_TRY(throng_i_resize(context, &self.message[m], self.slots, sizeof(double), err));
        if (self.influence && part.each && !world->pair)
            THRONG_TRY(throng_i_resize(context, &self.spoken[m], self.slots, sizeof(double), err));
        if (sweep)
            THRONG_TRY(throng_i_resize(context, &self.answer[m], self.slots, sizeof(double), err));
    }
    for (int c = 0; world->pair && simulation->heard_from && c < world->n_columns; c++)
        THRONG_TRY(throng_i_resize(context, &self.shown[c], self.slots, sizeof(double), err));
    if (sweep && self.influence)
        THRONG_TRY(throng_i_resize(context, &self.absent, simulation->n, sizeof(double), err));
    if (self.influence && part.each && world->n_messages > 0)
        THRONG_TRY(find_present(&self, err));
    if (world->hearing == THRONG_HEARING_NEAR)
        THRONG_TRY(throng_i_cells_init(simulation, &self.cells, err));
    if (world->hearing == THRONG_HEARING_CROWD)
        THRONG_TRY(find_parts(&self, err));
    *out = self;
    return THRONG_OK;
out:
    throng_i_passage_clear(&self);
    return status;
}

void throng_i_passage_clear(throng_i_passage *passage) {
    throng_context *context = passage->simulation ? passage->simulation->context : NULL;
    if (!context)
        return;
    for (int m = 0; m < THRONG_WORLD_MESSAGES_MAX; m++) {
        throng_i_free(context, passage->message[m]);
        throng_i_free(context, passage->spoken[m]);
        throng_i_free(context, passage->answer[m]);
    }
    for (int c = 0; c < THRONG_WORLD_COLUMNS_MAX; c++)
        throng_i_free(context, passage->shown[c]);
    throng_i_free(context, passage->absent);
    throng_i_free(context, passage->present);
    throng_i_cells_clear(context, &passage->cells);
    *passage = (throng_i_passage){0};
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

/* out = each agent's number in all of its slots, times the lane's factor. */
THRONG_I_ALWAYS void spread(const int lanes, const double *each, const double *factor, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++)
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            out[i * lanes + l] = each[i] * factor[l];
}

static const double ones[THRONG_I_LANES_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

/* The numbers of the agents from `each` on as they are, if there is one lane; else spread out in `room`. */
THRONG_WIDE static const double *in_slots(const double *each, const double *factor, int lanes, int64_t n,
                                          double *room) {
    if (lanes == 1 && factor[0] == 1.0)
        return each;
    THRONG_I_WITH_LANES(lanes, spread, each, factor, n, room);
    return room;
}

/* What agents came with, as far as everybody takes part by the lane's factor. */
THRONG_I_ALWAYS void scale_innate(const int lanes, const double *state, const double *baseline, const double *lane,
                                  int64_t n, double *innate) {
    for (int64_t i = 0; i < n; i++) {
        double b = baseline ? baseline[i] : 0.0, way = state[i] - b;
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            innate[i * lanes + l] = b + lane[l] * way;
    }
    for (int l = 0; l < lanes; l++)
        for (int64_t i = 0; lane[l] == 1.0 && i < n; i++)
            innate[i * lanes + l] = state[i]; /* to the bit */
}

/* The same if each agent has a participation of its own. */
THRONG_I_ALWAYS void scale_innate_each(const double *state, const double *baseline, const double *each, int64_t n,
                                       double *innate) {
    for (int64_t i = 0; i < n; i++) {
        double b = baseline ? baseline[i] : 0.0;
        innate[i] = each[i] == 1.0 ? state[i] : b + each[i] * (state[i] - b);
    }
}

/* NULL is passed as a constant: a vector load from address 0 is slow even where its lanes are masked out. */
/* @param came_with [n] */
THRONG_WIDE static const double *fill_innate(const throng_i_passage *passage, const double *came_with, int64_t begin,
                                             int64_t end, double *innate) {
    const throng_simulation *simulation = passage->simulation;
    const double *state = came_with + begin, *each = passage->part.each;
    const double *baseline = simulation->baseline ? simulation->baseline + begin : NULL;
    int64_t n = end - begin;
    if (passage->influence)
        return in_slots(state, ones, passage->part.lanes, n, innate);
    if (each && baseline)
        scale_innate_each(state, baseline, each + begin, n, innate);
    else if (each)
        scale_innate_each(state, NULL, each + begin, n, innate);
    else if (baseline)
        THRONG_I_WITH_LANES(passage->part.lanes, scale_innate, state, baseline, passage->part.lane, n, innate);
    else
        THRONG_I_WITH_LANES(passage->part.lanes, scale_innate, state, NULL, passage->part.lane, n, innate);
    return innate;
}

static const double *fill_present(const throng_i_passage *passage, const throng_i_block *block, double *present) {
    const double *around = passage->present ? passage->present : passage->simulation->around;
    const double *factor = passage->influence && !passage->present ? passage->part.lane : ones;
    return in_slots(around + block->begin, factor, passage->part.lanes, block->end - block->begin, present);
}

/* Everybody hears the same sum. */
static void hear_everyone(const throng_i_passage *passage, throng_i_block *block) {
    int lanes = passage->part.lanes;
    const double *loudness = passage->simulation->loudness;
    for (int m = 0; m < passage->simulation->world->n_messages; m++)
        for (int64_t i = block->begin; i < block->end; i++)
            for (int l = 0; l < lanes; l++)
                block->heard[m][(i - block->begin) * lanes + l] =
                    passage->everyone[m * lanes + l] * (loudness ? loudness[i] : 1.0);
}

/* The place of an in-neighbour drawn by weight, -1 without neighbours. */
static int64_t pick(const throng_simulation *simulation, int64_t agent, int64_t step) {
    const throng_adjacency *in = &simulation->in;
    double uniform[4], weight = 0.0, below = 0.0;
    int64_t first = in->offsets[agent], last = in->offsets[agent + 1];
    for (int64_t e = first; e < last; e++)
        weight += in->weights ? in->weights[e] : 1.0;
    if (!(weight > 0.0))
        return -1;
    throng_random_uniforms((throng_random){simulation->def.seed, PICK_STREAM}, (uint64_t)agent, (uint64_t)step, 0,
                           uniform);
    for (int64_t e = first; e < last - 1; e++) {
        below += in->weights ? in->weights[e] : 1.0;
        if (uniform[0] * weight < below)
            return e;
    }
    return last - 1;
}

/* What an agent of the block hears, and how much is present, if it hears one other alone. @param whom  -1: nobody */
static void hear_one(const throng_i_step_job *job, int64_t agent, int64_t whom, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes;
    int64_t at = (agent - block->begin) * lanes;
    for (int l = 0; l < lanes; l++) {
        double loud = whom >= 0 ? throng_i_loud(passage, whom, l) : 0.0;
        block->present[at + l] = loud;
        for (int m = 0; m < passage->simulation->world->n_messages; m++)
            block->heard[m][at + l] = whom >= 0 ? loud * throng_i_message(job, m)[whom * lanes + l] : 0.0;
    }
}

static void hear_picked(const throng_i_step_job *job, throng_i_block *block) {
    const throng_simulation *simulation = job->passage->simulation;
    for (int64_t i = block->begin; i < block->end; i++) {
        int64_t place = pick(simulation, i, job->step);
        hear_one(job, i, place >= 0 ? simulation->in.neighbours[place] : -1, block);
    }
}

static void hear_neighbours(const throng_i_step_job *job, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    const double *factor = passage->influence && !passage->part.each ? passage->part.lane : NULL;
    throng_i_listening listening = {.along = simulation->in,
                                    .edges = simulation->in_edges,
                                    .lanes = passage->part.lanes,
                                    .scale = simulation->loudness,
                                    .factor = factor};
    for (int m = 0; m < simulation->world->n_messages - simulation->world->n_public; m++) {
        listening.source = passage->spoken[m] ? passage->spoken[m] : throng_i_message(job, m);
        throng_i_hear(&listening, block->begin, block->end, block->heard[m]);
    }
}

/* What the block after this one, likely the thread's next, looks at. */
static void fetch_next(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_simulation *simulation = job->passage->simulation;
    int64_t n = end - begin < simulation->n - end ? end - begin : simulation->n - end;
    const double *const arrays[] = {simulation->state, simulation->baseline, simulation->around, simulation->loudness,
                                    job->credit};
    for (int a = 0; a < 5; a++)
        if (arrays[a])
            throng_i_fetch(arrays[a] + end, n);
    for (int t = 0; t < simulation->world->n_traits; t++)
        throng_i_fetch(simulation->trait[t] + end, n);
}

void throng_i_block_init(const throng_i_step_job *job, int64_t begin, int64_t end, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    fetch_next(job, begin, end);
    block->begin = begin;
    block->end = end;
    block->slots = (throng_slots){
        .n = (end - begin) * lanes,
        .param = simulation->use.param,
        .step = job->step,
        .innate = fill_innate(passage, throng_i_came_with(simulation, job->step), begin, end, block->innate),
        .agent = begin,
        .lanes = lanes,
        .random = {simulation->def.seed, THRONG_I_WORLD_STREAM},
        .side = simulation->side};
    for (int c = 0; c < simulation->world->n_columns; c++)
        block->slots.state[c] = job->state[c] + begin * lanes;
    for (int t = 0; t < simulation->world->n_traits; t++)
        block->slots.trait[t] = in_slots(simulation->trait[t] + begin, ones, lanes, end - begin, block->trait[t]);
}

void throng_i_block_hear(const throng_i_step_job *job, bool heard, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    throng_hearing hearing = simulation->world->hearing;
    bool found = throng_i_world_finds_present(simulation->world) && simulation->world->n_messages > 0;
    block->slots.present = found ? block->present : fill_present(passage, block, block->present);
    if (!heard || simulation->world->n_messages == 0)
        return;
    for (int m = 0; m < simulation->world->n_messages; m++)
        block->slots.heard[m] = block->heard[m];
    if (simulation->complete)
        hear_everyone(passage, block);
    else if (hearing == THRONG_HEARING_PICK)
        hear_picked(job, block);
    else if (hearing == THRONG_HEARING_NEAR)
        throng_i_near_hear(job, block);
    else if (simulation->world->pair)
        throng_i_pairs_hear(job, block);
    else
        hear_neighbours(job, block);
    if (simulation->world->n_public > 0)
        throng_i_public_hear(passage, block);
}

/* ---- what agents say ------------------------------------------------------------------------------------------- */

static void speak_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_SLOTS / lanes) {
        int64_t end = at + THRONG_I_SLOTS / lanes < chunk.end ? at + THRONG_I_SLOTS / lanes : chunk.end;
        double *message[THRONG_WORLD_MESSAGES_MAX] = {NULL};
        if (world->send) {
            throng_i_block_init(job, at, end, &block);
            for (int m = 0; m < world->n_messages; m++)
                message[m] = passage->message[m] + at * lanes;
            world->send(&block.slots, message);
        } else if (passage->message[0]) {
            memcpy(passage->message[0] + at * lanes, job->state[0] + at * lanes,
                   (size_t)((end - at) * lanes) * sizeof(double));
        }
        for (int c = 0; c < world->n_columns && passage->shown[c]; c++)
            memcpy(passage->shown[c] + at * lanes, job->state[c] + at * lanes,
                   (size_t)((end - at) * lanes) * sizeof(double));
        for (int m = 0; m < world->n_messages && job->heard && passage->spoken[m]; m++)
            for (int64_t i = at; i < end; i++)
                passage->spoken[m][i] = passage->part.each[i] * throng_i_message(job, m)[i];
    }
}

static void add_spoken(void *user, throng_chunk chunk, double *sums) {
    const throng_i_step_job *job = user;
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes;
    for (int m = 0; m < passage->simulation->world->n_messages; m++)
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            for (int l = 0; l < lanes; l++)
                sums[m * lanes + l] += throng_i_loud(passage, i, l) * throng_i_message(job, m)[i * lanes + l];
}

throng_status throng_i_fetch_states(throng_i_ghosts *ghosts, const throng_i_step_job *job, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int c = 0; c < job->passage->simulation->world->n_columns; c++)
        THRONG_TRY(throng_i_ghosts_fetch(ghosts, job->passage->part.lanes, job->passage->shown[c], err));
out:
    return status;
}

/* What others than this rank's share say. */
static throng_status fetch_heard(const throng_i_step_job *job, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    const throng_world *world = simulation->world;
    if (world->pair)
        return throng_i_fetch_states(simulation->heard_from, job, err);
    for (int m = 0; m < world->n_messages - world->n_public; m++) {
        bool spoken = passage->spoken[m] && world->hearing != THRONG_HEARING_PICK;
        THRONG_TRY(throng_i_ghosts_fetch(simulation->heard_from, passage->part.lanes,
                                         spoken ? passage->spoken[m] : passage->message[m], err));
    }
out:
    return status;
}

throng_status throng_i_passage_speak(throng_i_step_job *job, bool heard, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int width = simulation->world->n_messages * passage->part.lanes;
    job->heard = heard;
    if (simulation->world->send || passage->message[0] || passage->shown[0] || (heard && passage->spoken[0]))
        THRONG_TRY(throng_i_share_for(simulation->context, simulation->n, speak_chunk, job, NULL, err));
    if (throng_i_adds_up(simulation) && width > 0)
        THRONG_TRY(throng_i_share_sum(simulation->context, simulation->n, width, add_spoken, job, NULL,
                                      passage->everyone, err));
    if (heard && simulation->heard_from)
        THRONG_TRY(fetch_heard(job, err));
out:
    return status;
}

int throng_i_slope_rows(const throng_world *world) {
    return world->pair ? world->n_messages * world->n_columns : 0;
}

/* ---- the step -------------------------------------------------------------------------------------------------- */

static void start_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_world *world = job->passage->simulation->world;
    int lanes = job->passage->part.lanes;
    double *first = job->next[0] + chunk.begin * lanes;
    const double *innate = fill_innate(job->passage, job->passage->simulation->state, chunk.begin, chunk.end, first);
    if (innate != first)
        memcpy(first, innate, (size_t)(chunk.end - chunk.begin) * sizeof *first); /* one lane, as it came */
    for (int c = 1; c < world->n_columns; c++)
        for (int64_t k = chunk.begin * lanes; k < chunk.end * lanes; k++)
            job->next[c][k] = world->columns[c].start;
    if (world->hearing == THRONG_HEARING_NEAR)
        throng_i_near_start(job, chunk);
}

throng_status throng_i_passage_start(const throng_i_passage *passage, double *const *state, throng_error *err) {
    throng_i_passage view = *passage;
    throng_i_step_job job = {.passage = &view, .next = state};
    return throng_i_share_for(passage->simulation->context, passage->simulation->n, start_chunk, &job, NULL, err);
}

/* How many are not finite. */
THRONG_WIDE static int64_t count_spoiled(int64_t n, const double *x) {
    int64_t spoiled = 0;
    for (int64_t k = 0; k < n; k++)
        spoiled += !(fabs(x[k]) <= DBL_MAX);
    return spoiled;
}

static void look_for_spoiled(int lanes, int64_t begin, int64_t slots, const double *next, int64_t *first) {
    if (*first >= 0 || count_spoiled(slots, next) == 0)
        return;
    for (int64_t k = 0; k < slots && *first < 0; k++)
        if (!isfinite(next[k]))
            *first = begin + k / lanes;
}

static void move_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_world *world = job->passage->simulation->world;
    int lanes = job->passage->part.lanes;
    throng_i_block block;
    job->diverged[chunk.index] = -1;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_SLOTS / lanes) {
        int64_t end = at + THRONG_I_SLOTS / lanes < chunk.end ? at + THRONG_I_SLOTS / lanes : chunk.end;
        double *next[THRONG_WORLD_COLUMNS_MAX] = {NULL};
        throng_i_block_init(job, at, end, &block);
        throng_i_block_hear(job, true, &block);
        throng_i_block_decide(job, &block);
        for (int c = 0; c < world->n_columns; c++)
            next[c] = job->next[c] + at * lanes;
        world->move(&block.slots, next);
        for (int c = 0; c < world->n_columns; c++)
            look_for_spoiled(lanes, at, block.slots.n, next[c], &job->diverged[chunk.index]);
    }
}

/* Who meets whom in what order is the world's business. There is one lane, for it is not smooth. */
static void move_crowd(const throng_i_step_job *job) {
    const throng_simulation *simulation = job->passage->simulation;
    const throng_world *world = simulation->world;
    throng_slots slots = {.n = simulation->n,
                          .param = simulation->use.param,
                          .step = job->step,
                          .present = job->passage->present,
                          .lanes = 1,
                          .random = {simulation->def.seed, THRONG_I_WORLD_STREAM}};
    for (int c = 0; c < world->n_columns; c++)
        slots.state[c] = job->state[c];
    for (int t = 0; t < world->n_traits; t++)
        slots.trait[t] = simulation->trait[t];
    world->move(&slots, job->next);
    for (int64_t c = 0; c < throng_i_chunk_count(simulation->n); c++)
        job->diverged[c] = -1;
    for (int c = 0; c < world->n_columns; c++)
        look_for_spoiled(1, 0, simulation->n, job->next[c], &job->diverged[0]);
}

throng_status throng_i_passage_step(throng_i_passage *passage, int64_t step, const double *const *state,
                                    double *const *next, double *slope, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = passage->simulation;
    int64_t n_chunks = throng_i_chunk_count(simulation->n);
    throng_i_step_job job = {.passage = passage, .step = step, .state = state, .next = next, .slope = slope};
    THRONG_TRY(throng_i_alloc(simulation->context, n_chunks, sizeof *job.diverged, &job.diverged, err));
    THRONG_TRY(throng_i_passage_speak(&job, true, err));
    THRONG_TRY(throng_i_ask_everybody(&job, err));
    if (simulation->world->hearing == THRONG_HEARING_NEAR)
        THRONG_TRY(throng_i_near_find(&job, err));
    if (simulation->world->hearing == THRONG_HEARING_CROWD)
        move_crowd(&job);
    else
        THRONG_TRY(throng_i_share_for(simulation->context, simulation->n, move_chunk, &job, NULL, err));
    throng_i_share mine = throng_i_share_mine(simulation->context, simulation->n);
    for (int64_t c = mine.begin / THRONG_CHUNK_ROWS; c < throng_i_chunk_count(mine.end); c++)
        THRONG_REQUIRE(job.diverged[c] < 0, E_DIVERGED,
                       "%s: the state of agent %lld is not a finite number after step %lld. Take smaller steps or "
                       "milder parameters.",
                       simulation->world->about.name, (long long)job.diverged[c] + 1, (long long)step + 1);
out:
    throng_i_asked_clear(&job);
    throng_i_free(simulation->context, job.diverged);
    return status;
}
