/* Gradients bent so that learners with losses of their own find what is good for all; and what it is compared with. */
#include "throng/smooth.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

enum {
    RULE,
    LAMBDA,
    ALIGN,
    STEP,
    SPREAD,
    SHARE,
    ANGLE
};

static const throng_param params[] = {
    [RULE] = {"rule", THRONG_PARAM_CHOICE, 0, 0, 6, "", "how the gradient is bent",
              "aga simul-ind simul-co cga sga mix svo"},
    [LAMBDA] = {"lambda", THRONG_PARAM_REAL, 1, 0, 1e6, "", "how much, of aga, cga and sga"},
    [ALIGN] = {"align", THRONG_PARAM_CHOICE, 0, 0, 2, "", "aga: by which rule lambda takes a sign", "sign angle none"},
    [STEP] = {"step", THRONG_PARAM_REAL, 0.5, 1e-12, 1e6, "", "of the descent"},
    [SPREAD] = {"spread", THRONG_PARAM_REAL, 0, 0, 1e6, "",
                "standard deviation of normal numbers, by --seed, that are added to where the game starts"},
    [SHARE] = {"share", THRONG_PARAM_REAL, 0.5, 0, 1, "", "mix: of the collective loss, the rest is one's own"},
    [ANGLE] = {"angle", THRONG_PARAM_REAL, 45, 0, 90, "degrees", "svo: 0 for oneself, 90 for the others' mean"},
    {0}};

/* What rules see: where, the players' own gradients, and that of the collective loss. */
typedef struct slopes {
    const throng_smooth *game;
    int n;
    double *own, *all, *bent;
} slopes;

static double product(int n, const double *x, const double *y) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* bent = H all, with the second derivatives of the collective loss. */
static void curve_all(const slopes *it, const double *at, double *room) {
    memset(it->bent, 0, (size_t)it->n * sizeof *it->bent);
    for (int p = 0; p < throng_smooth_players(it->game); p++) {
        throng_smooth_curve(it->game, p, at, it->all, room);
        for (int i = 0; i < it->n; i++)
            it->bent[i] += room[i];
    }
}

/* bent = transposed J own, where J are derivatives of the own gradients; less J own, halved, for the part of J that is
 * antisymmetric. `all` is room. */
static void curve_own(const slopes *it, const double *at, bool antisymmetric, double *room) {
    memset(it->bent, 0, (size_t)it->n * sizeof *it->bent);
    for (int p = 0; p < throng_smooth_players(it->game); p++) {
        int first = throng_smooth_first(it->game, p), last = throng_smooth_first(it->game, p + 1);
        memset(it->all, 0, (size_t)it->n * sizeof *it->all);
        memcpy(it->all + first, it->own + first, (size_t)(last - first) * sizeof *it->own);
        throng_smooth_curve(it->game, p, at, it->all, room);
        for (int i = 0; i < it->n; i++)
            it->bent[i] += antisymmetric ? 0.5 * room[i] : room[i];
        if (!antisymmetric)
            continue;
        throng_smooth_curve(it->game, p, at, it->own, room);
        for (int i = first; i < last; i++)
            it->bent[i] -= 0.5 * room[i];
    }
}

/* Whether lambda is to be negative: by the published rule, or by the derivative of the squared cosine between what is
 * bent and H c, which it is a part of. */
static bool turns(const slopes *it, double rule) {
    int n = it->n;
    double stable = product(n, it->all, it->bent);
    double along = product(n, it->own, it->bent) + product(n, it->bent, it->bent);
    if (rule == 1.0)
        along = along * product(n, it->all, it->all) - stable * (product(n, it->all, it->own) + stable);
    return rule < 2.0 && stable * along < 0.0;
}

static void altruistic(const slopes *it, const double *param, const double *at, double *out) {
    curve_all(it, at, out);
    double lambda = turns(it, param[ALIGN]) ? -param[LAMBDA] : param[LAMBDA];
    for (int i = 0; i < it->n; i++)
        out[i] = it->all[i] + lambda * (it->own[i] + it->bent[i]);
}

static void individual(const slopes *it, const double *param, const double *at, double *out) {
    (void)param;
    (void)at;
    memcpy(out, it->own, (size_t)it->n * sizeof *out);
}

static void collective(const slopes *it, const double *param, const double *at, double *out) {
    (void)param;
    (void)at;
    memcpy(out, it->all, (size_t)it->n * sizeof *out);
}

static void consensus(const slopes *it, const double *param, const double *at, double *out) {
    curve_own(it, at, false, out);
    for (int i = 0; i < it->n; i++)
        out[i] = it->own[i] + param[LAMBDA] * it->bent[i];
}

static void symplectic(const slopes *it, const double *param, const double *at, double *out) {
    curve_own(it, at, true, out);
    for (int i = 0; i < it->n; i++)
        out[i] = it->own[i] + param[LAMBDA] * it->bent[i];
}

static void mix(const slopes *it, const double *param, const double *at, double *out) {
    (void)at;
    for (int i = 0; i < it->n; i++)
        out[i] = (1.0 - param[SHARE]) * it->own[i] + param[SHARE] * it->all[i];
}

static void by_angle(const slopes *it, const double *param, const double *at, double *out) {
    int others = throng_smooth_players(it->game) - 1;
    double sine = sin(param[ANGLE] * 0.017453292519943295), cosine = cos(param[ANGLE] * 0.017453292519943295);
    (void)at;
    for (int i = 0; i < it->n; i++)
        out[i] = cosine * it->own[i] + (others > 0 ? sine * (it->all[i] - it->own[i]) / others : 0.0);
}

static const struct {
    void (*bend)(const slopes *it, const double *param, const double *at, double *out);
    int passes; /* over the game: gradients, and products with second derivatives */
} rules[] = {{altruistic, 2}, {individual, 1}, {collective, 1}, {consensus, 2},
             {symplectic, 3}, {mix, 1},        {by_angle, 1}};

static void bend(const throng_solver_state *state, const double *at, double *out) {
    const throng_smooth *game = state->problem->game;
    slopes it = {game, throng_smooth_parameters(game), state->worth, state->kept, state->average};
    throng_smooth_gradients(game, at, it.own, it.all, it.bent);
    rules[(int)state->param[RULE]].bend(&it, state->param, at, out);
}

static throng_status begin(throng_solver_state *state, throng_error *err) {
    const throng_smooth *game = state->problem->game;
    (void)err;
    for (int i = 0; i < throng_smooth_parameters(game) && state->param[SPREAD] > 0.0; i++) {
        double z[4];
        throng_random_normals((throng_random){state->seed, 0x616761}, (uint64_t)i, 0, 0, z);
        state->strategy[i] += state->param[SPREAD] * z[0];
    }
    throng_smooth_clip(game, state->strategy);
    return THRONG_OK;
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_smooth *game = state->problem->game;
    (void)err;
    bend(state, state->strategy, state->plan);
    for (int i = 0; i < throng_smooth_parameters(game); i++)
        state->strategy[i] -= state->param[STEP] * state->plan[i];
    throng_smooth_clip(game, state->strategy);
    state->evaluations += rules[(int)state->param[RULE]].passes;
    return THRONG_OK;
}

static throng_status gap(const throng_solver_state *state, const double *strategy, double *out, throng_error *err) {
    (void)err;
    bend(state, strategy, state->plan);
    *out = throng_smooth_steepest(state->problem->game, strategy, state->plan);
    return THRONG_OK;
}

extern const throng_solver throng_solver_aga;
const throng_solver throng_solver_aga = {
    .about =
        {.struct_size = sizeof(throng_solver),
         .name = "aga",
         .summary = "learners with losses of their own find what is good for all: altruistic gradient adjustment",
         .details =
             "All parameters move by -step times a bent gradient. Let xi be each player's gradient of its loss in "
             "its own parameters, c the gradient of the sum of losses and H its second derivatives. aga: c + lambda "
             "(xi + H c), where lambda has the sign of <c, H c> (<xi, H c> + |H c|^2). That is a part of the "
             "derivative of the squared cosine between the bent gradient and H c; align=angle takes all of it, so "
             "that for small lambda the bent gradient turns to H c where <c, H c> > 0, and away where it is not. "
             "simul-ind: xi. "
             "simul-co: c. cga: xi + lambda J'xi, with J the derivatives of xi; sga: xi + lambda A'xi, with A the "
             "antisymmetric part of J. mix: (1 - share) xi + share c. svo: cos(angle) own loss + sin(angle) the "
             "others' mean. The gap is the largest part of the bent gradient, where no bound holds it; the game's "
             "own gap that of xi. Welfare and equality are reported. Evaluations are passes over the game: one for "
             "gradients, one for a product with second derivatives.",
         .reference = "Li et al. 2024, Aligning individual and collective objectives in multi-agent cooperation, "
                      "NeurIPS; arXiv 2402.12416. Balduzzi et al. 2018, arXiv 1802.05642 (sga)",
         .params = params},
    .forms = THRONG_GAME_FORM_SMOOTH,
    .last = true,
    .begin = begin,
    .step = step,
    .gap = gap,
    .gap_name = "bent gradient",
};
