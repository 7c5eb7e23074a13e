/*
 * Who could have stopped the cascade? A simulation that only says how far it ran, attributed to those who start in it.
 *
 * Sixteen agents act if enough of the agents before them do. Each has a threshold of its own and a bit of luck; whoever
 * does not take part never acts. v is the mean share of the crowd that ends up acting.
 */
#include "throng/throng.h"

#include <stdio.h>

#define AGENTS 16

static throng_status cascade(void *self, const double *alpha, int64_t draw, double *out, throng_error *err) {
    const throng_random luck = {.seed = 7, .stream = 1};
    bool acts[AGENTS] = {false};
    (void)self, (void)err; /* a simulation that can fail says why: return THRONG_FAIL(err, E_ARGUMENT, "..."); */
    int acting = 0;
    for (int i = 0; i < AGENTS * AGENTS; i++) { /* asks everybody in turn, until nobody can change any more */
        double uniform[4];
        int agent = i % AGENTS;
        /* The same luck in every coalition: a draw depends on the agent and the number of the draw alone. */
        throng_random_uniforms(luck, (uint64_t)agent, 0, (uint64_t)draw, uniform);
        if (!acts[agent] && alpha[agent] > 0.0 && acting >= agent - 2.0 * uniform[0]) {
            acts[agent] = true;
            acting++;
        }
    }
    *out = acting / (double)AGENTS;
    return THRONG_OK;
}

int main(void) {
    throng_error err = {0};
    throng_context *context = NULL;
    throng_black_box *box = NULL;
    throng_certificate proof = {0};
    double phi[AGENTS], error[AGENTS];
    throng_method_options options = throng_method_options_default();
    throng_black_box_def def = throng_black_box_default();
    def.n_agents = AGENTS;
    def.value = cascade;
    def.draws = 100;
    options.standard_error = error;
    throng_status status = throng_context_create(&context, &err);
    if (status == THRONG_OK)
        status = throng_black_box_create(context, &def, &box, &err);
    if (status == THRONG_OK) {
        throng_value_function v = throng_black_box_function(box);
        status =
            throng_attribute_function(context, &v, "shapley-sampled:permutations=2000", &options, phi, &proof, &err);
    }
    if (status != THRONG_OK)
        fprintf(stderr, "%s\n", err.message);
    for (int i = 0; status == THRONG_OK && i < AGENTS; i++)
        printf("agent %2d  %6.3f +- %.3f\n", i, phi[i], 2.0 * error[i]);
    throng_black_box_free(box);
    throng_context_free(context);
    return status == THRONG_OK ? 0 : 1;
}
