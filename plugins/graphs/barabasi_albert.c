/* Growth by popularity: who comes later joins those who have many edges already. */
#include "throng/graph_model.h"

enum {
    DEGREE
};

static const throng_param params[] = {
    [DEGREE] = {"degree", THRONG_PARAM_INTEGER, 10, 2, 1e6, "agents", "how many one hears on average; even"}, {0}};

static throng_status check(const throng_graph_request *request, throng_error *err) {
    int64_t degree = (int64_t)request->param[DEGREE];
    if (degree % 2 != 0 || degree >= request->n_agents)
        return THRONG_FAIL(err, E_PARAMETER,
                           "barabasi-albert: degree must be even and less than the %lld agents, got %lld.",
                           (long long)request->n_agents, (long long)degree);
    return THRONG_OK;
}

/* Ends of edges in the order in which they are made: place 2 e is who makes edge e, place 2 e + 1 whom it joins, who
 * stands at a place before, drawn with equal chances. Followed back until a maker is found. */
static int64_t end_of(const throng_graph_request *request, int64_t edge, int64_t half) {
    for (int64_t place = 2 * edge + 1; place % 2 == 1;) {
        double uniform[4];
        throng_random_uniforms(request->random, (uint64_t)(place / 2 / half), (uint64_t)(place / 2 % half), 0, uniform);
        edge = (int64_t)(uniform[0] * (double)place);
        place = edge < place ? edge : place - 1;
        edge = place / 2;
    }
    return edge / half;
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t half = (int64_t)request->param[DEGREE] / 2, found = 0;
    for (int64_t k = 0; k < half; k++) {
        int64_t end = end_of(request, agent * half + k, half);
        if (end == agent)
            continue;
        if (out)
            out[found] = (throng_agent)end;
        found++;
    }
    return found;
}

extern const throng_graph_model throng_graph_barabasi_albert;
const throng_graph_model throng_graph_barabasi_albert = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "barabasi-albert",
              .summary = "growth by popularity: newcomers join those who have many edges already",
              .details =
                  "Agents arrive in their order and make degree / 2 edges each, to an agent drawn in proportion to the "
                  "edges that it has so far, the one being made included. Edges are heard in both directions. An edge "
                  "to oneself is left out, and one that meets another counts once, so early agents make fewer. The "
                  "numbers of edges follow a power law of exponent 3.",
              .reference = "Barabasi and Albert 1999, Emergence of scaling in random networks, doi "
                           "10.1126/science.286.5439.509; the list of ends as in Batagelj and Brandes 2005, doi "
                           "10.1103/PhysRevE.71.036113, and without memory as in Sanders and Schulz 2016, doi "
                           "10.1016/j.ipl.2016.02.004",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
