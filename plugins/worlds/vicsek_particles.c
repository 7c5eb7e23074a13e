/* Vicsek's particles: they go where they head, and turn to the mean heading of those who are near just then. */
#include "throng/world.h"

#include <math.h>

enum {
    NOISE,
    SPEED,
    RADIUS,
    DENSITY,
    OWN
};

static const throng_param params[] = {
    [NOISE] = {"noise", THRONG_PARAM_REAL, 1, 0, 6.2831853071795865, "radians",
               "width of the interval around 0 that turns by chance are drawn from"},
    [SPEED] = {"speed", THRONG_PARAM_REAL, 0.03, 0, 1e6, "length", "how far a particle goes in a step"},
    [RADIUS] = {"radius", THRONG_PARAM_REAL, 1, 1e-6, 1e6, "length", "how far a particle sees"},
    [DENSITY] = {"density", THRONG_PARAM_REAL, 4, 1e-6, 1e6, "1/area",
                 "particles in a unit of area: the square's side is sqrt(N / density)"},
    [OWN] = {"own", THRONG_PARAM_REAL, 1, 0, 1e9, "weight", "weight of one's own heading among the others'"},
    {0}};

enum {
    HEADING,
    X,
    Y
};

static const throng_world_column columns[] = {
    [HEADING] = {"heading", "radians", "which way the particle goes", 0, -(double)INFINITY, (double)INFINITY},
    [X] = {"x", "length", "where it is", 0, 0, (double)INFINITY},
    [Y] = {"y", "length", "where it is, across", 0, 0, (double)INFINITY}};

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++) {
        message[0][k] = cos(slots->state[HEADING][k]);
        message[1][k] = sin(slots->state[HEADING][k]);
    }
}

/* Back in at the other side, for a coordinate in [0, side); roundings can make it the side itself. */
static double wrap(double at, double side) {
    double in = at - side * floor(at / side);
    return in >= 0.0 && in < side ? in : 0.0;
}

static void move(const throng_slots *slots, double *const *next) {
    double own = slots->param[OWN], speed = slots->param[SPEED], noise = slots->param[NOISE];
    for (int64_t k = 0; k < slots->n; k++) {
        double heading = slots->state[HEADING][k], c = cos(heading), s = sin(heading), uniform[4];
        double ahead = own + slots->heard[0][k] * c + slots->heard[1][k] * s;
        double left = slots->heard[1][k] * c - slots->heard[0][k] * s;
        throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0,
                               uniform);
        next[HEADING][k] = heading + atan2(left, ahead) + noise * (uniform[0] - 0.5);
        next[X][k] = wrap(slots->state[X][k] + speed * c, slots->side);
        next[Y][k] = wrap(slots->state[Y][k] + speed * s, slots->side);
    }
}

const throng_world throng_world_vicsek_particles = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "vicsek-particles",
         .summary = "Flocks that fly: headings align with whom one sees now, within a radius.",
         .details =
             "Update, all agents at once: heading_i' = angle of (own e^(i heading_i) + sum_j alpha_j e^(i heading_j)) "
             "+ xi over the others j within `radius` of i, xi uniform in (-noise / 2, noise / 2), drawn anew at every "
             "step; x_i' = x_i + speed (cos heading_i, sin heading_i), by the heading before the step. Particles start "
             "anywhere in a square of side sqrt(N / density) whose opposite sides are joined; distances are the short "
             "way around. Headings are not cut at a turn.\n"
             "Graph: none; vicsek is the same rule for headings on a given one, and what this comes to without speed.\n"
             "Silence: a silent particle is not seen.\n"
             "Edges: who sees nobody flies on, up to noise, as does who sees headings that cancel. A radius of 0.71 "
             "sides sees everybody.\n"
             "Randomness: places and turns are keyed by agent and step, the same at any participation. Not smooth: "
             "headings have slopes, but whom one sees changes at once when somebody comes within the radius. "
             "Sampling methods only.\n"
             "Cost: a step takes time by the number of pairs within nine squares of side `radius`: N density 9 "
             "radius^2, not N^2.\n"
             "Limits: everybody within the radius, the order |mean e^(i heading)| is 2 sin(noise / 2) / noise after a "
             "step. Without noise crowds as dense as the default end in one flock; at a noise of 2 pi order is that of "
             "chance, sqrt(pi / N) / 2. In between it falls with noise, and the sparser the crowd the sooner.",
         .reference = "Vicsek, Czirok, Ben-Jacob, Cohen and Shochet 1995, Novel type of phase transition in a system "
                      "of self-driven particles, Physical Review Letters 75, doi 10.1103/PhysRevLett.75.1226, "
                      "equations 1 and 2 (r = 1, v = 0.03, density 4)",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = 3,
    .n_messages = 2,
    .hearing = THRONG_HEARING_NEAR,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .move = move,
    .place = X,
    .density = DENSITY,
    .radius = RADIUS,
};
