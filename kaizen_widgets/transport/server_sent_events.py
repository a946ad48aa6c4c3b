"""Parse server-sent events from bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html.

httpx's own lines are not used: they also end at characters that JSON may contain, such as U+2028, and a line
may grow without limit.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

MAX_EVENT = 4 * 1024 * 1024
"""Bytes that one event, or one line, may have."""
END_OF_LINE = re.compile(rb"\r\n|\n|\r")
TOO_LARGE = "an event is too large"


@dataclass(frozen=True)
class ServerEvent:
    """One event.

    Attributes:
        kind: Name of the event; ``message`` where the server gives none.
        data: Its text.
    """

    kind: str
    data: str


async def parse_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """Yield the events of a stream; one that is cut off before its empty line is dropped.

    Args:
        chunks: Bytes of the stream as they arrive.

    Raises:
        ValueError: An event is larger than `MAX_EVENT`.
    """
    kind, data, size = "", list[str](), 0
    async with aclosing(_lines(chunks)) as lines:
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
                size += len(line)
                if size > MAX_EVENT:
                    raise ValueError(TOO_LARGE)
            # Comments, ids and retry times are skipped: a model's reply cannot be resumed.


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Yield complete lines as text."""
    started, is_first, after_return = bytearray(), True, False
    async for chunk in chunks:
        if after_return:
            # The second half of a line end whose first half came before.
            chunk = chunk.removeprefix(b"\n")
        after_return = chunk.endswith(b"\r") if chunk else False
        head, *rest = END_OF_LINE.split(chunk)
        started += head
        for piece in rest:
            text = started.decode("utf-8", "replace")
            yield text.removeprefix("\ufeff") if is_first else text
            started, is_first = bytearray(piece), False
        if len(started) > MAX_EVENT:
            raise ValueError(TOO_LARGE)
