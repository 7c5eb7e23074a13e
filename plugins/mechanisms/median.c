/* The median: the best place for all together. */
#include "throng/mechanism.h"

static double phantom(const double *param, int64_t k, int64_t n) {
    (void)param;
    return 2 * k > n ? 1.0 : 0.0;
}

extern const throng_mechanism throng_mechanism_median;
const throng_mechanism throng_mechanism_median = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "median",
              .summary = "the median of the reports: most welfare, but nothing for minorities",
              .details = "Of an even number of reports the lower of the two in the middle. No agent can turn it to its "
                         "advantage, and no other place has more welfare; but all that 49 of 100 agents want may count "
                         "for nothing.",
              .reference = "Black 1948, On the rationale of group decision-making, doi 10.1086/256633"},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT |
              1u << THRONG_AXIOM_UNANIMOUS,
    .phantom = phantom,
};
