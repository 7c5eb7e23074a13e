/* An indicator of states that move: its value and how it moves with each of them, for several lanes at once. */
#ifndef THRONG_SRC_ATTRIBUTION_OUTCOME_H
#define THRONG_SRC_ATTRIBUTION_OUTCOME_H

#include "indicator/indicator.h"

#define THRONG_I_OUTCOME_LANES 8

typedef struct throng_i_outcome {
    throng_context *context;
    throng_i_indicator indicator;
    throng_setting setting;
    int64_t n;
    const double *weight; /* [n]; NULL: everyone counts alike */
    double mass;          /* sum of weights */
    double shift;         /* moments of shift-invariant indicators are taken about this */
    double *points;       /* DISTRIBUTION: [4 n] state, mass and their derivatives */
    int64_t *order;
} throng_i_outcome;

/* @param state [n] the states at the start: they set the bins of histograms and the shift. E_UNKNOWN_NAME, E_PARAMETER,
 * E_DOMAIN, E_WEIGHT. */
THRONG_MUST_USE throng_status throng_i_outcome_init(throng_context *context, const char *indicator, int64_t n,
                                                    const double *state, const double *weight, throng_i_outcome *out,
                                                    throng_error *err);
void throng_i_outcome_clear(throng_i_outcome *outcome);

/* value[l] of the states x[n * lanes]. E_DEGENERATE in the indicator's own words. */
THRONG_MUST_USE throng_status throng_i_outcome_value(throng_i_outcome *outcome, int lanes, const double *x,
                                                     double *value, throng_error *err);

/* Size of the terms that the value of the states x[n] is made of; 0: unknown. */
THRONG_MUST_USE throng_status throng_i_outcome_magnitude(throng_i_outcome *outcome, const double *x, double *out,
                                                         throng_error *err);

/* of[k] += scale[lane of k] * d value[lane of k] / d x[k]. */
THRONG_MUST_USE throng_status throng_i_outcome_seed(throng_i_outcome *outcome, int lanes, const double *x,
                                                    const double *scale, double *of, throng_error *err);

#endif
