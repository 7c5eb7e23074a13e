#!/usr/bin/env python3
"""Panels from outside: how far they are from their crowd, published aggregates, and panels corrected by them.

Use: tests/cli/test_panel.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import pathlib
import sys

from harness import crowd, fails, main, ok, put, report, same_file, test


@test
def test_panel():
    crowd(agents=3000)
    options = ["crowd.parquet", "--state", "state", "--id", "id", "--weight", "followers", "--seed", "3"]
    it = report("panel", *options)
    panel = it["panel"]
    assert panel["size"] == 100 and panel["seed"] == 3 and panel["drawn"] == "by weight"
    assert sum(one["agents"] for one in panel["cohorts"]) == 100
    assert [one["crowd_share"] for one in panel["cohorts"]] == [one["share"] for one in it["cohorts"]]
    assert abs(sum(one["share"] for one in panel["cohorts"]) - 1) < 1e-12
    assert panel["certificate"]["converged"]
    assert panel == report("panel", *options, "--threads", "3")["panel"]
    assert panel != report("panel", *options[:-1], "4")["panel"]
    assert report("panel", *options, "--size", "30")["panel"]["size"] == 30
    assert "panel" not in report("attribute", *options)
    crowd("days.parquet", agents=3000, days=3)
    it = report("panel", "days.parquet", *options[1:], "--time", "day")
    assert it["panel"]["time"] == "3"
    shares = [[one["share"] for one in cohorts] for cohorts in (it["by_time"][2]["cohorts"], it["cohorts"])]
    assert [one["crowd_share"] for one in it["panel"]["cohorts"]] == shares[0] != shares[1]
    text = ok("panel", *options)
    assert "panel of 100" in text and "crowd" in text and "instead of" in text
    assert "left unexplained" in text and "200 more panels" in text


@test
def test_panel_compares():
    crowd(agents=20000, seed=3)
    options = ["crowd.parquet", "--state", "state", "--id", "id", "--weight", "followers", "--seed", "3", "--indicator",
               "weighted-variance"]
    panel = report("panel", *options)["panel"]
    one, spread = panel["comparison"], panel["spread"]
    assert spread["draws"] == 200 and spread["undefined"] == 0
    for name in one:
        low, middle, high = (spread[name][q] for q in ("q05", "q50", "q95"))
        assert low <= middle <= high, name
    assert spread["residual"]["q50"] >= 0.2 and spread["sign_flips"]["q05"] > 0
    assert one["corrected_error"] <= 1e-9 and spread["corrected_error"]["q95"] <= 1e-9
    head = next(at for at, cohort in enumerate(panel["cohorts"]) if cohort["name"] == "head")
    assert spread["cohorts"][head]["absolute_share"]["q50"] > panel["cohorts"][head]["crowd_absolute_share"]
    assert all(abs(entry["corrected_phi"] - entry["crowd_phi"]) <= 1e-9 * abs(entry["crowd_phi"])
               for entry in panel["top"])
    assert "spread" not in report("panel", *options, "--draws", "0")["panel"]
    single = report("panel", *options, "--draws", "1")["panel"]["spread"]["residual"]
    assert single["q05"] == single["q50"] == single["q95"]
    top = report("panel", *options, "--bias", "top")["panel"]
    assert top["drawn"] == "as the largest weights" and "spread" not in top
    other = ["9" if word == "3" else word for word in options]
    assert top == {**report("panel", *other, "--bias", "top")["panel"], "seed": 3}
    equal = report("panel", *options, "--bias", "uniform")["panel"]
    assert equal["drawn"] == "equally" and equal["comparison"] != one
    # The control: a linear indicator is reconciled by one factor, whatever the panel.
    control = report("panel", *options[:-1], "mean")["panel"]
    assert control["comparison"]["residual"] <= 1e-10 and control["spread"]["residual"]["q95"] <= 1e-10
    refused = report("panel", *options[:-1], "cascade-size", "--path", "state")["panel"]
    assert "--path presence" in refused["uncorrected"] and refused["comparison"]["corrected_error"] is None
    ok("panel", *options, "--bias", "uniform", "--draws", "7", "--size", "40", "--out", "run")
    ok("run", "run/study.yaml", "--out", "again")
    first, again = (json.loads(pathlib.Path(name, "report.json").read_text()) for name in ("run", "again"))
    assert first["panel"] == again["panel"] and first["panel"]["spread"]["draws"] == 7


def write_members(name, run, keep):
    """Rows of a run's agents as a table of their own."""
    rows = [one for one in run["top"] if keep(one)]
    put(name, "id,state,followers\n" + "".join(f"{one['id']},{one['state']!r},{one['weight']!r}\n" for one in rows))
    return {one["id"]: one["phi"] for one in rows}


@test
def test_aggregates_correct_a_panel():
    crowd(agents=5000)
    columns = ["--state", "state", "--id", "id", "--weight", "followers"]
    for spec in (["weighted-variance"], ["skewness:weighted=true"], ["entropy:weighted=true"],
                 ["cascade-size", "--path", "presence"], ["variance", "--baseline", "mean"]):
        full = report("attribute", "crowd.parquet", *columns, "--indicator", *spec, "--top", "5000")
        truth = write_members("members.csv", full, lambda one: one["id"] % 50 == 3)
        said = ok("aggregates", "crowd.parquet", *columns, "--indicator", *spec, "--out", "a.json", "--force")
        assert "aggregates of 5,000 agents" in said
        it = report("panel", "members.csv", *columns, "--aggregates", "a.json", "--top", "5000")
        assert it["aggregates"]["agents"] == 5000 and it["panel"]["size"] == len(truth) == it["agents"] == 100
        worst = max(abs(one["phi"] - truth[one["id"]]) for one in it["top"])
        assert worst <= 1e-12 * max(map(abs, truth.values())), (spec, worst)
        assert all(one["crowd_phi"] == truth[one["id"]] or abs(one["crowd_phi"] - truth[one["id"]]) <= worst
                   for one in it["panel"]["top"])
        assert it["certificate"]["everybody"] == full["certificate"]["everybody"]
        assert it["panel"]["bias"] is None
        residual = it["panel"]["comparison"]["residual"]
        assert residual <= 1e-10 if spec[0] == "cascade-size" else residual > 1e-6  # one linear aggregate: the control
    text = " ".join(ok("panel", "members.csv", *columns, "--aggregates", "a.json", "--out", "run").split())
    assert "In a crowd of 5,000 agents" in text and "Alone they would claim" in text
    ok("run", "run/study.yaml", "--out", "again")
    first, again = (json.loads(pathlib.Path(name, "report.json").read_text()) for name in ("run", "again"))
    assert first["panel"] == again["panel"] and first["top"] == again["top"]
    assert same_file("run/attribution.parquet", "again/attribution.parquet")
    assert same_file("run/study.yaml", "again/study.yaml")


@test
def test_aggregates_refuse():
    crowd(agents=500)
    columns = ["--state", "state", "--weight", "followers"]
    made = ["aggregates", "crowd.parquet", *columns, "--indicator", "weighted-variance", "--out", "a.json"]
    fails(2, "--out is missing", *made[:-2])
    fails(2, "needs a table", "aggregates", "--state", "state", "--out", "a.json")
    ok(*made)
    fails(1, "exists already", *made)
    ok(*made, "--force")
    fails(1, "cannot be written", *made[:-1], "nowhere/a.json")
    fails(1, "on the state path|On the state path", *made[:7], "cascade-size", "--path", "state", "--out", "b.json")
    fails(1, "method aumann-shapley only", *made[:-1], "b.json", "--method", "oceanic")
    put("few.csv", "state,followers,day\n0.5,3,1\n-0.5,20,1\n0.1,7,2\n")
    panel = ["panel", "few.csv", *columns, "--aggregates", "a.json"]
    assert report(*panel)["agents"] == 3
    for option in (["--size", "2"], ["--draws", "5"], ["--bias", "top"]):
        fails(2, f"{option[0]} .* the table is the panel: leave it out", *panel, *option)
    fails(2, "not about variance: leave out --indicator", *panel, "--indicator", "variance")
    fails(2, "is about the state path, not the presence path", *panel, "--path", "presence")
    fails(2, 'starts from the baseline "neutral", not "mean"', *panel, "--baseline", "mean")
    fails(2, "made by aumann-shapley, not by oceanic", *panel, "--method", "oceanic")
    fails(2, "the panel has no weights", "panel", "few.csv", "--state", "state", "--aggregates", "a.json")
    fails(2, "the panel has 2 times: choose its rows with --where", *panel, "--time", "day")
    text = pathlib.Path("a.json").read_text()
    for wrong, message in ((text.replace('"agents": 500', '"agents": 501'), "does not match its hash"),
                           (text.replace('"schema": 1', '"schema": 2'), "format 2, and this throng reads format 1"),
                           (text[:200], "holds no aggregates: line"), ("", "holds no aggregates"),
                           ("[]", "holds no aggregates"), ('{"kind": "throng-aggregates", "schema": 1}', "is damaged"),
                           (text.replace('"mass"', '"moss"'), "is damaged")):
        put("wrong.json", wrong)
        fails(1, message, *panel[:-1], "wrong.json")
    fails(1, "cannot be read", *panel[:-1], "none.json")


@test
def test_panel_refuses():
    crowd(agents=300)
    options = ["panel", "crowd.parquet", "--state", "state", "--weight", "followers"]
    fails(2, r"--size \(panel.size\) must be a whole number from 1", *options, "--size", "0")
    fails(2, r"Did you mean \"uniform\"\?", *options, "--bias", "unifrom")
    fails(2, "--draws", *options, "--draws", "-1")
    fails(2, "--bias top .* needs --weight", *options[:-2], "--bias", "top")
    fails(2, r"A panel of 5000 cannot be drawn: there are \d+ agents with a weight above 0. Take --size", *options,
          "--size", "5000")
    fails(2, "A panel of 301 cannot be drawn: there are 300 agents. Take --size 300", *options, "--size", "301",
          "--bias", "uniform")
    put("zero.csv", "x,w\n1,0\n2,0\n")
    fails(1, "weigh", "panel", "zero.csv", "--state", "x", "--weight", "w")


@test
def test_no_option_is_ignored():
    crowd("c.parquet", agents=300)
    options = ["c.parquet", "--state", "state", "--id", "id", "--weight", "followers"]
    for option in (["--size", "9"], ["--draws", "5"], ["--bias", "top"]):
        fails(2, f"{option[0]} .* aggregates are of the whole crowd", "aggregates", *options, *option, "--out", "a.json")
    for option in (["--draws", "5"], ["--bias", "top"]):
        fails(2, f"{option[0]} .* none is drawn here: give --size", "attribute", *options, *option)
    put("e.csv", "a,b\n1,2\n2,3\n")
    fails(2, "A network indicator is not a function of sums", "aggregates", *options, "--indicator", "reach", "--graph",
          "e.csv", "--source", "a", "--target", "b", "--out", "a.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
