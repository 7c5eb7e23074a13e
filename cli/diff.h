/* What comparisons of attributed runs (diff.c) and of solved games (diff_solution.c) share. */
#ifndef THRONG_CLI_DIFF_H
#define THRONG_CLI_DIFF_H

#include "cli/summary.h"

/* Numbers of both, and b - a where there are both: {"a", "b", "change"}. */
json_t *cli_diff_numbers(const json_t *a, const json_t *b, const char *path);

/* [{"key", "a", "b"}] of the places that are not alike. @param keys [n] */
json_t *cli_diff_settings(const json_t *a, const json_t *b, const char *const *keys, size_t n);
void cli_diff_print_settings(const cli_style *style, const json_t *list);

/* The head of a table of A, B and their difference; and a line of it, from numbers as above. */
void cli_diff_print_head(const cli_style *style, const char *what, int width, const char *difference);
void cli_diff_print_row(const json_t *it, const char *path, bool percent);

/* Of two solved games, from their reports and their strategies. Returns an exit code, having said what is wrong. */
int cli_diff_solutions(const char *const *runs, const json_t *a, const json_t *b, json_t **out);
void cli_diff_print_solutions(const cli_style *style, const json_t *it);

#endif
