/* Matches at games that are played move by move: what is played against what is worked out. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(hands, .init = set_up, .fini = tear_down, .timeout = 120);

/* Two policies at a game. */
typedef struct pair {
    throng_problem problem;
    const throng_tree *tree;
    throng_hands_policy policies[2];
} pair;

static pair open_pair(const char *game, const char *first, const char *second) {
    pair it;
    const char *const names[2] = {first, second};
    cr_assert_eq(throng_problem_open(context, game, &it.problem, &error), THRONG_OK, "%s", error.message);
    it.tree = it.problem.game;
    for (int k = 0; k < 2; k++)
        it.policies[k].strategy = calloc((size_t)throng_tree_sequences(it.tree), sizeof(double));
    cr_assert_eq(throng_strategy_hands(context, &it.problem, names, 2, 0, NULL, it.policies, NULL, &error), THRONG_OK,
                 "%s", error.message);
    return it;
}

static void clear_pair(pair *it) {
    for (int k = 0; k < 2; k++)
        free(it->policies[k].strategy);
    throng_problem_clear(&it->problem);
}

static double *play(const pair *it, int64_t deals, uint64_t seed, bool fixed) {
    double *scores = malloc((size_t)(2 * deals) * sizeof *scores);
    throng_hands_def def = {it->policies, deals, seed, fixed};
    cr_assert_eq(throng_hands_play(context, it->tree, &def, scores, &error), THRONG_OK, "%s", error.message);
    return scores;
}

/* Within four standard errors: a false alarm in 16,000 comparisons. */
Test(hands, means_are_what_is_worked_out) {
    static const struct {
        const char *game, *first, *second;
        bool fixed;
    } cases[] = {{"kuhn", "always:bet", "uniform", true},
                 {"kuhn", "uniform", "always:pass", false},
                 {"leduc", "always:raise|call", "uniform", false},
                 {"leduc", "uniform", "solver:cfr-plus@20", true}};
    for (int c = 0; c < 4; c++) {
        pair it = open_pair(cases[c].game, cases[c].first, cases[c].second);
        double *scores = play(&it, 20000, 7, cases[c].fixed), expected[2], half;
        throng_hands_def def = {it.policies, 1, 0, cases[c].fixed};
        cr_assert_eq(throng_hands_expected(context, it.tree, &def, expected, &error), THRONG_OK);
        cr_expect_float_eq(expected[0] + expected[1], 0.0, 1e-12);
        for (int k = 0; k < 2; k++) {
            double mean = throng_hands_score(scores, 20000, 2, k, &half);
            cr_expect_gt(half, 0.0);
            cr_expect_lt(fabs(mean - expected[k]), 4.0 * half / 1.96, "%s: %g, expected %g", cases[c].game, mean,
                         expected[k]);
        }
        free(scores);
        clear_pair(&it);
    }
}

/* Who sits where makes no difference to two that play alike, but for their moves: without any, each deal is a draw. */
Test(hands, the_same_luck_on_every_seat) {
    pair it = open_pair("leduc", "always:call", "always:call");
    double *scores = play(&it, 500, 3, false), half;
    for (int i = 0; i < 1000; i++)
        cr_expect_eq(scores[i], 0.0);
    free(scores);
    scores = play(&it, 500, 3, true);
    cr_expect_neq(throng_hands_score(scores, 500, 2, 0, &half), 0.0);
    cr_expect(isnan((throng_hands_score(scores, 1, 2, 0, &half), half)), "one deal has no interval");
    free(scores);
    clear_pair(&it);
}

Test(hands, the_same_for_any_number_of_threads) {
    pair it = open_pair("leduc", "uniform", "solver:cfr-plus@20");
    double *one, *other;
    cr_assert_eq(throng_context_set_threads(context, 1, NULL), THRONG_OK);
    one = play(&it, 9000, 5, false);
    cr_assert_eq(throng_context_set_threads(context, 3, NULL), THRONG_OK);
    other = play(&it, 9000, 5, false);
    cr_expect_arr_eq(one, other, 2 * 9000 * sizeof *one);
    free(other);
    other = play(&it, 9000, 6, false);
    cr_expect_arr_neq(one, other, 2 * 9000 * sizeof *one);
    free(one);
    free(other);
    clear_pair(&it);
}

/* Who learns ends near the best response, and loses little to an equilibrium. */
Test(hands, learning) {
    pair it = open_pair("leduc", "best-reply", "always:call");
    double *scores = play(&it, 2000, 1, false), expected[2];
    cr_expect_gt(throng_hands_score(scores, 2000, 2, 0, NULL), 1.0);
    throng_hands_def def = {it.policies, 1, 0, false};
    cr_assert_eq(throng_hands_expected(context, it.tree, &def, expected, &error), THRONG_OK);
    cr_expect_gt(expected[0], 1.3, "what it has learnt: %g, the best is 1.467", expected[0]);
    free(scores);
    clear_pair(&it);
}

Test(hands, what_is_refused) {
    pair it = open_pair("kuhn", "uniform", "best-reply");
    double scores[2];
    throng_hands_def def = {it.policies, 0, 0, false};
    cr_expect_eq(throng_hands_play(context, it.tree, &def, scores, &error), THRONG_E_ARGUMENT);
    clear_pair(&it);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* What of solved games and mechanisms is made on the way and freed. */
typedef struct parts {
    throng_problem problem;
    throng_solution *solution;
    throng_llm *llm;
    throng_rule *rule;
    throng_player player;
    double *strategies; /* [3][sequences] */
    char *json;
} parts;

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        throng_status tried = (call);                                                                                  \
        if (tried != THRONG_OK)                                                                                        \
            return tried;                                                                                              \
    } while (0)

static throng_status use_strategies(throng_context *in, parts *it) {
    int n = throng_tree_sequences(it->problem.game);
    double scores[2 * 50], expected[2], phi[2];
    throng_certificate certificate;
    throng_llm_choose_counts counts = {.least_covered = 1.0};
    it->strategies = calloc(3 * (size_t)n, sizeof *it->strategies);
    double *first = it->strategies, *second = first + n, *third = second + n;
    throng_hands_policy policies[2] = {{first, false}, {second, true}};
    throng_hands_def def = {policies, 50, 1, false};
    throng_game_credit_def credit = {.strategy = first, .reference = third, .of = 0};
    for (int k = 0; k < 3; k++)
        throng_tree_uniform(it->problem.game, it->strategies + (size_t)k * (size_t)n);
    TRY(throng_strategy_fill(in, &it->problem, "solver:cfr@2", -1, 1, first, &error));
    TRY(throng_strategy_fill(in, &it->problem, "always:bet", 0, 1, second, &error));
    TRY(throng_strategy_fill(in, &it->problem, "best-response", 1, 1, second, &error));
    TRY(throng_strategy_fill(in, &it->problem, "uniform", -1, 1, second, &error));
    TRY(throng_strategy_ask(in, &it->problem, &(throng_strategy_ask_def){.llm = it->llm}, -1, third, &counts, &error));
    TRY(throng_hands_play(in, it->problem.game, &def, scores, &error));
    TRY(throng_hands_expected(in, it->problem.game, &def, expected, &error));
    return throng_game_credit(in, &it->problem, &credit, phi, NULL, &certificate, &error);
}

static throng_status use_all(throng_context *in, parts *it) {
    const double reports[3] = {0.1, 0.2, 0.9};
    double replies[3], payments[3];
    int64_t made;
    throng_outcome outcome;
    throng_report_def report = throng_report_default();
    static throng_mechanism_check check;
    TRY(throng_problem_open(in, "kuhn", &it->problem, &error));
    TRY(throng_llm_script_create(in, NULL, 1, &it->llm, &error));
    TRY(use_strategies(in, it));
    TRY(throng_solve(in, &it->problem, &(throng_solve_def){.solver = "cfr", .iterations = 2}, &it->solution, &error));
    TRY(throng_solution_json(in, &it->problem, it->solution, &report, &it->json, &error));
    TRY(throng_strategy_player(in, "uniform", 1, &it->player, &error));
    TRY(throng_rule_open(in, "uniform-phantom", &it->rule, &error));
    TRY(throng_rule_check(it->rule, 1, 3, 1, &check, &error));
    return throng_rule_best_replies(it->rule, reports, 3, 3, replies, &outcome, payments, &made, &error);
}

static void clear_parts(throng_context *in, parts *it) {
    throng_problem_clear(&it->problem);
    throng_solution_free(it->solution);
    throng_llm_free(it->llm);
    throng_rule_free(it->rule);
    throng_player_clear(&it->player);
    throng_text_free(in, it->json);
    free(it->strategies);
}

static throng_status use_and_clear(throng_context *in, int64_t turn, void *user) {
    parts it = {{0}};
    throng_status status = use_all(in, &it);
    (void)turn;
    (void)user;
    clear_parts(in, &it);
    return status;
}

Test(hands, failing_allocations) {
    expect_survives(use_and_clear, NULL, 10000);
}

/* ---- policies by name -------------------------------------------------------------------------------------------- */

/* On both seats a best response to uniform play wins what NashConv adds up, 11 / 12. */
Test(hands, best_response_on_every_seat) {
    pair it = open_pair("kuhn", "random", "best-response");
    throng_hands_def def = {it.policies, 1, 0, false};
    double values[2];
    cr_assert_eq(throng_hands_expected(context, it.tree, &def, values, &error), THRONG_OK);
    cr_expect_float_eq(values[1], 11.0 / 24.0, 1e-12);
    clear_pair(&it);
}

Test(hands, names_that_do_not_do) {
    pair it = open_pair("kuhn", "uniform", "best-reply");
    static const struct {
        const char *names[3];
        int n;
        throng_status status;
    } cases[] = {{{"uniform", "uniform", "uniform"}, 3, THRONG_E_ARGUMENT},
                 {{"uniform"}, 0, THRONG_E_ARGUMENT},
                 {{"best-response"}, 1, THRONG_E_ARGUMENT},
                 {{"uniform", "llm"}, 2, THRONG_E_ARGUMENT},
                 {{"memory:nothing"}, 1, THRONG_E_FILE},
                 {{"tit-for-tat"}, 1, THRONG_E_UNKNOWN_NAME}};
    cr_expect(it.policies[1].learns && !it.policies[0].learns);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        cr_expect_eq(
            throng_strategy_hands(context, &it.problem, cases[c].names, cases[c].n, 0, NULL, it.policies, NULL, &error),
            cases[c].status, "%s: %s", cases[c].names[0], error.message);
    clear_pair(&it);
    cr_expect(throng_hands_is_game(context, "leduc") && throng_hands_is_game(context, "crash:crash=-20") &&
              throng_hands_is_game(context, "x.efg"));
    cr_expect(!throng_hands_is_game(context, "stag-hunt") && !throng_hands_is_game(context, ".efg") &&
              !throng_hands_is_game(context, "x.nfg"));
}
