"""Settings of a study by the names that options have: ``cohort_by=`` is ``--cohort-by``. None of them is typed here."""
from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from typing import Any

from . import _tables
from ._context import Context
from ._library import lib


class Key:
    """One setting, as the library describes it."""

    def __init__(self, entry: Any):
        self.key: str = entry.key.decode()
        self.option = entry.option.decode() if entry.option else None
        self.full = self.key.replace('.', '_').replace('-', '_')
        self.name = self.option[2:].replace('-', '_') if self.option else self.full.split('_', 1)[1]
        self.placeholder = (entry.placeholder or b'').decode()
        self.fallback = entry.fallback.decode() if entry.fallback else None
        self.doc = entry.doc.decode()
        self.files = bool(entry.file)
        self.kind = entry.kind
        self.is_list = entry.kind == lib.value('KEY_TEXT_LIST')
        #: It names columns of a table.
        self.columns = self.placeholder == 'COL'
        #: It names a table, so that data can take the place of a file.
        self.table = self.files and self.is_list and self.key != 'run.plugins'


KEYS = [Key(lib.c.throng_study_key_at(i).contents) for i in range(lib.c.throng_study_key_count())]
# By section and name ("graph_target"), by name alone where one has it, by option ("target") before all.
BY_NAME = {**{key.name: key for key in KEYS if not key.option}, **{key.full: key for key in KEYS},
           **{key.name: key for key in KEYS if key.option}}


def documentation() -> str:
    """Every setting in a line of its own: for docstrings."""
    lines = []
    for key in KEYS:
        if key.key == 'population.table':
            continue
        default = f' (default {key.fallback})' if key.fallback not in (None, '') else ''
        lines.append(f'    {key.name}: {key.doc}{default}')
    return '\n'.join(lines)


def _known(name: str) -> Key:
    try:
        return BY_NAME[name]
    except KeyError:
        from . import errors
        known = sorted(BY_NAME)
        hint = ctypes.create_string_buffer(256)
        texts = (ctypes.c_char_p * len(known))(*[k.encode() for k in known])
        lib.c.throng_suggest(name.encode(), texts, len(known), hint, ctypes.c_size_t(len(hint)))
        raise errors.UnknownNameError(f'There is no setting "{name}".{hint.value.decode()}') from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, float):
        return repr(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _entries(value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, os.PathLike)) or not isinstance(value, Iterable):
        return [value]
    return list(value)


class Study:
    """A ``throng_study`` with settings from keywords; tables of Python are offered to the library."""

    def __init__(self, context: Context):
        self.context = context
        pointer = ctypes.c_void_p()
        self.tables: dict[str, _tables.Offer] = {}
        self.data: dict[str, Any] = {}
        lib.call('study_create', context.pointer, ctypes.byref(pointer))
        self.pointer = context.own(pointer, 'study_free')

    def load(self, path: Any) -> None:
        lib.call('study_load', self.pointer, os.fsencode(path))

    def apply(self, crowd: Any, settings: dict[str, Any]) -> None:
        """Sets everything. `crowd` and settings that name tables may be data."""
        given = {_known(name): value for name, value in settings.items() if value is not None}
        if crowd is not None:
            given[BY_NAME['table']] = crowd
        named = [_text(entry) for key, value in given.items() if not key.table for entry in _entries(value)]
        named += [value.removeprefix('column:') for value in named]
        for key, value in given.items():
            files = value if isinstance(value, (list, tuple)) else [value]
            if key.table and not all(isinstance(entry, (str, bytes, os.PathLike)) for entry in files):
                self.data[key.key] = value
                have = set(_tables.names(value))
                self.tables[key.key] = _tables.Offer(self.context, key.name, value, [n for n in named if n in have])
                self.set(key, self.tables[key.key].path)
        self._check_columns(given)
        for key, value in given.items():
            if key.key not in self.tables:
                for entry in (_entries(value) if key.is_list else [value]):
                    self.set(key, entry)

    def _check_columns(self, given: dict[Key, Any]) -> None:
        """A column that no table has is told with the nearest name of all, not only of those that are offered."""
        if 'population.table' not in self.data or any(key.table and key.key not in self.tables for key in given):
            return
        have = {name for table in self.data.values() for name in _tables.names(table)}
        for key, value in given.items():
            for entry in map(_text, _entries(value) if key.columns else []):
                if entry not in have:
                    place = {'graph': 'graph.edges', 'cohorts': 'cohorts.table'}.get(key.key.split('.')[0])
                    _tables.column(self.data.get(place or '', self.data['population.table']), entry)

    def set(self, key: Key, value: Any) -> None:
        if not key.is_list and isinstance(value, (list, tuple)):
            value = ','.join(map(_text, value))
        lib.call('study_set', self.pointer, key.key.encode(), _text(value).encode())

    def text(self, key: str, index: int = 0) -> str | None:
        found = lib.c.throng_study_text(self.pointer, key.encode(), index)
        return found.decode() if found else None

    def yaml(self) -> str:
        out = ctypes.c_char_p()
        lib.call('study_yaml', self.pointer, ctypes.byref(out))
        return self.context.text(out)
