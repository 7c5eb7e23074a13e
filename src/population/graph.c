/*
 * Making a graph: three counting sorts. Edges are sorted by target, then, stable, by source, so that each source's
 * targets stand in order and repeated edges side by side; once those are added up, sorting by target again gives the
 * other direction in order, too.
 *
 * Each thread sorts the edges of its own range of keys and looks at all of them: nothing is shared, nothing depends on
 * the number of threads, and what a thread writes stays close together.
 */
#include "population/graph.h"
#include "core/ranks.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

/* ---- counting sort --------------------------------------------------------------------------------------------- */

/* What is sorted: arrays, or the rows of a direction, whose row is then the value. */
typedef struct sort_job {
    int64_t n_agents, n_edges, parts;
    const throng_agent *key;   /* [n_edges] */
    const throng_agent *value; /* [n_edges], or the row of: */
    int64_t n_rows;
    const int64_t *rows;    /* [n_rows + 1] offsets; NULL: key and value are arrays */
    const double *weight;   /* [n_edges] NULL: none */
    const int64_t *offsets; /* [n_agents + 1] of what comes out, if they are known; NULL: to be counted */
    throng_i_direction *out;
} sort_job;

static int64_t first_key(const sort_job *job, int64_t part) {
    return job->n_agents * part / job->parts;
}

/* offsets[key + 1] = how many edges have the key */
static void count_part(void *user, throng_chunk chunk) {
    const sort_job *job = user;
    int64_t first = first_key(job, chunk.index), end = first_key(job, chunk.index + 1), n_edges = job->n_edges;
    uint64_t range = (uint64_t)(end - first);
    const throng_agent *restrict key = job->key;
    int64_t *restrict count = job->out->offsets + first + 1;
    for (int64_t e = 0; e < n_edges; e++) {
        uint64_t at = (uint64_t)(key[e] - first);
        if (at < range)
            count[at]++;
    }
}

/* Where a part's edges go. Copies of what the job says: the compiler cannot know that it does not change. */
typedef struct placing {
    int64_t first;
    uint64_t range;
    const throng_agent *restrict key;
    const double *restrict weight;
    int64_t *restrict place; /* [range] left at where the edges of the key end: where those of the next begin */
    throng_agent *restrict neighbours;
    double *restrict weights;
} placing;

static inline void place_edge(const placing *to, int64_t e, throng_agent value) {
    uint64_t key = (uint64_t)(to->key[e] - to->first);
    if (key >= to->range)
        return;
    int64_t at = to->place[key]++;
    to->neighbours[at] = value;
    if (to->weight)
        to->weights[at] = to->weight[e];
}

static void place_part(void *user, throng_chunk chunk) {
    const sort_job *job = user;
    const throng_i_direction *out = job->out;
    int64_t first = first_key(job, chunk.index), end = first_key(job, chunk.index + 1), n_edges = job->n_edges;
    const throng_agent *restrict value = job->value;
    const placing to = {
        first, (uint64_t)(end - first), job->key, job->weight, out->offsets + first, out->neighbours, out->weights};
    if (!job->rows) {
        for (int64_t e = 0; e < n_edges; e++)
            place_edge(&to, e, value[e]);
        return;
    }
    for (int64_t row = 0; row < job->n_rows; row++)
        for (int64_t e = job->rows[row], last = job->rows[row + 1]; e < last; e++)
            place_edge(&to, e, (throng_agent)row);
}

void throng_i_direction_clear(throng_context *context, throng_i_direction *self) {
    throng_i_free(context, self->offsets);
    throng_i_free(context, self->neighbours);
    throng_i_free(context, self->weights);
    *self = (throng_i_direction){0};
}

static throng_status sort_edges(throng_context *context, sort_job *job, throng_i_direction *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_progress progress = {"building the graph", "edges", 0, 0};
    job->out = out;
    job->parts =
        job->n_edges < THRONG_CHUNK_ROWS ? 1 : throng_context_threads(context); /* waking threads takes longer */
    THRONG_TRY(throng_i_alloc(context, job->n_agents + 1, sizeof *out->offsets, &out->offsets, err));
    THRONG_TRY(throng_i_resize(context, &out->neighbours, job->n_edges, sizeof *out->neighbours, err));
    if (job->weight)
        THRONG_TRY(throng_i_resize(context, &out->weights, job->n_edges, sizeof *out->weights, err));
    /* A chunk is a part. */
    if (job->offsets)
        memcpy(out->offsets, job->offsets, (size_t)(job->n_agents + 1) * sizeof *out->offsets);
    else
        THRONG_TRY(throng_chunks_for(context, job->parts * THRONG_CHUNK_ROWS, count_part, job, &progress, err));
    for (int64_t i = 0; i < job->n_agents && !job->offsets; i++)
        out->offsets[i + 1] += out->offsets[i];
    THRONG_TRY(throng_chunks_for(context, job->parts * THRONG_CHUNK_ROWS, place_part, job, &progress, err));
    memmove(out->offsets + 1, out->offsets, (size_t)job->n_agents * sizeof *out->offsets);
    out->offsets[0] = 0;
out:
    return status;
}

/* ---- repeated edges -------------------------------------------------------------------------------------------- */

static int64_t count_repeated(const throng_i_direction *self, int64_t n_agents) {
    int64_t repeated = 0;
    for (int64_t i = 0; i < n_agents; i++)
        for (int64_t e = self->offsets[i] + 1; e < self->offsets[i + 1]; e++)
            repeated += self->neighbours[e] == self->neighbours[e - 1];
    return repeated;
}

/* Adds up edges of the same pair, in place; with `once` the first stays, and there are no weights. */
static throng_status merge_repeated(throng_context *context, throng_i_direction *self, int64_t n_agents, bool once,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_edges = self->offsets[n_agents], used = 0, begin = 0;
    if (!self->weights && !once) {
        THRONG_TRY(throng_i_resize(context, &self->weights, n_edges, sizeof *self->weights, err));
        for (int64_t e = 0; e < n_edges; e++)
            self->weights[e] = 1.0;
    }
    for (int64_t i = 0; i < n_agents; i++) {
        int64_t end = self->offsets[i + 1], first = used;
        for (int64_t e = begin; e < end; e++) {
            if (used > first && self->neighbours[used - 1] == self->neighbours[e]) {
                if (!once)
                    self->weights[used - 1] += self->weights[e];
                continue;
            }
            self->neighbours[used] = self->neighbours[e];
            if (!once)
                self->weights[used] = self->weights[e];
            used++;
        }
        begin = end;
        self->offsets[i + 1] = used;
    }
    THRONG_TRY(throng_i_resize(context, &self->neighbours, used, sizeof *self->neighbours, err));
    if (!once)
        THRONG_TRY(throng_i_resize(context, &self->weights, used, sizeof *self->weights, err));
out:
    return status;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

throng_status throng_i_direction_make(throng_context *context, int64_t n_rows, int64_t n_agents, int64_t n_edges,
                                      const throng_agent *key, const throng_agent *neighbour, const double *weight,
                                      throng_agent **const *spent, bool once, throng_i_direction *out,
                                      int64_t *repeated, int64_t **places, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_direction rough = {0};
    sort_job by_neighbour = {
        .n_agents = n_agents, .n_edges = n_edges, .key = neighbour, .value = key, .weight = weight};
    THRONG_TRY(sort_edges(context, &by_neighbour, &rough, err));
    for (int i = 0; spent && i < 2 && spent[i]; i++) {
        throng_i_free(context, *spent[i]);
        *spent[i] = NULL;
    }
    sort_job by_key = {.n_agents = n_rows,
                       .n_edges = n_edges,
                       .key = rough.neighbours,
                       .n_rows = n_agents,
                       .rows = rough.offsets,
                       .weight = rough.weights};
    THRONG_TRY(sort_edges(context, &by_key, out, err));
    throng_i_free(context, rough.neighbours);
    throng_i_free(context, rough.weights);
    rough.neighbours = NULL;
    rough.weights = NULL;
    *repeated = count_repeated(out, n_rows);
    if (*repeated > 0)
        THRONG_TRY(merge_repeated(context, out, n_rows, once, err));
    if (places && *repeated == 0) {
        *places = rough.offsets;
        rough.offsets = NULL;
    }
out:
    throng_i_direction_clear(context, &rough);
    return status;
}

throng_status throng_i_graph_make(throng_context *context, int64_t n_agents, const throng_i_edges *edges,
                                  throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_graph *self = NULL;
    int64_t *places = NULL;
    if (edges->shared && throng_ranks_count(context) > 1)
        return throng_i_graph_make_shared(context, n_agents, edges, out, err);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_agents = n_agents;
    THRONG_TRY(throng_i_direction_make(context, n_agents, n_agents, edges->n, edges->source, edges->target,
                                       edges->weight, edges->spent, edges->once, &self->out, &self->counts.repeated,
                                       &places, err));
    self->counts.edges = self->out.offsets[n_agents];
    sort_job transpose = {.n_agents = n_agents,
                          .n_edges = self->counts.edges,
                          .key = self->out.neighbours,
                          .n_rows = n_agents,
                          .rows = self->out.offsets,
                          .weight = self->out.weights,
                          .offsets = places};
    THRONG_TRY(sort_edges(context, &transpose, &self->in, err));
    *out = self;
    self = NULL;
out:
    throng_i_free(context, places);
    throng_graph_free(self);
    return status;
}

throng_status throng_graph_create_from(throng_context *context, int64_t n_agents, int64_t n_edges,
                                       const throng_agent *source, const throng_agent *target, const double *weight,
                                       throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_edges edges = {.n = n_edges, .source = source, .target = target, .weight = weight};
    int64_t loops = 0;
    THRONG_REQUIRE(n_agents >= 1 && n_agents <= INT32_MAX && n_edges >= 0, E_ARGUMENT,
                   "A graph has 1 to %d agents and no negative number of edges, got %lld and %lld.", INT32_MAX,
                   (long long)n_agents, (long long)n_edges);
    for (int64_t e = 0; e < n_edges; e++) {
        THRONG_REQUIRE(source[e] >= 0 && source[e] < n_agents && target[e] >= 0 && target[e] < n_agents, E_ARGUMENT,
                       "Edge %lld goes from agent %d to agent %d, but agents are 0..%lld.", (long long)e, source[e],
                       target[e], (long long)n_agents - 1);
        THRONG_REQUIRE(!weight || isfinite(weight[e]), E_ARGUMENT, "The weight of edge %lld is not a finite number.",
                       (long long)e);
        loops += source[e] == target[e];
    }
    THRONG_TRY(throng_i_graph_make(context, n_agents, &edges, out, err));
    (*out)->counts.given = n_edges;
    (*out)->counts.loops = loops;
out:
    return status;
}

void throng_graph_free(throng_graph *self) {
    if (!self)
        return;
    if (self->map) {
        munmap(self->map, self->map_bytes);
    } else {
        throng_i_direction_clear(self->context, &self->out);
        throng_i_direction_clear(self->context, &self->in);
    }
    throng_i_free(self->context, self);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

int64_t throng_graph_agents(const throng_graph *self) {
    return self->n_agents;
}

int64_t throng_graph_edges(const throng_graph *self) {
    return self->counts.edges;
}

throng_graph_counts throng_graph_counted(const throng_graph *self) {
    return self->counts;
}

static throng_adjacency adjacency_of(const throng_i_direction *direction) {
    return (throng_adjacency){direction->offsets, direction->neighbours, direction->weights};
}

throng_adjacency throng_graph_out(const throng_graph *self) {
    return adjacency_of(&self->out);
}

throng_adjacency throng_graph_in(const throng_graph *self) {
    return adjacency_of(&self->in);
}
