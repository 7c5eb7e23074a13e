/* Dictionary of a text column: open addressing over one buffer of text. */
#include "table/words.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#define FIRST_SLOTS 64

/* The smallest size of at least `needed` that keeps growing cheap; blocks beyond the need cost nothing until touched.
 */
static int64_t grown(int64_t size, int64_t needed) {
    int64_t larger = size + size / 2 + 64;
    return larger > needed ? larger : needed;
}

static throng_status grow_slots(throng_i_words *words, throng_error *err) {
    int64_t n = words->n_slots ? 2 * words->n_slots : FIRST_SLOTS;
    uint64_t *slots = NULL;
    throng_status status = throng_i_alloc(words->context, n, sizeof *slots, &slots, err);
    if (status != THRONG_OK)
        return status;
    for (int64_t i = 0; i < words->n_slots; i++) {
        uint64_t entry = words->slots[i];
        if (entry == 0)
            continue;
        int64_t at = (int64_t)(entry >> 32) & (n - 1);
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = entry;
    }
    throng_i_free(words->context, words->slots);
    words->slots = slots;
    words->n_slots = n;
    return THRONG_OK;
}

static throng_status add_word(throng_i_words *words, const char *text, int64_t length, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(words->count < INT32_MAX, E_COLUMN, "A column has more than %d different texts.", INT32_MAX);
    if (words->count == words->starts_size) {
        int64_t size = grown(words->starts_size, 1);
        THRONG_TRY(throng_i_resize(words->context, &words->starts, size, sizeof *words->starts, err));
        words->starts_size = size;
    }
    if (words->text_length + length + 1 > words->text_size) {
        int64_t size = grown(words->text_size, words->text_length + length + 1);
        THRONG_TRY(throng_i_resize(words->context, &words->text, size, 1, err));
        words->text_size = size;
    }
    if (length > 0)
        memcpy(words->text + words->text_length, text, (size_t)length);
    words->text[words->text_length + length] = '\0';
    words->starts[words->count++] = words->text_length;
    words->text_length += length + 1;
out:
    return status;
}

static bool is_word(const throng_i_words *words, int64_t index, const char *text, int64_t length) {
    const char *word = words->text + words->starts[index];
    return strncmp(word, text, (size_t)length) == 0 && word[length] == '\0';
}

throng_status throng_i_words_code(throng_i_words *words, const char *text, int64_t length, int32_t *code,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    if (4 * words->count >= 3 * words->n_slots)
        THRONG_TRY(grow_slots(words, err));
    /* The upper half of the hash picks the slot and is kept with the code, so that growing needs no text. */
    uint64_t half = XXH3_64bits(text, (size_t)length) >> 32;
    int64_t mask = words->n_slots - 1, at = (int64_t)half & mask;
    for (; words->slots[at] != 0; at = (at + 1) & mask) {
        uint64_t entry = words->slots[at];
        int64_t index = (int64_t)(entry & UINT32_MAX) - 1;
        if (entry >> 32 == half && is_word(words, index, text, length)) {
            *code = (int32_t)index;
            return THRONG_OK;
        }
    }
    THRONG_TRY(add_word(words, text, length, err));
    words->slots[at] = half << 32 | (uint64_t)words->count;
    *code = (int32_t)(words->count - 1);
out:
    return status;
}

throng_status throng_i_words_finish(throng_i_words *words, void **block, const char *const **list, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_free(words->context, words->slots);
    words->slots = NULL;
    words->n_slots = 0;
    int64_t pad = (int64_t)sizeof(char *), text = (words->text_length + pad - 1) / pad * pad;
    THRONG_TRY(throng_i_resize(words->context, &words->text, text + words->count * pad, 1, err));
    void *pointers = words->text + text;
    const char **at = pointers;
    for (int64_t i = 0; i < words->count; i++)
        at[i] = words->text + words->starts[i];
    *block = words->text;
    *list = at;
    words->text = NULL;
out:
    throng_i_words_clear(words);
    return status;
}

void throng_i_words_clear(throng_i_words *words) {
    throng_i_free(words->context, words->slots);
    throng_i_free(words->context, words->starts);
    throng_i_free(words->context, words->text);
    *words = (throng_i_words){.context = words->context};
}
