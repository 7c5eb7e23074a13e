/*
 * An indicator for people who do not compile: an expression over the crowd's moments, such as tanh(3*m2)*exp(-m1).
 *
 * The text is read once, by recursive descent, into a program for a stack machine; `prepare` keeps the program, value
 * and gradient run it. The stack holds dual numbers, a value with its slopes in every moment, so that the gradient is
 * exact. Running needs no memory but the C stack and writes nothing else: any number of threads may do it.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = signed { ("*" | "/") signed }
 *     signed  = { "+" | "-" } power
 *     power   = operand [ "^" signed ]                   2^3^2 = 2^9, -m1^2 = -(m1^2)
 *     operand = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
 */
#include "throng/indicator.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPRESSION,
    WEIGHTED
};

#define LENGTH_MAX  400 /* bytes of an expression; no step of a program takes less than one */
#define DEPTH_MAX   64  /* dual numbers on the stack */
#define MOMENTS_MAX 5

/* ---- what an expression may call ------------------------------------------------------------------------------- */

/* The value at a (and b), and its slope in each. */
typedef double (*apply_fn)(double a, double b, double *by_a, double *by_b);

static double add(double a, double b, double *by_a, double *by_b) {
    *by_a = *by_b = 1.0;
    return a + b;
}

static double subtract(double a, double b, double *by_a, double *by_b) {
    *by_a = 1.0;
    *by_b = -1.0;
    return a - b;
}

static double multiply(double a, double b, double *by_a, double *by_b) {
    *by_a = b;
    *by_b = a;
    return a * b;
}

static double divide(double a, double b, double *by_a, double *by_b) {
    *by_a = 1.0 / b;
    *by_b = -a / b / b;
    return a / b;
}

static double power(double a, double b, double *by_a, double *by_b) {
    bool square = b == 2.0; /* common, and a product is exact on every machine */
    double value = square ? a * a : pow(a, b);
    *by_a = square ? 2.0 * a : b * pow(a, b - 1.0);
    *by_b = value == 0.0 ? 0.0 : value * log(a);
    return value;
}

/* Where two are equal, the first counts. */
static double smaller(double a, double b, double *by_a, double *by_b) {
    *by_a = a <= b;
    *by_b = !(a <= b);
    return a <= b ? a : b;
}

static double larger(double a, double b, double *by_a, double *by_b) {
    *by_a = a >= b;
    *by_b = !(a >= b);
    return a >= b ? a : b;
}

static double negate(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = -1.0;
    return -a;
}

static double absolute(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = (a > 0.0) - (a < 0.0);
    return fabs(a);
}

static double arc_tangent(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = 1.0 / (1.0 + a * a);
    return atan(a);
}

static double cosine(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = -sin(a);
    return cos(a);
}

static double exponential(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    return *by_a = exp(a);
}

static double logarithm(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = 1.0 / a;
    return log(a);
}

/* 1 / (1 + exp(-a)) without overflow for any a. */
static double sigmoid(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    double small = exp(-fabs(a)), tail = small / (1.0 + small);
    *by_a = tail / (1.0 + small);
    return a < 0.0 ? tail : 1.0 - tail;
}

static double sine(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    *by_a = cos(a);
    return sin(a);
}

static double square_root(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    double root = sqrt(a);
    *by_a = 0.5 / root;
    return root;
}

static double hyperbolic_tangent(double a, double b, double *by_a, double *by_b) {
    (void)b;
    (void)by_b;
    double value = tanh(a);
    *by_a = 1.0 - value * value;
    return value;
}

/* Functions by their names; operators stand in front. */
static const struct {
    const char *name;
    int arguments;
    apply_fn apply;
    bool steep; /* at 0; a power with a whole exponent is not */
} functions[] = {
    {"+", 2, add, false},           {"-", 2, subtract, false},       {"*", 2, multiply, false},
    {"/", 2, divide, false},        {"^", 2, power, true},           {"(-)", 1, negate, false},
    {"abs", 1, absolute, false},    {"atan", 1, arc_tangent, false}, {"cos", 1, cosine, false},
    {"exp", 1, exponential, false}, {"log", 1, logarithm, true},     {"max", 2, larger, false},
    {"min", 2, smaller, false},     {"pow", 2, power, true},         {"sigmoid", 1, sigmoid, false},
    {"sin", 1, sine, false},        {"sqrt", 1, square_root, true},  {"tanh", 1, hyperbolic_tangent, false},
};

enum {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    POWER,
    NEGATE,
    FUNCTIONS_BEGIN,
    FUNCTIONS_END = sizeof functions / sizeof *functions
};

static const struct {
    const char *name;
    double value;
} constants[] = {{"e", 2.718281828459045}, {"pi", 3.141592653589793}};

#define CONSTANTS ((int)(sizeof constants / sizeof *constants))

/* ---- programs -------------------------------------------------------------------------------------------------- */

typedef enum step_kind {
    STEP_NUMBER,
    STEP_MOMENT,
    STEP_APPLY
} step_kind;

typedef struct step {
    step_kind kind;
    int which; /* moment or function */
    double number;
} step;

typedef struct program {
    int n_steps;
    step steps[LENGTH_MAX];
} program;

typedef struct dual {
    double value, slope[MOMENTS_MAX];
} dual;

/* A slope of 0 stays 0 whatever it meets: sqrt(0*m1) does not depend on m1. */
static double chain(double by, double slope) {
    return slope == 0.0 ? 0.0 : by * slope;
}

/* Runs a program with the slopes in the first n_slopes moments. */
static dual run(const program *self, const double *m, int n_slopes) {
    dual stack[DEPTH_MAX];
    int top = -1;
    for (int i = 0; i < self->n_steps; i++) {
        const step *now = &self->steps[i];
        if (now->kind != STEP_APPLY) {
            stack[++top].value = now->kind == STEP_MOMENT ? m[now->which] : now->number;
            for (int k = 0; k < n_slopes; k++)
                stack[top].slope[k] = now->kind == STEP_MOMENT && now->which == k;
            continue;
        }
        int arguments = functions[now->which].arguments;
        const dual b = arguments == 2 ? stack[top--] : (dual){0};
        dual *a = &stack[top];
        double by_a = 0.0, by_b = 0.0;
        a->value = functions[now->which].apply(a->value, b.value, &by_a, &by_b);
        for (int k = 0; k < n_slopes; k++)
            a->slope[k] = chain(by_a, a->slope[k]) + (arguments == 2 ? chain(by_b, b.slope[k]) : 0.0);
    }
    return stack[0];
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

typedef struct reader {
    const char *text, *at; /* the expression, and where reading is */
    program *out;
    int depth;     /* of the stack at this point of the program */
    int n_moments; /* one more than the highest that was named */
    bool steep;    /* some slope may be infinite where a value is finite, or nearly */
    throng_error *err;
} reader;

static throng_status read_sum(reader *self);

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        throng_status tried = (call);                                                                                  \
        if (tried != THRONG_OK)                                                                                        \
            return tried;                                                                                              \
    } while (0)

/* Bytes of a character of UTF-8, 0 at the end. */
static int character_bytes(const char *at) {
    int n = *at != '\0';
    while (n > 0 && (at[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* `"*" at character 4`, or `the end of the expression`. */
typedef struct spot {
    char text[64];
} spot;

static spot spot_of(const reader *self, const char *at, int bytes) {
    spot out;
    int number = 1;
    for (const char *c = self->text; c < at; c += character_bytes(c))
        number++;
    if (!*at)
        snprintf(out.text, sizeof out.text, "the end of the expression");
    else if ((unsigned char)*at < ' ' || *at == 0x7f)
        snprintf(out.text, sizeof out.text, "a control character at character %d", number);
    else
        snprintf(out.text, sizeof out.text, "\"%.*s\" at character %d", bytes < 24 ? bytes : 24, at, number);
    return out;
}

static spot spot_here(const reader *self) {
    return spot_of(self, self->at, character_bytes(self->at));
}

static char next(reader *self) {
    while (*self->at == ' ')
        self->at++;
    return *self->at;
}

/* Whether the next character is this one, which is then passed. */
static bool take(reader *self, char wanted) {
    bool is = next(self) == wanted;
    self->at += is;
    return is;
}

static throng_status emit(reader *self, step_kind kind, int which, double number) {
    self->depth += kind == STEP_APPLY ? 1 - functions[which].arguments : 1;
    if (self->depth > DEPTH_MAX)
        return THRONG_FAIL(self->err, E_PARAMETER,
                           "formula: more than %d operands wait for each other at %s: nest less deeply.", DEPTH_MAX,
                           spot_here(self).text);
    program *out = self->out;
    if (kind == STEP_APPLY) {
        const step *before = &out->steps[out->n_steps - 1];
        bool whole = before->kind == STEP_NUMBER && before->number == floor(before->number);
        self->steep |= functions[which].steep && !(functions[which].apply == power && whole);
    }
    out->steps[out->n_steps++] = (step){kind, which, number};
    return THRONG_OK;
}

static throng_status read_number(reader *self) {
    const char *begin = self->at, *at = begin;
    char digits[LENGTH_MAX + 1];
    at += strspn(at, "0123456789");
    at += *at == '.';
    at += strspn(at, "0123456789");
    if (at == begin + 1 && *begin == '.')
        return THRONG_FAIL(self->err, E_PARAMETER, "formula: %s is no number.", spot_of(self, begin, 1).text);
    if (*at == 'e' || *at == 'E') {
        const char *exponent = at + 1;
        exponent += *exponent == '+' || *exponent == '-';
        if (isdigit((unsigned char)*exponent))
            at = exponent + strspn(exponent, "0123456789");
    }
    snprintf(digits, sizeof digits, "%.*s", (int)(at - begin), begin);
    double number = strtod(digits, NULL);
    if (!isfinite(number))
        return THRONG_FAIL(self->err, E_PARAMETER, "formula: the number %s is too large.",
                           spot_of(self, begin, (int)(at - begin)).text);
    self->at = at;
    return emit(self, STEP_NUMBER, 0, number);
}

/* The opening parenthesis has been passed; `open` is where it stands. */
static throng_status close(reader *self, const char *open) {
    if (take(self, ')'))
        return THRONG_OK;
    return THRONG_FAIL(self->err, E_PARAMETER,
                       "formula: the %s is not closed: an operator or \")\" is missing before %s.",
                       spot_of(self, open, 1).text, spot_here(self).text);
}

static throng_status read_call(reader *self, const char *begin, int length, int function) {
    const char *open = self->at;
    int given = 0, wanted = functions[function].arguments;
    if (!take(self, '('))
        return THRONG_FAIL(self->err, E_PARAMETER, "formula: %s is a function: \"(\" is missing before %s.",
                           spot_of(self, begin, length).text, spot_here(self).text);
    do {
        TRY(read_sum(self));
        given++;
    } while (take(self, ','));
    TRY(close(self, open));
    if (given != wanted)
        return THRONG_FAIL(self->err, E_PARAMETER, "formula: %s takes %d argument%s, got %d.",
                           spot_of(self, begin, length).text, wanted, wanted == 1 ? "" : "s", given);
    return emit(self, STEP_APPLY, function, 0.0);
}

static throng_status fail_unknown(const reader *self, const char *begin, int length) {
    const char *names[MOMENTS_MAX + CONSTANTS + FUNCTIONS_END] = {"m0", "m1", "m2", "m3", "m4"};
    char word[LENGTH_MAX + 1], tail[200];
    int n = MOMENTS_MAX;
    for (int i = 0; i < CONSTANTS; i++)
        names[n++] = constants[i].name;
    for (int i = FUNCTIONS_BEGIN; i < FUNCTIONS_END; i++)
        names[n++] = functions[i].name;
    snprintf(word, sizeof word, "%.*s", length, begin);
    throng_suggest(word, names, n, tail, sizeof tail);
    bool moment = *word == 'm' && length > 1 && (int)strspn(word + 1, "0123456789") == length - 1;
    return THRONG_FAIL(self->err, E_PARAMETER, "formula: there is no %s.%s", spot_of(self, begin, length).text,
                       moment ? " Moments go from m0 to m4." : tail);
}

static throng_status read_name(reader *self) {
    const char *begin = self->at;
    int length = 0;
    while (isalnum((unsigned char)begin[length]) || begin[length] == '_')
        length++;
    self->at += length;
    if (length == 2 && begin[0] == 'm' && begin[1] >= '0' && begin[1] < '0' + MOMENTS_MAX) {
        int moment = begin[1] - '0';
        self->n_moments = moment >= self->n_moments ? moment + 1 : self->n_moments;
        return emit(self, STEP_MOMENT, moment, 0.0);
    }
    for (int i = 0; i < CONSTANTS; i++)
        if ((int)strlen(constants[i].name) == length && strncmp(constants[i].name, begin, (size_t)length) == 0)
            return emit(self, STEP_NUMBER, 0, constants[i].value);
    for (int i = FUNCTIONS_BEGIN; i < FUNCTIONS_END; i++)
        if ((int)strlen(functions[i].name) == length && strncmp(functions[i].name, begin, (size_t)length) == 0)
            return read_call(self, begin, length, i);
    return fail_unknown(self, begin, length);
}

static throng_status read_operand(reader *self) {
    char c = next(self);
    const char *open = self->at;
    if (isdigit((unsigned char)c) || c == '.')
        return read_number(self);
    if (isalpha((unsigned char)c))
        return read_name(self);
    if (!take(self, '('))
        return THRONG_FAIL(self->err, E_PARAMETER,
                           "formula: a number, a moment, a function or \"(\" is missing before %s.",
                           spot_here(self).text);
    TRY(read_sum(self));
    return close(self, open);
}

static throng_status read_signed(reader *self) {
    if (take(self, '+'))
        return read_signed(self);
    if (take(self, '-')) {
        TRY(read_signed(self));
        return emit(self, STEP_APPLY, NEGATE, 0.0);
    }
    TRY(read_operand(self));
    if (!take(self, '^'))
        return THRONG_OK;
    TRY(read_signed(self));
    return emit(self, STEP_APPLY, POWER, 0.0);
}

static throng_status read_product(reader *self) {
    TRY(read_signed(self));
    while (next(self) == '*' || *self->at == '/') {
        int function = *self->at++ == '*' ? MULTIPLY : DIVIDE;
        TRY(read_signed(self));
        TRY(emit(self, STEP_APPLY, function, 0.0));
    }
    return THRONG_OK;
}

static throng_status read_sum(reader *self) {
    TRY(read_product(self));
    while (next(self) == '+' || *self->at == '-') {
        int function = *self->at++ == '+' ? ADD : SUBTRACT;
        TRY(read_product(self));
        TRY(emit(self, STEP_APPLY, function, 0.0));
    }
    return THRONG_OK;
}

/* ---- the indicator --------------------------------------------------------------------------------------------- */

static throng_status prepare(const throng_setting *setting, const char *const *text, void *state, throng_prepared *out,
                             throng_error *err) {
    (void)setting;
    reader self = {.text = text[EXPRESSION], .at = text[EXPRESSION], .out = state, .err = err};
    TRY(read_sum(&self));
    if (next(&self) == ')')
        return THRONG_FAIL(err, E_PARAMETER, "formula: the %s closes nothing.", spot_here(&self).text);
    if (*self.at)
        return THRONG_FAIL(err, E_PARAMETER, "formula: an operator is missing before %s.", spot_here(&self).text);
    /* Higher moments than are asked for would cost time, and mislead methods that look for heavy agents. */
    out->n_aggregates = self.n_moments > 2 ? self.n_moments : 2;
    out->endpoints = self.steep;
    return THRONG_OK;
}

static double value(const throng_setting *setting, const double *m) {
    return run(setting->state, m, 0).value;
}

static void gradient(const throng_setting *setting, const double *m, double *out) {
    dual result = run(setting->state, m, setting->n_aggregates);
    memcpy(out, result.slope, (size_t)setting->n_aggregates * sizeof *out);
}

static const throng_param params[] = {
    [EXPRESSION] = {"expr", THRONG_PARAM_TEXT, 0, 1, LENGTH_MAX, "",
                    "the expression, over m0 to m4; in a shell put the whole indicator into quotes", "m2-m1^2"},
    [WEIGHTED] = {"weighted", THRONG_PARAM_FLAG, 1, 0, 1, "", "agents count by their weight, if there is one"},
    {0}};

const throng_indicator throng_indicator_formula = {
    .about =
        {.struct_size = sizeof(throng_indicator),
         .name = "formula",
         .summary = "An expression of your own over the moments of the states, such as tanh(3*m2)*exp(-m1).",
         .details =
             "Formula: M = expr, in which m0 to m4 are the moments m_k = sum_i p_i x_i^k of the whole crowd, p_i = "
             "w_i/W, or 1/N if there are no weights or weighted is false; m0 is 1. An expression has numbers, pi, e, "
             "+ - * / ^, parentheses and the functions abs, atan, cos, exp, log, max, min, pow, sigmoid, sin, sqrt "
             "and tanh. ^ binds tighter than a sign and groups to the right: -m1^2 is -(m1^2), 2^3^2 is 2^9. "
             "sigmoid(x) "
             "is 1/(1 + exp(-x)), log the natural logarithm.\n"
             "As in: formula:expr=sqrt(m2-m1^2) is the standard deviation, formula:expr=m2-m1^2,weighted=false the "
             "variance.\n"
             "Gradient: exact, by dual numbers. Where abs, max or min have a kink, one of its sides counts; a path "
             "across one may not reach the tolerance.\n"
             "Edges: undefined where the expression is not finite, as log(m1) for a negative mean. Moments are about "
             "0: for states far from it, such as years, differences like m2-m1^2 lose digits that the indicator "
             "variance keeps.\n"
             "Taking part: an absent agent keeps its mass and has its baseline state. On the presence path the moments "
             "move in straight lines from the baseline's to the observed; on the state path states do. Shapes, such "
             "as skewness written out, do not exist for a crowd at one baseline: give agents baselines that differ.\n"
             "Defaults: presence path from the neutral baseline 0. Only the moments up to the highest one named are "
             "used. With a root, a logarithm or a broken power nodes crowd at the ends of the path, where its slope "
             "may be "
             "infinite.",
         .reference = "Wengert 1964, A simple automatic derivative evaluation program, Communications of the ACM "
                      "7(8):463-464, doi 10.1145/355586.364791 (the gradient)",
         .params = params},
    .form = THRONG_FORM_MOMENTS,
    .n_aggregates = MOMENTS_MAX,
    .flags = THRONG_INDICATOR_ENDPOINTS,
    .path = THRONG_PATH_PRESENCE,
    .baseline = "neutral",
    .undefined = "the expression is not finite there",
    .value = value,
    .gradient = gradient,
    .prepare = prepare,
    .state_size = sizeof(program),
};
