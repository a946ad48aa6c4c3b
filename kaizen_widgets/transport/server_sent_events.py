"""Server-sent events, read from bytes: https://html.spec.whatwg.org/multipage/server-sent-events.html.

Not by httpx's lines: those also end at characters that JSON may hold, such as U+2028, and may grow without
end.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

MAX_EVENT = 4 * 1024 * 1024
"""Bytes one event, or one line, may have."""
END_OF_LINE = re.compile(rb"\r\n|\n|\r")
TOO_LARGE = "an event is too large"


@dataclass(frozen=True)
class ServerEvent:
    """One event: its kind (``message`` where the server names none) and its text."""

    kind: str
    data: str


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[ServerEvent, None]:
    """Yield the events of a stream; one that is cut off before its empty line is none.

    Raises:
        ValueError: One is larger than `MAX_EVENT`.
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
            # Comments, ids and retry times: nobody reconnects to an answer of a language model.


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Yield the lines that have ended, as text."""
    begun, is_first, after_return = bytearray(), True, False
    async for chunk in chunks:
        if after_return:
            # The other half of a line end whose first half came before.
            chunk = chunk.removeprefix(b"\n")
        after_return = chunk.endswith(b"\r") if chunk else False
        head, *rest = END_OF_LINE.split(chunk)
        begun += head
        for piece in rest:
            text = begun.decode("utf-8", "replace")
            yield text.removeprefix("\ufeff") if is_first else text
            begun, is_first = bytearray(piece), False
        if len(begun) > MAX_EVENT:
            raise ValueError(TOO_LARGE)
