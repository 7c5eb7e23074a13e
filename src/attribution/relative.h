/* How far something is off, as all certificates of throng say it. */
#ifndef THRONG_SRC_ATTRIBUTION_RELATIVE_H
#define THRONG_SRC_ATTRIBUTION_RELATIVE_H

#include <math.h>

/* A difference relative to a whole, or to a ten-thousandth of what moved on the way there and back: a change that
 * cancels to nothing is not asked for more digits than its parts have. */
static inline double throng_i_relative(double difference, double whole, double moved) {
    double scale = fmax(fabs(whole), 1e-4 * moved);
    return scale > 0.0 ? fabs(difference) / scale : fabs(difference);
}

/* What is known to have moved: credits or slopes, and never less than a tenth of the terms that the value is made of,
 * below which there is only rounding. */
static inline double throng_i_moved(double credits, double magnitude) {
    return fmax(credits, 0.1 * magnitude);
}

#endif
