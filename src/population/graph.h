/* A graph's insides, shared by graph.c, which makes it from agents, and edges.c, which finds the agents. */
#ifndef THRONG_SRC_POPULATION_GRAPH_H
#define THRONG_SRC_POPULATION_GRAPH_H

#include "core/core.h"
#include "throng/graph.h"

/* Edges as arrays. */
typedef struct throng_i_edges {
    int64_t n;
    const throng_agent *source, *target; /* [n] */
    const double *weight;                /* [n] NULL: 1 */
    bool once;                           /* without weights: repeated edges are one, and not added up */
} throng_i_edges;

/* One direction, owned. */
typedef struct throng_i_direction {
    int64_t *offsets;
    throng_agent *neighbours;
    double *weights;
} throng_i_direction;

struct throng_graph {
    throng_context *context;
    int64_t n_agents;
    throng_i_direction out, in;
    throng_graph_counts counts;
};

/* A graph of edges that are known to be right. counts.edges and counts.repeated are set, the rest is the caller's. */
THRONG_MUST_USE throng_status throng_i_graph_make(throng_context *context, int64_t n_agents,
                                                  const throng_i_edges *edges, throng_graph **out, throng_error *err);

#endif
