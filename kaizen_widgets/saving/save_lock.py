"""The turn at a pipeline: kernels of one user on one machine save it one after another.

So no save slips in between another one's question what the server has and its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kaizen_widgets.core.clock import Clock, sleep
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import Leases

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds to wait for another notebook's save of the same pipeline."""
STEP = 0.05


class Turns:
    """The turns at one server's pipelines.

    Args:
        leases: The locks kernels share; None where there is only this one.
        scope: Which server.
        clock: Time to wait by.
    """

    def __init__(self, leases: Leases | None, scope: str, clock: Clock) -> None:
        self._leases = leases or Leases(None)
        self._scope = scope
        self._clock = clock

    async def take(self, pipeline_id: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do some work when it is our turn.

        Raises:
            StoreError: Somebody else's turn does not end.
        """
        waited = 0.0
        while True:
            with self._leases.turn(f"{self._scope} {pipeline_id}") as mine:
                if mine:
                    return await work()
            if waited >= PATIENCE:
                raise StoreError("Another notebook does not finish saving it.", store="canvas")
            await sleep(self._clock, STEP)
            waited += STEP

    def __repr__(self) -> str:
        return f"Turns({self._scope!r})"
