#!/bin/sh
# The example in R runs, and is the one in the page. Skipped (77) where R or jsonlite is missing.
set -e
program=$SOURCE/examples/attribute.R
# shellcheck disable=SC2016 # three backquotes
sed -n '/^```r$/,/^```$/{/^```/d;p}' "$SOURCE/docs/other-languages.md" | diff - "$program" | grep '^[<>]' | grep -v '^> #' && {
    echo "docs/other-languages.md and $program are not the same"
    exit 1
}
Rscript -e 'library(jsonlite)' >/dev/null 2>&1 || {
    echo 'R or jsonlite is missing: apt-get install r-base-core r-cran-jsonlite'
    exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
PATH=$(dirname "$THRONG"):$PATH Rscript "$program"
