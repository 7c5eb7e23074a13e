/*
 * The answer in words that every report has: what it says of each kind of run, that each of its numbers is the
 * report's, and that documents from anywhere do no harm. Numbers the way people read them, as the pages have them, too.
 */
#include "crowds.h"
#include "report/report.h"

#include <stdio.h>

/* ---- what is said ---------------------------------------------------------------------------------------------- */

#define COHORTS                                                                                                        \
    "\"cohorts\": [{\"name\": \"head\", \"meaning\": \"top 0.1 % by followers\", \"share\": 0.117},"                   \
    "{\"name\": \"rest\", \"meaning\": \"side is left, age is 4\", \"share\": -0.27},"                                 \
    "{\"name\": \"long tail\", \"meaning\": \"others\", \"share\": 1.153}]"
#define TABLE                                                                                                          \
    "\"agents\": 1200, \"rows\": 2400, \"players\": \"agents\", \"columns\": {\"state\": \"x\", \"time\": \"day\","    \
    "\"weight\": \"w\"}, "
#define INDICATOR                                                                                                      \
    "\"name\": \"gini\", \"spec\": \"gini:weighted=true\", \"weighted\": true, \"path\": \"state\","                   \
    "\"baseline_kind\": \"neutral\", "

static const struct {
    const char *kind, *document, *text, *about, *subject, *whole;
} said[] = {
    {"change",
     "{" TABLE "\"times\": 2, \"indicator\": {" INDICATOR
     "\"baseline\": 0.21, \"observed\": 0.34, \"change_from\": \"1\","
     "\"change_to\": \"2\"}, \"certificate\": {\"sum_phi\": 0.13}, " COHORTS "}",
     "gini of x rose from 0.21 to 0.34 between day 1 and day 2. The long tail carried 115.3 % of the rise, side left, "
     "age 4 "
     "-27.0 %, the head 11.7 %.",
     "1,200 agents in 2,400 rows, 2 times, counted by w; state path from the neutral baseline; gini:weighted=true",
     "gini of x", "rise"},
    {"fall without cohorts",
     "{" TABLE "\"times\": 2, \"indicator\": {" INDICATOR "\"baseline\": 0.5, \"observed\": 0.25, \"change_from\":"
     "\"2024-01-01\", \"change_to\": \"2024-02-01\"}, \"certificate\": {\"sum_phi\": -0.25}, \"cohorts\": []}",
     "gini of x fell from 0.5 to 0.25 between 2024-01-01 and 2024-02-01.", NULL, "gini of x", "fall"},
    {"one time",
     "{" TABLE "\"times\": 1, \"indicator\": {" INDICATOR "\"baseline\": 0.75, \"observed\": 0.5}, " COHORTS "}",
     "gini of x is 0.5, down 0.25 from 0.75 at the baseline (neutral). The long tail carried 115.3 % of the total, "
     "side "
     "left, age 4 -27.0 %, the head 11.7 %.",
     "1,200 agents, counted by w; state path from the neutral baseline; gini:weighted=true", "gini of x", "total"},
    {"dust", "{" TABLE "\"indicator\": {" INDICATOR "\"baseline\": 1e-17, \"observed\": 0.5}}",
     "gini of x is 0.5, up 0.5 from 0 at the baseline (neutral).", NULL, "gini of x", NULL},
    {"no dust", "{" TABLE "\"indicator\": {" INDICATOR "\"baseline\": 0.001, \"observed\": 0.5}}",
     "gini of x is 0.5, up 0.499 from 0.001 at the baseline (neutral).", NULL, "gini of x", NULL},
    {"nothing", "{" TABLE "\"indicator\": {" INDICATOR "\"baseline\": 0.5, \"observed\": 0.5}}",
     "gini of x is 0.5, as it is at the baseline (neutral).", NULL, "gini of x", NULL},
    {"world",
     "{\"agents\": 1, \"graph\": {\"edges\": 1}, \"world\": {\"name\": \"feed\", \"spec\": \"feed:a=1\", \"steps\": 1,"
     "\"participation\": \"innate\", \"column\": \"opinion\", \"over\": \"max\"}, \"certificate\": {}, \"indicator\":"
     "{\"name\": \"mean\", \"baseline\": 0.25, \"observed\": 0.5}}",
     "After 1 step of feed, max of mean of opinion is 0.5, up 0.25 from 0.25 if everybody came from the baseline.",
     "1 agent, 1 edge; feed:a=1; taking part is the state one came with", "max of mean of opinion", NULL},
    {"simulation",
     "{\"agents\": 3000, \"world\": {\"name\": \"feed\", \"spec\": \"feed:a=1\"}, \"indicator\": {\"name\": \"mean\","
     "\"column\": \"opinion\", \"over\": \"final\"}, \"trajectory\": [{\"indicator\": 0.5}, {\"indicator\": 0.25},"
     "{\"indicator\": 0.125}]}",
     "After 2 steps of feed, mean of opinion is 0.125; it was 0.5.", "3,000 agents; feed:a=1", "mean of opinion", NULL},
    {"sweep",
     "{\"agents\": 60, \"world\": {\"name\": \"feed\", \"spec\": \"feed:a=1\"}, \"indicator\": {\"name\": \"mean\","
     "\"column\": \"opinion\"}, \"sweep\": {\"settings\": [\"world.a\", \"world.b\"], \"repetitions\": 2, \"points\":"
     "[{\"value\": {\"mean\": 0.5}}, {\"value\": {\"mean\": null}}, {\"value\": {\"mean\": 0.25}}]}}",
     "mean of opinion in feed for 3 settings of world.a and world.b, 2 times each. It goes from 0.25 to 0.5.",
     "60 agents; feed", "mean of opinion", NULL},
    {"repetitions alone",
     "{\"agents\": 60, \"world\": {\"name\": \"feed\", \"spec\": \"feed:a=1\"}, \"indicator\": {\"name\": \"mean\","
     "\"column\": \"opinion\"}, \"sweep\": {\"settings\": [], \"repetitions\": 20, \"points\": [{\"value\": {\"mean\": "
     "0.5}}]}}",
     "mean of opinion in feed is 0.5 on average over 20 runs.", "60 agents; feed", "mean of opinion", NULL},
    {"intervention",
     "{\"agents\": 2000, \"world\": {\"column\": \"opinion\", \"spec\": \"feed:a=1\"}, \"certificate\": {}, "
     "\"indicator\":"
     "{\"name\": \"mean\"}, \"intervention\": {\"by\": \"dampening\", \"agents\": 52, \"share\": 0.014, \"before\": "
     "0.25,"
     "\"value\": 0.2, \"reached\": false}}",
     "Dampening 52 of 2,000 agents in part or wholly, 1.4 % of everybody's influence, brings mean of opinion from 0.25 "
     "to "
     "0.2: not yet the target.",
     "2,000 agents; feed:a=1; taking part is influence on others", "mean of opinion", NULL},
    {"corrected panel",
     "{" TABLE
     "\"aggregates\": {\"agents\": 1671587}, \"panel\": {\"certificate\": {\"sum_phi\": 0.5}}, \"certificate\":"
     "{\"everybody\": 0.1, \"sum_phi\": 0.001}, \"indicator\": {" INDICATOR "\"baseline\": 0}}",
     "In a crowd of 1,671,587 agents, whose gini of x is 0.1, these 1,200 carry 0.001. Alone they would claim 0.5.",
     NULL, "gini of x", NULL},
    {"solution",
     "{\"solution\": {\"game\": \"kuhn\", \"size\": \"12 sets\", \"players\": [\"Ann\", \"Bob\", \"C\", \"D\", \"E\"], "
     "\"solver\":"
     "\"cfr:plus=true\", \"iterations\": 1024, \"value\": [-0.0556, 0.0556, 0, 1, 2]}}",
     "kuhn, solved by cfr: Ann gets -0.0556, Bob gets 0.0556, C gets 0, D gets 1, and 1 more.",
     "12 sets; cfr:plus=true, 1,024 iterations", NULL, NULL},
    {"cascades",
     "{\"agents\": 30, \"actions\": {\"actions\": 70}, \"cascades\": {\"count\": 4}, \"certificate\": {\"reach\": 41},"
     "\"top_agents\": [{\"agent\": \"amy\", \"share\": 0.25}]}",
     "4 cascades reach 41 members. Agent amy carries 25.0 % of that reach.", "30 agents, 70 actions", NULL, NULL},
};

/* The item at a place such as "cohorts[2].share". */
static const json_t *at(const json_t *item, const char *key) {
    char name[64];
    int index = 0, length = 0;
    for (; item && *key; key += *key == '.') {
        if (sscanf(key, "[%d]%n", &index, &length) == 1) {
            item = json_array_get(item, (size_t)index);
        } else {
            cr_assert_eq(sscanf(key, "%63[^.[]%n", name, &length), 1, "%s", key);
            item = json_object_get(item, name);
        }
        key += length;
    }
    return item;
}

static const char *text_of(const json_t *document, const char *key) {
    return json_string_value(at(document, key));
}

/* Every number that an answer rests on is the report's, and stands in its text or its panel's in that order. */
static void expect_founded(const json_t *document, const char *kind) {
    const json_t *one = NULL;
    size_t i = 0;
    char all[4000];
    const char *panel = text_of(document, "answer.panel"), *rest = all;
    snprintf(all, sizeof all, "%s %s", text_of(document, "answer.text"), panel ? panel : "");
    json_array_foreach(at(document, "answer.rests_on"), i, one) {
        const char *key = text_of(one, "key");
        const json_t *value = json_object_get(one, "value");
        cr_assert(json_equal(value, at(document, key)), "%s: %s is not what the report has", kind, key);
        double x = json_number_value(value);
        if (strcmp(key, "indicator.baseline") == 0 && fabs(x) < 1e-14)
            x = 0.0;
        throng_phrase shown = strstr(key, "share") ? throng_phrase_share(x) : throng_phrase_value(x);
        rest = strstr(rest, shown.text);
        cr_assert(rest, "%s: %s, %s, is not in \"%s\"", kind, key, shown.text, all);
        rest += strlen(shown.text);
    }
    cr_expect_gt(json_array_size(at(document, "answer.rests_on")), 0, "%s", kind);
}

static json_t *answered(const char *text) {
    throng_error err = {0};
    json_error_t reason;
    json_t *document = json_loads(text, 0, &reason);
    cr_assert(document, "%s: %s", reason.text, text);
    cr_assert_eq(throng_i_report_answer(document, &err), THRONG_OK, "%s", err.message);
    return document;
}

static void expect_text(const json_t *document, const char *kind, const char *key, const char *expected) {
    const char *text = text_of(document, key);
    if (expected)
        cr_expect_str_eq(text ? text : "(nothing)", expected, "%s: %s: %s", kind, key, text);
}

Test(answer, says_of_every_kind_what_came_out) {
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        json_t *document = answered(said[i].document);
        expect_text(document, said[i].kind, "answer.text", said[i].text);
        expect_text(document, said[i].kind, "answer.about", said[i].about);
        expect_text(document, said[i].kind, "answer.subject", said[i].subject);
        expect_text(document, said[i].kind, "answer.whole", said[i].whole);
        cr_expect_null(at(document, "answer.panel"), "%s", said[i].kind);
        expect_founded(document, said[i].kind);
        json_decref(document);
    }
}

Test(answer, says_what_a_panel_says_instead) {
    json_t *document =
        answered("{" TABLE "\"indicator\": {" INDICATOR "\"baseline\": 0, \"observed\": 0.34}, \"panel\": {"
                 "\"size\": 100, \"drawn\": \"by weight\", \"time\": \"3\", \"indicator\": {\"observed\":"
                 "0.51, \"crowd_observed\": 0.34}, \"cohorts\": [{\"name\": \"middle\", \"share\": 0.2,"
                 "\"crowd_share\": 0.3}, {\"name\": \"head\", \"share\": 0.78, \"crowd_share\": 0.12}]}}");
    expect_text(
        document, "panel", "answer.panel",
        "A panel of 100 drawn by weight on day 3 puts gini of x at 0.51, where the crowd has 0.34. It credits the "
        "head with 78.0 % instead of 12.0 %.");
    expect_founded(document, "panel");
    json_decref(document);
}

Test(answer, says_how_agents_decided) {
    static const char *const policies[][2] = {
        {"{\"name\": \"rule\", \"play\": \"likely\"}", "rule"},
        {"{\"name\": \"llm\", \"play\": \"drawn\", \"asked\": {\"model\": \"m\\u0007\", \"questions\": 1200, "
         "\"different\": 40}}",
         "llm asked m? 1,200 questions, 40 of them different, actions drawn"},
        {"{\"name\": \"table\", \"fit\": {\"held_out\": 111, \"error\": 0.02, \"noise\": 0.01}, \"within_fit\": "
         "{\"low\": 0.5, \"high\": 0.75, \"phi_moved\": 1e-12, \"phi_rank_correlation\": 0.99999}}",
         "table; in 111 held-out situations 2.0 % of decisions would be others (1.0 % by chance alone); within it the "
         "indicator lies from 0.5 to 0.75 (95 %), and phi moves by 0 %, rank correlation at least 0.9999"}};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        char document[800];
        snprintf(document, sizeof document,
                 "{\"world\": {\"name\": \"feed\"}, \"indicator\": {\"baseline\": 0, \"observed\": 1}, \"policy\": %s}",
                 policies[i][0]);
        json_t *it = answered(document);
        expect_text(it, "policy", "answer.policy", policies[i][1]);
        json_decref(it);
    }
}

/* One certificate of each kind, in the words that the terminal, the page and Python have from here. */
Test(answer, says_what_is_proved) {
#define PROOF "\"nobody\": 0.25, \"everybody\": 0.5, \"sum_phi\": 0.375, \"method\": \"some:a=1\", "
#define PATH  PROOF "\"tolerance\": 1e-10, \"quadrature_nodes\": 4, \"evaluations\": 0, \"error_estimate\": 1e-12, "
#define DRAWS PROOF "\"quadrature_nodes\": 0, \"evaluations\": 1234, \"error_estimate\": 0.012, \"sampled\": 60, "
    static const struct {
        const char *rest, *certificate, *verdict, *text;
    } proofs[] = {
        {"", PATH "\"efficient\": true, \"converged\": true, \"efficiency_residual\": 3e-16", "good",
         "exactly additive: the parts add up to the whole within 3e-16 (1e-10 is allowed); 4 nodes, some"},
        {"\"times\": 7, ", PATH "\"efficient\": true, \"converged\": true, \"efficiency_residual\": 0.0", "good",
         "exactly additive: the parts add up to the whole at each of 7 times and in the change to the last bit; 4 "
         "nodes, "
         "some"},
        {"", PATH "\"efficient\": true, \"converged\": false, \"efficiency_residual\": 1e-3", "bad",
         "NOT CONVERGED: the parts add up to the whole within 0.001 (1e-10 is allowed); 4 nodes, some"},
        {"\"aggregates\": {}, ", PATH "\"efficient\": false, \"converged\": true", "fair",
         "these agents are a few of a crowd that is known by its aggregates: they add up to 0.375, the whole is 0.25; "
         "4 "
         "nodes, some"},
        {"", PROOF "\"efficient\": false, \"converged\": true", "fair",
         "the parts of this method need not add up to the whole: they add up to 0.375, the whole is 0.25; some"},
        {"", DRAWS "\"efficient\": true, \"converged\": true, \"efficiency_residual\": 2e-16", "good",
         "the parts add up to the whole within 2e-16; relative error about 0.01; 1,234 coalitions, some"},
        {"\"complete\": false, ",
         DRAWS "\"sampled_at_most\": 900, \"sampled_unit\": \"draws\", \"efficient\": true, \"converged\": false, "
               "\"efficiency_residual\": 2e-16",
         "fair",
         "STOPPED EARLY after 60 of 900 draws, this is the estimate so far: the parts add up to the whole within "
         "2e-16; "
         "relative error about 0.01; 1,234 coalitions, some"},
        {"\"cascades\": {\"count\": 2}, ", "\"reach\": 1500, \"residual\": 2e-16", "good",
         "exactly additive: the credits sum to the 1,500 members that somebody is above, within 2e-16"}};
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        char document[2000];
        snprintf(document, sizeof document, "{%s\"indicator\": {}, \"certificate\": {%s}}", proofs[i].rest,
                 proofs[i].certificate);
        json_t *it = answered(document);
        expect_text(it, proofs[i].rest, "answer.certificate.text", proofs[i].text);
        expect_text(it, proofs[i].rest, "answer.certificate.verdict", proofs[i].verdict);
        json_decref(it);
    }
}

Test(answer, of_long_and_foreign_names_is_text) {
    char name[4096] = "", document[20000];
    for (int i = 0; i < 300; i++)
        strcat(name, "\xF0\x9F\x98\x80\\u0007"); /* a face and a bell */
    snprintf(
        document, sizeof document,
        "{\"agents\": 2, \"columns\": {\"state\": \"%s\", \"time\": \"%s\"}, \"times\": 2, \"indicator\": {\"name\":"
        "\"%s\", \"baseline\": 0, \"observed\": 1, \"change_from\": \"7\", \"change_to\": \"8\"}}",
        name, name, name);
    json_t *it = answered(document);
    const char *text = text_of(it, "answer.text");
    cr_assert(text);
    cr_expect_lt(strlen(text), 400);
    cr_expect_null(strchr(text, 7), "a control character");
    cr_expect_null(strstr(text, "\xEF\xBF\xBD"), "a character was cut: %s", text);
    json_decref(it);
}

/* A shard has nothing to say, and odd documents say something or nothing. */
Test(answer, of_odd_documents_does_no_harm) {
    static const char *const odd[] = {
        "{}",
        "{\"shard\": {\"number\": 1}}",
        "{\"indicator\": 3}",
        "{\"trajectory\": []}",
        "{\"trajectory\": {}, \"world\": []}",
        "{\"sweep\": {\"settings\": [1, null], \"points\": [[], 3]}}",
        "{\"solution\": {\"players\": [null, 4], \"value\": \"x\"}}",
        "{\"indicator\": {}, \"cohorts\": [1, {\"share\": 1}, {\"share\": null}], \"panel\": []}",
        "{\"indicator\": {}, \"certificate\": {\"evaluations\": 1e300, \"method\": 3, \"efficient\": true}}",
        "{\"cascades\": [], \"top_agents\": [{\"share\": \"x\"}], \"agents\": 1e300}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *document = answered(odd[i]);
        cr_expect_eq(at(document, "answer") == NULL, i < 2, "%s", odd[i]);
        json_decref(document);
    }
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static void expect_phrases(const json_t *all, const char *name, throng_phrase (*phrase)(double)) {
    const json_t *pair = NULL;
    size_t i = 0;
    cr_expect_gt(json_array_size(json_object_get(all, name)), 4, "%s", name);
    json_array_foreach(json_object_get(all, name), i, pair) {
        const json_t *x = json_array_get(pair, 0);
        cr_expect_str_eq(phrase(json_is_number(x) ? json_number_value(x) : (double)NAN).text,
                         json_string_value(json_array_get(pair, 1)), "%s %zu", name, i);
    }
}

static throng_phrase count_phrase(double x) {
    return throng_phrase_count((int64_t)x);
}

Test(answer, numbers_read_as_on_the_pages) {
    char path[4096];
    const char *source = getenv("SOURCE");
    snprintf(path, sizeof path, "%s/tests/phrases.json", source ? source : ".");
    json_error_t reason;
    json_t *all = json_load_file(path, 0, &reason);
    cr_assert(all, "%s: %s", path, reason.text);
    expect_phrases(all, "count", count_phrase);
    expect_phrases(all, "value", throng_phrase_value);
    expect_phrases(all, "share", throng_phrase_share);
    json_decref(all);
}

Test(answer, texts_are_cut_between_characters) {
    cr_expect_str_eq(throng_phrase_clip("short", 5).text, "short");
    cr_expect_str_eq(throng_phrase_clip("longer", 5).text, "long\xE2\x80\xA6");
    cr_expect_str_eq(throng_phrase_clip("a\x1b[31m", 9).text, "a?[31m");
    cr_expect_str_eq(throng_phrase_clip("a\xE2\x80\xAE"
                                        "b\xE2\x81\xA9",
                                        9)
                         .text,
                     "a?b?"); /* not the other way round */
    cr_expect_str_eq(throng_phrase_clip("\xE2\x80\xAF\xE2\x80\x94\xE2", 9).text, "\xE2\x80\xAF\xE2\x80\x94\xE2");
    cr_expect_eq(throng_phrase_width("\xC3\xA9\xE4\xB8\x96x"), 3);
    char text[200] = "x"; /* so that characters do not end where the room does */
    for (int i = 0; i < 40; i++)
        strcat(text, "\xF0\x9F\x98\x80");
    throng_phrase cut = throng_phrase_clip(text, 50); /* more than fits */
    cr_expect_eq((strlen(cut.text) - 4) % 4, 0, "%zu bytes", strlen(cut.text));
    memset(text, '\x80', sizeof text - 1); /* not UTF-8 */
    cr_expect_lt(strlen(throng_phrase_clip(text, 50).text), 64);
}
