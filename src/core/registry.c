/* The registry of plug-ins: registration with checks, look-up by name, shared objects. */
#include "core/context.h"

#include <ctype.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *plural;
} kinds[THRONG_KIND_COUNT] = {
    [THRONG_KIND_INDICATOR] = {"indicator", "indicators"},
    [THRONG_KIND_METHOD] = {"method", "methods"},
    [THRONG_KIND_GENERATOR] = {"generator", "generators"},
    [THRONG_KIND_WORLD] = {"world", "worlds"},
    [THRONG_KIND_GRAPH] = {"graph", "graphs"},
    [THRONG_KIND_POLICY] = {"policy", "policies"},
    [THRONG_KIND_GAME] = {"game", "games"},
    [THRONG_KIND_SOLVER] = {"solver", "solvers"},
    [THRONG_KIND_MECHANISM] = {"mechanism", "mechanisms"},
};

const char *throng_kind_name(throng_kind kind) {
    return (int)kind >= 0 && kind < THRONG_KIND_COUNT ? kinds[kind].name : "plug-in";
}

const char *throng_kind_plural(throng_kind kind) {
    return (int)kind >= 0 && kind < THRONG_KIND_COUNT ? kinds[kind].plural : "plug-ins";
}

int throng_context_plugin_count(const throng_context *context, throng_kind kind) {
    return (int)kind >= 0 && kind < THRONG_KIND_COUNT ? context->registry[kind].n_entries : 0;
}

const throng_about *throng_context_plugin(const throng_context *context, throng_kind kind, int index) {
    return index >= 0 && index < throng_context_plugin_count(context, kind) ? context->registry[kind].entries[index]
                                                                            : NULL;
}

throng_status throng_context_find(const throng_context *context, throng_kind kind, const char *name,
                                  const throng_about **out, throng_error *err) {
    int n = throng_context_plugin_count(context, kind);
    const char *names[64] = {NULL};
    int n_names = 0;
    for (int i = 0; i < n; i++) {
        const throng_about *about = throng_context_plugin(context, kind, i);
        if (strcmp(about->name, name) == 0) {
            *out = about;
            return THRONG_OK;
        }
        if (n_names < 64)
            names[n_names++] = about->name;
    }
    char tail[300];
    throng_suggest(name, names, n_names, tail, sizeof tail);
    return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no %s \"%s\".%s", throng_kind_name(kind), name, tail);
}

/* ---- registration ---------------------------------------------------------------------------------------------- */

static bool valid_name(const char *name) {
    if (!name || !islower((unsigned char)name[0]) || strlen(name) >= THRONG_I_NAME_LENGTH)
        return false;
    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
            return false;
    return true;
}

static bool said(const char *text) {
    return text && *text;
}

static throng_status check_params(throng_kind kind, const throng_about *about, throng_error *err) {
    for (int i = 0; about->params && about->params[i].name; i++) {
        const throng_param *param = &about->params[i];
        if (i >= THRONG_I_PARAMS_MAX)
            return THRONG_FAIL(err, E_PLUGIN, "%s has more than %d parameters.", about->name, THRONG_I_PARAMS_MAX);
        if (!valid_name(param->name) || !said(param->doc) || !param->unit || param->kind >= THRONG_PARAM_KIND_COUNT)
            return THRONG_FAIL(err, E_PLUGIN, "%s: parameter %d needs a name in lower case, a unit and a doc line.",
                               about->name, i + 1);
        bool text = param->kind == THRONG_PARAM_TEXT;
        if (text && kind != THRONG_KIND_INDICATOR && kind != THRONG_KIND_GAME)
            return THRONG_FAIL(err, E_PLUGIN,
                               "%s: only indicators and games may have parameters that are text, %s is one.",
                               about->name, param->name);
        if (text && (!param->text || (double)strlen(param->text) < param->minimum ||
                     (double)strlen(param->text) > param->maximum))
            return THRONG_FAIL(err, E_PLUGIN, "%s: the default of %s must be text of %g to %g characters.", about->name,
                               param->name, param->minimum, param->maximum);
        if (param->kind == THRONG_PARAM_CHOICE && !said(param->text))
            return THRONG_FAIL(err, E_PLUGIN, "%s: the words to choose from for %s are missing.", about->name,
                               param->name);
        bool automatic = param->kind == THRONG_PARAM_AUTO && isnan(param->fallback);
        if (param->kind != THRONG_PARAM_FLAG && !text && !automatic &&
            !(param->fallback >= param->minimum && param->fallback <= param->maximum))
            return THRONG_FAIL(err, E_PLUGIN, "%s: the default of %s, %g, lies outside %g..%g.", about->name,
                               param->name, param->fallback, param->minimum, param->maximum);
        for (int j = 0; j < i; j++)
            if (strcmp(about->params[j].name, param->name) == 0)
                return THRONG_FAIL(err, E_PLUGIN, "%s has two parameters named %s.", about->name, param->name);
    }
    return THRONG_OK;
}

throng_status throng_i_context_register(throng_context *context, throng_kind kind, const throng_about *about,
                                        size_t size, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_registry *registry = &context->registry[kind];
    THRONG_REQUIRE(about->struct_size == size, E_PLUGIN,
                   "The %s was built for another version of throng: its descriptor has %zu bytes, expected %zu. "
                   "Compile it again.",
                   throng_kind_name(kind), about->struct_size, size);
    THRONG_REQUIRE(valid_name(about->name), E_PLUGIN,
                   "A %s needs a name of lower-case letters, digits and dashes, got \"%.60s\".", throng_kind_name(kind),
                   about->name ? about->name : "(none)");
    THRONG_REQUIRE(said(about->summary) && said(about->details) && said(about->reference), E_PLUGIN,
                   "%s is not documented: summary, details and reference must be given.", about->name);
    THRONG_TRY(check_params(kind, about, err));
    int place = 0;
    while (place < registry->n_entries && strcmp(registry->entries[place]->name, about->name) < 0)
        place++;
    THRONG_REQUIRE(place == registry->n_entries || strcmp(registry->entries[place]->name, about->name) != 0, E_PLUGIN,
                   "There is already %s %s \"%s\".", kind == THRONG_KIND_INDICATOR ? "an" : "a", throng_kind_name(kind),
                   about->name);
    if (registry->n_entries == registry->entries_cap) {
        int cap = registry->entries_cap ? 2 * registry->entries_cap : 32;
        THRONG_TRY(throng_i_resize(context, &registry->entries, cap, sizeof *registry->entries, err));
        registry->entries_cap = cap;
    }
    for (int i = registry->n_entries; i > place; i--)
        registry->entries[i] = registry->entries[i - 1];
    registry->entries[place] = about;
    registry->n_entries++;
out:
    return status;
}

throng_status throng_i_context_load(throng_context *context, const char *path, const char *symbol, const void **out,
                                    throng_error *err) {
    throng_status status = THRONG_OK;
    char text[1024];
    /* dlopen searches the system's folders unless the path has a slash. */
    snprintf(text, sizeof text, "%s%s", strchr(path, '/') ? "" : "./", path);
    void *library = dlopen(text, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *reason = dlerror();
        return THRONG_FAIL(err, E_PLUGIN, "The plug-in %s cannot be loaded: %s.", path, reason ? reason : "no reason");
    }
    const void *entry = dlsym(library, symbol);
    THRONG_REQUIRE(entry, E_PLUGIN, "%s is not a throng plug-in: it has no symbol %s (see throng/plugin.h).", path,
                   symbol);
    THRONG_TRY(
        throng_i_resize(context, &context->libraries, context->n_libraries + 1, sizeof *context->libraries, err));
    context->libraries[context->n_libraries++] = library;
    *out = entry;
    return THRONG_OK;
out:
    dlclose(library);
    return status;
}
