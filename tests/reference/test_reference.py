#!/usr/bin/env python3
"""The program's numbers against independent Python: every indicator on every reference crowd, and the closed form of
phi for variance. Environment: THRONG, SOURCE. Ends with "N passed, N failed"."""

import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

THRONG = os.environ["THRONG"]
REFERENCE = pathlib.Path(os.environ["SOURCE"]) / "tests" / "reference" / "indicators.py"
# Long sums in two programs differ by a few roundings.
AGREE = 1e-10


def attribute(crowd, indicator, *options):
    """The report, or what throng said on standard error."""
    command = [THRONG, "attribute", str(crowd), "--state", "state", "--weight", "weight", "--indicator", indicator,
               "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def near(a, b):
    return math.isclose(a, b, rel_tol=AGREE, abs_tol=AGREE)


def check_value(crowd, indicator, expected):
    """None, or what is wrong. Values are compared on the path and baseline that the indicator takes by itself."""
    report = attribute(crowd, indicator)
    if isinstance(report, str):
        # Undefined values, states out of the domain, and baselines without a value are refused in words.
        refused = "undefined" in report or "needs" in report
        return None if expected == "undefined" and refused else f"refused: {report.strip()}"
    if expected == "undefined":
        return f"gave {report['indicator']['observed']} where the value is undefined"
    observed, baseline = report["indicator"]["observed"], report["indicator"]["baseline"]
    if not near(observed, float(expected)):
        return f"gave {observed}, expected {expected}"
    total = math.fsum(cohort["phi"] for cohort in report["cohorts"])
    if not near(total, observed - baseline):
        return f"cohorts add up to {total}, not to {observed - baseline}"
    return None


def check_variance(crowd):
    """phi_i = p_i (x_i^2 - m x_i) for the neutral baseline, by fsum."""
    with open(crowd, encoding="utf-8", newline="") as file:
        rows = [(float(row["state"]), float(row["weight"])) for row in csv.DictReader(file)]
    mass = math.fsum(w for _, w in rows)
    mean = math.fsum(w * x for x, w in rows) / mass
    report = attribute(crowd, "weighted-variance", "--top", str(len(rows)))
    for entry in report["top"]:
        x, w = rows[int(entry["id"]) - 1]
        if not near(entry["phi"], w * (x * x - mean * x) / mass):
            return f"row {entry['id']}: phi {entry['phi']}, expected {w * (x * x - mean * x) / mass}"
    return None if len(report["top"]) == len(rows) else f"{len(report['top'])} of {len(rows)} agents listed"


def main():
    failures, passed = [], 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, REFERENCE, "--crowds", folder], check=True)
        table = subprocess.run([sys.executable, REFERENCE], check=True, capture_output=True, text=True).stdout
        for row in csv.DictReader(table.splitlines()):
            crowd = pathlib.Path(folder) / f"{row['crowd']}.csv"
            wrong = check_value(crowd, row["indicator"], row["value"])
            if wrong:
                failures.append(f"{row['crowd']}, {row['indicator']}: {wrong}")
            else:
                passed += 1
        for crowd in sorted(pathlib.Path(folder).glob("*.csv")):
            wrong = check_variance(crowd)
            if wrong:
                failures.append(f"{crowd.stem}, credits of variance: {wrong}")
            else:
                passed += 1
    print("\n".join(failures))
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
