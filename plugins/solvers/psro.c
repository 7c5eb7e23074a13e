/* Double oracle: mixing a few policies of a tree, and learning more of them. */
#include "throng/solver.h"

enum {
    GAMMA,
    TREMBLE,
    STEPS,
    POLICIES
};

static const throng_param params[] = {
    [GAMMA] = {"gamma", THRONG_PARAM_REAL, 0, 0, 1e6, "1 / payoff", "how much a unit of variance weighs"},
    [TREMBLE] = {"tremble", THRONG_PARAM_REAL, 0, 0, 1, "",
                 "share of the time in which the other takes a policy at random"},
    [STEPS] = {"steps", THRONG_PARAM_INTEGER, 1000, 1, 1e6, "",
               "of fictitious play in each iteration, to mix policies"},
    [POLICIES] = {"policies", THRONG_PARAM_INTEGER, 64, 1, 127, "policies", "that a player has at most"},
    {0}};

static throng_status begin(throng_solver_state *state, throng_error *err) {
    throng_restricted *game = NULL;
    throng_status status =
        throng_restricted_create(state->context, state->tree, state->param[GAMMA], state->param[TREMBLE],
                                 (int)state->param[POLICIES], state->strategy, &game, err);
    state->self = game;
    return status;
}

static void end(throng_solver_state *state) {
    throng_restricted_free(state->self);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    bool more = false;
    throng_status status = throng_restricted_solve(state->self, (int64_t)state->param[STEPS], state->strategy, err);
    if (status == THRONG_OK)
        status = throng_restricted_grow(state->self, state->strategy, &more, err);
    state->done = !more;
    return status;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    (void)strategy;
    return throng_restricted_gap(state->self, out, err);
}

extern const throng_solver throng_solver_psro;
const throng_solver throng_solver_psro = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "psro",
              .summary = "double oracle on trees of two players: mixes a few policies, and learns more; averse to risk",
              .details = "Everybody has some policies for the whole tree, at first one, the best against uniform "
                         "play. An iteration mixes them as rae does, by fictitious play in the game of policies, "
                         "in which what the other mixes and what chance decides make the variance of a policy's "
                         "payoff; then each learns a pure best response to what the other mixes, for mean - gamma "
                         "variance: the best for r - gamma (r - m)^2, r being what one gets and m a guess of its "
                         "mean, then with its own mean for m, as long as that helps, from the mean of now and "
                         "from the best there is. The gap is what both would gain in the game of policies by what "
                         "they have just learnt; with gamma = 0 that is the game's own. It ends when there is "
                         "nothing to learn, or no room: what is left of the gap is then that of fictitious play, "
                         "and more steps help, or more policies do.",
              .reference =
                  "Lanctot et al. 2017, A unified game-theoretic approach to multiagent reinforcement learning, "
                  "NIPS 30 (PSRO); Slumbers et al. 2023, arXiv 2205.15434",
              .params = params},
    .last = true,
    .begin = begin,
    .end = end,
    .step = step,
    .gap = gap,
    .gap_name = "risk-averse gap",
};
