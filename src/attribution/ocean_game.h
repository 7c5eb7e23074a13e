/*
 * The oceanic game: a crowd as a few heavy agents, the atoms, and an ocean of all others. It is solved by visiting all
 * coalitions of the atoms; games of the same crowd with other atoms have solutions that can be added and subtracted.
 */
#ifndef THRONG_SRC_ATTRIBUTION_OCEAN_GAME_H
#define THRONG_SRC_ATTRIBUTION_OCEAN_GAME_H

#include "attribution/ocean.h"

#define THRONG_I_ATOMS_MAX   64
#define THRONG_I_ATOMS_EXACT 12 /* as many have all their coalitions visited */

/* Which of the heavy agents are atoms: their places among those. */
typedef struct throng_i_atoms {
    int n, at[THRONG_I_ATOMS_EXACT];
} throng_i_atoms;

/* The credits of all agents as the few numbers they are made of: an agent g that is not heavy gets linear . g + g^T
 * square g, and the cubic form. */
typedef struct throng_i_solution {
    double *linear, *square; /* [k], [k][k] */
    double *cubic;           /* [k][k][k], or NULL with many aggregates; 0 unless the ocean has cubes */
    double *heavy;           /* [THRONG_I_ATOMS_MAX + 1] credits of the heavy agents, atoms or not */
    int64_t length;          /* of all of it, which is one array */
} throng_i_solution;

typedef struct throng_i_ocean_game {
    throng_context *context;
    const throng_value_function *function;
    const throng_method_options *options;
    int k;
    int64_t n;
    double *origin, *sum, *squares; /* m0, sum of steps, sum of step step^T */
    int n_heavy;                    /* the heaviest agents, largest first */
    int64_t heavy[THRONG_I_ATOMS_MAX + 1];
    double size[THRONG_I_ATOMS_MAX + 1]; /* sum over aggregates of g_j^2 / sum of all g_j^2: they add up to k */
    double *steps;                       /* [n_heavy][k] */
    double cubes;                        /* sum of size^3 of everybody */
    int n_apart;                         /* so many of the heavy agents are left out of: */
    double *rest;                        /* sum[k], squares[k][k] and, in small crowds, cubes[k][k][k] */
    bool plain;                          /* set to take oceans for Gaussian, without third moments */
    double *storage;
    int64_t evaluations, clipped; /* so far: of f, and those at nodes that were drawn in */
} throng_i_ocean_game;

/* Measures the crowd and finds its n_heavy heaviest agents, n_heavy <= n; sizes [n] is scratch. Clear it in any case.
 * E_UNSUPPORTED, E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_ocean_game_init(throng_context *context, const throng_value_function *function,
                                                       const throng_method_options *options, int n_heavy, double *sizes,
                                                       throng_i_ocean_game *self, throng_error *err);
void throng_i_ocean_game_clear(throng_i_ocean_game *self);

/* Sums over everybody but the n_apart heaviest, which are all that may become atoms. Once. E_MEMORY, E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_ocean_game_set_apart(throng_i_ocean_game *self, int n_apart, throng_error *err);

/* The ocean that is left without the atoms. It has no rule yet. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_ocean_game_split(const throng_i_ocean_game *self, const throng_i_atoms *atoms,
                                                        throng_i_ocean *ocean, throng_error *err);

/* Credits by all coalitions of the atoms at each node of a rule in t.
 * E_DEGENERATE: f has no value at a coalition. */
THRONG_MUST_USE throng_status throng_i_ocean_game_enumerate(throng_i_ocean_game *self, const throng_i_ocean *ocean,
                                                            const throng_i_atoms *atoms, int nodes,
                                                            throng_i_solution *out, throng_error *err);

/* ---- solutions --------------------------------------------------------------------------------------------------- */

THRONG_MUST_USE throng_status throng_i_solution_init(const throng_i_ocean_game *self, throng_i_solution *out,
                                                     throng_error *err);
void throng_i_solution_clear(const throng_i_ocean_game *self, throng_i_solution *it);

/* to += weight from. */
void throng_i_solution_add(double weight, const throng_i_solution *from, throng_i_solution *to);

/* L2 norm over all agents of the difference between two solutions, relative to a's. */
double throng_i_solution_change(const throng_i_ocean_game *self, const throng_i_solution *a,
                                const throng_i_solution *b);

/* What all credits add up to, without looking at the agents. */
double throng_i_solution_total(const throng_i_ocean_game *self, const throng_i_solution *it);

#endif
