#!/usr/bin/env python3
"""throng verify from outside: honest runs hold, whatever indicator and method; tampered ones are found out.

Use: tests/cli/test_verify.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import pathlib
import shutil
import sys

from harness import crowd, fails, main, ok, put, test, throng

OPTIONS = ["--state", "state", "--id", "id", "--weight", "followers"]


def verify(run, code=0):
    """The document, and the verdict of every check by name."""
    done = throng("verify", run, "--json")
    assert done.code == code, (run, done.code, done.err, done.out)
    it = json.loads(done.out)
    assert it["holds"] == (code == 0)
    return it, {check["name"]: check["verdict"] for check in it["checks"]}


@test
def test_honest_runs_hold():
    crowd("c.parquet", agents=3000, days=3)
    for i, more in enumerate((["--indicator", "weighted-variance"], ["--time", "day"],
                              ["--time", "day", "--baseline", "first"], ["--indicator", "entropy"],
                              ["--indicator", "bimodality"], ["--indicator", "esteban-ray"],
                              ["--indicator", "formula:expr=tanh(3*m2)*exp(-m1)"])):
        where = [] if "--time" in more else ["--where", "day = 1"]
        ok("attribute", "c.parquet", *OPTIONS, *where, *more, "--out", f"run{i}")
        it, verdict = verify(f"run{i}")
        for name in ("repeat", "efficiency", "clones", "deletion", "report", "inputs"):
            assert verdict[name] == "holds", (more, it)
        areas = {curve["order"]: curve["area"] for curve in it["deletion"]}
        assert areas["phi"] < areas["random"], areas
        assert all(abs(curve["left"][0] - 1) < 1e-9 and abs(curve["left"][-1]) < 1e-6 for curve in it["deletion"])


@test
def test_every_method():
    crowd("c.parquet", agents=400)
    for method in ("aumann-shapley", "oceanic", "shapley-sampled:permutations=200", "owen-sampled:draws=20",
                   "banzhaf-sampled", "leave-one-out", "gradient-input"):
        ok("attribute", "c.parquet", *OPTIONS, "--indicator", "formula:expr=tanh(3*m2)*exp(-m1)", "--method", method,
           "--out", "run", "--force")
        _, verdict = verify("run")
        assert verdict["repeat"] == verdict["report"] == verdict["deletion"] == "holds", (method, verdict)
        assert verdict["efficiency"] == ("not applicable" if method.split("-")[0] in ("owen", "banzhaf", "leave", "gradient")
                                         else "holds"), (method, verdict)
        assert (verdict["shapley"] == "holds") == (method.split("-")[0] in ("oceanic", "shapley", "owen")), (method, verdict)
    put("few.csv", "id,x\n" + "".join(f"{i},{i * i % 7}\n" for i in range(1, 13)))
    ok("attribute", "few.csv", "--state", "x", "--id", "id", "--method", "shapley-exact", "--out", "few")
    verify("few")


@test
def test_planted_agents_are_found():
    ok("generate", "planted", "--agents", 4000, "--seed", 3, "--out", "p.parquet")
    ok("attribute", "p.parquet", "--state", "state", "--id", "id", "--out", "run")
    it, _ = verify("run")
    areas = {curve["order"]: curve["area"] for curve in it["deletion"]}
    assert areas["phi"] < 0.7 * areas["random"], areas


@test
def test_networks():
    put("a.csv", "id,side\n" + "".join(f"{i},{i % 2}\n" for i in range(1, 31)))
    put("e.csv", "from,to\n" + "".join(f"{i},{(i * 3) % 30 + 1}\n" for i in range(1, 31) if (i * 3) % 30 + 1 != i))
    ok("attribute", "a.csv", "--id", "id", "--state", "side", "--graph", "e.csv", "--source", "from", "--target", "to",
       "--indicator", "reach", "--out", "run")
    _, verdict = verify("run")
    assert verdict["repeat"] == verdict["report"] == "holds"
    assert verdict["clones"] == verdict["deletion"] == "not applicable"


@test
def test_tampered_runs_are_found_out():
    crowd("c.parquet", agents=800)
    crowd("d.parquet", agents=800, seed=2)
    crowd("small.parquet", agents=700)
    for name in ("c", "d", "small"):
        ok("attribute", f"{name}.parquet", *OPTIONS, "--out", name)
    report = json.loads(pathlib.Path("c/report.json").read_text())

    def tampered(change):
        shutil.rmtree("t", ignore_errors=True)
        shutil.copytree("c", "t")
        change()

    tampered(lambda: shutil.copy("d/attribution.parquet", "t/attribution.parquet"))  # other credits
    _, verdict = verify("t", 1)
    assert verdict["repeat"] == verdict["efficiency"] == "fails" and verdict["report"] == "holds", verdict
    for path, value in (("indicator.observed", 9.5), ("cohorts.0.phi", 0.001), ("top.2.phi", 1.5), ("agents", 801),
                        ("certificate.everybody", 7.5), ("certificate.sum_phi", 1.25)):
        changed = json.loads(json.dumps(report))
        at = changed
        *way, last = path.split(".")
        for step in way:
            at = at[int(step)] if step.isdigit() else at[step]
        at[last] = value
        tampered(lambda text=json.dumps(changed): put("t/report.json", text))
        it, verdict = verify("t", 1)
        assert verdict["report"] == "fails" and verdict["repeat"] == "holds", (path, verdict)
        assert path.split(".")[0] in next(c["meaning"] for c in it["checks"] if c["name"] == "report")
    assert "FAILS" in throng("verify", "t").out and "does not hold" in throng("verify", "t").out
    tampered(lambda: shutil.copy("d/cohorts.parquet", "t/cohorts.parquet"))
    _, verdict = verify("t", 1)
    assert [name for name in verdict if verdict[name] == "fails"] == ["cohorts"], verdict
    tampered(lambda: pathlib.Path("t/cohorts.parquet").unlink())
    fails(1, "cohorts.parquet", "verify", "t")
    tampered(lambda: shutil.copy("small/attribution.parquet", "t/attribution.parquet"))  # rows are missing
    fails(1, "attribution.parquet has 700 rows, but the run done again has 800", "verify", "t")
    tampered(lambda: put("t/attribution.parquet", pathlib.Path("c/attribution.parquet").read_bytes()[:2000]))
    fails(1, "attribution.parquet", "verify", "t")
    tampered(lambda: put("t/report.json", json.dumps(report | {"schema": 99})))
    fails(1, "of another version of throng", "verify", "t")
    tampered(lambda: put("t/report.json", "{"))
    fails(1, "is not a report of throng's", "verify", "t")
    for day in (1, 2):
        crowd(f"days{day}.parquet", agents=300, days=2, seed=day)
        ok("attribute", f"days{day}.parquet", *OPTIONS, "--time", "day", "--out", f"days{day}")
    shutil.copy("days2/change.parquet", "days1/change.parquet")
    done = throng("verify", "days1", "--json")
    assert done.code == 1 and ("change.parquet has" in done.err or not json.loads(done.out)["holds"]), done
    pathlib.Path("days1/change.parquet").unlink()
    fails(1, "change.parquet", "verify", "days1")
    fails(1, "nowhere/report.json", "verify", "nowhere")
    fails(2, "verify needs one run directory, got 0", "verify")
    shutil.copy("d.parquet", "c.parquet")  # the input has changed
    _, verdict = verify("c", 1)
    assert verdict["inputs"] == "fails" and verdict["repeat"] == "fails", verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
