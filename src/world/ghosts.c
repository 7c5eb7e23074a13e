/*
 * Whose numbers a rank needs of the others: neighbours outside its share, its ghosts.
 *
 * Both directions of the exchange gather, forward along in-edges and back along out-edges. So a rank needs copies of
 * its ghosts' numbers at their places, and then does what a process does that is alone: every sum keeps its order, and
 * its bits. Each ghost travels once a step, however many of a rank's agents hear it.
 */
#include "world/ghosts.h"

#include "core/ranks.h"
#include "world/world.h"

#include <string.h>

struct throng_i_ghosts {
    throng_context *context;
    int64_t *give_first, *take_first; /* [ranks + 1] places in: */
    throng_agent *give, *take;        /* agents of this rank whom others need, by rank; this rank's ghosts */
    double *given, *taken;            /* their numbers, in as many lanes as were needed so far */
    int lanes;
};

void throng_i_ghosts_free(throng_i_ghosts *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->give_first);
    throng_i_free(self->context, self->take_first);
    throng_i_free(self->context, self->give);
    throng_i_free(self->context, self->take);
    throng_i_free(self->context, self->given);
    throng_i_free(self->context, self->taken);
    throng_i_free(self->context, self);
}

/* seen[j] = whether agent j is a neighbour of somebody in the share, but not in it. */
static throng_status mark(throng_context *context, int64_t n, const throng_adjacency *along, bool **out,
                          throng_error *err) {
    throng_i_share mine = throng_i_share_mine(context, n);
    bool *seen = NULL;
    throng_status status = throng_i_alloc(context, n, sizeof *seen, &seen, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t e = along->offsets[mine.begin]; e < along->offsets[mine.end]; e++)
        seen[along->neighbours[e]] = true;
    for (int64_t i = mine.begin; i < mine.end; i++)
        seen[i] = false;
    *out = seen;
    return THRONG_OK;
}

/* Lists those that were seen, in their order and so by rank. */
static throng_status list_ghosts(throng_i_ghosts *self, int64_t n, const bool *seen, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += seen[i];
    THRONG_TRY(throng_i_alloc(self->context, count, sizeof *self->take, &self->take, err));
    count = 0;
    for (int rank = 0; rank < throng_ranks_count(self->context); rank++) {
        throng_i_share share = throng_i_share_of(self->context, n, rank);
        for (int64_t i = share.begin; i < share.end; i++)
            if (seen[i])
                self->take[count++] = (throng_agent)i;
        self->take_first[rank + 1] = count;
    }
out:
    return status;
}

/* Tells the others whom this rank needs of them. */
static throng_status tell(throng_i_ghosts *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int size = throng_ranks_count(self->context);
    int64_t *counts = NULL;
    THRONG_TRY(throng_i_alloc(self->context, 2 * size, sizeof *counts, &counts, err));
    for (int rank = 0; rank < size; rank++)
        counts[rank] = self->take_first[rank + 1] - self->take_first[rank];
    THRONG_TRY(throng_i_ranks_counts(self->context, counts, counts + size, err));
    for (int rank = 0; rank < size; rank++)
        self->give_first[rank + 1] = self->give_first[rank] + counts[size + rank];
    THRONG_TRY(throng_i_alloc(self->context, self->give_first[size], sizeof *self->give, &self->give, err));
    THRONG_TRY(throng_i_ranks_swap(self->context, sizeof *self->take, self->take, self->take_first, self->give,
                                   self->give_first, err));
out:
    throng_i_free(self->context, counts);
    return status;
}

throng_status throng_i_ghosts_create(throng_context *context, int64_t n, const throng_adjacency *along,
                                     throng_i_ghosts **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ghosts *self = NULL;
    bool *seen = NULL;
    int size = throng_ranks_count(context);
    if (size == 1)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *self->give_first, &self->give_first, err));
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *self->take_first, &self->take_first, err));
    THRONG_TRY(mark(context, n, along, &seen, err));
    THRONG_TRY(list_ghosts(self, n, seen, err));
    THRONG_TRY(tell(self, err));
    *out = self;
    self = NULL;
out:
    throng_i_free(context, seen);
    throng_i_ghosts_free(self);
    return status;
}

/* ---- a step ---------------------------------------------------------------------------------------------------- */

typedef struct copy_job {
    const throng_agent *agents;
    int lanes;
    double *packed, *numbers;
    bool pack;
} copy_job;

THRONG_I_ALWAYS void copy_lanes(const int lanes, const copy_job *job, int64_t begin, int64_t end) {
    size_t bytes = (size_t)lanes * sizeof(double);
    for (int64_t k = begin; k < end; k++) {
        double *packed = job->packed + k * lanes, *place = job->numbers + (int64_t)job->agents[k] * lanes;
        if (job->pack)
            memcpy(packed, place, bytes);
        else
            memcpy(place, packed, bytes);
    }
}

static void copy_chunk(void *user, throng_chunk chunk) {
    const copy_job *job = user;
    THRONG_I_WITH_LANES(job->lanes, copy_lanes, job, chunk.begin, chunk.end);
}

static throng_status make_room(throng_i_ghosts *self, int lanes, throng_error *err) {
    throng_status status = THRONG_OK;
    int size = throng_ranks_count(self->context);
    if (lanes <= self->lanes)
        return THRONG_OK;
    THRONG_TRY(throng_i_resize(self->context, &self->given, self->give_first[size] * lanes, sizeof(double), err));
    THRONG_TRY(throng_i_resize(self->context, &self->taken, self->take_first[size] * lanes, sizeof(double), err));
    self->lanes = lanes;
out:
    return status;
}

throng_status throng_i_ghosts_fetch(throng_i_ghosts *self, int lanes, double *numbers, throng_error *err) {
    throng_status status = THRONG_OK;
    if (!self)
        return THRONG_OK;
    int size = throng_ranks_count(self->context);
    THRONG_TRY(make_room(self, lanes, err));
    copy_job pack = {self->give, lanes, self->given, numbers, true};
    copy_job unpack = {self->take, lanes, self->taken, numbers, false};
    THRONG_TRY(throng_chunks_for(self->context, self->give_first[size], copy_chunk, &pack, NULL, err));
    THRONG_TRY(throng_i_ranks_swap(self->context, (size_t)lanes * sizeof(double), self->given, self->give_first,
                                   self->taken, self->take_first, err));
    THRONG_TRY(throng_chunks_for(self->context, self->take_first[size], copy_chunk, &unpack, NULL, err));
out:
    return status;
}
