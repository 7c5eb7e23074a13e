/* throng: who moved the crowd. Finds the sub-command; everything else is in its file. */
#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>

static const cli_command *const commands[] = {
#define CLI_COMMAND(name) &cli_command_##name,
#include "cli/commands.def"
#undef CLI_COMMAND
};

#define COMMANDS ((int)(sizeof commands / sizeof *commands))

static int print_help(void) {
    cli_style style = cli_style_of(stdout);
    printf("%sthrong%s says who moved a crowd: it splits a macro indicator (polarisation, inequality, reach)\n"
           "over the agents that made it, exactly additive and with a certificate.\n\n"
           "  throng generate bluesky --agents 20000 --out crowd.parquet\n"
           "  throng attribute crowd.parquet --state state --id id --weight followers\n\n"
           "%sCommands%s\n",
           style.bold, style.plain, style.bold, style.plain);
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-16s %s\n", commands[i]->name, commands[i]->summary);
    printf("  %-16s %s\n\n", "help", "Explains throng, or a command: throng help attribute; --json for programs.");
    printf("Exit codes: 0 done, 1 it failed, 2 the command line is wrong, 130 stopped with Ctrl-C.\n");
    return cli_finish_output();
}

static int print_version(void) {
    printf("throng %s (revision %s)\n", throng_version(), throng_revision());
    return cli_finish_output();
}

static const cli_command *find(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int fail_unknown(const char *name) {
    const char *names[COMMANDS + 3];
    char hint[120];
    int n = 0;
    for (; n < COMMANDS; n++)
        names[n] = commands[n]->name;
    names[n++] = "help";
    names[n++] = "--help";
    names[n++] = "--version";
    cli_suggest(name, names, n, hint, sizeof hint);
    return cli_fail(CLI_USAGE, "there is no command \"%.60s\".%s", name, *hint ? hint : " See throng --help.");
}

/* All commands and their options as a JSON array: what man pages and completions are made from. */
static int print_json(void) {
    for (int i = 0; i < COMMANDS; i++) {
        char name[40], option[] = CLI_HELP_JSON;
        char *arguments[] = {name, option, NULL};
        snprintf(name, sizeof name, "%s", commands[i]->name);
        printf("%s", i == 0 ? "[" : ",\n");
        int code = commands[i]->run(commands[i], 2, arguments);
        if (code != CLI_OK)
            return code;
    }
    printf("]\n");
    return cli_finish_output();
}

/* throng help [COMMAND | --json] */
static int help(int argc, char **argv) {
    if (argc < 2)
        return print_help();
    if (strcmp(argv[1], "--json") == 0)
        return print_json();
    const cli_command *command = find(argv[1]);
    if (!command)
        return fail_unknown(argv[1]);
    char name[] = "help", option[] = "--help";
    char *arguments[] = {name, option, NULL};
    return command->run(command, 2, arguments);
}

static int fail_no_command(void) {
    char names[400] = "";
    for (int i = 0; i < COMMANDS; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i == 0 ? "" : ", ", commands[i]->name);
    return cli_fail(CLI_USAGE, "which command? %s; throng --help explains them.", names);
}

/* Of several ranks the first alone speaks, and has an exit code: mpirun stops all at the first one that is not 0. */
static int run_command(const char *name, int argc, char **argv) {
    const cli_command *command = find(name);
    int rank = 0, ranks = throng_ranks_started(&rank), code = CLI_OK;
    if (rank > 0)
        cli_fail_silently();
    if (!command)
        code = fail_unknown(name);
    else if (ranks > 1 && !command->on_ranks)
        code =
            cli_fail(CLI_USAGE, "%s is not available on more than one rank, but mpirun started %d: leave mpirun out.",
                     name, ranks);
    else
        code = command->run(command, argc, argv);
    return rank > 0 ? CLI_OK : code;
}

int main(int argc, char **argv) {
    cli_signals_install();
    if (argc < 2)
        return fail_no_command();
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return print_version();
    if (strcmp(name, "help") == 0)
        return help(argc - 1, argv + 1);
    return run_command(name, argc - 1, argv + 1);
}
