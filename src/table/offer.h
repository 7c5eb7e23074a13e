/* Tables that a program offers under a name instead of a file. */
#ifndef THRONG_SRC_TABLE_OFFER_H
#define THRONG_SRC_TABLE_OFFER_H

#include "table/table.h"

/* Whether a path stands for an offered table: "memory:NAME". */
bool throng_i_is_offered(const char *path);

/* throng_table_read of such a path: views of the columns that are asked for. E_FILE: nothing is offered by that name;
 * E_ARGUMENT: several paths, or a condition; E_COLUMN. */
THRONG_MUST_USE throng_status throng_i_offered_read(throng_context *context, const char *const *paths, int n_paths,
                                                    const throng_column_request *requests, int n_requests,
                                                    const char *condition, throng_table **out, throng_error *err);

#endif
