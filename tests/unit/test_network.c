/*
 * Indicators of who is joined to whom: every one against plain formulas, its own differences and the Shapley value;
 * agents who are away; published controversy scores; and what they refuse.
 */
#include "attribution/crowd.h"
#include "suite.h"

#include <stdio.h>

/* ---- scenes ---------------------------------------------------------------------------------------------------- */

typedef struct scene {
    throng_context *context;
    throng_population *population;
    throng_graph *graph;
    int64_t n;
    double state[64], weight[64];
    double edge[64][64]; /* weight from i to j */
} scene;

/* n agents in two camps, -1 and 1, edges of weight below 1 mostly within a camp. `rows` puts agents in another order.
 */
static scene *scene_make(int64_t n, uint64_t seed, const int *rows) {
    scene *self = calloc(1, sizeof *self);
    throng_error err = {0};
    throng_table *table = NULL;
    throng_agent source[4096], target[4096];
    double weight[4096];
    int64_t used = 0;
    self->n = n;
    self->context = test_context(2);
    for (int i = 0; i < n; i++) {
        int who = rows ? rows[i] : i;
        self->state[i] = who % 3 == 0 ? 1.0 : -1.0;
        self->weight[i] = 1.0 / (0.05 + test_uniform(seed, 1000 + who));
        for (int j = 0; j < n; j++) {
            int other = rows ? rows[j] : j;
            bool alike = who % 3 == 0 ? other % 3 == 0 : other % 3 != 0;
            if (i == j || test_uniform(seed, who * 64 + other) > (alike ? 0.5 : 0.15))
                continue;
            self->edge[i][j] = 0.1 + 0.8 * test_uniform(seed + 1, who * 64 + other);
            source[used] = i;
            target[used] = j;
            weight[used++] = self->edge[i][j];
        }
    }
    throng_population_def def = throng_population_default();
    def.state = "state";
    def.weight = "weight";
    cr_assert_eq(throng_table_create(self->context, n, &table, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, self->state, &err), THRONG_OK);
    cr_assert_eq(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, self->weight, &err), THRONG_OK);
    cr_assert_eq(throng_population_create(self->context, table, &def, &self->population, &err), THRONG_OK);
    cr_assert_eq(throng_graph_create_from(self->context, n, used, source, target, weight, &self->graph, &err),
                 THRONG_OK, "%s", err.message);
    return self;
}

static void scene_free(scene *self) {
    throng_graph_free(self->graph);
    throng_population_free(self->population);
    throng_context_free(self->context);
    free(self);
}

static const char *const indicators[] = {
    "assortativity", "disagreement",        "random-walk-controversy:influencers=2",
    "reach",         "reach:weighted=true", "segregation"};
#define INDICATORS 6

static throng_attribution *attribute(const scene *self, const char *indicator, const char *method, throng_path path) {
    throng_error err = {0};
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.method = method;
    def.path = path;
    def.graph = self->graph;
    cr_assert_eq(throng_attribute(self->context, self->population, &def, &out, &err), THRONG_OK, "%s by %s: %s",
                 indicator, method, err.message);
    return out;
}

/* ---- plain formulas -------------------------------------------------------------------------------------------- */

/* Sum over edges of a_i a_j w_ij h(x_i, x_j; ...) by the double loop that the pages describe. */
static double plain(const scene *self, const char *name, const double *a) {
    double total = 0.0, ms = 0.0, mt = 0.0, vs = 0.0, vt = 0.0, same = 0.0, out = 0.0, side[2][2] = {{0.0}};
    const double *x = self->state;
    int64_t n = self->n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            total += self->edge[i][j];
            ms += self->edge[i][j] * x[i];
            mt += self->edge[i][j] * x[j];
            side[0][x[i] > 0.0] += self->edge[i][j];
            side[1][x[j] > 0.0] += self->edge[i][j];
        }
    ms /= total;
    mt /= total;
    same = (side[0][0] * side[1][0] + side[0][1] * side[1][1]) / (total * total);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            vs += self->edge[i][j] * (x[i] - ms) * (x[i] - ms) / total;
            vt += self->edge[i][j] * (x[j] - mt) * (x[j] - mt) / total;
        }
    if (strncmp(name, "reach", 5) == 0) {
        double mass = 0.0;
        for (int j = 0; j < n; j++)
            mass += self->weight[j];
        for (int j = 0; j < n; j++) {
            double miss = 1.0;
            for (int i = 0; i < n; i++)
                miss *= 1.0 - a[i] * self->edge[i][j];
            out += (name[5] ? self->weight[j] / mass : 1.0 / n) * (1.0 - miss);
        }
        return out;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double h = name[0] == 'd'   ? (x[i] - x[j]) * (x[i] - x[j])
                       : name[0] == 'a' ? (x[i] - ms) * (x[j] - mt) / sqrt(vs * vt)
                                        : 1.0 - (x[i] != x[j]) / (1.0 - same);
            out += a[i] * a[j] * self->edge[i][j] * h / total;
        }
    return out;
}

static throng_i_crowd crowd_of(scene *self, throng_i_indicator *indicator, const char *spec) {
    throng_error err = {0};
    throng_i_crowd crowd;
    cr_assert_eq(throng_i_indicator_init(self->context, spec, indicator, &err), THRONG_OK, "%s", err.message);
    throng_i_crowd_def def = {.population = self->population,
                              .indicator = indicator,
                              .path = THRONG_PATH_PRESENCE,
                              .baseline = THRONG_BASELINE_NEUTRAL,
                              .graph = self->graph};
    cr_assert_eq(throng_i_crowd_init(self->context, &def, &crowd, &err), THRONG_OK, "%s", err.message);
    return crowd;
}

Test(network, values_are_what_the_pages_say_and_gradients_their_differences) {
    scene *self = scene_make(30, 3, NULL);
    for (int k = 0; k < INDICATORS; k++) {
        throng_i_indicator indicator;
        throng_i_crowd crowd = crowd_of(self, &indicator, indicators[k]);
        throng_value_function v = throng_i_crowd_function(&crowd);
        double alpha[30], gradient[30], value = 0.0;
        for (int i = 0; i < 30; i++)
            alpha[i] = 0.1 + 0.8 * test_uniform(7, i);
        cr_assert_eq(v.gradient(v.self, alpha, gradient, NULL), THRONG_OK);
        cr_assert_eq(v.value(v.self, alpha, &value, NULL), THRONG_OK);
        if (indicators[k][0] != 'r' || indicators[k][1] != 'a')
            cr_expect_float_eq(value, plain(self, indicators[k], alpha), 1e-13, "%s: %.15g", indicators[k], value);
        for (int i = 0; i < 30; i++) {
            double at = alpha[i], above = 0.0, below = 0.0;
            alpha[i] = at + 1e-5;
            cr_assert_eq(v.value(v.self, alpha, &above, NULL), THRONG_OK);
            alpha[i] = at - 1e-5;
            cr_assert_eq(v.value(v.self, alpha, &below, NULL), THRONG_OK);
            alpha[i] = at;
            cr_expect_float_eq(gradient[i], (above - below) / 2e-5, 1e-8, "%s, agent %d", indicators[k], i);
        }
        throng_i_crowd_clear(&crowd);
        throng_i_indicator_clear(self->context, &indicator);
    }
    scene_free(self);
}

/* Multilinear games: the path integral along the diagonal is the Shapley value. */
Test(network, path_integrals_are_shapley_values) {
    scene *self = scene_make(11, 5, NULL);
    for (int k = 0; k < INDICATORS; k++) {
        if (indicators[k][0] == 'r' && indicators[k][1] == 'a')
            continue; /* walks come back: not multilinear */
        throng_attribution *path = attribute(self, indicators[k], "aumann-shapley", THRONG_PATH_DEFAULT);
        throng_attribution *exact = attribute(self, indicators[k], "shapley-exact", THRONG_PATH_DEFAULT);
        for (int i = 0; i < 11; i++)
            cr_expect_float_eq(throng_attribution_phi(path)[i], throng_attribution_phi(exact)[i], 1e-12, "%s, agent %d",
                               indicators[k], i);
        throng_attribution_free(path);
        throng_attribution_free(exact);
    }
    throng_attribution *path = attribute(self, "disagreement", "aumann-shapley", THRONG_PATH_STATE);
    throng_attribution *exact = attribute(self, "disagreement", "shapley-exact", THRONG_PATH_STATE);
    for (int i = 0; i < 11; i++)
        cr_expect_float_eq(throng_attribution_phi(path)[i], throng_attribution_phi(exact)[i], 1e-12);
    throng_attribution_free(path);
    throng_attribution_free(exact);
    scene_free(self);
}

Test(network, the_order_of_rows_does_not_matter) {
    int rows[20];
    for (int i = 0; i < 20; i++)
        rows[i] = (7 * i + 3) % 20;
    scene *one = scene_make(20, 9, NULL), *other = scene_make(20, 9, rows);
    for (int k = 0; k < INDICATORS; k++) {
        throng_attribution *a = attribute(one, indicators[k], "aumann-shapley", THRONG_PATH_DEFAULT);
        throng_attribution *b = attribute(other, indicators[k], "aumann-shapley", THRONG_PATH_DEFAULT);
        for (int i = 0; i < 20; i++)
            cr_expect_float_eq(throng_attribution_phi(b)[i], throng_attribution_phi(a)[rows[i]], 1e-12, "%s",
                               indicators[k]);
        throng_attribution_free(a);
        throng_attribution_free(b);
    }
    scene_free(one);
    scene_free(other);
}

/* ---- reach ----------------------------------------------------------------------------------------------------- */

/* Two certain ways to the same agent: each gets half, and a third who reaches nobody gets nothing. */
Test(network, reach_shares_what_either_would_do) {
    throng_error err = {0};
    scene *self = scene_make(4, 11, NULL);
    const throng_agent source[] = {0, 1}, target[] = {3, 3};
    throng_graph_free(self->graph);
    cr_assert_eq(throng_graph_create_from(self->context, 4, 2, source, target, NULL, &self->graph, &err), THRONG_OK);
    throng_attribution *result = attribute(self, "reach", "aumann-shapley", THRONG_PATH_DEFAULT);
    const double *phi = throng_attribution_phi(result);
    cr_expect_float_eq(phi[0], 0.125, 1e-15);
    cr_expect_float_eq(phi[1], 0.125, 1e-15);
    cr_expect_eq(phi[2], 0.0);
    cr_expect_eq(phi[3], 0.0);
    throng_attribution_free(result);
    scene_free(self);
}

/* ---- agents who are away --------------------------------------------------------------------------------------- */

/* Agents in rows of several days; the arrays stay the caller's. */
static throng_status make_days(throng_context *in, int64_t n, const double *state, const int64_t *id,
                               const int64_t *day, throng_population **out) {
    const throng_population_def who = {.state = "x", .id = "id", .time = "day"};
    throng_table *table = NULL;
    throng_status status = throng_table_create(in, n, &table, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(table, "x", THRONG_TYPE_FLOAT64, state, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error);
    if (status == THRONG_OK)
        status = throng_table_add_view(table, "day", THRONG_TYPE_INT64, day, &error);
    if (status == THRONG_OK)
        return throng_population_create(in, table, &who, out, &error); /* consumes the table */
    throng_table_free(table);
    return status;
}

/* At the second time ben is away: his edges go with him, though the graph has them. */
Test(network, edges_of_those_who_are_away_do_not_count, .init = set_up, .fini = tear_down) {
    throng_population *population = NULL;
    throng_graph *graph = NULL;
    throng_attribution *result = NULL;
    const double state[] = {0, 1, 3, 3, 0};
    const int64_t id[] = {1, 2, 3, 3, 1}, day[] = {1, 1, 1, 2, 2};
    cr_assert_eq(make_days(context, 5, state, id, day, &population), THRONG_OK, "%s", error.message);
    const throng_agent source[] = {0, 1, 2}, target[] = {1, 2, 0};
    cr_assert_eq(throng_graph_create_from(context, 3, 3, source, target, NULL, &graph, &error), THRONG_OK);
    throng_attribution_def def = throng_attribution_default();
    def.indicator = "disagreement";
    def.graph = graph;
    cr_assert_eq(throng_attribute(context, population, &def, &result, &error), THRONG_OK, "%s", error.message);
    cr_expect_float_eq(throng_attribution_certificate(result, 0).everybody, (1.0 + 4.0 + 9.0) / 3.0, 1e-14);
    cr_expect_float_eq(throng_attribution_certificate(result, 1).everybody, 9.0, 1e-14);
    cr_expect_float_eq(throng_attribution_phi(result)[3], 4.5, 1e-14);
    throng_attribution_free(result);
    throng_graph_free(graph);
    throng_population_free(population);
}

/* ---- what they refuse ------------------------------------------------------------------------------------------ */

static void refuse(const scene *self, const char *indicator, throng_path path, const throng_graph *graph,
                   throng_status expected, const char *message) {
    throng_error err = {0};
    throng_attribution *out = NULL;
    throng_attribution_def def = throng_attribution_default();
    def.indicator = indicator;
    def.path = path;
    def.graph = graph;
    throng_status status = throng_attribute(self->context, self->population, &def, &out, &err);
    cr_expect_eq(status, expected, "%s: %s", throng_status_name(status), err.message);
    cr_expect_str_eq(err.message, message);
    cr_expect_null(out);
}

Test(network, refuses_what_makes_no_sense) {
    throng_error err = {0};
    scene *self = scene_make(6, 13, NULL), *other = scene_make(7, 13, NULL);
    throng_graph *empty = NULL, *heavy = NULL;
    const throng_agent source[] = {0}, target[] = {1};
    const double two[] = {2.0};
    cr_assert_eq(throng_graph_create_from(self->context, 6, 0, source, target, NULL, &empty, &err), THRONG_OK);
    cr_assert_eq(throng_graph_create_from(self->context, 6, 1, source, target, two, &heavy, &err), THRONG_OK);
    refuse(self, "reach", THRONG_PATH_DEFAULT, NULL, THRONG_E_ARGUMENT,
           "reach looks at who is joined to whom: it needs a graph (--graph EDGES --source COL --target COL).");
    refuse(self, "variance", THRONG_PATH_DEFAULT, self->graph, THRONG_E_ARGUMENT,
           "variance does not look at a graph: leave --graph out, or take a network indicator (throng list "
           "indicators).");
    refuse(self, "reach", THRONG_PATH_DEFAULT, other->graph, THRONG_E_ARGUMENT, "The graph has 7 agents, the crowd 6.");
    refuse(self, "segregation", THRONG_PATH_STATE, self->graph, THRONG_E_DEGENERATE,
           "segregation takes states for what they are, not for places on a way: there is no state path. Take --path "
           "presence.");
    refuse(self, "reach", THRONG_PATH_DEFAULT, heavy, THRONG_E_DOMAIN,
           "reach takes weights of edges for probabilities, but one is 2: scale them to [0, 1], or leave the weight "
           "out. (Repeated edges add up.)");
    refuse(self, "disagreement", THRONG_PATH_DEFAULT, empty, THRONG_E_DEGENERATE,
           "disagreement is undefined: there is no edge of positive weight.");
    refuse(self, "random-walk-controversy:threshold=5", THRONG_PATH_DEFAULT, self->graph, THRONG_E_DEGENERATE,
           "random-walk-controversy compares two camps, but nobody's state is above the threshold 5.");
    for (int i = 0; i < 6; i++)
        self->state[i] = 2.0;
    refuse(self, "segregation", THRONG_PATH_DEFAULT, self->graph, THRONG_E_DEGENERATE,
           "segregation is undefined: there are no edges, or everybody with an edge is in one group.");
    refuse(self, "assortativity", THRONG_PATH_DEFAULT, self->graph, THRONG_E_DEGENERATE,
           "assortativity is undefined: all states at the sources or at the targets of edges are equal, or there are "
           "no edges.");
    throng_graph_free(empty);
    throng_graph_free(heavy);
    scene_free(self);
    scene_free(other);
}

/* ---- published scores ------------------------------------------------------------------------------------------ */

/* RWC with ten accounts a side, computed by another program: shared data, skipped where it is not. */
Test(network, controversy_agrees_with_another_program) {
    const struct {
        const char *name;
        double expected;
    } sets[] = {{"u_karate_club", 0.932179}, {"u_political_blogs", 0.614548}, {"rt_beefban_threshold", 0.840832}};
    const char *shared = getenv("SHARED");
    char path[1200], line[400];
    for (int s = 0; s < 3; s++) {
        throng_context *own = test_context(2);
        throng_error err = {0};
        throng_table *nodes = NULL, *edges = NULL;
        throng_population *population = NULL;
        throng_graph *graph = NULL;
        throng_attribution *result = NULL;
        enum {
            MOST = 4000,
            EDGES_MOST = 20000
        };
        static int64_t id[MOST], from[EDGES_MOST], to[EDGES_MOST];
        static double side[MOST];
        int64_t n = 0, m = 0;
        for (int kind = 0; kind < 2; kind++) {
            snprintf(path, sizeof path, "%s/data/polarised/%s.%s.tsv", shared ? shared : ".", sets[s].name,
                     kind ? "edges" : "labels");
            FILE *file = fopen(path, "r");
            if (!file)
                cr_skip("no %s: the shared data is not here", path);
            while (fgets(line, sizeof line, file)) {
                long long a = 0, b = 0;
                if (line[0] == '#' || sscanf(line, "%lld\t%lld", &a, &b) != 2)
                    continue;
                if (kind == 0) {
                    id[n] = a;
                    side[n++] = b;
                } else {
                    from[m] = a;
                    to[m++] = b;
                }
            }
            fclose(file);
        }
        throng_population_def who = throng_population_default();
        who.state = "side";
        who.id = "id";
        cr_assert_eq(throng_table_create(own, n, &nodes, &err), THRONG_OK);
        cr_assert_eq(throng_table_add_view(nodes, "id", THRONG_TYPE_INT64, id, &err), THRONG_OK);
        cr_assert_eq(throng_table_add_view(nodes, "side", THRONG_TYPE_FLOAT64, side, &err), THRONG_OK);
        cr_assert_eq(throng_population_create(own, nodes, &who, &population, &err), THRONG_OK, "%s", err.message);
        cr_assert_eq(throng_table_create(own, m, &edges, &err), THRONG_OK);
        cr_assert_eq(throng_table_add_view(edges, "from", THRONG_TYPE_INT64, from, &err), THRONG_OK);
        cr_assert_eq(throng_table_add_view(edges, "to", THRONG_TYPE_INT64, to, &err), THRONG_OK);
        throng_graph_def which = throng_graph_default();
        which.source = "from";
        which.target = "to";
        which.loops = THRONG_EDGES_DROP;
        cr_assert_eq(throng_graph_create(population, edges, &which, &graph, &err), THRONG_OK, "%s", err.message);
        throng_attribution_def def = throng_attribution_default();
        def.indicator = "random-walk-controversy";
        def.method = "gradient-input"; /* the cheapest: the value is what is looked at */
        def.graph = graph;
        cr_assert_eq(throng_attribute(own, population, &def, &result, &err), THRONG_OK, "%s", err.message);
        cr_expect_float_eq(throng_attribution_certificate(result, 0).everybody, sets[s].expected, 1e-6, "%s",
                           sets[s].name);
        throng_attribution_free(result);
        throng_graph_free(graph);
        throng_population_free(population);
        throng_context_free(own);
    }
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static throng_status attribute_reach(throng_context *in, int64_t turn, void *user) {
    const throng_agent source[] = {0, 1}, target[] = {1, 0};
    const double state[] = {0, 1, 1, 0};
    const int64_t id[] = {1, 2, 2, 1}, day[] = {1, 1, 2, 2};
    throng_population *population = NULL;
    throng_graph *graph = NULL;
    throng_attribution *result = NULL;
    throng_attribution_def def = throng_attribution_default();
    (void)turn, (void)user;
    throng_status status = make_days(in, 4, state, id, day, &population);
    if (status == THRONG_OK)
        status = throng_graph_create_from(in, 2, 2, source, target, NULL, &graph, &error);
    def.indicator = "reach";
    def.graph = graph;
    if (status == THRONG_OK)
        status = throng_attribute(in, population, &def, &result, &error);
    throng_attribution_free(result);
    throng_graph_free(graph);
    throng_population_free(population);
    return status;
}

Test(network, survives_every_failing_allocation) {
    expect_survives(attribute_reach, NULL, 1000);
}
