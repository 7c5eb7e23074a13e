"""Tables of Python (pandas, Polars, Arrow, dictionaries of arrays) as tables of the library."""
from __future__ import annotations

import ctypes
import datetime
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._context import Context
from ._library import lib

_NUMBERS = {np.dtype(np.float32): 'TYPE_FLOAT32', np.dtype(np.float64): 'TYPE_FLOAT64',
            np.dtype(np.int32): 'TYPE_INT32', np.dtype(np.int64): 'TYPE_INT64', np.dtype(np.uint8): 'TYPE_UINT8'}


def columns_of(table: Any) -> dict[str, Any]:
    """How to get each column of a table, by its name as text: labels of pandas may be numbers, and an index is a column."""
    if isinstance(table, np.ndarray) and table.dtype.names:
        labels = list(table.dtype.names)
    elif isinstance(table, Mapping):
        labels = list(table)
    elif hasattr(table, 'column_names'):
        labels = list(table.column_names)
    elif hasattr(table, 'columns'):
        labels = list(table.columns)
    else:
        raise TypeError('a table is a DataFrame, an Arrow table, a dictionary of arrays, a structured array, or the name of '
                        f'a file, got {type(table).__name__}')
    found = {str(label): lambda label=label: table[label] for label in labels}
    for level in getattr(getattr(table, 'index', None), 'names', None) or ():
        if level is not None and str(level) not in found:
            found[str(level)] = lambda level=level: table.index.get_level_values(level)
    return found


def column(table: Any, name: str) -> Any:
    """A column by name."""
    known = columns_of(table)
    if name not in known:
        from . import errors
        hint = ctypes.create_string_buffer(256)
        texts = (ctypes.c_char_p * len(known))(*[key.encode() for key in known])
        lib.c.throng_suggest(name.encode(), texts, len(known), hint, ctypes.c_size_t(len(hint)))
        raise errors.ColumnError(f'The table has no column "{name}".{hint.value.decode()}')
    return known[name]()


def names(table: Any) -> list[str]:
    return list(columns_of(table))


def array(values: Any, name: str) -> np.ndarray:
    """A column as an array of one of the library's types, or of str: without copying wherever it is one already.

    Nothing is guessed: what is masked or NA is missing, times are those of UTC.
    """
    from . import errors
    kind: Any = getattr(values, 'dtype', None)
    if hasattr(kind, 'categories') and hasattr(values, 'astype'):  # pandas: categories are their values
        values = values.astype(object)
    elif getattr(kind, 'tz', None) is not None:  # pandas
        values = values.to_numpy('datetime64[ns]')
    elif hasattr(kind, 'numpy_dtype') and kind.kind in 'biuf':  # pandas' numbers that may be NA
        values = values.to_numpy(np.float64, na_value=np.nan) if values.isna().any() else values.to_numpy(kind.numpy_dtype)
    elif np.ma.isMaskedArray(values):
        gone = np.ma.getmaskarray(values)
        values = np.where(gone, None, values.data.astype(object)) if gone.any() else values.data
    found = values.to_numpy() if hasattr(values, 'to_numpy') else np.asarray(values)
    if found.dtype.kind == 'U' and not isinstance(values, np.ndarray):  # a list with a text in it becomes all text
        found = np.array(values, object)
    if found.ndim != 1:
        raise errors.FormatError(f'Column "{name}" must have one dimension, got an array of shape {found.shape}.')
    if found.dtype.kind == 'O':
        found = _objects(found, name)
    if found.dtype in _NUMBERS:
        return np.ascontiguousarray(found)
    if found.dtype.kind == 'M':
        return found if found.dtype == 'datetime64[D]' else found.astype('datetime64[us]')
    if found.dtype.kind in 'biu':
        if found.dtype == np.uint64 and found.size and found.max() > np.iinfo(np.int64).max:
            raise errors.FormatError(f'Column "{name}": whole numbers must be less than 2^63.')
        return found.astype(np.int64)
    if found.dtype.kind == 'f':
        return found.astype(np.float64)
    if found.dtype.kind in 'OU':
        return found
    raise errors.FormatError(f'Column "{name}" is of type {found.dtype}, which throng does not read: numbers, text, dates.')


def _objects(found: np.ndarray, name: str) -> np.ndarray:
    """Of Python objects: numbers with None for missing, dates, or text. Comparing pandas' NA gives NA again."""
    from . import errors
    missing = np.array([value is None or type(value).__name__ == 'NAType' or value != value for value in found], bool)
    rest = found[~missing]
    if all(isinstance(value, str) for value in rest):
        return found if not missing.any() else np.where(missing, None, found)
    if all(isinstance(value, datetime.date) for value in rest):
        return np.array([None if gone else _utc(value) for value, gone in zip(found, missing)], 'datetime64[us]')
    try:
        return np.where(missing, np.nan, found).astype(np.float64)
    except (TypeError, ValueError):
        kinds = sorted({type(value).__name__ for value in rest})
        raise errors.FormatError(f'Column "{name}" holds {" and ".join(kinds)}: it must be numbers, text, or dates.') from None


def _utc(value: datetime.date) -> datetime.date:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


def read(context: Context, path: Any, roles: dict[str, str]) -> dict[str, np.ndarray]:
    """Columns of a file, each in its role."""
    requests = (lib.interface.structs['throng_column_request'] * len(roles))()
    for request, (name, role) in zip(requests, roles.items()):
        request.column, request.role = name.encode(), lib.value(role)
    table, paths = ctypes.c_void_p(), (ctypes.c_char_p * 1)(os.fsencode(path))
    context.run('table_read', context.pointer, paths, 1, requests, len(requests), None, ctypes.byref(table))
    try:
        return contents(table)
    finally:
        lib.c.throng_table_free(table)


def contents(table: Any) -> dict[str, np.ndarray]:
    """The columns of a table of the library, copied."""
    found = {}
    types = {lib.value('TYPE_FLOAT32'): np.float32, lib.value('TYPE_FLOAT64'): np.float64,
             lib.value('TYPE_INT32'): np.int32, lib.value('TYPE_INT64'): np.int64, lib.value('TYPE_UINT8'): np.uint8,
             lib.value('TYPE_DATE'): np.int32, lib.value('TYPE_TIMESTAMP'): np.int64, lib.value('TYPE_TEXT'): np.int32}
    for index in range(lib.c.throng_table_columns(table)):
        column = lib.c.throng_table_column(table, index)
        dtype = np.dtype(types[column.type])
        memory = (ctypes.c_char * (column.n_rows * dtype.itemsize)).from_address(column.data)
        values = np.frombuffer(memory, dtype).copy()
        if column.type == lib.value('TYPE_TEXT'):
            values = np.array([column.words[i].decode() for i in range(column.n_words)], object)[values]
        elif column.type == lib.value('TYPE_DATE'):
            values = values.astype('datetime64[D]')
        elif column.type == lib.value('TYPE_TIMESTAMP'):
            values = values.astype('datetime64[us]')
        found[column.name.decode()] = values
    return found


class Offer:
    """A table that the library reads under the name ``memory:NAME``."""

    def __init__(self, context: Context, name: str, table: Any, wanted: list[str]):
        self.path, self._context = f'memory:{name}', context
        self.arrays = {key: array(column(table, key), key) for key in dict.fromkeys(wanted)}
        lengths = {len(values) for values in self.arrays.values()}
        if len(lengths) > 1:
            from . import errors
            raise errors.FormatError('The columns of a table must be of one length, got ' + ', '.join(
                f'{key}: {len(values):,}' for key, values in self.arrays.items()) + '.')
        self.n_rows = lengths.pop() if lengths else 0
        made = ctypes.c_void_p()
        lib.call('table_create', context.pointer, self.n_rows, ctypes.byref(made))
        try:
            for key, values in self.arrays.items():
                self._add(made, key, values)
            consumed, made = made, None
            lib.call('table_offer', context.pointer, name.encode(), consumed)
        finally:
            if made is not None:
                lib.c.throng_table_free(made)
        context.keep.append(self.arrays)

    def _add(self, table: Any, key: str, values: np.ndarray) -> None:
        name = key.encode()
        if values.dtype in _NUMBERS:
            lib.call('table_add_view', table, name, lib.value(_NUMBERS[values.dtype]), values.ctypes.data)
        elif values.dtype.kind == 'M':
            if np.isnat(values).any():
                from . import errors
                raise errors.MissingValueError(f'Column "{key}" has no time in row {int(np.isnat(values).argmax()) + 1:,}.')
            whole = values.astype('datetime64[D]')
            days = bool((whole == values).all())  # as a file would have them
            numbers = whole.astype(np.int64).astype(np.int32) if days else values.astype(np.int64)
            self._context.keep.append(numbers)
            lib.call('table_add_view', table, name, lib.value('TYPE_DATE' if days else 'TYPE_TIMESTAMP'), numbers.ctypes.data)
        else:
            self._add_text(table, key, values)

    @staticmethod
    def _add_text(table: Any, key: str, values: np.ndarray) -> None:
        """As codes into the list of different texts, in the order of first appearance."""
        if values.dtype.kind == 'O' and any(value is None for value in values):
            row = next(i for i, value in enumerate(values) if value is None)
            from . import errors
            raise errors.MissingValueError(f'Column "{key}" has no text in row {row + 1:,}.')
        codes_of: dict[str, int] = {}
        codes = np.fromiter((codes_of.setdefault(value, len(codes_of)) for value in values.tolist()), np.int32,
                            len(values))
        if not codes_of:
            codes_of[''] = 0
        words = (ctypes.c_char_p * len(codes_of))(*[word.encode() for word in codes_of])
        out = ctypes.POINTER(ctypes.c_int32)()
        lib.call('table_add_codes', table, key.encode(), len(codes_of), words, ctypes.byref(out))
        if len(values):
            ctypes.memmove(out, codes.ctypes.data, codes.nbytes)
