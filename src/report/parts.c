/* The lists of a report: cohorts, top agents, and the panel beside the crowd. */
#include "report/report.h"

#include "attribution/aggregates.h"

#include <math.h>

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

/* What a list says of an agent beside its credit. */
typedef struct facts {
    int64_t id; /* but of text, which is looked up */
    double state, weight;
    int cohort;
} facts;

/* Of whom; `row` is a row of the crowd. */
typedef struct fact_job {
    const throng_i_reporter *reporter;
    const throng_top_agent *top; /* [n] */
    int n;
} fact_job;

static facts facts_of(const throng_i_reporter *self, int64_t row) {
    const throng_population *population = self->population;
    throng_agent agent = throng_population_agent(population, row);
    return (facts){population->ids.values ? population->ids.values[agent] : (int64_t)agent + 1,
                   throng_population_state(population, row), throng_population_weight(population, row),
                   self->cohorts ? throng_cohorts_view(self->cohorts)[row] : 0};
}

static void find_facts(void *user, throng_i_share rows, void *state) {
    const fact_job *job = user;
    facts *out = state;
    for (int i = 0; i < job->n; i++)
        if (job->top[i].row >= rows.begin && job->top[i].row < rows.end)
            out[i] = facts_of(job->reporter, job->top[i].row);
}

/* An id is a JSON number if its column holds whole numbers. */
static json_t *agent_id(const throng_i_reporter *self, throng_agent agent, int64_t id) {
    const throng_i_keys *ids = &self->population->ids;
    if (ids->type == THRONG_TYPE_TEXT)
        return throng_i_json_string(ids->words[agent]);
    return json_integer(id);
}

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

/* The larger of the intervals of what a credit is made of, in standard errors. */
static double interval_of(const throng_i_reporter *self, int64_t time) {
    int64_t last = self->population->n_times - 1;
    return fmax(throng_attribution_certificate(self->attribution, time >= 0 ? time : 0).interval,
                throng_attribution_certificate(self->attribution, time >= 0 ? time : last).interval);
}

/* What sampling leaves open: standard error and 95 % interval. */
static void put_error(throng_i_reporter *self, json_t *object, int64_t time, double phi, double error) {
    double half = error * interval_of(self, time);
    put(self, object, "standard_error", throng_i_json_real(error));
    put(self, object, "low", throng_i_json_real(phi - half));
    put(self, object, "high", throng_i_json_real(phi + half));
}

/* One cohort; shares refer to the sums over all cohorts. */
static json_t *cohort(throng_i_reporter *self, const char *name, const char *meaning, throng_cohort_credit credit,
                      double total, double absolute) {
    json_t *object = json_object();
    put(self, object, "name", throng_i_json_string(name));
    put(self, object, "meaning", throng_i_json_string(meaning));
    put(self, object, "agents", json_integer(credit.n_agents));
    put(self, object, "phi", throng_i_json_real(credit.phi));
    put(self, object, "share", throng_i_json_share(credit.phi, total));
    put(self, object, "absolute_share", throng_i_json_share(credit.absolute, absolute));
    put(self, object, "per_agent",
        credit.n_agents > 0 ? throng_i_json_real(credit.phi / (double)credit.n_agents) : json_null());
    return object;
}

double throng_i_report_absolute(const throng_i_reporter *self, const throng_cohort_credit *credit) {
    double absolute = 0.0;
    for (int i = 0; i < throng_cohorts_branches(self->cohorts); i++)
        if (throng_cohorts_branch(self->cohorts, i).depth == 0)
            absolute += credit[i].absolute;
    return absolute;
}

/* The branches of one depth from *at on, each with those right within it; *at ends behind them. */
static json_t *branches(throng_i_reporter *self, int64_t time, const throng_cohort_credit *credit, double absolute,
                        int *at) {
    int n = throng_cohorts_branches(self->cohorts), depth = throng_cohorts_branch(self->cohorts, *at).depth;
    json_t *list = json_array();
    while (*at < n && throng_cohorts_branch(self->cohorts, *at).depth == depth) {
        throng_cohort_branch it = throng_cohorts_branch(self->cohorts, *at);
        const throng_cohort_credit *own = &credit[(*at)++];
        json_t *object = cohort(self, it.name, it.meaning, *own, throng_i_report_total(self, time), absolute);
        if (!isnan(own->standard_error))
            put_error(self, object, time, own->phi, own->standard_error);
        if (*at < n && throng_cohorts_branch(self->cohorts, *at).depth > depth)
            put(self, object, "cohorts", branches(self, time, credit, absolute, at));
        throng_i_json_append(&self->failed, list, object);
    }
    return list;
}

json_t *throng_i_report_cohorts(throng_i_reporter *self, int64_t time) {
    throng_cohort_credit *credit = NULL;
    json_t *list = NULL;
    int at = 0, n = self->cohorts ? throng_cohorts_branches(self->cohorts) : 0;
    if (throng_i_alloc(self->context, n, sizeof *credit, &credit, NULL) != THRONG_OK)
        throng_i_report_fail(self);
    if (n > 0 && credit) {
        throng_attribution_branches(self->attribution, self->cohorts, time, credit);
        list = branches(self, time, credit, throng_i_report_absolute(self, credit), &at);
    }
    throng_i_free(self->context, credit);
    return list ? list : json_array();
}

json_t *throng_i_report_concentration(throng_i_reporter *self, int64_t time) {
    throng_concentration it;
    json_t *object = json_object(), *lorenz = json_array();
    if (throng_attribution_concentration(self->attribution, time, &it, NULL) != THRONG_OK) {
        throng_i_report_fail(self);
        it = (throng_concentration){0};
    }
    for (int i = 0; i < THRONG_LORENZ_POINTS; i++)
        throng_i_json_append(&self->failed, lorenz, throng_i_json_real(it.lorenz[i]));
    put(self, object, "gini", throng_i_json_real(it.gini));
    put(self, object, "half", json_integer(it.half));
    put(self, object, "top_thousandth", throng_i_json_real(it.top_thousandth));
    put(self, object, "top_hundredth", throng_i_json_real(it.top_hundredth));
    put(self, object, "top_tenth", throng_i_json_real(it.top_tenth));
    put(self, object, "lorenz", lorenz);
    return object;
}

/* ---- top agents ------------------------------------------------------------------------------------------------ */

/* One entry of a list; `row` is a row of the crowd. */
static json_t *top_agent(throng_i_reporter *self, int rank, int64_t row, const facts *its, double phi, double total) {
    json_t *object = json_object();
    put(self, object, "rank", json_integer(rank));
    put(self, object, "id", agent_id(self, throng_population_agent(self->population, row), its->id));
    put(self, object, "phi", throng_i_json_real(phi));
    put(self, object, "share", throng_i_json_share(phi, total));
    put(self, object, "state", throng_i_json_real(its->state));
    put(self, object, "weight", throng_i_json_real(its->weight));
    put(self, object, "cohort",
        throng_i_json_string(self->cohorts ? throng_cohorts_name(self->cohorts, its->cohort) : NULL));
    return object;
}

/* Room for a list of top agents, never larger than the crowd. NULL with n 0 or without memory. */
static throng_top_agent *top_room(throng_i_reporter *self, const throng_population *population, int *n) {
    throng_top_agent *room = NULL;
    *n = self->def->top < population->n_rows ? self->def->top : (int)population->n_rows;
    if (*n > 0 && throng_i_alloc(self->context, *n, sizeof *room, &room, NULL) != THRONG_OK)
        throng_i_report_fail(self);
    return room;
}

/* The same for an agent, if the method samples. */
static void put_interval(throng_i_reporter *self, json_t *object, int64_t time, const throng_top_agent *one) {
    const double *errors = throng_attribution_standard_error(self->attribution);
    if (!errors)
        return;
    double error = time >= 0 ? errors[one->row] : throng_attribution_change_error(self->attribution, one->agent);
    put_error(self, object, time, one->phi, error);
}

json_t *throng_i_report_top(throng_i_reporter *self, int64_t time) {
    int n = 0;
    throng_top_agent *top = top_room(self, self->population, &n);
    facts *known = NULL;
    json_t *list = json_array();
    double total = throng_i_report_total(self, time);
    n = top ? throng_attribution_top(self->attribution, time, n, top) : 0;
    fact_job job = {self, top, n};
    if (throng_i_alloc(self->context, n, sizeof *known, &known, NULL) != THRONG_OK ||
        throng_i_population_in_turn(self->population, find_facts, &job, known, n * (int64_t)sizeof *known, NULL) !=
            THRONG_OK) {
        throng_i_report_fail(self);
        n = 0;
    }
    for (int i = 0; i < n; i++) {
        json_t *object = top_agent(self, i + 1, top[i].row, &known[i], top[i].phi, total);
        put_interval(self, object, time, &top[i]);
        throng_i_json_append(&self->failed, list, object);
    }
    throng_i_free(self->context, known);
    throng_i_free(self->context, top);
    return list;
}

/* ---- the panel ------------------------------------------------------------------------------------------------- */

/* The panel's members by the cohorts that they have in the crowd. */
static json_t *panel_cohorts(throng_i_reporter *self, double total) {
    const throng_panel_view *panel = self->def->panel;
    const double *phi = throng_attribution_phi(panel->attribution);
    throng_cohort_credit crowd[THRONG_COHORTS_MAX], drawn[THRONG_COHORTS_MAX] = {{.n_agents = 0}};
    double absolute = 0.0, crowd_absolute = 0.0;
    int n = self->cohorts ? throng_cohorts_count(self->cohorts) : 0;
    json_t *list = json_array();
    if (n > 0)
        throng_attribution_cohorts(self->attribution, self->cohorts, panel->time, crowd);
    for (int i = 0; i < panel->n && n > 0; i++) {
        throng_cohort_credit *its = &drawn[throng_cohorts_view(self->cohorts)[panel->rows[i]]];
        its->n_agents++;
        its->phi += phi[i];
        its->absolute += fabs(phi[i]);
        absolute += fabs(phi[i]);
    }
    for (int i = 0; i < n; i++)
        crowd_absolute += crowd[i].absolute;
    for (int i = 0; i < n; i++) {
        json_t *object = cohort(self, throng_cohorts_name(self->cohorts, i), throng_cohorts_meaning(self->cohorts, i),
                                drawn[i], total, absolute);
        if (panel->given) { /* the crowd's cohorts are not among its aggregates */
            throng_i_json_append(&self->failed, list, object);
            continue;
        }
        put(self, object, "crowd_agents", json_integer(crowd[i].n_agents));
        put(self, object, "crowd_share", throng_i_json_share(crowd[i].phi, throng_i_report_total(self, panel->time)));
        put(self, object, "crowd_absolute_share", throng_i_json_share(crowd[i].absolute, crowd_absolute));
        throng_i_json_append(&self->failed, list, object);
    }
    return list;
}

static json_t *panel_top(throng_i_reporter *self, double total) {
    const throng_panel_view *panel = self->def->panel;
    const double *crowd_phi = throng_attribution_phi(self->attribution);
    int n = 0;
    throng_top_agent *top = top_room(self, panel->attribution->population, &n);
    json_t *list = json_array();
    n = top ? throng_attribution_top(panel->attribution, 0, n, top) : 0;
    for (int i = 0; i < n; i++) {
        int64_t row = panel->rows[top[i].row];
        facts its = facts_of(self, row);
        json_t *object = top_agent(self, i + 1, row, &its, top[i].phi, total);
        put(self, object, "crowd_phi", throng_i_json_real(crowd_phi[row]));
        if (panel->corrected)
            put(self, object, "corrected_phi", throng_i_json_real(panel->corrected[top[i].row]));
        throng_i_json_append(&self->failed, list, object);
    }
    throng_i_free(self->context, top);
    return list;
}

static json_t *panel_comparison(throng_i_reporter *self, const throng_panel_comparison *it) {
    json_t *object = json_object();
    put(self, object, "scale", throng_i_json_real(it->scale));
    put(self, object, "residual", throng_i_json_real(it->residual));
    put(self, object, "angle_degrees", throng_i_json_real(it->angle));
    put(self, object, "rank_correlation", throng_i_json_real(it->rank_correlation));
    put(self, object, "sign_flips", json_integer((json_int_t)it->sign_flips));
    put(self, object, "corrected_error", throng_i_json_real(it->corrected_error));
    return object;
}

static json_t *quantiles(throng_i_reporter *self, throng_panel_quantiles it) {
    json_t *object = json_object();
    put(self, object, "q05", throng_i_json_real(it.low));
    put(self, object, "q50", throng_i_json_real(it.median));
    put(self, object, "q95", throng_i_json_real(it.high));
    return object;
}

/* What chance does to the comparison: quantiles over further draws. */
static json_t *panel_spread(throng_i_reporter *self, const throng_panel_spread *it) {
    json_t *object = json_object(), *list = json_array();
    put(self, object, "draws", json_integer(it->draws));
    put(self, object, "undefined", json_integer(it->undefined));
    put(self, object, "scale", quantiles(self, it->scale));
    put(self, object, "residual", quantiles(self, it->residual));
    put(self, object, "angle_degrees", quantiles(self, it->angle));
    put(self, object, "rank_correlation", quantiles(self, it->rank_correlation));
    put(self, object, "sign_flips", quantiles(self, it->sign_flips));
    put(self, object, "corrected_error", quantiles(self, it->corrected_error));
    for (int i = 0; i < it->n_cohorts; i++) {
        json_t *one = json_object();
        put(self, one, "name", throng_i_json_string(throng_cohorts_name(self->cohorts, i)));
        put(self, one, "share", quantiles(self, it->share[i]));
        put(self, one, "absolute_share", quantiles(self, it->absolute_share[i]));
        throng_i_json_append(&self->failed, list, one);
    }
    put(self, object, "cohorts", list);
    return object;
}

static const char *drawn_how(const throng_i_reporter *self) {
    if (self->def->panel->given)
        return "not by throng";
    if (self->def->panel->bias == THRONG_PANEL_TOP)
        return "as the largest weights";
    return self->def->panel->bias == THRONG_PANEL_WEIGHT && self->population->weight.name ? "by weight" : "equally";
}

json_t *throng_i_report_aggregates(throng_i_reporter *self) {
    const throng_aggregates *it = self->def->aggregates;
    json_t *object = json_object();
    put(self, object, "agents", json_integer(it->n_agents));
    put(self, object, "mass", throng_i_json_real(it->mass));
    put(self, object, "time", *it->time ? throng_i_json_string(it->time) : json_null());
    put(self, object, "count", json_integer(it->k));
    return object;
}

json_t *throng_i_report_panel(throng_i_reporter *self) {
    const throng_panel_view *panel = self->def->panel;
    throng_certificate certificate = throng_attribution_certificate(panel->attribution, 0);
    throng_certificate crowd = throng_attribution_certificate(self->attribution, panel->time);
    json_t *object = json_object(), *values = json_object();
    put(self, values, "baseline", throng_i_json_real(certificate.nobody));
    put(self, values, "observed", throng_i_json_real(certificate.everybody));
    put(self, values, "crowd_baseline", throng_i_json_real(crowd.nobody));
    put(self, values, "crowd_observed", throng_i_json_real(crowd.everybody));
    put(self, object, "size", json_integer(panel->n));
    put(self, object, "time", throng_i_report_time(self, panel->time));
    put(self, object, "seed", json_integer((json_int_t)self->def->seed));
    put(self, object, "bias", panel->given ? json_null() : json_string(throng_panel_bias_name(panel->bias)));
    put(self, object, "drawn", json_string(drawn_how(self)));
    put(self, object, "indicator", values);
    put(self, object, "certificate", throng_i_report_certificate(self, panel->attribution, 0));
    if (panel->comparison)
        put(self, object, "comparison", panel_comparison(self, panel->comparison));
    if (panel->spread)
        put(self, object, "spread", panel_spread(self, panel->spread));
    if (panel->uncorrected)
        put(self, object, "uncorrected", throng_i_json_string(panel->uncorrected));
    put(self, object, "cohorts", panel_cohorts(self, certificate.sum_phi));
    put(self, object, "top", panel_top(self, certificate.sum_phi));
    return object;
}
