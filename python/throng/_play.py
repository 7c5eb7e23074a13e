"""Matches between policies: deal by deal, or round by round."""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from ._context import Context, Progress
from ._game import Game, GameLike, game as open_game, policy_name, reals
from ._library import Record, lib
from ._model import Model, counted

_ROUNDS, _DEALS = 10, 10000


class Match(Record):
    """What was played, with the keys of ``throng play --json`` for one game.

    policies: a record each: ``policy``, ``score`` and ``half_width`` of its 95 % interval (None for one match or deal).
        Of deals the score is what it got in one, and ``expected`` what that would be without luck, None where somebody
        learns; of rounds it is the share of the most that there was to get (None where nobody can get anything), and
        ``total`` what it got. Of a Model, ``counts`` says how its answers came about
    scores: of deals, an array [deals, policies]
    actions: of rounds, an array [repetitions, rounds, players] of action names
    """

    def __repr__(self) -> str:
        how_often = f'{self.deals:,} deals' if 'deals' in self else f'{self.rounds:,} rounds'
        lines = [f'{self.game}, {how_often}']
        for entry in self.policies:
            if 'total' in entry:
                lines.append(f'  {entry.policy:<28} {entry.total:.4g} in all')
            else:
                lines.append(f'  {entry.policy:<28} {entry.score:.4g} a deal ± {entry.half_width or np.nan:.3g}')
        return '\n'.join(lines)


def play(game: GameLike, policies: Any, *, rounds: int | None = None, repetitions: int = 1, deals: int | None = None,
         fixed_seats: bool = False, seed: int = 0, progress: Progress = None, threads: int = 0) -> Match:
    """Plays a game between policies, as ``throng play`` does.

    Games that are played move by move (kuhn, leduc, GAME.efg) are played deal by deal, everybody on every seat with the
    same luck: `deals` (default 10,000), `fixed_seats`. Others are played round by round by players who see what was
    done: `rounds` (default 10), `repetitions`.

    policies: one for each player, or one for all. Names as on the command line ("solver:cfr-plus", "best-response",
        "tit-for-tat", ...); a Solution, a Strategy, or what ``Game.strategy`` takes; a ``throng.Model``, of which a
        match deal by deal has one at most; of games in rounds
        also a function ``f(history, player) -> action``: history is an array [rounds so far, players] of numbers
        of actions from 0, player a number from 0, and the action its name, or a number from 0
    seed: of what is drawn

    >>> import throng
    >>> r = throng.play('prisoners-dilemma', ['tit-for-tat', lambda history, player: 'F'], rounds=3)
    >>> [entry.total for entry in r.policies], r.actions[0].tolist()
    ([10.0, 20.0], [['J', 'F'], ['F', 'F'], ['F', 'F']])
    """
    game = open_game(game)
    entries = list(policies) if isinstance(policies, (list, tuple)) else [policies]
    n = len(game.players)
    if len(entries) not in (1, n):
        raise ValueError(f'{game.name} has {n} players: give as many policies, or one for all, got {len(entries)}')
    if repetitions < 1:
        raise ValueError(f'repetitions must be 1 or more, got {repetitions}')
    with game.at_work(progress, threads) as context:
        if game._name is not None and lib.c.throng_hands_is_game(context.pointer, game._name.encode()):
            if rounds is not None or repetitions != 1:
                raise ValueError(f'{game.name} is played move by move: give deals, not rounds or repetitions')
            return _deals(game, context, entries, _DEALS if deals is None else deals, fixed_seats, seed)
        if deals is not None or fixed_seats:
            raise ValueError(f'{game.name} is not played move by move: give rounds, not deals or fixed_seats')
        return _rounds(game, context, entries, _ROUNDS if rounds is None else rounds, repetitions, seed)


def _name(policy: Any) -> str:
    """For people."""
    if isinstance(policy, str):
        return policy
    if isinstance(policy, Model):
        return policy.name
    solver = getattr(policy, 'solver', None)
    return f'solver:{solver}' if solver else getattr(policy, '__name__', None) or type(policy).__name__.lower()


def _offer(context: Context, policies: list[Any]) -> list[bytes]:
    return [b'llm' if isinstance(policy, Model) else
            policy_name(context, getattr(policy, 'strategy', policy) if not isinstance(policy, str) else policy,
                        f'policy{index}') for index, policy in enumerate(policies)]


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _deals(game: Game, context: Context, policies: list[Any], deals: int, fixed_seats: bool, seed: int) -> Match:
    n = len(game.players)
    names = _offer(context, policies)
    models = list(dict.fromkeys(policy for policy in policies if isinstance(policy, Model)))
    if len(models) > 1:
        raise ValueError('deal by deal one model plays: give the same Model for all seats that ask one')
    ask = models[0]._fill(context, lib.struct('strategy_ask_def'), seed) if models else None
    counts = lib.struct('llm_choose_counts')
    counts.least_covered = 1.0
    strategies = np.zeros((n, game._kind.numbers(game._game)))
    rows = (lib.interface.structs['throng_hands_policy'] * n)()
    for row, strategy in zip(rows, strategies):
        row.strategy = reals(strategy)
    context.run('strategy_hands', context.pointer, game._problem, (ctypes.c_char_p * len(names))(*names), len(names),
                seed, ctypes.byref(ask) if models else None, rows, ctypes.byref(counts))
    wanted, scores, half = lib.struct('hands_def'), np.zeros((max(deals, 1), n)), ctypes.c_double()
    wanted.policies, wanted.deals, wanted.seed, wanted.fixed_seats = rows, deals, seed, fixed_seats
    context.run('hands_play', context.pointer, game._game, ctypes.byref(wanted), reals(scores))
    expected = np.full(n, np.nan)
    if not any(row.learns for row in rows) and lib.c.throng_tree_forgotten(game._game) is None:
        context.run('hands_expected', context.pointer, game._game, ctypes.byref(wanted), reals(expected))
    found = []
    for k in range(n):
        score = lib.c.throng_hands_score(reals(scores), deals, n, k, ctypes.byref(half))
        found.append(Record(policy=_name(policies[k % len(policies)]), score=score, half_width=_number(half.value),
                            expected=_number(float(expected[k]))))
        if isinstance(policies[k % len(policies)], Model):
            found[-1]['counts'] = counted(counts)
    return Match(game=game.name, deals=deals, fixed_seats=fixed_seats, policies=found, scores=scores)


class _Players:
    """Players of one match, and the functions among them."""

    def __init__(self, context: Context, form: Any, policies: Sequence[Any], n: int, seed: int):
        self.context, self.form, self.n = context, form, n
        self.records = [lib.struct('player') for _ in range(n)]
        self.keep: list[Any] = []
        self.seats = (ctypes.POINTER(lib.interface.structs['throng_player']) * n)(*map(ctypes.pointer, self.records))
        for k, record in enumerate(self.records):
            policy = policies[k % len(policies)]
            if isinstance(policy, Model):
                wanted = policy._fill(context, lib.struct('player_model_def'), seed)
                self.keep.append(wanted)
                lib.call('player_model', context.pointer, ctypes.byref(wanted), ctypes.byref(record))
            elif callable(policy):
                act = type(record.act)(self._act(policy))
                self.keep.append(act)
                record.name, record.act = _name(policy).encode(), act
            else:
                name = _offer(context, [policy])[0] if isinstance(policy, str) else policy_name(
                    context, getattr(policy, 'strategy', policy), f'policy{k}')
                lib.call('strategy_open_player', context.pointer, name, seed, ctypes.byref(record))

    def _act(self, function: Callable[..., Any]) -> Callable[..., int]:
        def choose(seat: Any) -> int:
            match = seat.match.contents
            past = [] if match.played == 0 else match.actions[:match.played * self.n]
            found = function(np.array(past, np.int32).reshape(-1, self.n), seat.player)
            if isinstance(found, str):
                action = lib.c.throng_normal_form_find_action(self.form, seat.player, found.encode())
                if action < 0:
                    raise ValueError(f'{_name(function)} chose {found!r}, which is no action of player {seat.player + 1}')
                return action
            return int(found)

        def act(_self: Any, seats: Any, n: int, actions: Any, _error: Any) -> int:
            def work() -> None:
                for i in range(n):
                    actions[i] = choose(seats[i])
            if self.context.failure is None:
                self.context.guard(work)
            return lib.value('OK') if self.context.failure is None else lib.value('E_CANCELLED')

        return act

    def clear(self) -> None:
        for record in self.records:
            if record.free:
                lib.c.throng_player_clear(ctypes.byref(record))


def _rounds(game: Game, context: Context, policies: list[Any], rounds: int, repetitions: int, seed: int) -> Match:
    n, pointer = len(game.players), ctypes.c_void_p()
    if game._kind.form != lib.value('GAME_FORM_TREE'):
        lib.call('strategy_hands', context.pointer, game._problem, None, 0, 0, None, None, None)  # says what is wrong
    lib.call('tree_normal_form', context.pointer, game._game, ctypes.byref(pointer))
    form = context.own(pointer, 'normal_form_free')
    players = _Players(context, form, policies, n, seed)
    matches = (lib.interface.structs['throng_match'] * repetitions)()
    try:
        for number, match in enumerate(matches):
            lib.call('match_init', context.pointer, form, players.seats, number, rounds, ctypes.byref(match))
        context.run('match_play', context.pointer, matches, len(matches))
        found = _match(game, form, policies, matches, rounds, n)
        for k, entry in enumerate(found.policies):
            if isinstance(policies[k % len(policies)], Model):
                entry['counts'] = counted(lib.c.throng_player_model_counts(ctypes.byref(players.records[k])))
        return found
    finally:
        for match in matches:
            if match.game:
                lib.c.throng_match_clear(context.pointer, ctypes.byref(match))
        players.clear()


def _match(game: Game, form: Any, policies: list[Any], matches: Any, rounds: int, n: int) -> Match:
    played = np.array([match.actions[:rounds * n] for match in matches], np.int64).reshape(len(matches), rounds, n)
    actions = np.empty(played.shape, object)
    pointers = (ctypes.POINTER(type(matches[0])) * len(matches))(*map(ctypes.pointer, matches))
    found, half = [], ctypes.c_double()
    for player in range(n):
        words = np.array([lib.c.throng_normal_form_action_name(form, player, action).decode()
                          for action in range(lib.c.throng_normal_form_actions(form, player))], object)
        actions[:, :, player] = words[played[:, :, player]]
        score = lib.c.throng_match_score(pointers, len(matches), player, ctypes.byref(half))
        found.append(Record(policy=_name(policies[player % len(policies)]), score=_number(score),
                            half_width=_number(half.value),
                            total=float(np.mean([match.totals[player] for match in matches]))))
    return Match(game=game.name, rounds=rounds, repetitions=len(matches), policies=found, actions=actions)
