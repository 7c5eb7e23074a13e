/**
 * Graph models: who hears whom, drawn at random. A model says which edges one agent makes; throng owns the loops, the
 * threads and both directions of the graph.
 */
#ifndef THRONG_GRAPH_MODEL_H
#define THRONG_GRAPH_MODEL_H

#include "throng/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a model is asked for. */
typedef struct throng_graph_request {
    int64_t n_agents;         /* >= 1 */
    const double *param;      /* the descriptor's parameters, in its order */
    throng_random random;     /* draw with the agent: the same edges on any number of threads */
    const double *cumulative; /* [n_agents + 1] sums of `expected` over agents 0..i-1; NULL if the model has none */
} throng_graph_request;

/** A graph model plug-in. */
typedef struct throng_graph_model {
    throng_about about;
    bool undirected; /* every edge is heard in both directions */

    /** Refuses what the parameters' own ranges cannot express, such as a degree that so few agents cannot have. NULL:
     *  nothing to check. THRONG_E_PARAMETER. */
    throng_status (*check)(const throng_graph_request *request, throng_error *err);

    /** How popular an agent is, >= 0, for models that draw by popularity. @param weight its weight, 1 without weights
     */
    double (*expected)(const throng_graph_request *request, int64_t agent, double weight);

    /**
     * The edges that an agent makes: out[0..] are those whom it hears; returns how many. Called twice for each agent,
     * first with out NULL. Never the agent itself; the same neighbour twice counts once. Called from several threads.
     */
    int64_t (*edges)(const throng_graph_request *request, int64_t agent, throng_agent *out);
} throng_graph_model;

/**
 * Draws a graph.
 * @param model   "watts-strogatz:degree=10,rewire=0.1"
 * @param weight  [n_agents] >= 0: agents' weights, for models that look at them; NULL: all 1
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER; THRONG_E_ARGUMENT (no agents, too many); THRONG_E_MEMORY,
 *         THRONG_E_CANCELLED.
 * Cost: O(agents + edges), in parallel; the same graph on any number of threads.
 */
THRONG_API THRONG_MUST_USE throng_status throng_graph_draw(throng_context *context, const char *model, int64_t n_agents,
                                                           const double *weight, uint64_t seed, throng_graph **out,
                                                           throng_error *err);

/** Uniforms in (0, 1) one after the other, for one agent. Start from throng_graph_draws(). */
typedef struct throng_draws {
    throng_random random;
    uint64_t agent, used;
    double next[4];
} throng_draws;

static inline throng_draws throng_graph_draws(const throng_graph_request *request, int64_t agent) {
    throng_draws draws = {request->random, (uint64_t)agent, 0, {0.0, 0.0, 0.0, 0.0}};
    return draws;
}

static inline double throng_draws_next(throng_draws *draws) {
    if (draws->used % 4 == 0)
        throng_random_uniforms(draws->random, draws->agent, draws->used / 4, 0, draws->next);
    return draws->next[draws->used++ % 4];
}

/** A whole number in 0..n-1. */
static inline int64_t throng_draws_below(throng_draws *draws, int64_t n) {
    int64_t k = (int64_t)(throng_draws_next(draws) * (double)n);
    return k < n ? k : n - 1;
}

/** An agent in proportion to `expected`. Cost O(log agents). */
static inline int64_t throng_draws_popular(throng_draws *draws, const throng_graph_request *request) {
    int64_t low = 0, high = request->n_agents;
    double at = throng_draws_next(draws) * request->cumulative[high];
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (request->cumulative[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

#ifdef __cplusplus
}
#endif
#endif
