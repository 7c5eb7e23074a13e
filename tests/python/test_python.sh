#!/bin/sh
# The Python package against the library of this build: its tests, the examples in its docstrings and in its page,
# the example programs and notebooks.
# Skipped (77) where pytest is missing.
python3=${PYTHON-/usr/bin/python3} # Debian's, which sees python3-pytest and python3-pandas
"$python3" -c 'import pytest, numpy' 2>/dev/null || {
    echo "pytest is missing for $python3: apt-get install python3-pytest python3-numpy"
    exit 77
}
export THRONG_LIBRARY="$BUILD/libthrong.so" PYTHONPATH="$SOURCE/python" PYTHONDONTWRITEBYTECODE=1
cd "$SOURCE/python" || exit
"$python3" -X dev -W error -m pytest -q -p no:cacheprovider \
    --doctest-modules --doctest-glob='*.md' throng tests ../docs/python.md ../docs/coming-from.md
