#!/usr/bin/env python3
"""throng ingest: event lines in, tables out, every line counted.

Use: tests/cli/test_ingest.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py. Real events and the edge cases are below SHARED; tests that need them are skipped
where it is missing.
"""

import ctypes
import gzip
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from harness import PLAIN, SOURCE, THRONG, Skip, fails, listing, main, ok, put, report, test, throng
from llm import server

SHARED = pathlib.Path(os.environ.get("SHARED", SOURCE / "../shared"))
A, B, C = (f"did:plc:{letter * 24}" for letter in "abc")
START = 1732206349000000


# ---- what the tests share ---------------------------------------------------------------------------------------------

def real(name):
    path = SHARED / "data/bluesky" / name
    if not path.exists():
        raise Skip(f"{path} is not there")
    return path


class DuckResult(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_uint64 * 3), ("columns", ctypes.c_void_p), ("error", ctypes.c_char_p),
                ("internal", ctypes.c_void_p)]


def duckdb():
    """libduckdb, the same that the program uses."""
    found = sorted(SOURCE.glob("tools/duckdb/node_modules/@duckdb/*/libduckdb.so"))
    library = ctypes.CDLL(str(found[0]) if found else "libduckdb.so")
    library.duckdb_value_varchar.restype = ctypes.c_void_p
    library.duckdb_result_error.restype = ctypes.c_char_p
    library.duckdb_row_count.restype = library.duckdb_column_count.restype = ctypes.c_uint64
    return library


def query(path, sql):
    """Rows of a query as lists of texts."""
    duck, database, connection, result = duckdb(), ctypes.c_void_p(), ctypes.c_void_p(), DuckResult()
    assert duck.duckdb_open(str(path).encode(), ctypes.byref(database)) == 0, path
    assert duck.duckdb_connect(database, ctypes.byref(connection)) == 0
    failed = duck.duckdb_query(connection, sql.encode(), ctypes.byref(result))
    assert not failed, duck.duckdb_result_error(ctypes.byref(result)).decode()
    rows = []
    for row in range(duck.duckdb_row_count(ctypes.byref(result))):
        cells = [duck.duckdb_value_varchar(ctypes.byref(result), ctypes.c_uint64(column), ctypes.c_uint64(row))
                 for column in range(duck.duckdb_column_count(ctypes.byref(result)))]
        rows.append([None if cell is None else ctypes.string_at(cell).decode() for cell in cells])
        for cell in cells:
            duck.duckdb_free(ctypes.c_void_p(cell))
    duck.duckdb_destroy_result(ctypes.byref(result))
    duck.duckdb_disconnect(ctypes.byref(connection))
    duck.duckdb_close(ctypes.byref(database))
    return rows


TABLES = ("agents", "actions", "edges", "states")


def tables(path):
    """Every row of the four tables, in order."""
    return {name: query(path, f"SELECT COLUMNS(*)::VARCHAR FROM {name}") for name in TABLES}


def event(did, operation, kind, rkey, record=None, at=0):
    body = {"rev": "3lbhuvzds6d2a", "operation": operation, "collection": f"app.bsky.{kind}", "rkey": rkey}
    if record is not None:
        body["record"] = {"$type": f"app.bsky.{kind}", "createdAt": "2024-11-21T16:25:46.221Z", **record}
    return json.dumps({"did": did, "time_us": START + at, "kind": "commit", "commit": body})


def post(did, rkey, text="hello", at=0, **more):
    return event(did, "create", "feed.post", rkey, {"text": text, "langs": ["en"], **more}, at)


def uri(did, kind, rkey):
    return f"at://{did}/app.bsky.{kind}/{rkey}"


def like(did, rkey, target, at=0):
    return event(did, "create", "feed.like", rkey, {"subject": {"uri": target, "cid": "x"}}, at)


def follow(did, rkey, whom, at=0):
    return event(did, "create", "graph.follow", rkey, {"subject": whom}, at)


def write(name, *lines):
    return put(name, "".join(line + "\n" for line in lines))


def ingest(*args, **options):
    return report("ingest", "bluesky", *args, **options)


def adds_up(it):
    assert it["lines"] == it["blank"] + it["ignored"] + it["rejected"] + it["rows"], it
    assert it["rows"] == sum(it[name] for name in ("duplicates", "actions", "taken_back", "deletes", "updates",
                                                   "notices", "other_days")), it
    return it


def rejects(name):
    lines = pathlib.Path(name).read_text().splitlines()
    assert lines[0] == "file,line,reason"
    return [(int(line.split(",")[1]), ",".join(line.split(",")[2:])) for line in lines[1:]]


def many(n, seed=1):
    """Lines of a crowd of n // 10 + 3 accounts: posts, likes, follows, deletes, duplicates, and some rubbish."""
    draw = random.Random(seed)
    people = [f"did:plc:{''.join(draw.choices('abcdefghijklmnopqrstuvwxyz234567', k=24))}" for _ in range(n // 10 + 3)]
    lines, posts = [], [uri(people[0], "feed.post", "p")]
    for i in range(n):
        who, kind = draw.choice(people), draw.random()
        if kind < 0.3:
            posts.append(uri(who, "feed.post", f"k{i}"))
            lines.append(post(who, f"k{i}", draw.choice(["good day", "bad luck", "so so"]), i * 10**9))
        elif kind < 0.7:
            lines.append(like(who, f"k{i}", draw.choice(posts), i * 10**9))
        elif kind < 0.85:
            lines.append(follow(who, f"k{i}", draw.choice(people), i * 10**9))
        elif kind < 0.9 and lines:
            lines.append(draw.choice(lines))
        elif kind < 0.95:
            _, _, did, collection, rkey = draw.choice(posts).split("/")
            lines.append(event(did, "delete", collection[len("app.bsky."):], rkey, at=i * 10**9))
        else:
            lines.append(draw.choice(["", "{", '{"did":1}', '{"did":"did:web:x","time_us":1,"kind":"new"}']))
    return lines


# ---- the real data ----------------------------------------------------------------------------------------------------

@test
def test_edge_cases():
    cases = real("jetstream/edge_cases.ndjson")
    it = adds_up(ingest(cases, "--out", "e.duckdb", "--rejects", "r.csv"))
    verdicts = {line: "ok" for line in range(1, it["lines"] + 1)}
    verdicts.update((line, "reject") for line, _ in rejects("r.csv"))
    accepted = {int(line) for line, in query("e.duckdb", "SELECT line FROM ingest.records")}
    assert not accepted & {line for line, _ in rejects("r.csv")}
    expected = [row.split("\t") for row in
                real("jetstream/edge_cases.expect.tsv").read_text().splitlines()[1:]]
    assert len(expected) == 57 == it["lines"]
    counts = {"skip": 0, "ignore": 0}
    for line, expect, why in expected:
        verdict = "ok" if int(line) in accepted else verdicts[int(line)] if verdicts[int(line)] == "reject" else "none"
        if expect in counts:
            counts[expect] += 1
            assert verdict == "none", (line, expect, why, verdict)
        else:
            assert verdict in expect.split("-or-"), (line, expect, why, verdict)
    assert it["blank"] == counts["skip"] and it["ignored"] == counts["ignore"]
    # what the reasons of the cases say beyond the verdict
    created = dict(query("e.duckdb", "SELECT line, created FROM ingest.records"))
    assert created["29"].startswith("0001-01-01") and created["30"].startswith("2826-05-01")
    assert created["31"] == "2024-04-19 08:18:05.492222" and created["32"] == "2024-02-09 16:51:48.484"
    assert created["33"] == "2024-02-10 01:51:48.484" and created["34"] == "2024-02-10 01:51:48"
    assert created["35"] is None
    via = dict(query("e.duckdb", "SELECT line, via FROM ingest.records"))
    assert via["36"] is not None and via["37"] is None
    assert dict(query("e.duckdb", "SELECT line, text_length FROM ingest.records"))["57"] == "200000"
    # the follow of line 40, once, is taken back by line 43 and not by 45, which is another's; 41 is of oneself
    assert it["taken_back"] == 1 and it["deletes"] == 3
    assert query("e.duckdb", "SELECT count(*) FROM actions WHERE kind = 'follow' AND agent = target_agent") == [["1"]]
    assert query("e.duckdb", "SELECT count(*) FROM edges WHERE source = target") == [["0"]]
    statuses = {status for status, in query(
        "e.duckdb", "SELECT name FROM ingest.records JOIN ingest.labels ON status = number "
        "WHERE kind = (SELECT number FROM ingest.labels WHERE name = 'account')")}
    assert statuses == {"takendown", "suspended", "deleted", "deactivated", "desynchronized", "throttled"}


@test
def test_captured_events():
    it = adds_up(ingest(real("jetstream/real_events.ndjson"), "--out", "r.duckdb"))
    assert (it["lines"], it["rejected"], it["ignored"], it["notices"]) == (14, 0, 1, 4), it  # a profile is not modelled


@test
def test_posts_and_likes():
    it = adds_up(ingest(real("met_posts_2024.ndjson"), "--out", "p.duckdb"))
    assert it["lines"] == it["actions"] == 5529 and it["rejected"] == it["ignored"] == 0
    assert query("p.duckdb", "SELECT count(*) FROM actions WHERE kind = 'reply'") == [["2586"]]
    assert query("p.duckdb", "SELECT count(DISTINCT agent) FROM actions") == [["4216"]]
    it = adds_up(ingest(real("met_likes.ndjson"), "--out", "l.duckdb"))
    assert it["lines"] == it["actions"] == 1897 and it["rejected"] == 0
    assert query("l.duckdb", "SELECT count(DISTINCT agent), count(DISTINCT kind) FROM actions") == [["12", "1"]]


# ---- counting ---------------------------------------------------------------------------------------------------------

@test
def test_duplicates_and_deletes():
    write("e.ndjson", post(A, "1"), post(A, "1"), post(B, "1", at=1), like(B, "2", uri(A, "feed.post", "1"), 2),
          event(A, "delete", "feed.post", "1", at=5), event(B, "delete", "feed.like", "1", at=6),
          event(A, "delete", "feed.post", "1", at=5), follow(C, "3", A, 7), follow(C, "4", C, 8))
    it = adds_up(ingest("e.ndjson", "--out", "c.duckdb"))
    assert (it["duplicates"], it["taken_back"], it["deletes"], it["actions"]) == (2, 1, 2, 4), it
    assert sorted(kind for kind, in query("c.duckdb", "SELECT kind FROM actions")) == ["follow", "follow", "like", "post"]
    assert sorted(kind for kind, in query("c.duckdb", "SELECT kind FROM edges")) == ["follow", "like"]


def account(did, status, at):
    body = {"active": status is None, "did": did, "seq": 1, "time": "2024-11-21T16:25:46.221Z"}
    return json.dumps({"did": did, "time_us": START + at, "kind": "account",
                       "account": body if status is None else {**body, "status": status}})


@test
def test_accounts_that_are_gone():
    """What an account did does not count while it is deleted, taken down, suspended or deactivated; it counts again when
    it is active. What others did to it stays."""
    write("e.ndjson", post(A, "1", "mine"), post(B, "2", "yours", at=1), post(C, "3", at=2),
          like(A, "4", uri(B, "feed.post", "2"), 3), like(C, "5", uri(A, "feed.post", "1"), 4), account(A, "deleted", 5),
          account(B, "suspended", 6), account(C, "throttled", 7), post(B, "6", "gone", at=8),
          event(B, "delete", "feed.post", "6", at=9))
    it = adds_up(ingest("e.ndjson", "--out", "c.duckdb", "--keep-ids", "--keep-text"))
    assert (it["actions"], it["taken_back"], it["notices"], it["agents"]) == (2, 4, 3, 3), it
    assert query("c.duckdb", "SELECT source, target, kind FROM edges") == [[C, A, "like"]]
    assert query("c.duckdb", "SELECT DISTINCT agent FROM states") == [[C]]
    assert dict(query("c.duckdb", "SELECT id, status FROM agents")) == {A: "deleted", B: "suspended", C: "throttled"}
    texts = query("c.duckdb", "SELECT text FROM ingest.records WHERE text IS NOT NULL ORDER BY time")
    assert texts == [["yours"], ["hello"]], texts  # a deleted text is forgotten, one of the suspended is kept back
    write("more.ndjson", account(A, None, 20), account(B, None, 21))
    it = adds_up(ingest("more.ndjson", "--out", "c.duckdb", "--keep-ids", "--keep-text"))
    assert (it["actions"], it["taken_back"], it["edges"]) == (5, 1, 2), it
    assert query("c.duckdb", "SELECT text FROM actions WHERE kind = 'post' ORDER BY time") == [[None], ["yours"], ["hello"]]


@test
def test_days():
    """Days are UTC's; which of them count may change from run to run."""
    day = 86400 * 10**6
    noon = START - START % day + day // 2  # 2024-11-21
    at = [noon - START + hours * 3600 * 10**6 for hours in (0, 11, 13, 40, 60)]  # 21, 21, 22, 23, 24 (midnight)
    write("e.ndjson", *(post(A, f"{i}", at=one) for i, one in enumerate(at)), like(B, "x", uri(A, "feed.post", "0"), at[2]))

    def days(*args):
        it = adds_up(ingest("e.ndjson", "--out", "c.duckdb", "--keep-ids", *args))
        seen = query("c.duckdb", "SELECT day, activity FROM states WHERE agent = 'did:plc:" + "a" * 24 + "' ORDER BY day")
        return [(one[-2:], int(n)) for one, n in seen], it["actions"], it["other_days"], it["edges"]

    whole = [("21", 2), ("22", 1), ("23", 1), ("24", 1)]
    assert days() == (whole, 6, 0, 1)
    assert days("--days", "2024-11-22..2024-11-23") == (whole[1:3], 3, 3, 1)
    assert days("--days", "2024-11-21") == (whole[:1], 2, 4, 0)
    assert days("--days", "..2024-11-22") == (whole[:2], 4, 2, 1)
    assert days("--days", "2") == (whole[2:], 2, 4, 0)
    assert days("--days", "99") == days("--days", "2020-02-29..") == days() == (whole, 6, 0, 1)
    for wrong in ("0", "2024-02-30", "2024-1-1..", "1..2", "yesterday"):
        fails(2, "days must be FIRST..LAST", "ingest", "bluesky", "e.ndjson", "--out", "d.duckdb", "--days", wrong)
    fails(2, "days must not end before", "ingest", "bluesky", "e.ndjson", "--out", "d.duckdb", "--days",
          "2024-11-22..2024-11-21")


@test
def test_both_wires():
    old = [post(A, "1"), like(B, "2", uri(A, "feed.post", "1"), 1000001)]
    new = []
    for line in map(json.loads, old):
        seconds, micro = divmod(line["time_us"], 10**6)
        new.append(json.dumps({
            "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": 7, "did": line["did"],
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micro:06d}Z", **line["commit"]}))
    write("old.ndjson", *old)
    write("new.ndjson", *new, '{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"OutdatedCursor"}',
          json.dumps({"$type": "#sync", "did": A, "seq": 9, "time": "2026-09-01T00:00:00.000000Z"}))
    put("key", "0123456789abcdef" * 2)
    ingest("old.ndjson", "--out", "old.duckdb", "--key", "key")
    it = adds_up(ingest("new.ndjson", "--out", "new.duckdb", "--key", "key"))
    assert it["ignored"] == 2 and it["actions"] == 2 and it["rejected"] == 0, it
    assert tables("old.duckdb") == tables("new.duckdb")
    # a capture of both is one crowd
    it = adds_up(ingest("new.ndjson", "old.ndjson", "--out", "both.duckdb", "--key", "key"))
    assert it["duplicates"] == 2 and tables("both.duckdb") == tables("old.duckdb")


@test
def test_packed_and_piped():
    lines = many(3000)
    write("e.ndjson", *lines)
    text = pathlib.Path("e.ndjson").read_bytes()
    half = len(text) // 2
    put("e.gz", gzip.compress(text[:half]) + gzip.compress(text[half:]))  # two members
    put("key", "00112233445566778899aabbccddeeff")
    expected = adds_up(ingest("e.ndjson", "--out", "plain.duckdb", "--key", "key"))
    assert expected["lines"] == 3000 and expected["rejected"] > 0 and expected["duplicates"] > 0
    assert ingest("e.gz", "--out", "gz.duckdb", "--key", "key") == expected
    assert ingest("-", "--out", "pipe.duckdb", "--key", "key", stdin=text) == expected
    assert ingest("-", "--out", "pipe_gz.duckdb", "--key", "key", stdin=gzip.compress(text)) == expected
    assert ingest("e.ndjson", "--out", "one.duckdb", "--key", "key", "--threads", 1) == expected
    plain = tables("plain.duckdb")
    for name in ("gz", "pipe", "pipe_gz", "one"):
        assert tables(f"{name}.duckdb") == plain, name
    try:
        subprocess.run(["zstd", "-q", "e.ndjson", "-o", "e.zst"], check=True)
    except FileNotFoundError:
        return
    assert ingest("e.zst", "--out", "zst.duckdb", "--key", "key") == expected and tables("zst.duckdb") == plain


# ---- bad input --------------------------------------------------------------------------------------------------------

@test
def test_broken_lines():
    deep = '{"did":' + "[" * 10000 + "]" * 10000 + "}"
    put("e.ndjson", b"\n".join([
        b"\xef\xbb\xbf" + post(A, "1").encode(), b'{"did":"\xff"}', deep.encode(), b'{"did":"x' + b"y" * 70000 + b'"}',
        b'{"a":01}', b'{"a":1e}', b'{"a":NaN}', b'{"a":1,}', b'{"a":"\x01"}', b'{"a":"\\q"}', b'{"a":"\\ud8"}', b'{a:1}',
        b'{"a" 1}', b'{"a":1 "b":2}', b'["a"]', b'{"a":[1,2}', post(A, "2").encode() + b"\r", b"", b'"' + b"\xed\xa0\x80" + b'"',
        b'{"did":"' + A.encode() + b'","time_us":1e400,"kind":"commit"}', post(A, "\\u00e9\ud83d\ude00".encode(
            "utf-16", "surrogatepass").decode("utf-16"), at=5).encode()]))
    it = adds_up(ingest("e.ndjson", "--out", "c.duckdb", "--rejects", "r.csv", "--line-limit", 65536))
    assert it["actions"] == 3 and it["blank"] == 1 and it["rejected"] == 17, it
    reasons = dict(rejects("r.csv"))
    assert reasons[2] == "not UTF-8" and reasons[3] == "nested too deep" and reasons[4] == "the line is too long"
    assert "microseconds" in reasons[20] and all("not" in reasons[line] for line in range(5, 17)), reasons


def peak(command, out):
    """Most memory, in kilobytes, that an ingest takes of what a shell command prints."""
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE) as source:
        ingest_it = subprocess.Popen([THRONG, "ingest", "bluesky", "-", "--out", out, "--rejects", out + ".csv", "--quiet"],
                                     stdin=source.stdout)
        source.stdout.close()
        _, status, usage = os.wait4(ingest_it.pid, 0)
    assert status == 0, status
    return usage.ru_maxrss


@test
def test_long_line_takes_no_memory():
    """A line of 1 GB is passed over while it is read."""
    short = peak(f"echo '{post(A, '1')}'", "short.duckdb")
    long = peak(f"echo '{post(A, '1')}'; head -c 1000000000 /dev/zero | tr '\\0' x; echo; echo '{post(A, '2')}'", "long.duckdb")
    assert rejects("long.duckdb.csv") == [(2, "the line is too long")]
    assert query("long.duckdb", "SELECT count(*) FROM actions") == [["2"]]
    assert long < short + 150000, (short, long)


@test
def test_cut_files():
    text = "".join(line + "\n" for line in many(2000)).encode()
    packed = gzip.compress(text)
    put("e.gz", packed[:-2000])
    it = adds_up(ingest("e.gz", "--out", "c.duckdb", "--rejects", "r.csv"))
    assert rejects("r.csv")[-1][1] == "the gzip data is cut off here" and 100 < it["lines"] < 2001
    # the rest comes: nothing is missing but what was said to be cut off
    put("e.gz", packed)
    put("whole.ndjson", text)
    more = adds_up(ingest("e.gz", "--out", "c.duckdb"))
    whole = adds_up(ingest("whole.ndjson", "--out", "w.duckdb", "--key", "c.duckdb.key"))
    assert more["rows"] == whole["rows"] and more["rejected"] == whole["rejected"] + 1
    assert tables("c.duckdb") == tables("w.duckdb")
    put("d.gz", packed[:3000] + b"\0" * 100 + packed[3100:])
    ingest("d.gz", "--out", "d.duckdb", "--rejects", "r.csv")
    assert rejects("r.csv")[-1][1] == "the gzip data is damaged from here on"


@test
def test_what_is_refused():
    write("e.ndjson", post(A, "1"))
    fails(1, "none.ndjson cannot be read: No such file", "ingest", "bluesky", "none.ndjson", "--out", "c.duckdb")
    fails(1, r"\. cannot be read: it is a directory", "ingest", "bluesky", ".", "--out", "c.duckdb")
    fails(2, 'no platform "blusky".* Did you mean "bluesky"', "ingest", "blusky", "e.ndjson", "--out", "c.duckdb")
    fails(2, "--out is missing", "ingest", "bluesky", "e.ndjson")
    fails(2, "which events", "ingest", "bluesky", "--out", "c.duckdb")
    fails(2, "--memory must be a size", "ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--memory", "many")
    fails(2, "stance must be", "ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--stance", "valence:de")
    fails(2, "whom to ask. Give one of --endpoint", "ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--stance", "llm")
    fails(2, "a model is asked for nothing: add --stance llm:TOPIC", "ingest", "bluesky", "e.ndjson", "--out", "c.duckdb",
          "--script", "-")
    fails(1, "no/where.duckdb cannot be opened as a DuckDB file", "ingest", "bluesky", "e.ndjson", "--out",
          "no/where.duckdb")
    put("c.txt", "this is\nno JSON at all\n")
    fails(1, "c.txt holds no JSON lines: line 1 is not JSON", "ingest", "bluesky", "c.txt", "--out", "c.duckdb")
    it = ingest("-", "--out", "p.duckdb", stdin='{"did":1}\n')  # of a pipe one line says nothing of the next
    assert it["rejected"] == 1, it
    put("other.duckdb", "something else")
    fails(1, "other.duckdb cannot be opened as a DuckDB file", "ingest", "bluesky", "e.ndjson", "--out", "other.duckdb")


@test
def test_a_model_rates_texts():
    """Each different text is sent once, to the endpoint alone, within the budget; none of them is stored."""
    put("rule.json", json.dumps({"choices": {"0": 0, "0.8": 0, "-0.6": 0, "no idea": 0, "0.5 or 7": 0}, "when": [
        {"contains": "great", "add": {"0.8": 99}}, {"contains": "awful", "add": {"-0.6": 99}},
        {"contains": "mumble", "add": {"no idea": 99}}, {"contains": "hm", "add": {"0.5 or 7": 99}}]}))
    write("e.ndjson", post(A, "1", text="a great day"), post(B, "2", text="an awful day"), post(C, "3", text="mumble"),
          post(A, "4", text="a great day"), post(B, "5", text=""), post(C, "6", text="hm"), post("nobody", "7", text="great!"))
    with server("--script", "rule.json") as model:
        command = ["e.ndjson", "--stance", "llm:the weather", "--endpoint", model.url, "--model", "stand-in"]
        it = ingest(*command, "--out", "c.duckdb", "--transcript", "asked.ndjson")
        assert (it["rated_texts"], it["unreadable_ratings"], it["usage"]["calls"], it["rejected"]) == (4, 2, 4, 1), it
        asked = [json.loads(line)["prompt"] for line in pathlib.Path("asked.ndjson").read_text().splitlines()]
        assert len(asked) == 4 and all('"the weather"' in prompt for prompt in asked), asked
        states = query("c.duckdb", "SELECT state FROM actions ORDER BY time, text_length")
        assert sorted(row[0] or "" for row in states) == ["", "", "", "-0.6", "0.8", "0.8"], states
        assert b"awful" not in pathlib.Path("c.duckdb").read_bytes() + pathlib.Path("c.duckdb.answers").read_bytes()
        assert ingest(*command, "--out", "c.duckdb")["usage"]["calls"] == 0
        put("other.ndjson", pathlib.Path("asked.ndjson").read_text().replace('"stand-in"', '"other"'))
        fails(1, "begun with judge stand-in, not other", "ingest", "bluesky", *command[:3], "--out", "c.duckdb", "--replay",
              "other.ndjson", "--model", "other")
        for _ in range(2):  # what was paid for is kept, and the third time it is enough
            done = throng("ingest", "bluesky", *command, "--out", "d.duckdb", "--max-calls", "1", "--concurrency", "1")
            assert done.code == 1 and "goes on from the answers in d.duckdb.answers" in done.err, done.err
        it = ingest(*command, "--out", "d.duckdb", "--max-calls", "2")
        assert it["usage"]["cache_hits"] == 2 and it["actions"] == 6, it


@test
def test_wrong_files():
    """A file of another kind is refused with one line, whatever the platform."""
    noise = bytes(random.Random(3).choices(range(256), k=5000))
    names = [put("noise.csv", noise), put("noise.gz", gzip.compress(noise)), put("zeros.csv", b"\0\1\2\3"),
             put("word.csv", "hello"), put("names.csv", "x,y\n1,2\n"), put("c.ndjson", '{"a":1}\n{"b":2}\n')]
    ok("generate", "bluesky", "--agents", "50", "--out", "crowd.parquet")
    for name in [*names, "crowd.parquet"]:
        for platform in ("bluesky", "mastodon", "generic-csv", "oasis"):
            fails(1, "holds no JSON lines: line 1 is|cannot be read as CSV: a line of names|has no column that platform|"
                  "holds nothing that platform", "ingest", platform, name, "--out", "c.duckdb")
    put("empty.csv", "")
    put("p.parquet", "no such thing")
    fails(1, "empty.csv is empty", "ingest", "generic-csv", "empty.csv", "--out", "c.duckdb")
    fails(1, "p.parquet cannot be read as Parquet", "ingest", "oasis", "p.parquet", "--out", "c.duckdb")
    pathlib.Path("s.db").write_bytes(b"SQLite format 3\0" + bytes(500))
    fails(1, "s.db is an SQLite database: export its tables", "ingest", "oasis", "s.db", "--out", "c.duckdb")
    put("names.csv", "id,author,time\n")  # a table without rows is one
    assert report("ingest", "generic-csv", "names.csv", "--out", "c.duckdb")["lines"] == 0


@test
def test_other_settings():
    write("e.ndjson", post(A, "1"))
    ingest("e.ndjson", "--out", "c.duckdb")
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--keep-text")
    assert done.code == 1 and "c.duckdb was begun with keep-text no, not yes" in done.err, done.err
    pathlib.Path("c.duckdb.key").rename("away")
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb")
    assert done.code == 1 and "c.duckdb.key, the key of the pseudonyms, cannot be read" in done.err, done.err
    put("wrong", "0" * 32)
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--key", "wrong")
    assert done.code == 1 and "was begun with key-check" in done.err, done.err
    ingest("e.ndjson", "--out", "c.duckdb", "--key", "away")
    query("c.duckdb", "UPDATE ingest.settings SET value = '1' WHERE name = 'format'")
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--key", "away")
    assert done.code == 1 and "begun by another version of throng" in done.err, done.err


@test
def test_full_disk():
    write("e.ndjson", *many(40000))
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", limit=3000000)
    assert done.code == 1 and "c.duckdb cannot be written: " in done.err and done.err.count("\n") == 1, done.err
    it = adds_up(ingest("e.ndjson", "--out", "c.duckdb"))
    assert it["lines"] == 40000
    ingest("e.ndjson", "--out", "d.duckdb", "--key", "c.duckdb.key")
    assert tables("c.duckdb") == tables("d.duckdb")


@test
def test_disk_full_at_the_end():
    """What is done is in the file itself, and what a log beside it still holds can be read."""
    write("e.ndjson", *many(200))
    ingest("e.ndjson", "--out", "whole.duckdb")
    read = ("attribute", "--state", "posts", "--indicator", "mean", "--quiet")
    left = 0
    for share in (0.5, 0.7, 0.9):
        limit = int(share * os.path.getsize("whole.duckdb"))
        done = throng("ingest", "bluesky", "e.ndjson", "--out", f"{share}.duckdb", limit=limit)
        log = pathlib.Path(f"{share}.duckdb.wal").exists()
        assert (done.code == 1 and " cannot be written: " in done.err) or (done.code == 0 and not log), done.err
        seen = throng(*read[:1], f"{share}.duckdb#agents", *read[1:])
        assert seen.code == 0 or "There is no table" in seen.err or "has no table" in seen.err, seen.err
        left += log and seen.code == 0
    assert left > 0


# ---- privacy ----------------------------------------------------------------------------------------------------------

@test
def test_texts_stay_whole():
    """Short and long ones, in DuckDB's sense, empty ones and none, more than one run of lines holds."""
    draw = random.Random(7)
    texts = [None if draw.random() < 0.1 else "".join(draw.choices('ab \u00e9\u732b\U0001f600\n"\\\0', k=draw.randrange(30)))
             for _ in range(5000)]
    texts[:2], texts[2048] = [None, "x" * 13], None  # at the beginning of a run
    write("e.ndjson", *(event(A, "create", "feed.post", f"k{i}", {} if text is None else {"text": text}, i)
                        for i, text in enumerate(texts)))
    adds_up(ingest("e.ndjson", "--out", "c.duckdb", "--keep-text"))
    kept = query("c.duckdb", "SELECT hex(text), text_length::VARCHAR FROM actions ORDER BY time")
    assert kept == [[None, None] if text is None else [text.encode().hex().upper(), str(len(text))] for text in texts]


@test
def test_privacy():
    write("e.ndjson", post(A, "1", "a secret sentence"), like(B, "2", uri(A, "feed.post", "1"), 1),
          json.dumps({"did": A, "time_us": START, "kind": "identity", "identity": {"did": A, "handle": "anna.example"}}))
    ingest("e.ndjson", "--out", "c.duckdb")
    content = pathlib.Path("c.duckdb").read_bytes()
    for word in (A, B, A[8:], "secret", "anna"):
        assert word.encode() not in content, word
    assert os.stat("c.duckdb.key").st_mode & 0o777 == 0o600
    ids = query("c.duckdb", "SELECT id FROM agents")
    assert all(len(one) == 16 and int(one, 16) for one, in ids), ids
    ingest("e.ndjson", "--out", "d.duckdb")
    assert query("d.duckdb", "SELECT id FROM agents") != ids, "two keys, the same pseudonyms"
    ingest("e.ndjson", "--out", "k.duckdb", "--keep-ids", "--keep-text")
    assert query("k.duckdb", "SELECT id FROM agents ORDER BY id") == [[A], [B]]
    assert query("k.duckdb", "SELECT text FROM actions ORDER BY time LIMIT 1") == [["a secret sentence"]]
    assert query("k.duckdb", "SELECT source, target FROM edges") == [[B, A]]
    assert not pathlib.Path("k.duckdb.key").exists()


# ---- stance -----------------------------------------------------------------------------------------------------------

@test
def test_valence():
    write("e.ndjson", post(A, "1", "GOOD, good… bad!"), post(A, "2", "nothing to see"), post(B, "3", "I can’t stand it"),
          post(C, "4", "gut", langs=["de"]), post(C, "5", "good", langs=None))
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb", "--stance", "valence")
    if "was not there when throng was built" in done.err:
        raise Skip("throng was built without the word list")
    assert "stance: 2 texts are not in English, or do not say so" in done.out, done.out + done.err
    # AFINN: good 3, bad -3, can't stand -3
    states = dict(query("c.duckdb", "SELECT posts, state FROM states JOIN agents ON id = agent WHERE state IS NOT NULL"))
    assert states == {"2": "1.0", "1": "-3.0"}, states


@test
def test_terms():
    put("terms.csv", "term,weight\n#left,-1\n#right,1\nexample.org,0.5\ngreen new deal,-2\ndeal,1\n")
    write("e.ndjson", post(A, "1", "#Left: https://www.example.org/a?b vs. x"), post(B, "2", "the Green  New-Deal no"),
          post(C, "3", "the green new deal, a deal"))
    ingest("e.ndjson", "--out", "c.duckdb", "--stance", "terms:terms.csv", "--keep-ids")
    states = dict(query("c.duckdb", "SELECT agent, state FROM states"))
    assert states == {A: "-0.25", B: None, C: "-0.5"}, states
    put("bad.csv", "term,weight\n#left,many\n")
    fails(1, 'bad.csv, line 2: a line is "term,weight"', "ingest", "bluesky", "e.ndjson", "--out", "d.duckdb", "--stance",
          "terms:bad.csv")


# ---- follows, weights, other platforms --------------------------------------------------------------------------------

@test
def test_follows():
    write("e.ndjson", post(A, "1"), post(B, "2", at=1), like(C, "3", uri(A, "feed.post", "1"), 2))
    put("counts.csv", f"did,followers\n{A},100\n{B},7\n")
    it = ingest("e.ndjson", "--out", "c.duckdb", "--follows", "counts.csv", "--keep-ids")
    assert it["weight"] == "followers"
    assert dict(query("c.duckdb", "SELECT agent, weight FROM states")) == {A: "100.0", B: "7.0", C: "0.0"}
    put("pairs.csv", f"src,dst\n{A},{B}\n{C},{B}\n{C},{B}\n")
    it = ingest("e.ndjson", "--out", "p.duckdb", "--follows", "pairs.csv", "--keep-ids")
    assert it["weight"] == "followers" and it["edges"] == 3
    assert dict(query("p.duckdb", "SELECT id, followers FROM agents")) == {A: "0", B: "2", C: "0"}
    it = ingest("e.ndjson", "--out", "n.duckdb", "--keep-ids")
    assert it["weight"] == "degree"
    assert dict(query("n.duckdb", "SELECT agent, weight FROM states")) == {A: "2.0", B: "1.0", C: "1.0"}
    put("odd.csv", "x,y\n1,2\n")
    fails(1, "odd.csv needs the columns source and target", "ingest", "bluesky", "e.ndjson", "--out", "o.duckdb",
          "--follows", "odd.csv")


@test
def test_ego_network():
    write("e.ndjson", post(A, "1"))
    it = ingest("e.ndjson", "--out", "c.duckdb", "--follows", real("keegan_ego_edges.csv"), "--keep-ids")
    assert it["edges"] == 1311 and it["agents"] == 101 + 1
    ingest("e.ndjson", "--out", "n.duckdb", "--follows", real("keegan_ego_nodes.csv"), "--keep-ids")
    assert query("n.duckdb", "SELECT followers FROM agents WHERE id = '0'") == [["1326483"]]
    assert query("n.duckdb", "SELECT count(*) FROM agents") == [["102"]]


@test
def test_generic_tables():
    put("posts.csv", "id,author,time,text,target,state\n1,anna,2024-01-01T10:00:00Z,hello,,0.5\n2,bert,1704106800,hi,1,-1\n"
        "3,bert,never,x,,0\n4,,2024-01-01,x,,0\n1,anna,2024-01-01T10:00:00Z,hello,,0.5\n")
    put("follows.csv", "follower,followed\nbert,anna\nanna,\n")
    put("users.csv", "user,followers\nanna,12\nbert,3\n")
    it = adds_up(report("ingest", "generic-csv", "posts.csv", "follows.csv", "users.csv", "--out", "c.duckdb", "--keep-ids",
                        "--rejects", "r.csv"))
    assert (it["lines"], it["rejected"], it["actions"], it["duplicates"], it["notices"]) == (9, 3, 3, 1, 2), it
    assert query("c.duckdb", "SELECT agent, day, state, weight FROM states ORDER BY 1") == [
        ["anna", "2024-01-01", "0.5", "12.0"], ["bert", "2024-01-01", "-1.0", "3.0"]]
    assert sorted(query("c.duckdb", "SELECT source, target, kind FROM edges")) == [
        ["bert", "anna", "follow"], ["bert", "anna", "reply"]]
    before = listing()
    report("ingest", "generic-csv", "posts.csv", "follows.csv", "--out", "c.duckdb", "--keep-ids", "--rejects", "r.csv")
    assert listing() == before
    it = json.loads(ok("attribute", "c.duckdb#states", "--state", "state", "--id", "agent", "--time", "day", "--weight",
                       "weight", "--json"))
    assert it["agents"] == 2, it


@test
def test_oasis():
    put("post.csv", "post_id,user_id,original_post_id,content,quote_content,created_at\n1,1,,hello,,0\n2,2,1,hello,,1\n"
        "3,3,1,hello,no,1\n")
    put("comment.csv", "comment_id,post_id,user_id,content,created_at\n1,1,3,what,2\n")
    put("like.csv", "like_id,user_id,post_id,created_at\n1,2,3,2\n")
    put("follow.csv", "follow_id,follower_id,followee_id,created_at\n1,2,1,0\n")
    put("user.csv", "user_id,agent_id,user_name,created_at,num_followers\n1,0,anna,0,1\n2,1,bert,0,0\n3,2,carl,0,0\n")
    put("trace.csv", "user_id,created_at,action,info\n1,0,create_post,{}\n")
    it = adds_up(report("ingest", "oasis", *(f"{name}.csv" for name in ("post", "comment", "like", "follow", "user", "trace")),
                        "--out", "c.duckdb", "--keep-ids"))
    assert (it["lines"], it["actions"], it["notices"], it["ignored"], it["rejected"]) == (10, 6, 3, 1, 0), it
    assert sorted(query("c.duckdb", "SELECT source, target, kind FROM edges")) == [
        ["2", "1", "follow"], ["2", "1", "repost"], ["2", "3", "like"], ["3", "1", "quote"], ["3", "1", "reply"]]


@test
def test_mastodon():
    anna, bert = "https://a.example/users/anna", "https://b.example/users/bert"
    note = {"id": anna + "/1", "type": "Note", "published": "2024-01-01T10:00:00Z", "content": "<p>good</p>"}
    day = {"published": "2024-01-01T11:00:00Z"}
    activities = [
        {"type": "Create", "id": "x1", "actor": anna, "object": note, "published": "2024-01-01T10:00:00Z"},
        {"type": "Announce", "id": "x2", "actor": bert, "object": anna + "/1", **day},
        {"type": "Like", "id": "x3", "actor": bert, "object": anna + "/1", **day},
        {"type": "Follow", "id": "x4", "actor": bert, "object": anna, **day},
        {"type": "Undo", "id": "x5", "actor": bert, "object": {"type": "Like", "id": "x3"}, "published": "2024-01-02T00:00:00Z"},
        {"type": "Create", "id": "x6", "actor": bert, "object": {**note, "id": bert + "/2", "inReplyTo": anna + "/1"}, **day},
        {"type": "Flag", "actor": bert}, {"type": "Like", "actor": bert, "object": anna + "/1"}]
    write("e.ndjson", *map(json.dumps, activities))
    it = adds_up(report("ingest", "mastodon", "e.ndjson", "--out", "c.duckdb", "--keep-ids", "--keep-text"))
    assert (it["actions"], it["taken_back"], it["deletes"], it["ignored"], it["rejected"]) == (4, 1, 1, 1, 1), it
    edges = sorted(query("c.duckdb", "SELECT source, target, kind FROM edges"))
    assert edges == [[bert, anna, kind] for kind in ("follow", "reply", "repost")], edges


@test
def test_sql_of_ones_own():
    sql = ok("ingest", "bluesky", "--print-sql")
    put("mine.sql", sql)
    lines = many(500)
    write("e.ndjson", *lines)
    put("key", "f" * 32)
    ingest("e.ndjson", "--out", "a.duckdb", "--key", "key")
    report("ingest", "--sql", "mine.sql", "e.ndjson", "--out", "b.duckdb", "--key", "key")
    assert tables("a.duckdb") == tables("b.duckdb")
    put("small.sql", "-- input: ndjson\n-- field: who text user.name\n-- field: t integer at\n"
        "SELECT line, broken, who AS agent, make_timestamp(t * 1000000) AS time, 'post' AS kind FROM lines")
    write("s.ndjson", '{"user":{"name":"anna"},"at":1700000000}', '{"user":7}')
    it = adds_up(report("ingest", "--sql", "small.sql", "s.ndjson", "--out", "s.duckdb", "--rejects", "r.csv"))
    assert it["actions"] == 1 and "agent, time, kind" in rejects("r.csv")[0][1], it
    put("headless.sql", "SELECT 1")
    fails(1, "does not begin with a comment that has a line", "ingest", "--sql", "headless.sql", "s.ndjson", "--out", "t.duckdb")
    put("wrong.sql", "-- input: ndjson\n-- field: who text user\nSELECT nobody FROM lines")
    fails(1, "SQL of platform wrong.sql does not do: .*nobody", "ingest", "--sql", "wrong.sql", "s.ndjson", "--out", "t.duckdb")


# ---- going on ---------------------------------------------------------------------------------------------------------

@test
def test_second_run_changes_nothing():
    write("e.ndjson", *many(2000))
    first = ingest("e.ndjson", "--out", "c.duckdb")
    before = listing()
    again = ingest("e.ndjson", "--out", "c.duckdb")
    assert listing() == before
    assert again == {**first, "new_lines": 0}
    # a file that grows is read on; one that begins otherwise is another file
    with open("e.ndjson", "a") as file:
        file.write(post(A, "new", at=10**13) + "\n")
    more = adds_up(ingest("e.ndjson", "--out", "c.duckdb"))
    assert more["new_lines"] == 1 and more["actions"] == first["actions"] + 1
    write("e.ndjson", post(B, "1"), *many(3000))
    done = throng("ingest", "bluesky", "e.ndjson", "--out", "c.duckdb")
    assert done.code == 1 and "begins otherwise" in done.err, done.err


@test
def test_killed():
    """Killed at any moment and run again, an ingest makes the tables that an undisturbed one makes."""
    n = int(os.environ.get("KILLS", "2"))
    lines = many(60000)
    write("a.ndjson", *lines[:20000])
    put("b.gz", gzip.compress("".join(line + "\n" for line in lines[20000:]).encode()))
    put("key", "00112233445566778899aabbccddeeff")
    command = [THRONG, "ingest", "bluesky", "a.ndjson", "b.gz", "--key", "key", "--json", "--out"]
    began = time.monotonic()
    expected = json.loads(subprocess.run([*command, "whole.duckdb"], check=True, capture_output=True).stdout)
    whole, length = tables("whole.duckdb"), time.monotonic() - began
    draw = random.Random(5)
    for i in range(n):
        for _ in range(2):
            started = subprocess.Popen([*command, f"{i}.duckdb"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(length * draw.random())
            started.send_signal(signal.SIGKILL)
            started.wait()
        done = subprocess.run([*command, f"{i}.duckdb"], capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        it = json.loads(done.stdout)
        assert {**it, "new_lines": 0} == {**expected, "new_lines": 0}, (i, it)
        assert tables(f"{i}.duckdb") == whole, i
        assert not pathlib.Path(f"{i}.duckdb.tmp").exists()


@test
def test_steady_pipe():
    """What a pipe gave that never falls silent is written every few seconds: a kill takes the last of them only."""
    started = subprocess.Popen([THRONG, "ingest", "bluesky", "-", "--out", "c.duckdb", "--quiet"], stdin=subprocess.PIPE)
    log, n, until = pathlib.Path("c.duckdb.wal"), 0, time.monotonic() + 60
    while not (log.exists() and log.stat().st_size > 100_000):  # the empty tables take a fifth of it
        assert time.monotonic() < until, "nothing is written"
        started.stdin.write("".join(post(A, f"{n}.{i}") + "\n" for i in range(20)).encode())
        started.stdin.flush()
        n += 1
        time.sleep(0.05)
    started.kill()
    started.wait()
    started.stdin.close()
    assert ingest("/dev/null", "--out", "c.duckdb")["actions"] >= 20


@test
def test_interrupted():
    """Ctrl-C while a pipe is silent: it stops at once, and what was there is kept."""
    started = subprocess.Popen([THRONG, "ingest", "bluesky", "-", "--out", "c.duckdb"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN)
    started.stdin.write((post(A, "1") + "\n").encode())
    started.stdin.flush()
    time.sleep(1.5)
    started.send_signal(signal.SIGINT)
    code = started.wait(timeout=60)  # the pipe stays open meanwhile
    err = started.communicate()[1]
    assert code == 130 and b"the same command goes on" in err, (code, err)
    write("more.ndjson", post(A, "2"))
    assert ingest("more.ndjson", "--out", "c.duckdb")["actions"] == 2  # the pipe would not give the first again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
