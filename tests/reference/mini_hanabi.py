#!/usr/bin/env python3
"""Best and uniform play of mini-hanabi, from its rules alone: where tests/unit/test_preference.c has its numbers from.

Use: tests/reference/mini_hanabi.py [COLOURS RANKS COPIES HINTS]     (default: 2 2 1 1; a second)

What both know is how likely each pair of hands is; who moves sees one card, so that a plan says what to do for each that
it can be. Plans are gone through by the values of what both know next (Nayyar, Mahajan and Teneketzis 2013).
"""
import itertools
import sys
from fractions import Fraction
from functools import lru_cache

COLOURS, RANKS, COPIES, HINTS = [int(x) for x in sys.argv[1:]] or (2, 2, 1, 1)
KINDS = [(c, r) for c in range(COLOURS) for r in range(1, RANKS + 1)]


def deck(gone, card):
    """What may be drawn: kinds and numbers."""
    left = {kind: COPIES - gone.count(kind) - (kind == card) for kind in KINDS}
    return {kind: n for kind, n in left.items() if n}


def actions(hints, hands, mover):
    mine = ["play"] + ["discard"] * (hints < HINTS) if hands[mover] else []
    return mine + (["colour", "rank"] if hands[1 - mover] and hints else [])


def begin(table, hands):
    """The table as who moves finds it, or the score if it is over. A table: laid, hints, turns, gone, mover."""
    laid, hints, turns, gone, mover = table
    if len(KINDS) * COPIES == len(gone) + sum(card is not None for card in hands):
        turns -= 1
    if turns < 0 or not actions(hints, hands, mover):
        return None
    return laid, hints, turns, gone, mover


def act(table, hands, action):
    """(chance, what both see, table, hands) of all that may come of it; a number instead of the table: the end."""
    laid, hints, turns, gone, mover = table
    other, card = hands[1 - mover], hands[mover]
    if action in ("colour", "rank"):
        return [(Fraction(1), (action, other[action == "rank"]), (laid, hints - 1, turns, gone, 1 - mover), hands)]
    if action == "play":
        if laid[card[0]] != card[1] - 1:
            return [(Fraction(1), None, 0, None)]
        laid = tuple(n + (c == card[0]) for c, n in enumerate(laid))
        if sum(laid) == COLOURS * RANKS:
            return [(Fraction(1), None, sum(laid), None)]
    after = (laid, hints + (action == "discard"), turns, tuple(sorted(gone + (card,))), 1 - mover)
    drawn = deck(after[3], other) or {None: 1}
    total = sum(drawn.values())
    return [(Fraction(n, total), (action, card), after, (new, other) if mover == 0 else (other, new)) for new, n in drawn.items()]


def uniform(table, hands):
    here = begin(table, hands)
    if not here:
        return Fraction(sum(table[0]))
    can = actions(here[1], hands, here[4])
    return sum(p * (after if new is None else uniform(after, new))
               for action in can for p, _, after, new in act(here, hands, action)) / len(can)


@lru_cache(None)
def best(table, belief):
    """@param belief ((hands, chance), ...), of chances that add up to 1"""
    here = begin(table, belief[0][0])
    if not here:
        return Fraction(sum(table[0]))
    mover = here[4]
    seen = sorted({hands[1 - mover] for hands, _ in belief}, key=str)
    worth = lru_cache(None)(lambda action, cards: worth_of(here, belief, action, cards))
    return max(sum(worth(action, tuple(card for card, one in zip(seen, plan) if one == action)) for action in set(plan))
               for plan in itertools.product(actions(here[1], belief[0][0], mover), repeat=len(seen)))


def worth_of(table, belief, action, cards):
    """What an action, taken if one of these cards is seen, adds."""
    value, next_ones = Fraction(0), {}
    for hands, chance in belief:
        for p, sign, after, new in act(table, hands, action) if hands[1 - table[4]] in cards else ():
            if new is None:
                value += chance * p * after
            else:
                chances = next_ones.setdefault((sign, after), {})
                chances[new] = chances.get(new, 0) + chance * p
    for (_, after), chances in next_ones.items():
        total = sum(chances.values())
        value += total * best(after, tuple(sorted(((new, p / total) for new, p in chances.items()), key=str)))
    return value


if __name__ == "__main__":
    deals = {(a, b): Fraction(COPIES * deck((), a).get(b, 0)) for a in KINDS for b in KINDS}
    whole = sum(deals.values())
    start = tuple(sorted(((hands, n / whole) for hands, n in deals.items() if n), key=str))
    table = ((0,) * COLOURS, HINTS, 2, (), 0)
    print("uniform", float(sum(p * uniform(table, hands) for hands, p in start)))
    print("best", best(table, start))
