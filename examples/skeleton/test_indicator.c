/* Tests of the indicator @NAME@: its value against its formula written out once more, and credits that add up. Change
 * `expected` together with the formula. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N 12

static throng_error err;

static void must(throng_status status) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "failed: %s\n", err.message);
    exit(EXIT_FAILURE);
}

static void check(const char *what, double found, double wanted, double tolerance) {
    if (fabs(found - wanted) <= tolerance * (1.0 + fabs(wanted)))
        return;
    fprintf(stderr, "failed: %s is %.12g, not %.12g\n", what, found, wanted);
    exit(EXIT_FAILURE);
}

/* The indicator of these states, with the parameters' defaults. */
static double expected(const double *x) {
    double mean = 0.0;
    for (int i = 0; i < N; i++)
        mean += x[i] / N;
    return 1.0 / (1.0 + exp(-mean / 0.1));
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_table *table = NULL;
    throng_population *population = NULL;
    throng_attribution *result = NULL;
    double x[N], sum = 0.0;
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < N; i++)
        x[i] = 0.1 + 0.3 * sin(1.7 * i + 0.3);
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    must(throng_table_create(context, N, &table, &err));
    must(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, x, &err));
    throng_population_def who = throng_population_default();
    who.state = "state";
    must(throng_population_create(context, table, &who, &population, &err));
    throng_attribution_def what = throng_attribution_default();
    what.indicator = "@NAME@";
    must(throng_attribute(context, population, &what, &result, &err));

    throng_certificate proof = throng_attribution_certificate(result, 0);
    check("the value", proof.everybody, expected(x), 1e-12);
    /* The credits come from the gradient, the two ends from the value: they meet if the one belongs to the other. */
    for (int i = 0; i < N; i++)
        sum += throng_attribution_phi(result)[i];
    check("the sum of the credits", sum, proof.everybody - proof.nobody, 1e-8);
    throng_attribution_free(result);
    throng_population_free(population);
    throng_context_free(context);
    printf("@NAME@: value and gradient are right\n");
    return EXIT_SUCCESS;
}
