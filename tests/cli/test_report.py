#!/usr/bin/env python3
"""throng report, throng show, throng diff: what they write of runs of every kind, and of broken ones.

Use: tests/cli/test_report.py [WORD ...]     (only tests whose name contains a word)
"""

import base64
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile

from harness import Skip, crowd, fails, main, ok, put, test, throng

COLUMNS = ["--state", "state", "--id", "id", "--weight", "followers"]
WORLD = ["--generate", "uniform", "--agents", 60, "--graph-model", "watts-strogatz", "--world", "bounded-confidence",
         "--steps", 6]


def page(run, *options):
    """Makes the page of a run; gives its text and what stands in it as data."""
    done = throng("report", run, *options)
    if "built without its web pages" in done.err:
        raise Skip("throng was built without npm")
    assert done.code == 0 and done.err == "", done.err
    path = options[options.index("-o") + 1] if "-o" in options else f"{run}/report.html"
    text = pathlib.Path(path).read_text()
    return text, json.loads(re.search(r'id="throng-report">(.*?)</script>', text, re.S).group(1))


MADE = tempfile.TemporaryDirectory(prefix="throng-runs-")


def make_runs():
    """A run of every kind, by name; computed once."""
    if not os.listdir(MADE.name):
        home = os.getcwd()
        os.chdir(MADE.name)
        compute_runs()
        os.chdir(home)
    shutil.copytree(MADE.name, ".", dirs_exist_ok=True)
    return ["table", "times", "panel", "world", "simulation", "sweep", "intervention"]


OTHERS = ["solution", "cascades"]  # runs that have no study, and are not of an indicator


def compute_runs():
    crowd("one.parquet", agents=400)
    crowd("days.parquet", agents=400, days=3)
    put("acts.csv", "user,id,time,item\n" + "".join(f"u{i * i % 17},a{i},{i},p{i % 5}\n" for i in range(60)))
    makers = {
        "table": ["attribute", "one.parquet", *COLUMNS],
        "times": ["attribute", "days.parquet", *COLUMNS, "--time", "day"],
        "panel": ["panel", "days.parquet", *COLUMNS, "--time", "day", "--size", 20, "--draws", 10],
        "world": ["attribute", *WORLD],
        "simulation": ["simulate", *WORLD, "--record-every", 1],
        "sweep": ["simulate", *WORLD, "--sweep", "world.confidence=0.1:0.5:3", "--repetitions", 2],
        "intervention": ["intervene", *WORLD, "--target", "-10%", "--budget", 0.5],
        "solution": ["solve", "kuhn", "--tolerance", 0.1],
        "cascades": ["cascades", "acts.csv", "--agent", "user", "--id", "id", "--time", "time", "--item", "item"],
    }
    for name, arguments in makers.items():
        ok(*arguments, "--out", name, "--quiet")


def total(columns, key):
    return sum(columns[key])


def near(a, b, scale):
    return abs(a - b) <= 1e-7 * max(abs(scale), 1e-300)  # a page has nine digits


# ---- report ----------------------------------------------------------------------------------------------------------


@test
def test_pages_of_every_kind_have_their_figures():
    expected = {
        "table": {"phi_by_weight", "phi_by_state"}, "times": {"phi_by_weight", "phi_by_state"},
        "panel": {"phi_by_weight", "phi_by_state"}, "world": {"phi_by_state", "cohort_steps", "agent_steps"},
        "simulation": {"state_steps"}, "sweep": set(), "intervention": {"dampened"},
        "solution": set(), "cascades": set(),
    }
    for run in make_runs() + OTHERS:
        _, data = page(run)
        report = json.loads(pathlib.Path(run, "report.json").read_text())
        study = None if run in OTHERS else pathlib.Path(run, "study.yaml").read_text()
        assert data["name"] == run and data["study"] == study
        assert len(report["answer"]["text"]) > 40 and data["report"]["answer"]["text"] == report["answer"]["text"]
        assert data["report"].keys() == report.keys(), run
        assert report["cite"][-1]["for"] == "software" and len(report["cite"]) > 1, (run, report["cite"])
        assert set(data["figures"]) == expected[run] | {"problems"}, (run, set(data["figures"]))
        assert data["figures"]["problems"] == [], data["figures"]["problems"]
        for name in expected[run]:
            lengths = {len(values) for values in data["figures"][name].values()}
            assert len(lengths) == 1 and lengths.pop() > 0, (run, name)


@test
def test_bins_lose_nobody_and_no_credit():
    make_runs()
    for run in ("table", "times", "world"):
        _, data = page(run)
        last = json.loads(pathlib.Path(run, "report.json").read_text())["by_time"][-1]
        for name in {"phi_by_weight", "phi_by_state"} & set(data["figures"]):
            bins = data["figures"][name]
            assert total(bins, "agents") == last["agents"], (run, name)
            phi = last["certificate"]["sum_phi"]
            assert near(total(bins, "phi"), phi, phi), (run, name, total(bins, "phi"), phi)
            assert all(a <= b for a, b in zip(bins["x1"], bins["x2"])), (run, name)
            # A cell's mean credit lies within its edges.
            for low, high, n, credit in zip(bins["y1"], bins["y2"], bins["agents"], bins["phi"]):
                slack = 1e-6 * max(abs(low), abs(high))
                assert low - slack <= credit / n <= high + slack, (run, name, low, high, credit / n)
    world = page("world")[1]
    steps = {}
    for step, phi in zip(world["figures"]["cohort_steps"]["step"], world["figures"]["cohort_steps"]["phi"]):
        steps[step] = steps.get(step, 0) + phi
    whole = world["report"]["certificate"]["sum_phi"]
    for one in world["report"]["world"]["by_step"]:
        assert "phi" not in one or near(steps[one["step"]], one["phi"], whole), one
    sums = {}
    for who, phi in zip(world["figures"]["agent_steps"]["id"], world["figures"]["agent_steps"]["phi"]):
        sums[who] = sums.get(who, 0) + phi
    for one in world["report"]["top"]:
        assert near(sums[str(one["id"])], one["phi"], whole), one


@test
def test_page_needs_nothing_from_anywhere():
    ok("attribute", crowd(), *COLUMNS, "--out", "run", "--quiet")
    text, _ = page("run")
    outside = re.sub(r"<script.*?</script>|<style>.*?</style>", "", text, flags=re.S)
    assert "http" not in outside.replace("http-equiv", "") and "src=" not in outside and "<link" not in outside, outside
    script = re.search(r'<script type="module">(.*?)</script>', text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'; style-src" in outside, "another script could run"
    assert "@import" not in text and "url(" not in re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    assert len(text) < 3_000_000


@test
def test_names_cannot_leave_the_data():
    bad = '</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>'
    rows = "".join(f'"{bad}{i}",{i / 10},{1 + i},"{bad}"\n' for i in range(8))
    put("bad.csv", f"id,state,w,side\n{rows}")
    ok("attribute", "bad.csv", "--state", "state", "--id", "id", "--weight", "w", "--cohort-by", "side", "--out", "run",
       "--quiet")
    text, data = page("run")
    assert data["report"]["top"][0]["id"].startswith(bad)
    assert text.count("<script") == 2 and "<img" not in text, "markup from a name"
    assert "alert(1)" in text


@test
def test_page_goes_where_it_is_told():
    ok("attribute", crowd(), *COLUMNS, "--out", "run", "--quiet")
    page("run")
    said = ok("report", "run")
    assert re.match(r"run/report\.html: \d+ kB, open it in a browser\n", said), said
    page("run", "-o", "page.html")
    fails(1, r"page\.html exists already.*--force", "report", "run", "-o", "page.html")
    page("run", "-o", "page.html", "--force")
    os.mkfifo("pipe")
    fails(1, "pipe cannot be written: it is a device or a pipe", "report", "run", "-o", "pipe", "--force")
    fails(1, r"nowhere/page\.html cannot be written", "report", "run", "--out", "nowhere/page.html")
    # A page is part of its run directory, which may be replaced with it.
    ok("attribute", "crowd.parquet", *COLUMNS, "--out", "run", "--quiet", "--force")
    assert not pathlib.Path("run/report.html").exists()


@test
def test_damaged_tables_are_told_on_the_page():
    make_runs()
    put("world/steps.parquet", "no parquet")
    _, data = page("world")
    assert set(data["figures"]) == {"phi_by_state", "problems"}
    assert len(data["figures"]["problems"]) == 2 and "steps.parquet cannot be drawn" in data["figures"]["problems"][0]
    pathlib.Path("times/attribution.parquet").unlink()
    gone = {"problems": ["attribution.parquet is not there: its charts are left out."]}
    assert page("times")[1]["figures"] == gone
    for name in ("attribution.parquet", "study.yaml", "report.json"):  # pipes, which nobody should wait for
        pathlib.Path(f"times/{name}").unlink(missing_ok=True)
        os.mkfifo(f"times/{name}")
        if name == "report.json":
            fails(1, "times/report.json cannot be read: it is not a file", "report", "times")
        else:
            data = page("times")[1]
            assert data["figures"] == gone and (data["study"] is None) == (name == "study.yaml")


@test
def test_verified_runs_have_deletion_curves():
    ok("attribute", crowd(agents=300), *COLUMNS, "--out", "run", "--quiet")
    assert page("run")[1]["verification"] is None
    ok("verify", "run")
    assert page("run")[1]["verification"]["deletion"][0]["order"] == "phi"


@test
def test_bad_run_directories_are_refused():
    pathlib.Path("empty").mkdir()
    put("file", "")
    commands = (["report"], ["show"], ["diff", "run"])
    ok("attribute", crowd(), *COLUMNS, "--out", "run", "--quiet")
    if throng("report", "run", "-o", "x.html").code:
        commands = commands[1:]
    for command in commands:
        fails(1, "nosuch cannot be read: No such file", *command, "nosuch")
        fails(1, "file is not a directory", *command, "file")
        fails(1, "empty is not a run directory: it has no report.json", *command, "empty")
    for text, message in (("", "damaged"), ("{", "damaged: line 1"), ("[]", "no"), ("{}", "no schema"),
                          ('{"schema": 99}', "another version"), ('{"schema": "1"}', "no schema")):
        put("empty/report.json", text)
        for command in commands:
            fails(1, message, *command, "empty")
    fails(2, "report needs one run directory, got 0", "report")
    fails(2, "show needs one run directory, got 2", "show", "run", "run")
    fails(2, "diff needs two run directories, got 1", "diff", "run")


# ---- show ------------------------------------------------------------------------------------------------------------


@test
def test_show_says_what_the_run_said():
    put("acts.csv", "user,time,item\n" + "".join(f"u{i % 7},{i},p{i % 3}\n" for i in range(30)))
    crowd("days.parquet", agents=400, days=3)
    for arguments in (["attribute", "days.parquet", *COLUMNS, "--time", "day"], ["attribute", *WORLD],
                      ["simulate", *WORLD], ["intervene", *WORLD, "--target", "-10%", "--budget", 0.5],
                      ["simulate", *WORLD, "--sweep", "world.confidence=0.1,0.3"],
                      ["cascades", "acts.csv", "--agent", "user", "--time", "time", "--item", "item"]):
        said = re.sub(r"written +run: [^\n]*\n", "", ok(*arguments, "--out", "run", "--force"))
        assert ok("show", "run") == said, arguments
    ok("attribute", "days.parquet", *COLUMNS, "--time", "day", "--out", "run", "--force", "--quiet")
    assert json.loads(ok("show", "run", "--json")) == json.loads(pathlib.Path("run/report.json").read_text())
    ok("verify", "run")
    assert re.search(r"verified +it holds; as agents fall silent:\n +by phi .* is left", ok("show", "run"))


@test
def test_runs_of_older_throngs_are_shown_without_an_answer():
    for run in make_runs():
        document = json.loads(pathlib.Path(run, "report.json").read_text())
        answer = document.pop("answer")
        said = " ".join(ok("show", run).split())
        assert said.startswith(answer["text"]), (run, said)
        put(f"{run}/report.json", json.dumps(document))
        old = " ".join(ok("show", run).split())
        assert old.startswith("(This run was made by an older throng"), old
        # The sentences, and the words that stand for them, are all that is gone.
        about = answer["about"] if answer["about"] in said else ""
        rest = said.removeprefix(answer["text"]).strip().removeprefix(about)
        rest = rest.replace(f"of the {answer.get('whole')}", "of the total")
        if "certificate" in answer:
            rest = rest.replace(answer["certificate"]["text"], "(of an older throng, not in words: see report.json)")
        assert rest in old, (run, rest, old)
        assert "answer" not in page(run)[1]["report"]


@test
def test_show_does_not_command_the_terminal():
    put("bad.csv", "id,state\n" + "".join(f"{i},{i / 3}\n" for i in range(6)))
    ok("attribute", "bad.csv", "--state", "state", "--id", "id", "--out", "run", "--quiet")
    report = json.loads(pathlib.Path("run/report.json").read_text())

    def poison(value):
        if isinstance(value, str):
            return "\x1b[31m\x07" + value
        if isinstance(value, list):
            return [poison(one) for one in value]
        return {key: poison(one) for key, one in value.items()} if isinstance(value, dict) else value

    put("run/report.json", json.dumps(poison(report)))
    for said in (ok("show", "run"), ok("diff", "run", "run")):
        assert "\x1b" not in said and "\x07" not in said, said


# ---- diff ------------------------------------------------------------------------------------------------------------


@test
def test_diff_says_what_changed():
    crowd()
    ok("attribute", "crowd.parquet", *COLUMNS, "--out", "a", "--quiet")
    ok("attribute", "crowd.parquet", *COLUMNS, "--baseline", "mean", "--out", "b", "--quiet")
    same = json.loads(ok("diff", "a", "a", "--json"))
    assert same["settings"] == [] and same["indicator"]["observed"]["change"] == 0
    assert all(one["share"]["change"] == 0 for one in same["cohorts"])
    assert all(one["rank"]["change"] == 0 for one in same["top"])
    it = json.loads(ok("diff", "a", "b", "--json"))
    assert it["settings"] == [{"a": "neutral", "b": "mean", "key": "indicator.baseline_kind"}]
    a, b = (json.loads(pathlib.Path(run, "report.json").read_text()) for run in "ab")
    for mine, theirs, entry in zip(a["cohorts"], b["cohorts"], it["cohorts"]):
        assert entry["cohort"] == theirs["name"]
        assert entry["share"] == {"a": mine["share"], "b": theirs["share"], "change": theirs["share"] - mine["share"]}
    ranks = {one["id"]: one["rank"] for one in a["top"]}
    for entry, theirs in zip(it["top"], b["top"]):
        assert entry["id"] == theirs["id"] and entry["rank"]["a"] == ranks.get(theirs["id"])
    listed = {one["id"] for one in a["top"]} | {one["id"] for one in b["top"]}
    assert {one["id"] for one in it["top"]} == listed
    said = ok("diff", "a", "b")
    assert re.search(r"indicator.baseline_kind +neutral -> mean", said), said


@test
def test_diff_of_sweeps_matches_settings():
    sweep = ["--sweep", "world.confidence=0.1,0.3", "--quiet"]
    ok("simulate", *WORLD, *sweep, "--out", "a")
    ok("simulate", *WORLD, "--sweep", "world.confidence=0.3,0.5", "--quiet", "--seed", 5, "--out", "b")
    points = json.loads(ok("diff", "a", "b", "--json"))["points"]
    assert [one["settings"]["world.confidence"] for one in points] == ["0.3", "0.5", "0.1"]
    assert points[0]["value"]["change"] is not None and points[1]["value"]["a"] is None


# ---- reports from anywhere -------------------------------------------------------------------------------------------


def places(value, path=()):
    """Every place in a document."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in entries:
        yield from places(one, (*path, key))


@test
def test_no_report_crashes_show_and_diff():
    dice = random.Random(7)
    wrong = [None, True, -1, 1e308, 10 ** 18, "", "x" * 3000, "\u00e9\u4e16" * 400, [], {}, [[]], {"a": [1]}]
    for run in make_runs() + OTHERS:
        text = pathlib.Path(run, "report.json").read_text()
        everywhere = [path for path in places(json.loads(text)) if path and path != ("schema",)]
        pathlib.Path("broken").mkdir(exist_ok=True)
        for _ in range(12):
            report = json.loads(text)
            for path in dice.sample(everywhere, min(len(everywhere), 1 + dice.randrange(4))):
                at = report
                try:
                    for key in path[:-1]:
                        at = at[key]
                    at[path[-1]] = dice.choice(wrong)
                except (KeyError, IndexError, TypeError):
                    pass  # an outer place is gone by now
            put("broken/report.json", json.dumps(report))
            for arguments in (["show", "broken"], ["diff", run, "broken"], ["diff", "broken", run]):
                done = throng(*arguments)
                assert done.code in (0, 1), f"{arguments} gave {done.code}: {done.err}; {text}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
