/* Counter-based random numbers: Random123's Philox4x64-10 behind three functions. */
#include "core/core.h"

#include <math.h>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
#include <Random123/philox.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

void throng_random_words(throng_random random, uint64_t agent, uint64_t step, uint64_t draw, uint64_t out[4]) {
    philox4x64_ctr_t counter = {{agent, step, draw, 0}};
    philox4x64_key_t key = {{random.seed, random.stream}};
    philox4x64_ctr_t words = philox4x64(counter, key);
    for (int i = 0; i < 4; i++)
        out[i] = words.v[i];
}

void throng_random_uniforms(throng_random random, uint64_t agent, uint64_t step, uint64_t draw, double out[4]) {
    uint64_t words[4];
    throng_random_words(random, agent, step, draw, words);
    for (int i = 0; i < 4; i++)
        out[i] = ((double)(words[i] >> 12) + 0.5) * 0x1p-52;
}

void throng_random_normals(throng_random random, uint64_t agent, uint64_t step, uint64_t draw, double out[4]) {
    double uniform[4];
    throng_random_uniforms(random, agent, step, draw, uniform);
    for (int i = 0; i < 4; i += 2) {
        double radius = sqrt(-2.0 * log(uniform[i]));
        double angle = 6.283185307179586476925 * uniform[i + 1];
        out[i] = radius * cos(angle);
        out[i + 1] = radius * sin(angle);
    }
}

int throng_i_pick(const double *shares, int n, double uniform) {
    double sum = 0.0;
    int last = 0;
    for (int i = 0; i < n; i++) {
        sum += shares[i];
        if (uniform < sum)
            return i;
        last = shares[i] > 0.0 ? i : last;
    }
    return last;
}
