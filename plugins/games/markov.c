/* A Markov game or decision process from a file. */
#include "throng/markov.h"

enum {
    FILE_NAME,
    DISCOUNT,
    HORIZON
};

static const throng_param params[] = {
    [FILE_NAME] = {"file", THRONG_PARAM_TEXT, 0, 0, 400, "", "the table", ""},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 1e-6, 1, "", "what a reward one step later counts"},
    [HORIZON] = {"horizon", THRONG_PARAM_INTEGER, 0, 0, 1e6, "steps", "after so many it ends; 0: never"},
    {0}};

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    char path[512];
    throng_markov *game = NULL, *unrolled = NULL;
    throng_status status = throng_game_text(context, name, FILE_NAME, path, sizeof path, err);
    if (status == THRONG_OK && !*path)
        return THRONG_FAIL(err, E_PARAMETER, "Which table? Write markov:file=GAME.csv.");
    if (status == THRONG_OK)
        status = throng_markov_read(context, path, param[DISCOUNT], &game, err);
    if (status == THRONG_OK && param[HORIZON] > 0.0) {
        status = throng_markov_unroll(game, (int)param[HORIZON], &unrolled, err);
        throng_markov_free(game);
        game = unrolled;
    }
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    return status;
}

extern const throng_game throng_game_markov;
const throng_game throng_game_markov = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "markov",
              .summary = "a Markov game or decision process from a table",
              .details = "The table (CSV, Parquet, ...) has a row for each state that may come next, with the columns "
                         "state, action, next, probability and reward, or for two players state, action1, action2, "
                         "next, probability, reward1 and, unless it is -reward1, reward2. An empty next is the end. "
                         "Each state needs all combinations of the actions that it has; their probabilities add up to "
                         "1. A reward belongs to its row; what counts is the mean.",
              .reference = "Shapley 1953, Stochastic games, PNAS 39, doi 10.1073/pnas.39.10.1095",
              .params = params},
    .open = open,
};
