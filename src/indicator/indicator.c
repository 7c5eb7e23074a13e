/* Indicators: registration, parameters, and calling f and its gradient. */
#include "indicator/indicator.h"

#include <math.h>
#include <string.h>

/* ---- registration ---------------------------------------------------------------------------------------------- */

static bool histogram_params(const throng_about *about) {
    return throng_i_param_index(about, "bins") >= 0 && throng_i_param_index(about, "low") >= 0 &&
           throng_i_param_index(about, "high") >= 0;
}

/* What is missing for the descriptor's form, or NULL. */
static const char *missing_part(const throng_indicator *indicator) {
    switch (indicator->form) {
    case THRONG_FORM_MOMENTS:
        if (indicator->n_aggregates < 2 || indicator->n_aggregates > 5)
            return "n_aggregates from 2 to 5";
        return indicator->value ? NULL : "a value function";
    case THRONG_FORM_HISTOGRAM:
        if (!histogram_params(&indicator->about))
            return "the parameters THRONG_PARAMS_HISTOGRAM";
        return indicator->value ? NULL : "a value function";
    case THRONG_FORM_FEATURES:
        if (indicator->n_aggregates < 1 || indicator->n_aggregates > 8)
            return "n_aggregates from 1 to 8";
        return indicator->value && indicator->features ? NULL : "a value function and features";
    case THRONG_FORM_DISTRIBUTION:
        return indicator->distribution ? NULL : "a distribution function";
    case THRONG_FORM_NETWORK:
        return indicator->network ? NULL : "a network function";
    case THRONG_FORM_COUNT:
        break;
    }
    return "a form";
}

/* Only indicators are given their texts, and only by prepare. */
static bool has_text(const throng_about *about) {
    for (int i = 0; about->params && about->params[i].name; i++)
        if (about->params[i].kind == THRONG_PARAM_TEXT)
            return true;
    return false;
}

throng_status throng_i_indicator_register(throng_context *context, const throng_indicator *indicator,
                                          throng_error *err) {
    if (indicator->about.struct_size == sizeof *indicator) {
        const char *missing = missing_part(indicator);
        if (!missing && indicator->path != THRONG_PATH_STATE && indicator->path != THRONG_PATH_PRESENCE)
            missing = "a default path, THRONG_PATH_STATE or THRONG_PATH_PRESENCE";
        if (!missing && (!indicator->baseline ||
                         (strcmp(indicator->baseline, "neutral") != 0 && strcmp(indicator->baseline, "mean") != 0)))
            missing = "a default baseline, \"neutral\" or \"mean\"";
        if (!missing && has_text(&indicator->about) && !indicator->prepare)
            missing = "prepare, to read its text parameters";
        if (missing)
            return THRONG_FAIL(err, E_PLUGIN, "The indicator %s needs %s.",
                               indicator->about.name ? indicator->about.name : "(no name)", missing);
    }
    return throng_i_context_register(context, THRONG_KIND_INDICATOR, &indicator->about, sizeof *indicator, err);
}

/* ---- use ------------------------------------------------------------------------------------------------------- */

/* The value of a parameter, or a stand-in if the indicator has none of that name. */
static double param(const throng_i_indicator *indicator, const char *name, double otherwise) {
    int index = throng_i_param_index(&indicator->descriptor->about, name);
    return index < 0 ? otherwise : indicator->use.param[index];
}

static throng_status prepare(throng_context *context, throng_i_indicator *indicator, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_indicator *descriptor = indicator->descriptor;
    const char *text[THRONG_I_PARAMS_MAX] = {NULL};
    void *state = NULL;
    int most = indicator->n_aggregates;
    if (!descriptor->prepare)
        return THRONG_OK;
    for (int i = 0; descriptor->about.params && descriptor->about.params[i].name; i++)
        if (descriptor->about.params[i].kind == THRONG_PARAM_TEXT)
            text[i] = throng_i_plugin_text(&indicator->use, i);
    THRONG_TRY(throng_i_alloc(context, 1, descriptor->state_size, &state, err));
    throng_setting setting = {.param = indicator->use.param, .n_aggregates = most};
    throng_prepared facts = {most, indicator->endpoints};
    THRONG_TRY(descriptor->prepare(&setting, text, state, &facts, err));
    int least = descriptor->form == THRONG_FORM_MOMENTS ? 2 : descriptor->form == THRONG_FORM_FEATURES ? 1 : most;
    THRONG_REQUIRE(facts.n_aggregates >= least && facts.n_aggregates <= most, E_PLUGIN,
                   "%s asks for %d aggregates; its descriptor allows %d to %d.", descriptor->about.name,
                   facts.n_aggregates, least, most);
    indicator->n_aggregates = facts.n_aggregates;
    indicator->endpoints = facts.endpoints;
    indicator->state = state;
    state = NULL;
out:
    throng_i_free(context, state);
    return status;
}

throng_status throng_i_indicator_init(throng_context *context, const char *spec, throng_i_indicator *out,
                                      throng_error *err) {
    throng_i_indicator indicator = {0};
    throng_status status = throng_i_plugin_parse(context, THRONG_KIND_INDICATOR, spec, &indicator.use, err);
    if (status != THRONG_OK)
        return status;
    indicator.descriptor = (const throng_indicator *)(const void *)indicator.use.about;
    indicator.weighted =
        (indicator.descriptor->flags & THRONG_INDICATOR_WEIGHTED) || param(&indicator, "weighted", 0.0) != 0.0;
    indicator.n_aggregates = indicator.descriptor->form == THRONG_FORM_HISTOGRAM ? (int)param(&indicator, "bins", 2)
                                                                                 : indicator.descriptor->n_aggregates;
    indicator.endpoints = indicator.descriptor->flags & THRONG_INDICATOR_ENDPOINTS;
    indicator.low = param(&indicator, "low", (double)NAN);
    indicator.high = param(&indicator, "high", (double)NAN);
    status = prepare(context, &indicator, err);
    if (status == THRONG_OK)
        *out = indicator;
    return status;
}

void throng_i_indicator_clear(throng_context *context, throng_i_indicator *indicator) {
    throng_i_free(context, indicator->state);
    indicator->state = NULL;
}

throng_status throng_i_indicator_set_range(throng_i_indicator *indicator, double smallest, double largest,
                                           throng_error *err) {
    double low = isnan(indicator->low) ? smallest : indicator->low;
    double high = isnan(indicator->high) ? largest : indicator->high;
    /* A crowd of one opinion has no range of its own: bins as wide as 1 around it. */
    if (low == high && isnan(indicator->low) && isnan(indicator->high)) {
        low -= 0.5;
        high += 0.5;
    }
    if (!(low < high))
        return THRONG_FAIL(err, E_PARAMETER, "%s: low must lie below high, got bins from %g to %g.",
                           indicator->descriptor->about.name, low, high);
    indicator->low = low;
    indicator->high = high;
    /* From here on the indicator is said with these edges: whoever repeats it, on a panel say, gets the same bins. */
    indicator->use.param[throng_i_param_index(&indicator->descriptor->about, "low")] = low;
    indicator->use.param[throng_i_param_index(&indicator->descriptor->about, "high")] = high;
    return THRONG_OK;
}

throng_setting throng_i_indicator_setting(const throng_i_indicator *indicator, int64_t n_agents) {
    throng_setting setting = {.param = indicator->use.param,
                              .state = indicator->state,
                              .low = indicator->low,
                              .width = (indicator->high - indicator->low) / indicator->n_aggregates,
                              .n_aggregates = indicator->n_aggregates,
                              .n_agents = (double)n_agents};
    return setting;
}

double throng_i_indicator_value(const throng_i_indicator *indicator, const throng_setting *setting, const double *m) {
    return indicator->descriptor->value(setting, m);
}

/* The step that balances rounding against the third derivative. */
#define DIFFERENCE_STEP 6e-6

void throng_i_indicator_gradient(const throng_i_indicator *indicator, const throng_setting *setting, const double *m,
                                 double *out) {
    if (indicator->descriptor->gradient) {
        indicator->descriptor->gradient(setting, m, out);
        return;
    }
    double near[THRONG_AGGREGATES_MAX];
    memcpy(near, m, (size_t)setting->n_aggregates * sizeof *m);
    for (int k = 0; k < setting->n_aggregates; k++) {
        double step = DIFFERENCE_STEP * (fabs(m[k]) > 1.0 ? fabs(m[k]) : 1.0);
        near[k] = m[k] + step;
        double above = indicator->descriptor->value(setting, near);
        near[k] = m[k] - step;
        double below = indicator->descriptor->value(setting, near);
        near[k] = m[k];
        out[k] = (above - below) / (2.0 * step);
    }
}
