#!/usr/bin/env python3
"""Steps of worlds with graph-tool's dynamics and with NumPy and SciPy, in million node updates a second: an update is
one agent at one step. Reading and preparing are not counted; the fastest of three runs.

Use: bench/worlds_others.py FOLDER STEPS

FOLDER holds raw arrays of bench/worlds.c (offsets, neighbours, state). What is not installed is left out, and said.
graph-tool has no averaging of opinions; its Kuramoto step is one evaluation of all phases' speeds.
"""

import pathlib
import sys
import time

import numpy as np

RUNS = 3


def show(name, step, agents, steps):
    """Runs step() for all steps several times."""
    best = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        for _ in range(steps):
            step()
        best = min(best, time.perf_counter() - began)
    print(f"  {name:44} {1e-6 * agents * steps / best:7.2f}", flush=True)


def with_scipy(offsets, neighbours, state, steps):
    """DeGroot as a sparse product; bounded confidence edge by edge."""
    import scipy.sparse as sp

    degree = np.diff(offsets)
    hearer = np.repeat(np.arange(len(state), dtype=np.int32), degree)
    share = 0.8 / np.maximum(degree, 1)
    mean = sp.csr_matrix((np.repeat(share, degree), neighbours, offsets), shape=(len(state),) * 2)
    now = [state]

    def degroot():
        now[0] = 0.2 * state + mean @ now[0]

    def confidence():
        x = now[0]
        d = x[neighbours] - x[hearer]
        pull = np.bincount(hearer, d * np.exp(-2.0 * d * d), len(x))
        now[0] = x + 0.375 * share * pull

    show("SciPy, friedkin-johnsen", degroot, len(state), steps)
    show("NumPy, bounded-confidence", confidence, len(state), min(steps, 5))


def with_graph_tool(offsets, neighbours, state, steps):
    import graph_tool
    from graph_tool import dynamics

    hearer = np.repeat(np.arange(len(state)), np.diff(offsets))
    graph = graph_tool.Graph(directed=True)
    graph.add_vertex(len(state))
    graph.add_edge_list(np.column_stack([neighbours, hearer]))
    graph.set_fast_edge_removal(False)
    opinion = graph.new_vp("int", (state > 0.5).astype(int))
    threads = graph_tool.openmp_get_num_threads()
    voter = dynamics.VoterState(graph, q=2, r=0.0, s=opinion)
    threshold = dynamics.BinaryThresholdState(graph, w=1.0, h=0.5, r=0.0, s=opinion)
    phases = graph.new_vp("double", state)
    kuramoto = dynamics.KuramotoState(graph, omega=1.0, w=1.0, s=phases)
    where = f"graph-tool {graph_tool.__version__.split()[0]}, {threads} threads"
    show(f"{where}, voter", lambda: voter.iterate_sync(1), len(state), steps)
    show(f"{where}, binary threshold", lambda: threshold.iterate_sync(1), len(state), steps)
    show(f"{where}, kuramoto", lambda: kuramoto.get_diff(0.1), len(state), min(steps, 5))


def main():
    folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    offsets = np.fromfile(folder / "offsets", np.int64)
    neighbours = np.fromfile(folder / "neighbours", np.int32)
    state = np.fromfile(folder / "state", np.float64)
    for name, rival in (("SciPy", with_scipy), ("graph-tool", with_graph_tool)):
        try:
            rival(offsets, neighbours, state, steps)
        except ImportError as error:
            print(f"  {name}: skipped ({error})")


if __name__ == "__main__":
    main()
