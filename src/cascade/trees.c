/* Trees out of parents: an order without recursion, cycles cut, and what is measured of every tree. */
#include "cascade/cascade.h"

#include <string.h>

/* ---- an order in which children come before their parents ------------------------------------------------------- */

typedef struct peeling {
    throng_cascades *self;
    int32_t *size;     /* [members] of the subtree, as far as it is peeled */
    int32_t *children; /* [members] not yet peeled; -1: peeled itself */
    int32_t *order;    /* [members] */
    int64_t n;         /* peeled */
} peeling;

/* Takes off a leaf, then its parent if that has become one, and so on. */
static void peel_from(peeling *work, int32_t member) {
    const int32_t *parent = work->self->parent;
    while (member >= 0 && work->children[member] == 0) {
        int32_t up = parent[member];
        work->children[member] = -1;
        work->order[work->n++] = member;
        if (up >= 0) {
            work->size[up] += work->size[member];
            work->children[up]--;
        }
        member = up;
    }
}

/* What cannot be peeled is on a cycle: its earliest member lets go of its parent. */
static void cut_cycle(peeling *work, int32_t member) {
    throng_cascades *self = work->self;
    int32_t earliest = member;
    for (int32_t at = self->parent[member]; at != member; at = self->parent[at])
        if (throng_i_cascade_before(self, at, earliest))
            earliest = at;
    int32_t up = self->parent[earliest];
    self->parent[earliest] = -1;
    self->link[earliest] = THRONG_LINK_START;
    self->counts.cycles++;
    work->children[up]--;
    peel_from(work, up);
}

static void peel(peeling *work) {
    const throng_cascades *self = work->self;
    for (int64_t m = 0; m < self->n_members; m++) {
        work->size[m] = 1;
        if (self->parent[m] >= 0)
            work->children[self->parent[m]]++;
    }
    for (int64_t m = 0; m < self->n_members; m++)
        peel_from(work, (int32_t)m);
    for (int64_t m = 0; m < self->n_members && work->n < self->n_members; m++)
        if (work->children[m] > 0)
            cut_cycle(work, (int32_t)m);
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static throng_status find_cascades(throng_cascades *self, const int32_t *size, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = 0, place = 0;
    for (int64_t m = 0; m < self->n_members; m++)
        n += self->parent[m] < 0;
    self->n_cascades = n;
    THRONG_TRY(throng_i_alloc(self->context, n + 1, sizeof *self->offsets, &self->offsets, err));
    n = 0;
    for (int64_t m = 0; m < self->n_members; m++) {
        if (self->parent[m] >= 0)
            continue;
        self->place[m] = (int32_t)place;
        self->cascade_at[place] = (int32_t)n;
        self->offsets[n++] = place;
        place += size[m];
    }
    self->offsets[n] = place;
out:
    return status;
}

/* Parents first: a member stands behind its parent and whatever is below the siblings that came before. */
static void give_places(throng_cascades *self, const peeling *work) {
    int32_t *next = work->children; /* [members] where the next child goes: no longer needed for counting */
    for (int64_t i = self->n_members - 1; i >= 0; i--) {
        int32_t member = work->order[i], up = self->parent[member];
        int32_t place = self->place[member], above = -1;
        if (up >= 0) {
            above = self->place[up];
            place = next[up];
            next[up] += work->size[member];
            self->place[member] = place;
            self->depth[place] = self->depth[above] + 1;
            self->cascade_at[place] = self->cascade_at[above];
        }
        next[member] = place + 1;
        self->member_at[place] = member;
        self->above[place] = above;
        self->size[place] = work->size[member];
    }
}

/* ---- measures --------------------------------------------------------------------------------------------------- */

int64_t throng_i_cascade_from(const throng_cascades *self, int64_t place) {
    int64_t low = 0, high = self->n_cascades;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (self->offsets[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct measuring {
    throng_cascades *self;
    int32_t *level; /* [members] zeroed: members at a depth, in the place of the tree */
} measuring;

/* The mean distance between two of n members: each edge lies between s members below it and n - s others, so that the
 * distances of all pairs sum to the sum of s (n - s), which is kept exact: it may need more than 64 bits. */
static double virality_of(const int32_t *size, int64_t n) {
    uint64_t low = 0, high = 0;
    for (int64_t i = 1; i < n; i++) {
        uint64_t pairs = (uint64_t)size[i] * (uint64_t)(n - size[i]);
        low += pairs;
        high += low < pairs;
    }
    double sum = (double)high * 18446744073709551616.0 + (double)low;
    return n > 1 ? sum / ((double)n * (double)(n - 1) / 2.0) : 0.0;
}

static void measure(void *user, throng_chunk chunk) {
    const measuring *job = user;
    throng_cascades *self = job->self;
    for (int64_t c = throng_i_cascade_from(self, chunk.begin); c < self->n_cascades && self->offsets[c] < chunk.end;
         c++) {
        int64_t begin = self->offsets[c], n = self->offsets[c + 1] - begin, depth = 0, width = 0;
        for (int64_t p = begin; p < begin + n; p++) {
            int32_t at = self->depth[p], there = ++job->level[begin + at];
            depth = at > depth ? at : depth;
            width = there > width ? there : width;
        }
        self->deepest[c] = depth;
        self->width[c] = width;
        self->virality[c] = virality_of(self->size + begin, n);
    }
}

static throng_status measure_all(throng_cascades *self, int32_t *level, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_progress progress = {"measuring cascades", "actions", 0, 0};
    measuring job = {self, level};
    memset(level, 0, (size_t)self->n_members * sizeof *level);
    THRONG_TRY(throng_i_alloc(self->context, self->n_cascades, sizeof *self->deepest, &self->deepest, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_cascades, sizeof *self->width, &self->width, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n_cascades, sizeof *self->virality, &self->virality, err));
    THRONG_TRY(throng_chunks_for(self->context, self->n_members, measure, &job, &progress, err));
out:
    return status;
}

/* ---- the step --------------------------------------------------------------------------------------------------- */

throng_status throng_i_cascade_trees(throng_cascades *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    int64_t n = self->n_members;
    peeling work = {.self = self};
    const throng_progress progress = {"building trees", "actions", 0, n};
    THRONG_TRY(throng_i_progress(context, &progress, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *work.size, &work.size, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *work.children, &work.children, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *work.order, &work.order, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->place, &self->place, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->member_at, &self->member_at, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->above, &self->above, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->size, &self->size, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->depth, &self->depth, err));
    THRONG_TRY(throng_i_alloc(context, n, sizeof *self->cascade_at, &self->cascade_at, err));
    peel(&work);
    THRONG_TRY(find_cascades(self, work.size, err));
    give_places(self, &work);
    THRONG_TRY(measure_all(self, work.order, err));
out:
    throng_i_free(context, work.size);
    throng_i_free(context, work.children);
    throng_i_free(context, work.order);
    return status;
}
