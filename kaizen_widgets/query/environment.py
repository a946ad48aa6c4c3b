"""What a client's caches share: a loop to fetch on, a clock, and one lock."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.background import BackgroundLoop, Pending
from kaizen_widgets.clock import Clock
from kaizen_widgets.delivery import Delivery

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Environment:
    """Handed to everything in a client.

    Attributes:
        loop: Where functions run.
        clock: The time, in seconds; its timers may fire on any thread.
        delivery: The lock, and the listeners' queue.
    """

    loop: BackgroundLoop
    clock: Clock
    delivery: Delivery = field(default_factory=lambda: Delivery(_log_error))

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.now().timestamp()

    def pending(self, outcome: Future[Any]) -> Pending[Any]:
        """Return a handle on ``outcome`` that one waiter may cancel without the others noticing."""
        return Pending(branch(outcome), self.loop)


def _log_error(error: Exception) -> None:
    """Note what a listener raised: it harms neither the cache nor the other listeners."""
    log.error("A listener of the query cache failed", exc_info=error)


def branch(outcome: Future[Any]) -> Future[Any]:
    """Return a future that ends as ``outcome`` does."""
    own: Future[Any] = Future()

    def copy(done: Future[Any]) -> None:
        if not own.set_running_or_notify_cancel():
            return
        error = done.exception()
        if error is not None:
            own.set_exception(error)
        else:
            own.set_result(done.result())

    outcome.add_done_callback(copy)
    return own


def resolved(value: Any) -> Future[Any]:
    """Return a future that has ended well."""
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def all_ended(outcomes: list[Future[Any]]) -> Future[None]:
    """Return a future that gives None once all ``outcomes`` have ended, well or not."""
    future: Future[None] = Future()
    lock = threading.Lock()
    left = len(outcomes)

    def one_ended(_: Future[Any]) -> None:
        nonlocal left
        with lock:
            left -= 1
            last = left == 0
        # The waiter may have cancelled its handle.
        if last and future.set_running_or_notify_cancel():
            future.set_result(None)

    if not outcomes:
        future.set_result(None)
    for outcome in outcomes:
        outcome.add_done_callback(one_ended)
    return future
