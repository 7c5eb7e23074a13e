/* A platform: the SQL that turns its records into events, and the head of that SQL, which says what it reads. */
#ifndef THRONG_SRC_INGEST_PLATFORM_H
#define THRONG_SRC_INGEST_PLATFORM_H

#include "ingest/json.h"

#define THRONG_I_PLATFORM_FIELDS 64

typedef enum throng_i_input {
    THRONG_I_INPUT_NDJSON, /* one JSON object a line */
    THRONG_I_INPUT_TABLE   /* CSV or Parquet, read by DuckDB */
} throng_i_input;

/* What a column of `lines` takes. */
typedef enum throng_i_field_kind {
    THRONG_I_FIELD_TEXT,    /* a JSON string; anything else is NULL */
    THRONG_I_FIELD_INTEGER, /* a JSON number that is whole and has 64 bits; anything else is NULL */
    THRONG_I_FIELD_SHAPE    /* 'object', 'array', 'string', 'number', 'true', 'false', 'null'; NULL: not there */
} throng_i_field_kind;

/* A column of `lines`: what is at the first of its paths where a line has a value of the kind. */
typedef struct throng_i_platform_field {
    char *name;
    throng_i_field_kind kind;
    int slot[4]; /* in the order of preference */
    int n_slots;
} throng_i_platform_field;

typedef struct throng_i_platform {
    throng_context *context;
    char *name; /* for messages: what was asked for */
    char *sql;  /* the whole text */
    throng_i_input input;
    throng_i_platform_field fields[THRONG_I_PLATFORM_FIELDS];
    int n_fields;
    throng_i_json_paths paths;
} throng_i_platform;

/* A platform that comes with throng: its file in ingest/ as a string. The list is generated when throng is built. */
typedef struct throng_i_platform_text {
    const char *name, *sql;
} throng_i_platform_text;
extern const throng_i_platform_text throng_i_platform_texts[];
extern const int throng_i_n_platform_texts;

/* The SQL text of that name in ingest/, NULL if there is none. */
const char *throng_i_platform_text_of(const char *name);

/* Finds a platform that comes with throng, or reads `path` (NULL: none). THRONG_E_UNKNOWN_NAME, THRONG_E_FILE,
 * THRONG_E_FORMAT. */
THRONG_MUST_USE throng_status throng_i_platform_open(throng_context *context, const char *name, const char *path,
                                                     throng_i_platform *out, throng_error *err);
void throng_i_platform_close(throng_i_platform *platform);

#endif
