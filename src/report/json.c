/* Small helpers around Jansson: see json.h. */
#define _POSIX_C_SOURCE 200809L
#include "report/json.h"
#include "table/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *throng_i_json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *throng_i_json_share(double part, double whole) {
    return whole != 0.0 ? throng_i_json_real(part / whole) : json_null();
}

/* Bytes of the UTF-8 character that c begins with; 0 if it begins none that Jansson accepts. */
static size_t character_length(const unsigned char *c) {
    size_t n = *c < 0x80 ? 1 : *c < 0xC2 ? 0 : *c < 0xE0 ? 2 : *c < 0xF0 ? 3 : *c < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    if ((*c == 0xE0 && c[1] < 0xA0) || (*c == 0xED && c[1] > 0x9F) || (*c == 0xF0 && c[1] < 0x90) ||
        (*c == 0xF4 && c[1] > 0x8F))
        return 0;
    return n;
}

json_t *throng_i_json_string(const char *text) {
    static const char unknown[] = "\xEF\xBF\xBD"; /* U+FFFD */
    if (!text)
        return json_null();
    json_t *string = json_string(text);
    if (string)
        return string;
    char *clean = malloc(3 * strlen(text) + 1);
    if (!clean)
        return NULL;
    size_t used = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        size_t n = character_length(c);
        const void *source = n ? (const void *)c : (const void *)unknown;
        size_t bytes = n ? n : sizeof unknown - 1;
        memcpy(clean + used, source, bytes);
        used += bytes;
        c += n ? n : 1;
    }
    clean[used] = '\0';
    string = json_string(clean);
    free(clean);
    return string;
}

void throng_i_json_put(bool *failed, json_t *object, const char *key, json_t *item) {
    if (json_object_set_new(object, key, item) != 0)
        *failed = true;
}

void throng_i_json_append(bool *failed, json_t *list, json_t *item) {
    if (json_array_append_new(list, item) != 0)
        *failed = true;
}

typedef struct text_buffer {
    throng_context *context;
    char *text;
    size_t n, cap;
    bool failed; /* jansson goes on after some pieces that were refused */
} text_buffer;

static int collect(const char *bytes, size_t n, void *user) {
    text_buffer *self = user;
    if (self->n + n + 2 > self->cap) {
        size_t cap = 2 * (self->n + n) + 4096;
        self->failed = self->failed || throng_i_resize(self->context, &self->text, (int64_t)cap, 1, NULL) != THRONG_OK;
        if (self->failed)
            return -1;
        self->cap = cap;
    }
    memcpy(self->text + self->n, bytes, n);
    self->n += n;
    return 0;
}

throng_status throng_i_json_text(throng_context *context, const json_t *document, char **out, throng_error *err) {
    text_buffer self = {.context = context};
    if (!document || json_dump_callback(document, collect, &self, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0 ||
        collect("\n", 2, &self) != 0 || self.failed) { /* with the zero that ends the text */
        throng_i_free(context, self.text);
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be written down.");
    }
    *out = self.text;
    return THRONG_OK;
}

/* Written aside and linked or renamed. */
throng_status throng_i_save_text(throng_context *context, const char *path, const char *text, bool replace,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    char *draft = NULL;
    FILE *file = NULL;
    bool drafted = false;
    THRONG_TRY(throng_i_check_place(path, replace, err));
    THRONG_TRY(throng_i_print(context, &draft, err, "%s.tmp-%ld", path, (long)getpid()));
    file = fopen(draft, "wbx");
    drafted = file != NULL;
    bool written = file && fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int reason = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        reason = errno;
    }
    THRONG_REQUIRE(written, E_WRITE, "%s cannot be written: %s.", path, strerror(reason));
    bool placed = replace ? rename(draft, path) == 0 : link(draft, path) == 0;
    THRONG_REQUIRE(placed || errno != EEXIST, E_EXISTS,
                   "%s exists already: choose another file, or replace it with --force.", path);
    THRONG_REQUIRE(placed, E_WRITE, "%s cannot be written: %s.", path, strerror(errno));
    drafted = !replace;
out:
    if (drafted)
        unlink(draft);
    throng_i_free(context, draft);
    return status;
}
