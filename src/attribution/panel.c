/* Panels: small samples drawn with probability proportional to visibility, as convenience samples are. */
#include "core/core.h"
#include "population/population.h"
#include "throng/attribution.h"

#include <math.h>
#include <stdlib.h>

/* Keeps panel draws apart from every other use of the same seed. */
#define PANEL_STREAM 0x70616e656cULL

typedef struct candidate {
    double key; /* exponential variate / weight: the smallest keys are drawn, in their order */
    int64_t row;
} candidate;

static int by_key(const void *a, const void *b) {
    const candidate *one = a, *other = b;
    if (one->key != other->key)
        return one->key < other->key ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/* Restores the heap whose first entry has the largest key. */
static void sift(candidate *heap, int n, int place) {
    for (;;) {
        int largest = place;
        for (int child = 2 * place + 1; child <= 2 * place + 2 && child < n; child++)
            if (by_key(&heap[child], &heap[largest]) > 0)
                largest = child;
        if (largest == place)
            return;
        candidate swap = heap[place];
        heap[place] = heap[largest];
        heap[largest] = swap;
        place = largest;
    }
}

throng_status throng_panel_draw(throng_context *context, const throng_population *population, int64_t time, int size,
                                uint64_t seed, int64_t *rows, int *n_drawn, throng_error *err) {
    throng_status status = THRONG_OK;
    candidate *heap = NULL;
    int used = 0;
    int64_t begin = 0, end = 0;
    THRONG_REQUIRE(size >= 1, E_ARGUMENT, "A panel needs at least one agent, got %d.", size);
    THRONG_REQUIRE(time >= 0 && time < throng_population_times(population), E_ARGUMENT,
                   "There is no time %lld to draw a panel from.", (long long)time);
    THRONG_TRY(throng_i_alloc(context, size, sizeof *heap, &heap, err));
    throng_population_slice(population, time, &begin, &end);
    throng_random random = {seed, PANEL_STREAM};
    for (int64_t row = begin; row < end; row++) {
        double weight = throng_population_weight(population, row), uniform[4];
        if (!(weight > 0.0))
            continue;
        throng_random_uniforms(random, (uint64_t)throng_population_agent(population, row), (uint64_t)time, 0, uniform);
        candidate entry = {-log(uniform[0]) / weight, row};
        if (used < size) {
            heap[used++] = entry;
            for (int place = used == size ? size / 2 : -1; place >= 0; place--)
                sift(heap, size, place);
        } else if (by_key(&entry, &heap[0]) < 0) {
            heap[0] = entry;
            sift(heap, size, 0);
        }
    }
    qsort(heap, (size_t)used, sizeof *heap, by_key);
    for (int i = 0; i < used; i++)
        rows[i] = heap[i].row;
    *n_drawn = used;
out:
    throng_i_free(context, heap);
    return status;
}
