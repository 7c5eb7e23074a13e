/* Table expressions for each format, with every option that matters pinned: nothing is left for DuckDB to detect but
 * the types of columns. */
#include "table/scan.h"

/* Rows from which types are guessed: DuckDB's own default, one batch of its readers. */
#define SAMPLE 20480

static const char *csv_compression(const throng_i_file *file) {
    static const char *const names[] = {"none", "gzip", "zstd"};
    return names[file->compression];
}

static const char *json_compression(const throng_i_file *file) {
    static const char *const names[] = {"uncompressed", "gzip", "zstd"};
    return names[file->compression];
}

static void add_columns(throng_i_sql *sql, const throng_i_file *file, const char *const *types) {
    throng_i_sql_add(sql, ", columns={");
    const char *separator = "";
    for (int i = 0; i < file->n_fields; i++) {
        const char *type = types ? types[i] : "VARCHAR";
        if (!type && file->format == THRONG_I_FORMAT_NDJSON)
            continue;
        throng_i_sql_add(sql, "%s", separator);
        throng_i_sql_literal(sql, file->fields[i].sql_name);
        throng_i_sql_add(sql, ": ");
        throng_i_sql_literal(sql, type ? type : "VARCHAR");
        separator = ", ";
    }
    throng_i_sql_add(sql, "}");
}

static void add_csv(throng_i_sql *sql, const throng_i_file *file) {
    throng_i_sql_add(sql, "read_csv(");
    throng_i_sql_path(sql, file->opened, true);
    throng_i_sql_add(sql,
                     ", compression='%s', header=true, delim='%c', quote='\"', escape='\"', skip=0, comment='', "
                     "strict_mode=true, null_padding=false, ignore_errors=false, hive_partitioning=false",
                     csv_compression(file), file->delimiter);
}

static void add_ndjson(throng_i_sql *sql, const throng_i_file *file) {
    throng_i_sql_add(sql, "read_json(");
    throng_i_sql_path(sql, file->opened, true);
    throng_i_sql_add(sql,
                     ", compression='%s', format='newline_delimited', records='true', ignore_errors=false, "
                     "hive_partitioning=false",
                     json_compression(file));
}

static void add_typed(throng_i_sql *sql, const throng_i_file *file) {
    if (file->format == THRONG_I_FORMAT_PARQUET) {
        throng_i_sql_add(sql, "read_parquet(");
        throng_i_sql_path(sql, file->opened, true);
        throng_i_sql_add(sql, ", binary_as_string=true, hive_partitioning=false%s)",
                         file->part_end > 0 ? ", file_row_number=true" : "");
    } else {
        throng_i_sql_add(sql, "%s", file->relation);
    }
}

void throng_i_scan(throng_i_sql *sql, const throng_i_file *file, const char *const *types) {
    if (file->format == THRONG_I_FORMAT_CSV) {
        add_csv(sql, file);
        throng_i_sql_add(sql, ", auto_detect=false");
    } else if (file->format == THRONG_I_FORMAT_NDJSON) {
        add_ndjson(sql, file);
    } else {
        add_typed(sql, file);
        return;
    }
    add_columns(sql, file, types);
    throng_i_sql_add(sql, ")");
}

void throng_i_scan_guess(throng_i_sql *sql, const throng_i_file *file, bool all_rows) {
    int sample = all_rows ? -1 : SAMPLE;
    if (file->format == THRONG_I_FORMAT_CSV) {
        /* Dates are ISO 8601 only: of 03/04/2024 nobody knows which is the month. */
        add_csv(sql, file);
        throng_i_sql_add(sql, ", auto_detect=true, sample_size=%d, dateformat='%%Y-%%m-%%d')", sample);
    } else if (file->format == THRONG_I_FORMAT_NDJSON) {
        add_ndjson(sql, file);
        throng_i_sql_add(sql, ", sample_size=%d, map_inference_threshold=-1)", sample);
    } else {
        add_typed(sql, file);
    }
}

void throng_i_scan_lines(throng_i_sql *sql, const throng_i_file *file) {
    /* A separator that no text has makes a line one field. */
    throng_i_sql_add(sql, "read_csv(");
    throng_i_sql_path(sql, file->opened, true);
    throng_i_sql_add(
        sql,
        ", compression='%s', auto_detect=false, strict_mode=false, header=false, delim=chr(1), quote='', escape='', "
        "max_line_size=2097152, buffer_size=8388608, columns={'line': 'VARCHAR'}, hive_partitioning=false)",
        csv_compression(file));
}
