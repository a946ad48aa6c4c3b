"""The events of a run as an async iterator: without gaps, from any event on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from kaizen_widgets.engines.event_log import TERMINAL, Event, EventLog

PAGE = 1000
"""Events read from the log at a time."""


async def stream(
    log: EventLog, after: int = 0, before_wait: Callable[[], Any] = lambda: None
) -> AsyncIterator[Event]:
    """Yield the events with a number above ``after``, those of the past first, until the run has ended.

    Works on any event loop. A reader that is slower than the run misses nothing that the log keeps, and holds
    no events itself.

    Args:
        log: The events.
        after: Number of the last event that is known.
        before_wait: Called before each wait for an event that has not happened yet.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def wake(_event: Event) -> None:
        with suppress(RuntimeError):  # The loop is closed.
            loop.call_soon_threadsafe(news.set)

    unsubscribe = log.subscribe(wake)
    try:
        while True:
            news.clear()
            page = log.events(after, PAGE)
            for event in page:
                after = event.seq
                yield event
                if event.kind == "run" and event.state in TERMINAL:
                    return
            if not page:
                if log.has_ended:
                    return
                before_wait()
                await news.wait()
    finally:
        unsubscribe()
