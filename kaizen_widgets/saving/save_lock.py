"""A lock on each pipeline, so that the kernels of one user on one machine save it one after another.

On a server without ETags, a save first reads the server's version and then writes; the lock prevents
another kernel from saving in between. It also keeps save notices in the order of the saves.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kaizen_widgets.core.clock import Clock, sleep
from kaizen_widgets.core.leases import Leases
from kaizen_widgets.errors import StoreError

T = TypeVar("T")

TIMEOUT = 20.0
"""Seconds to wait for another kernel's save of the same pipeline."""
POLL_INTERVAL = 0.05
"""Seconds between two attempts to take the lock."""


class SaveLock:
    """The locks on the pipelines of one server.

    Args:
        leases: File locks shared by the user's kernels; None when there is only this kernel.
        scope: Server the pipelines belong to.
        clock: Clock for the waiting time.
    """

    def __init__(self, leases: Leases | None, scope: str, clock: Clock) -> None:
        self._leases = leases or Leases(None)
        self._scope = scope
        self._clock = clock

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Await ``work()`` while holding the lock of ``name``, such as a pipeline's id.

        Raises:
            StoreError: Another kernel held the lock for too long.
        """
        waited = 0.0
        while True:
            with self._leases.try_lock(f"{self._scope} {name}") as is_ours:
                if is_ours:
                    return await work()
            if waited >= TIMEOUT:
                raise StoreError("Another notebook has not finished saving it.", store="canvas")
            await sleep(self._clock, POLL_INTERVAL)
            waited += POLL_INTERVAL

    def __repr__(self) -> str:
        return f"SaveLock({self._scope!r})"
