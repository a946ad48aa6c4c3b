"""An agent's answer as it is said: iterate over it, or wait for the whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing
from typing import Any

from kaizen_widgets.api.agent_events import AgentEvent
from kaizen_widgets.core.background import BackgroundLoop, Pending


class AgentStream:
    """An answer under way; ``for piece in stream`` or ``async for piece in stream``.

    It goes on whether or not somebody listens; iterating begins with the first piece not yet taken.

    Args:
        loop: Where it goes on.
        events: Gives the events.
    """

    def __init__(
        self, loop: BackgroundLoop, events: Callable[[], AsyncGenerator[AgentEvent, None]]
    ) -> None:
        self._loop = loop
        self._pieces: list[str] = []
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._whole: Pending[str] = loop.start(self._follow(events))

    @property
    def text(self) -> str:
        """What was said so far."""
        return "".join(self._pieces)

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._whole.done()

    def wait(self, timeout: float | None = None) -> str:
        """Block until it ends; return all of it.

        Raises:
            TransportError: It broke off or the agent failed; ``text`` has what came before.
        """
        return self._whole.wait(timeout)

    def cancel(self) -> None:
        """Stop listening; the server hears that nobody does."""
        self._whole.cancel()

    def __iter__(self) -> Iterator[str]:
        while (piece := self._loop.wait(self._next())) is not None:
            yield piece
        self._whole.wait()

    async def __aiter__(self) -> AsyncIterator[str]:
        while (piece := await self._loop.start(self._next())) is not None:
            yield piece
        await self._whole

    async def _next(self) -> str | None:
        """Return the next piece; None at the end."""
        piece = await self._waiting.get()
        if piece is None:
            self._waiting.put_nowait(None)  # For whoever iterates again.
        return piece

    async def _follow(self, events: Callable[[], AsyncGenerator[AgentEvent, None]]) -> str:
        try:
            async with aclosing(events()) as found:
                async for event in found:
                    if event.content:
                        self._pieces.append(event.content)
                        self._waiting.put_nowait(event.content)
        finally:
            self._waiting.put_nowait(None)
        return self.text

    def __await__(self) -> Generator[Any, None, str]:
        return self._whole.__await__()

    def __repr__(self) -> str:
        return f"AgentStream({len(self.text)} characters, {'done' if self.is_done else 'going on'})"
