/* Voter model: one takes over the opinion of somebody one hears. */
#include "throng/world.h"

#include <math.h>

enum {
    RATE
};

static const throng_param params[] = {
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.5, 0, 1, "", "chance that an agent looks around in a step"}, {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

static void move(const throng_slots *slots, double *const *next) {
    double uniform[4] = {0};
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k];
        if (k % slots->lanes == 0)
            throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0,
                                   uniform);
        next[0][k] = uniform[0] < slots->param[RATE] ? slots->heard[0][k] + (1.0 - slots->present[k]) * x : x;
    }
}

const throng_world throng_world_voter = {
    .about = {.struct_size = sizeof(throng_world),
              .name = "voter",
              .summary = "Voter model: agents copy a neighbour drawn at random.",
              .details =
                  "Update, all agents at once: with chance `rate` an agent takes the opinion that one of its "
                  "in-neighbours, drawn by weight, has at this step; otherwise it keeps its own. A step is a step of "
                  "the "
                  "whole crowd: N rate agents look around in it, not one. rate below 1 keeps bipartite graphs from "
                  "swapping for ever.\n"
                  "Silence: who draws a silent neighbour keeps its opinion.\n"
                  "Randomness: keyed by agent and step, the same at any participation. Not smooth: sampling methods "
                  "only.\n"
                  "Limits: in the complete graph consensus takes of the order of N / rate steps.",
              .reference = "Clifford and Sudbury 1973, A model for spatial conflict, Biometrika 60(3), doi "
                           "10.1093/biomet/60.3.581; Holley and Liggett 1975, doi 10.1214/aop/1176996306",
              .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_PICK,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
