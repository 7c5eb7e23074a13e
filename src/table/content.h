/* A file's bytes: their number, their hash, and whether a compressed file is whole. */
#ifndef THRONG_SRC_TABLE_CONTENT_H
#define THRONG_SRC_TABLE_CONTENT_H

#include "table/table.h"

typedef enum throng_i_compression {
    THRONG_I_COMPRESSION_NONE,
    THRONG_I_COMPRESSION_GZIP,
    THRONG_I_COMPRESSION_ZSTD
} throng_i_compression;

/* Reads all of a regular file. name is for messages. DuckDB takes the end of a cut gzip or zstd file for the end of
 * the data, so that rows would be lost without a word: here such a file is refused.
 * THRONG_E_FILE, THRONG_E_FORMAT (cut off or damaged), THRONG_E_CANCELLED. */
THRONG_MUST_USE throng_status throng_i_content_read(throng_context *context, int file, const char *name,
                                                    throng_i_compression compression, int64_t *bytes,
                                                    char hash[THRONG_I_HASH_LENGTH], throng_error *err);

#endif
