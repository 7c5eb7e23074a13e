#!/usr/bin/env python3
"""Cohorts from outside: nested, from a second table, and as players.

Use: tests/cli/test_cohorts.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import itertools
import json
import math
import re
import sys

from harness import crowd, fails, listing, main, ok, put, report, test

PEOPLE = "id,x,w\na,1,5\nb,-2,1\nc,0.5,3\nd,3,1\ne,-1,2\nf,2,2\n"
MEMBERS = "name,party,chamber\nf,Tory,Lords\na,Labour,Commons\nz,Nobody,None\nb,Tory,Commons\nc,Labour,Commons\n" \
          "d,Tory,Lords\ne,Labour,Lords\nz,Nobody,None\n"
JOINED = ("attribute", "people.csv", "--state", "x", "--id", "id", "--cohort-table", "members.csv", "--cohort-key",
          "name")


def tables():
    put("people.csv", PEOPLE)
    put("members.csv", MEMBERS)


def flat(cohorts, depth=0):
    """All rows of a tree, with their depth, outer ones first."""
    for one in cohorts:
        yield depth, one
        yield from flat(one.get("cohorts", []), depth + 1)


@test
def test_second_table():
    tables()
    it = report(*JOINED, "--cohort-by", "party")
    assert [(one["name"], one["agents"]) for one in it["cohorts"]] == [("Labour", 3), ("Tory", 3)]
    assert it["agents_unlisted"] == 0 and it["columns"]["cohort"] == "party"
    by_id = {one["id"]: one for one in it["top"]}
    assert by_id["a"]["cohort"] == "Labour" and by_id["f"]["cohort"] == "Tory"
    assert it["cohorts"][0]["phi"] == by_id["a"]["phi"] + by_id["c"]["phi"] + by_id["e"]["phi"]
    assert len(it["provenance"]["inputs"]) == 2
    # numbers are cut; and the key is called as the id is
    put("ages.csv", "id,age\na,20\nb,30\nc,40\nd,50\ne,60\nf,70.5\n")
    it = report(*JOINED[:6], "--cohort-table", "ages.csv", "--cohort-by", "age", "--cuts", "0.5")
    assert [(one["name"], one["agents"]) for one in it["cohorts"]] == [("above", 3), ("below", 3)]
    assert "agents_unlisted" not in report(*JOINED[:6])
    # the ids themselves
    it = report(*JOINED, "--cohort-by", "party", "--cohort-by", "name")
    assert [one["name"] for one in it["cohorts"][1]["cohorts"]] == ["Tory/b", "Tory/d", "Tory/f"]


@test
def test_agents_that_are_not_in_it():
    tables()
    put("members.csv", MEMBERS.replace("\nb,", "\nbob,").replace("\nd,", "\ndan,"))
    fails(1, r"2 of 6 agents are not in the cohort table, b the first: no row has it in column \"name\"", *JOINED,
          "--cohort-by", "party")
    it = report(*JOINED, "--cohort-by", "party", "--cohort-missing", "none")
    assert [(one["name"], one["agents"]) for one in it["cohorts"]] == [("Labour", 3), ("Tory", 1), ("(none)", 2)]
    assert it["agents_unlisted"] == 2 and any("2 of 6 agents are not in the cohort table, but in" in one for one in it["notes"])


@test
def test_what_is_refused():
    tables()
    by = ("--cohort-by", "party")
    put("members.csv", MEMBERS + "a,Tory,Lords\n")
    fails(1, r'Row 9 of the cohort table: name "a" is there already, in row 2\. An agent has one cohort', *JOINED, *by)
    put("members.csv", MEMBERS)
    fails(2, "--cohort-table needs --cohort-by", *JOINED)
    fails(2, "--cohort-table is matched by ids: it needs --id", *JOINED[:4], *JOINED[6:], *by)
    fails(2, "--cohort-key .* name it with --cohort-table", *JOINED[:6], "--cohort-key", "name", *by)
    fails(2, "--cohort-missing .* name it with --cohort-table", *JOINED[:6], "--cohort-missing", "none", *by)
    fails(2, "may name at most 4 columns", *JOINED, *(part for name in "abcde" for part in ("--cohort-by", name)))
    fails(2, 'names the column "party" twice', *JOINED, *by, "--cohort-by", "chamber", *by)
    fails(1, 'no column "parti".* Did you mean "party"', *JOINED, "--cohort-by", "parti")
    fails(1, "nowhere.csv", *JOINED[:6], "--cohort-table", "nowhere.csv", *by)
    put("members.csv", "name,party\n1,x\n")
    fails(1, 'Column "name" of the cohort table holds whole numbers, but the agents\' ids are text', *JOINED, *by)
    fails(2, "A panel is credited agent by agent: leave out --players cohorts", "panel", "people.csv", "--state", "x",
          "--size", "3", "--players", "cohorts")
    fails(2, "leave out --players cohorts", "aggregates", "people.csv", "--state", "x", "--players", "cohorts",
          "--out", "a.json")
    fails(2, 'must be one of agents, cohorts, got "cohort". Did you mean "cohorts"', *JOINED[:4], "--players", "cohort")


@test
def test_nested():
    tables()
    args = (*JOINED, "--cohort-by", "party", "--cohort-by", "chamber")
    it = report(*args, "--out", "run")
    rows = list(flat(it["cohorts"]))
    assert [(depth, one["name"], one["agents"]) for depth, one in rows] == [
        (0, "Labour", 3), (1, "Labour/Commons", 2), (1, "Labour/Lords", 1),
        (0, "Tory", 3), (1, "Tory/Commons", 1), (1, "Tory/Lords", 2)]
    assert rows[1][1]["meaning"] == "party is Labour, chamber is Commons" and it["columns"]["cohort"] == "party/chamber"
    for _, one in rows:
        inner = one.get("cohorts")
        assert not inner or one["phi"] == sum(two["phi"] for two in inner) and one["share"] != 0
    assert abs(sum(one["share"] for one in it["cohorts"]) - 1) < 1e-12
    assert it["top"][0]["cohort"].count("/") == 1
    # the table beside it says the same
    written = report("attribute", "run/cohorts.parquet", "--state", "phi", "--id", "cohort", "--weight", "agents",
                     "--indicator", "mean", "--where", "depth=1")
    assert written["agents"] == 4 and {one["id"]: one["state"] for one in written["top"]} == {
        one["name"]: one["phi"] for depth, one in rows if depth == 1}
    # a column of the table itself, and the text: inner ones indented, with their own part of the name
    put("one.csv", "id,x,side,w\n" + "".join(f"{i},{i % 7},{'lr'[i % 2]},{i}\n" for i in range(100)))
    text = ok("attribute", "one.csv", "--state", "x", "--cohort-by", "side", "--cohort-by", "w", "--cuts", "0.9")
    assert re.search(r"^l +side is l +50 ", text, re.M) and re.search(r"^  above +top 10 % by w +5 ", text, re.M), text
    # again from its own study file
    ok("run", "run/study.yaml", "--out", "again")
    assert listing("run")["run/cohorts.parquet"] == listing("again")["again/cohorts.parquet"]
    assert "The run holds" in ok("verify", "run")


@test
def test_names_that_read_the_same():
    put("t.csv", "id,x,a,b,t\n1,1,p,q/r,one\n2,2,p/q,r,one\n3,4,p,q,two\n1,4,p/q,q,(change)\n")
    it = report("attribute", "t.csv", "--state", "x", "--id", "id", "--time", "t", "--cohort-by", "a", "--cohort-by", "b",
                "--out", "run")
    assert [(depth, one["name"]) for depth, one in flat(it["cohorts"])] == [
        (0, "p"), (1, "p/q"), (1, "p/q/r"), (0, "p/q"), (1, "p/q/q"), (1, "p/q/r")]
    assert "The run holds" in ok("verify", "run")


@test
def test_times_and_errors():
    crowd("c.parquet", agents=400, days=3)
    args = ("attribute", "c.parquet", "--state", "state", "--id", "id", "--time", "day", "--weight", "followers",
            "--cohort-by", "followers", "--indicator", "bimodality")
    it = report(*args, "--method", "shapley-sampled:permutations=40", "--out", "run")
    for where in (it, *it["by_time"]):
        for one in where["cohorts"]:
            half = where["certificate"]["interval"] * one["standard_error"]
            assert abs(one["high"] - one["phi"] - half) <= 1e-9 * abs(half) and one["low"] <= one["phi"] <= one["high"]
    written = report("attribute", "run/cohorts.parquet", "--state", "standard_error", "--id", "cohort", "--indicator",
                     "mean", "--time", "time", "--top", "3")
    assert [one["time"] for one in written["by_time"]] == ["(change)", "1", "2", "3"]
    for ours, theirs in zip(written["by_time"], (it, *it["by_time"])):
        assert {one["id"]: one["state"] for one in ours["top"]} == {
            one["name"]: one["standard_error"] for one in theirs["cohorts"]}
    assert "95 % +-" in ok(*args, "--method", "owen-sampled:draws=4")
    # methods that do not sample, and one that cannot tell
    for method in ("aumann-shapley", "oceanic:atoms=20"):
        it = report(*args, "--method", method, "--out", "run", "--force")
        assert "standard_error" not in it["cohorts"][0] and "low" not in it["by_time"][0]["cohorts"][0]
        fails(1, 'no column "standard_error"', "attribute", "run/cohorts.parquet", "--state", "standard_error")


def variance(states):
    mean = sum(states) / len(states)
    return sum((x - mean) ** 2 for x in states) / len(states)


@test
def test_players():
    tables()
    args = (*JOINED, "--cohort-by", "party", "--cohort-by", "chamber", "--indicator", "variance", "--players", "cohorts")
    it = report(*args, "--method", "shapley-exact", "--out", "run")
    assert it["players"] == "cohorts" and not {"top", "concentration"} & (set(it) | set(it["by_time"][0]))
    assert sorted(listing("run")) == ["run/cohorts.parquet", "run/report.json", "run/study.yaml"]
    # against all orders of cohorts: whoever is absent is at the baseline, 0
    x = {row.split(",")[0]: float(row.split(",")[1]) for row in PEOPLE.split()[1:]}
    members = {}
    for row in MEMBERS.split()[1:]:
        name, party, chamber = row.split(",")
        members.setdefault(f"{party}/{chamber}", []).append(name)
    groups = [name for name in sorted(members) if name != "Nobody/None"]

    def value(coalition):
        present = {name for group in coalition for name in members[group]}
        return variance([x[name] if name in present else 0.0 for name in x])

    wanted = dict.fromkeys(groups, 0.0)
    for order in itertools.permutations(groups):
        for at, group in enumerate(order):
            wanted[group] += (value(order[:at + 1]) - value(order[:at])) / math.factorial(len(groups))
    found = {one["name"]: one["phi"] for depth, one in flat(it["cohorts"]) if depth == 1}
    assert found.keys() == wanted.keys()
    assert all(abs(found[name] - wanted[name]) < 1e-14 for name in groups), (found, wanted)
    text = ok(*args, "--method", "shapley-sampled", "--out", "text")
    assert "top agents" not in text and "concentration" not in text and "cohort by cohort" in text
    assert "no agent has credit of its own" in text.replace("\n            ", " ")
    assert "report.json, cohorts.parquet, study.yaml" in text
    checks = json.loads(ok("verify", "run", "--json"))["checks"]
    assert [one["name"] for one in checks] == ["cohorts", "report", "inputs"]
    assert all(one["verdict"] == "holds" for one in checks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
