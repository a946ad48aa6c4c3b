"""Server-sent events, read from lines: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

MAX_EVENT = 4 * 1024 * 1024
"""Characters one event may have."""


@dataclass(frozen=True)
class ServerEvent:
    """One event: its kind (``message`` where the server names none) and its text."""

    kind: str
    data: str


async def events(lines: AsyncIterator[str]) -> AsyncGenerator[ServerEvent, None]:
    """Yield the events of a stream; one that is cut off before its empty line is none.

    Raises:
        ValueError: One is larger than `MAX_EVENT`.
    """
    kind, data, size = "", list[str](), 0
    async for line in lines:
        if not line:
            if data:
                yield ServerEvent(kind or "message", "\n".join(data))
            kind, data, size = "", [], 0
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
            size += len(value)
            if size > MAX_EVENT:
                raise ValueError("an event is too large")
        # Comments, ids and retry times: nobody reconnects to an answer of a language model.
