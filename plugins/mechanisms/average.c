/* The average: fair to who tells the truth, and a reason not to tell it. */
#include "throng/mechanism.h"

static throng_status decide(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err) {
    (void)param, (void)payments, (void)err;
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += reports[i];
    out->place = sum / (double)n;
    return THRONG_OK;
}

extern const throng_mechanism throng_mechanism_average;
const throng_mechanism throng_mechanism_average = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "average",
              .summary = "the mean of the reports: fair, but who exaggerates gains",
              .details = "Proportionally fair to what is reported. Who stands below the mean gains by reporting less, "
                         "who stands above by reporting more; where nobody gains any more, the place is that of "
                         "uniform-phantom at the truth.",
              .reference = "Aziz, Lam, Lee and Walsh 2022, Strategyproof and proportionally fair facility location, "
                           "arXiv 2111.01566"},
    .domain = THRONG_MECHANISM_PLACE,
    .axioms = 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_EFFICIENT | 1u << THRONG_AXIOM_UNANIMOUS |
              1u << THRONG_AXIOM_INDIVIDUAL_FAIR_SHARE | 1u << THRONG_AXIOM_UNANIMOUS_FAIR_SHARE |
              1u << THRONG_AXIOM_PROPORTIONAL | 1u << THRONG_AXIOM_PROPORTIONALLY_FAIR,
    .decide = decide,
};
