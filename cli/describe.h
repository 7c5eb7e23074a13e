/* A plug-in's descriptor for readers: as text, as Markdown, as JSON. */
#ifndef THRONG_CLI_DESCRIBE_H
#define THRONG_CLI_DESCRIBE_H

#include "throng/throng.h"

#include <jansson.h>

/* What `throng describe` prints. */
void cli_describe_text(throng_kind kind, const throng_about *about);

/* A section of a reference page. */
void cli_describe_markdown(throng_kind kind, const throng_about *about);

/* The same facts for scripts; NULL without memory. */
json_t *cli_describe_json(throng_kind kind, const throng_about *about);

#endif
