/* Deletion curves: what is left of an indicator while agents fall silent one after the other. */
#include "attribution/coalition.h"
#include "attribution/crowd.h"
#include "attribution/verify.h"
#include "population/population.h"

#include <math.h>
#include <stdlib.h>

/* An agent and what it is put in order by. */
typedef struct ranked {
    double key;
    int64_t index;
} ranked;

/* A game of which curves are drawn. */
static throng_status game_init(throng_context *context, const throng_value_function *function,
                               throng_i_coalition_game *game, double **scratch, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_coalition_game_init(context, function, "The deletion curve", true, game, err));
    THRONG_REQUIRE(game->everybody != game->nobody, E_DEGENERATE,
                   "The indicator is the same with everybody and with nobody: nothing can be undone.");
    THRONG_TRY(throng_i_alloc(context, throng_i_coalition_doubles(game), sizeof **scratch, scratch, err));
out:
    return status;
}

/* Both ends of the curve are known: a value may cost a run of a world. */
static throng_status draw(const throng_i_coalition_game *game, const int64_t *order, int points, double *scratch,
                          double *left, throng_error *err) {
    const throng_progress progress = {"silencing", "points", 0, points};
    throng_i_lane lane = {.game = game, .progress = &progress};
    throng_i_coalition coalition = throng_i_coalition_in(&lane, scratch);
    double value = 0.0;
    int64_t silent = 0;
    throng_i_coalition_reset(&coalition, true);
    left[0] = 1.0;
    left[points - 1] = 0.0;
    for (int i = 1; i < points - 1; i++) {
        for (; silent < game->n * i / (points - 1); silent++)
            throng_i_coalition_change(&coalition, order[silent], false);
        throng_status status = throng_i_coalition_value(&coalition, &value, err);
        if (status != THRONG_OK)
            return status;
        left[i] = (value - game->nobody) / (game->everybody - game->nobody);
    }
    return THRONG_OK;
}

throng_status throng_deletion_curve(throng_context *context, const throng_value_function *function,
                                    const int64_t *order, int points, double *left, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_coalition_game game = {.context = context};
    double *scratch = NULL;
    unsigned char *seen = NULL;
    THRONG_REQUIRE(points >= 2, E_ARGUMENT, "A deletion curve needs at least two points, got %d.", points);
    THRONG_TRY(game_init(context, function, &game, &scratch, err));
    THRONG_TRY(throng_i_alloc(context, game.n, 1, &seen, err));
    for (int64_t i = 0; i < game.n; i++) {
        THRONG_REQUIRE(order[i] >= 0 && order[i] < game.n && !seen[order[i]], E_ARGUMENT,
                       "An order of deletion names every agent 0..%lld once; place %lld has %lld.",
                       (long long)game.n - 1, (long long)i, (long long)order[i]);
        seen[order[i]] = 1;
    }
    THRONG_TRY(draw(&game, order, points, scratch, left, err));
out:
    throng_i_free(context, scratch);
    throng_i_free(context, seen);
    throng_i_coalition_game_clear(&game);
    return status;
}

/* ---- orders ---------------------------------------------------------------------------------------------------- */

/* Agents of the last time, and the keys by which they are silenced: the largest first. */
typedef struct orders {
    const throng_i_finished *finished;
    throng_i_crowd crowd; /* without a world */
    throng_value_function function;
    throng_i_coalition_game game;
    int64_t begin, n; /* rows begin .. begin + n - 1 */
    ranked *list;
    int64_t *order;
    double *scratch;
} orders;

static int by_key(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    if (one->key != other->key)
        return one->key > other->key ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

static throng_status add_curve(orders *self, const char *name, throng_verification *out, throng_error *err) {
    throng_deletion *it = &out->deletion[out->n_deletions];
    *it = (throng_deletion){.order = name};
    qsort(self->list, (size_t)self->n, sizeof *self->list, by_key);
    for (int64_t i = 0; i < self->n; i++)
        self->order[i] = self->list[i].index;
    throng_status status = draw(&self->game, self->order, THRONG_DELETION_POINTS, self->scratch, it->left, err);
    if (status != THRONG_OK)
        return status;
    for (int i = 0; i < THRONG_DELETION_POINTS; i++) {
        it->area += it->left[i] / THRONG_DELETION_POINTS;
        it->low[i] = it->high[i] = it->left[i];
    }
    it->area_low = it->area_high = it->area;
    out->n_deletions++;
    return THRONG_OK;
}

/* @param sign  1: those of largest credit first; -1: last */
static throng_status by_phi(orders *self, double sign, const char *name, throng_verification *out, throng_error *err) {
    const throng_attribution *again = self->finished->again;
    const throng_certificate *it = &again->certificates[again->population->n_times - 1];
    sign *= it->everybody < it->nobody ? -1.0 : 1.0;
    for (int64_t i = 0; i < self->n; i++) {
        double phi = sign * self->finished->phi[self->begin + i];
        self->list[i] = (ranked){isnan(phi) ? -(double)INFINITY : phi, i};
    }
    return add_curve(self, name, out, err);
}

static throng_status by_weight(orders *self, throng_verification *out, throng_error *err) {
    const throng_population *population = self->finished->again->population;
    for (int64_t i = 0; i < self->n; i++)
        self->list[i] = (ranked){throng_population_weight(population, self->begin + i), i};
    return add_curve(self, "weight", out, err);
}

/* Edges that come and edges that go; in a world, those who listen. */
static throng_status by_degree(orders *self, throng_verification *out, throng_error *err) {
    const throng_attribution *again = self->finished->again;
    const int64_t *in = throng_graph_in(again->def.graph).offsets, *go = throng_graph_out(again->def.graph).offsets;
    bool world = again->world;
    for (int64_t i = 0; i < self->n; i++) {
        throng_agent agent = throng_population_agent(again->population, self->begin + i);
        int64_t come = world ? 0 : in[agent + 1] - in[agent];
        self->list[i] = (ranked){(double)(come + go[agent + 1] - go[agent]), i};
    }
    return add_curve(self, world ? "listeners" : "degree", out, err);
}

/* Who has no number did nothing that is known of, and falls silent last. */
static throng_status by_activity(orders *self, throng_verification *out, throng_error *err) {
    for (int64_t i = 0; i < self->n; i++) {
        double activity = self->finished->def.activity[self->begin + i];
        self->list[i] = (ranked){isnan(activity) ? -(double)INFINITY : activity, i};
    }
    return add_curve(self, "activity", out, err);
}

#define ORDER_STREAM        0x6f72646572ULL
#define RANDOM_ORDERS       8
#define RANDOM_ORDERS_WORLD 4 /* whose every point is a run */

/* Some random orders as one curve: their mean, and the band that they fill. */
static throng_status by_chance(orders *self, throng_verification *out, throng_error *err) {
    throng_deletion all = {.order = "random"};
    int place = out->n_deletions, n_orders = self->finished->again->world ? RANDOM_ORDERS_WORLD : RANDOM_ORDERS;
    for (int draw = 0; draw < n_orders; draw++) {
        for (int64_t i = 0; i < self->n; i++) {
            double uniform[4];
            throng_random_uniforms((throng_random){self->finished->def.seed, ORDER_STREAM}, (uint64_t)i, (uint64_t)draw,
                                   0, uniform);
            self->list[i] = (ranked){uniform[0], i};
        }
        out->n_deletions = place;
        throng_status status = add_curve(self, "random", out, err);
        if (status != THRONG_OK)
            return status;
        const throng_deletion *one = &out->deletion[place];
        for (int i = 0; i < THRONG_DELETION_POINTS; i++) {
            all.left[i] += one->left[i] / n_orders;
            all.low[i] = draw ? fmin(all.low[i], one->left[i]) : one->left[i];
            all.high[i] = draw ? fmax(all.high[i], one->left[i]) : one->left[i];
        }
        all.area += one->area / n_orders;
        all.area_low = draw ? fmin(all.area_low, one->area) : one->area;
        all.area_high = draw ? fmax(all.area_high, one->area) : one->area;
    }
    out->deletion[place] = all;
    return THRONG_OK;
}

/* Where agents are all alike, orders differ by luck. */
#define NO_SLOWER 0.02

/* On the way a world's indicator may go so many times as far as its whole change, and its curves still say something.
 */
#define FARTHEST 10.0

/* In a world agents may stand in for each other, so that the order by credit can be slower than one at random; it is
 * never slower than its reverse, unless the curves are of next to nothing. */
static void judge_world(const throng_attribution *again, throng_verification *out) {
    double low = 0.0, high = 1.0;
    double ours = out->deletion[0].area, reverse = out->deletion[out->n_deletions - 2].area;
    for (int c = 0; c < out->n_deletions; c++)
        for (int i = 0; i < THRONG_DELETION_POINTS; i++) {
            low = fmin(low, out->deletion[c].low[i]);
            high = fmax(high, out->deletion[c].high[i]);
        }
    if (high - low > FARTHEST)
        throng_i_skip(out, "deletion",
                      "on the way the indicator goes farther than ten times its whole change: the curves are shown, "
                      "nothing is demanded");
    else if (again->standard_error && !(ours <= reverse + NO_SLOWER))
        throng_i_skip(out, "deletion",
                      "silencing agents by credit is slower than in the reverse order; credits are sampled, and may be "
                      "too uncertain for an order");
    else
        throng_i_judge(out, "deletion", ours, reverse + NO_SLOWER,
                       "silencing those of largest credit first undoes the indicator no slower than the reverse order: "
                       "mean share that is left");
}

static throng_status draw_curves(const throng_i_finished *finished, throng_verification *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *context = finished->context;
    const throng_attribution *again = finished->again;
    orders self = {.finished = finished, .crowd = {.context = context}, .game = {.context = context}};
    int64_t last = again->population->n_times - 1, end = 0;
    throng_i_crowd_def def = {.population = again->population,
                              .indicator = &again->indicator,
                              .path = again->def.path,
                              .baseline = again->def.baseline,
                              .first_row = finished->first_row,
                              .graph = again->def.graph,
                              .time = last};
    throng_population_slice(again->population, last, &self.begin, &end);
    self.n = end - self.begin;
    if (again->world) {
        self.function = throng_dynamics_function(again->world->dynamics);
    } else {
        THRONG_TRY(throng_i_crowd_init(context, &def, &self.crowd, err));
        self.function = throng_i_crowd_function(&self.crowd);
    }
    THRONG_TRY(game_init(context, &self.function, &self.game, &self.scratch, err));
    THRONG_TRY(throng_i_resize(context, &self.list, self.n, sizeof *self.list, err));
    THRONG_TRY(throng_i_resize(context, &self.order, self.n, sizeof *self.order, err));
    THRONG_TRY(by_phi(&self, 1.0, "phi", out, err));
    if (again->population->weight.name)
        THRONG_TRY(by_weight(&self, out, err));
    if (again->def.graph)
        THRONG_TRY(by_degree(&self, out, err));
    if (finished->def.activity)
        THRONG_TRY(by_activity(&self, out, err));
    if (again->world)
        THRONG_TRY(by_phi(&self, -1.0, "least phi", out, err));
    THRONG_TRY(by_chance(&self, out, err));
out:
    throng_i_free(context, self.list);
    throng_i_free(context, self.order);
    throng_i_free(context, self.scratch);
    throng_i_coalition_game_clear(&self.game);
    throng_i_crowd_clear(&self.crowd);
    return status;
}

throng_status throng_i_verify_deletion(const throng_i_finished *self, throng_verification *out, throng_error *err) {
    throng_error reason = {0};
    throng_status status = draw_curves(self, out, &reason);
    if (status == THRONG_E_DEGENERATE || status == THRONG_E_UNSUPPORTED || status == THRONG_E_DIVERGED) {
        throng_i_skip(out, "deletion", "the indicator cannot be computed for every part of the crowd");
        out->n_deletions = 0;
        return THRONG_OK;
    }
    if (status != THRONG_OK) {
        if (err)
            *err = reason;
        return status;
    }
    const throng_attribution *again = self->again;
    const throng_certificate *it = &again->certificates[again->population->n_times - 1];
    double ours = out->deletion[0].area, random = out->deletion[out->n_deletions - 1].area;
    if (again->def.graph && !again->world)
        throng_i_skip(out, "deletion",
                      "in a network agents may stand in for each other: the curves are shown, nothing is demanded");
    else if (!it->efficient && !(ours <= random + NO_SLOWER))
        throng_i_skip(out, "deletion",
                      "silencing agents by credit is slower than at random; credits of this method do not add up, and "
                      "promise no order");
    else if (it->efficient && again->world)
        judge_world(again, out);
    else
        throng_i_judge(out, "deletion", ours, random + NO_SLOWER,
                       "silencing agents by credit undoes the indicator no slower than at random: mean share that is "
                       "left");
    return THRONG_OK;
}
