"""What an attribution gives back: credits as arrays of the library, and everything that its report says."""
from __future__ import annotations

import ctypes
import html
import json
import os
import pathlib
import tempfile
import weakref
from typing import TYPE_CHECKING, Any, Sequence

import numpy as np

from . import _arrow, _tables
from ._context import Context
from ._library import Record, lib, plain, view
from ._settings import Study

if TYPE_CHECKING:
    import pandas


def _records(value: Any) -> Any:
    """JSON with attributes."""
    if isinstance(value, dict):
        return Record({key: _records(entry) for key, entry in value.items()})
    return [_records(entry) for entry in value] if isinstance(value, list) else value


def _percent(share: float | None) -> str:
    return '' if share is None else f'{100 * share:.1f} %'


class Document(Record):
    """report.json with attributes; called with the name of a file, it writes the run as one HTML page there."""

    _owner: Any = staticmethod(lambda: None)

    def __reduce__(self) -> Any:
        return Document, (dict(self),)

    def bind(self, owner: Report) -> Document:
        object.__setattr__(self, '_owner', weakref.ref(owner))  # no cycle: a result is freed when it goes
        return self

    def __call__(self, path: Any, force: bool = False) -> pathlib.Path:
        owner = self._owner()
        if owner is None:
            raise ReferenceError('the result that this report belongs to is gone: keep it')
        return owner._page(path, force)


class Report:
    """A report of throng: ``report`` is the whole document, a dictionary whose entries are attributes, too.

    >>> import throng
    >>> r = throng.simulate(generate='uniform', agents=50, world='voter', graph_model='ring', steps=2)
    >>> r.report.world.name, len(r.report.trajectory)
    ('voter', 3)
    """

    def __init__(self, text: str):
        self.json: str = text
        self.report = Document(_records(json.loads(text))).bind(self)

    def __reduce__(self) -> Any:
        return Report, (self.json,)

    @property
    def answer(self) -> str:
        """What came out, in a sentence or two."""
        return self.report.answer.text

    def _page(self, path: Any, force: bool) -> pathlib.Path:
        raise ValueError('this report is of a run that was not kept: run it with out=, then "throng report" its folder')

    def __repr__(self) -> str:
        return f'<throng report: {", ".join(self.report)}>'


class Result(Report):
    """An attribution of a crowd.

    Arrays have an entry a row of the table that was given, in its order. They are views of the library's memory, which
    lives as long as one of them does, unless rows were regrouped (several times, not in their order) or left out.

    >>> import throng
    >>> r = throng.attribute({'x': [1.0, 3.0, 8.0], 'camp': ['a', 'a', 'b']}, state='x', indicator='variance')
    >>> r.answer
    'variance of x is 8.667, up 8.667 from 0 at the baseline (neutral).'
    >>> [(cohort.name, round(cohort.phi, 2)) for cohort in r.cohorts(by='camp')]
    [('a', -2.0), ('b', 10.67)]
    >>> r.top(1)[0].row, sorted(r.columns())
    (2, ['phi', 'x'])
    """

    def __init__(self, context: Context, study: Study, run: Any):
        self._context, self._study, self._run = context, study, context.own(run, 'run_free')
        super().__init__(lib.c.throng_run_report(run).decode('utf-8'))
        self._population = lib.c.throng_run_population(run)
        self._attribution = lib.c.throng_run_attribution(run)
        self._order = self._find_order()

    def __reduce__(self) -> Any:
        return self._context.__reduce__()  # says why not

    # ---- arrays ----

    def _find_order(self) -> np.ndarray | None:
        """Which row of the given table each of the library's rows is; None if they are the same."""
        offer = self._study.tables.get('population.table')
        if offer is None:
            return None
        order = None
        if self.report.rows_dropped:
            keep = np.ones(offer.n_rows, bool)
            for part in ('state', 'weight', 'baseline'):
                values = offer.arrays.get(self.report.columns[part])
                if values is not None and values.dtype.kind == 'f':
                    keep &= np.isfinite(values)
            order = np.flatnonzero(keep)
        time = self.report.columns.time
        if time:
            labels = offer.arrays[time] if order is None else offer.arrays[time][order]
            if labels.dtype.kind == 'O':
                labels = labels.astype(str)
            if (labels[1:] < labels[:-1]).any():
                within = np.argsort(labels, kind='stable')
                order = within if order is None else order[within]
        return order

    def _rows(self, pointer: Any) -> np.ndarray | None:
        """An array with an entry a row of the library, in the order of the given table; rows left out are NaN."""
        if not pointer:
            return None
        values = view(self, pointer, self.report.rows)
        if self._order is None:
            return values
        out = np.full(self._study.tables['population.table'].n_rows, np.nan)
        out[self._order] = values
        return out

    @property
    def phi(self) -> np.ndarray | None:
        """What each row contributed to the indicator at its time: the credits. None if the players are cohorts."""
        return self._rows(lib.c.throng_attribution_phi(self._attribution))

    @property
    def standard_error(self) -> np.ndarray | None:
        """Of each phi; None if the method does not sample."""
        return self._rows(lib.c.throng_attribution_standard_error(self._attribution))

    @property
    def change_phi(self) -> np.ndarray | None:
        """[agents] what each agent contributed to the change from the first time to the last, in the order of
        `agents`. With one time it is phi by agent."""
        pointer = lib.c.throng_attribution_change_phi(self._attribution)
        return view(self, pointer, self.report.agents) if pointer else None

    @property
    def agents(self) -> list[str]:
        """[agents] the ids of all agents as text, in the order of their first appearance."""
        out = ctypes.create_string_buffer(1024)
        found = []
        for agent in range(self.report.agents):
            lib.c.throng_population_id(self._population, agent, out, len(out))
            found.append(out.value.decode('utf-8', 'replace'))
        return found

    @property
    def times(self) -> list[str]:
        """Labels of the times, ascending; [""] without a time column."""
        out = ctypes.create_string_buffer(64)
        found = []
        for time in range(self.report.times):
            lib.c.throng_population_time_label(self._population, time, out, len(out))
            found.append(out.value.decode())
        return found

    def _time(self, time: Any) -> int:
        """Index of a time by its label or index; None: the change, which with one time is that time."""
        if time is None:
            return -1
        labels = self.times
        if str(time) in labels:
            return labels.index(str(time))
        if isinstance(time, int) and -len(labels) <= time < len(labels):
            return time % len(labels)
        raise ValueError(f'there is no time {time!r}: there are {", ".join(labels[:10])}'
                         f'{", ..." if len(labels) > 10 else ""}')

    # ---- what it says ----

    @property
    def certificate(self) -> Record:
        """The proof: the credits add up to ``everybody - nobody`` within ``efficiency_residual``."""
        return self.report.certificate

    def certificate_at(self, time: Any) -> Record:
        """The certificate of one time."""
        index = self._time(time)
        return plain(lib.c.throng_attribution_certificate(self._attribution, max(index, 0)))

    @property
    def panel(self) -> Record | None:
        """The panel beside the crowd, if one was drawn (``size=100``)."""
        return self.report.get('panel')

    def cohorts(self, by: str | Sequence[str] | None = None, cuts: Sequence[float] | None = None,
                time: Any = None) -> list[Record]:
        """Sums of credits by cohort: of the run, or by other columns of its table.

        by: a column, or several, each dividing the cohorts of the one before; default: the run's own cohorts
        cuts: quantiles between cohorts of a column of amounts (default 0.9, 0.999)
        time: a time's label or index; default: the change from the first to the last, or the one time
        """
        if by is None and cuts is None:
            cohorts, free = lib.c.throng_run_cohorts(self._run), None
        else:
            cohorts = free = self._divide([by] if isinstance(by, str) else list(by or []), cuts)
        try:
            return self._credits(cohorts, self._time(time))
        finally:
            if free is not None:
                lib.c.throng_cohorts_free(free)

    def _divide(self, by: list[str], cuts: Sequence[float] | None) -> Any:
        """Cohorts over a second population of the same rows, whose cohort columns are these."""
        data = self._study.data.get('population.table')
        if data is None:
            raise ValueError('cohorts by another column need a table of Python: give cohort_by= to attribute()')
        columns = {part: name for part, name in self.report.columns.items() if name and part != 'cohort'}
        offer = _tables.Offer(self._context, 'cohorts', data, [*columns.values(), *by])
        table = ctypes.c_void_p()
        requests = (lib.interface.structs['throng_column_request'] * len(offer.arrays))()
        for request, name in zip(requests, offer.arrays):
            request.column = name.encode()
        path = (ctypes.c_char_p * 1)(offer.path.encode())
        lib.call('table_read', self._context.pointer, path, 1, requests, len(requests), None, ctypes.byref(table))
        who = lib.c.throng_population_default()
        for part, name in columns.items():
            setattr(who, part, name.encode())
        if self.report.rows_dropped:
            who.missing = lib.value('MISSING_DROP')
        if by:
            who.cohort = by[0].encode()
        for level, name in enumerate(by[1:]):
            if level >= len(who.nested):
                raise ValueError(f'by= may name at most {len(who.nested) + 1} columns')
            who.nested[level] = name.encode()
        population, cohorts = ctypes.c_void_p(), ctypes.c_void_p()
        lib.call('population_create', self._context.pointer, table, ctypes.byref(who), ctypes.byref(population))
        try:
            how = lib.struct('cohorts_def')
            if cuts is not None:
                values = (ctypes.c_double * len(cuts))(*cuts)
                how.cuts, how.n_cuts = values, len(cuts)
            lib.call('cohorts_create', population, ctypes.byref(how), ctypes.byref(cohorts))
        finally:
            lib.c.throng_population_free(population)
        return cohorts

    def _credits(self, cohorts: Any, time: int) -> list[Record]:
        n = lib.c.throng_cohorts_count(cohorts)
        credits = (lib.interface.structs['throng_cohort_credit'] * n)()
        lib.c.throng_attribution_cohorts(self._attribution, cohorts, time, credits)
        total = sum(credit.phi for credit in credits)
        found = []
        for index, credit in enumerate(credits):
            found.append(Record(
                name=lib.c.throng_cohorts_name(cohorts, index).decode(),
                meaning=lib.c.throng_cohorts_meaning(cohorts, index).decode(), agents=credit.n_agents, phi=credit.phi,
                share=credit.phi / total if total else None, absolute=credit.absolute,
                standard_error=None if np.isnan(credit.standard_error) else credit.standard_error))
        return found

    def top(self, n: int = 20, time: Any = None) -> list[Record]:
        """The agents with the largest |phi|, largest first.

        time: a time's label or index; default: the change from the first to the last, or the one time
        """
        if n < 0:
            raise ValueError('n must be 0 or more')
        found = (lib.interface.structs['throng_top_agent'] * max(n, 1))()
        count = lib.c.throng_attribution_top(self._attribution, self._time(time), n, found)
        out = ctypes.create_string_buffer(1024)
        agents = []
        for entry in found[:count]:
            lib.c.throng_population_id(self._population, entry.agent, out, len(out))
            row = int(entry.row if self._order is None else self._order[entry.row])
            agents.append(Record(id=out.value.decode('utf-8', 'replace'), row=row, phi=entry.phi,
                                 state=lib.c.throng_population_state(self._population, entry.row),
                                 weight=lib.c.throng_population_weight(self._population, entry.row)))
        return agents

    # ---- tables ----

    def columns(self) -> dict[str, np.ndarray]:
        """The columns that the run used, and beside them phi and, if the method samples, its standard error."""
        offer = self._study.tables.get('population.table')
        found = dict(offer.arrays) if offer else {}
        for name, values in (('phi', self.phi), ('standard_error', self.standard_error)):
            if values is not None:
                found[name] = values
        return found

    def frame(self) -> pandas.DataFrame:
        """The columns that the run used and ``phi`` as a pandas DataFrame, with the index of the one that was given."""
        import pandas as pd
        data = self._study.data.get('population.table')
        index = data.index if isinstance(data, pd.DataFrame) else None
        frame = pd.DataFrame(self.columns(), index=index, copy=False)
        if isinstance(data, pd.DataFrame):  # days and categories as they were given
            for name in frame.columns:
                if name in data.columns:
                    frame[name] = data[name]
                elif name in data.index.names:
                    del frame[name]  # it is in the index
        return frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The Arrow PyCapsule interface: pyarrow, Polars and DuckDB read a result as it is. Floats are not copied."""
        return _arrow.stream(self.columns())

    def arrow(self) -> Any:
        """``columns()`` as a pyarrow Table. Without pyarrow use the result itself, which is an Arrow stream."""
        import pyarrow  # type: ignore[import-not-found]
        return pyarrow.table(self)

    def save(self, folder: Any, force: bool = False) -> pathlib.Path:
        """Writes a run directory, as ``--out`` does: report.json, study.yaml and tables in Parquet.

        force: replaces an earlier run directory
        """
        texts = {'report.json': self.json, 'study.yaml': self._study.yaml()}
        files = (lib.interface.structs['throng_run_file'] * len(texts))()
        for file, (name, text) in zip(files, texts.items()):
            file.name, file.text = name.encode(), text.encode()
        self._context.run('run_directory_write', self._context.pointer, os.fsencode(folder), self._attribution,
                          lib.c.throng_run_cohorts(self._run), files, len(files), force)
        return pathlib.Path(folder)

    # ---- pictures ----

    def _page(self, path: Any, force: bool) -> pathlib.Path:
        """The run as one HTML file, as ``throng report`` makes it."""
        with tempfile.TemporaryDirectory() as folder:
            run = self.save(os.path.join(folder, self.report.indicator.name))
            self._context.run('run_page_save', self._context.pointer, os.fsencode(run), os.fsencode(path), force)
        return pathlib.Path(path)

    def plot(self, axes: Any = None) -> Any:
        """Shares of the cohorts, and how unevenly |phi| is spread (Lorenz curve), with matplotlib.

        axes: two axes to draw on; default: a new figure
        """
        import matplotlib.pyplot as plt
        if axes is None:
            _, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout='constrained')
        shares, lorenz = axes
        cohorts = self.cohorts()
        colours = ['#0072B2' if cohort.phi >= 0 else '#D55E00' for cohort in cohorts]  # told apart by colour-blind eyes
        shares.barh([cohort.name for cohort in cohorts], [cohort.phi for cohort in cohorts], color=colours)
        shares.axvline(0, color='0.5', linewidth=0.8)
        shares.set_xlabel(f'phi: what they did to {self.report.indicator.name}')
        concentration = self.report.get('concentration')
        if concentration:
            lorenz.plot(range(101), [100 * share for share in concentration.lorenz], color='#0072B2')
            lorenz.plot([0, 100], [0, 100], color='0.6', linewidth=0.8, linestyle='--')
            lorenz.set_xlabel('agents, least concerned first (%)')
            lorenz.set_ylabel('share of all |phi| (%)')
            lorenz.set_title(f'Gini coefficient {concentration.gini:.2f}', fontsize='medium')
        return axes

    def __repr__(self) -> str:
        certificate, indicator = self.certificate, self.report.indicator
        lines = [f'{indicator.name} {indicator.baseline:.6g} -> {indicator.observed:.6g}: {self.report.agents:,} agents, '
                 f'{certificate.method}, residual {certificate.efficiency_residual:.1e}']
        lines += [f'  {cohort.name:<12} {cohort.agents:>12,}  phi {cohort.phi:+.6g}  {_percent(cohort.share):>8}'
                  for cohort in self.cohorts()[:12]]
        return '\n'.join(lines)

    def _repr_html_(self) -> str:
        """For notebooks. Every text of the data is escaped."""
        rows = ''.join(
            f'<tr><td style="text-align:left">{html.escape(cohort.name)}</td>'
            f'<td style="text-align:left">{html.escape(cohort.meaning)}</td><td>{cohort.agents:,}</td>'
            f'<td>{cohort.phi:+.6g}</td><td>{_percent(cohort.share)}</td></tr>' for cohort in self.cohorts()[:20])
        return (f'<div><b>{html.escape(self.answer)}</b><br>{html.escape(self.report.answer.about)}'
                f'<table><thead><tr><th style="text-align:left">cohort</th><th></th><th>agents</th><th>phi</th>'
                f'<th>share</th></tr></thead><tbody>{rows}</tbody></table>'
                f'<small>{html.escape(self.report.answer.certificate.text)}</small></div>')
