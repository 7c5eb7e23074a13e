#!/bin/sh
# The pages with console snippets say what the program prints. Skipped (77) where the data folder is missing.
"$SOURCE/tools/run-snippets" "$SOURCE/docs/scaling-bias.md" || exit
exec "$SOURCE/tools/run-snippets" "$SOURCE/docs/first-run.md"
