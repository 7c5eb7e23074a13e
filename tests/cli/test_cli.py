#!/usr/bin/env python3
"""The program from outside: what it prints, writes and leaves behind, and every kind of bad input.

Use: tests/cli/test_cli.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: THRONG the program (default: build/throng), SOURCE the source folder, BUILD the build folder.
Each test runs in an empty folder of its own. Prints a line for each test that fails or is skipped, and the numbers.
"""

import gzip
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

from harness import (BUILD, PLAIN, TABLE, THRONG, Skip, crowd, fails, listing, main, ok, put, report, same_file, test,
                     throng)

# ---- help, versions, lists ---------------------------------------------------------------------------------------


@test
def test_help_and_version():
    assert re.fullmatch(r"throng \d+\.\d+\.\d+ \(revision \S+\)\n", ok("--version"))
    assert ok("--help") == ok("help") == ok("-h")
    for command in ("attribute", "panel", "aggregates", "generate", "run", "list", "describe"):
        assert command in ok("--help")
        text = ok(command, "--help")
        assert text.startswith(f"throng {command} ") and text == ok("help", command)
        assert "--help" in text and max(map(len, text.splitlines())) <= 110, command


@test
def test_help_has_an_option_for_every_setting():
    text = ok("attribute", "--help")
    for option in ("state id time weight where missing indicator method players path baseline tolerance nodes-max cohort-by "
                   "cohort-table cohort-key cohort-missing cuts top seed plugin threads out force json quiet").split():
        assert re.search(rf"^  --{option}( |$)", text, re.M), option


@test
def test_examples_in_the_help_work():
    for command in ("attribute", "panel", "aggregates", "generate", "run", "list", "describe"):
        lines = re.findall(r"^  (throng (?:.*\\\n)*.*)", ok(command, "--help"), re.M)
        assert lines, command
        folder = pathlib.Path(command)
        folder.mkdir()
        for line in lines:
            line = line.replace("1_671_587", "2_000").replace("throng ", f'"{THRONG}" ', 1)
            done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, env=PLAIN, text=True)
            assert done.returncode == 0, f"{line}: {done.stderr}"


@test
def test_list_and_describe():
    text = ok("list")
    for word in ("indicators", "methods", "generators", "worlds", "graphs", "variance", "aumann-shapley", "bluesky"):
        assert re.search(rf"^ *{word}\b", text, re.M), word
    assert ok("list", "indicators") == ok("list", "indicator")
    assert "bluesky" not in ok("list", "indicators")
    listed = json.loads(ok("list", "--json"))
    assert {one["kind"] for one in listed} == {"indicator", "method", "generator", "world", "graph", "policy", "game",
                                               "solver", "mechanism"}
    for one in listed:
        assert all(one[key] for key in ("name", "summary", "details", "reference")), one
        text = ok("describe", one["kind"], one["name"])
        assert text.startswith(f"{one['name']} ({one['kind']})\n")
        assert all(parameter["name"] in text and parameter["doc"] for parameter in one["parameters"])
        assert json.loads(ok("describe", one["kind"], one["name"], "--json")) == one
    page = ok("list", "indicators", "--markdown")
    assert page.startswith("# Indicators\n")
    for one in listed:
        assert (f"\n## {one['name']}\n" in page) == (one["kind"] == "indicator"), one["name"]
    alpha = next(p for one in listed if one["name"] == "esteban-ray" for p in one["parameters"] if p["name"] == "alpha")
    assert alpha["minimum"] < alpha["default"] < alpha["maximum"]


# ---- the main job ------------------------------------------------------------------------------------------------


@test
def test_a_crowd_whose_answer_is_known():
    """Variance from 0: phi_i = p_i (x_i^2 - m x_i)."""
    put("t.csv", "who,x\na,1\nb,-1\nc,0.5\n")
    it = report("attribute", "t.csv", "--state", "x", "--id", "who")
    states = {"a": 1.0, "b": -1.0, "c": 0.5}
    mean = sum(states.values()) / 3
    assert it["schema"] == 1 and it["agents"] == 3 and it["rows"] == 3 and it["times"] == 1
    assert it["indicator"]["name"] == "variance" and it["indicator"]["baseline"] == 0
    assert abs(it["indicator"]["observed"] - sum((x - mean) ** 2 for x in states.values()) / 3) < 1e-15
    for one in it["top"]:
        x = states[one["id"]]
        assert abs(one["phi"] - (x * x - mean * x) / 3) < 1e-15, one
    assert [one["rank"] for one in it["top"]] == [1, 2, 3]
    assert abs(sum(one["phi"] for one in it["top"]) - it["indicator"]["observed"]) < 1e-15
    assert it["certificate"]["converged"] is True
    assert it["certificate"]["efficiency_residual"] <= it["certificate"]["tolerance"] == 1e-10
    assert [one["name"] for one in it["cohorts"]] == ["everyone"]


@test
def test_keys_that_scripts_rely_on():
    put("t.csv", TABLE)
    it = report("attribute", "t.csv", "--state=x", "--id=id", "--time=t", "--weight=w", "--seed", "5", "--top", "2")
    for path in """schema throng.version throng.revision agents rows times indicator.name indicator.spec indicator.path
            indicator.baseline_kind indicator.weighted indicator.baseline indicator.observed indicator.summary
            indicator.reference indicator.change_from indicator.change_to indicator.baseline_shift
            certificate.efficiency_residual certificate.rule_change certificate.quadrature_nodes certificate.converged
            certificate.tolerance certificate.sum_phi certificate.nobody certificate.everybody certificate.method
            timings.read_seconds timings.attribute_seconds timings.total_seconds provenance.command provenance.seed
            provenance.inputs provenance.machine.system provenance.machine.processors provenance.machine.threads
            provenance.started cite notes by_time""".split():
        value = it
        for name in path.split("."):
            assert name in value, path
            value = value[name]
    assert set(it["cohorts"][0]) == {"name", "meaning", "agents", "phi", "share", "absolute_share", "per_agent"}
    assert set(it["top"][0]) == {"rank", "id", "phi", "share", "state", "weight", "cohort"}
    assert len(it["top"]) == 2 and isinstance(it["top"][0]["id"], int)
    assert len(it["by_time"]) == it["times"] == 2
    assert set(it["by_time"][0]) == {"time", "agents", "indicator", "certificate", "cohorts", "concentration",
                                       "top"}
    assert it["provenance"]["inputs"][0]["path"] == "t.csv" and it["provenance"]["inputs"][0]["bytes"] == len(TABLE)
    assert re.fullmatch(r"[0-9a-f]{32}", it["provenance"]["inputs"][0]["hash"])
    assert it["provenance"]["command"].startswith("throng attribute t.csv --state=x")
    assert it["provenance"]["seed"] == 5


@test
def test_times_and_the_change():
    put("t.csv", TABLE)
    it = report("attribute", "t.csv", "--state", "x", "--id", "id", "--time", "t")
    first, last = it["by_time"]
    assert it["indicator"]["baseline"] == first["indicator"]["observed"]
    assert it["indicator"]["observed"] == last["indicator"]["observed"]
    assert (it["indicator"]["change_from"], it["indicator"]["change_to"]) == ("1", "2")
    phi = [{one["id"]: one["phi"] for one in entry["top"]} for entry in (first, last)]
    for one in it["top"]:
        assert abs(one["phi"] - (phi[1][one["id"]] - phi[0][one["id"]])) < 1e-15
    change = it["indicator"]["observed"] - it["indicator"]["baseline"]
    assert abs(sum(one["phi"] for one in it["top"]) - change) < 1e-15
    # Each time alone gives what it gives among others.
    alone = report("attribute", "t.csv", "--state", "x", "--id", "id", "--where", "t = 2")
    assert alone["indicator"]["observed"] == last["indicator"]["observed"] and alone["top"] == last["top"]


@test
def test_cohorts():
    put("t.csv", TABLE)
    it = report("attribute", "t.csv", "--state", "x", "--where", "t=1", "--cohort-by", "side")
    assert [(one["name"], one["agents"]) for one in it["cohorts"]] == [("l", 2), ("r", 1)]
    assert abs(sum(one["share"] for one in it["cohorts"]) - 1) < 1e-12
    put("u.csv", "x,w\n" + "".join(f"{i % 7},{i}\n" for i in range(1, 1001)))
    it = report("attribute", "u.csv", "--state", "x", "--weight", "w")
    assert [(one["name"], one["agents"]) for one in it["cohorts"]] == [("head", 1), ("middle", 99), ("long tail", 900)]
    it = report("attribute", "u.csv", "--state", "x", "--weight", "w", "--cuts", "0.25,0.5,0.75")
    assert [one["agents"] for one in it["cohorts"]] == [250] * 4
    it = report("attribute", "u.csv", "--state", "w", "--cohort-by", "w", "--cuts", "0.5")
    assert [one["agents"] for one in it["cohorts"]] == [500, 500]


@test
def test_baselines():
    put("t.csv", "id,t,x,mean,b\n1,1,1,0,1\n2,1,3,0,1\n1,2,2,0,1\n2,2,5,0,1\n")
    common = ["attribute", "t.csv", "--state", "x", "--id", "id", "--time", "t", "--indicator", "mean"]
    for baseline, kind, nobody in (("neutral", "neutral", 0), ("mean", "mean", 3.5), ("first", "first", 2),
                                   ("b", "column", 1), ("column:mean", "column", 0), ("column:b", "column", 1)):
        it = report(*common, "--baseline", baseline)
        assert it["indicator"]["baseline_kind"] == kind, baseline
        assert it["by_time"][1]["indicator"]["baseline"] == nobody, baseline
    it = report(*common, "--baseline", "column:b", "--out", "run")
    assert "baseline: column:b" in pathlib.Path("run/study.yaml").read_text()


@test
def test_a_column_may_play_several_parts():
    put("t.csv", "n,k\n3,1\n1,2\n2,3\n")
    it = report("attribute", "t.csv", "--state", "n", "--weight", "n", "--cohort-by", "n", "--id", "n")
    assert it["top"][0]["state"] == it["top"][0]["weight"] == it["top"][0]["id"]


@test
def test_ways_to_give_a_table():
    rows = TABLE.splitlines(keepends=True)
    put("all.csv", TABLE)
    put("part1.csv", "".join(rows[:4]))
    put("part2.csv", rows[0] + "".join(rows[4:]))
    put("all.csv.gz", gzip.compress(TABLE.encode()))
    names = rows[0].strip().split(",")
    records = [dict(zip(names, row.strip().split(","))) for row in rows[1:]]
    lines = "".join(json.dumps({**one, "id": int(one["id"]), "t": int(one["t"]), "x": float(one["x"]),
                                "w": float(one["w"])}) + "\n" for one in records)
    put("all.ndjson", lines)
    put("-dash.csv", TABLE)
    options = ["--state", "x", "--id", "id", "--time", "t", "--weight", "w"]
    wanted = report("attribute", "all.csv", *options)
    for tables, stdin in ((["part1.csv", "part2.csv"], ""), (["part*.csv"], ""), (["all.csv.gz"], ""),
                          (["all.ndjson"], ""), (["-"], TABLE), (["-"], lines), (["--", "-dash.csv"], "")):
        got = json.loads(ok("attribute", *options, "--json", *tables, stdin=stdin))
        for key in ("indicator", "certificate", "cohorts", "top", "by_time"):
            assert got[key] == wanted[key], (tables, key)


@test
def test_where_and_missing():
    put("t.csv", "x,w\n1,2\n,3\n2,\n5,1\n-1,1\n")
    it = report("attribute", "t.csv", "--state", "x", "--weight", "w", "--missing", "drop")
    assert (it["rows"], it["rows_dropped"]) == (3, 2)
    assert any("2 rows" in note and "left out" in note for note in it["notes"])
    it = report("attribute", "t.csv", "--state", "x", "--where", "x > 0 AND w IS NOT NULL")
    assert (it["rows"], it["rows_dropped"]) == (2, 0)


@test
def test_generate():
    one = ok("generate", "bluesky", "--agents", "1_000", "--days", "3", "--seed", "1", "--out", "a.parquet")
    assert re.fullmatch(r"a\.parquet: [\d,]+ rows of 6 columns, 1,000 agents on 3 days, .*\n", one), one
    ok("generate", "bluesky", "--agents", "1e3", "--days", "3", "--seed=1", "--threads", "3", "--out", "b.parquet")
    assert same_file("a.parquet", "b.parquet")
    ok("generate", "bluesky", "--agents", "1000", "--days", "3", "--seed", "2", "--out", "b.parquet", "--force")
    assert not same_file("a.parquet", "b.parquet")
    assert ok("generate", "planted", "--agents", "100", "--out", "c.csv", "--quiet") == ""
    assert len(pathlib.Path("c.csv").read_text().splitlines()) == 101
    assert sorted(os.listdir()) == ["a.parquet", "b.parquet", "c.csv"]


@test
def test_a_formula():
    put("t.csv", "id,x,w\n1,0.5,10\n2,-1,1\n3,0.25,1\n4,2,3\n")
    common = ["attribute", "t.csv", "--state", "x", "--weight", "w", "--path", "state"]
    built_in = report(*common, "--indicator", "weighted-variance")
    ours = report(*common, "--indicator", "formula", "--out", "run")
    assert abs(built_in["indicator"]["observed"] - ours["indicator"]["observed"]) < 1e-12
    spec = "formula:expr=min(tanh(3*m2), 2+m4)*exp(-m1),weighted=true"
    ok(*common, "--indicator", spec, "--out", "bent", "--quiet")
    assert json.loads(pathlib.Path("bent/report.json").read_text())["indicator"]["spec"] == spec
    ok("run", "bent/study.yaml", "--out", "again", "--quiet")
    assert same_file("bent/attribution.parquet", "again/attribution.parquet")
    fails(2, r'formula: there is no "m5" at character 8\. Moments go from m0 to m4\.$', *common, "--indicator",
          "formula:expr=tanh(3*m5)")
    fails(2, r'formula: the "\(" at character 4 is not closed: .* before the end of the expression\.$', *common,
          "--indicator", "formula:expr=exp(m1")
    fails(2, r'formula has no parameter "exp"\. Did you mean "expr"\?$', *common, "--indicator", "formula:exp=m1")
    fails(2, r"formula: expr must be text of 1 to 400 characters, got \"1\+1\+.*\"\.\.\.\.$", *common, "--indicator",
          "formula:expr=" + "1+" * 210 + "1")
    bent = [*common, "--indicator", "formula:expr=tanh(m2)"]
    fails(1, r"take about .*; the 0\.2 seconds allowed are enough for .*\.$", *bent, "--method",
          "shapley-sampled:permutations=1e12,seconds=0.2")
    ok(*bent, "--method", "shapley-sampled:seconds=1000")
    fails(1, r"formula is undefined: the expression is not finite there\.$", *common, "--indicator",
          "formula:expr=log(-m2)")


@test
def test_plugin():
    plugin = next(iter(sorted(BUILD.rglob("plugin_indicator.so"))), None)
    if not plugin:
        raise Skip("the example plug-in is not built")
    put("t.csv", TABLE)
    shutil.copy(plugin, "mine.so")
    assert "vote" not in ok("list", "indicators")
    assert "vote" in ok("list", "indicators", "--plugin", "mine.so")
    assert ok("describe", "indicator", "vote", "--plugin=mine.so").startswith("vote (indicator)")
    it = report("attribute", "t.csv", "--state", "x", "--plugin", "mine.so", "--indicator", "vote:width=0.5", "--out",
                "run")
    assert it["indicator"]["name"] == "vote" and it["certificate"]["converged"]
    assert report("run", "run/study.yaml")["top"] == it["top"]
    fails(2, r'no indicator "vote"', "attribute", "t.csv", "--state", "x", "--indicator", "vote")
    # Loading the same file twice is harmless.
    report("attribute", "t.csv", "--state", "x", "--plugin", "mine.so", "--plugin", "mine.so", "--indicator", "vote")
    shutil.copy(plugin.with_name("plugin_policy.so"), "acts.so")
    world = ["attribute", "--generate", "uniform", "--agents", 200, "--graph-model", "ring", "--world", "feed", "--steps", 3]
    it = report(*world, "--plugin", "acts.so", "--policy", "outrage:heat=2", "--out", "acting")
    assert it["policy"]["name"] == "outrage:heat=2" and it["certificate"]["converged"]
    assert report("run", "acting/study.yaml")["top"] == it["top"]
    assert it["top"] != report(*world, "--plugin", "acts.so", "--policy", "outrage")["top"]
    fails(2, r"heat must be a number from 0 to 10, got \"11\"", *world, "--plugin", "acts.so", "--policy", "outrage:heat=11")


# ---- run directories ---------------------------------------------------------------------------------------------


@test
def test_run_directory():
    put("t.csv", TABLE)
    options = ["--state", "x", "--id", "id", "--time", "t", "--weight", "w", "--top", "7"]
    text = ok("attribute", "t.csv", *options, "--out", "run")
    assert "written     run:" in text
    assert sorted(os.listdir("run")) == ["attribution.parquet", "change.parquet", "cohorts.parquet", "report.json",
                                         "study.yaml"]
    assert sorted(os.listdir()) == ["run", "t.csv"]
    printed = report("attribute", "t.csv", *options, "--out", "again")
    written = json.loads(pathlib.Path("again/report.json").read_text())
    assert printed == written, "--json prints the report that is written"
    phi = report("attribute", "run/attribution.parquet", "--state", "phi", "--id", "id", "--time", "time",
                 "--weight", "weight", "--cohort-by", "cohort", "--indicator", "mean")
    for entry, source in zip(phi["by_time"], printed["by_time"]):
        assert {one["id"]: one["state"] for one in entry["top"]} == {one["id"]: one["phi"] for one in source["top"]}
        assert {one["name"] for one in entry["cohorts"]} <= {one["name"] for one in source["cohorts"]}
    ok("attribute", "t.csv", "--state", "x", "--where", "t = 1", "--out", "single")
    assert sorted(os.listdir("single")) == ["attribution.parquet", "cohorts.parquet", "report.json", "study.yaml"]


@test
def test_a_study_repeats_the_run_bit_for_bit():
    crowd(agents=3000, days=4)
    ok("attribute", "crowd.parquet", "--state", "state", "--id", "id", "--time", "day", "--weight", "followers",
       "--indicator", "esteban-ray:alpha=0.7,weighted=true", "--cuts", "0.5,0.9", "--where", "followers > 1 OR day=2",
       "--top", "4", "--seed", "11", "--size", "50", "--out", "one")
    pathlib.Path("elsewhere").mkdir()
    home = os.getcwd()
    os.chdir("elsewhere")
    text = ok("run", "../one/study.yaml", "--out", "two")
    os.chdir(home)
    assert "esteban-ray" in text
    for name in ("attribution.parquet", "change.parquet", "study.yaml"):
        assert same_file(f"one/{name}", f"elsewhere/two/{name}"), name
    first, second = (json.loads(pathlib.Path(path, "report.json").read_text()) for path in ("one", "elsewhere/two"))
    for key in ("indicator", "certificate", "cohorts", "top", "by_time", "panel", "notes"):
        assert first[key] == second[key], key
    # Options replace what the file says.
    it = report("run", "one/study.yaml", "--top", "1", "--indicator", "mean")
    assert len(it["top"]) == 1 and it["indicator"]["name"] == "mean"


@test
def test_a_study_file_by_hand():
    pathlib.Path("studies").mkdir()
    put("studies/t.csv", TABLE)
    put("studies/mine.yaml", "# a study\npopulation:\n  table: t.csv\n  state: x\nreport: {top: 3}\n")
    assert len(report("run", "studies/mine.yaml")["top"]) == 3
    put("bad.yaml", "population:\n  table: t.csv\n  stat: x\n")
    fails(1, r'bad\.yaml:3: There is no setting "population\.stat"\. Did you mean "population\.state"', "run",
          "bad.yaml")
    fails(1, r"nothere\.yaml cannot be read", "run", "nothere.yaml")
    fails(2, r"one study file", "run")
    fails(2, r"one study file", "run", "a.yaml", "b.yaml")


@test
def test_same_bits_for_any_number_of_threads():
    crowd(agents=30000, days=3)
    hashes = {}
    for threads in (1, 2, 3, 8):
        ok("attribute", "crowd.parquet", "--state", "state", "--id", "id", "--time", "day", "--weight", "followers",
           "--indicator", "weighted-variance", "--threads", threads, "--out", f"run{threads}")
        for name in ("attribution.parquet", "change.parquet"):
            content = pathlib.Path(f"run{threads}", name).read_bytes()
            hashes.setdefault(name, set()).add(hashlib.sha256(content).hexdigest())
    assert {name: len(found) for name, found in hashes.items()} == {"attribution.parquet": 1, "change.parquet": 1}


@test
def test_force_replaces_runs_only():
    put("t.csv", TABLE)
    common = ["attribute", "t.csv", "--state", "x"]
    ok(*common, "--out", "run", "--top", "1")
    fails(1, r"run exists already.*--force", *common, "--out", "run")
    ok(*common, "--out", "run", "--top", "2", "--force")
    assert len(json.loads(pathlib.Path("run/report.json").read_text())["top"]) == 2
    put("run/notes.txt", "mine")
    fails(1, r"run is not replaced: it holds notes\.txt", *common, "--out", "run", "--force")
    fails(1, r"t\.csv exists and is not a directory", *common, "--out", "t.csv", "--force")
    fails(1, r"not replaced", *common, "--out", ".", "--force")
    pathlib.Path("mine").mkdir()
    put("mine/attribution.parquet", "x")
    fails(1, r"no report\.json", *common, "--out", "mine", "--force")


# ---- the summary -------------------------------------------------------------------------------------------------


@test
def test_summary():
    crowd(agents=3000, days=5)
    text = ok("attribute", "crowd.parquet", "--state", "state", "--id", "id", "--time", "day", "--weight", "followers")
    lines = text.splitlines()
    assert re.match(r"variance of state (rose|fell) from \S+ to \S+ between day 1 and day 5\. The ", lines[0]), lines[0]
    assert len(lines) <= 42 and max(map(len, lines)) <= 100, text
    assert re.search(r"^by day  [▁▂▃▄▅▆▇█]{5}  lowest", text, re.M)
    assert re.search(r"^head +top 0\.1 % by followers +\d+ .*%.*[█▏▎▍▌▋▊▉▐▕]", text, re.M)
    assert re.search(r"^certificate exactly additive: ", text, re.M)
    assert re.search(r"^time +\S+ m?s: read \S+ m?s", text, re.M)
    assert "\033" not in text, "no colour into a pipe"
    narrow = ok("attribute", "crowd.parquet", "--state", "state", "--weight", "followers", "--where", "day = 1",
                env={"COLUMNS": "70"})
    assert max(map(len, narrow.splitlines())) <= 74, narrow


@test
def test_summary_of_a_fall_and_of_nothing():
    put("t.csv", "id,t,x\n1,1,1\n2,1,-1\n1,2,0.5\n2,2,-0.5\n")
    text = ok("attribute", "t.csv", "--state", "x", "--id", "id", "--time", "t")
    assert text.startswith("variance of x fell from 1 to 0.25 between t 1 and t 2.")
    text = ok("attribute", "t.csv", "--state", "x", "--where", "t = 1", "--indicator", "mean")
    assert "as it is at the baseline" in text and "no shares" in text
    it = report("attribute", "t.csv", "--state", "x", "--where", "t = 1", "--indicator", "mean")
    assert it["cohorts"][0]["share"] is None and it["top"][0]["share"] is None


@test
def test_certificates_say_what_a_method_promises():
    put("equal.csv", "id,day,x\na,1,3.1\nb,1,3.1\nc,1,3.1\na,2,3.3\nb,2,3.3\nc,2,3.3\n")
    put("few.csv", "x\n" + "".join(f"{value * value}\n" for value in range(1, 15)))
    equal = ("attribute", "equal.csv", "--state", "x", "--id", "id", "--time", "day", "--indicator", "theil", "--method")
    for method in ("aumann-shapley", "oceanic", "shapley-exact"):  # what is left of equality is rounding
        done = report(*equal, method)
        assert done["certificate"]["converged"], (method, done["certificate"])
    few = ("attribute", "few.csv", "--state", "x", "--indicator", "entropy", "--method")
    assert "relative error about" in ok(*few, "oceanic")
    assert "exactly additive" in ok(*few, "aumann-shapley")
    assert "need not add up" in ok(*few, "leave-one-out")


@test
def test_quiet_and_json():
    put("t.csv", TABLE)
    assert ok("attribute", "t.csv", "--state", "x", "--quiet") == ""
    assert json.loads(ok("attribute", "t.csv", "--state", "x", "--quiet", "--json"))["rows"] == 6


@test
def test_names_cannot_trick_the_terminal():
    put("t.csv", 'name,x\n"\033[2Jevil",1\nb,2\n')
    assert "\033" not in ok("attribute", "t.csv", "--state", "x", "--id", "name")
    done = throng("attribute", "\033[2J.csv", "--state", "x")
    assert done.code == 2 and "\033" not in done.err, done.err


def on_terminal(args, env=None, until=None):
    """Runs the program with a terminal for stdout and stderr; returns the exit code and what was shown."""
    pid, master = pty.fork()
    if pid == 0:
        os.execve(THRONG, [THRONG, *map(str, args)], {**PLAIN, "TERM": "xterm", **(env or {})})
    shown = b""
    while True:
        try:
            if not select.select([master], [], [], 120)[0]:
                break
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
        if until and re.search(until, shown):
            os.kill(pid, signal.SIGINT)
            until = None
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(master)
    return code, shown.decode(errors="replace")


@test
def test_colour_only_where_it_is_wanted():
    put("t.csv", TABLE)
    args = ["attribute", "t.csv", "--state", "x"]
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)):
        code, shown = on_terminal(args, env)
        assert code == 0, shown
        assert ("\033[1m" in shown) == coloured, (env, shown)


@test
def test_progress_is_shown_on_a_terminal_and_nowhere_else():
    # Work of seconds even on a machine much faster than today's: what is short shows no progress.
    args = ["generate", "bluesky", "--agents", "25e5", "--days", "3"]
    code, shown = on_terminal([*args, "--out", "a.parquet"])
    assert code == 0, shown
    assert re.search(r"\r\w+ [\d,]+", shown) and "/s" in shown, shown
    assert shown.rstrip().splitlines()[-1].lstrip("\r\033[K").startswith("a.parquet:"), shown
    code, shown = on_terminal([*args, "--out", "b.parquet", "--quiet"])
    assert (code, shown) == (0, ""), shown
    done = throng(*args, "--out", "c.parquet")
    assert done.err == ""


# ---- bad input: the command line (exit 2) ------------------------------------------------------------------------


@test
def test_bad_command_lines():
    put("t.csv", TABLE)
    common = ["attribute", "t.csv", "--state", "x"]
    for message, *args in (
            (r"which command\?.*attribute",),
            (r'no command "atribute"\. Did you mean "attribute"\?', "atribute", "t.csv"),
            (r'no command "xyzzy"\. See throng --help', "xyzzy"),
            (r'no command "foo"', "help", "foo"),
            (r"attribute needs a table", "attribute"),
            (r"attribute needs a table", "attribute", "--state", "x"),
            (r"--state \(population\.state\) is missing", "attribute", "t.csv"),
            (r'attribute has no option "--sate"\. Did you mean "--state"\?', "attribute", "t.csv", "--sate", "x"),
            (r'no option "-x"\. See throng attribute --help', "attribute", "t.csv", "-x"),
            (r"--state needs a value: --state COL", "attribute", "t.csv", "--state"),
            (r"--state is given twice", *common, "--state=y"),
            (r"--json takes no value", *common, "--json=yes"),
            (r"--out must not be empty", *common, "--out="),
            (r'"" *\.$|must be text that is not empty', "attribute", "t.csv", "--state="),
            (r"--threads must be a whole number from 0 to 1,024", *common, "--threads", "-1"),
            (r"--threads must be a whole number", *common, "--threads", "two"),
            (r'no indicator "varience"\. Did you mean "variance"\?', *common, "--indicator", "varience"),
            (r'no indicator "xyzzy"\. Known: ', *common, "--indicator", "xyzzy"),
            (r'esteban-ray has no parameter "alhpa"\. Did you mean "alpha"\?', *common, "--indicator",
             "esteban-ray:alhpa=1"),
            (r'alpha must be a number from 0\.01 to 1\.6, got "7"', *common, "--indicator", "esteban-ray:alpha=7"),
            (r'bins must be a whole number .* got "2\.5"', *common, "--indicator", "entropy:bins=2.5"),
            (r"key=value", *common, "--indicator", "esteban-ray:alpha"),
            (r'no method "shapely"', *common, "--method", "shapely"),
            (r"--path \(attribution\.path\) must be one of state, presence", *common, "--path", "sideways"),
            (r"--missing \(population\.missing\) must be one of error, drop", *common, "--missing", "keep"),
            (r"--tolerance .*must be a number from .* got \"nan\"", *common, "--tolerance", "nan"),
            (r"--tolerance .*must be a number", *common, "--tolerance", "0"),
            (r"--nodes-max .*must be a whole number from 2 ", *common, "--nodes-max", "1"),
            (r"--cuts .*must be ascending numbers", *common, "--cuts", "0.9,0.5"),
            (r"--cuts .*must be ascending numbers", *common, "--cuts", "1.5"),
            (r"--top .*must be a whole number", *common, "--top", "-3"),
            (r"--seed .*must be a whole number", *common, "--seed", "1.5"),
            (r"--size .*must be a whole number", *common, "--size", "0"),
            (r"needs --id and --time", *common, "--baseline", "first"),
            (r"only once", "attribute", "-", "-", "--state", "x"),
            (r"generate needs one generator", "generate", "--agents", "5", "--out", "x.csv"),
            (r'no generator "blusky"\. Did you mean "bluesky"\?', "generate", "blusky", "--agents", "5", "--out",
             "x.csv"),
            (r"--agents is missing", "generate", "bluesky", "--out", "x.csv"),
            (r"--out is missing", "generate", "bluesky", "--agents", "5"),
            (r"--agents must be a whole number from 1 to 2,147,483,647", "generate", "bluesky", "--agents", "0",
             "--out", "x.csv"),
            (r"--agents must be a whole number", "generate", "bluesky", "--agents", "3e9", "--out", "x.csv"),
            (r"--days must be a whole number", "generate", "bluesky", "--agents", "3", "--days", "0", "--out", "x.csv"),
            (r"must end in \.parquet, \.csv", "generate", "bluesky", "--agents", "5", "--out", "x.xls"),
            (r"tail must be a number from", "generate", "bluesky:tail=-1", "--agents", "5", "--out", "x.csv"),
            (r'no kind of plug-in "indicatrs".* Did you mean "indicators"', "list", "indicatrs"),
            (r"cannot both be had", "list", "--json", "--markdown"),
            (r"describe needs a kind and a name", "describe", "variance"),
            (r'no indicator "varance"', "describe", "indicator", "varance")):
        fails(2, message, *args)


# ---- bad input: tables (exit 1) ----------------------------------------------------------------------------------


@test
def test_bad_tables():
    put("t.csv", TABLE)
    put("empty.csv", "")
    put("header.csv", "x,w\n")
    put("text.csv", "state,w\n1,2\nabc,3\n")
    put("twice.csv", "x,x\n1,2\n")
    put("ragged.csv", "x,y\n1,2\n1,2,3\n")
    put("cut.ndjson", '{"x":1}\n{"x":\n')
    put("junk.parquet", bytes(range(256)) * 8)
    pathlib.Path("folder").mkdir()
    crowd("whole.parquet", agents=500)
    put("cut.parquet", pathlib.Path("whole.parquet").read_bytes()[:2000])
    for message, *args in (
            (r"nothere\.csv cannot be read: No such file", "nothere.csv", "--state", "x"),
            (r"No file matches nothere\*", "nothere*.csv", "--state", "x"),
            (r"empty\.csv is empty", "empty.csv", "--state", "x"),
            (r"standard input is empty", "-", "--state", "x"),
            (r"no rows", "header.csv", "--state", "x"),
            (r"No row of t.csv fulfils the condition", "t.csv", "--state", "x", "--where", "x > 100"),
            (r'text\.csv has no column "stat"\. Did you mean "state"\?', "text.csv", "--state", "stat"),
            (r'has no column "weigth"', "t.csv", "--state", "x", "--weight", "weigth"),
            (r'has no column "nocol"', "t.csv", "--state", "x", "--baseline", "nocol"),
            (r'text\.csv, row 2, column "state": "abc" is not a number', "text.csv", "--state", "state"),
            (r'twice\.csv has two columns named "x"', "twice.csv", "--state", "x"),
            (r"ragged\.csv, line \d", "ragged.csv", "--state", "x"),
            (r"cut\.ndjson, line 2", "cut.ndjson", "--state", "x"),
            (r"cut\.parquet is cut off", "cut.parquet", "--state", "state"),
            (r"junk\.parquet is not a Parquet file", "junk.parquet", "--state", "x"),
            (r"folder is a directory", "folder", "--state", "x"),
            (r"condition .*not complete", "t.csv", "--state", "x", "--where", "x >"),
            (r"condition", "t.csv", "--state", "x", "--where", "1); DROP TABLE t; --"),
            (r"condition .*\"y\"", "t.csv", "--state", "x", "--where", "y > 1"),
            (r'no column "x"; DROP', "t.csv", "--state", 'x"; DROP TABLE t; --'),
            (r"plug-in nothere\.so cannot be loaded", "t.csv", "--state", "x", "--plugin", "nothere.so"),
            (r"text\.csv has no column", "t.csv", "text.csv", "--state", "x")):
        fails(1, message, "attribute", *args)
        fails(1, message, "attribute", *args, "--out", "run", "--json")


@test
def test_missing_values():
    for value, said in (("", "NaN or NULL"), ("nan", "NaN or NULL"), ("inf", "infinite"), ("-inf", "infinite")):
        for column in ("x", "w"):
            rows = [{"x": "1", "w": "1"} for _ in range(5)]
            rows[2][column] = rows[4][column] = value
            put("t.csv", "x,w\n" + "".join(f"{row['x']},{row['w']}\n" for row in rows))
            args = ["attribute", "t.csv", "--state", "x", "--weight", "w"]
            fails(1, rf'Row 3: column "{column}" is .*; 2 of 5 rows .*--missing drop', *args)
            assert said.split()[0].lower() in throng(*args).err.lower() or value in throng(*args).err
            it = report(*args, "--missing", "drop", "--indicator", "mean")
            assert (it["rows"], it["rows_dropped"]) == (3, 2)
    put("t.csv", "x\nnan\nnan\n")
    fails(1, r"", "attribute", "t.csv", "--state", "x", "--missing", "drop")


@test
def test_bad_weights_and_ids():
    put("negative.csv", "x,w\n1,2\n2,-3\n")
    put("zero.csv", "x,w\n1,0\n2,0\n")
    put("twice.csv", "id,t,x\n1,1,1\n1,1,2\n1,2,3\n")
    fails(1, r'Row 2: column "w" is -3', "attribute", "negative.csv", "--state", "x", "--weight", "w")
    fails(1, r'All weights \(column "w"\) are 0', "attribute", "zero.csv", "--state", "x", "--weight", "w")
    fails(1, r"Row 2: agent 1 .*at time 1 already", "attribute", "twice.csv", "--state", "x", "--id", "id", "--time",
          "t")
    fails(1, r"Row 2: agent 1 .*--time", "attribute", "twice.csv", "--state", "x", "--id", "id")


@test
def test_one_row():
    put("t.csv", "x\n3\n")
    it = report("attribute", "t.csv", "--state", "x", "--indicator", "mean")
    assert abs(it["top"][0]["phi"] - 3) < 1e-14 and abs(it["cohorts"][0]["share"] - 1) < 1e-14
    assert report("attribute", "t.csv", "--state", "x")["indicator"]["observed"] == 0.0
    fails(1, r"bimodality is undefined: all states are equal", "attribute", "t.csv", "--state", "x", "--indicator",
          "bimodality")


@test
def test_states_that_an_indicator_does_not_take():
    put("t.csv", "x\n1\n-2\n")
    fails(1, r"gini needs non-negative values: agent 2 has x = -2", "attribute", "t.csv", "--state", "x",
          "--indicator", "gini")
    fails(1, r"gini .*--baseline mean", "attribute", "t.csv", "--state", "x", "--indicator", "gini", "--baseline",
          "neutral")


@test
def test_tolerance_that_is_not_reached():
    crowd(agents=500)
    fails(1, r"tolerance 1e-10 was not reached with 2 nodes: efficiency residual \S+, .*Raise --nodes-max", "attribute",
          "crowd.parquet", "--state", "state", "--indicator", "entropy", "--nodes-max", "2", "--out", "run")


@test
def test_places_that_cannot_be_written():
    put("t.csv", TABLE)
    common = ["attribute", "t.csv", "--state", "x", "--out"]
    fails(1, r"no/such/run cannot be written: the folder no/such: No such file", *common, "no/such/run")
    fails(1, r"t\.csv/run cannot be written", *common, "t.csv/run")
    fails(1, r"/proc/run cannot be written", *common, "/proc/run")
    generate = ["generate", "bluesky", "--agents", "10", "--out"]
    fails(1, r"cannot be written: No such file", *generate, "no/such.csv")
    pathlib.Path("folder.csv").mkdir()
    fails(1, r"folder\.csv cannot be written: it is a directory", *generate, "folder.csv", "--force")
    fails(1, r"t\.csv exists already", *generate, "t.csv")


@test
def test_files_without_permission():
    if os.geteuid() == 0:
        raise Skip("root may read and write everything")
    put("t.csv", TABLE)
    os.chmod("t.csv", 0)
    try:
        fails(1, r"t\.csv cannot be read: Permission denied", "attribute", "t.csv", "--state", "x")
    finally:
        os.chmod("t.csv", 0o600)
    pathlib.Path("locked").mkdir(mode=0o500)
    fails(1, r"cannot be written: .*Permission denied", "attribute", "t.csv", "--state", "x", "--out", "locked/run")


# ---- full disks, interruptions -----------------------------------------------------------------------------------


@test
def test_full_disk():
    crowd(agents=20000)
    args = ["attribute", "crowd.parquet", "--state", "state", "--id", "id"]
    ok(*args, "--out", "run", "--top", "1")
    fails(1, r"cannot be written: .*(File too large|space)", *args, "--out", "other", limit=20000)
    fails(1, r"cannot be written: .*(File too large|space)", *args, "--out", "run", "--force", limit=20000)
    fails(1, r"cannot be written: .*(File too large|space)", "generate", "bluesky", "--agents", "30000", "--out",
          "new.parquet", limit=20000)


@test
def test_full_disk_behind_stdout():
    if not os.path.exists("/dev/full"):
        raise Skip("there is no /dev/full")
    put("t.csv", TABLE)
    for args in (["attribute", "t.csv", "--state", "x"], ["attribute", "t.csv", "--state", "x", "--json"], ["list"],
                 ["--help"], ["attribute", "--help"], ["list", "--json"], ["--version"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([THRONG, *args], stdout=full, stderr=subprocess.PIPE, env=PLAIN, text=True)
        assert done.returncode == 1, args
        assert done.stderr == "throng: standard output cannot be written: No space left on device.\n", done.stderr


@test
def test_a_reader_that_leaves_early():
    crowd(agents=3000, days=3)
    args = "attribute crowd.parquet --state state --id id --time day --json --top 2000"
    done = subprocess.run(["sh", "-c", f'"{THRONG}" {args} | head -c 1'], capture_output=True, env=PLAIN)
    assert done.stdout == b"{" and done.stderr == b""


def interrupt(args, number, wait_for, timeout=60):
    """Sends a signal as soon as a file matching a pattern is there; returns exit code and what stderr said."""
    running = subprocess.Popen([THRONG, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN)
    end = time.monotonic() + timeout
    while running.poll() is None and time.monotonic() < end and not list(pathlib.Path(".").rglob(wait_for)):
        time.sleep(0.002)
    assert running.poll() is None, f"{args} was done before it could be interrupted"
    running.send_signal(number)
    out, err = running.communicate(timeout=timeout)
    assert out == b"" or number == signal.SIGKILL, out
    return running.returncode, err.decode()


def large_crowd():
    return crowd("large.parquet", agents=400000, days=6)


@test
def test_ctrl_c():
    large_crowd()
    args = ["attribute", "large.parquet", "--state", "state", "--id", "id", "--time", "day", "--weight", "followers"]
    ok(*args, "--where", "id < 100", "--out", "run")
    before = listing()
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        got, said = interrupt([*args, "--out", "run", "--force"], number, "run.tmp-*/*attribution.parquet*")
        assert got == code, (got, said)
        assert re.fullmatch(r"throng: stopped; [^\n]*\n", said), said
        assert listing() == before, set(listing()) ^ set(before)


@test
def test_ctrl_c_while_generating():
    before = listing()
    code, shown = on_terminal(["generate", "bluesky", "--agents", "2e7", "--days", "2", "--out", "x.parquet"],
                              until=rb"generating|writing|making|\d")
    assert code == 130 and "throng: stopped" in shown, (code, shown)
    assert listing() == before


@test
def test_ctrl_c_while_waiting_for_input():
    running = subprocess.Popen([THRONG, "attribute", "-", "--state", "x"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN)
    running.stdin.write(b"x\n1\n")
    running.stdin.flush()
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, b""), (running.returncode, err)
    assert err.startswith(b"throng: stopped"), err
    assert listing() == {}


@test
def test_kill_leaves_the_earlier_run_alone():
    large_crowd()
    args = ["attribute", "large.parquet", "--state", "state", "--id", "id", "--time", "day"]
    ok(*args, "--where", "id < 100", "--out", "run")
    before = listing()
    code, _ = interrupt([*args, "--out", "run", "--force"], signal.SIGKILL, "run.tmp-*/*attribution.parquet*")
    assert code == -signal.SIGKILL
    after = listing()
    assert {path: after[path] for path in before} == before
    left = set(after) - set(before)
    assert left and all(path.startswith("run.tmp-") for path in left), left
    # The next run to the same place removes it, but not what somebody else keeps under such a name.
    os.mkdir("run.tmp-1")
    put("run.tmp-1/mine.txt", "x")
    ok(*args, "--where", "id < 100", "--out", "run", "--force")
    left = [path for path in listing() if path.startswith("run.tmp-")]
    assert left == ["run.tmp-1", "run.tmp-1/mine.txt"], left


# ---- running them ------------------------------------------------------------------------------------------------



@test
def test_columns_beyond_the_memory_are_in_files_and_nothing_else_changes():
    crowd = ["attribute", "--generate", "uniform", "--agents", 5_000_000, "--indicator", "variance"]
    parts = [report(*crowd, *memory) for memory in ([], ["--memory", 50])]
    for one in parts:
        del one["timings"], one["provenance"]
    assert parts[0] == parts[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
