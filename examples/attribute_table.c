/* Who made this crowd polarised? Attribution of arrays that are the caller's own; nothing is copied. */
#include <throng/throng.h>

#include <stdio.h>
#include <stdlib.h>

#define N 8

int main(void) {
    const double stance[N] = {-0.9, -0.8, -0.1, 0.0, 0.1, 0.2, 0.7, 1.0};
    const double followers[N] = {12, 900, 3, 5, 8, 2, 4000, 15};
    throng_context *context = NULL;
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_attribution *result = NULL;
    throng_error err = {0};

    throng_population_def who = throng_population_default();
    who.state = "stance";
    who.weight = "followers";
    throng_attribution_def what = throng_attribution_default();
    what.indicator = "weighted-variance";

    if (throng_context_create(&context, &err) != THRONG_OK ||
        throng_table_create(context, N, &table, &err) != THRONG_OK ||
        throng_table_add_view(table, "stance", THRONG_TYPE_FLOAT64, stance, &err) != THRONG_OK ||
        throng_table_add_view(table, "followers", THRONG_TYPE_FLOAT64, followers, &err) != THRONG_OK)
        goto failed;
    throng_table *given = table;
    table = NULL; /* the population takes it, even if it fails */
    if (throng_population_create(context, given, &who, &population, &err) != THRONG_OK ||
        throng_attribute(context, population, &what, &result, &err) != THRONG_OK)
        goto failed;

    throng_certificate proof = throng_attribution_certificate(result, 0);
    const double *phi = throng_attribution_phi(result);
    printf("weighted variance %.4f, from %.4f when everybody is neutral\n", proof.everybody, proof.nobody);
    for (int i = 0; i < N; i++)
        printf("  agent %d: %+.4f (%5.1f %%)\n", i + 1, phi[i], 100.0 * phi[i] / (proof.everybody - proof.nobody));
    printf("the parts sum to the whole within %.0e, %d nodes\n", proof.efficiency_residual, proof.quadrature_nodes);

failed:
    if (err.status != THRONG_OK)
        fprintf(stderr, "attribute_table: %s\n", err.message);
    throng_attribution_free(result);
    throng_population_free(population);
    throng_table_free(table);
    throng_context_free(context);
    return err.status == THRONG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
