/* Power laws: how many hear an agent varies over orders of magnitude. */
#include "throng/graph_model.h"

#include <math.h>

enum {
    DEGREE,
    EXPONENT
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_REAL, 10, 0, 1e6, "agents", "how many one hears on average"},
    [EXPONENT] = {"exponent", THRONG_PARAM_REAL, 2.5, 2.01, 100, "", "of the power law of degrees"},
    {0}};

/* Drawn apart from the edges. */
#define POPULARITY_DRAW 1

static double expected(const throng_graph_request *request, int64_t agent, double weight) {
    double uniform[4], tail = request->param[EXPONENT] - 1.0;
    (void)weight;
    throng_random_uniforms(request->random, (uint64_t)agent, 0, POPULARITY_DRAW, uniform);
    double degree = request->param[DEGREE] * (tail - 1.0) / tail * pow(uniform[0], -1.0 / tail);
    return fmin(degree, (double)request->n_agents);
}

/* A Poisson number of ends, as many as fit into the agent's half of its expected degree; each by popularity. */
static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t found = 0;
    const double *sums = request->cumulative;
    double left = (sums[agent + 1] - sums[agent]) / 2.0;
    throng_draws draws = throng_graph_draws(request, agent);
    for (;;) {
        left += log(throng_draws_next(&draws));
        if (left < 0.0)
            return found;
        int64_t end = throng_draws_popular(&draws, request);
        if (end == agent)
            continue;
        if (out)
            out[found] = (throng_agent)end;
        found++;
    }
}

extern const throng_graph_model throng_graph_chung_lu;
const throng_graph_model throng_graph_chung_lu = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "chung-lu",
              .summary = "power law: a few are heard by very many",
              .details =
                  "Each agent draws an expected degree k from a power law of the given exponent (density in proportion "
                  "to k^-exponent above its smallest value, mean degree, at most the number of agents). A pair is "
                  "joined, in both directions, with chance 1 - exp(-k_i k_j / K), K the sum of all: Norros and "
                  "Reittu's form of the Chung-Lu model, which needs no bound on k. Between the largest hubs edges "
                  "saturate, so their degrees stay a little below the expected ones.",
              .reference = "Chung and Lu 2002, The average distances in random graphs with given expected degrees, doi "
                           "10.1073/pnas.252631999; Norros and Reittu 2006, On a conditionally Poissonian graph "
                           "process, doi 10.1239/aap/1143936140",
              .params = params},
    .undirected = true,
    .expected = expected,
    .edges = edges,
};
