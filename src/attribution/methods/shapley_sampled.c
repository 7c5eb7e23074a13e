/*
 * Shapley by permutations: agents join in random order, and each is credited with what its joining changed.
 *
 * A permutation is walked once for itself and its reverse: while the members grow, those who have not joined are the
 * members of the reverse, seen from its end.
 */
#include "attribution/coalition.h"

#include <math.h>

enum {
    PERMUTATIONS,
    HALF_WIDTH,
    ANTITHETIC,
    STRATIFIED,
    INCREMENTAL,
    TRUNCATE,
    SECONDS
};

static const throng_param params[] = {
    [PERMUTATIONS] = {"permutations", THRONG_PARAM_INTEGER, 1000, 1, 1e12, "",
                      "at most so many, rounded up to at least two independent units"},
    [HALF_WIDTH] = THRONG_I_PARAM_HALF_WIDTH,
    [ANTITHETIC] = {"antithetic", THRONG_PARAM_FLAG, 1, 0, 1, "", "walk each permutation backwards as well"},
    [STRATIFIED] = {"stratified", THRONG_PARAM_FLAG, 0, 0, 1, "",
                    "turn each permutation by eighths, so that every agent joins early, midway and late"},
    [INCREMENTAL] = {"incremental", THRONG_PARAM_FLAG, 1, 0, 1, "",
                     "change aggregates agent by agent; false: add up every coalition from scratch"},
    [TRUNCATE] = {"truncate", THRONG_PARAM_REAL, 0, 0, 1, "",
                  "leave a walk when what is missing to its end is at most this part of the whole change; biased"},
    [SECONDS] = THRONG_I_PARAM_SECONDS,
    {0}};

#define STRATA 8
/* Agents ahead for which memory is fetched while the present one is worked on. */
#define AHEAD 24
#define TICK  4096

typedef struct plan {
    throng_random random;
    int strata;
    bool antithetic, from_scratch;
    double truncate;
} plan;

/* A uniform permutation of 0..n-1 (Fisher and Yates). */
static void shuffle(throng_random random, uint64_t unit, int64_t n, uint32_t *order) {
    uint64_t words[4] = {0};
    for (int64_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (int64_t i = n - 1; i > 0; i--) {
        uint64_t at = (uint64_t)(n - 1 - i);
        if (at % 4 == 0)
            throng_random_words(random, at / 4, unit, 0, words);
        /* The high half of a product of 64 bits: no division, and a bias of n / 2^64. */
        uint64_t range = (uint64_t)i + 1, word = words[at % 4];
        uint64_t low = (word & 0xffffffffU) * range, j = ((word >> 32) * range + (low >> 32)) >> 32;
        uint32_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

/* Everybody up to place p has joined: adds all of them up again. `rest` are the others. */
static throng_status start_over(throng_i_coalition *coalition, bool rest, const uint32_t *order, int64_t shift,
                                int64_t p, throng_error *err) {
    int64_t n = coalition->lane->game->n;
    throng_i_coalition_reset(coalition, false);
    for (int64_t q = rest ? p + 1 : 0; q < (rest ? n : p + 1); q++)
        throng_i_coalition_change(coalition, order[q + shift < n ? q + shift : q + shift - n], true);
    return throng_i_lane_tick(coalition->lane, n, err);
}

/* The next agent joins the coalition, or, for `rest`, leaves it. */
static inline throng_status step(throng_i_coalition *coalition, bool rest, const uint32_t *order, int64_t shift,
                                 int64_t p, int64_t agent, bool from_scratch, double *out, throng_error *err) {
    if (from_scratch && coalition->m) {
        throng_status status = start_over(coalition, rest, order, shift, p, err);
        if (status != THRONG_OK)
            return status;
    } else {
        throng_i_coalition_change(coalition, agent, !rest);
    }
    return throng_i_coalition_value(coalition, out, err);
}

/* Walks the permutation that begins at place `shift` and, if antithetic, its reverse; out += scale * marginals. */
static throng_status walk(throng_i_lane *lane, const plan *self, const uint32_t *order, int64_t shift, double scale,
                          double *scratch, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_coalition_game *game = lane->game;
    int64_t n = game->n;
    throng_i_coalition members = throng_i_coalition_in(lane, scratch);
    throng_i_coalition rest = throng_i_coalition_in(lane, scratch + throng_i_coalition_doubles(game));
    double before = lane->nobody, rest_before = lane->everybody;
    double enough = self->truncate * fabs(lane->everybody - lane->nobody);
    bool done = false, rest_done = !self->antithetic; /* nothing more can come of them */
    throng_i_coalition_reset(&members, false);
    throng_i_coalition_reset(&rest, true);
    for (int64_t p = 0, at = shift; p < n && !(done && rest_done); p++, at = at + 1 < n ? at + 1 : 0) {
        int64_t agent = order[at];
        if (at + AHEAD < n) {
            if (game->steps)
                __builtin_prefetch(game->steps + (int64_t)order[at + AHEAD] * game->k);
            __builtin_prefetch(out + order[at + AHEAD], 1);
        }
        /* The ends are known: credits add up whatever rounding does on the way. */
        double after = done ? before : lane->everybody, rest_after = rest_done ? rest_before : lane->nobody;
        if (p + 1 < n && !done)
            THRONG_TRY(step(&members, false, order, shift, p, agent, self->from_scratch, &after, err));
        if (p + 1 < n && !rest_done)
            THRONG_TRY(step(&rest, true, order, shift, p, agent, self->from_scratch, &rest_after, err));
        double credit = after - before;
        if (self->antithetic)
            credit = 0.5 * (credit + (rest_before - rest_after));
        out[agent] += scale * credit;
        before = after;
        rest_before = rest_after;
        if (self->truncate > 0.0) {
            done |= fabs(lane->everybody - after) <= enough;
            rest_done |= fabs(lane->nobody - rest_after) <= enough;
        }
        if (p % TICK == TICK - 1)
            THRONG_TRY(throng_i_lane_tick(lane, TICK, err));
    }
out:
    return status;
}

/* Scratch: two coalitions, then the permutation. */
static throng_status draw(throng_i_lane *lane, const void *user, int64_t unit, double *out, throng_error *err) {
    const plan *self = user;
    int64_t n = lane->game->n;
    void *order = lane->scratch + 2 * throng_i_coalition_doubles(lane->game);
    shuffle(self->random, (uint64_t)unit, n, order);
    for (int stratum = 0; stratum < self->strata; stratum++) {
        throng_status status =
            walk(lane, self, order, n * stratum / self->strata, 1.0 / self->strata, lane->scratch, out, err);
        if (status != THRONG_OK)
            return status;
    }
    return THRONG_OK;
}

/* Whether agents begin..end-1 get the credit phi alone and as the last one. */
static throng_status look_at_ends(throng_i_lane *lane, double *scratch, int64_t begin, int64_t end, const double *phi,
                                  double rounding, bool *same, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_i_coalition_game *game = lane->game;
    throng_i_coalition nobody = throng_i_coalition_in(lane, scratch);
    throng_i_coalition everybody = throng_i_coalition_in(lane, scratch + throng_i_coalition_doubles(game));
    *same = true;
    throng_i_coalition_reset(&nobody, false);
    throng_i_coalition_reset(&everybody, true);
    /* What is asked for at once is seen by whoever looks ahead only if it is asked for whatever the first answers are.
     */
    for (int64_t i = begin; i < end && (*same || game->function->rehearse); i++) {
        double alone = 0.0, without = 0.0;
        THRONG_TRY(throng_i_coalition_value_with(&nobody, i, true, &alone, err));
        THRONG_TRY(throng_i_coalition_value_with(&everybody, i, false, &without, err));
        *same = *same && fabs(0.5 * (alone - game->nobody + game->everybody - without) - phi[i]) <= rounding;
    }
out:
    return status;
}

typedef struct ends_job {
    const throng_i_coalition_game *game;
    const double *phi;
    double rounding;
    atomic_bool differ;
} ends_job;

static void look_at_chunk(void *user, throng_chunk chunk) {
    ends_job *job = user;
    double scratch[4 * THRONG_AGGREGATES_MAX];
    bool same = false;
    throng_i_lane lane = {.game = job->game};
    if (look_at_ends(&lane, scratch, chunk.begin, chunk.end, job->phi, job->rounding, &same, NULL) != THRONG_OK ||
        !same)
        job->differ = true;
}

/*
 * A permutation and its reverse are exact if and only if D(S) = v(S) - v(N without S) adds up over the members of S; so
 * it is for games that are quadratic in aggregates. Two pairs that agree have seen it along two chains of coalitions;
 * here the ends of all chains are looked at: every agent alone, and everybody but it.
 */
static throng_status exact(throng_i_lane *lane, const void *user, const double *phi, double rounding, bool *out,
                           throng_error *err) {
    const throng_i_coalition_game *game = lane->game;
    (void)user;
    if (game->k == 0)
        return look_at_ends(lane, lane->scratch, 0, game->n, phi, rounding, out, err);
    ends_job job = {.game = game, .phi = phi, .rounding = rounding};
    throng_status status = throng_chunks_for(game->context, game->n, look_at_chunk, &job, NULL, err);
    lane->evaluations += 2 * game->n;
    *out = !job.differ;
    return status;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    const double *param = options->param;
    plan self = {.random = {options->seed, 0x7368617065726d31U},
                 .strata = param[STRATIFIED] != 0.0 ? STRATA : 1,
                 .antithetic = param[ANTITHETIC] != 0.0,
                 .from_scratch = param[INCREMENTAL] == 0.0,
                 .truncate = param[TRUNCATE]};
    THRONG_REQUIRE(function->n_agents <= UINT32_MAX, E_UNSUPPORTED,
                   "shapley-sampled counts agents in 32 bits: %lld "
                   "are too many.",
                   (long long)function->n_agents);
    THRONG_TRY(throng_i_coalition_game_init(context, function, "shapley-sampled", true, &game, err));
    int64_t walks = self.strata * (self.antithetic ? 2 : 1), permutations = (int64_t)param[PERMUTATIONS];
    throng_i_plan sampling = {.draw = draw,
                              .exact = self.antithetic && self.truncate == 0.0 ? exact : NULL,
                              .user = &self,
                              .scratch = 2 * throng_i_coalition_doubles(&game) + (game.n + 1) / 2,
                              .units = permutations > 2 * walks ? (permutations + walks - 1) / walks : 2,
                              .parts = "permutations",
                              .n_parts = walks,
                              .half_width = param[HALF_WIDTH],
                              .seconds = param[SECONDS],
                              .efficient = self.truncate == 0.0};
    THRONG_TRY(throng_i_sample(&game, &sampling, options, phi, certificate, err));
out:
    throng_i_coalition_game_clear(&game);
    return status;
}

const throng_method throng_method_shapley_sampled = {
    .about =
        {.struct_size = sizeof(throng_method),
         .name = "shapley-sampled",
         .summary = "Shapley values by random permutations, with confidence intervals: any game, any number of agents.",
         .details =
             "Formula: phi_i = mean over permutations of v(those before i, and i) - v(those before i). Every "
             "permutation "
             "adds up to v(everybody) - v(nobody), hence so does their mean.\n"
             "Sampling: the independent unit is a permutation with its reverse (antithetic), or eight turns of it with "
             "theirs (stratified by position). Standard errors come from the spread of units; 95 % intervals take "
             "Student's t. A half-width is looked at from 16 units on; not reached within the permutations, the method "
             "fails and leaves the estimate so far.\n"
             "Exactness is found out, not assumed: if the first two antithetic units agree for every agent to "
             "rounding, "
             "and every agent alone and everybody but it give the same credit, the game's credit is the same in every "
             "pair (as for indicators quadratic in their aggregates), and sampling ends after two units with an error "
             "estimate of rounding size.\n"
             "Truncation: with truncate=X a walk ends where v is within X times v(everybody) - v(nobody) of the end it "
             "heads for, and agents after that get 0 from it. This saves calls of a slow v that is settled early, but "
             "the estimate is biased, by at most X of the whole change in each walk, no interval knows of it, and "
             "credits do not add up exactly: the efficiency residual says what is missing. Default off.\n"
             "Random v (a black box with draws): the independent unit is one draw with an equal part of the "
             "permutations, so that intervals hold what the draws leave; all draws are made, and a half-width is "
             "looked "
             "at after the last. A black box's budget of calls ends the sampling with the estimate so far.\n"
             "Time: seconds is checked against what the first units took; if the permutations, or those that the "
             "half-width still needs, will not fit, the method refuses and says what would.\n"
             "Cost: two changes of k aggregates and two values an agent and pair, O(N k) memory; in parallel over "
             "units, the same bits for any number of threads. incremental=false adds up every coalition, O(N^2 k). "
             "Without "
             "aggregates value() is asked N - 1 times a permutation.\n"
             "Tolerance: the option is for path methods; here half-width is what is asked for.",
         .reference =
             "Shapley 1953, A value for n-person games, Contributions to the Theory of Games II; Castro, Gomez "
             "and Tejada 2009, Polynomial calculation of the Shapley value based on sampling, Computers & "
             "Operations Research 36(5), doi 10.1016/j.cor.2008.04.004; Strumbelj and Kononenko 2010, An "
             "efficient explanation of individual classifications using game theory, Journal of Machine "
             "Learning Research 11; Ghorbani and Zou 2019, Data Shapley, ICML, arXiv 1904.02868 (truncation)",
         .params = params},
    .attribute = attribute,
    .samples = true,
};
