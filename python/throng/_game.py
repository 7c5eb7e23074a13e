"""Games: opened by name, read from files or made of matrices; and what is played in them."""
from __future__ import annotations

import ctypes
import numbers as numbers_of
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from . import _arrow, _tables
from ._context import Context, Progress
from ._library import Record, lib

if TYPE_CHECKING:
    import pandas

_REAL = ctypes.POINTER(ctypes.c_double)

#: What a game can be given as: one that is open, a name or file, or a matrix of payoffs.
GameLike = Union['Game', str, os.PathLike, Sequence[Any], np.ndarray]


def reals(array: np.ndarray) -> Any:
    """An array of floats as the library takes it."""
    return array.ctypes.data_as(_REAL)


def texts(words: Sequence[str]) -> Any:
    return (ctypes.c_char_p * len(words))(*[str(word).encode() for word in words])


class Strategy:
    """What everybody does: a probability for each action of each information set.

    sets: a record each: ``player`` (from 1), ``set`` (its name), ``actions``
    probabilities: [all actions of all sets] one set after the other; numbers of another kind in games without actions
    players: their names

    ``strategy['Kb']`` are the actions of an information set and their probabilities; where players have sets of one
    name it is ``strategy[1, 'Kb']``, and ``strategy[1]`` for a player who has only one.

    >>> import throng
    >>> fair = throng.game([[1, -1], [-1, 1]], actions=[['h', 't']] * 2).strategy('uniform')
    >>> fair[1].h, fair.columns()['action'].tolist()
    (0.5, ['h', 't', 'h', 't'])
    """

    def __init__(self, sets: list[Record], probabilities: np.ndarray, players: list[str]):
        self.sets, self.probabilities, self.players = sets, probabilities, players
        self._first = np.cumsum([0] + [len(entry.actions) for entry in sets])
        if len(probabilities) != self._first[-1]:
            raise ValueError(f'a strategy of {len(sets):,} information sets has {self._first[-1]:,} probabilities, '
                             f'got {len(probabilities):,}')

    def _find(self, key: Any) -> int:
        player, name = key if isinstance(key, tuple) else (key, None) if isinstance(key, int) else (None, key)
        found = [i for i, entry in enumerate(self.sets)
                 if player in (None, entry.player) and name in (None, entry.set)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise KeyError(f'there is no information set {key!r}: there are '
                           + ', '.join(repr(entry.set) for entry in self.sets[:8]) + ', ...' * (len(self.sets) > 8))
        raise KeyError(f'{len(found)} information sets are {key!r}: give the player, too, strategy[1, {name or "..."!r}]')

    def __getitem__(self, key: Any) -> Record:
        index = self._find(key)
        numbers = self.probabilities[self._first[index]:self._first[index + 1]]
        return Record(zip(self.sets[index].actions, numbers.tolist()))

    def __len__(self) -> int:
        return len(self.sets)

    def columns(self) -> dict[str, np.ndarray]:
        """As a table with a row an action: player (from 1), set, action, probability."""
        sizes = [len(entry.actions) for entry in self.sets]
        names = np.array([entry.set for entry in self.sets] + [None], object)[:-1]
        return {'player': np.repeat(np.array([entry.player for entry in self.sets], np.int32), sizes),
                'set': np.repeat(names, sizes),
                'action': np.array([action for entry in self.sets for action in entry.actions] + [None], object)[:-1],
                'probability': self.probabilities.copy()}

    def frame(self) -> pandas.DataFrame:
        """``columns()`` as a pandas DataFrame."""
        import pandas as pd
        return pd.DataFrame(self.columns())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The Arrow PyCapsule interface: pyarrow, Polars and DuckDB read a strategy as it is."""
        return _arrow.stream(self.columns())

    def arrow(self) -> Any:
        """``columns()`` as a pyarrow Table."""
        import pyarrow  # type: ignore[import-not-found]
        return pyarrow.table(self)

    def __repr__(self) -> str:
        lines: list[str] = []
        for entry in self.sets[:12]:
            first = self._first[len(lines)]
            shown = [f'{action} {number:.4g}' for action, number
                     in zip(entry.actions[:8], self.probabilities[first:first + 8])]
            name = self.players[entry.player - 1] if entry.player <= len(self.players) else ''
            lines.append(f'{name:<16} {entry.set:<14} ' + '  '.join(shown) + '  ...' * (len(entry.actions) > 8))
        return '\n'.join(lines + [f'... and {len(self.sets) - 12:,} more'] * (len(self.sets) > 12))


class Game:
    """A game, made by ``throng.game``, ``preferences``, ``tree`` or ``markov``. Several threads may use one, one after the
    other.

    >>> import throng
    >>> kuhn = throng.game('kuhn')
    >>> kuhn.size, kuhn.players, kuhn.sets[0].actions
    ('55 nodes, 12 information sets', ['Player 1', 'Player 2'], ['pass', 'bet'])
    """

    def __init__(self, context: Context, problem: Any, name: str | None = None, plugins: Sequence[str] = ()):
        self._context, self._name, self._plugins = context, name, list(plugins)
        self._problem = context.own(ctypes.pointer(problem), 'problem_clear')
        self._kind, self._game = problem.kind.contents, problem.game
        self._lock = threading.RLock()  # a solver may change what a game looks at

    # ---- what it is ----

    @property
    def name(self) -> str:
        """What it is called."""
        return self._kind.name(self._game).decode('utf-8', 'replace')

    @property
    def players(self) -> list[str]:
        """Names of the players."""
        return [self._kind.player_name(self._game, p).decode('utf-8', 'replace')
                for p in range(self._kind.players(self._game))]

    @property
    def size(self) -> str:
        """How large it is, in the words of its form: "55 nodes, 12 information sets"."""
        text = ctypes.create_string_buffer(100)
        self._kind.describe(self._game, text, len(text))
        return text.value.decode('utf-8', 'replace')

    def _rows(self) -> Iterator[tuple[int, Any]]:
        for index in range(self._kind.rows(self._game)):
            yield index, self._kind.row(self._game, index)

    @property
    def sets(self) -> list[Record]:
        """Information sets, or what a strategy says of each: ``player`` (from 1), ``set`` (its name), ``actions``."""
        return [Record(player=row.player + 1, set=row.name.decode('utf-8', 'replace'),
                       actions=[self._kind.action_name(self._game, index, action).decode('utf-8', 'replace')
                                for action in range(row.n_actions)]) for index, row in self._rows()]

    def __repr__(self) -> str:
        n = len(self.players)
        return f'<throng game {self.name}: {n} player{"s" * (n != 1)}, {self.size}>'

    # ---- strategies ----

    @contextmanager
    def at_work(self, progress: Progress = False, threads: int = 0) -> Iterator[Context]:
        """A context for a call about this game, which has it to itself meanwhile."""
        with self._lock:
            yield with_plugins(Context(progress, threads), self._plugins)

    def strategy(self, play: Any, seed: int = 0) -> Strategy:
        """What everybody does by a policy.

        play: its name as on the command line, "uniform", "always:raise|call", "solver:cfr-plus@100", a table in a file or
            a directory of ``throng solve --out``; a table of Python with the columns set and action, and, if there
            are some, player and probability; a dictionary {set: {action: probability}}. In tables and dictionaries a
            set may hold the wildcards * and ?.
        seed: of solvers that draw

        >>> import throng
        >>> game = throng.game('kuhn')
        >>> game.strategy({'K*': {'bet': 1}, '*': {'pass': 2, 'bet': 1}})['Kpb']
        pass: 0.0
        bet: 1.0
        """
        return self.from_numbers(self.numbers(play, seed))

    def numbers(self, play: Any, seed: int = 0) -> np.ndarray:
        """A strategy as the library has it, with numbers that belong to no information set."""
        out = np.zeros(self._kind.numbers(self._game))
        play = getattr(play, 'strategy', play) if not isinstance(play, (str, Game)) else play
        with self.at_work() as context:
            self._kind.start(self._game, reals(out))
            if isinstance(play, Strategy):
                out[self._places()] = self._matching(play)
            else:
                name = policy_name(context, play, 'strategy')
                context.run('strategy_fill', context.pointer, self._problem, name, -1, seed, reals(out))
        return out

    def from_numbers(self, numbers: np.ndarray) -> Strategy:
        """The strategy that ``numbers()`` gave."""
        return Strategy(self.sets, numbers[self._places()], self.players)

    def _places(self) -> np.ndarray:
        """Where in the library's numbers those of the information sets stand."""
        found = [np.arange(row.first, row.first + row.n_actions) for _, row in self._rows()]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _matching(self, play: Strategy) -> np.ndarray:
        if play.sets != self.sets:
            raise ValueError(f'this is no strategy of {self.name}: it has {len(play.sets):,} information sets, and '
                             f'{self.name} has {self._kind.rows(self._game):,}, in this order and with these actions: '
                             + ', '.join(f'{entry.set!r} {entry.actions}' for entry in self.sets[:2]) + ', ...')
        return play.probabilities

    def _measure(self, play: Any) -> tuple[float, np.ndarray]:
        numbers, gap = self.numbers(play), ctypes.c_double()
        values = np.zeros(2 * max(len(self.players), 1))
        with self.at_work() as context:
            context.run(self._kind.gap, self._game, reals(numbers), reals(values), ctypes.byref(gap))
        return gap.value, values[:len(self.players)]

    def gap(self, play: Any) -> float:
        """How far from an equilibrium a strategy is, 0 being there; NaN where nobody knows. `play` is a Strategy, or
        anything that ``strategy()`` takes. In games that are played move by move it is NashConv: what the players
        would gain, added up, if each alone changed to a best response.

        >>> import throng
        >>> round(throng.game('kuhn').gap('uniform'), 6)  # 11/12
        0.916667
        """
        return self._measure(play)[0]

    def value(self, play: Any) -> np.ndarray:
        """[players] what everybody gets if all play a strategy."""
        return self._measure(play)[1]

    # ---- files ----

    def write(self, path: Any) -> None:
        """Writes a game that is played move by move, or all at once, as a tree in Gambit's format, GAME.efg."""
        if self._kind.form != lib.value('GAME_FORM_TREE'):
            raise ValueError(f'{self.name} is not played move by move: it cannot be written as a tree')
        lib.call('tree_write', self._game, os.fsencode(path))


def with_plugins(context: Context, plugins: Sequence[str]) -> Context:
    for path in plugins:
        lib.call('context_load_plugin', context.pointer, os.fsencode(path))
    return context


def policy_name(context: Context, play: Any, name: str) -> bytes:
    """What the library calls a policy: its name, or that of a table which is offered to it."""
    if isinstance(play, (str, os.PathLike)):
        return os.fsencode(play)
    if isinstance(play, Strategy):
        play = play.columns()
    if isinstance(play, Mapping) and all(isinstance(entry, Mapping) for entry in play.values()):
        rows = [(key, action, share) for key, entry in play.items() for action, share in entry.items()]
        play = {'set': [row[0] for row in rows], 'action': [row[1] for row in rows],
                'probability': [row[2] for row in rows]}
    try:
        known = _tables.names(play)
    except TypeError:
        raise TypeError('a policy is a name, a strategy, a table or a dictionary {set: {action: probability}}, got '
                        + type(play).__name__) from None
    columns = {key: [str(value) for value in _tables.array(_tables.column(play, key), key).tolist()]
               for key in ('set', 'action')}
    numbers = {key: np.asarray(_tables.array(_tables.column(play, key), key), np.float64)
               for key in ('player', 'probability') if key in known}
    return _tables.Offer(context, name, {**columns, **numbers}, [*columns, *numbers]).path.encode()


def game(game: GameLike, *, players: Sequence[str] | None = None, actions: Sequence[Sequence[str]] | None = None,
         name: str = 'game', plugin: Any = None) -> Game:
    """A game by its name, from a file, or in normal form from a matrix.

    game: a name as in ``throng.available('games')``, with parameters if it has some, "random:players=2,actions=10"; a
        file GAME.efg, GAME.nfg or GAME.csv; or payoffs as an array or nested lists: [rows][columns] of what the
        second player pays to the first, or [players][actions of the first][actions of the second]... of what each gets
    players, actions, name: of a matrix: names of the players, of each player's actions, and of the game
    plugin: a shared object with games or solvers, as ``--plugin`` takes it

    >>> import throng
    >>> pennies = throng.game([[3, -1], [-1, 1]], actions=[['h', 't'], ['h', 't']])
    >>> throng.solve(pennies, 'lp').value.round(6).tolist()
    [0.333333, -0.333333]
    """
    if isinstance(game, Game):
        return game
    plugins = [] if plugin is None else [os.fspath(plugin)]
    context, problem = with_plugins(Context(False), plugins), lib.struct('problem')
    if isinstance(game, (str, os.PathLike)):
        given = os.fspath(game)
        context.run('problem_open', context.pointer, os.fsencode(given), ctypes.byref(problem))
        return Game(context, problem, given, plugins)
    form, tree = _normal_form(context, game, players, actions, name), ctypes.c_void_p()
    lib.call('tree_from_normal_form', context.pointer, form, ctypes.byref(tree))
    return Game(context, lib.c.throng_tree_problem(tree), None, plugins)


def _array(what: str, values: Any) -> np.ndarray:
    try:
        return np.ascontiguousarray(values, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f'{what} are numbers, in rows of one length') from None


def _normal_form(context: Context, payoffs: Any, players: Sequence[str] | None,
                 actions: Sequence[Sequence[str]] | None, name: str) -> Any:
    table = _array('payoffs', payoffs)
    if table.ndim == 2:
        table = np.stack([table, -table])
    if table.ndim < 3 or table.shape[0] != table.ndim - 1:
        raise ValueError('payoffs are an array [rows, columns], or [players, actions of the first, actions of the '
                         f'second, ...], got one of shape {table.shape}')
    n, sizes = table.shape[0], table.shape[1:]
    if players is not None and len(players) != n:
        raise ValueError(f'{n} players need as many names, got {len(players)}')
    if actions is not None and [len(entry) for entry in actions] != list(sizes):
        raise ValueError(f'actions need {n} lists of {", ".join(map(str, sizes))} names, got '
                         f'{", ".join(str(len(entry)) for entry in actions)}')
    pointer = ctypes.c_void_p()
    lib.call('normal_form_create', context.pointer, name.encode(), n, (ctypes.c_int * n)(*sizes), ctypes.byref(pointer))
    form = context.own(pointer, 'normal_form_free')
    for player in range(n):
        if players is not None:
            lib.call('normal_form_set_player_name', form, player, str(players[player]).encode())
        if actions is not None:
            lib.call('normal_form_set_action_names', form, player, texts(actions[player]))
    # the first player's action changes fastest
    rows = np.ascontiguousarray(np.stack([table[player].ravel(order='F') for player in range(n)], axis=1))
    for profile, row in enumerate(rows):
        lib.call('normal_form_set_payoffs', form, profile, reals(row))
    return form


def preferences(wins: Any, *, reference: Any = None, names: Sequence[str] | None = None, group: int = 0,
                name: str = 'preferences') -> Game:
    """A game of preferences: how often each of n responses is preferred to each other.

    wins: [n, n] how often the row is preferred to the column: 1/2 on the diagonal, and what stands across it adds up to
        1; or [groups, n, n]
    reference: [n] weights, in any scale, of what regularised solvers are drawn to; default: all alike
    names: of the responses
    group: whose preferences count, from 1; 0: the mean of all groups

    >>> import throng
    >>> drinks = throng.preferences([[.5, .9, .2], [.1, .5, .7], [.8, .3, .5]], names=['tea', 'coffee', 'juice'])
    >>> throng.solve(drinks, 'lp').strategy[1].juice.__round__(6)  # 4/9
    0.444444
    """
    table = _array('wins', wins)
    table = table[None] if table.ndim == 2 else table
    if table.ndim != 3 or table.shape[1] != table.shape[2]:
        raise ValueError(f'wins are an array [n, n] or [groups, n, n], got one of shape {np.shape(wins)}')
    n = table.shape[1]
    for what, given in (('reference', reference), ('names', names)):
        if given is not None and len(given) != n:
            raise ValueError(f'{what} needs an entry for each of {n} responses, got {len(given)}')
    context, pointer, wanted = Context(False), ctypes.c_void_p(), lib.struct('preference_def')
    wanted.name, wanted.n, wanted.groups, wanted.group = name.encode(), n, table.shape[0], group
    wanted.wins = reals(table)
    if reference is not None:
        weights = np.ascontiguousarray(reference, np.float64)
        wanted.reference = reals(weights)
    if names is not None:
        wanted.names = texts(names)
    lib.call('preference_create', context.pointer, ctypes.byref(wanted), ctypes.byref(pointer))
    return Game(context, lib.c.throng_preference_problem(pointer))


def tree(root: Any, *, players: int | Sequence[str] = 2, name: str = 'game') -> Game:
    """A game that is played move by move, from nodes within nodes. A node is

    a list of numbers: the end, and what each player gets
    ``(player, set, {action: node, ...})``: player (from 1) chooses, and cannot tell apart nodes of one set
    ``{event: (probability, node), ...}``: chance decides

    players: how many, or their names

    A coin is tossed, the first player sees it and may bet; the second does not see it:

    >>> import throng
    >>> def bet(won):
    ...     return (2, 'bet', {'fold': [1, -1], 'call': [2 * won, -2 * won]})
    >>> coin = throng.tree({side: (0.5, (1, side, {'pass': [won, -won], 'bet': bet(won)}))
    ...                     for side, won in (('heads', 1), ('tails', -1))}, name='coin')
    >>> found = throng.solve(coin, 'lp')
    >>> round(found.value[0], 6), round(found.strategy['tails'].bet, 6), round(found.strategy['bet'].call, 6)
    (0.333333, 0.333333, 0.666667)
    """
    names = [f'Player {k + 1}' for k in range(players)] if isinstance(players, int) else list(players)
    context, pointer = Context(False), ctypes.c_void_p()
    lib.call('tree_create', context.pointer, name.encode(), len(names), ctypes.byref(pointer))
    owned = context.own(pointer, 'tree_free')
    for index, player in enumerate(names):
        lib.call('tree_set_player_name', owned, index, str(player).encode())
    _add_node(owned, root, len(names), ())
    lib.call('tree_finish', owned)
    return Game(context, lib.c.throng_tree_problem(context.give(owned)))


def _add_node(tree: Any, node: Any, n: int, path: tuple[Any, ...]) -> None:
    where = f'the node at {"/".join(map(str, path))}' if path else 'the first node'
    if isinstance(node, Mapping):
        if not all(isinstance(entry, tuple) and len(entry) == 2 for entry in node.values()):
            raise ValueError(f'{where} is chance, {{event: (probability, node)}}, and has something else')
        chances = np.array([entry[0] for entry in node.values()], np.float64)
        lib.call('tree_add_chance', tree, len(node), reals(chances), texts(list(node)))
        below = [(event, entry[1]) for event, entry in node.items()]
    elif isinstance(node, tuple) and len(node) == 3 and isinstance(node[0], int) and isinstance(node[2], Mapping):
        player, name, actions = node
        lib.call('tree_add_decision', tree, player - 1, str(name).encode(), len(actions), texts(list(actions)))
        below = list(actions.items())
    else:
        numbers = isinstance(node, (list, tuple, np.ndarray)) and all(isinstance(x, numbers_of.Real) for x in node)
        payoffs = np.array(node, np.float64) if numbers else np.zeros(0)
        if payoffs.shape != (n,):
            raise ValueError(f'{where} must be (player, set, {{action: node}}), {{event: (probability, node)}} or {n} '
                             f'payoffs, got {node!r:.60}')
        lib.call('tree_add_end', tree, reals(payoffs))
        below = []
    for action, child in below:
        _add_node(tree, child, n, (*path, action))


def markov(transitions: Any, rewards: Any, *, discount: float = 0.9, states: Sequence[str] | None = None,
           actions: Sequence[Sequence[str]] | None = None, start: int | None = None, name: str = 'game') -> Game:
    """A Markov decision process, or a Markov game, from arrays.

    transitions: [states, actions of the first player, actions of the second, ..., states] probabilities of the state
        that comes next; what a row lacks to 1 ends the game
    rewards: the same without the last axis: what one player gets, or what the second of two pays to the first; or
        [players, ...], what each gets
    discount: what is paid a step later counts so much, above 0 and at most 1
    states, actions: their names; start: the state where play begins, from 0; default: all alike

    >>> import throng
    >>> stay_or_go = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]  # from each of two states, by either action
    >>> r = throng.solve(throng.markov(stay_or_go, [[1, 0], [3, 0]], discount=0.5, start=0), tolerance=1e-9)
    >>> r.value.round(6).tolist(), r.strategy['1']['2']  # nothing now, and then 3 for ever
    ([3.0], 1.0)
    """
    chances, paid = _array('transitions', transitions), _array('rewards', rewards)
    n, sizes = chances.ndim - 2, chances.shape[1:-1]
    if n < 1 or chances.shape[0] != chances.shape[-1]:
        raise ValueError('transitions are an array [states, actions of each player..., states], got one of shape '
                         f'{chances.shape}')
    if paid.shape == chances.shape[:-1] and n <= 2:
        paid = np.stack([paid, -paid][:n])
    if paid.shape != (n, *chances.shape[:-1]):
        raise ValueError(f'rewards of these transitions are an array of shape {(n, *chances.shape[:-1])}'
                         f'{f" or {chances.shape[:-1]}" if n <= 2 else ""}, got one of shape {np.shape(rewards)}')
    if states is not None and len(states) != len(chances):
        raise ValueError(f'states needs {len(chances)} names, got {len(states)}')
    if actions is not None and [len(entry) for entry in actions] != list(sizes):
        raise ValueError(f'actions needs {n} lists of {", ".join(map(str, sizes))} names, got '
                         f'{", ".join(str(len(entry)) for entry in actions)}')
    context, pointer = Context(False), ctypes.c_void_p()
    lib.call('markov_create_even', context.pointer, name.encode(), n, len(chances), (ctypes.c_int * n)(*sizes), discount,
             ctypes.byref(pointer))
    owned = context.own(pointer, 'markov_free')
    for state in range(len(chances)):
        if states is not None:
            lib.call('markov_set_state_name', owned, state, str(states[state]).encode())
        for player, action in ((p, a) for p in range(n) for a in range(sizes[p]) if actions is not None):
            lib.call('markov_set_action_name', owned, state, player, action, str(actions[player][action]).encode())
        for cell in range(int(np.prod(sizes))):  # the first player's action changes fastest
            at = (state, *np.unravel_index(cell, sizes, order='F'))
            _add_cell(owned, chances[at], np.ascontiguousarray(paid[(slice(None), *at)]))
    if start is not None:
        lib.call('markov_start_in', owned, start)
    lib.call('markov_finish', owned)
    return Game(context, lib.c.throng_markov_problem(context.give(owned)))


def _add_cell(game: Any, chances: np.ndarray, paid: np.ndarray) -> None:
    following = np.flatnonzero(chances != 0).astype(np.int32)
    probabilities, end = chances[following], 1.0 - chances.sum()
    if end > 1e-9:
        following = np.append(following, np.int32(lib.interface.description['constants']['THRONG_MARKOV_END']))
        probabilities = np.append(probabilities, end)
    lib.call('markov_add_cell', game, len(following), following.ctypes.data_as(ctypes.POINTER(ctypes.c_int)),
             reals(np.ascontiguousarray(probabilities)), reals(paid))
