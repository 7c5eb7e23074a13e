/* The Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html), as its specification lays it
 * out. */
#ifndef THRONG_SRC_TABLE_ARROW_H
#define THRONG_SRC_TABLE_ARROW_H

#include <stdint.h>

typedef struct arrow_schema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct arrow_schema **children;
    struct arrow_schema *dictionary;
    void (*release)(struct arrow_schema *schema);
    void *private_data;
} arrow_schema;

typedef struct arrow_array {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct arrow_array **children;
    struct arrow_array *dictionary;
    void (*release)(struct arrow_array *array);
    void *private_data;
} arrow_array;

typedef struct arrow_stream {
    int (*get_schema)(struct arrow_stream *stream, arrow_schema *out);
    int (*get_next)(struct arrow_stream *stream, arrow_array *out);
    const char *(*get_last_error)(struct arrow_stream *stream);
    void (*release)(struct arrow_stream *stream);
    void *private_data;
} arrow_stream;

#endif
