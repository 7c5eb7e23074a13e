/* How neighbours' numbers are reached: the one loop over edges that all smooth worlds without pair functions share. */
#include "world/world.h"

/* Neighbours for which memory is fetched ahead: their numbers lie anywhere. */
#define AHEAD 16

static inline __attribute__((always_inline)) void hear(const throng_adjacency *along, const int lanes, bool weighted,
                                                       const double *source, const double *scale, const double *factor,
                                                       int64_t begin, int64_t end, double *out) {
    const throng_agent *neighbour = along->neighbours;
    for (int64_t i = begin; i < end; i++) {
        double sum[THRONG_I_LANES_MAX] = {0.0};
        int64_t last = along->offsets[i + 1];
        for (int64_t e = along->offsets[i]; e < last; e++) {
            __builtin_prefetch(source + (int64_t)neighbour[e + AHEAD < last ? e + AHEAD : e] * lanes);
            const double *from = source + (int64_t)neighbour[e] * lanes;
            double w = weighted ? along->weights[e] : 1.0;
            for (int l = 0; l < lanes; l++)
                sum[l] += w * from[l];
        }
        double whole = scale ? scale[i] : 1.0;
        for (int l = 0; l < lanes; l++)
            out[(i - begin) * lanes + l] = factor ? sum[l] * whole * factor[l] : sum[l] * whole;
    }
}

/* The lanes are constants to the compiler: an inner loop without a loop. */
#define HEAR(lanes)                                                                                                    \
    (along->weights ? hear(along, lanes, true, source, scale, factor, begin, end, out)                                 \
                    : hear(along, lanes, false, source, scale, factor, begin, end, out))

void throng_i_hear(const throng_adjacency *along, int lanes, const double *source, const double *scale,
                   const double *factor, int64_t begin, int64_t end, double *out) {
    switch (lanes) {
    case 1:
        HEAR(1);
        return;
    case 2:
        HEAR(2);
        return;
    case 4:
        HEAR(4);
        return;
    default:
        HEAR(8);
    }
}
