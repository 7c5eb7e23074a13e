/* Checks of finished credits: what the file's own credits show, then the parts in verify_sample.c and deletion.c. */
#include "attribution/verify.h"

#include "attribution/relative.h"
#include "population/population.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *throng_verdict_name(throng_verdict verdict) {
    static const char *const names[THRONG_VERDICT_COUNT] = {"holds", "fails", "not applicable"};
    return (int)verdict >= 0 && verdict < THRONG_VERDICT_COUNT ? names[verdict] : NULL;
}

throng_verification throng_verification_default(void) {
    return (throng_verification){.holds = true};
}

void throng_verification_add(throng_verification *self, const char *name, throng_verdict verdict, double number,
                             double limit, const char *text) {
    self->holds = self->holds && verdict != THRONG_VERDICT_FAILS;
    if (self->n_checks == THRONG_CHECKS_MAX)
        return;
    throng_check *check = &self->check[self->n_checks++];
    *check = (throng_check){.name = name, .verdict = verdict, .number = number, .limit = limit};
    snprintf(check->text, sizeof check->text, "%s", text);
}

void throng_i_judge(throng_verification *self, const char *name, double number, double limit, const char *text) {
    throng_verification_add(self, name, number <= limit ? THRONG_VERDICT_HOLDS : THRONG_VERDICT_FAILS, number, limit,
                            text);
}

void throng_i_skip(throng_verification *self, const char *name, const char *why) {
    throng_verification_add(self, name, THRONG_VERDICT_NOT_APPLICABLE, (double)NAN, (double)NAN, why);
}

double throng_i_worse(double one, double other) {
    return isnan(one) || one > other ? one : other;
}

/* An error estimate is not a bound: docs/oceanic.md has how far off it was. */
#define ESTIMATES 4.0

double throng_i_allowance(const throng_certificate *certificate, const double *phi, int64_t n) {
    double squares = 0.0;
    for (int64_t i = 0; i < n && certificate->interval == 0.0; i++)
        squares += phi[i] * phi[i];
    return squares > 0.0 ? ESTIMATES * certificate->error_estimate * sqrt(squares) : 0.0;
}

double throng_i_finished_baseline(const throng_i_finished *self, int64_t row) {
    const throng_population *population = self->again->population;
    double scratch[1];
    if (self->again->def.baseline == THRONG_BASELINE_COLUMN)
        return *throng_i_column_block(&population->baseline, row, 1, scratch);
    if (self->again->def.baseline == THRONG_BASELINE_FIRST)
        return throng_population_state(population, self->first_row[throng_population_agent(population, row)]);
    return 0.0;
}

/* ---- the same again, and adding up ----------------------------------------------------------------------------- */

/* A machine with another C library may differ in the last bits of what uses logarithms. */
#define REPEATS 1e-12
#define ADDS_UP 1e-9

static void check_repeat(const throng_i_finished *self, throng_verification *out) {
    const throng_population *population = self->again->population;
    double most = 0.0, largest = 0.0;
    int64_t where = -1;
    for (int64_t row = 0; row < population->n_rows; row++) {
        double apart = fabs(self->phi[row] - self->again->phi[row]);
        if (throng_i_worse(apart, most) != most && !isnan(most)) {
            most = apart;
            where = row;
        }
        largest = fmax(largest, fabs(self->again->phi[row]));
    }
    double number = largest > 0.0 ? most / largest : most;
    char text[THRONG_MESSAGE_LENGTH], id[80];
    if (number <= REPEATS) {
        throng_i_judge(out, "repeat", number, REPEATS,
                       "largest difference of a credit in the file from the same computed again, of the largest "
                       "credit");
        return;
    }
    throng_population_id(population, throng_population_agent(population, where), id, sizeof id);
    snprintf(text, sizeof text,
             "the file credits agent %s with %.6g, computed again it is %.6g: the largest of all differences, of the "
             "largest credit",
             id, self->phi[where], self->again->phi[where]);
    throng_i_judge(out, "repeat", number, REPEATS, text);
}

static void check_efficiency(const throng_i_finished *self, throng_verification *out) {
    double worst = 0.0, allowed = ADDS_UP;
    for (int64_t time = 0; time < self->again->population->n_times; time++) {
        const throng_certificate *it = &self->again->certificates[time];
        double sum = 0.0, absolute = 0.0, whole = it->everybody - it->nobody;
        int64_t begin = 0, end = 0;
        throng_population_slice(self->again->population, time, &begin, &end);
        if (!it->efficient) {
            throng_i_skip(out, "efficiency", "the method does not promise that credits add up");
            return;
        }
        for (int64_t row = begin; row < end; row++) {
            sum += self->phi[row];
            absolute += fabs(self->phi[row]);
        }
        worst = throng_i_worse(throng_i_relative(sum - whole, whole, throng_i_moved(absolute, self->again->magnitude)),
                               worst);
        if (it->quadrature_nodes > 0)
            allowed = fmax(allowed, it->tolerance);
    }
    throng_i_judge(out, "efficiency", worst, allowed,
                   "credits in the file against the indicator of the crowd less that of the baseline, the worst of all "
                   "times");
}

/* ---- agents that are alike, and agents at their baseline ------------------------------------------------------- */

/* What an indicator sees of an agent, and its credit. */
typedef struct seen {
    double state, weight, baseline, phi;
    int64_t row;
} seen;

/* What is no number comes last. */
static int compare(double a, double b) {
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return a < b ? -1 : a > b;
}

static int by_looks(const void *a, const void *b) {
    const seen *one = a, *other = b;
    int order = compare(one->state, other->state);
    if (order == 0)
        order = compare(one->weight, other->weight);
    if (order == 0)
        order = compare(one->baseline, other->baseline);
    return order ? order : compare(one->phi, other->phi);
}

static bool alike(const seen *one, const seen *other) {
    return one->state == other->state && one->weight == other->weight && one->baseline == other->baseline;
}

/* The most that the credits of two agents who look the same differ, and who they are. */
typedef struct odd_pair {
    double apart;
    int64_t n_pairs, row[2];
} odd_pair;

/* usual: a credit of the usual size; allowed: what the method itself says that credits are off by. */
static void find_odd_pair(const seen *list, int64_t n, double usual, double allowed, odd_pair *out) {
    for (int64_t begin = 0, end = 0; begin < n; begin = end) {
        for (end = begin + 1; end < n && alike(&list[begin], &list[end]);)
            end++;
        /* credits are in order: the first and the last differ most */
        double low = list[begin].phi, high = list[end - 1].phi;
        double apart = throng_i_worse(high - low - allowed, 0.0) / fmax(fmax(fabs(low), fabs(high)) + usual, DBL_MIN);
        out->n_pairs += end - begin - 1;
        if (end - begin > 1 && throng_i_worse(apart, out->apart) != out->apart && !isnan(out->apart))
            *out = (odd_pair){apart, out->n_pairs, {list[begin].row, list[end - 1].row}};
    }
}

static double mean_credit(const double *phi, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(phi[i]);
    return sum / (double)n;
}

static throng_status check_alike(const throng_i_finished *self, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_population *population = self->again->population;
    odd_pair odd = {0};
    seen *list = NULL;
    char text[THRONG_MESSAGE_LENGTH], id[2][80];
    bool weighted = self->again->indicator.weighted;
    if (self->again->standard_error) {
        throng_i_skip(out, "alike", "sampling treats agents that are alike alike only in the mean");
        return THRONG_OK;
    }
    THRONG_TRY(throng_i_resize(self->context, &list, population->n_rows, sizeof *list, err));
    for (int64_t row = 0; row < population->n_rows; row++)
        list[row] =
            (seen){throng_population_state(population, row), weighted ? throng_population_weight(population, row) : 1.0,
                   throng_i_finished_baseline(self, row), self->phi[row], row};
    for (int64_t time = 0; time < population->n_times; time++) {
        int64_t begin = 0, end = 0;
        throng_population_slice(population, time, &begin, &end);
        qsort(list + begin, (size_t)(end - begin), sizeof *list, by_looks);
        const double *again = self->again->phi + begin;
        find_odd_pair(list + begin, end - begin, mean_credit(again, end - begin),
                      throng_i_allowance(&self->again->certificates[time], again, end - begin), &odd);
    }
    for (int i = 0; i < 2; i++)
        throng_population_id(population, throng_population_agent(population, odd.row[i]), id[i], sizeof id[i]);
    if (odd.n_pairs == 0)
        throng_i_skip(out, "alike", "no two agents of the crowd are alike");
    else if (odd.apart <= THRONG_I_ROUNDING)
        throng_i_judge(out, "alike", odd.apart, THRONG_I_ROUNDING,
                       "agents of the crowd that are alike: largest relative difference of their credits in the file");
    else {
        snprintf(text, sizeof text, "agents %s and %s are alike, but credited with %.6g and %.6g", id[0], id[1],
                 self->phi[odd.row[0]], self->phi[odd.row[1]]);
        throng_i_judge(out, "alike", odd.apart, THRONG_I_ROUNDING, text);
    }
out:
    throng_i_free(self->context, list);
    return status;
}

static void check_idle(const throng_i_finished *self, throng_verification *out) {
    const throng_population *population = self->again->population;
    double most = 0.0;
    int64_t n_idle = 0, where = -1;
    if (throng_attribution_reference_crowd(self->again)) {
        throng_i_skip(out, "idle", "the baseline is a normal reference crowd: nobody can be at it");
        return;
    }
    if (self->again->def.baseline == THRONG_BASELINE_MEAN) {
        throng_i_skip(out, "idle", "nobody of the crowd is exactly at the mean: see dummies");
        return;
    }
    for (int64_t time = 0; time < population->n_times; time++) {
        int64_t begin = 0, end = 0;
        throng_population_slice(population, time, &begin, &end);
        double usual = fmax(mean_credit(self->again->phi + begin, end - begin), DBL_MIN);
        for (int64_t row = begin; row < end; row++) {
            if (throng_population_state(population, row) != throng_i_finished_baseline(self, row))
                continue;
            double chance = self->again->standard_error ? THRONG_I_SIGMAS * self->again->standard_error[row] : 0.0;
            double credit = throng_i_worse(fabs(self->phi[row]) - chance, 0.0) / usual;
            n_idle++;
            if (throng_i_worse(credit, most) != most && !isnan(most)) {
                most = credit;
                where = row;
            }
        }
    }
    char text[THRONG_MESSAGE_LENGTH], id[80];
    if (n_idle == 0)
        throng_i_skip(out, "idle", "nobody of the crowd is at the baseline: see dummies");
    else if (most <= THRONG_I_ROUNDING)
        throng_i_judge(out, "idle", most, THRONG_I_ROUNDING,
                       "agents of the crowd at their baseline: largest credit in the file, of the mean credit");
    else {
        throng_population_id(population, throng_population_agent(population, where), id, sizeof id);
        snprintf(text, sizeof text, "agent %s is at its baseline, but credited with %.6g", id, self->phi[where]);
        throng_i_judge(out, "idle", most, THRONG_I_ROUNDING, text);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

/* What would take a part of the crowd by itself. */
static void skip_for_world(throng_verification *out) {
    static const char *const names[] = {"alike", "idle", "clones", "dummies", "unmoved", "linearity", "shapley"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        throng_i_skip(out, names[i], "in a world agents that look alike meet others, and a subsample is another world");
}

throng_status throng_attribution_verify(throng_context *context, const throng_attribution *again, const double *phi,
                                        const throng_verify_def *def, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_finished self = {.context = context, .again = again, .phi = phi, .def = *def};
    int64_t *first_row = NULL;
    THRONG_REQUIRE(again->phi, E_UNSUPPORTED, "The players are cohorts: there are no credits of agents to check.");
    if (again->def.baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(again->population, &first_row, err));
    self.first_row = first_row;
    check_repeat(&self, out);
    check_efficiency(&self, out);
    if (again->world) {
        skip_for_world(out);
    } else if (again->def.graph) {
        throng_i_skip(out, "alike", "in a network no two agents are alike: their neighbours are others");
        throng_i_skip(out, "idle", "in a network an agent at its baseline still joins others");
    } else {
        THRONG_TRY(check_alike(&self, out, err));
        check_idle(&self, out);
    }
    if (!again->world)
        THRONG_TRY(throng_i_verify_sample(&self, out, err));
    THRONG_TRY(throng_i_verify_deletion(&self, out, err));
out:
    throng_i_free(context, first_row);
    return status;
}
