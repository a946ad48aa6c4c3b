"""Environment holds what all parts of one query client share: loop, clock, managers and lock."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.query.futures import derived_future
from kaizen_widgets.query.managers import FocusManager, OnlineManager

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Environment:
    """What the query client hands to its caches, queries, mutations and observers.

    Attributes:
        loop: Background loop on which functions run.
        clock: Source of time, in seconds; its timers may fire on any thread.
        online: Knows whether there is a network.
        focus: Knows whether the window is focused.
        notifier: The client's one lock, and the queue of listener calls behind it.
    """

    loop: BackgroundLoop
    clock: Clock
    online: OnlineManager = field(default_factory=OnlineManager)
    focus: FocusManager = field(default_factory=FocusManager)
    notifier: Notifier = field(default_factory=lambda: Notifier(_log_error))

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.clock.now().timestamp()

    def pending(self, outcome: Future[Any]) -> Pending[Any]:
        """Return a handle on ``outcome``; cancelling the handle does not affect other waiters."""
        return Pending(derived_future(outcome), self.loop)


def _log_error(error: Exception) -> None:
    """Log what a listener raised; the cache and the other listeners are not affected."""
    log.error("A listener of the query cache failed", exc_info=error)
