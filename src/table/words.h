/* A growing dictionary: distinct strings, numbered in the order in which they first come. */
#ifndef THRONG_SRC_TABLE_WORDS_H
#define THRONG_SRC_TABLE_WORDS_H

#include "core/core.h"

/* Zeroed, with the context set, it is an empty dictionary. About 30 bytes a word beyond the word itself. */
typedef struct throng_i_words {
    throng_context *context;
    int64_t count;
    char *text; /* the words one after the other, each ended by 0 */
    int64_t text_length, text_size;
    int64_t *starts; /* [count] where each begins in text */
    int64_t starts_size;
    uint64_t *slots; /* hash table: low half the code plus 1, high half that half of the hash; 0: free */
    int64_t n_slots; /* power of two */
} throng_i_words;

/* Finds or adds a string without 0 bytes. THRONG_E_MEMORY; THRONG_E_COLUMN beyond 2^31 - 1 words. */
THRONG_MUST_USE throng_status throng_i_words_code(throng_i_words *words, const char *text, int64_t length,
                                                  int32_t *code, throng_error *err);

/* Turns the dictionary into one block (never NULL) that holds the words and [count] pointers to them, and clears it. */
THRONG_MUST_USE throng_status throng_i_words_finish(throng_i_words *words, void **block, const char *const **list,
                                                    throng_error *err);

void throng_i_words_clear(throng_i_words *words);

#endif
