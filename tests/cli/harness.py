"""What the tests of the program share: running it, what must fail, small tables; and the runner.

Tests register with @test and run, each in an empty folder of its own, by main().
"""

import hashlib
import json
import os
import pathlib
import re
import resource
import subprocess
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCE / "build"))
THRONG = str(pathlib.Path(os.environ.get("THRONG", BUILD / "throng")).resolve())

# The outcome may depend on nothing that happens to be set where the tests run.
PLAIN = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "TERM")}

TESTS = []


class Skip(Exception):
    """Why a test cannot be run here."""


def test(function):
    TESTS.append(function)
    return function


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def throng(*args, stdin="", env=None, limit=None, timeout=120):
    """Runs the program; `limit` is the largest file, in bytes, that it may write."""

    def set_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run([THRONG, *map(str, args)], input=stdin.encode() if isinstance(stdin, str) else stdin,
                          capture_output=True, env={**PLAIN, **(env or {})}, timeout=timeout,
                          preexec_fn=set_limit if limit else None)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def ok(*args, **options):
    """Runs the program, which must succeed and say nothing on stderr; returns what it printed."""
    done = throng(*args, **options)
    assert done.code == 0, f"{args} gave {done.code}: {done.err}"
    assert done.err == "", f"{args} said {done.err}"
    return done.out


def report(*args, **options):
    return json.loads(ok(*args, "--json", **options))


def listing(folder="."):
    """Every file below a folder, hidden ones too, with its content's hash."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"
            for path in sorted(pathlib.Path(folder).rglob("*"))}


def fails(code, message, *args, **options):
    """Runs the program, which must fail with this code and one line that matches, and leave no trace."""
    before = listing()
    done = throng(*args, **options)
    assert done.code == code, f"{args} gave {done.code}, expected {code}: {done.err}{done.out}"
    assert done.out == "", f"{args} printed {done.out[:200]}"
    assert done.err.endswith("\n") and done.err.count("\n") == 1, f"{args} said more or less than a line: {done.err}"
    assert done.err.startswith("throng: "), done.err
    assert re.search(message, done.err), f"{args} said {done.err.strip()}, expected {message}"
    assert listing() == before, f"{args} left {set(listing()) ^ set(before)}"


def put(name, text):
    pathlib.Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def crowd(name="crowd.parquet", agents=2000, days=1, seed=1):
    ok("generate", "bluesky", "--agents", agents, "--days", days, "--seed", seed, "--out", name)
    return name


def same_file(one, other):
    return pathlib.Path(one).read_bytes() == pathlib.Path(other).read_bytes()


TABLE = "id,t,x,w,side\n1,1,0.5,10,l\n2,1,-1,1,r\n3,1,0.25,1,l\n1,2,1,20,l\n2,2,-1,1,r\n3,2,0,2,l\n"


def main(words, doc):
    if "-h" in words or "--help" in words:
        print(doc.strip())
        return 0
    chosen = [one for one in TESTS if not words or any(word in one.__name__ for word in words)]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    home = os.getcwd()
    for one in chosen:
        with tempfile.TemporaryDirectory(prefix="throng-cli-") as folder:
            os.chdir(folder)
            try:
                one()
                counts["passed"] += 1
            except Skip as reason:
                counts["skipped"] += 1
                print(f"skipped: {one.__name__}: {reason}")
            except Exception:  # a test that breaks has failed, and the others go on
                counts["failed"] += 1
                print(f"FAILED: {one.__name__}\n{traceback.format_exc()}")
            finally:
                os.chdir(home)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if counts["failed"] or not counts["passed"] else 0
