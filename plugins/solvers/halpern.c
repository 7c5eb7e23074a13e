/* Halpern's iteration: every step goes back a little towards the start. */
#include "throng/operator.h"
#include "throng/solver.h"

#include <math.h>
#include <string.h>

enum {
    RULE
};

enum {
    PAGE,
    FULL,
    CLASSIC,
    RESOLVENT,
    FORWARD,
    EXTRAGRADIENT
};

static const throng_param params[] = {
    [RULE] = {"rule", THRONG_PARAM_CHOICE, PAGE, 0, 0, "",
              "page, resolvent: some components; full, classic: all; forward, extragradient: never back",
              "page full classic resolvent forward extragradient"},
    {0}};

#define STREAM 0x68616c7065726eULL

static const throng_operator *operator_of(const throng_solver_state *state) {
    return state->problem->game;
}

static throng_status begin(throng_solver_state *state, throng_error *err) {
    const throng_operator_def *about = throng_operator_about(operator_of(state));
    if (state->param[RULE] != EXTRAGRADIENT && state->param[RULE] != RESOLVENT && !about->cocoercive)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "\"%.60s\" is monotone, not cocoercive: take halpern:rule=resolvent or extragradient.",
                           about->name);
    return THRONG_OK;
}

/* G = F(u) with probability p, which falls to 1 / sqrt(n), else what it was plus the change of some components. */
static void estimate(throng_solver_state *state) {
    const throng_operator *f = operator_of(state);
    const throng_operator_def *about = throng_operator_about(f);
    double root = sqrt((double)about->n_components), k = (double)state->iteration - 1.0, uniforms[4];
    throng_random random = {state->seed, STREAM};
    throng_random_uniforms(random, (uint64_t)state->iteration, 0, 0, uniforms);
    if (uniforms[0] < 4.0 / (fmin(k, root) + 5.0) || k == 0.0) {
        throng_operator_full(f, state->strategy, state->kept, &state->evaluations);
        return;
    }
    int64_t batch = (int64_t)ceil(root);
    for (int64_t b = 0; b < batch; b++) {
        if (b % 4 == 0)
            throng_random_uniforms(random, (uint64_t)state->iteration, 1 + (uint64_t)b / 4, 0, uniforms);
        int64_t i = (int64_t)(uniforms[b % 4] * (double)about->n_components);
        throng_operator_add(f, i, state->strategy, 1.0 / (double)batch, state->kept, &state->evaluations);
        throng_operator_add(f, i, state->plan, -1.0 / (double)batch, state->kept, &state->evaluations);
    }
}

/* Back to the start by `back`, then against G. @param state->plan where it was */
static void move(throng_solver_state *state, double back, double stay, double eta) {
    const throng_operator *f = operator_of(state);
    int d = throng_operator_about(f)->n_numbers;
    memcpy(state->plan, state->strategy, (size_t)d * sizeof *state->plan);
    for (int j = 0; j < d; j++)
        state->strategy[j] = back * state->reference[j] + stay * state->strategy[j] - eta * state->kept[j];
    throng_operator_project(f, state->strategy);
}

/* ---- the double loop -------------------------------------------------------------------------------------------- */

/* The inner loop looks for w + eta F(w) = u, with eta = sqrt(n) / L, from z, where all components are known. Where its
 * vectors stand: u in average, z in plan, F(z) in kept, w in strategy, a half step in worth. */

/* F(z), and how far z is from what is looked for: no nearer than the residual says. */
static double look(throng_solver_state *state, double eta) {
    const throng_operator *f = operator_of(state);
    int d = throng_operator_about(f)->n_numbers;
    double sum = 0.0;
    throng_operator_full(f, state->plan, state->kept, &state->evaluations);
    for (int j = 0; j < d; j++)
        state->worth[j] = state->average[j] - eta * state->kept[j];
    throng_operator_project(f, state->worth);
    for (int j = 0; j < d; j++)
        sum += (state->plan[j] - state->worth[j]) * (state->plan[j] - state->worth[j]);
    return sqrt(sum);
}

/* From a point between w and z against F(z), and towards u as far as the step says. out may be w. */
static void move_inside(const throng_solver_state *state, double step, double eta, double *out) {
    const throng_operator_def *about = throng_operator_about(operator_of(state));
    double share = 1.0 / (double)about->n_components;
    for (int j = 0; j < about->n_numbers; j++) {
        double from = (1.0 - share) * state->strategy[j] + share * state->plan[j];
        out[j] = (from + step * (state->average[j] - eta * state->kept[j])) / (1.0 + step);
    }
}

/* One step of the inner loop: the second half of an extragradient step asks one component.
 * @return whether z is to be where w is now, which is the case once in n times */
static bool move_twice(throng_solver_state *state, int64_t inner, double step, double eta) {
    const throng_operator *f = operator_of(state);
    double n = (double)throng_operator_about(f)->n_components, weight = step * eta / (1.0 + step), uniforms[4];
    throng_random random = {state->seed, STREAM};
    throng_random_uniforms(random, (uint64_t)state->iteration, (uint64_t)inner, 1, uniforms);
    int64_t i = (int64_t)(uniforms[0] * n);
    move_inside(state, step, eta, state->worth);
    throng_operator_project(f, state->worth);
    move_inside(state, step, eta, state->strategy);
    throng_operator_add(f, i, state->worth, -weight, state->strategy, &state->evaluations);
    throng_operator_add(f, i, state->plan, weight, state->strategy, &state->evaluations);
    throng_operator_project(f, state->strategy);
    return uniforms[1] * n < 1.0;
}

#define INNER_MOST 1000 /* times n: far more than are needed */

/* Leaves the resolvent of u in strategy, which is the answer. In reach: how far off it was at first, of which less and
 * less is good enough. */
static void resolve(throng_solver_state *state) {
    const throng_operator_def *about = throng_operator_about(operator_of(state));
    size_t bytes = (size_t)about->n_numbers * sizeof(double);
    double n = (double)about->n_components, eta = sqrt(n) / about->lipschitz, k = (double)state->iteration - 1.0;
    double back = 1.0 / (k + 1.0), step = 1.0 / n; /* 1 / (sqrt n times the Lipschitz constant of eta F) */
    for (int j = 0; j < about->n_numbers; j++)
        state->average[j] = back * state->reference[j] + (1.0 - back) * state->strategy[j];
    memcpy(state->plan, state->strategy, bytes);
    double off = look(state, eta);
    if (k == 0.0)
        state->reach[0] = off;
    for (int64_t inner = 0; off > state->reach[0] / ((k + 2.0) * (k + 2.0)) && (double)inner < INNER_MOST * n;) {
        while (!move_twice(state, inner++, step, eta))
            continue;
        memcpy(state->plan, state->strategy, bytes);
        off = look(state, eta);
    }
    memcpy(state->strategy, state->plan, bytes);
}

static throng_status step(throng_solver_state *state, throng_error *err) {
    const throng_operator *f = operator_of(state);
    double lipschitz = throng_operator_about(f)->lipschitz, k = (double)state->iteration - 1.0, back;
    int rule = (int)state->param[RULE];
    (void)err;
    if (rule == RESOLVENT) {
        resolve(state);
        return THRONG_OK;
    }
    if (rule == PAGE)
        estimate(state);
    else
        throng_operator_full(f, state->strategy, state->kept, &state->evaluations);
    switch (rule) {
    case PAGE:
        back = 2.0 / (k + 4.0);
        move(state, back, 1.0 - back, 1.0 / (4.0 * lipschitz));
        break;
    case FULL:
    case CLASSIC:
        back = rule == FULL ? 2.0 / (k + 4.0) : 1.0 / (k + 2.0);
        move(state, back, 1.0 - back, (1.0 - back) / lipschitz);
        break;
    case FORWARD:
        move(state, 0.0, 1.0, 1.0 / lipschitz);
        break;
    default: /* extragradient: F where a first step would lead, from where it began */
        move(state, 0.0, 1.0, 0.5 / lipschitz);
        throng_operator_full(f, state->strategy, state->kept, &state->evaluations);
        memcpy(state->strategy, state->plan, (size_t)throng_operator_about(f)->n_numbers * sizeof *state->strategy);
        move(state, 0.0, 1.0, 0.5 / lipschitz);
    }
    return THRONG_OK;
}

extern const throng_solver throng_solver_halpern;
const throng_solver throng_solver_halpern = {
    .about = {.struct_size = sizeof(throng_solver),
              .name = "halpern",
              .summary = "zeros of mean operators by Halpern's iteration, with few components a step",
              .details =
                  "u becomes b u0 + (1 - b) u - G / (4 L) with b = 2 / (k + 4) in step k = 0, 1, ... and L the "
                  "Lipschitz constant. G is F(u) with probability 4 / (min(k, sqrt n) + 5); else the last G plus the "
                  "mean change of sqrt(n) components that are drawn (PAGE): the cost is about n + sqrt(n) / residual "
                  "components, evaluations counts them. With all components in every step: full, b u0 + (1 - b) (u - "
                  "F(u) / L) with the same b; classic, with b = 1 / (k + 2), which is best for that. For operators "
                  "that are monotone only: resolvent, u = b u0 + (1 - b) J(u) with b = 1 / (k + 1) and J(u) the w with "
                  "w + eta F(w) = u, eta = sqrt(n) / L, which an inner loop finds to 1 / (k + 2)^2 of the first "
                  "distance, by extragradient steps of which one half asks one component, and all of them once in n; "
                  "J(u) is the answer. extragradient: two half steps, never back to the start. forward: u - F(u) / L.",
              .reference = "Cai, Song, Guzman and Diakonikolas 2024, Variance reduced Halpern iteration for finite-sum "
                           "monotone inclusions, ICLR; arXiv 2310.02987; the inner loop: Alacaoglu and Malitsky 2022, "
                           "Stochastic variance reduction for variational inequality methods, COLT",
              .params = params},
    .forms = THRONG_GAME_FORM_OPERATOR,
    .last = true,
    .begin = begin,
    .step = step,
};
