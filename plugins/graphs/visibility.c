/* A platform: everybody hears so many others, drawn by how visible they are. */
#include "throng/graph_model.h"

enum {
    DEGREE
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_INTEGER, 10, 1, 1e6, "agents", "how many draws one makes of whom to hear"}, {0}};

static double expected(const throng_graph_request *request, int64_t agent, double weight) {
    (void)request;
    (void)agent;
    return weight;
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t found = 0;
    throng_draws draws = throng_graph_draws(request, agent);
    for (int64_t k = 0; k < (int64_t)request->param[DEGREE]; k++) {
        int64_t end = throng_draws_popular(&draws, request);
        if (end == agent)
            continue;
        if (out)
            out[found] = (throng_agent)end;
        found++;
    }
    return found;
}

extern const throng_graph_model throng_graph_visibility;
const throng_graph_model throng_graph_visibility = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "visibility",
              .summary = "a platform: everybody hears others drawn by their weight (followers)",
              .details =
                  "Each agent draws degree times an agent in proportion to its weight and hears it; without weights "
                  "all have the same chance. Directed: who is heard need not hear back. Drawing oneself leaves an edge "
                  "out, and drawing somebody twice counts once. With followers as weights the numbers of listeners are "
                  "in proportion to followers.",
              .reference = "throng's construction: a configuration model for given visibility",
              .params = params},
    .expected = expected,
    .edges = edges,
};
