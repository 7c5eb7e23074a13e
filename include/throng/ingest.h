/**
 * Event files of a platform into the tables of a crowd: agents, actions, edges and states in one DuckDB file.
 *
 * Every line of every file ends as a row or is counted: blank, ignored (of a kind that is not modelled), rejected (with
 * file, line and reason), or a duplicate. Reading is in batches that are written whole: an ingest that was killed goes
 * on where it stopped, and one that is run again over the same files changes nothing.
 */
#ifndef THRONG_INGEST_H
#define THRONG_INGEST_H

#include "throng/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Says what texts show of the states of those who wrote them: states[i], NaN for nothing. Called on the calling
 * thread, with each different text of a batch once, before anything of the batch is written; anything but THRONG_OK
 * ends the ingest, and the batch is read again by the next one. */
typedef throng_status (*throng_ingest_judge)(void *user, const char *const *texts, int64_t n, double *states,
                                             throng_error *err);

/** What to ingest. All texts are borrowed for the call. */
typedef struct throng_ingest_def {
    const char *platform;      /* "bluesky", ...; NULL if sql is given */
    const char *sql;           /* a platform's SQL of your own (docs/ingest.md); NULL: the platform's */
    const char *const *inputs; /* [n_inputs] files, "-" for standard input; plain, gzip or zstd */
    int n_inputs;              /* 0: only make the tables of what was read earlier */
    const char *out;           /* the crowd's DuckDB file; made if it is missing, added to if it is there */
    const char *follows;       /* a table of follows or of follower counts; NULL: none */
    const char *rejects;       /* CSV file for file, line and reason of every rejected line; NULL: none */
    const char *stance; /* what the state of an agent is: "column" (default), "valence", "terms:FILE", or, with `judge`,
                           "llm" or "llm:..." */
    throng_ingest_judge judge; /* NULL: the stance does not need one */
    void *judge_user;
    const char *judge_name; /* the model: a crowd is judged by one alone; NULL: it has no name */
    const char *days;       /* which days count, in UTC: "FIRST..LAST" (dates; either may be missing), or the last
                               so many, "14"; NULL: all. It may be another at each call. */
    const char *key;        /* file of the key of the pseudonyms; NULL: out + ".key", made if it is missing */
    int64_t memory;         /* bytes that DuckDB may take; 0: its default, 80 % of the machine */
    int64_t line_limit;     /* bytes of a line, 1 .. 2^30; longer ones are rejected; 0: 16 MiB */
    bool keep_ids;          /* ids as they are instead of keyed hashes */
    bool keep_text;         /* texts as well; without it only their length */
} throng_ingest_def;

/** What became of everything that is in the crowd.
 *  lines = blank + ignored + rejected + rows;
 *  rows = duplicates + actions + taken_back + other_days + deletes + updates + notices. */
typedef struct throng_ingest_counts {
    int64_t files, new_lines; /* new_lines: read by this call */
    int64_t lines, blank, ignored, rejected, rows;
    int64_t duplicates; /* rows of which an earlier one has the same agent, record and operation */
    int64_t actions;    /* rows of the table actions */
    int64_t taken_back; /* actions that a later delete undid, or of accounts that are deleted, suspended or the like */
    int64_t other_days; /* actions outside `days` */
    int64_t deletes, updates;
    int64_t notices; /* about an account, its name or its profile */
    int64_t agents, edges, states;
    int64_t unread_texts; /* texts that the stance cannot read, because of their language */
    char weight[16];      /* what the weight of an agent is: "followers", "degree" or "activity" */
} throng_ingest_counts;

/**
 * Reads the inputs and makes the tables.
 *
 * @param counts out; may be NULL
 * @return THRONG_E_UNKNOWN_NAME (platform), THRONG_E_ARGUMENT, THRONG_E_FILE, THRONG_E_FORMAT (no line of a file is
 *         JSON; a platform's SQL without a head; a crowd begun with other settings), THRONG_E_QUERY (the SQL is wrong),
 *         THRONG_E_WRITE (disk full, not writable), THRONG_E_CANCELLED, THRONG_E_MEMORY. Whatever happens, the batches
 *         before it are kept in `out`, and the same call continues.
 */
THRONG_API THRONG_MUST_USE throng_status throng_ingest(throng_context *context, const throng_ingest_def *def,
                                                       throng_ingest_counts *counts, throng_error *err);

/** SQL of a platform that comes with throng, to begin one of your own from; NULL if there is none of that name. */
THRONG_API const char *throng_ingest_sql(const char *platform);

#ifdef __cplusplus
}
#endif
#endif
