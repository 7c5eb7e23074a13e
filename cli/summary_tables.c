/* The tables of a summary: cohorts as a bar chart, panel beside crowd, top agents. */
#include "cli/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COHORTS_SHOWN 12
#define TOP_SHOWN     10
#define GAP           "  "

/* ---- cohorts --------------------------------------------------------------------------------------------------- */

typedef struct ranked {
    double size;
    size_t place;
} ranked;

static int by_size(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    if (one->size != other->size)
        return one->size > other->size ? -1 : 1;
    return one->place < other->place ? -1 : 1;
}

static int by_place(const void *a, const void *b) {
    const ranked *one = a, *other = b;
    return one->place < other->place ? -1 : 1;
}

/* Which cohorts to show: all, or those with the largest |phi|; in the order of the report. */
static int choose(const json_t *cohorts, ranked *out) {
    ranked list[256];
    size_t n = json_array_size(cohorts);
    n = n < 256 ? n : 256;
    for (size_t i = 0; i < n; i++)
        list[i] = (ranked){fabs(cli_json_number(json_array_get(cohorts, i), "phi")), i};
    qsort(list, n, sizeof *list, by_size);
    size_t shown = n < COHORTS_SHOWN ? n : COHORTS_SHOWN;
    qsort(list, shown, sizeof *list, by_place);
    memcpy(out, list, shown * sizeof *list);
    return (int)shown;
}

/* The range of a member over all cohorts; members that are null are left out. */
static void add_range(const json_t *cohorts, const char *member, double *lowest, double *highest) {
    for (size_t i = 0; i < json_array_size(cohorts); i++) {
        double value = cli_json_number(json_array_get(cohorts, i), member);
        if (value < *lowest)
            *lowest = value;
        if (value > *highest)
            *highest = value;
    }
}

/* Characters that a member needs in the rows that are shown, at most `most`. */
static int needed(const json_t *cohorts, const ranked *shown, int n, const char *member, int most) {
    int width = 6; /* "cohort" */
    for (int i = 0; i < n; i++) {
        int wide = throng_phrase_width(cli_json_text(json_array_get(cohorts, shown[i].place), member));
        width = wide > width ? wide : width;
    }
    return width < most ? width : most;
}

static void print_more(size_t n, int shown) {
    if (n > (size_t)shown)
        printf("... and %s smaller ones\n", throng_phrase_count((int64_t)n - shown).text);
}

/* ---- the tree of cohorts --------------------------------------------------------------------------------------- */

#define TREE_MAX   1024 /* branches of 256 cohorts in four levels */
#define TREE_SHOWN 24   /* of nested ones; COHORTS_SHOWN of others */

typedef struct tree_row {
    const json_t *it, *outer; /* outer NULL: outermost */
    int depth, parent;
    bool shown;
} tree_row;

static int flatten(const json_t *cohorts, const tree_row *outer, int parent, tree_row *rows, int n) {
    for (size_t i = 0; i < json_array_size(cohorts) && n < TREE_MAX; i++) {
        int own = n++;
        rows[own] = (tree_row){json_array_get(cohorts, i), outer ? outer->it : NULL, outer ? outer->depth + 1 : 0,
                               parent, false};
        n = flatten(cli_json_get(rows[own].it, "cohorts"), &rows[own], own, rows, n);
    }
    return n;
}

/* Marks the rows with the largest |phi|, and those that they are within; gives how many are marked. */
static int choose_rows(tree_row *rows, int n) {
    ranked list[TREE_MAX];
    int shown = 0, most = COHORTS_SHOWN;
    for (int i = 0; i < n; i++) {
        list[i] = (ranked){fabs(cli_json_number(rows[i].it, "phi")), (size_t)i};
        if (rows[i].depth > 0)
            most = TREE_SHOWN;
    }
    qsort(list, (size_t)n, sizeof *list, by_size);
    for (int i = 0; i < n; i++) {
        int missing = 0;
        for (int at = (int)list[i].place; at >= 0; at = rows[at].parent)
            missing += !rows[at].shown;
        if (shown + missing > most)
            break;
        shown += missing;
        for (int at = (int)list[i].place; at >= 0; at = rows[at].parent)
            rows[at].shown = true;
    }
    return shown;
}

/* A row's own part of a member that begins with the outer row's: "Commons" of "Labour/Commons". */
static const char *own_part(const tree_row *row, const char *member, const char *separator) {
    const char *text = cli_json_text(row->it, member), *outer = cli_json_text(row->outer, member);
    size_t length = strlen(outer), between = strlen(separator);
    bool within = row->outer && strncmp(text, outer, length) == 0 && strncmp(text + length, separator, between) == 0;
    return within ? text + length + between : text;
}

/* Characters that the rows shown need for a member, at most `most`. */
static int tree_width(const tree_row *rows, int n, const char *member, const char *separator, int most) {
    int width = 6; /* "cohort" */
    bool name = strcmp(member, "name") == 0;
    for (int i = 0; i < n; i++) {
        int wide = throng_phrase_width(own_part(&rows[i], member, separator)) + (name ? 2 * rows[i].depth : 0);
        width = rows[i].shown && wide > width ? wide : width;
    }
    return width < most ? width : most;
}

static void print_row(const cli_style *style, const tree_row *row, int name, int meaning, bool sampled,
                      const cli_bars *bars) {
    double share = cli_json_number(row->it, "share"), half = cli_json_number(row->it, "high");
    half -= cli_json_number(row->it, "phi");
    printf("%*s", 2 * row->depth, "");
    cli_print_left(throng_phrase_clip(own_part(row, "name", "/"), name - 2 * row->depth).text, name - 2 * row->depth);
    if (meaning > 0) {
        fputs(GAP, stdout);
        cli_print_left(throng_phrase_clip(own_part(row, "meaning", ", "), meaning - 2).text, meaning - 2);
    }
    cli_print_right(throng_phrase_count(cli_json_count(row->it, "agents")).text, 12);
    cli_print_right(throng_phrase_value(cli_json_number(row->it, "phi")).text, 12);
    if (sampled)
        cli_print_right(isnan(half) ? "" : throng_phrase_value(half).text, 12);
    cli_print_right(throng_phrase_share(share).text, 10);
    fputs(GAP, stdout);
    cli_print_bar(style, bars, share, false);
    printf("\n");
}

void cli_summary_cohorts(const cli_style *style, const json_t *report) {
    tree_row rows[TREE_MAX];
    double lowest = 0.0, highest = 0.0;
    bool sampled = false;
    int n = flatten(cli_json_get(report, "cohorts"), NULL, -1, rows, 0), shown = choose_rows(rows, n);
    if (n < 2)
        return;
    int name = tree_width(rows, n, "name", "/", 24), meaning = 2 + tree_width(rows, n, "meaning", ", ", 34);
    for (int i = 0; i < n; i++) {
        double share = cli_json_number(rows[i].it, "share");
        lowest = share < lowest ? share : lowest;
        highest = share > highest ? share : highest;
        sampled = sampled || json_is_number(cli_json_get(rows[i].it, "high"));
    }
    if (style->width < name + meaning + 60 + (sampled ? 12 : 0))
        meaning = 0; /* no room */
    cli_bars bars =
        cli_bars_for(lowest, highest, style->width - name - meaning - 12 - 12 - (sampled ? 12 : 0) - 10 - 2);
    printf("\n%s", style->bold);
    cli_print_left("cohort", name + meaning);
    cli_print_right("agents", 12);
    cli_print_right("phi", 12);
    if (sampled)
        cli_print_right("95 % +-", 12);
    cli_print_right("share", 10);
    printf(GAP "of the %s%s\n", cli_report_whole(report), style->plain);
    for (int i = 0; i < n; i++)
        if (rows[i].shown)
            print_row(style, &rows[i], name, meaning, sampled, &bars);
    print_more((size_t)n, shown);
}

/* ---- panel ----------------------------------------------------------------------------------------------------- */

void cli_summary_panel(const cli_style *style, const json_t *report) {
    const json_t *cohorts = cli_json_get(report, "panel.cohorts");
    ranked shown[COHORTS_SHOWN];
    double lowest = 0.0, highest = 0.0;
    int n = choose(cohorts, shown), name = needed(cohorts, shown, n, "name", 18);
    add_range(cohorts, "share", &lowest, &highest);
    add_range(cohorts, "crowd_share", &lowest, &highest);
    cli_bars bars = cli_bars_for(lowest, highest, (style->width - name - 12 - 10 - 2 - 8 - 10 - 2) / 2);
    printf("\n%s", style->bold);
    cli_print_left("cohort", name);
    cli_print_right("agents", 12);
    cli_print_right("share", 10);
    fputs(GAP, stdout);
    cli_print_left("crowd", bars.left + (bars.left > 0) + bars.right);
    cli_print_right("agents", 8);
    cli_print_right("share", 10);
    printf(GAP "panel of %s%s\n", throng_phrase_count(cli_json_count(report, "panel.size")).text, style->plain);
    for (int i = 0; i < n; i++) {
        const json_t *cohort = json_array_get(cohorts, shown[i].place);
        double crowd = cli_json_number(cohort, "crowd_share"), panel = cli_json_number(cohort, "share");
        cli_print_left(throng_phrase_clip(cli_json_text(cohort, "name"), name).text, name);
        cli_print_right(throng_phrase_count(cli_json_count(cohort, "crowd_agents")).text, 12);
        cli_print_right(throng_phrase_share(crowd).text, 10);
        fputs(GAP, stdout);
        cli_print_bar(style, &bars, crowd, true);
        cli_print_right(throng_phrase_count(cli_json_count(cohort, "agents")).text, 8);
        cli_print_right(throng_phrase_share(panel).text, 10);
        fputs(GAP, stdout);
        cli_print_bar(style, &bars, panel, false);
        printf("\n");
    }
    print_more(json_array_size(cohorts), n);
}

/* "0.43 (0.18 to 0.71)": the panel's own number, and where nine in ten further panels lie. */
static void print_measure(const json_t *panel, const char *label, const char *member) {
    char path[64];
    snprintf(path, sizeof path, "comparison.%s", member);
    printf("  %-22s %s", label, throng_phrase_value(cli_json_number(panel, path)).text);
    if (cli_json_count(panel, "spread.draws") > 0) {
        snprintf(path, sizeof path, "spread.%s.q05", member);
        printf(" (%s", throng_phrase_value(cli_json_number(panel, path)).text);
        snprintf(path, sizeof path, "spread.%s.q95", member);
        printf(" to %s)", throng_phrase_value(cli_json_number(panel, path)).text);
    }
    printf("\n");
}

void cli_summary_comparison(const cli_style *style, const json_t *report) {
    static const char *const measures[][2] = {{"best single factor", "scale"},
                                              {"left unexplained", "residual"},
                                              {"angle in degrees", "angle_degrees"},
                                              {"rank correlation", "rank_correlation"},
                                              {"signs turned", "sign_flips"}};
    const json_t *panel = cli_json_get(report, "panel");
    if (!cli_json_get(panel, "comparison"))
        return;
    printf("\n%sthe panel's credits against the crowd's of the same agents%s", style->bold, style->plain);
    if (cli_json_count(panel, "spread.draws") > 0)
        printf(" (and of nine in ten of %s more panels)",
               throng_phrase_count(cli_json_count(panel, "spread.draws")).text);
    printf("\n");
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        print_measure(panel, measures[i][0], measures[i][1]);
    double off = cli_json_number(panel, "comparison.corrected_error");
    if (isfinite(off))
        printf("  %-22s %s\n", "corrected panel",
               off > 0.0 ? throng_phrase_value(off).text : "the crowd's to the last bit");
}

/* ---- top agents ------------------------------------------------------------------------------------------------ */

/* An id, number or text, as it stands in the report. */
static throng_phrase id_text(const json_t *id) {
    char number[32];
    if (json_is_string(id))
        return throng_phrase_clip(json_string_value(id), 24);
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(id));
    return throng_phrase_clip(number, 24);
}

/* Characters for the column of ids. */
static int id_width(const json_t *top, size_t n) {
    int width = 10; /* "top agents" */
    for (size_t i = 0; i < n; i++) {
        int wide = throng_phrase_width(id_text(cli_json_get(json_array_get(top, i), "id")).text);
        width = wide > width ? wide : width;
    }
    return width;
}

/* "half of all credit lies with 1,234 agents; the largest 1 % hold 61 %; Gini 0.93" */
void cli_summary_concentration(const cli_style *style, const json_t *report) {
    const json_t *it = cli_json_get(report, "concentration");
    int64_t half = cli_json_count(it, "half");
    if (half == 0 || cli_json_count(report, "agents") < 2)
        return;
    char text[400];
    snprintf(text, sizeof text,
             "concentration of |phi|: half lies with %s agent%s, the largest 1 %% hold %s; Gini %.3g",
             throng_phrase_count(half).text, half == 1 ? "" : "s",
             throng_phrase_share(cli_json_number(it, "top_hundredth")).text, cli_json_number(it, "gini"));
    printf("\n");
    cli_print_wrapped(stdout, text, 0, style->width);
}

void cli_summary_top(const cli_style *style, const json_t *report) {
    const json_t *top = cli_json_get(report, "top");
    bool weights = *cli_json_text(report, "columns.weight") != '\0';
    bool cohorts = json_array_size(cli_json_get(report, "cohorts")) > 1;
    size_t n = json_array_size(top), shown = n < TOP_SHOWN ? n : TOP_SHOWN;
    bool sampled = json_is_number(cli_json_get(json_array_get(top, 0), "high"));
    int width = id_width(top, shown);
    if (n == 0)
        return;
    printf("\n%s", style->bold);
    cli_print_left("top agents", width);
    cli_print_right("phi", 12);
    if (sampled)
        cli_print_right("95 % +-", 12);
    cli_print_right("share", 10);
    cli_print_right(throng_phrase_clip(cli_json_text(report, "columns.state"), 10).text, 11);
    if (weights)
        cli_print_right(throng_phrase_clip(cli_json_text(report, "columns.weight"), 12).text, 13);
    printf("%s%s\n", cohorts ? GAP "cohort" : "", style->plain);
    for (size_t i = 0; i < shown; i++) {
        const json_t *one = json_array_get(top, i);
        cli_print_left(id_text(cli_json_get(one, "id")).text, width);
        cli_print_right(throng_phrase_value(cli_json_number(one, "phi")).text, 12);
        if (sampled)
            cli_print_right(throng_phrase_value(cli_json_number(one, "high") - cli_json_number(one, "phi")).text, 12);
        cli_print_right(throng_phrase_share(cli_json_number(one, "share")).text, 10);
        cli_print_right(throng_phrase_value(cli_json_number(one, "state")).text, 11);
        if (weights)
            cli_print_right(throng_phrase_value(cli_json_number(one, "weight")).text, 13);
        printf("%s%s\n", cohorts ? GAP : "", cohorts ? throng_phrase_clip(cli_json_text(one, "cohort"), 20).text : "");
    }
    if (n > shown)
        printf("... and %s more in the report\n", throng_phrase_count((int64_t)(n - shown)).text);
}
