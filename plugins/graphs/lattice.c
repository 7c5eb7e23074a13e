/* A square lattice on a torus: everybody hears four neighbours, or eight. */
#include "throng/graph_model.h"

#include <math.h>

enum {
    DIAGONALS
};

static const throng_param params[] = {
    [DIAGONALS] = {"diagonals", THRONG_PARAM_FLAG, 0, 0, 1, "", "eight neighbours instead of four"}, {0}};

static int64_t side_of(int64_t n) {
    return (int64_t)(sqrt((double)n) + 0.5);
}

static throng_status check(const throng_graph_request *request, throng_error *err) {
    int64_t side = side_of(request->n_agents);
    if (side * side != request->n_agents || side < 3)
        return THRONG_FAIL(err, E_PARAMETER,
                           "lattice: the number of agents must be a square of at least 9, got %lld; the nearest are "
                           "%lld and %lld.",
                           (long long)request->n_agents, (long long)(side < 3 ? 9 : side * side),
                           (long long)(side < 3 ? 16 : (side + 1) * (side + 1)));
    return THRONG_OK;
}

static int64_t edges(const throng_graph_request *request, int64_t agent, throng_agent *out) {
    int64_t side = side_of(request->n_agents), row = agent / side, column = agent % side;
    int64_t below = (row + 1) % side, right = (column + 1) % side, left = (column + side - 1) % side;
    if (out) {
        out[0] = (throng_agent)(row * side + right);
        out[1] = (throng_agent)(below * side + column);
    }
    if (request->param[DIAGONALS] == 0.0)
        return 2;
    if (out) {
        out[2] = (throng_agent)(below * side + right);
        out[3] = (throng_agent)(below * side + left);
    }
    return 4;
}

extern const throng_graph_model throng_graph_lattice;
const throng_graph_model throng_graph_lattice = {
    .about = {.struct_size = sizeof(throng_graph_model),
              .name = "lattice",
              .summary = "a square lattice without edges: four neighbours, or eight",
              .details = "Agents stand on a square of side sqrt(agents), row by row, whose opposite sides are joined "
                         "(a torus). Everybody hears the four nearest; with diagonals the eight nearest. No "
                         "randomness.",
              .reference = "von Neumann and Moore neighbourhoods on a torus",
              .params = params},
    .undirected = true,
    .check = check,
    .edges = edges,
};
