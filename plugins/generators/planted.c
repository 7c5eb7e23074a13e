/* A crowd in which a known few drive polarisation: the truth against which attributions are tested.
 *
 * Almost everybody hovers around a consensus; the planted agents stand far on the other side. They are a little more
 * visible than others, but so many others are visible that followers alone do not find them. */
#include "throng/generator.h"

#include <math.h>

#define WORDS 4 /* numbers that one call of the random generator gives */

/* Spread of log followers, narrower than a real crowd's, so that no single giant of the consensus outweighs the
 * planted; followers of the median agent; and a bound far out in the tail that keeps the number whole and small. */
static const double followers_sigma = 1.2, followers_median = 50.0, followers_most = 1e9;

enum {
    SHARE,
    STRENGTH,
    CONSENSUS,
    NOISE,
    REACH
};

static const throng_param params[] = {
    [SHARE] = {"share", THRONG_PARAM_REAL, 0.01, 0.0, 1.0, "of agents", "chance that an agent is planted"},
    [STRENGTH] = {"strength", THRONG_PARAM_REAL, 1.1, 0.0, 5.0, "stance before tanh",
                  "how far the planted stand from the centre"},
    [CONSENSUS] = {"consensus", THRONG_PARAM_REAL, 0.2, 0.0, 5.0, "stance before tanh",
                   "how far the others stand from the centre, on the other side"},
    [NOISE] = {"noise", THRONG_PARAM_REAL, 0.02, 0.0, 2.0, "stance before tanh", "spread of everybody's stance"},
    [REACH] = {"reach", THRONG_PARAM_REAL, 0.5, 0.0, 10.0, "sd of log followers",
               "how much more visible the planted are"},
    {0}};

typedef struct crowd {
    const throng_generator_def *def;
    throng_random account, day; /* one stream a purpose */
    int64_t *id;
    int32_t *day_column; /* NULL if there is one day */
    float *state;
    int32_t *followers;
    uint8_t *planted;
} crowd;

static void write_row(const crowd *self, int64_t agent, int32_t day, double stance, int32_t followers, bool planted) {
    int64_t row = day * self->def->n_agents + agent;
    self->id[row] = agent;
    if (self->day_column)
        self->day_column[row] = day + 1;
    self->state[row] = (float)(0.999999 * tanh(stance)); /* tanh may round to 1, which is outside */
    self->followers[row] = followers;
    self->planted[row] = planted;
}

static void write_chunk(void *user, throng_chunk chunk) {
    const crowd *self = user;
    const double *param = self->def->param;
    for (int64_t agent = chunk.begin; agent < chunk.end; agent++) {
        double uniform[WORDS], normal[WORDS];
        throng_random_uniforms(self->account, (uint64_t)agent, 0, 0, uniform);
        throng_random_normals(self->account, (uint64_t)agent, 0, 1, normal);
        bool planted = uniform[0] < param[SHARE];
        double visible = normal[0] + (planted ? param[REACH] : 0.0);
        int32_t followers = (int32_t)(fmin(followers_median * exp(followers_sigma * visible), followers_most) + 0.5);
        double place = planted ? -param[STRENGTH] : param[CONSENSUS];
        for (int32_t day = 0; day < self->def->n_days; day++) {
            if (day % WORDS == 0)
                throng_random_normals(self->day, (uint64_t)agent, (uint64_t)(day / WORDS), 0, normal);
            write_row(self, agent, day, place + param[NOISE] * normal[day % WORDS], followers, planted);
        }
    }
}

static throng_status table_create(throng_context *context, crowd *self, throng_table **out, throng_error *err) {
    static const struct {
        const char *name;
        throng_type type;
    } column[] = {{"id", THRONG_TYPE_INT64},
                  {"day", THRONG_TYPE_INT32},
                  {"state", THRONG_TYPE_FLOAT32},
                  {"followers", THRONG_TYPE_INT32},
                  {"planted", THRONG_TYPE_UINT8}};
    void *data[5] = {0};
    int32_t n_days = self->def->n_days;
    throng_status status = throng_table_create(context, self->def->n_agents * n_days, out, err);
    for (int i = 0; i < 5 && status == THRONG_OK; i++)
        if (i != 1 || n_days > 1)
            status = throng_table_add(*out, column[i].name, column[i].type, &data[i], err);
    self->id = data[0];
    self->day_column = data[1];
    self->state = data[2];
    self->followers = data[3];
    self->planted = data[4];
    return status;
}

static throng_status generate(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err) {
    static const throng_progress progress = {"generating", "agents", 0, 0};
    crowd self = {.def = def, .account = {def->seed, 0x706c616e01}, .day = {def->seed, 0x706c616e02}};
    throng_table *table = NULL;
    throng_status status = table_create(context, &self, &table, err);
    if (status == THRONG_OK)
        status = throng_chunks_for(context, def->n_agents, write_chunk, &self, &progress, err);
    if (status == THRONG_OK)
        *out = table;
    else
        throng_table_free(table);
    return status;
}

static const char details[] =
    "Columns: id (agent, 0..agents-1), day (1..days; left out if there is one day), state (above -1 and below 1), "
    "followers (whole number), planted (1 or 0: the truth). One row per agent and day, by day and then by agent.\n"
    "Each agent is planted with probability share, by its own draw. State is tanh(consensus + noise * normal) for the "
    "others and tanh(-strength + noise * normal) for the planted, with a new normal every day. Followers are "
    "log-normal "
    "(median 50, sigma 1.2), and exp(1.2 * reach) times as many for the planted.\n"
    "With the defaults the planted, 1 % of the agents, carry more than three quarters of the variance, weighted by "
    "followers or not: attributions of variance and weighted-variance rank them first (AUC above 0.99), while "
    "followers "
    "alone reach an AUC of Phi(reach / sqrt 2) = 0.64. A small crowd may have nobody planted.\n"
    "A draw depends on seed, agent and day alone: a larger or longer crowd begins with the same agents.";

extern const throng_generator throng_generator_planted;
const throng_generator throng_generator_planted = {
    .about = {.struct_size = sizeof(throng_generator),
              .name = "planted",
              .summary = "a crowd in which a known few, not the most visible, drive the polarisation",
              .details = details,
              .reference = "throng's own test bed; see docs/generators-calibration.md",
              .params = params},
    .generate = generate,
};
