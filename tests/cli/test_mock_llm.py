#!/usr/bin/env python3
"""The stand-in for a language-model server: its protocol, its rule, and everything it is told to do wrong.

Use: tests/cli/test_mock_llm.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import http.client
import json
import math
import sys
import time
import urllib.request

from harness import fails, main, put, test
from llm import server

RULE = {"choices": {"post": 0.5, "share": -0.5, "stay silent": 1.0},
        "when": [{"contains": "angry", "add": {"post": 1.5}}, {"count": "friend", "add": {"share": 0.25}}]}
LIST = "You are angry. A friend of a friend wrote.\nA) stay silent\nB) post\nC) share\nAnswer with the letter."


def softmax(*logits):
    total = sum(map(math.exp, logits))
    return [math.exp(one) / total for one in logits]


def first(reply):
    return reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]


@test
def test_choices_follow_the_rule():
    put("rule.json", json.dumps(RULE))
    with server("--script", "rule.json", "--seed", 7) as it:
        top = {one["token"]: math.exp(one["logprob"]) for one in first(it.ask(LIST, seed=1, logprobs=True, top_logprobs=5))}
        wanted = dict(zip("ABC", softmax(1.0, 2.0, 0.0)))
        assert all(abs(top[letter] - wanted[letter]) < 1e-12 for letter in "ABC"), top
        # without a list the answers are the rule's own words, and tokens have four bytes
        reply = it.ask("You are calm.", seed=1, logprobs=True, top_logprobs=2)
        assert [one["token"] for one in first(reply)] == ["stay", "post"]
        n = 4000
        texts = [choice["message"]["content"] for start in range(0, n, 100)
                 for choice in it.ask(LIST, seed=start, n=100)["choices"]]
        for letter, p in wanted.items():  # five standard errors
            assert abs(texts.count(letter) / n - p) < 5 * math.sqrt(p * (1 - p) / n), (letter, texts.count(letter))
        assert it.ask(LIST, temperature=0)["choices"][0]["message"]["content"] == "B"
    assert it.out == f"{n // 100 + 3} requests, {n // 100 + 3} answers\n"


@test
def test_answers_depend_on_the_seeds_alone():
    put("rule.json", json.dumps(RULE))
    answers = []
    for seed in (1, 1, 2):
        with server("--script", "rule.json", "--seed", seed) as it:
            order = range(64) if len(answers) != 1 else reversed(range(64))
            answers.append({i: it.ask("What now?", seed=i)["choices"][0]["message"]["content"] for i in order})
    assert answers[0] == answers[1] != answers[2]


@test
def test_both_calls_and_the_list_of_models():
    put("rule.json", json.dumps({**RULE, "model": "tiny"}))
    with server("--script", "rule.json") as it:
        code, _, body = it.post("/completions", model="tiny", prompt="What now?", logprobs=3, seed=3)
        top = json.loads(body)["choices"][0]["logprobs"]["top_logprobs"][0]
        assert code == 200 and set(top) == {"post", "shar", "stay"}, body
        with urllib.request.urlopen(it.url + "/models", timeout=20) as reply:
            assert json.load(reply)["data"][0]["id"] == "tiny"
        assert it.post(prompt="x", model="huge")[0] == 404
        assert it.post("/embeddings", model="tiny")[0] == 404
        assert it.post(model="tiny")[0] == 400
        assert it.post(model="tiny", messages=[{"role": "user", "content": "x"}], n=1000)[0] == 400
        reply = it.post(model="tiny", messages=[{"role": "user", "content": "x"}], max_tokens=1, temperature=0)[2]
        assert json.loads(reply)["choices"][0]["finish_reason"] == "length"
        assert json.loads(reply)["usage"] == {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@test
def test_a_key_is_asked_for():
    with server("--key-variable", "SECRET", env={"SECRET": "k-123"}) as it:
        message = [{"role": "user", "content": "x"}]
        assert [it.post(messages=message, key=key)[0] for key in (None, "k-12", "k-1234", "k-123")] == [401, 401, 401, 200]
    fails(2, "SECRET, which should hold the key, is not set", "mock-llm", "--key-variable", "SECRET")


@test
def test_faults():
    message = [{"role": "user", "content": "A) yes\nB) no"}]

    def one(faults):
        with server("--faults", faults) as it:
            return it.post(messages=message, logprobs=True, top_logprobs=2)

    code, headers, _ = one("rate_limit=1,retry_after=3")
    assert (code, headers["Retry-After"]) == (429, "3")
    assert one("error=1")[0] == 503
    code, headers, body = one("html=1")
    assert code == 200 and headers["Content-Type"] == "text/html" and body.startswith("<!DOCTYPE")
    code, _, body = one("malformed=1")
    assert code == 200 and body.endswith('"mess')
    assert len(one("huge=1,huge_bytes=3e6")[2]) == 3000000
    assert "can't help" in one("refuse=1")[2]
    assert json.loads(one("wrong=1")[2])["choices"][0]["message"]["content"] == "Z"
    assert "caf�" in one("invalid_utf8=1")[2]
    assert "logprobs" not in one("no_logprobs")[2]
    try:
        one("drop=1")
        raise AssertionError("the connection was not dropped")
    except http.client.RemoteDisconnected:
        pass
    began = time.monotonic()
    one("latency_ms=300")
    assert time.monotonic() - began >= 0.3


@test
def test_faults_let_go_when_asked_again():
    with server("--faults", "error=0.5", "--seed", 5) as it:
        codes = [[it.post(messages=[{"role": "user", "content": f"{i}"}], seed=1)[0] for _ in range(6)] for i in range(20)]
    flat = sum(codes, [])
    assert 30 < flat.count(503) < 90 and all(200 in some for some in codes), codes


@test
def test_dice():
    put("mode.json", '{"dice": {"collapse": 1}}')
    prompt = "Give exactly 400 numbers from Gaussian(0, 1)."
    with server() as it:
        numbers = [float(one) for one in it.ask(prompt, seed=1)["choices"][0]["message"]["content"].split(", ")]
        assert len(numbers) == 400 and abs(sum(numbers)) < 5 * 20 and len(set(numbers)) > 390
        assert it.ask("One number from Poisson(5).", seed=2)["choices"][0]["message"]["content"].isdigit()
    with server("--script", "mode.json") as it:
        assert it.ask("One number from Poisson(5).", seed=2)["choices"][0]["message"]["content"] == "5"


@test
def test_wrong_words():
    fails(2, "takes options only", "mock-llm", "x")
    fails(2, 'no fault "dorp".* Did you mean "drop"', "mock-llm", "--faults", "dorp=1")
    fails(2, 'Fault "drop" is a number from 0 to 1', "mock-llm", "--faults", "drop=2")
    fails(1, "no.json cannot be read", "mock-llm", "--script", "no.json")
    for text, message in (("{", r"bad.json:1: this is not JSON"), ("[]", "a script is a JSON object"),
                          ('{"chioces": {}}', 'no entry "chioces".* Did you mean "choices"'),
                          ('{"choices": {"a": "x"}}', '"a" has not'), ('{"when": [{}]}', 'entry 1 of "when" must be'),
                          ('{"faults": {"drop": 2}}', 'bad.json: "faults": Fault "drop" is a number from 0 to 1'),
                          ('{"dice": {"collapse": 2}}', '"dice" must be')):
        put("bad.json", text)
        fails(1, message, "mock-llm", "--script", "bad.json")
    with server() as it:
        port = it.url.split(":")[2].split("/")[0]
        fails(1, f"Port {port} of 127.0.0.1 cannot be served", "mock-llm", "--port", port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
