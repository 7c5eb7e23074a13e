/**
 * Solvers: what everybody should play. A solver plug-in says what one iteration does; throng owns the loop, which
 * measures the gap, keeps the trace, stops and reports progress.
 */
#ifndef THRONG_SOLVER_H
#define THRONG_SOLVER_H

#include "throng/markov.h"
#include "throng/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A number that a solver reports of what it found, beside the gap. */
typedef struct throng_solver_note {
    const char *name; /* "value_error", static */
    double value;
} throng_solver_note;

#define THRONG_SOLVER_NOTES_MAX 8

/** What a solver works on. Arrays of [numbers] and [rows] are those of throng/problem.h: of a tree, its sequences and
 *  information sets, of all players together. */
typedef struct throng_solver_state {
    throng_context *context;
    const throng_problem *problem;
    const throng_tree *tree;        /* problem->game, if that is a tree; otherwise NULL */
    const throng_problem_row *rows; /* [n_rows] of the problem */
    int64_t n_rows;
    const double *param;           /* the descriptor's parameters, in its order */
    uint64_t seed;                 /* keys what is drawn */
    int64_t iteration, iterations; /* this one, from 1; the most that there will be */
    int64_t evaluations;           /* a solver that counts what it asks of the game adds to it */
    double *strategy;              /* [numbers] begins as the problem's start, or as what was given */
    double *average;               /* [numbers] plans added up, in any scale; begins as 0 */
    double *kept;                  /* [numbers] a solver's own, such as regrets; begins as 0 */
    const double *reference;       /* [numbers] what regularised solvers are drawn to */
    const double *log_reference;   /* [numbers] */
    double *plan, *worth;          /* [numbers] room */
    double *reach;                 /* [rows] room */
    double *more;                  /* [solver->n_more][numbers] begins as 0 */
    void *self;                    /* what `begin` made */
    bool done; /* set by a step after which another would change nothing, or for which there is no room */
    throng_solver_note notes[THRONG_SOLVER_NOTES_MAX]; /* see throng_solver_note_down */
    int n_notes;
} throng_solver_state;

/** A solver plug-in: plugins/solvers/NAME.c and a line in solvers.def. */
typedef struct throng_solver {
    throng_about about;
    unsigned forms; /* of games that it serves, THRONG_GAME_FORM_... or'ed; 0: trees */
    bool last;      /* what it finds is `strategy`; otherwise what `average` says */
    int n_more;     /* arrays of [numbers] that it needs besides those of the state */
    bool starts;    /* can begin with a strategy that is given */
    bool once;      /* one iteration does all: fewer than two make no sense */
    /** Before anything else, where the rows of a game depend on the solver's parameters. May be NULL. */
    throng_status (*prepare)(const throng_problem *problem, const double *param, throng_error *err);
    /** Before the first iteration, and after the last or an error. May be NULL. */
    throng_status (*begin)(throng_solver_state *state, throng_error *err);
    void (*end)(throng_solver_state *state);
    /** One iteration. */
    throng_status (*step)(throng_solver_state *state, throng_error *err);
    /** How far a strategy is from what this solver seeks, where that is not the game's own gap; with its name, such as
     *  "regularised gap". May be NULL. */
    throng_status (*gap)(const throng_solver_state *state, const double *strategy, double *gap, throng_error *err);
    const char *gap_name;
} throng_solver;

/* ---- what several solvers do ----------------------------------------------------------------------------------- */

/*
 * Mirror descent with entropy, on any problem with worths: the next policy is log-linear in earlier ones, in the
 * reference and in what actions are worth. Logs are up to a constant in each row.
 */

/** The log of each probability becomes keep * centre + pull * log(reference) + step * worth. */
typedef struct throng_log_linear {
    double keep, pull, step;
    bool counterfactual; /* worths count as much as their row is likely; otherwise as if it was reached */
} throng_log_linear;

/** The weights of a step from where one stands towards reference exp(worth / beta): keep 1 - beta step, pull beta step.
 *  @return THRONG_E_ARGUMENT: beta step is above 1. */
THRONG_API THRONG_MUST_USE throng_status throng_solver_weights(double beta, double step, throng_log_linear *out,
                                                               throng_error *err);

/** Fills in plan, worth and reach of the state for all playing `strategy`, and counts an evaluation. */
THRONG_API void throng_solver_evaluate(throng_solver_state *state, const double *strategy);

/** One such step in all rows of a player, by worth and reach of the state. A row that is never reached keeps its logs,
 *  and what stands in `strategy`.
 *  @param centre [numbers] logs  @param logs [numbers] out, may be `centre`  @param strategy [numbers] out */
THRONG_API void throng_solver_log_linear(const throng_solver_state *state, int player, throng_log_linear weights,
                                         const double *centre, double *logs, double *strategy);

/**
 * One such step from samples alone, in games of preferences: a gradient step of the loss of pairs (IPO). Two responses
 * are drawn uniformly and one of the opponent; how much more often the first beats that one than the second does is
 * compared with beta times how much further the first is above the reference. On average it is the step above, for
 * weights of which keep is 1 - pull. Counts two evaluations a sample; needs throng_solver_begin_sampled.
 * @param samples  >= 1  @param draw which of an iteration's, 0..  Changes worth; `logs` may be `centre`.
 */
THRONG_API void throng_solver_sampled(throng_solver_state *state, throng_log_linear weights, int64_t samples,
                                      uint64_t draw, const double *opponent, const double *centre, double *logs,
                                      double *strategy);

/** A `begin` of solvers that can do so: everybody plays the reference. @return THRONG_E_UNSUPPORTED: there are samples,
 *  and the game is not one of preferences. */
THRONG_API THRONG_MUST_USE throng_status throng_solver_begin_sampled(throng_solver_state *state, int64_t samples,
                                                                     throng_error *err);

/** One such step of everybody from where they stand to a point half-way, and from where they stand once more, by the
 *  worths at that point. Two evaluations; `kept` has the logs, `average` is room.
 *  @param weights [players]  @param samples of which each step is made; 0: exact */
THRONG_API void throng_solver_extragradient(throng_solver_state *state, const throng_log_linear *weights,
                                            int64_t samples);

/** For a `begin`: `kept` has the logs of the strategy. */
THRONG_API void throng_solver_begin_at_strategy(throng_solver_state *state);

/** A `begin`: everybody plays the reference, with their logs in `kept`. */
THRONG_API THRONG_MUST_USE throng_status throng_solver_begin_at_reference(throng_solver_state *state,
                                                                          throng_error *err);

/** Adds the plan of the state to `average`; with `last`, puts it there instead. */
THRONG_API void throng_solver_add_plan(throng_solver_state *state, bool last);

/**
 * How far from the regularised equilibrium a strategy is, in which everybody gets what they get less beta times the
 * divergence from the reference: the sum over rows of what the best change of that row alone would gain, where it is
 * reached, beta log sum reference exp(worth / beta) - (worth of the row - beta KL). In a game of preferences both
 * players' gains are added. 0 if and only if each row is in proportion to reference exp(worth / beta).
 * @param beta > 0  Changes plan, worth and reach.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_regularised_gap(const throng_solver_state *state, double beta,
                                                                       const double *strategy, double *gap,
                                                                       throng_error *err);

/** The same by the worths and reaches that stand in the state, whosever they are. @return the gap  Changes plan. */
THRONG_API double throng_solver_regularised_gain(const throng_solver_state *state, double beta, const double *strategy);

/** Adds what each action would have gained over the strategy, and plays in proportion to what is positive.
 *  @param floor forget what is negative, as CFR+ does  @param regrets [sequences] in and out */
THRONG_API void throng_solver_match_regrets(const throng_tree *tree, int player, const double *worth, bool floor,
                                            double *regrets, double *strategy);

/** Reports a number; a later one of the same name takes its place. @param name static, in lower case, with _ */
THRONG_API void throng_solver_note_down(throng_solver_state *state, const char *name, double value);

/* ---- playing on ------------------------------------------------------------------------------------------------ */

/** What is needed to play on from any node of a tree. */
typedef struct throng_rollouts throng_rollouts;

/** @param tree must outlive it */
THRONG_API THRONG_MUST_USE throng_status throng_rollouts_create(throng_context *context, const throng_tree *tree,
                                                                throng_rollouts **out, throng_error *err);
THRONG_API void throng_rollouts_free(throng_rollouts *self);

/**
 * What the actions at an information set are worth, given that it is reached, by samples: a node is drawn as the others
 * and chance make it likely, then everybody plays on by `strategy`, once for each action.
 * @param seed, step key what is drawn  @param worth [actions of the set] out
 * @return false: it is never reached.
 * Cost: O(nodes of the set + samples * actions * (length of the game + log nodes)), and a plan.
 */
THRONG_API bool throng_rollouts_worth(throng_rollouts *self, int set, const double *strategy, int64_t samples,
                                      uint64_t seed, uint64_t step, double *worth);

/**
 * Solves a game of two players and constant sum exactly, as a linear program over plans (von Stengel 1996).
 * @param strategy [sequences] out
 * @return THRONG_E_UNSUPPORTED: another game, or somebody forgets; THRONG_E_NOT_CONVERGED: the program was not solved.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_linear_program(const throng_tree *tree, double *strategy,
                                                                      throng_error *err);

/**
 * Solves a matrix of what the second player pays to the first; if it can be without mixing, so.
 * @param payoffs [n_rows * n_columns] finite, the first player's action, the row, changes fastest
 * @param row     [n_rows] out, the first player's strategy  @param column [n_columns] out, the second's
 * @param value   out, what the first player gets
 * @return THRONG_E_NOT_CONVERGED: the linear program was not solved.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_matrix_game(throng_context *context, int n_rows, int n_columns,
                                                                   const double *payoffs, double *row, double *column,
                                                                   double *value, throng_error *err);

/**
 * One sweep over the states of a Markov game of one player, or of two and zero sum (Shapley 1953): in each, the game of
 * what is paid now plus the discounted values of what comes next is solved.
 * @param values   [states] in and out, the first player's; all states are looked at with those that came in
 * @param strategy [numbers] out
 * @return THRONG_E_UNSUPPORTED: another game.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_markov_sweep(throng_context *context, const throng_markov *game,
                                                                    double *values, double *strategy,
                                                                    throng_error *err);

/**
 * Solves such a game to the last digits: sweeps, each followed by the first player's best response to the second's
 * strategy (Hoffman and Karp 1966), whose values fall to those of the game.
 * @param strategy [numbers] in: play as the game begins with; out  @param values [states] out, the first player's
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_markov_plan(throng_context *context, const throng_markov *game,
                                                                   double *strategy, double *values, throng_error *err);

/**
 * Play in such a game that changes smoothly with what it is worth: in each state, the equilibrium of the matrix of
 * worths in which everybody also gets temperature times the entropy of what they play, softmax(worths / temperature) of
 * one player. Against the exact plan it loses at most temperature log(actions), added up, in each step.
 * @param values   [states] the first player's, of the exact plan  @param temperature > 0
 * @param strategy [numbers] out
 * @return THRONG_E_NOT_CONVERGED: the temperature is too low for this range of worths.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solver_markov_smooth(throng_context *context, const throng_markov *game,
                                                                     const double *values, double temperature,
                                                                     double *strategy, throng_error *err);

/* Averse to risk, in games where everybody chooses once and at once: x of one's own actions is worth its mean payoff
 * less gamma times the variance of x's payoff that the others' mixing makes, x'Mu - gamma x'S x. The others are taken
 * to tremble: each plays a share `tremble` of the time at random. */
typedef struct throng_risk throng_risk;

/** @return THRONG_E_UNSUPPORTED: somebody chooses twice or never, chance moves, or more than 2^14 profiles */
THRONG_API THRONG_MUST_USE throng_status throng_risk_create(throng_context *context, const throng_tree *tree,
                                                            double gamma, double tremble, throng_risk **out,
                                                            throng_error *err);
THRONG_API void throng_risk_free(throng_risk *self);

/** What each profile's payoffs vary by on their own, as chance decides: counts as variance, too.
 *  @param variances [profiles][players] >= 0, as throng_normal_form has them; copied */
THRONG_API THRONG_MUST_USE throng_status throng_risk_set_variances(throng_risk *self, const double *variances,
                                                                   throng_error *err);

/**
 * The best that a player can do against the others' strategies, a concave quadratic program.
 * @param strategy [sequences]
 * @param best     [sequences] in: where to start; out: of this player's actions
 * @param missing  out, may be NULL: how much more the best is worth than what the player's own strategy is
 */
THRONG_API void throng_risk_best(throng_risk *self, int player, const double *strategy, double *best, double *missing);

/* ---- some policies out of all ---------------------------------------------------------------------------------- */

/** The game of two players of a tree who each mix a few policies for it, averse to risk, and learn more of them. */
typedef struct throng_restricted throng_restricted;

/** @param tree     must outlive it  @param gamma, tremble as above  @param most 1..127, policies of a player
 *  @param strategy [sequences] everybody's first policy is the best against it
 *  @return THRONG_E_UNSUPPORTED: not two players; THRONG_E_ARGUMENT */
THRONG_API THRONG_MUST_USE throng_status throng_restricted_create(throng_context *context, const throng_tree *tree,
                                                                  double gamma, double tremble, int most,
                                                                  const double *strategy, throng_restricted **out,
                                                                  throng_error *err);
THRONG_API void throng_restricted_free(throng_restricted *self);

/** Mixes the policies that there are, by so many steps of fictitious play. @param strategy [sequences] out */
THRONG_API THRONG_MUST_USE throng_status throng_restricted_solve(throng_restricted *self, int64_t steps,
                                                                 double *strategy, throng_error *err);

/** Adds each player's best response to a strategy that both play, of all pure ones in the tree, for the mean of what
 * one gets less gamma times its variance, as far as guesses of the mean find it.
 *  @param more out: whether that is something new, and there is room for more */
THRONG_API THRONG_MUST_USE throng_status throng_restricted_grow(throng_restricted *self, const double *strategy,
                                                                bool *more, throng_error *err);

/** What both would gain, added up, by mixing anew the policies that there are now, against what the other mixed last.
 */
THRONG_API THRONG_MUST_USE throng_status throng_restricted_gap(throng_restricted *self, double *gap, throng_error *err);

/* ---- solving --------------------------------------------------------------------------------------------------- */

/** Zero means the default everywhere. */
typedef struct throng_solve_def {
    const char *solver;  /* "cfr-plus"; NULL: what the form of the game says */
    int64_t iterations;  /* most; 100,000 */
    double tolerance;    /* the gap, NashConv, that is good enough; 0.001. Negative: 0, which ends it early only at 0 */
    uint64_t seed;       /* of solvers that draw */
    const double *start; /* [numbers] the strategy to begin with, for solvers that can; NULL: their own */
    bool every;          /* measure the gap in every iteration; otherwise ever more rarely, as it changes less */
} throng_solve_def;

typedef struct throng_solution throng_solution;

/**
 * Solves a game.
 * @return THRONG_E_UNSUPPORTED: somebody forgets, or the solver does not serve games of this form;
 * THRONG_E_UNKNOWN_NAME, THRONG_E_PARAMETER, THRONG_E_CANCELLED. That the tolerance was not reached is no error: see
 * the solution.
 */
THRONG_API THRONG_MUST_USE throng_status throng_solve(throng_context *context, const throng_problem *problem,
                                                      const throng_solve_def *def, throng_solution **out,
                                                      throng_error *err);
THRONG_API void throng_solution_free(throng_solution *self);

THRONG_API const char *throng_solution_solver(const throng_solution *self); /**< with every parameter */
THRONG_API int64_t throng_solution_iterations(const throng_solution *self);
/** What is compared with the tolerance; its name: "gap", or what the solver calls its own. */
THRONG_API double throng_solution_gap(const throng_solution *self);
THRONG_API const char *throng_solution_gap_name(const throng_solution *self);

/** The game's own gap, whatever the solver seeks; NaN: nobody knows. */
THRONG_API double throng_solution_game_gap(const throng_solution *self);
THRONG_API int64_t throng_solution_evaluations(const throng_solution *self); /**< 0: the solver does not count */
THRONG_API double throng_solution_tolerance(const throng_solution *self);
THRONG_API bool throng_solution_converged(const throng_solution *self);

#define THRONG_SOLUTION_ADVICE 1600 /* enough room for it */

/** Writes "cfr did not converge: ..." and what might help. */
THRONG_API void throng_solution_advise(const throng_solution *self, char *text, size_t size);
THRONG_API double throng_solution_value(const throng_solution *self, int player);
/** Half the width of its 95 % interval where the value is estimated; else 0. */
THRONG_API double throng_solution_value_half(const throng_solution *self, int player);

/** What all players get together; and how equally: 1 less the Gini coefficient, 1 where all get the same. NaN where
 *  somebody gets less than 0, or nobody anything. */
THRONG_API double throng_solution_welfare(const throng_solution *self);
THRONG_API double throng_solution_equality(const throng_solution *self);
THRONG_API const double *throng_solution_strategy(const throng_solution *self); /**< [numbers] */

/** What the solver reports besides, by index; a name of NULL past the last. */
THRONG_API throng_solver_note throng_solution_note(const throng_solution *self, int index);

/** How the gap went: [trace] pairs. */
THRONG_API int64_t throng_solution_trace(const throng_solution *self);
THRONG_API int64_t throng_solution_trace_iteration(const throng_solution *self, int64_t index);
THRONG_API double throng_solution_trace_gap(const throng_solution *self, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
