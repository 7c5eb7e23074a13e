/* JSON on standard output, and looking things up in reports. */
#ifndef THRONG_CLI_JSON_H
#define THRONG_CLI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Prints a document, which it takes over; NULL is what jansson makes of text that is not UTF-8, or of a number that is
 * none. Returns an exit code. */
int cli_json_print(json_t *document);

/* A member by a path like "indicator.observed": NULL, NaN, 0 or "" if there is none. */
json_t *cli_json_get(const json_t *object, const char *path);
double cli_json_number(const json_t *object, const char *path);
int64_t cli_json_count(const json_t *object, const char *path);
const char *cli_json_text(const json_t *object, const char *path);

/* Whether the report is about a change between two times; what its shares are a part of: "rise", "fall", "total". */
bool cli_report_is_change(const json_t *report);
const char *cli_report_whole(const json_t *report);

#endif
