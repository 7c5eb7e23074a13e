/*
 * A policy of your own, in a shared object: agents of a feed post when what they read contradicts them, and share it
 * when it does not. Build it, load it, use it like any other:
 *
 *     cc -std=c17 -O2 -shared -fPIC plugin_policy.c $(pkg-config --cflags throng) -o plugin_policy.so
 *     throng attribute --plugin ./plugin_policy.so --generate uniform --graph-model ring --world feed --policy outrage
 */
#include "throng/plugin.h"

enum {
    HEAT,
    RESERVE
};

static const throng_param params[] = {
    [HEAT] = {"heat", THRONG_PARAM_REAL, 1.5, 0, 10, "", "how much the feed moves agents to act"},
    [RESERVE] = {"reserve", THRONG_PARAM_REAL, 1, -10, 10, "", "how much they would rather stay silent"},
    {0}};

/* Of the worlds that it plays: the last action is what the logits of the others are against. */
static const char *const actions[] = {"post", "share", "stay silent"};
enum {
    POST,
    SHARE
};

static const char *const sights[] = {"opinion", "feed"};
enum {
    OPINION,
    FEED
};

/* What was done in the step before does not matter: one row of logits will do. */
static throng_status create(throng_policy_player *player, throng_error *err) {
    (void)err;
    player->lasts = 1;
    return THRONG_OK;
}

/* log(p_post / p_silent) = heat (x - y)^2 - reserve, log(p_share / p_silent) = heat x y - reserve. */
static void logits(const throng_policy_player *player, const throng_faced *faced, double *const *logit) {
    double heat = player->param[HEAT], reserve = player->param[RESERVE];
    for (int64_t k = 0; k < faced->n; k++) {
        double x = faced->sight[OPINION][k], y = faced->sight[FEED][k];
        logit[POST][k] = heat * (x - y) * (x - y) - reserve;
        logit[SHARE][k] = heat * x * y - reserve;
    }
}

/* The derivative of both in what is seen, times `of`. */
static void logits_adjoint(const throng_policy_player *player, const throng_faced *faced, double *const *of,
                           double *const *sight) {
    double heat = player->param[HEAT];
    for (int64_t k = 0; k < faced->n; k++) {
        double x = faced->sight[OPINION][k], y = faced->sight[FEED][k], apart = of[POST][k] * 2.0 * heat * (x - y);
        sight[OPINION][k] += apart + of[SHARE][k] * heat * y;
        sight[FEED][k] += of[SHARE][k] * heat * x - apart;
    }
}

static const throng_policy_spec outrage = {
    .about = {.struct_size = sizeof(throng_policy_spec),
              .name = "outrage",
              .summary = "Posts when the feed contradicts it, shares what agrees with it.",
              .details = "An agent of opinion x that reads a feed of tone y posts, shares or stays silent with "
                         "probabilities that are as exp(heat (x - y)^2 - reserve), exp(heat x y - reserve) and 1.",
              .reference = "Example of throng, 2026",
              .params = params},
    .actions = actions,
    .n_actions = 3,
    .sights = sights,
    .n_sights = 2,
    .create = create,
    .logits = logits,
    .logits_adjoint = logits_adjoint,
};

static const throng_about *const policies[] = {&outrage.about, NULL};
THRONG_PLUGIN(.policies = policies);
