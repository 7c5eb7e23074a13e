/* The answer of a run, in a sentence or two: written once, into report.json, where the command line, the page, the
 * server and Python read it.
 *
 * It is made from the finished document alone. Beside the text stands every number that it was made from, with its key:
 * nothing is said that the report does not have. */
#include "report/report.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX    1600
#define NAME_SHOWN  60
#define PLACE_SHOWN 40 /* of columns and times */

typedef struct writer {
    const json_t *report;
    char text[TEXT_MAX];
    size_t used;
    json_t *rests_on; /* {key, value} in the order of the text */
    bool failed;
} writer;

/* ---- reading the document -------------------------------------------------------------------------------------- */

/* What stands at a place like "cohorts[2].share"; NULL if there is nothing. */
static const json_t *find(const json_t *at, const char *key) {
    while (at && *key) {
        char name[64];
        size_t n = strcspn(key, ".[");
        snprintf(name, sizeof name, "%.*s", (int)n, key);
        at = json_object_get(at, name);
        key += n;
        if (*key == '[') {
            char *end = NULL;
            at = json_array_get(at, strtoul(key + 1, &end, 10));
            key = end + (*end == ']');
        }
        key += *key == '.';
    }
    return at;
}

static double number(const writer *self, const char *key) {
    const json_t *item = find(self->report, key);
    return json_is_number(item) ? json_number_value(item) : (double)NAN;
}

static const char *text_of(const json_t *item) {
    return json_is_string(item) ? json_string_value(item) : "";
}

static const char *word(const writer *self, const char *key) {
    return text_of(find(self->report, key));
}

static bool is_true(const writer *self, const char *key) {
    return json_is_true(find(self->report, key));
}

static bool is_change(const writer *self) {
    return number(self, "times") > 1.0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void say(writer *self, const char *format, ...) THRONG_PRINTF(2, 3);
static void say(writer *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(self->text + self->used, sizeof self->text - self->used, format, arguments);
    va_end(arguments);
    self->used = n < 0                                        ? self->used
                 : self->used + (size_t)n < sizeof self->text ? self->used + (size_t)n
                                                              : TEXT_MAX - 1;
}

/* What was written, as an item of the document; the next text begins anew. */
static json_t *take(writer *self) {
    json_t *text = throng_i_json_string(self->text);
    self->text[0] = '\0';
    self->used = 0;
    return text;
}

static void rest_on(writer *self, const char *key) {
    json_t *one = json_object();
    const json_t *item = find(self->report, key);
    throng_i_json_put(&self->failed, one, "key", json_string(key));
    throng_i_json_put(&self->failed, one, "value", item ? json_copy((json_t *)(uintptr_t)item) : json_null());
    throng_i_json_append(&self->failed, self->rests_on, one);
}

static void say_value(writer *self, const char *key) {
    say(self, "%s", throng_phrase_value(number(self, key)).text);
    rest_on(self, key);
}

static void say_share(writer *self, const char *key) {
    say(self, "%s", throng_phrase_share(number(self, key)).text);
    rest_on(self, key);
}

static throng_phrase count_of(const writer *self, const char *key) {
    return throng_phrase_count(json_integer_value(find(self->report, key)));
}

/* "1,234 agents", "1 agent"; without a noun the number alone */
static void say_count(writer *self, const char *key, const char *noun) {
    double n = number(self, key);
    say(self, "%s", count_of(self, key).text);
    if (*noun)
        say(self, " %s%s", noun, n == 1.0 ? "" : "s");
    rest_on(self, key);
}

/* "max of variance of opinion" */
static void say_subject(writer *self) {
    static const char *const columns[] = {"world.column", "indicator.column", "columns.state"};
    const char *over = word(self, find(self->report, "world.over") ? "world.over" : "indicator.over"), *column = "";
    for (size_t i = 0; i < sizeof columns / sizeof *columns && !*column; i++)
        column = word(self, columns[i]);
    if (*over && strcmp(over, "final") != 0)
        say(self, "%s of ", throng_phrase_clip(over, PLACE_SHOWN).text);
    say(self, "%s of ", throng_phrase_clip(word(self, "indicator.name"), NAME_SHOWN).text);
    say(self, "%s", *column ? throng_phrase_clip(column, PLACE_SHOWN).text : "the states");
}

/* "day 14", "2024-11-05"; false without a time */
static bool say_time(writer *self, const char *before, const char *key) {
    const char *label = word(self, key), *digits = label + (*label == '-');
    bool bare = strspn(digits, "0123456789") == strlen(digits);
    char text[300];
    if (!*label)
        return false;
    snprintf(text, sizeof text, "%.120s%s%.120s", bare ? word(self, "columns.time") : "", bare ? " " : "", label);
    say(self, "%s%s", before, throng_phrase_clip(text, PLACE_SHOWN).text);
    return true;
}

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

/* Leaves out the first " is " of every part: "party Labour, chamber Lords". */
static void leave_out_is(const char *meaning, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (const char *part = meaning, *next = NULL; part && used < size; part = next) {
        next = strstr(part, ", ");
        int length = next ? (int)(next - part) : (int)strlen(part);
        const char *is = strstr(part, " is ");
        int before = is && is < part + length ? (int)(is - part) : length, skip = before < length ? 3 : 0;
        used += (size_t)snprintf(out + used, size - used, "%s%.*s%.*s", part == meaning ? "" : ", ", before, part,
                                 length - before - skip, part + before + skip);
        next = next ? next + 2 : NULL;
    }
}

/* A cohort in a sentence: "the head", "the top 10 % by followers", "language en". */
static throng_phrase cohort_phrase(const json_t *cohort) {
    static const char *const places[] = {"head", "middle", "long tail"};
    const char *name = text_of(json_object_get(cohort, "name")), *meaning = text_of(json_object_get(cohort, "meaning"));
    char text[400];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(name, places[i]) == 0)
            meaning = name;
    if (strstr(meaning, " is "))
        leave_out_is(meaning, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s%s", strncmp(meaning, "the ", 4) == 0 ? "" : "the ", meaning);
    return throng_phrase_clip(text, 44);
}

/* The cohort with the largest |share| of those that are not `taken`; -1 if there is none. */
static int largest_cohort(const json_t *cohorts, const int *taken, int n_taken) {
    double most = -1.0;
    int found = -1;
    for (int i = 0; i < (int)json_array_size(cohorts); i++) {
        const json_t *share = json_object_get(json_array_get(cohorts, (size_t)i), "share");
        bool free = json_is_number(share);
        for (int t = 0; t < n_taken; t++)
            free = free && taken[t] != i;
        if (free && fabs(json_number_value(share)) > most) {
            most = fabs(json_number_value(share));
            found = i;
        }
    }
    return found;
}

/* What shares are a part of. */
static const char *whole_of(const writer *self) {
    double sum = number(self, "certificate.sum_phi");
    if (!is_change(self))
        return "total";
    return sum > 0.0 ? "rise" : sum < 0.0 ? "fall" : "change";
}

/* " The long tail carried 61.0 % of the rise, the middle 27.3 %, the head 11.7 %." */
static void say_shares(writer *self) {
    const json_t *cohorts = find(self->report, "cohorts");
    int taken[3], n = 0;
    char key[64];
    if (json_array_size(cohorts) < 2)
        return;
    for (; n < 3; n++) {
        int at = largest_cohort(cohorts, taken, n);
        if (at < 0)
            break;
        throng_phrase who = cohort_phrase(json_array_get(cohorts, (size_t)at));
        taken[n] = at;
        snprintf(key, sizeof key, "cohorts[%d].share", at);
        if (n == 0)
            who.text[0] = (char)toupper((unsigned char)who.text[0]);
        say(self, n == 0 ? " %s carried " : ", %s ", who.text);
        say_share(self, key);
        if (n == 0)
            say(self, " of the %s", whole_of(self));
    }
    if (n > 0)
        say(self, ".");
}

/* ---- by the kind of run ---------------------------------------------------------------------------------------- */

/* A baseline that is less than this part of the observed number is what rounding left of nothing. */
#define ROUNDING 1e-14

static double baseline_of(const writer *self) {
    double before = number(self, "indicator.baseline"), after = number(self, "indicator.observed");
    return fabs(before) < ROUNDING * fabs(after) ? 0.0 : before;
}

static void say_baseline(writer *self) {
    say(self, "%s", throng_phrase_value(baseline_of(self)).text);
    rest_on(self, "indicator.baseline");
}

/* ", up 0.2 from 0.1 " */
static void say_difference(writer *self) {
    double before = baseline_of(self), after = number(self, "indicator.observed");
    say(self, ", %s %s from ", after < before ? "down" : "up", throng_phrase_value(fabs(after - before)).text);
    say_baseline(self);
    say(self, " ");
}

static void answer_change(writer *self) {
    double before = baseline_of(self), after = number(self, "indicator.observed");
    say_subject(self);
    say(self, " %s from ", after > before ? "rose" : after < before ? "fell" : "stayed the same,");
    say_baseline(self);
    say(self, " to ");
    say_value(self, "indicator.observed");
    if (say_time(self, " between ", "indicator.change_from"))
        say_time(self, " and ", "indicator.change_to");
    say(self, ".");
    say_shares(self);
}

static void answer_table(writer *self) {
    const char *kind = word(self, "indicator.baseline_kind");
    if (is_change(self)) {
        answer_change(self);
        return;
    }
    say_subject(self);
    say(self, " is ");
    say_value(self, "indicator.observed");
    if (baseline_of(self) == number(self, "indicator.observed")) {
        say(self, ", as it is at the baseline (%s).", kind);
        return;
    }
    say_difference(self);
    say(self, "at the baseline (%s).", kind);
    say_shares(self);
}

static void answer_world(writer *self) {
    const char *nobody = strcmp(word(self, "world.participation"), "innate") == 0
                             ? "if everybody came from the baseline"
                             : "if nobody had influence";
    say(self, "After ");
    say_count(self, "world.steps", "step");
    say(self, " of %s, ", throng_phrase_clip(word(self, "world.name"), NAME_SHOWN).text);
    say_subject(self);
    say(self, " is ");
    say_value(self, "indicator.observed");
    if (number(self, "indicator.baseline") == number(self, "indicator.observed")) {
        say(self, ", as it would be %s.", nobody);
        return;
    }
    say_difference(self);
    say(self, "%s.", nobody);
    say_shares(self);
}

static void answer_simulation(writer *self) {
    char key[64];
    size_t n = json_array_size(find(self->report, "trajectory")), steps = n > 0 ? n - 1 : 0;
    say(self, "After %s step%s of %s, ", throng_phrase_count((int64_t)steps).text, steps == 1 ? "" : "s",
        throng_phrase_clip(word(self, "world.name"), NAME_SHOWN).text);
    say(self, "%s of ", throng_phrase_clip(word(self, "indicator.name"), NAME_SHOWN).text);
    say(self, "%s is ", throng_phrase_clip(word(self, "indicator.column"), PLACE_SHOWN).text);
    snprintf(key, sizeof key, "trajectory[%zu].indicator", steps);
    say_value(self, key);
    say(self, "; it was ");
    say_value(self, "trajectory[0].indicator");
    say(self, ".");
}

/* The points with the least and the largest mean; false if none has one. */
static bool extreme_points(const json_t *points, size_t *low, size_t *high) {
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *mean = find(json_array_get(points, i), "value.mean");
        if (!json_is_number(mean))
            continue;
        if (json_number_value(mean) < least) {
            least = json_number_value(mean);
            *low = i;
        }
        if (json_number_value(mean) > most) {
            most = json_number_value(mean);
            *high = i;
        }
    }
    return least <= most;
}

static void answer_sweep(writer *self) {
    const json_t *settings = find(self->report, "sweep.settings"), *points = find(self->report, "sweep.points");
    char key[64];
    size_t n = json_array_size(points), low = 0, high = 0;
    say_subject(self);
    if (*word(self, "world.name"))
        say(self, " in %s", throng_phrase_clip(word(self, "world.name"), NAME_SHOWN).text);
    if (json_array_size(settings) == 0) {
        if (extreme_points(points, &low, &high)) {
            say(self, " is ");
            say_value(self, "sweep.points[0].value.mean");
            say(self, " on average");
        }
        say(self, " over ");
        say_count(self, "sweep.repetitions", "run");
        say(self, ".");
        return;
    }
    say(self, " for %s setting%s of ", throng_phrase_count((int64_t)n).text, n == 1 ? "" : "s");
    for (size_t i = 0; i < json_array_size(settings); i++)
        say(self, "%s%s", i > 0 ? " and " : "",
            throng_phrase_clip(text_of(json_array_get(settings, i)), NAME_SHOWN).text);
    say(self, ", ");
    say_count(self, "sweep.repetitions", "time");
    say(self, " each.");
    if (!extreme_points(points, &low, &high))
        return;
    say(self, " It goes from ");
    snprintf(key, sizeof key, "sweep.points[%zu].value.mean", low);
    say_value(self, key);
    say(self, " to ");
    snprintf(key, sizeof key, "sweep.points[%zu].value.mean", high);
    say_value(self, key);
    say(self, ".");
}

static void answer_intervention(writer *self) {
    bool silencing = strcmp(word(self, "intervention.by"), "silencing") == 0;
    say(self, "%s ", silencing ? "Silencing" : "Dampening");
    say_count(self, "intervention.agents", "");
    say(self, " of ");
    say_count(self, "agents", "agent");
    say(self, "%s, ", silencing ? "" : " in part or wholly");
    say_share(self, "intervention.share");
    say(self, " of everybody's influence, brings ");
    say_subject(self);
    say(self, " from ");
    say_value(self, "intervention.before");
    say(self, " to ");
    say_value(self, "intervention.value");
    say(self, "%s.", is_true(self, "intervention.reached") ? "" : ": not yet the target");
}

static void answer_corrected(writer *self) {
    say(self, "In a crowd of ");
    say_count(self, "aggregates.agents", "agent");
    say(self, ", whose ");
    say_subject(self);
    say(self, " is ");
    say_value(self, "certificate.everybody");
    say(self, ", these ");
    say_count(self, "agents", "");
    say(self, " carry ");
    say_value(self, "certificate.sum_phi");
    say(self, ".");
    if (!find(self->report, "panel"))
        return;
    say(self, " Alone they would claim ");
    say_value(self, "panel.certificate.sum_phi");
    say(self, ".");
}

#define PLAYERS_SAID 4

static void answer_solution(writer *self) {
    const json_t *players = find(self->report, "solution.players");
    const char *solver = word(self, "solution.solver");
    size_t n = json_array_size(players);
    char key[64];
    say(self, "%s, solved by %.*s", throng_phrase_clip(word(self, "solution.game"), NAME_SHOWN).text,
        (int)strcspn(solver, ":"), solver);
    for (size_t i = 0; i < n && i < PLAYERS_SAID; i++) {
        say(self, "%s%s gets ", i > 0 ? ", " : ": ", throng_phrase_clip(text_of(json_array_get(players, i)), 30).text);
        snprintf(key, sizeof key, "solution.value[%zu]", i);
        say_value(self, key);
    }
    if (n > PLAYERS_SAID)
        say(self, ", and %s more", throng_phrase_count((int64_t)(n - PLAYERS_SAID)).text);
    say(self, ".");
}

static void answer_cascades(writer *self) {
    say_count(self, "cascades.count", "cascade");
    say(self, " reach ");
    say_count(self, "certificate.reach", "member");
    if (find(self->report, "top_agents[0].share")) {
        say(self, ". Agent %s carries ", throng_phrase_clip(word(self, "top_agents[0].agent"), PLACE_SHOWN).text);
        say_share(self, "top_agents[0].share");
        say(self, " of that reach");
    }
    say(self, ".");
}

/* "A panel of 100 drawn by weight puts variance of state at 0.51, where the crowd has 0.34. It credits the head with
 * 78 % instead of 12 %." */
static void answer_panel(writer *self) {
    const json_t *cohorts = find(self->report, "panel.cohorts");
    double off = -1.0;
    int worst = -1, n = (int)json_array_size(cohorts);
    char key[64];
    for (int i = 0; i < n; i++) {
        const json_t *one = json_array_get(cohorts, (size_t)i);
        double by = fabs(json_number_value(json_object_get(one, "share")) -
                         json_number_value(json_object_get(one, "crowd_share")));
        if (by > off) {
            off = by;
            worst = i;
        }
    }
    say(self, "A panel of ");
    say_count(self, "panel.size", "");
    say(self, " drawn %s", word(self, "panel.drawn"));
    say_time(self, " on ", "panel.time");
    say(self, " puts ");
    say_subject(self);
    say(self, " at ");
    say_value(self, "panel.indicator.observed");
    say(self, ", where the crowd has ");
    say_value(self, "panel.indicator.crowd_observed");
    say(self, ".");
    if (worst < 0 || n < 2)
        return;
    say(self, " It credits %s with ", cohort_phrase(json_array_get(cohorts, (size_t)worst)).text);
    snprintf(key, sizeof key, "panel.cohorts[%d].share", worst);
    say_share(self, key);
    say(self, " instead of ");
    snprintf(key, sizeof key, "panel.cohorts[%d].crowd_share", worst);
    say_share(self, key);
    say(self, ".");
}

/* ---- of whom, how ---------------------------------------------------------------------------------------------- */

static void about_graph(writer *self) {
    if (find(self->report, "graph"))
        say(self, ", %s edge%s", count_of(self, "graph.edges").text, number(self, "graph.edges") == 1.0 ? "" : "s");
}

/* "20,000 agents in 280,000 rows, 14 times, counted by followers; state path from the neutral baseline" */
static void about_table(writer *self) {
    const char *weight = word(self, "columns.weight"), *spec = word(self, "indicator.spec"), *colon = strchr(spec, ':');
    if (is_change(self))
        say(self, " in %s rows, %s times", count_of(self, "rows").text, count_of(self, "times").text);
    about_graph(self);
    if (is_true(self, "indicator.weighted"))
        say(self, ", counted by %s", *weight ? throng_phrase_clip(weight, PLACE_SHOWN).text : "weight");
    if (strcmp(word(self, "players"), "cohorts") == 0)
        say(self, ", cohort by cohort");
    say(self, "; %s path from the %s baseline", word(self, "indicator.path"), word(self, "indicator.baseline_kind"));
    if (colon && strcmp(colon, ":weighted=false") != 0)
        say(self, "; %.200s", spec);
}

static void about_world(writer *self) {
    bool sweep = find(self->report, "sweep") != NULL; /* whose parameters change */
    about_graph(self);
    say(self, "; %.300s", word(self, sweep ? "world.name" : "world.spec"));
    if (find(self->report, "certificate")) /* a simulation alone has none */
        say(self, "; taking part is %s",
            strcmp(word(self, "world.participation"), "innate") == 0 ? "the state one came with"
                                                                     : "influence on others");
}

static void about(writer *self) {
    if (find(self->report, "solution")) {
        say(self, "%s; %s, %s iterations", word(self, "solution.size"), word(self, "solution.solver"),
            count_of(self, "solution.iterations").text);
        return;
    }
    say(self, "%s agent%s", count_of(self, "agents").text, number(self, "agents") == 1.0 ? "" : "s");
    if (find(self->report, "cascades"))
        say(self, ", %s actions", count_of(self, "actions.actions").text);
    else if (find(self->report, "world"))
        about_world(self);
    else
        about_table(self);
}

/* ---- how agents decided ---------------------------------------------------------------------------------------- */

/* A share in which rounding alone is nothing. */
static void say_part(writer *self, const char *key) {
    double share = number(self, key);
    say(self, "%s", throng_phrase_share(share < 1e-9 ? 0.0 : share).text);
}

/* "llm-archetype; in 111 held-out situations 0.9 % of decisions would be others" */
static void answer_policy(writer *self) {
    say(self, "%s", throng_phrase_clip(word(self, "policy.name"), NAME_SHOWN).text);
    if (find(self->report, "policy.asked"))
        say(self, " asked %s %s questions, %s of them different",
            throng_phrase_clip(word(self, "policy.asked.model"), NAME_SHOWN).text,
            count_of(self, "policy.asked.questions").text, count_of(self, "policy.asked.different").text);
    if (strcmp(word(self, "policy.play"), "drawn") == 0)
        say(self, ", actions drawn");
    if (number(self, "policy.fit.held_out") > 0.0) {
        say(self, "; in %s held-out situations ", count_of(self, "policy.fit.held_out").text);
        say_part(self, "policy.fit.error");
        say(self, " of decisions would be others");
    }
    if (number(self, "policy.fit.noise") > 0.0)
        say(self, " (%s by chance alone)", throng_phrase_share(number(self, "policy.fit.noise")).text);
    if (find(self->report, "policy.within_fit")) {
        say(self, "; within it the indicator lies from %s",
            throng_phrase_value(number(self, "policy.within_fit.low")).text);
        say(self, " to %s (95 %%), and phi moves by ",
            throng_phrase_value(number(self, "policy.within_fit.high")).text);
        say_part(self, "policy.within_fit.phi_moved");
        say(self, ", rank correlation at least %.4f",
            floor(1e4 * number(self, "policy.within_fit.phi_rank_correlation")) / 1e4);
    }
}

/* ---- the certificate in words ---------------------------------------------------------------------------------- */

/* A number of a certificate; the text has no room for what is not one. */
static double proven(const json_t *certificate, const char *key) {
    const json_t *item = json_object_get(certificate, key);
    return json_is_number(item) ? json_number_value(item) : (double)NAN;
}

static void say_within(writer *self, double residual, double allowed) {
    if (!(residual > 0.0)) {
        say(self, " to the last bit");
        return;
    }
    say(self, " within %.1g", residual);
    if (allowed > 0.0)
        say(self, " (%.1g is allowed)", allowed);
}

/* "the parts add up to the whole within 4e-16 (1e-10 is allowed); 2 nodes, aumann-shapley" */
static void say_proof(writer *self, const json_t *it, bool whole, const char *where) {
    double nodes = proven(it, "quadrature_nodes"), unsure = proven(it, "error_estimate");
    int64_t coalitions = json_integer_value(json_object_get(it, "evaluations"));
    const char *method = text_of(json_object_get(it, "method"));
    if (whole) {
        say(self, "the parts add up to the whole%s", where);
        say_within(self, proven(it, "efficiency_residual"), nodes > 0.0 ? proven(it, "tolerance") : 0.0);
    } else {
        say(self, "they add up to %.6g%s, the whole is %.6g", proven(it, "sum_phi"), where,
            proven(it, "everybody") - proven(it, "nobody"));
    }
    if (unsure > 0.0 && (nodes == 0.0 || coalitions > 0)) /* a path integral's is within what is allowed */
        say(self, "; relative error about %.1g", unsure);
    if (whole && coalitions > 0)
        say(self, "; %s coalitions", throng_phrase_count(coalitions).text);
    else if (nodes > 0.0)
        say(self, "; %.0f nodes", nodes);
    say(self, "%s %.*s", nodes > 0.0 || (whole && coalitions > 0) ? "," : ";", (int)strcspn(method, ":"), method);
}

/* What kind of proof it is: of a path integral, of a sampled or exact value, of some agents out of a crowd, or of a
 * method that shares out no whole. Returns whether it is to be relied on: "good", "fair" or "bad". */
static const char *say_certificate(writer *self, const char *at) {
    const json_t *it = find(self->report, at);
    bool change = is_change(self) && strcmp(at, "certificate") == 0,
         stopped = json_is_false(find(self->report, "complete"));
    bool converged = json_is_true(json_object_get(it, "converged")), sampled = json_object_get(it, "sampled") != NULL;
    char where[120] = "";
    if (change)
        snprintf(where, sizeof where, " at each of %s times and in the change", count_of(self, "times").text);
    if (stopped && sampled)
        say(self, "STOPPED EARLY after %s of %s %s, this is the estimate so far: ",
            count_of(self, "certificate.sampled").text, count_of(self, "certificate.sampled_at_most").text,
            word(self, "certificate.sampled_unit"));
    if (!json_is_true(json_object_get(it, "efficient"))) {
        say(self, "%s: ",
            find(self->report, "aggregates") && strcmp(at, "certificate") == 0
                ? "these agents are a few of a crowd that is known by its aggregates"
                : "the parts of this method need not add up to the whole");
        say_proof(self, it, false, where);
        return "fair";
    }
    if (!converged && !sampled)
        say(self, "NOT CONVERGED: ");
    else if (json_integer_value(json_object_get(it, "evaluations")) == 0)
        say(self, "exactly additive: ");
    say_proof(self, it, true, where);
    return stopped ? "fair" : converged || sampled ? "good" : "bad";
}

/* Cascades are credited by a closed form: there is only the sum to check. */
static const char *say_reach(writer *self) {
    say(self, "exactly additive: the credits sum to the %s members that somebody is above,",
        count_of(self, "certificate.reach").text);
    say_within(self, number(self, "certificate.residual"), 0.0);
    return "good";
}

static void put_certificate(writer *self, json_t *answer, const char *key, const char *at) {
    json_t *object = json_object();
    if (find(self->report, at)) {
        const char *verdict = find(self->report, "cascades") ? say_reach(self) : say_certificate(self, at);
        throng_i_json_put(&self->failed, object, "verdict", json_string(verdict));
        throng_i_json_put(&self->failed, object, "text", take(self));
        throng_i_json_put(&self->failed, answer, key, json_incref(object));
    }
    json_decref(object);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *key; /* a report that has it is answered so; the first that fits */
    void (*answer)(writer *self);
} kinds[] = {{"solution", answer_solution},     {"cascades", answer_cascades},
             {"sweep", answer_sweep},           {"intervention", answer_intervention},
             {"trajectory", answer_simulation}, {"aggregates", answer_corrected},
             {"world", answer_world},           {"indicator", answer_table}};

throng_status throng_i_report_answer(json_t *document, throng_error *err) {
    writer self = {.report = document, .rests_on = json_array()};
    json_t *answer = json_object();
    const size_t n = sizeof kinds / sizeof *kinds;
    size_t i = 0;
    while (i < n && !find(document, kinds[i].key))
        i++;
    if (i < n) { /* a shard of a sweep answers nothing */
        kinds[i].answer(&self);
        throng_i_json_put(&self.failed, answer, "text", take(&self));
        if (find(document, "panel") && !find(document, "aggregates")) {
            answer_panel(&self);
            throng_i_json_put(&self.failed, answer, "panel", take(&self));
        }
        if (find(document, "policy")) {
            answer_policy(&self);
            throng_i_json_put(&self.failed, answer, "policy", take(&self));
        }
        about(&self);
        throng_i_json_put(&self.failed, answer, "about", take(&self));
        if (find(document, "indicator")) {
            say_subject(&self);
            throng_i_json_put(&self.failed, answer, "subject", take(&self));
        }
        if (find(document, "cohorts"))
            throng_i_json_put(&self.failed, answer, "whole", json_string(whole_of(&self)));
        put_certificate(&self, answer, "certificate", "certificate");
        put_certificate(&self, answer, "panel_certificate", "panel.certificate");
        throng_i_json_put(&self.failed, answer, "rests_on", json_incref(self.rests_on));
        throng_i_json_put(&self.failed, document, "answer", json_incref(answer));
    }
    json_decref(answer);
    json_decref(self.rests_on);
    return self.failed ? THRONG_FAIL(err, E_MEMORY, "Out of memory: the report could not be made.") : THRONG_OK;
}
