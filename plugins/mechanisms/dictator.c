/* One agent decides. */
#include "throng/mechanism.h"

enum {
    AGENT
};

static const throng_param params[] = {
    [AGENT] = {"agent", THRONG_PARAM_INTEGER, 1, 1, 2147483647, "", "who decides, from 1; the last if there are fewer"},
    {0}};

static throng_status decide(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err) {
    int64_t agent = (int64_t)param[AGENT];
    (void)payments, (void)err;
    out->place = reports[(agent < n ? agent : n) - 1];
    return THRONG_OK;
}

extern const throng_mechanism throng_mechanism_dictator;
const throng_mechanism throng_mechanism_dictator = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "dictator",
              .summary = "the report of one agent",
              .details = "Nobody can turn it to their advantage: one need not, and the others cannot.",
              .reference = "Gibbard 1973, Manipulation of voting schemes, doi 10.2307/1914083",
              .params = params},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_EFFICIENT | 1u << THRONG_AXIOM_UNANIMOUS,
    .decide = decide,
};
