/* The header line of a CSV file. DuckDB would guess at it; here the header alone decides, by rules one can explain. */
#ifndef THRONG_SRC_TABLE_CSV_H
#define THRONG_SRC_TABLE_CSV_H

#include "table/file.h"

/* The message about a file that breaks the rules of CSV (RFC 4180) in a way that has no better name. */
#define THRONG_I_NOT_REGULAR_CSV                                                                                       \
    "%s is not regular CSV: its lines end in different ways, or a quote inside a field is not doubled."

/* What separates fields: of , ; tab and | the one that splits the header into most fields, where need be the one that
 * splits the second line (NULL: there is none) into as many. Quoted text does not count. */
char throng_i_csv_delimiter(const char *header, const char *second);

/* Makes file->fields out of the header: quotes and spaces around names removed, types left NULL.
 * THRONG_E_FORMAT: a quote does not end, or stands where none can. */
THRONG_MUST_USE throng_status throng_i_csv_header(throng_context *context, const char *header, throng_i_file *file,
                                                  throng_error *err);

#endif
