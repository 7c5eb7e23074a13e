/* Texts by number, in a hash table of lists: see texts.h. */
#include "ingest/texts.h"

#include "ingest/secret.h"

#include <stdlib.h>
#include <string.h>

static throng_i_text *find(throng_i_text *first, const char *text, int64_t length) {
    while (first && (strncmp(first->bytes, text, (size_t)length) != 0 || first->bytes[length] != '\0'))
        first = first->next;
    return first;
}

/* Makes room for one more. */
static bool grow(throng_i_texts *self) {
    if (self->n < self->cap)
        return true;
    int64_t cap = 2 * self->cap + 256;
    throng_i_text **grown = realloc(self->all, (size_t)cap * sizeof *grown);
    if (!grown)
        return false;
    self->all = grown;
    self->cap = cap;
    return true;
}

/* Adds a text in front of its list. */
static int64_t add(throng_i_texts *self, _Atomic(throng_i_text *) *list, const char *text, int64_t length) {
    throng_i_text *made = grow(self) ? malloc(sizeof *made + (size_t)length + 1) : NULL;
    if (!made) {
        self->is_short = true;
        return -1;
    }
    *made = (throng_i_text){.next = *list, .number = self->n};
    memcpy(made->bytes, text, (size_t)length);
    made->bytes[length] = '\0';
    self->all[self->n++] = made;
    *list = made;
    return made->number;
}

int64_t throng_i_texts_number(throng_i_texts *self, const char *text, int64_t length) {
    static const throng_i_secret open_key = {{0, 0}};
    const char *zero = memchr(text, '\0', (size_t)length);
    length = zero ? zero - text : length;
    _Atomic(throng_i_text *) *list = &self->lists[throng_i_secret_hash(&open_key, text, length) % THRONG_I_TEXT_LISTS];
    const throng_i_text *found = find(*list, text, length);
    if (found)
        return found->number;
    pthread_mutex_lock(&self->lock);
    found = find(*list, text, length); /* somebody may have added it since */
    int64_t number = found ? found->number : add(self, list, text, length);
    pthread_mutex_unlock(&self->lock);
    return number;
}

void throng_i_texts_clear(throng_i_texts *self) {
    for (int64_t i = 0; i < self->n; i++)
        free(self->all[i]);
    free(self->all);
    free(self->states);
    *self = (throng_i_texts){.lock = PTHREAD_MUTEX_INITIALIZER};
}
