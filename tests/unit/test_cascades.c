/* Cascades: trees against a naive reading of the same rules, credits against shapley-exact, broken input, threads. */
#include "populations.h"
#include "throng/attribution.h"
#include "throng/cascade.h"

#define PARTS_OF(...) ((throng_cascades_def){.within = INFINITY, __VA_ARGS__})
#define DEF(...)      PARTS_OF(.agent = "agent", __VA_ARGS__)

static throng_cascades *cascades_of(throng_table *actions, throng_table *edges, throng_cascades_def def) {
    throng_cascades *cascades = NULL;
    expect_ok(throng_cascades_create(context, actions, edges, &def, &cascades, &error));
    return cascades;
}

static void expect_counts(const throng_cascades *cascades) {
    throng_cascades_counts n = throng_cascades_counted(cascades);
    cr_expect_eq(n.rows, n.actions + n.repeats);
    cr_expect_eq(n.members, n.actions + n.unseen);
    cr_expect_eq(n.members, n.starts + n.known + n.followed + n.assumed);
    cr_expect_eq(n.starts, throng_cascades_count(cascades));
    cr_expect_lt(throng_cascades_prove(cascades).residual, 1e-12);
}

/* ---- a naive reference ------------------------------------------------------------------------------------------ */

/* Whether member m is above n, or n itself. */
static bool is_over(const throng_cascades *cascades, int64_t m, int64_t n) {
    for (; n >= 0; n = throng_cascades_member(cascades, n).parent)
        if (n == m)
            return true;
    return false;
}

static int64_t distance(const throng_cascades *cascades, int64_t a, int64_t b) {
    int64_t d = 0;
    for (; !is_over(cascades, a, b); a = throng_cascades_member(cascades, a).parent)
        d++;
    for (; b != a; b = throng_cascades_member(cascades, b).parent)
        d++;
    return d;
}

/* Measures a tree by its definition: all pairs, all depths. */
static void expect_measures(const throng_cascades *cascades, int64_t tree) {
    throng_cascade it = throng_cascades_tree(cascades, tree);
    int64_t n = 0, distances = 0, level[64] = {0}, depth = 0, width = 0;
    int64_t members = throng_cascades_counted(cascades).members;
    for (int64_t a = 0; a < members; a++) {
        throng_cascade_member member = throng_cascades_member(cascades, a);
        if (!is_over(cascades, it.root, a)) {
            cr_expect_neq(member.cascade, tree);
            continue;
        }
        int64_t below = 0, far = distance(cascades, it.root, a);
        for (int64_t b = 0; b < members; b++) {
            below += b != a && is_over(cascades, a, b);
            if (is_over(cascades, it.root, b))
                distances += distance(cascades, a, b);
        }
        n++;
        cr_assert_lt(far, 64);
        width = ++level[far] > width ? level[far] : width;
        depth = far > depth ? far : depth;
        cr_expect_eq(member.cascade, tree);
        cr_expect_eq(member.depth, far);
        cr_expect_eq(member.descendants, below);
    }
    cr_expect_eq(it.size, n);
    cr_expect_eq(it.depth, depth);
    cr_expect_eq(it.width, width);
    cr_expect_float_eq(it.virality, n > 1 ? (double)distances / (double)(n * (n - 1)) : 0.0, 1e-12);
}

/* Members that are reached if the agents with alpha 0 act, but nobody takes it up from them. */
static throng_status reached(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    const throng_cascades *cascades = self;
    double n = 0.0;
    (void)draw;
    (void)err;
    for (int64_t m = 0; m < throng_cascades_counted(cascades).members; m++) {
        bool is_reached = true;
        for (int64_t p = throng_cascades_member(cascades, m).parent; p >= 0;
             p = throng_cascades_member(cascades, p).parent) {
            throng_agent agent = throng_cascades_member(cascades, p).agent;
            is_reached = is_reached && (agent < 0 || alpha[agent] > 0.0);
        }
        n += is_reached;
    }
    *out = n;
    return THRONG_OK;
}

static void expect_shapley(throng_cascades *cascades) {
    double phi[24];
    throng_certificate certificate;
    throng_black_box *box = NULL;
    throng_black_box_def def = throng_black_box_default();
    throng_method_options options = throng_method_options_default();
    def.n_agents = throng_cascades_agents(cascades);
    def.self = cascades;
    def.value = reached;
    cr_assert_leq(def.n_agents, 24);
    expect_ok(throng_black_box_create(context, &def, &box, &error));
    throng_value_function function = throng_black_box_function(box);
    expect_ok(throng_attribute_function(context, &function, "shapley-exact", &options, phi, &certificate, &error));
    double sum = 0.0;
    for (int64_t i = 0; i < def.n_agents; i++) {
        throng_cascade_agent agent = throng_cascades_agent(cascades, (throng_agent)i);
        double everybody[24], all = 0.0, without = 0.0;
        for (int64_t j = 0; j < def.n_agents; j++)
            everybody[j] = 1.0;
        expect_ok(reached(cascades, everybody, 0, &all, &error));
        everybody[i] = 0.0;
        expect_ok(reached(cascades, everybody, 0, &without, &error));
        cr_expect_float_eq(agent.phi, phi[i], 1e-12, "agent %d: %.17g, exactly %.17g", (int)i, agent.phi, phi[i]);
        cr_expect_eq(agent.reach, (int64_t)(all - without));
        sum += agent.phi;
    }
    cr_expect_float_eq(sum, (double)throng_cascades_prove(cascades).reach, 1e-12);
    throng_black_box_free(box);
}

/* Everything that is true of any cascades. */
static void expect_all(throng_cascades *cascades) {
    int64_t trees = throng_cascades_count(cascades), earlier = -1;
    expect_counts(cascades);
    for (int64_t t = 0; t < trees; t++) {
        int64_t root = throng_cascades_tree(cascades, t).root;
        cr_expect_gt(root, earlier);
        earlier = root;
        expect_measures(cascades, t);
    }
    expect_shapley(cascades);
}

/* ---- trees ------------------------------------------------------------------------------------------------------ */

static int draw(uint64_t seed, int which, int n) {
    return (int)(n * test_uniform(seed, which));
}

#define SMALL 24

Test(cascades, random_forests_hold_what_is_true_of_all, .init = set_up, .fini = tear_down) {
    for (uint64_t seed = 0; seed < 40; seed++) {
        int64_t id[SMALL], parent[SMALL], agent[SMALL], time[SMALL];
        int n = 1 + draw(seed, 0, SMALL), people = 1 + draw(seed, 1, 8);
        throng_table *table = make_table(n);
        for (int i = 0; i < n; i++) {
            id[i] = 100 + i;
            agent[i] = draw(seed, 10 * i + 2, people);
            time[i] = draw(seed, 10 * i + 3, 5);
            /* some begin, some name what is not there, some are on cycles */
            int up = draw(seed, 10 * i + 4, n + 4) - 2;
            parent[i] = up < 0 ? INT64_MIN : up < n ? 100 + up : 500 + up;
        }
        own(table, "id", THRONG_TYPE_INT64, id);
        own(table, "parent", THRONG_TYPE_INT64, parent);
        own(table, "agent", THRONG_TYPE_INT64, agent);
        own(table, "time", THRONG_TYPE_INT64, time);
        throng_cascades *cascades = cascades_of(table, NULL, DEF(.id = "id", .parent = "parent", .time = "time"));
        expect_all(cascades);
        throng_cascades_free(cascades);
    }
}

/* Who was followed and acted last before, by looking at everybody. */
static int64_t find_parent(const int64_t *item, const int64_t *agent, const int64_t *time, bool (*follows)[8], int n,
                           int at, int64_t within) {
    int found = -1, first = -1;
    for (int i = 0; i < n; i++) {
        bool before = time[i] < time[at] || (time[i] == time[at] && i < at);
        if (item[i] != item[at])
            continue;
        if (first < 0 || time[i] < time[first])
            first = i;
        if (before && follows[agent[at]][agent[i]] && time[at] - time[i] <= within &&
            (found < 0 || time[i] >= time[found]))
            found = i;
    }
    return first == at ? -1 : found >= 0 ? found : first;
}

Test(cascades, parents_by_follows_and_time_are_those_of_a_naive_search, .init = set_up, .fini = tear_down) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        int64_t item[SMALL], agent[SMALL], time[SMALL], from[64], to[64];
        bool follows[8][8] = {{false}}, used[4][8] = {{false}};
        int n = 0, edges = 0;
        for (int i = 0; i < SMALL; i++) {
            int64_t it = draw(seed, 10 * i, 4), who = draw(seed, 10 * i + 1, 8);
            if (used[it][who])
                continue;
            used[it][who] = true;
            item[n] = it;
            agent[n] = who;
            time[n++] = draw(seed, 10 * i + 2, 9);
        }
        for (int a = 0; a < 8; a++)
            for (int b = 0; b < 8; b++)
                if (test_uniform(seed, 1000 + 8 * a + b) < 0.1 + 0.01 * (double)seed && a != b) {
                    follows[a][b] = true;
                    from[edges] = a;
                    to[edges++] = b;
                }
        int64_t within = seed % 2 ? 3 : INT64_MAX;
        throng_table *table = make_table(n), *graph = make_table(edges);
        own(table, "item", THRONG_TYPE_INT64, item);
        own(table, "agent", THRONG_TYPE_INT64, agent);
        own(table, "time", THRONG_TYPE_INT64, time);
        own(graph, "from", THRONG_TYPE_INT64, from);
        own(graph, "to", THRONG_TYPE_INT64, to);
        throng_cascades_def def = DEF(.item = "item", .time = "time", .source = "from", .target = "to");
        def.within = seed % 2 ? 3.0 : (double)INFINITY;
        throng_cascades *cascades = cascades_of(table, graph, def);
        for (int i = 0; i < n; i++) {
            int64_t wanted = find_parent(item, agent, time, follows, n, i, within);
            cr_expect_eq(throng_cascades_member(cascades, i).parent, wanted, "seed %d: %d", (int)seed, i);
        }
        expect_all(cascades);
        throng_cascades_free(cascades);
    }
}

/* a posts p; b reposts it, through nobody knows whom; c follows b; d says that it came through b's repost; e follows
 * nobody. x is by somebody who is not in the table, and f and g repost it, g following f. */
static throng_table *reposts(void) {
    throng_table *table = make_table(8);
    text(table, "record", "p", "r1", "r2", "r3", "r4", "s1", "s2", "q");
    text(table, "agent", "a", "b", "c", "d", "e", "f", "g", "h");
    text(table, "kind", "post", "repost", "repost", "repost", "repost", "repost", "repost", "reply");
    text(table, "target", "", "p", "p", "p", "p", "x", "x", "p");
    text(table, "via", "", "", "", "r1", "", "", "", "");
    text(table, "author", "", "a", "a", "a", "a", "y", "y", "a");
    own(table, "time", THRONG_TYPE_TIMESTAMP, (int64_t[]){1, 2, 3, 4, 5, 6, 7, 8});
    return table;
}

#define REPOSTS                                                                                                        \
    DEF(.id = "record", .time = "time", .parent = "via", .item = "target", .author = "author", .kind = "kind",         \
        .source = "from", .target = "to")

static throng_table *follows_of_reposts(void) {
    throng_table *edges = make_table(4);
    text(edges, "from", "c", "g", "h", "nobody");
    text(edges, "to", "b", "f", "d", "a");
    return edges;
}

static void expect_member(const throng_cascades *cascades, int64_t m, int64_t parent, throng_link link) {
    throng_cascade_member member = throng_cascades_member(cascades, m);
    cr_expect_eq(member.parent, parent, "member %d has parent %d", (int)m, (int)member.parent);
    cr_expect_eq(member.link, link, "member %d is %s", (int)m, throng_link_name(member.link));
}

Test(cascades, reposts_of_a_crowd, .init = set_up, .fini = tear_down) {
    char name[32];
    throng_cascades *cascades = cascades_of(reposts(), follows_of_reposts(), REPOSTS);
    expect_member(cascades, 0, -1, THRONG_LINK_START);
    expect_member(cascades, 1, 0, THRONG_LINK_ASSUMED);
    expect_member(cascades, 2, 1, THRONG_LINK_FOLLOWED);
    expect_member(cascades, 3, 1, THRONG_LINK_KNOWN);
    expect_member(cascades, 4, 0, THRONG_LINK_ASSUMED);
    expect_member(cascades, 5, 8, THRONG_LINK_ASSUMED);
    expect_member(cascades, 6, 5, THRONG_LINK_FOLLOWED);
    expect_member(cascades, 7, 0, THRONG_LINK_KNOWN); /* a reply, whomever its author follows */
    expect_member(cascades, 8, -1, THRONG_LINK_START);
    cr_expect_eq(throng_cascades_member(cascades, 8).row, -1);
    throng_cascades_member_name(cascades, 8, name, sizeof name);
    cr_expect_str_eq(name, "x");
    throng_cascades_agent_name(cascades, throng_cascades_member(cascades, 8).agent, name, sizeof name);
    cr_expect_str_eq(name, "y");
    throng_cascades_counts counts = throng_cascades_counted(cascades);
    cr_expect_eq(counts.unseen, 1);
    cr_expect_eq(counts.strangers, 1);
    cr_expect_eq(counts.edges, 3);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

Test(cascades, what_nobody_explains_can_begin_a_cascade, .init = set_up, .fini = tear_down) {
    throng_cascades_def def = REPOSTS;
    def.apart = true;
    throng_cascades *cascades = cascades_of(reposts(), follows_of_reposts(), def);
    expect_member(cascades, 1, -1, THRONG_LINK_START);
    expect_member(cascades, 2, 1, THRONG_LINK_FOLLOWED);
    expect_member(cascades, 5, -1, THRONG_LINK_START);
    cr_expect_eq(throng_cascades_counted(cascades).unseen, 0);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

Test(cascades, the_author_may_be_the_one_who_is_followed, .init = set_up, .fini = tear_down) {
    throng_cascades_def def = REPOSTS;
    throng_table *edges = make_table(2);
    text(edges, "from", "e", "f");
    text(edges, "to", "a", "y");
    def.apart = true;
    throng_cascades *cascades = cascades_of(reposts(), edges, def);
    expect_member(cascades, 4, 0, THRONG_LINK_FOLLOWED);
    expect_member(cascades, 5, 8, THRONG_LINK_FOLLOWED);
    expect_member(cascades, 6, -1, THRONG_LINK_START);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

/* Some tables say of what begins an item that it is about itself. */
Test(cascades, an_item_may_name_itself, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(3);
    view(table, "id", INT64, 5, 6, 7);
    view(table, "item", INT64, 6, 6, 6);
    view(table, "agent", INT64, 1, 2, 3);
    throng_cascades *cascades = cascades_of(table, NULL, DEF(.id = "id", .item = "item"));
    cr_expect_eq(throng_cascades_counted(cascades).cycles, 0);
    expect_member(cascades, 0, 1, THRONG_LINK_ASSUMED);
    expect_member(cascades, 1, -1, THRONG_LINK_START);
    expect_member(cascades, 2, 1, THRONG_LINK_ASSUMED);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

/* ---- broken input ----------------------------------------------------------------------------------------------- */

Test(cascades, repeats_missing_times_and_mixed_ids_are_counted, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(6);
    view(table, "id", INT64, 1, 2, 1, 3, INT64_MIN, 4);
    text(table, "parent", "", "1", "", "2", "3", "77");
    view(table, "agent", INT64, 10, 20, 30, 20, 40, 50);
    view(table, "time", DATE, 9, 3, 5, INT32_MIN, 7, 8);
    throng_cascades *cascades = cascades_of(table, NULL, DEF(.id = "id", .parent = "parent", .time = "time"));
    throng_cascades_counts counts = throng_cascades_counted(cascades);
    cr_expect_eq(counts.repeats, 1);
    cr_expect_eq(counts.untimed, 1);
    cr_expect_eq(counts.early, 1); /* 2, before 1 */
    cr_expect_eq(counts.lost, 1);
    cr_expect_eq(counts.unseen, 1);
    cr_expect_eq(throng_cascades_member(cascades, 0).row, 2); /* of the two rows the earlier one */
    expect_member(cascades, 3, 2, THRONG_LINK_KNOWN);         /* it has no id of its own */
    expect_all(cascades);
    throng_cascades_free(cascades);
}

Test(cascades, a_repeat_of_an_agent_with_an_item_is_the_earliest, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(4);
    text(table, "item", "u", "u", "u", "");
    text(table, "agent", "a", "b", "a", "a");
    view(table, "time", INT32, 5, 3, 1, 0);
    throng_cascades *cascades = cascades_of(table, NULL, DEF(.item = "item", .time = "time"));
    cr_expect_eq(throng_cascades_counted(cascades).repeats, 1);
    expect_member(cascades, 0, -1, THRONG_LINK_START);
    expect_member(cascades, 1, 0, THRONG_LINK_ASSUMED);
    expect_member(cascades, 2, -1, THRONG_LINK_START);
    cr_expect_eq(throng_cascades_member(cascades, 0).row, 2);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

Test(cascades, cycles_are_cut_at_the_earliest, .init = set_up, .fini = tear_down) {
    throng_table *table = make_table(6);
    view(table, "id", INT64, 0, 1, 2, 3, 4, 5);
    view(table, "parent", INT64, 1, 2, 0, 0, 4, 3);
    view(table, "agent", INT64, 0, 1, 2, 3, 4, 5);
    view(table, "time", INT64, 7, 3, 5, 8, 9, 9);
    throng_cascades *cascades = cascades_of(table, NULL, DEF(.id = "id", .parent = "parent", .time = "time"));
    cr_expect_eq(throng_cascades_counted(cascades).cycles, 2);
    expect_member(cascades, 1, -1, THRONG_LINK_START);
    expect_member(cascades, 0, 1, THRONG_LINK_KNOWN);
    expect_member(cascades, 2, 0, THRONG_LINK_KNOWN);
    expect_member(cascades, 4, -1, THRONG_LINK_START);
    expect_all(cascades);
    throng_cascades_free(cascades);
}

static void expect_refusal(throng_table *table, throng_cascades_def def, throng_status wanted, const char *words) {
    throng_cascades *cascades = NULL;
    throng_status status = throng_cascades_create(context, table, NULL, &def, &cascades, &error);
    cr_expect_eq(status, wanted, "%s", throng_status_name(status));
    cr_expect(strstr(error.message, words), "%s", error.message);
    cr_expect_null(cascades);
}

static throng_table *one(void) {
    throng_table *table = make_table(1);
    own(table, "agent", THRONG_TYPE_INT64, (int64_t[]){1});
    own(table, "item", THRONG_TYPE_FLOAT64, (double[]){1.0});
    text(table, "when", "noon");
    return table;
}

Test(cascades, what_cannot_be_is_refused, .init = set_up, .fini = tear_down) {
    expect_refusal(one(), PARTS_OF(.item = "item"), THRONG_E_ARGUMENT, "who acted");
    expect_refusal(one(), PARTS_OF(.agent = "agent"), THRONG_E_ARGUMENT, "parent, or the item");
    expect_refusal(one(), DEF(.parent = "item"), THRONG_E_ARGUMENT, "(id)");
    expect_refusal(one(), DEF(.item = "itme"), THRONG_E_COLUMN, "Did you mean \"item\"?");
    expect_refusal(one(), DEF(.item = "item"), THRONG_E_COLUMN, "whole numbers or text");
    expect_refusal(one(), DEF(.item = "agent", .time = "when"), THRONG_E_COLUMN, "timestamps");
    expect_refusal(one(), ((throng_cascades_def){.agent = "agent", .item = "agent", .within = 3.0}), THRONG_E_ARGUMENT,
                   "(time)");
    expect_refusal(one(), ((throng_cascades_def){.agent = "agent", .item = "agent", .within = NAN}), THRONG_E_ARGUMENT,
                   "negative");
    expect_refusal(make_table(0), DEF(.item = "item"), THRONG_E_EMPTY, "no actions");
    throng_table *table = make_table(1);
    text(table, "agent", "");
    expect_refusal(table, DEF(.item = "agent"), THRONG_E_MISSING_VALUE, "agent");
}

/* ---- size ------------------------------------------------------------------------------------------------------- */

/* So long that the sum of all distances is more than 64 bits hold: n^3 / 6. */
#define CHAIN 5000000

Test(cascades, a_chain_of_five_million, .init = set_up, .fini = tear_down) {
    int64_t *id = malloc(CHAIN * sizeof *id), *parent = malloc(CHAIN * sizeof *parent);
    for (int64_t i = 0; i < CHAIN; i++) {
        id[i] = i;
        parent[i] = i + 1 < CHAIN ? i + 1 : INT64_MIN; /* the last row is the root */
    }
    throng_table *table = make_table(CHAIN);
    expect_ok(throng_table_add_view(table, "id", THRONG_TYPE_INT64, id, &error));
    expect_ok(throng_table_add_view(table, "agent", THRONG_TYPE_INT64, id, &error));
    expect_ok(throng_table_add_view(table, "parent", THRONG_TYPE_INT64, parent, &error));
    throng_cascades *cascades = cascades_of(table, NULL, DEF(.id = "id", .parent = "parent"));
    throng_cascade tree = throng_cascades_tree(cascades, 0);
    double harmonic = 0.0;
    for (int64_t k = CHAIN - 1; k > 0; k--)
        harmonic += 1.0 / (double)k;
    cr_expect_eq(tree.depth, CHAIN - 1);
    cr_expect_eq(tree.width, 1);
    cr_expect_eq(tree.virality, (CHAIN + 1) / 3.0); /* of a path of n: (n + 1) / 3 */
    cr_expect_float_eq(throng_cascades_phi(cascades)[CHAIN - 1], harmonic, 1e-9);
    expect_counts(cascades);
    throng_cascades_free(cascades);
    free(id);
    free(parent);
}

#define MANY 60000

static throng_cascades *many(int threads) {
    static int64_t item[MANY], agent[MANY], time[MANY], from[MANY], to[MANY];
    for (int i = 0; i < MANY; i++) {
        double u = test_uniform(1, 8 * i);
        item[i] = (int64_t)(2000 * u * u * u);
        agent[i] = draw(1, 8 * i + 1, 3000);
        time[i] = draw(1, 8 * i + 2, 5000);
        from[i] = draw(1, 8 * i + 3, 3000);
        to[i] = draw(1, 8 * i + 4, 3000);
    }
    throng_table *table = make_table(MANY), *edges = make_table(MANY);
    expect_ok(throng_context_set_threads(context, threads, &error));
    own(table, "item", THRONG_TYPE_INT64, item);
    own(table, "agent", THRONG_TYPE_INT64, agent);
    own(table, "time", THRONG_TYPE_INT64, time);
    own(edges, "from", THRONG_TYPE_INT64, from);
    own(edges, "to", THRONG_TYPE_INT64, to);
    return cascades_of(table, edges, DEF(.item = "item", .time = "time", .source = "from", .target = "to"));
}

Test(cascades, the_number_of_threads_changes_no_bit, .init = set_up, .fini = tear_down) {
    throng_cascades *first = many(1);
    int64_t n = throng_cascades_counted(first).members;
    cr_expect_gt(throng_cascades_counted(first).followed, MANY / 10);
    cr_expect_gt(throng_cascades_counted(first).ties, 0);
    expect_counts(first);
    for (int threads = 2; threads <= 8; threads += 3) {
        throng_cascades *again = many(threads);
        for (int64_t m = 0; m < n; m++) {
            throng_cascade_member a = throng_cascades_member(first, m), b = throng_cascades_member(again, m);
            cr_assert(a.parent == b.parent && a.cascade == b.cascade && a.depth == b.depth && a.link == b.link &&
                      a.descendants == b.descendants && a.phi == b.phi);
        }
        for (int64_t t = 0; t < throng_cascades_count(first); t++)
            cr_assert_eq(throng_cascades_tree(first, t).virality, throng_cascades_tree(again, t).virality);
        cr_assert_arr_eq(throng_cascades_phi(first), throng_cascades_phi(again),
                         (size_t)throng_cascades_agents(first) * sizeof(double));
        throng_cascades_free(again);
    }
    throng_cascades_free(first);
}

static void *failing(void *user, void *pointer, size_t size) {
    int64_t *left = user;
    if (size > 0 && (*left)-- <= 0)
        return NULL;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

/* However many allocations succeed, nothing leaks and nothing is half-made. */
Test(cascades, memory_may_run_out_anywhere) {
    int64_t left = 1000000, used = 0;
    for (int64_t allowed = 0; allowed < 400; allowed++) {
        throng_cascades *cascades = NULL;
        throng_cascades_def def = REPOSTS;
        left = 1000000;
        cr_assert_eq(throng_context_create_with(failing, &left, &context, &error), THRONG_OK);
        throng_table *table = reposts(), *edges = follows_of_reposts();
        idle_bytes = 0;
        left = allowed;
        throng_status status = throng_cascades_create(context, table, edges, &def, &cascades, &error);
        used = allowed - left;
        left = 1000000;
        cr_expect_eq(cascades != NULL, status == THRONG_OK);
        throng_cascades_free(cascades);
        throng_context_free(context);
        if (status == THRONG_OK)
            break;
        cr_assert_eq(status, THRONG_E_MEMORY, "%s", error.message);
    }
    cr_expect_gt(used, 20);
    cr_expect_lt(used, 400);
}
