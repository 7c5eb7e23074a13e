/* Cohorts while a population is attributed: the sums whose standard errors are wanted, and cohorts as players. */
#ifndef THRONG_SRC_ATTRIBUTION_BY_COHORT_H
#define THRONG_SRC_ATTRIBUTION_BY_COHORT_H

#include "attribution/attribution.h"

/* The cohorts of one time's players, as a method takes them. */
typedef struct throng_i_by_cohort {
    throng_context *context;
    int32_t *own;           /* [players] cohort of each; players that are cohorts are their own */
    int32_t *final;         /* [players] cohort of each in the change; NULL: not wanted */
    int32_t *first, *count; /* [branches] */
    throng_group_sums sums[2];
    int n_sums; /* 0: the method does not sample, or there are no cohorts */
} throng_i_by_cohort;

/* Room for what is kept by cohort: cohort_phi and cohort_error. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_by_cohort_reserve(throng_attribution *self, throng_error *err);

/* Groups of a time; standard errors go where `self` keeps them. Clear it in any case. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_by_cohort_init(throng_attribution *self, int64_t time, throng_i_by_cohort *out,
                                                      throng_error *err);
void throng_i_by_cohort_clear(throng_i_by_cohort *self);

/* Attributes a time's value function with its cohorts as players. */
THRONG_MUST_USE throng_status throng_i_by_cohort_attribute(throng_attribution *self, int64_t time,
                                                           const throng_value_function *function,
                                                           const throng_method_options *options,
                                                           const throng_i_by_cohort *groups, throng_error *err);

/* The errors of the change, from those of its ends; its sum and residual if the players are cohorts. */
void throng_i_by_cohort_find_change(throng_attribution *self);

#endif
