/* A market of herding traders: everybody sees the price, and looks at what its neighbours do. */
#include "throng/world.h"

#include <math.h>

enum {
    HERDING,
    TREND,
    VALUE,
    IMPACT,
    NOISE
};

static const throng_param params[] = {
    [HERDING] = {"herding", THRONG_PARAM_REAL, 0.8, -1e6, 1e6, "", "weight of what the neighbours do"},
    [TREND] = {"trend", THRONG_PARAM_REAL, 5, -1e6, 1e6, "1/log price", "weight of how the price has just moved"},
    [VALUE] = {"value", THRONG_PARAM_REAL, 1, -1e6, 1e6, "1/log price",
               "weight of how far the price is below the asset's worth"},
    [IMPACT] = {"impact", THRONG_PARAM_REAL, 0.1, 0, 1e6, "log price",
                "how far the price moves in a step in which everybody buys all it can"},
    [NOISE] = {"noise", THRONG_PARAM_REAL, 0.1, 0, 1e6, "", "standard deviation of private news, an agent and step"},
    {0}};

static const throng_world_column columns[] = {
    {"action", "", "what the agent trades, -1 sells to 1 buys", 0, -1, 1},
    {"price", "log price", "logarithm of price over worth, the same for all", 0, 0, 0},
    {"change", "log price", "of the price in the last step, the same for all", 0, 0, 0}};

enum {
    ACTION,
    PRICE,
    CHANGE
};
enum {
    NEIGHBOURS,
    EVERYBODY
};

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++)
        message[NEIGHBOURS][k] = message[EVERYBODY][k] = slots->state[ACTION][k];
}

static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *state) {
    for (int64_t k = 0; k < slots->n; k++)
        state[ACTION][k] += of[NEIGHBOURS][k] + of[EVERYBODY][k];
}

/* What agent k trades next, and the price it sees by then. */
static double decide(const throng_slots *slots, int64_t k, double *price, double *change) {
    const double *param = slots->param;
    double normal[4];
    *change = param[IMPACT] * slots->heard[EVERYBODY][k];
    *price = slots->state[PRICE][k] + *change;
    throng_random_normals(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0, normal);
    return tanh(param[HERDING] * slots->heard[NEIGHBOURS][k] + param[TREND] * *change - param[VALUE] * *price +
                param[NOISE] * normal[0]);
}

static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++)
        next[ACTION][k] = decide(slots, k, &next[PRICE][k], &next[CHANGE][k]);
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    const double *param = slots->param;
    for (int64_t k = 0; k < slots->n; k++) {
        double price, change, action = decide(slots, k, &price, &change);
        double of_urge = adjoint->of[ACTION][k] * (1.0 - action * action);
        double of_price = adjoint->of[PRICE][k] - param[VALUE] * of_urge;
        double of_change = adjoint->of[CHANGE][k] + param[TREND] * of_urge + of_price;
        adjoint->state[PRICE][k] += of_price;
        adjoint->heard[NEIGHBOURS][k] += param[HERDING] * of_urge;
        adjoint->heard[EVERYBODY][k] += param[IMPACT] * of_change;
    }
}

static const char *const behaviours[] = {"being copied", "moving the price"};

const throng_world throng_world_market_herding = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "market-herding",
         .summary = "Bubbles and panics: traders follow neighbours and the trend, and together move the price.",
         .details =
             "Update, all agents at once. The price moves by what everybody trades: change' = impact sum_j alpha_j a_j "
             "/ N, price' = price + change', the logarithm of price over worth. Then a_i' = tanh(herding sum_j w_ij "
             "alpha_j a_j / W_i + trend change' - value price' + noise xi_i), W_i the sum of the agent's in-weights, "
             "xi_i a standard normal: one looks at what neighbours did, at the new price and its last move.\n"
             "Everybody hears the price; neighbours are heard through the graph. Lux has two groups of traders in "
             "continuous time and a fundamentalists' demand; here every agent weighs the three motives, in steps: "
             "throng's construction.\n"
             "Silence: a silent agent does not trade, and neighbours see it do nothing.\n"
             "Edges: an agent that sees no neighbours still follows price and trend.\n"
             "Randomness: news is keyed by agent and step, the same at any participation.\n"
             "Limits: let everybody see the mean, and g = herding + trend impact. Without noise the price returns to "
             "worth if g < 1, and swings between bubbles and panics for ever if g > 1 (and value impact < 2 + 2 g). "
             "For g near 1 a swing takes 2 pi / arccos(1 - value impact / 2) steps, 19.8 at the default value and "
             "impact; at the defaults, g = 1.3, it takes 24. With value 0, g > 1 is a bubble that never ends: a = "
             "tanh(g a).",
         .reference = "Lux 1995, Herd behaviour, bubbles and crashes, Economic Journal 105(431), doi 10.2307/2235156; "
                      "in discrete time, agent by agent: throng's construction",
         .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_RANDOM | THRONG_WORLD_COMPLETE | THRONG_WORLD_SIGNED,
    .columns = columns,
    .n_columns = 3,
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
