"""The C library as Python sees it: types, functions and errors, all made from the description of its headers.

Nothing about the interface is typed here: ``interface.json`` is made from the public headers by ``tools/dump-api``, and
when the library is loaded the size of every struct and the offset of every field are compared with what the library
itself says (``throng_layouts``), so that a library of another version is refused instead of misread.
"""
from __future__ import annotations

import ctypes
import json
import os
import pathlib
from typing import Any

import numpy as np

_BASIC = {
    'bool': ctypes.c_bool, 'char': ctypes.c_char, 'int': ctypes.c_int, 'unsigned': ctypes.c_uint,
    'float': ctypes.c_float, 'double': ctypes.c_double, 'size_t': ctypes.c_size_t,
    'int8_t': ctypes.c_int8, 'uint8_t': ctypes.c_uint8, 'int16_t': ctypes.c_int16, 'uint16_t': ctypes.c_uint16,
    'int32_t': ctypes.c_int32, 'uint32_t': ctypes.c_uint32, 'int64_t': ctypes.c_int64, 'uint64_t': ctypes.c_uint64,
}


# ---- errors ----------------------------------------------------------------------------------------------------------

class ThrongError(Exception):
    """What went wrong, in the library's own words. ``status`` is the name of the status, such as ``"E_COLUMN"``.

    >>> import throng
    >>> try:
    ...     throng.attribute({'x': [1.0]}, state='y')
    ... except throng.ThrongError as error:
    ...     print(error.status, error)
    E_COLUMN The table has no column "y". Known: x.
    """

    status = 'E_INTERNAL'


# What else an error of throng is, for those who catch Python's own kinds; all others are ValueErrors.
_ALSO: dict[str, type[Exception]] = {
    'E_MEMORY': MemoryError, 'E_INTERNAL': RuntimeError, 'E_CANCELLED': RuntimeError, 'E_FILE': OSError,
    'E_WRITE': OSError, 'E_EXISTS': FileExistsError, 'E_ENDPOINT': ConnectionError, 'E_NOT_CONVERGED': ArithmeticError,
    'E_DIVERGED': ArithmeticError, 'E_DEGENERATE': ArithmeticError,
}


def _error_classes(statuses: dict[str, int]) -> dict[int, type[ThrongError]]:
    """One exception a status: E_UNKNOWN_NAME is UnknownNameError, a ThrongError and a ValueError."""
    classes = {}
    for name, value in statuses.items():
        short = name.removeprefix('THRONG_')
        if value == 0:
            continue
        words = short.removeprefix('E_').split('_')
        title = ''.join(word.capitalize() for word in words) + 'Error'
        classes[value] = type(title, (ThrongError, _ALSO.get(short, ValueError)),
                              {'status': short, '__module__': 'throng.errors', '__doc__': f'The library returned {name}.'})
    return classes


# ---- the description, and types made of it ---------------------------------------------------------------------------

class Interface:
    """ctypes types and functions of the description in ``interface.json``."""

    def __init__(self, description: dict[str, Any]):
        self.description = description
        self.values: dict[str, int] = description['values']
        self.structs: dict[str, type[ctypes.Structure]] = {}
        self.callbacks: dict[str, Any] = {}
        for name, fields in description['structs'].items():
            self.structs[name] = type(name, (ctypes.Structure,), {})
        for name, fields in description['structs'].items():
            self._complete(name)

    def _complete(self, name: str) -> None:
        """Gives a struct its fields; those that it holds by value come first."""
        struct, fields = self.structs[name], self.description['structs'][name]
        if fields is None or hasattr(struct, '_fields_'):
            return
        for _, kind in fields:
            inner = kind['array'] if isinstance(kind, dict) and 'array' in kind else kind
            if isinstance(inner, str) and inner in self.structs:
                self._complete(inner)
        struct._fields_ = [(field, self.ctype(kind)) for field, kind in fields]

    def ctype(self, kind: Any) -> Any:
        """The ctypes type of a type of the description."""
        if isinstance(kind, str):
            if kind in _BASIC:
                return _BASIC[kind]
            if kind in self.description['aliases']:
                return self.ctype(self.description['aliases'][kind])
            if kind in self.description['enums']:
                return ctypes.c_int
            if kind in self.description['callbacks']:
                return self._function_type(self.description['callbacks'][kind])
            return self.structs[kind]
        if 'array' in kind:
            return self.ctype(kind['array']) * kind['n']
        if 'function' in kind:
            return self._function_type(kind['function'])
        inner = kind['pointer']
        if inner == 'char':
            return ctypes.c_char_p
        if inner == 'void' or (isinstance(inner, str) and self.description['structs'].get(inner, ()) is None):
            return ctypes.c_void_p
        return ctypes.POINTER(self.ctype(inner))

    def _function_type(self, signature: dict[str, Any]) -> Any:
        """Of a callback. Texts go in as they come, an address, so that what is written is not taken for a copy."""
        result = signature['result']
        key = json.dumps(signature)
        if key not in self.callbacks:
            self.callbacks[key] = ctypes.CFUNCTYPE(None if result == 'void' else self.ctype(result),
                                                   *[self.ctype(kind) for _, kind in signature['arguments']])
        return self.callbacks[key]

    def layouts(self) -> dict[str, int]:
        """Sizes and offsets as Python computes them, by the names that ``throng_layouts`` has."""
        found = {}
        for name, struct in self.structs.items():
            if self.description['structs'][name] is None:
                continue
            found[name] = ctypes.sizeof(struct)
            for field, _ in self.description['structs'][name]:
                found[f'{name}.{field}'] = getattr(struct, field).offset
        return found


def _places() -> list[tuple[pathlib.Path, pathlib.Path]]:
    """Where the library and its description may be: named by THRONG_LIBRARY, else in this package."""
    named = os.environ.get('THRONG_LIBRARY')
    if named:
        library = pathlib.Path(named).absolute()
        return [(library, library.with_name('interface.json'))]
    here = pathlib.Path(__file__).parent / 'lib'
    return [(here / 'libthrong.so', here / 'interface.json')]


# Debian's packages of what libthrong.so is linked with.
_NEEDED = 'coinor-libclp1 libcurl4 libgomp1 libjansson4 libmicrohttpd12 libxxhash0 libyaml-0-2 libzstd1'


class Library:
    """libthrong with its functions as attributes: ``lib.throng_version()``, ``lib.attribute(...)`` raises on failure."""

    def __init__(self) -> None:
        for library, description in _places():
            if library.exists() and description.exists():
                break
        else:
            raise ImportError(f'throng: {library} or {description.name} beside it is missing. Install the package with '
                              '"pip install ./python", or name a built libthrong.so in THRONG_LIBRARY.')
        self.path = library
        self.interface = Interface(json.loads(description.read_text(encoding='utf-8')))
        try:
            self.c = ctypes.CDLL(str(library))
        except OSError as reason:
            raise ImportError(f'throng: {library} cannot be loaded: {reason}. If it is a library that this machine lacks, '
                              f'on Debian: apt-get install {_NEEDED}.') from None
        self._check(library)
        for name, signature in self.interface.description['functions'].items():
            if signature.get('variadic'):
                continue
            function = getattr(self.c, name)
            result = signature['result']
            function.restype = None if result == 'void' else self.interface.ctype(result)
            function.argtypes = [self.interface.ctype(kind) for _, kind in signature['arguments']]
        self.errors = _error_classes(self.interface.description['enums']['throng_status'])

    def _check(self, library: pathlib.Path) -> None:
        """Refuses a library whose structs are not those of the description."""
        try:
            function = self.c.throng_layouts
        except AttributeError:
            raise ImportError(f'throng: {library} is no libthrong that Python can check: throng_layouts is missing.'
                              ) from None
        entry = self.interface.structs['throng_layout']
        function.restype, function.argtypes = ctypes.POINTER(entry), [ctypes.POINTER(ctypes.c_int)]
        n = ctypes.c_int()
        table = function(ctypes.byref(n))
        theirs = {table[i].name.decode(): table[i].bytes for i in range(n.value)}
        ours = self.interface.layouts()
        wrong = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        if wrong:
            name = wrong[0]
            raise ImportError(f'throng: {library} is of another version than this package: {name} is '
                              f'{theirs.get(name, "missing")} there and {ours.get(name, "missing")} here '
                              f'({len(wrong)} such differences). Build and install both together.')

    def call(self, name: Any, *arguments: Any) -> None:
        """Calls a function that returns a status, by name or itself, with an error record of its own as last argument."""
        error = self.interface.structs['throng_error']()
        function = getattr(self.c, 'throng_' + name) if isinstance(name, str) else name
        status = function(*arguments, ctypes.byref(error))
        if status != 0:
            raise self.error(status, error)

    def error(self, status: int, error: Any) -> ThrongError:
        message = error.message.decode('utf-8', 'replace') or self.c.throng_status_text(status).decode()
        return self.errors[status](message)

    def struct(self, name: str) -> Any:
        return self.interface.structs['throng_' + name]()

    def value(self, name: str) -> int:
        """Of an enumerator: ``value('TYPE_FLOAT64')``."""
        return self.interface.values['THRONG_' + name]

    def names(self, function: str, prefix: str) -> dict[str, int]:
        """Names of an enumeration, as its ``throng_..._name`` function gives them."""
        found = {}
        for enumerator, value in self.interface.values.items():
            if enumerator.startswith('THRONG_' + prefix) and not enumerator.endswith('_COUNT'):
                text = getattr(self.c, function)(value)
                if text:
                    found[text.decode()] = value
        return found


lib = Library()

for _error in lib.errors.values():
    globals()[_error.__name__] = _error


# ---- memory of the library as arrays ---------------------------------------------------------------------------------

class _Window:
    """Memory of the library for NumPy, which keeps this object, and so whoever owns the memory."""

    def __init__(self, owner: Any, address: int, shape: tuple[int, ...], dtype: np.dtype):
        self.owner = owner
        self.__array_interface__ = {'version': 3, 'shape': shape, 'typestr': dtype.str, 'data': (address, True)}


def view(owner: Any, pointer: Any, shape: int | tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """A read-only array over memory of the library, which lives as long as the array does. Nothing is copied."""
    shape = (shape,) if isinstance(shape, int) else shape
    address = ctypes.cast(pointer, ctypes.c_void_p).value
    if not address or 0 in shape:
        return np.empty(shape, dtype)
    return np.asarray(_Window(owner, address, shape, np.dtype(dtype)))


def plain(value: Any) -> Any:
    """A struct of the library as a record of Python's own."""
    if isinstance(value, ctypes.Structure):
        return Record({name: plain(getattr(value, name)) for name, _ in value._fields_})
    if isinstance(value, ctypes.Array):
        return [plain(entry) for entry in value]
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else value


class Record(dict):
    """A dictionary whose entries are attributes, too.

    >>> import throng
    >>> found = throng.Record(name='gini', parts=3)
    >>> found.parts == found['parts']
    True
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f'there is no {name!r} here, but {", ".join(map(repr, self))}') from None

    def __repr__(self) -> str:
        return '\n'.join(f'{name}: {value!r}' for name, value in self.items())
