"""Delay Ctrl-C during an operation that must not be interrupted halfway.

Python raises `KeyboardInterrupt` between any two instructions of the main thread, even between taking a lock
and noting that it was taken. Between `hold` and `release` a Ctrl-C is only noted, and raised by `release`.
User code that has to run in between is called with `call_interruptible`, where Ctrl-C works as usual. A
second Ctrl-C is never delayed. Other threads are never interrupted and have no overhead.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVarTuple

_Arguments = TypeVarTuple("_Arguments")

_main = threading.main_thread()
_previous: Any = None  # the handler that was installed before ours
_holds = 0
_outer: list[int] = []  # the holds around each running `call_interruptible`
_is_pending = False


def hold() -> None:
    """Delay Ctrl-C from now on, until `release` has been called equally often."""
    global _previous, _holds
    if threading.current_thread() is not _main:
        return
    if _holds == 0 and not _outer:
        if signal.getsignal(signal.SIGINT) is None:
            return  # Not set from Python, as at interpreter exit: it could not be restored.
        _previous = signal.signal(signal.SIGINT, _on_signal)
        # From here on Ctrl-C only sets a flag.
    _holds += 1


def release() -> None:
    """Undo one `hold`; the last one handles a Ctrl-C that came in between.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed in between.
    """
    global _holds
    if threading.current_thread() is not _main or _holds == 0:
        return
    _holds -= 1
    if _holds == 0:
        # A handler that the user's code installed in between is left in place.
        if not _outer and signal.getsignal(signal.SIGINT) is _on_signal:
            signal.signal(signal.SIGINT, _previous)
        _handle_pending()


def call_interruptible(function: Callable[[*_Arguments], object], *arguments: *_Arguments) -> None:
    """Call a user's function, which Ctrl-C interrupts even between `hold` and `release`."""
    global _holds
    holds = _holds
    if holds == 0 or threading.current_thread() is not _main:
        function(*arguments)
        return
    _outer.append(holds)
    try:
        _holds = 0
        _handle_pending()
        function(*arguments)
    finally:  # Neither line is a call, so Ctrl-C cannot come between them.
        _holds = holds
        del _outer[-1]


def _handle_pending() -> None:
    global _is_pending
    if _is_pending:
        _is_pending = False
        _interrupt(signal.SIGINT, None)


def _on_signal(number: int, frame: FrameType | None) -> None:
    global _is_pending
    is_interruptible = _holds == 0 and bool(_outer)
    if not is_interruptible and not _is_pending:
        _is_pending = True
        return
    _is_pending = False
    _interrupt(number, frame)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does without this module."""
    if callable(_previous):
        _previous(number, frame)
    elif _previous == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
