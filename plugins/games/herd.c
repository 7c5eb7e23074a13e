/* Steering a herd: a planner pays for how much people know, who otherwise follow each other. */
#include "throng/markov.h"

#include <math.h>
#include <stdio.h>

enum {
    PLANNER,
    PRECISION,
    COST,
    DISCOUNT,
    BELIEFS,
    LEVELS
};

/* Words of PLANNER, in their order. */
enum {
    ALTRUISTIC,
    BIASED
};

static const throng_param params[] = {
    [PLANNER] = {"planner", THRONG_PARAM_CHOICE, ALTRUISTIC, 0, BIASED, "",
                 "wants people to be right, or to take the good action whatever is true", "altruistic biased"},
    [PRECISION] = {"precision", THRONG_PARAM_REAL, 0.7, 0.5, 1, "", "of signals that cost the planner nothing"},
    [COST] = {"cost", THRONG_PARAM_REAL, 0.5, 0, 1e6, "", "of moving the precision by 1"},
    [DISCOUNT] = {"discount", THRONG_PARAM_REAL, 0.9, 1e-9, 0.9999, "", "what the next one counts"},
    [BELIEFS] = {"beliefs", THRONG_PARAM_INTEGER, 201, 3, 2001, "", "evenly from 0 to 1, an odd number"},
    [LEVELS] = {"levels", THRONG_PARAM_INTEGER, 101, 2, 501, "", "of precision, evenly from 1/2 to 1"},
    {0}};

/* What comes next, between two beliefs of the grid. */
typedef struct outlook {
    int n, next[4];
    double probabilities[4];
} outlook;

static void expect(outlook *self, double belief, double probability, int beliefs) {
    double place = belief * (beliefs - 1);
    int below = (int)fmin(floor(place + 1e-9), beliefs - 2);
    double above = fmin(fmax(place - below, 0.0), 1.0);
    if (!(probability > 0.0))
        return;
    self->next[self->n] = below;
    self->probabilities[self->n++] = probability * (1.0 - above);
    self->next[self->n] = below + 1;
    self->probabilities[self->n++] = probability * above;
}

static throng_status add_cell(throng_markov *game, const double *param, double belief, double q, throng_error *err) {
    bool biased = param[PLANNER] == BIASED, follows = belief >= 1.0 - q - 1e-12 && belief <= q + 1e-12;
    int beliefs = (int)param[BELIEFS];
    double good = belief * q + (1.0 - belief) * (1.0 - q), wrong = 1.0 - q, bad = 1.0 - good;
    outlook ahead = {0};
    if (follows) {
        expect(&ahead, belief * q / good, good, beliefs);
        expect(&ahead, belief * (1.0 - q) / bad, bad, beliefs);
    } else {
        bad = belief < 0.5;
        wrong = belief < 0.5 ? belief : 1.0 - belief;
        expect(&ahead, belief, 1.0, beliefs);
    }
    double reward = -param[COST] * fabs(q - param[PRECISION]) - (biased ? bad : wrong);
    return throng_markov_add_cell(game, ahead.n, ahead.next, ahead.probabilities, &reward, err);
}

static throng_status fill_state(throng_markov *game, const double *param, int state, throng_error *err) {
    double belief = state / (param[BELIEFS] - 1.0);
    char name[24];
    snprintf(name, sizeof name, "%.4g", belief);
    throng_status status = throng_markov_set_state_name(game, state, name, err);
    for (int a = 0; a < (int)param[LEVELS] && status == THRONG_OK; a++) {
        double q = 0.5 + 0.5 * a / (param[LEVELS] - 1.0);
        snprintf(name, sizeof name, "%.4g", q);
        status = throng_markov_set_action_name(game, state, 0, a, name, err);
        if (status == THRONG_OK)
            status = add_cell(game, param, belief, q, err);
    }
    return status;
}

static throng_status open(throng_context *context, const char *name, const double *param, throng_problem *out,
                          throng_error *err) {
    int beliefs = (int)param[BELIEFS], levels = (int)param[LEVELS];
    throng_markov *game = NULL;
    if (beliefs % 2 == 0)
        return THRONG_FAIL(err, E_ARGUMENT, "herd: beliefs is %d; it must be odd, for 1/2 to be one.", beliefs);
    throng_status status = throng_markov_create_even(context, name, 1, beliefs, &levels, param[DISCOUNT], &game, err);
    for (int s = 0; s < beliefs && status == THRONG_OK; s++)
        status = fill_state(game, param, s, err);
    if (status == THRONG_OK)
        status = throng_markov_start_in(game, (beliefs - 1) / 2, err);
    if (status == THRONG_OK)
        status = throng_markov_finish(game, err);
    if (status == THRONG_OK)
        *out = throng_markov_problem(game);
    else
        throng_markov_free(game);
    return status;
}

extern const throng_game throng_game_herd;
const throng_game throng_game_herd = {
    .about = {.struct_size = sizeof(throng_game),
              .name = "herd",
              .summary = "a planner pays for how much people know, who otherwise follow each other",
              .details =
                  "One after the other takes the good or the bad action, which is right with probability b, the "
                  "public belief, or 1 - b. Each has a private signal that is true with precision q, and follows it "
                  "if 1 - q <= b <= q; otherwise they do what the belief says, and nobody learns anything. The "
                  "planner chooses q at a cost of `cost` |q - `precision`|, and loses 1 for each who is wrong "
                  "(altruistic) or takes the bad action (biased). Beliefs between those of the grid are split over "
                  "both neighbours: a finer grid is more exact. Play begins at 1/2.",
              .reference = "Steering the herd (controlled sequential social learning), after Bikhchandani, Hirshleifer "
                           "and Welch 1992, A theory of "
                           "fads, Journal of Political Economy 100, doi 10.1086/261849",
              .params = params},
    .n_players = 1,
    .open = open,
};
