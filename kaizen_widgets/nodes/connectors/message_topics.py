"""Topics on which the pipelines and cells of one process pass messages to each other."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError

MAX_WAITING = 1000
"""Messages that may wait on a topic."""


class MessageTopics:
    """Messages by topic, in order; each is received once. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, deque[Any]] = {}
        self._receivers: dict[str, deque[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def send(self, topic: str, message: Any) -> None:
        """Add a message.

        Raises:
            RunError: 1,000 messages wait on the topic already.
        """
        with self._lock:
            waiting = self._messages.setdefault(topic, deque())
            if len(waiting) >= MAX_WAITING:
                raise RunError(f"{MAX_WAITING:,} messages wait on {quoted(topic)}: receive some.")
            waiting.append(message)
            receivers = list(self._receivers.get(topic, ()))
        for loop, woken in receivers:
            try:
                loop.call_soon_threadsafe(woken.set)
            except RuntimeError:
                pass  # Its loop is closed.

    def take(self, topic: str) -> list[Any]:
        """Remove and return the first message of a topic, in a list; an empty list if there is none."""
        with self._lock:
            waiting = self._messages.get(topic)
            if not waiting:
                return []
            first = waiting.popleft()
            if not waiting:
                del self._messages[topic]
            return [first]

    async def receive(self, topic: str) -> Any:
        """Remove and return the first message of a topic; waits until there is one."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._receivers.setdefault(topic, deque()).append(entry)
        try:
            while not (found := self.take(topic)):
                await entry[1].wait()
                entry[1].clear()
            return found[0]
        finally:
            with self._lock:
                self._receivers[topic].remove(entry)
                if not self._receivers[topic]:
                    del self._receivers[topic]


topics = MessageTopics()
"""The topics of this process."""
