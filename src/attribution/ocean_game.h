/*
 * The oceanic game: a crowd as its heaviest agents, one by one, and an ocean. Two ways to solve it: all coalitions of
 * the atoms, or sampled histories in which they arrive one after the other.
 */
#ifndef THRONG_SRC_ATTRIBUTION_OCEAN_GAME_H
#define THRONG_SRC_ATTRIBUTION_OCEAN_GAME_H

#include "attribution/ocean.h"
#include "attribution/quadrature.h"

#define THRONG_I_ATOMS_MAX   64
#define THRONG_I_ATOMS_EXACT 12 /* as many have all their coalitions visited */

/* The credits of all agents as the few numbers they are made of: an agent g of the ocean gets linear . g + g^T square
 * g. */
typedef struct throng_i_solution {
    double *linear, *square; /* [k], [k][k] */
    double *cubic;           /* [k][k][k], or NULL with many aggregates; 0 unless the ocean has cubes */
    double *atom;            /* [THRONG_I_ATOMS_MAX] */
    int64_t length;          /* of all of it, which is one array */
} throng_i_solution;

typedef struct throng_i_ocean_game {
    throng_context *context;
    const throng_value_function *function;
    const throng_method_options *options;
    int k;
    int64_t n;
    double *origin, *sum, *squares; /* m0, sum of steps, sum of step step^T */
    int n_heavy;                    /* the heaviest agents, largest first; the first n_atoms of them are the atoms */
    int64_t heavy[THRONG_I_ATOMS_MAX + 1];
    double size[THRONG_I_ATOMS_MAX + 1]; /* sum over aggregates of g_j^2 / sum of all g_j^2: they add up to k */
    double *steps;                       /* [n_heavy][k] */
    double cubes;                        /* sum of size^3 of everybody */
    bool plain;                          /* set to take oceans for Gaussian: third moments did harm */
    double *storage;
    throng_i_rule pieces[5];
    int64_t evaluations, clipped; /* so far: of f, and those at nodes that were drawn in */
} throng_i_ocean_game;

/* Measures the crowd and finds its n_heavy heaviest agents, n_heavy <= n; sizes [n] is scratch. Clear it in any case.
 * E_UNSUPPORTED, E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_ocean_game_init(throng_context *context, const throng_value_function *function,
                                                       const throng_method_options *options, int n_heavy, double *sizes,
                                                       throng_i_ocean_game *self, throng_error *err);
void throng_i_ocean_game_clear(throng_i_ocean_game *self);

/* The ocean that is left without n_atoms atoms. It has no rule yet. E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_ocean_game_split(throng_i_ocean_game *self, int n_atoms, throng_i_ocean *ocean,
                                                        throng_error *err);

/* Credits by all coalitions of n_atoms <= THRONG_I_ATOMS_EXACT atoms at each node of a rule in t.
 * E_DEGENERATE: f has no value at a coalition. */
THRONG_MUST_USE throng_status throng_i_ocean_game_enumerate(throng_i_ocean_game *self, const throng_i_ocean *ocean,
                                                            int n_atoms, int nodes, throng_i_solution *out,
                                                            throng_error *err);

/* Credits by 2 points histories: Latin hypercube arrival times and their mirror images. Batches are independent; an
 * atom's times do not depend on how many atoms there are. */
THRONG_MUST_USE throng_status throng_i_ocean_game_sample(throng_i_ocean_game *self, const throng_i_ocean *ocean,
                                                         int n_atoms, int batch, int points, throng_i_solution *out,
                                                         throng_error *err);

/* ---- solutions --------------------------------------------------------------------------------------------------- */

THRONG_MUST_USE throng_status throng_i_solution_init(const throng_i_ocean_game *self, throng_i_solution *out,
                                                     throng_error *err);
void throng_i_solution_clear(const throng_i_ocean_game *self, throng_i_solution *it);

/* to += weight from. */
void throng_i_solution_add(double weight, const throng_i_solution *from, throng_i_solution *to);

/* What an agent of the ocean is credited with. */
double throng_i_solution_credit(const throng_i_ocean_game *self, const throng_i_solution *it, const double *step);

/* L2 norm over all agents of the difference between two solutions, relative to a's. */
double throng_i_solution_change(const throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                                const throng_i_solution *a, const throng_i_solution *b);

/* What all credits add up to, without looking at the agents. */
double throng_i_solution_total(const throng_i_ocean_game *self, const throng_i_ocean *ocean, int n_atoms,
                               const throng_i_solution *it);

#endif
