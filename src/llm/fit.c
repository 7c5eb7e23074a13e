/* A line through log-odds, by maximum likelihood: Newton's method in two unknowns. */
#include "core/tails.h"
#include "llm/llm.h"

#include <math.h>

#define ROUNDS 100
#define STEEP  30.0 /* log-odds beyond which the likelihood has no maximum but for rounding */
#define LEVEL  0.975

/* The data, centred and scaled so that x lies in [-1, 1]. */
typedef struct fit {
    const double *x, *p;
    int64_t n;
    double centre, scale;
    double a, b;           /* in those units */
    double haa, hab, hbb;  /* information of one answer a row */
    double ga, gb;         /* gradient */
    double pearson, worst; /* sum of squared residuals over their variances, largest residual */
} fit;

static double scaled(const fit *self, int64_t i) {
    return (self->x[i] - self->centre) / self->scale;
}

static double line_at(const fit *self, int64_t i) {
    return 1.0 / (1.0 + exp(-self->a - self->b * scaled(self, i)));
}

static void look(fit *self) {
    self->haa = self->hab = self->hbb = self->ga = self->gb = self->pearson = self->worst = 0.0;
    for (int64_t i = 0; i < self->n; i++) {
        double x = scaled(self, i), q = line_at(self, i), weight = q * (1.0 - q), off = self->p[i] - q;
        self->ga += off;
        self->gb += off * x;
        self->haa += weight;
        self->hab += weight * x;
        self->hbb += weight * x * x;
        self->pearson += weight > 0.0 ? off * off / weight : 0.0;
        self->worst = fmax(self->worst, fabs(off));
    }
}

/* -2 (log likelihood of the line - of each row by itself), for one answer a row. */
static double deviance(const fit *self) {
    double sum = 0.0;
    for (int64_t i = 0; i < self->n; i++) {
        double p = self->p[i], q = line_at(self, i);
        sum += p > 0.0 ? p * log(p / q) : 0.0;
        sum += p < 1.0 ? (1.0 - p) * log((1.0 - p) / (1.0 - q)) : 0.0;
    }
    return 2.0 * sum;
}

/* Newton's steps, halved while they make the fit worse. false: the line grows ever steeper. */
static bool climb(fit *self) {
    double now = deviance(self);
    for (int round = 0; round < ROUNDS; round++) {
        look(self);
        double det = self->haa * self->hbb - self->hab * self->hab;
        if (!(det > 1e-14 * self->haa * self->hbb) || fabs(self->a) + fabs(self->b) > STEEP)
            return false;
        double da = (self->hbb * self->ga - self->hab * self->gb) / det;
        double db = (self->haa * self->gb - self->hab * self->ga) / det;
        double before = now, a = self->a, b = self->b, part = 1.0;
        do {
            self->a = a + part * da;
            self->b = b + part * db;
            now = deviance(self);
            part *= 0.5;
        } while (!(now <= before + 1e-12) && part > 1e-6);
        if (fabs(da) + fabs(db) < 1e-12)
            break;
    }
    look(self);
    return fabs(self->a) + fabs(self->b) <= STEEP;
}

/* Back to the units of x, with intervals. */
static void tell(const fit *self, int samples, throng_llm_line *out) {
    double det = self->haa * self->hbb - self->hab * self->hab, k = (double)(self->n - 2);
    double spread = samples > 0 ? 1.0 / samples : self->pearson / k;
    double reach = throng_i_student_quantile(LEVEL, samples > 0 ? 1e6 : k);
    double c = self->centre / self->scale;
    double va = self->hbb / det, vb = self->haa / det, vab = -self->hab / det;
    double slope_half = reach * sqrt(spread * vb) / self->scale;
    double intercept_half = reach * sqrt(spread * fmax(0.0, va - 2.0 * c * vab + c * c * vb));
    *out = (throng_llm_line){.intercept = self->a - c * self->b, .slope = self->b / self->scale};
    out->intercept_low = out->intercept - intercept_half;
    out->intercept_high = out->intercept + intercept_half;
    out->slope_low = out->slope - slope_half;
    out->slope_high = out->slope + slope_half;
    out->residual = self->worst;
    out->lack_of_fit = samples > 0 ? throng_i_chi_square_tail(samples * deviance(self), k) : (double)NAN;
}

throng_status throng_llm_fit_line(const double *x, const double *p, int64_t n, int samples, throng_llm_line *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    double low = INFINITY, high = -INFINITY;
    THRONG_REQUIRE(n >= 3 && samples >= 0, E_ARGUMENT, "A line takes at least 3 questions, got %lld.", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        THRONG_REQUIRE(isfinite(x[i]) && p[i] >= 0.0 && p[i] <= 1.0, E_ARGUMENT,
                       "Question %lld: a line takes a finite number and a share in [0, 1], got %g and %g.",
                       (long long)i + 1, x[i], p[i]);
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    THRONG_REQUIRE(low < high, E_DEGENERATE, "A line takes two different numbers, and all are %g.", low);
    fit it = {.x = x, .p = p, .n = n, .centre = low + 0.5 * (high - low), .scale = 0.5 * high - 0.5 * low};
    THRONG_REQUIRE(
        climb(&it), E_DEGENERATE,
        "There is no line through the log-odds: all answers are alike, or those on one side of a number are. "
        "More samples, or numbers nearer to each other, would help.");
    tell(&it, samples, out);
out:
    return status;
}
