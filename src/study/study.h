/* Insides of a study, shared by the files of src/study only. */
#ifndef THRONG_SRC_STUDY_STUDY_H
#define THRONG_SRC_STUDY_STUDY_H

#include "core/core.h"
#include "throng/study.h"

#define THRONG_I_KEYS_MAX 96

/* What a key was set to: one entry, or for lists any number. */
typedef struct throng_i_setting {
    char **text;
    int n, cap;
    bool loaded; /* from a file: a list begins anew when it is set */
} throng_i_setting;

struct throng_study {
    throng_context *context;
    throng_i_setting setting[THRONG_I_KEYS_MAX]; /* in the order of the table of keys */
    throng_running running;                      /* which copies do not have, ... */
    char *checkpoint;                            /* ... nor this: its path; NULL: none is kept */
};

/* Index of a key ("population.state"), -1 if there is none. */
int throng_i_study_key_index(const char *key);

/* Whether this key names a plug-in, with its parameters, and of what kind. */
bool throng_i_study_key_plugin(const char *key, throng_kind *kind);

/* What a value of this key may be: "a number from 0 to 1", "one of error, drop". */
void throng_i_study_key_allowed(const throng_study_key *key, char *out, size_t size);

/* Checks one entry and brings numbers into their plain form ("1e3" becomes "1000"). @param out [size] */
THRONG_MUST_USE throng_status throng_i_study_key_check(const throng_study_key *key, const char *value, char *out,
                                                       size_t size, throng_error *err);

/* Whether a key was set, and does not just have its default. */
bool throng_i_study_given(const throng_study *study, const char *key);

/* Forgets what a key was set to: it has its default again. */
void throng_i_study_clear(throng_study *study, int key);

/* A study of its own with the same settings. */
THRONG_MUST_USE throng_status throng_i_study_copy(const throng_study *study, throng_study **out, throng_error *err);

/* Reads a study from a text, as throng_study_load does from a file; `name` is for messages. */
THRONG_MUST_USE throng_status throng_i_study_parse(throng_study *study, const char *text, const char *name,
                                                   throng_error *err);

/* Has the context take no more memory than the study says; what is beyond goes to files beside `out`. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_study_limit_memory(const throng_study *study, const char *out,
                                                          throng_error *err);

/* Where checkpoints of a study are: OUT.checkpoint. E_PARAMETER: they are asked for, but there is no OUT. */
THRONG_MUST_USE throng_status throng_i_study_checkpoint_at(throng_study *study, const char *out, throng_error *err);

/* The run is there: it needs no checkpoint any more. */
void throng_i_study_checkpoint_drop(const throng_study *study);

/* Reads a study's crowd and goes no further: the run has a population, nothing is attributed. Plug-ins are not loaded.
 */
THRONG_MUST_USE throng_status throng_i_study_crowd(throng_study *study, throng_run **out, throng_error *err);

/* path, or folder/path if it is relative; "-" and tables in memory stay. folder NULL: the current one. */
THRONG_MUST_USE throng_status throng_i_study_join(throng_context *context, const char *folder, const char *path,
                                                  char **out, throng_error *err);

#endif
