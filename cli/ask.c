/* throng ask: one question, or one for every row of a table, to a language model. */
#define _POSIX_C_SOURCE 200809L
#include "cli/llm.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN 20 /* rows of the summary */

typedef struct request {
    const char *prompt, *rows, *options_text, *out, *void_share, *fit;
    int64_t max_tokens;
    bool plan, quiet, json, force;
    cli_llm llm;
} request;

/* Everything that is made on the way; freed in one place. */
typedef struct job {
    const request *wanted;
    throng_context *context;
    throng_llm *llm;
    throng_llm_template *template;
    throng_table *table;
    throng_table *numbers; /* the column of --fit */
    int64_t n;             /* questions */
    throng_llm_question *questions;
    char **texts; /* [2 n] systems and prompts */
    char *options_copy;
    const char *options[THRONG_LLM_OPTIONS_MAX];
    int n_options;
    double *p; /* [n][n_options] */
    throng_llm_line line;
    bool fitted;
    double temperature;
    char **answers; /* [n] free text */
    throng_llm_choose_counts counts;
} job;

/* ---- questions ------------------------------------------------------------------------------------------------- */

/* A column's value as a prompt shows it. */
static char *show(const throng_column_view *column, int64_t row) {
    char text[64];
    if (column->type == THRONG_TYPE_TEXT)
        return strdup(column->words[((const int32_t *)column->data)[row]]);
    if (column->type == THRONG_TYPE_INT64)
        snprintf(text, sizeof text, "%lld", (long long)((const int64_t *)column->data)[row]);
    else
        snprintf(text, sizeof text, "%.15g", ((const double *)column->data)[row]);
    return strdup(text);
}

/* Reads the columns that the template asks for, and behind them the one that --fit names. A slot that the table has not
 * is told with its place. */
static int read_rows(job *self) {
    throng_error err = {0};
    int n = throng_llm_template_slots(self->template);
    throng_column_request *requests = calloc((size_t)n + 1, sizeof *requests);
    const char *place = "";
    if (!requests)
        return cli_fail(CLI_FAILURE, "out of memory.");
    for (int i = 0; i < n; i++)
        requests[i] = (throng_column_request){throng_llm_template_slot(self->template, i, NULL), THRONG_ROLE_LABEL};
    throng_status status =
        throng_table_read(self->context, &self->wanted->rows, 1, requests, n, NULL, &self->table, &err);
    if (status == THRONG_OK && self->wanted->fit)
        status = throng_table_read(self->context, &self->wanted->rows, 1,
                                   &(throng_column_request){self->wanted->fit, THRONG_ROLE_NUMBER}, 1, NULL,
                                   &self->numbers, &err);
    for (int i = 0; status == THRONG_E_COLUMN && !self->table && i < n; i++) {
        throng_table *one = NULL;
        throng_llm_template_slot(self->template, i, &place);
        if (throng_table_read(self->context, &self->wanted->rows, 1, &requests[i], 1, NULL, &one, &err) ==
            THRONG_E_COLUMN) {
            free(requests);
            return cli_fail(CLI_FAILURE, "%s: {{%s}}: %s", place, throng_llm_template_slot(self->template, i, NULL),
                            err.message);
        }
        throng_table_free(one);
    }
    free(requests);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    self->n = throng_table_rows(self->table);
    return self->n > 0 ? CLI_OK : cli_fail(CLI_FAILURE, "%s has no rows: there is nothing to ask.", self->wanted->rows);
}

static int fill_row(job *self, int64_t row) {
    throng_error err = {0};
    const char *system = NULL, *prompt = NULL;
    char *values[64] = {0};
    int n = throng_llm_template_slots(self->template);
    for (int i = 0; i < n; i++) {
        throng_column_view column = throng_table_column(self->table, i);
        values[i] = show(&column, row);
    }
    throng_status status =
        throng_llm_template_fill(self->template, (const char *const *)values, &system, &prompt, &err);
    for (int i = 0; i < n; i++)
        free(values[i]);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    self->texts[2 * row] = system ? strdup(system) : NULL;
    self->texts[2 * row + 1] = strdup(prompt);
    self->questions[row] = (throng_llm_question){.system = self->texts[2 * row], .prompt = self->texts[2 * row + 1]};
    return CLI_OK;
}

/* Fills in the questions: the text given, or the template for every row. */
static int make_questions(job *self, const cli_options *options) {
    throng_error err = {0};
    int code = CLI_OK;
    self->n = 1;
    if ((self->wanted->prompt != NULL) + (options->n_positional > 0) != 1 || options->n_positional > 1)
        return cli_fail(CLI_USAGE, "what should be asked? Give one template file, or --prompt TEXT.");
    if (!self->wanted->prompt) {
        if (throng_llm_template_load(self->context, options->positional[0], &self->template, &err) != THRONG_OK)
            return cli_fail_error(&err);
        const char *place = NULL;
        bool slots = throng_llm_template_slots(self->template) > 0;
        if (!self->wanted->rows && slots) {
            const char *name = throng_llm_template_slot(self->template, 0, &place);
            return cli_fail(CLI_USAGE, "%s: {{%s}} has no value: name a table of them with --rows FILE.", place, name);
        }
        if (self->wanted->rows && !slots)
            return cli_fail(CLI_USAGE, "%s has no slots, such as {{name}}, that --rows could fill: leave --rows out.",
                            options->positional[0]);
        if (self->wanted->rows)
            code = read_rows(self);
    } else if (self->wanted->rows) {
        return cli_fail(CLI_USAGE, "--rows fills the slots of a template; --prompt has none.");
    }
    if (code != CLI_OK)
        return code;
    self->questions = calloc((size_t)self->n + 1, sizeof *self->questions);
    self->texts = calloc(2 * (size_t)self->n + 1, sizeof *self->texts);
    if (!self->questions || !self->texts)
        return cli_fail(CLI_FAILURE, "out of memory.");
    if (self->wanted->prompt)
        self->questions[0].prompt = self->wanted->prompt;
    for (int64_t i = 0; self->template && code == CLI_OK && i < self->n; i++)
        code = fill_row(self, i);
    return code;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static throng_status take_text(void *user, int64_t index, const throng_llm_answer *answer, throng_error *err) {
    job *self = user;
    self->answers[index] = strdup(answer->text);
    return self->answers[index] ? THRONG_OK : THRONG_FAIL(err, E_MEMORY, "Out of memory for an answer.");
}

static throng_status ask_texts(job *self, throng_error *err) {
    throng_llm_request *requests = calloc((size_t)self->n + 1, sizeof *requests);
    self->answers = calloc((size_t)self->n + 1, sizeof *self->answers);
    throng_status status = THRONG_E_MEMORY;
    if (requests && self->answers) {
        for (int64_t i = 0; i < self->n; i++)
            requests[i] =
                (throng_llm_request){.system = self->questions[i].system,
                                     .prompt = self->questions[i].prompt,
                                     .temperature = self->wanted->llm.temperature ? self->temperature : 1.0,
                                     .max_tokens = self->wanted->max_tokens ? (int)self->wanted->max_tokens : 256};
        status = throng_llm_ask(self->llm, requests, self->n, take_text, self, err);
    }
    free(requests);
    return status;
}

static throng_status ask_options(job *self, double void_share, throng_error *err) {
    throng_llm_choose_def def = {.options = self->options,
                                 .n_options = self->n_options,
                                 .samples = (int)self->wanted->llm.samples,
                                 .orders = (int)self->wanted->llm.orders,
                                 .no_logprobs = self->wanted->llm.no_logprobs,
                                 .temperature = self->temperature,
                                 .max_tokens = (int)self->wanted->max_tokens,
                                 .void_share = void_share,
                                 .seed = (uint64_t)self->wanted->llm.seed};
    self->p = calloc((size_t)(self->n * self->n_options) + 1, sizeof *self->p);
    if (!self->p)
        return THRONG_FAIL(err, E_MEMORY, "Out of memory for the answers.");
    return throng_llm_choose(self->llm, &def, self->questions, self->n, self->p, &self->counts, err);
}

/* The log-odds of the first option against the column of --fit. Before anything is asked all answers are taken for
 * even: that finds what is wrong with the column. */
static throng_status fit(job *self, bool asked, throng_error *err) {
    throng_column_view column = throng_table_column(self->numbers, 0);
    double *x = malloc(((size_t)self->n + 1) * sizeof *x), *p = malloc(((size_t)self->n + 1) * sizeof *p);
    throng_status status = THRONG_OK;
    if (!x || !p)
        status = THRONG_FAIL(err, E_MEMORY, "Out of memory for a line.");
    for (int64_t i = 0; status == THRONG_OK && i < self->n; i++) {
        x[i] = column.type == THRONG_TYPE_FLOAT32 ? (double)((const float *)column.data)[i]
                                                  : ((const double *)column.data)[i];
        p[i] = asked ? fmin(1.0, self->p[i * self->n_options]) : 0.5;
    }
    int samples = self->wanted->llm.samples ? (int)self->wanted->llm.samples : 20;
    if (status == THRONG_OK) /* questions settled either way: what they scatter by is all that is known */
        status = throng_llm_fit_line(x, p, self->n, self->counts.by_logprobs > 0 ? 0 : samples, &self->line, err);
    self->fitted = asked && status == THRONG_OK;
    free(x);
    free(p);
    return status;
}

/* ---- what it would cost ---------------------------------------------------------------------------------------- */

static void print_estimate(const job *self, const char *when, int64_t calls, double prompt_tokens, double price_in,
                           double price_out) {
    double answer = (double)(self->wanted->max_tokens ? self->wanted->max_tokens : self->n_options > 0 ? 16 : 256);
    double asked = (double)calls * prompt_tokens, said = (double)calls * answer;
    printf("%s: %s calls, about %s tokens of prompts, at most %s of answers", when, throng_phrase_count(calls).text,
           cli_amount(asked).text, cli_amount(said).text);
    if (price_in + price_out > 0.0)
        printf(", cost at most %s", throng_phrase_value(1e-6 * (asked * price_in + said * price_out)).text);
    printf("\n");
}

/* Calls, tokens and cost before the first call; tokens are guessed at four bytes each. */
static int plan(const job *self) {
    const request *wanted = self->wanted;
    int64_t samples = wanted->llm.samples ? wanted->llm.samples : 20,
            orders = wanted->llm.orders ? wanted->llm.orders : 2;
    double bytes = 0.0, price_in, price_out;
    if (!cli_llm_read_real("--price-in", wanted->llm.price_in, &price_in) ||
        !cli_llm_read_real("--price-out", wanted->llm.price_out, &price_out))
        return CLI_USAGE;
    for (int64_t i = 0; i < self->n; i++)
        bytes += (double)(strlen(self->questions[i].prompt) +
                          (self->questions[i].system ? strlen(self->questions[i].system) : 0));
    for (int k = 0; k < self->n_options; k++)
        bytes += (double)self->n * (double)(strlen(self->options[k]) + 4);
    double tokens = self->n > 0 ? bytes / 4.0 / (double)self->n + 8.0 : 0.0;
    printf("%s questions\n", throng_phrase_count(self->n).text);
    if (self->n_options == 0)
        print_estimate(self, "one answer each", self->n, tokens, price_in, price_out);
    if (self->n_options > 0 && !wanted->llm.no_logprobs)
        print_estimate(self, "with log-probabilities", self->n * orders, tokens, price_in, price_out);
    if (self->n_options > 0)
        print_estimate(self, "by samples", self->n * samples + (wanted->llm.no_logprobs ? 0 : orders), tokens, price_in,
                       price_out);
    return cli_finish_output();
}

/* ---- results --------------------------------------------------------------------------------------------------- */

/* A model's words on a terminal: what could steer it is left out. */
static void print_text(const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        putchar((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? ' ' : c);
    }
    putchar('\n');
}

static void print_line(const job *self) {
    const throng_llm_line *line = &self->line;
    printf("log-odds of \"%s\" = %s (%s to %s) + %s (%s to %s) %s, 95 %%\n", self->options[0],
           throng_phrase_value(line->intercept).text, throng_phrase_value(line->intercept_low).text,
           throng_phrase_value(line->intercept_high).text, throng_phrase_value(line->slope).text,
           throng_phrase_value(line->slope_low).text, throng_phrase_value(line->slope_high).text, self->wanted->fit);
    printf("answers lie at most %s off the line", throng_phrase_share(line->residual).text);
    if (isfinite(line->lack_of_fit))
        printf("; a true line is left so far with p = %s", throng_phrase_value(line->lack_of_fit).text);
    printf("\n");
}

static void print_summary(const job *self) {
    for (int64_t i = 0; self->answers && i < self->n; i++)
        print_text(self->answers[i]);
    for (int k = 0; k < self->n_options; k++) {
        double mean = 0.0;
        for (int64_t i = 0; i < self->n; i++)
            mean += self->p[i * self->n_options + k] / (double)self->n;
        cli_print_left(self->options[k], 24);
        cli_print_right(throng_phrase_share(mean).text, 8);
        if (self->n > 1 && self->n <= SHOWN)
            for (int64_t i = 0; i < self->n; i++)
                cli_print_right(throng_phrase_share(self->p[i * self->n_options + k]).text, 8);
        printf("\n");
    }
    if (self->fitted)
        print_line(self);
    if (self->p)
        cli_llm_print_counts(&self->counts);
    cli_llm_print_usage(self->llm);
}

static json_t *pack_line(const job *self) {
    const throng_llm_line *line = &self->line;
    return json_pack("{s:s, s:s, s:f, s:[f, f], s:f, s:[f, f], s:f, s:o}", "option", self->options[0], "column",
                     self->wanted->fit, "intercept", line->intercept, "intercept_interval", line->intercept_low,
                     line->intercept_high, "slope", line->slope, "slope_interval", line->slope_low, line->slope_high,
                     "residual", line->residual, "lack_of_fit",
                     isfinite(line->lack_of_fit) ? json_real(line->lack_of_fit) : json_null());
}

static json_t *pack_result(const job *self) {
    json_t *rows = json_array(), *options = json_array();
    for (int k = 0; k < self->n_options; k++)
        json_array_append_new(options, json_string(self->options[k]));
    for (int64_t i = 0; i < self->n; i++) {
        json_t *row = self->answers ? json_string(self->answers[i]) : json_array();
        for (int k = 0; k < self->n_options; k++)
            json_array_append_new(row, json_real(self->p[i * self->n_options + k]));
        json_array_append_new(rows, row);
    }
    return json_pack("{s:s, s:o, s:o, s:o*, s:o, s:o}", "model", throng_llm_model(self->llm), "options", options,
                     "answers", rows, "fit", self->fitted ? pack_line(self) : NULL, "counts",
                     cli_llm_pack_counts(&self->counts), "usage", cli_llm_pack_usage(self->llm));
}

/* A column of the rows that were asked about, so that the table says who answered what. */
static throng_status copy_column(throng_table *to, throng_column_view from, throng_error *err) {
    int32_t *codes = NULL;
    if (from.type != THRONG_TYPE_TEXT)
        return throng_table_add_view(to, from.name, from.type, from.data, err);
    if (from.n_words == 0)
        return THRONG_OK;
    throng_status status = throng_table_add_codes(to, from.name, from.n_words, from.words, &codes, err);
    if (status == THRONG_OK)
        memcpy(codes, from.data, (size_t)from.n_rows * sizeof *codes);
    return status;
}

static int write_table(const job *self) {
    throng_error err = {0};
    throng_table *table = NULL;
    throng_status status = throng_table_create(self->context, self->n, &table, &err);
    for (int i = 0; self->table && status == THRONG_OK && i < throng_table_columns(self->table); i++)
        status = copy_column(table, throng_table_column(self->table, i), &err);
    for (int k = 0; status == THRONG_OK && k < self->n_options; k++) {
        void *data = NULL;
        status = throng_table_add(table, self->options[k], THRONG_TYPE_FLOAT64, &data, &err);
        for (int64_t i = 0; status == THRONG_OK && i < self->n; i++)
            ((double *)data)[i] = self->p[i * self->n_options + k];
    }
    if (status == THRONG_OK && self->answers)
        status = throng_table_add_text(table, "answer", (const char *const *)self->answers, &err);
    if (status == THRONG_OK)
        status = throng_table_write(table, self->wanted->out, self->wanted->force, &err);
    throng_table_free(table);
    return status == THRONG_OK ? CLI_OK : cli_fail_error(&err);
}

static int report(const job *self) {
    int code = self->wanted->out ? write_table(self) : CLI_OK;
    if (code != CLI_OK)
        return code;
    if (self->wanted->json)
        code = cli_json_print(pack_result(self));
    else if (!self->wanted->quiet)
        print_summary(self);
    if (code == CLI_OK)
        code = cli_finish_output();
    return self->counts.is_void ? cli_llm_fail_void(&self->counts) : code;
}

/* A column of --out is a slot or an option, before anything is paid for. */
static int check_names(const job *self) {
    int slots = self->table ? throng_llm_template_slots(self->template) : 0;
    for (int i = 0; self->wanted->out && i < slots; i++) {
        const char *slot = throng_llm_template_slot(self->template, i, NULL);
        for (int k = 0; k < self->n_options; k++)
            if (strcasecmp(slot, self->options[k]) == 0)
                return cli_fail(CLI_USAGE, "\"%s\" is a slot and an option: they cannot both be a column of --out.",
                                self->options[k]);
        if (self->n_options == 0 && strcasecmp(slot, "answer") == 0)
            return cli_fail(CLI_USAGE,
                            "the slot {{%s}} and the answers cannot both be the column \"answer\" of --out: "
                            "name the slot otherwise.",
                            slot);
    }
    return CLI_OK;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int ask(job *self, const cli_options *options) {
    throng_error err = {0};
    cli_progress progress;
    double void_share = 0.0;
    if (!cli_llm_read_share("--void-above", self->wanted->void_share, &void_share) ||
        !cli_llm_read_real("--temperature", self->wanted->llm.temperature, &self->temperature))
        return CLI_USAGE;
    if (self->wanted->llm.temperature && self->wanted->options_text && self->temperature == 0.0)
        return cli_fail(CLI_USAGE, "--temperature must be above 0 with --options: at 0 there is no distribution.");
    if (self->wanted->fit && (!self->wanted->rows || !self->wanted->options_text))
        return cli_fail(CLI_USAGE, "--fit takes a column of --rows and the first of --options: name both.");
    if (self->wanted->out && throng_table_check_output(self->wanted->out, self->wanted->force, &err) != THRONG_OK)
        return cli_fail_error(&err);
    int code = cli_llm_split_options(self->wanted->options_text, &self->options_copy, self->options, &self->n_options);
    if (code == CLI_OK)
        code = make_questions(self, options);
    if (code == CLI_OK)
        code = check_names(self);
    if (code == CLI_OK && self->numbers && fit(self, false, &err) != THRONG_OK)
        code = cli_fail_error(&err);
    if (code == CLI_OK && self->wanted->plan)
        return plan(self);
    if (code == CLI_OK)
        code = cli_llm_open(&self->wanted->llm, self->context, &self->llm);
    if (code != CLI_OK)
        return code;
    cli_progress_attach(&progress, self->context, self->wanted->quiet);
    throng_status status = self->n_options > 0 ? ask_options(self, void_share, &err) : ask_texts(self, &err);
    cli_progress_clear(&progress);
    if (status != THRONG_OK)
        return cli_fail_error(&err);
    if (self->numbers)
        status = fit(self, true, &err);
    code = report(self); /* answers are paid for, whether there is a line through them or not */
    return status == THRONG_OK ? code : cli_fail_error(&err);
}

static void clear(job *self) {
    for (int64_t i = 0; self->texts && i < 2 * self->n; i++)
        free(self->texts[i]);
    for (int64_t i = 0; self->answers && i < self->n; i++)
        free(self->answers[i]);
    free(self->texts);
    free(self->answers);
    free(self->questions);
    free(self->options_copy);
    free(self->p);
    throng_llm_template_free(self->template);
    throng_table_free(self->table);
    throng_table_free(self->numbers);
    throng_llm_free(self->llm);
}

static int work(const cli_options *options, throng_context *context, void *wanted) {
    job it = {.wanted = wanted, .context = context};
    int code = ask(&it, options);
    clear(&it);
    return code;
}

static int run(const cli_command *self, int argc, char **argv) {
    request wanted = {0};
    cli_options options;
    cli_options_init(&options, self);
    cli_options_text(&options, "--prompt", "TEXT", &wanted.prompt, "the question, in place of a template");
    cli_options_text(&options, "--rows", "FILE", &wanted.rows, "table with a column for every slot: a question a row");
    cli_options_text(&options, "--options", "A,B,...", &wanted.options_text,
                     "possible answers: asks for their distribution");
    cli_options_text(&options, "--void-above", "SHARE", &wanted.void_share,
                     "share of unreadable answers above which the result is void (default: 0.05)");
    cli_options_text(&options, "--fit", "COLUMN", &wanted.fit,
                     "fit the log-odds of the first option by a line in this column of --rows");
    cli_options_count(&options, "--max-tokens", "N", &wanted.max_tokens, 1, 1e6,
                      "longest answer (default: 16 with --options, else 256)");
    cli_options_switch(&options, "--plan", &wanted.plan, "say what it would cost, and ask nobody");
    cli_llm_choice_options(&options, &wanted.llm, "of the answers (default: 1, the model's own distribution)");
    cli_llm_options(&options, &wanted.llm);
    cli_options_text(&options, "--out", "FILE", &wanted.out,
                     "write a table: slots and probabilities, a row a question");
    cli_options_switch(&options, "--force", &wanted.force, "replace FILE if it exists");
    cli_options_switch(&options, "--json", &wanted.json, "print the result as JSON");
    cli_options_switch(&options, "--quiet", &wanted.quiet, "print neither summary nor progress");
    return cli_options_run(&options, argc, argv, work, &wanted);
}

const cli_command cli_command_ask = {
    .name = "ask",
    .synopsis = "TEMPLATE --endpoint URL --model NAME [--rows FILE] [--options A,B,...] [options]",
    .summary = "Asks a language model, once or for every row of a table.",
    .details =
        "With --options, asks for a distribution over them: from log-probabilities where the server gives them,\n"
        "else from samples. With --cache, no answer is paid for twice. docs/language-models.md begins without\n"
        "a model.\n"
        "\n"
        "  throng ask persona.txt --rows people.csv --options post,share,silent --cache answers.cache \\\n"
        "      --endpoint http://127.0.0.1:8000/v1 --model llama3",
    .run = run,
};
