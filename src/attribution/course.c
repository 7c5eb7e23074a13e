/* The course of an attribution: when it was caused, and how. */
#include "attribution/world_run.h"

#include <math.h>
#include <string.h>

typedef struct course_job {
    const double *credit; /* [steps][n] */
    int64_t steps, n;
} course_job;

enum {
    SIZE,   /* sum of |phi_i| over agents, phi_i of all steps */
    SPREAD, /* of the standard deviation of an agent's credits over steps */
    SIZE2,  /* squares and products of the two */
    SPREAD2,
    PRODUCT,
    SUMS
};

static void add_agents(void *user, throng_chunk chunk, double *sums) {
    const course_job *job = user;
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double first = job->credit[i], sum = 0.0, off = 0.0, squares = 0.0;
        for (int64_t t = 0; t < job->steps; t++) {
            double phi = job->credit[t * job->n + i], from = phi - first; /* credit that never changes has no spread */
            sum += phi;
            off += from;
            squares += from * from;
        }
        double mean = off / (double)job->steps, size = fabs(sum);
        double spread = sqrt(fmax(squares / (double)job->steps - mean * mean, 0.0));
        sums[SIZE] += size;
        sums[SPREAD] += spread;
        sums[SIZE2] += size * size;
        sums[SPREAD2] += spread * spread;
        sums[PRODUCT] += size * spread;
    }
}

/* What is left of a sum of squares when its mean is taken off may be no more than rounding. */
#define ROUNDING 1e-12

/* Pearson's correlation of |phi_i| and the spread of the agent's credits over steps; NaN where one of the two is the
 * same for all. */
static double instability(const double *sums, double n) {
    double covariance = sums[PRODUCT] - sums[SIZE] * sums[SPREAD] / n;
    double one = sums[SIZE2] - sums[SIZE] * sums[SIZE] / n, other = sums[SPREAD2] - sums[SPREAD] * sums[SPREAD] / n;
    bool differ = one > ROUNDING * sums[SIZE2] && other > ROUNDING * sums[SPREAD2];
    return differ ? fmax(fmin(covariance / sqrt(one * other), 1.0), -1.0) : (double)NAN;
}

static void add_step(void *user, throng_chunk chunk, double *sums) {
    const course_job *job = user; /* credit of one step */
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        sums[0] += job->credit[i];
        sums[1] += fabs(job->credit[i]);
    }
}

/* Steps until the sum of |phi| passes nine tenths, and how much agents pull the same way. */
static void summarise(throng_course *self, int64_t steps) {
    double whole = 0.0, sum = 0.0, together = 0.0;
    int64_t counted = 0, late = steps;
    for (int64_t t = 0; t < steps; t++) {
        whole += self->absolute[t];
        if (self->absolute[t] > 0.0) {
            together += fabs(self->phi[t]) / self->absolute[t];
            counted++;
        }
    }
    for (int64_t t = 0; t < steps && late == steps; t++) {
        sum += self->absolute[t];
        if (sum >= 0.9 * whole)
            late = t + 1;
    }
    self->latency = whole > 0.0 ? (double)(steps - late) / (double)steps : (double)NAN;
    self->synchronisation = counted > 0 ? together / (double)counted : (double)NAN;
}

throng_status throng_dynamics_course(throng_context *context, const throng_dynamics *dynamics, int64_t n_agents,
                                     int64_t steps, throng_course *out, throng_error *err) {
    throng_status status = THRONG_OK;
    course_job job = {throng_dynamics_steps(dynamics), steps, n_agents};
    double sums[SUMS];
    (void)context; /* the dynamics' own */
    THRONG_REQUIRE(job.credit && steps > 0, E_UNSUPPORTED,
                   "Credits were not kept step by step: that takes a path integral, at least one step, and memory for "
                   "all of them.");
    for (int64_t t = 0; t < steps; t++) {
        course_job step = {job.credit + t * n_agents, 1, n_agents};
        THRONG_TRY(throng_i_dynamics_sum(dynamics, 2, add_step, &step, sums, err));
        out->phi[t] = sums[0];
        out->absolute[t] = sums[1];
    }
    THRONG_TRY(throng_i_dynamics_sum(dynamics, SUMS, add_agents, &job, sums, err));
    out->instability = instability(sums, (double)n_agents);
    summarise(out, steps);
out:
    return status;
}
