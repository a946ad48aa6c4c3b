"""Decide what an exception raised by a user's function means for the query or mutation that called it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from kaizen_widgets.errors import QueryCancelledError


def is_failure(error: BaseException) -> bool:
    """Return whether an exception of a function called synchronously counts as that function's failure.

    Everything does, except an interrupt (Ctrl-C) or an exit on the main thread: those end the program or
    the cell, and must pass.
    """
    if not isinstance(error, KeyboardInterrupt | SystemExit):
        return True
    return threading.current_thread() is not threading.main_thread()


def is_closing(error: BaseException, task: asyncio.Task[Any] | None) -> bool:
    """Return whether a coroutine caught ``error`` because Python closes the coroutine itself.

    Args:
        error: The caught exception.
        task: The task that runs the coroutine.
    """
    if not isinstance(error, GeneratorExit):
        return False
    try:
        return asyncio.current_task() is not task
    except RuntimeError:  # no loop runs here any more
        return True


def as_failure(error: BaseException) -> BaseException:
    """Return the error to report for a function that raised ``error``.

    A function that raises CancelledError of its own accord would look cancelled to everyone who awaits it.
    """
    if isinstance(error, asyncio.CancelledError):
        return QueryCancelledError("The function cancelled itself.")
    return error
