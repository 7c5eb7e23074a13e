/*
 * Axioms, and agreement with sampling, on a subsample of the last time that is small enough to be attributed many
 * times. A network cannot be cut: a small one is its own subsample, a large one has none.
 *
 * Clones and agents at their baseline join the subsample as agents, which makes another crowd of it. Where the game
 * must stay the same, its value function is wrapped instead.
 */
#include "attribution/verify.h"

#include "attribution/crowd.h"
#include "population/population.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE       200
#define SAMPLE_SLOW  50 /* where a value costs a pass over everybody */
#define SAMPLE_EXACT 12 /* where all coalitions are visited */
#define HEAVY        20 /* of SAMPLE: the largest credits */
#define ADDED        5
#define ROOM         (SAMPLE + ADDED)

/* Credits of a game. */
typedef struct credits {
    double phi[ROOM], error[ROOM];
    throng_certificate certificate;
} credits;

/* A small crowd, and the game that it plays. */
typedef struct sample {
    const throng_i_finished *finished;
    throng_context *context;
    double state[ROOM], weight[ROOM], baseline[ROOM];
    int n;
    throng_population *population; /* of the n; NULL: a network, which is the finished population itself */
    throng_attribution_def def;
    throng_i_crowd crowd;
    throng_value_function game;
    credits own; /* by the run's method */
} sample;

/* ---- making it ------------------------------------------------------------------------------------------------- */

static void add_row(sample *self, int64_t row) {
    const throng_i_finished *finished = self->finished;
    self->state[self->n] = throng_population_state(finished->again->population, row);
    self->weight[self->n] = throng_population_weight(finished->again->population, row);
    self->baseline[self->n++] = throng_i_finished_baseline(finished, row);
}

/* The rows with the largest credits, and others evenly over the time. */
static void choose_rows(sample *self, int most) {
    const throng_attribution *again = self->finished->again;
    int64_t begin = 0, end = 0, last = again->population->n_times - 1;
    throng_top_agent top[HEAVY];
    throng_population_slice(again->population, last, &begin, &end);
    bool all = end - begin <= most;
    int heavy = throng_attribution_top(again, last, all ? 0 : most * HEAVY / SAMPLE, top);
    for (int i = 0; i < heavy; i++)
        add_row(self, top[i].row);
    int64_t others = all ? end - begin : most - heavy;
    for (int64_t i = 0; i < others; i++) {
        int64_t row = begin + (end - begin) * i / others;
        bool taken = false;
        for (int t = 0; t < heavy; t++)
            taken = taken || top[t].row == row;
        if (!taken)
            add_row(self, row);
    }
}

/* A population of the first n rows. */
static throng_status populate(sample *self, int64_t n, throng_population **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    throng_population_def who = throng_population_default();
    who.state = "state";
    who.weight = "weight";
    who.baseline = "baseline";
    THRONG_TRY(throng_table_create(self->context, n, &table, err));
    THRONG_TRY(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, self->state, err));
    THRONG_TRY(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, self->weight, err));
    THRONG_TRY(throng_table_add_view(table, "baseline", THRONG_TYPE_FLOAT64, self->baseline, err));
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_population_create(self->context, consumed, &who, out, err));
out:
    throng_table_free(table);
    return status;
}

/* The crowd of the subsample under an indicator. */
static throng_status crowd_init(const sample *self, const throng_i_indicator *indicator, throng_i_crowd *out,
                                throng_error *err) {
    const throng_attribution *again = self->finished->again;
    throng_i_crowd_def def = {.population = self->population ? self->population : again->population,
                              .indicator = indicator,
                              .path = self->def.path,
                              .baseline = self->def.baseline,
                              .time = self->population ? 0 : again->population->n_times - 1};
    if (!self->population) {
        def.graph = again->def.graph;
        def.first_row = self->finished->first_row;
    }
    return throng_i_crowd_init(self->context, &def, out, err);
}

/* A crowd's game without its short cuts along the ray: games made of it have none, and where an indicator has a kink
 * two ways to compute it may choose differently. */
static throng_value_function game_of(throng_i_crowd *crowd) {
    throng_value_function game = throng_i_crowd_function(crowd);
    game.ray_value = NULL;
    game.ray_slope = NULL;
    game.ray_credit = NULL;
    return game;
}

static bool is_slow(const throng_attribution *again) {
    throng_form form = again->indicator.descriptor->form;
    return form == THRONG_FORM_DISTRIBUTION || form == THRONG_FORM_NETWORK;
}

static int size_of_sample(const throng_attribution *again) {
    if (strncmp(again->def.method, "shapley-exact", 13) == 0)
        return SAMPLE_EXACT;
    return is_slow(again) ? SAMPLE_SLOW : SAMPLE;
}

static throng_status play(const sample *self, const throng_value_function *game, const char *method, uint64_t seed,
                          credits *out, throng_error *err) {
    throng_method_options options = {
        .tolerance = self->def.tolerance, .nodes_max = self->def.nodes_max, .seed = seed, .standard_error = out->error};
    memset(out, 0, sizeof *out);
    return throng_attribute_function(self->context, game, method, &options, out->phi, &out->certificate, err);
}

static throng_status sample_init(sample *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_attribution *again = self->finished->again;
    self->context = self->finished->context;
    self->crowd.context = self->context;
    self->def = again->def;
    self->def.cohorts = NULL; /* they are of the whole crowd */
    if (!again->def.graph) {
        if (self->def.baseline == THRONG_BASELINE_FIRST)
            self->def.baseline = THRONG_BASELINE_COLUMN;
        choose_rows(self, size_of_sample(again));
        THRONG_TRY(populate(self, self->n, &self->population, err));
    }
    THRONG_TRY(crowd_init(self, &again->indicator, &self->crowd, err));
    self->n = (int)self->crowd.n;
    self->game = game_of(&self->crowd);
    THRONG_TRY(play(self, &self->game, self->def.method, self->def.seed, &self->own, err));
out:
    return status;
}

static void sample_clear(sample *self) {
    throng_i_crowd_clear(&self->crowd);
    throng_population_free(self->population);
}

/* ---- comparing it ---------------------------------------------------------------------------------------------- */

/* The largest credit; credits that are as good as nothing beside what is divided have no size of their own. */
static double size_of(const credits *it, int n) {
    double size = fmax(1e-6 * fabs(it->certificate.everybody - it->certificate.nobody), DBL_MIN);
    for (int i = 0; i < n; i++)
        size = fmax(size, fabs(it->phi[i]));
    return size;
}

/* How much further two credits are apart than the method's own error estimate allows. */
static double beyond(double one, double other, double allowed) {
    return throng_i_worse(fabs(one - other) - allowed, 0.0);
}

/* The largest distance of two credits of the first n, in standard errors of both; what is exact leaves rounding. */
static double distance(const credits *one, const credits *other, int n) {
    double worst = 0.0, rounding = THRONG_I_ROUNDING * size_of(other, n);
    double allowed = throng_i_allowance(&one->certificate, one->phi, n);
    for (int i = 0; i < n; i++) {
        double sigma = hypot(one->error[i], other->error[i]);
        worst = throng_i_worse(beyond(one->phi[i], other->phi[i], allowed) / fmax(sigma, rounding), worst);
    }
    return worst;
}

/* The largest credit of those from `begin` on who should have none, of the size of a credit. */
static double idle_credit(const credits *it, int begin, int end) {
    double worst = 0.0;
    for (int i = begin; i < end; i++)
        worst = throng_i_worse(beyond(it->phi[i], 0.0, THRONG_I_SIGMAS * it->error[i]), worst);
    return worst / size_of(it, begin);
}

/* Standard errors are believed if they come from some fifty draws or more (Student's factor of a 95 % interval), or if
 * draws that all agree leave none. */
#define INTERVAL_TRUSTED 2.01

static bool scatters_unknown(const credits *it, int n) {
    double error = 0.0;
    for (int i = 0; i < n; i++)
        error = throng_i_worse(it->error[i], error);
    return it->certificate.interval > INTERVAL_TRUSTED && !(error <= THRONG_I_ROUNDING * size_of(it, n));
}

static const char *const too_few = "the method's own draws are too few to know how far they scatter";

/* ---- clones and agents at their baseline ------------------------------------------------------------------------ */

/* Attributes the subsample with `added` agents more. */
static throng_status attribute_with(sample *self, int added, credits *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_population *population = NULL;
    throng_attribution *result = NULL;
    size_t bytes = (size_t)(self->n + added) * sizeof(double);
    memset(out, 0, sizeof *out);
    THRONG_TRY(populate(self, self->n + added, &population, err));
    THRONG_TRY(throng_attribute(self->context, population, &self->def, &result, err));
    memcpy(out->phi, result->phi, bytes);
    if (result->standard_error)
        memcpy(out->error, result->standard_error, bytes);
    out->certificate = result->certificates[0];
out:
    throng_attribution_free(result);
    throng_population_free(population);
    return status;
}

static throng_status check_clones(sample *self, throng_verification *out, throng_error *err) {
    credits with;
    double apart = 0.0;
    int added = self->n < ADDED ? self->n : ADDED;
    if (self->finished->again->standard_error) {
        throng_i_skip(out, "clones", "sampling treats clones alike only in the mean");
        return THRONG_OK;
    }
    for (int i = 0; i < added; i++) {
        self->state[self->n + i] = self->state[i];
        self->weight[self->n + i] = self->weight[i];
        self->baseline[self->n + i] = self->baseline[i];
    }
    throng_status status = attribute_with(self, added, &with, err);
    if (status != THRONG_OK)
        return status;
    double allowed = throng_i_allowance(&with.certificate, with.phi, self->n + added);
    for (int i = 0; i < added; i++)
        apart = throng_i_worse(beyond(with.phi[i], with.phi[self->n + i], allowed), apart);
    throng_i_judge(out, "clones", apart / size_of(&with, self->n), THRONG_I_ROUNDING,
                   "agents cloned in a subsample: largest difference of their credits, of the largest credit");
    return THRONG_OK;
}

static throng_status check_dummies(sample *self, throng_verification *out, throng_error *err) {
    credits with;
    double mean = 0.0, mass = 0.0, at = 0.0;
    const throng_attribution *again = self->finished->again;
    if (throng_attribution_reference_crowd(again)) {
        throng_i_skip(out, "dummies", "the baseline is a normal reference crowd: nobody can be at it");
        return THRONG_OK;
    }
    for (int i = 0; i < self->n; i++) {
        double w = again->indicator.weighted ? self->weight[i] : 1.0;
        mass += w;
        mean += w * self->state[i];
    }
    if (self->def.baseline == THRONG_BASELINE_MEAN)
        at = mean / mass;
    else if (self->def.baseline == THRONG_BASELINE_COLUMN)
        at = self->state[0];
    for (int i = self->n; i < self->n + ADDED; i++) {
        self->state[i] = self->baseline[i] = at;
        self->weight[i] = self->weight[0];
    }
    throng_status status = attribute_with(self, ADDED, &with, err);
    if (status != THRONG_OK)
        return status;
    if (scatters_unknown(&with, self->n + ADDED))
        throng_i_skip(out, "dummies", too_few);
    else
        throng_i_judge(out, "dummies", idle_credit(&with, self->n, self->n + ADDED), THRONG_I_ROUNDING,
                       "agents added to a subsample at their baseline: their largest credit, of the largest credit");
    return THRONG_OK;
}

/* ---- players that change nothing -------------------------------------------------------------------------------- */

/* A game with more players, who change nothing. */
typedef struct padded {
    const throng_value_function *inner;
} padded;

static throng_status padded_value(void *user, const double *alpha, double *out, throng_error *err) {
    const padded *self = user;
    return self->inner->value(self->inner->self, alpha, out, err);
}

static throng_status padded_gradient(void *user, const double *alpha, double *out, throng_error *err) {
    const padded *self = user;
    memset(out + self->inner->n_agents, 0, ADDED * sizeof *out);
    return self->inner->gradient(self->inner->self, alpha, out, err);
}

static void padded_origin(void *user, double *m) {
    const padded *self = user;
    self->inner->aggregate_origin(self->inner->self, m);
}

static void padded_steps(void *user, int64_t begin, int64_t end, double *steps) {
    const padded *self = user;
    int64_t n = self->inner->n_agents, middle = end < n ? end : begin > n ? begin : n;
    memset(steps, 0, (size_t)(end - begin) * (size_t)self->inner->n_aggregates * sizeof *steps);
    if (begin < middle && begin < n)
        self->inner->aggregate_steps(self->inner->self, begin, middle, steps);
}

static double padded_aggregate_value(void *user, const double *m) {
    const padded *self = user;
    return self->inner->aggregate_value(self->inner->self, m);
}

static void padded_aggregate_gradient(void *user, const double *m, double *out) {
    const padded *self = user;
    self->inner->aggregate_gradient(self->inner->self, m, out);
}

static throng_value_function pad(padded *self) {
    const throng_value_function *inner = self->inner;
    throng_value_function game = {.self = self,
                                  .n_agents = inner->n_agents + ADDED,
                                  .value = padded_value,
                                  .gradient = padded_gradient,
                                  .magnitude = inner->magnitude,
                                  .singular_ends = inner->singular_ends};
    if (inner->n_aggregates > 0) {
        game.n_aggregates = inner->n_aggregates;
        game.aggregates_linear = inner->aggregates_linear;
        game.aggregate_origin = padded_origin;
        game.aggregate_steps = padded_steps;
        game.aggregate_value = padded_aggregate_value;
        game.aggregate_gradient = padded_aggregate_gradient;
    }
    return game;
}

static throng_status check_unmoved(sample *self, throng_verification *out, throng_error *err) {
    credits among;
    padded wrapped = {&self->game};
    throng_value_function game = pad(&wrapped);
    double moved = 0.0, allowed = throng_i_allowance(&self->own.certificate, self->own.phi, self->n);
    throng_status status = play(self, &game, self->def.method, self->def.seed, &among, err);
    if (status != THRONG_OK)
        return status;
    for (int i = 0; i < self->n; i++)
        moved = throng_i_worse(beyond(among.phi[i], self->own.phi[i], allowed), moved);
    moved /= size_of(&self->own, self->n);
    double idle = idle_credit(&among, self->n, self->n + ADDED);
    if (scatters_unknown(&self->own, self->n))
        throng_i_skip(out, "unmoved", too_few);
    else if (!(idle <= THRONG_I_ROUNDING))
        throng_i_judge(out, "unmoved", idle, THRONG_I_ROUNDING,
                       "players who change nothing join a subsample: their largest credit, of the largest credit");
    else if (self->finished->again->standard_error)
        throng_i_judge(out, "unmoved", distance(&among, &self->own, self->n), THRONG_I_SIGMAS,
                       "players who change nothing join a subsample: they get 0, and the others' credits move by so "
                       "many standard errors at most");
    else
        throng_i_judge(out, "unmoved", moved, THRONG_I_SAME_GAME,
                       "players who change nothing join a subsample: they get 0, and the others' credits move by so "
                       "much at most, of the largest");
    return THRONG_OK;
}

/* ---- linearity ------------------------------------------------------------------------------------------------- */

/* Two indicators of a crowd as one value function: a v_1 + b v_2. */
typedef struct mixture {
    throng_value_function part[2];
    double factor[2];
    double *scratch; /* [n] */
} mixture;

static throng_status mixed_value(void *user, const double *alpha, double *out, throng_error *err) {
    const mixture *self = user;
    *out = 0.0;
    for (int k = 0; k < 2; k++) {
        double value = 0.0;
        throng_status status = self->part[k].value(self->part[k].self, alpha, &value, err);
        if (status != THRONG_OK)
            return status;
        *out += self->factor[k] * value;
    }
    return THRONG_OK;
}

static throng_status mixed_gradient(void *user, const double *alpha, double *out, throng_error *err) {
    const mixture *self = user;
    int64_t n = self->part[0].n_agents;
    memset(out, 0, (size_t)n * sizeof *out);
    for (int k = 0; k < 2; k++) {
        throng_status status = self->part[k].gradient(self->part[k].self, alpha, self->scratch, err);
        if (status != THRONG_OK)
            return status;
        for (int64_t i = 0; i < n; i++)
            out[i] += self->factor[k] * self->scratch[i];
    }
    return THRONG_OK;
}

static throng_status check_linearity(sample *given, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    sample self = *given; /* with a tolerance of its own */
    throng_i_indicator mean = {0};
    throng_i_crowd other = {.context = self.context};
    double scratch[ROOM], apart = 0.0, largest = DBL_MIN;
    mixture mixed = {.factor = {2.0, -3.0}, .scratch = scratch};
    credits part[3];
    if (given->finished->again->standard_error) {
        throng_i_skip(out, "linearity", "sampling is linear only in the mean");
        return THRONG_OK;
    }
    self.def.tolerance = fmax(self.def.tolerance, 1e-8); /* on the sum of two, whose own tolerances add up */
    self.def.nodes_max = 4096;
    THRONG_TRY(throng_i_indicator_init(self.context, "mean", &mean, err));
    THRONG_TRY(crowd_init(&self, &mean, &other, err));
    mixed.part[0] = self.game;
    mixed.part[1] = game_of(&other);
    throng_value_function function = {.self = &mixed,
                                      .n_agents = self.n,
                                      .value = mixed_value,
                                      .gradient = mixed_gradient,
                                      .singular_ends = self.game.singular_ends};
    for (int k = 0; k < 2; k++)
        THRONG_TRY(play(&self, &mixed.part[k], self.def.method, self.def.seed, &part[k], err));
    THRONG_TRY(play(&self, &function, self.def.method, self.def.seed, &part[2], err));
    for (int i = 0; i < self.n; i++) {
        double sum = 2.0 * part[0].phi[i] - 3.0 * part[1].phi[i];
        apart = throng_i_worse(fabs(part[2].phi[i] - sum), apart);
        largest = fmax(largest, fabs(2.0 * part[0].phi[i]) + fabs(3.0 * part[1].phi[i]));
    }
    throng_i_judge(out, "linearity", apart / largest, THRONG_I_SAME_GAME,
                   "2 times the indicator less 3 times the mean, in a subsample: largest difference of credits");
out:
    throng_i_crowd_clear(&other);
    throng_i_indicator_clear(self.context, &mean);
    return status;
}

/* ---- agreement with sampling ------------------------------------------------------------------------------------ */

/* Methods that estimate the Shapley value must lie within the sampler's simultaneous interval. Others may: if they do
 * not, the distance is told and nothing demanded, because heavy agents do set them apart. */
static throng_status check_shapley(sample *self, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    credits sampled;
    const credits *own = &self->own;
    const char *method = self->def.method;
    bool shapley =
        strncmp(method, "shapley", 7) == 0 || strncmp(method, "oceanic", 7) == 0 || strncmp(method, "owen", 4) == 0;
    double apart = 0.0, size = 0.0;
    char text[200];
    THRONG_TRY(
        play(self, &self->game,
             is_slow(self->finished->again) ? "shapley-sampled:permutations=400" : "shapley-sampled:permutations=4000",
             self->def.seed + 1, &sampled, err));
    if (scatters_unknown(own, self->n)) {
        throng_i_skip(out, "shapley", too_few);
        goto out;
    }
    double sigmas = distance(own, &sampled, self->n);
    if (shapley || sigmas <= THRONG_I_SIGMAS) {
        throng_i_judge(out, "shapley", sigmas, THRONG_I_SIGMAS,
                       "subsample: largest distance from shapley-sampled, in standard errors (all within 99.9 %)");
        goto out;
    }
    for (int i = 0; i < self->n; i++) {
        apart += (own->phi[i] - sampled.phi[i]) * (own->phi[i] - sampled.phi[i]);
        size += sampled.phi[i] * sampled.phi[i];
    }
    snprintf(text, sizeof text,
             "subsample: relative distance from shapley-sampled is %.2g; %.*s estimates something else",
             sqrt(apart) / fmax(sqrt(size), DBL_MIN), (int)strcspn(method, ":"), method);
    throng_i_skip(out, "shapley", text);
out:
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

typedef throng_status (*check_fn)(sample *self, throng_verification *out, throng_error *err);

static const struct {
    const char *name;
    check_fn run;
    bool adds_agents; /* which a network has no place for */
} checks[] = {{"clones", check_clones, true},
              {"dummies", check_dummies, true},
              {"unmoved", check_unmoved, false},
              {"linearity", check_linearity, false},
              {"shapley", check_shapley, false}};

/* Whether a subsample may be without a value, a method without an answer to it. */
static bool is_excused(throng_status status) {
    return status == THRONG_E_DEGENERATE || status == THRONG_E_NOT_CONVERGED || status == THRONG_E_UNSUPPORTED ||
           status == THRONG_E_BUDGET;
}

throng_status throng_i_verify_sample(const throng_i_finished *finished, throng_verification *out, throng_error *err) {
    sample self = {.finished = finished};
    throng_error reason = {0};
    const throng_population *population = finished->again->population;
    int64_t begin = 0, end = 0;
    throng_population_slice(population, population->n_times - 1, &begin, &end);
    bool network = finished->again->def.graph, cut = network && end - begin > size_of_sample(finished->again);
    throng_status status = cut ? THRONG_OK : sample_init(&self, &reason), made = status;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (cut || (network && checks[i].adds_agents)) {
            throng_i_skip(out, checks[i].name,
                          cut ? "a subsample would cut the network apart"
                              : "agents that are added to a network change who is joined to whom");
            continue;
        }
        status = made == THRONG_OK ? checks[i].run(&self, out, &reason) : made;
        if (status == THRONG_OK)
            continue;
        if (!is_excused(status))
            break;
        throng_i_skip(out, checks[i].name, reason.message);
        status = THRONG_OK;
    }
    sample_clear(&self);
    if (status != THRONG_OK && err)
        *err = reason;
    return status;
}
