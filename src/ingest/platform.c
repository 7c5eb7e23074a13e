/* Platforms: found by name or read from a file, and the head of their SQL understood. See docs/ingest.md. */
#define _POSIX_C_SOURCE 200809L
#include "ingest/platform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than any platform's SQL has. */
#define SQL_SIZE_MAX (1 << 20)

const char *throng_i_platform_text_of(const char *name) {
    for (int i = 0; i < throng_i_n_platform_texts; i++)
        if (strcmp(throng_i_platform_texts[i].name, name) == 0)
            return throng_i_platform_texts[i].sql;
    return NULL;
}

/* A text whose name begins with "_" is a part of every platform. */
static throng_status fail_unknown(const char *name, throng_error *err) {
    const char *names[32];
    char hint[160];
    int n = 0;
    for (int i = 0; i < throng_i_n_platform_texts && n < 32; i++)
        if (throng_i_platform_texts[i].name[0] != '_')
            names[n++] = throng_i_platform_texts[i].name;
    throng_suggest(name, names, n, hint, sizeof hint);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no platform \"%.60s\".%s A file of your own is named by --sql.",
                       name, hint);
}

static throng_status read_file(throng_context *context, const char *path, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    char *text = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return THRONG_FAIL(err, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_TRY(throng_i_alloc(context, SQL_SIZE_MAX + 1, 1, &text, err));
    size_t n = fread(text, 1, SQL_SIZE_MAX, file);
    THRONG_REQUIRE(!ferror(file), E_FILE, "%s cannot be read.", path);
    THRONG_REQUIRE(n > 0 && n < SQL_SIZE_MAX && !memchr(text, 0, n), E_FORMAT,
                   "%s is not a platform's SQL: it must be a text of less than 1 MB.", path);
    *out = text;
    text = NULL;
out:
    fclose(file);
    throng_i_free(context, text);
    return status;
}

/* ---- the head -------------------------------------------------------------------------------------------------- */

/* Adds "NAME KIND PATH[|PATH...]". */
static throng_status add_field(throng_i_platform *platform, char *words, throng_error *err) {
    static const char *const kinds[] = {"text", "integer", "shape"};
    char name[64], kind[16], paths[400];
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(sscanf(words, "%63s %15s %399s", name, kind, paths) == 3, E_FORMAT,
                   "%s: a field is \"-- field: NAME KIND PATH\", got \"%s\".", platform->name, words);
    THRONG_REQUIRE(platform->n_fields < THRONG_I_PLATFORM_FIELDS, E_FORMAT, "%s has more than %d fields.",
                   platform->name, THRONG_I_PLATFORM_FIELDS);
    throng_i_platform_field *field = &platform->fields[platform->n_fields];
    int k = 0;
    while (k < 3 && strcmp(kind, kinds[k]) != 0)
        k++;
    THRONG_REQUIRE(k < 3, E_FORMAT, "%s: field %s must be text, integer or shape, got \"%s\".", platform->name, name,
                   kind);
    field->kind = (throng_i_field_kind)k;
    char *rest = NULL;
    for (char *path = strtok_r(paths, "|", &rest); path; path = strtok_r(NULL, "|", &rest)) {
        THRONG_REQUIRE(field->n_slots < 4, E_FORMAT, "%s: field %s has more than 4 paths.", platform->name, name);
        THRONG_TRY(throng_i_json_paths_add(&platform->paths, path, &field->slot[field->n_slots++], err));
    }
    THRONG_TRY(throng_i_copy_text(platform->context, name, &field->name, err));
    platform->n_fields++;
out:
    return status;
}

static throng_status read_head_line(throng_i_platform *platform, char *line, bool *has_input, throng_error *err) {
    if (strncmp(line, "-- field: ", 10) == 0)
        return add_field(platform, line + 10, err);
    if (strncmp(line, "-- input: ", 10) != 0)
        return THRONG_OK;
    bool is_table = strcmp(line + 10, "table") == 0;
    if (!is_table && strcmp(line + 10, "ndjson") != 0)
        return THRONG_FAIL(err, E_FORMAT, "%s: input must be ndjson or table, got \"%s\".", platform->name, line + 10);
    platform->input = is_table ? THRONG_I_INPUT_TABLE : THRONG_I_INPUT_NDJSON;
    *has_input = true;
    return THRONG_OK;
}

/* The head is the comment that the text begins with. */
static throng_status read_head(throng_i_platform *platform, throng_error *err) {
    throng_status status = THRONG_OK;
    bool has_input = false;
    for (const char *at = platform->sql; strncmp(at, "--", 2) == 0;) {
        char line[512];
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        for (size_t n = strlen(line); n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\r'); n--)
            line[n - 1] = '\0';
        THRONG_TRY(read_head_line(platform, line, &has_input, err));
        at += length + (at[length] == '\n');
    }
    THRONG_REQUIRE(has_input, E_FORMAT,
                   "%s does not begin with a comment that has a line \"-- input: ndjson\" or \"-- input: table\"; "
                   "docs/ingest.md says how to write a platform.",
                   platform->name);
    THRONG_REQUIRE(platform->input == THRONG_I_INPUT_TABLE || platform->n_fields > 0, E_FORMAT,
                   "%s has no line \"-- field: NAME KIND PATH\" in its first comment.", platform->name);
out:
    return status;
}

throng_status throng_i_platform_open(throng_context *context, const char *name, const char *path,
                                     throng_i_platform *out, throng_error *err) {
    throng_i_platform platform = {.context = context, .paths = {.context = context}};
    throng_status status = THRONG_OK;
    const char *text = path || name[0] == '_' ? NULL : throng_i_platform_text_of(name);
    if (!path && !text)
        return fail_unknown(name, err);
    THRONG_TRY(throng_i_copy_text(context, path ? path : name, &platform.name, err));
    if (path)
        THRONG_TRY(read_file(context, path, &platform.sql, err));
    else
        THRONG_TRY(throng_i_copy_text(context, text, &platform.sql, err));
    THRONG_TRY(read_head(&platform, err));
out:
    if (status == THRONG_OK)
        *out = platform;
    else
        throng_i_platform_close(&platform);
    return status;
}

void throng_i_platform_close(throng_i_platform *platform) {
    for (int i = 0; i < platform->n_fields; i++)
        throng_i_free(platform->context, platform->fields[i].name);
    throng_i_free(platform->context, platform->name);
    throng_i_free(platform->context, platform->sql);
    throng_i_json_paths_clear(&platform->paths);
    *platform = (throng_i_platform){.context = platform->context};
}
