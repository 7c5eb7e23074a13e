/* Every pair is joined with the same chance. */
#include "throng/graph_model.h"

#include <math.h>

enum {
    DEGREE
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_REAL, 10, 0, 1e6, "agents", "how many one hears on average"}, {0}};

static throng_status check(const throng_graph_request *request, throng_error *err) {
    if (request->param[DEGREE] > (double)(request->n_agents - 1))
        return THRONG_FAIL(err, E_PARAMETER, "erdos-renyi: degree must be at most the %lld other agents, got %g.",
                           (long long)request->n_agents - 1, request->param[DEGREE]);
    return THRONG_OK;
}

/* Later agents only, so that a pair is drawn once; the gaps between those that are joined are geometric. */
static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t n = request->n_agents, found = 0;
    if (n == 1 || request->param[DEGREE] == 0.0)
        return 0;
    double chance = request->param[DEGREE] / (double)(n - 1), scale = log1p(-chance);
    throng_draws draws = throng_graph_draws(request, agent);
    for (double at = (double)agent;;) {
        at += 1.0 + (chance < 1.0 ? floor(log(throng_draws_next(&draws)) / scale) : 0.0);
        if (at >= (double)n)
            return found;
        if (out)
            out[found] = (throng_agent)at;
        found++;
    }
}

extern const throng_graph_model throng_graph_erdos_renyi;
const throng_graph_model throng_graph_erdos_renyi = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "erdos-renyi",
              .summary = "every pair hears each other with the same chance",
              .details = "Each pair is joined, in both directions, with chance degree / (agents - 1), independently of "
                         "all others: G(n, p), exactly.",
              .reference = "Gilbert 1959, Random graphs, doi 10.1214/aoms/1177706098; drawn by geometric gaps as in "
                           "Batagelj and Brandes 2005, Efficient generation of large random networks, doi "
                           "10.1103/PhysRevE.71.036113",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
