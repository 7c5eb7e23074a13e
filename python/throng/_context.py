"""A context of the library: one for every call, so that calls from several threads never meet."""
from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
import weakref
from typing import Any, Callable, Union

from ._library import lib

Progress = Union[bool, None, Callable[[str, str, int, int], Any]]

# Contexts in which a call is running: a plug-in does not know which of them it works for.
_running: list[Any] = []


def failed(failure: BaseException) -> None:
    """Keeps an exception of a plug-in for the call that is running; with several, each of them ends with it."""
    for context in list(_running):
        context.failure = context.failure or failure


# OpenMP's threads are not there in a forked process (multiprocessing), and a parallel loop would wait for them for ever.
_forked: list[bool] = []
os.register_at_fork(after_in_child=lambda: _forked.append(True))

#: Plug-ins of Python that every new context gets: (kind, descriptor).
registered: list[tuple[int, Any]] = []


def _count(number: float) -> str:
    for limit, unit in ((1e9, ' G'), (1e6, ' M'), (1e3, ' k')):
        if number >= limit:
            return f'{number / limit:.3g}{unit}'
    return f'{number:.0f} '


class _Line:
    """One line that is written over: on a terminal's stderr, or in a notebook's cell."""

    SHOW_AFTER = 0.5

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.stage, self.since, self.shown = '', self.began, False
        self.handle: Any = None

    def __call__(self, stage: str, unit: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.since = stage, now
        if now - self.began < self.SHOW_AFTER:
            return
        rate = done / (now - self.since) if now > self.since else 0.0
        text = f'{stage} {done:,}' + (f' of {total:,}' if total > 0 else '') + f' {unit}'
        if rate > 0 and now - self.since > 0.15:
            text += f', {_count(rate)}/s'.replace(' /s', '/s')
            if total > done:
                text += f', {(total - done) / rate:.0f} s left'
        self.write(text)
        self.shown = True

    def write(self, text: str) -> None:
        if self.handle is None and _in_notebook():
            from IPython.display import display  # type: ignore[import-not-found]
            self.handle = display({'text/plain': text}, raw=True, display_id=True)
        elif self.handle is not None:
            self.handle.update({'text/plain': text}, raw=True)
        else:
            print('\r\033[K' + text, end='', file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.shown and self.handle is None:
            print('\r\033[K', end='', file=sys.stderr, flush=True)
        elif self.handle is not None:
            self.handle.update({'text/plain': ''}, raw=True)


def _in_notebook() -> bool:
    shell = sys.modules.get('IPython') and sys.modules['IPython'].get_ipython()  # type: ignore[attr-defined]
    return any(kind.__name__ == 'ZMQInteractiveShell' for kind in type(shell).__mro__)  # Colab's is one of its own


class _Interrupts:
    """Ctrl-C while C works: remembered, so that the next report of progress stops the work; an exception in a callback
    of the library would be lost. While a function of the user runs it is raised there, as everywhere in Python."""

    def __init__(self, context: Context):
        self.context, self.before = context, None
        if threading.current_thread() is threading.main_thread() and (
                signal.getsignal(signal.SIGINT) is signal.default_int_handler):
            self.before = signal.signal(signal.SIGINT, self.on_signal)

    def on_signal(self, number: int, frame: Any) -> None:
        if self.context.in_callback:
            raise KeyboardInterrupt
        self.context.failure = self.context.failure or KeyboardInterrupt()

    def end(self) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)


class Context:
    """A ``throng_context``. Long calls go through ``run``, which shows progress and lets Ctrl-C stop them."""

    def __init__(self, progress: Progress = None, threads: int = 0) -> None:
        pointer = ctypes.c_void_p()
        lib.call('context_create', ctypes.byref(pointer))
        self.pointer = pointer
        self._owned: dict[int, tuple[Any, str]] = {}
        self.keep: list[Any] = []  # arrays and callbacks that the library looks at
        self.failure: BaseException | None = None
        self.in_callback = False  # a function of the user is running
        self._line: Any = None
        self.set(progress, threads)
        for kind, descriptor in registered:
            lib.call('context_register', self.pointer, kind, ctypes.byref(descriptor.about))
            self.keep.append(descriptor)
        me = weakref.ref(self)  # no cycle: what is not used any more is freed at once

        def report(_user: Any, progress: Any) -> bool:
            context = me()
            return context is None or context._on_progress(progress)

        self._callback = lib.interface.ctype('throng_progress_fn')(report)
        lib.c.throng_context_set_progress(self.pointer, self._callback, None)

    def __reduce__(self) -> Any:
        raise TypeError('memory of the library cannot be pickled or copied: keep report, columns() or frame(), or save(folder) '
                        'of a result, and the name of a game or mechanism')

    def set(self, progress: Progress, threads: int) -> None:
        """How the next long call shows its progress, and on how many threads it runs."""
        if progress is None:
            progress = sys.stderr.isatty() or _in_notebook()
        self._progress = progress
        lib.call('context_set_threads', self.pointer, threads)

    def _on_progress(self, progress: Any) -> bool:
        """Python's own signal handlers run before this, so that it knows of a Ctrl-C."""
        if self._line is not None:
            at = progress.contents
            self.guard(lambda: self._line(at.stage.decode(), at.unit.decode(), at.done, at.total))
        return self.failure is None

    def guard(self, work: Callable[[], Any]) -> None:
        """Runs a function of the user in a callback: no exception may pass through C, the call raises it afterwards."""
        try:
            self.in_callback = True
            work()
        except BaseException as failure:
            self.failure = self.failure or failure
        finally:
            self.in_callback = False

    def run(self, name: Any, *arguments: Any) -> None:
        """Calls a function that takes long; an exception of a callback comes out as it was raised."""
        if _forked:
            lib.call('context_set_threads', self.pointer, 1)
        self.failure = None
        self._line = self._progress if callable(self._progress) else _Line() if self._progress else None
        _running.append(self)
        interrupts = _Interrupts(self)
        try:
            lib.call(name, *arguments)
        except Exception as error:
            if self.failure is not None:
                raise self.failure from error
            raise
        finally:
            interrupts.end()
            _running.remove(self)
            if isinstance(self._line, _Line):
                self._line.close()
            self._line = None
        if self.failure is not None:
            raise self.failure

    def text(self, pointer: ctypes.c_char_p) -> str:
        """A text that the library made, given back to it."""
        value = pointer.value or b''
        lib.c.throng_text_free(self.pointer, pointer)
        return value.decode('utf-8')

    def own(self, pointer: ctypes.c_void_p, free: str) -> Handle:
        """Something that was made with this context, and goes before it."""
        made = Handle(self, pointer, free)
        self._owned[id(made)] = (pointer, free)
        return made

    def give(self, made: Handle) -> Any:
        """The pointer of something that belongs to whoever gets it, from now on."""
        self._owned.pop(id(made))
        return made._as_parameter_

    def release(self, key: int) -> None:
        pointer, free = self._owned.pop(key, (None, ''))
        if pointer:
            getattr(lib.c, 'throng_' + free)(pointer)

    def __del__(self) -> None:
        # In a cycle that is collected objects end in any order: what is left goes first, the last one made before all.
        for key in reversed(list(getattr(self, '_owned', ()))):
            self.release(key)
        pointer = getattr(self, 'pointer', None)
        if pointer:
            lib.c.throng_context_free(pointer)
            self.pointer = None


class Handle:
    """A pointer that is freed when nobody needs it any more; an argument of the library's functions."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p, free: str):
        self.context, self._as_parameter_ = context, pointer

    def __del__(self) -> None:
        self.context.release(id(self))
