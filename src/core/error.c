/* Status names and the error record. */
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct status_entry {
    throng_status status;
    const char *name, *text;
} status_entry;

static const status_entry status_list[] = {
#define THRONG_STATUS(name, value, text) {THRONG_##name, "THRONG_" #name, text},
#include "throng/status.def"
#undef THRONG_STATUS
};

static const status_entry *find_status(throng_status status) {
    for (size_t i = 0; i < sizeof status_list / sizeof *status_list; i++)
        if (status_list[i].status == status)
            return &status_list[i];
    return NULL;
}

const char *throng_status_name(throng_status status) {
    const status_entry *entry = find_status(status);
    return entry ? entry->name : "unknown status";
}

const char *throng_status_text(throng_status status) {
    const status_entry *entry = find_status(status);
    return entry ? entry->text : "unknown status";
}

throng_status throng_error_set(throng_error *err, throng_status status, const char *file, int line, const char *format,
                               ...) {
    if (err) {
        err->status = status;
        err->file = file;
        err->line = line;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(err->message, sizeof err->message, format, arguments);
        va_end(arguments);
    }
    return status;
}
