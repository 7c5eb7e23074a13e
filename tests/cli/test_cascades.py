#!/usr/bin/env python3
"""throng cascades: tables and crowds in, trees and credits out, every row counted.

Use: tests/cli/test_cascades.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py. Real cascades are below SHARED; the test that needs them is skipped where it is missing.
"""

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys

from harness import PLAIN, SOURCE, THRONG, Skip, fails, listing, main, ok, put, report, test

SHARED = pathlib.Path(os.environ.get("SHARED", SOURCE / "../shared"))
KNOWN = ("--agent", "user", "--id", "id", "--parent", "parent")
TREE = "id,user,t,parent\n1,ann,10,\n2,bob,11,1\n3,cyd,12,2\n4,ann,13,3\n5,dee,14,1\n6,eve,5,99\n"


def table(path):
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def adds_up(it):
    n = it["actions"]
    assert n["rows"] == n["actions"] + n["repeats"], n
    assert n["members"] == n["actions"] + n["unseen"], n
    assert n["members"] == n["starts"] + n["known"] + n["followed"] + n["assumed"], n
    assert n["starts"] == it["cascades"]["count"], it
    assert it["certificate"]["residual"] < 1e-12, it
    return it


# ---- what is printed and written --------------------------------------------------------------------------------------

@test
def test_known_parents():
    put("t.csv", TREE)
    it = adds_up(report("cascades", "t.csv", *KNOWN, "--time", "t"))
    assert it["actions"]["lost_parents"] == 1 and it["actions"]["unseen"] == 1, it
    assert it["top_cascades"][0] == {"cascade": 0, "root": "1", "agent": "ann", "size": 5, "depth": 3, "width": 2,
                                     "virality": 2.0}, it["top_cascades"]
    # ann is above all four, bob above cyd and ann's second, cyd above that: 1 + 1/2 + 1/3 + 1, 1/2 + 1/3, 1/3
    phi = {one["agent"]: one["phi"] for one in it["top_agents"]}
    assert abs(phi["ann"] - 17 / 6) < 1e-12 and abs(phi["bob"] - 5 / 6) < 1e-12 and abs(phi["cyd"] - 1 / 3) < 1e-12, phi
    assert it["certificate"]["reach"] == 4


@test
def test_tables():
    put("t.csv", TREE)
    printed = ok("cascades", "t.csv", *KNOWN, "--out", "run", "--format", "csv")
    assert "written     run: report.json, cascades.csv, members.csv, agents.csv" in printed
    assert sorted(listing("run")) == ["run/agents.csv", "run/cascades.csv", "run/members.csv", "run/report.json"]
    members, agents, trees = table("run/members.csv"), table("run/agents.csv"), table("run/cascades.csv")
    assert [one["id"] for one in members] == ["1", "2", "3", "4", "5", "6", "99"]
    assert [one["row"] for one in members] == ["1", "2", "3", "4", "5", "6", "0"]
    assert [one["parent"] for one in members] == ["-1", "0", "1", "2", "0", "6", "-1"]
    assert [one["depth"] for one in members] == ["0", "1", "2", "3", "1", "1", "0"]
    assert [one["link"] for one in members] == ["start"] + ["known"] * 5 + ["start"]
    assert members[6]["agent"] == "(unknown)"
    assert abs(sum(float(one["phi"]) for one in agents) - 4) < 1e-12 and len(agents) == 5, agents
    assert [one["size"] for one in trees] == ["5", "2"]
    # again: only with force; and as Parquet, which throng itself reads
    fails(1, "exists already", "cascades", "t.csv", *KNOWN, "--out", "run")
    fails(1, "run is of cascades: only attributions can be verified", "verify", "run")
    ok("cascades", "t.csv", *KNOWN, "--out", "run", "--force", "--quiet")
    assert sorted(listing("run")) == ["run/agents.parquet", "run/cascades.parquet", "run/members.parquet",
                                      "run/report.json"]
    it = report("attribute", "run/agents.parquet", "--id", "agent", "--state", "phi", "--indicator", "gini")
    assert it["agents"] == 5
    assert json.loads(pathlib.Path("run/report.json").read_text())["provenance"]["command"].startswith("throng cascades")


@test
def test_unknown_numbers_are_minus_one():
    put("t.csv", "id,user,parent\n1,7,\n2,8,9\n")
    ok("cascades", "t.csv", *KNOWN, "--out", "run", "--format", "csv")
    assert [one["agent"] for one in table("run/cascades.csv")] == ["7", "-1"]


@test
def test_follows():
    put("t.csv", "url,user,t\nu,a,1\nu,b,2\nu,c,3\nu,d,9\nu,e,\nu,b,1\n")
    put("e.csv", "source,target\nc,a\nc,b\nd,c\ne,d\nz,a\n")
    options = ("cascades", "t.csv", "--agent", "user", "--item", "url", "--time", "t", "--edges", "e.csv")
    it = adds_up(report(*options))
    # b's earlier row counts: at the time of a, but in a later row
    assert it["actions"]["repeats"] == 1 and it["actions"]["untimed"] == 1 and it["actions"]["edges_of_strangers"] == 1
    assert (it["actions"]["followed"], it["actions"]["assumed"]) == (2, 2), it["actions"]
    assert it["top_cascades"][0]["depth"] == 3, it["top_cascades"]
    near = adds_up(report(*options, "--within", 5))
    assert (near["actions"]["followed"], near["actions"]["assumed"]) == (1, 3), near["actions"]
    apart = adds_up(report(*options, "--unexplained", "apart"))
    assert apart["cascades"]["count"] == 3, apart["cascades"]
    other = adds_up(report(*options, "--source", "target", "--target", "source"))
    assert other["actions"]["followed"] == 0
    some = adds_up(report(*options, "--edges-where", "target <> 'c'", "--where", "t < 9"))
    assert some["actions"]["rows"] == 4 and some["actions"]["followed"] == 1, some["actions"]


@test
def test_a_crowd():
    def event(who, n, kind, record):
        return json.dumps({"did": f"did:plc:{who * 24}", "time_us": 1732206349000000 + n, "kind": "commit",
                           "commit": {"operation": "create", "collection": f"app.bsky.{kind}", "rkey": f"k{n}",
                                      "record": record}})

    def uri(who, n, kind):
        return f"at://did:plc:{who * 24}/app.bsky.{kind}/k{n}"

    post, repost = uri("a", 1, "feed.post"), uri("b", 2, "feed.repost")
    subject = {"uri": post, "cid": "x"}
    put("e.ndjson", "\n".join([
        event("a", 1, "feed.post", {"text": "hello"}),
        event("b", 2, "feed.repost", {"subject": subject}),
        event("c", 3, "feed.repost", {"subject": subject, "via": {"uri": repost, "cid": "x"}}),
        event("d", 4, "graph.follow", {"subject": f"did:plc:{'c' * 24}"}),
        event("d", 5, "feed.repost", {"subject": subject}),
        event("e", 6, "feed.like", {"subject": subject}),
        event("e", 7, "feed.post", {"text": "re", "reply": {"parent": subject, "root": subject}}),
    ]) + "\n")
    ok("ingest", "bluesky", "e.ndjson", "--keep-ids", "--out", "crowd.duckdb")
    ok("cascades", "crowd.duckdb", "--out", "run", "--format", "csv")
    members = {one["agent"][-1]: one for one in table("run/members.csv")}
    assert len(members) == 5, members
    who = {one["member"]: one["agent"][-1] for one in members.values()}
    assert {name: who.get(one["parent"]) for name, one in members.items()} == {
        "a": None, "b": "a", "c": "b", "d": "c", "e": "a"}, members
    assert [members[name]["link"] for name in "abcde"] == ["start", "assumed", "known", "followed", "known"], members


@test
def test_threads_change_no_byte():
    lines = ["url,user,t"] + [f"{i * i % 977},{i * 7919 % 501},{i * 31 % 2003}" for i in range(20000)]
    edges = ["source,target"] + [f"{i % 501},{i * i % 499}" for i in range(5000)]
    put("t.csv", "\n".join(lines) + "\n")
    put("e.csv", "\n".join(edges) + "\n")
    for threads in (1, 3):
        ok("cascades", "t.csv", "--agent", "user", "--item", "url", "--time", "t", "--edges", "e.csv", "--threads", threads,
           "--out", f"run{threads}", "--format", "csv")
    for name in ("agents", "cascades", "members"):
        one, other = (pathlib.Path(f"run{threads}/{name}.csv").read_bytes() for threads in (1, 3))
        assert one == other, name


# ---- what is refused --------------------------------------------------------------------------------------------------

@test
def test_messages():
    put("t.csv", TREE)
    put("gap.csv", "user,url\na,x\n,x\n")
    put("none.csv", "user,url\n")
    put("when.csv", "user,url,t\na,x,noon\n")
    fails(2, "which actions", "cascades")
    fails(2, r"who acted \(agent\)", "cascades", "t.csv")
    fails(2, "its parent, or the item", "cascades", "t.csv", "--agent", "user")
    fails(2, r"\(id\)", "cascades", "t.csv", "--agent", "user", "--parent", "parent")
    fails(2, r"\(item\)", "cascades", "t.csv", *KNOWN, "--edges", "t.csv")
    fails(2, r"\(time\)", "cascades", "t.csv", "--agent", "user", "--item", "parent", "--within", "5")
    fails(2, "--within must be a number", "cascades", "t.csv", *KNOWN, "--within", "-1")
    fails(2, "item or apart", "cascades", "t.csv", *KNOWN, "--unexplained", "who")
    fails(2, "parquet or csv", "cascades", "t.csv", *KNOWN, "--format", "xlsx")
    fails(2, "Did you mean \"--parent\"", "cascades", "t.csv", "--parnet", "x")
    fails(1, "Did you mean \"parent\"", "cascades", "t.csv", "--agent", "user", "--item", "parnt")
    fails(1, "row 2, column \"user\"", "cascades", "gap.csv", "--agent", "user", "--item", "url")
    fails(1, "no actions", "cascades", "none.csv", "--agent", "user", "--item", "url")
    fails(1, "times are whole numbers, dates or timestamps", "cascades", "when.csv", "--agent", "user", "--item", "url",
          "--time", "t")
    fails(1, "cannot be read", "cascades", "missing.csv", "--agent", "user", "--item", "url")
    fails(1, "cannot be written", "cascades", "t.csv", *KNOWN, "--out", "no/where")


@test
def test_ctrl_c_leaves_nothing():
    before = listing()
    work = subprocess.Popen([THRONG, "cascades", "-", "--agent", "user", "--item", "url", "--time", "t", "--out", "run"],
                            env=PLAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # More than a pipe holds: once it is written, the program has begun to read.
    work.stdin.write(b"url,user,t\n" + b"".join(b"%d,%d,%d\n" % (i % 1000, i, i) for i in range(100000)))
    work.stdin.flush()
    work.send_signal(signal.SIGINT)
    out, err = work.communicate(timeout=120)
    assert work.returncode == 130 and out == b"" and err.startswith(b"throng: stopped"), (work.returncode, out, err)
    assert listing() == before


# ---- real cascades ----------------------------------------------------------------------------------------------------

@test
def test_roots_of_real_cascades():
    lines = SHARED / "data/cascades/christianity.cascades.tsv"
    if not lines.exists():
        raise Skip(f"{lines} is not there")
    rows = [line.split() for line in lines.read_text().splitlines() if not line.startswith("#")]
    put("c.csv", "cascade,user,time\n" + "".join(f"{c},{user},{t}\n" for c, _, user, t in rows))
    ok("cascades", "c.csv", "--agent", "user", "--item", "cascade", "--time", "time", "--out", "run", "--format", "csv")
    trees = table("run/cascades.csv")
    assert [one["agent"] for one in trees] == [user for _, _, user, t in rows if t == "-1"]
    assert len(trees) == 589 and sum(int(one["size"]) for one in trees) == 15327


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
