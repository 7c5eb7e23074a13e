/* Passes over the steps of a value function. Those that ask for steps stay on one thread: a caller's own functions need
 * not allow more. */
#include "attribution/steps.h"

#include <math.h>
#include <string.h>

#define BLOCK 256

typedef void (*visit_fn)(void *user, int64_t agent, const double *step);

/* Shows every step in order. */
static throng_status visit_steps(throng_context *context, const throng_value_function *function, visit_fn visit,
                                 void *user, throng_error *err) {
    throng_status status = THRONG_OK;
    int k = function->n_aggregates;
    int64_t n = function->n_agents;
    double *steps = NULL;
    THRONG_TRY(throng_i_alloc(context, (int64_t)BLOCK * k, sizeof *steps, &steps, err));
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t end = at + BLOCK < n ? at + BLOCK : n;
        function->aggregate_steps(function->self, at, end, steps);
        for (int64_t i = at; i < end; i++)
            visit(user, i, steps + (i - at) * k);
        throng_progress progress = {"attributing", "agents", end, n};
        THRONG_TRY(throng_i_progress(context, &progress, err));
    }
out:
    throng_i_free(context, steps);
    return status;
}

/* ---- sums and products ----------------------------------------------------------------------------------------- */

typedef struct summary_job {
    int k, n_without;
    const int64_t *without;
    double *sum, *squares, *cubes;
} summary_job;

static void add_step(void *user, int64_t agent, const double *step) {
    const summary_job *job = user;
    for (int a = 0; a < job->n_without; a++)
        if (job->without[a] == agent)
            return;
    for (int i = 0; i < job->k; i++) {
        job->sum[i] += step[i];
        for (int j = 0; step[i] != 0.0 && j < job->k; j++) /* bins: nearly all are 0 */
            job->squares[i * job->k + j] += step[i] * step[j];
        for (int j = 0; job->cubes && j < job->k; j++)
            for (int l = 0; l < job->k; l++)
                job->cubes[(i * job->k + j) * job->k + l] += step[i] * step[j] * step[l];
    }
}

throng_status throng_i_steps_rest(throng_context *context, const throng_value_function *function,
                                  const int64_t *without, int n_without, double *sum, double *squares, double *cubes,
                                  throng_error *err) {
    int k = function->n_aggregates;
    summary_job job = {k, n_without, without, sum, squares, cubes};
    memset(sum, 0, (size_t)k * sizeof *sum);
    memset(squares, 0, (size_t)k * (size_t)k * sizeof *squares);
    if (cubes)
        memset(cubes, 0, (size_t)k * (size_t)k * (size_t)k * sizeof *cubes);
    return visit_steps(context, function, add_step, &job, err);
}

throng_status throng_i_steps_summary(throng_context *context, const throng_value_function *function, double *origin,
                                     double *sum, double *squares, throng_error *err) {
    if (function->aggregate_summary)
        return function->aggregate_summary(function->self, origin, sum, squares, err);
    function->aggregate_origin(function->self, origin);
    return throng_i_steps_rest(context, function, NULL, 0, sum, squares, NULL, err);
}

/* ---- quadratic forms ------------------------------------------------------------------------------------------- */

typedef struct quadratic_job {
    int k;
    const double *linear, *square;
    double *out;
    throng_credit_sums *sums;
} quadratic_job;

static void form_step(void *user, int64_t agent, const double *step) {
    const quadratic_job *job = user;
    double form = 0.0;
    for (int i = 0; i < job->k; i++) {
        if (step[i] == 0.0)
            continue;
        double along = job->linear[i];
        for (int j = 0; j < job->k; j++)
            along += job->square[i * job->k + j] * step[j];
        form += step[i] * along;
    }
    job->out[agent] = form;
    job->sums->phi += form;
    job->sums->absolute += fabs(form);
}

throng_status throng_i_steps_quadratic(throng_context *context, const throng_value_function *function,
                                       const double *linear, const double *square, double *out,
                                       throng_credit_sums *sums, throng_error *err) {
    *sums = (throng_credit_sums){0};
    if (function->aggregate_quadratic)
        return function->aggregate_quadratic(function->self, linear, square, out, sums, err);
    quadratic_job job = {function->n_aggregates, linear, square, out, sums};
    return visit_steps(context, function, form_step, &job, err);
}

/* ---- cubic forms ----------------------------------------------------------------------------------------------- */

static void add_cubic(void *user, int64_t agent, const double *step) {
    const quadratic_job *job = user;
    double form = 0.0;
    for (int i = 0; i < job->k; i++)
        for (int j = 0; j < job->k; j++)
            for (int l = 0; l < job->k; l++)
                form += job->square[(i * job->k + j) * job->k + l] * step[i] * step[j] * step[l];
    job->out[agent] += form;
    job->sums->phi += form;
}

throng_status throng_i_steps_add_cubic(throng_context *context, const throng_value_function *function,
                                       const double *cubic, double *out, double *sum, throng_error *err) {
    throng_credit_sums sums = {0};
    quadratic_job job = {function->n_aggregates, NULL, cubic, out, &sums};
    throng_status status = visit_steps(context, function, add_cubic, &job, err);
    *sum += sums.phi;
    return status;
}

/* ---- the heaviest ---------------------------------------------------------------------------------------------- */

typedef struct size_job {
    const double *sizes;
    double *most, *cubes; /* [chunks] */
} size_job;

static void measure_chunk(void *user, throng_chunk chunk) {
    const size_job *job = user;
    double most[4] = {-1.0, -1.0, -1.0, -1.0}, cubes[4] = {0.0, 0.0, 0.0, 0.0};
    for (int64_t i = chunk.begin; i < chunk.end; i++) {
        double size = job->sizes[i];
        int lane = (int)(i % 4);
        most[lane] = size > most[lane] ? size : most[lane];
        cubes[lane] += size * size * size;
    }
    job->most[chunk.index] = fmax(fmax(most[0], most[1]), fmax(most[2], most[3]));
    job->cubes[chunk.index] = (cubes[0] + cubes[1]) + (cubes[2] + cubes[3]);
}

/* Puts an agent into the list if it is heavier than the last; the list is sorted. */
static void insert(const double *sizes, int count, int *n, int64_t *list, int64_t agent) {
    if (*n == count && !(sizes[agent] > sizes[list[count - 1]]))
        return;
    int at = *n < count ? (*n)++ : count - 1;
    for (; at > 0 && sizes[agent] > sizes[list[at - 1]]; at--)
        list[at] = list[at - 1];
    list[at] = agent;
}

throng_status throng_i_steps_heaviest(throng_context *context, int64_t n, const double *sizes, int count,
                                      int64_t *heaviest, double *cubes, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n_chunks = throng_i_chunk_count(n), *order = NULL;
    size_job job = {.sizes = sizes};
    int found = 0;
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof(double), &job.most, err));
    THRONG_TRY(throng_i_alloc(context, n_chunks, sizeof(double), &job.cubes, err));
    THRONG_TRY(throng_i_alloc(context, count + 1, sizeof *order, &order, err));
    THRONG_TRY(throng_chunks_for(context, n, measure_chunk, &job, NULL, err));
    /* The count-th largest maximum of a chunk is a lower bound: only chunks that reach it are looked into. */
    int n_order = 0;
    for (int64_t c = 0; c < n_chunks && count > 0; c++)
        insert(job.most, count, &n_order, order, c);
    double bound = n_order == count && count > 0 ? job.most[order[count - 1]] : -2.0;
    for (int64_t c = 0; c < n_chunks && count > 0; c++) {
        int64_t end = (c + 1) * THRONG_CHUNK_ROWS < n ? (c + 1) * THRONG_CHUNK_ROWS : n;
        for (int64_t i = c * THRONG_CHUNK_ROWS; i < end && job.most[c] >= bound; i++)
            insert(sizes, count, &found, heaviest, i);
    }
    throng_i_sum_rows(job.cubes, n_chunks, 1, cubes);
out:
    throng_i_free(context, job.most);
    throng_i_free(context, job.cubes);
    throng_i_free(context, order);
    return status;
}
