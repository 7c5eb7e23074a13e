/*
 * Worlds in which what is heard depends on both: edges are laid out as pairs of slots, and the world's function sees
 * long arrays of them.
 *
 * Forward each edge is followed once, as one of who hears; back once more, as one of who is heard, for that one's state
 * and credit. So every agent adds up what is its own, in the order of its edges. How much what an agent hears moves
 * with its own state does not depend on the result: a sweep records it on its way forward, as it does states, where the
 * world's function is evaluated anyway.
 */
#include "world/passage.h"

#include "throng/math.h"

#include <string.h>

/* Edges for which memory is fetched ahead, also those of the next agents. */
#define AHEAD 128

#define LINE _Alignas(64)

/* Pairs waiting for the world's function. */
typedef struct queue {
    const throng_i_step_job *job;
    throng_pairs pairs;
    int64_t edges;
    LINE throng_i_column_rows self, other;
    LINE throng_i_rows of, message;
    LINE throng_i_column_rows self_back, other_back;
    int32_t whom[THRONG_I_SLOTS];  /* [edges] agent of the block that the edge belongs to, from its first */
    double weight[THRONG_I_SLOTS]; /* [edges] */
} queue;

static const double ones[THRONG_I_LANES_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

/* The states of everybody whom this rank's agents meet. */
static const double *const *shown(const throng_i_step_job *job) {
    return job->passage->shown[0] ? (const double *const *)job->passage->shown : job->state;
}

static void queue_init(queue *self, const throng_i_step_job *job) {
    const throng_simulation *simulation = job->passage->simulation;
    self->job = job;
    self->edges = 0;
    self->pairs = (throng_pairs){.param = simulation->use.param, .step = job->step};
    for (int c = 0; c < simulation->world->n_columns; c++) {
        self->pairs.self[c] = self->self[c];
        self->pairs.other[c] = self->other[c];
    }
}

/* Lays out one edge, by which hearer hears speaker. */
THRONG_I_ALWAYS void push(const int lanes, queue *self, int n_columns, int64_t hearer, int64_t speaker, int64_t whom,
                          double weight) {
    const double *const *state = shown(self->job);
    int64_t at = self->edges * lanes;
    for (int c = 0; c < n_columns; c++) {
        memcpy(self->self[c] + at, state[c] + hearer * lanes, (size_t)lanes * sizeof(double));
        memcpy(self->other[c] + at, state[c] + speaker * lanes, (size_t)lanes * sizeof(double));
    }
    self->whom[self->edges] = (int32_t)whom;
    self->weight[self->edges] = weight;
    self->edges++;
}

THRONG_I_ALWAYS bool is_full(const int lanes, const queue *self) {
    return (self->edges + 1) * lanes > THRONG_I_SLOTS;
}

/* Asks for the lines of a neighbour that is needed soon. */
THRONG_I_ALWAYS void fetch(const int lanes, const throng_adjacency *along, int64_t edges, int64_t e, int n_arrays,
                           const double *const *arrays) {
    int64_t neighbour = along->neighbours[e + AHEAD < edges ? e + AHEAD : e];
    for (int a = 0; a < n_arrays; a++)
        THRONG_I_FETCH(arrays[a] + neighbour * lanes);
}

/* What an edge needs of the one at its other end: states, then answers if `answers`, then each one's participation if
 * there is one lane and `each`. Returns how many arrays. */
#define NEEDED_MAX (THRONG_WORLD_COLUMNS_MAX + THRONG_WORLD_MESSAGES_MAX + 1)

static int what_is_needed(const throng_i_step_job *job, bool answers, const double *each,
                          const double *needed[NEEDED_MAX]) {
    const throng_world *world = job->passage->simulation->world;
    int n = 0;
    for (int c = 0; c < world->n_columns; c++)
        needed[n++] = shown(job)[c];
    for (int m = 0; answers && m < world->n_messages; m++)
        needed[n++] = job->passage->answer[m];
    if (each)
        needed[n++] = each;
    return n;
}

static double weight_of(const throng_adjacency *along, int64_t edge) {
    return along->weights ? along->weights[edge] : 1.0;
}

/* @param rows [n][a block's slots] */
static void rows_of(double (*rows)[THRONG_I_SLOTS + 8], int n, double **out) {
    for (int r = 0; r < n; r++)
        out[r] = rows[r];
}

/* rows[whom] += numbers of each edge, lane by lane, times what is not NULL of factor [lanes], weight [edges] and of
 * [slots]. Edges of one agent follow each other: its sum stays in a register. */
THRONG_I_ALWAYS void add_up(const int lanes, const queue *self, const double *factor, const double *weight,
                            const double *of, const double *numbers, double *rows) {
    const int groups = (lanes + 3) / 4;
    for (int64_t e = 0; e < self->edges;) {
        int32_t whom = self->whom[e];
        double *row = rows + whom * (int64_t)lanes;
        throng_i_four sum[2];
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
            sum[g] = throng_i_load(row + 4 * g, lanes);
        do {
#pragma GCC unroll 2
            for (int g = 0; g < groups; g++) {
                throng_i_four more = throng_i_load(numbers + e * lanes + 4 * g, lanes);
                if (of)
                    more *= throng_i_load(of + e * lanes + 4 * g, lanes);
                if (weight)
                    more *= weight[e];
                if (factor)
                    more *= throng_i_load(factor + 4 * g, lanes);
                sum[g] += more;
            }
        } while (++e < self->edges && self->whom[e] == whom);
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
            throng_i_store(row + 4 * g, sum[g], lanes);
    }
}

static void adjoint_queue(queue *self, int lanes) {
    const throng_world *world = self->job->passage->simulation->world;
    double *message[THRONG_WORLD_MESSAGES_MAX], *one[THRONG_WORLD_COLUMNS_MAX], *other[THRONG_WORLD_COLUMNS_MAX];
    const double *of[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, world->n_messages, message);
    rows_of(self->self_back, world->n_columns, one);
    rows_of(self->other_back, world->n_columns, other);
    self->pairs.n = self->edges * lanes;
    for (int m = 0; m < THRONG_WORLD_MESSAGES_MAX; m++)
        of[m] = self->of[m];
    world->pair_adjoint(&self->pairs, of, message, one, other);
}

/* ---- hearing --------------------------------------------------------------------------------------------------- */

/* What agents hear in message m moves so much with column c of their own: [slots] of the passage. */
static double *own_slope(const throng_i_step_job *job, int m, int c) {
    const throng_simulation *simulation = job->passage->simulation;
    return job->slope + (m * simulation->world->n_columns + c) * job->passage->slots;
}

/* Messages, and what is recorded of their slopes: by the adjoint, one message at a time. */
THRONG_I_ALWAYS void hear_slopes(const int lanes, queue *self, const throng_i_block *block) {
    const throng_world *world = self->job->passage->simulation->world;
    for (int m = 0; m < world->n_messages; m++) {
        for (int other = 0; other < world->n_messages; other++)
            for (int64_t e = 0; e < self->edges; e++)
#pragma GCC unroll 8
                for (int l = 0; l < lanes; l++)
                    self->of[other][e * lanes + l] = other == m ? self->weight[e] : 0.0;
        adjoint_queue(self, lanes);
        for (int c = 0; c < world->n_columns; c++)
            add_up(lanes, self, NULL, NULL, NULL, self->self_back[c],
                   own_slope(self->job, m, c) + block->begin * lanes);
    }
}

THRONG_I_ALWAYS void hear_queue(const int lanes, queue *self, throng_i_block *block) {
    const throng_world *world = self->job->passage->simulation->world;
    double *message[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, world->n_messages, message);
    self->pairs.n = self->edges * lanes;
    if (self->job->slope)
        hear_slopes(lanes, self, block);
    else
        world->pair(&self->pairs, message);
    for (int m = 0; m < world->n_messages; m++)
        add_up(lanes, self, NULL, self->weight, NULL, message[m], block->heard[m]);
    self->edges = 0;
}

/* numbers *= what is heard is divided by and how loud everybody in the lane is */
THRONG_I_ALWAYS void divide_heard(const int lanes, const throng_i_block *block, const double *loudness,
                                  const double *lane, double *numbers) {
    for (int64_t i = block->begin; i < block->end; i++)
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            numbers[(i - block->begin) * lanes + l] *= (loudness ? loudness[i] : 1.0) * lane[l];
}

THRONG_I_ALWAYS void hear_pairs(const int lanes, const throng_i_step_job *job, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    const throng_adjacency *in = &simulation->in;
    int n_columns = simulation->world->n_columns;
    const double *each = passage->influence ? passage->part.each : NULL, *needed[NEEDED_MAX];
    int n_needed = what_is_needed(job, false, each, needed);
    queue pairs;
    queue_init(&pairs, job);
    for (int m = 0; m < simulation->world->n_messages; m++) {
        memset(block->heard[m], 0, (size_t)block->slots.n * sizeof(double));
        for (int c = 0; job->slope && c < n_columns; c++)
            memset(own_slope(job, m, c) + block->begin * lanes, 0, (size_t)block->slots.n * sizeof(double));
    }
    for (int64_t i = block->begin; i < block->end; i++)
        for (int64_t e = in->offsets[i]; e < in->offsets[i + 1]; e++) {
            int64_t j = in->neighbours[e];
            fetch(lanes, in, simulation->in_edges, e, n_needed, needed);
            push(lanes, &pairs, n_columns, i, j, i - block->begin, weight_of(in, e) * (each ? each[j] : 1.0));
            if (is_full(lanes, &pairs))
                hear_queue(lanes, &pairs, block);
        }
    if (pairs.edges > 0)
        hear_queue(lanes, &pairs, block);
    const double *lane = passage->influence && !each ? passage->part.lane : ones;
    for (int m = 0; m < simulation->world->n_messages; m++) {
        if (simulation->loudness)
            divide_heard(lanes, block, simulation->loudness, lane, block->heard[m]);
        else
            divide_heard(lanes, block, NULL, lane, block->heard[m]);
        for (int c = 0; job->slope && c < n_columns; c++) /* answers are divided already */
            divide_heard(lanes, block, NULL, lane, own_slope(job, m, c) + block->begin * lanes);
    }
}

THRONG_WIDE static void hear_lanes(const throng_i_step_job *job, throng_i_block *block) {
    THRONG_I_WITH_LANES(job->passage->part.lanes, hear_pairs, job, block);
}

void throng_i_pairs_hear(const throng_i_step_job *job, throng_i_block *block) {
    hear_lanes(job, block);
}

/* ---- back ------------------------------------------------------------------------------------------------------ */

/* of = weight * what the hearer answers */
THRONG_I_ALWAYS void push_answers(const int lanes, queue *self, int64_t hearer, double weight) {
    const throng_i_passage *passage = self->job->passage;
    for (int m = 0; m < passage->simulation->world->n_messages; m++) {
        const double *answer = passage->answer[m] + hearer * lanes;
        double *of = self->of[m] + self->edges * lanes;
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            of[l] = weight * answer[l];
    }
}

THRONG_WIDE static void back_self(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_world *world = job->passage->simulation->world;
    int lanes = job->passage->part.lanes;
    for (int m = 0; m < world->n_messages; m++)
        for (int c = 0; c < world->n_columns; c++) {
            const double *answer = job->passage->answer[m], *slope = own_slope(job, m, c);
            double *of = job->of[c];
            THRONG_APART
            for (int64_t k = begin * lanes; k < end * lanes; k++)
                of[k] += answer[k] * slope[k];
        }
}

void throng_i_pairs_back_self(const throng_i_step_job *job, int64_t begin, int64_t end) {
    back_self(job, begin, end);
}

/* weight * answer * message is what the speaker's participation moves; its loudness times the adjoint is what its state
 * moves. @param moved [messages][slots of the block] */
THRONG_I_ALWAYS void back_other_queue(const int lanes, queue *self, int64_t begin, const double *lane,
                                      double *const *moved) {
    const throng_world *world = self->job->passage->simulation->world;
    const double *each = self->job->passage->influence ? self->job->passage->part.each : NULL;
    adjoint_queue(self, lanes);
    for (int c = 0; c < world->n_columns; c++) {
        for (int64_t e = 0; each && e < self->edges; e++) /* one lane */
            self->other_back[c][e] *= each[begin + self->whom[e]];
        add_up(lanes, self, lane, NULL, NULL, self->other_back[c], self->job->of[c] + begin * lanes);
    }
    for (int m = 0; m < world->n_messages; m++)
        add_up(lanes, self, NULL, NULL, self->of[m], self->message[m], moved[m]);
    self->edges = 0;
}

THRONG_I_ALWAYS void back_other(const int lanes, const throng_i_step_job *job, int64_t begin, int64_t end,
                                double *const *moved) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    const throng_adjacency *out = &simulation->out;
    int n_columns = simulation->world->n_columns;
    const double *lane = passage->influence && !passage->part.each ? passage->part.lane : ones;
    const double *needed[NEEDED_MAX];
    int n_needed = what_is_needed(job, true, NULL, needed);
    queue pairs;
    queue_init(&pairs, job);
    for (int64_t j = begin; j < end; j++)
        for (int64_t e = out->offsets[j]; e < out->offsets[j + 1]; e++) {
            int64_t i = out->neighbours[e];
            fetch(lanes, out, simulation->out_edges, e, n_needed, needed);
            push_answers(lanes, &pairs, i, weight_of(out, e));
            push(lanes, &pairs, n_columns, i, j, j - begin, 0.0);
            if (is_full(lanes, &pairs))
                back_other_queue(lanes, &pairs, begin, lane, moved);
        }
    if (pairs.edges > 0)
        back_other_queue(lanes, &pairs, begin, lane, moved);
}

THRONG_WIDE static void back_other_lanes(const throng_i_step_job *job, int64_t begin, int64_t end,
                                         double *const *moved) {
    THRONG_I_WITH_LANES(job->passage->part.lanes, back_other, job, begin, end, moved);
}

void throng_i_pairs_back_other(const throng_i_step_job *job, int64_t begin, int64_t end, double *const *moved) {
    back_other_lanes(job, begin, end, moved);
}
