/* throng diff of two solved games: what was solved how, what is got, and where play differs most. */
#include "cli/command.h"
#include "cli/diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 20 /* differences of play that are told */
#define SAME    1e-12

static const char *const compared[] = {"throng.version",     "solution.game",        "solution.size",
                                       "solution.solver",    "solution.measure",     "solution.tolerance",
                                       "solution.converged", "solution.evaluations", "provenance.seed"};

/* ---- strategies ------------------------------------------------------------------------------------------------ */

/* An action of an information set, and how it is played. */
typedef struct move {
    int player;
    const char *set, *action;
    double probability;
    int64_t order;
} move;

typedef struct play {
    throng_table *table; /* owns the texts */
    move *moves;         /* [n] sorted by player, set and action */
    int64_t n;
} play;

/* A move that both know. */
typedef struct difference {
    const move *a, *b;
    double change;
} difference;

static int compare_moves(const void *one, const void *other) {
    const move *a = one, *b = other;
    int order = a->player < b->player ? -1 : a->player > b->player;
    order = order ? order : strcmp(a->set, b->set);
    order = order ? order : strcmp(a->action, b->action);
    return order ? order : a->order < b->order ? -1 : a->order > b->order; /* equal names come in turn */
}

static int compare_names(const move *a, const move *b) {
    move one = *a, other = *b;
    one.order = other.order = 0;
    return compare_moves(&one, &other);
}

/* The largest first; of equal ones as in the game. */
static int compare_changes(const void *one, const void *other) {
    const difference *a = one, *b = other;
    double left = fabs(a->change), right = fabs(b->change);
    return left > right ? -1 : left < right ? 1 : a->a->order < b->a->order ? -1 : a->a->order > b->a->order;
}

static int read_play(throng_context *context, const char *run, play *out) {
    static const throng_column_request requests[] = {{"player", THRONG_ROLE_NUMBER},
                                                     {"set", THRONG_ROLE_KEY},
                                                     {"action", THRONG_ROLE_KEY},
                                                     {"probability", THRONG_ROLE_NUMBER}};
    throng_error err = {0};
    char path[4096];
    const char *paths[] = {path};
    snprintf(path, sizeof path, "%s/strategy.parquet", run);
    if (throng_table_read(context, paths, 1, requests, 4, NULL, &out->table, &err) != THRONG_OK)
        return cli_fail_error(&err);
    throng_column_view column[4];
    for (int c = 0; c < 4; c++)
        column[c] = throng_table_column(out->table, c);
    if (column[0].type != THRONG_TYPE_FLOAT64 || column[1].type != THRONG_TYPE_TEXT ||
        column[2].type != THRONG_TYPE_TEXT || column[3].type != THRONG_TYPE_FLOAT64)
        return cli_fail(CLI_FAILURE, "%s is not a strategy that throng solve wrote.", path);
    out->n = throng_table_rows(out->table);
    out->moves = malloc((size_t)(out->n + 1) * sizeof *out->moves);
    if (!out->moves)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int64_t i = 0; i < out->n; i++)
        out->moves[i] = (move){.player = (int)((const double *)column[0].data)[i],
                               .set = column[1].words[((const int32_t *)column[1].data)[i]],
                               .action = column[2].words[((const int32_t *)column[2].data)[i]],
                               .probability = ((const double *)column[3].data)[i],
                               .order = i};
    qsort(out->moves, (size_t)out->n, sizeof *out->moves, compare_moves);
    return CLI_OK;
}

static void clear_play(play *self) {
    free(self->moves);
    throng_table_free(self->table);
}

/* @param out [a->n] the moves that are in both, as a has them; returns how many */
static int64_t match_moves(const play *a, const play *b, difference *out) {
    int64_t n = 0;
    for (int64_t i = 0, j = 0; i < a->n && j < b->n;) {
        int order = compare_names(&a->moves[i], &b->moves[j]);
        if (order == 0) {
            out[n] = (difference){&a->moves[i], &b->moves[j], b->moves[j].probability - a->moves[i].probability};
            n++;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

static const char *name_of(const json_t *report, int player) {
    const char *name =
        player < 1 ? NULL
                   : json_string_value(json_array_get(cli_json_get(report, "solution.players"), (size_t)player - 1));
    return name ? name : "";
}

static json_t *pack_difference(const json_t *report, const difference *it) {
    return json_pack("{s:i, s:s, s:s, s:s, s:{s:f, s:f, s:f}}", "player", it->a->player, "name",
                     name_of(report, it->a->player), "set", it->a->set, "action", it->a->action, "probability", "a",
                     it->a->probability, "b", it->b->probability, "change", it->change);
}

static int compare_play(const play *a, const play *b, const json_t *report, json_t **out) {
    difference *all = malloc((size_t)(a->n + 1) * sizeof *all);
    json_t *largest = json_array();
    int64_t n = all ? match_moves(a, b, all) : 0, different = 0;
    if (!all) {
        json_decref(largest);
        return cli_fail(CLI_FAILURE, "out of memory.");
    }
    qsort(all, (size_t)n, sizeof *all, compare_changes);
    for (; different < n && fabs(all[different].change) > SAME; different++)
        if (different < LARGEST)
            json_array_append_new(largest, pack_difference(report, &all[different]));
    *out = json_pack("{s:I, s:I, s:I, s:I, s:o}", "compared", (json_int_t)n, "different", (json_int_t)different,
                     "only_in_a", (json_int_t)(a->n - n), "only_in_b", (json_int_t)(b->n - n), "largest", largest);
    free(all);
    return CLI_OK;
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

static json_t *values(const json_t *a, const json_t *b) {
    json_t *list = json_array();
    const json_t *one = cli_json_get(a, "solution.value"), *other = cli_json_get(b, "solution.value");
    size_t n = json_array_size(one) > json_array_size(other) ? json_array_size(one) : json_array_size(other);
    for (size_t p = 0; p < n; p++) {
        const char *name = name_of(a, (int)p + 1);
        json_t *left = json_pack("{s:O?}", "value", json_array_get(one, p));
        json_t *right = json_pack("{s:O?}", "value", json_array_get(other, p));
        json_array_append_new(list, json_pack("{s:s, s:o}", "player", *name ? name : name_of(b, (int)p + 1), "value",
                                              cli_diff_numbers(left, right, "value")));
        json_decref(left);
        json_decref(right);
    }
    return list;
}

int cli_diff_solutions(const char *const *runs, const json_t *a, const json_t *b, json_t **out) {
    static const char *const numbers[] = {"gap", "game_gap", "iterations", "welfare"};
    throng_error err = {0};
    throng_context *context = NULL;
    play one = {0}, other = {0};
    json_t *strategy = NULL;
    int code = throng_context_create(&context, &err) == THRONG_OK ? CLI_OK : cli_fail_error(&err);
    if (code == CLI_OK)
        code = read_play(context, runs[0], &one);
    if (code == CLI_OK)
        code = read_play(context, runs[1], &other);
    if (code == CLI_OK)
        code = compare_play(&one, &other, a, &strategy);
    if (code == CLI_OK) {
        *out = json_object();
        json_object_set_new(*out, "schema", json_integer(THRONG_REPORT_SCHEMA));
        json_object_set_new(*out, "settings", cli_diff_settings(a, b, compared, sizeof compared / sizeof *compared));
        json_object_set_new(*out, "value", values(a, b));
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            char path[40];
            snprintf(path, sizeof path, "solution.%s", numbers[i]);
            json_object_set_new(*out, numbers[i], cli_diff_numbers(a, b, path));
        }
        json_object_set_new(*out, "strategy", strategy);
    }
    clear_play(&one);
    clear_play(&other);
    throng_context_free(context);
    return code;
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

#define WIDTH 32

static void print_number(const char *name, const json_t *it, const char *path) {
    if (!isfinite(cli_json_number(cli_json_get(it, path), "a")) &&
        !isfinite(cli_json_number(cli_json_get(it, path), "b")))
        return;
    cli_print_left(name, WIDTH);
    cli_diff_print_row(it, path, false);
    printf("\n");
}

static void print_play(const cli_style *style, const json_t *it) {
    const json_t *one = NULL, *list = cli_json_get(it, "largest");
    int64_t n = cli_json_count(it, "different"), listed = (int64_t)json_array_size(list);
    size_t i = 0;
    if (listed > 0) {
        cli_diff_print_head(style, "largest differences of play", WIDTH, "B - A");
        printf("\n");
    }
    json_array_foreach(list, i, one) {
        cli_print_left(throng_phrase_clip(cli_json_text(one, "name"), 12).text, 13);
        cli_print_left(throng_phrase_clip(cli_json_text(one, "set"), 9).text, 10);
        cli_print_left(throng_phrase_clip(cli_json_text(one, "action"), 8).text, WIDTH - 23);
        cli_diff_print_row(one, "probability", false);
        printf("\n");
    }
    if (cli_json_count(it, "compared") > 0) {
        printf("\n%s of ", throng_phrase_count(n).text);
        printf("%s actions are played differently", throng_phrase_count(cli_json_count(it, "compared")).text);
        printf(n > listed ? ", the %d that differ most are listed\n" : "\n", LARGEST);
    } else {
        printf("\nno information set is in both\n");
    }
    for (int b = 0; b < 2; b++) {
        int64_t alone = cli_json_count(it, b ? "only_in_b" : "only_in_a");
        if (alone > 0)
            printf("%s actions are in %s alone\n", throng_phrase_count(alone).text, b ? "B" : "A");
    }
}

void cli_diff_print_solutions(const cli_style *style, const json_t *it) {
    const json_t *one = NULL;
    size_t i = 0;
    if (json_array_size(cli_json_get(it, "settings")) > 0)
        cli_diff_print_settings(style, cli_json_get(it, "settings"));
    else
        printf("The game and how it was solved are described alike.\n");
    cli_diff_print_head(style, "", WIDTH, "B - A");
    printf("\n");
    json_array_foreach(cli_json_get(it, "value"), i, one) {
        char name[80];
        snprintf(name, sizeof name, "%s gets", throng_phrase_clip(cli_json_text(one, "player"), 24).text);
        print_number(name, one, "value");
    }
    print_number("gap", it, "gap");
    if (!json_equal(cli_json_get(it, "gap"), cli_json_get(it, "game_gap")))
        print_number("gap of the game itself", it, "game_gap");
    print_number("iterations", it, "iterations");
    print_play(style, cli_json_get(it, "strategy"));
}
