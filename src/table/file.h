/* The files of one read: found, told apart, hashed. What is in them is for fields.c to find out. */
#ifndef THRONG_SRC_TABLE_FILE_H
#define THRONG_SRC_TABLE_FILE_H

#include "table/content.h"

#include <dirent.h>

typedef enum throng_i_format {
    THRONG_I_FORMAT_UNKNOWN, /* text inside a compressed file, still to be told apart */
    THRONG_I_FORMAT_PARQUET,
    THRONG_I_FORMAT_CSV,
    THRONG_I_FORMAT_NDJSON,
    THRONG_I_FORMAT_DUCKDB
} throng_i_format;

/* A column of a file. */
typedef struct throng_i_field {
    char *name;     /* as the file has it; "" if it has none */
    char *sql_name; /* as queries must call it: not empty, and unique ignoring case */
    char *type;     /* DuckDB's name of the type that the file, or a look at its rows, says */
} throng_i_field;

typedef struct throng_i_file {
    char *path;        /* as given or as a pattern matched it; "-" for standard input */
    const char *shown; /* path, for messages */
    char *opened;      /* what DuckDB opens */
    char *table;       /* DuckDB files: the table in it; else NULL */
    char *catalog;     /* DuckDB files: what the file is attached as */
    char *relation;    /* DuckDB files: how SQL names the table */
    int descriptor;    /* of spooled input; else -1 */
    throng_i_format format;
    throng_i_compression compression;
    int64_t bytes;
    char hash[THRONG_I_HASH_LENGTH];

    /* filled by throng_i_fields_learn */
    throng_i_field *fields; /* [n_fields] */
    int n_fields;
    char delimiter;               /* CSV */
    bool is_sampled;              /* types were told from the first rows only: a later row may hold something else */
    bool has_rows;                /* false: certainly none */
    int64_t n_rows;               /* -1: not known */
    int64_t part_begin, part_end; /* rows that are read; part_end 0: all */
} throng_i_file;

typedef struct throng_i_files {
    throng_context *context;
    throng_i_file *at; /* [count] */
    int count;
    bool unhashed; /* Parquet files are not read to make their hash */
    bool found;    /* files are found, and not looked into: what is in them and their hashes are not known */
} throng_i_files;

/* "Parquet", "CSV", ... */
const char *throng_i_format_name(throng_i_format format);

/* Opens, tells apart and hashes all files that the paths stand for, patterns expanded in the order of bytes.
 * THRONG_E_FILE, THRONG_E_FORMAT, THRONG_E_ARGUMENT, THRONG_E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_files_open(throng_context *context, const char *const *paths, int n_paths,
                                                  bool unhashed, throng_i_files *out, throng_error *err);

/* The same files, found and not looked into: path, opened and table alone. THRONG_E_FILE, THRONG_E_ARGUMENT. */
THRONG_MUST_USE throng_status throng_i_files_find(throng_context *context, const char *const *paths, int n_paths,
                                                  throng_i_files *out, throng_error *err);

void throng_i_files_close(throng_i_files *files);

/* The files *.parquet in a folder, in the order of bytes; as scandir, which needs free for each and for the list. */
int throng_i_parts_list(const char *folder, struct dirent ***out);

/* Forgets the fields of a file. */
void throng_i_fields_clear(throng_context *context, throng_i_file *file);

#endif
