#!/usr/bin/env python3
"""The explorer's server: what it answers, whom it answers, and what it does under load and abuse.

Use: tests/cli/test_serve.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import array
import concurrent.futures
import contextlib
import http.client
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from harness import PLAIN, THRONG, crowd, fails, main, ok, put, test

SANITIZED = "ASAN_OPTIONS" in os.environ  # whatever is freed is held back then

NASTY = ["<script>alert(1)</script>", "a\"b'c\\d", "søren, 🦆", "'; DROP TABLE x; --", "../../etc/passwd", "%00%0d%0aX: y"]


class Server:
    def __init__(self, process, url):
        self.process, self.url = process, urllib.parse.urlsplit(url)
        self.token = urllib.parse.parse_qs(self.url.query).get("token", [None])[0]
        self.host = f"127.0.0.1:{self.url.port}"
        self.stopped = False  # by the test itself: a second signal ends the program at once

    def raw(self, method, target, body=None, headers=None, skip_host=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.url.port, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            if not skip_host and not any(name.lower() == "host" for name in headers or {}):
                connection.putheader("Host", self.host)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()

    def get(self, path, code=200, headers=None, **arguments):
        """JSON, or bytes of anything else."""
        target = "/api/v1/" + path + ("?" + urllib.parse.urlencode(arguments) if arguments else "")
        status, found, body = self.raw("GET", target, headers=headers)
        assert status == code, f"{target} gave {status}, expected {code}: {body[:300]}"
        return json.loads(body) if found["Content-Type"] == "application/json" else body

    def post(self, path, body, kind="application/json", code=200, **arguments):
        target = "/api/v1/" + path + ("?" + urllib.parse.urlencode(arguments) if arguments else "")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = self.raw("POST", target, body, {"Content-Type": kind})
        assert status == code, f"{target} gave {status}, expected {code}: {answer[:300]}"
        return json.loads(answer)

    def column(self, name, kind="d", **arguments):
        values = array.array(kind)
        values.frombytes(self.get("runs/0/column", column=name, **arguments))
        return list(values)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settles(self, most):
        """Whether it comes to hold no more than so many descriptors."""
        for _ in range(200):
            if self.descriptors() <= most:
                return True
            time.sleep(0.05)
        return False

    def bytes(self):
        """Memory of its own that it holds."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
        return 0


@contextlib.contextmanager
def serving(*arguments, command="serve", beside_report=False, left_out=()):
    """Runs the server; it must stop at Ctrl-C without other complaints than of what is left out."""
    process = subprocess.Popen([THRONG, command, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=PLAIN, text=True)
    try:
        url = (process.stderr if beside_report else process.stdout).readline().strip()
        assert url.startswith("http://"), url + process.stderr.read()
        server = Server(process, url)
        yield server
        if not server.stopped:
            process.send_signal(signal.SIGINT)
        server.out, server.err = process.communicate(timeout=60)
        assert process.returncode == 0, (process.returncode, server.err)
        complaints = server.err.removesuffix("Ctrl-C ends it.\n").splitlines()
        assert len(complaints) == len(left_out), server.err
        for complaint, reason in zip(complaints, left_out):
            assert re.match("throng: left out: .*" + reason, complaint), complaint
    finally:
        process.kill()
        process.communicate()


def nasty_run(out="run"):
    """Three times, six agents of unpleasant names and fourteen of plain ones, a gap in the weights' order."""
    rows = ["name,day,x,w,side"]
    for day in range(1, 4):
        for i, name in enumerate(NASTY + [f"agent{i}" for i in range(14)]):
            quoted = '"' + name.replace('"', '""') + '"'
            rows.append(f"{quoted},2025-01-0{day},{math.sin(i * 7 + day) / 2:.3f},{(i * 13) % 17 + 1},{'lr'[i % 2]}")
    put("crowd.csv", "\n".join(rows) + "\n")
    ok("attribute", "crowd.csv", "--state", "x", "--id", "name", "--time", "day", "--weight", "w", "--cohort-by", "side",
       "--out", out, "--quiet")
    return out


def code_of(reply):
    return reply["error"]["code"]


# ---- what it answers ---------------------------------------------------------------------------------------------------


@test
def test_runs_reports_and_files():
    nasty_run("a")
    pathlib.Path("other").mkdir()
    nasty_run("other/a")
    with serving("a", "other/a/", "--quiet") as it:
        listed = it.get("runs")
        assert listed["api"] == 1 and listed["limits"]["edges"] == 20000
        assert [run["name"] for run in listed["runs"]] == ["a", "a (2)"]
        assert [run["state"] for run in listed["runs"]] == ["complete"] * 2 and listed["runs"][0]["kind"] == "times"
        assert it.raw("GET", "/api/v1/runs/1/report")[2] == pathlib.Path("other/a/report.json").read_bytes()
        figures = it.get("runs/0/figures")
        assert figures["phi_by_weight"] and not figures["problems"] and it.get("runs/0/figures") == figures
        files = {one["name"]: one["bytes"] for one in it.get("runs/0/files")["files"]}
        assert files == {path.name: path.stat().st_size for path in pathlib.Path("a").iterdir()}
        for name in files:
            status, headers, body = it.raw("GET", f"/api/v1/runs/0/files/{name}")
            assert status == 200 and body == pathlib.Path("a", name).read_bytes()
            assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert code_of(it.get("runs/0/verify", 404)) == "file"
        assert code_of(it.get("runs/2/report", 404)) == "run"
        for path in ("runs/", "runs/0", "runs/00000000/report", "runs/-1/report", "runs/99999999999999999999/report"):
            assert code_of(it.get(path, 404)) == "run", path
        assert code_of(it.get("nothing", 404)) == "path"
        page = it.raw("GET", "/")
        assert page[0] == 200 and page[1]["Content-Type"].startswith("text/html"), page
        assert it.raw("GET", "/needs-eval.md")[0] == 404


@test
def test_cascades_are_served_with_their_tables():
    put("acts.csv", "user,id,time,item\n" + "".join(f"u{i * i % 7},a{i},{i},p{i % 3}\n" for i in range(40)))
    for kind in ("parquet", "csv"):
        ok("cascades", "acts.csv", "--agent", "user", "--id", "id", "--time", "time", "--item", "item", "--format", kind,
           "--out", kind, "--quiet")
    with serving("parquet", "csv", "--quiet") as it:
        assert [run["kind"] for run in it.get("runs")["runs"]] == ["cascades"] * 2
        for run, name in enumerate(("parquet", "csv")):
            files = {one["name"] for one in it.get(f"runs/{run}/files")["files"]}
            assert files == {path.name for path in pathlib.Path(name).iterdir()}, files
        assert {one["table"] for one in it.get("runs/0/tables")["tables"]} == {"agents", "members", "cascades"}
        assert it.get("runs/0/page", table="agents", sort="-|phi|", limit=1)["total"] == 4  # squares modulo 7
        # Who it is stands in "agent": such tables can be searched and selected from like all others.
        assert [one["id"] for one in it.get("runs/0/search", table="agents", prefix="u4")["ids"]] == ["u4"]
        rows = {one["table"]: len(one["rows"]) for one in it.get("runs/0/agent", id="u4")["tables"]}
        assert rows["agents"] == 1 and rows["members"] > 5, rows
        assert it.get("runs/0/select", table="agents", where="phi >= 0")["agents"] == 4


@test
def test_nothing_outside_the_run_is_reached():
    put("secret.json", '{"secret": 1}')
    nasty_run()
    os.symlink("../secret.json", "run/verify.json")
    pathlib.Path("run/foreign.txt").write_text("secret")
    with serving("run", "--quiet") as it:
        for name in ("report.json%00.x", "../secret.json", "..%2fsecret.json", "%2e%2e/secret.json", "/etc/passwd", "%2fetc%2fpasswd",
                     "./report.json", "foreign.txt", "verify.json", "report.json%00", "report.json/", "", "REPORT.JSON"):
            status, _, body = it.raw("GET", "/api/v1/runs/0/files/" + name)
            assert status == 404, (name, status, body)
            assert b"secret" not in body and b"root:" not in body
        assert code_of(it.get("runs/0/verify", 404)) == "file"
        for target in ("/../../etc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/passwd"):
            assert it.raw("GET", target)[0] == 404, target
        for table in ("../run/attribution", "/etc/passwd", "attribution.parquet", "report"):
            assert code_of(it.get("runs/0/column", 404, table=table, column="phi")) == "table"
    os.unlink("run/verify.json")
    os.rename("run/change.parquet", "elsewhere.parquet")
    os.symlink("../elsewhere.parquet", "run/change.parquet")
    with serving("run", "--quiet", left_out=[r"run/change\.parquet cannot be opened: it is a symbolic link"]) as it:
        assert code_of(it.get("runs/0/column", 404, table="change", column="phi")) == "table"
        assert it.get("runs/0/agent", id="agent3")["tables"][0]["table"] == "attribution"


@test
def test_a_table_in_parts_is_one():
    nasty_run()
    shutil.copytree("run", "parts")
    for name in ("attribution", "change"):
        os.rename(f"parts/{name}.parquet", "part")
        os.mkdir(f"parts/{name}.parquet")
        os.rename("part", f"parts/{name}.parquet/part-00000.parquet")
    os.rename("parts/change.parquet/part-00000.parquet", "elsewhere.parquet")
    os.symlink("../../elsewhere.parquet", "parts/change.parquet/part-00000.parquet")
    with serving("run", "parts", "--quiet", left_out=[r"parts/change\.parquet cannot be opened: it is a symbolic link"]) as it:
        assert it.get("runs/1/figures") == it.get("runs/0/figures")
        assert it.get("runs/1/page", limit=60) == it.get("runs/0/page", limit=60)
        told = [{one["table"]: one for one in it.get(f"runs/{run}/tables")["tables"]} for run in (0, 1)]
        assert told[0]["attribution"] == told[1]["attribution"] and "change" not in told[1]
        assert it.raw("GET", "/api/v1/runs/1/files/attribution.parquet")[0] == 404


@test
def test_what_is_damaged_is_left_out():
    nasty_run()
    shutil.copytree("run", "broken")
    whole = pathlib.Path("run/attribution.parquet").read_bytes()
    put("broken/attribution.parquet", whole[:-100])
    change = bytearray(pathlib.Path("run/change.parquet").read_bytes())
    change[4:len(change) // 2] = bytes(len(change) // 2 - 4)  # the end, where the file describes itself, is as it was
    put("broken/change.parquet", bytes(change))
    shutil.copytree("run", "ruined")
    put("ruined/report.json", "{")
    reasons = [r"broken/attribution\.parquet is not a Parquet file, or it is damaged", r"ruined/report\.json is damaged",
               "nowhere: there is no such directory"]
    with serving("run", "broken", "ruined", "nowhere", "--quiet", left_out=reasons) as it:
        runs = it.get("runs")["runs"]
        assert [run["state"] for run in runs] == ["complete", "complete", "failed", "failed"]
        assert "no such directory" in runs[3]["message"] and runs[2]["problems"] == runs[0]["problems"] == []
        assert len(runs[1]["problems"]) == 1 and "attribution.parquet" in runs[1]["problems"][0]
        assert code_of(it.get("runs/2/report", 409)) == "running"
        assert it.get("runs/1/report")["agents"] == 20 and it.get("runs/1/figures")["problems"]
        told = it.get("runs/1/tables")
        assert {one["table"] for one in told["tables"]} == {"change", "cohorts"} and told["problems"] == []
        error = it.get("runs/1/column", 500, table="change", column="phi")["error"]
        assert error["code"] == "internal" and "broken/change.parquet is damaged" in error["message"], error
        assert code_of(it.get("runs/1/agent", 500, id="agent3")) == "internal"
        assert it.get("runs/0/agent", id="agent3")["tables"]
    fails(1, r"ruined/report\.json is damaged", "serve", "ruined", "nowhere")


@test
def test_columns_are_arrays():
    nasty_run()
    with serving("run", "--quiet") as it:
        tables = {one["table"]: one for one in it.get("runs/0/tables")["tables"]}
        assert set(tables) == {"attribution", "change", "cohorts"}
        table = tables["attribution"]
        roles = {one["column"]: one["role"] for one in table["columns"]}
        assert roles == {"id": "id", "time": "time", "state": "state", "weight": "weight", "cohort": "cohort",
                         "phi": "phi"}, roles
        assert table["rows"] == 60 and table["frames"] == [
            {"label": f"2025-01-0{day + 1}", "from": 20 * day, "to": 20 * day + 20} for day in range(3)]
        phi, weight = it.column("phi"), it.column("weight")
        extremes = next((one["min"], one["max"]) for one in table["columns"] if one["column"] == "weight")
        assert extremes == (min(weight), max(weight))
        page = it.get("runs/0/page", limit=60, columns="phi,id,time")
        assert page["columns"] == ["row", "phi", "id", "time"] and [row[1] for row in page["rows"]] == phi
        assert [row[0] for row in page["rows"]] == list(range(60)) and page["rows"][59][3] == "2025-01-03"
        assert it.column("phi", **{"from": 20, "to": 40}) == phi[20:40]
        assert it.column("phi", every=7, **{"from": 3, "to": 40}) == phi[3:40:7]
        assert it.column("phi", "f", **{"as": "float32"}) == list(array.array("f", phi))
        assert it.column("weight", "i", **{"as": "int32"}) == [int(w) for w in weight]
        assert it.column("weight", "B", **{"as": "uint8"}) == [int(w) for w in weight]
        assert it.column("phi", "q", **{"as": "int64"}) == [0] * 60
        assert it.column("row", "i") == list(range(60)) and it.column("agent", "i") == list(range(20)) * 3
        assert it.column("time", "i")[::20] == [20089, 20090, 20091]
        codes, words = it.column("cohort", "i"), it.get("runs/0/words", column="cohort")
        assert words == {"words": ["l", "r"], "total": 2} and codes == [0, 1] * 30
        assert it.get("runs/0/words", column="id", **{"from": 0, "to": 2})["words"] == NASTY[:2]
        for wrong in ({"from": 61}, {"to": 61}, {"from": 5, "to": 4}, {"from": "x"}, {"from": -1}, {"from": ""},
                      {"as": "double"}, {"every": 0}, {"evry": 2}, {"from": 1 << 70}):
            assert code_of(it.get("runs/0/column", 400, column="phi", **wrong)) == "parameter", wrong
        assert code_of(it.get("runs/0/column", 400)) == "parameter"
        assert "Did you mean" in it.get("runs/0/column", 404, column="ph")["error"]["message"]


@test
def test_selections_add_up():
    nasty_run()
    report = json.loads(pathlib.Path("run/report.json").read_text())
    with serving("run", "--quiet") as it:
        phi, weight, state = it.column("phi"), it.column("weight"), it.column("state")
        last = {"from": 40, "to": 60}
        for cohort in report["by_time"][2]["cohorts"]:
            found = it.get("runs/0/select", where=f"cohort = '{cohort['name']}'", **last)
            assert found["rows"] == found["agents"] == cohort["agents"] and found["of"] == 20
            assert math.isclose(found["phi"], cohort["phi"], rel_tol=1e-12)
            assert math.isclose(found["share"], cohort["share"], rel_tol=1e-12)
            assert math.isclose(found["absolute_share"], cohort["absolute_share"], rel_tol=1e-12)
            assert [one["cohort"] for one in found["by_cohort"]] == [cohort["name"]]
        whole = it.get("runs/0/select", top=3)
        assert whole["rows"] == 60 and whole["agents"] == 20 and whole["share"] == 1
        assert [one["rows"] for one in whole["by_frame"]] == [20] * 3
        order = sorted(range(60), key=lambda row: (-abs(phi[row]), row))
        assert [one["row"] for one in whole["top"]] == order[:3]
        assert math.isclose(whole["weight"]["mean"], sum(weight) / 60) and whole["weight"]["max"] == max(weight)
        # conditions hold together: expression, range, body, and a selection that was made before
        heavy = it.get("runs/0/select", where="weight > 8")
        square = {"polygon": {"x": "weight", "y": "state", "log_x": True,
                              "points": [[0.5, -0.3], [1.1, -0.3], [1.1, 0.4], [0.5, 0.4]]}}
        inside = [row for row in range(60) if 0.5 < math.log10(weight[row]) < 1.1 and -0.3 < state[row] < 0.4]
        found = it.post("runs/0/select", square)
        assert found["rows"] == len(inside) > 0
        wanted = [row for row in inside if weight[row] > 8 and 20 <= row < 50 and phi[row] > 0]
        found = it.post("runs/0/select", square, where="phi > 0", within=heavy["selection"], **{"from": 20, "to": 50})
        rows = array.array("I", it.get("runs/0/rows", selection=found["selection"])).tolist()
        assert rows == wanted and 0 < len(wanted) < len(inside)
        assert array.array("I", it.get("runs/0/rows", selection=found["selection"], offset=1, limit=1)).tolist() == wanted[1:2]
        mask = it.get("runs/0/mask", selection=found["selection"])
        assert [20 + i for i in range(30) if mask[i // 8] >> i % 8 & 1] == wanted and len(mask) == 4
        mask = it.get("runs/0/mask", selection=found["selection"], **{"as": "uint8", "from": 0, "to": 60})
        assert [i for i in range(60) if mask[i]] == wanted and set(mask) == {0, 255}
        assert it.column("phi", selection=found["selection"]) == [phi[row] for row in wanted]
        # by number and by id
        assert it.post("runs/0/select", {"rows": [5, 3, 5]})["rows"] == 2
        assert it.post("runs/0/select", array.array("I", [7, 59]).tobytes(), "application/octet-stream")["rows"] == 2
        assert it.post("runs/0/select", {"ids": [NASTY[0], "nobody", 17]})["rows"] == 3
        # the same description is the same selection, and only so many are kept
        again = it.get("runs/0/select", where="weight > 8")
        assert {**again, "seconds": 0} == {**heavy, "seconds": 0}
        for i in range(64):
            it.get("runs/0/select", where=f"weight > 1 + {i}", top=0)
        assert code_of(it.get("runs/0/rows", 410, selection=heavy["selection"])) == "selection"
        assert code_of(it.get("runs/0/rows", 400)) == "parameter"


@test
def test_wrong_selections_are_refused():
    nasty_run()
    with serving("run", "--quiet") as it:
        for body, kind, code, name in (
                (b"{", "application/json", 400, "body"), (b"", "application/json", 400, "body"),
                ({}, "application/json", 400, "body"), ({"rows": 1}, "application/json", 400, "body"),
                ({"rows": [60]}, "application/json", 400, "body"), ({"rows": [-1]}, "application/json", 400, "body"),
                ({"rows": [1.5]}, "application/json", 400, "body"), ({"ids": "x"}, "application/json", 400, "body"),
                ({"rows": [], "ids": []}, "application/json", 400, "body"),
                ({"polygon": {"x": "weight", "y": "phi", "points": [[0, 0], [1, 1]]}}, "application/json", 400, "body"),
                ({"polygon": {"x": "weight", "y": "phi", "points": [[0, 0], [1, "1"], [1]]}}, "application/json", 400, "body"),
                ({"polygon": {"x": "no", "y": "phi", "points": []}}, "application/json", 404, "column"),
                ({"polygon": {"x": "phi", "points": []}}, "application/json", 400, "body"),
                (b"[" * 100000, "application/json", 400, "body"), (b"123", "application/octet-stream", 400, "body"),
                (b"\xff\xff\xff\xff", "application/octet-stream", 400, "body"), (b"{}", "text/plain", 415, "body"),
                (b"{}", "application/x-www-form-urlencoded", 415, "body"), (b"{}", "", 415, "body")):
            assert code_of(it.post("runs/0/select", body, kind, code)) == name, (body, kind)
        assert code_of(it.post("runs/0/select", {"rows": []}, code=410, within="0123456789abcdef")) == "selection"
        assert code_of(it.get("runs/0/select", 400, top=1001)) == "parameter"


# ---- what a filter cannot do -------------------------------------------------------------------------------------------


@test
def test_filters_have_no_way_out():
    nasty_run()
    put("written.csv", "")
    os.unlink("written.csv")
    attacks = ["read_csv('/etc/passwd')", "read_text('/etc/passwd') = ''", "(SELECT content FROM read_text('/etc/passwd')) > ''",
               "phi > 0; COPY (SELECT 1) TO 'written.csv'", "1) FROM read_csv('/etc/passwd') WHERE (1",
               "1); COPY (SELECT 1) TO 'written.csv'; SELECT (1", "COPY (SELECT 1) TO 'written.csv'", "ATTACH 'written.csv'",
               "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list", "SET memory_limit='1TB'",
               "getenv('HOME') = ''", "phi > 0 /*", "phi > (SELECT 1) --", "EXISTS (FROM 'crowd.csv')", "glob('*') = ''",
               "repeat('x', 1000000000) = ''", "arrow_scan(1, 2, 3)", "phi > ?", "x'", "\x00", "phi > 0\x00, or so", "phi >", "(" * 3000,
               "no_such_column > 1", "cohort::INTEGER = 1", "phi > 0 OR " * 1000 + "true", "😀", "SELECT 1", ""]
    with serving("run", "--quiet") as it:
        for attack in attacks:
            reply = it.get("runs/0/select", 400, where=attack)
            assert code_of(reply) in ("filter", "column"), (attack, reply)
            assert len(reply["error"]["message"]) < 600 and "root:" not in json.dumps(reply), reply
        assert not os.path.exists("written.csv")
        for wrong, said in [("phi >", "not complete"), ("phi > 1)", "\")\""), ("phi > 1e400", "1.8e308"),
                            ("followers > 1", "Known: id,"), ("pi > 1", "Did you mean \"phi\"")]:
            message = it.get("runs/0/select", 400, where=wrong)["error"]["message"]
            assert said in message, (wrong, message)
        assert it.get("runs/0/select", where="id = '''; DROP TABLE x; --'")["rows"] == 3
        assert it.get("runs/0/select", where="id LIKE '<script>%' -- or so")["rows"] == 3


# ---- rows, searching, agents, neighbours -------------------------------------------------------------------------------


@test
def test_pages_searches_and_agents_with_any_name():
    nasty_run()
    with serving("run", "--quiet") as it:
        phi = it.column("phi")
        page = it.get("runs/0/page", sort="-|phi|", limit=5, offset=2, columns="phi")
        order = sorted(range(60), key=lambda row: (-abs(phi[row]), row))
        assert page["total"] == 60 and [row[0] for row in page["rows"]] == order[2:7]
        assert [row[1] for row in it.get("runs/0/page", sort="phi", limit=60, columns="phi")["rows"]] == sorted(phi)
        assert it.get("runs/0/page", offset=58)["rows"][-1][0] == 59 and not it.get("runs/0/page", offset=100)["rows"]
        for wrong in ({"limit": 1001}, {"offset": 99990, "limit": 20, "sort": "phi"}, {"sort": "cohort"}, {"limit": -1}):
            assert code_of(it.get("runs/0/page", 400, **wrong)) == "parameter", wrong
        assert code_of(it.get("runs/0/page", 404, columns="phi,,x")) == "column"
        for i, name in enumerate(NASTY):
            found = it.get("runs/0/search", prefix=name)
            assert found == {"ids": [{"id": name, "row": i}], "more": False}, found
            tables = it.get("runs/0/agent", id=name)["tables"]
            assert [table["table"] for table in tables] == ["attribution", "change"]
            assert [row[0] for row in tables[0]["rows"]] == [i, i + 20, i + 40] and len(tables[1]["rows"]) == 1
        found = it.get("runs/0/search", prefix="AGENT1", limit=3, **{"from": 40, "to": 60})
        assert [one["id"] for one in found["ids"]] == ["agent1", "agent10", "agent11"] and found["more"]
        assert found["ids"][0]["row"] == 47
        assert it.get("runs/0/search", prefix="agent1", limit=3)["ids"][0] == {"id": "agent1", "row": 7}
        assert it.get("runs/0/search", prefix="nobody") == {"ids": [], "more": False}
        assert code_of(it.get("runs/0/search", 400, prefix="")) == "parameter"
        assert code_of(it.get("runs/0/agent", 404, id="<b>nobody</b>")) == "agent"
        # whatever a name holds, it is data of a type that no browser takes for a page
        for path in ("page?limit=10", "report", "search?prefix=%3Cscript", "agent?id=%3Cscript%3E", "nothing<script>"):
            _, headers, _ = it.raw("GET", "/api/v1/runs/0/" + path)
            assert headers["Content-Type"] == "application/json" and headers["X-Content-Type-Options"] == "nosniff"


@test
def test_whole_number_ids_are_exact():
    put("crowd.csv", "id,x\n1,0.5\n12,-0.5\n9007199254740993,1\n120,-1\n")
    ok("attribute", "crowd.csv", "--state", "x", "--id", "id", "--out", "run", "--quiet")
    with serving("run", "--quiet") as it:
        assert [row[1] for row in it.get("runs/0/page", columns="id")["rows"]] == [1, 12, "9007199254740993", 120]
        assert it.get("runs/0/search", prefix="12")["ids"] == [{"id": 12, "row": 1}, {"id": 120, "row": 3}]
        assert it.get("runs/0/agent", id="9007199254740993")["tables"][0]["rows"][0][0] == 2
        assert it.post("runs/0/select", {"ids": [12, "9007199254740993"]})["rows"] == 2
        assert code_of(it.get("runs/0/agent", 404, id="012")) == "agent"
        for name, wrong in (("LIKE", "id LIKE '1%'"), ("NOT ILIKE", "id NOT ILIKE '1%'"), ("lower", "lower(id) = '1'")):
            reply = it.get("runs/0/select", 400, where=wrong)
            message = reply["error"]["message"]
            assert code_of(reply) == "filter" and message.startswith(name + " does not take a whole number here"), message
            assert "CAST(x AS VARCHAR)" in message, message
        assert it.get("runs/0/select", where="CAST(id AS VARCHAR) LIKE '12%'")["rows"] == 2


@test
def test_the_network_around_an_agent():
    put("crowd.csv", "id,x\n" + "".join(f"{i},{i / 50 - 1}\n" for i in range(1, 101)))
    put("edges.csv", "source,target,weight\n" + "".join(f"{i},{i % 100 + 1},{i}\n{i},50,1\n" for i in range(1, 101) if i not in (49, 50)))
    world = ["--world", "bounded-confidence", "--steps", 3]
    ok("attribute", "crowd.csv", "--state", "x", "--id", "id", "--graph", "edges.csv", "--source", "source",
       "--target", "target", "--edge-weight", "weight", *world, "--out", "read", "--quiet")
    ok("simulate", "--generate", "uniform", "--agents", 300, "--graph-model", "watts-strogatz", *world, "--out", "made",
       "--quiet")
    os.rename("crowd.csv", "kept.csv")
    nasty_run("none")
    os.rename("kept.csv", "crowd.csv")
    with serving("read", "made", "none", "--quiet") as it:
        assert "--graph" in it.get("runs/0/network", 404, id="1")["error"]["message"]
        assert code_of(it.get("runs/2/network", 404, id="1")) == "graph"
        found = it.get("runs/1/network", id="5", hops=2)
        assert {node["hop"] for node in found["nodes"]} == {0, 1, 2} and found["reached"] == 2
        assert all(0 <= end < len(found["nodes"]) for edge in found["edges"] for end in edge)
        assert code_of(it.get("runs/1/network", 404, id="nobody")) == "agent"
        for wrong in ({"hops": 11}, {"limit": 20001}, {"direction": "up"}, {"hops": "x"}):
            assert code_of(it.get("runs/1/network", 400, id="5", **wrong)) == "parameter"
    with serving("read", "--graph", "--quiet") as it:
        found = it.get("runs/0/network", id=10, direction="heard")
        ids = [node["id"] for node in found["nodes"]]
        edges = {(ids[a], ids[b]): w for (a, b), w in zip(found["edges"], found["weights"])}
        assert edges == {("10", "11"): 10, ("10", "50"): 1, ("11", "50"): 1} and ids[0] == "10", edges
        assert [node["row"] for node in found["nodes"]] == [int(one) - 1 for one in ids]
        assert {node["id"] for node in it.get("runs/0/network", id=10, direction="hears")["nodes"]} == {"10", "9"}
        assert code_of(it.get("runs/0/network", 422, id=50, limit=20)) == "network"
        cut = it.get("runs/0/network", id=50, limit=20, cut=1)
        assert cut["cut"] and cut["reached"] == 0 and 10 < len(cut["edges"]) <= 20
        # too much for a second step: the first is shown
        assert it.get("runs/0/network", id=10, hops=2, limit=10)["reached"] == 1


# ---- whom it answers ---------------------------------------------------------------------------------------------------


@test
def test_other_hosts_and_other_sites_are_turned_away():
    nasty_run()
    with serving("run", "--quiet") as it:
        port = it.url.port
        for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
            assert it.raw("GET", "/api/v1/runs", headers={"Host": host})[0] == 200
        for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1}", f"192.168.0.1:{port}", ""):
            status, _, body = it.raw("GET", "/api/v1/runs", headers={"Host": host})
            assert status in (400, 403) and b"runs\"" not in body, host
        assert it.raw("GET", "/api/v1/runs", skip_host=True)[0] in (400, 403)
        assert it.raw("GET", "/", headers={"Host": "evil.example"})[0] == 403
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Site": "same-site"}):
            for path in ("/api/v1/runs", "/api/v1/runs/0/report", "/api/v1/events"):
                status, _, body = it.raw("GET", path, headers=headers)
                assert status == 403 and json.loads(body)["error"]["code"] == "origin", headers
        assert it.raw("POST", "/api/v1/runs/0/select", b"{}", {"Origin": "http://evil.example"})[0] == 403
        assert it.raw("GET", "/api/v1/runs", headers={"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"})[0] == 200
        for target in ("/", "/api/v1/runs", "/api/v1/nothing", "/nothing", "/api/v1/runs/0/column?column=phi"):
            headers = it.raw("GET", target)[1]
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
            assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin" and "Access-Control-Allow-Origin" not in headers


@test
def test_beyond_this_machine_a_token_is_wanted():
    nasty_run()
    with serving("run", "--bind", "0.0.0.0", "--host", "crowd.example", "--quiet") as it:
        assert len(it.token) == 32 and it.url.hostname == "crowd.example"
        for target in ("/", "/api/v1/runs", "/api/v1/events", "/api/v1/runs/0/files/report.json", "/api/v1/runs?token=",
                       "/api/v1/runs?token=" + "0" * 32, "/api/v1/runs?token=" + it.token[:-1]):
            status, headers, body = it.raw("GET", target)
            assert status == 401 and json.loads(body)["error"]["code"] == "token" and "Set-Cookie" not in headers, target
        status, headers, _ = it.raw("GET", "/?token=" + it.token)
        cookie = headers["Set-Cookie"].split(";")[0]
        assert status == 200 and "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
        assert it.raw("GET", "/api/v1/runs", headers={"Cookie": cookie})[0] == 200
        assert it.raw("GET", "/api/v1/runs", headers={"X-Throng-Token": it.token})[0] == 200
        assert it.raw("GET", "/api/v1/runs?token=" + it.token, headers={"Host": f"crowd.example:{it.url.port}"})[0] == 200
        assert it.raw("GET", "/api/v1/runs?token=" + it.token, headers={"Host": f"evil.example:{it.url.port}"})[0] == 403
    with serving("run", "--bind", "::1", "--quiet") as it:
        assert it.url.hostname == "::1" and it.token is None


@test
def test_messages():
    nasty_run()
    fails(2, "needs a run directory", "serve")
    fails(1, "nowhere: there is no such directory", "serve", "nowhere")
    fails(1, "crowd.csv: this is not a directory", "serve", "crowd.csv")
    pathlib.Path("empty").mkdir()
    fails(1, "empty is no run directory: it has no report.json", "serve", "empty")
    for text, message in (("{", "damaged"), ("[]", "no schema"), ('{"schema": 99}', "has schema 99"), ("", "damaged")):
        put("empty/report.json", text)
        fails(1, "empty/report.json.*" + message, "serve", "empty")
    fails(2, "--port", "serve", "run", "--port", 65536)
    fails(2, "not an address", "serve", "run", "--bind", "example.com")
    fails(1, "cannot be served", "serve", "run", "--bind", "192.0.2.1")
    fails(2, "--out", "attribute", "crowd.csv", "--state", "x", "--serve")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        fails(1, r"Port \d+ of 127\.0\.0\.1 cannot be served: Address already in use", "serve", "run", "--port",
              taken.getsockname()[1])
    put("browser", "#!/bin/sh\necho \"$1\" > opened\n")
    os.chmod("browser", 0o755)
    os.environ["BROWSER"], PLAIN["BROWSER"] = (os.path.abspath("browser"),) * 2
    with serving("run", "--open") as it:
        for _ in range(200):
            if os.path.exists("opened") and pathlib.Path("opened").read_text():
                break
            time.sleep(0.05)
        assert pathlib.Path("opened").read_text().strip() == it.url.geturl()
        it.get("runs")
    assert it.out == "1 requests\n", it.out


# ---- a run that is going on --------------------------------------------------------------------------------------------


def events_of(server, until="bye"):
    """Reads events until one of that name came: (name, data)."""
    connection = http.client.HTTPConnection("127.0.0.1", server.url.port, timeout=60)
    found = []
    with contextlib.closing(connection):
        connection.request("GET", "/api/v1/events")
        reply = connection.getresponse()
        assert reply.status == 200 and reply.headers["Content-Type"] == "text/event-stream"
        name = None
        for line in reply:
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
                if name == until:
                    break
    return found


@test
def test_a_run_is_shown_while_it_goes_on():
    study = ["--generate", "uniform", "--agents", 20000, "--graph-model", "watts-strogatz", "--world", "bounded-confidence",
             "--steps", 150, "--out", "run", "--quiet", "--serve"]
    with serving(*study, command="simulate", beside_report=True) as it:
        assert it.get("runs")["runs"][0]["state"] in ("running", "complete")
        found = events_of(it, "state")
        assert found[0][0] == "hello" and found[0][1]["runs"][0]["live"]
        names = {name for name, _ in found}
        assert {"hello", "series", "state"} <= names and found[-1][1]["state"] == "complete", names
        series = []
        for name, data in found:
            if name == "series":
                assert data["from"] == len(series)
                series += data["values"]
        report = it.get("runs/0/report")
        assert series == [one["indicator"] for one in report["trajectory"]] and len(series) == 151
        assert it.get("runs")["runs"][0]["kind"] == "simulation"
        assert it.get("runs/0/page", table="states", limit=1)["total"] == 20000
        # who comes late is told all, and everybody hears goodbye
        with concurrent.futures.ThreadPoolExecutor() as pool:
            late = pool.submit(events_of, it, "bye")
            time.sleep(0.5)
            it.process.send_signal(signal.SIGINT)
            it.stopped = True
            found = late.result(30)
            assert [name for name, _ in found][0] == "hello" and found[-1][0] == "bye", found


@test
def test_a_run_that_is_stopped_or_fails_ends_the_server():
    process = subprocess.Popen([THRONG, "simulate", "--generate", "uniform", "--agents", "200000", "--graph-model",
                                "watts-strogatz", "--world", "bounded-confidence", "--steps", "100000", "--out", "run",
                                "--serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN, text=True)
    it = Server(process, process.stderr.readline().strip())
    assert code_of(it.get("runs/0/report", 409)) == "running" and code_of(it.get("runs/0/tables", 409)) == "running"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "stopped" in err, (process.returncode, err)
    # an intervention that falls short leaves a run all the same, and has its own exit code
    process = subprocess.Popen([THRONG, "intervene", "--generate", "uniform", "--agents", "200", "--graph-model", "chung-lu",
                                "--world", "nonlinear-opinion", "--target", "-10%", "--budget", "0.0001", "--out", "short",
                                "--quiet", "--serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN, text=True)
    it = Server(process, process.stderr.readline().strip())
    assert "budget" in process.stderr.readline()
    while it.get("runs")["runs"][0]["state"] == "running":
        time.sleep(0.05)
    assert it.get("runs")["runs"][0]["kind"] == "intervention"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 1
    put("crowd.csv", "id,x\n1,2\n")
    process = subprocess.run([THRONG, "attribute", "crowd.csv", "--state", "y", "--out", "run", "--serve"],
                             capture_output=True, env=PLAIN, text=True, timeout=60)
    assert process.returncode == 1 and "no column \"y\"" in process.stderr and not os.path.exists("run")


# ---- load and abuse ----------------------------------------------------------------------------------------------------


@test
def test_two_hundred_at_once_and_slow_readers():
    crowd(agents=200000)
    ok("attribute", "crowd.parquet", "--state", "state", "--id", "id", "--weight", "followers", "--out", "run", "--quiet")
    with serving("run", "--quiet") as it:
        whole = it.get("runs/0/column", column="phi")
        select = it.get("runs/0/select", where="phi > 0")
        time.sleep(0.5)  # connections that were just used are closed by now
        rest = it.descriptors()
        # slow readers ask for much and take nothing
        slow = []
        for _ in range(20):
            one = socket.create_connection(("127.0.0.1", it.url.port))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(f"GET /api/v1/runs/0/column?column=phi HTTP/1.1\r\nHost: {it.host}\r\n\r\n".encode())
            slow.append(one)
        before = it.bytes()

        def ask(i):
            if i % 4 == 0:
                return it.get("runs/0/column", column="phi") == whole
            if i % 4 == 1:
                return {**it.get("runs/0/select", where="phi > 0"), "seconds": 0} == {**select, "seconds": 0}
            return it.get("runs/0/page", limit=3)["total"] == 200000 if i % 4 == 2 else len(it.get("runs")["runs"]) == 1

        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            assert all(pool.map(ask, range(600)))
        # nothing is copied for an answer: two hundred columns at once would have been 320 MB
        if not SANITIZED:
            assert it.bytes() - before < 200 << 20, it.bytes() - before
        for one in slow:
            one.close()
        assert it.settles(rest), (rest, it.descriptors())
        # requests that end in the middle, or never begin
        for request in (b"", b"GET /api", b"GET /api/v1/runs HTTP/1.1\r\nHost:", b"\x16\x03\x01\x02\x00" * 100,
                        b"POST /api/v1/runs/0/select HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
                        b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n"):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", it.url.port)) as one:
                one.sendall(request)
        connection = http.client.HTTPConnection("127.0.0.1", it.url.port)
        for _ in range(1000):
            connection.request("GET", "/api/v1/runs")
            connection.getresponse().read()
        connection.close()
        for i in range(500):
            it.get("runs/0/files/study.yaml") if i % 2 else it.get("runs/0/column", column="phi", to=1)
        assert it.settles(rest), (rest, it.descriptors())


@test
def test_limits_of_a_request():
    nasty_run()
    with serving("run", "--quiet") as it:
        assert it.raw("GET", "/" + "x" * 100000)[0] in (413, 414, 431)
        assert it.raw("GET", "/api/v1/runs", headers={"X-Long": "x" * 100000})[0] in (413, 431)
        assert it.raw("GET", "/api/v1/runs?" + "&".join(f"a{i}=1" for i in range(30)))[0] == 400
        body = b" " * (16 << 20) + b"{}"
        with contextlib.suppress(ConnectionError):
            assert it.raw("POST", "/api/v1/runs/0/select", body, {"Content-Type": "application/json"})[0] == 413
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "POST"):
            status, headers, _ = it.raw(method, "/api/v1/runs")
            assert status == 405 and headers["Allow"] == "GET", method
        assert it.raw("PUT", "/api/v1/runs/0/select")[1]["Allow"] == "GET, POST"
        for command in ("TRACE", "CONNECT", "FOO"):
            assert it.raw(command, "/api/v1/runs")[0] in (400, 405, 501)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
