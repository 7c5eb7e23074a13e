/* A crowd moves, somebody looks at some of it and decides, and what that is worth. */
#include "core/tails.h"
#include "game/aggregative.h"

#include <math.h>
#include <string.h>

#define FEW       12   /* agents that are drawn one by one */
#define LEFT      1e-5 /* of the weight of what comes after a roll-out */
#define BATCH     512  /* roll-outs between two reports of progress */
#define STREAM    0x6167677265676174ULL
#define STEPS_MAX 1000000

/* ---- draws ----------------------------------------------------------------------------------------------------- */

int throng_i_draw_place(throng_i_draws *draws, const double *chances, int n) {
    return throng_i_pick(chances, n, throng_i_draw(draws));
}

/* ln k! */
static double log_factorial(double k) {
    double product = 1.0;
    if (k < 16.0) {
        for (double i = 2.0; i <= k; i++)
            product *= i;
        return log(product);
    }
    double x = 1.0 / (k * k);
    return (k + 0.5) * log(k) - k + 0.91893853320467274 +
           (1.0 / 12.0 - x * (1.0 / 360.0 - x * (1.0 / 1260.0 - x / 1680.0))) / k;
}

/* Adds probabilities up from 0 successes on. p <= 1/2, n p < 10. */
static int64_t binomial_by_inversion(throng_i_draws *draws, int64_t n, double p) {
    double u = throng_i_draw(draws), odds = p / (1.0 - p), chance = exp((double)n * log1p(-p));
    int64_t k = 0;
    while (u >= chance && k < n) {
        u -= chance;
        k++;
        chance *= odds * (double)(n - k + 1) / (double)k;
    }
    return k;
}

/* Transformed rejection (Hoermann 1993, doi 10.1080/00949659308811496). p <= 1/2, n p >= 10. */
static int64_t binomial_by_rejection(throng_i_draws *draws, int64_t count, double p) {
    double n = (double)count, q = 1.0 - p, deviation = sqrt(n * p * q);
    double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p, centre = n * p + 0.5;
    double alpha = (2.83 + 5.1 / b) * deviation, box = 0.92 - 4.2 / b, mode = floor((n + 1.0) * p);
    double top = log_factorial(mode) + log_factorial(n - mode);
    for (;;) {
        double u = throng_i_draw(draws) - 0.5, v = throng_i_draw(draws), us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + centre);
        if (k < 0.0 || k > n)
            continue;
        if (us >= 0.07 && v <= box)
            return (int64_t)k;
        v = log(v * alpha / (a / (us * us) + b));
        if (v <= top - log_factorial(k) - log_factorial(n - k) + (k - mode) * log(p / q))
            return (int64_t)k;
    }
}

int64_t throng_i_draw_binomial(throng_i_draws *draws, int64_t n, double p) {
    if (n == 0 || p <= 0.0)
        return 0;
    if (p >= 1.0)
        return n;
    if (p > 0.5)
        return n - throng_i_draw_binomial(draws, n, 1.0 - p);
    return (double)n * p < 10.0 ? binomial_by_inversion(draws, n, p) : binomial_by_rejection(draws, n, p);
}

/* Spreads n over places: adds how many go to each. */
static void spread(throng_i_draws *draws, int64_t n, const double *chances, int places, int64_t *counts) {
    double left = 1.0;
    if (n <= FEW) {
        for (int64_t i = 0; i < n; i++)
            counts[throng_i_draw_place(draws, chances, places)]++;
        return;
    }
    for (int s = 0; s < places - 1 && n > 0; s++) {
        int64_t here = throng_i_draw_binomial(draws, n, chances[s] / left);
        counts[s] += here;
        n -= here;
        left -= chances[s];
    }
    counts[places - 1] += n;
}

/* ---- one step -------------------------------------------------------------------------------------------------- */

void throng_aggregative_move(const throng_aggregative *self, int global, throng_random random, uint64_t key,
                             uint64_t step, int64_t *counts) {
    throng_i_draws draws = throng_i_draws_of(random, key, step);
    int64_t next[THRONG_AGGREGATIVE_LOCALS_MAX] = {0};
    for (int s = 0; s < self->n_locals; s++)
        spread(&draws, counts[s], throng_i_local_chances(self, global, s), self->n_locals, next);
    memcpy(counts, next, (size_t)self->n_locals * sizeof *counts);
}

/* Draws as many of the agents as are looked at, one after the other, none twice. */
static void look(const throng_aggregative *self, const int64_t *counts, throng_i_draws *draws, int *seen) {
    int64_t left = 0, there[THRONG_AGGREGATIVE_LOCALS_MAX];
    memset(seen, 0, (size_t)self->n_locals * sizeof *seen);
    memcpy(there, counts, (size_t)self->n_locals * sizeof *there);
    for (int s = 0; s < self->n_locals; s++)
        left += counts[s];
    for (int i = 0; i < self->looked; i++, left--) {
        int64_t at = (int64_t)(throng_i_draw(draws) * (double)left);
        int s = 0;
        while (s < self->n_locals - 1 && at >= there[s])
            at -= there[s++];
        there[s]--;
        seen[s]++;
    }
}

int throng_aggregative_act(const throng_aggregative *self, const double *strategy, int global, const int64_t *counts,
                           throng_random random, uint64_t key, uint64_t step) {
    throng_i_draws draws = throng_i_draws_of(random, key, step);
    int seen[THRONG_AGGREGATIVE_LOCALS_MAX];
    look(self, counts, &draws, seen);
    int64_t row = global * self->n_histograms + throng_aggregative_rank(self, seen);
    return throng_i_draw_place(&draws, strategy + row * self->n_actions, self->n_actions);
}

/* ---- roll-outs ------------------------------------------------------------------------------------------------- */

typedef struct rollouts {
    const throng_aggregative *self;
    const double *strategy;
    double *sums; /* [rollouts][2] of the reward and its square */
    int64_t steps, first;
} rollouts;

/* Each purpose has a stream of its own, so that what is looked at does not change how the crowd moves. */
static throng_random stream(uint64_t purpose) {
    return (throng_random){0, STREAM + purpose};
}

static void begin(const throng_aggregative *self, uint64_t key, int *global, int64_t *counts) {
    throng_i_draws draws = throng_i_draws_of(stream(0), key, 0);
    double shares[THRONG_AGGREGATIVE_LOCALS_MAX], sum = 0.0;
    *global = (int)(throng_i_draw(&draws) * self->n_globals);
    for (int s = 0; s < self->n_locals; s++)
        sum += shares[s] = self->start ? self->start[s] : -log(throng_i_draw(&draws));
    for (int s = 0; s < self->n_locals; s++)
        shares[s] /= sum;
    memset(counts, 0, (size_t)self->n_locals * sizeof *counts);
    spread(&draws, self->agents, shares, self->n_locals, counts);
}

/* A chunk is one roll-out, so that there is work for every thread. */
static void roll_out(void *user, throng_chunk chunk) {
    rollouts *it = user;
    const throng_aggregative *self = it->self;
    int64_t counts[THRONG_AGGREGATIVE_LOCALS_MAX];
    int64_t at = it->first + chunk.index;
    uint64_t key = (uint64_t)at;
    double total = 0.0, weight = 1.0;
    int global;
    begin(self, key, &global, counts);
    for (int64_t t = 0; t < it->steps; t++, weight *= self->discount) {
        int action = throng_aggregative_act(self, it->strategy, global, counts, stream(1), key, (uint64_t)t);
        total += weight * throng_aggregative_reward(self, global, action, counts);
        throng_aggregative_move(self, global, stream(2), key, (uint64_t)t, counts);
        throng_i_draws draws = throng_i_draws_of(stream(3), key, (uint64_t)t);
        global = throng_i_draw_place(&draws, throng_i_global_chances(self, global, action), self->n_globals);
    }
    it->sums[2 * at] = total;
    it->sums[2 * at + 1] = total * total;
}

throng_status throng_aggregative_value(const throng_aggregative *self, const double *strategy, double *value,
                                       double *half, throng_error *err) {
    throng_status status = THRONG_OK;
    double sums[2], steps = self->discount > 0.0 ? ceil(log(LEFT) / log(self->discount)) : 1.0;
    rollouts it = {self, strategy, NULL, 0, 0};
    throng_progress progress = {"valuing", "roll-outs", 0, self->rollouts};
    THRONG_REQUIRE(steps <= STEPS_MAX, E_ARGUMENT,
                   "\"%.40s\": with a discount of %.10g roll-outs would take more than 1,000,000 steps to leave less "
                   "than 1e-5 of the weight: it must be at most 0.999988.",
                   self->name, self->discount);
    it.steps = (int64_t)fmax(steps, 1.0);
    THRONG_TRY(throng_i_alloc(self->context, 2 * self->rollouts, sizeof *it.sums, &it.sums, err));
    for (; it.first < self->rollouts; it.first += BATCH) {
        int64_t n = self->rollouts - it.first < BATCH ? self->rollouts - it.first : BATCH;
        THRONG_TRY(throng_chunks_for(self->context, n * THRONG_CHUNK_ROWS, roll_out, &it, NULL, err));
        progress.done = it.first + n;
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
    throng_i_sum_rows(it.sums, self->rollouts, 2, sums);
    double n = (double)self->rollouts, mean = sums[0] / n;
    *value = mean;
    *half = throng_i_student_quantile(0.975, n - 1.0) * sqrt(fmax(sums[1] / n - mean * mean, 0.0) / (n - 1.0));
out:
    throng_i_free(self->context, it.sums);
    return status;
}
