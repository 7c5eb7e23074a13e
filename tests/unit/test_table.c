/* Tables: columns, and reading and writing files of every kind, broken ones above all. One long file, since all
 * tests lean on the same helpers. */
#define _GNU_SOURCE
#include "folder.h"
#include "suite.h"
#include "table/database.h"
#include "table/table.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

static void begin(void) {
    enter_folder();
    set_up();
}

static void end(void) {
    tear_down();
    leave_folder();
}

TestSuite(table, .init = begin, .fini = end, .timeout = 120);

/* ---- helpers --------------------------------------------------------------------------------------------------- */

static void put_bytes(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

static void put(const char *path, const char *text) {
    put_bytes(path, text, strlen(text));
}

static char *get(const char *path, size_t *n) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*n + 1);
    cr_assert_eq(fread(bytes, 1, *n, file), *n);
    bytes[*n] = 0;
    fclose(file);
    return bytes;
}

static void expect_start(const char *path, const char *text) {
    size_t n;
    char *bytes = get(path, &n);
    cr_expect_eq(strncmp(bytes, text, strlen(text)), 0, "%s", path);
    free(bytes);
}

/* "id:key,x:number" as requests. */
static int parse(const char *wanted, char names[8][32], throng_column_request requests[8]) {
    static const char *const roles[THRONG_ROLE_COUNT] = {"number", "key", "time", "label", "link", "moment"};
    int n = 0;
    for (const char *c = wanted; *c; n++) {
        char role[16] = "";
        cr_assert_eq(sscanf(c, "%31[^:]:%15[a-z]", names[n], role), 2, "%s", c);
        requests[n].column = names[n];
        for (int i = 0; i < THRONG_ROLE_COUNT; i++)
            if (strcmp(roles[i], role) == 0)
                requests[n].role = (throng_role)i;
        c = strchrnul(strchr(c, ':'), ',');
        c += *c == ',';
    }
    return n;
}

static throng_status read_paths(const char *const *paths, int n, const char *wanted, const char *condition,
                                throng_table **out) {
    char names[8][32];
    throng_column_request requests[8];
    int n_requests = parse(wanted, names, requests);
    error = (throng_error){0};
    return throng_table_read(context, paths, n, requests, n_requests, condition, out, &error);
}

static throng_table *read_where(const char *path, const char *wanted, const char *condition) {
    throng_table *table = NULL;
    throng_status status = read_paths(&path, 1, wanted, condition, &table);
    cr_assert_eq(status, THRONG_OK, "%s: %s", path, error.message);
    return table;
}

static throng_table *read_ok(const char *path, const char *wanted) {
    return read_where(path, wanted, NULL);
}

/* Reading fails with this status and one sentence that contains `part`; nothing is made. */
static void expect_failure(const char *path, const char *wanted, const char *condition, throng_status expected,
                           const char *part) {
    throng_table *table = NULL;
    throng_status status = read_paths(&path, 1, wanted, condition, &table);
    cr_expect_eq(status, expected, "%s: %s instead of %s: %s", path, throng_status_name(status),
                 throng_status_name(expected), error.message);
    cr_expect(!table);
    cr_expect(strstr(error.message, part), "%s: \"%s\" lacks \"%s\"", path, error.message, part);
    cr_expect(!strchr(error.message, '\n'), "%s", error.message);
    cr_expect_eq(throng_context_bytes(context), idle_bytes, "%s leaks", path);
    throng_table_free(table);
}

static int64_t whole_at(const throng_column_view *view, int64_t row) {
    switch (view->type) {
    case THRONG_TYPE_UINT8:
        return ((const uint8_t *)view->data)[row];
    case THRONG_TYPE_INT64:
    case THRONG_TYPE_TIMESTAMP:
        return ((const int64_t *)view->data)[row];
    default:
        return ((const int32_t *)view->data)[row];
    }
}

static double real_at(const throng_column_view *view, int64_t row) {
    if (view->type == THRONG_TYPE_FLOAT32)
        return (double)((const float *)view->data)[row];
    return view->type == THRONG_TYPE_FLOAT64 ? ((const double *)view->data)[row] : (double)whole_at(view, row);
}

static const char *word_at(const throng_column_view *view, int64_t row) {
    return view->words[((const int32_t *)view->data)[row]];
}

/* One row of a table as text: "1|0.5|abc". */
static const char *row_text(const throng_table *table, int64_t row, char out[256]) {
    size_t used = 0;
    for (int i = 0; i < throng_table_columns(table); i++) {
        throng_column_view view = throng_table_column(table, i);
        const char *bar = i ? "|" : "";
        if (view.type == THRONG_TYPE_TEXT)
            used += snprintf(out + used, 256 - used, "%s%s", bar, word_at(&view, row));
        else if (view.type == THRONG_TYPE_FLOAT32 || view.type == THRONG_TYPE_FLOAT64)
            used += snprintf(out + used, 256 - used, "%s%.12g", bar, real_at(&view, row));
        else
            used += snprintf(out + used, 256 - used, "%s%lld", bar, (long long)whole_at(&view, row));
    }
    return out;
}

/* The whole table is `types` ("int64,text") and these rows. */
static void expect_rows(throng_table *table, const char *types, const char *const *rows, int64_t n) {
    char found[256] = "", text[256];
    for (int i = 0; i < throng_table_columns(table); i++) {
        strcat(found, i ? "," : "");
        strcat(found, throng_type_name(throng_table_column(table, i).type));
    }
    cr_expect_str_eq(found, types);
    cr_assert_eq(throng_table_rows(table), n, "%lld rows", (long long)throng_table_rows(table));
    for (int64_t i = 0; i < n; i++)
        cr_expect_str_eq(row_text(table, i, text), rows[i], "row %lld: %s, not %s", (long long)i, text, rows[i]);
    throng_table_free(table);
}

#define EXPECT_ROWS(table, types, ...)                                                                                 \
    do {                                                                                                               \
        const char *const rows_[] = {__VA_ARGS__};                                                                     \
        expect_rows((table), (types), rows_, sizeof rows_ / sizeof *rows_);                                            \
    } while (0)

static void *add(throng_table *table, const char *name, throng_type type) {
    void *data = NULL;
    cr_assert_eq(throng_table_add(table, name, type, &data, &error), THRONG_OK, "%s", error.message);
    return data;
}

/* A table of n rows with a column of every type, no two rows alike. */
static throng_table *make_table(int64_t n) {
    throng_table *table = NULL;
    int32_t *codes;
    const char *const words[] = {"left", "", "a \"quoted\", text", "Grüße\nzwei Zeilen", "right of twelve bytes"};
    cr_assert_eq(throng_table_create(context, n, &table, &error), THRONG_OK);
    float *f32 = add(table, "f32", THRONG_TYPE_FLOAT32);
    double *f64 = add(table, "f64", THRONG_TYPE_FLOAT64);
    int32_t *i32 = add(table, "i32", THRONG_TYPE_INT32);
    int64_t *i64 = add(table, "i64", THRONG_TYPE_INT64);
    uint8_t *u8 = add(table, "u8", THRONG_TYPE_UINT8);
    int32_t *date = add(table, "date", THRONG_TYPE_DATE);
    int64_t *time = add(table, "time", THRONG_TYPE_TIMESTAMP);
    cr_assert_eq(throng_table_add_codes(table, "text", 5, words, &codes, &error), THRONG_OK);
    for (int64_t i = 0; i < n; i++) {
        f32[i] = i % 7 == 3 ? NAN : sinf((float)i);
        f64[i] = i % 11 == 5 ? -INFINITY : sin((double)i) * 1e10;
        i32[i] = (int32_t)(i * 7 - 1000);
        i64[i] = i * 1234567891011 - 5;
        u8[i] = (uint8_t)i;
        date[i] = (int32_t)i - 20;
        time[i] = i * 86399999999 - 1;
        codes[i] = (int32_t)(i % 5);
    }
    return table;
}

static void write_ok(const throng_table *table, const char *path) {
    throng_status status = throng_table_write(table, path, false, &error);
    cr_assert_eq(status, THRONG_OK, "%s: %s", path, error.message);
}

static int count_entries(void) {
    FILE *list = popen("ls -A | wc -l", "r");
    int n = -1;
    cr_assert_eq(fscanf(list, "%d", &n), 1);
    pclose(list);
    return n;
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

Test(table, columns_are_kept_and_found) {
    throng_table *table = NULL;
    throng_column_view view;
    const double state[] = {0.5, 1.5};
    const char *const names[] = {"b", "a"}, *const same[] = {"b", "b"}, *const gap[] = {"b", NULL};
    int32_t *codes;
    cr_expect_eq(throng_table_create(context, -1, &table, &error), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_table_create(context, 2, &table, &error), THRONG_OK);
    cr_expect_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error), THRONG_OK);
    cr_expect_eq(throng_table_add_view(table, "state", THRONG_TYPE_FLOAT64, state, &error), THRONG_E_COLUMN);
    cr_expect_eq(throng_table_add_view(table, "text", THRONG_TYPE_TEXT, state, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_table_add_view(table, "", THRONG_TYPE_INT32, state, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_table_add_view(table, "null", THRONG_TYPE_INT32, NULL, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_table_add_text(table, "name", gap, &error), THRONG_E_MISSING_VALUE);
    cr_expect_eq(throng_table_add_text(table, "name", names, &error), THRONG_OK);
    cr_expect_eq(throng_table_add_codes(table, "kind", 2, same, &codes, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_table_add_codes(table, "kind", 0, same, &codes, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_table_columns(table), 2);
    cr_expect_eq(throng_table_find(table, "stat", &view, &error), THRONG_E_COLUMN);
    cr_expect(strstr(error.message, "\"state\""), "%s", error.message);
    cr_assert_eq(throng_table_find(table, "name", &view, &error), THRONG_OK);
    cr_expect_eq(view.n_words, 2);
    cr_expect_str_eq(view.words[((const int32_t *)view.data)[1]], "a");
    cr_expect_eq(throng_table_column(table, 0).data, state);
    cr_expect_null(throng_table_column(table, 2).name);
    cr_expect_null(throng_table_column(table, -1).name);
    throng_table_free(table);
    throng_table_free(NULL);
}

Test(table, a_column_can_be_taken_out) {
    throng_table *table = make_table(10);
    throng_i_table_column taken, none;
    int64_t before = throng_i_table_bytes(table);
    const void *data = throng_table_column(table, 7).data;
    cr_expect_eq(throng_i_table_take_column(table, 8, &none, &error), THRONG_E_ARGUMENT);
    cr_assert_eq(throng_i_table_take_column(table, 7, &taken, &error), THRONG_OK);
    cr_expect_eq(taken.view.data, data);
    cr_expect_eq(throng_table_column(table, 7).data, data);
    cr_expect_lt(throng_i_table_bytes(table), before);
    throng_table_free(table);
    cr_expect_str_eq(taken.view.words[4], "right of twelve bytes");
    cr_expect_str_eq(taken.view.name, "text");
    throng_i_free(context, taken.memory);
    throng_i_free(context, taken.name);
    throng_i_free(context, taken.dictionary);
}

Test(table, hashes_are_xxh3_128) {
    char hash[THRONG_I_HASH_LENGTH];
    throng_i_hash_bytes("", 0, hash);
    cr_expect_str_eq(hash, "99aa06d3014798d86001c324468d497f"); /* `xxh128sum < /dev/null` */
}

/* ---- round trips ----------------------------------------------------------------------------------------------- */

#define EVERY_TYPE "f32:number,f64:number,i32:key,i64:key,u8:key,date:time,time:time,text:label"

/* What a format cannot say comes back as missing: NaN and infinity in NDJSON, the empty text in CSV. */
static bool is_same(const throng_column_view *a, const throng_column_view *b, int64_t row, const char *format) {
    if (a->type == THRONG_TYPE_TEXT) {
        bool is_lost = strcmp(format, "csv") == 0 && word_at(a, row)[0] == 0;
        return strcmp(word_at(b, row), is_lost ? "(none)" : word_at(a, row)) == 0;
    }
    if (a->type != THRONG_TYPE_FLOAT32 && a->type != THRONG_TYPE_FLOAT64)
        return whole_at(a, row) == whole_at(b, row);
    double x = real_at(a, row), y = real_at(b, row);
    if (!isfinite(x) && (isnan(x) || strcmp(format, "ndjson") == 0))
        return isnan(y);
    return a->type == THRONG_TYPE_FLOAT32 ? (float)x == (float)y : x == y;
}

static void expect_round_trip(const char *format, const char *types) {
    char path[32], found[256] = "";
    snprintf(path, sizeof path, "t.%s", format);
    throng_table *table = make_table(3000);
    write_ok(table, path);
    throng_table *back = read_ok(path, EVERY_TYPE);
    cr_assert_eq(throng_table_rows(back), 3000);
    for (int c = 0; c < throng_table_columns(back); c++) {
        throng_column_view a = throng_table_column(table, c), b = throng_table_column(back, c);
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", throng_type_name(b.type));
        for (int64_t i = 0; i < 3000; i++)
            cr_assert(is_same(&a, &b, i, format), "%s, column %s, row %lld", path, a.name, (long long)i);
    }
    cr_expect_str_eq(found, types);
    throng_table_free(back);
    throng_table_free(table);
}

Test(table, round_trips) {
    expect_round_trip("parquet", "float32 float64 int64 int64 int64 date timestamp text ");
    expect_round_trip("csv", "float64 float64 int64 int64 int64 date timestamp text ");
    expect_round_trip("ndjson", "float64 float64 int64 int64 int64 date timestamp text ");
}

Test(table, a_table_without_rows_comes_back) {
    static const char *const paths[] = {"t.parquet", "t.csv"};
    throng_table *table = make_table(0);
    for (int i = 0; i < 2; i++) {
        write_ok(table, paths[i]);
        throng_table *back = read_ok(paths[i], EVERY_TYPE);
        cr_expect_eq(throng_table_rows(back), 0);
        cr_expect_eq(throng_table_columns(back), 8);
        throng_table_free(back);
    }
    throng_table_free(table);
}

Test(table, bytes_do_not_depend_on_threads) {
    static const char *const formats[] = {"parquet", "csv", "ndjson"};
    static const int threads[] = {1, 2, 3, 8};
    throng_table *table = make_table(260000); /* three row groups */
    for (int f = 0; f < 3; f++) {
        char *bytes[4], path[32];
        size_t n[4];
        for (int t = 0; t < 4; t++) {
            cr_assert_eq(throng_context_set_threads(context, threads[t], &error), THRONG_OK);
            snprintf(path, sizeof path, "%d.%s", threads[t], formats[f]);
            write_ok(table, path);
            bytes[t] = get(path, &n[t]);
            cr_expect(n[t] == n[0] && memcmp(bytes[t], bytes[0], n[t]) == 0, "%s differs from that of 1 thread", path);
        }
        for (int t = 0; t < 4; t++)
            free(bytes[t]);
    }
    throng_table_free(table);
}

Test(table, rows_keep_their_order_on_any_number_of_threads) {
    static const char *const paths[] = {"t.parquet", "t.csv", "t.ndjson"};
    throng_table *table = make_table(260000);
    for (int f = 0; f < 3; f++) {
        write_ok(table, paths[f]);
        for (int threads = 1; threads <= 9; threads *= 3) {
            cr_assert_eq(throng_context_set_threads(context, threads, &error), THRONG_OK);
            throng_table *back = read_ok(paths[f], "i64:key");
            throng_column_view a = throng_table_column(table, 3), b = throng_table_column(back, 0);
            cr_expect_eq(memcmp(a.data, b.data, 260000 * 8), 0, "%s on %d threads", paths[f], threads);
            throng_table_free(back);
        }
    }
    throng_table_free(table);
}

Test(table, many_different_texts) {
    FILE *file = fopen("ids.csv", "w");
    fputs("did\n", file);
    for (int i = 0; i < 200000; i++)
        fprintf(file, "did:plc:%d\n", i % 100000);
    fclose(file);
    throng_table *table = read_ok("ids.csv", "did:key");
    throng_column_view view = throng_table_column(table, 0);
    cr_expect_eq(view.type, THRONG_TYPE_TEXT);
    cr_expect_eq(view.n_words, 100000);
    for (int i = 0; i < 200000; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "did:plc:%d", i % 100000);
        cr_assert_str_eq(word_at(&view, i), expected);
    }
    throng_table_free(table);
}

/* ---- which files ----------------------------------------------------------------------------------------------- */

Test(table, several_files_and_patterns) {
    throng_table *table = NULL;
    const char *const both[] = {"b.csv", "a.csv"}, *const mixed[] = {"a.csv", "c.ndjson"};
    put("a.csv", "id,x\n1,10\n");
    put("b.csv", "x;id\n20.5;2\n"); /* another order, another separator */
    put("c.ndjson", "{\"id\":1,\"x\":1}\n");
    cr_assert_eq(read_paths(both, 2, "id:key,x:number", NULL, &table), THRONG_OK, "%s", error.message);
    int n = 0;
    const throng_source *sources = throng_table_sources(table, &n);
    cr_assert_eq(n, 2);
    cr_expect_str_eq(sources[0].path, "b.csv");
    cr_expect_eq(sources[0].bytes, 12);
    char hash[THRONG_I_HASH_LENGTH];
    throng_i_hash_bytes("id,x\n1,10\n", 10, hash);
    cr_expect_str_eq(sources[1].hash, hash);
    EXPECT_ROWS(table, "int64,float64", "2|20.5", "1|10");
    EXPECT_ROWS(read_ok("[ab].csv", "id:key,x:number"), "int64,float64", "1|10", "2|20.5");
    table = NULL;
    cr_expect_eq(read_paths(mixed, 2, "id:key", NULL, &table), THRONG_E_FORMAT);
    cr_expect(strstr(error.message, "a.csv is CSV but c.ndjson is NDJSON"), "%s", error.message);
    expect_failure("*.parquet", "id:key", NULL, THRONG_E_FILE, "*.parquet");
    for (int i = 7; i >= 0; i--) {
        char path[16], text[16];
        snprintf(path, sizeof path, "n%d.csv", i * 5 % 8);
        snprintf(text, sizeof text, "id\n%d\n", i * 5 % 8);
        put(path, text);
    }
    EXPECT_ROWS(read_ok("n*.csv", "id:key"), "int64", "0", "1", "2", "3", "4", "5", "6", "7");
}

Test(table, types_of_several_files_are_joined) {
    throng_table *table = NULL;
    const char *const paths[] = {"a.csv", "b.csv", "c.csv"};
    put("a.csv", "id,x,day\n1,1,2024-01-01\n");
    put("b.csv", "id,x,day\nb7,0.5,2024-01-01 12:00:00\n");
    put("c.csv", "id,x,day\n"); /* no rows: no say */
    cr_assert_eq(read_paths(paths, 3, "id:key,x:label,day:time", NULL, &table), THRONG_OK, "%s", error.message);
    EXPECT_ROWS(table, "text,float64,timestamp", "1|1|1704067200000000", "b7|0.5|1704110400000000");
    put("b.csv", "id,x,day\nb7,0.5,17\n");
    table = NULL;
    cr_expect_eq(read_paths(paths, 3, "id:key,day:time", NULL, &table), THRONG_E_COLUMN);
    cr_expect(strstr(error.message, "a.csv") && strstr(error.message, "b.csv"), "%s", error.message);
}

Test(table, a_path_that_is_there_is_no_pattern) {
    static const char *const paths[] = {"a[1].csv", "it's \"one\".csv", "*.csv", "~q?.csv", "a#b.csv"};
    put("a1.csv", "id\n999\n");
    for (int i = 0; i < 5; i++) {
        put(paths[i], "id\n1\n");
        EXPECT_ROWS(read_ok(paths[i], "id:key"), "int64", "1");
    }
}

Test(table, paths_that_cannot_be_read) {
    cr_assert_eq(mkdir("folder", 0755), 0);
    put("empty.csv", "");
    put_bytes("noise.bin", "\177ELF\0\0\0\0", 8);
    put_bytes("wide.csv", "\xff\xfei\0d\0", 6);
    put("text.parquet", "id\n1\n");
    put("trace.db", "SQLite format 3");
    put("sheet.xlsx", "PK\x03\x04");
    put("array.json", "[{\"id\":1}]");
    expect_failure("missing.csv", "id:key", NULL, THRONG_E_FILE, "missing.csv");
    expect_failure("folder", "id:key", NULL, THRONG_E_FILE, "folder is a directory");
    expect_failure("empty.csv", "id:key", NULL, THRONG_E_FORMAT, "empty.csv is empty");
    expect_failure("noise.bin", "id:key", NULL, THRONG_E_FORMAT, "noise.bin");
    expect_failure("wide.csv", "id:key", NULL, THRONG_E_FORMAT, "UTF-16");
    expect_failure("trace.db", "id:key", NULL, THRONG_E_FORMAT, "trace.db is an SQLite database: export");
    expect_failure("sheet.xlsx", "id:key", NULL, THRONG_E_FORMAT, "sheet.xlsx is a ZIP archive, as spreadsheets");
    expect_failure("text.parquet", "id:key", NULL, THRONG_E_FORMAT, "text.parquet is not a Parquet file");
    expect_failure("array.json", "id:key", NULL, THRONG_E_FORMAT, "one JSON array");
    if (geteuid() != 0) { /* root may read everything */
        put("secret.csv", "id\n1\n");
        cr_assert_eq(chmod("secret.csv", 0), 0);
        expect_failure("secret.csv", "id:key", NULL, THRONG_E_FILE, "Permission denied");
    }
}

Test(table, unknown_endings_are_told_by_their_bytes) {
    put("rows", "id,x\n1,2\n");
    put("objects", " {\"id\":1,\"x\":2}\n");
    EXPECT_ROWS(read_ok("rows", "id:key,x:number"), "int64,float64", "1|2");
    EXPECT_ROWS(read_ok("objects", "id:key,x:number"), "int64,float64", "1|2");
    throng_table *table = make_table(3);
    write_ok(table, "t.parquet");
    cr_assert_eq(rename("t.parquet", "t"), 0);
    EXPECT_ROWS(read_ok("t", "i32:key"), "int64", "-1000", "-993", "-986");
    throng_table_free(table);
}

static throng_table *read_input(const char *path, const char *wanted) {
    int file = open(path, O_RDONLY);
    cr_assert_geq(dup2(file, STDIN_FILENO), 0);
    close(file);
    return read_ok("-", wanted);
}

Test(table, standard_input) {
    put("rows", "id,x\n007,2\n");
    put("objects", "{\"id\":1,\"x\":2}\n");
    EXPECT_ROWS(read_input("rows", "id:key,x:number"), "text,float64", "007|2");
    throng_table *table = read_input("objects", "id:key,x:number");
    int n = 0;
    cr_expect_str_eq(throng_table_sources(table, &n)->path, "-");
    cr_expect_eq(throng_table_sources(table, &n)->bytes, 15);
    EXPECT_ROWS(table, "int64,float64", "1|2");
    cr_assert_eq(system("gzip -k objects rows"), 0);
    EXPECT_ROWS(read_input("objects.gz", "id:key,x:number"), "int64,float64", "1|2");
    EXPECT_ROWS(read_input("rows.gz", "id:key,x:number"), "text,float64", "007|2");
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "id\n5\n", 5), 5);
    close(ends[1]);
    cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
    EXPECT_ROWS(read_ok("-", "id:key"), "int64", "5");
    expect_failure("-", "id:key", NULL, THRONG_E_FORMAT, "standard input is empty");
}

/* A zstd frame with the content as it is: the simplest there can be. */
static void put_zstd(const char *path, const char *text, size_t cut) {
    unsigned char bytes[512] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, (unsigned char)strlen(text)};
    unsigned head = 1 | (unsigned)strlen(text) << 3;
    bytes[6] = head & 255;
    bytes[7] = head >> 8 & 255;
    bytes[8] = head >> 16;
    memcpy(bytes + 9, text, strlen(text));
    put_bytes(path, bytes, 9 + strlen(text) - cut);
}

Test(table, compressed_files_are_read_and_must_be_whole) {
    FILE *file = fopen("long.csv", "w");
    fputs("id,x\n", file);
    for (int i = 0; i < 20000; i++)
        fprintf(file, "%d,%d\n", i, i * 7919 % 1009);
    fclose(file);
    cr_assert_eq(system("gzip -k long.csv; cat long.csv.gz long.csv.gz > twice.csv.gz"), 0);
    throng_table *table = read_ok("long.csv.gz", "id:key");
    cr_expect_eq(throng_table_rows(table), 20000);
    throng_table_free(table);
    table = read_where("twice.csv.gz", "id:key", "id <> 'id'"); /* two members, the second with a header of its own */
    cr_expect_eq(throng_table_rows(table), 40000);
    throng_table_free(table);
    size_t n;
    char *bytes = get("long.csv.gz", &n);
    put_bytes("cut.csv.gz", bytes, n / 2);
    put_bytes("nearly.csv.gz", bytes, n - 1);
    bytes[n / 2] ^= 0x55;
    put_bytes("bad.csv.gz", bytes, n);
    free(bytes);
    expect_failure("cut.csv.gz", "id:key", NULL, THRONG_E_FORMAT, "cut.csv.gz is cut off");
    expect_failure("nearly.csv.gz", "id:key", NULL, THRONG_E_FORMAT, "nearly.csv.gz is cut off");
    expect_failure("bad.csv.gz", "id:key", NULL, THRONG_E_FORMAT, "bad.csv.gz is damaged");
    put_zstd("t.csv.zst", "id,x\n1,2\n", 0);
    put_zstd("t.ndjson.zst", "{\"id\":1}\n", 0);
    put_zstd("cut.csv.zst", "id,x\n1,2\n3,4\n", 4);
    EXPECT_ROWS(read_ok("t.csv.zst", "id:key,x:number"), "int64,float64", "1|2");
    EXPECT_ROWS(read_ok("t.ndjson.zst", "id:key"), "int64", "1");
    expect_failure("cut.csv.zst", "id:key", NULL, THRONG_E_FORMAT, "cut.csv.zst is cut off");
}

static void run_sql(const char *const *statements, int n) {
    throng_i_database database = {0};
    cr_assert_eq(throng_i_database_open(context, "testing", &database, &error), THRONG_OK);
    for (int i = 0; i < n; i++)
        cr_assert_eq(throng_i_database_run(&database, statements[i], NULL, &error), THRONG_OK, "%s", error.message);
    throng_i_database_close(&database);
}

Test(table, tables_of_duckdb_files) {
    static const char *const statements[] = {
        "ATTACH 'crowd.duckdb' AS c",
        "CREATE TABLE c.people AS SELECT 3 AS id, 0.5::FLOAT AS state, 7::HUGEINT AS big, '8'::VARCHAR AS name",
        "CREATE TABLE c.\"odd \"\"name\" AS SELECT 1 AS id",
        "CREATE TABLE c.\"with#hash\" AS SELECT 2 AS id",
        "CREATE SCHEMA c.side",
        "CREATE TABLE c.side.people2 AS SELECT uuid() AS id, 2.50::DECIMAL(9, 2) AS x, true AS flag",
    };
    run_sql(statements, 6);
    EXPECT_ROWS(read_ok("crowd.duckdb#people", "id:key,state:number,big:label,name:key"), "int64,float32,int64,text",
                "3|0.5|7|8");
    EXPECT_ROWS(read_ok("crowd.duckdb#odd \"name", "id:key"), "int64", "1");
    EXPECT_ROWS(read_ok("crowd.duckdb#side.people2", "x:number,flag:number"), "float64,float64", "2.5|1");
    expect_failure("crowd.duckdb#poeple", "id:key", NULL, THRONG_E_FILE, "Did you mean \"people\"?");
    expect_failure("crowd.duckdb", "id:key", NULL, THRONG_E_FORMAT, "crowd.duckdb#TABLE");
    EXPECT_ROWS(read_ok("crowd.duckdb#with#hash", "id:key"), "int64", "2");
}

/* ---- which columns --------------------------------------------------------------------------------------------- */

Test(table, names_of_columns) {
    put("t.csv", "\xef\xbb\xbfid, State ,\"a \"\"b\"\"\",A,a,,\n1,2,3,4,5,6,7\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key,state:number,a \"b\":number"), "int64,float64,float64", "1|2|3");
    EXPECT_ROWS(read_ok("t.csv", "A:number,a:number"), "float64,float64", "4|5");
    EXPECT_ROWS(read_ok("t.csv", "id:key,id:key,ID:key"), "int64,int64,int64", "1|1|1");
    expect_failure("t.csv", "stat:number", NULL, THRONG_E_COLUMN, "Did you mean \"State\"?");
    expect_failure("t.csv", "zzzz:number", NULL, THRONG_E_COLUMN, "Known: id, State");
    expect_failure("t.csv", "id:key,id:label", NULL, THRONG_E_ARGUMENT, "two roles");
    expect_failure("t.csv", "id:key,ID:label", NULL, THRONG_E_ARGUMENT, "two roles");
    put("case.csv", "Id,ID\n1,2\n");
    expect_failure("case.csv", "id:key", NULL, THRONG_E_COLUMN, "write it exactly");
}

Test(table, duplicate_names_are_refused) {
    put("t.csv", "id,x,x\n1,2,3\n");
    expect_failure("t.csv", "id:key", NULL, THRONG_E_COLUMN, "two columns named \"x\"");
    /* DuckDB writes no such Parquet file: one is made by renaming a column in its bytes. */
    throng_table *table = NULL;
    cr_assert_eq(throng_table_create(context, 2, &table, &error), THRONG_OK);
    add(table, "column_one", THRONG_TYPE_FLOAT64);
    add(table, "column_two", THRONG_TYPE_FLOAT64);
    write_ok(table, "t.parquet");
    throng_table_free(table);
    size_t n = 0;
    char *bytes = get("t.parquet", &n);
    for (char *found; (found = memmem(bytes, n, "column_two", 10));)
        memcpy(found, "column_one", 10);
    put_bytes("t.parquet", bytes, n);
    free(bytes);
    expect_failure("t.parquet", "column_one:number", NULL, THRONG_E_COLUMN, "two columns named \"column_one\"");
}

Test(table, names_and_conditions_cannot_break_out) {
    put("t.csv", "\"x\"\"; DROP TABLE t; --\",it's,'\n1,2,3\n");
    EXPECT_ROWS(read_ok("t.csv", "x\"; DROP TABLE t; --:number,it's:key,':label"), "float64,int64,int64", "1|2|3");
    throng_table *table = NULL;
    cr_assert_eq(throng_table_create(context, 1, &table, &error), THRONG_OK);
    *(int32_t *)add(table, "x\"; DROP TABLE t; --", THRONG_TYPE_INT32) = 7;
    write_ok(table, "it's '; --.parquet");
    throng_table_free(table);
    EXPECT_ROWS(read_ok("it's '; --.parquet", "x\"; DROP TABLE t; --:key"), "int64", "7");
    put("secret.csv", "a\n1\n");
    put("u.csv", "id\n1\n2\n");
    expect_failure("u.csv", "id:key", "id = 1; DROP TABLE x", THRONG_E_QUERY, "one SQL expression");
    expect_failure("u.csv", "id:key", "true) UNION SELECT (9", THRONG_E_QUERY, "one SQL expression");
    expect_failure("u.csv", "id:key", "true /*", THRONG_E_QUERY, "one SQL expression");
    expect_failure("u.csv", "id:key", "id IN (SELECT a FROM 'secret.csv')", THRONG_E_QUERY, "secret.csv");
    expect_failure("u.csv", "id:key", "id = ?", THRONG_E_QUERY, "parameters");
    expect_failure("u.csv", "id:key", "iid = 1", THRONG_E_QUERY, "Did you mean \"id\"?");
    expect_failure("u.csv", "id:key", "count(*) > 1", THRONG_E_QUERY, "u.csv");
}

Test(table, conditions_choose_rows) {
    put("t.csv", "id,x,flag\n1,0.5,true\n2,unknown,false\n3,2,true\n");
    EXPECT_ROWS(read_where("t.csv", "id:key", "id >= 2 -- comment"), "int64", "2", "3");
    EXPECT_ROWS(read_where("t.csv", "id:key", "flag"), "int64", "1", "3");
    /* A text in a column of numbers does no harm in a row that is left out. */
    EXPECT_ROWS(read_where("t.csv", "x:number,flag:number", "x <> 'unknown'"), "float64,float64", "0.5|1", "2|1");
    expect_failure("t.csv", "x:number", "id < 3", THRONG_E_COLUMN, "row 2, column \"x\": \"unknown\" is not a number");
    EXPECT_ROWS(read_where("t.csv", "id:key", ""), "int64", "1", "2", "3");
    throng_table *table = read_where("t.csv", "id:key", "false");
    cr_expect_eq(throng_table_rows(table), 0);
    throng_table_free(table);
    put("mixed.csv", "x\n1\nmany\n");
    expect_failure("mixed.csv", "x:number", "x > 1", THRONG_E_QUERY,
                   "a text cannot be compared with a whole number; CAST(x AS VARCHAR) makes x a text, AS DOUBLE");
}

/* Why nobody is there: no row was kept, or there was none. */
static void expect_nobody(const char *const *paths, int n, const char *condition, const char *message) {
    throng_table *table = NULL;
    throng_population *population = NULL;
    const throng_population_def def = {.state = "x"};
    cr_assert_eq(read_paths(paths, n, "x:number", condition, &table), THRONG_OK);
    cr_expect_eq(throng_population_create(context, table, &def, &population, &error), THRONG_E_EMPTY);
    cr_expect_str_eq(error.message, message);
}

Test(table, a_crowd_without_rows_says_why) {
    const char *const paths[] = {"a.csv", "b.csv"};
    put("a.csv", "x\n");
    put("b.csv", "x\n1\n");
    expect_nobody(paths, 1, NULL, "a.csv has no rows.");
    expect_nobody(paths, 2, "x > 1", "No row of a.csv and the other files fulfils the condition.");
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

Test(table, keys_stay_exact) {
    put("t.csv", "id\n007\n8\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key"), "text", "007", "8");
    put("t.csv", "id\ndid:plc:abc\n1e3\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key"), "text", "did:plc:abc", "1e3");
    put("t.csv", "id\n9223372036854775807\n-9223372036854775808\n0\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key"), "int64", "9223372036854775807", "-9223372036854775808", "0");
    put("t.csv", "id\n9223372036854775808\n1\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key"), "text", "9223372036854775808", "1");
    put("t.csv", "id\n1.0\n2.50\n");
    EXPECT_ROWS(read_ok("t.csv", "id:key"), "text", "1.0", "2.50");
    put("t.ndjson", "{\"id\":18446744073709551615}\n{\"id\":\"0x\"}\n");
    EXPECT_ROWS(read_ok("t.ndjson", "id:key"), "text", "18446744073709551615", "0x");
    static const char *const statements[] = {
        "COPY (SELECT 5::UBIGINT a, 5::DOUBLE b, 5::HUGEINT c, 5::SMALLINT d, true e, '5' f, DATE '2024-01-01' g) TO "
        "'t.parquet'",
        "COPY (SELECT * FROM (VALUES (18446744073709551615::UBIGINT, 0.5::DOUBLE), (1, 2)) t(a, b)) TO 'u.parquet'"};
    run_sql(statements, 2);
    EXPECT_ROWS(read_ok("t.parquet", "a:key,b:key,c:key,d:key,e:key,f:key,g:key"),
                "int64,int64,int64,int64,text,text,text", "5|5|5|5|true|5|2024-01-01");
    EXPECT_ROWS(read_ok("u.parquet", "a:key,b:key"), "text,text", "18446744073709551615|0.5", "1|2");
}

/* A file whose rows 1..30000 (more than DuckDB samples) are `row`, # being the row's number, and whose last is `last`.
 */
static void put_late(const char *path, const char *first, const char *row, const char *last) {
    FILE *file = fopen(path, "w");
    fputs(first, file);
    for (int i = 1; i <= 30000; i++)
        for (const char *c = row; *c; c++)
            *c == '#' ? fprintf(file, "%d", i) : fputc(*c, file);
    fputs(last, file);
    fclose(file);
}

/* The type of the only column, and its last row. */
static void expect_last(const char *path, const char *wanted, const char *condition, int64_t n, const char *type,
                        const char *last) {
    throng_table *table = read_where(path, wanted, condition);
    char text[256];
    cr_expect_str_eq(throng_type_name(throng_table_column(table, 0).type), type, "%s %s", path, wanted);
    cr_assert_eq(throng_table_rows(table), n);
    cr_expect_str_eq(row_text(table, n - 1, text), last, "%s %s: %s", path, wanted, text);
    throng_table_free(table);
}

Test(table, late_surprises) {
    put_late("t.csv", "id,x\n", "#,#\n", "007,0.5\n");
    put_late("t.ndjson", "", "{\"id\":#,\"x\":#}\n", "{\"id\":\"007\",\"x\":0.5,\"y\":9}\n");
    put_late("u.csv", "id,x\n", "#,#\n", "abc,NA\n");
    put_late("u.ndjson", "", "{\"id\":#,\"x\":#}\n", "{\"id\":\"abc\",\"x\":\"NA\"}\n");
    static const char *const good[] = {"t.csv", "t.ndjson"}, *const bad[] = {"u.csv", "u.ndjson"};
    for (int i = 0; i < 2; i++) {
        expect_last(good[i], "id:key", NULL, 30001, "text", "007");
        expect_last(good[i], "x:number", NULL, 30001, "float64", "0.5");
        expect_last(good[i], "x:label", NULL, 30001, "float64", "0.5");
        expect_last(good[i], "id:label", NULL, 30001, "text", "007");
        expect_last(good[i], "x:number", "x > 0.4 AND x < 0.6", 1, "float64", "0.5");
        expect_last(good[i], "id:key", "x > 0.4 AND x < 0.6", 1, "text", "007");
        expect_failure(good[i], "x:time", NULL, THRONG_E_COLUMN, "row 30001, column \"x\": \"0.5\" is not a whole");
        expect_last(bad[i], "x:label", NULL, 30001, "text", "NA");
        expect_last(bad[i], "id:key,x:label", NULL, 30001, "text", "abc|NA");
        expect_failure(bad[i], "id:key,x:number", NULL, THRONG_E_COLUMN,
                       "row 30001, column \"x\": \"NA\" is not a number");
    }
    put_late("v.csv", "id,x\n", "#,#.5\n", "1,abc\n");
    expect_last("v.csv", "x:label", NULL, 30001, "text", "abc");
    expect_last("t.ndjson", "y:number", NULL, 30001, "float64", "9");
    expect_last("t.ndjson", "id:key", "y = 9", 1, "text", "007");
    expect_failure("u.csv", "x:number", NULL, THRONG_E_COLUMN, "leave the field empty");
}

Test(table, missing_values) {
    put("t.csv", "id,x,day,name\n1,,2024-01-01,a\n,\"\",,\n3,nan,2024-01-03,\n,inf,,b\n");
    EXPECT_ROWS(read_ok("t.csv", "x:number,id:label,name:label"), "float64,float64,text", "nan|1|a", "nan|nan|(none)",
                "nan|3|(none)", "inf|nan|b");
    expect_failure("t.csv", "id:key", NULL, THRONG_E_MISSING_VALUE,
                   "t.csv, row 2, column \"id\": the key is missing, here and in 1 more row");
    expect_failure("t.csv", "id:key", "name = 'b'", THRONG_E_MISSING_VALUE,
                   "row 4, column \"id\": the key is missing.");
    expect_failure("t.csv", "day:time", NULL, THRONG_E_MISSING_VALUE, "row 2, column \"day\": the time is missing");
    expect_failure("t.csv", "name:key", NULL, THRONG_E_MISSING_VALUE, "row 2, column \"name\"");
    put("t.ndjson", "{\"id\":1,\"x\":null}\n{\"x\":2}\n\n{\"id\":3}\n");
    EXPECT_ROWS(read_ok("t.ndjson", "x:number,id:label"), "float64,float64", "nan|1", "2|nan", "nan|3");
    expect_failure("t.ndjson", "id:key", NULL, THRONG_E_MISSING_VALUE, "t.ndjson, row 2, column \"id\"");
    EXPECT_ROWS(read_ok("t.csv", "id:link,day:moment,name:link"), "int64,date,text", "1|19723|a",
                "-9223372036854775808|-2147483648|", "3|19725|", "-9223372036854775808|-2147483648|b");
    expect_failure("t.csv", "id:link,id:key", NULL, THRONG_E_ARGUMENT, "two roles");
}

Test(table, times) {
    put("t.csv", "day,at,text,flag,n\n2024-02-29,2024-01-01T00:00:00Z,03/04/2024,true,7\n"
                 "1969-12-31,2024-01-01T02:00:00+02:00,05/06/2024,false,08\n");
    EXPECT_ROWS(read_ok("t.csv", "day:time,at:time,text:time,flag:time,n:time"), "date,timestamp,text,int64,text",
                "19782|1704067200000000|03/04/2024|1|7", "-1|1704067200000000|05/06/2024|0|08");
    EXPECT_ROWS(read_ok("t.csv", "day:label,flag:number"), "text,float64", "2024-02-29|1", "1969-12-31|0");
    put("t.ndjson", "{\"day\":\"2024-02-29\",\"at\":\"2024-01-01 00:00:00\"}\n");
    EXPECT_ROWS(read_ok("t.ndjson", "day:time,at:time"), "date,timestamp", "19782|1704067200000000");
    put("never.csv", "day,at\n2024-01-01,2024-01-01 00:00:00\n-infinity,infinity\n");
    expect_failure("never.csv", "day:time", NULL, THRONG_E_COLUMN,
                   "row 2, column \"day\": \"-infinity\" is not a finite");
    expect_failure("never.csv", "at:moment", NULL, THRONG_E_COLUMN,
                   "row 2, column \"at\": \"infinity\" is not a finite");
    put("u.csv", "t\n1.5\n2\n");
    expect_failure("u.csv", "t:time", NULL, THRONG_E_COLUMN, "row 1, column \"t\": \"1.5\" is not a whole number");
    put_late("late.csv", "day\n", "2024-01-01\n", "n/a\n");
    expect_failure("late.csv", "day:time", NULL, THRONG_E_COLUMN, "row 30001, column \"day\": \"n/a\" is not a date");
}

Test(table, numbers) {
    static const char *const statements[] = {
        "COPY (SELECT '1.5' a, 2.5::DECIMAL(9,1) b, 3::UHUGEINT c, true d, NULL e, 4::FLOAT f) TO 't.parquet'",
        "COPY (SELECT * FROM (VALUES ('1'), ('abc')) t(a)) TO 'u.parquet'",
        "COPY (SELECT DATE '2024-01-01' AS day, [1, 2] AS list, {'a': 1} AS struct) TO 'v.parquet'"};
    run_sql(statements, 3);
    EXPECT_ROWS(read_ok("t.parquet", "a:number,b:number,c:number,d:number,e:number,f:number"),
                "float64,float64,float64,float64,float64,float32", "1.5|2.5|3|1|nan|4");
    expect_failure("u.parquet", "a:number", NULL, THRONG_E_COLUMN,
                   "u.parquet, row 2, column \"a\": \"abc\" is not a number.");
    expect_failure("v.parquet", "day:number", NULL, THRONG_E_COLUMN, "\"day\" must hold numbers");
    expect_failure("v.parquet", "list:label", NULL, THRONG_E_COLUMN, "\"list\" must hold one value");
    expect_failure("v.parquet", "struct:key", NULL, THRONG_E_COLUMN, "\"struct\" must hold one value");
    put("t.csv", "x;y\n0,5;1\n");
    expect_failure("t.csv", "x:number", NULL, THRONG_E_COLUMN,
                   "\"0,5\" is not a number; decimals are written with a point");
    put("t.ndjson", "{\"x\":1}\n{\"x\":true}\n{\"x\":\"2.5\"}\n{\"x\":{\"y\":1}}\n");
    expect_failure("t.ndjson", "x:number", NULL, THRONG_E_COLUMN, "row 4, column \"x\"");
    EXPECT_ROWS(read_where("t.ndjson", "x:label", "true"), "text", "1", "true", "2.5", "{\"y\":1}");
    put("zero.ndjson", "{\"s\":\"a\\u0000b\"}\n");
    expect_failure("zero.ndjson", "s:key", NULL, THRONG_E_COLUMN, "zero byte");
}

/* ---- broken content -------------------------------------------------------------------------------------------- */

Test(table, csv_as_people_write_it) {
    put("tab.tsv", "id\tx\n1\t0.5\n");
    EXPECT_ROWS(read_ok("tab.tsv", "id:key,x:number"), "int64,float64", "1|0.5");
    put("bar.txt", "id|a b\n1|0.5\n");
    EXPECT_ROWS(read_ok("bar.txt", "id:key,a b:number"), "int64,float64", "1|0.5");
    put("euro.csv", "id;x, in euro\n1;0.5\n"); /* the second line tells what separates */
    EXPECT_ROWS(read_ok("euro.csv", "id:key,x, in euro:number"), "int64,float64", "1|0.5");
    put("most.csv", "id;x;a,b\n1;0.5;2,3\n");
    EXPECT_ROWS(read_ok("most.csv", "id:key,x:number"), "int64,float64", "1|0.5");
    put("dos.csv", "id,name\r\n1,\"two\r\nlines, one \"\"field\"\"\"\r\n\r\n2,b");
    EXPECT_ROWS(read_ok("dos.csv", "id:key,name:label"), "int64,text", "1|two\r\nlines, one \"field\"", "2|b");
    put("one.csv", "did\ndid:plc:abc\n");
    EXPECT_ROWS(read_ok("one.csv", "did:key"), "text", "did:plc:abc");
    put("words.csv", "name,team\nann,red\nbob,blue\n");
    EXPECT_ROWS(read_ok("words.csv", "name:key,team:label"), "text,text", "ann|red", "bob|blue");
    put("head.csv", "id,x");
    throng_table *table = read_ok("head.csv", "id:key,x:number");
    cr_expect_eq(throng_table_rows(table), 0);
    throng_table_free(table);
}

Test(table, broken_text_files) {
    static const struct {
        const char *path, *content, *part;
    } cases[] = {
        {"few.csv", "id,x\n1,2\n3\n", "few.csv, line 3: 1 field, but the header names 2 columns"},
        {"many.csv", "id,x\n1,2\n3,4,5\n", "many.csv, line 3: 3 fields, but the header names 2 columns"},
        {"quote.csv", "id,x\n1,\"2\n3,4\n", "quote.csv, line 2: a quoted field does not end"},
        {"head.csv", "id,\"x\n1,2\n", "head.csv, line 1: a quoted column name does not end"},
        {"name.csv", "id,\"a \"b\"\",c,d,e\n1,2,3,4,5\n", "name.csv, line 1: the name of column 2 has a quote"},
        {"latin.csv", "id,x\n1,M\xfcller\n", "latin.csv, line 2: the text is not UTF-8"},
        {"mixed.csv", "id,x\r\n1,2\n3,4\r\n", "mixed.csv is not regular CSV"},
        {"blank.csv", "\nid,x\n1,2\n", "blank.csv, line 1: the first line must name the columns"},
        {"cut.ndjson", "{\"id\":1}\n{\"id\":\n{\"id\":3}\n", "cut.ndjson, line 2 is not a JSON object: {\"id\":"},
        {"list.ndjson", "{\"id\":1}\n\n[1]\n", "list.ndjson, line 3 is not a JSON object: [1]"},
        {"latin.ndjson", "{\"id\":\"\xfc\"}\n", "latin.ndjson, line 1: the text is not UTF-8"},
        {"bom.ndjson", "\xef\xbb\xbf{\"id\":1}\n", "bom.ndjson begins with a byte order mark"},
        {"blank.ndjson", "\n\n", "blank.ndjson holds no JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(cases[i].path, cases[i].content);
        expect_failure(cases[i].path, "id:key", NULL, THRONG_E_FORMAT, cases[i].part);
        expect_failure(cases[i].path, "id:label", "true", THRONG_E_FORMAT, cases[i].part);
    }
}

Test(table, flaws_far_down_are_found_with_their_line) {
    put_late("few.csv", "id,x\n", "#,#\n", "7\n");
    put_late("cut.ndjson", "", "{\"id\":#,\"x\":#}\n", "{\"id\":7,\n");
    expect_failure("few.csv", "id:key", NULL, THRONG_E_FORMAT, "few.csv, line 30002: 1 field");
    expect_failure("cut.ndjson", "id:key", NULL, THRONG_E_FORMAT, "cut.ndjson, line 30001 is not a JSON object");
}

Test(table, broken_parquet_files) {
    throng_table *table = make_table(5000);
    size_t n = 0;
    write_ok(table, "t.parquet");
    throng_table_free(table);
    char *bytes = get("t.parquet", &n);
    put_bytes("cut.parquet", bytes, n / 2);
    memset(bytes + 4, 0x5a, n / 2);
    put_bytes("data.parquet", bytes, n);
    memset(bytes + 4, 0x5a, n - 8);
    put_bytes("all.parquet", bytes, n);
    put_bytes("short.parquet", "PAR1", 4);
    free(bytes);
    expect_failure("cut.parquet", "i64:key", NULL, THRONG_E_FORMAT, "cut.parquet is cut off");
    expect_failure("short.parquet", "i64:key", NULL, THRONG_E_FORMAT, "short.parquet is cut off");
    expect_failure("data.parquet", "i64:key,text:label", NULL, THRONG_E_FORMAT,
                   "data.parquet cannot be read as Parquet");
    expect_failure("all.parquet", "i64:key", NULL, THRONG_E_FORMAT, "all.parquet cannot be read as Parquet");
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

Test(table, writing_asks_before_it_replaces) {
    throng_table *table = make_table(10);
    put("t.csv", "old");
    cr_expect_eq(throng_table_write(table, "t.csv", false, &error), THRONG_E_EXISTS);
    expect_start("t.csv", "old");
    cr_expect_eq(throng_table_write(table, "t.csv", true, &error), THRONG_OK);
    expect_start("t.csv", "f32,f64,i32,i64,u8,date,time,text\n");
    cr_expect_eq(count_entries(), 1);
    throng_table_free(table);
}

static void expect_no_write(const throng_table *table, const char *path, throng_status expected, const char *part) {
    int before = count_entries();
    throng_status status = throng_table_write(table, path, true, &error);
    cr_expect_eq(status, expected, "%s: %s", path, throng_status_name(status));
    cr_expect(strstr(error.message, part) && !strchr(error.message, '\n'), "%s", error.message);
    cr_expect_eq(count_entries(), before, "%s leaves files behind", path);
}

Test(table, writing_where_it_cannot_be) {
    throng_table *table = make_table(10), *none = NULL, *same = NULL;
    cr_assert(mkdir("folder.csv", 0755) == 0 && mkfifo("pipe.csv", 0600) == 0);
    expect_no_write(table, "t.xls", THRONG_E_ARGUMENT, ".parquet, .csv, .ndjson or .jsonl");
    expect_no_write(table, "t", THRONG_E_ARGUMENT, ".parquet");
    expect_no_write(table, "folder.csv", THRONG_E_WRITE, "folder.csv cannot be written: it is a directory");
    expect_no_write(table, "pipe.csv", THRONG_E_WRITE, "it is a device or a pipe, not a file");
    expect_no_write(table, "no/such/folder/t.csv", THRONG_E_WRITE, "No such file or directory");
    expect_no_write(table, "/proc/t.csv", THRONG_E_WRITE, "/proc/t.csv cannot be written");
    cr_assert_eq(throng_table_create(context, 1, &none, &error), THRONG_OK);
    expect_no_write(none, "t.csv", THRONG_E_ARGUMENT, "without columns");
    cr_assert_eq(throng_table_create(context, 1, &same, &error), THRONG_OK);
    add(same, "x", THRONG_TYPE_FLOAT64);
    add(same, "X", THRONG_TYPE_FLOAT64);
    expect_no_write(same, "t.csv", THRONG_E_COLUMN, "\"x\" and \"X\"");
    throng_table_free(same);
    throng_table_free(none);
    throng_table_free(table);
}

Test(table, a_full_disk_leaves_nothing_behind) {
    throng_table *table = make_table(300000);
    static const char *const paths[] = {"t.parquet", "t.csv", "t.ndjson"};
    struct rlimit before, limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 500000;
    for (int i = 0; i < 3; i++) {
        put(paths[i], "the earlier output");
        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        expect_no_write(table, paths[i], THRONG_E_WRITE, "File too large");
        cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        expect_start(paths[i], "the earlier output");
    }
    throng_table_free(table);
}

/* ---- progress, cancelling, memory ------------------------------------------------------------------------------- */

typedef struct watcher {
    const char *stage;
    int64_t stop_at; /* -1: never */
    int64_t last;
} watcher;

static bool look(void *user, const throng_progress *progress) {
    watcher *watch = user;
    cr_expect_str_eq(progress->stage, watch->stage);
    cr_expect_str_eq(progress->unit, "rows");
    cr_expect_geq(progress->done, watch->last);
    watch->last = progress->done;
    return watch->stop_at < 0 || progress->done < watch->stop_at;
}

Test(table, work_can_be_watched_and_stopped) {
    throng_table *table = make_table(1000000), *back = NULL;
    const char *const path = "t.parquet", *const other = "t.csv";
    watcher watch = {.stage = "writing", .stop_at = 1};
    throng_context_set_progress(context, look, &watch);
    cr_expect_eq(throng_table_write(table, path, false, &error), THRONG_E_CANCELLED);
    cr_expect_eq(count_entries(), 0);
    watch = (watcher){.stage = "writing", .stop_at = -1};
    write_ok(table, path);
    cr_expect_eq(watch.last, 1000000);
    throng_context_set_progress(context, NULL, NULL);
    write_ok(table, other);
    throng_context_set_progress(context, look, &watch);
    throng_table_free(table);
    watch = (watcher){.stage = "reading", .stop_at = -1};
    throng_table_free(read_ok(path, "i64:key,text:label"));
    cr_expect_eq(watch.last, 1000000);
    for (int64_t stop_at = 0; stop_at <= 1; stop_at++) {
        watch = (watcher){.stage = "reading", .stop_at = stop_at};
        cr_expect_eq(read_paths(&path, 1, "i64:key,text:label", NULL, &back), THRONG_E_CANCELLED, "%s", error.message);
        watch = (watcher){.stage = "reading", .stop_at = stop_at};
        cr_expect_eq(read_paths(&other, 1, "f64:key,text:label", NULL, &back), THRONG_E_CANCELLED);
        cr_expect_null(back);
        cr_expect_eq(throng_context_bytes(context), idle_bytes);
    }
}

static throng_status read_and_write(throng_context *failing) {
    static const throng_column_request requests[] = {
        {"id", THRONG_ROLE_KEY}, {"x", THRONG_ROLE_NUMBER}, {"name", THRONG_ROLE_LABEL}};
    const char *const path = "t.csv";
    throng_table *table = NULL;
    throng_status status = throng_table_read(failing, &path, 1, requests, 3, "x > 0", &table, &error);
    if (status == THRONG_OK)
        status = throng_table_write(table, "out.csv", true, &error);
    throng_table_free(table);
    return status;
}

/* Not one failing allocation but all from there on: who writes tries again. */
Test(table, running_out_of_memory_is_an_error_like_others) {
    enum {
        PLENTY = 1000000
    };
    put("t.csv", "id,x,name\n1,0.5,a\n2,1.5,b\n");
    test_scarce scarce = {PLENTY};
    throng_context *failing = NULL;
    cr_assert_eq(throng_context_create_with(test_scarce_realloc, &scarce, &failing, &error), THRONG_OK);
    int before = scarce.left;
    int64_t idle = throng_context_bytes(failing);
    cr_assert_eq(read_and_write(failing), THRONG_OK, "%s", error.message);
    int needed = before - scarce.left;
    for (scarce.left = 0; scarce.left < needed;) {
        int left = scarce.left;
        cr_expect_eq(read_and_write(failing), THRONG_E_MEMORY, "%d of %d: %s", left, needed, error.message);
        cr_expect_eq(throng_context_bytes(failing), idle);
        scarce.left = left + 3;
    }
    cr_expect_gt(needed, 60);
    throng_context_free(failing);
}
