/* Verifications as JSON: what throng verify --json prints, and verify.json in a run directory. docs/verify.md describes
 * the keys. */
#define _POSIX_C_SOURCE 200809L
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA 1 /* raised when a key changes its meaning or goes */

static json_t *curve(bool *failed, const double *values) {
    json_t *list = json_array();
    for (int i = 0; i < THRONG_DELETION_POINTS; i++)
        throng_i_json_append(failed, list, throng_i_json_real(values[i]));
    return list;
}

static json_t *check_of(bool *failed, const throng_check *check) {
    json_t *object = json_object();
    throng_i_json_put(failed, object, "name", json_string(check->name));
    throng_i_json_put(failed, object, "verdict", json_string(throng_verdict_name(check->verdict)));
    throng_i_json_put(failed, object, "number", throng_i_json_real(check->number));
    throng_i_json_put(failed, object, "limit", throng_i_json_real(check->limit));
    throng_i_json_put(failed, object, "meaning", throng_i_json_string(check->text));
    return object;
}

static json_t *deletion_of(bool *failed, const throng_deletion *it, double area) {
    json_t *object = json_object();
    throng_i_json_put(failed, object, "order", json_string(it->order));
    throng_i_json_put(failed, object, "area", throng_i_json_real(it->area));
    throng_i_json_put(failed, object, "area_ratio", throng_i_json_share(it->area, area));
    throng_i_json_put(failed, object, "left", curve(failed, it->left));
    if (strcmp(it->order, "random") == 0) {
        throng_i_json_put(failed, object, "area_low", throng_i_json_real(it->area_low));
        throng_i_json_put(failed, object, "area_high", throng_i_json_real(it->area_high));
        throng_i_json_put(failed, object, "low", curve(failed, it->low));
        throng_i_json_put(failed, object, "high", curve(failed, it->high));
    }
    return object;
}

throng_status throng_verification_json(throng_context *context, const throng_verification *self, char **json,
                                       throng_error *err) {
    throng_status status = THRONG_OK;
    bool failed = false;
    json_t *document = json_object(), *checks = json_array(), *curves = json_array();
    for (int i = 0; i < self->n_checks; i++)
        throng_i_json_append(&failed, checks, check_of(&failed, &self->check[i]));
    for (int i = 0; i < self->n_deletions; i++)
        throng_i_json_append(&failed, curves, deletion_of(&failed, &self->deletion[i], self->deletion[0].area));
    throng_i_json_put(&failed, document, "schema", json_integer(SCHEMA));
    throng_i_json_put(&failed, document, "version", json_string(throng_version()));
    throng_i_json_put(&failed, document, "holds", json_boolean(self->holds));
    throng_i_json_put(&failed, document, "partial", json_boolean(self->partial));
    throng_i_json_put(&failed, document, "checks", checks);
    throng_i_json_put(&failed, document, "deletion", curves);
    THRONG_REQUIRE(!failed, E_MEMORY, "Out of memory: the verification could not be written down.");
    THRONG_TRY(throng_i_json_text(context, document, json, err));
out:
    json_decref(document);
    return status;
}

throng_status throng_verification_save(throng_context *context, const throng_verification *self, const char *path,
                                       throng_error *err) {
    throng_status status = THRONG_OK;
    char *json = NULL, *file = NULL;
    THRONG_TRY(throng_i_print(context, &file, err, "%s/verify.json", path));
    THRONG_TRY(throng_verification_json(context, self, &json, err));
    THRONG_TRY(throng_i_save_text(context, file, json, true, err));
out:
    throng_i_free(context, file);
    throng_text_free(context, json);
    return status;
}
