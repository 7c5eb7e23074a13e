#!/usr/bin/env python3
"""Which parts of a prompt move an answer, from the stand-in over HTTP: the numbers are in the study prompt-shapley, here are calls,
caches, budgets, and prompts that are wrong.

Use: tests/cli/test_attribute_prompt.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import json
import re
import sys

from harness import SOURCE, fails, main, ok, put, report, test, throng
from llm import server

STUDY = SOURCE / "studies/prompt-shapley"
OFFER = ["attribute-prompt", STUDY / "offer.txt", "--options", "yes,no"]
TEXT = ["attribute-prompt", "--prompt", "Take the cheap, long flight?", "--options", "yes,no"]
RULE = json.dumps({"choices": {"yes": 0, "no": 0}, "when": [{"contains": "cheap", "add": {"yes": 1}}, {"contains": "long", "add": {"yes": -1}},
                                                            {"contains": "the", "add": {"yes": 1}}]})


def at(it, *more):
    return ["--endpoint", it.url, "--model", "stand-in", "--concurrency", 64, *more]


def phi(got):
    return {part["name"]: part["phi"] for part in got["parts"]}


@test
def test_every_prompt_is_paid_for_once():
    with server("--script", STUDY / "noisy.json") as it:
        fails(1, "budget does not do", *OFFER, *at(it, "--max-calls", 100))
        got = report(*OFFER, *at(it, "--cache", "c"))
        assert (got["usage"]["calls"], got["prompts"]) == (512, 256) and abs(got["noise_share"] - 0.3) < 0.001, got
    dead = ["--endpoint", "http://127.0.0.1:1/v1", "--model", "stand-in", "--cache", "c", "--cache-mode", "strict"]
    again = report(*OFFER, *dead)
    assert {**again, "usage": 0} == {**got, "usage": 0} and again["usage"]["calls"] == 0
    other = report(*OFFER, *dead, "--option", "no")
    assert all(abs(other["parts"][i]["phi"] + got["parts"][i]["phi"]) < 1e-12 for i in range(8))
    drawn = report(*OFFER, *dead, "--method", "shapley-sampled:permutations=50")
    assert all(abs(a["phi"] - b["phi"]) < 5 * a["standard_error"] + 1e-12 for a, b in zip(drawn["parts"], got["parts"]))
    shown = ok(*OFFER, "--plan")
    assert shown == "8 parts, 256 prompts; with log-probabilities: 512 calls; by samples: 5,120 calls\n", shown


@test
def test_without_log_probabilities():
    put("rule.json", RULE)
    with server("--script", "rule.json", "--faults", "no_logprobs") as it:
        got = report(*TEXT, *at(it, "--samples", 50))
        assert got["usage"]["calls"] == 32 * 50 + 2, got["usage"]
        exact = phi(report(*TEXT, "--script", "rule.json"))
        for part in got["parts"]:
            assert part["standard_error"] > 0.01 and abs(part["phi"] - exact[part["name"]]) < 4.5 * part["standard_error"], part
        assert abs(got["certificate"]["sum_phi"] - got["everything"] + got["nothing"]) < 1e-12
    with server("--script", "rule.json", "--faults", "refuse=1") as it:
        done = throng(*TEXT, *at(it, "--samples", 2, "--no-logprobs"))
        assert done.code == 1 and "VOID: 100.0 % of the answers" in done.err and "token noise" in done.out, done.err


@test
def test_words():
    put("rule.json", RULE)
    got = report(*TEXT, "--script", "rule.json")
    assert [(part["name"], part["noise"]) for part in got["parts"]] == [
        ("Take", False), ("the", True), ("cheap,", False), ("long", False), ("flight?", False)]
    assert abs(phi(got)["the"] - phi(got)["cheap,"]) < 1e-12 and abs(phi(got)["Take"]) < 1e-12
    named = report(*TEXT, "--script", "rule.json", "--noise", "cheap,long")
    assert [part["noise"] for part in named["parts"]] == [False, False, True, True, False] and named["noise_share"] > got["noise_share"]
    ok(*TEXT, "--script", "rule.json", "--absent", "_", "--transcript", "t.ndjson", "--orders", 1, "--quiet")
    prompts = {json.loads(line)["prompt"].split("\n")[0] for line in open("t.ndjson")}
    assert len(prompts) == 32 and {"_ _ _ _ _", "Take the _ long _", "Take the cheap, long flight?"} <= prompts, prompts
    ok(*TEXT, "--script", "rule.json", "--transcript", "u.ndjson", "--orders", 1, "--quiet")
    assert "Take the long " in {json.loads(line)["prompt"].split("\n")[0] for line in open("u.ndjson")}
    many = report("attribute-prompt", "--prompt", "cheap long the " + "word " * 60, "--options", "yes,no", "--script", "rule.json",
                  "--method", "shapley-sampled:permutations=20", "--seed", 3)
    assert many["parts"][2]["phi"] > 0.05 and abs(many["parts"][40]["phi"]) < 1e-12 and many["counts"]["by_logprobs"] == many["prompts"]
    shown = ok(*TEXT, "--script", "rule.json")
    assert re.search(r"^  the +\d+\.\d % .*noise$", shown, re.M) and "token noise: 34.0 %" in shown, shown


@test
def test_wrong_words():
    script = ["--script", "-"]
    fails(2, "which prompt", "attribute-prompt", "--options", "a,b", *script)
    fails(2, "which prompt", *TEXT, "file", *script)
    fails(2, "--options is missing", "attribute-prompt", "--prompt", "x", *script)
    fails(2, 'must be one of --options, got "yess". Did you mean "yes"', *TEXT, "--option", "yess", *script)
    fails(2, '"fast", which is said to be noise', *TEXT, "--noise", "fast", *script)
    fails(2, "has no parts", "attribute-prompt", "--prompt", " \n ", "--options", "a,b", *script)
    fails(2, "256 parts, and this one has more", "attribute-prompt", "--prompt", "x " * 257, "--options", "a,b", *script)
    fails(2, "more than 1048576 prompts", "attribute-prompt", "--prompt", "x " * 21, "--options", "a,b", "--method", "shapley-exact", *script)
    fails(2, "--absent goes with --prompt", *OFFER, "--absent", "_", *script)
    fails(2, "has 2 to 26 options, got 1", "attribute-prompt", "--prompt", "x", "--options", "a", *script)
    fails(2, "--temperature must be above 0", *TEXT, "--temperature", 0, *script)
    fails(2, 'no method "shapley".*Did you mean', *TEXT, "--method", "shapley", *script)
    fails(1, "needs a gradient", *TEXT, "--method", "aumann-shapley", *script)
    done = throng(*TEXT, "--method", "shapley-sampled:half-width=1e-9,permutations=32", "--no-logprobs", *script, "--json")
    assert done.code == 1 and re.search("half-width .* was not reached", done.err) and len(json.loads(done.out)["parts"]) == 5, done.err
    put("t.txt", "{{#a}}x{{/a}} costs\n{{price}}")
    fails(2, r"t.txt:2: \{\{price\}\} has no value here: parts of a prompt are sections", "attribute-prompt", "t.txt", "--options", "a,b", *script)
    put("t.txt", "nothing to choose")
    fails(2, "has no parts", "attribute-prompt", "t.txt", "--options", "a,b", *script)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
