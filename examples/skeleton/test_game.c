/* Tests of the game @NAME@: what everybody gets against its payoffs written out once more, and that its equilibrium is
 * one. Change `expected` and `equilibrium` together with the game. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double fine = 3, cost = 0.2; /* the parameters' defaults */
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

/* What a player gets if one cheats and the other looks with these probabilities. */
static double expected(int player, double cheat, double look) {
    return player == 0 ? cheat * (1.0 - look) - fine * cheat * look : -cheat * (1.0 - look) - cost * look;
}

static void equilibrium(double *cheat, double *look) {
    *cheat = cost;
    *look = 1.0 / (1.0 + fine);
}

/* Fills in a strategy: probabilities of the first and the second action of each information set. */
static double measure(const throng_tree *tree, double cheat, double look, double *values) {
    double strategy[5], gap;
    throng_tree_uniform(tree, strategy);
    for (int i = 0; i < throng_tree_sets(tree); i++) {
        throng_tree_set set = throng_tree_set_at(tree, i);
        strategy[set.first + 1] = set.player == 0 ? cheat : look;
        strategy[set.first] = 1.0 - strategy[set.first + 1];
    }
    must(throng_tree_gap(tree, strategy, values, &gap, &err));
    return gap;
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_tree *tree = NULL;
    double values[2], cheat, look;
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    must(throng_tree_open(context, "@NAME@", &tree, &err));
    check("how many sequences there are", throng_tree_sequences(tree), 5, 0);
    for (int i = 0; i < 9; i++) {
        measure(tree, 0.5 * (i / 3), 0.5 * (i % 3), values);
        for (int player = 0; player < 2; player++)
            check("what a player gets", values[player], expected(player, 0.5 * (i / 3), 0.5 * (i % 3)), 1e-12);
    }
    equilibrium(&cheat, &look);
    check("the gap of the equilibrium", measure(tree, cheat, look, values), 0.0, 1e-12);
    throng_tree_free(tree);
    throng_context_free(context);
    printf("@NAME@: payoffs and equilibrium are right\n");
    return EXIT_SUCCESS;
}
