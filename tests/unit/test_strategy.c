/* Strategies by name, tables of them, and what players of a solved game are worth to it. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(strategy, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_problem open_game(const char *name) {
    throng_problem problem;
    cr_assert_eq(throng_problem_open(context, name, &problem, &error), THRONG_OK, "%s: %s", name, error.message);
    return problem;
}

static double *play(const throng_problem *problem, const char *policy) {
    double *strategy = calloc((size_t)problem->kind->numbers(problem->game), sizeof *strategy);
    problem->kind->start(problem->game, strategy);
    cr_assert_eq(throng_strategy_fill(context, problem, policy, -1, 0, strategy, &error), THRONG_OK, "%s: %s", policy,
                 error.message);
    return strategy;
}

static double value(const throng_problem *problem, const double *strategy, int player) {
    double values[THRONG_GAME_PLAYERS_MAX], gap;
    cr_assert_eq(problem->kind->gap(problem->game, strategy, values, &gap, &error), THRONG_OK);
    return values[player];
}

static const char *put(const char *name, const char *text) {
    static char path[200];
    snprintf(path, sizeof path, "/tmp/throng-strategy-%ld-%s", (long)getpid(), name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static double chance_of(const throng_problem *problem, const double *strategy, const char *set, int action) {
    for (int64_t i = 0; i < problem->kind->rows(problem->game); i++) {
        throng_problem_row row = problem->kind->row(problem->game, i);
        if (strcmp(row.name, set) == 0)
            return strategy[row.first + action];
    }
    return NAN;
}

Test(strategy, scripts) {
    throng_problem leduc = open_game("leduc");
    double *strategy = play(&leduc, "always:raise|call");
    cr_expect_eq(chance_of(&leduc, strategy, "J:", 1), 1.0, "call, raise");
    cr_expect_eq(chance_of(&leduc, strategy, "J:rr", 1), 1.0, "fold, call: there is no raise");
    free(strategy);
    /* who knows that the other calls always gains more than .3 a hand */
    strategy = play(&leduc, "always:call");
    cr_expect_float_eq(value(&leduc, strategy, 0), 0.0, 1e-12);
    cr_assert_eq(throng_strategy_fill(context, &leduc, "best-response", 1, 0, strategy, &error), THRONG_OK);
    cr_expect_gt(value(&leduc, strategy, 1), 0.3);
    cr_expect_eq(chance_of(&leduc, strategy, "J:", 0), 1.0, "the other's rows are left alone");
    free(strategy);
    strategy = play(&leduc, "solver:cfr-plus@50");
    cr_expect_float_eq(value(&leduc, strategy, 0), -0.0856, 0.02);
    free(strategy);
    throng_problem_clear(&leduc);
}

Test(strategy, tables) {
    throng_problem kuhn = open_game("kuhn");
    double *strategy = play(&kuhn, "solver:cfr-plus@50"), *again;
    char path[200];
    snprintf(path, sizeof path, "/tmp/throng-strategy-%ld.parquet", (long)getpid());
    cr_assert_eq(throng_strategy_write(context, &kuhn, strategy, path, true, &error), THRONG_OK, "%s", error.message);
    again = play(&kuhn, path);
    for (int64_t i = 0; i < kuhn.kind->numbers(kuhn.game); i++)
        cr_expect_float_eq(again[i], strategy[i], 1e-15);
    remove(path);
    free(again);
    free(strategy);
    const char *script =
        put("script.csv", "set,action,probability\nK*,bet,3\nK*,pass,1\n*b,call|pass,1\n*,pass,1\nQp,bet,1\n");
    strategy = play(&kuhn, script);
    cr_expect_eq(chance_of(&kuhn, strategy, "K", 1), 0.75);
    cr_expect_eq(chance_of(&kuhn, strategy, "Kpb", 1), 0.75, "the first that matches holds");
    cr_expect_eq(chance_of(&kuhn, strategy, "Qb", 0), 1.0);
    cr_expect_eq(chance_of(&kuhn, strategy, "J", 0), 1.0);
    cr_expect_eq(chance_of(&kuhn, strategy, "Qp", 1), 1.0, "its own name holds before a pattern");
    remove(script);
    free(strategy);
    throng_problem_clear(&kuhn);
    /* players of a normal form have the same name for their only set; Gambit's sets are numbers */
    throng_problem stag = open_game("battle-of-the-sexes");
    script = put("players.csv", "player,set,action,probability\n1,,J,1\n2,,F,1\n");
    strategy = play(&stag, script);
    cr_expect_eq(value(&stag, strategy, 0), 0.0);
    cr_assert_eq(throng_strategy_fill(context, &stag, "always:J", 1, 0, strategy, &error), THRONG_OK);
    cr_expect_eq(value(&stag, strategy, 0), 10.0);
    remove(script);
    free(strategy);
    throng_problem_clear(&stag);
}

static void refuses(const throng_problem *problem, const char *policy, throng_status status, const char *message) {
    double *strategy = calloc((size_t)problem->kind->numbers(problem->game), sizeof *strategy);
    problem->kind->start(problem->game, strategy);
    cr_expect_eq(throng_strategy_fill(context, problem, policy, -1, 0, strategy, &error), status, "%s: %d", policy,
                 error.status);
    cr_expect(strstr(error.message, message), "%s", error.message);
    free(strategy);
}

Test(strategy, what_is_refused) {
    throng_problem kuhn = open_game("kuhn");
    refuses(&kuhn, "unifrom", THRONG_E_UNKNOWN_NAME, "Did you mean \"uniform\"");
    refuses(&kuhn, "always:fold", THRONG_E_ARGUMENT, "no action \"fold\"");
    refuses(&kuhn, "solver:cfr-plus@", THRONG_E_ARGUMENT, "how many iterations");
    refuses(&kuhn, "solver:cfr-plus@x", THRONG_E_ARGUMENT, "got \"x\"");
    refuses(&kuhn, "solver:cfr-puls", THRONG_E_UNKNOWN_NAME, "cfr-plus");
    refuses(&kuhn, "best-response", THRONG_E_ARGUMENT, "not everybody");
    refuses(&kuhn, put("few.csv", "set,action\nK*,bet\n"), THRONG_E_ARGUMENT, "says nothing about what Player");
    refuses(&kuhn, put("few.csv", "set,deed\nK*,bet\n"), THRONG_E_COLUMN, "action");
    refuses(&kuhn, put("few.csv", "set,action,probability\n*,bet,-1\n"), THRONG_E_FORMAT, "row 1");
    refuses(&kuhn, put("few.csv", "set,action,probability\n*,bet,0\n"), THRONG_E_FORMAT, "all 0");
    remove(put("few.csv", ""));
    throng_problem_clear(&kuhn);
}

/* ---- credit ---------------------------------------------------------------------------------------------------- */

Test(strategy, credit_of_two_players) {
    throng_problem kuhn = open_game("kuhn");
    double *solved = play(&kuhn, "solver:cfr-plus@200"), *reference = play(&kuhn, "always:pass"), *mixed, phi[2], se[2];
    throng_certificate certificate;
    double v[4];
    for (int set = 0; set < 4; set++) { /* who plays what was solved */
        mixed = play(&kuhn, "always:pass");
        for (int64_t i = 0; i < kuhn.kind->rows(kuhn.game); i++) {
            throng_problem_row row = kuhn.kind->row(kuhn.game, i);
            for (int a = 0; set >> row.player & 1 && a < row.n_actions; a++)
                mixed[row.first + a] = solved[row.first + a];
        }
        v[set] = value(&kuhn, mixed, 0);
        free(mixed);
    }
    throng_game_credit_def def = {.strategy = solved, .reference = reference, .of = 0};
    cr_assert_eq(throng_game_credit(context, &kuhn, &def, phi, se, &certificate, &error), THRONG_OK, "%s",
                 error.message);
    cr_expect_float_eq(phi[0], (v[1] - v[0] + v[3] - v[2]) / 2.0, 1e-14);
    cr_expect_float_eq(phi[1], (v[2] - v[0] + v[3] - v[1]) / 2.0, 1e-14);
    cr_expect_eq(certificate.everybody, v[3]);
    cr_expect_leq(certificate.efficiency_residual, 1e-12);
    def.of = THRONG_GAME_WELFARE;
    cr_assert_eq(throng_game_credit(context, &kuhn, &def, phi, NULL, &certificate, &error), THRONG_OK);
    cr_expect_float_eq(phi[0], 0.0, 1e-14, "one gains what the other loses");
    def.of = 2;
    cr_expect_eq(throng_game_credit(context, &kuhn, &def, phi, NULL, &certificate, &error), THRONG_E_ARGUMENT);
    free(solved);
    free(reference);
    throng_problem_clear(&kuhn);
}

Test(strategy, shortfall) {
    throng_problem game = open_game("prisoners-dilemma");
    double *solved = play(&game, "always:F"), *reference = play(&game, "always:J"), most, phi[2];
    throng_certificate certificate;
    throng_game_credit_def def = {.strategy = solved, .reference = reference, .of = THRONG_GAME_SHORTFALL};
    cr_assert_eq(throng_tree_most(game.game, &most, &error), THRONG_OK);
    cr_expect_eq(most, 16.0);
    cr_assert_eq(throng_game_credit(context, &game, &def, phi, NULL, &certificate, &error), THRONG_OK);
    cr_expect_eq(certificate.nobody, 0.0);
    cr_expect_eq(certificate.everybody, 6.0);
    cr_expect_eq(phi[0], 3.0);
    free(solved);
    free(reference);
    throng_problem_clear(&game);
    /* chance pays what is best after it */
    const char *text = "EFG 2 R \"x\" { \"A\" \"B\" } c \"\" 1 \"\" { \"a\" 1/4 \"b\" 3/4 } 1 \"\" { 1 0 } "
                       "p \"\" 1 1 \"\" { \"l\" \"r\" } 0 t \"\" 2 \"\" { 8 -4 } t \"\" 3 \"\" { 1 0 } "
                       "p \"\" 2 1 \"\" { \"l\" \"r\" } 0 t \"\" 4 \"\" { 2 3 } t \"\" 5 \"\" { 0 4 }";
    throng_tree *tree = NULL;
    cr_assert_eq(throng_tree_parse(context, "x", text, (int64_t)strlen(text), &tree, &error), THRONG_OK, "%s",
                 error.message);
    cr_assert_eq(throng_tree_most(tree, &most, &error), THRONG_OK);
    cr_expect_float_eq(most, 1.0 + 0.25 * 4.0 + 0.75 * 5.0, 1e-15);
    throng_tree_free(tree);
}

/* Three players: two that must act together, and one that does not matter. */
Test(strategy, credit_of_three_players) {
    const int n_actions[3] = {2, 2, 2};
    throng_normal_form *form = NULL;
    throng_tree *tree = NULL;
    double phi[3], se[3];
    throng_certificate certificate;
    cr_assert_eq(throng_normal_form_create(context, "glove", 3, n_actions, &form, &error), THRONG_OK);
    for (int64_t k = 0; k < 8; k++) {
        const double payoffs[3] = {k % 4 == 3 ? 6.0 : 0.0, 0.0, 0.0};
        cr_assert_eq(throng_normal_form_set_payoffs(form, k, payoffs, &error), THRONG_OK);
    }
    cr_assert_eq(throng_tree_from_normal_form(context, form, &tree, &error), THRONG_OK);
    throng_problem problem = throng_tree_problem(tree);
    double *second = play(&problem, "always:2"), *first = play(&problem, "always:1");
    throng_game_credit_def def = {.strategy = second, .reference = first, .of = THRONG_GAME_WELFARE};
    cr_assert_eq(throng_game_credit(context, &problem, &def, phi, se, &certificate, &error), THRONG_OK);
    cr_expect_float_eq(phi[0], 3.0, 1e-14);
    cr_expect_float_eq(phi[1], 3.0, 1e-14);
    cr_expect_float_eq(phi[2], 0.0, 1e-14);
    def.method = "shapley-sampled:permutations=200";
    cr_assert_eq(throng_game_credit(context, &problem, &def, phi, se, &certificate, &error), THRONG_OK, "%s",
                 error.message);
    cr_expect_float_eq(phi[0] + phi[1] + phi[2], 6.0, 1e-12);
    cr_expect_float_eq(phi[0], 3.0, 1.0);
    free(first);
    free(second);
    throng_normal_form_free(form);
    throng_tree_free(tree);
}

Test(strategy, what_is_split) {
    throng_problem kuhn = open_game("kuhn");
    static const struct {
        const char *text;
        int of;
    } cases[] = {{"welfare", THRONG_GAME_WELFARE}, {"Shortfall", THRONG_GAME_SHORTFALL}, {"1", 0}, {"player 2", 1}};
    int of = 7;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        cr_assert_eq(throng_game_credit_of(&kuhn, cases[c].text, &of, &error), THRONG_OK, "%s", error.message);
        cr_expect_eq(of, cases[c].of, "%s", cases[c].text);
    }
    cr_expect_eq(throng_game_credit_of(&kuhn, "3", &of, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_game_credit_of(&kuhn, "", &of, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(of, 1);
    throng_problem_clear(&kuhn);
}

/* A table that a program has in memory says the same as one in a file. */
Test(strategy, tables_in_memory) {
    throng_problem kuhn = open_game("kuhn");
    throng_table *table = NULL;
    const char *sets[] = {"K*", "*"}, *actions[] = {"bet", "pass"};
    cr_assert_eq(throng_table_create(context, 2, &table, &error), THRONG_OK);
    cr_assert_eq(throng_table_add_text(table, "set", sets, &error), THRONG_OK);
    cr_assert_eq(throng_table_add_text(table, "action", actions, &error), THRONG_OK);
    cr_assert_eq(throng_table_offer(context, "mine", table, &error), THRONG_OK);
    const char *path = put("mine.csv", "set,action\nK*,bet\n*,pass\n");
    double *offered = play(&kuhn, "memory:mine"), *read = play(&kuhn, path);
    for (int64_t i = 0; i < kuhn.kind->numbers(kuhn.game); i++)
        cr_expect_eq(offered[i], read[i]);
    free(offered);
    free(read);
    unlink(path);
    throng_problem_clear(&kuhn);
    idle_bytes = throng_context_bytes(context); /* what is offered stays with the context */
}
