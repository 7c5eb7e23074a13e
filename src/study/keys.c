/* The one table of settings, and what follows from it: names, bounds, the form of a value. */
#include "study/study.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A seed passes through doubles (JSON readers have nothing else), which hold every whole number up to here. */
#define SEED_MAX 9007199254740991.0

#define TEXT(key, option, placeholder, fallback, doc)                                                                  \
    { key, option, placeholder, THRONG_KEY_TEXT, fallback, NULL, 0, 0, doc, false }
#define LIST(key, option, placeholder, files, doc)                                                                     \
    { key, option, placeholder, THRONG_KEY_TEXT_LIST, NULL, NULL, 0, 0, doc, files }
#define CHOICE(key, option, choices, fallback, doc)                                                                    \
    { key, option, choices, THRONG_KEY_CHOICE, fallback, choices, 0, 0, doc, false }
#define INTEGER(key, option, fallback, minimum, maximum, doc)                                                          \
    { key, option, "N", THRONG_KEY_INTEGER, fallback, NULL, minimum, maximum, doc, false }

#define FILE_OF(key, option, doc)                                                                                      \
    { key, option, "FILE", THRONG_KEY_TEXT, NULL, NULL, 0, 0, doc, true }

static const throng_study_key keys[] = {
    LIST("population.table", NULL, "TABLE", true,
         "Parquet, CSV or NDJSON (also .gz, .zst), a DuckDB file with #table, a glob, or - for standard input; "
         "several files are one table"),
    TEXT("population.generate", "--generate", "NAME[:KEY=VALUE,...]", NULL,
         "make the crowd instead of reading a table: see throng list generators"),
    INTEGER("population.agents", "--agents", "1000", 1, 2147483647.0, "how many agents to make"),
    TEXT("population.state", "--state", "COL", NULL,
         "column with each agent's state (required; \"state\" of a crowd that is made)"),
    TEXT("population.id", "--id", "COL", NULL,
         "column that says who it is; without it every row is an agent, numbered from 1"),
    TEXT("population.time", "--time", "COL", NULL, "column that says when; each time is attributed, and the change"),
    TEXT("population.weight", "--weight", "COL", NULL, "column with each agent's weight or visibility"),
    TEXT("population.where", "--where", "SQL", NULL, "condition that rows must fulfil, such as \"followers > 10\""),
    CHOICE("population.missing", "--missing", "error|drop", "error", "what to do with rows that lack a number"),
    LIST("graph.edges", "--graph", "EDGES", true,
         "table of edges between agents, for network indicators and worlds; files as for TABLE, several are one table"),
    TEXT("graph.model", "--graph-model", "NAME[:KEY=VALUE,...]", NULL,
         "draw a graph instead of reading one: see throng list graphs"),
    TEXT("graph.source", "--source", "COL", NULL, "column of the edges with the id of the agent they come from"),
    TEXT("graph.target", "--target", "COL", NULL, "column of the edges with the id of the agent they go to"),
    TEXT("graph.weight", "--edge-weight", "COL", NULL, "column of the edges with their weight; default: all 1"),
    CHOICE("graph.missing", "--edges-missing", "error|drop", "error", "what to do with edges of unknown agents"),
    CHOICE("graph.self-loops", "--self-loops", "error|drop|keep", "error",
           "what to do with edges from an agent to itself"),
    {"graph.cache", "--graph-cache", "FOLDER", THRONG_KEY_TEXT, NULL, NULL, 0, 0,
     "keep the graph of a table in FOLDER, ready made, and take it from there as long as nothing has changed", true},
    TEXT("world.name", "--world", "NAME[:KEY=VALUE,...]", NULL,
         "run the crowd from its states through a world first: see throng list worlds"),
    INTEGER("world.steps", "--steps", "10", 0, 1000000, "how many steps the world makes"),
    CHOICE("world.participation", "--participation", "influence|innate", NULL,
           "what taking part means in a world; default: the world's"),
    TEXT("world.column", "--column", "NAME", NULL,
         "which of the world's columns the indicator looks at; default: the first"),
    INTEGER("world.memory", NULL, NULL, 1, 1048576,
            "megabytes for recorded states; with less, steps are computed again, to the same bits; default: as "
            "run.memory, or 1024"),
    INTEGER("world.record-every", "--record-every", "0", 0, 1000000,
            "states of every N-th step go to states.parquet, the last always; 0: the last alone"),
    TEXT("world.over", "--over", "final|mean|max|...", "final",
         "which number of a run: final, mean, change, ewma:PAST, fluctuation:START, max, min, cascade-reach, "
         "time-to-half, survival-time:LEVEL, drawdown, realised-volatility, price-crash"),
    TEXT("policy.name", "--policy", "NAME", NULL, "how agents of a world decide: see throng list policies"),
    FILE_OF("policy.file", "--policy-file", "what it plays: a rule, or a table such as throng distill makes"),
    CHOICE("policy.play", "--play", "likely|drawn", "likely",
           "actions are done as far as they are likely, or drawn: then the world is not smooth"),
    FILE_OF("policy.personas", "--personas",
            "table of personas, with shares, or of the shares of their traits: see docs/language-models.md"),
    TEXT("policy.persona", "--persona", "COL", NULL,
         "column of TABLE with each agent's persona; default: drawn by the shares"),
    FILE_OF("policy.prompt", NULL, "template of what a model is told"),
    LIST("policy.bins", NULL, "SIGHT=N", false,
         "how many values of what is seen throng distill asks about; default: as many as can be paid"),
    INTEGER("policy.samples", NULL, NULL, 1, 1000000, "answers to a question without log-probabilities; default: 20"),
    INTEGER("policy.orders", NULL, "2", 1, 64, "orders of the actions that log-probabilities are averaged over"),
    INTEGER("policy.refits", "--refits", "4", 0, 1000,
            "how often to attribute again with distilled answers moved by their errors"),
    TEXT("model.endpoint", NULL, "URL", NULL, "server to ask, with the version: http://127.0.0.1:8000/v1"),
    TEXT("model.name", NULL, "NAME", NULL, "model, as the server calls it"),
    CHOICE("model.api", NULL, "chat|completions", "chat", "which of the protocol's calls to use"),
    TEXT("model.key-variable", NULL, "NAME", NULL, "environment variable that holds the key"),
    FILE_OF("model.key-file", NULL, "file that holds the key"),
    FILE_OF("model.script", NULL, "ask the rule in FILE, or - for none, and no model"),
    FILE_OF("model.replay", NULL, "take answers from a transcript, and ask nobody"),
    FILE_OF("model.cache", NULL, "keep answers in FILE, and take them from there"),
    CHOICE("model.cache-mode", NULL, "write|read|strict|off", "write",
           "keep new answers too, or not; strict: a missing answer is an error"),
    FILE_OF("model.transcript", NULL, "add every question and answer to FILE"),
    INTEGER("model.concurrency", NULL, "16", 1, 1024, "requests under way at once"),
    {"model.timeout", NULL, "SECONDS", THRONG_KEY_REAL, "120", NULL, 1e-3, 86400, "longest wait for one answer", false},
    INTEGER("model.retries", NULL, "5", 1, 100, "further attempts for one request"),
    CHOICE("model.seed", NULL, "send|omit", "send", "whether requests have a seed, which some servers refuse"),
    INTEGER("model.max-calls", NULL, NULL, 1, 1e15, "stop before more answers than that"),
    INTEGER("model.max-total-tokens", NULL, NULL, 1, 1e15, "stop before more tokens than that, prompts included"),
    TEXT("attribution.indicator", "--indicator", "NAME[:KEY=VALUE,...]", "variance", "see throng list indicators"),
    TEXT("attribution.method", "--method", "NAME[:KEY=VALUE,...]", "aumann-shapley", "see throng list methods"),
    CHOICE("attribution.players", "--players", "agents|cohorts", "agents",
           "who gets credit; cohorts: all members take part together, and no agent has credit of its own"),
    CHOICE("attribution.path", "--path", "state|presence", NULL, "what taking part means; default: the indicator's"),
    TEXT("attribution.baseline", "--baseline", "neutral|mean|first|COL", NULL,
         "where the path starts; column:NAME for a column named so; default: the indicator's"),
    {"attribution.tolerance", "--tolerance", "X", THRONG_KEY_REAL, "1e-10", NULL, 1e-16, 0.1,
     "efficiency residual and change of rule that are accepted", false},
    INTEGER("attribution.nodes-max", "--nodes-max", "1024", 2, 8192, "most quadrature nodes to try"),
    LIST("cohorts.by", "--cohort-by", "COL", false,
         "column that divides agents into cohorts; given again, one that divides these; default: the weight"),
    {"cohorts.cuts", "--cuts", "Q,...", THRONG_KEY_REAL_LIST, NULL, NULL, 0, 1,
     "quantiles between cohorts, ascending; default: 0.9,0.999", false},
    LIST("cohorts.table", "--cohort-table", "TABLE", true,
         "second table, a row an agent, that has the columns of --cohort-by; files as for TABLE"),
    TEXT("cohorts.key", "--cohort-key", "COL", NULL, "column of that table with the agents' ids; default: as --id"),
    CHOICE("cohorts.missing", "--cohort-missing", "error|none", "error",
           "what to do with agents that are not in that table: none makes them a cohort \"(none)\""),
    INTEGER("panel.size", "--size", NULL, 1, 1000000, "size of a panel to draw and attribute alone, beside the crowd"),
    CHOICE("panel.bias", "--bias", "weight|uniform|top", "weight",
           "who gets into the panel: drawn by weight, drawn with equal chances, those of largest weight"),
    INTEGER("panel.draws", "--draws", "200", 0, 100000,
            "how many further panels to draw, to say how much of the comparison is chance"),
    {"panel.aggregates", "--aggregates", "FILE", THRONG_KEY_TEXT, NULL, NULL, 0, 0,
     "the table is a panel: credit its agents as in the crowd whose aggregates (throng aggregates) these are", true},
    TEXT("intervene.target", NULL, "CHANGE", NULL,
         "what is to become of the indicator: a change such as -20%, or a value such as 0.25"),
    {"intervene.budget", NULL, "X", THRONG_KEY_REAL, "0.01", NULL, 1e-12, 1,
     "most influence that may be taken, as a share of everybody's", false},
    CHOICE("intervene.by", NULL, "dampening|silencing", "dampening",
           "take as little influence as possible, or silence as few agents as possible"),
    INTEGER("report.top", "--top", "20", 0, 100000, "how many agents to list"),
    LIST("sweep.over", "--sweep", "KEY=V,V,...", false,
         "run for each of several values of a setting, such as world.steps=5,10,20 or, of a parameter, "
         "world.confidence=0.1:0.5:9 (from, to, how many); several sweeps make a grid"),
    INTEGER("sweep.repetitions", "--repetitions", "1", 1, 1000000,
            "run so often, with seeds one after the other, for means and their intervals"),
    INTEGER("run.seed", "--seed", "0", 0, SEED_MAX, "seed of whatever is drawn at random"),
    INTEGER("run.memory", "--memory", NULL, 1, 1048576,
            "megabytes to take: larger columns are in files without a name beside DIR, recorded states are computed "
            "again, to the same bits; default: what there is, and 1024 for recorded states"),
    LIST("run.plugins", "--plugin", "FILE.so", true, "load indicators and methods from a shared object"),
};

#define KEY_COUNT ((int)(sizeof keys / sizeof *keys))
_Static_assert(sizeof keys / sizeof *keys <= THRONG_I_KEYS_MAX, "room for every key in a study");

int throng_study_key_count(void) {
    return KEY_COUNT;
}

const throng_study_key *throng_study_key_at(int index) {
    return index >= 0 && index < KEY_COUNT ? &keys[index] : NULL;
}

int throng_i_study_key_index(const char *key) {
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].key, key) == 0)
            return i;
    return -1;
}

bool throng_i_study_key_plugin(const char *key, throng_kind *kind) {
    static const struct {
        const char *key;
        throng_kind kind;
    } named[] = {{"population.generate", THRONG_KIND_GENERATOR},
                 {"graph.model", THRONG_KIND_GRAPH},
                 {"world.name", THRONG_KIND_WORLD},
                 {"policy.name", THRONG_KIND_POLICY},
                 {"attribution.indicator", THRONG_KIND_INDICATOR},
                 {"attribution.method", THRONG_KIND_METHOD}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(named[i].key, key) == 0) {
            *kind = named[i].kind;
            return true;
        }
    return false;
}

void throng_i_study_key_allowed(const throng_study_key *key, char *out, size_t size) {
    switch (key->kind) {
    case THRONG_KEY_CHOICE: {
        size_t used = (size_t)snprintf(out, size, "one of ");
        for (const char *c = key->choices; *c && used + 3 < size; c++) {
            if (*c == '|') {
                out[used++] = ',';
                out[used++] = ' ';
            } else {
                out[used++] = *c;
            }
        }
        out[used] = '\0';
        return;
    }
    case THRONG_KEY_INTEGER:
        snprintf(out, size, "a whole number from %.0f to %.0f", key->minimum, key->maximum);
        return;
    case THRONG_KEY_REAL:
        snprintf(out, size, "a number from %g to %g", key->minimum, key->maximum);
        return;
    case THRONG_KEY_REAL_LIST:
        snprintf(out, size, "ascending numbers between %g and %g with commas between them", key->minimum, key->maximum);
        return;
    default:
        snprintf(out, size, "text that is not empty");
    }
}

#define CHOICES_MAX 8

/* ` Did you mean "uniform"?`, or "" if no choice is near. */
static void suggest(const throng_study_key *key, const char *value, char *out, size_t size) {
    char choices[120];
    const char *names[CHOICES_MAX], *near = NULL;
    int n = 0;
    out[0] = '\0';
    if (key->kind != THRONG_KEY_CHOICE)
        return;
    snprintf(choices, sizeof choices, "%s", key->choices);
    for (char *part = choices; part && n < CHOICES_MAX; n++) {
        names[n] = part;
        part = strchr(part, '|');
        if (part)
            *part++ = '\0';
    }
    near = throng_i_nearest(value, names, n);
    if (near)
        snprintf(out, size, " Did you mean \"%s\"?", near);
}

static throng_status refuse(const throng_study_key *key, const char *value, throng_error *err) {
    char allowed[120], hint[60];
    throng_i_study_key_allowed(key, allowed, sizeof allowed);
    suggest(key, value, hint, sizeof hint);
    if (key->option)
        return THRONG_FAIL(err, E_PARAMETER, "%s (%s) must be %s, got \"%.60s\".%s", key->option, key->key, allowed,
                           value, hint);
    return THRONG_FAIL(err, E_PARAMETER, "%s must be %s, got \"%.60s\".%s", key->key, allowed, value, hint);
}

/* Reads a number that may have underscores between digits: 1_671_587. */
static bool read_number(const char *text, double *out) {
    char plain[64];
    size_t n = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '_' && c > text && isdigit((unsigned char)c[-1]) && isdigit((unsigned char)c[1]))
            continue;
        bool exotic = !isdigit((unsigned char)*c) && !strchr("+-.eE", *c); /* strtod also takes inf, nan, 0x1p3 */
        if (n + 1 >= sizeof plain || exotic)
            return false;
        plain[n++] = *c;
    }
    plain[n] = '\0';
    char *end = NULL;
    *out = strtod(plain, &end);
    return n > 0 && *end == '\0' && isfinite(*out);
}

static bool in_choices(const char *choices, const char *value) {
    size_t n = strlen(value);
    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
        if (n > 0 && strncmp(c, value, n) == 0 && (c[n] == '|' || c[n] == '\0'))
            return !strchr(value, '|');
    return false;
}

/* Whether text is UTF-8 without control characters: it goes into YAML and JSON as it is. */
static bool is_plain_text(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    while (*c) {
        int more = *c < 0x80 ? 0 : *c >= 0xC2 && *c < 0xE0 ? 1 : *c >= 0xE0 && *c < 0xF0 ? 2 : *c < 0xF5 ? 3 : 4;
        if (more == 4 || (*c >= 0x80 && *c < 0xC2) || (*c < 0x20 && *c != '\t' && *c != '\n') || *c == 0x7F)
            return false;
        if ((*c == 0xE0 && c[1] < 0xA0) || (*c == 0xED && c[1] > 0x9F) || (*c == 0xF0 && c[1] < 0x90) ||
            (*c == 0xF4 && c[1] > 0x8F))
            return false;
        for (c++; more > 0; more--, c++)
            if ((*c & 0xC0) != 0x80)
                return false;
    }
    return true;
}

throng_status throng_i_study_key_check(const throng_study_key *key, const char *value, char *out, size_t size,
                                       throng_error *err) {
    double number = 0.0;
    snprintf(out, size, "%s", value);
    switch (key->kind) {
    case THRONG_KEY_INTEGER:
        if (!read_number(value, &number) || number < key->minimum || number > key->maximum || number != floor(number))
            return refuse(key, value, err);
        snprintf(out, size, "%.0f", number);
        return THRONG_OK;
    case THRONG_KEY_REAL:
        if (!read_number(value, &number) || number < key->minimum || number > key->maximum)
            return refuse(key, value, err);
        return THRONG_OK;
    case THRONG_KEY_REAL_LIST:
        if (!read_number(value, &number) || number <= key->minimum || number >= key->maximum)
            return refuse(key, value, err);
        return THRONG_OK;
    case THRONG_KEY_CHOICE:
        return in_choices(key->choices, value) ? THRONG_OK : refuse(key, value, err);
    default:
        if (!*value)
            return refuse(key, value, err);
        if (!is_plain_text(value))
            return THRONG_FAIL(err, E_PARAMETER, "%s must be UTF-8 text without control characters.", key->key);
        if (strlen(value) >= size)
            return THRONG_FAIL(err, E_PARAMETER, "%s is longer than %zu characters.", key->key, size - 1);
        return THRONG_OK;
    }
}
