/* Requests and replies without a server: see http.h. */
#include "serve/http.h"

#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests -------------------------------------------------------------------------------------------------- */

const char *throng_i_request_argument(const throng_i_request *self, const char *name) {
    for (int i = 0; i < self->n_arguments && i < THRONG_I_ARGUMENTS_MAX; i++)
        if (strcmp(self->arguments[i].name, name) == 0)
            return self->arguments[i].value;
    return NULL;
}

bool throng_i_request_count(const throng_i_request *self, const char *name, int64_t minimum, int64_t maximum,
                            int64_t *out) {
    const char *text = throng_i_request_argument(self, name);
    if (!text)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits])
        return false;
    errno = 0;
    int64_t value = strtoll(text, NULL, 10);
    if (errno || value < minimum || value > maximum)
        return false;
    *out = value;
    return true;
}

/* ---- replies --------------------------------------------------------------------------------------------------- */

void throng_i_reply_clear(throng_i_reply *self) {
    if (self->release)
        self->release(self->user);
    self->read = NULL;
    self->release = NULL;
    self->user = NULL;
    self->size = 0;
    throng_i_text_clear(&self->text);
}

void throng_i_reply_header(throng_i_reply *self, const char *name, const char *format, ...) {
    va_list arguments;
    if (self->n_headers == THRONG_I_REPLY_HEADERS)
        return;
    self->headers[self->n_headers].name = name;
    va_start(arguments, format);
    vsnprintf(self->headers[self->n_headers].value, sizeof self->headers[0].value, format, arguments);
    va_end(arguments);
    self->n_headers++;
}

void throng_i_reply_json(throng_i_reply *self, json_t *document) {
    throng_i_reply_clear(self);
    self->status = 200;
    self->type = "application/json";
    throng_i_text_put_json(&self->text, document);
    if (self->text.failed)
        throng_i_reply_fail(self, 503, "busy", "Out of memory for the answer.");
}

void throng_i_reply_fail(throng_i_reply *self, unsigned status, const char *code, const char *format, ...) {
    char message[2 * THRONG_MESSAGE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    throng_i_reply_clear(self);
    self->n_headers = 0;
    self->status = status;
    self->type = "application/json";
    if (status == 503)
        throng_i_reply_header(self, "Retry-After", "2");
    throng_i_text_put_json(
        &self->text, json_pack("{s:{s:s, s:o}}", "error", "code", code, "message", throng_i_json_string(message)));
}

void throng_i_reply_error(throng_i_reply *self, const throng_error *err) {
    const char *message = err->message[0] ? err->message : throng_status_text(err->status);
    switch (err->status) {
    case THRONG_E_QUERY:
        throng_i_reply_fail(self, 400, "filter", "%s", message);
        break;
    case THRONG_E_ARGUMENT:
    case THRONG_E_PARAMETER:
        throng_i_reply_fail(self, 400, "parameter", "%s", message);
        break;
    case THRONG_E_CANCELLED:
        throng_i_reply_fail(self, 503, "slow", "%s", message);
        break;
    case THRONG_E_MEMORY:
        throng_i_reply_fail(self, 503, "busy", "%s", message);
        break;
    default:
        throng_i_reply_fail(self, 500, "internal", "%s", message);
    }
}
