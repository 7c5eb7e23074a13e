/* Study files: YAML in (libyaml's events, for their line numbers) and out (libyaml's emitter, for its quoting).
 *
 * A study file is two levels deep: sections that hold `key: value`, where a value is a scalar or a list of scalars.
 * A value of nothing (`weight:`), ~ or null leaves the key at its default. */
#define _POSIX_C_SOURCE 200809L
#include "study/study.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#define NAME_LENGTH  64
#define VALUE_LENGTH 4096

/* ---- reading --------------------------------------------------------------------------------------------------- */

typedef struct reader {
    throng_study *study;
    const char *path;
    char folder[VALUE_LENGTH]; /* that relative file names refer to; "" is the current one */
    yaml_parser_t parser;
    yaml_event_t event;                            /* the current one */
    size_t line[THRONG_I_KEYS_MAX];                /* that a key's value is in, from 1; 0: not seen so far */
    char sections[THRONG_I_KEYS_MAX][NAME_LENGTH]; /* seen so far */
    int n_sections;
} reader;

#define REFUSE(self, ...) refuse((self), err, __VA_ARGS__)

/* Fails with file, line and a message. */
static throng_status refuse(const reader *self, throng_error *err, const char *format, ...) THRONG_PRINTF(3, 4);
static throng_status refuse(const reader *self, throng_error *err, const char *format, ...) {
    char text[THRONG_MESSAGE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return THRONG_FAIL(err, E_STUDY, "%s:%zu: %s", self->path, self->event.start_mark.line + 1, text);
}

static throng_status advance(reader *self, throng_error *err) {
    yaml_event_delete(&self->event);
    if (yaml_parser_parse(&self->parser, &self->event))
        return THRONG_OK;
    memset(&self->event, 0, sizeof self->event);
    const yaml_parser_t *parser = &self->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (parser->error == YAML_MEMORY_ERROR)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory: the study file %s could not be read.", self->path);
    if (parser->error == YAML_READER_ERROR)
        return THRONG_FAIL(err, E_STUDY, "%s: not a YAML file: %s at byte %zu.", self->path, problem,
                           parser->problem_offset);
    return THRONG_FAIL(err, E_STUDY, "%s:%zu: not valid YAML: %s.", self->path, parser->problem_mark.line + 1, problem);
}

/* The text of a scalar; NULL for nothing, ~ and null. */
static const char *scalar_text(const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool nothing = *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
    return plain && nothing ? NULL : text;
}

/* The current event as a scalar of at most size-1 bytes, into out; *set is false for null. */
static throng_status take_scalar(reader *self, const char *what, char *out, size_t size, bool *set, throng_error *err) {
    if (self->event.type == YAML_ALIAS_EVENT)
        return REFUSE(self, "%s is an alias (*name), which study files do not have: write the value out.", what);
    if (self->event.type != YAML_SCALAR_EVENT)
        return REFUSE(self, "%s must be a single value, not a %s.", what,
                      self->event.type == YAML_SEQUENCE_START_EVENT ? "list" : "section");
    size_t length = self->event.data.scalar.length;
    if (length >= size || memchr(self->event.data.scalar.value, '\0', length))
        return REFUSE(self, "%s must be text of less than %zu bytes.", what, size);
    const char *text = scalar_text(&self->event);
    *set = text != NULL;
    snprintf(out, size, "%s", text ? text : "");
    return THRONG_OK;
}

static throng_status set_value(reader *self, const char *key, const char *value, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    char *path = NULL;
    if (throng_study_key_at(throng_i_study_key_index(key))->file && self->folder[0]) {
        THRONG_TRY(throng_i_study_join(self->study->context, self->folder, value, &path, err));
        value = path;
    }
    status = throng_study_set(self->study, key, value, &reason);
    if (status == THRONG_E_PARAMETER)
        status = REFUSE(self, "%s", reason.message);
    else if (status != THRONG_OK && err)
        *err = reason;
out:
    throng_i_free(self->study->context, path);
    return status;
}

/* A list of scalars for a list key: entries one by one, numbers joined with commas. */
static throng_status read_list(reader *self, const char *key, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_study_key *about = throng_study_key_at(throng_i_study_key_index(key));
    char item[VALUE_LENGTH], numbers[VALUE_LENGTH] = "";
    size_t used = 0;
    bool set = false;
    if (about->kind != THRONG_KEY_TEXT_LIST && about->kind != THRONG_KEY_REAL_LIST)
        return REFUSE(self, "%s must be a single value, not a list.", key);
    for (;;) {
        THRONG_TRY(advance(self, err));
        if (self->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        THRONG_TRY(take_scalar(self, key, item, sizeof item, &set, err));
        if (about->kind == THRONG_KEY_TEXT_LIST) {
            THRONG_TRY(set_value(self, key, item, err));
        } else {
            if (used + strlen(item) + 2 > sizeof numbers)
                return REFUSE(self, "%s has too many entries.", key);
            used += (size_t)snprintf(numbers + used, sizeof numbers - used, "%s%s", used ? "," : "", item);
        }
    }
    if (used)
        THRONG_TRY(set_value(self, key, numbers, err));
out:
    return status;
}

/* One `name: value` of a section; the current event is the name. */
static throng_status read_entry(reader *self, const char *section, throng_error *err) {
    throng_status status = THRONG_OK;
    char name[NAME_LENGTH], key[2 * NAME_LENGTH + 1], value[VALUE_LENGTH];
    bool set = false;
    THRONG_TRY(take_scalar(self, "A setting's name", name, sizeof name, &set, err));
    snprintf(key, sizeof key, "%s.%s", section, name);
    int index = throng_i_study_key_index(key);
    if (index < 0) {
        throng_error reason = {0};
        status = throng_study_set(self->study, key, "", &reason);
        return REFUSE(self, "%s", reason.message);
    }
    if (self->line[index] > 0)
        return REFUSE(self, "%s is given twice.", key);
    self->line[index] = self->event.start_mark.line + 1;
    throng_i_study_clear(self->study, index);
    THRONG_TRY(advance(self, err));
    if (self->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(self, key, err);
    THRONG_TRY(take_scalar(self, key, value, sizeof value, &set, err));
    if (set)
        THRONG_TRY(set_value(self, key, value, err));
out:
    return status;
}

/* "population" of "population.state". */
static void section_of(const char *key, char *out) {
    snprintf(out, NAME_LENGTH, "%.*s", (int)strcspn(key, "."), key);
}

/* A name at the top level that is no section: says which section or which key is meant. */
static throng_status refuse_section(reader *self, const char *name, throng_error *err) {
    char sections[THRONG_I_KEYS_MAX][NAME_LENGTH], tail[300];
    const char *names[THRONG_I_KEYS_MAX];
    int n = 0;
    for (int i = 0; i < throng_study_key_count(); i++) {
        const char *key = throng_study_key_at(i)->key;
        section_of(key, sections[n]);
        if (strcmp(strchr(key, '.') + 1, name) == 0)
            return REFUSE(self, "%s belongs into the section %s: write \"%s:\" and, indented below it, \"%s: ...\".",
                          name, sections[n], sections[n], name);
        if (n == 0 || strcmp(sections[n - 1], sections[n]) != 0) {
            names[n] = sections[n];
            n++;
        }
    }
    throng_suggest(name, names, n, tail, sizeof tail);
    return REFUSE(self, "There is no section \"%s\".%s", name, tail);
}

/* One section; the current event is its name. */
static throng_status read_section(reader *self, throng_error *err) {
    throng_status status = THRONG_OK;
    char section[NAME_LENGTH], known[NAME_LENGTH];
    bool set = false, found = false;
    THRONG_TRY(take_scalar(self, "A section's name", section, sizeof section, &set, err));
    for (int i = 0; i < throng_study_key_count() && !found; i++) {
        section_of(throng_study_key_at(i)->key, known);
        found = strcmp(known, section) == 0;
    }
    if (!found)
        return refuse_section(self, section, err);
    for (int i = 0; i < self->n_sections; i++)
        if (strcmp(self->sections[i], section) == 0)
            return REFUSE(self, "The section %s is given twice.", section);
    snprintf(self->sections[self->n_sections++], NAME_LENGTH, "%s", section);
    THRONG_TRY(advance(self, err));
    if (self->event.type == YAML_SCALAR_EVENT && !scalar_text(&self->event))
        return THRONG_OK;
    if (self->event.type != YAML_MAPPING_START_EVENT)
        return REFUSE(self, "%s is a section: its settings stand below it, indented, as \"key: value\".", section);
    for (;;) {
        THRONG_TRY(advance(self, err));
        if (self->event.type == YAML_MAPPING_END_EVENT)
            return THRONG_OK;
        THRONG_TRY(read_entry(self, section, err));
    }
out:
    return status;
}

static throng_status read_document(reader *self, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_TRY(advance(self, err)); /* stream start */
    THRONG_TRY(advance(self, err));
    if (self->event.type == YAML_STREAM_END_EVENT)
        return THRONG_FAIL(err, E_STUDY, "%s: the study file is empty.", self->path);
    THRONG_TRY(advance(self, err));
    if (self->event.type != YAML_MAPPING_START_EVENT)
        return REFUSE(self, "A study file consists of sections of \"key: value\"; this is something else.");
    for (;;) {
        THRONG_TRY(advance(self, err));
        if (self->event.type == YAML_MAPPING_END_EVENT)
            break;
        THRONG_TRY(read_section(self, err));
    }
    THRONG_TRY(advance(self, err)); /* document end */
    THRONG_TRY(advance(self, err));
    if (self->event.type != YAML_STREAM_END_EVENT)
        return REFUSE(self, "A second document begins here: a study file has one.");
out:
    return status;
}

/* Plug-ins and their parameters. Names that are not known may be those of shared objects, which are not loaded yet. */
static throng_status check_plugins(const reader *self, throng_error *err) {
    throng_i_plugin_use use;
    throng_kind kind = THRONG_KIND_COUNT;
    bool more = throng_study_text(self->study, "run.plugins", 0);
    for (int i = 0; i < throng_study_key_count(); i++) {
        throng_error reason = {0};
        const char *key = throng_study_key_at(i)->key, *spec = throng_study_text(self->study, key, 0);
        if (self->line[i] == 0 || !spec || !throng_i_study_key_plugin(key, &kind))
            continue;
        throng_status status = throng_i_plugin_parse(self->study->context, kind, spec, &use, &reason);
        if (status != THRONG_OK && !(more && status == THRONG_E_UNKNOWN_NAME))
            return THRONG_FAIL(err, E_STUDY, "%s:%zu: %s", self->path, self->line[i], reason.message);
    }
    return THRONG_OK;
}

static throng_status read_file(throng_study *study, FILE *file, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    reader *self = NULL;
    THRONG_TRY(throng_i_alloc(study->context, 1, sizeof *self, &self, err));
    self->study = study;
    self->path = path;
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(self->folder, sizeof self->folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    THRONG_REQUIRE(yaml_parser_initialize(&self->parser), E_MEMORY, "Out of memory: no study file can be read.");
    yaml_parser_set_input_file(&self->parser, file);
    status = read_document(self, err);
    if (status == THRONG_OK)
        status = check_plugins(self, err);
    for (int i = 0; i < throng_study_key_count(); i++)
        study->setting[i].loaded = self->line[i] > 0;
    int steps = throng_i_study_key_index("world.steps"); /* a default that is spelled out says nothing */
    if (strcmp(throng_study_text(study, "world.steps", 0), throng_study_key_at(steps)->fallback) == 0)
        throng_i_study_clear(study, steps);
    yaml_event_delete(&self->event);
    yaml_parser_delete(&self->parser);
out:
    throng_i_free(study->context, self);
    return status;
}

throng_status throng_study_load(throng_study *study, const char *path, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    FILE *file = fopen(path, "rb");
    if (!file)
        return THRONG_FAIL(err, E_FILE, "The study file %s cannot be read: %s.", path, strerror(errno));
    THRONG_REQUIRE(fstat(fileno(file), &facts) == 0 && !S_ISDIR(facts.st_mode), E_FILE,
                   "The study file %s cannot be read: it is a directory.", path);
    THRONG_TRY(read_file(study, file, path, err));
out:
    fclose(file);
    return status;
}

throng_status throng_i_study_parse(throng_study *study, const char *text, const char *name, throng_error *err) {
    char *copy = NULL;
    throng_status status = throng_i_copy_text(study->context, *text ? text : "\n", &copy, err);
    FILE *file = status == THRONG_OK ? fmemopen(copy, strlen(copy), "rb") : NULL;
    if (file) {
        status = read_file(study, file, name, err);
        fclose(file);
    } else if (status == THRONG_OK) {
        status = THRONG_FAIL(err, E_MEMORY, "Out of memory: the study in %s could not be read.", name);
    }
    throng_i_free(study->context, copy);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

typedef struct writer {
    throng_context *context;
    yaml_emitter_t emitter;
    char *text;
    size_t n, cap;
    bool failed;
} writer;

static int write_bytes(void *user, unsigned char *bytes, size_t n) {
    writer *self = user;
    if (self->n + n + 1 > self->cap) {
        size_t cap = 2 * (self->n + n) + 256;
        if (throng_i_resize(self->context, &self->text, (int64_t)cap, 1, NULL) != THRONG_OK)
            return 0;
        self->cap = cap;
    }
    memcpy(self->text + self->n, bytes, n);
    self->n += n;
    self->text[self->n] = '\0';
    return 1;
}

static void emit(writer *self, int made, yaml_event_t *event) {
    if (made && self->failed)
        yaml_event_delete(event);
    else if (!made || !yaml_emitter_emit(&self->emitter, event)) /* which takes the event over, also when it fails */
        self->failed = true;
}

static void emit_mapping(writer *self) {
    yaml_event_t event;
    emit(self, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE), &event);
}

static void emit_mapping_end(writer *self) {
    yaml_event_t event;
    emit(self, yaml_mapping_end_event_initialize(&event), &event);
}

/* Text that a YAML reader, ours or another, would take for something else is quoted. */
static void emit_text(writer *self, const char *text, bool number) {
    static const char *const special[] = {"~", "null", "true", "false", "yes", "no", "on", "off"};
    yaml_event_t event;
    yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
    if (!number && strspn(text, "+-.0123456789eE_:") == strlen(text))
        style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(text, special[i]) == 0)
            style = YAML_SINGLE_QUOTED_SCALAR_STYLE;
    emit(self,
         yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style),
         &event);
}

static void emit_value(writer *self, const throng_study *study, const throng_study_key *key) {
    bool number = key->kind != THRONG_KEY_TEXT && key->kind != THRONG_KEY_TEXT_LIST;
    bool list = key->kind == THRONG_KEY_TEXT_LIST || key->kind == THRONG_KEY_REAL_LIST;
    yaml_event_t event;
    emit_text(self, strchr(key->key, '.') + 1, true);
    if (!list) {
        emit_text(self, throng_study_text(study, key->key, 0), number);
        return;
    }
    yaml_sequence_style_t style = number ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
    emit(self, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style), &event);
    for (int i = 0; throng_study_text(study, key->key, i); i++)
        emit_text(self, throng_study_text(study, key->key, i), number);
    emit(self, yaml_sequence_end_event_initialize(&event), &event);
}

/* All sections that have a key with a value; keys of a section stand together in the table. */
static void emit_study(writer *self, const throng_study *study) {
    yaml_event_t event;
    char open[NAME_LENGTH] = "", section[NAME_LENGTH];
    emit(self, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event);
    emit(self, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1), &event);
    emit_mapping(self);
    for (int i = 0; i < throng_study_key_count(); i++) {
        const throng_study_key *key = throng_study_key_at(i);
        if (!throng_study_text(study, key->key, 0))
            continue;
        section_of(key->key, section);
        if (strcmp(open, section) != 0) {
            if (open[0])
                emit_mapping_end(self);
            emit_text(self, section, true);
            emit_mapping(self);
            snprintf(open, sizeof open, "%s", section);
        }
        emit_value(self, study, key);
    }
    if (open[0])
        emit_mapping_end(self);
    emit_mapping_end(self);
    emit(self, yaml_document_end_event_initialize(&event, 1), &event);
    emit(self, yaml_stream_end_event_initialize(&event), &event);
}

/* Replaces the entries of a key that holds file names by absolute ones. */
static throng_status make_absolute(throng_study *study, int key, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_setting *setting = &study->setting[key];
    for (int i = 0; i < setting->n; i++) {
        char *path = NULL;
        THRONG_TRY(throng_i_study_join(study->context, NULL, setting->text[i], &path, err));
        throng_i_free(study->context, setting->text[i]);
        setting->text[i] = path;
    }
out:
    return status;
}

throng_status throng_study_yaml(const throng_study *study, char **yaml, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    writer self = {.context = study->context};
    char head[160];
    THRONG_REQUIRE(yaml_emitter_initialize(&self.emitter), E_MEMORY, "Out of memory: no study file can be written.");
    THRONG_TRY(throng_i_study_copy(study, &copy, err));
    for (int i = 0; i < throng_study_key_count(); i++)
        if (throng_study_key_at(i)->file)
            THRONG_TRY(make_absolute(copy, i, err));
    snprintf(head, sizeof head, "# Settings of a run of throng %s. To repeat it: throng run FILE\n", throng_version());
    self.failed = !write_bytes(&self, (unsigned char *)head, strlen(head));
    yaml_emitter_set_output(&self.emitter, write_bytes, &self);
    yaml_emitter_set_unicode(&self.emitter, 1);
    yaml_emitter_set_width(&self.emitter, -1);
    emit_study(&self, copy);
    THRONG_REQUIRE(!self.failed, E_MEMORY, "Out of memory: the study file could not be written.");
    *yaml = self.text;
    self.text = NULL;
out:
    yaml_emitter_delete(&self.emitter);
    throng_i_free(study->context, self.text);
    throng_study_free(copy);
    return status;
}
