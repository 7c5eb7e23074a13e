/* A step back: from how much a result moves with the next states to how much it moves with these, and with taking part.
 */
#include "world/passage.h"

#include <string.h>

/* ---- first half: each agent's move, and what it heard ----------------------------------------------------------- */

/* What the adjoint of move adds to, for one block. */
typedef struct move_rows {
    throng_i_rows heard;
    double present[THRONG_I_SLOTS], innate[THRONG_I_SLOTS];
} move_rows;

/* credit of moving what is innate: d innate / d alpha = x - b */
static void credit_innate(const throng_i_passage *passage, int64_t begin, int64_t end, const double *of,
                          const double *weight, double *credit) {
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    for (int64_t i = begin; i < end; i++) {
        double way = simulation->state[i] - (simulation->baseline ? simulation->baseline[i] : 0.0);
        for (int l = 0; l < lanes; l++)
            credit[i] += weight[l] * way * of[(i - begin) * lanes + l];
    }
}

static void keep_answers(const throng_i_step_job *job, const throng_i_block *block, move_rows *rows) {
    throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    int64_t first = block->begin * lanes;
    for (int64_t k = 0; k < block->slots.n; k++) {
        int64_t agent = block->begin + k / lanes;
        for (int m = 0; m < simulation->world->n_messages; m++) {
            rows->heard[m][k] *= throng_i_hearing_scale(simulation, m, agent);
            passage->answer[m][first + k] = rows->heard[m][k];
        }
        if (passage->absent)
            passage->absent[first + k] = rows->present[k] * (simulation->loudness ? simulation->loudness[agent] : 1.0);
    }
}

static void back_block(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    throng_i_block block;
    move_rows rows;
    throng_slots_adjoint adjoint = {.present = rows.present, .innate = rows.innate};
    throng_i_block_init(job, begin, end, true, &block);
    size_t bytes = (size_t)block.slots.n * sizeof(double);
    for (int c = 0; c < world->n_columns; c++) {
        adjoint.of[c] = job->of[c] + begin * lanes;
        adjoint.state[c] = job->back[c] + begin * lanes;
        memset(adjoint.state[c], 0, bytes);
    }
    for (int m = 0; m < world->n_messages; m++) {
        adjoint.heard[m] = rows.heard[m];
        memset(rows.heard[m], 0, bytes);
    }
    memset(rows.present, 0, bytes);
    memset(rows.innate, 0, bytes);
    world->move_adjoint(&block.slots, &adjoint);
    if (!passage->influence)
        credit_innate(passage, begin, end, rows.innate, job->weight, job->credit);
    keep_answers(job, &block, &rows);
    if (world->pair)
        throng_i_pairs_back_self(job, &block, rows.heard);
}

/* ---- second half: each agent as the one whom others hear -------------------------------------------------------- */

/* What the others' answers to the block's agents add up to: sum over out-edges, or over everybody if all hear it. */
static void gather(const throng_i_passage *passage, int row, const double *source, int64_t begin, int64_t end,
                   double *out) {
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    if (!simulation->complete && !throng_i_is_public(simulation->world, row)) {
        throng_i_hear(&simulation->out, lanes, source, NULL, NULL, begin, end, out);
        return;
    }
    for (int64_t k = 0; k < (end - begin) * lanes; k++)
        out[k] = passage->answers[row * lanes + k % lanes];
}

static void credit_influence(const throng_i_step_job *job, int64_t begin, int64_t end, const throng_i_rows answer,
                             const double *absent) {
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes, n_messages = passage->simulation->world->n_messages;
    for (int64_t j = begin; j < end; j++)
        for (int l = 0; l < lanes; l++) {
            int64_t k = (j - begin) * lanes + l;
            double moved = absent[k];
            for (int m = 0; m < n_messages; m++)
                moved += answer[m][k] * throng_i_message(job, m)[j * lanes + l];
            job->credit[j] += job->weight[l] * moved;
        }
}

/* The messages' part of back: what they moved, times how loud they were. */
static void back_messages(const throng_i_step_job *job, int64_t begin, int64_t end, throng_i_rows answer) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    const double *of[THRONG_WORLD_MESSAGES_MAX] = {NULL};
    double *back[THRONG_WORLD_COLUMNS_MAX] = {NULL};
    for (int m = 0; m < world->n_messages; m++) {
        of[m] = answer[m];
        for (int64_t k = 0; k < (end - begin) * lanes; k++)
            answer[m][k] *= throng_i_loud(passage, begin + k / lanes, (int)(k % lanes));
    }
    for (int c = 0; c < world->n_columns; c++)
        back[c] = job->back[c] + begin * lanes;
    if (!world->send) {
        for (int64_t k = 0; k < (end - begin) * lanes; k++)
            back[0][k] += answer[0][k];
        return;
    }
    throng_i_block block;
    throng_i_block_init(job, begin, end, false, &block);
    world->send_adjoint(&block.slots, of, back);
}

static void answer_block(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    throng_i_rows answer;
    double absent[THRONG_I_SLOTS];
    if (passage->influence) {
        gather(passage, world->n_messages, passage->absent, begin, end, absent);
        if (world->pair) /* whose messages are credited edge by edge */
            for (int64_t j = begin; j < end; j++)
                for (int l = 0; l < passage->part.lanes; l++)
                    job->credit[j] += job->weight[l] * absent[(j - begin) * passage->part.lanes + l];
    }
    if (world->pair) {
        throng_i_pairs_back_other(job, begin, end);
        return;
    }
    for (int m = 0; m < world->n_messages; m++)
        gather(passage, m, passage->answer[m], begin, end, answer[m]);
    if (passage->influence)
        credit_influence(job, begin, end, answer, absent);
    back_messages(job, begin, end, answer);
}

static void add_answers(void *user, throng_chunk chunk, double *sums) {
    const throng_i_step_job *job = user;
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes, n_messages = passage->simulation->world->n_messages;
    for (int m = 0; m <= n_messages; m++) {
        const double *source = m < n_messages ? passage->answer[m] : passage->absent;
        for (int64_t k = chunk.begin * lanes; source && k < chunk.end * lanes; k++)
            sums[m * lanes + k % lanes] += source[k];
    }
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

typedef void (*block_fn)(const throng_i_step_job *job, int64_t begin, int64_t end);

typedef struct blocks_job {
    throng_i_step_job *job;
    block_fn body;
} blocks_job;

static void blocks_chunk(void *user, throng_chunk chunk) {
    const blocks_job *blocks = user;
    int64_t most = THRONG_I_SLOTS / blocks->job->passage->part.lanes;
    for (int64_t at = chunk.begin; at < chunk.end; at += most)
        blocks->body(blocks->job, at, at + most < chunk.end ? at + most : chunk.end);
}

throng_status throng_i_passage_back(throng_i_passage *passage, int64_t step, const double *const *state,
                                    const double *const *of, double *const *back, const double *weight, double *credit,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = passage->simulation;
    throng_i_step_job job = {
        .passage = passage, .step = step, .state = state, .of = of, .back = back, .weight = weight, .credit = credit};
    blocks_job first = {&job, back_block}, second = {&job, answer_block};
    THRONG_TRY(throng_i_passage_speak(&job, err));
    THRONG_TRY(throng_chunks_for(simulation->context, simulation->n, blocks_chunk, &first, NULL, err));
    if (simulation->world->n_messages == 0)
        goto out;
    if (throng_i_adds_up(simulation))
        THRONG_TRY(throng_i_sum_over(simulation->context, simulation->n,
                                     (simulation->world->n_messages + 1) * passage->part.lanes, add_answers, &job, NULL,
                                     passage->answers, err));
    THRONG_TRY(throng_chunks_for(simulation->context, simulation->n, blocks_chunk, &second, NULL, err));
out:
    return status;
}

typedef struct start_job {
    const throng_i_passage *passage;
    const double *of, *weight;
    double *credit;
} start_job;

static void start_chunk(void *user, throng_chunk chunk) {
    const start_job *job = user;
    credit_innate(job->passage, chunk.begin, chunk.end, job->of + chunk.begin * job->passage->part.lanes, job->weight,
                  job->credit);
}

throng_status throng_i_passage_back_start(const throng_i_passage *passage, const double *const *of,
                                          const double *weight, double *credit, throng_error *err) {
    start_job job = {passage, of[0], weight, credit};
    if (passage->influence)
        return THRONG_OK;
    return throng_chunks_for(passage->simulation->context, passage->simulation->n, start_chunk, &job, NULL, err);
}
