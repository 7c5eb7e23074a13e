"""Exceptions: one for every status of the library, each with the library's own message.

All are ``ThrongError``; each is one of Python's own kinds, too: ``FileError`` is an ``OSError``, ``ColumnError`` a
``ValueError``.
"""
from typing import TYPE_CHECKING

from ._library import ThrongError, lib

if TYPE_CHECKING:
    def __getattr__(name: str) -> type[ThrongError]:
        """The classes are made when the library is loaded: type checkers need not know each."""

__all__ = ['ThrongError']
for _class in lib.errors.values():
    globals()[_class.__name__] = _class
    __all__.append(_class.__name__)
