/* Parts of prompts: standard errors hold what they promise, memory that runs out. The numbers themselves are in the
 * study prompt-shapley. */
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static const char *const options[] = {"yes", "no"};
static const char rule[] =
    "{\"choices\": {\"yes\": 0, \"no\": 0}, \"when\": [{\"contains\": \"cheap\", \"add\": {\"yes\": "
    "1}}, {\"contains\": \"slow\", \"add\": {\"yes\": -2}}]}";
static char rule_path[64]; /* tests run side by side */

static void write_rule(void) {
    set_up();
    snprintf(rule_path, sizeof rule_path, "test_prompt.%ld.json", (long)getpid());
    FILE *file = fopen(rule_path, "we");
    cr_assert(file && fputs(rule, file) >= 0 && fclose(file) == 0);
}

static void remove_rule(void) {
    tear_down();
    remove(rule_path);
}

TestSuite(prompt, .init = write_rule, .fini = remove_rule, .timeout = 60);

static throng_status attribute(throng_context *in, throng_llm_choose_def *choose, const char *method, uint64_t seed,
                               throng_prompt_attribution **out) {
    throng_llm *llm = NULL;
    choose->options = options;
    choose->n_options = 2;
    throng_prompt_def def = {.prompt = "A cheap and slow train", .choose = choose, .method = method, .seed = seed};
    throng_status status = throng_llm_script_create(in, rule_path, seed, &llm, &error);
    if (status == THRONG_OK)
        status = throng_prompt_attribute(in, llm, &def, out, &error);
    throng_llm_free(llm);
    return status;
}

/* Half of the coalition pairs of "cheap" have "slow": their logits differ by one on either side. */
static double truth(void) {
    return 0.5 * (1.0 / (1.0 + exp(-1.0)) - 0.5) + 0.5 * (1.0 / (1.0 + exp(1.0)) - 1.0 / (1.0 + exp(2.0)));
}

Test(prompt, credits_are_the_formula) {
    throng_llm_choose_def choose = {0};
    throng_prompt_attribution *it = NULL;
    cr_assert_eq(attribute(context, &choose, NULL, 0, &it), THRONG_OK, "%s", error.message);
    throng_prompt_summary summary = throng_prompt_attribution_summary(it);
    throng_prompt_part cheap = throng_prompt_attribution_part(it, 1), filler = throng_prompt_attribution_part(it, 2);
    cr_expect_eq(summary.parts, 5);
    cr_expect_eq(summary.prompts, 32);
    cr_expect_float_eq(cheap.phi, truth(), 1e-12);
    cr_expect_float_eq(filler.phi, 0.0, 1e-12);
    cr_expect(filler.noise && !cheap.noise && cheap.standard_error == 0.0 && summary.noise_share < 1e-12);
    throng_prompt_attribution_free(it);
}

/* Of 300 seeds about 285 have the truth within 1.96 standard errors: at least 270, at most 297. */
static void expect_coverage(const char *method, int samples) {
    int held = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        throng_llm_choose_def choose = {.samples = samples, .no_logprobs = true, .seed = seed};
        throng_prompt_attribution *it = NULL;
        cr_assert_eq(attribute(context, &choose, method, seed, &it), THRONG_OK, "%s", error.message);
        throng_prompt_part part = throng_prompt_attribution_part(it, 1);
        held += fabs(part.phi - truth()) <= 1.96 * part.standard_error;
        throng_prompt_attribution_free(it);
    }
    cr_expect(held >= 270 && held <= 297, "%s: %d of 300 intervals hold the truth", method, held);
}

Test(prompt, errors_of_sampled_answers) {
    TEST_NOT_SANITIZED();
    expect_coverage("shapley-exact", 20);
}

Test(prompt, errors_of_sampled_answers_and_permutations) {
    TEST_NOT_SANITIZED();
    expect_coverage("shapley-sampled:permutations=40", 20);
}

Test(prompt, errors_of_other_methods) {
    throng_llm_choose_def choose = {.samples = 20, .no_logprobs = true};
    throng_prompt_attribution *it = NULL;
    cr_assert_eq(attribute(context, &choose, "leave-one-out", 0, &it), THRONG_OK, "%s", error.message);
    double wanted = sqrt(2.0 * 0.73 * 0.27 / 20); /* two shares, of 73 % or so, of 20 answers each */
    cr_expect_float_eq(throng_prompt_attribution_part(it, 0).standard_error, wanted, 0.5 * wanted);
    throng_prompt_attribution_free(it);
}

typedef struct asking {
    const char *method;
    bool no_logprobs;
} asking;

static throng_status ask(throng_context *in, int64_t turn, void *user) {
    const asking *how = user;
    throng_llm_choose_def choose = {.samples = 3, .no_logprobs = how->no_logprobs};
    throng_prompt_attribution *it = NULL;
    throng_status status = attribute(in, &choose, how->method, 1, &it);
    (void)turn;
    throng_prompt_attribution_free(it);
    return status;
}

Test(prompt, failing_allocations) {
    asking ways[] = {{NULL, false}, {"shapley-exact", true}, {"banzhaf-sampled:draws=20", true}};
    for (int i = 0; i < 3; i++)
        expect_survives(ask, &ways[i], 2000);
}
