/* Files of `throng new`, made by tools/embed-skeletons from examples/. */
#ifndef THRONG_CLI_SKELETONS_H
#define THRONG_CLI_SKELETONS_H

/* One file. In name and text @NAME@ stands for the plug-in's name, @IDENTIFIER@ for the same in C. */
typedef struct cli_skeleton {
    const char *kind; /* "world" */
    const char *name;
    const char *text;
} cli_skeleton;

extern const cli_skeleton cli_skeletons[];
extern const int cli_n_skeletons;

#endif
