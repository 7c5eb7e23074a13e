#!/usr/bin/env python3
"""Language models as policies: distilling, what is played, what is asked, and what goes wrong on the way."""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import THRONG, fails, main, ok, put, report, same_file, test, throng  # noqa: E402
from llm import server  # noqa: E402

PERSONAS = "persona,share,mood\ncalm,0.6,calm\nangry,0.3,angry\nactivist,0.1,an activist\n"
PROMPT = """[system]
You use a social network. You are {{mood}}.
[prompt]
From -1 to 1 your opinion is {{opinion}}, and what you read is {{feed}}. You chose to {{last}} last time. And now?
"""
# A stand-in and the same as a rule of throng's own.
MODEL = {"choices": {"post": -1.2, "share": -1.0, "stay silent": 0.5}, "when": [
    {"contains": "angry", "add": {"post": 1.0}},
    {"contains": "activist", "add": {"post": 1.2, "share": 1.2}},
    {"number": ["your opinion is ", "your opinion is "], "add": {"post": 1.5}},
    {"number": ["your opinion is ", "what you read is "], "add": {"post": -0.8, "share": 1.5}},
    {"contains": "chose to post", "add": {"post": 0.6}}, {"contains": "chose to share", "add": {"share": 0.4}}]}
RULE = {"always": {"post": -1.2, "share": -1.0, "stay silent": 0.5}, "persona angry": {"post": 1.0},
        "persona activist": {"post": 1.2, "share": 1.2}, "opinion*opinion": {"post": 1.5},
        "opinion*feed": {"post": -0.8, "share": 1.5}, "last post": {"post": 0.6}, "last share": {"share": 0.4}}
STUDY = """population:
  generate: uniform:low=-1,high=1
  agents: {agents}
graph:
  model: chung-lu
world:
  name: feed
  steps: {steps}
policy:
  name: llm-archetype
  file: policy.parquet
  personas: personas.csv
  prompt: prompt.txt
  refits: {refits}
{more}"""


def setting(agents=200, steps=5, refits=0, more="", model=None):
    put("personas.csv", PERSONAS)
    put("prompt.txt", PROMPT)
    put("model.json", json.dumps(model or MODEL))
    put("rule.json", json.dumps(RULE))
    return put("study.yaml", STUDY.format(agents=agents, steps=steps, refits=refits, more=more))


@contextlib.contextmanager
def listener():
    """(URL, what was sent to it) of a server that refuses everything."""
    bodies = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    it = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=it.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{it.server_port}/v1", bodies
    finally:
        it.shutdown()
        it.server_close()


def distill(*args, out="policy.parquet"):
    return json.loads(ok("distill", "study.yaml", "--out", out, "--quiet", "--json", *args))


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0] * len(values)
    for place, i in enumerate(order):
        out[i] = place
    return out


def correlation(x, y):
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y)) / (
        sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y)) ** 0.5


def everybody(result):
    """phi of all agents, by id."""
    return {one["id"]: one["phi"] for one in result["top"]}


# ---- what comes out --------------------------------------------------------------------------------------------------


@test
def test_distilled_is_as_asking_everybody_at_every_step():
    agents, steps = 2000, 20
    setting(agents, steps, more="model:\n  script: model.json\n")
    found = distill("--calls", 1600, "--script", "model.json")
    calls = 2 * found["plan"]["questions"]
    assert 50 * calls <= 2 * agents * steps, calls
    assert found["fit"]["error"] < 1e-9 and found["fit"]["flat"] > 0.1, found["fit"]
    # what everybody would say, asked one by one
    asked = report("simulate", "study.yaml", "--policy", "llm")
    played = report("simulate", "study.yaml")
    assert asked["policy"]["asked"]["questions"] >= agents * steps, asked["policy"]
    for one, other in zip(asked["trajectory"], played["trajectory"]):
        assert abs(one["indicator"] - other["indicator"]) < 2e-4 * one["indicator"], (one, other)
    # drawn, the same crowds: the difference is far inside what luck does
    args = ["--play", "drawn", "--repetitions", 3, "--sweep", "world.steps=10", "--agents", 500]
    asked = report("simulate", "study.yaml", "--policy", "llm", *args)["sweep"]["points"][0]["value"]
    played = report("simulate", "study.yaml", *args)["sweep"]["points"][0]["value"]
    assert asked["low"] <= played["mean"] <= asked["high"], (asked, played)
    # credits against those of the rule behind the stand-in
    args = ["--tolerance", "1e-4", "--top", agents]
    rule = everybody(report("run", "study.yaml", "--policy", "rule", "--policy-file", "rule.json", *args))
    table = everybody(report("run", "study.yaml", *args))
    order = sorted(rule)
    assert correlation(ranks([rule[i] for i in order]), ranks([table[i] for i in order])) >= 0.98


@test
def test_what_is_known_about_the_fit_is_in_the_report():
    # a model that no such polynomial is
    model = {"choices": MODEL["choices"], "when": [*MODEL["when"], {"contains": "opinion is -", "add": {"post": 2.0}}]}
    setting(refits=3, model=model)
    found = distill("--calls", 1600, "--script", "model.json")
    assert 0.005 < found["fit"]["error"] < found["fit"]["flat"], found["fit"]
    result = report("run", "study.yaml", "--tolerance", "1e-4", "--out", "run")
    within, value = result["policy"]["within_fit"], result["indicator"]["observed"]
    assert result["policy"]["fit"] == found["fit"]
    assert within["refits"] == 3 and within["low"] < value < within["high"], within
    assert 0 < within["phi_moved"] < 1 and 0.5 < within["phi_rank_correlation"] < 1, within
    text = " ".join(ok("run", "study.yaml", "--tolerance", "1e-4").split())
    assert "held-out" in text and "rank correlation" in text, text
    # an exact fit moves nothing
    setting(refits=3)
    distill("--calls", 1600, "--script", "model.json", "--force", "--cache", "other.cache")
    within = report("run", "study.yaml", "--tolerance", "1e-4")["policy"]["within_fit"]
    assert within["phi_moved"] < 1e-6 and within["phi_rank_correlation"] > 1 - 1e-6, within


@test
def test_credits_by_persona_step_and_behaviour_add_up():
    setting(agents=500, steps=6)
    distill("--calls", 800, "--script", "model.json")
    result = report("run", "study.yaml", "--tolerance", "1e-4", "--out", "run")
    total = result["certificate"]["sum_phi"]
    personas = result["policy"]["personas"]
    assert [one["name"] for one in personas] == ["calm", "angry", "activist"]
    assert sum(one["agents"] for one in personas) == 500 and abs(personas[0]["agents"] / 500 - 0.6) < 0.08
    assert abs(sum(one["phi"] for one in personas) - total) < 1e-12
    for one in personas:
        assert abs(sum(b["phi"] for b in one["behaviours"]) - one["phi"]) < 1e-12, one
    rows = report("attribute", "run/personas.parquet", "--state", "phi", "--indicator", "mean")
    assert rows["agents"] == 6 * 3 * 2
    assert abs(rows["certificate"]["everybody"] * 36 - total) < 1e-12
    ok("verify", "run")


@test
def test_personas_of_the_crowds_own_table():
    setting()
    text = "".join(f"{i},{i / 100 - 0.5},{('calm', 'angry')[i % 2]}\n" for i in range(100))
    put("crowd.csv", "id,x,who\n" + text)
    distill("--calls", 800, "--script", "model.json")
    args = ["attribute", "crowd.csv", "--state", "x", "--id", "id", "--graph-model", "chung-lu", "--world", "feed",
            "--policy", "llm-archetype", "--policy-file", "policy.parquet", "--personas", "personas.csv", "--tolerance",
            "1e-4", "--refits", 0]
    personas = report(*args, "--persona", "who")["policy"]["personas"]
    assert [one["agents"] for one in personas] == [50, 50, 0], personas
    fails(1, "Row 2 of the crowd is a \"wild\"", *[put("wild.csv", "id,x,who\n1,0,calm\n2,0,wild\n") if a == "crowd.csv"
                                                   else a for a in args], "--persona", "who")


@test
def test_marginals_make_all_combinations():
    setting()
    put("personas.csv", "trait,value,share\nmood,calm,3\nmood,angry,1\nage,young,0.5\nage,old,0.5\n")
    put("prompt.txt", PROMPT.replace("{{mood}}", "{{mood}} and {{age}}"))
    distill("--calls", 800, "--script", "model.json")
    personas = report("simulate", "study.yaml", "--agents", 8000)["policy"]["personas"]
    assert [one["name"] for one in personas] == ["calm, young", "calm, old", "angry, young", "angry, old"]
    assert all(abs(one["agents"] / 8000 - share) < 0.02
               for one, share in zip(personas, (0.375, 0.375, 0.125, 0.125))), personas


# ---- asking ----------------------------------------------------------------------------------------------------------


@test
def test_plan_before_the_first_call():
    setting()
    before = sorted(os.listdir())
    done = throng("distill", "study.yaml", "--out", "p.parquet", "--plan", "--calls", 300, "--endpoint",
                  "http://127.0.0.1:1/v1", "--model", "m", "--price-in", "2", "--price-out", "8")
    assert done.code == 0 and "3 personas, 3 last actions, situations 4 x 3" in done.err, done.err
    assert "with log-probabilities: 270 calls" in done.err and "cost at most" in done.err, done.err
    assert sorted(os.listdir()) == before
    fails(1, "30 calls do not suffice: 3 personas.* take 90", "distill", "study.yaml", "--out", "p.parquet", "--calls",
          30, "--script", "model.json", "--quiet")


@test
def test_strict_cache_gives_the_same_bits_without_a_call():
    setting()
    with server("--script", "model.json") as it:
        first = distill("--calls", 300, "--endpoint", it.url, "--model", "stand-in")
    assert first["asked"]["calls"] == 2 * first["plan"]["questions"] <= 300, first
    again = distill("--calls", 300, "--endpoint", it.url, "--model", "stand-in", "--cache", "policy.parquet.answers",
                    "--cache-mode", "strict", out="again.parquet")
    assert again["asked"]["calls"] == 0 and again["asked"]["cache_hits"] == first["asked"]["calls"], again
    assert same_file("policy.parquet", "again.parquet")
    ok("run", "study.yaml", "--out", "one", "--threads", 1, "--tolerance", "1e-4")
    ok("run", "study.yaml", "--policy-file", "again.parquet", "--out", "two", "--threads", 3, "--tolerance", "1e-4")
    assert same_file("one/attribution.parquet", "two/attribution.parquet")
    assert same_file("one/personas.parquet", "two/personas.parquet")


@test
def test_asking_everybody_can_be_repeated_from_the_cache():
    with server("--script", put("model.json", json.dumps(MODEL))) as it:
        more = f"model:\n  endpoint: {it.url}\n  name: stand-in\n  cache: all.cache\n"
        setting(agents=20, steps=3, more=more)
        first = report("simulate", "study.yaml", "--policy", "llm")
    assert first["policy"]["asked"]["calls"] == 2 * first["policy"]["asked"]["different"] > 40, first["policy"]
    setting(agents=20, steps=3, more=more + "  cache-mode: strict\n")
    again = report("simulate", "study.yaml", "--policy", "llm", "--threads", 1)
    assert again["policy"]["asked"]["calls"] == 0 and again["trajectory"] == first["trajectory"], again["policy"]
    fails(1, "strict|has no answer|no answer", "simulate", "study.yaml", "--policy", "llm", "--seed", 5)


@test
def test_how_requests_are_sent():
    """Timeouts, attempts, seeds and tokens, from options or the study file."""
    def stops(message, *args):
        done = throng(*args)
        assert done.code == 1 and message in done.err and done.err.count("\n") == 1, done.err

    setting()
    args = ["distill", "study.yaml", "--calls", 300, "--model", "stand-in", "--quiet", "--out", "policy.parquet"]
    with server("--script", "model.json", "--faults", "latency_ms=600") as it:
        stops("Timeout was reached, at attempt 2", *args, "--endpoint", it.url, "--timeout", "0.1", "--retries", 1)
        setting(more="model:\n  timeout: 0.1\n  retries: 1\n")
        stops("Timeout was reached, at attempt 2", *args, "--endpoint", it.url)
    fails(2, "model.timeout must be a number from 0.001", *args, "--endpoint", it.url, "--timeout", 0)
    setting()
    with server("--script", "model.json") as it:
        stops("budget does not do", *args, "--endpoint", it.url, "--max-total-tokens", 500)
    with listener() as (url, bodies):
        stops("status 400", *args, "--endpoint", url)
        stops("status 400", *args, "--endpoint", url, "--no-seed")
    assert ["seed" in body for body in (bodies[0], bodies[-1])] == [True, False], bodies
    found = distill("--calls", 300, "--script", "model.json", "--held-out", 0)
    assert found["fit"]["held_out"] == 0 and found["plan"]["questions"] == found["fit"]["cells"], found


@test
def test_a_budget_of_money_stops_and_loses_nothing():
    setting()
    with server("--script", "model.json") as it:
        args = ["distill", "study.yaml", "--out", "policy.parquet", "--calls", 300, "--model", "stand-in", "--quiet",
                "--endpoint", it.url, "--price-in", 100, "--price-out", 100]
        done = throng(*args, "--max-cost", "0.5")
        assert done.code == 1 and "cost" in done.err and done.err.count("\n") == 1, done.err
        kept = pathlib.Path("policy.parquet.answers").read_bytes().count(b"\n") - 1
        found = json.loads(ok(*args, "--json"))
    assert 10 < kept and found["asked"]["calls"] == 2 * found["plan"]["questions"] - kept, (kept, found["asked"])


@test
def test_killed_and_started_again_nothing_is_asked_twice():
    setting()
    with server("--script", "model.json", "--faults", "latency_ms=15") as it:
        words = ["distill", "study.yaml", "--out", "policy.parquet", "--calls", "300", "--endpoint", it.url, "--model",
                 "stand-in", "--quiet"]
        process = subprocess.Popen([THRONG, *words, "--concurrency", "2"], stdout=subprocess.DEVNULL)
        cache = pathlib.Path("policy.parquet.answers")
        while not (cache.exists() and cache.read_bytes().count(b"\n") > 20):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not pathlib.Path("policy.parquet").exists()
        kept = cache.read_bytes().count(b"\n") - 1
        again = json.loads(ok(*words, "--json"))
    asked = 2 * again["plan"]["questions"]
    assert again["asked"]["calls"] <= asked - kept + 2, (again["asked"], kept)
    requests = int(it.out.split()[-4].replace(",", "")) if it.out else 0
    assert requests <= asked + 4, (it.out, asked)


@test
def test_an_endpoint_that_dies_half_way_and_other_faults():
    setting()
    args = ["distill", "study.yaml", "--out", "policy.parquet", "--calls", 300, "--model", "stand-in", "--quiet"]
    with server("--script", "model.json", "--faults", "die_after=40") as it:
        done = throng(*args, "--endpoint", it.url, "--retries", 1)  # five would wait for half a minute
        assert done.code == 1 and done.out == "" and done.err.count("\n") == 1, done.err
    assert not pathlib.Path("policy.parquet").exists()
    kept = pathlib.Path("policy.parquet.answers").read_bytes().count(b"\n") - 1
    assert kept >= 30, kept
    with server("--script", "model.json") as it:
        # a torn line costs one answer
        text = pathlib.Path("policy.parquet.answers").read_bytes()
        pathlib.Path("policy.parquet.answers").write_bytes(text[:-20])
        found = json.loads(ok(*args, "--endpoint", it.url, "--json"))
        assert found["asked"]["calls"] == 2 * found["plan"]["questions"] - (kept - 1), (found["asked"], kept)
        fails(1, "exists already", *args, "--endpoint", it.url)
        args[3] = "other.parquet"
        done = throng(*args[:-3], "--model", "nobody", "--quiet", "--endpoint", it.url)
        assert done.code == 1 and "nobody" in done.err, done.err
    put("stale.cache", "not a cache\n")
    fails(1, "stale.cache", *args, "--script", "model.json", "--cache", "stale.cache")
    done = throng(*args, "--script", "model.json", "--cache", "policy.parquet.answers", "--cache-mode", "strict",
                  "--seed", 3)
    assert done.code == 1 and "strict" in done.err, done.err


@test
def test_without_log_probabilities_samples_within_the_budget():
    setting()
    with server("--script", "model.json", "--faults", "no_logprobs=1") as it:
        args = ["--endpoint", it.url, "--model", "stand-in"]
        found = distill("--calls", 2000, *args)
    samples = found["asked"]["samples"]
    assert 5 <= samples <= 20 and found["asked"]["calls"] <= 2000, found["asked"]
    assert 0 < found["fit"]["noise"] < found["fit"]["error"] < 0.4, found["fit"]
    result = report("run", "study.yaml", "--tolerance", "1e-3", "--refits", 2)
    assert result["policy"]["within_fit"]["phi_moved"] > 0.01, result["policy"]
    with server("--script", "model.json", "--faults", "no_logprobs=1") as it:
        fails_late = throng("distill", "study.yaml", "--out", "p.parquet", "--calls", 200, "--quiet", "--endpoint",
                            it.url, "--model", "stand-in")
    assert fails_late.code == 1 and "gives no log-probabilities" in fails_late.err, fails_late.err
    with server("--script", "model.json", "--faults", "refuse=0.5,no_logprobs=1") as it:
        void = throng("distill", "study.yaml", "--out", "p.parquet", "--calls", 5000, "--quiet", "--endpoint", it.url,
                      "--model", "stand-in", "--samples", 5)
    assert void.code == 1 and "VOID" in void.err and not pathlib.Path("p.parquet").exists(), void.err


# ---- what is refused -------------------------------------------------------------------------------------------------


@test
def test_bad_settings_get_one_sentence():
    setting()
    go = ["simulate", "study.yaml"]
    fails(1, "policy.parquet", *go)
    distill("--calls", 300, "--script", "model.json")
    out = ["--out", "q.parquet", "--script", "model.json", "--quiet", "--calls", 300]
    fails(2, "who decides.*policy.name", "simulate", "--generate", "uniform", "--world", "feed")
    fails(2, "ising leaves agents nothing to decide", *go, "--world", "ising")
    fails(2, 'no policy "tabel".*Did you mean "table"', *go, "--policy", "tabel")
    fails(2, "llm asks a language model: say which", *go, "--policy", "llm")
    fails(2, "name its file|plays a rule in a file", "simulate", "--generate", "uniform", "--world", "feed", "--policy",
          "rule")
    fails(2, "policy.name", "simulate", "--generate", "uniform", "--world", "feed", "--play", "drawn")
    fails(2, "Whom to ask", "distill", "study.yaml", "--out", "q.parquet", "--quiet")
    fails(2, "--out is missing", "distill", "study.yaml")
    fails(2, "q.txt must end in .parquet", "distill", "study.yaml", "--out", "q.txt", *out[2:])
    fails(1, "none/q.parquet", "distill", "study.yaml", "--out", "none/q.parquet", *out[2:])
    fails(1, "no derivative.*shapley-sampled", "run", "study.yaml", "--play", "drawn")
    put("personas.csv", PERSONAS.replace("angry,0.3", "calm,0.3"))
    fails(1, 'two personas "calm"', *go)
    put("personas.csv", PERSONAS.replace("angry,0.3", "angry,-1"))
    fails(1, 'share of "angry" must not be negative', *go)
    put("personas.csv", PERSONAS.replace("mood", "humour"))
    fails(1, "mood", "distill", "study.yaml", *out)
    put("personas.csv", PERSONAS.replace("activist", "pacifist"))
    fails(1, 'about a persona "activist" that there is not', *go)
    put("personas.csv", PERSONAS)
    put("prompt.txt", PROMPT.replace("{{feed}}", "{{fed}}"))
    fails(1, "fed", "distill", "study.yaml", *out)
    put("prompt.txt", PROMPT)
    put("rule.json", '{"opinion*fed": {"post": 1}}')
    fails(1, 'rule.json: "opinion\\*fed".*Did you mean "feed"', *go, "--policy", "rule", "--policy-file", "rule.json")
    put("rule.json", '{"always": {"pst": 1}}')
    fails(1, '"pst" is no action of feed.*Did you mean "post"', *go, "--policy", "rule", "--policy-file", "rule.json")
    put("rule.json", '{"always": ')
    fails(1, "rule.json:1: this is not JSON", *go, "--policy", "rule", "--policy-file", "rule.json")


@test
def test_bad_tables_get_one_sentence():
    setting()
    put("personas.csv", "persona\nall\n")
    go = ["simulate", "study.yaml", "--policy", "table", "--policy-file", "t.csv"]
    head = "persona,opinion,feed,post,share,stay silent\n"
    rows = [f"all,{x},{y},0.2,0.3,0.5\n" for x in (-1, 0, 1) for y in (-1, 1)]
    put("t.csv", head + "".join(rows))
    played = report(*go)["policy"]
    assert played["fit"] == {"cells": 6, "held_out": 0}, played
    put("t.csv", head + "".join(rows[:-1]))
    fails(1, 'not whole: of "all"', *go)
    put("t.csv", head + "".join(rows + rows[:1]))
    fails(1, "is there twice", *go)
    put("t.csv", head + "".join(rows).replace("0.5\n", "0.6\n", 1))
    fails(1, "row 1: the probabilities add up to 1.1", *go)
    put("t.csv", head + "".join(rows).replace("0.5\n", "-0.5\n", 1))
    fails(1, 'probability of "stay silent" must lie in', *go)
    put("t.csv", head + "".join(f"all,{x / 10},{y},0.2,0.3,0.5\n" for x in range(-6, 7) for y in (-1, 1)))
    fails(1, "would swing between them", *go)
    put("t.csv", head + "".join(f"all,{x / 10},{y},0.2,0.3,0.5\n" for x in range(-10, 11) for y in (-1, 1)))
    fails(1, "opinion has more than 16", *go)
    put("t.csv", head.replace("share", "boost") + "".join(rows))
    fails(1, "share", *go)
    put("t.csv", head + "".join(rows))
    fails(1, "no held-out answers", "simulate", "study.yaml", "--policy-file", "t.csv")


sys.exit(main(sys.argv[1:], __doc__))
