/* An indicator in use: a descriptor with its parameters, and safe ways to call it. */
#ifndef THRONG_SRC_INDICATOR_H
#define THRONG_SRC_INDICATOR_H

#include "core/core.h"
#include "throng/indicator.h"

typedef struct throng_i_indicator {
    const throng_indicator *descriptor;
    throng_i_plugin_use use; /* parameters as given and defaulted */
    bool weighted;           /* agents count by their weight */
    double low, high;        /* HISTOGRAM: range of the bins, NaN until known */
    int n_aggregates;
    bool endpoints; /* the gradient may be singular at the ends of the path */
    void *state;    /* what the descriptor's prepare made; NULL: nothing */
} throng_i_indicator;

/* Registers an indicator after checking that the descriptor is complete for its form. E_PLUGIN. */
THRONG_MUST_USE throng_status throng_i_indicator_register(throng_context *context, const throng_indicator *indicator,
                                                          throng_error *err);

/* Finds an indicator by "name:key=value,...", checks its parameters and prepares it. E_UNKNOWN_NAME, E_PARAMETER. */
THRONG_MUST_USE throng_status throng_i_indicator_init(throng_context *context, const char *spec,
                                                      throng_i_indicator *out, throng_error *err);
void throng_i_indicator_clear(throng_context *context, throng_i_indicator *indicator);

/* Fixes the bins of a HISTOGRAM: automatic edges become the smallest and largest state. E_PARAMETER if low >= high. */
THRONG_MUST_USE throng_status throng_i_indicator_set_range(throng_i_indicator *indicator, double smallest,
                                                           double largest, throng_error *err);

/* What the descriptor's functions look at, for a crowd of n_agents. It borrows from indicator. */
throng_setting throng_i_indicator_setting(const throng_i_indicator *indicator, int64_t n_agents);

/* f(m), and its gradient: the descriptor's, or central differences. */
double throng_i_indicator_value(const throng_i_indicator *indicator, const throng_setting *setting, const double *m);
void throng_i_indicator_gradient(const throng_i_indicator *indicator, const throng_setting *setting, const double *m,
                                 double *out);

/* Bin of a state: outer bins take what lies outside. */
static inline int throng_i_bin(const throng_setting *setting, double x) {
    double place = (x - setting->low) / setting->width;
    if (!(place > 0.0))
        return 0;
    return place >= setting->n_aggregates - 1 ? setting->n_aggregates - 1 : (int)place;
}

#endif
