/* Vicsek: everybody turns to the mean heading of its neighbours and its own, with some noise. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    NOISE,
    OWN
};

static const throng_param params[] = {
    [NOISE] = {"noise", THRONG_PARAM_REAL, 1, 0, 6.2831853071795865, "radians",
               "width of the interval around 0 that turns by chance are drawn from"},
    [OWN] = {"own", THRONG_PARAM_REAL, 1, 0, 1e9, "weight", "weight of one's own heading among the neighbours'"},
    {0}};

static const throng_world_column columns[] = {
    {"heading", "radians", "which way the agent goes", 0, -(double)INFINITY, (double)INFINITY}};

static double chance_turn(const throng_slots *slots, int64_t slot) {
    double uniform[4];
    throng_random_uniforms(slots->random, (uint64_t)(slots->agent + slot / slots->lanes), (uint64_t)slots->step, 0,
                           uniform);
    return slots->param[NOISE] * (uniform[0] - 0.5);
}

THRONG_WIDE static void send(const throng_slots *slots, double *const *message) {
    const double *heading = slots->state[0];
    double *across = message[0], *up = message[1];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        throng_sin_cos(heading[k], &up[k], &across[k]);
}

THRONG_WIDE static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *state) {
    const double *heading = slots->state[0], *across = of[0], *up = of[1];
    double *back = state[0];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++) {
        double sine, cosine;
        throng_sin_cos(heading[k], &sine, &cosine);
        back[k] += up[k] * cosine - across[k] * sine;
    }
}

/* The summed heading, seen from one's own: so much ahead, so much to the left. */
static void resultant(const throng_slots *slots, int64_t k, double c, double s, double *ahead, double *left) {
    *ahead = slots->param[OWN] + slots->heard[0][k] * c + slots->heard[1][k] * s;
    *left = slots->heard[1][k] * c - slots->heard[0][k] * s;
}

static void move(const throng_slots *slots, double *const *next) {
    double ahead, left, c, s;
    for (int64_t k = 0; k < slots->n; k++) {
        throng_sin_cos(slots->state[0][k], &s, &c);
        resultant(slots, k, c, s, &ahead, &left);
        next[0][k] = slots->state[0][k] + atan2(left, ahead) + chance_turn(slots, k);
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double ahead, left, c, s;
    for (int64_t k = 0; k < slots->n; k++) {
        double of = adjoint->of[0][k];
        throng_sin_cos(slots->state[0][k], &s, &c);
        resultant(slots, k, c, s, &ahead, &left);
        double length = ahead * ahead + left * left;
        adjoint->state[0][k] += of;
        if (!(length > 0.0))
            continue;
        double by_left = of * ahead / length, by_ahead = -of * left / length;
        adjoint->state[0][k] += by_left * (slots->param[OWN] - ahead) + by_ahead * left;
        adjoint->heard[0][k] += by_ahead * c - by_left * s;
        adjoint->heard[1][k] += by_ahead * s + by_left * c;
    }
}

const throng_world throng_world_vicsek = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "vicsek",
         .summary = "Flocks on a given graph: headings align with whom one sees, noise scatters them.",
         .details =
             "Update, all agents at once: heading_i' = angle of (own e^(i heading_i) + sum_j w_ij alpha_j e^(i "
             "heading_j)) + xi, xi uniform in (-noise / 2, noise / 2), drawn anew at every step. Headings are not cut "
             "at a turn: an agent turns by less than half a turn to either side, plus xi.\n"
             "What it is not: Vicsek's particles move on and see who is within a radius now. Who hears whom is a given "
             "graph here, so this is his rule for headings alone, known as the vectorial network model; a graph made "
             "from positions is the limit of slow particles.\n"
             "Silence: a silent agent is not seen.\n"
             "Edges: who sees nobody keeps its heading up to noise, as does who sees headings that cancel.\n"
             "Slopes: exact, but a heading jumps by a whole turn where what is seen passes straight behind. Indicators "
             "that are periodic in the heading do not see that; of others, such as variance, the certificate's "
             "efficiency tells.\n"
             "Limits: everybody seeing everybody, the order |mean e^(i heading)| is 2 sin(noise / 2) / noise after a "
             "step: 1 without noise, 0 at 2 pi. On sparse random graphs it vanishes at a noise below 2 pi.",
         .reference = "Vicsek, Czirok, Ben-Jacob, Cohen and Shochet 1995, Novel type of phase transition in a system "
                      "of self-driven particles, Physical Review Letters 75, doi 10.1103/PhysRevLett.75.1226, equation "
                      "2; on graphs: Aldana, Dossetti, Huepe, Kenkre and Larralde 2007, doi "
                      "10.1103/PhysRevLett.98.095702",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 2,
    .hearing = THRONG_HEARING_SUM,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .send_adjoint = send_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
};
