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
 * gives half of that back. The ocean stops after the second order: c . g_i + g_i^T Q g_i, one pass. Atoms get the mean
 * of f with them minus f without them, over all their coalitions at every quadrature node.
 *
 * More than THRONG_I_ATOMS_EXACT atoms are not all visited together. With phi(A) the credits when A are the atoms, J
 * the heaviest few, B the heaviest of those and L the others, the lights, the method takes
 *
 *     phi(J) + sum over l in L of [phi(B and l) - phi(B)]:
 *
 * every light has all its moments, one at a time, which leaves out only what two lights' third moments do together. All
 * phi(A) add up to v(1) - v(0) but for the quadrature in t (ocean.c says why), and so does this.
 *
 * Up to THRONG_I_ATOMS_EXACT atoms, crowds of up to 4096 agents take the third order along instead, here and in E (one
 * Edgeworth term). The efficiency residual is reported as it is. docs/oceanic.md has the measurements.
 */
#include "attribution/ocean_game.h"
#include "attribution/relative.h"
#include "attribution/steps.h"

#include <math.h>
#include <string.h>

#define PILOT_ATOMS     4       /* with these the rules are chosen */
#define AUTO_ATOMS      32      /* taken by itself, but of indicators with many aggregates: */
#define FEW_ATOMS       10      /* chosen at most, while an agent is as large as ... */
#define FEW_SIZE        1e-3    /* ... this part of an aggregate's sum of squares */
#define MANY_AGGREGATES 8       /* more are bins, whose f takes logarithms and powers of each */
#define SMALL_CROWD     64      /* up to here any agent may be a giant: more atoms stand together */
#define LARGE_CROWD     4096    /* with more agents their passes, not f, should take the time */
#define LEVEL_ENOUGH    1e-6    /* change between two Gaussian rules that ends the search, ... */
#define LEVEL_LARGE     1e-5    /* ... and in large crowds, where it would be most of the time */
#define BUDGET          4000000 /* evaluations of f that one rule may cost, less for many bins */
#define RETRY           1e-6    /* residual at which lights, then third moments are given up */
#define EFFICIENT       1e-2    /* relative residual that is promised where the tolerance asks for less */

enum {
    PARAM_ATOMS
};

/* Who is treated how, what the pilot found out, and the main run's own errors; all relative L2. */
typedef struct plan {
    int n_atoms;  /* the heaviest agents, treated one by one: */
    int n_joint;  /* all coalitions of the heaviest of them; the others, the lights, ... */
    int n_beside; /* ... one at a time beside so many of the heaviest */
    int nodes, level;
    double nodes_change, level_change[THRONG_I_OCEAN_LEVELS], closure; /* from a Gaussian rule to the next, or before */
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

/* What an evaluation of f costs. */
static int64_t price(const throng_i_ocean *ocean) {
    return ocean->k > MANY_AGGREGATES ? 2 * ocean->k : 1;
}

static int64_t cost(const throng_i_ocean *ocean, int n_atoms, int nodes, int level) {
    return ((int64_t)nodes << n_atoms) * price(ocean) * throng_i_ocean_level_nodes(ocean, level);
}

/* Nodes in t: doubled with the cheapest Gaussian rule until the credits stay the same. */
static throng_status choose_nodes(throng_i_ocean_game *game, const throng_i_ocean *ocean, const throng_i_atoms *atoms,
                                  plan *out, throng_i_solution *fine, throng_i_solution *coarse, throng_error *err) {
    throng_status status = THRONG_OK;
    int nodes = game->function->singular_ends ? 16 : 8;
    THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, atoms, nodes, coarse, err));
    for (;;) {
        THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, atoms, 2 * nodes, fine, err));
        out->nodes = nodes;
        out->nodes_change = throng_i_solution_change(game, fine, coarse);
        throng_i_solution swap = *fine;
        *fine = *coarse;
        *coarse = swap;
        if (out->nodes_change <= game->options->tolerance || 4 * nodes > game->options->nodes_max ||
            cost(ocean, atoms->n, 4 * nodes, out->level) > BUDGET / 8)
            break;
        nodes *= 2;
    }
    out->nodes = out->nodes_change <= game->options->tolerance ? nodes : 2 * nodes;
out:
    return status;
}

/* The Gaussian rule: dearer ones until the credits stay the same, or change more than before: then f is too rough for
 * high degrees, and the last one that settled is taken. */
static throng_status choose_level(throng_i_ocean_game *game, throng_i_ocean *ocean, const throng_i_atoms *atoms,
                                  plan *out, throng_i_solution *fine, throng_i_solution *coarse, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, atoms, out->nodes, coarse, err));
    for (int level = out->level + 1, first = level; ocean->rank > 0 && level < THRONG_I_OCEAN_LEVELS; level++) {
        if (cost(ocean, atoms->n, out->nodes, level) > BUDGET)
            break;
        THRONG_TRY(throng_i_ocean_set_level(ocean, level, game->options->seed, err));
        THRONG_TRY(throng_i_ocean_game_enumerate(game, ocean, atoms, out->nodes, fine, err));
        double change = throng_i_solution_change(game, fine, coarse);
        if (level > first && change > out->level_change[level - 1])
            break;
        out->level_change[level - 1] = out->level_change[level] = change;
        if (change <= (game->n <= LARGE_CROWD ? LEVEL_ENOUGH : LEVEL_LARGE))
            break;
        out->level = level;
        throng_i_solution swap = *fine;
        *fine = *coarse;
        *coarse = swap;
    }
out:
    return status;
}

static throng_i_atoms heaviest(int n) {
    throng_i_atoms out = {.n = n};
    for (int a = 0; a < n; a++)
        out.at[a] = a;
    return out;
}

/* Chooses both with a few atoms only. */
static throng_status make_plan(throng_i_ocean_game *game, plan *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean ocean = {.context = game->context};
    throng_i_solution fine = {0}, coarse = {0};
    throng_i_atoms pilot = heaviest(out->n_joint < PILOT_ATOMS ? out->n_joint : PILOT_ATOMS);
    THRONG_TRY(throng_i_solution_init(game, &fine, err));
    THRONG_TRY(throng_i_solution_init(game, &coarse, err));
    THRONG_TRY(throng_i_ocean_game_split(game, &pilot, &ocean, err));
    out->level = ocean.third && ocean.rank > 0 ? 1 : 0; /* He3 times a line needs degree 4 */
    THRONG_TRY(throng_i_ocean_set_level(&ocean, out->level, game->options->seed, err));
    THRONG_TRY(choose_nodes(game, &ocean, &pilot, out, &fine, &coarse, err));
    THRONG_TRY(choose_level(game, &ocean, &pilot, out, &fine, &coarse, err));
    /* The probability of a coalition is a polynomial in t whose degree is the number of atoms. */
    out->nodes += (out->n_joint - pilot.n) / 2 + 1;
    while (out->n_joint < out->n_atoms && out->level > 0 && cost(&ocean, out->n_joint, out->nodes, out->level) > BUDGET)
        out->level--; /* all games by one rule, and the lights' oceans have as many directions as the pilot's */
out:
    throng_i_ocean_clear(&ocean);
    throng_i_solution_clear(game, &fine);
    throng_i_solution_clear(game, &coarse);
    return status;
}

/* ---- atoms together -------------------------------------------------------------------------------------------- */

/* One game by the plan's rules. */
static throng_status solve_game(throng_i_ocean_game *game, const throng_i_atoms *atoms, const plan *by,
                                throng_i_solution *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean ocean = {.context = game->context};
    THRONG_TRY(throng_i_ocean_game_split(game, atoms, &ocean, err));
    THRONG_TRY(throng_i_ocean_set_level(&ocean, by->level, game->options->seed, err));
    THRONG_TRY(throng_i_ocean_game_enumerate(game, &ocean, atoms, by->nodes, out, err));
out:
    throng_i_ocean_clear(&ocean);
    return status;
}

/* All coalitions of the joint atoms, with a Gaussian rule that the budget allows; more nodes while the credits do not
 * add up to the whole. */
static throng_status solve_joint(throng_i_ocean_game *game, double whole, plan *it, throng_i_solution *out,
                                 double *miss, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_ocean ocean = {.context = game->context};
    throng_i_atoms atoms = heaviest(it->n_joint);
    THRONG_TRY(throng_i_ocean_game_split(game, &atoms, &ocean, err));
    while (it->level > (ocean.third ? 1 : 0) && cost(&ocean, atoms.n, it->nodes, it->level) > BUDGET)
        it->level--;
    THRONG_TRY(throng_i_ocean_set_level(&ocean, it->level, game->options->seed, err));
    for (;; it->nodes *= 2) {
        THRONG_TRY(throng_i_ocean_game_enumerate(game, &ocean, &atoms, it->nodes, out, err));
        *miss = throng_i_relative(throng_i_solution_total(game, out) - whole, whole, 0.0);
        if (*miss <= game->options->tolerance || 2 * it->nodes > game->options->nodes_max ||
            ((int64_t)it->nodes << (atoms.n + 1)) * ocean.n_nodes * price(&ocean) > BUDGET)
            break;
    }
out:
    throng_i_ocean_clear(&ocean);
    return status;
}

static double cube_of(const throng_i_ocean_game *game, int from, int to) {
    double sum = 0.0;
    for (int h = from; h < to; h++)
        sum += game->size[h] * game->size[h] * game->size[h];
    return sum;
}

/* What remains of the Gaussian closure's error, from what happens when the two lightest atoms go into the ocean (or,
 * without atoms, the heaviest agent becomes one): the error is of third order in sizes^1/2, and signs are as good as
 * random. */
static throng_status estimate_closure(throng_i_ocean_game *game, plan *it, const throng_i_solution *solved,
                                      throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_solution other = {0};
    int less = it->n_joint > 2 ? it->n_joint - 2 : 0;
    throng_i_atoms atoms = heaviest(it->n_joint > 0 ? less : 1);
    if (it->n_joint == game->n)
        return THRONG_OK;
    THRONG_TRY(throng_i_solution_init(game, &other, err));
    THRONG_TRY(solve_game(game, &atoms, it, &other, err));
    double last = it->n_joint > 0 ? cube_of(game, less, it->n_joint) : cube_of(game, 0, 1),
           rest = game->cubes - cube_of(game, 0, it->n_joint);
    it->closure = throng_i_solution_change(game, solved, &other) * (last > 0.0 ? sqrt(fmax(rest, 0.0) / last) : 1.0);
out:
    throng_i_solution_clear(game, &other);
    return status;
}

/* ---- lights ---------------------------------------------------------------------------------------------------- */

/* Adds to *sum what lights from..to-1 change, one at a time beside the heaviest n_beside; *without is the game without
 * any. */
static throng_status add_lights(throng_i_ocean_game *game, const plan *by, int n_beside, int from, int to,
                                const throng_i_solution *without, throng_i_solution *sum, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_solution with = {0};
    throng_i_atoms atoms = heaviest(n_beside);
    THRONG_TRY(throng_i_solution_init(game, &with, err));
    for (int light = from; light < to; light++) {
        atoms.n = n_beside + 1;
        atoms.at[n_beside] = light;
        THRONG_TRY(solve_game(game, &atoms, by, &with, err));
        throng_i_solution_add(1.0, &with, sum);
        throng_i_solution_add(-1.0, without, sum);
    }
out:
    throng_i_solution_clear(game, &with);
    return status;
}

/* Adds lights to *sum two by two, until what the last two changed says that all others change less than the tolerance:
 * a change is of third order in sizes^1/2, and signs are as good as random. */
static throng_status add_enough_lights(throng_i_ocean_game *game, plan *it, const throng_i_solution *solved,
                                       throng_i_solution *sum, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_solution without = {0}, pair = {0};
    throng_i_atoms beside = heaviest(it->n_beside);
    THRONG_TRY(throng_i_solution_init(game, &without, err));
    THRONG_TRY(throng_i_solution_init(game, &pair, err));
    THRONG_TRY(solve_game(game, &beside, it, &without, err));
    for (int from = it->n_joint, to; from < it->n_atoms; from = to) {
        to = from + 2 < it->n_atoms ? from + 2 : it->n_atoms;
        memcpy(pair.linear, solved->linear, (size_t)pair.length * sizeof(double));
        THRONG_TRY(add_lights(game, it, it->n_beside, from, to, &without, &pair, err));
        throng_i_solution_add(1.0, &pair, sum);
        throng_i_solution_add(-1.0, solved, sum);
        double last = cube_of(game, from, to), rest = fmax(game->cubes - cube_of(game, 0, to), 0.0);
        it->closure = throng_i_solution_change(game, solved, &pair) * (last > 0.0 ? sqrt(rest / last) : 1.0);
        if (it->closure <= game->options->tolerance)
            it->n_atoms = to;
    }
out:
    throng_i_solution_clear(game, &without);
    throng_i_solution_clear(game, &pair);
    return status;
}

/* Takes the lights out of the ocean, unless what they change depends on whom they stand beside: then they stay there,
 * and all of the change is an error. The error that two agents have in common is of the order of their sizes^3/2
 * multiplied: the change with two atoms less beside the lights tells how large it is for the pairs that are left. */
static throng_status take_lights(throng_i_ocean_game *game, plan *it, throng_i_solution *solved, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_solution better = {0}, worse = {0}, without = {0};
    int n = it->n_beside;
    throng_i_atoms fewer = heaviest(n - 2);
    THRONG_TRY(throng_i_solution_init(game, &better, err));
    THRONG_TRY(throng_i_solution_init(game, &worse, err));
    THRONG_TRY(throng_i_solution_init(game, &without, err));
    throng_i_solution_add(1.0, solved, &better);
    throng_i_solution_add(1.0, solved, &worse);
    THRONG_TRY(add_enough_lights(game, it, solved, &better, err));
    THRONG_TRY(solve_game(game, &fewer, it, &without, err));
    THRONG_TRY(add_lights(game, it, n - 2, it->n_joint, it->n_atoms, &without, &worse, err));
    double change = throng_i_solution_change(game, solved, &better),
           common = throng_i_solution_change(game, &better, &worse);
    if (2.0 * common > change) {
        it->closure = fmax(change, common);
        goto out;
    }
    double seen = cube_of(game, n - 2, n),
           left = cube_of(game, n, it->n_joint) + 0.5 * cube_of(game, it->n_joint, it->n_atoms);
    common *= seen > 0.0 ? sqrt(fmax(left / seen, 1.0)) : 1.0;
    it->closure = sqrt(it->closure * it->closure + common * common);
    memcpy(solved->linear, better.linear, (size_t)solved->length * sizeof(double));
out:
    throng_i_solution_clear(game, &better);
    throng_i_solution_clear(game, &worse);
    throng_i_solution_clear(game, &without);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

/* Plans and solves. Lights are taken one at a time with all their moments, so that the ocean is Gaussian beside them;
 * where credits do not add up they stay in the ocean, which takes third moments, and if need be none. */
static throng_status solve(throng_i_ocean_game *game, double whole, plan *it, throng_i_solution *out,
                           throng_error *err) {
    throng_status status = THRONG_OK;
    const plan wanted = *it;
    for (int attempt = it->n_joint < it->n_atoms ? 0 : 1; attempt < 3; attempt++) {
        double miss = 0.0;
        *it = wanted;
        it->n_atoms = attempt == 0 ? wanted.n_atoms : wanted.n_joint;
        game->plain = attempt != 1;
        THRONG_TRY(make_plan(game, it, err));
        THRONG_TRY(solve_joint(game, whole, it, out, &miss, err));
        if (attempt < 2 && (miss > RETRY || it->nodes_change > RETRY))
            continue;
        if (attempt > 0)
            THRONG_TRY(estimate_closure(game, it, out, err));
        else
            THRONG_TRY(take_lights(game, it, out, err));
        break;
    }
out:
    return status;
}

/* ---- writing it down ------------------------------------------------------------------------------------------- */

static throng_status write_credits(throng_i_ocean_game *game, const throng_i_solution *solved, double *phi,
                                   throng_certificate *certificate, throng_error *err) {
    throng_credit_sums sums = {0};
    throng_status status =
        throng_i_steps_quadratic(game->context, game->function, solved->linear, solved->square, phi, &sums, err);
    if (status == THRONG_OK && solved->cubic && !game->plain)
        status = throng_i_steps_add_cubic(game->context, game->function, solved->cubic, phi, &sums.phi, err);
    if (status != THRONG_OK)
        return status;
    for (int h = 0; h < game->n_apart; h++) {
        double *credit = &phi[game->heavy[h]];
        sums.phi += solved->heavy[h] - *credit;
        sums.absolute += fabs(solved->heavy[h]) - fabs(*credit);
        *credit = solved->heavy[h];
    }
    double whole = certificate->everybody - certificate->nobody;
    certificate->sum_phi = sums.phi;
    certificate->efficiency_residual =
        throng_i_relative(sums.phi - whole, whole, throng_i_moved(sums.absolute, game->function->magnitude));
    return THRONG_OK;
}

/* How many agents are treated one by one. With many aggregates a few cost as much as elsewhere all. */
static int count_atoms(const throng_i_ocean_game *game, double wanted) {
    int n = THRONG_I_ATOMS_EXACT;
    if (!isnan(wanted))
        n = (int)wanted;
    else if (game->k <= MANY_AGGREGATES)
        n = AUTO_ATOMS;
    else if (game->n > SMALL_CROWD)
        for (n = PILOT_ATOMS; n < FEW_ATOMS && game->size[n] >= FEW_SIZE;)
            n++;
    return n < game->n ? n : (int)game->n;
}

static plan choose_atoms(const throng_i_ocean_game *game, double wanted) {
    bool small = game->n <= SMALL_CROWD;
    plan out = {.n_atoms = count_atoms(game, wanted), .n_beside = small ? 6 : 4};
    out.n_joint = out.n_atoms <= THRONG_I_ATOMS_EXACT ? out.n_atoms : small ? THRONG_I_ATOMS_EXACT : 6;
    /* Clones are all in or all out. */
    while (out.n_atoms > out.n_joint && out.n_atoms < game->n && game->size[out.n_atoms - 1] == game->size[out.n_atoms])
        out.n_atoms--;
    /* A few lights may stand beside as many as costs no more than the joint atoms do. */
    while (out.n_beside + 1 < out.n_joint && (out.n_atoms - out.n_joint) << (out.n_beside + 2) <= 1 << out.n_joint)
        out.n_beside++;
    return out;
}

static void fill_certificate(const throng_i_ocean_game *game, const plan *it, throng_certificate *result) {
    double clipped = game->evaluations > 0 ? (double)game->clipped / (double)game->evaluations : 0.0;
    double level = it->level_change[it->level];
    result->rule_change = it->nodes_change;
    result->quadrature_nodes = it->nodes;
    result->evaluations = game->evaluations;
    result->error_estimate = sqrt(result->efficiency_residual * result->efficiency_residual +
                                  it->closure * it->closure + level * level + clipped * clipped);
    result->converged = result->efficiency_residual <= result->tolerance;
}

static throng_status attribute(throng_context *context, const throng_value_function *function,
                               const throng_method_options *options, double *phi, throng_certificate *certificate,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_certificate result = {.tolerance = fmax(options->tolerance, EFFICIENT), .efficient = true};
    throng_i_ocean_game game;
    throng_i_solution solved = {0};
    double wanted = options->param[PARAM_ATOMS];
    int n_heavy = (isnan(wanted) ? AUTO_ATOMS : (int)wanted) + 1;
    n_heavy = n_heavy < function->n_agents ? n_heavy : (int)function->n_agents;
    THRONG_TRY(throng_i_ocean_game_init(context, function, options, n_heavy, phi, &game, err));
    THRONG_TRY(find_ends(&game, &result, err));
    plan it = choose_atoms(&game, wanted);
    THRONG_TRY(throng_i_ocean_game_set_apart(&game, it.n_atoms > 0 ? it.n_atoms : 1, err));
    THRONG_TRY(throng_i_solution_init(&game, &solved, err));
    THRONG_TRY(solve(&game, result.everybody - result.nobody, &it, &solved, err));
    THRONG_TRY(write_credits(&game, &solved, phi, &result, err));
    fill_certificate(&game, &it, &result);
    if (options->standard_error)
        memset(options->standard_error, 0, (size_t)game.n * sizeof(double));
    *certificate = result;
    THRONG_REQUIRE(
        result.converged, E_NOT_CONVERGED,
        "Credits miss the value by %.3g of it (%g is promised): the indicator is too rough for %d quadrature "
        "nodes. Raise --nodes-max or --tolerance, or take shapley-sampled.",
        result.efficiency_residual, result.tolerance, result.quadrature_nodes);
out:
    throng_i_ocean_game_clear(&game);
    throng_i_solution_clear(&game, &solved);
    return status;
}

static const throng_param params[] = {
    [PARAM_ATOMS] = {"atoms", THRONG_PARAM_AUTO, THRONG_AUTO, 0, THRONG_I_ATOMS_MAX, "agents",
                     "heaviest agents treated one by one, all coalitions of up to 12 of them; auto: 32, or 4 to 12 if "
                     "there are more than 8 aggregates"},
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
                "Atoms, the agents with the largest sum over aggregates of g_ij^2 / sum of all g_j^2, get their "
                "expected marginal effect over all coalitions of up to 12 of them. If there are more, the 6 heaviest "
                "(12 in crowds of up to 64) stand together, and each of the others adds the difference that it makes "
                "as an atom beside the 4 to 11 heaviest, until the rest would change less than the tolerance. With up "
                "to 12 atoms in crowds of up to 4096, the ocean's third moments and third-order credits come on top. "
                "Takes indicators of at most 128 aggregates.\n"
                "Certificate: credits add up to v(1) - v(0) but for the quadrature in t, whatever the Gaussian rule; "
                "the residual is reported as it is, and more than the tolerance or 0.01, whichever is larger, is an "
                "error. The error estimate, relative L2 against the exact Shapley value and not a bound, combines that "
                "residual, the change when the two lightest atoms join the ocean, scaled to what the ocean holds, the "
                "change when the others stand beside two atoms less, the change between Gaussian rules, and the share "
                "of evaluations at which f had no value at some Gaussian node, so that all were drawn towards the "
                "mean.\n"
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
