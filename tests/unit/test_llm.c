/* Language models without a server: the ladder that reads answers, dice against their distribution functions, layers.
 */
#include "core/tails.h"
#include "llm/dice.h"
#include "llm/llm.h"
#include "llm/parse.h"
#include "llm/wire.h"
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(llm, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- reading answers ------------------------------------------------------------------------------------------- */

static const char *const options[] = {"post", "share", "stay silent", "share later"};

static void expect_read(const char *text, int option, throng_llm_rung rung) {
    throng_llm_rung found;
    int got = throng_llm_read_option(text, options, 4, &found);
    cr_expect_eq(got, option, "\"%s\" is read as %d, not %d", text, got, option);
    cr_expect_eq(found, rung, "\"%s\" is read by %s, not %s", text, throng_llm_rung_name(found),
                 throng_llm_rung_name(rung));
}

Test(llm, the_ladder) {
    expect_read("B", 1, THRONG_LLM_RUNG_LETTER);
    expect_read(" (b). ", 1, THRONG_LLM_RUNG_LETTER);
    expect_read("**C) stay silent**", 2, THRONG_LLM_RUNG_LETTER);
    expect_read("Stay Silent.", 2, THRONG_LLM_RUNG_LETTER);
    expect_read("Option B.", 1, THRONG_LLM_RUNG_LETTER);
    expect_read("I rule out option B.", -1, THRONG_LLM_RUNG_NONE);
}

Test(llm, the_ladder_from_the_top) {
    expect_read("Sure! {\"reason\": \"B is loud\", \"answer\": \"A\"} Anything else?", 0, THRONG_LLM_RUNG_JSON);
    expect_read("{\"choice\": \"share\"}", 1, THRONG_LLM_RUNG_JSON);
    expect_read("{broken {\"answer\": \"c\"}", 2, THRONG_LLM_RUNG_JSON);
    expect_read("{\"answer\": 7} <answer> B </answer>", 1, THRONG_LLM_RUNG_TAG);
    expect_read("I first thought my answer is A, but my answer is C.", 2, THRONG_LLM_RUNG_PATTERN);
    expect_read("Answer: **D**", 3, THRONG_LLM_RUNG_PATTERN);
    expect_read("I would rather post that.", 0, THRONG_LLM_RUNG_NAME);
    expect_read("I would share later, if at all.", 3, THRONG_LLM_RUNG_NAME);
}

Test(llm, what_cannot_be_read) {
    expect_read("", -1, THRONG_LLM_RUNG_NONE);
    expect_read("E", -1, THRONG_LLM_RUNG_NONE);
    expect_read("A or B", -1, THRONG_LLM_RUNG_NONE);
    expect_read("post or share", -1, THRONG_LLM_RUNG_NONE);
    expect_read("a poster", -1, THRONG_LLM_RUNG_NONE);
    expect_read("{\"answer\": ", -1, THRONG_LLM_RUNG_NONE);
    expect_read("<think>B, surely", -1, THRONG_LLM_RUNG_NONE);
    expect_read("<think>B, or my answer is B</think>A", 0, THRONG_LLM_RUNG_LETTER);
    cr_expect(throng_i_parse_refusal("I'm sorry, but no."));
    cr_expect_not(throng_i_parse_refusal("no"));
}

Test(llm, numbers_are_options) {
    static const char *const scale[] = {"1", "2", "3", "12"};
    static const struct {
        const char *text;
        int option;
    } cases[] = {{"2", 1},        {"The number is 2.", 1}, {"{\"answer\": 3}", 2},     {"{\"answer\": 12}", 3},
                 {"I say 12", 3}, {"2 out of 3", -1},      {"about 2.5", -1},          {"-2 it is", -1},
                 {"2/5", -1},     {"{\"answer\": 4}", -1}, {"between 0.3 and 0.4", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        throng_llm_rung rung;
        int got = throng_llm_read_option(cases[i].text, scale, 4, &rung);
        cr_expect_eq(got, cases[i].option, "\"%s\" is read as %d, not %d", cases[i].text, got, cases[i].option);
    }
}

Test(llm, first_tokens) {
    cr_expect_eq(throng_i_parse_token(" B", options, 4), 1);
    cr_expect_eq(throng_i_parse_token("b", options, 4), 1);
    cr_expect_eq(throng_i_parse_token("Sta", options, 4), 2);
    cr_expect_eq(throng_i_parse_token("sh", options, 4), -1, "two options begin so");
    cr_expect_eq(throng_i_parse_token("E", options, 4), -1);
    cr_expect_eq(throng_i_parse_token(" ", options, 4), -1);
}

Test(llm, numbers) {
    double found[8];
    cr_expect_eq(throng_llm_read_numbers("<think>7</think>1, -2.5\n3e2 x4 5.6.7 nan .5", found, 8), 5);
    double wanted[] = {1, -2.5, 300, 5.6, 0.5};
    for (int i = 0; i < 5; i++)
        cr_expect_float_eq(found[i], wanted[i], 1e-12, "%d: %g", i, found[i]);
    cr_expect_eq(throng_llm_read_numbers("1 2 3", found, 2), 3);
}

/* ---- the protocol ---------------------------------------------------------------------------------------------- */

/* Replies with a few bytes changed are read or refused; what is read is text, and in range. */
Test(llm, replies_of_any_kind) {
    static const char good[] = "{\"choices\":[{\"message\":{\"content\":\"B\"},\"finish_reason\":\"stop\",\"logprobs\":"
                               "{\"content\":[{\"token\":"
                               "\"B\",\"logprob\":-0.1,\"top_logprobs\":[{\"token\":\"B\",\"logprob\":-0.1},{\"token\":"
                               "\"A\",\"logprob\":-3}]}]}"
                               "}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}";
    throng_llm_request request = {.prompt = "x", .temperature = 1, .max_tokens = 1};
    int read = 0, refused = 0;
    for (int i = 0; i < 20000; i++) {
        char bytes[sizeof good];
        uint64_t words[4];
        throng_llm_answer answer = {0};
        bool guessed;
        memcpy(bytes, good, sizeof good);
        throng_random_words((throng_random){1, 2}, i, 0, 0, words);
        for (int k = 0; i > 0 && k < 1 + (int)(words[0] % 3); k++)
            bytes[words[1 + k] % (sizeof good - 1)] = (char)(words[1 + k] >> 32);
        throng_i_text_repair(bytes, sizeof good - 1);
        json_t *document = json_loadb(bytes, sizeof good - 1, 0, NULL);
        const char *wrong = throng_i_wire_read(document, THRONG_LLM_CHAT, &request, &answer, &guessed);
        read += !wrong;
        refused += wrong != NULL;
        if (!wrong) {
            cr_assert(answer.text && answer.finish && answer.n_top >= 0 && answer.n_top <= THRONG_LLM_TOP_MAX);
            cr_assert(answer.prompt_tokens >= 0 && answer.completion_tokens >= 0);
            for (int k = 0; k < answer.n_top; k++)
                cr_assert(answer.top[k].logprob <= 0 && strlen(answer.top[k].text) < THRONG_LLM_TOKEN_BYTES);
        }
        json_decref(document);
    }
    cr_expect(read > 1000 && refused > 1000, "%d read, %d refused", read, refused);
}

Test(llm, a_reply_that_declines) {
    throng_llm_request request = {.prompt = "What?", .temperature = 1, .max_tokens = 1};
    throng_llm_answer answer;
    bool guessed;
    json_t *document = json_pack("{s:[{s:{s:n, s:s}}]}", "choices", "message", "content", "refusal", "No, sorry.");
    cr_expect_null(throng_i_wire_read(document, THRONG_LLM_CHAT, &request, &answer, &guessed));
    cr_expect_str_eq(answer.text, "No, sorry.");
    cr_expect(guessed && answer.n_top == 0 && answer.prompt_tokens == 2);
    cr_expect_not_null(throng_i_wire_read(document, THRONG_LLM_COMPLETIONS, &request, &answer, &guessed));
    json_decref(document);
}

/* ---- dice ------------------------------------------------------------------------------------------------------ */

/* The largest distance between the draws' distribution and the one that is claimed, in a thousand cells. */
static double distance(const throng_i_die *die, const throng_i_die *claimed, int n) {
    static double below[4096];
    double most = 0.0;
    memset(below, 0, sizeof below);
    for (int i = 0; i < n; i++) {
        double u = claimed->cdf(die->draw((throng_random){5, 0}, 9, i, die->a, die->b), claimed->a, claimed->b);
        below[(int)fmin(4095.0, ceil(u * 4000.0))]++;
    }
    for (int i = 1; i < 4096; i++)
        below[i] += below[i - 1];
    for (int i = 0; i <= 4000; i++)
        most = fmax(most, fabs(below[i] / n - i / 4000.0));
    return most;
}

/* Continuous dice: u = F(x) is uniform. A false alarm has probability 1e-6 a die. */
Test(llm, dice_are_what_they_are_called) {
    int n = 40000;
    for (int i = 0; i < THRONG_I_DICE; i++) {
        const throng_i_die *die = &throng_i_dice[i];
        if (die->discrete)
            continue;
        double d = distance(die, die, n);
        cr_expect_lt(d, 2.7 / sqrt(n) + 1.0 / 4000, "%s: %g", die->name, d);
        double other = distance(die, &throng_i_dice[i == 0 ? 1 : 0], n);
        cr_expect_gt(other, 0.05, "%s passes for another: %g", die->name, other);
    }
}

Test(llm, discrete_dice) {
    int n = 40000;
    for (int i = 0; i < THRONG_I_DICE; i++) {
        const throng_i_die *die = &throng_i_dice[i];
        if (!die->discrete)
            continue;
        double count[64] = {0};
        for (int k = 0; k < n; k++)
            count[(int)die->draw((throng_random){5, 0}, 9, k, die->a, die->b)]++;
        for (int k = 0; k < 64; k++) {
            double p = die->cdf(k, die->a, die->b) - die->cdf(k - 1, die->a, die->b);
            cr_expect_lt(fabs(count[k] / n - p), 6 * sqrt(p * (1 - p) / n) + 1e-4, "%s: P(%d) = %g, drawn %g",
                         die->name, k, p, count[k] / n);
        }
    }
}

Test(llm, tails) {
    cr_expect_float_eq(throng_i_chi_square_tail(3.841458820694124, 1), 0.05, 1e-12);
    cr_expect_float_eq(throng_i_chi_square_tail(18.307038053275146, 10), 0.05, 1e-12);
    cr_expect_float_eq(throng_i_kolmogorov_tail(1.3581 / sqrt(1e8), 1e8), 0.05, 1e-4);
    cr_expect_float_eq(throng_i_dice[8].cdf(2.353363434801823, 3, 0), 0.95, 1e-12);
    cr_expect_float_eq(throng_i_dice[10].cdf(3.325834529923155, 5, 10), 0.95, 1e-10);
}

/* ---- the audit ------------------------------------------------------------------------------------------------- */

static throng_llm_audit audit(const char *script, uint64_t seed) {
    throng_llm *llm = NULL;
    throng_llm_audit found;
    cr_assert_eq(throng_llm_script_create(context, script, seed, &llm, &error), THRONG_OK, "%s", error.message);
    cr_assert_eq(throng_llm_audit_dice(llm, &(throng_llm_audit_def){0}, &found, &error), THRONG_OK, "%s",
                 error.message);
    throng_llm_free(llm);
    return found;
}

static int by_size(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Under the null p-values are uniform, and a fair sampler is called unfair once in 2,400 times. */
Test(llm, fair_dice_pass) {
    enum {
        SEEDS = 50
    };
    double p[SEEDS * THRONG_LLM_DICE], most = 0.0;
    int n = 0, unfair = 0, passed = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        throng_llm_audit found = audit(NULL, seed);
        cr_expect_eq(found.needed, 13);
        cr_expect_float_eq(found.false_alarm, 0.000416, 1e-5);
        unfair += !found.fair;
        passed += found.passed;
        for (int i = 0; i < THRONG_LLM_DICE; i++)
            if (!found.dice[i].discrete)
                p[n++] = found.dice[i].p;
    }
    qsort(p, n, sizeof *p, by_size);
    for (int i = 0; i < n; i++)
        most = fmax(most, fmax(p[i] - (double)i / n, (i + 1.0) / n - p[i]));
    cr_expect_lt(most, 1.95 / sqrt(n), "p-values are not uniform: %g", most); /* false alarm 1e-3 */
    cr_expect_leq(unfair, 1);
    cr_expect_gt(passed, 0.975 * SEEDS * THRONG_LLM_DICE); /* 0.99 expected */
}

Test(llm, loaded_dice_fail) {
    FILE *file = fopen("test_llm_loaded.json", "w");
    fputs("{\"dice\": {\"collapse\": 0.5}}", file);
    fclose(file);
    for (int seed = 0; seed < 5; seed++) {
        throng_llm_audit found = audit("test_llm_loaded.json", seed);
        cr_expect_eq(found.passed, 0, "seed %d: %d pass", seed, found.passed);
        cr_expect_not(found.fair);
    }
    remove("test_llm_loaded.json");
}

/* ---- a line through log-odds ----------------------------------------------------------------------------------- */

static const double sums[] = {-4, -2, 0, 2, 4};

static double law(double x) {
    return 1.0 / (1.0 + exp(-1.2 - 0.2 * x));
}

/* A 95 % interval must hold the truth 95 times in a hundred: of 1,000, between 930 and 970 with 3 in 1,000 to spare. */
Test(llm, intervals_of_a_line_hold_the_truth) {
    int slopes = 0, intercepts = 0, refused = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        double p[5] = {0};
        throng_llm_line line;
        for (int i = 0; i < 2000; i++)
            p[i % 5] += test_uniform(seed, (uint64_t)i) < law(sums[i % 5]) ? 1.0 / 400 : 0.0;
        for (int i = 0; i < 5; i++)
            p[i] = fmin(1.0, p[i]);
        cr_assert_eq(throng_llm_fit_line(sums, p, 5, 400, &line, &error), THRONG_OK, "%s", error.message);
        slopes += line.slope_low <= 0.2 && 0.2 <= line.slope_high;
        intercepts += line.intercept_low <= 1.2 && 1.2 <= line.intercept_high;
        refused += line.lack_of_fit < 0.05;
    }
    cr_expect(slopes >= 930 && slopes <= 970, "the slope's interval held the truth %d times in 1,000", slopes);
    cr_expect(intercepts >= 930 && intercepts <= 970, "the intercept's %d times in 1,000", intercepts);
    cr_expect(refused >= 30 && refused <= 70, "the true law was refused %d times in 1,000", refused);
}

Test(llm, a_line_through_probabilities) {
    double x[7], p[7];
    throng_llm_line line;
    for (int i = 0; i < 7; i++) {
        x[i] = 1e6 + 1e3 * i;
        p[i] = 1.0 / (1.0 + exp(2.0 - 0.5 * i + (i % 2 ? 0.1 : -0.1)));
    }
    cr_assert_eq(throng_llm_fit_line(x, p, 7, 0, &line, &error), THRONG_OK, "%s", error.message);
    cr_expect(line.slope_low < 0.5e-3 && 0.5e-3 < line.slope_high && line.slope_high - line.slope_low < 2e-4);
    cr_expect(line.intercept_low < -502.0 && -502.0 < line.intercept_high);
    cr_expect(line.residual > 0.01 && line.residual < 0.04 && isnan(line.lack_of_fit));
    for (int i = 0; i < 7; i++) /* it is no line, and 1,000 answers show it */
        p[i] = 0.5 + (i % 2 ? 0.1 : -0.1);
    cr_assert_eq(throng_llm_fit_line(x, p, 7, 1000, &line, &error), THRONG_OK, "%s", error.message);
    cr_expect_lt(line.lack_of_fit, 1e-6);
}

Test(llm, where_there_is_no_line) {
    throng_llm_line line;
    const double alike[] = {1, 1, 1, 1, 1}, split[] = {0, 0, 0.4, 1, 1}, half[] = {0, 0.5, 0.5, 0.5, 1};
    const double same[] = {2, 2, 2, 2, 2}, odd[] = {0, 0.5, 1.5, 0.5, 0};
    cr_expect_eq(throng_llm_fit_line(sums, alike, 5, 400, &line, &error), THRONG_E_DEGENERATE);
    cr_expect_eq(throng_llm_fit_line(sums, split, 5, 400, &line, &error), THRONG_E_DEGENERATE);
    cr_expect_eq(throng_llm_fit_line(sums, half, 5, 400, &line, &error), THRONG_OK, "%s", error.message);
    cr_expect_eq(throng_llm_fit_line(same, half, 5, 400, &line, &error), THRONG_E_DEGENERATE);
    cr_expect_eq(throng_llm_fit_line(sums, odd, 5, 400, &line, &error), THRONG_E_ARGUMENT);
    cr_expect_eq(throng_llm_fit_line(sums, half, 2, 400, &line, &error), THRONG_E_ARGUMENT);
}

/* ---- layers ---------------------------------------------------------------------------------------------------- */

static throng_status count_answers(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    (void)index, (void)err;
    int *counts = user;
    counts[0]++;
    counts[1] += strncmp(answer->text, "I'm sorry", 9) == 0;
    counts[2] += strcmp(answer->text, "") == 0;
    counts[3] += answer->n_top > 0;
    return THRONG_OK;
}

Test(llm, a_fault_injector_spoils_its_shares) {
    throng_llm *llm = NULL;
    throng_llm_request requests[2000];
    int counts[2][4] = {{0}};
    for (int i = 0; i < 2000; i++)
        requests[i] = (throng_llm_request){
            .prompt = "A) x\nB) y", .temperature = 1, .max_tokens = 1, .top_logprobs = 2, .sample = i};
    cr_assert_eq(throng_llm_script_create(context, NULL, 1, &llm, &error), THRONG_OK);
    throng_llm *script = llm;
    cr_expect_eq(throng_llm_faulty_create(llm, &(throng_llm_faults){.refuse = 0.7, .empty = 0.4}, &llm, &error),
                 THRONG_E_ARGUMENT);
    cr_expect_eq(llm, script);
    cr_assert_eq(throng_llm_faulty_create(llm, &(throng_llm_faults){.refuse = 0.1, .empty = 0.2}, &llm, &error),
                 THRONG_OK);
    for (int k = 0; k < 2; k++)
        cr_assert_eq(throng_llm_ask(llm, requests, 2000, count_answers, counts[k], &error), THRONG_OK);
    cr_expect_arr_eq(counts[0], counts[1], sizeof counts[0]);
    cr_expect_eq(counts[0][0], 2000);
    cr_expect(abs(counts[0][1] - 200) < 70 && abs(counts[0][2] - 400) < 90, "%d %d", counts[0][1], counts[0][2]);
    cr_expect_eq(counts[0][3], 2000 - counts[0][1] - counts[0][2]);
    throng_llm_free(llm);
}

Test(llm, requests_out_of_range) {
    throng_llm *llm = NULL;
    int counts[4] = {0};
    const throng_llm_request good = {.prompt = "x", .temperature = 1, .max_tokens = 1};
    throng_llm_request bad[6] = {good, good, good, good, good, good};
    bad[0].prompt = NULL;
    bad[1].temperature = NAN;
    bad[2].max_tokens = 0;
    bad[3].top_logprobs = 21;
    bad[4].sample = -1;
    bad[5].prompt = "caf\xE9";
    cr_assert_eq(throng_llm_script_create(context, NULL, 1, &llm, &error), THRONG_OK);
    for (int i = 0; i < 6; i++)
        cr_expect_eq(throng_llm_ask(llm, &bad[i], 1, count_answers, counts, &error), THRONG_E_ARGUMENT, "%d", i);
    cr_expect_eq(counts[0], 0);
    cr_expect_eq(throng_llm_ask(llm, NULL, 0, count_answers, counts, &error), THRONG_OK);
    throng_llm_free(llm);
}

static throng_status keep_and_choose(throng_context *in, int64_t turn, void *user) {
    const char *const two[] = {"yes", "no"};
    throng_llm_question questions[3] = {
        {.prompt = "One?"}, {.prompt = "Two?", .system = "Be brief."}, {.prompt = "One?"}};
    throng_llm_choose_def def = {.options = two, .n_options = 2, .samples = 3, .no_logprobs = turn % 2};
    throng_llm_choose_counts counts;
    throng_llm *llm = NULL;
    double p[6];
    throng_status status = throng_llm_script_create(in, NULL, 1, &llm, &error);
    (void)user;
    if (status == THRONG_OK)
        status = throng_llm_cache_create(llm, "test_llm.cache", THRONG_LLM_CACHE_WRITE, &llm, &error);
    if (status == THRONG_OK)
        status = throng_llm_transcript_create(llm, "test_llm.ndjson", &llm, &error);
    if (status == THRONG_OK)
        status = throng_llm_choose(llm, &def, questions, 3, p, &counts, &error);
    throng_llm_free(llm);
    return status;
}

/* What was kept before memory ran out stays. */
Test(llm, failing_allocations) {
    remove("test_llm.cache");
    remove("test_llm.ndjson");
    expect_survives(keep_and_choose, NULL, 1000);
    throng_llm *llm = NULL;
    cr_assert_eq(throng_llm_replay_create(context, "test_llm.ndjson", "stand-in", &llm, &error), THRONG_OK);
    cr_expect_eq(throng_llm_usage_so_far(llm).cache_damaged, 0);
    throng_llm_free(llm);
    remove("test_llm.cache");
    remove("test_llm.ndjson");
}
