/* All phantoms at one place: it takes everybody to move away from there. */
#include "throng/mechanism.h"

enum {
    AT
};

static const throng_param params[] = {
    [AT] = {"at", THRONG_PARAM_REAL, 0.5, 0.0, 1.0, "", "the place that stays unless all are on one side of it"}, {0}};

static double phantom(const double *param, int64_t k, int64_t n) {
    return k == 0 ? 0.0 : k == n ? 1.0 : param[AT];
}

extern const throng_mechanism throng_mechanism_phantom;
const throng_mechanism throng_mechanism_phantom = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "phantom",
              .summary = "n - 1 phantoms at one place: it stays there unless all agents are on one side of it",
              .details = "The median of the least report, the greatest and `at`: a status quo from which all together "
                         "can move away, but no side of them.",
              .reference = "Moulin 1980, On strategy-proofness and single peakedness, doi 10.1007/BF00128122",
              .params = params},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT |
              1u << THRONG_AXIOM_UNANIMOUS,
    .phantom = phantom,
};
