/* The aggregates of a crowd, for the report stage, which writes and reads them. */
#ifndef THRONG_SRC_ATTRIBUTION_AGGREGATES_H
#define THRONG_SRC_ATTRIBUTION_AGGREGATES_H

#include "attribution/attribution.h"
#include "attribution/crowd.h"
#include "throng/panel.h"

#define THRONG_I_LABEL_LENGTH 256

/* What a crowd knows after its first pass (see crowd.h for what the numbers mean), and how it is read. */
struct throng_aggregates {
    throng_context *context;
    char indicator[THRONG_I_SPEC_LENGTH], method[THRONG_I_SPEC_LENGTH]; /* with every parameter */
    throng_path path;
    throng_baseline baseline;                                                                      /* not DEFAULT */
    char state[THRONG_I_LABEL_LENGTH], weight[THRONG_I_LABEL_LENGTH], time[THRONG_I_LABEL_LENGTH]; /* "": none */
    int64_t n_agents;
    double mass;
    double origin, origin_baseline; /* what states and baselines are measured from: shift, shift_baseline */
    double baseline_state;          /* everybody's, if it is one for all; else 0 */
    double reference_spread;        /* of the reference crowd; 0 if there is none */
    int k;                          /* number of aggregates */
    double *observed, *absent;      /* [k] */
    double *mixed;                  /* [k][k] moments on the state path with own baselines; NULL otherwise */
    throng_certificate certificate; /* the crowd's */
};

/* Aggregates of k numbers, all zero: the reader fills them. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_aggregates_alloc(throng_context *context, int k, bool mixed,
                                                        throng_aggregates **out, throng_error *err);

/* Whether moments on the state path with own baselines: mixed is what they need. */
bool throng_i_aggregates_mixed(const throng_indicator *indicator, throng_path path, throng_baseline baseline);

/* An attribution of the panel whose phi are the corrected ones. Its certificate is the crowd's, but for sum_phi, which
 * is the members', and `efficient`: a panel's credits do not add up to the crowd's change. */
THRONG_MUST_USE throng_status throng_i_aggregates_attribute(const throng_aggregates *self,
                                                            const throng_population *panel, throng_attribution **out,
                                                            throng_error *err);

#endif
