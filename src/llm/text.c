/* A growing text, repaired UTF-8: see text.h. */
#include "llm/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void throng_i_text_put(throng_i_text *self, const char *bytes, size_t n) {
    if (self->failed)
        return;
    if (self->n + n + 1 > self->cap) {
        size_t cap = 2 * (self->n + n) + 256;
        if (throng_i_resize(self->context, &self->bytes, (int64_t)cap, 1, NULL) != THRONG_OK) {
            self->failed = true;
            return;
        }
        self->cap = cap;
    }
    memcpy(self->bytes + self->n, bytes, n);
    self->n += n;
    self->bytes[self->n] = '\0';
}

void throng_i_text_print(throng_i_text *self, const char *format, ...) {
    char *piece = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || throng_i_alloc(self->context, (int64_t)length + 1, 1, &piece, NULL) != THRONG_OK) {
        self->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(piece, (size_t)length + 1, format, arguments);
    va_end(arguments);
    throng_i_text_put(self, piece, (size_t)length);
    throng_i_free(self->context, piece);
}

void throng_i_text_clear(throng_i_text *self) {
    throng_i_free(self->context, self->bytes);
    *self = (throng_i_text){.context = self->context};
}

static int collect(const char *bytes, size_t n, void *user) {
    throng_i_text *self = user;
    throng_i_text_put(self, bytes, n);
    return self->failed ? -1 : 0;
}

void throng_i_text_put_json(throng_i_text *self, json_t *document) {
    size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);
    if (!document || json_dump_callback(document, collect, self, flags) != 0)
        self->failed = true;
    json_decref(document);
}

/* Bytes of the UTF-8 character that c begins with, of which n are there; 0 if it begins none. */
static size_t character_length(const unsigned char *c, size_t left) {
    size_t n = *c == 0 ? 0 : *c < 0x80 ? 1 : *c < 0xC2 ? 0 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : *c < 0xF5 ? 4 : 0;
    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    if ((*c == 0xE0 && c[1] < 0xA0) || (*c == 0xED && c[1] > 0x9F) || (*c == 0xF0 && c[1] < 0x90) ||
        (*c == 0xF4 && c[1] > 0x8F))
        return 0;
    return n;
}

size_t throng_i_text_repair(char *bytes, size_t n) {
    size_t repaired = 0;
    for (size_t i = 0; i < n;) {
        size_t length = character_length((const unsigned char *)bytes + i, n - i);
        if (length == 0) {
            bytes[i] = '?';
            repaired++;
        }
        i += length ? length : 1;
    }
    return repaired;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool throng_i_text_same(const char *one, const char *other, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (lower(one[i]) != lower(other[i]) || one[i] == '\0')
            return false;
    return true;
}

throng_status throng_i_text_read_file(throng_i_text *self, const char *path, size_t most, throng_error *err) {
    throng_status status = THRONG_OK;
    FILE *file = fopen(path, "rbe");
    char piece[4096];
    size_t n;
    THRONG_REQUIRE(file, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    throng_i_text_put(self, "", 0);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        throng_i_text_put(self, piece, n);
        THRONG_REQUIRE(!self->failed, E_MEMORY, "Out of memory while reading %s.", path);
        THRONG_REQUIRE(self->n <= most, E_FILE, "%s is longer than %zu bytes, which is the most it may have.", path,
                       most);
    }
    THRONG_REQUIRE(!ferror(file), E_FILE, "%s cannot be read: %s.", path, strerror(errno));
out:
    if (file)
        fclose(file);
    return status;
}
