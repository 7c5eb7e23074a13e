/* Tables from the inside: what later stages may do with them beyond the public header. */
#ifndef THRONG_SRC_TABLE_TABLE_H
#define THRONG_SRC_TABLE_TABLE_H

#include "core/core.h"
#include "throng/table.h"

/* Writes rows begin .. begin+n-1 of a column that exists only while it is written; TEXT: their codes. Called for one
 * batch at a time, from any thread. */
typedef void (*throng_i_fill_fn)(const void *user, int64_t begin, int64_t n, void *out);

/* A column and what of it was allocated: each of the three is one block, freed with throng_i_free, or NULL. */
typedef struct throng_i_table_column {
    throng_column_view view;
    void *memory;          /* view.data if it belongs to the table; NULL: somebody else's */
    void *name;            /* view.name */
    void *dictionary;      /* view.words and the strings; NULL: no text, or somebody else's */
    throng_i_fill_fn fill; /* gives the rows if view.data is NULL: for throng_table_write only */
    const void *fill_user; /* somebody else's */
} throng_i_table_column;

struct throng_table {
    throng_context *context;
    int64_t n_rows;
    int n_columns, n_sources;
    throng_i_table_column *columns; /* [n_columns] */
    throng_source *sources;         /* [n_sources] their paths are allocated too */
    bool chosen;                    /* a condition chose the rows that were read */
    char *origin; /* by which command it was made up: kept in Parquet files; NULL: it was not made up */
};

/* Says in a table by which command it was made up. */
THRONG_MUST_USE throng_status throng_i_table_set_origin(throng_table *table, const char *origin, throng_error *err);

/* Reads that from a Parquet file; "" for files that say nothing, other files, and files that cannot be read. */
#define THRONG_I_ORIGIN_LENGTH 160
void throng_i_table_read_origin(throng_context *context, const char *path, char out[THRONG_I_ORIGIN_LENGTH]);

/* Takes the index-th column out of a table without copying: *out owns what the table owned of it, and the table keeps
 * a view that lives as long as *out's memory. The data of a borrowed column stays borrowed; so does that of a column
 * requested twice from a reader, whose memory belongs to the first of the two.
 * THRONG_E_ARGUMENT: there is no such column. */
THRONG_MUST_USE throng_status throng_i_table_take_column(throng_table *table, int index, throng_i_table_column *out,
                                                         throng_error *err);

/* Adds a column to the table, which then owns what `column` owns; on failure the caller still does. `name` is copied
 * and need not be unique; column->view.name and column->name are ignored. */
THRONG_MUST_USE throng_status throng_i_table_put_column(throng_table *table, const char *name,
                                                        const throng_i_table_column *column, throng_error *err);

/* A cell as a number (NaN if it is text), as a word, and as a copy of that, cut to `size`. "" stands for a whole number
 * that is missing. @param room [32] where the word of a number goes */
double throng_i_cell_number(const throng_column_view *column, int64_t row);
const char *throng_i_cell_word(const throng_column_view *column, int64_t row, char *room);
void throng_i_cell_text(const throng_column_view *column, int64_t row, char *out, size_t size);

/* Whether a file has such a column. */
bool throng_i_has_column(throng_context *context, const char *path, const char *column);

/* A part of a table: one of `count` that are about as long. Only Parquet files without a condition can be read so. */
typedef struct throng_i_table_part {
    int index, count;
    int64_t unit;         /* so many rows are never divided: shares are parts with THRONG_CHUNK_ROWS; 0: 1 */
    bool taken;           /* out: the rows are that part; false: they are all */
    int64_t first, total; /* out, if taken: which row is the first, and how many there are in all */
} throng_i_table_part;

/* throng_table_read of a part, if that can be. Of the files of all parts but the first no hashes are made. */
THRONG_MUST_USE throng_status throng_i_table_read_part(throng_context *context, const char *const *paths, int n_paths,
                                                       const throng_column_request *requests, int n_requests,
                                                       const char *condition, throng_i_table_part *part,
                                                       throng_table **out, throng_error *err);

/* Files that were read, as a list [n] whose paths are its own: adds copies to it, and gives it back. */
THRONG_MUST_USE throng_status throng_i_sources_add(throng_context *context, throng_source **list, int *n,
                                                   const throng_source *added, int n_added, throng_error *err);
void throng_i_sources_free(throng_context *context, throng_source *list, int n);

/* Bytes of memory the table owns. */
int64_t throng_i_table_bytes(const throng_table *table);

/* Hash of some bytes, as content hashes of files are: XXH3-128 in hexadecimal. */
#define THRONG_I_HASH_LENGTH 33
void throng_i_hash_bytes(const void *data, size_t size, char out[THRONG_I_HASH_LENGTH]);

/* Whether a new file may take this place: E_EXISTS without `force`; E_WRITE for a folder that is missing or cannot be
 * written to, and for what no file should replace. */
THRONG_MUST_USE throng_status throng_i_check_place(const char *path, bool force, throng_error *err);

#endif
