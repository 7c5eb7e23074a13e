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

#endif
