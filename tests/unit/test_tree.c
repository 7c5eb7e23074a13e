/* Trees: built, read and written; Kuhn's and Leduc poker; gaps against numbers that others published. */
#define _POSIX_C_SOURCE 200809L
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(tree, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_tree *open_tree(const char *name) {
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_open(context, name, &tree, &error), THRONG_OK, "%s: %s", name, error.message);
    return tree;
}

/* NashConv of uniform play, and its values. */
static double uniform_gap(const throng_tree *tree, double *values) {
    double *strategy = malloc((size_t)throng_tree_sequences(tree) * sizeof *strategy), gap = NAN;
    throng_tree_uniform(tree, strategy);
    cr_expect_eq(throng_tree_gap(tree, strategy, values, &gap, &error), THRONG_OK, "%s", error.message);
    free(strategy);
    return gap;
}

Test(tree, kuhn_and_leduc) {
    double values[2];
    throng_tree *kuhn = open_tree("kuhn"), *leduc = open_tree("leduc"), *more = open_tree("leduc:suits=3");
    cr_expect_eq(throng_tree_sets(kuhn), 12);
    cr_expect_eq(throng_tree_nodes(kuhn), 55);
    cr_expect_float_eq(uniform_gap(kuhn, values), 11.0 / 12.0, 1e-14);
    cr_expect_float_eq(values[0], 0.125, 1e-14);
    cr_expect_eq(throng_tree_sets(leduc), 288);
    cr_expect_float_eq(uniform_gap(leduc, values), 4.747222222222222, 1e-12);
    cr_expect_float_eq(values[0], -0.078125, 1e-13);
    cr_expect_float_eq(values[0] + values[1], 0.0, 1e-14);
    cr_expect(throng_tree_constant_sum(leduc));
    cr_expect_eq(throng_tree_range(leduc, 0), 26.0, "13 chips can be won or lost");
    cr_expect_eq(throng_tree_sets(more), 288);
    throng_tree_free(kuhn);
    throng_tree_free(leduc);
    throng_tree_free(more);
}

Test(tree, normal_form_as_a_tree) {
    throng_tree *tree = open_tree("prisoners-dilemma");
    double strategy[5] = {1, 0, 1, 0, 1}, values[2], gap;
    cr_expect_eq(throng_tree_sequences(tree), 5);
    cr_expect_eq(throng_tree_gap(tree, strategy, values, &gap, &error), THRONG_OK);
    cr_expect_eq(gap, 0.0, "to defect is the equilibrium");
    cr_expect_eq(values[0], 5.0);
    values[0] = 0.0;
    cr_expect_eq(throng_tree_gap(tree, strategy, values, NULL, &error), THRONG_OK);
    cr_expect_eq(values[0], 5.0, "without best responses");
    strategy[1] = (double)NAN;
    cr_expect_eq(throng_tree_gap(tree, strategy, NULL, &gap, &error), THRONG_OK);
    cr_expect(isnan(gap), "%g", gap);
    strategy[1] = strategy[3] = 1.0;
    strategy[2] = strategy[4] = 0.0;
    cr_expect_eq(throng_tree_gap(tree, strategy, values, &gap, &error), THRONG_OK);
    cr_expect_eq(gap, 4.0, "each gains 10 - 8");
    cr_expect_not(throng_tree_constant_sum(tree));
    throng_tree_free(tree);
}

static bool refuse(void *user, const throng_progress *progress) {
    (void)user;
    (void)progress;
    return false;
}

Test(tree, building_stops_when_told_to) {
    throng_tree *tree = NULL;
    throng_context_set_progress(context, refuse, NULL);
    cr_expect_eq(throng_tree_open(context, "random:players=2,actions=300", &tree, &error), THRONG_E_CANCELLED);
    cr_expect_str_eq(error.message, "Stopped while building a tree.");
    throng_context_set_progress(context, NULL, NULL);
}

/* Where somebody is not asked, or chance decides first, what is paid falls due in several profiles. */
Test(tree, back_to_a_normal_form) {
    static const char text[] =
        "EFG 2 R \"\" { \"A\" \"B\" } c \"\" 1 \"\" { \"l\" 1/4 \"r\" 3/4 } 1 \"\" { 1 0 }\n"
        "p \"\" 1 1 \"\" { \"x\" \"y\" } 0 t \"\" 2 \"\" { 4 -4 } p \"\" 2 1 \"\" { \"u\" \"v\" \"w\" } 0\n"
        "t \"\" 0 t \"\" 3 \"\" { 8 2 } t \"\" 0\n"
        "p \"\" 2 1 0 t \"\" 0 t \"\" 0 t \"\" 4 \"\" { 0 -8 }\n";
    static const double expected[6][2] = {{2, -1}, {1, 0}, {2, -1}, {3, 0.5}, {2, -7}, {1, -6}};
    throng_tree *tree = NULL;
    throng_normal_form *game = NULL;
    cr_assert_eq(throng_tree_parse(context, "g.efg", text, (int64_t)strlen(text), &tree, &error), THRONG_OK, "%s",
                 error.message);
    cr_assert_eq(throng_tree_normal_form(context, tree, &game, &error), THRONG_OK, "%s", error.message);
    cr_assert_eq(throng_normal_form_profiles(game), 6);
    for (int64_t i = 0; i < 6; i++)
        for (int p = 0; p < 2; p++)
            cr_expect_eq(throng_normal_form_payoffs(game, i)[p], expected[i][p], "%lld %d", (long long)i, p);
    throng_normal_form_free(game);
    throng_tree_free(tree);
}

static throng_status parse(const char *text, int64_t length, throng_tree **out) {
    *out = NULL;
    return throng_tree_parse(context, "g.efg", text, length, out, &error);
}

static const char small[] = "EFG 2 R \"t\" { \"A\" \"B\" } \"about\"\n"
                            "c \"\" 1 \"\" { \"l\" 1/4 \"r\" 0.75 } 1 \"pay\" { 1, 0 }\n"
                            "p \"\" 1 1 \"s\" { \"x\" \"y\" } 0\nt \"\" 2 \"o\" { 4 -4 }\nt \"\" 0\n"
                            "p \"\" 1 1 0\nt \"\" 2\nt \"\" 3 \"\" { 8, 2 }\n";

Test(tree, payoffs_on_the_way) {
    throng_tree *tree;
    double values[2];
    cr_assert_eq(parse(small, (int64_t)strlen(small), &tree), THRONG_OK, "%s", error.message);
    cr_expect_eq(throng_tree_sets(tree), 1);
    cr_expect_float_eq(uniform_gap(tree, values), 1.0, 1e-15);
    cr_expect_float_eq(values[0], 1.0 + 0.25 * 2.0 + 0.75 * 6.0, 1e-15);
    cr_expect_float_eq(values[1], -0.25 * 2.0 - 0.75 * 1.0, 1e-15);
    throng_tree_free(tree);
}

Test(tree, cut_anywhere) {
    for (int64_t n = 0; n < (int64_t)strlen(small) - 3; n++) {
        throng_tree *tree = NULL;
        char *copy = malloc((size_t)n + 1);
        memcpy(copy, small, (size_t)n);
        cr_expect_eq(parse(copy, n, &tree), THRONG_E_FORMAT, "%lld", (long long)n);
        free(copy);
    }
}

Test(tree, what_is_refused) {
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"NFG 1 R", "expected EFG 2"},
        {"EFG 2 R \"\" { }", "1 to 16 players"},
        {"EFG 2 R \"\" { \"A\" }", "expected a node"},
        {"EFG 2 R \"\" { \"A\" }\nq \"\" 0", "line 2: expected a node: c, p or t, found q"},
        {"EFG 2 R \"\" { \"A\" } p \"\" 2 1 \"\" { \"x\" } 0", "a player, which there is, found 2"},
        {"EFG 2 R \"\" { \"A\" } p \"\" 1 1 \"\" 0", "the actions of an information set that is new"},
        {"EFG 2 R \"\" { \"A\" } p \"\" 1 1 \"\" { } 0", "line 1: information set 1 has no actions"},
        {"EFG 2 R \"\" { \"A\" } p \"\" 1 1 \"\" { \"x\" } 0 p \"\" 1 1 \"\" { \"x\" \"y\" } 0",
         "has 2 actions here and 1"},
        {"EFG 2 R \"\" { \"A\" } p \"\" 1 1 \"\" { \"x\" } 0", "ends too early, after 1 nodes"},
        {"EFG 2 R \"\" { \"A\" } t \"\" 0 t \"\" 0", "more nodes than the tree has places"},
        {"EFG 2 R \"\" { \"A\" } t \"\" 7", "outcome 7 has no payoffs yet"},
        {"EFG 2 R \"\" { \"A\" } t \"\" 7 \"\" { 1 2 }", "expected } after a payoff for each player, found 2"},
        {"EFG 2 R \"\" { \"A\" } c \"\" 1 \"\" { \"x\" 1/3 \"y\" 1/3 } 0",
         "line 1: The probabilities of chance add up to 0.666666667, not to 1"},
        {"EFG 2 R \"\" { \"A\" } c \"\" 1 \"\" { \"x\" -1 \"y\" 2 } 0", "must lie in [0, 1], got -1"},
        {"EFG 2 R \"\" { \"A\" }\np \"\" 1 1 \"\" { \"x\" \"y\" } 0\nt \"\" 1 \"\" { 1e308 }\nt \"\" 2 \"\" { -1e308 }",
         "What player 1 gets in \"g.efg\" is too large"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        throng_tree *tree;
        cr_expect_neq(parse(wrong[i].text, (int64_t)strlen(wrong[i].text), &tree), THRONG_OK, "%s", wrong[i].text);
        cr_expect(strstr(error.message, wrong[i].message), "%s gave: %s", wrong[i].text, error.message);
    }
}

Test(tree, who_forgets) {
    static const char driver[] = "EFG 2 R \"driver\" { \"A\" } p \"\" 1 1 \"\" { \"E\" \"B\" } 0 t \"\" 1 \"\" { 0 } "
                                 "p \"\" 1 1 0 t \"\" 2 \"\" { 4 } t \"\" 3 \"\" { 1 }";
    throng_tree *tree;
    double strategy[3] = {1, 0.5, 0.5}, gap = 7.0;
    cr_assert_eq(parse(driver, (int64_t)strlen(driver), &tree), THRONG_OK, "%s", error.message);
    cr_expect_str_eq(throng_tree_forgotten(tree), "1");
    cr_expect_eq(throng_tree_gap(tree, strategy, NULL, &gap, &error), THRONG_E_UNSUPPORTED);
    cr_expect(strstr(error.message, "imperfect recall"), "%s", error.message);
    cr_expect_eq(gap, 7.0);
    throng_tree_free(tree);
}

Test(tree, all_files_of_gambit) {
    const char *shared = getenv("SHARED");
    char command[1200], path[1024], mine[64];
    snprintf(command, sizeof command, "find '%s/data/games' -name '*.efg' 2>/dev/null | sort", shared ? shared : "");
    snprintf(mine, sizeof mine, "tree-%d.efg", (int)getpid());
    FILE *list = popen(command, "r");
    int n = 0, forgetful = 0;
    while (fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = '\0';
        throng_tree *tree = open_tree(path);
        cr_expect_eq(throng_tree_write(tree, mine, &error), THRONG_OK);
        throng_tree *again = open_tree(mine);
        double values[THRONG_GAME_PLAYERS_MAX], others[THRONG_GAME_PLAYERS_MAX];
        cr_expect_eq(throng_tree_nodes(again), throng_tree_nodes(tree), "%s", path);
        cr_expect_eq(throng_tree_sets(again), throng_tree_sets(tree), "%s", path);
        if (throng_tree_forgotten(tree)) {
            cr_expect(throng_tree_forgotten(again));
            forgetful++;
        } else {
            double gap = uniform_gap(tree, values);
            cr_expect_geq(gap, -1e-12, "%s", path);
            cr_expect_eq(uniform_gap(again, others), gap, "%s", path);
            cr_expect_arr_eq(others, values, (size_t)throng_tree_players(tree) * sizeof(double), "%s", path);
        }
        throng_tree_free(tree);
        throng_tree_free(again);
        n++;
    }
    pclose(list);
    remove(mine);
    if (n == 0)
        cr_skip_test("no games in SHARED");
    cr_expect_geq(n, 100, "%d files", n);
    cr_expect_gt(forgetful, 0);
}
