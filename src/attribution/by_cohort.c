/* Cohorts while a population is attributed: see by_cohort.h. */
#include "attribution/by_cohort.h"
#include "attribution/relative.h"
#include "population/population.h"

#include <math.h>

/* ---- room ------------------------------------------------------------------------------------------------------ */

/* Rows of cohort_error: one a time, then the change's, then what the first time adds to it. */
static int64_t row_of_change(const throng_attribution *self) {
    return self->population->n_times;
}

throng_status throng_i_by_cohort_reserve(throng_attribution *self, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_cohorts *cohorts = self->def.cohorts;
    int64_t n_times = self->population->n_times;
    if (self->def.players == THRONG_PLAYERS_COHORTS)
        THRONG_TRY(throng_i_alloc(self->context, n_times * throng_cohorts_count(cohorts), sizeof *self->cohort_phi,
                                  &self->cohort_phi, err));
    if (cohorts && self->samples) {
        int64_t n = (n_times + 2) * throng_cohorts_branches(cohorts);
        THRONG_TRY(throng_i_alloc(self->context, n, sizeof *self->cohort_error, &self->cohort_error, err));
        for (int64_t i = 0; i < n; i++)
            self->cohort_error[i] = (double)NAN;
    }
out:
    return status;
}

/* ---- groups ---------------------------------------------------------------------------------------------------- */

/* The cohort that each agent of the first time has at the last time, or here if it is gone then. */
static throng_status find_final(const throng_attribution *self, int64_t n, int32_t *final, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->population;
    const uint8_t *cohort = throng_cohorts_view(self->def.cohorts);
    int64_t begin = 0, end = 0, *last = NULL;
    THRONG_TRY(throng_i_resize(self->context, &last, population->n_agents, sizeof *last, err));
    for (int64_t agent = 0; agent < population->n_agents; agent++)
        last[agent] = -1;
    throng_population_slice(population, population->n_times - 1, &begin, &end);
    for (int64_t row = begin; row < end; row++)
        last[throng_population_agent(population, row)] = row;
    for (int64_t row = 0; row < n; row++) {
        int64_t there = last[throng_population_agent(population, row)];
        final[row] = cohort[there >= 0 ? there : row];
    }
out:
    throng_i_free(self->context, last);
    return status;
}

/* Which cohorts each branch holds. */
static throng_status find_branches(const throng_attribution *self, throng_i_by_cohort *out, throng_error *err) {
    throng_status status = THRONG_OK;
    int n = throng_cohorts_branches(self->def.cohorts);
    THRONG_TRY(throng_i_resize(self->context, &out->first, n, sizeof *out->first, err));
    THRONG_TRY(throng_i_resize(self->context, &out->count, n, sizeof *out->count, err));
    for (int i = 0; i < n; i++) {
        throng_cohort_branch branch = throng_cohorts_branch(self->def.cohorts, i);
        out->first[i] = branch.first;
        out->count[i] = branch.n;
    }
out:
    return status;
}

/* Asks for the errors of all branches, into a row of cohort_error. */
static void add_sums(const throng_attribution *self, throng_i_by_cohort *out, const int32_t *group, int64_t row) {
    int n = throng_cohorts_branches(self->def.cohorts);
    out->sums[out->n_sums++] = (throng_group_sums){.group = group,
                                                   .n_groups = throng_cohorts_count(self->def.cohorts),
                                                   .n_sums = n,
                                                   .first = out->first,
                                                   .count = out->count,
                                                   .standard_error = self->cohort_error + row * n};
}

throng_status throng_i_by_cohort_init(throng_attribution *self, int64_t time, throng_i_by_cohort *out,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_cohorts *cohorts = self->def.cohorts;
    bool players = self->cohort_phi;
    int64_t begin = 0, end = 0;
    *out = (throng_i_by_cohort){.context = self->context};
    if (!players && !self->cohort_error)
        return THRONG_OK;
    throng_population_slice(self->population, time, &begin, &end);
    int64_t n = end - begin;
    THRONG_TRY(throng_i_resize(self->context, &out->own, n, sizeof *out->own, err));
    for (int64_t i = 0; i < n; i++)
        out->own[i] = throng_cohorts_view(cohorts)[begin + i];
    if (!self->cohort_error)
        goto out;
    THRONG_TRY(find_branches(self, out, err));
    if (players) { /* a cohort is a group of its own; what changes is then the same at both ends */
        n = throng_cohorts_count(cohorts);
        THRONG_TRY(throng_i_resize(self->context, &out->final, n, sizeof *out->final, err));
        for (int32_t i = 0; i < n; i++)
            out->final[i] = i;
        add_sums(self, out, out->final, time);
        goto out;
    }
    add_sums(self, out, out->own, time);
    if (time == 0 && self->population->n_times > 1) {
        THRONG_TRY(throng_i_resize(self->context, &out->final, n, sizeof *out->final, err));
        THRONG_TRY(find_final(self, n, out->final, err));
        add_sums(self, out, out->final, row_of_change(self) + 1);
    }
out:
    return status;
}

void throng_i_by_cohort_clear(throng_i_by_cohort *self) {
    throng_i_free(self->context, self->own);
    throng_i_free(self->context, self->final);
    throng_i_free(self->context, self->first);
    throng_i_free(self->context, self->count);
}

/* ---- cohorts as players ---------------------------------------------------------------------------------------- */

throng_status throng_i_by_cohort_attribute(throng_attribution *self, int64_t time,
                                           const throng_value_function *function, const throng_method_options *options,
                                           const throng_i_by_cohort *groups, throng_error *err) {
    throng_grouped *grouped = NULL;
    int64_t n = throng_cohorts_count(self->def.cohorts);
    throng_status status = throng_grouped_create(self->context, function, groups->own, n, &grouped, err);
    if (status != THRONG_OK)
        return status;
    throng_value_function players = throng_grouped_function(grouped);
    status = throng_attribute_function(self->context, &players, self->method_spec, options, self->cohort_phi + time * n,
                                       &self->certificates[time], err);
    throng_grouped_free(grouped);
    return status;
}

/* ---- the change ------------------------------------------------------------------------------------------------ */

/* Draws at the two ends are not independent: their errors are added. */
static void add_errors(throng_attribution *self) {
    int n = throng_cohorts_branches(self->def.cohorts);
    int64_t last = self->population->n_times - 1;
    double *out = self->cohort_error + row_of_change(self) * n;
    const double *after = self->cohort_error + last * n;
    const double *before = self->cohort_phi ? self->cohort_error : self->cohort_error + (row_of_change(self) + 1) * n;
    for (int i = 0; i < n; i++)
        out[i] = last > 0 ? before[i] + after[i] : after[i];
}

/* Credits of players that are cohorts: those of the last time less those of the first. */
static void add_up_players(throng_attribution *self) {
    int n = throng_cohorts_count(self->def.cohorts);
    int64_t last = self->population->n_times - 1;
    const throng_certificate *from = &self->certificates[0], *to = &self->certificates[last];
    double absolute = 0.0, sum = 0.0;
    for (int i = 0; i < n; i++) {
        double phi = self->cohort_phi[last * n + i] - self->cohort_phi[i];
        sum += phi;
        absolute += fabs(phi);
    }
    self->change = (throng_change){
        .before = from->everybody, .after = to->everybody, .baseline_shift = to->nobody - from->nobody, .sum_phi = sum};
    double moved = self->change.after - self->change.before - self->change.baseline_shift;
    self->change.efficiency_residual = throng_i_relative(sum - moved, moved, throng_i_moved(absolute, self->magnitude));
}

void throng_i_by_cohort_find_change(throng_attribution *self) {
    if (self->cohort_error)
        add_errors(self);
    if (self->cohort_phi && self->population->n_times > 1)
        add_up_players(self);
}
