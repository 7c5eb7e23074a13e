"""Mechanisms: what a rule makes of reports, and whether it keeps what it promises."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._context import Context, Progress
from ._game import reals, with_plugins
from ._library import Record, lib


class Check(Record):
    """What was found out about a mechanism's axioms. It is true if none that it promises was seen broken.

    axioms: a record each: ``axiom``, ``promised``, ``holds``, ``tried``, ``broken``, ``worst`` (by how much, None if it
        was never tried), the smallest ``example`` (types; of strategyproof also ``agent``, from 0, who gains by
        reporting ``instead``)
    welfare_ratio, cost_ratio: of places, how bad it gets at worst beside what is best, with an example
    """

    def __bool__(self) -> bool:
        return all(axiom.holds for axiom in self.axioms if axiom.promised)

    def __repr__(self) -> str:
        return '\n'.join(
            f'{axiom.axiom:<22} {"promised" if axiom.promised else "":<10}'
            f'{"BROKEN" if not axiom.holds else "holds" if axiom.tried else "not tried":<11}'
            f'{axiom.broken:,} of {axiom.tried:,}' for axiom in self.axioms)


class Rule:
    """A mechanism with its parameters, made by ``throng.mechanism``.

    >>> import throng
    >>> rule = throng.mechanism('phantom:at=0.3')
    >>> rule.decide([0.2, 0.8]).place, 'strategyproof' in rule.promises
    (0.3, True)
    """

    def __init__(self, name: str, plugin: Any = None):
        self._context, pointer = Context(False), ctypes.c_void_p()
        with_plugins(self._context, [] if plugin is None else [plugin])
        lib.call('rule_open', self._context.pointer, name.encode(), ctypes.byref(pointer))
        self._rule = self._context.own(pointer, 'rule_free')
        about = lib.c.throng_rule_mechanism(self._rule).contents
        self._is_place, self._axioms = about.domain == lib.value('MECHANISM_PLACE'), about.axioms

    @property
    def name(self) -> str:
        """With every parameter."""
        return lib.c.throng_rule_name(self._rule).decode()

    @property
    def promises(self) -> list[str]:
        """The axioms that it promises."""
        return [lib.c.throng_axiom_name(axiom).decode() for axiom in range(lib.value('AXIOM_COUNT'))
                if self._axioms >> axiom & 1]

    def __repr__(self) -> str:
        return f'<throng mechanism {self.name}: promises {", ".join(self.promises) or "nothing"}>'

    def _outcome(self, types: np.ndarray, outcome: Any, payments: np.ndarray) -> Record:
        if not self._is_place:
            return Record(agents=len(types), winner=outcome.winner, payments=payments)
        welfare = lib.struct('place_welfare')
        lib.call('place_welfare_of', self._context.pointer, reals(types), len(types), outcome.place,
                 ctypes.byref(welfare))
        return Record(agents=len(types), place=outcome.place, welfare=welfare.welfare,
                      best_welfare=welfare.best_welfare, cost=welfare.cost, best_cost=welfare.best_cost,
                      payments=payments)

    def decide(self, reports: Any) -> Record:
        """What it makes of reports, an array of numbers from 0 to 1: ``place`` (with ``welfare`` and ``best_welfare``,
        ``cost`` and ``best_cost``: the sums of 1 - distance and of distances, here and at the best place), or ``winner``
        (a number from 0, -1 for nobody); and ``payments``, an array."""
        types, outcome = _array(reports), lib.struct('outcome')
        payments = np.zeros(len(types))
        self._context.run('rule_decide', self._rule, reals(types), len(types), ctypes.byref(outcome), reals(payments))
        return self._outcome(types, outcome, payments)

    def best_replies(self, types: Any, *, rounds: int = 1000, like: str | Rule | None = None) -> Record:
        """What is reported where truth does not pay: one agent after the other reports what serves it best, until nobody
        can gain, or `rounds` times.

        like: a mechanism; ``distance`` says how far the place is from what it makes of the truth (default: the same)

        Returns what ``decide`` does, of places as agents truly are, and ``reports``, ``rounds`` that were made,
        ``rested`` (whether it came to rest), ``distance``.
        """
        truth, outcome, made = _array(types), lib.struct('outcome'), ctypes.c_int64()
        reports, payments = np.zeros(len(truth)), np.zeros(len(truth))
        self._context.run('rule_best_replies', self._rule, reals(truth), len(truth), rounds, reals(reports),
                 ctypes.byref(outcome), reals(payments), ctypes.byref(made))
        found = self._outcome(truth, outcome, payments)
        other = (Rule(like) if isinstance(like, str) else like or self).decide(truth)
        distance = abs(outcome.place - other.place) if 'place' in other else None
        return Record(**found, reports=reports, rounds=made.value, rested=made.value <= rounds, distance=distance)

    def check(self, profiles: int = 5000, *, agents: int = 0, seed: int = 0, progress: Progress = None,
              threads: int = 0) -> Check:
        """Searches for reports that break an axiom, promised or not. It finds, it does not prove.

        profiles: how many times types are drawn; agents: how many there are (0: 2 to 200)

        >>> import throng
        >>> found = throng.mechanism('average').check(200)
        >>> {axiom.axiom: axiom.holds for axiom in found.axioms}['strategyproof'], bool(found)  # it never promised
        (False, True)
        """
        found = lib.struct('mechanism_check')
        self._context.set(progress, threads)
        self._context.run('rule_check', self._rule, profiles, agents, seed, ctypes.byref(found))
        domain = lib.value('MECHANISM_PLACE' if self._is_place else 'MECHANISM_GOOD')
        axioms = [self._finding(axiom, found.axioms[axiom]) for axiom in range(lib.value('AXIOM_COUNT'))
                  if lib.c.throng_axiom_applies(axiom, domain)]
        ratios = {f'{name}_ratio': Record(worst=ratio.worst, example=np.array(ratio.example[:ratio.n]))
                  for name, ratio in (('welfare', found.welfare), ('cost', found.cost))} if self._is_place else {}
        return Check(mechanism=self.name, axioms=axioms, **ratios)

    def _finding(self, axiom: int, finding: Any) -> Record:
        record = Record(axiom=lib.c.throng_axiom_name(axiom).decode(), promised=bool(self._axioms >> axiom & 1),
                        holds=finding.broken == 0, tried=finding.tried, broken=finding.broken,
                        worst=None if np.isnan(finding.worst) else finding.worst,
                        example=np.array(finding.example[:finding.n]))
        if axiom == lib.value('AXIOM_STRATEGYPROOF') and finding.broken:
            record.update(agent=finding.agent, instead=finding.instead)
        return record


def _array(values: Any) -> np.ndarray:
    found = np.ascontiguousarray(values, np.float64)
    if found.ndim != 1:
        raise ValueError(f'reports are an array of one dimension, got one of shape {found.shape}')
    return found


def mechanism(name: str, *, plugin: Any = None) -> Rule:
    """A rule that turns what agents report into one outcome for all.

    name: with parameters, "phantom:at=0.3"; see ``throng.available('mechanisms')``
    plugin: a shared object with mechanisms, as ``--plugin`` takes it

    >>> import throng
    >>> throng.mechanism('median').decide([0, 0.1, 0.9]).place
    0.1
    >>> throng.mechanism('second-price').decide([0.2, 0.7, 0.5]).payments.tolist()
    [0.0, 0.5, 0.0]
    """
    return Rule(name, plugin)
