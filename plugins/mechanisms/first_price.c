/* A sealed-bid auction in which the winner pays its own bid. */
#include "throng/mechanism.h"

static throng_status decide(const double *param, const double *reports, int64_t n, throng_outcome *out,
                            double *payments, throng_error *err) {
    int64_t winner = 0;
    (void)param, (void)err;
    for (int64_t i = 1; i < n; i++)
        if (reports[i] > reports[winner])
            winner = i;
    out->winner = winner;
    payments[winner] = reports[winner];
    return THRONG_OK;
}

extern const throng_mechanism throng_mechanism_first_price;
const throng_mechanism throng_mechanism_first_price = {
    .about = {.struct_size = sizeof(throng_mechanism),
              .name = "first-price",
              .summary = "the highest bid gets the good and pays it: bidding less than it is worth pays",
              .details = "Of equal bids the first wins. Who bids what the good is worth gains nothing by winning, "
                         "and something by bidding less.",
              .reference = "Vickrey 1961, Counterspeculation, auctions, and competitive sealed tenders, doi "
                           "10.1111/j.1540-6261.1961.tb02789.x"},
    .domain = THRONG_MECHANISM_GOOD,
    .axioms = 1u << THRONG_AXIOM_EFFICIENT | 1u << THRONG_AXIOM_ANONYMOUS | 1u << THRONG_AXIOM_RATIONAL |
              1u << THRONG_AXIOM_NO_DEFICIT,
    .decide = decide,
};
