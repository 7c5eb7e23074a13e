/* Tests of the policy @NAME@: what is done in some situations against its formula written out once more, and its
 * derivative against small differences. Change `expected` together with the formula. */
#include <throng/throng.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N       12
#define ACTIONS 3
#define SIGHTS  2

static const double heat = 1.5, reserve = 1; /* the parameters' defaults */
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

/* The probability of an action for an agent of opinion x that reads y. */
static double expected(double x, double y, int action) {
    double post = exp(heat * (x - y) * (x - y) - reserve), share = exp(heat * x * y - reserve);
    return (action == 0 ? post : action == 1 ? share : 1.0) / (post + share + 1.0);
}

/* What N agents do who see this, p[action][agent]. */
static void decide(const throng_decider *decider, double x[SIGHTS][N], double p[ACTIONS][N]) {
    throng_situations situations = {.n = N, .lanes = 1, .sight = {x[0], x[1]}};
    double *rows[ACTIONS] = {p[0], p[1], p[2]};
    decider->decide(decider->self, &situations, rows);
}

/* How much the sum of p[action][agent] * of[action][agent] moves with what is seen. */
static void check_slopes(const throng_decider *decider, double x[SIGHTS][N]) {
    double up[ACTIONS][N], down[ACTIONS][N], of[ACTIONS][N], slope[SIGHTS][N] = {{0}}, h = 1e-5;
    throng_situations situations = {.n = N, .lanes = 1, .sight = {x[0], x[1]}};
    const double *rows[ACTIONS] = {of[0], of[1], of[2]};
    double *slopes[SIGHTS] = {slope[0], slope[1]};
    for (int i = 0; i < ACTIONS * N; i++)
        of[i / N][i % N] = cos(0.9 * i + 0.2);
    decider->decide_adjoint(decider->self, &situations, rows, slopes, NULL);
    for (int s = 0; s < SIGHTS; s++)
        for (int i = 0; i < N; i++) {
            double at = x[s][i], wanted = 0.0;
            x[s][i] = at + h;
            decide(decider, x, up);
            x[s][i] = at - h;
            decide(decider, x, down);
            x[s][i] = at;
            for (int a = 0; a < ACTIONS; a++)
                wanted += of[a][i] * (up[a][i] - down[a][i]) / (2.0 * h);
            check("a derivative", slope[s][i], wanted, 1e-7);
        }
}

int main(int argc, char **argv) {
    throng_context *context = NULL;
    throng_policy *policy = NULL;
    const throng_about *feed = NULL;
    double x[SIGHTS][N], p[ACTIONS][N];
    if (argc != 2) {
        fprintf(stderr, "use: %s PLUGIN.so\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < SIGHTS * N; i++)
        x[i / N][i % N] = 0.9 * sin(1.7 * i + 0.3);
    must(throng_context_create(&context, &err));
    must(throng_context_load_plugin(context, argv[1], &err));
    must(throng_context_find(context, THRONG_KIND_WORLD, "feed", &feed, &err));
    throng_policy_def what = {.policy = "@NAME@", .world = (const throng_world *)feed};
    must(throng_policy_create(context, &what, &policy, &err));
    const throng_decider *decider = throng_policy_decider(policy);
    decide(decider, x, p);
    for (int a = 0; a < ACTIONS; a++)
        for (int i = 0; i < N; i++)
            check("a probability", p[a][i], expected(x[0][i], x[1][i], a), 1e-12);
    check_slopes(decider, x);
    throng_policy_free(policy);
    throng_context_free(context);
    printf("@NAME@: probabilities and their derivatives are right\n");
    return EXIT_SUCCESS;
}
