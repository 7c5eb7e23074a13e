/* A feed: at every step each agent posts, shares what it reads or stays silent, and reads what its neighbours did. */
#include "throng/math.h"
#include "throng/world.h"

#include <math.h>

enum {
    OPENNESS,
    PRIOR,
    SWAY
};

static const throng_param params[] = {
    [OPENNESS] = {"openness", THRONG_PARAM_REAL, 0.3, 0, 1, "1/step", "how far an opinion moves in a step"},
    [PRIOR] = {"prior", THRONG_PARAM_REAL, 0.5, 0, 1, "", "weight of the opinion that one came with"},
    [SWAY] = {"sway", THRONG_PARAM_REAL, 3, 0, 1e6, "", "how soon a feed that leans to one side counts in full"},
    {0}};

static const throng_world_column columns[] = {
    {"opinion", "", "what the agent thinks, -1 to 1", 0, -1, 1},
    {"posted", "", "how far the agent has just posted, 0 to 1", 0, 0, 1},
    {"shared", "", "how far the agent has just shared, 0 to 1", 0, 0, 1},
    {"read", "", "the tone of what the agent has just read, -1 to 1", 0, -1, 1}};

enum {
    OPINION,
    POSTED,
    SHARED,
    READ
};

static const char *const actions[] = {"post", "share", "stay silent"};
enum {
    POST,
    SHARE
};

static const throng_world_sight sights[] = {{"opinion", "what the agent thinks", -1, 1},
                                            {"feed", "the tone of what it reads", -1, 1}};

/* What neighbours write themselves, and what they pass on. */
static const char *const behaviours[] = {"posting", "sharing"};

static void send(const throng_slots *slots, double *const *message) {
    const double *const *state = slots->state;
    for (int64_t k = 0; k < slots->n; k++) {
        message[POST][k] = state[POSTED][k] * state[OPINION][k];
        message[SHARE][k] = state[SHARED][k] * state[READ][k];
    }
}

static void send_adjoint(const throng_slots *slots, const double *const *of, double *const *back) {
    const double *const *state = slots->state;
    for (int64_t k = 0; k < slots->n; k++) {
        back[POSTED][k] += of[POST][k] * state[OPINION][k];
        back[OPINION][k] += of[POST][k] * state[POSTED][k];
        back[SHARED][k] += of[SHARE][k] * state[READ][k];
        back[READ][k] += of[SHARE][k] * state[SHARED][k];
    }
}

THRONG_WIDE static void find_tone(const throng_slots *slots, double *out) {
    const double *posts = slots->heard[POST], *shares = slots->heard[SHARE];
    double sway = slots->param[SWAY];
    THRONG_APART
    for (int64_t k = 0; k < slots->n; k++)
        out[k] = throng_tanh(sway * (posts[k] + shares[k]));
}

/* posts', shares' adjoint += that of the tone. */
static void back_tone(const throng_slots *slots, int64_t k, double tone, double of, const throng_slots_adjoint *out) {
    double slope = of * slots->param[SWAY] * (1.0 - tone * tone);
    out->heard[POST][k] += slope;
    out->heard[SHARE][k] += slope;
}

static void observe(const throng_slots *slots, double *const *sight) {
    for (int64_t k = 0; k < slots->n; k++)
        sight[0][k] = slots->state[OPINION][k];
    find_tone(slots, sight[1]);
}

static void observe_adjoint(const throng_slots *slots, const double *const *of, const throng_slots_adjoint *adjoint) {
    for (int64_t k = 0; k < slots->n; k++) {
        double tone = throng_tanh(slots->param[SWAY] * (slots->heard[POST][k] + slots->heard[SHARE][k]));
        adjoint->state[OPINION][k] += of[0][k];
        back_tone(slots, k, tone, of[1][k], adjoint);
    }
}

static void move(const throng_slots *slots, double *const *next) {
    double openness = slots->param[OPENNESS], prior = slots->param[PRIOR];
    find_tone(slots, next[READ]);
    for (int64_t k = 0; k < slots->n; k++) {
        double x = slots->state[OPINION][k];
        next[OPINION][k] = x + openness * (prior * slots->innate[k] + (1.0 - prior) * next[READ][k] - x);
        next[POSTED][k] = slots->action[POST][k];
        next[SHARED][k] = slots->action[SHARE][k];
    }
}

static void move_adjoint(const throng_slots *slots, const throng_slots_adjoint *adjoint) {
    double openness = slots->param[OPENNESS], prior = slots->param[PRIOR];
    for (int64_t k = 0; k < slots->n; k++) {
        double of = adjoint->of[OPINION][k];
        adjoint->state[OPINION][k] += of * (1.0 - openness);
        adjoint->innate[k] += of * openness * prior;
        back_tone(slots, k, slots->next[READ][k], of * openness * (1.0 - prior) + adjoint->of[READ][k], adjoint);
        adjoint->action[POST][k] += adjoint->of[POSTED][k];
        adjoint->action[SHARE][k] += adjoint->of[SHARED][k];
    }
}

const throng_world throng_world_feed = {
    .about = {.struct_size = sizeof(throng_world),
              .name = "feed",
              .summary = "A feed: agents post, share what they read or stay silent, as a policy decides.",
              .details =
                  "Update, all agents at once. Each reads what its neighbours did in the step before: t_i = tanh(sway "
                  "sum_j w_ij alpha_j (p_j x_j + s_j t_j) / W_i), where p_j and s_j say how far j posted and shared, "
                  "x_j is its opinion and t_j the tone of what it had read. Then x_i' = x_i + openness (prior b_i + "
                  "(1 - prior) t_i - x_i), b_i the opinion it came with, and p_i' and s_i' are what the policy decides "
                  "from opinion x_i, feed t_i and what i did last. throng's construction.\n"
                  "Actions: post, share, stay silent. As they are likely (the default) they are probabilities, and "
                  "the world is the mean over draws of each agent's actions given what it reads; with --play drawn "
                  "they are 0 or 1, and the world is not smooth.\n"
                  "Silence: what a silent agent posts and shares is read by nobody.\n"
                  "Edges: an agent without neighbours reads a neutral feed.\n"
                  "Limits: without posts and shares opinions go to prior b_i; where everybody posts and sways are "
                  "small, to those of the Friedkin-Johnsen model with tanh.",
              .reference = "throng's construction; saturation as in nonlinear-opinion",
              .params = params},
    .flags = THRONG_WORLD_SMOOTH | THRONG_WORLD_COMPLETE,
    .columns = columns,
    .n_columns = 4,
    .n_messages = 2,
    .hearing = THRONG_HEARING_MEAN,
    .participation = THRONG_PARTICIPATION_INFLUENCE,
    .send = send,
    .send_adjoint = send_adjoint,
    .move = move,
    .move_adjoint = move_adjoint,
    .behaviours = behaviours,
    .actions = actions,
    .n_actions = 3,
    .last = POSTED,
    .sights = sights,
    .n_sights = 2,
    .observe = observe,
    .observe_adjoint = observe_adjoint,
};
