"""One step of every world, written out as its page says: plain loops over agents and those whom they hear, independent
of the C code. Random numbers are throng's, which are a published function of (seed, stream, agent, step), so that
random worlds can be compared number by number.

A world is a function of (crowd, x, t): x[c][i] is column c of agent i at step t; it returns the columns at t + 1.
START gives the columns after the first of an agent at step 0. Standard library only.
"""

import math

MASK = (1 << 64) - 1
LAST_STEP = MASK  # the step of draws that an agent keeps for ever


# ---- random numbers: Philox4x64-10, Salmon et al. 2011 ---------------------------------------------------------------


def philox(counter, key):
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (second >> 64) ^ b ^ k, second & MASK, (first >> 64) ^ d ^ m, first & MASK
        k, m = (k + 0x9E3779B97F4A7C15) & MASK, (m + 0xBB67AE8584CAA73B) & MASK
    return a, b, c, d


def uniforms(seed, stream, agent, step, draw=0):
    words = philox((agent, step, draw, 0), (seed, int.from_bytes(stream.encode(), "big")))
    return [((word >> 12) + 0.5) / 2**52 for word in words]


class Crowd:
    """Who hears whom, how everybody takes part, and what a world may draw."""

    def __init__(self, param, first, edges, alpha, baseline, participation, seed):
        self.param, self.first, self.baseline, self.alpha, self.seed = param, first, baseline, alpha, seed
        self.influence = participation == "influence"
        self.n = len(first)
        self.heard_by = [[] for _ in range(self.n)]
        for source, target, weight in sorted(edges):
            self.heard_by[target].append((source, weight))

    def __getitem__(self, name):
        return self.param[name]

    def loud(self, j):
        """What others hear of j is multiplied by it."""
        return self.alpha[j] if self.influence else 1.0

    def innate(self, i):
        """What i came with."""
        if self.influence:
            return self.first[i]
        return self.baseline[i] + self.alpha[i] * (self.first[i] - self.baseline[i])

    def weight(self, i):
        return sum(abs(w) for _, w in self.heard_by[i])

    def total(self, i, f):
        """sum_j w_ij alpha_j f(j)"""
        return sum(w * self.loud(j) * f(j) for j, w in self.heard_by[i])

    def mean(self, i, f):
        """The same over the sum of all in-weights' sizes, silent or not; 0 if there are none."""
        return self.total(i, f) / self.weight(i) if self.weight(i) > 0 else 0.0

    def everybody(self, f):
        return sum(self.loud(j) * f(j) for j in range(self.n)) / self.n

    def uniform(self, i, t, draw=0):
        return uniforms(self.seed, "world", i, t, draw)

    def normals(self, i, t, draw=0):
        """Two pairs of Box and Muller's."""
        u = self.uniform(i, t, draw)
        return [math.sqrt(-2.0 * math.log(u[k])) * f(2.0 * math.pi * u[k + 1]) for k in (0, 2) for f in (math.cos, math.sin)]

    def normal(self, i, t):
        return self.normals(i, t)[0]

    def picked(self, i, t):
        """An in-neighbour drawn by weight; None without any."""
        place = uniforms(self.seed, "pick", i, t)[0] * self.weight(i)
        for j, w in self.heard_by[i]:
            place -= w
            if place < 0:
                return j
        return self.heard_by[i][-1][0] if self.heard_by[i] else None

    def partners(self, episode):
        """Who plays whom: in a circle of an odd number those whose numbers add up to the round drawn; who is left over
        plays the last of an even crowd."""
        circle = self.n - 1 + self.n % 2
        chosen = int(self.uniform(self.n, episode)[0] * circle)
        pairs = {i: j for i in range(circle) for j in range(circle) if i != j and (i + j) % circle == chosen}
        left = [i for i in range(self.n) if i not in pairs]
        return {**pairs, left[0]: left[1], left[1]: left[0]} if len(left) == 2 else pairs

    def place(self, i, side):
        return [side * u for u in uniforms(self.seed, "place", i, 0)[:2]]


# ---- opinions --------------------------------------------------------------------------------------------------------


def friedkin_johnsen(crowd, x, t):
    s, x = crowd["susceptibility"], x[0]
    return [[(1 - s) * crowd.innate(i) + s * (x[i] + crowd.mean(i, lambda j: x[j] - x[i])) for i in range(crowd.n)]]


def bounded_confidence(crowd, x, t):
    c, x = crowd["confidence"], x[0]

    def pull(d):
        return d * math.exp(-d * d / (2 * c * c))

    return [[x[i] + crowd["rate"] * crowd.mean(i, lambda j: pull(x[j] - x[i])) for i in range(crowd.n)]]


def nonlinear_opinion(crowd, x, t):
    x = x[0]
    return [[math.tanh(crowd["prior"] * crowd.innate(i) + crowd["attention"] * crowd.mean(i, lambda j: x[j]))
             for i in range(crowd.n)]]


def voter(crowd, x, t):
    new = list(x[0])
    for i in range(crowd.n):
        j = crowd.picked(i, t)
        if j is not None and crowd.uniform(i, t)[0] < crowd["rate"]:
            new[i] = crowd.loud(j) * x[0][j] + (1 - crowd.loud(j)) * x[0][i]
    return [new]


def deffuant(crowd, x, t):
    new = list(x[0])
    for i in range(crowd.n):
        j = crowd.picked(i, t)
        if j is not None and abs(x[0][j] - x[0][i]) < crowd["confidence"]:
            new[i] += crowd["rate"] * crowd.loud(j) * (x[0][j] - x[0][i])
    return [new]


def biased_assimilation(crowd, x, t):
    b, own, new = crowd["bias"], crowd["own"], []
    for i, xi in enumerate(x[0]):
        s, d = crowd.total(i, lambda j: x[0][j]), crowd.total(i, lambda j: 1)
        below = own + xi**b * s + (1 - xi) ** b * (d - s)
        new.append((own * xi + xi**b * s) / below if below > 0 else xi)
    return [new]


def repulsion(crowd, x, t):
    tolerance, x = crowd["tolerance"], x[0]

    def influence(d):
        return d * (tolerance**2 - d**2) / (tolerance**2 + d**2)

    return [[x[i] + crowd["rate"] * (1 - x[i] ** 2) * crowd.mean(i, lambda j: influence(x[j] - x[i]))
             for i in range(crowd.n)]]


def echo_chamber(crowd, x, t):
    x, new = x[0], []

    def contact(d):
        return (1 + (d / crowd["nearness"]) ** 2) ** (-crowd["homophily"] / 2)

    for i in range(crowd.n):
        whole = crowd.total(i, lambda j: contact(x[j] - x[i]))
        drive = 0.0
        for j, w in crowd.heard_by[i]:
            if whole > 0:
                p = w * crowd.loud(j) * contact(x[j] - x[i]) / whole
                drive += p * math.tanh(crowd["controversy"] * x[j])
        share = crowd.mean(i, lambda j: 1)
        new.append(x[i] + crowd["time-step"] * (crowd["coupling"] * share * drive - x[i]))
    return [new]


# ---- contagion -------------------------------------------------------------------------------------------------------


def sir(crowd, x, t):
    new = list(x[0])
    for i in range(crowd.n):
        u = crowd.uniform(i, t)
        contacts = crowd.total(i, lambda j: x[0][j] == 1)
        if x[0][i] == 0 and u[0] < 1 - (1 - crowd["infection"]) ** contacts:
            new[i] = 1.0
        if x[0][i] == 1 and u[1] < crowd["recovery"]:
            new[i] = 2.0
    return [new]


def independent_cascade(crowd, x, t):
    new = list(x[0])
    for i in range(crowd.n):
        survives = 1.0
        for j, w in crowd.heard_by[i]:
            if x[0][j] == 1:
                survives *= (1 - crowd["chance"]) ** (w * crowd.loud(j))
        if x[0][i] == 0 and crowd.uniform(i, t)[0] < 1 - survives:
            new[i] = 1.0
        if x[0][i] == 1:
            new[i] = 2.0
    return [new]


def threshold_cascade(crowd, x, t):
    new = []
    for i, xi in enumerate(x[0]):
        threshold = crowd["threshold"] + crowd["spread"] * crowd.normal(i, LAST_STEP)
        share = crowd.mean(i, lambda j: x[0][j])
        new.append(xi + (1 - xi) / (1 + math.exp(-(share - threshold) / crowd["softness"])))
    return [new]


# ---- physics ---------------------------------------------------------------------------------------------------------


def kuramoto(crowd, x, t):
    x, new = x[0], []
    for i in range(crowd.n):
        omega = crowd["spread"] * math.tan(math.pi * (crowd.uniform(i, LAST_STEP)[0] - 0.5))
        pull = crowd.mean(i, lambda j: math.sin(x[j] - x[i]))
        new.append(x[i] + crowd["time-step"] * (omega + crowd["coupling"] * pull))
    return [new]


def vicsek(crowd, x, t):
    x, new = x[0], []
    for i in range(crowd.n):
        east = crowd["own"] * math.cos(x[i]) + crowd.total(i, lambda j: math.cos(x[j]))
        north = crowd["own"] * math.sin(x[i]) + crowd.total(i, lambda j: math.sin(x[j]))
        seen = math.atan2(north, east) if (east, north) != (0, 0) else x[i]
        turn = (seen - x[i] + math.pi) % (2 * math.pi) - math.pi  # half a turn at most
        new.append(x[i] + turn + crowd["noise"] * (crowd.uniform(i, t)[0] - 0.5))
    return [new]


def side_of_square(crowd):
    return math.sqrt(crowd.n / crowd["density"])


def vicsek_particles(crowd, x, t):
    (heading, *place), side, new = x, side_of_square(crowd), [[], [], []]

    def apart(i, j, axis):
        d = abs(place[axis][i] - place[axis][j])
        return min(d, side - d)

    for i in range(crowd.n):
        near = [j for j in range(crowd.n)
                if j != i and apart(i, j, 0) ** 2 + apart(i, j, 1) ** 2 <= crowd["radius"] ** 2]
        east = crowd["own"] * math.cos(heading[i]) + sum(crowd.loud(j) * math.cos(heading[j]) for j in near)
        north = crowd["own"] * math.sin(heading[i]) + sum(crowd.loud(j) * math.sin(heading[j]) for j in near)
        seen = math.atan2(north, east) if (east, north) != (0, 0) else heading[i]
        turn = (seen - heading[i] + math.pi) % (2 * math.pi) - math.pi
        new[0].append(heading[i] + turn + crowd["noise"] * (crowd.uniform(i, t)[0] - 0.5))
        new[1].append((place[0][i] + crowd["speed"] * math.cos(heading[i])) % side)
        new[2].append((place[1][i] + crowd["speed"] * math.sin(heading[i])) % side)
    return new


def ising(crowd, x, t):
    new, width = list(x[0]), int(crowd["width"])
    for i in range(crowd.n):
        u = crowd.uniform(i, t)
        row, column = divmod(i, width) if width else (0, 0)
        if width and (row + column) % 2 != t % 2:
            continue
        if u[1] < crowd["rate"]:
            field = crowd["coupling"] * crowd.total(i, lambda j: x[0][j]) + crowd["field"]
            new[i] = 1.0 if u[0] < math.exp(field) / (math.exp(field) + math.exp(-field)) else -1.0
    return [new]


# ---- with something that everybody hears -----------------------------------------------------------------------------


def market_herding(crowd, x, t):
    action, price, _ = x
    change = crowd["impact"] * crowd.everybody(lambda j: action[j])
    new = [math.tanh(crowd["herding"] * crowd.mean(i, lambda j: action[j]) + crowd["trend"] * change
                     - crowd["value"] * (price[i] + change) + crowd["noise"] * crowd.normal(i, t))
           for i in range(crowd.n)]
    return [new, [p + change for p in price], [change] * crowd.n]


def commons(crowd, x, t):
    effort, stock = x
    harvest = math.exp(-crowd["catch"] * crowd.everybody(lambda j: effort[j]))
    new, norm = [], crowd["norm"]
    for i in range(crowd.n):
        profit = effort[i] * math.exp(crowd["speed"] * (stock[i] - crowd["cost"]))
        new.append((1 - norm) * profit + norm * (effort[i] + crowd.mean(i, lambda j: effort[j] - effort[i])))
    left = [s * harvest for s in stock]
    return [new, [s + crowd["growth"] * s * (1 - s) for s in left]]


# A rule for those who decide: logits of actions against the last, as policies of kind "rule" have them.
FEED_RULE = {"always": {"post": -0.7, "share": 0.2}, "opinion*opinion": {"post": 1.5},
             "opinion*feed": {"share": 1.3, "stay silent": 0.4}, "feed * last post": {"post": 0.9},
             "last share": {"share": 0.6}}


def feed(crowd, x, t):
    opinion, posted, shared, read = x
    new = [[], [], [], []]
    for i in range(crowd.n):
        tone = math.tanh(crowd["sway"] * crowd.mean(i, lambda j: posted[j] * opinion[j] + shared[j] * read[j]))
        at, did = opinion[i], (posted[i], shared[i], 1 - posted[i] - shared[i])
        p = [0.0, 0.0]
        for last, weight in enumerate(did):
            post = -0.7 + 1.5 * at * at - 0.4 * at * tone + (0.9 * tone if last == 0 else 0)
            share = 0.2 + 1.3 * at * tone - 0.4 * at * tone + (0.6 if last == 1 else 0)
            post, share, silent = math.exp(post), math.exp(share), 1.0
            p[0] += weight * post / (post + share + silent)
            p[1] += weight * share / (post + share + silent)
        new[0].append(at + crowd["openness"] * (crowd["prior"] * crowd.innate(i) + (1 - crowd["prior"]) * tone - at))
        new[1].append(p[0])
        new[2].append(p[1])
        new[3].append(tone)
    return new


# ---- learning --------------------------------------------------------------------------------------------------------


class Learners:
    """A step of direct-punishment: encounters one after another. Columns: cooperated, payoff, reputation; of the act that
    is not learnt from yet the last acts before it, what it got and the partner's participation; by last acts (own, the
    partner's) the values of defecting and of cooperating; by acts (the judged one's, its partner's) that of punishing; by
    reputation that of playing with somebody."""

    FIRST, SECOND, CHOOSING = 1, 2, 3  # draws of an encounter besides its players', by four

    def __init__(self, crowd, x, t):
        self.crowd, self.t, self.x = crowd, t, [list(column) for column in x]
        self.done = min(t / crowd["explore-steps"], 1.0)
        self.x[1] = [0.0] * crowd.n
        if t % int(crowd["rounds"]) == 0:
            self.x[2] = [0.0] * crowd.n

    def draws(self, agent, encounter, role):
        return self.crowd.uniform(agent, self.t, 4 * encounter + role)

    def tries(self, coin, last):
        first = self.crowd["explore-first"]
        return coin < first + self.done * (self.crowd[last] - first)

    def level(self, j):
        return 18 + (self.x[2][j] > 0) + (self.x[2][j] >= 0)

    def chosen(self, i):
        coins = self.draws(i, i, self.CHOOSING)
        others = [j for j in range(self.crowd.n) if j != i and self.crowd.loud(j) > 0]
        if not self.tries(coins[0], "explore-last") and others:
            best = max(self.x[self.level(j)][i] for j in others)
            others = [j for j in others if self.x[self.level(j)][i] == best]
        return others[int(coins[1] * len(others))] if others else None

    def learn_last(self, i, ahead):
        if self.x[3][i] >= 0:
            row = (10 if self.x[0][i] >= 0.5 else 6) + int(self.x[3][i])
            self.learn(i, row, self.x[4][i] + self.crowd["discount"] * ahead, self.x[5][i])
            self.x[3][i] = -1.0

    def plays(self, i, other, coins):
        after = 2 * (self.x[0][i] >= 0.5) + (self.x[0][other] >= 0.5)
        if self.crowd.loud(other) > 0:
            self.learn_last(i, max(self.x[6 + after][i], self.x[10 + after][i]))
        if self.tries(coins[0], "explore-last"):
            return int(coins[1] < 0.5), after
        return int(self.x[10 + after][i] > self.x[6 + after][i]), after

    def punishes(self, judge, act, others, coins):
        if self.tries(coins[2], "explore-punishing"):
            return coins[3] < 0.5
        return self.x[14 + 2 * act + others][judge] > 0

    def learn(self, i, row, found, weight):
        self.x[row][i] += self.crowd["learning"] * weight * (found - self.x[row][i])

    def learn_to_punish(self, judge, act, others, weight):
        if weight > 0:
            earned = -self.crowd["wrong"] if act else self.crowd["bounty"]
            self.learn(judge, 14 + 2 * act + others, earned, weight)
            self.x[1][judge] += earned
            self.x[2][judge] += self.crowd.loud(judge) * (
                -self.crowd["repute-unjust"] if act else self.crowd["repute-just"])

    def meet(self, pair):
        crowd, encounter, who = self.crowd, pair[0], self.crowd["punishment"]
        coins = [self.draws(i, encounter, 0) for i in pair]
        acts, after = zip(*(self.plays(pair[s], pair[1 - s], coins[s]) for s in (0, 1)))
        level, looking = self.level(pair[1]), self.draws(encounter, encounter, self.CHOOSING)
        strangers = [j for j in range(crowd.n) if j not in pair]
        punishers = [[], []]  # of each: (who, weight of the fine, weight of what it sees)
        for s in (0, 1):
            if who in ("direct", "both") and self.punishes(pair[1 - s], acts[s], acts[1 - s], coins[1 - s]):
                punishers[s].append((pair[1 - s], 1.0, crowd.loud(pair[s])))
            if who in ("third-party", "both") and strangers:
                judge = strangers[int(looking[2 + s] * len(strangers))]
                if self.punishes(judge, acts[s], acts[1 - s], self.draws(judge, encounter, (self.FIRST, self.SECOND)[s])):
                    punishers[s].append((judge, crowd.loud(judge), crowd.loud(pair[0]) * crowd.loud(pair[1])))
        for s in (0, 1):
            i, weight, own, others = pair[s], crowd.loud(pair[1 - s]), acts[s], acts[1 - s]
            got = crowd[(("neither", "temptation"), ("sucker", "reward"))[own][others]]
            got -= crowd["fine"] * sum(fine for _, fine, _ in punishers[s])
            if weight > 0:
                self.x[0][i], self.x[3][i], self.x[4][i], self.x[5][i] = float(own), after[s], got, weight
                self.x[1][i] += got
                self.x[2][i] += crowd.loud(i) * crowd["repute-play"] * (1 if own else -1)
            if s == 0 and crowd["selection"]:
                self.learn(i, level, got, weight)
            for judge, _, sees in punishers[s]:
                self.learn_to_punish(judge, own, others, sees)


def direct_punishment(crowd, x, t):
    step, matched = Learners(crowd, x, t), crowd.partners(t // int(crowd["rounds"]))
    for i in range(crowd.n):
        j = step.chosen(i) if crowd["selection"] else matched.get(i)
        if j is not None and (crowd["selection"] or i < j):
            step.meet((i, j))
    for i in range(crowd.n):
        if (t + 1) % int(crowd["rounds"]) == 0:
            step.learn_last(i, 0.0)
    return step.x


def common_pool(crowd, x, t):
    """Columns: wants, stock as a share of the capacity, took, caught, overused, lasted."""
    most = crowd["capacity"]
    stock = round(x[1][0] * most)
    share = int(stock // crowd["regrowth"]) // crowd.n
    asked = []
    for i in range(crowd.n):
        wants = x[0][i] or math.ceil(crowd["factor"] * share - 1e-9)
        asked.append(min(math.floor(share + crowd.loud(i) * (wants - share) + 0.5), stock))
    took = list(asked)
    if sum(asked) > stock:
        took = [0] * crowd.n
        for unit in range(stock):
            wanting = [i for i in range(crowd.n) if took[i] < asked[i]]
            took[wanting[int(crowd.uniform(unit, t)[0] * len(wanting))]] += 1
    left = stock - sum(took)
    grown = 0 if left < crowd["collapse"] else min(math.floor(crowd["regrowth"] * left), most)
    return [x[0], [grown / most] * crowd.n, took, [a + b for a, b in zip(x[3], took)],
            [a + (b > share) for a, b in zip(x[4], took)], [a + (stock > 0) for a in x[5]]]


def consensus_search(crowd, x, t):
    """Columns: the first coordinate, distance, found, further coordinates."""
    dimensions = int(crowd["dimensions"])
    rows = [0] + list(range(3, 2 + dimensions))
    out = [list(column) for column in x]
    if t == 0:
        for d, c in enumerate(rows[1:], 1):
            out[c] = [crowd["mean"] + crowd["spread"] * crowd.normals(i, t, d // 4 + 20)[d % 4] for i in range(crowd.n)]
    place = [[out[c][i] for c in rows] for i in range(crowd.n)]
    depth = [sum(y * y + crowd["amplitude"] * (1 - math.cos(2 * math.pi * y)) for y in p) for p in place]
    loud = [i for i in range(crowd.n) if crowd.loud(i) > 0]
    least = min((depth[i] for i in loud), default=0)
    weight = {i: crowd.loud(i) * math.exp(-crowd["sharpness"] * (depth[i] - least)) for i in loud}
    if not loud:
        out[1] = out[2] = [0.0] * crowd.n
        return out
    v = [sum(weight[i] * place[i][d] for i in loud) / sum(weight.values()) for d in range(dimensions)]
    step = crowd["time-step"]
    for i, p in enumerate(place):
        away = [a - b for a, b in zip(p, v)]
        for d, c in enumerate(rows):
            size = math.hypot(*away) if crowd["isotropic"] else away[d]
            shake = crowd["noise"] * math.sqrt(step) * size * crowd.normals(i, t, d // 4)[d % 4]
            out[c][i] = p[d] + shake - step * crowd["drift"] * away[d]
    distance = max(map(abs, v))
    out[1], out[2] = [distance] * crowd.n, [float(distance < 0.25)] * crowd.n
    return out


STEPS = {f.__name__.replace("_", "-"): f for f in (
    biased_assimilation, bounded_confidence, common_pool, commons, consensus_search, deffuant, direct_punishment, echo_chamber, feed,
    friedkin_johnsen, independent_cascade, ising, kuramoto, market_herding, nonlinear_opinion, repulsion, sir,
    threshold_cascade, vicsek, vicsek_particles, voter)}

START = {"common-pool": lambda crowd, i: [1.0, 0.0, 0.0, 0.0, 0.0], "commons": lambda crowd, i: [1.0],
         "consensus-search": lambda crowd, i: [0.0] * 21, "market-herding": lambda crowd, i: [0.0, 0.0],
         "feed": lambda crowd, i: [0.0, 0.0, 0.0], "direct-punishment": lambda crowd, i: [0.0, 0.0, -1.0] + [0.0] * 17,
         "vicsek-particles": lambda crowd, i: crowd.place(i, side_of_square(crowd))}
