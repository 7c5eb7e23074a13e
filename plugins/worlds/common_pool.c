/* A common pool: agents say how much they want of a stock, get it, and what is left doubles; too little is the end. */
#include "throng/world.h"

#include <math.h>
#include <stdbool.h>

enum {
    CAPACITY,
    REGROWTH,
    COLLAPSE,
    FACTOR
};

static const throng_param params[] = {
    [CAPACITY] = {"capacity", THRONG_PARAM_INTEGER, 100, 1, 1e6, "units",
                  "the most that there can be, and is at first"},
    [REGROWTH] = {"regrowth", THRONG_PARAM_REAL, 2, 1, 100, "", "what is left grows so many times in a step"},
    [COLLAPSE] = {"collapse", THRONG_PARAM_INTEGER, 5, 0, 1e6, "units",
                  "with less than so many left nothing grows back"},
    [FACTOR] = {"factor", THRONG_PARAM_REAL, 1, 0, 1000, "",
                "who asks for its share asks for so many times the sustainable share, rounded up"},
    {0}};

enum {
    WANTS,
    STOCK,
    TOOK,
    CAUGHT,
    OVERUSED,
    LASTED,
    COLUMNS
};

static const throng_world_column columns[] = {
    [WANTS] = {"wants", "units", "what the agent asks for at every step; 0: its share of what keeps the stock", 0, 0,
               1e6, true},
    [STOCK] = {"stock", "of the capacity", "what there is, the same for all", 1, 0, 1},
    [TOOK] = {"took", "units", "what the agent got in this step", 0, 0, (double)INFINITY},
    [CAUGHT] = {"caught", "units", "what it got so far", 0, 0, (double)INFINITY},
    [OVERUSED] = {"overused", "steps", "in which it got more than the sustainable share", 0, 0, (double)INFINITY},
    [LASTED] = {"lasted", "steps", "in which there was something to take, the same for all", 0, 0, (double)INFINITY}};

/* A step that is being made. */
typedef struct pool {
    const throng_slots *slots;
    double *took; /* [n] */
    int64_t stock, share;
} pool;

/* What the agent asks for: of one that takes part in part, as much nearer to the sustainable share. */
static int64_t asked(const pool *self, int64_t i) {
    double wants = self->slots->state[WANTS][i], share = (double)self->share;
    if (wants == 0.0)
        wants = ceil(self->slots->param[FACTOR] * share - 1e-9);
    int64_t units = (int64_t)floor(share + self->slots->present[i] * (wants - share) + 0.5);
    return units < self->stock ? units : self->stock;
}

/* Unit by unit to one of those who still want some, all alike. */
static void share_out(const pool *self) {
    const throng_slots *slots = self->slots;
    int64_t wanting = 0;
    for (int64_t i = 0; i < slots->n; i++) {
        self->took[i] = 0.0;
        wanting += asked(self, i) > 0;
    }
    for (int64_t unit = 0; unit < self->stock; unit++) {
        double uniform[4];
        throng_random_uniforms(slots->random, (uint64_t)unit, (uint64_t)slots->step, 0, uniform);
        int64_t place = (int64_t)(uniform[0] * (double)wanting), i = 0;
        for (;; i++)
            if (self->took[i] < (double)asked(self, i) && place-- == 0)
                break;
        self->took[i] += 1.0;
        wanting -= self->took[i] == (double)asked(self, i);
    }
}

/* @return what all took */
static int64_t harvest(const pool *self) {
    int64_t sum = 0;
    for (int64_t i = 0; i < self->slots->n; i++)
        sum += asked(self, i);
    if (sum > self->stock) {
        share_out(self);
        return self->stock;
    }
    for (int64_t i = 0; i < self->slots->n; i++)
        self->took[i] = (double)asked(self, i);
    return sum;
}

static void move(const throng_slots *slots, double *const *next) {
    const double *param = slots->param;
    double capacity = param[CAPACITY];
    int64_t stock = (int64_t)floor(slots->state[STOCK][0] * capacity + 0.5);
    pool self = {.slots = slots,
                 .took = next[TOOK],
                 .stock = stock,
                 .share = (int64_t)floor(floor((double)stock / param[REGROWTH]) / (double)slots->n)};
    int64_t left = stock - harvest(&self);
    double grown = (double)left < param[COLLAPSE] ? 0.0 : fmin(floor(param[REGROWTH] * (double)left), capacity);
    for (int64_t i = 0; i < slots->n; i++) {
        next[WANTS][i] = slots->state[WANTS][i];
        next[STOCK][i] = grown / capacity;
        next[CAUGHT][i] = slots->state[CAUGHT][i] + self.took[i];
        next[OVERUSED][i] = slots->state[OVERUSED][i] + (self.took[i] > (double)self.share);
        next[LASTED][i] = slots->state[LASTED][i] + (stock > 0);
    }
}

const throng_world throng_world_common_pool = {
    .about =
        {.struct_size = sizeof(throng_world),
         .name = "common-pool",
         .summary = "A common pool: all ask for units of a stock, what is left doubles, and too little is the end.",
         .details =
             "Update, all agents at once. Of h units the sustainable share is f = floor(floor(h / regrowth) / N). An "
             "agent asks for as many units as its state says, which stays; one of state 0 for f times `factor`, "
             "rounded up. All get what they ask for if there is enough; else units go one by one to somebody who "
             "still wants some, all alike. If fewer than `collapse` units are left, nothing grows back; otherwise "
             "there are floor(regrowth left), at most `capacity`, at the next step.\n"
             "Graph: none, for everybody takes from the same.\n"
             "Silence: a silent agent asks for the sustainable share, so that credit is what came of asking for "
             "something else; of one that takes part in part the demand is as much nearer to that, in whole units. "
             "Not smooth: shapley-exact for a few agents, or sampling methods.\n"
             "Randomness: who gets a unit when there are too few, keyed by unit and step.\n"
             "Edges: after a collapse nobody gets anything any more. A crowd larger than half the capacity has a "
             "sustainable share of 0. Cost: O(N) a step, O(capacity N) in one in which there is not enough.\n"
             "Limits: with demands of f the stock stays full, and everybody gets f a step for ever; with regrowth 2, "
             "and N a divisor of half of it, that is the most that can be had in the long run. Five who ask for 11 of "
             "100 are at the end in the fourth step with 195 in all, 12 in the third with 160.",
         .reference = "Piatti et al. 2024, Cooperate or collapse: emergence of sustainable cooperation in a society of "
                      "LLM agents (GovSim), arXiv 2404.16698 (the fishery: 5 agents, 100 tons, 12 months; its agents "
                      "are language models, these have fixed demands)",
         .params = params},
    .flags = THRONG_WORLD_RANDOM,
    .columns = columns,
    .n_columns = COLUMNS,
    .hearing = THRONG_HEARING_CROWD,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .move = move,
};
