/* The panel beside the crowd: drawn by weight from the last time, and attributed as if there were nobody else. */
#include "study/run.h"

#include "population/population.h"

#include <stdio.h>

/* A column of the panel's table: `value` of each drawn row, or of its agent's first row. */
static throng_status add_column(throng_table *table, const char *name, const throng_i_panel *self,
                                const throng_population *crowd, const throng_column_view *source,
                                const int64_t *first_row, throng_error *err) {
    void *data = NULL;
    throng_status status = throng_table_add(table, name, THRONG_TYPE_FLOAT64, &data, err);
    if (status != THRONG_OK)
        return status;
    double *values = data;
    for (int i = 0; i < self->view.n; i++) {
        double scratch[1];
        int64_t row = self->rows[i];
        if (first_row)
            row = first_row[throng_population_agent(crowd, row)];
        values[i] = *throng_i_column_block(source, row, 1, scratch);
    }
    return THRONG_OK;
}

/* What the members bring from the crowd: state, weight, and the baseline that is theirs alone. */
static throng_status make_population(throng_context *context, const throng_population *crowd, throng_i_panel *self,
                                     throng_attribution_def *def, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_table *table = NULL;
    int64_t *first_row = NULL;
    throng_population_def parts = throng_population_default();
    parts.state = "state";
    THRONG_TRY(throng_table_create(context, self->view.n, &table, err));
    THRONG_TRY(add_column(table, "state", self, crowd, &crowd->state, NULL, err));
    if (crowd->weight.name) {
        parts.weight = "weight";
        THRONG_TRY(add_column(table, "weight", self, crowd, &crowd->weight, NULL, err));
    }
    if (def->baseline == THRONG_BASELINE_FIRST)
        THRONG_TRY(throng_i_population_first_rows(crowd, &first_row, err));
    if (def->baseline == THRONG_BASELINE_FIRST || def->baseline == THRONG_BASELINE_COLUMN) {
        const throng_column_view *source = first_row ? &crowd->state : &crowd->baseline;
        parts.baseline = "baseline";
        def->baseline = THRONG_BASELINE_COLUMN;
        THRONG_TRY(add_column(table, "baseline", self, crowd, source, first_row, err));
    }
    throng_table *consumed = table;
    table = NULL;
    THRONG_TRY(throng_population_create(context, consumed, &parts, &self->population, err));
out:
    throng_i_free(context, first_row);
    throng_table_free(table);
    return status;
}

throng_status throng_i_panel_init(throng_context *context, const throng_population *crowd,
                                  const throng_attribution *attribution, int size, uint64_t seed, throng_i_panel *out,
                                  throng_error *err) {
    throng_status status = THRONG_OK;
    throng_error reason = {0};
    throng_attribution_def def = throng_attribution_resolved(attribution);
    out->view.time = crowd->n_times - 1;
    THRONG_TRY(throng_i_alloc(context, size, sizeof *out->rows, &out->rows, err));
    THRONG_TRY(throng_panel_draw(context, crowd, out->view.time, size, seed, out->rows, &out->view.n, err));
    out->view.rows = out->rows;
    status = make_population(context, crowd, out, &def, &reason);
    if (status == THRONG_OK)
        status = throng_attribute(context, out->population, &def, &out->attribution, &reason);
    out->view.attribution = out->attribution;
    if (status != THRONG_OK)
        throng_error_set(err, status, reason.file, reason.line, "The panel of %d: %.400s", out->view.n, reason.message);
out:
    return status;
}

void throng_i_panel_clear(throng_context *context, throng_i_panel *self) {
    throng_attribution_free(self->attribution);
    throng_population_free(self->population);
    throng_i_free(context, self->rows);
    *self = (throng_i_panel){0};
}
