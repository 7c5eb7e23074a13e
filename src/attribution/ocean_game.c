/* The oceanic game: splitting a crowd, and solving what comes out. methods/oceanic.c has the mathematics. */
#include "attribution/ocean_game.h"
#include "attribution/quadrature.h"
#include "attribution/steps.h"

#include <math.h>
#include <string.h>

#define DIRECT_N 4096 /* crowds so small that the ocean is summed without its atoms, not by subtracting */

/* ---- small algebra --------------------------------------------------------------------------------------------- */

static double form(int k, const double *square, const double *x) {
    double sum = 0.0;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            sum += x[i] * square[i * k + j] * x[j];
    return sum;
}

/* What an agent of the ocean is credited with. */
static double credit(const throng_i_ocean_game *self, const throng_i_solution *it, const double *step) {
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
    out->length = k + k * k + cubic + THRONG_I_ATOMS_MAX + 1;
    throng_status status = throng_i_alloc(self->context, out->length, sizeof(double), &out->linear, err);
    if (status != THRONG_OK)
        return status;
    out->square = out->linear + k;
    out->cubic = cubic ? out->square + k * k : NULL;
    out->heavy = out->square + k * k + cubic;
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

/* The square of the L2 norm of the difference of two solutions over all agents (b NULL: of one). Sums over agents that
 * are not apart are forms of their second moments; the quadratic part is bounded by the largest size. */
static double distance(const throng_i_ocean_game *self, const throng_i_solution *a, const throng_i_solution *b) {
    int k = self->k;
    const double *squares = self->rest + k;
    double linear[THRONG_I_OCEAN_AGGREGATES_MAX] = {0.0}, total = 0.0, trace = 0.0;
    for (int j = 0; j < k; j++)
        linear[j] = a->linear[j] - (b ? b->linear[j] : 0.0);
    total += fmax(form(k, squares, linear), 0.0);
    for (int i = 0; b && i < k; i++)
        for (int j = 0; j < k; j++) {
            double forward = 0.0, backward = 0.0;
            for (int l = 0; l < k; l++) {
                forward += (a->square[i * k + l] - b->square[i * k + l]) * squares[l * k + j];
                backward += (a->square[j * k + l] - b->square[j * k + l]) * squares[l * k + i];
            }
            trace += forward * backward;
        }
    total += fmax(trace, 0.0) * (self->n_apart < self->n_heavy ? fmin(self->size[self->n_apart], 1.0) : 0.0);
    for (int j = 0; j < self->n_apart; j++) {
        double change = a->heavy[j] - (b ? b->heavy[j] : 0.0);
        total += change * change;
    }
    return total;
}

double throng_i_solution_change(const throng_i_ocean_game *self, const throng_i_solution *a,
                                const throng_i_solution *b) {
    double norm = distance(self, a, NULL);
    return norm > 0.0 ? sqrt(distance(self, a, b) / norm) : 0.0;
}

double throng_i_solution_total(const throng_i_ocean_game *self, const throng_i_solution *it) {
    int k = self->k;
    double sum = 0.0;
    for (int i = 0; i < k; i++)
        sum += it->linear[i] * self->rest[i];
    for (int i = 0; i < k * k; i++)
        sum += it->square[i] * self->rest[k + i];
    for (int i = 0; it->cubic && i < k * k * k; i++)
        sum += it->cubic[i] * self->rest[k + k * k + i];
    for (int h = 0; h < self->n_apart; h++)
        sum += it->heavy[h];
    return sum;
}

/* ---- the crowd ------------------------------------------------------------------------------------------------- */

/* Adds factor times the powers of a step to sum[k], squares[k][k] and, unless NULL, cubes[k][k][k]. */
static void add_powers(int k, const double *step, double factor, double *sum, double *squares, double *cubes) {
    for (int i = 0; i < k; i++) {
        sum[i] += factor * step[i];
        for (int j = 0; j < k; j++) {
            squares[i * k + j] += factor * step[i] * step[j];
            for (int l = 0; cubes && l < k; l++)
                cubes[(i * k + j) * k + l] += factor * step[i] * step[j] * step[l];
        }
    }
}

throng_status throng_i_ocean_game_set_apart(throng_i_ocean_game *self, int n_apart, throng_error *err) {
    int k = self->k;
    double *squares = self->rest + k;
    self->n_apart = n_apart;
    if (self->n <= DIRECT_N)
        return throng_i_steps_rest(self->context, self->function, self->heavy, n_apart, self->rest, squares,
                                   has_cubes(self) ? squares + k * k : NULL, err);
    memcpy(self->rest, self->sum, (size_t)k * sizeof(double));
    memcpy(squares, self->squares, (size_t)k * (size_t)k * sizeof(double));
    for (int h = 0; h < n_apart; h++)
        add_powers(k, self->steps + h * k, -1.0, self->rest, squares, NULL);
    return THRONG_OK;
}

static bool is_atom(const throng_i_atoms *atoms, int heavy) {
    for (int a = 0; a < atoms->n; a++)
        if (atoms->at[a] == heavy)
            return true;
    return false;
}

throng_status throng_i_ocean_game_split(const throng_i_ocean_game *self, const throng_i_atoms *atoms,
                                        throng_i_ocean *ocean, throng_error *err) {
    int k = self->k;
    int64_t length = k + (int64_t)k * k * (has_cubes(self) ? 1 + k : 1);
    double *mean = NULL, worst = 1.0;
    throng_status status = throng_i_alloc(self->context, length, sizeof *mean, &mean, err);
    if (status != THRONG_OK)
        return status;
    double *squares = mean + k, *cubes = has_cubes(self) && !self->plain ? squares + k * k : NULL;
    memcpy(mean, self->rest, (size_t)length * sizeof *mean);
    for (int h = 0; h < self->n_apart; h++)
        if (!is_atom(atoms, h))
            add_powers(k, self->steps + h * k, 1.0, mean, squares, cubes);
    /* What subtracting leaves of an aggregate that the atoms hold nearly all of is rounding. */
    for (int i = 0; self->n > DIRECT_N && i < k; i++)
        if (squares[i * k + i] > 0.0)
            worst = fmax(worst, self->squares[i * k + i] / squares[i * k + i]);
    status = throng_i_ocean_init(self->context, self->function, mean, squares, cubes,
                                 fmin(fmax(1e-10, 1e-13 * worst), 0.5), ocean, err);
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
    THRONG_TRY(throng_i_alloc(context, 3 * k + (int64_t)k * (k + n_heavy + k * (has_cubes(self) ? 1 + k : 1)),
                              sizeof(double), &self->storage, err));
    self->origin = self->storage;
    self->sum = self->origin + k;
    self->squares = self->sum + k;
    self->steps = self->squares + k * k;
    self->rest = self->steps + k * n_heavy;
    THRONG_TRY(throng_i_steps_summary(context, function, self->origin, self->sum, self->squares, err));
    THRONG_TRY(find_heavy(self, n_heavy, sizes, err));
out:
    return status;
}

void throng_i_ocean_game_clear(throng_i_ocean_game *self) {
    throng_i_free(self->context, self->storage);
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
static throng_status visit_coalitions(throng_i_ocean_game *self, const throng_i_ocean *ocean,
                                      const throng_i_atoms *atoms, double t, double weight, double *values,
                                      throng_i_ocean_sum *sum, double *heavy, throng_error *err) {
    double in[THRONG_I_ATOMS_EXACT + 1], away[THRONG_I_ATOMS_EXACT + 1], base[THRONG_I_OCEAN_AGGREGATES_MAX];
    int n_atoms = atoms->n, n_coalitions = 1 << n_atoms;
    power_table(n_atoms, t, in);
    power_table(n_atoms, 1.0 - t, away);
    for (int S = 0; S < n_coalitions; S++) {
        int size = __builtin_popcount((unsigned)S);
        memcpy(base, self->origin, (size_t)self->k * sizeof *base);
        for (int a = 0; a < n_atoms; a++)
            for (int j = 0; (S >> a & 1) && j < self->k; j++)
                base[j] += self->steps[atoms->at[a] * self->k + j];
        values[S] = throng_i_ocean_expect(ocean, base, t, weight * in[size] * away[n_atoms - size], sum);
        if (isnan(values[S]))
            return no_value(t, err);
    }
    for (int a = 0; a < n_atoms; a++)
        for (int S = 0; S < n_coalitions; S++)
            if (!(S >> a & 1)) {
                int size = __builtin_popcount((unsigned)S);
                heavy[atoms->at[a]] += weight * in[size] * away[n_atoms - 1 - size] * (values[S | 1 << a] - values[S]);
            }
    throng_progress progress = {"attributing", "evaluations", self->evaluations + sum->evaluations, -1};
    return throng_i_progress(self->context, &progress, err);
}

throng_status throng_i_ocean_game_enumerate(throng_i_ocean_game *self, const throng_i_ocean *ocean,
                                            const throng_i_atoms *atoms, int nodes, throng_i_solution *out,
                                            throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_rule rule = {0};
    double *values = NULL;
    throng_i_ocean_sum sum = {0};
    memset(out->linear, 0, (size_t)out->length * sizeof(double));
    THRONG_TRY(throng_i_rule_init(self->context, nodes, self->function->singular_ends, &rule, err));
    THRONG_TRY(throng_i_alloc(self->context, 1 << atoms->n, sizeof *values, &values, err));
    THRONG_TRY(throng_i_ocean_sum_init(ocean, &sum, err));
    sum.linear = out->linear;
    for (int q = 0; q < nodes; q++)
        THRONG_TRY(
            visit_coalitions(self, ocean, atoms, rule.nodes.t[q], rule.nodes.weight[q], values, &sum, out->heavy, err));
    THRONG_TRY(throng_i_ocean_forms(ocean, &sum, out->square, out->cubic, err));
    for (int h = 0; h < self->n_heavy; h++)
        if (!is_atom(atoms, h))
            out->heavy[h] = credit(self, out, self->steps + h * self->k);
    self->evaluations += sum.evaluations;
    self->clipped += sum.clipped;
out:
    throng_i_rule_clear(self->context, &rule);
    throng_i_free(self->context, values);
    throng_i_free(self->context, sum.storage);
    return status;
}
