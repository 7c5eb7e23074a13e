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

/* Numbers that are added, and copies that are laid out, at a time in one lane. How many edges an agent has is what the
 * processor cannot guess; up to so many, it need not. */
#define WIDE 8

/* Edges whose pairs the world's function sees at once: those of some agents in a row, of the first and the last one
 * maybe only a part. */
typedef struct stretch {
    const throng_i_step_job *job;
    const throng_adjacency *along;
    int64_t begin;             /* the block's first agent */
    int64_t agent, first, end; /* whose the first edge is; places of the edges, first..end - 1 */
    throng_pairs pairs;
    LINE throng_i_column_rows self, other;
    LINE throng_i_rows of, message;
    LINE throng_i_column_rows self_back, other_back;
    LINE double weight[THRONG_I_SLOTS + WIDE]; /* of each edge */
} stretch;

static const double ones[THRONG_I_LANES_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

/* The states of everybody whom this rank's agents meet. */
static const double *const *shown(const throng_i_step_job *job) {
    return job->passage->shown[0] ? (const double *const *)job->passage->shown : job->state;
}

static void stretch_init(stretch *self, const throng_i_step_job *job, const throng_adjacency *along, int64_t begin) {
    const throng_simulation *simulation = job->passage->simulation;
    self->job = job;
    self->along = along;
    self->begin = self->agent = begin;
    self->first = self->end = along->offsets[begin];
    self->pairs = (throng_pairs){.param = simulation->use.param, .step = job->step};
    for (int c = 0; c < simulation->world->n_columns; c++) {
        self->pairs.self[c] = self->self[c];
        self->pairs.other[c] = self->other[c];
    }
}

/* Goes on to the next edges, as many as a block holds; false: agents up to `end` have no more. */
THRONG_I_ALWAYS bool go_on(const int lanes, stretch *self, int64_t end) {
    int64_t last = self->along->offsets[end];
    self->first = self->end;
    if (self->first == last)
        return false;
    self->end = last - self->first < THRONG_I_SLOTS / lanes ? last : self->first + THRONG_I_SLOTS / lanes;
    while (self->along->offsets[self->agent + 1] <= self->first)
        self->agent++;
    self->pairs.n = (self->end - self->first) * lanes;
    return true;
}

/* Where an agent's edges end, counted from the first edge of the stretch: so those of the next one begin there. */
THRONG_I_ALWAYS int64_t end_of(const stretch *self, int64_t agent) {
    int64_t end = self->along->offsets[agent + 1];
    return (end < self->end ? end : self->end) - self->first;
}

/* out = the numbers of the agent whose each edge is. In one lane some more behind it are written over. */
THRONG_I_ALWAYS void lay_out_own(const int lanes, const stretch *self, const double *each, double *out) {
    int64_t edges = self->end - self->first;
    for (int64_t from = 0, agent = self->agent; from < edges; agent++) {
        int64_t to = end_of(self, agent);
        for (int64_t e = from; e < to; e += lanes == 1 ? WIDE : 1)
            for (int copy = 0; copy < (lanes == 1 ? WIDE : lanes); copy++)
                out[e * lanes + copy] = each[agent * lanes + (lanes == 1 ? 0 : copy)];
        from = to;
    }
}

/* out = the numbers of the agent at each edge's other end; those that are needed soon are asked for. */
THRONG_I_ALWAYS void lay_out_others(const int lanes, const stretch *self, int64_t edges, const double *each,
                                    double *out) {
    const throng_agent *neighbours = self->along->neighbours;
    for (int64_t e = self->first; e < self->end; e++) {
        THRONG_I_FETCH(each + (int64_t)neighbours[e + AHEAD < edges ? e + AHEAD : e] * lanes);
        memcpy(out + (e - self->first) * lanes, each + (int64_t)neighbours[e] * lanes, (size_t)lanes * sizeof *out);
    }
}

/* What each edge weighs, times the number of the agent at its other end; NULL: all 1. */
static const double *weigh_edges(stretch *self, const double *each) {
    const double *weights = self->along->weights ? self->along->weights + self->first : NULL;
    const throng_agent *neighbours = self->along->neighbours + self->first;
    if (!each)
        return weights;
    for (int64_t e = 0; e < self->end - self->first; e++)
        self->weight[e] = (weights ? weights[e] : 1.0) * each[neighbours[e]];
    return self->weight;
}

/* @param rows [n][a block's slots] */
static void rows_of(double (*rows)[THRONG_I_SLOTS + 8], int n, double **out) {
    for (int r = 0; r < n; r++)
        out[r] = rows[r];
}

/* The numbers of an edge, times what is not NULL of of [slots], weight [edges] and factor [lanes]. */
THRONG_I_ALWAYS throng_i_four product(const int lanes, int64_t edge, int group, const double *factor,
                                      const double *weight, const double *of, const double *numbers) {
    throng_i_four out = throng_i_load(numbers + edge * lanes + 4 * group, lanes);
    if (of)
        out *= throng_i_load(of + edge * lanes + 4 * group, lanes);
    if (weight)
        out *= weight[edge];
    if (factor)
        out *= throng_i_load(factor + 4 * group, lanes);
    return out;
}

/* rows[agent of the block] += the product of each edge, lane by lane and edge by edge. */
THRONG_I_ALWAYS void add_lanes(const int lanes, const stretch *self, const double *factor, const double *weight,
                               const double *of, const double *numbers, double *rows) {
    const int groups = (lanes + 3) / 4;
    int64_t edges = self->end - self->first;
    for (int64_t from = 0, agent = self->agent; from < edges; agent++) {
        int64_t to = end_of(self, agent);
        double *row = rows + (agent - self->begin) * lanes;
        throng_i_four sum[2];
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
            sum[g] = throng_i_load(row + 4 * g, lanes);
        for (; from < to; from++)
#pragma GCC unroll 2
            for (int g = 0; g < groups; g++)
                sum[g] += product(lanes, from, g, factor, weight, of, numbers);
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++)
            throng_i_store(row + 4 * g, sum[g], lanes);
    }
}

/* The same in one lane. What is added beyond an agent's edges is -0, which changes no number. */
THRONG_I_ALWAYS void add_one_lane(const stretch *self, const double *factor, const double *weight, const double *of,
                                  const double *numbers, double *rows) {
    double term[THRONG_I_SLOTS + WIDE];
    int64_t edges = self->end - self->first;
    double times = factor ? factor[0] : 1.0;
    for (int64_t e = 0; e < edges; e++)
        term[e] = numbers[e] * (of ? of[e] : 1.0) * (weight ? weight[e] : 1.0) * times;
    for (int64_t from = 0, agent = self->agent; from < edges; agent++) {
        int64_t to = end_of(self, agent);
        double sum = rows[agent - self->begin];
        for (; from < to; from += WIDE)
            for (int more = 0; more < WIDE; more++)
                sum += from + more < to ? term[from + more] : -0.0;
        rows[agent - self->begin] = sum;
        from = to;
    }
}

THRONG_I_ALWAYS void add_up(const int lanes, const stretch *self, const double *factor, const double *weight,
                            const double *of, const double *numbers, double *rows) {
    if (lanes == 1)
        add_one_lane(self, factor, weight, of, numbers, rows);
    else
        add_lanes(lanes, self, factor, weight, of, numbers, rows);
}

static void adjoint_pairs(stretch *self) {
    const throng_world *world = self->job->passage->simulation->world;
    double *message[THRONG_WORLD_MESSAGES_MAX], *one[THRONG_WORLD_COLUMNS_MAX], *other[THRONG_WORLD_COLUMNS_MAX];
    const double *of[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, world->n_messages, message);
    rows_of(self->self_back, world->n_columns, one);
    rows_of(self->other_back, world->n_columns, other);
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
THRONG_I_ALWAYS void hear_slopes(const int lanes, stretch *self, const double *weight) {
    const throng_world *world = self->job->passage->simulation->world;
    for (int m = 0; m < world->n_messages; m++) {
        for (int other = 0; other < world->n_messages; other++)
            for (int64_t e = 0; e < self->end - self->first; e++)
#pragma GCC unroll 8
                for (int l = 0; l < lanes; l++)
                    self->of[other][e * lanes + l] = other != m ? 0.0 : weight ? weight[e] : 1.0;
        adjoint_pairs(self);
        for (int c = 0; c < world->n_columns; c++)
            add_up(lanes, self, NULL, NULL, NULL, self->self_back[c], own_slope(self->job, m, c) + self->begin * lanes);
    }
}

THRONG_I_ALWAYS void hear_stretch(const int lanes, stretch *self, const double *each, throng_i_block *block) {
    const throng_simulation *simulation = self->job->passage->simulation;
    const throng_world *world = simulation->world;
    const double *const *state = shown(self->job), *weight = weigh_edges(self, each);
    double *message[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, world->n_messages, message);
    for (int c = 0; c < world->n_columns; c++) {
        lay_out_own(lanes, self, state[c], self->self[c]);
        lay_out_others(lanes, self, simulation->in_edges, state[c], self->other[c]);
    }
    if (self->job->slope)
        hear_slopes(lanes, self, weight);
    else
        world->pair(&self->pairs, message);
    for (int m = 0; m < world->n_messages; m++)
        if (weight)
            add_up(lanes, self, NULL, weight, NULL, message[m], block->heard[m]);
        else
            add_up(lanes, self, NULL, NULL, NULL, message[m], block->heard[m]);
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
    int n_columns = simulation->world->n_columns;
    const double *each = passage->influence ? passage->part.each : NULL;
    stretch pairs;
    stretch_init(&pairs, job, &simulation->in, block->begin);
    for (int m = 0; m < simulation->world->n_messages; m++) {
        memset(block->heard[m], 0, (size_t)block->slots.n * sizeof(double));
        for (int c = 0; job->slope && c < n_columns; c++)
            memset(own_slope(job, m, c) + block->begin * lanes, 0, (size_t)block->slots.n * sizeof(double));
    }
    while (go_on(lanes, &pairs, block->end))
        hear_stretch(lanes, &pairs, each, block);
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
THRONG_I_ALWAYS void lay_out_answers(const int lanes, stretch *self, int64_t edges) {
    const throng_i_passage *passage = self->job->passage;
    const double *weight = weigh_edges(self, NULL);
    for (int m = 0; m < passage->simulation->world->n_messages; m++) {
        double *of = self->of[m];
        lay_out_others(lanes, self, edges, passage->answer[m], of);
        for (int64_t e = 0; weight && e < self->end - self->first; e++)
#pragma GCC unroll 8
            for (int l = 0; l < lanes; l++)
                of[e * lanes + l] *= weight[e];
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
THRONG_I_ALWAYS void back_other_stretch(const int lanes, stretch *self, const double *lane, double *const *moved) {
    const throng_i_passage *passage = self->job->passage;
    const throng_world *world = passage->simulation->world;
    const double *const *state = shown(self->job), *each = passage->influence ? passage->part.each : NULL;
    int64_t edges = passage->simulation->out_edges;
    for (int c = 0; c < world->n_columns; c++) {
        lay_out_others(lanes, self, edges, state[c], self->self[c]);
        lay_out_own(lanes, self, state[c], self->other[c]);
    }
    lay_out_answers(lanes, self, edges);
    adjoint_pairs(self);
    if (each) /* one lane */
        lay_out_own(1, self, each, self->weight);
    for (int c = 0; c < world->n_columns; c++)
        add_up(lanes, self, lane, each ? self->weight : NULL, NULL, self->other_back[c],
               self->job->of[c] + self->begin * lanes);
    for (int m = 0; m < world->n_messages; m++)
        add_up(lanes, self, NULL, NULL, self->of[m], self->message[m], moved[m]);
}

THRONG_I_ALWAYS void back_other(const int lanes, const throng_i_step_job *job, int64_t begin, int64_t end,
                                double *const *moved) {
    const throng_i_passage *passage = job->passage;
    const double *lane = passage->influence && !passage->part.each ? passage->part.lane : ones;
    stretch pairs;
    stretch_init(&pairs, job, &passage->simulation->out, begin);
    while (go_on(lanes, &pairs, end))
        back_other_stretch(lanes, &pairs, lane, moved);
}

THRONG_WIDE static void back_other_lanes(const throng_i_step_job *job, int64_t begin, int64_t end,
                                         double *const *moved) {
    THRONG_I_WITH_LANES(job->passage->part.lanes, back_other, job, begin, end, moved);
}

void throng_i_pairs_back_other(const throng_i_step_job *job, int64_t begin, int64_t end, double *const *moved) {
    back_other_lanes(job, begin, end, moved);
}
