#!/usr/bin/env python3
"""Mechanisms: deciding on numbers and tables, checks, best replies, and what is refused.

Use: tests/cli/test_mechanism.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import sys

from harness import BUILD, Skip, fails, main, ok, put, report, test


@test
def test_decides():
    got = report("mechanism", "uniform-phantom", 0, 0.1, 0.9)
    assert got["mechanism"] == "uniform-phantom" and abs(got["outcome"]["place"] - 1 / 3) < 1e-15 and got["outcome"]["agents"] == 3
    assert abs(got["outcome"]["welfare"] - 28 / 15) < 1e-12 and abs(got["outcome"]["best_cost"] - 0.9) < 1e-12
    put("votes.csv", "who,report\na,0\nb,0.1\nc,0.9\n")
    assert report("mechanism", "uniform-phantom", "--reports", "votes.csv")["outcome"] == got["outcome"]
    put("bids.csv", "bid,day\n0.5,1\n0.7,1\n1,2\n")
    got = report("mechanism", "second-price", "--reports", "bids.csv", "--column", "bid", "--where", "day = 1")
    assert got["outcome"] == {"agents": 2, "winner": 2, "payment": 0.5}
    assert "agent 2 gets it and pays 0.5" in ok("mechanism", "second-price", 0.5, 0.7)


@test
def test_checks():
    got = report("mechanism", "median", "--check", 100, "--agents", 6)
    axioms = {one["axiom"]: one for one in got["axioms"]}
    assert axioms["strategyproof"]["holds"] and axioms["strategyproof"]["promised"] and axioms["strategyproof"]["tried"] == 700
    unfair = axioms["proportionally-fair"]
    assert not unfair["holds"] and not unfair["promised"] and len(unfair["example"]) == 6 and unfair["worst"] > 0.1
    assert got["welfare_ratio"]["worst"] == 1 and got == report("mechanism", "median", "--check", 100, "--agents", 6)
    shown = ok("mechanism", "average", "--check", 100, "--best-replies", "--agents", 5, "--like", "uniform-phantom")
    assert "BROKEN" in shown and "gains by saying" in shown and "from what uniform-phantom makes of the truth" in shown, shown


@test
def test_what_fails():
    fails(2, "which mechanism", "mechanism")
    fails(2, 'no mechanism "medain".*"median"', "mechanism", "medain", 0.5)
    fails(2, "give reports", "mechanism", "median")
    fails(2, "not both", "mechanism", "median", 0.5, "--reports", "x.csv")
    fails(2, r'numbers from 0 to 1, got "votes.csv"', "mechanism", "median", "votes.csv")
    fails(2, r"agent 2 is 1\.5", "mechanism", "median", 0.5, 1.5)
    fails(2, "--like compares", "mechanism", "median", 0.5, "--like", "average")
    fails(2, "at must be", "mechanism", "phantom:at=3", 0.5)
    fails(1, "decides no place", "mechanism", "first-price", 0.5, "--best-replies")
    put("bad.csv", "report\n0.5\nmuch\n")
    put("gap.csv", "report,x\n0.5,1\n,2\n")
    put("none.csv", "report,x\n0.5,1\n")
    fails(1, "much", "mechanism", "median", "--reports", "bad.csv")
    fails(2, "agent 2 is nan", "mechanism", "median", "--reports", "gap.csv")
    fails(1, "no rows", "mechanism", "median", "--reports", "none.csv", "--where", "x > 1")
    fails(1, 'column "vote"', "mechanism", "median", "--reports", "none.csv", "--column", "vote")


@test
def test_plugin():
    plugin = BUILD / "examples/plugin_mechanism.so"
    if not plugin.exists():
        raise Skip("the example plug-in is not built")
    assert report("mechanism", "midrange", 0.1, 0.2, 0.9, "--plugin", plugin)["outcome"]["place"] == 0.5
    found = {one["axiom"]: one for one in report("mechanism", "midrange", "--check", 500, "--plugin", plugin)["axioms"]}
    assert found["efficient"]["holds"] and not found["strategyproof"]["promised"] and not found["strategyproof"]["holds"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
