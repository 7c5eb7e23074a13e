/* The crowd of one time: what the forms share. */
#include "attribution/crowd.h"

#include <math.h>
#include <string.h>

static const throng_i_form *const forms[THRONG_FORM_COUNT] = {
    [THRONG_FORM_MOMENTS] = &throng_i_form_moments,   [THRONG_FORM_HISTOGRAM] = &throng_i_form_features,
    [THRONG_FORM_FEATURES] = &throng_i_form_features, [THRONG_FORM_DISTRIBUTION] = &throng_i_form_distribution,
    [THRONG_FORM_NETWORK] = &throng_i_form_network,
};

/* ---- which paths lead somewhere -------------------------------------------------------------------------------- */

throng_status throng_i_crowd_check(const throng_indicator *indicator, throng_path path, throng_baseline baseline,
                                   throng_error *err) {
    const char *name = indicator->about.name;
    bool one_point = baseline == THRONG_BASELINE_NEUTRAL || baseline == THRONG_BASELINE_MEAN;
    bool scale = indicator->flags & THRONG_INDICATOR_SCALE_INVARIANT;
    bool shift = indicator->flags & THRONG_INDICATOR_SHIFT_INVARIANT;
    if (path == THRONG_PATH_STATE && indicator->form == THRONG_FORM_HISTOGRAM)
        return THRONG_FAIL(err, E_DEGENERATE,
                           "%s counts agents in bins, which do not change while a state moves inside one: there is no "
                           "gradient on the state path. Take --path presence.",
                           name);
    if (path == THRONG_PATH_STATE && (indicator->flags & THRONG_INDICATOR_PRESENCE_ONLY))
        return THRONG_FAIL(err, E_DEGENERATE,
                           "%s takes states for what they are, not for places on a way: there is no state path. Take "
                           "--path presence.",
                           name);
    if (path == THRONG_PATH_STATE && scale && shift && one_point)
        return THRONG_FAIL(
            err, E_DEGENERATE,
            "%s depends on the shape of the crowd alone, which stays the same while all states move away "
            "from one point: the state path is constant. Take --path presence, or --baseline first or a "
            "column.",
            name);
    if (scale && !shift && baseline == THRONG_BASELINE_NEUTRAL)
        return THRONG_FAIL(
            err, E_DEGENERATE,
            "%s compares states with their mean, and with everybody at the neutral 0 there is no mean to "
            "compare with%s. Take --baseline mean (everybody equal).",
            name, path == THRONG_PATH_STATE ? "; on the way from 0 it does not change either" : "");
    return THRONG_OK;
}

bool throng_i_crowd_has_reference(const throng_indicator *indicator, throng_path path, throng_baseline baseline) {
    bool one_point = baseline == THRONG_BASELINE_NEUTRAL || baseline == THRONG_BASELINE_MEAN;
    return one_point && path == THRONG_PATH_PRESENCE && (indicator->flags & THRONG_INDICATOR_SCALE_INVARIANT) &&
           (indicator->flags & THRONG_INDICATOR_SHIFT_INVARIANT);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

void throng_i_block_load(const throng_i_crowd *crowd, int64_t begin, int64_t end, throng_i_block *block) {
    int64_t row = crowd->begin + begin, n = end - begin;
    block->n = n;
    block->x = throng_i_column_block(&crowd->state, row, n, block->scratch[0]);
    block->w = crowd->weight.data ? throng_i_column_block(&crowd->weight, row, n, block->scratch[1]) : NULL;
    block->b = NULL;
    if (crowd->constant)
        return;
    if (crowd->baseline_column.data) {
        block->b = throng_i_column_block(&crowd->baseline_column, row, n, block->scratch[2]);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t first = crowd->first_row[throng_population_agent(crowd->population, row + i)];
        double unused[1];
        block->scratch[2][i] = *throng_i_column_block(&crowd->state, first, 1, unused);
    }
    block->b = block->scratch[2];
}

/* ---- mass and mean --------------------------------------------------------------------------------------------- */

static void add_mass(void *user, throng_chunk chunk, double *sums) {
    const throng_i_crowd *crowd = user;
    throng_i_block block;
    for (int64_t at = chunk.begin; at < chunk.end; at += THRONG_I_BLOCK) {
        throng_i_block_load(crowd, at, at + THRONG_I_BLOCK < chunk.end ? at + THRONG_I_BLOCK : chunk.end, &block);
        for (int64_t i = 0; i < block.n; i++) {
            double w = block.w ? block.w[i] : 1.0;
            sums[0] += w;
            sums[1] += w * block.x[i];
        }
    }
}

/* Total mass, and the mean state if that is the baseline. Moments find both in their own first pass. */
static throng_status measure_mass(throng_i_crowd *crowd, bool mean_baseline, throng_error *err) {
    double sums[2];
    throng_status status = throng_i_share_sum(crowd->context, crowd->n, 2, add_mass, crowd, NULL, sums, err);
    if (status != THRONG_OK)
        return status;
    crowd->mass = sums[0];
    if (mean_baseline)
        crowd->baseline = sums[1] / sums[0];
    return THRONG_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

throng_status throng_i_crowd_init(throng_context *context, const throng_i_crowd_def *def, throng_i_crowd *crowd,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_indicator *descriptor = def->indicator->descriptor;
    int64_t end = 0;
    *crowd = (throng_i_crowd){.context = context,
                              .population = def->population,
                              .indicator = def->indicator,
                              .path = def->path,
                              .state = def->population->state,
                              .first_row = def->first_row,
                              .graph = def->graph,
                              .progress = def->progress};
    throng_population_slice(def->population, def->time, &crowd->begin, &end);
    crowd->n = end - crowd->begin;
    crowd->mass = (double)crowd->n;
    if (def->indicator->weighted)
        crowd->weight = def->population->weight;
    if (def->baseline == THRONG_BASELINE_COLUMN)
        crowd->baseline_column = def->population->baseline;
    crowd->constant = def->baseline == THRONG_BASELINE_NEUTRAL || def->baseline == THRONG_BASELINE_MEAN;
    crowd->reference_crowd = throng_i_crowd_has_reference(descriptor, def->path, def->baseline);
    crowd->setting = throng_i_indicator_setting(def->indicator, crowd->n);
    bool mean_baseline = def->baseline == THRONG_BASELINE_MEAN || crowd->reference_crowd;
    if (mean_baseline)
        crowd->baseline = (double)NAN; /* known after the first pass */
    if (descriptor->form != THRONG_FORM_MOMENTS)
        THRONG_TRY(measure_mass(crowd, mean_baseline, err));
    THRONG_TRY(forms[descriptor->form]->prepare(crowd, err));
    crowd->progress.done += crowd->n;
    return THRONG_OK;
out:
    throng_i_crowd_clear(crowd);
    return status;
}

void throng_i_crowd_clear(throng_i_crowd *crowd) {
    throng_i_network_clear(crowd);
    throng_i_free(crowd->context, crowd->present);
    throng_i_free(crowd->context, crowd->points);
    throng_i_free(crowd->context, crowd->order);
    crowd->present = NULL;
    crowd->points = NULL;
    crowd->order = NULL;
}

/* Terms f_k m_k of the value when everybody or nobody takes part. */
static double magnitude_of(const throng_i_crowd *crowd, double t) {
    double m[THRONG_AGGREGATES_MAX], f[THRONG_AGGREGATES_MAX], sum = 0.0;
    forms[crowd->indicator->descriptor->form]->aggregates(crowd, t, m);
    throng_i_indicator_gradient(crowd->indicator, &crowd->setting, m, f);
    for (int k = 0; k < crowd->setting.n_aggregates; k++)
        sum += fabs(f[k] * m[k]);
    return isfinite(sum) ? sum : 0.0;
}

throng_value_function throng_i_crowd_function(throng_i_crowd *crowd) {
    const throng_indicator *descriptor = crowd->indicator->descriptor;
    const throng_i_form *form = forms[descriptor->form];
    bool presence = crowd->path == THRONG_PATH_PRESENCE;
    throng_value_function function = {
        .self = crowd,
        .n_agents = crowd->n,
        .value = throng_i_crowd_value,
        .gradient = throng_i_crowd_gradient,
        .ray_value = form->value,
        .ray_slope = presence || form->slope_on_state ? form->slope : NULL,
        .ray_credit = form->credit,
        .singular_ends = crowd->indicator->endpoints,
        .apart = true,
    };
    function.magnitude = form->aggregates ? fmax(magnitude_of(crowd, 0.0), magnitude_of(crowd, 1.0)) : 0.0;
    if (form->aggregates) {
        function.n_aggregates = crowd->setting.n_aggregates;
        function.aggregates_linear = presence;
        function.aggregate_origin = throng_i_crowd_origin;
        function.aggregate_steps = throng_i_crowd_steps;
        function.aggregate_value = throng_i_crowd_aggregate_value;
        function.aggregate_gradient = throng_i_crowd_aggregate_gradient;
    }
    if (descriptor->form == THRONG_FORM_MOMENTS && crowd->constant) {
        function.aggregate_summary = throng_i_moments_summary;
        function.aggregate_quadratic = throng_i_moments_quadratic;
    }
    return function;
}
