/* How agents decided, in the summary: by what, how well it is known, and how far that moves the answer. */
#include "cli/summary.h"

#include <stdio.h>

#define PERSONAS_SHOWN 8

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
    const char *text = cli_json_text(report, "answer.policy");
    print_personas(report);
    if (!*text)
        return;
    printf("\n%spolicy%s      ", style->bold, style->plain);
    cli_print_wrapped(stdout, text, 12, style->width);
}
