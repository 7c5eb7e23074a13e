/* Probabilities from logs, divergence and mixtures, against exact values and the plain definitions. */
#include "crowds.h"

TestSuite(simplex, .timeout = 60);

Test(simplex, logs_to_probabilities) {
    const double logs[3] = {0.0, log(2.0), log(5.0)};
    double far[3] = {2000.0, 2000.0 + log(3.0), -INFINITY}, out[3];
    const double nothing[2] = {-INFINITY, -INFINITY};
    throng_simplex_softmax(3, logs, out);
    cr_expect_float_eq(out[0], 0.125, 1e-15);
    cr_expect_float_eq(out[1], 0.25, 1e-15);
    cr_expect_float_eq(out[2], 0.625, 1e-15);
    cr_expect_float_eq(throng_simplex_log_sum_exp(3, logs), log(8.0), 1e-15);
    cr_expect_float_eq(throng_simplex_log_sum_exp(3, far), 2000.0 + log(4.0), 1e-12);
    cr_expect_eq(throng_simplex_log_sum_exp(2, nothing), -INFINITY);
    throng_simplex_softmax(3, far, far);
    cr_expect_float_eq(far[0], 0.25, 1e-12);
    cr_expect_float_eq(far[1], 0.75, 1e-12);
    cr_expect_eq(far[2], 0.0);
    throng_simplex_softmax(1, nothing + 1, out); /* one thing, however little of it */
    cr_expect(isnan(out[0]), "what has no finite log has no probabilities");
}

Test(simplex, divergence) {
    const double p[3] = {0.5, 0.5, 0.0}, q[3] = {0.25, 0.25, 0.5};
    cr_expect_float_eq(throng_simplex_kl(3, p, q), log(2.0), 1e-15);
    cr_expect_eq(throng_simplex_kl(3, p, p), 0.0);
    cr_expect_eq(throng_simplex_kl(3, q, p), INFINITY);
}

Test(simplex, mixtures) {
    const double p[3] = {0.5, 0.5, 0.0}, q[3] = {0.2, 0.4, 0.4};
    double out[3], whole;
    throng_simplex_mix(3, p, q, 0.25, out);
    whole = pow(0.5, 0.75) * (pow(0.2, 0.25) + pow(0.4, 0.25));
    for (int i = 0; i < 3; i++)
        cr_expect_float_eq(out[i], pow(p[i], 0.75) * pow(q[i], 0.25) / whole, 1e-15);
    for (int end = 0; end < 2; end++) {
        throng_simplex_mix(3, p, q, end, out);
        for (int i = 0; i < 3; i++)
            cr_expect_float_eq(out[i], end ? q[i] : p[i], 1e-15);
    }
}
