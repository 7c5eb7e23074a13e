/*
 * The constructive side of panels: after its first pass a crowd is a few numbers, and what those numbers credit an
 * agent with needs nothing else but the agent's own row. So a crowd's numbers can be kept, published, and put under a
 * panel's rows later: the second pass then runs over the panel instead of the crowd, and gives the crowd's credits.
 */
#include "attribution/aggregates.h"
#include "attribution/quadrature.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- which attributions have them ------------------------------------------------------------------------------ */

static throng_status check_supported(const throng_attribution *crowd, throng_error *err) {
    const throng_indicator *indicator = crowd->indicator.descriptor;
    const char *name = indicator->about.name;
    if (strcmp(crowd->def.method, "aumann-shapley") != 0)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "A panel can be corrected for the method aumann-shapley only: %s needs more of the crowd "
                           "than its aggregates.",
                           crowd->def.method);
    if (indicator->form == THRONG_FORM_DISTRIBUTION)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "%s is no function of a few aggregates, but of the whole distribution: a panel cannot be "
                           "corrected without it.",
                           name);
    if (indicator->form != THRONG_FORM_MOMENTS && crowd->def.path == THRONG_PATH_STATE)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "On the state path %s needs the crowd again at every node, not just its aggregates: take "
                           "--path presence to correct a panel.",
                           name);
    return THRONG_OK;
}

bool throng_i_aggregates_mixed(const throng_indicator *indicator, throng_path path, throng_baseline baseline) {
    bool own = baseline == THRONG_BASELINE_FIRST || baseline == THRONG_BASELINE_COLUMN;
    return indicator->form == THRONG_FORM_MOMENTS && path == THRONG_PATH_STATE && own;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_i_aggregates_alloc(throng_context *context, int k, bool mixed, throng_aggregates **out,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    throng_aggregates *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = context;
    self->k = k;
    THRONG_TRY(throng_i_alloc(context, k, sizeof(double), &self->observed, err));
    THRONG_TRY(throng_i_alloc(context, k, sizeof(double), &self->absent, err));
    if (mixed)
        THRONG_TRY(throng_i_alloc(context, (int64_t)k * k, sizeof(double), &self->mixed, err));
    *out = self;
    self = NULL;
out:
    throng_aggregates_free(self);
    return status;
}

void throng_aggregates_free(throng_aggregates *self) {
    if (!self)
        return;
    throng_i_free(self->context, self->observed);
    throng_i_free(self->context, self->absent);
    throng_i_free(self->context, self->mixed);
    throng_i_free(self->context, self);
}

int throng_aggregates_count(const throng_aggregates *self) {
    return self->k;
}

int64_t throng_aggregates_agents(const throng_aggregates *self) {
    return self->n_agents;
}

/* ---- from a crowd ---------------------------------------------------------------------------------------------- */

static void take_numbers(throng_aggregates *self, const throng_i_crowd *crowd) {
    size_t bytes = (size_t)self->k * sizeof(double);
    bool moments = crowd->indicator->descriptor->form == THRONG_FORM_MOMENTS;
    self->mass = crowd->mass;
    self->origin = crowd->shift;
    self->origin_baseline = crowd->shift_baseline;
    self->baseline_state = crowd->constant ? crowd->baseline : 0.0;
    self->reference_spread = crowd->reference_sd;
    memcpy(self->observed, moments ? crowd->observed : crowd->present, bytes);
    memcpy(self->absent, moments ? crowd->absent : crowd->present + self->k, bytes);
    for (int a = 0; a < self->k && self->mixed; a++)
        memcpy(self->mixed + a * self->k, crowd->mixed[a], bytes);
}

static void copy_label(char out[THRONG_I_LABEL_LENGTH], const char *text) {
    snprintf(out, THRONG_I_LABEL_LENGTH, "%s", text ? text : "");
}

throng_status throng_aggregates_create(throng_context *context, const throng_attribution *crowd, int64_t time,
                                       throng_aggregates **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_aggregates *self = NULL;
    int64_t *first_row = NULL;
    throng_i_crowd slice = {.context = context};
    const throng_population *population = crowd->population;
    THRONG_REQUIRE(time >= 0 && time < population->n_times, E_ARGUMENT, "There is no time %lld to take aggregates of.",
                   (long long)time);
    THRONG_TRY(check_supported(crowd, err));
    if (crowd->def.baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(population, &first_row, err));
    throng_i_crowd_def def = {.population = population,
                              .indicator = &crowd->indicator,
                              .path = crowd->def.path,
                              .baseline = crowd->def.baseline,
                              .first_row = first_row,
                              .time = time,
                              .progress = {"aggregates", "agents", 0, 0}};
    THRONG_TRY(throng_i_crowd_init(context, &def, &slice, err));
    bool mixed = throng_i_aggregates_mixed(crowd->indicator.descriptor, def.path, def.baseline);
    THRONG_TRY(throng_i_aggregates_alloc(context, crowd->indicator.n_aggregates, mixed, &self, err));
    snprintf(self->indicator, sizeof self->indicator, "%s", crowd->def.indicator);
    snprintf(self->method, sizeof self->method, "%s", crowd->def.method);
    copy_label(self->state, population->state.name);
    copy_label(self->weight, population->weight.name);
    throng_population_time_label(population, time, self->time, sizeof self->time);
    self->path = def.path;
    self->baseline = def.baseline;
    self->n_agents = slice.n;
    self->certificate = crowd->certificates[time];
    take_numbers(self, &slice);
    *out = self;
    self = NULL;
out:
    throng_i_free(context, first_row);
    throng_i_crowd_clear(&slice);
    throng_aggregates_free(self);
    return status;
}

/* ---- under a panel --------------------------------------------------------------------------------------------- */

static throng_status check_panel(const throng_aggregates *self, const throng_population *panel, bool weighted, bool own,
                                 throng_error *err) {
    if (panel->n_times != 1)
        return THRONG_FAIL(err, E_ARGUMENT,
                           "Aggregates are about one time%s%s, and the panel has %lld times: choose its rows with "
                           "--where.",
                           *self->time ? ", " : "", self->time, (long long)panel->n_times);
    if (weighted && *self->weight && !panel->weight.name)
        return THRONG_FAIL(err, E_ARGUMENT,
                           "The crowd counts by weight (%s), and the panel has no weights: take "
                           "--weight.",
                           self->weight);
    if (weighted && !*self->weight && panel->weight.name)
        return THRONG_FAIL(err, E_ARGUMENT,
                           "The panel has weights (%s), and in the crowd everybody weighs 1: leave "
                           "out --weight.",
                           panel->weight.name);
    if (own && !panel->baseline.data)
        return THRONG_FAIL(err, E_ARGUMENT,
                           "Agents of the crowd start from a baseline of their own (%s): the panel "
                           "needs a column with its members', --baseline COL.",
                           self->baseline == THRONG_BASELINE_FIRST ? "their first state" : "a column");
    return THRONG_OK;
}

/* The crowd as its numbers describe it, with the panel's rows in it. `present` is [2 k] scratch. */
static throng_i_crowd rebuild(const throng_aggregates *self, const throng_i_indicator *indicator,
                              const throng_population *panel, double *present) {
    bool own = self->baseline == THRONG_BASELINE_FIRST || self->baseline == THRONG_BASELINE_COLUMN;
    size_t bytes = (size_t)self->k * sizeof(double);
    throng_i_crowd crowd = {.context = self->context,
                            .population = panel,
                            .indicator = indicator,
                            .setting = throng_i_indicator_setting(indicator, self->n_agents),
                            .path = self->path,
                            .n = panel->n_rows,
                            .state = panel->state,
                            .mass = self->mass,
                            .constant = !own,
                            .baseline = self->baseline_state,
                            .reference_crowd =
                                throng_i_crowd_has_reference(indicator->descriptor, self->path, self->baseline),
                            .reference_sd = self->reference_spread,
                            .progress = {"correcting", "agents", 0, 0},
                            .degree = self->k - 1,
                            .shift = self->origin,
                            .shift_baseline = self->origin_baseline,
                            .present = present};
    if (indicator->weighted)
        crowd.weight = panel->weight;
    if (own)
        crowd.baseline_column = panel->baseline;
    if (indicator->descriptor->form == THRONG_FORM_MOMENTS) {
        memcpy(crowd.observed, self->observed, bytes);
        memcpy(crowd.absent, self->absent, bytes);
        for (int a = 0; a < self->k && self->mixed; a++)
            memcpy(crowd.mixed[a], self->mixed + a * self->k, bytes);
    } else {
        memcpy(present, self->observed, bytes);
        memcpy(present + self->k, self->absent, bytes);
    }
    return crowd;
}

static throng_status credit(const throng_aggregates *self, const throng_population *panel, double *phi, double *sum,
                            throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_indicator indicator = {0};
    throng_i_rule rule = {0};
    throng_credit_sums sums = {0};
    double *present = NULL;
    bool own = self->baseline == THRONG_BASELINE_FIRST || self->baseline == THRONG_BASELINE_COLUMN;
    THRONG_TRY(throng_i_indicator_init(self->context, self->indicator, &indicator, err));
    if (indicator.descriptor->form == THRONG_FORM_HISTOGRAM)
        THRONG_TRY(throng_i_indicator_set_range(&indicator, indicator.low, indicator.high, err));
    THRONG_TRY(check_panel(self, panel, indicator.weighted, own, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * (int64_t)self->k, sizeof *present, &present, err));
    THRONG_TRY(throng_i_rule_init(self->context, self->certificate.quadrature_nodes, indicator.endpoints, &rule, err));
    throng_i_crowd crowd = rebuild(self, &indicator, panel, present);
    throng_value_function function = throng_i_crowd_function(&crowd);
    THRONG_TRY(function.ray_credit(function.self, &rule.nodes, NULL, phi, &sums, err));
    THRONG_REQUIRE(
        isfinite(sums.absolute), E_DEGENERATE,
        "The corrected panel has credits that are not finite: its states do not fit the crowd's aggregates.");
    *sum = sums.phi;
out:
    throng_i_rule_clear(self->context, &rule);
    throng_i_free(self->context, present);
    throng_i_indicator_clear(self->context, &indicator);
    return status;
}

throng_status throng_aggregates_credit(const throng_aggregates *self, const throng_population *panel, double *phi,
                                       throng_error *err) {
    double unused = 0.0;
    return credit(self, panel, phi, &unused, err);
}

throng_status throng_i_aggregates_attribute(const throng_aggregates *self, const throng_population *panel,
                                            throng_attribution **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_attribution *made = NULL;
    THRONG_TRY(throng_i_alloc(self->context, 1, sizeof *made, &made, err));
    made->context = self->context;
    made->population = panel;
    THRONG_TRY(throng_i_indicator_init(self->context, self->indicator, &made->indicator, err));
    memcpy(made->indicator_spec, self->indicator, sizeof made->indicator_spec);
    memcpy(made->method_spec, self->method, sizeof made->method_spec);
    made->def = throng_attribution_default();
    made->def.indicator = made->indicator_spec;
    made->def.method = made->method_spec;
    made->def.path = self->path;
    made->def.baseline = self->baseline == THRONG_BASELINE_FIRST ? THRONG_BASELINE_COLUMN : self->baseline;
    THRONG_TRY(throng_i_alloc(self->context, panel->n_rows, sizeof *made->phi, &made->phi, err));
    THRONG_TRY(throng_i_alloc(self->context, panel->n_times, sizeof *made->certificates, &made->certificates, err));
    made->certificates[0] = self->certificate;
    made->certificates[0].efficient = false;
    THRONG_TRY(credit(self, panel, made->phi, &made->certificates[0].sum_phi, err));
    THRONG_TRY(throng_i_attribution_find_change(made, err));
    *out = made;
    made = NULL;
out:
    throng_attribution_free(made);
    return status;
}
