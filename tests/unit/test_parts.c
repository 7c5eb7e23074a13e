/* Tables in parts: a folder of files is one table, and of a table a part is read whose rows are never divided. */
#define _GNU_SOURCE
#include "folder.h"
#include "suite.h"
#include "table/table.h"

static void begin(void) {
    enter_folder();
    set_up();
}

static void end(void) {
    tear_down();
    leave_folder();
}

TestSuite(parts, .init = begin, .fini = end, .timeout = 60);

/* Ids first, first + 1, ... */
static void write_ids(const char *path, int64_t first, int64_t n) {
    throng_table *table = NULL;
    void *id = NULL;
    cr_assert_eq(throng_table_create(context, n, &table, &error), THRONG_OK);
    cr_assert_eq(throng_table_add(table, "id", THRONG_TYPE_INT64, &id, &error), THRONG_OK);
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)id)[i] = first + i;
    cr_assert_eq(throng_table_write(table, path, false, &error), THRONG_OK);
    throng_table_free(table);
}

/* Reads ids, which are first, first + 1, ...; gives how many there are. */
static int64_t read_ids(const char *path, throng_i_table_part *part, int64_t first) {
    throng_table *table = NULL;
    const throng_column_request request = {"id", THRONG_ROLE_KEY};
    cr_assert_eq(throng_i_table_read_part(context, &path, 1, &request, 1, NULL, part, &table, &error), THRONG_OK, "%s",
                 error.message);
    int64_t n = throng_table_rows(table);
    const int64_t *id = throng_table_column(table, 0).data;
    for (int64_t i = 0; i < n; i++)
        cr_assert_eq(id[i], first + i);
    throng_table_free(table);
    return n;
}

Test(parts, a_folder_is_one_table) {
    throng_i_table_part all = {.count = 1};
    const char *path = "table.parquet";
    const throng_column_request request = {"id", THRONG_ROLE_KEY};
    throng_table *table = NULL;
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_expect_eq(throng_table_read(context, &path, 1, &request, 1, NULL, &table, &error), THRONG_E_FILE);
    cr_expect_str_eq(error.message,
                     "table.parquet is a folder for a table in parts, but there is no file *.parquet in it.");
    write_ids("table.parquet/part-00001.parquet", 12, 2);
    write_ids("table.parquet/part-00000.parquet", 7, 5);
    write_ids("table.parquet/.unfinished.parquet", 100, 1);
    cr_expect_eq(read_ids(path, &all, 7), 7);
}

Test(parts, parts_are_whole_units_that_make_the_table) {
    write_ids("a.parquet", 0, 6000);
    write_ids("b.parquet", 6000, 4001);
    for (int count = 1; count <= 5; count++) {
        int64_t next = 0;
        for (int index = 0; index < count; index++) {
            throng_i_table_part part = {.index = index, .count = count, .unit = 1000};
            int64_t n = read_ids("?.parquet", &part, next);
            cr_expect_eq(part.taken, count > 1);
            cr_expect(count == 1 || (part.first == next && part.total == 10001 && next % 1000 == 0));
            next += n;
        }
        cr_expect_eq(next, 10001, "%d parts have %lld rows", count, (long long)next);
    }
}
