/*
 * Hearing who is near: agents are sorted into square cells no smaller than the radius, so that whoever is heard is in
 * one of nine. Within a cell they stand in their order, and cells are visited in theirs: sums do not depend on threads.
 *
 * What is looked at of an agent lies in the cells' order, too, for nine cells are then three short stretches of memory.
 * Such worlds are not smooth, so nothing here runs in more than one lane.
 */
#include "world/passage.h"

#include <math.h>
#include <string.h>

/* Keeps the draws of places apart from every other use of the same seed. */
#define PLACE_STREAM 0x706c616365ULL

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* Cells have numbers of 31 bits: so many a side are the most. */
#define ACROSS_MAX 46340.0

/* No smaller cells than the radius, and not many more than agents; two a side would be visited twice. */
static int64_t count_across(const throng_simulation *simulation) {
    double fit = floor(simulation->side / simulation->use.param[simulation->world->radius]);
    double enough = ceil(sqrt((double)simulation->n));
    int64_t across = (int64_t)fmin(fit, fmin(enough, ACROSS_MAX));
    return across >= 3 ? across : 1;
}

throng_status throng_i_cells_init(const throng_simulation *simulation, throng_i_cells *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = simulation->context;
    throng_i_cells self = {.across = count_across(simulation)};
    THRONG_TRY(throng_i_alloc(context, self.across * self.across + 1, sizeof *self.first, &self.first, err));
    THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof *self.cell, &self.cell, err));
    THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof *self.who, &self.who, err));
    THRONG_TRY(throng_i_alloc(context, 2 * simulation->n, sizeof *self.at, &self.at, err));
    THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof *self.loud, &self.loud, err));
    THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof *self.present, &self.present, err));
    for (int m = 0; m < simulation->world->n_messages; m++) {
        THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof(double), &self.said[m], err));
        THRONG_TRY(throng_i_alloc(context, simulation->n, sizeof(double), &self.heard[m], err));
    }
    *out = self;
    return THRONG_OK;
out:
    throng_i_cells_clear(context, &self);
    return status;
}

void throng_i_cells_clear(throng_context *context, throng_i_cells *cells) {
    throng_i_free(context, cells->first);
    throng_i_free(context, cells->cell);
    throng_i_free(context, cells->who);
    throng_i_free(context, cells->at);
    throng_i_free(context, cells->loud);
    throng_i_free(context, cells->present);
    for (int m = 0; m < THRONG_WORLD_MESSAGES_MAX; m++) {
        throng_i_free(context, cells->said[m]);
        throng_i_free(context, cells->heard[m]);
    }
    *cells = (throng_i_cells){0};
}

void throng_i_near_start(const throng_i_step_job *job, throng_chunk chunk) {
    const throng_simulation *simulation = job->passage->simulation;
    int place = simulation->world->place;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double uniform[4];
        throng_random_uniforms((throng_random){simulation->def.seed, PLACE_STREAM}, (uint64_t)i, 0, 0, uniform);
        job->next[place][i] = uniform[0] * simulation->side;
        job->next[place + 1][i] = uniform[1] * simulation->side;
    }
}

/* ---- who is where ---------------------------------------------------------------------------------------------- */

static int64_t row_of(const throng_i_cells *cells, double side, double at) {
    int64_t row = (int64_t)(at / side * (double)cells->across);
    return row < cells->across ? row : cells->across - 1;
}

static void place_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_simulation *simulation = job->passage->simulation;
    const throng_i_cells *cells = &job->passage->cells;
    const double *x = job->state[simulation->world->place], *y = job->state[simulation->world->place + 1];
    for (int64_t i = chunk.begin; i < chunk.end; i++)
        cells->cell[i] = (throng_agent)(row_of(cells, simulation->side, y[i]) * cells->across +
                                        row_of(cells, simulation->side, x[i]));
}

static void copy_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_i_passage *passage = job->passage;
    const throng_i_cells *cells = &passage->cells;
    const throng_world *world = passage->simulation->world;
    for (int64_t k = chunk.begin; k < chunk.end; k++) {
        int64_t i = cells->who[k];
        cells->at[2 * k] = job->state[world->place][i];
        cells->at[2 * k + 1] = job->state[world->place + 1][i];
        cells->loud[k] = throng_i_loud(passage, i, 0);
        for (int m = 0; m < world->n_messages; m++)
            cells->said[m][k] = cells->loud[k] * throng_i_message(job, m)[i];
    }
}

/* ---- hearing --------------------------------------------------------------------------------------------------- */

/* An agent that listens, and what it has heard so far. */
typedef struct listener {
    int64_t place;            /* its own, by cell */
    double x, y, side, reach; /* reach: the radius, squared */
    double present, heard[THRONG_WORLD_MESSAGES_MAX];
} listener;

/* How far apart two coordinates are, the short way around. */
static double apart(double a, double b, double side) {
    double d = fabs(a - b), around = side - d;
    return d < around ? d : around; /* fmin would be a call */
}

/* Agents of a cell that are looked at together: who is near is found without branches, for nobody could guess them. */
#define TOGETHER 64

static void hear_some(const throng_i_cells *cells, int n_messages, int64_t begin, int64_t end, listener *it) {
    int64_t near[TOGETHER];
    int n_near = 0;
    for (int64_t k = begin; k < end; k++) {
        double dx = apart(cells->at[2 * k], it->x, it->side), dy = apart(cells->at[2 * k + 1], it->y, it->side);
        near[n_near] = k;
        n_near += (dx * dx + dy * dy <= it->reach) & (k != it->place);
    }
    for (int a = 0; a < n_near; a++) {
        it->present += cells->loud[near[a]];
        for (int m = 0; m < n_messages; m++)
            it->heard[m] += cells->said[m][near[a]];
    }
}

/* All nine cells around, or the only one. */
static void hear_around(const throng_i_cells *cells, int n_messages, int64_t cell, listener *it) {
    int64_t across = cells->across, row = cell / across, column = cell % across, span = across > 1 ? 1 : 0;
    for (int64_t down = -span; down <= span; down++)
        for (int64_t right = -span; right <= span; right++) {
            int64_t other = (row + down + across) % across * across + (column + right + across) % across;
            for (int64_t k = cells->first[other]; k < cells->first[other + 1]; k += TOGETHER)
                hear_some(cells, n_messages, k,
                          k + TOGETHER < cells->first[other + 1] ? k + TOGETHER : cells->first[other + 1], it);
        }
}

/* By cell, so that what an agent looks at was just looked at by its neighbour. */
static void hear_chunk(void *user, throng_chunk chunk) {
    const throng_i_step_job *job = user;
    const throng_simulation *simulation = job->passage->simulation;
    const throng_i_cells *cells = &job->passage->cells;
    double radius = simulation->use.param[simulation->world->radius];
    for (int64_t k = chunk.begin; k < chunk.end; k++) {
        listener it = {.place = k,
                       .x = cells->at[2 * k],
                       .y = cells->at[2 * k + 1],
                       .side = simulation->side,
                       .reach = radius * radius};
        int64_t i = cells->who[k];
        hear_around(cells, simulation->world->n_messages, cells->cell[i], &it);
        cells->present[i] = it.present;
        for (int m = 0; m < simulation->world->n_messages; m++)
            cells->heard[m][i] = it.heard[m];
    }
}

throng_status throng_i_near_find(const throng_i_step_job *job, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_simulation *simulation = job->passage->simulation;
    throng_i_cells *cells = &job->passage->cells;
    int64_t n_cells = cells->across * cells->across, n = simulation->n;
    throng_i_step_job shown = *job;
    THRONG_TRY(throng_chunks_for(simulation->context, n, place_chunk, &shown, NULL, err));
    for (int64_t c = 0; c <= n_cells; c++)
        cells->first[c] = 0;
    for (int64_t i = 0; i < n; i++)
        cells->first[cells->cell[i]]++;
    for (int64_t c = 0, sum = 0; c < n_cells; c++)
        cells->first[c] = sum += cells->first[c]; /* where it ends */
    for (int64_t i = n - 1; i >= 0; i--)
        cells->who[--cells->first[cells->cell[i]]] = (throng_agent)i;
    cells->first[n_cells] = n;
    THRONG_TRY(throng_chunks_for(simulation->context, n, copy_chunk, &shown, NULL, err));
    THRONG_TRY(throng_chunks_for(simulation->context, n, hear_chunk, &shown, NULL, err));
out:
    return status;
}

void throng_i_near_hear(const throng_i_step_job *job, throng_i_block *block) {
    const throng_i_cells *cells = &job->passage->cells;
    size_t bytes = (size_t)(block->end - block->begin) * sizeof(double);
    memcpy(block->present, cells->present + block->begin, bytes);
    for (int m = 0; m < job->passage->simulation->world->n_messages; m++)
        memcpy(block->heard[m], cells->heard[m] + block->begin, bytes);
}
