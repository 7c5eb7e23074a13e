/* A crowd like the active accounts of Bluesky over a few days: who is seen, who is active, who leans which way.
 *
 * Nothing is copied from the platform but a handful of published figures; docs/generators-calibration.md sets the
 * generated crowd beside each of them:
 *   [M] 240 M events of 3.09 M accounts and the follow graph, April 2026: PauSolerValades/bsky-data-analysis,
 *       docs/EDA.md and docs/topology/forest-fire-sampling.md
 *   [C] followers and posts of 2,893 accounts, 2025; [L] daily means of a political classifier over all posts,
 *       2024-09-30 to 12-01; [P] language tags of 4,040 posting accounts, 2024: METResearchGroup/bluesky-research
 *
 * An account is four normals and a few uniforms drawn from (seed, agent) alone. Two passes over the agents: the first
 * counts each chunk's rows on each day, the second, knowing where they start, writes them. Both draw the account and
 * its days again, which costs less than keeping them. */
#include "throng/generator.h"

#include <math.h>

#define CAMPS 3
#define WORDS 4 /* numbers that one call of the random generator gives */

/* Followers: spread of the log-normal body, sqrt(2 ln(mean / median)) with 670 / 111 as in [M]'s sample of a million
 * accounts; and a bound nobody passes, the accounts of the whole graph [M]. */
static const double followers_sigma = 1.9, followers_most = 27.5e6;

/* Active days: the chance of another one is logistic(location + scale * normal). Events on such a day:
 * 1 + round(exp(location + between * normal of the account + within * normal of the day - within^2 / 2)), and not more
 * than the most likes in [M]. Fitted to [M]'s percentiles, as is the correlation of the two normals. */
static const double days_location = -0.8, days_scale = 2.45, days_with_events = 0.68;
static const double events_location = 0.75, events_between = 1.88, events_within = 0.7, events_most = 70000.0;

/* Correlation of followers' and events' normals. [C] has 0.18 between the logarithms of followers and posts, in a
 * sample selected by activity, which weakens it. */
static const double followers_with_events = 0.3;

/* Camps in the proportion in which [L] calls posts left, political but unclear, right. */
static const double camp_share[CAMPS] = {0.437, 0.494, 0.069};
static const double camp_side[CAMPS] = {-1.0, 0.0, 1.0};

/* No figure is published for these: plausible sizes. */
static const double leaning_spread = 0.15; /* of accounts within their camp */
static const double noise_memory = 0.6;    /* day-to-day correlation of an account's mood */
static const double shock_size = 0.05;     /* what a day does to a whole camp */

/* First language tag of an account [P]; accounts without one are left out. */
static const char *const language_name[] = {"en", "ja", "de", "fr", "es", "nl", "ko", "uk", "pt", "other"};
static const double language_share[] = {0.757, 0.1351, 0.0505, 0.0099, 0.0092, 0.0057, 0.0054, 0.0045, 0.0042, 0.0185};
#define LANGUAGES ((int32_t)(sizeof language_share / sizeof *language_share))

enum {
    TAIL,
    MEAN_FOLLOWERS,
    SEPARATION,
    EXTREMITY,
    SLANT,
    DRIFT,
    NOISE
};

static const throng_param params[] = {
    [TAIL] = {"tail", THRONG_PARAM_REAL, 1.5, 1.05, 6.0, "",
              "exponent of the Pareto tail: the share of accounts with more than x followers falls as x^-tail"},
    [MEAN_FOLLOWERS] = {"mean-followers", THRONG_PARAM_REAL, 53.3, 1.0, 1e5, "followers",
                        "mean number of followers of an account"},
    [SEPARATION] = {"separation", THRONG_PARAM_REAL, 0.4, 0.0, 3.0, "stance before tanh",
                    "distance of the left and the right camp from the centre"},
    [EXTREMITY] = {"extremity", THRONG_PARAM_REAL, 0.1, 0.0, 2.0, "per sd of log followers",
                   "how much visibility amplifies a leaning"},
    [SLANT] = {"slant", THRONG_PARAM_REAL, 0.1, -1.0, 1.0, "stance before tanh, per sd of log followers",
               "how much further left the visible lean"},
    [DRIFT] = {"drift", THRONG_PARAM_REAL, 0.05, 0.0, 1.0, "per day", "how much each day amplifies every leaning"},
    [NOISE] = {"noise", THRONG_PARAM_REAL, 0.15, 0.0, 2.0, "stance before tanh", "size of an account's daily mood"},
    {0}};

/* ---- accounts -------------------------------------------------------------------------------------------------- */

/* What the passes share. */
typedef struct crowd {
    const throng_generator_def *def;
    throng_random account, presence, day;   /* one stream a purpose */
    double followers_cut, followers_beyond; /* where the Pareto tail starts, in sd of the body; the share beyond */
    double followers_median;
    const double *shock; /* [n_days][CAMPS] */
    int64_t *cursor;     /* [n_chunks][n_days] pass 1: rows of the chunk on the day; pass 2: where the next one goes */
    int64_t *id;
    int32_t *day_column, *followers, *activity, *language;
    float *state;
} crowd;

typedef struct account {
    double events;  /* logarithm of the expected events on an active day */
    double chance;  /* of being active on a day other than first_day */
    double leaning; /* before the day's amplification */
    int32_t followers, first_day, camp, language;
} account;

/* P(normal > z). */
static double normal_survival(double z) {
    return 0.5 * erfc(z * 0.70710678118654752440);
}

/* Followers are median * exp(sigma z) up to z = cut, and beyond it Pareto with the same share of accounts beyond the
 * cut. The density has no step there if the hazard of the normal is tail * sigma; the median follows from the mean. */
static void followers_fit(crowd *self) {
    double tail = self->def->param[TAIL], sigma = followers_sigma, low = 0.0, high = 37.0;
    for (int i = 0; i < 60; i++) {
        double z = 0.5 * (low + high);
        double hazard = 0.39894228040143267794 * exp(-0.5 * z * z) / normal_survival(z);
        *(hazard < tail * sigma ? &low : &high) = z;
    }
    double cut = 0.5 * (low + high), beyond = normal_survival(cut);
    double mean_below = exp(0.5 * sigma * sigma) * normal_survival(sigma - cut);
    double mean_beyond = exp(sigma * cut) * beyond * tail / (tail - 1.0);
    self->followers_cut = cut;
    self->followers_beyond = beyond;
    self->followers_median = self->def->param[MEAN_FOLLOWERS] / (mean_below + mean_beyond);
}

static int32_t followers_of(const crowd *self, double z) {
    double number = self->followers_median * exp(followers_sigma * fmin(z, self->followers_cut));
    if (z > self->followers_cut)
        number *= pow(normal_survival(z) / self->followers_beyond, -1.0 / self->def->param[TAIL]);
    return (int32_t)(fmin(number, followers_most) + 0.5);
}

/* Index of the share in which a uniform falls. */
static int32_t pick(double uniform, const double *share, int32_t n) {
    int32_t i = 0;
    while (i < n - 1 && uniform >= share[i])
        uniform -= share[i++];
    return i;
}

/* A normal that has the given correlation with another one. */
static double correlated(double correlation, double with, double fresh) {
    return correlation * with + sqrt(1.0 - correlation * correlation) * fresh;
}

static account account_draw(const crowd *self, int64_t agent) {
    const double *param = self->def->param;
    double normal[WORDS], uniform[WORDS];
    throng_random_normals(self->account, (uint64_t)agent, 0, 0, normal);
    throng_random_uniforms(self->account, (uint64_t)agent, 0, 1, uniform);
    double busy = correlated(followers_with_events, normal[0], normal[1]);
    double faithful = correlated(days_with_events, busy, normal[2]);
    double visible = fmax(normal[0], 0.0); /* below the median nobody is more or less visible */
    int32_t camp = pick(uniform[0], camp_share, CAMPS);
    double leaning = camp_side[camp] * param[SEPARATION] + leaning_spread * normal[3];
    return (account){
        .events = events_location + events_between * busy - 0.5 * events_within * events_within,
        .chance = 1.0 / (1.0 + exp(-(days_location + days_scale * faithful))),
        .leaning = (leaning - param[SLANT] * visible) * (1.0 + param[EXTREMITY] * visible),
        .followers = followers_of(self, normal[0]),
        .first_day = (int32_t)fmin(uniform[2] * self->def->n_days, self->def->n_days - 1),
        .camp = camp,
        .language = pick(uniform[1], language_share, LANGUAGES),
    };
}

/* ---- the two passes -------------------------------------------------------------------------------------------- */

/* Whether the account is active on a day, counted from 0. Days are asked for in order: a draw serves four. Everybody is
 * active at least once: on a first day that is as likely to be one day as another. */
static bool present(const crowd *self, int64_t agent, const account *who, int32_t day, double uniform[WORDS]) {
    if (day % WORDS == 0)
        throng_random_uniforms(self->presence, (uint64_t)agent, (uint64_t)(day / WORDS), 0, uniform);
    return day == who->first_day || uniform[day % WORDS] < who->chance;
}

static void count_chunk(void *user, throng_chunk chunk) {
    const crowd *self = user;
    int32_t n_days = self->def->n_days;
    int64_t *count = self->cursor + chunk.index * n_days;
    for (int64_t agent = chunk.begin; agent < chunk.end; agent++) {
        account who = account_draw(self, agent);
        double uniform[WORDS];
        for (int32_t day = 0; day < n_days; day++)
            count[day] += present(self, agent, &who, day, uniform);
    }
}

/* Turns counts into places, by day and then by chunk. Returns the number of rows. */
static int64_t counts_to_places(int64_t *cursor, int64_t n_chunks, int32_t n_days) {
    int64_t next = 0;
    for (int32_t day = 0; day < n_days; day++)
        for (int64_t chunk = 0; chunk < n_chunks; chunk++) {
            int64_t count = cursor[chunk * n_days + day];
            cursor[chunk * n_days + day] = next;
            next += count;
        }
    return next;
}

static void write_row(const crowd *self, int64_t agent, const account *who, int32_t day, double mood, double pace) {
    int64_t row = self->cursor[(agent / THRONG_CHUNK_ROWS) * self->def->n_days + day]++;
    double amplified = who->leaning * (1.0 + self->def->param[DRIFT] * day);
    double stance = tanh(amplified + self->shock[(int64_t)day * CAMPS + who->camp] + mood);
    self->id[row] = agent;
    self->day_column[row] = day + 1;
    self->state[row] = (float)(0.999999 * stance); /* tanh may round to 1, which is outside */
    self->followers[row] = who->followers;
    self->activity[row] = 1 + (int32_t)(fmin(exp(who->events + events_within * pace), events_most) + 0.5);
    self->language[row] = who->language;
}

static void write_chunk(void *user, throng_chunk chunk) {
    const crowd *self = user;
    double noise = self->def->param[NOISE], fresh = noise * sqrt(1.0 - noise_memory * noise_memory);
    for (int64_t agent = chunk.begin; agent < chunk.end; agent++) {
        account who = account_draw(self, agent);
        double uniform[WORDS], normal[WORDS], mood = 0.0;
        for (int32_t day = 0; day < self->def->n_days; day++) {
            int half = day % 2 * 2; /* a draw serves two days */
            if (half == 0)
                throng_random_normals(self->day, (uint64_t)agent, (uint64_t)(day / 2), 0, normal);
            mood = day == 0 ? noise * normal[0] : noise_memory * mood + fresh * normal[half];
            if (present(self, agent, &who, day, uniform))
                write_row(self, agent, &who, day, mood, normal[half + 1]);
        }
    }
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

/* Memory of n numbers that the context counts and frees with its table. */
static throng_status scratch_create(throng_context *context, int64_t n, throng_type type, throng_table **owner,
                                    void **data, throng_error *err) {
    throng_status status = throng_table_create(context, n, owner, err);
    return status == THRONG_OK ? throng_table_add(*owner, "scratch", type, data, err) : status;
}

static throng_status table_create(throng_context *context, int64_t n_rows, crowd *self, throng_table **out,
                                  throng_error *err) {
    static const struct {
        const char *name;
        throng_type type;
    } column[] = {{"id", THRONG_TYPE_INT64},
                  {"day", THRONG_TYPE_INT32},
                  {"state", THRONG_TYPE_FLOAT32},
                  {"followers", THRONG_TYPE_INT32},
                  {"activity", THRONG_TYPE_INT32}};
    void *data[5] = {0};
    throng_status status = throng_table_create(context, n_rows, out, err);
    for (int i = 0; i < 5 && status == THRONG_OK; i++)
        status = throng_table_add(*out, column[i].name, column[i].type, &data[i], err);
    if (status == THRONG_OK)
        status = throng_table_add_codes(*out, "language", LANGUAGES, language_name, &self->language, err);
    self->id = data[0];
    self->day_column = data[1];
    self->state = data[2];
    self->followers = data[3];
    self->activity = data[4];
    return status;
}

/* What each day does to each camp: the same for all its members. */
static void shocks_draw(throng_random random, int32_t n_days, double *shock) {
    for (int32_t day = 0; day < n_days; day++) {
        double normal[WORDS];
        throng_random_normals(random, 0, (uint64_t)day, 0, normal);
        for (int camp = 0; camp < CAMPS; camp++)
            shock[(int64_t)day * CAMPS + camp] = shock_size * normal[camp];
    }
}

static throng_status generate(throng_context *context, const throng_generator_def *def, throng_table **out,
                              throng_error *err) {
    static const throng_progress counting = {"counting", "agents", 0, 0}, writing = {"generating", "agents", 0, 0};
    int64_t n_chunks = (def->n_agents + THRONG_CHUNK_ROWS - 1) / THRONG_CHUNK_ROWS;
    throng_table *cursors = NULL, *shocks = NULL, *table = NULL;
    void *cursor = NULL, *shock = NULL;
    crowd self = {.def = def,
                  .account = {def->seed, 0x626c756501},
                  .presence = {def->seed, 0x626c756502},
                  .day = {def->seed, 0x626c756503}};
    followers_fit(&self);
    throng_status status = scratch_create(context, n_chunks * def->n_days, THRONG_TYPE_INT64, &cursors, &cursor, err);
    if (status == THRONG_OK)
        status = scratch_create(context, (int64_t)CAMPS * def->n_days, THRONG_TYPE_FLOAT64, &shocks, &shock, err);
    if (status != THRONG_OK)
        goto out;
    shocks_draw((throng_random){def->seed, 0x626c756504}, def->n_days, shock);
    self.cursor = cursor;
    self.shock = shock;
    status = throng_chunks_for(context, def->n_agents, count_chunk, &self, &counting, err);
    if (status != THRONG_OK)
        goto out;
    int64_t n_rows = counts_to_places(self.cursor, n_chunks, def->n_days);
    status = table_create(context, n_rows, &self, &table, err);
    if (status == THRONG_OK)
        status = throng_chunks_for(context, def->n_agents, write_chunk, &self, &writing, err);
out:
    throng_table_free(cursors);
    throng_table_free(shocks);
    if (status == THRONG_OK)
        *out = table;
    else
        throng_table_free(table);
    return status;
}

/* ---- descriptor ------------------------------------------------------------------------------------------------ */

static const char details[] =
    "Columns: id (agent, 0..agents-1), day (1..days), state (political stance, left -1 to right +1, never reaching "
    "either), followers (whole number), activity (events that day: likes, posts, reposts, follows; at least 1), "
    "language. One row per agent and day on which it was active, by day and then by agent; with one day, one row per "
    "agent. Every agent is active at least once.\n"
    "Followers are log-normal (sigma 1.9) with a Pareto tail where the densities meet (the top 0.6 %). Their "
    "mean, 53.3, is that of all 27.5 M accounts of the follow graph; active accounts have more, which changes no "
    "attribution, since followers act as relative weights. The tail exponent 1.5 is the middle of Hill estimates from "
    "counts of 2,893 accounts: 1.30 over the largest 300, 1.60 over 100, 1.94 over 30.\n"
    "Activity and active days follow the percentiles of April 2026 (8 days: median 3 active days and 8 events, 3 "
    "events on an active day, 168 at the 99th percentile) and are correlated with followers.\n"
    "Stance: tanh(leaning * (1 + drift * (day - 1)) + shock + mood). The leaning is that of the agent's camp (left "
    "43.7 %, unclear 49.4 %, right 6.9 %: the proportion of political posts around the US election of 2024) plus a "
    "personal part, shifted left by slant and multiplied by 1 + extremity * z for accounts z standard deviations of "
    "log followers above the median. The shock is common to a camp on a day, the mood an AR(1) process of the agent. "
    "Polarisation rises because the days amplify leanings, not moods. Separation, extremity, slant, drift and noise "
    "are assumptions: no figures are published.\n"
    "A draw depends on seed, agent and day alone: a larger crowd begins with the same agents.";

static const char reference[] =
    "Figures: PauSolerValades/bsky-data-analysis, docs/EDA.md and docs/topology/forest-fire-sampling.md (April 2026); "
    "METResearchGroup/bluesky-research (2024-2025). Crowd size and question: arXiv 2605.11404. The model is throng's.";

extern const throng_generator throng_generator_bluesky;
const throng_generator throng_generator_bluesky = {
    .about = {.struct_size = sizeof(throng_generator),
              .name = "bluesky",
              .summary = "accounts with the visibility, activity and drifting stances of a social network",
              .details = details,
              .reference = reference,
              .params = params},
    .generate = generate,
};
