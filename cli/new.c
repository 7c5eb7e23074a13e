/* throng new: the beginnings of a plug-in, which compile, pass their test and run. */
#define _POSIX_C_SOURCE 200809L
#include "cli/options.h"
#include "cli/skeletons.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_LONGEST 60
#define PATH_LONGEST 200

/* Lower case with dashes, as names of plug-ins are. */
static bool is_name(const char *name) {
    size_t n = strlen(name);
    if (n == 0 || n > NAME_LONGEST || !islower((unsigned char)name[0]) || name[n - 1] == '-')
        return false;
    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-')
            return false;
    return true;
}

/* Writes a text with the names put in. */
static void put(FILE *file, const char *text, const char *name) {
    while (*text) {
        size_t plain = strcspn(text, "@");
        fwrite(text, 1, plain, file);
        text += plain;
        if (strncmp(text, "@NAME@", 6) == 0) {
            fputs(name, file);
            text += 6;
        } else if (strncmp(text, "@IDENTIFIER@", 12) == 0) {
            fputs("the_", file); /* a name may be a word of C */
            for (const char *c = name; *c; c++)
                fputc(*c == '-' ? '_' : *c, file);
            text += 12;
        } else if (*text) {
            fputc(*text++, file);
        }
    }
}

static int write_file(const cli_skeleton *skeleton, const char *name) {
    char path[PATH_LONGEST];
    const char *at = strstr(skeleton->name, "@NAME@");
    if (at)
        snprintf(path, sizeof path, "%s/%.*s%s%s", name, (int)(at - skeleton->name), skeleton->name, name, at + 6);
    else
        snprintf(path, sizeof path, "%s/%s", name, skeleton->name);
    FILE *file = fopen(path, "wx");
    if (!file)
        return cli_fail(CLI_FAILURE, "%s cannot be written: %s.", path, strerror(errno));
    put(file, skeleton->text, name);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return cli_fail(CLI_FAILURE, "%s cannot be written: %s.", path, strerror(errno));
    return CLI_OK;
}

static bool is_kind(const char *kind) {
    for (int i = 0; i < cli_n_skeletons; i++)
        if (strcmp(cli_skeletons[i].kind, kind) == 0)
            return true;
    return false;
}

static int fail_kind(const char *kind) {
    char known[200] = "";
    for (int i = 0; i < cli_n_skeletons; i++)
        if (i == 0 || strcmp(cli_skeletons[i].kind, cli_skeletons[i - 1].kind) != 0)
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i == 0 ? "" : ", ",
                     cli_skeletons[i].kind);
    return cli_fail(CLI_USAGE, "there is no skeleton of a \"%.40s\": there are %s.", kind, known);
}

/* How a plug-in of a kind is used, with its name in place of %s. */
static const char *use_of(const char *kind) {
    static const char *const uses[][2] = {
        {"game", "throng solve %s --plugin ./%s.so --solver fictitious-play --tolerance 0.01"},
        {"solver", "throng solve kuhn --solver %s --plugin ./%s.so"},
        {"mechanism", "throng mechanism %s --check 2000 --plugin ./%s.so"},
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strcmp(uses[i][0], kind) == 0)
            return uses[i][1];
    return NULL; /* it comes with a study */
}

/* Says what there is, and what to do with it. */
static void print_next(const char *kind, const char *name) {
    const char *use = use_of(kind);
    printf("%s/ has %s.c, its test%s a Makefile%s. Now:\n\n  cd %s && make && make check && ", name, name,
           use ? " and" : ",", use ? "" : " and a study", name);
    while (use && *use) {
        size_t plain = strcspn(use, "%");
        fwrite(use, 1, plain, stdout);
        use += plain;
        if (*use) {
            fputs(name, stdout);
            use += 2;
        }
    }
    printf("%s\n", use ? "" : "throng run study.yaml");
}

static int make(const cli_options *options, throng_context *context, void *nothing) {
    (void)context;
    (void)nothing;
    if (options->n_positional != 2)
        return cli_fail(CLI_USAGE, "throng new needs a kind and a name, such as: throng new world my-world.");
    const char *kind = options->positional[0], *name = options->positional[1];
    if (!is_kind(kind))
        return fail_kind(kind);
    if (!is_name(name))
        return cli_fail(CLI_USAGE,
                        "a plug-in's name has lower-case letters, digits and dashes, at most %d, and begins "
                        "with a letter, got \"%.80s\".",
                        NAME_LONGEST, name);
    if (mkdir(name, 0777) != 0)
        return cli_fail(CLI_FAILURE, "the folder %s cannot be made: %s.", name, strerror(errno));
    for (int i = 0; i < cli_n_skeletons; i++) {
        if (strcmp(cli_skeletons[i].kind, kind) != 0)
            continue;
        int code = write_file(&cli_skeletons[i], name);
        if (code != CLI_OK)
            return code;
    }
    print_next(kind, name);
    return cli_finish_output();
}

static int run(const cli_command *self, int argc, char **argv) {
    cli_options options;
    cli_options_init(&options, self);
    return cli_options_run(&options, argc, argv, make, NULL);
}

const cli_command cli_command_new = {
    .name = "new",
    .synopsis = "KIND NAME",
    .summary = "Writes the beginnings of a plug-in: code that compiles, a test, a study.",
    .details =
        "KIND is world, indicator, policy, game, solver or mechanism. A folder NAME is made with NAME.c, of which\n"
        "everything is yours to change, a test that fails when its equations do not belong together or promises\n"
        "are not kept, a Makefile, which needs pkg-config to find throng, and, of the first three, a study.\n"
        "\n"
        "  throng new world my-world\n"
        "  cd my-world && make && make check && throng run study.yaml",
    .run = run,
};
