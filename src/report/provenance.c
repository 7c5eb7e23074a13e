/* What a report says about how it came about: command, inputs, machine, citations, and remarks in sentences. */
#define _DEFAULT_SOURCE
#include "report/report.h"

#include "attribution/attribution.h"
#include "population/graph.h"
#include "table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void put(throng_i_reporter *self, json_t *object, const char *key, json_t *item) {
    throng_i_json_put(&self->failed, object, key, item);
}

/* ---- machine --------------------------------------------------------------------------------------------------- */

/* The processor's name as Linux has it; false elsewhere. */
static bool processor_name(char *out, size_t size) {
    char line[256];
    bool found = false;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *value = strncmp(line, "model name", 10) == 0 ? strchr(line, ':') : NULL;
        if (!value)
            continue;
        value += strspn(value, ": \t");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
        found = true;
    }
    if (file)
        fclose(file);
    return found;
}

static json_t *machine(throng_i_reporter *self) {
    struct utsname system;
    char text[256];
    json_t *object = json_object();
    if (uname(&system) == 0) {
        snprintf(text, sizeof text, "%.60s %.80s %.60s", system.sysname, system.release, system.machine);
        put(self, object, "system", throng_i_json_string(text));
    }
    put(self, object, "processor", processor_name(text, sizeof text) ? throng_i_json_string(text) : json_null());
    put(self, object, "processors", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    put(self, object, "memory_bytes",
        json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * (json_int_t)sysconf(_SC_PAGE_SIZE)));
    put(self, object, "threads", json_integer(throng_context_threads(self->context)));
    return object;
}

/* ---- provenance ------------------------------------------------------------------------------------------------ */

/* When the work began: now, less the time it took so far. */
static json_t *started(const throng_i_reporter *self) {
    char text[32];
    struct tm utc;
    double seconds = 0.0;
    for (int i = 0; i < self->def->n_timings; i++)
        seconds += self->def->timings[i].seconds;
    time_t then = time(NULL) - (time_t)seconds;
    if (!gmtime_r(&then, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        return json_null();
    return json_string(text);
}

static json_t *inputs(throng_i_reporter *self) {
    json_t *list = json_array();
    for (int i = 0; i < self->def->n_sources; i++) {
        const throng_source *source = &self->def->sources[i];
        json_t *object = json_object();
        put(self, object, "path", throng_i_json_string(source->path));
        put(self, object, "bytes", json_integer(source->bytes));
        put(self, object, "hash", throng_i_json_string(source->hash));
        throng_i_json_append(&self->failed, list, object);
    }
    return list;
}

/* Where a graph is kept, whether it was read from there, and what was wrong. */
static json_t *graph_cache(throng_i_reporter *self) {
    const throng_i_graph_kept *kept = &self->graph->kept;
    json_t *object = json_object();
    put(self, object, "state", throng_i_json_string(kept->state));
    put(self, object, "file", throng_i_json_string(kept->file));
    put(self, object, "remark", throng_i_json_string(kept->remark[0] ? kept->remark : NULL));
    return object;
}

json_t *throng_i_report_provenance(throng_i_reporter *self) {
    struct rusage usage;
    json_t *object = json_object();
    put(self, object, "command", throng_i_json_string(self->def->command));
    put(self, object, "started", started(self));
    put(self, object, "seed", json_integer((json_int_t)self->def->seed));
    put(self, object, "inputs", inputs(self));
    if (self->graph && self->graph->kept.state)
        put(self, object, "graph_cache", graph_cache(self));
    put(self, object, "machine", machine(self));
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        put(self, object, "peak_memory_bytes", json_integer((json_int_t)usage.ru_maxrss * 1024));
    return object;
}

/* ---- citations ------------------------------------------------------------------------------------------------- */

void throng_i_report_cite_text(throng_i_reporter *self, json_t *list, const char *what, const char *reference) {
    json_t *object = json_object();
    put(self, object, "for", throng_i_json_string(what));
    put(self, object, "reference", throng_i_json_string(reference));
    throng_i_json_append(&self->failed, list, object);
}

void throng_i_report_cite_about(throng_i_reporter *self, json_t *list, const char *what, const throng_about *about) {
    char text[160];
    if (!about)
        return;
    snprintf(text, sizeof text, "%s %s", what, about->name);
    throng_i_report_cite_text(self, list, text, about->reference);
}

json_t *throng_i_report_cite_throng(throng_i_reporter *self, json_t *list) {
    char text[160];
    snprintf(text, sizeof text, "throng %s (revision %s)", throng_version(), throng_revision());
    throng_i_report_cite_text(self, list, "software", text);
    return list;
}

const throng_about *throng_i_report_plugin(const throng_i_reporter *self, throng_kind kind, const char *spec) {
    char name[80];
    const throng_about *about = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":"), spec);
    return throng_context_find(self->context, kind, name, &about, NULL) == THRONG_OK ? about : NULL;
}

json_t *throng_i_report_cite(throng_i_reporter *self) {
    const char *method = throng_attribution_resolved(self->attribution).method;
    const throng_simulation *simulation = throng_attribution_simulation(self->attribution);
    json_t *list = json_array();
    throng_i_report_cite_about(self, list, "indicator", &throng_attribution_indicator(self->attribution)->about);
    throng_i_report_cite_about(self, list, "method", throng_i_report_plugin(self, THRONG_KIND_METHOD, method));
    if (simulation)
        throng_i_report_cite_about(self, list, "world", &throng_simulation_world(simulation)->about);
    if (self->def->panel)
        throng_i_report_cite_text(
            self, list, "panel",
            "Efraimidis and Spirakis 2006, Weighted random sampling with a reservoir, doi 10.1016/j.ipl.2005.11.003");
    return throng_i_report_cite_throng(self, list);
}

/* ---- remarks --------------------------------------------------------------------------------------------------- */

#define SHIFTED    "%.6g of the change is a shift of the baseline between the two times, credited to nobody."
#define SHIFT_TOLD 1e-12 /* relative to the indicator: a smaller shift of the baseline is rounding */

static void note(throng_i_reporter *self, json_t *list, const char *format, ...) THRONG_PRINTF(3, 4);
static void note(throng_i_reporter *self, json_t *list, const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throng_i_json_append(&self->failed, list, throng_i_json_string(text));
}

static void note_indicator(throng_i_reporter *self, json_t *list) {
    const throng_indicator *indicator = throng_attribution_indicator(self->attribution);
    const char *name = indicator->about.name;
    if (!throng_attribution_weighted(self->attribution) && self->population->weight.name)
        note(self, list, "%s counts everyone equally: %s %s.", name, self->population->weight.name,
             self->population->cohort[0].name ? "plays no part in it" : "only forms the cohorts");
    if (throng_attribution_reference_crowd(self->attribution))
        note(self, list,
             "%s starts from a normal crowd with the observed mean and spread: absent agents are part of it.", name);
    if (indicator->flags & THRONG_INDICATOR_KINKED)
        note(self, list, "%s is not differentiable where states tie: its credits are then one choice among several.",
             name);
    if (!indicator->gradient && indicator->form != THRONG_FORM_DISTRIBUTION && indicator->form != THRONG_FORM_NETWORK)
        note(self, list, "%s has no gradient of its own: central differences were taken.", name);
}

static void note_change(throng_i_reporter *self, json_t *list) {
    const throng_population *population = self->population;
    const int64_t *row = self->attribution->change_row;
    throng_change change = throng_attribution_change(self->attribution);
    bool shifted = fabs(change.baseline_shift) > SHIFT_TOLD * (fabs(change.before) + fabs(change.after));
    int64_t neither = 0, last = population->n_times - 1;
    if (last == 0)
        return;
    if (self->attribution->cohort_phi) {
        note(self, list,
             "A cohort's part in the change is its credit at the last time less that at the first, whoever was "
             "in it.");
        if (shifted)
            note(self, list, SHIFTED, change.baseline_shift);
        return;
    }
    for (int64_t agent = 0; row && agent < population->n_agents; agent++)
        neither += row[agent] < 0;
    int64_t ends = population->offsets[1] + population->offsets[last + 1] - population->offsets[last];
    int64_t one = 2 * (population->n_agents - neither) - ends; /* whoever is at both is counted twice in `ends` */
    if (shifted)
        note(self, list, SHIFTED, change.baseline_shift);
    char count[THRONG_I_COUNT_LENGTH];
    if (one > 0)
        note(self, list, "%s agent%s there at only one of the two times, and contribute%s 0 at the other.",
             throng_i_count_print(one, count), one == 1 ? " is" : "s are", one == 1 ? "s" : "");
    if (neither > 0)
        note(self, list, "%s agent%s there at neither of the two times, with no part in the change.",
             throng_i_count_print(neither, count), neither == 1 ? " is" : "s are");
}

/* Tables of random numbers say so, lest somebody takes what comes out for a finding. */
static void note_made_up(throng_i_reporter *self, json_t *list) {
    char origin[THRONG_I_ORIGIN_LENGTH];
    for (int i = 0; i < self->def->n_sources; i++) {
        const char *path = self->def->sources[i].path, *slash = strrchr(path, '/');
        throng_i_table_read_origin(self->context, path, origin);
        /* Without folders: a study that repeats the run says the same. */
        if (origin[0])
            note(self, list, "%s holds random numbers, made by %s.", slash ? slash + 1 : path, origin);
    }
}

json_t *throng_i_report_notes(throng_i_reporter *self) {
    const throng_population *population = self->population;
    json_t *list = json_array();
    char count[THRONG_I_COUNT_LENGTH], all[THRONG_I_COUNT_LENGTH];
    if (population->n_dropped > 0)
        note(self, list, "%s row%s with a missing or infinite number left out.",
             throng_i_count_print(population->n_dropped, count), population->n_dropped == 1 ? " was" : "s were");
    if (throng_population_unlisted(population) > 0)
        note(self, list, "%s of %s agents %s not in the cohort table, but in the cohort \"(none)\".",
             throng_i_count_print(throng_population_unlisted(population), count),
             throng_i_count_print(population->n_agents, all),
             throng_population_unlisted(population) == 1 ? "is" : "are");
    if (self->attribution->cohort_phi)
        note(self, list, "The players are cohorts, all members taking part together: no agent has credit of its own.");
    if (!population->ids.name && population->n_times > 1)
        note(self, list, "There is no id column: every row is an agent of its own, also over time.");
    for (int i = 0; i < self->def->n_sources; i++)
        if (strcmp(self->def->sources[i].path, "-") == 0)
            note(self, list, "The table came through standard input: to repeat the run, send the same data again.");
    note_made_up(self, list);
    note_indicator(self, list);
    note_change(self, list);
    if (throng_i_report_total(self, population->n_times > 1 ? -1 : 0) == 0.0)
        note(self, list, "The credits add up to exactly 0, so no shares can be given.");
    if (self->def->aggregates)
        note(self, list,
             "The credits are those that these agents have in the crowd of %s that the aggregates are of, and the "
             "certificate is that crowd's; a few agents do not add up to what moved it.",
             throng_i_count_print(throng_aggregates_agents(self->def->aggregates), count));
    if (self->def->panel && !self->def->panel->given && !population->weight.name)
        note(self, list, "Without weights the panel was drawn with equal chances.");
    return list;
}
