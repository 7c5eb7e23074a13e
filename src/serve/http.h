/* A request and its reply as the handlers see them: without libmicrohttpd, so that tests and the fuzzer call handlers
 * directly. */
#ifndef THRONG_SRC_SERVE_HTTP_H
#define THRONG_SRC_SERVE_HTTP_H

#include "core/core.h"
#include "llm/text.h"

#include <jansson.h>

#define THRONG_I_ARGUMENTS_MAX 24

/* Bytes of a body. */
#define THRONG_I_BODY_BYTES ((size_t)16 << 20)

typedef struct throng_i_argument {
    const char *name, *value; /* decoded */
} throng_i_argument;

typedef struct throng_i_request {
    const char *method, *path; /* "GET", "/api/v1/runs" */
    throng_i_argument arguments[THRONG_I_ARGUMENTS_MAX];
    int n_arguments; /* more than the most: there were too many */

    /* headers, NULL where there is none */
    const char *host, *origin, *site, *mode, *cookie, *token, *content_type;

    const char *body;
    size_t body_bytes;
    bool body_too_long;
} throng_i_request;

/* The value of an argument, NULL if it was not given. */
const char *throng_i_request_argument(const throng_i_request *self, const char *name);

/* A whole number from minimum to maximum; `out` keeps what it holds if it was not given. False: it is none. */
bool throng_i_request_count(const throng_i_request *self, const char *name, int64_t minimum, int64_t maximum,
                            int64_t *out);

#define THRONG_I_REPLY_HEADERS 6

/* Writes at most `size` bytes of a body from byte `at` on; 0: there is no more, negative: it ends here, unfinished. */
typedef int64_t (*throng_i_body_fn)(void *user, uint64_t at, char *out, size_t size);

/* Starts as {.context = context}. The body is `text` unless `read` is set. */
typedef struct throng_i_reply {
    throng_context *context;
    unsigned status;
    const char *type; /* of the body */
    struct {
        const char *name;
        char value[200];
    } headers[THRONG_I_REPLY_HEADERS];
    int n_headers;

    throng_i_text text;
    throng_i_body_fn read;
    void (*release)(void *user); /* frees it, whether it was read or not */
    void *user;
    uint64_t size;     /* of what `read` gives; UINT64_MAX: until it ends */
    bool is_unlimited; /* may take as long as it likes */
} throng_i_reply;

void throng_i_reply_clear(throng_i_reply *self);

void throng_i_reply_header(throng_i_reply *self, const char *name, const char *format, ...) THRONG_PRINTF(3, 4);

/* 200 with a document, which is taken over. */
void throng_i_reply_json(throng_i_reply *self, json_t *document);

/* An error, in place of whatever the reply held: docs/explorer-api.md lists statuses and codes. */
void throng_i_reply_fail(throng_i_reply *self, unsigned status, const char *code, const char *format, ...)
    THRONG_PRINTF(4, 5);

/* The same from the library's words. */
void throng_i_reply_error(throng_i_reply *self, const throng_error *err);

#endif
