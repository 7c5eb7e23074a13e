/*
 * Who inflated the bubble? A market of traders who follow neighbours and the price (the world market-herding), its
 * price step by step, and the first top attributed to those who made it.
 *
 * The logarithm of the price is impact times what everybody has traded so far, so the mean trade over all agents and
 * steps before the top is the price at the top but for a constant. That mean is attributed: how much of it goes when an
 * agent is neither imitated nor moves the price?
 */
#include "throng/throng.h"

#include <math.h>
#include <stdio.h>

#define TRADERS 500
#define HEARS   10
#define STEPS   72

static throng_status keep_price(void *user, int64_t step, const double *const *state, throng_error *err) {
    double *price = user;
    (void)err;
    price[step] = state[1][0]; /* the same for all */
    return THRONG_OK;
}

/* Everybody hears ten others; traders with small numbers are heard by many. */
static throng_status who_hears_whom(throng_context *context, throng_graph **out, throng_error *err) {
    static throng_agent source[TRADERS * HEARS], target[TRADERS * HEARS];
    for (int e = 0; e < TRADERS * HEARS; e++) {
        double uniform[4];
        throng_random_uniforms((throng_random){.seed = 1, .stream = 2}, (uint64_t)e, 0, 0, uniform);
        source[e] = (throng_agent)(TRADERS * pow(uniform[0], 3.0));
        target[e] = e / HEARS;
    }
    return throng_graph_create_from(context, TRADERS, TRADERS * HEARS, source, target, NULL, out, err);
}

static void draw(const double *price, int64_t top) {
    for (int t = 0; t <= STEPS; t += 2) {
        char line[62] = "                              |                              ";
        line[30 + (int)lround(70.0 * price[t])] = '*';
        printf("%3d  %6.3f  %s%s\n", t, price[t], line, t / 2 == top / 2 ? "  <- the first top" : "");
    }
}

int main(void) {
    throng_error err = {0};
    throng_context *context = NULL;
    throng_graph *graph = NULL;
    throng_simulation *market = NULL, *rise = NULL;
    throng_dynamics *dynamics = NULL;
    throng_certificate proof = {0};
    throng_simulation_def def = throng_simulation_default();
    throng_dynamics_def what = throng_dynamics_default();
    throng_method_options options = throng_method_options_default();
    double state[TRADERS], phi[TRADERS], price[STEPS + 1], tenths[10] = {0.0}, sum = 0.0;
    int64_t top = 1;
    for (int i = 0; i < TRADERS; i++)
        state[i] = i < 10 ? 1.0 : 0.0; /* ten buy, the others wait */
    def.world = "market-herding";
    def.steps = STEPS;
    what.indicator = "mean";
    what.over = "mean";
    throng_status status = throng_context_create(&context, &err);
    if (status == THRONG_OK)
        status = who_hears_whom(context, &graph, &err);
    if (status == THRONG_OK)
        status = throng_simulation_create(context, graph, TRADERS, state, NULL, &def, &market, &err);
    if (status == THRONG_OK)
        status = throng_simulation_run(market, NULL, keep_price, price, &err);
    while (status == THRONG_OK && top < STEPS && price[top + 1] > price[top])
        top++;
    def.steps = top - 1;
    if (status == THRONG_OK)
        status = throng_simulation_create(context, graph, TRADERS, state, NULL, &def, &rise, &err);
    if (status == THRONG_OK)
        status = throng_dynamics_create(rise, &what, &dynamics, &err);
    if (status == THRONG_OK) {
        throng_value_function v = throng_dynamics_function(dynamics);
        status = throng_attribute_function(context, &v, "aumann-shapley", &options, phi, &proof, &err);
    }
    if (status != THRONG_OK)
        fprintf(stderr, "%s\n", err.message);
    for (int i = 0; status == THRONG_OK && i < TRADERS; i++) {
        tenths[i * 10 / TRADERS] += phi[i];
        sum += phi[i];
    }
    if (status == THRONG_OK) {
        printf("step  price (its logarithm, 0 is what the asset is worth)\n");
        draw(price, top);
        printf("share of the first top, by tenths of traders from the most heard on:\n");
        for (int k = 0; k < 10; k++)
            printf(" %5.1f%%", 100.0 * tenths[k] / sum);
        printf("\nthey add up to the whole: %s\n", proof.efficiency_residual < 1e-9 ? "yes" : "no");
    }
    throng_dynamics_free(dynamics);
    throng_simulation_free(rise);
    throng_simulation_free(market);
    throng_graph_free(graph);
    throng_context_free(context);
    return status == THRONG_OK ? 0 : 1;
}
