/*
 * How neighbours' numbers are reached: the one loop over edges that all smooth worlds without pair functions share.
 *
 * Neighbours lie anywhere, so the time is that of memory: with eight lanes an edge is one cache line, and 3 ns on two
 * threads where 1e6 agents do not fit the cache. Lines are therefore asked for well before they are needed.
 */
#include "world/world.h"

#include "throng/math.h"

/* Neighbours for which memory is fetched ahead, also those of the next agents. */
#define AHEAD 128

/* lanes and weighted are constants to the compiler, which leaves no loop over groups of lanes. */
THRONG_I_ALWAYS void hear(const throng_i_listening *it, const int lanes, const bool weighted, int64_t begin,
                          int64_t end, double *out) {
    const int groups = (lanes + 3) / 4;
    const throng_agent *neighbours = it->along.neighbours;
    const int64_t *offsets = it->along.offsets;
    const double *source = it->source;
    const int64_t last_ahead = it->edges - AHEAD;
    for (int64_t i = begin; i < end; i++) {
        throng_i_four sum[2] = {{0.0}, {0.0}};
        for (int64_t e = offsets[i]; e < offsets[i + 1]; e++) {
            THRONG_I_FETCH(source + (int64_t)neighbours[e < last_ahead ? e + AHEAD : e] * lanes);
            const double *from = source + (int64_t)neighbours[e] * lanes;
#pragma GCC unroll 2
            for (int g = 0; g < groups; g++)
                sum[g] += weighted ? throng_i_load(from + 4 * g, lanes) * it->along.weights[e]
                                   : throng_i_load(from + 4 * g, lanes);
        }
        double whole = it->scale ? it->scale[i] : 1.0;
#pragma GCC unroll 2
        for (int g = 0; g < groups; g++) {
            throng_i_four heard = sum[g] * whole;
            if (it->factor)
                heard *= throng_i_load(it->factor + 4 * g, lanes);
            throng_i_store(out + (i - begin) * lanes + 4 * g, heard, lanes);
        }
    }
}

THRONG_I_ALWAYS void hear_weighted(const int lanes, const throng_i_listening *it, int64_t begin, int64_t end,
                                   double *out) {
    if (it->along.weights)
        hear(it, lanes, true, begin, end, out);
    else
        hear(it, lanes, false, begin, end, out);
}

/* static, for versions of a function are visible in a shared library. */
THRONG_WIDE static void hear_lanes(const throng_i_listening *it, int64_t begin, int64_t end, double *out) {
    THRONG_I_WITH_LANES(it->lanes, hear_weighted, it, begin, end, out);
}

void throng_i_hear(const throng_i_listening *it, int64_t begin, int64_t end, double *out) {
    hear_lanes(it, begin, end, out);
}
