#!/usr/bin/env python3
"""The pages of throng report and throng serve in a real browser: see web/test/pages.mjs and web/test/explorer.mjs.

Use: tests/web/test_pages.py     (pictures of the pages go to BUILD/pages)

Needs node, what web/package-lock.json names, and chromium; skipped without.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from harness import BUILD, SOURCE, THRONG, crowd, ok, put, throng  # noqa: E402

COLUMNS = ["--state", "state", "--id", "id", "--weight", "followers"]
WORLD = ["--generate", "uniform", "--agents", 300, "--graph-model", "watts-strogatz", "--world", "bounded-confidence",
         "--steps", 12]
BAD = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def make_runs():
    crowd("one.parquet", agents=3000)
    crowd("days.parquet", agents=3000, days=5)
    sides = [f"{BAD}0", "x" * 10000]
    rows = "".join(f'"{BAD}{i}",{i / 10},{1 + i},"{sides[i % 2]}"\n' for i in range(12))
    put("bad.csv", f"id,state,<b>w</b>,side\n{rows}")
    rows = "".join(f"{i},{(i % 7) / 7},{'DR'[i % 2]},{'HS'[i % 3 > 1]}\n" for i in range(60))
    put("nested.csv", f"id,state,party,chamber\n{rows}")
    put("acts.csv", "user,id,time,item\n" + "".join(f"u{i * i % 17},a{i},{i},p{i % 5}\n" for i in range(200)))
    sweep = ["--sweep", "world.confidence=0.1:0.5:4", "--repetitions", 2]
    runs = {
        "table": ["attribute", "one.parquet", *COLUMNS],
        "times": ["attribute", "days.parquet", *COLUMNS, "--time", "day"],
        "panel": ["panel", "days.parquet", *COLUMNS, "--time", "day", "--draws", 20],
        "world": ["attribute", *WORLD],
        "simulation": ["simulate", *WORLD, "--record-every", 1],
        "sweep": ["simulate", *WORLD, *sweep],
        "sweep-of-credits": ["attribute", *WORLD, *sweep, "--sweep", "world.steps=3,6"],
        "intervention": ["intervene", *WORLD, "--target", "-10%", "--budget", 0.5],
        "study": ["run", SOURCE / "studies/polarisation/study.yaml", "--agents", 1000],
        "solution": ["solve", "kuhn", "--tolerance", 0.01],
        "hostile": ["attribute", "bad.csv", "--state", "state", "--id", "id", "--weight", "<b>w</b>", "--cohort-by",
                    "side"],
        "nested": ["attribute", "nested.csv", "--state", "state", "--id", "id", "--cohort-by", "party", "--cohort-by",
                   "chamber"],
        "cascades": ["cascades", "acts.csv", "--agent", "user", "--id", "id", "--time", "time", "--item", "item"],
    }
    for name, arguments in runs.items():
        ok(*arguments, "--out", name, "--quiet")
    ok("verify", "times", "--quiet")
    shutil.copytree("times", "damaged")
    put("damaged/change.parquet", "PAR1")
    shutil.copytree("table", "old")
    report = json.loads(pathlib.Path("table/report.json").read_text())
    del report["answer"]
    put("old/report.json", json.dumps(report))
    shutil.copytree("world", "played")
    report = json.loads(pathlib.Path("world/report.json").read_text())
    report["policy"] = {"name": "rule", "personas": [{"name": "calm", "agents": 200, "phi": -0.01, "share": 0.25},
                                                     {"name": "angry", "agents": 100, "phi": -0.03, "share": 0.75}]}
    report["answer"]["policy"] = "rule; in 9 held-out situations 2.0 % of decisions would be others"
    put("played/report.json", json.dumps(report))
    shutil.copytree("table", "odd")
    put("odd/report.json", json.dumps({**report, "cohorts": [1, None], "top": [None]}))
    for name in [*runs, "old", "played", "odd"]:
        ok("report", name, "--quiet")


def skip(reason):
    print(f"skipped: {reason}")
    return 77


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or not shutil.which("node") or not (SOURCE / "web/node_modules/playwright-core").is_dir():
        return skip("no chromium, node or web/node_modules")
    if not (SOURCE / "web/dist/throng.js").exists():
        return skip("throng was built without its web pages")
    pictures = BUILD / "pages"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="throng-pages-") as folder:
        os.chdir(folder)
        make_runs()
        tests = ["pages.mjs", *(["explorer.mjs"] if throng("serve", "--help").code == 0 else [])]
        codes = [subprocess.run(["node", SOURCE / "web/test" / test, chromium, folder, pictures, THRONG],
                                timeout=300).returncode for test in tests]
        os.chdir("/")
    return max(codes)


if __name__ == "__main__":
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__.strip())
        sys.exit(0)
    sys.exit(main())
