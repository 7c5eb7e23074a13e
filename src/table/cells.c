/* Values of small tables, one at a time. */
#include "table/table.h"

#include <math.h>
#include <stdio.h>

double throng_i_cell_number(const throng_column_view *column, int64_t row) {
    switch (column->type) {
    case THRONG_TYPE_FLOAT32:
        return (double)((const float *)column->data)[row];
    case THRONG_TYPE_FLOAT64:
        return ((const double *)column->data)[row];
    case THRONG_TYPE_INT32:
        return ((const int32_t *)column->data)[row];
    case THRONG_TYPE_INT64:
        return (double)((const int64_t *)column->data)[row];
    case THRONG_TYPE_UINT8:
        return ((const uint8_t *)column->data)[row];
    default:
        return (double)NAN;
    }
}

const char *throng_i_cell_word(const throng_column_view *column, int64_t row, char *room) {
    if (column->type == THRONG_TYPE_TEXT)
        return column->words[((const int32_t *)column->data)[row]];
    int64_t whole = column->type == THRONG_TYPE_INT64 ? ((const int64_t *)column->data)[row] : 0;
    if (whole == INT64_MIN)
        return "";
    if (column->type == THRONG_TYPE_INT64)
        snprintf(room, 32, "%lld", (long long)whole);
    else
        snprintf(room, 32, "%.15g", throng_i_cell_number(column, row));
    return room;
}

void throng_i_cell_text(const throng_column_view *column, int64_t row, char *out, size_t size) {
    char room[32];
    snprintf(out, size, "%s", throng_i_cell_word(column, row, room));
}

bool throng_i_has_column(throng_context *context, const char *path, const char *column) {
    throng_column_request request = {column, THRONG_ROLE_LABEL};
    throng_table *table = NULL;
    bool has = throng_table_read(context, &path, 1, &request, 1, NULL, &table, NULL) == THRONG_OK;
    throng_table_free(table);
    return has;
}
