/* Who may ask the explorer's server; and the small parts that its handlers stand on. */
#include "serve/guard.h"
#include "serve/selection.h"
#include "serve/summary.h"
#include "throng/throng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static throng_context *context;
static throng_error error;

static void set_up(void) {
    cr_assert_eq(throng_context_create(&context, &error), THRONG_OK);
}

static void tear_down(void) {
    throng_context_free(context);
}

TestSuite(serve_guard, .init = set_up, .fini = tear_down, .timeout = 60);

/* Status of the refusal, 0 if it is admitted. */
static unsigned refusal(const throng_i_guard *guard, throng_i_request request) {
    throng_i_reply reply = {.context = context, .text = {.context = context}};
    request.method = request.method ? request.method : "GET";
    request.path = request.path ? request.path : "/api/v1/runs";
    bool admitted = throng_i_guard_admits(guard, &request, &reply);
    unsigned status = reply.status;
    cr_assert_eq(admitted, status == 0);
    throng_i_reply_clear(&reply);
    return status;
}

Test(serve_guard, knows_its_own_names) {
    const throng_i_guard here = {.port = 8000, .loopback = true};
    const throng_i_guard anywhere = {.port = 8000, .names = {"crowd.example", ""}};
    static const struct {
        const char *host;
        bool here, anywhere;
    } cases[] = {
        {"127.0.0.1:8000", true, true},
        {"localhost:8000", true, true},
        {"LocalHost:8000", true, true},
        {"[::1]:8000", true, true},
        {"127.0.0.1:8001", false, false},
        {"127.0.0.1", false, false},
        {NULL, false, false},
        {"", false, false},
        {":8000", false, false},
        {"evil.example:8000", false, false},
        {"localhost.evil.example:8000", false, false},
        {"127.0.0.1.evil.example:8000", false, false},
        {"crowd.example:8000", false, true},
        {"crowd.example:8000.evil", false, false},
        {"192.168.1.7:8000", false, true},
        {"[fe80::1]:8000", false, true},
        {"[::1:8000", false, false},
        {"127.0.0.1:8000@evil.example", false, false},
        {"127.0.0.1:99999999999", false, false},
        {"127.0.0.1:", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(refusal(&here, (throng_i_request){.host = cases[i].host}), cases[i].here ? 0 : 403, "%s",
                     cases[i].host);
        cr_assert_eq(refusal(&anywhere, (throng_i_request){.host = cases[i].host}), cases[i].anywhere ? 0 : 403, "%s",
                     cases[i].host);
    }
}

Test(serve_guard, turns_other_sites_away) {
    const throng_i_guard guard = {.port = 8000, .loopback = true};
    static const struct {
        const char *origin, *site, *mode, *method, *path;
        bool admitted;
    } cases[] = {
        {NULL, NULL, NULL, "GET", "/api/v1/runs", true},
        {"http://127.0.0.1:8000", "same-origin", "cors", "POST", "/api/v1/runs/0/select", true},
        {"http://evil.example", NULL, NULL, "GET", "/api/v1/runs", false},
        {"null", NULL, NULL, "GET", "/api/v1/runs", false},
        {"https://127.0.0.1:8000", NULL, NULL, "GET", "/api/v1/runs", false},
        {"http://localhost:8000", NULL, NULL, "GET", "/api/v1/runs", false}, /* not the origin of this Host */
        {"http://127.0.0.1:8000.evil.example", NULL, NULL, "GET", "/api/v1/runs", false},
        {NULL, "cross-site", "no-cors", "GET", "/api/v1/runs", false},
        {NULL, "same-site", "cors", "GET", "/api/v1/runs", false},
        {NULL, "cross-site", "navigate", "GET", "/api/v1/runs/0/report", false},
        {NULL, "cross-site", "navigate", "GET", "/", true}, /* a link in a mail */
        {NULL, "cross-site", "navigate", "POST", "/", false},
        {NULL, "none", "navigate", "GET", "/api/v1/runs", true}, /* typed by a person */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(refusal(&guard, (throng_i_request){.host = "127.0.0.1:8000",
                                                        .origin = cases[i].origin,
                                                        .site = cases[i].site,
                                                        .mode = cases[i].mode,
                                                        .method = cases[i].method,
                                                        .path = cases[i].path}),
                     cases[i].admitted ? 0 : 403, "case %zu", i);
}

Test(serve_guard, wants_the_token) {
    throng_i_guard guard = {.port = 8000}, other = {.port = 8000};
    char cookie[120];
    cr_assert_eq(throng_i_guard_draw(&guard, &error), THRONG_OK);
    cr_assert_eq(throng_i_guard_draw(&other, &error), THRONG_OK);
    cr_assert_eq(strlen(guard.token), THRONG_I_TOKEN_LENGTH - 1);
    cr_assert_neq(strcmp(guard.token, other.token), 0);
    throng_i_request request = {.host = "10.0.0.1:8000"};
    cr_assert_eq(refusal(&guard, request), 401);
    request.token = other.token;
    cr_assert_eq(refusal(&guard, request), 401);
    request.token = guard.token;
    cr_assert_eq(refusal(&guard, request), 0);
    snprintf(cookie, sizeof cookie, "%s0", guard.token);
    request.token = cookie;
    cr_assert_eq(refusal(&guard, request), 401, "longer than the token");
    request.token = "";
    cr_assert_eq(refusal(&guard, request), 401);
    snprintf(cookie, sizeof cookie, "a=b; throng_token_8000=%s; c=d", guard.token);
    request.cookie = cookie;
    cr_assert_eq(refusal(&guard, request), 0);
    snprintf(cookie, sizeof cookie, "throng_token_8000=%.31s", guard.token);
    cr_assert_eq(refusal(&guard, request), 401);
    snprintf(cookie, sizeof cookie, "throng_token_8001=%s", guard.token);
    cr_assert_eq(refusal(&guard, request), 401);
    request.arguments[0] = (throng_i_argument){"token", guard.token};
    request.n_arguments = 1;
    throng_i_reply reply = {.context = context, .text = {.context = context}};
    request.method = "GET";
    request.path = "/";
    cr_assert(throng_i_guard_admits(&guard, &request, &reply));
    cr_assert_eq(reply.n_headers, 1);
    cr_assert(strstr(reply.headers[0].value, "HttpOnly; SameSite=Strict"), "%s", reply.headers[0].value);
}

/* ---- the best of many ------------------------------------------------------------------------------------------ */

Test(serve_guard, finds_the_best_in_order) {
    throng_i_best best;
    for (int most = 0; most <= 40; most += 13) {
        cr_assert_eq(throng_i_best_init(context, most, &best, &error), THRONG_OK);
        for (int64_t row = 0; row < 500; row++)
            throng_i_best_offer(&best, row, (double)(row * 37 % 50)); /* each value comes ten times */
        throng_i_best_sort(&best);
        cr_assert_eq(best.n, most);
        for (int i = 0; i < best.n; i++) {
            cr_assert_eq(best.values[i], 49 - i / 10, "%d", i);
            cr_assert_eq((double)(best.rows[i] * 37 % 50), best.values[i]);
            cr_assert(i % 10 == 0 || best.rows[i] > best.rows[i - 1], "ties are in row order");
        }
        throng_i_best_clear(context, &best);
    }
}

Test(serve_guard, keeps_the_selections_that_were_used_last) {
    static throng_i_selections kept;
    throng_i_run_table table = {.name = "attribution"};
    int64_t before = throng_context_bytes(context);
    pthread_mutex_init(&kept.lock, NULL);
    for (int i = 0; i < THRONG_I_SELECTIONS_MAX + 1; i++) {
        throng_i_selection *one = NULL;
        cr_assert_eq(throng_i_selection_create(context, &table, 5, 25, &one, &error), THRONG_OK);
        snprintf(one->name, sizeof one->name, "%d", i);
        one->bits[1] = 2;
        throng_i_selections_keep(&kept, one);
        throng_i_selection_free(one);
        one = throng_i_selections_find(&kept, "0"); /* stays, for it is used again and again */
        cr_assert(one);
        cr_assert(throng_i_is_selected(one, 14) && !throng_i_is_selected(one, 13) && !throng_i_is_selected(one, 4) &&
                  !throng_i_is_selected(one, 25));
        throng_i_selection_free(one);
    }
    cr_assert_null(throng_i_selections_find(&kept, "1"));
    throng_i_selections_clear(&kept);
    cr_assert_eq(throng_context_bytes(context), before);
}
