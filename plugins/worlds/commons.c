/* The commons: everybody harvests one stock, which grows back from what is left. */
#include "throng/world.h"

#include <math.h>

enum {
    GROWTH,
    CATCH,
    COST,
    SPEED,
    NORM
};

static const throng_param params[] = {
    [GROWTH] = {"growth", THRONG_PARAM_REAL, 0.5, 0, 1, "", "how fast a small stock grows in a step"},
    [CATCH] = {"catch", THRONG_PARAM_REAL, 0.2, 0, 1e6, "1/effort",
               "share of the stock that a mean effort of 1 takes, "
               "as a rate"},
    [COST] = {"cost", THRONG_PARAM_REAL, 0.3, 0, 1e6, "stock", "stock at which effort just pays"},
    [SPEED] = {"speed", THRONG_PARAM_REAL, 0.5, 0, 1e6, "1/stock", "how soon effort follows profit"},
    [NORM] = {"norm", THRONG_PARAM_REAL, 0.2, 0, 1, "", "weight of neighbours' effort against one's own profit"},
    {0}};

static const throng_world_column columns[] = {
    {"effort", "effort", "how hard the agent harvests", 0, 0, (double)INFINITY},
    {"stock", "of what the place can carry", "what there is to harvest, the same for all", 1, 0, 1}};

enum {
    EFFORT,
    STOCK
};
enum {
    NEIGHBOURS,
    EVERYBODY
};

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++)
        message[NEIGHBOURS][k] = message[EVERYBODY][k] = slots->state[EFFORT][k];
}

static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *state) {
    for (int64_t k = 0; k < slots->n; k++)
        state[EFFORT][k] += of[NEIGHBOURS][k] + of[EVERYBODY][k];
}

/* Share of the stock that the harvest leaves, and by how much profit makes effort grow. */
static double spared(const throng_slots *slots, int64_t k) {
    return exp(-slots->param[CATCH] * slots->heard[EVERYBODY][k]);
}

static double drive(const throng_slots *slots, int64_t k) {
    return exp(slots->param[SPEED] * (slots->state[STOCK][k] - slots->param[COST]));
}

static void move(const throng_slots *slots, double *const *next) {
    double growth = slots->param[GROWTH], norm = slots->param[NORM];
    for (int64_t k = 0; k < slots->n; k++) {
        double effort = slots->state[EFFORT][k], left = slots->state[STOCK][k] * spared(slots, k);
        double others = effort + slots->heard[NEIGHBOURS][k] - slots->present[k] * effort;
        next[EFFORT][k] = (1.0 - norm) * effort * drive(slots, k) + norm * others;
        next[STOCK][k] = left + growth * left * (1.0 - left);
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double growth = slots->param[GROWTH], norm = slots->param[NORM];
    for (int64_t k = 0; k < slots->n; k++) {
        double effort = slots->state[EFFORT][k], driven = (1.0 - norm) * drive(slots, k), share = spared(slots, k);
        double left = slots->state[STOCK][k] * share, of = adjoint->of[EFFORT][k];
        double of_left = adjoint->of[STOCK][k] * (1.0 + growth * (1.0 - 2.0 * left));
        adjoint->state[EFFORT][k] += of * (driven + norm * (1.0 - slots->present[k]));
        adjoint->state[STOCK][k] += of * effort * driven * slots->param[SPEED] + of_left * share;
        adjoint->heard[NEIGHBOURS][k] += of * norm;
        adjoint->heard[EVERYBODY][k] -= of_left * slots->param[CATCH] * left;
        adjoint->present[k] -= of * norm * effort;
    }
}

static const char *const behaviours[] = {"being an example", "harvesting"};

const throng_world throng_world_commons = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "commons",
         .summary = "A shared stock: profit makes everybody harvest more, neighbours' restraint less.",
         .details =
             "Update, all agents at once. Of the stock S, from 0 to 1, the harvest leaves L = S exp(-catch sum_j "
             "alpha_j e_j / N), which grows to S' = L + growth L (1 - L). Effort follows profit and the neighbours: "
             "e_i' = (1 - norm) e_i exp(speed (S - cost)) + norm (e_i + sum_j w_ij alpha_j (e_j - e_i) / W_i), W_i the "
             "sum of the agent's in-weights. Everybody sees the stock; neighbours are seen through the graph.\n"
             "Gordon's and Schaefer's fishery with Smith's open access, in steps and harvested at a rate so that the "
             "stock stays in [0, 1]; the norm is averaging as in friedkin-johnsen: throng's construction.\n"
             "Silence: a silent agent harvests nothing and is no example to anybody.\n"
             "Edges: an agent that sees no neighbours keeps that part of its effort. The stock starts full.\n"
             "Limits: efforts that stay (speed 0, norm 0) with mean E leave a stock for ever if catch E < log(1 + "
             "growth), and none otherwise: L = 1 - (exp(catch E) - 1) / growth. With profit the crowd comes to rest "
             "where S = cost, the stock that pays nobody anything, if it is slow; a quick one booms and busts: without "
             "norm, and everything else at its default, from a speed of 0.845 on.",
         .reference = "Gordon 1954, The economic theory of a common-property resource: the fishery, Journal of "
                      "Political Economy 62(2), doi 10.1086/257497; Smith 1968, Economics of production from natural "
                      "resources, American Economic Review 58(3); agent by agent: throng's construction",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_COMPLETE,
    .columns = columns,
    .n_columns = 2,
    .n_messages = 2,
    .n_public = 1,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .send_adjoint = send_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
    .behaviours = behaviours,
};
