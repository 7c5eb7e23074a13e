/* Graphs: both directions against a matrix, edges that cannot be used, ids of both kinds, threads, and failing memory.
 */
#include "populations.h"
#include "throng/graph.h"

#define GRAPH(...) ((throng_graph_def){.source = "from", .target = "to", __VA_ARGS__})

/* ---- from arrays ----------------------------------------------------------------------------------------------- */

#define AGENTS 40
#define EDGES  600

static void random_edges(throng_agent *source, throng_agent *target, double *weight) {
    for (int e = 0; e < EDGES; e++) {
        source[e] = (throng_agent)(AGENTS * test_uniform(1, 3 * e));
        target[e] = (throng_agent)(AGENTS * test_uniform(1, 3 * e + 1) * test_uniform(1, 3 * e + 1));
        weight[e] = 0.25 * (1 + e % 8);
    }
}

/* Both directions hold what a matrix holds, in order and each pair once. */
static void compare(const throng_graph *graph, double (*matrix)[AGENTS]) {
    throng_adjacency sides[2] = {throng_graph_out(graph), throng_graph_in(graph)};
    for (int side = 0; side < 2; side++) {
        int64_t used = 0;
        for (int i = 0; i < AGENTS; i++) {
            cr_assert_eq(sides[side].offsets[i], used);
            for (int j = 0; j < AGENTS; j++) {
                double w = side == 0 ? matrix[i][j] : matrix[j][i];
                if (w == 0.0)
                    continue;
                cr_assert_eq(sides[side].neighbours[used], j);
                cr_assert_eq(sides[side].weights ? sides[side].weights[used] : 1.0, w);
                used++;
            }
        }
        cr_assert_eq(sides[side].offsets[AGENTS], used);
        cr_assert_eq(throng_graph_edges(graph), used);
    }
}

Test(graph, holds_what_a_matrix_holds, .init = set_up, .fini = tear_down) {
    throng_agent source[EDGES], target[EDGES];
    double weight[EDGES];
    random_edges(source, target, weight);
    for (int weighted = 0; weighted < 2; weighted++)
        for (int threads = 1; threads <= 8; threads++) {
            double matrix[AGENTS][AGENTS] = {{0.0}};
            int64_t pairs = 0, loops = 0;
            throng_graph *graph = NULL;
            for (int e = 0; e < EDGES; e++) {
                pairs += matrix[source[e]][target[e]] == 0.0;
                loops += source[e] == target[e];
                matrix[source[e]][target[e]] += weighted ? weight[e] : 1.0;
            }
            expect_ok(throng_context_set_threads(context, threads, &error));
            expect_ok(throng_graph_create_from(context, AGENTS, EDGES, source, target, weighted ? weight : NULL, &graph,
                                               &error));
            compare(graph, matrix);
            throng_graph_counts counts = throng_graph_counted(graph);
            cr_expect_eq(counts.given, EDGES);
            cr_expect_eq(counts.edges, pairs);
            cr_expect_eq(counts.repeated, EDGES - pairs);
            cr_expect_eq(counts.loops, loops);
            throng_graph_free(graph);
        }
}

/* Where no pair is repeated, the second direction's offsets are not counted again. */
Test(graph, holds_what_a_matrix_holds_without_repeats, .init = set_up, .fini = tear_down) {
    throng_agent source[EDGES], target[EDGES];
    double weight[EDGES], matrix[AGENTS][AGENTS] = {{0.0}};
    int64_t used = 0;
    random_edges(source, target, weight);
    for (int e = 0; e < EDGES; e++) {
        if (matrix[source[e]][target[e]] != 0.0)
            continue;
        matrix[source[e]][target[e]] = weight[e];
        source[used] = source[e];
        target[used] = target[e];
        weight[used++] = weight[e];
    }
    for (int threads = 1; threads <= 8; threads++) {
        throng_graph *graph = NULL;
        expect_ok(throng_context_set_threads(context, threads, &error));
        expect_ok(throng_graph_create_from(context, AGENTS, used, source, target, weight, &graph, &error));
        compare(graph, matrix);
        cr_expect_eq(throng_graph_counted(graph).repeated, 0);
        throng_graph_free(graph);
    }
}

Test(graph, without_weights_and_repeats_needs_no_weights, .init = set_up, .fini = tear_down) {
    const throng_agent source[] = {2, 0, 1}, target[] = {0, 1, 2};
    throng_graph *graph = NULL;
    expect_ok(throng_graph_create_from(context, 3, 3, source, target, NULL, &graph, &error));
    cr_expect_null(throng_graph_in(graph).weights);
    cr_expect_eq(throng_graph_in(graph).neighbours[0], 2);
    throng_graph_free(graph);
    expect_ok(throng_graph_create_from(context, 1, 0, NULL, NULL, NULL, &graph, &error));
    cr_expect_eq(throng_graph_edges(graph), 0);
    cr_expect_eq(throng_graph_out(graph).offsets[1], 0);
    throng_graph_free(graph);
}

static void refuse_arrays(int64_t agents, throng_agent source, throng_agent target, double weight,
                          const char *message) {
    throng_graph *graph = NULL;
    cr_expect_eq(throng_graph_create_from(context, agents, 1, &source, &target, &weight, &graph, &error),
                 THRONG_E_ARGUMENT);
    cr_expect_str_eq(error.message, message);
    cr_expect_null(graph);
}

Test(graph, refuses_agents_that_are_not_there, .init = set_up, .fini = tear_down) {
    refuse_arrays(3, 3, 0, 1, "Edge 0 goes from agent 3 to agent 0, but agents are 0..2.");
    refuse_arrays(3, 0, -1, 1, "Edge 0 goes from agent 0 to agent -1, but agents are 0..2.");
    refuse_arrays(3, 0, 1, NAN, "The weight of edge 0 is not a finite number.");
    refuse_arrays(0, 0, 0, 1, "A graph has 1 to 2147483647 agents and no negative number of edges, got 0 and 1.");
}

/* ---- from tables ----------------------------------------------------------------------------------------------- */

static throng_population *numbered(void) {
    throng_table *table = make_table(4);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "id", INT64, 700, -3, 12, 8000000000);
    return populate(table, PARTS(.id = "id"));
}

static throng_population *named(void) {
    throng_table *table = make_table(3);
    view(table, "state", FLOAT64, 1, 2, 3);
    text(table, "id", "ana", "ben", "cai");
    return populate(table, PARTS(.id = "id"));
}

/* "0>1:2.5 ..." */
static const char *edges_of(const throng_graph *graph) {
    static char line[400];
    size_t used = 0;
    throng_adjacency out = throng_graph_out(graph);
    line[0] = '\0';
    for (int64_t i = 0; i < throng_graph_agents(graph); i++)
        for (int64_t e = out.offsets[i]; e < out.offsets[i + 1]; e++)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%lld>%d:%g", used ? " " : "", (long long)i,
                                     out.neighbours[e], out.weights ? out.weights[e] : 1.0);
    return line;
}

Test(graph, finds_agents_by_number, .init = set_up, .fini = tear_down) {
    throng_population *population = numbered();
    throng_table *table = make_table(5);
    throng_graph *graph = NULL;
    throng_graph_def def = GRAPH(.weight = "w", .missing = THRONG_EDGES_DROP, .loops = THRONG_EDGES_KEEP);
    view(table, "from", INT64, 12, 700, 8000000000, 5, 12);
    view(table, "to", INT64, -3, 12, 8000000000, 12, -3);
    view(table, "w", FLOAT32, 1.5f, 2, 3, 9, 0.25f);
    expect_ok(throng_graph_create(population, table, &def, &graph, &error));
    cr_expect_str_eq(edges_of(graph), "0>2:2 2>1:1.75 3>3:3");
    throng_graph_counts counts = throng_graph_counted(graph);
    cr_expect(counts.given == 5 && counts.edges == 3 && counts.missing == 1 && counts.loops == 1 &&
              counts.repeated == 1);
    throng_graph_free(graph);
    throng_population_free(population);
}

/* Ids without wide gaps are listed, not hashed: those between and beside them are still nobody. */
Test(graph, finds_agents_by_number_in_a_narrow_range, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(4);
    throng_graph *graph = NULL;
    throng_graph_def def = GRAPH(.missing = THRONG_EDGES_DROP);
    view(table, "state", FLOAT64, 1, 2, 3, 4);
    view(table, "id", INT64, 3, -4, 0, 1);
    throng_population *population = populate(table, PARTS(.id = "id"));
    table = make_table(8);
    view(table, "from", INT64, 3, -4, 0, 2, -5, 4, INT64_MIN, INT64_MAX);
    view(table, "to", INT64, 1, 3, -4, 0, 0, 0, 0, 0);
    expect_ok(throng_graph_create(population, table, &def, &graph, &error));
    cr_expect_str_eq(edges_of(graph), "0>3:1 1>0:1 2>1:1");
    cr_expect_eq(throng_graph_counted(graph).missing, 5);
    throng_graph_free(graph);
    throng_population_free(population);
}

Test(graph, finds_agents_by_name_and_by_row, .init = set_up, .fini = tear_down) {
    throng_population *population = named();
    throng_table *table = make_table(2);
    throng_graph *graph = NULL;
    throng_graph_def def = GRAPH(0);
    text(table, "from", "cai", "ana");
    text(table, "to", "ana", "ben");
    expect_ok(throng_graph_create(population, table, &def, &graph, &error));
    cr_expect_str_eq(edges_of(graph), "0>1:1 2>0:1");
    throng_graph_free(graph);
    throng_population_free(population);
    table = make_table(3);
    view(table, "state", FLOAT64, 1, 2, 3);
    population = populate(table, PARTS(0));
    table = make_table(2);
    view(table, "from", INT32, 1, 3);
    view(table, "to", INT32, 2, 1);
    expect_ok(throng_graph_create(population, table, &def, &graph, &error));
    cr_expect_str_eq(edges_of(graph), "0>1:1 2>0:1");
    throng_graph_free(graph);
    throng_population_free(population);
}

static void refuse_edges(throng_population *population, throng_table *table, throng_graph_def def,
                         throng_status expected, const char *message) {
    throng_graph *graph = NULL;
    throng_status status = throng_graph_create(population, table, &def, &graph, &error);
    cr_expect_eq(status, expected, "%s: %s", throng_status_name(status), error.message);
    cr_expect_str_eq(error.message, message);
    cr_expect_null(graph);
    throng_population_free(population);
}

Test(graph, says_which_edges_it_cannot_use, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(3);
    text(table, "from", "ana", "ben", "zoe");
    text(table, "to", "ben", "cai", "max");
    refuse_edges(named(), table, GRAPH(0), THRONG_E_EDGE,
                 "Edge 3: from \"zoe\" is not in the crowd; 1 of 3 edges name somebody unknown. Leave such edges out "
                 "with --edges-missing drop.");
    throng_table *nameless = make_table(2);
    view(nameless, "state", FLOAT64, 1, 2);
    table = make_table(2);
    view(table, "from", INT64, 1, 0);
    view(table, "to", INT64, 2, 1);
    refuse_edges(
        populate(nameless, PARTS(0)), table, GRAPH(0), THRONG_E_EDGE,
        "Edge 2: from 0 is not in the crowd, where agents are 1, 2, ... unless --id names their column; 1 of 2 "
        "edges name somebody unknown. Leave such edges out with --edges-missing drop.");
    table = make_table(3);
    view(table, "from", INT64, 12, 700, 12);
    view(table, "to", INT64, 12, 12, 12);
    refuse_edges(numbered(), table, GRAPH(0), THRONG_E_EDGE,
                 "Edge 1 goes from 12 to itself; so do 2 of 3 edges. Say what to do with them: --self-loops drop or "
                 "keep.");
    table = make_table(1);
    text(table, "from", "12");
    text(table, "to", "700");
    refuse_edges(numbered(), table, GRAPH(0), THRONG_E_COLUMN,
                 "Column \"from\" of the edges holds text, but the agents' ids are whole numbers: they cannot be the "
                 "same.");
    table = make_table(1);
    view(table, "from", FLOAT64, 12);
    view(table, "to", INT64, 12);
    refuse_edges(numbered(), table, GRAPH(0), THRONG_E_COLUMN,
                 "Column \"from\" is of type float64, but edges go between ids: whole numbers or text.");
    table = make_table(1);
    view(table, "from", INT64, 12);
    view(table, "too", INT64, 12);
    refuse_edges(numbered(), table, GRAPH(0), THRONG_E_COLUMN, "The table has no column \"to\". Did you mean \"too\"?");
}

Test(graph, says_which_weight_is_wrong, .init = set_up, .fini = tear_down) {
    for (int k = 0; k < 2; k++) {
        throng_table *table = make_table(2);
        view(table, "from", INT64, 12, 700);
        view(table, "to", INT64, 700, 12);
        view(table, "w", FLOAT64, 1, k == 0 ? NAN : -2);
        refuse_edges(numbered(), table, GRAPH(.weight = "w"), k == 0 ? THRONG_E_MISSING_VALUE : THRONG_E_WEIGHT,
                     k == 0 ? "Edge 2: its weight (column \"w\") is missing or not finite."
                            : "Edge 2: its weight (column \"w\") is -2, but weights of edges must not be negative.");
    }
}

static throng_status make_one(void) {
    throng_population *population = NULL;
    throng_table *table = NULL;
    throng_graph *graph = NULL;
    throng_population_def who = PARTS(.id = "id");
    throng_graph_def def = GRAPH(.weight = "w", .loops = THRONG_EDGES_DROP);
    double state[] = {1, 2, 3}, w[] = {1, 2, 3};
    const char *ids[] = {"a", "b", "c"}, *from[] = {"a", "b", "b"}, *to[] = {"b", "b", "c"};
    throng_status status = throng_table_create(context, 3, &table, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error);
    if (status == THRONG_OK)
        status = throng_table_add_text(table, "id", ids, &error);
    if (status != THRONG_OK) {
        throng_table_free(table);
        return status;
    }
    status = throng_population_create(context, table, &who, &population, &error);
    table = NULL;
    if (status == THRONG_OK)
        status = throng_table_create(context, 3, &table, &error);
    if (status == THRONG_OK)
        status = throng_table_add_text(table, "from", from, &error);
    if (status == THRONG_OK)
        status = throng_table_add_text(table, "to", to, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(table, "w", THRONG_TYPE_FLOAT64, w, &error);
    if (status == THRONG_OK)
        status = throng_graph_create(population, table, &def, &graph, &error);
    else
        throng_table_free(table);
    throng_graph_free(graph);
    throng_population_free(population);
    return status;
}

Test(graph, survives_every_failing_allocation, .init = set_up, .fini = tear_down) {
    cr_expect_geq(fail_every_allocation(make_one), 10);
}
