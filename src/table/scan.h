/* How files are named in SQL. */
#ifndef THRONG_SRC_TABLE_SCAN_H
#define THRONG_SRC_TABLE_SCAN_H

#include "table/file.h"
#include "table/sql.h"

/* Adds the table expression that reads a file whose fields are known. types[i] is the SQL type that field i of a text
 * file is read as; NULL: the field is not needed. types NULL: all are read as text. Other files have types already. */
void throng_i_scan(throng_i_sql *sql, const throng_i_file *file, const char *const *types);

/* The same with DuckDB guessing the types of a text file from its first rows, or from all of them. */
void throng_i_scan_guess(throng_i_sql *sql, const throng_i_file *file, bool all_rows);

/* The lines of a text file: one column, "line", NULL where a line is empty. */
void throng_i_scan_lines(throng_i_sql *sql, const throng_i_file *file);

#endif
