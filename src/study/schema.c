/* What a study file may say: checked without running it, and as a JSON Schema. Both follow from the table of keys. */
#include "study/grid.h"
#include "study/run.h"

#include <string.h>

/* ---- checking -------------------------------------------------------------------------------------------------- */

static throng_status check_settings(const throng_study *study, throng_error *err) {
    throng_i_settings settings = {0};
    throng_status status = throng_i_settings_init(study, &settings, err);
    if (status == THRONG_OK)
        throng_i_settings_clear(study, &settings);
    return status;
}

throng_status throng_study_check(throng_study *study, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_grid grid = {0};
    THRONG_TRY(throng_i_study_load_plugins(study, err));
    THRONG_TRY(throng_i_grid_init(study, &grid, err));
    for (int64_t point = 0; point < grid.points; point++) {
        throng_study *one = NULL;
        THRONG_TRY(throng_i_grid_study(&grid, study, point, 0, &one, err));
        status = check_settings(one, err);
        throng_study_free(one);
        if (status != THRONG_OK)
            goto out;
    }
out:
    throng_i_grid_clear(&grid);
    return status;
}

/* ---- the schema ------------------------------------------------------------------------------------------------ */

/* "^(ring|lattice)(:.*)?$" */
static json_t *plugin_pattern(const throng_context *context, throng_kind kind) {
    char text[4000];
    size_t used = (size_t)snprintf(text, sizeof text, "^(");
    for (int i = 0; i < throng_context_plugin_count(context, kind) && used < sizeof text - 80; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.60s", i > 0 ? "|" : "",
                                 throng_context_plugin(context, kind, i)->name);
    snprintf(text + used, sizeof text - used, ")(:.*)?$");
    return json_string(text);
}

static json_t *choices(const char *text) {
    json_t *list = json_array();
    while (*text) {
        size_t n = strcspn(text, "|");
        json_array_append_new(list, json_stringn(text, n));
        text += n + (text[n] == '|');
    }
    return list;
}

static json_t *one_or_many(json_t *item) {
    return json_pack("{s:[o, {s:s, s:O}]}", "oneOf", json_deep_copy(item), "type", "array", "items", item);
}

static json_t *number_of(const throng_study_key *key, const char *type) {
    json_t *object = json_pack("{s:s}", "type", type);
    json_object_set_new(object, "minimum", json_real(key->minimum));
    json_object_set_new(object, "maximum", json_real(key->maximum));
    return object;
}

static json_t *value_of(const throng_context *context, const throng_study_key *key) {
    json_t *text = NULL, *object = NULL;
    throng_kind kind = THRONG_KIND_COUNT;
    switch (key->kind) {
    case THRONG_KEY_CHOICE:
        return json_pack("{s:o}", "enum", choices(key->choices));
    case THRONG_KEY_INTEGER:
        return number_of(key, "integer");
    case THRONG_KEY_REAL:
        return number_of(key, "number");
    case THRONG_KEY_REAL_LIST:
        text = number_of(key, "number");
        break;
    case THRONG_KEY_TEXT_LIST:
        text = json_pack("{s:s}", "type", "string");
        break;
    default:
        object = json_pack("{s:[s, s]}", "type", "string", "number");
        if (throng_i_study_key_plugin(key->key, &kind))
            json_object_set_new(object, "pattern", plugin_pattern(context, kind));
        return object;
    }
    object = one_or_many(text);
    json_decref(text);
    return object;
}

static json_t *section_of(json_t *sections, const char *key) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(key, "."), key);
    json_t *section = json_object_get(sections, name);
    if (!section) {
        section = json_pack("{s:[s, s], s:b, s:{}}", "type", "object", "null", "additionalProperties", 0, "properties");
        json_object_set_new(sections, name, section);
    }
    return json_object_get(section, "properties");
}

throng_status throng_study_schema(throng_context *context, char **out, throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *sections = json_object(), *document = NULL;
    for (int i = 0; i < throng_study_key_count(); i++) {
        const throng_study_key *key = throng_study_key_at(i);
        json_t *value = value_of(context, key);
        json_object_set_new(value, "description", json_string(key->doc));
        if (key->fallback)
            json_object_set_new(value, "default", json_string(key->fallback));
        json_object_set_new(section_of(sections, key->key), strchr(key->key, '.') + 1, value);
    }
    document =
        json_pack("{s:s, s:s, s:s, s:b, s:O}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
                  "A study of throng", "type", "object", "additionalProperties", 0, "properties", sections);
    THRONG_REQUIRE(document, E_MEMORY, "Out of memory: the schema could not be made.");
    THRONG_TRY(throng_i_json_text(context, document, out, err));
out:
    json_decref(sections);
    json_decref(document);
    return status;
}
