/*
 * oceanic: near-exact Shapley values of a crowd of any size.
 *
 * phi_i = integral over t of E [f(M + g_i) - f(M)], where everybody but i takes part with probability t. The heaviest
 * agents, the atoms, come and go one by one; the rest is an ocean (Milnor and Shapley 1978) whose sum is Gaussian given
 * t. An agent of the ocean is small, so with M the sum of all of it, i included, and D = g_i . grad,
 *
 *     phi_i = integral of E [D f + (1/2 - t) D^2 f + (1/6 - t + t^2) D^3 f + ...] (M),
 *
 * the series of (e^D - 1) / (1 + t (e^D - 1)): taking i out of M costs t D^2 f, and the second-order term of f(M + g_i)
 * gives half of that back. Large crowds stop after the second order: c . g_i + g_i^T Q g_i, one pass. Crowds of up to
 * 4096 agents, whose ocean is not yet Gaussian, take the third order along, here and in E (one Edgeworth term). Atoms
 * get the mean of f with them minus f without them.
 *
 * Up to THRONG_I_ATOMS_EXACT atoms all their coalitions are visited at every quadrature node; more arrive at random
 * times, as in the oceanic game: Latin hypercube samples with their mirror images, and a Gauss-Legendre rule on every
 * piece between two arrivals. Either way the credits add up to v(1) - v(0) but for the quadrature in t (ocean.c says
 * why), so the efficiency residual is reported as it is. docs/oceanic.md has the measurements.
 */
#include "attribution/ocean_game.h"
#include "attribution/relative.h"
#include "attribution/steps.h"

#include <math.h>
#include <string.h>

#define PILOT_ATOMS   4       /* with these the rules are chosen */
#define AUTO_ATOMS    10      /* chosen at most, while an agent is as large as ... */
#define AUTO_SIZE     1e-3    /* ... this part of an aggregate's sum of squares */
#define SMALL_CROWD   64      /* up to here as many atoms as can be enumerated */
#define LEVEL_ENOUGH  1e-6    /* change between two Gaussian rules that ends the search, ... */
#define LEVEL_LARGE   1e-5    /* ... and in crowds where it would be most of the time */
#define BUDGET        4000000 /* evaluations of f that one rule may cost, less for many bins */
#define SAMPLES_AGREE 1e-7    /* two batches that differ by no more need no third */
#define RETRY         1e-6    /* residual at which third moments are tried without */
#define EFFICIENT     1e-2    /* relative residual that is promised where the tolerance asks for less */
#define BATCHES       4       /* independent samples, for the standard error */

enum {
    PARAM_ATOMS,
    PARAM_SAMPLES
};

/* What the pilot found out, and the main run's own errors; all relative L2. */
typedef struct plan {
    int n_atoms, nodes, level;
    double nodes_change, level_change, sampling, closure;
} plan;

/* ---- the ends -------------------------------------------------------------------------------------------------- */

/* Values at both ends, by the ray where there is one: the same bits as other methods report. */
static throng_status find_ends(const throng_i_ocean_game *self, throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_value_function *function = self->function;
    double all[THRONG_I_OCEAN_AGGREGATES_MAX], *ends[2] = {&certificate->nobody, &certificate->everybody};
    for (int j = 0; j < self->k; j++)
        all[j] = self->origin[j] + self->sum[j];
    for (int end = 0; end < 2; end++) {
        if (function->ray_value)
            THRONG_TRY(function->ray_value(function->self, end, ends[end], err));
        else
            *ends[end] = function->aggregate_value(function->self, end ? all : self->origin);
        THRONG_REQUIRE(isfinite(*ends[end]), E_DEGENERATE,
                       "The value function is not finite when %s takes part: it gave %g.", end ? "everybody" : "nobody",
                       *ends[end]);
    }
out:
    return status;
}

/* ---- choosing rules -------------------------------------------------------------------------------------------- */

/* What an evaluation of f costs: bins are many, and their f takes logarithms and powers of each. */
static int64_t price(const throng_i_ocean *ocean) {
    return ocean->k > 8 ? 2 * ocean->k : 1;
}

static int64_t cost(const throng_i_ocean *ocean, int n_atoms, int nodes, int level) {
    return ((int64_t)nodes << n_atoms) * price(ocean) * throng_i_ocean_level_nodes(ocean, level);
}

/* Nodes in t: doubled with the cheapest Gaussian rule until the credits stay the same. */
static throng_status choose_nodes(throng_i_ocean_game *game, const throng_i_ocean *ocean, int n_atoms, plan *out,
                                  throng_i_solution *fine, throng_i_solution *coarse, throng_error *err) {
    throng_status status = THRONG_OK;
    int nodes = game->function->singular_ends ? 16 : 8;
    THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, n_atoms, nodes, coarse, err));
    for (;;) {
        THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, n_atoms, 2 * nodes, fine, err));
        out->nodes = nodes;
        out->nodes_change = throng_i_solution_change(game, ocean, n_atoms, fine, coarse);
        throng_i_solution swap = *fine;
        *fine = *coarse;
        *coarse = swap;
        if (out->nodes_change <= game->options->tolerance || 4 * nodes > game->options->nodes_max ||
            cost(ocean, n_atoms, 4 * nodes, out->level) > BUDGET / 8)
            break;
        nodes *= 2;
    }
    out->nodes = out->nodes_change <= game->options->tolerance ? nodes : 2 * nodes;
out:
    return status;
}

/* The Gaussian rule: dearer ones until the credits stay the same, or change more than before: then f is too rough for
 * high degrees, and the last one that settled is taken. */
static throng_status choose_level(throng_i_ocean_game *game, throng_i_ocean *ocean, int n_atoms, plan *out,
                                  throng_i_solution *fine, throng_i_solution *coarse, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, n_atoms, out->nodes, coarse, err));
    for (int level = out->level + 1, first = level; ocean->rank > 0 && level < THRONG_I_OCEAN_LEVELS; level++) {
        if (cost(ocean, n_atoms, out->nodes, level) > BUDGET)
            break;
        THRONG_TRY(throng_i_ocean_set_level(ocean, level, game->options->seed, err));
        THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, n_atoms, out->nodes, fine, err));
        double change = throng_i_solution_change(game, ocean, n_atoms, fine, coarse);
        if (level > first && change > out->level_change)
            break;
        out->level_change = change;
        if (change <= (ocean->third ? LEVEL_ENOUGH : LEVEL_LARGE))
            break;
        out->level = level;
        throng_i_solution swap = *fine;
        *fine = *coarse;
        *coarse = swap;
    }
out:
    return status;
}

/* Chooses both with a few atoms only. */
static throng_status make_plan(throng_i_ocean_game *game, plan *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean ocean = {.context = game->context};
    throng_i_solution fine = {0}, coarse = {0};
    int pilot = out->n_atoms < PILOT_ATOMS ? out->n_atoms : PILOT_ATOMS;
    THRONG_TRY(throng_i_solution_init(game, &fine, err));
    THRONG_TRY(throng_i_solution_init(game, &coarse, err));
    THRONG_TRY(throng_i_ocean_game_split(game, pilot, &ocean, err));
    out->level = ocean.third && ocean.rank > 0 ? 1 : 0; /* He3 times a line needs degree 4 */
    THRONG_TRY(throng_i_ocean_set_level(&ocean, out->level, game->options->seed, err));
    THRONG_TRY(choose_nodes(game, &ocean, pilot, out, &fine, &coarse, err));
    THRONG_TRY(choose_level(game, &ocean, pilot, out, &fine, &coarse, err));
    /* The probability of a coalition is a polynomial in t whose degree is the number of atoms. */
    out->nodes += (out->n_atoms - pilot) / 2 + 1;
out:
    throng_i_ocean_clear(&ocean);
    throng_i_solution_clear(game, &fine);
    throng_i_solution_clear(game, &coarse);
    return status;
}

/* An ocean with a rule that the budget allows. */
static throng_status open_ocean(throng_i_ocean_game *game, int n_atoms, const plan *by, throng_i_ocean *ocean,
                                throng_error *err) {
    throng_status status = THRONG_OK;
    int level = by->level;
    THRONG_TRY(throng_i_ocean_game_split(game, n_atoms, ocean, err));
    while (level > (ocean->third ? 1 : 0) && n_atoms <= THRONG_I_ATOMS_EXACT &&
           cost(ocean, n_atoms, by->nodes, level) > BUDGET)
        level--;
    THRONG_TRY(throng_i_ocean_set_level(ocean, level, game->options->seed, err));
out:
    return status;
}

/* ---- solving --------------------------------------------------------------------------------------------------- */

/* All coalitions; more nodes while the credits do not add up to the whole. */
static throng_status solve_exactly(throng_i_ocean_game *game, const throng_i_ocean *ocean, double whole, plan *it,
                                   throng_i_solution *out, throng_error *err) {
    throng_status status = THRONG_OK;
    for (;; it->nodes *= 2) {
        THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, it->n_atoms, it->nodes, out, err));
        double miss = throng_i_relative(throng_i_solution_total(game, ocean, it->n_atoms, out) - whole, whole, 0.0);
        if (miss <= game->options->tolerance || 2 * it->nodes > game->options->nodes_max ||
            ((int64_t)it->nodes << (it->n_atoms + 1)) * ocean->n_nodes * price(ocean) > BUDGET)
            break;
    }
out:
    return status;
}

/* Covariance of the mean's linear part and variances of its atoms, into `spread`; relative error of the mean. */
static double measure_spread(const throng_i_ocean_game *game, const throng_i_ocean *ocean, int n_atoms, int n,
                             const throng_i_solution *mean, throng_i_solution *batch, throng_i_solution *spread) {
    int k = game->k;
    double total = 0.0, share = 1.0 / (n * (n - 1.0));
    for (int b = 0; b < n; b++) {
        double change = throng_i_solution_change(game, ocean, n_atoms, mean, &batch[b]);
        total += share * change * change;
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++)
                spread->square[i * k + j] +=
                    share * (batch[b].linear[i] - mean->linear[i]) * (batch[b].linear[j] - mean->linear[j]);
        for (int a = 0; a < n_atoms; a++)
            spread->atom[a] += share * (batch[b].atom[a] - mean->atom[a]) * (batch[b].atom[a] - mean->atom[a]);
    }
    return sqrt(total);
}

/* The mean of independent batches; two are enough where they agree. *first is what the first batch alone gave. */
static throng_status solve_by_samples(throng_i_ocean_game *game, const throng_i_ocean *ocean, plan *it,
                                      throng_i_solution *out, throng_i_solution *spread, throng_i_solution *first,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_solution batch[BATCHES] = {{0}};
    int points = (int)game->options->param[PARAM_SAMPLES] / (2 * BATCHES), n = 0;
    for (; n < BATCHES; n++) {
        if (n == 2 && throng_i_solution_change(game, ocean, it->n_atoms, &batch[0], &batch[1]) <= SAMPLES_AGREE)
            break;
        THRONG_TRY(throng_i_solution_init(game, &batch[n], err));
        THRONG_TRY(throng_i_ocean_game_sample(game, ocean, it->n_atoms, n, points, &batch[n], err));
    }
    throng_i_solution_add(1.0, &batch[0], first);
    for (int b = 0; b < n; b++)
        throng_i_solution_add(1.0 / n, &batch[b], out);
    it->sampling = measure_spread(game, ocean, it->n_atoms, n, out, batch, spread);
out:
    for (int b = 0; b < BATCHES; b++)
        throng_i_solution_clear(game, &batch[b]);
    return status;
}

/* What remains of the Gaussian closure's error, from what happens when the two lightest atoms go into the ocean (or,
 * without atoms, the heaviest agent becomes one): the error is of third order in sizes^1/2, and signs are as good as
 * random. */
static throng_status estimate_closure(throng_i_ocean_game *game, const throng_i_ocean *ocean, plan *it,
                                      const throng_i_solution *solved, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean other = {.context = game->context};
    throng_i_solution few = {0}, many = {0};
    int less = it->n_atoms > 2 ? it->n_atoms - 2 : 0, points = (int)game->options->param[PARAM_SAMPLES] / (2 * BATCHES);
    bool exact = it->n_atoms <= THRONG_I_ATOMS_EXACT, first = it->n_atoms == 0;
    if (it->n_atoms == game->n)
        goto out;
    THRONG_TRY(throng_i_solution_init(game, &few, err));
    THRONG_TRY(throng_i_solution_init(game, &many, err));
    THRONG_TRY(open_ocean(game, first ? 1 : less, it, &other, err));
    throng_i_solution *mine = first ? &many : &few;
    if (exact)
        THRONG_TRY(throng_i_ocean_game_enumerate(game, &other, first ? 1 : less, it->nodes, mine, err));
    else
        THRONG_TRY(throng_i_ocean_game_sample(game, &other, less, 0, points, mine, err));
    throng_i_solution_add(1.0, solved, first ? &few : &many);
    int more = first ? 1 : it->n_atoms;
    double rest = game->cubes, last = 0.0;
    for (int a = 0; a < more; a++) {
        double cube = game->size[a] * game->size[a] * game->size[a];
        rest -= first ? 0.0 : cube;
        last += a >= less ? cube : 0.0;
        if (a >= less)
            few.atom[a] = throng_i_solution_credit(game, &few, game->steps + a * game->k);
    }
    it->closure = throng_i_solution_change(game, first ? &other : ocean, more, &many, &few) *
                  (last > 0.0 ? sqrt(fmax(rest, 0.0) / last) : 1.0);
out:
    throng_i_ocean_clear(&other);
    throng_i_solution_clear(game, &few);
    throng_i_solution_clear(game, &many);
    return status;
}

/* Plans and solves; once more without third moments if the credits do not add up with them. */
static throng_status solve(throng_i_ocean_game *game, double whole, plan *it, throng_i_ocean *ocean,
                           throng_i_solution *out, throng_i_solution *spread, throng_i_solution *first,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    for (;;) {
        THRONG_TRY(make_plan(game, it, err));
        THRONG_TRY(open_ocean(game, it->n_atoms, it, ocean, err));
        if (it->n_atoms <= THRONG_I_ATOMS_EXACT)
            THRONG_TRY(solve_exactly(game, ocean, whole, it, out, err));
        else
            THRONG_TRY(solve_by_samples(game, ocean, it, out, spread, first, err));
        double miss = throng_i_relative(throng_i_solution_total(game, ocean, it->n_atoms, out) - whole, whole, 0.0);
        if (!ocean->third || (miss <= RETRY && it->nodes_change <= RETRY))
            break;
        throng_i_ocean_clear(ocean);
        memset(out->linear, 0, (size_t)out->length * sizeof(double));
        memset(spread->linear, 0, (size_t)spread->length * sizeof(double));
        memset(first->linear, 0, (size_t)first->length * sizeof(double));
        *it = (plan){.n_atoms = it->n_atoms};
        game->plain = true;
    }
out:
    return status;
}

/* ---- writing it down ------------------------------------------------------------------------------------------- */

static throng_status write_credits(throng_i_ocean_game *game, int n_atoms, const throng_i_solution *solved, double *phi,
                                   throng_certificate *certificate, throng_error *err) {
    throng_credit_sums sums = {0};
    throng_status status =
        throng_i_steps_quadratic(game->context, game->function, solved->linear, solved->square, phi, &sums, err);
    if (status == THRONG_OK && solved->cubic)
        status = throng_i_steps_add_cubic(game->context, game->function, solved->cubic, phi, &sums.phi, err);
    if (status != THRONG_OK)
        return status;
    for (int a = 0; a < n_atoms; a++) {
        double *credit = &phi[game->heavy[a]];
        sums.phi += solved->atom[a] - *credit;
        sums.absolute += fabs(solved->atom[a]) - fabs(*credit);
        *credit = solved->atom[a];
    }
    double whole = certificate->everybody - certificate->nobody;
    certificate->sum_phi = sums.phi;
    certificate->efficiency_residual =
        throng_i_relative(sums.phi - whole, whole, throng_i_moved(sums.absolute, game->function->magnitude));
    return THRONG_OK;
}

/* Standard errors from the covariance of the linear part: one more pass. */
static throng_status write_errors(throng_i_ocean_game *game, int n_atoms, throng_i_solution *spread, double *out,
                                  throng_error *err) {
    throng_credit_sums unused;
    throng_status status =
        throng_i_steps_quadratic(game->context, game->function, spread->linear, spread->square, out, &unused, err);
    for (int64_t i = 0; status == THRONG_OK && i < game->n; i++)
        out[i] = sqrt(fmax(out[i], 0.0));
    for (int a = 0; status == THRONG_OK && a < n_atoms; a++)
        out[game->heavy[a]] = sqrt(spread->atom[a]);
    return status;
}

static int count_atoms(const throng_i_ocean_game *game, double wanted) {
    if (!isnan(wanted))
        return wanted < (double)game->n ? (int)wanted : (int)game->n;
    if (game->n <= SMALL_CROWD)
        return game->n < THRONG_I_ATOMS_EXACT ? (int)game->n : THRONG_I_ATOMS_EXACT;
    int n = PILOT_ATOMS;
    while (n < AUTO_ATOMS && game->size[n] >= AUTO_SIZE)
        n++;
    return n;
}

static void fill_certificate(const throng_i_ocean_game *game, const plan *it, throng_certificate *result) {
    double clipped = game->evaluations > 0 ? (double)game->clipped / (double)game->evaluations : 0.0;
    bool exact = it->n_atoms <= THRONG_I_ATOMS_EXACT;
    result->rule_change = it->nodes_change;
    result->quadrature_nodes = exact ? it->nodes : 0;
    result->evaluations = game->evaluations;
    result->error_estimate =
        sqrt(result->efficiency_residual * result->efficiency_residual + it->closure * it->closure +
             it->level_change * it->level_change + it->sampling * it->sampling + clipped * clipped);
    result->converged = result->efficiency_residual <= result->tolerance;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_certificate result = {.tolerance = fmax(options->tolerance, EFFICIENT), .efficient = true};
    throng_i_ocean_game game;
    throng_i_ocean ocean = {.context = context};
    throng_i_solution solved = {0}, spread = {0}, first = {0};
    plan it = {0};
    double wanted = options->param[PARAM_ATOMS];
    int n_heavy = (isnan(wanted) ? THRONG_I_ATOMS_EXACT : (int)wanted) + 1;
    n_heavy = n_heavy < function->n_agents ? n_heavy : (int)function->n_agents;
    THRONG_TRY(throng_i_ocean_game_init(context, function, options, n_heavy, phi, &game, err));
    THRONG_TRY(find_ends(&game, &result, err));
    it.n_atoms = count_atoms(&game, wanted);
    THRONG_TRY(throng_i_solution_init(&game, &solved, err));
    THRONG_TRY(throng_i_solution_init(&game, &spread, err));
    THRONG_TRY(throng_i_solution_init(&game, &first, err));
    THRONG_TRY(solve(&game, result.everybody - result.nobody, &it, &ocean, &solved, &spread, &first, err));
    THRONG_TRY(estimate_closure(&game, &ocean, &it, it.n_atoms > THRONG_I_ATOMS_EXACT ? &first : &solved, err));
    THRONG_TRY(write_credits(&game, it.n_atoms, &solved, phi, &result, err));
    fill_certificate(&game, &it, &result);
    if (options->standard_error)
        THRONG_TRY(write_errors(&game, it.n_atoms, &spread, options->standard_error, err));
    *certificate = result;
    THRONG_REQUIRE(
        result.converged, E_NOT_CONVERGED,
        "Credits miss the value by %.3g of it (%g is promised): the indicator is too rough for %d quadrature "
        "nodes. Raise --nodes-max or --tolerance, or take shapley-sampled.",
        result.efficiency_residual, result.tolerance, result.quadrature_nodes);
out:
    throng_i_ocean_game_clear(&game);
    throng_i_ocean_clear(&ocean);
    throng_i_solution_clear(&game, &solved);
    throng_i_solution_clear(&game, &spread);
    throng_i_solution_clear(&game, &first);
    return status;
}

static const throng_param params[] = {
    [PARAM_ATOMS] = {"atoms", THRONG_PARAM_AUTO, THRONG_AUTO, 0, THRONG_I_ATOMS_MAX, "agents",
                     "heaviest agents treated one by one, all coalitions of up to 12; auto: 12 in crowds of up to 64, "
                     "else 4 to 10 by size"},
    [PARAM_SAMPLES] = {"samples", THRONG_PARAM_INTEGER, 32, 16, 1000000, "histories",
                       "orders of arrival that more than 12 atoms are sampled with"},
    {0}};

const throng_method throng_method_oceanic = {
    .about =
        {
            .struct_size = sizeof(throng_method),
            .name = "oceanic",
            .summary =
                "Near-exact Shapley values of any number of agents: the heaviest one by one, the rest as an ocean.",
            .details =
                "phi_i = integral over t from 0 to 1 of E [f(M + g_i) - f(M)], where everybody else takes part with "
                "probability t. The sum of the many small agents is Gaussian given t; they get c . g_i + g_i^T Q g_i "
                "with c = integral of E grad f and Q = integral of (1/2 - t) E Hess f, exact to second order in g_i. "
                "In crowds of up to 4096 the ocean's third moments and third-order credits come on top. Atoms, the "
                "agents with the largest sum over aggregates of g_ij^2 / sum of all g_j^2, get their expected marginal "
                "effect: by all coalitions up to 12 atoms, above by Latin hypercube samples of arrival times with "
                "their mirror images. Takes indicators of at most 128 aggregates.\n"
                "Certificate: credits add up to v(1) - v(0) but for the quadrature in t, whatever the Gaussian rule; "
                "the residual is reported as it is, and more than the tolerance or 0.01, whichever is larger, is an "
                "error. The error estimate, relative L2 against the exact Shapley value and not a bound, combines that "
                "residual, the change when the two lightest atoms join the ocean, scaled to what the ocean holds, the "
                "change between Gaussian rules, the standard error of sampling, and the share of evaluations at which "
                "f had no value at some Gaussian node, so that all were drawn towards the mean.\n"
                "Standard errors: of single agents, beyond 12 atoms; none of cohorts, as how the errors of atoms and "
                "ocean vary together is not kept.\n"
                "Equal to the Shapley value for quadratic f; exact up to 12 agents. Weak where single agents of the "
                "ocean change f abruptly: bins that hold few agents, kinks. docs/oceanic.md has the measurements.",
            .reference = "Milnor and Shapley 1978, Values of large games II: oceanic games, Mathematics of Operations "
                         "Research 3(4):290-307, doi 10.1287/moor.3.4.290; Aumann and Shapley, Values of Non-Atomic "
                         "Games, Princeton 1974. The Gaussian ocean with its second-order credits is throng's own "
                         "construction",
            .params = params,
        },
    .attribute = attribute,
};
