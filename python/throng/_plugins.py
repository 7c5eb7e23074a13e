"""Indicators, worlds and mechanisms of Python's own: first-class plug-ins, known by name to every later call."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from . import _context
from ._library import lib

_REAL = ctypes.POINTER(ctypes.c_double)


class _Plugin:
    """What indicators, worlds and mechanisms have in common: the descriptor's head, and callbacks that let no exception into C."""

    #: What a user types, lower case with dashes.
    name: str = ''
    #: One line.
    summary: str = ''
    #: Formula, conventions, what it does at the edges.
    details: str = ''
    #: Paper or book that the equations come from.
    reference: str = 'This program.'
    #: Parameters and their defaults: numbers.
    params: Mapping[str, float] = {}
    _kind = ''
    _struct = ''

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self.descriptor = lib.struct(self._struct)
        self._texts: list[Any] = []
        about = self.descriptor.about
        about.struct_size = ctypes.sizeof(self.descriptor)
        about.name = (self.name or type(self).__name__.lower()).encode()
        doc = (type(self).__doc__ or '').strip()
        about.summary = (self.summary or doc.split('\n')[0] or 'A plug-in of a Python program.').encode()
        about.details = (self.details or doc or 'A plug-in of a Python program.').encode()
        about.reference = self.reference.encode()
        self._params = (lib.interface.structs['throng_param'] * (len(self.params) + 1))()
        for entry, (name, fallback) in zip(self._params, self.params.items()):
            entry.name, entry.kind, entry.fallback = name.replace('_', '-').encode(), lib.value('PARAM_REAL'), fallback
            entry.minimum, entry.maximum, entry.unit, entry.doc = -1e300, 1e300, b'', b'a parameter'
        if self.params:
            about.params = self._params

    def register(self) -> Any:
        """Makes it known to every later call, by its name. A plug-in of the same name and kind is replaced."""
        kind = next(i for i in range(lib.value('KIND_COUNT')) if lib.c.throng_kind_name(i).decode() == self._kind)
        before = list(_context.registered)
        _context.registered[:] = [entry for entry in before if not (
            entry[0] == kind and entry[1].about.name == self.descriptor.about.name)]
        _context.registered.append((kind, self.descriptor))
        self.descriptor.plugin = self  # lives as long as its descriptor
        try:
            _context.Context(False)
        except Exception:
            _context.registered[:] = before
            raise
        return self

    def _callback(self, field: str, work: Callable[..., Any], failed: Any = None) -> None:
        """Sets a function of the descriptor. An exception is kept for the call that is running, and `failed` returned.
        """
        kind = type(getattr(self.descriptor, field))

        def guarded(*arguments: Any) -> Any:
            try:
                return work(*arguments)
            except BaseException as failure:
                _context.failed(failure)
                return failed

        function = kind(guarded)
        self._texts.append(function)
        setattr(self.descriptor, field, function)

    def _param(self, pointer: Any) -> dict[str, float]:
        return {name: pointer[index] for index, name in enumerate(self.params)}


class Indicator(_Plugin):
    """A macro number f(m) of means m_k = sum_i p_i g_k(x_i) over agents, where p_i is an agent's share of the whole.

    Subclass it and give ``value(m, **params) -> number``, and, if you can, ``gradient(m, **params) -> array``; without
    it throng takes central differences. m are the moments 1, x, x^2, ... up to `moments` - 1; or give
    ``features(x, **params) -> (g, slope)``, your own g [k] and its derivative [k] at a state x, and how many there are
    in `n_features`.

    >>> import throng
    >>> class Third(throng.Indicator):
    ...     'Third central moment of the states.'
    ...     name, moments = 'third-moment', 4
    ...     def value(self, m):
    ...         return m[3] - 3 * m[1] * m[2] + 2 * m[1] ** 3
    >>> _ = Third().register()
    >>> r = throng.attribute({'x': [0.0, 1.0, 5.0]}, state='x', indicator='third-moment')
    >>> round(r.certificate.everybody, 6)
    6.0
    """

    _kind, _struct = 'indicator', 'indicator'
    #: How many moments f looks at, 2..5.
    moments: int = 3
    #: How many features there are, 1..8; 0: f is of moments.
    n_features: int = 0
    #: "neutral" or "mean".
    baseline: str = 'neutral'
    #: Whether agents count by their weight.
    weighted: bool = False

    def value(self, m: np.ndarray, **params: float) -> float:
        """f(m); NaN where it is undefined."""
        raise NotImplementedError(f'{type(self).__name__} must have a method value(self, m)')

    def __init__(self) -> None:
        super().__init__()
        descriptor = self.descriptor
        features = self.n_features > 0
        descriptor.form = lib.value('FORM_FEATURES' if features else 'FORM_MOMENTS')
        descriptor.n_aggregates = self.n_features if features else self.moments
        descriptor.flags = lib.value('INDICATOR_WEIGHTED') if self.weighted else 0
        descriptor.path = lib.value('PATH_STATE')
        descriptor.baseline = self.baseline.encode()
        descriptor.undefined = b'the function gave NaN'
        self._callback('value', self._on_value, float('nan'))
        if hasattr(self, 'gradient'):
            self._callback('gradient', self._on_gradient)
        if features:
            self._callback('features', self._on_features)

    def _m(self, setting: Any, pointer: Any) -> np.ndarray:
        return np.ctypeslib.as_array(pointer, (setting.contents.n_aggregates,)).copy()

    def _on_value(self, setting: Any, m: Any) -> float:
        return float(self.value(self._m(setting, m), **self._param(setting.contents.param)))

    def _on_gradient(self, setting: Any, m: Any, out: Any) -> None:
        n = setting.contents.n_aggregates
        found = self.gradient(self._m(setting, m), **self._param(setting.contents.param))  # type: ignore[attr-defined]
        np.ctypeslib.as_array(out, (n,))[:] = _shaped(found, n, 'gradient')

    def _on_features(self, setting: Any, x: float, g: Any, slope: Any) -> None:
        found = self.features(x, **self._param(setting.contents.param))  # type: ignore[attr-defined]
        for out, values, what in ((g, found[0], 'features'), (slope, found[1], 'their slopes')):
            np.ctypeslib.as_array(out, (self.n_features,))[:] = _shaped(values, self.n_features, what)


def _shaped(values: Any, n: int, what: str) -> np.ndarray:
    found = np.asarray(values, np.float64)
    if found.shape != (n,):
        raise ValueError(f'{what} must be an array of shape ({n},), got {found.shape}')
    return found


class Slots:
    """What a world's functions look at: arrays with an entry a slot. An agent may fill several slots, so a function
    must treat entry k from the k-th entries alone.

    state: arrays, one a column; heard: arrays, one a message; present, innate: arrays; step: the step being made;
    params: a dictionary; next (in move_adjoint): what move made of the state. Arrays are read-only, and may be kept.

    >>> import numpy as np, throng
    >>> class Drift(throng.World):
    ...     'Everybody drifts upwards.'
    ...     name, params = 'drift', {'by': 0.5}
    ...     def move(self, s):
    ...         return s.state[0] + s.params['by']
    >>> _ = Drift().register()
    >>> r = throng.simulate({'x': np.arange(9.0)}, state='x', graph_model='ring', world='drift', indicator='mean', steps=2)
    >>> r.report.indicator.value  # from 4
    5.0
    """

    def __init__(self, world: World, slots: Any):
        n = slots.n
        self.n, self.step = n, slots.step
        self.state = [_look(slots.state[i], n) for i in range(len(world.columns))]
        self.heard = [_look(slots.heard[i], n) for i in range(world.messages) if slots.heard[i]]
        self.next = [_look(slots.next[i], n) for i in range(len(world.columns)) if slots.next[i]]
        self.present = _look(slots.present, n)
        self.innate = _look(slots.innate, n)
        self.params = world._param(slots.param)


def _look(pointer: Any, n: int) -> np.ndarray | None:
    if not pointer:
        return None
    found = np.ctypeslib.as_array(pointer, (n,)).copy()  # the library's own is gone after the call
    found.flags.writeable = False
    return found


class World(_Plugin):
    """How a crowd moves from one step to the next.

    At every step an agent hears from its in-neighbours, ``heard = mean (or sum) of w_ij alpha_j send(x_j)``, and moves.
    Subclass it and give ``move(slots) -> array`` (or a list, one array a column), and for path methods
    ``move_adjoint(slots, of) -> dict`` with, for "state" and "heard" (and "present", "innate"), a list of arrays: the
    derivative of the result in them, times `of`. ``send(slots) -> array`` (and ``send_adjoint(slots, of) -> array``)
    say what is heard; without it that is the first column.

    >>> import throng
    >>> class Listen(throng.World):
    ...     'Everybody moves towards what it hears.'
    ...     name, params = 'listen', {'rate': 0.5}
    ...     def move(self, s):
    ...         return s.state[0] + s.params['rate'] * (s.heard[0] - s.present * s.state[0])
    >>> _ = Listen().register()
    >>> r = throng.simulate(generate='uniform', agents=50, graph_model='ring', world='listen:rate=0.9', steps=5)
    >>> r.report.world.name
    'listen'
    """

    _kind, _struct = 'world', 'world'
    #: (name, unit, what it is) or name, one a column; the first starts at the population's state.
    columns: Sequence[Any] = ('state',)
    #: Where further columns start.
    start: Sequence[float] = ()
    #: How many messages there are.
    messages: int = 1
    #: "mean" or "sum" of what the neighbours send.
    hearing: str = 'mean'
    #: "influence" or "innate": what taking part means.
    participation: str = 'influence'

    def move(self, slots: Slots) -> Any:
        """The state after this step."""
        raise NotImplementedError(f'{type(self).__name__} must have a method move(self, slots)')

    def __init__(self) -> None:
        super().__init__()
        descriptor = self.descriptor
        self._columns = (lib.interface.structs['throng_world_column'] * len(self.columns))()
        for index, (entry, column) in enumerate(zip(self._columns, self.columns)):
            name, unit, doc = (column, '', 'a state') if isinstance(column, str) else column
            entry.name, entry.unit, entry.doc = name.encode(), unit.encode(), doc.encode()
            entry.lowest, entry.highest = -np.inf, np.inf
            entry.start = self.start[index - 1] if index else 0.0
        descriptor.columns, descriptor.n_columns, descriptor.n_messages = self._columns, len(self.columns), self.messages
        descriptor.hearing = lib.value({'mean': 'HEARING_MEAN', 'sum': 'HEARING_SUM'}[self.hearing])
        descriptor.participation = lib.names('throng_participation_name', 'PARTICIPATION_')[self.participation]
        smooth = hasattr(self, 'move_adjoint')
        descriptor.flags = lib.value('WORLD_SMOOTH') if smooth else 0
        self._callback('move', self._on_move)
        if smooth:
            self._callback('move_adjoint', self._on_move_adjoint)
        if hasattr(self, 'send'):
            self._callback('send', self._on_send)
            if hasattr(self, 'send_adjoint'):
                self._callback('send_adjoint', self._on_send_adjoint)

    def _on_move(self, pointer: Any, out: Any) -> None:
        self._fill(out, self.move(Slots(self, pointer.contents)), len(self.columns), pointer.contents.n, 'move', False)

    def _on_send(self, pointer: Any, out: Any) -> None:
        found = self.send(Slots(self, pointer.contents))  # type: ignore[attr-defined]
        self._fill(out, found, self.messages, pointer.contents.n, 'send', False)

    def _on_send_adjoint(self, pointer: Any, of: Any, out: Any) -> None:
        n = pointer.contents.n
        given = [_look(of[i], n) for i in range(self.messages)]
        found = self.send_adjoint(Slots(self, pointer.contents), given)  # type: ignore[attr-defined]
        self._fill(out, found, len(self.columns), n, 'send_adjoint', True)

    def _on_move_adjoint(self, pointer: Any, adjoint: Any) -> None:
        n, record = pointer.contents.n, adjoint.contents
        of = [_look(record.of[i], n) for i in range(len(self.columns))]
        found = self.move_adjoint(Slots(self, pointer.contents), of)  # type: ignore[attr-defined]
        self._fill(record.state, found.get('state', []), None, n, 'state', True)
        self._fill(record.heard, found.get('heard', []), None, n, 'heard', True)
        for name in ('present', 'innate'):
            if found.get(name) is not None:
                self._fill([getattr(record, name)], found[name], 1, n, name, True)

    @staticmethod
    def _fill(out: Any, found: Any, wanted: int | None, n: int, what: str, add: bool) -> None:
        arrays = [found] if isinstance(found, np.ndarray) else list(found)
        if wanted is not None and len(arrays) != wanted:
            raise ValueError(f'{what} must give {wanted} arrays, got {len(arrays)}')
        for index, values in enumerate(arrays):
            place = np.ctypeslib.as_array(out[index], (n,))
            given = np.broadcast_to(np.asarray(values, np.float64), (n,))
            if add:
                place += given
            else:
                place[:] = given


class Mechanism(_Plugin):
    """A rule that turns what agents report, numbers from 0 to 1, into one outcome for all.

    Subclass it and give ``decide(reports, **params)``, which returns a place from 0 to 1, or, with ``decides = 'good'``,
    who gets the good (a number from 0, -1 for nobody) and what that agent pays. It must depend on its arguments alone.
    ``promises`` are the axioms that ``throng.mechanism(name).check()`` holds it to.

    >>> import throng
    >>> class Trimmed(throng.Mechanism):
    ...     'The mean of all but the ends.'
    ...     name, promises = 'trimmed-mean', ['anonymous', 'unanimous']
    ...     def decide(self, reports):
    ...         return np.sort(reports)[1:-1].mean() if len(reports) > 2 else reports.mean()
    >>> _ = Trimmed().register()
    >>> rule = throng.mechanism('trimmed-mean')
    >>> rule.decide([0, 0.25, 0.75, 1]).place
    0.5
    >>> found = rule.check(100)
    >>> bool(found), {axiom.axiom: axiom.holds for axiom in found.axioms}['strategyproof']
    (True, False)
    """

    _kind, _struct = 'mechanism', 'mechanism'
    #: "place" or "good".
    decides: str = 'place'
    #: Names of axioms: "strategyproof", "anonymous", "efficient", "unanimous", ...
    promises: Sequence[str] = ()

    def decide(self, reports: np.ndarray, **params: float) -> Any:
        """The outcome; `reports` [n] is the caller's to keep."""
        raise NotImplementedError(f'{type(self).__name__} must have a method decide(self, reports)')

    def __init__(self) -> None:
        super().__init__()
        known = {lib.c.throng_axiom_name(axiom).decode(): axiom for axiom in range(lib.value('AXIOM_COUNT'))}
        unknown = [name for name in self.promises if name not in known]
        if unknown:
            raise ValueError(f'there is no axiom {unknown[0]!r}: there are {", ".join(known)}')
        if self.decides not in ('place', 'good'):
            raise ValueError(f'a mechanism decides a "place" or a "good", got {self.decides!r}')
        self.descriptor.domain = lib.value(f'MECHANISM_{self.decides.upper()}')
        self.descriptor.axioms = sum(1 << known[name] for name in set(self.promises))
        self._callback('decide', self._on_decide, lib.value('E_CANCELLED'))

    def _on_decide(self, param: Any, reports: Any, n: int, out: Any, payments: Any, _error: Any) -> int:
        found = self.decide(np.ctypeslib.as_array(reports, (n,)).copy(), **self._param(param))
        if self.decides == 'place':
            out.contents.place = float(found)
            if not 0.0 <= out.contents.place <= 1.0:
                name = self.descriptor.about.name.decode()
                raise ValueError(f'{name} must decide on a place from 0 to 1, got {found!r}')
            return lib.value('OK')
        winner, payment = found
        if not -1 <= winner < n:
            raise ValueError(f'the winner must be one of {n} agents, from 0, or -1, got {winner!r}')
        out.contents.winner = int(winner)
        if winner >= 0:
            payments[int(winner)] = float(payment)
        return lib.value('OK')
