/* Direct punishment: who meets plays a dilemma, is punished or not, and learns from what that paid. */
#include "throng/world.h"

#include <math.h>
#include <string.h>

enum {
    PUNISHMENT,
    SELECTION,
    ROUNDS,
    REWARD,
    SUCKER,
    TEMPTATION,
    NEITHER,
    FINE,
    BOUNTY,
    WRONG,
    REPUTE_PLAY,
    REPUTE_JUST,
    REPUTE_UNJUST,
    LEARNING,
    DISCOUNT,
    EXPLORE_FIRST,
    EXPLORE_LAST,
    EXPLORE_STEPS,
    EXPLORE_PUNISHING
};

/* Words of PUNISHMENT, in their order. */
enum {
    NONE,
    DIRECT,
    THIRD_PARTY,
    BOTH
};

static const throng_param params[] = {
    [PUNISHMENT] = {"punishment", THRONG_PARAM_CHOICE, DIRECT, 0, BOTH, "",
                    "who may punish a player: its partner, or a third agent that looks on",
                    "none direct third-party both"},
    [SELECTION] = {"selection", THRONG_PARAM_FLAG, 0, 0, 1, "",
                   "at every step each chooses whom to play with, by reputation, instead of being matched"},
    [ROUNDS] = {"rounds", THRONG_PARAM_INTEGER, 10, 1, 1e9, "steps",
                "of an episode: how long matched partners stay together, and reputations last"},
    [REWARD] = {"reward", THRONG_PARAM_REAL, 3, -1e6, 1e6, "payoff", "each gets if both cooperate"},
    [SUCKER] = {"sucker", THRONG_PARAM_REAL, 0, -1e6, 1e6, "payoff", "who cooperates gets if the other defects"},
    [TEMPTATION] = {"temptation", THRONG_PARAM_REAL, 4, -1e6, 1e6, "payoff",
                    "who defects gets if the other cooperates"},
    [NEITHER] = {"neither", THRONG_PARAM_REAL, 1, -1e6, 1e6, "payoff", "each gets if both defect"},
    [FINE] = {"fine", THRONG_PARAM_REAL, 3, 0, 1e6, "payoff", "who is punished loses; 0: punishing is for nothing"},
    [BOUNTY] = {"bounty", THRONG_PARAM_REAL, 2, -1e6, 1e6, "payoff", "who punishes a defector gets; below 0 it costs"},
    [WRONG] = {"wrong", THRONG_PARAM_REAL, 10, 0, 1e6, "payoff", "who punishes a cooperator loses"},
    [REPUTE_PLAY] = {"repute-play", THRONG_PARAM_REAL, 1, 0, 1e6, "reputation",
                     "cooperating brings, and defecting takes"},
    [REPUTE_JUST] = {"repute-just", THRONG_PARAM_REAL, 2, 0, 1e6, "reputation", "punishing a defector brings"},
    [REPUTE_UNJUST] = {"repute-unjust", THRONG_PARAM_REAL, 3, 0, 1e6, "reputation", "punishing a cooperator takes"},
    [LEARNING] = {"learning", THRONG_PARAM_REAL, 0.1, 0, 1, "", "how much of what is new a value takes up"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 0, 1, "", "what a payoff of the next round is worth now"},
    [EXPLORE_FIRST] = {"explore-first", THRONG_PARAM_REAL, 0.5, 0, 1, "", "chance to act at random at the start"},
    [EXPLORE_LAST] = {"explore-last", THRONG_PARAM_REAL, 0.02, 0, 1, "",
                      "the same at the end, when playing and choosing"},
    [EXPLORE_STEPS] = {"explore-steps", THRONG_PARAM_INTEGER, 6000, 1, 1e9, "steps",
                       "it falls evenly from first to last for so long"},
    [EXPLORE_PUNISHING] = {"explore-punishing", THRONG_PARAM_REAL, 0.1, 0, 1, "",
                           "the same at the end, when punishing"},
    {0}};

/* What agents know: the value of defecting and cooperating after each pair of last acts (one's own, then the partner's,
 * d or c), of punishing for each pair of acts (those of who is judged, then of whom it played with), and of playing
 * with somebody by its reputation. Not punishing is worth 0. */
enum {
    COOPERATES,
    PAYOFF,
    REPUTATION,
    AFTER,
    GOT,
    FROM,
    DEFECT,
    COOPERATE = DEFECT + 4,
    PUNISH = COOPERATE + 4,
    CHOOSE = PUNISH + 4,
    COLUMNS = CHOOSE + 3
};

#define VALUE(what, doing, pair)                                                                                       \
    { what "-" pair, "payoff", doing ", after " pair, 0, -(double)INFINITY, (double)INFINITY }
#define CHOOSING(which, doc)                                                                                           \
    { "choose-" which, "payoff", doc, 0, -(double)INFINITY, (double)INFINITY }

static const throng_world_column columns[] = {
    [COOPERATES] = {"cooperates", "", "1 if the agent cooperated last, 0 if it defected", 0, 0, 1},
    [PAYOFF] = {"payoff", "payoff", "what it got in this step, fines and bounties included", 0, -(double)INFINITY,
                (double)INFINITY},
    [REPUTATION] = {"reputation", "", "by what it did in this episode", 0, -(double)INFINITY, (double)INFINITY},
    [AFTER] = {"after", "", "last acts before an act that it has yet to learn from, dd to cc as 0 to 3; else -1", -1,
               -1, 3},
    [GOT] = {"got", "payoff", "what that act was paid", 0, -(double)INFINITY, (double)INFINITY},
    [FROM] = {"from", "", "how far the partner took part", 0, 0, 1},
    VALUE("defect", "defecting", "dd"),
    VALUE("defect", "defecting", "dc"),
    VALUE("defect", "defecting", "cd"),
    VALUE("defect", "defecting", "cc"),
    VALUE("cooperate", "cooperating", "dd"),
    VALUE("cooperate", "cooperating", "dc"),
    VALUE("cooperate", "cooperating", "cd"),
    VALUE("cooperate", "cooperating", "cc"),
    VALUE("punish", "punishing", "dd"),
    VALUE("punish", "punishing", "dc"),
    VALUE("punish", "punishing", "cd"),
    VALUE("punish", "punishing", "cc"),
    CHOOSING("bad", "playing with one of reputation below 0"),
    CHOOSING("unknown", "of 0"),
    CHOOSING("good", "above 0")};

/* Reputation below, at or above 0. */
#define STANDINGS 3

/* How many agents of each standing take part: of all, of groups of blocks, and of blocks of consecutive agents. So who
 * chooses looks at some hundreds of numbers in a crowd of a million. */
#define GROUPS 64
#define BLOCKS 64
typedef struct census {
    int64_t size; /* agents in a block */
    int32_t all[STANDINGS], group[GROUPS][STANDINGS], block[GROUPS * BLOCKS][STANDINGS];
} census;

/* A step that is being made: `now` is changed by one encounter after the other. */
typedef struct crowd {
    const throng_slots *slots;
    double *const *now;
    double explores, explores_punishing; /* chances */
    census *census;                      /* NULL: without selection */
} crowd;

/* One agent's part in an encounter: a player's, or that of somebody who looks on. */
typedef struct part {
    int64_t agent;
    double weight; /* how far it takes part */
    double coins[4];
    int after; /* players: the pair of last acts */
    bool cooperates;
} part;

static int pair_of(bool first, bool second) {
    return 2 * first + second;
}

/* ---- who meets whom -------------------------------------------------------------------------------------------- */

/* Draws of an agent in one encounter, in one of its roles. */
enum {
    PLAYER,
    LOOKS_AT_FIRST,
    LOOKS_AT_SECOND,
    CHOOSER,
    ROLES
};
static void draw(const crowd *self, int64_t agent, int64_t encounter, int role, double uniform[4]) {
    throng_random_uniforms(self->slots->random, (uint64_t)agent, (uint64_t)self->slots->step,
                           (uint64_t)(encounter * ROLES + role), uniform);
}

/* The partner in a round of a tournament in which everybody meets everybody once, -1 if the agent waits. Of an odd
 * number of players, those whose numbers add up to the round modulo their number play each other, and who would play
 * itself waits; with one player more, that one plays whoever waits. */
static int64_t matched(int64_t n, int64_t round, int64_t agent) {
    int64_t players = n % 2 == 0 ? n - 1 : n;
    int64_t other = (round - agent % players + players) % players;
    if (agent == players) /* half of the round, modulo an odd number */
        return round % 2 == 0 ? round / 2 : (round + players) / 2;
    if (other == agent)
        return n % 2 == 0 ? players : -1;
    return other;
}

/* The round that an episode plays; all are equally likely. */
static int64_t draw_round(const throng_slots *slots) {
    double uniform[4];
    int64_t players = slots->n % 2 == 0 ? slots->n - 1 : slots->n;
    throng_random_uniforms(slots->random, (uint64_t)slots->n, (uint64_t)(slots->step / (int64_t)slots->param[ROUNDS]),
                           0, uniform);
    return (int64_t)(uniform[0] * (double)players);
}

static int standing(const crowd *self, int64_t agent) {
    double reputation = self->now[REPUTATION][agent];
    return reputation < 0.0 ? 0 : reputation > 0.0 ? 2 : 1;
}

/* Counts an agent, if it takes part. @param change -1: it is not to be counted any more */
static void count(const crowd *self, int64_t agent, int change) {
    census *it = self->census;
    if (!it || !(self->slots->present[agent] > 0.0))
        return;
    int64_t block = agent / it->size;
    int which = standing(self, agent);
    it->all[which] += change;
    it->group[block / BLOCKS][which] += change;
    it->block[block][which] += change;
}

static void count_all(const crowd *self) {
    census *it = self->census;
    int64_t n = self->slots->n;
    it->size = (n + GROUPS * BLOCKS - 1) / (GROUPS * BLOCKS);
    memset(it->all, 0, sizeof it->all);
    memset(it->group, 0, sizeof it->group);
    memset(it->block, 0, (size_t)((n - 1) / it->size + 1) * sizeof *it->block);
    for (int64_t i = 0; i < n; i++)
        count(self, i, 1);
}

/* What somebody did changes what the others think of it. */
static void repute(const crowd *self, int64_t agent, double change) {
    count(self, agent, -1);
    self->now[REPUTATION][agent] += change;
    count(self, agent, 1);
}

/* How many of these are of a standing that is `open`. */
static int64_t add_open(const int32_t of[STANDINGS], const bool open[STANDINGS]) {
    int64_t sum = 0;
    for (int s = 0; s < STANDINGS; s++)
        sum += open[s] ? of[s] : 0;
    return sum;
}

/* The wanted-th of those who take part and are of a standing that is open, but for the chooser, who is not counted;
 * there are more than that. */
static int64_t find_open(const crowd *self, int64_t chooser, const bool open[STANDINGS], int64_t wanted) {
    const census *it = self->census;
    int64_t group = 0;
    for (; wanted >= add_open(it->group[group], open); group++)
        wanted -= add_open(it->group[group], open);
    int64_t block = group * BLOCKS;
    for (; wanted >= add_open(it->block[block], open); block++)
        wanted -= add_open(it->block[block], open);
    int64_t agent = block * it->size;
    while (agent == chooser || !(self->slots->present[agent] > 0.0) || !open[standing(self, agent)] || wanted-- > 0)
        agent++;
    return agent;
}

/* Whom an agent chooses among those who take part: somebody whose reputation is worth most to it, or anybody; -1 if
 * there is nobody. */
static int64_t choose(const crowd *self, int64_t chooser) {
    double uniform[4], worth[STANDINGS], best = -(double)INFINITY;
    bool open[STANDINGS];
    draw(self, chooser, chooser, CHOOSER, uniform);
    count(self, chooser, -1); /* nobody chooses itself */
    for (int s = 0; s < STANDINGS; s++) {
        worth[s] = uniform[0] < self->explores ? 0.0 : self->now[CHOOSE + s][chooser];
        best = self->census->all[s] > 0 ? fmax(best, worth[s]) : best;
    }
    for (int s = 0; s < STANDINGS; s++)
        open[s] = !(worth[s] < best);
    int64_t n_open = add_open(self->census->all, open), chosen = -1;
    if (n_open > 0)
        chosen = find_open(self, chooser, open, (int64_t)(uniform[1] * (double)n_open));
    count(self, chooser, 1);
    return chosen;
}

/* ---- acting ---------------------------------------------------------------------------------------------------- */

static part take_part(const crowd *self, int64_t agent, int64_t encounter, int role) {
    part out = {.agent = agent, .weight = self->slots->present[agent]};
    draw(self, agent, encounter, role, out.coins);
    return out;
}

/* As values say, defecting where they are the same. */
static bool plays(const crowd *self, const part *player) {
    if (player->coins[0] < self->explores)
        return player->coins[1] < 0.5;
    return self->now[COOPERATE + player->after][player->agent] > self->now[DEFECT + player->after][player->agent];
}

static bool punishes(const crowd *self, const part *judge, int acts) {
    if (judge->coins[2] < self->explores_punishing)
        return judge->coins[3] < 0.5;
    return self->now[PUNISH + acts][judge->agent] > 0.0;
}

/* ---- learning -------------------------------------------------------------------------------------------------- */

static double payoff(const double *param, bool own, bool other) {
    if (own)
        return param[other ? REWARD : SUCKER];
    return param[other ? TEMPTATION : NEITHER];
}

/* A value moves towards what was found, as far as those take part of whom it was learnt. */
static void learn(const crowd *self, int64_t agent, int row, double found, double weight) {
    double *value = &self->now[row][agent];
    *value += self->slots->param[LEARNING] * weight * (found - *value);
}

/* A player learns what its last act was worth: what it got, and what it expects to get from now on. */
static void learn_playing(const crowd *self, int64_t agent, double ahead) {
    int after = (int)self->now[AFTER][agent];
    if (after < 0)
        return;
    learn(self, agent, (self->now[COOPERATES][agent] >= 0.5 ? COOPERATE : DEFECT) + after,
          self->now[GOT][agent] + self->slots->param[DISCOUNT] * ahead, self->now[FROM][agent]);
    self->now[AFTER][agent] = -1.0;
}

/* What a player did and got: it learns from that once it knows what comes next. */
static void keep(const crowd *self, const part *player, const part *other, double got) {
    double change = self->slots->param[REPUTE_PLAY];
    if (!(other->weight > 0.0))
        return;
    self->now[COOPERATES][player->agent] = player->cooperates;
    self->now[AFTER][player->agent] = player->after;
    self->now[GOT][player->agent] = got;
    self->now[FROM][player->agent] = other->weight;
    self->now[PAYOFF][player->agent] += got;
    repute(self, player->agent, player->weight * (player->cooperates ? change : -change));
}

/* Who punished gets or loses something, and learns it. @param weight of those whom it looked at */
static void learn_punishing(const crowd *self, const part *judge, const part *judged, const part *other,
                            double weight) {
    const double *param = self->slots->param;
    double earned = judged->cooperates ? -param[WRONG] : param[BOUNTY];
    if (!(weight > 0.0))
        return;
    learn(self, judge->agent, PUNISH + pair_of(judged->cooperates, other->cooperates), earned, weight);
    self->now[PAYOFF][judge->agent] += earned;
    repute(self, judge->agent, judge->weight * (judged->cooperates ? -param[REPUTE_UNJUST] : param[REPUTE_JUST]));
}

/* ---- encounters ------------------------------------------------------------------------------------------------ */

/* Somebody who is neither of both, all others being equally likely; -1 if there is nobody. */
static int64_t somebody_else(const crowd *self, const part players[2], double uniform) {
    int64_t first = players[0].agent, second = players[1].agent, n = self->slots->n;
    int64_t low = first < second ? first : second, high = first < second ? second : first;
    int64_t who = (int64_t)(uniform * (double)(n - 2));
    if (n < 3)
        return -1;
    who += who >= low;
    return who + (who >= high);
}

/* What two players and those who look on do to each other. */
typedef struct encounter {
    part player[2], judge[2];        /* judge[s] looks at player[s] */
    bool by_partner[2], by_judge[2]; /* who punishes player[s] */
} encounter;

/* Each acts by both last acts, which tell it how its own last act went. */
static void play(const crowd *self, part player[2]) {
    for (int s = 0; s < 2; s++)
        player[s].after =
            pair_of(self->now[COOPERATES][player[s].agent] >= 0.5, self->now[COOPERATES][player[1 - s].agent] >= 0.5);
    for (int s = 0; s < 2; s++) {
        int64_t agent = player[s].agent;
        if (player[1 - s].weight > 0.0)
            learn_playing(
                self, agent,
                fmax(self->now[COOPERATE + player[s].after][agent], self->now[DEFECT + player[s].after][agent]));
        player[s].cooperates = plays(self, &player[s]);
    }
}

static void judge(const crowd *self, encounter *met) {
    int punishment = (int)self->slots->param[PUNISHMENT];
    int64_t first = met->player[0].agent;
    double looks[4] = {0.0};
    if (punishment >= THIRD_PARTY)
        draw(self, first, first, CHOOSER, looks);
    for (int s = 0; s < 2; s++) {
        int acts = pair_of(met->player[s].cooperates, met->player[1 - s].cooperates);
        int64_t third = punishment >= THIRD_PARTY ? somebody_else(self, met->player, looks[2 + s]) : -1;
        met->by_partner[s] = (punishment == DIRECT || punishment == BOTH) && punishes(self, &met->player[1 - s], acts);
        if (third < 0)
            continue;
        met->judge[s] = take_part(self, third, first, s == 0 ? LOOKS_AT_FIRST : LOOKS_AT_SECOND);
        met->by_judge[s] = punishes(self, &met->judge[s], acts);
    }
}

/* Two play; then they, or others, punish; then all learn from it. */
static void meet(const crowd *self, int64_t first, int64_t second) {
    const double *param = self->slots->param;
    encounter met = {.player = {take_part(self, first, first, PLAYER), take_part(self, second, first, PLAYER)}};
    int chosen_as = CHOOSE + standing(self, second);
    play(self, met.player);
    judge(self, &met);
    for (int s = 0; s < 2; s++) {
        const part *judged = &met.player[s], *other = &met.player[1 - s];
        double got = payoff(param, judged->cooperates, other->cooperates);
        got -= param[FINE] * (met.by_partner[s] + (met.by_judge[s] ? met.judge[s].weight : 0.0));
        keep(self, judged, other, got);
        if (s == 0 && param[SELECTION] != 0.0)
            learn(self, first, chosen_as, got, other->weight);
        if (met.by_partner[s])
            learn_punishing(self, other, judged, other, judged->weight);
        if (met.by_judge[s])
            learn_punishing(self, &met.judge[s], judged, other, judged->weight * other->weight);
    }
}

static void move(const throng_slots *slots, double *const *next) {
    const double *param = slots->param;
    int64_t rounds = (int64_t)param[ROUNDS], round = draw_round(slots);
    census counts;
    double first = param[EXPLORE_FIRST], done = fmin((double)slots->step / param[EXPLORE_STEPS], 1.0);
    crowd self = {.slots = slots,
                  .now = next,
                  .explores = first + done * (param[EXPLORE_LAST] - first),
                  .explores_punishing = first + done * (param[EXPLORE_PUNISHING] - first),
                  .census = param[SELECTION] != 0.0 ? &counts : NULL};
    for (int c = 0; c < COLUMNS; c++)
        memcpy(next[c], slots->state[c], (size_t)slots->n * sizeof(double));
    for (int64_t i = 0; i < slots->n; i++) {
        next[PAYOFF][i] = 0.0;
        if (slots->step % rounds == 0)
            next[REPUTATION][i] = 0.0;
    }
    if (self.census)
        count_all(&self);
    for (int64_t i = 0; i < slots->n; i++) {
        int64_t other = self.census ? choose(&self, i) : matched(slots->n, round, i);
        if (other >= 0 && (self.census || i < other))
            meet(&self, i, other);
    }
    for (int64_t i = 0; i < slots->n && (slots->step + 1) % rounds == 0; i++)
        learn_playing(&self, i, 0.0);
}

const throng_world throng_world_direct_punishment = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "direct-punishment",
         .summary = "Q-learners play a dilemma in pairs, and may be punished by partners or third parties: does "
                    "cooperation pay?",
         .details =
             "Update: encounters one after another, each from what those before it left. Without `selection` pairs "
             "are a round of a tournament in which everybody meets everybody, drawn anew at every episode of "
             "`rounds` steps; of an odd crowd one waits. With it, at every step each in turn chooses whom to play "
             "with, at random among those whose standing (reputation below, at or above 0) is worth most to it; "
             "who is chosen cannot refuse, and may play several times.\n"
             "An encounter: (1) each sees both last acts (its own, then the other's: dd, dc, cd, cc) and learns "
             "from its own last act, whose value moves by `learning` towards what it got plus `discount` times the "
             "larger value of what it sees now; after the last step of an episode all learn that way what they "
             "have not learnt yet, plus nothing. (2) Both cooperate or defect at once, as the larger value says, "
             "defecting where they are the same. (3) Who may punish a player sees both acts, and does if its value "
             "of that (the player's act, then the other's) is above 0, not punishing being worth 0: the partner "
             "(direct), a third agent, all being equally likely (third-party), or each of them (both). (4) Players "
             "get `reward`, `sucker`, `temptation` or `neither`, less `fine` for each who punished them; the value "
             "of the standing chosen moves by `learning` towards it. Who punished gets `bounty` for a defector and "
             "loses `wrong` for a cooperator, and the value of that punishing moves by `learning` towards it. (5) "
             "Reputations, 0 when an episode begins, change by `repute-play`, `repute-just` and `repute-unjust`.\n"
             "With a chance that falls evenly from explore-first to explore-last (explore-punishing) an act is a "
             "coin's, or a choice is of anybody. All values start at 0, and the state that agents start with is "
             "their last act: cooperation from 0.5 on. Where the paper's agents are deep Q-networks that see all "
             "reputations, these keep tables, with one value a standing: so a crowd may have any size.\n"
             "Graph: none, for anybody may meet anybody.\n"
             "Silence: nobody sees what a silent agent does. It is not chosen, whoever is matched with it waits, "
             "keeps all it knows and gets 0, and as a third agent it punishes nobody; itself it plays on with "
             "those who take part. Of one that takes part in part others learn as much less, and as a third agent "
             "its fine is as much smaller. Not smooth: sampling methods, or shapley-exact for a few agents.\n"
             "Randomness: pairs and coins are keyed by agent, step and encounter, the same at any participation.\n"
             "Edges: with two agents there is no third; one alone waits.\n"
             "Cost: O(N) a step; with selection who chooses looks at 128 + N / 4096 numbers at most; one after "
             "another, whatever the number of threads.\n"
             "Limits: without fines defecting is better whatever the other does, and is learnt. Defecting gains 1 "
             "at the default payoffs, so fines of more than 1 / (1 - explore-punishing), if punishing pays, make "
             "cooperation the better act; if it costs nobody learns to punish, and nobody to cooperate.",
         .reference = "Dasgupta and Musolesi 2025, Investigating the impact of direct punishment on the emergence of "
                      "cooperation in multi-agent reinforcement learning systems, Autonomous Agents and Multi-Agent "
                      "Systems 39, doi 10.1007/s10458-025-09698-5, arXiv 2301.08278 (payoffs, fine, bounty, "
                      "reputations, 10 rounds; tables for networks are throng's)",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = COLUMNS,
    .hearing = THRONG_HEARING_CROWD,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
