#!/usr/bin/env python3
"""Graphs from outside: network indicators over tables of edges, and edges that cannot be used.

Use: tests/cli/test_graph.py [WORD ...]     (runs the tests whose names contain one of the words; default: all)

Environment: as for test_cli.py.
"""

import sys

from harness import fails, listing, main, ok, put, report, same_file, test

AGENTS = "id,side,reach\nana,1,5\nben,1,1\ncai,-1,2\ndia,-1,9\neve,1,4\n"
EDGES = "from,to,w\nana,ben,0.5\nben,eve,0.25\ncai,dia,0.5\ndia,ana,0.125\n"
GRAPH = ["--graph", "edges.csv", "--source", "from", "--target", "to"]
OPTIONS = ["agents.csv", "--id", "id", "--state", "side"]


def files(edges=EDGES):
    put("agents.csv", AGENTS)
    put("edges.csv", edges)


@test
def test_every_network_indicator():
    files()
    for name in ("assortativity", "disagreement", "random-walk-controversy:influencers=1", "reach", "segregation"):
        it = report("attribute", *OPTIONS, *GRAPH, "--edge-weight", "w", "--indicator", name)
        assert it["certificate"]["converged"], name
        assert it["graph"] == {"edges": 4, "given": 4, "missing": 0, "self_loops": 0, "repeated": 0}
        assert [one["path"].split("/")[-1] for one in it["provenance"]["inputs"]] == ["agents.csv", "edges.csv"], it
    # three edges of four within a side; a weighted edge across held against both its ends
    it = report("attribute", *OPTIONS, *GRAPH, "--indicator", "disagreement")
    assert abs(it["indicator"]["observed"] - 1.0) < 1e-12
    assert {one["id"]: round(one["phi"], 12) for one in it["top"]} == {"ana": 0.5, "dia": 0.5, "ben": 0, "cai": 0, "eve": 0}


@test
def test_a_run_is_repeated_bit_for_bit():
    files()
    ok("attribute", *OPTIONS, *GRAPH, "--edge-weight", "w", "--indicator", "reach", "--out", "first")
    ok("run", "first/study.yaml", "--out", "second")
    assert same_file("first/attribution.parquet", "second/attribution.parquet")
    assert "edges:" in open("first/study.yaml").read()


@test
def test_edges_that_cannot_be_used():
    files(EDGES + "zoe,ana,1\neve,eve,1\n")
    reach = [*OPTIONS, *GRAPH, "--indicator", "reach"]
    fails(1, 'Edge 5: from "zoe" is not in the crowd; 1 of 6 edges', "attribute", *reach)
    fails(1, 'Edge 6 goes from "eve" to itself; so do 1 of 6', "attribute", *reach, "--edges-missing", "drop")
    it = report("attribute", *reach, "--edges-missing", "drop", "--self-loops", "drop")
    assert (it["graph"]["edges"], it["graph"]["missing"], it["graph"]["self_loops"]) == (4, 1, 1)
    assert report("attribute", *reach, "--edges-missing", "drop", "--self-loops", "keep")["graph"]["edges"] == 5
    files(EDGES.replace("0.25", "-0.25"))
    fails(1, "Edge 2: its weight", "attribute", *reach, "--edge-weight", "w")
    world = [*OPTIONS, *GRAPH, "--edge-weight", "w", "--steps", 1, "--world"]
    fails(1, "Edge 2: its weight .column \"w\". is -0.25, but .* must not be negative in the world friedkin-johnsen.$",
          "simulate", *world, "friedkin-johnsen:susceptibility=0.5")
    ok("simulate", *world, "ising")
    files(EDGES.replace("0.25", ""))
    fails(1, "Edge 2: its weight", "attribute", *reach, "--edge-weight", "w")
    files(EDGES.replace("0.25", "2"))
    fails(1, "reach takes weights of edges for probabilities, but one is 2", "attribute", *reach, "--edge-weight", "w")
    files("from,to\n")
    assert report("attribute", *reach)["indicator"]["observed"] == 0
    fails(1, "disagreement is undefined: there is no edge", "attribute", *reach[:-1], "disagreement")


@test
def test_wrong_words():
    files()
    fails(2, "name a table of edges with --graph", "attribute", *OPTIONS, "--indicator", "reach")
    fails(2, "variance does not look at a graph", "attribute", *OPTIONS, *GRAPH)
    fails(2, "--graph needs --source and --target", "attribute", *OPTIONS, *GRAPH[:2], "--indicator", "reach")
    fails(2, "name it with --graph", "attribute", *OPTIONS, *GRAPH[2:])
    fails(2, "A panel cuts a network apart", "panel", *OPTIONS, *GRAPH, "--indicator", "reach")
    fails(1, 'has no column "frm". Did you mean "from"?', "attribute", *OPTIONS, *GRAPH[:2], "--source", "frm", "--target",
          "to", "--indicator", "reach")
    fails(1, "nobody's state is above the threshold 3", "attribute", *OPTIONS, *GRAPH, "--indicator",
          "random-walk-controversy:threshold=3")


@test
def test_a_graph_is_kept_and_read():
    files()
    made = [*OPTIONS, *GRAPH, "--edge-weight", "w", "--indicator", "reach"]
    kept = [*made, "--graph-cache", "kept"]
    ok("attribute", *made, "--out", "without")
    one = report("attribute", *kept, "--out", "first")
    two = report("attribute", *kept, "--out", "second")
    assert one["provenance"]["graph_cache"]["state"] == "written" and one["provenance"]["graph_cache"]["remark"] is None
    assert two["provenance"]["graph_cache"] == {**one["provenance"]["graph_cache"], "state": "read"}
    assert one["provenance"]["inputs"] == two["provenance"]["inputs"] and len(two["provenance"]["inputs"]) == 2
    for folder in ("first", "second"):
        assert same_file("without/attribution.parquet", f"{folder}/attribution.parquet")
    # the study of the run keeps it in the same place; what is verified is what the table holds
    assert report("run", "second/study.yaml", "--out", "third")["provenance"]["graph_cache"]["state"] == "read"
    assert listing("kept").keys() == {one["provenance"]["graph_cache"]["file"]}
    ok("verify", "second")
    # damaged: said once, and made anew
    with open(one["provenance"]["graph_cache"]["file"], "r+b") as file:
        file.seek(320)
        file.write(b"!!!!")
    assert "checksum does not fit. It was made anew." in " ".join(ok("attribute", *kept).split())
    assert "made anew" not in ok("attribute", *kept)
    assert report("attribute", *kept)["provenance"]["graph_cache"]["state"] == "read"
    # a table that has changed has another graph
    files(EDGES.replace("ben,eve", "ben,dia"))
    it = report("attribute", *kept)
    assert it["provenance"]["graph_cache"]["state"] == "written" and len(listing("kept")) == 2


@test
def test_a_graph_that_cannot_be_kept():
    files()
    world = [*OPTIONS, *GRAPH, "--world", "friedkin-johnsen", "--steps", 2]
    it = report("simulate", *world, "--graph-cache", "/proc/kept")
    assert it["provenance"]["graph_cache"]["state"] == "not written"
    assert "The graph could not be kept in /proc/kept" in it["provenance"]["graph_cache"]["remark"]
    for more in ([], ["--sweep", "world.susceptibility=0.1,0.2"]):
        said = ok("simulate", *world, "--graph-cache", "/proc/kept", *more)
        assert said.count("The graph could not be kept in /proc/kept") == 1, said
    fails(2, "--graph-cache .graph.cache. keeps the graph of a table: name it with --graph", "simulate", *OPTIONS,
          "--graph-model", "ring", "--graph-cache", "kept", "--world", "friedkin-johnsen")
    fails(2, "knows a graph by the files of its table, and standard input is none", "simulate", *OPTIONS, "--graph", "-",
          "--source", "from", "--target", "to", "--world", "voter", "--graph-cache", "kept", stdin=EDGES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], __doc__))
