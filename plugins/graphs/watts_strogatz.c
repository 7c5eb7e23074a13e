/* Small worlds: a ring, some of whose edges lead anywhere. */
#include "throng/graph_model.h"

enum {
    DEGREE,
    REWIRE
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_INTEGER, 10, 2, 1e6, "agents", "how many one hears on average; even"},
    [REWIRE] = {"rewire", THRONG_PARAM_REAL, 0.1, 0, 1, "", "chance that an edge of the ring leads anywhere instead"},
    {0}};

static throng_status check(const throng_graph_request *request, throng_error *err) {
    int64_t degree = (int64_t)request->param[DEGREE];
    if (degree % 2 != 0 || degree >= request->n_agents)
        return THRONG_FAIL(err, E_PARAMETER,
                           "watts-strogatz: degree must be even and less than the %lld agents, got %lld.",
                           (long long)request->n_agents, (long long)degree);
    return THRONG_OK;
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t n = request->n_agents, half = (int64_t)request->param[DEGREE] / 2;
    throng_draws draws = throng_graph_draws(request, agent);
    for (int64_t k = 0; out && k < half; k++) {
        int64_t end = (agent + k + 1) % n;
        if (throng_draws_next(&draws) < request->param[REWIRE]) {
            end = throng_draws_below(&draws, n - 1);
            end += end >= agent; /* anybody but itself */
        }
        out[k] = (throng_agent)end;
    }
    return half;
}

extern const throng_graph_model throng_graph_watts_strogatz;
const throng_graph_model throng_graph_watts_strogatz = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "watts-strogatz",
              .summary = "small world: a ring, some of whose edges lead anywhere",
              .details =
                  "Begins as a ring in which everybody hears the degree / 2 nearest on both sides. The farther end of "
                  "each edge is moved, with chance rewire, to anybody else with equal chances. Edges are heard in both "
                  "directions. A moved edge that meets another one counts once, where the original draws again: of the "
                  "order of degree / agents of the moved edges are lost so.",
              .reference = "Watts and Strogatz 1998, Collective dynamics of small-world networks, Nature 393, doi "
                           "10.1038/30918",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
