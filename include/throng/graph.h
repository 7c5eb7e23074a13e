/**
 * Graphs: who hears whom among the agents of a crowd. Each edge goes from a source to a target and has a weight; the
 * graph holds both directions, so that neighbours are always a contiguous piece of an array.
 */
#ifndef THRONG_GRAPH_H
#define THRONG_GRAPH_H

#include "throng/population.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What to do with edges that cannot be used as they are. */
typedef enum throng_edges {
    THRONG_EDGES_ERROR, /* refuse, naming the first such edge and how many there are */
    THRONG_EDGES_DROP,  /* leave them out and count them */
    THRONG_EDGES_KEEP,  /* self-loops only */
    THRONG_EDGES_COUNT
} throng_edges;

/** Which columns of a table are edges. Start from throng_graph_default(). */
typedef struct throng_graph_def {
    const char *source, *target; /* ids as the population has them: whole numbers or text; required */
    const char *weight;          /* finite number >= 0; NULL: every edge weighs 1 */
    throng_edges missing;        /* edges that name somebody who is not in the population: ERROR (default) or DROP */
    throng_edges loops;          /* edges from an agent to itself: ERROR (default), DROP or KEEP */
    bool signed_weights;         /* weights may be negative */
} throng_graph_def;

THRONG_API throng_graph_def throng_graph_default(void);

/** What became of the edges that were given. */
typedef struct throng_graph_counts {
    int64_t given;    /* rows of the table */
    int64_t edges;    /* different pairs in the graph */
    int64_t missing;  /* left out: an end is not in the population */
    int64_t loops;    /* from an agent to itself, whether kept or left out */
    int64_t repeated; /* given again for the same pair: their weights are added up */
} throng_graph_counts;

typedef struct throng_graph throng_graph;

/** One direction of a graph. Neighbours of agent i are neighbours[offsets[i]] .. neighbours[offsets[i + 1] - 1], in
 *  ascending order and each once. Valid until the graph is freed. */
typedef struct throng_adjacency {
    const int64_t *offsets;         /* [agents + 1] */
    const throng_agent *neighbours; /* [edges] */
    const double *weights;          /* [edges]; NULL: all 1 */
} throng_adjacency;

/**
 * Makes a graph over the agents of a population from a table of edges.
 * @param edges  consumed, also on failure
 * @return THRONG_E_COLUMN (unknown, or text where agents have numbers), THRONG_E_EDGE (unknown agents, self-loops),
 *         THRONG_E_MISSING_VALUE (a weight is not finite), THRONG_E_WEIGHT (negative), each naming the first row
 *         concerned and how many there are; THRONG_E_MEMORY, THRONG_E_CANCELLED.
 *
 * Cost: O(edges + agents), in parallel; 12 bytes an edge and direction with weights, 4 without, and while it is made
 * once more as much. The same graph for any order of the rows (weights of repeated edges may differ in the last bit).
 */
THRONG_API THRONG_MUST_USE throng_status throng_graph_create(const throng_population *population, throng_table *edges,
                                                             const throng_graph_def *def, throng_graph **out,
                                                             throng_error *err);

/**
 * The same from arrays of agents. Self-loops are kept, repeated edges added up.
 * @param source, target  [n_edges] in 0..n_agents - 1   @param weight  [n_edges] finite; NULL: all 1
 * @return THRONG_E_ARGUMENT (an agent outside, a weight that is not finite: which edge), THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_graph_create_from(throng_context *context, int64_t n_agents,
                                                                  int64_t n_edges, const throng_agent *source,
                                                                  const throng_agent *target, const double *weight,
                                                                  throng_graph **out, throng_error *err);
THRONG_API void throng_graph_free(throng_graph *graph);

THRONG_API int64_t throng_graph_agents(const throng_graph *graph);
THRONG_API int64_t throng_graph_edges(const throng_graph *graph);
THRONG_API throng_graph_counts throng_graph_counted(const throng_graph *graph);

/** Whom agent i has an edge to, and who has an edge to agent i. */
THRONG_API throng_adjacency throng_graph_out(const throng_graph *graph);
THRONG_API throng_adjacency throng_graph_in(const throng_graph *graph);

#ifdef __cplusplus
}
#endif
#endif
