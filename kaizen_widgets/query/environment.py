"""What a client's caches share: a loop to fetch on, a clock, the two managers, and one lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.query.managers import FocusManager, OnlineManager

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Environment:
    """Handed to everything in a client.

    Attributes:
        loop: Where functions run.
        clock: The time, in seconds; its timers may fire on any thread.
        online: Whether there is a network.
        focus: Whether somebody looks.
        notifier: The lock, and the listeners' queue.
    """

    loop: BackgroundLoop
    clock: Clock
    online: OnlineManager = field(default_factory=OnlineManager)
    focus: FocusManager = field(default_factory=FocusManager)
    notifier: Notifier = field(default_factory=lambda: Notifier(_log_error))

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.now().timestamp()

    def pending(self, outcome: Future[Any]) -> Pending[Any]:
        """Return a handle on ``outcome`` that one waiter may cancel without the others noticing."""
        return Pending(branch(outcome), self.loop)


def _log_error(error: Exception) -> None:
    """Note what a listener raised: it harms neither the cache nor the other listeners."""
    log.error("A listener of the query cache failed", exc_info=error)


def branch(
    outcome: Future[Any],
    then: Callable[[Any], Any] | None = None,
    or_else: Callable[[], Any] | None = None,
) -> Future[Any]:
    """Return a future that ends as ``outcome`` does.

    Args:
        outcome: What to follow.
        then: What to make of its result.
        or_else: What to give instead of its error.
    """
    own: Future[Any] = Future()

    def copy(done: Future[Any]) -> None:
        if not own.set_running_or_notify_cancel():
            return
        error = done.exception()
        try:
            if error is None:
                value = done.result() if then is None else then(done.result())
            elif or_else is not None:
                value = or_else()
            else:
                own.set_exception(error)
                return
        except Exception as raised:
            own.set_exception(raised)
        else:
            own.set_result(value)

    outcome.add_done_callback(copy)
    return own


def resolved(value: Any) -> Future[Any]:
    """Return a future that has ended well."""
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def all_ended(outcomes: Sequence[Future[Any]], *, throw: bool = False) -> Future[None]:
    """Return a future that gives None once all ``outcomes`` have ended, well or not.

    Args:
        outcomes: What to wait for.
        throw: Raise the first error instead, as soon as it is there.
    """
    future: Future[None] = Future()
    lock = threading.Lock()
    left = len(outcomes)

    def one_ended(done: Future[Any]) -> None:
        nonlocal left
        error = done.exception() if throw else None
        with lock:
            left -= 1
            last = left == 0 or (error is not None and left > 0)
            if error is not None:
                left = 0
        # The waiter may have cancelled its handle.
        if last and future.set_running_or_notify_cancel():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(None)

    if not outcomes:
        future.set_result(None)
    for outcome in outcomes:
        outcome.add_done_callback(one_ended)
    return future
