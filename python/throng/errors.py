"""Exceptions: one for every status of the library, each with the library's own message.

All are ``ThrongError``; each is one of Python's own kinds, too: ``FileError`` is an ``OSError``, ``ColumnError`` a
``ValueError``.
"""
from ._library import ThrongError, lib

__all__ = ['ThrongError']
for _class in lib.errors.values():
    globals()[_class.__name__] = _class
    __all__.append(_class.__name__)
