/* Kuramoto: oscillators that pull on each other's phase. */
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

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++) {
        message[0][k] = cos(slots->state[0][k]);
        message[1][k] = sin(slots->state[0][k]);
    }
}

static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *state) {
    for (int64_t k = 0; k < slots->n; k++)
        state[0][k] += of[1][k] * cos(slots->state[0][k]) - of[0][k] * sin(slots->state[0][k]);
}

/* sin(b - a) = sin b cos a - cos b sin a: what is heard are means of cos b and sin b. */
static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        double phase = slots->state[0][k];
        double pull = slots->heard[1][k] * cos(phase) - slots->heard[0][k] * sin(phase);
        next[0][k] = phase + slots->param[TIME_STEP] * (slots->trait[0][k] + slots->param[COUPLING] * pull);
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double rate = slots->param[TIME_STEP] * slots->param[COUPLING];
    for (int64_t k = 0; k < slots->n; k++) {
        double phase = slots->state[0][k], of = adjoint->of[0][k];
        double slope = -slots->heard[1][k] * sin(phase) - slots->heard[0][k] * cos(phase);
        adjoint->state[0][k] += of * (1.0 + rate * slope);
        adjoint->heard[0][k] -= of * rate * sin(phase);
        adjoint->heard[1][k] += of * rate * cos(phase);
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
             "Silence: a silent oscillator pulls nobody.\n"
             "Limits: everybody hearing everybody, order appears at coupling = 2 spread, and the order parameter is "
             "sqrt(1 - 2 spread / coupling) beyond.",
         .reference = "Kuramoto 1975, International Symposium on Mathematical Problems in Theoretical Physics, doi "
                      "10.1007/BFb0013365; Strogatz 2000, From Kuramoto to Crawford, Physica D 143, doi "
                      "10.1016/S0167-2789(00)00094-4",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE,
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
