/* Tails and quantiles of the distributions that tests and intervals need, to about fourteen digits. */
#ifndef THRONG_SRC_CORE_TAILS_H
#define THRONG_SRC_CORE_TAILS_H

/* The regularised incomplete functions, lower gamma P(a, x) and beta I_x(a, b). */
double throng_i_gamma_p(double a, double x);
double throng_i_beta_i(double a, double b, double x);

/* The tail of a chi-square distribution with k degrees of freedom. */
double throng_i_chi_square_tail(double x, double k);

/* The tail of Student's t with k degrees of freedom, x >= 0. */
double throng_i_student_tail(double x, double k);

/* Where Student's t with k >= 1 degrees of freedom has p < 1 of its probability below, p >= 0.5. */
double throng_i_student_quantile(double p, double k);

/* The tail of Kolmogorov's limit law at D sqrt(n), with Stephens' correction for finite n. */
double throng_i_kolmogorov_tail(double distance, double n);

#endif
