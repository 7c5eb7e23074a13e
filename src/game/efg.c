/* Gambit's files of games in extensive form: a node a line, in the order of drawing. */
#define _POSIX_C_SOURCE 200809L
#include "game/lexer.h"
#include "game/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 1000000000

/* An outcome or an information set, by the number that the file gives it. */
typedef struct numbered {
    int owner, number; /* player from 1; 0: chance */
    int n_actions;
    char **actions;
    double *values; /* payoffs, or probabilities of chance */
} numbered;

typedef struct table {
    numbered *items;
    int n, cap;
    int *buckets; /* [THRONG_I_BUCKETS], as in a tree */
    int *next;
} table;

typedef struct reading {
    throng_i_lexer lexer;
    throng_context *context;
    char *title, **players;
    int n_players;
    throng_tree *tree;
    table sets, outcomes;
} reading;

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static throng_status find(throng_context *context, table *self, int owner, int number, int *out, throng_error *err) {
    throng_status status = THRONG_OK;
    if (!self->buckets)
        THRONG_TRY(throng_i_alloc(context, THRONG_I_BUCKETS, sizeof *self->buckets, &self->buckets, err));
    int *bucket = &self->buckets[((unsigned)number * 31u + (unsigned)owner) % THRONG_I_BUCKETS];
    int at = *bucket - 1;
    while (at >= 0 && (self->items[at].owner != owner || self->items[at].number != number))
        at = self->next[at] - 1;
    if (at < 0) {
        if (self->n == self->cap) {
            int64_t cap = 2 * (int64_t)self->cap + 16;
            THRONG_TRY(throng_i_resize(context, &self->items, cap, sizeof *self->items, err));
            THRONG_TRY(throng_i_resize(context, &self->next, cap, sizeof *self->next, err));
            self->cap = (int)cap;
        }
        at = self->n++;
        self->items[at] = (numbered){.owner = owner, .number = number};
        self->next[at] = *bucket;
        *bucket = at + 1;
    }
    *out = at;
out:
    return status;
}

static void clear_table(throng_context *context, table *self) {
    for (int i = 0; i < self->n; i++) {
        throng_i_free_texts(context, self->items[i].actions, self->items[i].n_actions);
        throng_i_free(context, self->items[i].values);
    }
    throng_i_free(context, self->items);
    throng_i_free(context, self->next);
    throng_i_free(context, self->buckets);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static throng_status read_head(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    static const char *const head[] = {"EFG", "2"};
    for (int i = 0; i < 2; i++) {
        if (lexer->token != THRONG_I_TOKEN_WORD || strcmp(lexer->text, head[i]) != 0)
            return throng_i_lexer_fail(lexer, err, "EFG 2, as a Gambit file of a tree begins");
        THRONG_TRY(throng_i_lexer_next(lexer, err));
    }
    if (lexer->token != THRONG_I_TOKEN_WORD || (strcmp(lexer->text, "R") != 0 && strcmp(lexer->text, "D") != 0))
        return throng_i_lexer_fail(lexer, err, "R or D");
    THRONG_TRY(throng_i_lexer_next(lexer, err));
    THRONG_TRY(throng_i_lexer_take_text(lexer, "the title", &self->title, err));
    THRONG_TRY(throng_i_lexer_take_texts(lexer, "the list of players", &self->players, &self->n_players, err));
    if (lexer->token == THRONG_I_TOKEN_TEXT)
        THRONG_TRY(throng_i_lexer_next(lexer, err));
    THRONG_REQUIRE(self->n_players >= 1 && self->n_players <= THRONG_GAME_PLAYERS_MAX, E_FORMAT,
                   "%s: a game has 1 to %d players, got %d.", lexer->origin, THRONG_GAME_PLAYERS_MAX, self->n_players);
    THRONG_TRY(throng_tree_create(self->context, *self->title ? self->title : lexer->origin, self->n_players,
                                  &self->tree, err));
    for (int p = 0; p < self->n_players; p++)
        THRONG_TRY(throng_tree_set_player_name(self->tree, p, self->players[p], err));
out:
    return status;
}

/* `{ "heads" 1/2 "tails" 1/2 }`, without numbers where a player chooses. */
static throng_status read_actions(reading *self, numbered *set, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    bool chance = set->owner == 0;
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_OPEN, "the actions", err));
    bool known = set->n_actions > 0; /* repeated at every node of a set: then only read over */
    int n = 0;
    for (; lexer->token == THRONG_I_TOKEN_TEXT; n++) {
        if (!known) {
            THRONG_TRY(throng_i_resize(self->context, &set->actions, n + 1, sizeof *set->actions, err));
            if (chance)
                THRONG_TRY(throng_i_resize(self->context, &set->values, n + 1, sizeof *set->values, err));
            THRONG_TRY(throng_i_lexer_take_text(lexer, "an action", &set->actions[n], err));
            set->n_actions++;
        } else {
            THRONG_TRY(throng_i_lexer_next(lexer, err));
        }
        double probability;
        if (chance)
            THRONG_TRY(throng_i_lexer_take_number(lexer, "a probability", &probability, err));
        if (chance && !known)
            set->values[n] = probability;
    }
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_CLOSE, "an action or }", err));
    THRONG_REQUIRE(n > 0, E_FORMAT, "%s, line %lld: information set %d has no actions.", lexer->origin,
                   (long long)lexer->line, set->number);
    THRONG_REQUIRE(n == set->n_actions, E_FORMAT,
                   "%s, line %lld: information set %d has %d actions here and %d before.", lexer->origin,
                   (long long)lexer->line, set->number, n, set->n_actions);
out:
    return status;
}

/* What a tree refuses, with the place in the file. */
static throng_status at_line(const reading *self, throng_status status, const throng_error *why, throng_error *err) {
    if (status == THRONG_E_ARGUMENT)
        return THRONG_FAIL(err, E_FORMAT, "%s, line %lld: %s", self->lexer.origin, (long long)self->lexer.line,
                           why->message);
    if (status != THRONG_OK && err)
        *err = *why;
    return status;
}

/* `1 "Outcome 1" { 2, 3 }`, or a number alone; what it pays goes to the node. */
static throng_status read_outcome(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    int number, at;
    double *values = NULL;
    THRONG_TRY(throng_i_lexer_take_whole(lexer, "the number of an outcome", 0, NUMBER_MAX, &number, err));
    if (number == 0 && lexer->token != THRONG_I_TOKEN_TEXT)
        goto out;
    THRONG_TRY(find(self->context, &self->outcomes, 0, number, &at, err));
    if (lexer->token == THRONG_I_TOKEN_TEXT) {
        THRONG_TRY(throng_i_lexer_next(lexer, err));
        THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_OPEN, "the payoffs of the outcome", err));
        THRONG_TRY(throng_i_alloc(self->context, self->n_players, sizeof *values, &values, err));
        for (int p = 0; p < self->n_players; p++)
            THRONG_TRY(throng_i_lexer_take_number(lexer, "a payoff for each player", &values[p], err));
        THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_CLOSE, "} after a payoff for each player", err));
        throng_i_free(self->context, self->outcomes.items[at].values);
        self->outcomes.items[at].values = values;
        values = NULL;
    }
    THRONG_REQUIRE(self->outcomes.items[at].values, E_FORMAT, "%s, line %lld: outcome %d has no payoffs yet.",
                   lexer->origin, (long long)lexer->line, number);
    throng_error why = {0};
    THRONG_TRY(at_line(self, throng_tree_pay(self->tree, self->outcomes.items[at].values, &why), &why, err));
out:
    throng_i_free(self->context, values);
    return status;
}

static throng_status read_choice(reading *self, bool chance, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    int player = 0, number, at;
    char name[32];
    if (!chance)
        THRONG_TRY(throng_i_lexer_take_whole(lexer, "the number of a player, which there is", 1, self->n_players,
                                             &player, err));
    THRONG_TRY(throng_i_lexer_take_whole(lexer, "the number of an information set", 0, NUMBER_MAX, &number, err));
    THRONG_TRY(find(self->context, &self->sets, player, number, &at, err));
    numbered *set = &self->sets.items[at];
    if (lexer->token == THRONG_I_TOKEN_TEXT)
        THRONG_TRY(throng_i_lexer_next(lexer, err)); /* its name: numbers tell sets apart, names need not */
    if (lexer->token == THRONG_I_TOKEN_OPEN)
        THRONG_TRY(read_actions(self, set, err));
    if (set->n_actions == 0)
        THRONG_TRY(throng_i_lexer_fail(lexer, err, "the actions of an information set that is new"));
    snprintf(name, sizeof name, "%d", number);
    throng_error why = {0};
    status = chance ? throng_tree_add_chance(self->tree, set->n_actions, set->values, (const char *const *)set->actions,
                                             &why)
                    : throng_tree_add_decision(self->tree, player - 1, name, set->n_actions,
                                               (const char *const *)set->actions, &why);
    status = at_line(self, status, &why, err);
out:
    return status;
}

static throng_status read_node(reading *self, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_lexer *lexer = &self->lexer;
    char kind = lexer->token == THRONG_I_TOKEN_WORD && strlen(lexer->text) == 1 ? *lexer->text : '\0';
    if (kind != 'c' && kind != 'p' && kind != 't')
        return throng_i_lexer_fail(lexer, err, "a node: c, p or t");
    THRONG_REQUIRE(self->tree->n_nodes == 0 || self->tree->open >= 0, E_FORMAT,
                   "%s, line %lld: more nodes than the tree has places.", lexer->origin, (long long)lexer->line);
    THRONG_TRY(throng_i_lexer_next(lexer, err));
    THRONG_TRY(throng_i_lexer_take(lexer, THRONG_I_TOKEN_TEXT, "the node's name", err));
    if (kind == 't')
        THRONG_TRY(throng_tree_add_end(self->tree, NULL, err));
    else
        THRONG_TRY(read_choice(self, kind == 'c', err));
    THRONG_TRY(read_outcome(self, err));
out:
    return status;
}

throng_status throng_tree_parse(throng_context *context, const char *origin, const char *text, int64_t length,
                                throng_tree **out, throng_error *err) {
    throng_status status = THRONG_OK;
    reading it = {.context = context};
    THRONG_TRY(throng_i_lexer_open(context, origin, text, length, &it.lexer, err));
    THRONG_TRY(read_head(&it, err));
    do
        THRONG_TRY(read_node(&it, err));
    while (it.lexer.token != THRONG_I_TOKEN_END);
    THRONG_REQUIRE(it.tree->open < 0, E_FORMAT, "%s ends too early, after %d nodes: the tree has more places.", origin,
                   it.tree->n_nodes);
    THRONG_TRY(throng_tree_finish(it.tree, err));
    *out = it.tree;
    it.tree = NULL;
out:
    throng_tree_free(it.tree);
    clear_table(context, &it.sets);
    clear_table(context, &it.outcomes);
    throng_i_free_texts(context, it.players, it.n_players);
    throng_i_free(context, it.title);
    throng_i_lexer_close(&it.lexer);
    return status;
}

throng_status throng_tree_read(throng_context *context, const char *path, throng_tree **out, throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    int64_t length = 0;
    THRONG_TRY(throng_i_read_text(context, path, &text, &length, err));
    THRONG_TRY(throng_tree_parse(context, path, text, length, out, err));
out:
    throng_i_free(context, text);
    return status;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* A player's sets are numbered by their place among all. */
static void write_node(const throng_tree *self, int64_t at, FILE *file) {
    const throng_i_node *node = &self->nodes[at];
    const double *payoffs = self->payoffs + at * self->n_players;
    bool pays = false;
    if (node->player == THRONG_I_END) {
        fprintf(file, "t \"\"");
    } else {
        bool chance = node->player == THRONG_TREE_CHANCE;
        const throng_i_set *set = chance ? &self->chances[node->set] : &self->sets[node->set];
        if (chance)
            fprintf(file, "c \"\" %d", node->set + 1);
        else
            fprintf(file, "p \"\" %d %d", node->player + 1, node->set + 1);
        throng_i_write_quoted(file, set->name);
        fprintf(file, " {");
        for (int a = 0; a < set->n_actions; a++) {
            throng_i_write_quoted(file, set->actions[a]);
            if (chance)
                fprintf(file, " %.17g", set->probabilities[a]);
        }
        fprintf(file, " }");
    }
    for (int p = 0; p < self->n_players; p++)
        pays = pays || payoffs[p] != 0.0;
    if (!pays) {
        fprintf(file, " 0\n");
        return;
    }
    fprintf(file, " %lld \"\" {", (long long)at + 1);
    for (int p = 0; p < self->n_players; p++)
        fprintf(file, "%s %.17g", p ? "," : "", payoffs[p]);
    fprintf(file, " }\n");
}

throng_status throng_tree_write(const throng_tree *self, const char *path, throng_error *err) {
    FILE *file = fopen(path, "wb");
    if (!file)
        return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
    fprintf(file, "EFG 2 R");
    throng_i_write_quoted(file, self->name);
    fprintf(file, " {");
    for (int p = 0; p < self->n_players; p++)
        throng_i_write_quoted(file, self->player_names[p]);
    fprintf(file, " }\n\n");
    for (int64_t i = 0; i < self->n_nodes; i++)
        write_node(self, i, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return THRONG_FAIL(err, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
    return THRONG_OK;
}
