/**
 * Games: who may do what, and what everybody gets for it. Today the normal form, for any number of players, and
 * repeated play of it: by scripted players, language models, a caller's own, and matches that were logged elsewhere.
 */
#ifndef THRONG_GAME_H
#define THRONG_GAME_H

#include "throng/llm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Forms of games; a solver says which it serves. */
typedef enum throng_game_form {
    THRONG_GAME_FORM_TREE = 1,        /* extensive and normal form: throng/tree.h */
    THRONG_GAME_FORM_MARKOV = 2,      /* throng/markov.h */
    THRONG_GAME_FORM_AGGREGATIVE = 4, /* one who decides for a crowd: throng/aggregative.h */
    THRONG_GAME_FORM_SMOOTH = 8,      /* losses with gradients: throng/smooth.h */
    THRONG_GAME_FORM_OPERATOR = 16,   /* throng/operator.h */
    THRONG_GAME_FORM_PREFERENCE = 32, /* throng/preference.h */
} throng_game_form;

/* ---- the normal form ------------------------------------------------------------------------------------------- */

#define THRONG_GAME_PLAYERS_MAX 16

/** All players choose at once; a profile is a choice of everybody. */
typedef struct throng_normal_form throng_normal_form;

/**
 * Makes a game whose payoffs are 0 and whose actions are called "1", "2", ...
 * @param n_actions [n_players] each >= 1; 1..THRONG_GAME_PLAYERS_MAX players
 * @return THRONG_E_ARGUMENT, also if there are more than 2^27 payoffs; THRONG_E_MEMORY.
 */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_create(throng_context *context, const char *name,
                                                                   int n_players, const int *n_actions,
                                                                   throng_normal_form **out, throng_error *err);
THRONG_API void throng_normal_form_free(throng_normal_form *self);

/** @param name copied; different from the player's other actions */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_set_action_name(throng_normal_form *self, int player,
                                                                            int action, const char *name,
                                                                            throng_error *err);

/** All of a player's at once, as files have them: a name that was there becomes "NAME (2)", an empty one its number.
 *  @param names [actions of the player] */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_set_action_names(throng_normal_form *self, int player,
                                                                             const char *const *names,
                                                                             throng_error *err);
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_set_player_name(throng_normal_form *self, int player,
                                                                            const char *name, throng_error *err);

/** @param payoffs [players] finite */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_set_payoffs(throng_normal_form *self, int64_t profile,
                                                                        const double *payoffs, throng_error *err);

THRONG_API const char *throng_normal_form_name(const throng_normal_form *self);
THRONG_API const char *throng_normal_form_family(const throng_normal_form *self); /**< "" if it has none */
THRONG_API int throng_normal_form_players(const throng_normal_form *self);
THRONG_API const char *throng_normal_form_player_name(const throng_normal_form *self, int player);
THRONG_API int throng_normal_form_actions(const throng_normal_form *self, int player);
THRONG_API const char *throng_normal_form_action_name(const throng_normal_form *self, int player, int action);

/** The action of that name, case ignored, or of that number from 1; -1 if there is none. */
THRONG_API int throng_normal_form_find_action(const throng_normal_form *self, int player, const char *name);

/** How many profiles there are. In their order the first player's action changes fastest. */
THRONG_API int64_t throng_normal_form_profiles(const throng_normal_form *self);
THRONG_API int64_t throng_normal_form_profile(const throng_normal_form *self, const int *actions);
THRONG_API int throng_normal_form_action_in(const throng_normal_form *self, int64_t profile, int player);

/** [players] what everybody gets; lives as long as the game. */
THRONG_API const double *throng_normal_form_payoffs(const throng_normal_form *self, int64_t profile);

/** The most that a player can get. */
THRONG_API double throng_normal_form_largest(const throng_normal_form *self, int player);

/** What the player who would gain most by another action alone would gain: a profile is a pure equilibrium if 0. */
THRONG_API double throng_normal_form_regret(const throng_normal_form *self, int64_t profile);

/* ---- built in -------------------------------------------------------------------------------------------------- */

#define THRONG_GAME_ORDINAL 144 /* "ordinal:1" .. "ordinal:144" */

/** Names of the games that are built in but for the ordinal ones; NULL past the last. */
THRONG_API const char *throng_game_builtin_name(int index);

/** What there is beside plug-ins, for lists of all games: those, all ordinal ones as "ordinal", and "files"; NULL past
 * the last. */
THRONG_API const throng_about *throng_game_builtin_about(int index);

/**
 * Makes a built-in game: "prisoners-dilemma" and "battle-of-the-sexes" as in arXiv 2305.16867, "stag-hunt", or one of
 * its 144 2x2 games of payoffs 1 to 4, "ordinal:17". Actions are J and F.
 * @return THRONG_E_UNKNOWN_NAME.
 */
THRONG_API THRONG_MUST_USE throng_status throng_game_builtin(throng_context *context, const char *name,
                                                             throng_normal_form **out, throng_error *err);

/* ---- files ----------------------------------------------------------------------------------------------------- */

/**
 * Reads a file of Gambit's, "NFG 1", with payoffs or outcomes; fractions such as 5/2 are understood.
 * @return THRONG_E_FILE; THRONG_E_FORMAT: what is wrong, and in which line; THRONG_E_ARGUMENT: too many payoffs.
 */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_read(throng_context *context, const char *path,
                                                                 throng_normal_form **out, throng_error *err);

/** The same from memory. @param origin for messages  @param text [length] */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_parse(throng_context *context, const char *origin,
                                                                  const char *text, int64_t length,
                                                                  throng_normal_form **out, throng_error *err);

/** Writes one that reads as the same game, bit for bit. @return THRONG_E_WRITE. */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_write(const throng_normal_form *self, const char *path,
                                                                  throng_error *err);

/** A file if the name ends in .nfg or .csv (throng_problem_parse_csv), else one that is built in, or a plug-in whose
 * game is one of a single choice each. */
THRONG_API THRONG_MUST_USE throng_status throng_normal_form_open(throng_context *context, const char *name,
                                                                 throng_normal_form **out, throng_error *err);

/* ---- repeated play --------------------------------------------------------------------------------------------- */

typedef struct throng_player throng_player;

/** A game played again and again by the same players, who see all that was done. */
typedef struct throng_match {
    const throng_normal_form *game;
    throng_player *const *players; /* [players of the game]; one may sit on several seats, and in several matches */
    int64_t number;                /* keys what is drawn in it */
    int64_t rounds, played;
    int *actions;   /* [rounds][players] of which the first `played` are */
    double *totals; /* [players] */
} throng_match;

/** A place at a table: what a player is asked about. */
typedef struct throng_seat {
    const throng_match *match;
    int player;
} throng_seat;

/** Somebody who plays: a caller's own fills in all of it. */
struct throng_player {
    void *self;
    const char *name;
    /** Chooses for n seats, each in the round match->played. @param actions [n] out */
    throng_status (*act)(void *self, const throng_seat *seats, int64_t n, int *actions, throng_error *err);
    void (*free)(void *self); /* NULL: nothing is to be freed */
};

/**
 * Makes a scripted player. ACTION is a name or a number from 1.
 *
 *     always:ACTION       alternate:ACTION   ACTION first, then the next one, and so on in turn
 *     once:ACTION         in the first round, then action 1 for ever ("defect once")
 *     tit-for-tat         action 1, then what the other did last; for two players
 *     best-reply          action 1, then the best against how often the others did what so far, each by itself
 *     random              all alike
 *     sequence:JJFF       a letter of an action's name a round; the last one stays
 *
 * Without ACTION it is 1 for always and alternate, 2 for once.
 * @return THRONG_E_UNKNOWN_NAME; an ACTION that the game lacks is told when it is played.
 */
THRONG_API THRONG_MUST_USE throng_status throng_player_scripted(throng_context *context, const char *spec,
                                                                uint64_t seed, throng_player *out, throng_error *err);

/** A player that asks a language model. Zero means the default everywhere. */
typedef struct throng_player_model_def {
    throng_llm *llm;              /* required; must outlive the player */
    throng_llm_template *wording; /* slots rules, history, round, rounds, points, player; NULL: plain English */
    double temperature;           /* 0: the most probable action; else throng draws one */
    bool no_logprobs;
    int samples, orders; /* as in throng_llm_choose_def */
    uint64_t seed;
} throng_player_model_def;

/** Asks for the distribution over the actions, all seats of a round at once, and draws itself. @return
 *  THRONG_E_ARGUMENT: a slot of the template that there is not. */
THRONG_API THRONG_MUST_USE throng_status throng_player_model(throng_context *context,
                                                             const throng_player_model_def *def, throng_player *out,
                                                             throng_error *err);

/** How its answers came about so far. @param player from throng_player_model */
THRONG_API throng_llm_choose_counts throng_player_model_counts(const throng_player *player);

THRONG_API void throng_player_clear(throng_player *player);

/** Fills in a match of which nothing is played. @param players [players of the game] borrowed, as the game is */
THRONG_API THRONG_MUST_USE throng_status throng_match_init(throng_context *context, const throng_normal_form *game,
                                                           throng_player *const *players, int64_t number,
                                                           int64_t rounds, throng_match *out, throng_error *err);
THRONG_API void throng_match_clear(throng_context *context, throng_match *match);

/**
 * Plays matches to their ends, all of them round by round, so that a player who is slow to ask is asked about many
 * seats at once. The same seeds give the same matches.
 * @return what a player returns; THRONG_E_ARGUMENT for an action that there is not.
 */
THRONG_API THRONG_MUST_USE throng_status throng_match_play(throng_context *context, throng_match *matches, int64_t n,
                                                           throng_error *err);

/** The mean over matches of a seat's total over rounds times the most that it can get in one: 0.7 says that it got 70 %
 *  of what there was to get; NaN if no payoff of a game is above 0.
 *  @param half out: half the width of a 95 % interval; NaN for one match */
THRONG_API double throng_match_score(const throng_match *const *matches, int64_t n, int player, double *half);

/* ---- matches of others ----------------------------------------------------------------------------------------- */

/** Matches of two players at ordinal games, as published with arXiv 2305.16867. */
typedef struct throng_match_log throng_match_log;

/**
 * Reads tables with the columns game_number, round, player1, player2, answer1, answer2, choice_option1, choice_option2,
 * points1 and points2. A match is the rounds of one game between two players, in their order; payoffs are worked out
 * anew.
 * @return what throng_table_read returns; THRONG_E_FORMAT: a game that there is not, an answer that is no option,
 * rounds that do not count up from 1, points that the game does not give.
 */
THRONG_API THRONG_MUST_USE throng_status throng_match_log_read(throng_context *context, const char *const *paths,
                                                               int n_paths, throng_match_log **out, throng_error *err);
THRONG_API void throng_match_log_free(throng_match_log *self);
THRONG_API int64_t throng_match_log_count(const throng_match_log *self);

/** One match; its game and its players' names live as long as the log. */
THRONG_API const throng_match *throng_match_log_match(const throng_match_log *self, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
