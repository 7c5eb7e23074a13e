/* The settings of a sweep: what "world.confidence=0.1:0.5:9" stands for, and how a study is changed by it. */
#include "study/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one setting ----------------------------------------------------------------------------------------------- */

/* Sections whose settings may be parameters of a plug-in, and the key that names it. */
static const struct {
    const char *section, *key;
} plugins[] = {{"world", "world.name"},
               {"graph", "graph.model"},
               {"population", "population.generate"},
               {"indicator", "attribution.indicator"},
               {"method", "attribution.method"}};

#define PLUGINS (sizeof plugins / sizeof *plugins)

/* "bounded-confidence:confidence=0.5" with another value of one parameter. */
static throng_status set_param(throng_study *study, const char *key, const char *name, const char *value,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    throng_kind kind = THRONG_KIND_COUNT;
    throng_i_plugin_use use, one;
    char spec[THRONG_I_SPEC_LENGTH], tail[300];
    const char *names[THRONG_I_PARAMS_MAX], *was = throng_study_text(study, key, 0);
    int n = 0;
    (void)throng_i_study_key_plugin(key, &kind);
    THRONG_REQUIRE(was, E_PARAMETER, "A sweep over %s needs %s, whose parameter it is.", name, key);
    THRONG_TRY(throng_i_plugin_parse(study->context, kind, was, &use, err));
    for (; use.about->params && use.about->params[n].name; n++)
        names[n] = use.about->params[n].name;
    int index = throng_i_param_index(use.about, name);
    if (index < 0) {
        throng_suggest(name, names, n, tail, sizeof tail);
        return THRONG_FAIL(err, E_UNKNOWN_NAME, "A sweep over \"%.60s\": %s has no such parameter.%s", name,
                           use.about->name, tail);
    }
    THRONG_REQUIRE(use.about->params[index].kind != THRONG_PARAM_TEXT, E_PARAMETER,
                   "A sweep over %s.%s, which is a text, is not possible.", use.about->name, name);
    snprintf(spec, sizeof spec, "%s:%s=%s", use.about->name, name, value);
    THRONG_TRY(throng_i_plugin_parse(study->context, kind, spec, &one, err)); /* says what is allowed */
    use.param[index] = one.param[index];
    throng_i_plugin_print(&use, spec, sizeof spec);
    THRONG_TRY(throng_study_set(study, key, spec, err));
out:
    return status;
}

throng_status throng_i_sweep_set(throng_study *study, const char *name, const char *value, throng_error *err) {
    const char *dot = strchr(name, '.');
    int key = throng_i_study_key_index(name);
    if (key >= 0) {
        throng_i_study_clear(study, key);
        return throng_study_set(study, name, value, err);
    }
    for (size_t i = 0; dot && i < PLUGINS; i++)
        if (strlen(plugins[i].section) == (size_t)(dot - name) &&
            strncmp(plugins[i].section, name, (size_t)(dot - name)) == 0)
            return set_param(study, plugins[i].key, dot + 1, value, err);
    return throng_study_set(study, name, value, err); /* says which key is near */
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* "0.1:0.5:9": from, to, how many. */
static bool read_range(const char *text, double *from, double *to, long *count) {
    char *end = NULL;
    *from = strtod(text, &end);
    if (end == text || *end != ':')
        return false;
    text = end + 1;
    *to = strtod(text, &end);
    if (end == text || *end != ':')
        return false;
    text = end + 1;
    *count = strtol(text, &end, 10);
    return end != text && *end == '\0' && isfinite(*from) && isfinite(*to);
}

static throng_status add_value(throng_context *context, throng_i_axis *axis, const char *text, throng_error *err) {
    throng_status status = THRONG_OK;
    THRONG_REQUIRE(axis->n < THRONG_I_VALUES_MAX, E_PARAMETER, "A sweep over %s has more than %d values.", axis->name,
                   THRONG_I_VALUES_MAX);
    THRONG_REQUIRE(*text, E_PARAMETER, "A sweep over %s has an empty value.", axis->name);
    THRONG_TRY(throng_i_resize(context, &axis->value, axis->n + 1, sizeof *axis->value, err));
    axis->value[axis->n] = NULL;
    THRONG_TRY(throng_i_copy_text(context, text, &axis->value[axis->n], err));
    axis->n++;
out:
    return status;
}

static throng_status read_axis(throng_context *context, const char *text, throng_i_axis *axis, throng_error *err) {
    throng_status status = THRONG_OK;
    char *copy = NULL, number[40];
    double from = 0.0, to = 0.0;
    long count = 0;
    size_t length = strcspn(text, "=");
    THRONG_REQUIRE(text[length] == '=' && length > 0 && length < sizeof axis->name, E_PARAMETER,
                   "--sweep (sweep.over) must be KEY=VALUE,VALUE,... or KEY=FROM:TO:COUNT, got \"%.80s\".", text);
    snprintf(axis->name, sizeof axis->name, "%.*s", (int)length, text);
    text += length + 1;
    bool range = read_range(text, &from, &to, &count);
    THRONG_REQUIRE(!range || (count >= 2 && count <= THRONG_I_VALUES_MAX), E_PARAMETER,
                   "A sweep over %s, FROM:TO:COUNT, has from 2 to %d values, got \"%.80s\".", axis->name,
                   THRONG_I_VALUES_MAX, text);
    if (range) {
        for (long i = 0; i < count; i++) {
            snprintf(number, sizeof number, "%.12g", from + (to - from) * (double)i / (double)(count - 1));
            THRONG_TRY(add_value(context, axis, number, err));
        }
        return THRONG_OK;
    }
    THRONG_TRY(throng_i_copy_text(context, text, &copy, err));
    for (char *part = copy, *next = NULL; part; part = next) {
        next = strchr(part, ',');
        if (next)
            *next++ = '\0';
        THRONG_TRY(add_value(context, axis, part, err));
    }
out:
    throng_i_free(context, copy);
    return status;
}

/* ---- the grid -------------------------------------------------------------------------------------------------- */

throng_status throng_i_grid_init(const throng_study *study, throng_i_grid *out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_grid self = {.context = study->context, .points = 1};
    const char *text = NULL;
    self.repetitions = strtoll(throng_study_text(study, "sweep.repetitions", 0), NULL, 10);
    for (int i = 0; (text = throng_study_text(study, "sweep.over", i)); i++) {
        THRONG_REQUIRE(i < THRONG_I_AXES_MAX, E_PARAMETER, "A study has at most %d sweeps.", THRONG_I_AXES_MAX);
        self.n_axes++;
        THRONG_TRY(read_axis(study->context, text, &self.axis[i], err));
        for (int j = 0; j < i; j++)
            THRONG_REQUIRE(strcmp(self.axis[j].name, self.axis[i].name) != 0, E_PARAMETER,
                           "There are two sweeps over %s: give all its values to one.", self.axis[i].name);
        self.points *= self.axis[i].n;
    }
    THRONG_REQUIRE(self.points * self.repetitions <= THRONG_I_RUNS_MAX, E_PARAMETER,
                   "%lld settings, %lld times each, are more than %d runs.", (long long)self.points,
                   (long long)self.repetitions, THRONG_I_RUNS_MAX);
    *out = self;
    return THRONG_OK;
out:
    throng_i_grid_clear(&self);
    return status;
}

void throng_i_grid_clear(throng_i_grid *self) {
    for (int a = 0; a < self->n_axes; a++) {
        for (int64_t i = 0; i < self->axis[a].n; i++)
            throng_i_free(self->context, self->axis[a].value[i]);
        throng_i_free(self->context, self->axis[a].value);
    }
    *self = (throng_i_grid){0};
}

const char *throng_i_grid_value(const throng_i_grid *self, int64_t point, int axis) {
    for (int a = self->n_axes - 1; a > axis; a--)
        point /= self->axis[a].n;
    return self->axis[axis].value[point % self->axis[axis].n];
}

throng_status throng_i_grid_study(const throng_i_grid *self, const throng_study *study, int64_t point,
                                  int64_t repetition, throng_study **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_study *copy = NULL;
    char seed[40];
    THRONG_TRY(throng_i_study_copy(study, &copy, err));
    throng_i_study_clear(copy, throng_i_study_key_index("sweep.over"));
    throng_i_study_clear(copy, throng_i_study_key_index("sweep.repetitions"));
    for (int a = 0; a < self->n_axes; a++)
        THRONG_TRY(throng_i_sweep_set(copy, self->axis[a].name, throng_i_grid_value(self, point, a), err));
    snprintf(seed, sizeof seed, "%lld",
             strtoll(throng_study_text(copy, "run.seed", 0), NULL, 10) + (long long)repetition);
    THRONG_TRY(throng_study_set(copy, "run.seed", seed, err));
    *out = copy;
    copy = NULL;
out:
    throng_study_free(copy);
    return status;
}

void throng_i_grid_print(const throng_i_grid *self, int64_t point, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int a = 0; a < self->n_axes && used < size; a++)
        used += (size_t)snprintf(out + used, size - used, "%s%s=%s", a > 0 ? ", " : "", self->axis[a].name,
                                 throng_i_grid_value(self, point, a));
}
