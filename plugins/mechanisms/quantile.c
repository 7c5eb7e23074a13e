/* A quantile of the reports, from the least to the greatest. */
#include "throng/mechanism.h"

#include <math.h>

enum {
    SHARE
};

static const throng_param params[] = {
    [SHARE] = {"share", THRONG_PARAM_REAL, 0.5, 0.0, 1.0, "",
               "of the agents who may be left behind it: 0 the least, 1 the greatest"},
    {0}};

/* The r-th least report, r = ceil(share n): n - r + 1 must say 1 for that to be the place. */
static double phantom(const double *param, int64_t k, int64_t n) {
    double rank = fmax(ceil(param[SHARE] * (double)n), 1.0);
    return (double)k >= (double)n - rank + 1.0 ? 1.0 : 0.0;
}

extern const throng_mechanism throng_mechanism_quantile;
const throng_mechanism throng_mechanism_quantile = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "quantile",
              .summary = "the r-th least report, r = ceil(share n): the least, the greatest or any between",
              .details = "All phantoms are at 0 or 1. With share=0 the least report, with share=1 the greatest.",
              .reference = "Moulin 1980, On strategy-proofness and single peakedness, doi 10.1007/BF00128122",
              .params = params},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT |
              1u << THRONG_AXIOM_UNANIMOUS,
    .phantom = phantom,
};
