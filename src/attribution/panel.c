/* The panel beside the crowd: drawn, attributed as if there were nobody else, corrected, compared, and drawn again. */
#include "attribution/panel.h"
#include "attribution/aggregates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MEASURES 6 /* numbers of a throng_panel_comparison */

struct throng_panel {
    throng_context *context;
    throng_population *population;
    throng_attribution *attribution;
    int64_t *rows; /* [view.n] */
    double *corrected;
    char uncorrected[THRONG_MESSAGE_LENGTH];
    throng_panel_comparison comparison;
    throng_panel_spread spread;
    throng_panel_quantiles *shares; /* [2][n_cohorts] */
    throng_panel_view view;
};

/* What all panels of a crowd share while they are made. */
typedef struct maker {
    throng_context *context;
    const throng_attribution *crowd;
    const throng_cohorts *cohorts; /* NULL: none */
    throng_aggregates *aggregates; /* NULL: no correction */
    int64_t *first_row;            /* for THRONG_BASELINE_FIRST */
    int n;                         /* members */
    int n_cohorts;
    double *crowd_phi, *corrected; /* [n] */
    double *draws;                 /* [draws][width] */
    int width, kept;               /* measures and shares; draws that have an attribution */
} maker;

/* ---- one panel ------------------------------------------------------------------------------------------------- */

/* A column of the panel's table: `source` at each member's row, or at its agent's first row. */
static throng_status add_column(const maker *self, throng_table *table, const char *name, const int64_t *rows,
                                const throng_column_view *source, const int64_t *first_row, throng_error *err) {
    void *data = NULL;
    throng_status status = throng_table_add(table, name, THRONG_TYPE_FLOAT64, &data, err);
    if (status != THRONG_OK)
        return status;
    double *values = data;
    for (int i = 0; i < self->n; i++) {
        double scratch[1];
        int64_t row = rows[i];
        if (first_row)
            row = first_row[throng_population_agent(self->crowd->population, row)];
        values[i] = *throng_i_column_block(source, row, 1, scratch);
    }
    return THRONG_OK;
}

/* What the members bring from the crowd: state, weight, and the baseline that is theirs alone. */
static throng_status make_population(const maker *self, const int64_t *rows, throng_population **out,
                                     throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    const throng_population *crowd = self->crowd->population;
    throng_baseline baseline = self->crowd->def.baseline;
    throng_population_def parts = throng_population_default();
    parts.state = "state";
    THRONG_TRY(throng_table_create(self->context, self->n, &table, err));
    THRONG_TRY(add_column(self, table, "state", rows, &crowd->state, NULL, err));
    if (crowd->weight.name) {
        parts.weight = "weight";
        THRONG_TRY(add_column(self, table, "weight", rows, &crowd->weight, NULL, err));
    }
    if (baseline == THRONG_BASELINE_FIRST || baseline == THRONG_BASELINE_COLUMN) {
        parts.baseline = "baseline";
        THRONG_TRY(add_column(self, table, "baseline", rows,
                              baseline == THRONG_BASELINE_FIRST ? &crowd->state : &crowd->baseline, self->first_row,
                              err));
    }
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_population_create(self->context, consumed, &parts, out, err));
out:
    throng_table_free(table);
    return status;
}

/* Attributes the members on their own, with everything that the crowd resolved. */
static throng_status attribute_alone(const maker *self, const int64_t *rows, throng_population **population,
                                     throng_attribution **attribution, throng_error *err) {
    throng_attribution_def def = throng_attribution_resolved(self->crowd);
    if (def.baseline == THRONG_BASELINE_FIRST)
        def.baseline = THRONG_BASELINE_COLUMN;
    throng_status status = make_population(self, rows, population, err);
    if (status == THRONG_OK)
        status = throng_attribute(self->context, *population, &def, attribution, err);
    return status;
}

/* Compares what the members are credited with alone and in the crowd; fills self->corrected if it can be. */
static throng_status compare(maker *self, const int64_t *rows, const throng_population *population,
                             const throng_attribution *alone, throng_panel_comparison *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double off = 0.0, whole = 0.0;
    for (int i = 0; i < self->n; i++)
        self->crowd_phi[i] = self->crowd->phi[rows[i]];
    THRONG_TRY(throng_panel_compare(self->context, self->n, alone->phi, self->crowd_phi, out, err));
    if (!self->aggregates)
        goto out;
    THRONG_TRY(throng_aggregates_credit(self->aggregates, population, self->corrected, err));
    for (int i = 0; i < self->n; i++) {
        off = hypot(off, self->corrected[i] - self->crowd_phi[i]);
        whole = hypot(whole, self->crowd_phi[i]);
    }
    out->corrected_error = whole > 0.0 ? off / whole : off;
out:
    return status;
}

/* ---- many panels ----------------------------------------------------------------------------------------------- */

/* One draw's numbers, in the order in which `summarise` takes them out again. */
static void keep(maker *self, const throng_panel_comparison *it, const int64_t *rows, const double *phi) {
    double *out = self->draws + (int64_t)self->kept++ * self->width, total = 0.0, absolute = 0.0;
    const double measures[MEASURES] = {it->scale,      it->residual,       it->angle, it->rank_correlation,
                                       it->sign_flips, it->corrected_error};
    for (int i = 0; i < MEASURES; i++)
        out[i] = measures[i];
    for (int i = 0; i < self->n && self->n_cohorts > 0; i++) {
        int cohort = throng_cohorts_view(self->cohorts)[rows[i]];
        out[MEASURES + cohort] += phi[i];
        out[MEASURES + self->n_cohorts + cohort] += fabs(phi[i]);
        total += phi[i];
        absolute += fabs(phi[i]);
    }
    for (int i = 0; i < self->n_cohorts; i++) {
        out[MEASURES + i] = total != 0.0 ? out[MEASURES + i] / total : (double)NAN;
        double *size = &out[MEASURES + self->n_cohorts + i];
        *size = absolute > 0.0 ? *size / absolute : (double)NAN;
    }
}

/* Panels that have no attribution of their own say nothing about the others. */
static bool undefined(throng_status status) {
    return status == THRONG_E_DEGENERATE || status == THRONG_E_NOT_CONVERGED || status == THRONG_E_WEIGHT;
}

static throng_status draw_one(maker *self, throng_i_urn *urn, int draw, int64_t *rows, throng_panel_spread *spread,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    throng_population *population = NULL;
    throng_attribution *alone = NULL;
    throng_panel_comparison comparison;
    throng_error reason = {0};
    THRONG_TRY(throng_i_urn_draw(urn, draw, rows, err));
    status = attribute_alone(self, rows, &population, &alone, &reason);
    if (undefined(status)) {
        spread->undefined++;
        status = THRONG_OK;
        goto out;
    }
    THRONG_REQUIRE(status != THRONG_E_CANCELLED, E_CANCELLED, "%s", reason.message);
    if (status != THRONG_OK) {
        throng_error_set(err, status, reason.file, reason.line, "Further panel %d: %.400s", draw + 1, reason.message);
        goto out;
    }
    THRONG_TRY(compare(self, rows, population, alone, &comparison, err));
    keep(self, &comparison, rows, alone->phi);
    spread->draws++;
out:
    throng_attribution_free(alone);
    throng_population_free(population);
    return status;
}

static int by_size(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

/* The value below which a part q of n ascending values lies, between neighbours by straight line. */
static double quantile(const double *sorted, int n, double q) {
    double place = q * (n - 1);
    int below = (int)place;
    return below + 1 < n ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

/* One number over all draws that have it; `scratch` is [kept]. */
static throng_panel_quantiles summarise(const maker *self, int column, double *scratch) {
    int n = 0;
    for (int draw = 0; draw < self->kept; draw++) {
        double value = self->draws[(int64_t)draw * self->width + column];
        if (!isnan(value))
            scratch[n++] = value;
    }
    if (n == 0)
        return (throng_panel_quantiles){(double)NAN, (double)NAN, (double)NAN};
    qsort(scratch, (size_t)n, sizeof *scratch, by_size);
    return (throng_panel_quantiles){quantile(scratch, n, 0.05), quantile(scratch, n, 0.5), quantile(scratch, n, 0.95)};
}

/* Draws are made one after the other: each is microseconds for a small panel, and parallel inside for a large one. */
static throng_status draw_many(maker *self, throng_i_urn *urn, throng_panel *panel, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t *rows = NULL;
    double *scratch = NULL;
    throng_panel_spread *spread = &panel->spread;
    int draws = urn->def.draws;
    self->width = MEASURES + 2 * self->n_cohorts;
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *rows, &rows, err));
    THRONG_TRY(throng_i_alloc(self->context, draws, sizeof *scratch, &scratch, err));
    THRONG_TRY(throng_i_alloc(self->context, (int64_t)draws * self->width, sizeof(double), &self->draws, err));
    THRONG_TRY(throng_i_alloc(self->context, 2 * self->n_cohorts, sizeof *panel->shares, &panel->shares, err));
    for (int draw = 0; draw < draws; draw++) {
        throng_progress progress = {"panels", "panels", draw, draws};
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
        THRONG_TRY(draw_one(self, urn, draw, rows, spread, err));
    }
    throng_panel_quantiles *numbers[MEASURES] = {&spread->scale,      &spread->residual,
                                                 &spread->angle,      &spread->rank_correlation,
                                                 &spread->sign_flips, &spread->corrected_error};
    for (int i = 0; i < MEASURES; i++)
        *numbers[i] = summarise(self, i, scratch);
    for (int i = 0; i < 2 * self->n_cohorts; i++)
        panel->shares[i] = summarise(self, MEASURES + i, scratch);
    spread->n_cohorts = self->n_cohorts;
    spread->share = panel->shares;
    spread->absolute_share = panel->shares + self->n_cohorts;
    panel->view.spread = spread;
out:
    throng_i_free(self->context, rows);
    throng_i_free(self->context, scratch);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status prepare(maker *self, throng_panel *panel, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof(double), &self->crowd_phi, err));
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof(double), &self->corrected, err));
    if (self->crowd->def.baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(self->crowd->population, &self->first_row, err));
    status = throng_aggregates_create(self->context, self->crowd, panel->view.time, &self->aggregates, &reason);
    if (status == THRONG_E_UNSUPPORTED) {
        snprintf(panel->uncorrected, sizeof panel->uncorrected, "%s", reason.message);
        panel->view.uncorrected = panel->uncorrected;
        status = THRONG_OK;
    } else if (status != THRONG_OK) {
        throng_error_set(err, status, reason.file, reason.line, "%s", reason.message);
    }
out:
    return status;
}

static throng_status make_first(maker *self, throng_i_urn *urn, throng_panel *panel, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *panel->rows, &panel->rows, err));
    THRONG_TRY(throng_i_urn_first(urn, panel->rows, err));
    panel->view.rows = panel->rows;
    panel->view.n = self->n;
    status = attribute_alone(self, panel->rows, &panel->population, &panel->attribution, &reason);
    if (status != THRONG_OK) {
        throng_error_set(err, status, reason.file, reason.line, "The panel of %d: %.400s", self->n, reason.message);
        goto out;
    }
    panel->view.attribution = panel->attribution;
    THRONG_TRY(compare(self, panel->rows, panel->population, panel->attribution, &panel->comparison, err));
    panel->view.comparison = &panel->comparison;
    if (self->aggregates) {
        THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof(double), &panel->corrected, err));
        for (int i = 0; i < self->n; i++)
            panel->corrected[i] = self->corrected[i];
        panel->view.corrected = panel->corrected;
    }
out:
    return status;
}

throng_status throng_panel_create(throng_context *context, const throng_attribution *crowd,
                                  const throng_cohorts *cohorts, const throng_panel_def *def, throng_panel **out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_panel *panel = NULL;
    throng_i_urn urn = {.context = context};
    maker self = {.context = context, .crowd = crowd, .cohorts = cohorts, .n = def->size};
    self.n_cohorts = cohorts ? throng_cohorts_count(cohorts) : 0;
    THRONG_REQUIRE(crowd->phi, E_UNSUPPORTED, "The players are cohorts, but a panel is compared agent by agent.");
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *panel, &panel, err));
    panel->context = context;
    panel->view.time = crowd->population->n_times - 1;
    panel->view.bias = def->bias;
    THRONG_TRY(throng_i_urn_init(context, crowd->population, panel->view.time, def, &urn, err));
    THRONG_TRY(prepare(&self, panel, err));
    THRONG_TRY(make_first(&self, &urn, panel, err));
    if (def->draws > 0 && def->bias != THRONG_PANEL_TOP)
        THRONG_TRY(draw_many(&self, &urn, panel, err));
    *out = panel;
    panel = NULL;
out:
    throng_aggregates_free(self.aggregates);
    throng_i_free(context, self.first_row);
    throng_i_free(context, self.crowd_phi);
    throng_i_free(context, self.corrected);
    throng_i_free(context, self.draws);
    throng_i_urn_clear(&urn);
    throng_panel_free(panel);
    return status;
}

/* ---- the panel that is all there is ---------------------------------------------------------------------------- */

static throng_status stand_beside(throng_context *context, const throng_population *members,
                                  const throng_attribution *corrected, throng_panel **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_panel *panel = NULL;
    throng_error reason = {0};
    throng_attribution_def def = throng_attribution_resolved(corrected);
    int64_t n = members->n_rows;
    THRONG_REQUIRE(n <= INT32_MAX, E_ARGUMENT, "A panel has at most %d agents, got %lld.", INT32_MAX, (long long)n);
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *panel, &panel, err));
    panel->context = context;
    status = throng_attribute(context, members, &def, &panel->attribution, &reason);
    if (undefined(status)) {
        status = THRONG_OK;
        goto out;
    }
    if (status != THRONG_OK) {
        throng_error_set(err, status, reason.file, reason.line, "%s", reason.message);
        goto out;
    }
    THRONG_TRY(throng_i_alloc(context, n, sizeof *panel->rows, &panel->rows, err));
    for (int64_t i = 0; i < n; i++)
        panel->rows[i] = i;
    THRONG_TRY(throng_panel_compare(context, n, panel->attribution->phi, corrected->phi, &panel->comparison, err));
    panel->view = (throng_panel_view){.attribution = panel->attribution,
                                      .rows = panel->rows,
                                      .n = (int)n,
                                      .given = true,
                                      .comparison = &panel->comparison};
    *out = panel;
    panel = NULL;
out:
    throng_panel_free(panel);
    return status;
}

throng_status throng_panel_correct(throng_context *context, const throng_aggregates *aggregates,
                                   const throng_population *members, throng_attribution **corrected,
                                   throng_panel **panel, throng_error *err) {
    throng_attribution *made = NULL;
    *panel = NULL;
    throng_status status = throng_i_aggregates_attribute(aggregates, members, &made, err);
    if (status == THRONG_OK)
        status = stand_beside(context, members, made, panel, err);
    if (status == THRONG_OK)
        *corrected = made;
    else
        throng_attribution_free(made);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void throng_panel_free(throng_panel *self) {
    if (!self)
        return;
    throng_attribution_free(self->attribution);
    throng_population_free(self->population);
    throng_i_free(self->context, self->rows);
    throng_i_free(self->context, self->corrected);
    throng_i_free(self->context, self->shares);
    throng_i_free(self->context, self);
}

const throng_panel_view *throng_panel_look(const throng_panel *self) {
    return &self->view;
}
