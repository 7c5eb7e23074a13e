/* Words of Gambit's game files. Commas are spaces; a quote inside a text is written \". */
#include "game/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((int64_t)1 << 30)

static bool is_space(char c) {
    return c == ',' || isspace((unsigned char)c);
}

throng_status throng_i_lexer_open(throng_context *context, const char *origin, const char *text, int64_t length,
                                  throng_i_lexer *out, throng_error *err) {
    *out = (throng_i_lexer){.context = context, .origin = origin, .at = text, .end = text + length, .line = 1};
    return throng_i_lexer_next(out, err);
}

void throng_i_lexer_close(throng_i_lexer *self) {
    throng_i_free(self->context, self->text);
    self->text = NULL;
}

static throng_status push(throng_i_lexer *self, int64_t *n, char c, throng_error *err) {
    throng_status status = THRONG_OK;
    if (*n == self->size) {
        THRONG_TRY(throng_i_resize(self->context, &self->text, 2 * self->size + 64, 1, err));
        self->size = 2 * self->size + 64;
    }
    self->text[(*n)++] = c;
out:
    return status;
}

static throng_status read_quoted(throng_i_lexer *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = 0, began = self->line;
    for (self->at++; self->at < self->end && *self->at != '"'; self->at++) {
        if (*self->at == '\\' && self->end - self->at > 1 && (self->at[1] == '"' || self->at[1] == '\\'))
            self->at++;
        self->line += *self->at == '\n';
        THRONG_REQUIRE(*self->at, E_FORMAT, "%s, line %lld: a zero byte inside a text.", self->origin,
                       (long long)self->line);
        THRONG_TRY(push(self, &n, *self->at, err));
    }
    THRONG_REQUIRE(self->at < self->end, E_FORMAT, "%s: the text that begins in line %lld does not end.", self->origin,
                   (long long)began);
    self->at++;
    THRONG_TRY(push(self, &n, '\0', err));
out:
    return status;
}

throng_status throng_i_lexer_next(throng_i_lexer *self, throng_error *err) {
    throng_status status = THRONG_OK;
    int64_t n = 0;
    for (; self->at < self->end && is_space(*self->at); self->at++)
        self->line += *self->at == '\n';
    if (self->at == self->end) {
        self->token = THRONG_I_TOKEN_END;
    } else if (*self->at == '{' || *self->at == '}') {
        self->token = *self->at++ == '{' ? THRONG_I_TOKEN_OPEN : THRONG_I_TOKEN_CLOSE;
    } else if (*self->at == '"') {
        self->token = THRONG_I_TOKEN_TEXT;
        THRONG_TRY(read_quoted(self, err));
    } else {
        self->token = THRONG_I_TOKEN_WORD;
        while (self->at < self->end && !is_space(*self->at) && !strchr("{}\"", *self->at))
            THRONG_TRY(push(self, &n, *self->at++, err));
        THRONG_REQUIRE(n > 0, E_FORMAT, "%s, line %lld: a zero byte.", self->origin, (long long)self->line);
        THRONG_TRY(push(self, &n, '\0', err));
    }
out:
    return status;
}

throng_status throng_i_lexer_fail(const throng_i_lexer *self, throng_error *err, const char *expected) {
    static const char *const signs[] = {"the end of the file", "{", "}"};
    bool shown = self->token == THRONG_I_TOKEN_TEXT || self->token == THRONG_I_TOKEN_WORD;
    const char *quote = self->token == THRONG_I_TOKEN_TEXT ? "\"" : "";
    return THRONG_FAIL(err, E_FORMAT, "%s, line %lld: expected %s, found %s%.40s%s.", self->origin,
                       (long long)self->line, expected, quote, shown ? self->text : signs[self->token], quote);
}

throng_status throng_i_lexer_take(throng_i_lexer *self, throng_i_token token, const char *what, throng_error *err) {
    return self->token == token ? throng_i_lexer_next(self, err) : throng_i_lexer_fail(self, err, what);
}

throng_status throng_i_lexer_take_text(throng_i_lexer *self, const char *what, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL;
    if (self->token != THRONG_I_TOKEN_TEXT)
        return throng_i_lexer_fail(self, err, what);
    THRONG_TRY(throng_i_copy_text(self->context, self->text, &copy, err));
    THRONG_TRY(throng_i_lexer_next(self, err));
    *out = copy;
    copy = NULL;
out:
    throng_i_free(self->context, copy);
    return status;
}

/* strtod would also take "inf", "nan" and "0x1p3". */
bool throng_i_read_number(const char *text, double *out) {
    char *end = NULL;
    if (text[strspn(text, "0123456789+-./eE")] != '\0')
        return false;
    double above = strtod(text, &end), below = 1.0;
    if (end == text)
        return false;
    if (*end == '/') {
        const char *rest = end + 1;
        below = strtod(rest, &end);
        if (end == rest || below == 0.0)
            return false;
    }
    *out = above / below;
    return *end == '\0' && isfinite(*out);
}

throng_status throng_i_lexer_take_number(throng_i_lexer *self, const char *what, double *out, throng_error *err) {
    if (self->token != THRONG_I_TOKEN_WORD || !throng_i_read_number(self->text, out))
        return throng_i_lexer_fail(self, err, what);
    return throng_i_lexer_next(self, err);
}

throng_status throng_i_lexer_take_whole(throng_i_lexer *self, const char *what, int least, int most, int *out,
                                        throng_error *err) {
    char *end = NULL;
    if (self->token != THRONG_I_TOKEN_WORD)
        return throng_i_lexer_fail(self, err, what);
    errno = 0;
    long number = strtol(self->text, &end, 10);
    if (end == self->text || *end || errno || number < least || number > most)
        return throng_i_lexer_fail(self, err, what);
    *out = (int)number;
    return throng_i_lexer_next(self, err);
}

throng_status throng_i_lexer_take_texts(throng_i_lexer *self, const char *what, char ***out, int *n,
                                        throng_error *err) {
    throng_status status = THRONG_OK;
    char **list = NULL;
    int count = 0, cap = 0;
    THRONG_TRY(throng_i_lexer_take(self, THRONG_I_TOKEN_OPEN, what, err));
    while (self->token == THRONG_I_TOKEN_TEXT) {
        if (count == cap) {
            THRONG_TRY(throng_i_resize(self->context, &list, 2 * cap + 8, sizeof *list, err));
            cap = 2 * cap + 8;
        }
        THRONG_TRY(throng_i_lexer_take_text(self, what, &list[count], err));
        count++;
    }
    THRONG_TRY(throng_i_lexer_take(self, THRONG_I_TOKEN_CLOSE, "a text or }", err));
    *out = list;
    *n = count;
    list = NULL;
out:
    throng_i_free_texts(self->context, list, count);
    return status;
}

void throng_i_free_texts(throng_context *context, char **texts, int n) {
    for (int i = 0; texts && i < n; i++)
        throng_i_free(context, texts[i]);
    throng_i_free(context, texts);
}

throng_status throng_i_read_text(throng_context *context, const char *path, char **out, int64_t *length,
                                 throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    int64_t n = 0, cap = 0;
    FILE *file = fopen(path, "rb");
    THRONG_REQUIRE(file, E_FILE, "%s cannot be opened: %s.", path, strerror(errno));
    for (size_t got = 1; got > 0; n += (int64_t)got) {
        if (n == cap) {
            THRONG_REQUIRE(cap < FILE_MAX, E_FILE, "%s is larger than a game file may be, 1 GB.", path);
            cap = 2 * cap + 4096;
            THRONG_TRY(throng_i_resize(context, &text, cap, 1, err));
        }
        got = fread(text + n, 1, (size_t)(cap - n), file);
        THRONG_REQUIRE(got > 0 || !ferror(file), E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    }
    *out = text;
    *length = n;
    text = NULL;
out:
    if (file)
        fclose(file);
    throng_i_free(context, text);
    return status;
}

void throng_i_write_quoted(FILE *file, const char *text) {
    fputs(" \"", file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', file);
        fputc(*text, file);
    }
    fputc('"', file);
}
