/* Kuramoto: oscillators that pull on each other's phase. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    COUPLING,
    SPREAD,
    TIME_STEP
};

static const throng_param params[] = {
    [COUPLING] = {"coupling", THRONG_PARAM_REAL, 2, -1e6, 1e6, "1/time", "how hard phases pull"},
    [SPREAD] = {"spread", THRONG_PARAM_REAL, 1, 0, 1e6, "1/time",
                "half-width of the Lorentzian that natural frequencies are drawn from"},
    [TIME_STEP] = {"time-step", THRONG_PARAM_REAL, 0.05, 1e-9, 1, "time", "length of a step (Euler)"},
    {0}};

static const throng_world_column columns[] = {
    {"phase", "radians", "where the oscillator is in its cycle", 0, -(double)INFINITY, (double)INFINITY}};

/* Keeps the draw of a frequency, the same at every step, apart from draws of a step. */
#define FREQUENCY_STEP UINT64_MAX

static void draw(const throng_slots *slots, double *const *trait) {
    for (int64_t k = 0; k < slots->n; k++) {
        double uniform[4];
        throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k), FREQUENCY_STEP, 0, uniform);
        trait[0][k] = slots->param[SPREAD] * tan(3.14159265358979323846 * (uniform[0] - 0.5));
    }
}

THRONG_WIDE static void send(const throng_slots *slots, double *const *message) {
    const double *phase = slots->state[0];
    double *across = message[0], *up = message[1];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        throng_sin_cos(phase[k], &up[k], &across[k]);
}

THRONG_WIDE static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *state) {
    const double *phase = slots->state[0], *across = of[0], *up = of[1];
    double *back = state[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double sine, cosine;
        throng_sin_cos(phase[k], &sine, &cosine);
        back[k] += up[k] * cosine - across[k] * sine;
    }
}

/* sin(b - a) = sin b cos a - cos b sin a: what is heard are means of cos b and sin b. */
THRONG_WIDE static void move(const throng_slots *slots, double *const *next) {
    double coupling = slots->param[COUPLING], step = slots->param[TIME_STEP], *out = next[0];
    const double *phase = slots->state[0], *frequency = slots->trait[0];
    const double *across = slots->heard[0], *up = slots->heard[1];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double sine, cosine;
        throng_sin_cos(phase[k], &sine, &cosine);
        out[k] = phase[k] + step * (frequency[k] + coupling * (up[k] * cosine - across[k] * sine));
    }
}

THRONG_WIDE static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double rate = slots->param[TIME_STEP] * slots->param[COUPLING];
    const double *phase = slots->state[0], *of = adjoint->of[0];
    const double *across = slots->heard[0], *up = slots->heard[1];
    double *back = adjoint->state[0], *back_across = adjoint->heard[0], *back_up = adjoint->heard[1];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double sine, cosine;
        throng_sin_cos(phase[k], &sine, &cosine);
        back[k] += of[k] * (1.0 + rate * (-up[k] * sine - across[k] * cosine));
        back_across[k] -= of[k] * rate * sine;
        back_up[k] += of[k] * rate * cosine;
    }
}

const throng_world throng_world_kuramoto = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "kuramoto",
         .summary = "Coupled oscillators: phases synchronise when coupling beats the spread of frequencies.",
         .details =
             "Update, all agents at once: phase_i' = phase_i + time-step (omega_i + coupling sum_j w_ij alpha_j "
             "sin(phase_j - phase_i) / W_i). Natural frequencies omega_i are drawn once an agent from a Lorentzian of "
             "half-width `spread`.\n"
             "Steps: Euler's, to be trusted where time-step (coupling + omega_i) is well below 1; beyond that phases "
             "jump past "
             "each other, and nothing warns of it.\n"
             "Silence: a silent oscillator pulls nobody.\n"
             "Limits: everybody hearing everybody, order appears at coupling = 2 spread, and the order parameter is "
             "sqrt(1 - 2 spread / coupling) beyond.",
         .reference = "Kuramoto 1975, International Symposium on Mathematical Problems in Theoretical Physics, doi "
                      "10.1007/BFb0013365; Strogatz 2000, From Kuramoto to Crawford, Physica D 143, doi "
                      "10.1016/S0167-2789(00)00094-4",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 2,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .send_adjoint = send_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
    .draw = draw,
    .n_traits = 1,
};
