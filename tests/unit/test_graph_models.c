/* Graph models: what each promises about degrees, the same graph for any number of threads, and what is refused. */
#include "populations.h"
#include "throng/graph_model.h"

#define N 4000

static throng_graph *draw(const char *model, int64_t n, const double *weight, uint64_t seed) {
    throng_graph *graph = NULL;
    expect_ok(throng_graph_draw(context, model, n, weight, seed, &graph, &error));
    return graph;
}

static int64_t degree(throng_adjacency side, int64_t i) {
    return side.offsets[i + 1] - side.offsets[i];
}

static double mean_degree(const throng_graph *graph) {
    return (double)throng_graph_edges(graph) / (double)throng_graph_agents(graph);
}

/* Nobody hears itself or anybody twice; undirected models are symmetric. */
static void expect_simple(const throng_graph *graph, bool undirected) {
    throng_adjacency in = throng_graph_in(graph), out = throng_graph_out(graph);
    cr_expect_null(in.weights);
    for (int64_t i = 0; i < throng_graph_agents(graph); i++)
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            cr_assert_neq(in.neighbours[e], i, "agent %lld hears itself", (long long)i);
            cr_assert(e == in.offsets[i] || in.neighbours[e] > in.neighbours[e - 1], "twice the same");
            if (undirected)
                cr_assert_eq(in.neighbours[e], out.neighbours[e], "not symmetric at agent %lld", (long long)i);
        }
}

Test(graph_models, every_model_is_simple_and_the_same_on_any_number_of_threads, .init = set_up, .fini = tear_down) {
    int n_models = throng_context_plugin_count(context, THRONG_KIND_GRAPH);
    cr_assert_geq(n_models, 8);
    for (int m = 0; m < n_models; m++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_GRAPH, m);
        bool undirected = ((const throng_graph_model *)(const void *)about)->undirected;
        throng_graph *first = NULL;
        for (int threads = 1; threads <= 8; threads++) {
            expect_ok(throng_context_set_threads(context, threads, &error));
            throng_graph *graph = draw(about->name, 2500, NULL, 3);
            throng_adjacency in = throng_graph_in(graph);
            if (threads == 1) {
                expect_simple(graph, undirected);
                first = graph;
                continue;
            }
            throng_adjacency was = throng_graph_in(first);
            cr_assert_arr_eq(in.offsets, was.offsets, 2501 * sizeof *in.offsets, "%s, %d threads", about->name,
                             threads);
            cr_assert_arr_eq(in.neighbours, was.neighbours, (size_t)in.offsets[2500] * sizeof *in.neighbours);
            throng_graph_free(graph);
        }
        throng_graph_free(first);
    }
}

Test(graph_models, another_seed_is_another_graph, .init = set_up, .fini = tear_down) {
    throng_graph *one = draw("erdos-renyi", N, NULL, 1), *other = draw("erdos-renyi", N, NULL, 2);
    cr_expect_neq(throng_graph_edges(one), throng_graph_edges(other));
    throng_graph_free(one);
    throng_graph_free(other);
}

Test(graph_models, rings_and_lattices_are_regular, .init = set_up, .fini = tear_down) {
    static const struct {
        const char *model;
        int64_t degree, neighbour; /* the least one of agent 0, by number */
    } cases[] = {{"ring:degree=6", 6, 1},
                 {"lattice", 4, 1},
                 {"lattice:diagonals=true", 8, 1},
                 {"watts-strogatz:degree=8,rewire=0", 8, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        throng_graph *graph = draw(cases[c].model, 400, NULL, 0);
        throng_adjacency in = throng_graph_in(graph);
        for (int64_t i = 0; i < 400; i++)
            cr_assert_eq(degree(in, i), cases[c].degree, "%s: agent %lld has %lld", cases[c].model, (long long)i,
                         (long long)degree(in, i));
        cr_expect_eq(in.neighbours[0], cases[c].neighbour);
        throng_graph_free(graph);
    }
    throng_graph *square = draw("lattice", 25, NULL, 0);
    throng_adjacency in = throng_graph_in(square);
    const throng_agent around[] = {1, 4, 5, 20}; /* of the corner: right, left round the edge, below, above */
    cr_expect_arr_eq(in.neighbours, around, sizeof around);
    throng_graph_free(square);
}

/* G(n, p): degrees are binomial, so mean and variance agree within their standard errors. */
Test(graph_models, erdos_renyi_degrees_are_binomial, .init = set_up, .fini = tear_down) {
    throng_graph *graph = draw("erdos-renyi:degree=12", 20000, NULL, 5);
    throng_adjacency in = throng_graph_in(graph);
    double squares = 0.0, mean = mean_degree(graph);
    for (int64_t i = 0; i < 20000; i++)
        squares += (degree(in, i) - mean) * (degree(in, i) - mean);
    cr_expect_float_eq(mean, 12.0, 4.0 * sqrt(2.0 * 12.0 / 20000), "mean %g", mean);
    cr_expect_float_eq(squares / 20000, 12.0, 12.0 * 4.0 * sqrt(2.0 / 20000) + 0.1, "variance %g", squares / 20000);
    throng_graph_free(graph);
    throng_graph *full = draw("erdos-renyi:degree=29", 30, NULL, 0);
    cr_expect_eq(throng_graph_edges(full), 30 * 29);
    throng_graph_free(full);
    throng_graph *empty = draw("erdos-renyi:degree=0", 30, NULL, 0);
    cr_expect_eq(throng_graph_edges(empty), 0);
    throng_graph_free(empty);
}

Test(graph_models, rewired_edges_lead_anywhere, .init = set_up, .fini = tear_down) {
    throng_graph *graph = draw("watts-strogatz:degree=10,rewire=0.25", 10000, NULL, 2);
    throng_adjacency in = throng_graph_in(graph);
    int64_t far = 0;
    for (int64_t i = 0; i < 10000; i++)
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            int64_t apart = llabs(in.neighbours[e] - i);
            far += (apart < 10000 - apart ? apart : 10000 - apart) > 5;
        }
    double share = (double)far / (double)throng_graph_edges(graph);
    cr_expect_float_eq(share, 0.25 * (1.0 - 10.0 / 9999), 0.01, "%g of the edges lead anywhere", share);
    throng_graph_free(graph);
}

Test(graph_models, blocks_keep_to_themselves, .init = set_up, .fini = tear_down) {
    throng_graph *graph = draw("stochastic-block:blocks=3,degree=15,inside=0.8", 9001, NULL, 4);
    throng_adjacency in = throng_graph_in(graph);
    int64_t inside = 0;
    for (int64_t i = 0; i < 9001; i++)
        for (int64_t e = in.offsets[i]; e < in.offsets[i + 1]; e++) {
            int64_t mine = i < 3000   ? 0
                           : i < 6000 ? 1
                                      : 2,
                    its = in.neighbours[e] < 3000   ? 0
                          : in.neighbours[e] < 6000 ? 1
                                                    : 2;
            inside += mine == its;
        }
    cr_expect_float_eq((double)inside / (double)throng_graph_edges(graph), 0.8, 0.01);
    cr_expect_float_eq(mean_degree(graph), 15.0, 0.2);
    throng_graph_free(graph);
}

/* Hill's estimator of a power law's exponent from the largest degrees. */
static double tail_exponent(const throng_graph *graph, int64_t above) {
    throng_adjacency in = throng_graph_in(graph);
    double sum = 0.0;
    int64_t n = 0;
    for (int64_t i = 0; i < throng_graph_agents(graph); i++)
        if (degree(in, i) >= above) {
            sum += log((double)degree(in, i) / ((double)above - 0.5));
            n++;
        }
    return 1.0 + (double)n / sum;
}

Test(graph_models, power_laws_have_their_exponents, .init = set_up, .fini = tear_down) {
    throng_graph *grown = draw("barabasi-albert:degree=10", 100000, NULL, 1);
    cr_expect_float_eq(mean_degree(grown), 10.0, 0.1);
    cr_expect_float_eq(tail_exponent(grown, 40), 3.0, 0.15, "%g", tail_exponent(grown, 40));
    throng_graph_free(grown);
    throng_graph *given = draw("chung-lu:degree=10,exponent=2.5", 100000, NULL, 1);
    cr_expect_float_eq(mean_degree(given), 10.0, 0.6, "%g", mean_degree(given));
    cr_expect_float_eq(tail_exponent(given, 40), 2.5, 0.15, "%g", tail_exponent(given, 40));
    throng_graph_free(given);
}

Test(graph_models, the_visible_are_heard_in_proportion, .init = set_up, .fini = tear_down) {
    double weight[N], sum = 0.0, covariance = 0.0, squares = 0.0;
    for (int64_t i = 0; i < N; i++) {
        weight[i] = i == 7 ? 0.0 : 1.0 + (double)(i % 10);
        sum += weight[i];
    }
    throng_graph *graph = draw("visibility:degree=20", N, weight, 9);
    throng_adjacency out = throng_graph_out(graph), in = throng_graph_in(graph);
    cr_expect_eq(degree(out, 7), 0, "whose weight is 0 is heard by nobody");
    for (int64_t i = 0; i < N; i++) {
        double expected = 20.0 * N * weight[i] / sum;
        covariance += expected * (double)degree(out, i);
        squares += expected * expected;
        cr_assert_leq(degree(in, i), 20);
    }
    cr_expect_float_eq(covariance / squares, 1.0, 0.02, "listeners per expected listener: %g", covariance / squares);
    throng_graph_free(graph);
}

Test(graph_models, refuse_what_cannot_be, .init = set_up, .fini = tear_down) {
    static const struct {
        const char *model;
        int64_t n;
        throng_status status;
        const char *says;
    } cases[] = {{"ring:degree=3", 10, THRONG_E_PARAMETER, "even"},
                 {"ring:degree=10", 10, THRONG_E_PARAMETER, "less than the 10 agents"},
                 {"watts-strogatz:degree=12", 10, THRONG_E_PARAMETER, "less than the 10"},
                 {"barabasi-albert:degree=12", 10, THRONG_E_PARAMETER, "less than the 10"},
                 {"lattice", 10, THRONG_E_PARAMETER, "the nearest are 9 and 16"},
                 {"lattice", 4, THRONG_E_PARAMETER, "9 and 16"},
                 {"erdos-renyi:degree=10", 10, THRONG_E_PARAMETER, "at most the 9 other"},
                 {"stochastic-block:blocks=20", 10, THRONG_E_PARAMETER, "20 blocks for 10"},
                 {"stochastic-block:blocks=2,degree=8,inside=1", 10, THRONG_E_PARAMETER, "in a block"},
                 {"erdos", 10, THRONG_E_UNKNOWN_NAME, "erdos-renyi"},
                 {"ring:degre=4", 10, THRONG_E_UNKNOWN_NAME, "degree"},
                 {"ring", 0, THRONG_E_ARGUMENT, "1..2147483647"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        throng_graph *graph = NULL;
        throng_status status = throng_graph_draw(context, cases[c].model, cases[c].n, NULL, 0, &graph, &error);
        cr_expect_eq(status, cases[c].status, "%s: %d %s", cases[c].model, status, error.message);
        cr_expect(strstr(error.message, cases[c].says), "%s said %s", cases[c].model, error.message);
        cr_expect_null(graph);
    }
    double nothing[5] = {0.0};
    throng_graph *graph = NULL;
    cr_expect_eq(throng_graph_draw(context, "visibility", 5, nothing, 0, &graph, &error), THRONG_E_WEIGHT);
}

Test(graph_models, one_agent_has_no_edges, .init = set_up, .fini = tear_down) {
    static const char *const models[] = {"erdos-renyi:degree=0", "chung-lu", "visibility",
                                         "stochastic-block:blocks=1,degree=0"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        throng_graph *graph = draw(models[m], 1, NULL, 0);
        cr_expect_eq(throng_graph_edges(graph), 0, "%s", models[m]);
        throng_graph_free(graph);
    }
}

/* Enough edges for each thread to sort a part of its own. */
Test(graph_models, large_graphs_are_the_same_on_any_number_of_threads, .init = set_up, .fini = tear_down) {
    throng_graph *first = NULL;
    for (int threads = 1; threads <= 5; threads++) {
        expect_ok(throng_context_set_threads(context, threads, &error));
        throng_graph *graph = draw("visibility:degree=10", 40000, NULL, 3);
        cr_assert_gt(throng_graph_edges(graph), 4 * THRONG_CHUNK_ROWS);
        for (int side = 0; threads > 1 && side < 2; side++) {
            throng_adjacency is = side ? throng_graph_in(graph) : throng_graph_out(graph);
            throng_adjacency was = side ? throng_graph_in(first) : throng_graph_out(first);
            cr_assert_arr_eq(is.offsets, was.offsets, 40001 * sizeof *is.offsets, "%d threads", threads);
            cr_assert_arr_eq(is.neighbours, was.neighbours, (size_t)is.offsets[40000] * sizeof *is.neighbours);
        }
        if (threads == 1)
            first = graph;
        else
            throng_graph_free(graph);
    }
    throng_graph_free(first);
}
