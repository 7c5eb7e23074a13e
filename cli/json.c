/* Printing JSON, and looking things up in reports: what json.h says. */
#include "cli/json.h"

#include "cli/command.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int cli_json_print(json_t *document) {
    if (!document)
        return cli_fail(CLI_FAILURE, "the result cannot be written as JSON: a name is not UTF-8, or a number is none.");
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    putchar('\n');
    json_decref(document);
    return cli_finish_output();
}

json_t *cli_json_get(const json_t *object, const char *path) {
    char name[64];
    size_t n = strcspn(path, ".");
    snprintf(name, sizeof name, "%.*s", (int)n, path);
    json_t *item = json_object_get(object, name);
    return path[n] && item ? cli_json_get(item, path + n + 1) : item;
}

double cli_json_number(const json_t *object, const char *path) {
    const json_t *item = cli_json_get(object, path);
    return json_is_number(item) ? json_number_value(item) : (double)NAN;
}

int64_t cli_json_count(const json_t *object, const char *path) {
    return json_integer_value(cli_json_get(object, path));
}

const char *cli_json_text(const json_t *object, const char *path) {
    const char *text = json_string_value(cli_json_get(object, path));
    return text ? text : "";
}

bool cli_report_is_change(const json_t *report) {
    return cli_json_count(report, "times") > 1;
}

const char *cli_report_whole(const json_t *report) {
    const char *whole = cli_json_text(report, "answer.whole");
    return *whole ? whole : "total";
}
