/* A study in memory: setting, looking up, copying and freeing. */
#define _POSIX_C_SOURCE 200809L
#include "study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_MAX 4096

throng_status throng_study_create(throng_context *context, throng_study **out, throng_error *err) {
    throng_study *study = NULL;
    throng_status status = throng_i_alloc(context, 1, sizeof *study, &study, err);
    if (status != THRONG_OK)
        return status;
    study->context = context;
    *out = study;
    return THRONG_OK;
}

void throng_i_study_clear(throng_study *study, int key) {
    throng_i_setting *setting = &study->setting[key];
    for (int i = 0; i < setting->n; i++)
        throng_i_free(study->context, setting->text[i]);
    throng_i_free(study->context, setting->text);
    *setting = (throng_i_setting){0};
}

void throng_study_free(throng_study *study) {
    if (!study)
        return;
    for (int i = 0; i < throng_study_key_count(); i++)
        throng_i_study_clear(study, i);
    throng_i_free(study->context, study->checkpoint);
    throng_i_free(study->context, study);
}

static throng_status append(throng_study *study, int key, const char *text, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_setting *setting = &study->setting[key];
    if (setting->n == setting->cap) {
        int cap = setting->cap ? 2 * setting->cap : 1;
        THRONG_TRY(throng_i_resize(study->context, &setting->text, cap, sizeof *setting->text, err));
        setting->cap = cap;
    }
    THRONG_TRY(throng_i_copy_text(study->context, text, &setting->text[setting->n], err));
    setting->n++;
out:
    return status;
}

/* "0.9,0.999": all entries at once, checked before anything is changed. */
static throng_status set_numbers(throng_study *study, int index, const char *value, throng_error *err) {
    throng_status status = THRONG_OK;
    const throng_study_key *key = throng_study_key_at(index);
    throng_study *fresh = NULL;
    char text[VALUE_MAX], entry[VALUE_MAX], allowed[120];
    double last = -1e300;
    throng_i_study_key_allowed(key, allowed, sizeof allowed);
    THRONG_REQUIRE(strlen(value) < sizeof text, E_PARAMETER, "%s is longer than %d characters.", key->key,
                   VALUE_MAX - 1);
    strcpy(text, value);
    THRONG_TRY(throng_study_create(study->context, &fresh, err));
    for (char *part = text, *next = NULL; part; part = next) {
        next = strchr(part, ',');
        if (next)
            *next++ = '\0';
        part += strspn(part, " ");
        part[strcspn(part, " ")] = '\0';
        THRONG_TRY(throng_i_study_key_check(key, part, entry, sizeof entry, err));
        THRONG_REQUIRE(strtod(entry, NULL) > last, E_PARAMETER, "%s (%s) must be %s, got \"%.60s\".", key->option,
                       key->key, allowed, value);
        last = strtod(entry, NULL);
        THRONG_TRY(append(fresh, index, entry, err));
    }
    throng_i_study_clear(study, index);
    study->setting[index] = fresh->setting[index];
    fresh->setting[index] = (throng_i_setting){0};
out:
    throng_study_free(fresh);
    return status;
}

throng_status throng_study_set(throng_study *study, const char *key, const char *value, throng_error *err) {
    throng_status status = THRONG_OK;
    int index = throng_i_study_key_index(key);
    if (index < 0) {
        const char *names[THRONG_I_KEYS_MAX];
        for (int i = 0; i < throng_study_key_count(); i++)
            names[i] = throng_study_key_at(i)->key;
        char tail[300];
        throng_suggest(key, names, throng_study_key_count(), tail, sizeof tail);
        return THRONG_FAIL(err, E_UNKNOWN_NAME, "There is no setting \"%.60s\".%s", key, tail);
    }
    const throng_study_key *about = throng_study_key_at(index);
    if (about->kind == THRONG_KEY_REAL_LIST)
        return set_numbers(study, index, value, err);
    char text[VALUE_MAX];
    THRONG_TRY(throng_i_study_key_check(about, value, text, sizeof text, err));
    if (about->kind != THRONG_KEY_TEXT_LIST && study->setting[index].n > 0) {
        char *copy = NULL;
        THRONG_TRY(throng_i_copy_text(study->context, text, &copy, err));
        throng_i_free(study->context, study->setting[index].text[0]);
        study->setting[index].text[0] = copy;
        return THRONG_OK;
    }
    if (study->setting[index].loaded)
        throng_i_study_clear(study, index);
    THRONG_TRY(append(study, index, text, err));
out:
    return status;
}

throng_status throng_study_set_running(throng_study *study, const throng_running *running, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE((running->shards == 0 && running->shard == 0) ||
                       (running->shard >= 1 && running->shard <= running->shards),
                   E_PARAMETER, "A shard is one of 1/N to N/N, got %d/%d.", running->shard, running->shards);
    THRONG_REQUIRE(running->checkpoint_seconds >= 0.0 && running->checkpoint_steps >= 0, E_PARAMETER,
                   "Checkpoints are so many seconds or steps apart, got %g and %lld.", running->checkpoint_seconds,
                   (long long)running->checkpoint_steps);
    study->running = *running;
out:
    return status;
}

const char *throng_study_text(const throng_study *study, const char *key, int index) {
    int at = throng_i_study_key_index(key);
    if (at < 0 || index < 0)
        return NULL;
    const throng_i_setting *setting = &study->setting[at];
    if (setting->n == 0)
        return index == 0 ? throng_study_key_at(at)->fallback : NULL;
    return index < setting->n ? setting->text[index] : NULL;
}

bool throng_i_study_given(const throng_study *study, const char *key) {
    int at = throng_i_study_key_index(key);
    return at >= 0 && study->setting[at].n > 0;
}

throng_status throng_i_study_copy(const throng_study *study, throng_study **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    THRONG_TRY(throng_study_create(study->context, &copy, err));
    for (int key = 0; key < throng_study_key_count(); key++)
        for (int i = 0; i < study->setting[key].n; i++)
            THRONG_TRY(append(copy, key, study->setting[key].text[i], err));
    *out = copy;
    copy = NULL;
out:
    throng_study_free(copy);
    return status;
}

throng_status throng_i_study_join(throng_context *context, const char *folder, const char *path, char **out,
                                  throng_error *err) {
    char here[VALUE_MAX];
    if (path[0] == '/' || strcmp(path, "-") == 0 || strncmp(path, THRONG_MEMORY_PATH, strlen(THRONG_MEMORY_PATH)) == 0)
        return throng_i_copy_text(context, path, out, err);
    if (!folder) {
        if (!getcwd(here, sizeof here))
            return THRONG_FAIL(err, E_FILE, "The current folder cannot be found: it may have been removed.");
        folder = here;
    }
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return throng_i_print(context, out, err, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
}
