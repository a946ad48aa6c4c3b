"""Runs code under a store's lock from a coroutine, without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from kaizen_widgets.stores import Store

T = TypeVar("T")


async def run_locked(store: Store, call: Callable[[], T]) -> T:
    """Run ``call`` under a store's lock and return its result.

    The loop never waits for the lock, which a user may hold while waiting for the loop: if another thread
    holds it, that thread makes the call when it releases the lock.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(method: Callable[[Any], None], value: Any) -> None:
        if not result.done():  # It is done already when the coroutine was cancelled.
            method(value)

    def run() -> None:
        try:
            value = call()
        except Exception as error:
            loop.call_soon_threadsafe(settle, result.set_exception, error)
        else:
            loop.call_soon_threadsafe(settle, result.set_result, value)

    store.when_free(run)
    return await result
