/* Banzhaf values: an agent's marginal effect on a coalition that every other agent joins by the toss of a coin. */
#include "attribution/coalition.h"

enum {
    DRAWS,
    HALF_WIDTH,
    REUSE,
    SECONDS
};

static const throng_param params[] = {
    [DRAWS] = {"draws", THRONG_PARAM_INTEGER, 512, 2, 1e12, "", "at most so many independent pairs of coalitions"},
    [HALF_WIDTH] = THRONG_I_PARAM_HALF_WIDTH,
    [REUSE] = {"reuse", THRONG_PARAM_FLAG, 0, 0, 1, "",
               "two values a draw serve all agents; always so without aggregates"},
    [SECONDS] = THRONG_I_PARAM_SECONDS,
    {0}};

typedef struct plan {
    throng_random random;
    bool reuse;
} plan;

/* All agents at once: out[i] = +-(v(S) - v(others)), + for those in S. */
static throng_status compare_halves(throng_i_coalition *coalition, const unsigned char *member, double *out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = coalition->lane->game->n;
    double value[2] = {0.0, 0.0};
    for (unsigned char in = 0; in < 2; in++) {
        throng_i_coalition_reset(coalition, false);
        for (int64_t i = 0; i < n; i++)
            if (member[i] == in)
                throng_i_coalition_change(coalition, i, true);
        THRONG_TRY(throng_i_coalition_value(coalition, &value[in], err));
    }
    for (int64_t i = 0; i < n; i++)
        out[i] += member[i] ? value[1] - value[0] : value[0] - value[1];
    status = throng_i_lane_tick(coalition->lane, n, err);
out:
    return status;
}

/* Scratch: a coalition, then a byte an agent. */
static throng_status draw(throng_i_lane *lane, const void *user, int64_t unit, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const plan *self = user;
    void *bytes = lane->scratch + throng_i_coalition_doubles(lane->game);
    unsigned char *member = bytes;
    uint64_t words[4] = {0};
    throng_i_coalition coalition = throng_i_coalition_in(lane, lane->scratch);
    for (int64_t i = 0; i < lane->game->n; i++) {
        if (i % 256 == 0)
            throng_random_words(self->random, (uint64_t)(i / 256), (uint64_t)unit, 0, words);
        member[i] = words[i / 64 % 4] >> (i % 64) & 1;
    }
    if (self->reuse)
        return compare_halves(&coalition, member, out, err);
    for (unsigned char in = 0; in < 2; in++)
        THRONG_TRY(throng_i_coalition_marginals(&coalition, member, in, 0.5, out, err));
out:
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    plan self = {.random = {options->seed, 0x62616e7a68616631U},
                 .reuse = options->param[REUSE] != 0.0 || function->n_aggregates == 0};
    THRONG_TRY(throng_i_coalition_game_init(context, function, "banzhaf-sampled", true, &game, err));
    throng_i_plan sampling = {.draw = draw,
                              .user = &self,
                              .scratch = throng_i_coalition_doubles(&game) + (game.n + 7) / 8,
                              .units = (int64_t)options->param[DRAWS],
                              .parts = "draws",
                              .n_parts = 1,
                              .half_width = options->param[HALF_WIDTH],
                              .seconds = options->param[SECONDS]};
    THRONG_TRY(throng_i_sample(&game, &sampling, options, phi, certificate, err));
out:
    throng_i_coalition_game_clear(&game);
    return status;
}

const throng_method throng_method_banzhaf_sampled = {
    .about =
        {.struct_size = sizeof(throng_method),
         .name = "banzhaf-sampled",
         .summary = "Banzhaf values by sampling: the mean effect on a random half of the crowd; robust, not additive.",
         .details =
             "Formula: phi_i = E[v(S and i) - v(S without i)], each other agent in S with probability 1/2. All "
             "coalitions weigh the same, so that noise in v disturbs the order of agents least; credits do not add up "
             "to "
             "v(everybody) - v(nobody), and only their proportions have a meaning.\n"
             "Sampling: a draw is a coalition and the one of all others. With aggregates every agent is changed in "
             "both; "
             "with reuse, and always without aggregates, their two values serve all agents (maximum sample reuse): "
             "phi_i = mean of +-(v(S) - v(others)), + where i is in S, which needs about N times as many draws.\n"
             "Random v, budgets of calls and of time: as in shapley-sampled.\n"
             "Cost: a draw is 2 N + 2 coalitions of O(k), or two calls of value().",
         .reference =
             "Banzhaf 1965, Weighted voting doesn't work: a mathematical analysis, Rutgers Law Review 19; Wang "
             "and Jia 2023, Data Banzhaf: a robust data valuation framework for machine learning, AISTATS, "
             "arXiv 2205.15466 (maximum sample reuse; comparing S with the others is throng's construction)",
         .params = params},
    .attribute = attribute,
    .samples = true,
};
