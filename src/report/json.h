/* Small helpers around Jansson. Documents are built without checking each step: what fails, for want of memory, is
 * NULL, and storing NULL raises a flag that is looked at once, at the end. */
#ifndef THRONG_SRC_REPORT_JSON_H
#define THRONG_SRC_REPORT_JSON_H

#include "core/core.h"

#include <jansson.h>

/* A number, or null if it is not finite: JSON has no NaN. */
json_t *throng_i_json_real(double value);

/* part / whole, or null if whole is 0. */
json_t *throng_i_json_share(double part, double whole);

/* Text; bytes that are not UTF-8 become U+FFFD, NULL becomes null. */
json_t *throng_i_json_string(const char *text);

/* Stores item under key, or at the end of a list, and takes it over; *failed is set if memory ran out. */
void throng_i_json_put(bool *failed, json_t *object, const char *key, json_t *item);
void throng_i_json_append(bool *failed, json_t *list, json_t *item);

/* The document as text in the context's memory, indented, numbers with 17 significant digits. E_MEMORY. */
THRONG_MUST_USE throng_status throng_i_json_text(throng_context *context, const json_t *document, char **out,
                                                 throng_error *err);

/* Writes a file that appears whole or not at all. E_WRITE; E_EXISTS if it is there and must not be replaced. */
THRONG_MUST_USE throng_status throng_i_save_text(throng_context *context, const char *path, const char *text,
                                                 bool replace, throng_error *err);

#endif
