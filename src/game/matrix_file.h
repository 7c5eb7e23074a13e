/* Matrices in CSV: what opens files by their names calls these. */
#ifndef THRONG_SRC_GAME_MATRIX_FILE_H
#define THRONG_SRC_GAME_MATRIX_FILE_H

#include "throng/problem.h"

/* As throng_problem_parse_csv, from a file. */
THRONG_MUST_USE throng_status throng_i_matrix_problem(throng_context *context, const char *path, throng_problem *out,
                                                      throng_error *err);

/* The same as a normal form, for two players, preferences too. */
THRONG_MUST_USE throng_status throng_i_matrix_normal_form(throng_context *context, const char *path,
                                                          throng_normal_form **out, throng_error *err);

#endif
