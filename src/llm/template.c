/* Prompt templates: read once into a list of pieces, then filled any number of times. Every mistake that can be told
 * when reading is told then, with file and line. */
#define _GNU_SOURCE /* memmem */
#include "llm/text.h"
#include "throng/llm.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS_MAX     64
#define NAME_LENGTH   64
#define DEPTH_MAX     8
#define PATH_LENGTH   1024
#define TEMPLATE_SIZE (4 << 20)

typedef enum piece_kind {
    PIECE_TEXT,
    PIECE_SLOT,
    PIECE_IF,     /* {{#slot}}; `until` is its end */
    PIECE_UNLESS, /* {{^slot}} */
    PIECE_END,
    PIECE_SYSTEM, /* the line [system] */
    PIECE_PROMPT
} piece_kind;

typedef struct piece {
    piece_kind kind;
    size_t from, n; /* TEXT: in `text` */
    int slot, window, line;
    int64_t until;
} piece;

struct throng_llm_template {
    throng_context *context;
    throng_i_text text; /* of all TEXT pieces */
    piece *pieces;
    int64_t n, cap;
    int n_slots;
    bool has_system;
    struct slot {
        char name[NAME_LENGTH];
        char place[PATH_LENGTH + 16];
    } slots[SLOTS_MAX];
    throng_i_text filled[2]; /* system, prompt */
};

/* Where the reader is. */
typedef struct reader {
    throng_llm_template *self;
    const char *path;
    int line, depth;
    int64_t open[DEPTH_MAX]; /* sections that are not closed */
    int n_open;
    throng_error *err;
} reader;

/* ---- reading --------------------------------------------------------------------------------------------------- */

static throng_status add(reader *it, piece fresh) {
    throng_llm_template *self = it->self;
    if (self->n == self->cap) {
        int64_t cap = 2 * self->cap + 32;
        throng_status status = throng_i_resize(self->context, &self->pieces, cap, sizeof *self->pieces, it->err);
        if (status != THRONG_OK)
            return status;
        self->cap = cap;
    }
    fresh.line = it->line;
    self->pieces[self->n++] = fresh;
    return THRONG_OK;
}

static throng_status add_text(reader *it, const char *text, size_t n) {
    throng_i_text *all = &it->self->text;
    if (n == 0)
        return THRONG_OK;
    piece fresh = {.kind = PIECE_TEXT, .from = all->n, .n = n};
    throng_i_text_put(all, text, n);
    if (all->failed)
        return THRONG_FAIL(it->err, E_MEMORY, "Out of memory for the template %s.", it->path);
    return add(it, fresh);
}

/* The slot of that name, made if it is new. */
static throng_status find_slot(reader *it, const char *name, size_t n, int *out) {
    throng_llm_template *self = it->self;
    throng_error *err = it->err;
    throng_status status = THRONG_OK;
    bool good = n > 0 && n < NAME_LENGTH;
    for (size_t i = 0; i < n; i++)
        good = good && (isalnum((unsigned char)name[i]) || strchr("_-.", name[i]) || (unsigned char)name[i] >= 0x80);
    THRONG_REQUIRE(good, E_FORMAT,
                   "%s:%d: \"%.*s\" is no name of a slot, which has letters, digits, \"_\", \"-\" and \".\".", it->path,
                   it->line, (int)(n < 60 ? n : 60), name);
    for (int i = 0; i < self->n_slots; i++)
        if (strlen(self->slots[i].name) == n && memcmp(self->slots[i].name, name, n) == 0) {
            *out = i;
            goto out;
        }
    THRONG_REQUIRE(self->n_slots < SLOTS_MAX, E_FORMAT, "%s:%d: a template has at most %d slots.", it->path, it->line,
                   SLOTS_MAX);
    struct slot *fresh = &self->slots[self->n_slots];
    snprintf(fresh->name, sizeof fresh->name, "%.*s", (int)n, name);
    snprintf(fresh->place, sizeof fresh->place, "%s:%d", it->path, it->line);
    *out = self->n_slots++;
out:
    return status;
}

static throng_status open_section(reader *it, piece_kind kind, const char *name, size_t n) {
    piece fresh = {.kind = kind};
    throng_status status = find_slot(it, name, n, &fresh.slot);
    if (status != THRONG_OK)
        return status;
    if (it->n_open == DEPTH_MAX)
        return THRONG_FAIL(it->err, E_FORMAT, "%s:%d: sections may stand %d deep.", it->path, it->line, DEPTH_MAX);
    it->open[it->n_open++] = it->self->n;
    return add(it, fresh);
}

static throng_status close_section(reader *it, const char *name, size_t n) {
    throng_llm_template *self = it->self;
    throng_error *err = it->err;
    throng_status status = THRONG_OK;
    const piece *begin = it->n_open > 0 ? &self->pieces[it->open[it->n_open - 1]] : NULL;
    const char *open = begin ? self->slots[begin->slot].name : "";
    THRONG_REQUIRE(begin && strlen(open) == n && memcmp(open, name, n) == 0, E_FORMAT, "%s:%d: {{/%.*s}} closes %s%s.",
                   it->path, it->line, (int)(n < 60 ? n : 60), name,
                   begin ? "a section that is not the last one open, " : "no section", open);
    self->pieces[it->open[--it->n_open]].until = self->n;
    THRONG_TRY(add(it, (piece){.kind = PIECE_END}));
out:
    return status;
}

static throng_status read_file(throng_llm_template *self, const char *path, int depth, throng_error *err);

/* Another file, beside this one. */
static throng_status include(reader *it, const char *name, size_t n) {
    char path[PATH_LENGTH];
    const char *slash = strrchr(it->path, '/');
    int folder = slash && name[0] != '/' ? (int)(slash - it->path) + 1 : 0;
    int length = snprintf(path, sizeof path, "%.*s%.*s", folder, it->path, (int)n, name);
    if (n == 0 || length >= PATH_LENGTH)
        return THRONG_FAIL(it->err, E_FORMAT, "%s:%d: {{>FILE}} needs the name of a file.", it->path, it->line);
    if (it->depth >= DEPTH_MAX)
        return THRONG_FAIL(it->err, E_FORMAT, "%s:%d: files may include each other %d deep: does %.60s include itself?",
                           it->path, it->line, DEPTH_MAX, path);
    if (access(path, R_OK) != 0)
        return THRONG_FAIL(it->err, E_FILE, "%s:%d: {{>%s}} cannot be read: %s.", it->path, it->line, path,
                           strerror(errno));
    return read_file(it->self, path, it->depth + 1, it->err);
}

/* What stands between {{ and }}. */
static throng_status read_tag(reader *it, const char *tag, size_t n) {
    piece fresh = {.kind = PIECE_SLOT};
    while (n > 0 && tag[n - 1] == ' ')
        n--;
    while (n > 0 && tag[0] == ' ')
        tag++, n--;
    if (n > 0 && strchr("#^/>", tag[0])) {
        size_t skip = 1 + strspn(tag + 1, " ");
        if (tag[0] == '>')
            return include(it, tag + skip, n - skip);
        if (tag[0] == '/')
            return close_section(it, tag + skip, n - skip);
        return open_section(it, tag[0] == '#' ? PIECE_IF : PIECE_UNLESS, tag + skip, n - skip);
    }
    const char *colon = memchr(tag, ':', n);
    if (colon) {
        char *end = NULL;
        long window = strtol(colon + 1, &end, 10);
        if (end != tag + n || window < 1 || window > 1000000)
            return THRONG_FAIL(it->err, E_FORMAT,
                               "%s:%d: {{%.*s}}: after the colon stands how many lines to show, from 1.", it->path,
                               it->line, (int)(n < 60 ? n : 60), tag);
        fresh.window = (int)window;
        n = (size_t)(colon - tag);
    }
    throng_status status = find_slot(it, tag, n, &fresh.slot);
    return status == THRONG_OK ? add(it, fresh) : status;
}

/* [system] or [prompt], alone on its line. */
static throng_status read_line(reader *it, const char *line, size_t n) {
    static const char system[] = "[system]\n", prompt[] = "[prompt]\n";
    throng_status status = THRONG_OK;
    if (n >= sizeof system - 2 && strncmp(line, system, n) == 0) {
        it->self->has_system = true;
        return add(it, (piece){.kind = PIECE_SYSTEM});
    }
    if (n >= sizeof prompt - 2 && strncmp(line, prompt, n) == 0)
        return add(it, (piece){.kind = PIECE_PROMPT});
    for (const char *end = line + n; status == THRONG_OK && line < end;) {
        const char *tag = memmem(line, (size_t)(end - line), "{{", 2);
        if (!tag)
            return add_text(it, line, (size_t)(end - line));
        const char *close = memmem(tag, (size_t)(end - tag), "}}", 2);
        if (!close)
            return THRONG_FAIL(it->err, E_FORMAT, "%s:%d: {{ is not closed by }} on its line.", it->path, it->line);
        status = add_text(it, line, (size_t)(tag - line));
        if (status == THRONG_OK)
            status = read_tag(it, tag + 2, (size_t)(close - tag) - 2);
        line = close + 2;
    }
    return status;
}

/* Lines end as on Unix, whoever wrote the file. */
static void drop_returns(throng_i_text *text) {
    size_t kept = 0;
    for (size_t i = 0; i < text->n; i++)
        if (text->bytes[i] != '\r' || text->bytes[i + 1] != '\n')
            text->bytes[kept++] = text->bytes[i];
    text->n = kept;
    text->bytes[kept] = '\0';
}

static throng_status read_file(throng_llm_template *self, const char *path, int depth, throng_error *err) {
    throng_i_text text = {.context = self->context};
    reader it = {.self = self, .path = path, .depth = depth, .err = err};
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_text_read_file(&text, path, TEMPLATE_SIZE, err));
    THRONG_REQUIRE(throng_i_text_repair(text.bytes, text.n) == 0, E_FORMAT, "%s is not UTF-8.", path);
    drop_returns(&text);
    for (const char *line = text.bytes; *line;) {
        const char *end = strchr(line, '\n');
        size_t n = end ? (size_t)(end - line) + 1 : strlen(line);
        it.line++;
        THRONG_TRY(read_line(&it, line, n));
        line += n;
    }
    THRONG_REQUIRE(it.n_open == 0, E_FORMAT, "%s:%d: the section {{#%s}} is never closed.", path,
                   self->pieces[it.open[it.n_open - 1]].line,
                   self->slots[self->pieces[it.open[it.n_open - 1]].slot].name);
out:
    throng_i_text_clear(&text);
    return status;
}

throng_status throng_llm_template_load(throng_context *context, const char *path, throng_llm_template **out,
                                       throng_error *err) {
    throng_llm_template *self = NULL;
    throng_status status = THRONG_OK;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    self->context = self->text.context = self->filled[0].context = self->filled[1].context = context;
    THRONG_TRY(read_file(self, path, 0, err));
    THRONG_REQUIRE(self->n > 0, E_FORMAT, "%s is empty: a template says what is to be asked.", path);
    *out = self;
    self = NULL;
out:
    throng_llm_template_free(self);
    return status;
}

void throng_llm_template_free(throng_llm_template *self) {
    if (!self)
        return;
    throng_i_text_clear(&self->text);
    throng_i_text_clear(&self->filled[0]);
    throng_i_text_clear(&self->filled[1]);
    throng_i_free(self->context, self->pieces);
    throng_i_free(self->context, self);
}

int throng_llm_template_slots(const throng_llm_template *self) {
    return self->n_slots;
}

const char *throng_llm_template_slot(const throng_llm_template *self, int index, const char **place) {
    if (place)
        *place = self->slots[index].place;
    return self->slots[index].name;
}

bool throng_llm_template_is_section(const throng_llm_template *self, int index) {
    for (int64_t i = 0; i < self->n; i++)
        if (self->pieces[i].kind == PIECE_SLOT && self->pieces[i].slot == index)
            return false;
    return true;
}

/* ---- filling --------------------------------------------------------------------------------------------------- */

static bool is_set(const char *value) {
    return *value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

/* The last `window` lines; 0: all. A line end at the very end belongs to the last line. */
static const char *last_lines(const char *value, int window) {
    const char *at = value + strlen(value);
    if (window == 0)
        return value;
    if (at > value && at[-1] == '\n')
        at--;
    while (at > value && !(at[-1] == '\n' && --window == 0))
        at--;
    return at;
}

/* Without space at both ends. */
static const char *trimmed(throng_i_text *text) {
    static const char space[] = " \t\r\n";
    while (text->n > 0 && strchr(space, text->bytes[text->n - 1]))
        text->bytes[--text->n] = '\0';
    return text->bytes + strspn(text->bytes, space);
}

throng_status throng_llm_template_fill(throng_llm_template *self, const char *const *values, const char **system,
                                       const char **prompt, throng_error *err) {
    int part = 1;
    for (int i = 0; i < 2; i++) {
        self->filled[i].n = 0;
        throng_i_text_put(&self->filled[i], "", 0);
    }
    for (int64_t i = 0; i < self->n; i++) {
        const piece *it = &self->pieces[i];
        throng_i_text *to = &self->filled[part];
        if (it->kind == PIECE_TEXT)
            throng_i_text_put(to, self->text.bytes + it->from, it->n);
        else if (it->kind == PIECE_SLOT)
            throng_i_text_print(to, "%s", last_lines(values[it->slot], it->window));
        else if (it->kind == PIECE_SYSTEM || it->kind == PIECE_PROMPT)
            part = it->kind == PIECE_PROMPT;
        else if (it->kind != PIECE_END && is_set(values[it->slot]) != (it->kind == PIECE_IF))
            i = it->until;
    }
    if (self->filled[0].failed || self->filled[1].failed)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for a prompt.");
    *system = self->has_system ? trimmed(&self->filled[0]) : NULL;
    *prompt = trimmed(&self->filled[1]);
    return THRONG_OK;
}
