/*
 * A graph of several ranks: each keeps the rows of its share, those it hears along `in` and those who hear it along
 * `out`. Edges go to the ranks of both ends, then each rank sorts its own as one process sorts all. Rows come out in
 * the same order, for repeated edges arrive in the order that they had.
 */
#include "core/ranks.h"
#include "population/graph.h"

#include <string.h>

/* ---- edges to those whose rows they are in ---------------------------------------------------------------------- */

typedef struct parcel {
    throng_context *context;
    int64_t *give, *take; /* [ranks + 1] the first edge for each rank, and from each */
    int64_t *at;          /* [edges] where each goes among those given */
} parcel;

static void parcel_clear(parcel *self) {
    throng_i_free(self->context, self->give);
    throng_i_free(self->context, self->take);
    throng_i_free(self->context, self->at);
}

/* Sorts edges by the rank of their key, keeping their order, and learns how many come. */
static throng_status parcel_init(parcel *self, int64_t n_agents, int64_t n_edges, const throng_agent *key,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = self->context;
    int size = throng_ranks_count(context);
    int32_t *owner = NULL;
    int64_t *counts = NULL;
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *self->give, &self->give, err));
    THRONG_TRY(throng_i_alloc(context, size + 1, sizeof *self->take, &self->take, err));
    THRONG_TRY(throng_i_alloc(context, n_edges, sizeof *self->at, &self->at, err));
    THRONG_TRY(throng_i_alloc(context, throng_i_chunk_count(n_agents), sizeof *owner, &owner, err));
    THRONG_TRY(throng_i_alloc(context, 3 * size, sizeof *counts, &counts, err));
    int64_t *come = counts + size, *next = counts + 2 * size;
    throng_i_share_owners(context, n_agents, owner);
    for (int64_t e = 0; e < n_edges; e++)
        counts[owner[key[e] / THRONG_CHUNK_ROWS]]++;
    THRONG_TRY(throng_i_ranks_counts(context, counts, come, err));
    for (int rank = 0; rank < size; rank++) {
        next[rank] = self->give[rank];
        self->give[rank + 1] = self->give[rank] + counts[rank];
        self->take[rank + 1] = self->take[rank] + come[rank];
    }
    for (int64_t e = 0; e < n_edges; e++)
        self->at[e] = next[owner[key[e] / THRONG_CHUNK_ROWS]]++;
out:
    throng_i_free(context, owner);
    throng_i_free(context, counts);
    return status;
}

/* Inlined for each size, so that the copy is one instruction. */
static inline void pack(const parcel *self, int64_t n, size_t size, const char *from, char *to) {
    for (int64_t e = 0; e < n; e++)
        memcpy(to + (size_t)self->at[e] * size, from + (size_t)e * size, size);
}

/* What comes of an array of agents or of weights, which `size` tells apart.
 * @param from [edges]; *to [edges that come] out, the caller's */
static throng_status send(const parcel *self, size_t size, const void *from, void *to, throng_error *err) {
    throng_status status = THRONG_OK;
    int ranks = throng_ranks_count(self->context);
    int64_t n = self->give[ranks];
    char *packed = NULL, *taken = NULL;
    THRONG_TRY(throng_i_alloc(self->context, n, size, &packed, err));
    THRONG_TRY(throng_i_alloc(self->context, self->take[ranks], size, &taken, err));
    if (size == sizeof(throng_agent))
        pack(self, n, sizeof(throng_agent), from, packed);
    else
        pack(self, n, sizeof(double), from, packed);
    status = throng_i_ranks_swap(self->context, size, packed, self->give, taken, self->take, err);
    memcpy(to, &taken, sizeof taken);
out:
    throng_i_free(self->context, packed);
    return status;
}

/* ---- rows of the share ------------------------------------------------------------------------------------------ */

/* From offsets of the share's rows to those of everybody's, of which the others stay untouched. */
static throng_status spread_offsets(throng_context *context, int64_t n_agents, throng_i_direction *self,
                                    throng_error *err) {
    throng_i_share mine = throng_i_share_mine(context, n_agents);
    int64_t *offsets = NULL;
    throng_status status = throng_i_resize(context, &offsets, n_agents + 1, sizeof *offsets, err);
    if (status != THRONG_OK)
        return status;
    memcpy(offsets + mine.begin, self->offsets, (size_t)(mine.end - mine.begin + 1) * sizeof *offsets);
    throng_i_free(context, self->offsets);
    self->offsets = offsets;
    return THRONG_OK;
}

static throng_status make_rows(throng_context *context, int64_t n_agents, const throng_i_edges *edges, bool by_source,
                               throng_i_direction *out, int64_t *repeated, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_share mine = throng_i_share_mine(context, n_agents);
    parcel mail = {.context = context};
    throng_agent *key = NULL, *neighbour = NULL;
    double *weight = NULL;
    THRONG_TRY(parcel_init(&mail, n_agents, edges->n, by_source ? edges->source : edges->target, err));
    THRONG_TRY(send(&mail, sizeof *key, by_source ? edges->source : edges->target, &key, err));
    THRONG_TRY(send(&mail, sizeof *neighbour, by_source ? edges->target : edges->source, &neighbour, err));
    if (edges->weight)
        THRONG_TRY(send(&mail, sizeof *weight, edges->weight, &weight, err));
    int64_t n = mail.take[throng_ranks_count(context)];
    for (int64_t e = 0; e < n; e++)
        key[e] -= (throng_agent)mine.begin;
    THRONG_TRY(throng_i_direction_make(context, mine.end - mine.begin, n_agents, n, key, neighbour, weight, NULL,
                                       edges->once, out, repeated, NULL, err));
    THRONG_TRY(spread_offsets(context, n_agents, out, err));
out:
    parcel_clear(&mail);
    throng_i_free(context, key);
    throng_i_free(context, neighbour);
    throng_i_free(context, weight);
    return status;
}

throng_status throng_i_graph_make_shared(throng_context *context, int64_t n_agents, const throng_i_edges *edges,
                                         throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_graph *self = NULL;
    int64_t unused = 0;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->n_agents = n_agents;
    self->shared = true;
    THRONG_TRY(make_rows(context, n_agents, edges, true, &self->out, &self->counts.repeated, err));
    THRONG_TRY(make_rows(context, n_agents, edges, false, &self->in, &unused, err));
    self->counts.edges = self->out.offsets[throng_i_share_mine(context, n_agents).end];
    THRONG_TRY(throng_i_ranks_total(context, &self->counts.edges, err));
    THRONG_TRY(throng_i_ranks_total(context, &self->counts.repeated, err));
    *out = self;
    self = NULL;
out:
    throng_graph_free(self);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Edges of the share as arrays, from its rows by source. */
static throng_status list_edges(const throng_graph *graph, throng_agent **source, throng_agent **target,
                                double **weight, int64_t *first, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = graph->context;
    throng_i_share mine = throng_i_share_mine(context, graph->n_agents);
    int64_t n = graph->out.offsets[mine.end], *counts = NULL;
    int size = throng_ranks_count(context);
    bool weighs = graph->out.weights;
    THRONG_TRY(throng_i_ranks_any(context, &weighs, err));
    THRONG_TRY(throng_i_alloc(context, 2 * size, sizeof *counts, &counts, err));
    for (int rank = 0; rank < size; rank++)
        counts[rank] = n;
    THRONG_TRY(throng_i_ranks_counts(context, counts, counts + size, err));
    for (int rank = 0; rank < size; rank++)
        first[rank + 1] = first[rank] + counts[size + rank];
    THRONG_TRY(throng_i_alloc(context, first[size], sizeof **source, source, err));
    THRONG_TRY(throng_i_alloc(context, first[size], sizeof **target, target, err));
    if (weighs)
        THRONG_TRY(throng_i_alloc(context, first[size], sizeof **weight, weight, err));
    int64_t at = first[throng_ranks_mine(context)];
    for (int64_t i = mine.begin; i < mine.end; i++)
        for (int64_t e = graph->out.offsets[i]; e < graph->out.offsets[i + 1]; e++, at++) {
            (*source)[at] = (throng_agent)i;
            (*target)[at] = graph->out.neighbours[e];
            if (weighs)
                (*weight)[at] = graph->out.weights ? graph->out.weights[e] : 1.0;
        }
out:
    throng_i_free(context, counts);
    return status;
}

throng_status throng_i_graph_whole(const throng_graph *graph, throng_graph **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = graph->context;
    throng_agent *source = NULL, *target = NULL;
    double *weight = NULL;
    int64_t *first = NULL;
    if (!graph->shared)
        return THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, throng_ranks_count(context) + 1, sizeof *first, &first, err));
    THRONG_TRY(list_edges(graph, &source, &target, &weight, first, err));
    THRONG_TRY(throng_i_ranks_gather(context, first, sizeof *source, source, err));
    THRONG_TRY(throng_i_ranks_gather(context, first, sizeof *target, target, err));
    if (weight)
        THRONG_TRY(throng_i_ranks_gather(context, first, sizeof *weight, weight, err));
    throng_i_edges edges = {
        .n = first[throng_ranks_count(context)], .source = source, .target = target, .weight = weight, .once = !weight};
    THRONG_TRY(throng_i_graph_make(context, graph->n_agents, &edges, out, err));
    (*out)->counts = graph->counts;
out:
    throng_i_free(context, first);
    throng_i_free(context, source);
    throng_i_free(context, target);
    throng_i_free(context, weight);
    return status;
}
