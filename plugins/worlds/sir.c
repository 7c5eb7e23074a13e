/* Susceptible, infected, recovered: contagion by contact. */
#include "throng/world.h"

#include <math.h>

enum {
    INFECTION,
    RECOVERY
};

static const throng_param params[] = {
    [INFECTION] = {"infection", THRONG_PARAM_REAL, 0.1, 0, 1, "",
                   "chance that a contact of weight 1 infects in a step"},
    [RECOVERY] = {"recovery", THRONG_PARAM_REAL, 0.2, 0, 1, "", "chance to recover in a step"},
    {0}};

static const throng_world_column columns[] = {{"stage", "", "0 susceptible, 1 infected, 2 recovered", 0, 0, 2, true}};

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++)
        message[0][k] = slots->state[0][k] == 1.0 ? 1.0 : 0.0;
}

static void move(const throng_slots *slots, double *const *next) {
    double escape = log1p(-slots->param[INFECTION]), uniform[4];
    for (int64_t k = 0; k < slots->n; k++) {
        double stage = slots->state[0][k];
        if (k % slots->lanes == 0)
            throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0,
                                   uniform);
        /* 1 - (1 - p)^contacts, which for p = 1 and no contact is 0 */
        double risk = slots->heard[0][k] > 0.0 ? -expm1(escape * slots->heard[0][k]) : 0.0;
        if (stage == 0.0 && uniform[0] < risk)
            stage = 1.0;
        else if (stage == 1.0 && uniform[1] < slots->param[RECOVERY])
            stage = 2.0;
        next[0][k] = stage;
    }
}

const throng_world throng_world_sir = {
    .about = {.struct_size = sizeof(throng_world),
              .name = "sir",
              .summary = "Epidemic: the infected infect whom they reach, and recover.",
              .details =
                  "Update, all agents at once: susceptible i is infected with chance 1 - (1 - infection)^c, c = sum_j "
                  "w_ij alpha_j over infected j; an infected agent recovers with chance `recovery`. Nobody is infected "
                  "and recovers in the same step.\n"
                  "States: 0, 1, 2. An innate state in between, of an agent that takes part in part, stays as it is.\n"
                  "Silence: a silent agent infects nobody.\n"
                  "Randomness: two draws an agent and step, the same at any participation. Not smooth: sampling "
                  "methods only.",
              .reference = "Kermack and McKendrick 1927, A contribution to the mathematical theory of epidemics, "
                           "Proceedings of the Royal Society A 115, doi 10.1098/rspa.1927.0118 (discrete time)",
              .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_SUM,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .move = move,
};
