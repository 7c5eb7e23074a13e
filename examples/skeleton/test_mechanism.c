/* Tests of the mechanism @NAME@: what it decides against its rule written out once more, and whether it keeps what it
 * promises. Change `expected` together with the rule. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N        7
#define PROFILES 2000

static const double share = 0.5; /* the parameters' defaults */
static throng_error err;
static throng_mechanism_check found; /* 20 kB */

static void must(throng_status status) {
    if (status == THRONG_OK)
        return;
    fprintf(stderr, "failed: %s\n", err.message);
    exit(EXIT_FAILURE);
}

static void check(const char *what, double found_one, double wanted, double tolerance) {
    if (fabs(found_one - wanted) <= tolerance * (1.0 + fabs(wanted)))
        return;
    fprintf(stderr, "failed: %s is %.12g, not %.12g\n", what, found_one, wanted);
    exit(EXIT_FAILURE);
}

static double expected(const double *x) {
    double least = 1.0, most = 0.0;
    for (int i = 0; i < N; i++) {
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    return (1.0 - share) * least + share * most;
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_rule *rule = NULL;
    throng_outcome outcome;
    double x[N], payments[N];
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < N; i++)
        x[i] = 0.5 + 0.4 * sin(1.7 * i + 0.3);
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    must(throng_rule_open(context, "@NAME@", &rule, &err));
    must(throng_rule_decide(rule, x, N, &outcome, payments, &err));
    check("the place", outcome.place, expected(x), 1e-12);
    must(throng_rule_check(rule, PROFILES, 0, 1, &found, &err));
    for (int a = 0; a < THRONG_AXIOM_COUNT; a++)
        if (throng_rule_mechanism(rule)->axioms & (1u << a) && found.axioms[a].broken > 0) {
            fprintf(stderr, "failed: it promises to be %s, and is not\n", throng_axiom_name((throng_axiom)a));
            return EXIT_FAILURE;
        }
    throng_rule_free(rule);
    throng_context_free(context);
    printf("@NAME@: it decides as it should, and keeps what it promises\n");
    return EXIT_SUCCESS;
}
