/* Gambit's files: every one in SHARED, what is written and read again, and files that are broken anywhere. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(game_files, .init = set_up, .fini = tear_down, .timeout = 120);

static throng_status parse(const char *text, throng_normal_form **out) {
    *out = NULL;
    return throng_normal_form_parse(context, "g.nfg", text, (int64_t)strlen(text), out, &error);
}

Test(game_files, payoffs_outcomes_and_names) {
    throng_normal_form *game;
    cr_assert_eq(parse("NFG 1 D \"T\" { \"A\" \"B\" } { 3 2 }\n1 1, 0 2 0 2 1 1 0 3 5/2 -.5e1", &game), THRONG_OK, "%s",
                 error.message);
    cr_expect_eq(throng_normal_form_payoffs(game, 5)[0], 2.5);
    cr_expect_eq(throng_normal_form_payoffs(game, 5)[1], -5.0);
    cr_expect_eq(throng_normal_form_payoffs(game, 1)[1], 2.0);
    cr_expect_str_eq(throng_normal_form_player_name(game, 1), "B");
    throng_normal_form_free(game);
    cr_assert_eq(
        parse("NFG 1 R \"\" {\"A\" \"B\"} {{\"d\" \"d\"} {\"say \\\"x\\\"\" \"\"}} \"about\" {{\"o\" 1 2}} 0 1 1 0",
              &game),
        THRONG_OK, "%s", error.message);
    cr_expect_str_eq(throng_normal_form_name(game), "g.nfg", "without a title, the file");
    cr_expect_str_eq(throng_normal_form_action_name(game, 0, 1), "d (2)");
    cr_expect_str_eq(throng_normal_form_action_name(game, 1, 0), "say \"x\"");
    cr_expect_str_eq(throng_normal_form_action_name(game, 1, 1), "2");
    cr_expect_eq(throng_normal_form_payoffs(game, 0)[1], 0.0, "outcome 0 is nothing");
    cr_expect_eq(throng_normal_form_payoffs(game, 2)[1], 2.0);
    throng_normal_form_free(game);
}

Test(game_files, what_is_refused) {
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"", "line 1: expected NFG 1"},
        {"EFG 2 R", "expected NFG 1"},
        {"NFG 1 X", "expected R or D, found X"},
        {"NFG 1 R \"t", "line 1 does not end"},
        {"NFG 1 R \"t\" { }", "1 to 16 players, got 0"},
        {"NFG 1 R \"t\" { \"A\" } { 0 } ", "at least 1, found 0"},
        {"NFG 1 R \"t\" { \"A\" \"B\" } { 2 } 1", "for each player, at least 1, found }"},
        {"NFG 1 R \"t\" { \"A\" \"B\" } { 100000000 100000000 } 1", "ends too early"},
        {"NFG 1 R \"t\" { \"A\" \"B\" } {\n { } { } } 1", "must have actions"},
        {"NFG 1 R \"t\" { \"A\" } { 2 }\n1", "line 2: expected a payoff, found the end"},
        {"NFG 1 R \"t\" { \"A\" } { 2 }\n1 nan", "line 2: expected a payoff, found nan"},
        {"NFG 1 R \"t\" { \"A\" } { 2 }\n1 1e999", "expected a payoff, found 1e999"},
        {"NFG 1 R \"t\" { \"A\" } { 2 }\n1 1/0", "expected a payoff, found 1/0"},
        {"NFG 1 R \"t\" { \"A\" } { 2 }\n1 2 3", "expected the end"},
        {"NFG 1 R \"t\" { \"A\" } { 2 } { { \"o\" 1 } } 1 2", "an outcome, which there is, found 2"},
        {"NFG 1 R \"t\" { \"A\" } { 2 } { { \"o\" 1 2 } } 1 1", "expected } after the payoffs of an outcome, found 2"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        throng_normal_form *game;
        throng_status status = parse(wrong[i].text, &game);
        cr_expect(status == THRONG_E_FORMAT || status == THRONG_E_ARGUMENT, "%s", wrong[i].text);
        cr_expect(strstr(error.message, wrong[i].message), "%s gave: %s", wrong[i].text, error.message);
    }
    throng_normal_form *game = NULL;
    cr_expect_eq(throng_normal_form_read(context, "/none.nfg", &game, &error), THRONG_E_FILE);
    cr_expect_eq(throng_normal_form_open(context, "/", &game, &error), THRONG_E_UNKNOWN_NAME);
}

Test(game_files, cut_anywhere) {
    static const char text[] =
        "NFG 1 R \"t\" { \"A\" \"B\" } { { \"x\" \"y\" } { \"z\" } } \"c\" { { \"o\" 1 2 } { \"p\" 3 4 } } 1 2";
    for (int64_t n = 0; n < (int64_t)sizeof text - 1; n++) {
        throng_normal_form *game = NULL;
        char *copy = malloc((size_t)n + 1); /* so that a sanitizer sees every byte too far */
        memcpy(copy, text, (size_t)n);
        cr_expect_eq(throng_normal_form_parse(context, "cut", copy, n, &game, &error), THRONG_E_FORMAT, "%lld",
                     (long long)n);
        free(copy);
    }
}

/* "1,2;2,1": the pure equilibria, as EXPECTED writes them; players change as digits of a number do, the last fastest.
 */
static int list_equilibria(const throng_normal_form *game, char *out, size_t size) {
    int n = throng_normal_form_players(game), found = 0, actions[THRONG_GAME_PLAYERS_MAX] = {0};
    size_t used = 0;
    out[0] = '\0';
    for (int p = n - 1; p >= 0;) {
        if (throng_normal_form_regret(game, throng_normal_form_profile(game, actions)) <= 0.0 && found++ < 12)
            for (int k = 0; k < n; k++)
                used += (size_t)snprintf(out + used, size - used, "%s%d", k ? "," : used ? ";" : "", actions[k] + 1);
        for (p = n - 1; p >= 0 && ++actions[p] == throng_normal_form_actions(game, p); p--)
            actions[p] = 0;
    }
    return found;
}

Test(game_files, all_normal_forms_of_gambit) {
    const char *shared = getenv("SHARED");
    char path[1024], line[1024];
    snprintf(path, sizeof path, "%s/data/games/EXPECTED_nfg.tsv", shared ? shared : "");
    FILE *expected = fopen(path, "r");
    if (!expected)
        cr_skip_test("no games in SHARED");
    int n_games = 0;
    while (fgets(line, sizeof line, expected)) {
        char name[512], size[64], found[512];
        int players, equilibria, parts;
        char list[512] = "";
        if (*line == '#' || (parts = sscanf(line, "%511[^\t]\t%d\t%63[^\t]\t%d\t%511[^\t]", name, &players, size,
                                            &equilibria, list)) < 4)
            continue;
        throng_normal_form *game = NULL, *again = NULL;
        snprintf(path, sizeof path, "%s/data/games/gambit/%s", shared, name);
        cr_assert_eq(throng_normal_form_read(context, path, &game, &error), THRONG_OK, "%s", error.message);
        cr_expect_eq(throng_normal_form_players(game), players, "%s", name);
        cr_expect_eq(list_equilibria(game, found, sizeof found), equilibria, "%s", name);
        if (equilibria > 0 && parts == 5)
            cr_expect_str_eq(found, list, "%s", name);
        snprintf(path, sizeof path, "game_files-%d.nfg", (int)getpid());
        cr_assert_eq(throng_normal_form_write(game, path, &error), THRONG_OK, "%s", error.message);
        cr_assert_eq(throng_normal_form_read(context, path, &again, &error), THRONG_OK, "%s", error.message);
        remove(path);
        cr_expect_str_eq(throng_normal_form_name(again), throng_normal_form_name(game));
        for (int64_t i = 0; i < throng_normal_form_profiles(game); i++)
            cr_expect_arr_eq(throng_normal_form_payoffs(again, i), throng_normal_form_payoffs(game, i),
                             (size_t)players * sizeof(double));
        throng_normal_form_free(game);
        throng_normal_form_free(again);
        n_games++;
    }
    fclose(expected);
    cr_expect_geq(n_games, 40);
}
