/* Everybody hears the nearest on both sides of a circle. */
#include "throng/graph_model.h"

enum {
    DEGREE
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_INTEGER, 2, 2, 1e6, "agents", "how many one hears, half on either side; even"},
    {0}};

static throng_status check(const throng_graph_request *request, throng_error *err) {
    int64_t degree = (int64_t)request->param[DEGREE];
    if (degree % 2 != 0 || degree >= request->n_agents)
        return THRONG_FAIL(err, E_PARAMETER, "ring: degree must be even and less than the %lld agents, got %lld.",
                           (long long)request->n_agents, (long long)degree);
    return THRONG_OK;
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t half = (int64_t)request->param[DEGREE] / 2;
    for (int64_t k = 0; out && k < half; k++)
        out[k] = (throng_agent)((agent + k + 1) % request->n_agents);
    return half;
}

extern const throng_graph_model throng_graph_ring;
const throng_graph_model throng_graph_ring = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "ring",
              .summary = "a circle: everybody hears the nearest on both sides",
              .details = "Agent i and agent j hear each other if they are at most degree / 2 places apart, counted "
                         "round the circle. No randomness.",
              .reference = "the regular end of Watts and Strogatz 1998, Collective dynamics of small-world networks, "
                           "Nature 393, doi 10.1038/30918",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
