"""Call users' functions, and classify their exceptions."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.errors import QueryCancelledError

log = logging.getLogger(__name__)


def listener_call(listener: Callable[..., object], offered: int) -> Callable[..., None]:
    """Return a function for the notifier that calls a user's listener.

    Exceptions are the notifier's to log. Those that it would take for the end of the program, such as a
    panic of an extension in another language, are logged here, and the other listeners are called.

    Args:
        listener: The listener; it may take fewer arguments.
        offered: How many arguments it is called with.
    """
    fitted = fit_callback(listener, offered)

    def call(*arguments: Any) -> None:
        try:
            fitted(*arguments)
        except BaseException as error:
            if isinstance(error, Exception) or not is_failure(error):
                raise
            log.error("A listener of the query cache failed", exc_info=error)

    return call


def is_failure(error: BaseException) -> bool:
    """Return whether an exception of a function called synchronously counts as that function's failure.

    Everything does, except an interrupt (Ctrl-C) or an exit on the main thread: those end the program or the
    cell, and must propagate.
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
