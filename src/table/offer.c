/* Tables that a program offers under a name: a list that the context keeps. */
#include "table/offer.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX 100

typedef struct offer {
    char name[NAME_MAX + 1];
    throng_table *table;
    struct offer *next;
} offer;

bool throng_i_is_offered(const char *path) {
    return path && strncmp(path, THRONG_MEMORY_PATH, strlen(THRONG_MEMORY_PATH)) == 0;
}

static void free_offers(throng_context *context, void *kept) {
    for (offer *at = kept, *next = NULL; at; at = next) {
        next = at->next;
        throng_table_free(at->table);
        throng_i_free(context, at);
    }
}

/* The link that points to the offer of a name, or to the NULL where one would go. */
static offer **find(offer **first, const char *name) {
    while (*first && strcmp((*first)->name, name) != 0)
        first = &(*first)->next;
    return first;
}

throng_status throng_table_offer(throng_context *context, const char *name, throng_table *table, throng_error *err) {
    throng_status status = THRONG_OK;
    offer *first = throng_i_context_kept(context);
    THRONG_REQUIRE(name && name[0] && strlen(name) <= NAME_MAX, E_ARGUMENT,
                   "An offered table must have a name of 1 to %d characters.", NAME_MAX);
    offer **place = find(&first, name), *old = *place;
    if (table) {
        offer *made = NULL;
        THRONG_TRY(throng_i_alloc(context, 1, sizeof *made, &made, err));
        snprintf(made->name, sizeof made->name, "%s", name);
        made->table = table;
        made->next = old ? old->next : NULL;
        table = NULL;
        *place = made;
    } else if (old) {
        *place = old->next;
    }
    if (old) {
        throng_table_free(old->table);
        throng_i_free(context, old);
    }
    throng_i_context_keep(context, first, free_offers);
out:
    throng_table_free(table);
    return status;
}

static throng_status add_view(throng_table *table, const throng_table *offered, const throng_column_request *request,
                              throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_table_column column = {0};
    THRONG_REQUIRE(request->column && request->column[0], E_ARGUMENT, "The name of a wanted column must not be empty.");
    THRONG_TRY(throng_table_find(offered, request->column, &column.view, err));
    THRONG_TRY(throng_i_table_put_column(table, request->column, &column, err));
out:
    return status;
}

throng_status throng_i_offered_read(throng_context *context, const char *const *paths, int n_paths,
                                    const throng_column_request *requests, int n_requests, const char *condition,
                                    throng_table **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    offer *first = throng_i_context_kept(context);
    const offer *found = *find(&first, paths[0] + strlen(THRONG_MEMORY_PATH));
    THRONG_REQUIRE(n_paths == 1, E_ARGUMENT, "A table in memory (%.60s) cannot be one of several.", paths[0]);
    THRONG_REQUIRE(!condition || !condition[0], E_ARGUMENT,
                   "A condition (--where, population.where) is for files: select the rows of the table in memory.");
    THRONG_REQUIRE(found, E_FILE,
                   "%.120s is a table in the memory of the program that made this study: there is none by that name "
                   "here.",
                   paths[0]);
    THRONG_TRY(throng_table_create(context, throng_table_rows(found->table), &table, err));
    for (int i = 0; i < n_requests; i++)
        THRONG_TRY(add_view(table, found->table, &requests[i], err));
    *out = table;
    table = NULL;
out:
    throng_table_free(table);
    return status;
}
