/* The k largest of many: see summary.h. The root of the heap is the worst of those kept. */
#include "serve/summary.h"

throng_status throng_i_best_init(throng_context *context, int most, throng_i_best *out, throng_error *err) {
    throng_status status = THRONG_OK;
    *out = (throng_i_best){.most = most};
    THRONG_TRY(throng_i_alloc(context, most, sizeof *out->rows, &out->rows, err));
    THRONG_TRY(throng_i_alloc(context, most, sizeof *out->values, &out->values, err));
out:
    if (status != THRONG_OK)
        throng_i_best_clear(context, out);
    return status;
}

void throng_i_best_clear(throng_context *context, throng_i_best *self) {
    throng_i_free(context, self->rows);
    throng_i_free(context, self->values);
    *self = (throng_i_best){0};
}

/* Whether entry a is worse than entry b. */
static bool is_worse(const throng_i_best *self, int a, int b) {
    return self->values[a] < self->values[b] || (!(self->values[a] > self->values[b]) && self->rows[a] > self->rows[b]);
}

static void swap(throng_i_best *self, int a, int b) {
    int64_t row = self->rows[a];
    double value = self->values[a];
    self->rows[a] = self->rows[b];
    self->values[a] = self->values[b];
    self->rows[b] = row;
    self->values[b] = value;
}

static void sift_down(throng_i_best *self, int at, int n) {
    for (;;) {
        int worst = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (is_worse(self, child, worst))
                worst = child;
        if (worst == at)
            return;
        swap(self, at, worst);
        at = worst;
    }
}

void throng_i_best_offer(throng_i_best *self, int64_t row, double value) {
    if (self->n == self->most) {
        if (self->most == 0 || !(value > self->values[0]))
            return;
        self->rows[0] = row;
        self->values[0] = value;
        sift_down(self, 0, self->n);
        return;
    }
    int at = self->n++;
    self->rows[at] = row;
    self->values[at] = value;
    for (; at > 0 && is_worse(self, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(self, at, (at - 1) / 2);
}

void throng_i_best_sort(throng_i_best *self) {
    for (int n = self->n - 1; n > 0; n--) {
        swap(self, 0, n);
        sift_down(self, 0, n);
    }
}
