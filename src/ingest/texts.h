/* Texts of which each is kept once, under a number: labels, which come in every line, and texts that wait to be judged.
 */
#ifndef THRONG_SRC_INGEST_TEXTS_H
#define THRONG_SRC_INGEST_TEXTS_H

#include "core/core.h"

#include <pthread.h>

#define THRONG_I_TEXT_LISTS 4096

typedef struct throng_i_text {
    struct throng_i_text *next; /* of the same list */
    int64_t number;
    char bytes[]; /* ended by 0 */
} throng_i_text;

/* Texts are only ever added, in front of a list, so that who looks one up need not wait for who adds one. */
typedef struct throng_i_texts {
    pthread_mutex_t lock; /* of all that follows but the lists */
    _Atomic(throng_i_text *) lists[THRONG_I_TEXT_LISTS];
    throng_i_text **all; /* [n] by number */
    int64_t n, cap;
    _Atomic bool is_short; /* there was no memory for one */
    double *states;        /* [n] what the texts were judged to show; NULL: not yet */
} throng_i_texts;

/* The number of a text, which is added if it is not there. A zero byte ends it. -1 without memory, which is also noted.
 * On any thread; memory is malloc's. */
int64_t throng_i_texts_number(throng_i_texts *self, const char *text, int64_t length);

/* Forgets all texts; no other thread may be in here. */
void throng_i_texts_clear(throng_i_texts *self);

#endif
