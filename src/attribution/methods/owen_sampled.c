/*
 * Shapley by Owen's multilinear extension: an agent's marginal effect on a crowd in which everybody else takes part
 * with probability q, averaged over q.
 */
#include "attribution/coalition.h"

enum {
    DRAWS,
    HALF_WIDTH,
    NODES,
    SECONDS
};

static const throng_param params[] = {
    [DRAWS] = {"draws", THRONG_PARAM_INTEGER, 64, 2, 1e12, "", "at most so many independent draws of all nodes"},
    [HALF_WIDTH] = THRONG_I_PARAM_HALF_WIDTH,
    [NODES] = {"nodes", THRONG_PARAM_INTEGER, 8, 1, 4096, "", "values of q in a draw, one in each of so many strata"},
    [SECONDS] = THRONG_I_PARAM_SECONDS,
    {0}};

typedef struct plan {
    throng_random random;
    int nodes;
} plan;

/* Purposes of random numbers within the stream. */
enum {
    FOR_AGENTS,
    FOR_NODES
};

/* One uniform number an agent serves all nodes: agent j takes part if it is below q. Scratch: a coalition, the uniform
 * numbers, then a byte an agent. */
static throng_status draw(throng_i_lane *lane, const void *user, int64_t unit, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const plan *self = user;
    int64_t n = lane->game->n;
    double *uniform = lane->scratch + throng_i_coalition_doubles(lane->game), four[4];
    void *bytes = uniform + n;
    unsigned char *member = bytes;
    throng_i_coalition coalition = throng_i_coalition_in(lane, lane->scratch);
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0)
            throng_random_uniforms(self->random, (uint64_t)(i / 4), (uint64_t)unit, FOR_AGENTS, four);
        uniform[i] = four[i % 4];
    }
    for (int node = 0; node < self->nodes; node++) {
        throng_random_uniforms(self->random, (uint64_t)node, (uint64_t)unit, FOR_NODES, four);
        double q = (node + four[0]) / self->nodes;
        for (int64_t i = 0; i < n; i++)
            member[i] = uniform[i] < q;
        /* The others are a draw for 1 - q. */
        for (unsigned char in = 0; in < 2; in++)
            THRONG_TRY(throng_i_coalition_marginals(&coalition, member, in, 0.5 / self->nodes, out, err));
    }
out:
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    plan self = {.random = {options->seed, 0x6f77656e73616d31U}, .nodes = (int)options->param[NODES]};
    THRONG_TRY(throng_i_coalition_game_init(context, function, "owen-sampled", true, &game, err));
    throng_i_plan sampling = {.draw = draw,
                              .user = &self,
                              .scratch = throng_i_coalition_doubles(&game) + game.n + (game.n + 7) / 8,
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

const throng_method throng_method_owen_sampled = {
    .about =
        {.struct_size = sizeof(throng_method),
         .name = "owen-sampled",
         .summary = "Shapley values by Owen's multilinear extension: everybody takes part by chance, agent by agent.",
         .details =
             "Formula: phi_i = integral over q from 0 to 1 of E[v(S and i) - v(S without i)], each other agent in S "
             "with "
             "probability q. Unbiased for the Shapley value of any game.\n"
             "Sampling: a draw takes one q in each of `nodes` equal strata, the same uniform numbers for all of them, "
             "and "
             "with every coalition the one of all others (antithetic: q and 1 - q). Intervals as in shapley-sampled.\n"
             "Random v, budgets of calls and of time: as in shapley-sampled.\n"
             "Additivity: only in the mean; the certificate's residual is sampling error, so the method does not "
             "promise it.\n"
             "Cost: 2 nodes (N + 1) coalitions a draw; O(k) each with aggregates, in parallel, else one call of "
             "value(). "
             "Every agent is looked at in the same coalitions: comparisons between agents are sharper than the "
             "intervals of each.",
         .reference = "Owen 1972, Multilinear extensions of games, Management Science 18(5), doi 10.1287/mnsc.18.5.64; "
                      "Okhrati and Lipani 2020, A multilinear sampling algorithm to estimate Shapley values, arXiv "
                      "2010.12082",
         .params = params},
    .attribute = attribute,
    .samples = true,
};
