#!/usr/bin/env python3
"""What looking at a crowd takes: the report's size and opening, the explorer's first page, frames and filters.

Use: bench/explorer.py [AGENTS [DAYS]]     (default: 1671587 14; environment: BUILD, default build)

A crowd is made, attributed, reported and served in a scratch folder. Chromium draws with its software renderer; it, the
server and this program share the processors. Filters run over all rows of all days, from the request to the last byte of
the answer; the fastest and the median of seven.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[1]
THRONG = pathlib.Path(os.environ.get("BUILD", SOURCE / "build")).resolve() / "throng"
FILTERS = ["weight > 1000", "weight > 100 AND state < 0", "cohort = 'head'", "abs(phi) > 1e-6 AND state BETWEEN -0.5 AND 0.5",
           "CAST(id AS VARCHAR) LIKE '12%'"]


def throng(*arguments):
    begin = time.perf_counter()
    subprocess.run([THRONG, *map(str, arguments), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


@contextlib.contextmanager
def serving(run):
    process = subprocess.Popen([THRONG, "serve", run, "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def ask(address, path, **arguments):
    begin = time.perf_counter()
    url = f"{address}api/v1/runs/0/{path}?{urllib.parse.urlencode(arguments)}"
    with urllib.request.urlopen(url, timeout=600) as answer:
        found = json.load(answer)
    return time.perf_counter() - begin, found


def time_filters(address):
    ask(address, "select", where="phi > 0")  # reads what is not read yet
    for where in FILTERS:
        times = []
        for i in range(7):  # each another text, for the server keeps what it has answered
            seconds, found = ask(address, "select", where=f"({where}) AND {i} = {i}")
            times.append(seconds)
        print(f"filter {where:<48} {found['rows']:>12,} of {found['of']:,} rows: {1e3 * min(times):.0f} ms, "
              f"median {1e3 * statistics.median(times):.0f} ms", flush=True)


def main():
    agents, days = int(sys.argv[1]) if len(sys.argv) > 1 else 1671587, int(sys.argv[2]) if len(sys.argv) > 2 else 14
    with tempfile.TemporaryDirectory(prefix="throng-bench-") as folder:
        os.chdir(folder)
        throng("generate", "bluesky", "--agents", agents, "--days", days, "--seed", 1, "--out", "crowd.parquet")
        throng("attribute", "crowd.parquet", "--state", "state", "--id", "id", "--weight", "followers",
               *(["--time", "day"] if days > 1 else []), "--indicator", "weighted-variance", "--out", "run")
        seconds = throng("report", "run", "-o", "report.html")
        print(f"{agents:,} agents, {days} days, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n"
              f"report: {os.path.getsize('report.html') / 1e6:.2f} MB, made in {seconds:.2f} s", flush=True)
        with serving("run") as address:
            time_filters(address)
            chromium = shutil.which("chromium") or shutil.which("chromium-browser")
            if chromium and shutil.which("node") and (SOURCE / "web/node_modules/playwright-core").is_dir():
                subprocess.run(["node", SOURCE / "web/test/speed.mjs", chromium, address, os.path.abspath("report.html")],
                               check=True)
            else:
                print("no chromium, node or web/node_modules: pages are not timed")
        os.chdir("/")


if __name__ == "__main__":
    if "--help" in sys.argv or "-h" in sys.argv:
        sys.exit(__doc__)
    main()
