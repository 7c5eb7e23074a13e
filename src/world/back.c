/* A step back: from how much a result moves with the next states to how much it moves with these, and with taking part.
 */
#include "world/passage.h"

#include "throng/math.h"

#include <string.h>

/* The lanes of one agent, added up by the nodes' weights. */
THRONG_I_ALWAYS double weigh(const int lanes, const double *of, const double *weight) {
    double sum = 0.0;
#pragma GCC unroll 8
    for (int l = 0; l < lanes; l++)
        sum += weight[l] * of[l];
    return sum;
}

/* ---- first half: each agent's move, and what it heard ----------------------------------------------------------- */

/* credit += what moving the innate does: d innate / d alpha = x - b */
THRONG_I_ALWAYS void add_innate(const int lanes, const double *state, const double *baseline, const double *of,
                                const double *weight, int64_t n, double *credit) {
    for (int64_t i = 0; i < n; i++)
        credit[i] += (state[i] - (baseline ? baseline[i] : 0.0)) * weigh(lanes, of + i * lanes, weight);
}

/* @param x [n] what agents come with */
THRONG_WIDE static void credit_innate(const throng_i_passage *passage, const double *x, int64_t begin, int64_t end,
                                      const double *of, const double *weight, double *credit) {
    const double *state = x + begin, *baseline = passage->simulation->baseline;
    if (baseline)
        THRONG_I_WITH_LANES(passage->part.lanes, add_innate, state, baseline + begin, of, weight, end - begin,
                            credit + begin);
    else
        THRONG_I_WITH_LANES(passage->part.lanes, add_innate, state, NULL, of, weight, end - begin, credit + begin);
}

/* answer *= each agent's factor */
THRONG_I_ALWAYS void divide(const int lanes, const double *loudness, int64_t n, double *answer) {
    for (int64_t i = 0; i < n; i++)
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            answer[i * lanes + l] *= loudness[i];
}

/* Answers are divided as what was heard. */
THRONG_WIDE static void divide_answers(const throng_i_passage *passage, int64_t begin, int64_t end) {
    const throng_simulation *simulation = passage->simulation;
    int lanes = passage->part.lanes;
    for (int m = 0; m < simulation->world->n_messages; m++) {
        double *answer = passage->answer[m];
        if (throng_i_is_public(simulation->world, m)) {
            double scale = throng_i_hearing_scale(simulation, m, begin);
            for (int64_t k = begin * lanes; k < end * lanes; k++)
                answer[k] *= scale;
        } else if (simulation->loudness)
            THRONG_I_WITH_LANES(lanes, divide, simulation->loudness + begin, end - begin, answer + begin * lanes);
    }
}

/* absent = the lanes' answers to who was there, which are credit and nothing else: so they travel added up. */
THRONG_I_ALWAYS void add_absent(const int lanes, const double *loudness, const double *present, const double *weight,
                                int64_t n, double *absent) {
    for (int64_t i = 0; i < n; i++)
        absent[i] = (loudness ? loudness[i] : 1.0) * weigh(lanes, present + i * lanes, weight);
}

THRONG_WIDE static void set_absent(const throng_i_passage *passage, const double *present, const double *weight,
                                   int64_t begin, int64_t end) {
    const double *loudness = passage->simulation->loudness;
    if (loudness)
        THRONG_I_WITH_LANES(passage->part.lanes, add_absent, loudness + begin, present, weight, end - begin,
                            passage->absent + begin);
    else
        THRONG_I_WITH_LANES(passage->part.lanes, add_absent, NULL, present, weight, end - begin,
                            passage->absent + begin);
}

THRONG_WIDE static bool is_any(const double *numbers, int64_t n) {
    int64_t found = 0;
    for (int64_t k = 0; k < n; k++)
        found += numbers[k] != 0.0;
    return found > 0;
}

static void back_block(const throng_i_step_job *job, int64_t begin, int64_t end) {
    throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int64_t first = begin * passage->part.lanes;
    throng_i_block block;
    throng_i_column_rows of;
    throng_i_rows action;
    double present[THRONG_I_SLOTS], innate[THRONG_I_SLOTS];
    throng_slots_adjoint adjoint = {.innate = innate};
    throng_i_block_init(job, begin, end, &block);
    throng_i_block_hear(job, !(world->flags & THRONG_WORLD_DEAF_ADJOINT), &block);
    throng_i_block_decide(job, &block);
    size_t bytes = (size_t)block.slots.n * sizeof(double);
    for (int c = 0; c < world->n_columns; c++) {
        block.slots.next[c] = job->led[c] + first;
        memcpy(of[c], job->of[c] + first, bytes);
        adjoint.of[c] = of[c];
        adjoint.state[c] = job->of[c] + first;
        memset(adjoint.state[c], 0, bytes);
    }
    for (int m = 0; m < world->n_messages; m++) {
        adjoint.heard[m] = passage->answer[m] + first;
        memset(adjoint.heard[m], 0, bytes);
    }
    adjoint.present = present;
    memset(adjoint.present, 0, bytes);
    memset(innate, 0, bytes);
    for (int a = 0; a < world->n_actions; a++)
        adjoint.action[a] = memset(action[a], 0, bytes);
    world->move_adjoint(&block.slots, &adjoint);
    throng_i_block_decide_back(job, &block, &adjoint);
    if (!passage->influence)
        credit_innate(passage, throng_i_came_with(passage->simulation, job->step), begin, end, innate, job->weight,
                      job->credit);
    divide_answers(passage, begin, end);
    if (passage->absent)
        set_absent(passage, present, job->weight, begin, end);
    if (passage->absent && !passage->missed && is_any(passage->absent + begin, end - begin))
        passage->missed = true;
    if (world->pair)
        throng_i_pairs_back_self(job, begin, end);
}

/* ---- second half: each agent as the one whom others hear -------------------------------------------------------- */

/* What the others' answers to the block's agents add up to: sum over out-edges, or over everybody if all hear it. */
static void gather(const throng_i_passage *passage, int row, int lanes, const double *source, int64_t begin,
                   int64_t end, double *out) {
    const throng_simulation *simulation = passage->simulation;
    if (!simulation->complete && !throng_i_is_public(simulation->world, row)) {
        throng_i_listening listening = {simulation->out, simulation->out_edges, lanes, source, NULL, NULL};
        throng_i_hear(&listening, begin, end, out);
        return;
    }
    for (int64_t i = 0; i < end - begin; i++)
        memcpy(out + i * lanes, passage->answers + row * passage->part.lanes, (size_t)lanes * sizeof *out);
}

THRONG_I_ALWAYS void add_moved(const int lanes, const double *moved, const double *weight, int64_t n, double *credit) {
    for (int64_t i = 0; i < n; i++)
        credit[i] += weigh(lanes, moved + i * lanes, weight);
}

THRONG_WIDE static void add_credit(const throng_i_passage *passage, const double *moved, const double *weight,
                                   int64_t begin, int64_t end, double *credit) {
    THRONG_I_WITH_LANES(passage->part.lanes, add_moved, moved, weight, end - begin, credit + begin);
}

/* The same message by message; being there counts with the first. */
THRONG_WIDE static void credit_apart(const throng_i_step_job *job, int64_t begin, int64_t end,
                                     const throng_i_rows answer, const double *absent) {
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes;
    double moved[THRONG_I_SLOTS];
    for (int m = 0; m < passage->simulation->world->n_messages; m++) {
        const double *message = throng_i_message(job, m) + begin * lanes;
        for (int64_t k = 0; k < (end - begin) * lanes; k++)
            moved[k] = answer[m][k] * message[k];
        add_credit(passage, moved, job->weight, begin, end, passage->apart[m]);
    }
    for (int64_t i = begin; i < end; i++)
        passage->apart[0][i] += absent[i - begin];
}

/* credit += the answers to what the agents said, times it, and the answers to their being there */
THRONG_WIDE static void credit_influence(const throng_i_step_job *job, int64_t begin, int64_t end,
                                         const throng_i_rows answer, const double *absent) {
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes;
    double moved[THRONG_I_SLOTS];
    if (passage->apart)
        credit_apart(job, begin, end, answer, absent);
    memset(moved, 0, (size_t)((end - begin) * lanes) * sizeof *moved);
    for (int m = 0; m < passage->simulation->world->n_messages; m++) {
        const double *message = throng_i_message(job, m) + begin * lanes;
        for (int64_t k = 0; k < (end - begin) * lanes; k++)
            moved[k] += answer[m][k] * message[k];
    }
    add_credit(passage, moved, job->weight, begin, end, job->credit);
    for (int64_t i = begin; i < end; i++)
        job->credit[i] += absent[i - begin];
}

/* answer *= how loud everybody is: part [n] or [lanes], by its strides */
THRONG_I_ALWAYS void quieten(const int lanes, const double *part, int64_t part_stride, int64_t n, double *answer) {
    for (int64_t i = 0; i < n; i++)
#pragma GCC unroll 8
        for (int l = 0; l < lanes; l++)
            answer[i * lanes + l] *= part[i * part_stride + l];
}

/* The messages' part of back: what they moved, times how loud they were. */
THRONG_WIDE static void back_messages(const throng_i_step_job *job, int64_t begin, int64_t end, throng_i_rows answer) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    const double *of[THRONG_WORLD_MESSAGES_MAX] = {NULL}, *each = passage->part.each;
    double *back[THRONG_WORLD_COLUMNS_MAX] = {NULL};
    for (int m = 0; m < world->n_messages; m++) {
        of[m] = answer[m];
        if (passage->influence)
            THRONG_I_WITH_LANES(lanes, quieten, each ? each + begin : passage->part.lane, each ? 1 : 0, end - begin,
                                answer[m]);
    }
    for (int c = 0; c < world->n_columns; c++)
        back[c] = job->of[c] + begin * lanes;
    if (!world->send) {
        for (int64_t k = 0; k < (end - begin) * lanes; k++)
            back[0][k] += of[0][k];
        return;
    }
    throng_i_block block;
    throng_i_block_init(job, begin, end, &block);
    world->send_adjoint(&block.slots, of, back);
}

/* The second half with pair functions; being there counts with the first message. */
static void answer_pairs(const throng_i_step_job *job, int64_t begin, int64_t end, const double *absent) {
    const throng_i_passage *passage = job->passage;
    int n_messages = passage->simulation->world->n_messages;
    bool apart = passage->influence && passage->apart;
    throng_i_rows rows;
    double *moved[THRONG_WORLD_MESSAGES_MAX];
    for (int m = 0; m < n_messages; m++) {
        moved[m] = rows[apart ? m : 0];
        memset(moved[m], 0, (size_t)((end - begin) * passage->part.lanes) * sizeof(double));
    }
    throng_i_pairs_back_other(job, begin, end, moved);
    if (!passage->influence)
        return;
    for (int m = 0; m < (apart ? n_messages : 1); m++) {
        if (apart)
            add_credit(passage, moved[m], job->weight, begin, end, passage->apart[m]);
        add_credit(passage, moved[m], job->weight, begin, end, job->credit);
    }
    for (int64_t i = begin; i < end; i++) {
        if (apart)
            passage->apart[0][i] += absent[i - begin];
        job->credit[i] += absent[i - begin];
    }
}

static void answer_block(const throng_i_step_job *job, int64_t begin, int64_t end) {
    const throng_i_passage *passage = job->passage;
    const throng_world *world = passage->simulation->world;
    int lanes = passage->part.lanes;
    throng_i_rows answer;
    double absent[THRONG_I_SLOTS];
    for (int c = 0; c < world->n_columns; c++)
        throng_i_fetch(job->of[c] + begin * lanes, (end - begin) * lanes);
    if (passage->influence)
        throng_i_fetch(job->credit + begin, end - begin);
    if (passage->influence && passage->missed)
        gather(passage, world->n_messages, 1, passage->absent, begin, end, absent);
    else
        memset(absent, 0, (size_t)(end - begin) * sizeof *absent);
    if (world->pair) {
        answer_pairs(job, begin, end, absent);
        return;
    }
    for (int m = 0; m < world->n_messages; m++)
        gather(passage, m, lanes, passage->answer[m], begin, end, answer[m]);
    if (passage->influence)
        credit_influence(job, begin, end, answer, absent);
    back_messages(job, begin, end, answer);
}

static void add_answers(void *user, throng_chunk chunk, double *sums) {
    const throng_i_step_job *job = user;
    const throng_i_passage *passage = job->passage;
    int lanes = passage->part.lanes, n_messages = passage->simulation->world->n_messages;
    for (int m = 0; m < n_messages; m++)
        for (int64_t i = chunk.begin; i < chunk.end; i++)
            for (int l = 0; l < lanes; l++)
                sums[m * lanes + l] += passage->answer[m][i * lanes + l];
    for (int64_t i = chunk.begin; passage->absent && i < chunk.end; i++)
        sums[n_messages * lanes] += passage->absent[i];
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

/* What others than this rank's share answer, and their states where pair functions look at both. */
static throng_status fetch_answers(const throng_i_step_job *job, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_passage *passage = job->passage;
    const throng_simulation *simulation = passage->simulation;
    const throng_world *world = simulation->world;
    bool missed = passage->missed;
    THRONG_TRY(throng_i_ranks_any(simulation->context, &missed, err));
    passage->missed = missed;
    if (!simulation->answered_by)
        goto out;
    for (int m = 0; m < world->n_messages - world->n_public; m++)
        THRONG_TRY(throng_i_ghosts_fetch(simulation->answered_by, passage->part.lanes, passage->answer[m], err));
    if (missed)
        THRONG_TRY(throng_i_ghosts_fetch(simulation->answered_by, 1, passage->absent, err));
    if (world->pair)
        THRONG_TRY(throng_i_fetch_states(simulation->answered_by, job, err));
out:
    return status;
}

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
                                    const double *const *next, double *slope, double *const *of, const double *weight,
                                    double *credit, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = passage->simulation;
    throng_i_step_job job = {.passage = passage,
                             .step = step,
                             .state = state,
                             .led = next,
                             .slope = slope,
                             .of = of,
                             .weight = weight,
                             .credit = credit};
    passage->missed = false;
    blocks_job first = {&job, back_block}, second = {&job, answer_block};
    THRONG_TRY(throng_i_passage_speak(&job, !(simulation->world->flags & THRONG_WORLD_DEAF_ADJOINT), err));
    THRONG_TRY(throng_i_share_for(simulation->context, simulation->n, blocks_chunk, &first, NULL, err));
    if (simulation->world->n_messages == 0)
        goto out;
    if (throng_i_adds_up(simulation))
        THRONG_TRY(throng_i_share_sum(simulation->context, simulation->n,
                                      (simulation->world->n_messages + 1) * passage->part.lanes, add_answers, &job,
                                      NULL, passage->answers, err));
    THRONG_TRY(fetch_answers(&job, err));
    THRONG_TRY(throng_i_share_for(simulation->context, simulation->n, blocks_chunk, &second, NULL, err));
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
    credit_innate(job->passage, job->passage->simulation->state, chunk.begin, chunk.end,
                  job->of + chunk.begin * job->passage->part.lanes, job->weight, job->credit);
}

throng_status throng_i_passage_back_start(const throng_i_passage *passage, const double *const *of,
                                          const double *weight, double *credit, throng_error *err) {
    start_job job = {passage, of[0], weight, credit};
    if (passage->influence)
        return THRONG_OK;
    return throng_i_share_for(passage->simulation->context, passage->simulation->n, start_chunk, &job, NULL, err);
}
