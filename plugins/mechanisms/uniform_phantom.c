/* The uniform phantom mechanism: strategyproof, and fair in proportion. */
#include "throng/mechanism.h"

static double phantom(const double *param, int64_t k, int64_t n) {
    (void)param;
    return (double)k / (double)n;
}

extern const throng_mechanism throng_mechanism_uniform_phantom;
const throng_mechanism throng_mechanism_uniform_phantom = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "uniform-phantom",
              .summary = "the median of the reports and n - 1 phantoms at 1/n, 2/n, ...: proportionally fair",
              .details = "Where k of n agents say 1 and the others 0, the place is k / n. Of the rules that no single "
                         "agent can turn to its advantage it is the only one that grants agents who agree their share: "
                         "k of them are at least k / n content. It is also where the average ends up if all report "
                         "what serves them best. The best welfare is at most (1 + sqrt 2) / 2 times its own.",
              .reference = "Aziz, Lam, Lee and Walsh 2022, Strategyproof and proportionally fair facility location, "
                           "arXiv 2111.01566"},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT |
              1u << THRONG_AXIOM_UNANIMOUS | 1u << THRONG_AXIOM_INDIVIDUAL_FAIR_SHARE |
              1u << THRONG_AXIOM_UNANIMOUS_FAIR_SHARE | 1u << THRONG_AXIOM_PROPORTIONAL |
              1u << THRONG_AXIOM_PROPORTIONALLY_FAIR,
    .phantom = phantom,
};
