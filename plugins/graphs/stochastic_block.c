/* Communities: most edges stay inside. */
#include "throng/graph_model.h"

#include <math.h>

enum {
    BLOCKS,
    DEGREE,
    INSIDE
};

static const throng_param params[] = {
    [BLOCKS] = {"blocks", THRONG_PARAM_INTEGER, 2, 1, 1e6, "", "how many communities of equal size"},
    [DEGREE] = {"degree", THRONG_PARAM_REAL, 10, 0, 1e6, "agents", "how many one hears on average"},
    [INSIDE] = {"inside", THRONG_PARAM_REAL, 0.9, 0, 1, "", "share of them in one's own community"},
    {0}};

/* First agent of a block. */
static int64_t block_begin(const throng_graph_request *request, int64_t block) {
    return request->n_agents * block / (int64_t)request->param[BLOCKS];
}

static int64_t block_of(const throng_graph_request *request, int64_t agent) {
    int64_t block = agent * (int64_t)request->param[BLOCKS] / request->n_agents;
    while (block_begin(request, block + 1) <= agent)
        block++;
    return block;
}

/* Chances of an edge inside and between blocks, for blocks of the mean size. */
static void chances(const throng_graph_request *request, double *within, double *across) {
    double n = (double)request->n_agents, size = n / request->param[BLOCKS], degree = request->param[DEGREE];
    *within = size > 1.0 ? degree * request->param[INSIDE] / (size - 1.0) : 0.0;
    *across = n > size ? degree * (1.0 - request->param[INSIDE]) / (n - size) : 0.0;
}

static throng_status check(const throng_graph_request *request, throng_error *err) {
    double within = 0.0, across = 0.0;
    chances(request, &within, &across);
    if (request->param[BLOCKS] > (double)request->n_agents)
        return THRONG_FAIL(err, E_PARAMETER, "stochastic-block: there are %g blocks for %lld agents.",
                           request->param[BLOCKS], (long long)request->n_agents);
    if (within > 1.0 || across > 1.0)
        return THRONG_FAIL(err, E_PARAMETER,
                           "stochastic-block: nobody can hear %g others %s: there are not so many. Take a smaller "
                           "degree.",
                           request->param[DEGREE] *
                               (within > 1.0 ? request->param[INSIDE] : 1 - request->param[INSIDE]),
                           within > 1.0 ? "in a block" : "outside its block");
    return THRONG_OK;
}

/* Agents from begin to end - 1, each with the same chance; gaps are geometric. */
static int64_t stretch(throng_draws *draws, double chance, int64_t begin, int64_t end, throng_agent *out) {
    int64_t found = 0;
    if (chance <= 0.0)
        return 0;
    double scale = log1p(-chance);
    for (double at = (double)(begin - 1);;) {
        at += 1.0 + (chance < 1.0 ? floor(log(throng_draws_next(draws)) / scale) : 0.0);
        if (at >= (double)end)
            return found;
        if (out)
            out[found] = (throng_agent)at;
        found++;
    }
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    double within = 0.0, across = 0.0;
    chances(request, &within, &across);
    throng_draws draws = throng_graph_draws(request, agent);
    int64_t end = block_begin(request, block_of(request, agent) + 1);
    int64_t found = stretch(&draws, within, agent + 1, end, out);
    return found + stretch(&draws, across, end, request->n_agents, out ? out + found : NULL);
}

extern const throng_graph_model throng_graph_stochastic_block;
const throng_graph_model throng_graph_stochastic_block = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "stochastic-block",
              .summary = "communities of equal size: most edges stay inside",
              .details =
                  "Agents are divided, in their order, into blocks of equal size (up to one agent). Each pair of a "
                  "block is joined, in both directions, with chance degree inside / (size - 1), each pair of different "
                  "blocks with chance degree (1 - inside) / (agents - size), independently of all others.",
              .reference = "Holland, Laskey and Leinhardt 1983, Stochastic blockmodels: first steps, doi "
                           "10.1016/0378-8733(83)90021-7",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
