/* Texts in a hash table: see texts.h. */
#include "ingest/texts.h"

#include "ingest/secret.h"

#include <stdlib.h>
#include <string.h>

/* Makes an array of items of `size` bytes hold `needed` of them. */
static bool make_room(void *pointer, int64_t *cap, int64_t needed, size_t size) {
    void **array = pointer;
    if (needed <= *cap)
        return true;
    int64_t wanted = 2 * needed + 1024;
    void *grown = realloc(*array, (size_t)wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *cap = wanted;
    return true;
}

/* Where a text is, or the free slot where it belongs. */
static int64_t *find(const throng_i_texts *self, const char *text, int64_t length) {
    static const throng_i_secret open_key = {{0, 0}};
    uint64_t mask = (uint64_t)self->n_slots - 1, at = throng_i_secret_hash(&open_key, text, length) & mask;
    for (; self->slots[at]; at = (at + 1) & mask) {
        const char *here = self->bytes + self->begins[self->slots[at] - 1];
        if (strncmp(here, text, (size_t)length) == 0 && here[length] == '\0')
            break;
    }
    return &self->slots[at];
}

/* Keeps at least half of the slots free. */
static bool grow_table(throng_i_texts *self) {
    if (2 * (self->n + 1) <= self->n_slots)
        return true;
    throng_i_texts larger = *self;
    larger.n_slots = self->n_slots ? 2 * self->n_slots : 4096;
    larger.slots = calloc((size_t)larger.n_slots, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (int64_t i = 0; i < self->n; i++) {
        const char *text = self->bytes + self->begins[i];
        *find(&larger, text, (int64_t)strlen(text)) = i + 1;
    }
    free(self->slots);
    *self = larger;
    return true;
}

static bool add(throng_i_texts *self, const char *text, int64_t length, int64_t *index) {
    const char *zero = memchr(text, '\0', (size_t)length);
    length = zero ? zero - text : length; /* a text ends at a zero in it */
    if (!grow_table(self) || !make_room(&self->bytes, &self->bytes_cap, self->n_bytes + length + 1, 1) ||
        !make_room(&self->begins, &self->cap, self->n + 1, sizeof *self->begins))
        return false;
    int64_t *slot = find(self, text, length);
    if (*slot == 0) {
        self->begins[self->n] = self->n_bytes;
        memcpy(self->bytes + self->n_bytes, text, (size_t)length);
        self->bytes[self->n_bytes + length] = '\0';
        self->n_bytes += length + 1;
        *slot = ++self->n;
    }
    *index = *slot - 1;
    return true;
}

bool throng_i_texts_add(throng_i_texts *self, const char *text, int64_t length, int64_t *index) {
    pthread_mutex_lock(&self->lock);
    bool done = add(self, text, length, index);
    pthread_mutex_unlock(&self->lock);
    return done;
}

void throng_i_texts_clear(throng_i_texts *self) {
    free(self->bytes);
    free(self->begins);
    free(self->slots);
    free(self->states);
    *self = (throng_i_texts){.lock = PTHREAD_MUTEX_INITIALIZER};
}
