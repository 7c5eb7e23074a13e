/* Worlds in which what is heard depends on both: edges are laid out as pairs of slots, and the world's function sees
 * long arrays of them. */
#include "world/passage.h"

#include <string.h>

/* Pairs waiting for the world's function. */
typedef struct queue {
    throng_pairs pairs;
    int64_t edges;
    double self[THRONG_WORLD_COLUMNS_MAX][THRONG_I_SLOTS], other[THRONG_WORLD_COLUMNS_MAX][THRONG_I_SLOTS];
    double of[THRONG_WORLD_MESSAGES_MAX][THRONG_I_SLOTS], message[THRONG_WORLD_MESSAGES_MAX][THRONG_I_SLOTS];
    double self_back[THRONG_WORLD_COLUMNS_MAX][THRONG_I_SLOTS], other_back[THRONG_WORLD_COLUMNS_MAX][THRONG_I_SLOTS];
    int64_t whom[THRONG_I_SLOTS]; /* [edges] agent of the block that the edge belongs to */
    double
        weight[THRONG_I_SLOTS]; /* [edges] of the edge, times the participation of who is heard if there is one lane */
} queue;

static void queue_init(queue *self, const throng_i_step_job *job) {
    const throng_simulation *simulation = job->passage->simulation;
    self->edges = 0;
    self->pairs = (throng_pairs){.param = simulation->use.param, .step = job->step};
    for (int c = 0; c < simulation->world->n_columns; c++) {
        self->pairs.self[c] = self->self[c];
        self->pairs.other[c] = self->other[c];
    }
}

/* Lays out one edge: `hearer` hears `speaker`; whom is the one of the two that belongs to the block. */
static void push(queue *self, const throng_i_step_job *job, int64_t hearer, int64_t speaker, int64_t whom,
                 double weight) {
    int lanes = job->passage->part.lanes;
    int64_t at = self->edges * lanes;
    for (int c = 0; c < job->passage->simulation->world->n_columns; c++)
        for (int l = 0; l < lanes; l++) {
            self->self[c][at + l] = job->state[c][hearer * lanes + l];
            self->other[c][at + l] = job->state[c][speaker * lanes + l];
        }
    self->whom[self->edges] = whom;
    self->weight[self->edges] = weight;
    self->edges++;
    self->pairs.n = self->edges * lanes;
}

static bool is_full(const queue *self, const throng_i_step_job *job) {
    return (self->edges + 1) * job->passage->part.lanes > THRONG_I_SLOTS;
}

static double weight_of(const throng_adjacency *along, int64_t edge) {
    return along->weights ? along->weights[edge] : 1.0;
}

static void rows_of(double (*rows)[THRONG_I_SLOTS], double *out[THRONG_WORLD_MESSAGES_MAX]) {
    for (int r = 0; r < THRONG_WORLD_MESSAGES_MAX; r++)
        out[r] = rows[r];
}

/* ---- hearing --------------------------------------------------------------------------------------------------- */

static void hear_queue(queue *self, const throng_i_step_job *job, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes;
    double *message[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, message);
    passage->simulation->world->pair(&self->pairs, message);
    for (int m = 0; m < passage->simulation->world->n_messages; m++)
        for (int64_t e = 0; e < self->edges; e++) {
            double *heard = block->heard[m] + (self->whom[e] - block->begin) * lanes;
            for (int l = 0; l < lanes; l++)
                heard[l] += self->weight[e] * self->message[m][e * lanes + l];
        }
    self->edges = 0;
}

void throng_i_pairs_hear(const throng_i_step_job *job, throng_i_block *block) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes, n_messages = simulation->world->n_messages;
    const double *each = passage->influence ? passage->part.each : NULL;
    queue pairs;
    queue_init(&pairs, job);
    for (int m = 0; m < n_messages; m++)
        memset(block->heard[m], 0, (size_t)block->slots.n * sizeof(double));
    for (int64_t i = block->begin; i < block->end; i++)
        for (int64_t e = simulation->in.offsets[i]; e < simulation->in.offsets[i + 1]; e++) {
            int64_t j = simulation->in.neighbours[e];
            push(&pairs, job, i, j, i, weight_of(&simulation->in, e) * (each ? each[j] : 1.0));
            if (is_full(&pairs, job))
                hear_queue(&pairs, job, block);
        }
    if (pairs.edges > 0)
        hear_queue(&pairs, job, block);
    for (int m = 0; m < n_messages; m++)
        for (int64_t k = 0; k < block->slots.n; k++) {
            double whole = simulation->loudness ? simulation->loudness[block->begin + k / lanes] : 1.0;
            block->heard[m][k] *= passage->influence && !each ? whole * passage->part.lane[k % lanes] : whole;
        }
}

/* ---- back ------------------------------------------------------------------------------------------------------ */

static void adjoint_queue(queue *self, const throng_i_step_job *job) {
    const throng_world *world = job->passage->simulation->world;
    double *message[THRONG_WORLD_MESSAGES_MAX], *one[THRONG_WORLD_MESSAGES_MAX], *other[THRONG_WORLD_MESSAGES_MAX];
    const double *of[THRONG_WORLD_MESSAGES_MAX];
    rows_of(self->message, message);
    rows_of(self->self_back, one);
    rows_of(self->other_back, other);
    for (int m = 0; m < THRONG_WORLD_MESSAGES_MAX; m++)
        of[m] = self->of[m];
    for (int c = 0; c < world->n_columns; c++) {
        memset(self->self_back[c], 0, (size_t)self->pairs.n * sizeof(double));
        memset(self->other_back[c], 0, (size_t)self->pairs.n * sizeof(double));
    }
    world->pair_adjoint(&self->pairs, of, message, one, other);
}

static void back_self_queue(queue *self, const throng_i_step_job *job) {
    int lanes = job->passage->part.lanes;
    adjoint_queue(self, job);
    for (int c = 0; c < job->passage->simulation->world->n_columns; c++)
        for (int64_t e = 0; e < self->edges; e++)
            for (int l = 0; l < lanes; l++)
                job->back[c][self->whom[e] * lanes + l] += self->self_back[c][e * lanes + l];
    self->edges = 0;
}

void throng_i_pairs_back_self(const throng_i_step_job *job, const throng_i_block *block, const throng_i_rows answer) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    queue pairs;
    queue_init(&pairs, job);
    for (int64_t i = block->begin; i < block->end; i++)
        for (int64_t e = simulation->in.offsets[i]; e < simulation->in.offsets[i + 1]; e++) {
            int64_t j = simulation->in.neighbours[e], at = pairs.edges * lanes;
            double w = weight_of(&simulation->in, e);
            for (int m = 0; m < simulation->world->n_messages; m++)
                for (int l = 0; l < lanes; l++)
                    pairs.of[m][at + l] = w * throng_i_loud(passage, j, l) * answer[m][(i - block->begin) * lanes + l];
            push(&pairs, job, i, j, i, w);
            if (is_full(&pairs, job))
                back_self_queue(&pairs, job);
        }
    if (pairs.edges > 0)
        back_self_queue(&pairs, job);
}

/* An edge's part: weight * answer * message is what the speaker's participation moves; its loudness times the adjoint
 * is what its state moves. */
static void back_other_queue(queue *self, const throng_i_step_job *job) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    adjoint_queue(self, job);
    for (int64_t e = 0; e < self->edges; e++) {
        int64_t j = self->whom[e];
        for (int l = 0; l < lanes; l++) {
            double loud = throng_i_loud(passage, j, l), moved = 0.0;
            for (int c = 0; c < world->n_columns; c++)
                job->back[c][j * lanes + l] += loud * self->other_back[c][e * lanes + l];
            for (int m = 0; m < world->n_messages; m++)
                moved += self->of[m][e * lanes + l] * self->message[m][e * lanes + l];
            if (passage->influence)
                job->credit[j] += job->weight[l] * moved;
        }
    }
    self->edges = 0;
}

void throng_i_pairs_back_other(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    queue pairs;
    queue_init(&pairs, job);
    for (int64_t j = begin; j < end; j++)
        for (int64_t e = simulation->out.offsets[j]; e < simulation->out.offsets[j + 1]; e++) {
            int64_t i = simulation->out.neighbours[e], at = pairs.edges * lanes;
            double w = weight_of(&simulation->out, e);
            for (int m = 0; m < simulation->world->n_messages; m++)
                for (int l = 0; l < lanes; l++)
                    pairs.of[m][at + l] = w * passage->answer[m][i * lanes + l];
            push(&pairs, job, i, j, j, w);
            if (is_full(&pairs, job))
                back_other_queue(&pairs, job);
        }
    if (pairs.edges > 0)
        back_other_queue(&pairs, job);
}
