/* How agents decided, in the summary: by what, how well it is known, and how far that moves the answer. */
#include "cli/summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PERSONAS_SHOWN 8

/* What is rounding alone is nothing. */
static throng_phrase share_of(const json_t *report, const char *path) {
    double share = cli_json_number(report, path);
    return throng_phrase_share(share < 1e-9 ? 0.0 : share);
}

/* "llm-archetype; 0.9 % of decisions would be others in 111 held-out situations" */
static void write_fit(const json_t *report, char *out, size_t size) {
    int used = snprintf(out, size, "%.60s", cli_json_text(report, "policy.name"));
    if (cli_json_get(report, "policy.asked"))
        used += snprintf(out + used, size - (size_t)used, " asked %.60s %s questions, %s of them different",
                         cli_json_text(report, "policy.asked.model"),
                         throng_phrase_count(cli_json_count(report, "policy.asked.questions")).text,
                         throng_phrase_count(cli_json_count(report, "policy.asked.different")).text);
    if (strcmp(cli_json_text(report, "policy.play"), "drawn") == 0)
        used += snprintf(out + used, size - (size_t)used, ", actions drawn");
    if (cli_json_count(report, "policy.fit.held_out") > 0)
        used += snprintf(out + used, size - (size_t)used, "; in %s held-out situations %s of decisions would be others",
                         throng_phrase_count(cli_json_count(report, "policy.fit.held_out")).text,
                         share_of(report, "policy.fit.error").text);
    if (cli_json_number(report, "policy.fit.noise") > 0.0)
        used += snprintf(out + used, size - (size_t)used, " (%s by chance alone)",
                         throng_phrase_share(cli_json_number(report, "policy.fit.noise")).text);
    if (cli_json_get(report, "policy.within_fit"))
        snprintf(out + used, size - (size_t)used,
                 "; within it the indicator lies from %s to %s (95 %%), and phi moves by %s, rank correlation at least "
                 "%.4f",
                 throng_phrase_value(cli_json_number(report, "policy.within_fit.low")).text,
                 throng_phrase_value(cli_json_number(report, "policy.within_fit.high")).text,
                 share_of(report, "policy.within_fit.phi_moved").text,
                 floor(1e4 * cli_json_number(report, "policy.within_fit.phi_rank_correlation")) / 1e4);
}

static void print_personas(const json_t *report) {
    const json_t *list = cli_json_get(report, "policy.personas"), *one = NULL, *behaviour = NULL;
    size_t i = 0, b = 0;
    double agents = (double)cli_json_count(report, "agents");
    if (json_array_size(list) == 0 || json_array_size(list) > PERSONAS_SHOWN ||
        !cli_json_get(json_array_get(list, 0), "phi"))
        return;
    printf("\n");
    cli_print_left("persona", 24);
    printf("   of all  of phi\n");
    json_array_foreach(list, i, one) {
        cli_print_left(cli_json_text(one, "name"), 24);
        cli_print_right(throng_phrase_share((double)cli_json_count(one, "agents") / agents).text, 9);
        cli_print_right(throng_phrase_share(cli_json_number(one, "share")).text, 9);
        if (json_array_size(json_object_get(one, "behaviours")) > 1)
            json_array_foreach(json_object_get(one, "behaviours"), b, behaviour)
                printf("%s%s %s", b > 0 ? ", " : "   ", cli_json_text(behaviour, "name"),
                       throng_phrase_share(cli_json_number(behaviour, "share")).text);
        printf("\n");
    }
}

void cli_summary_policy(const cli_style *style, const json_t *report) {
    char text[800];
    if (!cli_json_get(report, "policy"))
        return;
    print_personas(report);
    write_fit(report, text, sizeof text);
    printf("\n%spolicy%s      ", style->bold, style->plain);
    cli_print_wrapped(stdout, text, 12, style->width);
}
