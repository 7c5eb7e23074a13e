/* The oceanic game: splitting a crowd, and solving what comes out. methods/oceanic.c has the mathematics. */
#include "attribution/ocean_game.h"
#include "attribution/steps.h"

#include <math.h>
#include <string.h>

#define DIRECT_N 4096            /* crowds so small that the ocean is summed without its atoms, not by subtracting */
#define STREAM   0x61746f6d73ULL /* "atoms" */

/* ---- small algebra --------------------------------------------------------------------------------------------- */

static double form(int k, const double *square, const double *x) {
    double sum = 0.0;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            sum += x[i] * square[i * k + j] * x[j];
    return sum;
}

double throng_i_solution_credit(const throng_i_ocean_game *self, const throng_i_solution *it, const double *step) {
    int k = self->k;
    double sum = form(k, it->square, step);
    for (int i = 0; i < k; i++)
        sum += it->linear[i] * step[i];
    for (int i = 0; it->cubic && i < k * k * k; i++)
        sum += it->cubic[i] * step[i / (k * k)] * step[i / k % k] * step[i % k];
    return sum;
}

static bool has_cubes(const throng_i_ocean_game *self) {
    return self->n <= DIRECT_N && self->k <= THRONG_I_OCEAN_CUBIC_K;
}

throng_status throng_i_solution_init(const throng_i_ocean_game *self, throng_i_solution *out, throng_error *err) {
    int k = self->k;
    int64_t cubic = has_cubes(self) ? (int64_t)k * k * k : 0;
    out->length = k + k * k + cubic + THRONG_I_ATOMS_MAX;
    throng_status status = throng_i_alloc(self->context, out->length, sizeof(double), &out->linear, err);
    if (status != THRONG_OK)
        return status;
    out->square = out->linear + k;
    out->cubic = cubic ? out->square + k * k : NULL;
    out->atom = out->square + k * k + cubic;
    return THRONG_OK;
}

void throng_i_solution_clear(const throng_i_ocean_game *self, throng_i_solution *it) {
    throng_i_free(self->context, it->linear);
    it->linear = NULL;
}

/* to += weight * from. */
void throng_i_solution_add(double weight, const throng_i_solution *from, throng_i_solution *to) {
    for (int64_t j = 0; j < from->length; j++)
        to->linear[j] += weight * from->linear[j];
}

/* The square of the L2 norm of the difference of two solutions over all agents (b NULL: of one). Sums over the ocean
 * are forms of its second moments; the quadratic part is bounded by the largest size. */
static double distance(const throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                       const throng_i_solution *a, const throng_i_solution *b) {
    int k = self->k;
    double linear[THRONG_I_OCEAN_AGGREGATES_MAX] = {0.0}, total = 0.0, trace = 0.0;
    for (int j = 0; j < k; j++)
        linear[j] = a->linear[j] - (b ? b->linear[j] : 0.0);
    total += fmax(form(k, ocean->squares, linear), 0.0);
    for (int i = 0; b && i < k; i++)
        for (int j = 0; j < k; j++) {
            double forward = 0.0, backward = 0.0;
            for (int l = 0; l < k; l++) {
                forward += (a->square[i * k + l] - b->square[i * k + l]) * ocean->squares[l * k + j];
                backward += (a->square[j * k + l] - b->square[j * k + l]) * ocean->squares[l * k + i];
            }
            trace += forward * backward;
        }
    total += fmax(trace, 0.0) * (n_atoms < self->n_heavy ? fmin(self->size[n_atoms], 1.0) : 0.0);
    for (int j = 0; j < n_atoms; j++) {
        double change = a->atom[j] - (b ? b->atom[j] : 0.0);
        total += change * change;
    }
    return total;
}

double throng_i_solution_change(const throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                                const throng_i_solution *a, const throng_i_solution *b) {
    double norm = distance(self, ocean, n_atoms, a, NULL);
    return norm > 0.0 ? sqrt(distance(self, ocean, n_atoms, a, b) / norm) : 0.0;
}

double throng_i_solution_total(const throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                               const throng_i_solution *it) {
    double sum = 0.0;
    for (int i = 0; i < self->k; i++) {
        sum += it->linear[i] * ocean->mean[i];
        for (int j = 0; j < self->k; j++)
            sum += it->square[i * self->k + j] * ocean->squares[i * self->k + j];
    }
    for (int i = 0; it->cubic && ocean->cubes && i < self->k * self->k * self->k; i++)
        sum += it->cubic[i] * ocean->cubes[i];
    for (int a = 0; a < n_atoms; a++)
        sum += it->atom[a];
    return sum;
}

/* ---- the crowd ------------------------------------------------------------------------------------------------- */

/* The ocean that is left without the first n_atoms heavy agents. */
throng_status throng_i_ocean_game_split(throng_i_ocean_game *self, int n_atoms, throng_i_ocean *ocean,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    int k = self->k;
    double *mean = NULL, worst = 1.0;
    THRONG_TRY(
        throng_i_alloc(self->context, k + (int64_t)k * k * (has_cubes(self) ? 1 + k : 1), sizeof *mean, &mean, err));
    double *squares = mean + k, *cubes = has_cubes(self) && !self->plain ? squares + k * k : NULL;
    if (self->n <= DIRECT_N && n_atoms < self->n) {
        THRONG_TRY(throng_i_steps_rest(self->context, self->function, self->heavy, n_atoms, mean, squares, cubes, err));
    } else if (n_atoms < self->n) {
        memcpy(mean, self->sum, (size_t)k * sizeof *mean);
        memcpy(squares, self->squares, (size_t)k * (size_t)k * sizeof *mean);
        for (int a = 0; a < n_atoms; a++)
            for (int i = 0; i < k; i++) {
                mean[i] -= self->steps[a * k + i];
                for (int j = 0; j < k; j++)
                    squares[i * k + j] -= self->steps[a * k + i] * self->steps[a * k + j];
            }
        /* What subtracting leaves of an aggregate that the atoms hold nearly all of is rounding. */
        for (int i = 0; i < k; i++)
            if (squares[i * k + i] > 0.0)
                worst = fmax(worst, self->squares[i * k + i] / squares[i * k + i]);
    }
    THRONG_TRY(throng_i_ocean_init(self->context, self->function, mean, squares, cubes,
                                   fmin(fmax(1e-10, 1e-13 * worst), 0.5), ocean, err));
out:
    throng_i_free(self->context, mean);
    return status;
}

/* Sizes and the heaviest agents; sizes [n] is scratch. The full metric C^-1 would be free of bases as well as of
 * scales, but where one giant rules all aggregates it picks agents that differ from the giant, not those that matter.
 */
static throng_status find_heavy(throng_i_ocean_game *self, int count, double *sizes, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean all = {.context = self->context};
    throng_i_solution metric = {0};
    throng_credit_sums unused;
    int k = self->k;
    THRONG_TRY(throng_i_solution_init(self, &metric, err));
    THRONG_TRY(throng_i_ocean_init(self->context, self->function, self->sum, self->squares, NULL, 1e-10, &all, err));
    for (int i = 0; i < k; i++)
        if (self->squares[i * k + i] > 0.0)
            metric.square[i * k + i] = 1.0 / self->squares[i * k + i];
    THRONG_TRY(
        throng_i_steps_quadratic(self->context, self->function, metric.linear, metric.square, sizes, &unused, err));
    THRONG_TRY(throng_i_steps_heaviest(self->context, self->n, sizes, count, self->heavy, &self->cubes, err));
    self->n_heavy = count;
    for (int a = 0; a < count; a++) {
        self->size[a] = sizes[self->heavy[a]];
        self->function->aggregate_steps(self->function->self, self->heavy[a], self->heavy[a] + 1, self->steps + a * k);
    }
out:
    throng_i_ocean_clear(&all);
    throng_i_solution_clear(self, &metric);
    return status;
}

throng_status throng_i_ocean_game_init(throng_context *context, const throng_value_function *function,
                                       const throng_method_options *options, int n_heavy, double *sizes,
                                       throng_i_ocean_game *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int k = function->n_aggregates;
    *self = (throng_i_ocean_game){
        .context = context, .function = function, .options = options, .k = k, .n = function->n_agents};
    THRONG_REQUIRE(k > 0 && function->aggregate_origin && function->aggregate_steps && function->aggregate_value,
                   E_UNSUPPORTED,
                   "oceanic needs an indicator that is a function of a few sums over agents, and this one is not: take "
                   "aumann-shapley, or shapley-sampled.");
    THRONG_REQUIRE(k <= THRONG_I_OCEAN_AGGREGATES_MAX, E_UNSUPPORTED,
                   "oceanic handles up to %d aggregates, and this value function has %d: take fewer bins, or "
                   "shapley-sampled.",
                   THRONG_I_OCEAN_AGGREGATES_MAX, k);
    THRONG_TRY(throng_i_alloc(context, 2 * k + (int64_t)k * (k + n_heavy), sizeof(double), &self->storage, err));
    self->origin = self->storage;
    self->sum = self->origin + k;
    self->squares = self->sum + k;
    self->steps = self->squares + k * k;
    const int nodes[5] = {2, 3, 5, 8, 32};
    for (int r = 0; r < 5; r++)
        THRONG_TRY(throng_i_rule_init(context, nodes[r], r == 4 && function->singular_ends, &self->pieces[r], err));
    THRONG_TRY(throng_i_steps_summary(context, function, self->origin, self->sum, self->squares, err));
    THRONG_TRY(find_heavy(self, n_heavy, sizes, err));
out:
    return status;
}

void throng_i_ocean_game_clear(throng_i_ocean_game *self) {
    throng_i_free(self->context, self->storage);
    for (int r = 0; r < 5; r++)
        throng_i_rule_clear(self->context, &self->pieces[r]);
}

/* ---- all coalitions of a few atoms ----------------------------------------------------------------------------- */

static throng_status no_value(double t, throng_error *err) {
    return THRONG_FAIL(err, E_DEGENERATE,
                       "The value function has no value for a coalition of the heaviest agents while the others take "
                       "part with %.3g: Shapley values do not exist there.",
                       t);
}

static void power_table(int n, double x, double *out) {
    out[0] = 1.0;
    for (int j = 0; j < n; j++)
        out[j + 1] = out[j] * x;
}

/* Adds one node of the rule in t: every coalition S of the atoms, with the probability that it is the one there. */
static throng_status visit_coalitions(throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms, double t,
                                      double weight, double *values, throng_i_ocean_sum *sum, double *atom,
                                      throng_error *err) {
    double in[THRONG_I_ATOMS_EXACT + 1], away[THRONG_I_ATOMS_EXACT + 1], base[THRONG_I_OCEAN_AGGREGATES_MAX];
    int n_coalitions = 1 << n_atoms;
    power_table(n_atoms, t, in);
    power_table(n_atoms, 1.0 - t, away);
    for (int S = 0; S < n_coalitions; S++) {
        int size = __builtin_popcount((unsigned)S);
        memcpy(base, self->origin, (size_t)self->k * sizeof *base);
        for (int a = 0; a < n_atoms; a++)
            for (int j = 0; (S >> a & 1) && j < self->k; j++)
                base[j] += self->steps[a * self->k + j];
        values[S] = throng_i_ocean_expect(ocean, base, t, weight * in[size] * away[n_atoms - size], sum);
        if (isnan(values[S]))
            return no_value(t, err);
    }
    for (int a = 0; a < n_atoms; a++)
        for (int S = 0; S < n_coalitions; S++)
            if (!(S >> a & 1)) {
                int size = __builtin_popcount((unsigned)S);
                atom[a] += weight * in[size] * away[n_atoms - 1 - size] * (values[S | 1 << a] - values[S]);
            }
    throng_progress progress = {"attributing", "evaluations", self->evaluations + sum->evaluations, -1};
    return throng_i_progress(self->context, &progress, err);
}

throng_status throng_i_ocean_game_enumerate(throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                                            int nodes, throng_i_solution *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_rule rule = {0};
    double *values = NULL;
    throng_i_ocean_sum sum = {0};
    memset(out->linear, 0, (size_t)out->length * sizeof(double));
    THRONG_TRY(throng_i_rule_init(self->context, nodes, self->function->singular_ends, &rule, err));
    THRONG_TRY(throng_i_alloc(self->context, 1 << n_atoms, sizeof *values, &values, err));
    THRONG_TRY(throng_i_ocean_sum_init(ocean, &sum, err));
    sum.linear = out->linear;
    for (int q = 0; q < nodes; q++)
        THRONG_TRY(visit_coalitions(self, ocean, n_atoms, rule.nodes.t[q], rule.nodes.weight[q], values, &sum,
                                    out->atom, err));
    THRONG_TRY(throng_i_ocean_forms(ocean, &sum, out->square, out->cubic, err));
    self->evaluations += sum.evaluations;
    self->clipped += sum.clipped;
out:
    throng_i_rule_clear(self->context, &rule);
    throng_i_free(self->context, values);
    throng_i_free(self->context, sum.storage);
    return status;
}

/* ---- samples of many atoms ------------------------------------------------------------------------------------- */

/* times[points][n_atoms]: every atom's arrivals fill the strata 0..points-1 in an order of its own. */
static void draw_times(const throng_i_ocean_game *self, int n_atoms, int batch, int points, double *times) {
    throng_random random = {self->options->seed, STREAM};
    for (int a = 0; a < n_atoms; a++)
        for (int p = 0; p < points; p++) {
            double u[4];
            throng_random_uniforms(random, (uint64_t)a, (uint64_t)batch, (uint64_t)p, u);
            int other = (int)(u[0] * (p + 1)); /* the shuffle that grows from the front */
            times[p * n_atoms + a] = times[other * n_atoms + a];
            times[other * n_atoms + a] = (p + u[1]) / points;
        }
}

/* The ocean between two arrivals: short pieces need few nodes, 2 n + 1 powers of their length fall below rounding. */
static throng_status visit_piece(throng_i_ocean_game *self, const throng_i_ocean *ocean, const double *base,
                                 double from, double to, double weight, throng_i_ocean_sum *sum, throng_error *err) {
    double length = to - from;
    bool singular = self->function->singular_ends && (from == 0.0 || to == 1.0);
    int r = singular ? 4 : length < 0.01 ? 0 : length < 0.1 ? 1 : length < 0.3 ? 2 : length < 0.6 ? 3 : 4;
    const throng_nodes *nodes = &self->pieces[r].nodes;
    for (int q = 0; q < nodes->n; q++) {
        double t = from + length * nodes->t[q];
        if (isnan(throng_i_ocean_expect(ocean, base, t, weight * length * nodes->weight[q], sum)))
            return no_value(t, err);
    }
    return THRONG_OK;
}

/* One history: atoms arrive at their times, mirrored or not, and the ocean rises all the while. */
static throng_status visit_history(throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                                   const double *times, bool mirrored, double weight, throng_i_ocean_sum *sum,
                                   double *atom, throng_error *err) {
    int order[THRONG_I_ATOMS_MAX];
    double base[THRONG_I_OCEAN_AGGREGATES_MAX], now = 0.0, arrival[THRONG_I_ATOMS_MAX];
    memcpy(base, self->origin, (size_t)self->k * sizeof *base);
    for (int a = 0; a < n_atoms; a++) {
        int at = a;
        arrival[a] = mirrored ? 1.0 - times[a] : times[a];
        for (; at > 0 && arrival[order[at - 1]] > arrival[a]; at--)
            order[at] = order[at - 1];
        order[at] = a;
    }
    for (int next = 0; next < n_atoms; next++) {
        int a = order[next];
        throng_status status = visit_piece(self, ocean, base, now, arrival[a], weight, sum, err);
        if (status != THRONG_OK)
            return status;
        now = arrival[a];
        double before = throng_i_ocean_expect(ocean, base, now, 0.0, sum);
        for (int j = 0; j < self->k; j++)
            base[j] += self->steps[a * self->k + j];
        double after = throng_i_ocean_expect(ocean, base, now, 0.0, sum);
        if (isnan(before) || isnan(after))
            return no_value(now, err);
        atom[a] += weight * (after - before);
    }
    return visit_piece(self, ocean, base, now, 1.0, weight, sum, err);
}

/* An independent estimate from 2 points histories. */
throng_status throng_i_ocean_game_sample(throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms, int batch,
                                         int points, throng_i_solution *out, throng_error *err) {
    throng_status status = THRONG_OK;
    double *times = NULL;
    throng_i_ocean_sum sum = {0};
    memset(out->linear, 0, (size_t)out->length * sizeof(double));
    THRONG_TRY(throng_i_alloc(self->context, (int64_t)points * n_atoms, sizeof *times, &times, err));
    THRONG_TRY(throng_i_ocean_sum_init(ocean, &sum, err));
    sum.linear = out->linear;
    draw_times(self, n_atoms, batch, points, times);
    for (int p = 0; p < 2 * points; p++) {
        throng_progress progress = {"attributing", "evaluations", self->evaluations + sum.evaluations, -1};
        THRONG_TRY(
            visit_history(self, ocean, n_atoms, times + p / 2 * n_atoms, p % 2, 0.5 / points, &sum, out->atom, err));
        THRONG_TRY(throng_i_progress(self->context, &progress, err));
    }
    THRONG_TRY(throng_i_ocean_forms(ocean, &sum, out->square, out->cubic, err));
    self->evaluations += sum.evaluations;
    self->clipped += sum.clipped;
out:
    throng_i_free(self->context, times);
    throng_i_free(self->context, sum.storage);
    return status;
}
