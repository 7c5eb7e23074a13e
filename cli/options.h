/* Options of sub-commands: declared once, then parsed and explained from the same list. */
#ifndef THRONG_CLI_OPTIONS_H
#define THRONG_CLI_OPTIONS_H

#include "cli/command.h"

#define CLI_OPTIONS_MAX 96

typedef enum cli_option_kind {
    CLI_OPTION_SWITCH, /* *on becomes true */
    CLI_OPTION_TEXT,   /* *text is what was given */
    CLI_OPTION_LIST,   /* may be given several times: *list[*n_list] is what was */
    CLI_OPTION_COUNT,  /* *count is a whole number from minimum to maximum; 1_671_587 and 1.6e6 are understood */
    CLI_OPTION_STUDY   /* recorded for cli_options_apply */
} cli_option_kind;

typedef struct cli_option {
    const char *name;        /* "--out" */
    const char *placeholder; /* "DIR"; NULL for a switch */
    cli_option_kind kind;
    bool *on;
    const char **text; /* LIST: [maximum] */
    int *n_list;
    int64_t *count;
    double minimum, maximum;
    const throng_study_key *key; /* STUDY */
    const char *doc;             /* one line */
    const char *elsewhere;       /* why this command has no use for it, "is for ..."; NULL: it has */
    bool given;
} cli_option;

/* A study key and the value that the command line gives it. */
typedef struct cli_assignment {
    const throng_study_key *key;
    const char *value;
} cli_assignment;

typedef struct cli_options {
    const cli_command *command;
    cli_option list[CLI_OPTIONS_MAX];
    int n;
    const char *const *left_out; /* see cli_options_leave_out; NULL: none */
    const char *elsewhere;
    bool help;
    const char **positional; /* [n_positional] borrowed from argv */
    int n_positional;
    cli_assignment *assignments; /* [n_assignments] */
    int n_assignments;
    const struct cli_common *common; /* of cli_options_common; NULL: not called */
    char *command_line;              /* as it could be typed again; NULL without memory */
} cli_options;

void cli_options_init(cli_options *self, const cli_command *command);

void cli_options_switch(cli_options *self, const char *name, bool *on, const char *doc);
void cli_options_text(cli_options *self, const char *name, const char *placeholder, const char **text, const char *doc);
void cli_options_list(cli_options *self, const char *name, const char *placeholder, const char **list, int *n_list,
                      int most, const char *doc);
void cli_options_count(cli_options *self, const char *name, const char *placeholder, int64_t *count, double minimum,
                       double maximum, const char *doc);

/* An option of one command for a study key; it takes precedence over the option of another key of the same name. */
void cli_options_key(cli_options *self, const char *name, const char *key);

/* An option that is explained to programs (man pages, completions) and refused with a reason: "is for ...". */
void cli_options_elsewhere(cli_options *self, const char *name, const char *placeholder, const char *doc,
                           const char *why);

/* Study keys, up to NULL, whose options this command refuses, saying why: "is for ...". One that ends in a dot stands
 * for all that begin so. Call it before cli_options_study. */
void cli_options_leave_out(cli_options *self, const char *const *keys, const char *why);

/* An option for every study key that has one, and whose name is not taken. */
void cli_options_study(cli_options *self);

/* What a command does once its options are read; returns an exit code. The context has the threads of --threads, and is
 * freed after that. */
typedef int cli_work(const cli_options *options, throng_context *context, void *job);

/* Reads argv[1..] and does the work, unless an error was printed or --help answered. Returns the exit code; what was
 * declared is gone then. */
int cli_options_run(cli_options *self, int argc, char **argv, cli_work *work, void *job);

/* Sets a study's keys to what was given. Positional arguments are not touched. */
THRONG_MUST_USE throng_status cli_options_apply(const cli_options *self, throng_study *study, throng_error *err);

/* Answered alone with the help as JSON, from which man pages and completions are made. */
#define CLI_HELP_JSON "--help=json"

/* ---- options that several commands share ----------------------------------------------------------------------- */

typedef struct cli_common {
    int64_t threads; /* 0: one a processor */
    bool quiet, json, force;
    const char *out;
} cli_common;

/* --threads and --quiet; with_output also --out, --force and --json. */
void cli_options_common(cli_options *self, cli_common *common, bool with_output);

#endif
