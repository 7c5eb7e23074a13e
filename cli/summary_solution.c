/* A solved game on the terminal, from its report. */
#include "cli/summary.h"

#include <math.h>
#include <string.h>

#define SHOWN  24 /* information sets */
#define POINTS 60 /* of the curve */
#define FLOOR  1e-16

/* How the gap went, on a logarithmic scale: POINTS of the trace at equal steps of it. */
static void print_curve(const cli_style *style, const json_t *solution) {
    const json_t *trace = cli_json_get(solution, "trace");
    double heights[POINTS];
    size_t n = json_array_size(trace);
    int points = n < POINTS ? (int)n : POINTS;
    if (n < 2)
        return;
    for (int i = 0; i < points; i++) {
        const json_t *at = json_array_get(trace, (size_t)i * (n - 1) / (size_t)(points - 1));
        heights[i] = log10(fmax(cli_json_number(at, "gap"), FLOOR));
    }
    printf("%sgap%s         %s", style->bold, style->plain, style->bar);
    cli_print_sparkline(heights, points);
    printf("%s  from %s to %s, logarithmic\n", style->plain, throng_phrase_value(pow(10.0, heights[0])).text,
           throng_phrase_value(pow(10.0, heights[points - 1])).text);
}

static void print_set(const json_t *solution, const json_t *row) {
    const json_t *actions = cli_json_get(row, "actions"), *probabilities = cli_json_get(row, "probabilities");
    size_t player = (size_t)cli_json_count(row, "player");
    const char *name = json_string_value(json_array_get(cli_json_get(solution, "players"), player - 1));
    printf("            ");
    cli_print_left(throng_phrase_clip(name ? name : "", 16).text, 18);
    cli_print_left(throng_phrase_clip(cli_json_text(row, "set"), 14).text, 16);
    for (size_t a = 0; a < json_array_size(actions); a++) {
        double probability = json_number_value(json_array_get(probabilities, a));
        const char *action = json_string_value(json_array_get(actions, a));
        if (probability >= 0.0005)
            printf("%s %s  ", throng_phrase_clip(action ? action : "", 20).text, throng_phrase_share(probability).text);
    }
    printf("\n");
}

void cli_summary_solution(const cli_style *style, const json_t *report) {
    const json_t *solution = cli_json_get(report, "solution"), *rows = cli_json_get(solution, "strategy");
    const json_t *players = cli_json_get(solution, "players"), *values = cli_json_get(solution, "value");
    bool converged = json_is_true(cli_json_get(solution, "converged"));
    size_t n = json_array_size(rows);
    printf("%s%s%s, solved by %s\n", style->bold, throng_phrase_clip(cli_json_text(solution, "game"), 60).text,
           style->plain, cli_json_text(solution, "solver"));
    for (size_t p = 0; p < json_array_size(players); p++)
        printf("            %s gets %s\n", throng_phrase_clip(json_string_value(json_array_get(players, p)), 40).text,
               throng_phrase_value(json_number_value(json_array_get(values, p))).text);
    printf("%sgame%s        %s\n", style->bold, style->plain, cli_json_text(solution, "size"));
    printf("%sproof%s       %s %s after %s iterations, ", style->bold, style->plain, cli_json_text(solution, "measure"),
           throng_phrase_value(cli_json_number(solution, "gap")).text,
           throng_phrase_count(cli_json_count(solution, "iterations")).text);
    printf("%s the tolerance %s\n", converged ? "within" : "NOT WITHIN",
           throng_phrase_value(cli_json_number(solution, "tolerance")).text);
    print_curve(style, solution);
    printf("%sstrategy%s\n", style->bold, style->plain);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        print_set(solution, json_array_get(rows, i));
    if (cli_json_count(solution, "sets") > SHOWN)
        printf("            ... and %s more in strategy.parquet\n",
               throng_phrase_count(cli_json_count(solution, "sets") - SHOWN).text);
}
