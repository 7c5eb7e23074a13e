/* throng play: repeated games between scripted players and language models, and logs of such matches. */
#define _POSIX_C_SOURCE 200809L
#include "cli/llm.h"
#include "cli/play_hands.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH 22
#define SHOWN      60 /* rounds of a match */
#define ROUNDS     10
#define DEALS      10000

typedef struct request {
    const char *policies[THRONG_GAME_PLAYERS_MAX], *template, *log, *plugin;
    int n_policies;
    int64_t rounds, repetitions, deals;
    bool fixed_seats, quiet, json;
    cli_llm llm;
} request;

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const request *wanted;
    throng_context *context;
    cli_progress progress;
    throng_llm *llm;
    throng_llm_template *template;
    throng_match_log *log;
    throng_normal_form *games[THRONG_GAME_ORDINAL];
    int n_games;
    throng_player players[THRONG_GAME_PLAYERS_MAX], *seats[THRONG_GAME_PLAYERS_MAX];
    throng_player *model; /* the one that asks a model; NULL: none does */
    throng_match *matches;
    int64_t n;
    const throng_match **shown;                            /* [n] the part of the matches that is looked at */
    const throng_normal_form *played[THRONG_GAME_ORDINAL]; /* different games of the matches */
    const char *families[THRONG_GAME_ORDINAL];             /* and their families */
    int n_played, n_families;
    const char **names; /* [n_names] different players of a log */
    int n_names;
} job;

/* ---- making matches -------------------------------------------------------------------------------------------- */

static int make_games(job *self, const char *name) {
    throng_error err = {0};
    char one[32];
    if (strcmp(name, "ordinal") != 0) {
        throng_status status = throng_normal_form_open(self->context, name, &self->games[0], &err);
        cli_progress_clear(&self->progress);
        self->n_games = status == THRONG_OK;
        return status == THRONG_OK ? CLI_OK : cli_fail_error(&err);
    }
    for (; self->n_games < THRONG_GAME_ORDINAL; self->n_games++) {
        snprintf(one, sizeof one, "ordinal:%d", self->n_games + 1);
        if (throng_game_builtin(self->context, one, &self->games[self->n_games], &err) != THRONG_OK)
            return cli_fail_error(&err);
    }
    return CLI_OK;
}

static int make_model(job *self, throng_player *out) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    double temperature = 0.0;
    if (!cli_llm_read_real("--temperature", wanted->llm.temperature, &temperature))
        return CLI_USAGE;
    if (wanted->template &&
        throng_llm_template_load(self->context, wanted->template, &self->template, &err) != THRONG_OK)
        return cli_fail_error(&err);
    int code = cli_llm_open(&wanted->llm, self->context, &self->llm);
    if (code != CLI_OK)
        return code;
    throng_player_model_def def = {.llm = self->llm,
                                   .wording = self->template,
                                   .temperature = temperature,
                                   .no_logprobs = wanted->llm.no_logprobs,
                                   .samples = (int)wanted->llm.samples,
                                   .orders = (int)wanted->llm.orders,
                                   .seed = (uint64_t)wanted->llm.seed};
    if (throng_player_model(self->context, &def, out, &err) != THRONG_OK)
        return cli_fail_error(&err);
    self->model = out;
    return CLI_OK;
}

static int make_script(job *self, const char *spec, throng_player *out) {
    throng_error err = {0};
    uint64_t seed = (uint64_t)self->wanted->llm.seed;
    throng_status status = throng_strategy_open_player(self->context, spec, seed, out, &err);
    cli_progress_clear(&self->progress);
    return status == THRONG_OK ? CLI_OK : cli_fail_error(&err);
}

static int make_players(job *self) {
    const request *wanted = self->wanted;
    int n = throng_normal_form_players(self->games[0]);
    if (wanted->n_policies != 1 && wanted->n_policies != n)
        return cli_fail(CLI_USAGE, "\"%s\" has %d players: give --policy as many times, or once for all, got %d.",
                        throng_normal_form_name(self->games[0]), n, wanted->n_policies);
    for (int p = 0; p < n; p++) {
        const char *spec = wanted->policies[wanted->n_policies == 1 ? 0 : p];
        bool asks = strcmp(spec, "llm") == 0;
        int code = CLI_OK;
        self->seats[p] = &self->players[p];
        if (asks && self->model)
            self->seats[p] = self->model;
        else if (asks)
            code = make_model(self, &self->players[p]);
        else
            code = make_script(self, spec, &self->players[p]);
        if (code != CLI_OK)
            return code;
    }
    if (!self->model && (wanted->llm.endpoint || wanted->llm.script || wanted->llm.replay))
        return cli_fail(CLI_USAGE, "no --policy is llm, so nobody would ask the model that is named.");
    return CLI_OK;
}

static int play(job *self) {
    throng_error err = {0};
    int64_t times = self->wanted->repetitions ? self->wanted->repetitions : 1;
    int64_t rounds = self->wanted->rounds ? self->wanted->rounds : ROUNDS;
    self->matches = calloc((size_t)(self->n_games * times), sizeof *self->matches);
    if (!self->matches)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int g = 0; g < self->n_games; g++)
        for (int64_t r = 0; r < times; r++, self->n++)
            if (throng_match_init(self->context, self->games[g], self->seats, self->n, rounds, &self->matches[self->n],
                                  &err) != THRONG_OK)
                return cli_fail_error(&err);
    throng_status status = throng_match_play(self->context, self->matches, self->n, &err);
    cli_progress_clear(&self->progress);
    return status == THRONG_OK ? CLI_OK : cli_fail_error(&err);
}

static int read_log(job *self) {
    throng_error err = {0};
    throng_status status = throng_match_log_read(self->context, &self->wanted->log, 1, &self->log, &err);
    cli_progress_clear(&self->progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    self->n = throng_match_log_count(self->log);
    return CLI_OK;
}

static const throng_match *match_at(const job *self, int64_t i) {
    return self->log ? throng_match_log_match(self->log, i) : &self->matches[i];
}

/* ---- parts of the matches -------------------------------------------------------------------------------------- */

/* Collects in self->shown the matches of a family, or of a game, or in which a player of that name sits at a seat; NULL
 * and -1: any. Returns how many. */
static int64_t select_matches(job *self, const char *family, const throng_normal_form *game, const char *name,
                              int seat) {
    int64_t n = 0;
    for (int64_t i = 0; i < self->n; i++) {
        const throng_match *match = match_at(self, i);
        if ((!family || strcmp(throng_normal_form_family(match->game), family) == 0) &&
            (!game || match->game == game) && (!name || strcmp(match->players[seat]->name, name) == 0))
            self->shown[n++] = match;
    }
    return n;
}

static int gather_name(job *self, const char *name) {
    for (int k = 0; k < self->n_names; k++)
        if (strcmp(self->names[k], name) == 0)
            return CLI_OK;
    const char **longer = realloc(self->names, ((size_t)self->n_names + 1) * sizeof *longer);
    if (!longer)
        return cli_fail(CLI_FAILURE, "out of memory.");
    self->names = longer;
    self->names[self->n_names++] = name;
    return CLI_OK;
}

/* Finds the different games, families and, in a log, names, in the order in which they come first. */
static int gather(job *self) {
    int code = CLI_OK;
    for (int64_t i = 0; code == CLI_OK && i < self->n; i++) {
        const throng_match *match = match_at(self, i);
        int at = self->n_played;
        while (at > 0 && self->played[at - 1] != match->game)
            at--;
        if (at == 0)
            self->played[self->n_played++] = match->game;
        for (int p = 0; self->log && code == CLI_OK && p < 2; p++)
            code = gather_name(self, match->players[p]->name);
    }
    for (int g = 0; g < self->n_played; g++) {
        const char *family = throng_normal_form_family(self->played[g]);
        int at = self->n_families;
        while (at > 0 && strcmp(self->families[at - 1], family) != 0)
            at--;
        if (at == 0)
            self->families[self->n_families++] = family;
    }
    return code;
}

/* The mean score over both seats of a player in a log. */
static double score_of(job *self, const char *name, int64_t *n) {
    double sum = 0.0;
    *n = 0;
    for (int p = 0; p < 2; p++) {
        int64_t more = select_matches(self, NULL, NULL, name, p);
        sum += more > 0 ? (double)more * throng_match_score(self->shown, more, p, NULL) : 0.0;
        *n += more;
    }
    return sum / (double)*n;
}

/* What a player did: "JJFJ", or "stag stag hare" where names are longer. The caller frees it. */
static char *write_actions(const throng_match *match, int player, int64_t most) {
    int n = throng_normal_form_players(match->game);
    bool letters = true;
    for (int a = 0; a < throng_normal_form_actions(match->game, player); a++)
        letters = letters && strlen(throng_normal_form_action_name(match->game, player, a)) == 1;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (int64_t r = 0; out && r < match->played && r < most; r++)
        fprintf(out, "%s%s", r > 0 && !letters ? " " : "",
                throng_normal_form_action_name(match->game, player, match->actions[r * n + player]));
    if (out && match->played > most)
        fprintf(out, " ...");
    if (out)
        fclose(out);
    return text;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static void print_score(double score, double half) {
    char text[160];
    snprintf(text, sizeof text, "%s%s%s", throng_phrase_share(score).text, isfinite(half) ? " ± " : "",
             isfinite(half) ? throng_phrase_share(half).text : "");
    cli_print_right(text, 18);
}

static void print_game(job *self) {
    const throng_match *match = match_at(self, 0);
    int64_t n = select_matches(self, NULL, NULL, NULL, 0);
    printf("%s, %s rounds", throng_normal_form_name(match->game), throng_phrase_count(match->rounds).text);
    if (n > 1)
        printf(", %s times", throng_phrase_count(n).text);
    printf("\n");
    for (int p = 0; p < throng_normal_form_players(match->game); p++) {
        double half, score = throng_match_score(self->shown, n, p, &half), total = 0.0;
        for (int64_t i = 0; i < n; i++)
            total += self->shown[i]->totals[p] / (double)n;
        printf("  ");
        cli_print_left(match->players[p]->name, NAME_WIDTH);
        cli_print_right(throng_phrase_value(total).text, 10);
        print_score(score, half);
        char *actions = n == 1 ? write_actions(match, p, SHOWN) : NULL;
        printf("  %s\n", actions ? actions : "");
        free(actions);
    }
}

static void print_families(job *self) {
    printf("%s matches\n", throng_phrase_count(self->n).text);
    for (int f = 0; f < self->n_families; f++) {
        int64_t n = select_matches(self, self->families[f], NULL, NULL, 0);
        printf("  ");
        cli_print_left(self->families[f], NAME_WIDTH);
        cli_print_right(throng_phrase_count(n).text, 8);
        for (int p = 0; p < 2; p++) {
            double half, score = throng_match_score(self->shown, n, p, &half);
            print_score(score, half);
        }
        printf("\n");
    }
    for (int k = 0; k < self->n_names; k++) {
        int64_t n;
        double score = score_of(self, self->names[k], &n);
        printf("  ");
        cli_print_left(self->names[k], NAME_WIDTH);
        cli_print_right(throng_phrase_count(n).text, 8);
        print_score(score, NAN);
        printf("\n");
    }
}

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pack_scores(job *self, int64_t n, int players) {
    json_t *scores = json_array(), *halves = json_array();
    for (int p = 0; p < players; p++) {
        double half;
        json_array_append_new(scores, number(throng_match_score(self->shown, n, p, &half)));
        json_array_append_new(halves, number(half));
    }
    return json_pack("{s:I, s:o, s:o}", "matches", (json_int_t)n, "scores", scores, "half_widths", halves);
}

/* A game: its scores, mean totals, the largest payoffs that there are, and the largest that anybody got. */
static json_t *pack_game(job *self, const throng_normal_form *game) {
    int64_t n = select_matches(self, NULL, game, NULL, 0);
    int players = throng_normal_form_players(game);
    json_t *packed = pack_scores(self, n, players), *totals = json_array(), *largest = json_array(),
           *seen = json_array();
    for (int p = 0; p < players; p++) {
        double total = 0.0, most = -INFINITY;
        for (int64_t i = 0; i < n; i++) {
            const throng_match *match = self->shown[i];
            total += match->totals[p] / (double)n;
            for (int64_t r = 0; r < match->played; r++) {
                int64_t profile = throng_normal_form_profile(game, match->actions + r * players);
                most = fmax(most, throng_normal_form_payoffs(game, profile)[p]);
            }
        }
        json_array_append_new(totals, json_real(total));
        json_array_append_new(largest, json_real(throng_normal_form_largest(game, p)));
        json_array_append_new(seen, json_real(most));
    }
    json_object_set_new(packed, "game", json_string(throng_normal_form_name(game)));
    json_object_set_new(packed, "family", json_string(throng_normal_form_family(game)));
    json_object_set_new(packed, "totals", totals);
    json_object_set_new(packed, "largest", largest);
    json_object_set_new(packed, "largest_seen", seen);
    return packed;
}

static json_t *pack_match(const throng_match *match) {
    json_t *names = json_array(), *totals = json_array(), *actions = json_array();
    for (int p = 0; p < throng_normal_form_players(match->game); p++) {
        char *text = write_actions(match, p, match->rounds);
        json_array_append_new(names, json_string(match->players[p]->name));
        json_array_append_new(totals, json_real(match->totals[p]));
        json_array_append_new(actions, json_string(text));
        free(text);
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "game", throng_normal_form_name(match->game), "players", names, "totals",
                     totals, "actions", actions);
}

static bool is_text(const char *name) {
    json_t *probe = json_string(name);
    json_decref(probe);
    return probe != NULL;
}

/* Whether all names can be written as JSON: jansson leaves out what is not UTF-8. */
static bool names_are_text(const job *self) {
    bool good = true;
    for (int g = 0; g < self->n_played; g++) {
        const throng_normal_form *game = self->played[g];
        good = good && is_text(throng_normal_form_name(game)) && is_text(throng_normal_form_family(game));
        for (int p = 0; p < throng_normal_form_players(game); p++)
            for (int a = 0; a < throng_normal_form_actions(game, p); a++)
                good = good && is_text(throng_normal_form_action_name(game, p, a));
    }
    for (int64_t i = 0; good && i < self->n; i++)
        for (int p = 0; p < throng_normal_form_players(match_at(self, i)->game); p++)
            good = good && is_text(match_at(self, i)->players[p]->name);
    return good;
}

/* NULL: a name is not UTF-8. */
static json_t *pack_result(job *self) {
    if (!names_are_text(self))
        return NULL;
    json_t *families = json_array(), *games = json_array(), *matches = json_array(), *players = json_array();
    json_t *document = json_object();
    int seats = throng_normal_form_players(self->played[0]);
    for (int g = 0; g < self->n_played; g++)
        json_array_append_new(games, pack_game(self, self->played[g]));
    for (int f = 0; f < self->n_families; f++) {
        json_t *packed = pack_scores(self, select_matches(self, self->families[f], NULL, NULL, 0), seats);
        json_object_set_new(packed, "family", json_string(self->families[f]));
        json_array_append_new(families, packed);
    }
    for (int64_t i = 0; i < self->n; i++)
        json_array_append_new(matches, pack_match(match_at(self, i)));
    for (int k = 0; k < self->n_names; k++) {
        int64_t n;
        double score = score_of(self, self->names[k], &n);
        json_array_append_new(
            players, json_pack("{s:s, s:I, s:f}", "name", self->names[k], "seats", (json_int_t)n, "score", score));
    }
    json_object_set_new(document, "families", families);
    json_object_set_new(document, "games", games);
    json_object_set_new(document, "matches", matches);
    json_object_set_new(document, "players", players);
    if (self->model) {
        throng_llm_choose_counts counts = throng_player_model_counts(self->model);
        json_object_set_new(document, "model", json_string(throng_llm_model(self->llm)));
        json_object_set_new(document, "counts", cli_llm_pack_counts(&counts));
        json_object_set_new(document, "usage", cli_llm_pack_usage(self->llm));
    }
    return document;
}

static int report(job *self) {
    throng_llm_choose_counts counts = {0};
    self->shown = calloc((size_t)self->n + 1, sizeof(const throng_match *));
    if (!self->shown)
        return cli_fail(CLI_FAILURE, "out of memory.");
    int code = gather(self);
    if (code != CLI_OK)
        return code;
    if (self->model)
        counts = throng_player_model_counts(self->model);
    if (self->wanted->json) {
        code = cli_json_print(pack_result(self));
    } else if (!self->wanted->quiet) {
        if (self->log || self->n_games > 1)
            print_families(self);
        else
            print_game(self);
        if (self->model) {
            cli_llm_print_counts(&counts);
            cli_llm_print_usage(self->llm);
        }
    }
    if (code == CLI_OK)
        code = cli_finish_output();
    return counts.is_void ? cli_llm_fail_void(&counts) : code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int play_hands(const job *self, const char *game) {
    const request *wanted = self->wanted;
    cli_hands hands = {.game = game,
                       .policies = wanted->policies,
                       .n_policies = wanted->n_policies,
                       .deals = wanted->deals ? wanted->deals : DEALS,
                       .template = wanted->template,
                       .fixed_seats = wanted->fixed_seats,
                       .quiet = wanted->quiet,
                       .json = wanted->json,
                       .llm = &wanted->llm};
    if (wanted->rounds || wanted->repetitions)
        return cli_fail(CLI_USAGE, "%s is played move by move: give --deals, not --rounds or --repetitions.", game);
    return cli_hands_play(&hands, self->context);
}

static int start(job *self, const cli_options *options) {
    const request *wanted = self->wanted;
    throng_error err = {0};
    int code;
    if ((wanted->log != NULL) + (options->n_positional > 0) != 1 || options->n_positional > 1)
        return cli_fail(CLI_USAGE, "which game? Name one, \"ordinal\" for all 144, or give --log FILE.");
    if (wanted->log && wanted->n_policies > 0)
        return cli_fail(CLI_USAGE, "in a log everything is played: --log goes without --policy.");
    if (!wanted->log && wanted->n_policies == 0)
        return cli_fail(CLI_USAGE, "who plays? Give --policy for each player, or once for all.");
    if (wanted->plugin && throng_context_load_plugin(self->context, wanted->plugin, &err) != THRONG_OK)
        return cli_fail_error(&err);
    if (!wanted->log && throng_hands_is_game(self->context, options->positional[0]))
        return play_hands(self, options->positional[0]);
    if (wanted->deals || wanted->fixed_seats)
        return cli_fail(CLI_USAGE, "--deals and --fixed-seats are for games that are played move by move.");
    cli_progress_attach(&self->progress, self->context, wanted->quiet);
    if (wanted->log) {
        code = read_log(self);
    } else {
        code = make_games(self, options->positional[0]);
        if (code == CLI_OK)
            code = make_players(self);
        if (code == CLI_OK)
            code = play(self);
    }
    return code == CLI_OK ? report(self) : code;
}

static void clear(job *self) {
    for (int64_t i = 0; self->matches && i < self->n; i++)
        throng_match_clear(self->context, &self->matches[i]);
    for (int p = 0; p < THRONG_GAME_PLAYERS_MAX; p++)
        throng_player_clear(&self->players[p]);
    for (int g = 0; g < self->n_games; g++)
        throng_normal_form_free(self->games[g]);
    free(self->matches);
    free(self->shown);
    free(self->names);
    throng_match_log_free(self->log);
    throng_llm_template_free(self->template);
    throng_llm_free(self->llm);
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    job it = {.wanted = wanted, .context = context};
    int code = start(&it, options);
    clear(&it);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_list(&options, "--policy", "NAME[:ACTION]", wanted.policies, &wanted.n_policies,
                     THRONG_GAME_PLAYERS_MAX,
                     "who plays: always, alternate, once, tit-for-tat, best-reply, random, sequence:JJFF, llm, "
                     "solver:NAME; move by move: always, uniform, solver:NAME, best-response, best-reply, llm, a table "
                     "or what solve --out wrote; a player each, or one for all");
    cli_options_count(&options, "--rounds", "N", &wanted.rounds, 1, 1e6, "rounds of a match (default: 10)");
    cli_options_count(&options, "--deals", "N", &wanted.deals, 1, 1e8,
                      "of a game that is played move by move (default: 10,000)");
    cli_options_switch(&options, "--fixed-seats", &wanted.fixed_seats,
                       "there: the first policy sits on the first seat, not everybody on every seat");
    cli_options_count(&options, "--repetitions", "N", &wanted.repetitions, 1, 1e4, "matches of a game (default: 1)");
    cli_options_text(&options, "--log", "FILE", &wanted.log,
                     "matches that were played elsewhere: a table or a pattern of tables");
    cli_options_text(&options, "--template", "FILE", &wanted.template,
                     "what llm is told, with the slots rules, history, round, rounds, points and player");
    cli_llm_choice_options(&options, &wanted.llm,
                           "of llm (default: 0, its most probable action; above 0, throng draws)");
    cli_options_text(&options, "--plugin", "FILE.so", &wanted.plugin, "load games and solvers from a shared object");
    cli_llm_options(&options, &wanted.llm);
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_play = {
    .name = "play",
    .synopsis = "GAME --policy A [--policy B] [options], or --log FILE",
    .summary = "Plays a game again and again between scripts and language models.",
    .details =
        "Games: prisoners-dilemma, battle-of-the-sexes, stag-hunt, ordinal:1 to ordinal:144, or ordinal for all of\n"
        "those; or a Gambit file, GAME.nfg. Scores are shares of the most that a player can get.\n"
        "Games that are played move by move, kuhn, leduc or GAME.efg: many deals, everybody on every seat with the\n"
        "same luck; what a deal gives on average, with its 95 % interval, and what it would be without luck.\n"
        "\n"
        "  throng play prisoners-dilemma --policy tit-for-tat --policy always:F\n"
        "  throng play leduc --policy solver:cfr-plus --policy 'always:raise|call'\n"
        "  throng play ordinal --policy llm --policy once:F --endpoint http://127.0.0.1:8000/v1 --model llama3 \\\n"
        "      --cache answers.cache",
    .run = run,
};
