/* Finding a few values in one line of JSON, while the whole line is checked.
 *
 * The paths wanted are compiled once; a line is then read in one pass without recursion and without allocating. What is
 * not strictly JSON (RFC 8259, UTF-8) is refused with the reason. */
#ifndef THRONG_SRC_INGEST_JSON_H
#define THRONG_SRC_INGEST_JSON_H

#include "core/core.h"

/* Deeper than any record of a real platform; beyond it a line is refused. */
#define THRONG_I_JSON_DEPTH 256

#define THRONG_I_JSON_NODES 256

/* Lists of children that a step keeps, so that most keys, which nobody wants, are looked up in an empty one. */
#define THRONG_I_JSON_BUCKETS 16

typedef enum throng_i_json_shape {
    THRONG_I_JSON_NONE, /* the path leads nowhere in this line */
    THRONG_I_JSON_NULL,
    THRONG_I_JSON_FALSE,
    THRONG_I_JSON_TRUE,
    THRONG_I_JSON_NUMBER,
    THRONG_I_JSON_STRING,
    THRONG_I_JSON_ARRAY,
    THRONG_I_JSON_OBJECT
} throng_i_json_shape;

/* What was found at a path; of a key given twice, the last. */
typedef struct throng_i_json_value {
    throng_i_json_shape shape;
    const char *text; /* STRING: unescaped, not terminated, may hold 0 bytes; NUMBER: as it stands; else NULL */
    int64_t length;
} throng_i_json_value;

/* One step of a path: a key of an object, or "[0]" for the first item of an array. */
typedef struct throng_i_json_node {
    char *key;
    int32_t length;
    int16_t child[THRONG_I_JSON_BUCKETS]; /* by length and first character; -1: none */
    int16_t sibling;                      /* the next one in the parent's list; -1: none */
    int16_t slot;                         /* where a value goes, -1: only a way to deeper ones */
} throng_i_json_node;

/* The paths wanted; zeroed, with the context set, there are none. */
typedef struct throng_i_json_paths {
    throng_context *context;
    throng_i_json_node nodes[THRONG_I_JSON_NODES]; /* nodes[0] is the line itself */
    int n_nodes, n_slots;
} throng_i_json_paths;

/* Adds "commit.record.langs[0]". *slot is 0, 1, ... in the order of adding; the same path twice has one slot.
 * THRONG_E_ARGUMENT: not a path, or too many. */
THRONG_MUST_USE throng_status throng_i_json_paths_add(throng_i_json_paths *paths, const char *path, int *slot,
                                                      throng_error *err);
void throng_i_json_paths_clear(throng_i_json_paths *paths);

/* Reads one line, which must be one JSON value, and fills values[n_slots]. Escapes are resolved inside `line`, which
 * the texts point into. Returns NULL, or why it is not JSON: a constant. */
const char *throng_i_json_scan(const throng_i_json_paths *paths, char *line, int64_t length,
                               throng_i_json_value *values);

/* Whether bytes are UTF-8 (no surrogates, nothing overlong, nothing beyond U+10FFFF). */
bool throng_i_is_utf8(const char *bytes, int64_t length);

#endif
