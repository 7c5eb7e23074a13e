/* A graph's insides, shared by graph.c, which makes it from agents, and edges.c, which finds the agents. */
#ifndef THRONG_SRC_POPULATION_GRAPH_H
#define THRONG_SRC_POPULATION_GRAPH_H

#include "table/table.h"
#include "throng/graph.h"

/* Edges as arrays. */
typedef struct throng_i_edges {
    int64_t n;
    const throng_agent *source, *target; /* [n] */
    const double *weight;                /* [n] NULL: 1 */
    bool shared;                         /* several ranks have some each, which in their order are the edges: then each
                                            keeps the rows of its share */
    bool once;                           /* without weights: repeated edges are one, and not added up */
    throng_agent **spent[2];             /* arrays that may be freed once they are sorted; NULL: none */
} throng_i_edges;

/* One direction, owned. */
typedef struct throng_i_direction {
    int64_t *offsets;
    throng_agent *neighbours;
    double *weights;
} throng_i_direction;

/* What became of a graph that was to be kept on the disk. */
typedef struct throng_i_graph_kept {
    const char *state; /* "read", "written", "not written"; NULL: it was not to be kept */
    char file[512];
    char remark[900]; /* what was wrong with what was there, or with writing; "": nothing */
} throng_i_graph_kept;

struct throng_graph {
    throng_context *context;
    int64_t n_agents;
    throng_i_direction out, in; /* of several ranks: see `shared` */
    bool shared;                /* only the rows of this rank's share are there; offsets are places in its own edges */
    throng_graph_counts counts;
    void *map; /* [map_bytes] a mapped file that both directions are in; NULL: they are the graph's own */
    size_t map_bytes;
    throng_i_graph_kept kept;
};

/* All rows on every rank, of a graph that is shared; else *out stays NULL. */
THRONG_MUST_USE throng_status throng_i_graph_whole(const throng_graph *graph, throng_graph **out, throng_error *err);

/* A graph of edges that are known to be right. counts.edges and counts.repeated are set, the rest is the caller's. */
THRONG_MUST_USE throng_status throng_i_graph_make(throng_context *context, int64_t n_agents,
                                                  const throng_i_edges *edges, throng_graph **out, throng_error *err);

/* throng_graph_create from a part of the table of edges on each rank, if it is a part. */
THRONG_MUST_USE throng_status throng_i_graph_create_part(const throng_population *population, throng_table *table,
                                                         const throng_i_table_part *part, const throng_graph_def *def,
                                                         throng_graph **out, throng_error *err);

/* ---- for graph_ranks.c ----------------------------------------------------------------------------------------- */

void throng_i_direction_clear(throng_context *context, throng_i_direction *self);

/* Rows 0..n_rows - 1 of edges by key, each in the order of neighbours 0..n_agents - 1, those of the same pair added up.
 * *repeated = how many were.
 * @param spent   [2] as in throng_i_edges, freed once they are no longer needed; NULL: none
 * @param places  [n_agents + 1] out, the caller's to free: where neighbours' edges begin, if none were repeated, else
 * it stays; NULL: not wanted */
THRONG_MUST_USE throng_status throng_i_direction_make(throng_context *context, int64_t n_rows, int64_t n_agents,
                                                      int64_t n_edges, const throng_agent *key,
                                                      const throng_agent *neighbour, const double *weight,
                                                      throng_agent **const *spent, bool once, throng_i_direction *out,
                                                      int64_t *repeated, int64_t **places, throng_error *err);

THRONG_MUST_USE throng_status throng_i_graph_make_shared(throng_context *context, int64_t n_agents,
                                                         const throng_i_edges *edges, throng_graph **out,
                                                         throng_error *err);

#endif
