/* Normal forms of any number of players, and repeated play. The numbers of published matches are in the study
 * repeated-games. */
#include "suite.h"

#include <math.h>
#include <stdio.h>

TestSuite(game, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- normal form ----------------------------------------------------------------------------------------------- */

Test(game, profiles_and_actions) {
    const int n_actions[3] = {2, 3, 4};
    throng_normal_form *game = NULL;
    cr_assert_eq(throng_normal_form_create(context, "three", 3, n_actions, &game, &error), THRONG_OK);
    cr_expect_eq(throng_normal_form_profiles(game), 24);
    for (int64_t i = 0; i < 24; i++) {
        int actions[3];
        for (int p = 0; p < 3; p++)
            actions[p] = throng_normal_form_action_in(game, i, p);
        const double payoffs[3] = {(double)i, -(double)i, 0.5};
        cr_expect_eq(throng_normal_form_profile(game, actions), i);
        cr_expect_eq(throng_normal_form_set_payoffs(game, i, payoffs, &error), THRONG_OK);
    }
    cr_expect_eq(throng_normal_form_action_in(game, 1, 0), 1, "the first player's action changes fastest");
    cr_expect_eq(throng_normal_form_payoffs(game, 7)[1], -7.0);
    cr_expect_eq(throng_normal_form_largest(game, 0), 23.0);
    cr_expect_eq(throng_normal_form_largest(game, 1), 0.0);
    cr_expect_eq(throng_normal_form_set_action_name(game, 1, 2, "wait", &error), THRONG_OK);
    cr_expect_eq(throng_normal_form_find_action(game, 1, "WAIT"), 2);
    cr_expect_eq(throng_normal_form_find_action(game, 1, "3"), 2);
    cr_expect_eq(throng_normal_form_find_action(game, 1, "4"), -1);
    cr_expect_eq(throng_normal_form_set_action_name(game, 1, 0, "Wait", &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_set_action_name(game, 3, 0, "x", &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_set_payoffs(game, 24, (double[]){0, 0, 0}, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_set_payoffs(game, 0, (double[]){0, NAN, 0}, &error), THRONG_E_ARGUMENT);
    throng_normal_form_free(game);
}

Test(game, sizes_that_are_refused) {
    throng_normal_form *game = NULL;
    const int many[16] = {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8}, none[2] = {2, 0};
    cr_expect_eq(throng_normal_form_create(context, "x", 0, many, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_create(context, "x", 17, many, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_create(context, "x", 16, many, &game, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_normal_form_create(context, "x", 2, none, &game, &error), THRONG_E_ARGUMENT);
}

Test(game, every_built_in_game_is_there) {
    throng_normal_form *game = NULL;
    char name[32];
    int families = 0;
    for (int i = 1; i <= THRONG_GAME_ORDINAL; i++) {
        snprintf(name, sizeof name, "ordinal:%d", i);
        cr_assert_eq(throng_game_builtin(context, name, &game, &error), THRONG_OK, "%s", error.message);
        cr_expect(throng_normal_form_largest(game, 0) == 4.0 && throng_normal_form_largest(game, 1) == 4.0, "%s", name);
        for (int64_t k = 0; k < 4; k++)
            for (int p = 0; p < 2; p++)
                cr_expect_geq(throng_normal_form_payoffs(game, k)[p], 1.0, "%s", name);
        families += strcmp(throng_normal_form_family(game), "Win-win") == 0;
        throng_normal_form_free(game);
    }
    cr_expect_eq(families, 36);
    cr_expect_eq(throng_game_builtin(context, "ordinal:0", &game, &error), THRONG_E_UNKNOWN_NAME);
    cr_expect_eq(throng_game_builtin(context, "ordinal:1x", &game, &error), THRONG_E_UNKNOWN_NAME);
    cr_expect_eq(throng_game_builtin(context, "chicken", &game, &error), THRONG_E_UNKNOWN_NAME);
}

/* ---- play ------------------------------------------------------------------------------------------------------ */

/* Three drivers: everybody wants to be alone on road 1 or 2, whose toll is the number of those who take it. */
static throng_normal_form *roads(void) {
    const int n_actions[3] = {2, 2, 2};
    throng_normal_form *game = NULL;
    cr_assert_eq(throng_normal_form_create(context, "roads", 3, n_actions, &game, &error), THRONG_OK);
    for (int64_t i = 0; i < 8; i++) {
        double payoffs[3];
        for (int p = 0; p < 3; p++) {
            int own = throng_normal_form_action_in(game, i, p), with = 0;
            for (int q = 0; q < 3; q++)
                with += throng_normal_form_action_in(game, i, q) == own;
            payoffs[p] = 4.0 - with;
        }
        cr_assert_eq(throng_normal_form_set_payoffs(game, i, payoffs, &error), THRONG_OK);
    }
    return game;
}

/* A caller's own player: counts how often it is asked, and about how many seats. */
typedef struct counting {
    int64_t calls, seats;
    int action;
} counting;

static throng_status act_counting(void *user, const throng_seat *seats, int64_t n, int *actions, throng_error *err) {
    counting *self = user;
    (void)seats, (void)err;
    self->calls++;
    self->seats += n;
    for (int64_t i = 0; i < n; i++)
        actions[i] = self->action;
    return THRONG_OK;
}

Test(game, three_players_and_seats_asked_about_at_once) {
    throng_normal_form *game = roads();
    counting own = {.action = 0};
    throng_player callback = {.self = &own, .name = "mine", .act = act_counting}, replier;
    throng_player *players[3] = {&callback, &callback, &replier};
    throng_match matches[5];
    cr_assert_eq(throng_player_scripted(context, "best-reply", 0, &replier, &error), THRONG_OK);
    for (int m = 0; m < 5; m++)
        cr_assert_eq(throng_match_init(context, game, players, m, m + 1, &matches[m], &error), THRONG_OK);
    cr_assert_eq(throng_match_play(context, matches, 5, &error), THRONG_OK, "%s", error.message);
    cr_expect_eq(own.calls, 5, "once a round");
    cr_expect_eq(own.seats, 2 * (1 + 2 + 3 + 4 + 5));
    cr_expect_eq(matches[4].totals[2], 1.0 + 4 * 3.0, "road 1 once, then the empty one");
    cr_expect_eq(matches[4].totals[0], 1.0 + 4 * 2.0);
    own.action = 2;
    for (int m = 0; m < 5; m++)
        matches[m].played = 0;
    cr_expect_eq(throng_match_play(context, matches, 5, &error), THRONG_E_ARGUMENT);
    cr_expect(strstr(error.message, "\"mine\" chose action 3"), "%s", error.message);
    throng_player_clear(&replier);
    cr_assert_eq(throng_player_scripted(context, "tit-for-tat", 0, &replier, &error), THRONG_OK);
    own.action = 0;
    cr_expect_eq(throng_match_play(context, matches, 5, &error), THRONG_E_ARGUMENT, "it is for two");
    throng_player_clear(&replier);
    for (int m = 0; m < 5; m++)
        throng_match_clear(context, &matches[m]);
    throng_normal_form_free(game);
}

Test(game, scores_have_intervals) {
    throng_normal_form *game = NULL;
    throng_player random;
    throng_player *players[2] = {&random, &random};
    throng_match matches[400];
    const throng_match *shown[400];
    double half;
    cr_assert_eq(throng_game_builtin(context, "stag-hunt", &game, &error), THRONG_OK);
    cr_assert_eq(throng_player_scripted(context, "random", 7, &random, &error), THRONG_OK);
    for (int m = 0; m < 400; m++) {
        cr_assert_eq(throng_match_init(context, game, players, m, 10, &matches[m], &error), THRONG_OK);
        shown[m] = &matches[m];
    }
    cr_assert_eq(throng_match_play(context, matches, 400, &error), THRONG_OK);
    double score =
        throng_match_score(shown, 400, 0, &half); /* payoffs 1..4 alike: 2.5 of 4, spread sqrt(1.25 / 10) / 4 */
    cr_expect(fabs(score - 0.625) < 1.5 * half, "%g, not 0.625 ± %g", score, half);
    cr_expect_float_eq(half, 1.966 * sqrt(0.125) / 4.0 / 20.0, 0.1 * half);
    throng_match_score(shown, 1, 0, &half);
    cr_expect(isnan(half));
    for (int m = 0; m < 400; m++)
        throng_match_clear(context, &matches[m]);
    throng_player_clear(&random);
    throng_normal_form_free(game);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static throng_status play_all(throng_context *in, int64_t turn, void *user) {
    throng_normal_form *game = NULL;
    throng_llm *llm = NULL;
    throng_player players[2] = {{0}};
    throng_player *seats[2] = {&players[0], &players[1]};
    throng_match match = {0};
    throng_status status = throng_game_builtin(in, "ordinal:3", &game, &error);
    (void)turn;
    (void)user;
    if (status == THRONG_OK)
        status = throng_player_scripted(in, "best-reply", 1, &players[0], &error);
    if (status == THRONG_OK)
        status = throng_llm_script_create(in, NULL, 1, &llm, &error);
    if (status == THRONG_OK)
        status = throng_player_model(in, &(throng_player_model_def){.llm = llm}, &players[1], &error);
    if (status == THRONG_OK)
        status = throng_match_init(in, game, seats, 0, 3, &match, &error);
    if (status == THRONG_OK)
        status = throng_match_play(in, &match, 1, &error);
    throng_match_clear(in, &match);
    throng_player_clear(&players[0]);
    throng_player_clear(&players[1]);
    throng_llm_free(llm);
    throng_normal_form_free(game);
    return status;
}

/* Years in prison are nothing to get a share of. */
Test(game, losses_have_no_score) {
    static const int two[2] = {2, 2};
    throng_normal_form *game = NULL;
    throng_player player = {0}, *seats[2] = {&player, &player};
    throng_match match = {0};
    const throng_match *shown = &match;
    double half;
    cr_assert_eq(throng_normal_form_create(context, "prison", 2, two, &game, &error), THRONG_OK);
    for (int64_t i = 0; i < 4; i++)
        cr_assert_eq(throng_normal_form_set_payoffs(game, i, (const double[]){-1.0 - (double)i, -(double)i}, &error),
                     THRONG_OK);
    cr_assert_eq(throng_player_scripted(context, "random", 0, &player, &error), THRONG_OK);
    cr_assert_eq(throng_match_init(context, game, seats, 0, 10, &match, &error), THRONG_OK);
    cr_assert_eq(throng_match_play(context, &match, 1, &error), THRONG_OK);
    for (int p = 0; p < 2; p++)
        cr_expect(isnan(throng_match_score(&shown, 1, p, &half)), "%d", p);
    throng_match_clear(context, &match);
    throng_player_clear(&player);
    throng_normal_form_free(game);
}

Test(game, failing_allocations) {
    expect_survives(play_all, NULL, 1000);
}

Test(game, all_are_described) {
    for (int i = 0; throng_game_builtin_name(i); i++) {
        const throng_about *about = throng_game_builtin_about(i);
        cr_assert_not_null(about);
        cr_expect_str_eq(about->name, throng_game_builtin_name(i));
        cr_expect(*about->summary && *about->details && *about->reference);
    }
}
