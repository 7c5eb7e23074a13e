/*
 * Checks of finished credits. What concerns the whole crowd is checked on it; axioms, and agreement with sampling, on a
 * subsample of the last time that is small enough to be attributed many times.
 */
#include "throng/verify.h"

#include "attribution/attribution.h"
#include "attribution/crowd.h"
#include "attribution/relative.h"
#include "population/population.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *throng_verdict_name(throng_verdict verdict) {
    static const char *const names[THRONG_VERDICT_COUNT] = {"holds", "fails", "not applicable"};
    return (int)verdict >= 0 && verdict < THRONG_VERDICT_COUNT ? names[verdict] : NULL;
}

void throng_verification_add(throng_verification *self, const char *name, throng_verdict verdict, double number,
                             double limit, const char *text) {
    if (self->n_checks == THRONG_CHECKS_MAX)
        return;
    throng_check *check = &self->check[self->n_checks++];
    *check = (throng_check){.name = name, .verdict = verdict, .number = number, .limit = limit};
    snprintf(check->text, sizeof check->text, "%s", text);
    self->holds = self->holds && verdict != THRONG_VERDICT_FAILS;
}

static void judge(throng_verification *self, const char *name, double number, double limit, const char *text) {
    /* a number that is none fails */
    throng_verification_add(self, name, number <= limit ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS, number, limit,
                            text);
}

static void skip(throng_verification *self, const char *name, const char *why) {
    throng_verification_add(self, name, THRONG_VERDICT_NOT_APPLICABLE, (double)NAN, (double)NAN, why);
}

/* ---- the whole crowd ------------------------------------------------------------------------------------------- */

/* A machine with another C library may differ in the last bits of what uses logarithms. */
#define REPEATS 1e-12
#define ADDS_UP 1e-9

static void check_repeat(const throng_attribution *again, const double *phi, throng_verification *out) {
    double most = 0.0, largest = 0.0;
    for (int64_t row = 0; row < again->population->n_rows; row++) {
        double apart = fabs(phi[row] - again->phi[row]);
        most = isnan(apart) || apart > most ? apart : most;
        if (isnan(apart))
            break;
        largest = fmax(largest, fabs(again->phi[row]));
    }
    judge(out, "repeat", largest > 0.0 ? most / largest : most, REPEATS,
          "largest difference of a credit in the file from the same computed again, of the largest credit");
}

static void check_efficiency(const throng_attribution *again, const double *phi, throng_verification *out) {
    double worst = 0.0, allowed = ADDS_UP;
    for (int64_t time = 0; time < again->population->n_times; time++) {
        const throng_certificate *it = &again->certificates[time];
        double sum = 0.0, absolute = 0.0, whole = it->everybody - it->nobody;
        int64_t begin = 0, end = 0;
        throng_population_slice(again->population, time, &begin, &end);
        if (!it->efficient) {
            skip(out, "efficiency", "the method does not promise that credits add up");
            return;
        }
        for (int64_t row = begin; row < end; row++) {
            sum += phi[row];
            absolute += fabs(phi[row]);
        }
        double off = throng_i_relative(sum - whole, whole, throng_i_moved(absolute, again->magnitude));
        worst = isnan(worst) || off <= worst ? worst : off; /* NaN is kept */
        if (it->quadrature_nodes > 0)
            allowed = fmax(allowed, it->tolerance);
    }
    judge(out, "efficiency", worst, allowed,
          "credits in the file against the indicator of the crowd less that of the baseline, the worst of all times");
}

/* ---- a subsample ----------------------------------------------------------------------------------------------- */

#define SAMPLE  200
#define HEAVY   20
#define DOUBLES 5

/* A small crowd of rows of the last time: [n] rows, then doubles of the first few, then agents at their baseline. */
typedef struct sample {
    throng_context *context;
    double state[SAMPLE + 2 * DOUBLES], weight[SAMPLE + 2 * DOUBLES], baseline[SAMPLE + 2 * DOUBLES];
    int n, doubles, dummies;
    throng_population *population;
    throng_attribution_def def;
} sample;

static void add_row(const throng_attribution *again, const int64_t *first_row, int64_t row, sample *self) {
    const throng_population *population = again->population;
    double scratch[1];
    self->state[self->n] = throng_population_state(population, row);
    self->weight[self->n] = throng_population_weight(population, row);
    int64_t first = first_row ? first_row[throng_population_agent(population, row)] : row;
    if (population->baseline.data)
        self->baseline[self->n] = *throng_i_column_block(&population->baseline, row, 1, scratch);
    else
        self->baseline[self->n] = throng_population_state(population, first);
    self->n++;
}

static throng_status populate(sample *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    int64_t n = self->n + self->doubles + self->dummies;
    throng_population_def who = throng_population_default();
    who.state = "state";
    who.weight = "weight";
    who.baseline = "baseline";
    throng_population_free(self->population);
    self->population = NULL;
    THRONG_TRY(throng_table_create(self->context, n, &table, err));
    THRONG_TRY(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, self->state, err));
    THRONG_TRY(throng_table_add_view(table, "weight", THRONG_TYPE_FLOAT64, self->weight, err));
    THRONG_TRY(throng_table_add_view(table, "baseline", THRONG_TYPE_FLOAT64, self->baseline, err));
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_population_create(self->context, consumed, &who, &self->population, err));
out:
    throng_table_free(table);
    return status;
}

/* The rows with the largest credits, and others evenly over the time. */
static throng_status sample_init(const throng_attribution *again, const int64_t *first_row, sample *self,
                                 throng_error *err) {
    const throng_population *population = again->population;
    int64_t begin = 0, end = 0, last = population->n_times - 1;
    throng_top_agent top[HEAVY];
    self->context = again->context;
    self->def = again->def;
    if (self->def.baseline == THRONG_BASELINE_FIRST)
        self->def.baseline = THRONG_BASELINE_COLUMN;
    throng_population_slice(population, last, &begin, &end);
    int heavy = throng_attribution_top(again, last, end - begin < SAMPLE ? 0 : HEAVY, top);
    for (int i = 0; i < heavy; i++)
        add_row(again, first_row, top[i].row, self);
    int64_t others = end - begin < SAMPLE ? end - begin : SAMPLE - heavy;
    for (int64_t i = 0; i < others; i++) {
        int64_t row = begin + (end - begin) * i / others;
        bool taken = false;
        for (int t = 0; t < heavy; t++)
            taken = taken || top[t].row == row;
        if (!taken)
            add_row(again, first_row, row, self);
    }
    return populate(self, err);
}

static throng_status attribute(sample *self, const char *method, uint64_t seed, throng_attribution **out,
                               throng_error *err) {
    throng_attribution_def def = self->def;
    if (method)
        def.method = method;
    def.seed = seed;
    return throng_attribute(self->context, self->population, &def, out, err);
}

/* Doubles of the first few, and agents whose state is their baseline, are added; the crowd is a little another one. */
static throng_status check_axioms(sample *self, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_attribution *result = NULL;
    double apart = 0.0, idle = 0.0, largest = 0.0, mean = 0.0, mass = 0.0;
    bool weighted = false, samples = false;
    THRONG_TRY(attribute(self, NULL, self->def.seed, &result, err));
    weighted = throng_attribution_weighted(result);
    samples = throng_attribution_standard_error(result);
    bool reference = throng_attribution_reference_crowd(result);
    throng_attribution_free(result);
    result = NULL;
    self->doubles = self->n < DOUBLES ? self->n : DOUBLES;
    self->dummies = reference ? 0 : DOUBLES;
    for (int i = 0; i < self->doubles; i++) {
        self->state[self->n + i] = self->state[i];
        self->weight[self->n + i] = self->weight[i];
        self->baseline[self->n + i] = self->baseline[i];
    }
    for (int i = 0; i < self->n + self->doubles; i++) {
        double w = weighted ? self->weight[i] : 1.0;
        mass += w;
        mean += w * self->state[i];
    }
    for (int i = self->n + self->doubles; i < self->n + self->doubles + self->dummies; i++) {
        double at = self->def.baseline == THRONG_BASELINE_NEUTRAL ? 0.0
                    : self->def.baseline == THRONG_BASELINE_MEAN  ? mean / mass
                                                                  : self->state[0];
        self->state[i] = self->baseline[i] = at;
        self->weight[i] = self->weight[0];
    }
    THRONG_TRY(populate(self, err));
    THRONG_TRY(attribute(self, NULL, self->def.seed, &result, err));
    for (int i = 0; i < self->n + self->doubles + self->dummies; i++)
        largest = fmax(largest, fabs(result->phi[i]));
    for (int i = 0; i < self->doubles; i++)
        apart = fmax(apart, fabs(result->phi[i] - result->phi[self->n + i]));
    for (int i = self->n + self->doubles; i < self->n + self->doubles + self->dummies; i++)
        idle = fmax(idle, fabs(result->phi[i]));
    largest = fmax(largest, DBL_MIN);
    if (samples)
        skip(out, "clones", "sampling treats doubles alike only in the mean");
    else
        judge(out, "clones", apart / largest, 1e-9,
              "agents doubled in a subsample of 200: largest difference of their credits, of the largest credit");
    if (reference)
        skip(out, "dummies", "absent agents are a normal reference crowd: nobody is at a baseline");
    else
        judge(out, "dummies", idle / largest, 1e-9,
              "agents added at their baseline to a subsample of 200: their largest credit, of the largest credit");
out:
    throng_attribution_free(result);
    self->doubles = self->dummies = 0;
    return status == THRONG_OK ? populate(self, err) : status;
}

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

static throng_status check_linearity(sample *self, const throng_i_indicator *indicator, throng_verification *out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_indicator mean = {0};
    throng_i_crowd crowd[2] = {{.context = self->context}, {.context = self->context}};
    mixture mixed = {.factor = {2.0, -3.0}};
    double phi[3][SAMPLE], scratch[SAMPLE], apart = 0.0, largest = DBL_MIN;
    throng_certificate certificate;
    throng_method_options options = throng_method_options_default();
    options.tolerance = fmax(self->def.tolerance, 1e-8); /* on the sum of two, whose own tolerances add up */
    options.nodes_max = 4096;
    options.seed = self->def.seed;
    mixed.scratch = scratch;
    THRONG_TRY(throng_i_indicator_init(self->context, "mean", &mean, err));
    for (int k = 0; k < 2; k++) {
        throng_i_crowd_def def = {.population = self->population,
                                  .indicator = k ? &mean : indicator,
                                  .path = self->def.path,
                                  .baseline = self->def.baseline};
        THRONG_TRY(throng_i_crowd_init(self->context, &def, &crowd[k], err));
        mixed.part[k] = throng_i_crowd_function(&crowd[k]);
        THRONG_TRY(throng_attribute_function(self->context, &mixed.part[k], self->def.method, &options, phi[k],
                                             &certificate, err));
    }
    throng_value_function function = {.self = &mixed,
                                      .n_agents = self->n,
                                      .value = mixed_value,
                                      .gradient = mixed_gradient,
                                      .singular_ends = mixed.part[0].singular_ends};
    THRONG_TRY(
        throng_attribute_function(self->context, &function, self->def.method, &options, phi[2], &certificate, err));
    for (int i = 0; i < self->n; i++) {
        double sum = 2.0 * phi[0][i] - 3.0 * phi[1][i];
        apart = fmax(apart, fabs(phi[2][i] - sum));
        largest = fmax(largest, fabs(2.0 * phi[0][i]) + fabs(3.0 * phi[1][i]));
    }
    judge(out, "linearity", apart / largest, 1e-6,
          "2 times the indicator less 3 times the mean, in a subsample of 200: largest difference of credits");
out:
    if (status == THRONG_E_UNSUPPORTED || status == THRONG_E_NOT_CONVERGED) {
        skip(out, "linearity", "the method cannot serve the sum of two indicators");
        status = THRONG_OK;
    }
    throng_i_crowd_clear(&crowd[0]);
    throng_i_crowd_clear(&crowd[1]);
    throng_i_indicator_clear(self->context, &mean);
    return status;
}

/* Methods that estimate the Shapley value must lie within the sampler's simultaneous interval; for others the distance
 * is told, and nothing demanded: heavy agents do set them apart. */
static throng_status check_agreement(sample *self, const throng_indicator *indicator, throng_verification *out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    throng_attribution *own = NULL, *sampled = NULL;
    double apart = 0.0, size = 0.0, worst = 0.0, largest = 0.0;
    bool shapley = strncmp(self->def.method, "shapley", 7) == 0 || strncmp(self->def.method, "oceanic", 7) == 0 ||
                   strncmp(self->def.method, "owen", 4) == 0;
    char text[200];
    THRONG_TRY(attribute(self, NULL, self->def.seed, &own, err));
    bool slow = indicator->form == THRONG_FORM_DISTRIBUTION; /* every coalition is sorted anew */
    THRONG_TRY(attribute(self, slow ? "shapley-sampled:permutations=100" : "shapley-sampled:permutations=4000",
                         self->def.seed + 1, &sampled, err));
    const double *error = throng_attribution_standard_error(sampled),
                 *own_error = throng_attribution_standard_error(own);
    for (int i = 0; i < self->n; i++)
        largest = fmax(largest, fabs(sampled->phi[i]));
    for (int i = 0; i < self->n; i++) {
        double d = fabs(own->phi[i] - sampled->phi[i]);
        double sigma = hypot(error[i], own_error ? own_error[i] : 0.0);
        apart += d * d;
        size += sampled->phi[i] * sampled->phi[i];
        /* what an exact sampler leaves is rounding */
        worst = fmax(worst, d / fmax(sigma, 1e-9 * largest + DBL_MIN));
    }
    double relative = size > 0.0 ? sqrt(apart / size) : sqrt(apart);
    if (shapley) {
        /* Two hundred normal deviates are all within 4.6 in 999 of 1000 cases; fifty pairs know their spread less well.
         */
        judge(out, "shapley", worst, slow ? 6.0 : 4.6,
              "subsample of 200: largest distance from shapley-sampled, in standard errors (all within 99.9 %)");
    } else {
        snprintf(text, sizeof text,
                 "subsample of 200: relative distance from shapley-sampled is %.2g; %.*s estimates something else",
                 relative, (int)strcspn(self->def.method, ":"), self->def.method);
        skip(out, "shapley", text);
    }
out:
    throng_attribution_free(own);
    throng_attribution_free(sampled);
    if (status == THRONG_E_UNSUPPORTED || status == THRONG_E_DEGENERATE) {
        skip(out, "shapley", "the indicator does not exist for every coalition of a subsample");
        status = THRONG_OK;
    }
    return status;
}

/* ---- deletion -------------------------------------------------------------------------------------------------- */

typedef struct ranked {
    double key;
    int64_t index;
} ranked;

static int by_key(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    if (one->key != other->key)
        return one->key > other->key ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

#define ORDER_STREAM 0x6f72646572ULL

static throng_status curve(throng_i_crowd *crowd, ranked *list, int64_t *order, const char *name,
                           throng_verification *out, throng_error *err) {
    throng_value_function function = throng_i_crowd_function(crowd);
    throng_deletion *it = &out->deletion[out->n_deletions];
    qsort(list, (size_t)crowd->n, sizeof *list, by_key);
    for (int64_t i = 0; i < crowd->n; i++)
        order[i] = list[i].index;
    throng_status status =
        throng_deletion_curve(crowd->context, &function, order, THRONG_DELETION_POINTS, it->left, err);
    if (status != THRONG_OK)
        return status;
    it->order = name;
    it->area = 0.0;
    for (int i = 0; i < THRONG_DELETION_POINTS; i++)
        it->area += it->left[i] / THRONG_DELETION_POINTS;
    out->n_deletions++;
    return THRONG_OK;
}

#define RANDOM_ORDERS 8
/* Where agents are all alike, orders differ by luck. */
#define NO_SLOWER 0.02

/* The mean of some random orders, as one curve. */
static throng_status random_curves(throng_i_crowd *crowd, ranked *list, int64_t *order, uint64_t seed,
                                   throng_verification *out, throng_error *err) {
    throng_deletion mean = {.order = "random"};
    int place = out->n_deletions;
    for (int draw = 0; draw < RANDOM_ORDERS; draw++) {
        for (int64_t i = 0; i < crowd->n; i++) {
            double uniform[4];
            throng_random_uniforms((throng_random){seed, ORDER_STREAM}, (uint64_t)i, (uint64_t)draw, 0, uniform);
            list[i] = (ranked){uniform[0], i};
        }
        out->n_deletions = place;
        throng_status status = curve(crowd, list, order, "random", out, err);
        if (status != THRONG_OK)
            return status;
        for (int i = 0; i < THRONG_DELETION_POINTS; i++)
            mean.left[i] += out->deletion[place].left[i] / RANDOM_ORDERS;
        mean.area += out->deletion[place].area / RANDOM_ORDERS;
    }
    out->deletion[place] = mean;
    return THRONG_OK;
}

static throng_status check_deletion(const throng_attribution *again, const double *phi, const int64_t *first_row,
                                    uint64_t seed, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = again->context;
    throng_i_crowd crowd = {.context = context};
    ranked *list = NULL;
    int64_t *order = NULL, last = again->population->n_times - 1;
    double sign = again->certificates[last].everybody < again->certificates[last].nobody ? -1.0 : 1.0;
    throng_i_crowd_def def = {.population = again->population,
                              .indicator = &again->indicator,
                              .path = again->def.path,
                              .baseline = again->def.baseline,
                              .first_row = first_row,
                              .graph = again->def.graph,
                              .time = last};
    THRONG_TRY(throng_i_crowd_init(context, &def, &crowd, err));
    THRONG_TRY(throng_i_resize(context, &list, crowd.n, sizeof *list, err));
    THRONG_TRY(throng_i_resize(context, &order, crowd.n, sizeof *order, err));
    for (int64_t i = 0; i < crowd.n; i++)
        list[i] = (ranked){sign * phi[crowd.begin + i], i};
    THRONG_TRY(curve(&crowd, list, order, "phi", out, err));
    if (again->population->weight.name) {
        for (int64_t i = 0; i < crowd.n; i++)
            list[i] = (ranked){throng_population_weight(again->population, crowd.begin + i), i};
        THRONG_TRY(curve(&crowd, list, order, "weight", out, err));
    }
    THRONG_TRY(random_curves(&crowd, list, order, seed, out, err));
    if (again->def.graph) {
        skip(out, "deletion",
             "in a network agents may stand in for each other: the curves are shown, nothing is demanded");
        goto out;
    }
    const throng_deletion *ours = &out->deletion[0], *random = &out->deletion[out->n_deletions - 1];
    judge(out, "deletion", ours->area, random->area + NO_SLOWER,
          "silencing agents by credit undoes the indicator no slower than at random: mean share that is left");
out:
    if (status == THRONG_E_DEGENERATE || status == THRONG_E_UNSUPPORTED) {
        skip(out, "deletion", "the indicator cannot be computed for every part of the crowd");
        out->n_deletions = 0;
        status = THRONG_OK;
    }
    throng_i_free(context, list);
    throng_i_free(context, order);
    throng_i_crowd_clear(&crowd);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static throng_status check_sample(const throng_attribution *again, const int64_t *first_row, throng_verification *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    sample self = {0};
    throng_i_indicator indicator = again->indicator; /* the bins are fixed */
    if (again->def.graph) {
        const char *names[] = {"clones", "dummies", "linearity", "shapley"};
        for (int i = 0; i < 4; i++)
            skip(out, names[i], "a subsample would cut the network apart");
        return THRONG_OK;
    }
    THRONG_TRY(sample_init(again, first_row, &self, err));
    THRONG_TRY(check_axioms(&self, out, err));
    if (again->standard_error)
        skip(out, "linearity", "sampling is linear only in the mean");
    else
        THRONG_TRY(check_linearity(&self, &indicator, out, err));
    THRONG_TRY(check_agreement(&self, indicator.descriptor, out, err));
out:
    throng_population_free(self.population);
    if (status == THRONG_E_DEGENERATE || status == THRONG_E_NOT_CONVERGED || status == THRONG_E_UNSUPPORTED) {
        skip(out, "subsample", err ? err->message : "a subsample cannot be attributed");
        status = THRONG_OK;
    }
    return status;
}

throng_status throng_attribution_verify(throng_context *context, const throng_attribution *again, const double *phi,
                                        uint64_t seed, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *first_row = NULL;
    throng_error reason = {0};
    *out = (throng_verification){.holds = true};
    THRONG_REQUIRE(again->phi, E_UNSUPPORTED, "The players are cohorts: there are no credits of agents to check.");
    if (again->def.baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(again->population, &first_row, err));
    check_repeat(again, phi, out);
    check_efficiency(again, phi, out);
    status = check_sample(again, first_row, out, &reason);
    if (status == THRONG_OK)
        status = check_deletion(again, phi, first_row, seed, out, &reason);
    if (status != THRONG_OK && err)
        *err = reason;
out:
    throng_i_free(context, first_row);
    return status;
}
