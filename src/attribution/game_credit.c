/* What players of a solved game are worth to it. */
#include "throng/game_credit.h"
#include "core/core.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A set of players who play the strategy; the others play the reference. */
typedef struct coalition {
    const throng_problem *problem;
    const throng_game_credit_def *def;
    const double *reference;
    double *mixed;  /* [numbers] */
    double *values; /* [2 * players] */
    double most;    /* that all could get together */
} coalition;

static throng_status value(void *user, const double *alpha, int64_t draw, double *out, throng_error *err) {
    const coalition *self = user;
    const throng_problem_kind *kind = self->problem->kind;
    const void *game = self->problem->game;
    double sum = 0.0;
    (void)draw;
    for (int64_t i = 0; i < kind->rows(game); i++) {
        throng_problem_row row = kind->row(game, i);
        const double *from = alpha[row.player] > 0.5 ? self->def->strategy : self->reference;
        memcpy(self->mixed + row.first, from + row.first, (size_t)row.n_actions * sizeof *from);
    }
    throng_status status = kind->gap(game, self->mixed, self->values, NULL, err);
    if (status != THRONG_OK)
        return status;
    for (int p = 0; p < kind->players(game); p++)
        sum += self->values[p];
    *out = self->def->of >= 0                       ? self->values[self->def->of]
           : self->def->of == THRONG_GAME_SHORTFALL ? self->most - sum
                                                    : sum;
    return THRONG_OK;
}

throng_status throng_game_credit_of(const throng_problem *problem, const char *text, int *of, throng_error *err) {
    const throng_problem_kind *kind = problem->kind;
    const char *names[THRONG_GAME_PLAYERS_MAX + 2] = {"welfare", "shortfall"};
    int n = kind->players(problem->game);
    char hint[200], *end = NULL;
    long number = strtol(text, &end, 10);
    if (end != text && !*end && number >= 1 && number <= n) {
        *of = (int)number - 1;
        return THRONG_OK;
    }
    for (int i = 0; i < n + 2; i++) {
        if (i >= 2)
            names[i] = kind->player_name(problem->game, i - 2);
        if (strcasecmp(names[i], text) == 0) {
            *of = i == 0 ? THRONG_GAME_WELFARE : i == 1 ? THRONG_GAME_SHORTFALL : i - 2;
            return THRONG_OK;
        }
    }
    throng_suggest(text, names, n + 2, hint, sizeof hint);
    return THRONG_FAIL(err, E_ARGUMENT,
                       "What is split is welfare, shortfall, or a player's name or number, 1 to %d; got \"%.40s\".%s",
                       n, text, hint);
}

throng_status throng_game_credit(throng_context *context, const throng_problem *problem,
                                 const throng_game_credit_def *def, double *phi, double *standard_error,
                                 throng_certificate *certificate, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_problem_kind *kind = problem->kind;
    int players = kind->players(problem->game);
    int64_t n = kind->numbers(problem->game);
    throng_black_box *box = NULL;
    throng_black_box_def box_def = throng_black_box_default();
    throng_method_options options = throng_method_options_default();
    double *room = NULL;
    THRONG_REQUIRE(players > 0, E_UNSUPPORTED, "%.60s has no players whom anything could be credited to.",
                   kind->name(problem->game));
    THRONG_REQUIRE(def->of >= THRONG_GAME_SHORTFALL && def->of < players, E_ARGUMENT, "%.60s has no player %d.",
                   kind->name(problem->game), def->of + 1);
    THRONG_REQUIRE(def->of != THRONG_GAME_SHORTFALL || kind->form == THRONG_GAME_FORM_TREE, E_UNSUPPORTED,
                   "What the players of %.60s could get at most is known of trees alone: take the welfare.",
                   kind->name(problem->game));
    THRONG_TRY(throng_i_alloc(context, 2 * (n + players), sizeof *room, &room, err));
    coalition self = {problem, def, def->reference ? def->reference : room, room + n, room + 2 * n, 0.0};
    if (def->of == THRONG_GAME_SHORTFALL)
        THRONG_TRY(throng_tree_most(problem->game, &self.most, err));
    if (!def->reference)
        kind->start(problem->game, room);
    memcpy(self.mixed, self.reference, (size_t)n * sizeof *room);
    box_def.n_agents = players;
    box_def.self = &self;
    box_def.value = value;
    THRONG_TRY(throng_black_box_create(context, &box_def, &box, err));
    throng_value_function function = throng_black_box_function(box);
    options.seed = def->seed;
    options.standard_error = standard_error;
    THRONG_TRY(throng_attribute_function(context, &function, def->method ? def->method : "shapley-exact", &options, phi,
                                         certificate, err));
out:
    throng_black_box_free(box);
    throng_i_free(context, room);
    return status;
}
