/* The fifteen distributions that a sampler is audited with (Zhao et al. 2026, arXiv 2601.05414): exact draws and exact
 * distribution functions. The stand-in throws them, the audit judges them. */
#ifndef THRONG_SRC_LLM_DICE_H
#define THRONG_SRC_LLM_DICE_H

#include "throng/core.h"

typedef struct throng_i_die {
    const char *name; /* "Gamma(2, 2)": also how a prompt calls it */
    const char *words;
    int tier; /* 1..3, of the paper */
    bool discrete;
    double a, b;
    double mode; /* what a collapsed sampler would say for ever */
    double (*cdf)(double x, double a, double b);
    double (*draw)(throng_random random, uint64_t key, uint64_t index, double a, double b);
} throng_i_die;

#define THRONG_I_DICE 15
extern const throng_i_die throng_i_dice[THRONG_I_DICE];

/* The tail of a chi-square distribution with k degrees of freedom. */
double throng_i_chi_square_tail(double x, double k);

/* Where Student's t with k >= 1 degrees of freedom has p < 1 of its probability below, p >= 0.5. */
double throng_i_student_quantile(double p, double k);

/* The tail of Kolmogorov's limit law at D sqrt(n), with Stephens' correction for finite n. */
double throng_i_kolmogorov_tail(double distance, double n);

#endif
