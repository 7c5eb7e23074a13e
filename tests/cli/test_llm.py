#!/usr/bin/env python3
"""Asking a language model: distributions, budgets, caches, replays, templates, and every way a server can fail. The server
is the real stand-in, over HTTP.

Use: tests/cli/test_llm.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import contextlib
import http.server
import json
import math
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from harness import PLAIN, SOURCE, THRONG, fails, listing, main, ok, put, report, same_file, test, throng
from llm import server

RULE = {"choices": {"post": 0.5, "share": -0.5, "stay silent": 1.0}, "when": [{"contains": "angry", "add": {"post": 1.5}}]}
NAMES = "post,share,stay silent"
P = [math.exp(x) / sum(map(math.exp, (0.5, -0.5, 1.0))) for x in (0.5, -0.5, 1.0)]


def rule(**more):
    return put("rule.json", json.dumps({**RULE, **more}))


def rows(n):
    put("rows.csv", "age\n" + "".join(f"{i}\n" for i in range(n)))
    put("ask.txt", "You are {{age}} years old. What now?\n")
    return ["ask.txt", "--rows", "rows.csv", "--options", NAMES]


def at(it, *more):
    return ["--endpoint", it.url, "--model", "stand-in", *more]


def count(it):
    """Requests that a stand-in, which has ended, got, and answers that it gave."""
    return [int(one.replace(",", "")) for one in re.match(r"([\d,]+) requests, ([\d,]+) answers", it.out).groups()]


def near(p, wanted, n):
    return all(abs(a - b) < 5 * math.sqrt(b * (1 - b) / n) + 1e-12 for a, b in zip(p, wanted))


# ---- distributions ------------------------------------------------------------------------------------------------


@test
def test_log_probabilities_are_the_distribution():
    rule()
    with server("--script", "rule.json") as it:
        for api in ("chat", "completions"):
            got = report("ask", *rows(3), *at(it, "--api", api, "--orders", 4))
            assert all(abs(a - b) < 1e-12 for row in got["answers"] for a, b in zip(row, P)), got
            assert (got["counts"]["by_logprobs"], got["counts"]["by_samples"]) == (3, 0)
            assert got["usage"]["calls"] == 12 and got["usage"]["guessed"] == 0
    script = report("ask", *rows(3), "--script", "rule.json")
    assert all(abs(a - b) < 1e-12 for row in script["answers"] for a, b in zip(row, P))


@test
def test_a_table_of_answers():
    rule()
    put("rows.csv", "age,mood\n30,angry\n40.5,calm\n")
    put("ask.txt", "You are {{age}} and {{mood}}. What now?")
    asked = ["ask", "ask.txt", "--rows", "rows.csv", "--options", NAMES, "--script", "rule.json"]
    ok(*asked, "--out", "policy.csv", "--quiet")
    body = [line.split(",") for line in open("policy.csv").read().split("\n")[1:3]]
    assert open("policy.csv").readline().strip().replace('"', "") == "age,mood," + NAMES
    assert body[1][:2] == ["40.5", "calm"] and all(abs(float(a) - b) < 1e-12 for a, b in zip(body[1][2:], P)), body
    fails(1, "policy.csv exists already", *asked, "--out", "policy.csv")
    fails(2, '"age" is a slot and an option', *asked[:5], "age,none", *asked[6:], "--out", "other.csv")
    # whatever would be found out when all is paid for
    fails(2, "answers.xls must end in .parquet", *asked, "--out", "answers.xls")
    fails(1, "no/answers.csv cannot be written: No such file", *asked, "--out", "no/answers.csv")
    put("again.txt", "Why {{answer}}?")
    put("answers.csv", "answer\npost\n")
    fails(2, r"the slot \{\{answer\}\} and the answers cannot both be", "ask", "again.txt", "--rows", "answers.csv", "--script", "-",
          "--out", "other.csv")
    put("empty.csv", "answer\n")
    fails(1, "empty.csv has no rows", "ask", "again.txt", "--rows", "empty.csv", "--script", "-")
    put("plain.txt", "Why?")
    fails(2, "plain.txt has no slots", "ask", "plain.txt", "--rows", "answers.csv", "--script", "-")
    fails(1, "answers.csv is not a transcript of throng's; nothing was changed", *asked, "--transcript", "answers.csv")


@test
def test_what_it_would_cost():
    shown = ok("ask", *rows(50), "--plan", "--price-in", 1, "--price-out", 2)
    assert re.search(r"^50 questions\nwith log-probabilities: 100 calls, .*\nby samples: 1,002 calls, .* cost at most 0\.0\d+\n$", shown), shown
    rule()
    with server("--script", "rule.json") as it:
        assert report("ask", *rows(50), *at(it))["usage"]["calls"] == 100
    with server("--script", "rule.json", "--faults", "no_logprobs") as it:
        assert report("ask", *rows(50), *at(it), "--concurrency", 64)["usage"]["calls"] == 1002


@test
def test_samples_where_there_are_no_log_probabilities():
    rule()
    with server("--script", "rule.json", "--faults", "no_logprobs") as it:
        got = report("ask", "--prompt", "What now?", "--options", NAMES, *at(it), "--samples", 2000)
        assert near(got["answers"][0], P, 2000), got["answers"]
        assert (got["counts"]["by_logprobs"], got["counts"]["by_samples"]) == (0, 1)
        assert got["usage"]["calls"] == 2002  # two in vain, to find out
        again = report("ask", "--prompt", "What now?", "--options", NAMES, *at(it), "--samples", 2000, "--concurrency", 64)
        assert again["answers"] == got["answers"], "the order of arrival must not matter"


@test
def test_a_line_through_the_answers():
    study = SOURCE / "studies/collective-alignment"
    asked = ["ask", study / "question.txt", "--rows", study / "neighbours.csv", "--options", "yes,no", "--fit", "sum"]
    with server("--script", study / "leaning.json") as it:
        fit = report(*asked, *at(it))["fit"]
        assert abs(fit["slope"] - 0.2) < 1e-9 and abs(fit["intercept"] - 1.2) < 1e-9 and fit["lack_of_fit"] is None, fit
        sampled = report(*asked, *at(it, "--no-logprobs", "--samples", 400, "--concurrency", 64, "--seed", 4))["fit"]
        assert abs(sampled["slope"] - 0.2) < 0.06 and abs(sampled["intercept"] - 1.2) < 0.12, sampled
        assert sampled["slope_interval"][0] < 0.2 < sampled["slope_interval"][1] and sampled["lack_of_fit"] > 0.01, sampled
    script = [*asked, "--script", study / "leaning.json"]
    assert re.search(r'^log-odds of "yes" = 0\.6 .* \+ 0\.1 .* sum, 95 %$', ok(*script, "--temperature", 2), re.M)
    fails(2, "--temperature must be above 0", *script, "--temperature", 0)
    fails(1, 'no column "sun".*Did you mean "sum"', *script[:-3], "sun", *script[-2:])
    fails(2, "--fit takes a column of --rows", "ask", "--prompt", "x", "--options", "a,b", "--fit", "sum", "--script", "-")
    put("sure.json", '{"choices": {"yes": 1000, "no": 0}}')
    done = throng(*asked, "--script", "sure.json", "--json")
    assert done.code == 1 and "no line through the log-odds" in done.err and "fit" not in json.loads(done.out), done.err
    put("rows.csv", "sum,yes,no\n1,0,4\n1,1,3\n1,2,2\n")
    fails(1, "two different numbers, and all are 1", *asked[:3], "rows.csv", *asked[4:], "--script", "-")
    put("rows.csv", "sum,yes,no\n1,0,4\nx,1,3\n2,2,2\n")
    fails(1, 'rows.csv.*"x"', *asked[:3], "rows.csv", *asked[4:], "--script", "-")


@test
def test_unreadable_answers_are_counted_and_void():
    rule()
    asked = ["ask", "--prompt", "x", "--options", NAMES, "--no-logprobs", "--samples", 400]
    with server("--script", "rule.json", "--faults", "refuse=0.5") as it:
        done = throng(*asked, *at(it), "--json")
        got = json.loads(done.out)["counts"]
        assert done.code == 1 and re.search(r"VOID: 1\d\.\d % of the answers", done.err), done.err
        assert got["refusals"] == got["rungs"]["none"] and got["rungs"]["letter"] + got["defaulted"] == 400, got
        assert abs(got["unreadable"] - 0.125) < 5 * math.sqrt(0.125 * 0.875 / 400), got
        ok(*asked, *at(it), "--void-above", 0.5)
    with server("--script", "rule.json", "--faults", "wrong=0.02") as it:
        got = report(*asked, *at(it))["counts"]
        assert not got["void"] and got["rungs"]["none"] > 0 and got["refusals"] == 0, got


@test
def test_free_text():
    with server() as it:
        assert ok("ask", "--prompt", "Hello", *at(it)).startswith("I am a stand-in for a model and know no answer")
    assert ok("ask", "--prompt", "One number from Poisson(5).", "--script", "-").split("\n")[0].isdigit()
    put("bell.json", json.dumps({"choices": {"\x1b[2Jbell\x07": 0}}))
    assert ok("ask", "--prompt", "x", "--script", "bell.json").startswith(" [2Jbell \n")


# ---- caches, transcripts, replays ---------------------------------------------------------------------------------


@test
def test_nothing_is_asked_twice():
    rule()
    with server("--script", "rule.json") as it:
        first = report("ask", *rows(50), *at(it, "--cache", "c", "--transcript", "t.ndjson"))
        again = report("ask", *rows(50), *at(it, "--cache", "c"))
    assert first["usage"]["calls"] == 100 and again["usage"]["calls"] == 0 and again["usage"]["cache_hits"] == 100
    assert count(it) == [100, 100]
    dead = ["--endpoint", "http://127.0.0.1:1/v1", "--model", "stand-in"]
    strict = report("ask", *rows(50), *dead, "--cache", "c", "--cache-mode", "strict")
    replay = report("ask", *rows(50), "--replay", "t.ndjson", "--model", "stand-in")
    assert first["answers"] == again["answers"] == strict["answers"] == replay["answers"]
    before = listing()
    fails(1, r'c holds no answer of "stand-in" to request 1, .*sample 0. A strict cache asks nobody', "ask", "--prompt",
          "else", "--options", NAMES, *dead, "--cache", "c", "--cache-mode", "strict")
    fails(1, "t.ndjson holds no answer", "ask", "--prompt", "else", "--replay", "t.ndjson", "--model", "stand-in")
    fails(1, 'holds no answers of "other"', "ask", "--prompt", "x", "--replay", "t.ndjson", "--model", "other")
    fails(1, "nothing cannot be opened as a cache", "ask", "--prompt", "x", *dead, "--cache", "nothing", "--cache-mode", "read")
    assert listing() == before
    line = json.loads(open("t.ndjson").readline())
    assert {"model", "prompt", "sample", "answer", "from", "temperature"} <= set(line) and "\nA) " in line["prompt"]


@test
def test_a_published_table():
    put("rows.csv", "age\n30\n40\n")
    put("ask.txt", "You are {{age}}. What now?")
    asked = ["ask", "ask.txt", "--rows", "rows.csv", "--options", NAMES, "--model", "m", "--samples", 4, "--replay", "published.csv"]
    table = "model,prompt,answer\n" + "".join(f"{m},You are {age}. What now?,{said}\n" for m, age, said in [
        ("m", 30, "post"), ("m", 30, "I would rather share."), ("other", 30, "stay silent"), ("m", 30, "Post."), ("m", 30, "post"),
        ("m", 40, "stay silent"), ("m", 40, "stay silent"), ("m", 40, "<answer>share</answer>"), ("m", 40, "share")])
    put("published.csv", table)
    got = report(*asked)
    assert got["answers"] == [[0.75, 0.25, 0], [0, 0.5, 0.5]] and got["usage"]["calls"] == 0 and got["counts"]["by_samples"] == 2, got
    fails(1, r'published.csv holds no answer of "m" to request \d, which begins "You are 30. What now\?", sample 4', *asked[:9], 5, *asked[10:])
    fails(1, 'published.csv holds no answers of "n"', *["n" if word == "m" else word for word in asked])
    put("published.csv", table.replace("answer", "said"))
    fails(1, 'no column "answer"', *asked)
    put("published.csv", "prompt,answer\nHello,Hi!\nHello,Ho!\n")
    assert ok("ask", "--prompt", "Hello", "--replay", "published.csv", "--model", "m").startswith("Hi!\n")
    put("published.csv", "prompt,system,answer\nHello,Be curt.,Hi!\n")
    fails(1, "holds no answer", "ask", "--prompt", "Hello", "--replay", "published.csv", "--model", "m")


@test
def test_the_same_question_in_one_run_is_asked_once():
    rule()
    put("rows.csv", "age\n" + "30\n40\n" * 50)
    asked = ["ask", "ask.txt", "--rows", "rows.csv", "--options", NAMES, "--no-logprobs", "--samples", 3]
    put("ask.txt", "You are {{age}}. What now?")
    with server("--script", "rule.json") as it:
        got = report(*asked, *at(it, "--cache", "c"))
        assert got["usage"]["calls"] == 6 and lines() == 6, got["usage"]
        assert got["answers"] == 50 * got["answers"][:2]
        assert got["answers"] == report(*asked, *at(it, "--cache", "c", "--cache-mode", "strict"))["answers"]


@test
def test_a_damaged_cache_loses_only_what_is_damaged():
    rule()
    asked = ["ask", *rows(10), "--cache", "c"]
    with server("--script", "rule.json") as it:
        first = report(*asked, *at(it))
        whole = pathlib.Path("c").read_bytes()
        last = whole[:-1].rfind(b"\n") + 1
        for end in range(last + 1, len(whole), 37):  # the last line is torn
            put("c", whole[:end])
            got = report(*asked, *at(it))
            assert got["usage"]["calls"] == 1 and got["answers"] == first["answers"], (end, got["usage"])
            again = report(*asked, *at(it))["usage"]
            assert (again["calls"], again["cache_damaged"]) == (0, 1), (end, again)
        for place in range(30, len(whole) - 1, 211):  # a byte is wrong
            if whole[place] in b"\n":
                continue
            put("c", whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
            got = report(*asked, *at(it))
            assert got["usage"]["calls"] == 1 and got["usage"]["cache_damaged"] == 1, (place, got["usage"])
            assert got["answers"] == first["answers"]
        put("c", "")
        assert report(*asked, *at(it))["usage"]["calls"] == 20
        put("c", whole.replace(b"cache 1", b"cache 7", 1))
        fails(1, "c is a cache of version 7, and this throng reads version 1; nothing was changed", *asked, *at(it))
        put("c", "id,x\n1,2\n")
        fails(1, "c is not a cache of answers; nothing was changed", *asked, *at(it))


def start(*args, env=None):
    return subprocess.Popen([THRONG, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={**PLAIN, **(env or {})}, text=True)


def lines(path="c"):
    try:
        return pathlib.Path(path).read_bytes().count(b"\n") - 1
    except OSError:
        return 0


def wait_for(what, seconds=20):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)


@test
def test_killed_while_asking():
    rule()
    asked = ["ask", *rows(200), "--cache", "c", "--concurrency", 8]
    with server("--script", "rule.json", "--faults", "latency_ms=10") as it:
        client = start(*asked, *at(it))
        wait_for(lambda: lines() > 40)
        client.kill()
        client.communicate()
        kept = lines()
        got = report(*asked, *at(it))
        assert got["usage"]["calls"] == 400 - kept, (kept, got["usage"])
    assert 400 <= count(it)[1] <= 400 + 8, it.out  # what was under way when it died may be asked again
    whole = report("ask", *rows(200), "--script", "rule.json")
    assert all(abs(a - b) < 1e-12 for one, two in zip(got["answers"], whole["answers"]) for a, b in zip(one, two))


@test
def test_stopped_with_ctrl_c():
    rule()
    with server("--script", "rule.json", "--faults", "latency_ms=200") as it:
        client = start("ask", *rows(200), "--cache", "c", *at(it))
        wait_for(lambda: lines() > 5)
        client.send_signal(signal.SIGINT)
        out, err = client.communicate(timeout=10)
        assert client.returncode == 130 and out == "" and "stopped" in err, (client.returncode, out, err)
    assert lines() > 5


@test
def test_two_share_a_cache():
    rule()
    with server("--script", "rule.json", "--faults", "latency_ms=2") as it:
        asked = ["ask", *rows(100), "--cache", "c", *at(it)]
        both = [start(*asked, "--json") for _ in range(2)]
        outs = [json.loads(one.communicate(timeout=60)[0])["answers"] for one in both]
        assert outs[0] == outs[1]
        assert report(*asked)["usage"] == {**report(*asked)["usage"], "calls": 0, "cache_damaged": 0}


# ---- servers that fail --------------------------------------------------------------------------------------------


@test
def test_a_server_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        fails(1, "cannot be reached: .*Is the server running", "ask", "--prompt", "x", "--endpoint", url, "--model", "m")
    fails(1, "cannot be reached: ", "ask", "--prompt", "x", "--endpoint", "http://no.invalid/v1", "--model", "m")


@test
def test_a_server_that_dies_half_way():
    rule()
    asked = ["ask", *rows(100), "--cache", "c", "--retries", 1]
    with server("--script", "rule.json", "--faults", "latency_ms=5") as it:
        client = start(*asked, *at(it))
        wait_for(lambda: lines() > 20)
        it.process.kill()
        out, err = client.communicate(timeout=30)
    assert client.returncode == 1 and out == "" and re.search(r"at attempt 2; \d+ answers came before", err), err
    kept = lines()
    with server("--script", "rule.json") as it:
        assert report(*asked, *at(it))["usage"]["calls"] == 200 - kept


@test
def test_faults_that_pass():
    rule()
    faults = "rate_limit=0.1,retry_after=1,error=0.1,drop=0.1,malformed=0.05,html=0.05"
    with server("--script", "rule.json", "--faults", faults, "--seed", 3) as it:
        got = report("ask", *rows(40), *at(it), "--concurrency", 64, "--retries", 10)
    assert all(abs(a - b) < 1e-12 for row in got["answers"] for a, b in zip(row, P))
    usage = got["usage"]
    assert usage["rate_limited"] > 0 and usage["broken"] > 10, usage
    assert usage["attempts"] == 80 + usage["rate_limited"] + usage["broken"], usage
    # libcurl itself repeats a request whose kept-alive connection was closed before a byte came
    assert count(it)[0] >= usage["attempts"] and count(it)[1] == 80, (it.out, usage)


@test
def test_faults_that_do_not_pass():
    def one(message, faults, *more, **options):
        with server("--faults", faults, **options) as it:
            fails(1, message, "ask", "--prompt", "x", *at(it), "--retries", 1, *more)
        return count(it)[0]

    assert one(r'the answer is not JSON, it begins "<!DOCTYPE html>.* at attempt 2', "html=1") == 2
    assert one("the answer is not JSON", "malformed=1") == 2
    assert one(r'status 503, "The stand-in was told to fail', "error=1") == 2
    assert one(r"at attempt 2", "drop=1") == 2
    assert one(r'status 429, "Too many requests\.", and asks to wait 3600 s', "rate_limit=1,retry_after=3600") == 1
    assert one(r"an answer is longer than 8000000 bytes", "huge=1,huge_bytes=1e8") == 1
    began = time.monotonic()
    assert one("Timeout was reached", "latency_ms=60000", "--timeout", 0.2) == 2
    assert time.monotonic() - began < 20
    with server() as it:
        fails(1, 'status 404, .*Is the model "gpt-9" served there', "ask", "--prompt", "x", "--endpoint", it.url, "--model", "gpt-9")
        fails(1, "status 404, .*does the URL end with the version", "ask", "--prompt", "x", "--endpoint", it.url[:-3], "--model", "stand-in")


@test
def test_a_huge_answer_is_not_taken_in():
    with server("--faults", "huge=1,huge_bytes=1e8") as it:
        client = start("ask", "--prompt", "x", *at(it))
        _, status, used = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        assert client.returncode == 1 and used.ru_maxrss < 90000, used.ru_maxrss  # KB; the answer has 98,000
        client.communicate()


@test
def test_bytes_that_are_no_text():
    with server("--faults", "invalid_utf8=1") as it:
        done = throng("ask", "--prompt", "x", *at(it, "--cache", "c", "--transcript", "t"), "--json")
    got = json.loads(done.out)
    assert got["answers"][0].startswith("caf?") and got["usage"]["repaired"] == 1, done.out
    pathlib.Path("t").read_text(encoding="utf-8")
    assert pathlib.Path("c").read_bytes().decode("utf-8")


@test
def test_budgets_stop_in_time():
    rule()
    with server("--script", "rule.json") as it:
        asked = ["ask", *rows(50), *at(it)]
        for budget in (["--max-calls", 10], ["--max-total-tokens", 400], ["--max-cost", 0.001, "--price-in", 2, "--price-out", 4]):
            before = throng(*asked, *budget, "--cache", "c" + budget[0])
            assert before.code == 1 and before.out == "", before.out
            said = re.search(r"budget does not do for another request: (\d+) calls, (\d+) tokens and a cost of (\S+) are used up", before.err)
            assert said, before.err
            calls, tokens, cost = int(said[1]), int(said[2]), float(said[3])
            assert 5 < calls <= 40 and calls == lines("c" + budget[0]), before.err
            assert budget[0] != "--max-calls" or calls == 10
            assert budget[0] != "--max-total-tokens" or tokens <= 400
            assert budget[0] != "--max-cost" or 0 < cost <= 0.001
        fails(2, "A limit of cost needs the prices", *asked, "--max-cost", 1)
        fails(2, "--max-cost must be above 0", *asked, "--max-cost", 0, "--price-in", 2)  # not: without limit
    with server("--script", "rule.json", "--faults", "error=0.4", "--seed", 2) as it:  # some wait to try again meanwhile
        fails(1, "budget does not do for another request: 10 calls", "ask", *rows(50), *at(it), "--max-calls", 10, "--retries", 20)


@test
def test_newer_servers():
    rule()
    with server("--script", "rule.json", "--faults", "newer_api=1,latency_ms=2") as it:
        got = report("ask", *rows(40), *at(it))
        assert got["usage"]["calls"] == 80 and got["usage"]["broken"] == 0 and 80 < got["usage"]["attempts"] <= 80 + 16, got["usage"]
        assert all(abs(a - b) < 1e-12 for row in got["answers"] for a, b in zip(row, P))
        assert ok("ask", "--prompt", "Hello", *at(it, "--max-tokens", 1)).split("\n")[0] in ("post", "shar", "stay")  # cut after a token
        assert report("ask", *rows(4), *at(it, "--api", "completions"))["usage"]["attempts"] == 8


# ---- keys ---------------------------------------------------------------------------------------------------------

KEY = "sk-5f0c2e9a17b84d"


@contextlib.contextmanager
def parrot(status=200):
    """A server that repeats the key wherever it can."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            said = f"You sent {self.headers['Authorization']}"
            body = {"choices": [{"message": {"content": said}, "finish_reason": "stop"}]} if status == 200 else {"error": {"message": said}}
            self.send_response(status)
            self.send_header("Location", "/v1/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    it = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=it.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{it.server_port}/v1"
    it.shutdown()


@test
def test_the_key_is_nowhere():
    put("key", f"  {KEY}\n")
    for status in (200, 401, 500):
        with parrot(status) as url:
            for more in (["--key-variable", "MY_KEY"], ["--key-file", "key"]):
                done = throng("ask", "--prompt", "x", "--endpoint", url, "--model", "m", *more, "--cache", f"c{status}",
                              "--cache-mode", "write", "--transcript", f"t{status}", "--retries", 1, env={"MY_KEY": KEY})
                assert done.code == (0 if status == 200 else 1), done.err
                assert "You sent Bearer *****" in done.out + done.err, done.out + done.err
                assert KEY not in done.out + done.err
    with parrot(401) as url:
        for command in (["attribute-prompt", "--prompt", "x y", "--options", "a,b"], ["play", "stag-hunt", "--policy", "llm"],
                        ["audit-dice", "--protocol", "batch"]):
            done = throng(*command, "--endpoint", url, "--model", "m", "--key-file", "key", "--cache", "c", "--transcript", "t", "--json")
            assert done.code == 1 and "refuses the key" in done.err and KEY not in done.out + done.err, done.err
    with parrot(307) as url:
        fails(1, "sends elsewhere .status 307., where throng does not follow", "ask", "--prompt", "x", "--endpoint", url, "--model", "m",
              "--key-file", "key")
    for path in pathlib.Path(".").iterdir():
        assert path.name == "key" or KEY.encode() not in path.read_bytes(), path
    with server("--key-variable", "MY_KEY", "--faults", "latency_ms=300", env={"MY_KEY": KEY}) as it:
        client = start("ask", "--prompt", "x", *at(it, "--key-variable", "MY_KEY"), env={"MY_KEY": KEY})
        shown = subprocess.run(["cat", f"/proc/{client.pid}/cmdline", f"/proc/{it.process.pid}/cmdline"], capture_output=True, check=True)
        assert b"MY_KEY" in shown.stdout and KEY.encode() not in shown.stdout
        assert client.communicate(timeout=20)[1] == "" and client.returncode == 0
        fails(1, r'refuses the key: status 401, "Incorrect API key provided.". It was taken from environment variable MY_KEY',
              "ask", "--prompt", "x", *at(it, "--key-variable", "MY_KEY"), env={"MY_KEY": "another"})
        fails(1, "None was given", "ask", "--prompt", "x", *at(it))


@test
def test_keys_that_are_none():
    to = ["ask", "--prompt", "x", "--endpoint", "http://127.0.0.1:1/v1", "--model", "m"]
    fails(1, "environment variable NO_KEY, which should hold the key, is not set", *to, "--key-variable", "NO_KEY")
    fails(1, "key in environment variable A_KEY is empty", *to, "--key-variable", "A_KEY", env={"A_KEY": " "})
    fails(1, "has a space, a line break", *to, "--key-variable", "A_KEY", env={"A_KEY": "one\r\nHost: two"})
    fails(1, "none cannot be read", *to, "--key-file", "none")
    fails(2, "not from both", *to, "--key-file", "none", "--key-variable", "A_KEY")
    fails(2, "may hold no name or password", *to[:3], "--endpoint", "http://me:key@127.0.0.1/v1", "--model", "m")
    done = throng(*to[:3], "--endpoint", "http://127.0.0.1/v1?key=secret", "--model", "m")
    assert done.code == 2 and 'has no "?"' in done.err and "secret" not in done.err, done.err


# ---- dice ---------------------------------------------------------------------------------------------------------


@test
def test_dice_are_audited():
    put("loaded.json", '{"dice": {"collapse": 0.5}}')
    with server("--seed", 4) as it:
        got = report("audit-dice", *at(it), "--concurrency", 64, "--cache", "c")
        assert got["batch"]["fair"] and got["independent"]["fair"], got
        assert got["usage"]["calls"] == 15 + 3000
        again = report("audit-dice", *at(it), "--cache", "c", "--cache-mode", "strict")
        assert {**again, "usage": 0} == {**got, "usage": 0} and again["usage"]["calls"] == 0
        shown = ok("audit-dice", *at(it), "--cache", "c", "--protocol", "batch")
        assert shown.count("passes") == 1 + got["batch"]["passed"] and "independent" not in shown, shown
    with server("--script", "loaded.json") as it:
        got = report("audit-dice", *at(it), "--concurrency", 64)
        assert (got["batch"]["passed"], got["independent"]["passed"]) == (0, 0)
    with server("--faults", "refuse=1") as it:
        got = report("audit-dice", *at(it), "--protocol", "batch")["batch"]
        assert got["passed"] == 0 and all(die["numbers"] == 0 for die in got["dice"])
    fails(2, "batch or independent", "audit-dice", "--script", "-", "--protocol", "both")
    fails(2, "alpha must lie in", "audit-dice", "--script", "-", "--alpha", 0.7)


@test
def test_dice_that_were_thrown_before():
    luck = random.Random(1)
    laws = {"Uniform(0, 1)": luck.random, "beta": lambda: luck.betavariate(2, 2), "EXPONENTIAL(1)": lambda: luck.expovariate(1),
            "Bernoulli(0.7)": lambda: int(luck.random() < 0.7), "Gaussian(0,1)": lambda: luck.gauss(0, 1)}
    thrown = {name: [throw() for _ in range(500)] for name, throw in laws.items()}
    other = {name: [throw() for _ in range(300)] for name, throw in laws.items()}
    thrown["EXPONENTIAL(1)"] = [0.5 * x for x in thrown["EXPONENTIAL(1)"]]

    def write(name, samples):
        put(name, "distribution,value\n" + "".join(f'"{law}",{x!r}\n' for law, xs in samples.items() for x in xs))

    write("thrown.csv", thrown)
    write("other.csv", other)
    dice = {die["name"]: die for die in report("audit-dice", "--table", "thrown.csv")["table"]["dice"]}
    assert [name for name, die in dice.items() if die["passed"]] == ["Uniform(0, 1)", "Gaussian(0, 1)", "Bernoulli(0.7)", "Beta(2, 2)"], dice
    assert dice["Exponential(1)"]["numbers"] == 500 and dice["Poisson(5)"]["numbers"] == 0
    dice = {die["name"]: die for die in report("audit-dice", "--table", "thrown.csv", "--reference", "other.csv")["table"]["dice"]}
    for name, law in (("Uniform(0, 1)", "Uniform(0, 1)"), ("Exponential(1)", "EXPONENTIAL(1)"), ("Beta(2, 2)", "beta")):
        one, two = thrown[law], other[law]
        both = sorted(one + two)
        apart = [abs(sum(x <= at for x in one) / 500 - sum(x <= at for x in two) / 300) for at in both]
        p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * max(apart) ** 2 * 500 * 300 / 800) for k in range(1, 101))
        distance = sum(gap * (b - a) for gap, a, b in zip(apart, both, both[1:]))
        die = dice[name]
        assert abs(die["statistic"] - max(apart)) < 1e-12 and abs(die["p"] - min(1, p)) < 1e-9, (name, die, max(apart), p)
        assert abs(die["wasserstein"] - distance) < 1e-9 * distance, (name, die, distance)
    assert ok("audit-dice", "--table", "thrown.csv").startswith("table: numbers that were drawn before\n")
    put("strange.csv", "distribution,value\nbetta,1\n")
    fails(1, 'no distribution "betta". Known: Uniform', "audit-dice", "--table", "strange.csv")
    put("strange.csv", 'distribution,value\n"Beta(2, 3)",1\n')
    fails(1, r'no distribution "Beta\(2, 3\)"', "audit-dice", "--table", "strange.csv")
    put("strange.csv", "distribution,value\nbeta,nan\nbeta,1\n")
    fails(1, "value in row 1 is no number", "audit-dice", "--table", "strange.csv")
    put("strange.csv", "distribution,value\nbeta,1\n")
    fails(1, r"strange.csv holds no sample of Uniform\(0, 1\)", "audit-dice", "--table", "thrown.csv", "--reference", "strange.csv")
    fails(2, "nobody is to be asked", "audit-dice", "--table", "thrown.csv", "--script", "-")
    fails(2, "--reference goes with --table", "audit-dice", "--script", "-", "--reference", "other.csv")


# ---- templates ----------------------------------------------------------------------------------------------------


@test
def test_templates():
    os.mkdir("cards")
    put("cards/angry.txt", "You are angry, {{name}}.\n")
    put("t.txt", "[system]\n{{#mood}}{{>cards/angry.txt}}{{/mood}}{{^mood}}You are calm.{{/mood}}\n\n[prompt]\nSeen:\n{{seen:2}}\nAge {{age}}.\n")
    put("rows.csv", 'name,mood,seen,age\nAna,1,"a\nb\nc",30\nBen,0,x,2.5\n')
    ok("ask", "t.txt", "--rows", "rows.csv", "--options", "yes,no", "--script", "-", "--transcript", "t.ndjson", "--orders", 1)
    asked = [json.loads(line) for line in open("t.ndjson")]
    assert [one["system"] for one in asked] == ["You are angry, Ana.", "You are calm."]
    assert asked[0]["prompt"].startswith("Seen:\nb\nc\nAge 30.\n\nA) ") and asked[1]["prompt"].startswith("Seen:\nx\nAge 2.5.\n\nA) ")
    put("rows.csv", "nam,mood,seen,age\nAna,1,x,30\n")
    fails(1, r'cards/angry.txt:1: \{\{name\}\}: .*no column "name".*Did you mean "nam"', "ask", "t.txt", "--rows", "rows.csv", "--script", "-")


@test
def test_templates_from_windows():
    put("rows.csv", "name\r\nAna\r\nBen\r\n")
    put("t.txt", b"[system]\r\nYou are {{name}}.\r\n[prompt]\r\nOne.\r\n{{#name}}\r\nTwo.\r\n{{/name}}\r\nA \r stays.\r\n")
    ok("ask", "t.txt", "--rows", "rows.csv", "--script", "-", "--transcript", "t.ndjson")
    asked = [json.loads(line) for line in open("t.ndjson")]
    assert [one["system"] for one in asked] == ["You are Ana.", "You are Ben."]
    assert asked[0]["prompt"] == "One.\n\nTwo.\n\nA \r stays.", asked[0]


@test
def test_templates_that_are_wrong():
    for text, message in (("x\n{{a", r"t.txt:2: \{\{ is not closed"), ("{{a b}}", 't.txt:1: "a b" is no name of a slot'),
                          ("{{#a}}x", r"t.txt:1: the section \{\{#a\}\} is never closed"), ("x\n\n{{/a}}", "t.txt:3: .*closes no section"),
                          ("{{#a}}{{#b}}{{/a}}{{/b}}", "not the last one open, b"), ("{{a:x}}", "how many lines to show"),
                          ("{{>t.txt}}", "files may include each other 8 deep: does t.txt include itself"),
                          ("x\n{{>none}}", r"t.txt:2: \{\{>none\}\} cannot be read: No such"), ("{{>}}", "needs the name of a file"), ("", "t.txt is empty"),
                          (b"caf\xe9", "t.txt is not UTF-8"), ("{{a}}", r"t.txt:1: \{\{a\}\} has no value")):
        put("t.txt", text)
        fails(2 if "no value" in message else 1, message, "ask", "t.txt", "--script", "-")


@test
def test_wrong_words():
    fails(2, "Give one template file, or --prompt", "ask", "--script", "-")
    fails(2, "Give one of --endpoint URL, --script FILE and --replay FILE", "ask", "--prompt", "x")
    fails(2, "--model is missing", "ask", "--prompt", "x", "--endpoint", "http://127.0.0.1:1/v1")
    fails(2, "begins with http", "ask", "--prompt", "x", "--endpoint", "127.0.0.1:1", "--model", "m")
    fails(2, 'cannot be "strcit". Did you mean "strict"', "ask", "--prompt", "x", "--script", "-", "--cache", "c", "--cache-mode", "strcit")
    fails(2, "needs --cache FILE", "ask", "--prompt", "x", "--script", "-", "--cache-mode", "strict")
    fails(2, "has 2 to 26 options, got 1", "ask", "--prompt", "x", "--script", "-", "--options", "a")
    fails(2, 'Option "a" is there twice', "ask", "--prompt", "x", "--script", "-", "--options", "A,a")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
