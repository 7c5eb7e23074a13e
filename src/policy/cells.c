/* Values of small tables, one at a time. */
#include "policy/policy.h"

#include <math.h>
#include <stdio.h>

double throng_i_cell_number(const throng_column_view *column, int64_t row) {
    switch (column->type) {
    case THRONG_TYPE_FLOAT32:
        return ((const float *)column->data)[row];
    case THRONG_TYPE_FLOAT64:
        return ((const double *)column->data)[row];
    case THRONG_TYPE_INT64:
        return (double)((const int64_t *)column->data)[row];
    default:
        return (double)NAN;
    }
}

void throng_i_cell_text(const throng_column_view *column, int64_t row, char *out, size_t size) {
    if (column->type == THRONG_TYPE_TEXT)
        snprintf(out, size, "%s", column->words[((const int32_t *)column->data)[row]]);
    else
        snprintf(out, size, "%.15g", throng_i_cell_number(column, row));
}

bool throng_i_has_column(throng_context *context, const char *path, const char *column) {
    throng_column_request request = {column, THRONG_ROLE_LABEL};
    throng_table *table = NULL;
    bool has = throng_table_read(context, &path, 1, &request, 1, NULL, &table, NULL) == THRONG_OK;
    throng_table_free(table);
    return has;
}
