/* Texts that are waiting to be judged from outside: each once, in memory only. */
#ifndef THRONG_SRC_INGEST_TEXTS_H
#define THRONG_SRC_INGEST_TEXTS_H

#include "core/core.h"

#include <pthread.h>

typedef struct throng_i_texts {
    pthread_mutex_t lock;
    char *bytes; /* one behind the other, each ended by 0 */
    int64_t n_bytes, bytes_cap;
    int64_t *begins; /* [n] */
    int64_t n, cap;
    int64_t *slots; /* [n_slots] a hash table of 1 + which text; 0: free */
    int64_t n_slots;
    double *states; /* [n] what the texts were judged to show; NULL: not yet */
} throng_i_texts;

/* Adds a text if it is not there. False without memory. Called on DuckDB's threads, so memory is malloc's. */
bool throng_i_texts_add(throng_i_texts *self, const char *text, int64_t length, int64_t *index);

/* Forgets all texts. */
void throng_i_texts_clear(throng_i_texts *self);

#endif
