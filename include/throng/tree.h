/**
 * Games that are played move by move: decisions with information sets, chance, and payoffs where they fall due.
 *
 * A tree is built in the order in which it is drawn (a node, then all below its first action, then its second), and
 * finished; after that it does not change. What solvers compute with is its sequence form: a player's sequence is what
 * they did on the way to a node, sequence 0 is "nothing yet", and each action of each information set ends one.
 */
#ifndef THRONG_TREE_H
#define THRONG_TREE_H

#include "throng/game.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_tree throng_tree;

#define THRONG_TREE_CHANCE -1 /* in place of a player */
#define THRONG_TREE_ALL    -2 /* all players at once */

/* ---- building -------------------------------------------------------------------------------------------------- */

/** @param n_players 1..THRONG_GAME_PLAYERS_MAX, called "Player 1", ... */
THRONG_API THRONG_MUST_USE throng_status throng_tree_create(throng_context *context, const char *name, int n_players,
                                                            throng_tree **out, throng_error *err);
THRONG_API void throng_tree_free(throng_tree *self);
THRONG_API THRONG_MUST_USE throng_status throng_tree_set_player_name(throng_tree *self, int player, const char *name,
                                                                     throng_error *err);

/**
 * Adds a node, at the next place that is open, where a player chooses.
 * @param set      its information set, by a name of the player's own: nodes of one name cannot be told apart
 * @param actions  [n_actions] names; NULL: "1", "2", ... ; must be as many at every node of the set
 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_add_decision(throng_tree *self, int player, const char *set,
                                                                  int n_actions, const char *const *actions,
                                                                  throng_error *err);

/** The same where chance decides. @param probabilities [n_actions] >= 0, of sum 1 within 1e-6 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_add_chance(throng_tree *self, int n_actions,
                                                                const double *probabilities, const char *const *actions,
                                                                throng_error *err);

/** The same where the game ends. @param payoffs [players] finite; NULL: nothing */
THRONG_API THRONG_MUST_USE throng_status throng_tree_add_end(throng_tree *self, const double *payoffs,
                                                             throng_error *err);

/** Pays on the way, at the node that was added last. @param payoffs [players] finite, added to what comes later */
THRONG_API THRONG_MUST_USE throng_status throng_tree_pay(throng_tree *self, const double *payoffs, throng_error *err);

/** Adds a whole game of two who choose at once among the same actions, one information set each.
 *  @param actions [n_actions]  @param payoffs [n_actions][n_actions] of who chooses the row, whoever that is */
THRONG_API THRONG_MUST_USE throng_status throng_tree_add_symmetric(throng_tree *self, int n_actions,
                                                                   const char *const *actions, const double *payoffs,
                                                                   throng_error *err);

/** No place may be open any more. Finds sequences, and whether everybody remembers what they did. */
THRONG_API THRONG_MUST_USE throng_status throng_tree_finish(throng_tree *self, throng_error *err);

/** A normal form as a tree: everybody has one information set, "". Solvers see trees alone. */
THRONG_API THRONG_MUST_USE throng_status throng_tree_from_normal_form(throng_context *context,
                                                                      const throng_normal_form *game, throng_tree **out,
                                                                      throng_error *err);

/** Back: a tree in which everybody chooses exactly once, with what they get on average over chance.
 *  @return THRONG_E_UNSUPPORTED: somebody chooses more often, or never; too many profiles */
THRONG_API THRONG_MUST_USE throng_status throng_tree_normal_form(throng_context *context, const throng_tree *tree,
                                                                 throng_normal_form **out, throng_error *err);

/**
 * The same tree, with the same sequences, in which players get a utility of all that they get on the way to an end, at
 * that end, and nothing on the way.
 * @return THRONG_E_MEMORY; THRONG_E_ARGUMENT: a utility is not finite.
 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_revalue(const throng_tree *self,
                                                             double (*utility)(void *user, int player, double total),
                                                             void *user, throng_tree **out, throng_error *err);

/* ---- what it is ------------------------------------------------------------------------------------------------ */

THRONG_API const char *throng_tree_name(const throng_tree *self);
THRONG_API int throng_tree_players(const throng_tree *self);
THRONG_API const char *throng_tree_player_name(const throng_tree *self, int player);
THRONG_API int64_t throng_tree_nodes(const throng_tree *self);

/** NULL if everybody remembers what they did and knew; else the name of an information set where somebody forgot. */
THRONG_API const char *throng_tree_forgotten(const throng_tree *self);

/** Whether the payoffs of two players add up to the same at every end, within 1e-9 of their range. */
THRONG_API bool throng_tree_constant_sum(const throng_tree *self);

/** The most that all players together can get if everybody knows everything, chance on average: an upper bound of the
 *  welfare, and in a normal form the best there is. @return THRONG_E_MEMORY */
THRONG_API THRONG_MUST_USE throng_status throng_tree_most(const throng_tree *self, double *most, throng_error *err);

/** Largest total payoff of a player less the smallest. */
THRONG_API double throng_tree_range(const throng_tree *self, int player);

/** An information set; in their order one comes after all that its player went through to reach it. */
typedef struct throng_tree_set {
    const char *name;
    int player, n_actions;
    int first;  /* the sequence that its action 0 ends; action a ends first + a */
    int before; /* the sequence with which one gets here */
} throng_tree_set;

THRONG_API int throng_tree_sets(const throng_tree *self);
THRONG_API throng_tree_set throng_tree_set_at(const throng_tree *self, int index);
THRONG_API const char *throng_tree_action_name(const throng_tree *self, int set, int action);

/** How many sequences there are: the first, and one for each action of each information set. */
THRONG_API int throng_tree_sequences(const throng_tree *self);

/* ---- computing with it: only where nobody forgets -------------------------------------------------------------- */

/*
 * A strategy is [sequences]: the probability of each action at its information set, and 1 for sequence 0. A plan is
 * [sequences], too: how much a player does on the way, the product of those. All players stand in the same array.
 */

THRONG_API void throng_tree_uniform(const throng_tree *self, double *strategy);
THRONG_API void throng_tree_plan(const throng_tree *self, const double *strategy, double *plan);

/** Back from a plan, in any scale; sets that it does not reach choose uniformly. May be in place. */
THRONG_API void throng_tree_strategy(const throng_tree *self, const double *plan, double *strategy);

/**
 * What each action of a player is worth: the sum, over the nodes of its information set, of the chance that the others
 * and chance get there, times what the player gets from then on by playing `strategy`.
 * @param player or THRONG_TREE_ALL  @param plan of all
 * @param worth  [sequences] out: of this player's actions; sequence 0 has the value of the game, of all added up
 * Cost: O(nodes with payoffs + sequences).
 */
THRONG_API void throng_tree_worth(const throng_tree *self, int player, const double *plan, const double *strategy,
                                  double *worth);

/** The same with the best that the player can do instead of `strategy`. @param best [sequences] out, may be NULL: 1 for
 *  the action that is best (the first of several), 0 for others; other players' are left alone */
THRONG_API void throng_tree_best(const throng_tree *self, int player, const double *plan, double *worth, double *best);

/** How likely the others and chance get to each information set of a player, or THRONG_TREE_ALL.
 *  @param reach [sets] out */
THRONG_API void throng_tree_reach(const throng_tree *self, int player, const double *plan, double *reach);

/**
 * How far from an equilibrium a strategy is: NashConv, the sum over players of what each would gain by a best response;
 * 0 at an equilibrium. Exploitability of two players is half of it.
 * @param values [players] out, what everybody gets; may be NULL
 * @param gap    out, not below 0; NULL: not wanted, which saves best responses
 * @return THRONG_E_UNSUPPORTED: somebody forgets; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_gap(const throng_tree *self, const double *strategy,
                                                         double *values, double *gap, throng_error *err);

/**
 * Backward induction, where everybody always knows all that was done: from the ends back, each chooses what is best for
 * them given what is chosen afterwards (the first of several). An equilibrium of every subgame, whatever the players
 * and sums.
 * @param strategy [sequences] out: 1 for what is chosen, 0 for others
 * @return THRONG_E_UNSUPPORTED: an information set has two nodes, or somebody forgets; which set; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_backward(const throng_tree *self, double *strategy,
                                                              throng_error *err);

/* ---- files ------------------------------------------------------------------------------------------------------- */

/** Reads a file of Gambit's, "EFG 2". @return THRONG_E_FILE, THRONG_E_FORMAT */
THRONG_API THRONG_MUST_USE throng_status throng_tree_read(throng_context *context, const char *path, throng_tree **out,
                                                          throng_error *err);
THRONG_API THRONG_MUST_USE throng_status throng_tree_parse(throng_context *context, const char *origin,
                                                           const char *text, int64_t length, throng_tree **out,
                                                           throng_error *err);

/** Writes one that reads as the same game, bit for bit. @return THRONG_E_WRITE. */
THRONG_API THRONG_MUST_USE throng_status throng_tree_write(const throng_tree *self, const char *path,
                                                           throng_error *err);

/**
 * Any game that is a tree: a file GAME.efg, GAME.nfg or GAME.csv, a plug-in "kuhn" with parameters, or a built-in
 * normal form.
 * @return THRONG_E_UNKNOWN_NAME, THRONG_E_UNSUPPORTED: a game of another form; and what the readers return.
 */
THRONG_API THRONG_MUST_USE throng_status throng_tree_open(throng_context *context, const char *name, throng_tree **out,
                                                          throng_error *err);

#ifdef __cplusplus
}
#endif
#endif
