#!/usr/bin/env python3
"""throng verify from outside: honest runs hold, whatever indicator and method; tampered ones are found out.

Use: tests/cli/test_verify.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import os
import pathlib
import shutil
import sys

from harness import Skip, crowd, fails, main, ok, put, test, throng

OPTIONS = ["--state", "state", "--id", "id", "--weight", "followers"]


def verify(run, code=0, *options):
    """The document, and the verdict of every check by name."""
    done = throng("verify", run, "--json", *options)
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


def listed(kind):
    return json.loads(ok("list", kind, "--json"))


NETWORKS = {"assortativity", "disagreement", "random-walk-controversy", "reach", "segregation"}
# What a method cannot serve: oceanic needs sums over agents, and the slope of entropy is infinite.
REFUSED = {(name, "oceanic") for name in NETWORKS | {"gini"}} | {("entropy", "gradient-input")}


@test
def test_every_indicator_by_every_method():
    """Fresh results hold; agents 4 and 8 are alike. All pairs with VERIFY_ALL=1; else every method of two indicators, and
    of the others the path integral and one method more, in turn."""
    states = [0.3, 1.9, 0.8, 1.25, 0.55, 1.4, 0.2, 1.25, 1.7]
    put("m.csv", "id,x,side,w\n" + "".join(f"{i},{x},{i % 2},{1 + i * i % 4}\n" for i, x in enumerate(states, 1)))
    put("e.csv", "from,to\n" + "".join(f"{i},{j}\n" for i in range(1, 10) for j in {i % 9 + 1, (i * 3) % 9 + 1} - {i}))
    done, refused, tried = 0, set(), set()
    methods = [one["name"] for one in listed("methods")]
    for turn, indicator in enumerate(one["name"] for one in listed("indicators")):
        graph = ["--graph", "e.csv", "--source", "from", "--target", "to"] if indicator in NETWORKS else []
        state = "side" if indicator in NETWORKS - {"assortativity", "disagreement"} else "x"
        every = "VERIFY_ALL" in os.environ or indicator in ("variance", "reach")
        for method in methods if every else {"aumann-shapley", methods[turn % len(methods)]}:
            tried.add((indicator, method))
            made = throng("attribute", "m.csv", "--id", "id", "--state", state, "--weight", "w", "--indicator", indicator,
                          "--method", method, *graph, "--out", "run", "--force")
            if made.code:
                refused.add((indicator, method))
                continue
            it, verdict = verify("run")
            assert verdict["table"] == verdict["repeat"] == verdict["report"] == verdict["inputs"] == "holds", it
            assert verdict["unmoved"] == "holds", (indicator, method, it)
            if method.split("-")[0] in ("oceanic", "shapley", "owen"):
                assert verdict["shapley"] == "holds", (indicator, method, it)
            if method in ("aumann-shapley", "leave-one-out", "shapley-exact"):
                assert verdict["linearity"] == "holds", (indicator, method, it)
                assert indicator in NETWORKS or verdict["alike"] == verdict["clones"] == "holds", (indicator, method, it)
            done += 1
    assert refused == REFUSED & tried, refused ^ (REFUSED & tried)
    assert done == len(tried) - len(refused) and {method for _, method in tried} == set(methods)


@test
def test_every_method():
    crowd("c.parquet", agents=400)
    for method in ("aumann-shapley", "oceanic", "shapley-sampled:permutations=200", "owen-sampled:draws=100",
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
    """The planted are the top of the order, and silencing them first beats every other order."""
    for seed, more in ((3, []), (4, ["--baseline", "mean"]), (5, ["--indicator", "weighted-variance", "--baseline", "mean"])):
        ok("generate", "planted", "--agents", 4000, "--seed", seed, "--out", "p.csv", "--force")
        ok("attribute", "p.csv", "--state", "state", "--id", "id", "--weight", "followers", *more, "--top", 4000, "--out",
           "run", "--force")
        rows = [line.split(",") for line in pathlib.Path("p.csv").read_text().splitlines()]
        planted = {int(row[rows[0].index("id")]) for row in rows[1:] if row[rows[0].index("planted")] == "1"}
        top = sorted(json.loads(pathlib.Path("run/report.json").read_text())["top"], key=lambda one: -one["phi"])
        ranks = [rank for rank, one in enumerate(top) if one["id"] in planted]  # 0: first
        n, m = len(top), len(planted)
        auc = 1 - (sum(ranks) - m * (m - 1) / 2) / (m * (n - m))
        assert n == 4000 and m > 20 and auc >= 0.99, (seed, more, auc)
        it, verdict = verify("run", 0, "--activity", "id")
        areas = {curve["order"]: curve["area"] for curve in it["deletion"]}
        assert list(areas) == ["phi", "weight", "activity", "random"] and verdict["deletion"] == "holds"
        assert areas["phi"] < 0.75 * min(areas["weight"], areas["activity"], it["deletion"][-1]["area_low"]), areas


@test
def test_curves_and_their_band():
    crowd("c.parquet", agents=500)
    ok("attribute", "c.parquet", *OPTIONS, "--out", "run")
    it, _ = verify("run")
    for curve in it["deletion"]:
        assert abs(curve["area"] - sum(curve["left"]) / 21) < 1e-12 and len(curve["left"]) == 21
        assert abs(curve["area_ratio"] - curve["area"] / it["deletion"][0]["area"]) < 1e-12
    random = it["deletion"][-1]
    assert random["order"] == "random" and random["area_low"] < random["area"] < random["area_high"]
    assert all(low <= left <= high for low, left, high in zip(random["low"], random["left"], random["high"]))
    text = throng("verify", "run").out
    assert "by weight" in text and "times that by phi" in text and "\n  least " in text and "\n  most " in text
    assert "by activity" not in text and "by activity" in throng("verify", "run", "--activity", "followers").out


@test
def test_activity_is_a_number_of_the_inputs():
    put("t.csv", "who,x,posts,word,t\n" + "".join(f"{i},{i * i % 11},{'' if i == 7 else 40 - i},w{i % 3},{1 + i % 2}\n"
                                                  for i in range(1, 41)))
    ok("attribute", "t.csv", "--state", "x", "--id", "who", "--time", "t", "--out", "run")
    it, _ = verify("run", 0, "--activity", "posts")
    assert [curve["order"] for curve in it["deletion"]] == ["phi", "activity", "random"]
    pathlib.Path("run/verify.json").unlink()
    fails(1, "--activity word: activity is a number, but the column is of type text", "verify", "run", "--activity", "word")
    fails(1, 'no column "post".*posts', "verify", "run", "--activity", "post")
    pathlib.Path("t.csv").unlink()
    it, verdict = verify("run", 0, "--activity", "posts")
    assert verdict["activity"] == "not applicable" and [curve["order"] for curve in it["deletion"]] == ["phi", "random"]


@test
def test_verify_json():
    crowd("c.parquet", agents=300)
    ok("attribute", "c.parquet", *OPTIONS, "--out", "run")
    printed = throng("verify", "run", "--json")
    assert pathlib.Path("run/verify.json").read_text() == printed.out and json.loads(printed.out)["schema"] == 1
    for threads in (1, 3):
        assert throng("verify", "run", "--json", "--threads", threads).out == printed.out
    ok("attribute", "c.parquet", *OPTIONS, "--out", "run", "--force")  # a verified run is still a run
    assert not pathlib.Path("run/verify.json").exists()
    assert ok("verify", "run", "--quiet") == ""
    assert pathlib.Path("run/verify.json").read_text() == printed.out
    assert sorted(os.listdir("run")) == ["attribution.parquet", "cohorts.parquet", "report.json", "study.yaml",
                                         "verify.json"]
    pathlib.Path("run/verify.json").unlink()
    pathlib.Path("run/verify.json").mkdir()  # cannot be written: the verdict stands
    done = throng("verify", "run")
    assert done.code == 0 and "The run holds." in done.out, done.out
    assert done.err.startswith("throng: run/verify.json cannot be written: ") and done.err.count("\n") == 1, done.err


@test
def test_inputs_that_are_gone():
    crowd("c.parquet", agents=300)
    ok("attribute", "c.parquet", *OPTIONS, "--out", "run")
    pathlib.Path("c.parquet").rename("away.parquet")
    done = throng("verify", "run")
    assert done.code == 0 and done.out.endswith("The run holds, as far as it can be checked without its inputs.\n"), done
    assert "c.parquet cannot be read" in " ".join(done.out.split()) and verify("run")[0]["partial"]
    table = put("t.csv", "who,x\n" + "".join(f"{i},{i * i % 7}\n" for i in range(1, 31)))
    ok("attribute", "-", "--state", "x", "--id", "who", "--out", "piped", stdin=pathlib.Path(table).read_text())
    it, verdict = verify("piped")
    assert it["partial"] and verdict["repeat"] == verdict["report"] == "holds", it
    put("t.csv", "who,y\n1,2\n3,4\n")  # an input that is no longer one of this run
    ok("attribute", "away.parquet", *OPTIONS, "--out", "other")
    pathlib.Path("other/study.yaml").write_text(
        pathlib.Path("other/study.yaml").read_text().replace("away.parquet", "t.csv"))
    it, verdict = verify("other", 1)
    assert verdict["inputs"] == "fails" and verdict["repeat"] == "holds", it


@test
def test_networks_without_their_edges():
    """Nothing can be computed again; but credits that do not add up are found."""
    network()
    pathlib.Path("e.csv").unlink()
    it, verdict = verify("run")
    assert it["partial"] and verdict["repeat"] == "not applicable" and verdict["efficiency"] == "holds", it
    report = json.loads(pathlib.Path("run/report.json").read_text())
    report["by_time"][0]["certificate"]["everybody"] += 0.01
    put("run/report.json", json.dumps(report))
    assert verify("run", 1)[1]["efficiency"] == "fails"


def network(agents=30, indicator="reach"):
    put("a.csv", "id,side\n" + "".join(f"{i},{i % 2}\n" for i in range(1, agents + 1)))
    put("e.csv", "from,to\n" + "".join(f"{i},{(i * 3) % agents + 1}\n" for i in range(1, agents + 1)
                                       if (i * 3) % agents + 1 != i))
    ok("attribute", "a.csv", "--id", "id", "--state", "side", "--graph", "e.csv", "--source", "from", "--target", "to",
       "--indicator", indicator, "--out", "run", "--force")


@test
def test_networks():
    network()
    it, verdict = verify("run")
    assert verdict["repeat"] == verdict["report"] == verdict["unmoved"] == verdict["linearity"] == "holds", it
    assert verdict["clones"] == verdict["deletion"] == "not applicable"
    assert [curve["order"] for curve in it["deletion"]] == ["phi", "degree", "random"]
    network(agents=80)  # too large to be its own subsample
    assert verify("run")[1]["unmoved"] == "not applicable"


@test
def test_cohorts_as_players():
    """No agent has credit of its own: cohorts, report and inputs are what there is to check."""
    crowd("c.parquet", agents=600, days=3)
    crowd("d.parquet", agents=600, days=3, seed=2)
    crowd("e.parquet", agents=600, days=3, seed=3)
    for name in ("c", "d", "e"):
        ok("attribute", f"{name}.parquet", *OPTIONS, "--time", "day", "--players", "cohorts", "--out", name)
    it, verdict = verify("c", 0, "--activity", "followers")
    assert verdict == {"activity": "not applicable", "cohorts": "holds", "report": "holds", "inputs": "holds"}, verdict
    assert it["deletion"] == [] and not it["partial"]
    report = json.loads(pathlib.Path("c/report.json").read_text())
    put("c/report.json", json.dumps(report | {"players": "agents"}))
    it, verdict = verify("c", 1)
    assert verdict == {"cohorts": "holds", "report": "fails", "inputs": "holds"} and "players" in it["checks"][1]["meaning"], it
    put("c/report.json", json.dumps(report))
    shutil.copy("d/cohorts.parquet", "c/cohorts.parquet")
    assert verify("c", 1)[1] == {"cohorts": "fails", "report": "holds", "inputs": "holds"}
    pathlib.Path("c/cohorts.parquet").unlink()
    assert verify("c", 1)[1] == {"files": "fails", "report": "holds", "inputs": "holds"}
    pathlib.Path("d.parquet").unlink()  # there is no attribution.parquet to take its place
    it, verdict = verify("d")
    assert it["partial"] and verdict["repeat"] == "not applicable" and verdict["efficiency"] == "holds", verdict
    shutil.copy("e/cohorts.parquet", "d/cohorts.parquet")
    assert verify("d", 1)[1]["efficiency"] == "fails"


@test
def test_cohorts_by_columns():
    """Nested, from the table or from a second one; without the inputs they cannot be formed again."""
    crowd("c.parquet", agents=300)
    put("members.csv", "id,party,chamber\n" + "".join(f"{i},{'LGR'[i % 3]},{'ab'[i % 2]}\n" for i in range(300)))
    ok("attribute", "c.parquet", *OPTIONS, "--cohort-table", "members.csv", "--cohort-by", "party", "--cohort-by", "chamber",
       "--out", "run")
    it, verdict = verify("run", 0, "--activity", "followers")
    assert verdict["table"] == verdict["cohorts"] == verdict["report"] == verdict["inputs"] == "holds", it
    assert "activity" in [curve["order"] for curve in it["deletion"]]
    put("members.csv", pathlib.Path("members.csv").read_text().replace("\n7,G,b", "\n7,L,b"))  # was of another party
    it, verdict = verify("run", 1)
    assert verdict["inputs"] == verdict["cohorts"] == verdict["table"] == "fails" and verdict["repeat"] == "holds", it
    pathlib.Path("members.csv").unlink()
    it, verdict = verify("run")
    assert it["partial"] and verdict["cohorts"] == "not applicable" and verdict["repeat"] == "holds", it


MADE = ["--generate", "uniform", "--agents", 150, "--graph-model", "chung-lu"]
OF_PARTS = ("alike", "idle", "clones", "dummies", "unmoved", "linearity", "shapley")


@test
def test_worlds():
    """What is about parts of the crowd does not apply; curves are runs of the world."""
    for seed, more in enumerate((["--world", "bounded-confidence"], ["--world", "friedkin-johnsen", "--participation", "innate"],
                                 ["--world", "voter", "--method", "shapley-sampled:permutations=30"])):
        made = [*MADE, "--steps", 5, "--seed", seed, *more]
        ok("attribute", *made, "--out", f"run{seed}")
        it, verdict = verify(f"run{seed}")
        assert all(verdict[name] == "not applicable" for name in OF_PARTS), verdict
        for name in ("table", "repeat", "efficiency", "deletion", "cohorts", "report", "inputs"):
            assert verdict[name] == "holds", (name, it)
        assert ("steps" in verdict) == os.path.exists(f"run{seed}/steps.parquet") == (seed < 2), verdict
        areas = {curve["order"]: curve["area"] for curve in it["deletion"]}
        assert list(areas) == ["phi", "listeners", "least phi", "random"], areas
        assert areas["phi"] < areas["random"] and areas["phi"] < areas["least phi"] - 0.05, areas
        assert all(curve["left"][0] == 1 and curve["left"][-1] == 0 for curve in it["deletion"])
        assert verify(f"run{seed}", 0, "--threads", 3)[0] == it
    ok("attribute", *MADE, "--steps", 5, "--seed", 9, "--world", "bounded-confidence", "--out", "other")
    shutil.copy("other/steps.parquet", "run0/steps.parquet")
    _, verdict = verify("run0", 1)
    assert [name for name in verdict if verdict[name] == "fails"] == ["steps"], verdict
    pathlib.Path("run0/steps.parquet").unlink()
    assert verify("run0", 1)[1]["files"] == "fails"
    shutil.copy("other/attribution.parquet", "run1/attribution.parquet")
    _, verdict = verify("run1", 1)
    assert verdict["repeat"] == verdict["efficiency"] == "fails" and verdict["report"] == "holds", verdict
    report = json.loads(pathlib.Path("other/report.json").read_text())
    report["world"]["by_step"][2]["phi"] *= 1.01
    put("other/report.json", json.dumps(report))
    it, verdict = verify("other", 1)
    assert verdict["report"] == "fails" and "world.by_step[2].phi" in str(it["checks"]), it


@test
def test_worlds_of_a_table():
    """With its edges a world is run again from attribution.parquet; without them sums are checked."""
    put("a.csv", "name,x,w\n" + "".join(f"p{i},{i * i % 11 / 11},{1 + i % 4}\n" for i in range(40)))
    put("e.csv", "from,to\n" + "".join(f"p{i},p{(i * 7 + k) % 40}\n" for i in range(40) for k in (1, 2, 3)
                                       if (i * 7 + k) % 40 != i))
    ok("attribute", "a.csv", "--id", "name", "--state", "x", "--weight", "w", "--graph", "e.csv", "--source", "from",
       "--target", "to", "--world", "bounded-confidence", "--steps", 4, "--out", "run")
    it, verdict = verify("run", 0, "--activity", "w")
    assert [curve["order"] for curve in it["deletion"]] == ["phi", "weight", "listeners", "activity", "least phi", "random"]
    pathlib.Path("a.csv").unlink()
    it, verdict = verify("run")
    assert it["partial"] and verdict["repeat"] == verdict["report"] == verdict["steps"] == "holds", it
    pathlib.Path("e.csv").unlink()
    it, verdict = verify("run")
    assert it["partial"] and verdict["repeat"] == "not applicable" and verdict["efficiency"] == "holds", it


@test
def test_only_attributions_can_be_verified():
    world = [*MADE, "--world", "bounded-confidence", "--steps", 3]
    ok("simulate", *world, "--out", "simulation")
    ok("attribute", *world, "--sweep", "world.steps=1,2", "--out", "sweep")
    ok("intervene", *world, "--target", "-5%", "--budget", 0.2, "--out", "intervention")
    for name, what in (("simulation", "a simulation"), ("sweep", "a sweep"), ("intervention", "an intervention")):
        fails(1, f"^throng: {name} is of {what}: only attributions can be verified", "verify", name)
        assert not os.path.exists(f"{name}/verify.json")


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

    def first_failure(run="t"):
        it, _ = verify(run, 1)
        return next(f"{check['name']}: {check['meaning']}" for check in it["checks"] if check["verdict"] == "fails")

    tampered(lambda: shutil.copy("d/cohorts.parquet", "t/cohorts.parquet"))
    _, verdict = verify("t", 1)
    assert [name for name in verdict if verdict[name] == "fails"] == ["cohorts"], verdict
    assert first_failure().startswith("cohorts: cohorts.parquet: phi in row 1 is "), first_failure()
    tampered(lambda: pathlib.Path("t/cohorts.parquet").unlink())
    assert first_failure() == "files: t/cohorts.parquet cannot be read: No such file or directory."
    tampered(lambda: put("t/cohorts.parquet", pathlib.Path("c/cohorts.parquet").read_bytes()[:400]))
    assert first_failure().startswith("files: t/cohorts.parquet "), first_failure()
    tampered(lambda: shutil.copy("small/attribution.parquet", "t/attribution.parquet"))  # rows are missing
    assert first_failure() == "table: attribution.parquet has 700 of 800 agents; first missing: agent 700"
    tampered(lambda: put("t/attribution.parquet", pathlib.Path("c/attribution.parquet").read_bytes()[:2000]))
    assert first_failure().startswith("files: t/attribution.parquet "), first_failure()
    tampered(lambda: pathlib.Path("t/attribution.parquet").unlink())
    assert first_failure() == "files: t/attribution.parquet cannot be read: No such file or directory."
    tampered(lambda: pathlib.Path("t/study.yaml").write_text("population: {table: c.parquet, stat: x}\n"))
    assert "study.yaml:1" in first_failure(), first_failure()
    tampered(lambda: put("t/report.json", "{"))
    assert first_failure().startswith("files: t/report.json is not a report of throng's: line 1"), first_failure()
    del report["certificate"]
    tampered(lambda: put("t/report.json", json.dumps(report)))
    assert first_failure() == "files: t/report.json is not a report of throng's: it has no certificate"
    tampered(lambda: put("t/report.json", json.dumps(report | {"schema": 99, "certificate": {}})))
    fails(1, "of another version of throng", "verify", "t")
    for day in (1, 2):
        crowd(f"days{day}.parquet", agents=300, days=2, seed=day)
        ok("attribute", f"days{day}.parquet", *OPTIONS, "--time", "day", "--out", f"days{day}")
    shutil.copy("days2/change.parquet", "days1/change.parquet")
    assert first_failure("days1").startswith("change: "), first_failure("days1")
    pathlib.Path("days1/change.parquet").unlink()
    assert first_failure("days1").startswith("files: days1/change.parquet cannot be read"), first_failure("days1")
    shutil.copy("d.parquet", "c.parquet")  # the input has changed
    _, verdict = verify("c", 1)
    assert verdict["inputs"] == verdict["table"] == verdict["repeat"] == "fails", verdict


@test
def test_bad_input():
    fails(1, "^throng: nowhere cannot be read: No such file or directory", "verify", "nowhere")
    pathlib.Path("empty").mkdir()
    fails(1, "^throng: empty is not a run directory: it has no report.json", "verify", "empty")
    put("t.csv", "id,x\n1,2\n2,3\n")
    fails(1, "^throng: t.csv is not a directory", "verify", "t.csv")
    fails(2, "verify needs one run directory, got 0", "verify")
    fails(2, "verify needs one run directory, got 2", "verify", "empty", "empty")
    fails(2, "--activty.*--activity", "verify", "empty", "--activty", "x")
    fails(2, "--activity needs a value", "verify", "empty", "--activity")


@test
def test_permissions():
    if os.geteuid() == 0:
        raise Skip("root may read everything")
    put("t.csv", "id,x\n1,2\n2,3\n")
    ok("attribute", "t.csv", "--state", "x", "--id", "id", "--out", "run")
    os.chmod("run/report.json", 0)
    done = throng("verify", "run")
    assert (done.code, done.err) == (1, "throng: run/report.json cannot be read: Permission denied.\n"), done.err
    os.chmod("run/report.json", 0o644)
    os.chmod("run", 0o555)
    done = throng("verify", "run")
    os.chmod("run", 0o755)
    assert done.code == 0 and "run/verify.json cannot be written: Permission denied" in done.err, done.err


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
