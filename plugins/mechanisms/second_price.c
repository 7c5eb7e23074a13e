/* A sealed-bid auction in which the winner pays the next bid. */
#include "throng/mechanism.h"

static throng_status decide(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err) {
    int64_t winner = 0;
    double second = 0.0;
    (void)param, (void)err;
    for (int64_t i = 1; i < n; i++) {
        bool more = reports[i] > reports[winner];
        double loser = reports[more ? winner : i];
        second = loser > second ? loser : second;
        winner = more ? i : winner;
    }
    out->winner = winner;
    payments[winner] = second;
    return THRONG_OK;
}

extern const throng_mechanism throng_mechanism_second_price;
const throng_mechanism throng_mechanism_second_price = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "second-price",
              .summary = "the highest bid gets the good and pays the second highest: bidding the truth is best",
              .details = "Of equal bids the first wins. The price does not depend on the winner's own bid, so that "
                         "nobody gains by another bid.",
              .reference = "Vickrey 1961, Counterspeculation, auctions, and competitive sealed tenders, doi "
                           "10.1111/j.1540-6261.1961.tb02789.x"},
    .domain = THRONG_MECHANISM_GOOD,
    .axioms = 1u << THRONG_AXIOM_STRATEGYPROOF | 1u << THRONG_AXIOM_EFFICIENT | 1u << THRONG_AXIOM_ANONYMOUS |
              1u << THRONG_AXIOM_RATIONAL | 1u << THRONG_AXIOM_NO_DEFICIT,
    .decide = decide,
};
