/* A finished attribution, for the report stage. */
#ifndef THRONG_SRC_ATTRIBUTION_ATTRIBUTION_H
#define THRONG_SRC_ATTRIBUTION_ATTRIBUTION_H

#include "attribution/world_run.h"
#include "indicator/indicator.h"
#include "throng/attribution.h"

struct throng_attribution {
    throng_context *context;
    const throng_population *population;
    throng_i_indicator indicator;
    char indicator_spec[THRONG_I_SPEC_LENGTH], method_spec[THRONG_I_SPEC_LENGTH];
    throng_attribution_def def; /* resolved */
    double *phi;                /* [rows] NULL: the players are cohorts */
    double *cohort_phi;         /* [times][cohorts] of players that are cohorts; NULL: agents are players */
    double *cohort_error;       /* [times + 2][branches] standard errors, NaN where not known: at each time, of the
                                   change, and what the first time adds to that; NULL: the method does not sample */
    bool samples;               /* the method does */
    throng_certificate *certificates; /* [times] */
    throng_i_world_run *world;        /* NULL: states are as observed */
    double *standard_error;           /* [rows] NULL: the method does not sample */
    bool stopped;                     /* the estimate so far */
    double magnitude;                 /* largest of all times' value functions */
    throng_change change;
    double *change_error; /* [agents] standard errors of both ends added; NULL: the method does not sample */
    double *change_phi;   /* [agents] the same memory as phi if there is one time and an agent a row */
    int64_t
        *change_row; /* [agents] an agent's row at the last time, else at the first, else -1; NULL: agent a has row a */
};

/* Fills change, change_phi and change_row from phi and the certificates of all times. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_attribution_find_change(throng_attribution *self, throng_error *err);

/* Whether a rank needs no more of the crowd than the rows of its share: a path integral, of sums over agents. False if
 * there is one rank, or if the definition is wrong, which throng_attribute will say. */
bool throng_i_attribution_by_share(const throng_context *context, const throng_attribution_def *def);

#endif
