"""Ctrl-C that waits: what must not be left half done is done first.

Python raises `KeyboardInterrupt` between any two instructions of the main thread, also between taking a lock
and noting that. Inside `hold` and `release` it waits; the second one does not, so that a listener that
hangs can still be stopped. Other threads are never interrupted, and pay nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_main = threading.main_thread()
_old: Any = None
_count = 0
_waiting = False


def hold() -> None:
    """Let Ctrl-C wait from now on; pair with `release`. Counts."""
    global _old, _count
    if threading.current_thread() is not _main:
        return
    if _count == 0:
        if signal.getsignal(signal.SIGINT) is None:
            return  # Not Python's, as when the interpreter ends: it could not be put back.
        _old = signal.signal(signal.SIGINT, _wait)
        # From here on nothing interrupts.
    _count += 1


def release() -> None:
    """Undo one `hold`; after the last, what waited is carried out.

    Raises:
        KeyboardInterrupt: There was a Ctrl-C meanwhile.
    """
    global _count
    if threading.current_thread() is not _main or _count == 0:
        return
    _count -= 1
    if _count == 0:
        _let_through()


@contextmanager
def allowed() -> Iterator[None]:
    """Let Ctrl-C through inside the block, which is somebody else's code."""
    global _count
    count = _count
    if threading.current_thread() is not _main or count == 0:
        yield
        return
    _count = 0
    try:
        _let_through()
        yield
    finally:
        hold()
        _count = count


def _let_through() -> None:
    global _waiting
    waiting, _waiting = _waiting, False
    signal.signal(signal.SIGINT, _old)
    if waiting:
        _carry_out()


def _wait(_number: int, _frame: FrameType | None) -> None:
    global _waiting
    if _waiting:
        _waiting = False
        raise KeyboardInterrupt
    _waiting = True


def _carry_out() -> None:
    if callable(_old):
        _old(signal.SIGINT, None)
    elif _old == signal.SIG_DFL:
        os.kill(os.getpid(), signal.SIGINT)
