/* What a condition may hold: see condition.h. The syntax tree is DuckDB's own, as json_serialize_sql prints it, so that
 * what is looked at is what will run. Whatever is not on the lists is refused, also what a later DuckDB may add. */
#include "table/condition.h"

#include "table/database.h"

#include <jansson.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static const char *const classes[] = {"BETWEEN",     "CASE",     "CAST",     "COLUMN_REF", "COMPARISON",
                                      "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR"};

static const char *const operators[] = {"COMPARE_IN",       "COMPARE_NOT_IN",       "OPERATOR_COALESCE",
                                        "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_NOT",
                                        "OPERATOR_NULLIF"};

/* Functions of the row at hand whose result is not much longer than their arguments. */
static const char *const functions[] = {"!~~",
                                        "!~~*",
                                        "%",
                                        "*",
                                        "**",
                                        "+",
                                        "-",
                                        "/",
                                        "//",
                                        "^",
                                        "abs",
                                        "ceil",
                                        "ceiling",
                                        "contains",
                                        "date_part",
                                        "day",
                                        "ends_with",
                                        "exp",
                                        "floor",
                                        "greatest",
                                        "hour",
                                        "isfinite",
                                        "isinf",
                                        "isnan",
                                        "least",
                                        "left",
                                        "length",
                                        "ln",
                                        "log",
                                        "log10",
                                        "log2",
                                        "lower",
                                        "mod",
                                        "month",
                                        "pow",
                                        "power",
                                        "prefix",
                                        "regexp_full_match",
                                        "regexp_matches",
                                        "right",
                                        "round",
                                        "sign",
                                        "sqrt",
                                        "starts_with",
                                        "substr",
                                        "substring",
                                        "suffix",
                                        "trim",
                                        "trunc",
                                        "upper",
                                        "year",
                                        "||",
                                        "~~",
                                        "~~*"};

/* Functions whose second argument is a pattern. */
static const char *const patterned[] = {"!~~", "!~~*", "regexp_full_match", "regexp_matches", "~~", "~~*"};

static const char *const types[] = {"BIGINT",   "BOOLEAN",   "DATE",     "DECIMAL",   "DOUBLE",  "FLOAT",
                                    "HUGEINT",  "INTEGER",   "SMALLINT", "TIMESTAMP", "TINYINT", "UBIGINT",
                                    "UINTEGER", "USMALLINT", "UTINYINT", "VARCHAR"};

static bool is_listed(const char *name, const char *const *list, int n) {
    for (int i = 0; name && i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

#define IS_LISTED(name, list) is_listed(name, list, COUNT(list))

static const char *text_of(const json_t *node, const char *key) {
    const char *text = json_string_value(json_object_get(node, key));
    return text ? text : "";
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

static throng_status add_column(throng_i_condition *self, const json_t *node, throng_error *err) {
    throng_status status = THRONG_OK;
    const json_t *names = json_object_get(node, "column_names");
    const char *name = json_string_value(json_array_get(names, 0));
    THRONG_REQUIRE(json_array_size(names) == 1 && name, E_QUERY,
                   "A condition names columns without a table: put names that have a dot in double quotes.");
    for (int i = 0; i < self->n_columns; i++)
        if (strcmp(self->columns[i], name) == 0)
            goto out;
    THRONG_REQUIRE(self->n_columns < THRONG_I_CONDITION_COLUMNS, E_QUERY, "A condition may use at most %d columns.",
                   THRONG_I_CONDITION_COLUMNS);
    THRONG_TRY(throng_i_copy_text(self->context, name, &self->columns[self->n_columns], err));
    self->n_columns++;
out:
    return status;
}

static throng_status check_pattern(const json_t *arguments, throng_error *err) {
    throng_status status = THRONG_OK;
    const json_t *pattern = json_array_get(arguments, 1);
    const char *text = text_of(json_object_get(pattern, "value"), "value");
    int wildcards = 0;
    THRONG_REQUIRE(json_array_size(arguments) == 2 && strcmp(text_of(pattern, "class"), "CONSTANT") == 0, E_QUERY,
                   "The pattern of LIKE or regexp_matches must be written out, and be the last argument.");
    for (const char *c = text; *c; c++)
        wildcards += *c == '%';
    THRONG_REQUIRE(wildcards <= THRONG_I_PATTERN_WILDCARDS && strlen(text) <= THRONG_I_PATTERN_BYTES, E_QUERY,
                   "A pattern may have at most %d characters and %d times %%.", THRONG_I_PATTERN_BYTES,
                   THRONG_I_PATTERN_WILDCARDS);
out:
    return status;
}

static throng_status check_function(const json_t *node, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *name = text_of(node, "function_name");
    const json_t *orders = json_object_get(json_object_get(node, "order_bys"), "orders");
    THRONG_REQUIRE(IS_LISTED(name, functions), E_QUERY,
                   "The function %.60s cannot be used in a condition; docs/explorer-api.md lists those that can.",
                   name);
    const char *schema = text_of(node, "schema"); /* "main": what the parser makes of trim(), extract() and the like */
    THRONG_REQUIRE((!*schema || strcmp(schema, "main") == 0) && !*text_of(node, "catalog") &&
                       json_array_size(orders) == 0 && !json_is_true(json_object_get(node, "distinct")) &&
                       !json_is_true(json_object_get(node, "export_state")),
                   E_QUERY, "In a condition %.60s takes arguments and nothing else.", name);
    if (IS_LISTED(name, patterned))
        status = check_pattern(json_object_get(node, "children"), err);
out:
    return status;
}

static throng_status check_node(throng_i_condition *self, const json_t *node, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *class = text_of(node, "class"), *type = text_of(node, "type");
    THRONG_REQUIRE(IS_LISTED(class, classes) && (strcmp(class, "OPERATOR") != 0 || IS_LISTED(type, operators)), E_QUERY,
                   "A condition computes with the columns of one row; it cannot hold %s.",
                   strcmp(class, "SUBQUERY") == 0    ? "a query of its own"
                   : strcmp(class, "WINDOW") == 0    ? "a window (OVER)"
                   : strcmp(class, "LAMBDA") == 0    ? "a lambda"
                   : strcmp(class, "STAR") == 0      ? "a star or COLUMNS"
                   : strcmp(class, "PARAMETER") == 0 ? "parameters such as ? and $1"
                   : *type                           ? type
                                                     : class);
    if (strcmp(class, "COLUMN_REF") == 0)
        status = add_column(self, node, err);
    else if (strcmp(class, "FUNCTION") == 0)
        status = check_function(node, err);
    else if (strcmp(class, "CAST") == 0)
        THRONG_REQUIRE(IS_LISTED(text_of(json_object_get(node, "cast_type"), "id"), types), E_QUERY,
                       "In a condition values are cast to numbers, VARCHAR, BOOLEAN, DATE or TIMESTAMP only.");
out:
    return status;
}

/* Everything below a node, wherever DuckDB keeps it: an object with a class is a node. */
static throng_status check_tree(throng_i_condition *self, const json_t *tree, throng_error *err) {
    throng_status status = THRONG_OK;
    const char *key;
    size_t i;
    json_t *item;
    if (json_object_get(tree, "class"))
        THRONG_TRY(check_node(self, tree, err));
    if (json_is_object(tree))
        json_object_foreach((json_t *)(uintptr_t)tree, key, item) THRONG_TRY(check_tree(self, item, err));
    json_array_foreach(tree, i, item) THRONG_TRY(check_tree(self, item, err));
out:
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/* SELECT and one expression, with nothing before, behind or around it. */
static throng_status check_statement(throng_i_condition *self, const json_t *document, throng_error *err) {
    throng_status status = THRONG_OK;
    const json_t *statements = json_object_get(document, "statements");
    const json_t *node = json_object_get(json_array_get(statements, 0), "node");
    const json_t *list = json_object_get(node, "select_list");
    char sentence[THRONG_I_SENTENCE_LENGTH];
    throng_i_database_sentence(text_of(document, "error_message"), sentence);
    THRONG_REQUIRE(json_is_false(json_object_get(document, "error")), E_QUERY,
                   "The condition must be one SQL expression: %s", sentence);
    static const char *const empty[] = {"where_clause", "having", "qualify", "sample"};
    bool plain = json_array_size(statements) == 1 && json_array_size(list) == 1 &&
                 strcmp(text_of(node, "type"), "SELECT_NODE") == 0 &&
                 strcmp(text_of(json_object_get(node, "from_table"), "type"), "EMPTY") == 0 &&
                 json_array_size(json_object_get(node, "modifiers")) == 0 &&
                 json_array_size(json_object_get(node, "group_expressions")) == 0 &&
                 json_array_size(json_object_get(node, "group_sets")) == 0 &&
                 json_array_size(json_object_get(json_object_get(node, "cte_map"), "map")) == 0;
    for (int i = 0; i < COUNT(empty); i++)
        plain = plain && json_is_null(json_object_get(node, empty[i]));
    THRONG_REQUIRE(plain, E_QUERY, "The condition must be one SQL expression: this is a statement, or several.");
    THRONG_TRY(check_tree(self, list, err));
out:
    return status;
}

static throng_status take_document(void *user, const char *const *cells, int n_cells, throng_error *err) {
    (void)n_cells, (void)err;
    *(json_t **)user = cells[0] ? json_loads(cells[0], JSON_DECODE_INT_AS_REAL, NULL) : NULL;
    return THRONG_OK;
}

static throng_status serialize(throng_i_condition *self, json_t **out, throng_error *err) {
    throng_status status = THRONG_OK;
    throng_context *own = NULL;
    throng_i_database database = {0};
    throng_i_sql statement = {.context = self->context}, sql = {.context = self->context};
    /* A context of its own: this may be called from any thread. */
    THRONG_TRY(throng_i_context_create(NULL, NULL, &own, err));
    THRONG_TRY(throng_context_set_threads(own, 1, err));
    THRONG_TRY(throng_i_database_open(own, "parsing", &database, err));
    throng_i_sql_add(&statement, "SELECT (%s\n)", self->text); /* the line break ends a comment */
    THRONG_TRY(throng_i_sql_check(&statement, err));
    throng_i_sql_add(&sql, "SELECT CAST(json_serialize_sql(");
    throng_i_sql_literal(&sql, statement.text);
    throng_i_sql_add(&sql, ") AS VARCHAR)");
    THRONG_TRY(throng_i_sql_check(&sql, err));
    THRONG_TRY(throng_i_database_check_expression(&database, self->text, err));
    THRONG_TRY(throng_i_database_rows(&database, sql.text, take_document, out, NULL, err));
    THRONG_REQUIRE(*out, E_QUERY, "The condition is nested too deeply, or holds a number beyond 1.8e308.");
out:
    throng_i_database_close(&database);
    throng_i_sql_clear(&statement);
    throng_i_sql_clear(&sql);
    throng_context_free(own);
    return status;
}

throng_status throng_i_condition_parse(throng_context *context, const char *text, throng_i_condition *out,
                                       throng_error *err) {
    throng_status status = THRONG_OK;
    throng_i_condition self = {.context = context};
    json_t *document = NULL;
    THRONG_REQUIRE(strlen(text) <= THRONG_I_CONDITION_BYTES, E_QUERY, "A condition may have at most %d bytes.",
                   THRONG_I_CONDITION_BYTES);
    THRONG_REQUIRE(text[strspn(text, " \t\r\n")], E_QUERY, "The condition is empty.");
    THRONG_TRY(throng_i_copy_text(context, text, &self.text, err));
    THRONG_TRY(serialize(&self, &document, err));
    THRONG_TRY(check_statement(&self, document, err));
    *out = self;
    self = (throng_i_condition){0};
out:
    json_decref(document);
    if (self.context)
        throng_i_condition_clear(&self);
    return status;
}

void throng_i_condition_clear(throng_i_condition *self) {
    for (int i = 0; i < self->n_columns; i++)
        throng_i_free(self->context, self->columns[i]);
    if (self->context)
        throng_i_free(self->context, self->text);
    *self = (throng_i_condition){0};
}
