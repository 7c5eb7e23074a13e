/* Keeping selections: see selection.h. */
#define _POSIX_C_SOURCE 200809L
#include "serve/selection.h"

#include <string.h>

throng_status throng_i_selection_create(throng_context *context, const throng_i_run_table *table, int64_t from,
                                        int64_t to, throng_i_selection **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_selection *self = NULL;
    THRONG_TRY(throng_i_alloc(context, 1, sizeof *self, &self, err));
    *self = (throng_i_selection){.context = context, .table = table, .from = from, .to = to};
    atomic_init(&self->uses, 1);
    THRONG_TRY(throng_i_alloc(context, (to - from + 7) / 8, 1, &self->bits, err));
    *out = self;
    self = NULL;
out:
    throng_i_selection_free(self);
    return status;
}

void throng_i_selection_free(throng_i_selection *self) {
    if (!self || atomic_fetch_sub(&self->uses, 1) > 1)
        return;
    throng_i_free(self->context, self->bits);
    throng_i_free(self->context, self);
}

/* Moves entry `index` to the front. */
static void bring_forward(throng_i_selections *self, int index) {
    throng_i_selection *it = self->at[index];
    memmove(self->at + 1, self->at, (size_t)index * sizeof(self->at[0]));
    self->at[0] = it;
}

throng_i_selection *throng_i_selections_find(throng_i_selections *self, const char *name) {
    throng_i_selection *found = NULL;
    pthread_mutex_lock(&self->lock);
    for (int i = 0; i < THRONG_I_SELECTIONS_MAX && self->at[i] && !found; i++)
        if (strcmp(self->at[i]->name, name) == 0) {
            bring_forward(self, i);
            found = self->at[0];
            atomic_fetch_add(&found->uses, 1);
        }
    pthread_mutex_unlock(&self->lock);
    return found;
}

void throng_i_selections_keep(throng_i_selections *self, throng_i_selection *selection) {
    const int last = THRONG_I_SELECTIONS_MAX - 1;
    pthread_mutex_lock(&self->lock);
    throng_i_selection *gone = self->at[last];
    self->at[last] = selection;
    atomic_fetch_add(&selection->uses, 1);
    bring_forward(self, last);
    pthread_mutex_unlock(&self->lock);
    throng_i_selection_free(gone);
}

void throng_i_selections_clear(throng_i_selections *self) {
    for (int i = 0; i < THRONG_I_SELECTIONS_MAX; i++) {
        throng_i_selection_free(self->at[i]);
        self->at[i] = NULL;
    }
}
