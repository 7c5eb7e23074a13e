/* Independent cascade: who has just been won over tries once to win over each of those who hear it. */
#include "throng/world.h"

#include <math.h>

enum {
    CHANCE
};

static const throng_param params[] = {[CHANCE] = {"chance", THRONG_PARAM_REAL, 0.1, 0, 1, "",
                                                  "chance that an attempt along an edge of weight 1 succeeds"},
                                      {0}};

static const throng_world_column columns[] = {
    {"stage", "", "0 inactive, 1 just activated, 2 active and spent", 0, 0, 2, true}};

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++)
        message[0][k] = slots->state[0][k] == 1.0 ? 1.0 : 0.0;
}

/* All attempts of a step at once: at least one of them succeeds with chance 1 - (1 - p)^attempts. */
static void move(const throng_slots *slots, double *const *next) {
    double failure = log1p(-slots->param[CHANCE]), uniform[4];
    for (int64_t k = 0; k < slots->n; k++) {
        double stage = slots->state[0][k], attempts = slots->heard[0][k];
        if (k % slots->lanes == 0)
            throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0,
                                   uniform);
        if (stage == 1.0)
            stage = 2.0;
        else if (stage == 0.0 && attempts > 0.0 && uniform[0] < -expm1(failure * attempts))
            stage = 1.0;
        next[0][k] = stage;
    }
}

const throng_world throng_world_independent_cascade = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "independent-cascade",
         .summary = "Word of mouth: a newly active agent has one try at each of those who hear it.",
         .details =
             "Update, all agents at once: inactive i is activated with chance 1 - (1 - chance)^c, c = sum_j w_ij "
             "alpha_j over in-neighbours j that were activated in the step before; those are spent after it. One draw "
             "an agent and step: in distribution exactly the model in which every edge has a coin of its own, for "
             "attempts along different edges are independent. An edge of weight w succeeds with 1 - (1 - chance)^w: "
             "for a probability q of its own give it the weight log(1 - q) / log(1 - chance).\n"
             "States: 0, 1, 2; those that start at 1 are the seeds. Anything else stays as it is and wins nobody.\n"
             "Silence: a silent agent tries nobody.\n"
             "Randomness: keyed by agent and step, the same at any participation. Not smooth: sampling methods only.\n"
             "Limits: whom a cascade reaches is whom its seeds reach along edges kept with that chance each: on a "
             "random graph in which agents have k out-edges on average large cascades begin at chance = 1 / k.",
         .reference = "Kempe, Kleinberg and Tardos 2003, Maximizing the spread of influence through a social network, "
                      "KDD, doi 10.1145/956750.956769; Goldenberg, Libai and Muller 2001, doi "
                      "10.1023/A:1011122126881",
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
