"""An agent's streamed answer: iterate over its pieces, or wait for the complete text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing
from typing import Any, Literal

from kaizen_widgets.api.models import ResponseModel, UtcTime, parse
from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.errors import DecodeError, TransportError


class AgentEvent(ResponseModel):
    """One event of an agent's answer; ``content`` is the next piece of it."""

    type: Literal["start", "content", "done"]
    content: str = ""
    thread_id: str = ""
    model: str = ""
    timestamp: UtcTime | None = None


def parse_event(data: str, where: str) -> AgentEvent | None:
    """Return the event in the data of a server-sent event; None for unknown types.

    Raises:
        TransportError: The agent failed; the message has its reason.
        DecodeError: It is not an event.
    """
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise DecodeError(f"POST {where} sent an event that is not JSON.", method="POST", url=where)
    if fields["type"] == "error":
        reason = " ".join(str(fields.get("error") or "it did not say why").split())[:300]
        raise TransportError(f"The agent failed: {reason}.", method="POST", url=where)
    if fields["type"] not in ("start", "content", "done"):
        return None
    if fields["type"] == "content" and not isinstance(fields.get("content"), str):
        raise DecodeError(f"POST {where} sent content that is not text.", method="POST", url=where)
    # A piece may be an empty text, or the word "None", which `ResponseModel` would drop.
    event = parse(AgentEvent, {**fields, "content": ""}, "event")
    return event.model_copy(update={"content": fields.get("content") or ""})


class AgentStream:
    """A streamed answer; ``for piece in stream`` or ``async for piece in stream``.

    It is received in the background, even if it is not iterated; iteration starts at the first unread piece.

    Args:
        loop: Loop on which it is received.
        events: Returns the events.
    """

    def __init__(
        self, loop: BackgroundLoop, events: Callable[[], AsyncGenerator[AgentEvent, None]]
    ) -> None:
        self._loop = loop
        self._pieces: list[str] = []
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        self._complete_text: Pending[str] = loop.start(self._receive(events))

    @property
    def text(self) -> str:
        """The text received so far."""
        return "".join(self._pieces)

    @property
    def is_done(self) -> bool:
        """Whether it has ended, successfully or with an error."""
        return self._complete_text.done()

    def wait(self, timeout: float | None = None) -> str:
        """Block until it ends, and return all of its text.

        Raises:
            TransportError: It broke off or the agent failed; ``text`` has what was received before.
        """
        return self._complete_text.wait(timeout)

    def cancel(self) -> None:
        """Stop receiving, and close the connection."""
        self._complete_text.cancel()

    def __iter__(self) -> Iterator[str]:
        while (piece := self._loop.wait(self._next())) is not None:
            yield piece
        self._complete_text.wait()

    async def __aiter__(self) -> AsyncIterator[str]:
        while (piece := await self._loop.start(self._next())) is not None:
            yield piece
        await self._complete_text

    async def _next(self) -> str | None:
        """Return the next piece; None at the end."""
        piece = await self._waiting.get()
        if piece is None:
            self._waiting.put_nowait(None)  # For the next iteration.
        return piece

    async def _receive(self, events: Callable[[], AsyncGenerator[AgentEvent, None]]) -> str:
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
        return self._complete_text.__await__()

    def __repr__(self) -> str:
        state = "done" if self.is_done else "receiving"
        return f"AgentStream({len(self.text)} characters, {state})"
