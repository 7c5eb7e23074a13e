/* Deffuant and others: two meet, and come closer if they are not too far apart. */
#include "throng/world.h"

#include <math.h>

enum {
    RATE,
    CONFIDENCE
};

static const throng_param params[] = {
    [RATE] = {"rate", THRONG_PARAM_REAL, 0.5, 0, 1, "", "how much of the way to the other one goes"},
    [CONFIDENCE] = {"confidence", THRONG_PARAM_REAL, 0.2, 0, 1e6, "state",
                    "opinions that are as far apart as this, or farther, leave each other alone"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "state", "what the agent thinks", 0, -(double)INFINITY, (double)INFINITY}};

/* Heard is the other's opinion times its participation, which is present: 0 if there is nobody. */
static void move(const throng_slots *slots, double *const *next) {
    double rate = slots->param[RATE], confidence = slots->param[CONFIDENCE];
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k], part = slots->present[k];
        double way = part > 0.0 ? slots->heard[0][k] / part - x : 0.0;
        next[0][k] = fabs(way) < confidence ? x + rate * part * way : x;
    }
}

const throng_world throng_world_deffuant = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "deffuant",
         .summary = "Bounded confidence in meetings: agents move towards one neighbour whose opinion is near.",
         .details =
             "Update, all agents at once: agent i meets one in-neighbour j, drawn by weight; if |x_j - x_i| < "
             "confidence, x_i' = x_i + rate alpha_j (x_j - x_i), otherwise it stays. A step is N meetings, each from "
             "the opinions before the step; only the one who looks moves. Deffuant and others draw one pair after the "
             "other and move both: their N / 2 pairs are about one step here, and the crowd's mean, which they keep, "
             "is kept here on average over draws where everybody is heard by as many as it hears.\n"
             "Silence: who meets a silent agent stays where it is.\n"
             "Edges: an agent that hears nobody never moves; a confidence of 0 stops everybody.\n"
             "Randomness: the meeting is keyed by agent and step, the same at any participation. Not smooth: sampling "
             "methods only.\n"
             "Limits: opinions uniform on [0, 1] and everybody meeting everybody end in about 1 / (2 confidence) "
             "large groups: one for a confidence above about 0.27, two at 0.2.",
         .reference = "Deffuant, Neau, Amblard and Weisbuch 2000, Mixing beliefs among interacting agents, Advances in "
                      "Complex Systems 3, doi 10.1142/S0219525900000078 (mu = 0.5, d = 0.2)",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_PICK,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
