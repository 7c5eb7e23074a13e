"""Arrow's C data interface (https://arrow.apache.org/docs/format/CDataInterface.html): columns as a stream of one
batch. Numbers are the arrays' own memory, which lives until the reader has released what it got."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_release_schema = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_release_array = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))
_release_stream = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))
_get_schema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))
_get_next = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))
_get_error = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))

_Schema._fields_ = [
    ('format', ctypes.c_char_p), ('name', ctypes.c_char_p), ('metadata', ctypes.c_char_p), ('flags', ctypes.c_int64),
    ('n_children', ctypes.c_int64), ('children', ctypes.POINTER(ctypes.POINTER(_Schema))),
    ('dictionary', ctypes.POINTER(_Schema)), ('release', _release_schema), ('private_data', ctypes.c_void_p)]
_Array._fields_ = [
    ('length', ctypes.c_int64), ('null_count', ctypes.c_int64), ('offset', ctypes.c_int64),
    ('n_buffers', ctypes.c_int64), ('n_children', ctypes.c_int64), ('buffers', ctypes.POINTER(ctypes.c_void_p)),
    ('children', ctypes.POINTER(ctypes.POINTER(_Array))), ('dictionary', ctypes.POINTER(_Array)),
    ('release', _release_array), ('private_data', ctypes.c_void_p)]
_Stream._fields_ = [
    ('get_schema', _get_schema), ('get_next', _get_next), ('get_last_error', _get_error),
    ('release', _release_stream), ('private_data', ctypes.c_void_p)]

_FORMATS = {'f4': b'f', 'f8': b'g', 'i4': b'i', 'i8': b'l', 'u1': b'C', 'M8[us]': b'tsu:'}

# What readers hold, by the number in private_data, until they release it.
_held: dict[int, Any] = {}
_next_number = 0


def _hold(what: Any) -> int:
    global _next_number
    _next_number += 1
    _held[_next_number] = what
    return _next_number


def _released(pointer: Any) -> None:
    """A consumer may have moved the struct: what is held goes by its number, not by its address."""
    record = pointer.contents
    _held.pop(record.private_data, None)
    record.private_data = None
    ctypes.cast(ctypes.byref(record, type(record).release.offset), ctypes.POINTER(ctypes.c_void_p))[0] = None


_schema_done, _array_done, _stream_done = (_release_schema(_released), _release_array(_released),
                                           _release_stream(_released))
# Children go with their parents.
_keep_schema, _keep_array = (kind(lambda pointer: ctypes.cast(
    ctypes.byref(pointer.contents, type(pointer.contents).release.offset), ctypes.POINTER(ctypes.c_void_p)
).__setitem__(0, None)) for kind in (_release_schema, _release_array))


def _text_buffers(values: np.ndarray) -> tuple[bytes, list[np.ndarray]]:
    """Strings: 64-bit offsets into UTF-8."""
    encoded = [str(value).encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return b'U', [offsets, np.frombuffer(b''.join(encoded) or b'\0', np.uint8)]


def _buffers(values: np.ndarray) -> tuple[bytes, list[np.ndarray]]:
    kind = values.dtype.str[1:]
    if kind in _FORMATS:
        return _FORMATS[kind], [np.ascontiguousarray(values)]
    if kind == 'M8[D]':
        return b'tdD', [values.astype(np.int64).astype(np.int32)]
    if values.dtype.kind in 'OU':
        return _text_buffers(values)
    raise ValueError(f'a column of type {values.dtype} has no Arrow type here')


def _fill_schema(schema: Any, columns: dict[str, tuple[bytes, list[np.ndarray]]]) -> None:
    children = [_Schema(format=kind, name=name.encode(), release=_keep_schema) for name, (kind, _) in columns.items()]
    pointers = (ctypes.POINTER(_Schema) * len(children))(*map(ctypes.pointer, children))
    schema.format, schema.name, schema.metadata, schema.flags = b'+s', b'', None, 0
    schema.n_children, schema.children = len(children), pointers
    schema.dictionary = None
    schema.private_data = _hold((children, pointers, schema.format))
    schema.release = _schema_done


def _fill_array(array: Any, columns: dict[str, tuple[bytes, list[np.ndarray]]], length: int) -> None:
    held: list[Any] = [columns]
    children = []
    for _, buffers in columns.values():
        addresses = (ctypes.c_void_p * (len(buffers) + 1))(None, *[buffer.ctypes.data for buffer in buffers])
        children.append(_Array(length=length, n_buffers=len(addresses), buffers=addresses, release=_keep_array))
        held.append(addresses)
    pointers = (ctypes.POINTER(_Array) * len(children))(*map(ctypes.pointer, children))
    none = (ctypes.c_void_p * 1)(None)
    array.length, array.null_count, array.offset = length, 0, 0
    array.n_buffers, array.buffers = 1, none
    array.n_children, array.children = len(children), pointers
    array.dictionary = None
    array.private_data = _hold((held, children, pointers, none))
    array.release = _array_done


def stream(arrays: dict[str, np.ndarray]) -> Any:
    """A capsule ``arrow_array_stream`` with one batch of these columns."""
    columns = {name: _buffers(values) for name, values in arrays.items()}
    length = len(next(iter(arrays.values()))) if arrays else 0
    left = [1]

    def get_schema(_stream: Any, out: Any) -> int:
        _fill_schema(out.contents, columns)
        return 0

    def get_next(_stream: Any, out: Any) -> int:
        if left[0] > 0:
            left[0] = 0
            _fill_array(out.contents, columns, length)
        else:
            ctypes.memset(out, 0, ctypes.sizeof(_Array))
        return 0

    functions = (_get_schema(get_schema), _get_next(get_next), _get_error(lambda _stream: None))
    made = _Stream(*functions, _stream_done)
    made.private_data = _hold((functions, made))
    return _capsule(made)


_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.restype, _capsule_new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]
_NAME = b'arrow_array_stream'


def _destroy(capsule: int) -> None:
    """A capsule that nobody read takes its stream along."""
    pointer = _capsule_pointer(capsule, _NAME)
    record = ctypes.cast(pointer, ctypes.POINTER(_Stream))
    if record.contents.private_data:
        _released(record)


_destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(_destroy)


def _capsule(made: Any) -> Any:
    return _capsule_new(ctypes.addressof(made), _NAME, ctypes.cast(_destructor, ctypes.c_void_p))
