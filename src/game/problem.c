/* Trees seen as problems, and games of any form by their names. */
#include "throng/problem.h"
#include "core/core.h"
#include "game/matrix_file.h"

#include <stdio.h>
#include <string.h>

/* ---- trees ----------------------------------------------------------------------------------------------------- */

static const char *tree_name(const void *game) {
    return throng_tree_name(game);
}

static int tree_players(const void *game) {
    return throng_tree_players(game);
}

static const char *tree_player_name(const void *game, int player) {
    return throng_tree_player_name(game, player);
}

static int64_t tree_numbers(const void *game) {
    return throng_tree_sequences(game);
}

static int64_t tree_rows(const void *game) {
    return throng_tree_sets(game);
}

static throng_problem_row tree_row(const void *game, int64_t row) {
    throng_tree_set set = throng_tree_set_at(game, (int)row);
    return (throng_problem_row){.player = set.player, .n_actions = set.n_actions, .first = set.first, .name = set.name};
}

static const char *tree_action_name(const void *game, int64_t row, int action) {
    return throng_tree_action_name(game, (int)row, action);
}

static void tree_describe(const void *game, char *text, size_t size) {
    snprintf(text, size, "%lld nodes, %d information sets", (long long)throng_tree_nodes(game), throng_tree_sets(game));
}

static void tree_start(const void *game, double *strategy) {
    throng_tree_uniform(game, strategy);
}

static void tree_worth(const void *game, const double *strategy, double *plan, double *worth, double *reach) {
    throng_tree_plan(game, strategy, plan);
    throng_tree_worth(game, THRONG_TREE_ALL, plan, strategy, worth);
    if (reach)
        throng_tree_reach(game, THRONG_TREE_ALL, plan, reach);
}

static double tree_range(const void *game, int player) {
    return throng_tree_range(game, player);
}

static void tree_average(const void *game, const double *sums, double *strategy) {
    throng_tree_strategy(game, sums, strategy);
}

static throng_status tree_gap(const void *game, const double *strategy, double *values, double *gap,
                              throng_error *err) {
    return throng_tree_gap(game, strategy, values, gap, err);
}

static void tree_free(void *game) {
    throng_tree_free(game);
}

throng_problem throng_tree_problem(throng_tree *tree) {
    static const throng_problem_kind kind = {
        .form = THRONG_GAME_FORM_TREE,
        .solver = "cfr-plus",
        .name = tree_name,
        .players = tree_players,
        .player_name = tree_player_name,
        .numbers = tree_numbers,
        .rows = tree_rows,
        .row = tree_row,
        .action_name = tree_action_name,
        .describe = tree_describe,
        .start = tree_start,
        .worth = tree_worth,
        .range = tree_range,
        .average = tree_average,
        .gap = tree_gap,
        .free = tree_free,
    };
    return (throng_problem){&kind, tree};
}

/* ---- any form -------------------------------------------------------------------------------------------------- */

throng_status throng_problem_open(throng_context *context, const char *name, throng_problem *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_tree *tree = NULL;
    throng_i_plugin_use use;
    size_t head = strcspn(name, ":"), length = strlen(name);
    if (head == length && length > 4 && strcmp(name + length - 4, ".csv") == 0) /* not "markov:file=x.csv" */
        return throng_i_matrix_problem(context, name, out, err);
    for (int i = 0; i < throng_context_plugin_count(context, THRONG_KIND_GAME); i++) {
        const throng_about *about = throng_context_plugin(context, THRONG_KIND_GAME, i);
        const throng_game *plugin = (const throng_game *)(const void *)about;
        if (!plugin->open || strlen(about->name) != head || strncmp(about->name, name, head) != 0)
            continue;
        THRONG_TRY(throng_i_plugin_parse(context, THRONG_KIND_GAME, name, &use, err));
        THRONG_TRY(plugin->open(context, name, use.param, out, err));
        goto out;
    }
    THRONG_TRY(throng_tree_open(context, name, &tree, err));
    *out = throng_tree_problem(tree);
out:
    return status;
}

throng_status throng_game_text(const throng_context *context, const char *name, int param, char *out, size_t size,
                               throng_error *err) {
    throng_i_plugin_use use;
    throng_status status = throng_i_plugin_parse(context, THRONG_KIND_GAME, name, &use, err);
    if (status == THRONG_OK)
        snprintf(out, size, "%s", throng_i_plugin_text(&use, param));
    return status;
}

void throng_problem_clear(throng_problem *self) {
    if (self->game)
        self->kind->free(self->game);
    *self = (throng_problem){0};
}

void throng_problem_average(const throng_problem *self, const double *sums, double *strategy) {
    const throng_problem_kind *kind = self->kind;
    if (kind->average) {
        kind->average(self->game, sums, strategy);
        return;
    }
    for (int64_t i = 0; i < kind->rows(self->game); i++) {
        throng_problem_row row = kind->row(self->game, i);
        double sum = 0.0;
        for (int a = 0; a < row.n_actions; a++)
            sum += sums[row.first + a];
        for (int a = 0; a < row.n_actions; a++)
            strategy[row.first + a] = sum > 0.0 ? sums[row.first + a] / sum : 1.0 / row.n_actions;
    }
}
