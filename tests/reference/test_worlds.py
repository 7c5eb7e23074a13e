#!/usr/bin/env python3
"""Every world's steps in the library against tests/reference/worlds.py, agent by agent: with and without a graph,
everybody taking part or some partly, either meaning of taking part, random numbers the same. An update in place, one
agent a step, an edge the wrong way round or a draw that depends on the others cannot agree. Environment: THRONG, BUILD,
SOURCE. Ends with "N passed, N failed"."""

import ctypes
import json
import math
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["SOURCE"], "tests", "reference"))
import worlds  # noqa: E402

# Sums over neighbours in another order differ by a few roundings, which a step multiplies by its slopes.
AGREE = 1e-12
AGENTS, STEPS, SEED = 60, 5, 20261128

# Settings besides the defaults: every parameter of every world is moved once.
OTHERS = {
    "biased-assimilation": ["bias=0.6,own=0.3", "bias=0", "bias=2.5,own=0"],
    "bounded-confidence": ["rate=0.9,confidence=0.2"],
    "common-pool": ["capacity=1000,regrowth=1.5,collapse=30,factor=1.7", "capacity=500,factor=0"],
    "commons": ["growth=0.9,catch=0.7,cost=0.1,speed=1.5,norm=0.6", "norm=0", "norm=1"],
    "consensus-search": ["dimensions=7,amplitude=1.5,sharpness=4,drift=2,noise=0.7,time-step=0.1,mean=-2,spread=0.3",
                         "dimensions=20,isotropic=true,noise=0.2", "dimensions=1"],
    "deffuant": ["rate=0.3,confidence=0.4", "rate=1,confidence=0.05"],
    "direct-punishment": ["rounds=2,reward=2,sucker=-1,temptation=5,neither=0.5,fine=1.5,bounty=-1,wrong=0.5",
                          "rounds=3,learning=0.8,discount=0.4,explore-first=0.9,explore-last=0.1,explore-steps=3,"
                          "explore-punishing=0.3", "punishment=none", "punishment=third-party",
                          "punishment=both,selection=true,rounds=3,explore-steps=3",
                          "punishment=third-party,selection=true,rounds=3,explore-first=0,"
                          "repute-play=0.5,repute-just=1.5,repute-unjust=0.25"],
    "echo-chamber": ["coupling=2,controversy=0.7,homophily=1.5,nearness=0.4,time-step=0.3", "homophily=0"],
    "feed": ["openness=0.8,prior=0.2,sway=1.5", "openness=1,prior=0"],
    "friedkin-johnsen": ["susceptibility=1", "susceptibility=0.35"],
    "independent-cascade": ["chance=0.6", "chance=1"],
    "ising": ["coupling=-0.3,field=0.4,rate=1", "width=6,rate=1", "width=1,rate=0.8,coupling=1"],
    "kuramoto": ["coupling=-3,spread=0.2,time-step=0.4"],
    "market-herding": ["herding=1.4,trend=-2,value=0.3,impact=0.5,noise=1", "noise=0"],
    "nonlinear-opinion": ["prior=-0.7,attention=1.8"],
    "repulsion": ["rate=0.1,tolerance=0.4", "tolerance=3"],
    "sir": ["infection=0.6,recovery=0.5", "infection=1,recovery=0"],
    "threshold-cascade": ["threshold=0.6,spread=0.3,softness=0.2"],
    "vicsek": ["noise=0,own=0", "noise=6,own=3"],
    "vicsek-particles": ["noise=0,own=0,speed=0.9,radius=0.6,density=2", "noise=6,own=3,radius=2,density=9",
                         "radius=0.01,speed=20", "radius=1.8,density=4"],
    "voter": ["rate=1", "rate=0.1"],
}
# First columns that are not anywhere between 0 and 1.
STATES = {
    "consensus-search": lambda draw: draw.uniform(-4, 4),
    "common-pool": lambda draw: float(draw.choice([0, 0, 0, 1, 9, 25])),
    "echo-chamber": lambda draw: draw.uniform(-1, 1),
    "feed": lambda draw: draw.uniform(-1, 1),
    "independent-cascade": lambda draw: float(draw.choice([0, 0, 0, 1, 2])),
    "ising": lambda draw: float(draw.choice([-1, 1])),
    "kuramoto": lambda draw: draw.uniform(-4, 4),
    "market-herding": lambda draw: draw.uniform(-1, 1),
    "repulsion": lambda draw: draw.uniform(-1, 1),
    "sir": lambda draw: float(draw.choice([0, 0, 0, 1, 2])),
    "vicsek": lambda draw: draw.uniform(-4, 4),
    "vicsek-particles": lambda draw: draw.uniform(-4, 4),
}
WORLD = 3  # THRONG_KIND_WORLD
PARTICIPATION = {"influence": 1, "innate": 2}


# ---- the library -----------------------------------------------------------------------------------------------------


class Definition(ctypes.Structure):
    _fields_ = [("world", ctypes.c_char_p), ("participation", ctypes.c_int), ("steps", ctypes.c_int64),
                ("seed", ctypes.c_uint64), ("memory", ctypes.c_int64),
                ("recorded", ctypes.POINTER(ctypes.c_double)), ("decider", ctypes.c_void_p), ("drawn", ctypes.c_bool)]


class Player(ctypes.Structure):
    _fields_ = [("policy", ctypes.c_char_p), ("world", ctypes.c_void_p), ("personas", ctypes.c_void_p),
                ("persona", ctypes.c_void_p), ("file", ctypes.c_char_p), ("llm", ctypes.c_void_p),
                ("prompt", ctypes.c_char_p), ("samples", ctypes.c_int), ("orders", ctypes.c_int),
                ("seed", ctypes.c_uint64), ("refit", ctypes.c_uint64)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("line", ctypes.c_int), ("file", ctypes.c_char_p),
                ("message", ctypes.c_char * 512)]


RECORD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64,
                          ctypes.POINTER(ctypes.POINTER(ctypes.c_double)), ctypes.c_void_p)


class Library:
    def __init__(self):
        self.throng = ctypes.CDLL(os.path.join(os.environ["BUILD"], "libthrong.so"))
        self.throng.throng_simulation_default.restype = Definition
        self.error = Error()
        self.context = ctypes.c_void_p()
        self.call("throng_context_create", ctypes.byref(self.context))
        self.throng.throng_policy_decider.restype = ctypes.c_void_p
        self.deciders = {"feed": self.decider("feed", worlds.FEED_RULE)}

    def decider(self, world, rule):
        """Plays a rule in a world; it lives as long as the library."""
        about, player = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("throng_context_find", self.context, WORLD, world.encode(), ctypes.byref(about))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(rule, file)
            file.flush()
            definition = Player(policy=b"rule", world=about, file=file.name.encode())
            self.call("throng_policy_create", self.context, ctypes.byref(definition), ctypes.byref(player))
        return self.throng.throng_policy_decider(player)

    def call(self, name, *arguments):
        if getattr(self.throng, name)(*arguments, ctypes.byref(self.error)) != 0:
            raise RuntimeError(self.error.message.decode())

    @staticmethod
    def doubles(values):
        return (ctypes.c_double * len(values))(*values)

    def graph(self, n, edges):
        handle = ctypes.c_void_p()
        source, target = ((ctypes.c_int32 * len(edges))(*(e[k] for e in edges)) for k in (0, 1))
        self.call("throng_graph_create_from", self.context, ctypes.c_int64(n), ctypes.c_int64(len(edges)), source,
                  target, self.doubles([e[2] for e in edges]), ctypes.byref(handle))
        return handle

    def run(self, spec, participation, graph, columns, first, baseline, alpha):
        """trajectory[t][column][agent]"""
        definition = self.throng.throng_simulation_default()
        definition.world = spec.encode()
        definition.participation = PARTICIPATION[participation]
        definition.steps, definition.seed = STEPS, SEED
        definition.decider = self.deciders.get(spec.partition(":")[0])
        n, handle, trajectory = len(first), ctypes.c_void_p(), []
        kept = self.doubles(first), self.doubles(baseline)
        self.call("throng_simulation_create", self.context, graph, ctypes.c_int64(n), *kept, ctypes.byref(definition),
                  ctypes.byref(handle))

        def record(_user, _step, state, _error):
            trajectory.append([state[c][:n] for c in range(columns)])
            return 0

        self.call("throng_simulation_run", handle, self.doubles(alpha), RECORD(record), None)
        self.throng.throng_simulation_free(handle)
        return trajectory


# ---- comparing -------------------------------------------------------------------------------------------------------


def random_edges(draw, n, signed):
    """About six in-neighbours an agent, some with none; each pair once; every weight its own, a third negative if they
    may be."""
    pairs = {(draw.randrange(n), draw.randrange(n)) for _ in range(6 * n)}
    return [(i, j, draw.uniform(0.2, 1.5) * (-1 if signed and (i + j) % 3 == 0 else 1))
            for i, j in sorted(pairs) if i != j and j % 7 != 5]


def first_difference(world, crowd, trajectory):
    """None, or where the library's next state is not the reference's from the same state."""
    start = worlds.START.get(world, lambda crowd, i: [])
    for i in range(crowd.n):
        expected = [crowd.innate(i), *start(crowd, i)]
        got = [column[i] for column in trajectory[0]]
        if any(not math.isclose(a, b, rel_tol=AGREE, abs_tol=AGREE) for a, b in zip(expected, got)):
            return f"agent {i} starts at {got}, expected {expected}"
    if len(trajectory) != STEPS + 1:
        return f"{len(trajectory) - 1} steps were made, not {STEPS}"
    for t in range(STEPS):
        expected = worlds.STEPS[world](crowd, trajectory[t], t)
        for c, column in enumerate(expected):
            for i, value in enumerate(column):
                if not math.isclose(value, trajectory[t + 1][c][i], rel_tol=AGREE, abs_tol=AGREE):
                    return f"step {t}, column {c}, agent {i}: {trajectory[t + 1][c][i]!r}, expected {value!r}"
    if all(trajectory[t] == trajectory[0] for t in range(STEPS + 1)):
        return "nothing ever moved: the comparison says nothing"
    return None


def number(value):
    """Of a parameter: a flag is 0 or 1, a choice is its word."""
    try:
        return float({"true": True, "false": False}.get(value, value))
    except ValueError:
        return value


def compare(library, facts, settings, participation, n, complete, draw):
    """Everybody hears everybody, or who hears whom is a graph or, in worlds that take none, their own business."""
    world = facts["name"]
    first = [STATES.get(world, lambda d: d.random())(draw) for _ in range(n)]
    baseline = list(first) if world in ("sir", "independent-cascade", "ising", "common-pool") else [0.5 * x for x in first]
    edges = [(i, j, 1.0) for i in range(n) for j in range(n)] if complete else random_edges(draw, n, facts["signed"])
    graph = ctypes.c_void_p() if complete or not facts["graph"] else library.graph(n, edges)
    param = {p["name"]: number(p["default"]) for p in facts["parameters"]}
    param.update((name, number(value)) for name, _, value in
                 (setting.partition("=") for setting in settings.split(",") if setting))
    spec = f"{world}:{settings}" if settings else world
    try:
        for alpha in ([1.0] * n, [draw.choice([0.0, 1.0, draw.random()]) for _ in range(n)]):
            crowd = worlds.Crowd(param, first, edges, alpha, baseline, participation, SEED)
            trajectory = library.run(spec, participation, graph, len(facts["columns"]), first, baseline, alpha)
            wrong = first_difference(world, crowd, trajectory)
            if wrong:
                return f"{spec}, {participation}, {'complete' if complete else 'graph'}: {wrong}"
    finally:
        library.throng.throng_graph_free(graph)
    return None


def main():
    library, draw, failures, passed = Library(), random.Random(SEED), [], 0
    listed = json.loads(subprocess.run([os.environ["THRONG"], "list", "worlds", "--json"], check=True,
                                       capture_output=True, text=True).stdout)
    for facts in listed:
        if facts["recorded"]:
            continue  # its steps are the table's: see test_replay.py
        if facts["name"] not in worlds.STEPS:
            failures.append(f"{facts['name']}: tests/reference/worlds.py does not know this world")
            continue
        moved = {setting.partition("=")[0] for text in OTHERS[facts["name"]] for setting in text.split(",")}
        unmoved = {p["name"] for p in facts["parameters"]} - moved
        if unmoved:
            failures.append(f"{facts['name']}: no setting moves {', '.join(sorted(unmoved))}")
        for settings in ["", *OTHERS[facts["name"]]]:
            for participation in PARTICIPATION:
                for n, complete in [(AGENTS, False), *([(12, True)] if facts["complete"] else []),
                                    *([(AGENTS + 1, False)] if not facts["graph"] else [])]:
                    wrong = compare(library, facts, settings, participation, n, complete, draw)
                    failures += [wrong] if wrong else []
                    passed += not wrong
    print("\n".join(failures))
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
