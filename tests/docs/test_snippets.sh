#!/bin/sh
# The pages with console snippets say what the program prints. Skipped (77) where the data folder is missing.
for page in scaling-bias first-run verify cohorts ingest worlds-guide simulate language-models other-languages plug-ins gallery/us-congress gallery/political-blogs \
    gallery/controversies; do
    "$SOURCE/tools/run-snippets" "$SOURCE/docs/$page.md" || exit
done
