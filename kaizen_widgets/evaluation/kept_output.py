"""What an evaluation keeps of an output: thousands of rows must fit into memory."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.core.json_codec import InexactError, encode
from kaizen_widgets.displays.sentences import sentence

MAX_OUTPUT = 20_000
"""Characters of the longest output that is kept as it is; of a longer one its sentence is kept."""
_MAX_DEPTH = 50


def kept_output(value: Any) -> Any:
    """Return an output, or a sentence about it if it is large or an object that JSON has no form for.

    May call the object's own code; call it off the event loop.
    """
    try:
        if _size(value, 0) <= MAX_OUTPUT:
            encode(value)
            return value
    except InexactError:
        pass
    return sentence(value)


def _size(value: Any, depth: int) -> int:
    """Return roughly how many characters of JSON a value takes; it stops counting above the limit."""
    if depth > _MAX_DEPTH:
        return MAX_OUTPUT + 1
    if isinstance(value, str | bytes):
        return len(value) + 2
    if isinstance(value, dict):
        parts: Any = (part for item in value.items() for part in item)
    elif isinstance(value, list | tuple | set | frozenset):
        parts = value
    else:
        return 8
    total = 2
    for part in parts:
        total += _size(part, depth + 1)
        if total > MAX_OUTPUT:
            break
    return total
