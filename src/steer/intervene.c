/* Interventions by projected gradient. In here u = 1 - alpha is what is taken from each agent. */
#include "throng/intervene.h"

#include "core/core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

throng_intervention_def throng_intervention_default(void) {
    return (throng_intervention_def){.budget = 0.01, .iterations = 20, .accuracy = 0.02};
}

/* A search that goes on. Lower `loss` is better: v times `side`, which is 1 if v is to fall. */
typedef struct search {
    throng_context *context;
    const throng_value_function *function;
    const throng_intervention_def *def;
    int64_t n, evaluations, expected;
    double side, goal;     /* loss that reaches the target */
    double *alpha, *slope; /* [n] working memory, and d loss / d u */
    double *u, *trial;     /* [n] the best for this amount, and what is tried */
    double *found;         /* [n] the least that sufficed */
    int64_t *order;        /* [n] */
} search;

/* ---- evaluating ------------------------------------------------------------------------------------------------ */

static throng_status note_progress(search *self, throng_error *err) {
    self->evaluations++;
    if (self->evaluations > self->expected)
        self->expected = self->evaluations;
    throng_progress progress = {"searching", "simulations", self->evaluations, self->expected};
    return throng_i_progress(self->context, &progress, err);
}

static throng_status loss_of(search *self, const double *u, double *out, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t i = 0; i < self->n; i++)
        self->alpha[i] = 1.0 - u[i];
    THRONG_TRY(self->function->value(self->function->self, self->alpha, out, err));
    THRONG_REQUIRE(isfinite(*out), E_DEGENERATE, "The outcome is undefined for an intervention that was tried.");
    *out *= self->side;
    THRONG_TRY(note_progress(self, err));
out:
    return status;
}

static throng_status slope_at(search *self, const double *u, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int64_t i = 0; i < self->n; i++)
        self->alpha[i] = 1.0 - u[i];
    THRONG_TRY(self->function->gradient(self->function->self, self->alpha, self->slope, err));
    for (int64_t i = 0; i < self->n; i++)
        self->slope[i] *= -self->side;
    THRONG_TRY(note_progress(self, err));
out:
    return status;
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

typedef struct ranked {
    double score;
    int64_t agent;
} ranked;

static int by_score(const void *one, const void *other) {
    const ranked *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->agent < b->agent ? -1 : 1;
}

/* self->order: agents from the largest score down, ties in the order of agents. */
static throng_status sort_by(search *self, const double *score, double sign, throng_error *err) {
    ranked *list = NULL;
    throng_status status = throng_i_resize(self->context, &list, self->n, sizeof *list, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < self->n; i++)
        list[i] = (ranked){sign * score[i], i};
    qsort(list, (size_t)self->n, sizeof *list, by_score);
    for (int64_t i = 0; i < self->n; i++)
        self->order[i] = list[i].agent;
    throng_i_free(self->context, list);
    return THRONG_OK;
}

/* The first of the order silenced, the last of them in part, so that the amount is used up. */
static void silence_first(const search *self, double amount, double *u) {
    memset(u, 0, (size_t)self->n * sizeof *u);
    for (int64_t k = 0; k < self->n && amount > 0.0; k++, amount -= 1.0)
        u[self->order[k]] = amount < 1.0 ? amount : 1.0;
}

/* Those in the order whose silence helps: of the others the slope says that it would harm. */
static void silence_helpful(const search *self, double amount, double *u) {
    silence_first(self, amount, u);
    for (int64_t i = 0; i < self->n; i++)
        if (self->slope[i] >= 0.0)
            u[i] = 0.0;
}

/* ---- dampening ------------------------------------------------------------------------------------------------- */

static double clipped(double x) {
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

static double sum_clipped(const search *self, const double *u, double less) {
    double sum = 0.0;
    for (int64_t i = 0; i < self->n; i++)
        sum += clipped(u[i] - less);
    return sum;
}

/* The nearest point with 0 <= u <= 1 and sum u <= amount: everything is lowered by the same number, then clipped. */
static void project(const search *self, double amount, double *u) {
    double low = 0.0, high = 0.0;
    for (int64_t i = 0; i < self->n; i++)
        high = u[i] > high ? u[i] : high;
    if (sum_clipped(self, u, 0.0) > amount) {
        for (int step = 0; step < 60 && high - low > 1e-14 * high; step++) {
            double middle = 0.5 * (low + high);
            if (sum_clipped(self, u, middle) > amount)
                low = middle;
            else
                high = middle;
        }
        low = high;
    }
    for (int64_t i = 0; i < self->n; i++)
        u[i] = clipped(u[i] - low);
}

/* From self->u, whose loss is known: steps down the slope until they gain nothing. */
static throng_status descend(search *self, double amount, double *loss, throng_error *err) {
    throng_status status = THRONG_OK;
    double step = 0.0;
    for (int iteration = 0; iteration<self->def->iterations && * loss> self->goal; iteration++) {
        double steepest = 0.0, gained = 0.0;
        THRONG_TRY(slope_at(self, self->u, err));
        for (int64_t i = 0; i < self->n; i++)
            steepest = fmax(steepest, fabs(self->slope[i]));
        if (steepest == 0.0)
            break;
        step = step > 0.0 ? 2.0 * step : 1.0 / steepest;
        for (int halving = 0; halving < 8 && gained <= 0.0; halving++, step *= 0.5) {
            double there = 0.0;
            for (int64_t i = 0; i < self->n; i++)
                self->trial[i] = self->u[i] - step * self->slope[i];
            project(self, amount, self->trial);
            THRONG_TRY(loss_of(self, self->trial, &there, err));
            gained = *loss - there;
            if (gained > 0.0) {
                memcpy(self->u, self->trial, (size_t)self->n * sizeof *self->u);
                *loss = there;
            }
        }
        if (gained <= 1e-6 * fabs(*loss - self->goal))
            break;
    }
out:
    return status;
}

/* ---- one amount ------------------------------------------------------------------------------------------------ */

/* Sets of so many, each by the slopes at the last, as long as that helps. */
static throng_status improve_set(search *self, double amount, double *loss, throng_error *err) {
    throng_status status = THRONG_OK;
    for (int iteration = 0; iteration<self->def->iterations && * loss> self->goal; iteration++) {
        double there = 0.0;
        THRONG_TRY(slope_at(self, self->u, err));
        THRONG_TRY(sort_by(self, self->slope, -1.0, err));
        silence_helpful(self, amount, self->trial);
        THRONG_TRY(loss_of(self, self->trial, &there, err));
        if (there >= *loss)
            break;
        memcpy(self->u, self->trial, (size_t)self->n * sizeof *self->u);
        *loss = there;
    }
out:
    return status;
}

/* The best that is found with an amount: self->u and its loss. first [n] is a start, or NULL. */
static throng_status best_with(search *self, double amount, const double *first, double *loss, throng_error *err) {
    throng_status status = THRONG_OK;
    double there = 0.0;
    memset(self->u, 0, (size_t)self->n * sizeof *self->u);
    THRONG_TRY(slope_at(self, self->u, err));
    THRONG_TRY(sort_by(self, self->slope, -1.0, err));
    silence_helpful(self, amount, self->u);
    THRONG_TRY(loss_of(self, self->u, loss, err));
    if (first && !self->def->silence) {
        memcpy(self->trial, first, (size_t)self->n * sizeof *first);
        project(self, amount, self->trial);
        THRONG_TRY(loss_of(self, self->trial, &there, err));
        if (there < *loss) {
            memcpy(self->u, self->trial, (size_t)self->n * sizeof *self->u);
            *loss = there;
        }
    }
    THRONG_TRY(self->def->silence ? improve_set(self, amount, loss, err) : descend(self, amount, loss, err));
out:
    return status;
}

/* ---- the least amount ------------------------------------------------------------------------------------------ */

static double sum_of(const search *self, const double *u) {
    double sum = 0.0;
    for (int64_t i = 0; i < self->n; i++)
        sum += u[i];
    return sum;
}

static bool apart(const search *self, double low, double high) {
    if (self->def->silence)
        return high - low > 1.0 + 1e-9;
    return high - low > self->def->accuracy * high;
}

static double between(const search *self, double low, double high) {
    double middle = 0.5 * (low + high);
    return self->def->silence ? floor(middle) : middle;
}

static throng_status find_least(search *self, throng_intervention *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double high = self->def->budget * (double)self->n, low = 0.0, loss = 0.0;
    if (self->def->silence)
        high = floor(high + 1e-9);
    THRONG_TRY(best_with(self, high, NULL, &loss, err));
    memcpy(self->found, self->u, (size_t)self->n * sizeof *self->u);
    out->reached = loss <= self->goal;
    out->value = loss * self->side;
    if (!out->reached)
        goto out;
    high = sum_of(self, self->found);
    while (apart(self, low, high)) {
        double middle = between(self, low, high);
        THRONG_TRY(best_with(self, middle, self->found, &loss, err));
        if (loss > self->goal) {
            low = middle;
            continue;
        }
        memcpy(self->found, self->u, (size_t)self->n * sizeof *self->u);
        out->value = loss * self->side;
        high = fmin(middle, sum_of(self, self->found));
    }
out:
    return status;
}

/* ---- rivals ---------------------------------------------------------------------------------------------------- */

static throng_status try_rival(search *self, const throng_rival *rival, double amount, throng_rival_result *out,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    double loss = 0.0, low = 0.0, high = (double)self->n;
    THRONG_TRY(sort_by(self, rival->score, 1.0, err));
    silence_first(self, amount, self->u);
    THRONG_TRY(loss_of(self, self->u, &loss, err));
    out->value = loss * self->side;
    silence_first(self, high, self->u);
    THRONG_TRY(loss_of(self, self->u, &loss, err));
    out->amount = (double)NAN;
    if (loss > self->goal)
        goto out; /* not even everybody */
    while (high - low > fmax(self->def->accuracy * high, self->def->silence ? 1.0 : 0.0)) {
        double middle = 0.5 * (low + high);
        silence_first(self, middle, self->u);
        THRONG_TRY(loss_of(self, self->u, &loss, err));
        if (loss > self->goal)
            low = middle;
        else
            high = middle;
    }
    out->amount = high;
out:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static throng_status check(const throng_value_function *function, const throng_intervention_def *def,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(function->n_agents > 0, E_EMPTY, "The value function has no agents.");
    THRONG_REQUIRE(function->gradient, E_UNSUPPORTED,
                   "An intervention is found along the derivative of the outcome, and this one has none: its world is "
                   "not smooth, or its indicator counts bins.");
    THRONG_REQUIRE(isfinite(def->target), E_PARAMETER, "The target must be a finite number.");
    THRONG_REQUIRE(def->budget > 0.0 && def->budget <= 1.0, E_PARAMETER,
                   "The budget must be a share of everybody's influence above 0 and at most 1, got %g.", def->budget);
    THRONG_REQUIRE(!def->silence || def->budget * (double)function->n_agents >= 1.0 - 1e-9, E_PARAMETER,
                   "A budget of %g of %lld agents is not even one of them: raise it, or dampen instead of silencing.",
                   def->budget, (long long)function->n_agents);
    THRONG_REQUIRE(def->iterations >= 1 && def->accuracy > 0.0 && def->accuracy < 1.0, E_PARAMETER,
                   "iterations must be at least 1 and accuracy between 0 and 1, got %d and %g.", def->iterations,
                   def->accuracy);
    THRONG_REQUIRE(def->n_rivals >= 0 && def->n_rivals <= THRONG_RIVALS_MAX, E_PARAMETER,
                   "There are 0 to %d orders to compare with, got %d.", THRONG_RIVALS_MAX, def->n_rivals);
out:
    return status;
}

static throng_status search_init(search *self, throng_error *err) {
    throng_status status = THRONG_OK;
    double **arrays[] = {&self->alpha, &self->slope, &self->u, &self->trial, &self->found};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof(double), arrays[i], err));
    THRONG_TRY(throng_i_alloc(self->context, self->n, sizeof *self->order, &self->order, err));
out:
    return status;
}

static void search_clear(search *self) {
    throng_i_free(self->context, self->alpha);
    throng_i_free(self->context, self->slope);
    throng_i_free(self->context, self->u);
    throng_i_free(self->context, self->trial);
    throng_i_free(self->context, self->found);
    throng_i_free(self->context, self->order);
}

throng_status throng_intervene(throng_context *context, const throng_value_function *function,
                               const throng_intervention_def *def, double *alpha, throng_intervention *out,
                               throng_error *err) {
    throng_status status = check(function, def, err);
    if (status != THRONG_OK)
        return status;
    search self = {.context = context, .function = function, .def = def, .n = function->n_agents, .side = 1.0};
    self.expected = 8 * def->iterations + 10 * def->n_rivals;
    *out = (throng_intervention){0};
    THRONG_TRY(search_init(&self, err));
    THRONG_TRY(loss_of(&self, self.u, &out->before, err)); /* nothing is taken yet */
    self.side = def->target <= out->before ? 1.0 : -1.0;
    self.goal = self.side * def->target;
    THRONG_TRY(find_least(&self, out, err));
    out->amount = sum_of(&self, self.found);
    for (int64_t i = 0; i < self.n; i++) {
        alpha[i] = 1.0 - self.found[i];
        out->n_touched += self.found[i] > 0.0;
    }
    for (int r = 0; r < def->n_rivals; r++)
        THRONG_TRY(try_rival(&self, &def->rivals[r], out->amount, &out->rival[r], err));
    out->evaluations = self.evaluations;
out:
    search_clear(&self);
    return status;
}
