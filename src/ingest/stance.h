/* The state of an agent as its texts show it: a number a text, from a list of words with weights. */
#ifndef THRONG_SRC_INGEST_STANCE_H
#define THRONG_SRC_INGEST_STANCE_H

#include "core/core.h"

typedef struct throng_i_term {
    char *words; /* lower case, words separated by one space */
    double weight;
} throng_i_term;

typedef enum throng_i_stance_kind {
    THRONG_I_STANCE_COLUMN,  /* the platform's SQL gives it */
    THRONG_I_STANCE_VALENCE, /* how kind or unkind English words are: AFINN */
    THRONG_I_STANCE_TERMS,   /* terms and weights of a file */
    THRONG_I_STANCE_JUDGE    /* texts are collected, and judged by somebody outside */
} throng_i_stance_kind;

typedef struct throng_i_stance {
    throng_context *context;
    throng_i_stance_kind kind;
    throng_i_term *terms; /* [n_slots] a hash table; words NULL: free */
    int64_t n_slots, n_terms;
    int longest; /* words of the longest term */
} throng_i_stance;

/* Understands "column", "valence", "terms:FILE", "llm", "llm:..."; NULL is "column". THRONG_E_ARGUMENT, THRONG_E_FILE,
 * THRONG_E_FORMAT. */
THRONG_MUST_USE throng_status throng_i_stance_open(throng_context *context, const char *spec, throng_i_stance *out,
                                                   throng_error *err);
void throng_i_stance_close(throng_i_stance *stance);

/* The mean weight of the terms in a text; false if there is none in it. Where terms overlap, the longest counts. */
bool throng_i_stance_score(const throng_i_stance *stance, const char *text, int64_t length, double *out);

/* The words of AFINN-165 as "word<TAB>weight" lines, made when throng is built; "" if the list was not there. */
extern const char throng_i_valence_words[];

#endif
