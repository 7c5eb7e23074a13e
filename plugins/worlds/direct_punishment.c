/* Direct punishment: pairs play a dilemma, punish each other, and learn from what both paid. */
#include "throng/world.h"

#include <math.h>

enum {
    ROUNDS,
    REWARD,
    SUCKER,
    TEMPTATION,
    NEITHER,
    FINE,
    BOUNTY,
    WRONG,
    LEARNING,
    DISCOUNT,
    EXPLORE_FIRST,
    EXPLORE_LAST,
    EXPLORE_STEPS,
    EXPLORE_PUNISHING
};

static const throng_param params[] = {
    [ROUNDS] = {"rounds", THRONG_PARAM_INTEGER, 10, 1, 1e9, "steps", "how long partners stay together"},
    [REWARD] = {"reward", THRONG_PARAM_REAL, 3, -1e6, 1e6, "payoff", "each gets if both cooperate"},
    [SUCKER] = {"sucker", THRONG_PARAM_REAL, 0, -1e6, 1e6, "payoff", "who cooperates gets if the other defects"},
    [TEMPTATION] = {"temptation", THRONG_PARAM_REAL, 4, -1e6, 1e6, "payoff",
                    "who defects gets if the other cooperates"},
    [NEITHER] = {"neither", THRONG_PARAM_REAL, 1, -1e6, 1e6, "payoff", "each gets if both defect"},
    [FINE] = {"fine", THRONG_PARAM_REAL, 3, 0, 1e6, "payoff", "who is punished loses; 0: punishing is for nothing"},
    [BOUNTY] = {"bounty", THRONG_PARAM_REAL, 2, -1e6, 1e6, "payoff", "who punishes a defector gets; below 0 it costs"},
    [WRONG] = {"wrong", THRONG_PARAM_REAL, 10, 0, 1e6, "payoff", "who punishes a cooperator loses"},
    [LEARNING] = {"learning", THRONG_PARAM_REAL, 0.1, 0, 1, "", "how much of what is new a value takes up"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 0, 1, "", "what a payoff of the next round is worth now"},
    [EXPLORE_FIRST] = {"explore-first", THRONG_PARAM_REAL, 0.5, 0, 1, "", "chance to act at random at the start"},
    [EXPLORE_LAST] = {"explore-last", THRONG_PARAM_REAL, 0.02, 0, 1, "", "the same at the end, when playing"},
    [EXPLORE_STEPS] = {"explore-steps", THRONG_PARAM_INTEGER, 6000, 1, 1e9, "steps",
                       "it falls evenly from first to last for so long"},
    [EXPLORE_PUNISHING] = {"explore-punishing", THRONG_PARAM_REAL, 0.1, 0, 1, "",
                           "the same at the end, when punishing"},
    {0}};

/* What agents know: the value of defecting and cooperating after each pair of last acts (one's own, then the partner's,
 * d or c), and of punishing for each pair of acts (the partner's, then one's own). Not punishing is worth 0. */
enum {
    COOPERATES,
    PAYOFF,
    DEFECT,
    COOPERATE = DEFECT + 4,
    PUNISH = COOPERATE + 4,
    COLUMNS = PUNISH + 4
};

#define VALUE(what, pair)                                                                                              \
    { what "-" pair, "payoff", what "ing, after " pair, 0, -(double)INFINITY, (double)INFINITY }

static const throng_world_column columns[] = {
    [COOPERATES] = {"cooperates", "", "1 if the agent cooperated, 0 if it defected", 0, 0, 1},
    [PAYOFF] = {"payoff", "payoff", "what it got in this round, fines and bounties included", 0, -(double)INFINITY,
                (double)INFINITY},
    VALUE("defect", "dd"),
    VALUE("defect", "dc"),
    VALUE("defect", "cd"),
    VALUE("defect", "cc"),
    VALUE("cooperate", "dd"),
    VALUE("cooperate", "dc"),
    VALUE("cooperate", "cd"),
    VALUE("cooperate", "cc"),
    VALUE("punish", "dd"),
    VALUE("punish", "dc"),
    VALUE("punish", "cd"),
    VALUE("punish", "cc")};

/* What an agent tells its partner: all that it would do, for it does not know yet what the partner does. */
enum {
    LAST,                 /* whether it cooperated last */
    PLAYS,                /* whether it cooperates, if the partner last defected; then: cooperated */
    PUNISHES = PLAYS + 2, /* whether it punishes, for each pair of acts */
    MESSAGES = PUNISHES + 4
};

/* ---- acting ---------------------------------------------------------------------------------------------------- */

static int pair_of(bool first, bool second) {
    return 2 * first + second;
}

/* Chances of this step: whether one tries something, and what. */
typedef struct coins {
    bool tries_playing, cooperates, tries_punishing, punishes;
} coins;

static coins toss(const throng_slots *slots, int64_t k) {
    double uniform[4], first = slots->param[EXPLORE_FIRST];
    double done = fmin((double)slots->step / slots->param[EXPLORE_STEPS], 1.0);
    throng_random_uniforms(slots->random, (uint64_t)(slots->agent + k / slots->lanes), (uint64_t)slots->step, 0,
                           uniform);
    return (coins){uniform[0] < first + done * (slots->param[EXPLORE_LAST] - first), uniform[1] < 0.5,
                   uniform[2] < first + done * (slots->param[EXPLORE_PUNISHING] - first), uniform[3] < 0.5};
}

/* As values say, defecting where they are the same. */
static bool plays(const throng_slots *slots, int64_t k, const coins *tossed, int after) {
    return tossed->tries_playing ? tossed->cooperates
                                 : slots->state[COOPERATE + after][k] > slots->state[DEFECT + after][k];
}

static bool punishes(const throng_slots *slots, int64_t k, const coins *tossed, int acts) {
    return tossed->tries_punishing ? tossed->punishes : slots->state[PUNISH + acts][k] > 0.0;
}

static bool cooperated(const throng_slots *slots, int64_t k) {
    return slots->state[COOPERATES][k] >= 0.5;
}

static void send(const throng_slots *slots, double *const *message) {
    for (int64_t k = 0; k < slots->n; k++) {
        coins tossed = toss(slots, k);
        message[LAST][k] = cooperated(slots, k);
        for (int partner = 0; partner < 2; partner++)
            message[PLAYS + partner][k] = plays(slots, k, &tossed, pair_of(cooperated(slots, k), partner));
        for (int acts = 0; acts < 4; acts++)
            message[PUNISHES + acts][k] = punishes(slots, k, &tossed, acts);
    }
}

/* ---- learning -------------------------------------------------------------------------------------------------- */

static double payoff(const double *param, bool own, bool other) {
    if (own)
        return param[other ? REWARD : SUCKER];
    return param[other ? TEMPTATION : NEITHER];
}

/* next[row] moves towards what was found, as far as the partner takes part. */
static void learn(const throng_slots *slots, int64_t k, int row, double found, double *const *next) {
    double value = slots->state[row][k];
    next[row][k] = value + slots->param[LEARNING] * slots->present[k] * (found - value);
}

static bool heard(const throng_slots *slots, int64_t k, int message) {
    return slots->heard[message][k] / slots->present[k] >= 0.5;
}

/* A round with a partner: both play, then both punish or not. */
static void play(const throng_slots *slots, int64_t k, double *const *next) {
    const double *param = slots->param;
    coins tossed = toss(slots, k);
    int after = pair_of(cooperated(slots, k), heard(slots, k, LAST));
    bool own = plays(slots, k, &tossed, after), other = heard(slots, k, PLAYS + cooperated(slots, k));
    bool is_punished = heard(slots, k, PUNISHES + pair_of(own, other));
    int judged = pair_of(other, own), now = pair_of(own, other);
    bool is_last = (slots->step + 1) % (int64_t)param[ROUNDS] == 0;
    double ahead = fmax(slots->state[COOPERATE + now][k], slots->state[DEFECT + now][k]);
    double got = payoff(param, own, other) - (is_punished ? param[FINE] : 0.0), earned = 0.0;
    learn(slots, k, (own ? COOPERATE : DEFECT) + after, got + (is_last ? 0.0 : param[DISCOUNT] * ahead), next);
    if (punishes(slots, k, &tossed, judged)) {
        earned = other ? -param[WRONG] : param[BOUNTY];
        learn(slots, k, PUNISH + judged, earned, next);
    }
    next[COOPERATES][k] = own;
    next[PAYOFF][k] = got + earned;
}

static void move(const throng_slots *slots, double *const *next) {
    for (int64_t k = 0; k < slots->n; k++) {
        for (int c = 0; c < COLUMNS; c++)
            next[c][k] = slots->state[c][k];
        next[PAYOFF][k] = 0.0;
        if (slots->present[k] > 0.0)
            play(slots, k, next);
    }
}

const throng_world throng_world_direct_punishment = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "direct-punishment",
         .summary = "Q-learners play a dilemma in pairs and may punish their partner: does cooperation pay?",
         .details =
             "Update, all agents at once, in pairs that stay together for `rounds` steps. Both cooperate or defect, by "
             "the larger of two values that each keeps for its own and its partner's last acts, defecting where they "
             "are the same; then each sees what both did and punishes its partner if its value of that is above 0. Who "
             "plays gets `reward`, `sucker`, `temptation` or `neither`, less `fine` if it is punished: the act's value "
             "moves by `learning` towards that plus `discount` times the larger value of what now are last acts, but "
             "for the last round of a pair. Who punishes gets `bounty` for a defector and loses `wrong` for a "
             "cooperator, and the value of that punishing moves towards it; not punishing is worth 0. With a chance "
             "that falls evenly from explore-first to explore-last (explore-punishing) an act is a coin's. All values "
             "start at 0.\n"
             "Pairs are a round of a tournament in which everybody meets everybody, drawn anew when partners change; "
             "of an odd crowd one waits, keeps all it knows and gets 0. The state that agents start with is their last "
             "act: cooperation from 0.5 on. Where the paper's agents are deep Q-networks, these keep tables, and "
             "punish "
             "their own partner alone: no third party, no choice of partners by reputation.\n"
             "Graph: none, for everybody meets everybody.\n"
             "Silence: the partner of a silent agent waits, or, of one that takes part in part, learns as much less. "
             "Randomness: pairs and coins are keyed by agent and step, the same at any participation. Not smooth: "
             "sampling methods only.\n"
             "Limits: without fines defecting is better whatever the other does, and is learnt. Defecting gains 1 at "
             "the default payoffs, so fines of more than 1 / (1 - explore-punishing), if punishing pays, make "
             "cooperation the better act; if it costs nobody learns to punish, and nobody to cooperate.",
         .reference = "Dasgupta and Musolesi 2025, Investigating the impact of direct punishment on the emergence of "
                      "cooperation in multi-agent reinforcement learning systems, Autonomous Agents and Multi-Agent "
                      "Systems 39, doi 10.1007/s10458-025-09698-5, arXiv 2301.08278 (payoffs, fine, bounty, 10 rounds; "
                      "tables for networks are throng's)",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = COLUMNS,
    .n_messages = MESSAGES,
    .hearing = THRONG_HEARING_MATCH,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .move = move,
    .rounds = ROUNDS,
};
