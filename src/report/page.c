/* throng report: one HTML file with the run's report, its tables as they are drawn, and the script that draws them.
 *
 * The file asks for nothing from anywhere: script and style are those of web/, put into it, and its policy forbids the
 * browser to load anything. What comes from the run stands in it as JSON, in which no "<" is left as it is: whatever an
 * agent is called, it cannot end the element that it is in. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "report/assets.h"
#include "report/figures.h"
#include "throng/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STUDY_BYTES_MAX (1 << 20) /* of study.yaml: larger ones are not a study */

/* ---- reading the run ------------------------------------------------------------------------------------------- */

/* Nothing else is opened, for a pipe would be waited for. */
static bool is_file(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

static throng_status read_json(throng_context *context, const char *folder, const char *name, bool needed, json_t **out,
                               throng_error *err) {
    throng_status status = THRONG_OK;
    json_error_t reason;
    char *path = NULL;
    THRONG_TRY(throng_i_print(context, &path, err, "%s/%s", folder, name));
    bool there = access(path, R_OK) == 0;
    THRONG_REQUIRE(there || errno == ENOENT, E_FILE, "%s cannot be read: %s.", path, strerror(errno));
    THRONG_REQUIRE(there || !needed, E_FILE, "%s is not a run directory: it has no %s.", folder, name);
    THRONG_REQUIRE(!there || is_file(path), E_FILE, "%s cannot be read: it is not a file.", path);
    *out = there ? json_load_file(path, 0, &reason) : NULL;
    THRONG_REQUIRE(*out || !there, E_FORMAT, "%s is damaged: line %d: %.100s.", path, reason.line, reason.text);
    THRONG_REQUIRE(!there || json_is_object(*out), E_FORMAT, "%s is not a document of throng's.", path);
out:
    throng_i_free(context, path);
    return status;
}

static throng_status read_report(throng_context *context, const char *folder, json_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    struct stat facts;
    THRONG_REQUIRE(stat(folder, &facts) == 0, E_FILE, "%s cannot be read: %s.", folder, strerror(errno));
    THRONG_REQUIRE(S_ISDIR(facts.st_mode), E_FILE, "%s is not a directory: name the one that --out made.", folder);
    THRONG_TRY(read_json(context, folder, "report.json", true, out, err));
    const json_t *schema = json_object_get(*out, "schema");
    THRONG_REQUIRE(json_is_integer(schema), E_FORMAT, "%s/report.json is not a report of throng's: it has no schema.",
                   folder);
    THRONG_REQUIRE(json_integer_value(schema) == THRONG_REPORT_SCHEMA, E_FORMAT,
                   "%s/report.json is of another version of throng (schema %lld, expected %d).", folder,
                   (long long)json_integer_value(schema), THRONG_REPORT_SCHEMA);
out:
    return status;
}

/* study.yaml as text, null without one. */
static json_t *read_study(throng_context *context, const char *folder) {
    char *path = NULL, *text = malloc(STUDY_BYTES_MAX);
    json_t *study = json_null();
    FILE *file = NULL;
    if (text && throng_i_print(context, &path, NULL, "%s/study.yaml", folder) == THRONG_OK && is_file(path))
        file = fopen(path, "rb");
    if (file) {
        size_t n = fread(text, 1, STUDY_BYTES_MAX - 1, file);
        text[n] = '\0';
        if (feof(file))
            study = throng_i_json_string(text);
        fclose(file);
    }
    throng_i_free(context, path);
    free(text);
    return study;
}

/* The last part of a path, for a heading; of "." and "runs/.." the whole name that the system knows. */
static json_t *name_of(const char *folder) {
    char *real = realpath(folder, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    json_t *name = throng_i_json_string(slash && slash[1] ? slash + 1 : folder);
    free(real);
    return name;
}

static void leave_out(json_t *object, const char *const *names) {
    for (; *names; names++)
        json_object_del(object, *names);
}

/* Leaves out of each time what no page shows, since there may be hundreds of times. */
static void shorten(json_t *report) {
    static const char *const of_time[] = {"certificate", "concentration", "top", NULL};
    static const char *const of_cohort[] = {"meaning",        "cohorts", "absolute_share", "per_agent",
                                            "standard_error", "low",     "high",           NULL};
    json_t *time = NULL, *cohort = NULL;
    size_t i = 0, k = 0;
    json_array_foreach(json_object_get(report, "by_time"), i, time) {
        leave_out(time, of_time);
        json_array_foreach(json_object_get(time, "cohorts"), k, cohort) leave_out(cohort, of_cohort);
    }
}

/* All that a page shows of a run. */
static throng_status make_document(throng_context *context, const char *folder, json_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *report = NULL, *verification = NULL, *figures = NULL, *document = json_object();
    bool failed = false;
    THRONG_TRY(read_report(context, folder, &report, err));
    THRONG_TRY(read_json(context, folder, "verify.json", false, &verification, err));
    THRONG_TRY(throng_i_figures_make(context, folder, report, &figures, err));
    shorten(report);
    throng_i_json_put(&failed, document, "name", name_of(folder));
    throng_i_json_put(&failed, document, "report", json_incref(report));
    throng_i_json_put(&failed, document, "verification", verification ? json_incref(verification) : json_null());
    throng_i_json_put(&failed, document, "figures", json_incref(figures));
    throng_i_json_put(&failed, document, "study", read_study(context, folder));
    THRONG_REQUIRE(!failed, E_MEMORY, "Out of memory: the page could not be made.");
    *out = json_incref(document);
out:
    json_decref(report);
    json_decref(verification);
    json_decref(figures);
    json_decref(document);
    return status;
}

throng_status throng_run_figures_json(throng_context *context, const char *path, char **json, throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *report = NULL, *figures = NULL;
    THRONG_TRY(read_report(context, path, &report, err));
    THRONG_TRY(throng_i_figures_make(context, path, report, &figures, err));
    THRONG_TRY(throng_i_json_text(context, figures, json, err));
out:
    json_decref(report);
    json_decref(figures);
    return status;
}

/* ---- writing the page ------------------------------------------------------------------------------------------ */

/* The page's own policy: it loads nothing, and runs the one script whose hash stands here. */
static const char before_hash[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-";
static const char before_style[] = "'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
                                   "form-action 'none'\">\n<title>throng report</title>\n<style>\n";
static const char before_data[] =
    "\n</style>\n</head>\n<body>\n<div id=\"app\"></div>\n<noscript><p>The charts of this report are drawn by a script "
    "in this file, which your browser does not run. The numbers are in report.json.</p></noscript>\n"
    "<script type=\"application/json\" id=\"throng-report\">";
static const char before_script[] = "</script>\n<script type=\"module\">\n"; /* the hash is from the end of the line */
static const char foot[] = "\n</script>\n</body>\n</html>\n";

typedef struct piece {
    const void *bytes;
    size_t n;
} piece;

static piece text_piece(const char *text) {
    return (piece){text, strlen(text)};
}

/* A file of web/dist; without bytes if it is not there. */
static piece asset_piece(const char *path) {
    for (int i = 0; i < throng_i_n_assets; i++)
        if (strcmp(throng_i_assets[i].path, path) == 0)
            return (piece){throng_i_assets[i].bytes, throng_i_assets[i].n};
    return (piece){NULL, 0};
}

/* JSON within HTML: "<" only ever stands in strings, and is written \u003c there. */
static throng_status escape(throng_context *context, const char *json, char **out, throng_error *err) {
    size_t size = strlen(json) + 1;
    for (const char *c = json; *c; c++)
        size += *c == '<' ? 5 : 0;
    throng_status status = throng_i_alloc(context, (int64_t)size, 1, out, err);
    if (status != THRONG_OK)
        return status;
    char *end = *out;
    for (; *json; json++) {
        size_t n = *json == '<' ? 6 : 1;
        memcpy(end, n == 6 ? "\\u003c" : json, n);
        end += n;
    }
    *end = '\0';
    return THRONG_OK;
}

static throng_status put_together(throng_context *context, const char *data, char **out, throng_error *err) {
    const piece hash = asset_piece("/throng.js.sha256"), style = asset_piece("/throng.css"),
                script = asset_piece("/throng.js");
    if (!hash.bytes || !style.bytes || !script.bytes)
        return THRONG_FAIL(err, E_UNSUPPORTED,
                           "This throng was built without its web pages: install npm, then run make again.");
    const piece pieces[] = {
        text_piece(before_hash),   hash,   text_piece(before_style), style, text_piece(before_data), text_piece(data),
        text_piece(before_script), script, text_piece(foot)};
    size_t size = 1;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        size += pieces[i].n;
    throng_status status = throng_i_alloc(context, (int64_t)size, 1, out, err);
    if (status != THRONG_OK)
        return status;
    char *end = *out;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        memcpy(end, pieces[i].bytes, pieces[i].n);
        end += pieces[i].n;
    }
    *end = '\0';
    return THRONG_OK;
}

throng_status throng_run_page_save(throng_context *context, const char *run, const char *path, bool force,
                                   throng_error *err) {
    throng_status status = THRONG_OK;
    json_t *document = NULL;
    char *json = NULL, *data = NULL, *page = NULL;
    THRONG_TRY(make_document(context, run, &document, err));
    json = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(9));
    THRONG_REQUIRE(json, E_MEMORY, "Out of memory: the page could not be made.");
    THRONG_TRY(escape(context, json, &data, err));
    THRONG_TRY(put_together(context, data, &page, err));
    THRONG_TRY(throng_i_save_text(context, path, page, force, err));
out:
    json_decref(document);
    free(json);
    throng_i_free(context, data);
    throng_i_free(context, page);
    return status;
}
