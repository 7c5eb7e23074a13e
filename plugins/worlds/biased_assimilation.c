/* Biased assimilation: evidence counts the more, the better it fits what one thinks already. */
#include "throng/world.h"

#include <math.h>

enum {
    BIAS,
    OWN
};

static const throng_param params[] = {
    [BIAS] = {"bias", THRONG_PARAM_REAL, 1, 0, 100, "",
              "how much what one thinks colours what one hears; 0 is DeGroot's model"},
    [OWN] = {"own", THRONG_PARAM_REAL, 1, 0, 1e9, "weight", "weight of one's own opinion among the neighbours'"},
    {0}};

static const throng_world_column columns[] = {{"opinion", "", "how much the agent is for it, 0 to 1", 0, 0, 1}};

/* x^b and its slope. Rounding may leave [0, 1] by a bit; at 0 itself a root has no slope, and gets 0. */
static double power(double x, double b) {
    return pow(fmax(x, 0.0), b);
}

static double power_slope(double x, double b) {
    return x > 0.0 ? b * pow(x, b - 1.0) : b == 1.0 ? 1.0 : 0.0;
}

/* Of all that agent k hears, `heard` speaks for it and `present - heard` against it. */
static double total(const throng_slots *slots, int64_t k) {
    double b = slots->param[BIAS], x = slots->state[0][k];
    return slots->param[OWN] + power(x, b) * slots->heard[0][k] +
           power(1.0 - x, b) * (slots->present[k] - slots->heard[0][k]);
}

static double moved(const throng_slots *slots, int64_t k, double all) {
    double x = slots->state[0][k];
    return (slots->param[OWN] * x + power(x, slots->param[BIAS]) * slots->heard[0][k]) / all;
}

static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        double all = total(slots, k);
        next[0][k] = all > 0.0 ? moved(slots, k, all) : slots->state[0][k];
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double b = slots->param[BIAS];
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[0][k], heard = slots->heard[0][k], all = total(slots, k), of = adjoint->of[0][k];
        if (!(all > 0.0)) {
            adjoint->state[0][k] += of;
            continue;
        }
        double y = moved(slots, k, all), pro = power(x, b), con = power(1.0 - x, b), rise = power_slope(x, b) * heard;
        double fall = power_slope(1.0 - x, b) * (slots->present[k] - heard);
        adjoint->state[0][k] += of * (slots->param[OWN] + rise - y * (rise - fall)) / all;
        adjoint->heard[0][k] += of * (pro - y * (pro - con)) / all;
        adjoint->present[k] -= of * y * con / all;
    }
}

const throng_world throng_world_biased_assimilation = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "biased-assimilation",
         .summary = "Neighbours' opinions count by how they fit one's own: enough bias makes averaging polarise.",
         .details =
             "Update, all agents at once: x_i' = (own x_i + x_i^bias s_i) / (own + x_i^bias s_i + (1 - x_i)^bias (d_i "
             "- s_i)), s_i = sum_j w_ij alpha_j x_j and d_i = sum_j w_ij alpha_j: what is heard for, and all that is "
             "heard. Weights are not divided by their sum and must not be negative.\n"
             "Silence: a silent agent is not heard, neither for nor against.\n"
             "Edges: 0 and 1 are for ever (own > 0, bias > 0); an agent that hears nobody stays where it is. A bias "
             "between 0 and 1 has no slope at opinions of exactly 0 and 1: it counts as 0 there.\n"
             "Limits: two islands whose members hear h > 1 times as many of their own as of the other, one starting at "
             "x > 1/2 and one at 1 - x: they agree at 1/2 if bias < 2 / (h + 1), stay apart inside (0, 1) up to bias "
             "1, and go to 1 and 0 from there on. The first two are balances that the least asymmetry tips in the long "
             "run: then both islands go to the same end.",
         .reference = "Dandekar, Goel and Lee 2013, Biased assimilation, homophily, and the dynamics of polarization, "
                      "PNAS 110(15), doi 10.1073/pnas.1217220110",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_COMPLETE,
    .columns = columns,
    .n_columns = 1,
    .n_messages = 1,
    .hearing = THRONG_HEARING_SUM,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
    .move_adjoint = move_adjoint,
};
