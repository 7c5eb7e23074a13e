/* Soccer on a grid, one against one. */
#include "throng/markov.h"

#include <stdio.h>

enum {
    COLUMNS,
    ROWS,
    DISCOUNT
};

static const throng_param params[] = {
    [COLUMNS] = {"columns", THRONG_PARAM_INTEGER, 4, 2, 16, "", "squares from goal to goal"},
    [ROWS] = {"rows", THRONG_PARAM_INTEGER, 3, 1, 16, "", "squares across"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 1e-6, 0.9999, "", "what a goal one step later counts"},
    {0}};

#define MOVES 5

static const struct {
    const char *name;
    int x, y;
} moves[MOVES] = {{"north", 0, 1}, {"south", 0, -1}, {"east", 1, 0}, {"west", -1, 0}, {"stand", 0, 0}};

typedef struct field {
    int columns, rows;
} field;

typedef struct position {
    int x[2], y[2], ball; /* of both; who has the ball */
} position;

/* Squares of both differ. */
static int state_of(const field *self, const position *at) {
    int squares = self->columns * self->rows, a = at->y[0] * self->columns + at->x[0];
    int b = at->y[1] * self->columns + at->x[1];
    return (a * (squares - 1) + (b > a ? b - 1 : b)) * 2 + at->ball;
}

static position position_of(const field *self, int state) {
    int squares = self->columns * self->rows, a = state / 2 / (squares - 1), b = state / 2 % (squares - 1);
    b = b >= a ? b + 1 : b;
    return (position){{a % self->columns, b % self->columns}, {a / self->columns, b / self->columns}, state % 2};
}

/* In front of the own goal: A's is in the west, B's in the east. */
static int begin_with(const field *self, int ball) {
    const position at = {{0, self->columns - 1}, {self->rows / 2, (self->rows - 1) / 2}, ball};
    return state_of(self, &at);
}

/* One player's move. @return whether it is a goal */
static bool move(const field *self, position *at, int player, int action) {
    int x = at->x[player] + moves[action].x, y = at->y[player] + moves[action].y;
    int off = 2 * y - (self->rows - 1);
    bool mouth = off >= -2 && off <= 2; /* the two or three middle rows: too wide for one to stand in */
    if (at->ball == player && mouth && x == (player == 0 ? self->columns : -1))
        return true;
    if (x < 0 || x >= self->columns || y < 0 || y >= self->rows)
        return false;
    if (x == at->x[1 - player] && y == at->y[1 - player]) {
        at->ball = 1 - player; /* who stands there takes it */
        return false;
    }
    at->x[player] = x;
    at->y[player] = y;
    return false;
}

/* Who moves first is drawn: half of what comes next each. */
static throng_status add_cell(const field *self, throng_markov *game, int state, int a, int b, throng_error *err) {
    const int actions[2] = {a, b};
    int next[4], n = 0;
    double probabilities[4], reward = 0.0;
    for (int first = 0; first < 2; first++) {
        position at = position_of(self, state);
        int scored = -1;
        for (int turn = 0; turn < 2 && scored < 0; turn++) {
            int player = turn == 0 ? first : 1 - first;
            if (move(self, &at, player, actions[player]))
                scored = player;
        }
        reward += scored < 0 ? 0.0 : scored == 0 ? 0.5 : -0.5;
        for (int ball = 0; ball < (scored < 0 ? 1 : 2); ball++) {
            next[n] = scored < 0 ? state_of(self, &at) : begin_with(self, ball);
            probabilities[n++] = scored < 0 ? 0.5 : 0.25;
        }
    }
    const double rewards[2] = {reward, -reward};
    return throng_markov_add_cell(game, n, next, probabilities, rewards, err);
}

static throng_status fill_state(const field *self, throng_markov *game, int state, throng_error *err) {
    position at = position_of(self, state);
    char name[40];
    snprintf(name, sizeof name, "%c%d%s %c%d%s", 'a' + at.x[0], at.y[0] + 1, at.ball == 0 ? "*" : "", 'a' + at.x[1],
             at.y[1] + 1, at.ball == 1 ? "*" : "");
    throng_status status = throng_markov_set_state_name(game, state, name, err);
    for (int player = 0; player < 2; player++)
        for (int a = 0; a < MOVES && status == THRONG_OK; a++)
            status = throng_markov_set_action_name(game, state, player, a, moves[a].name, err);
    for (int b = 0; b < MOVES; b++)
        for (int a = 0; a < MOVES && status == THRONG_OK; a++)
            status = add_cell(self, game, state, a, b, err);
    return status;
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    const field self = {(int)param[COLUMNS], (int)param[ROWS]};
    const int n_actions[2] = {MOVES, MOVES};
    int squares = self.columns * self.rows, n_states = 2 * squares * (squares - 1);
    throng_markov *game = NULL;
    throng_status status =
        throng_markov_create_even(context, name, 2, n_states, n_actions, param[DISCOUNT], &game, err);
    if (status != THRONG_OK)
        return status;
    for (int s = 0; s < n_states && status == THRONG_OK; s++)
        status = fill_state(&self, game, s, err);
    if (status == THRONG_OK)
        status = throng_markov_start_in(game, begin_with(&self, 0), err);
    if (status == THRONG_OK)
        status = throng_markov_finish(game, err);
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    else
        throng_markov_free(game);
    return status;
}

extern const throng_game throng_game_soccer;
const throng_game throng_game_soccer = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "soccer",
              .summary = "soccer on a grid, one against one",
              .details =
                  "A scores in the east, B in the west, with the ball, out of the middle row (the two middle rows "
                  "if their number is even): +1 for A, -1 for B, and both are back in front of the own goal, "
                  "either with the ball. Both choose one of five moves at once; who moves first is drawn. Who "
                  "would step onto the other stays and loses the ball to them. \"a2* d2\": A is on a2 and has "
                  "the ball, B on d2; so it begins.",
              .reference = "Littman 1994, Markov games as a framework for multi-agent reinforcement learning, ICML; "
                           "there on 5 columns and 4 rows, with a start of its own",
              .params = params},
    .open = open,
};
