#!/bin/sh
# The pages with console snippets say what the program prints. Skipped (77) where the data folder is missing.
grep -l '^```console' "$SOURCE"/docs/*.md "$SOURCE"/docs/*/*.md | while read -r page; do
    "$SOURCE/tools/run-snippets" "$page" || exit
done
