/* Ising: yes or no, by what the neighbours say and by a leaning of one's own. */
#include "throng/world.h"

#include <math.h>

enum {
    COUPLING,
    FIELD,
    RATE,
    WIDTH
};

static const throng_param params[] = {
    [COUPLING] = {"coupling", THRONG_PARAM_REAL, 0.4, -1e6, 1e6, "", "conformity: J over temperature, an edge"},
    [FIELD] = {"field", THRONG_PARAM_REAL, 0, -1e6, 1e6, "", "leaning to +1 of everybody: h over temperature"},
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.1, 0, 1, "", "chance that an agent whose turn it is decides anew"},
    [WIDTH] = {"width", THRONG_PARAM_INTEGER, 0, 0, 1e9, "agents",
               "turns by checkerboard: agents are numbered row by row of so many; 1 is a ring, 0 no turns"},
    {0}};

static const throng_world_column columns[] = {{"spin", "", "-1 no, +1 yes", 0, -1, 1}};

/* Black squares decide at even steps, white ones at odd steps. */
static bool has_turn(const throng_slots *slots, int64_t agent) {
    int64_t width = (int64_t)slots->param[WIDTH];
    return width == 0 || (agent / width + agent % width + slots->step) % 2 == 0;
}

static void move(const throng_slots *slots, double *const *next) {
    double uniform[4] = {0};
    for (int64_t k = 0; k < slots->n; k++) {
        int64_t agent = slots->agent + k / slots->lanes;
        double bias = slots->param[COUPLING] * slots->heard[0][k] + slots->param[FIELD];
        if (k % slots->lanes == 0)
            throng_random_uniforms(slots->random, (uint64_t)agent, (uint64_t)slots->step, 0, uniform);
        bool decides = has_turn(slots, agent) && uniform[1] < slots->param[RATE];
        double answer = uniform[0] < 1.0 / (1.0 + exp(-2.0 * bias)) ? 1.0 : -1.0;
        next[0][k] = decides ? answer : slots->state[0][k];
    }
}

const throng_world throng_world_ising = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "ising",
         .summary = "Yes or no by heat bath: conformity against a field, Ising's model on any graph.",
         .details =
             "Update, all agents at once: with chance `rate` an agent decides: +1 with chance 1 / (1 + exp(-2 "
             "(coupling "
             "S + field))), S = sum_j w_ij alpha_j s_j over its in-neighbours, otherwise -1; the others keep their "
             "spin. Spins of the step before count, so this is no Gibbs sampler unless agents that decide together do "
             "not hear each other. Two ways make it one: a small rate, in the limit; or, exactly, width: on a lattice "
             "of that many columns, numbered row by row, black squares decide at even steps and white ones at odd "
             "steps, so that two steps at rate 1 are a sweep. Lattices that close on themselves need an even width "
             "and height.\n"
             "States: -1 and +1; another number within is kept until the agent decides, and heard as it is.\n"
             "Silence: a silent agent puts no pressure on anybody.\n"
             "Randomness: two draws an agent and step, the same at any participation. Not smooth: sampling methods "
             "only.\n"
             "Limits: N agents that all hear each other: the mean m = tanh(coupling N m + field), order from coupling "
             "N = 1 on. Square lattice: order from coupling = log(1 + sqrt(2)) / 2 = 0.4407 on. Ring: the mean product "
             "of neighbours is tanh(coupling), 0.60 for 0.7; without turns it comes out as 0.59, 0.50 and 0 for a rate "
             "of 0.1, 0.5 and 1.",
         .reference = "Glauber 1963, Time-dependent statistics of the Ising model, Journal of Mathematical Physics 4, "
                      "doi 10.1063/1.1703954; Onsager 1944, doi 10.1103/PhysRev.65.117",
         .params = params},
    .flags = THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_SUM,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
