"""Futures of the query cache: completed, derived from another, and joined."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any


def completed_future(value: Any) -> Future[Any]:
    """Return a future that has the result ``value``."""
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def derived_future(
    source: Future[Any],
    then: Callable[[Any], Any] | None = None,
    or_else: Callable[[], Any] | None = None,
) -> Future[Any]:
    """Return a new future that ends when ``source`` does; cancelling it leaves ``source`` alone.

    Args:
        source: Future to follow.
        then: Maps its result.
        or_else: Returns a result to use in place of its error.
    """
    derived: Future[Any] = Future()

    def copy(done: Future[Any]) -> None:
        if not derived.set_running_or_notify_cancel():
            return
        error = done.exception()
        try:
            if error is None:
                value = done.result() if then is None else then(done.result())
            elif or_else is not None:
                value = or_else()
            else:
                derived.set_exception(error)
                return
        except BaseException as raised:
            # Catch everything and pass it on: waiters would otherwise wait forever.
            derived.set_exception(raised)
        else:
            derived.set_result(value)

    source.add_done_callback(copy)
    return derived


def all_done(futures: Sequence[Future[Any]], *, throw: bool = False) -> Future[None]:
    """Return a future that gives None once all ``futures`` are done, whether they succeeded or failed.

    Args:
        futures: Futures to wait for.
        throw: Fail with the first error instead, as soon as there is one.
    """
    joined: Future[None] = Future()
    lock = threading.Lock()
    left = len(futures)

    def one_done(done: Future[Any]) -> None:
        nonlocal left
        error = done.exception() if throw else None
        with lock:
            left -= 1
            is_last = left == 0 or (error is not None and left > 0)
            if error is not None:
                left = 0
        # The waiter may have cancelled its handle.
        if is_last and joined.set_running_or_notify_cancel():
            if error is not None:
                joined.set_exception(error)
            else:
                joined.set_result(None)

    if not futures:
        joined.set_result(None)
    for future in futures:
        future.add_done_callback(one_done)
    return joined
